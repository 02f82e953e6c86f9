/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/learn.h"

#include "core/wire/ms.h"
#include "core/wire/seq.h"

enum {
	US_PER_S = 1000000,
	US_PER_MS = 1000,
	MS_PER_S = 1000,
	MQPS = CAA_MQPS,
	ROUND_MIN_MS = 10,		/**< the window grows as if no round trip were shorter */
	FIRST_JUMP = 4,			/**< how much it grows where the first one was answered without a gap */
	WARY_DENIALS = 3,		/**< ... and where so many were denied no more than WINDOW_MIN follow: fewer may be bad names */
	FIRST_WAIT_MS = MS_PER_S / 2,	/**< the last one of the first window is waited for so long after an answer; ... */
	PROBE_MIN_MS = 10,		/**< ... a round trip, or so long, after it one more may leave, ... */
	PROBES = 1,			/**< ... or so many */
	WINDOW_MAX = 8192,
	IDLE_S = 600,			/**< a window that was not used for so long starts anew */
	LATELY_S = 2,			/**< who answered nothing for so long before it is asked says nothing of a limit by silence */
	MUTE_S = 5,			/**< ... and for so long, though it is asked slowly, may as well not be there */
	ALIVE_S = 60,			/**< who answered nothing for so long is dead, not limited */
	REMEMBER_S = 3600,		/**< a limit that was not met for so long is forgotten */
	WEEK_S = 7 * 24 * 3600,		/**< who answered nothing for so long may have met a limit when times in ms wrapped last */
	DOUBT_MS = 600 * MS_PER_S,	/**< who was taken for limited by mistake is so less easily for so long, ... */
	DOUBT_FAILURES = 2,		/**< what was lost is lost again so often though it is asked slower, while others are answered;
					 *   what is denied has its own count */
	OUTAGE_MORE = 2,		/**< who is asked for no more than so many times as many as it usually answers in a second, ... */
	OUTAGE_FEW = 4,			/**< ... and so many, ... */
	OUTAGE_SECONDS = 3,		/**< ... and has answered so for so long, has an outage when it answers none. */
	OUTAGE_MS = 3 * MS_PER_S,	/**< If that takes longer, it is asked as if it had a limit; ... */
	OUTAGE_REST_MS = 6 * MS_PER_S / 5,	/**< ... what is lost again sooner after it is one: limiters count by the second */
	SILENT_MANY = 8,		/**< who says whom it refuses may not if so many questions in a row are lost that were not before */
	SAYS_SILENCE = 2,		/**< what a silence weighs against what was said */
	SAYS_LEAST = -100,		/**< how much that is at most */
	ALONE_US = 2 * US_PER_S,	/**< a query before which none was sent for so long, beyond what the rate asks for */
	TAIL_AGAIN = 3,			/**< losses after the last answer that make a pause, where a limit is known */
	FEW_PART = 2,			/**< fewer answers than this part of the first window tell little of a rate that
					 *   would be too much */
	RATE_MIN_MQPS = MQPS / 2,
	RATE_MAX_MQPS = CAA_RATE_MAX * MQPS,
	PAUSE_MIN_US = 100 * US_PER_MS,
	FIRST_PAUSE_US = 2 * US_PER_S,	/**< what is waited at most before it is tried for the first time */
	PAUSE_MAX_US = 15 * US_PER_S,	/**< what the windows of limiters need at most */
	CONFIRM_WINDOW = 1,		/**< queries under way before the first answer after a pause */
	PATIENCE_FIRST_MS = MS_PER_S,	/**< how long that is waited for at least, after the first pause ... */
	PATIENCE_MS = 5 * MS_PER_S,	/**< ... and after others */
	SLOW_US = US_PER_S / 5, SLOW_ROUNDS = 4,	/**< an answer that takes longer than both is late */
	SLOWEST_MS = 2 * MS_PER_S,	/**< how long the slowest answer is remembered, ... */
	SLOWEST_LEAST_US = 100 * US_PER_MS,	/**< ... if it took longer: any query is waited for about so long */
	QUICKEST_MS = 60 * MS_PER_S,	/**< how long the quickest is, unless there is one as quick */
	CONFIRM_SOON = 2,		/**< first failures after which it is tried again when half the pause has passed */
	SETTLE_MS = 1500,		/**< after a pause, a loss says that it was too short, and nothing of the rate */
	WINDOW_MIN = 4,			/**< losses do not shrink the window below it */
	FAILURES_MAX = 15,
	CONFIRM_TRIES = 8,		/**< times that TC comes however slowly it is asked, after which it is no sign of a limit, ... */
	DENIED_TRIES = 4,		/**< ... or an error; asked so long after each other: */
	VAIN_TRIES = 8,			/**< questions in a row that are denied again, though they are asked slower, ... */
	VAIN_MS = 2 * MS_PER_S,		/**< ... for so long, after which there was none: where addresses share a limit it takes a while */
	DENIED_PAUSE_US = 100 * US_PER_MS, DENIED_PAUSE_MAX_US = 400 * US_PER_MS,
	STEADY_PERCENT = 92,		/**< the rate after a loss, of the goodput while queries waited, ... */
	REST_PERCENT = 97,		/**< ... and after a rest */
	REST_US = US_PER_S,		/**< a line that was empty for so long: the limiter has saved something up */
	MOVE_US = 250 * US_PER_MS,	/**< a wait that is not longer is no reason to go elsewhere */
	STALL_MIN_US = 100 * US_PER_MS,
	STALL_UNKNOWN_US = 250 * US_PER_MS,	/**< where no round trip was measured */
	STALL_ROUNDS = 4,
	BLOCKED_MIN_MS = 50,		/**< a full window from which nothing left for so long, ... */
	BLOCKED_ROUNDS = 4,		/**< ... and so many of the quickest round trips, is blocked; ... */
	BLOCKED_EACH_MS = 5,		/**< ... where it answers nothing at all, others pass it one in so long, up to a window of them, ... */
	BLOCKED_PART = 2,		/**< ... and who comes later up to so many */
	WONDER = 2,			/**< so many in a row that brought nothing, where no limit is known */
	LEASE_MAX_MS = 10 * MS_PER_S,
	OTHERS_MS = 600 * MS_PER_S	/**< others that shared the limit so lately may be back */
};

