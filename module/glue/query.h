/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A CAA question on its way through the module chain: taken when it arrives, let go when it is done.
 *
 *  The state of a question lives in its query state's region and belongs to the worker thread that runs it. */
#ifndef CAA_GLUE_QUERY_H
#define CAA_GLUE_QUERY_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include "core/pace/denials.h"
#include "core/config/options.h"
#include "core/pace/tries.h"
#include "glue/ctx.h"
#include "glue/lookups.h"
#include "glue/hold.h"
#include "glue/patience.h"

#include "sldns/rrdef.h"
#include "util/module.h"

struct caa_climbing;
struct caa_note;
struct comm_timer;
struct module_hooks;

struct caa_query {
	uint64_t started_us;		/**< when the question arrived, by caa_host_now_us(), ... */
	time_t started_s;		/**< ... and by Unbound's clock */
	struct caa_zone_options zone;	/**< of the question's name, as they were then */
	struct comm_timer *timer;	/**< until the next try; NULL if there was none */
	struct caa_tries tries;
	unsigned moves;			/**< times it left a silent address for another */
	unsigned keys_asked;		/**< queries for a DNSKEY or DS that have ended */
	bool waiting;			/**< for the timer */
	uint8_t losses;			/**< queries in a row that were lost where no limit is known, up to 255 */
	bool silent;			/**< nothing came back for its last query, and may never */
	bool lost;			/**< its last query was lost or denied: the next one goes ahead */
	bool usual;			/**< its names are asked as plain Unbound asks them, with type A before: that may show an alias, or a
					 *   delegation; or there is no minimisation */
	bool avoids;			/**< they are asked so at the zone that its lookup has come to, glue/beside.h */
	bool turned;			/**< it has begun anew for that, once */
	bool probes;			/**< finds out whether a server that Unbound leaves alone answers again; it is not tried once more if that is lost */
	bool no_memory;			/**< it ends because there was none to go on */
	bool given_up;			/**< its lookup did not go well, and nobody waited for it */
	struct caa_denials denials;	/**< of this question and of what it waited for */
	struct caa_note *note;		/**< what is noted of it (glue/failure.c) */
	struct caa_merged merged;	/**< what it shares with other questions */
	struct caa_patient patient;	/**< for its clients */
	struct caa_hold_watch hold;
	struct caa_climbing *climbing;	/**< NULL unless it is a whole climb */
};

/** @return the end of the question's budget. */
static inline uint64_t caa_query_deadline_us(const struct caa_query *query)
{
	return query->started_us + (uint64_t)query->zone.budget_s * 1000000;
}

/** @return the question's state; NULL if the query state is no CAA question of an enabled zone. */
static inline struct caa_query *caa_query_of(const struct caa_ctx *ctx, const struct module_qstate *qstate)
{
	return qstate->qinfo.qtype == LDNS_RR_TYPE_CAA && !qstate->is_valrec ? qstate->minfo[ctx->id] : NULL;
}

/** A query has ended that questions waited for: whether it was for keys is what a bogus answer is judged by. */
void caa_query_ended(struct caa_query *const *queries, unsigned count, uint16_t qtype);

/** The module's operate: takes CAA questions, hands every query on to the next module, and tries a question again that
 *  failed for something that may pass, until its budget ends. */
void caa_query_operate(struct caa_ctx *ctx, struct module_qstate *qstate, enum module_ev event);

/** Have the iterator ask for answers of other resolvers; only where these are shared. */
void caa_query_set(struct module_hooks *hooks);

/** The module's clear: ends the timer; the region frees the state. */
void caa_query_clear(struct caa_ctx *ctx, struct module_qstate *qstate);

#endif
