# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# DNS Error Reporting (RFC 9567): zones announce an agent, their failures are told to it, once, over TCP, in words of the client's EDE;
# and nobody waits for that, or is harmed by it.  The agent is a BIND with a wildcard and a log of its queries.

lab_need_plain
FAULTY=$LAB_BUILD/faulty
[ -x "$FAULTY" ] || lab_skip "no $FAULTY; run make faulty"
lab_root_and_tld

# --- zones: one server for all, before it one that refuses CAA, or not, and announces an agent -------------------------------------------

# A BIND that announces is newer than this system's, so faulty adds the option.
MANY=12
declare -A at=([agent.lab]=10 [refuse.lab]=21 [off.lab]=22 [self.lab]=23 [root.lab]=24 [cut.lab]=25 [silent.lab]=26 [bad.lab]=27 [quiet.lab]=28
	[first.lab]=41 [second.lab]=42 [closed.lab]=43 [tc.lab]=44 [keys.lab]=45
	[forged.lab]=46)
for n in $(seq $MANY); do at[r$n.lab]=$((100 + n)) at[a$n.lab]=$((150 + n)); done
# zone ZONE ADDRESS...
zone() {
	local zone=$1 alias=
	shift
	[ "$zone" != quiet.lab ] || alias="alias.$zone. 60 CNAME h33.refuse.lab."
	LAB_RECORDS="*.$zone. 60 TXT \"report received\""$'\n'$alias$'\n' LAB_NAMES=40 lab_zone_file "$zone" "$@"
	lab_delegate "$zone" "$@"
	[ "$zone" = agent.lab ] || LAB_MORE_ZONES+="zone \"$zone\" { type primary; file \"$zone.zone\"; };"$'\n'
}
for name in "${!at[@]}"; do zone "$name" "127.0.53.${at[$name]}"; done
dead=()
for n in $(seq 8); do dead+=("127.0.53.$((70 + n))"); done
zone dead.lab "${dead[@]}"
(
	cd "$LAB_WORK" || exit
	for zone in bad.lab keys.lab; do
		dnssec-keygen -q -a ECDSAP256SHA256 -f KSK $zone >$zone.key
		cat "$(cat $zone.key).key" >>$zone.zone
		dnssec-signzone -q -z -o $zone -f signed $zone.zone "$(cat $zone.key)" && mv signed $zone.zone
	done
	dnssec-keygen -q -a ECDSAP256SHA256 -f KSK bad.lab >bad.lab.key	# not the one that it is signed with
) >"$LAB_WORK/sign.out" 2>&1
anchor() { sed -n "s/^$1\. .*DNSKEY \(257.*\)/ trust-anchor: \"$1. DNSKEY \1\"/p" "$LAB_WORK/$(cat "$LAB_WORK/$1.key").key"; }
lab_start_bind agent.lab 127.0.53.10 127.0.53.11
agent=bind-agent.lab
# announce NAME AGENT ADDRESS=FAULT...
announce() {
	local name=$1 agent=$2 front fronts=()
	shift 2
	for front in "$@"; do
		lab_address "${front%%=*}"
		fronts+=("$front:127.0.53.11")
	done
	FAULTY_AGENT=$agent lab_spawn "$name" "$FAULTY" "${fronts[@]}"
	lab_until 20 grep -q '^ready' "$LAB_WORK/$name.out" || lab_die "$name does not listen"
}
announce good agent.lab. 127.0.53.21=caa-refused 127.0.53.22=caa-refused 127.0.53.27=none 127.0.53.45=dnskey-refused
announce self er.self.lab. 127.0.53.23=caa-refused
announce root . 127.0.53.24=caa-refused
announce cut er.agent.lab. 127.0.53.25=caa-refused
announce silent quiet.lab. 127.0.53.26=caa-refused
announce forged bad.lab. 127.0.53.46=caa-refused
# what lists the options that it was asked with, and announces the agent as well
lab_address 127.0.60.1
lab_delegate mirror.lab 127.0.53.47
lab_spawn liar "$LAB_BUILD/liar" 127.0.60.1=options:mirror.lab
lab_address 127.0.53.47
FAULTY_AGENT=agent.lab. lab_spawn mirror "$FAULTY" 127.0.53.47=none:127.0.60.1
announce closed dead.lab. 127.0.53.43=caa-refused
announce first second.lab. 127.0.53.41=others-refused
announce second first.lab. 127.0.53.42=others-refused
for n in $(seq $MANY); do announce r$n a$n.lab. 127.0.53.$((100 + n))=caa-refused; done
announce none "" 127.0.53.28=tcp-silent 127.0.53.44=caa-truncated "${dead[@]/%/=tcp-refused}" \
	$(for n in $(seq $MANY); do echo 127.0.53.$((150 + n))=tcp-silent; done)
