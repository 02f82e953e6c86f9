# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Memory runs out in the resolver: what fails then is said to be its own, and when there is memory again all is well.

SCARCE=${LAB_SCARCE:-$LAB_BUILD/.libs/scarce.so}
[ -f "$SCARCE" ] || lab_skip "no $SCARCE; run make scarce.la"
! ldd "$UNBOUND_CAA/unbound" | grep -q 'lib[at]san' || lab_skip "a sanitizer has an allocator of its own"
[ -z "${LAB_WRAP:-}" ] || lab_skip "so has $LAB_WRAP"
lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
log=$LAB_WORK/memory.log scarce=$LAB_WORK/scarce

# Of 100 octets on: nothing more can be sent.  Of 300 on: what a question may have is used up.
for least in 100 300; do
	lab_stop caa
	rm -f "$scarce" "$log"
	LAB_WRAP="env LD_PRELOAD=$SCARCE SCARCE_LEAST=$least SCARCE_FILE=$scarce" \
		lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf . '' 3)
 caa-log-after: 1
caa:
 caa-log-rate: 1000
 caa-climb-option: 65001
 caa-log-file: \"$log\""
	dig +tries=1 +time=10 caa h1.shop.lab @127.0.53.30 >/dev/null
	touch "$scarce"
	for option in '' '+ednsopt=65001:01'; do
		name=h2$option
		name=${name//[^a-z0-9]/}.shop.lab
		# shellcheck disable=SC2086
		dig +tries=1 +time=10 $option caa "$name" @127.0.53.30 >"$LAB_WORK/dig"
		ede=$(sed -n 's/^; EDE: \([0-9]*\)[^:]*: (\(.*\))$/\1 \2/p' "$LAB_WORK/dig")
		check "no allocation of $least octets${option:+, a climb}: the question fails" grep -q 'status: SERVFAIL' "$LAB_WORK/dig"
		check "  and says whose fault it is" [ "$(lab_without_id <<<"$ede")" = "0 CAA $name: this resolver has no memory left; let it have more" ]
		check "  as the manual has it" lab_in_manual "$(lab_without_id <<<"$ede")"
		check "  as the line of the log does" [ "$(jq -r 'select(.name == "'"$name"'") | "\(.class) \(.fault) \(.own_fault) \(.id)"' "$log" | tail -n 1)" = \
			"internal resolver yes $(lab_id "$ede")" ]
		[ "$LAB_FAILED" -eq "${shown:-0}" ] || { echo "# got: $ede"; sed 's/^/# /' "$log"; shown=$LAB_FAILED; }
	done
	rm "$scarce"
	check "  caa_explain has it" eval 'lab_control caa caa_explain h2.shop.lab | grep -q "fault:      resolver; this resolver.s own: yes;"'
	dig +tries=1 +time=10 caa h2.shop.lab @127.0.53.30 >"$LAB_WORK/dig"
	check "  when there is memory again the name passes" grep -q 'status: NOERROR' "$LAB_WORK/dig"
done
