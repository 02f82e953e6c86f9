/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A certificate authority's load: certificates of one name to a hundred, over thousands of upstreams. */
#ifndef CAA_TESTS_SIM_LOAD_H
#define CAA_TESTS_SIM_LOAD_H

#include "sim.h"

struct sim_load {
	unsigned climbs_per_s;	/**< on average */
	unsigned seconds;
	size_t authorities;	/**< the models in turn; each has SIM_ADDRESSES upstreams */
};

struct sim_figures {
	uint64_t climbs;
	uint64_t ends[SIM_ENDS];
	uint64_t asked, bans;
	uint64_t model_failed[64];	/**< failures that could have been avoided, by model */
	uint64_t median_us, p99_us;	/**< of a climb */
	uint64_t wait_p99_us;		/**< of a query for its place */
};

/** Run it. @param paced: or without pacing. */
struct sim_figures sim_load_run(const struct sim_load *load, bool paced, uint64_t seed);

#endif
