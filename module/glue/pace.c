/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/pace.h"

#include "core/fleet/share.h"
#include "core/pace/egress.h"
#include "glue/beside.h"
#include "glue/claims.h"
#include "glue/ctx.h"
#include "glue/failure.h"
#include "glue/fleet.h"
#include "glue/host.h"
#include "glue/merge.h"
#include "glue/places.h"
#include "glue/query.h"
#include "glue/reporting.h"
#include "glue/sending.h"

#include "iterator/iter_delegpt.h"
#include "services/mesh.h"
#include "services/outbound_list.h"
#include "services/outside_network.h"
#include "sldns/rrdef.h"
#include "util/data/dname.h"
#include "util/module_hooks.h"

#include <limits.h>
#include <string.h>

enum {
	/** What another address costs while a question is under way to one: more than the band of round trip
	 *  times, 400 ms, in which Unbound chooses at random, less than what a server that fails costs. */
	DETOUR_MS = 1000,
	US_PER_MS = 1000,
	TURN_US = US_PER_MS,	/**< a turn of the thread's loop is over then */
	TARGETS_MAX = 16	/**< addresses of a zone that are looked at for a shorter wait */
};

/** @param best: the address of the wait; untouched if there is none.
 *  @return the shortest wait that a query would have at another address of its zone; UINT64_MAX if there is none. */
static uint64_t other_wait_us(struct caa_ctx *ctx, const struct serviced_query *sq, const struct caa_addr *addr,
	uint8_t line, uint64_t now_us, struct caa_addr *best)
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
		other.line = line;
		if (!caa_shards_free(ctx->shards, &other, now_us, &wait_us))
			continue;
		if (wait_us < least_us) {
			least_us = wait_us;
			*best = other;
		}
	}
	return least_us;
}

static void count_sent(struct caa_ctx *ctx, bool caa, bool tcp)
{
	caa_stats_add(&ctx->stats, caa ? CAA_STAT_sent_caa : CAA_STAT_sent_other, 1);
	if (tcp)
		caa_stats_add(&ctx->stats, CAA_STAT_sent_tcp, 1);
}

/** It leaves now, unless it is only queued. */
static int64_t leaves(struct caa_ctx *ctx, struct caa_asking *q, const struct caa_wish *wish, bool tcp)
{
	if (wish->queued)
		return 0;
	if (q->waited)
		caa_stats_wait(&ctx->stats, wish->now_us - q->placed_us);
	q->out = true;
	count_sent(ctx, true, tcp);
	return 0;
}

/** It was not sent, and is nothing that happened on the network: the iterator is not to count it.
 *  @param use_up: it is not to choose the address again. */
static void unsend(struct serviced_query *sq, bool use_up)
{
	for (const struct service_callback *cb = sq->cblist; cb != NULL; cb = cb->next) {
		const struct outbound_entry *entry = cb->cb_arg;

		caa_host_unsend(entry->qstate, &sq->addr, sq->addrlen, use_up);
	}
}

/** It does not leave: the questions go on elsewhere, or end.
 *  @param other: where; NULL if there is no time for another address either. */
static int64_t turned_away(struct caa_ctx *ctx, struct caa_sending *s, const struct caa_claims *claims, const struct caa_wish *wish,
	const struct caa_addr *other)
{
	bool late = other == NULL;

	if (wish->queued)
		return -1;	/* it cannot end yet: it asks again when it is to be sent, and is counted then */
	caa_sending_flight_end(ctx, s);	/* before they choose another address */
	if (!late && s->sq->qtype != LDNS_RR_TYPE_CAA) {	/* what a wait costs says nothing to other types, see cost() */
		caa_shards_flight_begin(ctx->shards, s->question, other, wish->now_us);
		atomic_store_explicit(&ctx->moved_us, wish->now_us, memory_order_relaxed);
	}
	for (unsigned i = 0; i < claims->count; i++) {
		claims->query[i]->tries.passing++;
		claims->query[i]->moves++;
	}
	unsend(s->sq, late);
	caa_stats_add(&ctx->stats, late ? CAA_STAT_refused : CAA_STAT_moved, 1);
	return -1;
}

