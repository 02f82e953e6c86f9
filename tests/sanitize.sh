#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# usage: [CASES='CASE...'] [UNITS=no] tests/sanitize.sh asan|tsan|valgrind
# Runs the module with the cases of the lab that matter there: questions that wait while clients leave, reload and stop in
# four threads; a budget that ends; a whole paced certificate.  For the sanitizers, in an Unbound made for them below build/KIND,
# from the source tree that this tree was configured with; valgrind runs what this tree has built.
set -u
cd "$(dirname "$0")/.." || exit 1
kind=$1 top=$PWD dir=$PWD/build/$1 alone=
case $kind in
# each piece of memory by itself, so that what is used when it is gone is seen, and each can be had to fail
asan) alone=--enable-alloc-nonregional flags='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined' ;;
tsan) flags='-O1 -g -fno-omit-frame-pointer -fsanitize=thread' ;;
valgrind) flags= ;;
*) echo "tests/sanitize.sh: '$kind': allowed is asan, tsan or valgrind" >&2; exit 2 ;;
esac
src=$(sed -n 's/^UNBOUND_SRC = //p' Makefile)
[ -n "$src" ] || { echo "run ./bootstrap first" >&2; exit 2; }
mkdir -p "$dir"

step() {
	echo "$kind: $1"
	shift
	"$@" >>"$dir/log" 2>&1 || { tail -n 25 "$dir/log"; echo "not ok - $kind"; exit 1; }
}
: >"$dir/log"

# The Unbound: a copy of the source, so that the tree of this build stays as it is.
unbound() {
	local stamp configure
	stamp=$(readlink -f "$src")$flags$alone
	[ "$(cat "$dir/stamp" 2>/dev/null)" != "$stamp" ] || [ "$src/config.h" -nt "$dir/stamp" ] || return 0
	rm -rf "$dir/unbound"
	step "copies the source of Unbound" cp -a "$(readlink -f "$src")" "$dir/unbound"
	configure=$(sed -n 's/^ *\$ \.\/configure \(.*\)$/\1/p' "$src/config.log" | head -n 1 | sed "s/'*CFLAGS=[^']*'*//; s/CFLAGS=.*//")
	# shellcheck disable=SC2086
	step "configures it" env -C "$dir/unbound" ./configure $configure $alone CFLAGS="$flags" LDFLAGS="$flags"
	step "makes it" make -C "$dir/unbound" clean
	step "makes it" make -C "$dir/unbound" -j"$(nproc)" unbound unbound-checkconf unbound-control
	echo "$stamp" >"$dir/stamp"
}

# compile FLAGS... -- FILE...: objects of the files, below build/KIND/objects, as many at once as there are processors
compile() {
	local options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	# shellcheck disable=SC2016,SC2086
	printf '%s\0' "$@" | xargs -0 -I {} -P "$(nproc)" sh -c 'file=$1 dir=$2; shift 2
		exec gcc "$@" -c "$file" -o "$dir/objects/$(echo "${file%.c}" | tr / -).o"' sh {} "$dir" -std=gnu11 $flags "${options[@]}"
}

