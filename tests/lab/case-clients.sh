# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# caa-climb as certificate authorities ask (--as): each property as a server saw it, or as it went with a server that has it.

LIAR=${LAB_LIAR:-$LAB_BUILD/liar}
[ -x "$LIAR" ] || lab_skip "no $LIAR; run make liar"
command -v dnsdist >/dev/null || lab_skip "no dnsdist here; ./bootstrap installs what the lab needs"
# Three that say in a CAA record how they were asked; one that is silent; one that truncates; one with two EDEs.
mirror1=127.0.53.31 mirror2=127.0.53.32 mirror3=127.0.53.33 silent=127.0.53.34 truncating=127.0.53.35 edes=127.0.53.36
for address in $mirror1 $mirror2 $mirror3 $silent $truncating $edes; do lab_address $address; done
lab_spawn liar "$LIAR" $mirror1=mirror:lab $mirror2=mirror:lab $mirror3=mirror:lab $silent=dead:lab $truncating=tc:lab $edes=edes:lab
for address in $mirror1 $mirror2 $mirror3 $truncating $edes; do lab_wait_answers $address lab; done
LAB_RECORDS='caa.shop.lab. 3600 CAA 0 issue "ca.lab"'$'\n'
lab_address 127.0.53.10
lab_zone_file shop.lab 127.0.53.10 127.0.53.11
lab_start_bind shop.lab 127.0.53.10 127.0.53.11

json() { jq -r "$1" "$LAB_WORK/climb.json"; }
run() { "$CAA_CLIMB" --json "$@" >"$LAB_WORK/climb.json" 2>"$LAB_WORK/climb.err"; }
is() { [ "$(json "$1")" = "$2" ] || { echo "# $1 is $(json "$1"), not $2"; return 1; }; }
reason='.names[0] | "\(.passed) \(.reason)"'

# What takes longest, meanwhile.
"$CAA_CLIMB" --json --as boulder --udp --tries 1 -s $silent x.lab >"$LAB_WORK/boulder.json" 2>&1 &
boulder=$!
"$CAA_CLIMB" --json --as open-mpic --total 0 --tries 3 --timeout 1.9 -s $silent x.lab >"$LAB_WORK/unlimited.json" 2>&1 &
unlimited=$!

# --- what a question has in it -------------------------------------------------------------------------------------------
# seen TEXT QUERY OPTION...: what the mirror saw of it.
seen() {
	local text=$1 query=$2
	shift 2
	run -s $mirror1 "$@" x.lab
	check "$text" is '.names[0].records[0]' "0 issue \"$mirror1 $query\""
}
seen "on its own: EDNS of the size that fits any path" 'udp edns 1232 rd'
seen "Boulder: EDNS 4096, AD, no DO" 'udp edns 4096 rd ad' --as boulder --udp
seen "Open MPIC: UDP, no EDNS" 'udp no edns rd' --as open-mpic
seen "an option overrides what --as sets" 'udp edns 1400 rd' --as open-mpic --edns-size 1400
seen "  wherever it stands" 'udp edns 1400 rd' --edns-size 1400 --as open-mpic
seen "--no-edns" 'udp no edns rd ad' --as boulder --udp --no-edns
seen "--no-ad" 'udp edns 4096 rd' --as boulder --udp --no-ad
seen "--ad" 'udp no edns rd ad' --as open-mpic --ad
seen "--tcp" 'tcp no edns rd' --as open-mpic --tcp
seen "--dnssec, where there is EDNS" 'udp edns 512 rd do' --as open-mpic --edns-size 512 --dnssec
# BIND's view: E(0) in its query log is EDNS.
asked() {
	: >"$LAB_WORK/bind-shop.lab.queries"
	run -s 127.0.53.10 "$@"
	lab_counts bind-shop.lab
}
asked --as open-mpic h1.shop.lab
check "Open MPIC, in BIND's log: no query has EDNS" [ "$caa $(lab_flagged bind-shop.lab 'E(0)')" = '3 0' ]
asked --as boulder --udp h1.shop.lab
check "Boulder, in BIND's log: each has" [ "$caa $(lab_flagged bind-shop.lab 'E(0)')" = '3 3' ]

# --- which labels ----------------------------------------------------------------------------------------------------------
asked --as open-mpic a.b.caa.shop.lab
check "Open MPIC asks up to the first RRset" [ "$(lab_queries bind-shop.lab CAA | paste -sd' ')" = \
	'a.b.caa.shop.lab CAA b.caa.shop.lab CAA caa.shop.lab CAA' ]
