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
#include "core/wire/addr.h"
#include "core/fleet/share.h"
#include "core/pace/gate.h"
#include "core/pace/outcome.h"
#include "core/pace/proof.h"
#include "core/wire/name.h"
#include "core/wire/top.h"
#include "core/pace/upstream.h"
#include "glue/host.h"

struct caa_shards;

/** @param max: upstreams in all, at least 1. @param from: what queries leave from. @return NULL if there is no memory. */
struct caa_shards *caa_shards_create(size_t max, const struct caa_outgoing *from);
/** What is learned outlives a configuration: make shards of another size out of those of an old one, or the old ones ready
 *  for use again.  Other outgoing addresses start anew, as servers do not know them yet.  No query of the old ones is left.
 *  @param old: NULL, or owned by the result. @return NULL if there is no memory; old is destroyed then. */
struct caa_shards *caa_shards_renew(struct caa_shards *old, size_t max, const struct caa_outgoing *from);
/** @param s: may be NULL. */
void caa_shards_destroy(struct caa_shards *s);

/** core/pace/gate.h, proof.h and outcome.h under the upstream's lock.  Where the table has no room for an upstream, queries leave unpaced and without
 *  cookie: caa_shards_ask() says so with *known false and CAA_GATE_SEND. */
enum caa_gate caa_shards_ask(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q,
	const struct caa_wish *wish, uint64_t *wait_us, bool *known);
/** What else is sent to an address counts while a CAA question is under way to it, and where it has a limit.
 *  @return false where that is so nowhere; true may be wrong.  Takes no lock. */
bool caa_shards_watch_any(const struct caa_shards *s);
/** The same of one address. */
bool caa_shards_watched(const struct caa_shards *s, const struct caa_addr *a);
/** A CAA question is under way to an address from now on; then it is not. */
void caa_shards_watch(struct caa_shards *s, const struct caa_addr *a);
void caa_shards_unwatch(struct caa_shards *s, const struct caa_addr *a);
void caa_shards_other(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, uint64_t now_us, bool tcp);
size_t caa_shards_cookie(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, uint64_t now_us,
	uint8_t out[static CAA_COOKIE_MAX]);
bool caa_shards_accept(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, uint64_t now_us,
	const struct caa_packet *packet);
/** @param before: what q was before; its turn is not copied, which others move. */
struct caa_outcome caa_shards_outcome(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q,
	uint64_t now_us, enum caa_end end, const struct caa_packet *packet, bool tcp, struct caa_asking *before);
size_t caa_shards_call(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, const void *thread,
	struct caa_turn **out, size_t max);
bool caa_shards_wonders(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, uint64_t now_us);
enum caa_again caa_shards_again(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, uint64_t now_us,
	const struct caa_packet *packet, bool edns, bool good);
/** @return us; 0 for an unknown upstream. */
uint64_t caa_shards_cost(struct caa_shards *s, const struct caa_addr *a, uint64_t now_us);
/** @param wait_us: what a query would have to wait there; untouched if false.
 *  @return whether the upstream is not silent, as far as is known. */
bool caa_shards_free(struct caa_shards *s, const struct caa_addr *a, uint64_t now_us, uint64_t *wait_us);
/** @param srtt_us: its round trip time; 0 = unknown. @return whether the upstream answered something lately. */
bool caa_shards_alive(struct caa_shards *s, const struct caa_addr *a, uint64_t now_us, uint32_t *srtt_us);

/** What is to be done where CAA has failed. */
enum caa_beside {
	CAA_BESIDE_NO,		/**< nothing: CAA was answered well, or another type was asked for lately, or there is a limit */
	CAA_BESIDE_ASK,		/**< ask for another type beside it */
	CAA_BESIDE_WAIT,	/**< it was asked for a moment ago */
	CAA_BESIDE_KNOWN	/**< another type is answered, as caa_serving_avoids_caa() */
};

/** A query for CAA has failed; where a limit is known, that says nothing.  @param waited_us: in vain; 0 = it was denied, or answered with an error.
 *  @param wonders: whether that is enough to ask for another type. */
enum caa_beside caa_shards_caa_failed(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, uint64_t now_us,
	uint64_t waited_us, bool wonders);
/** One for another type was answered.  @param took_us: its round trip. */
void caa_shards_shown(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, uint64_t now_us, uint64_t took_us);
/** @param zone: its hash. @return CAA_BESIDE_KNOWN, _WAIT or _NO. */
enum caa_beside caa_shards_beside(struct caa_shards *s, const struct caa_addr *a, uint32_t zone, uint8_t line, uint64_t now_us);
/** A question found that a denial is the zone's own answer.  @param q: for the zone and type. */
void caa_shards_denies(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, uint64_t now_us);

/** Forget what was learned of an address, or of all: limit, cookie, TCP, zones.  Who waits goes on waiting in order.
 *  @param a: NULL = all. @return how many addresses. */
size_t caa_shards_forget(struct caa_shards *s, const struct caa_addr *a);

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

/** Copy those upstreams that go first in an order; no lock is held for longer than a piece of a slice takes.
 *  @param out: room for max, in no order. @return how many were copied. */
size_t caa_shards_first(struct caa_shards *s, caa_top_order *order, struct caa_upstream *out, size_t max);

/** Find upstreams that may be worth to be shared (core/fleet/share.h), of those that were used last: most of the room is for those that
 *  are limited.
 *  @param out: room for max. @return how many. */
size_t caa_shards_lines(struct caa_shards *s, struct caa_addr *out, size_t max);
/** core/fleet/share.h under the upstream's lock. @return false if there is nothing to tell, *out untouched. */
bool caa_shards_report(struct caa_shards *s, const struct caa_addr *a, struct caa_share *share, uint64_t now_us, struct caa_share_report *out);
bool caa_shards_share(struct caa_shards *s, const struct caa_addr *a, struct caa_share *share, uint64_t now_us, uint64_t asked_us,
	const struct caa_share_report *report, const struct caa_share_answer *answer);

/** @return upstreams in the table. */
size_t caa_shards_count(struct caa_shards *s);
/** @return of them, those that are paced at a rate. */
size_t caa_shards_limited(struct caa_shards *s);
/** @return upstreams that gave their place to another since creation. */
uint64_t caa_shards_evicted(struct caa_shards *s);
/** @return bytes. */
size_t caa_shards_memory(struct caa_shards *s);

#endif
