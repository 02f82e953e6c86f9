/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/climbing.h"

#include "core/climb/climb_option.h"
#include "glue/answer.h"
#include "glue/ctx.h"
#include "glue/failure.h"
#include "glue/host.h"
#include "glue/query.h"

#include "daemon/daemon.h"
#include "daemon/worker.h"
#include "dynlibmod/dynlibmod.h"
#include "services/authzone.h"
#include "services/cache/dns.h"
#include "services/localzone.h"
#include "sldns/rrdef.h"
#include "util/config_file.h"
#include "util/data/dname.h"
#include "util/data/msgparse.h"
#include "util/data/msgreply.h"
#include "util/data/packed_rrset.h"
#include "util/log.h"
#include "util/net_help.h"
#include "util/regional.h"

#include <string.h>

struct caa_climbing {
	struct caa_climb climb;		/**< borrows the question's name */
	struct caa_climb_report report;
	struct reply_info *own;		/**< what the first label was answered; NULL = nothing yet, or a failure */
	struct reply_info *found;	/**< what the lowest label was answered that has a CAA RRset; NULL = none has yet */
	size_t found_at;		/**< which one that is */
};

static const char no_memory[] = "this resolver has no memory left; try again later";

/* --- what becomes of a label --------------------------------------------------------------------------------------- */

/** @param text: copied into the region. */
static void set_failed(struct caa_climb_outcome *o, int code, const char *text, struct regional *region)
{
	size_t len = strlen(text);

	if (len > CAA_CLIMB_TEXT_MAX)	/* what is longer is not written */
		len = CAA_CLIMB_TEXT_MAX;
	*o = (struct caa_climb_outcome){ .step = CAA_STEP_FAILED, .code = code >= 0 ? (uint16_t)code : CAA_CLIMB_NO_CODE };
	o->text = regional_alloc_init(region, text, len);
	if (o->text != NULL)
		o->text_len = (uint8_t)len;
}

static bool has_caa(const struct reply_info *rep)
{
	return caa_answer_has(rep, 0, rep->an_numrrsets, LDNS_RR_TYPE_CAA);
}

static struct caa_climb_seen seen_of(const struct reply_info *rep)
{
	size_t answers = rep->an_numrrsets;

	return (struct caa_climb_seen){ .found = has_caa(rep), .nxdomain = FLAGS_GET_RCODE(rep->flags) == LDNS_RCODE_NXDOMAIN,
		.alias = caa_answer_has(rep, 0, answers, LDNS_RR_TYPE_CNAME) || caa_answer_has(rep, 0, answers, LDNS_RR_TYPE_DNAME),
		.soa = caa_answer_has(rep, answers, rep->ns_numrrsets, LDNS_RR_TYPE_SOA) };
}

/** @return the reply, if it is a definite answer. */
static struct reply_info *definite(const struct module_qstate *sub)
{
	struct reply_info *rep = sub->return_msg != NULL ? sub->return_msg->rep : NULL;
	bool checked = rep != NULL && (rep->security > sec_status_bogus ||
		(rep->security == sec_status_unchecked && !sub->env->need_to_validate));
	int rcode = rep != NULL ? FLAGS_GET_RCODE(rep->flags) : LDNS_RCODE_SERVFAIL;

	if (sub->return_rcode != LDNS_RCODE_NOERROR || !checked || rep->security == sec_status_secure_sentinel_fail)
		return NULL;
	return rcode == LDNS_RCODE_NOERROR || (rcode == LDNS_RCODE_NXDOMAIN && !has_caa(rep)) ? rep : NULL;
}

/** The client of a climb hears what a client of the label alone would hear. */
static void why_failed(struct caa_ctx *ctx, struct caa_climb_outcome *o, const struct module_qstate *sub, struct regional *region)
{
	const struct reply_info *rep = sub->return_msg != NULL ? sub->return_msg->rep : NULL;
	uint16_t said;
	const char *text = caa_failure_reason(ctx, sub, caa_query_of(ctx, sub), region, &said);
	bool bogus = rep != NULL && rep->security == sec_status_bogus;
	int code = rep != NULL ? (int)rep->reason_bogus : LDNS_EDE_NONE;

	if (text != NULL) {
		set_failed(o, said, text, region);
		return;
	}
	if (bogus && code == LDNS_EDE_NONE)
		code = LDNS_EDE_DNSSEC_BOGUS;
	if (rep != NULL && rep->reason_bogus_str != NULL)
		set_failed(o, code, rep->reason_bogus_str, region);
	else
		set_failed(o, code, bogus ? "bogus" : "no answer", region);
}

/** @param query: of the label; NULL if it is none of ours. */
static void set_age(struct caa_climb_outcome *o, const struct caa_query *query)
{
	o->held = query != NULL && query->hold.given;
	if (o->held)
		o->age_s = (uint16_t)(query->hold.age_s < CAA_CLIMB_NO_AGE ? query->hold.age_s : CAA_CLIMB_NO_AGE - 1);
}

