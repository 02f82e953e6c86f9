/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/beside.h"

#include "core/pace/outcome.h"
#include "core/pace/serving.h"
#include "glue/claims.h"
#include "glue/ctx.h"
#include "glue/failure.h"
#include "glue/failures.h"
#include "glue/host.h"
#include "glue/query.h"
#include "glue/sending.h"

#include "iterator/iter_delegpt.h"
#include "services/outbound_list.h"
#include "services/outside_network.h"
#include "sldns/rrdef.h"
#include "util/module.h"
#include "util/net_help.h"
#include "util/regional.h"

enum {
	US_PER_MS = 1000, US_PER_S = 1000000,
	LIFE_US = 3 * US_PER_S,	/**< after that nothing is sent for one any more, nor waited for, ... */
	SENDS = 6,		/**< ... nor is after so many packets */
	LOOK_US = 10 * US_PER_MS,	/**< what was lost waits for its answer, and looks for it so often */
	TARGETS_MAX = 16	/**< addresses of a zone that are looked at */
};

/** A lookup under way, in its query state's region. */
struct beside {
	uint64_t started_us;
	unsigned sent;		/**< packets */
};

/** @return a lookup's own state; NULL if the query state is none.  Whoever asks for the very same shares the lookup. */
static struct beside *beside_of(const struct caa_ctx *ctx, const struct module_qstate *qstate)
{
	return qstate->qinfo.qtype == LDNS_RR_TYPE_A && !qstate->is_valrec ? qstate->minfo[ctx->id] : NULL;
}

/** Of those who wait for a query, the last that has come. */
static struct module_qstate *first_of(const struct serviced_query *sq)
{
	const struct outbound_entry *entry = sq->cblist->cb_arg;

	return entry->qstate;
}

bool caa_beside_waits(const struct caa_ctx *ctx, const struct serviced_query *sq)
{
	if (sq->qtype != LDNS_RR_TYPE_A)
		return false;
	for (const struct service_callback *cb = sq->cblist; cb != NULL; cb = cb->next) {
		const struct outbound_entry *entry = cb->cb_arg;

		if (beside_of(ctx, entry->qstate) != NULL)
			return true;
	}
	return false;
}

bool caa_beside_is_busy(const struct caa_ctx *ctx, uint64_t now_us)
{
	uint64_t last_us = atomic_load_explicit(&ctx->beside_us, memory_order_relaxed);

	/* another thread may have read its clock later */
	return last_us != 0 && now_us < last_us + (uint64_t)CAA_SERVING_BESIDE_MS * US_PER_MS;
}

bool caa_beside_is_over(const struct caa_ctx *ctx, const struct serviced_query *sq, uint64_t now_us, uint32_t *most_ms)
{
	struct beside *b;

	if (sq->cblist->next != NULL || caa_host_is_awaited(first_of(sq)))
		return false;	/* somebody else waits for it, too */
	b = beside_of(ctx, first_of(sq));
	if (b->sent >= SENDS || now_us - b->started_us >= LIFE_US - US_PER_MS)
		return true;
	b->sent++;
	*most_ms = (uint32_t)((b->started_us + LIFE_US - now_us) / US_PER_MS);
	return false;
}

/** Ask for a name with type A, for one of the questions. */
static void ask(struct caa_ctx *ctx, const struct serviced_query *sq, uint64_t now_us)
{
	struct caa_name name = caa_host_asked(sq);
	uint8_t lower[CAA_NAME_MAX];
	struct module_qstate *made;
	struct beside *b;

	caa_name_lower(lower, name);
	atomic_store_explicit(&ctx->beside_us, now_us, memory_order_relaxed);
	/* that it is not validated costs less, and nobody gets what it finds unvalidated */
	if (!caa_host_look_up(first_of(sq), (struct caa_name){ lower, name.len }, LDNS_RR_TYPE_A, BIT_RD | BIT_CD, &made) || made == NULL)
		return;
	b = regional_alloc_zero(made->region, sizeof(*b));
	if (b == NULL)	/* it is a question like any other then */
		return;
	b->started_us = now_us;
	made->minfo[ctx->id] = b;
	made->curmod = made->first_module = 0;	/* it does not pass the module, whatever modules stand before that */
	caa_stats_add(&ctx->stats, CAA_STAT_beside, 1);
}

/** Whether a question is looked for in another way already. */
static bool is_turned(const struct caa_query *query)
{
	return query->usual || query->avoids;
}

/** All who wait for a query for CAA look for its name in another way. */
static bool turn(const struct caa_claims *claims, const struct caa_asking *q)
{
	bool any = false;

	for (unsigned i = 0; i < claims->count; i++) {
		if (is_turned(claims->query[i]))
			continue;
		caa_denials_unheard(&claims->query[i]->denials, q->question);
		any = true;
	}
	return any;
}

