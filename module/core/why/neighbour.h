/* SPDX-License-Identifier: BSD-3-Clause */
/** \file For which zones a server has answered lately, so that it can be said whether a zone fails alone or with its server.
 *
 *  A cache of fixed size: of each server the last two zones that it answered well for.  A server that is not in it is not
 *  known, which is not the same as one that answers for no other zone.
 *  No clock, no lock: time is passed in, and the caller serialises calls on one table. */
#ifndef CAA_CORE_NEIGHBOUR_H
#define CAA_CORE_NEIGHBOUR_H

#include <stdint.h>
#include "core/wire/addr.h"
#include "core/why/cause.h"

enum {
	CAA_NEIGHBOUR_SETS = 256,	/**< a power of two */
	CAA_NEIGHBOUR_WAYS = 4,
	CAA_NEIGHBOUR_LIFE_S = 900	/**< an answer is believed so long, as Unbound believes what it knows of a server */
};

struct caa_neighbours {
	struct {
		struct caa_addr addr;	/**< family 0 = free */
		uint32_t zone[2];	/**< hashes, the last one first */
		uint32_t at_s[2];	/**< when; 0 = never */
	} server[CAA_NEIGHBOUR_SETS][CAA_NEIGHBOUR_WAYS];
};

/** The server answered well.  @param addr_hash, zone: keyed hashes. @param now_s: at least 1. */
void caa_neighbours_note(struct caa_neighbours *t, const struct caa_addr *addr, uint32_t addr_hash, uint32_t zone,
	uint32_t now_s);

/** @param zone: hash of the zone that failed.
 *  @return CAA_YES if it answered for another zone lately; CAA_NO if it is known, and answered for none or only for this
 *	one; CAA_UNKNOWN if it is not known. */
enum caa_known caa_neighbours_ask(const struct caa_neighbours *t, const struct caa_addr *addr, uint32_t addr_hash, uint32_t zone,
	uint32_t now_s);

#endif
