/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The CAA questions that wait for a query that is sent, or for a query state, and what they ask of it together.
 *
 *  A query serves several: those that joined it, and those that wait for keys, a DS or a nameserver's address.  Some of them are
 *  looked at, which is enough: the sets can be large, as thousands wait for one nameserver's address.
 *  In the thread of the query's own worker; what is found is borrowed until it goes on. */
#ifndef CAA_GLUE_CLAIMS_H
#define CAA_GLUE_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>
#include "core/wire/addr.h"
#include "core/pace/asking.h"

struct caa_ctx;
struct caa_query;
struct module_qstate;
struct serviced_query;

enum {
	CAA_CLAIM_STATES = 64,	/**< query states that are looked at */
	CAA_CLAIM_LOSSES = 8	/**< in a row of a question, without a limit, after which its servers are as Unbound sees them: slow, or silent */
};

struct caa_claims {
	struct caa_query *query[CAA_CLAIM_STATES];
	unsigned count;			/**< of them; what is behind is not set */
	unsigned seen;			/**< query states looked at */
	bool others;			/**< something else waits for it as well: it does not wait for CAA's sake */
	bool refused;			/**< the validator has refused an answer to it, and has it asked again; not looked for by
					 *   caa_claims_of() */
};

/** @return false where no CAA question waits for a query state, which is found out at little cost, since most are so; true says nothing. */
bool caa_claims_can_be(const struct module_qstate *qstate);

/** Those that wait for a query. */
void caa_claims_find(struct caa_ctx *ctx, struct caa_claims *claims, const struct serviced_query *sq);
/** Those that wait for a query state, or are it. */
void caa_claims_of(struct caa_ctx *ctx, struct caa_claims *claims, struct module_qstate *qstate);

/** The options of the first, the latest end of a budget, the oldest question, the least moves.  @param claims: at least one. */
struct caa_wish caa_claims_wish(const struct caa_claims *claims, const struct caa_asking *q, const struct caa_addr *addr, uint64_t now_us,
	bool queued, bool tcp);

/** @return whether every one has a definite answer to the query from the address: it is not asked again. */
bool caa_claims_are_final(const struct caa_claims *claims, const struct caa_asking *q, const struct caa_addr *addr);

/** @return how long to wait until what was denied is asked again, in us; UINT64_MAX if there is none. */
uint64_t caa_claims_denied_wait_us(const struct caa_claims *claims, const struct caa_asking *q, const struct caa_addr *addr,
	uint64_t now_us);

/** @return whether none is served by sending for it. */
bool caa_claims_are_idle(struct caa_ctx *ctx, const struct caa_claims *claims);

/** @return whether all have lost the query again and again while others were answered. */
bool caa_claims_have_own_fault(const struct caa_claims *claims, const struct caa_asking *q, const struct caa_addr *addr);

/** @return whether one was denied something at the address before. */
bool caa_claims_were_denied(const struct caa_claims *claims, const struct caa_addr *addr);
/** @return whether one was denied the very same there. */
bool caa_claims_were_denied_same(const struct caa_claims *claims, const struct caa_asking *q, const struct caa_addr *addr);
/** @return whether one was denied something anywhere. */
bool caa_claims_were_denied_any(const struct caa_claims *claims);

/** @return whether one has not lost many queries in a row. */
bool caa_claims_have_patience(const struct caa_claims *claims);

#endif
