# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# README's configuration is complete: a resolver with nothing else starts without advice and answers; every command of README is run,
# here or by the test that is named here; and what README says is supported is what patches/releases has.

lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_delegate none.lab 127.0.53.10	# whose server refuses
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

# --- its commands: lines that are none of a configuration, and what is set off in text ----------------------------------------------------
readme_commands() {
	{
		sed -n 's/^    \([^\t].*\)/\1/p' "$LAB_TOP/README.md" | grep -v ':$'
		grep -o '`[^`]*`' "$LAB_TOP/README.md" | tr -d '\`' | grep -E '^(sudo|make|head|dig|\./bootstrap|tests/(lab|harm)/run|caa-climb|caa-probe|unbound-control) .'
	} | sed 's/  *# .*//; s/ && /\n/g'
}
# as they are, with this lab's server and names in the place of the reader's
unbound-control() { lab_control readme "$@"; }
caa-climb() { "$CAA_CLIMB" "$@"; }
caa-probe() { "${CAA_PROBE:-$LAB_BUILD/caa-probe}" --server 127.0.53.1 "$@"; }
run() { (cd "$LAB_WORK" && eval "${1//www.example.com/$2}") >"$LAB_WORK/command" 2>&1 || { cat "$LAB_WORK/command"; false; }; }
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$LAB_WORK/cert.key" -out "$LAB_WORK/cert.pem" -days 2 -subj /CN=lab \
	-addext 'subjectAltName=DNS:h1.shop.lab,DNS:*.h2.shop.lab' 2>/dev/null
is_target() { grep -qE "^([a-z-]+ )*$1( [a-z-]+)*:" "$LAB_TOP/Makefile.am"; }
fresh=$("$LAB_TOP/module/packaging/check-fresh" --list "$LAB_TOP")
ran=0
while read -r command; do
	case $command in
	dig\ *|unbound-control\ *) check "$command" run "$command" h1.none.lab; ran=$((ran + 1)) ;;
	caa-climb\ *|caa-probe\ *) check "$command" run "$command" h1.shop.lab; ran=$((ran + 1)) ;;
	head\ *) check "case-fleet: $command" grep -q 'head -c 32.*README.md' "$LAB_DIR/case-fleet.sh" ;;
	"./bootstrap --try V"*) check "try.test: $command" grep -q -- '--try' "$LAB_TOP/tests/try.test" ;;
	"sudo systemctl enable unbound") check "make check-deb: $command" grep -q 'inside systemctl enable unbound' "$LAB_DIR/case-systemd.sh" ;;
	./bootstrap*|make|"make deb"|"make demo"|"make check"|"sudo make "*|"sudo apt install "*)
		check "make check-fresh: $command" grep -qxF -- "$command" <<<"$fresh"
		word=${command#sudo }
		[[ $word != "make "* || $word =~ ^make\ (check|install)$ ]] || check "  is a target" is_target "${word#make }" ;;
	"make "*) word=${command#sudo }; word=${word#make }; check "$command is a target" is_target "${word%% *}" ;;
	"tests/lab/run "*|"tests/harm/run "*) check "$command" [ -x "$LAB_TOP/${command%% *}" ] ;;
	*) check "a test runs: $command" false ;;
	esac
done < <(readme_commands | sort -u)
check "README has commands to run ($ran)" [ $ran -ge 8 ]
check "  caa_explain told of a failure" eval 'lab_control readme caa_explain h1.none.lab | grep -q "^CAA h1.none.lab: refused"'

for release in $(sed -n 's/^\([0-9][0-9.]*\) .*/\1/p' "$LAB_TOP/patches/releases"); do
	check "README names Unbound $release" grep -q "\b${release//./\\.}\b" "$LAB_TOP/README.md"
done
check "CHANGES begins with the version of configure.ac" grep -qF "[$(sed -n '1s/ .*//p' "$LAB_TOP/CHANGES")]" <(grep AC_INIT "$LAB_TOP/configure.ac")
