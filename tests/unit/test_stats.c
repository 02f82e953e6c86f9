/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/config/stats.h"

#include <pthread.h>

enum { THREADS = 4, ADDS = 100000 };

static void reset_takes_what_it_reads(void **state)
{
	struct caa_stats s;
	struct caa_stats_values v;

	(void)state;
	caa_stats_init(&s);
	caa_stats_add(&s, CAA_STAT_questions, 3);
	caa_stats_wait(&s, 5);
	caa_stats_wait(&s, 9);
	caa_stats_wait(&s, 2);
	for (int reset = 0; reset <= 1; reset++) {
		caa_stats_read(&s, &v, reset);
		assert_int_equal(v.count[CAA_STAT_questions], 3);
		assert_int_equal(v.count[CAA_STAT_waits], 3);
		assert_int_equal(v.count[CAA_STAT_wait_us], 16);
		assert_int_equal(v.wait_max_us, 9);
		assert_int_equal(v.count[CAA_STAT_sent_caa], 0);
	}
	caa_stats_read(&s, &v, 0);
	assert_int_equal(v.count[CAA_STAT_questions] + v.count[CAA_STAT_wait_us] + v.wait_max_us, 0);
}

/** What is read for metrics never goes back, whatever is reset. */
static void totals_outlive_a_reset(void **state)
{
	struct caa_stats s;
	struct caa_stats_values v;

	(void)state;
	caa_stats_init(&s);
	caa_stats_wait(&s, 9);
	caa_stats_read(&s, &v, 1);
	caa_stats_total(&s, &v);
	assert_int_equal(v.count[CAA_STAT_waits], 1);
	assert_int_equal(v.count[CAA_STAT_wait_us], 9);
	assert_int_equal(v.wait_max_us, 9);
	caa_stats_wait(&s, 4);
	caa_stats_total(&s, &v);
	assert_int_equal(v.count[CAA_STAT_wait_us], 13);
	assert_int_equal(v.wait_max_us, 9);
	caa_stats_read(&s, &v, 1);
	assert_int_equal(v.count[CAA_STAT_wait_us], 4);
	assert_int_equal(v.wait_max_us, 4);
	caa_stats_wait(&s, 20);
	caa_stats_total(&s, &v);
	assert_int_equal(v.wait_max_us, 20);
	assert_int_equal(v.count[CAA_STAT_waits], 3);
}

static const struct caa_stat_line *line_of(unsigned i)
{
	return i < CAA_STAT_COUNT ? caa_stats_line((enum caa_stat)i) : caa_stats_reading((enum caa_reading)(i - CAA_STAT_COUNT));
}

static void names_and_helps_are_there_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CAA_STAT_COUNT + CAA_READING_COUNT; i++) {
		assert_int_equal(strncmp(line_of(i)->name, "caa.", 4), 0);
		assert_true(strlen(line_of(i)->help) > 0);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(line_of(i)->name, line_of(k)->name);
	}
}

static void a_name_says_its_unit(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CAA_STAT_COUNT + CAA_READING_COUNT; i++) {
		const char *name = line_of(i)->name;
		bool us = strcmp(name + strlen(name) - 3, "_us") == 0;

		assert_int_equal(us, line_of(i)->unit == CAA_STAT_US);
	}
	assert_int_equal(caa_stats_line(CAA_STAT_wait_us)->unit, CAA_STAT_US);
	assert_int_equal(caa_stats_reading(CAA_READING_mem)->unit, CAA_STAT_BYTES);
}

static void *add_many(void *arg)
{
	for (unsigned i = 0; i < ADDS; i++)
		caa_stats_wait(arg, i);
	return NULL;
}

/** Adding while another thread reads and resets: nothing is lost, nothing is counted twice. */
static void threads_lose_nothing(void **state)
{
	struct caa_stats s;
	struct caa_stats_values v;
	pthread_t thread[THREADS];
	uint64_t count = 0, sum = 0, max = 0;

	(void)state;
	caa_stats_init(&s);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, add_many, &s), 0);
	for (unsigned run = 0; run <= 2000; run++) {
		if (run == 2000)
			for (unsigned i = 0; i < THREADS; i++)
				pthread_join(thread[i], NULL);
		caa_stats_read(&s, &v, 1);
		count += v.count[CAA_STAT_waits];
		sum += v.count[CAA_STAT_wait_us];
		max = v.wait_max_us > max ? v.wait_max_us : max;
	}
	assert_int_equal(count, THREADS * ADDS);
	assert_int_equal(sum, (uint64_t)THREADS * ADDS * (ADDS - 1) / 2);
	assert_int_equal(max, ADDS - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reset_takes_what_it_reads), cmocka_unit_test(totals_outlive_a_reset),
		cmocka_unit_test(names_and_helps_are_there_once), cmocka_unit_test(a_name_says_its_unit),
		cmocka_unit_test(threads_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
