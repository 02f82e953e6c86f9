/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/gate.h"

#include "core/wire/ms.h"
#include "core/wire/seq.h"

enum {
	US_PER_MS = 1000,
	US_PER_S = 1000000,
	SUSPECTS = 4,			/**< queries of zones that were denied and may be limited, under way at once, ... */
	LATER_US = 20 * US_PER_MS,	/**< ... and when the others ask again */
	SOON_US = 5 * US_PER_MS,	/**< who waits for the first answer over TCP asks again then, ... */
	SOON_CROWD_US = US_PER_MS,	/**< ... but where many wait, one asks in so long: the answer calls them */
	ADMIT_US = 250 * US_PER_MS,	/**< whose turn is beyond the budget asks again then: the pace may rise ... */
	ADMIT_MOST_US = 2 * US_PER_S,	/**< ... or later where many do, but no later than this: nobody calls who has no place */
	AGAIN_US = 500 * US_PER_MS,	/**< who waits asks again no later: the pace, or another address, may have changed; ... */
	CROWD_US = 24 * US_PER_MS,	/**< ... but where many wait, one asks in so long, ... */
	DUE_PARTS = 16,			/**< ... each at least so often until its turn */
	LONG_US = 200 * US_PER_MS,	/**< who waits longer asks again half way: the pace may have changed */
	FRONT_MIN = 8,			/**< so many at the front of the line may use a turn, ... */
	FRONT_US = 200 * US_PER_MS,	/**< ... and those whose turn is due so soon: they come as late as that */
	FREE_US = 10 * US_PER_MS,	/**< a wait that is not longer is none */
	BAND_US = 400 * US_PER_MS,	/**< Unbound chooses at random among addresses that differ by less */
	STEEP = 3,			/**< how much more a longer wait costs beyond that */
	PATIENCE_ROUNDS = 4,		/**< round trips that an answer is waited for in any case, ... */
	PATIENCE_MIN_US = 400 * US_PER_MS,	/**< ... and a time: about Unbound's for a server that it does not know */
	PATIENCE_TCP_US = US_PER_S,	/**< the same over TCP where it works */
	SLOW_FIRST_MS = 100, SLOW_MOST_MS = 1600,	/**< how long the answer to a question that was lost is waited for at least, twice as long
						 *   with each loss: what is taken for lost may have been slow */
	SILENT_COST_US = US_PER_S	/**< what an address costs that has queries under way and is silent */
};

/** It has no place in the line, or has one, or waits no more. */
static void set_outside(struct caa_upstream *u, struct caa_asking *q, bool outside)
{
	u->outside += outside;
	u->outside -= q->turn.outside;
	q->turn.outside = outside;
}

static void leave(struct caa_upstream *u, struct caa_asking *q)
{
	set_outside(u, q, false);
	if (!q->turn.in_line)
		return;
	caa_line_leave(&u->line, &q->turn);
	caa_pacer_leave(&u->learn.pacer);
}

static void count_wait(struct caa_upstream *u, const struct caa_asking *q, uint64_t now_us)
{
	if (!q->waited)
		return;
	u->waited++;
	u->waited_ms += (uint32_t)((now_us - q->placed_us) / US_PER_MS);
}

/** Round trips, and at least a time. */
static uint64_t rounds_us(const struct caa_upstream *u, unsigned rounds, uint64_t least_us)
{
	uint64_t us = u->learn.srtt_us * (uint64_t)rounds;

	return us > least_us ? us : least_us;
}

