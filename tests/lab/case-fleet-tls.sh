# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Resolvers of one perspective that talk with their store over TLS: with the one that it is to be, and with nobody else.

# shellcheck source=tests/lab/fleet.sh
. "$LAB_DIR/fleet.sh"
command -v openssl >/dev/null || lab_skip "no openssl here; ./bootstrap installs what the lab needs"

# authority NAME: one that signs certificates
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
		-keyout "$LAB_WORK/$1.key.pem" -out "$LAB_WORK/$1.pem" 2>/dev/null || lab_die "no authority $1"
}
# certificate NAME AUTHORITY SUBJECT [NOT-BEFORE NOT-AFTER]: for a name or an address
certificate() {
	mkdir -p "$LAB_WORK/ca-$1" && : >"$LAB_WORK/ca-$1/index" && echo 01 >"$LAB_WORK/ca-$1/serial" &&
		printf '[ca]\ndefault_ca = c\n[c]\ndatabase = %s/index\nserial = %s/serial\nnew_certs_dir = %s\ndefault_md = sha256\npolicy = p\nx509_extensions = x\n[p]\ncommonName = supplied\n[x]\nsubjectAltName = %s\n' \
			"$LAB_WORK/ca-$1" "$LAB_WORK/ca-$1" "$LAB_WORK/ca-$1" "$3" >"$LAB_WORK/ca-$1/conf" &&
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$LAB_WORK/$1.key.pem" -out "$LAB_WORK/$1.csr" 2>/dev/null &&
		openssl ca -batch -notext -config "$LAB_WORK/ca-$1/conf" -cert "$LAB_WORK/$2.pem" -keyfile "$LAB_WORK/$2.key.pem" \
			-startdate "${4:-$(date -u -d yesterday +%Y%m%d%H%M%SZ)}" -enddate "${5:-$(date -u -d tomorrow +%Y%m%d%H%M%SZ)}" \
			-in "$LAB_WORK/$1.csr" -out "$LAB_WORK/$1.pem" 2>/dev/null || lab_die "no certificate $1"
}
authority ours
authority theirs
certificate store ours DNS:store.lab,IP:127.0.53.70
certificate named ours DNS:store.lab
certificate expired ours DNS:store.lab 20200101000000Z 20200102000000Z
certificate foreign theirs DNS:store.lab
certificate client ours DNS:resolver.lab
openssl pkey -in "$LAB_WORK/client.key.pem" -aes128 -passout pass:secret -out "$LAB_WORK/locked.key.pem" 2>/dev/null

# tls_store CERTIFICATE [OPTION...]: an empty store that speaks TLS only
tls_store() {
	local name=$1
	shift
	lab_stop store KILL
	store --port 0 --tls-port 6379 --tls-cert-file "$LAB_WORK/$name.pem" --tls-key-file "$LAB_WORK/$name.key.pem" \
		--tls-ca-cert-file "$LAB_WORK/ours.pem" --tls-auth-clients no "$@"
}
tls_conf() { fleet_conf server=127.0.53.70@6379 tls=yes tls-ca="$LAB_WORK/ours.pem" "$@"; }

lab_root_and_tld
LAB_NAMES=400 lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents

# --- what is configured -------------------------------------------------------------------------------------------------------
check "a socket has no TLS" refused 'caa-fleet-tls: is for addresses' "$(tls_conf server="$LAB_WORK/store.sock")"
check "a bundle that is not there is refused" refused 'caa-fleet-tls-ca: has no certificate .* No such file' "$(tls_conf tls-ca="$LAB_WORK/no.pem")"
check "  and one that is none" refused 'caa-fleet-tls-ca: has no certificate' "$(tls_conf tls-ca="$LAB_WORK/fleet.key")"
check "a certificate goes with a key" refused 'caa-fleet-tls-cert: goes with' "$(tls_conf tls-cert="$LAB_WORK/client.pem")"
check "  and a key with a certificate" refused 'caa-fleet-tls-key: goes with' "$(tls_conf tls-key="$LAB_WORK/client.key.pem")"
check "  its own" refused 'caa-fleet-tls-key: has no key of that certificate .*mismatch' \
	"$(tls_conf tls-cert="$LAB_WORK/client.pem" tls-key="$LAB_WORK/store.key.pem")"
check "  without a pass phrase" refused 'caa-fleet-tls-key: has no key of that certificate' \
	"$(tls_conf tls-cert="$LAB_WORK/client.pem" tls-key="$LAB_WORK/locked.key.pem")"
check "a name that is none is refused" refused 'caa-fleet-tls-name: is no name' "$(tls_conf tls-name='store lab')"
check "  and one that is many" refused 'caa-fleet-tls-name: is no name' "$(tls_conf tls-name=.store.lab)"
check "what is of no use without TLS is refused" refused 'caa-fleet-tls-ca: is of no use without caa-fleet-tls' "$(tls_conf tls=)"
check "  and TLS without a server" refused 'caa-fleet-.*: is of no use without caa-fleet-server' "$(tls_conf server= perspective= key-file= wait=)"
loads() { grep -o '[^/]*$' "/proc/${LAB_PID[$1]}/maps" | grep '\.so' | sed 's/\.so.*//' | sort -u; }
lab_resolver plain "$UNBOUND_CAA" 127.0.53.67 ''
lab_resolver module "$UNBOUND_CAA" 127.0.53.68 "$(lab_module_conf; lab_zone_conf .)"
check "the module brings no library that Unbound has not, but libsodium" \
	[ "$(comm -13 <(loads plain) <(loads module) | grep -v '^unbound-caa\|lib[at]san\|libubsan' | paste -sd' ')" = libsodium ]
lab_stop plain
lab_stop module

