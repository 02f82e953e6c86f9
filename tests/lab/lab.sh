# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The lab: real servers on loopback addresses, in the namespaces that tests/lab/run made.  Source it from there.
#
# Facts that shape it: BIND listens only on addresses that are on an interface, so each is added to lo.  Such an address
# becomes the source of what is sent to it, so a resolver's outgoing address is pinned, or one limiter would see two
# clients.  The state of a rate limiter lives in its server, so every measurement starts a fresh authority.

LAB_TOP=$(cd "$LAB_DIR/../.." && pwd)
: "${LAB_BUILD:=$LAB_TOP}"
: "${UNBOUND_PLAIN:=$LAB_BUILD/build/unbound-plain}"
: "${UNBOUND_CAA:=$LAB_BUILD/build/unbound-caa}"
: "${CAA_MODULE:=$LAB_BUILD/.libs/unbound-caa.so}"
: "${CAA_CLIMB:=$LAB_BUILD/caa-climb}"
: "${LAB_RELAY:=$LAB_BUILD/relay}"
: "${CAA_CLIENTS:=$LAB_BUILD/clients}"
PATH=$PATH:/usr/sbin:/sbin

LAB_PASSED=0 LAB_FAILED=0
declare -A LAB_PID=() LAB_DELEGATION=() LAB_LOG=()

# --- results -----------------------------------------------------------------------------------------------------

# check TEXT COMMAND...: one claim, that the command succeeds.
check() {
	local text=$1
	shift
	if "$@"; then
		echo "ok - $text"
		LAB_PASSED=$((LAB_PASSED + 1))
	else
		echo "not ok - $text"
		LAB_FAILED=$((LAB_FAILED + 1))
	fi
}

# lab_measured COMMAND...: claims about times.  What else the machine does can delay a run, so where one fails it is measured
# again, from fresh servers on, which is the command's task: the third run is the last.
lab_measured() {
	local good=$LAB_PASSED bad=$LAB_FAILED again
	for again in yes yes no; do
		LAB_PASSED=$good LAB_FAILED=$bad
		"$@"
		[ $LAB_FAILED -gt "$bad" ] || return 0
		[ $again = no ] || echo "# measured again, the lines above do not count: $*"
	done
}

# The closing line and the exit status; where something failed, the ends of the logs.
lab_finish() {
	local log
	if [ $LAB_FAILED -gt 0 ]; then
		for log in "${LAB_LOG[@]}" "$LAB_WORK"/*.out; do
			[ -s "$log" ] || continue
			echo "# --- end of ${log##*/}"
			tail -n 15 "$log" | sed 's/^/# /'
		done
	fi
	echo "$LAB_PASSED passed, $LAB_FAILED failed"
	[ $LAB_FAILED -eq 0 ] || exit 1
	exit 0
}

lab_skip() { echo "SKIP: $*"; exit 77; }
lab_die() { echo "not ok - $*"; LAB_FAILED=$((LAB_FAILED + 1)); lab_finish; }

lab_need_programs() {
	local program
	for program in named nsd nsd-control dig ip jq openssl; do
		command -v $program >/dev/null || lab_skip "no $program here; ./bootstrap installs what the lab needs"
	done
	[ -x "$UNBOUND_CAA/unbound" ] || lab_skip "no patched Unbound in $UNBOUND_CAA; run ./bootstrap"
	[ -x "$CAA_CLIMB" ] || lab_skip "no $CAA_CLIMB; run make"
	[ -f "$CAA_MODULE" ] || lab_skip "no $CAA_MODULE; run make"
}

# lab_need_plain: for cases that compare with plain Unbound.
lab_need_plain() { [ -x "$UNBOUND_PLAIN/unbound" ] || lab_skip "no plain Unbound in $UNBOUND_PLAIN to compare with"; }

# lab_until SECONDS COMMAND...: try until it succeeds; false after that many seconds.
lab_until() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# --- servers -----------------------------------------------------------------------------------------------------

lab_address() { ip address replace "$1/32" dev lo; }

# lab_spawn NAME COMMAND...: a server in the background, its output in NAME.out.
lab_spawn() {
	local name=$1
	shift
	(cd "$LAB_WORK" && exec "$@") >"$LAB_WORK/$name.out" 2>&1 &
	LAB_PID[$name]=$!
	disown "${LAB_PID[$name]}"
}

lab_is_gone() { ! kill -0 "$1" 2>/dev/null; }

