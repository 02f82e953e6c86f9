# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# make bench: what 5000 questions cost that wait for their turn at a rate, in parts of a processor.

LOAD=$LAB_BUILD/bench_load
WAITING=5000 SETTLED_S=10 OBSERVED_S=24 CAA=257
[ -x "$LOAD" ] || lab_skip "no $LOAD; run make bench_load"
lab_root_and_tld
LAB_QUERYLOG=no LAB_NAMES=$WAITING lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
lab_names flat $WAITING >/dev/null
waiting() { lab_stat caa total.requestlist.current.all; }
are_there() { [ "$(waiting)" -ge "$1" ]; }

cost() {
	local before after part
	lab_stop caa KILL
	lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf . 1 600)"
	dig +tries=1 +time=20 caa shop.lab @127.0.53.30 >/dev/null
	lab_spawn load "$LOAD" 127.0.53.30 "$LAB_WORK/names-flat" $CAA one $WAITING
	lab_until 60 are_there $((WAITING - 100)) || lab_die "only $(waiting) questions wait"
	sleep $SETTLED_S
	before=$(lab_cpu_ms caa)
	sleep $OBSERVED_S
	after=$(lab_cpu_ms caa)
	part=$(awk "BEGIN { printf \"%.2f\", ($after - $before) / (10 * $OBSERVED_S) }")
	echo "$(waiting) questions that wait for their turn cost $part % of a processor"
	lab_stop load KILL
	noted=$part
	check "5000 questions that wait cost less than 1% of a processor ($part %)" at_most "$part" 1
}
lab_measured cost
lab_bench_note "$WAITING questions that wait: % of a processor" - "$noted" - ''
lab_stop caa KILL
