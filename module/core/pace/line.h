/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Who takes which of the places at an upstream: zones take turns, and within a zone the order is that of the clients'
 *  questions.
 *
 *  The pacer (core/pace/pacer.h) numbers places and says when each is due.  Here those who hold one are kept in order, and who comes
 *  is put where its turn is: the places of those behind it move back by one, so the pacer sees nothing of it.
 *  Turns are start-time fair queueing's (Goyal, Vin and Cheng, 1996) with packets of one size: a zone's next query has the
 *  turn after its last one, and not before the turn that is served now; so one zone's thousand names delay another's two by a
 *  turn.  A question's age is the time of the client's question that it is asked for, so that a parent has the place of the
 *  name that needs it, and whole names are finished before others begin.
 *  The links are their owners' memory, who take them out before they free it.
 *  No clock, no lock: the caller serialises calls on one line.  O(1) to leave; to enter, the places behind the new one, and
 *  those before it back to the zone's last. */
#ifndef CAA_CORE_LINE_H
#define CAA_CORE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/pace/pacer.h"

/** One who waits; zeroed at first. */
struct caa_turn {
	struct caa_turn *before, *behind;	/**< in the line, or outside; NULL at the ends, and of who does not wait */
	struct caa_place place;		/**< its place at the pacer, while it is in the line */
	uint64_t age_us;		/**< when its client's question arrived; 0 goes ahead in its zone */
	uint32_t zone;			/**< a hash of the zone that is asked */
	uint32_t turn;			/**< modulo 2^32 */
	const void *thread;		/**< who can call it; compared only; set by its owner before it enters */
	bool called;			/**< it was told that there may be room for it, and has not asked since */
	bool outside;			/**< it has no place, and is one of those; this and the next change only by its owner's calls, ... */
	bool in_line;			/**< ... who may read it at any time */
};

struct caa_line {
	struct caa_turn *first, *last;	/**< NULL if it is empty */
	struct caa_turn *outside;	/**< who waits and has no place, since its turn would come too late: the latest; NULL = nobody */
	uint32_t outsiders;		/**< how many they are */
	uint32_t served;		/**< the latest turn that was used */
	uint32_t called;		/**< how many of those that wait were called */
};

/** Put who comes in its place.
 *  @param t: its zone and age are set. @param place: at the pacer's end. @param last_turn: the zone's last turn here, as far as it is
 *	known; any value will do otherwise. */
void caa_line_enter(struct caa_line *line, struct caa_turn *t, struct caa_place place, uint32_t last_turn);

/** Who entered last does not stay: all have the places again that they had before. */
void caa_line_undo(struct caa_line *line, struct caa_turn *t);

/** Who has room now need not wait until it asks by itself.
 *  @param room: so many at the front may leave. @param thread: of these, only its own are called. @param out: has room for max.
 *  @return how many are called now, who were not before. */
size_t caa_line_call(struct caa_line *line, uint32_t room, const void *thread, struct caa_turn **out, size_t max);

/** Who was called has asked, and waits on. */
void caa_line_wait(struct caa_line *line, struct caa_turn *t);

/** @return whether fewer than so many stand before one in the line. */
bool caa_line_is_front(const struct caa_turn *t, uint64_t most);

/** Who waits has no place, or has one, or waits no more. */
void caa_line_set_outside(struct caa_line *line, struct caa_turn *t, bool outside);

enum { CAA_LINE_NEIGHBOURS = 2 };

/** Who found room outside tells its neighbours there, before it goes: what let it in may let them in, too.
 *  @param out: those of its thread. @return how many. */
size_t caa_line_neighbours(const struct caa_turn *t, struct caa_turn *out[static CAA_LINE_NEIGHBOURS]);

/** @return whether it is outside and has no neighbour there that came earlier: of those that call each other one is so. */
bool caa_line_is_oldest(const struct caa_turn *t);

/** Who was in the line leaves it without its turn. */
void caa_line_leave(struct caa_line *line, struct caa_turn *t);

/** Who was in the line uses its turn.  @return the turn. */
uint32_t caa_line_use(struct caa_line *line, struct caa_turn *t);

#endif
