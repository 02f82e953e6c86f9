/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/pace/goodput.h"

enum { START_MS = 5000 };

/** So many answers at a time. */
static void answers(struct caa_goodput *g, uint32_t now_ms, unsigned count, bool waits)
{
	while (count-- > 0)
		caa_goodput_answered(g, now_ms, waits);
}

static void the_last_second_counts(void **state)
{
	struct caa_goodput g = { .good = 0 };

	(void)state;
	answers(&g, START_MS, 20, false);
	assert_int_equal(caa_goodput_mqps(&g, START_MS + 999, false), 20 * CAA_MQPS);
	answers(&g, START_MS + 1000, 4, false);
	/* a part of the second before, as far as it lies within the last second */
	assert_int_equal(caa_goodput_mqps(&g, START_MS + 1250, false), 4 * CAA_MQPS + 15 * CAA_MQPS);
	assert_int_equal(caa_goodput_recent(&g), 24);
	assert_int_equal(caa_goodput_mqps(&g, START_MS + 3000, false), 0);
	assert_int_equal(caa_goodput_recent(&g), 0);
}

static void no_rate_is_too_high_to_be_told(void **state)
{
	static const unsigned rate[] = { 4294, 4295, 5000, 50000, UINT16_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(rate) / sizeof(rate[0]); i++) {
		struct caa_goodput g = { .good = 0 };

		answers(&g, START_MS, rate[i], true);
		answers(&g, START_MS + 1000, 1, true);
		assert_int_equal(caa_goodput_mqps(&g, START_MS + 1000, true), (rate[i] + 1) * CAA_MQPS);
		answers(&g, START_MS + 1001, rate[i] - 1, true);
		answers(&g, START_MS + 2000, 1, true);
		assert_int_equal(g.steady_mqps, rate[i] * CAA_MQPS);
		answers(&g, START_MS + 2001, rate[i] - 1, true);
		answers(&g, START_MS + 3000, 1, true);
		assert_int_equal(g.steady_mqps, rate[i] * CAA_MQPS);
	}
}

/** Only a second at whose beginning queries waited, and that was followed by another, tells what is let through. */
static void what_is_let_through_is_known_where_queries_wait(void **state)
{
	struct caa_goodput g = { .good = 0 };

	(void)state;
	answers(&g, START_MS, 20, false);
	answers(&g, START_MS + 1000, 8, false);
	assert_int_equal(g.steady_mqps, 0);
	answers(&g, START_MS + 2000, 8, true);
	assert_true(g.backlog);
	answers(&g, START_MS + 3000, 16, true);
	assert_int_equal(g.steady_mqps, 8 * CAA_MQPS);
	answers(&g, START_MS + 4000, 1, true);
	assert_int_equal(g.steady_mqps, 10 * CAA_MQPS);	/* the average of the last seconds */
	answers(&g, START_MS + 9000, 1, true);
	assert_int_equal(g.steady_mqps, 10 * CAA_MQPS);	/* a rest tells nothing */
	caa_goodput_clear(&g);
	assert_int_equal(caa_goodput_recent(&g), 0);
}

/** What is usual is the average since a rest, of the last eight seconds or so. */
static void what_is_usual_is_known_from_seconds_without_a_rest(void **state)
{
	struct caa_goodput g = { .good = 0 };
	uint32_t now_ms = START_MS;

	(void)state;
	for (unsigned i = 0; i < 4; i++, now_ms += 1000)
		answers(&g, now_ms, 10, false);
	assert_int_equal(g.seconds, 3);
	assert_int_equal(g.usual_mqps, 10 * CAA_MQPS);
	for (unsigned i = 0; i < 40; i++, now_ms += 1000)
		answers(&g, now_ms, 90, false);
	assert_int_equal(g.seconds, CAA_GOODPUT_USUAL);
	assert_in_range(g.usual_mqps, 89 * CAA_MQPS, 90 * CAA_MQPS);
	answers(&g, now_ms + 5000, 1, false);
	assert_int_equal(g.usual_mqps + g.seconds, 0);
}

static void time_wraps(void **state)
{
	struct caa_goodput g = { .second_ms = UINT32_MAX - 500 };

	(void)state;
	answers(&g, UINT32_MAX - 100, 7, false);
	answers(&g, 600, 2, false);
	assert_int_equal(g.good, 2);
	assert_int_equal(g.before, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_second_counts), cmocka_unit_test(no_rate_is_too_high_to_be_told),
		cmocka_unit_test(what_is_let_through_is_known_where_queries_wait), cmocka_unit_test(what_is_usual_is_known_from_seconds_without_a_rest),
		cmocka_unit_test(time_wraps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
