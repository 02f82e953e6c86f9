# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A signer in front of a zone signs a name in the letters of the question, where RFC 4034, section 6.2, has them in lower case.  A
# resolver that asks in random letters (use-caps-for-id) finds every answer bogus; asked in lower case, they validate.

lab_need_plain
FAULTY=$LAB_BUILD/faulty
[ -x "$FAULTY" ] || lab_skip "no $FAULTY; run make faulty"
lab_root_and_tld

# all.lab: everything is signed so; some.lab: CAA answers only, so that the keys are found; bad.lab: signed by a key that is not its own
(
	cd "$LAB_WORK" || exit
	dnssec-keygen -q -a ECDSAP256SHA256 -f KSK all.lab >key
	cp "$(cat key).private" signer.private
	at=12
	for zone in all.lab some.lab bad.lab; do
		name=$(sed "s/all\.lab/$zone/" key)	# the same key, as this zone's
		sed "s/all\.lab/$zone/g" "$(cat key).key" >"$zone.dnskey"
		{ lab_soa $zone; printf '%s. 3600 NS ns1.%s.\nns1.%s. 3600 A 127.0.53.%d\n%s. 3600 CAA 0 issue "ca.lab"\n' $zone $zone $zone $at $zone
			seq -f "name-with-letters-%.0f.$zone. 3600 A 192.0.2.1" 9; cat $zone.dnskey; } >$zone.zone
		[ $zone = all.lab ] || { cp $zone.dnskey "$name.key"; cp signer.private "$name.private"; }
		dnssec-signzone -q -z -o $zone -f $zone.signed $zone.zone "$name" && mv $zone.signed $zone.zone
		at=$((at + 1))
	done
) >"$LAB_WORK/sign.out" 2>&1
lab_address 127.0.53.16
for n in 12 13 14; do lab_address 127.0.53.$n; done
lab_delegate all.lab 127.0.53.12
lab_delegate some.lab 127.0.53.13
lab_delegate bad.lab 127.0.53.14
lab_nsd zones 127.0.53.16 ' rrl-ratelimit: 0' all.lab some.lab bad.lab
FAULTY_KEY=$LAB_WORK/signer.private lab_spawn faulty "$FAULTY" 127.0.53.12=case-signed:127.0.53.16 127.0.53.13=caa-case-signed:127.0.53.16 \
	127.0.53.14=none:127.0.53.16
lab_until 20 grep -q '^ready' "$LAB_WORK/faulty.out" || lab_die "faulty does not listen"
lab_start_parents

anchor=$(sed -n 's/^all\.lab\. .*DNSKEY \(257.*\)/\1/p' "$LAB_WORK/$(cat "$LAB_WORK/key").key")
other=$(cd "$LAB_WORK" && sed -n 's/^.*DNSKEY \(257.*\)/\1/p' "$(dnssec-keygen -q -a ECDSAP256SHA256 -f KSK bad.lab).key")
trust="server:
 trust-anchor-signaling: no
 use-caps-for-id: yes
 trust-anchor: \"all.lab. DNSKEY $anchor\"
 trust-anchor: \"some.lab. DNSKEY $anchor\"
 trust-anchor: \"bad.lab. DNSKEY $other\""
lab_resolver plain "$UNBOUND_PLAIN" 127.0.53.31 "$trust"
lab_resolver lower "$UNBOUND_PLAIN" 127.0.53.32 "${trust/use-caps-for-id: yes/use-caps-for-id: no}"
start_caa() { lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .)
$1"; }
start_caa "$trust"

# ask ADDRESS NAME: sets status, secure (the AD bit: yes or no), ede, and sent, the queries that reached the zones' servers.
ask() {
	local before
	before=$(lab_nsd_count zones)
	dig +tries=1 +time=20 +dnssec caa "$2" "@$1" >"$LAB_WORK/dig"
	sent=$(($(lab_nsd_count zones) - before))
	status=$(sed -n 's/.*status: \([A-Z]*\),.*/\1/p' "$LAB_WORK/dig")
	grep -q '^;; flags:.* ad[ ;]' "$LAB_WORK/dig" && secure=yes || secure=no
	ede=$(sed -n 's/^; EDE: \([0-9]*\)[^:]*: (\(.*\))$/\1 \2/p' "$LAB_WORK/dig")
}
passes() { [ "$status" = "$1" ] && [ "$secure" = yes ]; }

for zone in all.lab some.lab; do
	ask 127.0.53.31 name-with-letters-1.$zone
	plain=$sent
	check "$zone: plain Unbound finds NODATA bogus ($status)" [ "$status" = SERVFAIL ]
	ask 127.0.53.32 name-with-letters-1.$zone
	check "  but not where it asks in lower case" passes NOERROR
	ask 127.0.53.30 name-with-letters-1.$zone
	check "  the module asks in lower case, and it is secure ($status, plain sent $plain, module $sent)" passes NOERROR
	check "  no more is sent than by plain Unbound" [ "$sent" -le "$plain" ]
	ask 127.0.53.30 name-with-letters-2.$zone
	check "  so is the next, whose keys are known, with one question more ($sent sent)" eval 'passes NOERROR && [ "$sent" -le 2 ]'
	ask 127.0.53.30 $zone
	check "  so are records" passes NOERROR
	ask 127.0.53.30 no-such-name-at-all.$zone
	check "  so is NXDOMAIN" passes NXDOMAIN
done
check "it is counted" [ "$(lab_stat caa caa.lower_case)" -ge 8 ]

# a client's own letters are no better, and go as they came where use-caps-for-id is not set
ask 127.0.53.32 NAME-with-letters-3.all.lab
check "the letters of a client are as bad in plain Unbound" [ "$status" = SERVFAIL ]
lab_stop caa
start_caa "${trust/use-caps-for-id: yes/use-caps-for-id: no}"
ask 127.0.53.30 NAME-with-letters-3.all.lab
check "  not so with the module" eval 'passes NOERROR && [ "$(lab_stat caa caa.lower_case)" -ge 1 ]'
lab_stop caa
start_caa "$trust"

# what is bogus in lower case as well stays so, for the same reason, and costs no question more than without
ask 127.0.53.31 name-with-letters-1.bad.lab
plain=$sent
ask 127.0.53.30 name-with-letters-1.bad.lab
check "bad.lab stays bogus" [ "$status" = SERVFAIL ]
check "  no more is sent than by plain Unbound ($sent, $plain)" [ "$sent" -le "$plain" ]
check "  and the reason is what it was" eval '[[ $ede =~ ^6\ "DNSSEC of CAA name-with-letters-1.bad.lab fails in zone bad.lab: the answer does not match its signatures; sign" ]]'
[ "$LAB_FAILED" -eq 0 ] || echo "# got: $ede"
