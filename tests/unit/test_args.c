/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/wire/args.h"

static void words_are_what_stands_between_spaces(void **state)
{
	static const struct { const char *text; bool good; unsigned count; const char *word[3]; bool json; } row[] = {
		{ "", true, 0, { NULL }, false },
		{ " \t ", true, 0, { NULL }, false },
		{ " one", true, 1, { "one" }, false },
		{ "one\ttwo  three ", true, 3, { "one", "two", "three" }, false },
		{ "one two three four", false, 0, { NULL }, false },
		{ "one json", true, 1, { "one" }, true },
		{ "-j one two --json", true, 2, { "one", "two" }, true },
		{ "jsons", true, 1, { "jsons" }, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_args args;

		assert_int_equal(caa_args_read(&args, row[i].text), row[i].good);
		if (!row[i].good)
			continue;
		assert_int_equal(args.count, row[i].count);
		assert_int_equal(args.json, row[i].json);
		for (unsigned n = 0; n < args.count; n++)
			assert_string_equal(args.word[n], row[i].word[n]);
	}
}

static void words_have_a_length(void **state)
{
	char text[CAA_ARG_MAX + 1];
	struct caa_args args;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[CAA_ARG_MAX - 1] = '\0';
	assert_true(caa_args_read(&args, text));
	assert_string_equal(args.word[0], text);
	text[CAA_ARG_MAX - 1] = 'a';
	text[CAA_ARG_MAX] = '\0';
	assert_false(caa_args_read(&args, text));
}

/** What asks for JSON takes no word's place: a command may have all of its words besides. */
static void json_may_follow_the_last_word(void **state)
{
	struct caa_args args;

	(void)state;
	assert_true(caa_args_read(&args, "one two three json"));
	assert_int_equal(args.count, 3);
	assert_true(args.json);
}

static void numbers_are_digits(void **state)
{
	static const struct { const char *word; bool good; size_t number; } row[] = {
		{ "0", true, 0 }, { "7", true, 7 }, { "007", true, 7 }, { "1000", true, 1000 }, { "1001", true, 1000 },
		{ "999999999", true, 1000 }, { "9999999999999999999999", true, 1000 }, { "", false, 0 }, { "-1", false, 0 }, { "1x", false, 0 },
		{ "+1", false, 0 }, { " 1", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		size_t number = 5;

		assert_int_equal(caa_args_number(row[i].word, 1000, &number), row[i].good);
		assert_int_equal(number, row[i].good ? row[i].number : 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_what_stands_between_spaces),
		cmocka_unit_test(words_have_a_length),
		cmocka_unit_test(json_may_follow_the_last_word),
		cmocka_unit_test(numbers_are_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
