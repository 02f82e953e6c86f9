# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What is said about a failure is true: whose fault it is, which zone it is about, and what would mend it.  case-why.sh has a
# row for each class; here is what is easily mistaken for another thing.

LIAR=${LAB_LIAR:-$LAB_BUILD/liar}
[ -x "$LIAR" ] || lab_skip "no $LIAR; run make liar"
lab_root_and_tld

# --- the servers ----------------------------------------------------------------------------------------------------------

lab_lie closed.lab tc-closed
lab_lie tc.lab tc-always
lab_lie mixed.lab tc-closed tc-always
lab_lie dead.lab dead dead
lab_lie picky.lab refuse-caa
lab_lie mute.lab tc-mute
lab_lie dark servfail
tld=$LAB_LIED tld_zone=${LAB_DELEGATION[dark]}
unset 'LAB_DELEGATION[dark]'
lab_lie shut.par.lab refused
shut=$LAB_LIED
unset 'LAB_DELEGATION[shut.par.lab]'
lab_lie keyless.par.lab no-key
keyless=$LAB_LIED
unset 'LAB_DELEGATION[keyless.par.lab]'
lab_spawn liar "$LIAR" "${LAB_LIARS[@]}"
sized=127.0.61.1 forbidden=127.0.61.2
lab_address $sized
lab_spawn faulty "$LAB_BUILD/faulty" $sized=size-formerr:127.0.53.12
lab_delegate forbidden.lab $forbidden
# nameservers with IPv6 addresses only, below the zone and elsewhere, and one that may have any
LAB_DELEGATION[six.lab]=$(printf '%s\n' 'six.lab. 3600 NS ns1.six.lab.' 'ns1.six.lab. 3600 AAAA fd00::1')$'\n'
LAB_DELEGATION[six-away.lab]=$(printf '%s\n' 'six-away.lab. 3600 NS ns1.six-here.lab.' 'ns1.six-here.lab. 3600 AAAA fd00::1')$'\n'
LAB_DELEGATION[gone.lab]="gone.lab. 3600 NS ns1.nowhere.lab."$'\n'
LAB_DELEGATION[bare.lab]=$(printf '%s\n' 'bare.lab. 3600 NS text.lab.' 'text.lab. 3600 TXT "no address"')$'\n'
# an alias that never ends: its server answers NOERROR with it, and so does the resolver
lab_delegate dname.lab 127.0.53.12
{ lab_soa dname.lab; printf '%s\n' 'dname.lab. 3600 NS ns1.dname.lab.' 'ns1.dname.lab. 3600 A 127.0.53.12' \
	'd.dname.lab. 3600 DNAME x.d.dname.lab.' 'alias.dname.lab. 3600 CNAME there.dname.lab.' 'there.dname.lab. 3600 A 192.0.2.1' \
	'away.dname.lab. 3600 CNAME gone.dname.lab.'; } >"$LAB_WORK/dname.lab.zone"
