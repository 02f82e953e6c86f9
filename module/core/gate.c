/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/gate.h"

#include "core/ms.h"

enum {
	US_PER_MS = 1000,
	US_PER_S = 1000000,
	SOON_US = 5 * US_PER_MS,	/**< who waits for the first answer over TCP asks again then */
	ADMIT_US = 250 * US_PER_MS,	/**< whose turn is beyond the budget asks again then: the pace may rise */
	AGAIN_US = 500 * US_PER_MS,	/**< who waits asks again no later: the pace, or another address, may have changed */
	LONG_US = 200 * US_PER_MS,	/**< who waits longer asks again half way: the pace may have changed */
	NOTIMP_MS = 15 * 60 * 1000,	/**< as long as Unbound remembers a server without EDNS */
	FREE_US = 10 * US_PER_MS,	/**< a wait that is not longer is none */
	BAND_US = 400 * US_PER_MS,	/**< Unbound chooses at random among addresses that differ by less */
	STEEP = 3,			/**< how much more a longer wait costs beyond that */
	PATIENCE_ROUNDS = 4,		/**< round trips that an answer is waited for in any case, ... */
	PATIENCE_MIN_US = 400 * US_PER_MS,	/**< ... and a time: about Unbound's for a server that it does not know */
	SILENT_COST_US = US_PER_S	/**< what an address costs that has queries under way and is silent */
};

static void leave(struct caa_upstream *u, struct caa_asking *q)
{
	if (q->placed)
		caa_pacer_leave(&u->learn.pacer);
	q->placed = false;
}

static void count_wait(struct caa_upstream *u, const struct caa_asking *q, uint64_t now_us)
{
	if (!q->waited)
		return;
	u->waited++;
	u->waited_ms += (uint32_t)((now_us - q->placed_us) / US_PER_MS);
}

static enum caa_gate send_tcp(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish)
{
	if (wish->queued)
		return CAA_GATE_SEND;	/* asked again when it is due, and goes over TCP then */
	count_wait(u, q, wish->now_us);
	leave(u, q);
	caa_transport_sent(&u->transport);
	q->sent = (struct caa_sent){ .sent_us = wish->now_us, .question = q->question };
	q->tcp = true;
	u->sent++;
	u->sent_caa++;
	return CAA_GATE_SEND_TCP;
}

/** An answer that comes after the budget is none, but a server is not called silent that had no time to answer. */
static uint32_t patience_ms(const struct caa_upstream *u, const struct caa_wish *wish)
{
	uint64_t left_us = wish->deadline_us - wish->now_us, round_us = u->learn.srtt_us * (uint64_t)PATIENCE_ROUNDS;
	uint64_t least_us = round_us > PATIENCE_MIN_US ? round_us : PATIENCE_MIN_US;

	return (uint32_t)((left_us > least_us ? left_us : least_us) / US_PER_MS);
}

static enum caa_gate send_paced(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish)
{
	if (wish->queued)
		return CAA_GATE_SEND;
	count_wait(u, q, wish->now_us);
	q->placed = false;
	q->sent = caa_learn_sent(&u->learn, wish->now_us, q->waited);
	q->sent.question = q->question;
	q->patience_ms = patience_ms(u, wish);
	q->udp = true;
	u->sent++;
	u->sent_caa++;
	return CAA_GATE_SEND;
}

/** Take a place. @return false if its turn is known to be beyond the budget. */
static bool take_place(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish)
{
	struct caa_pacer tried = u->learn.pacer;
	struct caa_place place = caa_pacer_enter(&tried, wish->now_us, wish->repeated);

	if (caa_pacer_wait(&tried, place, wish->now_us, u->learn.srtt_us) > wish->deadline_us - wish->now_us)
		return false;
	u->learn.pacer = tried;
	q->place = place;
	q->placed_us = wish->now_us;
	q->placed = true;
	q->waited = false;
	return true;
}

static enum caa_gate late(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish)
{
	leave(u, q);
	if (!wish->queued)
		u->refused++;
	return CAA_GATE_LATE;
}

/** Not due yet. @param most_us: ask again no later. */
static enum caa_gate wait(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish, uint64_t due_us,
	uint64_t most_us, uint64_t *wait_us)
{
	uint64_t left_us = wish->deadline_us - wish->now_us;

	if (wish->may_move && wish->other_us != UINT64_MAX && (caa_learn_stalled(&u->learn, wish->now_us) ||
	    (q->waited && caa_learn_worth_moving(&u->learn, wish->now_us, due_us, wish->other_us)))) {
		leave(u, q);
		return CAA_GATE_ELSEWHERE;
	}
	q->waited = q->placed || q->waited;
	*wait_us = due_us > LONG_US ? due_us / 2 : due_us;
	if (*wait_us > AGAIN_US)
		*wait_us = AGAIN_US;
	if (*wait_us > most_us)
		*wait_us = most_us;
	if (*wait_us > left_us)
		*wait_us = left_us;
	return CAA_GATE_WAIT;
}

