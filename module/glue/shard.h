/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What all worker threads share about upstreams: slices of core's tables, each under a lock of its own.
 *
 *  The only locks of the module besides the one around its configuration (glue/ctx.h).  A call takes one lock,
 *  does arithmetic under it and releases it: nothing here logs, waits, allocates or calls back under a lock, so no
 *  order between locks is needed. */
#ifndef CAA_GLUE_SHARD_H
#define CAA_GLUE_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/addr.h"
#include "core/name.h"
#include "core/options.h"
#include "core/upstream.h"

struct caa_shards;

/** What came of asking for a place. */
enum caa_booking {
	CAA_BOOKED,	/**< a place is reserved */
	CAA_REFUSED,	/**< the wait would be too long; nothing is reserved */
	CAA_UNPACED	/**< the table has no room for this upstream; send without a place */
};

/** What became of a packet. */
enum caa_packet {
	CAA_PACKET_REPLIED,
	CAA_PACKET_TIMED_OUT,
	CAA_PACKET_FAILED,
	CAA_PACKET_REFUSED	/**< not sent: its turn was beyond the budget */
};

/** @param max: upstreams in all, at least 1. @return NULL if there is no memory. */
struct caa_shards *caa_shards_create(size_t max);
/** @param s: may be NULL. */
void caa_shards_destroy(struct caa_shards *s);

/** Reserve a place at an upstream for a query of a CAA question.
 *  @param zone: the question's options; with rate_qps 0 the query needs no place of its own and only takes one.
 *  @param limit_us: longest wait. @param wait_us: set if CAA_BOOKED. */
enum caa_booking caa_shards_book(struct caa_shards *s, const struct caa_addr *a, const struct caa_zone_options *zone,
	uint64_t now_us, uint64_t limit_us, uint64_t *wait_us);

/** Note a packet that leaves now for a CAA question, and has a place. */
void caa_shards_sent_caa(struct caa_shards *s, const struct caa_addr *a, uint64_t now_us);

/** Note a packet that leaves now for anything else: it takes a place and does not wait for it. */
void caa_shards_sent_other(struct caa_shards *s, const struct caa_addr *a, uint64_t now_us);

/** Note what became of a packet. */
void caa_shards_outcome(struct caa_shards *s, const struct caa_addr *a, enum caa_packet what);

/** @return the wait in us that a booking would get now; 0 for an unknown upstream. */
uint64_t caa_shards_wait(struct caa_shards *s, const struct caa_addr *a, uint64_t now_us);

/** A question as the tables of questions under way know it.
 *  @return a keyed hash of name, without case, and type. */
uint64_t caa_shards_question(const struct caa_shards *s, struct caa_name name, uint16_t qtype);

/** Note that a question is under way, or waits, to an address; then that it is not. */
void caa_shards_flight_begin(struct caa_shards *s, uint64_t question, const struct caa_addr *a, uint64_t now_us);
void caa_shards_flight_end(struct caa_shards *s, uint64_t question, const struct caa_addr *a);

/** @param out: the address that the question is under way to; untouched if false. */
bool caa_shards_flight_find(struct caa_shards *s, uint64_t question, uint64_t now_us, struct caa_addr *out);

/** Copy one upstream. @return false if it is unknown, *out untouched. */
bool caa_shards_copy(struct caa_shards *s, const struct caa_addr *a, struct caa_upstream *out);

/** Copy upstreams, of every slice the most recently used first.
 *  @param out: room for max. @return how many were copied. */
size_t caa_shards_copy_all(struct caa_shards *s, struct caa_upstream *out, size_t max);

/** @return upstreams in the table. */
size_t caa_shards_count(struct caa_shards *s);
/** @return upstreams that gave their place to another since creation. */
uint64_t caa_shards_evicted(struct caa_shards *s);
/** @return bytes. */
size_t caa_shards_memory(struct caa_shards *s);

#endif
