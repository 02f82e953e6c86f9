/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Numbers of queries, places and turns: modulo 2^32, and less than 2^31 apart where they are compared. */
#ifndef CAA_CORE_SEQ_H
#define CAA_CORE_SEQ_H

#include <stdbool.h>
#include <stdint.h>

/** @return whether a number comes before another. */
static inline bool caa_seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

#endif
