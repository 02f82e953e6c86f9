# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# make check-deb: the package under systemd, as it runs on a machine: Debian's unbound as a service, unbound-caa in its place, the recipe that
# hardens it, an upgrade, and its end.  PACKAGE_ROOT is a root of Debian with systemd, which is booted in a container in this lab;
# PACKAGE_FILES are the packages.

: "${PACKAGE_ROOT:=}" "${PACKAGE_FILES:=}"
[ -x "$PACKAGE_ROOT/lib/systemd/systemd" ] || lab_skip "no root of Debian with systemd; run make check-deb"
command -v systemd-nspawn >/dev/null || lab_skip "no systemd-nspawn here; run: apt-get install systemd-container"
lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
lab_spawn container systemd-nspawn --quiet --register=no --keep-unit --boot --console=pipe --machine=caalab -D "$PACKAGE_ROOT"
leader=
booted() {
	leader=$(cat /proc/[0-9]*/stat 2>/dev/null | awk -v up="${LAB_PID[container]}" '$2 == "(systemd)" && $4 == up { print $1 }')
	[ -n "$leader" ] && case $(inside systemctl is-system-running 2>/dev/null) in running|degraded) ;; *) false ;; esac
}
inside() { nsenter -t "$leader" --mount --pid --ipc --uts --cgroup --root --wd=/ /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@" </dev/null; }
apt_inside() { inside apt-get -y -q --no-install-recommends "$@" >"$LAB_WORK/apt.out" 2>&1 || { tail -n 20 "$LAB_WORK/apt.out" | sed 's/^/# /'; return 1; }; }
lab_until 60 booted || lab_skip "systemd does not start in a container here"
echo "# $(inside systemctl --version | head -n 1)"
is() { [ "$(inside systemctl show -P "$2" "$1")" = "$3" ]; }
answers() { dig +tries=1 +time=5 caa "$1.shop.lab" @127.0.0.1 | grep -q 'status: NOERROR'; }
runs() { is unbound.service ActiveState active && answers "$1"; }
conf=$PACKAGE_ROOT/etc/unbound/unbound.conf.d
lab_conf() { printf 'server:\n do-not-query-localhost: no\n domain-insecure: "lab."\nstub-zone:\n name: "lab."\n stub-addr: 127.0.53.2\n' >"$conf/lab.conf"; }

# --- Debian's, as a service ---------------------------------------------------------------------------------------------
debian=no
if apt_inside install unbound dns-root-data; then
	debian=yes
	lab_conf
	inside systemctl restart unbound
	check "Debian's unbound runs as a service" lab_until 20 runs h1
	old=$(inside systemctl show -P MainPID unbound)
else
	echo "# Debian's unbound is not to be had; the package is installed afresh"
fi

# --- ours, afresh or in its place ------------------------------------------------------------------------------------------
server=/opt/$(basename "$(printf '%s\n' $PACKAGE_FILES | grep '/unbound-caa_')")
start=$(date +%s%3N)
check "apt install $server" apt_inside install "$server"
echo "# apt took $(($(date +%s%3N) - start)) ms"
check "the service runs" lab_until 20 is unbound.service ActiveState active
if [ $debian = no ]; then
	lab_conf
	inside systemctl restart unbound
fi
check "  and answers" lab_until 20 runs h2
[ $debian = no ] || check "  another process than before" [ "$(inside systemctl show -P MainPID unbound)" != "$old" ]
check "  from the boot on" [ "$(inside systemctl is-enabled unbound)" = enabled ]
start=$(date +%s%3N)
sed -i -E 's/^#(caa-zone:|\t)/\1/' "$conf/unbound-caa.conf"
check "systemctl reload takes a caa-zone: in" inside systemctl reload unbound
check "  and the module is asked" lab_until 20 eval 'answers h3 && inside unbound-control stats_noreset | grep -q "^caa.questions=[1-9]"'
echo "# after $(($(date +%s%3N) - start)) ms"
check "systemctl reload refuses a configuration that is wrong" eval 'echo "caa-zone: name: \".\" caa-enable: maybe" >"$conf/wrong.conf"; ! inside systemctl reload unbound'
check "  and the server goes on" runs h4
rm "$conf/wrong.conf"
inside systemctl start unbound-caa-metrics.socket
check "the socket of the metrics answers" eval 'exec 9<>/dev/tcp/127.0.0.1/9953 && printf "GET / HTTP/1.0\r\n\r\n" >&9 && timeout 10 cat <&9 | grep -q "^unbound_caa_questions_total [1-9]"'

# --- what is left of Debian's is purged ---------------------------------------------------------------------------------------
if [ $debian = yes ]; then
	check "Debian's unbound is purged" apt_inside purge unbound
	check "  and the server goes on" runs h7
	# README says what its script does, and what to do then
	echo "# then it is $(inside systemctl is-enabled unbound)"
	inside systemctl enable unbound >/dev/null 2>&1
	check "  from the boot on, once that is said again" [ "$(inside systemctl is-enabled unbound)" = enabled ]
	check "  also when it is started anew" inside systemctl restart unbound
	check "  and answers" lab_until 20 runs h8
fi

# --- the recipe that hardens it, in the hands of who it is for ------------------------------------------------------------------
inside mkdir -p /etc/systemd/system/unbound.service.d
inside cp /usr/share/doc/unbound-caa/recipes/hardening.conf /etc/systemd/system/unbound.service.d/
echo 'caa: caa-log-file: "/var/log/unbound/caa.log"' >"$conf/log.conf"
inside systemctl daemon-reload
cursor=$(inside journalctl -q --no-pager -n 1 --show-cursor | sed -n 's/^-- cursor: //p')
check "hardening.conf: the service starts" inside systemctl restart unbound
check "  and answers" lab_until 20 runs h5
check "  with no new privileges" is unbound.service NoNewPrivileges yes
check "  without a warning" eval 'warned=$(inside journalctl -q --no-pager -u unbound -p warning --after-cursor="$cursor"); [ -n "$cursor" ] && [ -z "$warned" ]'
check "  its log is the server's" [ "$(inside stat -c %U /var/log/unbound/caa.log)" = unbound ]
check "  its exposure is that of the lab's case ($(inside systemd-analyze security --no-pager unbound.service | sed -n 's/.*exposure level for unbound.service: \([0-9.]*\) .*/\1/p'))" \
	eval 'inside systemd-analyze security --no-pager --threshold=35 unbound.service >/dev/null'

[ $LAB_FAILED -eq 0 ] || inside journalctl -q --no-pager -u unbound -u 'unbound-caa-metrics*' | tail -n 60 | sed 's/^/# /'

# --- the end ------------------------------------------------------------------------------------------------------------------
check "purge ends well" apt_inside purge unbound-caa
check "  and nothing runs" eval '! answers h6 && [ "$(inside systemctl show -P ActiveState unbound)" = inactive ]'
kill -TERM "${LAB_PID[container]}"
lab_until 20 lab_is_gone "${LAB_PID[container]}"
