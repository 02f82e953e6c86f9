/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What a node takes of a share that nobody signs (core/fleet/share.h): between what it would be slower than alone with, and what it
 *  would try alone.
 *
 *  A node that shares a limit keeps in mind what its own evidence says: the rate that it learned alone, which only its own losses
 *  lower, and the most that it would have come to by now, as answers raise and losses lower it.  The laws:
 *  - a share above the most is that;
 *  - a share that does not serve those who wait within LINE_S is raised until it does, or to the rate that was learned alone;
 *  - no share is below an eighth of that rate.
 *  - a share that is less than a 32nd of that rate, while nothing is lost for 3 s, is no reason not to raise it as alone.
 *  So who writes shares into the store can make a query wait LINE_S longer than alone, and have no more leave than would alone.
 *  No clock, no lock. */
#ifndef CAA_CORE_BOUND_H
#define CAA_CORE_BOUND_H

#include <stdbool.h>
#include <stdint.h>
#include "core/pace/learn.h"

/** Zeroed at first.  Rates are in queries per 1000 s. */
struct caa_bound {
	uint32_t proven_mqps;	/**< learned alone; 0 = it never was */
	uint32_t most_mqps;	/**< that it would try alone, at least proven_mqps */
	uint32_t seen_mqps;	/**< the rate when it was looked at last */
	uint32_t noted_ms;	/**< when that was */
	uint32_t lowered_ms;	/**< when losses under a lease lowered them */
	bool starves;		/**< the last share was too small */
};

/** A period ends. @param l: of an upstream that is limited, or may be. */
void caa_bound_note(struct caa_bound *b, const struct caa_learn *l, uint64_t now_us);

/** A share has come. @param share_mqps: at least 1. @return what is taken of it, at least 1; to be kept by caa_bound_took(). */
uint32_t caa_bound_take(struct caa_bound *b, struct caa_learn *l, uint64_t now_us, uint32_t share_mqps);
/** It is in use. */
void caa_bound_took(struct caa_bound *b, const struct caa_learn *l);

#endif
