/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/pace/pacer.h"

enum { ROUND_US = 8000, RATE_US = 100000 };

static struct caa_pacer rate_of(uint32_t interval_us, uint16_t burst)
{
	struct caa_pacer p;

	caa_pacer_init(&p, CAA_WINDOW_ANY);
	caa_pacer_set_interval(&p, 0, interval_us, burst);
	return p;
}

static struct caa_pacer window_of(uint16_t window)
{
	struct caa_pacer p;

	caa_pacer_init(&p, window);
	return p;
}

static uint64_t wait_of(const struct caa_pacer *p, struct caa_place place, uint64_t now_us)
{
	return caa_pacer_wait(p, place, now_us, ROUND_US);
}

/** Send if the place is due. */
static bool go(struct caa_pacer *p, struct caa_place place, uint64_t now_us)
{
	if (wait_of(p, place, now_us) != 0)
		return false;
	caa_pacer_sent(p, now_us);
	return true;
}

/** Take a place and send if it is due at once. */
static bool come_and_go(struct caa_pacer *p, uint64_t now_us)
{
	return go(p, caa_pacer_enter(p, now_us, false), now_us);
}

/** The numbers of places may begin anywhere. */
static void number_from(struct caa_pacer *p, uint32_t first)
{
	p->base = p->tail = p->front = p->gone = first;
}

/* --- the rate ---------------------------------------------------------------------------------------------------- */

static void a_timeline(void **state)
{
	static const struct { uint64_t at_us; unsigned who; uint64_t wait_us; const char *why; } row[] = {
		{       0, 0,      0, "the first leaves at once" },
		{       0, 1,      0, "so does the burst" },
		{       0, 2, 100000, "the third takes the next place" },
		{   50000, 3, 150000, "the fourth the one after it" },
		{   99999, 2,      1, "not due yet" },
		{  100000, 2,      0, "due" },
		{  100000, 3, 100000, "each after the other" },
		{  250000, 3,      0, "late is no loss" },
		{  900000, 4,      0, "idle time gives back one burst" },
		{  900000, 5,      0, "all of it" },
		{  900000, 6, 100000, "and no more" },
	};
	struct caa_pacer p = rate_of(RATE_US, 2);
	struct caa_place place[8];
	unsigned known = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		if (row[i].who == known)
			place[known++] = caa_pacer_enter(&p, row[i].at_us, false);
		assert_int_equal(wait_of(&p, place[row[i].who], row[i].at_us), row[i].wait_us);
		if (row[i].wait_us == 0)
			caa_pacer_sent(&p, row[i].at_us);
	}
	assert_int_equal(caa_pacer_waiting(&p), 1);
	assert_int_equal(p.inflight, 6);
}

