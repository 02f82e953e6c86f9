/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/hooks.h"

#include "core/wire/answer.h"
#include "core/pace/egress.h"
#include "core/pace/flight.h"
#include "glue/claims.h"
#include "glue/ctx.h"
#include "glue/event.h"
#include "glue/failure.h"
#include "glue/fleet.h"
#include "glue/host.h"
#include "glue/query.h"
#include "glue/reporting.h"

#include "iterator/iter_delegpt.h"
#include "services/mesh.h"
#include "services/outbound_list.h"
#include "services/outside_network.h"
#include "sldns/rrdef.h"
#include "sldns/sbuffer.h"
#include "util/config_file.h"
#include "util/data/dname.h"
#include "util/net_help.h"
#include "util/netevent.h"
#include "util/regional.h"

#include <limits.h>
#include <string.h>

enum {
	/** What another address costs while a question is under way to one: more than the band of round trip
	 *  times, 400 ms, in which Unbound chooses at random, less than what a server that fails costs. */
	DETOUR_MS = 1000,
	CALLS_MAX = 32,	/**< queries that one answer makes room for */
	US_PER_MS = 1000,
	STILL_US = 500 * US_PER_MS,	/**< a timer that is late by more: nobody looked */
	TARGETS_MAX = 16,	/**< addresses of a zone that are looked at for a shorter wait */
	/** octet of a header with the lower bits of the RCODE, and those */
	FLAGS_AT = 3, RCODE_LOW = 0x0f
};

static bool enabled(struct caa_ctx *ctx)
{
	return atomic_load_explicit(&ctx->enabled, memory_order_relaxed);
}

/** A query's hook_data.  What does not change while the query lives is found out once. */
struct sending {
	struct caa_asking asking;	/**< first, so that it is found from there */
	struct serviced_query *sq;
	struct caa_addr addr;
	uint64_t question;		/**< for the table of questions under way */
	uint64_t due_us;		/**< when what waits for its place asks again; 0 = it does not wait, or for a call */
	bool flies;			/**< it was noted there */
};

