/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	US_PER_S = 1000000,
	US_PER_MS = 1000,
	BURST = 16,				/**< caa-burst */
	TIMEOUT_FIRST_US = 376 * US_PER_MS,	/**< Unbound's for a server it does not know */
	TIMEOUT_MIN_US = 50 * US_PER_MS,
	TIMEOUT_MAX_US = 12 * US_PER_S,
	BAND_US = 400 * US_PER_MS,		/**< Unbound chooses at random among addresses so close */
	TRY_AGAIN_US = 100 * US_PER_MS,		/**< before another try of a climb whose place was too late */
	PLAIN_TRIES = 10,			/**< attempts of plain Unbound: 5 for each of two addresses */
	SLEEP_LONG_US = 200 * US_PER_MS,	/**< who waits longer asks again half way */
	MOVES = 4,				/**< times that a question may leave an address for another, ... */
	MOVES_EVERY_US = 2 * US_PER_S,		/**< ... and once more after so long */
	TRACE_US = 100 * US_PER_MS
};

enum event_kind { EVENT_START, EVENT_POLL, EVENT_BACK, EVENT_CALL };

struct climb {
	struct sim_authority *authority;
	uint64_t started_us, deadline_us, placed_us, timeout_us;
	unsigned levels, tries, moves, address;
	uint32_t question;		/**< its number, the same when it is repeated */
	bool again;			/**< the query is a repeated one */
	struct caa_place place;
	struct caa_sent sent;
};

struct event {
	uint64_t at_us, order;
	enum event_kind kind;
	enum limiter_reply reply;
	struct climb *climb;
	void (*call)(struct sim *s, void *arg);
	void *arg;
};

struct list { uint64_t *value; size_t count, room; };

struct sim {
	struct sim_authority *authority;
	size_t count;
	bool paced;
	uint64_t budget_us, now_us, random, order;
	struct event *heap;
	size_t events, room;
	uint32_t questions;
	uint64_t traced_us, traced_asked, traced_served;
	struct list times, waits;
};

/* --- the agenda ------------------------------------------------------------------------------------------------ */

