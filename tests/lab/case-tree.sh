# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The module changes no answer: of a generated tree of zones every name's answer is plain Unbound's, in RCODE, records and AD,
# with and without the hold, and from the hold.
#
#   LAB_TREE_ZONES (500), LAB_TREE_SEED (1), LAB_TREE_WINDOW (500 questions at once), LAB_TREE_LAME (127.0.53.12, the server of
#   the lame zones, which has no other; 127.0.53.11 has zones)

lab_need_plain
for program in lab_tree lab_answers; do
	[ -x "$LAB_BUILD/$program" ] || lab_skip "no $program; run make $program"
done
tree=$LAB_WORK ttl=1
"$LAB_BUILD/lab_tree" "$tree" "${LAB_TREE_ZONES:-500}" $ttl "${LAB_TREE_SEED:-1}" 2592000 "${LAB_TREE_LAME:-127.0.53.12}" || lab_die "no tree"
for server in 127.0.53.1 127.0.53.2 127.0.53.10 127.0.53.11; do
	lab_address $server
	mapfile -t zones <"$tree/zones-$server"
	lab_nsd "nsd-${server##*.}" $server ' rrl-ratelimit: 0' "${zones[@]}"
done
lab_address 127.0.53.12
{ lab_soa other.test; printf 'other.test. 3600 NS ns.other.test.\nns.other.test. 3600 A 127.0.53.12\n'; } >"$LAB_WORK/other.test.zone"
lab_nsd nsd-12 127.0.53.12 ' rrl-ratelimit: 0' other.test
count=$(wc -l <"$tree/names")
echo "# $count names in ${LAB_TREE_ZONES:-500} zones"

trust="server:
 trust-anchor-file: \"$tree/anchor\"
 trust-anchor-signaling: no
 msg-cache-size: 64m
 rrset-cache-size: 64m"
# answers RESOLVER ADDRESS: sets nothing; the answers go to RESOLVER.answers
answers() {
	local start
	start=$(date +%s%N)
	"$LAB_BUILD/lab_answers" "$2" "${LAB_TREE_WINDOW:-500}" <"$tree/names" >"$LAB_WORK/$1.answers"
	local status=$?
	seconds=$(awk -v ns=$(($(date +%s%N) - start)) 'BEGIN { printf "%.1f", ns / 1e9 }')
	return $status
}
# RCODE, AD and the answer section; what proves an absence may be any of several proofs, and a failure is one
essence() { sed 's/ |.*//; s/ SERVFAIL .*/ SERVFAIL/' "$LAB_WORK/$1.answers"; }
# same RESOLVER: every line is plain's; prints those that differ
same() {
	diff <(essence plain) <(essence "$1") >"$LAB_WORK/$1.diff" && return
	echo "# $(grep -c '^>' "$LAB_WORK/$1.diff") answers differ (< plain, > $1):"
	head -n 40 "$LAB_WORK/$1.diff" | cut -c 1-300 | sed 's/^/# /'
	false
}

code=65001
# decided REPORT: of each name the verdict, the records, and outcome and security of the labels up to the one that decided
decided() {
	jq -c '.names[] | .owner as $owner | [.name, .passed, .owner, (.records // [] | sort),
		[.labels | (map(.outcome != "none") | index(true)) as $at | .[:(if $at == null then length else $at + 1 end)][] |
			[.outcome, .outcome != "failed" and .ad]]]' "$1" | sort
}
lab_resolver plain "$UNBOUND_PLAIN" 127.0.53.29 "$trust"
check "plain Unbound answers every name" answers plain 127.0.53.29
echo "#   in $seconds s"
lab_stop plain
# what the tree is for is in it
while read -r least what pattern; do
	n=$(grep -cE "$pattern" "$LAB_WORK/plain.answers")
	check "  $n of them ${what//_/ }" [ "$n" -ge $((least * count / 10000)) ]
done <<'END'
800 secure_records ^[^ ]* NOERROR AD .* CAA .*\|
400 insecure_records ^[^ ]* NOERROR - .* CAA .*\|
800 secure_NODATA ^[^ ]* NOERROR AD \|
400 insecure_NODATA ^[^ ]* NOERROR - \|
200 secure_NXDOMAIN ^[^ ]* NXDOMAIN AD
200 insecure_NXDOMAIN ^[^ ]* NXDOMAIN -
300 chains ^[^ ]* N[^|]* CNAME
80 below_a_DNAME ^[^ ]* N[^|]* DNAME
200 proved_by_NSEC \|.* NSEC 
200 proved_by_NSEC3 \|.* NSEC3 
300 SERVFAIL ^[^ ]* SERVFAIL
END

for hold in 0 25200; do
	name=hold$hold
	LAB_THREADS=$((hold > 0 ? 2 : 1))
	lab_resolver $name "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .; printf ' caa-hold: %s\n' $hold; printf 'caa:\n caa-climb-option: %s\n' $code)
$trust"
	check "with caa-hold: $hold the module answers every name" answers $name 127.0.53.30
	echo "#   in $seconds s, $(lab_stat $name caa.sent.caa) queries"
	check "  as plain Unbound does" same $name
	if [ $hold -gt 0 ]; then
		sleep $((ttl + 1))	# past the message cache
		failures=$(grep -c '^[^ ]* SERVFAIL' "$LAB_WORK/plain.answers")
		for pass in second third; do
			before=$(lab_stat $name caa.held)
			check "the $pass time it answers every name" answers $pass 127.0.53.30
			held=$(($(lab_stat $name caa.held) - before))
			echo "#   in $seconds s, $held from the hold"
			check "  as plain Unbound does" same $pass
			# a name whose chain ends in what another name had brought into the cache is held from the next time on
			check "  and from the hold, what is no failure" [ $held -ge $(((count - failures) * 95 / 100)) ]
			sleep $((ttl + 1))
		done
		# the whole climb in one question is what its labels are one by one
		awk 'NR % 5 == 2' "$tree/names" >"$LAB_WORK/climbed"
		lab_climb 127.0.53.30 "$LAB_WORK/climbed" --order climb --dnssec --max-in-flight 500
		decided "$LAB_WORK/climb.json" >"$LAB_WORK/by-label"
		lab_climb 127.0.53.30 "$LAB_WORK/climbed" --one $code --dnssec --max-in-flight 100
		decided "$LAB_WORK/climb.json" >"$LAB_WORK/in-one"
		check "$(wc -l <"$LAB_WORK/in-one") whole climbs" [ "$(jq .summary.whole "$LAB_WORK/climb.json")" -eq "$(jq .summary.names "$LAB_WORK/climb.json")" ]
		echo "#   in $seconds s, $failed names failed"
		check "  are what their labels are one by one" diff "$LAB_WORK/by-label" "$LAB_WORK/in-one"
		lab_control $name caa_flush . >/dev/null
		check "nothing is held after caa_flush" [ "$(lab_stat $name caa.hold)" -eq 0 ]
		check "  and every name is answered" answers flushed 127.0.53.30
		check "  as plain Unbound does" same flushed
	fi
	lab_stop $name
done
