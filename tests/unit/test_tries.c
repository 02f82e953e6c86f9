/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/pace/tries.h"

enum { FAR_US = 20 * 1000000, DELAY_US = 50 * 1000, DELAY_MAX_US = 800 * 1000 };

static void what_is_tried_again(void **state)
{
	static const struct { unsigned made, passing, definite; bool again; const char *why; } row[] = {
		{ 0,   0, 0, true,  "nothing was asked" },
		{ 1,   0, 0, true,  "once more" },
		{ 2,   0, 0, false, "and no more: there may be nothing to ask" },
		{ 0,   1, 0, true,  "a loss may pass" },
		{ 999, 1, 0, true,  "as often as the budget allows" },
		{ 0,   0, 1, false, "a definite answer" },
		{ 0,   0, 9, false, "however many" },
		{ 0,   1, 5, true,  "the walk to the zone was answered, the rest was lost" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_tries t = { row[i].made, row[i].passing, row[i].definite };
		uint64_t delay_us = 4711;

		assert_int_equal(caa_tries_next(&t, 1000, FAR_US, &delay_us), row[i].again);
		assert_int_equal(t.made, row[i].made + row[i].again);
		if (row[i].again) {
			assert_int_equal(t.passing + t.definite, 0);
			assert_int_not_equal(delay_us, 4711);
		} else {
			assert_int_equal(t.passing, row[i].passing);
			assert_int_equal(t.definite, row[i].definite);
			assert_int_equal(delay_us, 4711);
		}
	}
}

static void the_delay_doubles_up_to_its_ceiling(void **state)
{
	struct caa_tries t = { 0 };
	uint64_t expected_us = DELAY_US;

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		uint64_t delay_us = 0;

		t.passing = 1;
		assert_true(caa_tries_next(&t, 0, FAR_US, &delay_us));
		assert_int_equal(delay_us, expected_us);
		expected_us = expected_us < DELAY_MAX_US ? 2 * expected_us : expected_us;
	}
	assert_int_equal(expected_us, DELAY_MAX_US);
}

static void the_budget_ends_it(void **state)
{
	static const struct { uint64_t now_us, deadline_us; bool again; } row[] = {
		{ 1000, 1000 + DELAY_US + 1, true }, { 1000, 1000 + DELAY_US, false }, { 1000, 1001, false },
		{ 1000, 1000, false }, { 1001, 1000, false }, { 1000, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_tries t = { .passing = 1 };
		uint64_t delay_us;

		assert_int_equal(caa_tries_next(&t, row[i].now_us, row[i].deadline_us, &delay_us), row[i].again);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_tried_again), cmocka_unit_test(the_delay_doubles_up_to_its_ceiling),
		cmocka_unit_test(the_budget_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
