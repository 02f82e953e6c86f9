# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Held answers: what is given out from the hold and for how long, that a certificate's retry asks again only what failed, and
# that a flush takes away what it should.

LAB_RECORDS=$(printf '%s\n' 'caa.shop.lab. 1 CAA 0 issue "ca.lab"' 'none.shop.lab. 1 A 192.0.2.1' \
	'alias.shop.lab. 1 CNAME caa.shop.lab.' 'other.shop.lab. 1 CNAME none.shop.lab.')$'\n'
lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
# what is not there ends as fast: the SOA's minimum
short_soa() { sed -i 's/ 60$/ 1/; s/^shop.lab. 3600 SOA/shop.lab. 1 SOA/' "$LAB_WORK/shop.lab.zone"; }
short_soa
lab_start_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents

# change_zone SED: change the zone, and have a server that serves it so.
change_zone() {
	sed -i "$1" "$LAB_WORK/shop.lab.zone"
	lab_start_bind shop.lab 127.0.53.10 127.0.53.11 "${2:-}"
}
hold_conf() { lab_module_conf; lab_zone_conf .; printf ' caa-hold: %s\n' "$1"; }
# answer NAME: status, TTL of the first record, records; and what it cost.
ask() { dig +tries=1 +time=25 +noall +comments +answer caa "$1" @127.0.53.30; }
records() { ask "$1" | awk '$4 == "CAA" || $4 == "CNAME" { print $4, $5, $6, $7 }' | sed 's/ *$//' | sort | tr '\n' ';'; }
ttl() { ask "$1" | awk '$4 == "CAA" { print $2; exit }'; }
status_of() { ask "$1" | sed -n 's/.*status: \([A-Z]*\),.*/\1/p'; }
asked() { lab_settled bind-shop.lab; lab_queries bind-shop.lab CAA | grep -c "^$1 "; }

lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(hold_conf 25200)"
for name in caa none alias other no.such; do ask "$name.shop.lab" >/dev/null; done
sleep 2.1	# the TTLs are over: nothing tells that but the clock
lab_counts bind-shop.lab
before=$queries held=$(lab_stat caa caa.held)
check "a record is given out from the hold" [ "$(records caa.shop.lab)" = 'CAA 0 issue "ca.lab";' ]
check "its TTL is what is left of the hold" eval 't=$(ttl caa.shop.lab); [ $t -gt 25180 ] && [ $t -lt 25200 ]'
check "NODATA is held" [ "$(status_of none.shop.lab)$(records none.shop.lab)" = NOERROR ]
check "NXDOMAIN is held" [ "$(status_of no.such.shop.lab)" = NXDOMAIN ]
check "a chain is held" [ "$(records alias.shop.lab)" = 'CAA 0 issue "ca.lab";CNAME caa.shop.lab.;' ]
check "a chain to nothing is held" [ "$(records other.shop.lab)" = 'CNAME none.shop.lab.;' ]
lab_counts bind-shop.lab
check "no query was sent for them" [ "$queries" -eq "$before" ]
check "they are counted ($(lab_stat caa caa.held))" [ "$(lab_stat caa caa.held)" -ge $((held + 6)) ]
check "the store counts its answers" [ "$(lab_stat caa caa.hold)" -ge 5 ]
check "a CD question is another question" eval 'dig +cd +tries=1 +time=5 caa caa.shop.lab @127.0.53.30 >/dev/null; lab_counts bind-shop.lab; [ "$queries" -gt "$before" ]'

# --- flush: what a name's answer depends on is asked for again after it, 1, or is still held, 0 -------------------------------
# hold_all: everything that the lines below ask for is held, and out of the message cache
hold_all() {
	for name in caa none alias other $(seq -f 'h%.0f' 10); do ask "$name.shop.lab" >/dev/null; done
	sleep 1.1
}
# those for one name first: they leave the others held
hold_all
while read -r name expect command; do
	[ "$name" != again ] || { hold_all; continue; }
	count=$(asked "$name.shop.lab")
	# shellcheck disable=SC2086
	lab_control caa $command >/dev/null
	ask "$name.shop.lab" >/dev/null
	check "$command: $name.shop.lab is asked for again: $expect" [ "$(($(asked "$name.shop.lab") - count))" -eq "$expect" ]
