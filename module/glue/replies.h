/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What comes back of a query that was sent, or does not: whether a reply is believed, whether the server is asked once more, and
 *  what the outcome says to the upstream, and to the questions that wait for it.
 *
 *  Called by worker threads, each for its own queries; what they share is in glue/shard.h and core/config/stats.h. */
#ifndef CAA_GLUE_REPLIES_H
#define CAA_GLUE_REPLIES_H

struct module_hooks;

/** Fill in the hooks after a query was sent; their arg is the context. */
void caa_replies_set(struct module_hooks *hooks);

#endif