static void edges_of_the_rate(void **state)
{
	static const struct { uint32_t interval_us; uint16_t burst; unsigned at_once; uint64_t wait_us; } row[] = {
		{ 1000000, 1, 1, 1000000 }, { 1000000, CAA_BURST_MAX, CAA_BURST_MAX, 1000000 },
		{ 1000000 / CAA_RATE_MAX, 1, 1, 20 }, { 1000000 / CAA_RATE_MAX, 16, 16, 20 }, { 333334, 3, 3, 333334 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_pacer p = rate_of(row[i].interval_us, row[i].burst);
		struct caa_place place;

		for (unsigned n = 0; n < row[i].at_once; n++)
			assert_true(come_and_go(&p, 5));
		place = caa_pacer_enter(&p, 5, false);
		assert_int_equal(wait_of(&p, place, 5), row[i].wait_us);
		assert_false(go(&p, place, 5 + row[i].wait_us - 1));
		assert_true(go(&p, place, 5 + row[i].wait_us));
	}
}

/** Queries that come, wait, give up, overtake, and packets that leave without asking. */
struct crowd {
	struct caa_pacer pacer;
	struct { struct caa_place place; uint64_t ask_us; bool waits; } query[400];
	uint64_t now_us;
	uint64_t left_us[400];	/**< when the queries that had a place left */
	size_t left;
};

/** Those whose time has come ask again, until a time. */
static void crowd_run(struct crowd *c, uint64_t until_us)
{
	for (;;) {
		size_t next = COUNT_OF(c->query);
		uint64_t wait_us;

		for (size_t i = 0; i < COUNT_OF(c->query); i++)
			if (c->query[i].waits && (next == COUNT_OF(c->query) || c->query[i].ask_us < c->query[next].ask_us))
				next = i;
		if (next == COUNT_OF(c->query) || c->query[next].ask_us > until_us)
			break;
		c->now_us = c->query[next].ask_us;
		wait_us = wait_of(&c->pacer, c->query[next].place, c->now_us);
		c->query[next].ask_us = c->now_us + wait_us;
		if (wait_us != 0)
			continue;
		c->query[next].waits = false;
		caa_pacer_sent(&c->pacer, c->now_us);
		c->left_us[c->left++] = c->now_us;
	}
	if (until_us != UINT64_MAX)
		c->now_us = until_us;
}

enum { LEAVERS = 1, OVERTAKERS = 2, CHARGES = 4 };

static void crowd_fill(struct crowd *c, uint64_t *random, unsigned kinds)
{
	for (size_t i = 0; i < COUNT_OF(c->query); i++) {
		if (next_random(random) % 3 == 0)
			crowd_run(c, c->now_us + next_random(random) % (4 * (uint64_t)c->pacer.interval_us));
		if ((kinds & CHARGES) != 0 && next_random(random) % 8 == 0)
			caa_pacer_charge(&c->pacer, c->now_us);
		if ((kinds & LEAVERS) != 0 && i > 0 && next_random(random) % 8 == 0 && c->query[i / 2].waits) {
			c->query[i / 2].waits = false;
			caa_pacer_leave(&c->pacer);
		}
		c->query[i].place = caa_pacer_enter(&c->pacer, c->now_us,
			(kinds & OVERTAKERS) != 0 && next_random(random) % 4 == 0);
		c->query[i].waits = true;
		c->query[i].ask_us = c->now_us;
	}
	crowd_run(c, UINT64_MAX);
}

/** The law above the struct: any window of w us sees at most w / interval_us + burst queries leave. */
static void the_law_holds(void **state)
{
	static struct crowd c;
	uint64_t random = 11;

	(void)state;
	for (unsigned run = 0; run < 160; run++) {
		uint32_t interval_us = 20 + (uint32_t)(next_random(&random) % 100000);
		uint16_t burst = (uint16_t)(1 + next_random(&random) % 20);

		memset(&c, 0, sizeof(c));
		c.pacer = rate_of(interval_us, burst);
		crowd_fill(&c, &random, run % 8);
		assert_int_equal(caa_pacer_waiting(&c.pacer), 0);
		for (size_t from = 0; from < c.left; from++)
			for (size_t to = from; to < c.left; to++)
				assert_true(to - from + 1 <= (c.left_us[to] - c.left_us[from]) / interval_us + burst);
	}
}

/** At a constant rate nobody is told twice to wait, and nobody is passed. */
static void a_promise_is_kept(void **state)
{
	struct caa_pacer p = rate_of(1000, 5);
	uint64_t random = 5, now_us = 0, before_us = 0;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		struct caa_place place;
		uint64_t predicted_us, due_us;

		now_us += next_random(&random) % 3 == 0 ? next_random(&random) % 5000 : 0;
		predicted_us = caa_pacer_wait_new(&p, now_us, ROUND_US);
		place = caa_pacer_enter(&p, now_us, false);
		assert_int_equal(wait_of(&p, place, now_us), predicted_us);
		due_us = now_us + predicted_us;
		assert_true(due_us >= before_us);
		assert_true(go(&p, place, due_us));
		now_us = before_us = due_us;
	}
}

static void to_predict_changes_nothing(void **state)
{
	struct caa_pacer p = rate_of(RATE_US, 2), before;

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		assert_true(come_and_go(&p, 0));
	before = p;
	assert_int_equal(caa_pacer_wait_new(&p, 0, ROUND_US), RATE_US);
	assert_int_equal(caa_pacer_wait_new(&p, 5000000, ROUND_US), 0);
	assert_memory_equal(&p, &before, sizeof(p));
}

