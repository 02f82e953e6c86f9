/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/hooks.h"

#include "glue/ctx.h"
#include "glue/failure.h"
#include "glue/host.h"
#include "glue/query.h"

#include "iterator/iter_delegpt.h"
#include "services/mesh.h"
#include "services/outbound_list.h"
#include "services/outside_network.h"
#include "sldns/rrdef.h"
#include "sldns/sbuffer.h"
#include "util/config_file.h"
#include "util/data/dname.h"
#include "util/netevent.h"
#include "util/rbtree.h"
#include "util/regional.h"

#include <limits.h>

enum {
	/** Query states that are looked at to find the CAA questions that wait for a query: the sets can be
	 *  large (thousands wait for one nameserver's address), and a few tell what is needed. */
	CLAIM_STATES = 64,
	/** Lookups that wait for lookups: a CAA question, a DNSKEY, a DS, a nameserver's address, with room. */
	CLAIM_DEPTH = 8,
	/** What another address costs while a question is under way to one: more than the band of round trip
	 *  times, 400 ms, in which Unbound chooses at random, less than what a server that fails costs. */
	DETOUR_MS = 1000,
	MOVES = 4,	/**< times that a question may leave an address for another, ... */
	MOVES_EVERY_US = 2000000,	/**< ... and once more after so long: each counts as an attempt for Unbound */
	TARGETS_MAX = 16,	/**< addresses of a zone that are looked at for a shorter wait */
	/** octet of a header with the lower bits of the RCODE, and those */
	FLAGS_AT = 3, RCODE_LOW = 0x0f
};

/** The CAA questions that wait for a query, and what they ask of its send. */
struct claims {
	struct caa_query *query[CLAIM_STATES];
	unsigned count;			/**< of them */
	unsigned seen;			/**< query states looked at */
};

static bool enabled(struct caa_ctx *ctx)
{
	return atomic_load_explicit(&ctx->enabled, memory_order_relaxed);
}

/** Look at a query state and at those that wait for it. */
static void claims_visit(struct caa_ctx *ctx, struct claims *claims, struct module_qstate *qstate, unsigned depth)
{
	struct caa_query *query = caa_query_of(ctx, qstate);
	struct mesh_state_ref *super;

	claims->seen++;
	if (query != NULL) {
		claims->query[claims->count++] = query;
		return;
	}
	if (depth >= CLAIM_DEPTH)
		return;
	RBTREE_FOR(super, struct mesh_state_ref *, &qstate->mesh_info->super_set) {
		if (claims->seen >= CLAIM_STATES)
			return;
		claims_visit(ctx, claims, &super->s->s, depth + 1);
	}
}

static void claims_find(struct caa_ctx *ctx, struct claims *claims, const struct serviced_query *sq)
{
	claims->count = claims->seen = 0;
	for (const struct service_callback *cb = sq->cblist; cb != NULL && claims->seen < CLAIM_STATES; cb = cb->next) {
		const struct outbound_entry *entry = cb->cb_arg;

		claims_visit(ctx, claims, entry->qstate, 0);
	}
}

/** The options of the one with the lowest rate set by hand, the latest end of a budget, the least moves. */
static struct caa_wish wish_of(const struct claims *claims, uint64_t now_us, bool queued, bool tcp)
{
	struct caa_wish wish = { .zone = &claims->query[0]->zone, .now_us = now_us, .other_us = UINT64_MAX,
		.queued = queued, .tcp = tcp };

	for (unsigned i = 0; i < claims->count; i++) {
		const struct caa_query *query = claims->query[i];
		uint32_t rate_qps = query->zone.rate_qps;

		if (rate_qps != 0 && (wish.zone->rate_qps == 0 || rate_qps < wish.zone->rate_qps))
			wish.zone = &query->zone;
		if (caa_query_deadline_us(query) > wish.deadline_us)
			wish.deadline_us = caa_query_deadline_us(query);
		wish.repeated = wish.repeated || query->lost;
		wish.may_move = wish.may_move || query->moves < MOVES + (now_us - query->started_us) / MOVES_EVERY_US;
	}
	return wish;
}

