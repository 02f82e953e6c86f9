/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/pace/strangers.h"

static const uint64_t ms = 1000, start = 123456789;

/** So many zones are answered, one each 10 ms.  @return when the last one was. */
static uint64_t answer(struct caa_strangers *s, unsigned zones, bool caa)
{
	uint64_t now = start;

	for (unsigned i = 0; i < zones; i++, now += 10 * ms)
		caa_strangers_answered(s, now, now - ms, 7 * i + 3, caa);
	return now;
}

static void the_lost_are_weighed_where_some_are_answered(void **state)
{
	(void)state;
	for (unsigned zones = 0; zones < 40; zones++)
		for (int caa = 0; caa <= 1; caa++) {
			struct caa_strangers s = { .caa = 0 };
			uint64_t now = answer(&s, zones, caa);

			assert_false(caa_strangers_lost(&s, now, now, !caa, true));	/* of the other kind */
			assert_int_equal(caa_strangers_lost(&s, now, now, caa, true), zones >= CAA_STRANGERS_HEARD);
		}
}

static void one_zone_is_one(void **state)
{
	struct caa_strangers s = { .caa = 0 };

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		caa_strangers_answered(&s, start + i * ms, start, 5, true);
	assert_false(caa_strangers_lost(&s, start, start, true, true));
}

static void it_is_forgotten(void **state)
{
	struct caa_strangers s = { .caa = 0 };
	uint64_t heard = answer(&s, 10, true) - 10 * ms, later = heard + CAA_STRANGERS_HEARD_MS * ms;

	(void)state;
	assert_true(caa_strangers_lost(&s, later + 10000 * ms, later - 64 * ms, true, true));	/* sent in time, though lost late */
	assert_false(caa_strangers_lost(&s, later + 10000 * ms, later + 64 * ms, true, true));
	assert_false(caa_strangers_lost(&s, heard, heard, true, true));			/* and all of it */
}

static void the_mute_are_so_for_a_while(void **state)
{
	struct caa_strangers s = { .caa = 0 };
	const uint64_t lost[] = { start, start + UINT64_C(65536) * 64 * ms };

	(void)state;
	assert_false(caa_strangers_lost(&s, start, start, true, false));	/* who is denied is not waited for */
	assert_false(caa_strangers_are_mute(&s, start));
	for (unsigned i = 0; i < 2; i++) {
		assert_false(caa_strangers_lost(&s, lost[i], lost[i] - 500 * ms, i == 0, true));
		assert_true(caa_strangers_are_mute(&s, lost[i]));
		assert_true(caa_strangers_are_mute(&s, lost[i] + (CAA_STRANGERS_MUTE_MS - 64) * ms));
		assert_false(caa_strangers_are_mute(&s, lost[i] + (CAA_STRANGERS_MUTE_MS + 128) * ms));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lost_are_weighed_where_some_are_answered), cmocka_unit_test(one_zone_is_one),
		cmocka_unit_test(it_is_forgotten), cmocka_unit_test(the_mute_are_so_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
