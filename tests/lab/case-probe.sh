# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154
# caa-probe finds the fault of each server, and no other; of a good server it finds nothing.

# shellcheck source=tests/lab/probe.sh
. "$LAB_DIR/probe.sh"

# --- servers with one fault each: a proxy before one good BIND ----------------------------------------------------------------

# fault FAULT STATUS CHECK...: zone FAULT.lab
fault() {
	probe_faulty "$1.lab" "$1" ''
	probe "h1.$1.lab" "${@:2}"
}
fault none 0
fault silent 1 'udp!'
fault udp-drop 1 'udp!'
fault tcp-refused 0 tcp
fault tcp-silent 0 tcp
fault edns-drop 0 edns
fault edns-formerr 0 edns
fault edns-none 0 edns
fault option-drop 0 option
fault option-formerr 0 option
fault option-echo 0 option
fault options-drop 0 cookie option
fault version-drop 0 version
fault version-formerr 0 version
fault version-ignored 0 version
fault cookie-drop 0 cookie
fault cookie-formerr 0 cookie
fault cookie-wrong 0 cookie
fault case-lower 0 case
fault caa-drop 1 'caa!'
fault caa-refused 1 'caa!'
fault caa-notimp 1 'caa!'
fault caa-servfail 1 'caa!'
fault caa-no-aa 1 'caa!'
fault caa-cut 1 'caa!'
fault caa-no-soa 1 'nodata!'
fault caa-truncated 0
fault caa-truncated-no-tcp 1 'tcp!'
fault caa-large 0 size
fault caa-large-lost 1 'size!'
fault type-drop 0 type
fault type-notimp 0 type
fault no-soa 1 'nodata!'
fault no-aa 1 'authority!'
fault refused 1 'authority!'
fault refer 1 'authority!'
fault other-id 1 'udp!'
fault other-question 1 'udp!'

# --- good servers, and what aliases, wildcards and other zones' nameservers are ------------------------------------------------

probe_good shop.lab 'caa.shop.lab. 3600 CAA 0 issue "ca.lab"
below.caa.shop.lab. 3600 A 192.0.2.1
ns.out.shop.lab. 3600 A 127.0.53.11
www.shop.lab. 3600 CNAME caa.shop.lab.
far.shop.lab. 3600 CNAME h1.none.lab.
bad.shop.lab. 3600 CNAME h1.caa-refused.lab.
over.bad.shop.lab. 3600 A 192.0.2.1
*.wild.shop.lab. 3600 A 192.0.2.1
nobody.shop.lab. 3600 CNAME www.not-there.lab.
elsewhere.shop.lab. 3600 CNAME caa.signed-edns-none.lab.
circle.shop.lab. 3600 CNAME circle2.shop.lab.
circle2.shop.lab. 3600 CNAME circle.shop.lab.
chain.shop.lab. 3600 CNAME next.chain1.lab.
loop.shop.lab. 3600 CNAME loop.chain9.lab.
twice.shop.lab. 3600 CNAME h1.caa-drop.lab.
x.twice.shop.lab. 3600 CNAME x.caa-drop.lab.
' $BACKEND $GOOD
probe shop.lab 0
probe h1.shop.lab 0
probe a.b.d1.shop.lab 0
probe not.there.shop.lab 0
probe '*.shop.lab' 0
probe x.wild.shop.lab 0
probe nobody.shop.lab 0 address
probe elsewhere.shop.lab 1 'edns!'
probe below.caa.shop.lab 0
probe www.shop.lab 0
probe far.shop.lab 0
probe bad.shop.lab 1 'caa!'
probe x.twice.shop.lab 1 'caa!'
for n in 1 2 3 4 5 6 7 8; do probe_good chain$n.lab "next.chain$n.lab. 3600 CNAME next.chain$((n + 1)).lab.
" $GOOD; done
probe_good chain9.lab 'next.chain9.lab. 3600 CAA 0 issue "ca.lab"
loop.chain9.lab. 3600 CNAME loop.shop.lab.
' $GOOD
probe next.chain4.lab 0
probe chain.shop.lab 0 address
probe loop.shop.lab 1 'caa!'
probe circle.shop.lab 1 'caa!'
probe over.bad.shop.lab 1 'caa!'