# par.lab is signed and has a trust anchor; open.par.lab is proven to be insecure, and has an alias to shut.par.lab, which is signed
(
	cd "$LAB_WORK" || exit
	for zone in par.lab open.par.lab; do
		{ lab_soa $zone; printf '%s. 3600 NS ns1.%s.\nns1.%s. 3600 A 127.0.53.12\n' $zone $zone $zone; } >$zone.zone
	done
	for zone in par.lab shut.par.lab keyless.par.lab; do dnssec-keygen -q -a ECDSAP256SHA256 -f KSK $zone >$zone.key; done
	printf '%s. 3600 CNAME %s.\n' a.open.par.lab t.shut.par.lab >>open.par.lab.zone
	{ printf '%s. 3600 NS ns1.%s.\nns1.%s. 3600 A %s\n' open.par.lab open.par.lab open.par.lab 127.0.53.12 shut.par.lab shut.par.lab \
		shut.par.lab "$shut" keyless.par.lab keyless.par.lab keyless.par.lab "$keyless"
		for zone in shut.par.lab keyless.par.lab; do dnssec-dsfromkey -2 "$(cat $zone.key).key"; done
		cat "$(cat par.lab.key).key"; } >>par.lab.zone
	dnssec-signzone -q -z -o par.lab -f par.signed par.lab.zone "$(cat par.lab.key)" && mv par.signed par.lab.zone
) >"$LAB_WORK/sign.out" 2>&1
# size.lab is signed, and what stands in front of its server bears no large UDP sizes; the name of its nameserver is looked up there, too
(
	cd "$LAB_WORK" || exit
	{ lab_soa size.lab; printf 'size.lab. 3600 NS ns1.host.lab.\n'; } >size.lab.zone
	{ lab_soa host.lab; printf '%s\n' 'host.lab. 3600 NS ns2.host.lab.' "ns1.host.lab. 3600 A $sized" "ns2.host.lab. 3600 A $sized"; } >host.lab.zone
	dnssec-keygen -q -a ECDSAP256SHA256 -f KSK size.lab >size.lab.key
	cat "$(cat size.lab.key).key" >>size.lab.zone
	dnssec-signzone -q -z -o size.lab -f size.signed size.lab.zone "$(cat size.lab.key)" && mv size.signed size.lab.zone
) >>"$LAB_WORK/sign.out" 2>&1
LAB_DELEGATION[size.lab]="size.lab. 3600 NS ns1.host.lab."$'\n'
LAB_DELEGATION[host.lab]=$(printf '%s\n' 'host.lab. 3600 NS ns2.host.lab.' "ns2.host.lab. 3600 A $sized")$'\n'
lab_delegate par.lab 127.0.53.12
anchor=$(sed -n 's/^par\.lab\. .*DNSKEY \(257.*\)/\1/p' "$LAB_WORK/$(cat "$LAB_WORK/par.lab.key").key")
lab_address 127.0.53.12
lab_nsd dname 127.0.53.12 ' rrl-ratelimit: 0' dname.lab par.lab open.par.lab size.lab host.lab
# the root and the TLD have IPv6 addresses as well
ip address replace fd00:53::1/128 dev lo
ip address replace fd00:53::2/128 dev lo
ip address replace fd00:53::34/128 dev lo
lab_delegate four.lab 127.0.60.98
LAB_DELEGATION[within.lab]=$(printf '%s\n' 'within.lab. 3600 NS ns1.within.lab.' 'ns1.within.lab. 3600 AAAA ::1')$'\n'
lab_parent_zones
printf '%s' "$tld_zone" >>"$LAB_WORK/..zone"
printf 'ns.root. 3600 AAAA fd00:53::1\nns.lab. 3600 AAAA fd00:53::2\n' >>"$LAB_WORK/..zone"
echo 'ns.lab. 3600 AAAA fd00:53::2' >>"$LAB_WORK/lab.zone"
lab_nsd root 127.0.53.1 $' rrl-ratelimit: 0\n ip-address: fd00:53::1' .
lab_nsd tld 127.0.53.2 $' rrl-ratelimit: 0\n ip-address: fd00:53::2' lab

lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf . '' 3)
 caa-log-after: 1
caa:
 caa-climb-option: 65001
 caa-log-rate: 1000
 caa-log-file: \"$LAB_WORK/reasons.log\"
server:
 trust-anchor-signaling: no
 trust-anchor: \"par.lab. DNSKEY $anchor\""

# --- the table ------------------------------------------------------------------------------------------------------------

# field NAME FILTER: of the last line of the log about a name.
field() { grep -a "\"name\":\"$1\",\"class\"" "$LAB_WORK/reasons.log" | tail -n 1 | jq -r "$2"; }
# ask NAME...: all at once; what came stands in dig.NAME.
ask() {
	local name pids=()
	for name in "$@"; do
		dig +tries=1 +time=30 caa "$name" @127.0.53.30 >"$LAB_WORK/dig.$name" &
		pids+=($!)
	done
	wait "${pids[@]}"
}
# said NAME CLASS TEXT: what was asked before failed so; TEXT is an extended regular expression, the INFO-CODE in front.
said() {
	local got want=$3 whole
	whole=$(sed -n 's/^; EDE: \([0-9]*\)[^:]*: (\(.*\))$/\1 \2/p' "$LAB_WORK/dig.$1")
	got=$(lab_without_id <<<"$whole")
	check "$1 fails" grep -q 'status: SERVFAIL' "$LAB_WORK/dig.$1"
	check "  class $2" [ "$(field "$1" .class)" = "$2" ]
	check "  and says why" eval '[[ $got =~ ^($want)$ ]]'
	check "  as the manual has it" lab_in_manual "$got"
	check "  so does the line of the log" [ "$(field "$1" '"\(.ede) \(.text) (id \(.id))"')" = "$whole" ]
	[ "$LAB_FAILED" -eq "${shown:-0}" ] || { echo "# got: $got"; field "$1" tojson | sed 's/^/# /'; shown=$LAB_FAILED; }
}
others='(; also [a-z-]+ x[0-9]+(, [a-z-]+ x[0-9]+)*)?'

