/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A whole climb in one question (core/climb/climb_option.h): a question that carries the option becomes one question for
 *  each of its labels, and is answered when these have decided.
 *
 *  The questions for the labels are ordinary ones: clients' questions join them and they join clients', they are paced,
 *  tried again and held.  The question that made them asks nobody itself.
 *  Where a client's question for a label might be answered from something that such a question does not see (local zones,
 *  views, response policies, authority zones for clients), the option is not acted on and the question is an ordinary one.
 *  Everything here runs in the thread of the question. */
#ifndef CAA_GLUE_CLIMBING_H
#define CAA_GLUE_CLIMBING_H

#include <stdbool.h>
#include "util/module.h"

struct caa_ctx;
struct caa_query;

/** At init, where an option code is configured.  @return false if it cannot be. */
bool caa_climbing_register(struct caa_ctx *ctx, struct module_env *env);
/** At deinit. */
void caa_climbing_unregister(struct caa_ctx *ctx, struct module_env *env);

/** A question arrives, or is woken by the question for a label.
 *  @param arrives: it has not been here before.
 *  @param state: set if the question is a climb.
 *  @return whether it is one. */
bool caa_climbing_operate(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query, bool arrives,
	enum module_ext_state *state);

/** A question that another waits for has ended. */
void caa_climbing_inform(struct caa_ctx *ctx, struct module_qstate *qstate, struct module_qstate *super);

#endif