/** Whether every question has heard from the address that it does not implement the type. */
static bool refused_by(const struct claims *claims, const struct caa_addr *addr)
{
	for (unsigned i = 0; i < claims->count; i++) {
		const struct caa_query *query = claims->query[i];
		unsigned r = 0;

		while (r < query->refusers && !caa_addr_equal(&query->refuser[r], addr))
			r++;
		if (r == query->refusers)
			return false;
	}
	return true;
}

/** Whether no question is served by sending for it. */
static bool idle(struct caa_ctx *ctx, const struct claims *claims)
{
	unsigned i = 0;

	while (i < claims->count && caa_merging_idle(ctx, &claims->query[i]->merged))
		i++;
	return i == claims->count;
}

static void note_refuser(struct caa_query *query, const struct caa_addr *addr)
{
	if (query->refusers < CAA_QUERY_REFUSERS)
		query->refuser[query->refusers++] = *addr;
}

/** @return the state of a query, made with it; NULL if there is no memory. */
static struct caa_asking *asking_of(struct serviced_query *sq)
{
	if (sq->hook_data == NULL)
		sq->hook_data = regional_alloc_zero(sq->region, sizeof(struct caa_asking));
	return sq->hook_data;
}

/** @return the shortest wait that a query would have at another address of its zone; UINT64_MAX if there is none. */
static uint64_t other_wait_us(struct caa_ctx *ctx, const struct serviced_query *sq, const struct caa_addr *addr,
	uint64_t now_us)
{
	const struct outbound_entry *entry = sq->cblist->cb_arg;
	const struct delegpt *dp = caa_host_delegation(entry->qstate);
	uint64_t least_us = UINT64_MAX;
	unsigned seen = 0;

	if (dp == NULL || query_dname_compare(dp->name, sq->zone) != 0)
		return UINT64_MAX;
	for (struct delegpt_addr *a = dp->target_list; a != NULL && seen < TARGETS_MAX; a = a->next_target, seen++) {
		struct caa_addr other;
		uint64_t wait_us;

		if (!caa_host_addr(&other, &a->addr) || caa_addr_equal(&other, addr) || a->lame || a->bogus)
			continue;
		if (!caa_shards_free(ctx->shards, &other, now_us, &wait_us))
			continue;
		if (wait_us < least_us)
			least_us = wait_us;
	}
	return least_us;
}

/** @return the question of a query that is being sent, for the table of questions under way. */
static uint64_t question_of(struct caa_ctx *ctx, const struct serviced_query *sq)
{
	/* flags and four counts come before the name, type and class after it */
	const struct caa_name name = { sq->qbuf + 10, sq->qbuflen - 10 - 4 };

	return caa_shards_question(ctx->shards, name, (uint16_t)sq->qtype);
}

static struct caa_packet packet_of(struct sldns_buffer *reply)
{
	struct caa_packet packet;

	(void)caa_packet_read(&packet, sldns_buffer_begin(reply), sldns_buffer_limit(reply));
	return packet;
}

static void count_sent(struct caa_ctx *ctx, bool caa, bool tcp)
{
	caa_stats_add(&ctx->stats, caa ? CAA_STAT_sent_caa : CAA_STAT_sent_other, 1);
	if (tcp)
		caa_stats_add(&ctx->stats, CAA_STAT_sent_tcp, 1);
}

/** It leaves now, unless it is only queued. */
static int64_t leaves(struct caa_ctx *ctx, const struct caa_asking *q, const struct caa_wish *wish, bool tcp)
{
	if (wish->queued)
		return 0;
	if (q->waited)
		caa_stats_wait(&ctx->stats, wish->now_us - q->placed_us);
	count_sent(ctx, true, tcp);
	return 0;
}

