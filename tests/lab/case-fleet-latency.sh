# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What it takes a climb that four resolvers share their lookups over a store, where nobody is short of anything: the same names, one after
# the other, at one resolver without a store and at four with one, each question to a random one of them.  Another one without is measured,
# too, so that the noise is seen; the three take turns.

# shellcheck source=tests/lab/fleet.sh
. "$LAB_DIR/fleet.sh"

COUNT=${LATENCY_NAMES:-100}
# names SERIES: flat and deep are of one zone, zones and signed of one each
names() {
	case $1 in
	flat) seq -f 'h%.0f.shop.lab' "$COUNT" ;;
	deep) seq -f 'a.b.d%.0f.shop.lab' "$COUNT" ;;
	zones) seq -f 'h1.u%.0f.lab' "$COUNT" ;;
	signed) seq -f 'h1.z%.0f.lab' "$COUNT" ;;
	esac
}
# What else this machine does is not measured: in real time, where that is allowed.
chrt -r -p 5 $$ >/dev/null 2>&1
declare -A asks=([alone]=127.0.53.60 [again]=127.0.53.59 [four]=$servers)
# once WHO SERIES NAME
once() {
	"$CAA_CLIMB" --server "${asks[$1]}" --json --dnssec --timeout 20 "$3" >>"$LAB_WORK/$2-$1.json" 2>/dev/null </dev/null
}
failed() { jq -s 'map(.summary.failed) | add' "$LAB_WORK/$1-$2.json"; }
# quantile SERIES WHO Q: of the time from the question to the last answer of a name, in ms
quantile() {
	jq .summary.seconds "$LAB_WORK/$1-$2.json" | sort -n |
		awk -v q="$3" '{ v[NR] = $1 * 1000 } END { i = int(q * NR + 0.9999); printf "%.2f", v[i < 1 ? 1 : i] }'
}
# within MS: of what either of those without a store has
within() { awk -v a="$1" -v b="$2" -v ms="$3" 'BEGIN { print (a > b ? a : b) + ms }'; }

secure() { jq -s '[.[].names[].labels[:2][] | select(.ad)] | length' "$LAB_WORK/signed-$1.json"; }
latency() {
	local series name turn who alone again four alone99 again99 four99 order
	rm -f "$LAB_WORK"/*-{alone,again,four}.json
	for who in alone again; do lab_stop $who; done
	member alone ${asks[alone]} '' "$trust"
	member again ${asks[again]} '' "$trust"
	store
	start_members "$(fleet_conf wait=5)" "$trust"
	printf '# ms, %s names   %8s %8s %8s %8s   %8s %8s %8s\n' "$COUNT" p50 one again more p99 one again
	for series in flat deep zones signed; do
		turn=0
		for name in $(names $series); do
			case $((turn++ % 3)) in 0) order='alone four again' ;; 1) order='four again alone' ;; 2) order='again alone four' ;; esac
			for who in $order; do once "$who" $series "$name"; done
		done
		alone=$(quantile $series alone 0.5) again=$(quantile $series again 0.5) four=$(quantile $series four 0.5)
		four99=$(quantile $series four 0.99) alone99=$(quantile $series alone 0.99) again99=$(quantile $series again 0.99)
		printf '# %-12s   %8s %8s %8s %8.2f   %8s %8s %8s\n' $series "$four" "$alone" "$again" \
			"$(awk -v f="$four" -v a="$alone" 'BEGIN { print f - a }')" "$four99" "$alone99" "$again99"
		check "$series: no name fails" [ "$(failed $series four) $(failed $series alone)" = '0 0' ]
		check "$series: the median is within 2 ms of one resolver's ($four ms, $alone and $again ms)" at_most "$four" "$(within "$alone" "$again" 2)"
		# who was delayed among the slowest is a matter of luck
		check "$series: nor are the slowest much slower ($four99 ms, $alone99 and $again99 ms)" at_most "$four99" "$(within "$alone99" "$again99" 3)" 2
	done
	counted
	check "signed: all are secure" [ "$(secure four) $(secure alone)" = "$((2 * COUNT)) $((2 * COUNT))" ]
	check "they have waited for each other's lookups, and taken their answers" [ "$(total waited)" -gt 0 -a "$(total shared)" -ge "$COUNT" ]
}

lab_root_and_tld
for i in $(seq "$COUNT"); do
	for zone in u z; do
		lab_delegate "$zone$i.lab" 127.0.53.10
		LAB_NAMES=1 lab_zone_file "$zone$i.lab" 127.0.53.10
	done
	LAB_MORE_ZONES+="zone \"u$i.lab\" { type primary; file \"u$i.lab.zone\"; };"
	LAB_MORE_ZONES+="zone \"z$i.lab\" { type primary; file \"z$i.lab.zone\"; dnssec-policy default; inline-signing yes; };"
done
LAB_NAMES=$COUNT lab_authority_bind shop.lab 127.0.53.10 127.0.53.11 'key-directory ".";'
lab_start_parents
signed() {
	seq -f 'dnskey z%.0f.lab' "$COUNT" >"$LAB_WORK/keys"
	dig +tries=1 +time=2 +noall +answer -f "$LAB_WORK/keys" @127.0.53.10 2>/dev/null | awk '$4 == "DNSKEY" && $5 == 257' >"$LAB_WORK/dnskeys"
	[ "$(wc -l <"$LAB_WORK/dnskeys")" -eq "$COUNT" ] &&
		[ "$(seq -f 'soa z%.0f.lab' "$COUNT" | dig +tries=1 +time=2 +noall +answer +dnssec -f - @127.0.53.10 2>/dev/null | grep -c RRSIG)" -eq "$COUNT" ]
}
lab_until 60 signed || lab_die "BIND does not sign the zones"
trust="server:
 trust-anchor-signaling: no
 aggressive-nsec: no
$(awk '{ $2 = ""; sub(/ IN /, " "); print " trust-anchor: \"" $0 "\"" }' "$LAB_WORK/dnskeys")"
lab_measured latency
for who in $members alone again; do lab_stop $who; done
check "no report of a sanitizer" [ "$(lab_reports)" -eq 0 ]
