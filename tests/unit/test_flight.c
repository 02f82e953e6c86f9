/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/pace/flight.h"

static const struct caa_addr one = { .family = CAA_IPV4, .ip = { 1 } }, two = { .family = CAA_IPV4, .ip = { 2 } };

static void a_note_lasts_until_it_ends(void **state)
{
	struct caa_flight f;
	struct caa_addr a;

	(void)state;
	caa_flight_init(&f);
	assert_false(caa_flight_find(&f, 7, 1, &a));
	caa_flight_begin(&f, 7, &one, 1);
	assert_true(caa_flight_find(&f, 7, 1, &a));
	assert_true(caa_addr_equal(&a, &one));
	assert_false(caa_flight_find(&f, 8, 1, &a));	/* the same set, another question */
	caa_flight_end(&f, 7, &two);			/* not that address */
	assert_true(caa_flight_find(&f, 7, 1, &a));
	caa_flight_end(&f, 7, &one);
	assert_false(caa_flight_find(&f, 7, 1, &a));
	caa_flight_end(&f, 7, &one);			/* once more does nothing */
}

static void the_last_address_counts(void **state)
{
	struct caa_flight f;
	struct caa_addr a;

	(void)state;
	caa_flight_init(&f);
	caa_flight_begin(&f, 7, &one, 1);
	caa_flight_begin(&f, 7, &two, 2);
	assert_true(caa_flight_find(&f, 7, 3, &a));
	assert_true(caa_addr_equal(&a, &two));
	caa_flight_end(&f, 7, &two);
	assert_false(caa_flight_find(&f, 7, 3, &a));	/* and left no second note */
}

static void a_lost_end_is_forgotten(void **state)
{
	struct caa_flight f;
	struct caa_addr a;

	(void)state;
	caa_flight_init(&f);
	caa_flight_begin(&f, 7, &one, 5);
	assert_true(caa_flight_find(&f, 7, 5 + CAA_FLIGHT_LIFE_US - 1, &a));
	assert_false(caa_flight_find(&f, 7, 5 + CAA_FLIGHT_LIFE_US, &a));
	caa_flight_begin(&f, 7, &two, 5 + CAA_FLIGHT_LIFE_US);
	assert_true(caa_flight_find(&f, 7, 5 + CAA_FLIGHT_LIFE_US, &a));
}

static void the_oldest_of_a_full_set_makes_room(void **state)
{
	struct caa_flight f;
	struct caa_addr a;

	(void)state;
	caa_flight_init(&f);
	for (uint64_t q = 0; q <= CAA_FLIGHT_WAYS; q++)
		caa_flight_begin(&f, q, &one, 1 + q);
	assert_false(caa_flight_find(&f, 0, 9, &a));
	for (uint64_t q = 1; q <= CAA_FLIGHT_WAYS; q++)
		assert_true(caa_flight_find(&f, q, 9, &a));
	/* other sets are not touched */
	caa_flight_begin(&f, UINT64_C(1) << 32, &two, 9);
	for (uint64_t q = 1; q <= CAA_FLIGHT_WAYS; q++)
		assert_true(caa_flight_find(&f, q, 9, &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_note_lasts_until_it_ends), cmocka_unit_test(the_last_address_counts),
		cmocka_unit_test(a_lost_end_is_forgotten), cmocka_unit_test(the_oldest_of_a_full_set_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
