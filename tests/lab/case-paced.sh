# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The main job: the CAA burst of a certificate with 100 names past a BIND that allows 20 queries/s, at a rate set by hand.
# Every name passes, the authority sees each name once, and the counters say what the authority saw.

RATE=9	# to each of two addresses, of 20 allowed in all

lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11 "$LAB_BIND_LIMIT"
lab_start_parents

# measure flat|deep UNIQUE: fresh authority, fresh resolver.
measure() {
	local kind=$1 names unique_names=$2
	names=$(lab_names "$kind")
	lab_start_bind shop.lab 127.0.53.10 127.0.53.11 "$LAB_BIND_LIMIT"
	lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .; lab_zone_conf shop.lab $RATE)"
	local parents_before parents_after
	parents_before=$(($(lab_nsd_count root) + $(lab_nsd_count tld)))
	lab_climb 127.0.53.30 "$names"
	lab_counts bind-shop.lab
	parents_after=$(($(lab_nsd_count root) + $(lab_nsd_count tld)))

	echo "# $kind: $passed passed, $failed failed ($reasons), $seconds s, $queries queries for $unique_names names"
	check "$kind: no name fails" [ "$failed" -eq 0 ]
	check "$kind: at most two queries more than there are names ($queries of $unique_names)" [ "$queries" -le $((unique_names + 2)) ]
	check "$kind: no query is asked twice" [ "$queries" -eq "$unique" ]
	check "$kind: at most 1.3 x names / rate ($seconds s)" at_most "$seconds" "$(awk "BEGIN { print $unique_names / (2 * $RATE) }")" 1.3
	check "$kind: stats count what reached the servers" \
		[ "$(($(lab_stat caa caa.sent.caa) + $(lab_stat caa caa.sent.other)))" -eq $((queries + parents_after - parents_before)) ]
	check "$kind: stats count as many ends as sends" [ "$(lab_stat caa caa.replied)" -eq \
		$(($(lab_stat caa caa.sent.caa) + $(lab_stat caa caa.sent.other))) ]
	check "$kind: one question for each name, and the TLD" [ "$(lab_stat caa caa.questions)" -eq $((unique_names + 1)) ]
	check "$kind: the mean of the waits is their sum over their count" [ "$(lab_stat caa caa.wait.mean_us)" -eq \
		$(($(lab_stat caa caa.wait.sum_us) / $(lab_stat caa caa.wait.count))) ]
	check "$kind: no wait is longer than the run" at_most "$(lab_stat caa caa.wait.max_us)" "$seconds" 1000000
	check "$kind: caa_upstreams shows what BIND saw" [ "$(lab_control caa caa_upstreams |
		awk '$1 ~ /^127\.0\.53\.1[01]$/ { sent += $7 } END { print sent }')" -eq "$queries" ]
	lab_stop caa
}

measure flat 101
measure deep 301
