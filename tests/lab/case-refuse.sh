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
version=$(sed -n 's/^#define MODULE_HOOKS_VERSION \([0-9]*\)$/\1/p' "$UNBOUND_CAA/dynlibmod/module_abi.h")
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

# A hook that is another one than the module had set is not called: Unbound ends, as for every function that its whitelist does not have.
# The first member is the module's own, the second is kept over a reload; those behind them are written over in the memory of the process.
lab_start_parents
rm -f "$LAB_WORK/refuse.log"
lab_resolver refuse "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .)"
pid=${LAB_PID[refuse]}
read -r at size _ < <(nm -S --defined-only "/proc/$pid/exe" | sed -n 's/^\([0-9a-f]*\) \([0-9a-f]*\) [BD] module_hooks$/\1 \2/p')
check "the program has its hooks" [ -n "$at" ]
base=$(sed -n '1s/-.*//p' "/proc/$pid/maps")
head -c $((16#$size - 16)) /dev/zero | tr '\0' A | dd of="/proc/$pid/mem" bs=1 seek=$((16#$base + 16#$at + 16)) conv=notrunc status=none
dig +tries=1 +time=2 @127.0.53.30 www.lab CAA >/dev/null 2>&1
check "a hook that was written over is not called, and the log says so" \
	lab_until 10 grep -q 'pointer whitelist fptr_whitelist_module_hook.* failed' "$LAB_WORK/refuse.log"
