/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What else a zone's servers answer, asked for beside CAA where CAA fails.
 *
 *  Some servers, and what stands before them, drop or deny type CAA and answer other types.  Plain Unbound asks every name with type A
 *  first and so finds the delegation, or the alias, behind which CAA is answered.  The module spares these queries; where CAA fails and was
 *  never answered well, one query of type A for the same name finds out, and CAA is asked on as before.  If A is answered where CAA was not,
 *  the zone's names are looked for as plain Unbound does, for seconds.
 *  That query is a lookup of its own that nobody waits for, with few packets, and its failure is nobody's answer.
 *
 *  Called by the thread of the query; what is found out is shared, in the table of upstreams (core/pace/serving.h). */
#ifndef CAA_GLUE_BESIDE_H
#define CAA_GLUE_BESIDE_H

#include <stdbool.h>
#include <stdint.h>

struct caa_addr;
struct caa_asking;
struct caa_claims;
struct caa_ctx;
struct caa_outcome;
struct caa_sending;
struct module_qstate;
struct serviced_query;
struct sldns_buffer;

/** @return whether such a lookup waits for a query. */
bool caa_beside_waits(const struct caa_ctx *ctx, const struct serviced_query *sq);
/** @return whether there was one a moment ago, so that something may be known. */
bool caa_beside_is_busy(const struct caa_ctx *ctx, uint64_t now_us);

/** A query is to leave that no CAA question waits for.
 *  @param most_ms: set to how long it is waited for at most, if it is for such a lookup; else untouched.
 *  @return whether it is not sent: it is for one that has had its time. */
bool caa_beside_is_over(const struct caa_ctx *ctx, const struct serviced_query *sq, uint64_t now_us, uint32_t *most_ms);

/** A query was answered without an error; if such a lookup waits for it, that shows something.  An answer for another name, as of a
 *  nameserver's address, does not: it is served by many that serve nothing else.  It is said of the server, too, where CAA fails.
 *  @param q: as it was before. */
void caa_beside_shown(struct caa_ctx *ctx, const struct caa_sending *s, struct caa_asking *q, struct sldns_buffer *reply,
	uint64_t now_us);

/** A query for CAA has ended.  @param q: as it was before.
 *  @return whether it failed, and there may be another way, which is found out at this moment, or has just been. */
bool caa_beside_failed(struct caa_ctx *ctx, const struct caa_claims *claims, const struct caa_sending *s, struct caa_asking *q,
	const struct caa_outcome *o, uint64_t now_us);

/** A query is to leave.  Those who wait for it, and it is for CAA, are looked for in another way instead, if there is one.
 *  @return us until it asks again, as it was lost, and that is being found out; 0 = it need not wait. */
uint64_t caa_beside_look(struct caa_ctx *ctx, const struct caa_claims *claims, const struct caa_sending *s, uint64_t now_us);

/** A lookup has come to a zone's servers.  @return whether names are looked for with another type there. */
bool caa_beside_avoids(struct caa_ctx *ctx, struct module_qstate *qstate);

/** A query state has been answered, or has failed: if it is such a lookup, a failure of it is forgotten. */
void caa_beside_done(struct caa_ctx *ctx, struct module_qstate *qstate);
/** It is over. */
void caa_beside_clear(struct caa_ctx *ctx, struct module_qstate *qstate);

#endif
