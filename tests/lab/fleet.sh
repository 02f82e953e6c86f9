# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Resolvers of one perspective and the store that they share: a case that sources this has one at 127.0.53.70, a real server of Valkey or
# Redis, and members at 127.0.53.61 and on.  LAB_STORE names another server program, with options if need be.

read -ra store_program <<<"${LAB_STORE:-$(command -v valkey-server || command -v redis-server)}"
command -v "${store_program[0]:-}" >/dev/null || lab_skip "no redis-server or valkey-server here; ./bootstrap installs what the lab needs"
store_cli=$(command -v valkey-cli || command -v redis-cli) || lab_skip "no redis-cli or valkey-cli here"
members='one two three four'
# shellcheck disable=SC2034
servers=127.0.53.61,127.0.53.62,127.0.53.63,127.0.53.64
head -c 32 /dev/urandom >"$LAB_WORK/fleet.key"
lab_address 127.0.53.70

# store [OPTION...]: start it anew, empty; without options it listens without TLS
store() {
	[ $# -gt 0 ] || set -- --port 6379
	lab_stop store
	lab_spawn store "${store_program[@]}" --bind 127.0.53.70 --protected-mode no --unixsocket "$LAB_WORK/store.sock" --save '' --appendonly no "$@"
	lab_until 20 answers || lab_die "the store does not start"
}
cli() { "$store_cli" -s "$LAB_WORK/store.sock" "$@" 2>/dev/null; }
answers() { [ "$(cli ping)" = PONG ]; }

# fleet_conf [KEY=VALUE...]: the keys of the caa: clause.  What is measured are questions to the zone: the wait for the store is long,
# since this machine may be busy.
fleet_conf() {
	local setting
	declare -A value=([server]=$LAB_WORK/store.sock [perspective]=lab [key-file]=$LAB_WORK/fleet.key [wait]=500)
	for setting in "$@"; do value[${setting%%=*}]=${setting#*=}; done
	echo 'caa:'
	for setting in "${!value[@]}"; do [ -z "${value[$setting]}" ] || printf ' caa-fleet-%s: "%s"\n' "$setting" "${value[$setting]}"; done
}
# member NAME ADDRESS FLEET [CONFIGURATION]
member() { LAB_THREADS=2 lab_resolver "$1" "$UNBOUND_CAA" "$2" "$(lab_module_conf; lab_zone_conf .)
$3
${4:-}"; }
stat() { lab_stat "$1" "caa.fleet.$2"; }
stat_is() { [ "$(stat "$1" "$2")" = "$3" ]; }
is_up() { stat_is "$1" up 1; }
is_down() { stat_is "$1" up 0; }
all_are() { local member; for member in $members; do "$1" "$member" || return 1; done; }
# threads NAME: how many a resolver has
threads() { local task=("/proc/${LAB_PID[$1]}/task/"*); echo ${#task[@]}; }
# start_members FLEET [CONFIGURATION]
start_members() {
	local member n=60
	for member in $members; do
		n=$((n + 1))
		lab_stop "$member"
		member "$member" 127.0.53.$n "$@"
	done
	[ -z "$1" ] || lab_until 20 all_are is_up || lab_die "the store is not in use"
}
total() { local member; for member in $members; do stat "$member" "$1"; done | awk '{ sum += $1 } END { print sum }'; }
# fresh, and seen [TYPE]: the queries since then
fresh() { lab_settled bind-shop.lab; : >"$LAB_WORK/bind-shop.lab.queries"; }
seen() { lab_settled bind-shop.lab; lab_queries bind-shop.lab "$@" | wc -l; }
# enough NUMBER: of queries that one resolver needs, what several that share may
enough() { awk -v n="$1" 'BEGIN { print int(n * 1.05 + 16) }'; }
counted() { local member; for member in $members; do lab_control "$member" stats_noreset | sed -n 's/^caa\.fleet\.//p' | paste -sd' '; done | sed 's/^/# /'; }
# refused TEXT FLEET: unbound-checkconf says so, with file and line
refused() {
	lab_resolver_conf refused "$UNBOUND_CAA" 127.0.53.65 "$(lab_module_conf; lab_zone_conf .)
$2"
	! "$UNBOUND_CAA/unbound-checkconf" "$LAB_WORK/refused.conf" >"$LAB_WORK/refused.out" 2>&1 &&
		grep -q "refused\.conf:[0-9]*: $1" "$LAB_WORK/refused.out"
}
