/* SPDX-License-Identifier: BSD-3-Clause */
/** \file DNS Error Reporting (RFC 9567): what zones' servers announce is heard, and failures are told to their agents.
 *
 *  A report is a lookup of its own that nobody waits for: it goes the usual ways of Unbound, over TCP where the agent hears of it
 *  (section 9 wants a source that is not forged), and it ends soon, whatever happens.  It is no CAA question, so that neither its
 *  failure is reported nor any query waits its turn for it.  Where the module reports, Unbound's own dns-error-reporting does not.
 *  How many there are is bounded (core/why/agents.h), and so is how many are under way, and over TCP, where Unbound has few places.
 *
 *  One lock, around the tables, which is held for arithmetic and copies only. */
#ifndef CAA_GLUE_REPORTING_H
#define CAA_GLUE_REPORTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/wire/name.h"

struct caa_asking;
struct caa_ctx;
struct caa_packet;
struct caa_query;
struct caa_reporting;
struct module_qstate;
struct serviced_query;
struct sldns_buffer;

/** @return NULL if there is no memory. */
struct caa_reporting *caa_reporting_create(void);
/** @param r: may be NULL. */
void caa_reporting_destroy(struct caa_reporting *r);
/** @return bytes. */
size_t caa_reporting_memory(const struct caa_reporting *r);

/** An answer came to a query that CAA questions wait for: it may announce an agent.
 *  @param packet: the answer, as it was read. */
void caa_reporting_hear(struct caa_ctx *ctx, struct caa_query *const *queries, unsigned count, const struct serviced_query *sq,
	const struct caa_packet *packet, struct sldns_buffer *reply);

/** A question has failed: report it, if its zone's options and the agent of the zone that failed want it.
 *  @param zone: that failed; len 0 if it is not known. @param name: that failed there. @param code: the INFO-CODE that clients hear. */
void caa_reporting_fail(struct caa_ctx *ctx, struct module_qstate *qstate, const struct caa_query *query, struct caa_name zone,
	struct caa_name name, uint16_t code);

/** @return whether any report is under way: what is to leave may be one. */
bool caa_reporting_is_busy(const struct caa_ctx *ctx);

/** A query is to leave that no CAA question waits for.  @param tcp: becomes true if it tells an agent.
 *  @return 0 if it leaves; if it is a report's, else, microseconds until it is asked about again, as others are under way over
 *	TCP; or -1 if the report has had its time: it is not sent. */
int64_t caa_reporting_pace(struct caa_ctx *ctx, const struct serviced_query *sq, struct caa_asking *q, uint64_t now_us, int *tcp);

/** An attempt has ended, of whatever. */
void caa_reporting_ended(struct caa_ctx *ctx, struct caa_asking *q);

/** Whether a query state is a report. */
bool caa_reporting_is_report(const struct caa_ctx *ctx, const struct module_qstate *qstate);

/** Whether a query state is a report whose name may be asked for in full: it has come to the agent's own servers. */
bool caa_reporting_arrived(struct caa_ctx *ctx, struct module_qstate *qstate);

/** A query state is over: it may be a report. */
void caa_reporting_clear(struct caa_ctx *ctx, struct module_qstate *qstate);

#endif
