/* SPDX-License-Identifier: BSD-3-Clause */
/** \file One limiter of one source: bucket (what it refuses costs nothing), debt (it does, as with BIND's response rate
 *  limiting: down to 15 seconds' worth), window (so many in each whole second); and it may ban who was refused.  Time is an argument. */
#ifndef HARM_LIMIT_H
#define HARM_LIMIT_H

#include <stdbool.h>
#include <stdint.h>
#include "spec.h"

struct limiter {
	bool begun;
	double balance;		/**< queries that may be answered now */
	unsigned refused;	/**< queries so far */
	uint64_t until_us;	/**< the end of a ban */
	uint64_t at_us;		/**< when that was so; of a window: when it began */
};

/** Charge one query.  @return whether it is answered. */
bool limiter_allows(struct limiter *l, const struct limit *limit, uint64_t now_us);

/** @return what is done with one that is not. */
enum action limiter_refuses(struct limiter *l, const struct limit *limit);

#endif
