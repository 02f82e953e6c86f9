# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154
# caa-probe finds nothing at real servers that are set up well, each in its own way: limits and cookies, signatures made before or as they
# are asked for, a proxy in front.

# shellcheck source=tests/lab/probe.sh
. "$LAB_DIR/probe.sh"
for program in knotd pdns_server pdnsutil; do command -v $program >/dev/null || lab_skip "no $program here; ./bootstrap installs what the lab needs"; done

# real ZONE ADDRESS: each has a CAA record, a wildcard, an alias and a name with nothing at it
real() {
	lab_address "$2"
	probe_zone "$1" "caa.$1. 3600 CAA 0 issue \"ca.lab\"
*.wild.$1. 3600 A 192.0.2.1
alias.$1. 3600 CNAME caa.$1.
" "$2"
	for label in '' h1. caa. not.there. d1. x.wild. alias.; do probe "$label$1" 0; done
}
# A server's own key has to be in the parent before the parent starts: delegated_ds ZONE FILE, of one that lists DNSKEY records
delegated_ds() { LAB_DELEGATION[$1]+=$(dnssec-dsfromkey -2 -f "$2" "$1" | sed 's/ IN DS/ 3600 IN DS/')$'\n'; }

# --- NSD and BIND that limit rates, with the limits that they have unless told ---------------------------------------------------------

real rrl.lab 127.0.53.14
probe_sign rrl.lab -3 -
LAB_DELEGATION[rrl.lab]+=$(probe_ds rrl.lab)$'\n'
lab_nsd limited 127.0.53.14 ' rrl-slip: 2' rrl.lab
real bindrrl.lab 127.0.53.19
lab_address 127.0.53.20
LAB_MORE_ZONES='' lab_start_bind bindrrl.lab 127.0.53.19 127.0.53.20 'rate-limit { responses-per-second 20; slip 2; };'

# --- Knot: cookies, a limit, and signatures of its own; and signatures made as it is asked --------------------------------------------------

real knot.lab 127.0.53.21
real online.lab 127.0.53.21
cat >"$LAB_WORK/knot.conf" <<-END
	server:
	  rundir: "$LAB_WORK"
	  listen: 127.0.53.21@53
	log:
	  - target: stderr
	    any: error
	database:
	  storage: "$LAB_WORK/knot"
	mod-rrl:
	  - id: default
	    rate-limit: 200
	    slip: 2
	policy:
	  - id: nsec3
	    algorithm: ecdsap256sha256
	    single-type-signing: on
	    nsec3: on
	    nsec3-iterations: 0
	zone:
	  - domain: knot.lab
	    file: "$LAB_WORK/knot.lab.zone"
	    zonefile-sync: -1
	    zonefile-load: difference-no-serial
	    journal-content: all
	    dnssec-signing: on
	    dnssec-policy: nsec3
	    module: [mod-cookies, mod-rrl/default]
	  - domain: online.lab
	    file: "$LAB_WORK/online.lab.zone"
	    module: [mod-cookies, mod-onlinesign]
END
mkdir "$LAB_WORK/knot"
lab_spawn knot knotd -c "$LAB_WORK/knot.conf"
lab_wait_answers 127.0.53.21 knot.lab
for zone in knot.lab online.lab; do
	has_key() { dig +noall +answer dnskey $zone @127.0.53.21 | grep -v '^;' >"$LAB_WORK/$zone.keys" && [ -s "$LAB_WORK/$zone.keys" ]; }
	lab_until 20 has_key || lab_die "Knot does not sign $zone"
	delegated_ds $zone "$LAB_WORK/$zone.keys"
done

# --- PowerDNS: NSEC, and NSEC3 that is made up for each denial ("narrow") ----------------------------------------------------------------------

for zone in pdns.lab narrow.lab; do real $zone 127.0.53.22; done
pdns=(--config-dir="$LAB_WORK" --launch=bind --bind-config="$LAB_WORK/pdns.zones" --bind-dnssec-db="$LAB_WORK/pdns.sqlite")
for zone in pdns.lab narrow.lab; do printf 'zone "%s" { type master; file "%s"; };\n' $zone "$LAB_WORK/$zone.zone"; done >"$LAB_WORK/pdns.zones"
printf 'launch=bind\nbind-config=%s\nbind-dnssec-db=%s\n' "$LAB_WORK/pdns.zones" "$LAB_WORK/pdns.sqlite" >"$LAB_WORK/pdns.conf"
{
	pdnsutil --config-dir="$LAB_WORK" create-bind-db "$LAB_WORK/pdns.sqlite"
	for zone in pdns.lab narrow.lab; do pdnsutil --config-dir="$LAB_WORK" secure-zone $zone; done
	pdnsutil --config-dir="$LAB_WORK" set-nsec3 narrow.lab '1 0 0 -' narrow
} >"$LAB_WORK/pdnsutil.out" 2>&1
lab_spawn pdns pdns_server "${pdns[@]}" --local-address=127.0.53.22 --socket-dir="$LAB_WORK" --daemon=no --guardian=no --disable-syslog
for zone in pdns.lab narrow.lab; do
	lab_wait_answers 127.0.53.22 $zone
	dig +noall +answer dnskey $zone @127.0.53.22 | grep -v '^;' >"$LAB_WORK/$zone.keys"
	delegated_ds $zone "$LAB_WORK/$zone.keys"
done

# --- dnsdist with a cache in front of two BINDs: one that keeps answers for each cookie, and one that does not ----------------------------------

real front.lab 127.0.53.18
probe_sign front.lab
LAB_DELEGATION[front.lab]+=$(probe_ds front.lab)$'\n'
probe_bind front.lab
probe_good cached.lab '' 127.0.53.23

probe_start
# cached NAME ADDRESS OPTIONS: it asks both from one address, as a machine with one would: BIND's cookies are good for the address that they were given
cached() {
	lab_dnsdist "$1" "$2" -- "newServer({address='$BACKEND:53', source='$2'}):setUp()
newServer({address='$GOOD:53', source='$2'}):setUp()
getPool(''):setCache(newPacketCache(1000, {$3}))"
}
cached front 127.0.53.18 cookieHashing=true
cached cached 127.0.53.23 cookieHashing=false
probe_run

# The second one hands a client what another's cookie stands in: a resolver has to drop that (RFC 7873, section 5.3).
found() { caa_probe --json h1.cached.lab 2>/dev/null | jq -r '[.findings[] | .check + if .fails then "!" else "" end] | unique | join(" ")'; }
found >/dev/null
check "a cache that hands out the cookies of others is found" [ "$(found)" = cookie ]
