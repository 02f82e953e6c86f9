/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/replies.h"

#include "core/wire/answer.h"
#include "glue/beside.h"
#include "glue/claims.h"
#include "glue/ctx.h"
#include "glue/elsewhere.h"
#include "glue/failure.h"
#include "glue/host.h"
#include "glue/merge.h"
#include "glue/places.h"
#include "glue/query.h"
#include "glue/reporting.h"
#include "glue/sending.h"

#include "services/outside_network.h"
#include "sldns/rrdef.h"
#include "sldns/sbuffer.h"
#include "util/module_hooks.h"
#include "util/netevent.h"

enum {
	CALLS_MAX = 32,	/**< queries that one answer makes room for */
	CUTS_MAX = 4,	/**< how often a query is sent again whose connection we closed; then the iterator chooses again, as without a module */
	US_PER_MS = 1000,
	/** octet of a header with the lower bits of the RCODE, and those */
	FLAGS_AT = 3, RCODE_LOW = 0x0f
};

static struct caa_packet packet_of(struct sldns_buffer *reply)
{
	struct caa_packet packet;

	(void)caa_packet_read(&packet, sldns_buffer_begin(reply), sldns_buffer_limit(reply));
	return packet;
}

static int accept_reply(void *arg, struct serviced_query *sq, struct sldns_buffer *reply)
{
	struct caa_ctx *ctx = arg;
	struct caa_sending *s = sq->hook_data;
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
static bool is_good(struct caa_ctx *ctx, struct caa_sending *s, uint64_t now_us, struct sldns_buffer *reply)
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
	struct caa_sending *s = sq->hook_data;
	struct caa_packet packet = { .rcode = 0 };
	uint64_t now_us;

	(void)tcp;
	if (s == NULL || !s->asking.caa)
		return MODULE_HOOKS_USUAL;
	if (s->cut) {
		s->cut = false;
		return MODULE_HOOKS_AGAIN;
	}
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
	case CAA_END_CUT:
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

static unsigned lost_tries(const struct caa_query *query, const struct caa_asking *q, uint64_t now_us, const struct caa_outcome *o, bool keys)
{
	if (keys)
		return CAA_LOST_TRIES_KEYS;
	if (o->dropped && now_us >= q->sent.sent_us + (uint64_t)CAA_LOST_DROPPED_MS * US_PER_MS)
		return CAA_LOST_TRIES_DROPPED;
	return query->turned ? CAA_LOST_TRIES_SLOW : CAA_LOST_TRIES;
}

/** @return whether that is the end: the question is not asked there again. */
static bool note_loss(struct caa_query *query, const struct caa_asking *q, const struct caa_addr *addr, uint64_t now_us,
	const struct caa_outcome *o, bool keys)
{
	bool many = query->losses >= CAA_CLAIM_LOSSES;

	if (o->limit)
		return false;
	query->losses += query->losses < UINT8_MAX;
	return caa_denials_lost(&query->denials, addr, q->question, lost_tries(query, q, now_us, o, keys)) || (keys && many);
}

/** Tell a question.  @param lacks: signatures, so that the answer takes no error back.
 *  @return whether a denial is found to be the zone's own answer. */
static bool note_outcome(struct caa_query *query, const struct caa_asking *q, const struct caa_addr *addr, uint64_t now_us,
	const struct caa_outcome *o, int qtype, bool lacks)
{
	bool definite = true, denies = false, keys = qtype == LDNS_RR_TYPE_DNSKEY || qtype == LDNS_RR_TYPE_DS;

	if (o->split)
		caa_denials_split(&query->denials, addr, q->question);
	if (o->meaning == CAA_MEANS_ANSWER || o->meaning == CAA_MEANS_ERROR || o->meaning == CAA_MEANS_DENIED)
		query->probes = false;	/* it is there */
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
		definite = note_loss(query, q, addr, now_us, o, keys);
		break;
	case CAA_MEANS_SILENCE:	/* keys that do not come are no verdict, since their zone has answered */
		definite = !keys;
		if (definite)
			(void)note_loss(query, q, addr, now_us, o, keys);
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

/** Tell those who wait to know what is above their names.
 *  @param wonders: whether there is another way is being found out: who waits goes on alone no sooner than that is known. */
static void note_news(struct caa_ctx *ctx, struct caa_query *query, const struct serviced_query *sq,
	const struct caa_outcome *o, struct sldns_buffer *reply, bool wonders)
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
		if (!wonders)
			caa_merging_lost(ctx, &query->merged, sq, true);
		break;
	case CAA_MEANS_SILENCE:
	case CAA_MEANS_LOST:
		caa_elsewhere_silent(ctx, &query->merged, o->limit);
		if (!wonders)
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
static void call(struct caa_ctx *ctx, struct caa_sending *s)
{
	struct caa_turn *turn[CALLS_MAX];

	caa_sending_ask_again(turn, caa_shards_call(ctx->shards, &s->addr, &s->asking, s->sq->outnet, turn, CALLS_MAX));
}

/** Whether nothing is left to be said of a query: its attempts have had their outcomes, and it waits for none. */
static bool is_over(const struct caa_sending *s)
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
		caa_sending_see_if_late(ctx, q->sent.sent_us + waited_us(sq), now_us);
	return q->sent.sent_us < atomic_load_explicit(&ctx->stood_us, memory_order_relaxed);
}

static void outcome(void *arg, struct serviced_query *sq, int tcp, int error, struct sldns_buffer *reply)
{
	struct caa_ctx *ctx = arg;
	struct caa_packet packet = { .rcode = 0 };
	struct caa_sending *s = sq->hook_data;
	struct caa_asking before;
	enum caa_end end = end_of(error), upstreams;
	struct caa_answer answer, *read = NULL;
	struct caa_outcome o;
	uint64_t now_us;
	struct caa_claims claims;
	bool denies = false, wonders;

	if (s == NULL || (end == CAA_END_ABANDONED && is_over(s)))
		return;
	if (error == NETEVENT_CAPSFAIL) {
		outcome_caps(ctx, sq);
		return;
	}
	if (tcp && end == CAA_END_ERROR && caa_places_took(ctx->places, sq)) {
		end = CAA_END_CUT;
		s->cut = s->asking.caa && s->cuts < CUTS_MAX;
		s->cuts += s->cut;
	}
	caa_reporting_ended(ctx, &s->asking);
	caa_sending_flight_end(ctx, s);
	if (reply != NULL)
		packet = packet_of(reply);
	now_us = caa_host_now_us();
	if ((s->asking.claimed || caa_beside_is_busy(ctx, now_us)) && end == CAA_END_ANSWER && reply != NULL) {
		read = &answer;
		caa_answer_read(read, sldns_buffer_begin(reply), sldns_buffer_limit(reply), (struct caa_name){ sq->zone, sq->zonelen });
		packet.useless = is_useless(read);
		packet.lacks = sq->want_dnssec && !has_edns(sq);
	}
	upstreams = end == CAA_END_TIMEOUT && !tcp && s->asking.udp && stood_still(ctx, sq, &s->asking, now_us) ? CAA_END_UNREAD : end;
	o = caa_shards_outcome(ctx->shards, &s->addr, &s->asking, now_us, upstreams, &packet, tcp, &before);
	s->asking.out = false;
	count_end(ctx, end, &before);
	if (o.limited)
		caa_stats_add(&ctx->stats, CAA_STAT_limits, 1);
	if (o.room)
		call(ctx, s);
	if (o.meaning == CAA_MEANS_ANSWER && reply != NULL)
		caa_beside_shown(ctx, s, &before, reply, now_us);
	if (!before.claimed || end == CAA_END_CUT || end == CAA_END_ABANDONED)
		return;
	caa_claims_find(ctx, &claims, sq);
	for (unsigned i = 0; i < claims.count; i++)
		denies = note_outcome(claims.query[i], &before, &s->addr, now_us, &o, sq->qtype, packet.lacks) || denies;
	if (denies)
		caa_shards_denies(ctx->shards, &s->addr, &before, now_us);
	wonders = before.caa_type && caa_beside_failed(ctx, &claims, s, &before, &o, now_us);
	caa_query_ended(claims.query, claims.count, (uint16_t)sq->qtype);
	caa_failure_outcome(ctx, claims.query, claims.count, sq, &s->addr, &before, now_us, end, tcp, reply, read);
	for (unsigned i = 0; i < claims.count; i++)
		note_news(ctx, claims.query[i], sq, &o, reply, wonders);
	if (packet.channel != NULL && reply != NULL && o.meaning != CAA_MEANS_NOTHING)
		caa_reporting_hear(ctx, claims.query, claims.count, sq, &packet, reply);
	if (o.meaning == CAA_MEANS_LOST && (o.limit || caa_claims_have_patience(&claims)))
		caa_host_forget_timeouts(sq->outnet->infra, &sq->addr, sq->addrlen, sq->zone, sq->zonelen,
			o.lately ? o.srtt_us : 0);
}

void caa_replies_set(struct module_hooks *hooks)
{
	hooks->upstream_accept = accept_reply;
	hooks->upstream_again = again;
	hooks->upstream_outcome = outcome;
}
