# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# One question, one lookup: what reaches the authorities when several clients check the same certificate at once, over 1, 2 and 4
# threads, over UDP, TCP and DoH, each asking all labels at once, or one label after the other.  Root, TLD and
# authority are BINDs without limits, whose logs say what each was asked.  Plain Unbound beside it.
#
#   LAB_MERGE='KIND THREADS TRANSPORT ORDER;...'  only these runs

CLIENTS=8
LEVELS=50
lab_need_plain
lab_root_and_tld

chain=$(seq -f 'l%.0f' $LEVELS -1 1 | paste -sd.)
names_of() {
	case $1 in
	flat) seq -f 'h%.0f.shop.lab' 100 ;;
	deep) seq -f 'a.b.d%.0f.shop.lab' 100 ;;
	zones) seq -f 'www.z%.0f.lab' 100 ;;
	levels) seq -f "h%.0f.$chain.shop.lab" 100 ;;
	esac
}
# labels FILE: every name that a climb asks, once
labels() { awk '{ n = $0; while (n != "") { print n; if (!sub(/^[^.]*\./, "", n)) n = "" } }' "$1" | sort -u; }
for kind in flat deep zones levels; do names_of $kind >"$LAB_WORK/names-$kind"; done

LAB_RECORDS=$(names_of levels | sed 's/$/. 3600 A 192.0.2.1/')$'\n'
lab_delegate shop.lab 127.0.53.10 127.0.53.11
lab_zone_file shop.lab 127.0.53.10 127.0.53.11
LAB_RECORDS='' LAB_MORE_ZONES=''
for n in $(seq 100); do
	lab_delegate "z$n.lab" 127.0.53.10 127.0.53.11
	LAB_NAMES=0 lab_zone_file "z$n.lab" 127.0.53.10 127.0.53.11
	echo "www.z$n.lab. 3600 A 192.0.2.1" >>"$LAB_WORK/z$n.lab.zone"
	LAB_MORE_ZONES+="zone \"z$n.lab\" { type primary; file \"z$n.lab.zone\"; };"$'\n'
done
lab_parent_zones
lab_start_bind shop.lab 127.0.53.10 127.0.53.11
LAB_MORE_ZONES=
lab_start_bind . 127.0.53.1 127.0.53.1
lab_start_bind lab 127.0.53.2 127.0.53.2
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$LAB_WORK/doh.key" -out "$LAB_WORK/doh.pem" -days 2 -subj /CN=lab \
	-addext 'subjectAltName=IP:127.0.53.20,IP:127.0.53.30' 2>/dev/null

serve="server:
 interface: ADDRESS@443
 https-port: 443
 tls-service-key: \"$LAB_WORK/doh.key\"
 tls-service-pem: \"$LAB_WORK/doh.pem\"
 incoming-num-tcp: 1000
 extended-statistics: yes"

asked() { for zone in shop.lab lab .; do lab_settled bind-$zone; lab_queries bind-$zone | sed "s/\$/ ${zone}/"; done; }
forget() { for zone in shop.lab lab .; do : >"$LAB_WORK/bind-$zone.queries"; done; }

# measure WHO KIND THREADS TRANSPORT ORDER: sets queries, twice, caa, failed, unanswered
measure() {
	local who=$1 kind=$2 threads=$3 transport=$4 order=$5 address=127.0.53.30 client pids=() options=(--timeout 30 --max-in-flight 200)
	case $transport in
	udp) ;;
	tcp) options+=(--tcp) ;;
	doh) options+=(--max-in-flight 90 --doh "https://ADDRESS/dns-query" --doh-ca "$LAB_WORK/doh.pem") ;;
	esac
	[ "$who" = caa ] || address=127.0.53.20
	if [ "$who" = caa ]; then
		LAB_THREADS=$threads lab_resolver caa "$UNBOUND_CAA" $address "${serve//ADDRESS/$address}
$(lab_module_conf; lab_zone_conf .)"
	else
		LAB_THREADS=$threads lab_resolver plain "$UNBOUND_PLAIN" $address "${serve//ADDRESS/$address}"
	fi
	for zone in shop.lab lab .; do lab_settled bind-$zone; done
	forget
	for client in $(seq $CLIENTS); do
		"$CAA_CLIMB" --server $address --file "$LAB_WORK/names-$kind" --json --order "$order" "${options[@]//ADDRESS/$address}" \
			>"$LAB_WORK/client-$client.json" 2>"$LAB_WORK/client-$client.err" </dev/null &
		pids+=($!)
	done
	wait "${pids[@]}"
	read -r passed failed sent seconds < <(jq -s -r '"\([.[].summary.passed] | add) \([.[].summary.failed] | add) \([.[].summary.sent] | add) \([.[].summary.seconds] | max)"' \
		"$LAB_WORK"/client-*.json)
	asked >"$LAB_WORK/asked"
	queries=$(wc -l <"$LAB_WORK/asked")
	twice=$(sort "$LAB_WORK/asked" | uniq -d | wc -l)
	caa=$(grep -c ' CAA ' "$LAB_WORK/asked")
	busy=$(lab_control "$who" stats_noreset | grep -c '^thread[0-9]*\.num\.queries=[1-9]')
	lab_control "$who" stats_noreset | grep '^caa\.' >"$LAB_WORK/stats-$who" || true
	left=$(lab_stat "$who" total.requestlist.current.all)
	[ -z "${LAB_SHOW:-}" ] || { sort "$LAB_WORK/asked" | uniq -c | sort -rn | head -n "$LAB_SHOW"; cat "$LAB_WORK/stats-$who"; }
	lab_stop "$who"
}

runs() {
	if [ -n "${LAB_MERGE:-}" ]; then tr ';' '\n' <<<"$LAB_MERGE"; return; fi
	for kind in flat deep zones levels; do
		for threads in 1 2 4; do echo "$kind $threads udp parallel"; done
		echo "$kind 4 udp climb"
		echo "$kind 4 tcp parallel"
		echo "$kind 4 doh parallel"
	done
	echo "deep 2 tcp climb"
	echo "deep 4 doh climb"
}

printf '# %-7s %7s %-4s %-9s %6s %9s %7s %7s %7s %7s %7s\n' names threads over order unique resolver queries twice failed seconds busy
while read -r kind threads transport order; do
	# every label once at its authority; the root is asked for lab, the TLD for each delegation; and the priming
	unique=$(labels "$LAB_WORK/names-$kind" | wc -l)
	case $kind in zones) walk=104 ;; *) walk=5 ;; esac
	for who in plain caa; do
		measure $who "$kind" "$threads" "$transport" "$order"
		[ "$failed" -eq 0 ] || echo "#   $(jq -s -c "[.[].summary.reasons]" "$LAB_WORK"/client-*.json)"
		printf '# %-7s %7s %-4s %-9s %6s %9s %7s %7s %7s %7s %7s\n' "$kind" "$threads" "$transport" "$order" $((unique + walk)) $who "$queries" "$twice" "$failed" "$seconds" "$busy"
	done
	how="$kind, $threads threads, $transport, $order"
	check "$how: all pass" [ "$failed" -eq 0 ]
	check "$how: the names and one walk ($queries of $((unique + walk)))" at_most "$queries" $((unique + walk)) 1.02
	check "$how: nothing is left waiting" [ "$left" -eq 0 ]
	check "$how: no report of a sanitizer" [ "$(lab_reports)" -eq 0 ]
done < <(runs)