# The module, the tools and the core's tests, out of their sources.
build() {
	local test name more
	rm -rf "$dir/objects"
	mkdir "$dir/objects"
	compile -fPIC -fvisibility=hidden -Imodule -isystem "$dir/unbound" -DHAVE_CAA_CONFIG_H -DCAA_VERSION='"sanitized"' -I. -Itests/unit -Itests/sim \
		-- module/core/*/*.c module/glue/*.c module/tool/*.c module/tool/probe/*.c tests/unit/*.c tests/sim/*.c || return 1
	ar rcs "$dir/core.a" "$dir"/objects/module-core-*.o || return 1
	mapfile -t more < <(ls "$dir"/objects/tests-sim-*.o | grep -v -- -sim-main)
	ar rcs "$dir/sim.a" "${more[@]}" || return 1
	# shellcheck disable=SC2086
	gcc $flags -pthread -shared -Wl,-Bsymbolic -Wl,-z,nodelete -Wl,--build-id=sha1 -o "$dir/unbound-caa.so" "$dir"/objects/module-glue-*.o \
		-Wl,--whole-archive "$dir/core.a" -Wl,--no-whole-archive -l:libhiredis.a -lssl -lcrypto -lsodium || return 1
	mapfile -t more < <(ls "$dir"/objects/module-tool-*.o | grep -v -- -tool-probe-)
	# shellcheck disable=SC2086
	gcc $flags -o "$dir/caa-climb" "${more[@]}" "$dir/core.a" \
		-lldns -levent_core -lcurl -lcrypto -lsodium || return 1
	# shellcheck disable=SC2086
	gcc $flags -o "$dir/caa-probe" "$dir"/objects/module-tool-probe-*.o "$dir/core.a" -lldns -lsodium || return 1
	for test in tests/unit/test_*.c; do
		name=$(basename "$test" .c)
		# shellcheck disable=SC2086
		gcc $flags -o "$dir/$name" "$dir/objects/tests-unit-$name.o" "$dir/sim.a" "$dir/core.a" \
			-lcmocka -lldns -lsodium -lm -pthread || return 1
	done
}
if [ "$kind" = valgrind ]; then
	step "builds the module, the tool and the unit tests" make check TESTS=
	UNBOUND_CAA=$(readlink -f "$src") CAA_MODULE=$top/.libs/unbound-caa.so units=$top
else
	unbound
	step "builds the module, the tool and the unit tests" build
	UNBOUND_CAA=$dir/unbound CAA_MODULE=$dir/unbound-caa.so units=$dir
fi
export UNBOUND_CAA CAA_MODULE LAB_BUILD=$top CAA_CLIMB=$top/caa-climb
export CAA_MANUAL=$top/module/unbound-caa.conf.5.in
export LAB_START_SECONDS=120
export UBSAN_OPTIONS=print_stacktrace=1
[ "$kind" != asan ] || export CAA_CLIMB=$dir/caa-climb CAA_PROBE=$dir/caa-probe LAB_PROBES=6 LAB_PROBE_TIMEOUT=4000

# reports_to NAME: what a sanitizer finds in the programs that are started from here is written to reports/NAME.PID.
reports_to() {
	export LAB_REPORTS=$dir/reports/$1
	export ASAN_OPTIONS="detect_leaks=1:abort_on_error=0:exitcode=99:log_path=$LAB_REPORTS"
	export TSAN_OPTIONS="exitcode=99 second_deadlock_stack=1 suppressions=$top/tests/tsan.supp log_path=$LAB_REPORTS"
	[ "$kind" != valgrind ] ||
		export LAB_WRAP="valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=99 --vgdb=no --log-file=$LAB_REPORTS.%p"
}

# unit TEST: a core's test.
unit() {
	local name=$1 wrap=()
	reports_to "$name"
	[ "$kind" != valgrind ] || wrap=(valgrind --quiet --vgdb=no --leak-check=full --error-exitcode=99 "--log-file=$LAB_REPORTS.%p")
	"${wrap[@]}" "$units/$name" >"$dir/$name.log" 2>&1 && return
	tail -n 30 "$dir/$name.log"
	echo "not ok - $kind: $name"
	return 1
}

# lab CASE: a case of the lab.  What fails in it may fail of others' work; what is reported counts in any case.
lab() {
	reports_to "$1"
	if tests/beside tests/lab/run "$1" >"$dir/$1.log" 2>&1; then
		echo "ok - $kind: $1, $(tail -n 1 "$dir/$1.log")"
		return
	fi
	grep '^not ok' "$dir/$1.log"
	tail -n 60 "$dir/$1.log"
	echo "not ok - $kind: $1"
	return 1
}

rm -rf "$dir/reports"
mkdir -m 1777 "$dir/reports"
export kind dir top units
export -f reports_to unit lab
# two FUNCTION NAME...: the function with each of the names, two at a time.
two() {
	local function=$1
	shift
	printf '%s\n' "$@" | xargs -P 2 -I {} bash -c "$function {}"
}

failed=0
mapfile -t tests < <(basename -s .c tests/unit/test_*.c)
[ "${UNITS:-yes}" != yes ] || two unit "${tests[@]}" || failed=1
cases='stop budget control repeat'
[ "$kind" = valgrind ] || cases="$cases patience paced merge crowd hold one tree"
# its 12,000 questions are more than the thread sanitizer bears within a budget, and what is late looks lost
[ "$kind" != asan ] || cases="$cases parent fault-memory"
[ "$kind" != tsan ] || cases="$cases fleet fleet-failure"
# what is shared between threads, with as many clients as a slow program bears
export LAB_MERGE='deep 4 udp parallel;flat 4 tcp climb;zones 4 udp climb' CROWD_CLIENTS=100 CROWD_RATE=2000 LAB_FLOOD=2000
[ "$kind" != asan ] || cases="$cases tool probe probe-say"
cases=${CASES:-$cases}
# shellcheck disable=SC2086
two lab $cases || failed=1
for report in "$dir"/reports/*; do
	[ -s "$report" ] || continue
	head -n 60 "$report"
	echo "not ok - $kind: ${report##*/} is what was reported"
	failed=1
done
exit $failed
