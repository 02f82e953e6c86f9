/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/query.h"

#include "glue/beside.h"
#include "glue/climbing.h"
#include "glue/clock.h"
#include "glue/ctx.h"
#include "glue/elsewhere.h"
#include "glue/event.h"
#include "glue/failure.h"
#include "glue/fleet.h"
#include "glue/host.h"
#include "glue/keys.h"
#include "glue/merge.h"
#include "glue/reporting.h"

#include "iterator/iter_delegpt.h"
#include "iterator/iter_utils.h"
#include "services/cache/dns.h"
#include "services/mesh.h"
#include "sldns/pkthdr.h"
#include "sldns/rrdef.h"
#include "util/data/msgreply.h"
#include "util/net_help.h"
#include "util/log.h"
#include "util/module_hooks.h"
#include "util/netevent.h"
#include "util/regional.h"
#include "validator/validator.h"

enum {
	US_PER_S = 1000000,
	KEY_TRIES = 3	/**< of keys that another lookup has missed */
};

/** @return the part that a lookup for keys takes in what is shared; NULL if it is none that a CAA question waits for. */
static struct caa_merged *keys_of(const struct caa_ctx *ctx, const struct module_qstate *qstate)
{
	return qstate->is_valrec ? qstate->minfo[ctx->id] : NULL;
}

/** Take a question that has just arrived, if it is for CAA in an enabled zone.
 *  @return false if there is no memory. */
static bool take(struct caa_ctx *ctx, struct module_qstate *qstate)
{
	struct caa_zone_options zone;
	struct caa_query *query;

	if (qstate->qinfo.qtype != LDNS_RR_TYPE_CAA || qstate->qinfo.qclass != LDNS_RR_CLASS_IN)
		return true;
	if (!caa_ctx_enabled(ctx) || !caa_ctx_options(ctx, caa_host_qname(&qstate->qinfo), &zone))
		return true;
	caa_clock_look(ctx);
	query = regional_alloc_zero(qstate->region, sizeof(*query));
	if (query == NULL)
		return false;
	query->started_us = caa_host_now_us();
	query->started_s = *qstate->env->now;
	query->zone = zone;
	query->usual = !qstate->env->cfg->qname_minimisation;
	if (!caa_failure_begin(ctx, query, qstate))
		return false;
	qstate->minfo[ctx->id] = query;
	caa_patience_begin(ctx, qstate, &query->patient, zone.patience_ms, &query->merged.promised);
	caa_stats_add(&ctx->stats, CAA_STAT_questions, 1);
	return true;
}

/** The CAA question that a lookup is made for.  @return NULL if it is made for something else. */
static const struct caa_query *made_for(const struct caa_ctx *ctx, const struct module_qstate *qstate)
{
	const rbnode_type *first = rbtree_first(&qstate->mesh_info->super_set);

	return first != RBTREE_NULL ? caa_query_of(ctx, &((const struct mesh_state_ref *)first)->s->s) : NULL;
}

/** Whether something else than CAA questions waits for a lookup, which need not wait as long as they do. */
static bool is_hurried(const struct caa_ctx *ctx, const struct module_qstate *qstate)
{
	struct mesh_state_ref *super;

	RBTREE_FOR(super, struct mesh_state_ref *, &qstate->mesh_info->super_set)
		if (caa_query_of(ctx, &super->s->s) == NULL)
			return true;
	return false;
}

/** A lookup for keys that a CAA question waits for has just arrived, or has waited for that of another thread.
 *  @return the state of its module. */
static enum module_ext_state run_keys(struct caa_ctx *ctx, struct module_qstate *qstate)
{
	struct caa_merged *m = keys_of(ctx, qstate);
	const struct caa_query *query;

	if (m == NULL) {
		query = caa_lookups_many(ctx->lookups) ? made_for(ctx, qstate) : NULL;
		m = query != NULL ? regional_alloc_zero(qstate->region, sizeof(*m)) : NULL;
		if (m == NULL)
			return module_wait_module;
		m->keys = true;
		m->deadline_us = caa_query_deadline_us(query);
		qstate->minfo[ctx->id] = m;
	}
	m->hurried = is_hurried(ctx, qstate);
	return caa_merging_run(ctx, qstate, m, m->deadline_us);
}

