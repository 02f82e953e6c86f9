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
# shared TEXT: four, cold, need hardly more queries than one, and no more time; what is more by 2 ms and a quarter is the machine's
shared() {
	local one one_ms four_ms queries
	lab_stop alone
	member alone 127.0.53.60 ''
	fresh
	lab_climb 127.0.53.60 "$(lab_names deep)"
	one=$(seen) one_ms=$(p50)
	check "$1: no name fails at one resolver" [ "$failed" -eq 0 ]
	lab_stop alone
	store
	start_members "$(fleet_conf wait=5)"
	fresh
	lab_climb $servers "$(lab_names deep)"
	queries=$(seen) four_ms=$(p50)
	echo "# $1: one needs $one queries, half of its answers came in $one_ms ms; four need $queries, and $four_ms ms;" \
		"alone $(total alone) of $(total asked)"
	check "$1: nor at four" [ "$failed" -eq 0 ]
	check "$1: which need hardly more queries ($queries)" [ "$queries" -le "$(enough "$one")" ]
	check "$1: and are no slower ($four_ms ms, $one_ms ms)" at_most "$four_ms" "$(awk -v one="$one_ms" 'BEGIN { print one + 2 }')" 1.25
}
# What a store that stands still costs: the first questions wait for it, and all others for nothing.
still() {
	local one_ms four_ms
	lab_stop alone
	member alone 127.0.53.60 ''
	lab_climb 127.0.53.60 "$(lab_names flat)"
	one_ms=$(p50)
	lab_stop alone
	store
	start_members "$(fleet_conf wait=5)"
	kill -STOP "${LAB_PID[store]}"
	lab_climb $servers "$(lab_names flat)"
	kill -CONT "${LAB_PID[store]}"
	four_ms=$(p50)
	check "the store stands still: no name fails" [ "$failed" -eq 0 ]
	check "  and four are not slower than one by more than the wait ($four_ms ms, $one_ms ms)" \
		at_most "$four_ms" "$(awk -v one="$one_ms" 'BEGIN { print one + 5 + 2 }')" 1.25
	check "  for the store was of no help ($(total alone) of $(total asked) went on alone)" [ "$(total shared)" -eq 0 ]
}

lab_root_and_tld
LAB_NAMES=400 lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
lab_measured shared 'a quiet machine'
lab_measured busy shared 'a busy machine'
lab_measured still
for member in $members; do lab_stop "$member"; done
check "no report of a sanitizer" [ "$(lab_reports)" -eq 0 ]
