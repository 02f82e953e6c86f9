/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/transport.h"

enum {
	US_PER_MS = 1000,
	PREFER_MS = 10 * 60 * 1000,	/**< how long after a limit TCP is preferred */
	BROKEN_MS = 10 * 60 * 1000,	/**< how long TCP is left alone where it did not help */
	DENIED_MAX = 3,			/**< losses in a row after which TCP does not work any more */
	APART_MS = 1000,		/**< how far the clocks of two callers are apart at most */
	WINDOW_FIRST = 2,		/**< queries under way when one was answered */
	WINDOW_MAX = 128
};

static uint32_t ms_of(uint64_t us)
{
	return (uint32_t)(us / US_PER_MS);
}

/** A time in the future, never 0. */
static uint32_t later(uint64_t now_us, uint32_t ms)
{
	uint32_t then_ms = ms_of(now_us) + ms;

	return then_ms != 0 ? then_ms : 1;
}

/** Whether a time is set and still ahead, by at most what it was set to: weeks later it is past, too.  The threads read
 *  their clocks before they meet here, so one may come from a little before it was set. */
static bool ahead(uint32_t then_ms, uint64_t now_us, uint32_t most_ms)
{
	uint32_t left_ms = then_ms - ms_of(now_us);

	return then_ms != 0 && left_ms != 0 && left_ms <= most_ms + APART_MS;
}

void caa_transport_prefer_tcp(struct caa_transport *t, uint64_t now_us)
{
	if (!ahead(t->broken_ms, now_us, BROKEN_MS))
		t->tcp_ms = later(now_us, PREFER_MS);
}

void caa_transport_prefer_udp(struct caa_transport *t)
{
	t->tcp_ms = 0;
}

enum caa_transport_choice caa_transport_choose(struct caa_transport *t, uint64_t now_us, bool must)
{
	if (ahead(t->broken_ms, now_us, BROKEN_MS) || (!must && !ahead(t->tcp_ms, now_us, PREFER_MS)))
		return CAA_TRANSPORT_UDP;
	if (t->inflight == 0 || t->inflight < t->window)
		return CAA_TRANSPORT_TCP;
	return CAA_TRANSPORT_SOON;
}

void caa_transport_sent(struct caa_transport *t)
{
	t->inflight++;
}

void caa_transport_outcome(struct caa_transport *t, uint64_t now_us, bool answered, bool known)
{
	if (t->inflight > 0)
		t->inflight--;
	if (!known)
		return;
	if (answered) {
		if (t->window < WINDOW_MAX)
			t->window += t->window == 0 ? WINDOW_FIRST : 1;
		t->denied = 0;
		return;
	}
	if (t->denied < DENIED_MAX)
		t->denied++;
	if (t->window == 0 || t->denied >= DENIED_MAX) {
		t->window = 0;
		t->denied = 0;
		t->tcp_ms = 0;
		t->broken_ms = later(now_us, BROKEN_MS);
	}
}
