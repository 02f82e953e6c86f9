/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/pace/egress.h"

enum { BURST = 16, THREE = 3, ROUNDS = 2000, TRIED_MAX = ROUNDS / 6 };

static const uint8_t key[CAA_HASH_KEY] = { 5 };
static const uint64_t now = 60 * UINT64_C(1000000);

/** An upstream that is asked from several addresses. */
struct scene {
	struct caa_upstreams *table;
	struct caa_upstream *u;
	unsigned count;
	uint64_t random;
};

static struct scene begin(unsigned count)
{
	struct scene s = { .count = count, .random = 7 };
	struct caa_addr addr = { .family = CAA_IPV4, .ip = { 192, 0, 2, 1 } };

	s.table = caa_upstreams_create(1, count < CAA_SOURCES_MAX ? count : CAA_SOURCES_MAX, key);
	assert_non_null(s.table);
	s.u = caa_upstreams_get(s.table, &addr, BURST);
	return s;
}

static uint8_t choose_how(struct scene *s, bool proved, bool *aside)
{
	struct caa_egress e = { .count = s->count, .proved = proved, .random = (uint32_t)(next_random(&s->random) >> 32) };
	uint8_t source = caa_egress_choose(s->u, &e, aside);

	assert_in_range(source, 0, s->count - 1);
	return source;
}

static uint8_t choose(struct scene *s)
{
	bool aside;

	return choose_how(s, false, &aside);
}

/** How often each is taken of so many times. */
static void chosen(struct scene *s, unsigned times, unsigned n[])
{
	memset(n, 0, s->count * sizeof(*n));
	while (times-- > 0)
		n[choose(s)]++;
}

/** Queries that leave from there and are lost, or answered. */
static void lose(struct scene *s, uint8_t source, unsigned times)
{
	while (times-- > 0)
		caa_egress_lost(s->u, source, caa_learn_sent(&s->u->learn, now, false).seq);
}
static void answer(struct scene *s, uint8_t source)
{
	caa_egress_answered(s->u, source, caa_learn_sent(&s->u->learn, now, false).seq);
}

static void limit(struct scene *s)
{
	s->u->learn.state = CAA_LEARN_LIMITED;
	s->u->learn.limit.rate_mqps = 1000;
}

/** The server has sent cookies to some, and its first window is over. */
static void know(struct scene *s, unsigned sources)
{
	s->u->learn.state = CAA_LEARN_OPEN;
	s->u->cookie.known = (uint16_t)sources;
}

/* --- turns ----------------------------------------------------------------------------------------------------------------- */

static void each_has_its_turn_before_one_has_two(void **state)
{
	(void)state;
	for (unsigned count = 2; count <= CAA_SOURCES_MAX; count++) {
		struct scene s = begin(count);

		for (unsigned round = 0; round < 100; round++) {
			unsigned seen = 0;

			for (unsigned i = 0; i < count; i++)
				seen |= 1u << choose(&s);
			assert_int_equal(seen, (1u << count) - 1);
		}
		caa_upstreams_destroy(s.table);
	}
}

/** Each of the six orders of three, about as often. */
static void the_order_is_random(void **state)
{
	struct scene s = begin(THREE);
	unsigned order[THREE * THREE] = { 0 };

	(void)state;
	for (unsigned round = 0; round < 600; round++) {
		uint8_t first = choose(&s), second = choose(&s);

		choose(&s);
		order[first * THREE + second]++;
	}
	for (unsigned i = 0; i < THREE * THREE; i++) {
		if (i / THREE == i % THREE)
			assert_int_equal(order[i], 0);
		else
			assert_in_range(order[i], 60, 140);
	}
	caa_upstreams_destroy(s.table);
}