# lab_stop NAME [SIGNAL]: end a server and wait for its end.
lab_stop() {
	local pid=${LAB_PID[$1]:-}
	[ -n "$pid" ] || return 0
	kill -"${2:-TERM}" "$pid" 2>/dev/null
	lab_until 60 lab_is_gone "$pid" || lab_die "$1 does not stop"
	unset "LAB_PID[$1]"
}

# dig says on its standard output too that it got no answer, so look for the SOA itself
lab_answers() { dig +tries=1 +time=1 +nocookie +short soa "$2" "@$1" 2>/dev/null | grep -q '^ns\..*hostmaster'; }
lab_wait_answers() { lab_until 20 lab_answers "$1" "$2" || lab_die "no answer for $2 from $1"; }

# lab_root_and_tld: their addresses; lab_start_parents starts them when the authorities are known.
lab_root_and_tld() {
	lab_address 127.0.53.1
	lab_address 127.0.53.2
}

# BIND 9.18 is alone on its machine, unless it is told otherwise; 9.20 takes no such option.
LAB_BIND_BESIDE=$(case $(named -v 2>/dev/null) in 'BIND 9.1'[0-8].*) echo 'lock-file none;' ;; esac)

# lab_delegate ZONE ADDRESS...: the TLD lab. delegates ZONE to ns1.ZONE, ns2.ZONE ... with glue.
lab_delegate() {
	local zone=$1 n=0 address
	shift
	for address in "$@"; do
		n=$((n + 1))
		LAB_DELEGATION[$zone]+="$zone. 3600 NS ns$n.$zone."$'\n'"ns$n.$zone. 3600 A $address"$'\n'
	done
}