/** It is not asked any more. */
static int64_t given_up(struct serviced_query *sq, const struct caa_claims *claims, const struct caa_wish *wish, bool idle)
{
	if (wish->queued)
		return -1;
	for (unsigned i = 0; i < claims->count; i++)
		claims->query[i]->given_up = claims->query[i]->given_up || idle;
	unsend(sq, true);
	return -1;
}

/** What there is to choose from where there is a choice. */
static void choices(struct caa_ctx *ctx, struct caa_wish *wish, const struct serviced_query *sq)
{
	wish->room = caa_places_of(ctx->places, sq);
	wish->sources = caa_host_sources(sq, &wish->netblocks);
	if (wish->sources > CAA_EGRESS_MAX)
		wish->sources = CAA_EGRESS_MAX;
	if (wish->sources > 1)
		wish->random = caa_host_random(sq);
}

/** How long an answer is waited for, in ms: at least, and at most, which counts if it is less; 0 = as Unbound does. */
static void set_waits(struct serviced_query *sq, uint32_t least_ms, uint32_t most_ms)
{
	sq->hook_least = (int)least_ms;
	sq->hook_timeout = (int)most_ms;
}

/** Where it is under way, for others with the same question.  A query of another type that moved here has arrived. */
static void note_flight(struct caa_ctx *ctx, struct caa_sending *s, uint64_t now_us)
{
	if (s->sq->qtype == LDNS_RR_TYPE_CAA)
		caa_sending_flight_begin(ctx, s, now_us);
	else if (caa_sending_has_moved(ctx))
		caa_shards_flight_end(ctx->shards, s->question, &s->addr);
}

static int64_t pace_caa(struct caa_ctx *ctx, struct caa_sending *s, const struct caa_claims *claims, struct caa_wish *wish,
	const struct caa_addr *other, int *tcp)
{
	struct serviced_query *sq = s->sq;
	struct caa_asking *q = &s->asking;
	const struct caa_addr *addr = &s->addr;
	uint64_t beside_us = caa_beside_look(ctx, claims, s, wish->now_us), wait_us;
	bool final = caa_claims_are_final(claims, q, addr), known;
	enum caa_gate gate;

	if (final || caa_claims_are_idle(ctx, claims))
		return given_up(sq, claims, wish, !final);
	wait_us = caa_claims_denied_wait_us(claims, q, addr, wish->now_us);
	if (beside_us > wait_us)
		wait_us = beside_us;
	if (wait_us > 0 && wish->now_us + wait_us < wish->deadline_us)
		return (int64_t)wait_us;
	choices(ctx, wish, sq);
	gate = caa_shards_ask(ctx->shards, addr, q, wish, &wait_us, &known);
	if (known)
		caa_sending_ask_again(q->neighbour, q->neighbours);
	else if (!wish->queued)
		caa_stats_add(&ctx->stats, CAA_STAT_unpaced, 1);
	switch (gate) {
	case CAA_GATE_SEND_TCP:
		*tcp = 1;
		set_waits(sq, q->least_ms, q->patience_ms);
		return leaves(ctx, q, wish, true);
	case CAA_GATE_SEND:
		set_waits(sq, q->least_ms, q->patience_ms);
		sq->hook_source = q->chosen ? q->source : -1;
		if (!s->flies)
			note_flight(ctx, s, wish->now_us);
		return leaves(ctx, q, wish, *tcp);
	case CAA_GATE_WAIT:
		note_flight(ctx, s, wish->now_us);
		return (int64_t)wait_us;
	case CAA_GATE_LATE:
		if (!wish->queued)
			caa_failure_late(ctx, claims->query, claims->count, sq, addr);
		return turned_away(ctx, s, claims, wish, NULL);
	case CAA_GATE_ELSEWHERE:
		return turned_away(ctx, s, claims, wish, other);
	}
	return 0;
}

/** A query's line does not change while it is on its way. */
static void set_line(struct caa_asking *q, uint8_t line)
{
	if (q->turn.in_line || q->turn.outside || q->line == line)
		return;
	q->line = line;
	q->addr_hash = q->pair_hash = 0;
}

/** A signer that signs a name in the letters of the question, and not in lower case (RFC 4034, section 6.2), is believed by nobody
 *  who asks in others.  What the validator has refused it has asked again, anyway: then let the letters be lower case.  In a zone
 *  that is not signed they stay random, since there nobody judges the answer. */