static bool sooner(const struct event *a, const struct event *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void *grown(void *list, size_t *room, size_t size)
{
	*room = *room == 0 ? 1024 : *room * 2;
	list = realloc(list, *room * size);
	assert(list != NULL);
	return list;
}

static void add(struct sim *s, struct event e)
{
	size_t i;

	e.order = s->order++;
	if (s->events == s->room)
		s->heap = grown(s->heap, &s->room, sizeof(*s->heap));
	for (i = s->events++; i > 0 && sooner(&e, &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = e;
}

static void plan(struct sim *s, uint64_t at_us, enum event_kind kind, enum limiter_reply reply, struct climb *climb)
{
	add(s, (struct event){ .at_us = at_us, .kind = kind, .reply = reply, .climb = climb });
}

void sim_call(struct sim *s, uint64_t at_us, void (*call)(struct sim *s, void *arg), void *arg)
{
	add(s, (struct event){ .at_us = at_us, .kind = EVENT_CALL, .call = call, .arg = arg });
}

static struct event next(struct sim *s)
{
	struct event first = s->heap[0], last = s->heap[--s->events];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < s->events) {
		if (child + 1 < s->events && sooner(&s->heap[child + 1], &s->heap[child]))
			child++;
		if (!sooner(&s->heap[child], &last))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = last;
	return first;
}

static void note(struct list *l, uint64_t value)
{
	if (l->count == l->room)
		l->value = grown(l->value, &l->room, sizeof(*l->value));
	l->value[l->count++] = value;
}

/* --- a climb ----------------------------------------------------------------------------------------------------- */

/** Who answers, and limits. */
static struct sim_authority *met_by(const struct climb *c)
{
	return c->authority->met != NULL ? c->authority->met : c->authority;
}

static struct caa_learn *learn_of(struct climb *c)
{
	return &c->authority->learn[c->address];
}

/** What the authority answered since a time. */
static uint64_t served_since(const struct sim_authority *a, uint64_t from_us)
{
	uint64_t served = 0;

	for (size_t i = 0; i < SIM_SECONDS; i++)
		if (a->recent[i].second >= from_us / US_PER_S)
			served += a->recent[i].served;
	return served;
}

static void note_served(struct sim_authority *a, uint64_t now_us)
{
	uint64_t second = now_us / US_PER_S;
	size_t i = second % SIM_SECONDS;

	if (a->recent[i].second != second) {
		a->recent[i].second = second;
		a->recent[i].served = 0;
	}
	a->recent[i].served++;
}

/** The rule is stated in sim.h. */
static enum sim_end why_failed(const struct sim *s, const struct climb *c)
{
	const struct sim_authority *a = met_by(c);
	uint64_t capacity = limiter_capacity(&a->limiter, s->now_us, s->budget_us);

	if (a->limiter.kind == LIMITER_DEAD)
		return SIM_DEAD;
	if (limiter_bans(&a->limiter, s->now_us))
		return SIM_BANNED;
	return capacity < served_since(a, c->started_us) + c->levels ? SIM_OVERLOADED : SIM_COULD;
}

static void end(struct sim *s, struct climb *c, bool failed)
{
	c->authority->ends[failed ? why_failed(s, c) : SIM_GOT]++;
	c->authority->climbs++;
	c->authority->failed += failed;
	c->authority->last_us = s->now_us;
	note(&s->times, s->now_us - c->started_us);
	free(c);
}

static uint64_t cost_us(struct sim *s, struct climb *c, unsigned address)
{
	struct caa_learn *l = &c->authority->learn[address];

	if (!s->paced)
		return c->authority->timeout_us[address];
	return c->authority->timeout_us[address] + caa_pacer_wait_new(&l->pacer, s->now_us, l->srtt_us) +
		(caa_learn_stalled(l, s->now_us) ? US_PER_S : 0);
}

/** Either of two that are close, else the cheaper one. */
static unsigned choose(struct sim *s, struct climb *c)
{
	uint64_t one = cost_us(s, c, 0), two = cost_us(s, c, 1);

	if ((one > two ? one - two : two - one) < BAND_US)
		return (unsigned)(sim_random(&s->random) >> 63);
	return one < two ? 0 : 1;
}

/** A query reaches an address that is not dead. */
static enum limiter_reply ask(struct sim_authority *a, uint64_t at_us, uint64_t *random)
{
	bool banned = limiter_bans(&a->limiter, at_us);
	enum limiter_reply reply = limiter_ask(&a->limiter, at_us, random);

	a->bans += !banned && limiter_bans(&a->limiter, at_us);
	a->asked++;
	if (reply == REPLY_ANSWER) {
		a->served++;
		note_served(a, at_us);
	}
	return reply;
}

static void send(struct sim *s, struct climb *c, bool waited)
{
	struct caa_learn *l = learn_of(c);
	struct limiter *limiter = &met_by(c)->limiter;
	enum limiter_reply reply = REPLY_NOTHING;

	c->timeout_us = c->authority->timeout_us[c->address];
	c->sent = caa_learn_sent(l, s->now_us, waited);
	c->sent.question = c->question;
	note(&s->waits, s->now_us - c->placed_us);
	if (!c->authority->dead[c->address])
		reply = ask(met_by(c), s->now_us + limiter->round_us / 2, &s->random);
	limiter->under_way += reply == REPLY_ANSWER;
	plan(s, s->now_us + (reply == REPLY_NOTHING ? c->timeout_us : limiter->round_us), EVENT_BACK, reply, c);
}

/** What Unbound remembers of the address' round trip times, and glue makes of it. */
static void remember(struct sim *s, struct climb *c, enum limiter_reply reply)
{
	uint64_t *timeout_us = &c->authority->timeout_us[c->address];
	const struct caa_learn *l = learn_of(c);
	bool lately = s->paced && caa_learn_lately(l, s->now_us);

	if (reply != REPLY_NOTHING || lately)
		*timeout_us = l->srtt_us * UINT64_C(3) > TIMEOUT_MIN_US ? l->srtt_us * UINT64_C(3) : TIMEOUT_MIN_US;
	else if (c->timeout_us >= *timeout_us && *timeout_us * 2 <= TIMEOUT_MAX_US)
		*timeout_us *= 2;
}

static void query(struct sim *s, struct climb *c);

static bool elsewhere_is_better(struct sim *s, struct climb *c, uint64_t wait_us, bool waited)
{
	const struct caa_learn *other = &c->authority->learn[1 - c->address];

	if (caa_learn_silent(other, s->now_us) || caa_learn_stalled(other, s->now_us))
		return false;
	return caa_learn_stalled(learn_of(c), s->now_us) || (waited &&
		caa_learn_worth_moving(learn_of(c), s->now_us, wait_us, caa_pacer_wait_new(&other->pacer, s->now_us, other->srtt_us)));
}

/** Ask whether the place is due. */
static void poll(struct sim *s, struct climb *c, bool waited)
{
	uint64_t wait_us = s->paced ? caa_learn_wait(learn_of(c), c->place, s->now_us) : 0;

	if (wait_us == 0) {
		send(s, c, waited);
		return;
	}
	if (s->now_us >= c->deadline_us) {
		caa_pacer_leave(&learn_of(c)->pacer);
		end(s, c, true);
		return;
	}
	if (c->moves < MOVES + (s->now_us - c->started_us) / MOVES_EVERY_US && elsewhere_is_better(s, c, wait_us, waited)) {
		c->moves++;
		caa_pacer_leave(&learn_of(c)->pacer);
		query(s, c);
		return;
	}
	wait_us = wait_us > SLEEP_LONG_US ? wait_us / 2 : wait_us;
	if (c->authority->again_us != 0 && wait_us > c->authority->again_us)
		wait_us = c->authority->again_us;
	plan(s, s->now_us + wait_us, EVENT_POLL, REPLY_NOTHING, c);
}

/** The climb's next query takes a place. */
static void query(struct sim *s, struct climb *c)
{
	struct caa_learn *l;

	c->address = choose(s, c);
	l = learn_of(c);
	if (s->paced) {
		caa_learn_options(l, s->now_us, 0, BURST);
		if (!c->again && s->now_us + caa_pacer_wait_new(&l->pacer, s->now_us, l->srtt_us) > c->deadline_us) {
			plan(s, s->now_us + TRY_AGAIN_US, EVENT_START, REPLY_NOTHING, c);
			return;
		}
	}
	c->placed_us = s->now_us;
	c->place = caa_pacer_enter(&l->pacer, s->now_us, c->again);
	poll(s, c, false);
}

/** A denial from a server that is not known to be limited is not tried again for longer than Unbound does. */
static bool gives_up(const struct sim *s, struct climb *c, enum limiter_reply reply)
{
	if (s->paced && (reply == REPLY_NOTHING || caa_learn_limited(learn_of(c))))
		return s->now_us >= c->deadline_us;
	return c->tries >= PLAIN_TRIES;
}

static void back(struct sim *s, struct climb *c, enum limiter_reply reply)
{
	static const enum caa_signal signal[] = {
		[REPLY_ANSWER] = CAA_SIGNAL_ANSWER, [REPLY_NOTHING] = CAA_SIGNAL_SILENCE, [REPLY_DENIED] = CAA_SIGNAL_DENIED,
		[REPLY_CUT] = CAA_SIGNAL_CUT
	};

	met_by(c)->limiter.under_way -= reply == REPLY_ANSWER;
	caa_learn_outcome(learn_of(c), s->now_us, c->sent, signal[reply]);
	remember(s, c, reply);
	if (reply == REPLY_ANSWER) {
		c->tries = c->moves = 0;
		c->again = false;
		c->question = ++s->questions;
		if (--c->levels == 0)
			end(s, c, false);
		else
			query(s, c);
		return;
	}
	c->tries++;
	c->again = true;
	if (gives_up(s, c, reply))
		end(s, c, true);
	else
		query(s, c);
}

/* --- the run ------------------------------------------------------------------------------------------------------- */

static void init_address(struct sim_authority *authority, size_t address)
{
	caa_learn_init(&authority->learn[address], BURST);
	authority->timeout_us[address] = TIMEOUT_FIRST_US;
}

struct sim *sim_create(struct sim_authority *authority, size_t count, bool paced, uint64_t budget_us, uint64_t seed)
{
	struct sim *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->authority = authority;
	s->count = count;
	s->paced = paced;
	s->budget_us = budget_us;
	s->random = seed * 2 + 1;
	s->now_us = 1;
	for (size_t i = 0; i < count; i++)
		for (size_t a = 0; a < SIM_ADDRESSES; a++)
			init_address(&authority[i], a);
	return s;
}

void sim_destroy(struct sim *s)
{
	free(s->heap);
	free(s->times.value);
	free(s->waits.value);
	free(s);
}

void sim_climb(struct sim *s, uint64_t at_us, size_t authority, unsigned levels)
{
	struct climb *c = calloc(1, sizeof(*c));

	assert(c != NULL && authority < s->count && levels >= 1);
	c->authority = &s->authority[authority];
	c->started_us = at_us;
	c->deadline_us = at_us + s->budget_us;
	c->levels = levels;
	c->question = ++s->questions;
	plan(s, at_us, EVENT_START, REPLY_NOTHING, c);
}

static void trace_line(struct sim *s, FILE *trace)
{
	const struct sim_authority *a = &s->authority[0];
	double rate = 0;

	for (size_t i = 0; i < SIM_ADDRESSES; i++)
		rate += caa_learn_limited(&a->learn[i]) ? a->learn[i].limit.rate_mqps / 1000.0 : 0;
	fprintf(trace, "%.1f %.1f %.1f %.2f\n", (double)s->traced_us / US_PER_S,
		(double)(a->asked - s->traced_asked) * US_PER_S / TRACE_US,
		(double)(a->served - s->traced_served) * US_PER_S / TRACE_US, rate);
	s->traced_asked = a->asked;
	s->traced_served = a->served;
	s->traced_us += TRACE_US;
}

/** A climb begins, or tries to take a place again. */
static void start(struct sim *s, struct climb *c)
{
	if (s->paced && s->now_us >= c->deadline_us)
		end(s, c, true);
	else
		query(s, c);
}

static void happen(struct sim *s, const struct event *e)
{
	switch (e->kind) {
	case EVENT_START:
		start(s, e->climb);
		break;
	case EVENT_POLL:
		poll(s, e->climb, true);
		break;
	case EVENT_BACK:
		back(s, e->climb, e->reply);
		break;
	case EVENT_CALL:
		e->call(s, e->arg);
		break;
	}
}

void sim_run(struct sim *s, uint64_t until_us, FILE *trace)
{
	while (s->events > 0 && s->heap[0].at_us < until_us) {
		struct event e = next(s);

		while (trace != NULL && s->traced_us < e.at_us)
			trace_line(s, trace);
		s->now_us = e.at_us;
		happen(s, &e);
	}
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t quantile(struct list *l, double part)
{
	if (l->count == 0)
		return 0;
	qsort(l->value, l->count, sizeof(*l->value), by_value);
	return l->value[(size_t)((double)(l->count - 1) * part)];
}

uint64_t sim_quantile_us(struct sim *s, double part)
{
	return quantile(&s->times, part);
}

uint64_t sim_wait_quantile_us(struct sim *s, double part)
{
	return quantile(&s->waits, part);
}

uint64_t sim_now_us(const struct sim *s)
{
	return s->now_us;
}
