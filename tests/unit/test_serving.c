/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/pace/serving.h"
#include "core/wire/hash.h"

static const uint64_t ms = 1000, second = 1000000, now = 77 * UINT64_C(1000000);

static void a_stranger_has_one_voice_in_a_while(void **state)
{
	struct caa_serving s = { .tag = 1 };

	(void)state;
	assert_false(caa_serving_is_witness(&s, now));
	assert_true(caa_serving_lost(&s, now, 1, 0));
	for (uint32_t i = 0; i < 20; i++)	/* however many of its names are lost */
		assert_false(caa_serving_lost(&s, now + i * ms, 2 + i, 0));
	assert_false(caa_serving_lost(&s, now + CAA_SERVING_VOICE_MS * ms - ms, 50, 0));
	assert_true(caa_serving_lost(&s, now + CAA_SERVING_VOICE_MS * ms, 51, 0));
}

static void who_was_lost_and_is_no_witness_is_suspect_for_a_while(void **state)
{
	static const uint64_t while_us = CAA_SERVING_VOICE_MS * UINT64_C(1000);
	struct caa_serving s = { .tag = 1 };

	(void)state;
	assert_false(caa_serving_is_suspect(&s, now));
	caa_serving_lost(&s, now, 1, 0);
	assert_true(caa_serving_is_suspect(&s, now));
	caa_serving_lost(&s, now + while_us / 2, 2, 0);		/* what says nothing makes it no longer */
	assert_true(caa_serving_is_suspect(&s, now + while_us - ms));
	assert_false(caa_serving_is_suspect(&s, now + while_us));
	caa_serving_lost(&s, now + while_us, 3, 0);
	assert_true(caa_serving_is_suspect(&s, now + while_us));
	caa_serving_answered(&s, now + while_us);
	assert_false(caa_serving_is_suspect(&s, now + while_us));
	caa_serving_lost(&s, now + while_us, 4, 0);		/* nor a witness that is lost, ... */
	assert_false(caa_serving_is_suspect(&s, now + while_us));
	for (uint32_t i = 1; i <= CAA_SERVING_SPLIT; i++)	/* ... before it is none */
		caa_serving_lost(&s, now + while_us, 10 * i, 10 * i + 5);
	assert_true(caa_serving_is_suspect(&s, now + while_us));
}

/** It answers: that what it says is a denial is its word, and no silence. */
static void who_is_known_to_deny_is_not_suspect(void **state)
{
	struct caa_serving s = { .tag = 1 };

	(void)state;
	caa_serving_denies(&s, now);
	caa_serving_lost(&s, now, 1, 0);
	assert_false(caa_serving_is_suspect(&s, now));
}

static void that_it_is_full_is_known_for_a_moment(void **state)
{
	static const uint64_t moment_us = CAA_SERVING_FULL_MS * UINT64_C(1000);
	static const uint64_t wrap_us = (UINT64_C(1) << 32) * 1000;
	static const uint64_t at[] = { now, wrap_us - 100 * UINT64_C(1000), wrap_us };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(at); i++) {
		struct caa_serving s = { .tag = 1 };

		assert_false(caa_serving_is_full(&s, at[i]));
		caa_serving_full(&s, at[i]);
		assert_true(caa_serving_is_full(&s, at[i]));
		assert_true(caa_serving_is_full(&s, at[i] + moment_us - 2 * ms));	/* 0 is kept for never: a ms may be lost */
		assert_false(caa_serving_is_full(&s, at[i] + moment_us + ms));
		caa_serving_full(&s, at[i] + moment_us);		/* once more */
		assert_true(caa_serving_is_full(&s, at[i] + moment_us + ms));
	}
}

static void a_witness_speaks_each_time(void **state)
{
	struct caa_serving s = { .tag = 1 };

	(void)state;
	caa_serving_answered(&s, now);
	for (uint32_t i = 0; i < 100; i++)
		assert_true(caa_serving_lost(&s, now, i, 0));
	assert_true(caa_serving_is_witness(&s, now + CAA_SERVING_LIFE_MS * ms - ms));
	assert_false(caa_serving_is_witness(&s, now + CAA_SERVING_LIFE_MS * ms));
}

static void a_witness_that_is_lost_where_others_are_answered_is_none(void **state)
{
	struct caa_serving s = { .tag = 1 };

	(void)state;
	caa_serving_answered(&s, now);
	assert_true(caa_serving_lost(&s, now, 10, 15));
	assert_true(caa_serving_lost(&s, now, 20, 25));
	assert_true(caa_serving_is_witness(&s, now));
	assert_false(caa_serving_lost(&s, now, 30, 35));
	assert_false(caa_serving_is_witness(&s, now));
	assert_false(caa_serving_lost(&s, now, 40, 45));	/* it has no voice at once */
	caa_serving_answered(&s, now + second);
	assert_true(caa_serving_is_witness(&s, now + second));
}

