# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A whole climb in one question (caa-climb-option).

code=65001
LAB_RECORDS=$(printf '%s\n' 'mid.shop.lab. 3600 CAA 0 issue "mid.lab"' 'a.b.mid.shop.lab. 3600 A 192.0.2.1' \
	'leaf.shop.lab. 3600 CAA 0 issue "leaf.lab"' 'alias.shop.lab. 3600 CNAME leaf.shop.lab.' \
	'dead.shop.lab. 3600 NS ns.dead.shop.lab.' 'ns.dead.shop.lab. 3600 A 127.0.53.99' \
	'gone.shop.lab. 3600 NS ns.gone.shop.lab.' 'ns.gone.shop.lab. 3600 A 127.0.53.98' 'local.shop.lab. 3600 A 192.0.2.1')$'\n'
lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; printf 'caa:\n caa-climb-option: %s\n' $code; lab_zone_conf . '' 2)
server:
 local-zone: \"local.shop.lab\" transparent
 local-data: \"b.local.shop.lab CAA 0 issue local.lab\""
# one NAME [DIG-OPTION...]: sets status, records and report, the option's data in hex
one() {
	local name=$1
	shift
	dig +tries=1 +time=25 +noall +comments +answer +ednsopt=$code:01 "$@" caa "$name" @127.0.53.30 >"$LAB_WORK/dig"
	status=$(sed -n 's/.*status: \([A-Z]*\),.*/\1/p' "$LAB_WORK/dig")
	records=$(awk '$4 == "CAA" || $4 == "CNAME" { print $1, $4, $5, $6, $7 }' "$LAB_WORK/dig" | sed 's/ *$//' | tr '\n' ';')
	report=$(sed -n "s/^; OPT=$code: \([0-9a-f ]*[0-9a-f]\).*/\1/p" "$LAB_WORK/dig")
}
one leaf.shop.lab
check "found at the name" [ "$status $records" = 'NOERROR leaf.shop.lab. CAA 0 issue "leaf.lab";' ]
check "  and the report says so" [ "${report:0:14}" = '01 02 03 00 02' ]
one a.b.mid.shop.lab
check "found at an ancestor, at its owner name" [ "$status $records" = 'NOERROR mid.shop.lab. CAA 0 issue "mid.lab";' ]
check "  and the report says which" [ "${report:0:20}" = '01 02 05 02 01 01 02' ]
one h1.shop.lab
check "found nowhere" [ "$status $records" = 'NOERROR ' ]
check "  and the report says so" [ "$report" = '01 01 03 ff 01 01 01' ]
one no.such.shop.lab
check "nor for a name that is not there" [ "$status $report" = 'NXDOMAIN 01 01 04 ff 41 41 01 01' ]
one alias.shop.lab
check "through an alias" [ "$status $records" = 'NOERROR alias.shop.lab. CNAME leaf.shop.lab.;leaf.shop.lab. CAA 0 issue "leaf.lab";' ]
one x.dead.shop.lab
check "a label that cannot be asked fails it" [ "$status $records" = 'SERVFAIL ' ]
check "  and the report says which" [ "${report:0:14}" = '01 03 04 00 03' ]
one '*.mid.shop.lab'
check "a wildcard is climbed from the name below it" [ "${report:0:14} $records" = '01 02 03 00 02 mid.shop.lab. CAA 0 issue "mid.lab";' ]
one h2.shop.lab +cd
check "with the CD bit too" [ "$status $report" = 'NOERROR 01 01 03 ff 01 01 01' ]
one h2.shop.lab +tcp
check "and over TCP" [ "$status $report" = 'NOERROR 01 01 03 ff 01 01 01' ]

# --- where the option is not acted on ------------------------------------------------------------------------------------
plain() { dig +tries=1 +time=25 +noall +comments "$@" @127.0.53.30 | grep -c "OPT=$code"; }
check "without the option there is no report" [ "$(plain caa h3.shop.lab)" -eq 0 ]
check "nor for another type" [ "$(plain a h3.shop.lab +ednsopt=$code:01)" -eq 0 ]
check "nor for another version" [ "$(plain caa h3.shop.lab +ednsopt=$code:03)" -eq 0 ]
check "nor for the root" [ "$(plain caa . +ednsopt=$code:01)" -eq 0 ]
one x.local.shop.lab
check "nor where clients have local data" [ "${status:-none}$report" = NXDOMAIN ]
check "a plain question is answered as ever" [ "$(dig +short caa h1.shop.lab @127.0.53.30)" = '' ]
check "  also after a climb to an ancestor's" [ -z "$(dig +short caa a.b.mid.shop.lab @127.0.53.30)" ]

