/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/failure.h"

#include "core/wire/packet.h"
#include "core/why/carry.h"
#include "core/why/report.h"
#include "glue/clock.h"
#include "glue/ctx.h"
#include "glue/failures.h"
#include "glue/hold.h"
#include "glue/host.h"
#include "glue/keys.h"
#include "glue/log.h"
#include "glue/elsewhere.h"
#include "glue/query.h"
#include "glue/reporting.h"
#include "glue/state.h"

#include "dynlibmod/dynlibmod.h"
#include "iterator/iter_delegpt.h"
#include "services/cache/dns.h"
#include "services/outside_network.h"
#include "sldns/pkthdr.h"
#include "sldns/rrdef.h"
#include "sldns/sbuffer.h"
#include "util/data/msgencode.h"
#include "util/data/msgreply.h"
#include "util/module.h"
#include "util/module_hooks.h"
#include "util/net_help.h"
#include "util/regional.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	US_PER_MS = 1000,
	TYPES_US = CAA_SERVING_BESIDE_MS * US_PER_MS,	/**< what was asked beside CAA is believed so long */
	FRAGMENT_SIZE = 1472,	/**< what Unbound offers when a larger size was not answered */
	TRACE_REPLY = 512,	/**< octets of an answer that a trace shows */
	TRACE_MAX = 4096,
	EDE_OTHER = 0,		/**< RFC 8914, section 4.1 */
	EDE_CACHED_ERROR = 13	/**< section 4.14 */
};

/** What is noted of a question, in its region. */
struct caa_note {
	struct caa_name name;		/**< of the question */
	uint64_t started_us;
	bool traced;
	bool ended;			/**< with a failure: what follows is set */
	uint16_t ede;
	char ede_text[CAA_EDE_MAX];
	/** its EDE as an option: there may be no memory when it is told; for one answer at a time */
	struct edns_option option;
	uint8_t option_data[2 + CAA_EDE_MAX];
	struct caa_record record;
};

/** The id of a question's lookup, or of the one that it follows. */
static const char *id_of(struct caa_query *query, char id[static CAA_ID_MAX])
{
	uint64_t lookup = caa_lookups_number(&query->merged);
	uint8_t octets[CAA_ID_OCTETS];

	memcpy(octets, &lookup, sizeof(octets));
	return caa_text_id(id, octets);
}

bool caa_failure_begin(struct caa_ctx *ctx, struct caa_query *query, struct module_qstate *qstate)
{
	struct caa_note *note;

	if (!caa_failures_enabled(ctx->failures))
		return true;
	note = regional_alloc(qstate->region, sizeof(*note));
	if (note == NULL)
		return false;
	note->name = caa_host_qname(&qstate->qinfo);
	note->started_us = query->started_us;
	note->traced = caa_failures_traced(ctx->failures, note->name, query->started_us);
	note->ended = false;
	caa_record_init(&note->record);
	query->note = note;
	return true;
}

/* --- attempts ------------------------------------------------------------------------------------------------------------- */

static uint16_t size_offered(const struct serviced_query *sq)
{
	if (sq->status == serviced_query_UDP_EDNS_FRAG)
		return EDNS_ADVERTISED_SIZE < FRAGMENT_SIZE ? EDNS_ADVERTISED_SIZE : FRAGMENT_SIZE;
	if (sq->status == serviced_query_UDP_EDNS || sq->status == serviced_query_TCP_EDNS)
		return EDNS_ADVERTISED_SIZE;
	return 0;
}

static enum caa_result result_of(enum caa_end end, const struct caa_answer *answer)
{
	switch (end) {
	case CAA_END_ANSWER:
		return caa_result_of(answer->worth);
	case CAA_END_TIMEOUT:
	case CAA_END_UNREAD:
		return CAA_RESULT_TIMEOUT;
	case CAA_END_ERROR:
	case CAA_END_CUT:
	case CAA_END_ABANDONED:
		break;
	}
	return CAA_RESULT_ERROR;
}