ask mute.lab closed.lab x.closed.lab tc.lab x.tc.lab mixed.lab dead.lab x.picky.lab x.dark dark
ask picky.lab x.dead.lab	# when nothing came from the zone's servers, the TLD's are asked again

# --- truncated ------------------------------------------------------------------------------------------------------------

open_tcp='open TCP port 53 \(RFC 7766\), or send answers that fit into UDP'
for name in closed.lab x.closed.lab; do
	said $name unreachable "22 127.0.60.1 \(ns1.closed.lab\) truncates its answer to CAA $name over UDP, and cannot be reached over TCP; $open_tcp"
done
said mute.lab unreachable "22 127.0.60.8 \(ns1.mute.lab\) truncates its answer to CAA mute.lab over UDP, and does not answer over TCP$others; $open_tcp"
for name in tc.lab x.tc.lab; do
	said $name servfail "23 127.0.60.2 \(ns1.tc.lab\) answered what is truncated even over TCP to CAA $name( \([0-9]+ times\))?; it must send whole answers over TCP \(RFC 7766\)"
done
said mixed.lab "$(field mixed.lab .class)" "22 127.0.60.3( \(ns1.mixed.lab\))? truncates its answer to CAA mixed.lab over UDP, and cannot be reached over TCP$others; $open_tcp|23 127.0.60.4( \(ns[12].mixed.lab\))? answered what is truncated even over TCP to CAA mixed.lab( \([0-9]+ times\))?$others; it must send whole answers over TCP \(RFC 7766\)"

# --- whose servers answer for others ----------------------------------------------------------------------------------------

alive='see that it runs, and no filter drops type CAA \(257\)'
for name in dead.lab x.dead.lab; do
	said $name timeout "22 127.0.60.[56]( \(ns[12].dead.lab(, and 1 more)?\)| \(and 1 more\))? did not answer (CAA $name \([0-9]+ UDP quer[a-z]+\)|other queries a moment ago)$others; $alive"
	check "  the TLD's servers are not its own" [ "$(field $name '"\(.zone) \(.others_answer)"')" = 'dead.lab unknown' ]
done

n=0
silent_said() { n=$((n + 1)); ask z$n.dead.lab; grep -q 'did not answer other queries a moment ago' "$LAB_WORK/dig.z$n.dead.lab"; }
check "what was found to be silent is said to be" lab_until 30 silent_said
said z$n.dead.lab timeout "22 127.0.60.[56]( \(ns[12].dead.lab(, and 1 more)?\)| \(and 1 more\))? did not answer other queries a moment ago; $alive"

# --- one type is refused ------------------------------------------------------------------------------------------------------

for name in picky.lab x.picky.lab; do
	said $name refused "23 127.0.60.7 \(ns1.picky.lab\) answered REFUSED to CAA $name( \([0-9]+ times\))? but not to other types; it must answer any type, NOERROR if there is none \(RFC 3597, RFC 8906\)"
done

# --- where an alias leads -----------------------------------------------------------------------------------------------------------

# again NAME: fail once more, as the first failure has the DS looked up that the next one knows
again() { lab_control caa flush_type "$1" CAA >/dev/null; ask "$1"; }
known() { again a.open.par.lab; [ "$(field a.open.par.lab .insecure)" != unknown ]; }
ask a.open.par.lab
check "where an alias leads to what fails, that is the zone that failed" \
	[ "$(field a.open.par.lab '"\(.zone) \(.servers[0].address) \(.servers[0].ns) \(.insecure != "yes")"')" = "shut.par.lab $shut ns1.shut.par.lab true" ]
check "whether an alias's target is insecure is found out" lab_until 10 known
said a.open.par.lab refused "23 $shut \\(ns1.shut.par.lab\\) answered REFUSED to CAA t.shut.par.lab( \\([0-9]+ times\\))?; allow queries for the zone there, or remove the server from the delegation"
check "  its zone failed, which is not insecure, though that of the alias is" \
	[ "$(field a.open.par.lab '"\(.zone) \(.insecure)"')" = 'shut.par.lab no' ]

