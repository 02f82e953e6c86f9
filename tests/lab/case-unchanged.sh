# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Unbound with the patches and the module loaded, but no zone enabled, is plain Unbound: the same answers, and the same
# queries at the authority.

lab_need_plain
LAB_RECORDS=$(printf 'shop.lab. 3600 CAA 0 issue "ca.lab"\nc.shop.lab. 3600 CNAME h1.shop.lab.\nx.h2.shop.lab. 3600 CAA 0 issue ";"
*.w.shop.lab. 3600 TXT "any"\nsub.shop.lab. 3600 DNAME other.shop.lab.\n')$'\n'
lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents

questions() {
	local name type
	for name in shop.lab h1.shop.lab h2.shop.lab c.shop.lab x.h2.shop.lab a.b.d1.shop.lab nothing.shop.lab deep.er.nothing.shop.lab \
		z.w.shop.lab h1.sub.shop.lab lab no.lab 1.2.3.4.5.6.7.8.9.shop.lab; do
		for type in CAA A TXT NS; do echo "$name $type"; done
	done
}

# ask RESOLVER-NAME TREE ADDRESS CONFIGURATION: leaves NAME.answers and NAME.asked.  One question after the other, as what
# questions at once find in the cache depends on their luck; and none is sent again because this machine is slow.
ask() {
	local name=$1 question
	lab_start_bind shop.lab 127.0.53.10 127.0.53.11
	lab_resolver "$1" "$2" "$3" "${4:-}"$'\nserver:\n infra-cache-min-rtt: 4000'
	questions | while read -r question; do
		# shellcheck disable=SC2086
		dig +tries=1 +time=20 +noall +comments +answer +authority +additional +nocookie "@$3" $question |
			sed 's/id: [0-9]*/id: N/; s/^\([^;][^ \t]*\)[ \t]*[0-9][0-9]*[ \t]/\1 TTL /' | sort
	done >"$LAB_WORK/$name.answers"
	lab_settled bind-shop.lab
	lab_queries bind-shop.lab >"$LAB_WORK/$name.asked"
	lab_stop "$name"
}

ask plain "$UNBOUND_PLAIN" 127.0.53.20
ask off "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf)"
ask disabled "$UNBOUND_CAA" 127.0.53.31 "$(lab_module_conf; printf 'caa-zone:\n name: "."\n caa-enable: no\n caa-rate: 1\n')"
ask absent "$UNBOUND_CAA" 127.0.53.32
ask on "$UNBOUND_CAA" 127.0.53.33 "$(lab_module_conf; lab_zone_conf .)"

for name in off disabled absent; do
	check "$name: the answers are plain Unbound's" diff -u "$LAB_WORK/plain.answers" "$LAB_WORK/$name.answers"
	check "$name: the queries are plain Unbound's" diff -u <(sort "$LAB_WORK/plain.asked") <(sort "$LAB_WORK/$name.asked")
done
check "on: the answers are plain Unbound's" diff -u "$LAB_WORK/plain.answers" "$LAB_WORK/on.answers"
check "on: the queries are not, so this case can tell" [ "$(sort "$LAB_WORK/plain.asked" | md5sum)" != "$(sort "$LAB_WORK/on.asked" | md5sum)" ]
