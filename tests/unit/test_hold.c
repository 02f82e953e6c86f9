/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/hold/hold.h"

static const uint8_t secret[CAA_HASH_KEY] = { 1, 2, 3 };

enum { HOLD_S = 1000, T0 = 100000 };	/* seconds */

static struct caa_hold_time at(uint64_t s)
{
	return (struct caa_hold_time){ .wall_s = T0 + s, .steady_s = s };
}

static enum caa_res put(struct caa_hold *t, const char *name, struct caa_hold_answer a)
{
	struct name_buffer b;

	return caa_hold_put(t, (struct caa_hold_key){ name_of(&b, name), 0 }, &a);
}

static struct caa_hold_answer answer_of(const char *text, uint64_t since_s)
{
	return (struct caa_hold_answer){ .wire = (const uint8_t *)text, .len = strlen(text), .since = at(since_s) };
}

static bool get(struct caa_hold *t, const char *name, uint64_t now_s, struct caa_held *held, char *text)
{
	static uint8_t wire[CAA_HOLD_ANSWER_MAX];
	struct name_buffer b;

	if (!caa_hold_get(t, (struct caa_hold_key){ name_of(&b, name), 0 }, at(now_s), HOLD_S, wire, held))
		return false;
	memcpy(text, wire, held->len);
	text[held->len] = '\0';
	return true;
}

static bool is_held(struct caa_hold *t, const char *name, uint64_t now_s)
{
	char text[CAA_HOLD_ANSWER_MAX + 1];
	struct caa_held held;

	return get(t, name, now_s, &held, text);
}

static size_t drop(struct caa_hold *t, const char *name, bool below, bool negative)
{
	struct name_buffer b;

	return caa_hold_drop(t, &(struct caa_hold_flush){ .name = name_of(&b, name), .below = below, .negative = negative });
}

