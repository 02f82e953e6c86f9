# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# An NSD that allows 20 queries/s, answers half of the others with TC, charges them, and knows no cookies: TCP is exempt.

LAB_NAMES=200 LAB_REST=2
LIMIT=$' ip-address: 127.0.53.11\n rrl-ratelimit: 20\n rrl-slip: 2'
lab_root_and_tld
lab_delegate shop.lab 127.0.53.10 127.0.53.11
lab_zone_file shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
lab_address 127.0.53.10
lab_address 127.0.53.11

# nsd_stat LINE: one of its statistics.
nsd_stat() { nsd-control -c "$LAB_WORK/nsd.conf" stats_noreset | sed -n "s/^$1=\([0-9]*\)\$/\1/p"; }

# NSD's children hold its sockets for a moment longer than it.
nsd_is_gone() { ! pgrep -f "nsd -d -c $LAB_WORK/nsd.conf" >/dev/null; }

row() {
	local kind=$1
	lab_stop nsd
	lab_until 20 nsd_is_gone
	lab_nsd nsd 127.0.53.10 "$LIMIT" shop.lab
	lab_row 'NSD' $kind 2.0 1.0
	streams=$(nsd_stat num.tcp)
	echo "# NSD, $kind: $(nsd_stat num.udp) queries over UDP, $streams over TCP, $(nsd_stat num.truncated) TC," \
		"$(nsd_stat num.dropped) dropped; caa.limits $(lab_stat caa caa.limits)"
	check "NSD, $kind: it is asked over TCP ($streams)" [ "$streams" -gt 50 ]
}

lab_measured row flat
lab_measured row deep