static void what_is_no_split(void **state)
{
	struct caa_serving s = { .tag = 1 };

	(void)state;
	caa_serving_answered(&s, now);
	for (uint32_t i = 0; i < 50; i++)	/* a burst of which a limiter took all, and then answered another */
		assert_true(caa_serving_lost(&s, now, 10 + i, 100));
	for (uint32_t i = 0; i < 50; i++)	/* nothing that left later was answered */
		assert_true(caa_serving_lost(&s, now, 200 + i, 201));
	assert_true(caa_serving_lost(&s, now, 300, 310));
	caa_serving_answered(&s, now);		/* not in a row */
	assert_true(caa_serving_lost(&s, now, 320, 330));
	assert_true(caa_serving_lost(&s, now, 340, 350));
	assert_true(caa_serving_is_witness(&s, now));
}

static void numbers_wrap(void **state)
{
	struct caa_serving s = { .tag = 1 };

	(void)state;
	caa_serving_answered(&s, now);
	assert_true(caa_serving_lost(&s, now, UINT32_MAX - 1, 2));
	assert_true(caa_serving_lost(&s, now, 1, 2));		/* left with the last one */
	assert_true(caa_serving_lost(&s, now, 2, 5));
	assert_false(caa_serving_lost(&s, now, 7, 9));
}

static void its_own_denial_is_remembered_for_seconds(void **state)
{
	struct caa_serving s = { .tag = 1 };

	(void)state;
	caa_serving_denies(&s, now);
	assert_true(caa_serving_is_denying(&s, now + CAA_SERVING_DENIES_MS * ms - ms));
	assert_false(caa_serving_is_denying(&s, now + CAA_SERVING_DENIES_MS * ms));
	caa_serving_denies(&s, now);
	caa_serving_answered(&s, now + ms);
	assert_false(caa_serving_is_denying(&s, now + ms));
	caa_serving_denies(&s, now + 2 * ms);	/* one bad name of a zone that is answered is not the zone's word */
	assert_false(caa_serving_is_denying(&s, now + 2 * ms));
}

/** Of an address whose zones all stand in one table: two hundred, each of which has two. */
static void hundreds_of_zones_keep_their_records(void **state)
{
	static struct caa_servings t;
	static const uint8_t key[CAA_HASH_KEY] = { 1 };

	(void)state;
	caa_servings_init(&t);
	for (uint32_t i = 0; i < 400; i++)
		caa_serving_answered(caa_servings_get(&t, caa_hash(key, &i, sizeof(i)), now), now);
	for (uint32_t i = 0; i < 400; i++)
		assert_true(caa_serving_is_witness(caa_servings_get(&t, caa_hash(key, &i, sizeof(i)), now + second), now + second));
}

static void the_oldest_record_of_a_set_makes_room(void **state)
{
	static struct caa_servings t;

	(void)state;
	caa_servings_init(&t);
	for (uint64_t i = 1; i <= CAA_SERVING_WAYS; i++)
		caa_serving_answered(caa_servings_get(&t, i << 32, now + i * second), now + i * second);
	for (uint64_t i = 1; i <= CAA_SERVING_WAYS; i++)
		assert_true(caa_serving_is_witness(caa_servings_get(&t, i << 32, now + (9 + i) * second), now + 20 * second));
	assert_false(caa_serving_is_witness(caa_servings_get(&t, UINT64_C(99) << 32, now + 20 * second), now + 20 * second));
	assert_true(caa_serving_is_witness(caa_servings_get(&t, UINT64_C(2) << 32, now + 21 * second), now + 21 * second));
	assert_false(caa_serving_is_witness(caa_servings_get(&t, UINT64_C(1) << 32, now + 22 * second), now + 22 * second));
}

static void who_only_looks_changes_nothing(void **state)
{
	static struct caa_servings t;
	struct caa_serving seen;

	(void)state;
	caa_servings_init(&t);
	caa_serving_answered(caa_servings_get(&t, UINT64_C(1) << 32, now), now);
	for (uint64_t i = 2; i <= CAA_SERVING_WAYS; i++)
		(void)caa_servings_get(&t, i << 32, now + i * second);
	seen = caa_servings_see(&t, UINT64_C(1) << 32);
	assert_true(caa_serving_is_witness(&seen, now));
	seen = caa_servings_see(&t, UINT64_C(99) << 32);	/* it makes no room */
	assert_false(caa_serving_is_witness(&seen, now));
	seen = caa_servings_see(&t, UINT64_C(1) << 32);
	assert_true(caa_serving_is_witness(&seen, now));
	(void)caa_servings_get(&t, UINT64_C(99) << 32, now + 20 * second);	/* what was looked at is still the oldest */
	seen = caa_servings_see(&t, UINT64_C(1) << 32);
	assert_false(caa_serving_is_witness(&seen, now));
}

