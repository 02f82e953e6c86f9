# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Clients that would leave before a lookup ends: with caa-patience they hear why it takes so long, at that age and not before, over
# each transport, while the lookup goes on, and find its answer when they ask again.

PATIENCE_MS=700 DELAY_MS=2000
command -v dnsdist >/dev/null || lab_skip "no dnsdist here; ./bootstrap installs what the lab needs"
lab_root_and_tld
for address in 127.0.53.10 127.0.53.11 127.0.53.99 127.0.55.10 127.0.55.11; do lab_address $address; done
lab_delegate shop.lab 127.0.53.10 127.0.53.11
lab_delegate dead.lab 127.0.53.99
lab_zone_file shop.lab 127.0.53.10 127.0.53.11
lab_start_bind shop.lab 127.0.55.10 127.0.55.11
lab_start_parents
# what the zone's server answers comes after DELAY_MS
lab_spawn slow dnsdist --supervised --disable-syslog -C <(printf "setSecurityPollSuffix('') setLocal('127.0.53.10:53') addLocal('127.0.53.11:53')
	newServer{address='127.0.55.10:53', checkInterval=60} addResponseAction(AllRule(), DelayResponseAction(%d)) addACL('127.0.0.0/8')\n" $DELAY_MS)
slow_listens() { ss -Hlun "src 127.0.53.10:53" | grep -q .; }
lab_until 20 slow_listens || lab_die "dnsdist does not listen"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$LAB_WORK/doh.key" -out "$LAB_WORK/doh.pem" -days 2 -subj /CN=lab \
	-addext 'subjectAltName=IP:127.0.53.30' 2>/dev/null
LAB_THREADS=2 lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .)
 caa-patience: $PATIENCE_MS
caa-zone:
 name: \"h9.shop.lab\"
 caa-patience: 0
caa-zone:
 name: \"dead.lab\"
 caa-budget: 6
server:
 interface: 127.0.53.30@443
 https-port: 443
 tls-service-key: \"$LAB_WORK/doh.key\"
 tls-service-pem: \"$LAB_WORK/doh.pem\""

# ask NAME [OPTION...]: sets rcode, ms, ede
ask() {
	dig +tries=1 +time=30 caa "$@" @127.0.53.30 >"$LAB_WORK/dig.$1" 2>&1
	read_answer "$1"
}
read_answer() {
	rcode=$(sed -n 's/.*status: \([A-Z]*\),.*/\1/p' "$LAB_WORK/dig.$1")
	ms=$(sed -n 's/^;; Query time: \([0-9]*\) msec/\1/p' "$LAB_WORK/dig.$1")
	ede=$(sed -n 's/^; EDE: //p' "$LAB_WORK/dig.$1")
}
said_in_manual() { lab_in_manual "$(sed 's/^\([0-9]*\)[^:]*: (\(.*\))$/\1 \2/' <<<"$ede" | lab_without_id)"; }
# A timer of the kernel's may run out a little early against the clock of an answer.
not_before() { [ "$ms" -ge $((PATIENCE_MS - 20)) ]; }
early() { lab_stat caa caa.early; }

# the first contact, after which Unbound knows how slow the server is
known() { ask h8.shop.lab; [ "$rcode" = NOERROR ]; }
lab_until 60 known || lab_die "no answer of the slow server"
for transport in udp tcp https; do
	case $transport in
	udp) name=h1.shop.lab option=+notcp ;;
	tcp) name=h2.shop.lab option=+tcp ;;
	https) name=h3.shop.lab option=+https ;;
	esac
	before=$(early)
	ask $name $option
	check "$transport: a client hears SERVFAIL ($rcode)" [ "$rcode" = SERVFAIL ]
	check "  at the age that is set, and not before ($ms ms)" not_before
	check "  and why, as far as it is known ($ede)" eval "grep -q 'still looked up after [0-9.]* s: ask again' <<<\"\$ede\""
	check "  as the manual has it" said_in_manual
	check "  counted" [ "$(early)" -eq $((before + 1)) ]
	rcode='' tries=0
	while [ "$rcode" != NOERROR ] && [ $tries -lt 10 ]; do
		tries=$((tries + 1))
		ask $name $option
	done
	check "  and finds the answer when it asks again ($tries times)" [ "$rcode" = NOERROR ]
	lab_settled bind-shop.lab
	check "  for which the server was asked by one lookup" [ "$(lab_queries bind-shop.lab | grep -c "^$name CAA")" -le 4 ]
done

# one that comes later is as patient
dig +tries=1 +time=30 caa h4.shop.lab @127.0.53.30 >"$LAB_WORK/dig.first" 2>&1 &
first=$!
waits() { [ "$(lab_stat caa total.requestlist.current.user)" -ge 1 ]; }
lab_until 5 waits
ask h4.shop.lab
wait $first
check "who joins a lookup is told no earlier than its own age ($ms ms)" eval '[ "$rcode" = NOERROR ] || not_before'
ask h9.shop.lab
check "where no patience is set the answer is waited for ($rcode, $ms ms)" [ "$rcode" = NOERROR ]

ask www.dead.lab
check "a dead server is named, though the budget is not over ($ede)" eval 'grep -q "127.0.53.99.* did not answer CAA .*; still looked up" <<<"$ede"'
check "  as the manual has it" said_in_manual
# Two clients ask again and again, half a patience apart: one of them is there when the lookup ends, whose id both have heard.
told=$LAB_WORK/told
echo "$ede" >"$told"
asks_on() { while :; do dig +tries=1 +time=30 caa www.dead.lab @127.0.53.30 | sed -n 's/^; EDE: //p' >>"$told"; done; }
{ sleep 0.35; asks_on; } &
other=$!
again() { ask www.dead.lab; echo "$ede" >>"$told"; ! grep -q 'still looked up' <<<"$ede"; }
check "  and in the end the failure is told as ever" lab_until 60 again
ids() { while read -r ede; do lab_id "${ede%)}"; done | sort -u; }
told_before() { [ -n "$(comm -12 <(grep 'still looked up' "$told" | ids) <(grep -v 'still looked up' "$told" | ids))" ]; }
check "  with the id that was told before" lab_until 5 told_before
kill $other
check "  with its class" [ "$(lab_control caa caa_explain www.dead.lab json | head -n 1 | jq -r .class)" = timeout ]

# clients that go away, and a stop, with lookups that go on
for n in 1 2 3 4 5; do timeout 1 dig +tries=1 caa "gone$n.shop.lab" +https @127.0.53.30 >/dev/null 2>&1 & done
timeout 3 dig +tries=1 caa "gone6.shop.lab" @127.0.53.30 >/dev/null 2>&1
lab_control caa reload >/dev/null
lab_until 20 lab_control_quiet caa status
dig +tries=1 +time=30 caa h5.shop.lab @127.0.53.30 >/dev/null 2>&1 &
lab_until 5 waits
lab_stop caa
check "a stop ends it all, and no report" [ "$(lab_reports)" -eq 0 ]
