# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Four resolvers of one perspective whose questions wait for the store no longer than caa-fleet-wait has it by default: on a busy machine
# they share their lookups all the same, as nothing gets further there either, and a store that stands still costs no more than the wait.

# shellcheck source=tests/lab/fleet.sh
. "$LAB_DIR/fleet.sh"

p50() { jq '[.names[].labels[].seconds * 1000] | sort | .[length / 2 | floor]' "$LAB_WORK/climb.json"; }
# busy COMMAND...: while every core has something else to do, too
busy() {
	local pids=() i
	for ((i = $(nproc); i > 0; i--)); do
		while :; do :; done &
		pids+=($!)
	done
	"$@"
	kill "${pids[@]}"
	wait "${pids[@]}" 2>/dev/null
}
# four FLEET [stands]: the certificate cold at four, while the store may stand still; sets queries and ms
four() {
	start_members "$1"
	[ -z "${2:-}" ] || kill -STOP "${LAB_PID[store]}"
	fresh
	lab_climb $servers "$(lab_names deep)"
	[ -z "${2:-}" ] || kill -CONT "${LAB_PID[store]}"
	queries=$(seen) ms=$(p50)
	check "$text: no name fails" [ "$failed" -eq 0 ]
}
# no_slower: than the same four without a store by more than the wait and 2 ms; what this machine does beside may double either
no_slower() { check "$text: and are no slower than without ($ms ms, $without_ms ms)" at_most "$ms" "$(awk -v ms="$without_ms" 'BEGIN { print ms + 5 + 2 }')" 2; }
# shared TEXT TIMES: four with a store, cold, need hardly more queries than so many times what one resolver does, and no more time than
# four without
shared() {
	local text=$1 times=$2 one without_ms
	lab_stop alone
	member alone 127.0.53.60 ''
	fresh
	lab_climb 127.0.53.60 "$(lab_names deep)"
	one=$(seen)
	check "$text: no name fails at one resolver" [ "$failed" -eq 0 ]
	lab_stop alone
	four ''
	without_ms=$ms
	store
	four "$(fleet_conf wait=5)"
	echo "# $text: one needs $one queries; four need $queries; alone $(total alone) of $(total asked)"
	check "$text: four need hardly more queries than one ($queries)" at_most "$queries" "$(enough "$one")" "$times"
	no_slower
}
# still: what a store that stands still costs: the first questions wait for it, and all others for nothing
still() {
	local text='the store stands still' without_ms
	four ''
	without_ms=$ms
	store
	four "$(fleet_conf wait=5)" stands
	no_slower
	check "$text: it was of no help ($(total alone) of $(total asked) went on alone)" [ "$(total shared)" -eq 0 ]
}

lab_root_and_tld
LAB_NAMES=400 lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
lab_measured shared 'a quiet machine' 1
lab_measured busy shared 'a busy machine' 1.25
lab_measured still
for member in $members; do lab_stop "$member"; done
check "no report of a sanitizer" [ "$(lab_reports)" -eq 0 ]
