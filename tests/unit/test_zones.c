/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/config/zones.h"

static struct caa_zone *add(struct caa_zones *z, const char *apex)
{
	struct name_buffer b;
	struct caa_zone *zone = NULL;

	assert_int_equal(caa_zones_add(z, name_of(&b, apex), apex, &zone), CAA_OK);
	return zone;
}

static void set(struct caa_zone *zone, const char *option, uint32_t value)
{
	assert_true(caa_zone_set(zone, caa_options_find(option), value));
}

static const struct caa_zone_options *match(const struct caa_zones *z, const char *name)
{
	struct name_buffer b;

	return caa_zones_match(z, name_of(&b, name));
}

static void the_longest_match_counts(void **state)
{
	static const struct { const char *name; uint32_t rate; } row[] = {
		{ ".", 1 }, { "org", 1 }, { "com", 2 }, { "www.com", 2 }, { "example.com", 3 }, { "EXAMPLE.com", 3 },
		{ "a.b.c.example.com", 3 }, { "aexample.com", 2 }, { "x.sub.example.com", 4 }, { "sub.example.com", 4 },
		{ "bsub.example.com", 3 },
	};
	struct caa_zones *z = caa_zones_create();

	(void)state;
	set(add(z, "sub.example.com"), "caa-rate", 4);	/* in any order */
	set(add(z, "com"), "caa-rate", 2);
	set(add(z, "."), "caa-rate", 1);
	set(add(z, "Example.com"), "caa-rate", 3);
	caa_zones_seal(z);
	for (size_t i = 0; i < COUNT_OF(row); i++)
		assert_int_equal(match(z, row[i].name)->rate_qps, row[i].rate);
	caa_zones_destroy(z);
}

static void without_a_zone_there_is_no_match(void **state)
{
	struct caa_zones *z = caa_zones_create();

	(void)state;
	add(z, "example.com");
	caa_zones_seal(z);
	assert_null(match(z, "com"));
	assert_null(match(z, "."));
	assert_null(match(z, "example.org"));
	assert_non_null(match(z, "example.com"));
	caa_zones_destroy(z);
	z = caa_zones_create();
	caa_zones_seal(z);
	assert_null(match(z, "."));
	assert_int_equal(caa_zones_count(z), 0);
	caa_zones_destroy(z);
	caa_zones_destroy(NULL);
}

static void what_is_unset_comes_from_the_enclosing_zone(void **state)
{
	struct caa_zones *z = caa_zones_create();
	struct caa_zone *zone;

	(void)state;
	zone = add(z, "a.b.example.com");	/* nothing of its own */
	zone = add(z, "example.com");
	set(zone, "caa-enable", 1);
	set(zone, "caa-rate", 9);
	zone = add(z, "b.example.com");
	set(zone, "caa-rate", 0);		/* set, to the default's value */
	set(zone, "caa-budget", 5);
	zone = add(z, "other.com");
	set(zone, "caa-burst", 2);
	caa_zones_seal(z);
	assert_int_equal(match(z, "a.b.example.com")->enable, 1);
	assert_int_equal(match(z, "a.b.example.com")->rate_qps, 0);
	assert_int_equal(match(z, "a.b.example.com")->budget_s, 5);
	assert_int_equal(match(z, "a.b.example.com")->burst, 16);
	assert_int_equal(match(z, "example.com")->budget_s, 20);
	assert_int_equal(match(z, "other.com")->enable, 0);
	assert_int_equal(match(z, "other.com")->burst, 2);
	caa_zones_destroy(z);
}

