# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# module/packaging/recipes, and what the package has of them: each as it is, but for addresses and paths, is run here.  What
# testdata/recipes has is run by case-recipe.

lab_need_plain
recipes=$LAB_TOP/module/packaging/recipes debian=$LAB_TOP/module/packaging/debian
for program in dnsdist logrotate strace setpriv systemd-analyze; do
	command -v $program >/dev/null || lab_skip "no $program here; ./bootstrap installs what the lab needs"
done
lab_root_and_tld
lab_delegate none.lab 127.0.53.10	# whose server refuses
LAB_NAMES=200 lab_authority_bind shop.lab 127.0.53.10 127.0.53.11 "$LAB_BIND_LIMIT"
lab_start_parents
echo '. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D' >"$LAB_WORK/root.key"

# as_installed NAME ADDRESS RECIPE: a configuration of the package's files and a recipe, in this lab.
as_installed() {
	lab_address "$2"
	lab_address "127.0.54.${2##*.}"
	LAB_LOG[$1]=$LAB_WORK/$1.log
	{
		cat "$debian/conf.d/root-auto-trust-anchor-file.conf" "$debian/conf.d/unbound-caa.conf" "$debian/conf.d/remote-control.conf" "$3" |
			sed "s|/var/lib/unbound/|$LAB_WORK/|; s|/usr/lib/unbound/unbound-caa.so|$CAA_MODULE|; s|/run/unbound.ctl|$LAB_WORK/$1.ctl|
				s|/etc/unbound/|$LAB_WORK/|; s|interface: 0.0.0.0@|interface: $2@|; /interface: ::0/d"
		printf 'server:\n directory: "%s"\n chroot: ""\n username: "%s"\n pidfile: ""\n use-syslog: no\n logfile: "%s"\n' \
			"$LAB_WORK" "${LAB_USER:-}" "$LAB_WORK/$1.log"
		printf ' interface: %s\n outgoing-interface: %s\n extended-statistics: yes\n do-ip6: no\n do-not-query-localhost: no\n domain-insecure: "lab."\n' "$2" "127.0.54.${2##*.}"
		printf 'stub-zone:\n name: "lab."\n stub-addr: 127.0.53.2\n'
	} >"$LAB_WORK/$1.conf"
	"$UNBOUND_CAA/unbound-checkconf" "$LAB_WORK/$1.conf" >"$LAB_WORK/checkconf" 2>&1
	check "${3##*/}: unbound-checkconf has no advice" eval '! grep -v "no errors in" "$LAB_WORK/checkconf"'
}

# --- as Let's Encrypt has it, asked as Boulder asks ------------------------------------------------------------------------
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$LAB_WORK/doh.key" -out "$LAB_WORK/doh.pem" \
	-days 2 -subj /CN=lab -addext "subjectAltName=IP:127.0.53.31" 2>/dev/null
as_installed boulder 127.0.53.31 "$recipes/lets-encrypt.conf"
lab_start_resolver boulder "$UNBOUND_CAA" 127.0.53.31
lab_climb 127.0.53.31 "$(lab_names flat)" --as boulder --doh-ca "$LAB_WORK/doh.pem"
check "lets-encrypt.conf: Boulder gets 100 names through, behind a limit of 20 a second" [ "$failed" -eq 0 ]
check "  over DoH" [ "$(lab_stat boulder num.query.https)" -ge 100 ]

# --- as an Open MPIC perspective has it, asked as its checker asks -----------------------------------------------------------
as_installed mpic 127.0.53.32 "$recipes/open-mpic.conf"
lab_start_resolver mpic "$UNBOUND_CAA" 127.0.53.32
lab_start_bind shop.lab 127.0.53.10 127.0.53.11 "$LAB_BIND_LIMIT"
# its app.conf, as the recipe has it
seconds_of() { sed -n "s/^#  *$1=//p" "$recipes/open-mpic.conf"; }
lab_climb 127.0.53.32 "$(lab_names flat)" --as open-mpic --timeout "$(seconds_of dns_timeout_seconds)" --total "$(seconds_of dns_resolution_lifetime_seconds)"
check "open-mpic.conf: Open MPIC gets 100 names through, behind the same limit" [ "$failed" -eq 0 ]
check "  with more threads than one" [ "$(lab_stat mpic thread1.num.queries)" != "" ]
# what the image's test runs is that it is a drop-in
compose=$recipes/open-mpic.compose.yaml
check "open-mpic.compose.yaml mounts what is there" [ -f "$recipes/$(sed -n 's|.*- \./\([^:]*\):.*|\1|p' "$compose")" ]
check "  over what the image has" [ -f "$LAB_TOP/module/packaging/image/$(basename "$(sed -n 's|.*- \./[^:]*:\([^:]*\):ro|\1|p' "$compose")")" ]
lab_stop boulder
lab_stop mpic

