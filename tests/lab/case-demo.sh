# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# make demo: the CAA check of a certificate with 100 names, against a BIND that allows 20 queries/s: plain Unbound, then
# Unbound with the module.

LIMIT='rate-limit { all-per-second 20; window 5; slip 0; };'
LIMIT_QPS=20 RATE=9
lab_need_plain
lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11 "$LIMIT"
lab_start_parents

cat <<END
A certificate authority checks CAA for 100 names of one zone, every label up to the TLD, all at once (RFC 8659).
The zone's two nameserver addresses are one BIND with rate-limit { all-per-second $LIMIT_QPS; window 5; slip 0; }.
Both resolvers are Unbound $("$UNBOUND_CAA/unbound" -V | sed -n 's/^Version //p'), tuned for long waits, over UDP, from a cold start. The second has unbound-caa with
caa-rate: $RATE to each address.

END
row='%-25s  %-9s  %6s  %6s  %8s  %8s  %6s  %8s   %s\n'
# shellcheck disable=SC2059
printf "$row" names resolver passed failed seconds queries names '(least s)' 'reasons'

# measure TEXT flat|deep UNIQUE RESOLVER TREE ADDRESS [CONFIGURATION]
measure() {
	local text=$1 kind=$2 unique_names=$3 file
	file=$(lab_names "$kind")
	lab_start_bind shop.lab 127.0.53.10 127.0.53.11 "$LIMIT"
	shift 3
	[ ! -t 2 ] || printf '%s, %s ...\r' "$text" "$1" >&2
	lab_resolver "$@"
	lab_climb "$3" "$file"
	lab_counts bind-shop.lab
	# the limiter answers 20 to 40 at once, as the second ends soon or late, then 20/s
	# shellcheck disable=SC2059
	printf "$row" "$text" "$1" "$passed" "$failed" "$seconds" "$queries" "$unique_names" \
		"$(awk "BEGIN { printf \"%.1f\", ($unique_names - 2 * $LIMIT_QPS) / $LIMIT_QPS }")" "${reasons:--}"
	lab_stop "$1"
}

module=$(lab_module_conf; lab_zone_conf .; lab_zone_conf shop.lab $RATE)
for kind in flat deep; do
	if [ $kind = flat ]; then text='hN.shop.lab' count=101; else text='a.b.dN.shop.lab' count=301; fi
	measure "$text" $kind $count plain "$UNBOUND_PLAIN" 127.0.53.20
	plain_failed=$failed
	measure "$text" $kind $count caa "$UNBOUND_CAA" 127.0.53.30 "$module"
	echo "$plain_failed $failed" >>"$LAB_WORK/result"
done
echo
echo 'queries: what reached the authority; names: how many different names the climb asks there; least s: the shortest'
echo 'time in which the limit lets that many queries pass.'
echo
read -r plain_failed failed < <(awk '{ p += $1; c += $2 } END { print p, c }' "$LAB_WORK/result")
check "plain Unbound fails both certificates ($plain_failed of 200 names fail)" [ "$plain_failed" -gt 0 ]
check "Unbound with unbound-caa passes both" [ "$failed" -eq 0 ]
