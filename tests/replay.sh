#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs one scenario (testdata/*.rpl) under Unbound's own testbound, where time and network are made up.  The scenario's
# @MODULE@ is the module of this build.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
: "${LAB_BUILD:=$top}"
: "${UNBOUND_CAA:=$LAB_BUILD/build/unbound-caa}"
: "${CAA_MODULE:=$LAB_BUILD/.libs/unbound-caa.so}"
[ -x "$UNBOUND_CAA/testbound" ] || { echo "SKIP: no testbound in $UNBOUND_CAA; make it there"; exit 77; }
scenario=$(mktemp "${TMPDIR:-/tmp}/caa-replay.XXXXXX") || exit 1
trap 'rm -f "$scenario"' EXIT
sed "s|@MODULE@|$CAA_MODULE|" "$1" >"$scenario"
if output=$("$UNBOUND_CAA/testbound" -p "$scenario" -o -vvvv 2>&1); then
	echo "ok - ${1##*/}"
	exit 0
fi
printf '%s\n' "$output" | tail -n 60
echo "not ok - ${1##*/}"
exit 1
