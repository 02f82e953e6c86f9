# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What stands still for a while and goes on: the resolver, one of its threads, the authority.  No name fails that has the time, nothing that
# was lost meanwhile is taken for a limit, what fails says why, and within 5 s all is well again.
#
#   FAULTS=each   the thread for 5 s, the authority for 12 s and for a minute, and plain Unbound beside it

[ "${FAULTS:-}" != each ] || lab_need_plain
STUCK=$LAB_BUILD/stuck
[ -x "$STUCK" ] || lab_skip "no $STUCK; run make stuck"
stuck_s=2 gone_s=4
[ "${FAULTS:-}" != each ] || { stuck_s=5; gone_s=12; }

lab_root_and_tld
lab_delegate shop.lab 127.0.53.12 127.0.53.13
LAB_NAMES=6000 lab_zone_file shop.lab 127.0.53.12 127.0.53.13
lab_start_parents
LAB_QUERYLOG=no lab_start_bind shop.lab 127.0.53.10 127.0.53.11
lab_relay one 127.0.53.12 127.0.53.10 --delay 100 --seed 1
lab_relay two 127.0.53.13 127.0.53.11 --delay 100 --seed 2
# start plain|caa: a resolver that knows nothing yet; resolver plain|caa: one that has asked the authority
start() {
	lab_stop "${who:-caa}"
	who=$1
	case $who in
	plain) tree=$UNBOUND_PLAIN more= ;;
	caa) tree=$UNBOUND_CAA more="$(lab_module_conf; lab_zone_conf . '' "${budget:-20}")
 caa-log-after: 1
caa:
 caa-log-rate: 1000
 caa-log-file: \"$LAB_WORK/failures\"" ;;
	esac
	LAB_THREADS=2 lab_resolver $who "$tree" 127.0.53.30 "$more
server:
 so-reuseport: no
 infra-cache-max-rtt: ${max_rtt:-120000}"
}
resolver() {
	start "$1"
	climb 1
	check "$who: a name passes" [ "$failed" -eq 0 ]
}
from=0
# climb COUNT [OPTION...]: so many names that were not asked before
climb() {
	local count=$1
	shift
	seq -f 'h%.0f.shop.lab' $((from + 1)) $((from + count)) >"$LAB_WORK/names"
	from=$((from + count))
	lab_climb 127.0.53.30 "$LAB_WORK/names" --timeout 40 "$@"
}
# burst: 400 names in the background, and the same by another client
burst() {
	seq -f 'h%.0f.shop.lab' $((from + 1)) $((from + 400)) >"$LAB_WORK/burst"
	from=$((from + 400))
	for client in 1 2; do
		"$CAA_CLIMB" --server 127.0.53.30 --file "$LAB_WORK/burst" --timeout 40 --json </dev/null >"$LAB_WORK/burst.$client" 2>&1 &
	done
	lab_until 10 waiting 20 || lab_die "no question waits"
}
waiting() { [ "$(lab_stat "$who" total.requestlist.current.user)" -ge "$1" ]; }
# burst_passes TEXT
burst_passes() {
	wait $(jobs -p)
	echo "# $1: $(jq -r '.summary | "\(.passed) of \(.names) names pass in \(.seconds) s"' "$LAB_WORK"/burst.[12] | tr '\n' ';')"
	check "$1: each name passes" [ "$(jq -s 'map(.summary.failed) | add' "$LAB_WORK"/burst.[12])" = 0 ]
}
no_limit() { [ "$(lab_stat caa caa.limits)" = 0 ] && [ "$(lab_control caa caa_upstreams | awk '$1 ~ /^127\.0\.53\.1/ && $2 > 0' | wc -l)" = 0 ]; }
well() {
	climb 100
	check "$1: the next 100 names pass, in $seconds s" [ "$failed" -eq 0 ]
	[ "$who" = plain ] || check "$1: nothing is taken for a limit" no_limit
}