# --- on trial beside a resolver that runs ----------------------------------------------------------------------------------------
running=127.0.53.61 trial=127.0.53.62 front=127.0.53.69
lab_address $front
lab_resolver running "$UNBOUND_PLAIN" $running
lab_resolver trial "$UNBOUND_CAA" $trial "$(lab_module_conf; lab_zone_conf .)
server:
 extended-statistics: yes
 local-zone: \"h7.shop.lab.\" static
 local-data: \"h7.shop.lab. 60 CAA 0 issue \\\"other.lab\\\"\""
lab_start_bind shop.lab 127.0.53.10 127.0.53.11
{
	echo 'setSecurityPollSuffix("") setConsoleACL("127.0.0.0/8") controlSocket("127.0.0.1:5199") setKey("c2VjcmV0IG9mIHRoZSBsYWIsIDMyIG9jdGV0cyB4eHg=")'
	sed "s/192\.0\.2\.9:53/$front:53/; s/192\.0\.2\.1:/$running:/; s/192\.0\.2\.2:/$trial:/" "$recipes/trial.dnsdist.conf"
} >"$LAB_WORK/dnsdist.lua"
lab_spawn dnsdist dnsdist --supervised --disable-syslog -C "$LAB_WORK/dnsdist.lua"
lab_wait_answers $front shop.lab
asked() { echo $(($(lab_stat trial total.num.queries))); }
before=$(asked)
lab_climb $front "$(lab_names flat 20)"
check "trial.dnsdist.conf: names are answered" [ "$failed" -eq 0 ]
sent=$(jq .summary.sent "$LAB_WORK/climb.json")
has_all() { [ $(($(asked) - before)) -eq "$sent" ]; }
check "  and each of the $sent questions is copied" lab_until 10 has_all
check "  no other type is" eval 'dig +tries=1 +time=5 a h1.shop.lab @$front >/dev/null; [ "$(lab_stat trial num.query.type.other)" = "$(asked)" ]'
check "  the one that runs has the word" [ "$(dig +tries=1 +time=5 +short caa h7.shop.lab @$front)" = '' ]
kill -STOP "${LAB_PID[trial]}"
lab_climb $front "$(lab_second_names flat 20)" --timeout 10
check "  also where the one on trial stands still" [ "$failed" -eq 0 ]
kill -CONT "${LAB_PID[trial]}"

# The names of a day: two that are worse, one with another record, and behind a limit those that are better.
printf '#!/bin/sh\nexec "%s" "$@"\n' "$CAA_CLIMB" >"$LAB_WORK/caa-climb"
chmod +x "$LAB_WORK/caa-climb"
compare() { PATH=$LAB_WORK:$PATH "$recipes/trial-compare" $running $trial "$@" >"$LAB_WORK/compare" 2>"$LAB_WORK/compare.err"; compare_status=$?; }
kind() { jq -r 'select(.kind == "'"$1"'") | .name' "$LAB_WORK/compare" | paste -sd' '; }
compare < <(seq -f 'h%.0f.shop.lab' 6)
check "trial-compare: nothing to say of what is the same ($(tail -n 1 "$LAB_WORK/compare"))" \
	[ "$compare_status $(tail -n 1 "$LAB_WORK/compare")" = '0 {"names":6,"same":6}' ]
