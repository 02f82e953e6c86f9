# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Why a lookup failed: real servers, and for what no real one does a lying one, make each class happen; EDE code and text,
# class, line of the log and caa_explain are looked at whole.

LIAR=${LAB_LIAR:-$LAB_BUILD/liar}
[ -x "$LIAR" ] || lab_skip "no $LIAR; run make liar"
command -v dnsdist >/dev/null || lab_skip "no dnsdist here"

lab_root_and_tld

# --- the servers that misbehave ---------------------------------------------------------------------------------------

liars=() n=0
# lie BEHAVIOUR ZONE: the lying server gets one more address.
lie() {
	n=$((n + 1))
	lab_address 127.0.60.$n
	lab_delegate "$2" 127.0.60.$n
	liars+=("127.0.60.$n=$1:$2")
}
lie no-soa nosoa.lab
lie upward upward.lab
lie not-authoritative notauth.lab
lie formerr-any edns.lab
lie formerr formerr.lab
lie badvers badvers.lab
lie notimp notimp.lab
lie caps caps.lab
lie ede ede.lab
lie hostile hostile.lab
lie dead dead.lab
lie garbage garbage.lab
lie formerr-option option.lab
lie servfail weak.sec.lab
lie badvers plain.lab
lie badvers-only never.lab
lie upward evilns.lab
# its nameserver has a name of odd octets
LAB_DELEGATION[evilns.lab]=$(printf '%s\n' 'evilns.lab. 3600 NS \"\027[2J\010\255\\.evilns.lab.' '\"\027[2J\010\255\\.evilns.lab. 3600 A 127.0.60.'$n)$'\n'
lie option-upward opt.lab
lie notauth auth.lab
unset 'LAB_DELEGATION[weak.sec.lab]'
lab_spawn liar "$LIAR" "${liars[@]}"

# a zone that BIND cannot load, and one that it does not have
LAB_RECORDS=
lab_zone_file fine.lab 127.0.53.10 127.0.53.11
lab_delegate fine.lab 127.0.53.10 127.0.53.11
lab_delegate broken.lab 127.0.53.10
lab_delegate refused.lab 127.0.53.10
lab_zone_file denied.lab 127.0.53.10 127.0.53.11
lab_delegate denied.lab 127.0.53.10 127.0.53.11
# the TLD's own server, which refers to the zone itself
lab_delegate self.lab 127.0.53.2
# no route, and no address
lab_delegate far.lab 192.0.2.1
LAB_DELEGATION[gone.lab]="gone.lab. 3600 NS ns1.nowhere.lab."$'\n'
# dnsdist in front of NSD drops CAA of one zone, all of another, and nothing of a third
for zone in drop.lab shut.lab whole.lab; do lab_delegate $zone 127.0.53.13; done

# a zone signed long ago, one signed for times to come, one whose DS is of another key, one whose signatures are gone, and one whose
# server sends no proof that what it delegates is not signed
(
	cd "$LAB_WORK" || exit
	for zone in old.lab early.lab other.lab unsigned.lab bare.lab sec.lab; do
		{ lab_soa $zone; printf '%s. 3600 NS ns1.%s.\nns1.%s. 3600 A 127.0.53.12\n' $zone $zone $zone; } >$zone.zone
		dnssec-keygen -q -a ECDSAP256SHA256 -f KSK $zone >$zone.key
		cat "$(cat $zone.key).key" >>$zone.zone
	done
	dnssec-signzone -q -z -P -s 20200101000000 -e 20200201000000 -o old.lab -f old.signed old.lab.zone "$(cat old.lab.key)"
	dnssec-signzone -q -z -P -s 20500101000000 -e 20600101000000 -o early.lab -f early.signed early.lab.zone "$(cat early.lab.key)"
	printf 'kid.bare.lab. 3600 NS ns1.kid.bare.lab.\nns1.kid.bare.lab. 3600 A 127.0.53.12\n' >>bare.lab.zone
	dnssec-signzone -q -z -o bare.lab -f bare.signed bare.lab.zone "$(cat bare.lab.key)"
	dnssec-signzone -q -z -o other.lab -f other.signed other.lab.zone "$(cat other.lab.key)"
	printf 'weak.sec.lab. 3600 NS ns1.weak.sec.lab.\nns1.weak.sec.lab. 3600 A 127.0.60.14\n' >>sec.lab.zone
	dnssec-signzone -q -z -o sec.lab -f sec.signed sec.lab.zone "$(cat sec.lab.key)"
	mv sec.signed sec.lab.zone
	mv old.signed old.lab.zone
	mv early.signed early.lab.zone
	mv bare.signed bare.lab.zone
	mv other.signed other.lab.zone
) >"$LAB_WORK/sign.out" 2>&1
for zone in old.lab early.lab other.lab unsigned.lab sec.lab; do lab_delegate $zone 127.0.53.12; done
lab_address 127.0.61.1
lab_delegate bare.lab 127.0.61.1
lab_spawn faulty "$LAB_BUILD/faulty" 127.0.61.1=denial-none:127.0.53.12
lab_zone_file kid.bare.lab 127.0.53.12
{ lab_soa loop.lab; printf 'loop.lab. 3600 NS ns1.loop.lab.\nns1.loop.lab. 3600 A 127.0.53.12\na.loop.lab. 3600 CNAME b.loop.lab.\nb.loop.lab. 3600 CNAME a.loop.lab.\n'; } >"$LAB_WORK/loop.lab.zone"
lab_delegate loop.lab 127.0.53.12
for zone in drop.lab shut.lab whole.lab; do lab_zone_file $zone 127.0.53.13; done
for zone in slow.lab qps.lab; do lab_zone_file $zone 127.0.53.12; done
lab_delegate qps.lab 127.0.53.16
lab_delegate slow.lab 127.0.53.12
lab_address 127.0.53.12
lab_nsd signed 127.0.53.12 ' rrl-ratelimit: 0' loop.lab drop.lab shut.lab whole.lab slow.lab qps.lab old.lab early.lab other.lab unsigned.lab \
	bare.lab kid.bare.lab sec.lab