/** @return the state of a query, made with it; NULL if there is no memory, or its address is none of ours. */
static struct sending *sending_of(struct caa_ctx *ctx, struct serviced_query *sq)
{
	struct sending *s = sq->hook_data;
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

/** The question is under way, or waits, to its address. */
static void flight_begin(struct caa_ctx *ctx, struct sending *s, uint64_t now_us)
{
	caa_shards_flight_begin(ctx->shards, s->question, &s->addr, now_us);
	if (!s->flies)
		caa_shards_watch(ctx->shards, &s->addr);
	s->flies = true;
}

static void flight_end(struct caa_ctx *ctx, struct sending *s)
{
	if (!s->flies)
		return;
	caa_shards_flight_end(ctx->shards, s->question, &s->addr);
	caa_shards_unwatch(ctx->shards, &s->addr);
	s->flies = false;
}

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
static int64_t turned_away(struct caa_ctx *ctx, struct sending *s, const struct caa_claims *claims, const struct caa_wish *wish,
	const struct caa_addr *other)
{
	bool late = other == NULL;

	if (wish->queued)
		return -1;	/* it cannot end yet: it asks again when it is to be sent, and is counted then */
	flight_end(ctx, s);	/* before they choose another address */
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
static void choices(struct caa_wish *wish, const struct serviced_query *sq)
{
	wish->sources = caa_host_sources(sq, &wish->netblocks);
	if (wish->sources > CAA_EGRESS_MAX)
		wish->sources = CAA_EGRESS_MAX;
	if (wish->sources > 1)
		wish->random = caa_host_random(sq);
}

/** Whether a query of another type was moved, and may be on its way yet. */
static bool has_moved(struct caa_ctx *ctx)
{
	uint64_t moved_us = atomic_load_explicit(&ctx->moved_us, memory_order_relaxed);

	return moved_us != 0 && caa_host_now_us() - moved_us < CAA_FLIGHT_LIFE_US;
}

/** How long an answer is waited for, in ms: at least, and at most, which counts if it is less; 0 = as Unbound does. */
static void set_waits(struct serviced_query *sq, uint32_t least_ms, uint32_t most_ms)
{
	sq->hook_least = (int)least_ms;
	sq->hook_timeout = (int)most_ms;
}

/** Where it is under way, for others with the same question.  A query of another type that moved here has arrived. */
static void note_flight(struct caa_ctx *ctx, struct sending *s, uint64_t now_us)
{
	if (s->sq->qtype == LDNS_RR_TYPE_CAA)
		flight_begin(ctx, s, now_us);
	else if (has_moved(ctx))
		caa_shards_flight_end(ctx->shards, s->question, &s->addr);
}

/** Those of this thread who wait ask again as soon as it comes to them. */
static void ask_again(struct caa_turn *const *turn, size_t count)
{
	struct timeval now = { 0, 0 };

	for (size_t i = 0; i < count; i++) {
		struct sending *waits = (struct sending *)turn[i];

		waits->due_us = 0;
		comm_timer_set(waits->sq->timer, &now);
	}
}

static int64_t pace_caa(struct caa_ctx *ctx, struct sending *s, const struct caa_claims *claims, struct caa_wish *wish,
	const struct caa_addr *other, int *tcp)
{
	struct serviced_query *sq = s->sq;
	struct caa_asking *q = &s->asking;
	const struct caa_addr *addr = &s->addr;
	bool final = caa_claims_are_final(claims, q, addr), known;
	uint64_t wait_us = 0;
	enum caa_gate gate;

	if (final || caa_claims_are_idle(ctx, claims))
		return given_up(sq, claims, wish, !final);
	wait_us = caa_claims_denied_wait_us(claims, q, addr, wish->now_us);
	if (wait_us > 0 && wish->now_us + wait_us < wish->deadline_us)
		return (int64_t)wait_us;
	choices(wish, sq);
	gate = caa_shards_ask(ctx->shards, addr, q, wish, &wait_us, &known);
	if (known)
		ask_again(q->neighbour, q->neighbours);
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

/** What is set by hand for the servers of a zone; nothing if it is not.  @return the line that their queries wait in, or are counted in. */
static uint8_t set_by_hand(struct caa_ctx *ctx, struct caa_name zone, struct caa_zone_options *out)
{
	if (atomic_load_explicit(&ctx->rated, memory_order_relaxed) && caa_ctx_options(ctx, zone, out))
		return out->rate_line;
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

/** It leaves now, as without a module. */
static int64_t leaves_usual(struct caa_ctx *ctx, struct sending *s, uint64_t now_us, bool tcp)
{
	caa_shards_other(ctx->shards, &s->addr, &s->asking, now_us, tcp);
	s->due_us = 0;
	set_waits(s->sq, 0, 0);
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

/** What was due long before anybody looked tells that this process, or a thread of it, stood still until now.  What was due first comes
 *  first. */
static void see_if_late(struct caa_ctx *ctx, uint64_t due_us, uint64_t now_us)
{
	if (now_us > due_us + STILL_US)
		atomic_store_explicit(&ctx->stood_us, now_us, memory_order_relaxed);
}

static int64_t pace_known(struct caa_ctx *ctx, struct serviced_query *sq, int queued, int *tcp)
{
	struct caa_zone_options server, options;
	struct caa_addr other;
	struct caa_asking *q;
	struct sending *s;
	struct caa_claims claims;
	struct caa_wish wish;
	int64_t wait_us;
	uint64_t now_us;
	uint8_t line;

	caa_claims_find(ctx, &claims, sq);
	if (claims.count == 0 && sq->hook_data == NULL && !caa_reporting_is_busy(ctx) && is_free(ctx, sq))
		return 0;
	s = sending_of(ctx, sq);
	if (s == NULL)
		return 0;
	q = &s->asking;
	now_us = caa_host_now_us();
	for (unsigned i = 0; i < claims.count; i++)
		caa_merging_sent(ctx, &claims.query[i]->merged, sq);
	q->claimed = claims.count > 0;
	lower_case(ctx, sq, &claims);
	line = set_by_hand(ctx, (struct caa_name){ sq->zone, sq->zonelen }, &server);
	set_line(q, line);
	q->own_fault = claims.count > 0 && caa_claims_have_own_fault(&claims, q, &s->addr);
	q->denied = caa_claims_were_denied(&claims, &s->addr);
	q->same_denied = q->denied && caa_claims_were_denied_same(&claims, q, &s->addr);
	q->denied_elsewhere = !q->denied && caa_claims_were_denied_any(&claims);
	if (claims.count == 0 && !queued && (wait_us = caa_reporting_pace(ctx, sq, q, now_us, tcp)) != 0)
		return wait_us;
	/* Where TCP or TLS is configured there is nothing to choose, and nothing of UDP's limits to learn. */
	if (claims.count == 0 || claims.others || sq->tcp_upstream || sq->ssl_upstream || !enabled(ctx))
		return queued ? 0 : leaves_usual(ctx, s, now_us, *tcp);
	wish = caa_claims_wish(&claims, q, &s->addr, now_us, queued, *tcp);
	options = *wish.zone;
	options.rate_qps = line != 0 ? server.rate_qps : 0;
	options.burst = line != 0 ? server.burst : caa_share_burst(options.burst, caa_fleet_nodes(ctx->fleet));
	wish.accompanied = caa_fleet_nodes(ctx->fleet) > 1;
	wish.zone = &options;
	if (wish.may_move && q->waited)
		wish.other_us = other_wait_us(ctx, sq, &s->addr, q->line, now_us, &other);
	if (s->due_us != 0)
		see_if_late(ctx, s->due_us, now_us);
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
	/* What is known already goes its way to the end, though no zone is enabled any more. */
	if (sq->hook_data == NULL && (!enabled(arg) || (is_clients(sq) && (queued || is_free(arg, sq)))))
		return 0;
	return pace_known(arg, sq, queued, tcp);
}

static size_t cookie(void *arg, struct serviced_query *sq, uint8_t *out)
{
	struct caa_ctx *ctx = arg;
	struct sending *s = sq->hook_data;

	if (!enabled(ctx) || s == NULL || !s->asking.caa || !s->asking.cookies)
		return 0;
	return caa_shards_cookie(ctx->shards, &s->addr, &s->asking, caa_host_now_us(), out);
}

static int accept_reply(void *arg, struct serviced_query *sq, struct sldns_buffer *reply)
{
	struct caa_ctx *ctx = arg;
	struct sending *s = sq->hook_data;
	struct caa_packet packet;
	bool accepted;

	if (s == NULL || !s->asking.cookie.client_sent)
		return 1;
	packet = packet_of(reply);
	accepted = caa_shards_accept(ctx->shards, &s->addr, &s->asking, caa_host_now_us(), &packet);
	if (!accepted || s->asking.unproved)
		caa_stats_add(&ctx->stats, CAA_STAT_forged, 1);
	return accepted;
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

/** Whether an answer is of use, where that has to be known. */
static bool is_good(struct caa_ctx *ctx, struct sending *s, uint64_t now_us, struct sldns_buffer *reply)
{
	const struct caa_name zone = { s->sq->zone, s->sq->zonelen };
	struct caa_answer answer;

	if (reply == NULL || !caa_shards_wonders(ctx->shards, &s->addr, &s->asking, now_us))
		return true;
	caa_answer_read(&answer, sldns_buffer_begin(reply), sldns_buffer_limit(reply), zone);
	return answer.worth == CAA_WORTH_GOOD;
}

static int again(void *arg, struct serviced_query *sq, int tcp, struct sldns_buffer *reply)
{
	struct caa_ctx *ctx = arg;
	struct sending *s = sq->hook_data;
	struct caa_packet packet = { .rcode = 0 };
	uint64_t now_us;

	(void)tcp;
	if (s == NULL || !s->asking.caa)
		return MODULE_HOOKS_USUAL;
	if (reply != NULL)
		packet = packet_of(reply);
	if (reply != NULL && !caa_proof_may_again(&s->asking, &packet))
		return MODULE_HOOKS_USUAL;
	now_us = caa_host_now_us();
	switch (caa_shards_again(ctx->shards, &s->addr, &s->asking, now_us, reply != NULL ? &packet : NULL, has_edns(sq),
		is_good(ctx, s, now_us, reply))) {
	case CAA_AGAIN_NO:
		if (reply != NULL)
			keep_error(reply, &packet);
		break;
	case CAA_AGAIN_SEND:
		return MODULE_HOOKS_AGAIN;
	case CAA_AGAIN_FINAL: {
		struct caa_claims claims;

		caa_claims_find(ctx, &claims, sq);
		for (unsigned i = 0; i < claims.count; i++)
			caa_denials_final(&claims.query[i]->denials, &s->addr, s->asking.question, now_us);
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
	case CAA_END_UNREAD:
		caa_stats_add(&ctx->stats, CAA_STAT_timed_out, 1);
		break;
	case CAA_END_ERROR:
		caa_stats_add(&ctx->stats, CAA_STAT_failed, 1);
		break;
	case CAA_END_ABANDONED:
		if (before->out)
			caa_stats_add(&ctx->stats, CAA_STAT_abandoned, 1);
		break;
	}
	if (before->cookie.server_sent && end != CAA_END_ABANDONED)
		caa_stats_add(&ctx->stats, CAA_STAT_cookies, 1);
}

/** @return whether the denial is definite for the question. */
static bool note_denial(struct caa_query *query, const struct caa_asking *q, const struct caa_addr *addr, uint64_t now_us,
	const struct caa_outcome *o)
{
	if (o->twice)
		(void)caa_denials_note(&query->denials, addr, q->question, now_us, o->denial);
	return caa_denials_note(&query->denials, addr, q->question, now_us, o->denial);
}

/** Whether an answer without an error is of no use all the same, and will be none when it is asked for again. */
static bool is_useless(const struct caa_answer *answer)
{
	switch (answer->worth) {
	case CAA_WORTH_GOOD:
	case CAA_WORTH_RCODE:
	case CAA_WORTH_TRUNCATED:
		return false;
	case CAA_WORTH_NO_SOA:
	case CAA_WORTH_UPWARD:
	case CAA_WORTH_SELF:
	case CAA_WORTH_NOT_AUTHORITATIVE:
	case CAA_WORTH_UNREADABLE:
		break;
	}
	return true;
}

static unsigned lost_tries(const struct caa_query *query, bool keys)
{
	if (keys)
		return CAA_LOST_TRIES_KEYS;
	return query->scouts ? CAA_LOST_TRIES_SLOW : CAA_LOST_TRIES;
}

/** @return whether that is the end: the question is not asked there again. */
static bool note_loss(struct caa_query *query, const struct caa_asking *q, const struct caa_addr *addr, const struct caa_outcome *o,
	bool keys)
{
	bool many = query->losses >= CAA_CLAIM_LOSSES;

	if (o->limit)
		return false;
	query->losses += query->losses < UINT8_MAX;
	return caa_denials_lost(&query->denials, addr, q->question, lost_tries(query, keys)) || (keys && many);
}

/** Tell a question.  @param lacks: signatures, so that the answer takes no error back.
 *  @return whether a denial is found to be the zone's own answer. */
static bool note_outcome(struct caa_query *query, const struct caa_asking *q, const struct caa_addr *addr, uint64_t now_us,
	const struct caa_outcome *o, int qtype, bool lacks)
{
	bool definite = true, denies = false, keys = qtype == LDNS_RR_TYPE_DNSKEY || qtype == LDNS_RR_TYPE_DS;

	if (o->split)
		caa_denials_split(&query->denials, addr, q->question);
	switch (o->meaning) {
	case CAA_MEANS_NOTHING:
		return false;
	case CAA_MEANS_ANSWER:
		query->lost = query->silent = false;
		query->losses = 0;
		query->tries.definite++;
		if (!lacks)
			caa_denials_answered(&query->denials, addr, q->question);
		return false;
	case CAA_MEANS_LOST:
		definite = note_loss(query, q, addr, o, keys);
		break;
	case CAA_MEANS_SILENCE:	/* keys that do not come are no verdict, since their zone has answered */
		definite = !keys;
		if (definite)
			(void)note_loss(query, q, addr, o, keys);
		break;
	case CAA_MEANS_ERROR:
		denies = note_denial(query, q, addr, now_us, o);
		break;
	case CAA_MEANS_DENIED:
		definite = denies = note_denial(query, q, addr, now_us, o);
		break;
	case CAA_MEANS_NO_TCP:
		definite = note_denial(query, q, addr, now_us, o);
		break;
	}
	query->lost = o->meaning != CAA_MEANS_ERROR;
	query->silent = o->meaning == CAA_MEANS_SILENCE || o->meaning == CAA_MEANS_LOST;
	query->tries.passing += !definite;
	query->tries.definite += definite;
	return denies;
}

/** All who wait for a query find out together whether other types are answered where CAA never was. */
static void note_unheard(struct caa_ctx *ctx, const struct caa_claims *claims, struct caa_asking *q, const struct caa_addr *addr,
	uint64_t now_us)
{
	unsigned lost = 0;

	for (unsigned i = 0; i < claims->count; i++)
		lost += !claims->query[i]->usual &&
			caa_denials_losses_anywhere(&claims->query[i]->denials, q->question) >= CAA_UNHEARD_TRIES;
	if (lost == 0 || !caa_shards_drops_caa(ctx->shards, addr, q, now_us))
		return;
	for (unsigned i = 0; i < claims->count; i++)
		if (!claims->query[i]->usual)
			caa_denials_unheard(&claims->query[i]->denials, q->question);
}

/** Tell those who wait to know what is above their names. */
static void note_news(struct caa_ctx *ctx, struct caa_query *query, const struct serviced_query *sq,
	const struct caa_outcome *o, struct sldns_buffer *reply)
{
	switch (o->meaning) {
	case CAA_MEANS_NOTHING:
		break;
	case CAA_MEANS_ANSWER:
	case CAA_MEANS_ERROR:
		if (reply != NULL)
			caa_merging_answered(ctx, &query->merged, sq, reply);
		break;
	case CAA_MEANS_DENIED:
		caa_merging_lost(ctx, &query->merged, sq, true);
		break;
	case CAA_MEANS_SILENCE:
	case CAA_MEANS_LOST:
		caa_merging_silent(ctx, &query->merged, o->limit);
		if (caa_denials_are_unheard(&query->denials))
			break;	/* it is asked in another way at once */
		caa_merging_lost(ctx, &query->merged, sq, false);
		break;
	case CAA_MEANS_NO_TCP:
		caa_merging_lost(ctx, &query->merged, sq, false);
		break;
	}
}

/** The answer that was noted last has the name's letters in another case. */
static void outcome_caps(struct caa_ctx *ctx, struct serviced_query *sq)
{
	struct caa_claims claims;

	caa_claims_find(ctx, &claims, sq);
	caa_failure_caps(claims.query, claims.count);
}

/** An answer made room: those of this thread who wait for it ask again when the thread has read what else came. */
static void call(struct caa_ctx *ctx, struct sending *s)
{
	struct caa_turn *turn[CALLS_MAX];

	ask_again(turn, caa_shards_call(ctx->shards, &s->addr, &s->asking, s->sq->outnet, turn, CALLS_MAX));
}

/** Whether nothing is left to be said of a query: its attempts have had their outcomes, and it waits for none. */
static bool is_over(const struct sending *s)
{
	const struct caa_asking *q = &s->asking;

	return !q->out && !q->udp && !q->tcp && !q->turn.in_line && !q->turn.outside && !s->flies;
}

/** How long Unbound waited for an answer over UDP. */
static uint64_t waited_us(const struct serviced_query *sq)
{
	int64_t ms = sq->last_rtt;

	if (ms < sq->hook_least)
		ms = sq->hook_least;
	if (sq->hook_timeout > 0 && ms > sq->hook_timeout)
		ms = sq->hook_timeout;
	return ms > 0 ? (uint64_t)ms * US_PER_MS : 0;
}

/** Whether a query was under way while this process or one of its threads stood still: what lies where it has not been read yet may be its
 *  answer. */
static bool stood_still(struct caa_ctx *ctx, const struct serviced_query *sq, const struct caa_asking *q, uint64_t now_us)
{
	if (sq->outnet->unused_fds != NULL)	/* else it may have waited for a port */
		see_if_late(ctx, q->sent.sent_us + waited_us(sq), now_us);
	return q->sent.sent_us < atomic_load_explicit(&ctx->stood_us, memory_order_relaxed);
}

static void outcome(void *arg, struct serviced_query *sq, int tcp, int error, struct sldns_buffer *reply)
{
	struct caa_ctx *ctx = arg;
	struct caa_packet packet = { .rcode = 0 };
	struct sending *s = sq->hook_data;
	struct caa_asking before;
	enum caa_end end = end_of(error), upstreams;
	struct caa_answer answer, *read = NULL;
	struct caa_outcome o;
	uint64_t now_us;
	struct caa_claims claims;
	bool denies = false;

	if (s == NULL || (end == CAA_END_ABANDONED && is_over(s)))
		return;
	if (error == NETEVENT_CAPSFAIL) {
		outcome_caps(ctx, sq);
		return;
	}
	caa_reporting_ended(ctx, &s->asking);
	flight_end(ctx, s);
	if (reply != NULL)
		packet = packet_of(reply);
	if (s->asking.claimed && end == CAA_END_ANSWER && reply != NULL) {
		read = &answer;
		caa_answer_read(read, sldns_buffer_begin(reply), sldns_buffer_limit(reply), (struct caa_name){ sq->zone, sq->zonelen });
		packet.useless = is_useless(read);
		packet.lacks = sq->want_dnssec && !has_edns(sq);
	}
	now_us = caa_host_now_us();
	upstreams = end == CAA_END_TIMEOUT && !tcp && s->asking.udp && stood_still(ctx, sq, &s->asking, now_us) ? CAA_END_UNREAD : end;
	o = caa_shards_outcome(ctx->shards, &s->addr, &s->asking, now_us, upstreams, &packet, tcp, &before);
	s->asking.out = false;
	count_end(ctx, end, &before);
	if (o.limited)
		caa_stats_add(&ctx->stats, CAA_STAT_limits, 1);
	if (o.room)
		call(ctx, s);
	if (!before.claimed || end == CAA_END_ABANDONED)
		return;
	caa_claims_find(ctx, &claims, sq);
	for (unsigned i = 0; i < claims.count; i++)
		denies = note_outcome(claims.query[i], &before, &s->addr, now_us, &o, sq->qtype, packet.lacks) || denies;
	if (denies)
		caa_shards_denies(ctx->shards, &s->addr, &before, now_us);
	if (o.meaning == CAA_MEANS_SILENCE && before.caa_type)
		note_unheard(ctx, &claims, &before, &s->addr, now_us);
	caa_query_ended(claims.query, claims.count, (uint16_t)sq->qtype);
	caa_failure_outcome(ctx, claims.query, claims.count, sq, &s->addr, &before, now_us, end, tcp, reply, read);
	for (unsigned i = 0; i < claims.count; i++)
		note_news(ctx, claims.query[i], sq, &o, reply);
	if (packet.channel != NULL && reply != NULL && o.meaning != CAA_MEANS_NOTHING)
		caa_reporting_hear(ctx, claims.query, claims.count, sq, &packet, reply);
	if (o.meaning == CAA_MEANS_LOST && (o.limit || caa_claims_have_patience(&claims)))
		caa_host_forget_timeouts(sq->outnet->infra, &sq->addr, sq->addrlen, sq->zone, sq->zonelen,
			o.lately ? o.srtt_us : 0);
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

	if (!enabled(ctx) || (qout->qtype != LDNS_RR_TYPE_CAA && !has_moved(ctx)) || !caa_host_addr(&addr, ss))
		return 0;
	now_us = caa_host_now_us();
	cost_ms = detour_ms(ctx, qout, &addr, now_us, &joins);
	/* Other types are asked where Unbound asks them, though a CAA question may wait for them, but for one that was moved. */
	if (qout->qtype != LDNS_RR_TYPE_CAA)
		return (int)cost_ms;
	if (joins)
		return 0;	/* it costs no place */
	at = addr;
	at.line = set_by_hand(ctx, caa_host_qname(qout), &options);
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

static int minimise_known(struct caa_ctx *ctx, struct module_qstate *qstate, struct query_info *qchase)
{
	struct caa_query *query = caa_query_of(ctx, qstate);
	struct caa_claims claims;

	if (query == NULL && caa_reporting_is_report(ctx, qstate))
		return caa_reporting_arrived(ctx, qstate) ? MODULE_HOOKS_MINIMISE_NOT : MODULE_HOOKS_MINIMISE_ONCE;
	if (query == NULL && qstate->mesh_info->super_set.count > 0) {	/* keys, or a nameserver's address */
		caa_claims_of(ctx, &claims, qstate);
		return claims.count > 0 ? MODULE_HOOKS_MINIMISE_ONCE : MODULE_HOOKS_MINIMISE_USUAL;
	}
	if (qchase->qtype != LDNS_RR_TYPE_CAA || query == NULL || query->usual)
		return MODULE_HOOKS_MINIMISE_USUAL;
	if (query->merged.whole && !qstate->env->cfg->qname_minimisation_strict &&
	    caa_name_equal(caa_host_qname(qchase), caa_host_qname(&qstate->qinfo)))
		return MODULE_HOOKS_MINIMISE_NOT;
	return MODULE_HOOKS_MINIMISE_QTYPE;
}

static int minimise_with_qtype(void *arg, struct module_qstate *qstate, struct query_info *qchase)
{
	if (!caa_claims_can_be(qstate) && qstate->qinfo.qtype != LDNS_RR_TYPE_TXT)	/* a report is of that */
		return MODULE_HOOKS_MINIMISE_USUAL;
	return minimise_known(arg, qstate, qchase);
}

/** What leads to an answer, delegations, DS and keys, serves each question that was under way when it came, or had it when it
 *  began, to its end, though its TTL is over by then (RFC 1035, section 3.2.1: one of TTL 0 serves the transaction in
 *  progress).  By Unbound's clock, in whole seconds.  The youngest of the questions that wait counts, and none that is over its
 *  budget.  Who distrusts the cache, as after an answer that did not validate, looks at it by the time that it is. */
static time_t cache_then(struct caa_ctx *ctx, struct module_qstate *qstate, int last)
{
	time_t now = *qstate->env->now, began = 0;
	struct caa_claims claims;

	if (!enabled(ctx) || qstate->blacklist != NULL || qstate->prefetch_leeway != 0 || (qstate->query_flags & BIT_RD) == 0)
		return now;
	caa_claims_of(ctx, &claims, qstate);
	if (claims.count == 0 || claims.others || claims.seen >= CAA_CLAIM_STATES)
		return now;
	for (unsigned i = 0; i < claims.count; i++) {
		const struct caa_query *query = claims.query[i];

		if (query->started_s + (time_t)query->zone.budget_s < now)
			return now;
		if (query->started_s > began)
			began = query->started_s;
	}
	if (began > now)
		return now;
	return last ? began : began - 1;	/* what has TTL 0 ends in the second in which it came */
}

static time_t cache_now(void *arg, struct module_qstate *qstate, int last)
{
	return caa_claims_can_be(qstate) ? cache_then(arg, qstate, last) : *qstate->env->now;
}

/** What is neither for CAA nor for keys is nothing that the module has a part in. */
static int passes(void *arg, struct module_qstate *qstate)
{
	(void)arg;
	return qstate->qinfo.qtype != LDNS_RR_TYPE_CAA && !qstate->is_valrec;
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
	hooks->cache_now = cache_now;
	hooks->event = caa_event_happened;
	if (ctx->id == 0)
		hooks->passes = passes;
}
