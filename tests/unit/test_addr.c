/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/wire/addr.h"

static void text_reads_back(void **state)
{
	static const char *const row[] = { "192.0.2.1", "192.0.2.1@5353", "2001:db8::1", "2001:db8::1@1", "::@65535", "0.0.0.0" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		char text[CAA_ADDR_TEXT_MAX];
		struct caa_addr a;

		assert_int_equal(caa_addr_parse(&a, row[i]), CAA_OK);
		assert_string_equal(caa_addr_text(text, &a), row[i]);
	}
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const row[] = { "", "@53", "192.0.2", "192.0.2.256", "192.0.2.1@", "192.0.2.1@0", "192.0.2.1@65536",
		"192.0.2.1@123456", "192.0.2.1@5x", "192.0.2.1@-1", "192.0.2.1@53@53", "2001:db8::1::", "[2001:db8::1]",
		"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255:and:much:more" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_addr a = { .family = 99 };

		assert_int_equal(caa_addr_parse(&a, row[i]), CAA_EFORMAT);
		assert_int_equal(a.family, 99);
	}
}

static void every_part_tells_addresses_apart(void **state)
{
	static const uint8_t ip[16] = { 192, 0, 2, 1 };
	struct caa_addr a = caa_addr_ipv4(ip, 53), b = caa_addr_ipv4(ip, 53);

	(void)state;
	assert_true(caa_addr_equal(&a, &b));
	assert_int_equal(caa_addr_port(&a), 53);
	b = caa_addr_ipv4(ip, 0x3501);
	assert_false(caa_addr_equal(&a, &b));
	assert_int_equal(caa_addr_port(&b), 0x3501);
	b = caa_addr_ipv6(ip, 53);	/* the same octets in another family */
	assert_false(caa_addr_equal(&a, &b));
}

/** An address is made and read as itself; its lines are apart from it, and called by its name. */
static void a_line_is_apart_and_has_the_addresss_name(void **state)
{
	static const char *const row[] = { "192.0.2.1", "192.0.2.1@5353", "2001:db8::1" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		char text[CAA_ADDR_TEXT_MAX];
		struct caa_addr a = { .line = 9 }, one, two;

		assert_int_equal(caa_addr_parse(&a, row[i]), CAA_OK);
		assert_int_equal(a.line, 0);
		one = two = a;
		one.line = 1;
		two.line = UINT8_MAX;
		assert_false(caa_addr_equal(&a, &one));
		assert_false(caa_addr_equal(&one, &two));
		assert_string_equal(caa_addr_text(text, &one), row[i]);
		assert_string_equal(caa_addr_text(text, &two), row[i]);
		assert_int_equal(caa_addr_port(&one), caa_addr_port(&a));
		two.line = 1;
		assert_true(caa_addr_equal(&one, &two));
	}
}

static void loopback_addresses_are_known(void **state)
{
	static const struct { const char *text; bool is; } row[] = {
		{ "127.0.0.1", true }, { "127.255.255.255", true }, { "126.255.255.255", false }, { "128.0.0.1", false },
		{ "192.0.2.127", false }, { "::1", true }, { "::2", false }, { "::", false }, { "7f00::1", false }, { "::7f00:1", false },
	};
	struct caa_addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(caa_addr_parse(&a, row[i].text), CAA_OK);
		assert_int_equal(caa_addr_is_loopback(&a), row[i].is);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_reads_back), cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(every_part_tells_addresses_apart),
		cmocka_unit_test(a_line_is_apart_and_has_the_addresss_name), cmocka_unit_test(loopback_addresses_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
