/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/outcome.h"

#include "core/pace/egress.h"
#include "core/pace/proof.h"
#include "core/pace/waiting.h"
#include "core/wire/seq.h"

/** Over TCP, where TC is no way to another transport. */
static bool is_refusal(const struct caa_packet *p)
{
	return caa_packet_denies(p) || caa_packet_is_cut(p);
}

/** A query from before the cookie was known says nothing of those that carry it. */
static bool is_before_cookie(const struct caa_upstream *u, const struct caa_asking *q)
{
	return (q->cookie.client_sent || q->cookie.scouted) && !q->cookie.server_sent &&
		caa_cookie_proves_from(&u->cookie, q->cookie.source);
}

/** What the outcome of a query over UDP says of the upstream, if its zone has a voice. */
static enum caa_signal signal_of(const struct caa_upstream *u, const struct caa_asking *q, uint64_t now_us, enum caa_end end,
	const struct caa_packet *packet)
{
	bool before = is_before_cookie(u, q);

	switch (end) {
	case CAA_END_ANSWER:
		if (q->unproved)
			return CAA_SIGNAL_NONE;
		if (!caa_packet_denies(packet) && !caa_packet_is_cut(packet))
			return CAA_SIGNAL_ANSWER;
		if (before)
			return CAA_SIGNAL_NONE;
		if (caa_packet_denies(packet))
			return CAA_SIGNAL_DENIED;
		/* Who truncates to limit lets pass over TCP what it has cut.  A pause needs an end, whatever made it. */
		return caa_transport_is_away(&u->transport, now_us) && u->learn.state != CAA_LEARN_CONFIRM ? CAA_SIGNAL_NONE : CAA_SIGNAL_CUT;
	case CAA_END_TIMEOUT:
		return before || q->forged ? CAA_SIGNAL_NONE : CAA_SIGNAL_SILENCE;
	case CAA_END_ERROR:
	case CAA_END_CUT:
	case CAA_END_UNREAD:
	case CAA_END_ABANDONED:
		break;
	}
	return CAA_SIGNAL_NONE;
}

/** Whether queries that left later were answered. */
static bool is_split(const struct caa_upstream *u, const struct caa_asking *q)
{
	return caa_seq_before(q->sent.seq + 1, u->learn.answered_seq);
}

/** Whether a signal says something of the upstream, by what it does for the query's zone. */
static bool has_voice(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, uint64_t now_us, bool denied)
{
	bool witness = caa_serving_is_witness(zone, now_us);
	bool voice = caa_serving_lost(zone, now_us, q->sent.seq, u->learn.answered_seq);

	q->sent.stranger = !witness;
	q->sent.unheard = denied && !voice;
	if (voice)
		zone->denied = denied;
	if (witness && !voice)
		caa_learn_split(&u->learn, now_us, q->zone);
	return voice;
}

/** The first lost queries would else be asked again with the option, and be waited for twice as long. */
static void note_silence(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone)
{
	bool never = u->cookie.avoid_ms == 0 && q->caa && q->cookies && !q->bare;
	bool without = caa_cookie_silence(&u->cookie, &q->cookie);

	if (never && !q->blamed)
		q->without = without;
	if (q->cookie.client_sent && !is_before_cookie(u, q))
		caa_serving_cookie_lost(zone);
}

/** An answer is an error that no limiter sends, and says nothing of a cookie itself. */
static bool is_error(const struct caa_packet *p)
{
	return p->useless || (p->rcode != CAA_RCODE_NOERROR && p->rcode != CAA_RCODE_NXDOMAIN && p->rcode != CAA_RCODE_BADCOOKIE &&
		!caa_packet_denies(p));
}

/** An answer over UDP, to a query with a cookie or without.  Errors again and again to those with one are as good as none. */
static void note_cookie_answer(struct caa_upstream *u, const struct caa_asking *q, struct caa_serving *zone, uint64_t now_us,
	const struct caa_packet *p)
{
	if (q->cookie.client_sent && is_error(p)) {
		caa_serving_cookie_lost(zone);
		return;
	}
	if (q->cookie.client_sent) {
		caa_serving_cookie_answered(zone);
		return;
	}
	if (q->cookie.scouted)
		caa_cookie_overtaken(&u->cookie);
	caa_cookie_answered_without(&u->cookie, now_us, q->spared);
	if (q->spared && !is_error(p))
		caa_serving_cookie_rescued(zone, now_us);
}

/** BADCOOKIE is said before the question is looked at: it is no answer for the zone. */
static void note_answered(struct caa_upstream *u, const struct caa_asking *q, struct caa_serving *zone, uint64_t now_us,
	const struct caa_packet *p)
{
	if (p->rcode == CAA_RCODE_BADCOOKIE)
		return;
	caa_serving_answered(zone, now_us);
	if ((p->rcode != CAA_RCODE_NOERROR && p->rcode != CAA_RCODE_NXDOMAIN) || p->truncated || p->useless || p->lacks)
		return;
	caa_serving_good(zone, now_us);
	u->serves_caa = u->serves_caa || q->caa_type;
}

