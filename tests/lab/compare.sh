# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The four servers with generated zones, and the three resolvers that are compared.  Source it from a case.

lab_need_plain
for program in named nsd knotd pdns_server pdnsutil sqlite3; do
	command -v $program >/dev/null || lab_skip "no $program here; ./bootstrap installs what the lab needs"
done
for program in compare_generate compare_ask faulty; do
	[ -x "$LAB_BUILD/$program" ] || lab_skip "no $program; run make $program"
done

# compare_ready SERVER ADDRESS: it has its first zone and its last
compare_ready() {
	local zone
	for zone in "$(head -n 1 "$LAB_WORK/zones-$1")" "$(tail -n 1 "$LAB_WORK/zones-$1")"; do
		lab_until 120 lab_answers "$2" "$zone" || lab_die "$1 does not serve $zone"
	done
}

compare_nsd() {
	local name=$1 address=$2
	{
		printf 'server:\n ip-address: %s\n username: ""\n pidfile: ""\n xfrdfile: ""\n zonelistfile: "%s"\n rrl-ratelimit: 0\n' \
			"$address" "$LAB_WORK/$name.zonelist"
		printf ' zonesdir: "%s"\n xfrdir: "%s"\n database: ""\n reuseport: no\n' "$LAB_WORK" "$LAB_WORK"
		sed 's/.*/zone:\n name: "&"\n zonefile: "&.zone"/' "$LAB_WORK/zones-$name"
		[ "$name" != nsd ] || sed 's/.*/zone:\n name: "&"\n zonefile: "&.no-such-file"/' "$LAB_WORK/zones-nofile"
		printf 'remote-control:\n control-enable: no\n'
	} >"$LAB_WORK/$name.conf"
	lab_address "$address"
	lab_spawn "$name" nsd -d -c "$LAB_WORK/$name.conf"
	compare_ready "$name" "$address"
}

compare_bind() {
	lab_address 127.0.53.10
	cat >"$LAB_WORK/bind.conf" <<-END
		options {
			directory "$LAB_WORK"; listen-on port 53 { 127.0.53.10; }; listen-on-v6 { none; };
			recursion no; notify no; dnssec-validation no; pid-file none; $LAB_BIND_BESIDE
			session-keyfile "$LAB_WORK/bind.key"; managed-keys-directory "$LAB_WORK";
			check-names primary ignore; check-integrity no;
		};
		controls { };
		logging { channel log { file "$LAB_WORK/bind.log"; }; category default { log; }; };
		$(sed 's/.*/zone "&" { type primary; file "&.zone"; };/' "$LAB_WORK/zones-bind")
	END
	lab_spawn bind named -f -c "$LAB_WORK/bind.conf"
	compare_ready bind 127.0.53.10
}

compare_knot() {
	lab_address 127.0.53.12
	{
		printf 'server:\n rundir: "%s"\n listen: 127.0.53.12@53\nlog:\n - target: stderr\n   any: error\n' "$LAB_WORK"
		printf 'database:\n storage: "%s/knot"\ntemplate:\n - id: default\n   storage: "%s"\n   file: "%%s.zone"\n   semantic-checks: off\n' \
			"$LAB_WORK" "$LAB_WORK"
		printf '   zonefile-sync: -1\n   journal-content: none\nzone:\n'
		sed 's/.*/ - domain: "&"/' "$LAB_WORK/zones-knot"
	} >"$LAB_WORK/knot.conf"
	lab_spawn knot knotd -c "$LAB_WORK/knot.conf"
	compare_ready knot 127.0.53.12
}

compare_pdns() {
	mkdir "$LAB_WORK/pdns"
	lab_address 127.0.53.13
	sed "s|.*|zone \"&\" { type master; file \"$LAB_WORK/&.zone\"; };|" "$LAB_WORK/zones-pdns" >"$LAB_WORK/pdns/zones"
	cat >"$LAB_WORK/pdns/pdns.conf" <<-END
		launch=bind
		bind-config=$LAB_WORK/pdns/zones
		bind-dnssec-db=$LAB_WORK/pdns/db
		local-address=127.0.53.13
		socket-dir=$LAB_WORK/pdns
		dname-processing=yes
		max-nsec3-iterations=500
		daemon=no
		guardian=no
		disable-syslog=yes
		security-poll-suffix=
	END
	{
		pdnsutil --config-dir="$LAB_WORK/pdns" create-bind-db "$LAB_WORK/pdns/db" &&
			sqlite3 "$LAB_WORK/pdns/db" <"$LAB_WORK/pdns.sql"
	} >"$LAB_WORK/pdnsutil.out" 2>&1 || lab_die "no database for PowerDNS: $(cat "$LAB_WORK/pdnsutil.out")"
	lab_spawn pdns pdns_server --config-dir="$LAB_WORK/pdns"
	compare_ready pdns 127.0.53.13
}

