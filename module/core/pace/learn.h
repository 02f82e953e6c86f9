/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What one upstream's answers say about its limit, and the pacing that follows from it.
 *
 *  Open: no limit is known.  A window of queries may be under way; it grows with the answers as in TCP's slow start
 *  (RFC 5681, section 3.1), so the server's answers set the speed and a server without limit never notices.  Nothing
 *  follows the first window before its last query was answered, since a limiter that cuts it would charge that, too, but for one of each
 *  zone that is asked for later: that does not wait for those who are not answered.  Where some of it were denied, or one that another
 *  address denied comes here meanwhile, only a few follow.
 *  Limited: where a server that answers otherwise answers nothing after some point, or denies, the pacer goes by a rate
 *  below the goodput that was measured (as BBR takes its rate from deliveries), pauses for what was sent in vain, since
 *  limiters such as BIND's charge that too, and continues when a first query was answered.  From then on the rate rises
 *  while answers come, slowly near where it was too high, and falls by a part at each loss (AIMD, RFC 5681 section 3.1).
 *  Not a limit: one that has answered about as many as are asked for, for seconds, and answers nothing now, has an outage.  That claim is
 *  tested, too: a few are sent until it answers again, fewer if that takes long, and then all that wait, which is more than before.
 *  A limiter drops them again at once, and then it is a limit.
 *  An address that never answered is dead, and one that had not answered for seconds when it was asked is
 *  dead by now, or slow; losses with answers to later queries between them are random; a denial that comes however slowly it
 *  is asked is the server's answer; what is lost or denied again and again is one bad name, while a limiter does not care
 *  which.  None of them sets a rate.  Nor does a server that is slow, for some zones or for a while: where nothing is answered
 *  after a pause the next query is waited for longer, and if its answer comes late, so may the others; and what was waited
 *  for no longer than other answers take is not known to be lost.
 *  A limit is a claim that is tested.  Who was denied has to be answered when it is asked slower: where one after the other is denied
 *  again, the denials are the server's answers.  It is seen in many losses after the last answer.  Where only strangers say so, zones that
 *  were never answered for, or not lately, it takes more of them, and some that were answered, since a limiter lets through
 *  whom it happens to; and it is in doubt: what was lost has to be answered when it is asked slower.
 *  Where it is not, but another one is, there was no limit; queries of a zone that was answered for do not wait meanwhile.
 *  Who says whom it refuses, by errors or truncation, and hardly is silent while too many are sent, is not the reason of what is lost
 *  silently at its rate: these are bad names, unless nothing else comes.
 *  Where all who say so are of one zone, and others are answered (core/pace/serving.h), it is taken back as well.  And where a
 *  limit is known, a query that is lost although hardly any were sent says that it was none; the next one has to be clearer
 *  for a while.
 *
 *  A limit that several resolvers meet: while its rate is a share that they lease (core/fleet/share.h), losses and answers are noted for
 *  them instead of moving it.
 *
 *  No clock, no lock: time is passed in, and the caller serialises calls on one upstream. */
#ifndef CAA_CORE_LEARN_H
#define CAA_CORE_LEARN_H

#include <stdbool.h>
#include <stdint.h>
#include "core/pace/evidence.h"
#include "core/pace/goodput.h"
#include "core/pace/pacer.h"
#include "core/pace/signal.h"

/** What is believed of the upstream.  In the order of the list, which caa_learn_limited() uses. */
enum caa_learn_state {
	CAA_LEARN_FIRST,	/**< open: the first window was never full */
	CAA_LEARN_FULL,		/**< open: it is, for the first time, and waits for its last answer */
	CAA_LEARN_OPEN,		/**< open: the window grows with the answers */
	CAA_LEARN_CONFIRM,	/**< limited: nothing was answered since the pause */
	CAA_LEARN_SETTLING,	/**< limited: something was, but the pause may have been too short */
	CAA_LEARN_LIMITED,	/**< limited: the rate rises, and is cut where it is lost */
	CAA_LEARN_MANUAL	/**< the rate is set by hand; nothing is learned */
};

