/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/hooks.h"

#include "glue/beside.h"
#include "glue/claims.h"
#include "glue/ctx.h"
#include "glue/event.h"
#include "glue/host.h"
#include "glue/pace.h"
#include "glue/query.h"
#include "glue/replies.h"
#include "glue/reporting.h"

#include "services/mesh.h"
#include "sldns/rrdef.h"
#include "util/config_file.h"
#include "util/net_help.h"

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
	query->avoids = caa_beside_avoids(ctx, qstate);
	if (query->avoids)
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

	if (!caa_ctx_enabled(ctx) || qstate->blacklist != NULL || qstate->prefetch_leeway != 0 || (qstate->query_flags & BIT_RD) == 0)
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
	caa_pace_set(hooks);
	caa_replies_set(hooks);
	hooks->minimise_with_qtype = minimise_with_qtype;
	hooks->cache_now = cache_now;
	hooks->event = caa_event_happened;
	if (ctx->id == 0)
		hooks->passes = passes;
}
