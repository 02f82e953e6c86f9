/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/climb/climb.h"

static void a_climb_asks_up_to_the_tld(void **state)
{
	static const struct { const char *name; const char *label[5]; } row[] = {
		{ "x.y.example.com", { "x.y.example.com", "y.example.com", "example.com", "com" } },
		{ "com", { "com" } },
		{ ".", { NULL } },
		{ "*.example.com", { "example.com", "com" } },
		{ "a.*.com", { "a.*.com", "*.com", "com" } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct name_buffer b, expected;
		struct caa_climb c;

		caa_climb_init(&c, name_of(&b, row[i].name));
		for (size_t k = 0; k < c.labels; k++)
			assert_true(caa_name_equal(c.label[k], name_of(&expected, row[i].label[k])));
		assert_null(row[i].label[c.labels]);
	}
}

static void a_deep_name_has_all_its_labels(void **state)
{
	static const char name[] = "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a."
		"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a."
		"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a."
		"a";
	struct name_buffer b;
	struct caa_climb c;

	(void)state;
	caa_climb_init(&c, name_of(&b, name));
	assert_int_equal(c.labels, CAA_NAME_LABELS_MAX);
}

/** One letter a label, from the name up: w waiting, n none, f found, x failed. */
static void the_first_that_says_something_decides(void **state)
{
	static const struct { const char *steps; enum caa_verdict verdict; size_t at; const char *why; } row[] = {
		{ "nnn", CAA_VERDICT_NONE, 9, "every label has none" },
		{ "fnn", CAA_VERDICT_FOUND, 0, "at the name" },
		{ "nnf", CAA_VERDICT_FOUND, 2, "at the TLD" },
		{ "fxw", CAA_VERDICT_FOUND, 0, "what is above does not matter" },
		{ "xff", CAA_VERDICT_FAILED, 0, "a failure below could hide a set" },
		{ "nxf", CAA_VERDICT_FAILED, 1, "also in the middle" },
		{ "nnx", CAA_VERDICT_FAILED, 2, "and at the top when nothing was found" },
		{ "nwf", CAA_VERDICT_OPEN, 1, "what waits below has to be waited for" },
		{ "wxx", CAA_VERDICT_OPEN, 0, "it could be found there" },
		{ "www", CAA_VERDICT_OPEN, 0, "nothing yet" },
		{ "xww", CAA_VERDICT_FAILED, 0, "nothing can mend it" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct name_buffer b;
		struct caa_climb c;
		size_t at = 9;

		caa_climb_init(&c, name_of(&b, "a.b.c"));
		for (size_t k = 0; k < c.labels; k++)
			c.step[k] = row[i].steps[k] == 'w' ? CAA_STEP_WAITING : row[i].steps[k] == 'n' ? CAA_STEP_NONE :
				row[i].steps[k] == 'f' ? CAA_STEP_FOUND : CAA_STEP_FAILED;
		assert_int_equal(caa_climb_verdict(&c, &at), row[i].verdict);
		assert_int_equal(at, row[i].at);
	}
}

static void an_answer_is_judged_by_what_it_proves(void **state)
{
	static const struct { size_t label; struct caa_climb_seen seen; enum caa_step step; const char *why; } row[] = {
		{ 0, { .found = true }, CAA_STEP_FOUND, "records" },
		{ 0, { .found = true, .alias = true }, CAA_STEP_FOUND, "records where an alias leads" },
		{ 0, { .soa = true }, CAA_STEP_NONE, "a proof that there are none" },
		{ 0, { .found = false }, CAA_STEP_NONE, "NODATA as the resolver has judged it" },
		{ 0, { .alias = true, .soa = true }, CAA_STEP_NONE, "a proof for an alias's target" },
		{ 0, { .alias = true }, CAA_STEP_FAILED, "an alias and nothing else" },
		{ 2, { .alias = true }, CAA_STEP_FAILED, "also at the TLD" },
		{ 0, { .nxdomain = true }, CAA_STEP_NONE, "no such name" },
		{ 1, { .nxdomain = true, .alias = true }, CAA_STEP_NONE, "no such target" },
		{ 2, { .nxdomain = true }, CAA_STEP_FAILED, "no such TLD" },
		{ 2, { .nxdomain = true, .soa = true, .found = true }, CAA_STEP_FAILED, "whatever comes with it" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct name_buffer b;
		struct caa_climb c;
		const char *why = NULL;

		caa_climb_init(&c, name_of(&b, "a.b.c"));
		if (caa_climb_judge(&c, row[i].label, &row[i].seen, &why) != row[i].step)
			fail_msg("%s", row[i].why);
		assert_true(row[i].step == CAA_STEP_FAILED ? why != NULL && strlen(why) < 64 : why == NULL);
	}
}

static void an_asterisk_is_a_label_of_its_own(void **state)
{
	static const struct { const char *name, *base; } row[] = {
		{ "*.example.com", "example.com" }, { "*", "." }, { "**.com", NULL }, { "*a.com", NULL }, { "example.com", NULL },
		{ ".", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct name_buffer b, e;
		struct caa_name base;

		assert_int_equal(caa_climb_wildcard(&base, name_of(&b, row[i].name)), row[i].base != NULL);
		if (row[i].base != NULL)
			assert_true(caa_name_equal(base, name_of(&e, row[i].base)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_climb_asks_up_to_the_tld), cmocka_unit_test(a_deep_name_has_all_its_labels),
		cmocka_unit_test(the_first_that_says_something_decides), cmocka_unit_test(an_asterisk_is_a_label_of_its_own),
		cmocka_unit_test(an_answer_is_judged_by_what_it_proves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
