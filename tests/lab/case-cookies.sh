# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Servers that hand out a cookie that is not the client's: a proxy that always does, and a cache of dnsdist without cookieHashing, once
# another resolver has asked.  What has it is dropped (RFC 7873, section 5.3), and the names are found all the same.

lab_root_and_tld
lab_delegate shop.lab 127.0.53.14
LAB_NAMES=30 lab_zone_file shop.lab 127.0.53.14
lab_address 127.0.53.14
lab_start_parents
lab_start_bind shop.lab 127.0.53.12 127.0.53.13

# names ADDRESS TEXT: all kinds from the resolver there
names() {
	local kind
	for kind in flat deep; do
		lab_climb "$1" "$(lab_names $kind 30)"
		echo "# $2, $kind: $failed failed in $seconds s${reasons:+ ($reasons)}"
		check "$2, $kind: no name fails" [ "$failed" -eq 0 ]
	done
}

lab_spawn faulty "$LAB_BUILD/faulty" 127.0.53.14=cookie-wrong:127.0.53.12
lab_until 20 grep -q '^ready' "$LAB_WORK/faulty.out" || lab_die "faulty does not listen"
lab_either caa
names 127.0.53.30 "a proxy that answers with another cookie"
lab_stop faulty

LAB_READY=ready.test lab_dnsdist cache 127.0.53.14 -- "newServer({address='127.0.53.12:53'}):setUp()
getPool(''):setCache(newPacketCache(10000, {cookieHashing=false}))"
lab_either caa
names 127.0.53.30 "a cache, the first resolver"
lab_resolver second "$UNBOUND_CAA" 127.0.53.31 "$(lab_module_conf; lab_zone_conf .)"
names 127.0.53.31 "  and the second one"
check "  which was handed the first one's cookies" [ "$(lab_stat second caa.forged)" -gt 0 ]
check "  which the first one was not" [ "$(lab_stat resolver caa.forged)" -eq 0 ]