/** Whose rate it is: who inherits the rate is in the same line, and others are not. */
static void a_rate_has_the_line_of_the_zone_that_sets_it(void **state)
{
	static const struct { const char *name; uint32_t rate; const char *line_of; } row[] = {
		{ "example.com", 9, "example.com" }, { "www.example.com", 9, "example.com" },
		{ "own.example.com", 9, "own.example.com" },	/* the same rate, set by itself */
		{ "a.own.example.com", 9, "own.example.com" }, { "heir.example.com", 9, "example.com" },
		{ "a.heir.example.com", 9, "example.com" }, { "zero.example.com", 0, NULL }, { "heir.zero.example.com", 0, NULL },
		{ "org", 0, NULL }, { "a.org", 5, "a.org" },
	};
	struct caa_zones *z = caa_zones_create();

	(void)state;
	set(add(z, "heir.zero.example.com"), "caa-budget", 5);
	set(add(z, "example.com"), "caa-rate", 9);
	set(add(z, "own.example.com"), "caa-rate", 9);
	set(add(z, "a.own.example.com"), "caa-burst", 2);
	set(add(z, "heir.example.com"), "caa-budget", 5);
	set(add(z, "zero.example.com"), "caa-rate", 0);
	set(add(z, "a.org"), "caa-rate", 5);
	add(z, "org");
	caa_zones_seal(z);
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		const struct caa_zone_options *zone = match(z, row[i].name);

		assert_int_equal(zone->rate_qps, row[i].rate);
		assert_int_equal(zone->rate_line, row[i].line_of != NULL ? match(z, row[i].line_of)->rate_line : 0);
		assert_int_equal(zone->rate_line != 0, row[i].rate != 0);
	}
	assert_int_not_equal(match(z, "example.com")->rate_line, match(z, "own.example.com")->rate_line);
	assert_int_not_equal(match(z, "example.com")->rate_line, match(z, "a.org")->rate_line);
	caa_zones_destroy(z);
}

/** Lines are told apart by an octet, of which 0 is the address itself. */
static void more_rates_than_lines_share_them(void **state)
{
	enum { ZONES = 600, LINES = 255 };
	struct caa_zones *z = caa_zones_create();
	unsigned used[LINES + 1] = { 0 };
	char text[16];

	(void)state;
	for (unsigned i = 0; i < ZONES; i++) {
		snprintf(text, sizeof(text), "z%u", i);
		set(add(z, text), "caa-rate", i + 1);
	}
	caa_zones_seal(z);
	for (unsigned i = 0; i < ZONES; i++) {
		snprintf(text, sizeof(text), "z%u", i);
		used[match(z, text)->rate_line]++;
	}
	assert_int_equal(used[0], 0);
	for (unsigned line = 1; line <= LINES; line++)
		assert_in_range(used[line], ZONES / LINES, ZONES / LINES + 1);
	caa_zones_destroy(z);
}

static void a_name_is_taken_once(void **state)
{
	struct caa_zones *z = caa_zones_create();
	struct caa_zone *first = add(z, "example.com"), *second = NULL;
	struct name_buffer b;

	(void)state;
	assert_int_equal(caa_zones_add(z, name_of(&b, "EXAMPLE.COM"), "here", &second), CAA_EFORMAT);
	assert_ptr_equal(second, first);
	assert_string_equal(caa_zone_where(first), "example.com");
	assert_int_equal(caa_zones_count(z), 1);
	set(first, "caa-rate", 1);
	assert_false(caa_zone_set(first, caa_options_find("caa-rate"), 2));
	caa_zones_seal(z);
	assert_int_equal(match(z, "example.com")->rate_qps, 1);
	caa_zones_destroy(z);
}

static void at_visits_in_canonical_order(void **state)
{
	static const char *const sorted[] = { ".", "com.", "a.com.", "x.a.com.", "b.com.", "org." };
	static const size_t shuffled[] = { 3, 0, 5, 1, 4, 2 };
	struct caa_zones *z = caa_zones_create();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(shuffled); i++)
		add(z, sorted[shuffled[i]]);
	caa_zones_seal(z);
	for (size_t i = 0; i < COUNT_OF(sorted); i++) {
		char text[CAA_NAME_TEXT_MAX];
		struct caa_name apex;

		assert_non_null(caa_zones_at(z, i, &apex));
		assert_string_equal(caa_name_text(text, apex), sorted[i]);
	}
	assert_true(caa_zones_memory(z) > 0);
	caa_zones_destroy(z);
}