compare_faulty() {
	local arguments address
	mapfile -t arguments <"$LAB_WORK/faulty"
	for address in "${arguments[@]%%=*}"; do lab_address "$address"; done
	lab_spawn faulty "$LAB_BUILD/faulty" "${arguments[@]}"
}

# compare_tree ZONES NAMES SEED [quick]: make it, and start its servers; sets COMPARE_CAA, the number of questions for CAA.
compare_tree() {
	"$LAB_BUILD/compare_generate" "$LAB_WORK" "$1" "$2" "$3" ${4:+"$4"} || lab_die "no tree"
	compare_nsd root 127.0.53.1
	compare_nsd tld 127.0.53.2
	compare_bind
	compare_nsd nsd 127.0.53.11
	compare_knot
	compare_pdns
	compare_faulty
	COMPARE_CAA=$(grep -c ' CAA ' "$LAB_WORK/questions")
	echo "# $1 zones, $COMPARE_CAA names, $(wc -l <"$LAB_WORK/questions") questions"
}

COMPARE_HOLD=3600
# compare_resolvers: fresh ones: plain Unbound, and with the module without and with the hold; with COMPARE_CONTROL=1 plain Unbound
# in their places, too: what differs then is chance.
compare_resolvers() {
	local name trust="server:
 trust-anchor-file: \"$LAB_WORK/anchor\"
 trust-anchor-signaling: no
 msg-cache-size: 128m
 rrset-cache-size: 256m
 key-cache-size: 64m
 incoming-num-tcp: 100
 outgoing-num-tcp: 100"
	local module="$(lab_module_conf)
caa:
 caa-log-file: \"$LAB_WORK/failures\"
 caa-log-rate: 100000
$(lab_zone_conf .)
 caa-log-after: 1"
	for name in plain module hold; do lab_stop $name; done
	lab_resolver plain "$UNBOUND_PLAIN" 127.0.53.40 "$trust"
	if [ -n "${COMPARE_CONTROL:-}" ]; then
		lab_resolver module "$UNBOUND_PLAIN" 127.0.53.41 "$trust"
		lab_resolver hold "$UNBOUND_PLAIN" 127.0.53.42 "$trust"
		return
	fi
	lab_resolver module "$UNBOUND_CAA" 127.0.53.41 "$module
$trust"
	lab_resolver hold "$UNBOUND_CAA" 127.0.53.42 "$module
 caa-hold: $COMPARE_HOLD
$trust"
}

# compare_ask TEXT WINDOW QUESTIONS: ask them; false if an answer differs, differences-TEXT has which, answers-TEXT.worse their questions.
compare_ask() {
	local list=$LAB_WORK/differences-$1 start=$SECONDS status
	"$LAB_BUILD/compare_ask" "$LAB_WORK/ttls" "$LAB_WORK/answers-$1" "$2" plain=127.0.53.40 module=127.0.53.41 \
		hold=127.0.53.42,$COMPARE_HOLD <"$3" >"$list"
	status=$?
	[ $status -le 1 ] || lab_die "compare_ask fails"
	tail -n 3 "$list" | sed "s/^/# $1 time, /"
	echo "# in $((SECONDS - start)) s"
	return $status
}

# compare_list TEXT: the differences that are not for the better, in a form to read.
compare_list() {
	grep -A 2 'WORSE$\|larger than the zone' "$LAB_WORK/differences-$1" | grep -v '^--' | head -n "${COMPARE_LINES:-60}" | cut -c 1-250 |
		sed 's/^/# /'
	# and why
	[ ! -s "$LAB_WORK/failures" ] || sed 's/ .*//; s/\.$//' "$LAB_WORK/answers-$1.worse" | sort -u | head -n 20 | while read -r name; do
		grep -iF "\"name\":\"$name\"" "$LAB_WORK/failures" | tail -n 1 | jq -r '"\(.name): \(.class), \(.text)"' | sed 's/^/# /'
	done
}

