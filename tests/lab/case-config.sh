# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A wrong configuration is refused by unbound-checkconf, at start and by fast_reload; the error names file, line and key,
# and says what is allowed.

lab_root_and_tld
lab_start_parents
lab_resolver_conf bad "$UNBOUND_CAA" 127.0.53.31
head=$(cat "$LAB_WORK/bad.conf"; lab_module_conf)
line=$(($(printf '%s\n' "$head" | wc -l) + 1))	# of the first line that a case adds

# refused LINE KEY ALLOWED CONFIGURATION: LINE counts from the first line of CONFIGURATION.
refused() {
	local at=$LAB_WORK/bad.conf:$((line + $1 - 1)) key=$2 allowed=$3
	printf '%s\n%b' "$head" "$4" >"$LAB_WORK/bad.conf"
	"$UNBOUND_CAA/unbound-checkconf" "$LAB_WORK/bad.conf" >"$LAB_WORK/checkconf" 2>&1
	local status=$?
	check "unbound-checkconf refuses: ${4//\\n/ | }" [ $status -ne 0 ]
	check "  and says where, what, and what is allowed: $key ... $allowed" says "$LAB_WORK/checkconf" "$at" "$key" "$allowed"
	rm -f "$LAB_WORK/bad.log"
	timeout 20 "$UNBOUND_CAA/unbound" -d -c "$LAB_WORK/bad.conf" >"$LAB_WORK/start" 2>&1
	status=$?
	check "  start refuses it" [ $status -ne 0 -a $status -ne 124 ]
	cat "$LAB_WORK/bad.log" >>"$LAB_WORK/start" 2>/dev/null
	check "  and says the same" says "$LAB_WORK/start" "$at" "$key" "$allowed"
}
says() { grep -F "$2" "$1" | grep -F -- "$3" | grep -qF -- "$4" || { cat "$1"; return 1; }; }

refused 3 caa-foo 'caa-zone: allows name, caa-enable, caa-rate, caa-burst, caa-cookie, caa-tcp, caa-budget, caa-patience, caa-log-after, caa-error-reporting, caa-hold' 'caa-zone:\n name: "."\n caa-foo: 1\n'
refused 2 caa-zonk 'caa: allows caa-upstreams' 'caa:\n caa-zonk: 1\n'
refused 3 caa-rate '"ten" is not a number; allowed is 0..50000 queries/s' 'caa-zone:\n name: "."\n caa-rate: ten\n'
refused 3 caa-rate '"-1" is not a number' 'caa-zone:\n name: "."\n caa-rate: -1\n'
refused 3 caa-rate '"99999999999999999999" is out of range; allowed is 0..50000 queries/s' 'caa-zone:\n name: "."\n caa-rate: 99999999999999999999\n'
refused 3 caa-burst '"0" is out of range; allowed is 1..1000 queries' 'caa-zone:\n name: "."\n caa-burst: 0\n'
refused 2 caa-log-file '"a\009b" has other characters than printable ASCII' 'caa:\n caa-log-file: "a\tb"\n'
refused 2 caa-failures '"1000001" is out of range; allowed is 0..1000000 names' 'caa:\n caa-failures: 1000001\n'
refused 3 caa-log-after '"0" is out of range; allowed is 1..1000 failures' 'caa-zone:\n name: "."\n caa-log-after: 0\n'
refused 3 caa-budget '"601" is out of range; allowed is 1..600 s' 'caa-zone:\n name: "."\n caa-budget: 601\n'
refused 2 caa-upstreams '"63" is out of range; allowed is 64..10000000 addresses' 'caa:\n caa-upstreams: 63\n'
refused 3 caa-enable '"maybe" is not yes or no' 'caa-zone:\n name: "."\n caa-enable: maybe\n'
refused 4 name 'zone "EXAMPLE.lab." is configured twice, first at' 'caa-zone:\n name: "example.lab"\ncaa-zone:\n name: "EXAMPLE.lab."\n'
refused 2 name 'not a domain name' 'caa-zone:\n name: "a..lab"\n'
refused 2 name 'not a domain name: it is empty' 'caa-zone:\n name: ""\n'
refused 3 name 'has a name already' 'caa-zone:\n name: "a"\n name: "b"\n'
refused 1 caa-zone 'has no name' 'caa-zone:\n caa-enable: yes\n'
refused 4 caa-rate 'is set already' 'caa-zone:\n name: "."\n caa-rate: 1\n caa-rate: 2\n'
refused 2 caa-rate 'belongs in caa-zone:, not in caa:' 'caa:\n caa-rate: 9\n'
refused 2 name 'belongs in caa-zone:, not in caa:' 'caa:\n name: "x"\n'
refused 3 caa-upstreams 'belongs in caa:, not in caa-zone:' 'caa-zone:\n name: "."\n caa-upstreams: 100\n'
refused 2 caa-rate 'it belongs in a caa: or caa-zone: clause' 'server:\n caa-rate: 9\n'

