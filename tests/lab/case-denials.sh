# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Denials that are no limit: a server that has half of the zones that are delegated to it, and a name that it cannot answer,
# all asked at once and again.  Plain Unbound, in the same run, is what to beat.

lab_need_plain
ZONES=30 ROUNDS=3
BUDGET=20	# the default of caa-budget
lab_root_and_tld
LAB_NAMES=$((2 * ROUNDS)) LAB_MORE_ZONES=''
for ((n = 1; n <= ZONES; n++)); do
	lab_delegate good$n.lab 127.0.53.12 127.0.53.13
	lab_delegate lame$n.lab 127.0.53.12 127.0.53.13
	lab_zone_file good$n.lab 127.0.53.12 127.0.53.13
	[ $n -eq 1 ] || LAB_MORE_ZONES+="zone \"good$n.lab\" { type primary; file \"good$n.lab.zone\"; };"$'\n'
done
lab_start_parents
# restart BIND-OPTION: what it is all in front of.
restart() {
	lab_stop dnsdist
	lab_start_bind good1.lab 127.0.53.10 127.0.53.11 "$1"
	lab_dnsdist dnsdist 127.0.53.12 127.0.53.13 -- "
		newServer({address='127.0.53.10:53', sockets=4}):setUp()
		addAction(AndRule({QNameRule('bad.good1.lab.'), QTypeRule(257)}), RCodeAction(DNSRCode.SERVFAIL))"
}

# a round asks two more names of each good zone, one of each lame one, and the bad name
for ((round = 1; round <= ROUNDS; round++)); do
	for ((n = 1; n <= ZONES; n++)); do
		printf '%s\n' "h$((2 * round - 1)).good$n.lab" "h$round.lame$n.lab" "h$((2 * round)).good$n.lab"
	done >"$LAB_WORK/round-$round"
	echo bad.good1.lab >>"$LAB_WORK/round-$round"
done

# slowest_good: of the last climb, in s.
slowest_good() { jq '[.names[] | select(.name | contains(".good")) | select(.name != "bad.good1.lab") | .seconds] | max' "$LAB_WORK/climb.json"; }

# denials TEXT BIND-OPTION
denials() {
	local text=$1 who round slowest late=0
	restart "$2"
	rm -f "$LAB_WORK"/slowest-*
	for who in plain caa; do
		lab_either $who
		for ((round = 1; round <= ROUNDS; round++)); do
			lab_climb 127.0.53.30 "$LAB_WORK/round-$round" --timeout 60
			slowest=$(slowest_good)
			echo "$slowest" >>"$LAB_WORK/slowest-$who"
			echo "# $text, $who, round $round: $passed passed, $failed failed in $seconds s, the slowest good one in $slowest s"
			[ $who = plain ] || late=$(awk -v a="$late" -v b="$seconds" 'BEGIN { print (b > a ? b : a) }')
			[ "$passed" -eq $((2 * ZONES)) ] || check "$text, $who, round $round: the good names pass" false
		done
	done
	# an answer is waited for until the budget ends, 400 ms longer where the last query left just before
	check "$text: what is never answered ends with its budget ($late s of $BUDGET)" at_most "$late" "$BUDGET" 1.05
	limits=$(lab_stat resolver caa.limits)
	check "$text: no limit was seen ($limits)" [ "$limits" -eq 0 ]
	lab_no_slower "$text, the first time: the slowest good name" "$(head -n 1 "$LAB_WORK/slowest-caa")" "$(head -n 1 "$LAB_WORK/slowest-plain")" 0.25
	lab_no_slower "$text, of all times: the slowest good name" "$(sort -n "$LAB_WORK/slowest-caa" | tail -n 1)" \
		"$(sort -n "$LAB_WORK/slowest-plain" | tail -n 1)" 0.25
}
lab_measured denials 'without cookies' 'answer-cookie no;'
# dnsdist's own SERVFAIL has none, so who relies on them does not believe it: the bad name is one that is never answered
lab_measured denials 'with cookies' ''
