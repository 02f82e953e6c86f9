/* SPDX-License-Identifier: BSD-3-Clause */
/** \file From which of several outgoing addresses a query leaves to an upstream.
 *
 *  They are dealt like cards: all have their turn before one has its next, and the order within a round is random, so that who
 *  forges answers cannot know it.  A limiter that counts by source address then sees each of them send as much as the others,
 *  and looks like one that lets that many times as much through; one that counts otherwise looks as it does to one address.
 *  So what is learned of a limit (core/pace/learn.h) is learned for all of them together, and nothing is supposed of how it counts.
 *
 *  Beyond the first window an address whose cookie is known is preferred, and another one is taken now and then until its cookie
 *  is known, too.  Where a limit is known nevertheless, cookies do not help, and all are dealt.
 *  An address whose queries are not answered while others' are may be blocked there: it stands aside, is tried more and more
 *  rarely, and what is lost from it then says nothing of the upstream, until one is answered.
 *  No clock, no lock, no randomness: all are arguments. */
#ifndef CAA_CORE_EGRESS_H
#define CAA_CORE_EGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include "core/pace/upstream.h"

/** What there is to choose from. */
struct caa_egress {
	unsigned count;		/**< outgoing addresses of the upstream's family, 2 .. CAA_EGRESS_MAX */
	bool proved;		/**< only one whose cookie is known will do, if there is one */
	uint32_t random;	/**< random bits */
};

enum { CAA_EGRESS_MAX = UINT8_MAX - 1 };	/**< of more addresses only so many are used */

/** @param aside: whether the address stands aside, so that what is lost from it says nothing of the upstream.
 *  @return 0 .. count - 1. */
uint8_t caa_egress_choose(struct caa_upstream *u, const struct caa_egress *e, bool *aside);

/** A query that left from there was answered, or was lost though its zone is answered.  @param seq: its number, as in core/pace/learn.h. */
void caa_egress_answered(struct caa_upstream *u, uint8_t source, uint32_t seq);
void caa_egress_lost(struct caa_upstream *u, uint8_t source, uint32_t seq);

/** A limit was found: what was lost was lost to it. */
void caa_egress_limited(struct caa_upstream *u);

#endif
