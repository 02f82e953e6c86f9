# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Resolvers as certificate authorities run them (profiles/*.conf), with their clients, at zones that are signed in several ways
# and stand behind several limiters, plain Unbound beside.  Source it from a case.
#
# One tree of a kind for all rows: the root, the TLD lab., and shop.lab and z1.lab to zN.lab, N = PROFILE_ZONES (100), which have
# the servers 127.0.53.12 and 127.0.53.13, those of one provider.  Kinds:
#   insecure, insecure-optout   unsigned zones below signed ones, whose NSEC records, or NSEC3 with opt-out, prove it
#   nsec, nsec3, optout         all signed, ECDSA; optout is nsec3 with opt-out
#   nsec3-rsa                   RSA-2048, and three keys, as while one is changed: a DNSKEY RRset of more than 1232 octets

: "${PROFILE_ZONES:=100}"

# --- the tree --------------------------------------------------------------------------------------------------------------

# profile_keys KIND FOLDER: make keys, of the name "template".
profile_keys() {
	local folder=$LAB_WORK/$2 algorithm=(-a ECDSAP256SHA256) flags=(-f KSK) count=1 n
	[ "$1" != nsec3-rsa ] || algorithm=(-a RSASHA256 -b 2048) count=3
	rm -rf "$folder"
	mkdir "$folder"
	for ((n = 1; n <= count; n++)); do
		dnssec-keygen -q "${algorithm[@]}" "${flags[@]}" -K "$folder" template
		flags=()
	done >"$LAB_WORK/keygen.out" || lab_die "no keys"
}

# profile_sign ZONE PROOF KEYS: sign its file with keys like those of the folder KEYS; PROOF is nsec, nsec3 or optout.
profile_sign() {
	local zone=$1 name=${1#.} folder=$LAB_WORK/$3 key keys=0 flags=()
	for key in "$folder"/Ktemplate.*.private; do
		key=${key##*/Ktemplate.}
		key=${key%.private} keys=$((keys + 1))
		sed "s/^template\./$name./" "$folder/Ktemplate.$key.key" >"$folder/K$name.$key.key"
		cp "$folder/Ktemplate.$key.private" "$folder/K$name.$key.private"
	done
	case $2 in
	nsec3) flags=(-3 - -H 0) ;;
	optout) flags=(-3 - -H 0 -A) ;;
	esac
	[ $keys -gt 1 ] || flags+=(-z)
	(cd "$LAB_WORK" && dnssec-signzone -q -S -P -K "$3" -d . -T "$PROFILE_TTL" "${flags[@]}" -f "$zone.signed" -o "$zone" "$zone.zone" &&
		mv "$zone.signed" "$zone.zone") >"$LAB_WORK/sign.out" 2>&1 || lab_die "$zone is not signed: $(cat "$LAB_WORK/sign.out")"
}

# profile_records ZONE...: its delegation, with addresses.
profile_records() {
	local zone
	for zone in "$@"; do
		printf "%s. $PROFILE_TTL NS ns%d.%s.\n" "$zone" 1 "$zone" "$zone" 2 "$zone"
		printf "ns%d.%s. $PROFILE_TTL A %s\n" 1 "$zone" 127.0.53.12 2 "$zone" 127.0.53.13
	done
}
profile_soa() { echo "$1. $PROFILE_TTL SOA ns.$1. hostmaster.$1. ${2:-1} 3600 600 864000 $PROFILE_TTL"; }

# profile_zone ZONE [KEYS [SERIAL]]: write one of the provider's.
profile_zone() {
	{
		profile_soa "$1" "${3:-1}"
		profile_records "$1"
		echo "www.$1. $PROFILE_TTL A 192.0.2.1"
		if [ "$1" = shop.lab ]; then
			seq -f "h%.0f.$1. $PROFILE_TTL A 192.0.2.1" 100
			seq -f "a.b.d%.0f.$1. $PROFILE_TTL A 192.0.2.1" 100
		fi
	} >"$LAB_WORK/$1.zone"
	[ "$PROFILE_SIGNED" = no ] || profile_sign "$1" "$PROFILE_PROOF" "${2:-keys}"
}

