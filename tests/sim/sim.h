/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A resolver's queries to authorities in virtual time: core's pacing against models of limiters.
 *
 *  A climb is a chain of queries, one after the other, to one authority, as the minimised walk to a name makes them.  A
 *  query that is not answered is repeated after a timeout, as Unbound does; a paced climb tries until its budget ends,
 *  an unpaced one as often as plain Unbound.
 *
 *  A failed climb could have been got unless its authority is excused.  It is: where it is dead; where it bans the source
 *  at the end of the climb; and where it was overloaded, which is when it answered so much within the budget of the climb
 *  that its rate left less than the queries which the climb needs.  That a schedule which knew the limit would never have
 *  been banned is true, but nobody can know it who has not met the limit yet; met once, it has to be kept, and bans are
 *  printed by themselves.  All else was capacity that was not used. */
#ifndef CAA_TESTS_SIM_SIM_H
#define CAA_TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "core/pace/learn.h"
#include "limiter.h"

enum { SIM_ADDRESSES = 2, SIM_SECONDS = 64 };

/** Why a climb failed, or that it did not. */
enum sim_end { SIM_GOT, SIM_DEAD, SIM_BANNED, SIM_OVERLOADED, SIM_COULD, SIM_ENDS };

/** An authority: addresses of one server, and its limiter. */
struct sim_authority {
	const char *name;
	struct limiter limiter;
	struct sim_authority *met;	/**< NULL, or the authority whose limiter this one's queries meet: seen from another resolver */
	uint64_t again_us;		/**< who waits for it asks again so soon at the latest; 0 = when it is due, or half way */
	struct caa_learn learn[SIM_ADDRESSES];
	bool dead[SIM_ADDRESSES];	/**< that address answers nothing */
	uint64_t timeout_us[SIM_ADDRESSES];	/**< Unbound's timeout, doubled by losses, by which it also chooses */
	uint64_t climbs, failed;	/**< what ended */
	uint64_t ends[SIM_ENDS];	/**< of these, how */
	uint64_t bans;			/**< times that it began to ban the source */
	/** What it answered, by the second. */
	struct { uint64_t second; uint32_t served; } recent[SIM_SECONDS];
	uint64_t asked;			/**< queries that reached it */
	uint64_t served;		/**< queries that it answered */
	uint64_t last_us;		/**< when its last climb ended */
};

struct sim;

/** @param authority: count of them, borrowed. @param paced: with core's pacing, or without.
 *  @param budget_us: for a climb. @return NULL if there is no memory. */
struct sim *sim_create(struct sim_authority *authority, size_t count, bool paced, uint64_t budget_us, uint64_t seed);
void sim_destroy(struct sim *s);

/** A climb begins. @param levels: queries one after the other, at least 1. */
void sim_climb(struct sim *s, uint64_t at_us, size_t authority, unsigned levels);
/** Something else happens. */
void sim_call(struct sim *s, uint64_t at_us, void (*call)(struct sim *s, void *arg), void *arg);
/** Run until nothing is left to do before that time. @param trace: NULL, or where `seconds sent answered rate` goes each 0.1 s, for
 *	authority 0. */
void sim_run(struct sim *s, uint64_t until_us, FILE *trace);

/** Ended climbs' times in us, sorted. @param part: 0 .. 1, e.g. 0.99. */
uint64_t sim_quantile_us(struct sim *s, double part);
/** Waits of queries for their place, in us, the same. */
uint64_t sim_wait_quantile_us(struct sim *s, double part);
uint64_t sim_now_us(const struct sim *s);

#endif
