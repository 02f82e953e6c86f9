/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/pace/transport.h"

enum { SLOW = 16, INFLIGHT_MAX = 128, LOST_MAX = 3 };

static const uint64_t ms = 1000, minute = 60 * UINT64_C(1000000), prefer = 10 * minute;
static const uint64_t rest_first = 1000 * ms, rest = 10 * minute;
static const uint64_t now = 7 * UINT64_C(1000000);

static enum caa_transport_choice choose(struct caa_transport *t, uint64_t at_us)
{
	return caa_transport_choose(t, at_us, false);
}

static enum caa_transport_choice must(struct caa_transport *t, uint64_t at_us)
{
	return caa_transport_choose(t, at_us, true);
}

static void ended(struct caa_transport *t, uint64_t at_us, enum caa_transport_end end)
{
	caa_transport_sent(t);
	caa_transport_outcome(t, at_us, end);
}

static void outcome(struct caa_transport *t, uint64_t at_us, bool answered)
{
	ended(t, at_us, answered ? CAA_TRANSPORT_ANSWERED : CAA_TRANSPORT_LOST);
}

/** A limit was met, and TCP works. */
static struct caa_transport working(void)
{
	struct caa_transport t = { .window = 0 };

	caa_transport_prefer_tcp(&t, now);
	outcome(&t, now, true);
	return t;
}

static void tcp_is_chosen_after_a_limit_and_for_a_while(void **state)
{
	struct caa_transport t = { .window = 0 };

	(void)state;
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_UDP);
	caa_transport_prefer_tcp(&t, now);
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_TCP);
	assert_int_equal(choose(&t, now + prefer - ms), CAA_TRANSPORT_TCP);
	assert_int_equal(choose(&t, now + prefer), CAA_TRANSPORT_UDP);
	caa_transport_prefer_tcp(&t, now + prefer);	/* met once more */
	assert_int_equal(choose(&t, now + prefer), CAA_TRANSPORT_TCP);
	caa_transport_prefer_udp(&t);
	assert_int_equal(choose(&t, now + prefer), CAA_TRANSPORT_UDP);
}

static void a_truncated_answer_needs_no_limit(void **state)
{
	struct caa_transport t = { .window = 0 };

	(void)state;
	assert_int_equal(must(&t, now), CAA_TRANSPORT_TCP);
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_UDP);
}

/** So many are let through, and the next one waits. */
static void fill(struct caa_transport *t, unsigned window)
{
	while (t->inflight < window) {
		assert_int_equal(choose(t, now), CAA_TRANSPORT_TCP);
		caa_transport_sent(t);
	}
	assert_int_equal(choose(t, now), CAA_TRANSPORT_SOON);
}

static void the_first_goes_alone(void **state)
{
	struct caa_transport t = { .window = 0 };

	(void)state;
	caa_transport_prefer_tcp(&t, now);
	fill(&t, 1);
	caa_transport_outcome(&t, now, CAA_TRANSPORT_ANSWERED);
	/* Then two, with each answer one more, and from some on with each round of answers. */
	for (unsigned window = 2; window < INFLIGHT_MAX; window++)
		for (unsigned answers = window < SLOW ? 1 : window; answers > 0; answers--) {
			fill(&t, window);
			caa_transport_outcome(&t, now, CAA_TRANSPORT_ANSWERED);
		}
	for (unsigned answers = 0; answers < 3 * INFLIGHT_MAX; answers++) {	/* up to a limit */
		fill(&t, INFLIGHT_MAX);
		caa_transport_outcome(&t, now, CAA_TRANSPORT_ANSWERED);
	}
}

/** @return how many more of those that need it are let through. */
static unsigned fill_must(struct caa_transport *t)
{
	unsigned sent = 0;

	while (must(t, now) == CAA_TRANSPORT_TCP && sent < 1000) {
		caa_transport_sent(t);
		sent++;
	}
	return sent;
}

/** Whose answers were truncated wait for the first one, and no longer. */
static void who_needs_it_waits_for_the_first_only(void **state)
{
	struct caa_transport t = { .window = 0 };

	(void)state;
	assert_int_equal(fill_must(&t), 1);
	caa_transport_outcome(&t, now, CAA_TRANSPORT_ANSWERED);
	assert_int_equal(fill_must(&t), INFLIGHT_MAX);
}

/** Where one query is answered on each connection, those that were under way with it are closed: it is one event, and half as many follow,
 *  also of those that need it, until many were answered. */