/** Note what a label was answered. */
static void note(struct caa_ctx *ctx, struct caa_climbing *c, size_t at, const struct module_qstate *sub, struct regional *region)
{
	struct caa_climb_outcome *o = &c->report.label[at];
	struct reply_info *rep = definite(sub), *copy = NULL;
	struct caa_climb_seen seen = { .found = false };
	const char *why = NULL;
	bool found, wanted;

	if (rep == NULL) {
		why_failed(ctx, o, sub, region);
		return;
	}
	seen = seen_of(rep);
	if (caa_climb_judge(&c->climb, at, &seen, &why) == CAA_STEP_FAILED) {
		set_failed(o, seen.nxdomain ? -1 : LDNS_EDE_INVALID_DATA, why, region);
		o->nxdomain = seen.nxdomain;
		return;
	}
	found = seen.found;
	wanted = at == 0 || (found && (c->found == NULL || at < c->found_at));
	if (wanted)
		copy = reply_info_copy(rep, NULL, region);
	if (wanted && copy == NULL) {
		set_failed(o, LDNS_EDE_OTHER, no_memory, region);
		return;
	}
	*o = (struct caa_climb_outcome){ .step = found ? CAA_STEP_FOUND : CAA_STEP_NONE,
		.secure = rep->security == sec_status_secure, .nxdomain = seen.nxdomain };
	set_age(o, caa_query_of(ctx, sub));
	if (at == 0)
		c->own = copy;
	if (found && wanted) {
		c->found = copy;
		c->found_at = at;
	}
}

void caa_climbing_inform(struct caa_ctx *ctx, struct module_qstate *qstate, struct module_qstate *super)
{
	struct caa_query *query = caa_query_of(ctx, super);
	struct caa_name name = caa_host_qname(&qstate->qinfo);
	struct caa_climbing *c;

	if (query == NULL || query->climbing == NULL || qstate->qinfo.qtype != LDNS_RR_TYPE_CAA)
		return;
	c = query->climbing;
	for (size_t i = 0; i < c->climb.labels; i++)
		if (caa_name_equal(c->climb.label[i], name))
			note(ctx, c, i, qstate, super->region);
}

/* --- the beginning ------------------------------------------------------------------------------------------------- */

/** @return the version of the report that is asked for; 0 = none. */
static uint8_t asks(struct caa_ctx *ctx, const struct module_qstate *qstate)
{
	const struct edns_option *option;

	if (ctx->climb_option == 0 || qstate->edns_opts_front_in == NULL)
		return 0;
	option = edns_opt_list_find(qstate->edns_opts_front_in, (uint16_t)ctx->climb_option);
	return option != NULL ? caa_climb_option_asks(option->opt_data, option->opt_len) : 0;
}

/** Whether a local zone encloses the name. */
static bool is_local(struct module_env *env, struct caa_name name)
{
	struct local_zones *zones = env->worker->daemon->local_zones;
	uint8_t wire[CAA_NAME_MAX];
	bool found;

	caa_name_lower(wire, name);
	lock_rw_rdlock(&zones->lock);
	found = local_zones_lookup(zones, wire, name.len, dname_count_labels(wire), LDNS_RR_CLASS_IN, LDNS_RR_TYPE_CAA, 0) !=
		NULL;
	lock_rw_unlock(&zones->lock);
	return found;
}

/** Whether the server might answer clients for one of the labels from something else than what it looks up. */
static bool has_own_answers(struct module_env *env, const struct caa_climb *climb)
{
	if (env->worker == NULL || env->cfg->views != NULL)
		return true;
	if (env->auth_zones != NULL && (env->auth_zones->rpz_first != NULL || env->auth_zones->have_downstream))
		return true;
	for (size_t i = 0; i < climb->labels; i++)
		if (is_local(env, climb->label[i]))
			return true;
	return false;
}

/** Have a label asked. */
static void ask(struct module_qstate *qstate, struct caa_climbing *c, size_t at)
{
	struct query_info q = { .qtype = LDNS_RR_TYPE_CAA, .qclass = LDNS_RR_CLASS_IN };
	struct module_qstate *sub;

	q.qname = regional_alloc_init(qstate->region, c->climb.label[at].wire, c->climb.label[at].len);
	q.qname_len = c->climb.label[at].len;
	if (q.qname == NULL || !(*qstate->env->attach_sub)(qstate, &q, NULL,
		(uint16_t)(qstate->query_flags & (BIT_RD | BIT_CD)), 0, 0, &sub))
		set_failed(&c->report.label[at], LDNS_EDE_OTHER, no_memory, qstate->region);
}

