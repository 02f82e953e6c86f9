# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# make profiles: every limiter under every resolver and client of profile.sh; a table in Markdown, and one line for each claim.
#
#   PROFILES_KINDS (all of profile.sh), PROFILES_LIMITS, PROFILES_NAMES (flat deep zones), PROFILES_RESOLVERS: which rows; it takes
#   more than an hour in all

. "$LAB_DIR/profile.sh"
lab_need_plain
lab_root_and_tld
for kind in ${PROFILES_KINDS:-nsec nsec3 optout nsec3-rsa insecure insecure-optout}; do
	profile_tree "$kind" 3600
	for limit in ${PROFILES_LIMITS:-none bind nsd drop refused}; do
		for names in ${PROFILES_NAMES:-flat deep zones}; do
			for resolver in ${PROFILES_RESOLVERS:-boulder boulder-ttl-0 open-mpic debian}; do
				profile_row "$resolver" "$limit" "$names"
			done
		done
	done
done
{ date -u +'%Y-%m-%d'; echo; profile_table; } >"${PROFILES_TABLE:-/dev/null}"
profile_table
