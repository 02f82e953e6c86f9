/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Which zones an address has answered for: there a denial may be a limiter's, elsewhere it is the server's answer.
 *
 *  It is a cache of pairs of address and zone: a direct-mapped table of tags, where the last pair of a place stays.  A note
 *  that is lost costs the belief in a denial until the next answer; that one is seen which was never made has a chance of
 *  one in 2^32.  Fixed size, O(1).
 *  No clock, no lock: the caller serialises calls on one table. */
#ifndef CAA_CORE_SERVED_H
#define CAA_CORE_SERVED_H

#include <stdbool.h>
#include <stdint.h>

enum { CAA_SERVED_PLACES = 1024 };	/**< a power of two */

struct caa_served {
	uint32_t tag[CAA_SERVED_PLACES];	/**< of the pair that was noted last; 0 = none */
};

/** Empty. */
void caa_served_init(struct caa_served *s);

/** The address answered for the zone.  @param pair: keyed hash of both, all bits good. */
void caa_served_note(struct caa_served *s, uint64_t pair);

/** @return whether it is noted that it did. */
bool caa_served_has(const struct caa_served *s, uint64_t pair);

#endif