/** @return false if the question is an ordinary one. */
static bool begin(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query)
{
	uint8_t version = asks(ctx, qstate);
	struct caa_climbing *c;

	if (version == 0 || (qstate->query_flags & BIT_RD) == 0)
		return false;
	c = regional_alloc_zero(qstate->region, sizeof(*c));
	if (c == NULL)
		return false;
	caa_climb_init(&c->climb, caa_host_qname(&qstate->qinfo));
	if (c->climb.labels == 0 || has_own_answers(qstate->env, &c->climb))
		return false;
	c->report.version = version;
	c->report.labels = c->climb.labels;
	query->climbing = c;
	for (size_t i = 0; i < c->climb.labels; i++)
		ask(qstate, c, i);
	caa_stats_add(&ctx->stats, CAA_STAT_climbs, 1);
	return true;
}

/* --- the end ------------------------------------------------------------------------------------------------------- */

static enum module_ext_state end(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_climbing *c)
{
	bool found = c->report.verdict == CAA_VERDICT_FOUND;
	struct reply_info *rep = found ? c->found : c->own;
	struct dns_msg *msg = regional_alloc_zero(qstate->region, sizeof(*msg));
	uint8_t wire[CAA_CLIMB_REPORT_MAX];
	size_t len = caa_climb_report_write(wire, &c->report);

	qstate->return_rcode = LDNS_RCODE_SERVFAIL;
	qstate->return_msg = NULL;
	if (c->report.verdict == CAA_VERDICT_FAILED)
		return module_finished;		/* the report goes with it, see failure_leaves() */
	/* In any doubt no answer: the reply has to be that of the label that decided. */
	if (msg == NULL || rep == NULL || (found && c->found_at != c->report.at) ||
	    !edns_opt_list_append(&qstate->edns_opts_front_out, (uint16_t)ctx->climb_option, len, wire, qstate->region))
		return module_finished;
	msg->qinfo = qstate->qinfo;
	msg->rep = rep;
	if (rep->security == sec_status_secure && !caa_climb_report_secure(&c->report))
		rep->security = sec_status_insecure;
	qstate->return_msg = msg;
	qstate->return_rcode = LDNS_RCODE_NOERROR;
	return module_finished;
}

bool caa_climbing_operate(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query, bool arrives,
	enum module_ext_state *state)
{
	if (query == NULL || (arrives && !begin(ctx, qstate, query)) || query->climbing == NULL)
		return false;
	/* Labels above the one that decides are not waited for. */
	*state = caa_climb_report_decide(&query->climbing->report) ? end(ctx, qstate, query->climbing) :
		module_wait_subquery;
	return true;
}

/** The reason of the label that decided, as an EDE. */
static void add_ede(struct edns_option **options, const struct caa_climb_outcome *o, struct regional *region)
{
	char text[UINT8_MAX + 1];

	memcpy(text, o->text != NULL ? (const char *)o->text : "", o->text_len);
	text[o->text_len] = '\0';
	edns_opt_list_append_ede(options, region, o->code == CAA_CLIMB_NO_CODE ? LDNS_EDE_OTHER : (sldns_ede_code)o->code, text);
}

/** A callback of Unbound: SERVFAIL is sent to a client.  It drops the options of the question, so the report is added here. */
static int failure_leaves(struct query_info *qinfo, struct module_qstate *qstate, struct reply_info *rep, int rcode,
	struct edns_data *edns, struct edns_option **options, struct comm_reply *repinfo, struct regional *region,
	struct timeval *start_time, int id, void *arg)
{
	struct caa_ctx *ctx = arg;
	const struct caa_query *query = qstate != NULL ? caa_query_of(ctx, qstate) : NULL;
	struct caa_climb_report *report;
	uint8_t wire[CAA_CLIMB_REPORT_MAX];

	(void)qinfo;
	(void)rep;
	(void)rcode;
	(void)edns;
	(void)repinfo;
	(void)start_time;
	(void)id;
	if (query == NULL || query->climbing == NULL)
		return 1;
	report = &query->climbing->report;
	if (!caa_climb_report_decide(report) || report->verdict != CAA_VERDICT_FAILED)
		return 1;
	add_ede(options, &report->label[report->at], region);
	return edns_opt_list_append(options, (uint16_t)ctx->climb_option, caa_climb_report_write(wire, report), wire, region);
}

bool caa_climbing_register(struct caa_ctx *ctx, struct module_env *env)
{
	struct dynlibmod_env *dynlib = env->modinfo[ctx->id];

	if (ctx->climb_option == 0)
		return true;
	/* past the cache, which has no report; and no other client's question may join it */
	return edns_register_option((uint16_t)ctx->climb_option, 1, 1, env) != 0 &&
		dynlib->inplace_cb_register_wrapped((void *)failure_leaves, inplace_cb_reply_servfail, ctx, env, ctx->id) != 0;
}

void caa_climbing_unregister(struct caa_ctx *ctx, struct module_env *env)
{
	struct dynlibmod_env *dynlib = env->modinfo[ctx->id];

	if (ctx->climb_option != 0)
		dynlib->inplace_cb_delete_wrapped(env, inplace_cb_reply_servfail, ctx->id);
}