/** Parts of the ceiling, the rate that was too high, in percent, and what the rate rises by below and above them, in
 *  per mille each second. */
enum {
	NEAR_PERCENT = 92, BEYOND_PERCENT = 110,
	RISE_BELOW = 250, RISE_NEAR = 10, RISE_BEYOND = 150,
	RISE_LONGER = 2, RISE_SECONDS = 10
};

static uint32_t clamp_u32(uint64_t value, uint32_t min, uint32_t max)
{
	return value < min ? min : value > max ? max : (uint32_t)value;
}

/** Who answered never has not done so for longest. */
static uint32_t unanswered_s(const struct caa_learn *l, uint64_t now_us)
{
	uint64_t now_s = now_us / US_PER_S + 1;

	if (l->answered_s == 0)
		return UINT32_MAX;
	return now_s > l->answered_s ? (uint32_t)(now_s - l->answered_s) : 0;
}

static uint32_t percent(uint32_t value, uint32_t part)
{
	return (uint32_t)((uint64_t)value * part / 100);
}

/** Whether queries wait for the rate: what is answered then is what it lets through. */
static bool waits(const struct caa_learn *l)
{
	return caa_learn_limited(l) && l->state != CAA_LEARN_CONFIRM && caa_pacer_waiting(&l->pacer) > 0;
}

static uint32_t goodput_mqps(struct caa_learn *l, uint64_t now_us)
{
	return caa_goodput_mqps(&l->goodput, caa_ms(now_us), waits(l));
}

/* --- limited: the rate ------------------------------------------------------------------------------------------- */

static void apply_rate(struct caa_learn *l, uint64_t now_us, uint64_t rate_mqps, uint32_t burst)
{
	l->limit.rate_mqps = clamp_u32(rate_mqps, RATE_MIN_MQPS, RATE_MAX_MQPS);
	caa_pacer_set_interval(&l->pacer, now_us, (uint32_t)((uint64_t)US_PER_S * MQPS / l->limit.rate_mqps), (uint16_t)burst);
}

bool caa_learn_is_shared(const struct caa_learn *l, uint64_t now_us)
{
	return caa_learn_limited(l) && caa_ms_ahead(l->limit.until_ms, now_us, LEASE_MAX_MS);
}

/** @return whether others may send as well, so that a loss, or what was saved up, is not this one's alone. */
static bool has_others(const struct caa_learn *l, uint64_t now_us)
{
	return l->limit.others && (caa_learn_is_shared(l, now_us) || caa_ms_age(l->limit.until_ms, caa_ms(now_us)) < OTHERS_MS);
}

/** @return true if the rate is shared: it is lowered by who is told of the loss, unless it was paid for. */
static bool tell_loss(struct caa_learn *l, uint64_t now_us, struct caa_sent sent, enum caa_shared_loss loss)
{
	l->limit.hearsay = false;
	if (!caa_learn_is_shared(l, now_us))
		return false;
	if (!caa_seq_before(sent.seq, l->recover_seq) && l->limit.lost < loss)
		l->limit.lost = (uint8_t)loss;
	return true;
}

/** What was sent is not under way any more for the pacer, and its losses are paid for. */
static void start_anew(struct caa_learn *l)
{
	l->flight_seq = l->recover_seq = l->seq;
	l->pacer.inflight = 0;
	caa_evidence_clear(&l->evidence);
}

void caa_learn_settle(struct caa_learn *l)
{
	start_anew(l);
	l->asides = l->passing = 0;
	l->goodput.backlog = false;
	caa_pacer_settle(&l->pacer);
}

/** Send nothing for a while, then a query or two, and the others when those were answered. */
static void pause_for(struct caa_learn *l, uint64_t now_us, uint64_t pause_us)
{
	pause_us = clamp_u32(pause_us, PAUSE_MIN_US, PAUSE_MAX_US);
	l->limit.pause_ms = (uint16_t)caa_ms(pause_us);
	l->state = CAA_LEARN_CONFIRM;
	l->pacer.window = CONFIRM_WINDOW;
	start_anew(l);
	caa_pacer_pause(&l->pacer, now_us, pause_us);
}

/** How long a limiter needs to forget so many queries, if it lets rate_mqps through. */
static uint64_t debt_us(uint64_t queries, uint32_t rate_mqps)
{
	return queries * US_PER_S * MQPS / rate_mqps;
}

/** What was answered at once before the limit, and the rate that this was.  @return the rate. */
static uint32_t measure(struct caa_learn *l, uint64_t now_us)
{
	uint32_t good_mqps = goodput_mqps(l, now_us);

	l->limit.burst_seen = (uint16_t)clamp_u32(caa_goodput_recent(&l->goodput), 1, CAA_BURST_MAX);
	l->limit.ceiling_mqps = l->limit.burst_seen < l->start_window / FEW_PART ? RATE_MAX_MQPS :
		clamp_u32(good_mqps, RATE_MIN_MQPS, RATE_MAX_MQPS);
	return good_mqps;
}

/** Denials overtake answers, where it is not the server that denies: one to a query that left before the limit was found. */
static void overtaken(struct caa_learn *l, uint64_t now_us)
{
	uint32_t rate_mqps;

	if (caa_learn_is_shared(l, now_us))
		return;
	rate_mqps = percent(measure(l, now_us), 90);
	if (rate_mqps > l->limit.rate_mqps)
		apply_rate(l, now_us, rate_mqps, 1);
}

/** That it says whom it refuses is believed more, or less. */
static void believe(struct caa_learn *l, int more)
{
	int says = l->limit.says + more;

	l->limit.says = (int8_t)(says < SAYS_LEAST ? SAYS_LEAST : says > INT8_MAX ? INT8_MAX : says);
}

/** The losses are a limit: from now on there is a rate. */
static void set_limit(struct caa_learn *l, uint64_t now_us, enum caa_signal signal)
{
	uint64_t vain = (uint64_t)l->evidence.tail + l->pacer.inflight + l->asides + l->passing, pause_us;
	uint32_t round_ms = l->window.round_ms;

	l->limit = (struct caa_limit){ .raised_ms = round_ms, .doubtful = caa_evidence_is_doubtful(&l->evidence),
		.found = signal != CAA_SIGNAL_SILENCE,	/* what comes after a silence was slow */
		.cut = caa_evidence_is_cut(&l->evidence) };
	believe(l, caa_evidence_said(&l->evidence, signal));
	l->doubted = false;
	apply_rate(l, now_us, percent(measure(l, now_us), 90), 1);
	pause_us = signal == CAA_SIGNAL_DENIED ? DENIED_PAUSE_US : debt_us(vain, l->limit.rate_mqps);
	/* The address' part of a rate and of a debt that it shares with others is a guess, too. */
	pause_for(l, now_us, pause_us < FIRST_PAUSE_US ? pause_us : FIRST_PAUSE_US);
}