NSD=127.0.53.14
lab_address $NSD
probe_zone nsd.lab '' $NSD
probe h1.nsd.lab 0
# wants its cookie back from everybody who sends one
probe_zone cookie.lab '' 127.0.53.19 127.0.53.20
probe h1.cookie.lab 0
if command -v knotd >/dev/null; then
	lab_address 127.0.53.21
	probe_zone knot.lab '' 127.0.53.21
	probe h1.knot.lab 0
fi
if command -v pdns_server >/dev/null; then
	lab_address 127.0.53.22
	probe_zone pdns.lab '' 127.0.53.22
	probe h1.pdns.lab 0
fi

# the nameserver's name is in another zone, without glue
LAB_RECORDS='' LAB_NAMES=1 lab_zone_file out.lab
echo 'out.lab. 3600 NS ns.out.shop.lab.' >>"$LAB_WORK/out.lab.zone"
probe_bind out.lab
LAB_DELEGATION[out.lab]='out.lab. 3600 NS ns.out.shop.lab.'$'\n'
probe h1.out.lab 0
# ... and in zones that need each other
LAB_DELEGATION[ring1.lab]='ring1.lab. 3600 NS ns.ring2.lab.'$'\n'
LAB_DELEGATION[ring2.lab]='ring2.lab. 3600 NS ns.ring1.lab.'$'\n'
probe ring1.lab 1 'address!'
probe_good nowhere.lab '' $GOOD
LAB_DELEGATION[nowhere.lab]+='nowhere.lab. 3600 NS ns.nowhere.shop.lab.'$'\n'
echo 'nowhere.lab. 3600 NS ns.nowhere.shop.lab.' >>"$LAB_WORK/nowhere.lab.zone"
probe h1.nowhere.lab 0 address
probe www.not-there.lab 1 'address!'
probe www.not-there 1 'address!'

# --- delegations that are not what the zone says, and servers that differ ------------------------------------------------------

probe_good lame.lab '' $GOOD $NSD
probe h1.lame.lab 0 'authority!'
probe_good dead.lab '' $GOOD $DEAD
probe h1.dead.lab 0 'udp!'
probe_zone all-dead.lab '' $DEAD
probe h1.all-dead.lab 1 'udp!'
probe_good less.lab '' $GOOD
LAB_DELEGATION[less.lab]+="less.lab. 3600 NS ns2.less.lab."$'\n'"ns2.less.lab. 3600 A $BACKEND"$'\n'
echo "ns2.less.lab. 3600 A $BACKEND" >>"$LAB_WORK/less.lab.zone"
probe h1.less.lab 0 delegation
probe_good more.lab '' $GOOD
printf 'more.lab. 3600 NS ns9.more.lab.\nns9.more.lab. 3600 A 127.0.61.252\n' >>"$LAB_WORK/more.lab.zone"
probe h1.more.lab 0 delegation
probe_good glue.lab '' $GOOD
sed -i "s/^ns1.*/ns1.glue.lab. 3600 A $BACKEND/" "$LAB_WORK/glue.lab.zone"
probe h1.glue.lab 0 glue
other=$LAB_WORK/other
mkdir "$other"
OTHER=127.0.53.15
lab_address $OTHER
for name in caa serial; do
	probe_good other-$name.lab '' $GOOD $OTHER
	cp "$LAB_WORK/other-$name.lab.zone" "$other"
	probe h1.other-$name.lab 0 equal
done
echo 'h1.other-caa.lab. 3600 CAA 0 issue "ca.lab"' >>"$other/other-caa.lab.zone"
sed -i 's/ 1 3600 600 / 2 3600 600 /' "$other/other-serial.lab.zone"

