# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A resolver for a long time: questions for CAA and other types, signed zones, one limiter of each kind, a server whose faults change, a
# dead one, clients that leave early over UDP and DoH, reloads, control commands, and something that reads the stats every second.
# What is watched: that every question has its one right answer, the time that it takes where nothing is wrong, memory, descriptors,
# what waits, and sums that add up.  A line a minute, and a verdict.
#
#   MINUTES (20 seconds if not set), CAA and OTHER questions a second (50 and 300), THREADS (2), SEED (1), PICTURE: a file to draw it into

for program in soak_load faulty .libs/in_use.so; do [ -x "$LAB_BUILD/$program" ] || lab_skip "no $program; run make check TESTS="; done
command -v dnsdist >/dev/null || lab_skip "no dnsdist here; ./bootstrap installs what the lab needs"
RANDOM=${SEED:-1}
seconds=$((${MINUTES:-0} * 60))
[ $seconds -gt 0 ] || seconds=20
interval=$((seconds >= 60 ? 60 : 10)) budget=10

# --- the zones and their servers --------------------------------------------------------------------------------------------

soak_zone() {
	lab_delegate "$@"
	lab_zone_file "$@"
	printf '*.caa.%s. 60 CAA 0 issue "ca.lab"\n*.a.%s. 60 A 192.0.2.1\n' "$1" "$1" >>"$LAB_WORK/$1.zone"
}
LAB_NAMES=1
lab_root_and_tld
BACKEND=127.0.53.10
for zone in good.lab signed.lab; do soak_zone $zone $BACKEND; done
soak_zone bind.lab 127.0.53.12
soak_zone nsd.lab 127.0.53.14
limits=(drop 'DropAction()' refused 'RCodeAction(DNSRCode.REFUSED)' servfail 'RCodeAction(DNSRCode.SERVFAIL)' tc 'TCAction()')
n=20 more="zone \"signed.lab\" { type primary; file \"signed.lab.zone\"; };"
for ((i = 0; i < ${#limits[@]}; i += 2)); do
	soak_zone ${limits[i]}.lab 127.0.53.$((n + i))
	more+=" zone \"${limits[i]}.lab\" { type primary; file \"${limits[i]}.lab.zone\"; };"
done
soak_zone fault.lab 127.0.53.18
soak_zone dead.lab 127.0.53.99
more+=' zone "fault.lab" { type primary; file "fault.lab.zone"; };'
(cd "$LAB_WORK" && dnssec-keygen -q -a ECDSAP256SHA256 -f KSK signed.lab && dnssec-signzone -q -S -z -o signed.lab -f signed signed.lab.zone &&
	mv signed signed.lab.zone) >"$LAB_WORK/sign.out" 2>&1 || lab_die "signed.lab is not signed"
anchor=$(sed -n 's/^signed\.lab\. .*DNSKEY \(257.*\)/\1/p' "$LAB_WORK"/Ksigned.lab.+*.key)
lab_start_parents
LAB_QUERYLOG=no
LAB_MORE_ZONES=$more lab_start_bind good.lab $BACKEND 127.0.53.11
lab_start_bind bind.lab 127.0.53.12 127.0.53.13 "$LAB_BIND_LIMIT"
lab_address 127.0.53.14
lab_nsd nsd 127.0.53.14 ' rrl-ratelimit: 20
 rrl-slip: 2' nsd.lab
for ((i = 0; i < ${#limits[@]}; i += 2)); do
	LAB_READY=good.lab lab_dnsdist "${limits[i]}" 127.0.53.$((n + i)) -- "newServer({address='$BACKEND:53', sockets=4}):setUp()
addAction(MaxQPSIPRule(20, 32, 128, 20), ${limits[i + 1]})"
done

# soak_fault: the server of fault.lab with another fault
faults=(none edns-drop edns-formerr option-drop cookie-formerr caa-drop caa-refused caa-servfail caa-notimp caa-truncated tcp-refused no-soa refused
	silent other-id caa-cut case-lower udp-drop refer)
lab_address 127.0.53.18
soak_fault() {
	lab_stop faulty
	lab_spawn faulty "$LAB_BUILD/faulty" "127.0.53.18=${faults[RANDOM % ${#faults[@]}]}:$BACKEND"
	# or Unbound leaves it alone for minutes, and each fault is the first one
	[ -z "${LAB_PID[caa]:-}" ] || lab_control_quiet caa flush_infra 127.0.53.18
}
soak_fault

# --- the resolver -----------------------------------------------------------------------------------------------------------

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$LAB_WORK/doh.key" -out "$LAB_WORK/doh.pem" -days 2 -subj /CN=lab \
	-addext 'subjectAltName=IP:127.0.53.30' 2>/dev/null
in_use_file=$LAB_WORK/in-use
in_use="env LD_PRELOAD=$LAB_BUILD/.libs/in_use.so IN_USE_FILE=$in_use_file"
! ldd "$UNBOUND_CAA/unbound" | grep -q 'lib[at]san' || in_use=	# it has an allocator of its own
LAB_THREADS=${THREADS:-2} LAB_WRAP=${LAB_WRAP:-$in_use} lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf . '' $budget)
 caa-hold: 60
 caa-log-after: 1
caa:
 caa-log-file: \"$LAB_WORK/failures\"
 caa-log-rate: 1000
 caa-climb-option: 65001
server:
 trust-anchor: \"signed.lab. DNSKEY $anchor\"
 interface: 127.0.53.30@443
 https-port: 443
 tls-service-key: \"$LAB_WORK/doh.key\"
 tls-service-pem: \"$LAB_WORK/doh.pem\"
 incoming-num-tcp: 100
 outgoing-num-tcp: 100
 discard-timeout: 0
 msg-cache-size: 8m
 rrset-cache-size: 16m
 neg-cache-size: 1m
 key-cache-size: 1m"
descriptors() { find "/proc/${LAB_PID[caa]}/fd" -mindepth 1 2>/dev/null | wc -l; }
fds=$(descriptors)

# --- what goes on -------------------------------------------------------------------------------------------------------------

"$LAB_BUILD/soak_load" 127.0.53.30 $seconds $interval "${CAA:-50}" "${OTHER:-300}" good.lab=good signed.lab=good bind.lab=limited nsd.lab=limited \
	drop.lab=limited refused.lab=limited servfail.lab=limited tc.lab=limited fault.lab=faulty dead.lab=faulty >"$LAB_WORK/load" 2>"$LAB_WORK/load.err" &
load=$!
touch "$LAB_WORK/going"
# reads the stats, as an exporter does
while [ -e "$LAB_WORK/going" ]; do
	lab_control_quiet caa stats_noreset
	sleep 1
done &
# clients over DoH, some of which leave
n=0
while [ -e "$LAB_WORK/going" ]; do
	n=$((n + 1))
	printf '%s\n' a$n.caa.good.lab b$n.a.signed.lab >"$LAB_WORK/doh-names"
	"$CAA_CLIMB" --server 127.0.53.30 --doh https://127.0.53.30/dns-query --doh-ca "$LAB_WORK/doh.pem" --timeout 20 --file "$LAB_WORK/doh-names" \
		--json </dev/null 2>/dev/null | jq -c '.summary | [.passed, .failed]' >>"$LAB_WORK/doh"
	"$CAA_CLIMB" --server 127.0.53.30 --doh https://127.0.53.30/dns-query --doh-ca "$LAB_WORK/doh.pem" --timeout 0.5 --tries 1 $([ $((n % 2)) -eq 0 ] || echo --one 65001) \
		c$n.dead.lab d$n.fault.lab e$n.drop.lab </dev/null >/dev/null 2>&1
	sleep 0.2
done &
# commands
while [ -e "$LAB_WORK/going" ]; do
	for command in caa_upstreams caa_failures "caa_explain x1.caa.dead.lab" "caa_flush x$RANDOM.caa.good.lab" "flush_zone tc.lab" dump_requestlist; do
		# shellcheck disable=SC2086
		lab_control_quiet caa $command
		sleep 0.5
	done
done &

soak_number() { tail -n 1 "$LAB_WORK/load" | jq "$1"; }
# soak_line: what the last line of the load says, with what the resolver takes
soak_line() {
	tail -n 1 "$LAB_WORK/load" | jq -r --arg at "$1" '"# \($at) s: " + ([to_entries[] | select(.value | type == "object") |
		"\(.key | sub("_"; " ")) \(.value.right)/\(.value.asked) right, \(.value.servfail) SERVFAIL, \(.value.wrong) wrong, \(.value.none) none, \(.value.excused) at a reload" |
		select(startswith("limited other") | not)] | join("; ")) + "; \(.left) left, \(.twice) twice, \(.open) open; good CAA \(.p50) ms, p99 \(.p99) ms"'
	echo "#   $(lab_resident_kb caa) KB, ${kb:+${kb[-1]} in use, }$(descriptors) descriptors, $(lab_stat caa total.requestlist.current.all) in the request list"
}
# soak_row AT KB: the same for the picture: sums of questions for CAA since the start, and times of this interval
soak_row() {
	echo "$1 $2 $(tail -n 1 "$LAB_WORK/load" | jq -r '[.p50, .p99, .open, (.good_caa, .limited_caa, .faulty_caa | .asked, .right, .servfail)] | join(" ")')"
}
# usually_in_use: KB, since it was asked last; more is while many wait, less in the middle of a reload
usually_in_use() {
	lab_median 1 "$in_use_file"
	: >"$in_use_file"
}
start=$SECONDS lines=0 reloads=0 next_reload=$((seconds >= 60 ? 60 : seconds / 3)) every=$next_reload kb=()
while ! lab_is_gone $load; do
	at=$((SECONDS - start))
	if [ $at -ge $next_reload ] && [ $at -lt $((seconds - 2)) ]; then
		next_reload=$((next_reload + every)) reloads=$((reloads + 1))
		# the third of three drops what waits, as Unbound does
		if [ $((reloads % 3)) -eq 2 ]; then
			kill -USR1 $load
			lab_control_quiet caa reload
			# it says ok before it drops what waits; the next command is the new one's
			lab_until 20 lab_control_quiet caa status
			kill -USR1 $load
		else
			lab_control_quiet caa fast_reload
		fi
	fi
	[ $((at % 5)) -ne 0 ] || [ "${at}" = "${faulted:-}" ] || { faulted=$at; soak_fault; }
	if [ "$(wc -l <"$LAB_WORK/load")" -gt $lines ]; then
		lines=$(wc -l <"$LAB_WORK/load")
		if [ $at -le $((seconds + 2)) ]; then	# later there is the end only
			kb+=("$([ -z "$in_use" ] && lab_resident_kb caa || usually_in_use)")
			soak_row $at "${kb[-1]}" >>"$LAB_WORK/rows"
		fi
		soak_line $at
	fi
	lab_is_gone "${LAB_PID[caa]}" && lab_die "the resolver has ended"
	sleep 0.3
done
rm "$LAB_WORK/going"
soak_line $((SECONDS - start))
wait
if [ -n "${PICTURE:-}" ]; then
	# shellcheck source=tests/lab/soak-picture.sh
	. "$LAB_DIR/soak-picture.sh"
	soak_picture "$LAB_WORK/rows" "$PICTURE"
fi

# --- the verdict -------------------------------------------------------------------------------------------------------------------

[ ! -s "$LAB_WORK/load.err" ] || cat "$LAB_WORK/load.err"
check "no answer is wrong" [ "$(soak_number '[.[] | objects | .wrong] | add')" -eq 0 ]
check "none comes twice" [ "$(soak_number .twice)" -eq 0 ]
check "every question has its answer, but for what waits at a reload" [ "$(soak_number '([.[] | objects | .none] | add) + .full')" -eq 0 ]
check "every question has one outcome" [ "$(soak_number '[.[] | objects | .asked - .right - .servfail - .wrong - .none - .excused] | map(. * .) | add')" -eq 0 ]
# in make check the machine does other things, too
spare=$([ -n "${MINUTES:-}" ] && echo 0 || echo 100)
few() { [ "$1" -eq 0 ] || [ $((spare > 0 && $1 * spare <= $2)) -eq 1 ]; }
check "no name of a good zone fails" few "$(soak_number '.good_caa.servfail + .good_other.servfail')" "$(soak_number .good_caa.asked)"
of_the_sound() { jq -r 'select(.name | test("(^|\\.)(dead|fault)\\.lab$") | not) | "# \(.name): \(.class), \(.text)"' "$LAB_WORK/failures" 2>/dev/null | tail -n 20; }
of_the_sound
check "nor of one that is limited, within its limit" few "$(soak_number .limited_caa.servfail)" "$(soak_number .limited_caa.asked)"
check "what is broken fails at times, so this run can tell" [ "$(soak_number .faulty_caa.servfail)" -gt 0 ]
check "clients over DoH have their answers ($(jq -s 'map(.[0]) | add' "$LAB_WORK/doh"))" [ "$(jq -s 'map(.[1]) | add' "$LAB_WORK/doh")" -eq 0 ]
check "nothing waits at the end" lab_until 60 lab_idle caa
adds_up() {
	lab_control caa stats_noreset | awk -F = '{ v[$1] = $2; if ($1 ~ /^caa\.failures\.[a-z-]*$/ && $1 !~ /(cached|names|repeated)$/) classes += $2 }
		END {
			sent = v["caa.sent.caa"] + v["caa.sent.other"]
			ended = v["caa.replied"] + v["caa.timed_out"] + v["caa.failed"] + v["caa.abandoned"]
			if (classes == v["caa.failures"] && sent == ended)
				exit
			printf "# caa.failures %d, its classes %d; caa.sent %d, ended %d\n", v["caa.failures"], classes, sent, ended
			exit 1
		}' >"$LAB_WORK/sums"
}
check "each failure has a class, and each packet an end" lab_until 20 adds_up
cat "$LAB_WORK/sums"
few_descriptors() { [ "$(descriptors)" -le $((fds + 3)) ]; }
check "there are no more descriptors than at the start ($fds)" lab_until 60 few_descriptors
median() { lab_median 1 <(printf '%s\n' "$@"); }
if [ ${#kb[@]} -ge 10 ] && [ -n "$in_use" ]; then
	early=$(median "${kb[@]:4:3}") now=$(median "${kb[@]: -3}")
	check "no more memory is in use than in minutes 5 to 7 ($early KB, in the last three $now KB)" [ "$now" -le $((early * 105 / 100)) ]
fi
resolver=${LAB_PID[caa]}
lab_control_quiet caa stop
check "it stops" lab_until 60 lab_is_gone "$resolver"
check "no crash, no report of a sanitizer" [ "$(lab_reports)" -eq 0 ]
