# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The log holds names that keep failing and nothing else; its budget, its file, what is lost; and the trace of one name.

[ -x "$LAB_BUILD/liar" ] || lab_skip "no $LAB_BUILD/liar; run make liar"
lab_need_plain
NAMES=${LAB_FLOOD:-10000}
lab_root_and_tld
lab_address 127.0.60.1
lab_delegate notimp.lab 127.0.60.1
lab_spawn liar "$LAB_BUILD/liar" 127.0.60.1=notimp:notimp.lab
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
log=$LAB_WORK/why.log
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .)
caa:
 caa-log-rate: 1000
 caa-log-file: \"$log\""

# ask FILE ADDRESS: each name once, one after the other
ask() { dig -f "$1" +tries=1 +time=10 +noall +comments "@$2" >"$LAB_WORK/asked" 2>&1; }
lines_of() { jq -s "[.[] | select(.name | test(\"$1\"))] | length" "$log"; }

# --- one-off names and repeaters ----------------------------------------------------------------------------------------

seq -f 'five%.0f.notimp.lab caa' 10 >"$LAB_WORK/five"
seq -f 'once%.0f.notimp.lab caa' "$NAMES" >"$LAB_WORK/once"
split -n l/5 "$LAB_WORK/once" "$LAB_WORK/part."
for part in "$LAB_WORK"/part.*; do
	ask "$part" 127.0.53.30
	ask "$LAB_WORK/five" 127.0.53.30
	lab_control caa flush_negative >/dev/null
done
echo "# failures $(lab_stat caa caa.failures) cached $(lab_stat caa caa.failures.cached) questions $(lab_stat caa caa.questions)"
# and notimp.lab, their parent, which the module asks first
parent=$(($(lab_stat caa caa.failures) - NAMES - 50))
check "$NAMES names failed once and 10 failed five times" [ $parent -ge 0 -a $parent -le 5 ]
check "10 x 3 lines are logged, of the ten" [ "$(lines_of '^five') $(wc -l <"$log")" = '30 30' ]
check "  from the third failure on, each once" [ "$(jq -s -c '[.[] | .failures] | sort | unique_by(.)' "$log") $(jq -s '[.[] | "\(.name) \(.failures)"] | unique | length' "$log")" = '[3,4,5] 30' ]
check "  none longer than 2 KB" eval '! awk "length > 2048 { bad = 1 } END { exit !bad }" "$log"'
check "  and counted" [ "$(lab_stat caa caa.log.lines) $(lab_stat caa caa.log.below)" = "30 $((NAMES + 20 + parent))" ]
check "caa_failures lists the ten" [ "$(lab_control caa caa_failures json | jq -c '[length, .[0].failures]')" = '[10,5]' ]
check "  with their class" eval 'lab_control caa caa_failures | grep -qE "^ +5 +5  notimp +20[0-9TZ:-]+  five[0-9]+\.notimp\.lab$"'
check "caa_explain has a name below the threshold too" eval "lab_control caa caa_explain once$NAMES.notimp.lab | grep -q 'NOTIMP to CAA once$NAMES.notimp.lab'"
check "Unbound's own log has none of it" eval '! grep -q notimp "$LAB_WORK/caa.log"'

# the same names at full verbosity
head -n 100 "$LAB_WORK/once" >"$LAB_WORK/hundred"
LAB_VERBOSITY=5 lab_resolver plain "$UNBOUND_PLAIN" 127.0.53.20
before=$(stat -c %s "$LAB_WORK/plain.log")
ask "$LAB_WORK/hundred" 127.0.53.20
plain=$((($(stat -c %s "$LAB_WORK/plain.log") - before) / 100))
ours=$(awk "BEGIN { printf \"%.1f\", $(stat -c %s "$log") / ($NAMES + 50) }")
echo "# bytes logged for a failing lookup: $ours; plain Unbound at verbosity 5: $plain"
check "a failing lookup logs less than a thousandth of plain Unbound's at verbosity 5" at_most "$ours" "$plain" 0.001
lab_stop plain
LAB_TREE=$UNBOUND_CAA

# --- the file ---------------------------------------------------------------------------------------------------------------

