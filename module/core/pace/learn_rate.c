/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/learn_parts.h"

#include "core/wire/seq.h"

enum {
	SILENT_MANY = 8,		/**< who says whom it refuses may not if so many questions in a row are lost that were not before */
	SAYS_SILENCE = 2,		/**< what a silence weighs against what was said */
	SAYS_LEAST = -100,		/**< how much that is at most */
	TAIL_AGAIN = 3,			/**< losses after the last answer that make a pause, where a limit is known */
	FEW_PART = 2,			/**< fewer answers than this part of the first window tell little of a rate that
					 *   would be too much */
	RATE_MIN_MQPS = MQPS / 2,
	RATE_MAX_MQPS = CAA_RATE_MAX * MQPS,
	PAUSE_MIN_US = 100 * US_PER_MS,
	FIRST_PAUSE_US = 2 * US_PER_S,	/**< what is waited at most before it is tried for the first time */
	PAUSE_MAX_US = 15 * US_PER_S,	/**< what the windows of limiters need at most */
	CONFIRM_WINDOW = 1,		/**< queries under way before the first answer after a pause */
	SLOW_US = US_PER_S / 5, SLOW_ROUNDS = 4,	/**< an answer that takes longer than both is late */
	CONFIRM_SOON = 2,		/**< first failures after which it is tried again when half the pause has passed */
	SETTLE_MS = 1500,		/**< after a pause, a loss says that it was too short, and nothing of the rate */
	FAILURES_MAX = 15,
	CONFIRM_TRIES = 8,		/**< times that TC comes however slowly it is asked, after which it is no sign of a limit, ... */
	DENIED_TRIES = 4,		/**< ... or an error; asked so long after each other: */
	VAIN_TRIES = 8,			/**< questions in a row that are denied again, though they are asked slower, ... */
	VAIN_MS = 2 * MS_PER_S,		/**< ... for so long, after which there was none: where addresses share a limit it takes a while */
	DENIED_PAUSE_US = 100 * US_PER_MS, DENIED_PAUSE_MAX_US = 400 * US_PER_MS,
	STEADY_PERCENT = 92,		/**< the rate after a loss, of the goodput while queries waited, ... */
	REST_PERCENT = 97,		/**< ... and after a rest */
	MOVE_US = 250 * US_PER_MS,	/**< a wait that is not longer is no reason to go elsewhere */
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

/* --- the rate ----------------------------------------------------------------------------------------------------- */

static uint32_t percent(uint32_t value, uint32_t part)
{
	return (uint32_t)((uint64_t)value * part / 100);
}

static uint32_t goodput_mqps(struct caa_learn *l, uint64_t now_us)
{
	return caa_goodput_mqps(&l->goodput, caa_ms(now_us), caa_learn_waits(l));
}

static void apply_rate(struct caa_learn *l, uint64_t now_us, uint64_t rate_mqps, uint32_t burst)
{
	l->limit.rate_mqps = caa_learn_clamp(rate_mqps, RATE_MIN_MQPS, RATE_MAX_MQPS);
	caa_pacer_set_interval(&l->pacer, now_us, (uint32_t)((uint64_t)US_PER_S * MQPS / l->limit.rate_mqps), (uint16_t)burst);
}

bool caa_learn_is_shared(const struct caa_learn *l, uint64_t now_us)
{
	return caa_learn_limited(l) && caa_ms_ahead(l->limit.until_ms, now_us, LEASE_MAX_MS);
}

bool caa_rate_has_others(const struct caa_learn *l, uint64_t now_us)
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

/** Send nothing for a while, then a query or two, and the others when those were answered. */
static void pause_for(struct caa_learn *l, uint64_t now_us, uint64_t pause_us)
{
	pause_us = caa_learn_clamp(pause_us, PAUSE_MIN_US, PAUSE_MAX_US);
	l->limit.pause_ms = (uint16_t)caa_ms(pause_us);
	l->state = CAA_LEARN_CONFIRM;
	l->pacer.window = CONFIRM_WINDOW;
	caa_learn_start_anew(l);
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

	l->limit.burst_seen = (uint16_t)caa_learn_clamp(caa_goodput_recent(&l->goodput), 1, CAA_BURST_MAX);
	l->limit.ceiling_mqps = l->limit.burst_seen < l->start_window / FEW_PART ? RATE_MAX_MQPS :
		caa_learn_clamp(good_mqps, RATE_MIN_MQPS, RATE_MAX_MQPS);
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

void caa_rate_begin(struct caa_learn *l, uint64_t now_us, enum caa_signal signal)
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
	caa_window_reopen(l, CAA_LEARN_OPEN);
	l->doubted = true;
	l->limited_ms = caa_ms(now_us);
}

/** A long outage has ended, if it was one. */
static void resume(struct caa_learn *l, uint64_t now_us)
{
	caa_window_reopen(l, CAA_LEARN_OPEN);
	l->pacer.window = WINDOW_MIN;
	l->window.outage_ms = caa_ms_later(now_us, 0);
	l->window.resumed_ms = caa_ms(now_us);
}

bool caa_rate_is_late(const struct caa_learn *l, uint64_t now_us, struct caa_sent sent, uint32_t srtt_us)
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

void caa_rate_answer(struct caa_learn *l, uint64_t now_us, struct caa_sent sent, bool late)
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
		caa_window_reopen(l, CAA_LEARN_OPEN);
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

bool caa_rate_loss(struct caa_learn *l, uint64_t now_us, struct caa_sent sent, enum caa_signal signal)
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
			apply_rate(l, now_us, caa_learn_clamp(percent(goodput_mqps(l, now_us), 90), l->limit.rate_mqps / 2,
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

void caa_rate_rest(struct caa_learn *l, uint64_t now_us)
{
	uint32_t known_mqps = percent(l->limit.ceiling_mqps, NEAR_PERCENT);

	if (caa_rate_has_others(l, now_us))
		return;
	if (l->limit.rate_mqps < known_mqps)
		known_mqps = l->limit.rate_mqps;
	if (l->goodput.steady_mqps != 0)
		known_mqps = percent(l->goodput.steady_mqps, REST_PERCENT);
	l->limit.raised_ms = caa_ms(now_us);
	apply_rate(l, now_us, known_mqps, caa_learn_clamp(l->limit.burst_seen / 2, 1, CAA_BURST_MAX));
}

void caa_rate_end_lease(struct caa_learn *l, uint64_t now_us)
{
	uint32_t known_mqps = percent(l->limit.ceiling_mqps, NEAR_PERCENT);

	if (!caa_learn_limited(l) || !l->limit.leased || caa_learn_is_shared(l, now_us))
		return;
	l->limit.leased = false;
	apply_rate(l, now_us, l->limit.rate_mqps > known_mqps ? l->limit.rate_mqps : known_mqps, 1);
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

/** Where others left the line a place says too little: its holder waits for half of the line then, on average. */
bool caa_learn_worth_moving(const struct caa_learn *l, uint64_t now_us, uint64_t due_us, uint64_t other_us)
{
	uint64_t half_us = caa_learn_limited(l) ? caa_pacer_wait_new(&l->pacer, now_us, l->srtt_us) / 2 : 0;

	return (due_us > half_us ? due_us : half_us) > MOVE_US + 2 * other_us;
}