/** While it is open. */
struct caa_window {
	uint32_t round_ms;	/**< when this round of the window's growth began */
	uint32_t outage_ms, resumed_ms;	/**< when the last outage was found, and when it ended; 0 = there was none */
	uint32_t first_seq;	/**< full: queries before this one make the first window */
	uint32_t placed_ms;	/**< when the last query with a place left */
	uint32_t begun_seq;	/**< the first query since none was under way */
	uint16_t passed_ms;	/**< when the last one did that passes by who fills the room, modulo 2^16 */
	uint16_t grow;		/**< what the window may still grow in this round */
	uint8_t probes;		/**< queries that were sent beyond the first window while it waits */
	bool alone;		/**< the first window was one query, which says little of how many are answered */
	bool silent;		/**< it has not ended: nothing was answered since */
	uint8_t denials;	/**< of the first window, up to what is a sign of a limit */
};

/** A loss that a shared rate falls for, from mild to severe. */
enum caa_shared_loss {
	CAA_SHARED_NONE,
	CAA_SHARED_CUT,		/**< one among answers */
	CAA_SHARED_TAIL		/**< several, and no answer since */
};

/** While it is limited. */
struct caa_limit {
	uint32_t rate_mqps;	/**< queries per 1000 s; 0 = none is known */
	uint32_t ceiling_mqps;	/**< the rate that was too high */
	uint32_t raised_ms;	/**< when the rate was last raised */
	uint32_t vain_ms;	/**< when the first of those was that are counted in vain */
	uint16_t pause_ms;	/**< the last pause, doubled while nothing is answered; 0 = answered since */
	uint16_t burst_seen;	/**< answers within a second before the limit, what it allows at once */
	uint8_t failures : 4;	/**< pauses in a row after which nothing was answered, up to 15, ... */
	uint8_t denials : 4;	/**< ... and of those, with a denial */
	bool doubtful : 1;	/**< only strangers' losses say so */
	bool found : 1;		/**< it was found before this pause, by denials */
	bool cut : 1;		/**< most of what says so was truncated */
	bool outage : 1;	/**< it may be a long outage: what is answered first tells */
	uint8_t silent : 4;	/**< where it speaks: questions lost for the first time since anything came, below SILENT_MANY */
	uint8_t vain;		/**< questions that were denied, asked slower, and denied again, since one was answered */
	int8_t says;		/**< of what was lost while too many were sent, denials and TC beyond twice the silences; above 0 it speaks */
	/* Where several resolvers share it (core/fleet/share.h), what they were not told of yet: */
	uint8_t lost : 2;	/**< the worst loss: enum caa_shared_loss */
	bool raises : 1;	/**< queries that had to wait were answered */
	bool others : 1;	/**< when they were told last there was another one */
	bool hearsay : 1;	/**< only others have met the limit */
	bool leased : 1;	/**< the rate is a share, and its lease was not found ended */
	uint16_t good;		/**< answers */
	uint32_t until_ms;	/**< the end of the lease of the share that the rate is; 0 = it never was one */
};

/** A share of a rate that others keep, too. */
struct caa_learn_share {
	uint32_t rate_mqps;	/**< 1 .. CAA_RATE_MAX * CAA_MQPS */
	uint32_t ceiling_mqps;	/**< a part of the rate that was too high, from which it is learned on when the lease ends */
	uint32_t lease_ms;
	bool lowered;		/**< for what was lost; losses of what was sent before say nothing any more */
	bool others;		/**< others share it */
	bool resumes;		/**< others were answered while this one pauses */
	bool joins;		/**< they have met the limit, and it explains what this one lost */
};

