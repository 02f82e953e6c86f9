/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/upstream.h"

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
	struct caa_upstreams *t = caa_upstreams_create(4, key);
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
	assert_int_equal(u->sent, 7);
	assert_int_equal(caa_upstreams_count(t), 1);
	caa_upstreams_destroy(t);
	caa_upstreams_destroy(NULL);
}

static void the_oldest_makes_room(void **state)
{
	struct caa_upstreams *t = caa_upstreams_create(3, key);

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
	struct caa_upstreams *t = caa_upstreams_create(2, key);

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
		struct caa_upstreams *t = caa_upstreams_create(MAX, key);

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
	struct caa_upstreams *t = caa_upstreams_create(1, key);
	struct caa_upstream *u = get(t, 1);

	(void)state;
	memset(&u->learn, 0x5a, sizeof(u->learn));
	memset(&u->cookie, 0x5a, sizeof(u->cookie));
	memset(&u->transport, 0x5a, sizeof(u->transport));
	caa_pacer_init(&u->learn.pacer, 1);
	u->notimp_ms = u->sent = u->limits = 9;
	u = get(t, 2);
	assert_non_null(u);
	assert_false(caa_learn_limited(&u->learn));
	assert_false(caa_learn_alive(&u->learn, 1));
	assert_false(caa_cookie_proves(&u->cookie));
	assert_int_equal(u->cookie.avoid_ms, 0);
	assert_int_equal(u->transport.tcp_ms, 0);
	assert_int_equal(u->transport.inflight, 0);
	assert_int_equal(u->notimp_ms, 0);
	assert_int_equal(u->sent, 0);
	assert_int_equal(u->limits, 0);
	caa_upstreams_destroy(t);
}

static void older_walks_the_order_of_use(void **state)
{
	static const uint32_t order[] = { 2, 4, 3, 1 };
	struct caa_upstreams *t = caa_upstreams_create(8, key);
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

/** The table against the plainest model of it: an array in the order of use. */
static void agrees_with_a_model(void **state)
{
	enum { MAX = 17, ADDRESSES = 40, STEPS = 200000 };
	struct caa_upstreams *t = caa_upstreams_create(MAX, key);
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

static void memory_is_bounded(void **state)
{
	struct caa_upstreams *t = caa_upstreams_create(100000, key);

	(void)state;
	assert_true(sizeof(struct caa_upstream) <= 256);
	assert_true(caa_upstreams_memory(t) <= 30000000);
	caa_upstreams_destroy(t);
	t = caa_upstreams_create(1, key);
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
		cmocka_unit_test(agrees_with_a_model), cmocka_unit_test(memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