/** Whether the later modules ended without an answer.  Bogus data is an answer: it is not tried again, unless it is called so
 *  only because keys could not be fetched. */
static bool failed(const struct module_qstate *qstate)
{
	const struct dns_msg *msg = qstate->return_msg;
	struct caa_keys keys;

	if (msg == NULL || msg->rep == NULL)
		return qstate->return_rcode != LDNS_RCODE_NOERROR && qstate->return_rcode != LDNS_RCODE_NXDOMAIN;
	if (msg->rep->security == sec_status_bogus)
		return caa_keys_missed(qstate, &keys);
	return FLAGS_GET_RCODE(msg->rep->flags) == LDNS_RCODE_SERVFAIL;
}

void caa_query_ended(struct caa_query *const *queries, unsigned count, uint16_t qtype)
{
	if (qtype != LDNS_RR_TYPE_DNSKEY && qtype != LDNS_RR_TYPE_DS)
		return;
	for (unsigned i = 0; i < count; i++)
		queries[i]->keys_asked++;
}

/** The addresses of a zone may be blocked by what another question met there.  @param dp: may be NULL. */
static void unblock_targets(struct caa_ctx *ctx, struct module_qstate *qstate, const struct delegpt *dp, uint64_t now_us)
{
	if (dp == NULL)
		return;
	for (struct delegpt_addr *a = dp->target_list; a != NULL; a = a->next_target) {
		struct caa_addr addr;
		uint32_t srtt_us;

		if (caa_host_addr(&addr, &a->addr) && caa_shards_alive(ctx->shards, &addr, now_us, &srtt_us))
			caa_host_forget_timeouts(qstate->env->infra_cache, &a->addr, a->addrlen, dp->name, dp->namelen,
				srtt_us);
	}
}

/** Nothing could be asked.  @return whether that was so because all addresses of the zone are left alone for their timeouts, and one may be
 *  asked now. */
static bool probe_targets(struct module_qstate *qstate, const struct delegpt *dp)
{
	struct delegpt_addr *first = dp != NULL ? dp->target_list : NULL;
	bool any = false;

	for (struct delegpt_addr *a = first; a != NULL; a = a->next_target)
		if (!caa_host_leaves_alone(qstate->env, &a->addr, a->addrlen, dp->name, dp->namelen))
			return false;
	for (struct delegpt_addr *a = first; a != NULL; a = a->next_target)
		any = caa_host_let_probe(qstate->env, &a->addr, a->addrlen, dp->name, dp->namelen) || any;
	return any;
}

/** The lookup that failed is tried again: its failure is nobody's answer. */
static void begin_try(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query)
{
	caa_host_forget_failure(qstate);
	query->lost = true;
	query->given_up = false;
	query->moves = 0;
	caa_stats_add(&ctx->stats, CAA_STAT_tries, 1);
}

/** Wait for the next try.  @param keys: that were missed; or NULL. @return false if there is to be none, or no memory for it. */
static bool try_again(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query, const struct caa_keys *keys)
{
	uint64_t now_us = caa_host_now_us(), delay_us;
	bool lost = query->tries.passing > 0, nothing_asked;
	struct timeval delay;

	if (lost && query->probes && !query->given_up)
		return false;
	if (query->given_up)		/* somebody has come to wait for it since */
		query->tries.passing++;
	nothing_asked = query->tries.passing + query->tries.definite == 0;
	if (!caa_tries_next(&query->tries, now_us, caa_query_deadline_us(query), &delay_us))
		return false;
	if (query->timer == NULL)	/* the one callback of Unbound that does nothing but run a query state */
		query->timer = comm_timer_create(qstate->env->worker_base, &validate_suspend_timer_cb, qstate);
	query->no_memory = query->timer == NULL || !caa_event_room(qstate->env->worker_base);
	if (query->no_memory)
		return false;
	if (lost)
		unblock_targets(ctx, qstate, caa_host_delegation(qstate), now_us);
	else if (nothing_asked)
		query->probes = probe_targets(qstate, caa_host_delegation(qstate));
	if (keys != NULL) {
		unblock_targets(ctx, qstate, caa_keys_delegation(qstate, keys), now_us);
		caa_keys_forget(qstate, keys);
	}
	delay = (struct timeval){ (time_t)(delay_us / US_PER_S), (suseconds_t)(delay_us % US_PER_S) };
	comm_timer_set(query->timer, &delay);
	query->waiting = true;
	begin_try(ctx, qstate, query);
	return true;
}

