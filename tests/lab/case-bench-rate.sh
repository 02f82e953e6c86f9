# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# make bench: how many questions a second an Unbound answers, what each takes of a processor, how long they wait at half of that load, and
# what memory it takes then: CAA and A, from the cache and not, plain Unbound and Unbound with the module and the zone enabled.  The runs
# alternate; a ratio is the median of those of the runs, and its spread is theirs.

RUNS=${BENCH_RUNS:-7} COUNT=${BENCH_COUNT:-20000} CACHED_ROUNDS=5
IN_FLIGHT=200
declare -A TYPE=([CAA]=257 [A]=1)
LOAD=$LAB_BUILD/bench_load
[ -x "$LOAD" ] || lab_skip "no $LOAD; run make bench_load"
lab_need_plain
lab_root_and_tld
LAB_QUERYLOG=no LAB_NAMES=$COUNT lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
names=$(lab_names flat "$COUNT")
for _ in $(seq $CACHED_ROUNDS); do cat "$names"; done >"$LAB_WORK/names-again"

# load FILE TYPE [RATE]: what bench_load says of it, in load.json
load() {
	"$LOAD" 127.0.53.20 "$1" "${TYPE[$2]}" one $IN_FLIGHT ${3:+"$3"} >"$LAB_WORK/load.json" ||
		lab_die "questions fail: $(cat "$LAB_WORK/load.json")"
}

# measured WHO SERIES FILE TYPE: questions/s, microseconds of CPU each, and the latencies at half of plain Unbound's first rate
measured() {
	local before after rate
	before=$(lab_cpu_ms "$1")
	load "$3" "$4"
	after=$(lab_cpu_ms "$1")
	jq -r --arg cpu "$(awk "BEGIN { print $after - $before }")" '"\(.questions / .seconds) \(($cpu | tonumber) * 1000 / .questions)"' \
		"$LAB_WORK/load.json" >"$LAB_WORK/measured"
	rate=$LAB_WORK/half.$2
	[ -s "$rate" ] || awk '{ print $1 / 2 }' "$LAB_WORK/measured" >"$rate"
}

# round WHO: from an empty cache, uncached and cached, as fast as they are answered; then a fresh cache, at half load
round() {
	local type
	for type in CAA A; do
		start "$1"
		measured "$1" "uncached.$type" "$names" $type
		echo "$(cat "$LAB_WORK/measured") $(lab_resident_kb "$1")" >>"$LAB_WORK/uncached.$type.$1"
		measured "$1" "cached.$type" "$LAB_WORK/names-again" $type
		cp "$LAB_WORK/measured" "$LAB_WORK/cached"
		load "$LAB_WORK/names-again" $type "$(cat "$LAB_WORK/half.cached.$type")"
		echo "$(cat "$LAB_WORK/cached") $(jq -r '"\(.p50) \(.p99) \(.p999)"' "$LAB_WORK/load.json")" >>"$LAB_WORK/cached.$type.$1"
		lab_stop "$1"
		start "$1"
		load "$names" $type "$(cat "$LAB_WORK/half.uncached.$type")"
		jq -r '"\(.p50) \(.p99) \(.p999)"' "$LAB_WORK/load.json" >>"$LAB_WORK/half.$type.$1"
		lab_stop "$1"
	done
}
start() {
	if [ "$1" = plain ]; then lab_resolver plain "$UNBOUND_PLAIN" 127.0.53.20
	else lab_resolver caa "$UNBOUND_CAA" 127.0.53.20 "$(lab_module_conf; lab_zone_conf .)"; fi
}

# ratios FIELD SERIES: of the runs, in order
ratios() {
	paste -d' ' <(awk -v f="$1" '{ print $f }' "$LAB_WORK/$2.plain") <(awk -v f="$1" '{ print $f }' "$LAB_WORK/$2.caa") |
		awk '{ printf "%.3f\n", ($1 > 0) ? $2 / $1 : 0 }' | sort -n
}
# row TEXT FIELD SERIES
row() {
	local all
	all=$(ratios "$2" "$3")
	ratio=$(awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }' <<<"$all")
	rows+=("$1"$'\t'"$(lab_median "$2" "$LAB_WORK/$3.plain")"$'\t'"$(lab_median "$2" "$LAB_WORK/$3.caa")"$'\t'"$ratio"$'\t'"$(sed -n '1p;$p' <<<"$all" |
		paste -sd-)")
}

compared() {
	local type
	rm -f "$LAB_WORK"/{uncached,cached,half}.*
	rows=()
	for run in $(seq "$RUNS"); do
		[ ! -t 2 ] || printf 'run %s of %s\r' "$run" "$RUNS" >&2
		for who in plain caa; do round $who; done
	done
	for type in A CAA; do
		row "$type, cached: questions/s" 1 cached.$type
		[ $type = CAA ] || check "$type, cached: questions/s at least 0.99 of plain's ($ratio)" at_least "$ratio" 0.99
		row "$type, cached: us of CPU each" 2 cached.$type
		row "$type, uncached: questions/s" 1 uncached.$type
		[ $type = CAA ] || check "$type, uncached: questions/s at least 0.99 of plain's ($ratio)" at_least "$ratio" 0.99
		row "$type, uncached: us of CPU each" 2 uncached.$type
		row "$type, $COUNT in the cache: resident KB" 3 uncached.$type
		for field in 1 2 3; do
			row "$type, cached, at half load: p$(sed -n ${field}p <<<$'50\n99\n99.9'), ms" $((field + 2)) cached.$type
		done
		for field in 1 2 3; do row "$type, uncached, at half load: p$(sed -n ${field}p <<<$'50\n99\n99.9'), ms" $field half.$type; done
	done
}
lab_measured compared
lab_bench_titles
for line in "${rows[@]}"; do
	IFS=$'\t' read -r text plain module ratio spread <<<"$line"
	lab_bench_row "$text" "$plain" "$module" "$ratio" "$spread"
done
