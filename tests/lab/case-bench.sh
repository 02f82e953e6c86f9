# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# make bench: what a lookup through Unbound takes, time and CPU, as ratios to plain Unbound in the same run.  The runs alternate,
# so that what else the machine does falls on all alike; the spread of plain against itself is the noise.  The client is
# bench_load, which costs a fifth of what a resolver does: caa-climb, on ldns, costs more than the resolver.
# Instructions are counted by valgrind, if it is here: they do not depend on what else the machine does.

RUNS=${BENCH_RUNS:-7}
COUNT=${BENCH_COUNT:-20000}
INSTRUCTION_COUNT=2000
COUNTED_IN_FLIGHT=10	# what more cost depends on how they meet
IN_FLIGHT=200
CAA=257 A=1
LOAD=$LAB_BUILD/bench_load
[ -x "$LOAD" ] || lab_skip "no $LOAD; run make bench_load"
lab_need_plain
lab_root_and_tld
LAB_QUERYLOG=no
LAB_NAMES=$COUNT lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
flat=$(lab_names flat "$COUNT")
deep=$(lab_names deep $((COUNT / 4)))

# resolver WHO: an Unbound with an empty cache, at $address
resolver() {
	address=127.0.53.20
	case $1 in
	plain|again) lab_resolver "$1" "$UNBOUND_PLAIN" $address ;;
	patched) lab_resolver "$1" "$UNBOUND_CAA" $address ;;
	off) lab_resolver "$1" "$UNBOUND_CAA" $address "$(lab_module_conf)" ;;
	# the module is busy for another zone: these questions pass it as those of any other type do
	other) lab_resolver "$1" "$UNBOUND_CAA" $address "$(lab_module_conf; lab_zone_conf elsewhere.test 9)" ;;
	on) lab_resolver "$1" "$UNBOUND_CAA" $address "$(lab_module_conf; lab_zone_conf .)" ;;
	esac
}

# load FILE TYPE ORDER [IN-FLIGHT]: ask; sets seconds and questions
load() {
	"$LOAD" "$address" "$1" "$2" "$3" "${4:-$IN_FLIGHT}" >"$LAB_WORK/load.json" || lab_die "questions fail: $(cat "$LAB_WORK/load.json")"
	read -r seconds questions < <(jq -r '"\(.seconds) \(.questions)"' "$LAB_WORK/load.json")
}

# --- time and CPU ------------------------------------------------------------------------------------------------------


# timed WHO SERIES FILE ORDER: seconds and milliseconds of CPU, from an empty cache, into SERIES.WHO
timed() {
	local before after
	resolver "$1"
	before=$(lab_cpu_ms "$1")
	load "$3" $CAA "$4"
	after=$(lab_cpu_ms "$1")
	awk "BEGIN { print $seconds, $after - $before }" >>"$LAB_WORK/$2.$1"
	lab_stop "$1"
}

for run in $(seq "$RUNS"); do
	[ ! -t 2 ] || printf 'run %s of %s\r' "$run" "$RUNS" >&2
	for who in plain patched off other on again; do timed $who climb "$flat" climb; done
	for who in plain on; do timed $who all "$flat" all; done
	for who in plain on; do timed $who deep "$deep" climb; done
done

ratio() { awk "BEGIN { printf \"%.3f\", $1 / $2 }"; }
spread() { awk '{ print $1 }' "$LAB_WORK/$1" | sort -n | sed -n '1p;$p' | awk '{ printf "%s%.3f", n++ ? "-" : "", $1 }'; }
# show SERIES WHO TEXT
show() {
	local s cpu
	s=$(lab_median 1 "$LAB_WORK/$1.$2") cpu=$(lab_median 2 "$LAB_WORK/$1.$2")
	printf '%-52s %9.3f %13s %9s %9.0f %9s\n' "$3" "$s" "$(spread "$1.$2")" "$(ratio "$s" "$(lab_median 1 "$LAB_WORK/$1.plain")")" \
		"$cpu" "$(ratio "$cpu" "$(lab_median 2 "$LAB_WORK/$1.plain")")"
}
# note SERIES TEXT: into the table of all
note() {
	lab_bench_note "$2: s" "$(lab_median 1 "$LAB_WORK/$1.plain")" "$(lab_median 1 "$LAB_WORK/$1.on")" \
		"$(ratio "$(lab_median 1 "$LAB_WORK/$1.on")" "$(lab_median 1 "$LAB_WORK/$1.plain")")" "$(spread "$1.on") s"
	lab_bench_note "$2: ms of CPU" "$(lab_median 2 "$LAB_WORK/$1.plain")" "$(lab_median 2 "$LAB_WORK/$1.on")" \
		"$(ratio "$(lab_median 2 "$LAB_WORK/$1.on")" "$(lab_median 2 "$LAB_WORK/$1.plain")")" ""
}
titles() { printf '%-52s %9s %13s %9s %9s %9s\n' "$1" seconds 'min-max' 'to plain' 'CPU ms' 'to plain'; }

