/* SPDX-License-Identifier: BSD-3-Clause */
/** \file GCRA pacer for one upstream: the generic cell rate algorithm (ITU-T I.371) in its virtual
 *  scheduling form, with waiting in place of loss.
 *
 *  Its law: at a constant rate, any window of w us sees at most (w + burst_us) / interval_us + 1 booked
 *  queries leave.  Bookings leave in the order they were made.  The state is one time, so there is no
 *  queue, no token count and no rounding that adds up.
 *  No clock, no lock: time is passed in, and the caller serialises calls on one pacer.
 *  A pacer with rate 0 books nothing: every wait is 0. */
#ifndef CAA_CORE_PACER_H
#define CAA_CORE_PACER_H

#include <stdbool.h>
#include <stdint.h>

enum {
	CAA_RATE_MAX = 50000,		/**< queries per second; 20 us apart */
	CAA_BURST_MAX = 1000,		/**< queries that may leave at once */
	/** How far charges alone may push the clock ahead of now: packets that nobody paces (lookups that are
	 *  not for CAA) slow the paced ones, but can never keep them waiting longer than this. */
	CAA_PACER_DEBT_MAX_US = 10 * 1000000
};

struct caa_pacer {
	uint64_t next_us;	/**< when the next query is due at the steady rate; never moves back */
	uint32_t interval_us;	/**< one second / rate, 20 .. 1000000; 0 = no rate; moved by caa_pacer_set_rate() */
	uint32_t burst_us;	/**< how far ahead of next_us a query may leave; 0 .. (CAA_BURST_MAX - 1) * interval_us */
};

/** No rate, nothing booked. */
void caa_pacer_init(struct caa_pacer *p);

/** Set the rate; what is booked stays booked.
 *  @param rate_qps: 0 (no rate) .. CAA_RATE_MAX. @param burst: 1 .. CAA_BURST_MAX queries may leave at once
 *	after idle time. */
void caa_pacer_set_rate(struct caa_pacer *p, uint32_t rate_qps, uint32_t burst);

/** Predict: @return the wait in us that caa_pacer_book() would answer now; changes nothing. */
uint64_t caa_pacer_wait(const struct caa_pacer *p, uint64_t now_us);

/** Reserve the next place.
 *  @param limit_us: the longest wait that makes sense to the caller.
 *  @param wait_us: how long from now the query must wait, 0 .. limit_us; untouched if false.
 *  @return false if the wait would be above limit_us; nothing is booked then. */
bool caa_pacer_book(struct caa_pacer *p, uint64_t now_us, uint64_t limit_us, uint64_t *wait_us);

/** Note a packet that leaves now without having asked: it takes a place, but alone such packets never
 *  push the clock beyond now + CAA_PACER_DEBT_MAX_US. */
void caa_pacer_charge(struct caa_pacer *p, uint64_t now_us);

#endif
