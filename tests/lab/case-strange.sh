# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Failures in which more than one zone or server has a part: which zone failed, whose servers those are, whether it is insecure; and that no
# more is said than is known where servers fail in different ways.

LIAR=${LAB_LIAR:-$LAB_BUILD/liar}
[ -x "$LIAR" ] || lab_skip "no $LIAR; run make liar"
lab_root_and_tld
log=$LAB_WORK/strange.log names=()

# --- servers that fail in different ways ---------------------------------------------------------------------------------------

# lie ZONE BEHAVIOUR...: lab_lie, and x.ZONE is asked for
lie() {
	lab_lie "$@"
	names+=("x.$1")
}
# a TLD of the root's
tlds=
lie_tld() {
	lie "$@"
	tlds+=${LAB_DELEGATION[$1]}
	unset "LAB_DELEGATION[$1]"
}
lie refdead.lab refused dead
lie three.lab refused servfail dead
lie lameserv.lab upward servfail
lie formdead.lab formerr dead
lie tcref.lab tc-closed refused
lie slam.lab tc-slam
lie class.lab other-class
lie yx.lab yxdomain
lie refgood.lab refused good
lie notimpgood.lab notimp good
lie slamgood.lab tc-slam good
lie mute.lab dead
lie deny.lab refused
lie_tld lametld upward
lie_tld deadtld dead
lab_spawn liar "$LIAR" "${LAB_LIARS[@]}"
# zones whose nameservers have names in those
LAB_DELEGATION[nsdead.lab]='nsdead.lab. 3600 NS ns.mute.lab.'$'\n'
LAB_DELEGATION[nsref.lab]=$(printf '%s\n' 'nsref.lab. 3600 NS ns.deny.lab.' 'nsref.lab. 3600 NS ns.nowhere.lab.')$'\n'
names+=(x.nsdead.lab x.nsref.lab)

# --- aliases, and zones that are signed or not ------------------------------------------------------------------------------------

# s.lab and late.lab have trust anchors; below s.lab old.s.lab's signatures have expired, and open.s.lab is not signed; late.lab's own have
# expired, and kid.late.lab below it is not signed.  All are served by one server, so that nothing tells where one zone ends.
(
	cd "$LAB_WORK" || exit
	zone() { lab_soa "$1"; printf '%s. 3600 NS ns1.%s.\nns1.%s. 3600 A 127.0.53.12\n' "$1" "$1" "$1"; }
	cut() { zone "$1" | sed 1d; }
	sign() { dnssec-signzone -q -z -P "${@:2}" -o "$1" -f signed "$1.zone" "$(cat "$1.key")" && mv signed "$1.zone"; }
	for zone in s.lab old.s.lab late.lab; do
		dnssec-keygen -q -a ECDSAP256SHA256 -f KSK $zone >$zone.key
		{ zone $zone; cat "$(cat $zone.key).key"; } >$zone.zone
	done
	{ cut old.s.lab; dnssec-dsfromkey -2 "$(cat old.s.lab.key)"; cut open.s.lab
		printf '%s. 3600 CNAME %s.\n' toold.s.lab t.old.s.lab todead.s.lab x.refdead.lab; } >>s.lab.zone
	{ zone open.s.lab; echo 'toold.open.s.lab. 3600 CNAME t.old.s.lab.'; } >open.s.lab.zone
	{ zone z.lab; printf '%s. 3600 CNAME %s.\n' toold.z.lab t.old.s.lab todead.z.lab x.refdead.lab; echo 'd.z.lab. 3600 DNAME e.z.lab.'
		echo 'e.z.lab. 3600 DNAME d.z.lab.'; } >z.lab.zone
	cut kid.late.lab >>late.lab.zone
	zone kid.late.lab >kid.late.lab.zone
	sign old.s.lab -s 20200101000000 -e 20200201000000
	sign late.lab -s 20200101000000 -e 20200201000000
	sign s.lab
) >"$LAB_WORK/sign.out" 2>&1
for zone in s.lab late.lab z.lab; do lab_delegate $zone 127.0.53.12; done
lab_address 127.0.53.12
lab_nsd zones 127.0.53.12 ' rrl-ratelimit: 0' z.lab s.lab old.s.lab open.s.lab late.lab kid.late.lab
names+=(old.s.lab toold.s.lab toold.open.s.lab toold.z.lab todead.s.lab todead.z.lab x.kid.late.lab q.d.z.lab)
lab_parent_zones
printf '%s' "$tlds" >>"$LAB_WORK/..zone"
lab_nsd root 127.0.53.1 ' rrl-ratelimit: 0' .
lab_nsd tld 127.0.53.2 ' rrl-ratelimit: 0' lab

