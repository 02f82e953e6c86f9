# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Four resolvers of one perspective that share their lookups over a real server of Valkey or Redis, each query to a random one.

# shellcheck source=tests/lab/fleet.sh
. "$LAB_DIR/fleet.sh"
head -c 32 /dev/urandom >"$LAB_WORK/other.key"
head -c 31 /dev/urandom >"$LAB_WORK/short.key"
echo secret >"$LAB_WORK/password"
echo wrong >"$LAB_WORK/wrong"

lab_address 127.0.53.71
# more SHAPE COUNT: a file of names that nobody has asked for
asked=0
more() {
	seq -f "$1" $((asked + 1)) $((asked + $2)) >"$LAB_WORK/names"
	asked=$((asked + $2))
}

lab_root_and_tld
zones=100
for i in $(seq $zones); do
	lab_delegate "z$i.lab" 127.0.53.10
	LAB_NAMES=1 lab_zone_file "z$i.lab" 127.0.53.10
	LAB_MORE_ZONES+="zone \"z$i.lab\" { type primary; file \"z$i.lab.zone\"; dnssec-policy default; inline-signing yes; };"
done
lab_delegate far.lab 127.0.53.12
LAB_NAMES=1000 lab_zone_file far.lab 127.0.53.12
# shellcheck disable=SC2034
LAB_MORE_ZONES+='zone "far.lab" { type primary; file "far.lab.zone"; };'
LAB_RECORDS=$'young.shop.lab. 1 CAA 0 issue "ca.lab"\n'$(for i in {1..28}; do
	echo "c$i.shop.lab. 3600 CAA 0 issue \"ca$i.lab\""; done)$'\n' \
	LAB_NAMES=400 lab_authority_bind shop.lab 127.0.53.10 127.0.53.11 'key-directory ".";'
# What is asked for here takes a third of a second for each step, so that something can happen meanwhile.
lab_relay far 127.0.53.12 127.0.53.10 --delay 300
lab_start_parents
store

# --- what is configured -------------------------------------------------------------------------------------------------------
check "a server that is none is refused" refused 'caa-fleet-server: is no list' "$(fleet_conf server=nowhere)"
check "a fleet without a perspective is refused" refused 'caa-fleet-perspective: caa-fleet-server wants' "$(fleet_conf perspective=)"
check "  without a key" refused 'caa-fleet-key-file: caa-fleet-server wants' "$(fleet_conf key-file=)"
check "  with a key that is too short" refused 'caa-fleet-key-file: has not 32' "$(fleet_conf key-file="$LAB_WORK/short.key")"
check "  with a key that is not there" refused 'caa-fleet-key-file: cannot be read' "$(fleet_conf key-file="$LAB_WORK/no.key")"
check "  with a user and no password" refused 'caa-fleet-user: wants' "$(fleet_conf user=caa)"
check "  with a password that is not there" refused 'caa-fleet-password-file: cannot' "$(fleet_conf password-file="$LAB_WORK/no")"
check "what is of no use without a server is refused" refused 'caa-fleet-key-file: is of no use' "$(fleet_conf server= perspective= wait=)"

# --- one lookup ---------------------------------------------------------------------------------------------------------------
member alone 127.0.53.60 ''
above=$(lab_nsd_count tld)
for shape in deep flat; do
	fresh
	lab_climb 127.0.53.60 "$(lab_names $shape)"
	check "one resolver alone, $shape: no name fails" [ "$failed" -eq 0 ]
	eval "$shape=$(seen)"
