# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Names that fail at four resolvers of one perspective at the same time: what is the zone's own word is looked up once, and all clients hear
# why; what may be of the way to its servers is for each resolver to find out.

# shellcheck source=tests/lab/fleet.sh
. "$LAB_DIR/fleet.sh"

names=30
# ask ZONE MEMBER...: its names are asked of each of them at once; sets failed, of all
ask() {
	local zone=$1
	shift
	seq -f "h%.0f.$zone" $names >"$LAB_WORK/names"
	ask_names "$@"
}
# ask_names MEMBER...
ask_names() {
	local member pids=()
	for member in "$@"; do
		"$CAA_CLIMB" --server "${address[$member]}" --file "$LAB_WORK/names" --json --timeout 60 >"$LAB_WORK/climb-$member.json" 2>/dev/null </dev/null &
		pids+=($!)
	done
	wait "${pids[@]}"
	failed=$(for member in "$@"; do jq .summary.failed "$LAB_WORK/climb-$member.json"; done | awk '{ n += $1 } END { print n }')
}
declare -A address=([alone]=127.0.53.60 [one]=127.0.53.61 [two]=127.0.53.62 [three]=127.0.53.63 [four]=127.0.53.64 [far]=127.0.53.65)
# told TEXT MEMBER...: of the names themselves, how many answers to their clients say so
told() {
	local text=$1 member
	shift
	for member in "$@"; do
		jq -r --arg text "$text" '.names[].labels[0] | select(any(.ede[]; .text | test($text))) | .name' "$LAB_WORK/climb-$member.json"
	done | wc -l
}
# ids MEMBER...: lookups that clients heard of, of the names themselves
ids() {
	local member
	for member in "$@"; do jq -r '.names[].labels[0].ede[].text' "$LAB_WORK/climb-$member.json"; done |
		grep -o '(id [a-z2-7]*)' | sort -u | wc -l
}
explained() { lab_control "$1" caa_explain "$2" | grep -q 'looked up:  by another resolver of this perspective'; }
all_explained() { local member; for member in $members; do if explained "$member" h1.no.lab; then echo "$member"; fi; done | wc -l; }

lab_root_and_tld
# The servers of shop.lab do not have this zone.
lab_delegate no.lab 127.0.53.10 127.0.53.11
lab_lie silent.lab silent silent
lab_lie half.lab silent refused
# Its server has a name of a zone whose servers are silent.
LAB_DELEGATION[nowhere.lab]=$'nowhere.lab. 3600 NS ns.silent.lab.\n'
LAB_NAMES=100 lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
lab_spawn liar "$LAB_BUILD/liar" "${LAB_LIARS[@]}"
store

# --- all servers refuse -------------------------------------------------------------------------------------------------------
member alone "${address[alone]}" ''
fresh
ask no.lab alone
one=$(seen)
check "$names names of a zone that refuses fail at one resolver ($one queries)" [ "$failed" -eq $names ]
check "  whose clients hear why" [ "$(told 'answered REFUSED' alone)" -eq $names ]
lab_stop alone
start_members ''
fresh
ask no.lab one two three four
without=$(seen)
check "at four without a store each looks them up ($without queries)" [ "$failed" -eq $((4 * names)) -a "$without" -gt $((3 * one)) ]
start_members "$(fleet_conf)"
fresh
ask no.lab one two three four
queries=$(seen)
check "at four with a store all fail" [ "$failed" -eq $((4 * names)) ]
# how often each name is asked until its refusal is definite differs a little with what the machine does beside
check "  by about as many queries as at one ($queries of $one)" at_most "$queries" "$one" 1.5
check "  and all clients hear why" [ "$(told 'answered REFUSED' one two three four)" -eq $((4 * names)) ]
check "  of the lookup that was made ($(ids one two three four) lookups)" [ "$(ids one two three four)" -le "$(enough $names)" ]
taken=$(total failures)
check "  which is counted ($taken)" [ "$taken" -ge $((2 * names)) ]
check "  and what shows a failure says that another looked it up ($(all_explained) of four)" [ "$(all_explained)" -ge 2 ]

# --- it is over -----------------------------------------------------------------------------------------------------------------
# Who has not waited for it looks it up.
member far "${address[far]}" "$(fleet_conf)"
lab_until 20 is_up far || lab_die "the store is not in use"
fresh
rcode() { dig +tries=1 +time=30 +noall +comments caa "$1" "@$2" | sed -n 's/.*status: \([A-Z]*\),.*/\1/p'; }
check "who asks when it is over looks it up" \
	[ "$(rcode h1.no.lab "${address[far]}") $(($(seen CAA) > 0)) $(stat far failures)" = 'SERVFAIL 1 0' ]

# --- who sends from elsewhere -------------------------------------------------------------------------------------------------
# What a server refuses one of them it may answer the other.
lab_stop far
start_members "$(fleet_conf)"
member far "${address[far]}" "$(fleet_conf egress=elsewhere)"
lab_until 20 is_up far || lab_die "the store is not in use"
ask no.lab one far
check "who sends from elsewhere takes no failure of the others, nor do they" [ "$failed $(total failures) $(stat far failures)" = "$((2 * names)) 0 0" ]
check "  and waits for them ($(($(total waited) + $(stat far waited))))" [ $(($(total waited) + $(stat far waited))) -gt 0 ]
lab_stop far

# --- silence --------------------------------------------------------------------------------------------------------------------
# It may be the way of one of them to the servers that is broken, so it is no failure for the others.
names=3
for zone in silent.lab nowhere.lab half.lab; do
	before=$(total failures)
	ask $zone one two three four
	check "$zone: each finds out by itself that it fails" [ "$failed $(($(total failures) - before))" = "$((4 * names)) 0" ]
	[ $zone = nowhere.lab ] || check "  and its clients hear of silence" [ "$(told 'no answer|did not answer|timed out|timeout|nothing' one two three four)" -ge $((4 * names)) ]
	# What was silent is remembered for a while by then, and not asked: what the other one says is not the zone's word.
	sed -i 's/^h/a.b.d/' "$LAB_WORK/names"
	before=$(total failures)
	ask_names one two three four
	check "  nor is what is only remembered a failure for the others" [ "$failed $(($(total failures) - before))" = "$((4 * names)) 0" ]
done

# --- from wherever ----------------------------------------------------------------------------------------------------------------
names=30
for member in one two; do
	sed -i '/outgoing-interface/d' "$LAB_WORK/$member.conf"
	lab_control "$member" reload >/dev/null
	lab_until 20 is_up "$member" || lab_die "the store is not in use"
done
before=$(($(stat one failures) + $(stat two failures)))
ask no.lab one two
check "who does not say where it sends from takes no failure of another" \
	[ "$failed $(($(stat one failures) + $(stat two failures) - before))" = "$((2 * names)) 0" ]
for member in $members; do lab_stop "$member"; done
check "no report of a sanitizer" [ "$(lab_reports)" -eq 0 ]
