/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Several resolvers that meet the same limit, with a store between them or without. */
#ifndef CAA_TESTS_SIM_FLEET_H
#define CAA_TESTS_SIM_FLEET_H

#include <stdio.h>
#include "model.h"

enum { SIM_FLEET_MAX = 64 };

struct sim_fleet {
	unsigned nodes;			/**< 1 .. SIM_FLEET_MAX */
	bool store;			/**< they share the limit */
	uint64_t store_us;		/**< how long a call takes, there and back */
	uint64_t cut_from_us, cut_for_us;	/**< after the start the store cannot be reached for a while ... */
	unsigned cut_nodes;		/**< ... by so many of them */
	bool empties;			/**< it has forgotten all when it can be reached again */
	uint64_t steps_us;		/**< its clock goes so far ahead and back, in turn, every few seconds; nodes' clocks differ from it anyway,
					 *   as nothing but durations passes between them */
	unsigned climbs_per_s;		/**< on average, at random nodes; 0 = SIM_NAMES at once */
	unsigned seconds;		/**< for so long */
	bool uneven;			/**< half of them are the first node's */
	unsigned levels;
	FILE *calls;			/**< NULL, or where each call to the store goes: `address ms node report` */
};

struct sim_fleet_result {
	uint64_t climbs, failed, could;	/**< could: failures that could have been avoided, tests/sim/sim.h */
	uint64_t took_us, asked, served;
	double node_least;		/**< of climbs that were got, the part at the node with the smallest */
	/** The shares' sum as a part of the limit, where queries wait and all nodes reach the store: over times, a tenth is below least,
	 *  and a tenth above most. */
	double share_mean, share_least, share_most;
	uint64_t lowered;		/**< times that the store lowered a rate */
	uint64_t calls;			/**< to the store */
	double leased;			/**< the sum of what the store has given out, as a part of the limit, on average */
};

/** @param trace: NULL, or where `seconds limit sum, each node's rate` goes each period. */
struct sim_fleet_result sim_fleet_run(const struct sim_model *m, const struct sim_fleet *f, uint64_t seed, FILE *trace);

#endif