static void lower_case(struct caa_ctx *ctx, struct serviced_query *sq, const struct caa_claims *claims)
{
	struct caa_name asked = caa_host_asked(sq);
	uint8_t lower[CAA_NAME_MAX];

	if (claims->count == 0 || !claims->refused || !sq->want_dnssec || sq->nocaps)
		return;
	caa_name_lower(lower, asked);
	if (!sq->outnet->use_caps_for_id && memcmp(lower, asked.wire, asked.len) == 0)
		return;
	sq->nocaps = 1;
	query_dname_tolower((uint8_t *)asked.wire);
	caa_stats_add(&ctx->stats, CAA_STAT_lower_case, 1);
}

/** It leaves now, as without a module.  @param most_ms: as for set_waits(). */
static int64_t leaves_usual(struct caa_ctx *ctx, struct caa_sending *s, uint64_t now_us, bool tcp, uint32_t most_ms)
{
	caa_shards_other(ctx->shards, &s->addr, &s->asking, now_us, tcp);
	s->due_us = 0;
	set_waits(s->sq, 0, most_ms);
	s->sq->hook_source = -1;
	s->asking.out = true;
	count_sent(ctx, s->asking.claimed, tcp);
	return 0;
}

/** Whether it makes no difference to a CAA question what else is asked of an address: that pays nothing. */
static bool is_free(const struct caa_ctx *ctx, const struct serviced_query *sq)
{
	struct caa_addr addr;

	return !caa_shards_watch_any(ctx->shards) || !caa_host_addr(&addr, &sq->addr) || !caa_shards_watched(ctx->shards, &addr);
}

static int64_t pace_known(struct caa_ctx *ctx, struct serviced_query *sq, int queued, int *tcp)
{
	struct caa_zone_options server, options;
	struct caa_addr other;
	struct caa_asking *q;
	struct caa_sending *s;
	struct caa_claims claims;
	struct caa_wish wish;
	int64_t wait_us;
	uint64_t now_us;
	uint32_t most_ms = 0;
	uint8_t line;

	caa_claims_find(ctx, &claims, sq);
	if (claims.count == 0 && sq->hook_data == NULL && !caa_reporting_is_busy(ctx) && !caa_beside_waits(ctx, sq) && is_free(ctx, sq))
		return 0;
	s = caa_sending_of(ctx, sq);
	if (s == NULL)
		return 0;
	q = &s->asking;
	now_us = caa_host_now_us();
	for (unsigned i = 0; i < claims.count; i++)
		caa_merging_sent(ctx, &claims.query[i]->merged, sq);
	q->claimed = claims.count > 0;
	lower_case(ctx, sq, &claims);
	line = caa_sending_set_by_hand(ctx, (struct caa_name){ sq->zone, sq->zonelen }, &server);
	set_line(q, line);
	q->own_fault = claims.count > 0 && caa_claims_have_own_fault(&claims, q, &s->addr);
	q->denied = caa_claims_were_denied(&claims, &s->addr);
	q->same_denied = q->denied && caa_claims_were_denied_same(&claims, q, &s->addr);
	q->denied_elsewhere = !q->denied && caa_claims_were_denied_any(&claims);
	if (claims.count == 0 && !queued && (wait_us = caa_reporting_pace(ctx, sq, q, now_us, tcp)) != 0)
		return wait_us;
	q->beside = claims.count == 0 && caa_beside_waits(ctx, sq);
	if (q->beside && !queued && caa_beside_is_over(ctx, sq, now_us, &most_ms))
		return -1;
	/* Where TCP or TLS is configured there is nothing to choose, and nothing of UDP's limits to learn. */
	if (claims.count == 0 || claims.others || sq->tcp_upstream || sq->ssl_upstream || !caa_ctx_enabled(ctx))
		return queued ? 0 : leaves_usual(ctx, s, now_us, *tcp, most_ms);
	wish = caa_claims_wish(&claims, q, &s->addr, now_us, queued, *tcp);
	options = *wish.zone;
	options.rate_qps = line != 0 ? server.rate_qps : 0;
	options.burst = line != 0 ? server.burst : caa_share_burst(options.burst, caa_fleet_nodes(ctx->fleet));
	wish.accompanied = caa_fleet_nodes(ctx->fleet) > 1;
	wish.zone = &options;
	if (wish.may_move && q->waited)
		wish.other_us = other_wait_us(ctx, sq, &s->addr, q->line, now_us, &other);
	if (s->due_us != 0)
		caa_sending_see_if_late(ctx, s->due_us, now_us);
	wait_us = pace_caa(ctx, s, &claims, &wish, &other, tcp);
	s->due_us = wait_us > 0 ? now_us + (uint64_t)wait_us : 0;
	return wait_us;
}

