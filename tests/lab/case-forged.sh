# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Answers that somebody forges who knows address, port and id, but not the cookie: from a server that has sent cookies
# they are not believed, and the true answer is.

lab_need_plain
LAB_RECORDS=$(seq -f 'h%.0f.shop.lab. 3600 CAA 0 issue "true.example"' 100; echo)
lab_root_and_tld
lab_delegate shop.lab 127.0.53.12
lab_zone_file shop.lab 127.0.53.12
lab_start_parents
lab_start_bind shop.lab 127.0.53.10 127.0.53.11

# believed WORD: how many answers of the last climb hold it.
believed() { jq -r '[.names[] | select(.records | tostring | contains("'"$1"'"))] | length' "$LAB_WORK/climb.json"; }

# measure HOW TREE [CONFIGURATION]: the server is asked once as it is, then 99 times with a forger in front of it, who is
# always first; sets true, fake, forged (what the module dropped), sent (what the forger sent).
measure() {
	lab_stop caa
	lab_resolver caa "$2" 127.0.53.30 "${3:-}"
	lab_relay relay 127.0.53.12 127.0.53.10
	lab_names flat >/dev/null
	grep "^h1\." "$LAB_WORK/names-flat" >"$LAB_WORK/first"
	grep -v "^h1\." "$LAB_WORK/names-flat" >"$LAB_WORK/others"
	lab_climb 127.0.53.30 "$LAB_WORK/first"
	lab_stop relay
	lab_relay relay 127.0.53.12 127.0.53.10 --forge "$1"
	lab_climb 127.0.53.30 "$LAB_WORK/others"
	true=$(believed true.example) fake=$(believed fake.example) sent=$(lab_relay_count relay forged)
	lab_stop relay
}

for how in wrong missing; do
	measure $how "$UNBOUND_PLAIN"
	echo "# $how cookie, plain: $sent forged, of 99 names $fake are believed and $true are true"
	check "$how cookie: without the module the forger wins ($fake)" [ "$fake" -gt 90 ]
	for tcp in yes no; do
		measure $how "$UNBOUND_CAA" "$(lab_module_conf; lab_zone_conf .; echo " caa-tcp: $tcp")"
		forged=$(lab_stat caa caa.forged)
		echo "# $how cookie, caa-tcp: $tcp: $sent forged, $forged dropped, of 99 names $fake are believed, $true are true;" \
			"$failed failed in $seconds s, $(lab_stat caa caa.sent.tcp) over TCP"
		check "$how cookie, caa-tcp: $tcp: no forged answer is believed ($fake)" [ "$fake" -eq 0 ]
		check "$how cookie, caa-tcp: $tcp: the true ones are ($true)" [ "$true" -eq 99 ]
		check "$how cookie, caa-tcp: $tcp: what was dropped is counted ($forged of $sent)" [ "$forged" -gt 0 -a "$forged" -le "$sent" ]
	done
done