# compare_pass TEXT: ask everything.
compare_pass() {
	local who list=$LAB_WORK/differences-$1
	compare_ask "$1" "${WINDOW:-200}" "$LAB_WORK/questions"
	cat "$LAB_WORK/answers-$1.worse" >>"$LAB_WORK/worse"
	compare_list "$1"
	for who in module hold; do
		check "the $1 time no question to $who has two answers" grep -q "^$who: .* 0 answers twice" "$list"
	done
}

# compare_zones TEXT: the questions that differed with their zones, as in "kinds", and those of the names that plain Unbound's
# answer leads to.
compare_zones() {
	awk -F '; ' '
		function of(name, zone) {
			zone = tolower(name)
			sub(/\.$/, "", zone)
			while (!(zone in kind) && sub(/^([^.\\]|\\.)*\./, "", zone))
				;
			return kind[zone]
		}
		FILENAME ~ /kinds$/ { kind[$1] = $0; next }
		FILENAME !~ /worse$/ {
			question = substr($0, 1, index($0, ": ") - 1)
			for (i = 2; i <= NF; i++) {
				split($i, word, " ")
				if (word[4] == "CNAME")
					leads[question] = leads[question] "; " of(word[5])
			}
			next
		}
		{ split($0, word, " "); print $0 "; " of(word[1]) leads[$0] }' "$LAB_WORK/kinds" "$LAB_WORK/answers-$1" "$LAB_WORK/answers-$1.worse"
}

# compare_again: what differed is asked again, of fresh resolvers and few at a time: which of two answers a resolver gives may be a
# matter of what it was asked before, or of the machine's load.  What differs again, and is not known, is a difference.
compare_again() {
	local questions once
	sort -u "$LAB_WORK/worse" >"$LAB_WORK/worse-once"
	questions=$(wc -l <"$LAB_WORK/questions") once=$(wc -l <"$LAB_WORK/worse-once")
	: >"$LAB_WORK/again" >"$LAB_WORK/new"
	if [ "$once" -gt 0 ]; then
		compare_resolvers
		compare_ask again "${COMPARE_AGAIN:-8}" "$LAB_WORK/worse-once" || {
			compare_list again
			compare_zones again >"$LAB_WORK/again"
			grep -vEf <(grep -v '^#' "$LAB_DIR/../compare/known") "$LAB_WORK/again" >"$LAB_WORK/new"
		}
	fi
	[ -z "${COMPARE_OUT:-}" ] || { mkdir -p "$COMPARE_OUT" && cp "$LAB_WORK"/differences-* "$LAB_WORK"/{kinds,failures,again,new} "$COMPARE_OUT"; }
	echo "# of $questions questions $once differed once, $(wc -l <"$LAB_WORK/again") again, of which $(wc -l <"$LAB_WORK/new") are not known:"
	sed 's/^/#   /' "$LAB_WORK/new"
	check "the module answers as plain Unbound does, where that has an answer, with TTLs no larger than the zone's or the hold's" [ ! -s "$LAB_WORK/new" ]
}

# compare_kinds: whether the zones are what they are to be: what plain Unbound said of none.ZONE in those of each kind that are
# served well, below a TLD that is signed.
compare_kinds() {
	awk -F '; ' 'NR == FNR { if ($3 == "one" && $1 ~ /\.t[012]$/ && $1 !~ /\.[^.]*z[0-9]/) kind["none." $1 "."] = $2; next }
		{
			split($0, word, " ")
			name = tolower(word[1])
			if (word[2] != "CAA" || word[3] != "do:" || !(name in kind))
				next
			what = word[4] !~ /^NOERROR/ ? "failed" : word[5] ~ /^AD/ ? "secure" : "insecure"
			n[kind[name] "; " what]++
		}
		END { for (k in n) print k "; " n[k] }' "$LAB_WORK/kinds" "$LAB_WORK/answers-first" | sort >"$LAB_WORK/of-kinds"
	local what kind list
	while read -r what list; do
		while read -r kind; do
			grep -q "^$kind; " "$LAB_WORK/of-kinds" || continue	# a small tree may not ask it with the DO bit
			check "  zones of the kind \"$kind\" are $what" [ -z "$(grep "^$kind; " "$LAB_WORK/of-kinds" | grep -v "; $what;")" ]
		done < <(tr ',' '\n' <<<"$list")
	done <<-'END'
		secure nsec,nsec3,iterations,rsa,ed25519,live nsec,live nsec3,live narrow
		insecure unsigned,island,unknown algorithm,unknown digest,too many iterations
		failed wrong signatures,wrong key signature,expired,not yet valid,no signatures,no NSEC,no NSEC3,lying NSEC,lying NSEC3,other key's,wrong DS,DS without a key
	END
}
