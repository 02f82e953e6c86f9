# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# make check-deb: the life of the Debian package in a root of Debian, PACKAGE_ROOT, where module/packaging/check-deb has installed it:
# configured, started as its unit says, asked, upgraded, purged.  PACKAGE_FILES are the packages, PACKAGE_BEFORE what was there before.

: "${PACKAGE_ROOT:=}" "${PACKAGE_FILES:=}" "${PACKAGE_BEFORE:=}"
[ -d "$PACKAGE_ROOT/etc/unbound" ] || lab_skip "no root of Debian with the package; run make check-deb"
in_root() { chroot "$PACKAGE_ROOT" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"; }
apt_in_root() { in_root apt-get -y -q "$@" >"$LAB_WORK/apt.out" 2>&1; }
conf=$PACKAGE_ROOT/etc/unbound/unbound.conf.d unit=$(find "$PACKAGE_ROOT"/{usr/,}lib/systemd/system/unbound.service 2>/dev/null | head -n 1)
mount -t proc proc "$PACKAGE_ROOT/proc" && mount --rbind /dev "$PACKAGE_ROOT/dev" || lab_die "nothing can be mounted in $PACKAGE_ROOT"

# The unit's lines, as systemd takes them: "-" lets a command fail.
unit_lines() { sed -n "s/^$1=+\?//p" "$unit"; }
start() {
	local line
	while read -r line; do
		in_root sh -c "${line#-}" </dev/null >>"$LAB_WORK/pre.out" 2>&1 || [ "${line#-}" != "$line" ] || return 1
	done < <(unit_lines ExecStartPre)
	# shellcheck disable=SC2046
	lab_spawn package chroot "$PACKAGE_ROOT" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin $(unit_lines ExecStart | sed 's/ \$DAEMON_OPTS//')
	lab_until 20 control_quiet status
}
control() { in_root unbound-control "$@"; }
control_quiet() { control "$@" >/dev/null 2>&1; }
stat_of() { control stats_noreset | sed -n "s/^${1//./\\.}=//p"; }

in_root unbound -V >"$LAB_WORK/version" 2>&1
for flag in --enable-subnet --enable-dnstap --enable-cachedb --enable-systemd --with-libhiredis --with-libnghttp2; do
	check "it is built $flag, as Debian's is" grep -q -- "$flag" "$LAB_WORK/version"
done
check "unbound-anchor needs no libunbound of another release" eval 'needs=$(in_root ldd /usr/sbin/unbound-anchor) && ! grep -q libunbound <<<"$needs"'

# The internet of this lab, in the place of the root's servers.
lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
printf 'server:\n do-not-query-localhost: no\n domain-insecure: "lab."\nstub-zone:\n name: "lab."\n stub-addr: 127.0.53.2\n' >"$conf/lab.conf"

check "as it is installed, its configuration is right, and needs no advice" \
	eval 'in_root unbound-checkconf >"$LAB_WORK/checkconf" 2>&1 && ! grep -v "no errors in" "$LAB_WORK/checkconf"'
sed -i -E 's/^#(caa-zone:|\t)/\1/' "$conf/unbound-caa.conf"
echo 'caa: caa-log-file: "/var/log/unbound/caa.log"' >"$conf/log.conf"
check "with a caa-zone: as well" eval 'in_root unbound-checkconf >"$LAB_WORK/checkconf" 2>&1 && ! grep -v "no errors in" "$LAB_WORK/checkconf"'
cat "$LAB_WORK/checkconf"
check "it starts as its unit says" start
check "  as the user unbound" [ "$(stat -c %u "/proc/${LAB_PID[package]}")" = "$(in_root id -u unbound)" ]
check "  with the trust anchor of dns-root-data, which it may write" \
	[ "$(in_root stat -c %U /var/lib/unbound/root.key)" = unbound ]
if [ -x "$PACKAGE_ROOT/usr/bin/caa-climb" ]; then
	# shellcheck disable=SC2046
	in_root caa-climb --server 127.0.0.1 $(seq -f 'h%.0f.shop.lab' 20) >"$LAB_WORK/climb.out" 2>&1
	status=$?
	sed 's/^/# /' "$LAB_WORK/climb.out" | tail -n 3
	check "caa-climb gets 20 names through" [ $status -eq 0 ]
else
	check "caa-tools is installed" false
fi
check "stats has the questions ($(stat_of caa.questions))" [ "$(stat_of caa.questions)" -ge 20 ]
check "caa_metrics has them" eval 'control caa_metrics | grep -q "^unbound_caa_questions_total [1-9]"'
check "  to be scraped, too" eval 'in_root /usr/libexec/unbound/unbound-caa-metrics </dev/null | grep -q "^unbound_caa_questions_total [1-9]"'
for manual in man8/unbound-caa.8 man5/unbound-caa.conf.5 man8/unbound-caa-control.8 man1/caa-climb.1 man1/caa-probe.1; do
	check "its manual is there: ${manual#*/}" [ -f "$PACKAGE_ROOT/usr/share/man/$manual.gz" ]
done
if command -v apparmor_parser >/dev/null; then
	mkdir -p "$PACKAGE_ROOT/etc/apparmor.d/local" "$LAB_WORK/apparmor.d"
	cp -r /etc/apparmor.d/. "$LAB_WORK/apparmor.d/" && cp "$PACKAGE_ROOT/etc/apparmor.d/usr.sbin.unbound" "$LAB_WORK/apparmor.d/"
	mkdir -p "$LAB_WORK/apparmor.d/local" && touch "$LAB_WORK/apparmor.d/local/usr.sbin.unbound"
	check "AppArmor can read its profile" apparmor_parser -Q -K -b "$LAB_WORK/apparmor.d" "$LAB_WORK/apparmor.d/usr.sbin.unbound"
else
	echo "# no apparmor_parser here: the profile was not read"
fi

# A module of another build is refused by apt.  repack FILE NEW SED: a package with another control file.
repack() {
	rm -rf "$LAB_WORK/repack"
	dpkg-deb -R "$1" "$LAB_WORK/repack" && sed -i -E "$3" "$LAB_WORK/repack/DEBIAN/control" &&
		dpkg-deb --root-owner-group -b "$LAB_WORK/repack" "$PACKAGE_ROOT/tmp/$2.deb" >/dev/null
}
plugin() {
	mkdir -p "$LAB_WORK/plugin/DEBIAN"
	printf 'Package: caa-plugin\nVersion: 1\nArchitecture: all\nMaintainer: lab <lab@localhost>\nDescription: lab\nDepends: %s\n' "$1" \
		>"$LAB_WORK/plugin/DEBIAN/control"
	dpkg-deb --root-owner-group -b "$LAB_WORK/plugin" "$PACKAGE_ROOT/tmp/plugin.deb" >/dev/null
}
abi=$(in_root dpkg-query -W -f '${Provides}' unbound-caa | grep -o 'unbound-caa-abi-[0-9a-f.-]*')
plugin "${abi%????}0000"
check "apt refuses what was built against another ABI (${abi%????}0000)" eval '! apt_in_root install /tmp/plugin.deb && grep -q "caa-plugin : Depends: unbound-caa-abi" "$LAB_WORK/apt.out"'
plugin "$abi"
check "  and takes what was built against this one ($abi)" apt_in_root install /tmp/plugin.deb
apt_in_root purge caa-plugin

# An upgrade leaves what the operator has written, and a server that runs where the configuration would not start.
server=$(printf '%s\n' $PACKAGE_FILES | grep '/unbound-caa_')
tools=$(printf '%s\n' $PACKAGE_FILES | grep '/caa-tools_')
repack "$server" new 's/^(Version: .*)$/\1+1/; s/^Recommends:.*/Recommends: caa-tools/; s/(Provides: unbound \(= )[^)]*/\19/'
echo 'caa-zone: name: "." caa-enable: maybe' >"$conf/wrong.conf"
check "an upgrade stops at a configuration that is wrong" eval '! apt_in_root install /tmp/new.deb'
check "  and says so" grep -q 'unbound-checkconf refuses the configuration' "$LAB_WORK/apt.out"
check "  and the server goes on" eval 'control_quiet status && kill -0 "${LAB_PID[package]}"'
rm "$conf/wrong.conf"
check "it ends when that is mended" in_root dpkg --configure unbound-caa
check "the operator's caa-zone: is still there" grep -q '^caa-zone:' "$conf/unbound-caa.conf"
lab_stop package
check "the new one starts" start
check "  and answers" [ "$(dig +tries=1 +time=5 caa h1.shop.lab @127.0.0.1 | grep -c 'status: NOERROR')" -eq 1 ]

# What Debian builds Unbound with stands in the chain with ours, in an order that unbound-checkconf knows.
# chain WHAT NAME MODULES [CONFIGURATION]
chain() {
	local asked=$2
	lab_stop package
	printf 'server:\n module-config: "%s"\n%s\n' "$3" "${4:-}" >"$conf/zz-chain.conf"
	check "with $1 it starts" start
	check "  and answers, through all of them" \
		eval '[ "$(dig +tries=1 +time=5 caa "$asked" @127.0.0.1 | grep -c "status: NOERROR")" -eq 1 ] && [ "$(stat_of caa.questions)" -ge 1 ]'
	rm "$conf/zz-chain.conf"
}
chain "subnetcache, and dnstap" h2.shop.lab "dynlib subnetcache validator iterator" \
	$'dnstap:\n dnstap-enable: yes\n dnstap-log-resolver-query-messages: yes\n dnstap-log-client-response-messages: yes'
chain cachedb h3.shop.lab "dynlib validator cachedb iterator"
if in_root unbound -V | grep -q -- --with-pythonmodule; then
	printf '%s\n' 'def init(id, cfg): return True' 'def deinit(id): return True' 'def inform_super(id, q, s, d): return True' 'def operate(id, event, q, d):' \
		' q.ext_state[id] = MODULE_FINISHED if event == MODULE_EVENT_MODDONE else MODULE_WAIT_MODULE' ' return True' >"$PACKAGE_ROOT/etc/unbound/pass.py"
	chain "its Python module" h4.shop.lab "python dynlib validator iterator" $'python:\n python-script: "/etc/unbound/pass.py"'
	rm "$PACKAGE_ROOT/etc/unbound/pass.py"
else
	[[ " ${DEB_BUILD_PROFILES:-} " != *" pkg.unbound-caa.python "* ]] || check "it was built with Unbound's Python module" false
	echo "# built without Unbound's Python module"
fi

# A start with a configuration that is wrong does not get as far as the server.
lab_stop package
echo 'caa-zone: name: "." caa-enable: maybe' >"$conf/wrong.conf"
check "the unit does not start with a configuration that is wrong" eval '! start'
rm "$conf/wrong.conf" "$conf/lab.conf"

check "purge ends well" eval 'apt_in_root purge unbound-caa caa-tools && apt_in_root autoremove --purge'
rm -f "$PACKAGE_ROOT"/tmp/*.deb
(cd "$PACKAGE_ROOT" && find . -xdev ! -path './var/lib/dpkg/*' ! -path './var/lib/apt/*' ! -path './var/cache/*' ! -path './var/log/*' \
	! -path './proc/*' ! -path './dev/*' ! -path './tmp/*' | sort) >"$LAB_WORK/after"
check "  and leaves what the operator has written" [ -f "$conf/log.conf" ]
grep -vxFf "$PACKAGE_BEFORE" "$LAB_WORK/after" | grep -vx './etc/unbound\(/unbound.conf.d\(/log.conf\)\?\)\?' >"$LAB_WORK/left"
rm -r "$conf"
echo "# $(wc -l <"$LAB_WORK/left") files of packages that apt keeps are new"
check "purge leaves nothing of it" eval '! grep -Ei "unbound|caa|root\.key" "$LAB_WORK/left"'
check "  no user" eval '! grep -q "^unbound:" "$PACKAGE_ROOT/etc/passwd"'
check "  no package" eval '! in_root dpkg-query -W -f "\${Package} \${db:Status-Status}\n" | grep -E "^(unbound|caa-)"'