static void half_as_many_follow_where_connections_are_closed(void **state)
{
	static const unsigned windows[] = { 2, 3, 10, 64, INFLIGHT_MAX };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(windows); i++) {
		struct caa_transport t = working();
		unsigned half;

		t.window = (uint8_t)windows[i];
		fill(&t, windows[i]);
		while (t.inflight > 0)
			caa_transport_outcome(&t, now, CAA_TRANSPORT_CLOSED);
		half = t.window;
		assert_int_equal(half, windows[i] / 2);
		assert_false(caa_transport_fails(&t));
		assert_int_equal(fill_must(&t), half);
		while (t.inflight > 0)
			caa_transport_outcome(&t, now, CAA_TRANSPORT_UNKNOWN);
		ended(&t, now, CAA_TRANSPORT_CLOSED);		/* another one is another event */
		assert_int_equal(t.window, half > 1 ? half / 2 : 1);
		for (unsigned n = 0; n < 2 * INFLIGHT_MAX; n++)
			outcome(&t, now, true);
		assert_int_equal(fill_must(&t), INFLIGHT_MAX);
	}
}

/** Nothing comes, twice in a row, where nothing came before; a denial of late is something. */
static void it_is_away_where_nothing_comes(void **state)
{
	struct caa_transport t = { .window = 0 };

	(void)state;
	for (unsigned losses = 0; losses < 4; losses++) {
		assert_int_equal(caa_transport_is_away(&t, now), losses >= 2);
		ended(&t, now, losses % 2 == 0 ? CAA_TRANSPORT_CLOSED : CAA_TRANSPORT_LOST);
	}
	ended(&t, now, CAA_TRANSPORT_DENIED);
	assert_false(caa_transport_is_away(&t, now));
	assert_true(caa_transport_is_away(&t, now + rest + minute));
	outcome(&t, now + rest + minute, true);
	assert_false(caa_transport_is_away(&t, now + rest + minute));
	outcome(&t, now + rest + minute, false);
	outcome(&t, now + rest + minute, false);
	assert_false(caa_transport_is_away(&t, now + rest + minute));	/* it works, and may have lost these */
}

/** Closed again and again, and nothing is answered: it does not work any more. */
static void what_is_always_closed_does_not_work(void **state)
{
	struct caa_transport t = working();

	(void)state;
	for (unsigned i = 0; i < 1 + LOST_MAX; i++) {
		assert_true(caa_transport_works(&t));
		ended(&t, now, CAA_TRANSPORT_CLOSED);
	}
	assert_false(caa_transport_works(&t));
	assert_true(caa_transport_fails(&t));
}

/** Where a limiter counts TCP as well, the window is not wider than what it lets through: what is lost makes no room. */
static void losses_are_no_answers_of_a_round(void **state)
{
	struct caa_transport t = { .window = 0 };

	(void)state;
	caa_transport_prefer_tcp(&t, now);
	while (t.window < SLOW)
		outcome(&t, now, true);
	for (unsigned i = 0; i < 2 * (SLOW - 1); i++)
		outcome(&t, now, i % 2 == 0);	/* not in a row: it works */
	fill(&t, SLOW);
	caa_transport_outcome(&t, now, CAA_TRANSPORT_ANSWERED);
	fill(&t, SLOW + 1);
}

static void who_was_abandoned_says_nothing(void **state)
{
	struct caa_transport t = { .window = 0 };

	(void)state;
	caa_transport_prefer_tcp(&t, now);
	caa_transport_sent(&t);
	caa_transport_outcome(&t, now, CAA_TRANSPORT_UNKNOWN);
	assert_int_equal(t.inflight, 0);
	assert_false(caa_transport_fails(&t));
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_TCP);	/* the next one tries it, */
	caa_transport_sent(&t);
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_SOON);	/* alone */
}

