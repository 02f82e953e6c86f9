# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Four resolvers of one perspective that meet the same limit, each query to a random one: by a store they share they are about as fast as
# one of them, and where it is gone in the middle no name fails for it.

# shellcheck source=tests/lab/fleet.sh
. "$LAB_DIR/fleet.sh"
declare -A egress=()

# limited NAME ADDRESS yes|no [OPTION...]: a fresh resolver of one thread, with the store or without; options of its caa-zone.
limited() {
	local name=$1 address=$2 fleet=''
	[ "$3" = no ] || fleet=$(fleet_conf egress="${egress[$name]:-}")
	shift 3
	lab_stop "$name"
	lab_resolver "$name" "$UNBOUND_CAA" "$address" "$(lab_module_conf; lab_zone_conf .)
$(for option in "$@"; do printf ' %s\n' "$option"; done)
$fleet"
}
limits() { local member; for member in $members; do lab_stat "$member" caa.limits; done | awk '{ sum += $1 } END { print sum }'; }

hears_all() { stat_is "$1" peers 3; }

# four yes|no [OPTION...]: fresh resolvers that know of each other, and a fresh store.
four() {
	local member n=60
	[ "$1" = no ] || store
	for member in $members; do
		n=$((n + 1))
		limited "$member" "127.0.53.$n" "$@"
	done
	[ "$1" = no ] || lab_until 20 all_are hears_all || lab_die "the store is not in use"
}

# front ACTION: a bucket of 20 queries/s for all of them.
front() {
	lab_stop dnsdist
	lab_dnsdist dnsdist 127.0.53.12 127.0.53.13 -- "
		newServer({address='127.0.53.10:53', sockets=4}):setUp()
		addAction(MaxQPSIPRule(20, 24, 128, 32), $1)"
}

# One that allows 20 queries/s, and answers half of the others with TC.  Its children hold its sockets for a moment longer than it.
nsd_is_gone() { ! pgrep -f "nsd -d -c $LAB_WORK/nsd.conf" >/dev/null; }
limited_nsd() {
	lab_stop nsd
	lab_until 20 nsd_is_gone
	lab_nsd nsd 127.0.53.16 $' ip-address: 127.0.53.17\n rrl-ratelimit: 20\n rrl-slip: 2' nsd.lab
}
limited_bind() { lab_start_bind bind.lab 127.0.53.14 127.0.53.15 "$LAB_BIND_LIMIT"; }

# climb_four TEXT NAMES [OPTION...]: fresh resolvers that share check them.
climb_four() {
	local text=$1 file=$2
	shift 2
	four yes "$@"
	lab_climb $servers "$file"
	echo "# $text: four pass $passed in $seconds s${reasons:+ ($reasons)}; leases $(total leases), limits $(limits)," \
		"errors $(total errors)"
}

# row TEXT AUTHORITY LEAST NAMES: one resolver, and then four that share, each with a fresh authority; LEAST seconds are always allowed.
row() {
	local text=$1 authority=$2 least=$3 file=$4 one
	$authority
	lab_stop alone
	limited alone 127.0.53.60 no
	lab_climb 127.0.53.60 "$file"
	one=$seconds
	echo "# $text: one resolver passes $passed in $one s${reasons:+ ($reasons)}"
	lab_stop alone
	check "$text: one passes all ($passed)" [ "$failed" -eq 0 ]
	$authority
	climb_four "$text" "$file"
	check "$text: four that share pass all ($passed)" [ "$failed" -eq 0 ]
	check "$text: in no more than 1.25 times the time of one, or $least s ($seconds s, $one s)" \
		at_most "$seconds" "$(awk -v one="$one" -v least="$least" 'BEGIN { t = one * 1.25; print (t > least ? t : least) }')"
}

# Neither cookies nor TCP are a way around it: what it refuses is charged, and the first queries of four are four times as many.  One resolver
# needs nearly all of its budget for that; a quarter more is beyond it.
charged() {
	local one
	limited_bind
	lab_stop alone
	limited alone 127.0.53.60 no 'caa-cookie: no' 'caa-tcp: no' 'caa-budget: 60'
	lab_climb 127.0.53.60 "$bind_names"
	one=$seconds
	echo "# BIND, no cookies, no TCP: one resolver passes $passed in $one s${reasons:+ ($reasons)}"
	lab_stop alone
	limited_bind
	climb_four 'BIND, no cookies, no TCP' "$bind_names" 'caa-cookie: no' 'caa-tcp: no' 'caa-budget: 60'
	check "BIND, no cookies, no TCP: four that share pass all ($passed; of four that share nothing none to three in 20 s)" [ "$failed" -eq 0 ]
	check "BIND, no cookies, no TCP: in no more than 1.25 times the time of one ($seconds s, $one s)" at_most "$seconds" "$one" 1.25
}