# lab_lie ZONE BEHAVIOUR...: each behaviour of tests/lab/liar.c is a nameserver of the zone, with an address of its own: 127.0.60.1 and so
# on.  LAB_LIARS is what the liar is started with, LAB_LIED the last address.
LAB_LIARS=()
lab_lie() {
	local zone=$1 behaviour addresses=()
	shift
	for behaviour in "$@"; do
		LAB_LIED=127.0.60.$((${#LAB_LIARS[@]} + 1))
		lab_address "$LAB_LIED"
		addresses+=("$LAB_LIED")
		LAB_LIARS+=("$LAB_LIED=$behaviour:$zone")
	done
	lab_delegate "$zone" "${addresses[@]}"
}

lab_soa() { echo "$1. 3600 SOA ns.$1. hostmaster.$1. 1 3600 600 86400 60"; }

# lab_nsd NAME ADDRESS OPTIONS ZONE...: NSD with zone files ZONE.zone of the work folder.
lab_nsd() {
	local name=$1 address=$2 options=$3 zone
	shift 3
	{
		printf 'server:\n ip-address: %s\n username: ""\n pidfile: ""\n xfrdfile: ""\n zonelistfile: "%s"\n' \
			"$address" "$LAB_WORK/$name.zonelist"
		printf ' zonesdir: "%s"\n xfrdir: "%s"\n database: ""\n reuseport: no\n%s\n' "$LAB_WORK" "$LAB_WORK" "$options"
		printf 'remote-control:\n control-enable: yes\n control-interface: "%s"\n' "$LAB_WORK/$name.ctl"
		for zone in "$@"; do printf 'zone:\n name: "%s"\n zonefile: "%s.zone"\n' "$zone" "$zone"; done
	} >"$LAB_WORK/$name.conf"
	lab_spawn "$name" nsd -d -c "$LAB_WORK/$name.conf"
	lab_wait_answers "$address" "$1"
}

# lab_parent_zones: the zone files of the root and of the TLD lab., with the delegations so far.
lab_parent_zones() {
	{ lab_soa ''; printf '. 3600 NS ns.root.\nns.root. 3600 A 127.0.53.1\nlab. 3600 NS ns.lab.\nns.lab. 3600 A 127.0.53.2\n'; } |
		sed 's/^\. 3600 SOA ns\.\. hostmaster\.\./. 3600 SOA ns.root. hostmaster.root./' >"$LAB_WORK/..zone"
	{ lab_soa lab; printf 'lab. 3600 NS ns.lab.\nns.lab. 3600 A 127.0.53.2\n'; printf '%s' "${LAB_DELEGATION[@]}"; } >"$LAB_WORK/lab.zone"
}

# lab_start_parents: root on 127.0.53.1 and TLD lab. on 127.0.53.2, with the delegations so far.
lab_start_parents() {
	lab_parent_zones
	# Debian's NSD limits rates unless told; the limits of this lab are the authorities'.
	lab_nsd root 127.0.53.1 ' rrl-ratelimit: 0' .
	lab_nsd tld 127.0.53.2 ' rrl-ratelimit: 0' lab
}

# lab_zone_file ZONE ADDRESS...: names hN and a.b.dN, N = 1..LAB_NAMES (100), and what LAB_RECORDS holds.
lab_zone_file() {
	local zone=$1 n=0 address
	shift
	{
		lab_soa "$zone"
		for address in "$@"; do
			n=$((n + 1))
			printf '%s. 3600 NS ns%d.%s.\nns%d.%s. 3600 A %s\n' "$zone" $n "$zone" $n "$zone" "$address"
		done
		seq -f "h%.0f.$zone. 3600 A 192.0.2.1" "${LAB_NAMES:-100}"
		seq -f "a.b.d%.0f.$zone. 3600 A 192.0.2.1" "${LAB_NAMES:-100}"
		printf '%s' "${LAB_RECORDS:-}"
	} >"$LAB_WORK/$zone.zone"
}

# lab_authority_bind ZONE ADDRESS1 ADDRESS2 [OPTIONS]: one BIND on both addresses, so one limiter; delegated from lab.
lab_authority_bind() {
	lab_delegate "$1" "$2" "$3"
	lab_zone_file "$1" "$2" "$3"
	lab_start_bind "$@"
}

# lab_start_bind ZONE ADDRESS1 ADDRESS2 [OPTIONS]: start it, or start it afresh: its limiter and its counts begin anew.
lab_start_bind() {
	local zone=$1 name=bind-$1 one=$2 two=$3
	lab_stop "$name"
	lab_address "$one"
	lab_address "$two"
	LAB_LOG[$name]=$LAB_WORK/$name.log
	: >"$LAB_WORK/$name.queries"
	cat >"$LAB_WORK/$name.conf" <<-END
		options {
			directory "$LAB_WORK";
			listen-on port 53 { $one; $two; };
			listen-on-v6 { none; };
			recursion no; notify no; dnssec-validation no; minimal-responses yes; querylog ${LAB_QUERYLOG:-yes};
			pid-file none; session-keyfile "$LAB_WORK/$name.key"; managed-keys-directory "$LAB_WORK";
			$LAB_BIND_BESIDE
			${4:-}
		};
		controls { };
		logging {
			channel queries { file "$LAB_WORK/$name.queries"; };
			channel log { file "$LAB_WORK/$name.log"; };
			category queries { queries; };
			category default { log; };
			category rate-limit { null; };
		};
		zone "$zone" { type primary; file "$zone.zone"; ${LAB_ZONE_OPTIONS:-} };
		zone "ready.test" { type primary; file "ready.test.zone"; };
		${LAB_MORE_ZONES:-}
	END
	{ lab_soa ready.test; echo 'ready.test. 3600 NS ns.ready.test.'; echo "ns.ready.test. 3600 A $one"; } >"$LAB_WORK/ready.test.zone"
	lab_spawn "$name" named -f -c "$LAB_WORK/$name.conf"
	# Asked from an address of its own (the server's), so the limiter does not hold it against the resolver.
	lab_wait_answers "$one" ready.test
}

# lab_queries AUTHORITY [TYPE]: how many queries of a type, or of all, have reached a BIND, as `name type` lines.
# BIND logs a query before its limiter looks at it, so dropped ones count.
lab_queries() {
	sed -n 's/.* query: \([^ ]*\) IN \([A-Z0-9]*\) .*/\1 \2/p' "$LAB_WORK/$1.queries" | grep -v 'ready\.test ' |
		{ if [ -n "${2:-}" ]; then grep " $2\$"; else cat; fi; }
}

# lab_counts AUTHORITY: sets queries (all), unique (name and type), caa (of type CAA).
lab_counts() {
	lab_settled "$1"
	# shellcheck disable=SC2034
	queries=$(lab_queries "$1" | wc -l) unique=$(lab_queries "$1" | sort -u | wc -l) caa=$(lab_queries "$1" CAA | wc -l)
}

# BIND writes a line for each query as it comes, in order: once a query of ours is in the log, all before it are.
lab_settled() {
	local name=$1 mark=mark$RANDOM$RANDOM.ready.test
	local address
	address=$(sed -n 's/.*listen-on port 53 { \([0-9.]*\);.*/\1/p' "$LAB_WORK/$name.conf")
	dig +tries=1 +time=5 +nocookie +short a "$mark" "@$address" >/dev/null 2>&1
	lab_until 20 grep -q "$mark" "$LAB_WORK/$name.queries" || lab_die "the query log of $name does not grow"
}

# lab_nsd_count NAME [TYPE]: queries that reached an NSD.
lab_nsd_count() {
	nsd-control -c "$LAB_WORK/$1.conf" stats_noreset |
		sed -n "s/^num\.${2:+type.}${2:-queries}=\([0-9]*\)\$/\1/p"
}

# --- what stands in front of servers -----------------------------------------------------------------------------------

# lab_relay NAME LISTEN TO OPTION...: the relay of this folder, which makes a server distant, lossy or without TCP.
lab_relay() {
	local name=$1 listen=$2 to=$3
	shift 3
	[ -x "$LAB_RELAY" ] || lab_skip "no $LAB_RELAY; run make relay"
	lab_address "$listen"
	: >"$LAB_WORK/$name.out"
	lab_spawn "$name" "$LAB_RELAY" --listen "$listen" --to "$to" "$@"
	lab_until 20 grep -q '^ready' "$LAB_WORK/$name.out" || lab_die "$name does not listen"
}

# lab_relay_count NAME WORD: what it counted so far: queries, answers, connections, lost, forged, dropped, muted.
lab_relay_count() {
	local lines
	lines=$(wc -l <"$LAB_WORK/$1.out")
	kill -USR1 "${LAB_PID[$1]}"
	lab_until 20 lab_has_lines "$LAB_WORK/$1.out" $((lines + 1)) || lab_die "$1 does not count"
	tail -n 1 "$LAB_WORK/$1.out" | sed -n "s/.*$2 \([0-9]*\).*/\1/p"
}
lab_has_lines() { [ "$(wc -l <"$1")" -ge "$2" ]; }

# lab_dnsdist NAME ADDRESS... -- LUA: one dnsdist on the addresses, configured by LUA, which names the servers behind it.
# Ready when it answers for LAB_READY (ready.test, a zone of every BIND here).
lab_dnsdist() {
	local name=$1 set=setLocal first=$2
	command -v dnsdist >/dev/null || lab_skip "no dnsdist here; ./bootstrap installs what the lab needs"
	shift
	{
		echo 'setSecurityPollSuffix("")'
		while [ "$1" != -- ]; do
			case $1 in
			*:*) echo "$set(\"[$1]:53\")" ;;	# the caller's task to add it
			*) lab_address "$1"; echo "$set(\"$1:53\")" ;;
			esac
			set=addLocal
			shift
		done
		printf '%s\n' "$2"
	} >"$LAB_WORK/$name.lua"
	lab_spawn "$name" dnsdist --supervised --disable-syslog -C "$LAB_WORK/$name.lua"
	# Asked from an address of its own, so that a limiter does not hold it against the resolver.
	lab_wait_answers "$first" "${LAB_READY:-ready.test}"
}

# --- resolvers -------------------------------------------------------------------------------------------------------

# lab_module_conf: the clauses that load the module.
lab_module_conf() {
	printf 'server:\n module-config: "dynlib validator iterator"\ndynlib:\n dynlib-file: "%s"\n' "$CAA_MODULE"
}

# lab_zone_conf ZONE [RATE [BUDGET]]: a caa-zone: clause.
lab_zone_conf() {
	printf 'caa-zone:\n name: "%s"\n caa-enable: yes\n' "$1"
	[ -z "${2:-}" ] || printf ' caa-rate: %s\n caa-burst: 1\n' "$2"
	[ -z "${3:-}" ] || printf ' caa-budget: %s\n' "$3"
}

# lab_resolver NAME TREE ADDRESS [CONFIGURATION]: an Unbound, tuned as a CA tunes it; LAB_THREADS threads (1).
# Queries upstream leave from 127.0.54.N, where ADDRESS is 127.0.53.N, or from the addresses in LAB_OUTGOING.
lab_resolver() {
	lab_resolver_conf "$@"
	if ! "$2/unbound-checkconf" "$LAB_WORK/$1.conf" >"$LAB_WORK/$1.checkconf" 2>&1; then
		cat "$LAB_WORK/$1.checkconf"
		lab_die "unbound-checkconf refuses the configuration of $1"
	fi
	lab_start_resolver "$@"
}

lab_resolver_conf() {
	local name=$1 address=$3 outgoing=${LAB_OUTGOING:-127.0.54.${3##*.}} source
	lab_address "$address"
	for source in $outgoing; do lab_address "$source"; done
	printf '. 3600 NS ns.root.\nns.root. 3600 A 127.0.53.1\n' >"$LAB_WORK/hints"
	LAB_LOG[$name]=$LAB_WORK/$name.log
	cat >"$LAB_WORK/$name.conf" <<-END
		server:
		 directory: "$LAB_WORK"
		 chroot: ""
		 username: ""
		 pidfile: ""
		 interface: $address
		$(printf ' outgoing-interface: %s\n' $outgoing)
		 access-control: 127.0.0.0/8 allow
		 do-not-query-localhost: no
		 do-ip6: no
		 num-threads: ${LAB_THREADS:-1}
		 root-hints: "$LAB_WORK/hints"
		 use-syslog: no
		 logfile: "$LAB_WORK/$name.log"
		 verbosity: ${LAB_VERBOSITY:-1}
		 ede: yes
		 discard-timeout: 60000
		 wait-limit: 0
		 num-queries-per-thread: 8192
		 outgoing-range: 8192
		 so-rcvbuf: 4m
		remote-control:
		 control-enable: yes
		 control-interface: "$LAB_WORK/$name.ctl"
		 control-use-cert: no
		${4:-}
	END
}

# lab_start_resolver NAME TREE ADDRESS: as lab_resolver, with the configuration that is there; LAB_WRAP goes in front.
lab_start_resolver() {
	# shellcheck disable=SC2086
	lab_spawn "$1" ${LAB_WRAP:-} "$2/unbound" -d -c "$LAB_WORK/$1.conf"
	LAB_TREE=$2
	lab_until "${LAB_START_SECONDS:-20}" lab_control_quiet "$1" status || lab_die "$1 does not start"
}

# lab_control NAME COMMAND...: unbound-control.
lab_control() {
	local name=$1
	shift
	"$LAB_TREE/unbound-control" -c "$LAB_WORK/$name.conf" "$@"
}
lab_control_quiet() { lab_control "$@" >/dev/null 2>&1; }

# lab_stat NAME LINE: one number of stats_noreset.
lab_stat() { lab_control "$1" stats_noreset | sed -n "s/^${2//./\\.}=//p"; }
# lab_idle NAME: whether no question waits there, nor a lookup that nobody waits for.
lab_idle() { [ "$(lab_stat "$1" total.requestlist.current.all)" = 0 ]; }

# An EDE text ends with the id of its lookup; lab_id TEXT prints it, lab_without_id what is before it.
lab_id() { sed -n 's/.* (id \([a-z2-7]\{8\}\))$/\1/p' <<<"$1"; }
lab_without_id() { sed 's/ (id [a-z2-7]\{8\})$//'; }

# lab_in_manual CODE TEXT: whether a text is one of those that the manual has, but for names, numbers and how often.  Those that are
# stand in the case's output, for said.test.
lab_in_manual() {
	local form
	[ -x "$LAB_BUILD/said" ] || lab_skip "no $LAB_BUILD/said; run make said"
	form=$(lab_text_form <<<"$1")
	lab_manual_forms | grep -qxF -- "$form" && echo "# said: $form"
}
# lab_log_in_manual FILE: the same of each line of a log of failures.
lab_log_in_manual() {
	local form
	while read -r form; do
		check "  the manual has: ${form:0:100}" lab_in_manual "$form"
	done < <(jq -r '"\(.ede) \(.text)"' "$1" | lab_text_form | sort -u)
}
lab_manual_forms() { "$LAB_BUILD/said" --plain | cut -d' ' -f2- | lab_text_form; }
lab_text_form() {
	sed -E 's/; also [a-z-]+ x[0-9]+(, [a-z-]+ x[0-9]+)*//; s/ \((and [0-9]+ more|[^ ()]*\.[^ ()]*(, and [0-9]+ more)?)\)//g; s/ \([0-9]+ times\)//g; s/ in zone [^ :;]+//
		s/\bNS \./CAA NAME/; s/\bzone [a-z0-9_-]+(\.[a-z0-9_-]+)*/zone NAME/g; s/\b[0-9]+(\.[0-9]+){3}\b/ADDRESS/; s/ \([0-9a-f:]*::[0-9a-f:]*\)//g
		s/\b(CAA|AAAA|A) [^( :;,][^ :;,]*/\1 NAME/g; s/\b(of|for|at) [a-z0-9_-]+(\.[a-z0-9_-]+)*/\1 NAME/g; s/its EDE [0-9]+(: [^)]*)?\)/its EDE)/; s/ \(its EDE\)//; s/queries|query/queries/g
		s/\b[0-9]+ (of NAME|UDP|TCP|queries)/N \1/g; s,\b[0-9]+/s,N/s,g; s/after [0-9.]+ s:/after N s:/'
}

# --- clients ---------------------------------------------------------------------------------------------------------

# lab_names flat|deep [COUNT]: the names of a certificate below shop.lab, into a file; prints its path.
lab_names() {
	case $1 in
	flat) seq -f 'h%.0f.shop.lab' "${2:-100}" ;;
	deep) seq -f 'a.b.d%.0f.shop.lab' "${2:-100}" ;;
	esac >"$LAB_WORK/names-$1"
	echo "$LAB_WORK/names-$1"
}

