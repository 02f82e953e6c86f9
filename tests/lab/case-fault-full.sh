# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What is full: the tables of the module, the list of Unbound's questions, the process's descriptors.  No name fails that has not to with
# plain Unbound, what fails for it says so, and when there is room again all is well.

lab_need_plain
ZONES=150
lab_root_and_tld
lab_lie dead.lab silent silent
lab_lie liar.lab refused
# zones that have a server each, in front of one BIND
fronts=()
for n in $(seq $ZONES); do
	zone=z$n.lab address=127.0.57.$n
	lab_delegate "$zone" "$address"
	printf '%s. 3600 SOA ns.%s. hostmaster.%s. 1 3600 600 86400 60\n%s. 3600 NS ns1.%s.\nns1.%s. 3600 A %s\n*.%s. 60 CAA 0 issue "ca.lab"\n' \
		"$zone" "$zone" "$zone" "$zone" "$zone" "$zone" "$address" "$zone" >"$LAB_WORK/$zone.zone"
	LAB_MORE_ZONES+="zone \"$zone\" { type primary; file \"$zone.zone\"; };"$'\n'
	fronts+=("$address=none:127.0.53.10")
	echo "address replace $address/32 dev lo"
done >"$LAB_WORK/addresses"
ip -batch "$LAB_WORK/addresses"
lab_delegate shop.lab 127.0.53.12 127.0.53.13
LAB_NAMES=4000 lab_zone_file shop.lab 127.0.53.12 127.0.53.13
LAB_QUERYLOG=no lab_start_bind shop.lab 127.0.53.10 127.0.53.11
lab_spawn faulty "$LAB_BUILD/faulty" "${fronts[@]}"
lab_until 20 grep -q '^ready' "$LAB_WORK/faulty.out" || lab_die "faulty does not listen"
lab_spawn liar "$LAB_BUILD/liar" "${LAB_LIARS[@]}"
lab_relay one 127.0.53.12 127.0.53.10 --delay 300 --seed 1
lab_relay two 127.0.53.13 127.0.53.11 --delay 300 --seed 2
lab_start_parents

# resolver plain|caa CONFIGURATION
resolver() {
	[ -z "${who:-}" ] || lab_stop "$who"
	who=$1
	case $who in
	plain) lab_resolver plain "$UNBOUND_PLAIN" 127.0.53.30 "server:"$'\n'"$2" ;;
	caa) lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf . '' 10)
 caa-hold: 600
 caa-log-after: 1
caa:
 caa-upstreams: 64
 caa-failures: 4
 caa-hold-size: 1
 caa-log-rate: 1
 caa-log-file: \"$LAB_WORK/failures\"
server:
$2" ;;
	esac
}
from=0
# names COUNT: so many of shop.lab that were not asked before
names() {
	seq -f 'h%.0f.shop.lab' $((from + 1)) $((from + $1))
	from=$((from + $1))
}
# climb [OPTION...]: the names on standard input
climb() {
	cat >"$LAB_WORK/names"
	lab_climb 127.0.53.30 "$LAB_WORK/names" --order climb --timeout 20 "$@"
}
# well TEXT
well() {
	climb < <(names 50)
	check "$1: the next 50 names pass" [ "$failed" -eq 0 ]
	check "$1: nothing waits" lab_until 20 lab_idle "$who"
}
labels() { jq -r '[.names[].labels[0] | select('"$1"')] | length' "$LAB_WORK/climb.json"; }

# --- the module's tables: 64 addresses, 4 failures, 1 MiB of held answers, a line a second ------------------------------------------

resolver caa ''
climb < <(for n in $(seq $ZONES); do printf 'a.z%d.lab\nb.z%d.lab\n' "$n" "$n"; done)
check "more addresses than the table has: each of $passed names passes" [ "$failed" -eq 0 ]
check "  addresses made room ($(lab_stat caa caa.upstreams.evicted)), $(lab_stat caa caa.upstreams) are left" \
	eval '[ "$(lab_stat caa caa.upstreams.evicted)" -ge 60 ] && [ "$(lab_stat caa caa.upstreams)" -le 64 ]'
climb < <(seq -f 'n%.0f.liar.lab' 60)
check "more failures than the table has: each name hears why" [ "$(labels '.ede[0].text // "" | test("answered REFUSED")')" -eq 60 ]
check "  those that are over the rate of lines are counted" eval '[ $(($(lab_stat caa caa.log.lines) + $(lab_stat caa caa.log.over))) -ge 60 ]'
for round in 1 2; do
	climb < <(for i in $(seq 250); do for n in 1 2 3 4; do echo "$(printf 'l%060d' "$i").$(printf 'm%060d' $round).z$n.lab"; done; done)
	check "answers for the hold, $round: each of $passed names passes" [ "$failed" -eq 0 ]