static void of_more_than_are_kept_each_is_taken(void **state)
{
	struct scene s = begin(CAA_EGRESS_MAX);
	unsigned n[CAA_EGRESS_MAX], used = 0;

	(void)state;
	chosen(&s, 20 * CAA_EGRESS_MAX, n);
	for (unsigned i = 0; i < CAA_EGRESS_MAX; i++)
		used += n[i] > 0;
	assert_int_equal(used, CAA_EGRESS_MAX);
	know(&s, 1u << 3 | 1u << 9);	/* these are preferred all the same */
	chosen(&s, ROUNDS, n);
	assert_true(n[3] > ROUNDS / 3 && n[9] > ROUNDS / 3);
	assert_true(n[3] - n[9] + 1 <= 2);
	caa_upstreams_destroy(s.table);
}

/* --- cookies --------------------------------------------------------------------------------------------------------------- */

static void who_has_a_cookie_is_preferred_and_the_others_get_theirs(void **state)
{
	struct scene s = begin(THREE);
	unsigned n[THREE];

	(void)state;
	know(&s, 1u << 1);
	chosen(&s, ROUNDS, n);
	assert_in_range(n[1], ROUNDS * 70 / 100, ROUNDS * 80 / 100);
	assert_in_range(n[0], ROUNDS / 10, ROUNDS / 6);
	assert_in_range(n[2], ROUNDS / 10, ROUNDS / 6);
	know(&s, 7);
	chosen(&s, 3 * ROUNDS, n);
	for (unsigned i = 0; i < THREE; i++)
		assert_in_range(n[i], ROUNDS - 1, ROUNDS + 1);
	caa_upstreams_destroy(s.table);
}

/** All have theirs when it is over. */
static void the_first_window_is_everyones(void **state)
{
	struct scene s = begin(THREE);
	unsigned n[THREE];

	(void)state;
	know(&s, 1u << 1);
	s.u->learn.state = CAA_LEARN_FIRST;
	chosen(&s, 3 * ROUNDS, n);
	for (unsigned i = 0; i < THREE; i++)
		assert_int_equal(n[i], ROUNDS);
	caa_upstreams_destroy(s.table);
}

static void what_needs_a_cookie_goes_where_there_is_one(void **state)
{
	struct scene s = begin(THREE);
	bool aside;

	(void)state;
	know(&s, 1u << 2);
	for (int limited = 0; limited <= 1; limited++) {
		if (limited)
			limit(&s);
		for (unsigned i = 0; i < ROUNDS; i++)
			assert_int_equal(choose_how(&s, true, &aside), 2);
	}
	caa_upstreams_destroy(s.table);
}

static void where_a_limit_is_known_cookies_do_not_count(void **state)
{
	struct scene s = begin(THREE);
	unsigned n[THREE];

	(void)state;
	know(&s, 1u << 1);
	limit(&s);
	chosen(&s, 3 * ROUNDS, n);
	for (unsigned i = 0; i < THREE; i++)
		assert_int_equal(n[i], ROUNDS);
	caa_upstreams_destroy(s.table);
}

/* --- who is not answered ------------------------------------------------------------------------------------------------------ */

/** One loss is one; two say that it stands aside, and each further one makes it rarer. */
static void who_is_not_answered_is_tried_more_and_more_rarely(void **state)
{
	unsigned before = UINT32_MAX;

	(void)state;
	for (unsigned losses = 0; losses <= 12; losses++) {
		struct scene s = begin(THREE);
		unsigned tried = 0, asides = 0;

		lose(&s, 2, losses);
		for (unsigned i = 0; i < 100 * ROUNDS; i++) {
			bool aside;
			bool it = choose_how(&s, false, &aside) == 2;

			tried += it;
			asides += aside;
			assert_true(it || !aside);
		}
		if (losses < 2) {
			assert_in_range(tried, 100 * ROUNDS / THREE, 100 * ROUNDS / THREE + 1);
			assert_int_equal(asides, 0);
		} else {
			assert_int_equal(asides, tried);
			assert_true(tried > 0 && (tried < before * 3 / 4 || losses > 9));
			before = tried;
		}
		caa_upstreams_destroy(s.table);
	}
}

