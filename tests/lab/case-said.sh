# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sentences on failures that want a resolver or a server of a kind of their own: a key that is no zone key, keys that this resolver's own
# limits or protocols keep from it, time that ends, a zone that it cannot load.

lab_root_and_tld
log=$LAB_WORK/said.log forbidden=127.0.61.3 n=0

# --- the zones --------------------------------------------------------------------------------------------------------------

# Each has a trust anchor and, below it, an unsigned zone.  nokeybit.lab is signed with a key whose flags do not say that it is a zone's: what
# is written into its zone is enough, as the validator looks at that, and at the key tag, before it looks at a signature.
(
	cd "$LAB_WORK" || exit
	for zone in nokeybit.lab good.lab far.lab six.lab no.lab tld; do
		case $zone in far.lab) at=127.0.53.13 ;; tld) at=127.0.53.14 ;; *) at=127.0.53.12 ;; esac
		{ lab_soa $zone; printf '%s. 3600 NS ns1.%s.\nns1.%s. 3600 A %s\n' $zone $zone $zone $at sub.$zone sub.$zone sub.$zone 127.0.53.12; } >$zone.zone
		{ lab_soa sub.$zone; printf '%s. 3600 NS ns1.%s.\nns1.%s. 3600 A 127.0.53.12\n' sub.$zone sub.$zone sub.$zone; } >sub.$zone.zone
		tag=0
		while [ "$tag" -lt 1000 ]; do	# those below have another sum
			dnssec-keygen -q -a ECDSAP256SHA256 -f KSK $zone >$zone.key
			tag=$(sed 's/.*+0*\([0-9]\)/\1/' $zone.key)
		done
		cat "$(cat $zone.key).key" >>$zone.zone
		dnssec-signzone -q -z -O full -o $zone -f signed $zone.zone "$(cat $zone.key)" && mv signed $zone.zone
		[ $zone != nokeybit.lab ] || sed -i "s/DNSKEY\t257 3/DNSKEY\t1 3/; s/ $tag $zone\. / $((tag - 256)) $zone. /" $zone.zone
	done
) >"$LAB_WORK/sign.out" 2>&1
lab_delegate nokeybit.lab 127.0.53.12
lab_delegate good.lab 127.0.53.12
lab_delegate far.lab 127.0.53.13
lab_delegate warm.lab 127.0.53.13
LAB_NAMES=1 lab_zone_file warm.lab 127.0.53.13
lab_delegate no.lab $forbidden
LAB_DELEGATION[six.lab]=$(printf '%s\n' 'six.lab. 3600 NS ns1.six.lab.' 'ns1.six.lab. 3600 AAAA fd00::1')$'\n'
lab_address 127.0.53.12
lab_nsd zones 127.0.53.12 ' rrl-ratelimit: 0' nokeybit.lab good.lab far.lab six.lab no.lab tld sub.six.lab sub.no.lab sub.tld warm.lab
lab_relay slow 127.0.53.13 127.0.53.12 --delay 700
lab_relay mute 127.0.53.14 127.0.53.12 --no-tcp --mute 43:3600000
lab_parent_zones
printf '%s\n' 'tld. 3600 NS ns1.tld.' 'ns1.tld. 3600 A 127.0.53.14' >>"$LAB_WORK/..zone"
lab_nsd root 127.0.53.1 ' rrl-ratelimit: 0' .
lab_nsd tld 127.0.53.2 ' rrl-ratelimit: 0' lab

# --- what is said -------------------------------------------------------------------------------------------------------------

key() { sed -n "s/^$1\. .*DNSKEY 257\(.*\)/$2\1/p" "$LAB_WORK/$(cat "$LAB_WORK/$1.key").key"; }
anchors=$(for zone in good.lab far.lab six.lab no.lab tld; do echo " trust-anchor: \"$zone. DNSKEY $(key $zone 257)\""; done)
# start BUDGET SETTING...: the resolver afresh
start() {
	local budget=$1
	shift
	lab_stop caa
	lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf . '' "$budget")
 caa-log-after: 1
