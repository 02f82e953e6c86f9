/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/why/fail.h"
#include "core/why/linebudget.h"
#include "core/why/neighbour.h"

enum { WINDOW = 3600 };

static const uint8_t key[CAA_HASH_KEY] = { 3, 1, 4 };

/** A case of the name nN.PREFIX.test. */
static struct caa_case case_of(const char *prefix, unsigned n)
{
	struct caa_case c = { .class = CAA_CLASS_TIMEOUT, .unix_s = 1000 + n };
	char label[32];
	size_t at = 0;

	snprintf(label, sizeof(label), "n%u", n);
	for (const char *l[] = { label, prefix, "test" }, **p = l; p < l + 3; p++) {
		c.wire[at++] = (uint8_t)strlen(*p);
		memcpy(c.wire + at, *p, strlen(*p));
		at += strlen(*p);
	}
	c.wire_len = (uint8_t)(at + 1);
	return c;
}

/** @return how often it has failed. */
static uint32_t add(struct caa_fails *t, const char *prefix, unsigned n, uint32_t now_s)
{
	struct caa_case c = case_of(prefix, n);
	struct caa_repeats r;

	caa_fails_add(t, &c, now_s, WINDOW, &r);
	return r.count;
}

static bool known(const struct caa_fails *t, const char *prefix, unsigned n, uint32_t now_s, struct caa_repeats *r)
{
	struct caa_case c = case_of(prefix, n), found;

	return caa_fails_find(t, caa_case_name(&c), now_s, WINDOW, &found, r);
}

static void failures_are_counted(void **state)
{
	struct caa_fails *t = caa_fails_create(100, key);
	struct caa_case c = case_of("a", 1), found;
	struct caa_repeats r;

	(void)state;
	assert_false(known(t, "a", 1, 10, &r));
	assert_int_equal(add(t, "a", 1, 10), 1);
	assert_int_equal(add(t, "b", 1, 11), 1);
	assert_int_equal(add(t, "a", 1, 12), 2);
	c.wire[1] = 'N';
	assert_true(caa_fails_find(t, caa_case_name(&c), 12, WINDOW, &found, &r));
	assert_int_equal(r.count, 2);
	assert_int_equal(r.total, 2);
	assert_int_equal(r.first_unix_s, 1001);
	assert_int_equal(found.class, CAA_CLASS_TIMEOUT);
	assert_int_equal(caa_fails_count(t), 2);
	assert_int_equal(caa_fails_repeaters(t), 1);
	caa_fails_destroy(t);
}

static void the_window_is_counted_in_quarters(void **state)
{
	static const struct { uint32_t at_s, count; const char *why; } row[] = {
		{ 3600, 1, "the first" }, { 4499, 2, "of the same quarter" }, { 4500, 3, "of the next" }, { 7199, 4, "of the last" },
		{ 7200, 3, "the first quarter is over, with its two" }, { 7200 + 3600, 1, "all are over" },
	};
	struct caa_fails *t = caa_fails_create(16, key);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		if (add(t, "a", 1, row[i].at_s) != row[i].count)
			print_error("%s\n", row[i].why);
		else
			continue;
		fail_msg("row %zu", i);
	}
	caa_fails_destroy(t);
}

/** 10,000 names once and 10 names five times, mixed: what counts three is those ten, three times each. */
static void one_off_names_are_never_taken_for_repeaters(void **state)
{
	struct caa_fails *t = caa_fails_create(10000, key);
	unsigned thirds = 0;

	(void)state;
	for (unsigned n = 0; n < 10000; n++) {
		assert_int_equal(add(t, "once", n, 100), 1);
		if (n % 200 == 0)
			thirds += add(t, "five", n / 200 % 10, 100) >= 3;
	}
	assert_int_equal(thirds, 30);
	caa_fails_destroy(t);
}

static void a_flood_does_not_push_out_repeaters(void **state)
{
	struct caa_fails *t = caa_fails_create(1000, key);
	struct caa_repeats r;
	size_t memory = caa_fails_memory(t);

	(void)state;
	for (unsigned n = 0; n < 10; n++)
		for (unsigned k = 0; k < 3; k++)
			add(t, "kept", n, 100);
	for (unsigned n = 0; n < 200000; n++)
		assert_int_equal(add(t, "flood", n, 101), 1);
	assert_int_equal(caa_fails_count(t), 1000);
	assert_int_equal(caa_fails_memory(t), memory);
	for (unsigned n = 0; n < 10; n++) {
		assert_true(known(t, "kept", n, 102, &r));
		assert_int_equal(r.count, 3);
	}
	caa_fails_destroy(t);
}