/** The time for another try has come. */
static enum module_ext_state restart(struct module_qstate *qstate, struct caa_query *query)
{
	query->waiting = false;
	qstate->return_rcode = LDNS_RCODE_NOERROR;
	qstate->return_msg = NULL;
	qstate->errinf = NULL;
	return module_restart_next;
}

/** Ask once more, and at once, as plain Unbound does, who asks a name with type A first, and so finds an alias, or a delegation, though
 *  the server does not answer CAA there: all the way, or, where that is known (glue/beside.h), at the zone's servers, but once.
 *  @return false if that is not worth it. */
static bool try_usual(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query)
{
	bool unheard = caa_denials_are_unheard(&query->denials), denied = caa_denials_any(&query->denials) && !query->silent;

	if (query->usual || !(unheard || denied) || caa_host_now_us() >= caa_query_deadline_us(query))
		return false;
	query->usual = !unheard || query->turned;
	query->turned = unheard;
	caa_denials_anew(&query->denials);
	query->merged.whole = false;
	query->tries = (struct caa_tries){ .made = query->tries.made + 1 };
	unblock_targets(ctx, qstate, caa_host_delegation(qstate), caa_host_now_us());
	begin_try(ctx, qstate, query);
	return true;
}

/** The later modules are done. */
static enum module_ext_state done(struct caa_ctx *ctx, struct module_qstate *qstate)
{
	struct caa_query *query = caa_query_of(ctx, qstate);
	struct caa_keys keys;
	struct caa_name zone;
	bool missed, passing, wanted;

	if (query == NULL)
		return module_finished;
	if (ctx->fleet != NULL && caa_keys_refused(qstate, &zone))	/* by the name: no zone takes away its parent's answers */
		caa_fleet_distrust(ctx->fleet, caa_host_qname(&qstate->qinfo));
	if (!failed(qstate)) {
		caa_hold_keep(ctx, qstate, query);
		caa_failure_end(ctx, qstate, query);
		return module_finished;
	}
	if (caa_hold_rescue(ctx, qstate, query))
		return module_finished;
	missed = caa_keys_missed(qstate, &keys);
	if (missed && query->keys_asked == 0 && query->tries.made < KEY_TRIES)	/* by another lookup, and how is not known */
		query->tries.passing++;
	passing = query->tries.passing > 0;
	wanted = caa_lookups_wanted(ctx, &query->merged);
	if (wanted && caa_denials_are_unheard(&query->denials) && try_usual(ctx, qstate, query))
		return restart(qstate, query);
	if (wanted && !(missed && keys.settled) && try_again(ctx, qstate, query, missed ? &keys : NULL))
		return module_wait_reply;
	if (wanted && !missed && try_usual(ctx, qstate, query))
		return restart(qstate, query);
	if (!wanted) {		/* that it failed is nobody's answer: who comes to wait for it leads a lookup of its own */
		caa_host_forget_failure(qstate);
		caa_lookups_abandon(ctx, &query->merged);
		return module_finished;
	}
	caa_failure_end(ctx, qstate, query);
	if (missed && !passing && query->keys_asked > 0) {
		caa_keys_settle(qstate, &keys);
	} else if (missed && !keys.settled) {
		caa_keys_forget(qstate, &keys);
		passing = true;
	}
	if (passing)
		caa_host_forget_failure(qstate);	/* who asks again within seconds is to be helped, too */
	return module_finished;
}

/** Look it up, or wait for who does.  What has failed elsewhere has failed here, unless an answer is held. */
static enum module_ext_state look_up(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query)
{
	struct caa_merged *m = &query->merged;
	enum module_ext_state state = caa_merging_run(ctx, qstate, m, caa_query_deadline_us(query));
	const uint8_t *why;
	size_t len;

