# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A thousand questions wait, with their clients, when a command comes.  Each ends as with plain Unbound, or better, and the next ones
# are well.  The authority stands still until the command was given, so that all of them do wait.
#
#   FAULTS=each   all the commands, with plain Unbound beside them

[ "${FAULTS:-}" != each ] || lab_need_plain
COUNT=1000
lab_root_and_tld
LAB_NAMES=$((COUNT * 20)) LAB_QUERYLOG=no lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
# resolver plain|caa: a fresh one that knows the zone
resolver() {
	lab_stop "$1"
	case $1 in
	plain) tree=$UNBOUND_PLAIN address=127.0.53.31 more= ;;
	caa) tree=$UNBOUND_CAA address=127.0.53.30 more="$(lab_module_conf; lab_zone_conf .)"$'\n caa-hold: 600' ;;
	esac
	LAB_THREADS=2 lab_resolver "$1" "$tree" "$address" "$more"
	served "$1" h1 || lab_die "$1: no name passes"
}
served() { dig +tries=1 +time=5 caa "$2.shop.lab" @$address | grep -q 'status: NOERROR'; }
waiting() { [ "$(lab_stat "$1" total.requestlist.current.user)" -ge $((COUNT * 95 / 100)) ]; }

# while_waiting plain|caa COMMAND...: sets passed, failed and none of the questions that waited
from=1
while_waiting() {
	local who=$1 client resolver=${LAB_PID[$1]}
	shift
	seq -f 'h%.0f.shop.lab' $((from + 1)) $((from + COUNT)) >"$LAB_WORK/waiting"
	from=$((from + COUNT))
	kill -STOP "${LAB_PID[bind-shop.lab]}"
	"$CAA_CLIMB" --server $address --file "$LAB_WORK/waiting" --order climb --timeout 5 --json </dev/null >"$LAB_WORK/waited.json" 2>"$LAB_WORK/waited.err" &
	client=$!
	lab_until 20 waiting "$who" || lab_die "$who, $1: they do not wait"
	lab_control "$who" "$@" >"$LAB_WORK/said" 2>&1 || lab_die "$who: $*: $(cat "$LAB_WORK/said")"
	[ "$1" != stop ] || lab_until 20 lab_is_gone "$resolver" || lab_die "$who does not stop"
	kill -CONT "${LAB_PID[bind-shop.lab]}"
	wait $client
	read -r passed failed none < <(jq -r '[.names[].labels[0].rcode] | "\(map(select(. == "NOERROR")) | length) \(map(select(. == "SERVFAIL")) | length) \(map(select(. == null)) | length)"' \
		"$LAB_WORK/waited.json")
	echo "# $who, $*: of $COUNT that waited $passed passed, $failed failed, $none heard nothing"
}
# compared COMMAND...: the module's, no worse than plain Unbound's with the command, or with the one of PLAIN
compared() {
	local plain_passed=$COUNT plain_none=0
	if [ "${FAULTS:-}" = each ] && [ "${PLAIN:-$1}" != - ]; then
		resolver plain
		# shellcheck disable=SC2086
		while_waiting plain ${PLAIN:-$*}
		plain_passed=$passed plain_none=$none
		lab_stop plain
	fi
	resolver caa
	while_waiting caa "$@"
	check "$*: as many names pass as with plain Unbound" [ "$passed" -ge $((plain_passed - COUNT / 100)) ]
	check "$*: no more hear nothing" [ "$none" -le $((plain_none + COUNT / 100)) ]
	if [ "$1" != stop ]; then
		lab_until 20 lab_control_quiet caa status
		check "$*: the next names pass" served caa "h$((from + 7))"
		check "$*: nothing waits" lab_until 10 lab_idle caa
		lab_stop caa
	fi
	check "$*: no crash, no report" [ "$(lab_reports)" -eq 0 ]
}

compared fast_reload
PLAIN=- compared caa_flush .
PLAIN=- compared caa_forget .
[ "${FAULTS:-}" = each ] || return 0
compared reload
compared reload_keep_cache
compared flush_requestlist
compared flush_zone .
compared flush_infra all
compared stop
