/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Keyed hash (SipHash-2-4, libsodium's), so that who chooses addresses or names cannot choose
 *  collisions.  No state: any thread may call it. */
#ifndef CAA_CORE_HASH_H
#define CAA_CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

enum { CAA_HASH_KEY = 16 };	/**< octets of a key */

/** @param key: secret, the same for one table's life. @param data, len: any octets.
 *  @return 64 bits, all of them good. */
uint64_t caa_hash(const uint8_t key[static CAA_HASH_KEY], const void *data, size_t len);

#endif
