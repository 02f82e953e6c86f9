/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What the patches call on the way of a query: before it is sent (glue/pace.h), when it has an outcome (glue/replies.h), and, here,
 *  how the iterator walks and what it takes from the cache.
 *
 *  Called by worker threads, each for its own queries; what they share is in glue/shard.h and core/config/stats.h. */
#ifndef CAA_GLUE_HOOKS_H
#define CAA_GLUE_HOOKS_H

#include "util/module_hooks.h"

struct caa_ctx;

/** Fill in the hooks on the way of a query; arg is the context. */
void caa_hooks_set(struct caa_ctx *ctx, struct module_hooks *hooks);

#endif