# --- keys that do not come ------------------------------------------------------------------------------------------------------------

ask keyless.par.lab
for text in 'looked up' 'from the cache'; do
	said keyless.par.lab servfail "23 DNSKEY of zone keyless.par.lab could not be fetched: $keyless \\(ns1.keyless.par.lab\\) answered SERVFAIL to it( \\([0-9]+ times\\))?$others; see that server's own log"
	check "  once, $text" [ "$(grep -c '^; EDE:' "$LAB_WORK/dig.keyless.par.lab")" -eq 1 ]
	ask keyless.par.lab
done

ask x.keyless.par.lab
said x.keyless.par.lab internal '0 DNSKEY of zone keyless.par.lab could not be fetched a moment ago; try again later'

# --- a protocol that the resolver does not use ----------------------------------------------------------------------------------

ask six.lab six-away.lab gone.lab bare.lab
no_ipv6='and this resolver does not use IPv6 \(do-ip6: no\); let the resolver use IPv6'
said six.lab internal "0 no nameserver of six.lab has an IPv4 address \(ns1.six.lab\), $no_ipv6"
said six-away.lab internal "0 no nameserver of six-away.lab has an IPv4 address \(ns1.six-here.lab\), $no_ipv6"
said bare.lab internal '0 no IPv4 address of a nameserver of bare.lab is known \(text.lab\), nor are IPv6 ones looked for \(do-ip6: no\); give it one, or let the resolver use IPv6'
check "  which nobody can tell whose fault it is" [ "$(field bare.lab '"\(.fault) \(.own_fault)"')" = 'unknown unknown' ]
said gone.lab unreachable "22 no nameserver of gone.lab has an address \(ns1.nowhere.lab\); correct the delegation or the address records"

# --- what a climb may take for none -----------------------------------------------------------------------------------------------

# outcomes NAME: what caa-climb says of it, and of each label
outcomes() { jq -r --arg name "$1" '.names[] | select(.name == $name) | "\(.passed) \(.reason) \([.labels[] | .outcome + " " + (.rcode // "-")] | join(", "))"' "$LAB_WORK/climb.json"; }
printf '%s\n' x.nosuch x.d.dname.lab alias.dname.lab away.dname.lab >"$LAB_WORK/names-none"
for how in 'label by label' 'in one question'; do
	if [ "$how" = 'in one question' ]; then lab_climb 127.0.53.30 "$LAB_WORK/names-none" --one 65001; unclear=SERVFAIL rcode=SERVFAIL
	else lab_climb 127.0.53.30 "$LAB_WORK/names-none"; unclear='NOERROR: an alias, and nothing of where it leads' rcode=NOERROR
	fi
	check "$how: a TLD that does not exist fails the name" [ "$(outcomes x.nosuch)" = \
		'false NXDOMAIN: there is no such TLD, nobody may issue for it none NXDOMAIN, failed NXDOMAIN' ]
	check "  an alias without an end is no proof that there is none" [ "$(outcomes x.d.dname.lab)" = \
		"false $unclear failed $rcode, none NOERROR, none NOERROR, none NOERROR" ]
	check "  an alias to a name without records is" [ "$(outcomes alias.dname.lab)" = 'true null none NOERROR, none NOERROR, none NOERROR' ]
	check "  and to one that does not exist" [ "$(outcomes away.dname.lab)" = 'true null none NXDOMAIN, none NOERROR, none NOERROR' ]
	[ "$LAB_FAILED" -eq "${shown:-0}" ] || { jq -c '.names[]' "$LAB_WORK/climb.json" | sed 's/^/# /'; shown=$LAB_FAILED; }
done
check "  each with one question" [ "$(jq .summary.whole "$LAB_WORK/climb.json")" -eq 4 ]

# --- the TLD, and the root --------------------------------------------------------------------------------------------------------

not_the_domain='it is for the TLD or the root to mend, not for the domain: try again later'
for name in x.dark dark; do
	said $name servfail "23 $tld \(ns1.dark\) answered SERVFAIL to CAA $name( \([0-9]+ times\))?; $not_the_domain"