LAB_ZONE_OPTIONS='}; zone "broken.lab" { type primary; file "no-such-file"; }; zone "denied.lab" { type primary; file "denied.lab.zone"; allow-query { none; };' \
	lab_start_bind fine.lab 127.0.53.10 127.0.53.11
lab_authority_bind full.lab 127.0.53.14 127.0.53.15 "$LAB_BIND_LIMIT"
lab_address 127.0.53.13
cat >"$LAB_WORK/dnsdist.conf" <<-END
	setLocal("127.0.53.13:53")
	newServer({address="127.0.53.12:53", checkType="SOA", checkName="loop.lab."})
	addAction(AndRule{QTypeRule(257), QNameRule("drop.lab.")}, DropAction())
	addAction(QNameRule("shut.lab."), DropAction())
END
lab_address 127.0.53.16
cat >"$LAB_WORK/dnsdist-qps.conf" <<-END
	setLocal("127.0.53.16:53")
	newServer({address="127.0.53.12:53", checkType="SOA", checkName="loop.lab."})
	addAction(MaxQPSIPRule(20), RCodeAction(DNSRCode.REFUSED))
END
lab_spawn dnsdist-qps dnsdist --supervised --disable-syslog -C "$LAB_WORK/dnsdist-qps.conf"
lab_spawn dnsdist dnsdist --supervised --disable-syslog -C "$LAB_WORK/dnsdist.conf"
lab_start_parents

anchor() { sed -n "s/^$1\. .*DNSKEY \(257.*\)/\1/p" "$LAB_WORK/$(cat "$LAB_WORK/$1.key").key"; }
trust="server:
 use-caps-for-id: yes
 trust-anchor: \"old.lab. DNSKEY $(anchor old.lab)\"
 trust-anchor: \"early.lab. DNSKEY $(anchor early.lab)\"
 trust-anchor: \"bare.lab. DNSKEY $(anchor bare.lab)\"
 trust-anchor: \"sec.lab. DNSKEY $(anchor sec.lab)\"
 trust-anchor: \"other.lab. DNSKEY $(anchor unsigned.lab)\"
 trust-anchor: \"unsigned.lab. DNSKEY $(anchor unsigned.lab)\"
 trust-anchor: \"nosoa.lab. DNSKEY $(anchor unsigned.lab)\"
 trust-anchor: \"notauth.lab. DNSKEY $(anchor unsigned.lab)\"
 trust-anchor: \"edns.lab. DNSKEY $(anchor unsigned.lab)\"
 trust-anchor: \"badvers.lab. DNSKEY $(anchor unsigned.lab)\""
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf . '' 3)
 caa-log-after: 1
caa-zone:
 name: full.lab
 caa-cookie: no
 caa-tcp: no
 caa-budget: 1
