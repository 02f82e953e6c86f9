# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A question waits no longer than its budget: what cannot have its turn in time is not sent, and ends as SERVFAIL; all that
# can is sent at the rate.

lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .; lab_zone_conf shop.lab 10 2)"
lab_climb 127.0.53.30 <(echo shop.lab)
lab_control caa stats >/dev/null
lab_climb 127.0.53.30 "$(lab_names flat 100)"
lab_counts bind-shop.lab
echo "# $passed passed, $failed failed ($reasons), $seconds s, $queries queries"
# 20/s for 2 s, with one turn of each address at once
check "as many names pass as have a turn within the budget ($passed)" at_least "$passed" 38
check "  and no more" at_most "$passed" 44
check "the others fail as SERVFAIL" [ "$reasons" = "SERVFAIL $failed" ]
check "no wait was longer than the budget" at_most "$(lab_stat caa caa.wait.max_us)" 2000000
check "stats count the queries that were not sent" [ "$(lab_stat caa caa.refused)" -ge "$failed" ]
check "the authority sees only the names that passed, and shop.lab" [ "$unique" -eq $((passed + 1)) ]
check "both addresses share the load" lab_control_quiet caa caa_upstreams 127.0.53.10
for address in 127.0.53.10 127.0.53.11; do
	sent=$(lab_control caa caa_upstreams $address | awk 'END { print $7 }')
	check "  $address has its part ($sent)" at_least "$sent" $((queries * 4 / 10))
done
# What is lost is asked again later: nothing of the failure stays but Unbound's 5 s for a SERVFAIL.
lab_control caa flush_negative >/dev/null
lab_control caa flush_zone shop.lab >/dev/null
lab_climb 127.0.53.30 "$(lab_names flat 30)"
check "a smaller certificate passes afterwards" [ "$failed" -eq 0 ]
