/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Questions that are being looked up, and who waits for them: one question, one lookup.
 *
 *  The first to ask a question leads its lookup.  Who asks the same one meanwhile follows: it waits for the end.  Who asks
 *  for a name below it attends: it waits until it is known whether the name is a zone of its own, and not longer than the
 *  lookup goes well.  A leader that goes away hands the lookup, with all who wait, to its
 *  first follower; so nobody waits for a lookup that is not led.
 *  Who waits is told the news by being moved to a list of the caller's, in the order of arrival.
 *  The memory of a lead and of a wait is their owner's, who takes them out before it frees them: nothing is allocated
 *  here, and the table never fills.
 *  No clock, no lock: the caller serialises calls on one table. */
#ifndef CAA_CORE_MERGE_H
#define CAA_CORE_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CAA_MERGE_BUCKETS = 256,	/**< a power of two */
	CAA_MERGE_SCOUTS = 2,		/**< of those who attend, how many go ahead */
	CAA_MERGE_LOSSES = 2,		/**< queries of a lookup that are lost before who attends it goes on alone */
	/** labels below the closest known zone that are asked one by one (RFC 9156 s2.3, MINIMISE_ONE_LAB) */
	CAA_MERGE_STEPS = 4
};

/** What became of what was waited for. */
enum caa_news {
	CAA_NEWS_NONE,		/**< nothing yet */
	CAA_NEWS_ANSWERED,
	CAA_NEWS_FAILED,
	CAA_NEWS_KNOWN,		/**< to who attends: the name is a zone, whose servers are known, or it is none */
	CAA_NEWS_ABSENT,	/**< to who attends: there is no such name, so that those between need not be asked one by one */
	CAA_NEWS_LOST,		/**< to who attends: the lookup does not go well, or nobody leads it */
	CAA_NEWS_LEADS		/**< to a follower: it is the leader now */
};

/** A place in a circular list; where it is alone it is linked with itself. */
struct caa_link {
	struct caa_link *next, *prev;
};

/** Where a wait is. */
enum caa_wait_place {
	CAA_WAIT_NOWHERE,
	CAA_WAIT_TABLE,		/**< with a lookup, until it is told the news */
	CAA_WAIT_QUEUE		/**< moved to a list of the caller's */
};

/** A lookup that is led; zeroed at first. */
struct caa_merge_lead {
	uint64_t question;		/**< keyed hash; fixed while it leads */
	uint64_t lookup;		/**< the caller's number of the lookup, which goes on to who takes it over; fixed while it leads */
	struct caa_merge_lead *next;	/**< in the bucket */
	struct caa_link followers, attendants;	/**< set while it leads */
	unsigned losses;		/**< of the lookup's queries */
	enum caa_news known;		/**< KNOWN or ABSENT though the lookup goes on; or NONE */
	bool leads;			/**< it is in the table */
};

/** One who waits; zeroed at first.  @see caa_merge_wait_of() */
struct caa_merge_wait {
	struct caa_link link;		/**< in the list of its place */
	struct caa_merge_lead *lead;	/**< a follower's own, for when it comes to lead; NULL if it attends */
	uint64_t question;		/**< what it waits for */
	enum caa_wait_place place;
	enum caa_news news;		/**< the last */
};

struct caa_merge {
	struct caa_merge_lead *bucket[CAA_MERGE_BUCKETS];
};

void caa_link_init(struct caa_link *list);
bool caa_link_empty(const struct caa_link *list);
/** Take the first wait out of a list of the caller's.  @return NULL if it is empty. */
struct caa_merge_wait *caa_merge_pop(struct caa_link *list);
/** Append a wait to a list of the caller's. */
void caa_merge_push(struct caa_link *list, struct caa_merge_wait *wait);

/** Empty. */
void caa_merge_init(struct caa_merge *m);

/** Ask a question: lead its lookup, or follow the one that is under way.
 *  @param question: keyed hash, all bits good. @param lead: with a number for its lookup; if false, that of the one under way is in its
 *	place. @param wait: used if false.
 *  @return whether it leads. */
bool caa_merge_ask(struct caa_merge *m, uint64_t question, struct caa_merge_lead *lead, struct caa_merge_wait *wait);

/** @return whether the lookup of a question is under way. */
bool caa_merge_is_led(struct caa_merge *m, uint64_t question);

/** Attend the lookup of another question.
 *  @param led: false if nobody leads it; then the news are NONE, and it does not wait.
 *  @return CAA_NEWS_NONE if it waits now; else the news that are there already. */
enum caa_news caa_merge_attend(struct caa_merge *m, uint64_t question, struct caa_merge_wait *wait, bool *led);

/** Stop waiting: take it out of the list that it is in. */
void caa_merge_leave(struct caa_merge_wait *wait);

/** It is known whether the name is a zone, or that there is none: who attends goes on.
 *  @param news: KNOWN or ABSENT. @param told: they are appended to it. */
void caa_merge_known(struct caa_merge_lead *lead, enum caa_news news, struct caa_link *told);

/** The name is a zone, and others know by now who serves it: the first of those who attend go ahead, with news KNOWN, the others when there
 *  is an answer, so that its servers do not meet all of them at once who meet the others', too. @param told: as caa_merge_known(). */
void caa_merge_scout(struct caa_merge_lead *lead, struct caa_link *told);

/** The lookup does not go well; from CAA_MERGE_LOSSES on, who attends goes on alone.
 *  @param losses: 1 for a query that was lost, CAA_MERGE_LOSSES for one that was denied. */
void caa_merge_lost(struct caa_merge_lead *lead, unsigned losses, struct caa_link *told);

/** @return whether anybody follows a lookup that leads. */
bool caa_merge_followed(const struct caa_merge_lead *lead);

/** @return whether anybody follows or attends a lookup that leads. */
bool caa_merge_wanted(const struct caa_merge_lead *lead);

/** The lookup ended: all go on.  Nothing happens if it does not lead.
 *  @param news: ANSWERED or FAILED. @return how many followers were told. */
size_t caa_merge_end(struct caa_merge *m, struct caa_merge_lead *lead, enum caa_news news, struct caa_link *told);

/** The leader goes away without an end.  Nothing happens if it does not lead. */
void caa_merge_abandon(struct caa_merge *m, struct caa_merge_lead *lead, struct caa_link *told);

/** Which name above a question is to be known before it is asked: its parent, but not further below the closest known
 *  zone than CAA_MERGE_STEPS, so that a name of many labels does not wait for each of them.
 *  @param labels: of the question, without the root. @param zone: labels of the closest known zone above it, less than labels.
 *  @return labels of that name; 0 if there is none: the parent is that zone, or the root. */
size_t caa_merge_ancestor(size_t labels, size_t zone);

#endif