static void only_definite_answers_may_be_held(void **state)
{
	static const struct {
		const char *why;
		struct caa_hold_facts facts;	/* since 0, unless the row says so */
		uint64_t now_s;
		bool may;
	} row[] = {
/* definite, validating, security, has_caa, has_soa, age_known */
		{ "records", { true, true, CAA_HOLD_SECURE, true, false, true, { 0, 0 }, { 0, 0 }, 0 }, 0, true },
		{ "a proven absence", { true, true, CAA_HOLD_SECURE, false, true, true, { 0, 0 }, { 0, 0 }, 0 }, 0, true },
		{ "an absence without SOA", { true, true, CAA_HOLD_SECURE, false, false, true, { 0, 0 }, { 0, 0 }, 0 }, 0, false },
		{ "a failure", { false, true, CAA_HOLD_SECURE, true, false, true, { 0, 0 }, { 0, 0 }, 0 }, 0, false },
		{ "bogus", { true, true, CAA_HOLD_BOGUS, true, false, true, { 0, 0 }, { 0, 0 }, 0 }, 0, false },
		{ "bogus, not validating", { true, false, CAA_HOLD_BOGUS, true, false, true, { 0, 0 }, { 0, 0 }, 0 }, 0, false },
		{ "unchecked", { true, true, CAA_HOLD_UNCHECKED, true, false, true, { 0, 0 }, { 0, 0 }, 0 }, 0, false },
		{ "unchecked, not validating", { true, false, CAA_HOLD_UNCHECKED, true, false, true, { 0, 0 }, { 0, 0 }, 0 }, 0, true },
		{ "insecure", { true, true, CAA_HOLD_INSECURE, true, false, true, { 0, 0 }, { 0, 0 }, 0 }, 0, true },
		{ "of unknown age", { true, true, CAA_HOLD_SECURE, true, false, false, { 0, 0 }, { 0, 0 }, 0 }, 0, false },
		{ "a second left", { true, true, CAA_HOLD_SECURE, true, false, true, { 0, 0 }, { 0, 0 }, 0 }, HOLD_S - 1, true },
		{ "none left", { true, true, CAA_HOLD_SECURE, true, false, true, { 0, 0 }, { 0, 0 }, 0 }, HOLD_S, false },
		{ "a signature that ends in a second",
			{ true, true, CAA_HOLD_SECURE, true, false, true, { 0, 0 }, { 0, 0 }, T0 + 11 }, 10, true },
		{ "a signature that has ended",
			{ true, true, CAA_HOLD_SECURE, true, false, true, { 0, 0 }, { 0, 0 }, T0 + 10 }, 10, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_hold_facts facts = row[i].facts;

		facts.since = at(0);
		facts.now = at(row[i].now_s);
		if (caa_hold_may(&facts, HOLD_S) != row[i].may)
			fail_msg("%s", row[i].why);
		assert_false(caa_hold_may(&facts, 0));	/* off */
	}
}

static void an_answer_is_held_until_its_time_ends(void **state)
{
	struct caa_hold *t = caa_hold_create(1 << 16, secret);
	char text[64];
	struct caa_held held;
	struct name_buffer b;
	struct caa_hold_key key = { name_of(&b, "a.example"), 0 };

	(void)state;
	assert_false(is_held(t, "a.example", 0));
	assert_int_equal(put(t, "A.example", answer_of("one", 5)), CAA_OK);
	assert_true(get(t, "a.EXAMPLE", 5, &held, text));
	assert_string_equal(text, "one");
	assert_int_equal(held.left_s, HOLD_S);
	assert_true(get(t, "a.example", 5 + HOLD_S - 1, &held, text));
	assert_int_equal(held.left_s, 1);
	assert_true(caa_hold_has(t, key, at(5 + HOLD_S - 1), HOLD_S));
	assert_false(caa_hold_has(t, key, at(5 + HOLD_S), HOLD_S));
	key.flags = 1;
	assert_false(caa_hold_has(t, key, at(5), HOLD_S));
	assert_false(is_held(t, "a.example", 5 + HOLD_S));
	assert_false(is_held(t, "b.example", 5));
	assert_false(is_held(t, "example", 5));
	caa_hold_destroy(t);
	caa_hold_destroy(NULL);
}

static void the_hold_of_now_counts(void **state)
{
	struct caa_hold *t = caa_hold_create(1 << 16, secret);
	uint8_t wire[CAA_HOLD_ANSWER_MAX];
	struct name_buffer b;
	struct caa_hold_key key = { name_of(&b, "a.example"), 0 };
	struct caa_held held;

	(void)state;
	assert_int_equal(put(t, "a.example", answer_of("one", 0)), CAA_OK);
	assert_true(caa_hold_get(t, key, at(9), 10, wire, &held));
	assert_int_equal(held.left_s, 1);
	assert_false(caa_hold_get(t, key, at(10), 10, wire, &held));
	assert_false(caa_hold_get(t, key, at(0), 0, wire, &held));
	key.flags = 1;
	assert_false(caa_hold_get(t, key, at(0), HOLD_S, wire, &held));
	caa_hold_destroy(t);
}

static void neither_clock_stretches_the_hold(void **state)
{
	static const struct { struct caa_hold_time now; uint32_t left_s; const char *why; } row[] = {
		{ { T0 + 10, 10 }, HOLD_S - 10, "both agree" },
		{ { T0 + 900, 10 }, HOLD_S - 900, "the machine slept" },
		{ { T0 - 500, 900 }, HOLD_S - 900, "the wall's was set back" },
		{ { T0 + HOLD_S, 10 }, 0, "over by the wall's" },
		{ { T0, HOLD_S }, 0, "over by the steady one" },
	};
	struct caa_hold *t = caa_hold_create(1 << 16, secret);
	uint8_t wire[CAA_HOLD_ANSWER_MAX];
	struct name_buffer b;
	struct caa_hold_key key = { name_of(&b, "a.example"), 0 };

	(void)state;
	assert_int_equal(put(t, "a.example", answer_of("one", 0)), CAA_OK);
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_held held = { 0 };

		(void)caa_hold_get(t, key, row[i].now, HOLD_S, wire, &held);
		if (held.left_s != row[i].left_s)
			fail_msg("%s: %u", row[i].why, held.left_s);
	}
	caa_hold_destroy(t);
}

static void a_signature_ends_it(void **state)
{
	struct caa_hold *t = caa_hold_create(1 << 16, secret);
	struct caa_hold_answer a = answer_of("signed", 0);
	char text[64];
	struct caa_held held;

	(void)state;
	a.signed_until_s = T0 + 100;
	assert_int_equal(put(t, "a.example", a), CAA_OK);
	assert_true(get(t, "a.example", 40, &held, text));
	assert_int_equal(held.left_s, 60);
	assert_false(is_held(t, "a.example", 100));
	caa_hold_destroy(t);
}