/** The filter remembers names that are out of the table already. */
static void a_name_is_counted_beyond_the_table(void **state)
{
	struct caa_fails *t = caa_fails_create(1000, key);

	(void)state;
	assert_int_equal(add(t, "slow", 1, 100), 1);
	for (unsigned n = 0; n < 8000; n++)	/* half of what the filter has room for */
		add(t, "flood", n, 100);
	assert_int_equal(add(t, "slow", 1, 101), 2);
	caa_fails_destroy(t);
}

/** What the filter remembers is forgotten with the window. */
static void the_filter_has_the_same_window(void **state)
{
	struct caa_fails *t = caa_fails_create(16, key);

	(void)state;
	assert_int_equal(add(t, "slow", 1, 900), 1);
	for (unsigned n = 0; n < 20; n++)
		add(t, "flood", n, 900);
	assert_int_equal(add(t, "slow", 1, 900 + WINDOW), 1);
	caa_fails_destroy(t);
}

/** A name that comes back by the filter makes no more room for itself than one that was there. */
static void repeaters_never_have_all_of_the_table(void **state)
{
	struct caa_fails *t = caa_fails_create(16, key);

	(void)state;
	add(t, "slow", 1, 100);
	add(t, "slow", 2, 100);
	for (unsigned n = 0; n < 30; n++) {
		add(t, "twice", n, 100);
		add(t, "twice", n, 100);
	}
	assert_int_equal(add(t, "slow", 1, 100), 2);
	assert_int_equal(add(t, "slow", 2, 100), 2);
	assert_int_equal(caa_fails_repeaters(t), 14);
	caa_fails_destroy(t);
}

static void who_fails_less_often_makes_room(void **state)
{
	struct caa_fails *t = caa_fails_create(16, key);
	struct caa_repeats r;

	(void)state;
	for (unsigned k = 0; k < 5; k++)
		add(t, "often", 1, 100);
	for (unsigned n = 0; n < 1000; n++) {
		add(t, "twice", n, 100);
		add(t, "twice", n, 100);
	}
	assert_true(known(t, "often", 1, 100, &r));
	assert_int_equal(r.count, 5);
	assert_true(caa_fails_repeaters(t) <= 14);
	/* beyond the window it is the first to go */
	for (unsigned n = 0; n < 100; n++) {
		add(t, "thrice", n, 100 + 2 * WINDOW);
		add(t, "thrice", n, 100 + 2 * WINDOW);
		add(t, "thrice", n, 100 + 2 * WINDOW);
	}
	assert_false(known(t, "often", 1, 100 + 2 * WINDOW, &r));
	caa_fails_destroy(t);
}

/** All pieces of the list. */
static size_t list(struct caa_fails *t, uint32_t now_s, struct caa_fails_row *rows, size_t max)
{
	size_t count = 0;
	uint32_t at = 0;

	while (caa_fails_list(t, &at, now_s, WINDOW, rows, &count, max))
		;
	return count;
}

/** Who waits for the table waits for a piece. */
static void the_list_is_made_in_pieces(void **state)
{
	static struct caa_fails_row rows[1000];
	struct caa_fails *t = caa_fails_create(2000, key);
	size_t count = 0, pieces = 0;
	bool more = true;

	(void)state;
	for (unsigned n = 0; n < 1000; n++) {
		add(t, "a", n, 100);
		add(t, "a", n, 100);
	}
	for (uint32_t at = 0, before = 0; more; before = at, pieces++) {
		more = caa_fails_list(t, &at, 100, WINDOW, rows, &count, COUNT_OF(rows));
		assert_in_range(at, before, before + CAA_FAIL_PIECE);
		add(t, "between", (unsigned)pieces, 100);	/* they are used meanwhile */
	}
	assert_int_equal(count, 1000);
	assert_int_equal(pieces, (1000 + CAA_FAIL_PIECE - 1) / CAA_FAIL_PIECE);
	caa_fails_destroy(t);
}

