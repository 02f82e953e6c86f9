# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The parent first, where that is odd: aliases, loops, names of one label, the longest names, the root; and parents whose question is
# failed, refused, dropped or late while their children's are answered (dnsdist in front of the authority), or that are
# aliases into a dead zone.  Answers
# are plain Unbound's, and no child waits longer for a parent than in plain Unbound.

lab_need_plain
command -v dnsdist >/dev/null || lab_skip "no dnsdist here; ./bootstrap installs what the lab needs"
CHILDREN=20
lab_root_and_tld
for address in 127.0.53.10 127.0.53.11; do lab_address $address; done
LAB_RECORDS=$(cat <<'END'
shop.lab. 3600 CAA 0 issue "ca.lab"
here.shop.lab. 3600 CNAME there.other.lab.
www.shop.lab. 3600 CNAME here.shop.lab.
loop1.shop.lab. 3600 CNAME loop2.shop.lab.
loop2.shop.lab. 3600 CNAME loop1.shop.lab.
up.shop.lab. 3600 CNAME shop.lab.
down.shop.lab. 3600 CNAME a.down2.shop.lab.
a.down2.shop.lab. 3600 CAA 0 issue ";"
away.shop.lab. 3600 DNAME other.lab.
round.shop.lab. 3600 DNAME round.shop.lab.
deeper.shop.lab. 3600 DNAME x.deeper.shop.lab.
sub.shop.lab. 3600 NS ns1.sub.shop.lab.
ns1.sub.shop.lab. 3600 A 127.0.53.99
none.shop.lab. 3600 NS ns.nowhere.shop.lab.
END
)$'\n'
LAB_RECORDS+='alias.shop.lab. 3600 CNAME x.sub.shop.lab.'$'\n'
for parent in failed refused mute late alias; do
	[ $parent = alias ] || LAB_RECORDS+="$parent.shop.lab. 3600 A 192.0.2.1"$'\n'
	for n in $(seq $CHILDREN); do LAB_RECORDS+="c$n.$parent.shop.lab. 3600 CAA 0 issue \"$parent$n.lab\""$'\n'; done
done
lab_delegate shop.lab 127.0.53.10 127.0.53.11
lab_delegate other.lab 127.0.53.10 127.0.53.11
lab_zone_file shop.lab 127.0.53.10 127.0.53.11
LAB_RECORDS='there.other.lab. 3600 CAA 0 issue "other.lab"'$'\n' lab_zone_file other.lab 127.0.53.10 127.0.53.11
LAB_RECORDS=
lab_start_parents
LAB_MORE_ZONES='zone "other.lab" { type primary; file "other.lab.zone"; };' lab_start_bind shop.lab 127.0.55.10 127.0.55.11
cat >"$LAB_WORK/odd.conf" <<'END'
setSecurityPollSuffix('')
setLocal('127.0.53.10:53')
addLocal('127.0.53.11:53')
newServer{address='127.0.55.10:53', checkInterval=60}
addAction(QNameRule('failed.shop.lab.'), RCodeAction(DNSRCode.SERVFAIL))
addAction(QNameRule('refused.shop.lab.'), RCodeAction(DNSRCode.REFUSED))
addAction(QNameRule('mute.shop.lab.'), DropAction())
addAction(QNameRule('late.shop.lab.'), DelayAction(3000))
addACL('127.0.0.0/8')
END
lab_spawn odd dnsdist --supervised --disable-syslog -C "$LAB_WORK/odd.conf"
lab_wait_answers 127.0.53.10 shop.lab

declare -A ADDRESS=([plain]=127.0.53.20 [caa]=127.0.53.30)
start() {
	lab_resolver plain "$UNBOUND_PLAIN" ${ADDRESS[plain]} "${1:-}"
	LAB_THREADS=2 lab_resolver caa "$UNBOUND_CAA" ${ADDRESS[caa]} "$(lab_module_conf; lab_zone_conf . '' 10)
${1:-}"
}
start

