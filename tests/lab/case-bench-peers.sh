# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# make bench-peers: a certificate of 100 names, flat, two labels deeper, or each in a zone of its own, behind limits of 20 queries/s: how
# many names pass, in how many seconds, with how many queries at the authority.  Plain Unbound, Unbound with the module, and the resolvers
# BIND, Knot Resolver and PowerDNS Recursor of Debian, each fresh and as installed, but for the addresses and the root of this lab, and for
# what its manual has for such a load; the foot of the table says what.  The client is caa-climb, all labels at once, of them 100 in flight,
# and asks again after 5 s, up to 20 s.  PEERS_TABLE is where the table goes, in Markdown; of what there is, PEERS, PEERS_LIMITS and
# PEERS_KINDS are run.

PEERS=${PEERS:-plain caa bind knot pdns}
declare -A TITLE=([plain]="Unbound $(sed -n 's/^PACKAGE_VERSION="*\([0-9.]*\).*/\1/p; s/^.define PACKAGE_VERSION "\(.*\)"$/\1/p' "$UNBOUND_PLAIN/config.h")"
	[caa]='with unbound-caa' [bind]=BIND [knot]='Knot Resolver' [pdns]='PowerDNS Recursor')
declare -A PROGRAM=([bind]=named [knot]=kresd [pdns]=pdns_recursor)
RESOLVER=127.0.53.30 OUTGOING=127.0.54.30
lab_need_plain
command -v dnsdist >/dev/null || lab_skip "no dnsdist here; ./bootstrap installs what the lab needs"
for who in $PEERS; do
	[ -z "${PROGRAM[$who]:-}" ] || command -v "${PROGRAM[$who]}" >/dev/null || lab_skip "no ${PROGRAM[$who]} here; make bench-peers installs it"
done
version_of() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null | sed 's/^[0-9]*://; s/[-+~].*//'; }
TITLE[bind]+=" $(version_of bind9)" TITLE[knot]+=" $(version_of knot-resolver)" TITLE[pdns]+=" $(version_of pdns-recursor)"

# --- the authorities -------------------------------------------------------------------------------------------------------

lab_root_and_tld
lab_delegate shop.lab 127.0.53.12 127.0.53.13
lab_zone_file shop.lab 127.0.53.12 127.0.53.13
ZONES=$(seq -f 'z%.0f.lab' 100)
for zone in $ZONES; do
	lab_delegate "$zone" 127.0.53.12 127.0.53.13
	LAB_NAMES=1 lab_zone_file "$zone" 127.0.53.12 127.0.53.13
done
lab_start_parents
lab_address $RESOLVER
lab_address $OUTGOING
nsd_is_gone() { ! pgrep -f "nsd -d -c $LAB_WORK/limited.conf" >/dev/null; }
nsd_count() { nsd-control -c "$LAB_WORK/limited.conf" stats_noreset | awk -F= '$1 == "num.udp" || $1 == "num.tcp" { n += $2 } END { print n + 0 }'; }

# provider ADDRESS1 ADDRESS2 [OPTIONS]: a fresh BIND with all zones
provider() {
	LAB_MORE_ZONES=$(sed 's/.*/zone "&" { type primary; file "&.zone"; };/' <<<"$ZONES") lab_start_bind shop.lab "$@"
}

# fronted ACTION: a dnsdist on both addresses with one bucket for 20 queries, filled at 20/s; it logs a query before it looks at it.
fronted() {
	provider 127.0.53.10 127.0.53.11
	lab_dnsdist front 127.0.53.12 127.0.53.13 -- "
		newServer({address='127.0.53.10:53', sockets=4}):setUp()
		addAction(AllRule(), LogAction('$LAB_WORK/front.queries', false, true, false))
		addAction(MaxQPSIPRule(20, 32, 128, 20), $1)"
}

# authority LIMIT: start it afresh
authority() {
	lab_stop front
	lab_stop limited
	lab_stop bind-shop.lab
	lab_until 20 nsd_is_gone
	rm -f "$LAB_WORK/front.queries"
	case $1 in
	none) provider 127.0.53.12 127.0.53.13 ;;
	bind) provider 127.0.53.12 127.0.53.13 "$LAB_BIND_LIMIT" ;;
	nsd)
		lab_address 127.0.53.12
		lab_address 127.0.53.13
		# shellcheck disable=SC2086
		lab_nsd limited 127.0.53.12 $' ip-address: 127.0.53.13\n rrl-ratelimit: 20\n rrl-slip: 2' shop.lab $ZONES
		counted=$(nsd_count)
		;;
	drop) fronted 'DropAction()' ;;
	refused) fronted 'RCodeAction(DNSRCode.REFUSED)' ;;
	tc) fronted 'TCAction()' ;;
	esac
}

# asked LIMIT: how many queries reached it
asked() {
	case $1 in
	none|bind)
		lab_settled bind-shop.lab
		lab_queries bind-shop.lab | wc -l
		;;
	nsd) echo $(($(nsd_count) - counted)) ;;
	drop|refused|tc) grep -vci 'ready\.test' "$LAB_WORK/front.queries" ;;
	esac
}

# --- the resolvers -----------------------------------------------------------------------------------------------------------