done <<'END'
h1 1 caa_flush h1.shop.lab
h2 0 caa_flush h1.shop.lab
h2 1 flush h2.shop.lab
h3 1 flush_type h3.shop.lab CAA
h4 1 flush_zone h4.shop.lab
caa 0 flush_zone other.lab
caa 0 caa_flush other.lab
caa 0 caa_flush alias.shop.lab
other 1 flush none.shop.lab
alias 1 caa_flush caa.shop.lab
caa 1 caa_flush shop.lab
again
caa 0 flush_negative
none 1 flush_negative
again
caa 1 flush_zone shop.lab
again
caa 1 flush_zone .
again
h5 1 caa_flush .
END
check "caa_flush says how many it dropped" eval 'ask caa.shop.lab >/dev/null; lab_control caa caa_flush . | grep -q "^ok dropped [1-9][0-9]* held"'
check "caa_flush wants a name" eval 'lab_control caa caa_flush 2>&1 | grep -q "^error caa_flush: .*allowed"'

# --- reload -----------------------------------------------------------------------------------------------------------------
reloaded() { [ "$(grep -c 'init module 0' "$LAB_WORK/caa.log")" -gt "$inits" ] && lab_control_quiet caa status; }
# another build of the module: the same, with another id
id=$(readelf -n "$CAA_MODULE" | sed -n 's/.*Build ID: //p')
objcopy --dump-section .note.gnu.build-id="$LAB_WORK/note" "$CAA_MODULE" "$LAB_WORK/unused.so"
{ head -c -20 "$LAB_WORK/note"; printf 'another build of it '; } >"$LAB_WORK/note.other"
objcopy --update-section .note.gnu.build-id="$LAB_WORK/note.other" "$CAA_MODULE" "$LAB_WORK/other.so"
check "another build has another id" eval '[ -n "$id" ] && ! readelf -n "$LAB_WORK/other.so" | grep -q "$id"'
while read -r expect command build; do
	# what another build left stays where it is, which a sanitizer calls a leak
	[ -z "$build" ] || [ -z "${LAB_REPORTS:-}" ] || continue
	[ -z "$build" ] || sed -i "s|$CAA_MODULE|$LAB_WORK/other.so|" "$LAB_WORK/caa.conf"
	hold_all
	count=$(asked h1.shop.lab) inits=$(grep -c 'init module 0' "$LAB_WORK/caa.log")
	lab_control caa $command >/dev/null
	lab_until 10 reloaded || lab_die "no $command"
	ask h1.shop.lab >/dev/null
	check "$command${build:+, $build}: a name is asked for again: $expect" [ "$(($(asked h1.shop.lab) - count))" -eq "$expect" ]
done <<'END'
0 reload_keep_cache
1 reload
0 reload_keep_cache
1 reload_keep_cache another build
0 reload_keep_cache
END

# --- a change is seen after caa_flush, although the TTL is long ---------------------------------------------------------
ask alias.shop.lab >/dev/null
ask caa.shop.lab >/dev/null
sleep 1.1
change_zone 's/ca\.lab/new.lab/; s/^caa\.shop\.lab\. 1 /caa.shop.lab. 3600 /'
check "a change is not seen within the hold" [ "$(records alias.shop.lab)" = 'CAA 0 issue "ca.lab";CNAME caa.shop.lab.;' ]
lab_control caa caa_flush caa.shop.lab >/dev/null
check "it is after caa_flush" [ "$(records caa.shop.lab)" = 'CAA 0 issue "new.lab";' ]
check "through a chain as well" [ "$(records alias.shop.lab)" = 'CAA 0 issue "new.lab";CNAME caa.shop.lab.;' ]
change_zone '/CAA/d'
lab_control caa caa_flush caa.shop.lab >/dev/null
check "a record that was removed is gone after caa_flush, which does not wait for its TTL" [ -z "$(records caa.shop.lab)" ]