/** CAA fails, and another type, asked once in a while, is answered: names are looked for with that, until CAA is answered, or for a while. */
static void who_answers_other_types_only_is_asked_those(void **state)
{
	const uint64_t now_us = 60 * UINT64_C(1000000), while_us = CAA_SERVING_BESIDE_MS * ms;
	struct caa_serving caa = { .tag = 1 }, others = { .tag = 2 };

	(void)state;
	assert_false(caa_serving_avoids_caa(&caa, &others, now_us));
	caa_serving_caa_failed(&caa, now_us, 0);
	assert_true(caa_serving_wonders(&caa, now_us));
	assert_false(caa_serving_wonders(&caa, now_us + while_us - ms));
	assert_false(caa_serving_avoids_caa(&caa, &others, now_us));
	caa_serving_shown(&others, now_us, 10 * ms);
	assert_true(caa_serving_avoids_caa(&caa, &others, now_us + while_us - ms));
	assert_false(caa_serving_avoids_caa(&caa, &others, now_us + while_us));
	assert_true(caa_serving_wonders(&caa, now_us + while_us));
	caa_serving_caa_failed(&caa, now_us + while_us, 0);
	assert_false(caa_serving_avoids_caa(&caa, &others, now_us + while_us));	/* that the other was answered is long ago */
	caa_serving_shown(&others, now_us + while_us, 10 * ms);
	assert_true(caa_serving_avoids_caa(&caa, &others, now_us + while_us));
	caa_serving_good(&caa, now_us + while_us);
	assert_false(caa_serving_avoids_caa(&caa, &others, now_us + while_us));
	caa_serving_caa_failed(&caa, now_us + while_us, 0);
	assert_false(caa_serving_avoids_caa(&caa, &others, now_us + while_us));
	assert_false(caa_serving_wonders(&caa, now_us + while_us));
}

/** CAA is not sent once more before the other's answer is there, or has had its time. */
static void what_is_asked_beside_is_waited_for(void **state)
{
	const uint64_t now_us = 60 * UINT64_C(1000000);
	struct caa_serving caa = { .tag = 1 }, others = { .tag = 2 };

	(void)state;
	assert_false(caa_serving_is_wondering(&caa, &others, now_us));
	caa_serving_shown(&others, now_us - 1000 * ms, 10 * ms);	/* what was answered before says nothing */
	assert_true(caa_serving_wonders(&caa, now_us));
	assert_true(caa_serving_is_wondering(&caa, &others, now_us + (CAA_SERVING_ASKED_MS - 1) * ms));
	assert_false(caa_serving_is_wondering(&caa, &others, now_us + CAA_SERVING_ASKED_MS * ms));
	caa_serving_shown(&others, now_us + 10 * ms, 10 * ms);
	assert_false(caa_serving_is_wondering(&caa, &others, now_us + 20 * ms));
}

/** Who is slow is slow for all types: CAA is dropped only if it was waited for longer than the other's answer took. */
static void who_is_slow_drops_nothing(void **state)
{
	const uint64_t now_us = 60 * UINT64_C(1000000);
	struct caa_serving caa = { .tag = 1 }, others = { .tag = 2 };

	(void)state;
	caa_serving_caa_failed(&caa, now_us, 376 * ms);
	caa_serving_shown(&others, now_us, 1200 * ms);
	assert_false(caa_serving_avoids_caa(&caa, &others, now_us));
	caa_serving_caa_failed(&caa, now_us + 1000 * ms, 752 * ms);
	assert_false(caa_serving_avoids_caa(&caa, &others, now_us + 1000 * ms));
	caa_serving_caa_failed(&caa, now_us + 2000 * ms, 1504 * ms);
	assert_true(caa_serving_avoids_caa(&caa, &others, now_us + 2000 * ms));
	caa_serving_caa_failed(&caa, now_us + 2100 * ms, 100 * ms);	/* the longest counts */
	assert_true(caa_serving_avoids_caa(&caa, &others, now_us + 2100 * ms));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stranger_has_one_voice_in_a_while), cmocka_unit_test(a_witness_speaks_each_time),
		cmocka_unit_test(who_was_lost_and_is_no_witness_is_suspect_for_a_while),
		cmocka_unit_test(who_is_known_to_deny_is_not_suspect), cmocka_unit_test(that_it_is_full_is_known_for_a_moment),
		cmocka_unit_test(a_witness_that_is_lost_where_others_are_answered_is_none), cmocka_unit_test(what_is_no_split),
		cmocka_unit_test(numbers_wrap), cmocka_unit_test(its_own_denial_is_remembered_for_seconds),
		cmocka_unit_test(who_answers_other_types_only_is_asked_those), cmocka_unit_test(who_is_slow_drops_nothing), cmocka_unit_test(what_is_asked_beside_is_waited_for),
		cmocka_unit_test(hundreds_of_zones_keep_their_records), cmocka_unit_test(the_oldest_record_of_a_set_makes_room),
		cmocka_unit_test(who_only_looks_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