caa:
 caa-log-rate: 1000
 caa-log-file: \"$log\"
server:
 trust-anchor-signaling: no
$anchors
 trust-anchor: \"nokeybit.lab. DNSKEY $(key nokeybit.lab 1)\"
$(printf '%s\n' "$@")"
}
field() { grep -a "\"name\":\"$1\"" "$log" | tail -n 1 | jq -r "$2"; }
# said NAME CLASS TEXT FAULT: ask, and look at it; TEXT is an extended regular expression, the INFO-CODE in front.
said() {
	local whole got name=$1 class=$2 want=$3
	dig +tries=1 +time=30 caa "$1" @127.0.53.30 >"$LAB_WORK/dig"
	whole=$(sed -n 's/^; EDE: \([0-9]*\)[^:]*: (\(.*\))$/\1 \2/p' "$LAB_WORK/dig")
	got=$(lab_without_id <<<"$whole")
	check "$name fails, class $class" eval 'grep -q "status: SERVFAIL" "$LAB_WORK/dig" && [ "$(field "$name" .class)" = "$class" ]'
	check "  and says why" eval '[[ $got =~ ^($want)$ ]]'
	check "  as the manual has it" lab_in_manual "$got"
	check "  and whose fault it is: $4" [ "$(field "$1" .fault)" = "$4" ]
	[ "$LAB_FAILED" -eq "${shown:-0}" ] || { echo "# got: $got"; field "$1" tojson | sed 's/^/# /'; shown=$LAB_FAILED; }
}

start 3 'auth-zone:' ' name: unloaded.lab' " zonefile: \"$LAB_WORK/no-such-file\"" ' fallback-enabled: no' ' for-downstream: no'
said nokeybit.lab bogus '11 DNSSEC of CAA nokeybit.lab fails: the key is no zone key; sign the zone again, and compare its keys with the DS at the registrar' zone
said x.unloaded.lab internal '0 CAA x.unloaded.lab: the resolver gave up; no fault of its servers is known; try again later' unknown
said sub.tld timeout '22 DS of zone sub.tld could not be fetched: 127.0.53.14( \(ns1.tld\))? did not answer it \([0-9]+ UDP quer[a-z]+\); it is for the TLD or the root to mend, not for the domain: try again later' parent

start 3 ' max-global-quota: 2'
said good.lab internal '0 CAA good.lab: this resolver has used up its queries for one question; raise max-global-quota there' resolver

stubs=$(for zone in sub.six.lab sub.no.lab; do printf 'stub-zone:\n name: %s\n stub-addr: 127.0.53.12\n' $zone; done)
start 3 " do-not-query-address: $forbidden" "$stubs"
said sub.six.lab internal '0 DNSKEY of zone six.lab could not be fetched: this resolver could not ask; let the resolver use IPv6' resolver
said sub.no.lab internal '0 DNSKEY of zone no.lab could not be fetched: this resolver could not ask; let the resolver ask it' resolver

# --- time that ends -----------------------------------------------------------------------------------------------------------

# how far the server is, is found out with names that may take their time
start 1 'caa-zone:' ' name: warm.lab' ' caa-budget: 20' 'caa-zone:' ' name: warm.far.lab' ' caa-budget: 20' 'server:' ' aggressive-nsec: no'
near() { dig +tries=1 +time=20 caa "n$((++n)).$1" @127.0.53.30 | grep -q NXDOMAIN; }
lab_until 30 near warm.lab || lab_die "no answer from the distant server"
said n.far.lab budget "0 CAA n.far.lab: this resolver's time for one question ended before it was done; try again later" resolver
lab_until 30 near warm.far.lab || lab_die "no answer from the distant server"
lab_control caa flush_zone far.lab >/dev/null
said far.lab budget "0 DNSKEY of zone far.lab could not be fetched: this resolver's time for one question ended before it was done; try again later" resolver

# --- all that was said -----------------------------------------------------------------------------------------------------

lab_log_in_manual "$log"
