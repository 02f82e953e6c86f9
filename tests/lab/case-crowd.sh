# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# 2000 clients ask for the same 100 names at once, over 4 threads, while the server of their zone's parent is dead, slow, or answers
# after 5 s (dnsdist in front of it, which delays UDP only).  Every question gets exactly one answer; nothing waits after its lookup ended;
# descriptors and memory return to where they were.  The receive buffers are large, as the crowd comes all at once.

CLIENTS=${CROWD_CLIENTS:-2000} RATE=${CROWD_RATE:-40000}
BUDGET=20
[ -x "$CAA_CLIENTS" ] || lab_skip "no $CAA_CLIENTS; run make check, or make clients"
command -v dnsdist >/dev/null || lab_skip "no dnsdist here; ./bootstrap installs what the lab needs"
lab_root_and_tld
lab_address 127.0.55.2
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_parent_zones
lab_start_bind . 127.0.53.1 127.0.53.1
lab_start_bind lab 127.0.55.2 127.0.55.2
names=$(lab_names flat 100)

# tld DELAY_MS: what stands in front of the TLD's server
tld() {
	lab_stop tld
	printf "setSecurityPollSuffix('') setLocal('127.0.53.2:53') setMaxUDPOutstanding(20000) newServer{address='127.0.55.2:53', checkInterval=60}
addResponseAction(AllRule(), DelayResponseAction(%d)) addACL('127.0.0.0/8')\n" "$1" >"$LAB_WORK/tld.conf"
	lab_spawn tld dnsdist --supervised --disable-syslog -C "$LAB_WORK/tld.conf"
	lab_until 20 tld_listens || lab_die "dnsdist does not listen"
}
tld_listens() { ss -Hlun "src 127.0.53.2:53" | grep -q .; }

# descriptors: how many Unbound has open when it is at rest: its own lookups have ended, our control commands' connections are closed
descriptors() {
	lab_until 5 lab_idle caa || lab_die "a lookup goes on"
	lab_until 5 uncontrolled || lab_die "a control connection stays open"
	find "/proc/${LAB_PID[caa]}/fd" -mindepth 1 | wc -l
}
uncontrolled() { ! ss -Hx state connected src "$LAB_WORK/caa.ctl" | grep -q .; }

# crowd WHAT: everybody asks everything; sets what the clients report
crowd() {
	lab_control_quiet caa flush_zone .
	lab_control_quiet caa flush_negative
	lab_control_quiet caa flush_infra all
	"$CAA_CLIENTS" 127.0.53.30 "$names" $CLIENTS "$RATE" $((BUDGET * 3)) >"$LAB_WORK/clients.json" 2>"$LAB_WORK/clients.err" ||
		lab_die "clients: $(cat "$LAB_WORK/clients.err")"
	read -r asked answered twice noerror servfail seconds < <(jq -r '"\(.asked) \(.answered) \(.twice) \(.noerror) \(.servfail) \(.seconds)"' \
		"$LAB_WORK/clients.json")
	lab_settled bind-shop.lab
	queries=$(lab_queries bind-shop.lab | wc -l)
	names_asked=$(lab_queries bind-shop.lab | sort -u | wc -l)
	: >"$LAB_WORK/bind-shop.lab.queries"
	echo "# $1: $asked asked, $answered answered in $seconds s, $twice twice, $noerror NOERROR, $servfail SERVFAIL; $queries queries for them"
	check "$1: every question gets an answer ($answered of $asked)" [ "$answered" -eq "$asked" ]
	check "$1: and only one" [ "$twice" -eq 0 ]
	check "$1: nothing waits afterwards" lab_until 5 lab_idle caa
	check "$1: Unbound dropped none" [ "$(lab_stat caa total.requestlist.exceeded)" -eq 0 ]
	lab_control caa stats_noreset >"$LAB_WORK/stats"
	now=$(descriptors)
	check "$1: no more descriptors than before ($now, before $fds)" [ "$now" -le "$fds" ]
	echo "# resident: $(lab_resident_kb caa) KB; $(grep -E '^caa\.(joined|parents|questions|sent.caa)=' "$LAB_WORK/stats" | paste -sd' ')"
}

stop() {
	lab_stop caa
	check "  no report of a sanitizer" [ "$(lab_reports)" -eq 0 ]
}

# start: a resolver that knows nothing
start() {
	[ -z "${LAB_PID[caa]:-}" ] || stop
	LAB_THREADS=${CROWD_THREADS:-4} lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf . '' $BUDGET)
 caa-tcp: no
server:
 num-queries-per-thread: 20000
 outgoing-range: 4096
 so-rcvbuf: 64m"
	! grep -q 'so-rcvbuf.* was not granted' "$LAB_WORK/caa.log" "$LAB_WORK/caa.out" ||
		lab_skip "a receive buffer of 64 MB needs root, or a larger net.core.rmem_max"
	fds=$(descriptors)
}

# one_lookup: what the zone's server was asked.  Where it has no processor for longer than a round trip may take, the resolver
# asks it again: that is a query more, and no second lookup.
one_lookup() {
	check "  of one lookup for each name ($names_asked)" [ "$names_asked" -eq 101 ]
	check "  that hardly asks twice ($queries)" at_most "$queries" 101 1.25
}

all_is_well() {
	start
	tld 0
	crowd "all is well"
	check "  and all have the answer" [ "$noerror" -eq "$asked" ]
	one_lookup
}

slow() {
	start
	tld 700
	crowd "the parent's server is slow"
	check "  and all have the answer" [ "$noerror" -eq "$asked" ]
	one_lookup
}

late() {
	start
	tld 5000
	crowd "the parent's server answers after 5 s"
	check "  and all have the answer" [ "$noerror" -eq "$asked" ]
	check "  of one lookup for each name ($names_asked)" [ "$names_asked" -le 101 ]
	check "  that hardly asks twice ($queries)" at_most "$queries" 101 1.25
}

lab_measured all_is_well
lab_measured slow
lab_measured late

start
kill -STOP "${LAB_PID[tld]}"
crowd "the parent's server is dead"
check "  and the answer is a failure" [ "$servfail" -eq "$asked" ]
dead_kb=$(lab_resident_kb caa)
crowd "the parent's server is dead, again"
check "  and the answer is a failure" [ "$servfail" -eq "$asked" ]
# A sanitizer keeps what is freed for a while, to find who uses it still.
[ -n "${LAB_REPORTS:-}" ] || check "memory is used again: $(lab_resident_kb caa) KB after $dead_kb KB" at_most "$(lab_resident_kb caa)" "$dead_kb" 1.1
kill -CONT "${LAB_PID[tld]}"
stop
