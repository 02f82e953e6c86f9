/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What module/core/fleet/share.lua does in the store, in C: for the simulator, and to hold the script against.
 *
 *  One limit; zeroed at first. */
#ifndef CAA_TESTS_SIM_STORE_H
#define CAA_TESTS_SIM_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/fleet/share.h"

struct store_node {
	unsigned id;		/**< 0 = none */
	uint64_t till_ms, well_ms, paused_ms;
	uint64_t demand, share, rate, ceiling;
};

struct store {
	bool known;
	uint64_t rate, ceiling, epoch, formed_ms, lowered_ms, raised_ms, second_ms, good, before, steady;
	bool backlog, fresh;
	struct store_node node[CAA_SHARE_NODES];
};

/** A node tells. @param id: at least 1. */
void store_tell(struct store *s, uint64_t now_ms, unsigned id, const struct caa_share_report *r, struct caa_share_answer *out);

#endif
