/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/merge.h"

#include "core/wire/name.h"
#include "glue/ctx.h"
#include "glue/elsewhere.h"
#include "glue/handed.h"
#include "glue/host.h"
#include "glue/parents.h"

#include "services/outside_network.h"
#include "sldns/pkthdr.h"
#include "sldns/rrdef.h"
#include "sldns/sbuffer.h"
#include "util/net_help.h"

enum {
	US_PER_S = 1000000,
	/** A follower waits so much longer than its budget: the lookup that it follows hears of its last query a little after its own
	 *  budget has ended, and then knows why it failed. */
	FOLLOW_GRACE_US = US_PER_S
};

/** Whether an answer of another lookup serves a query state as well as its own would. */
static bool may_share(const struct module_qstate *qstate)
{
	return !qstate->no_cache_lookup && !qstate->no_cache_store && qstate->prefetch_leeway == 0 && qstate->blacklist == NULL;
}

/** Lead a question's lookup, or follow it. */
static enum module_ext_state lead_or_follow(struct caa_ctx *ctx, struct caa_merged *m)
{
	bool leads = caa_lookups_ask(ctx->lookups, m), late;

	if (!leads && !caa_lookups_make_timer(m)) {	/* most lead, and need none */
		(void)caa_lookups_settle(ctx->lookups, m, &late);
		return module_wait_module;
	}
	m->follows = !leads;
	if (leads)
		return caa_elsewhere_lead(ctx, m);
	if (m->keys)
		return caa_lookups_sleep_until(m, caa_host_now_us() + CAA_KEYS_LOOK_US);
	caa_stats_add(&ctx->stats, CAA_STAT_joined, 1);
	return caa_lookups_sleep_until(m, m->deadline_us + FOLLOW_GRACE_US);
}

static enum module_ext_state begin(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_merged *m)
{
	if (!may_share(qstate) || !caa_lookups_join(ctx->lookups, m, qstate))
		return module_wait_module;
	return lead_or_follow(ctx, m);
}

/** A lookup for keys that follows another has news, or has waited for a while. */
static enum module_ext_state keys_followed(struct caa_ctx *ctx, struct caa_merged *m, enum caa_news news)
{
	if (news == CAA_NEWS_NONE && caa_host_now_us() < m->deadline_us && !m->hurried)
		return lead_or_follow(ctx, m);
	if (m->handed != NULL && caa_handed_give(m->handed, m->qstate))
		return module_finished;
	return caa_parents_go(m);
}

/** A follower has news. */
static enum module_ext_state followed(struct caa_ctx *ctx, struct caa_merged *m, enum caa_news news)
{
	if (m->keys)
		return keys_followed(ctx, m, news);
	switch (news) {
	case CAA_NEWS_FAILED:
		m->qstate->return_rcode = LDNS_RCODE_SERVFAIL;
		m->qstate->return_msg = NULL;
		return module_finished;
	case CAA_NEWS_LEADS:
		m->follows = false;
		return ctx->fleet != NULL ? caa_elsewhere_lead(ctx, m) : caa_parents_first(ctx, m);
	case CAA_NEWS_ANSWERED:	/* should it not be handed over, it is in the cache */
		if (m->handed != NULL && caa_handed_give(m->handed, m->qstate))
			return module_finished;
		break;
	case CAA_NEWS_NONE:
	case CAA_NEWS_KNOWN:
	case CAA_NEWS_ABSENT:
	case CAA_NEWS_LOST:
		m->lookup = 0;	/* it makes a lookup of its own */
		break;
	}
	return caa_parents_go(m);
}

/** One that attended has news. */
static enum module_ext_state attended(struct caa_ctx *ctx, struct caa_merged *m, enum caa_news news, bool late)
{
	switch (news) {
	case CAA_NEWS_ANSWERED:
	case CAA_NEWS_KNOWN:
		m->known = m->target;
		return caa_parents_first(ctx, m);
	case CAA_NEWS_ABSENT:
		return caa_parents_absent(ctx, m);
	case CAA_NEWS_NONE:
		if (!late)	/* the name above has been asked now */
			return caa_parents_first(ctx, m);
		break;
	case CAA_NEWS_FAILED:
	case CAA_NEWS_LOST:
	case CAA_NEWS_LEADS:
		break;
	}
	return caa_parents_go(m);
}

