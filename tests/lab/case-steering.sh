# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Load goes to the address that is free, over IPv4 and IPv6: with one address of a zone limited, or dead, and its sibling of the
# other family healthy, a certificate passes as fast as the healthy one alone lets it.

LAB_NAMES=400
lab_root_and_tld
SIX=fd53::10
ip address replace "$SIX/128" dev lo nodad
LAB_DELEGATION[shop.lab]="shop.lab. 3600 NS ns1.shop.lab."$'\n'"shop.lab. 3600 NS ns2.shop.lab."$'\n'"ns1.shop.lab. 3600 A 127.0.53.12
ns2.shop.lab. 3600 AAAA $SIX"$'\n'
lab_zone_file shop.lab 127.0.53.12
printf 'shop.lab. 3600 NS ns2.shop.lab.\nns2.shop.lab. 3600 AAAA %s\n' "$SIX" >>"$LAB_WORK/shop.lab.zone"
lab_start_parents
lab_start_bind shop.lab 127.0.53.10 127.0.53.11
outgoing="server:
 do-ip6: yes
 outgoing-interface: ::1"

# measure TEXT LISTEN4 LISTEN6 RULES: dnsdist in front of the BIND; a certificate of 100 deep names.
measure() {
	lab_stop caa
	lab_stop dnsdist
	lab_dnsdist dnsdist 127.0.53.14 $2 "$SIX" -- "
		newServer({address='127.0.53.10:53', sockets=4}):setUp()
		$3"
	lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .; printf ' caa-cookie: no\n caa-tcp: no\n')
$outgoing"
	lab_climb 127.0.53.30 "$(lab_names deep)" --timeout 30
	echo "# $1: $failed failed in $seconds s; $(lab_control caa caa_upstreams |
		awk '$1 ~ /^127\.0\.53\.12$|^fd53/ { printf "%s %s sent, limited %s times  ", $1, $7, $NF }')"
}

# 301 queries past a limit of 20/s take 13 s.
both() {
	measure 'both healthy' 127.0.53.12 ''
	check 'both healthy: no name fails' [ "$failed" -eq 0 ]
	check 'both healthy: both are asked' [ "$(lab_control caa caa_upstreams | awk '($1 == "127.0.53.12" || /^fd53/) && $7 > 30' | wc -l)" -eq 2 ]
}
limited() {
	measure 'IPv4 limited' 127.0.53.12 "
		four = newNMG()
		four:addMask('127.0.0.0/8')
		addAction(AndRule({NetmaskGroupRule(four), makeRule('shop.lab.'), MaxQPSIPRule(20, 32, 128, 20)}), DropAction())"
	check 'IPv4 limited: no name fails' [ "$failed" -eq 0 ]
	check "IPv4 limited: IPv6 takes the load ($seconds s)" at_most "$seconds" 2
}
dead() {
	measure 'IPv4 dead' '' ''
	check 'IPv4 dead: no name fails' [ "$failed" -eq 0 ]
	check "IPv4 dead: IPv6 takes the load ($seconds s)" at_most "$seconds" 1.5
}
lab_measured both
lab_measured limited
lab_measured dead
