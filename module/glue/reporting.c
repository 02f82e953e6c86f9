/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/reporting.h"

#include "core/why/agent.h"
#include "core/why/agents.h"
#include "core/pace/asking.h"
#include "core/wire/hash.h"
#include "core/wire/packet.h"
#include "glue/ctx.h"
#include "glue/host.h"
#include "glue/places.h"
#include "glue/query.h"

#include "iterator/iter_delegpt.h"
#include "services/mesh.h"
#include "services/outbound_list.h"
#include "services/outside_network.h"
#include "sldns/pkthdr.h"
#include "sldns/rrdef.h"
#include "sldns/sbuffer.h"
#include "util/config_file.h"
#include "util/locks.h"
#include "util/module.h"
#include "util/net_help.h"
#include "util/regional.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	US_PER_S = 1000000,
	UNDER_WAY = 100,	/**< reports at once */
	WAIT_US = 100000,	/**< until one is asked about again that has no place */
	LIFE_S = 10,		/**< after that nothing is sent for a report any more, */
	SENDS = 16,		/**< nor after so many packets: there is a way to the agent with fewer, and who announces another's
				 *   name as agent is to send few there */
	FLAG_RD = 0x01		/**< of the first octet of a query without its ID */
};

struct caa_reporting {
	uint8_t key[CAA_HASH_KEY];	/**< fixed by create */
	_Atomic unsigned under_way;	/**< reports */
	_Atomic size_t over_tcp;	/**< of their queries, those under way over TCP */
	lock_basic_type lock;		/**< guards agents */
	struct caa_agents agents;
};

/** A report under way, in its query state's region. */
struct report {
	uint64_t started_us;
	size_t agent_len;	/**< octets of its name, at the end, that are the agent's */
	unsigned sent;		/**< packets */
};

struct caa_reporting *caa_reporting_create(void)
{
	struct caa_reporting *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	randombytes_buf(r->key, sizeof(r->key));
	lock_basic_init(&r->lock);
	return r;
}

void caa_reporting_destroy(struct caa_reporting *r)
{
	if (r == NULL)
		return;
	lock_basic_destroy(&r->lock);
	free(r);
}

size_t caa_reporting_memory(const struct caa_reporting *r)
{
	return sizeof(*r);
}

static uint64_t hash_of(const struct caa_reporting *r, struct caa_name name)
{
	uint8_t lower[CAA_NAME_MAX];

	caa_name_lower(lower, name);
	return caa_hash(r->key, lower, name.len);
}

/** @return a report's own state; NULL if the query state is none.  Whoever asks for the very same name shares the lookup. */
static struct report *report_of(const struct caa_ctx *ctx, const struct module_qstate *qstate)
{
	return qstate->qinfo.qtype == LDNS_RR_TYPE_TXT ? qstate->minfo[ctx->id] : NULL;
}

/* --- what is announced ---------------------------------------------------------------------------------------------------- */

/** Whether the answer repeats the question as it was sent, letters and all: a forger would have to know them, too. */
static bool is_echo(const struct serviced_query *sq, struct sldns_buffer *reply)
{
	struct caa_name asked = caa_host_asked(sq);

	return sldns_buffer_limit(reply) >= CAA_PACKET_HEADER + asked.len &&
		memcmp(sldns_buffer_at(reply, CAA_PACKET_HEADER), asked.wire, asked.len) == 0;
}

void caa_reporting_hear(struct caa_ctx *ctx, struct caa_query *const *queries, unsigned count, const struct serviced_query *sq,
	const struct caa_packet *packet, struct sldns_buffer *reply)
{
	struct caa_name agent, zone = { sq->zone, sq->zonelen };
	unsigned i = 0;

	while (i < count && !queries[i]->zone.error_reporting)
		i++;
	if (i == count || packet->channel == NULL || caa_host_recurses(sq) || !is_echo(sq, reply) ||
	    caa_agent_read(&agent, packet->channel, packet->channel_len) != CAA_OK)
		return;
	lock_basic_lock(&ctx->reporting->lock);
	caa_agents_hear(&ctx->reporting->agents, hash_of(ctx->reporting, zone), agent, caa_host_now_us());
	lock_basic_unlock(&ctx->reporting->lock);
}

/* --- what is told --------------------------------------------------------------------------------------------------------- */

/** Ask for the name of a report.  @param agent_len: octets of it that are the agent's.
 *  @return false for want of memory, or because somebody asks for it already. */
static bool send_report(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_name name, size_t agent_len)
{
	struct module_qstate *made;
	struct report *report;

	if (!caa_host_look_up(qstate, name, LDNS_RR_TYPE_TXT, BIT_RD, &made) || made == NULL)
		return false;
	report = regional_alloc_zero(made->region, sizeof(*report));
	if (report == NULL)	/* it is a question like any other then */
		return true;
	*report = (struct report){ .started_us = caa_host_now_us(), .agent_len = agent_len };
	made->minfo[ctx->id] = report;
	made->curmod = made->first_module = 0;	/* it does not pass the module, whatever modules stand before that */
	atomic_fetch_add_explicit(&ctx->reporting->under_way, 1, memory_order_relaxed);
	return true;
}

/** Ask the tables whether a failure is told, and to whom.
 *  @param wire, len, agent_len: the report's name, set with CAA_STAT_reports. @return what is counted; CAA_STAT_COUNT if nothing. */