/** The window is the first one again. @param state: CAA_LEARN_FIRST, or CAA_LEARN_OPEN where it is known how it answers. */
static void start_window(struct caa_learn *l, enum caa_learn_state state)
{
	uint32_t round_ms = caa_learn_limited(l) ? l->limit.raised_ms : l->window.round_ms;

	l->window = (struct caa_window){ .round_ms = round_ms, .begun_seq = l->seq,
		.placed_ms = caa_learn_limited(l) ? round_ms : l->window.placed_ms };
	l->state = state;
	l->pacer.window = l->start_window;
}

/** There is no limit, or none for what is sent from now on: the window is the clock again. */
static void forget(struct caa_learn *l, enum caa_learn_state state)
{
	l->goodput.steady_mqps = 0;
	l->goodput.backlog = false;
	start_anew(l);
	start_window(l, state);
	caa_pacer_set_open(&l->pacer);
}

/** Where the rate was too high once it may not be so any more: bolder with the square of the seconds without a loss, as
 *  CUBIC is (RFC 9438, section 4.2). */
static uint32_t rise_longer(uint32_t seconds)
{
	return seconds < RISE_SECONDS ? RISE_LONGER * seconds * seconds : RISE_BELOW;
}

/** Raise the rate, as fast as the distance to the rate that was too high allows. */
static void raise_rate(struct caa_learn *l, uint64_t now_us)
{
	uint32_t age_ms = caa_ms_age(l->limit.raised_ms, caa_ms(now_us)), per_mille;

	if (age_ms == 0)
		return;
	l->limit.raised_ms = caa_ms(now_us);
	if (caa_learn_is_shared(l, now_us)) {
		l->limit.raises = true;
		return;
	}
	if (age_ms > MS_PER_S)
		age_ms = MS_PER_S;
	if (l->limit.rate_mqps < percent(l->limit.ceiling_mqps, NEAR_PERCENT))
		per_mille = RISE_BELOW;
	else if (l->limit.rate_mqps < percent(l->limit.ceiling_mqps, BEYOND_PERCENT))
		per_mille = RISE_NEAR + rise_longer(caa_ms_age(l->limited_ms, l->limit.raised_ms) / MS_PER_S);
	else
		per_mille = RISE_BEYOND;
	apply_rate(l, now_us, l->limit.rate_mqps + (uint64_t)l->limit.rate_mqps * per_mille * age_ms / MS_PER_S / 1000,
		l->pacer.burst);
}

/** What was believed is not so: there are losses without a load, or of some zones only. */
static void doubt(struct caa_learn *l, uint64_t now_us)
{
	forget(l, CAA_LEARN_OPEN);
	l->doubted = true;
	l->limited_ms = caa_ms(now_us);
}

/** A long outage has ended, if it was one. */
static void resume(struct caa_learn *l, uint64_t now_us)
{
	forget(l, CAA_LEARN_OPEN);
	l->pacer.window = WINDOW_MIN;
	l->window.outage_ms = caa_ms_later(now_us, 0);
	l->window.resumed_ms = caa_ms(now_us);
}

/** @param srtt_us: before this answer. @return whether the first answer after a pause came so late that those before it may have been
 *	late as well. */
static bool is_late(const struct caa_learn *l, uint64_t now_us, struct caa_sent sent, uint32_t srtt_us)
{
	uint64_t round_us = now_us - sent.sent_us;

	return l->state == CAA_LEARN_CONFIRM && round_us > SLOW_US && round_us > (uint64_t)srtt_us * SLOW_ROUNDS;
}

/** A query was answered after the pause. */
static void end_pause(struct caa_learn *l, uint64_t now_us)
{
	l->state = CAA_LEARN_SETTLING;
	l->limit.found = false;
	l->limit.failures = l->limit.denials = 0;
	l->limit.pause_ms = 0;
	l->pacer.window = WINDOW_MAX;
	l->limit.raised_ms = l->limited_ms = caa_ms(now_us);
}

static void limited_answer(struct caa_learn *l, uint64_t now_us, struct caa_sent sent, bool late)
{
	if (sent.same_denied)
		l->limit.vain = 0;
	if (caa_seq_before(sent.seq, l->flight_seq)) {
		if (l->state == CAA_LEARN_CONFIRM && l->limit.found)
			overtaken(l, now_us);
		return;
	}
	if (late) {
		doubt(l, now_us);
		return;
	}
	if (sent.aside && !l->limit.doubtful && !(sent.tests && l->state == CAA_LEARN_CONFIRM))
		return;
	if (l->limit.doubtful && !sent.repeated) {
		if (l->limit.failures >= DOUBT_FAILURES && l->limit.denials == 0)
			doubt(l, now_us);
		return;
	}
	l->evidence.tail = l->evidence.strangers = 0;
	l->limit.doubtful = false;
	if (l->limit.outage) {
		resume(l, now_us);
		return;
	}
	if (l->state == CAA_LEARN_CONFIRM)
		end_pause(l, now_us);
	else if (sent.waited)
		raise_rate(l, now_us);
}

/** The next time that it is tried. */
static uint64_t denied_pause_us(const struct caa_learn *l)
{
	uint64_t pause_us = (uint64_t)DENIED_PAUSE_US << l->limit.denials;

	return pause_us < DENIED_PAUSE_MAX_US ? pause_us : DENIED_PAUSE_MAX_US;
}

