/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The bounded table of upstream addresses: what is known about each and when it was last used.
 *
 *  Its law: it takes one allocation at creation and never grows; when it is full, the entry used longest ago
 *  gives its place, unless queries wait for it: then a new address gets none, so that
 *  nobody can make an upstream forget its queue by naming many others.  Lookups are O(1).
 *  Where queries leave from several of our addresses, what is known of each of them stands behind the entry.
 *  No clock, no lock: the caller serialises calls on one table (glue/shard.c does). */
#ifndef CAA_CORE_UPSTREAM_H
#define CAA_CORE_UPSTREAM_H

#include <stddef.h>
#include <stdint.h>
#include "core/wire/addr.h"
#include "core/pace/cookie.h"
#include "core/wire/hash.h"
#include "core/pace/learn.h"
#include "core/pace/line.h"
#include "core/pace/transport.h"

/** One upstream address.  Counters since it entered the table. */
struct caa_upstream {
	struct caa_addr addr;	/**< the key; never changes while in the table */
	uint32_t hash_next;	/**< table's own: index of the next entry of the same bucket */
	uint32_t older;		/**< table's own: neighbours in the order of use */
	uint32_t newer;
	struct caa_learn learn;		/**< its pacer, and what sets its pace */
	struct caa_line line;		/**< who takes the pacer's places */
	struct caa_cookie cookie;
	struct caa_transport transport;
	uint32_t epoch;		/**< counts how often it was forgotten; what is kept elsewhere of it is kept under this too */
	uint32_t sent;		/**< packets that left, of any kind; counters are modulo 2^32 */
	uint32_t sent_caa;	/**< of these, sent for a CAA question */
	uint32_t waited;	/**< queries that had to wait */
	uint32_t waited_ms;	/**< sum of their waits */
	uint32_t refused;	/**< queries not sent because the wait was beyond their budget */
	uint32_t replied;	/**< packets that were answered */
	uint32_t timed_out;	/**< packets that were not */
	uint32_t failed;	/**< packets that ended in a network error */
	uint32_t limits;	/**< how often it was found limited */
	uint32_t beside_ms;	/**< when the first of those went, in ms modulo 2^32 */
	uint8_t besides;	/**< queries of another type that went beside CAA, and of which none was answered yet (glue/beside.h) */
	bool serves_caa;	/**< it has answered CAA without an error, for whatever zone */
	uint16_t dealt;		/**< bit n: our address n has had its turn in this round, core/pace/egress.h */
	uint8_t sources;	/**< what stands behind this entry; 0 where we have one address, and outside a table */
};

/** What is known of one of several of our addresses. */
struct caa_source {
	uint32_t answered_seq;	/**< the latest query from there that was answered, and one more, as in core/pace/learn.h */
	struct caa_cookie_part part;
	uint8_t lost;		/**< queries in a row that were not answered, up to 255 */
};

/** @return what is known of one of several, borrowed like the entry; NULL if nothing is kept of it. */
static inline struct caa_source *caa_upstream_source(struct caa_upstream *u, uint8_t source)
{
	return source < u->sources ? (struct caa_source *)(u + 1) + source : NULL;
}

/** @return the server's part of the cookie for one of our addresses, likewise. */
static inline struct caa_cookie_part *caa_upstream_part(struct caa_upstream *u, uint8_t source)
{
	if (u->sources == 0)
		return source == 0 ? &u->cookie.part : NULL;
	return source < u->sources ? &caa_upstream_source(u, source)->part : NULL;
}

/** @return whether another type may be asked for beside CAA there: a few at once, and more as some are answered. */
bool caa_upstream_may_beside(const struct caa_upstream *u, uint64_t now_us);
/** It is. */
void caa_upstream_beside(struct caa_upstream *u, uint64_t now_us);

struct caa_upstreams;

/** @param max: entries, 1 .. 2^31. @param sources: our addresses of which something is kept, 1 .. CAA_SOURCES_MAX.
 *  @param key: for the hash; copied. @return NULL if there is no memory. */
struct caa_upstreams *caa_upstreams_create(size_t max, unsigned sources, const uint8_t key[static CAA_HASH_KEY]);
/** @param t: may be NULL. */
void caa_upstreams_destroy(struct caa_upstreams *t);

/** Look without touching the order of use.
 *  @return the entry, borrowed until the next caa_upstreams_get(); NULL if unknown. */
struct caa_upstream *caa_upstreams_find(struct caa_upstreams *t, const struct caa_addr *a);

/** Find or make the entry and mark it as used now.
 *  @param burst: for a new entry, queries under way before the first answer.
 *  @return the entry, borrowed until the next call of this function; NULL if the table is full of entries
 *	that queries wait for (the caller then sends unpaced and counts it). */
struct caa_upstream *caa_upstreams_get(struct caa_upstreams *t, const struct caa_addr *a, uint16_t burst);

/** Take over what another table knew of an address, as the most recently used entry; an entry that is there is replaced.
 *  What is known of our addresses is not taken along. */
void caa_upstreams_import(struct caa_upstreams *t, const struct caa_upstream *known);

/** Forget what was learned of an address, or of all.  Queries that wait keep their order, those under way their count.
 *  @param a: its lines are forgotten as well; NULL = all. @return how many entries. */
size_t caa_upstreams_forget(struct caa_upstreams *t, const struct caa_addr *a);

/** All queries are gone, and nothing will be heard of them; what is known of the upstreams stays. */
void caa_upstreams_settle(struct caa_upstreams *t);

/** @return entries in use, 0 .. max. */
size_t caa_upstreams_count(const struct caa_upstreams *t);
/** @return entries that gave their place since creation. */
uint64_t caa_upstreams_evicted(const struct caa_upstreams *t);
/** @return bytes the table takes, all at creation. */
size_t caa_upstreams_memory(const struct caa_upstreams *t);

/** Walk in no order, also while the table changes between two calls.
 *  @param i: 0 .. caa_upstreams_count() - 1. */
const struct caa_upstream *caa_upstreams_at(const struct caa_upstreams *t, size_t i);

/** Walk from the most recently used entry, or from the one used longest ago.
 *  @param u: NULL to start. @return the next older, or newer, one, borrowed; NULL at the end. */
const struct caa_upstream *caa_upstreams_older(const struct caa_upstreams *t, const struct caa_upstream *u);
const struct caa_upstream *caa_upstreams_newer(const struct caa_upstreams *t, const struct caa_upstream *u);

#endif
