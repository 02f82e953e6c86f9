# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The limited BIND of case-limit-bind, 30 ms away: what leaves within the first 60 ms cannot carry its cookie yet.

LAB_NAMES=200 LAB_REST=2
lab_root_and_tld
lab_delegate shop.lab 127.0.53.12 127.0.53.13
lab_zone_file shop.lab 127.0.53.12 127.0.53.13
lab_start_parents
lab_relay one 127.0.53.12 127.0.53.10 --delay 30
lab_relay two 127.0.53.13 127.0.53.11 --delay 30
for kind in flat deep; do
	lab_measured lab_bind_proved 'BIND 30 ms away' $kind 2.0 0.5 48
	lab_measured lab_bind_paced 'BIND 30 ms away' $kind 1
done
