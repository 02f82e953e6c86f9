# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Each allocation of the module fails once, under load: each place in it that gets memory, itself or by what it calls in Unbound, when
# it is met for the first time.  Each question has an end all the same, the process lives, and when memory is there again all is well.
# An Unbound whose regions have each piece by itself (tests/sanitize.sh asan has it made) knows many more places than another.
#
#   FAULTS=each   then each place again, alone, for as long as a load meets it; and those that a start meets

FAILING=${LAB_FAILING:-$LAB_BUILD/.libs/failing.so}
[ -f "$FAILING" ] || lab_skip "no $FAILING; run make failing.la"
[ -z "${LAB_WRAP:-}" ] || lab_skip "$LAB_WRAP has an allocator of its own"
FAULTY=$LAB_BUILD/faulty
[ -x "$FAULTY" ] || lab_skip "no $FAULTY; run make faulty"
order=$LAB_WORK/order places=$LAB_WORK/order.places

# --- zones of each kind: sound, signed, wrongly signed, refused, dead --------------------------------------------------------------

lab_root_and_tld
LAB_NAMES=1
for zone in shop.lab:10 agent.lab:10 signed.lab:10 bogus.lab:10 refuse.lab:21 cookies.lab:22 dead.lab:99; do
	address=127.0.53.${zone##*:} zone=${zone%:*}
	lab_delegate $zone "$address"
	LAB_RECORDS="*.$zone. 60 CAA 0 issue \"ca.lab\""$'\n'"*.$zone. 60 TXT \"report received\""$'\n' lab_zone_file $zone "$address"
	[ $zone = shop.lab ] || LAB_MORE_ZONES+="zone \"$zone\" { type primary; file \"$zone.zone\"; };"$'\n'
done
(
	cd "$LAB_WORK" || exit
	for zone in signed bogus; do
		dnssec-keygen -q -a ECDSAP256SHA256 -f KSK $zone.lab >$zone.key
		cat "$(cat $zone.key).key" >>$zone.lab.zone
		dnssec-signzone -q -z -o $zone.lab -f signed $zone.lab.zone "$(cat $zone.key)" && mv signed $zone.lab.zone
	done
	dnssec-keygen -q -a ECDSAP256SHA256 -f KSK bogus.lab >bogus.key	# not the one that it is signed with
) >"$LAB_WORK/sign.out" 2>&1
anchor() { sed -n "s/^$1\.lab\. .*DNSKEY \(257.*\)/ trust-anchor: \"$1.lab. DNSKEY \1\"/p" "$LAB_WORK/$(cat "$LAB_WORK/$1.key").key"; }
lab_start_bind shop.lab 127.0.53.10 127.0.53.11
lab_address 127.0.53.21
lab_address 127.0.53.22
FAULTY_AGENT=agent.lab. lab_spawn faulty "$FAULTY" 127.0.53.21=caa-refused:127.0.53.11 127.0.53.22=cookie-formerr:127.0.53.11
lab_until 20 grep -q '^ready' "$LAB_WORK/faulty.out" || lab_die "faulty does not listen"
lab_start_parents

wrap="env LD_PRELOAD=$FAILING FAILING_FILE=$order FAILING_MODULE=$CAA_MODULE"
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"
# order PLACE: the one that fails next; 1 = each once; 0 = none.  The file is mapped, and never shorter.
order() { printf '%-15s\n%-15s\n' "$1" 0 >"$order.new" && cat "$order.new" 1<>"$order"; }
done_place() { tail -c 16 "$order" | tr -d ' '; }
failing_resolver() {
	LAB_THREADS=2 LAB_WRAP=$wrap lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf . '' 4)
 caa-hold: 60
 caa-error-reporting: yes
 caa-patience: 300
 caa-log-after: 1
caa-zone:
 name: \"dead.lab\"
 caa-budget: 1
caa:
 caa-log-file: \"$LAB_WORK/failures\"
 caa-log-rate: 1000
 caa-climb-option: 65001
server:
 so-reuseport: no
$(anchor signed)
$(anchor bogus)"
}

# --- the load ------------------------------------------------------------------------------------------------------------------------

