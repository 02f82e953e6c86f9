# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A signed zone: the answers are validated as without the module, and the lookups for keys that a CAA question waits for are
# paced and counted like its own.

LAB_RECORDS=$(printf '%s\n' 'caa.shop.lab. 3600 CAA 0 issue "ca.lab"' 'old.shop.lab. 5 CAA 0 issue "ca.lab"' 'alias.shop.lab. 5 CNAME old.shop.lab.')$'\n'
LAB_ZONE_OPTIONS='dnssec-policy default; inline-signing yes;'
lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11 'key-directory ".";'
lab_start_parents
signed() { dig +tries=1 +time=1 +short dnskey shop.lab @127.0.53.10 | grep -q '^257' && dig +tries=1 +time=1 +dnssec +short soa shop.lab @127.0.53.10 | grep -q '^SOA'; }
lab_until 30 signed || lab_die "BIND does not sign the zone"
anchor=$(dig +tries=1 +time=5 +short dnskey shop.lab @127.0.53.10 | grep '^257' | head -n 1)
lab_settled bind-shop.lab
before=$(lab_queries bind-shop.lab | wc -l) keys_before=$(lab_queries bind-shop.lab DNSKEY | wc -l)

trust="server:
 trust-anchor: \"shop.lab. DNSKEY $anchor\""
# aggressive-nsec answers from the proofs of others, and the signal of the anchor is no question of ours; what is to be seen
# here are the questions
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .; lab_zone_conf shop.lab 40)
$trust
 aggressive-nsec: no
 trust-anchor-signaling: no"
printf 'caa.shop.lab\nh1.shop.lab\nno.such.shop.lab\n' >"$LAB_WORK/names"
lab_climb 127.0.53.30 "$LAB_WORK/names" --dnssec
check "names of a signed zone pass" [ "$failed" -eq 0 ]
check "what is there is secure" [ "$(jq -r '.names[0].labels[0] | "\(.outcome) \(.ad)"' "$LAB_WORK/climb.json")" = 'found true' ]
check "what is proven not to be there is secure" [ "$(jq -r '.names[1].labels[0] | "\(.outcome) \(.ad)"' "$LAB_WORK/climb.json")" = 'none true' ]
check "so is NXDOMAIN" [ "$(jq -r '.names[2].labels[0] | "\(.rcode) \(.ad)"' "$LAB_WORK/climb.json")" = 'NXDOMAIN true' ]
check "the TLD above the anchor is not" [ "$(jq -r '.names[0].labels[2].ad' "$LAB_WORK/climb.json")" = false ]
lab_climb 127.0.53.30 "$(lab_names flat 60)"
check "60 names of it pass" [ "$failed" -eq 0 ]
lab_counts bind-shop.lab
check "the keys were asked once" [ "$(lab_queries bind-shop.lab DNSKEY | wc -l)" -eq $((keys_before + 1)) ]
check "every packet was sent for a CAA question, the keys' too" [ "$(lab_stat caa caa.sent.other)" -eq 0 ]
check "the counters say what the authority saw" [ "$(lab_control caa caa_upstreams |
	awk '$1 ~ /^127\.0\.53\.1[01]$/ { sent += $8 } END { print sent }')" -eq $((queries - before)) ]

# The same with a wrong anchor: bogus is SERVFAIL, whatever the climb finds elsewhere.
lab_stop caa
wrong=$(printf '%s' "$anchor" | sed 's/[A-Za-z]\([^A-Za-z]*\)$/A\1/; s/\(.\{40\}\)./\1B/')
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .)
server:
 trust-anchor: \"shop.lab. DNSKEY $wrong\""
lab_climb 127.0.53.30 "$LAB_WORK/names"
check "bogus fails every name" [ "$failed" -eq 3 ]
check "  as SERVFAIL" [ "$reasons" = 'SERVFAIL 3' ]

# What is held is as old as its oldest part, also where Unbound has given that a longer TTL than it came with.
lab_stop caa
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .; printf ' caa-hold: 600\n'; lab_zone_conf old.shop.lab; printf ' caa-hold: 0\n')
$trust
 cache-min-ttl: 300"
caa() { dig +tries=1 +time=25 +noall +comments +answer caa "$1.shop.lab" @127.0.53.30; }
left() { caa old | awk '$4 == "CAA" { print $2 }'; }
caa old >/dev/null
older() { [ "$(left)" -le 297 ]; }
check "a record is cached for cache-min-ttl" lab_until 10 older
age=$((300 - $(left)))
check "an alias of it is secure" eval 'caa alias | grep -q "^;; flags:[^;]* ad"'
held=$(lab_control caa caa_explain alias.shop.lab json | jq -r '.held | "\(.security) \(.age_s)"')
check "  and held as of when the record was fetched, $age s ago: $held" eval '[ "${held% *}" = secure ] && [ "${held#* }" -ge $age ]'
