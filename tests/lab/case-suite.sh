# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The kinds of names that public tests of CAA have (caatestsuite.com), rebuilt as zones: what an authority concludes after a climb,
# as one that is called ca.lab, is right for each, with plain Unbound, with the module, and out of its hold.

lab_need_plain
[ -x "$LAB_BUILD/faulty" ] || lab_skip "no faulty; run make faulty"
AUTHORITY=127.0.53.10 REFUSES=127.0.53.12 SILENT=127.0.53.13 SERVFAILS=127.0.53.14 SIX=fd00:53::6
basic=suite.lab signed=suite-dnssec.lab

# --- the zones --------------------------------------------------------------------------------------------------------------

suite_zone() { printf '%s 60 SOA ns.%s hostmaster.%s 1 3600 600 864000 60\n%s 60 NS ns1.%s\nns1.%s 60 A %s\n' "$1." "$1." "$1." "$1." "$1." "$1." "$2"; }
deny="CAA 0 issue \"$basic\""
{
	suite_zone $basic $AUTHORITY
	cat <<-END
		empty.$basic. 60 CAA 0 issue ";"
		deny.$basic. 60 $deny
		uppercase-deny.$basic. 60 CAA 0 ISSUE "$basic"
		mixedcase-deny.$basic. 60 CAA 0 IsSuE "$basic"
		critical1.$basic. 60 CAA 128 dummyproperty "test"
		critical2.$basic. 60 CAA 130 dummyproperty "test"
		sub2.sub1.deny.$basic. 60 A 192.0.2.1
		deny-wild.$basic. 60 CAA 0 issue "ca.lab"
		deny-wild.$basic. 60 CAA 0 issuewild "$basic"
		cname-deny.$basic. 60 CNAME deny.$basic.
		cname-cname-deny.$basic. 60 CNAME cname-deny.$basic.
		sub1.cname-cname.$basic. 60 CNAME none.$basic.
		cname-cname.$basic. 60 $deny
		none.$basic. 60 A 192.0.2.1
		dname-deny.$basic. 60 DNAME target.$basic.
		dname-deny.$basic. 60 $deny
		alias-deny.$basic. 60 DNAME target.$basic.
		x.target.$basic. 60 $deny
		permit.$basic. 60 CAA 0 issue "ca.lab"
		deny.permit.$basic. 60 $deny
		xss.$basic. 60 CAA 0 issue "$basic <script>alert('xss')</script>"
		ipv6only.$basic. 60 NS ns1.ipv6only.$basic.
		ns1.ipv6only.$basic. 60 AAAA $SIX
	END
	seq -f "big.$basic. 60 CAA 0 issue \"%04.0f.$basic\"" 1001
} >"$LAB_WORK/$basic.zone"
{
	suite_zone ipv6only.$basic 192.0.2.1 | grep -v ' A '
	printf 'ns1.ipv6only.%s. 60 AAAA %s\nipv6only.%s. 60 %s\n' $basic $SIX $basic "$deny"
} >"$LAB_WORK/ipv6only.$basic.zone"
# each of these would permit, if it could be believed
for zone in expired missing blackhole servfail refused good; do
	{
		suite_zone $zone.$signed "$(case $zone in blackhole) echo $SILENT ;; servfail) echo $SERVFAILS ;; refused) echo $REFUSES ;; *) echo $AUTHORITY ;; esac)"
		printf '%s.%s. 60 CAA 0 issue "ca.lab"\n' $zone $signed
	} >"$LAB_WORK/$zone.$signed.zone"
done
{
	suite_zone $signed $AUTHORITY
	for zone in expired missing blackhole servfail refused good; do
		grep -h ' NS \| A ' "$LAB_WORK/$zone.$signed.zone"
	done
} >"$LAB_WORK/$signed.zone"
suite_sign() {
	local zone=$1
	shift
	(cd "$LAB_WORK" && dnssec-keygen -q -a ECDSAP256SHA256 -f KSK "$zone" && dnssec-signzone -q -S -P -z -g -N keep -o "$zone" -f "$zone.signed" "$@" "$zone.zone") \
		>"$LAB_WORK/sign.out" 2>&1 || lab_die "$zone is not signed: $(cat "$LAB_WORK/sign.out")"
	mv "$LAB_WORK/$zone.signed" "$LAB_WORK/$zone.zone"
}
for zone in missing blackhole servfail refused good; do suite_sign $zone.$signed; done
suite_sign expired.$signed -s "$(date -u -d '-10 days' +%Y%m%d%H%M%S)" -e "$(date -u -d '-1 day' +%Y%m%d%H%M%S)"
# the records stay, their signatures go
sed -i '/RRSIG[ \t]*CAA/,/)/d' "$LAB_WORK/missing.$signed.zone"
suite_sign $signed
anchor=$(sed -n "s/^$signed\. .*DNSKEY \(257.*\)/\1/p" "$LAB_WORK"/K$signed.+*.key)

# --- their servers ------------------------------------------------------------------------------------------------------------