done
one_above=$(($(lab_nsd_count tld) - above))
# shellcheck disable=SC2154
echo "# one resolver alone needs $deep queries, flat $flat, and $one_above of the servers above"
start_members ''
fresh
lab_climb $servers "$(lab_names deep)"
without=$(seen)
check "four without a store: no name fails, but they need more ($without)" [ "$failed" -eq 0 -a "$without" -gt "$(enough "$deep")" ]
unshared=$(threads one)
heard_flush() { stat_is "$1" flushes "$2"; }
# one_lookup: four fresh ones with the store need hardly more than one resolver; on a busy machine some do not hear in time what leads to a zone
one_lookup() {
	local member shape above
	start_members "$(fleet_conf)"
	# what is found out after a flush of all names is told as well
	lab_control one caa_flush . >/dev/null
	for member in two three four; do lab_until 10 heard_flush "$member" 1 || lab_die "$member hears of no flush"; done
	above=$(lab_nsd_count tld)
	check "it takes one thread, and none without a store" [ "$(threads one)" -eq $((unshared + 1)) ]
	for shape in deep flat; do
		fresh
		lab_climb $servers "$(lab_names $shape)"
		queries=$(seen)
		check "four with a store, $shape: no name fails" [ "$failed" -eq 0 ]
		check "  and they need hardly more than one ($queries)" at_most "$queries" "$(enough "${!shape}")"
	done
	above=$(($(lab_nsd_count tld) - above))
	check "  nor of the servers above ($above)" at_most "$above" "$(enough "$one_above")"
}
lab_measured one_lookup
counted
check "  each hears of three others" [ "$(stat one peers) $(stat four peers)" = '3 3' ]
check "  which caa_fleet shows" grep -q "^store $LAB_WORK/store.sock in use" <(lab_control one caa_fleet)
check "  as JSON, too" [ "$(lab_control one caa_fleet json | jq -r '"\(.in_use) \(.perspective) \(.peers)"')" = 'true lab 3' ]

# --- signed zones -------------------------------------------------------------------------------------------------------------
signed() {
	seq -f 'dnskey z%.0f.lab' $zones >"$LAB_WORK/keys"
	dig +tries=1 +time=2 +noall +answer -f "$LAB_WORK/keys" @127.0.53.10 2>/dev/null | awk '$4 == "DNSKEY" && $5 == 257' >"$LAB_WORK/dnskeys"
	[ "$(wc -l <"$LAB_WORK/dnskeys")" -eq $zones ] &&
		[ "$(seq -f 'soa z%.0f.lab' $zones | dig +tries=1 +time=2 +noall +answer +dnssec -f - @127.0.53.10 2>/dev/null | grep -c RRSIG)" -eq $zones ]
}
lab_until 60 signed || lab_die "BIND does not sign the zones"
trust="server:
 trust-anchor-signaling: no
 aggressive-nsec: no
$(awk '{ $2 = ""; sub(/ IN /, " "); print " trust-anchor: \"" $0 "\"" }' "$LAB_WORK/dnskeys")"
seq -f 'h1.z%.0f.lab' $zones >"$LAB_WORK/names-zones"
lab_stop alone
member alone 127.0.53.60 '' "$trust"
fresh
lab_climb 127.0.53.60 "$LAB_WORK/names-zones" --dnssec
one=$(seen) one_keys=$(seen DNSKEY)
secure() { jq -r '[.names[].labels[:2][] | select(.ad)] | length' "$LAB_WORK/climb.json"; }
check "$zones signed zones, one alone: no name fails, all are secure ($one queries, $one_keys for keys)" \
	[ "$failed $(secure)" = "0 $((2 * zones))" ]
start_members "$(fleet_conf)" "$trust"
fresh
lab_climb $servers "$LAB_WORK/names-zones" --dnssec
queries=$(seen) keys=$(seen DNSKEY)
counted
check "four with a store: no name fails, all are secure" [ "$failed $(secure)" = "0 $((2 * zones))" ]
check "  and they need hardly more than one ($queries queries)" at_most "$queries" "$(enough "$one")"
check "  nor for keys ($keys)" at_most "$keys" "$(enough "$one_keys")"

# What one resolver shares that does not validate, another with the same anchors, another key's, finds bogus by itself.
wrong=$(awk '/^z1\.lab\./ { $2 = ""; sub(/ IN /, " "); print }' "$LAB_WORK/dnskeys" | sed 's/[A-Za-z]\([^A-Za-z]*\)$/A\1/; s/\(.\{60\}\)./\1B/')
rcode() { dig +tries=1 +time=20 +noall +comments caa "$1" "@$2" | sed -n 's/.*status: \([A-Z]*\),.*/\1/p'; }
lab_resolver far "$UNBOUND_CAA" 127.0.53.65 "$(lab_module_conf | sed 's/ validator//'; lab_zone_conf .; fleet_conf perspective=wrong)
server:
 trust-anchor: \"$wrong\""