done
# --- one reason for all who hear of it ----------------------------------------------------------------------------------------------

# ede_of [OPTION...] NAME: of a fresh answer, sorted where there are several
ede_of() { dig +tries=1 +time=30 "$@" @127.0.53.30 caa | sed -n 's/^; EDE: \([0-9]*\)[^:]*: (\(.*\))$/\1 \2/p'; }
said_at() { jq -r --arg name "$1" '[.names[] | select(.name == $name) | .labels[0].ede[] | "\(.code) \(.text)"] | join("; ")' "$LAB_WORK/climb.json"; }
for name in new.picky.lab x.picky.lab; do	# looked up, and from the cache of failures
	echo $name >"$LAB_WORK/names-one"
	lab_climb 127.0.53.30 "$LAB_WORK/names-one" --one 65001
	want=$(field $name '"\(.ede) \(.text) (id \(.id))"')
	check "a label of a whole climb fails for the reason of its lookup: $name" eval '[ -n "$want" ] && [ "$(said_at $name)" = "$want" ]'
	check "  and the answer has it as its EDE" [ "$(ede_of +ednsopt=65001:01 $name)" = "$(field $name '"\(.ede) \(.text) (id \(.id))"')" ]
	[ "$LAB_FAILED" -eq "${shown:-0}" ] || { echo "# want: $want"; jq -c '.names[]' "$LAB_WORK/climb.json" | sed 's/^/# /'; ede_of +ednsopt=65001:01 $name; shown=$LAB_FAILED; }
done

# --- many clients of one question, in four threads: one looks it up, the others follow; and nobody is at the root's address ---------

lab_address 127.0.60.99
sed -e 's/127\.0\.53\.30/127.0.53.31/; s/127\.0\.54\.30/127.0.54.31/; s/caa\.ctl/rootless.ctl/; s/hints"/rootless.hints"/; s/caa\.log/rootless.log/; s/num-threads: 1/num-threads: 4/' \
	"$LAB_WORK/caa.conf" >"$LAB_WORK/rootless.conf"
printf '. 3600 NS ns.root.\nns.root. 3600 A 127.0.60.99\n' >"$LAB_WORK/rootless.hints"
lab_address 127.0.53.31
lab_address 127.0.54.31
lab_start_resolver rootless "$UNBOUND_CAA" 127.0.53.31
pids=()
for n in $(seq 16); do
	dig +tries=1 +time=30 caa x.lost.lab @127.0.53.31 >"$LAB_WORK/dig.follow.$n" &
	pids+=($!)
done
wait "${pids[@]}"
cp "$LAB_WORK/dig.follow.1" "$LAB_WORK/dig.x.lost.lab"
said x.lost.lab timeout "22 127.0.60.99( \\(ns.root\\))? did not answer .*; $not_the_domain"
reasons=$(cat "$LAB_WORK"/dig.follow.* | grep -c '^; EDE: ')
different=$(sed -n 's/^; EDE: //p' "$LAB_WORK"/dig.follow.* | sort -u | wc -l)
check "some of 16 clients wait for another thread's lookup" [ "$(lab_control rootless stats_noreset | sed -n 's/^caa\.joined=//p')" -gt 0 ]
check "  all hear a reason, the same ($reasons, $different)" [ "$reasons $different" = '16 1' ]
[ "$LAB_FAILED" -eq "${shown:-0}" ] || { sed -n 's/^; EDE: /# /p' "$LAB_WORK"/dig.follow.*; shown=$LAB_FAILED; }

# --- what this resolver runs out of -----------------------------------------------------------------------------------------------