/** It does not leave: the questions go on elsewhere. */
static int64_t turned_away(struct caa_ctx *ctx, const struct serviced_query *sq, const struct caa_addr *addr,
	const struct claims *claims, const struct caa_wish *wish, enum caa_stat stat)
{
	if (wish->queued)
		return -1;	/* it cannot end yet: it asks again when it is to be sent, and is counted then */
	/* before they choose another address */
	caa_shards_flight_end(ctx->shards, question_of(ctx, sq), addr);
	for (unsigned i = 0; i < claims->count; i++) {
		claims->query[i]->tries.passing++;
		claims->query[i]->moves++;
	}
	caa_stats_add(&ctx->stats, stat, 1);
	return -1;
}

static int64_t pace_caa(struct caa_ctx *ctx, struct serviced_query *sq, struct caa_asking *q, const struct caa_addr *addr,
	const struct claims *claims, const struct caa_wish *wish, int *tcp)
{
	uint64_t wait_us = 0;
	enum caa_gate gate;
	bool known;

	if (refused_by(claims, addr) || idle(ctx, claims))
		return -1;
	gate = caa_shards_ask(ctx->shards, addr, q, wish, &wait_us, &known);
	if (!known && !wish->queued)
		caa_stats_add(&ctx->stats, CAA_STAT_unpaced, 1);
	switch (gate) {
	case CAA_GATE_SEND_TCP:
		*tcp = 1;
		return leaves(ctx, q, wish, true);
	case CAA_GATE_SEND:
		sq->hook_timeout = (int)q->patience_ms;
		caa_shards_flight_begin(ctx->shards, question_of(ctx, sq), addr, wish->now_us);
		return leaves(ctx, q, wish, *tcp);
	case CAA_GATE_WAIT:
		caa_shards_flight_begin(ctx->shards, question_of(ctx, sq), addr, wish->now_us);
		return (int64_t)wait_us;
	case CAA_GATE_LATE:
		if (!wish->queued)
			caa_failure_late(ctx, claims->query, claims->count, sq, addr);
		return turned_away(ctx, sq, addr, claims, wish, CAA_STAT_refused);
	case CAA_GATE_ELSEWHERE:
		return turned_away(ctx, sq, addr, claims, wish, CAA_STAT_moved);
	}
	return 0;
}

static int64_t pace(void *arg, struct serviced_query *sq, int queued, int *tcp)
{
	struct caa_ctx *ctx = arg;
	struct caa_asking *q;
	struct caa_addr addr;
	struct claims claims;
	uint64_t now_us;

	if (!enabled(ctx) || !caa_host_addr(&addr, &sq->addr) || (q = asking_of(sq)) == NULL)
		return 0;
	now_us = caa_host_now_us();
	q->zone = (uint32_t)caa_shards_question(ctx->shards, (struct caa_name){ sq->zone, sq->zonelen }, 0);
	q->question = (uint32_t)question_of(ctx, sq);
	claims_find(ctx, &claims, sq);
	for (unsigned i = 0; i < claims.count; i++)
		caa_merging_sent(ctx, &claims.query[i]->merged, sq);
	/* Where TCP or TLS is configured there is nothing to choose, and nothing of UDP's limits to learn. */
	if (claims.count > 0 && !sq->tcp_upstream && !sq->ssl_upstream) {
		struct caa_wish wish = wish_of(&claims, now_us, queued, *tcp);

		if (wish.may_move && q->placed)
			wish.other_us = other_wait_us(ctx, sq, &addr, now_us);
		return pace_caa(ctx, sq, q, &addr, &claims, &wish, tcp);
	}
	if (!queued) {
		caa_shards_other(ctx->shards, &addr, q, now_us, *tcp);
		sq->hook_timeout = 0;
		count_sent(ctx, claims.count > 0, *tcp);
	}
	return 0;
}

static size_t cookie(void *arg, struct serviced_query *sq, uint8_t *out)
{
	struct caa_ctx *ctx = arg;
	struct caa_addr addr;
	struct caa_asking *q = sq->hook_data;

	if (!enabled(ctx) || q == NULL || !q->caa || !q->cookies || !caa_host_addr(&addr, &sq->addr))
		return 0;
	return caa_shards_cookie(ctx->shards, &addr, q, caa_host_now_us(), out);
}

