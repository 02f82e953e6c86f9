# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# caa-climb on real servers: what it finds, its inputs, its transports, and that it loses nothing of its own.

LAB_RECORDS=$(cat <<'END'
caa.shop.lab. 3600 CAA 0 issue "ca.lab"
caa.shop.lab. 3600 CAA 128 iodef "mailto:a@shop.lab"
below.caa.shop.lab. 3600 A 192.0.2.1
www.shop.lab. 3600 CNAME caa.shop.lab.
x.www2.shop.lab. 3600 CNAME none.shop.lab.
none.shop.lab. 3600 A 192.0.2.1
END
)$'\n'
lab_root_and_tld
LAB_NAMES=5000 lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
# a zone whose servers are not there: it fails, and so does every name that climbs through it
lab_delegate dead.lab 127.0.53.99
lab_start_parents
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$LAB_WORK/doh.key" -out "$LAB_WORK/doh.pem" -days 2 -subj /CN=lab \
	-addext 'subjectAltName=IP:127.0.53.20' 2>/dev/null
lab_resolver caa "$UNBOUND_CAA" 127.0.53.20 "server:
 interface: 127.0.53.20@443
 https-port: 443
 tls-service-key: \"$LAB_WORK/doh.key\"
 tls-service-pem: \"$LAB_WORK/doh.pem\"
 incoming-num-tcp: 100
 outbound-msg-retry: 1
 infra-cache-max-rtt: 1000"

climb() { "$CAA_CLIMB" --server 127.0.53.20 "$@"; }
# json FILTER: of the report of the last run
json() { jq -r "$1" "$LAB_WORK/climb.json"; }
run() { climb --json "$@" >"$LAB_WORK/climb.json" 2>"$LAB_WORK/climb.err"; status=$?; }
is() { [ "$(json "$1")" = "$2" ] || { echo "# $1 is $(json "$1"), not $2"; return 1; }; }

# What it finds.  The transport makes no difference.
for transport in --udp --tcp "--doh https://127.0.53.20/dns-query --doh-ca $LAB_WORK/doh.pem"; do
	for order in parallel climb; do
		# shellcheck disable=SC2086
		run $transport --order $order caa.shop.lab below.caa.shop.lab www.shop.lab x.www2.shop.lab none.shop.lab '*.caa.shop.lab' no.such.shop.lab
		how="${transport%% *} $order"
		check "$how: exit status 0" [ $status -eq 0 ]
		check "$how: CAA at the name" is '.names[0] | "\(.passed) \(.owner) \(.records | length)"' 'true caa.shop.lab. 2'
		check "$how: the records" is '[.names[0].records | sort | .[]] | join("; ")' '0 issue "ca.lab"; 128 iodef "mailto:a@shop.lab"'
		check "$how: CAA at the parent" is '.names[1] | "\(.passed) \(.owner)"' 'true caa.shop.lab.'
		check "$how: CAA behind a CNAME" is '.names[2] | "\(.passed) \(.owner)"' 'true caa.shop.lab.'
		check "$how: the climb goes on from the name, not from the CNAME's target" is '.names[3] | "\(.passed) \(.owner)"' 'true null'
		check "$how: none" is '.names[4] | "\(.passed) \(.records | length)"' 'true 0'
		check "$how: a wildcard climbs from its parent" is '.names[5] | "\(.wildcard) \(.owner) \(.labels[0].name)"' 'true caa.shop.lab. caa.shop.lab.'
		check "$how: NXDOMAIN is no failure" is '.names[6] | "\(.passed) \(.labels[0].rcode)"' 'true NXDOMAIN'
	done
done
check "--order climb stops at the first RRset" is '.names[0].labels | map(.outcome) | join(" ")' 'found not asked not asked'

# A failure below the first RRset fails the name; one above does not.
run a.dead.lab caa.shop.lab
check "a name of a dead zone fails, with exit status 1" [ $status -eq 1 ]
check "  and says at which label and why" is '.names[0] | "\(.passed) \(.reason)"' 'false SERVFAIL'
check "  and the other passes" is '.names[1].passed' true
check "the table says so too" eval 'climb -q a.dead.lab | grep -q "^a.dead.lab  *FAIL .* SERVFAIL at a.dead.lab\."'
"$CAA_CLIMB" --server 127.0.53.98 --timeout 1 --tries 2 --json h1.shop.lab >"$LAB_WORK/climb.json" 2>&1
check "a server that is not there fails every name" [ $? -eq 1 ]
check "  after the tries that it was told" is '.names[0].labels[0].tries' 2
lab_address 127.0.53.97
"$CAA_CLIMB" --server 127.0.53.97 --tcp --timeout 5 h1.shop.lab >"$LAB_WORK/out" 2>&1
check "a connection that is refused fails every name" [ $? -eq 1 ]

