# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Without caa-fleet-server nothing of the fleet is there: no thread, no library at run time, and of its code nothing runs for a question but
# what says that there is none.

# shellcheck source=tests/lab/fleet.sh
. "$LAB_DIR/fleet.sh"
lab_need_plain
command -v readelf >/dev/null || lab_skip "no readelf here"
command -v valgrind >/dev/null || lab_skip "no valgrind here: it is not seen what runs"

lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents

# --- libraries --------------------------------------------------------------------------------------------------------------------
needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }
more=$(comm -23 <(needed "$CAA_MODULE" | sort) <(ldd "$UNBOUND_CAA/unbound" | awk '{ print $1 }' | sort))
check "at run time the module needs what Unbound needs, and libsodium ($more)" [ "${more%%.so*}" = libsodium ]

# --- threads ----------------------------------------------------------------------------------------------------------------------
LAB_THREADS=2 lab_resolver plain "$UNBOUND_PLAIN" 127.0.53.20
member one 127.0.53.61 ''
check "there are as many threads as of plain Unbound ($(threads one))" [ "$(threads one)" -eq "$(threads plain)" ]
lab_stop plain
lab_stop one

# --- instructions -----------------------------------------------------------------------------------------------------------------
# ran FLEET: which functions of the fleet's files run while a certificate is checked
ran() {
	local out=$LAB_WORK/callgrind
	LAB_START_SECONDS=60 LAB_WRAP="valgrind -q --tool=callgrind --instr-atstart=no --compress-strings=no --callgrind-out-file=$out" \
		member one 127.0.53.61 "$1"
	[ -z "$1" ] || lab_until 60 is_up one || lab_die "the store is not in use"
	callgrind_control -i on "${LAB_PID[one]}" >/dev/null 2>&1
	lab_climb 127.0.53.61 "$(lab_names deep 20)"
	[ "$failed" -eq 0 ] || lab_die "names fail"
	callgrind_control -i off "${LAB_PID[one]}" >/dev/null 2>&1
	lab_stop one
	awk '/^f[lie]=/ { fleet = $0 ~ /\/(fleet|fleet_config|exchange|asked|store|conn|tls|limits|referral|share|entry)\.c$/ && $0 !~ /glue\/entry/ }
		/^fn=/ && fleet { sub(/^fn=/, ""); print }' "$out"* | sort -u
}
store
check "with it, a claim is written, so that this case can tell" grep -qx caa_exchange_claim <(ran "$(fleet_conf wait=1000)")
none=$(ran '' | paste -sd' ')
check "without it nothing runs but what says that there is none ($none)" \
	[ -z "$(tr ' ' '\n' <<<"$none" | grep -vx 'caa_fleet_nodes\|caa_share_burst\|')" ]
