/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A true answer, changed in one field: what a server sends that is broken, or that lies.
 *
 *  What is changed follows from a seed and the name of the question alone, whatever its type and letters, so that two resolvers
 *  which ask in different ways are lied to alike. */
#ifndef CAA_TESTS_LAB_MANGLE_H
#define CAA_TESTS_LAB_MANGLE_H

#include <stddef.h>
#include <stdint.h>

enum { MANGLE_ROOM = 64 };	/**< octets that an answer can grow by */

/** Change an answer in place.
 *  @param msg: room for MANGLE_ROOM octets more than len. @param percent: of the names that are lied about.
 *  @return its octets now. */
size_t mangle_answer(uint8_t *msg, size_t len, uint64_t seed, unsigned percent);

#endif
