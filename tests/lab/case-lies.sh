# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# True answers of a real server, changed field by field on their way (mangle.h), LIES times in other ways, from LIES_FIRST on: for a
# signed zone and one that is not, for plain Unbound and with the module.  No crash, no report of a sanitizer; every question
# ends; and no answer that plain Unbound would not give of the same lies, but SERVFAIL instead of an answer, or the true one.  Of
# the signed zone, nothing that is not true, and of the other nothing is secure.

lab_need_plain
LIES=${LIES:-2} LIES_FIRST=${LIES_FIRST:-3} PERCENT=40 NAMES=12
records() {
	local zone=$1
	printf '%s\n' "$zone. 3600 CAA 0 issue \"ca.lab\"" "alias.$zone. 3600 CNAME caa.$zone." "caa.$zone. 3600 CAA 0 issue \"ca.lab\"" \
		"x.sub.$zone. 3600 CAA 0 iodef \"mailto:a@$zone\"" "down.$zone. 3600 DNAME other.$zone." "caa.other.$zone. 3600 CAA 128 issuewild \";\"" \
		"*.wild.$zone. 3600 CAA 0 issue \"wild.lab\""
	seq -f "c%.0f.$zone. 3600 CAA 0 issue \"ca.lab\"" $NAMES
}
names() {
	local zone=$1
	printf "%s.$zone\n" alias caa x.sub sub caa.down down a.wild b.wild no.such such
	seq -f "c%.0f.$zone" $NAMES
	seq -f "h%.0f.$zone" $NAMES
	seq -f "a.b.d%.0f.$zone" $NAMES
	seq -f "no%.0f.$zone" $NAMES
}
lab_root_and_tld
lab_delegate shop.lab 127.0.53.12
lab_delegate open.lab 127.0.53.16
lab_start_parents
LAB_RECORDS=$(records shop.lab)$'\n' lab_zone_file shop.lab 127.0.53.12
LAB_RECORDS=$(records open.lab)$'\n' lab_zone_file open.lab 127.0.53.16
LAB_ZONE_OPTIONS='dnssec-policy default; inline-signing yes;' lab_start_bind shop.lab 127.0.53.10 127.0.53.11 'key-directory ".";'
lab_start_bind open.lab 127.0.53.14 127.0.53.15
signed() { dig +tries=1 +time=1 +short dnskey shop.lab @127.0.53.10 | grep -q '^257' && dig +tries=1 +time=1 +dnssec +short soa shop.lab @127.0.53.10 | grep -q '^SOA'; }
lab_until 30 signed || lab_die "BIND does not sign the zone"
anchor=$(dig +tries=1 +time=5 +short dnskey shop.lab @127.0.53.10 | grep '^257' | head -n 1)
trust="server:
 trust-anchor: \"shop.lab. DNSKEY $anchor\"
 trust-anchor-signaling: no
 aggressive-nsec: no"
{ names shop.lab; names open.lab; } >"$LAB_WORK/names"
total=$(wc -l <"$LAB_WORK/names")

relays() {
	lab_relay relay-shop 127.0.53.12 127.0.53.10 "$@"
	lab_relay relay-open 127.0.53.16 127.0.53.14 "$@"
}
# resolve NAME TREE ADDRESS CONFIGURATION: a fresh resolver asks all names; leaves NAME.answers, without the authority section
resolve() {
	local name=$1
	lab_resolver "$@"
	"$LAB_BUILD/lab_answers" "$3" 200 <"$LAB_WORK/names" 2>"$LAB_WORK/$name.err" | sed 's/ |.*//' >"$LAB_WORK/$name.answers"
}
# both: the two resolvers, one after the other
both() {
	resolve plain "$UNBOUND_PLAIN" 127.0.53.20 "$trust"
	lab_stop plain
	resolve caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf . '' 10; [ -z "${1:-}" ] || printf ' caa-hold: %s\n' "$1")
