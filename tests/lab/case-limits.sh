# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Limits of real servers, and of what stands before them, that no other case has: a certificate, and then another, half of its names two
# labels down, for plain Unbound and with the module.  No more names fail with the module, whatever the limit, and none where it says so.
#
#   ROWS='NAME...': these (all)

lab_need_plain
for program in knotd pdns_server dnsdist nft; do
	command -v $program >/dev/null || lab_skip "no $program here; ./bootstrap installs what the lab needs"
done
ONE=127.0.53.12 TWO=127.0.53.13 BACK=127.0.53.10
lab_root_and_tld
lab_delegate shop.lab $ONE $TWO
LAB_NAMES=150 lab_zone_file shop.lab $ONE $TWO
lab_start_parents
lab_address $ONE
lab_address $TWO
{ seq -f 'h%.0f.shop.lab' 50; seq -f 'a.b.d%.0f.shop.lab' 50; } >"$LAB_WORK/first"
{ seq -f 'h%.0f.shop.lab' 101 150; seq -f 'a.b.d%.0f.shop.lab' 101 150; } >"$LAB_WORK/second"

# --- the servers: each is started afresh for every run, with its own words for the limit --------------------------------------

bind() { LAB_QUERYLOG=no lab_start_bind shop.lab $ONE $TWO "$1"; }
nsd() { lab_nsd nsd $ONE " ip-address: $TWO"$'\n'"$1" shop.lab; }
knot() { # MODULES-CONFIGURED MODULES
	mkdir -p "$LAB_WORK/knot"
	cat >"$LAB_WORK/knot.conf" <<-END
		server:
		    rundir: "$LAB_WORK/knot"
		    listen: [$ONE@53, $TWO@53]
		    udp-workers: 1
		    tcp-workers: 1
		    background-workers: 1
		database:
		    storage: "$LAB_WORK/knot"
		log:
		  - target: stderr
		    any: warning
		$1
		template:
		  - id: default
		    global-module: [ $2 ]
		    storage: "$LAB_WORK"
		    zonefile-sync: -1
		    journal-content: none
		zone:
		  - domain: shop.lab
		    file: shop.lab.zone
	END
	lab_spawn knot knotd -c "$LAB_WORK/knot.conf"
	lab_wait_answers $ONE shop.lab
}
pdns() {
	mkdir -p "$LAB_WORK/pdns"
	printf 'zone "shop.lab" { type master; file "%s/shop.lab.zone"; };\n' "$LAB_WORK" >"$LAB_WORK/pdns/zones"
	# shellcheck disable=SC2086
	lab_spawn pdns pdns_server --config-dir="$LAB_WORK/pdns" --socket-dir="$LAB_WORK/pdns" --daemon=no --guardian=no --launch=bind \
		--bind-config="$LAB_WORK/pdns/zones" --local-address=$ONE,$TWO $1
	lab_wait_answers $ONE shop.lab
}
unbound() {
	cat >"$LAB_WORK/server.conf" <<-END
		server:
		 directory: "$LAB_WORK"
		 chroot: ""
		 username: ""
		 pidfile: ""
		 interface: $ONE
		 interface: $TWO
		 access-control: 127.0.0.0/8 allow
		 do-ip6: no
		 use-syslog: no
		$1
		auth-zone:
		 name: shop.lab
		 zonefile: "$LAB_WORK/shop.lab.zone"
		 for-upstream: no
		 for-downstream: yes
	END
	lab_spawn server "$UNBOUND_PLAIN/unbound" -d -c "$LAB_WORK/server.conf"
	lab_wait_answers $ONE shop.lab
}
before_bind() {
	LAB_QUERYLOG=no lab_start_bind shop.lab $BACK 127.0.53.11
	LAB_READY=shop.lab lab_dnsdist dnsdist $ONE $TWO -- "newServer({address='$BACK:53', sockets=4}):setUp()
$1"
}
# a firewall before BIND: each line is a rule for packets of the resolver
firewall() {
	local rule
	bind ''
	{
		printf 'table ip lab {\n set who { type ipv4_addr; flags dynamic; timeout 1m; }\n chain limits {\n type filter hook input priority 0;\n'
		while IFS= read -r rule; do echo "ip daddr { $ONE, $TWO } ip saddr 127.0.54.0/24 $rule"; done <<<"$1"
		printf ' }\n}\n'
	} >"$LAB_WORK/rules"
	nft -f "$LAB_WORK/rules" || lab_die "nft takes no rules"
}

