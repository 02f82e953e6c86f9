# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# make demo: the CAA check of a certificate with 100 names, against a BIND that allows 20 queries/s: plain Unbound, then
# Unbound with the module in its default configuration, then with pacing alone.

LIMIT_QPS=20
lab_need_plain
lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11 "$LAB_BIND_LIMIT"
lab_start_parents

cat <<END
A certificate authority checks CAA for 100 names of one zone, every label up to the TLD, all at once (RFC 8659).
The zone's two nameserver addresses are one BIND with rate-limit { all-per-second $LIMIT_QPS; window 5; slip 0; }: it drops what
is beyond, charges that too, and lets pass what returns its DNS cookie or comes over TCP.
All are Unbound $("$UNBOUND_CAA/unbound" -V | sed -n 's/^Version //p'), tuned for long waits, asked over UDP, from a cold start; nobody has told them the limit.
A name that has no answer after 30 s has failed.
  plain   as it is: it asks twice for each name, all at once, proves nothing, and asks again what was dropped
  caa     with unbound-caa as it comes (caa-enable: yes): it asks once for each name, and returns BIND's cookie
  paced   with caa-cookie: no and caa-tcp: no: all it can do is find out the limit, and ask no faster

END
row='%-15s  %-8s  %6s  %6s  %7s  %7s  %7s  %6s  %5s  %9s   %s\n'
# shellcheck disable=SC2059
printf "$row" names resolver passed failed seconds queries cookies 'by TCP' names '(least s)' reasons

# progress TEXT: on a terminal, for how long it has been running, until it is ended.
progress() {
	local start=$SECONDS tick
	[ -t 2 ] || return 0
	# shellcheck disable=SC2064
	trap "kill \$tick 2>/dev/null; printf '\r%-60s\r' '' >&2; exit 0" TERM
	while :; do
		printf '\r%s: %d s, of 30 at most ...' "$1" $((SECONDS - start)) >&2
		sleep 1 &
		tick=$!
		wait $tick
	done
}

# measure TEXT flat|deep UNIQUE WHO TREE [CONFIGURATION]: a fresh BIND and a fresh resolver; a line of the table.
measure() {
	local text=$1 kind=$2 unique_names=$3 who=$4 least='-'
	shift 4
	lab_start_bind shop.lab 127.0.53.10 127.0.53.11 "$LAB_BIND_LIMIT"
	progress "$text, $who" &
	ticker=$!
	lab_resolver resolver "$1" 127.0.53.30 "${2:-}"
	lab_climb 127.0.53.30 "$(lab_names "$kind")" --timeout 30
	kill $ticker 2>/dev/null
	wait $ticker 2>/dev/null
	lab_counts bind-shop.lab
	cookies=$(lab_flagged bind-shop.lab V) streams=$(lab_flagged bind-shop.lab T)
	# the limiter answers 20 to 40 at once, as the second ends soon or late, then 20/s
	[ $((cookies + streams)) -ne 0 ] ||
		least=$(awk "BEGIN { printf \"%.1f\", ($unique_names - 2 * $LIMIT_QPS) / $LIMIT_QPS }")
	# shellcheck disable=SC2059
	printf "$row" "$text" "$who" "$passed" "$failed" "$seconds" "$queries" "$cookies" "$streams" "$unique_names" "$least" "${reasons:--}"
	echo "$who $failed $seconds" >>"$LAB_WORK/result"
	lab_stop resolver
}

# total WHO COLUMN: over both certificates.
total() { awk -v who="$1" -v column="$2" '$1 == who { n += $column } END { print n }' "$LAB_WORK/result"; }

module=$(lab_module_conf; lab_zone_conf .)
for kind in flat deep; do
	if [ $kind = flat ]; then text='hN.shop.lab' count=101; else text='a.b.dN.shop.lab' count=301; fi
	measure "$text" $kind $count plain "$UNBOUND_PLAIN"
	measure "$text" $kind $count caa "$UNBOUND_CAA" "$module"
	measure "$text" $kind $count paced "$UNBOUND_CAA" "$module"$'\n caa-cookie: no\n caa-tcp: no'
done
echo
echo 'queries: what reached BIND; cookies: of those, with the cookie that it gave out before; names: how many different names'
echo 'the climb asks it for; least s: the shortest time in which the limit lets so many queries pass, where it applies.'
echo
check "plain Unbound fails both certificates ($(total plain 2) of 200 names fail)" [ "$(total plain 2)" -gt 0 ]
check "Unbound with unbound-caa passes both" [ "$(total caa 2)" -eq 0 ]
check "in two seconds ($(total caa 3) s for both)" at_most "$(total caa 3)" 2
check "with pacing alone it passes both, too" [ "$(total paced 2)" -eq 0 ]
