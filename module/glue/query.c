/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/query.h"

#include "glue/ctx.h"
#include "glue/host.h"

#include "sldns/rrdef.h"
#include "util/log.h"
#include "util/regional.h"

const struct caa_query *caa_query_of(const struct caa_ctx *ctx, const struct module_qstate *qstate)
{
	return qstate->minfo[ctx->id];
}

/** Take a question that has just arrived, if it is for CAA in an enabled zone.
 *  @return false if there is no memory. */
static bool take(struct caa_ctx *ctx, struct module_qstate *qstate)
{
	struct caa_zone_options zone;
	struct caa_query *query;

	if (qstate->qinfo.qtype != LDNS_RR_TYPE_CAA || qstate->qinfo.qclass != LDNS_RR_CLASS_IN)
		return true;
	if (!atomic_load_explicit(&ctx->enabled, memory_order_relaxed) ||
	    !caa_ctx_options(ctx, caa_host_qname(&qstate->qinfo), &zone))
		return true;
	query = regional_alloc_zero(qstate->region, sizeof(*query));
	if (query == NULL)
		return false;
	query->started_us = caa_host_now_us();
	query->zone = zone;
	qstate->minfo[ctx->id] = query;
	caa_stats_add(&ctx->stats, CAA_STAT_questions, 1);
	return true;
}

void caa_query_operate(struct caa_ctx *ctx, struct module_qstate *qstate, enum module_ev event)
{
	enum module_ext_state *state = &qstate->ext_state[ctx->id];

	switch (event) {
	case module_event_new:
	case module_event_pass:
		if (qstate->minfo[ctx->id] == NULL && !take(ctx, qstate)) {
			log_err("caa: out of memory for a question");
			*state = module_error;
			return;
		}
		*state = module_wait_module;
		return;
	case module_event_moddone:
		*state = module_finished;
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

void caa_query_clear(struct caa_ctx *ctx, struct module_qstate *qstate)
{
	qstate->minfo[ctx->id] = NULL;
}
