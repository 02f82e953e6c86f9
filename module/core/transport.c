/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/transport.h"

#include "core/ms.h"

enum {
	PREFER_MS = 10 * 60 * 1000,	/**< how long after a limit TCP is preferred */
	BROKEN_MS = 10 * 60 * 1000,	/**< how long TCP is left alone where it did not help */
	DENIED_MAX = 3,			/**< losses in a row after which TCP does not work any more */
	WINDOW_FIRST = 2,		/**< queries under way when one was answered */
	WINDOW_MAX = 128
};

void caa_transport_prefer_tcp(struct caa_transport *t, uint64_t now_us)
{
	if (!caa_ms_ahead(t->broken_ms, now_us, BROKEN_MS))
		t->tcp_ms = caa_ms_later(now_us, PREFER_MS);
}

void caa_transport_prefer_udp(struct caa_transport *t)
{
	t->tcp_ms = 0;
}

enum caa_transport_choice caa_transport_choose(struct caa_transport *t, uint64_t now_us, bool must)
{
	if (caa_ms_ahead(t->broken_ms, now_us, BROKEN_MS) || (!must && !caa_ms_ahead(t->tcp_ms, now_us, PREFER_MS)))
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
		t->broken_ms = caa_ms_later(now_us, BROKEN_MS);
	}
}