static void one_answer_brings_it_back(void **state)
{
	struct scene s = begin(THREE);
	unsigned n[THREE];

	(void)state;
	lose(&s, 0, 200);
	lose(&s, 0, 200);	/* counted up to 255 */
	chosen(&s, ROUNDS, n);
	assert_true(n[0] < TRIED_MAX);
	answer(&s, 0);
	chosen(&s, 3 * ROUNDS, n);
	assert_in_range(n[0], ROUNDS - 1, ROUNDS + 1);
	caa_upstreams_destroy(s.table);
}

/** What is lost is known later than what is answered: it tells of no end. */
static void losses_before_an_answer_are_none(void **state)
{
	struct scene s = begin(THREE);
	unsigned n[THREE];
	uint32_t seq[4];

	(void)state;
	for (unsigned i = 0; i < COUNT_OF(seq); i++)
		seq[i] = caa_learn_sent(&s.u->learn, now, false).seq;
	caa_egress_answered(s.u, 0, seq[3]);
	caa_egress_answered(s.u, 0, seq[2]);	/* overtaken */
	for (unsigned i = 0; i < 2; i++)
		caa_egress_lost(s.u, 0, seq[i]);
	caa_egress_lost(s.u, 0, seq[3]);
	chosen(&s, 3 * ROUNDS, n);
	assert_int_equal(n[0], ROUNDS);
	caa_upstreams_destroy(s.table);
}

static void where_none_is_answered_none_stands_aside(void **state)
{
	struct scene s = begin(THREE);
	unsigned n[THREE];
	bool aside;

	(void)state;
	for (uint8_t i = 0; i < THREE; i++)
		lose(&s, i, 9);
	know(&s, 1);
	chosen(&s, 3 * ROUNDS, n);
	for (unsigned i = 0; i < THREE; i++)
		assert_int_equal(n[i], ROUNDS);
	choose_how(&s, false, &aside);
	assert_false(aside);
	caa_upstreams_destroy(s.table);
}

static void a_limit_explains_what_was_lost(void **state)
{
	struct scene s = begin(THREE);
	unsigned n[THREE];
	uint32_t left;

	(void)state;
	left = caa_learn_sent(&s.u->learn, now, false).seq;
	lose(&s, 1, 5);
	limit(&s);
	s.u->learn.recover_seq = s.u->learn.seq;
	caa_egress_limited(s.u);
	for (unsigned i = 0; i < 5; i++)
		caa_egress_lost(s.u, 1, left);	/* and what is not known to be lost yet */
	chosen(&s, 3 * ROUNDS, n);
	assert_int_equal(n[1], ROUNDS);
	caa_upstreams_destroy(s.table);
}

/** The one with the cookie is blocked: the others are asked, and get theirs. */
static void a_cookie_is_no_reason_to_go_where_nothing_is_answered(void **state)
{
	struct scene s = begin(THREE);
	unsigned n[THREE];

	(void)state;
	know(&s, 1u << 1);
	lose(&s, 1, 2);
	chosen(&s, ROUNDS, n);
	assert_true(n[1] < TRIED_MAX);
	assert_in_range(n[0], (ROUNDS - TRIED_MAX) / 2, ROUNDS / 2);
	caa_upstreams_destroy(s.table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_its_turn_before_one_has_two), cmocka_unit_test(the_order_is_random),
		cmocka_unit_test(of_more_than_are_kept_each_is_taken),
		cmocka_unit_test(who_has_a_cookie_is_preferred_and_the_others_get_theirs),
		cmocka_unit_test(the_first_window_is_everyones), cmocka_unit_test(what_needs_a_cookie_goes_where_there_is_one),
		cmocka_unit_test(where_a_limit_is_known_cookies_do_not_count),
		cmocka_unit_test(who_is_not_answered_is_tried_more_and_more_rarely),
		cmocka_unit_test(one_answer_brings_it_back), cmocka_unit_test(losses_before_an_answer_are_none),
		cmocka_unit_test(where_none_is_answered_none_stands_aside), cmocka_unit_test(a_limit_explains_what_was_lost),
		cmocka_unit_test(a_cookie_is_no_reason_to_go_where_nothing_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
