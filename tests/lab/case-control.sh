# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# unbound-control: the lines of stats, their reset, and the caa_ commands.

lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .; lab_zone_conf shop.lab 50)"
lab_climb 127.0.53.30 "$(lab_names flat 20)"

lab_control caa stats_noreset >"$LAB_WORK/stats"
check "every line of stats is name=value" eval '! grep -vqE "^[A-Za-z0-9_.-]+=[0-9.-]+$" "$LAB_WORK/stats"'
for name in $(sed -n 's/^\tX([a-z_]*,[[:space:]]*"\([^"]*\)".*/\1/p' "$LAB_TOP/module/core/config/stats.h"); do
	check "stats has $name once" [ "$(grep -c "^${name//./\\.}=" "$LAB_WORK/stats")" -eq 1 ]
	check "the manual has $name" grep -q -- "$name" "$LAB_TOP/module/unbound-caa-control.8.in"
done
check "stats_noreset does not reset" [ "$(lab_stat caa caa.questions)" -eq 22 ]
check "stats prints before it resets" [ "$(lab_control caa stats | sed -n 's/^caa.questions=//p')" -eq 22 ]
check "stats resets" [ "$(lab_stat caa caa.questions)$(lab_stat caa caa.sent.caa)$(lab_stat caa caa.wait.max_us)" = 000 ]
check "the table of upstreams is not a counter" [ "$(lab_stat caa caa.upstreams)" -eq 4 ]
dig +tries=1 +time=5 +short caa h30.shop.lab @127.0.53.30 >/dev/null
check "counting goes on" [ "$(lab_stat caa caa.questions)" -eq 1 ]
lab_control caa flush_stats >/dev/null
check "flush_stats resets" [ "$(lab_stat caa caa.questions)" -eq 0 ]

check "caa_help lists every command" eval '[ "$(lab_control caa caa_help | grep -c ^caa_)" -eq 9 ]'
check "an unknown command is an error that says where to look" eval 'lab_control caa caa_nothing 2>&1 | grep -q "^error.*caa_help"'
check "caa_upstreams has a row for each address" eval '[ "$(lab_control caa caa_upstreams | wc -l)" -eq 5 ]'
check "caa_upstreams N shows N" eval '[ "$(lab_control caa caa_upstreams 2 | grep -c "^127")" -eq 2 ]'
check "  and says how many there are" eval 'lab_control caa caa_upstreams 2 | grep -q "^2 of 4 shown"'
check "caa_upstreams ADDRESS shows one, with its rate" eval 'lab_control caa caa_upstreams 127.0.53.10 | grep -qE "^127.0.53.10 +50 "'
check "an address that nothing was sent to is an error" eval 'lab_control caa caa_upstreams 192.0.2.1 2>&1 | grep -q "^error caa_upstreams: nothing"'
check "what is no address is an error that says what is allowed" \
	eval 'lab_control caa caa_upstreams 1.2.3 2>&1 | grep -q "^error.*allowed is caa_upstreams \[NUMBER"'
check "Unbound's own commands go on" eval 'lab_control caa flush shop.lab | grep -q ok'
