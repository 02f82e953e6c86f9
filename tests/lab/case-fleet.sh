# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Four resolvers of one perspective that share their lookups over a real server of Valkey or Redis, each query to a random one.

store_program=$(command -v valkey-server redis-server | head -n 1)
[ -n "$store_program" ] || lab_skip "no redis-server or valkey-server here; ./bootstrap installs what the lab needs"
store_cli=$(command -v valkey-cli redis-cli | head -n 1)
members='one two three four'
servers=127.0.53.61,127.0.53.62,127.0.53.63,127.0.53.64
head -c 32 /dev/urandom >"$LAB_WORK/fleet.key"
head -c 32 /dev/urandom >"$LAB_WORK/other.key"

# store [OPTION...]: start the store, empty
store() {
	lab_spawn store "$store_program" --port 0 --unixsocket "$LAB_WORK/store.sock" --save '' --appendonly no "$@"
	lab_until 20 answers || lab_die "the store does not start"
}
cli() { "$store_cli" -s "$LAB_WORK/store.sock" "$@"; }
answers() { [ "$(cli ping 2>/dev/null)" = PONG ]; }

# fleet_conf [WAIT [PERSPECTIVE [KEY]]]: the keys of the caa: clause
fleet_conf() {
	printf 'caa:\n caa-fleet-server: "%s"\n caa-fleet-perspective: "%s"\n caa-fleet-key-file: "%s"\n caa-fleet-wait: %s\n' \
		"$LAB_WORK/store.sock" "${2:-lab}" "$LAB_WORK/${3:-fleet.key}" "${1:-500}"
}
# What is measured are questions to the zone: the wait for the store is long, since this machine may be busy.
member() { lab_resolver "$1" "$UNBOUND_CAA" "$2" "$(lab_module_conf; lab_zone_conf .)
${3-$(fleet_conf)}
${4:-}"; }
in_use() { [ "$(lab_stat "$1" caa.fleet.up)" -eq 1 ]; }
start_members() {
	local member n=60
	for member in $members; do
		n=$((n + 1))
		lab_stop "$member"
		member "$member" "127.0.53.$n" "$@"
	done
}
all_in_use() { local member; for member in $members; do in_use "$member" || return 1; done; }
start_fleet() {
	start_members "$@"
	lab_until 20 all_in_use || lab_die "the store is not in use"
}
total() { local member; for member in $members; do lab_stat "$member" "$1"; done | awk '{ sum += $1 } END { print sum }'; }
at_most() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a <= b) }'; }
fresh() { lab_settled bind-shop.lab; : >"$LAB_WORK/bind-shop.lab.queries"; }
seen() { lab_settled bind-shop.lab; lab_queries bind-shop.lab | wc -l; }

lab_root_and_tld
LAB_NAMES=300 lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
store

# --- one lookup ---------------------------------------------------------------------------------------------------------
member alone 127.0.53.60 ''
fresh
lab_climb 127.0.53.60 "$(lab_names deep)"
needed=$(seen)
check "one resolver alone needs $needed queries" [ "$failed" -eq 0 ]
start_members ''
fresh
lab_climb $servers "$(lab_names deep)"
echo "# without a store: $(seen) queries in $seconds s"
start_fleet
fresh
lab_climb $servers "$(lab_names deep)"
queries=$(seen)
echo "# with a store: $queries queries in $seconds s; $(for member in $members; do lab_control "$member" stats_noreset | grep '^caa\.fleet' | sed 's/caa.fleet.//' | paste -sd' '; done | paste -sd'/')"
check "four with a store: no name fails" [ "$failed" -eq 0 ]
check "  and they need hardly more: $queries" at_most "$queries" "$(awk -v n="$needed" 'BEGIN { print n * 1.05 + 16 }')"