# lab_climb ADDRESS FILE [OPTION...]: check the names; the report goes to climb.json, sets passed, failed, seconds, reasons.
lab_climb() {
	local address=$1 file=$2 report=$LAB_WORK/climb.json
	shift 2
	"$CAA_CLIMB" --server "$address" --file "$file" --json "$@" >"$report" 2>"$LAB_WORK/climb.err" </dev/null
	climb_status=$?
	# shellcheck disable=SC2034
	if ! read -r passed failed seconds reasons < <(jq -r '.summary | "\(.passed) \(.failed) \(.seconds * 1000 | round / 1000) " +
		([.reasons | to_entries[] | "\(.key) \(.value)"] | join(", "))' "$report"); then
		cat "$LAB_WORK/climb.err"
		lab_die "caa-climb ended with $climb_status and no report"
	fi
}

# lab_bench_row TEXT PLAIN MODULE RATIO SPREAD: print a row of make bench, and note it for the table of all (tests/bench/table), if
# BENCH_ROWS says where; lab_bench_note does only that.  PLAIN and RATIO are - where there is nothing to compare with.
lab_bench_titles() { printf '%-52s %12s %12s %9s %15s\n' '' plain module 'to plain' spread; }
lab_bench_row() {
	printf '%-52s %12.6g %12.6g %9s %15s\n' "$@"
	lab_bench_note "$@"
}
lab_bench_note() { printf '%s\t%s\t%s\t%s\t%s\n' "$@" >>"${BENCH_ROWS:-/dev/null}"; }

# ratio A B C: whether A <= B * C, for decimal numbers.
at_most() { awk -v a="$1" -v b="$2" -v c="${3:-1}" 'BEGIN { exit !(a <= b * c) }'; }
at_least() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a >= b) }'; }