# gone: the authority stands still; names are asked meanwhile, one each half second; sets seconds until one passes afterwards
passes() {
	from=$((from + 1))
	dig +tries=1 +time=1 caa "h$from.shop.lab" @127.0.53.30 | grep -q 'status: NOERROR'
}
gone() {
	local began
	kill -STOP "${LAB_PID[bind-shop.lab]}"
	rm -f "$LAB_WORK"/gone.*
	for ((i = 0; i < gone_s * 2; i++)); do
		from=$((from + 1))
		dig +tries=1 +time=40 caa "h$from.shop.lab" @127.0.53.30 >"$LAB_WORK/gone.$i" &
		sleep 0.5
	done
	kill -CONT "${LAB_PID[bind-shop.lab]}"
	began=$EPOCHREALTIME
	lab_until 30 passes
	seconds=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
	wait $(jobs -p)
}
count_gone() { cat "$LAB_WORK"/gone.* | grep -c "$1"; }

# stopped plain|caa: the whole process
stopped() {
	resolver "$1"
	burst
	kill -STOP "${LAB_PID[$who]}"
	sleep $stuck_s
	kill -CONT "${LAB_PID[$who]}"
	burst_passes "$who stopped for $stuck_s s"
	well "$who stopped"
}
# thread_stopped plain|caa: one of its threads
thread_stopped() {
	local thread
	resolver "$1"
	thread=$(find "/proc/${LAB_PID[$who]}/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | tail -n 1)
	burst
	"$STUCK" "$thread" $stuck_s >"$LAB_WORK/stuck.out" 2>&1 &
	lab_until 10 grep -q stopped "$LAB_WORK/stuck.out" || lab_die "$(cat "$LAB_WORK/stuck.out")"
	climb 20 --timeout $((stuck_s + 15))
	check "$who, a thread stopped for $stuck_s s: names that come meanwhile pass, in $seconds s" [ "$failed" -eq 0 ]
	burst_passes "$who, a thread stopped"
	well "$who, a thread stopped"
}
# long_gone plain|caa MILLISECONDS: from before the start, and until Unbound's timeouts have grown to their most: it would leave the
# authority alone for infra-host-ttl
long_gone() {
	local max_rtt=$2 text="authority gone for $gone_s s, infra-cache-max-rtt $2"
	start "$1"
	gone
	echo "# $1, $text: $(count_gone 'status: NOERROR') names passed, $(count_gone 'status: SERVFAIL') failed; one passes $seconds s after it"
	[ "$1" != plain ] || return
	check "$text: names pass within 5 s after it" at_most "$seconds" 5
	check "$text: what fails says that its servers did not answer" \
		[ "$(count_gone 'EDE.*127\.0\.53\.1.*did not answer')" -eq "$(count_gone 'status: SERVFAIL')" ]
	well "$text"
}
# authority_gone plain|caa BUDGET: within its budget the module finds what plain Unbound finds; what is over it says why it fails
authority_gone() {
	local budget=$2 asked failures text
	resolver "$1"
	gone
	asked=$(find "$LAB_WORK" -name 'gone.*' | wc -l) passed=$(count_gone 'status: NOERROR') failures=$(count_gone 'status: SERVFAIL')
	text="authority gone for $gone_s s, budget $budget s"
	echo "# $who, $text: of $asked names $passed passed, $failures failed; one passes $seconds s after it"
	if [ "$who" = plain ]; then
		plain_passed=$passed
		return
	fi
	check "$text: each name has its end" [ "$(count_gone 'status: ')" -eq "$asked" ]
	if [ "$budget" = 20 ]; then
		check "$text: as many names pass as with plain Unbound" [ "$passed" -ge "$plain_passed" ]
	else
		check "$text: some fail" [ "$failures" -gt 0 ]
		check "$text: each of these says that its servers did not answer" [ "$(count_gone 'EDE.*127\.0\.53\.1.*did not answer')" -eq "$failures" ]
	fi
	check "$text: names pass within 5 s after it" at_most "$seconds" 5
	well "$text"
}

if [ "${FAULTS:-}" = each ]; then
	stopped plain
	thread_stopped plain
	authority_gone plain 20
	lab_measured authority_gone caa 20
	gone_s=60
	long_gone plain 120000
	lab_measured long_gone caa 120000
	gone_s=12
fi
# What a busy machine has lost was lost, and may be taken for a limit.
lab_measured stopped caa
lab_measured thread_stopped caa
lab_measured authority_gone caa 3
lab_measured long_gone caa 2000
check "no crash, no report" [ "$(lab_reports)" -eq 0 ]