/** The first query after a pause was lost, or denied. */
static bool confirm_failed(struct caa_learn *l, uint64_t now_us, enum caa_signal signal)
{
	if (signal != CAA_SIGNAL_SILENCE && ++l->limit.denials >= (signal == CAA_SIGNAL_DENIED ? DENIED_TRIES : CONFIRM_TRIES)) {
		l->denies = true;
		forget(l, CAA_LEARN_OPEN);
		return false;
	}
	if (l->limit.failures < FAILURES_MAX)
		l->limit.failures++;
	if (signal == CAA_SIGNAL_DENIED) {
		pause_for(l, now_us, denied_pause_us(l));
		return true;
	}
	/* The debt was a guess.  A query that comes too early costs the limiter little; one that always comes too early can
	 * be the reason why nothing is answered: soon again, then later and later. */
	if (l->limit.failures > CONFIRM_SOON && !caa_learn_is_shared(l, now_us))
		apply_rate(l, now_us, percent(l->limit.rate_mqps, 90), 1);
	pause_for(l, now_us, l->limit.pause_ms * (uint64_t)US_PER_MS * (l->limit.failures <= CONFIRM_SOON ? 1 : 2) / (l->limit.failures == 1 ? 2 : 1));
	return true;
}

/** A loss among answers: the rate is near the limit.  What is let through while queries wait is known better than what
 *  the loss of one packet says. */
static void cut(struct caa_learn *l, uint64_t now_us, struct caa_sent sent)
{
	uint32_t lower_mqps = percent(l->limit.rate_mqps, 90), steady_mqps = percent(l->goodput.steady_mqps, STEADY_PERCENT);

	if (steady_mqps > lower_mqps)
		lower_mqps = steady_mqps < l->limit.rate_mqps ? steady_mqps : percent(l->limit.rate_mqps, STEADY_PERCENT);
	l->state = CAA_LEARN_LIMITED;
	if (!tell_loss(l, now_us, sent, CAA_SHARED_CUT)) {
		l->limit.ceiling_mqps = l->limit.rate_mqps;
		apply_rate(l, now_us, lower_mqps, 1);
	}
	l->recover_seq = l->seq;
}

/** Another question that was denied was asked slower, and denied again. @return whether all were, of late. */
static bool is_in_vain(struct caa_learn *l, uint64_t now_us, struct caa_sent sent, enum caa_signal signal)
{
	if (signal == CAA_SIGNAL_SILENCE || !sent.same_denied)
		return false;
	if (l->limit.vain == 0)
		l->limit.vain_ms = caa_ms(now_us);
	l->limit.vain += l->limit.vain < VAIN_TRIES;
	return l->limit.vain >= VAIN_TRIES && caa_ms_age(l->limit.vain_ms, caa_ms(now_us)) >= VAIN_MS;
}

/** What left before the limit was found, or before a pause, tells whether it says whom it refuses: one that truncates some, and drops as
 *  many, does not. */
static void note_paid(struct caa_learn *l, struct caa_sent sent, enum caa_signal signal)
{
	if (signal != CAA_SIGNAL_SILENCE)
		believe(l, 1);
	else if (caa_evidence_is_after(&l->evidence, sent))	/* else they were not too many yet */
		believe(l, -SAYS_SILENCE);
}

/** It refused one, and those that were lost since it answered may have been refused, too. */
static void note_said(struct caa_learn *l)
{
	believe(l, -SAYS_SILENCE * l->limit.silent);
	l->limit.silent = 0;
}

/** Who says whom it refuses is not why nothing comes to a bad name, or by the way; unless nothing comes at all, which is believed less each
 *  time.  In a pause one like it is no reason to let the others wait. */
static bool is_silent_by_itself(struct caa_learn *l, struct caa_sent sent, enum caa_signal signal)
{
	if (signal != CAA_SIGNAL_SILENCE || l->limit.says <= 0)
		return false;
	l->limit.silent += !sent.repeated;
	if (l->limit.silent == SILENT_MANY) {
		l->limit.silent = 0;
		l->limit.says /= 2;
		l->evidence.tail += SILENT_MANY - 1;
		return false;
	}
	if (l->state == CAA_LEARN_CONFIRM && l->limit.failures < DOUBT_FAILURES)
		l->limit.failures++;
	return true;
}

static bool limited_loss(struct caa_learn *l, uint64_t now_us, struct caa_sent sent, enum caa_signal signal)
{
	uint32_t well_ms = caa_ms_age(l->limited_ms, caa_ms(now_us));
	bool settling = l->state == CAA_LEARN_SETTLING && well_ms < SETTLE_MS;
	bool outage = signal == CAA_SIGNAL_SILENCE && well_ms > OUTAGE_SECONDS * MS_PER_S;
	bool paid = caa_seq_before(sent.seq, l->flight_seq);

	if (signal == CAA_SIGNAL_DENIED && l->limit.cut)	/* who truncates what is too much has no need for errors: some servers send some */
		return false;
	if (paid && !sent.tests)
		note_paid(l, sent, signal);
	else if (!paid && is_silent_by_itself(l, sent, signal))
		return false;
	else if (!paid && signal != CAA_SIGNAL_SILENCE)
		note_said(l);
	/* A test is lost long after it left, and pauses for what strangers lose meanwhile say nothing of it. */
	if (l->limit.doubtful && !sent.stranger && (sent.tests || !paid)) {
		l->limit.doubtful = sent.repeated;	/* else a witness met it, too */
		return false;
	}
	if (sent.tests) {
		if (!sent.repeated)
			caa_evidence_spoke(&l->evidence, sent.zone);	/* another zone met it, too */
		return false;
	}
	if (paid)
		return false;
	if (is_in_vain(l, now_us, sent, signal)) {
		doubt(l, now_us);
		return false;
	}
	l->evidence.tail++;
	caa_evidence_spoke(&l->evidence, sent.zone);
	if (l->state == CAA_LEARN_CONFIRM)
		return confirm_failed(l, now_us, signal);
	if (sent.alone) {
		if (signal == CAA_SIGNAL_SILENCE)
			doubt(l, now_us);
		return false;
	}
	caa_pacer_repay(&l->pacer);
	if (l->evidence.tail >= TAIL_AGAIN) {
		if (!settling && !outage && !tell_loss(l, now_us, sent, CAA_SHARED_TAIL)) {
			l->limit.ceiling_mqps = l->limit.rate_mqps;
			apply_rate(l, now_us, clamp_u32(percent(goodput_mqps(l, now_us), 90), l->limit.rate_mqps / 2,
				percent(l->limit.rate_mqps, 90)), 1);
		}
		pause_for(l, now_us, debt_us((uint64_t)l->evidence.tail + l->pacer.inflight, l->limit.rate_mqps));
		return true;
	}
	if (settling || caa_seq_before(sent.seq, l->recover_seq))
		return false;
	cut(l, now_us, sent);
	return true;
}

