/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A forged answer, made of a true one: the one thing about DNS that the relay knows. */
#ifndef CAA_TESTS_LAB_FORGE_H
#define CAA_TESTS_LAB_FORGE_H

#include <stddef.h>
#include <stdint.h>

enum forge {
	FORGE_NOT,
	FORGE_WRONG,	/**< with a cookie that is not the client's */
	FORGE_MISSING	/**< without a cookie */
};

/** Change an answer in place: each word "true" in it becomes "fake", and its cookie what the forger can know. */
void forge_answer(uint8_t *msg, size_t len, enum forge how);

#endif