static void the_list_has_the_most_frequent_first(void **state)
{
	struct caa_fails *t = caa_fails_create(1000, key);
	struct caa_fails_row rows[40];
	uint64_t random_state = 3;

	(void)state;
	/* each of 1 .. 100 times, in any order */
	for (unsigned left = 5050, times[101] = { 0 }; left > 0;) {
		unsigned n = 1 + (unsigned)(next_random(&random_state) % 100);

		if (times[n] == n)
			continue;
		times[n]++;
		left--;
		add(t, "a", n, 100);
	}
	for (size_t max = 1; max <= COUNT_OF(rows); max++) {
		assert_int_equal(list(t, 100, rows, max), max);
		caa_fails_sort(rows, max);
		for (unsigned i = 0; i < max; i++)
			assert_int_equal(rows[i].repeats.count, 100 - i);
	}
	assert_int_equal(list(t, 100, rows, 0), 0);
	assert_int_equal(list(t, 100 + 2 * WINDOW, rows, 3), 0);
	caa_fails_destroy(t);
}

static void lines_have_a_budget(void **state)
{
	static const struct { uint64_t at_us; uint32_t rate; bool taken; uint64_t left_out; } row[] = {
		{ 5000000, 2, true, 0 }, { 5000001, 2, true, 0 }, { 5999999, 2, false, 0 }, { 5999999, 2, false, 0 },
		{ 6000000, 2, true, 2 }, { 6000001, 2, true, 0 }, { 6000002, 2, false, 0 }, { 7000000, 0, false, 0 },
		{ 8000000, 1, true, 2 },
	};
	struct caa_linebudget b = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		uint64_t left_out = 0;

		assert_int_equal(caa_linebudget_take(&b, row[i].at_us, row[i].rate, &left_out), row[i].taken);
		assert_int_equal(left_out, row[i].left_out);
	}
}

static void servers_are_known_by_their_zones(void **state)
{
	static struct caa_neighbours t;
	const uint8_t ip[4] = { 192, 0, 2, 1 }, other[4] = { 192, 0, 2, 2 };
	struct caa_addr a = caa_addr_ipv4(ip, 53), b = caa_addr_ipv4(other, 53);

	(void)state;
	assert_int_equal(caa_neighbours_ask(&t, &a, 7, 100, 1), CAA_UNKNOWN);
	caa_neighbours_note(&t, &a, 7, 100, 1);
	assert_int_equal(caa_neighbours_ask(&t, &a, 7, 100, 1), CAA_NO);
	assert_int_equal(caa_neighbours_ask(&t, &a, 7, 101, 1), CAA_YES);
	caa_neighbours_note(&t, &a, 7, 101, 2);
	assert_int_equal(caa_neighbours_ask(&t, &a, 7, 100, 2), CAA_YES);
	assert_int_equal(caa_neighbours_ask(&t, &a, 7, 101, 2), CAA_YES);
	assert_int_equal(caa_neighbours_ask(&t, &a, 7, 100, 2 + CAA_NEIGHBOUR_LIFE_S), CAA_NO);
	assert_int_equal(caa_neighbours_ask(&t, &b, 7, 100, 2), CAA_UNKNOWN);
	for (uint8_t n = 10; n < 14; n++) {	/* as many as a set has */
		const uint8_t more[4] = { 192, 0, 2, n };
		struct caa_addr m = caa_addr_ipv4(more, 53);

		caa_neighbours_note(&t, &m, 7, 1, 10);
	}
	assert_int_equal(caa_neighbours_ask(&t, &a, 7, 100, 10), CAA_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_are_counted), cmocka_unit_test(the_window_is_counted_in_quarters),
		cmocka_unit_test(one_off_names_are_never_taken_for_repeaters), cmocka_unit_test(a_flood_does_not_push_out_repeaters),
		cmocka_unit_test(a_name_is_counted_beyond_the_table),
		cmocka_unit_test(the_filter_has_the_same_window), cmocka_unit_test(repeaters_never_have_all_of_the_table), cmocka_unit_test(who_fails_less_often_makes_room),
		cmocka_unit_test(the_list_is_made_in_pieces),
		cmocka_unit_test(the_list_has_the_most_frequent_first), cmocka_unit_test(lines_have_a_budget),
		cmocka_unit_test(servers_are_known_by_their_zones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
