/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A clock that is set back, by an operator or by NTP.
 *
 *  What Unbound remembers, it remembers until a time of the wall clock: set back by a day, a failure that was to be known for seconds is
 *  given out for a day.  Answers are the cache's own affair, and stay as they do in Unbound; failures are forgotten.
 *
 *  Any thread may call; no lock may be held by who calls caa_clock_look(). */
#ifndef CAA_GLUE_CLOCK_H
#define CAA_GLUE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct caa_ctx;

/** How the wall clock stands to the one that is never set, when the context is made. */
int64_t caa_clock_offset_s(void);

/** @return whether the clock was set back since somebody looked. */
bool caa_clock_is_back(const struct caa_ctx *ctx);

/** Look at the clock; where it was set back, say so and forget the failures, once. */
void caa_clock_look(struct caa_ctx *ctx);

#endif