resolver() {
	printf '. 3600 NS ns.root.\nns.root. 3600 A 127.0.53.1\n' >"$LAB_WORK/hints"
	rm -rf "$LAB_WORK/peer"
	mkdir "$LAB_WORK/peer"
	case $1 in
	plain) lab_resolver peer "$UNBOUND_PLAIN" $RESOLVER ;;
	caa) lab_resolver peer "$UNBOUND_CAA" $RESOLVER "$(lab_module_conf; lab_zone_conf .)" ;;
	bind)
		cat >"$LAB_WORK/peer.conf" <<-CONF
			options {
				directory "$LAB_WORK/peer"; pid-file none; session-keyfile "$LAB_WORK/peer/key"; $LAB_BIND_BESIDE
				listen-on { $RESOLVER; }; listen-on-v6 { none; }; query-source address $OUTGOING;
				clients-per-query 0; max-clients-per-query 0; recursive-clients 10000;
				recursion yes; allow-query { any; }; allow-recursion { any; }; dnssec-validation no; empty-zones-enable no;
			};
			controls { };
			zone "." { type hint; file "$LAB_WORK/hints"; };
		CONF
		lab_spawn peer named -4 -g -c "$LAB_WORK/peer.conf"
		;;
	knot)
		cat >"$LAB_WORK/peer.conf" <<-CONF
			net.ipv6 = false
			net.listen('$RESOLVER', 53)
			net.outgoing_v4('$OUTGOING')
			option('ALLOW_LOCAL', true)
			modules.load('hints')
			hints.root({ ['ns.root.'] = '127.0.53.1' })
			trust_anchors.remove('.')
			cache.open(50 * MB, 'lmdb://$LAB_WORK/peer')
		CONF
		lab_spawn peer kresd -n -c "$LAB_WORK/peer.conf" "$LAB_WORK/peer"
		;;
	pdns)
		cat >"$LAB_WORK/peer/recursor.conf" <<-CONF
			local-address=$RESOLVER
			query-local-address=$OUTGOING
			hint-file=$LAB_WORK/hints
			dont-query=
			dnssec=off
			security-poll-suffix=
			socket-dir=$LAB_WORK/peer
			allow-from=127.0.0.0/8
			daemon=no
		CONF
		lab_spawn peer pdns_recursor --config-dir="$LAB_WORK/peer"
		;;
	esac
	# the root is asked for the TLD, whose servers have no limit
	lab_until 30 resolves || lab_die "$1 does not resolve"
}
resolves() { dig +tries=1 +time=2 +short soa lab @$RESOLVER 2>/dev/null | grep -q '^ns\.'; }

# --- the table -----------------------------------------------------------------------------------------------------------------

# names KIND: those of a certificate
names() {
	[ "$1" = zones ] || { lab_names "$1"; return; }
	sed 's/^/h1./' <<<"$ZONES" >"$LAB_WORK/names-zones"
	echo "$LAB_WORK/names-zones"
}

declare -A KIND=([flat]='one zone' [deep]='two labels deeper' [zones]='100 zones')
declare -A LIMIT=([none]='none' [bind]='BIND, `all-per-second 20`, dropped' [nsd]='NSD, `rrl-ratelimit: 20`, TC or dropped'
	[drop]='dnsdist, 20/s, dropped' [refused]='dnsdist, 20/s, REFUSED' [tc]='dnsdist, 20/s, TC')
table=$LAB_WORK/table
{
	printf '| limit, names |'
	for who in $PEERS; do printf ' %s |' "${TITLE[$who]}"; done
	printf '\n| --- |'
	for who in $PEERS; do printf ' --- |'; done
	echo
} | tee "$table"
for limit in ${PEERS_LIMITS:-none bind nsd drop refused tc}; do
	for kind in ${PEERS_KINDS:-flat deep zones}; do
		row="| ${LIMIT[$limit]}, ${KIND[$kind]} |"
		for who in $PEERS; do
			lab_stop peer KILL
			authority $limit
			resolver "$who"
			lab_climb $RESOLVER "$(names $kind)" --timeout 5 --tries 4 --total 20 --max-in-flight 100
			[ "$passed" -eq 100 ] || echo "# $who, $limit, $kind: $reasons"
			row+=$(printf ' %s / %.1f s / %s |' "$passed" "$seconds" "$(asked $limit)")
			[ "$who" != caa ] || echo "$limit $kind $failed" >>"$LAB_WORK/caa-failed"
		done
		echo "$row" | tee -a "$table"
	done
done
cat <<'END' | tee -a "$table"

Names of 100 that pass / seconds / queries at the limited servers.  Every resolver starts empty.  All ask a root and a TLD without limits on
loopback, and validate nothing.  Beside that: Unbound, both, with the settings of "The smallest configuration"; BIND with
`clients-per-query 0`, `max-clients-per-query 0` (its 10 drop questions that many clients ask at once) and `recursive-clients 10000`; Knot
Resolver with `ALLOW_LOCAL` (else it does not believe addresses of loopback); PowerDNS Recursor with `dont-query` empty, for the same reason.
END
touch "$LAB_WORK/caa-failed"
while read -r limit kind failed; do
	check "unbound-caa, $limit, $kind: all names pass" [ "$failed" -eq 0 ]
done <"$LAB_WORK/caa-failed"
cp "$table" "${PEERS_TABLE:-/dev/null}"