# --- and after the hold -------------------------------------------------------------------------------------------------
lab_stop caa
change_zone 's/^none\.shop.*/caa.shop.lab. 1 CAA 0 issue "ca.lab"\nnone.shop.lab. 1 A 192.0.2.1/'
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(hold_conf 8; printf ' caa-budget: 2\n')"
since=$(date +%s%N)
ask caa.shop.lab >/dev/null
change_zone 's/"ca\.lab"/"new.lab"/'
age_ms() { echo $((($(date +%s%N) - since) / 1000000)); }
until_ms() { while [ "$(age_ms)" -lt "$1" ]; do sleep 0.05; done; }
until_ms 3000
check "the old record is shown within the hold of 8 s, beyond its TTL" eval '[ "$(records caa.shop.lab)" = "CAA 0 issue \"ca.lab\";" ]'
until_ms 4000
check "  with a TTL that does not go beyond it" [ "$(ttl caa.shop.lab)" -le 4 ]
until_ms 8050
check "  and not after it" [ "$(records caa.shop.lab)" = 'CAA 0 issue "new.lab";' ]

# --- a hot answer is refreshed before it ends, and survives a fault ---------------------------------------------------------
asks() { local n; for n in $(seq "$1"); do ask caa.shop.lab >/dev/null; done; }
refreshed() { [ "$(lab_stat caa caa.refreshed)" -ge 1 ]; }
lab_control caa caa_flush . >/dev/null
count=$(asked caa.shop.lab)
since=$(date +%s%N)
asks 1
until_ms 1500
asks 4
until_ms 4200
check "a hot answer goes on being given out" [ "$(records caa.shop.lab)" = 'CAA 0 issue "new.lab";' ]
check "  and is looked up again meanwhile" lab_until 5 refreshed
# who is later than the hold, as on a machine that does other things, may have it looked up once more
due() { [ $((($(date +%s%N) - since) / 1000000)) -lt 8000 ] && echo 1 || echo 2; }
asked_for_each() { local n; n=$(lab_stat caa caa.refreshed); [ "$n" -le "$(due)" ] && [ $(($(asked caa.shop.lab) - count)) -eq $((1 + n)) ]; }
check "  once" asked_for_each
lab_control caa caa_flush . >/dev/null
since=$(date +%s%N)
asks 1
lab_stop bind-shop.lab
until_ms 1500
asks 4
until_ms 4200
asks 1	# begins a look-up that comes to nothing
until_ms 5500
begin=$(date +%s%N)
check "a fault of the server does not stop it" [ "$(records caa.shop.lab)" = 'CAA 0 issue "new.lab";' ]
check "  nor delay it" [ $((($(date +%s%N) - begin) / 1000000)) -lt 1000 ]
until_ms 8050
check "  until its hold ends" [ "$(status_of caa.shop.lab)" = SERVFAIL ]

# --- a certificate retried after 5 of 100 names failed --------------------------------------------------------------------
lab_stop caa
sed -i 's/ 3600 A / 1 A /; /^h9[6-9]\./d; /^h100\./d' "$LAB_WORK/shop.lab.zone"
lab_address 127.0.53.99
for name in h96 h97 h98 h99 h100; do
	printf '%s.shop.lab. 3600 NS ns.%s.shop.lab.\nns.%s.shop.lab. 3600 A 127.0.53.99\n' $name $name $name >>"$LAB_WORK/shop.lab.zone"
	{ lab_soa $name.shop.lab; printf '%s.shop.lab. 3600 NS ns.%s.shop.lab.\n' $name $name
		printf 'ns.%s.shop.lab. 3600 A 127.0.53.99\n' $name; } >"$LAB_WORK/$name.shop.lab.zone"
