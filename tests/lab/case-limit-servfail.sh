# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A token bucket for 20 queries/s that answers SERVFAIL to what is beyond, whatever its cookie, and over TCP too: there is no way around it,
# and the pacer goes as fast as it lets.

lab_fronted_zone
for kind in flat deep; do
	lab_measured lab_bucket SERVFAIL 'RCodeAction(DNSRCode.SERVFAIL)' $kind "$(lab_bound $kind 20 2 3)" "$(lab_bound $kind 20 1.25 0.5)"
done