# --- certificates, cold and warm ----------------------------------------------------------------------------------------

# lab_second_names flat|deep [COUNT]: as lab_names, other names of the same zone, which has twice as many then.
lab_second_names() {
	local count=${2:-100}
	case $1 in
	flat) seq -f 'h%.0f.shop.lab' $((count + 1)) $((2 * count)) ;;
	deep) seq -f 'a.b.d%.0f.shop.lab' $((count + 1)) $((2 * count)) ;;
	esac >"$LAB_WORK/second-$1"
	echo "$LAB_WORK/second-$1"
}

# lab_cold_and_warm ADDRESS flat|deep: check a certificate, then one for other names of the zone; sets cold_failed,
# cold_seconds, warm_failed, warm_seconds.  Between them it waits LAB_REST seconds: a limiter shows to nobody what it has
# saved up again, and a bucket for 20 queries is full after 1 s; one that counts in whole seconds wants another.
lab_cold_and_warm() {
	lab_climb "$1" "$(lab_names "$2")" --timeout 60
	# shellcheck disable=SC2034
	cold_failed=$failed cold_seconds=$seconds cold_reasons=$reasons
	[ -z "${LAB_REST:-}" ] || sleep "$LAB_REST"
	lab_climb "$1" "$(lab_second_names "$2")" --timeout 60
	# shellcheck disable=SC2034
	warm_failed=$failed warm_seconds=$seconds warm_reasons=$reasons
}

