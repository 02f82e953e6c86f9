/* SPDX-License-Identifier: BSD-3-Clause */
/** \file One question, one lookup, in all worker threads; and the parent's before the child's.
 *
 *  A question is asked for by many clients in many threads.  Within a thread Unbound joins them; here the threads are joined, by
 *  core/climb/merge.h: who follows a lookup is handed its answer (glue/handed.h), whatever its TTL.  So are the lookups for keys, DNSKEY
 *  and DS, that the validator makes for CAA questions.  A question also waits for its parent's, which is made if nobody asks it, so that the walk down from the
 *  root is made once for all names below a parent; with the parent known, it is asked by its full name at once.
 *
 *  Who leads a lookup may have it from another resolver, over the fleet's store (glue/fleet.h), or wait for that: it leads it here meanwhile.
 *
 *  A question that waits is a query state in module_wait_reply, with a timer.  Only its own thread runs it: news from that
 *  thread set the timer to now, news from another one are put into its thread's queue, and a descriptor wakes the thread, which
 *  sets the timers.  The timer also ends a wait of which there is no news.
 *
 *  Locks: a slice of the table, and under it the queue of one worker.  The descriptor and what belongs to it live from the
 *  first question of a worker that may wait to the end of its last, so nothing is left when the worker ends. */
#ifndef CAA_GLUE_MERGE_H
#define CAA_GLUE_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include "core/climb/merge.h"
#include "core/wire/name.h"

#include "util/module.h"

struct caa_ctx;
struct caa_fleet_ask;
struct caa_handed;
struct caa_merging;
struct comm_timer;
struct dns_msg;
struct serviced_query;
struct sldns_buffer;

/** A question's part in it, a member of its state; zeroed at first.  Belongs to the question's thread, except for lead,
 *  wait and handed, which belong to the table while they are in it. */
struct caa_merged {
	struct caa_merge_lead lead;
	struct caa_merge_wait wait;
	uint64_t lookup;		/**< as the lead's, for the question's own thread; 0 = none yet */
	struct caa_handed *handed;	/**< the answer of the lookup that it followed, owned; or NULL */
	struct caa_fleet_ask *ask;	/**< what the fleet was asked with, by who leads; or NULL */
	uint64_t ask_until_us;		/**< the fleet's first word is waited for until then */
	struct module_qstate *qstate;	/**< the question's own; NULL if it takes no part */
	struct comm_timer *timer;	/**< until news, or the end of the wait; NULL if it never waited */
	uint64_t began_us, deadline_us;	/**< 0 before it arrives; it does not wait beyond, but to hear why another failed */
	uint64_t looked_us;		/**< when its lookup began; 0 = it has not */
	unsigned worker;		/**< number of its thread */
	size_t known;			/**< labels of the name above it that is known, as far as this question has found out */
	size_t target;			/**< labels of the name above it that it waits for */
	size_t asked;			/**< labels of the name above it that it has had asked; 0 = none */
	bool keys;			/**< it is a lookup for keys; set before it arrives */
	bool hurried;			/**< and something else than CAA questions waits for it; set before each run */
	bool follows;			/**< the same question of another query state */
	bool waiting;			/**< in module_wait_reply */
	bool whole;			/**< what is above it is known, or not to be had: no steps on the way down */
	bool sent;			/**< a query was sent for it */
	bool apex;			/**< its name is a zone */
	bool shared;			/**< it is counted as one that waited for its parent */
	uint8_t silences;		/**< queries that were lost while the fleet waits for it, those without a limit twice */
	bool asks;			/**< waiting for a word of the fleet */
	bool late;			/**< the first of them is late */
	bool held;			/**< its answer was held: it is not left for others */
	bool took;			/**< another resolver's answer is there, for the iterator to find */
	bool failed;			/**< another resolver's lookup of it has failed, and why is there */
	uint8_t *failure;		/**< why its own lookup failed, where that is told to others; in its region, or NULL */
	size_t failure_len;
	bool promised;			/**< a client was told that its lookup goes on, and may ask again */
};