key() { sed -n "s/^$1\. .*DNSKEY \(257.*\)/\1/p" "$LAB_WORK/$(cat "$LAB_WORK/$1.key").key"; }
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf . '' 4)
 caa-log-after: 1
caa:
 caa-log-rate: 1000
 caa-log-file: \"$log\"
server:
 trust-anchor-signaling: no
 trust-anchor: \"s.lab. DNSKEY $(key s.lab)\"
 trust-anchor: \"late.lab. DNSKEY $(key late.lab)\""
pids=()
for name in "${names[@]}"; do
	dig +tries=1 +time=30 caa "$name" @127.0.53.30 >"$LAB_WORK/dig.$name" &
	pids+=($!)
done
wait "${pids[@]}"

# --- what is said ------------------------------------------------------------------------------------------------------------------

field() { grep -a "\"name\":\"$1\",\"class\"" "$log" | tail -n 1 | jq -r "$2"; }
# said NAME FACTS TEXT: FACTS are the zone that failed, whose fault it is, and whether it is insecure; both are extended regular expressions.
said() {
	local got name=$1 facts want=$3
	got=$(sed -n 's/^; EDE: \([0-9]*\)[^:]*: (\(.*\))$/\1 \2/p' "$LAB_WORK/dig.$name" | lab_without_id)
	facts=$(field "$name" '"\(.zone) \(.fault) \(.insecure)"')
	check "$name fails" grep -q 'status: SERVFAIL' "$LAB_WORK/dig.$name"
	check "  and says why" eval '[[ $got =~ ^($want)$ ]]'
	check "  which zone failed, and whose fault it is ($facts)" eval "[[ \$facts =~ ^($2)\$ ]]"
	[ "$LAB_FAILED" -eq "${shown:-0}" ] || { echo "# got: $got"; field "$name" tojson | sed 's/^/# /'; shown=$LAB_FAILED; }
}
passes() { check "$1 passes by its other server" grep -q 'status: NOERROR' "$LAB_WORK/dig.$1"; }
also() { echo "(; also ($1) x[0-9]+(, ($1) x[0-9]+)*)?"; }
allow='allow queries for the zone there, or remove the server from the delegation' run='see that it runs, and no filter drops type CAA \(257\)'
refused() { echo "23 127.0.60.$1( \\(ns[123].$2\\))? answered REFUSED to CAA x.$2( \\([0-9]+ times\\))?$(also "$3"); $allow"; }
dead() { echo "22 127.0.60.$1( \\(ns[123].$2\\))? did not answer CAA x.$2 \\([0-9]+ UDP quer[a-z]+\\)$(also "$3"); $run"; }