/** What is preferred; who needs it goes whatever happened before. */
static void one_in_vain_is_a_rest_for_a_moment_and_two_for_minutes(void **state)
{
	static const struct { unsigned lost; uint64_t after_ms; enum caa_transport_choice choice; const char *why; } row[] = {
		{ 1, 0, CAA_TRANSPORT_UDP, "one in vain" },
		{ 1, 999, CAA_TRANSPORT_UDP, "a moment" },
		{ 1, 1000, CAA_TRANSPORT_TCP, "and it is preferred as before" },
		{ 2, 1000, CAA_TRANSPORT_UDP, "two in a row" },
		{ 2, 599999, CAA_TRANSPORT_UDP, "minutes" },
		{ 2, 600000, CAA_TRANSPORT_UDP, "nor then, before another limit is met" },
		{ 9, 599999, CAA_TRANSPORT_UDP, "more are no longer" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_transport t = { .window = 0 };
		uint64_t at = now + row[i].after_ms * ms;

		caa_transport_prefer_tcp(&t, now);
		for (unsigned n = 0; n < row[i].lost; n++)
			outcome(&t, now, false);
		assert_true(caa_transport_fails(&t));
		if (choose(&t, at) != row[i].choice)
			fail_msg("%s", row[i].why);
		assert_int_equal(must(&t, at), CAA_TRANSPORT_TCP);
	}
}

static void a_limit_while_it_rests_prefers_nothing(void **state)
{
	struct caa_transport t = { .window = 0 };

	(void)state;
	outcome(&t, now, false);
	outcome(&t, now, false);
	caa_transport_prefer_tcp(&t, now + rest - ms);
	assert_int_equal(choose(&t, now + rest), CAA_TRANSPORT_UDP);
	caa_transport_prefer_tcp(&t, now + rest);
	assert_int_equal(choose(&t, now + rest), CAA_TRANSPORT_TCP);
}

static void an_answer_ends_the_rest(void **state)
{
	struct caa_transport t = { .window = 0 };

	(void)state;
	caa_transport_prefer_tcp(&t, now);
	outcome(&t, now, false);
	outcome(&t, now, false);
	outcome(&t, now, true);		/* to one that had to go over TCP */
	assert_false(caa_transport_fails(&t));
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_UDP);	/* before another limit is met */
	caa_transport_prefer_tcp(&t, now);
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_TCP);
	for (unsigned i = 0; i < LOST_MAX - 1; i++)
		outcome(&t, now, false);
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_TCP);	/* those before it do not count */
}

/** Where it failed nobody waits for another's end, as Unbound's own queries do not. */
static void who_needs_it_where_it_failed_goes_at_once(void **state)
{
	struct caa_transport t = { .window = 0 };

	(void)state;
	outcome(&t, now, false);
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(must(&t, now), CAA_TRANSPORT_TCP);
		caa_transport_sent(&t);
	}
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_UDP);
	caa_transport_prefer_tcp(&t, now + rest_first);
	assert_int_equal(choose(&t, now + rest_first), CAA_TRANSPORT_SOON);	/* who need not, waits */
}

static void some_losses_in_a_row_break_it(void **state)
{
	struct caa_transport t = working();

	(void)state;
	for (unsigned i = 0; i < LOST_MAX - 1; i++)
		outcome(&t, now, false);
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_TCP);
	outcome(&t, now, true);					/* not in a row */
	for (unsigned i = 0; i < LOST_MAX - 1; i++)
		outcome(&t, now, false);
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_TCP);
	assert_true(caa_transport_works(&t));
	outcome(&t, now, false);
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_UDP);
	assert_false(caa_transport_works(&t));
	assert_int_equal(choose(&t, now + rest_first), CAA_TRANSPORT_UDP);	/* that is no single one */
}

/** A limiter that counts TCP as well lets some through: then TCP is no way around it, however the answers fall among the denials. */
static void many_denials_break_it_whatever_is_answered(void **state)
{
	static const struct { unsigned answers; bool works; } row[] = {
		{ 0, false }, { 1, false }, { 2, false }, { 4, true }, { 9, true },	/* to a denial */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_transport t = working();

		for (unsigned n = 0; n < 12 && caa_transport_works(&t); n++) {
			ended(&t, now, CAA_TRANSPORT_DENIED);
			for (unsigned k = 0; k < row[i].answers && caa_transport_works(&t); k++)
				outcome(&t, now, true);
		}
		assert_int_equal(caa_transport_works(&t), row[i].works);
		if (row[i].works)
			continue;
		assert_true(caa_transport_fails(&t));
		outcome(&t, now, true);			/* was under way */
		assert_false(caa_transport_works(&t));
		assert_int_equal(choose(&t, now + rest_first - ms), CAA_TRANSPORT_UDP);
		assert_int_equal(choose(&t, now + rest_first), CAA_TRANSPORT_TCP);
		outcome(&t, now + rest_first, true);	/* the limiter let it through */
		assert_true(caa_transport_works(&t));
		ended(&t, now + rest_first, CAA_TRANSPORT_DENIED);
		assert_false(caa_transport_works(&t));
		caa_transport_prefer_tcp(&t, now + rest_first);
		assert_int_equal(choose(&t, now + rest), CAA_TRANSPORT_UDP);	/* this time it is minutes */
	}
}

