# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Several outgoing addresses.  Limiters count by client, or by its network, and a server's cookie is for one client address: each
# address keeps its own cookies, a limit that counts by address lets three times as much through, and one that counts them
# together lets no more through than it lets one.

lab_need_plain
command -v dnsdist >/dev/null || lab_skip "no dnsdist here"
lab_root_and_tld
lab_delegate shop.lab 127.0.53.12 127.0.53.13
LAB_NAMES=200 lab_zone_file shop.lab 127.0.53.12 127.0.53.13
lab_start_parents

APART='127.1.1.1 127.2.2.2 127.3.3.3'		# no network of theirs is the same
TOGETHER='127.4.4.1 127.4.4.2 127.4.4.3'	# one network

# start plain|caa 'ADDRESS...' [OPTION...]: a fresh resolver whose queries leave from the addresses; the OPTIONs are its zone's.
start() {
	local tree=$1 addresses=$2
	shift 2
	lab_stop caa
	# shellcheck disable=SC2046
	LAB_OUTGOING=$addresses lab_resolver caa "$([ "$tree" = plain ] && echo "$UNBOUND_PLAIN" || echo "$UNBOUND_CAA")" 127.0.53.30 \
		"$([ "$tree" = plain ] || { lab_module_conf; lab_zone_conf .; [ $# -eq 0 ] || printf ' %s\n' "$@"; })"
}
# from ADDRESS...: how many queries the BIND saw from each.
from() {
	local address counts=''
	for address in "$@"; do counts+="+$(grep -v 'ready\.test' "$LAB_WORK/bind-shop.lab.queries" | grep -c "client @[^ ]* $address#")"; done
	echo "${counts#+}"
}
third() { awk -v s="$1" -v f="$2" -v r="$3" 'BEGIN { printf "%.2f", f * s / 3 + r }'; }

# --- cookies ---------------------------------------------------------------------------------------------------------------------

# 101 queries are needed, and the BIND allows 20/s without its cookie; all threads know the cookies.
cookies() {
	lab_start_bind shop.lab 127.0.53.12 127.0.53.13 "$LAB_BIND_LIMIT"
	LAB_THREADS=4 start caa "$APART"
	lab_climb 127.0.53.30 "$(lab_names flat)" --timeout 30
	# shellcheck disable=SC2086
	lab_seen bind-shop.lab "cookies, three addresses: $failed failed in $seconds s, $(from $APART)"
	check 'cookies: no name fails' [ "$failed" -eq 0 ]
	check "cookies: nothing is asked twice ($queries queries for $unique names)" [ "$queries" -le 110 ]
	returned=$(lab_stat caa caa.cookies)
	check "cookies: each address returns its own ($cookies of $returned are good)" \
		eval '[ "$cookies" -ge 40 ] && [ "$cookies" -eq "$returned" ]'
}
cookies

# The server does not know other addresses.
others() {
	local address
	for address in $TOGETHER; do lab_address "$address"; done
	sed -i '/^ outgoing-interface/d' "$LAB_WORK/caa.conf"
	# shellcheck disable=SC2086
	printf 'server:\n%s' "$(printf ' outgoing-interface: %s\n' $TOGETHER)" >>"$LAB_WORK/caa.conf"
	lab_control caa reload >/dev/null
	lab_climb 127.0.53.30 "$(lab_second_names flat)" --timeout 30
	# shellcheck disable=SC2086
	lab_seen bind-shop.lab "reload with other addresses: $failed failed in $seconds s, $(from $TOGETHER)"
	check 'reload with other addresses: no name fails' [ "$failed" -eq 0 ]
	returned=$((returned + $(lab_stat caa caa.cookies)))
	check "reload with other addresses: none returns another's ($cookies of $returned are good)" \
		eval '[ "$cookies" -ge 80 ] && [ "$cookies" -eq "$returned" ]'
	check "reload with other addresses: they begin anew ($queries queries for $unique names)" [ "$queries" -le 240 ]
	lab_stop caa
	check 'no report of a sanitizer' [ "$(lab_reports)" -eq 0 ]
}
others

