# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# 4 threads, at least 1000 paced questions waiting, the client gone; then reload, then as many again, and stop.  Unbound survives
# it, and under a sanitizer or valgrind (LAB_WRAP, UNBOUND_CAA, CAA_MODULE) nothing is reported.

LAB_THREADS=4
COUNT=1200
lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .; lab_zone_conf shop.lab 5 600)
server:
 so-reuseport: no"
pid=${LAB_PID[caa]}
names=$(lab_names flat $COUNT)

# The delegation first, so that what waits, waits at the authority.
lab_climb 127.0.53.30 <(echo shop.lab)
check "a name passes before" [ "$failed" -eq 0 ]

waiting() { [ "$(lab_stat caa total.requestlist.current.user)" -ge "$1" ]; }

# leave_waiting TEXT: ask, and go as soon as all wait.
leave_waiting() {
	"$CAA_CLIMB" --server 127.0.53.30 --file "$names" --order climb >"$LAB_WORK/client.out" 2>&1 &
	local client=$!
	check "$1: $((COUNT - 200)) questions wait" lab_until 60 waiting $((COUNT - 200))
	kill -KILL $client
	wait $client 2>/dev/null
}

leave_waiting "before reload"
check "reload is taken" lab_control_quiet caa reload
check "it serves again" lab_until 60 lab_control_quiet caa status
lab_climb 127.0.53.30 <(echo shop.lab)
check "a name passes after" [ "$failed" -eq 0 ]
leave_waiting "before fast_reload"
check "fast_reload is taken" lab_control_quiet caa fast_reload
leave_waiting "before stop"
check "flush_requestlist is taken" lab_control_quiet caa flush_requestlist
leave_waiting "before stop"
lab_control caa stop >/dev/null
check "it stops" lab_until 120 lab_is_gone "$pid"
check "its log ends as it should" grep -q 'service stopped' "$LAB_WORK/caa.log"
check "no crash, no report" [ "$(lab_reports)" -eq 0 ]
