# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The module names each setting of Unbound that hurts, with the value to set, at start as unbound-checkconf does, and nothing
# where all is well; and two of these settings do hurt.

lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$LAB_WORK/doh.key" -out "$LAB_WORK/doh.pem" -days 2 -subj /CN=lab \
	-addext 'subjectAltName=IP:127.0.53.31' 2>/dev/null
printf '. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n' >"$LAB_WORK/anchor"
lab_resolver_conf advice "$UNBOUND_CAA" 127.0.53.31 "$(lab_module_conf; lab_zone_conf .)"
base=$(cat "$LAB_WORK/advice.conf")
# what the manual says is good, for all kinds of clients
good() {
	sed -n '/^Under the default budget, nothing is said/,/^\.Ed/p' "$LAB_TOP/module/unbound-caa.conf.5.in" | sed '/^\./d; /^Under/d; s|"/.*root.key"|"'"$LAB_WORK/auto"'"|'
	printf ' interface: 127.0.53.31@443\n tls-service-key: "%s"\n tls-service-pem: "%s"\n' "$LAB_WORK/doh.key" "$LAB_WORK/doh.pem"
}
cp "$LAB_WORK/anchor" "$LAB_WORK/auto"
# advice CONFIGURATION: what unbound-checkconf advises, into the file advice
advice() {
	printf '%s\n%s\n%b\n' "$base" "$(good)" "$1" >"$LAB_WORK/advice.conf"
	"$UNBOUND_CAA/unbound-checkconf" "$LAB_WORK/advice.conf" >"$LAB_WORK/checkconf" 2>&1 ||
		{ cat "$LAB_WORK/checkconf"; lab_die "unbound-checkconf refuses: $1"; }
	sed -n 's/.* warning: caa: //p' "$LAB_WORK/checkconf" >"$LAB_WORK/advice"
}
# one_line START END: there is one line of advice, with this start and this end
one_line() {
	[ "$(wc -l <"$LAB_WORK/advice")" -eq 1 ] && grep -qF -- "$1: " "$LAB_WORK/advice" && grep -q -- "; set .*" "$LAB_WORK/advice" &&
		[ "$(sed 's/.*; set //' "$LAB_WORK/advice")" = "$2" ] || { cat "$LAB_WORK/advice"; return 1; }
}

advice ''
check "nothing is advised with the settings of the manual" [ ! -s "$LAB_WORK/advice" ]
all=
while IFS='|' read -r setting set; do
	advice "server:\n $setting"
	check "$setting: set $set" one_line "$setting" "$set"
	all+=" $setting\n"
done <<'END'
discard-timeout: 1900|discard-timeout: 20000
wait-limit: 1000|wait-limit: 4000
ip-ratelimit: 100|ip-ratelimit: 1000
num-queries-per-thread: 2048|num-queries-per-thread: 4000
incoming-num-tcp: 10|incoming-num-tcp: 1000
tcp-idle-timeout: 10000|tcp-idle-timeout: 25000
outgoing-range: 960|outgoing-range: 4000
outgoing-num-tcp: 10|outgoing-num-tcp: 100
max-global-quota: 128|max-global-quota: 200
ratelimit: 1000|ratelimit: 0
infra-host-ttl: 1|infra-host-ttl: 900
cache-max-ttl: 0|cache-max-ttl: 60
unwanted-reply-threshold: 1000|unwanted-reply-threshold: 0
module-config: "validator dynlib iterator"|module-config: "dynlib validator iterator"
val-permissive-mode: yes|val-permissive-mode: no
serve-expired: yes|serve-expired: no
END
settings=$all
advice 'server:\n module-config: "dynlib iterator"'
check "without a validator: set it" one_line 'module-config: "dynlib iterator"' 'module-config: "dynlib validator iterator"'
keep=$(declare -f good)
good() { :; }
advice "server:\n outgoing-num-tcp: 100"
check "without an anchor: set one" one_line 'auto-trust-anchor-file: none' "$(sed -n 's/^#define ROOT_ANCHOR_FILE /auto-trust-anchor-file: /p' "$UNBOUND_CAA/config.h")"
advice "server:\n outgoing-num-tcp: 100\n trust-anchor-file: \"$LAB_WORK/anchor\""
check "  any of them is one" [ ! -s "$LAB_WORK/advice" ]
check "incoming-num-tcp is no matter on port 53" [ ! -s "$LAB_WORK/advice" ]
advice "server:\n outgoing-num-tcp: 100\n trust-anchor-file: \"$LAB_WORK/anchor\"\n do-udp: no"
check "  but where there is no UDP" one_line 'incoming-num-tcp: 10' 'incoming-num-tcp: 1000'
eval "$keep"
advice 'server:\n do-tcp: no'
check "do-tcp: no: set do-tcp: yes" one_line 'do-tcp: no' 'do-tcp: yes'
advice 'server:\n do-tcp: no\n outgoing-num-tcp: 10\ncaa-zone:\n name: "x.lab"\n caa-tcp: no'
check "  also where one zone does without" one_line 'do-tcp: no' 'do-tcp: yes'
advice 'caa-zone:\n name: "x.lab"\n caa-budget: 60'
check "the longest budget counts" grep -q '; set tcp-idle-timeout: 65000$' "$LAB_WORK/advice"
# a hold and the authority's own reuse of a check are 8 hours together, at most
while read -r expect options; do
	# shellcheck disable=SC2046
	advice "caa-zone:\n name: \"x.lab\"\n$(printf ' %s: %s\\n' $(tr -d : <<<"$options"))"
	if [ "$expect" = ok ]; then check "$options: nothing to say" [ ! -s "$LAB_WORK/advice" ]
	else check "$options: set caa-hold: $expect" one_line 'zone x.lab: caa-hold' "caa-hold: $expect"; fi
