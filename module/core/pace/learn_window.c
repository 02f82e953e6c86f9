/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/learn_parts.h"

#include "core/wire/seq.h"

enum {
	FIRST_JUMP = 4,			/**< how much the window grows where the first one was answered without a gap; ... */
	WARY_DENIALS = 3,		/**< ... where so many were denied no more than WINDOW_MIN follow: fewer may be bad names */
	FIRST_WAIT_MS = MS_PER_S / 2,	/**< the last one of the first window is waited for so long after an answer; ... */
	PROBE_MIN_MS = 10,		/**< ... a round trip, or so long, after it one more may leave, ... */
	PROBES = 1,			/**< ... or so many */
	DOUBT_MS = 600 * MS_PER_S,	/**< who was taken for limited by mistake is so less easily for so long */
	OUTAGE_MORE = 2,		/**< who is asked for no more than so many times as many as it usually answers in a second, ... */
	OUTAGE_FEW = 4,			/**< ... and so many, has an outage when it answers none, after OUTAGE_SECONDS. */
	OUTAGE_MS = 3 * MS_PER_S,	/**< If that takes longer, it is asked as if it had a limit; ... */
	OUTAGE_REST_MS = 6 * MS_PER_S / 5,	/**< ... what is lost again sooner after it is one: limiters count by the second */
	SLOWEST_LEAST_US = 100 * US_PER_MS,	/**< the slowest answer says more only if it took longer: any query is waited for about so long */
	BLOCKED_MIN_MS = 50,		/**< a full window from which nothing left for so long, ... */
	BLOCKED_ROUNDS = 4,		/**< ... and so many of the quickest round trips, is blocked; ... */
	BLOCKED_EACH_MS = 5,		/**< ... where it answers nothing at all, others pass it one in so long, up to a window of them, ... */
	BLOCKED_PART = 2,		/**< ... and who comes later up to so many */
	WONDER = 2			/**< so many in a row that brought nothing, where no limit is known */
};

void caa_window_start(struct caa_learn *l, enum caa_learn_state state)
{
	uint32_t round_ms = caa_learn_limited(l) ? l->limit.raised_ms : l->window.round_ms;

	l->window = (struct caa_window){ .round_ms = round_ms, .begun_seq = l->seq,
		.placed_ms = caa_learn_limited(l) ? round_ms : l->window.placed_ms };
	l->state = state;
	l->pacer.window = l->start_window;
}

void caa_window_reopen(struct caa_learn *l, enum caa_learn_state state)
{
	l->goodput.steady_mqps = 0;
	l->goodput.backlog = false;
	caa_learn_start_anew(l);
	caa_window_start(l, state);
	caa_pacer_set_open(&l->pacer);
}

/** The window grows once in a round trip by as many as are answered. */
static bool is_next_round(const struct caa_learn *l, uint64_t now_us)
{
	return caa_ms_age(l->window.round_ms, caa_ms(now_us)) >= caa_learn_round_ms(l);
}

/** The first ones were answered without a gap: where round trips are long, as many more at once. */
static void jump(struct caa_learn *l)
{
	if (l->pacer.window == 2 * l->start_window && l->evidence.tail + l->evidence.holes == 0 && caa_ms(l->srtt_us) > ROUND_MIN_MS)
		l->pacer.window = (uint16_t)(l->start_window * FIRST_JUMP);
}

void caa_window_warn(struct caa_learn *l)
{
	l->window.denials += caa_learn_is_first(l) && l->window.denials < WARY_DENIALS;
}

void caa_learn_warn(struct caa_learn *l)
{
	if (caa_learn_is_first(l))
		l->window.denials = WARY_DENIALS;
}

void caa_window_end_first(struct caa_learn *l, uint64_t now_us)
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

void caa_window_first_end(struct caa_learn *l, uint64_t now_us)
{
	if (!caa_seq_before(l->answered_seq, l->window.first_seq) || l->pacer.inflight == 0)
		caa_window_end_first(l, now_us);
	else if (l->pacer.window > l->pacer.inflight)
		l->pacer.window = (uint16_t)l->pacer.inflight;
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
	caa_learn_start_anew(l);
	l->state = CAA_LEARN_OPEN;
	l->pacer.window = WINDOW_MIN;
	l->window.grow = 0;
	l->window.silent = true;
}

void caa_window_end_outage(struct caa_learn *l, uint64_t now_us)
{
	if (!l->window.silent)
		return;
	caa_learn_start_anew(l);
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
	caa_rate_begin(l, now_us, signal);
	l->limit.outage = outage;
	return true;
}

bool caa_window_answer(struct caa_learn *l, uint64_t now_us, struct caa_sent sent)
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

bool caa_window_loss(struct caa_learn *l, uint64_t now_us, struct caa_sent sent, enum caa_signal signal)
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

void caa_learn_begin_alone(struct caa_learn *l)
{
	if (l->state != CAA_LEARN_FIRST || l->pacer.inflight > 0)
		return;
	l->pacer.window = 1;
	l->window.alone = true;
}

void caa_window_wait(struct caa_learn *l, uint64_t now_us)
{
	uint32_t silent_ms = caa_ms_age(l->since_ms, caa_ms(now_us)), round_ms = caa_ms(l->srtt_us);

	if (silent_ms > FIRST_WAIT_MS) {
		caa_window_end_first(l, now_us);
	} else if (l->window.probes < PROBES && l->pacer.window < l->start_window && silent_ms > PROBE_MIN_MS &&
	    silent_ms > round_ms) {
		l->window.probes++;
		l->pacer.window = (uint16_t)(l->pacer.inflight + 1);
	}
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

bool caa_learn_wonders(const struct caa_learn *l)
{
	uint32_t since = l->seq - l->answered_seq;

	return l->state <= CAA_LEARN_OPEN && since >= WONDER + l->pacer.inflight + l->asides + l->passing;
}
