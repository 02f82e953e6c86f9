/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What one upstream's answers say about its limit, and the pacing that follows from it.
 *
 *  Open: no limit is known.  A window of queries may be under way; it grows with the answers as in TCP's slow start
 *  (RFC 5681, section 3.1), so the server's answers set the speed and a server without limit never notices.  Nothing
 *  follows the first window before its last query was answered, since a limiter that cuts it would charge that, too.
 *  Limited: where a server that answers otherwise answers nothing after some point, or denies, the pacer goes by a rate
 *  below the goodput that was measured (as BBR takes its rate from deliveries), pauses for what was sent in vain, since
 *  limiters such as BIND's charge that too, and continues when a first query was answered.  From then on the rate rises
 *  while answers come, slowly near where it was too high, and falls by a part at each loss (AIMD, RFC 5681 section 3.1).
 *  Not a limit: an address that never answered is dead, and one that had not answered for seconds when it was asked is
 *  dead by now, or slow; losses with answers to later queries between them are random; a denial that comes however slowly it
 *  is asked is the server's answer; what is lost or denied again and again is one bad name, while a limiter does not care
 *  which.  None of them sets a rate.  Nor does a server that is slow, for some zones or for a while: where nothing is answered
 *  after a pause the next query is waited for longer, and if its answer comes late, so may the others.
 *  A limit is a claim that is tested.  It is seen in many losses after the last answer.  Where only strangers say so, zones that
 *  were never answered for, or not lately, it takes more of them, and some that were answered, since a limiter lets through
 *  whom it happens to; and it is in doubt: what was lost has to be answered when it is asked slower.
 *  Where it is not, but another one is, there was no limit; queries of a zone that was answered for do not wait meanwhile.
 *  Where all who say so are of one zone, and others are answered (core/serving.h), it is taken back as well.  And where a
 *  limit is known, a query that is lost although hardly any were sent says that it was none; the next one has to be clearer
 *  for a while.
 *
 *  No clock, no lock: time is passed in, and the caller serialises calls on one upstream. */
#ifndef CAA_CORE_LEARN_H
#define CAA_CORE_LEARN_H

#include <stdbool.h>
#include <stdint.h>
#include "core/pacer.h"
#include "core/strangers.h"

/** What became of a query. */
enum caa_signal {
	CAA_SIGNAL_ANSWER,	/**< it was answered, with data or with an error that no limiter sends */
	CAA_SIGNAL_DENIED,	/**< REFUSED or SERVFAIL */
	CAA_SIGNAL_CUT,		/**< TC without data */
	CAA_SIGNAL_SILENCE,	/**< no answer in time */
	CAA_SIGNAL_NONE		/**< nothing is known: nobody waited, it never left this host, or its zone has no voice (core/serving.h) */
};

/** A query that left. */
struct caa_sent {
	uint64_t sent_us;
	uint32_t seq;		/**< its number at this upstream */
	uint32_t question, zone;	/**< hashes of what was asked, and of its zone; set by the caller */
	bool stranger;		/**< the upstream has not answered for the zone; set by the caller before the outcome */
	bool stale;		/**< ... or has not for seconds before it was sent, nor since; set by the caller, too */
	bool caa_type;		/**< it is of type CAA; set by the caller */
	bool repeated;		/**< the same was lost or denied before, wherever; set by the caller */
	bool denied;		/**< the same, or another type of its name, was denied here before; set by the caller */
	bool waited;		/**< it had to wait for its place */
	bool aside;		/**< it takes no place, and room from nobody */
	bool tests;		/**< aside: a claim was tested by it */
	bool counted;		/**< aside: only so many leave so */
	bool patient;		/**< after a pause: its answer is worth to be waited for, as it tells who is limited from who is slow */
	bool alone;		/**< at a rate: none was sent for a while before it, so no limit of a rate can be met by it */
};