# own SETTING: a resolver with it, alone at .33
own() {
	lab_stop own
	lab_resolver own "$UNBOUND_CAA" 127.0.53.33 "$(lab_module_conf; lab_zone_conf . '' 3)
 caa-log-after: 1
caa:
 caa-log-rate: 1000
 caa-log-file: \"$LAB_WORK/reasons.log\"
server:
 $1"
}
ask_own() { dig +tries=1 +time=30 caa "$1" @127.0.53.33 >"$LAB_WORK/dig.$1"; }
own 'max-global-quota: 1'
ask_own quota.dname.lab
said quota.dname.lab internal '0 CAA quota.dname.lab: this resolver has used up its queries for one question; raise max-global-quota there'
own 'ratelimit: 1'
failed_own() { sed -n 's/.*"name":"\([a-z0-9]*\.dname\.lab\)","class".*used up its queries for the zone.*/\1/p' "$LAB_WORK/reasons.log" | tail -n 1 | grep .; }
pids=()
for n in $(seq 9); do ask_own limit$n.dname.lab & pids+=($!); done
wait "${pids[@]}"
said "$(failed_own)" internal '0 CAA limit[0-9].dname.lab: this resolver has used up its queries for the zone in a second; raise ratelimit there, or set it to 0'
own 'verbosity: 1'
free=$(find "/proc/${LAB_PID[own]}/fd" -mindepth 1 -printf '%f\n' | sort -n | awk '$1 != n { exit } { n++ } END { print n + 0 }')
prlimit --pid "${LAB_PID[own]}" --nofile="$free":
ask_own files.dname.lab
said files.dname.lab internal '0 CAA files.dname.lab: this resolver has no file descriptor left to ask with; let it open more files'

# --- what this resolver may not ask, and what it asks in another way than most ------------------------------------------------------

own "do-not-query-address: $forbidden"
ask_own forbidden.lab
said forbidden.lab internal "0 this resolver may not ask any nameserver of forbidden.lab \($forbidden\), by do-not-query-address; let the resolver ask it"
check "  which is its own fault" [ "$(field forbidden.lab '"\(.fault) \(.own_fault) \(.zone) \(.others_answer)"')" = 'resolver yes forbidden.lab unknown' ]
own "edns-buffer-size: 4096
 trust-anchor-signaling: no
 trust-anchor: \"size.lab. DNSKEY $(sed -n 's/^size\.lab\. .*DNSKEY \(257.*\)/\1/p' "$LAB_WORK/$(cat "$LAB_WORK/size.lab.key").key")\""
ask_own size.lab
said size.lab formerr-edns "23 $sized( \\(ns1.host.lab\\))? answered FORMERR to CAA size.lab with a large EDNS UDP size$others; update it, or what filters its queries \\(RFC 6891\\)"
own 'tcp-upstream: yes'
ask_own stream.closed.lab
said stream.closed.lab unreachable "22 127.0.60.1 \(ns1.closed.lab\) cannot be reached over TCP for CAA stream.closed.lab; $open_tcp"
lab_stop own
lab_resolver_conf own "$UNBOUND_CAA" 127.0.53.34 "$(lab_module_conf; lab_zone_conf . '' 3)
 caa-log-after: 1
caa:
 caa-log-file: \"$LAB_WORK/reasons.log\""
printf '. 3600 NS ns.root.\nns.root. 3600 AAAA fd00:53::1\n' >"$LAB_WORK/hints6"
sed -i 's/ do-ip6: no/ do-ip4: no/; s/do-not-query-localhost: no/do-not-query-localhost: yes/; s/127\.0\.53\.34/fd00:53::34/; s/127\.0\.54\.34/fd00:53::34/; s/hints"/hints6"/; s/^ access-control: .*/ access-control: fd00::\/16 allow/' "$LAB_WORK/own.conf"
lab_start_resolver own "$UNBOUND_CAA"
dig +tries=1 +time=30 caa four.lab @fd00:53::34 >"$LAB_WORK/dig.four.lab"
said four.lab internal '0 no nameserver of four.lab has an IPv6 address \(ns1.four.lab\), and this resolver does not use IPv4 \(do-ip4: no\); let the resolver use IPv4'
dig +tries=1 +time=30 caa bare.lab @fd00:53::34 >"$LAB_WORK/dig.bare.lab"
said bare.lab internal '0 no IPv6 address of a nameserver of bare.lab is known \(text.lab\), nor are IPv4 ones looked for \(do-ip4: no\); give it one, or let the resolver use IPv4'
dig +tries=1 +time=30 caa within.lab @fd00:53::34 >"$LAB_WORK/dig.within.lab"
said within.lab unreachable '22 no nameserver of within.lab has an address that is not a loopback address \(::1\); correct the delegation or the address records'
check "  which is the zone's fault" [ "$(field within.lab '"\(.fault) \(.own_fault) \(.zone) \(.others_answer)"')" = 'zone no within.lab unknown' ]

# --- all that was said -----------------------------------------------------------------------------------------------------

lab_log_in_manual "$LAB_WORK/reasons.log"