# profile_tld [SERIAL]: write the TLD, and so the DS of what is signed.
profile_tld() {
	local zone
	{
		profile_soa lab "${1:-1}"
		printf "lab. $PROFILE_TTL NS ns.lab.\nns.lab. $PROFILE_TTL A 127.0.53.2\n"
		profile_records "${PROFILE_OWN[@]}"
		for zone in "${PROFILE_OWN[@]}"; do
			[ "$PROFILE_SIGNED" = no ] || sed "s/IN DS/$PROFILE_TTL IN DS/" "$LAB_WORK/dsset-$zone."
		done
	} >"$LAB_WORK/lab.zone"
	profile_sign lab "$PROFILE_PROOF" keys
}

# profile_tree KIND TTL: make it, and start the root and the TLD; all records have that TTL.
profile_tree() {
	local zone
	command -v dnssec-signzone >/dev/null || lab_skip "no dnssec-signzone here; ./bootstrap installs what the lab needs"
	PROFILE_KIND=$1 PROFILE_TTL=$2 PROFILE_PROOF=nsec PROFILE_SIGNED=yes
	case $1 in
	*optout) PROFILE_PROOF=optout ;;
	nsec3*) PROFILE_PROOF=nsec3 ;;
	esac
	case $1 in insecure*) PROFILE_SIGNED=no ;; esac
	mapfile -t PROFILE_OWN < <(echo shop.lab; seq -f 'z%.0f.lab' "$PROFILE_ZONES")
	profile_keys "$1" keys
	for zone in "${PROFILE_OWN[@]}"; do profile_zone "$zone"; done
	profile_tld
	{
		profile_soa '' | sed 's/\.\. /.root. /g'
		printf ". $PROFILE_TTL NS ns.root.\nns.root. $PROFILE_TTL A 127.0.53.1\nlab. $PROFILE_TTL NS ns.lab.\nns.lab. $PROFILE_TTL A 127.0.53.2\n"
		sed "s/IN DS/$PROFILE_TTL IN DS/" "$LAB_WORK/dsset-lab."
	} >"$LAB_WORK/..zone"
	profile_sign . nsec keys
	cat "$LAB_WORK"/keys/K.+*.key | grep 'DNSKEY.257' >"$LAB_WORK/anchor"
	lab_stop root
	lab_stop tld
	lab_nsd root 127.0.53.1 ' rrl-ratelimit: 0' .
	lab_nsd tld 127.0.53.2 ' rrl-ratelimit: 0' lab
	seq -f 'h%.0f.shop.lab' 100 >"$LAB_WORK/names-flat"
	seq -f 'a.b.d%.0f.shop.lab' 100 >"$LAB_WORK/names-deep"
	seq -f 'www.z%.0f.lab' "$PROFILE_ZONES" >"$LAB_WORK/names-zones"
}

# profile_needed flat|deep|zones: how many queries a certificate has for the provider: one for each question, or two where all is
# truncated, and asked over TCP then.
profile_needed() {
	local keys=1 each=1
	[ "$PROFILE_SIGNED" = yes ] || keys=0
	[ "$PROFILE_KIND" != nsec3-rsa ] || each=2
	case $1 in
	flat) echo $((each * (101 + keys))) ;;
	deep) echo $((each * (301 + keys))) ;;
	zones) echo $((each * PROFILE_ZONES * (2 + keys))) ;;
	esac
}

# --- the provider --------------------------------------------------------------------------------------------------------

# profile_bind ADDRESS1 ADDRESS2 [OPTIONS]: a fresh BIND with all of its zones.
profile_bind() {
	LAB_MORE_ZONES=$(printf '%s\n' "${PROFILE_OWN[@]:1}" | sed 's/.*/zone "&" { type primary; file "&.zone"; };/') \
		lab_start_bind shop.lab "$1" "$2" "${3:-}"
}

