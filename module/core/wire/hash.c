/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/wire/hash.h"

#include <sodium.h>
#include <string.h>

_Static_assert(CAA_HASH_KEY == crypto_shorthash_KEYBYTES, "the key is SipHash's");

uint64_t caa_hash(const uint8_t key[static CAA_HASH_KEY], const void *data, size_t len)
{
	uint8_t out[crypto_shorthash_BYTES];
	uint64_t hash;

	_Static_assert(sizeof(out) == sizeof(hash), "SipHash's result is 64 bits");
	crypto_shorthash(out, data, len, key);
	memcpy(&hash, out, sizeof(hash));
	return hash;
}
