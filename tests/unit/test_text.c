/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/wire/text.h"

static void octets_from_outside_become_harmless(void **state)
{
	static const struct { const char *octets, *clean, *why; } row[] = {
		{ "plain text, 1-2", "plain text, 1-2", "ASCII stays" },
		{ "z\xc3\xbcrich \xe6\x97\xa5 \xf0\x9f\x98\x80", "z\xc3\xbcrich \xe6\x97\xa5 \xf0\x9f\x98\x80", "so does UTF-8" },
		{ "\033[2J\a", "\\027[2J\\007", "terminal sequences are escaped" },
		{ "a\nb\r\tc\x7f", "a\\010b\\013\\009c\\127", "so are line ends and tabs" },
		{ "\xc2\x9b" "31m", "\\194\\15531m", "and C1 controls" },
		{ "\"quoted\" \\", "\"quoted\" \\", "quotes are JSON's matter" },
		{ "\xff\xfe", "\\255\\254", "octets that are no UTF-8" },
		{ "\xc0\x80", "\\192\\128", "an overlong form" },
		{ "\xed\xa0\x80", "\\237\\160\\128", "a surrogate" },
		{ "\xf4\x90\x80\x80", "\\244\\144\\128\\128", "beyond Unicode" },
		{ "\xe2\x82", "\\226\\130", "a character that is cut" },
		{ "\xe2\x80\xae" "gpj.exe", "\\226\\128\\174gpj.exe", "a change of the direction of writing" },
		{ "\xef\xbb\xbf", "\\239\\187\\191", "what cannot be seen" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		char out[100];

		caa_text_clean(out, sizeof(out), (const uint8_t *)row[i].octets, strlen(row[i].octets));
		assert_string_equal(out, row[i].clean);
	}
}

static void long_text_is_cut_between_characters(void **state)
{
	char out[12];

	(void)state;
	assert_string_equal(caa_text_clean(out, sizeof(out), (const uint8_t *)"12345678901", 11), "12345678901");
	assert_string_equal(caa_text_clean(out, sizeof(out), (const uint8_t *)"123456789012", 12), "12345678...");
	assert_string_equal(caa_text_clean(out, sizeof(out), (const uint8_t *)"1234567\xc3\xbc\xc3\xbc\xc3\xbc", 13), "1234567...");
	assert_string_equal(caa_text_clean(out, sizeof(out), (const uint8_t *)"123456\n\n\n", 9), "123456...");
}

/** Whatever comes in, what comes out is valid and short enough. */
static void any_octets_are_survived(void **state)
{
	uint64_t random_state = 1;

	(void)state;
	for (unsigned n = 0; n < 20000; n++) {
		uint8_t octets[64];
		char out[64], again[400];
		size_t len = next_random(&random_state) % sizeof(octets), size = 8 + next_random(&random_state) % 50;

		for (size_t i = 0; i < len; i++)
			octets[i] = (uint8_t)next_random(&random_state);
		caa_text_clean(out, size, octets, len);
		assert_true(strlen(out) < size);
		/* clean text stays as it is: it is valid and harmless */
		assert_string_equal(caa_text_clean(again, sizeof(again), (uint8_t *)out, strlen(out)), out);
	}
}

static void parts_are_there_entirely_or_not_at_all(void **state)
{
	char buf[10];
	struct caa_text t;

	(void)state;
	caa_text_init(&t, buf, sizeof(buf));
	caa_text_add(&t, "123456789");
	assert_false(t.full);
	caa_text_add(&t, "x");
	assert_true(t.full);
	assert_string_equal(buf, "123456789");
	caa_text_cut(&t, 4);
	assert_false(t.full);
	caa_text_addf(&t, "%d", 123456);
	assert_true(t.full);
	assert_string_equal(buf, "1234");
	caa_text_cut(&t, 4);
	caa_text_json(&t, "\"\\\"");
	assert_true(t.full);
	assert_string_equal(buf, "1234");
	caa_text_cut(&t, 4);
	caa_text_json(&t, "\"\\");
	assert_string_equal(buf, "1234\\\"\\\\");
}

static void names_keep_their_ends(void **state)
{
	static const struct { const char *name, *text; } row[] = {
		{ ".", "." }, { "example.com.", "example.com" }, { "WwW.example.com.", "WwW.example.com" },
		{ "a-long-label.another-long-label.example.com.", "...another-long-label.example.com" },
		{ "\\034\\010.example.com.", "\\034\\010.example.com" },
		{ "a-label-that-is-too-long-for-this-buffer-alone.", "a-label-that-is-too-long-for-thi..." },
	};
	struct name_buffer b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		char out[36];

		caa_text_name(out, sizeof(out), name_of(&b, row[i].name));
		assert_string_equal(out, row[i].text);
	}
}

/** A name is shortened where there is no room for it, and no sooner. */
static void what_fits_is_whole(void **state)
{
	static const char name[] = "www.a-shop-with-a-long-name.example.net";
	char out[sizeof(name) + 4];
	struct name_buffer b;

	(void)state;
	for (size_t size = sizeof(name); size <= sizeof(out); size++)
		assert_string_equal(caa_text_name(out, size, name_of(&b, name)), name);
	assert_string_equal(caa_text_name(out, sizeof(name) - 1, name_of(&b, name)), "...a-shop-with-a-long-name.example.net");
}

static void times_are_rfc3339(void **state)
{
	char out[CAA_TEXT_TIME_MAX];

	(void)state;
	assert_string_equal(caa_text_time(out, 0), "1970-01-01T00:00:00Z");
	assert_string_equal(caa_text_time(out, 1795552304), "2026-11-24T20:31:44Z");
}

static void an_id_is_base32_of_its_octets(void **state)
{
	static const struct { uint8_t octets[CAA_ID_OCTETS]; const char *text; } row[] = {
		{ { 0, 0, 0, 0, 0 }, "aaaaaaaa" }, { { 255, 255, 255, 255, 255 }, "77777777" },
		{ { 'f', 'o', 'o', 'b', 'a' }, "mzxw6ytb" },	/* RFC 4648, section 10 */
	};
	char out[CAA_ID_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++)
		assert_string_equal(caa_text_id(out, row[i].octets), row[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_from_outside_become_harmless), cmocka_unit_test(long_text_is_cut_between_characters),
		cmocka_unit_test(any_octets_are_survived), cmocka_unit_test(parts_are_there_entirely_or_not_at_all),
		cmocka_unit_test(names_keep_their_ends), cmocka_unit_test(what_fits_is_whole), cmocka_unit_test(times_are_rfc3339),
		cmocka_unit_test(an_id_is_base32_of_its_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
