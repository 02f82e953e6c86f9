/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The parent's before the child's: a question waits for its parent's, which is made if nobody asks it, so that the walk down from
 *  the root is made once for all names below a parent; with the parent known, it is asked by its full name at once.
 *
 *  In the question's own thread. */
#ifndef CAA_GLUE_PARENTS_H
#define CAA_GLUE_PARENTS_H

#include <stdint.h>
#include "glue/lookups.h"

/** Make the lookup that a question leads. @return module_wait_module, or module_wait_reply if it waits first. */
enum module_ext_state caa_parents_look_up(struct caa_ctx *ctx, struct caa_merged *m);

/** Wait for the name above that has to be known first, or go.  @return likewise. */
enum module_ext_state caa_parents_first(struct caa_ctx *ctx, struct caa_merged *m);

/** A name above does not exist: this one is asked itself, and who waits for it need not wait for that.  @return likewise. */
enum module_ext_state caa_parents_absent(struct caa_ctx *ctx, struct caa_merged *m);

/** What is above a question is known, or not to be had: it is looked up, unless another resolver does that by now.  @return likewise. */
enum module_ext_state caa_parents_go(struct caa_merged *m);

/** @return until when a question waits for another, or another resolver, and can make its own lookup then. */
uint64_t caa_parents_until_us(const struct caa_merged *m);

#endif
