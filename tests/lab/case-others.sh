# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Queries that are not for CAA do not wait, but take their turns where there is a limit: a CAA question waits behind them.

lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .; lab_zone_conf shop.lab 1)"
ask() { dig +tries=1 +time=20 +noall +comments "$1" "$2" @127.0.53.30 | grep -q 'status: NOERROR'; }

# Sets the rate at both addresses: which is known from the first CAA question that goes there.
check "a CAA question" ask caa shop.lab
check "another" ask caa h99.shop.lab
lab_control caa stats >/dev/null
for n in $(seq 30); do ask a "h$n.shop.lab" || break; done
check "30 questions for A are answered" [ "$n" -eq 30 ]
check "none of their queries waited" [ "$(lab_stat caa caa.wait.count)" -eq 0 ]
check "none was sent for a CAA question" [ "$(lab_stat caa caa.sent.caa)" -eq 0 ]
sent=$(lab_stat caa caa.sent.other)
check "they were counted ($sent)" [ "$sent" -ge 30 ]
check "a CAA question is answered" ask caa h1.shop.lab
check "it waited for its turn behind them" [ "$(lab_stat caa caa.wait.max_us)" -gt 1000000 ]
check "but not longer than charges may make it" at_most "$(lab_stat caa caa.wait.max_us)" 10000000

# Where no limit is known and no CAA question is under way they are of no concern, and go as without the module.
lab_resolver free "$UNBOUND_CAA" 127.0.53.31 "$(lab_module_conf; lab_zone_conf .)"
ask_free() { dig +tries=1 +time=20 +noall +comments "$1" "$2" @127.0.53.31 | grep -q 'status: NOERROR'; }
check "another resolver, without a rate: a CAA question" ask_free caa h1.shop.lab
lab_control free stats >/dev/null
for n in $(seq 10); do ask_free a "h$n.shop.lab" || break; done
check "10 questions for A are answered" [ "$n" -eq 10 ]
check "none of their queries was counted" [ "$(lab_stat free caa.sent.other)" -eq 0 ]
