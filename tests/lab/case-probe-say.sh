# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# caa-probe says what it found, what limit a certificate would meet and what a resolver says, and sends nothing elsewhere.

# shellcheck source=tests/lab/probe.sh
. "$LAB_DIR/probe.sh"
PATH=$UNBOUND_CAA:$PATH

# --- limits, each at a server of its own -----------------------------------------------------------------------------------------

LIMIT_NSD=127.0.53.16 LIMIT_DNSDIST=127.0.53.17
lab_address $LIMIT_NSD
probe_zone limit-nsd.lab '' $LIMIT_NSD
probe_zone limit-bind.lab '' 127.0.53.12 127.0.53.13
probe_good limit-dnsdist.lab '' $LIMIT_DNSDIST
PROBE_OPTIONS='--burst 100'
probe h1.limit-nsd.lab 0 rate
probe h1.limit-bind.lab 0 rate
probe h1.limit-dnsdist.lab 0 rate
PROBE_OPTIONS='--burst 200 --verbose'
probe none.lab 0
PROBE_OPTIONS=

# --- zones to speak of -----------------------------------------------------------------------------------------------------------------

probe_faulty none.lab none ''
probe_faulty refused.lab caa-refused ''
probe_good shop.lab 'caa.shop.lab. 3600 CAA 0 issue "ca.lab"
' $BACKEND $GOOD
probe_good dead.lab '' $GOOD $DEAD
probe_good expired.lab '' $GOOD
probe_sign expired.lab -s 20200101000000 -e 20200201000000
probe_good other-ds.lab '' $GOOD
probe_sign other-ds.lab
for name in expired other-ds; do LAB_DELEGATION[$name.lab]+=$(probe_ds $name.lab | sed 's/\(other-ds.* DS [0-9]* [0-9]* [0-9]*\) ../\1 00/')$'\n'; done
probe_good more.lab '' $GOOD
printf 'more.lab. 3600 NS ns9.more.lab.\nns9.more.lab. 3600 A 127.0.61.252\n' >>"$LAB_WORK/more.lab.zone"
# stands in the way to the root's server
lab_address 127.0.61.250
faulty+=("127.0.61.250=no-aa:127.0.53.1")

probe_start
lab_nsd limit-nsd $LIMIT_NSD ' rrl-ratelimit: 20' limit-nsd.lab
LAB_MORE_ZONES='' lab_start_bind limit-bind.lab 127.0.53.12 127.0.53.13 "$LAB_BIND_LIMIT"
lab_dnsdist limit-dnsdist $LIMIT_DNSDIST -- "newServer({address='$BACKEND:53'}):setUp()
addAction(MaxQPSIPRule(1, 32, 128, 40), DropAction())"
tables=(caa.shop.lab h1.dead.lab h1.expired.lab h1.other-ds.lab)
for name in "${tables[@]}"; do caa_probe "$name" >"$LAB_WORK/$name.table" 2>&1 & done
probe_run
wait

# --- limits, and what they exempt ---------------------------------------------------------------------------------------------------

EXEMPT='[.zones[0].servers[].burst | "\(.cookies) \(.tcp)"] | unique | join(", ")'
check "a burst of 100 is 100 queries, over all addresses" probe_is h1.limit-bind.lab \
	'[.zones[0].servers[].burst.sent] | "\(length) \(add)"' '2 100'
check "BIND's limit exempts cookies and TCP" probe_is h1.limit-bind.lab "$EXEMPT" 'yes yes'
check "NSD's exempts TCP, and it gives no cookies" probe_is h1.limit-nsd.lab "$EXEMPT" 'null yes'
check "dnsdist's exempts nothing" probe_is h1.limit-dnsdist.lab "$EXEMPT" 'no no'
check "where there is no limit, it is answered" probe_is none.lab '.zones[0].servers[0].burst | "\(.sent) \(.answered > 176)"' '185 true'
err=$LAB_WORK/none.lab.err
sent=$(grep -c '^sends.*caa-probe-' "$err")
check "a burst of 200 sends no more in all ($sent)" [ "$sent" -eq 200 ]
# line TEXT: the number of the first that has it
line() { grep -n -- "$1" "$err" | head -n 1 | cut -d: -f1; }
check "  and says so before" [ "$(line 'sends 185 queries')" -lt "$(line '^sends.*caa-probe-')" ]

# --- what it prints --------------------------------------------------------------------------------------------------------------------

# says NAME LINE: a line of its table is that expression
says() { grep -qx -- "$2" "$LAB_WORK/$1.table"; }
check "of a good zone it says ok, and nothing more" [ "$(cat "$LAB_WORK/caa.shop.lab.table")" = \
	'ok: caa.shop.lab: 2 of 2 addresses of shop.lab answer; CAA at caa.shop.lab: 0 issue "ca.lab"' ]
check "the table has a line for the address in order" says h1.dead.lab 'ns1.dead.lab 127.0.53.11   ok'
check "  one for the fault" says h1.dead.lab \
	'ns2.dead.lab 127.0.61.251  FAIL  udp  *asked for SOA over UDP, it gives no answer, nobody listens; over TCP, .*'
