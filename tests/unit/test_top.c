/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/wire/top.h"

struct row { uint32_t value; char pad[7]; };

static int by_value(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return x->value == y->value ? 0 : x->value < y->value ? -1 : 1;
}

/** Those that are kept are those that a sort of all puts in front. */
static void the_first_are_kept(void **state)
{
	enum { ALL = 300 };
	static const size_t max[] = { 0, 1, 2, 3, 7, 16, 299, 300, 301 };
	uint64_t random_state = 7;

	(void)state;
	for (size_t m = 0; m < COUNT_OF(max); m++) {
		struct row all[ALL], rows[ALL + 2];
		size_t count = 0, kept = max[m] < ALL ? max[m] : ALL;

		memset(rows, 0x5a, sizeof(rows));
		for (size_t i = 0; i < ALL; i++) {
			all[i] = (struct row){ .value = (uint32_t)(next_random(&random_state) % 100) };
			caa_top_offer(rows, sizeof(rows[0]), &count, max[m], &all[i], by_value);
		}
		assert_int_equal(count, kept);
		assert_int_equal(rows[kept].value, 0x5a5a5a5a);	/* nothing is written behind */
		qsort(all, ALL, sizeof(all[0]), by_value);
		qsort(rows, kept, sizeof(rows[0]), by_value);
		for (size_t i = 0; i < kept; i++)
			assert_int_equal(rows[i].value, all[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
