/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/send.h"

#include "core/pace/egress.h"
#include "core/pace/waiting.h"

enum {
	US_PER_MS = 1000,
	US_PER_S = 1000000,
	PATIENCE_ROUNDS = 4,		/**< round trips that an answer is waited for in any case, ... */
	PATIENCE_MIN_US = 400 * US_PER_MS,	/**< ... and a time: about Unbound's for a server that it does not know */
	PATIENCE_MAX_US = 13 * US_PER_S,	/**< more than Unbound's fifth doubling: it may answer again by now */
	PATIENCE_TCP_US = US_PER_S,	/**< the same over TCP where it works */
	SLOW_FIRST_MS = 100, SLOW_MOST_MS = 1600	/**< how long the answer to a question that was lost is waited for at least, twice as long
						 *   with each loss: what is taken for lost may have been slow */
};

/** Round trips, and at least a time. */
static uint64_t rounds_us(const struct caa_upstream *u, unsigned rounds, uint64_t least_us)
{
	uint64_t us = u->learn.srtt_us * (uint64_t)rounds;

	return us > least_us ? us : least_us;
}

/** An answer that comes after the budget is none, and one that has not come for long will not, but a server is not called silent that had no
 *  time to answer. */
static uint32_t patience_ms(const struct caa_upstream *u, const struct caa_wish *wish)
{
	uint64_t left_us = wish->deadline_us - wish->now_us, least_us = rounds_us(u, PATIENCE_ROUNDS, PATIENCE_MIN_US);

	if (left_us > PATIENCE_MAX_US)
		left_us = PATIENCE_MAX_US;
	return (uint32_t)((left_us > least_us ? left_us : least_us) / US_PER_MS);
}

/** What is asked over TCP though Unbound would not, is asked over UDP again when that shows nothing soon. */
static uint32_t patience_tcp_ms(const struct caa_upstream *u, const struct caa_asking *q)
{
	if (!q->chose_tcp)
		return 0;
	return (uint32_t)(rounds_us(u, PATIENCE_ROUNDS, caa_transport_works(&u->transport) ? PATIENCE_TCP_US : PATIENCE_MIN_US) /
		US_PER_MS);
}

/** As plain Unbound waits longer with each loss, which is forgotten here, since a limiter that drops is not slow. */
static uint32_t least_ms(const struct caa_wish *wish, struct caa_sent sent)
{
	uint32_t ms = SLOW_FIRST_MS;

	if (sent.patience_ms != 0)
		return sent.patience_ms;
	if (wish->losses == 0)
		return 0;
	for (unsigned i = 1; i < wish->losses && ms < SLOW_MOST_MS; i++)
		ms *= 2;
	return ms;
}

/** Unbound chooses where a connection starts from, and uses one that is there. */
static void choose_source_tcp(struct caa_asking *q, const struct caa_wish *wish)
{
	q->source = wish->sources > 1 ? CAA_SOURCE_ANY : 0;
	q->netblock = (wish->netblocks & 1) != 0;
	q->chosen = q->source_aside = false;
}

static void choose_source(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish)
{
	struct caa_egress e = { .count = wish->sources, .proved = q->again, .random = wish->random };

	q->source = 0;
	q->chosen = wish->sources > 1;
	q->source_aside = false;
	if (q->chosen)
		q->source = caa_egress_choose(u, &e, &q->source_aside);
	q->netblock = q->source < CAA_SOURCES_MAX && (wish->netblocks >> q->source & 1) != 0;
}

void caa_send_note(struct caa_asking *q, struct caa_sent sent)
{
	q->sent = sent;
	q->sent.question = q->question;
	q->sent.zone = q->zone;
	q->sent.caa_type = q->caa_type;
}

enum caa_gate caa_send_tcp(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish)
{
	if (wish->queued)
		return CAA_GATE_SEND;	/* asked again when it is due, and goes over TCP then */
	caa_waiting_count(u, q, wish->now_us);
	caa_waiting_tell(q);
	caa_waiting_leave(u, q);
	q->chose_tcp = !wish->tcp;
	q->patience_ms = patience_tcp_ms(u, q);
	q->least_ms = 0;
	choose_source_tcp(q, wish);
	caa_transport_sent(&u->transport);
	caa_send_note(q, (struct caa_sent){ .sent_us = wish->now_us });
	q->tcp = true;
	u->sent++;
	u->sent_caa++;
	return CAA_GATE_SEND_TCP;
}

static enum caa_gate send_udp(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, const struct caa_wish *wish,
	struct caa_sent sent)
{
	bool tcp = q->want_tcp && !wish->tcp;	/* at a rate that is set by hand, whose pace TCP keeps, too */

	caa_serving_asked(zone, wish->now_us);
	caa_waiting_count(u, q, wish->now_us);
	if (tcp || wish->tcp)
		choose_source_tcp(q, wish);
	else
		choose_source(u, q, wish);
	caa_send_note(q, sent);
	q->sent.repeated = wish->repeated;
	q->sent.denied = q->denied;
	q->sent.same_denied = q->same_denied;
	q->chose_tcp = tcp;
	q->forged = false;
	q->unproved = q->unproved && tcp;
	q->patience_ms = tcp ? patience_tcp_ms(u, q) : patience_ms(u, wish);
	q->least_ms = tcp ? 0 : least_ms(wish, sent);
	q->udp = true;
	u->sent++;
	u->sent_caa++;
	return tcp ? CAA_GATE_SEND_TCP : CAA_GATE_SEND;
}

enum caa_gate caa_send_paced(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone,
	const struct caa_wish *wish)
{
	if (wish->queued)
		return CAA_GATE_SEND;
	zone->turn = caa_line_use(&u->line, &q->turn);
	return send_udp(u, q, zone, wish, caa_learn_sent(&u->learn, wish->now_us, q->waited));
}

enum caa_gate caa_send_aside(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, const struct caa_wish *wish,
	enum caa_aside why)
{
	if (wish->queued)
		return CAA_GATE_SEND;
	caa_waiting_tell(q);
	caa_waiting_leave(u, q);
	return send_udp(u, q, zone, wish, caa_learn_aside(&u->learn, wish->now_us, why));
}
