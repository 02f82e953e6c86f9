/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What the parts of learn.c share: learn_rate.c has what is done where a limit is known, learn_window.c where none is, and learn.c
 *  what is done in both. */
#ifndef CAA_CORE_LEARN_PARTS_H
#define CAA_CORE_LEARN_PARTS_H

#include "core/pace/learn.h"
#include "core/wire/ms.h"

enum {
	US_PER_S = 1000000,
	US_PER_MS = 1000,
	MS_PER_S = 1000,
	MQPS = CAA_MQPS,
	ROUND_MIN_MS = 10,		/**< the window grows as if no round trip were shorter */
	DOUBT_FAILURES = 2,		/**< what was lost is lost again so often though it is asked slower, while others are answered;
					 *   what is denied has its own count */
	OUTAGE_SECONDS = 3,		/**< who answered well for so long may have an outage when it answers none */
	SLOWEST_MS = 2 * MS_PER_S,	/**< how long the slowest answer is remembered */
	WINDOW_MAX = 8192,
	WINDOW_MIN = 4			/**< losses do not shrink the window below it */
};

static inline uint32_t caa_learn_clamp(uint64_t value, uint32_t min, uint32_t max)
{
	return value < min ? min : value > max ? max : (uint32_t)value;
}

/** Whether queries wait for the rate: what is answered then is what it lets through. */
static inline bool caa_learn_waits(const struct caa_learn *l)
{
	return caa_learn_limited(l) && l->state != CAA_LEARN_CONFIRM && caa_pacer_waiting(&l->pacer) > 0;
}

static inline uint32_t caa_learn_round_ms(const struct caa_learn *l)
{
	return caa_ms(l->srtt_us) > ROUND_MIN_MS ? caa_ms(l->srtt_us) : ROUND_MIN_MS;
}

/* --- both: learn.c ------------------------------------------------------------------------------------------------- */

/** What was sent is not under way any more for the pacer, and its losses are paid for. */
void caa_learn_start_anew(struct caa_learn *l);

/* --- limited: learn_rate.c ----------------------------------------------------------------------------------------- */

/** @return whether others may send as well, so that a loss, or what was saved up, is not this one's alone. */
bool caa_rate_has_others(const struct caa_learn *l, uint64_t now_us);

/** The losses are a limit: from now on there is a rate. */
void caa_rate_begin(struct caa_learn *l, uint64_t now_us, enum caa_signal signal);

/** @param srtt_us: before this answer. @return whether the first answer after a pause came so late that those before it may have been
 *	late as well. */
bool caa_rate_is_late(const struct caa_learn *l, uint64_t now_us, struct caa_sent sent, uint32_t srtt_us);

/** A query was answered.  @param late: what caa_rate_is_late() said of it. */
void caa_rate_answer(struct caa_learn *l, uint64_t now_us, struct caa_sent sent, bool late);

/** One was lost, or denied.  @return whether the limit was met once more. */
bool caa_rate_loss(struct caa_learn *l, uint64_t now_us, struct caa_sent sent, enum caa_signal signal);

/** The line was empty for a while.  Who comes now may use what the limiter saved up, and the rate is one that was
 *  known to work: what was tried last may have lived from that, too. */
void caa_rate_rest(struct caa_learn *l, uint64_t now_us);

/** A share may be small because nobody waited here; who is alone goes on from its part. */
void caa_rate_end_lease(struct caa_learn *l, uint64_t now_us);

/* --- open: learn_window.c ------------------------------------------------------------------------------------------ */

/** There is no limit, or none for what is sent from now on: the window is the clock again. */
void caa_window_reopen(struct caa_learn *l, enum caa_learn_state state);

/** The window is the first one again. @param state: CAA_LEARN_FIRST, or CAA_LEARN_OPEN where it is known how it answers. */
void caa_window_start(struct caa_learn *l, enum caa_learn_state state);

/** One was denied. */
void caa_window_warn(struct caa_learn *l);

/** The first window was answered, or is not waited for any more: it grows now as it would have done all the time. */
void caa_window_end_first(struct caa_learn *l, uint64_t now_us);

/** A limiter that answers a part of the first window has charged the others, and would charge what follows: until its
 *  last one was answered, or one that left later, or all are lost, nothing does. */
void caa_window_first_end(struct caa_learn *l, uint64_t now_us);

/** While the first window waits for its last one, one more tells whether any is answered now: who limits the queries under
 *  way does that, and who loses some does. */
void caa_window_wait(struct caa_learn *l, uint64_t now_us);

/** It answers: those that left before say nothing of now. */
void caa_window_end_outage(struct caa_learn *l, uint64_t now_us);

/** Where one is answered that was denied before, what was denied with it may be a limit. @return whether it is taken for one. */
bool caa_window_answer(struct caa_learn *l, uint64_t now_us, struct caa_sent sent);

/** @return true if the losses so far look like a limit. */
bool caa_window_loss(struct caa_learn *l, uint64_t now_us, struct caa_sent sent, enum caa_signal signal);

#endif