member other 127.0.53.66 "$(fleet_conf perspective=wrong)" "server:
 trust-anchor: \"$wrong\""
lab_until 20 is_up far && lab_until 20 is_up other || lab_die "the store is not in use"
check "who does not validate has an answer, and shares it" [ "$(rcode h1.z1.lab 127.0.53.65) $(($(stat far left) > 0))" = 'NOERROR 1' ]
check "who validates takes it, and finds it bogus" [ "$(rcode h1.z1.lab 127.0.53.66) $(($(stat other shared) > 0))" = 'SERVFAIL 1' ]
lab_stop far
lab_stop other

# --- a store that fails in the middle of a burst --------------------------------------------------------------------------------
is_under_way() { [ "$(lab_queries bind-shop.lab | wc -l)" -ge 60 ]; }
# burst TEXT COMMAND...: while questions are under way; not much later than usual: who has waited for a lost store until its budget
# was over would be
burst() {
	local text=$1 climb_pid
	shift
	fresh
	more 'a.b.d%.0f.far.lab' 50
	"$CAA_CLIMB" --server $servers --file "$LAB_WORK/names" --json >"$LAB_WORK/burst.json" 2>/dev/null </dev/null &
	climb_pid=$!
	lab_until 20 is_under_way || lab_die "the burst does not begin"
	"$@"
	wait $climb_pid
	took=$(jq .summary.seconds "$LAB_WORK/burst.json")
	check "$text: no name fails" [ "$(jq .summary.failed "$LAB_WORK/burst.json")" = 0 ]
	[ -z "${usual:-}" ] || check "  nor is late ($took s, usually $usual s)" at_most "$took" "$(awk -v u="$usual" 'BEGIN { print u * 2 + 5 }')"
}
start_members "$(fleet_conf)"
burst "nothing happens" true
usual=$took
lines=$(grep -c 'goes on alone' "$LAB_WORK/one.log")
burst "the store is killed" lab_stop store KILL
check "  it is not in use then, says caa_fleet" grep -q 'not in use: ' <(lab_control one caa_fleet)
check "  which is logged once" [ "$(grep -c 'goes on alone' "$LAB_WORK/one.log")" -eq $((lines + 1)) ]
more 'a.b.d%.0f.far.lab' 5
lab_climb $servers "$LAB_WORK/names"
check "  and names pass without" [ "$failed" -eq 0 ]
store
check "it is started, empty, and is in use again" lab_until 20 all_are is_up
burst "the store stands still" kill -STOP "${LAB_PID[store]}"
check "  it is not in use then" lab_until 20 all_are is_down
kill -CONT "${LAB_PID[store]}"
check "  and is again when it goes on" lab_until 20 all_are is_up
empty() { lab_stop store KILL; store; }
burst "the store is started anew, empty" empty
check "  it is in use again" lab_until 20 all_are is_up
emptied() { cli flushall >/dev/null; }
burst "the store is emptied" emptied
full() { cli config set maxmemory 1 >/dev/null; }
burst "the store is full" full
check "  which is counted" [ "$(total errors)" -gt 0 ]
check "  and logged" grep -q 'fleet: .* refuses: OOM' "$LAB_WORK"/{one,two,three,four}.log
cli config set maxmemory 0 >/dev/null
replica() { cli replicaof 127.0.0.1 1 >/dev/null; }
burst "the store becomes a replica" replica
cli replicaof no one >/dev/null
lab_until 20 all_are is_up || lab_die "the store is not in use"
kill_one() { lab_stop one KILL; }
more 'a.b.d%.0f.far.lab' 50
fresh
"$CAA_CLIMB" --server $servers --file "$LAB_WORK/names" --json --timeout 5 --tries 12 >"$LAB_WORK/burst.json" 2>/dev/null </dev/null &
climb_pid=$!
lab_until 20 is_under_way || lab_die "the burst does not begin"
kill_one
wait $climb_pid
check "a resolver is killed in the middle of what it looks up: what the others wait for comes" [ "$(jq .summary.failed "$LAB_WORK/burst.json")" = 0 ]

