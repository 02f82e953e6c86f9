/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The lookups that are under way, in all worker threads: who leads one, who waits for it, and how they hear of it.
 *
 *  The table is that of core/climb/merge.h, in slices.  A question that waits is a query state in module_wait_reply, with a timer.  Only
 *  its own thread runs it: news from that thread set the timer to now, news from another one, the fleet's among them, are put into its
 *  thread's queue, and a descriptor wakes the thread, which sets the timers.  The timer also ends a wait of which there is no news.
 *
 *  Locks: a slice of the table, and under it the queue of one worker.  The descriptor and what belongs to it live from the
 *  first question of a worker that may wait to the end of its last, so nothing is left when the worker ends. */
#ifndef CAA_GLUE_LOOKUPS_H
#define CAA_GLUE_LOOKUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/climb/merge.h"
#include "core/wire/name.h"

#include "util/module.h"

struct caa_ctx;
struct caa_fleet_answer;
struct caa_fleet_ask;
struct caa_handed;
struct caa_lookups;
struct comm_timer;

enum {
	/** So often a lookup for keys that waits looks whether something else waits for it, too, that need not wait as long as CAA
	 *  questions do. */
	CAA_KEYS_LOOK_US = 200000
};

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
	bool finds;			/**< the fleet was asked, and would be told where that zone's servers are: they were not known when the lookup began */
	bool led_on;			/**< another resolver has said what leads to that zone's servers */
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
struct caa_lookups *caa_lookups_create(unsigned workers, bool fleet);
/** @param g: may be NULL. */
void caa_lookups_destroy(struct caa_lookups *g);
/** @return bytes. */
size_t caa_lookups_memory(const struct caa_lookups *g);

/** @return whether there are several threads, or resolvers: within one thread Unbound joins lookups by itself. */
bool caa_lookups_many(const struct caa_lookups *g);

/** A question begins to take part.  @return false if it cannot. */
bool caa_lookups_join(struct caa_lookups *g, struct caa_merged *m, struct module_qstate *qstate);

/** @return a number of the lookup that a question makes or follows: by chance, and the same for all who hear of that lookup. */
uint64_t caa_lookups_number(struct caa_merged *m);

/** Ask for a question.  @return whether it leads its lookup; else it follows it, and hears of it. */
bool caa_lookups_ask(struct caa_lookups *g, struct caa_merged *m);
/** Attend the lookup of a name above.  @return as caa_merge_attend(). */
enum caa_news caa_lookups_attend(struct caa_lookups *g, struct caa_merged *m, struct caa_name target, bool *led);

/** @return false if a question can have no timer, without which it does not wait. */
bool caa_lookups_make_timer(struct caa_merged *m);
/** Wait no longer than until a time. */
enum module_ext_state caa_lookups_sleep_until(struct caa_merged *m, uint64_t until_us);
/** End a wait.
 *  @param late: whether it was in the table still.
 *  @return the news; NONE if there were none. */
enum caa_news caa_lookups_settle(struct caa_lookups *g, struct caa_merged *m, bool *late);

/** Tell those who attend a question's lookup: what is known of its name, or with losses (news NONE) that it does not go well. */
void caa_lookups_tell(struct caa_ctx *ctx, struct caa_merged *m, enum caa_news news, unsigned losses);

/** What leads to the servers of a question's name, a zone, is known from elsewhere: the first of those who attend its lookup go ahead. */
void caa_lookups_scout(struct caa_ctx *ctx, struct caa_merged *m);

/** The fleet's thread has a word for a question. */
void caa_lookups_word(struct caa_lookups *g, struct caa_fleet_ask *ask);
/** A question has no more to do with the fleet.  @param answer: to be left for others; or NULL. */
void caa_lookups_leave_fleet(struct caa_ctx *ctx, struct caa_merged *m, const struct caa_fleet_answer *answer);

/** @param flags: of the client's query. @return whether a question is looked up now: what Unbound's cache has of a failure by then may
 *  be one that is tried again, and its reason is not known before the end. */
bool caa_lookups_is_led(struct caa_ctx *ctx, struct caa_name name, uint16_t flags);

/** @return whether anybody follows a question's lookup. */
bool caa_lookups_is_followed(struct caa_lookups *g, const struct caa_merged *m);

/** @return whether anybody waits for a question's answer: a client, a lookup, another question.  A name above that was asked
 *  for another's sake is not tried again when that has gone on. */
bool caa_lookups_wanted(struct caa_ctx *ctx, struct caa_merged *m);

/** @return whether a question's lookup does not go well, and nobody waits for it: no more is sent for it, so that it is not in the
 *  way of those that have gone on. */
bool caa_lookups_idle(struct caa_ctx *ctx, struct caa_merged *m);

/** A lookup ends, and who follows or attends it hears that.
 *  @param news: ANSWERED or FAILED. @param handed: its answer, for who follows it; or NULL. @return who followed it. */
size_t caa_lookups_end(struct caa_lookups *g, struct caa_merged *m, enum caa_news news, struct caa_handed *handed);

/** A question's lookup ends without anything to tell: the first who follows it leads one of its own. */
void caa_lookups_abandon(struct caa_ctx *ctx, struct caa_merged *m);

/** A question goes away, at its end or before it. */
void caa_lookups_clear(struct caa_ctx *ctx, struct caa_merged *m);

#endif