check "  and finds it" is '.names[0] | "\(.passed) \(.owner)"' 'true caa.shop.lab.'
asked --as boulder --udp a.b.caa.shop.lab
check "Boulder asks every label" [ "$caa $unique" = '5 5' ]
check "  and finds the same" is '.names[0] | "\(.passed) \(.owner)"' 'true caa.shop.lab.'
asked --as open-mpic --order parallel a.b.caa.shop.lab
check "Open MPIC with --order parallel asks every label" [ "$caa" -eq 5 ]

# --- DNS over HTTPS: dnsdist counts what came how ---------------------------------------------------------------------------
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$LAB_WORK/doh.key" -out "$LAB_WORK/doh.pem" \
	-days 2 -subj /CN=lab -addext 'subjectAltName=IP:127.0.53.41,IP:127.0.53.42,IP:127.0.53.43' 2>/dev/null
for address in 127.0.53.41 127.0.53.42 127.0.53.43; do lab_address $address; done
key=$(openssl rand -base64 32)
LAB_READY=lab lab_dnsdist dnsdist 127.0.53.40 -- "
	setKey('$key')
	controlSocket('127.0.53.40:5199')
	newServer({address='$mirror1:53'}):setUp()
	for _, a in ipairs({'127.0.53.41', '127.0.53.42', '127.0.53.43'}) do
		addDOHLocal(a .. ':443', '$LAB_WORK/doh.pem', '$LAB_WORK/doh.key', '/dns-query')
	end
	addResponseAction(QNameRule('tc.lab'), LuaResponseAction(function(dr) dr.dh:setTC(true) return DNSResponseAction.None end))"
doh=(--as boulder --doh-ca "$LAB_WORK/doh.pem")
# fronts: a line for each address so far: connections, questions by HTTP/1, by HTTP/2, as GET, as POST
fronts() {
	dnsdist -C "$LAB_WORK/dnsdist.lua" -e 'showDOHFrontends()' >"$LAB_WORK/fronts"
	awk '$2 ~ /:443$/ { print $3, $4, $5, $6, $7 }' "$LAB_WORK/fronts"
}
run "${doh[@]}" -s 127.0.53.41 a.b.c.d.lab
check "Boulder: DNS over HTTPS at the server's address" is '.names[0].labels[0].server' 'https://127.0.53.41/dns-query'
check "  by POST and HTTP/2, each label, on one connection" [ "$(fronts | head -n 1)" = '1 0 5 0 5' ]
check "  the same question" is '.names[0].records[0]' "0 issue \"$mirror1 udp edns 4096 rd ad\""
seq -f 'h%.0f.x.lab' 20 >"$LAB_WORK/names"
run "${doh[@]}" -s 127.0.53.41,127.0.53.42 -s 127.0.53.43 --file "$LAB_WORK/names"
check "each question goes to a random server" is '[.names[].labels[].server] | "\(length) \(unique | length)"' '60 3'
check "  as the servers saw it" [ "$(fronts | awk '$5 > (NR == 1 ? 5 : 0) { n++ } { all += $5 } END { print n, all }')" = '3 65' ]
check "  and as they come, not in turn" is '[.names[].labels[].server] as $s | [range(57) | select($s[.] != $s[. + 3])] | length > 0' true
run --as boulder --doh-insecure --doh https://127.0.53.41/dns-query --doh https://127.0.53.42/dns-query --file "$LAB_WORK/names"
check "--doh given twice" is '[.names[].labels[].server] | unique | length' 2
run --https --doh-ca "$LAB_WORK/doh.pem" -s 127.0.53.41 x.lab
check "--https on its own" is '.names[0] | "\(.passed) \(.labels[0].server)"' 'true https://127.0.53.41/dns-query'
run "${doh[@]}" -s 127.0.53.41 tc.lab
check "Boulder: TC is an error over HTTPS" is "$reason" 'false truncated'

# --- truncated answers ---------------------------------------------------------------------------------------------------
run -s $truncating x.lab
check "on its own: over TCP" is '.names[0] | "\(.passed) \(.labels[0].tcp)"' 'true true'
run -s $truncating --as open-mpic x.lab
check "Open MPIC: over TCP" is '.names[0] | "\(.passed) \(.labels[0].tcp)"' 'true true'
run -s $truncating --as boulder --udp x.lab
check "Boulder: TC is an error" is "$reason" 'false truncated'
run -s $truncating --as boulder --udp --tc tcp x.lab
check "Boulder with --tc tcp: over TCP" is "$reason" 'true null'
run -s $truncating --tc fail x.lab
check "--tc fail on its own" is "$reason" 'false truncated'