# --- what is not believed -------------------------------------------------------------------------------------------------------
start_members "$(fleet_conf)"
member far 127.0.53.65 "$(fleet_conf perspective=far)"
member other 127.0.53.66 "$(fleet_conf key-file="$LAB_WORK/other.key")"
lab_until 20 is_up far && lab_until 20 is_up other || lab_die "the store is not in use"
caa() { dig +tries=1 +time=20 +short caa "$1" "@$2" | sed -n 's/^0 issue "\(.*\)"$/\1/p'; }
has_new() { cli --scan --pattern "caa:{$1}:a:*" | sort >"$LAB_WORK/after"; [ -n "$(comm -13 "$LAB_WORK/before" "$LAB_WORK/after")" ]; }
# key_of NAME [ADDRESS [PERSPECTIVE]]: have it asked, and find the key of its answer; what is above it was asked there before
key_of() {
	cli --scan --pattern "caa:{${3:-lab}}:a:*" | sort >"$LAB_WORK/before"
	caa "$1" "${2:-127.0.53.61}" >/dev/null
	lab_until 20 has_new "${3:-lab}" || lab_die "no answer for $1 comes into the store"
	comm -13 "$LAB_WORK/before" "$LAB_WORK/after" | head -n 1
}
# refuses TEXT NAME COUNTER: three, who has not heard of it, asks for it, and counts
refuses() {
	local before answer
	before=$(stat three "$3")
	answer=$(caa "$2.shop.lab" 127.0.53.63)
	check "$1 is refused, counted, and no answer ($answer)" [ "$answer $(($(stat three "$3") - before))" = "ca${2#c}.lab 1" ]
}
kept() { cli --raw get "$1" | head -c -1 >"$LAB_WORK/entry"; }
for n in 1 3 5 6; do caa c20.shop.lab 127.0.53.6$n >/dev/null; done

key=$(key_of c1.shop.lab)
before=$(stat two shared)
check "an answer is taken" [ "$(caa c1.shop.lab 127.0.53.62) $(($(stat two shared) - before > 0))" = 'ca1.lab 1' ]
kept "$key"
printf 'ca9' | dd of="$LAB_WORK/entry" bs=1 seek="$(grep -abo 'ca1\.lab' "$LAB_WORK/entry" | cut -d: -f1)" conv=notrunc 2>/dev/null
cli -x set "$key" <"$LAB_WORK/entry" >/dev/null
refuses "a changed entry" c1 forged
key=$(key_of c2.shop.lab)
cli set "$key" garbage >/dev/null
refuses "garbage" c2 forged
key=$(key_of c3.shop.lab)
cli del "$key" >/dev/null
cli lpush "$key" garbage >/dev/null
refuses "a key of another kind" c3 errors
key=$(key_of c4.shop.lab)
cli copy "$(key_of c5.shop.lab)" "$key" replace >/dev/null
refuses "the answer to another question" c4 foreign
key=$(key_of c6.shop.lab)
cli copy "$(key_of c6.shop.lab 127.0.53.65 far)" "$key" replace >/dev/null
refuses "an answer of another perspective" c6 foreign
key=$(key_of c7.shop.lab)
cli copy "$(key_of c7.shop.lab 127.0.53.66)" "$key" replace >/dev/null
refuses "an answer under another key" c7 forged
key=$(key_of young.shop.lab)
kept "$key"
is_over() { [ "$(cli exists "$key")" = 0 ]; }
check "an answer leaves the store with its TTL" lab_until 10 is_over
cli -x set "$key" <"$LAB_WORK/entry" >/dev/null
before=$(stat three stale)
check "one that comes back is refused, counted, and no answer" \
	[ "$(caa young.shop.lab 127.0.53.63) $(($(stat three stale) - before))" = 'ca.lab 1' ]
before=$(stat three forged)
cli publish 'caa:{lab}:news' garbage >/dev/null
more_forged() { [ "$(stat three forged)" -gt "$before" ]; }
check "garbage among the news is refused and counted" lab_until 10 more_forged