done
lab_start_bind shop.lab 127.0.53.10 127.0.53.11
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(hold_conf 25200; printf ' caa-budget: 2\n')"
lab_climb 127.0.53.30 "$(lab_names flat)"
check "5 of 100 names fail while their server is away" [ "$failed" -eq 5 ]
sleep 2	# the TTLs of what is in the message cache are over
lab_until 10 lab_idle caa || lab_die "a lookup goes on that nobody waits for"
lab_counts bind-shop.lab
before=$queries root=$(lab_nsd_count root) tld=$(lab_nsd_count tld)
lab_nsd late 127.0.53.99 ' rrl-ratelimit: 0' h96.shop.lab h97.shop.lab h98.shop.lab h99.shop.lab h100.shop.lab
late=$(lab_nsd_count late)
lab_climb 127.0.53.30 "$(lab_names flat)"
check "the retry passes them all" [ "$failed" -eq 0 ]
lab_counts bind-shop.lab
check "exactly the 5 names are looked up, and nothing else" [ "$(($(lab_nsd_count late) - late)) $((queries - before)) $(($(lab_nsd_count root) - root)) $(($(lab_nsd_count tld) - tld))" = '5 0 0 0' ]

# --- a new name below names that are held costs one query -----------------------------------------------------------------------
lab_climb 127.0.53.30 "$(lab_names deep 20)"
sleep 2
lab_counts bind-shop.lab
before=$queries
seq -f 'new.b.d%.0f.shop.lab' 20 >"$LAB_WORK/new"
lab_climb 127.0.53.30 "$LAB_WORK/new"
lab_counts bind-shop.lab
check "20 new names below held ones cost 20 queries" [ "$failed $((queries - before))" = '0 20' ]

# --- a signature that ends before the hold -----------------------------------------------------------------------------------
lab_stop caa
for server in root tld late bind-shop.lab; do lab_stop $server; done
tree=$LAB_WORK/tree valid=14
mkdir "$tree"
"$LAB_BUILD/lab_tree" "$tree" 30 1 1 $valid || lab_die "no tree"
signed_at=$(date +%s)
cp "$tree"/*.zone "$tree"/..zone "$LAB_WORK"
for server in 127.0.53.1 127.0.53.2 127.0.53.10 127.0.53.11; do
	lab_address $server
	mapfile -t zones <"$tree/zones-$server"
	lab_nsd "nsd-${server##*.}" $server ' rrl-ratelimit: 0' "${zones[@]}"
done
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(hold_conf 25200)
server:
 trust-anchor-file: \"$tree/anchor\"
 trust-anchor-signaling: no"
ad() { dig +tries=1 +time=25 +noall +comments caa "$1" @127.0.53.30 | grep -c 'flags:.* ad[ ;]'; }
ask caa.t0 >/dev/null
ask caa.t3 >/dev/null
sleep 2.1
held=$(lab_stat caa caa.held)
check "a secure answer is held as secure" [ "$(ad caa.t0)$(($(lab_stat caa caa.held) - held))" = 11 ]
check "an insecure one is not" [ "$(ad caa.t3)" -eq 0 ]
left=$((valid - ($(date +%s) - signed_at)))
check "its TTL does not go beyond its signature ($left s)" eval 't=$(ttl caa.t0); [ "$t" -gt 0 ] && [ "$t" -le "$left" ]'
check "that of the insecure one goes to the end of the hold" [ "$(ttl caa.t3)" -gt 25000 ]
while [ "$(date +%s)" -le $((signed_at + valid)) ]; do sleep 0.1; done
held=$(lab_stat caa caa.held)
# Unbound accepts a signature for a while after its end (val-sig-skew-min)
check "it is not held when its signature has ended" [ "$(status_of caa.t0)$(($(lab_stat caa caa.held) - held))" = NOERROR0 ]
check "the insecure one is" [ "$(status_of caa.t3)$(($(lab_stat caa caa.held) - held))" = NOERROR1 ]