# --- timeouts and repeats --------------------------------------------------------------------------------------------------
run --as boulder --udp -s $silent --timeout 0.2 x.lab
check "Boulder: three tries, then it is a timeout" is '.names[0] | "\(.reason) \(.labels[0].tries)"' 'timeout 3'
run --as boulder --udp -s $mirror1,$mirror2,$silent --timeout 0.2 --tries 30 --file "$LAB_WORK/names"
check "a repeat goes to a random server again: one of three is silent, and all names pass" is '.summary.passed' 20
check "  after repeats" is '.summary.retried > 0' true
check "  with answers of the two others" is '[.names[].labels[].server] | unique | join(" ")' "$mirror1 $mirror2"
run --as open-mpic -s $silent --timeout 0.3 --total 1 x.y.lab
check "--total ends a question's tries" is '.names[0] | "\(.reason) \(.labels[0].tries | . >= 2 and . <= 4)"' 'timeout true'
check "  when its seconds are over" is '.names[0].labels[0].seconds >= 0.99' true
check "  and the climb with it" is '[.names[0].labels[].outcome] | join(" ")' 'failed not asked not asked'
run --as open-mpic -s $silent x.lab
check "Open MPIC: tries of 2 seconds, 5 in all" is '.names[0].labels[0] | .seconds >= 4.99 and .tries >= 2 and .tries <= 3' true

# --- Extended DNS Errors -------------------------------------------------------------------------------------------------
run -s $edes x.lab
check "on its own: all EDEs of an answer" is '[.names[0].labels[0].ede[].text] | join(", ")' 'the first, the second'
run -s $edes --as open-mpic x.lab
check "Open MPIC with EDNS: all that there are" is '.names[0].labels[0].ede | length' 2
run -s $edes --as boulder --udp x.lab
check "Boulder: the first" is '[.names[0].labels[0].ede[] | "\(.code) \(.text)"] | join(", ")' '22 the first'
"$CAA_CLIMB" -s $edes --as boulder --udp x.lab >"$LAB_WORK/out"
check "  in the table, too" [ "$(grep -c 'SERVFAIL at x.lab.; EDE 22 the first$' "$LAB_WORK/out")" -eq 1 ]
run -s $edes --as boulder --udp --ede all x.lab
check "Boulder with --ede all" is '.names[0].labels[0].ede | length' 2

# --- what is wrong is said, by the option's name ------------------------------------------------------------------------------
# refused TEXT ARGUMENT...
refused() {
	local text=$1
	shift
	"$CAA_CLIMB" -s $mirror1 "$@" x.lab >"$LAB_WORK/out" 2>&1
	check "refused: $*" [ $? -eq 2 ]
	check "  with: $text" grep -qF -- "$text" "$LAB_WORK/out"
}
refused '--as certbot: allowed is boulder or open-mpic' --as certbot
refused '--tc udp: allowed is tcp or fail' --tc udp
refused '--ede last: allowed is all or first' --ede last
refused '--timeout 0: allowed are seconds in 0.001..3600' --timeout 0
refused '--timeout 1.2.3: allowed are seconds in' --timeout 1.2.3
refused '--total 3601: allowed are seconds in 0..3600' --total 3601
refused '--edns-size 511: allowed is a number in 512..65535' --edns-size 511
refused '--dnssec needs EDNS: allowed is --edns-size with it' --as open-mpic --dnssec
refused '--one needs EDNS' --no-edns --one 65001
refused '--server 127.0.53.31,: allowed is an IPv4 or IPv6 address' --server 127.0.53.31,
refused 'allowed are 16 servers' --server "$(seq -f 127.0.54.%.0f 16 | paste -sd,)"
refused '--doh http://x: allowed is a URL that begins with https://' --doh http://x

wait $unlimited
cp "$LAB_WORK/unlimited.json" "$LAB_WORK/climb.json"
check "Open MPIC with --total 0: as long as the tries take" is '.names[0].labels[0] | "\(.tries) \(.seconds >= 5.69)"' '3 true'
wait $boulder
cp "$LAB_WORK/boulder.json" "$LAB_WORK/climb.json"
check "Boulder: a try of 10 seconds" is '.names[0].labels[0] | "\(.tries) \(.seconds >= 9.99 and .seconds < 30)"' '1 true'