titles "$COUNT uncached climbs, a label at a time"
show climb plain 'plain Unbound'
show climb again 'plain Unbound, again (the noise)'
show climb patched 'with the patches'
show climb off 'and the module loaded, no zone enabled'
show climb other 'and another zone enabled: any query that is not taken'
show climb on 'and the zone enabled, no rate: CAA questions taken'
titles "$COUNT uncached climbs, all labels at once"
show all plain 'plain Unbound'
show all on 'with the module'
titles "$((COUNT / 4)) uncached climbs of names of five labels"
show deep plain 'plain Unbound'
show deep on 'with the module'
note climb "$COUNT climbs, a label at a time"
note all "$COUNT climbs, all labels at once"
note deep "$((COUNT / 4)) climbs of five labels"

# faster TEXT SERIES
faster() {
	check "$1: time at most 1/1.3 of plain's" \
		at_most "$(lab_median 1 "$LAB_WORK/$2.on")" "$(lab_median 1 "$LAB_WORK/$2.plain")" 0.769
	check "$1: CPU at most 0.8 of plain's" at_most "$(lab_median 2 "$LAB_WORK/$2.on")" "$(lab_median 2 "$LAB_WORK/$2.plain")" 0.8
}
faster 'uncached CAA, one label after the other' climb
faster 'uncached CAA, all labels at once' all
faster 'uncached CAA, names of five labels' deep

# --- instructions ------------------------------------------------------------------------------------------------------

command -v valgrind >/dev/null || { echo '# no valgrind: no instructions are counted'; return 0; }
few=$LAB_WORK/few first=$LAB_WORK/first
head -n $INSTRUCTION_COUNT "$flat" >"$few"
tail -n 1 "$flat" >"$first"

# counted WHO TYPE BEFORE [WARM]: instructions for a question, uncached or, with WARM, cached; one of type BEFORE was asked in its
# zone before
counted() {
	local pid out=$LAB_WORK/callgrind
	rm -f "$out"
	LAB_START_SECONDS=60 LAB_WRAP="valgrind -q --tool=callgrind --instr-atstart=no --callgrind-out-file=$out" resolver "$1"
	pid=${LAB_PID[$1]}
	load "$first" "$3" one
	[ -z "${4:-}" ] || load "$few" "$2" one $COUNTED_IN_FLIGHT
	callgrind_control -i on "$pid" >/dev/null 2>&1
	load "$few" "$2" one $COUNTED_IN_FLIGHT
	callgrind_control -i off "$pid" >/dev/null 2>&1
	lab_stop "$1"
	sed -n 's/^totals: //p' "$out" | awk "{ printf \"%.0f\n\", \$1 / $questions }"
}

# instructions TEXT TYPE BEFORE MOST [WARM]: a row; with the module at most MOST times plain Unbound's
instructions() {
	local plain again off on
	plain=$(counted plain "$2" "$3" "${5:-}") again=$(counted again "$2" "$3" "${5:-}")
	off=$(counted off "$2" "$3" "${5:-}") on=$(counted on "$2" "$3" "${5:-}")
	printf '%-52s %9s %9s %9s %9s\n' "$1" "$plain" "$(ratio "$again" "$plain")" "$(ratio "$off" "$plain")" "$(ratio "$on" "$plain")"
	lab_bench_note "$1: instructions each" "$plain" "$on" "$(ratio "$on" "$plain")" "noise $(ratio "$again" "$plain")"
	# what the two runs of plain Unbound differ by is noise
	check "$1: instructions at most $4 of plain's" at_most "$on" "$(printf '%s\n' "$plain" "$again" | sort -n | tail -n 1)" "$4"
}
printf '%-52s %9s %9s %9s %9s\n' 'instructions for a question, and to plain' plain again off on
instructions 'CAA, cached' $CAA $CAA 1.005 warm
instructions 'A, cached' $A $CAA 1.005 warm
instructions 'CAA, not cached' $CAA $CAA 0.9
instructions 'A, not cached, of servers that no CAA was asked of' $A $A 1.007
instructions 'A, not cached, of servers that CAA was asked of' $A $CAA 1.007
