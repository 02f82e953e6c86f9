# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Debian's Prometheus, which scrapes the resolver caa as module/packaging/grafana says.

# shellcheck disable=SC2034 # for those who source this
grafana=$LAB_TOP/module/packaging/grafana

# prometheus_needs PROGRAM...: skip the case where these, or its own, are not there
prometheus_needs() {
	local program
	for program in prometheus promtool systemd-socket-activate "$@"; do
		command -v "$program" >/dev/null || lab_skip "no $program here; ./bootstrap installs what the lab needs"
	done
}

# prometheus_start ADDRESS: as the socket unit does, a process for each scrape at ADDRESS; unbound-control is that of the build.
prometheus_start() {
	mkdir "$LAB_WORK/bin"
	ln -s "$LAB_TREE/unbound-control" "$LAB_WORK/bin/unbound-control"
	lab_spawn scrape systemd-socket-activate --accept --inetd --setenv=PATH="$LAB_WORK/bin:$PATH" -l "$1" "$grafana/unbound-caa-metrics" -c "$LAB_WORK/caa.conf"
	cat >"$LAB_WORK/prometheus.yml" <<-END
		global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
		rule_files: [ '$grafana/alerts.yml' ]
		scrape_configs: [ { job_name: unbound-caa, static_configs: [ { targets: [ '$1' ] } ] } ]
	END
	lab_spawn prometheus prometheus --config.file="$LAB_WORK/prometheus.yml" --storage.tsdb.path="$LAB_WORK/tsdb" --web.listen-address=127.0.0.1:9090
}

# prometheus_ask EXPRESSION: its answer; prometheus_has EXPRESSION: whether it has one.
prometheus_ask() { promtool query instant http://127.0.0.1:9090 "$1" 2>&1; }
prometheus_has() { prometheus_ask "$1" | grep -q '=> '; }
prometheus_scrapes() { lab_until 60 prometheus_has 'unbound_caa_info and on (instance) up == 1'; }