# --- a name of as many labels as are shared -----------------------------------------------------------------------------------------
long=l16.l15.l14.l13.l12.l11.l10.l9.l8.l7.l6.l5.l4.l3
left=$(stat one left) errors=$(total errors)
check "a name of 16 labels is looked up" [ "$(rcode $long.shop.lab 127.0.53.61)" = NXDOMAIN ]
check "  which is left in the store" [ "$(($(stat one left) > left))" = 1 ]
check "  and one of 17 is looked up" [ "$(rcode l17.$long.shop.lab 127.0.53.61)" = NXDOMAIN ]
check "  while the store stays in use" [ "$(total errors) $(stat one up)" = "$errors 1" ]

# --- flushed ----------------------------------------------------------------------------------------------------------------------
caa c8.shop.lab 127.0.53.61 >/dev/null
caa c8.shop.lab 127.0.53.62 >/dev/null
caa c9.shop.lab 127.0.53.61 >/dev/null
fresh
lab_control two caa_flush shop.lab >/dev/null
check "caa_flush is heard by the others" lab_until 10 heard_flush one 1
check "  who drop their answers" [ "$(caa c8.shop.lab 127.0.53.61) $(seen CAA)" = 'ca8.lab 1' ]
check "  and do not take what was there before" [ "$(caa c9.shop.lab 127.0.53.63) $(seen CAA)" = 'ca9.lab 2' ]
caa c10.shop.lab 127.0.53.61 >/dev/null
lab_control one flush c10.shop.lab >/dev/null
fresh
check "Unbound's own flush has nobody take what was there before" [ "$(caa c10.shop.lab 127.0.53.63) $(seen CAA)" = 'ca10.lab 1' ]

# --- a store that is far away ---------------------------------------------------------------------------------------------------------
lab_spawn distant "$LAB_RELAY" --listen 127.0.53.71:6379 --to 127.0.53.70:6379 --delay 25
lab_until 20 grep -q '^ready' "$LAB_WORK/distant.out" || lab_die "the relay does not listen"
lab_stop far
member far 127.0.53.65 "$(fleet_conf server='127.0.53.72@6379 127.0.53.71@6379' wait=5)"
too_far() { lab_control far caa_fleet | grep -q '^store 127.0.53.71@6379 not in use: its answers take longer'; }
check "a store 50 ms away, found behind one that is not there, is not waited for" lab_until 20 too_far
asked_before=$(stat far asked)
check "  names pass at once" [ "$(caa c18.shop.lab 127.0.53.65) $(($(stat far asked) - asked_before))" = 'ca18.lab 0' ]
lab_stop far
member far 127.0.53.65 "$(fleet_conf server=127.0.53.71@6379 wait=1000)"
check "  unless it may take a second" lab_until 20 is_up far
caa c19.shop.lab 127.0.53.61 >/dev/null
check "  then answers are taken from it" [ "$(caa c19.shop.lab 127.0.53.65) $(($(stat far shared) > 0))" = 'ca19.lab 1' ]

# --- held ---------------------------------------------------------------------------------------------------------------------------
# How old a part of another's answer was to it is not known: what is not signed is not held.
lab_stop other
member other 127.0.53.66 "$(fleet_conf)" "$(lab_zone_conf shop.lab; echo " caa-hold: 600")"
lab_until 20 is_up other || lab_die "the store is not in use"
caa c16.shop.lab 127.0.53.61 >/dev/null
check "a shared answer is not held" [ "$(caa c16.shop.lab 127.0.53.66) $(($(stat other shared) > 0)) $(lab_stat other caa.hold)" = 'ca16.lab 1 0' ]
check "  as one's own is" [ "$(caa c17.shop.lab 127.0.53.66) $(($(lab_stat other caa.hold) > 0))" = 'ca17.lab 1' ]

# --- a flush that the store does not keep ---------------------------------------------------------------------------------------------
lab_until 20 all_are is_up || lab_die "the store is not in use"
caa c13.shop.lab 127.0.53.61 >/dev/null
cli config set maxmemory 1 >/dev/null
before=$(total errors)
lab_control one caa_flush c13.shop.lab >/dev/null
check "a flush that a full store does not keep: what is in it is not taken any more" lab_until 20 all_are is_down
check "  and it is not told so again and again ($(($(total errors) - before)) errors)" [ $(($(total errors) - before)) -le 20 ]
cli config set maxmemory 0 >/dev/null
check "  until it keeps the flush" lab_until 20 all_are is_up