# Clauses that no module reads.
sed 's/dynlib validator iterator/validator iterator/' "$LAB_WORK/bad.conf" | sed '/^ caa-rate/d' >"$LAB_WORK/unread.conf"
printf 'caa-zone:\n name: "."\n' >>"$LAB_WORK/unread.conf"
check "unbound-checkconf refuses clauses that no module reads" \
	eval '! "$UNBOUND_CAA/unbound-checkconf" "$LAB_WORK/unread.conf" >"$LAB_WORK/unread.out" 2>&1'
check "  and says so" grep -q 'no dynlib module that reads it' "$LAB_WORK/unread.out"
rm -f "$LAB_WORK/bad.log"
check "start refuses them" eval '! timeout 20 "$UNBOUND_CAA/unbound" -d -c "$LAB_WORK/unread.conf" >"$LAB_WORK/unread.out" 2>&1'
check "  and says so" grep -q 'caa-zone: clause, but no module in module-config' "$LAB_WORK/bad.log"

# A file that is included counts with its own lines; what is right is taken.
printf ' caa-enable: yes\n caa-rate: 0x9\n' >"$LAB_WORK/included.conf"
printf '%s\ncaa-zone:\n name: "."\n include: "%s"\n' "$head" "$LAB_WORK/included.conf" >"$LAB_WORK/bad.conf"
"$UNBOUND_CAA/unbound-checkconf" "$LAB_WORK/bad.conf" >"$LAB_WORK/checkconf" 2>&1
check "an included file is named" says "$LAB_WORK/checkconf" "$LAB_WORK/included.conf:2" caa-rate 'not a number'
sed -i s/0x9/9/ "$LAB_WORK/included.conf"
check "and is taken when it is right" eval '"$UNBOUND_CAA/unbound-checkconf" "$LAB_WORK/bad.conf" >/dev/null 2>&1'

# fast_reload: a wrong file changes nothing, a right one counts at once.
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf shop.lab 7)"
dig +tries=1 +time=5 +short caa lab @127.0.53.30 >/dev/null
check "a zone that is not configured is not taken" [ "$(lab_stat caa caa.questions)" -eq 0 ]
printf 'caa-zone:\n name: "lab"\n caa-enable: yes\n caa-rate: x\n' >>"$LAB_WORK/caa.conf"
lab_control caa fast_reload >"$LAB_WORK/fast_reload.out" 2>&1
check "fast_reload refuses a wrong file" grep -q 'caa.conf:[0-9]*: caa-rate: "x" is not a number' "$LAB_WORK/fast_reload.out"
dig +tries=1 +time=5 +short caa x.lab @127.0.53.30 >/dev/null
check "  and changes nothing" [ "$(lab_stat caa caa.questions)" -eq 0 ]
sed -i 's/caa-rate: x/caa-rate: 3/' "$LAB_WORK/caa.conf"
lab_control caa fast_reload >"$LAB_WORK/fast_reload.out" 2>&1
dig +tries=1 +time=5 +short caa y.lab @127.0.53.30 >/dev/null
check "fast_reload takes a right one" [ "$(lab_stat caa caa.questions)" -ge 1 ]