/** An answer that comes after the budget is none, but a server is not called silent that had no time to answer. */
static uint32_t patience_ms(const struct caa_upstream *u, const struct caa_wish *wish)
{
	uint64_t left_us = wish->deadline_us - wish->now_us, least_us = rounds_us(u, PATIENCE_ROUNDS, PATIENCE_MIN_US);

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

/** It leaves as what it is. */
static void note_sent(struct caa_asking *q, struct caa_sent sent)
{
	q->sent = sent;
	q->sent.question = q->question;
	q->sent.zone = q->zone;
	q->sent.caa_type = q->caa_type;
}

static enum caa_gate send_tcp(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish)
{
	if (wish->queued)
		return CAA_GATE_SEND;	/* asked again when it is due, and goes over TCP then */
	count_wait(u, q, wish->now_us);
	leave(u, q);
	q->chose_tcp = !wish->tcp;
	q->patience_ms = patience_tcp_ms(u, q);
	q->least_ms = 0;
	choose_source_tcp(q, wish);
	caa_transport_sent(&u->transport);
	note_sent(q, (struct caa_sent){ .sent_us = wish->now_us });
	q->tcp = true;
	u->sent++;
	u->sent_caa++;
	return CAA_GATE_SEND_TCP;
}

static enum caa_gate send_udp(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish, struct caa_sent sent)
{
	bool tcp = q->want_tcp && !wish->tcp;	/* at a rate that is set by hand, whose pace TCP keeps, too */

	count_wait(u, q, wish->now_us);
	if (tcp || wish->tcp)
		choose_source_tcp(q, wish);
	else
		choose_source(u, q, wish);
	note_sent(q, sent);
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

static enum caa_gate send_paced(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone,
	const struct caa_wish *wish)
{
	if (wish->queued)
		return CAA_GATE_SEND;
	zone->turn = caa_line_use(&u->line, &q->turn);
	return send_udp(u, q, wish, caa_learn_sent(&u->learn, wish->now_us, q->waited));
}

/** How a query leaves. */
enum way {
	WAY_PLACE,	/**< in its turn */
	WAY_ASIDE,	/**< at nobody's cost: its zone may be silent, and would fill the room that others need while the wait for an answer
			 *   grows, ... */
	WAY_TEST,	/**< ... or a limit was met by strangers or by another zone only, or those fill the room; as many at once as are
			 *   counted */
	WAY_LATER	/**< not yet: its zone was denied, and some find out what that is */
};

static enum way way_of(const struct caa_upstream *u, const struct caa_asking *q, const struct caa_serving *zone,
	const struct caa_wish *wish)
{
	bool tests;

	if (caa_learn_is_manual(&u->learn))
		return WAY_PLACE;
	if (caa_learn_limited(&u->learn)) {
		tests = caa_serving_is_witness(zone, wish->now_us) && (caa_learn_wants_witness(&u->learn, q->zone) ||
			(!wish->repeated && caa_learn_wants_fresh(&u->learn)));
		return tests ? WAY_TEST : WAY_PLACE;
	}
	if (caa_serving_is_suspect_of_limit(zone, wish->now_us))
		return u->learn.asides < SUSPECTS ? WAY_TEST : WAY_LATER;
	if (caa_serving_is_suspect(zone, wish->now_us))
		return WAY_ASIDE;
	return caa_learn_lets_pass(&u->learn, wish->now_us) && caa_serving_answered_since(zone, wish->now_us, wish->now_us) ?
		WAY_TEST : WAY_PLACE;
}

static enum caa_gate send_aside(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish, bool counted)
{
	if (wish->queued)
		return CAA_GATE_SEND;
	leave(u, q);
	return send_udp(u, q, wish, caa_learn_aside(&u->learn, wish->now_us, counted));
}

/** Take a place. @return false if its turn is known to be beyond the budget. */
static bool take_place(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, const struct caa_wish *wish)
{
	struct caa_pacer tried = u->learn.pacer, before = tried;
	struct caa_place place;

	set_outside(u, q, true);
	if (!wish->repeated && caa_serving_is_full(zone, wish->now_us))
		return false;
	place = caa_pacer_enter(&tried, wish->now_us, false);
	q->turn.zone = q->zone;
	q->turn.age_us = wish->repeated ? 0 : wish->age_us;
	u->learn.pacer = tried;
	caa_line_enter(&u->line, &q->turn, place, zone->turn);
	if (caa_pacer_wait(&tried, q->turn.place, wish->now_us, u->learn.srtt_us) > wish->deadline_us - wish->now_us) {
		caa_line_undo(&u->line, &q->turn);
		u->learn.pacer = before;
		if (!wish->repeated)
			caa_serving_full(zone, wish->now_us);
		return false;
	}
	set_outside(u, q, false);
	q->placed_us = wish->now_us;
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

static bool is_better_elsewhere(const struct caa_upstream *u, const struct caa_asking *q, const struct caa_wish *wish,
	uint64_t due_us)
{
	if (!wish->may_move || wish->other_us == UINT64_MAX)
		return false;
	return caa_learn_stalled(&u->learn, wish->now_us) ||
		(q->waited && caa_learn_worth_moving(&u->learn, wish->now_us, due_us, wish->other_us));
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/** When who waits asks again without a reason to: often enough to be there when others leave their places. */
static uint64_t again_us(const struct caa_upstream *u, uint64_t due_us)
{
	uint64_t crowd_us = ((uint64_t)u->outside + caa_pacer_waiting(&u->learn.pacer)) * CROWD_US;

	return max_u64(AGAIN_US, min_u64(crowd_us, due_us / DUE_PARTS));
}

/** When who waits for the first answer over TCP asks again without being called. */
static uint64_t soon_us(const struct caa_upstream *u)
{
	return max_u64(SOON_US, min_u64(caa_pacer_waiting(&u->learn.pacer) * (uint64_t)SOON_CROWD_US, AGAIN_US));
}

/** When who has no place asks again: in time to be sent, if it gets one then. */
static uint64_t admit_us(const struct caa_upstream *u, const struct caa_wish *wish)
{
	uint64_t most_us = min_u64(ADMIT_MOST_US, (wish->deadline_us - wish->now_us) * 3 / 4);

	return max_u64(ADMIT_US, min_u64(u->outside * (uint64_t)CROWD_US, most_us));
}

/** Not due yet. @param most_us: ask again no later. */
static enum caa_gate hold_back(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish, uint64_t due_us,
	uint64_t most_us, uint64_t *wait_us)
{
	if (is_better_elsewhere(u, q, wish, due_us)) {
		leave(u, q);
		return CAA_GATE_ELSEWHERE;
	}
	q->waited = q->turn.in_line || q->waited;
	caa_line_wait(&u->line, &q->turn);
	*wait_us = due_us > LONG_US ? due_us / 2 : due_us;
	*wait_us = min_u64(min_u64(*wait_us, again_us(u, due_us)), min_u64(most_us, wish->deadline_us - wish->now_us));
	return CAA_GATE_WAIT;
}

/** How many may use a turn that is due at a rate: those who ask again before the first of them does. */
static uint64_t front(const struct caa_upstream *u)
{
	return FRONT_MIN + FRONT_US / u->learn.pacer.interval_us;
}

/** In the line for UDP. @param most_us: ask again no later. */
static enum caa_gate ask_udp(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone,
	const struct caa_wish *wish, uint64_t most_us, uint64_t *wait_us)
{
	enum way way = way_of(u, q, zone, wish);
	uint64_t due_us;

	if (q->denied_elsewhere && !q->turn.in_line)
		caa_learn_warn(&u->learn);
	if (way == WAY_LATER)
		return hold_back(u, q, wish, LATER_US, LATER_US, wait_us);
	if (way != WAY_PLACE)
		return send_aside(u, q, wish, way == WAY_TEST);
	if (!q->turn.in_line && !take_place(u, q, zone, wish)) {
		/* while TCP works there may be room for it at any time */
		uint64_t at_us = most_us == UINT64_MAX ? admit_us(u, wish) : ADMIT_US;

		return hold_back(u, q, wish, DUE_PARTS * at_us, at_us, wait_us);
	}
	due_us = caa_learn_wait(&u->learn, q->turn.place, wish->now_us);
	if (due_us == 0 && u->learn.pacer.interval_us != 0 && !caa_line_is_front(&q->turn, front(u)))
		due_us = u->learn.pacer.interval_us;	/* it would take the turn of those who have not come yet */
	return due_us == 0 ? send_paced(u, q, zone, wish) : hold_back(u, q, wish, due_us, most_us, wait_us);
}

enum caa_gate caa_gate_ask(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone,
	const struct caa_wish *wish, uint64_t *wait_us)
{
	bool must;

	q->want_tcp = q->want_tcp || (caa_serving_is_forged(zone, wish->now_us) && wish->zone->cookie != 0);
	must = wish->tcp || q->want_tcp;
	q->caa = true;
	q->cookies = wish->zone->cookie != 0;
	q->bare = caa_serving_is_bare(zone, wish->now_us);
	q->liked = zone->liked;
	q->doubtful = caa_serving_doubts_cookie(zone) && !caa_learn_limited(&u->learn);
	u->learn.accompanied = wish->accompanied;
	if (!q->turn.in_line)
		caa_learn_options(&u->learn, wish->now_us, wish->zone->rate_qps, (uint16_t)wish->zone->burst);
	if (wish->now_us >= wish->deadline_us)
		return late(u, q, wish);
	if (caa_learn_is_manual(&u->learn) || !(wish->zone->tcp || must))
		return ask_udp(u, q, zone, wish, UINT64_MAX, wait_us);
	switch (caa_transport_choose(&u->transport, wish->now_us, must)) {
	case CAA_TRANSPORT_UDP:
		break;
	case CAA_TRANSPORT_TCP:
		return send_tcp(u, q, wish);
	case CAA_TRANSPORT_SOON:
		if (!must)
			return ask_udp(u, q, zone, wish, soon_us(u), wait_us);
		if (!q->turn.in_line && !q->waited)
			q->placed_us = wish->now_us;
		return hold_back(u, q, wish, SOON_US, SOON_US, wait_us);
	}
	return ask_udp(u, q, zone, wish, UINT64_MAX, wait_us);
}

void caa_gate_other(struct caa_upstream *u, struct caa_asking *q, uint64_t now_us, bool tcp)
{
	leave(u, q);	/* it had one while a CAA question waited for it */
	q->caa = q->forged = q->unproved = q->chosen = false;
	q->cookie = (struct caa_cookie_sent){ .client_sent = false };
	q->patience_ms = q->least_ms = 0;
	u->sent++;
	if (tcp) {
		q->sent = (struct caa_sent){ .sent_us = now_us };
		return;
	}
	note_sent(q, caa_learn_charged(&u->learn, now_us));
	q->udp = true;
}

/** What is kept of the cookie for where a query leaves from; nothing of that for another address. */
static struct caa_cookie_part *part_of(struct caa_upstream *u, const struct caa_asking *q)
{
	return q->netblock || q->source == CAA_SOURCE_ANY ? NULL : caa_upstream_part(u, q->source);
}

size_t caa_gate_cookie(struct caa_upstream *u, struct caa_asking *q, const struct caa_cookie_secret *secret,
	uint64_t now_us, uint8_t out[static CAA_COOKIE_MAX])
{
	q->spared = q->sent.repeated && (caa_cookie_is_idle(&u->cookie) || q->doubtful);
	q->cookie = (struct caa_cookie_sent){ .source = q->source };
	if (!q->caa || !q->cookies || q->without || q->spared || q->bare)
		return 0;
	/* Where there is a choice of addresses, each has to learn its own. */
	q->cookie.scouted = !q->again && !q->chosen && caa_cookie_is_scouted(&u->cookie, now_us);
	return q->cookie.scouted ? 0 : caa_cookie_write(&u->cookie, part_of(u, q), secret, &u->addr, now_us, out, &q->cookie);
}

/** A denial without the cookie comes from what stands before the server, as a limiter, or from a forger; nothing else of it is used.
 *  One is asked over TCP to see if that is a way around it; where it is none, they are denials as others are. */
static bool is_front(const struct caa_upstream *u, const struct caa_packet *packet)
{
	return caa_packet_denies(packet) && !caa_transport_works(&u->transport) &&
		(caa_transport_fails(&u->transport) || u->transport.inflight > 0);
}

bool caa_gate_accept(struct caa_upstream *u, struct caa_asking *q, const struct caa_cookie_secret *secret,
	uint64_t now_us, const struct caa_packet *packet)
{
	bool proved = caa_cookie_proves(&u->cookie);

	switch (caa_cookie_read(&u->cookie, part_of(u, q), secret, now_us, packet, &q->cookie, false)) {
	case CAA_COOKIE_FORGED:
		q->forged = true;
		return false;
	case CAA_COOKIE_MISSING:
		q->unproved = !is_front(u, packet);	/* nothing of it is used: TCP is asked, see caa_gate_again() */
		return true;
	case CAA_COOKIE_GOOD:
		if (!proved && !caa_learn_is_manual(&u->learn)) {
			caa_learn_source_proved(&u->learn, now_us);
			caa_transport_prefer_udp(&u->transport);
		}
		return true;
	case CAA_COOKIE_NONE:
		break;
	}
	return true;
}

/** The errors that servers send for an option, or for EDNS, that they do not know. */
static bool dislikes(uint16_t rcode)
{
	return rcode == CAA_RCODE_FORMERR || rcode == CAA_RCODE_NOTIMP || rcode == CAA_RCODE_BADVERS;
}

/** TC without data, as limiters send it. */
static bool is_cut(const struct caa_packet *p)
{
	return p->truncated && p->records == 0;
}

/** Over TCP, where TC is no way to another transport. */
static bool is_refusal(const struct caa_packet *p)
{
	return caa_packet_denies(p) || is_cut(p);
}

/** A query from before the cookie was known says nothing of those that carry it. */
static bool is_before_cookie(const struct caa_upstream *u, const struct caa_asking *q)
{
	return (q->cookie.client_sent || q->cookie.scouted) && !q->cookie.server_sent &&
		caa_cookie_proves_from(&u->cookie, q->cookie.source);
}

/** What the outcome of a query over UDP says of the upstream, if its zone has a voice. */
static enum caa_signal signal_of(const struct caa_upstream *u, const struct caa_asking *q, enum caa_end end,
	const struct caa_packet *packet)
{
	bool before = is_before_cookie(u, q);

	switch (end) {
	case CAA_END_ANSWER:
		if (q->unproved)
			return CAA_SIGNAL_NONE;
		if (!caa_packet_denies(packet) && !is_cut(packet))
			return CAA_SIGNAL_ANSWER;
		if (before)
			return CAA_SIGNAL_NONE;
		return caa_packet_denies(packet) ? CAA_SIGNAL_DENIED : CAA_SIGNAL_CUT;
	case CAA_END_TIMEOUT:
		return before || q->forged ? CAA_SIGNAL_NONE : CAA_SIGNAL_SILENCE;
	case CAA_END_ERROR:
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

/** An answer over UDP, to a query with a cookie or without. */
static void note_cookie_answer(struct caa_upstream *u, const struct caa_asking *q, struct caa_serving *zone, uint64_t now_us)
{
	if (q->cookie.client_sent) {
		caa_serving_cookie_answered(zone);
		return;
	}
	if (q->cookie.scouted)
		caa_cookie_overtaken(&u->cookie);
	caa_cookie_answered_without(&u->cookie, now_us, q->spared);
	if (q->spared)
		caa_serving_cookie_rescued(zone, now_us);
}

/** BADCOOKIE is said before the question is looked at: it is no answer for the zone. */
static void note_answered(struct caa_serving *zone, uint64_t now_us, const struct caa_packet *p)
{
	if (p->rcode == CAA_RCODE_BADCOOKIE)
		return;
	caa_serving_answered(zone, now_us);
	if ((p->rcode == CAA_RCODE_NOERROR || p->rcode == CAA_RCODE_NXDOMAIN) && !p->truncated && !p->useless && !p->lacks)
		caa_serving_good(zone, now_us);
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
	enum caa_signal signal = signal_of(u, q, end, packet);
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
	limited = caa_learn_outcome(&u->learn, now_us, q->sent, signal);
	if (limited) {
		u->limits++;
		caa_egress_limited(u);
		caa_transport_prefer_tcp(&u->transport, now_us);
	}
	if (end == CAA_END_TIMEOUT && q->forged)
		caa_serving_forged(zone, now_us);	/* the true answer was lost, or who hands out others' cookies sends none */
	else if (end == CAA_END_TIMEOUT)
		note_silence(u, q, zone);
	else if (end == CAA_END_ANSWER && q->caa && q->cookies)
		note_cookie_answer(u, q, zone, now_us);
	if (signal == CAA_SIGNAL_ANSWER)
		note_answered(zone, now_us, packet);
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
	case CAA_END_ERROR:
		return CAA_TRANSPORT_LOST;
	case CAA_END_UNREAD:
	case CAA_END_ABANDONED:
		break;
	}
	return CAA_TRANSPORT_UNKNOWN;
}

static void outcome_tcp(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone,
	const struct caa_cookie_secret *secret, uint64_t now_us, enum caa_end end, const struct caa_packet *packet)
{
	if (q->tcp)
		caa_transport_outcome(&u->transport, now_us, end_tcp(q, zone, now_us, end, packet));
	q->tcp = false;
	if (end != CAA_END_ANSWER)
		return;
	q->unproved = false;
	caa_cookie_read(&u->cookie, part_of(u, q), secret, now_us, packet, &q->cookie, true);
	if (!is_refusal(packet))
		note_answered(zone, now_us, packet);
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
		if (caa_packet_denies(packet) || (tcp && is_cut(packet)))
			return CAA_MEANS_DENIED;
		if (packet->truncated)	/* over TCP, where there is nothing left to ask */
			return CAA_MEANS_ERROR;
		if (packet->rcode == CAA_RCODE_BADCOOKIE && q->cookie.client_sent)	/* see caa_gate_again() */
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
	case CAA_END_ABANDONED:
		break;
	}
	return CAA_MEANS_NOTHING;
}

/** What kind of denial an outcome is that is one. @param good: the zone's answers were so before it. */
static enum caa_denial_kind denial_of(const struct caa_upstream *u, const struct caa_serving *zone, uint64_t now_us, bool good,
	enum caa_meaning meaning, bool cut)
{
	if (caa_serving_is_denying(zone, now_us))
		return CAA_DENIAL_OWN;
	if (meaning == CAA_MEANS_DENIED && caa_learn_limited(&u->learn))
		return CAA_DENIAL_LIMITED;
	if (meaning == CAA_MEANS_ERROR && good)
		return CAA_DENIAL_MIXED;
	if (cut)
		return CAA_DENIAL_CUT;
	return meaning == CAA_MEANS_DENIED ? CAA_DENIAL_OPEN : CAA_DENIAL_ERROR;
}

/** How many of those who wait may go now. */
static uint32_t room(const struct caa_upstream *u)
{
	uint32_t over_udp = caa_pacer_room(&u->learn.pacer), over_tcp = caa_transport_room(&u->transport);

	return over_udp > over_tcp ? over_udp : over_tcp;
}

struct caa_outcome caa_gate_outcome(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone,
	const struct caa_cookie_secret *secret, uint64_t now_us, enum caa_end end, const struct caa_packet *packet, bool tcp)
{
	struct caa_outcome o = { .limited = false };
	bool good = caa_serving_is_good(zone, now_us), cut = tcp && end == CAA_END_ANSWER && packet->truncated;
	/* What is asked again without EDNS goes over TCP, too. */
	bool behind_tc = q->tcp && !q->chose_tcp && end == CAA_END_ANSWER && !dislikes(packet->rcode);

	leave(u, q);
	q->waited = false;
	count(u, end);
	o.split = !tcp && q->udp && end == CAA_END_TIMEOUT && is_split(u, q);
	if (tcp)
		outcome_tcp(u, q, zone, secret, now_us, end, packet);
	else if (q->udp)
		o.limited = outcome_udp(u, q, zone, now_us, end, packet);
	outcome_unknown(u, q, now_us);
	o.meaning = meaning_of(u, q, zone, now_us, end, packet, tcp);
	o.room = u->line.first != NULL && room(u) > u->line.called;
	o.limit = caa_learn_limited(&u->learn);
	o.denial = denial_of(u, zone, now_us, good, o.meaning, cut);
	/* Behind an answer over UDP that was truncated one over TCP costs two queries, and says more than a limiter would. */
	o.twice = behind_tc && (!cut || o.denial == CAA_DENIAL_MIXED);
	o.lately = caa_learn_lately(&u->learn, now_us);
	o.srtt_us = u->learn.srtt_us;
	return o;
}

size_t caa_gate_call(struct caa_upstream *u, const void *thread, struct caa_turn **out, size_t max)
{
	return caa_line_call(&u->line, room(u), thread, out, max);
}

/** Nothing came over TCP. */
static enum caa_again again_after_tcp(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, uint64_t now_us)
{
	if (!q->chose_tcp)
		return CAA_AGAIN_NO;	/* Unbound asks on, and TCP once more */
	/* No cookie can be had from it, or not from each of its nodes: it is asked as plain Unbound does. */
	if (q->unproved)
		caa_cookie_mixed(&u->cookie, now_us);
	if (caa_serving_is_forged(zone, now_us))
		caa_serving_bare(zone, now_us);
	caa_serving_no_tcp(zone);
	q->want_tcp = q->unproved = q->chose_tcp = false;
	return CAA_AGAIN_SEND;
}

bool caa_gate_may_again(const struct caa_asking *q, const struct caa_packet *packet)
{
	return q->unproved || q->blamed || !q->liked ||
		(packet->rcode != CAA_RCODE_NOERROR && packet->rcode != CAA_RCODE_NXDOMAIN);
}

bool caa_gate_wonders(const struct caa_asking *q, const struct caa_serving *zone)
{
	return q->caa && !zone->liked && (q->cookie.client_sent || q->blamed);
}

/** The option is the reason of a bad answer: the zone goes without, or all do where no zone's answer to one with it was good. */
static void go_bare(struct caa_upstream *u, struct caa_serving *zone, uint64_t now_us)
{
	if (u->cookie.liked)
		caa_serving_bare(zone, now_us);
	else
		caa_cookie_avoid(&u->cookie, now_us);
}

/** Some servers answer a query with an option that they do not know badly in one way or another.  Before one with the option was
 *  answered well, the option may be the reason, and the same without it tells.
 *  @return whether it is to be asked so. */
static bool blames_cookie(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, uint64_t now_us,
	const struct caa_packet *packet, bool good)
{
	if (q->blamed && good)
		go_bare(u, zone, now_us);
	else if (q->blamed || good)
		u->cookie.liked = zone->liked = true;
	if (q->blamed || good) {
		q->without = q->without && good;	/* it was not the reason */
		q->blamed = false;
		return false;
	}
	caa_cookie_scout_blamed(&u->cookie);
	q->blamed = q->without = true;
	q->blamed_cut = packet->truncated;
	return true;
}

enum caa_again caa_gate_again(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, uint64_t now_us,
	const struct caa_packet *packet, bool edns, bool good)
{
	if (!q->caa)
		return CAA_AGAIN_NO;
	if (packet == NULL)
		return again_after_tcp(u, q, zone, now_us);
	if (q->unproved && !q->want_tcp) {
		q->want_tcp = true;
		return CAA_AGAIN_SEND;
	}
	if (packet->rcode == CAA_RCODE_BADCOOKIE && q->cookie.client_sent) {
		if (q->again)	/* its own cookie is not taken (RFC 7873, section 5.3): it is asked as plain Unbound does */
			caa_cookie_avoid(&u->cookie, now_us);
		q->without = q->again || u->cookie.refused;
		q->again = u->cookie.refused = true;
		return CAA_AGAIN_SEND;
	}
	if (packet->rcode == CAA_RCODE_NOTIMP && caa_serving_is_notimp(zone, now_us))
		return CAA_AGAIN_FINAL;
	if (dislikes(packet->rcode) && q->cookie.client_sent) {
		go_bare(u, zone, now_us);
		return CAA_AGAIN_SEND;
	}
	/* Large answers are truncated in any case; and where it is another answer than with the cookie, TCP tells. */
	if (packet->truncated && (q->blamed ? !q->blamed_cut : u->cookie.liked))
		return CAA_AGAIN_NO;
	if (packet->rcode != CAA_RCODE_NOTIMP && caa_gate_wonders(q, zone) && blames_cookie(u, q, zone, now_us, packet, good))
		return CAA_AGAIN_SEND;
	if (packet->rcode == CAA_RCODE_NOTIMP && !edns && caa_serving_notimp(zone, now_us))
		return CAA_AGAIN_FINAL;
	return CAA_AGAIN_NO;
}

uint64_t caa_gate_wait_new(const struct caa_upstream *u, uint64_t now_us)
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
