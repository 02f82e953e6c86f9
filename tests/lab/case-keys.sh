# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Keys that do not come: a zone is signed well, and for a while, or always, its DNSKEY or its DS cannot be fetched.  That is a
# loss and no verdict: the question is tried again, nothing bad is left behind, and nobody is told to touch the DS.  Keys that
# came and do not match stay a verdict, at once.

lab_need_plain
command -v dnsdist >/dev/null || lab_skip "no dnsdist here"
lab_root_and_tld

# --- the zones: sec.lab, lone.lab and top.lab have trust anchors, and what is below them a DS ------------------------------------

names=$(seq -f 'h%.0f' 70)
(
	cd "$LAB_WORK" || exit
	# zone ZONE ADDRESS, then what else stands in it
	zone() {
		{ lab_soa "$1"; printf '%s. 3600 NS ns1.%s.\nns1.%s. 3600 A %s\n%s. 3600 CAA 0 issue "ca.lab"\n' "$1" "$1" "$1" "$2" "$1"
			for name in $names; do echo "$name.$1. 3600 A 192.0.2.1"; done; } >"$1.zone"
		dnssec-keygen -q -a ECDSAP256SHA256 -f KSK "$1" >"$1.key"
		cat "$(cat "$1.key").key" >>"$1.zone"
	}
	sign() { dnssec-signzone -q -z -o "$1" -f "$1.signed" "$1.zone" "$(cat "$1.key")" && mv "$1.signed" "$1.zone"; }
	child() { printf '%s. 3600 NS ns1.%s.\nns1.%s. 3600 A %s\n' "$1" "$1" "$1" "$2"; dnssec-dsfromkey -2 "$(cat "$3.key")"; }
	zone sec.lab 127.0.53.12
	zone lone.lab 127.0.53.15
	zone top.lab 127.0.53.13
	zone quiet.sec.lab 127.0.53.13
	zone deny.sec.lab 127.0.53.14
	zone refuse.sec.lab 127.0.53.14
	zone other.sec.lab 127.0.53.16
	zone bare.sec.lab 127.0.53.16
	zone kid.lone.lab 127.0.53.15
	{ child quiet.sec.lab 127.0.53.13 quiet.sec.lab; child deny.sec.lab 127.0.53.14 deny.sec.lab
		child refuse.sec.lab 127.0.53.14 refuse.sec.lab
		child bare.sec.lab 127.0.53.16 bare.sec.lab
		child other.sec.lab 127.0.53.16 sec.lab | sed 's/^sec\.lab\. /other.sec.lab. /'; } >>sec.lab.zone
	child kid.lone.lab 127.0.53.15 kid.lone.lab >>lone.lab.zone
	sed -i '/DNSKEY/d' bare.sec.lab.zone	# and is not signed
	for zone in sec.lab top.lab lone.lab quiet.sec.lab deny.sec.lab refuse.sec.lab other.sec.lab kid.lone.lab; do sign $zone; done
) >"$LAB_WORK/sign.out" 2>&1
lab_delegate sec.lab 127.0.53.12
lab_delegate lone.lab 127.0.53.15
lab_delegate top.lab 127.0.53.13
# an unsigned zone of the same server
LAB_NAMES=1 lab_zone_file busy.lab 127.0.53.13
lab_delegate busy.lab 127.0.53.13
lab_address 127.0.53.12
lab_address 127.0.53.16
lab_nsd parents 127.0.53.12 ' rrl-ratelimit: 0' sec.lab lone.lab kid.lone.lab
lab_nsd children 127.0.53.16 ' rrl-ratelimit: 0' top.lab quiet.sec.lab deny.sec.lab refuse.sec.lab other.sec.lab bare.sec.lab busy.lab
# deny [RCODE]: deny.sec.lab's server answers so to DNSKEY, and refuse.sec.lab's REFUSED.
deny() {
	local rule=
	[ -z "${1:-}" ] || rule='addAction(AndRule{QTypeRule(48), QNameRule("deny.sec.lab.")}, RCodeAction(DNSRCode.'$1'))'
	lab_stop deny
	LAB_READY=top.lab lab_dnsdist deny 127.0.53.14 -- 'newServer({address="127.0.53.16:53", checkType="SOA", checkName="top.lab."})
addAction(AndRule{QTypeRule(48), QNameRule("refuse.sec.lab.")}, RCodeAction(DNSRCode.REFUSED))
'"$rule"
}
deny SERVFAIL
lab_start_parents

anchor() { sed -n "s/^$1\. .*DNSKEY \(257.*\)/\1/p" "$LAB_WORK/$(cat "$LAB_WORK/$1.key").key"; }
trust="server:
 trust-anchor-signaling: no
 trust-anchor: \"sec.lab. DNSKEY $(anchor sec.lab)\"
 trust-anchor: \"lone.lab. DNSKEY $(anchor lone.lab)\"
 trust-anchor: \"top.lab. DNSKEY $(anchor top.lab)\""