static void the_last_answer_takes_the_place(void **state)
{
	struct caa_hold *t = caa_hold_create(1 << 16, secret);
	char text[64];
	struct caa_held held;

	(void)state;
	assert_int_equal(put(t, "a.example", answer_of("one", 0)), CAA_OK);
	assert_int_equal(put(t, "a.example", answer_of("another", 10)), CAA_OK);
	assert_int_equal(caa_hold_count(t), 1);
	assert_true(get(t, "a.example", 10, &held, text));
	assert_string_equal(text, "another");
	assert_int_equal(held.left_s, HOLD_S);
	caa_hold_destroy(t);
}

static void what_is_too_large_is_not_held(void **state)
{
	struct caa_hold *t = caa_hold_create(1 << 16, secret);
	static uint8_t octets[CAA_HOLD_ANSWER_MAX + 1];
	struct caa_hold_answer a = { .wire = octets, .len = sizeof(octets), .since = at(0) };

	(void)state;
	assert_int_equal(put(t, "a.example", answer_of("one", 0)), CAA_OK);
	assert_int_equal(put(t, "a.example", a), CAA_EFULL);
	assert_false(is_held(t, "a.example", 0));	/* the old one is not the answer any more */
	assert_int_equal(caa_hold_count(t), 0);
	a.len--;
	assert_int_equal(put(t, "a.example", a), CAA_OK);
	assert_true(is_held(t, "a.example", 0));
	caa_hold_destroy(t);
}

static void a_flush_drops_what_depends_on_the_name(void **state)
{
	static const struct {
		const char *name;
		bool below, negative;
		const char *left;	/* the first letters of those that stay */
		const char *why;
	} row[] = {
		{ "www.a.example", false, false, "acz", "itself" },
		{ "A.example", false, false, "wcz", "the name alone" },
		{ "a.example", true, false, "cz", "and all below it" },
		{ "t.cdn.test", false, false, "waz", "the target of a chain" },
		{ "cdn.test", true, false, "waz", "a zone that holds the target" },
		{ "cdn.test", false, false, "wacz", "a name that nothing depends on" },
		{ "xa.example", true, false, "wacz", "a name that only ends alike" },
		{ ".", true, true, "wc", "the negative ones" },
		{ ".", true, false, "", "all" },
	};
	static const char *const names[] = { "www.a.example", "a.example", "chain.example", "z.test" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_hold *t = caa_hold_create(1 << 16, secret);
		struct name_buffer target;
		char left[8] = "";

		for (size_t n = 0; n < COUNT_OF(names); n++) {
			struct caa_hold_answer a = answer_of(names[n], 0);
			struct caa_name on = name_of(&target, "T.cdn.test");

			a.negative = names[n][0] == 'a' || names[n][0] == 'z';
			if (names[n][0] == 'c') {
				a.names = on.wire;
				a.names_len = on.len;
			}
			assert_int_equal(put(t, names[n], a), CAA_OK);
		}
		drop(t, row[i].name, row[i].below, row[i].negative);
		for (size_t n = 0; n < COUNT_OF(names); n++)
			if (is_held(t, names[n], 0))
				strncat(left, names[n], 1);
		if (strcmp(left, row[i].left) != 0)
			fail_msg("%s: %s", row[i].why, left);
		assert_int_equal(caa_hold_count(t), strlen(left));
		caa_hold_destroy(t);
	}
}

