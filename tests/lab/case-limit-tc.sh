# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A token bucket for 20 queries/s that answers TC to what is beyond, and never refuses TCP.

lab_bucket_zone
for kind in flat deep; do
	lab_bucket TC 'TCAction()' $kind 1.0 0.5
	check "dnsdist, TC, $kind: nearly all is asked over TCP ($streams of $queries)" at_most $((queries - streams)) 40
done
