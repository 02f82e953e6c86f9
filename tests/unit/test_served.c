/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/hash.h"
#include "core/served.h"

#define TAG(n) (UINT64_C(n) << 32)

static void what_was_noted_is_there(void **state)
{
	struct caa_served s;

	(void)state;
	caa_served_init(&s);
	assert_false(caa_served_has(&s, TAG(7) + 5));
	caa_served_note(&s, TAG(7) + 5);
	assert_true(caa_served_has(&s, TAG(7) + 5));
	assert_false(caa_served_has(&s, TAG(7) + 6));	/* another place */
	assert_false(caa_served_has(&s, TAG(8) + 5));	/* another pair of that place */
}

static void the_last_pair_of_a_place_stays(void **state)
{
	struct caa_served s;

	(void)state;
	caa_served_init(&s);
	caa_served_note(&s, TAG(7) + 5);
	caa_served_note(&s, TAG(8) + 5 + CAA_SERVED_PLACES);
	assert_false(caa_served_has(&s, TAG(7) + 5));
	assert_true(caa_served_has(&s, TAG(8) + 5 + CAA_SERVED_PLACES));
}

static void no_hash_is_none(void **state)
{
	struct caa_served s;

	(void)state;
	caa_served_init(&s);
	for (uint64_t pair = 0; pair < CAA_SERVED_PLACES; pair++)
		assert_false(caa_served_has(&s, pair));
	caa_served_note(&s, 0);
	assert_true(caa_served_has(&s, 0));
}

/** Hundreds of zones on one server: most are known at any time, and none that was not answered for. */
static void many_zones(void **state)
{
	enum { ZONES = 500 };
	static const uint8_t key[CAA_HASH_KEY] = { 1 };
	struct caa_served s;
	unsigned known = 0;

	(void)state;
	caa_served_init(&s);
	for (uint32_t zone = 0; zone < ZONES; zone++)
		caa_served_note(&s, caa_hash(key, &zone, sizeof(zone)));
	for (uint32_t zone = 0; zone < ZONES; zone++)
		known += caa_served_has(&s, caa_hash(key, &zone, sizeof(zone)));
	assert_true(known >= ZONES * 7 / 10);
	for (uint32_t zone = ZONES; zone < 100 * ZONES; zone++)
		assert_false(caa_served_has(&s, caa_hash(key, &zone, sizeof(zone))));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_noted_is_there),
		cmocka_unit_test(the_last_pair_of_a_place_stays),
		cmocka_unit_test(no_hash_is_none),
		cmocka_unit_test(many_zones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
