# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# unbound-control caa_metrics: what Prometheus is told, by its own judgement, beside the lines of stats, which other readers take.

lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .; lab_zone_conf shop.lab 50)"
lab_climb 127.0.53.30 "$(lab_names flat 20)"
dig +tries=1 +time=5 caa gone.nowhere.lab @127.0.53.30 >/dev/null

metrics() { lab_control caa caa_metrics; }
metric() { metrics | sed -n "s/^$1 //p"; }

metrics >"$LAB_WORK/metrics"
if command -v promtool >/dev/null; then
	promtool check metrics <"$LAB_WORK/metrics" >"$LAB_WORK/promtool" 2>&1
	status=$?
	check "promtool check metrics has nothing to say" eval '[ $status -eq 0 ] && [ ! -s "$LAB_WORK/promtool" ]'
	sed 's/^/# /' "$LAB_WORK/promtool"
else
	echo "# no promtool here (Debian's package prometheus): its check is left out"
fi
check "every line is a comment or a value" eval '! grep -vqE "^(# (HELP|TYPE) unbound_caa_[a-z_]+ .+|unbound_caa_[a-z_]+(\{[a-z]+=\"[^\"]*\"(,[a-z]+=\"[^\"]*\")*\})? [0-9.]+)$" "$LAB_WORK/metrics"'
# Each line of stats is in the metric that the manual's table names, and has its value.
lab_control caa stats_noreset | grep '^caa\.' >"$LAB_WORK/stats"
"$LAB_BUILD/counted" | awk '/^caa\./ { print $1, $2, $3, $5 }' >"$LAB_WORK/table"
check "the table has every line of stats" cmp <(cut -d' ' -f1 "$LAB_WORK/table") <(cut -d= -f1 "$LAB_WORK/stats")
while read -r line kind unit name; do
	[ "$name" != - ] || continue
	value=$(sed -n "s/^${line//./\\.}=//p" "$LAB_WORK/stats") type=$kind series=unbound_caa_$name
	[ "$unit" != us ] || value=$(printf '%d.%06d' $((value / 1000000)) $((value % 1000000)))
	case $line in
	caa.wait.count) series+=_count type=summary ;;
	caa.wait.sum_us) series+=_sum type=summary ;;
	caa.failures) continue ;;
	caa.failures.names|caa.failures.repeated|caa.failures.cached) ;;
	caa.failures.*) series+="{class=\"${line#caa.failures.}\"}" ;;
	esac
	check "$series has $line" grep -qxF "$series $value" "$LAB_WORK/metrics"
	check "  it is a $type, with a help" [ "$(grep -cE "^# (TYPE unbound_caa_$name $type|HELP unbound_caa_$name .+)\$" "$LAB_WORK/metrics")" -eq 2 ]
done <"$LAB_WORK/table"
check "the classes' sum is all failures" \
	[ "$(sed -n 's/^unbound_caa_failures_total{.*} //p' "$LAB_WORK/metrics" | awk '{ n += $1 } END { print n }')" -eq "$(sed -n 's/^caa\.failures=//p' "$LAB_WORK/stats")" ]
check "an upstream with a rate is counted" [ "$(metric unbound_caa_upstreams_limited)" -eq 2 ]
check "the releases are labels" grep -q "^unbound_caa_info{unbound=\"$("$UNBOUND_CAA/unbound" -V | sed -n 's/^Version //p')\",module=\"[0-9.]*\"} 1\$" "$LAB_WORK/metrics"

# stats resets its own lines, and no metric.
before=$(metric unbound_caa_questions_total)
lab_control caa stats >/dev/null
check "stats resets its line" [ "$(lab_stat caa caa.questions)" -eq 0 ]
check "  and no metric" [ "$(metric unbound_caa_questions_total)" -eq "$before" ]
longest=$(metric unbound_caa_wait_max_seconds)
check "  not the longest wait either ($longest s)" eval '[ "$longest" != 0.000000 ] && [ "$longest" = "$(sed -n "s/^unbound_caa_wait_max_seconds //p" "$LAB_WORK/metrics")" ]'
dig +tries=1 +time=5 +short caa h30.shop.lab @127.0.53.30 >/dev/null
lab_control caa flush_stats >/dev/null
check "after flush_stats it has what came since" [ "$(metric unbound_caa_questions_total)" -eq $((before + 1)) ]
check "arguments are an error" eval 'lab_control caa caa_metrics json 2>&1 | grep -q "^error caa_metrics"'

# The readers of stats in use, each by its own published rule: what is said of a line of ours that one takes for something else.
# In awk $1 is the name, $2 the value, and kind[] has what the manual says of a line that is the module's.
lab_control caa stats_noreset >"$LAB_WORK/all"
# reader NAME PROGRAM: the program of awk prints each line that is wrong
is_read() { awk -F= "$1" "$LAB_WORK/table" "$LAB_WORK/all" >"$LAB_WORK/reader" 2>&1 && [ ! -s "$LAB_WORK/reader" ] || { sed 's/^/# /' "$LAB_WORK/reader"; false; }; }
reader() { check "$1 takes the lines of stats for what they are" is_read "$2"; }
number='$2 ~ /^-?[0-9]+(\.[0-9]+)?$/'
ours='FILENAME ~ /table$/ { split($0, row, " "); kind[row[1]] = row[2]; next }'
# Let's Encrypt's unbound_exporter gives all up at a line that is no pair; all names that it knows begin so.
reader unbound_exporter "$ours"' NF != 2; $1 in kind && /^(num|thread[0-9]+|mem|rrset|msg|infra|time|unwanted|total|histogram)\./; !/^caa\./ && $1 ~ /caa/'
# Telegraf leaves out what is no pair, complains of a value that is no number, and writes "_" for each dot.
reader Telegraf "$ours NF != 2; !($number)"'; $1 in kind && /^(thread|histogram\.)/; { gsub(/\./, "_", $1) } $1 in seen; { seen[$1] }'
# Netdata as well gives all up at what is no pair of a name and a number; averages and medians it multiplies by 1000.
reader Netdata "$ours NF != 2; !($number)"'; $1 in kind && ($1 ~ /\.(avg|median)$/ || /^(thread|num\.|histogram)/)'
# Datadog takes (\S+)=(.*\d); a histogram is left out, and by some names it knows what is a count, which it adds up.
reader Datadog "$ours"' !/^[^ \t=]+=.*[0-9]$/; $1 in kind && $1 ~ /histogram/
	$1 in kind && $1 ~ /num\.|unwanted|\.count/ && kind[$1] != "counter" { print $0, "is added up" }'
# munin looks for "^NAME=", whose dots stand for anything.
reader munin "$ours"' { line[FNR] = $1 } END { for (i in line) { n = 0; for (j in line) n += line[j] ~ "^" line[i] "$"; if (n != 1) print line[i], n } }'