mv "$log" "$log.1"
ask "$LAB_WORK/five" 127.0.53.30
check "a file that was moved away is written to" [ "$(wc -l <"$log.1")" -eq 40 ]
lab_control caa log_reopen >/dev/null
lab_control caa flush_negative >/dev/null
lab_until 5 [ -e "$log" ]
ask "$LAB_WORK/five" 127.0.53.30
check "log_reopen makes a new one" [ "$(wc -l <"$log.1") $(wc -l <"$log")" = '40 10' ]
sed -i "s|caa-log-file: .*|caa-log-file: \"$log.2\"|" "$LAB_WORK/caa.conf"
lab_control caa fast_reload >/dev/null
lab_control caa flush_negative >/dev/null
ask "$LAB_WORK/five" 127.0.53.30
check "fast_reload can name another" [ "$(wc -l <"$log") $(wc -l <"$log.2")" = '10 10' ]
check "  and knows the names still" [ "$(jq -s '[.[] | .failures] | max' "$log.2")" -eq 8 ]

lab_control caa reload >/dev/null
lab_until 20 lab_control_quiet caa status
ask "$LAB_WORK/five" 127.0.53.30
check "a reload does not forget them" [ "$(jq -s '[.[] | .failures] | max' "$log.2")" -eq 9 ]

# --- the trace --------------------------------------------------------------------------------------------------------------

check "caa_trace takes a name" [ "$(lab_control caa caa_trace h1.shop.lab 60)" = ok ]
check "  and lists it" eval 'lab_control caa caa_trace | grep -qE "^ +(60|59) +1000000  h1\.shop\.lab$"'
printf 'h1.shop.lab caa\nh2.shop.lab caa\n' >"$LAB_WORK/two"
ask "$LAB_WORK/two" 127.0.53.30
traced() { jq -c 'select(.type == "caa-trace")' "$log.2"; }
check "each attempt for it is a line, and its end" [ "$(traced | jq -s -c '[.[].event] | [.[0], .[-1]]')" = '["attempt","end"]' ]
check "  with the answer that came" [ "$(traced | jq -r 'select(.attempt.r == "good" and .zone == "shop.lab") | .reply' | head -n 1 | cut -c 5-6)" = 84 ]
check "  of that name alone" [ "$(traced | jq -r .name | sort -u)" = h1.shop.lab ]
check "  with the id of the lookup" [ "$(traced | jq -r .id | sort -u | grep -c '^[a-z2-7]\{8\}$')" = 1 ]
check "  counted" [ "$(lab_stat caa caa.log.traced)" -eq "$(traced | wc -l)" ]
check "caa_trace off ends it" [ "$(lab_control caa caa_trace h1.shop.lab off) $(lab_control caa caa_trace json | jq length)" = 'ok 0' ]
count=$(traced | wc -l)
lab_control caa flush_zone shop.lab >/dev/null
ask "$LAB_WORK/two" 127.0.53.30
check "  and nothing is logged any more" [ "$(traced | wc -l)" -eq "$count" ]
for n in 1 2 3 4 5 6 7 8; do lab_control caa caa_trace "t$n.lab" on >/dev/null; done
check "there is an end to traces" eval 'lab_control caa caa_trace t9.lab on 2>&1 | grep -q "^error caa_trace: 8 names"'
check "a bad argument is an error that says what is allowed" eval 'lab_control caa caa_trace t9.lab soon 2>&1 | grep -q "^error.*allowed is caa_trace"'
lab_stop caa

# --- the budget of lines, Unbound's own log, a disk that is full ----------------------------------------------------------------

lab_resolver budget "$UNBOUND_CAA" 127.0.53.31 "$(lab_module_conf; lab_zone_conf .)
 caa-log-after: 1
caa:
 caa-log-rate: 5"