lab_start_parents

settings="server:
 trust-anchor-signaling: no
 val-log-level: 2
$(anchor bad.lab)
$(anchor keys.lab)"
reporting=$(lab_module_conf; lab_zone_conf .; echo ' caa-error-reporting: yes'; lab_zone_conf off.lab; echo ' caa-error-reporting: no'; echo "$settings")
start() { LAB_THREADS=${LAB_THREADS:-4} lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$reporting
${1:-}"; }
start

# ask NAME: sets status, ms and code, that of its EDE.
ask() {
	dig +tries=1 +time=20 caa "$1" "@${2:-127.0.53.30}" >"$LAB_WORK/dig"
	status=$(sed -n 's/.*status: \([A-Z]*\),.*/\1/p' "$LAB_WORK/dig") ms=$(sed -n 's/^;; Query time: \([0-9]*\) msec$/\1/p' "$LAB_WORK/dig")
	code=$(sed -n 's/^; EDE: \([0-9]*\).*/\1/p' "$LAB_WORK/dig")
}
# reports [NAME]: those that the agent has heard of, or of a name.
reports() {
	sed -n 's/.* query: \([^ ]*\) IN TXT \([^ ]*\) .*/\1 \2/p' "$LAB_WORK/$agent.queries" | grep "^_er\\.257\\.${1:-}" | grep -v ready
}
count() { reports "${1:-}" | wc -l; }
heard() { [ "$(count "$1")" -ge 1 ]; }
stat() { lab_stat caa "$1"; }
counted() { [ "$(stat "$1")" -ge "$2" ]; }

# --- it is told once ------------------------------------------------------------------------------------------------------------------

ask h1.refuse.lab
check "a refused lookup fails ($status, EDE $code)" [ "$status" = SERVFAIL ]
check "  its agent hears of it" lab_until 10 heard h1.refuse.lab
check "  in the words of the client's EDE" grep -q "^_er\\.257\\.h1\\.refuse\\.lab\\.$code\\._er\\.agent\\.lab " <(reports h1.refuse.lab)
check "  over TCP" grep -q ' [^ ]*T[^ ]*$' <(reports h1.refuse.lab)
lab_settled $agent
check "  in one query, where the agent is a zone" [ "$(lab_queries $agent | grep -c '_er')" -eq 1 ]
check "  which the TLD's server does not see" [ "$(lab_nsd_count tld TXT)" = 0 ]
check "  it is counted" [ "$(stat caa.reports)" = 1 ]
lab_control caa flush_type h1.refuse.lab CAA >/dev/null
ask h1.refuse.lab
check "the same failure is not told again" eval '[ "$status" = SERVFAIL ] && lab_until 10 counted caa.reports.again 1'
ask h1.cut.lab
check "an agent that is no zone of its own hears, too" lab_until 10 heard h1.cut.lab
check "  by its name" grep -q "^_er\\.257\\.h1\\.cut\\.lab\\.$code\\._er\\.er\\.agent\\.lab " <(reports h1.cut.lab)

ask h1.mirror.lab; ask h2.mirror.lab
check "no query has the option ($(grep -o '"options.*"' "$LAB_WORK/dig"))" eval 'grep -q "issue \"options[ 0-9]*\"" "$LAB_WORK/dig" && ! grep -qE "issue \"options.* 18[ \"]" "$LAB_WORK/dig"'
ask h1.forged.lab
unproven() { grep -q 'validation failure <_er\.257\.h1\.forged\.lab\.[0-9]*\._er\.bad\.lab\. TXT IN>' "$LAB_WORK/caa.log"; }
check "what an agent answers is validated" lab_until 10 unproven

ask alias.quiet.lab
check "where an alias leads there, the target is told" lab_until 10 heard h33.refuse.lab
check "  and not the alias, which is no name of that zone" [ "$(count alias)" = 0 ]

# --- it is not told ------------------------------------------------------------------------------------------------------------------

before=$(stat caa.reports)
ask h1.off.lab
check "nothing is told where it is not wanted ($status)" [ "$status" = SERVFAIL ]
ask h1.self.lab
check "  nor to an agent in the zone that fails" eval '[ "$status" = SERVFAIL ] && [ "$(stat caa.reports.unfit)" = 1 ]'
ask h1.root.lab
check "  nor to the root" [ "$status" = SERVFAIL ]
ask h2.quiet.lab
check "  nor where nothing fails ($status)" [ "$status" = NOERROR ]
check "  none was sent" [ "$(stat caa.reports)" = "$before" ]
lab_settled $agent
check "  none came" [ "$(count h1.off.lab; count h1.self.lab; count h1.root.lab)" = $'0\n0\n0' ]

# --- not too often --------------------------------------------------------------------------------------------------------------------

before=$(stat caa.reports) heard=$(count 'h.*refuse.lab')
for n in $(seq 2 31); do dig +tries=1 +time=20 caa "h$n.refuse.lab" @127.0.53.30 >"$LAB_WORK/dig.$n" & pids[n]=$!; done
wait "${pids[@]}"
check "of 30 failures at once each is counted" lab_until 10 eval '[ $(($(stat caa.reports) - before + $(stat caa.reports.over))) -eq 30 ]'
sent=$(($(stat caa.reports) - before))
check "  but an agent is told of 10, and of one more in a second ($sent)" eval '[ $sent -ge 5 ] && [ $sent -lt 20 ]'
lab_settled $agent
check "  every report that was sent has come" lab_until 10 eval '[ "$(count h.*refuse.lab)" -eq $((sent + heard)) ]'

# --- nobody waits for it ---------------------------------------------------------------------------------------------------------------

under_way() { [ "$(stat total.requestlist.current.all)" -"$1" "$2" ]; }
failures=$(stat caa.failures) before=$(stat caa.reports)
for n in 1 2 3; do ask "h$n.silent.lab"; done
check "an agent that does not answer is told ($status)" eval '[ "$status" = SERVFAIL ] && [ $(($(stat caa.reports) - before)) -ge 3 ]'
check "  by who does not wait for it" under_way ge 3
check "  its silence is no failure" [ $(($(stat caa.failures) - failures)) -le 4 ]
check "  reload ends what is under way" eval 'lab_control caa reload >/dev/null && lab_until 10 lab_control_quiet caa status && under_way eq 0'
for n in 4 5 6; do ask "h$n.silent.lab"; done
check "  and the resolver works on ($status)" eval '[ "$status" = SERVFAIL ] && under_way ge 3'
ask h2.quiet.lab
check "  names of the agent's own zone are answered ($status, $ms ms)" [ "$status" = NOERROR ]
lab_stop caa
check "it stops with reports under way" true

# Each thread has ten connections, and each of these reports would wait for one of its own.
LAB_THREADS=1 start
for n in $(seq $MANY); do ask h1.r$n.lab; done
check "$MANY agents that do not answer are told" [ "$(stat caa.reports)" -ge $MANY ]
ask h1.tc.lab
check "  others have places over TCP all the same ($status, $ms ms)" eval '[ "$status" = NOERROR ] && [ "$ms" -lt 1500 ]'
check "  reports end soon" lab_until 20 under_way eq 0
before=$(stat caa.failed)
ask h1.closed.lab
check "an agent with 8 servers that are closed is told" lab_until 10 eval '[ "$(stat caa.failed)" -gt $before ] && under_way eq 0'
sent=$(($(stat caa.failed) - before))
check "  in few packets ($sent)" [ "$sent" -le 16 ]

# two zones that announce each other's names, and deny each other's reports
before=$(stat caa.reports)
ask h1.first.lab
ask h1.second.lab
check "no report leads to another" eval 'lab_until 10 under_way eq 0 && [ $(($(stat caa.reports) - before)) -le 4 ]'
lab_stop caa

# --- Unbound's own ---------------------------------------------------------------------------------------------------------------------

lab_resolver plain "$UNBOUND_PLAIN" 127.0.53.31 "$settings
 dns-error-reporting: yes"
ask h1.bad.lab 127.0.53.31
check "Unbound's own dns-error-reporting tells of a bogus answer" lab_until 10 heard h1.bad.lab
lab_stop plain
before=$(count)
start "server:
 dns-error-reporting: yes"
ask h2.bad.lab
check "with the module it is told ($status, EDE $code)" lab_until 10 heard h2.bad.lab
ask h3.bad.lab
lab_until 10 heard h3.bad.lab
check "  in the words of the client's EDE" grep -q "^_er\\.257\\.h3\\.bad\\.lab\\.$code\\._er\\.agent\\.lab " <(reports h3.bad.lab)
lab_settled $agent
check "  by one of them" eval '[ "$(count h2.bad.lab)" = 1 ] && [ "$(count h3.bad.lab)" = 1 ]'
ask h1.keys.lab
check "a DNSKEY that is refused is told in the module's words ($status, EDE $code)" lab_until 10 heard h1.keys.lab
lab_settled $agent
check "  only" eval '[ "$(reports h1.keys.lab | cut -d" " -f1)" = "_er.257.h1.keys.lab.$code._er.agent.lab" ]'
check "nobody else has told the agent anything" [ "$(stat caa.reports)" = $(($(count) - before)) ]
