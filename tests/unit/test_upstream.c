/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/pace/upstream.h"

static const uint8_t key[CAA_HASH_KEY] = { 1, 2, 3 };

static struct caa_addr addr_of(uint32_t n)
{
	const uint8_t ip[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	return caa_addr_ipv4(ip, 53);
}

enum { BURST = 16 };

static struct caa_upstream *get(struct caa_upstreams *t, uint32_t n)
{
	struct caa_addr a = addr_of(n);

	return caa_upstreams_get(t, &a, BURST);
}

/** A query takes a place at the upstream. */
static void wait_at(struct caa_upstream *u)
{
	caa_pacer_enter(&u->learn.pacer, 1, false);
}

static struct caa_upstream *find(struct caa_upstreams *t, uint32_t n)
{
	struct caa_addr a = addr_of(n);

	return caa_upstreams_find(t, &a);
}

static void get_makes_find_looks(void **state)
{
	struct caa_upstreams *t = caa_upstreams_create(4, 1, key);
	struct caa_upstream *u;

	(void)state;
	assert_null(find(t, 1));
	u = get(t, 1);
	assert_non_null(u);
	assert_ptr_equal(find(t, 1), u);
	assert_int_equal(u->sent, 0);
	assert_int_equal(u->learn.pacer.window, BURST);
	assert_false(caa_cookie_proves(&u->cookie));
	u->sent = 7;
	assert_ptr_equal(get(t, 1), u);
	assert_ptr_equal(caa_upstreams_at(t, 0), u);
	assert_int_equal(u->sent, 7);
	assert_int_equal(caa_upstreams_count(t), 1);
	caa_upstreams_destroy(t);
	caa_upstreams_destroy(NULL);
}

static void the_oldest_makes_room(void **state)
{
	struct caa_upstreams *t = caa_upstreams_create(3, 1, key);

	(void)state;
	for (uint32_t n = 1; n <= 3; n++)
		get(t, n)->sent = n;
	get(t, 1);			/* 2 is the oldest now */
	assert_int_equal(get(t, 4)->sent, 0);
	assert_null(find(t, 2));
	assert_int_equal(find(t, 1)->sent, 1);
	assert_int_equal(caa_upstreams_count(t), 3);
	assert_int_equal(caa_upstreams_evicted(t), 1);
	caa_upstreams_destroy(t);
}

static void who_is_waited_for_stays(void **state)
{
	struct caa_upstreams *t = caa_upstreams_create(2, 1, key);

	(void)state;
	wait_at(get(t, 1));
	get(t, 2);
	assert_non_null(get(t, 3));	/* 1 is older, but a query waits for it */
	assert_non_null(find(t, 1));
	assert_null(find(t, 2));
	wait_at(find(t, 3));
	assert_null(get(t, 4));		/* queries wait for all */
	assert_int_equal(caa_upstreams_count(t), 2);
	caa_pacer_sent(&find(t, 1)->learn.pacer, 1);
	assert_non_null(get(t, 4));	/* nobody waits for 1 any more, so it may go */
	assert_null(find(t, 1));
	caa_pacer_leave(&find(t, 3)->learn.pacer);
	assert_non_null(get(t, 5));
	assert_null(find(t, 3));
	assert_int_equal(caa_upstreams_evicted(t), 3);
	caa_upstreams_destroy(t);
}

/** Only some of the oldest are looked at, so that a get stays O(1). */
static void a_few_of_the_oldest_are_looked_at(void **state)
{
	enum { MAX = 64, LOOKED_AT = 8 };

	(void)state;
	for (uint32_t waited_for = LOOKED_AT - 1; waited_for <= LOOKED_AT; waited_for++) {
		struct caa_upstreams *t = caa_upstreams_create(MAX, 1, key);

		for (uint32_t n = 0; n < MAX; n++)
			get(t, n);
		for (uint32_t n = 0; n < waited_for; n++)
			wait_at(find(t, n));
		if (waited_for < LOOKED_AT)
			assert_non_null(get(t, MAX));
		else
			assert_null(get(t, MAX));
		caa_upstreams_destroy(t);
	}
}

/** Nothing of who had the entry before. */
static void a_place_is_handed_on_clean(void **state)
{
	struct caa_upstreams *t = caa_upstreams_create(1, 1, key);
	struct caa_upstream *u = get(t, 1);

	(void)state;
	memset(&u->learn, 0x5a, sizeof(u->learn));
	memset(&u->cookie, 0x5a, sizeof(u->cookie));
	memset(&u->transport, 0x5a, sizeof(u->transport));
	caa_pacer_init(&u->learn.pacer, 1);
	u->sent = u->limits = 9;
	u = get(t, 2);
	assert_non_null(u);
	assert_false(caa_learn_limited(&u->learn));
	assert_false(caa_learn_alive(&u->learn, 1));
	assert_false(caa_cookie_proves(&u->cookie));
	assert_int_equal(u->cookie.avoid_ms, 0);
	assert_int_equal(u->transport.tcp_ms, 0);
	assert_int_equal(u->transport.inflight, 0);
	assert_int_equal(u->sent, 0);
	assert_int_equal(u->limits, 0);
	caa_upstreams_destroy(t);
}

static void older_walks_the_order_of_use(void **state)
{
	static const uint32_t order[] = { 2, 4, 3, 1 };
	struct caa_upstreams *t = caa_upstreams_create(8, 1, key);
	const struct caa_upstream *u = NULL;

	(void)state;
	assert_null(caa_upstreams_older(t, NULL));
	for (uint32_t n = 1; n <= 4; n++)
		get(t, n);
	get(t, 2);
	for (size_t i = 0; i < COUNT_OF(order); i++) {
		struct caa_addr a = addr_of(order[i]);

		u = caa_upstreams_older(t, u);
		assert_true(caa_addr_equal(&u->addr, &a));
	}
	assert_null(caa_upstreams_older(t, u));
	caa_upstreams_destroy(t);
}

/** All that can be learned, of a query that waits and others that are under way. */
static void teach(struct caa_upstream *u, struct caa_turn *turn)
{
	struct caa_sent sent;

	caa_line_enter(&u->line, turn, caa_pacer_enter(&u->learn.pacer, 1, false), 0);
	caa_pacer_enter(&u->learn.pacer, 1, false);
	sent = caa_learn_sent(&u->learn, 1, false);
	caa_learn_outcome(&u->learn, 1, sent, CAA_SIGNAL_ANSWER);
	u->learn.state = CAA_LEARN_LIMITED;
	u->learn.limit.rate_mqps = 1000;
	caa_pacer_set_interval(&u->learn.pacer, 1, 1000, 1);
	u->cookie.known = 1;
	u->cookie.avoid_ms = 1;
	u->transport = (struct caa_transport){ .tcp_ms = 1, .rest_ms = 1, .inflight = 3, .lost = 2, .window = 5, .grow = 1 };
	u->sent = u->limits = 7;
}

static bool knows_nothing(const struct caa_upstream *u)
{
	return !caa_learn_limited(&u->learn) && !caa_learn_alive(&u->learn, 1) && u->learn.pacer.interval_us == 0 &&
		!caa_cookie_proves(&u->cookie) && u->cookie.avoid_ms == 0 && u->transport.tcp_ms == 0 &&
		u->transport.rest_ms == 0 && u->transport.lost == 0 && u->transport.window == 0;
}

/** An address with its lines, or all; and what is counted there, or waits, or is under way, stays. */
static void what_was_learned_can_be_forgotten(void **state)
{
	enum { ONE = 1, OTHER = 2, LINES = 3 };

	(void)state;
	for (int all = 0; all <= 1; all++) {
		struct caa_upstreams *t = caa_upstreams_create(8, 1, key);
		struct caa_addr one = addr_of(ONE), unknown = addr_of(99), line = one;
		struct caa_turn turn[LINES + 1] = { { .zone = 1 } };
		struct caa_upstream *u[LINES + 1];

		for (unsigned i = 0; i <= LINES; i++) {
			line.line = (uint8_t)i;
			u[i] = i < LINES ? caa_upstreams_get(t, &line, BURST) : get(t, OTHER);
			teach(u[i], &turn[i]);
			assert_false(knows_nothing(u[i]));
		}
		assert_int_equal(caa_upstreams_forget(t, &unknown), 0);
		assert_int_equal(caa_upstreams_forget(t, all ? NULL : &one), LINES + all);
		for (unsigned i = 0; i <= LINES; i++) {
			assert_int_equal(knows_nothing(u[i]), all || i < LINES);
			assert_int_equal(u[i]->epoch, all || i < LINES);
			assert_int_equal(u[i]->transport.inflight, 3);
			assert_int_equal(caa_pacer_waiting(&u[i]->learn.pacer), 1);
			assert_ptr_equal(u[i]->line.first, &turn[i]);
			assert_int_equal(u[i]->sent, 7);
			assert_int_equal(u[i]->limits, 7);
		}
		assert_ptr_equal(caa_upstreams_older(t, NULL), u[LINES]);
		assert_int_equal(caa_upstreams_count(t), LINES + 1);
		assert_int_equal(caa_upstreams_forget(t, NULL), LINES + 1);
		assert_int_equal(u[0]->epoch, 2);
		caa_upstreams_destroy(t);
	}
}

/** What another table knew counts, in this one's order. */
static void what_is_taken_over_is_used_last(void **state)
{
	struct caa_upstreams *t = caa_upstreams_create(2, 1, key), *from = caa_upstreams_create(1, 1, key);
	const struct caa_upstream *u;

	(void)state;
	get(t, 1)->sent = 1;
	get(t, 2)->sent = 2;
	get(from, 1)->sent = 11;
	caa_upstreams_import(t, find(from, 1));		/* in the place of the one that is there */
	assert_int_equal(find(t, 1)->sent, 11);
	get(from, 3)->sent = 33;
	caa_upstreams_import(t, find(from, 3));
	assert_null(find(t, 2));
	u = caa_upstreams_newer(t, NULL);
	assert_int_equal(u->sent, 11);
	u = caa_upstreams_newer(t, u);
	assert_int_equal(u->sent, 33);
	assert_null(caa_upstreams_newer(t, u));
	u = caa_upstreams_older(t, NULL);
	assert_int_equal(u->sent, 33);
	u = caa_upstreams_older(t, u);
	assert_int_equal(u->sent, 11);
	assert_null(caa_upstreams_older(t, u));
	caa_upstreams_destroy(from);
	caa_upstreams_destroy(t);
}

static void when_all_queries_are_gone_what_was_learned_stays(void **state)
{
	struct caa_upstreams *t = caa_upstreams_create(1, 1, key);
	struct caa_upstream *u = get(t, 1);
	struct caa_turn turn = { .zone = 1 };

	(void)state;
	teach(u, &turn);
	u->line.served = 5;
	caa_learn_sent(&u->learn, 1, false);
	caa_learn_aside(&u->learn, 1, CAA_ASIDE_TESTS);
	caa_upstreams_settle(t);
	assert_int_equal(caa_pacer_waiting(&u->learn.pacer), 0);
	assert_int_equal(u->learn.pacer.inflight, 0);
	assert_int_equal(u->learn.asides, 0);
	assert_int_equal(u->transport.inflight, 0);
	assert_null(u->line.first);
	assert_null(u->line.last);
	assert_int_equal(u->line.served, 5);
	assert_true(caa_learn_limited(&u->learn));
	assert_true(caa_cookie_proves(&u->cookie));
	assert_true(caa_transport_works(&u->transport));
	assert_int_equal(u->sent, 7);
	caa_upstreams_destroy(t);
}

/** The table against the plainest model of it: an array in the order of use. */
static void agrees_with_a_model(void **state)
{
	enum { MAX = 17, ADDRESSES = 40, STEPS = 200000 };
	struct caa_upstreams *t = caa_upstreams_create(MAX, 1, key);
	struct { uint32_t n; uint64_t sent; } model[MAX];	/* oldest first */
	size_t count = 0;
	uint64_t random = 3;

	(void)state;
	for (unsigned step = 0; step < STEPS; step++) {
		uint32_t n = (uint32_t)(next_random(&random) % ADDRESSES);
		uint64_t sent = 0;
		size_t i = 0;

		while (i < count && model[i].n != n)
			i++;
		if (i < count)
			sent = model[i].sent;
		else if (count < MAX)
			i = count++;
		else
			i = 0;
		memmove(model + i, model + i + 1, (count - i - 1) * sizeof(model[0]));
		assert_int_equal(get(t, n)->sent, sent);
		model[count - 1].n = n;
		model[count - 1].sent = ++find(t, n)->sent;
		assert_int_equal(caa_upstreams_count(t), count);
	}
	for (size_t i = 0; i < count; i++)
		assert_int_equal(find(t, model[i].n)->sent, model[i].sent);
	caa_upstreams_destroy(t);
}

static void know(struct caa_upstream *u, uint8_t octet)
{
	for (uint8_t source = 0; source < u->sources; source++) {
		struct caa_source *s = caa_upstream_source(u, source);

		memset(s, octet + source, sizeof(*s));
		u->cookie.known |= (uint16_t)(1u << source);
	}
}

static void knows(struct caa_upstream *u, uint8_t octet)
{
	for (uint8_t source = 0; source < u->sources; source++) {
		assert_true(caa_cookie_proves_from(&u->cookie, source));
		assert_ptr_equal(caa_upstream_part(u, source), &caa_upstream_source(u, source)->part);
		assert_int_equal(caa_upstream_part(u, source)->server[0], octet + source);
		assert_int_equal(caa_upstream_source(u, source)->lost, octet + source);
	}
}

static void knows_no_source(struct caa_upstream *u)
{
	assert_int_equal(u->dealt, 0);
	for (uint8_t source = 0; source < u->sources; source++) {
		assert_false(caa_cookie_proves_from(&u->cookie, source));
		assert_int_equal(caa_upstream_source(u, source)->lost, 0);
	}
}

/** Of each address of ours, at each upstream. */
static void several_sources_have_a_place_each(void **state)
{
	enum { UPSTREAMS = 5 };

	(void)state;
	for (unsigned sources = 2; sources <= CAA_SOURCES_MAX; sources++) {
		struct caa_upstreams *t = caa_upstreams_create(UPSTREAMS, sources, key), *from = caa_upstreams_create(1, sources - 1, key);

		for (uint32_t n = 0; n < UPSTREAMS; n++) {
			assert_int_equal(get(t, n)->sources, sources);
			knows_no_source(get(t, n));
			know(get(t, n), (uint8_t)(n * CAA_SOURCES_MAX));
			get(t, n)->dealt = 1;
			assert_null(caa_upstream_part(get(t, n), (uint8_t)sources));
			assert_null(caa_upstream_part(get(t, n), CAA_SOURCE_ANY));
		}
		for (uint32_t n = 0; n < UPSTREAMS; n++)
			knows(get(t, n), (uint8_t)(n * CAA_SOURCES_MAX));
		get(t, UPSTREAMS);	/* in the place of the first */
		knows_no_source(find(t, UPSTREAMS));
		caa_upstreams_forget(t, &find(t, 1)->addr);
		knows_no_source(find(t, 1));
		know(get(from, 2), 7);
		get(from, 2)->sent = 9;
		caa_upstreams_import(t, find(from, 2));
		assert_int_equal(find(t, 2)->sent, 9);
		assert_int_equal(find(t, 2)->sources, sources);
		knows_no_source(find(t, 2));
		knows(find(t, 3), 3 * CAA_SOURCES_MAX);
		caa_upstreams_destroy(from);
		caa_upstreams_destroy(t);
	}
}

static void one_source_takes_no_room(void **state)
{
	struct caa_upstreams *t = caa_upstreams_create(1000, 1, key);
	struct caa_upstream *u = get(t, 1);
	size_t one = caa_upstreams_memory(t);

	(void)state;
	assert_int_equal(u->sources, 0);
	assert_ptr_equal(caa_upstream_part(u, 0), &u->cookie.part);
	assert_null(caa_upstream_part(u, 1));
	assert_null(caa_upstream_part(u, CAA_SOURCE_ANY));
	assert_null(caa_upstream_source(u, 0));
	caa_upstreams_destroy(t);
	for (unsigned sources = 2; sources <= CAA_SOURCES_MAX; sources++) {
		t = caa_upstreams_create(1000, sources, key);
		assert_in_range(caa_upstreams_memory(t) - one, 1000 * sources * 40, 1000 * sources * 40 + 8000);
		caa_upstreams_destroy(t);
	}
}

/** A few at once, more when one was answered, or after a while. */
static void few_types_are_asked_beside_at_once(void **state)
{
	struct caa_upstreams *t = caa_upstreams_create(4, 1, key);
	struct caa_upstream *u = get(t, 1);
	uint64_t now_us = 60000000;
	unsigned count = 0;

	(void)state;
	for (; caa_upstream_may_beside(u, now_us); count++)
		caa_upstream_beside(u, now_us);
	assert_in_range(count, 2, 8);
	assert_false(caa_upstream_may_beside(u, now_us + 400000));
	u->besides = 0;
	assert_true(caa_upstream_may_beside(u, now_us + 400000));
	for (unsigned i = 0; i < count; i++)
		caa_upstream_beside(u, now_us + 400000);
	assert_false(caa_upstream_may_beside(u, now_us + 800000));
	assert_true(caa_upstream_may_beside(u, now_us + 900000));
	caa_upstream_beside(u, now_us + 900000);
	assert_true(caa_upstream_may_beside(u, now_us + 900000));
	caa_upstreams_destroy(t);
}

static void memory_is_bounded(void **state)
{
	struct caa_upstreams *t = caa_upstreams_create(100000, 1, key);

	(void)state;
	assert_true(sizeof(struct caa_upstream) <= 384);
	assert_true(caa_upstreams_memory(t) <= 39000000);
	caa_upstreams_destroy(t);
	t = caa_upstreams_create(1, 1, key);
	for (uint32_t n = 0; n < 1000; n++)
		assert_non_null(get(t, n));
	assert_int_equal(caa_upstreams_count(t), 1);
	assert_int_equal(caa_upstreams_evicted(t), 999);
	caa_upstreams_destroy(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(get_makes_find_looks), cmocka_unit_test(the_oldest_makes_room),
		cmocka_unit_test(who_is_waited_for_stays), cmocka_unit_test(a_few_of_the_oldest_are_looked_at),
		cmocka_unit_test(a_place_is_handed_on_clean), cmocka_unit_test(older_walks_the_order_of_use),
		cmocka_unit_test(what_was_learned_can_be_forgotten), cmocka_unit_test(what_is_taken_over_is_used_last),
		cmocka_unit_test(when_all_queries_are_gone_what_was_learned_stays),
		cmocka_unit_test(agrees_with_a_model), cmocka_unit_test(several_sources_have_a_place_each), cmocka_unit_test(one_source_takes_no_room),
		cmocka_unit_test(few_types_are_asked_beside_at_once), cmocka_unit_test(memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
