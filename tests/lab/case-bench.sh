# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# make bench: lookups per second through Unbound, as ratios to plain Unbound in the same run.  The runs alternate, so that what
# else the machine does falls on all alike; the spread of plain against itself is the noise.

RUNS=${BENCH_RUNS:-7}
COUNT=20000
lab_need_plain
lab_root_and_tld
LAB_QUERYLOG=no
LAB_NAMES=$COUNT lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
names=$(lab_names flat $COUNT)

# once NAME TREE ADDRESS [CONFIGURATION]: seconds for all names, from an empty cache, into NAME.seconds
once() {
	lab_resolver "$@"
	lab_climb "$3" "$names" --order climb --max-in-flight 200
	[ "$failed" -eq 0 ] || lab_die "$1: $failed names fail"
	echo "$seconds" >>"$LAB_WORK/$1.seconds"
	lab_stop "$1"
}
median() { sort -n "$LAB_WORK/$1.seconds" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
spread() { sort -n "$LAB_WORK/$1.seconds" | sed -n '1p;$p' | paste -sd- ; }

for run in $(seq "$RUNS"); do
	[ ! -t 2 ] || printf 'run %s of %s\r' "$run" "$RUNS" >&2
	once plain "$UNBOUND_PLAIN" 127.0.53.20
	once patched "$UNBOUND_CAA" 127.0.53.21
	once off "$UNBOUND_CAA" 127.0.53.22 "$(lab_module_conf)"
	# the module is busy for another zone: these questions pass it as those of any other type do
	once other "$UNBOUND_CAA" 127.0.53.23 "$(lab_module_conf; lab_zone_conf elsewhere.test 9)"
	once on "$UNBOUND_CAA" 127.0.53.24 "$(lab_module_conf; lab_zone_conf .)"
	once again "$UNBOUND_PLAIN" 127.0.53.20
done
printf '%-52s %9s %15s %9s\n' "$COUNT lookups that miss the cache, median of $RUNS runs" seconds 'min-max' 'to plain'
show() { printf '%-52s %9s %15s %9s\n' "$2" "$(median "$1")" "$(spread "$1")" "$(awk "BEGIN { printf \"%.3f\", $(median "$1") / $(median plain) }")"; }
show plain 'plain Unbound'
show again 'plain Unbound, again (the noise)'
show patched 'with the patches'
show off 'and the module loaded, no zone enabled'
show other 'and another zone enabled: any query that is not taken'
show on 'and the zone enabled, no rate: CAA questions taken'