# the zone above is another's, and refuses CAA; only that above decides where there is no CAA
# below ZONE FAULT: sub.ZONE, on NSD, below ZONE
below() {
	probe_faulty "$1" "$2" "sub.$1. 3600 NS ns1.sub.$1.
ns1.sub.$1. 3600 A $NSD
"
	probe_zone "sub.$1" "caa.sub.$1. 3600 CAA 0 issue \"ca.lab\"
" $NSD
	unset "LAB_DELEGATION[sub.$1]"
}
below up.lab caa-refused
probe h1.sub.up.lab 1 'parent!'
probe caa.sub.up.lab 0
# ... or gives no answer for DS, so that nobody knows whether the zone is signed
below ds.lab ds-servfail
probe h1.sub.ds.lab 1 'parent!'

# --- signed zones ---------------------------------------------------------------------------------------------------------------

PROVEN='caa.ZONE. 3600 CAA 0 issue "ca.lab"
*.wild.ZONE. 3600 A 192.0.2.1
*.wildcaa.ZONE. 3600 CAA 0 issue "ca.lab"
alias.ZONE. 3600 CNAME h1.ZONE.
away.ZONE. 3600 CNAME h1.none.lab.
'
EXPIRED='-s 20200101000000 -e 20200201000000'
# signed ZONE OPTION...: the zone's file is signed, and delegated with a DS
signed() {
	probe_sign "$@"
	LAB_DELEGATION[$1]+=$(probe_ds "$1")$'\n'
}
for name in nsec nsec3; do
	probe_good $name.lab "${PROVEN//ZONE/$name.lab}" $GOOD $NSD
	for label in '' h1. caa. not.there. d1. x.wild. x.y.wild. x.wildcaa. alias. away.; do probe $label$name.lab 0; done
done
signed nsec.lab
signed nsec3.lab -3 -
for name in expired future other-ds no-keys; do
	probe_good $name.lab '' $GOOD
	probe h1.$name.lab 1 'dnssec!'
done
# shellcheck disable=SC2086
signed expired.lab $EXPIRED
signed future.lab -s 20800101000000 -e 20900101000000
probe_sign other-ds.lab
LAB_DELEGATION[other-ds.lab]+=$(probe_ds other-ds.lab | sed 's/ DS \([0-9]* [0-9]* [0-9]*\) ../ DS \1 00/')$'\n'
LAB_DELEGATION[no-keys.lab]+="no-keys.lab. 3600 DS 1 13 2 $(printf '00%.0s' {1..32})"$'\n'
probe_good half-expired.lab '' $GOOD $OTHER
cp "$LAB_WORK/half-expired.lab.zone" "$LAB_WORK/keep"
# shellcheck disable=SC2086
signed half-expired.lab $EXPIRED
mv "$LAB_WORK/half-expired.lab.zone" "$other"
mv "$LAB_WORK/keep" "$LAB_WORK/half-expired.lab.zone"
probe_sign half-expired.lab
probe h1.half-expired.lab 0 'dnssec!'
for name in edns-drop edns-none dnskey-drop unsigned denial-none; do
	probe_faulty signed-$name.lab $name "${PROVEN//ZONE/signed-$name.lab}"
	signed signed-$name.lab
done
probe h1.signed-edns-drop.lab 1 'edns!'
probe h1.signed-edns-none.lab 1 'edns!'
probe h1.signed-dnskey-drop.lab 1 'dnssec!'
probe h1.signed-unsigned.lab 1 'dnssec!'
for label in '' h1. not.there. d1. x.wildcaa.; do probe ${label}signed-denial-none.lab 1 'dnssec!'; done
probe caa.signed-denial-none.lab 0

# --- a filter on types, and IPv6 --------------------------------------------------------------------------------------------------