static void a_look_shows_the_age_and_counts_for_nothing(void **state)
{
	struct caa_hold *t = caa_hold_create(1 << 16, secret);
	struct caa_hold_answer a = answer_of("one", 5);
	struct caa_held held = { .len = 4711 };
	struct name_buffer b;
	struct caa_hold_key key = { name_of(&b, "a.example"), 0 };

	(void)state;
	assert_false(caa_hold_see(t, key, at(6), HOLD_S, &held));
	assert_int_equal(held.len, 4711);
	a.negative = true;
	a.security = 3;
	assert_int_equal(put(t, "a.example", a), CAA_OK);
	for (int i = 0; i < 2 * CAA_HOLD_HOT; i++)
		assert_true(caa_hold_see(t, key, at(5 + HOLD_S - 1), HOLD_S, &held));
	assert_int_equal(held.age_s, HOLD_S - 1);
	assert_int_equal(held.left_s, 1);
	assert_int_equal(held.security, 3);
	assert_true(held.negative);
	assert_false(held.refresh);
	assert_true(caa_hold_get(t, key, at(5 + HOLD_S - 1), HOLD_S, (uint8_t[CAA_HOLD_ANSWER_MAX]){ 0 }, &held));
	assert_false(held.refresh);	/* it was given out once */
	assert_int_equal(held.age_s, HOLD_S - 1);
	assert_false(caa_hold_see(t, key, at(5 + HOLD_S), HOLD_S, &held));
	caa_hold_destroy(t);
}

static void one_answer_is_removed(void **state)
{
	struct caa_hold *t = caa_hold_create(1 << 16, secret);
	struct name_buffer b;
	struct caa_hold_key key = { name_of(&b, "A.example"), 0 }, other = key;

	(void)state;
	other.flags = 1;
	assert_false(caa_hold_remove(t, key));
	assert_int_equal(put(t, "a.example", answer_of("one", 0)), CAA_OK);
	assert_int_equal(put(t, "b.a.example", answer_of("two", 0)), CAA_OK);
	assert_false(caa_hold_remove(t, other));
	assert_true(caa_hold_remove(t, key));
	assert_false(is_held(t, "a.example", 0));
	assert_true(is_held(t, "b.a.example", 0));
	assert_int_equal(caa_hold_count(t), 1);
	assert_false(caa_hold_remove(t, key));
	caa_hold_destroy(t);
}

static void a_hot_answer_is_refreshed_in_its_second_half(void **state)
{
	struct caa_hold *t = caa_hold_create(1 << 16, secret);
	char text[64];
	struct caa_held held;

	(void)state;
	assert_int_equal(put(t, "tld", answer_of("one", 0)), CAA_OK);
	assert_int_equal(put(t, "cold.tld", answer_of("one", 0)), CAA_OK);
	for (unsigned n = 0; n < CAA_HOLD_HOT; n++) {
		assert_true(get(t, "tld", HOLD_S / 2 - 1, &held, text));
		assert_false(held.refresh);
	}
	assert_true(get(t, "tld", HOLD_S / 2, &held, text));
	assert_true(held.refresh);
	assert_true(get(t, "tld", HOLD_S / 2, &held, text));
	assert_false(held.refresh);		/* one caller does it */
	assert_true(get(t, "tld", HOLD_S / 2 + HOLD_S / 32 + 1, &held, text));
	assert_true(held.refresh);		/* and another, if that came to nothing */
	assert_true(get(t, "cold.tld", HOLD_S - 1, &held, text));
	assert_false(held.refresh);
	assert_int_equal(put(t, "tld", answer_of("two", HOLD_S / 2)), CAA_OK);
	assert_true(get(t, "tld", HOLD_S - 1, &held, text));
	assert_false(held.refresh);
	caa_hold_destroy(t);
}

static void the_oldest_makes_room_within_the_budget(void **state)
{
	enum { BYTES = 8192 };
	struct caa_hold *t = caa_hold_create(BYTES, secret);
	uint64_t put_count = 0;

	(void)state;
	for (unsigned n = 0; n < 1000; n++) {
		char name[32];

		snprintf(name, sizeof(name), "n%u.example", n);
		assert_int_equal(put(t, name, answer_of(name, 0)), CAA_OK);
		put_count++;
		assert_true(is_held(t, name, 0));
		assert_true(is_held(t, "n0.example", 0));	/* used, so never the oldest */
		assert_true(caa_hold_memory(t) <= BYTES);
		assert_int_equal(caa_hold_count(t) + caa_hold_evicted(t), put_count);
	}
	assert_true(caa_hold_evicted(t) > 900);
	assert_false(is_held(t, "n1.example", 0));
	caa_hold_destroy(t);
}

enum { MODEL_NAMES = 40 };

/** @param arg: the first letter of the names that are chosen. */
static bool begins_with(const void *arg, struct caa_name name)
{
	return name.wire[0] > 0 && name.wire[1] == *(const uint8_t *)arg;
}

