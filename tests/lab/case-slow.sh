# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A server turns slow while it is asked: what was measured of it before must not keep its answers out.

lab_root_and_tld
LAB_NAMES=400
lab_delegate shop.lab 127.0.53.12 127.0.53.13
lab_zone_file shop.lab 127.0.53.12 127.0.53.13
lab_start_parents
lab_start_bind shop.lab 127.0.53.10 127.0.53.11

# relays MS: both addresses answer after MS more, each way, from now on.
relays() {
	lab_stop one; lab_stop two
	lab_relay one 127.0.53.12 127.0.53.10 --delay "$1" --no-tcp
	lab_relay two 127.0.53.13 127.0.53.11 --delay "$1" --no-tcp
}

# turns_slow flat|deep SECONDS: a fresh resolver checks a certificate while the server is near, then another one when it is
# not, after so many seconds.
turns_slow() {
	local text="$1, after $2 s"
	relays 0
	lab_stop caa
	lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf .)"
	lab_climb 127.0.53.30 "$(lab_names "$1")" --timeout 60
	check "$text: near: no name fails ($failed in $seconds s${reasons:+: $reasons})" [ "$failed" -eq 0 ]
	sleep "$2"	# who answered within 2 s is believed to be as fast as it was: what is tested, not a wait for something
	relays 350
	lab_climb 127.0.53.30 "$(lab_second_names "$1")" --timeout 60
	check "$text: 700 ms away: no name fails ($failed in $seconds s${reasons:+: $reasons})" [ "$failed" -eq 0 ]
	limits=$(lab_stat caa caa.limits)
}
turns_slow flat 3
check "  and no limit was seen ($limits)" [ "$limits" -eq 0 ]
turns_slow deep 3
check "  and no limit was seen ($limits)" [ "$limits" -eq 0 ]
turns_slow flat 0
turns_slow deep 0
