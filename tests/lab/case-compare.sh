# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Plain Unbound and Unbound with the module, without and with the hold, are asked the same at the same time, in a generated tree of
# zones (tests/compare/kinds.h) on BIND, NSD, Knot and PowerDNS.  No answer differs, but where plain Unbound has none.
#
#   ZONES (60), NAMES (900), SEED (1), WINDOW (200 questions at once); make compare is larger, and has the faults that a resolver waits for, too

# shellcheck source=tests/lab/compare.sh
. "$LAB_DIR/compare.sh"

compare_tree "${ZONES:-60}" "${NAMES:-900}" "${SEED:-1}" "$([ -n "${ZONES:-}" ] || echo quick)"
compare_resolvers
compare_pass first
# what plain Unbound answers is of every kind, or the comparison says little
compare_kinds
# the caches of messages are past most TTLs, the hold is not
sleep 2
compare_pass second
check "the second time some of it is from the hold ($(lab_stat hold caa.held))" [ "$(lab_stat hold caa.held)" -gt 0 ]
compare_again
