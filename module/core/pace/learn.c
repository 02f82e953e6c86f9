/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/learn_parts.h"

#include "core/wire/seq.h"

enum {
	IDLE_S = 600,			/**< a window that was not used for so long starts anew */
	LATELY_S = 2,			/**< who answered nothing for so long before it is asked says nothing of a limit by silence */
	MUTE_S = 5,			/**< ... and for so long, though it is asked slowly, may as well not be there */
	ALIVE_S = 60,			/**< who answered nothing for so long is dead, not limited */
	REMEMBER_S = 3600,		/**< a limit that was not met for so long is forgotten */
	WEEK_S = 7 * 24 * 3600,		/**< who answered nothing for so long may have met a limit when times in ms wrapped last */
	ALONE_US = 2 * US_PER_S,	/**< a query before which none was sent for so long, beyond what the rate asks for */
	PATIENCE_FIRST_MS = MS_PER_S,	/**< how long that is waited for at least, after the first pause ... */
	PATIENCE_MS = 5 * MS_PER_S,	/**< ... and after others */
	QUICKEST_MS = 60 * MS_PER_S,	/**< how long the quickest is, unless there is one as quick */
	REST_US = US_PER_S,		/**< a line that was empty for so long: the limiter has saved something up */
	STALL_MIN_US = 100 * US_PER_MS,
	STALL_UNKNOWN_US = 250 * US_PER_MS,	/**< where no round trip was measured */
	STALL_ROUNDS = 4
};

/** Who answered never has not done so for longest. */
static uint32_t unanswered_s(const struct caa_learn *l, uint64_t now_us)
{
	uint64_t now_s = now_us / US_PER_S + 1;

	if (l->answered_s == 0)
		return UINT32_MAX;
	return now_s > l->answered_s ? (uint32_t)(now_s - l->answered_s) : 0;
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

void caa_learn_start_anew(struct caa_learn *l)
{
	l->flight_seq = l->recover_seq = l->seq;
	l->pacer.inflight = 0;
	caa_evidence_clear(&l->evidence);
}

void caa_learn_settle(struct caa_learn *l)
{
	caa_learn_start_anew(l);
	l->asides = l->passing = 0;
	l->goodput.backlog = false;
	caa_pacer_settle(&l->pacer);
}

void caa_learn_init(struct caa_learn *l, uint16_t burst)
{
	*l = (struct caa_learn){ .state = CAA_LEARN_FIRST, .start_window = burst };
	caa_pacer_init(&l->pacer, burst);
}

/** What was learned ages: a limit that is not met, a window that is not used. */
static void age(struct caa_learn *l, uint64_t now_us)
{
	uint32_t limited_age_ms = caa_ms_age(l->limited_ms, caa_ms(now_us)), idle_s = unanswered_s(l, now_us);

	caa_rate_end_lease(l, now_us);
	if (caa_learn_limited(l) && (limited_age_ms > REMEMBER_S * MS_PER_S || (l->answered_s != 0 && idle_s > WEEK_S)))
		caa_window_reopen(l, CAA_LEARN_OPEN);
	if (!caa_learn_limited(l) && l->pacer.inflight == 0 && idle_s > IDLE_S) {
		caa_window_start(l, CAA_LEARN_FIRST);
		caa_goodput_clear(&l->goodput);
		if (l->answered_s != 0)	/* else nothing is there but what was denied just now */
			caa_evidence_clear(&l->evidence);
	}
	if (caa_learn_limited(l) && l->state != CAA_LEARN_CONFIRM && caa_pacer_waiting(&l->pacer) == 0 && now_us > l->pacer.next_us + REST_US)
		caa_rate_rest(l, now_us);
}

void caa_learn_options(struct caa_learn *l, uint64_t now_us, uint32_t rate_qps, uint16_t burst)
{
	if (rate_qps != 0) {
		if (!caa_learn_is_manual(l))
			caa_window_reopen(l, CAA_LEARN_MANUAL);
		l->pacer.window = CAA_WINDOW_ANY;
		caa_pacer_set_interval(&l->pacer, now_us, (US_PER_S + rate_qps - 1) / rate_qps, burst);
		return;
	}
	l->start_window = burst;
	if (caa_learn_is_manual(l))
		caa_window_reopen(l, CAA_LEARN_OPEN);
	age(l, now_us);
}

/** Queries are under way from now on: rounds are counted from here, unless the last answer has only just come. */
static void begin(struct caa_learn *l, uint64_t now_us)
{
	bool rested = caa_ms_age(l->since_ms, caa_ms(now_us)) >= caa_learn_round_ms(l);

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

uint64_t caa_learn_wait(struct caa_learn *l, struct caa_place place, uint64_t now_us)
{
	if (l->state == CAA_LEARN_FULL)
		caa_window_wait(l, now_us);
	caa_rate_end_lease(l, now_us);
	return caa_pacer_wait(&l->pacer, place, now_us, l->srtt_us);
}

void caa_learn_source_proved(struct caa_learn *l, uint64_t now_us)
{
	if (caa_learn_limited(l))
		caa_window_reopen(l, CAA_LEARN_OPEN);
	else if (caa_learn_is_first(l))
		caa_window_end_first(l, now_us);
}

struct caa_sent caa_learn_sent(struct caa_learn *l, uint64_t now_us, bool waited)
{
	bool alone = caa_learn_limited(l) && !waited && l->pacer.inflight == 0 && now_us > l->pacer.next_us + ALONE_US &&
		!caa_rate_has_others(l, now_us);

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

static void note_answer(struct caa_learn *l, uint64_t now_us, struct caa_sent sent)
{
	uint32_t now_ms = caa_ms(now_us);
	uint64_t round_us = caa_learn_clamp(now_us - sent.sent_us, 1, UINT32_MAX / 8);
	uint16_t round_ms = (uint16_t)caa_learn_clamp(caa_ms(round_us), 0, UINT16_MAX);

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
	caa_goodput_answered(&l->goodput, now_ms, caa_learn_waits(l));
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
		late = caa_rate_is_late(l, now_us, sent, l->srtt_us);
		note_answer(l, now_us, sent);
		if (caa_learn_limited(l))
			caa_rate_answer(l, now_us, sent, late);
		else if (!caa_learn_is_manual(l)) {
			caa_window_end_outage(l, now_us);
			limited = caa_window_answer(l, now_us, sent);
		}
		break;
	case CAA_SIGNAL_DENIED:
	case CAA_SIGNAL_CUT:
		caa_window_warn(l);
		if (l->denies)
			break;
		/* fall through */
	case CAA_SIGNAL_SILENCE:
		if (caa_learn_is_manual(l) || !loss_tells(l, sent, signal))
			break;
		limited = caa_learn_limited(l) ? caa_rate_loss(l, now_us, sent, signal) : caa_window_loss(l, now_us, sent, signal);
		break;
	case CAA_SIGNAL_NONE:
		if (sent.unheard)
			caa_window_warn(l);
		break;
	}
	if (limited)
		l->limited_ms = caa_ms(now_us);
	if (l->state == CAA_LEARN_FULL)
		caa_window_first_end(l, now_us);
	return limited;
}

void caa_learn_forget(struct caa_learn *l)
{
	uint32_t inflight = l->pacer.inflight, flight_seq = l->flight_seq;

	if (caa_learn_is_manual(l))
		return;
	caa_window_reopen(l, CAA_LEARN_FIRST);
	l->pacer.inflight = inflight;
	l->flight_seq = flight_seq;
	l->doubted = l->denies = false;
	l->srtt_us = l->quickest_ms = 0;
	l->answered_s = 0;
	caa_goodput_clear(&l->goodput);
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