# From a netblock each query has another address, whose cookie is not used again.
netblock() {
	local six=fd53::10
	ip address replace "$six/128" dev lo nodad
	ip -6 route replace local fd54::/64 dev lo
	lab_stop dnsdist
	lab_dnsdist dnsdist 127.0.53.14 $six -- "newServer({address='127.0.53.12:53', sockets=4}):setUp()"
	lab_stop caa
	lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .)
server:
 do-ip6: yes
 outgoing-interface: fd54::/64
stub-zone:
 name: shop.lab
 stub-addr: $six"
	lab_start_bind shop.lab 127.0.53.12 127.0.53.13
	lab_climb 127.0.53.30 "$(lab_names flat 30)" --timeout 30
	echo "# netblock: $failed failed in $seconds s, $(lab_stat caa caa.cookies) returned; $(lab_control caa caa_upstreams $six | tail -n 1)"
	check 'netblock: no name fails' [ "$failed" -eq 0 ]
	check 'netblock: no cookie is returned' [ "$(lab_stat caa caa.cookies)" -eq 0 ]
}
netblock

# --- limits ----------------------------------------------------------------------------------------------------------------------

# timed ADDRESSES flat|deep COUNT [OPTION...]: a fresh resolver checks a certificate.
timed() {
	local addresses=$1 kind=$2 count=$3
	shift 3
	start caa "$addresses" "$@"
	lab_climb 127.0.53.30 "$(lab_names "$kind" "$count")" --timeout 60
}

# front RULES: a dnsdist with them in front of a fresh BIND.
front() {
	lab_stop dnsdist
	lab_start_bind shop.lab 127.0.53.10 127.0.53.11
	lab_dnsdist dnsdist 127.0.53.12 127.0.53.13 -- "
		newServer({address='127.0.53.10:53', sockets=4}):setUp()
		$1"
}

# A bucket for each client address, whatever its cookie, filled at 20/s.
bucket() {
	local one addresses text='20/s for each address, 60 deep names'
	for addresses in "${APART%% *}" "$APART"; do
		front 'addAction(MaxQPSIPRule(20, 32), DropAction())'
		timed "$addresses" deep 60
		lab_seen bind-shop.lab "$text, from $addresses: $failed failed in $seconds s"
		check "$text, from $addresses: no name fails" [ "$failed" -eq 0 ]
		[ "$addresses" = "$APART" ] || one=$seconds
	done
	check "$text: three addresses take a third of one's time ($seconds s, $one s)" at_most "$seconds" "$(third "$one" 1.2 1)"
}
lab_measured bucket
lab_stop dnsdist

# The BIND's limit is for networks of 256 addresses; neither cookies nor TCP show a way around it.
network() {
	local one addresses text='20/s for a network, 60 names' one_queries
	for addresses in "${TOGETHER%% *}" "$TOGETHER"; do
		lab_stop bind-shop.lab
		lab_start_bind shop.lab 127.0.53.12 127.0.53.13 "$LAB_BIND_LIMIT"
		timed "$addresses" flat 60 'caa-cookie: no' 'caa-tcp: no'
		lab_seen bind-shop.lab "$text, from $addresses: $failed failed in $seconds s"
		check "$text, from $addresses: no name fails" [ "$failed" -eq 0 ]
		[ "$addresses" = "$TOGETHER" ] || one=$seconds one_queries=$queries
	done
	check "$text: three addresses in it do no worse than one ($seconds s, $one s)" at_most "$seconds" "$(third "$one" 3.75 1)"
	check "$text: nor do they send more ($queries queries, $one_queries)" at_most "$queries" "$one_queries" 1.6
}
lab_measured network

# --- one of them is blocked ----------------------------------------------------------------------------------------------------------

# The last of the three is never answered.
blocked() {
	local who plain
	for who in plain caa; do
		front "blocked = newNMG()
			blocked:addMask('${APART##* }/32')
			addAction(NetmaskGroupRule(blocked), DropAction())"
		start $who "$APART"
		lab_climb 127.0.53.30 "$(lab_names flat 100)" --timeout 60
		echo "# one address blocked, $who: $failed failed in $seconds s"
		[ $who = caa ] || plain=$seconds
	done
	check 'one address blocked: no name fails' [ "$failed" -eq 0 ]
	check "one address blocked: no slower than plain Unbound ($seconds s, $plain s)" at_most "$seconds" "$(third "$plain" 3 0.5)"
}
lab_measured blocked