/** @param workers: threads. @param fleet: lookups are shared with other resolvers. @return NULL if there is no memory. */
struct caa_merging *caa_merging_create(unsigned workers, bool fleet);
/** @param g: may be NULL. */
void caa_merging_destroy(struct caa_merging *g);
/** @return bytes. */
size_t caa_merging_memory(const struct caa_merging *g);

/** @return whether there are several threads, or resolvers: within one thread Unbound joins lookups by itself. */
bool caa_merging_many(const struct caa_merging *g);

/** A question has arrived, or its timer has run out.
 *  @param deadline_us: the end of its budget.
 *  @return module_wait_module if it is to be looked up now, module_wait_reply if it waits, module_finished if it has ended,
 *	with its answer, or failed with its return_rcode set, or failed elsewhere, see m->failed. */
enum module_ext_state caa_merging_run(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_merged *m,
	uint64_t deadline_us);

/** The fleet's thread has news for a question. */
void caa_merging_tell(struct caa_merging *g, struct caa_fleet_ask *ask);

/** @return whether another resolver's answer is there for a question, by now; it is its answer then. */
bool caa_merging_took(struct caa_merged *m);
/** @return that answer, of unchecked security, in the query's region; NULL if it cannot be used. */
struct dns_msg *caa_merging_taken(struct caa_merged *m);

/** @return why the lookup of another resolver failed, which m->failed tells of (core/why/carry.h); borrowed until the end. */
const uint8_t *caa_merging_failure(const struct caa_merged *m, size_t *len);
/** That is of no use: the question is looked up here.  @return as caa_merging_run(). */
enum module_ext_state caa_merging_go_on(struct caa_ctx *ctx, struct caa_merged *m);
/** A question's lookup has failed, by its zone's own word: other resolvers that wait for it are to hear why at its end.
 *  @param octets: that (core/why/carry.h). */
void caa_merging_tell_failure(struct caa_merged *m, const uint8_t *octets, size_t len);

/** A query is about to be sent for a question, to the servers of the query's zone. */
void caa_merging_sent(struct caa_ctx *ctx, struct caa_merged *m, const struct serviced_query *sq);

/** A query of a question was answered: whether its name is a zone is known before the lookup has ended, which may go on to
 *  an alias's target, or to the keys that the answer is signed with. */
void caa_merging_answered(struct caa_ctx *ctx, struct caa_merged *m, const struct serviced_query *sq,
	struct sldns_buffer *reply);

/** A query of a question is lost: from the second on, or the fourth where that is taken for a limit, the other resolvers need not wait for
 *  it, whose way to the servers may be another. */
void caa_merging_silent(struct caa_ctx *ctx, struct caa_merged *m, bool limited);

/** A query of a question was denied, or lost where others are answered. */
void caa_merging_lost(struct caa_ctx *ctx, struct caa_merged *m, const struct serviced_query *sq, bool denied);

/** @return a number of the lookup that a question makes or follows: by chance, and the same for all who hear of that lookup. */
uint64_t caa_merging_lookup(struct caa_merged *m);

/** @param flags: of the client's query. @return whether a question is looked up now: what Unbound's cache has of a failure by then may
 *  be one that is tried again, and its reason is not known before the end. */
bool caa_merging_is_led(struct caa_ctx *ctx, struct caa_name name, uint16_t flags);

/** @return whether anybody waits for a question's answer: a client, a lookup, another question.  A name above that was asked
 *  for another's sake is not tried again when that has gone on. */
bool caa_merging_wanted(struct caa_ctx *ctx, struct caa_merged *m);

/** @return whether a question's lookup does not go well, and nobody waits for it: no more is sent for it, so that it is not in the
 *  way of those that have gone on. */
bool caa_merging_idle(struct caa_ctx *ctx, struct caa_merged *m);

/** A question has an answer, or has failed for good. */
void caa_merging_end(struct caa_ctx *ctx, struct caa_merged *m, bool failed);

/** A question's lookup ends without anything to tell: the first who follows it leads one of its own. */
void caa_merging_abandon(struct caa_ctx *ctx, struct caa_merged *m);

/** A question goes away, at its end or before it. */
void caa_merging_clear(struct caa_ctx *ctx, struct caa_merged *m);

#endif