/* --- open: the window ---------------------------------------------------------------------------------------------- */

static uint32_t round_ms(const struct caa_learn *l)
{
	return caa_ms(l->srtt_us) > ROUND_MIN_MS ? caa_ms(l->srtt_us) : ROUND_MIN_MS;
}

/** The window grows once in a round trip by as many as are answered. */
static bool is_next_round(const struct caa_learn *l, uint64_t now_us)
{
	return caa_ms_age(l->window.round_ms, caa_ms(now_us)) >= round_ms(l);
}

/** The first ones were answered without a gap: where round trips are long, as many more at once. */
static void jump(struct caa_learn *l)
{
	if (l->pacer.window == 2 * l->start_window && l->evidence.tail + l->evidence.holes == 0 && caa_ms(l->srtt_us) > ROUND_MIN_MS)
		l->pacer.window = (uint16_t)(l->start_window * FIRST_JUMP);
}

/** One was denied. */
static void warn_first(struct caa_learn *l)
{
	l->window.denials += caa_learn_is_first(l) && l->window.denials < WARY_DENIALS;
}

void caa_learn_warn(struct caa_learn *l)
{
	if (caa_learn_is_first(l))
		l->window.denials = WARY_DENIALS;
}

/** The first window was answered, or is not waited for any more: it grows now as it would have done all the time. */
static void end_first(struct caa_learn *l, uint64_t now_us)
{
	uint32_t left = l->pacer.inflight < l->start_window ? l->pacer.inflight : l->start_window;

	l->state = CAA_LEARN_OPEN;
	l->pacer.window = l->start_window;
	if (l->window.denials >= WARY_DENIALS) {
		l->window.round_ms = caa_ms(now_us);
		l->window.grow = 0;
		if (l->pacer.window > WINDOW_MIN)
			l->pacer.window = WINDOW_MIN;
		return;
	}
	if (l->window.alone || !is_next_round(l, now_us))
		return;
	l->window.round_ms = caa_ms(now_us);
	l->window.grow = (uint16_t)left;
	l->pacer.window = (uint16_t)(2 * l->start_window - left);
	jump(l);
}

/** A limiter that answers a part of the first window has charged the others, and would charge what follows: until its
 *  last one was answered, or one that left later, or all are lost, nothing does. */
static void first_end(struct caa_learn *l, uint64_t now_us)
{
	if (!caa_seq_before(l->answered_seq, l->window.first_seq) || l->pacer.inflight == 0)
		end_first(l, now_us);
	else if (l->pacer.window > l->pacer.inflight)
		l->pacer.window = (uint16_t)l->pacer.inflight;
}

bool caa_learn_alive(const struct caa_learn *l, uint64_t now_us)
{
	return unanswered_s(l, now_us) < ALIVE_S;
}

bool caa_learn_lately(const struct caa_learn *l, uint64_t now_us)
{
	return unanswered_s(l, now_us) < LATELY_S;
}

bool caa_learn_is_mute(const struct caa_learn *l, uint64_t now_us)
{
	return l->state == CAA_LEARN_CONFIRM && l->limit.failures >= DOUBT_FAILURES && l->limit.denials == 0 && !caa_learn_speaks(l) &&
		unanswered_s(l, now_us) >= MUTE_S;
}

/** A limit was believed by mistake, not long ago. */
static bool is_doubted(const struct caa_learn *l, uint64_t now_us)
{
	return l->doubted && caa_ms_age(l->limited_ms, caa_ms(now_us)) < DOUBT_MS;
}

/** Who answered as many all the time as are asked for now is not limited by a rate.  What is asked again for its losses was not asked for. */
static bool is_usual(const struct caa_learn *l)
{
	uint32_t asked = l->goodput.good + l->evidence.first;

	if (asked < l->goodput.before)
		asked = l->goodput.before;
	return l->goodput.seconds >= OUTAGE_SECONDS &&
		(uint64_t)asked * MQPS <= (uint64_t)l->goodput.usual_mqps * OUTAGE_MORE + OUTAGE_FEW * MQPS;
}

/** The last outage has only just ended: a limit would show itself now. */
static bool is_test(const struct caa_learn *l, uint64_t now_us)
{
	return l->window.outage_ms != 0 && !l->window.silent && caa_ms_age(l->window.resumed_ms, caa_ms(now_us)) < OUTAGE_REST_MS;
}

/** What is under way is lost as well; a few find out when it answers again, and the window grows anew. */
static void sit_out(struct caa_learn *l, uint64_t now_us)
{
	if (!l->window.silent)
		l->window.outage_ms = caa_ms_later(now_us, 0);
	start_anew(l);
	l->state = CAA_LEARN_OPEN;
	l->pacer.window = WINDOW_MIN;
	l->window.grow = 0;
	l->window.silent = true;
}

/** It answers: those that left before say nothing of now. */
static void end_outage(struct caa_learn *l, uint64_t now_us)
{
	if (!l->window.silent)
		return;
	start_anew(l);
	l->window.silent = false;
	l->window.resumed_ms = caa_ms(now_us);
}

/** It looks like a limit. @return whether it is taken for one. */
static bool judge(struct caa_learn *l, uint64_t now_us, enum caa_signal signal)
{
	bool outage = signal == CAA_SIGNAL_SILENCE && !l->accompanied && is_usual(l) && !is_test(l, now_us);

	if (outage && !(l->window.silent && caa_ms_age(l->window.outage_ms, caa_ms(now_us)) >= OUTAGE_MS)) {
		sit_out(l, now_us);
		return false;
	}
	set_limit(l, now_us, signal);
	l->limit.outage = outage;
	return true;
}

/** Where one is answered that was denied before, what was denied with it may be a limit. @return whether it is taken for one. */
static bool open_answer(struct caa_learn *l, uint64_t now_us, struct caa_sent sent)
{
	if (caa_evidence_answered(&l->evidence, now_us, sent, l->answered_seq) &&
	    caa_evidence_is_limit(&l->evidence, CAA_SIGNAL_DENIED, is_doubted(l, now_us), caa_goodput_recent(&l->goodput)))
		return judge(l, now_us, CAA_SIGNAL_DENIED);
	if (caa_learn_is_first(l))
		return false;
	if (is_next_round(l, now_us)) {
		l->window.round_ms = caa_ms(now_us);
		l->window.grow = l->pacer.window;
	}
	if (l->window.grow > 0 && l->pacer.window < WINDOW_MAX) {
		l->window.grow--;
		l->pacer.window++;
	}
	jump(l);
	return false;
}

