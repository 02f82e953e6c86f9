/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/pacer.h"

enum { NO_LIMIT = INT32_MAX };

/** One booking. */
struct row { uint64_t at_us, wait_us; const char *why; };

static void book_all(uint32_t rate, uint32_t burst, const struct row *row, size_t rows)
{
	struct caa_pacer p;

	caa_pacer_init(&p);
	caa_pacer_set_rate(&p, rate, burst);
	for (size_t i = 0; i < rows; i++) {
		uint64_t wait_us = 0;

		assert_int_equal(caa_pacer_wait(&p, row[i].at_us), row[i].wait_us);
		assert_true(caa_pacer_book(&p, row[i].at_us, NO_LIMIT, &wait_us));
		assert_int_equal(wait_us, row[i].wait_us);
	}
}

static void a_timeline(void **state)
{
	static const struct row row[] = {	/* 10/s, burst of two */
		{ 0,          0, "the first leaves at once" },
		{ 0,          0, "so does the burst" },
		{ 0,     100000, "the third takes the next place" },
		{ 150000, 50000, "time served shortens the wait" },
		{ 900000,     0, "idle time gives back one burst" },
		{ 900000,     0, "all of it" },
		{ 900000, 100000, "and no more" },
	};

	(void)state;
	book_all(10, 2, row, COUNT_OF(row));
}

static void edges_of_the_rate(void **state)
{
	static const struct row one[] = { { 5, 0, "first" }, { 5, 1000000, "a second apart" }, { 1000005, 1000000, "again" } };
	static const struct row most[] = { { 5, 0, "first" }, { 5, 20, "20 us apart" }, { 45, 0, "just due" } };
	static const struct row third[] = { { 0, 0, "first" }, { 0, 333334, "rounded to the slow side" } };
	static const struct row none[] = { { 0, 0, "no rate" }, { 0, 0, "no wait" }, { 0, 0, "ever" } };

	(void)state;
	book_all(1, 1, one, COUNT_OF(one));
	book_all(CAA_RATE_MAX, 1, most, COUNT_OF(most));
	book_all(3, 1, third, COUNT_OF(third));
	book_all(0, 1, none, COUNT_OF(none));
}

static void a_wait_above_the_limit_books_nothing(void **state)
{
	struct caa_pacer p;
	uint64_t wait_us = 77;

	(void)state;
	caa_pacer_init(&p);
	caa_pacer_set_rate(&p, 10, 1);
	assert_true(caa_pacer_book(&p, 0, 0, &wait_us));
	wait_us = 77;
	assert_false(caa_pacer_book(&p, 0, 99999, &wait_us));
	assert_int_equal(wait_us, 77);
	assert_true(caa_pacer_book(&p, 0, 100000, &wait_us));
	assert_int_equal(wait_us, 100000);
}

/** The law above the struct: any window of w us sees at most (w + burst_us) / interval_us + 1 queries leave. */
static void the_law_holds(void **state)
{
	uint64_t random = 11;

	(void)state;
	for (unsigned run = 0; run < 200; run++) {
		uint64_t leave_us[300], now_us = 1000;
		struct caa_pacer p;

		caa_pacer_init(&p);
		caa_pacer_set_rate(&p, 1 + (uint32_t)(next_random(&random) % 1000), 1 + (uint32_t)(next_random(&random) % 20));
		for (size_t i = 0; i < COUNT_OF(leave_us); i++) {
			uint64_t wait_us = 0;

			if (next_random(&random) % 3 == 0)
				now_us += next_random(&random) % (4 * p.interval_us);
			assert_true(caa_pacer_book(&p, now_us, NO_LIMIT, &wait_us));
			leave_us[i] = now_us + wait_us;
			if (i > 0)
				assert_true(leave_us[i] >= leave_us[i - 1]);	/* in the order booked */
		}
		for (size_t from = 0; from < COUNT_OF(leave_us); from++)
			for (size_t to = from; to < COUNT_OF(leave_us); to++)
				assert_true(to - from + 1 <=
					(leave_us[to] - leave_us[from] + p.burst_us) / p.interval_us + 1);
	}
}

static void a_charge_takes_a_place(void **state)
{
	struct caa_pacer p;

	(void)state;
	caa_pacer_init(&p);
	caa_pacer_charge(&p, 1000);
	assert_int_equal(caa_pacer_wait(&p, 1000), 0);	/* no rate, nothing to take */
	caa_pacer_set_rate(&p, 10, 1);
	caa_pacer_charge(&p, 1000);
	assert_int_equal(caa_pacer_wait(&p, 1000), 100000);
	caa_pacer_charge(&p, 1000);
	assert_int_equal(caa_pacer_wait(&p, 1000), 200000);
}

static void charges_alone_stay_below_their_ceiling(void **state)
{
	struct caa_pacer p;
	uint64_t wait_us = 0;

	(void)state;
	caa_pacer_init(&p);
	caa_pacer_set_rate(&p, 10, 4);
	for (unsigned i = 0; i < 100000; i++)
		caa_pacer_charge(&p, 1000);
	assert_in_range(caa_pacer_wait(&p, 1000), CAA_PACER_DEBT_MAX_US - 100000, CAA_PACER_DEBT_MAX_US);
	/* bookings may go further, and charges then change nothing */
	assert_true(caa_pacer_book(&p, 1000, NO_LIMIT, &wait_us));
	assert_true(caa_pacer_book(&p, 1000, NO_LIMIT, &wait_us));
	wait_us = caa_pacer_wait(&p, 1000);
	caa_pacer_charge(&p, 1000);
	assert_int_equal(caa_pacer_wait(&p, 1000), wait_us);
	assert_true(wait_us > CAA_PACER_DEBT_MAX_US);
}

static void a_new_rate_keeps_what_is_booked(void **state)
{
	struct caa_pacer p;
	uint64_t wait_us = 0;

	(void)state;
	caa_pacer_init(&p);
	caa_pacer_set_rate(&p, 10, 1);
	for (unsigned i = 0; i < 3; i++)
		assert_true(caa_pacer_book(&p, 0, NO_LIMIT, &wait_us));
	assert_int_equal(wait_us, 200000);
	caa_pacer_set_rate(&p, 1, 1);
	assert_int_equal(caa_pacer_wait(&p, 0), 300000);
	assert_true(caa_pacer_book(&p, 0, NO_LIMIT, &wait_us));
	assert_int_equal(caa_pacer_wait(&p, 0), 1300000);
	caa_pacer_set_rate(&p, 0, 1);
	assert_int_equal(caa_pacer_wait(&p, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timeline), cmocka_unit_test(edges_of_the_rate),
		cmocka_unit_test(a_wait_above_the_limit_books_nothing), cmocka_unit_test(the_law_holds),
		cmocka_unit_test(a_charge_takes_a_place), cmocka_unit_test(charges_alone_stay_below_their_ceiling),
		cmocka_unit_test(a_new_rate_keeps_what_is_booked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