# --- as without TLS ---------------------------------------------------------------------------------------------------------------
member alone 127.0.53.60 ''
fresh
lab_climb 127.0.53.60 "$(lab_names deep)"
check "one resolver alone: no name fails" [ "$failed" -eq 0 ]
deep=$(seen)
tls_store store
start_members "$(tls_conf)"
fresh
lab_climb $servers "$(lab_names deep)"
queries=$(seen)
check "four with a store over TLS, known by its address: no name fails" [ "$failed" -eq 0 ]
check "  and they need hardly more than one ($queries, one $deep)" at_most "$queries" "$(enough "$deep")"
counted
check "  each hears of three others" [ "$(stat one peers) $(stat four peers)" = '3 3' ]
check "  nothing is refused" [ "$(total forged) $(total foreign) $(total stale)" = '0 0 0' ]

# --- a store that is lost in the middle of a burst ------------------------------------------------------------------------------------
under_way() { [ "$(lab_queries bind-shop.lab | wc -l)" -ge 30 ]; }
# burst TEXT COMMAND...: while questions are under way
burst() {
	local text=$1 climb_pid
	shift
	fresh
	"$CAA_CLIMB" --server $servers --file "$LAB_WORK/names" --json >"$LAB_WORK/burst.json" 2>/dev/null </dev/null &
	climb_pid=$!
	lab_until 20 under_way || lab_die "the burst does not begin"
	"$@"
	wait $climb_pid
	check "$text: no name fails" [ "$(jq .summary.failed "$LAB_WORK/burst.json")" = 0 ]
}
seq -f 'a.b.d%.0f.shop.lab' 300 >"$LAB_WORK/names"
burst "the store is killed" lab_stop store KILL
check "  it is not in use then" lab_until 20 all_are is_down
tls_store store
check "  and is again when it is back" lab_until 20 all_are is_up
seq -f 'a.c.d%.0f.shop.lab' 300 >"$LAB_WORK/names"
burst "the store stands still" kill -STOP "${LAB_PID[store]}"
check "  it is not in use then" lab_until 20 all_are is_down
kill -CONT "${LAB_PID[store]}"
check "  and is again when it goes on" lab_until 20 all_are is_up

# --- who is believed to be the store ---------------------------------------------------------------------------------------------------
asked=0
unknown='\(self-signed certificate in certificate chain\|unable to get local issuer certificate\)'
# accepted TEXT KEY=VALUE...
accepted() {
	local text=$1
	shift
	lab_stop one
	member one 127.0.53.61 "$(tls_conf "$@")"
	check "$text is taken" lab_until 20 is_up one
}
# refuses TEXT WHY KEY=VALUE...: a resolver that does not take the store: it says why, once, and goes on alone
refuses() {
	local text=$1 why=$2 before lines errors
	shift 2
	lab_stop one
	rm -f "$LAB_WORK/one.log"
	member one 127.0.53.61 "$(tls_conf "$@")"
	said() { grep -q "not in use: $why; this resolver goes on alone" "$LAB_WORK/one.log"; }
	check "$text is refused, and the log says so" lab_until 20 said
	said || sed -n 's/.*not in use: /# /p' "$LAB_WORK/one.log"
	check "  as caa_fleet does" grep -q "^store 127.0.53.70@6379 not in use: $why" <(lab_control one caa_fleet)
	# another try or two
	before=$(cli info stats | sed -n 's/^total_connections_received:\([0-9]*\).*/\1/p')
	tried() { [ "$(cli info stats | sed -n 's/^total_connections_received:\([0-9]*\).*/\1/p')" -gt $((before + 8)) ]; }
	lab_until 20 tried
	lines=$(grep -c 'goes on alone' "$LAB_WORK/one.log") errors=$(stat one errors)
	check "  once, and it is counted ($lines lines, $errors errors)" [ "$lines $errors" = '1 1' ]
	asked=$((asked + 1))
	seq -f "a.b.e$asked-%.0f.shop.lab" 5 >"$LAB_WORK/names"
	lab_climb 127.0.53.61 "$LAB_WORK/names"
	check "  names pass, without it" [ "$failed $(stat one up) $(stat one asked)" = '0 0 0' ]
}
accepted "a store with the name" tls-name=store.lab
refuses "a store with another name" "the store's certificate is refused: hostname mismatch" tls-name=other.lab
refuses "a store of another authority" "the store's certificate is refused: $unknown" tls-ca="$LAB_WORK/theirs.pem"
refuses "a store of none of the system's authorities" "the store's certificate is refused: $unknown" tls-ca=
refuses "a store that speaks TLS, without it" "the connection is lost: .*" tls= tls-ca=
tls_store named
accepted "a store whose certificate has only a name" tls-name=store.lab
refuses "a store whose certificate has not its address" "the store's certificate is refused: IP address mismatch"
tls_store expired
refuses "a store whose certificate has expired" "the store's certificate is refused: certificate has expired" tls-name=store.lab
tls_store foreign
refuses "a store with a certificate of another authority" "the store's certificate is refused: $unknown" tls-name=store.lab
tls_store store --tls-protocols TLSv1.2
accepted "a store that has TLS 1.2"
tls_store store --tls-auth-clients yes
refuses "a store that wants a certificate and has none" "the connection is lost: .*" tls-name=store.lab
accepted "  which is satisfied by one" tls-name=store.lab tls-cert="$LAB_WORK/client.pem" tls-key="$LAB_WORK/client.key.pem"
lab_stop store KILL
store
refuses "a store that speaks plain text, over TLS" "no TLS with the store: .*" tls-name=store.lab
for member in $members alone; do lab_stop "$member"; done
check "no report of a sanitizer" [ "$(lab_reports)" -eq 0 ]
