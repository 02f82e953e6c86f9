# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# 12000 names wait for one lookup: the address of their zone's nameservers, which stands in another zone.  When it is
# answered all go on in one run of the modules: more than the cap that plain 1.26.1 puts on one.  Every question gets one
# answer.  The receive buffer is large, as the resolver reads nothing while so many go on.

COUNT=12000
lab_root_and_tld
# shop.lab's servers are named in other.lab, without glue; other.lab is stopped until all questions wait.
LAB_DELEGATION[shop.lab]=$(printf 'shop.lab. 3600 NS ns1.other.lab.\nshop.lab. 3600 NS ns2.other.lab.\n')$'\n'
LAB_RECORDS=$(printf 'ns1.other.lab. 3600 A 127.0.53.10\nns2.other.lab. 3600 A 127.0.53.11\n')$'\n'
lab_authority_bind other.lab 127.0.53.12 127.0.53.13
sed -i '/^ns[12].other.lab. 3600 A 127.0.53.1[23]/d; s/^other.lab. 3600 NS ns\([12]\).other/other.lab. 3600 NS srv\1.other/' "$LAB_WORK/other.lab.zone"
printf 'srv1.other.lab. 3600 A 127.0.53.12\nsrv2.other.lab. 3600 A 127.0.53.13\n' >>"$LAB_WORK/other.lab.zone"
LAB_DELEGATION[other.lab]=$(printf 'other.lab. 3600 NS srv1.other.lab.\nother.lab. 3600 NS srv2.other.lab.\nsrv1.other.lab. 3600 A 127.0.53.12
srv2.other.lab. 3600 A 127.0.53.13\n')$'\n'
LAB_RECORDS='' LAB_NAMES=$COUNT lab_zone_file shop.lab 127.0.53.10 127.0.53.11
lab_start_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_bind other.lab 127.0.53.12 127.0.53.13
lab_start_parents

lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .; lab_zone_conf shop.lab)
server:
 num-queries-per-thread: 20000
 outgoing-range: 20000
 so-rcvbuf: 64m"
! grep -q 'so-rcvbuf.* was not granted' "$LAB_WORK/caa.log" "$LAB_WORK/caa.out" || lab_skip "a receive buffer of 64 MB needs root, or a larger net.core.rmem_max"
names=$(lab_names flat $COUNT)
kill -STOP "${LAB_PID[bind-other.lab]}"
"$CAA_CLIMB" --server 127.0.53.30 --file "$names" --json --order climb --timeout 100 >"$LAB_WORK/climb.json" 2>"$LAB_WORK/climb.err" &
climb=$!
all_wait() { [ "$(lab_stat caa total.requestlist.current.user)" -ge $COUNT ]; }
check "$COUNT questions wait at once" lab_until 30 all_wait
kill -CONT "${LAB_PID[bind-other.lab]}"
wait $climb
read -r passed failed sent retried < <(jq -r '.summary | "\(.passed) \(.failed) \(.sent) \(.retried)"' "$LAB_WORK/climb.json")
echo "# $passed passed, $failed failed, $sent questions of the tool, $retried of them again"
check "every question gets an answer" [ "$passed" -eq $COUNT ]
check "no question had to be asked again" [ "$retried" -eq 0 ]
check "Unbound dropped none" [ "$(lab_stat caa total.requestlist.exceeded)" -eq 0 ]
check "Unbound deleted none" [ "$(grep -c 'Too many module run iterations' "$LAB_WORK/caa.log")" -eq 0 ]
check "nothing is left waiting" lab_until 10 lab_idle caa

# Without a module Unbound with the patches has plain Unbound's cap.
# capped NAME TREE ADDRESS: whether the cap was met
lab_need_plain
capped() {
	local name=$1 climb
	lab_start_bind other.lab 127.0.53.12 127.0.53.13
	lab_resolver "$name" "$2" "$3" "server:
 num-queries-per-thread: 20000
 outgoing-range: 20000
 so-rcvbuf: 64m"
	all_wait() { [ "$(lab_stat "$name" total.requestlist.current.user)" -ge $COUNT ]; }
	kill -STOP "${LAB_PID[bind-other.lab]}"
	"$CAA_CLIMB" --server "$3" --file "$(lab_names flat $COUNT)" --order climb --timeout 100 >/dev/null 2>&1 &
	climb=$!
	lab_until 30 all_wait || lab_die "$name: not all wait"
	kill -CONT "${LAB_PID[bind-other.lab]}"
	lab_until 20 grep -q 'Too many module run iterations' "$LAB_WORK/$name.log"
	local met=$?
	kill $climb
	lab_stop "$name" KILL
	return $met
}
check "plain Unbound deletes what is beyond its cap" capped plain "$UNBOUND_PLAIN" 127.0.53.20
check "  and so it does with the patches alone" capped absent "$UNBOUND_CAA" 127.0.53.31