/** Many zones, against a search of them all. */
static void agrees_with_a_search(void **state)
{
	enum { ZONES = 400, NAMES = 4000 };
	static struct name_buffer apex[ZONES];
	static struct caa_name name[ZONES];
	struct caa_zones *z = caa_zones_create();
	uint64_t random = 5;
	size_t zones = 0;

	(void)state;
	while (zones < ZONES) {
		char text[64];
		struct caa_zone *zone;

		snprintf(text, sizeof(text), "%u.%u.%u", (unsigned)(next_random(&random) % 8),
			(unsigned)(next_random(&random) % 8), (unsigned)(next_random(&random) % 8));
		name[zones] = name_of(&apex[zones], text + 2 * (next_random(&random) % 3));
		if (caa_zones_add(z, name[zones], text, &zone) != CAA_OK) {
			if (caa_zones_count(z) >= 8 + 64 + 300)
				break;
			continue;
		}
		set(zone, "caa-rate", (uint32_t)zones + 1);
		zones++;
	}
	caa_zones_seal(z);
	for (unsigned i = 0; i < NAMES; i++) {
		struct name_buffer b;
		struct caa_name asked;
		const struct caa_zone_options *got;
		size_t best = ZONES;
		char text[64];

		snprintf(text, sizeof(text), "%u.%u.%u.%u", (unsigned)(next_random(&random) % 9), (unsigned)(next_random(&random) % 9),
			(unsigned)(next_random(&random) % 9), (unsigned)(next_random(&random) % 9));
		asked = name_of(&b, text);
		for (size_t k = 0; k < zones; k++)
			if (caa_name_within(asked, name[k]) && (best == ZONES || name[k].len > name[best].len))
				best = k;
		got = caa_zones_match(z, asked);
		assert_int_equal(got == NULL ? 0 : got->rate_qps, best == ZONES ? 0 : best + 1);
	}
	caa_zones_destroy(z);
}

static void what_has_changed_is_known(void **state)
{
	static const struct { const char *name; bool differs; } row[] = {
		{ "b.test", true }, { "below.b.test", true }, { "c.test", true }, { "www.c.test", true }, { "new.test", true },
		{ "sub.a.test", true }, { "x.sub.a.test", true }, { "a.test", false }, { "same.a.test", false },
		{ "other.a.test", false }, { "d.test", false }, { "e.test", false }, { "test", false }, { ".", false },
	};
	struct caa_zones *old = caa_zones_create(), *now = caa_zones_create();
	struct name_buffer b;

	(void)state;
	set(add(old, "a.test"), "caa-rate", 7);
	set(add(old, "b.test"), "caa-rate", 8);		/* another value */
	set(add(old, "c.test"), "caa-hold", 60);	/* away */
	add(old, "d.test");				/* the default, said or not */
	add(old, "e.test");
	set(add(now, "a.test"), "caa-rate", 7);		/* on another line, as c.test is away: no option */
	set(add(now, "sub.a.test"), "caa-rate", 9);	/* has other options than its enclosing zone had */
	add(now, "same.a.test");			/* and this one the same */
	set(add(now, "b.test"), "caa-rate", 9);
	set(add(now, "d.test"), "caa-budget", 20);
	add(now, "e.test");
	set(add(now, "new.test"), "caa-hold", 60);
	caa_zones_seal(old);
	caa_zones_seal(now);
	for (size_t i = 0; i < COUNT_OF(row); i++)
		if (caa_zones_differ_at(old, now, name_of(&b, row[i].name)) != row[i].differs)
			fail_msg("%s", row[i].name);
	assert_true(caa_zones_differ(old, now));
	assert_false(caa_zones_differ(old, old));
	caa_zones_destroy(old);
	caa_zones_destroy(now);
}

static void differ_as_soon_as_one_of_them_has_more(void **state)
{
	struct caa_zones *none = caa_zones_create(), *one = caa_zones_create();

	(void)state;
	add(one, "a.test");
	caa_zones_seal(none);
	caa_zones_seal(one);
	assert_true(caa_zones_differ(none, one));
	assert_true(caa_zones_differ(one, none));
	assert_false(caa_zones_differ(none, none));
	caa_zones_destroy(none);
	caa_zones_destroy(one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_match_counts), cmocka_unit_test(without_a_zone_there_is_no_match),
		cmocka_unit_test(what_is_unset_comes_from_the_enclosing_zone),
		cmocka_unit_test(a_rate_has_the_line_of_the_zone_that_sets_it), cmocka_unit_test(more_rates_than_lines_share_them),
		cmocka_unit_test(a_name_is_taken_once),
		cmocka_unit_test(what_has_changed_is_known), cmocka_unit_test(differ_as_soon_as_one_of_them_has_more),
		cmocka_unit_test(at_visits_in_canonical_order), cmocka_unit_test(agrees_with_a_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
