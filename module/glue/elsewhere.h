/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A lookup that another resolver makes: who leads one here may have its answer over the fleet's store (glue/fleet.h), or wait for
 *  it, and leaves its own there.
 *
 *  In the question's own thread. */
#ifndef CAA_GLUE_ELSEWHERE_H
#define CAA_GLUE_ELSEWHERE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "glue/lookups.h"

struct dns_msg;

/** Make the lookup that a question leads, or have it from another resolver.  @return as caa_merging_run() (glue/merge.h). */
enum module_ext_state caa_elsewhere_lead(struct caa_ctx *ctx, struct caa_merged *m);

/** One that asks the fleet has a word, or has waited for a while.  @return likewise. */
enum module_ext_state caa_elsewhere_word(struct caa_ctx *ctx, struct caa_merged *m);

/** @return whether another resolver's answer is there for a question, by now; it is its answer then. */
bool caa_elsewhere_took(struct caa_merged *m);
/** @return that answer, of unchecked security, in the query's region; NULL if it cannot be used. */
struct dns_msg *caa_elsewhere_taken(struct caa_merged *m);

/** @return why the lookup of another resolver failed, which m->failed tells of (core/why/carry.h); borrowed until the end. */
const uint8_t *caa_elsewhere_failure(const struct caa_merged *m, size_t *len);
/** That is of no use: the question is looked up here.  @return as caa_merging_run(). */
enum module_ext_state caa_elsewhere_go_on(struct caa_ctx *ctx, struct caa_merged *m);

/** A question's lookup has failed, by its zone's own word: other resolvers that wait for it are to hear why at its end.
 *  @param octets: that (core/why/carry.h). */
void caa_elsewhere_tell_failure(struct caa_merged *m, const uint8_t *octets, size_t len);

/** A question's name is a zone, whose servers are known now: those who wait for it in other resolvers go on below it. */
void caa_elsewhere_tell_referral(struct caa_ctx *ctx, struct caa_merged *m);

/** A query of a question is lost: from the second on, or the fourth where that is taken for a limit, the other resolvers need not wait for
 *  it, whose way to the servers may be another. */
void caa_elsewhere_silent(struct caa_ctx *ctx, struct caa_merged *m, bool limited);

/** The lookup has ended: leave its answer for the other resolvers, or the news that there is none, and why. */
void caa_elsewhere_leave(struct caa_ctx *ctx, struct caa_merged *m, bool failed);

#endif