done
check "  it is full: $(lab_stat caa caa.hold.evicted) made room" [ "$(lab_stat caa caa.hold.evicted)" -gt 0 ]
well "tables full"
echo "# unpaced $(lab_stat caa caa.unpaced)"

# --- the list of questions ----------------------------------------------------------------------------------------------------------

# full: names of a dead server, that fill the list, and when they have been there for longer than jostle-timeout 200 names of another
full() {
	seq -f "d%.0f-$who.dead.lab" 200 | "$CAA_CLIMB" --server 127.0.53.30 --file - --order climb --timeout 8 --json >"$LAB_WORK/dead.json" 2>&1 &
	lab_until 10 waiting 60 || lab_die "$who: the list does not fill"
	sleep 0.3
	climb --timeout 8 --qps 200 < <(names 200)
	wait $!
	passed=$(labels '.rcode == "NOERROR"')
	echo "# $who, list of questions full: of 200 names $passed passed, $(labels '.rcode == "SERVFAIL"') failed; $(lab_stat "$who" total.requestlist.overwritten) jostled, $(lab_stat "$who" total.requestlist.exceeded) refused"
}
waiting() { [ "$(lab_stat "$who" total.requestlist.current.all)" -ge "$1" ]; }
list='num-queries-per-thread: 60
 jostle-timeout: 200'
resolver plain " $list"
full
plain_passed=$passed
lab_until 20 lab_idle "$who"
resolver caa " $list"
full
check "list of questions full: no fewer names pass than with plain Unbound ($passed, $plain_passed)" [ "$passed" -ge $((plain_passed * 9 / 10)) ]
lab_until 20 lab_idle "$who"
well "list of questions full"

# --- descriptors --------------------------------------------------------------------------------------------------------------------

# own_fault TEXT: names that fail hear why
own_fault() {
	jq -r '.names[].labels[0] | select(.rcode == "SERVFAIL") | .ede[0].text // "nothing"' "$LAB_WORK/climb.json" | grep -v 'this resolver has no file descriptor left' | sed 's/^/# /' >"$LAB_WORK/others"
	head -n 5 "$LAB_WORK/others"
	check "$1: who fails hears that it is this resolver's fault" [ ! -s "$LAB_WORK/others" ]
}
uncontrolled() { ! ss -Hx state connected src "$LAB_WORK/$who.ctl" | grep -q .; }
# few_descriptors MORE: the process may have as many as it has at rest, and MORE
few_descriptors() {
	prlimit --pid "${LAB_PID[$who]}" --nofile=$((free + $1)): || lab_die "no prlimit"
}
enough_descriptors() { prlimit --pid "${LAB_PID[$who]}" --nofile=4096:; }
count_rcodes() { jq -r '[.names[].labels[0].rcode // "no end"] | group_by(.) | map("\(length) \(.[0])") | join(", ")' "$LAB_WORK/climb.json"; }
for who_is in plain caa; do
	resolver $who_is ''
	# those of a start; what is asked with is kept to be asked with again
	lab_until 10 uncontrolled
	free=$(find "/proc/${LAB_PID[$who]}/fd" -mindepth 1 -printf '%f\n' | sort -n | awk '$1 != n { exit } { n++ } END { print n + 0 }')
	few_descriptors 0
	climb < <(names 50)
	echo "# $who, no descriptors: $(count_rcodes)"
	if [ "$who" = caa ]; then
		check "no descriptors: each name fails" [ "$(labels '.rcode == "SERVFAIL"')" -eq 50 ]
		own_fault "no descriptors"
	fi
	enough_descriptors
	[ "$who" = plain ] || well "descriptors again"
	[ "$who" = caa ] || well "plain, descriptors again"
	few_descriptors 4
	climb < <(names 100)
	echo "# $who, four descriptors: $(count_rcodes)"
	if [ "$who" = caa ]; then
		check "four descriptors: each name has its end" [ "$(labels '.rcode != null')" -eq 100 ]
		check "  as many pass as with plain Unbound" [ "$passed" -ge $((plain_passed * 9 / 10)) ]
		own_fault "four descriptors"
	fi
	plain_passed=$passed
	enough_descriptors
	[ "$who" = plain ] || well "descriptors again"
done
lab_stop caa
check "no crash, no report" [ "$(lab_reports)" -eq 0 ]