/** What the outcome says of where it left from.  @return what it says of the upstream. */
static enum caa_signal note_source(struct caa_upstream *u, const struct caa_asking *q, enum caa_end end, enum caa_signal signal)
{
	if (end == CAA_END_ANSWER)
		caa_egress_answered(u, q->source, q->sent.seq);
	else if (end == CAA_END_ERROR || (signal == CAA_SIGNAL_SILENCE && !q->sent.stranger && !q->sent.repeated))
		caa_egress_lost(u, q->source, q->sent.seq);
	return q->source_aside && signal == CAA_SIGNAL_SILENCE ? CAA_SIGNAL_NONE : signal;
}

static bool outcome_udp(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, uint64_t now_us,
	enum caa_end end, const struct caa_packet *packet)
{
	enum caa_signal signal = signal_of(u, q, now_us, end, packet);
	bool limited;

	q->udp = false;
	q->sent.stranger = !caa_serving_is_witness(zone, now_us);
	q->sent.stale = !caa_serving_answered_since(zone, now_us, q->sent.sent_us);
	if (signal == CAA_SIGNAL_SILENCE && q->own_fault && is_split(u, q))
		signal = CAA_SIGNAL_NONE;
	if (q->chosen)
		signal = note_source(u, q, end, signal);
	if (signal != CAA_SIGNAL_NONE && signal != CAA_SIGNAL_ANSWER &&
	    !has_voice(u, q, zone, now_us, signal != CAA_SIGNAL_SILENCE))
		signal = CAA_SIGNAL_NONE;
	limited = caa_learn_outcome(&u->learn, now_us, q->sent, q->beside ? CAA_SIGNAL_NONE : signal);
	if (limited) {
		u->limits++;
		caa_egress_limited(u);
		caa_cookie_excuse(&u->cookie);
		caa_transport_prefer_tcp(&u->transport, now_us);
	}
	if (end == CAA_END_TIMEOUT && caa_proof_is_missed(u, q, now_us))
		caa_transport_prefer_tcp(&u->transport, now_us);
	if (end == CAA_END_TIMEOUT && q->forged)
		caa_serving_forged(zone, now_us);	/* the true answer was lost, or who hands out others' cookies sends none */
	else if (end == CAA_END_TIMEOUT)
		note_silence(u, q, zone);
	else if (end == CAA_END_ANSWER && q->caa && q->cookies)
		note_cookie_answer(u, q, zone, now_us, packet);
	if (signal == CAA_SIGNAL_ANSWER)
		note_answered(u, q, zone, now_us, packet);
	return limited;
}

/** What the end of a query over TCP says of TCP.  What is denied there as well was not helped by it; a zone that is not served there says
 *  nothing of it. */
static enum caa_transport_end end_tcp(const struct caa_asking *q, const struct caa_serving *zone, uint64_t now_us, enum caa_end end,
	const struct caa_packet *packet)
{
	switch (end) {
	case CAA_END_ANSWER:
		return is_refusal(packet) && (q->chose_tcp || caa_serving_is_witness(zone, now_us)) ? CAA_TRANSPORT_DENIED :
			CAA_TRANSPORT_ANSWERED;
	case CAA_END_TIMEOUT:
		return CAA_TRANSPORT_LOST;
	case CAA_END_ERROR:
		return CAA_TRANSPORT_CLOSED;
	case CAA_END_CUT:
	case CAA_END_UNREAD:
	case CAA_END_ABANDONED:
		break;
	}
	return CAA_TRANSPORT_UNKNOWN;
}

static void outcome_tcp(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone,
	const struct caa_cookie_secret *secret, uint64_t now_us, enum caa_end end, const struct caa_packet *packet)
{
	bool proved = caa_cookie_proves(&u->cookie);

	if (q->tcp)
		caa_transport_outcome(&u->transport, now_us, end_tcp(q, zone, now_us, end, packet));
	q->tcp = false;
	if (end != CAA_END_CUT)
		q->connects_us = 0;	/* else it has waited all along */
	if (caa_transport_is_away(&u->transport, now_us))
		caa_learn_no_tcp(&u->learn, now_us);
	if (end != CAA_END_ANSWER)
		return;
	q->unproved = false;
	if (!is_refusal(packet) && q->same_denied)
		caa_learn_passed_tcp(&u->learn);
	caa_cookie_read(&u->cookie, caa_proof_part(u, q), secret, now_us, packet, &q->cookie, true);
	if (!proved && caa_cookie_proves(&u->cookie) && !caa_learn_limited(&u->learn))
		caa_transport_prefer_udp(&u->transport);	/* TCP was asked for it: caa_proof_is_missed() */
	if (!is_refusal(packet))
		note_answered(u, q, zone, now_us, packet);
}

/** What left over another transport than the caller tells of (TCP at a rate that is set by hand, or abandoned between
 *  the two): that it ended is all that is known. */