caa-zone:
 name: qps.lab
 caa-cookie: no
 caa-tcp: no
 caa-budget: 2
caa-zone:
 name: slow.lab
 caa-rate: 1
 caa-burst: 1
 caa-budget: 2
caa:
 caa-log-rate: 1000
 caa-log-file: \"$LAB_WORK/why.log\"
$trust"

# --- the table -----------------------------------------------------------------------------------------------------------

# field NAME FILTER: of the last line of the log about a name.
field() { grep -a "\"name\":\"$1\"" "$LAB_WORK/why.log" | tail -n 1 | jq -r "$2"; }
# the EDE as a client shows it: CODE TEXT
ede_of_dig() { dig +tries=1 +time=30 caa "$1" @127.0.53.30 | sed -n 's/^; EDE: \([0-9]*\)[^:]*: (\(.*\))$/\1 \2/p'; }
ede_of_kdig() { kdig +retry=0 +time=30 +edns caa "$1" @127.0.53.30 | sed -n "s/^;; EDE: \([0-9]*\)[^:]*: '\(.*\)'\$/\1 \2/p"; }

# row NAME CLASS EDE TEXT [TEXT]: ask, and look at all that is said; TEXT is an extended regular expression, the last one is for who asks again.
row() {
	local name=$1 class=$2 code=$3 want=$4 later=${5:-$4} got kdig_got page id whole
	whole=$(ede_of_dig "$name")
	got=$(lab_without_id <<<"$whole") id=$(lab_id "$whole")
	check "$name: EDE $code, its text, at most 200 octets" eval '[[ $got =~ ^$code\ $want$ ]] && [ "${#whole}" -le 204 ]'
	check "  as the manual has it" lab_in_manual "$got"
	check "  class $class" [ "$(field "$name" .class)" = "$class" ]
	check "  the line of the log says the same" [ "$(field "$name" '"\(.v) \(.ede) \(.text)"')" = "1 $got" ]
	check "  and has the id that the text ends with" eval '[ -n "$id" ] && [ "$(field "$name" .id)" = "$id" ]'
	page=$(lab_control caa caa_explain "$name")
	check "  so does caa_explain" eval '[[ $page == "CAA $name: $class"* && $page == *"EDE $code ("*", id $id"$'\''\n'\''* ]]'
	# from the failure cache, or looked up again: a count may be another then
	kdig_got=$(ede_of_kdig "$name" | lab_without_id)
	check "  kdig shows it as well" eval '[[ $kdig_got =~ ^$code\ $later$ ]]'
	[ "$LAB_FAILED" -eq "${shown:-0}" ] || { echo "# got: $got"; echo "# kdig: $kdig_got"; shown=$LAB_FAILED; }
}
load_it='load the zone there, or remove the server from the delegation'
update_it='update it, or what filters its queries \(RFC 6891\)'
row nosoa.lab no-soa 24 "127.0.60.1 \(ns1.nosoa.lab\) answered CAA nosoa.lab with NOERROR, empty and without SOA; it must add the zone's SOA \(RFC 2308 s3\)"
row upward.lab lame 22 "127.0.60.2 \(ns1.upward.lab\) refers upwards, asked for CAA upward.lab; $load_it"
row notauth.lab lame 22 "127.0.60.3 \(ns1.notauth.lab\) is not authoritative, asked for CAA notauth.lab; $load_it"
# Unbound 1.25 takes that referral, emptied, for an answer without data
self_fails=$(dig +tries=1 +time=5 caa self.lab @127.0.53.30 | grep -c 'status: SERVFAIL')
[ "$self_fails" -eq 0 ] || row self.lab lame 22 "127.0.53.2 \(ns1.self.lab\) refers to the zone itself, asked for CAA self.lab; $load_it"
row second.upward.lab lame 22 "127.0.60.2 \(ns1.upward.lab\) was found not to be authoritative for upward.lab a moment ago; $load_it"
row edns.lab formerr-edns 23 "127.0.60.4 \(ns1.edns.lab\) answered FORMERR to CAA edns.lab with EDNS; .*$update_it"
row formerr.lab formerr-edns 23 "127.0.60.5 \(ns1.formerr.lab\) answered FORMERR to CAA formerr.lab with EDNS and without; $update_it"
row badvers.lab formerr-edns 23 "127.0.60.6 \(ns1.badvers.lab\) answered BADVERS to CAA badvers.lab with EDNS version 0; $update_it"
row opt.lab formerr-edns 23 "127.0.60.18 \(ns1.opt.lab\) answered FORMERR to CAA opt.lab with an EDNS option \(COOKIE\); also lame x1; it must ignore options it does not know \(RFC 6891\)"
row notimp.lab notimp 23 "127.0.60.7 \(ns1.notimp.lab\) answered NOTIMP to CAA notimp.lab; it must answer any type it does not know, NOERROR if there is none \(RFC 3597\)"
row caps.lab caps 23 "127.0.60.8 \(ns1.caps.lab\) changes the letter case of the name in its answer to CAA caps.lab; let it return the question as it came"
row ede.lab servfail 23 "127.0.60.9 \(ns1.ede.lab\) answered SERVFAIL to CAA ede.lab (\([0-9]+ times\) )?\(its EDE 14: zone is being loaded\); .*see that server's own log"
row garbage.lab servfail 23 "127.0.60.12 \(ns1.garbage.lab\) answered what cannot be read to CAA garbage.lab \([0-9]+ times\); see that server's own log"
row broken.lab servfail 23 "127.0.53.10 \(ns1.broken.lab\) answered SERVFAIL to CAA broken.lab \([0-9]+ times\); .*see that server's own log"
row refused.lab refused 23 "127.0.53.10 \(ns1.refused.lab\) answered REFUSED to CAA refused.lab \([0-9]+ times\); .*allow queries for the zone there, or remove the server from the delegation"
row denied.lab refused 23 "127.0.53.1[01] \(ns[12].denied.lab(, and 1 more)?\) answered REFUSED to CAA denied.lab \([0-9]+ times\) \(its EDE 18\); .*allow queries for the zone there, or remove the server from the delegation"
row far.lab unreachable 22 "192.0.2.1 \(ns1.far.lab\) cannot be reached over UDP for CAA far.lab; check the address in the delegation, and routing"
row gone.lab unreachable 22 "no nameserver of gone.lab has an address \(ns1.nowhere.lab\); correct the delegation or the address records"
row dead.lab timeout 22 "127.0.60.11 \(ns1.dead.lab\) did not answer CAA dead.lab \([0-9]+ UDP quer[a-z]+\); see that it runs, and no filter drops type CAA \(257\)"
silent='127.0.53.13 \(ns1.drop.lab\) did not answer CAA drop.lab \([0-9]+ UDP quer[a-z]+\);' filter='no filter drops type CAA \(257\)'
# the second question may come too late for what the first has shown
row drop.lab timeout 22 "$silent it answers other types: see that $filter" "$silent (it answers other types: see that|see that it runs, and) $filter"
dig +tries=1 +time=5 caa whole.lab @127.0.53.30 >/dev/null
row shut.lab timeout 22 "127.0.53.13 \(ns1.shut.lab\) did not answer CAA shut.lab \([0-9]+ UDP quer[a-z]+\); it answers for others: let type CAA \(257\) pass"
row auth.lab lame 22 "127.0.60.19 \(ns1.auth.lab\) answered NOTAUTH to CAA auth.lab; $load_it"
row early.lab bogus 8 "DNSSEC of CAA early.lab fails: a signature is not valid yet; sign the zone again"
no_proof='the proof that there is no such record is missing or wrong; sign the zone again, and see that each of its servers sends NSEC or NSEC3'
row kid.bare.lab bogus 12 "DNSSEC of CAA kid.bare.lab fails( in zone bare.lab)?: $no_proof"
row old.lab bogus 7 "DNSSEC of CAA old.lab fails: a signature has expired; sign the zone again"
row other.lab bogus 6 "DNSSEC of CAA other.lab fails: the answer does not match its signatures; sign the zone again, and compare its keys with the DS at the registrar"
row unsigned.lab bogus 10 "DNSSEC of CAA unsigned.lab fails: signatures are missing; sign the zone again, and compare its keys with the DS at the registrar"
row a.loop.lab cname-loop 24 "CNAME records of a.loop.lab lead in a circle or too far, stopped at a.loop.lab; correct the CNAME records"
check "what is answered well carries no EDE" [ -z "$(ede_of_dig loop.lab)" ]
check "BADVERS is no proof that there is no record" eval 'dig +tries=1 +time=30 caa never.lab @127.0.53.30 | grep -q "status: SERVFAIL"'
check "  but makes the server be asked without EDNS" eval 'dig +tries=1 +time=30 caa plain.lab @127.0.53.30 | grep -q "status: NOERROR"'
check "    which it answers" [ "$(lab_control caa caa_explain plain.lab 2>&1)" = "error caa_explain: no failure of that name is remembered" ]
check "a server that dislikes the cookie alone is no failure" eval 'dig +tries=1 +time=30 caa option.lab @127.0.53.30 | grep -q "status: NOERROR"'