static int accept_reply(void *arg, struct serviced_query *sq, struct sldns_buffer *reply)
{
	struct caa_ctx *ctx = arg;
	struct caa_asking *q = sq->hook_data;
	struct caa_packet packet;
	struct caa_addr addr;

	if (!enabled(ctx) || q == NULL || !q->cookie.client_sent || !caa_host_addr(&addr, &sq->addr))
		return 1;
	packet = packet_of(reply);
	if (caa_shards_accept(ctx->shards, &addr, q, caa_host_now_us(), &packet))
		return 1;
	caa_stats_add(&ctx->stats, CAA_STAT_forged, 1);
	return 0;
}

/** Whether the attempt had EDNS. */
static bool has_edns(const struct serviced_query *sq)
{
	return sq->status == serviced_query_UDP_EDNS || sq->status == serviced_query_UDP_EDNS_FRAG ||
		sq->status == serviced_query_TCP_EDNS;
}

/** Unbound drops the upper bits of an RCODE (RFC 6891, section 6.1.3) and would take what is left of them, NOERROR or NXDOMAIN,
 *  as a proof that there is no record.  BADVERS becomes FORMERR, so that the server is asked without EDNS; any other such
 *  error becomes SERVFAIL. */
static void keep_error(struct sldns_buffer *reply, const struct caa_packet *packet)
{
	uint8_t rcode = packet->rcode == CAA_RCODE_BADVERS ? CAA_RCODE_FORMERR : CAA_RCODE_SERVFAIL;

	if (packet->rcode <= RCODE_LOW)
		return;
	sldns_buffer_write_u8_at(reply, FLAGS_AT, (uint8_t)((sldns_buffer_read_u8_at(reply, FLAGS_AT) & ~RCODE_LOW) | rcode));
}

static int again(void *arg, struct serviced_query *sq, int tcp, struct sldns_buffer *reply)
{
	struct caa_ctx *ctx = arg;
	struct caa_asking *q = sq->hook_data;
	struct caa_packet packet;
	struct caa_addr addr;

	(void)tcp;
	if (!enabled(ctx) || q == NULL || !q->caa || !caa_host_addr(&addr, &sq->addr))
		return MODULE_HOOKS_USUAL;
	packet = packet_of(reply);
	switch (caa_shards_again(ctx->shards, &addr, q, caa_host_now_us(), &packet, has_edns(sq))) {
	case CAA_AGAIN_NO:
		keep_error(reply, &packet);
		break;
	case CAA_AGAIN_SEND:
		return MODULE_HOOKS_AGAIN;
	case CAA_AGAIN_FINAL: {
		struct claims claims;

		claims_find(ctx, &claims, sq);
		for (unsigned i = 0; i < claims.count; i++)
			note_refuser(claims.query[i], &addr);
		return MODULE_HOOKS_FINAL;
	}
	}
	return MODULE_HOOKS_USUAL;
}

static enum caa_end end_of(int error)
{
	switch (error) {
	case NETEVENT_NOERROR:
		return CAA_END_ANSWER;
	case NETEVENT_TIMEOUT:
		return CAA_END_TIMEOUT;
	case MODULE_HOOKS_ABANDONED:
		return CAA_END_ABANDONED;
	default:
		return CAA_END_ERROR;
	}
}

static void count_end(struct caa_ctx *ctx, enum caa_end end, const struct caa_asking *before)
{
	switch (end) {
	case CAA_END_ANSWER:
		caa_stats_add(&ctx->stats, CAA_STAT_replied, 1);
		break;
	case CAA_END_TIMEOUT:
		caa_stats_add(&ctx->stats, CAA_STAT_timed_out, 1);
		break;
	case CAA_END_ERROR:
		caa_stats_add(&ctx->stats, CAA_STAT_failed, 1);
		break;
	case CAA_END_ABANDONED:
		if (before->udp || before->tcp)
			caa_stats_add(&ctx->stats, CAA_STAT_abandoned, 1);
		break;
	}
	if (before->cookie.server_sent && end != CAA_END_ABANDONED)
		caa_stats_add(&ctx->stats, CAA_STAT_cookies, 1);
}