/** Times in ms are modulo 2^32, 49 days; those in s tell what is older. */
struct caa_learn {
	struct caa_pacer pacer;
	uint32_t answered_s;	/**< the end of the second of the last answer; 0 = never */
	uint32_t since_ms;	/**< since when queries are under way without an answer */
	uint32_t limited_ms;	/**< the last sign of a limit that was believed */
	uint32_t round_ms;	/**< when this round of the window's growth began, or the rate was last raised */
	uint32_t bucket_ms;	/**< when this second of the goodput began */
	uint32_t losses_ms;	/**< the first of the losses that are weighed */
	uint32_t rate_mqps;	/**< learned rate in queries per 1000 s; 0 = open */
	union {
		uint32_t ceiling_mqps;	/**< limited: the rate that was too high */
		uint32_t first_seq;	/**< open and full: queries before this one make the first window */
	};
	uint32_t steady_mqps;	/**< goodput while queries waited for the rate, averaged; 0 = not measured yet */
	uint32_t srtt_us;	/**< smoothed round trip time; 0 = unknown */
	uint32_t lost;		/**< the question of the last loss or denial, as in caa_sent */
	uint32_t lost_zone;	/**< the zone of the losses that are weighed, as in caa_sent; 0 = of several */
	uint32_t seq;		/**< number of the next query */
	uint32_t answered_seq;	/**< the latest query that was answered, and one more */
	uint32_t recover_seq;	/**< losses of queries before this one were paid for */
	uint32_t flight_seq;	/**< queries before this one are not counted as under way any more */
	uint16_t pause_ms;	/**< the last pause, doubled while nothing is answered; 0 = answered since */
	uint16_t tail_seq;	/**< the latest query of those in tail, modulo 2^16 */
	uint16_t start_window;	/**< queries under way before the first answer: caa-burst */
	uint16_t grow;		/**< what the window may still grow in this round */
	uint16_t burst_seen;	/**< answers within a second before the limit, what it allows at once */
	uint16_t good, good_before;	/**< answers in this second and in the last */
	uint16_t tail, holes;	/**< losses after the last answer, and before it */
	uint16_t strangers;	/**< of tail, those of strangers; there is no answer to a later query than the first of them */
	uint16_t asides;	/**< queries under way that test a claim, or pass by the mute; those of suspects are not counted */
	uint16_t strange_seq;	/**< that one, modulo 2^16 */
	uint16_t strange_ms;	/**< when it left, modulo 2^16 */
	uint16_t strange_lost;	/**< all losses of strangers that are weighed, whatever was answered since */
	struct caa_strangers heard;	/**< open: who was answered of those it did not know */
	uint8_t failures : 4;	/**< pauses in a row after which nothing was answered, up to 15; open: queries that were sent
				 *   beyond the first window */
	uint8_t denials : 4;	/**< of those, with a denial */
	bool doubtful : 1;	/**< limited: only strangers' losses say so */
	bool confirm : 1;	/**< limited: no answer since the pause */
	bool settling : 1;	/**< the pause may have been too short */
	bool backlog : 1;	/**< limited, and queries have waited all through this second */
	bool doubted : 1;	/**< open: a limit was believed, and was none, at limited_ms */
	bool denies : 1;	/**< a denial is no sign of a limit before the next answer */
	bool first : 1;		/**< open: the window was never full, or ... */
	bool full : 1;		/**< ... is so for the first time, and not answered yet */
	bool manual : 1;	/**< the rate is set by hand; nothing is learned */
};

/** @param burst: 1 .. CAA_BURST_MAX queries under way before the first answer. */
void caa_learn_init(struct caa_learn *l, uint16_t burst);

/** Follow the options, before a place is taken.
 *  @param rate_qps: set by hand, 0 = learned. @param burst: as in caa_learn_init(), or what may leave at once at a rate
 *	that is set by hand. */
void caa_learn_options(struct caa_learn *l, uint64_t now_us, uint32_t rate_qps, uint16_t burst);