static void outcome_unknown(struct caa_upstream *u, struct caa_asking *q, uint64_t now_us)
{
	if (q->udp)
		caa_learn_outcome(&u->learn, now_us, q->sent, CAA_SIGNAL_NONE);
	if (q->tcp)
		caa_transport_outcome(&u->transport, now_us, CAA_TRANSPORT_UNKNOWN);
	q->udp = q->tcp = false;
}

static void count(struct caa_upstream *u, enum caa_end end)
{
	switch (end) {
	case CAA_END_ANSWER:
		u->replied++;
		break;
	case CAA_END_TIMEOUT:
	case CAA_END_UNREAD:
		u->timed_out++;
		break;
	case CAA_END_ERROR:
	case CAA_END_CUT:
		u->failed++;
		break;
	case CAA_END_ABANDONED:
		break;
	}
}

static enum caa_meaning meaning_of(const struct caa_upstream *u, const struct caa_asking *q, const struct caa_serving *zone,
	uint64_t now_us, enum caa_end end, const struct caa_packet *packet, bool tcp)
{
	switch (end) {
	case CAA_END_ANSWER:
		if (!tcp && (q->unproved || packet->truncated))
			return CAA_MEANS_NOTHING;
		if (caa_packet_denies(packet) || (tcp && caa_packet_is_cut(packet)))
			return CAA_MEANS_DENIED;
		if (packet->truncated)	/* over TCP, where there is nothing left to ask */
			return CAA_MEANS_ERROR;
		if (packet->rcode == CAA_RCODE_BADCOOKIE && q->cookie.client_sent)	/* see caa_proof_again() */
			return CAA_MEANS_NOTHING;
		if (packet->useless || (packet->rcode != CAA_RCODE_NOERROR && packet->rcode != CAA_RCODE_NXDOMAIN))
			return CAA_MEANS_ERROR;
		return CAA_MEANS_ANSWER;
	case CAA_END_TIMEOUT:
	case CAA_END_ERROR:
	case CAA_END_UNREAD:
		if (tcp)
			return q->chose_tcp ? CAA_MEANS_NOTHING : CAA_MEANS_NO_TCP;
		return caa_learn_limited(&u->learn) || caa_serving_is_witness(zone, now_us) ? CAA_MEANS_LOST : CAA_MEANS_SILENCE;
	case CAA_END_CUT:
	case CAA_END_ABANDONED:
		break;
	}
	return CAA_MEANS_NOTHING;
}

/** What kind of denial an outcome is that is one. @param good: others of its kind were answered before it. */
static enum caa_denial_kind denial_of(const struct caa_upstream *u, const struct caa_serving *zone, uint64_t now_us, bool good,
	enum caa_meaning meaning, bool cut)
{
	if (caa_serving_is_denying(zone, now_us))
		return CAA_DENIAL_OWN;
	if (meaning == CAA_MEANS_DENIED && caa_learn_limited(&u->learn))
		return CAA_DENIAL_LIMITED;
	if ((meaning == CAA_MEANS_ERROR || meaning == CAA_MEANS_NO_TCP) && good)
		return CAA_DENIAL_MIXED;
	if (cut)
		return CAA_DENIAL_CUT;
	return meaning == CAA_MEANS_DENIED ? CAA_DENIAL_OPEN : CAA_DENIAL_ERROR;
}

struct caa_outcome caa_outcome_of(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone,
	const struct caa_cookie_secret *secret, uint64_t now_us, enum caa_end end, const struct caa_packet *packet, bool tcp)
{
	struct caa_outcome o = { .limited = false };
	bool works = caa_transport_works(&u->transport), good = caa_serving_is_good(zone, now_us);
	bool cut = tcp && end == CAA_END_ANSWER && packet->truncated;
	/* What is asked again without EDNS goes over TCP, too. */
	bool behind_tc = q->tcp && !q->chose_tcp && end == CAA_END_ANSWER && !caa_packet_dislikes(packet);

	caa_waiting_leave(u, q);
	q->waited = false;
	count(u, end);
	o.split = !tcp && q->udp && end == CAA_END_TIMEOUT && is_split(u, q);
	if (tcp)
		outcome_tcp(u, q, zone, secret, now_us, end, packet);
	else if (q->udp)
		o.limited = outcome_udp(u, q, zone, now_us, end, packet);
	outcome_unknown(u, q, now_us);
	o.meaning = meaning_of(u, q, zone, now_us, end, packet, tcp);
	o.room = u->line.first != NULL && caa_waiting_room(u) > u->line.called;
	o.limit = caa_learn_limited(&u->learn) && !(end == CAA_END_TIMEOUT && caa_learn_speaks(&u->learn));
	o.denial = denial_of(u, zone, now_us, o.meaning == CAA_MEANS_NO_TCP ? works && end == CAA_END_ERROR : good, o.meaning, cut);
	/* Behind an answer over UDP that was truncated one over TCP costs two queries, and says more than a limiter would. */
	o.twice = behind_tc && (!cut || o.denial == CAA_DENIAL_MIXED);
	o.lately = caa_learn_lately(&u->learn, now_us);
	o.srtt_us = u->learn.srtt_us;
	return o;
}