# profile_bucket ACTION: a BIND behind a dnsdist with one bucket for 20 queries/s; ACTION is what happens to those beyond.
profile_bucket() {
	profile_bind 127.0.53.10 127.0.53.11
	lab_dnsdist dnsdist 127.0.53.12 127.0.53.13 -- "
		setKey('$(openssl rand -base64 32)')
		controlSocket('127.0.53.12:5199')
		newServer({address='127.0.53.10:53', sockets=4}):setUp()
		addAction(MaxQPSIPRule(20, 32, 128, 20), $1)"
}
profile_dnsdist_count() {
	dnsdist -C "$LAB_WORK/dnsdist.lua" -e 'dumpStats()' 2>/dev/null | tr -s ' \t' '\n' |
		awk 'found { print; exit } $1 == "queries" { found = 1 }'
}

# NSD's children hold its sockets for a moment longer than it.
profile_nsd_is_gone() { ! pgrep -f "nsd -d -c $LAB_WORK/nsd.conf" >/dev/null; }

# profile_provider none|bind|nsd|drop|refused: a fresh one, with that limiter of 20 queries/s.
profile_provider() {
	PROFILE_LIMITER=$1 PROFILE_BEFORE=0
	lab_stop dnsdist
	lab_stop nsd
	lab_until 20 profile_nsd_is_gone
	lab_stop bind-shop.lab
	case $1 in
	none) profile_bind 127.0.53.12 127.0.53.13 ;;
	bind) profile_bind 127.0.53.12 127.0.53.13 "$LAB_BIND_LIMIT" ;;
	nsd)
		lab_address 127.0.53.12
		lab_address 127.0.53.13
		lab_nsd nsd 127.0.53.12 $' ip-address: 127.0.53.13\n rrl-ratelimit: 20\n rrl-slip: 2' "${PROFILE_OWN[@]}"
		;;
	drop) profile_bucket 'DropAction()' ;;
	refused) profile_bucket 'RCodeAction(DNSRCode.REFUSED)' ;;
	esac
	PROFILE_BEFORE=$(profile_count)
}

# profile_count: queries that have reached the provider since, the dropped ones too.
profile_count() {
	case $PROFILE_LIMITER in
	none|bind) lab_settled bind-shop.lab; echo $(($(lab_queries bind-shop.lab | wc -l) - PROFILE_BEFORE)) ;;
	nsd) echo $(($(lab_nsd_count nsd) - PROFILE_BEFORE)) ;;
	drop|refused) echo $(($(profile_dnsdist_count) - PROFILE_BEFORE)) ;;
	esac
}
# profile_above [TYPE]: queries that have reached the root and the TLD.
profile_above() { echo $(($(lab_nsd_count root "$@") + $(lab_nsd_count tld "$@"))); }

# --- resolver and client ---------------------------------------------------------------------------------------------------

# profile_resolver PROFILE plain|caa [MORE [ZONE]]: a fresh one, with MORE lines for Unbound, and a caa-zone: clause with ZONE lines.
profile_resolver() {
	local module='' tree=$UNBOUND_PLAIN
	lab_stop resolver
	if [ "$2" = caa ]; then
		module=$(lab_module_conf; lab_zone_conf .; printf '%s\n' "${4:-}")
		tree=$UNBOUND_CAA
	fi
	if [ ! -s "$LAB_WORK/doh.pem" ]; then
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$LAB_WORK/doh.key" -out "$LAB_WORK/doh.pem" \
			-days 2 -subj /CN=lab -addext 'subjectAltName=IP:127.0.53.30' 2>/dev/null
	fi
	lab_resolver resolver "$tree" 127.0.53.30 "$module
server:
 trust-anchor-file: \"$LAB_WORK/anchor\"
 trust-anchor-signaling: no
 interface: 127.0.53.30@443
 tls-service-key: \"$LAB_WORK/doh.key\"
 tls-service-pem: \"$LAB_WORK/doh.pem\"
 incoming-num-tcp: 1000
$(cat "$LAB_DIR/profiles/$1.conf")
${3:-}"
}

