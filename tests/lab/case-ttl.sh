# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What leads to an answer, delegations, DS and keys, serves the questions that were under way when it came, whatever its TTL, and
# no later ones.  Queries leave at a rate that is set by hand, so that it is known how many are needed, and takes seconds.

. "$LAB_DIR/profile.sh"
ZONES=12 RATE=5
PROFILE_ZONES=$ZONES
lab_root_and_tld
slowly=" caa-rate: $RATE
 caa-burst: 1"
no_ttl='server:
 cache-max-ttl: 0'
# type TYPE: how many of these have reached the provider
type() { lab_queries bind-shop.lab "$1" | wc -l; }
# burst TEXT PROFILE CLIENT [MORE]: a name of each zone, in seconds
burst() {
	local text=$1 needed bound
	needed=$(profile_needed zones)
	profile_provider none
	profile_resolver "$2" caa "$no_ttl
${4:-}" "$slowly"
	profile_ask "$3" "$LAB_WORK/names-zones"
	bound=$((2 * ZONES + 16))
	echo "# $text: $failed failed in $seconds s; $sent queries of $needed needed, $above above; keys: $(type DNSKEY)"
	check "$text: every name passes" [ "$failed" -eq 0 ]
	check "$text: over several seconds" at_least "$seconds" 2
	check "$text: each question is asked once ($sent of $needed)" [ "$sent" -le $((needed + 1)) ]
	check "$text: and the way down once for each ($above of $bound)" [ "$above" -le $bound ]
}

profile_tree nsec 3600
burst 'signed, TTL 0' boulder boulder
burst 'signed, TTL 0, four threads' boulder boulder ' num-threads: 4'

# A question that begins in a later second is on its own.
next_second() { [ "$(date +%s)" -gt "$1" ]; }
lab_until 5 next_second "$(($(date +%s) + 1))"
before=$(type DNSKEY) above_before=$(profile_above DNSKEY)
echo h1.shop.lab >"$LAB_WORK/names-later"
echo x.z1.lab >>"$LAB_WORK/names-later"
lab_climb 127.0.53.30 "$LAB_WORK/names-later" --timeout 60
lab_settled bind-shop.lab
check "a later question has the keys asked again" [ $(($(type DNSKEY) - before)) -ge 2 ]
check "  those of the root and the TLD, too" [ $(($(profile_above DNSKEY) - above_before)) -ge 2 ]

# The zone changes its keys while names wait, and the TLD the DS: what the old ones do not fit is asked for anew.
head -n 30 "$LAB_WORK/names-flat" >"$LAB_WORK/names-roll"
profile_provider none
profile_resolver boulder caa "$no_ttl" "$slowly"
lab_climb 127.0.53.30 "$LAB_WORK/names-roll" --timeout 60 >"$LAB_WORK/roll.out" &
climb=$!
some() { [ "$(type CAA)" -ge 8 ] && [ "$(type DNSKEY)" -ge 1 ]; }
lab_until 20 some || lab_die "no queries"
profile_keys nsec keys2
profile_zone shop.lab keys2 2
profile_tld 2
nsd-control -c "$LAB_WORK/tld.conf" reload >/dev/null
new=$(awk '/IN DS/ { print $4; exit }' "$LAB_WORK/dsset-shop.lab.")
has_new() { dig +tries=1 +time=1 +norec ds shop.lab @127.0.53.2 | grep -qw "$new 13"; }
lab_until 10 has_new || lab_die "the TLD has the old DS"
kill -HUP "${LAB_PID[bind-shop.lab]}"
waiting=$((30 - $(type CAA)))
wait $climb
read -r passed failed < <(jq -r '.summary | "\(.passed) \(.failed)"' "$LAB_WORK/climb.json")
echo "# keys are changed while $waiting of 30 names wait: $failed fail; DNSKEY asked $(type DNSKEY) times"
check "keys are changed while names wait: every name passes" [ "$passed $failed" = '30 0' ]
check "  and the new ones are asked for" [ "$(type DNSKEY)" -ge 2 ]

profile_tree insecure-optout 0
burst 'unsigned below opt-out, TTL 0 of its own' boulder boulder
check "  no DS is asked twice" [ "$(lab_nsd_count tld DS)" -le $((ZONES + 1)) ]