/* --- who overtakes, who leaves ------------------------------------------------------------------------------------- */

static void a_place_ahead_moves_the_others_back(void **state)
{
	struct caa_pacer p = rate_of(RATE_US, 1);
	struct caa_place waits[2], ahead[2];

	(void)state;
	assert_true(come_and_go(&p, 0));
	waits[0] = caa_pacer_enter(&p, 0, false);
	waits[1] = caa_pacer_enter(&p, 0, false);
	assert_int_equal(wait_of(&p, waits[0], 0), 100000);
	ahead[0] = caa_pacer_enter(&p, 0, true);
	assert_int_equal(wait_of(&p, ahead[0], 0), 100000);
	assert_int_equal(wait_of(&p, waits[0], 0), 200000);
	assert_int_equal(wait_of(&p, waits[1], 0), 300000);
	ahead[1] = caa_pacer_enter(&p, 0, true);	/* among themselves they keep their order */
	assert_int_equal(wait_of(&p, ahead[0], 0), 100000);
	assert_int_equal(wait_of(&p, ahead[1], 0), 200000);
	assert_int_equal(wait_of(&p, waits[0], 0), 300000);
	assert_int_equal(wait_of(&p, waits[1], 0), 400000);
	assert_int_equal(caa_pacer_waiting(&p), 4);
}

static void who_is_due_is_not_overtaken(void **state)
{
	struct caa_pacer p = rate_of(RATE_US, 1);
	struct caa_place waits, ahead;

	(void)state;
	assert_true(come_and_go(&p, 0));
	waits = caa_pacer_enter(&p, 0, false);
	ahead = caa_pacer_enter(&p, 100000, true);
	assert_int_equal(wait_of(&p, waits, 100000), 0);
	assert_true(go(&p, waits, 100000));
	assert_int_equal(wait_of(&p, ahead, 100000), 100000);
}

static void ahead_of_nobody_is_at_the_end(void **state)
{
	struct caa_pacer p = rate_of(RATE_US, 1);

	(void)state;
	assert_false(caa_pacer_enter(&p, 0, true).ahead);
	assert_int_equal(p.shift, 0);
	p = window_of(1);
	assert_false(caa_pacer_enter(&p, 0, true).ahead);
}

static void who_leaves_is_not_waited_for(void **state)
{
	struct caa_pacer p = rate_of(RATE_US, 1);

	(void)state;
	assert_true(come_and_go(&p, 0));
	for (unsigned i = 0; i < 3; i++)
		caa_pacer_enter(&p, 0, false);
	assert_int_equal(caa_pacer_waiting(&p), 3);
	for (unsigned i = 0; i < 3; i++)
		caa_pacer_leave(&p);
	assert_int_equal(caa_pacer_waiting(&p), 0);
	assert_int_equal(p.inflight, 1);
	assert_true(come_and_go(&p, 400000));
}

/* --- packets that do not ask --------------------------------------------------------------------------------------- */

static void a_charge_moves_the_line_back(void **state)
{
	struct caa_pacer p = rate_of(RATE_US, 1);
	struct caa_place place;

	(void)state;
	caa_pacer_charge(&p, 0);
	assert_int_equal(caa_pacer_wait_new(&p, 0, ROUND_US), 100000);
	place = caa_pacer_enter(&p, 0, false);
	assert_int_equal(wait_of(&p, place, 0), 100000);
	caa_pacer_charge(&p, 0);
	assert_int_equal(wait_of(&p, place, 0), 200000);
	assert_int_equal(p.inflight, 2);
	assert_int_equal(caa_pacer_waiting(&p), 1);
}

static void a_charge_at_a_window_takes_of_it(void **state)
{
	struct caa_pacer p = window_of(2);
	struct caa_place place;

	(void)state;
	caa_pacer_charge(&p, 0);
	place = caa_pacer_enter(&p, 0, false);
	assert_int_equal(wait_of(&p, place, 0), 0);
	caa_pacer_charge(&p, 0);
	assert_int_not_equal(wait_of(&p, place, 0), 0);
	caa_pacer_done(&p);
	assert_int_equal(wait_of(&p, place, 0), 0);
	assert_int_equal(caa_pacer_waiting(&p), 1);
}

