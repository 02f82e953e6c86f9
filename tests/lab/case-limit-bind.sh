# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A BIND that allows 20 queries/s and charges what it refuses, but neither what returns its cookie nor what comes over TCP:
# by cookies the limit never applies, and where they and TCP are off the pacer goes as fast as it lets.

LAB_NAMES=200 LAB_REST=2
lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11 "$LAB_BIND_LIMIT"
lab_start_parents
for kind in flat deep; do
	lab_measured lab_bind_proved 'BIND' $kind 1.0 0.5 40
	lab_measured lab_bind_paced 'BIND' $kind 0.5
done