$trust"
}
# others EXPECTED GIVEN: whether a line of GIVEN is neither that of EXPECTED nor a failure, nor what is true; where EXPECTED failed anything
# goes.  What is true need not be found to be secure.
others() { paste -d '\n' "$1" "$2" "$3" | sed 's/^\([^ ]* [A-Z]*\) AD/\1 -/' | awk 'NR % 3 == 1 { want = $0; failed = $2 ~ /SERVFAIL|TIMEOUT/; next } NR % 3 == 2 { given = $0; next }
	given !~ /^[^ ]* SERVFAIL/ && !failed && given != want && given != $0 { print "# " want "\n# " given; n++ } END { exit n > 0 }'; }
shop() { grep '^[^ ]*shop\.lab ' "$LAB_WORK/$1.answers"; }
# doubtful: names for which plain failed, as it takes a server for dead or lame after enough lies, and the module gave what is not
# true; into the file doubtful
doubtful() { paste -d '\n' "$LAB_WORK/plain.answers" "$LAB_WORK/true.answers" "$LAB_WORK/caa.answers" | awk 'NR % 3 == 1 { failed = $2 ~ /SERVFAIL|TIMEOUT/ } NR % 3 == 2 { want = $0 }
	NR % 3 == 0 && failed && $2 != "SERVFAIL" && $0 != want' >"$LAB_WORK/doubtful"; }
# asked_alone: a fresh plain Unbound gives the same for each of them
asked_alone() {
	local line bad=0
	while read -r line; do
		lab_resolver plain "$UNBOUND_PLAIN" 127.0.53.20 "$trust"
		[ "$("$LAB_BUILD/lab_answers" 127.0.53.20 1 <<<"${line%% *}" 2>/dev/null | sed 's/ |.*//')" = "$line" ] || { echo "# $line"; bad=1; }
		lab_stop plain
	done <"$LAB_WORK/doubtful"
	return $bad
}

relays
both
cp "$LAB_WORK/plain.answers" "$LAB_WORK/true.answers"
check "without lies both give all $total answers, and the same" eval '[ "$(wc -l <"$LAB_WORK/true.answers")" -eq $total ] && ! grep -q "SERVFAIL\|TIMEOUT" "$LAB_WORK/true.answers" && cmp "$LAB_WORK/true.answers" "$LAB_WORK/caa.answers"'
lab_stop caa
lab_stop relay-shop
lab_stop relay-open
believed=0 mangled=0 plain_failed=0 module_failed=0
for seed in $(seq "$LIES_FIRST" $((LIES_FIRST + LIES - 1))); do
	relays --mangle "$seed:$PERCENT"
	both $((seed % 2 * 3600))
	mangled=$((mangled + $(lab_relay_count relay-shop mangled) + $(lab_relay_count relay-open mangled)))
	believed=$((believed + $(diff "$LAB_WORK/true.answers" "$LAB_WORK/plain.answers" | grep '^>' | grep -cv 'SERVFAIL\|TIMEOUT')))
	plain=$(grep -c 'SERVFAIL\|TIMEOUT' "$LAB_WORK/plain.answers") module=$(grep -c 'SERVFAIL\|TIMEOUT' "$LAB_WORK/caa.answers")
	plain_failed=$((plain_failed + plain)) module_failed=$((module_failed + module))
	echo "# lies $seed: failed of $total: plain $plain, module $module; $believed believed by plain and $mangled told so far"
	check "lies $seed: the module's answers are plain's, or SERVFAIL" others "$LAB_WORK/plain.answers" "$LAB_WORK/caa.answers" "$LAB_WORK/true.answers"
	check "  the resolver lives" lab_control_quiet caa status
	doubtful
	check "  those that plain failed to give it gives when it is asked alone ($(wc -l <"$LAB_WORK/doubtful") that are not true)" asked_alone
	check "  each question has ended" eval '[ "$(grep -vc " TIMEOUT" "$LAB_WORK/caa.answers")" -eq $total ]'
	check "  of the signed zone all is true" others <(shop true) <(shop caa) <(shop true)
	lab_stop caa
	check "  of the unsigned zone nothing is secure" [ "$(grep -c '^[^ ]*open\.lab [A-Z]* AD' "$LAB_WORK/caa.answers")" -eq 0 ]
	check "  no report of a sanitizer" [ "$(lab_reports)" -eq 0 ]
	lab_stop relay-shop
	lab_stop relay-open
done
check "there were lies ($mangled), and some of them plain Unbound believed ($believed), so this case can tell" [ $mangled -gt $((10 * LIES)) -a $believed -gt 0 ]
check "the module fails no more often than plain Unbound ($module_failed, plain $plain_failed)" [ $module_failed -le $((plain_failed + plain_failed / 10 + 3 * LIES)) ]