compare < <(seq -f 'h%.0f.shop.lab' 8)
check "  another record is said" [ "$compare_status $(kind other)" = '1 h7.shop.lab' ]
check "  with what both found" [ "$(jq -c 'select(.kind == "other") | [.running.owner, (.trial.records | length)]' "$LAB_WORK/compare")" = '[null,1]' ]
lab_control trial local_zone bad.shop.lab refuse >/dev/null
compare < <(printf '%s\n' h1.shop.lab x.bad.shop.lab)
check "  a name that only the one that runs has an answer for is worse" [ "$compare_status $(kind worse)" = '1 x.bad.shop.lab' ]
lab_start_bind shop.lab 127.0.53.10 127.0.53.11 "$LAB_BIND_LIMIT"
compare --timeout 2.5 < <(seq -f 'h%.0f.shop.lab' 101 150)
check "  and behind a limit there are better ones ($(tail -n 1 "$LAB_WORK/compare"))" [ "$compare_status $(tail -n 1 "$LAB_WORK/compare" | jq '.better > 5')" = '0 true' ]
compare --no-such-option < <(echo h1.shop.lab)
check "  what goes wrong is said" [ $compare_status -eq 2 ]
lab_stop dnsdist
lab_stop running
lab_stop trial

# --- systemd: what the service may do ---------------------------------------------------------------------------------------------
# A root with the unit, and programs that are there by name; what the recipe adds is measured, and read without a complaint.
sd=$LAB_WORK/sd
mkdir -p "$sd/etc/systemd/system/unbound.service.d" "$sd/usr/sbin" "$sd/usr/libexec/unbound" "$sd/bin"
cp "$debian/unbound-caa.unbound.service" "$sd/etc/systemd/system/unbound.service"
sed -n 's/^Exec[A-Za-z]*=[-+]*\([^ ]*\).*/\1/p' "$sd/etc/systemd/system/unbound.service" | sort -u |
	while read -r program; do install -m 755 /dev/null "$sd$program"; done
for target in sysinit basic network shutdown nss-lookup multi-user; do printf '[Unit]\nDescription=%s\n' $target >"$sd/etc/systemd/system/$target.target"; done
exposure() { systemd-analyze security --offline=true --no-pager --root="$sd" unbound.service 2>/dev/null | sed -n 's/.*exposure level for unbound.service: \([0-9.]*\) .*/\1/p'; }
verified() { systemd-analyze verify --man=no --root="$sd" unbound.service >"$LAB_WORK/verify" 2>&1 && [ ! -s "$LAB_WORK/verify" ] || { cat "$LAB_WORK/verify"; return 1; }; }
open=$(exposure)
check "the package's unit is right" verified
cp "$recipes/hardening.conf" "$sd/etc/systemd/system/unbound.service.d/"
check "hardening.conf: is right" verified
check "  exposure as systemd-analyze has it is below 3 ($(exposure), without it $open)" at_most "$(exposure)" 2.9
unit() { sed -n "s/^$1=//p" "$recipes/hardening.conf"; }
# The system calls that it allows, without the names of groups; the rest fails as the unit says, and so do other capabilities and
# writes to elsewhere.
allowed() {
	local set=$1 name
	systemd-analyze syscall-filter "$set" --no-pager 2>/dev/null | sed -n 's/^ *\([@a-z0-9_-]*\)$/\1/p' | grep -vx "$set" | while read -r name; do
		case $name in @*) allowed "$name" ;; *) echo "$name" ;; esac
	done
}
for set in $(unit SystemCallFilter | sed -n 's/^~//p'); do allowed "$set"; done | sort -u >"$LAB_WORK/calls-no"
for set in $(unit SystemCallFilter | grep -v '^~'); do allowed "$set"; done | sort -u | comm -23 - "$LAB_WORK/calls-no" >"$LAB_WORK/calls"
check "  it allows some system calls ($(wc -l <"$LAB_WORK/calls"))" [ "$(wc -l <"$LAB_WORK/calls")" -gt 100 ]
# Folders as the package has them, and the rest of this machine read-only.
mkdir -p "$LAB_WORK/var/lib" "$LAB_WORK/var/log" "$LAB_WORK/var/run"
cp "$LAB_WORK/root.key" "$CAA_MODULE" "$LAB_WORK/var/lib/"	# the folder that it was built in may be closed to others
chown -R nobody:nogroup "$LAB_WORK/var/lib" "$LAB_WORK/var/log"
chmod 2750 "$LAB_WORK/var/log"
printf 'caa:\n caa-log-file: "/var/log/unbound/caa.log"\ncaa-zone:\n name: "."\n caa-enable: yes\n caa-budget: 1\n caa-log-after: 1\n' >"$LAB_WORK/hardened.add"
LAB_USER=nobody as_installed hardened 127.0.53.33 "$LAB_WORK/hardened.add"
sed -i "s|$LAB_WORK/hardened.log||; s|$LAB_WORK/root.key|$LAB_WORK/var/lib/root.key|; s|/var/log/unbound|$LAB_WORK/var/log|; s|$LAB_WORK/hardened.ctl|$LAB_WORK/var/run/ctl|
	s|directory: .*|directory: \"/\"|; s|$CAA_MODULE|$LAB_WORK/var/lib/${CAA_MODULE##*/}|" "$LAB_WORK/hardened.conf"