# --- limits --------------------------------------------------------------------------------------------------------------

seq -f 'h%.0f.full.lab' 100 >"$LAB_WORK/names"
lab_climb 127.0.53.30 "$LAB_WORK/names"
limited=$(jq -r 'select(.class == "rate-limited") | .name' "$LAB_WORK/why.log" | tail -n 1)
check "a limiter makes names fail ($failed), as rate-limited" [ -n "$limited" ]
check "  with all but a few" at_most "$(jq -r 'select((.name | endswith(".full.lab")) and .class != "rate-limited") | .name' "$LAB_WORK/why.log" | wc -l)" $((failed / 10))
check "  and what is said: which server, how many, about which rate, what to do" eval '[[ $(field "$limited" .text) =~ ^127.0.53.1[45]\ \(ns[12].full.lab(,\ and\ 1\ more)?\)\ limits\ the\ rate:\ [0-9]+\ of\ [0-9]+\ UDP\ queries\ unanswered,\ about\ [0-9]+/s\ answered\;\ raise\ its\ rate\ limit\ for\ validation\ or\ enable\ DNS\ cookies$ ]]'
check "  and caa_explain has it in its first lines" eval 'lab_control caa caa_explain "$limited" | sed -n 2p | grep -q "why:  *127.0.53.1[45] (ns[12].full.lab.*) limits the rate: [0-9]* of [0-9]* UDP queries unanswered, about [0-9]*/s"'
echo "# $(field "$limited" .text)"
rate=$(field "$limited" '.servers[0].rate')
check "  the rate is one that the limit of 20/s allows ($rate)" eval 'at_most "$rate" 20 && at_least "$rate" 2'
seq -f 'h%.0f.qps.lab' 100 >"$LAB_WORK/names"
lab_climb 127.0.53.30 "$LAB_WORK/names"
limited=$(jq -r 'select(.class == "rate-limited" and (.name | endswith(".qps.lab"))) | .name' "$LAB_WORK/why.log" | tail -n 1)
echo "# $(field "$limited" .text)"
check "a limiter that answers REFUSED is one as well, and what it leaves no time for is its doing" eval '[[ $(field "$limited" .text) =~ ^127.0.53.16\ \(ns1.qps.lab\)\ limits\ the\ rate(:\ REFUSED\ to\ [0-9]+\ quer(y|ies)\ for\ this\ name,\ about\ [0-9]+/s\ answered|\ to\ about\ [0-9]+/s:\ no\ time\ was\ left\ to\ send\ this\ query)\; ]]'
rounds=0
refused_said() {
	rounds=$((rounds + 1))
	seq -f "r$rounds-%.0f.qps.lab" 100 >"$LAB_WORK/names"
	lab_climb 127.0.53.30 "$LAB_WORK/names"
	grep -q '"text":"127.0.53.16[^:]* limits the rate: REFUSED to ' "$LAB_WORK/why.log"
}
check "  and what it refuses" lab_until 60 refused_said
echo "# in $rounds rounds"
seq -f 'h%.0f.slow.lab' 10 >"$LAB_WORK/names"
lab_climb 127.0.53.30 "$LAB_WORK/names"
slow=$(jq -r 'select(.name | endswith("slow.lab")) | .name' "$LAB_WORK/why.log" | tail -n 1)
check "a rate set by hand that is too low is a matter of the budget" [ "$(field "$slow" '"\(.class) \(.ede) \(.text)"')" = \
	"budget 0 CAA $slow: this resolver's time for one question ended before it was done; try again later" ]

