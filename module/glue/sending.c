/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/sending.h"

#include "core/pace/flight.h"
#include "glue/ctx.h"
#include "glue/host.h"

#include "services/outside_network.h"
#include "sldns/rrdef.h"
#include "util/netevent.h"
#include "util/regional.h"

enum {
	US_PER_MS = 1000,
	STILL_US = 500 * US_PER_MS	/**< a timer that is late by more: nobody looked */
};

struct caa_sending *caa_sending_of(struct caa_ctx *ctx, struct serviced_query *sq)
{
	struct caa_sending *s = sq->hook_data;
	struct caa_addr addr;

	if (s != NULL || !caa_host_addr(&addr, &sq->addr))
		return s;
	s = sq->hook_data = regional_alloc_zero(sq->region, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->sq = sq;
	s->addr = addr;
	s->question = caa_shards_question(ctx->shards, caa_host_asked(sq), (uint16_t)sq->qtype);
	s->asking.question = (uint32_t)s->question;
	s->asking.zone = (uint32_t)caa_shards_question(ctx->shards, (struct caa_name){ sq->zone, sq->zonelen }, 0);
	s->asking.caa_type = sq->qtype == LDNS_RR_TYPE_CAA;
	s->asking.turn.thread = sq->outnet;
	return s;
}

void caa_sending_flight_begin(struct caa_ctx *ctx, struct caa_sending *s, uint64_t now_us)
{
	caa_shards_flight_begin(ctx->shards, s->question, &s->addr, now_us);
	if (!s->flies)
		caa_shards_watch(ctx->shards, &s->addr);
	s->flies = true;
}

void caa_sending_flight_end(struct caa_ctx *ctx, struct caa_sending *s)
{
	if (!s->flies)
		return;
	caa_shards_flight_end(ctx->shards, s->question, &s->addr);
	caa_shards_unwatch(ctx->shards, &s->addr);
	s->flies = false;
}

bool caa_sending_has_moved(struct caa_ctx *ctx)
{
	uint64_t moved_us = atomic_load_explicit(&ctx->moved_us, memory_order_relaxed);

	return moved_us != 0 && caa_host_now_us() - moved_us < CAA_FLIGHT_LIFE_US;
}

void caa_sending_ask_again(struct caa_turn *const *turn, size_t count)
{
	struct timeval now = { 0, 0 };

	for (size_t i = 0; i < count; i++) {
		struct caa_sending *waits = (struct caa_sending *)turn[i];

		waits->due_us = 0;
		comm_timer_set(waits->sq->timer, &now);
	}
}

uint8_t caa_sending_set_by_hand(struct caa_ctx *ctx, struct caa_name zone, struct caa_zone_options *out)
{
	if (atomic_load_explicit(&ctx->rated, memory_order_relaxed) && caa_ctx_options(ctx, zone, out))
		return out->rate_line;
	return 0;
}

void caa_sending_see_if_late(struct caa_ctx *ctx, uint64_t due_us, uint64_t now_us)
{
	if (now_us > due_us + STILL_US)
		atomic_store_explicit(&ctx->stood_us, now_us, memory_order_relaxed);
}