head -n 1000 "$LAB_WORK/once" >"$LAB_WORK/thousand"
start=$SECONDS
ask "$LAB_WORK/thousand" 127.0.53.31
own() { sed -n 's/.* info: caa: {/{/p' "$LAB_WORK/budget.log"; }
lines=$(own | wc -l)
check "without caa-log-file lines are in Unbound's log" [ "$lines" -ge 5 ]
check "  at most 5 in a second ($lines of 1000)" [ "$lines" -le $((5 * (SECONDS - start + 2))) ]
# in the next second there is room again, and the line tells how many had none
told() { dig +tries=1 caa "next$RANDOM.notimp.lab" @127.0.53.31 >/dev/null; own | tail -n 1 | jq -e '.lines_left_out > 0' >/dev/null; }
lab_until 5 told
check "  what is left out is told by the next line, and counted" [ "$(own | jq -s '[.[].lines_left_out] | add')" -eq "$(lab_stat budget caa.log.over)" ]
check "  and all are lines or left out" [ $(($(lab_stat budget caa.log.over) + $(own | wc -l))) -eq "$(lab_stat budget caa.failures)" ]
lab_stop budget

lab_resolver full "$UNBOUND_CAA" 127.0.53.32 "$(lab_module_conf; lab_zone_conf .)
 caa-log-after: 1
caa:
 caa-log-file: \"/dev/full\""
ask "$LAB_WORK/five" 127.0.53.32
check "lines that cannot be written are counted" [ "$(lab_stat full caa.log.lost) $(lab_stat full caa.log.lines)" = '10 0' ]
check "  and said once" [ "$(grep -c 'caa: caa-log-file: a line was not written: No space left' "$LAB_WORK/full.log")" -eq 1 ]
check "  and the answer has its EDE" eval 'grep -q "EDE: 23" "$LAB_WORK/asked"'
lab_stop full

# --- a file that is rotated while names fail ---------------------------------------------------------------------------------------

LAB_THREADS=2 lab_resolver busy "$UNBOUND_CAA" 127.0.53.35 "$(lab_module_conf; lab_zone_conf .)
 caa-log-after: 1
caa:
 caa-log-rate: 100000
 caa-log-file: \"$LAB_WORK/busy.json\""
sed 's/ caa$//' "$LAB_WORK/once" >"$LAB_WORK/names"
"$CAA_CLIMB" --server 127.0.53.35 --file "$LAB_WORK/names" --order climb --max-in-flight 100 --json >/dev/null 2>&1 </dev/null &
climb=$!
for n in 1 2 3 4 5 6 7 8 9; do
	lab_until 10 [ -s "$LAB_WORK/busy.json" ]
	mv "$LAB_WORK/busy.json" "$LAB_WORK/busy.json.$n"
	lab_control busy log_reopen >/dev/null
	lab_control busy caa_failures >/dev/null
	lab_control busy caa_explain "once$n.notimp.lab" >/dev/null
	lab_control busy caa_trace "once$n.notimp.lab" 1 >/dev/null
	lab_control busy fast_reload >/dev/null
done
wait $climb
lines=$(cat "$LAB_WORK"/busy.json* | jq -c 'select(.type == "caa-failure")' | wc -l)
check "no line is lost or torn while the file is rotated nine times ($lines)" [ "$lines" -eq "$(lab_stat busy caa.log.lines)" ]
check "  one for each failure" [ "$lines" -eq "$(lab_stat busy caa.failures)" ]
lab_stop busy

lab_resolver_conf none "$UNBOUND_CAA" 127.0.53.33 "$(lab_module_conf; lab_zone_conf .)
caa:
 caa-log-file: \"$LAB_WORK/no/such/folder/log\""
check "a file that cannot be opened stops the start" eval '! timeout 20 "$UNBOUND_CAA/unbound" -d -c "$LAB_WORK/none.conf" >/dev/null 2>&1'
check "  and says why" grep -q 'caa: caa-log-file: .*/no/such/folder/log cannot be opened: No such file' "$LAB_WORK/none.log"

lab_resolver off "$UNBOUND_CAA" 127.0.53.34 "$(lab_module_conf; lab_zone_conf .)
 caa-log-after: 1
caa:
 caa-failures: 0"
ask "$LAB_WORK/five" 127.0.53.34
check "with caa-failures: 0 nothing is recorded" [ "$(lab_stat off caa.failures.notimp) $(lab_stat off caa.log.lines) $(grep -c EDE "$LAB_WORK/asked")" = '0 0 0' ]