/** Times in ms are modulo 2^32, 49 days; those in s tell what is older. */
struct caa_learn {
	struct caa_pacer pacer;
	struct caa_goodput goodput;
	struct caa_evidence evidence;
	union {
		struct caa_window window;	/**< up to CAA_LEARN_OPEN */
		struct caa_limit limit;		/**< where caa_learn_limited() */
	};
	uint32_t answered_s;	/**< the end of the second of the last answer; 0 = never */
	uint32_t since_ms;	/**< since when queries are under way without an answer */
	uint32_t limited_ms;	/**< the last sign of a limit that was believed */
	uint32_t srtt_us;	/**< smoothed round trip time; 0 = unknown */
	uint32_t slow_ms, quick_ms;	/**< when the answer came of the longest round trip lately, and of the shortest in a while */
	uint16_t slowest_ms, quickest_ms;	/**< those, up to 65535; the latter at least 1; 0 = unknown */
	uint32_t seq;		/**< number of the next query */
	uint32_t answered_seq;	/**< the latest query that was answered, and one more */
	uint32_t recover_seq;	/**< losses of queries before this one were paid for */
	uint32_t flight_seq;	/**< queries before this one are not counted as under way any more */
	uint16_t start_window;	/**< queries under way before the first answer: caa-burst */
	uint16_t asides;	/**< queries under way that test a claim, or pass by the mute; those of suspects are not counted, ... */
	uint16_t passing;	/**< ... and these are: those that pass by who fills the room */
	uint8_t state;		/**< enum caa_learn_state */
	bool doubted : 1;	/**< a limit was believed, and was none, at limited_ms */
	bool denies : 1;	/**< a denial is no sign of a limit before the next answer */
	bool accompanied : 1;	/**< the caller's: other resolvers may send there as well, and a limit that is theirs, too, looks like an outage to
				 *   each of them */
};

/** @return whether a limit is known. */
static inline bool caa_learn_limited(const struct caa_learn *l)
{
	return l->state >= CAA_LEARN_CONFIRM && l->state <= CAA_LEARN_LIMITED;
}

/** @return whether a limit is known that says whom it refuses: it is not the reason of silence. */
static inline bool caa_learn_speaks(const struct caa_learn *l)
{
	return caa_learn_limited(l) && l->limit.says > 0;
}

/** @return whether a limit is believed where nothing was answered for seconds, though it was asked again and again, and slowly: that may as
 *	well be an outage.  Not where it says whom it refuses, nor where it denied what was asked then. */
bool caa_learn_is_mute(const struct caa_learn *l, uint64_t now_us);

/** @return whether its rate is set by hand. */
static inline bool caa_learn_is_manual(const struct caa_learn *l)
{
	return l->state == CAA_LEARN_MANUAL;
}

/** @return whether its first window was not answered yet. */
static inline bool caa_learn_is_first(const struct caa_learn *l)
{
	return l->state <= CAA_LEARN_FULL;
}

/** @param burst: 1 .. CAA_BURST_MAX queries under way before the first answer. */
void caa_learn_init(struct caa_learn *l, uint16_t burst);

/** Follow the options, before a place is taken.
 *  @param rate_qps: set by hand, 0 = learned. @param burst: as in caa_learn_init(), or what may leave at once at a rate
 *	that is set by hand. */
void caa_learn_options(struct caa_learn *l, uint64_t now_us, uint32_t rate_qps, uint16_t burst);

/** The first query goes alone, if none is under way yet, and the first window follows its answer: it is to bring a cookie, without which
 *  others would be limited. */
void caa_learn_begin_alone(struct caa_learn *l);

/** As caa_pacer_wait(): 0 if the place is due, else how long it has to wait in us. */
uint64_t caa_learn_wait(struct caa_learn *l, struct caa_place place, uint64_t now_us);

