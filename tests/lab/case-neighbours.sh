# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# 50 zones, each on an address of its own 20 ms away, are asked at once, and one of them is limited to 20 queries/s: the
# names of the 49 others are as fast as where none is limited.

ZONES=50
lab_root_and_tld
zones=()
addresses=()
for n in $(seq $ZONES); do
	zones+=("z$n.lab")
	addresses+=("127.0.55.$n")
	lab_delegate "z$n.lab" "127.0.55.$n"
	lab_zone_file "z$n.lab" "127.0.55.$n"
done
lab_start_parents
lab_address 127.0.53.10
lab_nsd many 127.0.53.10 ' rrl-ratelimit: 0' "${zones[@]}"

# a certificate of 100 names in the zone that may be limited, and 20 names of each other zone
{
	seq -f 'h%.0f.z1.lab' 100
	for n in $(seq 2 $ZONES); do seq -f "h%.0f.z$n.lab" 20; done
} | shuf --random-source=<(yes) >"$LAB_WORK/names"

# measure TEXT RULES: fresh servers and a fresh resolver; sets failed, and of the names of the 49 zones median_ms and p99_ms.
measure() {
	lab_stop caa
	lab_stop dnsdist
	LAB_READY=z2.lab lab_dnsdist dnsdist "${addresses[@]}" -- "
		newServer({address='127.0.53.10:53', sockets=8}):setUp()
		$2
		addAction(AllRule(), DelayAction(20))"
	lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .)"
	lab_climb 127.0.53.30 "$LAB_WORK/names" --timeout 30 --qps 2000
	# a question's own time: that of a name begins with the climb, long before the name's turn comes
	jq -r '.names[] | select(.name | endswith(".z1.lab") | not) | .labels[0].seconds * 1e6 | round / 1000' \
		"$LAB_WORK/climb.json" | sort -n >"$LAB_WORK/ms"
	read -r median_ms p99_ms < <(awk '{ v[NR] = $1 } END { print v[int(NR * 0.5)], v[int(NR * 0.99)] }' "$LAB_WORK/ms")
	echo "# $1: $failed failed, all in $seconds s; of the $(wc -l <"$LAB_WORK/ms") names elsewhere the median is $median_ms ms," \
		"p99 $p99_ms ms; caa.limits $(lab_stat caa caa.limits)"
}

for run in 1 2 3; do
	measure 'no limit' ''
	echo "$median_ms $p99_ms $failed" >>"$LAB_WORK/free"
	measure 'one of 50 limited' "addAction(AndRule({makeRule('z1.lab.'), MaxQPSIPRule(20, 32, 128, 20)}), DropAction())"
	echo "$median_ms $p99_ms $failed $seconds" >>"$LAB_WORK/limited"
done
check 'no name fails' [ "$(cat "$LAB_WORK/free" "$LAB_WORK/limited" | awk '{ n += $3 } END { print n }')" -eq 0 ]
check 'the limit is felt where it is' at_least "$(lab_median 4 "$LAB_WORK/limited")" 3
check 'and counted' [ "$(lab_stat caa caa.limits)" -gt 0 ]
for column in 1 2; do
	if [ $column -eq 1 ]; then text=median; else text=p99; fi
	limited=$(lab_median $column "$LAB_WORK/limited") free=$(lab_median $column "$LAB_WORK/free")
	check "the $text elsewhere is within 10% or 3 ms ($limited ms, without the limit $free ms)" \
		at_most "$limited" "$(awk "BEGIN { print $free + ($free / 10 > 3 ? $free / 10 : 3) }")"
done
