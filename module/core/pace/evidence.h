/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The losses and denials of an address, weighed: whether they look like a limit.
 *
 *  A limit is seen in many losses after the last answer; losses with answers to later queries between them are random, and make a
 *  limit only where they are more than the answers.  A limiter does not care which question it takes, so one that is lost again
 *  and again is a bad name.  Strangers, zones that are not known to be answered these days, speak softly: it takes more of them, and
 *  some that were answered at the same time, or were denied and are answered later (core/pace/strangers.h).
 *  No clock, no lock: time is passed in, and the caller serialises calls on one. */
#ifndef CAA_CORE_EVIDENCE_H
#define CAA_CORE_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/pace/signal.h"
#include "core/pace/strangers.h"

/** Of one address; zeroed at first.  Times in ms modulo 2^32, or where it is said modulo 2^16. */
struct caa_evidence {
	uint32_t since_ms;	/**< the first of the losses that are weighed */
	uint32_t lost;		/**< the question of the last loss or denial, as in caa_sent */
	uint32_t zone;		/**< of the losses that are weighed, as in caa_sent; 0 = of several */
	uint16_t tail, holes;	/**< losses after the last answer, and before it */
	uint16_t tail_seq;	/**< the latest query of those in tail, modulo 2^16; kept when they are cleared */
	uint16_t strangers;	/**< of tail, those of strangers; there is no answer to a later query than the first of them, ... */
	uint16_t strange_seq, strange_ms;	/**< ... which is this one, and left then, modulo 2^16 */
	uint16_t strange_lost;	/**< all losses of strangers that are weighed, whatever was answered since */
	uint16_t cuts;		/**< of all that are weighed, those that were truncated */
	int16_t said;		/**< how many more of tail and holes were denied or truncated than not answered at all */
	uint16_t first;		/**< all losses that are weighed of questions that were not lost before: what was asked for, and not again */
	struct caa_strangers heard;	/**< who was answered of those it did not know */
};

/** What was lost so far was paid for, and says nothing any more. */
void caa_evidence_clear(struct caa_evidence *e);

/** A query was lost or denied. @return whether it is another question than the last. */
bool caa_evidence_is_other(struct caa_evidence *e, uint32_t question);

/** Losses and denials of one zone only are told by it: another one has spoken, or the same. */
void caa_evidence_spoke(struct caa_evidence *e, uint32_t zone);

/** A query was answered while no limit is known. @param answered_seq: the latest query that was, and one more.
 *  @return whether denials are a matter of time by this, and what was not weighed before is. */
bool caa_evidence_answered(struct caa_evidence *e, uint64_t now_us, struct caa_sent sent, uint32_t answered_seq);

/** A query was lost or denied while no limit is known. @return whether it is weighed. */
bool caa_evidence_weigh(struct caa_evidence *e, uint64_t now_us, struct caa_sent sent, uint32_t answered_seq, enum caa_signal signal);

/** A query was denied while no limit is known, and that is not weighed, or not yet. */
void caa_evidence_denied(struct caa_evidence *e, uint64_t now_us, struct caa_sent sent);

/** @param signal: the last one. @param doubted: a limit was believed here by mistake lately. @param good: answers lately.
 *  @return whether what is weighed looks like a limit. */
bool caa_evidence_is_limit(const struct caa_evidence *e, enum caa_signal signal, bool doubted, uint32_t good);

/** @return whether most of what says so was truncated. */
bool caa_evidence_is_cut(const struct caa_evidence *e);

/** @param signal: the last one. @return how many more of what is weighed were denied or truncated than not answered at all; at most 0
 *	where the last one was not answered. */
int caa_evidence_said(const struct caa_evidence *e, enum caa_signal signal);

/** @return whether a query left after those that were weighed last. */
bool caa_evidence_is_after(const struct caa_evidence *e, struct caa_sent sent);

/** @return whether hardly any but strangers say so. */
bool caa_evidence_is_doubtful(const struct caa_evidence *e);

#endif
