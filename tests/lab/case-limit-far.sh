# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The limited BIND of case-limit-bind, 30 ms away: what leaves within the first 60 ms cannot carry its cookie yet.

LIMIT='rate-limit { all-per-second 20; window 5; slip 0; };'
LAB_NAMES=200 LAB_REST=2
lab_root_and_tld
lab_delegate shop.lab 127.0.53.12 127.0.53.13
lab_zone_file shop.lab 127.0.53.12 127.0.53.13
lab_start_parents
lab_relay one 127.0.53.12 127.0.53.10 --delay 30
lab_relay two 127.0.53.13 127.0.53.11 --delay 30

# proved KIND: by cookies.
proved() {
	lab_start_bind shop.lab 127.0.53.10 127.0.53.11 "$LIMIT"
	lab_row 'BIND 30 ms away' "$1" 2.0 0.5
	lab_seen bind-shop.lab "BIND 30 ms away, $1"
	check "BIND 30 ms away, $1: nearly all return its cookie ($cookies of $queries)" at_most $((queries - cookies)) 80
}

# paced KIND
paced() {
	lab_start_bind shop.lab 127.0.53.10 127.0.53.11 "$LIMIT"
	lab_row 'BIND 30 ms away, no cookies, no TCP' "$1" "$(lab_bound "$1" 20 2 3)" "$(lab_bound "$1" 20 1.25 1)" \
		'caa-cookie: no' 'caa-tcp: no'
	lab_seen bind-shop.lab "BIND 30 ms away, no cookies, no TCP, $1"
	check "BIND 30 ms away, no cookies, no TCP, $1: there is neither" [ $((cookies + streams)) -eq 0 ]
}

for kind in flat deep; do
	lab_measured proved $kind
	lab_measured paced $kind
done