# BIND, whose cookies are a way around it.  Each resolver begins with the query that brings its own, so that all of them stay below the limit.
proved() {
	local bare
	row 'BIND' limited_bind 4 "$bind_names"
	lab_settled bind-bind.lab
	bare=$(($(lab_queries bind-bind.lab | wc -l) - $(lab_flagged bind-bind.lab V)))
	check "BIND: four begin with fewer queries without its cookie than it allows ($bare of 20)" [ "$bare" -lt 20 ]
}

# Another resolver, which knows no cookies, has used the limit up before they begin, and goes on: they are not answered over UDP, and TCP
# brings the cookies.
spent() { [ "$(lab_queries bind-bind.lab | wc -l)" -ge 200 ]; }
used_up() {
	local climb
	limited_bind
	lab_stop beside
	lab_resolver beside "$UNBOUND_PLAIN" 127.0.53.66
	"$CAA_CLIMB" --server 127.0.53.66 --file "$bind_names" >/dev/null 2>&1 </dev/null &
	climb=$!
	lab_until 20 spent || lab_die "the limit is not used up"
	climb_four 'BIND, the limit is used up' "$bind_names"
	kill $climb 2>/dev/null
	wait $climb
	lab_stop beside
	check "BIND, the limit is used up: four that share pass all ($passed; none in 20 s where TCP is not asked)" [ "$failed" -eq 0 ]
	check "BIND, the limit is used up: in 4 s ($seconds s)" at_most "$seconds" 4
}

drop() { front 'DropAction()'; }
refuse() { front 'RCodeAction(DNSRCode.REFUSED)'; }
truncate() { front 'TCAction()'; }
leased() { [ "$(total leases)" -ge 20 ]; }

# The store is lost in the middle of a certificate, while each resolver has a share: all names pass as they do without a store.
lost() {
	local text=$1 signal=$2 climb
	drop
	four yes
	lab_climb $servers "$(lab_names flat)" &
	climb=$!
	lab_until 20 leased || lab_die "nothing is leased"
	kill "-$signal" "${LAB_PID[store]}"
	wait $climb
	lab_report_climb
	echo "# $text: four pass $passed in $seconds s${reasons:+ ($reasons)}; leases $(total leases), errors $(total errors)"
	check "$text: no name fails ($failed)" [ "$failed" -eq 0 ]
	check "$text: who shares a limit is shown" grep -q ' share$' <(lab_control one caa_upstreams)
	kill -CONT "${LAB_PID[store]}" 2>/dev/null
}
# Who sends from elsewhere meets limits of his own: by name, or by the prefixes of the outgoing interfaces, which here are the same.
apart() {
	local shares
	egress=([one]=east [two]=west)
	drop
	climb_four 'two of them elsewhere' "$(lab_names flat)"
	egress=()
	shares=$(cli --raw keys 'caa:{lab}:l1:*' | cut -d : -f 4 | sort -u | wc -l)
	check "two of them elsewhere: limits are kept for three places ($shares)" [ "$shares" -eq 3 ]
	check "two of them elsewhere: all pass ($passed)" [ "$failed" -eq 0 ]
}
# What lab_climb says of its report, in a process of its own.
lab_report_climb() {
	read -r passed failed seconds reasons < <(jq -r '.summary | "\(.passed) \(.failed) \(.seconds * 1000 | round / 1000) " +
		([.reasons | to_entries[] | "\(.key) \(.value)"] | join(", "))' "$LAB_WORK/climb.json")
}

lab_need_plain
lab_root_and_tld
lab_delegate shop.lab 127.0.53.12 127.0.53.13
lab_zone_file shop.lab 127.0.53.12 127.0.53.13
lab_delegate bind.lab 127.0.53.14 127.0.53.15
lab_zone_file bind.lab 127.0.53.14 127.0.53.15
lab_delegate nsd.lab 127.0.53.16 127.0.53.17
lab_zone_file nsd.lab 127.0.53.16 127.0.53.17
lab_address 127.0.53.16
lab_address 127.0.53.17
lab_start_parents
lab_start_bind shop.lab 127.0.53.10 127.0.53.11
bind_names=$LAB_WORK/names-bind nsd_names=$LAB_WORK/names-nsd
sed 's/shop/bind/' "$(lab_names deep)" >"$bind_names"
sed 's/bind/nsd/' "$bind_names" >"$nsd_names"
lab_measured row 'dnsdist, drop' drop 0 "$(lab_names deep)"
lab_measured row 'dnsdist, REFUSED' refuse 0 "$(lab_names deep)"
lab_measured proved
lab_measured used_up
lab_measured row 'NSD' limited_nsd 4 "$nsd_names"
lab_measured row 'dnsdist, TC' truncate 4 "$(lab_names deep)"
lab_measured charged
lab_measured lost 'the store is killed' KILL
lab_measured lost 'the store is stopped' STOP
lab_measured apart