/** Whether answers take as long as this one was waited for, or may, as much as they differ: it may only be late. */
static bool may_be_late(const struct caa_learn *l, uint64_t now_us, struct caa_sent sent, enum caa_signal signal)
{
	uint64_t slowest_us = l->slowest_ms * (uint64_t)US_PER_MS;
	uint64_t more_us = slowest_us > l->srtt_us ? slowest_us - l->srtt_us : 0;

	return signal == CAA_SIGNAL_SILENCE && slowest_us > SLOWEST_LEAST_US && caa_ms_age(l->slow_ms, caa_ms(now_us)) < SLOWEST_MS &&
		now_us - sent.sent_us <= slowest_us + more_us;
}

/** @return true if the losses so far look like a limit. */
static bool open_loss(struct caa_learn *l, uint64_t now_us, struct caa_sent sent, enum caa_signal signal)
{
	if (caa_seq_before(sent.seq, l->recover_seq) || may_be_late(l, now_us, sent, signal))
		return false;
	if (!caa_learn_lately(l, sent.sent_us) || !caa_evidence_weigh(&l->evidence, now_us, sent, l->answered_seq, signal)) {
		if (signal != CAA_SIGNAL_SILENCE)
			caa_evidence_denied(&l->evidence, now_us, sent);
		return false;
	}
	/* What is lost makes no room for more, until it is known why it was; what went aside had none. */
	if (!sent.aside && l->pacer.window > WINDOW_MIN)
		l->pacer.window--;
	caa_goodput_turn(&l->goodput, caa_ms(now_us), false);
	if (!caa_evidence_is_limit(&l->evidence, signal, is_doubted(l, now_us), caa_goodput_recent(&l->goodput)))
		return false;
	return judge(l, now_us, signal);
}

/* --- both ---------------------------------------------------------------------------------------------------------- */

void caa_learn_init(struct caa_learn *l, uint16_t burst)
{
	*l = (struct caa_learn){ .state = CAA_LEARN_FIRST, .start_window = burst };
	caa_pacer_init(&l->pacer, burst);
}

/** The line was empty for a while.  Who comes now may use what the limiter saved up, and the rate is one that was
 *  known to work: what was tried last may have lived from that, too. */
static void rested(struct caa_learn *l, uint64_t now_us)
{
	uint32_t known_mqps = percent(l->limit.ceiling_mqps, NEAR_PERCENT);

	if (has_others(l, now_us))
		return;
	if (l->limit.rate_mqps < known_mqps)
		known_mqps = l->limit.rate_mqps;
	if (l->goodput.steady_mqps != 0)
		known_mqps = percent(l->goodput.steady_mqps, REST_PERCENT);
	l->limit.raised_ms = caa_ms(now_us);
	apply_rate(l, now_us, known_mqps, clamp_u32(l->limit.burst_seen / 2, 1, CAA_BURST_MAX));
}

/** A share may be small because nobody waited here; who is alone goes on from its part. */
static void end_lease(struct caa_learn *l, uint64_t now_us)
{
	uint32_t known_mqps = percent(l->limit.ceiling_mqps, NEAR_PERCENT);

	if (!caa_learn_limited(l) || !l->limit.leased || caa_learn_is_shared(l, now_us))
		return;
	l->limit.leased = false;
	apply_rate(l, now_us, l->limit.rate_mqps > known_mqps ? l->limit.rate_mqps : known_mqps, 1);
}

/** What was learned ages: a limit that is not met, a window that is not used. */
static void age(struct caa_learn *l, uint64_t now_us)
{
	uint32_t limited_age_ms = caa_ms_age(l->limited_ms, caa_ms(now_us)), idle_s = unanswered_s(l, now_us);

	end_lease(l, now_us);
	if (caa_learn_limited(l) && (limited_age_ms > REMEMBER_S * MS_PER_S || (l->answered_s != 0 && idle_s > WEEK_S)))
		forget(l, CAA_LEARN_OPEN);
	if (!caa_learn_limited(l) && l->pacer.inflight == 0 && idle_s > IDLE_S) {
		start_window(l, CAA_LEARN_FIRST);
		caa_goodput_clear(&l->goodput);
		if (l->answered_s != 0)	/* else nothing is there but what was denied just now */
			caa_evidence_clear(&l->evidence);
	}
	if (caa_learn_limited(l) && l->state != CAA_LEARN_CONFIRM && caa_pacer_waiting(&l->pacer) == 0 && now_us > l->pacer.next_us + REST_US)
		rested(l, now_us);
}

void caa_learn_options(struct caa_learn *l, uint64_t now_us, uint32_t rate_qps, uint16_t burst)
{
	if (rate_qps != 0) {
		if (!caa_learn_is_manual(l))
			forget(l, CAA_LEARN_MANUAL);
		l->pacer.window = CAA_WINDOW_ANY;
		caa_pacer_set_interval(&l->pacer, now_us, (US_PER_S + rate_qps - 1) / rate_qps, burst);
		return;
	}
	l->start_window = burst;
	if (caa_learn_is_manual(l))
		forget(l, CAA_LEARN_OPEN);
	age(l, now_us);
}

void caa_learn_begin_alone(struct caa_learn *l)
{
	if (l->state != CAA_LEARN_FIRST || l->pacer.inflight > 0)
		return;
	l->pacer.window = 1;
	l->window.alone = true;
}

/** Queries are under way from now on: rounds are counted from here, unless the last answer has only just come. */
static void begin(struct caa_learn *l, uint64_t now_us)
{
	bool rested = caa_ms_age(l->since_ms, caa_ms(now_us)) >= round_ms(l);

	if (l->pacer.inflight != 0)
		return;
	l->since_ms = caa_ms(now_us);
	if (caa_learn_limited(l))
		return;
	l->window.placed_ms = caa_ms(now_us);
	l->window.begun_seq = l->seq;
	if (rested) {
		l->window.round_ms = caa_ms(now_us);
		l->window.grow = 0;
	}
}

