/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/wire/hash.h"

/** The key and messages of the SipHash paper, appendix A, and its reference code: octets 00, 01, 02 ... */
static void it_is_siphash_2_4(void **state)
{
	static const struct { size_t len; uint64_t hash; } row[] = {
		{ 0, UINT64_C(0x726fdb47dd0e0e31) }, { 1, UINT64_C(0x74f839c593dc67fd) }, { 15, UINT64_C(0xa129ca6149be45e5) },
	};
	uint8_t key[CAA_HASH_KEY], message[16];

	(void)state;
	for (uint8_t i = 0; i < 16; i++)
		key[i] = message[i] = i;
	for (size_t i = 0; i < COUNT_OF(row); i++)
		assert_int_equal(caa_hash(key, message, row[i].len), row[i].hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(it_is_siphash_2_4) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
