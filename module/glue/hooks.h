/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What the patches call: pace, outcome, cost, minimisation.
 *
 *  Called by worker threads, each for its own queries; what they share is in glue/shard.h and core/config/stats.h. */
#ifndef CAA_GLUE_HOOKS_H
#define CAA_GLUE_HOOKS_H

#include "util/module_hooks.h"

struct caa_ctx;

/** Fill in the hooks on the way of a query; arg is the context. */
void caa_hooks_set(struct caa_ctx *ctx, struct module_hooks *hooks);

#endif
