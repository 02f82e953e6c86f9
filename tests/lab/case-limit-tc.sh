# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# A token bucket for 20 queries/s that answers TC to what is beyond, and never refuses TCP.

lab_fronted_zone
row() {
	lab_bucket TC 'TCAction()' "$1" 1.0 0.5
	check "dnsdist, TC, $1: nearly all is asked over TCP ($streams of $queries)" at_most $((queries - streams)) 40
}

lab_measured row flat
lab_measured row deep
