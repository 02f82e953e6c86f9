# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# README's configuration is complete: a resolver with nothing else starts without advice and answers; and what README says is supported is
# what patches/releases has.

lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
{
	sed -n '/^## The smallest configuration/,/^[A-Z]/s/^    //p' "$LAB_TOP/README.md" |
		sed "s|dynlib-file: .*|dynlib-file: \"$CAA_MODULE\"|; s|auto-trust-anchor-file: .*|auto-trust-anchor-file: \"$LAB_WORK/root.key\"|"
	# where it runs: this lab
	printf 'server:\n directory: "%s"\n chroot: ""\n username: ""\n pidfile: ""\n use-syslog: no\n logfile: ""\n interface: 127.0.0.1\n' "$LAB_WORK"
	printf ' do-not-query-localhost: no\n domain-insecure: "lab."\n do-ip6: no\nstub-zone:\n name: "lab."\n stub-addr: 127.0.53.2\n'
	printf 'remote-control:\n control-enable: yes\n control-interface: "%s"\n' "$LAB_WORK/readme.ctl"
} >"$LAB_WORK/readme.conf"
echo '. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D' >"$LAB_WORK/root.key"
check "the configuration is more than a few lines" [ "$(grep -c . "$LAB_WORK/readme.conf")" -gt 20 ]
"$UNBOUND_CAA/unbound-checkconf" "$LAB_WORK/readme.conf" >"$LAB_WORK/checkconf" 2>&1
check "unbound-checkconf has no advice" eval '! grep -v "no errors in" "$LAB_WORK/checkconf"'
lab_start_resolver readme "$UNBOUND_CAA" 127.0.0.1
check "it starts without advice" eval '! grep "caa: " "$LAB_WORK/readme.out"'
lab_climb 127.0.0.1 "$(lab_names flat 20)"
check "it answers 20 names" [ "$failed" -eq 0 ]
for command in 'stats_noreset' 'caa_metrics' 'caa_upstreams' 'caa_failures' 'caa_explain www.example.com'; do
	check "README has unbound-control $command" grep -q "unbound-control $command" "$LAB_TOP/README.md"
	check "  and there is one" eval '! lab_control readme $command 2>&1 | grep -q "error unknown"'
done
for release in $(sed -n 's/^\([0-9][0-9.]*\) .*/\1/p' "$LAB_TOP/patches/releases"); do
	check "README names Unbound $release" grep -q "\b${release//./\\.}\b" "$LAB_TOP/README.md"
done
for target in $(grep -oh 'make [a-z][a-z-]*' "$LAB_TOP/README.md" | cut -d' ' -f2 | sort -u); do
	case $target in install|check) continue ;; esac
	check "make $target is a target" grep -qE "^([a-z-]+ )*$target( [a-z-]+)*:" "$LAB_TOP/Makefile.am"
done