# --- facts ---------------------------------------------------------------------------------------------------------------

check "retried or not" [ "$(field broken.lab .retried) $(field gone.lab .retried)" = 'true false' ]
check "a zone with a trust anchor is not insecure" [ "$(field old.lab .insecure)" = no ]
check "a zone below none is not known to be" [ "$(field upward.lab .insecure)" = unknown ]
[ "$self_fails" -eq 0 ] || check "servers that answer for other zones" [ "$(field self.lab .others_answer)" = yes ]
# "no" takes an answer for the zone's own names, which this lookup need not have seen
others=$(field upward.lab .others_answer)
check "  and that do not, or are not known to ($others)" [ "$others" = no -o "$others" = unknown ]
check "the server's own EDE stands in the line" [ "$(field ede.lab '"\(.server_ede.code) \(.server_ede.from) \(.server_ede.text)"')" = '14 127.0.60.9 zone is being loaded' ]
dig +tries=1 +time=5 caa weak.sec.lab @127.0.53.30 >/dev/null
check "the first failure below a trust anchor does not know" [ "$(field weak.sec.lab .insecure)" = unknown ]
ds_known() { dig +tries=1 +time=5 caa weak.sec.lab @127.0.53.30 >/dev/null; lab_control caa flush_type weak.sec.lab CAA >/dev/null; [ "$(field weak.sec.lab .insecure)" = yes ]; }
check "  a later one does: the parent has proven that there is no DS" lab_until 10 ds_known