check "  the verdict" says h1.dead.lab \
	'verdict: a CA gets its answer for h1.dead.lab: 1 of 2 addresses of dead.lab answer; no CAA'
check "  and what to change" says h1.dead.lab 'change: udp: let UDP port 53 reach the server .*'
check "it says when a signature expired" says h1.expired.lab \
	'.* FAIL  dnssec  *the signature of DNSKEY at expired.lab by key [0-9]* expired at 20200201000000'
check "  and what passes besides" says h1.expired.lab '  *pass  udp tcp authority edns .*'
check "it says what to do about a DS" says h1.other-ds.lab 'change: dnssec: give the parent (by the registrar) a DS .*'
caa_probe --server $DEAD --timeout 50 h1.shop.lab >"$LAB_WORK/root.table"
check "where the root does not answer, exit status 1" [ $? -eq 1 ]
check "  and it says that" says root '.* the servers of \. give no answer'
caa_probe --server 127.0.61.250 h1.not-there >"$LAB_WORK/root.table"
check "so does one that has no authority to say that there is no such name" says root '.* the servers of \. give no answer'

# --- what a resolver says ----------------------------------------------------------------------------------------------------------------

lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .)"
# resolver NAME json|table [OPTION]: ask it, too
resolver() { caa_probe --from 127.0.53.30 --control "$LAB_WORK/caa.conf" "${@:3}" "$1" >"$LAB_WORK/$1.$2" 2>&1; }
resolver h1.shop.lab json --json
check "--from: what the resolver says of a good name" probe_is h1.shop.lab '.resolver | "\(.answer) \(.good)"' 'NOERROR true'
resolver h1.refused.lab json --json
check "--from: of a bad one, with the reason for its client" probe_is h1.refused.lab \
	'.resolver | "\(.answer) \(.good) \(.ede | any(.text | test("refused.lab")))"' 'SERVFAIL false true'
check "  and what caa_explain knows" probe_is h1.refused.lab '.resolver.explain | test("why: .*refused")' true
check "  which fails a CA" probe_is h1.refused.lab '[.findings[].check] | join(" ")' 'caa resolver'
resolver h1.refused.lab table
check "  in the table, too" says h1.refused.lab 'resolver 127.0.53.30: SERVFAIL, after .*'
check "  with what to do" says h1.refused.lab '    *do:  *[a-z].*'
lab_stop caa

# --- where it sends -----------------------------------------------------------------------------------------------------------------------

# sent_to NAME: addresses that packets went to while it was probed; those of dig, to the dead one, come after all others
sent_to() {
	lab_spawn sniff "$LAB_BUILD/sniff"
	lab_until 20 grep -qE '^(ready|sniff: )' "$LAB_WORK/sniff.out" || lab_die "sniff does not listen"
	grep -q '^ready' "$LAB_WORK/sniff.out" || return
	caa_probe --burst 10 "$1" >/dev/null 2>&1
	dig +tries=1 +time=1 mark.test @$DEAD >/dev/null 2>&1
	lab_until 20 grep -q "$DEAD" "$LAB_WORK/sniff.out" || lab_die "sniff does not see"
	lab_stop sniff
	sed -n 's/^udp //p; s/^tcp //p' "$LAB_WORK/sniff.out" | grep -v "$DEAD" | sort -u | tr '\n' ' '
}
ip route add default dev lo	# what is sent anywhere is to be seen
to=$(sent_to h1.more.lab)
if grep -q '^ready' "$LAB_WORK/sniff.out"; then
	check "it sends to root, TLD and the one address of the delegation, not to what the zone adds ($to)" \
		[ "$to" = "127.0.53.1 127.0.53.11 127.0.53.2 " ]
	to=$(sent_to h1.shop.lab)
	check "  and to each of two ($to)" [ "$to" = "127.0.53.1 127.0.53.10 127.0.53.11 127.0.53.2 " ]
else
	echo "# no right to listen on loopback: it is not checked where packets go"
fi

# --- arguments ------------------------------------------------------------------------------------------------------------------------------

# refused TEXT ARGUMENT...: exit status 2, a message with TEXT
refused() {
	local text=$1
	shift
	caa_probe "$@" >"$LAB_WORK/out" 2>&1
	check "refused: $*" [ $? -eq 2 ]
	check "  with: $text" grep -qF -- "$text" "$LAB_WORK/out"
}
refused 'is not a domain name' ''
refused 'is not a domain name' .
refused 'is not a domain name' a..b
refused 'one name is wanted, here are 2' a.lab b.lab
refused 'one name is wanted, here are 0'
refused '--burst 201: allowed is a number in 1..200' --burst 201 h1.shop.lab
refused '--server nowhere: allowed is an IPv4 or IPv6 address' --server nowhere h1.shop.lab
refused '--control goes with --from' --control x h1.shop.lab
