# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What was fetched under another configuration is not given out from the hold: a change of trust anchors, forwarders, stubs, or of
# the zone's own caa-zone: drops it at fast_reload, and with reload_keep_cache; any other change leaves it.

LAB_RECORDS=$(printf '%s\n' 'sub.shop.lab. 1 CAA 0 issue "ca.lab"')$'\n'
lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
sed -i 's/ 60$/ 1/; s/^shop.lab. 3600 SOA/shop.lab. 1 SOA/' "$LAB_WORK/shop.lab.zone"
lab_start_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
ds='IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D'
echo "one.other. $ds" >"$LAB_WORK/anchors"
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .; printf ' caa-hold: 3600\n'
	lab_zone_conf other.lab; printf ' caa-rate: 9\n')
server:
 trust-anchor-signaling: no
 trust-anchor-file: \"$LAB_WORK/anchors\""
base=$(cat "$LAB_WORK/caa.conf")

ask() { dig +tries=1 +time=25 +noall +comments +answer caa "$1" @127.0.53.30; }
asked() { lab_settled bind-shop.lab; lab_queries bind-shop.lab CAA | grep -c "^$1 "; }
is_held() { lab_control caa caa_explain "$1" 2>&1 | grep -q 'held:'; }
now_held() { ask "$1" >/dev/null; is_held "$1"; }
# both_held: both names are held, again when what Unbound's cache has from before a change is over
both_held() { lab_until 10 now_held sub.shop.lab && lab_until 10 now_held h1.shop.lab || lab_die "nothing is held"; }
# change COMMAND EXPECTED CONFIGURATION: after it, how many of sub.shop.lab and h1.shop.lab are held no more
change() {
	local command=$1 expect=$2 text=$3 gone=0 name
	both_held
	printf '%s\n%b\n' "$base" "$text" >"$LAB_WORK/caa.conf"
	inits=$(grep -c 'init module 0' "$LAB_WORK/caa.log")
	lab_control caa "$command" >"$LAB_WORK/reload.out" 2>&1 || cat "$LAB_WORK/reload.out"
	[ "$command" = fast_reload ] || lab_until 10 reloaded || lab_die "no $command"
	for name in sub h1; do is_held $name.shop.lab || gone=$((gone + 1)); done
	check "$command, ${text//\\n/ |}: of two answers are dropped: $expect" [ $gone -eq "$expect" ]
}
reloaded() { [ "$(grep -c 'init module 0' "$LAB_WORK/caa.log")" -gt "$inits" ] && lab_control_quiet caa status; }

while IFS='|' read -r command expect text; do change "$command" "$expect" "$text"; done <<END
fast_reload|0|
fast_reload|0|server:\n verbosity: 1\n cache-max-ttl: 3000
fast_reload|2|server:\n do-not-query-address: 192.0.2.1
fast_reload|2|server:\n trust-anchor: "two.other. $ds"
fast_reload|2|server:\n domain-insecure: "other"
fast_reload|2|forward-zone:\n name: "other"\n forward-addr: 127.0.53.1
fast_reload|2|forward-zone:\n name: "other"\n forward-addr: 127.0.53.2
fast_reload|2|stub-zone:\n name: "other"\n stub-addr: 127.0.53.2
fast_reload|2|
fast_reload|0|caa-zone:\n name: "third.lab"\n caa-rate: 7
fast_reload|0|caa:\n caa-log-rate: 3
fast_reload|1|caa-zone:\n name: "sub.shop.lab"\n caa-rate: 7
fast_reload|0|caa-zone:\n name: "sub.shop.lab"\n caa-rate: 7\n caa-enable: yes
fast_reload|2|caa-zone:\n name: "shop.lab"\n caa-budget: 19
reload_keep_cache|2|
reload_keep_cache|0|
reload_keep_cache|2|forward-zone:\n name: "other"\n forward-addr: 127.0.53.1
END
echo "two.other. $ds" >>"$LAB_WORK/anchors"
change fast_reload 2 'forward-zone:\n name: "other"\n forward-addr: 127.0.53.1'
count=$(asked h1.shop.lab)
both_held
check "what was dropped was asked for again" [ "$(asked h1.shop.lab)" -gt "$count" ]
count=$(asked h1.shop.lab)
sleep 1.2	# its TTL: nothing tells that but the clock
ask h1.shop.lab >/dev/null
check "  and is held again" [ "$(asked h1.shop.lab)" -eq "$count" ]
