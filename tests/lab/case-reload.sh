# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What was learned of an upstream outlives reload and fast_reload, also when the table changes its size: the rate is known
# afterwards, and a certificate for other names of the zone runs into the limit as little as it did before.

LAB_NAMES=500
lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11 "$LAB_BIND_LIMIT"
lab_start_parents
module=$(lab_module_conf; lab_zone_conf .; printf ' caa-cookie: no\n caa-tcp: no\n')
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$module"

# certificate FROM: the names hFROM and the 59 after it; sets lost, the queries that were not answered.
certificate() {
	seq -f 'h%.0f.shop.lab' "$1" $(($1 + 59)) >"$LAB_WORK/names"
	local before
	before=$(lab_stat caa caa.timed_out)
	lab_climb 127.0.53.30 "$LAB_WORK/names"
	lost=$(($(lab_stat caa caa.timed_out) - before))
}
rates() { lab_control caa caa_upstreams | awk '$1 ~ /^127\.0\.53\.1[01]$/ { print $1, $2 }' | sort; }
is_known() { [ "$(rates | awk '$2 > 0' | wc -l)" -eq 2 ]; }

certificate 1
cold=$lost
check "the first certificate runs into the limit ($cold queries lost)" [ "$cold" -ge 12 ]
check "both addresses have a learned rate" is_known

# reloaded COMMAND FROM [CONFIGURATION]: what is known is the same after it, and the next certificate knows it.
reloaded() {
	local known
	[ -z "${3:-}" ] || lab_resolver_conf caa "$UNBOUND_CAA" 127.0.53.30 "$3"
	known=$(rates)
	check "$1 is taken" lab_control_quiet caa "$1"
	lab_until 20 lab_control_quiet caa status
	check "  the rates are what they were: $(echo $known)" [ "$(rates)" = "$known" ]
	certificate "$2"
	check "  no name fails" [ "$failed" -eq 0 ]
	check "  the limit is known ($lost queries lost)" [ "$lost" -le $((cold / 2)) ]
}
reloaded reload 101
reloaded fast_reload 201
full=$(lab_stat caa caa.mem)
reloaded reload 301 "$module
caa:
 caa-upstreams: 1000"
check "  the table has its new size" [ "$(lab_stat caa caa.mem)" -lt $((full - 99000 * 256)) ]
