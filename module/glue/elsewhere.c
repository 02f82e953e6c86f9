/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/elsewhere.h"

#include "core/wire/name.h"
#include "glue/answer.h"
#include "glue/ctx.h"
#include "glue/fleet.h"
#include "glue/handed.h"
#include "glue/host.h"
#include "glue/parents.h"
#include "glue/referral.h"

#include "iterator/iterator.h"
#include "services/cache/dns.h"
#include "sldns/pkthdr.h"
#include "sldns/rrdef.h"
#include "sldns/sbuffer.h"
#include "util/data/msgreply.h"
#include "util/net_help.h"
#include "util/regional.h"

enum {
	US_PER_MS = 1000
};

enum module_ext_state caa_elsewhere_lead(struct caa_ctx *ctx, struct caa_merged *m)
{
	struct module_qstate *qstate = m->qstate;
	struct caa_name name = caa_host_qname(&qstate->qinfo);

	if (ctx->fleet == NULL || (qstate->query_flags & BIT_RD) == 0 || m->hurried || !caa_fleet_ready(ctx->fleet) ||
	    caa_host_has_answer(qstate, name, qstate->qinfo.qtype) || !caa_lookups_make_timer(m))
		return caa_parents_look_up(ctx, m);
	m->ask = caa_fleet_ask(ctx->fleet, name, qstate->qinfo.qtype,
		qstate->query_flags & (BIT_RD | BIT_CD), m->worker, m);
	if (m->ask == NULL)
		return caa_parents_look_up(ctx, m);
	m->asks = true;
	m->late = false;
	m->ask_until_us = caa_host_now_us() + caa_fleet_wait_us(ctx->fleet);
	return caa_lookups_sleep_until(m, m->ask_until_us);
}

enum module_ext_state caa_elsewhere_go_on(struct caa_ctx *ctx, struct caa_merged *m)
{
	m->asks = false;
	caa_stats_add(&ctx->stats, CAA_STAT_fleet_alone, 1);
	return caa_parents_look_up(ctx, m);
}

/** Until when a question waits for the first word: that the store is late has reached this thread later, if it is busy, and for as long
 *  once more the word may be on its way, while the question itself would not get further either. */
static uint64_t word_until_us(struct caa_merged *m, uint64_t now_us)
{
	uint64_t late_us = caa_fleet_late_us(m->ask);

	if (late_us != 0 && now_us < m->ask_until_us && !m->late) {
		uint64_t until_us = 2 * now_us - late_us;

		m->ask_until_us = until_us < m->ask_until_us ? until_us : m->ask_until_us;
		m->late = true;
	}
	return m->ask_until_us;
}

/** Another resolver has found the zone of a question's name: the first of those who wait for it here go on below it. */
static void take_referral(struct caa_ctx *ctx, struct caa_merged *m)
{
	const struct caa_fleet_referral *referral = caa_fleet_referral(m->ask);

	if (referral == NULL || m->led_on || m->keys)
		return;
	m->led_on = true;
	if (!caa_fleet_flushed_since(ctx->fleet, m->ask) &&
	    caa_referral_take(m->qstate, caa_host_qname(&m->qstate->qinfo), referral->wire, referral->len,
		caa_host_now_us() - referral->at_us))
		caa_lookups_scout(ctx, m);
}

enum module_ext_state caa_elsewhere_word(struct caa_ctx *ctx, struct caa_merged *m)
{
	uint64_t now_us = caa_host_now_us(), until_us;

	m->waiting = false;
	switch (caa_fleet_word(m->ask)) {
	case CAA_FLEET_ASKED:
		until_us = word_until_us(m, now_us);
		if (now_us < until_us)
			return caa_lookups_sleep_until(m, until_us);
		break;
	case CAA_FLEET_WAITS:
		take_referral(ctx, m);
		until_us = caa_parents_until_us(m);
		if (now_us >= until_us || m->hurried)
			break;
		if (m->keys && until_us > now_us + CAA_KEYS_LOOK_US)
			until_us = now_us + CAA_KEYS_LOOK_US;
		return caa_lookups_sleep_until(m, until_us);
	case CAA_FLEET_CLAIMED:
		m->asks = false;
		return caa_parents_look_up(ctx, m);
	case CAA_FLEET_ANSWERED:
		m->asks = false;
		m->took = true;
		return caa_parents_go(m);
	case CAA_FLEET_FAILED:
		if (!m->ask->answer.failure || m->keys)	/* why is not told; without keys it would be bogus here */
			break;
		m->asks = false;
		m->failed = true;
		return module_finished;
	case CAA_FLEET_ALONE:
		break;
	}
	return caa_elsewhere_go_on(ctx, m);
}

const uint8_t *caa_elsewhere_failure(const struct caa_merged *m, size_t *len)
{
	*len = m->ask->answer.len;
	return m->ask->answer.wire;
}

