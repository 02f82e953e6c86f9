/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What became of a query at an upstream, what that teaches, and what it means for the question.
 *
 *  Losses and denials speak of the address only where its zone has a voice there (core/pace/serving.h).
 *  No clock, no lock: time is passed in, and the caller serialises calls on one upstream. */
#ifndef CAA_CORE_OUTCOME_H
#define CAA_CORE_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>
#include "core/pace/asking.h"
#include "core/pace/cookie.h"
#include "core/pace/denials.h"
#include "core/pace/serving.h"
#include "core/pace/upstream.h"
#include "core/wire/packet.h"

/** What became of an attempt. */
enum caa_end {
	CAA_END_ANSWER,
	CAA_END_TIMEOUT,
	CAA_END_ERROR,		/**< it could not be sent, or the connection broke */
	CAA_END_CUT,		/**< we closed its connection for another one's sake: it says nothing of anybody */
	CAA_END_UNREAD,		/**< nothing was read in time, as nobody looked: it says nothing of anybody */
	CAA_END_ABANDONED	/**< nobody waits for it any more; it may not have left */
};

/** What an outcome means for the question. */
enum caa_meaning {
	CAA_MEANS_NOTHING,	/**< nobody waited for it, or it is asked again at once over another transport */
	CAA_MEANS_ANSWER,	/**< whatever it says */
	CAA_MEANS_ERROR,	/**< an error that no limiter sends */
	CAA_MEANS_DENIED,	/**< an error that limiters send too */
	CAA_MEANS_NO_TCP,	/**< it had to be asked over TCP, and nothing came */
	CAA_MEANS_LOST,		/**< nothing came, where the zone is answered or a limit is known: it may pass */
	CAA_MEANS_SILENCE	/**< nothing came */
};

struct caa_outcome {
	enum caa_meaning meaning;
	bool limited;		/**< the upstream was found limited by this */
	bool room;		/**< somebody waits, and there is room: see caa_gate_call() */
	bool limit;		/**< a limit is known there, and may be the reason */
	enum caa_denial_kind denial;	/**< with CAA_MEANS_ERROR, _DENIED and _NO_TCP: what kind of denial it is, ... */
	bool twice;		/**< ... and whether it counts for two */
	bool lately;		/**< the upstream answered something within two seconds */
	bool split;		/**< it was lost, and later queries of others were answered */
	bool dropped;		/**< CAA was waited for in vain, where other types of the zone are answered, and CAA of none, and no limit is known */
	uint32_t srtt_us;	/**< its round trip time; 0 = unknown */
};

/** @param zone: what the upstream does for the query's zone. @param packet: with CAA_END_ANSWER; else not used.
 *  @param tcp: it was sent over TCP. */
struct caa_outcome caa_outcome_of(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone,
	const struct caa_cookie_secret *secret, uint64_t now_us, enum caa_end end, const struct caa_packet *packet, bool tcp);

#endif