static void after_a_break_the_first_goes_alone_again(void **state)
{
	struct caa_transport t = working();

	(void)state;
	for (unsigned i = 0; i < LOST_MAX; i++)
		outcome(&t, now, false);
	caa_transport_prefer_tcp(&t, now + rest);
	assert_int_equal(choose(&t, now + rest), CAA_TRANSPORT_TCP);
	caa_transport_sent(&t);
	assert_int_equal(choose(&t, now + rest), CAA_TRANSPORT_SOON);
	caa_transport_outcome(&t, now + rest, CAA_TRANSPORT_LOST);	/* one in vain is enough, and not the first one */
	caa_transport_prefer_tcp(&t, now + rest + rest_first);
	assert_int_equal(choose(&t, now + rest + rest_first), CAA_TRANSPORT_UDP);
}

static void no_more_end_than_were_sent(void **state)
{
	struct caa_transport t = { .window = 0 };

	(void)state;
	caa_transport_outcome(&t, now, CAA_TRANSPORT_ANSWERED);
	assert_int_equal(t.inflight, 0);
	assert_int_equal(must(&t, now), CAA_TRANSPORT_TCP);
}

/** Times are kept in ms modulo 2^32, and 0 means not set. */
static void the_clock_may_wrap(void **state)
{
	const uint64_t wrap = (UINT64_C(1) << 32) * ms;
	static const int64_t offset_ms[] = { -700000, -600001, -600000, -599999, -1, 0, 1 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(offset_ms); i++) {
		struct caa_transport t = { .window = 0 };
		uint64_t at = wrap + (uint64_t)(offset_ms[i] * (int64_t)ms);

		caa_transport_prefer_tcp(&t, at);
		assert_int_equal(choose(&t, at + prefer - ms), CAA_TRANSPORT_TCP);
		assert_int_equal(choose(&t, at + prefer + ms), CAA_TRANSPORT_UDP);
		outcome(&t, at, false);
		assert_int_equal(choose(&t, at + rest_first - ms), CAA_TRANSPORT_UDP);
		assert_int_equal(choose(&t, at + rest_first + ms), CAA_TRANSPORT_TCP);
		outcome(&t, at, false);
		caa_transport_prefer_tcp(&t, at + rest - ms);
		assert_int_equal(choose(&t, at + rest - ms), CAA_TRANSPORT_UDP);
		caa_transport_prefer_tcp(&t, at + rest + ms);
		assert_int_equal(choose(&t, at + rest + ms), CAA_TRANSPORT_TCP);
	}
}

static void a_caller_may_come_from_before(void **state)
{
	struct caa_transport t = { .window = 0 };

	(void)state;
	caa_transport_prefer_tcp(&t, now);
	assert_int_equal(choose(&t, now - 5 * ms), CAA_TRANSPORT_TCP);
	outcome(&t, now, false);
	assert_int_equal(choose(&t, now - 5 * ms), CAA_TRANSPORT_UDP);
}

/** Nor does what was set weeks ago come back. */
static void the_long_past_is_not_ahead(void **state)
{
	static const unsigned days[] = { 1, 24, 25, 30, 49, 50, 75 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(days); i++) {
		struct caa_transport preferred = { .window = 0 }, broke = { .window = 0 };
		uint64_t at = now + days[i] * UINT64_C(86400000000);

		caa_transport_prefer_tcp(&preferred, now);
		assert_int_equal(choose(&preferred, at), CAA_TRANSPORT_UDP);
		outcome(&broke, now, false);
		outcome(&broke, now, false);
		caa_transport_prefer_tcp(&broke, at);
		assert_int_equal(choose(&broke, at), CAA_TRANSPORT_TCP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_is_chosen_after_a_limit_and_for_a_while),
		cmocka_unit_test(a_truncated_answer_needs_no_limit), cmocka_unit_test(the_first_goes_alone),
		cmocka_unit_test(losses_are_no_answers_of_a_round), cmocka_unit_test(who_needs_it_waits_for_the_first_only),
		cmocka_unit_test(half_as_many_follow_where_connections_are_closed), cmocka_unit_test(it_is_away_where_nothing_comes),
		cmocka_unit_test(what_is_always_closed_does_not_work),
		cmocka_unit_test(who_was_abandoned_says_nothing),
		cmocka_unit_test(one_in_vain_is_a_rest_for_a_moment_and_two_for_minutes),
		cmocka_unit_test(a_limit_while_it_rests_prefers_nothing), cmocka_unit_test(an_answer_ends_the_rest),
		cmocka_unit_test(who_needs_it_where_it_failed_goes_at_once), cmocka_unit_test(some_losses_in_a_row_break_it),
		cmocka_unit_test(many_denials_break_it_whatever_is_answered),
		cmocka_unit_test(after_a_break_the_first_goes_alone_again), cmocka_unit_test(no_more_end_than_were_sent),
		cmocka_unit_test(the_clock_may_wrap), cmocka_unit_test(a_caller_may_come_from_before),
		cmocka_unit_test(the_long_past_is_not_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