enum caa_gate caa_gate_ask(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish, uint64_t *wait_us)
{
	enum caa_transport_choice transport = CAA_TRANSPORT_UDP;
	bool must = wish->tcp || q->want_tcp;
	uint64_t due_us;

	q->caa = true;
	q->cookies = wish->zone->cookie != 0;
	if (!q->placed)
		caa_learn_options(&u->learn, wish->now_us, wish->zone->rate_qps, (uint16_t)wish->zone->burst);
	if (wish->now_us >= wish->deadline_us)
		return late(u, q, wish);
	if (!u->learn.manual && (wish->zone->tcp || must))
		transport = caa_transport_choose(&u->transport, wish->now_us, must);
	if (transport == CAA_TRANSPORT_TCP)
		return send_tcp(u, q, wish);
	if (transport == CAA_TRANSPORT_SOON && must) {
		if (!q->placed && !q->waited)
			q->placed_us = wish->now_us;
		return wait(u, q, wish, SOON_US, SOON_US, wait_us);
	}
	if (transport == CAA_TRANSPORT_UDP && must && !u->learn.manual) {
		leave(u, q);
		return CAA_GATE_ELSEWHERE;	/* truncated, and TCP is known not to work: UDP may do when it is paced */
	}
	if (!q->placed && !take_place(u, q, wish))
		return wait(u, q, wish, ADMIT_US, ADMIT_US, wait_us);
	due_us = caa_learn_wait(&u->learn, q->place, wish->now_us);
	if (due_us == 0)
		return send_paced(u, q, wish);
	return wait(u, q, wish, due_us, transport == CAA_TRANSPORT_SOON ? SOON_US : UINT64_MAX, wait_us);
}

void caa_gate_other(struct caa_upstream *u, struct caa_asking *q, uint64_t now_us, bool tcp)
{
	leave(u, q);	/* it had one while a CAA question waited for it */
	q->caa = false;
	q->patience_ms = 0;
	u->sent++;
	if (tcp) {
		q->sent = (struct caa_sent){ .sent_us = now_us };
		return;
	}
	q->sent = caa_learn_charged(&u->learn, now_us);
	q->sent.question = q->question;
	q->udp = true;
}

size_t caa_gate_cookie(struct caa_upstream *u, struct caa_asking *q, const struct caa_cookie_secret *secret,
	uint64_t now_us, uint8_t out[static CAA_COOKIE_MAX])
{
	if (q->caa && q->cookies)
		return caa_cookie_write(&u->cookie, secret, &u->addr, now_us, out, &q->cookie);
	q->cookie = (struct caa_cookie_sent){ .client_sent = false };
	return 0;
}

bool caa_gate_accept(struct caa_upstream *u, struct caa_asking *q, const struct caa_cookie_secret *secret,
	uint64_t now_us, const struct caa_packet *packet)
{
	bool proved = caa_cookie_proves(&u->cookie);

	switch (caa_cookie_read(&u->cookie, secret, now_us, packet, &q->cookie, false)) {
	case CAA_COOKIE_FORGED:
		/* If the server itself has stopped to send cookies, that is seen over TCP. */
		if (packet->cookie == NULL)
			caa_transport_prefer_tcp(&u->transport, now_us);
		return false;
	case CAA_COOKIE_GOOD:
		if (!proved && !u->learn.manual) {
			caa_learn_source_proved(&u->learn, now_us);
			caa_transport_prefer_udp(&u->transport);
		}
		return true;
	case CAA_COOKIE_NONE:
		break;
	}
	return true;
}

/** TC without data, as limiters send it, and the errors that they send. */
static bool is_denial(const struct caa_packet *p, bool tcp)
{
	return (!tcp && p->truncated && p->records == 0) || p->rcode == CAA_RCODE_REFUSED || p->rcode == CAA_RCODE_SERVFAIL;
}

static enum caa_signal signal_of(const struct caa_upstream *u, const struct caa_asking *q, enum caa_end end, bool denial)
{
	switch (end) {
	case CAA_END_ANSWER:
		if (!denial)
			return CAA_SIGNAL_ANSWER;
		break;
	case CAA_END_TIMEOUT:
		break;
	case CAA_END_ERROR:
	case CAA_END_ABANDONED:
		return CAA_SIGNAL_NONE;
	}
	if (end == CAA_END_ANSWER && !q->served)
		return CAA_SIGNAL_NONE;	/* it may not serve the zone at all */
	/* A query from before the cookie was known says nothing of those that carry it. */
	if (q->cookie.client_sent && !q->cookie.server_sent && caa_cookie_proves(&u->cookie))
		return CAA_SIGNAL_NONE;
	return end == CAA_END_ANSWER ? CAA_SIGNAL_DENIED : CAA_SIGNAL_SILENCE;
}

static void outcome_tcp(struct caa_upstream *u, struct caa_asking *q, const struct caa_cookie_secret *secret,
	uint64_t now_us, enum caa_end end, const struct caa_packet *packet, bool denial)
{
	if (q->tcp)
		caa_transport_outcome(&u->transport, now_us, end == CAA_END_ANSWER && !denial, end != CAA_END_ABANDONED);
	q->tcp = false;
	if (end == CAA_END_ANSWER)
		caa_cookie_read(&u->cookie, secret, now_us, packet, &q->cookie, true);
}

