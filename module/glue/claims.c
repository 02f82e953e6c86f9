/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/claims.h"

#include "glue/query.h"

#include "services/mesh.h"
#include "services/outbound_list.h"
#include "services/outside_network.h"
#include "sldns/rrdef.h"
#include "util/module.h"
#include "util/rbtree.h"
#include "util/regional.h"

enum {
	DEPTH = 8,	/**< of lookups that wait for lookups: a CAA question, a DNSKEY, a DS, a nameserver's address, with room */
	MOVES = 4,	/**< times that a question may leave an address for another, ... */
	MOVES_EVERY_US = 2000000	/**< ... and once more after so long: each costs a round through the iterator */
};

/** Look at a query state and at those that wait for it. */
static void visit(struct caa_ctx *ctx, struct caa_claims *claims, struct module_qstate *qstate, unsigned depth)
{
	struct caa_query *query = caa_query_of(ctx, qstate);
	struct mesh_state_ref *super;

	claims->seen++;
	if (query != NULL) {
		claims->query[claims->count++] = query;
		return;
	}
	if (qstate->mesh_info->reply_list != NULL || qstate->mesh_info->cb_list != NULL)
		claims->others = true;
	if (depth >= DEPTH)
		return;
	RBTREE_FOR(super, struct mesh_state_ref *, &qstate->mesh_info->super_set) {
		if (claims->seen >= CAA_CLAIM_STATES)
			return;
		visit(ctx, claims, &super->s->s, depth + 1);
	}
}

/** Whether the validator has refused an answer to a query state, which it notes by the address of its server.  A held answer is
 *  looked up again with a note without one (glue/hold.c). */
static bool is_refused(const struct caa_ctx *ctx, const struct module_qstate *qstate)
{
	const struct caa_query *query = caa_query_of(ctx, qstate);
	bool refreshed = query != NULL && query->hold.refresh;

	return qstate->blacklist != NULL && (!refreshed || qstate->blacklist->len > 0);
}

/** Nobody was looked at yet; the list itself is not cleared, most have nothing in it. */
static void none(struct caa_claims *claims)
{
	claims->count = claims->seen = 0;
	claims->others = claims->refused = false;
}

void caa_claims_find(struct caa_ctx *ctx, struct caa_claims *claims, const struct serviced_query *sq)
{
	none(claims);
	for (const struct service_callback *cb = sq->cblist; cb != NULL && claims->seen < CAA_CLAIM_STATES; cb = cb->next) {
		const struct outbound_entry *entry = cb->cb_arg;

		claims->refused = claims->refused || is_refused(ctx, entry->qstate);
		visit(ctx, claims, entry->qstate, 0);
	}
}

bool caa_claims_can_be(const struct module_qstate *qstate)
{
	return qstate->qinfo.qtype == LDNS_RR_TYPE_CAA || qstate->mesh_info->super_set.count != 0;
}

void caa_claims_of(struct caa_ctx *ctx, struct caa_claims *claims, struct module_qstate *qstate)
{
	none(claims);
	visit(ctx, claims, qstate, 0);
}

struct caa_wish caa_claims_wish(const struct caa_claims *claims, const struct caa_asking *q, const struct caa_addr *addr, uint64_t now_us,
	bool queued, bool tcp)
{
	struct caa_wish wish = { .zone = &claims->query[0]->zone, .now_us = now_us, .age_us = UINT64_MAX,
		.other_us = UINT64_MAX, .queued = queued, .tcp = tcp };

	for (unsigned i = 0; i < claims->count; i++) {
		const struct caa_query *query = claims->query[i];
		unsigned losses = caa_denials_losses(&query->denials, addr, q->question);

		if (caa_query_deadline_us(query) > wish.deadline_us)
			wish.deadline_us = caa_query_deadline_us(query);
		if (query->started_us < wish.age_us)
			wish.age_us = query->started_us;
		wish.repeated = wish.repeated || query->lost;
		if (losses > wish.losses)
			wish.losses = losses;
		wish.may_move = wish.may_move || query->moves < MOVES + (now_us - query->started_us) / MOVES_EVERY_US;
	}
	return wish;
}

bool caa_claims_are_final(const struct caa_claims *claims, const struct caa_asking *q, const struct caa_addr *addr)
{
	unsigned i = 0;

	while (i < claims->count && caa_denials_is_final(&claims->query[i]->denials, addr, q->question, q->caa_type))
		i++;
	return i == claims->count;
}

uint64_t caa_claims_denied_wait_us(const struct caa_claims *claims, const struct caa_asking *q, const struct caa_addr *addr,
	uint64_t now_us)
{
	uint64_t least_us = UINT64_MAX;

	for (unsigned i = 0; i < claims->count; i++) {
		uint64_t wait_us = caa_denials_wait_us(&claims->query[i]->denials, addr, q->question, now_us);

		if (wait_us < least_us)
			least_us = wait_us;
	}
	return least_us;
}

bool caa_claims_are_idle(struct caa_ctx *ctx, const struct caa_claims *claims)
{
	unsigned i = 0;

	while (i < claims->count && caa_lookups_idle(ctx, &claims->query[i]->merged))
		i++;
	return i == claims->count;
}

bool caa_claims_have_own_fault(const struct caa_claims *claims, const struct caa_asking *q, const struct caa_addr *addr)
{
	unsigned i = 0;

	while (i < claims->count && caa_denials_splits(&claims->query[i]->denials, addr, q->question) >= CAA_SPLITS)
		i++;
	return i == claims->count;
}

bool caa_claims_were_denied(const struct caa_claims *claims, const struct caa_addr *addr)
{
	unsigned i = 0;

	while (i < claims->count && !caa_denials_at(&claims->query[i]->denials, addr))
		i++;
	return i < claims->count;
}

bool caa_claims_were_denied_same(const struct caa_claims *claims, const struct caa_asking *q, const struct caa_addr *addr)
{
	unsigned i = 0;

	while (i < claims->count && !caa_denials_same(&claims->query[i]->denials, addr, q->question))
		i++;
	return i < claims->count;
}

bool caa_claims_were_denied_any(const struct caa_claims *claims)
{
	unsigned i = 0;

	while (i < claims->count && !caa_denials_any(&claims->query[i]->denials))
		i++;
	return i < claims->count;
}

bool caa_claims_have_patience(const struct caa_claims *claims)
{
	unsigned i = 0;

	while (i < claims->count && claims->query[i]->losses >= CAA_CLAIM_LOSSES)
		i++;
	return i < claims->count;
}
