/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What an upstream answers in a second, and what it lets through while queries wait for it.
 *
 *  Counted in seconds of its own, which begin with the first answer after a rest.
 *  No clock, no lock: time is passed in, and the caller serialises calls on one. */
#ifndef CAA_CORE_GOODPUT_H
#define CAA_CORE_GOODPUT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	CAA_MQPS = 1000,	/**< one query per second, in queries per 1000 s */
	CAA_GOODPUT_USUAL = 8	/**< seconds that say what is usual */
};

/** Of one address; zeroed at first. */
struct caa_goodput {
	uint32_t second_ms;	/**< when this second began, modulo 2^32 */
	uint32_t steady_mqps;	/**< of seconds in which queries waited all the time, averaged; 0 = not measured yet */
	uint32_t usual_mqps;	/**< of all seconds since a rest, averaged */
	uint16_t good, before;	/**< answers in this second and in the last */
	uint8_t seconds;	/**< since a rest, up to CAA_GOODPUT_USUAL */
	bool backlog;		/**< queries have waited all through this second */
};

/** Time goes on. @param waits: queries wait for a rate now. */
void caa_goodput_turn(struct caa_goodput *g, uint32_t now_ms, bool waits);

/** A query was answered. @param waits: as before. */
void caa_goodput_answered(struct caa_goodput *g, uint32_t now_ms, bool waits);

/** @return answers within the last second, in queries per 1000 s. */
uint32_t caa_goodput_mqps(struct caa_goodput *g, uint32_t now_ms, bool waits);

/** @return answers in this second and in the last. */
static inline uint32_t caa_goodput_recent(const struct caa_goodput *g)
{
	return (uint32_t)g->good + g->before;
}

/** Nothing is known of answers. */
void caa_goodput_clear(struct caa_goodput *g);

#endif
