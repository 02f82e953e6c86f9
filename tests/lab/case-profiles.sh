# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Resolvers as certificate authorities run them, with their clients: of the rows of `make profiles` those that show most.

. "$LAB_DIR/profile.sh"
lab_need_plain
PROFILE_ZONES=30
lab_root_and_tld
profile_tree nsec 3600
lab_measured profile_row boulder-ttl-0 none zones
lab_measured profile_row open-mpic none zones
lab_measured profile_row boulder-ttl-0 drop zones
lab_measured profile_row debian refused zones
profile_tree nsec3-rsa 3600
lab_measured profile_row boulder none zones
profile_tree insecure-optout 3600
lab_measured profile_row boulder-ttl-0 none zones
profile_table | sed 's/^/# /'