lab_root_and_tld
lab_delegate $basic $AUTHORITY
lab_delegate $signed $AUTHORITY
lab_start_parents
for zone in expired missing good; do zones+="zone \"$zone.$signed\" { type primary; file \"$zone.$signed.zone\"; }; "; done
limit=$(named-checkconf <(echo 'options { max-records-per-type 0; };') 2>/dev/null && echo 'max-records-per-type 0;')
LAB_MORE_ZONES="zone \"$signed\" { type primary; file \"$signed.zone\"; }; $zones" lab_start_bind $basic $AUTHORITY 127.0.53.11 "$limit"
rm "$LAB_WORK/servfail.$signed.zone"
lab_address $SERVFAILS
{ lab_soa other.test; printf 'other.test. 3600 NS ns.other.test.\nns.other.test. 3600 A %s\n' $SERVFAILS; } >"$LAB_WORK/other.test.zone"
lab_nsd servfails $SERVFAILS ' rrl-ratelimit: 0' other.test servfail.$signed
for address in $REFUSES $SILENT; do lab_address $address; done
lab_spawn faulty "$LAB_BUILD/faulty" $REFUSES=refused:$AUTHORITY $SILENT=silent:$AUTHORITY
six=
if ip -6 address add $SIX/128 dev lo nodad 2>/dev/null && ip -6 address add fd00:54::20/128 dev lo nodad && ip -6 address add fd00:54::30/128 dev lo nodad; then
	lab_nsd six $SIX ' rrl-ratelimit: 0' ipv6only.$basic
	six=yes
fi

# --- what is right -------------------------------------------------------------------------------------------------------------

cat >"$LAB_WORK/expected" <<-END
	empty.$basic deny empty
	deny.$basic deny deny
	uppercase-deny.$basic deny uppercase-deny
	mixedcase-deny.$basic deny mixedcase-deny
	big.$basic deny big
	critical1.$basic deny critical1
	critical2.$basic deny critical2
	sub1.deny.$basic deny deny
	sub2.sub1.deny.$basic deny deny
	*.deny.$basic deny deny
	*.deny-wild.$basic deny deny-wild
	deny-wild.$basic permit deny-wild
	cname-deny.$basic deny deny
	cname-cname-deny.$basic deny deny
	sub1.cname-deny.$basic deny deny
	sub1.cname-cname.$basic deny cname-cname
	dname-deny.$basic deny dname-deny
	x.alias-deny.$basic deny x.target
	deny.permit.$basic deny deny.permit
	sub1.deny.permit.$basic deny deny.permit
	permit.$basic permit permit
	sub1.permit.$basic permit permit
	xss.$basic deny xss
	none.$basic permit -
	missing-name.$basic permit -
	good.$signed permit good
	expired.$signed fail -
	missing.$signed fail -
	blackhole.$signed fail -
	servfail.$signed fail -
	refused.$signed fail -
END
[ -z "$six" ] || echo "ipv6only.$basic deny ipv6only" >>"$LAB_WORK/expected"
sort -o "$LAB_WORK/expected" "$LAB_WORK/expected"
cut -d' ' -f1 "$LAB_WORK/expected" >"$LAB_WORK/suite"

# suite_concluded: of each name of the last report what an authority that is called ca.lab concludes (RFC 8659, section 4), and the
# first labels of the owner of the records
suite_concluded() {
	jq -r --arg basic ".$basic." --arg signed ".$signed." '
		def issuers($tag): [.[] | capture("^(?<flags>[0-9]+) (?<tag>[^ ]+) \"(?<value>.*)\"$") | select((.tag | ascii_downcase) == $tag) | .value];
		def critical: [.[] | capture("^(?<flags>[0-9]+) (?<tag>[^ ]+)") | select((.flags | tonumber) >= 128 and
			((.tag | ascii_downcase) as $t | ["issue", "issuewild", "iodef"] | index($t) | not))] | length > 0;
		.names[] | .wildcard as $wildcard | (.records // []) as $r |
		(($r | issuers("issuewild")) as $wild | if $wildcard and ($wild | length) > 0 then $wild else $r | issuers("issue") end) as $issuers |
		[.name, if .passed | not then "fail" elif $r | critical then "deny"
			elif ($issuers | length) > 0 and ($issuers | index("ca.lab") | not) then "deny" else "permit" end,
		if .passed and .owner != null then .owner | rtrimstr($basic) | rtrimstr($signed) else "-" end] | join(" ")' "$LAB_WORK/climb.json" | sort
}
# suite_right TEXT OPTION...: check all names
suite_right() {
	local text=$1
	shift
	lab_climb 127.0.53.30 "$LAB_WORK/suite" --timeout 60 "$@"
	check "$text: what an authority concludes is right for each of $(wc -l <"$LAB_WORK/suite") names" \
		diff <(suite_concluded) "$LAB_WORK/expected"
}

trust="server:
 trust-anchor: \"$signed. DNSKEY $anchor\"
 trust-anchor-signaling: no
$([ -z "$six" ] || printf ' do-ip6: yes\n outgoing-interface: fd00:54::30\n')"
lab_resolver plain "$UNBOUND_PLAIN" 127.0.53.30 "$trust"
suite_right "plain Unbound"
lab_stop plain
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; printf 'caa:\n caa-climb-option: 65001\n'; lab_zone_conf . '' 5; echo ' caa-hold: 3600')
$trust"
suite_right "the module"
suite_right "  one label after the other" --order climb
suite_right "  over TCP" --tcp
suite_right "  the whole climb in one question" --one 65001
