/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A query that is to be sent: whether it leaves now, waits for its place, goes elsewhere or ends; and what an address costs
 *  that it could be sent to.
 *
 *  Called by worker threads, each for its own queries; what they share is in glue/shard.h and core/config/stats.h. */
#ifndef CAA_GLUE_PACE_H
#define CAA_GLUE_PACE_H

struct module_hooks;

/** Fill in the hooks before a query is sent; their arg is the context. */
void caa_pace_set(struct module_hooks *hooks);

#endif