static bool outcome_udp(struct caa_upstream *u, struct caa_asking *q, uint64_t now_us, enum caa_end end, bool denial)
{
	bool limited;

	if (!q->udp)
		return false;
	q->udp = false;
	limited = caa_learn_outcome(&u->learn, now_us, q->sent, signal_of(u, q, end, denial));
	if (limited) {
		u->limits++;
		caa_transport_prefer_tcp(&u->transport, now_us);
	}
	if (end == CAA_END_TIMEOUT)
		caa_cookie_silence(&u->cookie, &q->cookie);
	else if (end == CAA_END_ANSWER && q->caa && q->cookies && !q->cookie.client_sent)
		caa_cookie_answered_without(&u->cookie, now_us);
	return limited;
}

/** What left over another transport than the caller tells of (TCP at a rate that is set by hand, or abandoned between
 *  the two): that it ended is all that is known. */
static void outcome_unknown(struct caa_upstream *u, struct caa_asking *q, uint64_t now_us)
{
	if (q->udp)
		caa_learn_outcome(&u->learn, now_us, q->sent, CAA_SIGNAL_NONE);
	if (q->tcp)
		caa_transport_outcome(&u->transport, now_us, false, false);
	q->udp = q->tcp = false;
}

static void count(struct caa_upstream *u, enum caa_end end)
{
	switch (end) {
	case CAA_END_ANSWER:
		u->replied++;
		break;
	case CAA_END_TIMEOUT:
		u->timed_out++;
		break;
	case CAA_END_ERROR:
		u->failed++;
		break;
	case CAA_END_ABANDONED:
		break;
	}
}

struct caa_outcome caa_gate_outcome(struct caa_upstream *u, struct caa_asking *q,
	const struct caa_cookie_secret *secret, uint64_t now_us, enum caa_end end, const struct caa_packet *packet, bool tcp)
{
	bool denial = end == CAA_END_ANSWER && is_denial(packet, tcp);
	struct caa_outcome o = { .denied = denial };

	leave(u, q);
	count(u, end);
	if (tcp)
		outcome_tcp(u, q, secret, now_us, end, packet, denial);
	else
		o.limited = outcome_udp(u, q, now_us, end, denial);
	outcome_unknown(u, q, now_us);
	o.alive = caa_learn_alive(&u->learn, now_us);
	o.lately = caa_learn_lately(&u->learn, now_us);
	o.srtt_us = u->learn.srtt_us;
	o.passing = end == CAA_END_TIMEOUT || end == CAA_END_ERROR || (denial && caa_learn_limited(&u->learn));
	return o;
}

/** The errors that servers send for an option, or for EDNS, that they do not know. */
static bool dislikes(uint16_t rcode)
{
	return rcode == CAA_RCODE_FORMERR || rcode == CAA_RCODE_NOTIMP || rcode == CAA_RCODE_BADVERS;
}

enum caa_again caa_gate_again(struct caa_upstream *u, struct caa_asking *q, uint64_t now_us,
	const struct caa_packet *packet, bool edns)
{
	if (!q->caa)
		return CAA_AGAIN_NO;
	if (packet->rcode == CAA_RCODE_BADCOOKIE && q->cookie.client_sent && !q->want_tcp) {
		q->want_tcp = q->again;		/* RFC 7873, section 5.3: then over TCP */
		q->again = true;
		return CAA_AGAIN_SEND;
	}
	if (packet->rcode == CAA_RCODE_NOTIMP && caa_ms_ahead(u->notimp_ms, now_us, NOTIMP_MS))
		return CAA_AGAIN_FINAL;
	if (dislikes(packet->rcode) && q->cookie.client_sent) {
		caa_cookie_avoid(&u->cookie, now_us);
		return CAA_AGAIN_SEND;
	}
	if (packet->rcode == CAA_RCODE_NOTIMP && !edns) {
		u->notimp_ms = caa_ms_later(now_us, NOTIMP_MS);
		return CAA_AGAIN_FINAL;
	}
	return CAA_AGAIN_NO;
}

uint64_t caa_gate_wait_new(struct caa_upstream *u, uint64_t now_us)
{
	if (caa_transport_choose(&u->transport, now_us, false) == CAA_TRANSPORT_TCP && caa_transport_works(&u->transport))
		return 0;
	return caa_pacer_wait_new(&u->learn.pacer, now_us, u->learn.srtt_us);
}

uint64_t caa_gate_cost(struct caa_upstream *u, uint64_t now_us)
{
	uint64_t wait_us = caa_gate_wait_new(u, now_us);

	if (caa_learn_stalled(&u->learn, now_us))
		return wait_us + SILENT_COST_US;
	if (!caa_learn_limited(&u->learn) || wait_us < FREE_US)
		return wait_us;
	return BAND_US + STEEP * wait_us;
}
