/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/pacer.h"

#include "core/wire/seq.h"

#include <assert.h>

enum {
	GUESS_MIN_US = 1000,	/**< who is held back by the window asks again no sooner */
	GUESS_PART = 8,		/**< nor, while it is first in line, later than this part of a round trip, ... */
	GUESS_EACH_US = 100	/**< ... nor than this for each that waits: so often at most do all of them ask */
};

static uint64_t until_us(uint64_t then_us, uint64_t now_us)
{
	return then_us > now_us ? then_us - now_us : 0;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/** When a place is due at the rate, if nothing was saved up. */
static uint64_t steady_us(const struct caa_pacer *p, uint32_t place)
{
	return caa_seq_before(p->base, place) ? p->base_us + (uint64_t)(place - p->base) * p->interval_us : p->base_us;
}

/** When a place is due at the rate.  While it pauses there is no burst. */
static uint64_t due_us(const struct caa_pacer *p, uint32_t place)
{
	uint64_t burst_us = (uint64_t)(p->burst - 1) * p->interval_us, due = steady_us(p, place);

	return max_u64(p->base_us, due > burst_us ? due - burst_us : 0);
}

/** When the next query may leave at the rate. */
static uint64_t earliest_us(const struct caa_pacer *p)
{
	uint64_t burst_us = (uint64_t)(p->burst - 1) * p->interval_us;

	return max_u64(p->base_us, p->next_us > burst_us ? p->next_us - burst_us : 0);
}

/** Move the base to the last place that is due: from there another rate can start. */
static void rebase(struct caa_pacer *p, uint64_t now_us)
{
	uint64_t places;

	if (p->interval_us == 0 || now_us <= p->base_us)
		return;
	places = (now_us - p->base_us) / p->interval_us;
	if (places > p->tail - p->base) {	/* idle time is not saved up beyond the burst */
		p->base = p->tail;
		p->base_us = now_us;
		return;
	}
	p->base += (uint32_t)places;
	p->base_us += places * p->interval_us;
}

/** What left ahead of the clock is owed as queries, so another rate pays it in another time; a pause is a time. */
static void rescale_debt(struct caa_pacer *p, uint64_t now_us, uint32_t interval_us)
{
	uint64_t from_us = max_u64(p->base_us, now_us);

	if (p->next_us > from_us)
		p->next_us = from_us + (p->next_us - from_us) * interval_us / p->interval_us;
}

void caa_pacer_init(struct caa_pacer *p, uint16_t window)
{
	assert(window >= 1);
	*p = (struct caa_pacer){ .burst = 1, .window = window };
}

void caa_pacer_set_interval(struct caa_pacer *p, uint64_t now_us, uint32_t interval_us, uint16_t burst)
{
	assert(interval_us >= 1 && burst >= 1 && burst <= CAA_BURST_MAX);
	if (p->interval_us == 0) {
		p->base = p->gone;
		p->base_us = now_us;
		p->next_us = now_us;
	} else {
		rebase(p, now_us);
		rescale_debt(p, now_us, interval_us);
	}
	p->interval_us = interval_us;
	p->burst = burst;
}

void caa_pacer_set_open(struct caa_pacer *p)
{
	p->interval_us = 0;
	p->burst = 1;
}

void caa_pacer_pause(struct caa_pacer *p, uint64_t now_us, uint64_t pause_us)
{
	rebase(p, now_us);
	p->base_us = max_u64(p->base_us, now_us + pause_us);
	p->next_us = max_u64(p->next_us, p->base_us);
}

void caa_pacer_resume(struct caa_pacer *p, uint64_t now_us)
{
	if (p->base_us > now_us)
		p->base_us = now_us;
	if (p->next_us > now_us)
		p->next_us = now_us;
}

static uint32_t room(const struct caa_pacer *p)
{
	if (p->window == CAA_WINDOW_ANY)
		return INT32_MAX;
	return p->window > p->inflight ? p->window - p->inflight : 0;
}

/** Where a place stands in the line now. */
static uint32_t position(const struct caa_pacer *p, struct caa_place place)
{
	return place.ahead ? place.at : place.at + p->shift;
}

/** The first place that is not due yet at the rate. */
static uint32_t first_undue(const struct caa_pacer *p, uint64_t now_us)
{
	uint64_t ahead_us = now_us + (uint64_t)(p->burst - 1) * p->interval_us;

	return ahead_us < p->base_us ? p->base : p->base + (uint32_t)((ahead_us - p->base_us) / p->interval_us) + 1;
}

struct caa_place caa_pacer_enter(struct caa_pacer *p, uint64_t now_us, bool ahead)
{
	struct caa_place place;

	rebase(p, now_us);
	place.at = p->interval_us != 0 ? first_undue(p, now_us) : p->gone;
	if (caa_seq_before(place.at, p->front) && !caa_seq_before(p->tail, p->front))
		place.at = p->front;
	place.ahead = ahead && caa_seq_before(place.at, p->tail);
	if (place.ahead) {
		p->front = place.at + 1;
		p->shift++;
		p->tail++;
		return place;
	}
	place.at = p->tail++ - p->shift;
	return place;
}

/** At a window: how long a place waits that is so far behind the ones which may leave. */
static uint64_t guess_us(const struct caa_pacer *p, uint64_t behind, uint64_t round_us)
{
	uint64_t window = p->window > 0 ? p->window : 1;

	uint64_t guess = round_us / GUESS_PART + behind * round_us / window;
	uint64_t most = (uint64_t)GUESS_EACH_US * caa_pacer_waiting(p);

	return max_u64(GUESS_MIN_US, guess < most ? guess : most);
}

/** How long a place waits for the window.  Places of which earlier ones were left stand before gone: they have no room
 *  of their own. */
static uint64_t window_us(const struct caa_pacer *p, uint32_t at, uint64_t round_us)
{
	int64_t behind = (int64_t)(int32_t)(at - p->gone) - room(p);

	if (behind < 0 && room(p) > 0)
		return 0;
	return guess_us(p, behind > 0 ? (uint64_t)behind : 0, round_us);
}

static uint64_t wait_at(const struct caa_pacer *p, uint32_t at, uint64_t now_us, uint64_t round_us)
{
	uint64_t rate_us;

	if (p->interval_us == 0)
		return window_us(p, at, round_us);
	rate_us = max_u64(until_us(due_us(p, at), now_us), until_us(earliest_us(p), now_us));
	return room(p) > 0 ? rate_us : max_u64(rate_us, guess_us(p, 0, round_us));
}

uint64_t caa_pacer_wait(const struct caa_pacer *p, struct caa_place place, uint64_t now_us, uint64_t round_us)
{
	return wait_at(p, position(p, place), now_us, round_us);
}

uint64_t caa_pacer_wait_new(const struct caa_pacer *p, uint64_t now_us, uint64_t round_us)
{
	if (p->interval_us == 0)
		return wait_at(p, p->tail, now_us, round_us);
	return until_us(earliest_us(p), now_us) + (uint64_t)caa_pacer_waiting(p) * p->interval_us;
}

void caa_pacer_sent(struct caa_pacer *p, uint64_t now_us)
{
	p->next_us = max_u64(p->next_us, now_us) + p->interval_us;
	p->gone++;
	p->inflight++;
}

void caa_pacer_leave(struct caa_pacer *p)
{
	p->gone++;
	/* Its turn must not pass unused: all move up by one.  Those before it are due too early then, which next_us sees to. */
	if (p->interval_us != 0 && caa_seq_before(p->base, p->tail))
		p->base++;
}

void caa_pacer_charge(struct caa_pacer *p, uint64_t now_us)
{
	p->inflight++;
	if (p->interval_us != 0) {
		rebase(p, now_us);
		if (steady_us(p, p->tail + 1) > now_us + CAA_PACER_DEBT_MAX_US)
			return;
		p->next_us = max_u64(p->next_us, now_us) + p->interval_us;
	}
	p->shift++;
	p->tail++;
	p->gone++;
}

void caa_pacer_repay(struct caa_pacer *p)
{
	p->base_us += p->interval_us;
	p->next_us += p->interval_us;
}

void caa_pacer_done(struct caa_pacer *p)
{
	if (p->inflight > 0)
		p->inflight--;
}

uint32_t caa_pacer_room(const struct caa_pacer *p)
{
	return p->interval_us == 0 ? room(p) : 0;
}

void caa_pacer_settle(struct caa_pacer *p)
{
	p->base = p->front = p->gone = p->tail;
	p->inflight = 0;
}