# profile_ask CLIENT NAMES: check the names of a file as a client does; sets failed, seconds, reasons, and sent and above: the
# queries that it took.
profile_ask() {
	local options=(--timeout 60)
	case $1 in
	boulder) options=(--as boulder --doh-ca "$LAB_WORK/doh.pem") ;;
	open-mpic) options=(--as open-mpic) ;;
	open-mpic-patient) options=(--as open-mpic --timeout 25 --total 30) ;;	# for what a limit does not let be faster
	esac
	above=$(profile_above) sent=$(profile_count)
	lab_climb 127.0.53.30 "$2" "${options[@]}"
	sent=$(($(profile_count) - sent))
	above=$(($(profile_above) - above))
}

# --- rows ------------------------------------------------------------------------------------------------------------------

# profile_one plain|caa RESOLVER LIMIT NAMES: a fresh provider, a fresh resolver, and a certificate; as profile_ask.
profile_one() {
	profile_provider "$3"
	profile_resolver "$2" "$1"
	profile_ask "$(profile_client "$2" "$3")" "$LAB_WORK/names-$4"
}

# profile_client RESOLVER LIMIT: who asks it.
profile_client() {
	case $1,$2 in
	boulder*) echo boulder ;;
	open-mpic,drop|open-mpic,refused) echo open-mpic-patient ;;
	open-mpic*) echo open-mpic ;;
	*) echo patient ;;
	esac
}

PROFILE_TABLE=''
# profile_row RESOLVER LIMIT NAMES: plain Unbound and the module; a line of the table, and its claims.  Only plain Unbound tells
# how many queries are needed where a limit can only be kept, and is found by what it drops, and where a client asks for labels
# when no cache may have them any more: one that asks one after the other, and with a TTL of 0 any.  Of these, who is slower has
# more questions join one lookup, so that only all queries together compare.
profile_row() {
	local text="$PROFILE_KIND, $1, $2, $3" needed bound slack=16 plain_failed plain_seconds plain_sent plain_above
	needed=$(profile_needed "$3")
	# what is truncated in a server's first burst is asked once more with its cookie, since a limit may have been why
	[ "$PROFILE_KIND" != nsec3-rsa ] || slack=32
	bound=$((needed + needed / 20 + slack))
	profile_one plain "$@"
	# shellcheck disable=SC2154
	plain_failed=$failed plain_seconds=$seconds plain_sent=$sent plain_above=$above
	profile_one caa "$@"
	PROFILE_TABLE+="| $PROFILE_KIND | $1 | $2 | $3 | $needed | $plain_failed in $plain_seconds s | $plain_sent + $plain_above "
	PROFILE_TABLE+="| $failed in $seconds s | $sent + $above |"$'\n'
	echo "# $text: $failed failed in $seconds s, $sent queries of $needed needed, $above above ${reasons:+($reasons)};" \
		"plain $plain_failed in $plain_seconds s, $plain_sent, $plain_above"
	check "$text: every name passes" [ "$failed" -eq 0 ]
	case $1,$2,$3 in
	open-mpic,*|*,drop,*|*,refused,*|*-ttl-0,*,flat|*-ttl-0,*,deep) ;;
	*) check "$text: queries ($sent of $bound)" [ "$sent" -le $bound ] ;;
	esac
	# Two addresses with one limit are asked 16 queries each before any is answered, and some of what follows meets it, too.
	[ "$2" != refused ] || check "$text: queries ($sent of $((needed + needed / 2 + 48)))" [ "$sent" -le $((needed + needed / 2 + 48)) ]
	case $1,$3 in
	*-ttl-0,flat|*-ttl-0,deep) ;;
	*) check "$text: no more than plain Unbound's ($sent, plain $plain_sent)" [ "$sent" -le $((plain_sent + plain_sent / 20 + slack)) ] ;;
	esac
	check "$text: nor with those above" [ $((sent + above)) -le $((plain_sent + plain_above + plain_sent / 20 + slack)) ]
	check "$text: above no more than that, and one for each zone ($above, plain $plain_above)" \
		[ "$above" -le $((plain_above + PROFILE_ZONES + 16)) ]
}
profile_table() {
	echo '| zones | resolver, client | limit | names | needed | plain: failed | queries, above | module: failed | queries, above |'
	echo '| --- | --- | --- | --- | --- | --- | --- | --- | --- |'
	printf '%s' "$PROFILE_TABLE"
}