unset "LAB_LOG[hardened]"
capabilities=$(unit CapabilityBoundingSet | tr 'A-Z ' 'a-z\n' | sed 's/^cap_/+/' | paste -sd,)
calls=$(sed 's/^/?/' "$LAB_WORK/calls" | paste -sd,)
cat >"$LAB_WORK/hardened.sh" <<END
mount --bind "$LAB_WORK/var" "$LAB_WORK/var" && mount -o remount,bind,ro / || exit 1
exec setpriv --bounding-set=-all,$capabilities --no-new-privs strace -f --seccomp-bpf -qq -o "$LAB_WORK/var/refused" -e trace='!$calls' -e inject='!$calls:error=EPERM' "\$@"
END
lab_start_bind shop.lab 127.0.53.10 127.0.53.11
LAB_START_SECONDS=60 LAB_WRAP="unshare --mount sh $LAB_WORK/hardened.sh" lab_start_resolver hardened "$UNBOUND_CAA" 127.0.53.33
lab_climb 127.0.53.33 "$(lab_names flat 20)"
sed 's/^/# refused: /' "$LAB_WORK/var/refused"
check "  and the server starts, and answers" [ "$failed" -eq 0 ]
check "  as its user, with no capability" eval '
	pid=$(lab_control hardened status | sed -n "s/^unbound (pid \([0-9]*\)).*/\1/p"); [ "$(sed -n "s/^CapEff:\t0*//p" "/proc/$pid/status") $(stat -c %U "/proc/$pid")" = " nobody" ]'
check "  it was refused nothing" [ ! -s "$LAB_WORK/var/refused" ]
check "  without a warning" eval '! grep -iE "warning|error|could not|cannot" "$LAB_WORK/hardened.out"'

# --- the log: rotated, and written anew -----------------------------------------------------------------------------------------------
log=$LAB_WORK/var/log/caa.log
# fails NAME FILE: a name that fails, whose line comes into the file
fails() {
	dig +tries=1 +time=15 caa "$1" @127.0.53.33 >/dev/null
	lab_until 10 grep -qs "\"$1\.\?\"" "$2"
}
check "a name that fails is in caa-log-file" fails one.none.lab "$log"
sed "s|/var/log/unbound|$LAB_WORK/var/log|; s|unbound-control|$LAB_TREE/unbound-control -c $LAB_WORK/hardened.conf|" "$debian/unbound-caa.logrotate" >"$LAB_WORK/logrotate.conf"
rotate() { logrotate --force --state "$LAB_WORK/logrotate.state" "$LAB_WORK/logrotate.conf" >"$LAB_WORK/logrotate.out" 2>&1 && [ ! -s "$LAB_WORK/logrotate.out" ] || { cat "$LAB_WORK/logrotate.out"; return 1; }; }
check "logrotate rotates it" rotate
check "  the next one that fails is in the new file" fails two.none.lab "$log"
check "  and not in the old one" [ "$(grep -c '"two\.' "$log.1")/$(grep -c '"one\.' "$log.1")" = 0/1 ]
check "  it is the server's" [ "$(stat -c %U "$log")" = nobody ]
check "  no line is lost" [ "$(lab_stat hardened caa.log.lost)" = 0 ]
check "logrotate rotates it again" rotate
check "  what is older is compressed" [ "$(zcat "$log.2.gz" | grep -c '"one\.')" = 1 ]