# --- the limits: NAME, what is expected, SERVER and its words -----------------------------------------------------------------
# passes: no name fails with the module; bounded: no more than with plain Unbound

names=()
declare -A expected words
limit() {
	names+=("$1")
	expected[$1]=$2
	words[$1]=$(printf '%q ' "${@:3}")
}
limit bind-responses passes bind 'rate-limit { responses-per-second 10; };'
limit bind-responses-tc passes bind 'rate-limit { responses-per-second 5; slip 1; };'
limit bind-responses-drop passes bind 'rate-limit { responses-per-second 10; slip 0; };'
limit bind-negative passes bind 'rate-limit { nodata-per-second 3; nxdomains-per-second 3; slip 0; };'
limit bind-negative-no-cookies passes bind 'answer-cookie no; rate-limit { nodata-per-second 3; slip 2; };'
limit bind-negative-window passes bind 'answer-cookie no; rate-limit { nodata-per-second 10; slip 0; window 15; };'
limit bind-all passes bind 'answer-cookie no; rate-limit { all-per-second 50; responses-per-second 10; slip 10; };'
limit bind-cookies-required passes bind 'require-server-cookie yes;'
limit bind-one-tcp-client passes bind 'answer-cookie no; tcp-clients 1; rate-limit { all-per-second 20; slip 1; };'
limit bind-few-tcp-clients passes bind 'tcp-clients 3; max-udp-size 512; rate-limit { responses-per-second 5; slip 1; };'
limit nsd-as-it-comes passes nsd ''
limit nsd-drop passes nsd $' rrl-ratelimit: 20\n rrl-slip: 0'
limit nsd-tc-cookies passes nsd $' answer-cookie: yes\n rrl-ratelimit: 20\n rrl-slip: 1'
limit nsd-one-tcp-query passes nsd $' tcp-count: 1\n tcp-query-count: 1\n rrl-ratelimit: 20\n rrl-slip: 2'
for slip in 0 1 2; do limit knot-rrl-slip$slip passes knot $'mod-rrl:\n  - id: a\n    rate-limit: 20\n    slip: '$slip mod-rrl/a; done
for slip in 1 3; do limit knot-cookies-slip$slip passes knot $'mod-cookies:\n  - id: a\n    badcookie-slip: '$slip mod-cookies/a; done
limit knot-cookies-then-rrl passes knot $'mod-rrl:\n  - id: a\n    rate-limit: 20\n    slip: 0\nmod-cookies:\n  - id: a\n    badcookie-slip: 1' \
	'mod-cookies/a, mod-rrl/a'
limit knot-rrl-then-cookies passes knot $'mod-rrl:\n  - id: a\n    rate-limit: 20\n    slip: 0\nmod-cookies:\n  - id: a\n    badcookie-slip: 3' \
	'mod-rrl/a, mod-cookies/a'
