# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# make picture: a limiter that is switched on under load: of the names that are asked in each second, how many plain Unbound and Unbound
# with the module answer, and how many fail; and what Prometheus has of it meanwhile, drawn by gnuplot into PICTURE.

: "${PICTURE:=$LAB_BUILD/limiter.svg}" "${PICTURE_QPS:=40}" "${PICTURE_SECONDS:=50}" "${PICTURE_ON:=15}"
lab_need_plain
# shellcheck source=tests/lab/prometheus.sh
. "$LAB_DIR/prometheus.sh"
prometheus_needs gnuplot
lab_root_and_tld
# each resolver has a bucket of its own; a server that sends no cookies limits all that comes over UDP
limit='rate-limit { all-per-second 20; window 5; slip 0; ipv4-prefix-length 32; };'
LAB_NAMES=$((PICTURE_QPS * PICTURE_SECONDS)) lab_authority_bind shop.lab 127.0.53.10 127.0.53.11 'answer-cookie no;'
lab_start_parents
lab_resolver plain "$UNBOUND_PLAIN" 127.0.53.29
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .)"

prometheus_start 127.0.0.1:9953
prometheus_scrapes || lab_die "Prometheus does not scrape it"

# One certificate authority for each of them: so many names in a second, each with its two parents.
lab_names flat $((PICTURE_QPS * PICTURE_SECONDS)) >/dev/null
start=$(date +%s)
for who in plain=127.0.53.29 caa=127.0.53.30; do
	"$CAA_CLIMB" --server "${who#*=}" --file "$LAB_WORK/names-flat" --json --qps $((3 * PICTURE_QPS)) --max-in-flight 60000 --timeout 20 >"$LAB_WORK/${who%=*}.json" 2>"$LAB_WORK/${who%=*}.err" &
	clients+=" $!"
done
sleep "$PICTURE_ON"
sed -i "s/minimal-responses/$limit minimal-responses/" "$LAB_WORK/bind-shop.lab.conf"
kill -HUP "${LAB_PID[bind-shop.lab]}"
check "the alert fires" lab_until 60 prometheus_has 'ALERTS{alertname="CaaUpstreamLimited",alertstate="firing"}'
# shellcheck disable=SC2086
wait $clients
end=$(date +%s)

# of those that were asked in each second: names answered, names failed
seconds() {
	jq -r --argjson qps "$PICTURE_QPS" '.names | to_entries[] | [(.key / $qps | floor), .value.passed] | @tsv' "$LAB_WORK/$1.json" |
		awk -v end="$PICTURE_SECONDS" '{ n[$1, $2]++ } END { for (s = 0; s < end; s++) print s, n[s, "true"] + 0, n[s, "false"] + 0 }'
}
for who in plain caa; do
	seconds $who >"$LAB_WORK/$who.data"
	awk -v who=$who '{ a += $2; f += $3 } END { printf "# %s: %d names answered, %d failed\n", who, a, f }' "$LAB_WORK/$who.data"
done
# series EXPRESSION: its values from Prometheus, in seconds since the start
series() {
	promtool query range --start="$start" --end="$end" --step=1s http://127.0.0.1:9090 "$1" | sed -n 's/^\([-+.e0-9]*\) @\[\([0-9.]*\)\]$/\2 \1/p' |
		awk -v start="$start" '{ print $1 - start, $2 }'
}
series 'sum(unbound_caa_upstreams_limited)' >"$LAB_WORK/limited.data"
series 'sum(ALERTS{alertname="CaaUpstreamLimited",alertstate="firing"})' >"$LAB_WORK/alert.data"
check "Prometheus has both" [ -s "$LAB_WORK/limited.data" -a -s "$LAB_WORK/alert.data" ]
failed_of() { awk '{ f += $3 } END { print f + 0 }' "$LAB_WORK/$1.data"; }
check "no name fails with the module ($(failed_of caa)), many do without it ($(failed_of plain))" [ "$(failed_of caa)" -eq 0 -a "$(failed_of plain)" -gt 100 ]
fires=$(head -n 1 "$LAB_WORK/alert.data" | cut -d' ' -f1)
gnuplot <<END || lab_die "gnuplot draws nothing"
set terminal svg size 900,540 background "white" font "sans,12"
set output "$PICTURE"
set multiplot layout 3,1 margins 0.07,0.98,0.1,0.94 spacing 0.1
set xrange [0:$PICTURE_SECONDS]
set yrange [0:$((PICTURE_QPS * 3 / 2))]
set ytics $((PICTURE_QPS / 2))
set key top right horizontal noenhanced
set arrow 1 from $PICTURE_ON, graph 0 to $PICTURE_ON, graph 1 nohead dashtype 2 linecolor rgb "#808080"
set label 1 "limiter on" at $PICTURE_ON, graph 0.88 offset 0.5,0
set title "plain Unbound: of $PICTURE_QPS names asked in each second" offset 0,-0.6
plot "$LAB_WORK/plain.data" using 1:2 with steps linewidth 2 linecolor rgb "#2a7f3f" title "answered", "$LAB_WORK/plain.data" using 1:3 with steps linewidth 2 linecolor rgb "#b02020" title "failed"
set title "Unbound with the module, beside it, at the same server"
plot "$LAB_WORK/caa.data" using 1:2 with steps linewidth 2 linecolor rgb "#2a7f3f" title "answered", "$LAB_WORK/caa.data" using 1:3 with steps linewidth 2 linecolor rgb "#b02020" title "failed"
set key bottom right
set title "what Prometheus has of the module"
set yrange [0:4]
set ytics 1
set xlabel "seconds"
unset label 1
set arrow 2 from $fires, graph 0 to $fires, graph 1 nohead linecolor rgb "#d08000"
set label 2 "CaaUpstreamLimited fires" at $fires, graph 0.88 offset 0.5,0
plot "$LAB_WORK/limited.data" using 1:2 with steps linewidth 2 linecolor rgb "#1f4e9c" title "unbound_caa_upstreams_limited"
unset multiplot
END
echo "drawn: $PICTURE ($(stat -c %s "$PICTURE") octets)"