static void charges_alone_stay_below_their_ceiling(void **state)
{
	static const uint16_t burst[] = { 1, 4, CAA_BURST_MAX };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(burst); i++) {
		struct caa_pacer p = rate_of(RATE_US, burst[i]);
		uint64_t wait_us, burst_us = (uint64_t)(burst[i] - 1) * RATE_US;

		for (unsigned n = 0; n < 100000; n++)
			caa_pacer_charge(&p, 1000);
		wait_us = caa_pacer_wait_new(&p, 1000, ROUND_US);
		assert_true(wait_us <= CAA_PACER_DEBT_MAX_US);
		if (burst_us < CAA_PACER_DEBT_MAX_US)
			assert_true(wait_us + burst_us + 2 * RATE_US > CAA_PACER_DEBT_MAX_US);
		assert_int_equal(p.inflight, 100000);	/* but they are under way */
	}
}

static void charges_do_not_add_to_a_long_line(void **state)
{
	struct caa_pacer p = rate_of(RATE_US, 1);
	struct caa_place last = { 0, false };
	uint64_t wait_us;

	(void)state;
	for (uint64_t us = 0; us <= CAA_PACER_DEBT_MAX_US; us += RATE_US)
		last = caa_pacer_enter(&p, 0, false);
	wait_us = wait_of(&p, last, 0);
	assert_true(wait_us >= CAA_PACER_DEBT_MAX_US);
	caa_pacer_charge(&p, 0);
	assert_int_equal(wait_of(&p, last, 0), wait_us);
}

static void a_repaid_query_moves_the_line_back(void **state)
{
	struct caa_pacer p = rate_of(RATE_US, 1);
	struct caa_place place, behind;

	(void)state;
	assert_true(come_and_go(&p, 0));
	place = caa_pacer_enter(&p, 0, false);
	behind = caa_pacer_enter(&p, 0, false);
	caa_pacer_repay(&p);
	assert_int_equal(wait_of(&p, place, 0), 200000);
	assert_int_equal(wait_of(&p, behind, 0), 300000);
	p = window_of(1);
	place = caa_pacer_enter(&p, 0, false);
	caa_pacer_repay(&p);				/* without a rate there is nothing to move */
	assert_int_equal(wait_of(&p, place, 0), 0);
}

/* --- pauses, and changes of the clock ------------------------------------------------------------------------------ */

static void nothing_leaves_in_a_pause(void **state)
{
	struct caa_pacer p = rate_of(RATE_US, 3);
	struct caa_place place;

	(void)state;
	caa_pacer_pause(&p, 0, 1000000);
	place = caa_pacer_enter(&p, 0, false);
	assert_int_equal(wait_of(&p, place, 0), 1000000);
	assert_false(go(&p, place, 999999));
	assert_true(go(&p, place, 1000000));
	for (unsigned i = 0; i < 2; i++)
		assert_true(come_and_go(&p, 1000000));	/* the burst comes with its end, */
	assert_false(come_and_go(&p, 1000000));		/* and was not saved up in it */
}

static void the_longest_pause_counts(void **state)
{
	struct caa_pacer p = rate_of(RATE_US, 1);

	(void)state;
	caa_pacer_pause(&p, 0, 1000000);
	caa_pacer_pause(&p, 0, 400000);
	assert_int_equal(caa_pacer_wait_new(&p, 0, ROUND_US), 1000000);
	caa_pacer_pause(&p, 500000, 2000000);
	assert_int_equal(caa_pacer_wait_new(&p, 500000, ROUND_US), 2000000);
}

static void a_pause_moves_all_who_wait(void **state)
{
	struct caa_pacer p = rate_of(RATE_US, 1);
	struct caa_place first, second;

	(void)state;
	assert_true(come_and_go(&p, 0));
	first = caa_pacer_enter(&p, 0, false);
	second = caa_pacer_enter(&p, 0, false);
	caa_pacer_pause(&p, 50000, 1000000);
	assert_true(wait_of(&p, first, 50000) >= 1000000);
	assert_int_equal(wait_of(&p, second, 50000) - wait_of(&p, first, 50000), RATE_US);
}