# --- a user of the store who may do no more than the manual says ---------------------------------------------------------------------
sed -n '/^ACL SETUSER/,/^\.Ed/p' "$LAB_TOP/module/unbound-caa.conf.5.in" | grep -v '^\.Ed' | tr '\n' ' ' | sed 's/>PASSWORD/>secret/; s/{east}/{lab}/g' | cli >/dev/null
lab_stop far
member far 127.0.53.65 "$(fleet_conf user=caa password-file="$LAB_WORK/password")"
check "a user with the rights of the manual is taken" lab_until 20 is_up far
may() { [ "$(cli acl dryrun caa "$@")" = OK ]; }
for command in 'hlen KEY' 'hgetall KEY' 'hset KEY node 1' 'hdel KEY node' 'pexpire KEY 1000'; do
	# shellcheck disable=SC2086
	check "  may ${command%% *}, as the script of limits does" may ${command/KEY/caa:\{lab\}:l:x}
done
caa c11.shop.lab 127.0.53.61 >/dev/null
caa c12.shop.lab 127.0.53.65 >/dev/null
check "  takes answers, and leaves some" [ "$(caa c11.shop.lab 127.0.53.65) $(stat far errors) $(($(stat far shared) > 0)) $(($(stat far left) > 0))" = 'ca11.lab 0 1 1' ]
check "  and flushes" [ "$(lab_control far caa_flush c13.shop.lab >/dev/null; caa c13.shop.lab 127.0.53.65) $(stat far errors)" = 'ca13.lab 0' ]
cli acl setuser caa -mget >/dev/null
cli --scan --pattern 'caa:{lab}:a:*' | sort >"$LAB_WORK/before"
errors=$(stat far errors)
check "  and without one of them is no worse" [ "$(rcode h399.shop.lab 127.0.53.65) $(($(stat far errors) > errors))" = 'NOERROR 1' ]
none_new() { cli --scan --pattern 'caa:{lab}:a:*' | sort >"$LAB_WORK/after"; [ -z "$(comm -13 "$LAB_WORK/before" "$LAB_WORK/after")" ]; }
check "  nor leaves a claim that is nobody's" lab_until 0 none_new
lab_stop far
member far 127.0.53.65 "$(fleet_conf user=caa password-file="$LAB_WORK/wrong")"
refused_password() { grep -q 'not in use: the store refuses the password' "$LAB_WORK/far.log"; }
check "another password is refused, which is logged" lab_until 20 refused_password
check "  without what the store says about it" grep -q 'not in use: the store refuses the password: WRONGPASS;' "$LAB_WORK/far.log"
check "  and names pass" [ "$(caa c14.shop.lab 127.0.53.65)" = ca14.lab ]

# --- reload -----------------------------------------------------------------------------------------------------------------------------
sed -i "s|$LAB_WORK/wrong|$LAB_WORK/password|" "$LAB_WORK/far.conf"
lab_control far reload >/dev/null
check "the right one is in use after a reload" lab_until 20 is_up far
lab_control far fast_reload >/dev/null
check "  and after fast_reload" lab_until 20 is_up far
# Who may not ask the servers has no answer, and another's is none for him.
cli acl setuser caa +mget >/dev/null
for n in 22 23; do caa c$n.shop.lab 127.0.53.61 >/dev/null; done
before=$(stat far shared)
printf 'server:\n do-not-query-address: %s\n' 127.0.53.10 127.0.53.11 >>"$LAB_WORK/far.conf"
lab_control far fast_reload >/dev/null
check "  who may not ask the servers any more takes nobody's answers" \
	[ "$(rcode c22.shop.lab 127.0.53.65) $(($(stat far shared) - before))" = 'SERVFAIL 0' ]