# Inputs.
openssl req -new -newkey rsa:2048 -nodes -keyout /dev/null -out "$LAB_WORK/csr.pem" -subj /CN=x \
	-addext 'subjectAltName=DNS:h1.shop.lab,DNS:*.caa.shop.lab,IP:192.0.2.1,DNS:h1.shop.lab' 2>/dev/null
openssl req -in "$LAB_WORK/csr.pem" -outform DER -out "$LAB_WORK/csr.der"
openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -out "$LAB_WORK/cert.pem" -subj /CN=x \
	-addext 'subjectAltName=DNS:h1.shop.lab,DNS:*.caa.shop.lab' 2>/dev/null
openssl x509 -in "$LAB_WORK/cert.pem" -outform DER -out "$LAB_WORK/cert.der"
for file in csr.pem csr.der cert.pem cert.der; do
	run --cert "$LAB_WORK/$file"
	check "$file: the names of its SAN list, each once" is '[.names[].name] | join(" ")' 'h1.shop.lab *.caa.shop.lab'
done
printf '# a comment\n\n h1.shop.lab \r\nh2.shop.lab # another\n' >"$LAB_WORK/list"
run --file "$LAB_WORK/list"
check "a file of names" is '[.names[].name] | join(" ")' 'h1.shop.lab h2.shop.lab'
run --file - <"$LAB_WORK/list"
check "names from standard input" is '.summary.names' 2

# refused TEXT ARGUMENT...: exit status 2, a message with TEXT, and nothing is asked.
refused() {
	local text=$1 before
	shift
	before=$(lab_stat caa total.num.queries)
	climb "$@" >"$LAB_WORK/out" 2>&1
	check "refused: $*" [ $? -eq 2 ]
	check "  with: $text" grep -qF -- "$text" "$LAB_WORK/out"
	check "  and nothing is asked" [ "$(lab_stat caa total.num.queries)" -eq "$before" ]
}
printf 'h1.shop.lab\na..b\n' >"$LAB_WORK/bad"
refused "$LAB_WORK/bad:2: \"a..b\" is not a domain name" --file "$LAB_WORK/bad"
refused 'argument: "." is not a domain name: the root has no CAA' .
refused 'argument: "" is not a domain name: it is empty' ''
refused "$LAB_WORK/list: not a certificate or certificate request" --cert "$LAB_WORK/list"
refused "$LAB_WORK/none: No such file" --cert "$LAB_WORK/none"
refused 'its SAN list has no DNS name' --cert "$LAB_WORK/doh.pem"
refused '--tries 0: allowed is a number in 1..100' --tries 0 h1.shop.lab
refused '--order up: allowed is parallel or climb' --order up h1.shop.lab
refused '--server nowhere: allowed is an IPv4 or IPv6 address' --server nowhere h1.shop.lab
refused 'no names to check' --json

# 5000 names, 15000 questions, as many at once as the resolver has room for: each is sent once and answered once.  On a busy machine
# an authority's answer can be too late for this resolver; that is an answer as well.
seq -f 'h%.0f.shop.lab' 5000 >"$LAB_WORK/many"
for transport in --udp --tcp; do
	run $transport --max-in-flight 6000 --file "$LAB_WORK/many"
	check "$transport: 5000 names, none lost" is '.summary |
		"\(.names) \(.sent) \(.retried) \(.ignored) \([.reasons | keys[] | select(startswith("SERVFAIL") | not)] | length)"' '5000 15000 0 0 0'
	check "  and hardly one fails ($(json .summary.failed))" [ "$(json .summary.failed)" -le 500 ]
done
run --qps 400 --file <(head -n 100 "$LAB_WORK/many")
check "--qps holds the sends back" at_least "$(json .summary.seconds)" 0.7
run --max-in-flight 1 --file <(head -n 20 "$LAB_WORK/many")
check "--max-in-flight 1 asks one after the other, all the same" is '.summary.passed' 20
