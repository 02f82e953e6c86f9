/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/hooks.h"

#include "glue/ctx.h"
#include "glue/host.h"
#include "glue/query.h"

#include "services/mesh.h"
#include "services/outbound_list.h"
#include "services/outside_network.h"
#include "sldns/rrdef.h"
#include "util/netevent.h"
#include "util/rbtree.h"

#include <limits.h>

enum {
	/** Query states that are looked at to find the CAA questions that wait for a query: the sets can be
	 *  large (thousands wait for one nameserver's address), and a few tell what is needed. */
	CLAIM_STATES = 64,
	/** Lookups that wait for lookups: a CAA question, a DNSKEY, a DS, a nameserver's address, with room. */
	CLAIM_DEPTH = 8,
	/** What another address costs while a question is under way to one: more than the band of round trip
	 *  times, 400 ms, in which Unbound chooses at random, less than what a server that fails costs. */
	DETOUR_MS = 1000
};

/** What the CAA questions that wait for a query ask of its send. */
struct claim {
	bool caa;			/**< there is one */
	struct caa_zone_options zone;	/**< of the one with the lowest rate */
	uint64_t deadline_us;		/**< the latest end of a budget */
	unsigned seen;			/**< query states looked at */
};

static bool enabled(struct caa_ctx *ctx)
{
	return atomic_load_explicit(&ctx->enabled, memory_order_relaxed);
}

static void claim_add(struct claim *claim, const struct caa_query *query)
{
	uint64_t deadline_us = query->started_us + (uint64_t)query->zone.budget_s * 1000000;
	uint32_t rate_qps = query->zone.rate_qps;

	if (!claim->caa || (rate_qps != 0 && (claim->zone.rate_qps == 0 || rate_qps < claim->zone.rate_qps)))
		claim->zone = query->zone;
	if (deadline_us > claim->deadline_us)
		claim->deadline_us = deadline_us;
	claim->caa = true;
}

/** Look at a query state and at those that wait for it. */
static void claim_visit(struct caa_ctx *ctx, struct claim *claim, struct module_qstate *qstate, unsigned depth)
{
	const struct caa_query *query = caa_query_of(ctx, qstate);
	struct mesh_state_ref *super;

	claim->seen++;
	if (query != NULL) {
		claim_add(claim, query);
		return;
	}
	if (depth >= CLAIM_DEPTH)
		return;
	RBTREE_FOR(super, struct mesh_state_ref *, &qstate->mesh_info->super_set) {
		if (claim->seen >= CLAIM_STATES)
			return;
		claim_visit(ctx, claim, &super->s->s, depth + 1);
	}
}

static struct claim claim_of(struct caa_ctx *ctx, const struct serviced_query *sq)
{
	struct claim claim = { .caa = false };

	for (const struct service_callback *cb = sq->cblist; cb != NULL && claim.seen < CLAIM_STATES; cb = cb->next) {
		const struct outbound_entry *entry = cb->cb_arg;

		claim_visit(ctx, &claim, entry->qstate, 0);
	}
	return claim;
}

static void count_sent(struct caa_ctx *ctx, bool caa, bool tcp)
{
	caa_stats_add(&ctx->stats, caa ? CAA_STAT_sent_caa : CAA_STAT_sent_other, 1);
	if (tcp)
		caa_stats_add(&ctx->stats, CAA_STAT_sent_tcp, 1);
}

static void count_outcome(struct caa_ctx *ctx, const struct caa_addr *addr, enum caa_stat stat, enum caa_packet what)
{
	caa_stats_add(&ctx->stats, stat, 1);
	caa_shards_outcome(ctx->shards, addr, what);
}

/** @return the question of a query that is being sent, for the table of questions under way. */
static uint64_t question_of(struct caa_ctx *ctx, const struct serviced_query *sq)
{
	/* flags and four counts come before the name, type and class after it */
	const struct caa_name name = { sq->qbuf + 10, sq->qbuflen - 10 - 4 };

	return caa_shards_question(ctx->shards, name, (uint16_t)sq->qtype);
}

/** The query has a place: wait for it, or leave now. */
static int64_t pace_booked(struct caa_ctx *ctx, struct serviced_query *sq, const struct caa_addr *addr,
	uint64_t now_us, bool queued, bool tcp)
{
	if (sq->hook_slot > now_us)
		return (int64_t)(sq->hook_slot - now_us);
	if (!queued) {
		sq->hook_slot = 0;
		caa_shards_sent_caa(ctx->shards, addr, now_us);
		count_sent(ctx, true, tcp);
	}
	return 0;
}