said x.refdead.lab 'refdead.lab (zone|network) unknown' "$(refused 1 refdead.lab timeout)|$(dead 2 refdead.lab refused)"
said x.three.lab 'three.lab (zone|network) unknown' "$(refused 3 three.lab 'servfail|timeout')|$(dead 5 three.lab 'refused|servfail')|23 127.0.60.4( .*)? answered SERVFAIL to CAA x.three.lab.*$(also 'refused|timeout'); see that server's own log"
said x.lameserv.lab 'lameserv.lab zone unknown' "23 127.0.60.7( .*)? answered SERVFAIL to CAA x.lameserv.lab.*$(also lame); see that server's own log|22 127.0.60.6( .*)? refers upwards, asked for CAA x.lameserv.lab$(also servfail); load the zone there, or remove the server from the delegation"
said x.formdead.lab 'formdead.lab (zone|network) unknown' "23 127.0.60.8( .*)? answered FORMERR to CAA x.formdead.lab with EDNS and without$(also timeout); update it, or what filters its queries \\(RFC 6891\\)|$(dead 9 formdead.lab formerr-edns)"
said x.tcref.lab 'tcref.lab zone unknown' "$(refused 11 tcref.lab unreachable)|22 127.0.60.10( .*)? truncates its answer to CAA x.tcref.lab over UDP, and cannot be reached over TCP$(also refused); open TCP port 53 \\(RFC 7766\\), or send answers that fit into UDP"
said x.slam.lab 'slam.lab zone unknown' '22 127.0.60.12 \(ns1.slam.lab\) truncates its answer to CAA x.slam.lab over UDP, and cannot be reached over TCP; open TCP port 53 \(RFC 7766\), or send answers that fit into UDP'
said x.class.lab 'class.lab zone unknown' "23 127.0.60.13 \\(ns1.class.lab\\) answered what cannot be read to CAA x.class.lab( \\([0-9]+ times\\))?; see that server's own log"
said x.yx.lab 'yx.lab zone unknown' "23 127.0.60.14 \\(ns1.yx.lab\\) answered YXDOMAIN to CAA x.yx.lab( \\([0-9]+ times\\))?; see that server's own log"
passes x.refgood.lab
passes x.notimpgood.lab
passes x.slamgood.lab
high='it is for the TLD or the root to mend, not for the domain: try again later'
said x.lametld 'lametld parent unknown' "22 127.0.60.23 \\(ns1.lametld\\) refers upwards, asked for CAA x.lametld; $high"
said x.deadtld 'deadtld network unknown' "22 127.0.60.24 \\(ns1.deadtld\\) did not answer CAA x.deadtld \\([0-9]+ UDP quer[a-z]+\\); $high"

# --- where it was, on the way ---------------------------------------------------------------------------------------------------------

said x.nsdead.lab 'mute.lab network unknown' '22 127.0.60.21 \(ns1.mute.lab\) (did not answer A ns.mute.lab \([0-9]+ UDP quer[a-z]+\)|did not answer other queries a moment ago); see that it runs'
check "  as the manual has it" lab_in_manual "$(field x.nsdead.lab '"\(.ede) \(.text)"')"
# who asked first has the reason; a later one finds that no address is known
said x.nsref.lab '(deny.lab zone|nsref.lab unknown) unknown' "0 no IPv4 address of a nameserver of nsref.lab is known \\(ns.(deny|nowhere).lab\\), nor are IPv6 ones looked for \\(do-ip6: no\\); give it one, or let the resolver use IPv6|23 127.0.60.22 \\(ns1.deny.lab\\) answered REFUSED to A ns.deny.lab( \\([0-9]+ times\\))?; $allow"
expired='a signature has expired; sign the zone again'
said old.s.lab 'old.s.lab zone no' "7 DNSSEC of CAA old.s.lab fails: $expired"
for name in toold.s.lab toold.open.s.lab toold.z.lab; do
	said $name 'old.s.lab zone no' "7 DNSSEC of CAA $name fails in zone old.s.lab: $expired"
done
said x.kid.late.lab 'late.lab zone no' "7 DNSSEC of CAA x.kid.late.lab fails in zone late.lab: $expired"
said todead.s.lab 'refdead.lab (zone|network) no' "$(refused 1 refdead.lab timeout)|$(dead 2 refdead.lab refused)"
said todead.z.lab 'refdead.lab (zone|network) unknown' "$(refused 1 refdead.lab timeout)|$(dead 2 refdead.lab refused)"
said q.d.z.lab 'z.lab zone unknown' '24 CNAME records of q.d.z.lab lead in a circle or too far, stopped at q.d.z.lab; correct the CNAME records'
