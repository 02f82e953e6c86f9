/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/fleet/bound.h"

#include "core/wire/ms.h"

enum {
	MS_PER_S = 1000,
	LINE_S = 4,			/**< those who wait are served within that, where the rate that was learned alone is enough */
	LEAST_PART = 8,			/**< no share is less than such a part of that */
	RATE_MAX_MQPS = CAA_RATE_MAX * CAA_MQPS,
	CUT_PERCENT = 87,		/**< what a loss leaves of a rate ... */
	FAR_PART = 32,			/**< a share that is less than such a part is too small, ... */
	QUIET_MS = 3000,		/**< ... and after so long without a loss no reason to be slower than alone */
	CUT_MS = 500,		/**< ... once in that time, */
	RISE_PER_MILLE = 250,		/**< and a second of answers adds, as core/pace/learn.c has it at the fastest */
	FEW_MQPS = 2 * CAA_MQPS		/**< so few say nothing: of many nodes none measures more */
};

static uint32_t clamp(uint64_t value, uint32_t min, uint32_t max)
{
	return value < min ? min : value > max ? max : (uint32_t)value;
}

static void scale(struct caa_bound *b, uint32_t times, uint32_t of)
{
	b->proven_mqps = clamp((uint64_t)b->proven_mqps * times / of, 1, RATE_MAX_MQPS);
	b->most_mqps = clamp((uint64_t)b->most_mqps * times / of, 1, RATE_MAX_MQPS);
}

/** What answers of so long make of a rate. */
static uint32_t risen(uint32_t mqps, uint32_t age_ms)
{
	return clamp(mqps + (uint64_t)mqps * RISE_PER_MILLE * age_ms / MS_PER_S / 1000, 1, RATE_MAX_MQPS);
}

/** It learns alone: what it comes to is its own. */
static void note_alone(struct caa_bound *b, uint32_t rate_mqps)
{
	if (b->proven_mqps == 0)
		b->proven_mqps = b->most_mqps = rate_mqps;
	else if (rate_mqps < b->seen_mqps)	/* as much lower as its own rate, which may have begun at a share */
		scale(b, rate_mqps, b->seen_mqps);
	if (b->proven_mqps < rate_mqps)
		b->proven_mqps = rate_mqps;
	if (b->most_mqps < rate_mqps)
		b->most_mqps = rate_mqps;
}

void caa_bound_note(struct caa_bound *b, const struct caa_learn *l, uint64_t now_us)
{
	uint32_t now_ms = caa_ms(now_us), age_ms = caa_ms_age(b->noted_ms, now_ms);

	b->noted_ms = now_ms;
	if (!caa_learn_limited(l)) {
		*b = (struct caa_bound){ .noted_ms = now_ms };
		return;
	}
	if (!caa_learn_is_shared(l, now_us)) {
		note_alone(b, l->limit.rate_mqps);
	} else if (l->limit.felt) {
		if (caa_ms_age(b->lowered_ms, now_ms) < CUT_MS)
			return;
		b->lowered_ms = caa_ms_later(now_us, 0);
		b->most_mqps = clamp(b->most_mqps, 1, l->limit.rate_mqps);
		b->proven_mqps = clamp(b->proven_mqps, 1, b->most_mqps);
		scale(b, CUT_PERCENT, 100);
	} else if (l->limit.raises) {
		age_ms = clamp(age_ms, 0, MS_PER_S);
		b->most_mqps = risen(b->most_mqps, age_ms);
		if (b->starves && caa_ms_age(b->lowered_ms, now_ms) >= QUIET_MS)
			b->proven_mqps = clamp(risen(b->proven_mqps, age_ms), 1, b->most_mqps);
	}
	b->seen_mqps = l->limit.rate_mqps;
}

uint32_t caa_bound_take(struct caa_bound *b, struct caa_learn *l, uint64_t now_us, uint32_t share_mqps)
{
	uint32_t least;

	if (b->proven_mqps == 0) {	/* it joins: what it would begin with alone */
		b->proven_mqps = caa_learn_measured(l, now_us);
		b->most_mqps = b->proven_mqps;
	}
	least = clamp((uint64_t)caa_pacer_waiting(&l->pacer) * CAA_MQPS / LINE_S, b->proven_mqps / LEAST_PART, b->proven_mqps);
	b->starves = share_mqps < b->proven_mqps / FAR_PART;
	return clamp(share_mqps, least > 0 ? least : 1, b->most_mqps > FEW_MQPS ? b->most_mqps : FEW_MQPS);
}

void caa_bound_took(struct caa_bound *b, const struct caa_learn *l)
{
	b->seen_mqps = l->limit.rate_mqps;
}