# start plain|caa [CONFIGURATION]: it alone, afresh.
start() {
	lab_stop plain; lab_stop caa
	resolver=$1
	case $1 in
	plain) lab_resolver plain "$UNBOUND_PLAIN" 127.0.53.31 "$trust"; at=127.0.53.31 ;;
	caa) lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .)
 caa-log-after: 1
caa:
 caa-log-rate: 1000
 caa-log-file: \"$LAB_WORK/keys.log\"
${2:-}
$trust"; at=127.0.53.30 ;;
	esac
}
# quiet TYPE MS: the relays drop queries of that type for so long, from the first one on.
quiet() {
	lab_stop one; lab_stop two
	lab_relay one 127.0.53.13 127.0.53.16 --no-tcp --mute "$1:$2"
	lab_relay two 127.0.53.15 127.0.53.12 --no-tcp --mute "$1:$2"
}
# ask NAME: sets status, secure (the AD bit: yes or no), ms, edes (how many) and ede, its code and text.
ask() {
	dig +tries=1 +time=40 +dnssec caa "$1" "@$at" >"$LAB_WORK/dig"
	status=$(sed -n 's/.*status: \([A-Z]*\),.*/\1/p' "$LAB_WORK/dig") ms=$(sed -n 's/^;; Query time: \([0-9]*\) msec$/\1/p' "$LAB_WORK/dig")
	grep -q '^;; flags:.* ad[ ;]' "$LAB_WORK/dig" && secure=yes || secure=no
	edes=$(grep -c '^; EDE:' "$LAB_WORK/dig") ede=$(sed -n 's/^; EDE: \([0-9]*\)[^:]*: (\(.*\))$/\1 \2/p' "$LAB_WORK/dig" | lab_without_id)
}
passes() { [ "$status" = NOERROR ] && [ "$secure" = yes ]; }
field() { grep -a "\"name\":\"$1\"" "$LAB_WORK/keys.log" | tail -n 1 | jq -r "$2"; }
says() { [[ $ede =~ ^$1$ ]]; }
keys_sent() { echo $(($(lab_relay_count one muted) + $(lab_relay_count two muted))); }

# --- they come late ------------------------------------------------------------------------------------------------------------

SLACK_MS=3000		# when a key can be had again the next query for it may just have left, and is waited for

# warm TYPE NAME MS: the servers are known, and near; the zone's keys are not known any more.  Then they are quiet.
warm() {
	local n
	for n in $(seq 41 70); do dig +tries=1 +time=5 a "h$n.$2" "@$at" >/dev/null; done
	lab_control "$resolver" flush_zone "$2" >/dev/null
	quiet "$1" "$3"
}

# Meanwhile the servers answer for another zone, so that they are known to be alive.
busy() {
	local n
	for n in $(seq 1000); do
		dig +tries=1 +time=2 caa "n$n.busy.lab" "@$at" >/dev/null
		sleep 0.2
	done
}

# late TYPE NAME MS: plain and module, each from fresh servers on.
late() {
	local plain plain_ms plain_sent
	quiet "$1" 0
	start plain
	warm "$1" "$2" "$3"
	busy & busy_pid=$!
	ask "$2"; plain_ms=$ms plain=$status-$secure plain_sent=$(keys_sent)
	kill $busy_pid
	quiet "$1" 0
	start caa
	warm "$1" "$2" "$3"
	busy & busy_pid=$!
	ask "$2"
	kill $busy_pid
	echo "# type $1 of $2 not answered for $3 ms: plain $plain after $plain_ms ms and $plain_sent lost, module $status-$secure after $ms ms and $(keys_sent) lost"
	check "type $1 of $2 not answered for $3 ms: it passes, and is secure" passes
	[ "$plain" != NOERROR-yes ] || check "  not much after plain's ($ms ms, $plain_ms ms)" [ "$ms" -le $((plain_ms + SLACK_MS)) ]
	ask "h1.$2"
	check "  nor is anything left behind: another name of the zone passes at once ($ms ms)" eval 'passes && [ "$ms" -le 1000 ]'
}
lab_measured late 48 quiet.sec.lab 7000
lab_measured late 48 top.lab 12000
lab_measured late 43 kid.lone.lab 4000

# without records of failures nothing else is done
quiet 48 7000
start caa ' caa-failures: 0'
ask quiet.sec.lab
check "the same with caa-failures: 0 ($ms ms)" passes

# more names at once than Unbound's sets are looked through, which join one lookup of the key
quiet 48 7000
start caa
for name in $names; do echo "$name.quiet.sec.lab"; done >"$LAB_WORK/names"
lab_climb $at "$LAB_WORK/names" --dnssec --timeout 40
check "70 names at once: none fails ($failed in $seconds s${reasons:+: $reasons})" [ "$failed" -eq 0 ]

# --- they do not come ------------------------------------------------------------------------------------------------------------

