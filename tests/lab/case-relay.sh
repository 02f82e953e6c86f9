# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The lab's own relay: it is as late and as lossy as it is told, over UDP and TCP, and ends at a signal.

LAB_NAMES=3000 lab_zone_file lab 127.0.53.10 127.0.53.11
LAB_QUERYLOG=no lab_start_bind lab 127.0.53.10 127.0.53.11
lab_relay far 127.0.53.12 127.0.53.10 --delay 50
lab_relay later 127.0.53.16 127.0.53.10 --delay 400
lab_relay bad 127.0.53.13 127.0.53.10 --loss 20 --seed 7
lab_relay nostream 127.0.53.14 127.0.53.10 --no-tcp
lab_relay gone 127.0.53.15 127.0.53.19

# round_trip OPTION ADDRESS: sets ms; empty if there is no answer.
round_trip() { ms=$(dig +tries=1 +time=2 "$1" soa ready.test "@$2" | sed -n 's/^;; Query time: \([0-9]*\) msec$/\1/p'); }

between() { [ -n "$1" ] && [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; }

# A busy machine makes any of them longer, so each is held against another one of the same run; dig rounds down.
late() {
	local udp tcp
	round_trip +notcp 127.0.53.12
	udp=$ms
	check "50 ms each way are 100 ms over UDP, at least ($udp)" [ "${udp:-0}" -ge 99 ]
	round_trip +tcp 127.0.53.12
	tcp=$ms
	check "and 200 ms over TCP, with the handshake ($tcp)" [ "${tcp:-0}" -ge 199 ]
	round_trip +notcp 127.0.53.16
	check "both are shorter than 400 ms each way ($ms)" [ "${udp:-9999}" -lt "${ms:-0}" -a "${tcp:-9999}" -lt "${ms:-0}" ]
}
lab_measured late
round_trip +tcp 127.0.53.13
check "a lossy line carries TCP (${ms:-nothing} ms)" [ -n "$ms" ]
round_trip +notcp 127.0.53.14
check "without TCP there is UDP (${ms:-nothing} ms)" [ -n "$ms" ]
round_trip +tcp 127.0.53.14
check "and no TCP (${ms:-nothing})" [ -z "$ms" ]
round_trip +notcp 127.0.53.15
check "a server that is gone is silent (${ms:-nothing})" [ -z "$ms" ]

# many under way: all come back; more at once than this, and BIND's socket overflows
seq -f 'h%.0f.lab' 2000 >"$LAB_WORK/many"
lab_relay farther 127.0.53.17 127.0.53.10 --delay 1000
lab_climb 127.0.53.17 "$LAB_WORK/many" --timeout 5 --qps 3000
check "thousands of packets under way pass ($passed of 2000 names in $seconds s)" [ "$passed" -eq 2000 ]
check "the relay counted them ($(lab_relay_count farther answers))" \
	[ "$(lab_relay_count farther queries)" -eq "$(lab_relay_count farther answers)" ]
lab_climb 127.0.53.13 "$LAB_WORK/many" --timeout 2 --qps 3000
lost=$(lab_relay_count bad lost) queries=$(lab_relay_count bad queries)
check "20% of them are lost ($lost of $queries)" between "$lost" $((queries * 17 / 100)) $((queries * 23 / 100))
lab_stop far
check "it ends at SIGTERM" grep -q '^queries' "$LAB_WORK/far.out"