/** Whether one of the questions has lost enough to wonder. */
static bool is_lost(const struct caa_claims *claims, const struct caa_asking *q)
{
	unsigned i = 0;

	while (i < claims->count && caa_denials_losses_anywhere(&claims->query[i]->denials, q->question) < CAA_UNHEARD_TRIES)
		i++;
	return i < claims->count;
}

static bool are_turned(const struct caa_claims *claims)
{
	unsigned i = 0;

	while (i < claims->count && is_turned(claims->query[i]))
		i++;
	return i == claims->count;
}

/** How long a query has been under way, never 0. */
static uint64_t since_us(const struct caa_asking *q, uint64_t now_us)
{
	return now_us > q->sent.sent_us ? now_us - q->sent.sent_us : 1;
}

void caa_beside_shown(struct caa_ctx *ctx, const struct caa_sending *s, struct caa_asking *q, struct sldns_buffer *reply,
	uint64_t now_us)
{
	const struct caa_name zone = { s->sq->zone, s->sq->zonelen };

	if (!caa_beside_waits(ctx, s->sq) || !caa_failure_is_to_question(s->sq, reply))
		return;
	caa_shards_shown(ctx->shards, &s->addr, q, now_us, since_us(q, now_us));
	if (caa_failures_enabled(ctx->failures))
		caa_failures_answered(ctx->failures, &s->addr, zone, false, now_us);
}

bool caa_beside_failed(struct caa_ctx *ctx, const struct caa_claims *claims, const struct caa_sending *s, struct caa_asking *q,
	const struct caa_outcome *o, uint64_t now_us)
{
	bool silent = o->meaning == CAA_MEANS_SILENCE || o->meaning == CAA_MEANS_LOST;
	/* an error may be one to an option, or to EDNS: it is asked again at once without */
	bool wonders = silent ? is_lost(claims, q) : o->meaning == CAA_MEANS_DENIED || q->same_denied;

	/* a forwarder is asked the whole name, whatever its type */
	if (!caa_ctx_enabled(ctx) || caa_host_recurses(s->sq) || (!silent && o->meaning != CAA_MEANS_DENIED && o->meaning != CAA_MEANS_ERROR) || are_turned(claims))
		return false;
	switch (caa_shards_caa_failed(ctx->shards, &s->addr, q, now_us, silent ? since_us(q, now_us) : 0, wonders)) {
	case CAA_BESIDE_NO:
		return false;
	case CAA_BESIDE_ASK:
		ask(ctx, s->sq, now_us);
		return true;
	case CAA_BESIDE_WAIT:
		return true;
	case CAA_BESIDE_KNOWN:
		return turn(claims, q);
	}
	return false;
}

uint64_t caa_beside_look(struct caa_ctx *ctx, const struct caa_claims *claims, const struct caa_sending *s, uint64_t now_us)
{
	if (!s->asking.caa_type || !caa_beside_is_busy(ctx, now_us) || are_turned(claims))
		return 0;
	switch (caa_shards_beside(ctx->shards, &s->addr, s->asking.zone, s->asking.line, now_us)) {
	case CAA_BESIDE_KNOWN:
		(void)turn(claims, &s->asking);
		break;
	case CAA_BESIDE_WAIT:
		return is_lost(claims, &s->asking) ? LOOK_US : 0;
	case CAA_BESIDE_NO:
	case CAA_BESIDE_ASK:
		break;
	}
	return 0;
}

bool caa_beside_avoids(struct caa_ctx *ctx, struct module_qstate *qstate)
{
	uint64_t now_us = caa_host_now_us();
	const struct delegpt *dp;
	struct caa_zone_options options;
	struct caa_name zone;
	unsigned seen = 0;
	uint32_t hash;
	uint8_t line;

	if (!caa_beside_is_busy(ctx, now_us))
		return false;
	dp = caa_host_delegation(qstate);
	if (dp == NULL)
		return false;
	zone = (struct caa_name){ dp->name, dp->namelen };
	line = caa_sending_set_by_hand(ctx, zone, &options);
	hash = (uint32_t)caa_shards_question(ctx->shards, zone, 0);
	for (const struct delegpt_addr *a = dp->target_list; a != NULL && seen < TARGETS_MAX; a = a->next_target, seen++) {
		struct caa_addr addr;

		if (caa_host_addr(&addr, &a->addr) && caa_shards_beside(ctx->shards, &addr, hash, line, now_us) == CAA_BESIDE_KNOWN)
			return true;
	}
	return false;
}

void caa_beside_done(struct caa_ctx *ctx, struct module_qstate *qstate)
{
	if (beside_of(ctx, qstate) != NULL && !caa_host_is_awaited(qstate))
		caa_host_forget_failure(qstate);
}

void caa_beside_clear(struct caa_ctx *ctx, struct module_qstate *qstate)
{
	if (beside_of(ctx, qstate) != NULL)
		qstate->minfo[ctx->id] = NULL;
}
