/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A query that left for an upstream, and what became of it: what everything that is learned of it is learned from. */
#ifndef CAA_CORE_SIGNAL_H
#define CAA_CORE_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

/** What became of a query. */
enum caa_signal {
	CAA_SIGNAL_ANSWER,	/**< it was answered, with data or with an error that no limiter sends */
	CAA_SIGNAL_DENIED,	/**< REFUSED or SERVFAIL */
	CAA_SIGNAL_CUT,		/**< TC without data */
	CAA_SIGNAL_SILENCE,	/**< no answer in time */
	CAA_SIGNAL_NONE		/**< nothing is known: nobody waited, it never left this host, or its zone has no voice (core/pace/serving.h) */
};

/** Why a query takes no place. */
enum caa_aside {
	CAA_ASIDE_NOT,		/**< it does */
	CAA_ASIDE_FREE,		/**< nothing is expected of its zone */
	CAA_ASIDE_TESTS,	/**< it tests a claim, or was answered for, and passes by the mute; counted, only so many leave so */
	CAA_ASIDE_PASSES	/**< it passes by those who fill the room in vain; counted apart from the former, since it may be one of them */
};

/** A query that left. */
struct caa_sent {
	uint64_t sent_us;
	uint32_t seq;		/**< its number at this upstream */
	uint32_t question, zone;	/**< hashes of what was asked, and of its zone; set by the caller */
	uint16_t patience_ms;	/**< after a pause: its answer is waited for so long at least, as it tells who is limited from who is slow */
	bool stranger;		/**< the upstream has not answered for the zone; set by the caller before the outcome */
	bool stale;		/**< ... or has not for seconds before it was sent, nor since; set by the caller, too */
	bool caa_type;		/**< it is of type CAA; set by the caller */
	bool repeated;		/**< the same was lost or denied before, wherever; set by the caller */
	bool denied;		/**< the same, or another type of its name, was denied here before; set by the caller */
	bool same_denied;	/**< the very same was denied here before; set by the caller */
	bool unheard;		/**< it was denied, and its zone has no voice in that; set by the caller before the outcome */
	bool waited;		/**< it had to wait for its place */
	uint8_t aside;		/**< enum caa_aside: it takes no place, and room from nobody; else 0 */
	bool tests;		/**< aside: a claim was tested by it */
	bool alone;		/**< at a rate: none was sent for a while before it, so no limit of a rate can be met by it */
};

/** @return whether the upstream is not known to answer for its zone these days. */
static inline bool caa_sent_is_strange(struct caa_sent sent)
{
	return sent.stranger || sent.stale;
}

#endif