# --- hostile octets --------------------------------------------------------------------------------------------------------

hostile=$(ede_of_dig hostile.lab)
check "a hostile EDE text reaches the client as printable text" eval '[[ $hostile == "23 127.0.60.10 answered SERVFAIL"*"(its EDE 0: \\"* ]]'
evil='\"}\027[2J\010.evil\255\254.hostile.lab'
dig +tries=1 +time=30 caa "$evil" @127.0.53.30 >/dev/null
long=$(printf '%s.%s.%s.%s' "$(printf '\\255%.0s' $(seq 63))" "$(printf '\\001%.0s' $(seq 63))" "$(printf '\\034%.0s' $(seq 63))" "$(printf 'x%.0s' $(seq 48))")
dig +tries=1 +time=30 caa "$long.hostile.lab" @127.0.53.30 >/dev/null
dig +tries=1 +time=30 caa evilns.lab @127.0.53.30 >/dev/null
for words in "caa_explain $evil" "caa_explain $evil json" "caa_explain $long.hostile.lab" "caa_failures 1000" "caa_explain evilns.lab"; do
	# shellcheck disable=SC2086
	check "  unbound-control ${words:0:30} prints no octet that is not printable" eval '[ -n "$(lab_control caa $words)" ] && ! lab_control caa $words | LC_ALL=C grep -q "[^ -~]"'
done
check "every line of the log is JSON" eval 'jq -e . "$LAB_WORK/why.log" >/dev/null'
check "  valid UTF-8" iconv -f UTF-8 -t UTF-8 "$LAB_WORK/why.log" -o /dev/null
check "  of at most 2 KB" eval '! LC_ALL=C awk "length > 2048 { bad = 1 } END { exit !bad }" "$LAB_WORK/why.log"'
check "  without control characters" eval '! LC_ALL=C grep -q "[[:cntrl:]]" "$LAB_WORK/why.log"'
check "  and tells no address of the resolver" eval '! grep -q "127\.0\.5[34]\.30" "$LAB_WORK/why.log"'

# --- counters and commands ---------------------------------------------------------------------------------------------------

sum=$(lab_control caa stats_noreset | awk -F= '/^caa\.failures\.(rate-limited|bogus|cname-loop|caps|no-soa|formerr-edns|notimp|lame|refused|servfail|unreachable|timeout|budget|internal)=/ { sum += $2 } END { print sum }')
check "failures by class add up ($sum)" [ "$sum" -eq "$(lab_stat caa caa.failures)" ]
check "every class but internal has happened" [ "$(lab_control caa stats_noreset | grep -c '^caa\.failures\.[a-z-]*[a-z]=0$')" -le 1 ]
check "answers from the failure cache are counted apart" [ "$(lab_stat caa caa.failures.cached)" -gt 5 ]
check "each failure has its line" [ "$(lab_stat caa caa.log.lines)" -eq "$(wc -l <"$LAB_WORK/why.log")" ]
for words in "caa_failures json" "caa_explain old.lab json" "caa_upstreams json" "caa_help json" "caa_trace json"; do
	# shellcheck disable=SC2086
	check "unbound-control $words is JSON" eval 'lab_control caa $words | jq -e . >/dev/null'
done
check "unbound-control -- caa_explain NAME --json is the line" [ "$(lab_control caa -- caa_explain old.lab --json | jq -r .class)" = bogus ]
check "a name that has not failed is an error" eval 'lab_control caa caa_explain option.lab 2>&1 | grep -q "^error caa_explain: no failure"'

# --- all that was said -----------------------------------------------------------------------------------------------------

lab_log_in_manual "$LAB_WORK/why.log"
