/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Which address a question is under way to, so that the same question joins it there.
 *
 *  Unbound joins a query with an identical one to the same address.  A zone has several addresses, and two lookups that
 *  want the same answer choose theirs on their own: the authority would be asked twice.  This table lets the second
 *  choose as the first did.
 *  It is a cache: a note that is lost or wrong costs one query, never an answer.  Fixed size, O(1): a question's notes
 *  share a set of CAA_FLIGHT_WAYS places, and the oldest note of a full set makes room.  A note that was not ended is
 *  believed for CAA_FLIGHT_LIFE_US.
 *  No clock, no lock: the caller serialises calls on one table. */
#ifndef CAA_CORE_FLIGHT_H
#define CAA_CORE_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>
#include "core/wire/addr.h"

enum {
	CAA_FLIGHT_SETS = 64,		/**< a power of two */
	CAA_FLIGHT_WAYS = 4,
	CAA_FLIGHT_LIFE_US = 60 * 1000000
};

struct caa_flight {
	struct {
		uint64_t question;	/**< hash of name and type; valid while until_us is ahead */
		uint64_t until_us;	/**< when the note is not believed any more; 0 = free */
		struct caa_addr addr;
	} note[CAA_FLIGHT_SETS][CAA_FLIGHT_WAYS];
};

/** Empty. */
void caa_flight_init(struct caa_flight *f);

/** Note that a question is under way, or waits, to an address; replaces what was noted for it.
 *  @param question: keyed hash of the question, all bits good. */
void caa_flight_begin(struct caa_flight *f, uint64_t question, const struct caa_addr *addr, uint64_t now_us);

/** The question is not under way to that address any more; a note of another address stays. */
void caa_flight_end(struct caa_flight *f, uint64_t question, const struct caa_addr *addr);

/** @param out: the address; untouched if false. @return whether the question is under way. */
bool caa_flight_find(const struct caa_flight *f, uint64_t question, uint64_t now_us, struct caa_addr *out);

#endif
