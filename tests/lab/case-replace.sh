# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# make check-deb: Debian's own unbound, installed, configured and running in a root of Debian, PACKAGE_ROOT, then unbound-caa in its place, and
# the way back.  PACKAGE_FILES are the packages.

: "${PACKAGE_ROOT:=}" "${PACKAGE_FILES:=}"
[ -d "$PACKAGE_ROOT/etc/apt" ] || lab_skip "no root of Debian; run make check-deb"
in_root() { chroot "$PACKAGE_ROOT" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@" </dev/null; }
# what dpkg asks of a file that was changed is answered as it proposes: it is kept
apt_in_root() { in_root apt-get -y -q --no-install-recommends -o Dpkg::Options::=--force-confold "$@" >"$LAB_WORK/apt.out" 2>&1 || { tail -n 20 "$LAB_WORK/apt.out" | sed 's/^/# /'; return 1; }; }
conf=$PACKAGE_ROOT/etc/unbound/unbound.conf.d state=$PACKAGE_ROOT/var/lib/unbound
mount -t proc proc "$PACKAGE_ROOT/proc" && mount --rbind /dev "$PACKAGE_ROOT/dev" || lab_die "nothing can be mounted in $PACKAGE_ROOT"
lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
status() { in_root dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null; }
answers() { dig +tries=1 +time=5 caa h1.shop.lab @127.0.0.1 | grep -q 'status: NOERROR'; }
# the packages are in apt's cache: check-deb fetched them outside of this network
apt_in_root install unbound dns-root-data || lab_skip "Debian's unbound is not to be had: $(grep -m 1 ^E: "$LAB_WORK/apt.out")"
echo "# Debian's unbound $(in_root dpkg-query -W -f '${Version}' unbound)"

# --- Debian's, with an operator's configuration and state, and running ------------------------------------------------------------------------
printf 'server:\n do-not-query-localhost: no\n domain-insecure: "lab."\n identity: "operator"\nstub-zone:\n name: "lab."\n stub-addr: 127.0.53.2\n' >"$conf/operator.conf"
echo '# the operator was here' >>"$PACKAGE_ROOT/etc/unbound/unbound.conf"
cp "$PACKAGE_ROOT/usr/share/dns/root.key" "$state/root.key"
in_root chown unbound:unbound /var/lib/unbound/root.key
uid=$(in_root id -u unbound)
# as its unit or its script starts it
start() { lab_spawn "$1" chroot "$PACKAGE_ROOT" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/sbin/unbound -d -p; lab_until 20 answers; }
if answers; then echo "# the package has started it"; else check "Debian's unbound answers" start debian; fi

# --- unbound-caa in its place -------------------------------------------------------------------------------------------------------------
server=$(printf '%s\n' $PACKAGE_FILES | grep '/unbound-caa_')
cp "$server" "$PACKAGE_ROOT/tmp/server.deb"
check "apt installs unbound-caa in the place of unbound" apt_in_root install /tmp/server.deb
grep -E '^(The following packages will be REMOVED|  unbound)' "$LAB_WORK/apt.out" | sed 's/^/# /'
check "  which is no longer installed" [ "$(status unbound) $(status unbound-caa)" = 'config-files installed' ]
check "  what a configuration had is there" grep -q operator "$conf/operator.conf"
check "  the file that was changed, too" grep -q 'the operator was here' "$PACKAGE_ROOT/etc/unbound/unbound.conf"
# Debian's script removes /var/lib/unbound when its package goes
check "  and there is a trust anchor, which is the server's" [ "$(stat -c %u "$state/root.key")" = "$uid" ]
check "  and the user" [ "$(in_root id -u unbound)" = "$uid" ]
check "  unbound-checkconf has nothing to say" eval 'in_root unbound-checkconf >"$LAB_WORK/checkconf" 2>&1 && ! grep -v "no errors in" "$LAB_WORK/checkconf"'
cat "$LAB_WORK/checkconf"
lab_stop debian
check "  nothing of the old one runs" eval '! answers'
sed -i -E 's/^#(caa-zone:|\t)/\1/' "$conf/unbound-caa.conf"
check "the new one starts, and answers" start ours
check "  with the module, and the operator's settings" eval 'in_root unbound-control stats_noreset | grep -q "^caa.questions=[1-9]" &&
	[ "$(dig +tries=1 +time=5 +short ch txt id.server @127.0.0.1)" = "\"operator\"" ]'

# --- what is left of Debian's is purged -------------------------------------------------------------------------------------------------------
check "Debian's unbound can be purged" apt_in_root purge unbound
check "  and unbound-caa stays" [ "$(status unbound-caa)" = installed ]
check "  with its user" [ "$(in_root id -u unbound)" = "$uid" ]
check "  with the operator's configuration" [ -f "$conf/operator.conf" ]
lab_stop ours
in_root /usr/libexec/unbound/unbound-anchor-copy
check "  it starts again, and answers" start ours
lab_stop ours

# --- and back ---------------------------------------------------------------------------------------------------------------------------------------
rm -f "$conf/unbound-caa.conf"
check "apt installs Debian's unbound again" apt_in_root install unbound
check "  in its place" [ "$(status unbound) $(status unbound-caa)" = 'installed config-files' ]
check "unbound-caa can be purged" apt_in_root purge unbound-caa
check "  and leaves what is Debian's" eval '[ -d "$state" ] && [ -f "$conf/operator.conf" ] && [ -f "$PACKAGE_ROOT/etc/unbound/unbound.conf" ] && [ "$(in_root id -u unbound)" = "$uid" ]'
answers || check "  which answers" start debian
lab_stop debian
check "it can be purged, too" apt_in_root purge unbound
rm -rf "$PACKAGE_ROOT/etc/unbound"
