# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# make bench: what 100,000 `caa-zone:` clauses cost at the start, at a reload, and at a fast_reload that changes them all, in
# milliseconds of CPU and KB, as ratios to plain Unbound with as many `local-zone:` lines of the same names; and that ten times as many
# cost about ten times as much.

CLAUSES=${BENCH_CLAUSES:-100000} RUNS=${BENCH_SCALE_RUNS:-3}
lab_need_plain
lab_root_and_tld
lab_start_parents
# threads that have ended count as well
cpu_ms() { awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) * 1000 / hz }' "/proc/$1/stat"; }
# names COUNT: in no order
names() { awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) print "z" i * 7919 % n ".example" }'; }
# clauses COUNT BUDGET, lines COUNT TYPE: of the module, and of Unbound
clauses() { names "$1" | sed "s/.*/caa-zone:\n name: \"&\"\n caa-budget: $2/"; }
lines() { echo server:; names "$1" | sed "s/.*/ local-zone: \"&\" $2/"; }
reloaded() { [ "$(grep -c 'service stopped' "$LAB_WORK/$1.log")" -ge 1 ] && lab_control_quiet "$1" status; }

# scale WHO COUNT: CPU of the start, of a reload and of a fast_reload, and resident KB, into WHO.COUNT
scale() {
	local who=$1 count=$2 tree=$UNBOUND_PLAIN pid started again fast
	if [ "$who" = plain ]; then
		lines "$count" static >"$LAB_WORK/scale.inc"
	else
		tree=$UNBOUND_CAA
		clauses "$count" 15 >"$LAB_WORK/scale.inc"
	fi
	LAB_START_SECONDS=120 lab_resolver "$who" "$tree" 127.0.53.60 "$([ "$who" = plain ] || { lab_module_conf; lab_zone_conf .; })
include: \"$LAB_WORK/scale.inc\""
	pid=${LAB_PID[$who]}
	started=$(cpu_ms "$pid")
	lab_control_quiet "$who" reload
	lab_until 120 reloaded "$who" || lab_die "no reload"
	again=$(cpu_ms "$pid")
	if [ "$who" = plain ]; then lines "$count" refuse; else clauses "$count" 16; fi >"$LAB_WORK/scale.inc"
	lab_control_quiet "$who" fast_reload || lab_die "no fast_reload"
	fast=$(cpu_ms "$pid")
	echo "$started $(awk "BEGIN { print $again - $started, $fast - $again }") $(lab_resident_kb "$who")" >>"$LAB_WORK/$who.$count"
	lab_stop "$who"
	rm -f "$LAB_WORK/$who.log"
}

cost() {
	local what field few_caa many many_caa count who
	rm -f "$LAB_WORK"/{plain,caa}.[0-9]*
	noted=()
	for _ in $(seq "$RUNS"); do
		for count in $((CLAUSES / 10)) "$CLAUSES"; do
			for who in plain caa; do scale $who "$count"; done
		done
	done
	printf '%-44s %10s %10s %10s %9s\n' "$CLAUSES clauses, median of $RUNS runs" 'plain' 'module' 'to plain' 'to 1/10'
	for field in 1 2 3 4; do
		what=$(sed -n ${field}p <<<$'start, ms of CPU\nreload, ms of CPU\nfast_reload, ms of CPU\nresident, KB')
		many=$(lab_median $field "$LAB_WORK/plain.$CLAUSES")
		few_caa=$(lab_median $field "$LAB_WORK/caa.$((CLAUSES / 10))") many_caa=$(lab_median $field "$LAB_WORK/caa.$CLAUSES")
		printf '%-44s %10.0f %10.0f %10.2f %9.2f\n' "$what" "$many" "$many_caa" \
			"$(awk "BEGIN { print $many_caa / $many }")" "$(awk "BEGIN { print $many_caa / $few_caa }")"
		noted+=("$CLAUSES clauses: $what|$many|$many_caa|$(awk "BEGIN { printf \"%.2f\", $many_caa / $many }")")
		check "$what: at most 20 times that of a tenth" at_most "$many_caa" "$few_caa" 20
		check "$what: at most 4 times plain Unbound's for local-zone: lines" at_most "$many_caa" "$many" 4
	done
}
lab_measured cost
for row in "${noted[@]}"; do
	IFS='|' read -r what plain module ratio <<<"$row"
	lab_bench_note "$what" "$plain" "$module" "$ratio" ''
done
