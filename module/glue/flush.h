/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What a flush takes away: held answers, and for caa_flush what Unbound's caches would answer CAA questions from. */
#ifndef CAA_GLUE_FLUSH_H
#define CAA_GLUE_FLUSH_H

#include <stddef.h>
#include "core/wire/name.h"

struct caa_ctx;
struct module_hooks;

/** At init: hear of unbound-control's own flushes. */
void caa_flush_set(struct module_hooks *hooks);

/** The command caa_flush: drop held answers on a name and below it, and what Unbound's caches would answer CAA from.
 *  @return held answers that were dropped. */
size_t caa_flush_below(struct caa_ctx *ctx, struct caa_name name);

/** Another resolver of the fleet flushed a name and what is below it; called by the fleet's thread.  @param arg: the context. */
void caa_flush_heard(void *arg, struct caa_name name);

#endif