done <<'END'
ok caa-hold: 3600
3600 caa-hold: 3601
3600 caa-hold: 25200
ok caa-hold: 25200 caa-hold-reuse: 3600
ok caa-hold: 3600 caa-hold-reuse: 25200
3599 caa-hold: 3600 caa-hold-reuse: 25201
END
# what authorities set for their own reasons and what costs a lookup little
advice 'server:\n use-caps-for-id: yes\n qname-minimisation: no\n neg-cache-size: 0\n harden-below-nxdomain: no\n edns-buffer-size: 1232
 unwanted-reply-threshold: 10000\n cache-max-ttl: 60\n aggressive-nsec: yes\n num-threads: 7'
check "no word on what does no harm" [ ! -s "$LAB_WORK/advice" ]

# --- the start says the same -------------------------------------------------------------------------------------------
# started CONFIGURATION: the same, and what a start advises, into the file started
started() {
	advice "$1"
	lab_stop advice
	rm -f "$LAB_WORK/advice.log"
	lab_start_resolver advice "$UNBOUND_CAA" 127.0.53.31
	sed -n 's/.* warning: caa: //p' "$LAB_WORK/advice.log" >"$LAB_WORK/started"
}
started "server:\n$settings"
check "the start advises all of them" [ "$(wc -l <"$LAB_WORK/started")" -eq 16 ]
check "  in the words of unbound-checkconf" cmp "$LAB_WORK/started" "$LAB_WORK/advice"
started "server:\n trust-anchor-signaling: no"
check "and nothing where all is well" [ ! -s "$LAB_WORK/started" ]
# nothing reaches the module there; unbound-checkconf refuses it, and Unbound starts
lab_stop advice
printf '%s\n%s\nserver:\n module-config: "validator iterator dynlib"\n' "$base" "$(good)" >"$LAB_WORK/advice.conf"
rm -f "$LAB_WORK/advice.log"
lab_start_resolver advice "$UNBOUND_CAA" 127.0.53.31
sed -n 's/.* warning: caa: //p' "$LAB_WORK/advice.log" >"$LAB_WORK/advice"
check "behind the iterator: set it in front" one_line 'module-config: "validator iterator dynlib"' 'module-config: "dynlib validator iterator"'
lab_stop advice
started "server:\n trust-anchor-signaling: no"
printf '%s\n%s\n' "$base" "$(good)" >"$LAB_WORK/advice.conf"
printf 'server:\n ratelimit: 1000\n' >>"$LAB_WORK/advice.conf"
lab_control advice fast_reload >/dev/null 2>&1
check "fast_reload advises as well" lab_until 10 grep -q 'warning: caa: ratelimit: 1000: .*; set ratelimit: 0$' "$LAB_WORK/advice.log"
lab_stop advice

# --- and they do hurt ----------------------------------------------------------------------------------------------------
# served CONNECTIONS: ten clients ask at once, each over a connection of its own, what takes seconds for most of them; sets served,
# how many have an answer
served() {
	local n pids=()
	lab_stop caa
	lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf . 1)
server:
 incoming-num-tcp: $1"
	dig +tries=1 +time=15 caa shop.lab @127.0.53.30 >/dev/null
	for n in $(seq 10); do
		dig +tcp +tries=1 +time=30 caa "h$n.shop.lab" @127.0.53.30 >"$LAB_WORK/tcp.$n" 2>&1 &
		pids+=($!)
	done
	wait "${pids[@]}"
	served=$(cat "$LAB_WORK"/tcp.* | grep -c 'status: NOERROR')
}
served 10
check "clients that wait are cut with incoming-num-tcp: 10 ($served of 10 served)" [ "$served" -lt 10 ]
served 1000
check "  and none with 1000 ($served of 10 served)" [ "$served" -eq 10 ]
# walks TTL: sets walks, how many queries the root sees for names that are asked when others have been
next_second() { [ "$(date +%s)" -gt "$1" ]; }
walks() {
	local before
	lab_stop caa
	lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .)
server:
 cache-max-ttl: $1"
	lab_climb 127.0.53.30 "$(lab_names deep 20)"
	lab_until 5 next_second "$(($(date +%s) + 1))"
	before=$(lab_nsd_count root)
	lab_climb 127.0.53.30 "$(lab_names flat 20)"
	walks=$(($(lab_nsd_count root) - before))
}
walks 0
check "with cache-max-ttl: 0 what is asked later is a walk from the root ($walks queries to it)" [ "$walks" -ge 1 ]
walks 60
check "  and with 60 one walk is for all ($walks)" [ "$walks" -eq 0 ]
# expired yes|no: sets status, what is heard of a record whose TTL has ended, from servers that are gone
expired() {
	lab_stop caa
	lab_start_bind shop.lab 127.0.53.10 127.0.53.11
	lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf . '' 3)
server:
 serve-expired: $1
 cache-max-ttl: 1"
	dig +tries=1 +time=15 caa h1.shop.lab @127.0.53.30 >/dev/null
	lab_stop bind-shop.lab
	lab_until 5 next_second "$(($(date +%s) + 1))"
	status=$(dig +tries=1 +time=15 caa h1.shop.lab @127.0.53.30 | sed -n 's/.*status: \([A-Z]*\),.*/\1/p')
}
expired yes
check "what has ended is given out with serve-expired: yes ($status)" [ "$status" = NOERROR ]
expired no
check "  and not without ($status)" [ "$status" = SERVFAIL ]