/** Ask for a place at the upstream. */
static int64_t pace_caa(struct caa_ctx *ctx, struct serviced_query *sq, const struct caa_addr *addr,
	const struct claim *claim, uint64_t now_us, bool queued, bool tcp)
{
	uint64_t wait_us = 0;
	const uint64_t limit_us = claim->deadline_us > now_us ? claim->deadline_us - now_us : 0;

	switch (caa_shards_book(ctx->shards, addr, &claim->zone, now_us, limit_us, &wait_us)) {
	case CAA_BOOKED:
		if (wait_us > 0)
			caa_stats_wait(&ctx->stats, wait_us);
		sq->hook_slot = now_us + wait_us;
		break;
	case CAA_REFUSED:
		/* A queued query cannot end yet.  It asks again when it is to be sent, and is counted then. */
		if (!queued)
			count_outcome(ctx, addr, CAA_STAT_refused, CAA_PACKET_REFUSED);
		return -1;
	case CAA_UNPACED:
		if (!queued)
			caa_stats_add(&ctx->stats, CAA_STAT_unpaced, 1);
		sq->hook_slot = now_us;
		break;
	}
	caa_shards_flight_begin(ctx->shards, question_of(ctx, sq), addr, now_us);
	return pace_booked(ctx, sq, addr, now_us, queued, tcp);
}

static int64_t pace(void *arg, struct serviced_query *sq, int queued, int *tcp)
{
	struct caa_ctx *ctx = arg;
	struct caa_addr addr;
	struct claim claim;
	uint64_t now_us;

	if (!enabled(ctx) || !caa_host_addr(&addr, &sq->addr))
		return 0;
	now_us = caa_host_now_us();
	if (sq->hook_slot != 0)
		return pace_booked(ctx, sq, &addr, now_us, queued, *tcp);
	claim = claim_of(ctx, sq);
	if (claim.caa)
		return pace_caa(ctx, sq, &addr, &claim, now_us, queued, *tcp);
	if (!queued) {
		caa_shards_sent_other(ctx->shards, &addr, now_us);
		count_sent(ctx, false, *tcp);
	}
	return 0;
}

static void outcome(void *arg, struct serviced_query *sq, int tcp, int error, struct sldns_buffer *reply)
{
	struct caa_ctx *ctx = arg;
	struct caa_addr addr;

	(void)tcp;
	(void)reply;
	if (!enabled(ctx) || !caa_host_addr(&addr, &sq->addr))
		return;
	caa_shards_flight_end(ctx->shards, question_of(ctx, sq), &addr);
	switch (error) {
	case NETEVENT_NOERROR:
		count_outcome(ctx, &addr, CAA_STAT_replied, CAA_PACKET_REPLIED);
		return;
	case NETEVENT_TIMEOUT:
		count_outcome(ctx, &addr, CAA_STAT_timed_out, CAA_PACKET_TIMED_OUT);
		return;
	case NETEVENT_CAPSFAIL:	/* counted as an answer already */
		return;
	case MODULE_HOOKS_ABANDONED:
		if (sq->pending != NULL)
			caa_stats_add(&ctx->stats, CAA_STAT_abandoned, 1);
		return;
	default:
		count_outcome(ctx, &addr, CAA_STAT_failed, CAA_PACKET_FAILED);
	}
}

static int cost(void *arg, struct sockaddr_storage *ss, socklen_t len, struct query_info *qout)
{
	struct caa_ctx *ctx = arg;
	struct caa_addr addr, under_way;
	uint64_t now_us, cost_ms;

	(void)len;
	if (!enabled(ctx) || !caa_host_addr(&addr, ss))
		return 0;
	now_us = caa_host_now_us();
	cost_ms = caa_shards_wait(ctx->shards, &addr, now_us) / 1000;
	if (caa_shards_flight_find(ctx->shards, caa_shards_question(ctx->shards, caa_host_qname(qout), qout->qtype),
		now_us, &under_way)) {
		if (caa_addr_equal(&under_way, &addr))
			return 0;	/* to join costs no place */
		cost_ms += DETOUR_MS;
	}
	return cost_ms < INT_MAX ? (int)cost_ms : INT_MAX;
}

static int minimise_with_qtype(void *arg, struct module_qstate *qstate, struct query_info *qchase)
{
	return qchase->qtype == LDNS_RR_TYPE_CAA && caa_query_of(arg, qstate) != NULL;
}

void caa_hooks_set(struct caa_ctx *ctx, struct module_hooks *hooks)
{
	hooks->arg = ctx;
	hooks->upstream_pace = pace;
	hooks->upstream_outcome = outcome;
	hooks->upstream_cost = cost;
	hooks->minimise_with_qtype = minimise_with_qtype;
}
