/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Models of what authoritative servers do to a source that asks too fast.
 *
 *  Written after the servers' documents and sources; each is a function of the times of queries and a generator. */
#ifndef CAA_TESTS_SIM_LIMITER_H
#define CAA_TESTS_SIM_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

enum limiter_kind {
	LIMITER_NONE,		/**< answers everything */
	LIMITER_BUCKET,		/**< token bucket of depth burst; what it refuses costs nothing (dnsdist's MaxQPSIPRule) */
	LIMITER_RRL,		/**< BIND's rate-limit: credit at each full second, refused queries are charged too, down to
				 *  a debt of window seconds */
	LIMITER_CONCURRENT,	/**< at most rate queries under way */
	LIMITER_BAN,		/**< a bucket that answers nothing for window seconds once it was empty */
	LIMITER_DEAD		/**< answers nothing */
};

/** What comes back: with REPLY_DENIED REFUSED or SERVFAIL, with REPLY_CUT TC without data. */
enum limiter_reply { REPLY_ANSWER, REPLY_NOTHING, REPLY_DENIED, REPLY_CUT };

struct limiter {
	enum limiter_kind kind;
	uint32_t rate;		/**< queries/s; for LIMITER_CONCURRENT queries under way */
	uint32_t burst;		/**< queries at once */
	uint32_t window_s;
	uint32_t slip;		/**< each slip-th refused query gets TC instead; 0 = none */
	enum limiter_reply refusal;	/**< what a refused query gets: nothing, a denial or TC */
	double loss;		/**< part of the packets that are lost anyway */
	uint64_t round_us;	/**< round trip time */

	double tokens;		/**< state from here on; 0 at the start */
	uint64_t seen_us;
	uint64_t ban_us;
	uint32_t under_way;
	uint32_t slipped;
	bool used;
};

/** A query arrives at now_us. @param random: for losses; state of a generator. */
enum limiter_reply limiter_ask(struct limiter *l, uint64_t now_us, uint64_t *random);

/** The shortest time in us in which so many queries can be answered, from a full start. */
uint64_t limiter_bound_us(const struct limiter *l, uint64_t queries);

/** @return how many queries it can answer within for_us that began before now_us, if nothing was saved up before and it is
 *	asked as it wants; 0 for a dead one, and for the time of a ban that runs; UINT64_MAX where there is no limit. */
uint64_t limiter_capacity(const struct limiter *l, uint64_t now_us, uint64_t for_us);

/** @return whether it bans the source at that time. */
bool limiter_bans(const struct limiter *l, uint64_t now_us);

/** xorshift64*: the same numbers in every run. */
static inline uint64_t sim_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

static inline double sim_chance(uint64_t *state)
{
	return (double)(sim_random(state) >> 11) / 9007199254740992.0;
}

#endif