/** Tell the questions. */
static void note_outcome(const struct claims *claims, enum caa_end end, const struct caa_outcome *o)
{
	for (unsigned i = 0; i < claims->count; i++) {
		struct caa_query *query = claims->query[i];

		query->lost = o->passing || o->denied;
		if (o->passing)
			query->tries.passing++;
		else if (o->denied)
			query->tries.denied++;
		else if (end == CAA_END_ANSWER)
			query->tries.answered++;
	}
}

/** Tell those who wait to know what is above their names. */
static void note_news(struct caa_ctx *ctx, const struct claims *claims, const struct serviced_query *sq, enum caa_end end,
	const struct caa_outcome *o, struct sldns_buffer *reply)
{
	for (unsigned i = 0; i < claims->count; i++) {
		if (o->denied || (end == CAA_END_TIMEOUT && o->alive))
			caa_merging_lost(ctx, &claims->query[i]->merged, sq, o->denied);
		else if (end == CAA_END_ANSWER)
			caa_merging_answered(ctx, &claims->query[i]->merged, sq, reply);
	}
}

static void outcome(void *arg, struct serviced_query *sq, int tcp, int error, struct sldns_buffer *reply)
{
	struct caa_ctx *ctx = arg;
	struct caa_packet packet = { .rcode = 0 };
	struct caa_asking *q = sq->hook_data, before;
	enum caa_end end = end_of(error);
	struct caa_outcome o;
	uint64_t now_us;
	struct caa_addr addr;
	struct claims claims;

	if (!enabled(ctx) || q == NULL || !caa_host_addr(&addr, &sq->addr))
		return;
	if (error == NETEVENT_CAPSFAIL) {	/* the answer was noted already */
		claims_find(ctx, &claims, sq);
		caa_failure_caps(claims.query, claims.count);
		return;
	}
	before = *q;
	caa_shards_flight_end(ctx->shards, question_of(ctx, sq), &addr);
	if (reply != NULL)
		packet = packet_of(reply);
	now_us = caa_host_now_us();
	o = caa_shards_outcome(ctx->shards, &addr, q, now_us, end, &packet, tcp);
	count_end(ctx, end, &before);
	if (o.limited)
		caa_stats_add(&ctx->stats, CAA_STAT_limits, 1);
	if (!before.caa || end == CAA_END_ABANDONED)
		return;
	claims_find(ctx, &claims, sq);
	note_outcome(&claims, end, &o);
	caa_failure_outcome(ctx, claims.query, claims.count, sq, &addr, &before, now_us, end, tcp, reply);
	note_news(ctx, &claims, sq, end, &o, reply);
	if (end == CAA_END_TIMEOUT && o.alive)
		caa_host_forget_timeouts(sq->outnet->infra, &sq->addr, sq->addrlen, sq->zone, sq->zonelen,
			o.lately ? o.srtt_us : 0);
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
	cost_ms = caa_shards_cost(ctx->shards, &addr, now_us) / 1000;
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
	const struct caa_query *query = caa_query_of(arg, qstate);

	if (qchase->qtype != LDNS_RR_TYPE_CAA || query == NULL)
		return MODULE_HOOKS_MINIMISE_USUAL;
	if (query->merged.whole && !qstate->env->cfg->qname_minimisation_strict &&
	    caa_name_equal(caa_host_qname(qchase), caa_host_qname(&qstate->qinfo)))
		return MODULE_HOOKS_MINIMISE_NOT;
	return MODULE_HOOKS_MINIMISE_QTYPE;
}

void caa_hooks_set(struct caa_ctx *ctx, struct module_hooks *hooks)
{
	hooks->arg = ctx;
	hooks->upstream_pace = pace;
	hooks->upstream_outcome = outcome;
	hooks->upstream_cost = cost;
	hooks->upstream_cookie = cookie;
	hooks->upstream_accept = accept_reply;
	hooks->upstream_again = again;
	hooks->minimise_with_qtype = minimise_with_qtype;
	hooks->event = caa_merging_event;
}