static void a_change_of_speed_reaches_those_that_wait(void **state)
{
	static const struct { uint32_t interval_us; uint64_t first_us, second_us; } row[] = {
		{ RATE_US, 100000, 200000 }, { RATE_US / 10, 10000, 20000 }, { RATE_US * 10, 1000000, 2000000 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_pacer p = rate_of(RATE_US, 1);
		struct caa_place first, second;

		assert_true(come_and_go(&p, 0));
		first = caa_pacer_enter(&p, 0, false);
		second = caa_pacer_enter(&p, 0, false);
		caa_pacer_set_interval(&p, 0, row[i].interval_us, 1);
		assert_int_equal(wait_of(&p, first, 0), row[i].first_us);
		assert_int_equal(wait_of(&p, second, 0), row[i].second_us);
	}
}

/** What left at once at a slow rate is no debt of years at a fast one. */
static void a_burst_is_paid_at_the_new_rate(void **state)
{
	struct caa_pacer p = rate_of(1000000, CAA_BURST_MAX);

	(void)state;
	for (unsigned i = 0; i < CAA_BURST_MAX; i++)
		assert_true(come_and_go(&p, 0));
	caa_pacer_set_interval(&p, 0, 1000, 1);
	assert_true(caa_pacer_wait_new(&p, 0, ROUND_US) <= CAA_BURST_MAX * UINT64_C(1000));
	caa_pacer_pause(&p, 0, 5000000);		/* a pause is no debt */
	caa_pacer_set_interval(&p, 0, 20, 1);
	assert_in_range(caa_pacer_wait_new(&p, 0, ROUND_US), 5000000, 5000000 + CAA_BURST_MAX * 20);
}

static void the_clocks_change_places(void **state)
{
	struct caa_pacer p = window_of(1);
	struct caa_place place[3];

	(void)state;
	assert_true(come_and_go(&p, 0));
	for (unsigned i = 0; i < 3; i++)
		place[i] = caa_pacer_enter(&p, 0, false);
	p.window = CAA_WINDOW_ANY;
	caa_pacer_set_interval(&p, 7, RATE_US, 1);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(wait_of(&p, place[i], 7), i * RATE_US);
	assert_true(go(&p, place[0], 7));
	caa_pacer_set_open(&p);
	p.window = 3;					/* two are under way */
	assert_int_equal(wait_of(&p, place[1], 7), 0);
	assert_int_not_equal(wait_of(&p, place[2], 7), 0);
	assert_int_equal(caa_pacer_waiting(&p), 2);
}

/* --- the window ------------------------------------------------------------------------------------------------------ */

static void a_window_is_as_many_as_under_way(void **state)
{
	static const uint16_t window[] = { 1, 2, 16, 1000 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(window); i++) {
		struct caa_pacer p = window_of(window[i]);
		struct caa_place first, second;

		for (unsigned n = 0; n < window[i]; n++)
			assert_true(come_and_go(&p, 0));
		first = caa_pacer_enter(&p, 0, false);
		second = caa_pacer_enter(&p, 0, false);
		assert_false(go(&p, first, 0));
		caa_pacer_done(&p);
		assert_false(go(&p, second, 0));	/* its turn is after the first's */
		assert_true(go(&p, first, 0));
		assert_false(go(&p, second, 0));
		caa_pacer_done(&p);
		assert_true(go(&p, second, 0));
	}
}

static void any_number_is_any_number(void **state)
{
	struct caa_pacer p = window_of(CAA_WINDOW_ANY);

	(void)state;
	for (unsigned i = 0; i < 200000; i++)
		assert_true(come_and_go(&p, 0));
}

static void the_guess_grows_with_the_place(void **state)
{
	struct caa_pacer p = window_of(4);
	uint64_t before_us = 0;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		assert_true(come_and_go(&p, 0));
	for (unsigned i = 0; i < 40; i++) {
		uint64_t wait_us = wait_of(&p, caa_pacer_enter(&p, 0, false), 0);

		assert_true(wait_us >= before_us);
		/* however many wait, they ask ten times in a millisecond at most */
		assert_true(wait_us <= 1000 || wait_us <= caa_pacer_waiting(&p) * 100);
		before_us = wait_us;
	}
	assert_int_equal(before_us, 40 * 100);
	for (unsigned i = 0; i < 1000; i++)
		before_us = wait_of(&p, caa_pacer_enter(&p, 0, false), 0);
	assert_true(before_us > 40 * 100);
	assert_true(before_us <= ROUND_US * 1040 / 4 + ROUND_US);	/* the line moves by a window in a round trip */
	assert_int_equal(caa_pacer_wait(&p, (struct caa_place){ p.gone, false }, 0, 0), 1000);	/* no round trip known */
}

static void a_window_holds_at_a_rate_too(void **state)
{
	struct caa_pacer p = window_of(2);

	(void)state;
	caa_pacer_set_interval(&p, 0, 1000, 1);
	assert_true(come_and_go(&p, 0));
	assert_true(come_and_go(&p, 5000));
	assert_false(come_and_go(&p, 10000));
	caa_pacer_done(&p);
	assert_true(go(&p, (struct caa_place){ p.tail - 1, false }, 10000));
}

/** However they come, leave and end, no more than the window are under way, and the window is used. */
static void a_window_is_never_exceeded(void **state)
{
	enum { WINDOW = 5, QUERIES = 64, STEPS = 200000 };
	struct caa_pacer p = window_of(WINDOW);
	struct { struct caa_place place; enum { AWAY, WAITS, UNDER_WAY } at; } query[QUERIES] = { 0 };
	uint64_t random = 21;
	unsigned waiting = 0, inflight = 0;

	(void)state;
	for (unsigned step = 0; step < STEPS; step++) {
		size_t i = next_random(&random) % QUERIES;

		switch (query[i].at) {
		case AWAY:
			query[i].place = caa_pacer_enter(&p, step, next_random(&random) % 5 == 0);
			query[i].at = WAITS;
			waiting++;
			break;
		case WAITS:
			if (next_random(&random) % 8 == 0) {
				caa_pacer_leave(&p);
				query[i].at = AWAY;
				waiting--;
			} else if (go(&p, query[i].place, step)) {
				query[i].at = UNDER_WAY;
				waiting--;
				inflight++;
			}
			break;
		case UNDER_WAY:
			caa_pacer_done(&p);
			query[i].at = AWAY;
			inflight--;
			break;
		}
		assert_int_equal(caa_pacer_waiting(&p), waiting);
		assert_int_equal(p.inflight, inflight);
		assert_true(inflight <= WINDOW);
		if (inflight < WINDOW && waiting > 0) {		/* somebody may go */
			bool due = false;

			for (size_t k = 0; k < QUERIES; k++)
				due = due || (query[k].at == WAITS && wait_of(&p, query[k].place, step) == 0);
			assert_true(due);
		}
	}
}

static void done_is_never_below_nothing(void **state)
{
	struct caa_pacer p = window_of(1);

	(void)state;
	caa_pacer_done(&p);
	assert_int_equal(p.inflight, 0);
	assert_true(come_and_go(&p, 0));
}

/* --- 2^32 places ----------------------------------------------------------------------------------------------------- */

/** The same at any number: a crowd at a rate. */
static void the_rate_does_not_see_the_numbers(void **state)
{
	static const uint32_t first[] = { 0, 100, INT32_MAX - 100, UINT32_MAX - 100, UINT32_MAX };
	static struct crowd c, before;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(first); i++) {
		uint64_t random = 33;

		memset(&c, 0, sizeof(c));
		c.pacer = rate_of(5000, 4);
		number_from(&c.pacer, first[i]);
		crowd_fill(&c, &random, LEAVERS | OVERTAKERS | CHARGES);
		if (i > 0) {
			assert_int_equal(c.left, before.left);
			assert_memory_equal(c.left_us, before.left_us, sizeof(c.left_us));
		}
		before = c;
	}
}

