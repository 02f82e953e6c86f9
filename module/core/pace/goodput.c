/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/goodput.h"

#include "core/wire/ms.h"

enum {
	SECOND_MS = 1000,
	STEADY_PART = 4		/**< one second's part in the average where queries wait */
};

static uint32_t average(uint32_t old, uint32_t new, uint32_t part)
{
	return (uint32_t)((old * (uint64_t)(part - 1) + new) / part);
}

void caa_goodput_turn(struct caa_goodput *g, uint32_t now_ms, bool waits)
{
	uint32_t age_ms = caa_ms_age(g->second_ms, now_ms), good_mqps = g->good * (uint32_t)CAA_MQPS;
	bool next = age_ms < 2 * SECOND_MS;

	if (age_ms < SECOND_MS)
		return;
	if (g->backlog && next)		/* what was answered is what the limiter lets through */
		g->steady_mqps = g->steady_mqps == 0 ? good_mqps : average(g->steady_mqps, good_mqps, STEADY_PART);
	g->seconds = next ? (uint8_t)(g->seconds + (g->seconds < CAA_GOODPUT_USUAL)) : 0;
	g->usual_mqps = next ? average(g->usual_mqps, good_mqps, g->seconds) : 0;
	g->backlog = waits;
	g->before = next ? g->good : 0;
	g->good = 0;
	g->second_ms = next ? g->second_ms + SECOND_MS : now_ms;
}

void caa_goodput_answered(struct caa_goodput *g, uint32_t now_ms, bool waits)
{
	caa_goodput_turn(g, now_ms, waits);
	g->good += g->good < UINT16_MAX;
}

uint32_t caa_goodput_mqps(struct caa_goodput *g, uint32_t now_ms, bool waits)
{
	caa_goodput_turn(g, now_ms, waits);
	return g->good * (uint32_t)CAA_MQPS +
		(uint32_t)((uint64_t)g->before * (SECOND_MS - caa_ms_age(g->second_ms, now_ms)) * CAA_MQPS / SECOND_MS);
}

void caa_goodput_clear(struct caa_goodput *g)
{
	g->good = g->before = 0;
	g->usual_mqps = g->seconds = 0;
}