/** As caa_pacer_wait(): 0 if the place is due, else how long it has to wait in us. */
uint64_t caa_learn_wait(struct caa_learn *l, struct caa_place place, uint64_t now_us);

enum { CAA_LEARN_PATIENCE_MS = 5000 };	/**< how long the answer of a patient one is waited for at least */

/** A query with a place is sent (caa_pacer_sent() is done here), or a packet without one (caa_pacer_charge()). */
struct caa_sent caa_learn_sent(struct caa_learn *l, uint64_t now_us, bool waited);
struct caa_sent caa_learn_charged(struct caa_learn *l, uint64_t now_us);
/** A query is sent at nobody's cost: it tests a limit, caa_learn_wants_witness(), or is of a zone that nothing is expected of.
 *  @param counted: for the former, and with caa_learn_lets_pass(). */
struct caa_sent caa_learn_aside(struct caa_learn *l, uint64_t now_us, bool counted);

/** @return whether a query of a zone that was answered for lately does not wait for room: strangers that are not answered fill
 *	it, and a limiter would answer some of them. */
bool caa_learn_lets_pass(const struct caa_learn *l, uint64_t now_us);

/** What became of it.
 *  @return true if the upstream was found limited by this, or once more. */
bool caa_learn_outcome(struct caa_learn *l, uint64_t now_us, struct caa_sent sent, enum caa_signal signal);

/** A zone that spoke of a limit was lost while others are answered: if it alone did, there was none. */
void caa_learn_split(struct caa_learn *l, uint64_t now_us, uint32_t zone);

/** @return whether a query of a zone that was answered for does not wait for the limit: it tests one that only strangers have met,
 *	or only another zone; as many at once as in the first window, since it may be true. */
static inline bool caa_learn_wants_witness(const struct caa_learn *l, uint32_t zone)
{
	return l->rate_mqps != 0 && l->asides < l->start_window &&
		(l->doubtful || (l->lost_zone != 0 && l->lost_zone != zone));
}

/** @return whether one query of a zone that was answered for, which was not lost before, does not wait for the pause to end: those
 *	that were lost go first, and where it is them and no limit, every pause would be followed by the next. */
static inline bool caa_learn_wants_fresh(const struct caa_learn *l)
{
	return l->rate_mqps != 0 && l->confirm && l->failures > 0 && l->asides == 0;
}

/** The server knows from now on that queries come from here, and what was limited so far are others: forget the rate. */
void caa_learn_source_proved(struct caa_learn *l, uint64_t now_us);

/** Forget what was learned; who waits goes on waiting, and what is under way is so still.  A rate that is set by hand stays. */
void caa_learn_forget(struct caa_learn *l, uint64_t now_us);

/** All queries are gone, and nothing will be heard of them; what was learned stays. */
void caa_learn_settle(struct caa_learn *l);

/** @return whether a limit is known. */
static inline bool caa_learn_limited(const struct caa_learn *l)
{
	return l->rate_mqps != 0;
}

/** @return whether the upstream answered anything within the last minute: its losses are then not those of a dead one. */
bool caa_learn_alive(const struct caa_learn *l, uint64_t now_us);

/** @return whether it answered within the last two seconds: what it does not answer now was lost, and is not late. */
bool caa_learn_lately(const struct caa_learn *l, uint64_t now_us);

/** @return whether a query that has to wait due_us here, by its place, is better sent where it would have to wait
 *	other_us. */
bool caa_learn_worth_moving(const struct caa_learn *l, uint64_t now_us, uint64_t due_us, uint64_t other_us);

/** @return whether the upstream was asked, and never answered or not for long. */
static inline bool caa_learn_silent(const struct caa_learn *l, uint64_t now_us)
{
	return l->seq > 0 && !caa_learn_alive(l, now_us);
}

/** @return whether the upstream has queries under way and nothing has come back for longer than it should: a query
 *	is better sent elsewhere. */
bool caa_learn_stalled(const struct caa_learn *l, uint64_t now_us);

#endif
