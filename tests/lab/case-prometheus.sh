# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Debian's Prometheus scrapes the resolver as module/packaging/grafana says; its alerts fire when they have to, and every expression of
# the dashboard has an answer.

# shellcheck source=tests/lab/prometheus.sh
. "$LAB_DIR/prometheus.sh"
prometheus_needs
check "promtool takes the alerts" eval 'promtool check rules "$grafana/alerts.yml" >"$LAB_WORK/promtool.out" 2>&1'
check "each fires where it has to" eval '(cd "$grafana" && promtool test rules alerts.test.yml) >>"$LAB_WORK/promtool.out" 2>&1'
check "the dashboard is JSON, and its panels have numbers of their own" \
	[ "$(jq '.panels | length' "$grafana/dashboard.json")" = "$(jq '[.panels[].id] | unique | length' "$grafana/dashboard.json")" ]

lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .; printf ' caa-cookie: no\n caa-tcp: no\n')"

address=$(sed -n 's/^ListenStream=//p' "$grafana/unbound-caa-metrics.socket")
check "the unit runs the program that is here" grep -q "^ExecStart=.*/unbound-caa-metrics\$" "$grafana/unbound-caa-metrics@.service"
prometheus_start "$address"
check "Prometheus scrapes it" prometheus_scrapes
lab_climb 127.0.53.30 "$(lab_names flat 20)"
check "it sees the questions" lab_until 30 prometheus_has 'unbound_caa_questions_total >= 20'
check "no alert fires" eval '! prometheus_has "ALERTS{alertstate=\"firing\"}"'

# The names that the expressions use are those of the resolver.
lab_control caa caa_metrics | sed -n 's/^\(unbound_caa_[a-z_]*\).*/\1/p' | sort -u >"$LAB_WORK/names"
for name in $(grep -oh 'unbound_caa_[a-z_]*' "$grafana/dashboard.json" "$grafana/alerts.yml" "$grafana/alerts.test.yml" | sort -u); do
	check "$name is a metric" grep -qx "$name" "$LAB_WORK/names"
done

lab_start_bind shop.lab 127.0.53.10 127.0.53.11 'rate-limit { all-per-second 20; window 5; slip 0; };'
lab_climb 127.0.53.30 "$(lab_second_names flat 80)" --timeout 30
check "a limiter that is switched on fires the alert" lab_until 60 prometheus_has 'ALERTS{alertname="CaaUpstreamLimited",alertstate="firing"}'
prometheus_ask 'ALERTS{alertstate="firing"}' | sed 's/^/# /'
check "  and no other" eval '! prometheus_has "ALERTS{alertname!=\"CaaUpstreamLimited\",alertstate=\"firing\"}"'
while IFS= read -r expression; do
	expression=${expression//\$__rate_interval/5m} expression=${expression//\$instance/.*}
	check "an answer to $expression" prometheus_has "${expression% > 0}"
done < <(jq -r '.panels[].targets[].expr' "$grafana/dashboard.json")

# What cannot be read is seen as that.
lab_stop caa
check "a resolver that is down is seen" lab_until 30 prometheus_has 'up{job="unbound-caa"} == 0'
