/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/evidence.h"

#include "core/wire/ms.h"
#include "core/wire/seq.h"

enum {
	WEIGH_MS = 2000,	/**< losses further apart are weighed apart */
	REORDER = 3,		/**< answers may overtake each other by so many */
	TOGETHER_MS = 10,	/**< what leaves so close together meets the same limit */
	TAIL_SILENT = 4,	/**< losses after the last answer that make a limit, ... */
	TAIL_DENIED = 5,	/**< ... or errors, of which servers send some in any case, ... */
	TAIL_CUT = 3,		/**< ... or TC, and for each one that came before an answer, which is large by itself, ... */
	TAIL_CUT_HOLE = 2,	/**< ... so many more, ... */
	TAIL_STRANGE = 8,	/**< ... or either, of zones that were never answered for */
	LOST_MANY = 8,		/**< losses that make a limit where they are more than the answers */
	STRANGE_MANY = 16,	/**< the same of strangers */
	TAIL_DOUBTED = 8,	/**< where a limit was believed by mistake: losses after the last answer, ... */
	LOST_DOUBTED = 24,	/**< ... among answers, ... */
	STRANGE_DOUBTED = 24	/**< ... or so many of strangers */
};

void caa_evidence_clear(struct caa_evidence *e)
{
	e->tail = e->holes = e->strangers = e->strange_lost = e->cuts = e->first = 0;
	e->said = 0;
	e->heard.denied = 0;
}

bool caa_evidence_is_other(struct caa_evidence *e, uint32_t question)
{
	bool other = question != e->lost;

	e->lost = question;
	return other;
}

void caa_evidence_spoke(struct caa_evidence *e, uint32_t zone)
{
	if (e->zone != zone)
		e->zone = 0;
}

/** Zones that are answered among others which are not, all asked at once: that is no matter of time, and the strangers' losses say
 *  nothing. */
static void forget_strangers(struct caa_evidence *e, struct caa_sent sent)
{
	if (e->strangers == 0 || (int16_t)((uint16_t)sent.seq - e->strange_seq) < REORDER ||
	    (int16_t)((uint16_t)caa_ms(sent.sent_us) - e->strange_ms) > TOGETHER_MS)
		return;
	e->tail -= e->strangers;
	e->strangers = 0;
	e->said = 0;
}

/** It was denied before: who denies it cares when, and not what, and so it was with other zones. */
static bool make_up(struct caa_evidence *e, uint64_t now_us, struct caa_sent sent)
{
	if (!sent.same_denied || !sent.caa_type || e->heard.denied == 0 || caa_ms_age(e->since_ms, caa_ms(now_us)) > WEIGH_MS)
		return false;
	e->strange_lost = (uint16_t)(e->strange_lost + e->heard.denied);
	e->heard.denied = 0;
	e->zone = 0;
	return true;
}

bool caa_evidence_answered(struct caa_evidence *e, uint64_t now_us, struct caa_sent sent, uint32_t answered_seq)
{
	if (caa_sent_is_strange(sent))
		caa_strangers_answered(&e->heard, now_us, sent.sent_us, sent.zone, sent.caa_type);
	forget_strangers(e, sent);
	if (e->tail > 0 && (int16_t)((uint16_t)answered_seq - e->tail_seq) > REORDER) {
		e->holes += e->tail - e->strangers;
		e->tail = e->strangers = 0;
	}
	return make_up(e, now_us, sent);
}

/** Note a loss: after the last answer, or before it.  Of a stranger's, only the former says something; so does one of a
 *  zone that was answered for, but not lately: it may have fallen silent. */
static void note(struct caa_evidence *e, struct caa_sent sent, uint32_t answered_seq)
{
	bool stranger = caa_sent_is_strange(sent);

	if (e->tail + e->holes == 0)
		e->zone = sent.zone;
	else
		caa_evidence_spoke(e, sent.zone);
	e->strange_lost = (uint16_t)(e->strange_lost + stranger);
	e->first = (uint16_t)(e->first + !sent.repeated);
	if (caa_seq_before(sent.seq + REORDER, answered_seq)) {
		e->holes += !stranger;
		return;
	}
	e->tail++;
	if (stranger && (e->strangers++ == 0 || (int16_t)((uint16_t)sent.seq - e->strange_seq) < 0)) {
		e->strange_seq = (uint16_t)sent.seq;
		e->strange_ms = (uint16_t)caa_ms(sent.sent_us);
	}
	if (e->tail <= 1 || (int16_t)((uint16_t)sent.seq - e->tail_seq) > 0)
		e->tail_seq = (uint16_t)sent.seq;
}

/** Unless others are weighed already. */
static void begin(struct caa_evidence *e, uint64_t now_us)
{
	if (caa_ms_age(e->since_ms, caa_ms(now_us)) <= WEIGH_MS)
		return;
	e->since_ms = caa_ms(now_us);
	caa_evidence_clear(e);
}

void caa_evidence_denied(struct caa_evidence *e, uint64_t now_us, struct caa_sent sent)
{
	begin(e, now_us);
	if (caa_sent_is_strange(sent) && sent.caa_type)
		caa_strangers_denied(&e->heard);
}

bool caa_evidence_weigh(struct caa_evidence *e, uint64_t now_us, struct caa_sent sent, uint32_t answered_seq,
	enum caa_signal signal)
{
	begin(e, now_us);
	if (caa_sent_is_strange(sent) && !caa_strangers_lost(&e->heard, now_us, sent.sent_us, sent.caa_type, signal == CAA_SIGNAL_SILENCE))
		return false;
	note(e, sent, answered_seq);
	e->cuts = (uint16_t)(e->cuts + (signal == CAA_SIGNAL_CUT));
	e->said = (int16_t)(e->said + (signal == CAA_SIGNAL_SILENCE ? -1 : 1));
	return true;
}

static unsigned tail_needed(const struct caa_evidence *e, enum caa_signal signal)
{
	if (signal == CAA_SIGNAL_CUT)
		return TAIL_CUT + TAIL_CUT_HOLE * e->holes;
	return signal == CAA_SIGNAL_SILENCE ? TAIL_SILENT : TAIL_DENIED;
}

bool caa_evidence_is_limit(const struct caa_evidence *e, enum caa_signal signal, bool doubted, uint32_t good)
{
	unsigned witnesses = e->tail - e->strangers, lost = witnesses + e->holes;
	unsigned needed = doubted ? TAIL_DOUBTED : tail_needed(e, signal);

	if ((witnesses >= needed || e->tail >= (doubted ? STRANGE_DOUBTED : TAIL_STRANGE)) && e->tail > e->holes)
		return true;
	return (lost >= (doubted ? LOST_DOUBTED : LOST_MANY) && lost > good) ||
		(e->strange_lost >= STRANGE_MANY && e->strange_lost > good && !doubted);
}

bool caa_evidence_is_cut(const struct caa_evidence *e)
{
	return 2 * e->cuts > e->tail + e->holes;
}

int caa_evidence_said(const struct caa_evidence *e, enum caa_signal signal)
{
	return signal == CAA_SIGNAL_SILENCE && e->said > 0 ? 0 : e->said;
}

bool caa_evidence_is_after(const struct caa_evidence *e, struct caa_sent sent)
{
	return (int16_t)((uint16_t)sent.seq - e->tail_seq) > 0;
}

bool caa_evidence_is_doubtful(const struct caa_evidence *e)
{
	return e->strange_lost > 0 && e->tail - e->strangers + e->holes < TAIL_CUT;
}
