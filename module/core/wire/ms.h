/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Times as they are kept of an upstream: in ms modulo 2^32, where 0 means that none is set.
 *
 *  They wrap after 49 days, so a time that is past for weeks must not look as if it were ahead.  The threads read their
 *  clocks before they meet at an upstream, so a caller may come from a little before a time that another one has set.
 *  No state: any thread may call anything here. */
#ifndef CAA_CORE_MS_H
#define CAA_CORE_MS_H

#include <stdbool.h>
#include <stdint.h>

enum { CAA_MS_APART = 1000 };	/**< how far the clocks of two callers are apart at most */

static inline uint32_t caa_ms(uint64_t us)
{
	return (uint32_t)(us / 1000);
}

/** @return now and so much later, never 0. */
static inline uint32_t caa_ms_later(uint64_t now_us, uint32_t ms)
{
	uint32_t then_ms = caa_ms(now_us) + ms;

	return then_ms != 0 ? then_ms : 1;
}

/** @param most_ms: how far ahead it was set. @return whether a time is set and still ahead. */
static inline bool caa_ms_ahead(uint32_t then_ms, uint64_t now_us, uint32_t most_ms)
{
	uint32_t left_ms = then_ms - caa_ms(now_us);

	return then_ms != 0 && left_ms != 0 && left_ms <= most_ms + CAA_MS_APART;
}

/** @return how long ago a time was; one that another caller's clock is ahead of is now. */
static inline uint32_t caa_ms_age(uint32_t then_ms, uint32_t now_ms)
{
	uint32_t age_ms = now_ms - then_ms;

	return age_ms <= UINT32_MAX - CAA_MS_APART ? age_ms : 0;
}

#endif
