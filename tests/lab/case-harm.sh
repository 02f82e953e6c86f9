# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The harm harness: tests/harm/run starts it.

# shellcheck source=tests/harm/drive.sh
. "$LAB_DIR/../harm/drive.sh"