	if (!m->failed)
		return state;
	m->failed = false;
	why = caa_elsewhere_failure(m, &len);
	if (!caa_failure_take(ctx, qstate, query, why, len))
		return caa_elsewhere_go_on(ctx, m);
	caa_merging_end(ctx, m, failed(qstate));
	return module_finished;
}

void caa_query_operate(struct caa_ctx *ctx, struct module_qstate *qstate, enum module_ev event)
{
	enum module_ext_state *state = &qstate->ext_state[ctx->id];
	struct caa_query *query = caa_query_of(ctx, qstate);
	bool taken = query == NULL;	/* it has just arrived */

	switch (event) {
	case module_event_new:
	case module_event_pass:
		if (qstate->is_valrec) {
			*state = run_keys(ctx, qstate);
			return;
		}
		if (query != NULL && query->waiting) {
			*state = restart(qstate, query);
			return;
		}
		if (taken && !take(ctx, qstate)) {
			log_err("caa: out of memory for a question");
			*state = module_error;
			return;
		}
		query = caa_query_of(ctx, qstate);
		if (caa_climbing_operate(ctx, qstate, query, taken, state))
			return;
		if (query == NULL)
			*state = module_wait_module;
		else if (taken && caa_hold_serve(ctx, qstate, query))
			*state = module_finished;
		else
			*state = look_up(ctx, qstate, query);
		return;
	case module_event_moddone:
		*state = done(ctx, qstate);
		if (query != NULL && *state == module_finished)
			caa_merging_end(ctx, &query->merged, failed(qstate));
		else if (query == NULL && keys_of(ctx, qstate) != NULL)
			caa_merging_end(ctx, keys_of(ctx, qstate), failed(qstate));
		else if (query == NULL)
			caa_beside_done(ctx, qstate);
		return;
	case module_event_reply:
	case module_event_noreply:
	case module_event_capsfail:
	case module_event_error:
		break;
	}
	log_err("caa: unexpected event %s", strmodulevent(event));
	*state = module_error;
}

/** A hook: the iterator has no answer in the cache. */
static struct dns_msg *known_answer(void *arg, struct module_qstate *qstate, struct query_info *qchase)
{
	struct caa_ctx *ctx = arg;
	struct caa_query *query = caa_query_of(ctx, qstate);
	struct caa_merged *m = query != NULL ? &query->merged : keys_of(ctx, qstate);
	struct dns_msg *msg;

	if (m == NULL || !caa_elsewhere_took(m) || qchase->qtype != qstate->qinfo.qtype ||
	    !caa_name_equal(caa_host_qname(qchase), caa_host_qname(&qstate->qinfo)))
		return NULL;
	msg = caa_elsewhere_taken(m);
	if (msg == NULL)
		return NULL;
	caa_stats_add(&ctx->stats, CAA_STAT_fleet_shared, 1);
	/* as what comes from the network, unchecked; with TTLs that are over it stays out */
	iter_dns_store(qstate->env, &qstate->qinfo, msg->rep, 0, qstate->prefetch_leeway, 0, qstate->region, qstate->query_flags,
		qstate->qstarttime, qstate->is_valrec);
	return msg;
}

void caa_query_set(struct module_hooks *hooks)
{
	hooks->known_answer = known_answer;
}

void caa_query_clear(struct caa_ctx *ctx, struct module_qstate *qstate)
{
	struct caa_query *query = caa_query_of(ctx, qstate);

	if (query != NULL) {
		caa_patience_end(ctx, &query->patient);
		caa_lookups_clear(ctx, &query->merged);
	}
	if (query != NULL && query->timer != NULL)
		comm_timer_delete(query->timer);
	if (keys_of(ctx, qstate) != NULL)
		caa_lookups_clear(ctx, keys_of(ctx, qstate));
	caa_reporting_clear(ctx, qstate);
	caa_beside_clear(ctx, qstate);
	qstate->minfo[ctx->id] = NULL;
}
