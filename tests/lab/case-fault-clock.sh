# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The clock is set, by a day and both ways, while questions wait for their turn at a limited authority: each of them has its answer, what
# was learned stays, failures count as before, and nothing is held for longer than it may be.

SHIFTED=${LAB_SHIFTED:-$LAB_BUILD/.libs/shifted.so} DAY=86400
[ -f "$SHIFTED" ] || lab_skip "no $SHIFTED; run make shifted.la"
[ -z "${LAB_WRAP:-}" ] || lab_skip "$LAB_WRAP goes in front"
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"
clock=$LAB_WORK/clock
# set_clock SECONDS: from the machine's
set_clock() { printf '%-15s\n' "$1" | dd of="$clock" conv=notrunc status=none; }

lab_root_and_tld
LAB_NAMES=400 lab_authority_bind shop.lab 127.0.53.10 127.0.53.11 "$LAB_BIND_LIMIT"
lab_lie liar.lab refused
lab_spawn liar "$LAB_BUILD/liar" "${LAB_LIARS[@]}"
# a zone whose server is gone for a while
lab_delegate back.lab 127.0.53.20
LAB_NAMES=50 lab_zone_file back.lab 127.0.53.20
LAB_MORE_ZONES='zone "back.lab" { type primary; file "back.lab.zone"; };' LAB_NAMES=400 lab_start_bind shop.lab 127.0.53.10 127.0.53.11 "$LAB_BIND_LIMIT"
lab_relay back 127.0.53.20 127.0.53.10
lab_start_parents
set_clock 0
LAB_THREADS=2 LAB_WRAP="env LD_PRELOAD=$SHIFTED SHIFTED_FILE=$clock" \
	lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf . '' 30)
 caa-cookie: no
 caa-tcp: no
 caa-hold: 3600
 caa-log-after: 1
 caa-patience: 20000
caa-zone:
 name: \"back.lab\"
 caa-budget: 4
caa:
 caa-log-file: \"$LAB_WORK/failures\"
server:
 discard-timeout: 0"

rates() { lab_control caa caa_upstreams | awk '$1 ~ /^127\.0\.53\.1[01]$/ { print $1, $2 }' | sort; }
is_known() { [ "$(rates | awk '$2 > 0' | wc -l)" -eq 2 ]; }
time_of() { lab_stat caa time.now | cut -d. -f1; }
# certificate FROM TEXT [OFFSET]: 60 names; while they wait the clock is set
certificate() {
	seq -f 'h%.0f.shop.lab' "$1" $(($1 + 59)) >"$LAB_WORK/names"
	lab_climb 127.0.53.30 "$LAB_WORK/names" --timeout 40 &
	local client=$!
	if [ -n "${3:-}" ]; then
		check "$2: questions wait" lab_until 20 waiting 20
		set_clock "$3"
	fi
	wait $client
	read -r passed failed seconds < <(jq -r '.summary | "\(.passed) \(.failed) \(.seconds)"' "$LAB_WORK/climb.json")
	check "$2: each of 60 names passes, in $seconds s" [ "$passed" -eq 60 ]
}
waiting() { [ "$(lab_stat caa total.requestlist.current.user)" -ge "$1" ]; }
# refused NAME: it fails, for what its server does
refused() { dig +tries=1 +time=10 caa "$1" @127.0.53.30 | grep -q 'EDE.*answered REFUSED'; }
failures_of() { lab_control caa caa_explain "$1" | sed -n 's/^  failures: *\([0-9]*\) .*/\1/p'; }
asked() { lab_counts bind-shop.lab; dig +tries=1 +time=10 caa "$1" @127.0.53.30 >"$LAB_WORK/dig"; local before=$queries; lab_counts bind-shop.lab; [ "$queries" -gt "$before" ]; }

certificate 1 "as it is"
check "the limit is known" is_known
known=$(rates)
check "a name fails" refused n1.liar.lab
check "an answer is held, and not asked for again" eval '! asked h1.shop.lab'
# back_passes: a name of the zone whose server was gone
n=0
back_passes() {
	n=$((n + 1))
	dig +tries=1 +time=5 caa h$n.back.lab @127.0.53.30 | grep -q 'status: NOERROR'
}
# gone: it is gone until Unbound leaves it alone
gone() {
	lab_stop back
	seq -f 'h%.0f.back.lab' 30 49 | "$CAA_CLIMB" --server 127.0.53.30 --file - --order climb >"$LAB_WORK/gone.out" 2>&1
	for name in $(seq 20 25); do
		dig +tries=1 +time=1 txt "h$name.back.lab" @127.0.53.30 >/dev/null
	done
	lab_control caa dump_infra | grep '^127.0.53.20 back.lab' | sed 's/^/# /'
	lab_relay back 127.0.53.20 127.0.53.10
}
check "a name of a third zone passes" back_passes
for offset in $DAY 0 -$DAY; do
	text="clock at $offset s"
	certificate $((100 + 61 * (offset / DAY + 1))) "$text" "$offset"
	check "$text: Unbound has it" [ $(($(time_of) - $(date +%s) - offset)) -le 2 ]
	check "$text: the limit is known ($(echo $(rates))), from $(echo $known)" is_known
	check "$text: a name fails for its server, as before" refused "n$((offset / DAY + 5)).liar.lab"
	if [ "$offset" -eq 0 ]; then
		check "$text: a name that had failed is looked up again" eval 'refused n6.liar.lab && [ "$(failures_of n6.liar.lab)" = 2 ]'
		check "$text: which is said" grep -q 'warning: caa: the clock was set back by 86[0-9]* s: failures are forgotten' "$LAB_WORK/caa.log"
		check "$text: a server that was left alone is asked again" lab_until 5 back_passes
		asked h1.shop.lab
		ttl=$(sed -n 's/^shop\.lab\.[^0-9]*\([0-9]*\).*SOA.*/\1/p' "$LAB_WORK/dig")
		check "$text: Unbound's cache has what it had for a day more ($ttl s)" [ "$ttl" -gt 80000 ]
		lab_control_quiet caa flush_zone .
		check "$text: until flush_zone ." asked h1.shop.lab
	fi
	[ "$offset" -gt 0 ] || continue
	check "$text: what was held is asked for again" asked h1.shop.lab
	gone
	check "$text: the name fails again, the second time in one window" eval 'refused n1.liar.lab && [ "$(failures_of n1.liar.lab)" = 2 ]'
done
lab_stop caa
check "no crash, no report" [ "$(lab_reports)" -eq 0 ]