/** While the first window waits for its last one, one more tells whether any is answered now: who limits the queries under
 *  way does that, and who loses some does. */
static void wait_first(struct caa_learn *l, uint64_t now_us)
{
	uint32_t silent_ms = caa_ms_age(l->since_ms, caa_ms(now_us)), round_ms = caa_ms(l->srtt_us);

	if (silent_ms > FIRST_WAIT_MS) {
		end_first(l, now_us);
	} else if (l->window.probes < PROBES && l->pacer.window < l->start_window && silent_ms > PROBE_MIN_MS &&
	    silent_ms > round_ms) {
		l->window.probes++;
		l->pacer.window = (uint16_t)(l->pacer.inflight + 1);
	}
}

uint64_t caa_learn_wait(struct caa_learn *l, struct caa_place place, uint64_t now_us)
{
	if (l->state == CAA_LEARN_FULL)
		wait_first(l, now_us);
	end_lease(l, now_us);
	return caa_pacer_wait(&l->pacer, place, now_us, l->srtt_us);
}

bool caa_learn_wonders(const struct caa_learn *l)
{
	uint32_t since = l->seq - l->answered_seq;

	return l->state <= CAA_LEARN_OPEN && since >= WONDER + l->pacer.inflight + l->asides + l->passing;
}

/** What was lost was lost to a limit that others know of: one query finds out whether it answers now, or others' do. */
static void join(struct caa_learn *l, uint64_t now_us, uint32_t rate_mqps)
{
	l->limit = (struct caa_limit){ .raised_ms = caa_ms(now_us), .hearsay = true };
	l->limited_ms = caa_ms(now_us);
	l->doubted = false;
	apply_rate(l, now_us, rate_mqps, 1);
	pause_for(l, now_us, PAUSE_MIN_US);
}

void caa_learn_share(struct caa_learn *l, uint64_t now_us, const struct caa_learn_share *share)
{
	if (share->joins && l->state <= CAA_LEARN_OPEN)
		join(l, now_us, share->rate_mqps);
	if (!caa_learn_limited(l))
		return;
	l->limit.until_ms = caa_ms_later(now_us, share->lease_ms < LEASE_MAX_MS ? share->lease_ms : LEASE_MAX_MS);
	if (share->resumes && l->state == CAA_LEARN_CONFIRM) {
		end_pause(l, now_us);
		caa_pacer_resume(&l->pacer, now_us);
	}
	l->limit.leased = true;
	l->limit.others = share->others;
	if (share->lowered) {
		l->recover_seq = l->seq;
		l->limited_ms = caa_ms(now_us);
	}
	l->limit.rate_mqps = share->rate_mqps;
	l->limit.ceiling_mqps = share->ceiling_mqps;
	caa_pacer_set_interval(&l->pacer, now_us, (uint32_t)((uint64_t)US_PER_S * MQPS / share->rate_mqps), 1);
}

void caa_learn_source_proved(struct caa_learn *l, uint64_t now_us)
{
	if (caa_learn_limited(l))
		forget(l, CAA_LEARN_OPEN);
	else if (caa_learn_is_first(l))
		end_first(l, now_us);
}

struct caa_sent caa_learn_sent(struct caa_learn *l, uint64_t now_us, bool waited)
{
	bool alone = caa_learn_limited(l) && !waited && l->pacer.inflight == 0 && now_us > l->pacer.next_us + ALONE_US &&
		!has_others(l, now_us);

	begin(l, now_us);
	if (!caa_learn_limited(l))
		l->window.placed_ms = caa_ms(now_us);
	caa_pacer_sent(&l->pacer, now_us);
	if (l->state == CAA_LEARN_FIRST && l->pacer.inflight >= l->pacer.window) {
		l->state = CAA_LEARN_FULL;
		l->window.first_seq = l->seq + 1;
	}
	if (caa_pacer_waiting(&l->pacer) == 0)
		l->goodput.backlog = false;
	return (struct caa_sent){ .sent_us = now_us, .seq = l->seq++, .waited = waited, .alone = alone,
		.patience_ms = l->state != CAA_LEARN_CONFIRM || l->limit.says > 0 ? 0 : l->limit.failures == 0 ? PATIENCE_FIRST_MS : PATIENCE_MS };
}

struct caa_sent caa_learn_charged(struct caa_learn *l, uint64_t now_us)
{
	begin(l, now_us);
	caa_pacer_charge(&l->pacer, now_us);
	return (struct caa_sent){ .sent_us = now_us, .seq = l->seq++ };
}

struct caa_sent caa_learn_aside(struct caa_learn *l, uint64_t now_us, enum caa_aside why)
{
	l->asides += why == CAA_ASIDE_TESTS && l->asides < UINT16_MAX;
	l->passing += why == CAA_ASIDE_PASSES && l->passing < UINT16_MAX;
	if (why == CAA_ASIDE_PASSES && !caa_learn_limited(l))
		l->window.passed_ms = (uint16_t)caa_ms(now_us);
	return (struct caa_sent){ .sent_us = now_us, .seq = l->seq++, .aside = (uint8_t)why, .tests = caa_learn_limited(l) };
}

bool caa_learn_lets_pass(const struct caa_learn *l, uint64_t now_us)
{
	return !caa_learn_limited(l) && l->asides < l->start_window && caa_strangers_are_mute(&l->evidence.heard, now_us);
}

bool caa_learn_wants_new(const struct caa_learn *l, uint64_t now_us, uint64_t asked_us)
{
	const struct caa_window *w = &l->window;
	uint32_t blocked_ms;

	if (l->state > CAA_LEARN_OPEN || l->accompanied || l->pacer.inflight < l->pacer.window)
		return false;
	blocked_ms = caa_ms_age(w->placed_ms, caa_ms(now_us));
	if (blocked_ms < BLOCKED_MIN_MS || blocked_ms < (uint32_t)l->quickest_ms * BLOCKED_ROUNDS)
		return false;
	if (asked_us > now_us - blocked_ms * (uint64_t)US_PER_MS)
		return l->passing < l->start_window * BLOCKED_PART;
	return !caa_seq_before(w->begun_seq, l->answered_seq) && l->passing < l->start_window &&
		(uint16_t)((uint16_t)caa_ms(now_us) - w->passed_ms) >= BLOCKED_EACH_MS;
}

