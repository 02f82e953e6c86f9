# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The latency of one climb on an idle resolver, with 20 ms to each server (dnsdist in front of root, TLD and authority): names of 3
# and 5 labels, and of 5 of which 3 do not exist, all labels at once and one after the other, from an empty cache and with the zone
# known.  Plain Unbound is measured twice, so that the noise is seen; the runs alternate.

RUNS=${LATENCY_RUNS:-25}
DELAY_MS=20
lab_need_plain
command -v dnsdist >/dev/null || lab_skip "no dnsdist here; ./bootstrap installs what the lab needs"
lab_root_and_tld
for address in 127.0.53.10 127.0.53.11 127.0.55.1 127.0.55.2; do lab_address $address; done
lab_delegate shop.lab 127.0.53.10 127.0.53.11
LAB_NAMES=$((3 * 8 * RUNS + 100)) lab_zone_file shop.lab 127.0.53.10 127.0.53.11
lab_parent_zones
lab_start_bind shop.lab 127.0.55.10 127.0.55.11
lab_start_bind . 127.0.55.1 127.0.55.1
lab_start_bind lab 127.0.55.2 127.0.55.2

# delayed ADDRESS BACKEND...: pairs; what is sent to ADDRESS goes on to BACKEND, and its answer comes DELAY_MS later.
delayed() {
	local n=0
	echo 'setSecurityPollSuffix("") setMaxUDPOutstanding(20000)'
	while [ $# -gt 0 ]; do
		n=$((n + 1))
		[ $n -gt 1 ] && echo "addLocal('$1:53')" || echo "setLocal('$1:53')"
		echo "newServer{address='$2:53', pool='p$n', checkInterval=60, useClientSubnet=false}"
		echo "to$n = newNMG() to$n:addMask('$1/32') addAction(NetmaskGroupRule(to$n, false), PoolAction('p$n'))"
		shift 2
	done
	echo "addResponseAction(AllRule(), DelayResponseAction($DELAY_MS))"
	echo "addACL('127.0.0.0/8')"
}
delayed 127.0.53.1 127.0.55.1 127.0.53.2 127.0.55.2 127.0.53.10 127.0.55.10 127.0.53.11 127.0.55.11 >"$LAB_WORK/delay.conf"
lab_spawn delay dnsdist --supervised --disable-syslog -C "$LAB_WORK/delay.conf"
lab_wait_answers 127.0.53.10 shop.lab
lab_wait_answers 127.0.53.2 lab

lab_resolver plain "$UNBOUND_PLAIN" 127.0.53.20
lab_resolver again "$UNBOUND_PLAIN" 127.0.53.21
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .)"
declare -A ADDRESS=([plain]=127.0.53.20 [again]=127.0.53.21 [caa]=127.0.53.30)

next=0
# name LABELS: one that was not asked before
name() {
	next=$((next + 1))
	case $1 in
	3) NAME=h$next.shop.lab ;;
	5) NAME=a.b.d$next.shop.lab ;;
	none) NAME=a.b.none$next.shop.lab ;;
	esac
}
# once WHO SERIES ORDER: a climb of $NAME
once() {
	lab_climb "${ADDRESS[$1]}" <(echo "$NAME") --order "$3" --timeout 20
	[ "$failed" -eq 0 ] || lab_die "$1: $NAME fails: $reasons"
	jq -r '.summary.seconds * 1000' "$LAB_WORK/climb.json" >>"$LAB_WORK/$2-$1.ms"
}
quantile() { sort -n "$LAB_WORK/$1.ms" | awk -v q="$2" '{ v[NR] = $1 } END { i = int(q * NR + 0.9999); print v[i < 1 ? 1 : i] }'; }

# All series; one late run among 25 is their 0.99 quantile, so that they are measured again where it fails.
latency() {
	rm -f "$LAB_WORK"/*.ms
	for run in $(seq "$RUNS"); do
		for labels in 3 5; do
			for order in parallel climb; do
				name $labels
				for who in plain caa again; do
					lab_control_quiet "$who" reload
					lab_until 20 lab_control_quiet "$who" status
					once $who "cold-$labels-$order" $order
				done
				name $labels
				for who in plain caa again; do once $who "warm-$labels-$order" $order; done
			done
		done
		name none
		for who in plain caa again; do once $who warm-none-parallel parallel; done
	done

	printf '# ms, %s runs     %8s %8s %8s %8s   %8s %8s %8s %8s\n' "$RUNS" median plain again 'to plain' p99 plain again 'to plain'
	for series in cold-3-parallel cold-3-climb cold-5-parallel cold-5-climb warm-3-parallel warm-3-climb warm-5-parallel warm-5-climb \
		warm-none-parallel; do
		line=$(printf '# %-18s' $series)
		for q in 0.5 0.99; do
			caa=$(quantile $series-caa $q) plain=$(quantile $series-plain $q) again=$(quantile $series-again $q)
			line+=$(awk -v c="$caa" -v p="$plain" -v a="$again" 'BEGIN { printf " %8.1f %8.1f %8.1f %8.3f  ", c, p, a, c / p }')
			# the noise: what plain Unbound is off from itself, and a millisecond
			limit=$(awk -v p="$plain" -v a="$again" 'BEGIN { print (p > a ? p : a) + 1 }')
			# where both take the same round trips, the slowest of 25 is a matter of who was delayed
			[ "$series $q" = 'warm-none-parallel 0.99' ] ||
				check "$series, quantile $q: no worse than plain Unbound ($caa of $limit ms)" at_most "$caa" "$limit"
		done
		echo "$line"
	done
}
lab_measured latency