# ask NAME OPTION...: one client; what came of its names goes to NAME.json
ask() {
	local name=$1
	shift
	"$CAA_CLIMB" --server 127.0.53.30 --timeout 8 --json "$@" </dev/null >"$LAB_WORK/$name.json" 2>"$LAB_WORK/$name.err"
}
round=0
# load [dead]: questions of each kind, some by two clients at once, and commands
load() {
	local n dead=
	round=$((round + 1))
	n=r$round
	[ -z "${1:-}" ] || dead=x.$n.dead.lab
	rm -f "$LAB_WORK"/client*.json
	ask client1 b.a.$n.shop.lab c.a.$n.shop.lab $n.refuse.lab $n.bogus.lab $n.cookies.lab $dead &
	ask client2 --dnssec b.a.$n.shop.lab $n.signed.lab b.$n.signed.lab $n.refuse.lab $dead &
	ask client3 --one 65001 b.o.$n.shop.lab $n.o.refuse.lab &
	ask client4 --dnssec --tcp $n.t.signed.lab $n.b.bogus.lab &
	for command in caa_upstreams caa_failures "caa_explain $n.refuse.lab" stats_noreset "caa_flush $n.shop.lab" log_reopen; do
		# shellcheck disable=SC2086
		lab_control_quiet caa $command
	done
	[ $((round % 4)) -ne 0 ] || lab_control_quiet caa fast_reload
	# shellcheck disable=SC2046
	wait $(jobs -p)
	# what is held has an answer again
	[ $((round % 3)) -ne 0 ] || { lab_control_quiet caa flush shop.lab; lab_control_quiet caa flush b.a.$n.shop.lab; }
	ask client5 b.a.$n.shop.lab $n.signed.lab
}
# what came of the names: "name verdict reason", and EDE where it failed
came() { cat "$LAB_WORK"/client*.json | jq -r '.names[] | "\(.name) \(.verdict) \(.reason // "")"'; }
lives() { ! lab_is_gone "${LAB_PID[caa]}"; }

# --- what must be true of each load --------------------------------------------------------------------------------------------------

# judge: a line for each label that came to no end, and each that ended as it must not: an answer that is not the zone's, a
# failure of a sound zone for which this resolver does not take the blame; without a text is what had no memory for the text
judge() {
	local client
	for client in "$LAB_WORK"/client*.json; do
		# of a climb in one question, the label that it ended at
		jq -r --arg client "${client##*/}" '.names[] | (if $client == "client3.json" then [.labels[] | select(.rcode)][:1] else .labels end)[] |
			select(.name | test("^(lab|(shop|signed|cookies)\\.lab)\\.$") | not) |
			([.ede[].text] | join("; ")) as $why | "\(.name) \(.rcode): \($why)" as $line | (.name | test("(shop|signed|cookies)\\.lab\\.$")) as $sound |
			if .rcode == null then "no end: " + $line
			elif .rcode == "NXDOMAIN" then "not there: " + $line
			elif .rcode == "NOERROR" and $sound then select((.records | length) == 0) | "no record: " + $line
			elif .rcode == "NOERROR" then select(.name | test("^r.*(refuse|bogus)|dead")) | "an answer: " + $line
			elif .rcode == "SERVFAIL" and $sound then
				select($why | test("^$|this resolver has no memory left|still looked up after") | not) | "another reason: " + $line
			else empty end' "$client"
	done
}
: >"$LAB_WORK/bad"
# watched TEXT: the load, its judgement kept below TEXT
watched() {
	local text=$1
	shift
	load "$@"
	judge | sort -u | sed "s/^/$text: /" >>"$LAB_WORK/bad"
	lives || lab_die "$text: the resolver has ended"
}
count() { sort -u "$places" | wc -l; }

order 0
failing_resolver
fds=$(find "/proc/${LAB_PID[caa]}/fd" -mindepth 1 | wc -l)
watched "before"
check "before, all is well" [ ! -s "$LAB_WORK/bad" ]

# each once, when it is met first: until some loads in turn meet none that is new.  What was met at the start, or before, is known.
: >"$places"
lab_stop caa
order 0
failing_resolver
cp "$places" "$LAB_WORK/started"
started=$(count)

