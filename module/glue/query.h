/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A CAA question on its way through the module chain: taken when it arrives, let go when it is done.
 *
 *  The state of a question lives in its query state's region and belongs to the worker thread that runs it. */
#ifndef CAA_GLUE_QUERY_H
#define CAA_GLUE_QUERY_H

#include <stdbool.h>
#include <stdint.h>
#include "core/options.h"

#include "util/module.h"

struct caa_ctx;

struct caa_query {
	uint64_t started_us;		/**< when the question arrived, by caa_host_now_us() */
	struct caa_zone_options zone;	/**< of the question's name, as they were then */
};

/** @return the question's state; NULL if the query state is no CAA question of an enabled zone. */
const struct caa_query *caa_query_of(const struct caa_ctx *ctx, const struct module_qstate *qstate);

/** The module's operate: takes CAA questions and hands every query on to the next module. */
void caa_query_operate(struct caa_ctx *ctx, struct module_qstate *qstate, enum module_ev event);

/** The module's clear: the region frees the state. */
void caa_query_clear(struct caa_ctx *ctx, struct module_qstate *qstate);

#endif
