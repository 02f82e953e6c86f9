/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/hold.h"

#include "glue/answer.h"
#include "glue/ctx.h"
#include "glue/handed.h"
#include "glue/holds.h"
#include "glue/host.h"
#include "glue/query.h"

#include "iterator/iter_utils.h"
#include "iterator/iterator.h"
#include "services/cache/dns.h"
#include "services/mesh.h"
#include "services/modstack.h"
#include "sldns/pkthdr.h"
#include "sldns/rrdef.h"
#include "sldns/sbuffer.h"
#include "util/data/msgencode.h"
#include "util/data/msgparse.h"
#include "util/data/msgreply.h"
#include "util/data/packed_rrset.h"
#include "util/module.h"
#include "util/module_hooks.h"
#include "util/net_help.h"
#include "util/rbtree.h"
#include "util/regional.h"

#include <time.h>

enum { SECURITY_MASK = 0xff };

/** Flags of keys. */
enum { KEY_CD = 1, KEY_NOTE = 2 };	/**< the question's CD bit; not an answer, but when its name was fetched */

static struct caa_hold_time now_of(const struct module_env *env)
{
	return (struct caa_hold_time){ (uint64_t)*env->now, caa_host_now_us() / 1000000 };
}

static struct caa_hold_key key_of(const struct module_qstate *qstate)
{
	return (struct caa_hold_key){ caa_host_qname(&qstate->qinfo), qstate->query_flags & BIT_CD ? KEY_CD : 0 };
}

/* --- how old an answer is ------------------------------------------------------------------------------------------ */

static const struct iter_qstate *iter_of(const struct module_qstate *qstate)
{
	int id = modstack_find(&qstate->env->mesh->mods, "iterator");

	return id >= 0 ? qstate->minfo[id] : NULL;
}

/** When a name was fetched last, by the note. */
static bool noted(struct caa_holds *h, struct caa_name name, struct caa_hold_time now, uint32_t hold_s,
	struct caa_hold_time *since)
{
	uint8_t wire[CAA_HOLD_ANSWER_MAX];
	struct caa_held held;

	if (!caa_holds_get(h, (struct caa_hold_key){ name, KEY_NOTE }, now, hold_s, wire, &held))
		return false;
	*since = held.since;
	return true;
}

static struct caa_hold_time earlier(struct caa_hold_time a, struct caa_hold_time b)
{
	return a.wall_s <= b.wall_s ? a : b;
}

static struct caa_hold_time before(struct caa_hold_time now, uint64_t age_s)
{
	return (struct caa_hold_time){ now.wall_s > age_s ? now.wall_s - age_s : 0,
		now.steady_s > age_s ? now.steady_s - age_s : 0 };
}

/** Find out when the oldest part of the answer was fetched, or a time before that. @return false if nobody knows. */
static bool since_of(struct caa_holds *h, struct module_qstate *qstate, const struct caa_query *query,
	struct caa_hold_time now, struct caa_hold_time *since)
{
	const struct iter_qstate *iq = iter_of(qstate);
	const struct reply_info *rep = qstate->return_msg->rep;
	uint64_t age_s, min_ttl_s = (uint64_t)qstate->env->cfg->min_ttl;
	struct caa_hold_time last;
	unsigned parts;
	bool shared;

	if (iq == NULL)
		return false;
	parts = (unsigned)iq->query_restart_count + 1;
	*since = query->hold.started;
	shared = query->merged.took;	/* how old it was to the other resolver is not known */
	if (query->hold.parts >= parts && !shared)
		return true;
	if (query->hold.parts + 1 == parts && !shared && noted(h, caa_host_qname(&iq->qchase), now, query->zone.hold_s, &last)) {
		*since = earlier(*since, last);
		return true;
	}
	if (rep->security == sec_status_secure && caa_answer_age(rep, min_ttl_s, &age_s)) {
		*since = before(now, age_s);
		return true;
	}
	return false;
}

/** A hook: the iterator has a response, or none, to a query of a question. */
static void response_seen(void *arg, struct module_qstate *qstate, struct dns_msg *response)
{
	struct caa_ctx *ctx = arg;
	struct caa_query *query = caa_query_of(ctx, qstate);
	const struct iter_qstate *iq;
	struct caa_hold_answer note;
	int rcode;

	if (response == NULL || query == NULL || query->zone.hold_s == 0)
		return;
	query->hold.fetched = true;
	iq = iter_of(qstate);
	if (iq != NULL && iq->auth_zone_response)
		query->hold.local = true;
	if (iq == NULL || (iq->chase_flags & BIT_RD) != 0)
		return;		/* a forwarder's: nobody knows how long it had the answer */
	if (query->hold.parts == (unsigned)iq->query_restart_count)
		query->hold.parts++;
	rcode = FLAGS_GET_RCODE(response->rep->flags);
	/* What is fetched past the cache may not replace what is there, and a note must never be too young. */
	if (qstate->blacklist != NULL || query->hold.local || response->qinfo.qtype != LDNS_RR_TYPE_CAA ||
	    (rcode != LDNS_RCODE_NOERROR && rcode != LDNS_RCODE_NXDOMAIN))
		return;
	note = (struct caa_hold_answer){ .since = query->hold.started };
	(void)caa_holds_put(ctx->holds, (struct caa_hold_key){ caa_host_qname(&response->qinfo), KEY_NOTE }, &note,
		query->hold.epoch);
}

