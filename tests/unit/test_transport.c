/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/transport.h"

enum { INFLIGHT_MAX = 128, DENIED_MAX = 3 };

static const uint64_t ms = 1000, minute = 60 * UINT64_C(1000000), prefer = 10 * minute, broken = 10 * minute;
static const uint64_t now = 7 * UINT64_C(1000000);

static enum caa_transport_choice choose(struct caa_transport *t, uint64_t at_us)
{
	return caa_transport_choose(t, at_us, false);
}

static enum caa_transport_choice must(struct caa_transport *t, uint64_t at_us)
{
	return caa_transport_choose(t, at_us, true);
}

static void outcome(struct caa_transport *t, uint64_t at_us, bool answered)
{
	caa_transport_sent(t);
	caa_transport_outcome(t, at_us, answered, true);
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

static void the_first_goes_alone(void **state)
{
	struct caa_transport t = { .window = 0 };

	(void)state;
	caa_transport_prefer_tcp(&t, now);
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_TCP);
	caa_transport_sent(&t);
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_SOON);
	assert_int_equal(must(&t, now), CAA_TRANSPORT_SOON);
	caa_transport_outcome(&t, now, true, true);
	/* Then two, and with each answer one more, up to a limit. */
	for (unsigned window = 2; window <= INFLIGHT_MAX; window += window < INFLIGHT_MAX ? 1 : INFLIGHT_MAX) {
		while (t.inflight < window) {
			assert_int_equal(choose(&t, now), CAA_TRANSPORT_TCP);
			caa_transport_sent(&t);
		}
		assert_int_equal(choose(&t, now), CAA_TRANSPORT_SOON);
		if (window < INFLIGHT_MAX)
			caa_transport_outcome(&t, now, true, true);
	}
	caa_transport_outcome(&t, now, true, true);
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_TCP);
	caa_transport_sent(&t);
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_SOON);
	assert_int_equal(must(&t, now), CAA_TRANSPORT_SOON);
	caa_transport_outcome(&t, now, true, true);
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_TCP);
}

static void who_was_abandoned_says_nothing(void **state)
{
	struct caa_transport t = { .window = 0 };

	(void)state;
	caa_transport_prefer_tcp(&t, now);
	caa_transport_sent(&t);
	caa_transport_outcome(&t, now, false, false);
	assert_int_equal(t.inflight, 0);
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_TCP);	/* the next one tries it, */
	caa_transport_sent(&t);
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_SOON);	/* alone */
}

static void a_first_one_in_vain_breaks_it(void **state)
{
	struct caa_transport t = { .window = 0 };

	(void)state;
	caa_transport_prefer_tcp(&t, now);
	outcome(&t, now, false);
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_UDP);
	assert_int_equal(must(&t, now), CAA_TRANSPORT_UDP);
	assert_int_equal(must(&t, now + broken - ms), CAA_TRANSPORT_UDP);
	caa_transport_prefer_tcp(&t, now + broken - ms);	/* it is not preferred meanwhile */
	assert_int_equal(must(&t, now + broken), CAA_TRANSPORT_TCP);
	assert_int_equal(choose(&t, now + broken), CAA_TRANSPORT_UDP);
	caa_transport_prefer_tcp(&t, now + broken);
	assert_int_equal(choose(&t, now + broken), CAA_TRANSPORT_TCP);
}

static void some_losses_in_a_row_break_it(void **state)
{
	struct caa_transport t = working();

	(void)state;
	for (unsigned i = 0; i < DENIED_MAX - 1; i++)
		outcome(&t, now, false);
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_TCP);
	outcome(&t, now, true);					/* not in a row */
	for (unsigned i = 0; i < DENIED_MAX - 1; i++)
		outcome(&t, now, false);
	assert_int_equal(choose(&t, now), CAA_TRANSPORT_TCP);
	outcome(&t, now, false);
	assert_int_equal(must(&t, now), CAA_TRANSPORT_UDP);
}

static void after_a_break_the_first_goes_alone_again(void **state)
{
	struct caa_transport t = working();

	(void)state;
	for (unsigned i = 0; i < DENIED_MAX; i++)
		outcome(&t, now, false);
	caa_transport_prefer_tcp(&t, now + broken);
	caa_transport_sent(&t);
	assert_int_equal(choose(&t, now + broken), CAA_TRANSPORT_SOON);
	caa_transport_outcome(&t, now + broken, false, true);	/* one in vain is enough */
	assert_int_equal(must(&t, now + broken), CAA_TRANSPORT_UDP);
}

static void no_more_end_than_were_sent(void **state)
{
	struct caa_transport t = { .window = 0 };

	(void)state;
	caa_transport_outcome(&t, now, true, true);
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
		assert_int_equal(must(&t, at + broken - ms), CAA_TRANSPORT_UDP);
		assert_int_equal(must(&t, at + broken + ms), CAA_TRANSPORT_TCP);
	}
}

static void a_caller_may_come_from_before(void **state)
{
	struct caa_transport t = { .window = 0 };

	(void)state;
	caa_transport_prefer_tcp(&t, now);
	assert_int_equal(choose(&t, now - 5 * ms), CAA_TRANSPORT_TCP);
	outcome(&t, now, false);
	assert_int_equal(must(&t, now - 5 * ms), CAA_TRANSPORT_UDP);
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
		assert_int_equal(must(&broke, at), CAA_TRANSPORT_TCP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_is_chosen_after_a_limit_and_for_a_while), cmocka_unit_test(a_truncated_answer_needs_no_limit),
		cmocka_unit_test(the_first_goes_alone), cmocka_unit_test(who_was_abandoned_says_nothing),
		cmocka_unit_test(a_first_one_in_vain_breaks_it), cmocka_unit_test(some_losses_in_a_row_break_it),
		cmocka_unit_test(after_a_break_the_first_goes_alone_again), cmocka_unit_test(no_more_end_than_were_sent),
		cmocka_unit_test(the_clock_may_wrap), cmocka_unit_test(a_caller_may_come_from_before),
		cmocka_unit_test(the_long_past_is_not_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