enum module_ext_state caa_merging_run(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_merged *m,
	uint64_t deadline_us)
{
	enum caa_news news;
	bool late;

	if (m->began_us == 0) {
		m->began_us = caa_host_now_us();
		m->deadline_us = deadline_us;
		return begin(ctx, qstate, m);
	}
	if (!m->waiting)
		return module_wait_module;
	if (m->asks)
		return caa_elsewhere_word(ctx, m);
	news = caa_lookups_settle(ctx->lookups, m, &late);
	return m->follows ? followed(ctx, m, news) : attended(ctx, m, news, late);
}

/** Whether a query is for CAA at a question's own name, and not at that of an alias's target. */
static bool is_own(const struct caa_merged *m, const struct serviced_query *sq)
{
	return m->qstate != NULL && sq->qtype == LDNS_RR_TYPE_CAA &&
		caa_name_equal(caa_host_asked(sq), caa_host_qname(&m->qstate->qinfo));
}

void caa_merging_sent(struct caa_ctx *ctx, struct caa_merged *m, const struct serviced_query *sq)
{
	const struct caa_name zone = { sq->zone, sq->zonelen };

	if (m->apex || !is_own(m, sq))
		return;
	m->sent = true;
	m->apex = caa_name_equal(zone, caa_host_qname(&m->qstate->qinfo));
	if (!m->apex)
		return;
	caa_lookups_tell(ctx, m, CAA_NEWS_KNOWN, 0);
	caa_elsewhere_tell_referral(ctx, m);
}

void caa_merging_answered(struct caa_ctx *ctx, struct caa_merged *m, const struct serviced_query *sq,
	struct sldns_buffer *reply)
{
	const uint8_t *packet = sldns_buffer_begin(reply);
	bool absent;

	/* Without AA it may be a referral, which is known when the next query is sent. */
	if (!is_own(m, sq) || sldns_buffer_limit(reply) < LDNS_HEADER_SIZE || !LDNS_AA_WIRE(packet) || LDNS_TC_WIRE(packet))
		return;
	absent = LDNS_RCODE_WIRE(packet) == LDNS_RCODE_NXDOMAIN;
	if (!absent && LDNS_RCODE_WIRE(packet) != LDNS_RCODE_NOERROR)
		return;
	/* Behind a CNAME record it is the alias's target that does not exist. */
	caa_lookups_tell(ctx, m, absent && LDNS_ANCOUNT(packet) == 0 ? CAA_NEWS_ABSENT : CAA_NEWS_KNOWN, 0);
}

void caa_merging_lost(struct caa_ctx *ctx, struct caa_merged *m, const struct serviced_query *sq, bool denied)
{
	if (is_own(m, sq))
		caa_lookups_tell(ctx, m, CAA_NEWS_NONE, denied ? CAA_MERGE_LOSSES : 1);
}

/** Count what plain Unbound would have sent more, at least: it asks a name that is no zone with type A before it asks
 *  with CAA, and each thread asks for itself. */
static void count_saved(struct caa_ctx *ctx, const struct caa_merged *m, size_t followers)
{
	unsigned extra = m->apex ? 0 : 1;

	if (m->sent)
		caa_stats_add(&ctx->stats, CAA_STAT_saved, extra + followers * (1 + extra));
}

void caa_merging_end(struct caa_ctx *ctx, struct caa_merged *m, bool failed)
{
	struct caa_handed *handed = NULL;
	size_t followers;

	if (m->qstate == NULL || !m->lead.leads)
		return;
	caa_elsewhere_leave(ctx, m, failed);
	if (!failed && caa_lookups_is_followed(ctx->lookups, m))
		handed = caa_handed_make(m->qstate);
	followers = caa_lookups_end(ctx->lookups, m, failed ? CAA_NEWS_FAILED : CAA_NEWS_ANSWERED, handed);
	caa_handed_drop(handed);
	if (!failed)
		count_saved(ctx, m, followers);
}
