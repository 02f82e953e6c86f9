/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/climb/climb_option.h"

#define NONE CAA_STEP_NONE
#define FOUND CAA_STEP_FOUND
#define FAILED CAA_STEP_FAILED
#define OPEN CAA_STEP_WAITING

static void a_question_is_one_octet(void **state)
{
	(void)state;
	assert_int_equal(caa_climb_option_asks((const uint8_t[]){ 1 }, 1), 1);
	assert_int_equal(caa_climb_option_asks((const uint8_t[]){ 2 }, 1), 2);
	assert_int_equal(caa_climb_option_asks((const uint8_t[]){ 0 }, 1), 0);
	assert_int_equal(caa_climb_option_asks((const uint8_t[]){ 3 }, 1), 0);
	assert_int_equal(caa_climb_option_asks((const uint8_t[]){ 1, 1 }, 2), 0);
	assert_int_equal(caa_climb_option_asks(NULL, 0), 0);
}

static void the_verdict_is_of_the_first_label_that_says_something(void **state)
{
	static const struct {
		enum caa_step step[4];
		size_t labels;
		bool decided;
		enum caa_verdict verdict;
		size_t at;
	} row[] = {
		{ { NONE, NONE, NONE }, 3, true, CAA_VERDICT_NONE, CAA_CLIMB_NO_LABEL },
		{ { NONE, FOUND, FAILED }, 3, true, CAA_VERDICT_FOUND, 1 },
		{ { NONE, FAILED, FOUND }, 3, true, CAA_VERDICT_FAILED, 1 },
		{ { FOUND, OPEN, OPEN }, 3, true, CAA_VERDICT_FOUND, 0 },
		{ { OPEN, FOUND }, 2, false, CAA_VERDICT_OPEN, 0 },
		{ { NONE, OPEN }, 2, false, CAA_VERDICT_OPEN, 0 },
		{ { NONE }, 0, true, CAA_VERDICT_NONE, CAA_CLIMB_NO_LABEL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_climb_report r = { .labels = row[i].labels };

		for (size_t n = 0; n < r.labels; n++)
			r.label[n].step = row[i].step[n];
		assert_int_equal(caa_climb_report_decide(&r), row[i].decided);
		if (row[i].decided) {
			assert_int_equal(r.verdict, row[i].verdict);
			assert_int_equal(r.at, row[i].at);
		}
	}
}

static void secure_is_what_is_secure_up_to_the_one_that_decided(void **state)
{
	static const struct { enum caa_step step[3]; bool secure[3], all; } row[] = {
		{ { NONE, NONE, NONE }, { true, true, true }, true },
		{ { NONE, NONE, NONE }, { true, true, false }, false },
		{ { NONE, FOUND, NONE }, { true, true, false }, true },
		{ { NONE, FOUND, NONE }, { false, true, true }, false },
		{ { NONE, FOUND, NONE }, { true, false, true }, false },
		{ { NONE, FAILED, NONE }, { true, true, true }, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_climb_report r = { .labels = 3 };

		for (size_t n = 0; n < 3; n++)
			r.label[n] = (struct caa_climb_outcome){ .step = row[i].step[n], .secure = row[i].secure[n] };
		assert_true(caa_climb_report_decide(&r));
		assert_int_equal(caa_climb_report_secure(&r), row[i].all);
	}
	assert_false(caa_climb_report_secure(&(struct caa_climb_report){ .verdict = CAA_VERDICT_NONE }));
}

static void a_report_is_these_octets(void **state)
{
	static const uint8_t wire[] = {
		1,			/* version */
		3,			/* failed */
		3,			/* labels */
		1,			/* the second decided */
		0x80 | 0x40 | 1,	/* none, secure, NXDOMAIN */
		3, 0, 22, 4, 'd', 'e', 'a', 'd',	/* failed: No Reachable Authority, "dead" */
		2,			/* found */
	};
	struct caa_climb_report r = { .version = 1, .labels = 3, .label = { { .step = NONE, .secure = true, .nxdomain = true },
		{ .step = FAILED, .code = 22, .text_len = 4, .text = (const uint8_t *)"dead" }, { .step = FOUND } } }, back;
	uint8_t out[CAA_CLIMB_REPORT_MAX];

	(void)state;
	assert_true(caa_climb_report_decide(&r));
	assert_int_equal(caa_climb_report_write(out, &r), sizeof(wire));
	assert_memory_equal(out, wire, sizeof(wire));
	assert_int_equal(caa_climb_report_read(&back, wire, sizeof(wire)), CAA_OK);
	assert_int_equal(back.verdict, CAA_VERDICT_FAILED);
	assert_int_equal(back.at, 1);
	assert_int_equal(back.labels, 3);
	assert_true(back.label[0].secure && back.label[0].nxdomain && !back.label[1].nxdomain);
	assert_int_equal(back.label[1].code, 22);
	assert_memory_equal(back.label[1].text, "dead", 4);
	assert_int_equal(back.label[2].step, FOUND);
}

static void texts_are_cut_between_characters(void **state)
{
	uint8_t text[255], out[CAA_CLIMB_REPORT_MAX];
	struct caa_climb_report r = { .version = 1, .labels = CAA_NAME_LABELS_MAX }, back;

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(text); i += 3)	/* U+20AC */
		memcpy(text + i, "\xe2\x82\xac", 3);
	for (size_t i = 0; i < r.labels; i++)
		r.label[i] = (struct caa_climb_outcome){ .step = FAILED, .text = text, .text_len = 255 };
	assert_true(caa_climb_report_decide(&r));
	assert_int_equal(caa_climb_report_read(&back, out, caa_climb_report_write(out, &r)), CAA_OK);
	assert_int_equal(back.label[0].text_len, 198);	/* the reason that counts is whole but for its end */
	assert_int_equal(back.label[1].text_len, 57);
	assert_int_equal(back.label[2].text_len, 0);	/* 256 octets in all */
}

static void texts_are_not_cut_within_an_id(void **state)
{
	static const char id[] = " (id k3nq2xab)";
	uint8_t text[200], out[CAA_CLIMB_REPORT_MAX];
	struct caa_climb_report r = { .version = 1, .labels = CAA_NAME_LABELS_MAX }, back;

	(void)state;
	for (size_t len = 1; len < sizeof(text) - sizeof(id); len++) {
		memset(text, 'x', sizeof(text));
		memcpy(text + len, id, sizeof(id) - 1);
		for (size_t i = 0; i < r.labels; i++)
			r.label[i] = (struct caa_climb_outcome){ .step = FAILED, .text = text, .text_len = (uint8_t)(len + sizeof(id) - 1) };
		assert_true(caa_climb_report_decide(&r));
		assert_int_equal(caa_climb_report_read(&back, out, caa_climb_report_write(out, &r)), CAA_OK);
		for (size_t i = 1; i < r.labels; i++)
			assert_true(back.label[i].text_len <= len || back.label[i].text_len == len + sizeof(id) - 1);
	}
}

static void what_contradicts_itself_is_no_report(void **state)
{
	static const struct { uint8_t wire[12]; size_t len; const char *why; } row[] = {
		{ { 0 }, 0, "nothing" },
		{ { 1, 1, 0 }, 3, "too short" },
		{ { 3, 1, 0, 255 }, 4, "another version" },
		{ { 2, 1, 1, 255, 1, 0 }, 6, "half an age" },
		{ { 1, 1, 1, 255, 1, 0, 9 }, 7, "an age in version 1" },
		{ { 1, 1, 1, 255 }, 4, "a label is missing" },
		{ { 1, 1, 1, 255, 1, 1 }, 6, "one too many" },
		{ { 1, 1, 1, 255, 4 }, 5, "no such outcome" },
		{ { 1, 1, 1, 0, 1 }, 5, "none, but a label decided" },
		{ { 1, 1, 1, 255, 2 }, 5, "none, but found" },
		{ { 1, 2, 1, 0, 1 }, 5, "found, but none" },
		{ { 1, 2, 2, 1, 3, 0, 0, 0, 2 }, 9, "found above a failure" },
		{ { 1, 2, 2, 1, 2, 2 }, 6, "found, but at a lower one" },
		{ { 1, 2, 2, 1, 0, 2 }, 6, "found above one that is open" },
		{ { 1, 1, 1, 255, 0 }, 5, "none, but open" },
		{ { 1, 2, 1, 0, 0x42 }, 5, "found, and NXDOMAIN" },
		{ { 1, 3, 1, 0, 3, 0, 0 }, 7, "half a reason" },
		{ { 1, 3, 1, 0, 3, 0, 0, 2, 'a' }, 9, "half a text" },
		{ { 1, 1, 128, 255 }, 4, "more labels than a name has" },
	};
	struct caa_climb_report r = { .labels = 77 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		if (caa_climb_report_read(&r, row[i].wire, row[i].len) != CAA_EFORMAT)
			fail_msg("%s", row[i].why);
		assert_int_equal(r.labels, 77);
	}
	assert_int_equal(caa_climb_report_read(&r, (const uint8_t[]){ 1, 1, 0, 255 }, 4), CAA_OK);
	assert_int_equal(caa_climb_report_read(&r, (const uint8_t[]){ 2, 1, 2, 255, 1, 1, 1, 2, 255, 255 }, 10), CAA_OK);
	assert_true(r.label[0].held && r.label[0].age_s == 258 && !r.label[1].held);
}

static void it_reads_what_it_writes(void **state)
{
	static const uint8_t text[255] = "reason";
	uint64_t random = 3;

	(void)state;
	for (unsigned n = 0; n < 20000; n++) {
		struct caa_climb_report r = { .version = (uint8_t)(1 + n % 2), .labels = next_random(&random) % (CAA_NAME_LABELS_MAX + 1) }, back;
		unsigned kind = (unsigned)(next_random(&random) % 4);
		uint8_t out[CAA_CLIMB_REPORT_MAX];
		size_t len;

		for (size_t i = 0; i < r.labels; i++)
			r.label[i] = (struct caa_climb_outcome){
				.step = kind == 0 ? FAILED : next_random(&random) % 8 == 0 ? FAILED : NONE,
				.secure = next_random(&random) % 2, .held = next_random(&random) % 2,
				.age_s = (uint16_t)(next_random(&random) % CAA_CLIMB_NO_AGE), .code = (uint16_t)next_random(&random),
				.text = text, .text_len = (uint8_t)next_random(&random) };
		assert_true(caa_climb_report_decide(&r));
		len = caa_climb_report_write(out, &r);
		assert_true(len <= sizeof(out));
		assert_int_equal(caa_climb_report_read(&back, out, len), CAA_OK);
		assert_int_equal(back.verdict, r.verdict);
		assert_int_equal(back.labels, r.labels);
		assert_int_equal(caa_climb_report_secure(&back), caa_climb_report_secure(&r));
		for (size_t i = 0; i < r.labels; i++) {
			assert_int_equal(back.label[i].held, r.version == 2 && r.label[i].held);
			assert_true(!back.label[i].held || back.label[i].age_s == r.label[i].age_s);
		}
		if (len > 0)
			assert_int_equal(caa_climb_report_read(&back, out, len - 1), CAA_EFORMAT);
	}
}

/** No octets make it read out of bounds or hold texts that are not in the data. */
static void it_survives_any_octets(void **state)
{
	uint64_t random = 5;

	(void)state;
	for (unsigned n = 0; n < 200000; n++) {
		size_t len = next_random(&random) % 40;
		uint8_t *data = malloc(len + 1);
		struct caa_climb_report r;

		for (size_t i = 0; i < len; i++)
			data[i] = (uint8_t)(next_random(&random) % (i < 3 ? 4 : 256));
		if (caa_climb_report_read(&r, data, len) == CAA_OK)
			for (size_t i = 0; i < r.labels; i++)
				assert_true(r.label[i].text_len == 0 || r.label[i].text + r.label[i].text_len <= data + len);
		free(data);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_is_one_octet),
		cmocka_unit_test(the_verdict_is_of_the_first_label_that_says_something),
		cmocka_unit_test(secure_is_what_is_secure_up_to_the_one_that_decided),
		cmocka_unit_test(a_report_is_these_octets),
		cmocka_unit_test(texts_are_cut_between_characters), cmocka_unit_test(texts_are_not_cut_within_an_id),
		cmocka_unit_test(what_contradicts_itself_is_no_report),
		cmocka_unit_test(it_reads_what_it_writes),
		cmocka_unit_test(it_survives_any_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