/** Whether one query state waits for a query, of a client's question of another type. */
static bool is_clients(const struct serviced_query *sq)
{
	const struct outbound_entry *first = sq->cblist->cb_arg;

	return sq->cblist->next == NULL && module_hooks_passed(first->qstate);
}

static int64_t pace(void *arg, struct serviced_query *sq, int queued, int *tcp)
{
	struct caa_ctx *ctx = arg;
	const struct caa_sending *s;
	int64_t wait_us = 0;

	if (sq->hook_data != NULL && !queued && caa_places_are_taken(ctx->places, sq->outnet))
		return TURN_US;
	/* What is known already goes its way to the end, though no zone is enabled any more. */
	if (sq->hook_data != NULL || (caa_ctx_enabled(ctx) && !(is_clients(sq) && (queued || is_free(ctx, sq)))))
		wait_us = pace_known(ctx, sq, queued, tcp);
	s = sq->hook_data;
	if (wait_us == 0 && !queued && *tcp && caa_ctx_enabled(ctx))
		caa_places_take(ctx->places, sq, s != NULL && s->asking.caa);
	return wait_us;
}

static size_t cookie(void *arg, struct serviced_query *sq, uint8_t *out)
{
	struct caa_ctx *ctx = arg;
	struct caa_sending *s = sq->hook_data;

	if (!caa_ctx_enabled(ctx) || s == NULL || !s->asking.caa || !s->asking.cookies)
		return 0;
	return caa_shards_cookie(ctx->shards, &s->addr, &s->asking, caa_host_now_us(), out);
}

/** What it costs that a question is under way to another address, or was sent there, in ms. */
static uint64_t detour_ms(struct caa_ctx *ctx, const struct query_info *qout, const struct caa_addr *addr, uint64_t now_us, bool *joins)
{
	struct caa_addr at;
	bool found = caa_shards_flight_find(ctx->shards, caa_shards_question(ctx->shards, caa_host_qname(qout), qout->qtype), now_us, &at);

	*joins = found && caa_addr_equal(&at, addr);
	return found && !*joins ? DETOUR_MS : 0;
}

static int cost_known(struct caa_ctx *ctx, struct sockaddr_storage *ss, struct query_info *qout)
{
	struct caa_addr addr, at;
	struct caa_zone_options options;
	uint64_t now_us, cost_ms;
	bool joins;

	if (!caa_ctx_enabled(ctx) || (qout->qtype != LDNS_RR_TYPE_CAA && !caa_sending_has_moved(ctx)) || !caa_host_addr(&addr, ss))
		return 0;
	now_us = caa_host_now_us();
	cost_ms = detour_ms(ctx, qout, &addr, now_us, &joins);
	/* Other types are asked where Unbound asks them, though a CAA question may wait for them, but for one that was moved. */
	if (qout->qtype != LDNS_RR_TYPE_CAA)
		return (int)cost_ms;
	if (joins)
		return 0;	/* it costs no place */
	at = addr;
	at.line = caa_sending_set_by_hand(ctx, caa_host_qname(qout), &options);
	cost_ms += caa_shards_cost(ctx->shards, &at, now_us) / 1000;
	return cost_ms < INT_MAX ? (int)cost_ms : INT_MAX;
}

static int cost(void *arg, struct sockaddr_storage *ss, socklen_t len, struct query_info *qout)
{
	struct caa_ctx *ctx = arg;

	(void)len;
	if (qout->qtype != LDNS_RR_TYPE_CAA && atomic_load_explicit(&ctx->moved_us, memory_order_relaxed) == 0)
		return 0;
	return cost_known(ctx, ss, qout);
}

void caa_pace_set(struct module_hooks *hooks)
{
	hooks->upstream_pace = pace;
	hooks->upstream_cookie = cookie;
	hooks->upstream_cost = cost;
}
