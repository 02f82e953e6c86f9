# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A BIND that allows 20 queries/s and charges what it refuses, but neither what returns its cookie nor what comes over TCP:
# by cookies the limit never applies, and where they and TCP are off the pacer goes as fast as it lets.

LIMIT='rate-limit { all-per-second 20; window 5; slip 0; };'
LAB_NAMES=200 LAB_REST=2
lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11 "$LIMIT"
lab_start_parents

# proved KIND: by cookies.
proved() {
	lab_start_bind shop.lab 127.0.53.10 127.0.53.11 "$LIMIT"
	lab_row 'BIND' "$1" 1.0 0.5
	lab_seen bind-shop.lab "BIND, $1"
	check "BIND, $1: nearly all return its cookie ($cookies of $queries)" at_most $((queries - cookies)) 40
}

# paced KIND
paced() {
	lab_start_bind shop.lab 127.0.53.10 127.0.53.11 "$LIMIT"
	lab_row 'BIND, no cookies, no TCP' "$1" "$(lab_bound "$1" 20 2 3)" "$(lab_bound "$1" 20 1.25 0.5)" \
		'caa-cookie: no' 'caa-tcp: no'
	lab_seen bind-shop.lab "BIND, no cookies, no TCP, $1"
	check "BIND, no cookies, no TCP, $1: there is neither" [ $((cookies + streams)) -eq 0 ]
}

for kind in flat deep; do
	lab_measured proved $kind
	lab_measured paced $kind
done
