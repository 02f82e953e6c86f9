# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The module's file is replaced while Unbound runs: what runs is what was loaded, until a restart loads the new one; and where a reload
# might be taken for that, a line says so.

for program in objcopy strings; do command -v $program >/dev/null || lab_skip "no $program here"; done
file=$LAB_WORK/unbound-caa.so

# another RELEASE FILE: the module as another release, of as many characters, with a build id of its own
another() {
	LC_ALL=C sed "s/\x00$release\x00/\x00$1\x00/g" "$CAA_MODULE" >"$2.raw"
	objcopy --dump-section .note.gnu.build-id="$2.note" "$2.raw" "$2.copy"
	{ head -c 16 "$2.note"; printf '%20s' "$1"; } >"$2.note.new"
	objcopy --update-section .note.gnu.build-id="$2.note.new" "$2.raw" "$2"
}

lab_root_and_tld
lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents
cp "$CAA_MODULE" "$file"
CAA_MODULE_BUILT=$CAA_MODULE CAA_MODULE=$file
LAB_THREADS=2 lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf . '' 5)
 caa-hold: 600"
CAA_MODULE=$CAA_MODULE_BUILT

n=0
# runs: the release that runs
runs() { lab_control caa caa_metrics | sed -n 's/^unbound_caa_info{.*module="\([^"]*\)".*/\1/p'; }
served() { dig +tries=1 +time=10 caa "$1.shop.lab" @127.0.53.30 | grep -q 'status: NOERROR'; }
# well TEXT RELEASE: it serves, and which release does
well() {
	n=$((n + 1))
	check "$1: names pass" served "h$n"
	check "$1: it is $2 that runs" [ "$(runs)" = "$2" ]
}
again() { lab_until 20 lab_control_quiet caa status; }

release=$(runs)
check "as started: names pass" served h1
another "9${release:1}" "$LAB_WORK/new"
mv "$LAB_WORK/new" "$file"
well "replaced" "$release"
lab_control_quiet caa fast_reload
well "replaced, fast_reload" "$release"
check "  a held answer is there" served h1
said() { grep -c "warning: caa: $file is another build by now than the one that runs, release $release; Unbound takes it when it is restarted" "$LAB_WORK/caa.log"; }
check "  which is said" [ "$(said)" -ge 1 ]
for command in reload reload_keep_cache; do
	before=$(said)
	lab_control_quiet caa $command
	again
	well "replaced, $command" "$release"
	check "  which is said" [ "$(said)" -eq $((before + 1)) ]
done
rm "$file"
before=$(said)
lab_control_quiet caa reload
again
well "gone, reload" "$release"
check "  of which there is nothing to say" [ "$(said)" -eq "$before" ]
another "8${release:1}" "$LAB_WORK/new"
mv "$LAB_WORK/new" "$file"
pid=${LAB_PID[caa]}
lab_stop caa
check "it stops" lab_is_gone "$pid"
lab_start_resolver caa "$UNBOUND_CAA" 127.0.53.30
well "replaced, restart" "8${release:1}"
check "  nothing is said" [ "$(said)" -eq "$before" ]
lab_stop caa
check "no crash, no report" [ "$(lab_reports)" -eq 0 ]
