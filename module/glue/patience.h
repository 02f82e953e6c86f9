/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What clients hear that would leave before a lookup ends: SERVFAIL with the reason so far, at an age that is set, while the
 *  lookup goes on, so that they find the answer, or join the lookup, when they ask again.
 *
 *  Each worker has a list of its questions in the order in which the next client's patience ends, and one timer for the first.
 *  No locks: a worker's list is the worker's.  The timer lives from the first question in the list to the last, so that nothing
 *  is left when the worker ends. */
#ifndef CAA_GLUE_PATIENCE_H
#define CAA_GLUE_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

struct caa_ctx;
struct caa_patience;
struct module_qstate;

/** A question's part in it, a member of its state; zeroed at first. */
struct caa_patient {
	struct caa_patient *next, *prev;
	struct module_qstate *qstate;	/**< the question's own; NULL if it is in no list */
	uint64_t patience_us;
	uint64_t due_us;		/**< no client's patience ends before */
	unsigned worker;		/**< whose list it is in */
	bool telling;			/**< its clients are being told */
	bool *promised;			/**< set when a client was told that its lookup goes on; the question's own */
};

/** @param workers: threads. @return NULL if there is no memory. */
struct caa_patience *caa_patience_create(unsigned workers);
/** @param all: may be NULL. */
void caa_patience_destroy(struct caa_patience *all);

/** A question has arrived.
 *  @param patience_ms: of its zone; 0 = its clients wait until the end.
 *  @param promised: set when a client was told that its lookup goes on; borrowed until caa_patience_end(). */
void caa_patience_begin(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_patient *patient, uint32_t patience_ms,
	bool *promised);

/** It is over. */
void caa_patience_end(struct caa_ctx *ctx, struct caa_patient *patient);

#endif