/** A query with a place is sent (caa_pacer_sent() is done here), or a packet without one (caa_pacer_charge()). */
struct caa_sent caa_learn_sent(struct caa_learn *l, uint64_t now_us, bool waited);
struct caa_sent caa_learn_charged(struct caa_learn *l, uint64_t now_us);
/** A query is sent at nobody's cost: it tests a limit, caa_learn_wants_witness(), or is of a zone that nothing is expected of.
 *  @param why: not CAA_ASIDE_NOT; with caa_learn_wants_new() CAA_ASIDE_PASSES. */
struct caa_sent caa_learn_aside(struct caa_learn *l, uint64_t now_us, enum caa_aside why);

/** A question that was denied elsewhere comes here: where both have one limit, the first window may be more than it lets
 *  through. */
void caa_learn_warn(struct caa_learn *l);

/** @return whether a query of a zone that was answered for lately does not wait for room: strangers that are not answered fill
 *	it, and a limiter would answer some of them. */
bool caa_learn_lets_pass(const struct caa_learn *l, uint64_t now_us);

/** Those who are not answered fill the room, and a limiter would answer some of them.
 *  @param asked_us: when it was asked for; now, where its zone was answered for lately.
 *  @return whether a query of a zone that none is under way of does not wait for room, since it was asked for after them, or was not, and
 *	nothing was answered at all since the first of them left. */
bool caa_learn_wants_new(const struct caa_learn *l, uint64_t now_us, uint64_t asked_us);

/** What became of it.
 *  @return true if the upstream was found limited by this, or once more. */
bool caa_learn_outcome(struct caa_learn *l, uint64_t now_us, struct caa_sent sent, enum caa_signal signal);

/** A zone that spoke of a limit was lost while others are answered: if it alone did, there was none. */
void caa_learn_split(struct caa_learn *l, uint64_t now_us, uint32_t zone);

/** What was denied before was answered over TCP. */
void caa_learn_passed_tcp(struct caa_learn *l);

/** TCP fails: what was truncated was no limit's doing, since that lets pass over TCP what it has cut. */
void caa_learn_no_tcp(struct caa_learn *l, uint64_t now_us);

/** @return whether a query of a zone that was answered for does not wait for the limit: it tests one that only strangers have met,
 *	or only another zone; as many at once as in the first window, since it may be true. */
static inline bool caa_learn_wants_witness(const struct caa_learn *l, uint32_t zone)
{
	return caa_learn_limited(l) && l->asides < l->start_window &&
		(l->limit.doubtful || (l->evidence.zone != 0 && l->evidence.zone != zone));
}

/** @return whether one query of a zone that was answered for, which was not lost before, does not wait for the pause to end: those
 *	that were lost go first, and where it is them and no limit, every pause would be followed by the next. */
static inline bool caa_learn_wants_fresh(const struct caa_learn *l)
{
	return l->state == CAA_LEARN_CONFIRM && l->limit.failures > 0 && l->asides == 0;
}

/** @return whether the rate is a share of one that others keep, too: it is neither raised nor lowered here then, and what would do so
 *	is noted for them. */
bool caa_learn_is_shared(const struct caa_learn *l, uint64_t now_us);

/** @return whether no limit is known, and nothing but losses and denials has come since several queries: a limit that others have met
 *	would explain them. */
bool caa_learn_wonders(const struct caa_learn *l);

/** Where a limit is known, or by this, this is the rate from now on.  When the lease ends it is the own rate, and learned on. */
void caa_learn_share(struct caa_learn *l, uint64_t now_us, const struct caa_learn_share *share);

/** The server knows from now on that queries come from here, and what was limited so far are others: forget the rate. */
void caa_learn_source_proved(struct caa_learn *l, uint64_t now_us);

/** Forget what was learned; who waits goes on waiting, and what is under way is so still.  A rate that is set by hand stays. */
void caa_learn_forget(struct caa_learn *l);

/** All queries are gone, and nothing will be heard of them; what was learned stays. */
void caa_learn_settle(struct caa_learn *l);

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
