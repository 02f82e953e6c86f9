/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/fleet/resp.h"

static const uint8_t *octets_of(const char *text)
{
	return (const uint8_t *)text;
}

static void replies_are_read(void **state)
{
	static const struct { const char *text; enum caa_resp_type type; size_t count; int64_t number; const char *value; } row[] = {
		{ "+OK\r\n", CAA_RESP_STATUS, 1, 0, "OK" },
		{ "-ERR no\r\n", CAA_RESP_ERROR, 1, 0, "ERR no" },
		{ ":42\r\n", CAA_RESP_NUMBER, 1, 42, "" },
		{ ":-1\r\n", CAA_RESP_NUMBER, 1, -1, "" },
		{ "$3\r\na\r\n\r\n", CAA_RESP_BULK, 1, 3, "a\r\n" },
		{ "$0\r\n\r\n", CAA_RESP_BULK, 1, 0, "" },
		{ "$-1\r\n", CAA_RESP_NULL, 1, -1, "" },
		{ "*-1\r\n", CAA_RESP_NULL, 1, -1, "" },
		{ "*0\r\n", CAA_RESP_ARRAY, 1, 0, "" },
		{ "*2\r\n:1\r\n*1\r\n$1\r\nx\r\n", CAA_RESP_ARRAY, 4, 2, "" },
	};
	static struct caa_resp reply;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		size_t len = strlen(row[i].text), used = 0;

		/* byte by byte: its end is not there before it is */
		for (size_t part = 0; part < len; part++)
			assert_int_equal(caa_resp_read(&reply, octets_of(row[i].text), part, &used), CAA_RESP_MORE);
		assert_int_equal(caa_resp_read(&reply, octets_of(row[i].text), len, &used), CAA_RESP_WHOLE);
		assert_int_equal(used, len);
		assert_int_equal(reply.count, row[i].count);
		assert_int_equal(reply.value[0].type, row[i].type);
		assert_true(reply.value[0].number == row[i].number);
		assert_int_equal(reply.value[0].type < CAA_RESP_NUMBER || reply.value[0].type == CAA_RESP_BULK ? reply.value[0].len : 0,
			strlen(row[i].value));
		if (row[i].value[0] != '\0')
			assert_memory_equal(reply.value[0].text, row[i].value, strlen(row[i].value));
	}
}

static void what_is_none_is_broken(void **state)
{
	static const char *const text[] = { "x\r\n", "+a\rb", "$x\r\n", "$-2\r\n", "$65537\r\n", "*65\r\n", "*-2\r\n", ":\r\n", ":1a\r\n",
		":1234567890123456789\r\n", "$1\r\nabc", "*2\r\n*63\r\n*2\r\n" };
	static struct caa_resp reply;
	static uint8_t endless[CAA_RESP_LINE_MAX + 1] = "+";
	size_t used;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(text); i++)
		if (caa_resp_read(&reply, octets_of(text[i]), strlen(text[i]), &used) != CAA_RESP_BROKEN)
			fail_msg("%s", text[i]);
	memset(endless + 1, 'a', sizeof(endless) - 1);
	assert_int_equal(caa_resp_read(&reply, endless, CAA_RESP_LINE_MAX, &used), CAA_RESP_MORE);
	assert_int_equal(caa_resp_read(&reply, endless, sizeof(endless), &used), CAA_RESP_BROKEN);
}

static void a_command_is_an_array(void **state)
{
	const struct caa_resp_arg arg[] = { { "SET", 3 }, { "a\r\n\0b", 5 }, { NULL, 0 } };
	static const char expected[] = "*3\r\n$3\r\nSET\r\n$5\r\na\r\n\0b\r\n$0\r\n\r\n";
	uint8_t out[128];

	(void)state;
	assert_int_equal(caa_resp_write(out, arg, 3), sizeof(expected) - 1);
	assert_memory_equal(out, expected, sizeof(expected) - 1);
	assert_true(caa_resp_size(arg, 3) >= sizeof(expected) - 1);
}

static void words_and_numbers(void **state)
{
	const struct caa_resp_value error = { CAA_RESP_ERROR, 0, "OOM command", 11 }, number = { CAA_RESP_NUMBER, 7, NULL, 0 },
		text = { CAA_RESP_BULK, 3, "123", 3 }, bad = { CAA_RESP_BULK, 3, "12a", 3 }, below = { CAA_RESP_NUMBER, -7, NULL, 0 };
	uint64_t n = 5;

	(void)state;
	assert_true(caa_resp_is(&error, "OOM"));
	assert_false(caa_resp_is(&error, "OO"));
	assert_true(caa_resp_is(&text, "123"));
	assert_false(caa_resp_is(&text, "12"));
	assert_false(caa_resp_is(&number, "7"));
	assert_true(caa_resp_number(&number, &n) && n == 7);
	assert_true(caa_resp_number(&text, &n) && n == 123);
	assert_false(caa_resp_number(&bad, &n) || caa_resp_number(&below, &n) || caa_resp_number(&error, &n));
	assert_true(n == 123);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_are_read),
		cmocka_unit_test(what_is_none_is_broken),
		cmocka_unit_test(a_command_is_an_array),
		cmocka_unit_test(words_and_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