/** The same at any number: a line at a window. */
static void the_window_does_not_see_the_numbers(void **state)
{
	static const uint32_t first[] = { 0, INT32_MAX - 5, (uint32_t)INT32_MAX + 1, UINT32_MAX - 5, UINT32_MAX };
	static const uint16_t window[] = { 3, CAA_WINDOW_ANY };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(first) * COUNT_OF(window); i++) {
		struct caa_pacer p = window_of(window[i / COUNT_OF(first)]), plain = p;

		number_from(&p, first[i % COUNT_OF(first)]);
		for (unsigned n = 0; n < 20; n++) {
			bool ahead = n % 3 == 2;
			struct caa_place place = caa_pacer_enter(&p, 0, ahead), same = caa_pacer_enter(&plain, 0, ahead);

			assert_int_equal(wait_of(&p, place, 0), wait_of(&plain, same, 0));
			assert_int_equal(go(&p, place, 0), go(&plain, same, 0));
			assert_int_equal(caa_pacer_wait_new(&p, 0, ROUND_US), caa_pacer_wait_new(&plain, 0, ROUND_US));
			if (n % 4 == 3) {
				caa_pacer_done(&p);
				caa_pacer_done(&plain);
			}
		}
		assert_int_equal(caa_pacer_waiting(&p), caa_pacer_waiting(&plain));
	}
}