# lab_row TEXT flat|deep COLD WARM [OPTION...]: a fresh resolver in default configuration, but for the OPTIONs of its zone,
# checks a certificate within COLD seconds and another one within WARM.  The authority is fresh, too: the caller's task.
lab_row() {
	local text="$1, $2" kind=$2 cold=$3 warm=$4
	shift 4
	lab_stop caa
	lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .; [ $# -eq 0 ] || printf ' %s\n' "$@")"
	lab_cold_and_warm 127.0.53.30 "$kind"
	echo "# $text: cold $cold_failed failed in $cold_seconds s ${cold_reasons:+($cold_reasons) }of $cold;" \
		"warm $warm_failed in $warm_seconds s ${warm_reasons:+($warm_reasons) }of $warm"
	check "$text: no name fails, cold" [ "$cold_failed" -eq 0 ]
	check "$text: no name fails, warm" [ "$warm_failed" -eq 0 ]
	check "$text: in time, cold ($cold_seconds s of $cold)" at_most "$cold_seconds" "$cold"
	check "$text: in time, warm ($warm_seconds s of $warm)" at_most "$warm_seconds" "$warm"
}

# lab_flagged AUTHORITY FLAG: how many queries a BIND saw with a flag of its query log: K with a cookie that is no proof, V
# with a cookie that this server made, T over TCP.
lab_flagged() { grep -v 'ready\.test' "$LAB_WORK/$1.queries" | grep -c " IN [A-Z0-9]* [-+][A-Z()0-9]*$2"; }

# lab_seen AUTHORITY TEXT: what a BIND saw, as a comment; sets queries, unique, cookies, streams.
lab_seen() {
	lab_counts "$1"
	# shellcheck disable=SC2034
	cookies=$(lab_flagged "$1" V) streams=$(lab_flagged "$1" T)
	echo "# $2: $queries queries for $unique names reached BIND: $(lab_flagged "$1" K) with a client's cookie, $cookies with" \
		"BIND's, $streams over TCP; caa.limits $(lab_stat caa caa.limits), caa.tries $(lab_stat caa caa.tries)"
}

# lab_bound flat|deep SAVED FACTOR SECONDS: in how many seconds a certificate has to pass a limit of 20/s that answers SAVED
# queries at once: FACTOR times what the limit itself needs, and SECONDS.
lab_bound() { awk -v n="$([ "$1" = flat ] && echo 101 || echo 301)" "BEGIN { printf \"%.1f\", $3 * (n - $2) / 20 + $4 }"; }

# lab_fronted_zone: shop.lab on two addresses where something stands in front of its BIND: what lab_bucket, lab_dnsdist or
# lab_relay start there.
lab_fronted_zone() {
	lab_root_and_tld
	lab_delegate shop.lab 127.0.53.12 127.0.53.13
	LAB_NAMES=200 lab_zone_file shop.lab 127.0.53.12 127.0.53.13
	lab_start_parents
	lab_start_bind shop.lab 127.0.53.10 127.0.53.11
}

# lab_bucket TEXT ACTION flat|deep COLD WARM [OPTION...]: lab_row with a fresh dnsdist that has one bucket for both addresses,
# of 20 queries, filled at 20/s; ACTION is what happens to a query that finds it empty.
lab_bucket() {
	local text="dnsdist, $1" action=$2 kind=$3
	lab_stop dnsdist
	: >"$LAB_WORK/bind-shop.lab.queries"
	lab_dnsdist dnsdist 127.0.53.12 127.0.53.13 -- "
		newServer({address='127.0.53.10:53', sockets=4}):setUp()
		addAction(MaxQPSIPRule(20, 32, 128, 20), $action)"
	shift 3
	LAB_REST=2 lab_row "$text" "$kind" "$@"
	lab_seen bind-shop.lab "$text, $kind"
}

# A limit that charges what it refuses, but neither what returns its cookie nor what comes over TCP.
LAB_BIND_LIMIT='rate-limit { all-per-second 20; window 5; slip 0; };'

# lab_bind_proved TEXT flat|deep COLD WARM FIRST: lab_row with a fresh limited BIND; all but FIRST queries return its cookie.
lab_bind_proved() {
	lab_start_bind shop.lab 127.0.53.10 127.0.53.11 "$LAB_BIND_LIMIT"
	lab_row "$1" "$2" "$3" "$4"
	lab_seen bind-shop.lab "$1, $2"
	# shellcheck disable=SC2154
	check "$1, $2: nearly all return its cookie ($cookies of $queries)" at_most $((queries - cookies)) "$5"
}

# lab_bind_paced TEXT flat|deep SLACK: the same without cookies and TCP: at the limit's pace, and SLACK seconds, when warm.
lab_bind_paced() {
	local text="$1, no cookies, no TCP"
	lab_start_bind shop.lab 127.0.53.10 127.0.53.11 "$LAB_BIND_LIMIT"
	lab_row "$text" "$2" "$(lab_bound "$2" 20 2 3)" "$(lab_bound "$2" 20 1.25 "$3")" 'caa-cookie: no' 'caa-tcp: no'
	lab_seen bind-shop.lab "$text, $2"
	# shellcheck disable=SC2154
	check "$text, $2: there is neither" [ $((cookies + streams)) -eq 0 ]
}

# --- what a resolver takes ---------------------------------------------------------------------------------------------

# lab_cpu_ms NAME: of its threads that are there.
lab_cpu_ms() { awk '{ ns += $1 } END { printf "%.3f\n", ns / 1e6 }' /proc/"${LAB_PID[$1]}"/task/*/schedstat; }
# lab_resident_kb NAME
lab_resident_kb() { awk '/^VmRSS/ { print $2 }' "/proc/${LAB_PID[$1]}/status"; }

# --- compared with plain Unbound -----------------------------------------------------------------------------------------

# lab_median FIELD FILE: the median of a column.
lab_median() { awk -v f="$1" '{ print $f }' "$2" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# lab_either plain|caa: a fresh resolver at 127.0.53.30, plain Unbound or Unbound with the module, in default configuration.
lab_either() {
	lab_stop resolver
	case $1 in
	plain) lab_resolver resolver "$UNBOUND_PLAIN" 127.0.53.30 ;;
	caa) lab_resolver resolver "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .)" ;;
	esac
}

# lab_versus TEXT flat|deep SLACK [RUNS]: plain Unbound and Unbound with the module, in default configuration, in turn: for
# each a fresh one checks a certificate and then another.  No name may fail the module, and it may take no longer than plain
# Unbound and 10%, or SLACK seconds where that is more; of several RUNS the medians count.
lab_versus() {
	local text="$1, $2" kind=$2 slack=$3 runs=${4:-1} who run cold warm
	rm -f "$LAB_WORK"/versus-*
	for run in $(seq "$runs"); do
		for who in plain caa; do
			lab_either $who
			lab_cold_and_warm 127.0.53.30 "$kind"
			echo "$cold_failed $cold_seconds $warm_failed $warm_seconds" >>"$LAB_WORK/versus-$who"
			echo "# $text, $who: cold $cold_failed failed in $cold_seconds s${cold_reasons:+ ($cold_reasons)}," \
				"warm $warm_failed in $warm_seconds s${warm_reasons:+ ($warm_reasons)}"
		done
	done
	check "$text: no name fails" [ "$(awk '{ n += $1 + $3 } END { print n }' "$LAB_WORK/versus-caa")" -eq 0 ]
	cold=$(lab_median 2 "$LAB_WORK/versus-caa") warm=$(lab_median 4 "$LAB_WORK/versus-caa")
	lab_no_slower "$text: cold" "$cold" "$(lab_median 2 "$LAB_WORK/versus-plain")" "$slack"
	lab_no_slower "$text: warm" "$warm" "$(lab_median 4 "$LAB_WORK/versus-plain")" "$slack"
}

# lab_no_slower TEXT SECONDS PLAIN SLACK
lab_no_slower() {
	check "$1 no slower than plain Unbound ($2 s, plain $3 s)" \
		at_most "$2" "$(awk -v p="$3" -v s="$4" 'BEGIN { print p + (p / 10 > s ? p / 10 : s) }')"
}

# lab_reports: how many reports of a sanitizer or of valgrind the resolver caa has left, or any program in files LAB_REPORTS.PID.
lab_reports() {
	cat "$LAB_WORK/caa.out" ${LAB_REPORTS:+"$LAB_REPORTS".*} 2>/dev/null |
		grep -cE 'ERROR: |WARNING: ThreadSanitizer|runtime error|definitely lost: [1-9]|Invalid (read|write)|fatal|assertion'
}
