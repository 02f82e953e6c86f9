# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# How old a held answer is, as caa_explain shows it, and what ends it before its time: a newer answer that may not be held.

LAB_RECORDS=$(printf '%s\n' 'caa.shop.lab. 1 CAA 0 issue "ca.lab"' 'none.shop.lab. 1 A 192.0.2.1' \
	'x.free.shop.lab. 1 CAA 0 issue "ca.lab"')$'\n'
lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
sed -i 's/ 60$/ 1/; s/^shop.lab. 3600 SOA/shop.lab. 1 SOA/' "$LAB_WORK/shop.lab.zone"
lab_start_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
# names below free.shop.lab are not held
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .; printf ' caa-hold: 12\n'
	lab_zone_conf free.shop.lab; printf ' caa-hold: 0\n')
caa:
 caa-climb-option: 65001"

ask() { dig +tries=1 +time=25 +noall +comments +answer "${@:2}" caa "$1" @127.0.53.30; }
records() { ask "$1" | awk '$4 == "CAA" || $4 == "CNAME" { print $4, $5, $6, $7 }' | sed 's/ *$//' | sort | tr '\n' ';'; }
asked() { lab_settled bind-shop.lab; lab_queries bind-shop.lab CAA | grep -c "^$1 "; }
explain() { lab_control caa caa_explain "$@" 2>&1; }
begin=$(date +%s)
for name in caa none x.free; do ask "$name.shop.lab" >/dev/null; done
end=$(date +%s)

# --- the age ------------------------------------------------------------------------------------------------------------
check "caa_explain says what is held" eval '[[ $(explain caa.shop.lab | head -1) == "CAA caa.shop.lab: held" ]]'
check "  whether there are records, and their status" eval 'explain caa.shop.lab | grep -q "held:  *CAA records, insecure\|held:  *CAA records, unchecked"'
check "  or none" eval 'explain none.shop.lab | grep -q "held:  *no CAA record, "'
# member NAME FILTER: of what is held; 0 where nothing is
member() {
	explain "$1" json >"$LAB_WORK/explained"
	if grep -q ^error "$LAB_WORK/explained"; then echo 0; else jq -r "$2" "$LAB_WORK/explained"; fi
}
check "as JSON, too" [ "$(member caa.shop.lab '.name + " " + (.held.records | tostring) + " " + (.held.cd | tostring)')" = 'caa.shop.lab true false' ]
older() { [ "$(member caa.shop.lab .held.age_s)" -ge 2 ]; }
check "  its age grows" lab_until 8 older
sums() {
	local age_s left_s fetched until
	read -r age_s left_s fetched until < <(member caa.shop.lab '"\(.held.age_s) \(.held.left_s) \(.held.fetched | fromdate) \(.held.until | fromdate)"')
	[ $((age_s + left_s)) -eq 12 ] && [ $((until - fetched)) -eq 12 ] && [ "$fetched" -ge $((begin - 1)) ] && [ "$fetched" -le $((end + 1)) ]
}
check "  and with what is left it is the hold" sums
# in the report of a climb: for each label that is held, and whose TTL is over
echo caa.shop.lab >"$LAB_WORK/names-age"
climb_age() { lab_climb 127.0.53.30 "$LAB_WORK/names-age" --one 65001; jq '.names[0].labels[0].held_age_s // -1' "$LAB_WORK/climb.json"; }
between() { local before after at; before=$(member caa.shop.lab .held.age_s) at=$(climb_age) after=$(member caa.shop.lab .held.age_s); [ "$at" -ge "$before" ] && [ "$at" -le "$after" ]; }
check "  as the report of a climb says" between
report() { dig +tries=1 +time=10 +ednsopt=65001:$1 caa caa.shop.lab @127.0.53.30 | sed -n 's/^; OPT=65001: \([0-9a-f ]*\).*/\1/p' | wc -w; }
check "  in version 2, two octets for each label" [ $(($(report 02) - $(report 01))) -eq 6 ]
check "what is not held is an error" eval 'explain x.free.shop.lab | grep -q "^error caa_explain: no failure"'
check "so is a name that nobody asked" eval 'explain nobody.shop.lab | grep -q "^error caa_explain: no failure"'
ask none.shop.lab +cd >/dev/null
check "a CD question has an answer of its own" [ "$(member none.shop.lab '.held.cd' | tr '\n' ' ')" = 'false true ' ]
lab_control caa caa_flush none.shop.lab >/dev/null
check "what was flushed is not shown" eval 'explain none.shop.lab | grep -q "^error"'

# --- a newer answer that may not be held ----------------------------------------------------------------------------------
# An answer of more than 16384 octets is not held.
refreshed_asks() { [ "$(($(asked caa.shop.lab) - count))" -ge 1 ]; }
not_held() { explain caa.shop.lab | grep -q '^error'; }
lab_control caa caa_flush caa.shop.lab >/dev/null
ask caa.shop.lab >/dev/null
sed -i '/^caa\.shop\.lab\./d' "$LAB_WORK/shop.lab.zone"
seq -f "caa.shop.lab. 1 CAA 0 issue \"new%.0f.$(printf 'x%.0s' {1..200})\"" 100 >>"$LAB_WORK/shop.lab.zone"
lab_start_bind shop.lab 127.0.53.10 127.0.53.11
count=$(asked caa.shop.lab)
aged() { [ "$(member caa.shop.lab .held.age_s)" -ge "$1" ]; }
lab_until 10 aged 2 || lab_die "it is not held"	# the TTL is over: what is given out now is held
for n in 1 2 3 4; do ask caa.shop.lab >/dev/null; done
check "a change is not seen while the old answer is held" [ "$(records caa.shop.lab)" = 'CAA 0 issue "ca.lab";' ]
lab_until 12 aged 7 || lab_die "it is not held long enough"
ask caa.shop.lab >/dev/null	# a hot one: begins a refresh
check "when it is looked up again" lab_until 5 refreshed_asks
check "  the new answer ends it, though it may not be held itself" lab_until 3 not_held
sleep 1.2	# its TTL: nothing tells that but the clock
check "  and the old one does not come back" eval '[[ $(records caa.shop.lab) == *"issue \"new100.x"* ]]'
