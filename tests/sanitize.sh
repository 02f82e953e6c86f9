#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# usage: tests/sanitize.sh asan|tsan|valgrind
# Runs the module in an Unbound made for it, with the cases of the lab that matter there: questions that wait while clients
# leave, reload and stop in four threads; a budget that ends; a whole paced certificate.  Everything is built below
# build/KIND, from the source tree that this tree was configured with.
set -u
cd "$(dirname "$0")/.." || exit 1
kind=$1 top=$PWD dir=$PWD/build/$1
case $kind in
asan) flags='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined' ;;
tsan) flags='-O1 -g -fno-omit-frame-pointer -fsanitize=thread' ;;
valgrind) flags='-O1 -g' ;;
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
stamp=$(readlink -f "$src")$flags
if [ "$(cat "$dir/stamp" 2>/dev/null)" != "$stamp" ] || [ "$src/config.h" -nt "$dir/stamp" ]; then
	rm -rf "$dir/unbound"
	step "copies the source of Unbound" cp -a "$(readlink -f "$src")" "$dir/unbound"
	configure=$(sed -n 's/^ *\$ \.\/configure \(.*\)$/\1/p' "$src/config.log" | head -n 1 | sed "s/'*CFLAGS=[^']*'*//; s/CFLAGS=.*//")
	# shellcheck disable=SC2086
	step "configures it" env -C "$dir/unbound" ./configure $configure CFLAGS="$flags" LDFLAGS="$flags"
	step "makes it" make -C "$dir/unbound" clean
	step "makes it" make -C "$dir/unbound" -j"$(nproc)" unbound unbound-checkconf unbound-control
	echo "$stamp" >"$dir/stamp"
fi

# The module and the core's tests, out of their sources.
build() {
	local core=() glue=() test
	for file in module/core/*.c; do core+=("$file"); done
	for file in module/glue/*.c; do glue+=("$file"); done
	# shellcheck disable=SC2086
	gcc -std=gnu11 $flags -fPIC -fvisibility=hidden -Imodule -isystem "$dir/unbound" -pthread -shared -Wl,-Bsymbolic -Wl,-z,nodelete \
		-o "$dir/unbound-caa.so" "${core[@]}" "${glue[@]}" -lsodium || return 1
	# shellcheck disable=SC2086
	gcc -std=gnu11 $flags -Imodule -DHAVE_CAA_CONFIG_H -I. -o "$dir/caa-climb" module/tool/*.c "${core[@]}" \
		-lldns -levent_core -lcurl -lcrypto -lsodium || return 1
	for test in tests/unit/test_*.c; do
		local more=()
		[ "$test" != tests/unit/test_sim.c ] || more=(tests/sim/limiter.c tests/sim/engine.c tests/sim/model.c tests/sim/load.c)
		# shellcheck disable=SC2086
		gcc -std=gnu11 $flags -Imodule -Itests/unit -Itests/sim -o "$dir/$(basename "$test" .c)" "$test" "${more[@]}" \
			"${core[@]}" -lcmocka -lldns -lsodium -lm -pthread || return 1
	done
}
step "builds the module, the tool and the unit tests" build

export UNBOUND_CAA=$dir/unbound CAA_MODULE=$dir/unbound-caa.so LAB_BUILD=$top CAA_CLIMB=$top/caa-climb
export LAB_START_SECONDS=120
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS="exitcode=99 second_deadlock_stack=1 suppressions=$top/tests/tsan.supp"
case $kind in
valgrind)
	export LAB_WRAP="valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=99 --vgdb=no --log-file=report.%p"
	;;
asan) export CAA_CLIMB=$dir/caa-climb ;;
esac

failed=0
for test in tests/unit/test_*.c; do
	name=$(basename "$test" .c)
	if [ "$kind" = valgrind ]; then
		valgrind --quiet --vgdb=no --leak-check=full --error-exitcode=99 "$dir/$name" >"$dir/$name.log" 2>&1
	else
		"$dir/$name" >"$dir/$name.log" 2>&1
	fi || { echo "not ok - $kind: $name"; tail -n 30 "$dir/$name.log"; failed=1; }
done
cases='stop budget control repeat'
[ "$kind" = valgrind ] || cases="$cases paced merge crowd hold one tree"
# its 12,000 questions are more than the thread sanitizer bears within a budget, and what is late looks lost
[ "$kind" != asan ] || cases="$cases parent"
# what is shared between threads, with as many clients as a slow program bears
export LAB_MERGE='deep 4 udp parallel;flat 4 tcp climb;zones 4 udp climb' CROWD_CLIENTS=100 CROWD_RATE=2000
[ "$kind" != asan ] || cases="$cases tool"
for case in $cases; do
	if tests/lab/run "$case" >"$dir/$case.log" 2>&1; then
		echo "ok - $kind: $case, $(tail -n 1 "$dir/$case.log")"
	else
		grep '^not ok' "$dir/$case.log"
		tail -n 60 "$dir/$case.log"
		echo "not ok - $kind: $case"
		failed=1
	fi
done
exit $failed