# --- questions are shared -------------------------------------------------------------------------------------------------
lab_counts bind-shop.lab
before=$queries climbs=$(lab_stat caa caa.climbs)
seq -f 'h%.0f.shop.lab' 20 69 >"$LAB_WORK/names-one"
lab_climb 127.0.53.30 "$LAB_WORK/names-one" --one $code
check "caa-climb --one checks 50 names" [ "$failed" -eq 0 ]
check "  with 50 questions" [ "$(jq .summary.sent "$LAB_WORK/climb.json")" -eq 50 ]
check "  each a whole climb" [ "$(jq .summary.whole "$LAB_WORK/climb.json") $(($(lab_stat caa caa.climbs) - climbs))" = '50 50' ]
lab_counts bind-shop.lab
check "  and one query for each name goes out" [ $((queries - before)) -eq 50 ]
printf '%s\n' a.b.mid.shop.lab alias.shop.lab '*.mid.shop.lab' h1.shop.lab x.dead.shop.lab x.local.shop.lab >"$LAB_WORK/names-one"
lab_climb 127.0.53.30 "$LAB_WORK/names-one" --one $code
jq -S '[.names[] | { name, passed, owner, records, reason }]' "$LAB_WORK/climb.json" >"$LAB_WORK/one.json"
check "it falls back where the option is not acted on" [ "$(jq .summary.whole "$LAB_WORK/climb.json")" -eq 5 ]
lab_climb 127.0.53.30 "$LAB_WORK/names-one"
jq -S '[.names[] | { name, passed, owner, records, reason }]' "$LAB_WORK/climb.json" >"$LAB_WORK/labels.json"
check "it finds what it finds label by label" diff "$LAB_WORK/labels.json" "$LAB_WORK/one.json"
lab_climb 127.0.53.30 "$LAB_WORK/names-one" --one $((code + 1))
jq -S '[.names[] | { name, passed, owner, records, reason }]' "$LAB_WORK/climb.json" >"$LAB_WORK/other.json"
check "also where the resolver does not know the option" diff "$LAB_WORK/labels.json" "$LAB_WORK/other.json"

# --- a client that goes away, and many at once ----------------------------------------------------------------------------
for n in $(seq 20); do dig +tries=1 +time=1 +ednsopt=$code:01 caa "g$n.gone.shop.lab" @127.0.53.30 >/dev/null & done
wait
quiet() { [ "$(lab_control caa dump_requestlist | grep -c ' CAA ')" -eq 0 ]; }
check "nothing is left when the clients have gone" lab_until 20 quiet

# --- reload and stop while climbs wait ---------------------------------------------------------------------------------------
wait_many() {
	seq -f "w$1x%.0f.gone.shop.lab" 300 >"$LAB_WORK/names-wait"
	"$CAA_CLIMB" --server 127.0.53.30 --file "$LAB_WORK/names-wait" --one $code --timeout 60 >/dev/null 2>&1 </dev/null &
	many() { [ "$(lab_control caa dump_requestlist | grep -c "w$1x.* CAA IN w$1x")" -ge 200 ]; }
	lab_until 10 many "$1"
}
check "300 climbs wait" wait_many 1
lab_control caa flush_requestlist >/dev/null
check "flush_requestlist drops them" lab_control_quiet caa status
check "300 climbs wait" wait_many 2
lab_control caa reload >/dev/null
again() { one h1.shop.lab; [ "$status $report" = 'NOERROR 01 01 03 ff 01 01 01' ]; }
check "reload goes on without them" lab_until 10 again
check "300 climbs wait" wait_many 3
resolver=${LAB_PID[caa]}
lab_control caa stop >/dev/null
check "stop ends" lab_until 20 lab_is_gone "$resolver"
check "its log ends as it should" grep -q 'service stopped' "$LAB_WORK/caa.log"
check "no crash, no report" [ "$(lab_reports)" -eq 0 ]