/** A hook: query name minimisation is about to ask for a name above the question's.  Where an answer is held for that name,
 *  there is nothing to learn: the authority was asked for it already, and has a referral for the full name too. */
static int minimised_known(void *arg, struct module_qstate *qstate, struct query_info *qmin)
{
	struct caa_ctx *ctx = arg;
	const struct caa_query *query = caa_query_of(ctx, qstate);
	struct caa_hold_key key = { caa_host_qname(qmin), key_of(qstate).flags };

	if (query == NULL || query->zone.hold_s == 0 || qmin->qtype != LDNS_RR_TYPE_CAA || qstate->blacklist != NULL)
		return 0;
	return caa_holds_has(ctx->holds, key, now_of(qstate->env), query->zone.hold_s);
}

/* --- keep ---------------------------------------------------------------------------------------------------------- */

/** What there is to know of a finished question's answer, but for its age. */
static struct caa_hold_facts facts_of(const struct module_qstate *qstate)
{
	const struct reply_info *rep = qstate->return_msg->rep;
	int rcode = FLAGS_GET_RCODE(rep->flags);
	struct caa_hold_facts facts = { .now = now_of(qstate->env), .validating = qstate->env->need_to_validate,
		.security = caa_answer_security(rep->security) };

	facts.has_caa = caa_answer_has(rep, 0, rep->an_numrrsets, LDNS_RR_TYPE_CAA);
	facts.has_soa = caa_answer_has(rep, rep->an_numrrsets, rep->ns_numrrsets, LDNS_RR_TYPE_SOA);
	facts.definite = qstate->return_rcode == LDNS_RCODE_NOERROR && (qstate->query_flags & BIT_RD) != 0 &&
		(rcode == LDNS_RCODE_NOERROR || (rcode == LDNS_RCODE_NXDOMAIN && !facts.has_caa));
	if (facts.security == CAA_HOLD_SECURE)
		facts.signed_until_s = caa_answer_signed_until_s(rep, facts.now.wall_s);
	return facts;
}

/** Put an answer into the store. @return false if it may not be held. */
static bool keep(struct caa_ctx *ctx, struct module_qstate *qstate, const struct caa_query *query, struct caa_hold_facts *facts)
{
	struct sldns_buffer *buf = qstate->env->scratch_buffer;
	const struct reply_info *rep = qstate->return_msg->rep;
	struct caa_hold_answer answer;
	struct caa_answer_names names;

	if (query->hold.local || qstate->no_cache_store)	/* forward-no-cache, stub-no-cache */
		return false;
	facts->age_known = since_of(ctx->holds, qstate, query, facts->now, &facts->since);
	if (!caa_hold_may(facts, query->zone.hold_s))
		return false;
	caa_answer_names(&names, rep);
	if (names.full || !caa_handed_encode(qstate, buf, CAA_HOLD_ANSWER_MAX))
		return false;
	answer = (struct caa_hold_answer){ .wire = sldns_buffer_begin(buf), .len = sldns_buffer_limit(buf),
		.names = names.octets, .names_len = names.len, .since = facts->since, .signed_until_s = facts->signed_until_s,
		.security = (uint8_t)(rep->security & SECURITY_MASK), .negative = !facts->has_caa };
	if (caa_holds_put(ctx->holds, key_of(qstate), &answer, query->hold.epoch) && query->hold.refresh)
		caa_stats_add(&ctx->stats, CAA_STAT_refreshed, 1);
	return true;
}

void caa_hold_keep(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query)
{
	struct caa_hold_facts facts;

	if (query->zone.hold_s == 0 || qstate->return_msg == NULL || qstate->return_msg->rep == NULL)
		return;
	facts = facts_of(qstate);
	if (facts.security == CAA_HOLD_BOGUS) {
		(void)caa_hold_rescue(ctx, qstate, query);
		return;
	}
	/* What is newer counts, whether it may be held or not.  What came from Unbound's cache alone may be older. */
	if (!keep(ctx, qstate, query, &facts) && facts.definite && query->hold.fetched)
		(void)caa_holds_remove(ctx->holds, key_of(qstate));
}

/* --- give out ------------------------------------------------------------------------------------------------------ */

