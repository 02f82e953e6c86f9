# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Lines that are long, or lose packets, and servers without any limit: the pacer must not be felt, and losses must not be
# taken for a limit.  Plain Unbound, in the same run, is what to beat.

lab_need_plain
lab_fronted_zone

# relays OPTION...: in front of both addresses.
relays() {
	lab_stop one
	lab_stop two
	lab_relay one 127.0.53.12 127.0.53.10 "$@" --seed 3
	lab_relay two 127.0.53.13 127.0.53.11 "$@" --seed 4
}

for kind in flat deep; do
	relays
	lab_measured lab_versus 'no limit, near' $kind 0.05 5
	relays --delay 30
	lab_measured lab_versus 'no limit, 60 ms' $kind 0.05 3
	relays --delay 150
	lab_measured lab_versus '300 ms' $kind 0.25 3
	relays --delay 10 --loss 20
	lab_measured lab_versus '20% loss' $kind 0.25 3
done