static enum caa_stat decide(struct caa_reporting *r, struct caa_name zone, struct caa_name name, uint16_t code,
	uint8_t wire[static CAA_NAME_MAX], size_t *len, size_t *agent_len)
{
	uint64_t now_us = caa_host_now_us();
	uint8_t octets[CAA_NAME_MAX];
	struct caa_name agent = { octets, 0 };
	enum caa_report_verdict verdict;
	bool known;

	lock_basic_lock(&r->lock);
	known = caa_agents_find(&r->agents, hash_of(r, zone), now_us, octets, &agent.len);
	lock_basic_unlock(&r->lock);
	if (!known)
		return CAA_STAT_COUNT;
	*agent_len = agent.len;
	if (!caa_agent_fits(agent, zone, name) ||
	    caa_agent_name(wire, len, LDNS_RR_TYPE_CAA, name, code, agent) != CAA_OK)
		return CAA_STAT_reports_unfit;
	if (atomic_load_explicit(&r->under_way, memory_order_relaxed) >= UNDER_WAY)
		return CAA_STAT_reports_over;
	lock_basic_lock(&r->lock);
	verdict = caa_agents_ask(&r->agents, hash_of(r, agent), hash_of(r, (struct caa_name){ wire, *len }), now_us);
	lock_basic_unlock(&r->lock);
	switch (verdict) {
	case CAA_REPORT_SEND:
		return CAA_STAT_reports;
	case CAA_REPORT_AGAIN:
		return CAA_STAT_reports_again;
	case CAA_REPORT_OVER:
		break;
	}
	return CAA_STAT_reports_over;
}

void caa_reporting_fail(struct caa_ctx *ctx, struct module_qstate *qstate, const struct caa_query *query, struct caa_name zone,
	struct caa_name name, uint16_t code)
{
	uint8_t wire[CAA_NAME_MAX];
	size_t len, agent_len;
	enum caa_stat what;

	if (!query->zone.error_reporting)
		return;
	qstate->edns_opts_back_in = NULL;	/* Unbound's own report would be a second one */
	if (zone.len == 0 || code == 0)		/* this resolver's own failure, or one that no code says anything about */
		return;
	what = decide(ctx->reporting, zone, name, code, wire, &len, &agent_len);
	if (what == CAA_STAT_reports && !send_report(ctx, qstate, (struct caa_name){ wire, len }, agent_len))
		return;
	if (what != CAA_STAT_COUNT)
		caa_stats_add(&ctx->stats, what, 1);
}

/* --- on its way ------------------------------------------------------------------------------------------------------------- */

/** Whether another report may be under way over TCP: they take a quarter of the connections that a thread may have, and one. */
static bool has_place(struct caa_reporting *r, const struct config_file *cfg)
{
	size_t places = cfg->outgoing_num_tcp / 4;

	if (atomic_fetch_add_explicit(&r->over_tcp, 1, memory_order_relaxed) <= places)
		return true;
	atomic_fetch_sub_explicit(&r->over_tcp, 1, memory_order_relaxed);
	return false;
}

bool caa_reporting_is_busy(const struct caa_ctx *ctx)
{
	return atomic_load_explicit(&ctx->reporting->under_way, memory_order_relaxed) != 0;
}

int64_t caa_reporting_pace(struct caa_ctx *ctx, const struct serviced_query *sq, struct caa_asking *q, uint64_t now_us, int *tcp)
{
	const struct outbound_entry *entry;
	struct report *report;

	if (!caa_reporting_is_busy(ctx) || sq->cblist == NULL)
		return 0;
	entry = sq->cblist->cb_arg;
	report = report_of(ctx, entry->qstate);
	if (report == NULL || sq->cblist->next != NULL || entry->qstate->mesh_info->reply_list != NULL)
		return 0;	/* somebody else waits for it, too */
	if (report->sent >= SENDS || now_us - report->started_us > (uint64_t)LIFE_S * US_PER_S)
		return -1;
	if (sq->qtype == LDNS_RR_TYPE_TXT && !caa_host_recurses(sq)) {
		if (caa_places_of(ctx->places, sq) != CAA_ROOM_FREE || !has_place(ctx->reporting, entry->qstate->env->cfg))
			return WAIT_US;
		q->report = true;
		*tcp = 1;
	}
	report->sent++;
	return 0;
}

void caa_reporting_ended(struct caa_ctx *ctx, struct caa_asking *q)
{
	if (q->report)
		atomic_fetch_sub_explicit(&ctx->reporting->over_tcp, 1, memory_order_relaxed);
	q->report = false;
}

bool caa_reporting_is_report(const struct caa_ctx *ctx, const struct module_qstate *qstate)
{
	return report_of(ctx, qstate) != NULL;
}

bool caa_reporting_arrived(struct caa_ctx *ctx, struct module_qstate *qstate)
{
	const struct report *report = report_of(ctx, qstate);
	const struct delegpt *dp = report != NULL ? caa_host_delegation(qstate) : NULL;
	struct caa_name name = caa_host_qname(&qstate->qinfo);

	return dp != NULL && caa_name_within((struct caa_name){ dp->name, dp->namelen },
		(struct caa_name){ name.wire + (name.len - report->agent_len), report->agent_len });
}

void caa_reporting_clear(struct caa_ctx *ctx, struct module_qstate *qstate)
{
	if (report_of(ctx, qstate) == NULL)
		return;
	qstate->minfo[ctx->id] = NULL;
	atomic_fetch_sub_explicit(&ctx->reporting->under_way, 1, memory_order_relaxed);
}