sed -i '/do-not-query-address/d' "$LAB_WORK/far.conf"
lab_control far fast_reload >/dev/null
check "  until he may" [ "$(caa c23.shop.lab 127.0.53.65) $(($(stat far shared) > before))" = 'ca23.lab 1' ]
sed -i '/caa-fleet/d' "$LAB_WORK/far.conf"
lab_control far reload >/dev/null
gone() { lab_control far caa_fleet | grep -q 'no caa-fleet-server'; }
check "  and not without the keys" lab_until 20 gone
check "  where names pass" [ "$(caa c15.shop.lab 127.0.53.65)" = ca15.lab ]

# --- a resolver without a way to the servers ---------------------------------------------------------------------------------------------
# What one sends to servers vanishes.  What it looks up is not waited for by the others until its budget ends.
lose_way() {
	local address
	ip link add gone type veth peer name nowhere && ip link set gone up && ip link set nowhere up &&
		sysctl -qw net.ipv4.conf.all.route_localnet=1 && ip route add 127.0.53.0/24 dev gone table 77 || return 1
	for address in 1 2 10 11 12; do
		ip neigh add 127.0.53.$address lladdr 02:00:00:00:00:01 dev gone nud permanent || return 1
	done
	ip rule add pref 10 lookup local && ip rule del pref 0 && ip rule add pref 5 from 127.0.54.61 to 127.0.53.0/24 lookup 77
}
if lose_way 2>/dev/null; then
	# where servers are near it gives the claim back within a fifth of a second: a busy machine may ask too late, and has other names
	for n in 21 24 25 26 27 28; do
		claims=$(stat one claims) waited=$(stat two waited)
		caa c$n.shop.lab 127.0.53.61 >"$LAB_WORK/lost" &
		lost_pid=$!
		has_claimed() { [ "$(stat one claims)" -gt "$claims" ]; }
		until has_claimed; do kill -0 $lost_pid 2>/dev/null || lab_die "one does not ask"; done
		# its budget, and with that of who waits for it, is 20 s
		answer=$(dig +tries=1 +time=12 +short caa c$n.shop.lab @127.0.53.62 | sed -n 's/^0 issue "\(.*\)"$/\1/p')
		waits=$(($(stat two waited) - waited))
		[ "$answer $waits" = "ca$n.lab 0" ] || break
		kill $lost_pid 2>/dev/null
	done
	check "one claims what it cannot look up: who waits for it has the answer before it gives up ($answer, $waits)" \
		eval '[ "$answer $waits" = "ca$n.lab 1" ] && kill -0 $lost_pid 2>/dev/null'
	kill $lost_pid 2>/dev/null
	ip rule del pref 5
	# Nobody says when a firewall forgets a connection on which nothing was to be said.
	lab_stop far
	member far 127.0.53.65 "$(fleet_conf server=127.0.53.70@6379)"
	lab_until 20 is_up far || lab_die "the store is not in use"
	errors=$(stat far errors)
	ip rule add pref 5 ipproto tcp sport 6379 dport "$(cli client list type pubsub | sed -n 's/.* addr=127[0-9.]*:\([0-9]*\) .*/\1/p')" blackhole
	lost() { [ "$(stat far errors)" -gt "$errors" ]; }
	check "a store whose messages do not come any more is left" lab_until 10 lost
	check "  and is in use by other connections" lab_until 10 is_up far
	ip rule del pref 5
else
	echo "# no veth here: not tried with a resolver without a way to the servers"
fi

# --- README -------------------------------------------------------------------------------------------------------------------------------
(cd "$LAB_WORK" && eval "$(grep -o 'head -c 32 [^`]*fleet\.key' "$LAB_TOP/README.md" | head -n 1 | sed 's/fleet.key/readme.key/')")
clause=$(sed -n '/^## More than one resolver/,/^and /s/^    //p' "$LAB_TOP/README.md" |
	sed "s|192\.0\.2\.9@6379|$LAB_WORK/store.sock|; s|/etc/unbound/fleet.key|$LAB_WORK/readme.key|")
lab_stop other
member other 127.0.53.66 "$clause"
check "what README has works" lab_until 20 is_up other
check "  as the command says" grep -q 'perspective east' <(lab_control other caa_fleet)
for member in $members far other; do lab_stop "$member"; done
check "no report of a sanitizer" [ "$(lab_reports)" -eq 0 ]
