# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# make bench: what recording costs a lookup that misses the cache and succeeds, in instructions and allocations (valgrind), and
# what logging costs lookups that fail.  caa-failures: 0 is without recording.

command -v valgrind >/dev/null || lab_skip "no valgrind here"
[ -x "$LAB_BUILD/liar" ] || lab_skip "no $LAB_BUILD/liar; run make liar"
FEW=200 MANY=${BENCH_LOOKUPS:-1200} FLOOD=${BENCH_FLOOD:-20000} RUNS=${BENCH_RUNS:-5}
lab_root_and_tld
lab_address 127.0.60.1
lab_delegate notimp.lab 127.0.60.1
lab_spawn liar "$LAB_BUILD/liar" 127.0.60.1=notimp:notimp.lab
LAB_QUERYLOG=no LAB_NAMES=$MANY lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
ask() { dig -f "$1" +tries=1 +time=30 +noall +comments "@$2" >"$LAB_WORK/asked" 2>&1; }

# counted TOOL OPTIONS NAMES [CONFIGURATION]: instructions (callgrind) or allocations (memcheck) for so many names of ZONE
ZONE=shop.lab
counted() {
	local tool=$1 out=$LAB_WORK/valgrind.out names=$3
	seq -f "h%.0f.$ZONE caa" "$names" >"$LAB_WORK/names"
	# shellcheck disable=SC2086
	LAB_START_SECONDS=120 LAB_WRAP="valgrind --tool=$tool --log-file=$out $2" \
		lab_resolver counted "$UNBOUND_CAA" 127.0.53.40 "$(lab_module_conf; lab_zone_conf .)
${4:-}"
	ask "$LAB_WORK/names" 127.0.53.40
	lab_stop counted
	case $tool in
	callgrind) sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$out" ;;
	memcheck) sed -n 's/.*total heap usage: \([0-9,]*\) allocs.*/\1/p' "$out" | tr -d , ;;
	esac
}
# each TOOL OPTIONS [CONFIGURATION]: for one lookup, what comes with starting and stopping left out
each() {
	local few many
	few=$(counted "$1" "$2" $FEW "${3:-}")
	many=$(counted "$1" "$2" "$MANY" "${3:-}")
	awk "BEGIN { printf \"%.2f\", ($many - $few) / ($MANY - $FEW) }"
}
off='caa:
 caa-failures: 0'
callgrind="--callgrind-out-file=/dev/null"
on_instructions=$(each callgrind "$callgrind") off_instructions=$(each callgrind "$callgrind" "$off")
on_allocations=$(each memcheck --leak-check=no) off_allocations=$(each memcheck --leak-check=no "$off")
printf '%-60s %12s %12s %8s\n' 'a lookup that misses the cache and succeeds' recording without ratio
printf '%-60s %12.0f %12.0f %8.4f\n' instructions "$on_instructions" "$off_instructions" \
	"$(awk "BEGIN { print $on_instructions / $off_instructions }")"
printf '%-60s %12.2f %12.2f\n' allocations "$on_allocations" "$off_allocations"
ZONE=notimp.lab
unlogged='caa:
 caa-log-rate: 0'
logged="caa-zone:
 name: notimp.lab
 caa-log-after: 1
caa:
 caa-log-rate: 100000
 caa-log-file: \"$LAB_WORK/lines\""
failed_unlogged=$(each callgrind "$callgrind" "$unlogged") failed_off=$(each callgrind "$callgrind" "$off")
failed_once=$(each callgrind "$callgrind") failed_logged=$(each callgrind "$callgrind" "$logged")
printf '%-60s %12s %12s\n' 'a lookup that fails, instructions' '' 'to unlogged'
show() { printf '%-60s %12.0f %12.4f\n' "$1" "$2" "$(awk "BEGIN { print $2 / $failed_unlogged }")"; }
show 'no lines are logged' "$failed_unlogged"
show 'as configured by default, below the threshold' "$failed_once"
show 'every failure is logged' "$failed_logged"
show 'nothing is recorded, and no EDE sent' "$failed_off"
check "names that fail once cost at most 3% more than failures unlogged" at_most "$failed_once" "$failed_unlogged" 1.03
check "recording costs at most 2% more instructions" at_most "$on_instructions" "$off_instructions" 1.02
check "and at most one allocation for a question" at_most "$on_allocations" "$(awk "BEGIN { print $off_allocations + 1.05 }")"

# failures: logged or not, in turns
seq -f 'f%.0f.notimp.lab caa' "$FLOOD" >"$LAB_WORK/flood"
# The resolver's own time, so that what clients make of a longer answer is not counted.
cpu() { awk '{ print $14 + $15 }' "/proc/${LAB_PID[$1]}/stat"; }
once() {	# NAME CONFIGURATION
	local start
	lab_resolver "$1" "$UNBOUND_CAA" 127.0.53.41 "$(lab_module_conf; lab_zone_conf .)
$2"
	start=$(cpu "$1")
	ask "$LAB_WORK/flood" 127.0.53.41
	echo $(($(cpu "$1") - start)) >>"$LAB_WORK/$1.ticks"
	lab_resident_kb "$1" >"$LAB_WORK/$1.kb"
	lab_stop "$1"
}
for _ in $(seq "$RUNS"); do
	once logged "caa:
 caa-log-file: \"$LAB_WORK/lines\""
	once unlogged "caa:
 caa-log-rate: 0"
	once unrecorded "$off"
done
median() { sort -n "$LAB_WORK/$1.ticks" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
spread() { sort -n "$LAB_WORK/$1.ticks" | sed -n '1p;$p' | paste -sd- ; }
ticks=$(getconf CLK_TCK)
printf '%-60s %12s %12s %12s\n' "$FLOOD lookups that fail, median of $RUNS runs" 'CPU seconds' "1/$ticks s" 'resident KB'
for name in logged unlogged unrecorded; do
	printf '%-60s %12.3f %12s %12d\n' "$name" "$(awk "BEGIN { print $(median $name) / $ticks }")" "$(spread $name)" \
		"$(cat "$LAB_WORK/$name.kb")"
done
