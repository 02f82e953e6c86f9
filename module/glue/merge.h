/* SPDX-License-Identifier: BSD-3-Clause */
/** \file One question, one lookup, in all worker threads; and the parent's before the child's.
 *
 *  A question is asked for by many clients in many threads.  Within a thread Unbound joins them; here the threads are joined, by
 *  glue/lookups.h: who follows a lookup is handed its answer (glue/handed.h), whatever its TTL.  So are the lookups for keys, DNSKEY
 *  and DS, that the validator makes for CAA questions.  Who leads one may have it from another resolver (glue/elsewhere.h), and waits for
 *  its parent's first (glue/parents.h).  Here is a question's way through these, from its arrival to its end.
 *
 *  In the question's own thread. */
#ifndef CAA_GLUE_MERGE_H
#define CAA_GLUE_MERGE_H

#include <stdbool.h>
#include <stdint.h>
#include "glue/lookups.h"

struct serviced_query;
struct sldns_buffer;

/** A question has arrived, or its timer has run out.
 *  @param deadline_us: the end of its budget.
 *  @return module_wait_module if it is to be looked up now, module_wait_reply if it waits, module_finished if it has ended,
 *	with its answer, or failed with its return_rcode set, or failed elsewhere, see m->failed. */
enum module_ext_state caa_merging_run(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_merged *m,
	uint64_t deadline_us);

/** A query is about to be sent for a question, to the servers of the query's zone. */
void caa_merging_sent(struct caa_ctx *ctx, struct caa_merged *m, const struct serviced_query *sq);

/** A query of a question was answered: whether its name is a zone is known before the lookup has ended, which may go on to
 *  an alias's target, or to the keys that the answer is signed with. */
void caa_merging_answered(struct caa_ctx *ctx, struct caa_merged *m, const struct serviced_query *sq,
	struct sldns_buffer *reply);

/** A query of a question was denied, or lost where others are answered. */
void caa_merging_lost(struct caa_ctx *ctx, struct caa_merged *m, const struct serviced_query *sq, bool denied);

/** A question has an answer, or has failed for good. */
void caa_merging_end(struct caa_ctx *ctx, struct caa_merged *m, bool failed);

#endif
