# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# 200 names that fail in ten ways, asked for by eight clients at once over four threads: questions are joined, failures are told
# again from the cache, and still every client hears the reason of a lookup that failed, with its id, and as caa_explain says it;
# and each lookup that failed is counted once.

LIAR=${LAB_LIAR:-$LAB_BUILD/liar}
[ -x "$LIAR" ] || lab_skip "no $LIAR; run make liar"
CLIENTS=8
PER_KIND=20
lab_root_and_tld

# --- the servers ----------------------------------------------------------------------------------------------------------

lab_lie nosoa.lab no-soa
lab_lie lame.lab upward
lab_lie notimp.lab notimp
lab_lie formerr.lab formerr
lab_lie ede.lab ede
lab_lie picky.lab refuse-caa
lab_lie dead.lab dead
lab_lie closed.lab tc-closed
lab_spawn liar "$LIAR" "${LAB_LIARS[@]}"
(
	cd "$LAB_WORK" || exit
	for zone in bogus.lab loop.lab; do
		{ lab_soa $zone; printf '%s. 3600 NS ns1.%s.\nns1.%s. 3600 A 127.0.53.12\n' $zone $zone $zone; } >$zone.zone
	done
	for i in $(seq $PER_KIND); do echo "n$i.loop.lab. 3600 CNAME m$i.loop.lab."; echo "m$i.loop.lab. 3600 CNAME n$i.loop.lab."; done >>loop.lab.zone
	dnssec-keygen -q -a ECDSAP256SHA256 -f KSK bogus.lab >bogus.key
)
for zone in bogus.lab loop.lab; do lab_delegate $zone 127.0.53.12; done
lab_address 127.0.53.12
lab_nsd zones 127.0.53.12 ' rrl-ratelimit: 0' bogus.lab loop.lab
lab_start_parents
key=$(sed -n 's/^bogus\.lab\. .*DNSKEY \(257.*\)/\1/p' "$LAB_WORK/$(cat "$LAB_WORK/bogus.key").key")
kinds=(nosoa lame notimp formerr ede picky dead closed bogus loop)
for kind in "${kinds[@]}"; do seq -f "n%.0f.$kind.lab" $PER_KIND; done >"$LAB_WORK/names"
shuf --random-source=<(yes) "$LAB_WORK/names" -o "$LAB_WORK/names"

LAB_THREADS=4 lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf . '' 3)
 caa-log-after: 1
caa:
 caa-log-rate: 100000
 caa-log-file: \"$LAB_WORK/mixed.log\"
server:
 trust-anchor-signaling: no
 trust-anchor: \"bogus.lab. DNSKEY $key\"
 trust-anchor: \"nosoa.lab. DNSKEY $key\""

# --- all at once ------------------------------------------------------------------------------------------------------------

pids=()
for client in $(seq $CLIENTS); do
	"$CAA_CLIMB" --server 127.0.53.30 --file "$LAB_WORK/names" --json --timeout 30 </dev/null >"$LAB_WORK/climb.$client" 2>&1 &
	pids+=($!)
done
wait "${pids[@]}"

# what each client heard of each label that failed: NAME CODE TEXT; and the same of the lines of the log
jq -r '.names[].labels[] | select(.ede != null and (.ede | length) > 0) | "\(.name | rtrimstr(".")) \([.ede[] | "\(.code) \(.text)"] | join(" + "))"' \
	"$LAB_WORK"/climb.* | sort -u >"$LAB_WORK/heard"
jq -r '"\(.name) \(.ede) \(.text) (id \(.id))"' "$LAB_WORK/mixed.log" | sort -u >"$LAB_WORK/logged"
failed_labels() { jq -r '.names[].labels[] | select(.outcome == "failed") | .name' "$LAB_WORK"/climb.*; }
reasonless() { jq -r '.names[].labels[] | select(.outcome == "failed" and ((.ede // []) | length) != 1) | .name' "$LAB_WORK"/climb.*; }
of_names=$(failed_labels | grep -c "^n[0-9]")
check "every client hears that each name fails ($of_names)" [ "$of_names" -eq $((CLIENTS * PER_KIND * ${#kinds[@]})) ]
check "  with one reason each" [ -z "$(reasonless)" ]
check "every reason that is heard is that of a lookup that failed, with its id" [ -z "$(comm -23 "$LAB_WORK/heard" "$LAB_WORK/logged")" ]
comm -23 "$LAB_WORK/heard" "$LAB_WORK/logged" | head -n 5 | sed 's/^/# heard only: /'
while read -r name; do
	lab_control caa caa_explain "$name" json | jq -r '"\(.name) \(.ede) \(.text) (id \(.id))"'
done < <(failed_labels | sort -u) | sort -u >"$LAB_WORK/explained"
once=$(cut -d' ' -f1 "$LAB_WORK/logged" | sort | uniq -u | wc -l) names=$(wc -l <"$LAB_WORK/explained")
echo "# $names names failed, $once of them in one lookup; $(wc -l <"$LAB_WORK/mixed.log") lookups failed, $(lab_stat caa caa.joined) joined another," \
	"$(lab_stat caa caa.failures.cached) answers from the cache of failures"
check "caa_explain has the last of them for each name" [ -z "$(comm -23 "$LAB_WORK/explained" "$LAB_WORK/logged")" ]
check "  which all clients heard, but where several lookups of the name failed" \
	[ "$(comm -12 "$LAB_WORK/explained" "$LAB_WORK/heard" | wc -l)" -ge "$once" ]
check "questions were joined" [ "$(lab_stat caa caa.joined)" -gt 0 ]
check "nine classes at least have happened" [ "$(jq -r .class "$LAB_WORK/mixed.log" | sort -u | wc -l)" -ge 9 ]

# --- and are counted ----------------------------------------------------------------------------------------------------------

lookups=$(wc -l <"$LAB_WORK/mixed.log")
check "each lookup that failed has an id of its own" [ "$(jq -r .id "$LAB_WORK/mixed.log" | sort -u | wc -l)" -eq "$lookups" ]
check "  and is counted once" [ "$(lab_stat caa caa.failures)" -eq "$lookups" ]
for class in $(jq -r .class "$LAB_WORK/mixed.log" | sort -u); do
	check "  as $class" [ "$(lab_stat caa "caa.failures.$class")" -eq "$(jq -r .class "$LAB_WORK/mixed.log" | grep -cx "$class")" ]
done

# --- all that was said -----------------------------------------------------------------------------------------------------

lab_log_in_manual "$LAB_WORK/mixed.log"
