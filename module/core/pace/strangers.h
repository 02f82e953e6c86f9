/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Whether the losses of strangers say anything of an address: zones that it has not answered for, or not lately.
 *
 *  A limiter lets some of them through, whichever it happens to.  Where none of their kind is answered, CAA or the other types,
 *  it may be them, or their type, and not the address: they are mute.  If a question is denied, and answered later, it was
 *  not them: then those that were denied so far tell, too.
 *  No clock, no lock: time is passed in, and the caller serialises calls on one. */
#ifndef CAA_CORE_STRANGERS_H
#define CAA_CORE_STRANGERS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	CAA_STRANGERS_HEARD = 4,		/**< that have to be answered before the losses of others tell anything, ... */
	CAA_STRANGERS_HEARD_MS = 2000,		/**< ... and how lately before those left */
	CAA_STRANGERS_MUTE_MS = 4000,		/**< how long it is remembered that some were lost silently where none is answered */
	CAA_STRANGERS_DENIED_MAX = 127
};

/** Of one address; zeroed at first.  Ticks are of 64 ms modulo 2^16, 70 minutes. */
struct caa_strangers {
	uint16_t zone;		/**< of the last one that was answered, modulo 2^16 */
	uint16_t heard_tick;	/**< when it was */
	uint16_t mute_tick;	/**< when the last one was lost that says nothing */
	uint8_t caa : 4;	/**< those that were answered lately to CAA, up to 15, ... */
	uint8_t other : 4;	/**< ... and to other types */
	bool mute : 1;		/**< mute_tick is set */
	uint8_t denied : 7;	/**< those that were denied CAA, which said nothing, up to CAA_STRANGERS_DENIED_MAX; the caller forgets them */
};

/** One was answered.  @param zone: a hash of it. @param caa: to type CAA. @param sent_us: when the query left. */
void caa_strangers_answered(struct caa_strangers *s, uint64_t now_us, uint64_t sent_us, uint32_t zone, bool caa);

/** One was lost.  @param silent: not denied, so that it took room while it was waited for.  @return whether that says something. */
bool caa_strangers_lost(struct caa_strangers *s, uint64_t now_us, uint64_t sent_us, bool caa, bool silent);

/** One was denied CAA, which says nothing yet. */
void caa_strangers_denied(struct caa_strangers *s);

/** @return whether some were lost lately, silently, that say nothing. */
bool caa_strangers_are_mute(const struct caa_strangers *s, uint64_t now_us);

#endif