/** Every record lives as long as the answer is held. */
static void set_ttls(struct reply_info *rep, time_t left_s, enum sec_status security)
{
	rep->ttl = left_s;
	rep->prefetch_ttl = PREFETCH_TTL_CALC(left_s);
	rep->serve_expired_ttl = left_s;
	rep->security = security;
	for (size_t i = 0; i < rep->rrset_count; i++) {
		struct packed_rrset_data *d = rep->rrsets[i]->entry.data;

		d->ttl = left_s;
		d->security = security;
		for (size_t rr = 0; rr < d->count + d->rrsig_count; rr++)
			d->rr_ttl[rr] = left_s;
	}
}

/** Make a held answer the question's. */
static bool give(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query, bool *refresh)
{
	struct sldns_buffer *buf = qstate->env->scratch_buffer;
	struct caa_held held;
	struct dns_msg *msg;

	sldns_buffer_clear(buf);
	if (sldns_buffer_capacity(buf) < CAA_HOLD_ANSWER_MAX ||
	    !caa_holds_get(ctx->holds, key_of(qstate), now_of(qstate->env), query->zone.hold_s, sldns_buffer_begin(buf), &held))
		return false;
	sldns_buffer_set_limit(buf, held.len);
	msg = caa_handed_decode(qstate, buf);
	if (msg == NULL)
		return false;
	set_ttls(msg->rep, (time_t)held.left_s, (enum sec_status)held.security);
	msg->qinfo = qstate->qinfo;
	qstate->return_msg = msg;
	qstate->return_rcode = LDNS_RCODE_NOERROR;
	*refresh = held.refresh;
	query->hold.given = true;
	query->merged.held = true;
	query->hold.age_s = held.age_s;
	caa_stats_add(&ctx->stats, CAA_STAT_held, 1);
	return true;
}

/** Look a question up past the hold and the cache, for nobody.  It is a state of its own, which no client's question
 *  joins: those have the held answer meanwhile. */
static void refresh(struct caa_ctx *ctx, struct module_qstate *qstate, const struct caa_query *query)
{
	struct module_env *env = qstate->env;
	struct mesh_state *m = mesh_state_create(env, &qstate->qinfo, NULL, qstate->query_flags, 0, 0);
	struct caa_query *own;

	if (m == NULL)
		return;
	own = regional_alloc_zero(m->s.region, sizeof(*own));
	if (own != NULL)
		sock_list_insert(&m->s.blacklist, NULL, 0, m->s.region);	/* past the cache */
	if (m->s.blacklist == NULL) {
		mesh_state_cleanup(m);
		return;
	}
	own->started_us = caa_host_now_us();
	own->started_s = *env->now;
	own->zone = query->zone;
	own->hold = (struct caa_hold_watch){ .started = now_of(env), .epoch = caa_holds_epoch(ctx->holds),
		.refresh = true };
	m->s.minfo[ctx->id] = own;
	mesh_state_make_unique(m);
	(void)rbtree_insert(&env->mesh->all, &m->node);
	env->mesh->num_detached_states++;
	(void)rbtree_insert(&env->mesh->run, &m->run_node);
}

bool caa_hold_serve(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query)
{
	bool is_hot;

	if (query->zone.hold_s == 0)
		return false;
	query->hold.started = now_of(qstate->env);
	query->hold.epoch = caa_holds_epoch(ctx->holds);
	/* A prefetch, or a look-up that distrusts what is there, wants a new answer. */
	if (qstate->blacklist != NULL || (qstate->query_flags & BIT_RD) == 0 ||
	    !give(ctx, qstate, query, &is_hot))
		return false;
	if (is_hot)
		refresh(ctx, qstate, query);
	return true;
}

bool caa_hold_rescue(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query)
{
	const struct query_info *q = &qstate->qinfo;
	bool is_hot;

	if (query->zone.hold_s == 0 || !give(ctx, qstate, query, &is_hot))
		return false;
	qstate->errinf = NULL;
	msg_cache_remove(qstate->env, q->qname, q->qname_len, q->qtype, q->qclass, qstate->query_flags);
	return true;
}

bool caa_hold_look(struct caa_ctx *ctx, struct caa_name name, bool cd, struct caa_held *out)
{
	struct caa_hold_time now = { (uint64_t)time(NULL), caa_host_now_us() / 1000000 };
	struct caa_zone_options zone;

	return caa_ctx_options(ctx, name, &zone) && zone.hold_s > 0 &&
		caa_holds_see(ctx->holds, (struct caa_hold_key){ name, cd ? KEY_CD : 0 }, now, zone.hold_s, out);
}

void caa_hold_set(struct module_hooks *hooks)
{
	hooks->minimised_known = minimised_known;
	hooks->response = response_seen;
}