static void a_flush_may_choose_by_itself(void **state)
{
	static const struct { const char *letter, *left, *why; } row[] = {
		{ "w", "acz", "a name" }, { "t", "waz", "what an answer depends on" }, { "q", "wacz", "none" },
	};
	static const char *const names[] = { "www.a.example", "a.example", "chain.example", "z.test" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_hold *t = caa_hold_create(1 << 16, secret);
		struct name_buffer target;
		struct caa_name on = name_of(&target, "t.cdn.test");
		char left[8] = "";

		for (size_t n = 0; n < COUNT_OF(names); n++) {
			struct caa_hold_answer a = answer_of(names[n], 0);

			a.names = names[n][0] == 'c' ? on.wire : NULL;
			a.names_len = names[n][0] == 'c' ? on.len : 0;
			assert_int_equal(put(t, names[n], a), CAA_OK);
		}
		assert_int_equal(caa_hold_drop(t, &(struct caa_hold_flush){ .chosen = begins_with, .arg = row[i].letter }),
			COUNT_OF(names) - strlen(row[i].left));
		for (size_t n = 0; n < COUNT_OF(names); n++)
			if (is_held(t, names[n], 0))
				strncat(left, names[n], 1);
		if (strcmp(left, row[i].left) != 0)
			fail_msg("%s: %s", row[i].why, left);
		caa_hold_destroy(t);
	}
}

/** Against a plain array, over lengths that cross blocks: what is given out is what was put last and not dropped. */
static void it_gives_what_was_put(void **state)
{
	struct caa_hold *t = caa_hold_create(1 << 20, secret);	/* room for all of them */
	static uint8_t model[MODEL_NAMES][CAA_HOLD_ANSWER_MAX], wire[CAA_HOLD_ANSWER_MAX];
	size_t len[MODEL_NAMES] = { 0 };
	bool there[MODEL_NAMES] = { false };
	uint64_t random = 7;

	(void)state;
	for (unsigned step = 0; step < 20000; step++) {
		size_t n = next_random(&random) % MODEL_NAMES;
		char name[40];
		struct name_buffer b;
		struct caa_held held;
		struct caa_hold_key key;

		snprintf(name, sizeof(name), "%.*s.n%zu.example", (int)(n % 20 + 1), "aaaaaaaaaaaaaaaaaaaaaaaa", n);
		key = (struct caa_hold_key){ name_of(&b, name), (uint8_t)(n & 1) };
		switch (next_random(&random) % 8) {
		case 0:
			len[n] = next_random(&random) % (n == 0 ? CAA_HOLD_ANSWER_MAX : 600);
			for (size_t i = 0; i < len[n]; i++)
				model[n][i] = (uint8_t)next_random(&random);
			assert_int_equal(caa_hold_put(t, key, &(struct caa_hold_answer){ .wire = model[n], .len = len[n],
				.since = at(0) }), CAA_OK);
			there[n] = true;
			break;
		case 1:
			assert_int_equal(drop(t, name, false, false), there[n]);
			there[n] = false;
			break;
		default:
			assert_int_equal(caa_hold_get(t, key, at(1), HOLD_S, wire, &held), there[n]);
			if (there[n]) {
				assert_int_equal(held.len, len[n]);
				assert_memory_equal(wire, model[n], len[n]);
			}
			break;
		}
	}
	assert_int_equal(caa_hold_evicted(t), 0);
	caa_hold_destroy(t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_definite_answers_may_be_held),
		cmocka_unit_test(an_answer_is_held_until_its_time_ends),
		cmocka_unit_test(the_hold_of_now_counts),
		cmocka_unit_test(neither_clock_stretches_the_hold),
		cmocka_unit_test(a_signature_ends_it),
		cmocka_unit_test(the_last_answer_takes_the_place),
		cmocka_unit_test(what_is_too_large_is_not_held),
		cmocka_unit_test(a_flush_drops_what_depends_on_the_name), cmocka_unit_test(a_flush_may_choose_by_itself),
		cmocka_unit_test(a_look_shows_the_age_and_counts_for_nothing),
		cmocka_unit_test(one_answer_is_removed),
		cmocka_unit_test(a_hot_answer_is_refreshed_in_its_second_half),
		cmocka_unit_test(the_oldest_makes_room_within_the_budget),
		cmocka_unit_test(it_gives_what_was_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
