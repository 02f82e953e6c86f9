/* SPDX-License-Identifier: BSD-3-Clause */
/** \file From what happens to a CAA question to what is said of it: attempts are noted while it is worked on, and when it
 *  fails it becomes a case (core/why/cause.h), an EDE for the client, a line in the log if the name keeps failing, and what
 *  unbound-control shows.
 *
 *  A question's record belongs to the thread that works on it; what is shared is in glue/failures.h. */
#ifndef CAA_GLUE_FAILURE_H
#define CAA_GLUE_FAILURE_H

#include <stdbool.h>
#include "core/wire/addr.h"
#include "core/pace/outcome.h"

struct caa_answer;
struct caa_ctx;
struct caa_query;
struct module_env;
struct module_hooks;
struct module_qstate;
struct regional;
struct serviced_query;
struct sldns_buffer;

/** Have Unbound's answers of SERVFAIL to CAA questions carry the EDE, and none be given from its cache before the lookup has ended;
 *  then not any more.  For init and deinit.
 *  @return false if there is no memory. */
bool caa_failure_register(struct caa_ctx *ctx, struct module_env *env, struct module_hooks *hooks);
void caa_failure_unregister(struct caa_ctx *ctx, struct module_env *env);

/** A question was taken.  @return false if there is no memory. */
bool caa_failure_begin(struct caa_ctx *ctx, struct caa_query *query, struct module_qstate *qstate);

/** @return whether what came is not the answer to another question, whose name, type or class differ. */
bool caa_failure_is_to_question(const struct serviced_query *sq, struct sldns_buffer *reply);

/** An attempt ended.
 *  @param queries, count: the questions that wait for it. @param asking: its state before the outcome.
 *  @param reply, answer: NULL if there was no answer; else it, and what it is worth. */
void caa_failure_outcome(struct caa_ctx *ctx, struct caa_query *const *queries, unsigned count,
	const struct serviced_query *sq, const struct caa_addr *addr, const struct caa_asking *asking, uint64_t now_us,
	enum caa_end end, bool tcp, struct sldns_buffer *reply, const struct caa_answer *answer);

/** The answer that was told of last has the name's letters in another case. */
void caa_failure_caps(struct caa_query *const *queries, unsigned count);

/** A query is not sent because its turn is beyond the budget. */
void caa_failure_late(struct caa_ctx *ctx, struct caa_query *const *queries, unsigned count, const struct serviced_query *sq,
	const struct caa_addr *addr);

/** Why a question that is over failed: the same for all who wait for it.
 *  @param code: set to the INFO-CODE. @return the text of its EDE, in the region; NULL if nothing is recorded, or for want of
 *	memory. */
const char *caa_failure_reason(struct caa_ctx *ctx, const struct module_qstate *qstate, const struct caa_query *query,
	struct regional *region, uint16_t *code);

/** The question has failed with that of another resolver, unless an answer is held.
 *  @param octets: why, as that one says (core/why/carry.h). @return false if they cannot be read: it has not failed. */
bool caa_failure_take(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query, const uint8_t *octets, size_t len);

/** The question is over, well or not. */
void caa_failure_end(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query);

#endif