# answer WHO NAME: status and answer section
answer() {
	dig +tries=1 +time=40 +noall +comments +answer +nocookie caa "$2" "@${ADDRESS[$1]}" |
		sed -n 's/.*status: \([A-Z]*\).*/\1/p; s/^\([^;][^ \t]*\)[ \t]*[0-9][0-9]*[ \t]/\1 /p' | sort
}
# same NAME...: asked one by one
same() {
	local name
	for name in "$@"; do
		answer plain "$name" >"$LAB_WORK/plain.answer"
		answer caa "$name" >"$LAB_WORK/caa.answer"
		check "$(cut -c1-60 <<<"$name"): the answer is plain Unbound's ($(paste -sd' ' "$LAB_WORK/plain.answer" | cut -c1-60))" \
			diff "$LAB_WORK/plain.answer" "$LAB_WORK/caa.answer"
	done
}
chain() { seq "$1" | sed 's/.*/a/' | paste -sd.; }
same www.shop.lab x.www.shop.lab up.shop.lab x.up.shop.lab down.shop.lab a.down.shop.lab a.down2.shop.lab \
	there.away.shop.lab x.there.away.shop.lab lab nothing . "$(chain 127)" "$(chain 122).shop.lab" "$(chain 8).h1.shop.lab" a.b.d1.shop.lab b.d1.shop.lab \
	x.sub.shop.lab x.none.shop.lab nothing.shop.lab a.b.nothing.shop.lab
check "nothing is left waiting" lab_until 10 lab_idle caa

# All at once.
printf '%s\n' www.shop.lab x.www.shop.lab up.shop.lab a.there.away.shop.lab \
	"$(chain 122).shop.lab" "$(chain 122)" a.b.d1.shop.lab a.b.nothing.shop.lab >"$LAB_WORK/odd"
for who in plain caa; do
	lab_control_quiet $who flush_zone .
	lab_climb ${ADDRESS[$who]} "$LAB_WORK/odd" --timeout 40
	jq -r '.names[] | .name as $n | .labels[] | "\($n) \(.name) \(.outcome) \(.rcode) \(.records | tostring)"' "$LAB_WORK/climb.json" >"$LAB_WORK/$who.odd"
done
check "all at once: the answers are plain Unbound's" diff "$LAB_WORK/plain.odd" "$LAB_WORK/caa.odd"

# Loops last: the authority answers SERVFAIL for them, which to the pacer is a sign of a limit.
same loop1.shop.lab round.shop.lab a.round.shop.lab a.deeper.shop.lab

# A parent with a fault, and its children at once: from nothing, and when the parent's question has failed already.
for parent in failed refused mute late alias; do
	seq -f "c%.0f.$parent.shop.lab" $((CHILDREN / 2)) >"$LAB_WORK/first"
	seq -f "c%.0f.$parent.shop.lab" $((CHILDREN / 2 + 1)) $CHILDREN >"$LAB_WORK/then"
	for who in plain caa; do
		lab_stop $who
	done
	start
	for part in first then; do
		for who in plain caa; do
			# the children have a record: a climb asks nothing above them
			lab_climb ${ADDRESS[$who]} "$LAB_WORK/$part" --order climb --timeout 40
			[ $who = caa ] || plain_seconds=$seconds
		done
		check "$parent, $part: every child has its answer" [ "$passed" -eq $((CHILDREN / 2)) ]
		# to the pacer REFUSED and SERVFAIL are signs of a limit, after which it takes its time
		case $parent in failed | refused) continue ;; esac
		check "$parent, $part: in no more time than in plain Unbound ($seconds of $plain_seconds s)" at_most "$seconds" "$(awk -v s="$plain_seconds" 'BEGIN { print s + 0.2 }')"
	done
done

# Where everything goes to a forwarder there is no walk, and nobody waits for a parent.
for who in plain caa; do lab_stop $who; done
start 'forward-zone:
 name: "."
 forward-addr: 127.0.53.10'
lab_climb ${ADDRESS[caa]} <(seq -f 'h%.0f.shop.lab' 20) --order climb
check "forwarded names pass" [ "$failed" -eq 0 ]
check "  without waiting for their parents" [ "$(lab_stat caa caa.parents)" -eq 0 ]
check "no report of a sanitizer" [ "$(lab_reports)" -eq 0 ]
