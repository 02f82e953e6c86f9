/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/transport.h"

#include "core/wire/ms.h"

enum {
	PREFER_MS = 10 * 60 * 1000,	/**< how long after a limit TCP is preferred */
	REST_MS = 10 * 60 * 1000,	/**< how long it is not where it did not help, ... */
	REST_FIRST_MS = 1000,		/**< ... and after a single loss */
	TICK_MS = 4096,
	LOST_MAX = 3,			/**< losses in a row after which TCP does not work any more */
	LOST_COUNT_MAX = 15,
	BEFORE_MAX = 127,
	AWAY = 2,			/**< so many after which it is away, where it did not work before */
	DENIAL_WEIGHT = 4,		/**< a denial weighs as many answers, ... */
	DENIALS_MAX = 12,		/**< ... and so many are too much */
	WINDOW_FIRST = 2,		/**< queries under way when one was answered, ... */
	WINDOW_SLOW = 16,		/**< ... up to which each answer makes room for one more, ... */
	WINDOW_MAX = 128		/**< ... and then each round */
};

void caa_transport_prefer_tcp(struct caa_transport *t, uint64_t now_us)
{
	if (!caa_ms_ahead(t->rest_ms, now_us, REST_MS))
		t->tcp_ms = caa_ms_later(now_us, PREFER_MS);
}

void caa_transport_prefer_udp(struct caa_transport *t)
{
	t->tcp_ms = 0;
}

/** How many may be under way. */
static unsigned most(const struct caa_transport *t, bool must)
{
	return must && t->window > 0 && !t->wary ? WINDOW_MAX : t->window;
}

enum caa_transport_choice caa_transport_choose(const struct caa_transport *t, uint64_t now_us, bool must)
{
	bool preferred = caa_ms_ahead(t->tcp_ms, now_us, PREFER_MS) && !caa_ms_ahead(t->rest_ms, now_us, REST_MS);

	if (!must && !preferred)
		return CAA_TRANSPORT_UDP;
	/* Where it failed, those that need it try as Unbound does, and do not wait for each other's end. */
	if (t->inflight == 0 || t->inflight < most(t, must) || (must && t->window == 0 && caa_transport_fails(t)))
		return CAA_TRANSPORT_TCP;
	return CAA_TRANSPORT_SOON;
}

unsigned caa_transport_room(const struct caa_transport *t)
{
	return t->tcp_ms != 0 && t->rest_ms == 0 && t->window > t->inflight ? t->window - t->inflight : 0;
}

void caa_transport_sent(struct caa_transport *t)
{
	t->inflight++;
}

/** Never 0. */
static uint16_t tick_of(uint64_t now_us)
{
	return (uint16_t)(caa_ms(now_us) / TICK_MS) | 1;
}

/** Whether denials were too many within a rest. */
static bool was_denied(const struct caa_transport *t, uint64_t now_us)
{
	return t->denied_tick != 0 && (uint16_t)(tick_of(now_us) - t->denied_tick) <= REST_MS / TICK_MS;
}

static void answered(struct caa_transport *t, uint64_t now_us)
{
	t->denials -= t->denials > 0;
	if (was_denied(t, now_us) && caa_ms_ahead(t->rest_ms, now_us, REST_MS))
		return;		/* it was under way when another was denied */
	t->lost = 0;
	t->rest_ms = 0;
	if (t->window >= WINDOW_MAX || (t->window >= WINDOW_SLOW && ++t->grow < t->window))
		return;
	t->wary = t->wary && t->window < WINDOW_SLOW;
	t->window += t->window == 0 ? WINDOW_FIRST : 1;
	t->grow = 0;
}

static void lost(struct caa_transport *t, uint64_t now_us)
{
	t->lost += t->lost < LOST_COUNT_MAX;
	if (t->window > 0 && t->lost < LOST_MAX)
		return;
	t->window = 0;
	t->rest_ms = caa_ms_later(now_us, t->lost == 1 ? REST_FIRST_MS : REST_MS);
	if (t->lost > 1)
		t->tcp_ms = 0;
}

/** Those that were under way with it were sent before it was known. */
static void closed(struct caa_transport *t, uint64_t now_us)
{
	if (t->before > 0)
		return;
	t->wary = true;
	t->before = t->inflight < BEFORE_MAX ? t->inflight : BEFORE_MAX;
	t->grow = 0;
	if (t->window <= 1)
		lost(t, now_us);
	else
		t->window /= 2;
}

/** Some names are denied in any case, and a limiter lets some through: it is the part of denials that tells. */
static void denied(struct caa_transport *t, uint64_t now_us)
{
	bool first = !was_denied(t, now_us);

	t->wary = true;
	t->denials = t->denials + DENIAL_WEIGHT < DENIALS_MAX ? t->denials + DENIAL_WEIGHT : DENIALS_MAX;
	if (t->window > 0 && t->denials < DENIALS_MAX)
		return;
	t->lost += t->lost < LOST_COUNT_MAX;
	t->window = 0;
	t->denials = DENIALS_MAX;
	t->denied_tick = tick_of(now_us);
	t->rest_ms = caa_ms_later(now_us, first ? REST_FIRST_MS : REST_MS);
	if (!first)
		t->tcp_ms = 0;
}

static void note(struct caa_transport *t, uint64_t now_us, enum caa_transport_end end)
{
	switch (end) {
	case CAA_TRANSPORT_ANSWERED:
		answered(t, now_us);
		break;
	case CAA_TRANSPORT_LOST:
		lost(t, now_us);
		break;
	case CAA_TRANSPORT_CLOSED:
		closed(t, now_us);
		break;
	case CAA_TRANSPORT_DENIED:
		denied(t, now_us);
		break;
	case CAA_TRANSPORT_UNKNOWN:
		break;
	}
}

void caa_transport_outcome(struct caa_transport *t, uint64_t now_us, enum caa_transport_end end)
{
	uint8_t before = t->before;

	if (t->inflight > 0)
		t->inflight--;
	note(t, now_us, end);
	t->before -= before > 0;
}

bool caa_transport_is_away(const struct caa_transport *t, uint64_t now_us)
{
	return !caa_transport_works(t) && t->lost >= AWAY && !was_denied(t, now_us);
}