order 1
last=$started same=0
most=$([ "${FAULTS:-}" = each ] && echo 80 || echo 12)
while [ $same -lt 4 ] && [ $round -lt "$most" ]; do
	# shellcheck disable=SC2046
	watched "load $round" $([ $((round % 3)) -ne 0 ] || echo dead)
	if [ "$(count)" -gt $last ]; then same=0; else same=$((same + 1)); fi
	last=$(count)
done
order 0
echo "# $started places at the start, $((last - started)) more in $round loads"
sort "$LAB_WORK/bad" | head -n 40 | sed 's/^/# /'
check "each question has an end, and the right one" [ ! -s "$LAB_WORK/bad" ]
: >"$LAB_WORK/bad"
watched "after"
sed 's/^/# /' "$LAB_WORK/bad"
check "after it, all is well" [ ! -s "$LAB_WORK/bad" ]
check "nothing waits" lab_until 10 lab_idle caa
lab_control caa dump_requestlist | tail -n +3 | head -n 20 | sed 's/^/# /'
few_descriptors() { [ "$(find "/proc/${LAB_PID[caa]}/fd" -mindepth 1 | wc -l)" -le $((fds + 3)) ]; }
check "there are no more descriptors than at the start ($fds)" lab_until 20 few_descriptors

# place PLACE: what it is in the source
source_of() {
	local offset
	offset=$(sed -n "s/^$1 \([0-9a-f]*\) .*/\1/p" "$places" | head -n 1)
	echo "$1 $(addr2line -f -s -e "$CAA_MODULE" "$(printf '0x%x' $((0x$offset - 1)))" 2>/dev/null | tr '\n' ' ')"
}
# Each again, alone.
each() {
	local place tries failed=0 met=0 unmet=0
	# those of a start have theirs below
	for place in $(comm -23 <(cut -d' ' -f1 "$places" | sort -u) <(cut -d' ' -f1 "$LAB_WORK/started" | sort -u)); do
		: >"$LAB_WORK/bad"
		order "$place"
		for tries in 1 2 3; do
			# shellcheck disable=SC2046
			watched "$(source_of "$place")" $([ $tries -lt 2 ] || echo dead)
			[ "$(done_place)" != "$place" ] || break
		done
		if [ "$(done_place)" = "$place" ]; then met=$((met + 1)); else unmet=$((unmet + 1)); echo "# not met again: $(source_of "$place")"; fi
		order 0
		[ $(((met + unmet) % 8)) -ne 0 ] || watched "after $(source_of "$place")"
		[ ! -s "$LAB_WORK/bad" ] || { failed=$((failed + 1)); sort -u "$LAB_WORK/bad" | sed 's/^/# /'; }
	done
	echo "# $met places failed once more, alone; $unmet not met"
	check "each place alone: each question has an end, and the right one, and all is well after it" [ $failed -eq 0 ]
	check "nothing waits" lab_until 10 lab_idle caa
}
[ "${FAULTS:-}" != each ] || each
lab_control_quiet caa stop
check "it stops" lab_until 60 lab_is_gone "${LAB_PID[caa]}"
check "no crash, no report" [ "$(lab_reports)" -eq 0 ]

# A start that has not all of its memory says so and ends; it does not begin half configured.
starts() {
	local place bad=0 count=0 status
	for place in $(cut -d' ' -f1 "$LAB_WORK/started" | sort -u); do
		order "$place"
		# shellcheck disable=SC2086
		ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 $wrap "$UNBOUND_CAA/unbound" -d -c "$LAB_WORK/caa.conf" >"$LAB_WORK/start.out" 2>&1 &
		LAB_PID[caa]=$!
		lab_until 60 lab_is_gone "${LAB_PID[caa]}"
		wait "${LAB_PID[caa]}"
		status=$?
		count=$((count + 1))
		if [ $status -eq 0 ] || [ $status -gt 98 ]; then echo "# $status: $(source_of "$place")"; bad=$((bad + 1)); fi
	done
	check "a start without memory at each of $count places ends, with a status" [ $bad -eq 0 ]
}
[ "${FAULTS:-}" != each ] || starts