limit pdns-as-it-comes passes pdns ''
limit pdns-short-queue passes pdns '--distributor-threads=1 --receiver-threads=1 --max-tcp-connections=1 --overload-queue-length=5 --cache-ttl=0'
limit unbound-drop passes unbound $' ip-ratelimit: 20\n ip-ratelimit-factor: 0'
limit unbound-one-in-ten passes unbound ' ip-ratelimit: 20'
limit unbound-cookies-free passes unbound $' ip-ratelimit: 20\n ip-ratelimit-factor: 0\n answer-cookie: yes\n ip-ratelimit-cookie: 0'
limit unbound-cookies-required passes unbound $' answer-cookie: yes\n access-control: 127.0.54.0/24 allow_cookie'
# block SECONDS FOR [ACTION]: for so long who has sent more than 20 a second for SECONDS
block() {
	printf 'local blocks = dynBlockRulesGroup()\nblocks:setQueryRate(20, %s, "rate", %s%s)\n' "$1" "$2" "${3:+, DNSAction.$3}"
	echo 'function maintenance() blocks:apply() end'
}
limit dnsdist-block bounded before_bind "$(block 5 10)"
limit dnsdist-block-refused bounded before_bind "$(block 5 10 Refused)"
limit dnsdist-block-tc passes before_bind "$(block 5 10 Truncate)"
limit dnsdist-block-long bounded before_bind "$(block 10 60)"
limit dnsdist-block-long-refused bounded before_bind "$(block 10 60 Refused)"
limit dnsdist-delay passes before_bind 'addAction(MaxQPSIPRule(20), DelayAction(1500))'
limit dnsdist-all-clients passes before_bind 'addAction(NotRule(MaxQPSRule(30, 10)), DropAction())'
limit dnsdist-at-random passes before_bind 'addAction(ProbaRule(0.3), DropAction())'
limit dnsdist-notimp bounded before_bind 'addAction(MaxQPSIPRule(20), RCodeAction(DNSRCode.NOTIMP))'
limit dnsdist-formerr bounded before_bind 'addAction(MaxQPSIPRule(20), RCodeAction(DNSRCode.FORMERR))'
limit dnsdist-type-caa passes before_bind 'addAction(AndRule({QTypeRule(257), MaxQPSIPRule(15)}), DropAction())'
limit dnsdist-short-names bounded before_bind 'addAction(AndRule({QNameLabelsCountRule(0,3), MaxQPSIPRule(10)}), RCodeAction(DNSRCode.REFUSED))'
limit firewall-drop passes firewall 'update @who { ip saddr limit rate over 20/second burst 20 packets } drop'
limit firewall-drop-udp passes firewall 'udp dport 53 update @who { ip saddr limit rate over 20/second burst 5 packets } drop'
limit firewall-prohibited passes firewall \
	'update @who { ip saddr limit rate over 20/second burst 20 packets } reject with icmp type admin-prohibited'
limit firewall-rejects passes firewall 'udp dport 53 limit rate over 20/second burst 20 packets reject'
limit firewall-no-tcp bounded firewall $'tcp dport 53 drop\nudp dport 53 limit rate over 10/second burst 10 packets drop'

# --- the runs -----------------------------------------------------------------------------------------------------------------

servers_end() {
	local name
	for name in bind-shop.lab nsd knot pdns server dnsdist; do lab_stop $name; done
	nft flush ruleset
}
for name in ${ROWS:-"${names[@]}"}; do
	[ -n "${expected[$name]:-}" ] || lab_die "ROWS: '$name': allowed are ${names[*]}"
	declare -A fail
	for who in plain caa; do
		servers_end
		eval "${words[$name]}"
		lab_either $who
		lab_climb 127.0.53.30 "$LAB_WORK/first" --timeout 25
		fail[$who]=$failed line="$name, $who: cold $failed failed in $seconds s${reasons:+ ($reasons)}"
		sleep 2	# what counts by the second has done so, and blocks
		lab_climb 127.0.53.30 "$LAB_WORK/second" --timeout 25
		fail[$who]=$((fail[$who] + failed))
		echo "# $line, warm $failed in $seconds s${reasons:+ ($reasons)}"
	done
	check "$name: no more names fail than with plain Unbound (${fail[caa]}, plain ${fail[plain]})" [ "${fail[caa]}" -le "${fail[plain]}" ]
	[ "${expected[$name]}" != passes ] || check "$name: no name fails" [ "${fail[caa]}" -eq 0 ]
done
servers_end
