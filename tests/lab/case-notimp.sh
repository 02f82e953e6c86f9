# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# An authority that answers NOTIMP to CAA: every name fails, soon, and for few queries; all else is answered.

lab_need_plain
lab_fronted_zone
# What is not implemented does not reach BIND: dnsdist counts it.
lab_dnsdist dnsdist 127.0.53.12 127.0.53.13 -- "
	newServer({address='127.0.53.10:53', sockets=4}):setUp()
	addAction(QTypeRule(257), RCodeAction(DNSRCode.NOTIMP))
	controlSocket('127.0.53.12:5199')
	setKey('$(head -c 32 /dev/urandom | base64)')"

# counted: how many queries the rule has answered.
counted() { dnsdist -C "$LAB_WORK/dnsdist.lua" -e 'return showRules()' 2>/dev/null | awk '$1 == "0" { print $2 }'; }

# measure WHO TREE [CONFIGURATION]: sets failed, reasons, seconds, asked.
measure() {
	local who=$1
	lab_stop resolver
	lab_resolver resolver "$2" 127.0.53.30 "${3:-}"
	before=$(counted)
	lab_climb 127.0.53.30 "$(lab_names flat)" --timeout 30
	asked=$(($(counted) - before))
	echo "# $who: $failed of 100 failed ($reasons) in $seconds s, $asked queries answered NOTIMP"
}
measure plain "$UNBOUND_PLAIN"
plain_seconds=$seconds
measure caa "$UNBOUND_CAA" "$(lab_module_conf; lab_zone_conf .)"
check "every name fails ($failed)" [ "$failed" -eq 100 ]
check "with a reason ($reasons)" [ -n "$reasons" ]
lab_no_slower 'failure' "$seconds" "$plain_seconds" 0.25
check "at most four queries for each name ($asked)" [ "$asked" -le 404 ]
check "the rest of the zone is answered" [ -n "$(dig +tries=1 +time=5 +short a h7.shop.lab @127.0.53.30)" ]
