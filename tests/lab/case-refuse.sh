# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The module refuses an Unbound that it was not built against, and says why; nothing is half loaded.

lab_need_plain
lab_root_and_tld
lab_resolver_conf refuse "$UNBOUND_PLAIN" 127.0.53.30 "$(lab_module_conf)"
check "plain Unbound does not start with the module" eval '! timeout 20 "$UNBOUND_PLAIN/unbound" -d -c "$LAB_WORK/refuse.conf" >/dev/null 2>&1'
check "  and says that it has no hooks" grep -q 'caa: this Unbound has no hooks for the module; build Unbound [0-9.]* with the patches' "$LAB_WORK/refuse.log"

# The stamp of another build: the same program with one number of its stamp changed.
rm -f "$LAB_WORK/refuse.log"
cp "$UNBOUND_CAA/.libs/unbound" "$LAB_WORK/other" 2>/dev/null || cp "$UNBOUND_CAA/unbound" "$LAB_WORK/other"
release=$(sed -n 's/^#define PACKAGE_VERSION "\(.*\)"/\1/p' "$UNBOUND_CAA/config.h")
version=$(sed -n 's/^#define MODULE_HOOKS_VERSION \([0-9]*\)$/\1/p' "$UNBOUND_CAA/util/module_hooks.h")
# The stamp is the hooks' version, a 32 bit number, and the release behind it.
offset=$(LC_ALL=C grep -abo -P "\x00\x00\x00\Q$release\E\x00" "$LAB_WORK/other" | cut -d: -f1 | while read -r at; do
	[ "$(od -An -tu1 -j $((at - 1)) -N 1 "$LAB_WORK/other" | tr -d ' ')" != "$version" ] || echo $((at - 1))
done | head -n 1)
check "the program has a stamp" [ -n "$offset" ]
printf '\177' | dd of="$LAB_WORK/other" bs=1 seek="$offset" conv=notrunc status=none
check "an Unbound with another stamp does not start" eval '! timeout 20 "$LAB_WORK/other" -d -c "$LAB_WORK/refuse.conf" >/dev/null 2>&1'
check "  and says what it is and what the module is for" \
	grep -q "caa: the module was built against Unbound $release (hooks $version), this is Unbound $release (hooks 127)" "$LAB_WORK/refuse.log"

rm -f "$LAB_WORK/refuse.log"
lab_resolver_conf refuse "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf | sed 's/dynlib validator/dynlib dynlib validator/'; printf ' dynlib-file: "%s"\n' "$CAA_MODULE")"
check "loaded twice, it does not start" eval '! timeout 20 "$UNBOUND_CAA/unbound" -d -c "$LAB_WORK/refuse.conf" >/dev/null 2>&1'
check "  and says so" grep -q 'caa: the module is loaded twice' "$LAB_WORK/refuse.log"