# check_words CLASS EDE: of what was asked last.
check_words() {
	local want=$2
	check "  the EDE says so, once" eval 'says "$want" && [ "$edes" -eq 1 ]'
	check "  as the manual has it" lab_in_manual "$ede"
	check "  nothing of the DS" eval '! [[ $ede =~ (DS |registrar) ]]'
	check "  class $1" [ "$(field "$name" .class)" = "$1" ]
	[ "$LAB_FAILED" -eq "${shown:-0}" ] || { echo "# $edes EDE, got: $ede"; shown=$LAB_FAILED; }
}
quiet 48 3600000
start caa
name=quiet.sec.lab
ask $name
check "a DNSKEY that is never answered fails ($ms ms)" [ "$status" = SERVFAIL ]
check_words timeout "22 DNSKEY of zone quiet.sec.lab could not be fetched: 127.0.53.13 \(ns1.quiet.sec.lab\) did not answer it \([0-9]+ UDP queries\); see that it runs, and no filter drops DNSKEY \(48\) or large answers"
quiet 48 0
ask $name
check "  who asks again when it is, is helped at once ($ms ms)" eval 'passes && [ "$ms" -le 1000 ]'

start caa 'caa-zone:
 name: "lone.lab"
 caa-budget: 4'
quiet 43 3600000
name=kid.lone.lab
ask $name
check "so does a DS ($ms ms)" [ "$status" = SERVFAIL ]
check "  and says so, of the parent's server" says "22 DS of zone kid.lone.lab could not be fetched: 127.0.53.15 \(ns1.lone.lab\) did not answer it \([0-9]+ UDP queries\); see that it runs, and no filter drops DS \(43\)"
check "  as the manual has it" lab_in_manual "$ede"
start caa

quiet 48 0
name=deny.sec.lab
ask $name
deny_ms=$ms
check "a DNSKEY that is always SERVFAIL fails, and does not take the whole budget ($ms ms)" eval '[ "$status" = SERVFAIL ] && [ "$ms" -le 10000 ]'
words="23 DNSKEY of zone deny.sec.lab could not be fetched: 127.0.53.14 \(ns1.deny.sec.lab\) answered SERVFAIL to it \([0-9]+ times\); .*see that server's own log"
check_words servfail "$words"
ask $name
check "  and from the cache ($ms ms)" eval '[ "$status" = SERVFAIL ] && [ "$ms" -le 1000 ]'
check_words servfail "$words"
ask h1.$name
check "  for seconds the server is not asked for it again ($ms ms)" eval '[ "$status" = SERVFAIL ] && [ "$ms" -le 1000 ]'
name=h1.$name
check_words internal "0 DNSKEY of zone deny.sec.lab could not be fetched a moment ago; try again later"
name=refuse.sec.lab
ask $name
check "a DNSKEY that is REFUSED fails ($ms ms)" [ "$status" = SERVFAIL ]
check_words refused "23 DNSKEY of zone refuse.sec.lab could not be fetched: 127.0.53.14 \(ns1.refuse.sec.lab\) answered REFUSED to it \([0-9]+ times\) but not to other types; let type DNSKEY \(48\) be asked there"

# what the lookup of another missed is in the cache of keys, for a minute
start caa
dig +tries=1 +time=30 a h1.deny.sec.lab @$at >"$LAB_WORK/dig"
check "another type of such a zone is bogus" grep -q 'status: SERVFAIL' "$LAB_WORK/dig"
deny
dig +tries=1 +time=30 a h2.deny.sec.lab @$at >"$LAB_WORK/dig"
check "  and still is when the keys can be had" grep -q 'status: SERVFAIL' "$LAB_WORK/dig"
ask deny.sec.lab
check "  a CAA question does not believe that: it passes ($ms ms)" eval 'passes && [ "$ms" -le 1000 ]'

# --- they come and do not match ---------------------------------------------------------------------------------------------------

# wrong NAME EDE TEXT: bogus at once, as in plain Unbound, and from the cache.
wrong() {
	local text want=$2
	name=$1
	for text in "$1: keys that do not match fail at once" "  and from the cache"; do
		ask $name
		check "$text ($ms ms)" eval '[ "$status" = SERVFAIL ] && [ "$ms" -le 1000 ]'
		check "  class bogus" [ "$(field "$name" .class)" = bogus ]
		check "  one EDE, of that" eval 'says "$want" && [ "$edes" -eq 1 ]'
		[ "$LAB_FAILED" -eq "${shown:-0}" ] || { echo "# $edes EDE, got: $ede"; shown=$LAB_FAILED; }
	done
	check "  it was not tried again" [ "$(field "$name" .tries)" = 1 ]
}
wrong other.sec.lab "6 DNSSEC of CAA other.sec.lab fails: the answer does not match its signatures; sign the zone again, and compare its keys with the DS at the registrar"
wrong bare.sec.lab "9 DNSSEC of CAA bare.sec.lab fails: the zone has no DNSKEY that fits its DS or its signatures; sign the zone again, and compare its keys with the DS at the registrar"

# --- all that was said -----------------------------------------------------------------------------------------------------

lab_log_in_manual "$LAB_WORK/keys.log"