FILTER=127.0.53.18
probe_good filter.lab '' $FILTER
probe h1.filter.lab 1 'caa!'
# an address that there is no way to from here
probe_good far.lab '' $GOOD
LAB_DELEGATION[far.lab]+=$'ns1.far.lab. 3600 AAAA 2001:db8::53\n'
echo 'ns1.far.lab. 3600 AAAA 2001:db8::53' >>"$LAB_WORK/far.lab.zone"
probe h1.far.lab 0
if ip -6 address add fd00:53::1/128 dev lo nodad 2>/dev/null; then
	LAB_NAMES=1 LAB_RECORDS='' lab_zone_file v6.lab
	printf 'v6.lab. 3600 NS ns1.v6.lab.\nns1.v6.lab. 3600 AAAA fd00:53::1\n' | tee -a "$LAB_WORK/v6.lab.zone" >"$LAB_WORK/v6"
	LAB_DELEGATION[v6.lab]=$(cat "$LAB_WORK/v6")$'\n'
	probe_bind v6.lab
	FILTER6=fd00:53::1
	probe h1.v6.lab 1 'caa!'
fi

# --- start all of it --------------------------------------------------------------------------------------------------------------

probe_start
lab_nsd nsd $NSD ' rrl-ratelimit: 0' nsd.lab sub.up.lab sub.ds.lab nsec.lab nsec3.lab
LAB_WORK=$other lab_nsd other $OTHER ' rrl-ratelimit: 0' other-caa.lab other-serial.lab half-expired.lab

LAB_MORE_ZONES='' lab_start_bind cookie.lab 127.0.53.19 127.0.53.20 'require-server-cookie yes;'
if command -v knotd >/dev/null; then
	printf 'server:\n rundir: "%s"\n listen: 127.0.53.21@53\nlog:\n - target: stderr\n   any: error\ndatabase:\n storage: "%s"\nzone:\n - domain: knot.lab\n   file: "%s"\n' \
		"$LAB_WORK" "$LAB_WORK" "$LAB_WORK/knot.lab.zone" >"$LAB_WORK/knot.conf"
	lab_spawn knot knotd -c "$LAB_WORK/knot.conf"
	lab_wait_answers 127.0.53.21 knot.lab
fi
if command -v pdns_server >/dev/null; then
	printf 'zone "pdns.lab" { type master; file "%s"; };\n' "$LAB_WORK/pdns.lab.zone" >"$LAB_WORK/pdns.zones"
	lab_spawn pdns pdns_server --config-dir="$LAB_WORK" --launch=bind --bind-config="$LAB_WORK/pdns.zones" --local-address=127.0.53.22 \
		--socket-dir="$LAB_WORK" --daemon=no --guardian=no --disable-syslog
	lab_wait_answers 127.0.53.22 pdns.lab
fi
lab_dnsdist filter $FILTER ${FILTER6:+"$FILTER6"} -- "newServer({address='$BACKEND:53'}):setUp()
addAction(QTypeRule(257), DropAction())"

probe_run

# --- what passes --------------------------------------------------------------------------------------------------------------------

PASSES='.zones[0].servers[0].passes | join(" ")'
check "a good address passes every check but that of signatures" probe_is h1.none.lab "$PASSES" \
	'udp tcp authority edns option version cookie case caa type nodata size'
check "  a signed zone's that, too" probe_is h1.nsec.lab "$PASSES" \
	'udp tcp authority edns option version cookie case caa type nodata size dnssec'
check "one that drops CAA passes all but that" probe_is h1.caa-drop.lab "$PASSES" \
	'udp tcp authority edns option version cookie case type nodata size'
check "the records at the end of a chain of aliases decide" probe_is next.chain4.lab '"\(.owner) \(.caa)"' 'next.chain9.lab 0 issue "ca.lab"'
check "an address without a way to it is not judged" probe_is h1.far.lab \
	'.zones[0].servers[] | select(.address == "2001:db8::53").verdict' 'not judged'