/** A pause that others' answers end: at the rate from now on, in the same order. */
static void a_pause_may_end_early(void **state)
{
	struct caa_pacer p;
	struct caa_place place[2];

	(void)state;
	caa_pacer_init(&p, CAA_WINDOW_ANY);
	caa_pacer_set_interval(&p, 1000000, 100000, 1);
	place[0] = caa_pacer_enter(&p, 1000000, false);
	place[1] = caa_pacer_enter(&p, 1000000, false);
	caa_pacer_pause(&p, 1000000, 5000000);
	assert_int_equal(caa_pacer_wait(&p, place[0], 1500000, 0), 4500000);
	caa_pacer_resume(&p, 1500000);
	assert_int_equal(caa_pacer_wait(&p, place[0], 1500000, 0), 0);
	caa_pacer_sent(&p, 1500000);
	assert_int_equal(caa_pacer_wait(&p, place[1], 1500000, 0), 100000);
	/* where it does not pause nothing changes */
	caa_pacer_resume(&p, 1700000);
	assert_int_equal(caa_pacer_wait(&p, place[1], 1700000, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timeline), cmocka_unit_test(edges_of_the_rate), cmocka_unit_test(the_law_holds),
		cmocka_unit_test(a_promise_is_kept), cmocka_unit_test(to_predict_changes_nothing),
		cmocka_unit_test(a_place_ahead_moves_the_others_back), cmocka_unit_test(who_is_due_is_not_overtaken),
		cmocka_unit_test(ahead_of_nobody_is_at_the_end), cmocka_unit_test(who_leaves_is_not_waited_for),
		cmocka_unit_test(a_charge_moves_the_line_back), cmocka_unit_test(a_charge_at_a_window_takes_of_it),
		cmocka_unit_test(charges_alone_stay_below_their_ceiling), cmocka_unit_test(charges_do_not_add_to_a_long_line),
		cmocka_unit_test(a_repaid_query_moves_the_line_back), cmocka_unit_test(nothing_leaves_in_a_pause),
		cmocka_unit_test(the_longest_pause_counts), cmocka_unit_test(a_pause_moves_all_who_wait),
		cmocka_unit_test(a_change_of_speed_reaches_those_that_wait), cmocka_unit_test(a_burst_is_paid_at_the_new_rate),
		cmocka_unit_test(the_clocks_change_places), cmocka_unit_test(a_window_is_as_many_as_under_way),
		cmocka_unit_test(any_number_is_any_number), cmocka_unit_test(the_guess_grows_with_the_place),
		cmocka_unit_test(a_window_holds_at_a_rate_too), cmocka_unit_test(a_window_is_never_exceeded),
		cmocka_unit_test(done_is_never_below_nothing), cmocka_unit_test(the_rate_does_not_see_the_numbers),
		cmocka_unit_test(the_window_does_not_see_the_numbers),
		cmocka_unit_test(a_pause_may_end_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