static void note_answer(struct caa_learn *l, uint64_t now_us, struct caa_sent sent)
{
	uint32_t now_ms = caa_ms(now_us);
	uint64_t round_us = clamp_u32(now_us - sent.sent_us, 1, UINT32_MAX / 8);
	uint16_t round_ms = (uint16_t)clamp_u32(caa_ms(round_us), 0, UINT16_MAX);

	if (l->quickest_ms == 0 || round_ms <= l->quickest_ms || caa_ms_age(l->quick_ms, now_ms) >= QUICKEST_MS) {
		l->quickest_ms = round_ms > 0 ? round_ms : 1;
		l->quick_ms = now_ms;
	}
	if (round_ms >= l->slowest_ms || caa_ms_age(l->slow_ms, now_ms) >= SLOWEST_MS) {
		l->slowest_ms = round_ms;
		l->slow_ms = now_ms;
	}
	l->since_ms = now_ms;
	l->answered_s = (uint32_t)(now_us / US_PER_S + 1);
	if (caa_seq_before(l->answered_seq, sent.seq + 1))
		l->answered_seq = sent.seq + 1;
	l->denies = false;
	caa_goodput_answered(&l->goodput, now_ms, waits(l));
	if (caa_learn_limited(l)) {
		l->limit.good += l->limit.good < UINT16_MAX;
		l->limit.silent = 0;
	}
	l->srtt_us = (uint32_t)(l->srtt_us == 0 ? round_us : (l->srtt_us * UINT64_C(7) + round_us) / 8);
}

/** A limiter takes one question and the other; a bad name is lost or denied again and again, and one of a zone that may not be served
 *  is so at all of its servers.  After a pause only one is asked, and it may be the same. */
static bool loss_tells(struct caa_learn *l, struct caa_sent sent, enum caa_signal signal)
{
	bool other = caa_evidence_is_other(&l->evidence, sent.question);
	bool again = sent.denied || (sent.repeated && caa_sent_is_strange(sent));

	if (signal != CAA_SIGNAL_SILENCE && again && !caa_learn_limited(l))
		return false;
	return other || l->state == CAA_LEARN_CONFIRM;
}

bool caa_learn_outcome(struct caa_learn *l, uint64_t now_us, struct caa_sent sent, enum caa_signal signal)
{
	bool limited = false, late;

	if (sent.aside == CAA_ASIDE_TESTS)
		l->asides -= l->asides > 0;
	else if (sent.aside == CAA_ASIDE_PASSES)
		l->passing -= l->passing > 0;
	else if (!sent.aside && !caa_seq_before(sent.seq, l->flight_seq))
		caa_pacer_done(&l->pacer);
	switch (signal) {
	case CAA_SIGNAL_ANSWER:
		if (l->state == CAA_LEARN_FIRST && l->pacer.inflight == 0)
			l->window.denials = 0;
		late = is_late(l, now_us, sent, l->srtt_us);
		note_answer(l, now_us, sent);
		if (caa_learn_limited(l))
			limited_answer(l, now_us, sent, late);
		else if (!caa_learn_is_manual(l)) {
			end_outage(l, now_us);
			limited = open_answer(l, now_us, sent);
		}
		break;
	case CAA_SIGNAL_DENIED:
	case CAA_SIGNAL_CUT:
		warn_first(l);
		if (l->denies)
			break;
		/* fall through */
	case CAA_SIGNAL_SILENCE:
		if (caa_learn_is_manual(l) || !loss_tells(l, sent, signal))
			break;
		limited = caa_learn_limited(l) ? limited_loss(l, now_us, sent, signal) : open_loss(l, now_us, sent, signal);
		break;
	case CAA_SIGNAL_NONE:
		if (sent.unheard)
			warn_first(l);
		break;
	}
	if (limited)
		l->limited_ms = caa_ms(now_us);
	if (l->state == CAA_LEARN_FULL)
		first_end(l, now_us);
	return limited;
}

void caa_learn_forget(struct caa_learn *l)
{
	uint32_t inflight = l->pacer.inflight, flight_seq = l->flight_seq;

	if (caa_learn_is_manual(l))
		return;
	forget(l, CAA_LEARN_FIRST);
	l->pacer.inflight = inflight;
	l->flight_seq = flight_seq;
	l->doubted = l->denies = false;
	l->srtt_us = l->quickest_ms = 0;
	l->answered_s = 0;
	caa_goodput_clear(&l->goodput);
}

void caa_learn_split(struct caa_learn *l, uint64_t now_us, uint32_t zone)
{
	if (caa_learn_limited(l) && l->evidence.zone == zone && zone != 0)
		doubt(l, now_us);
}

void caa_learn_passed_tcp(struct caa_learn *l)
{
	if (caa_learn_limited(l))
		l->limit.vain = 0;
}

void caa_learn_no_tcp(struct caa_learn *l, uint64_t now_us)
{
	if (caa_learn_limited(l) && l->limit.cut)
		doubt(l, now_us);
}

bool caa_learn_stalled(const struct caa_learn *l, uint64_t now_us)
{
	uint64_t patience_us = (uint64_t)l->srtt_us * STALL_ROUNDS;

	if (l->srtt_us == 0)
		patience_us = STALL_UNKNOWN_US;
	else if (patience_us < STALL_MIN_US)
		patience_us = STALL_MIN_US;
	/* A rate says itself how long it takes; the first query after a pause does not, but where others' queries may be in its way. */
	return l->state <= (l->accompanied ? CAA_LEARN_OPEN : CAA_LEARN_CONFIRM) && l->pacer.inflight > 0 &&
		(uint64_t)caa_ms_age(l->since_ms, caa_ms(now_us)) * US_PER_MS > patience_us;
}

/** Where others left the line a place says too little: its holder waits for half of the line then, on average. */
bool caa_learn_worth_moving(const struct caa_learn *l, uint64_t now_us, uint64_t due_us, uint64_t other_us)
{
	uint64_t half_us = caa_learn_limited(l) ? caa_pacer_wait_new(&l->pacer, now_us, l->srtt_us) / 2 : 0;

	return (due_us > half_us ? due_us : half_us) > MOVE_US + 2 * other_us;
}