void caa_elsewhere_tell_failure(struct caa_merged *m, const uint8_t *octets, size_t len)
{
	if (m->ask == NULL || caa_host_is_forwarded(m->qstate))
		return;
	m->failure = regional_alloc_init(m->qstate->region, octets, len);
	m->failure_len = len;
}

bool caa_elsewhere_took(struct caa_merged *m)
{
	m->took = m->took || (m->ask != NULL && !m->asks && caa_fleet_word(m->ask) == CAA_FLEET_ANSWERED);
	return m->took;
}

struct dns_msg *caa_elsewhere_taken(struct caa_merged *m)
{
	const struct caa_fleet_answer *answer = &m->ask->answer;
	struct module_qstate *qstate = m->qstate;
	struct sldns_buffer *buf = qstate->env->scratch_buffer;
	const struct query_info *q = &qstate->qinfo;
	struct dns_msg *msg;
	uint64_t age_ms;

	if (answer->len < LDNS_HEADER_SIZE || sldns_buffer_capacity(buf) < answer->len)
		return NULL;
	sldns_buffer_clear(buf);
	sldns_buffer_write(buf, answer->wire, answer->len);
	sldns_buffer_flip(buf);
	msg = caa_handed_decode(qstate, buf);
	if (msg == NULL || msg->qinfo.qtype != q->qtype || msg->qinfo.qclass != q->qclass ||
	    !caa_name_equal(caa_host_qname(&msg->qinfo), caa_host_qname(q)))
		return NULL;
	msg->qinfo = *q;
	age_ms = answer->age_ms + (caa_host_now_us() - answer->at_us) / US_PER_MS;
	caa_handed_grow_old(msg->rep, age_ms * US_PER_MS);
	return msg;
}

/** Whether an answer may be left for other resolvers: it came from the network, by what all of them are configured alike. */
static bool may_leave(struct module_qstate *qstate)
{
	const struct iter_qstate *iq = caa_host_iterator(qstate);

	return caa_handed_is_sound(qstate) && !qstate->no_cache_store && !qstate->rpz_applied && (iq == NULL || !iq->auth_zone_response);
}

void caa_elsewhere_leave(struct caa_ctx *ctx, struct caa_merged *m, bool failed)
{
	struct module_qstate *qstate = m->qstate;
	struct sldns_buffer *buf = qstate->env->scratch_buffer;
	struct caa_fleet_answer answer;

	if (m->ask == NULL)
		return;
	if (failed && m->failure != NULL) {
		answer = (struct caa_fleet_answer){ .wire = m->failure, .len = m->failure_len, .failure = true,
			.began_us = m->looked_us };
		caa_lookups_leave_fleet(ctx, m, &answer);
		return;
	}
	if (failed || m->took || m->held || !may_leave(qstate) || !caa_handed_encode(qstate, buf, CAA_FLEET_PAYLOAD_MAX)) {
		caa_lookups_leave_fleet(ctx, m, NULL);
		return;
	}
	answer = (struct caa_fleet_answer){ .wire = sldns_buffer_begin(buf), .len = sldns_buffer_limit(buf),
		.ttl_s = qstate->return_msg->rep->ttl > 0 ? (uint32_t)qstate->return_msg->rep->ttl : 0,
		.chain = caa_answer_has(qstate->return_msg->rep, 0, qstate->return_msg->rep->an_numrrsets, LDNS_RR_TYPE_CNAME),
		.age_ms = (caa_host_now_us() - m->began_us) / US_PER_MS, .began_us = m->looked_us, .security = (uint8_t)qstate->return_msg->rep->security };
	caa_lookups_leave_fleet(ctx, m, &answer);
}

void caa_elsewhere_tell_referral(struct caa_ctx *ctx, struct caa_merged *m)
{
	enum caa_fleet_word word;
	const uint8_t *wire;
	size_t len;

	/* what was in the cache before may be old: it stays here */
	if (m->ask == NULL || m->asks || !m->finds)
		return;
	word = caa_fleet_word(m->ask);
	if (word != CAA_FLEET_CLAIMED && word != CAA_FLEET_ASKED)	/* others wait for somebody else */
		return;
	wire = caa_referral_write(m->qstate, caa_host_qname(&m->qstate->qinfo), CAA_FLEET_REFERRAL_MAX, &len);
	if (wire != NULL)
		caa_fleet_leads(ctx->fleet, m->ask, wire, len, m->looked_us);
}

void caa_elsewhere_silent(struct caa_ctx *ctx, struct caa_merged *m, bool limited)
{
	if (m->ask == NULL || m->asks)
		return;
	m->silences += limited ? 1 : 2;
	if (m->silences >= 2 * CAA_MERGE_LOSSES)
		caa_lookups_leave_fleet(ctx, m, NULL);
}
