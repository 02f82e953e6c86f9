/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Held answers in Unbound: what of a finished question is kept (core/hold/hold.h, glue/holds.h), and how it is given out
 *  again.
 *
 *  An answer is kept on the wire with the security status that the validator gave it, as Unbound's cachedb keeps it, and
 *  never goes back into Unbound's own caches.  It is kept only where its age is known: its parts came over the network for
 *  this question, or a note tells when they came, or signatures tell it.
 *
 *  The store is cut into slices, each under a lock of its own that is held for one call of core/hold/hold.h.  A flush moves the
 *  epoch first and then visits every slice; a question that began in an older epoch keeps nothing, so a flush also
 *  takes what was under way when it came. */
#ifndef CAA_GLUE_HOLD_H
#define CAA_GLUE_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/hold/hold.h"

struct caa_ctx;
struct caa_query;
struct module_env;
struct module_hooks;
struct module_qstate;

/** What a question notes for its answer to be held; part of struct caa_query. */
struct caa_hold_watch {
	struct caa_hold_time started;
	uint64_t epoch;		/**< when it started */
	unsigned parts;		/**< parts of its chain, from its own name on, that came over the network */
	bool fetched;		/**< a response came for it: what it ends with is newer than what is held */
	bool local;		/**< a part came from a zone that this server has itself, and may change at any time */
	bool given;		/**< a held answer is its answer */
	uint32_t age_s;		/**< of that; seconds since it was fetched */
	bool refresh;		/**< it was made to refresh a held answer, for nobody */
};

/** At init: have the responses shown that tell the age of answers. */
void caa_hold_set(struct module_hooks *hooks);

/** A question begins.  @return whether a held answer is its answer now, and no other module is to run. */
bool caa_hold_serve(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query);

/** A question ended with an answer: keep it if it may be kept.  If it may not, and is no failure, an older one that is held for the
 *  question ends with it. */
void caa_hold_keep(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query);

/** A question failed.  @return whether a held answer is its answer now; the failure is forgotten then. */
bool caa_hold_rescue(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_query *query);

/** What is held for a name, to be shown; it is not counted as given out.
 *  @param cd: for questions with the CD bit. @return false if nothing is, *out untouched. */
bool caa_hold_look(struct caa_ctx *ctx, struct caa_name name, bool cd, struct caa_held *out);

#endif
