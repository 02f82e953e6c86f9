/* SPDX-License-Identifier: BSD-3-Clause */
/** \file When the queries to one upstream may leave: places in a line, and a clock that calls them.
 *
 *  Who wants to send takes a place and asks when it is due; asked again later, the answer may be another one, so that
 *  a change of speed reaches those that wait already.  Two clocks can call the places:
 *  - a rate: the generic cell rate algorithm (ITU-T I.371) with waiting in place of loss.  Its law: at a constant rate
 *    any window of w us sees at most w / interval_us + burst queries leave;
 *  - a window: a place is due while fewer than `window` queries are under way, so the server's answers are the clock.
 *  A repeated query can take a place ahead of those that wait; they all move back by one.
 *  No time, no lock: time is passed in, and the caller serialises calls on one pacer. */
#ifndef CAA_CORE_PACER_H
#define CAA_CORE_PACER_H

#include <stdbool.h>
#include <stdint.h>
#include "core/config/ranges.h"

enum {
	CAA_WINDOW_ANY = UINT16_MAX,	/**< any number of queries may be under way */
	/** How far packets that take no place in the line may push it back: they slow the paced ones, but can never
	 *  keep them waiting longer than this. */
	CAA_PACER_DEBT_MAX_US = 10 * 1000000
};

/** A place in the line.  Places are numbered modulo 2^32. */
struct caa_place {
	uint32_t at;
	bool ahead;	/**< taken ahead of those that waited */
};

struct caa_pacer {
	uint64_t base_us;	/**< when place base is due at the rate; ahead of now while the pacer pauses */
	uint64_t next_us;	/**< when the next query may leave at the rate, if idle time gave nothing: the clock of the law
				 *  above, whatever the places say */
	uint32_t base;		/**< a place, at most tail */
	uint32_t tail;		/**< the next place at the end of the line */
	uint32_t front;		/**< the next place ahead of those that wait */
	uint32_t shift;		/**< places taken ahead so far: how far an ordinary place has moved back */
	uint32_t gone;		/**< places that were used or left; tail - gone queries wait */
	uint32_t interval_us;	/**< one second / rate, 20 and more; 0 = the window is the clock */
	uint32_t inflight;	/**< queries under way */
	uint16_t burst;		/**< places that may be used at once after idle time, at a rate; at least 1 */
	uint16_t window;	/**< queries that may be under way; CAA_WINDOW_ANY = any number */
};

/** No rate, nobody waits. @param window: 1 and more queries under way. */
void caa_pacer_init(struct caa_pacer *p, uint16_t window);

/** Let the rate be the clock, or change it; who waits keeps the order.
 *  @param interval_us: 20 and more. @param burst: 1 .. CAA_BURST_MAX. */
void caa_pacer_set_interval(struct caa_pacer *p, uint64_t now_us, uint32_t interval_us, uint16_t burst);
/** Let the window be the clock. */
void caa_pacer_set_open(struct caa_pacer *p);
/** Nothing is due before now + pause_us, at a rate; a longer pause that runs stays. */
void caa_pacer_pause(struct caa_pacer *p, uint64_t now_us, uint64_t pause_us);

/** A pause ends now. */
void caa_pacer_resume(struct caa_pacer *p, uint64_t now_us);

/** Take a place, at the end or ahead of those that wait. */
struct caa_place caa_pacer_enter(struct caa_pacer *p, uint64_t now_us, bool ahead);

/** @return 0 if the place is due: send, with caa_pacer_sent(); else how long it has to wait in us, as far as that
 *	is known now.  At a window nobody knows, and the answer is a guess from round_us, the round trip time. */
uint64_t caa_pacer_wait(const struct caa_pacer *p, struct caa_place place, uint64_t now_us, uint64_t round_us);
/** Predict: the wait of a place that would be taken at the end now. */
uint64_t caa_pacer_wait_new(const struct caa_pacer *p, uint64_t now_us, uint64_t round_us);

/** The holder of a place that was due sends. */
void caa_pacer_sent(struct caa_pacer *p, uint64_t now_us);
/** The holder of a place will not send. */
void caa_pacer_leave(struct caa_pacer *p);
/** A packet leaves without having taken a place: everyone behind moves back by one, at a rate at most so far that
 *  such packets alone make a wait of CAA_PACER_DEBT_MAX_US. */
void caa_pacer_charge(struct caa_pacer *p, uint64_t now_us);
/** A query was sent in vain, and the limiter may have charged it: everyone who waits at a rate moves back by one. */
void caa_pacer_repay(struct caa_pacer *p);
/** A query that was sent, by whatever of the two, is under way no more. */
void caa_pacer_done(struct caa_pacer *p);

/** @return how many may leave now, where the window is the clock; 0 at a rate, whose times are known. */
uint32_t caa_pacer_room(const struct caa_pacer *p);

/** Nobody waits any more and nothing is under way; the pace stays. */
void caa_pacer_settle(struct caa_pacer *p);

/** @return queries that hold a place and were not sent. */
static inline uint32_t caa_pacer_waiting(const struct caa_pacer *p)
{
	return p->tail - p->gone;
}

#endif
