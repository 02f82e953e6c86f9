# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Debian's Prometheus scrapes the resolver as module/packaging/grafana says; its alerts fire when they have to, and every expression of
# the dashboard has an answer.

for program in prometheus promtool systemd-socket-activate; do
	command -v $program >/dev/null || lab_skip "no $program here; ./bootstrap installs what the lab needs"
done
grafana=$LAB_TOP/module/packaging/grafana
check "promtool takes the alerts" eval 'promtool check rules "$grafana/alerts.yml" >"$LAB_WORK/promtool.out" 2>&1'
check "each fires where it has to" eval '(cd "$grafana" && promtool test rules alerts.test.yml) >>"$LAB_WORK/promtool.out" 2>&1'
check "the dashboard is JSON, and its panels have numbers of their own" \
	[ "$(jq '.panels | length' "$grafana/dashboard.json")" = "$(jq '[.panels[].id] | unique | length' "$grafana/dashboard.json")" ]

lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .; printf ' caa-cookie: no\n caa-tcp: no\n')"

# As the socket unit does: a process for each scrape; unbound-control is that of the build.
mkdir "$LAB_WORK/bin"
ln -s "$LAB_TREE/unbound-control" "$LAB_WORK/bin/unbound-control"
address=$(sed -n 's/^ListenStream=//p' "$grafana/unbound-caa-metrics.socket")
check "the unit runs the program that is here" grep -q "^ExecStart=.*/unbound-caa-metrics\$" "$grafana/unbound-caa-metrics@.service"
lab_spawn scrape systemd-socket-activate --accept --inetd --setenv=PATH="$LAB_WORK/bin:$PATH" -l "$address" "$grafana/unbound-caa-metrics" -c "$LAB_WORK/caa.conf"
cat >"$LAB_WORK/prometheus.yml" <<END
global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [ '$grafana/alerts.yml' ]
scrape_configs: [ { job_name: unbound-caa, static_configs: [ { targets: [ '$address' ] } ] } ]
END
lab_spawn prometheus prometheus --config.file="$LAB_WORK/prometheus.yml" --storage.tsdb.path="$LAB_WORK/tsdb" --web.listen-address=127.0.0.1:9090
ask() { promtool query instant http://127.0.0.1:9090 "$1" 2>&1; }
has() { ask "$1" | grep -q '=> '; }
check "Prometheus scrapes it" lab_until 60 has 'unbound_caa_info and on (instance) up == 1'
lab_climb 127.0.53.30 "$(lab_names flat 20)"
check "it sees the questions" lab_until 30 has 'unbound_caa_questions_total >= 20'
check "no alert fires" eval '! has "ALERTS{alertstate=\"firing\"}"'

# The names that the expressions use are those of the resolver.
lab_control caa caa_metrics | sed -n 's/^\(unbound_caa_[a-z_]*\).*/\1/p' | sort -u >"$LAB_WORK/names"
for name in $(grep -oh 'unbound_caa_[a-z_]*' "$grafana/dashboard.json" "$grafana/alerts.yml" "$grafana/alerts.test.yml" | sort -u); do
	check "$name is a metric" grep -qx "$name" "$LAB_WORK/names"
done

lab_start_bind shop.lab 127.0.53.10 127.0.53.11 'rate-limit { all-per-second 20; window 5; slip 0; };'
lab_climb 127.0.53.30 "$(lab_second_names flat 80)" --timeout 30
check "a limiter that is switched on fires the alert" lab_until 60 has 'ALERTS{alertname="CaaUpstreamLimited",alertstate="firing"}'
ask 'ALERTS{alertstate="firing"}' | sed 's/^/# /'
check "  and no other" eval '! has "ALERTS{alertname!=\"CaaUpstreamLimited\",alertstate=\"firing\"}"'
while IFS= read -r expression; do
	expression=${expression//\$__rate_interval/5m} expression=${expression//\$instance/.*}
	check "an answer to $expression" has "${expression% > 0}"
done < <(jq -r '.panels[].targets[].expr' "$grafana/dashboard.json")

# What cannot be read is seen as that.
lab_stop caa
check "a resolver that is down is seen" lab_until 30 has 'up{job="unbound-caa"} == 0'
