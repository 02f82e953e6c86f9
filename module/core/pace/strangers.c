/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/strangers.h"

#include "core/wire/ms.h"

enum { TICK_MS = 64, HEARD_MAX = 15 };

static uint16_t tick_of(uint64_t now_us)
{
	return (uint16_t)(caa_ms(now_us) / TICK_MS);
}

/** Who was heard so long before a query left says nothing of it. */
static void age(struct caa_strangers *s, uint64_t sent_us)
{
	int16_t ticks = (int16_t)(tick_of(sent_us) - s->heard_tick);

	if (ticks > CAA_STRANGERS_HEARD_MS / TICK_MS)
		s->caa = s->other = 0;
}

void caa_strangers_answered(struct caa_strangers *s, uint64_t now_us, uint64_t sent_us, uint32_t zone, bool caa)
{
	uint16_t short_zone = (uint16_t)(zone + caa);

	if (short_zone == s->zone)
		return;
	age(s, sent_us);
	s->zone = short_zone;
	s->heard_tick = tick_of(now_us);
	if (caa && s->caa < HEARD_MAX)
		s->caa++;
	else if (!caa && s->other < HEARD_MAX)
		s->other++;
}

bool caa_strangers_lost(struct caa_strangers *s, uint64_t now_us, uint64_t sent_us, bool caa, bool silent)
{
	age(s, sent_us);
	if ((caa ? s->caa : s->other) >= CAA_STRANGERS_HEARD)
		return true;
	if (silent) {
		s->mute = true;
		s->mute_tick = tick_of(now_us);
	}
	return false;
}

void caa_strangers_denied(struct caa_strangers *s)
{
	if (s->denied < CAA_STRANGERS_DENIED_MAX)
		s->denied++;
}

bool caa_strangers_are_mute(const struct caa_strangers *s, uint64_t now_us)
{
	return s->mute && (uint16_t)(tick_of(now_us) - s->mute_tick) <= CAA_STRANGERS_MUTE_MS / TICK_MS;
}