bool caa_failure_is_to_question(const struct serviced_query *sq, struct sldns_buffer *reply)
{
	struct caa_name asked = caa_host_asked(sq);
	const uint8_t *octets = sldns_buffer_begin(reply);
	size_t end = CAA_PACKET_HEADER + asked.len;

	if (sldns_buffer_limit(reply) < end + 4 || LDNS_QDCOUNT(octets) == 0)
		return true;	/* it has none, which is another matter */
	return caa_name_equal((struct caa_name){ octets + CAA_PACKET_HEADER, asked.len }, asked) &&
		sldns_read_uint16(octets + end) == sq->qtype && sldns_read_uint16(octets + end + 2) == LDNS_RR_CLASS_IN;
}

static uint32_t milliseconds(uint64_t from_us, uint64_t to_us)
{
	uint64_t ms = to_us > from_us ? (to_us - from_us) / US_PER_MS : 0;

	return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

static struct caa_name zone_of(const struct serviced_query *sq)
{
	return (struct caa_name){ sq->zone, sq->zonelen };
}

static void write_trace(struct caa_ctx *ctx, struct caa_name name, struct caa_text *t, uint64_t now_us)
{
	if (t->full || !caa_failures_trace_take(ctx->failures, name, now_us, t->len + 1))
		return;
	caa_stats_add(&ctx->stats, CAA_STAT_traced, 1);
	if (!caa_log_write(ctx->log, t->buf, t->len))
		caa_stats_add(&ctx->stats, CAA_STAT_log_lost, 1);
}

static void trace_head(struct caa_text *t, char *line, struct caa_query *query, const char *event)
{
	char text[CAA_NAME_MAX + 1], at[CAA_TEXT_TIME_MAX], id[CAA_ID_MAX];

	caa_text_init(t, line, TRACE_MAX);
	caa_text_addf(t, "{\"v\":%d,\"type\":\"caa-trace\",\"event\":\"%s\",\"time\":\"%s\",\"id\":\"%s\",\"name\":\"", CAA_REPORT_VERSION,
		event, caa_text_time(at, (int64_t)time(NULL)), id_of(query, id));
	caa_text_json(t, caa_text_name(text, sizeof(text), query->note->name));
	caa_text_add(t, "\"");
}

static void trace_attempt(struct caa_ctx *ctx, struct caa_query *query, const struct caa_event *event,
	const struct sldns_buffer *reply, uint64_t now_us)
{
	const struct caa_note *note = query->note;
	char line[TRACE_MAX], zone[CAA_SHORT_NAME];
	struct caa_case c = { .servers = 0 };
	size_t octets = reply != NULL ? sldns_buffer_limit((struct sldns_buffer *)reply) : 0;
	struct caa_text t;

	memcpy(c.wire, note->name.wire, note->name.len);
	c.wire_len = (uint8_t)note->name.len;
	caa_record_init(&c.record);
	caa_record_note(&c.record, note->name, event);
	trace_head(&t, line, query, "attempt");
	caa_text_add(&t, ",\"zone\":\"");
	caa_text_json(&t, event->zone.len > 0 ? caa_text_name(zone, sizeof(zone), event->zone) : "");
	caa_text_add(&t, "\",\"attempt\":");
	caa_report_attempt(&t, &c, &c.record.attempt[0]);
	caa_text_addf(&t, ",\"reply_octets\":%zu,\"reply\":\"", octets);
	for (size_t i = 0; i < octets && i < TRACE_REPLY; i++)
		caa_text_addf(&t, "%02x", sldns_buffer_read_u8_at((struct sldns_buffer *)reply, i));
	caa_text_add(&t, "\"}");
	write_trace(ctx, note->name, &t, now_us);
}

static void note_event(struct caa_ctx *ctx, struct caa_query *const *queries, unsigned count, struct caa_event *event,
	const struct sldns_buffer *reply, uint64_t now_us)
{
	for (unsigned i = 0; i < count; i++) {
		struct caa_note *note = queries[i]->note;

		if (note == NULL)
			continue;
		event->at_ms = milliseconds(note->started_us, now_us);
		caa_record_note(&note->record, note->name, event);
		if (note->traced)
			trace_attempt(ctx, queries[i], event, reply, now_us);
	}
}

void caa_failure_outcome(struct caa_ctx *ctx, struct caa_query *const *queries, unsigned count,
	const struct serviced_query *sq, const struct caa_addr *addr, const struct caa_asking *asking, uint64_t now_us,
	enum caa_end end, bool tcp, struct sldns_buffer *reply, const struct caa_answer *answer)
{
	uint64_t left_us = asking->sent.sent_us;
	struct caa_event event = {
		.addr = *addr, .name = caa_host_asked(sq), .zone = zone_of(sq), .qtype = (uint16_t)sq->qtype, .size = size_offered(sq),
		.tcp = tcp, .cookie = asking->cookie.client_sent && size_offered(sq) != 0, .dnssec = (sq->dnssec & EDNS_DO) != 0,
		.waited_ms = asking->waited ? milliseconds(asking->placed_us, left_us) : 0,
		.rtt_ms = left_us != 0 ? milliseconds(left_us, now_us) : 0, .answer = answer,
	};

	if (count == 0 || !caa_failures_enabled(ctx->failures))
		return;
	event.result = result_of(answer != NULL || end != CAA_END_ANSWER ? end : CAA_END_ERROR, answer);
	if (event.result == CAA_RESULT_ERROR && !caa_host_has_socket())
		event.result = CAA_RESULT_NO_SOCKET;
	if (event.result < CAA_RESULT_UNREADABLE && event.result != CAA_RESULT_RCODE && reply != NULL && !caa_failure_is_to_question(sq, reply))
		event.result = CAA_RESULT_UNREADABLE;
	if (event.result == CAA_RESULT_GOOD)
		caa_failures_answered(ctx->failures, addr, event.zone, event.qtype == LDNS_RR_TYPE_CAA, now_us);
	note_event(ctx, queries, count, &event, reply, now_us);
}

void caa_failure_caps(struct caa_query *const *queries, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (queries[i]->note != NULL)
			caa_record_note_caps(&queries[i]->note->record);
}

void caa_failure_late(struct caa_ctx *ctx, struct caa_query *const *queries, unsigned count, const struct serviced_query *sq,
	const struct caa_addr *addr)
{
	/* size and DO as it would have had them */
	struct caa_event event = { .addr = *addr, .name = caa_host_asked(sq), .zone = zone_of(sq), .qtype = (uint16_t)sq->qtype,
		.size = EDNS_ADVERTISED_SIZE, .dnssec = (sq->dnssec & EDNS_DO) != 0, .result = CAA_RESULT_LATE };

	note_event(ctx, queries, count, &event, NULL, caa_host_now_us());
}

/* --- the end ---------------------------------------------------------------------------------------------------------------- */

/** Whether the answer is a failure to the client, who did not ask to go without validation. */
static bool is_bogus(const struct module_qstate *qstate)
{
	return qstate->return_msg != NULL && qstate->return_msg->rep != NULL && (qstate->query_flags & BIT_CD) == 0 &&
		qstate->return_msg->rep->security == sec_status_bogus;
}

static bool is_failure(const struct module_qstate *qstate)
{
	const struct dns_msg *msg = qstate->return_msg;

	if (is_bogus(qstate))
		return true;
	if (msg == NULL || msg->rep == NULL)
		return qstate->return_rcode != LDNS_RCODE_NOERROR && qstate->return_rcode != LDNS_RCODE_NXDOMAIN;
	return FLAGS_GET_RCODE(msg->rep->flags) == LDNS_RCODE_SERVFAIL;
}

/** A bogus answer from the cache does not tell its reason (say_once()); the failure that put it there does. */
static void recall_bogus(struct caa_ctx *ctx, struct reply_info *rep, struct caa_case *c)
{
	struct caa_repeats n;
	struct caa_case last;

	if (!caa_failures_find(ctx->failures, caa_case_name(c), caa_host_now_us(), &last, &n) || !last.bogus)
		return;
	if (last.bogus_ede != CAA_NO_EDE)
		rep->reason_bogus = (sldns_ede_code)last.bogus_ede;
	memcpy(c->reason, last.reason, sizeof(c->reason));
	c->denial = last.denial;
	c->missed = last.missed;
	c->missed_labels = last.missed_labels;
	c->missed_tag = last.missed_tag;
	memcpy(c->about, last.about, sizeof(c->about));
	if (c->record.outcomes == 0)
		c->record = last.record;
}

static void add_bogus(struct caa_ctx *ctx, struct caa_case *c, struct module_qstate *qstate)
{
	struct reply_info *rep = qstate->return_msg->rep;

	c->bogus = true;
	c->denial = rep->an_numrrsets == 0 && caa_keys_are_good(qstate);
	if (rep->reason_bogus == LDNS_EDE_NONE)
		recall_bogus(ctx, rep, c);
	c->bogus_ede = rep->reason_bogus > 0 ? (uint16_t)rep->reason_bogus : CAA_NO_EDE;
	if (rep->reason_bogus_str != NULL)
		caa_text_clean(c->reason, sizeof(c->reason), (const uint8_t *)rep->reason_bogus_str,
			strlen(rep->reason_bogus_str));
}

/** What the upstream table and the zones that they answer for know of the servers. */
static void add_servers(struct caa_ctx *ctx, struct module_qstate *qstate, const struct caa_query *query, struct caa_case *c,
	struct caa_name zone, uint64_t now_us)
{
	uint64_t since_us = query->started_us > TYPES_US ? query->started_us - TYPES_US : 1;

	c->servers = (uint8_t)caa_record_servers(&c->record, zone, c->server);
	for (unsigned i = 0; i < c->servers; i++) {
		struct caa_server *s = &c->server[i];
		struct caa_addr at = s->addr;
		struct caa_upstream u;

		s->others_answer = (uint8_t)(zone.len > 0 ? caa_failures_others(ctx->failures, &s->addr, zone, now_us) :
			CAA_UNKNOWN);
		s->other_types = zone.len > 0 && caa_failures_is_typed(ctx->failures, &s->addr, zone, now_us, 0);
		s->types_now = s->other_types && caa_failures_is_typed(ctx->failures, &s->addr, zone, now_us, since_us);
		caa_state_server_name(qstate, zone, &s->addr, s->ns);
		if (s->ns[0] == '\0' && s->of_zone)
			caa_state_only_server(qstate, zone, s->ns);
		at.line = query->zone.rate_line;
		if (!caa_shards_copy(ctx->shards, &at, &u))
			continue;
		s->sent = u.sent_caa;
		s->replied = u.replied;
		s->timed_out = u.timed_out;
		s->rtt_ms = u.learn.srtt_us / US_PER_MS;
		s->limited = caa_learn_limited(&u.learn);
		s->speaks = caa_learn_speaks(&u.learn);
		s->mute = caa_learn_is_mute(&u.learn, now_us);
		if (!caa_learn_alive(&u.learn, now_us)) {	/* it may be gone by now for all */
			s->other_types = false;
			if (s->others_answer == CAA_YES)
				s->others_answer = CAA_UNKNOWN;
		}
		if (s->limited)
			s->rate_qps = (u.learn.limit.rate_mqps + 999) / 1000;
	}
}

/** @param keys: that were missed; NULL if none were. @return the zone that failed. */
static struct caa_name zone_of_failure(struct module_qstate *qstate, const struct caa_case *c, const struct caa_keys *keys)
{
	const struct delegpt *parent;
	struct caa_name zone;

	if (keys == NULL && c->bogus && caa_keys_refused(qstate, &zone))
		return zone;
	if (keys == NULL)
		return caa_state_zone(qstate, c);
	if (keys->qtype != LDNS_RR_TYPE_DS)
		return keys->zone;
	parent = caa_keys_delegation(qstate, keys);
	return parent != NULL ? (struct caa_name){ parent->name, parent->namelen } : caa_state_zone(qstate, c);
}

/** The zone that failed is the one whose server did: that of the main cause, where there is one.
 *  @return whether zone was changed. */
static bool follow_cause(struct module_qstate *qstate, struct caa_case *c, struct caa_name *zone)
{
	const struct caa_attempt *cause = c->cause < CAA_ATTEMPTS_MAX ? &c->record.attempt[c->cause] : NULL;

	if (cause == NULL || cause->zone_tag == 0 || cause->zone_tag == caa_zone_tag(*zone))
		return false;
	*zone = caa_state_asked_zone(qstate, c, cause);
	c->zone[0] = '\0';
	caa_state_set_zone(qstate, c, *zone);
	return true;
}

/** Whether there is no memory, where that may be why: Unbound does not tell.  What it had for a question that failed is not free
 *  yet. */
static bool lacks_memory(const struct caa_case *c)
{
	return c->own == CAA_OWN_NONE && (c->class == CAA_CLASS_INTERNAL || c->class == CAA_CLASS_BOGUS) && !caa_host_has_memory();
}

/** @return the zone that failed, borrowed from the question's state; len 0 if it is not known. */
static struct caa_name build(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query, struct caa_case *c)
{
	const struct caa_note *note = query->note;
	uint64_t now_us = caa_host_now_us();
	struct caa_name zone;
	struct caa_keys keys;
	bool missed;

	memset(c, 0, sizeof(*c));
	c->record = note->record;
	memcpy(c->wire, note->name.wire, note->name.len);
	c->wire_len = (uint8_t)note->name.len;
	(void)id_of(query, c->id);
	c->unix_s = (int64_t)time(NULL);
	c->took_ms = milliseconds(note->started_us, now_us);
	c->tries = (uint16_t)(query->tries.made + 1);
	c->bogus_ede = CAA_NO_EDE;
	c->late = now_us >= caa_query_deadline_us(query);
	if (is_bogus(qstate))
		add_bogus(ctx, c, qstate);
	missed = c->bogus && caa_keys_missed(qstate, &keys);
	zone = zone_of_failure(qstate, c, missed ? &keys : NULL);
	zone = caa_state_facts(qstate, c, zone, missed, missed ? caa_keys_delegation(qstate, &keys) : NULL);
	if (missed)
		caa_case_miss(c, keys.qtype, keys.zone, zone);
	add_servers(ctx, qstate, query, c, zone, now_us);
	if (query->no_memory)
		c->own = CAA_OWN_MEMORY;
	caa_case_class(c);
	if (follow_cause(qstate, c, &zone)) {
		add_servers(ctx, qstate, query, c, zone, now_us);
		caa_case_class(c);
	}
	if (c->class == CAA_CLASS_INTERNAL && c->own == CAA_OWN_NONE && c->missed == 0 && caa_state_remembered(qstate, c)) {
		zone = caa_state_zone(qstate, c);
		add_servers(ctx, qstate, query, c, zone, now_us);
		caa_case_class(c);
	}
	if (lacks_memory(c)) {
		c->own = CAA_OWN_MEMORY;
		caa_case_class(c);
	}
	return zone;
}

static void write_line(struct caa_ctx *ctx, const struct caa_case *c, const struct caa_repeats *n, uint64_t left_out)
{
	char line[CAA_LINE_MAX];
	size_t len = caa_report_line(c, n, left_out, &caa_host_versions, line);

	if (caa_log_write(ctx->log, line, len))
		caa_stats_add(&ctx->stats, CAA_STAT_log_lines, 1);
	else
		caa_stats_add(&ctx->stats, CAA_STAT_log_lost, 1);
}

/** Unbound keeps the reason of a bogus answer with it, and adds it to an answer from the cache as an EDE of its own, beside the
 *  one that on_servfail() adds: the client is to hear one reason. */
static void say_once(struct module_qstate *qstate)
{
	const struct query_info *q = &qstate->qinfo;
	struct msgreply_entry *entry = msg_cache_lookup(qstate->env, q->qname, q->qname_len, q->qtype, q->qclass,
		qstate->query_flags, 0, 1);
	struct reply_info *rep;

	if (entry == NULL)
		return;
	rep = entry->entry.data;
	if (rep->security == sec_status_bogus)
		rep->reason_bogus = LDNS_EDE_NONE;
	lock_rw_unlock(&entry->entry.lock);
}

/** A failure is known: count it, keep it, and have it said.  @return how often the name has failed. */
static uint32_t record(struct caa_ctx *ctx, struct caa_query *query, const struct caa_case *c)
{
	struct caa_note *note = query->note;
	struct caa_repeats n;
	uint64_t left_out = 0;

	note->ede = caa_say_to_client(c, note->ede_text);
	note->ended = true;
	caa_stats_add(&ctx->stats, CAA_STAT_failures, 1);
	caa_stats_add(&ctx->stats, (enum caa_stat)(CAA_STAT_class_rate_limited + c->class), 1);
	switch (caa_failures_add(ctx->failures, c, caa_host_now_us(), query->zone.log_after, &n, &left_out)) {
	case CAA_LOG_WRITE:
		write_line(ctx, c, &n, left_out);
		break;
	case CAA_LOG_BELOW:
		caa_stats_add(&ctx->stats, CAA_STAT_log_below, 1);
		break;
	case CAA_LOG_OVER:
		caa_stats_add(&ctx->stats, CAA_STAT_log_over, 1);
		break;
	}
	return n.count;
}

/** Have other resolvers that wait for the question hear why it failed, if they would hear so from its servers as well. */
static void tell_fleet(struct module_qstate *qstate, struct caa_query *query, const struct caa_case *c)
{
	uint8_t octets[CAA_CARRY_MAX];

	if (query->merged.ask == NULL || query->tries.passing > 0 || !caa_carry_fits(c) || !caa_state_is_whole(qstate, c))
		return;
	caa_elsewhere_tell_failure(&query->merged, octets, caa_carry_write(octets, c));
}

static void fail(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query)
{
	struct caa_name zone;
	struct caa_case c;
	uint32_t count;

	zone = build(ctx, qstate, query, &c);
	if (c.bogus)
		say_once(qstate);
	count = record(ctx, query, &c);
	tell_fleet(qstate, query, &c);
	caa_reporting_fail(ctx, qstate, query, zone, caa_state_chased(qstate), query->note->ede);
	if (c.insecure == CAA_UNKNOWN && count + 1 >= query->zone.log_after)	/* the next failure is logged */
		caa_state_ask_ds(qstate, zone);
}

/** The reason of a failure that Unbound has in its cache. */
static uint16_t cached_reason(struct caa_ctx *ctx, const struct query_info *qinfo, char text[static CAA_EDE_MAX])
{
	struct caa_repeats n;
	struct caa_case c;

	if (caa_failures_find(ctx->failures, caa_host_qname(qinfo), caa_host_now_us(), &c, &n))
		return caa_say_to_client(&c, text);
	snprintf(text, CAA_EDE_MAX, "this CAA lookup failed a moment ago; the reason is not known any more, try again");
	return EDE_CACHED_ERROR;
}

/** @return true. */
static bool tell_cached(struct caa_ctx *ctx, struct caa_note *note)
{
	note->ended = true;
	caa_stats_add(&ctx->stats, CAA_STAT_failures_cached, 1);
	return true;
}

/** A question that ends with a failure of Unbound's cache, as a label of a climb and one that followed another thread's do, has
 *  looked nothing up: it has not failed itself, and has the reason and the id of the lookup that did.
 *  @return false if it is not such a one, or is bogus, for which the validator gave a reason again, and that lookup is not
 *	remembered. */
static bool tell_again(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_note *note)
{
	struct reply_info *rep = qstate->return_msg != NULL ? qstate->return_msg->rep : NULL;
	struct caa_repeats n;
	struct caa_case last;

	if (note->record.outcomes > 0 || rep == NULL)
		return false;
	if (!is_bogus(qstate)) {
		note->ede = cached_reason(ctx, &qstate->qinfo, note->ede_text);
		return tell_cached(ctx, note);
	}
	if (!caa_failures_find(ctx->failures, note->name, caa_host_now_us(), &last, &n) || !last.bogus)
		return false;
	if (last.bogus_ede != CAA_NO_EDE)	/* for the climb that waits for it */
		rep->reason_bogus = (sldns_ede_code)last.bogus_ede;
	say_once(qstate);	/* the validator looked at it again, and Unbound keeps what it said */
	note->ede = caa_say_to_client(&last, note->ede_text);
	return tell_cached(ctx, note);
}

static void trace_end(struct caa_ctx *ctx, const struct module_qstate *qstate, struct caa_query *query)
{
	const struct caa_note *note = query->note;
	const struct dns_msg *msg = qstate->return_msg;
	char line[TRACE_MAX];
	struct caa_text t;

	trace_head(&t, line, query, "end");
	caa_text_addf(&t, ",\"took_ms\":%" PRIu32 ",\"rcode\":%d,\"security\":\"%s\"",
		milliseconds(note->started_us, caa_host_now_us()),
		msg != NULL && msg->rep != NULL ? (int)FLAGS_GET_RCODE(msg->rep->flags) : qstate->return_rcode,
		msg != NULL && msg->rep != NULL ? sec_status_to_string(msg->rep->security) : "");
	if (note->ended) {
		caa_text_addf(&t, ",\"ede\":%u,\"text\":\"", note->ede);
		caa_text_json(&t, note->ede_text);
		caa_text_add(&t, "\"");
	}
	caa_text_add(&t, "}");
	write_trace(ctx, note->name, &t, caa_host_now_us());
}

bool caa_failure_take(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query, const uint8_t *octets, size_t len)
{
	struct caa_case c;

	if (query->note == NULL || !caa_carry_read(&c, query->note->name, octets, len))
		return false;
	qstate->return_rcode = LDNS_RCODE_SERVFAIL;
	qstate->return_msg = NULL;
	if (caa_hold_rescue(ctx, qstate, query))
		return true;
	caa_stats_add(&ctx->stats, CAA_STAT_fleet_failures, 1);
	(void)record(ctx, query, &c);
	if (query->note->traced)
		trace_end(ctx, qstate, query);
	return true;
}

void caa_failure_end(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query)
{
	bool failed = is_failure(qstate);

	if (query->note == NULL) {
		if (failed) {	/* there was no memory for a note of why */
			caa_stats_add(&ctx->stats, CAA_STAT_failures, 1);
			caa_stats_add(&ctx->stats, CAA_STAT_class_internal, 1);
		}
		return;
	}
	if (failed && qstate->return_msg == NULL)	/* without memory Unbound refuses, where there is no place for a reason */
		qstate->return_rcode = LDNS_RCODE_SERVFAIL;
	if (failed && !tell_again(ctx, qstate, query->note))
		fail(ctx, qstate, query);
	if (query->note->traced)
		trace_end(ctx, qstate, query);
}

/* --- EDE ---------------------------------------------------------------------------------------------------------------------- */

const char *caa_failure_reason(struct caa_ctx *ctx, const struct module_qstate *qstate, const struct caa_query *query,
	struct regional *region, uint16_t *code)
{
	char text[CAA_EDE_MAX];

	if (query == NULL || query->note == NULL)
		return NULL;
	if (query->note->ended) {
		*code = query->note->ede;
		return regional_strdup(region, query->note->ede_text);
	}
	*code = cached_reason(ctx, &qstate->qinfo, text);	/* it failed with the question of another thread */
	return regional_strdup(region, text);
}

static bool concerns_us(struct caa_ctx *ctx, const struct query_info *qinfo)
{
	struct caa_zone_options options;

	return qinfo->qtype == LDNS_RR_TYPE_CAA && qinfo->qclass == LDNS_RR_CLASS_IN &&
		caa_ctx_enabled(ctx) && caa_failures_enabled(ctx->failures) && caa_ctx_options(ctx, caa_host_qname(qinfo), &options);
}

static void add_cached(struct caa_ctx *ctx, const struct query_info *qinfo, struct edns_option **opts,
	struct regional *region)
{
	char text[CAA_EDE_MAX];
	uint16_t code = cached_reason(ctx, qinfo, text);

	caa_stats_add(&ctx->stats, CAA_STAT_failures_cached, 1);
	edns_opt_list_append_ede(opts, region, (sldns_ede_code)code, text);
}

/** Unbound answers SERVFAIL to a question that has not failed: it could not be taken, or its client could not be kept.  That is for
 *  want of memory, or Unbound says itself what it is for. */
static void add_no_memory(const struct query_info *qinfo, struct edns_option **opts, struct regional *region)
{
	struct caa_name name = caa_host_qname(qinfo);
	struct caa_case c = { .own = CAA_OWN_MEMORY, .wire_len = (uint8_t)name.len };
	char text[CAA_EDE_MAX];
	uint16_t code;

	if (caa_host_has_memory())
		return;
	memcpy(c.wire, name.wire, name.len);
	caa_record_init(&c.record);
	caa_case_class(&c);
	code = caa_say_to_client(&c, text);
	edns_opt_list_append_ede(opts, region, (sldns_ede_code)code, text);
}

/** The reason so far of a question whose client is told while it goes on. */
static void add_so_far(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query,
	struct edns_option **opts, struct regional *region)
{
	char text[CAA_EDE_MAX] = "this CAA lookup goes on: ask again";
	uint16_t code = EDE_OTHER;
	struct caa_case c;

	if (query->note != NULL) {
		build(ctx, qstate, query, &c);
		code = caa_say_so_far(&c, text);
	}
	edns_opt_list_append_ede(opts, region, (sldns_ede_code)code, text);
}

/** Add the reason of a question that has failed, in what was set aside for it. */
static void add_ended(struct caa_note *note, struct edns_option **opts)
{
	size_t len = strlen(note->ede_text);

	sldns_write_uint16(note->option_data, note->ede);
	memcpy(note->option_data + 2, note->ede_text, len);
	note->option = (struct edns_option){ .opt_code = LDNS_EDNS_EDE, .opt_len = 2 + len, .opt_data = note->option_data };
	while (*opts != NULL && *opts != &note->option)	/* a list that outlives an answer has it already */
		opts = &(*opts)->next;
	*opts = &note->option;
}

/** The reason of a question's own lookup, or of the one that it followed. */
static void add_own(struct caa_ctx *ctx, const struct query_info *qinfo, const struct caa_query *query, struct reply_info *rep,
	struct edns_option **opts, struct regional *region)
{
	if (!query->note->ended) {
		if (query->merged.follows)	/* it failed with the question of another thread, for the same reason */
			add_cached(ctx, qinfo, opts, region);
		else
			add_no_memory(qinfo, opts, region);
		return;
	}
	add_ended(query->note, opts);
	if (rep != NULL)	/* the question's own copy; Unbound would add what is said already */
		rep->reason_bogus = LDNS_EDE_NONE;
}

/** Unbound answers SERVFAIL: for a question that is over or goes on, or, without qstate, for a bogus answer in its cache, or for
 *  a question that it could not take. */
static int on_servfail(struct query_info *qinfo, struct module_qstate *qstate, struct reply_info *rep, int rcode,
	struct edns_data *edns, struct edns_option **opts, struct comm_reply *repinfo, struct regional *region,
	struct timeval *start_time, int id, void *arg)
{
	struct caa_ctx *ctx = arg;
	struct caa_query *query;

	(void)rcode;
	(void)edns;
	(void)repinfo;
	(void)start_time;
	(void)id;
	if (qinfo->qtype != LDNS_RR_TYPE_CAA)
		return 1;
	query = qstate != NULL ? caa_query_of(ctx, qstate) : NULL;
	if (query == NULL && !concerns_us(ctx, qinfo))
		return 1;
	if (query == NULL && qstate == NULL && rep != NULL)
		add_cached(ctx, qinfo, opts, region);
	else if (query == NULL)
		add_no_memory(qinfo, opts, region);
	else if (query->patient.telling)
		add_so_far(ctx, qstate, query, opts, region);
	else if (query->note != NULL)
		add_own(ctx, qinfo, query, rep, opts, region);
	return 1;
}

/** The hook of that name: a client is answered with SERVFAIL from the cache. */
static void on_cached_failure(void *arg, struct query_info *qinfo, struct edns_option **opts, struct regional *region)
{
	struct caa_ctx *ctx = arg;

	if (concerns_us(ctx, qinfo))
		add_cached(ctx, qinfo, opts, region);
}

/** A failure is in Unbound's cache before its reason is known, and before it is known whether the lookup is tried again; and it stays there
 *  too long when the clock was set back, which the question that is looked up then finds. */
static int failure_is_early(void *arg, struct query_info *qinfo, uint16_t flags)
{
	struct caa_ctx *ctx = arg;

	return concerns_us(ctx, qinfo) && (caa_clock_is_back(ctx) || caa_lookups_is_led(ctx, caa_host_qname(qinfo), flags));
}

bool caa_failure_register(struct caa_ctx *ctx, struct module_env *env, struct module_hooks *hooks)
{
	struct dynlibmod_env *dynlib = env->modinfo[ctx->id];

	hooks->cached_failure = on_cached_failure;
	hooks->failure_is_early = failure_is_early;
	return dynlib->inplace_cb_register_wrapped(on_servfail, inplace_cb_reply_servfail, ctx, env, ctx->id) != 0;
}

void caa_failure_unregister(struct caa_ctx *ctx, struct module_env *env)
{
	struct dynlibmod_env *dynlib = env->modinfo[ctx->id];

	dynlib->inplace_cb_delete_wrapped(env, inplace_cb_reply_servfail, ctx->id);
}
