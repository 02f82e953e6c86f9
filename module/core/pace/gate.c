/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/gate.h"

#include "core/pace/course.h"
#include "core/pace/proof.h"
#include "core/pace/send.h"
#include "core/pace/waiting.h"

enum {
	US_PER_MS = 1000,
	US_PER_S = 1000000,
	SUSPECTS = 4,			/**< queries of zones that were denied and may be limited, under way at once */
	FRONT_MIN = 8,			/**< so many at the front of the line may use a turn, ... */
	FRONT_US = 200 * US_PER_MS,	/**< ... and those whose turn is due so soon: they come as late as that */
	FREE_US = 10 * US_PER_MS,	/**< a wait that is not longer is none */
	BAND_US = 400 * US_PER_MS,	/**< Unbound chooses at random among addresses that differ by less */
	STEEP = 3,			/**< how much more a longer wait costs beyond that */
	SILENT_COST_US = US_PER_S	/**< what an address costs that has queries under way and is silent */
};

static enum caa_need need_of(const struct caa_asking *q, const struct caa_wish *wish)
{
	if (wish->tcp || q->want_tcp)
		return CAA_NEED_TCP;
	return wish->zone->tcp ? CAA_NEED_ANY : CAA_NEED_UDP;
}

/** A question that was lost is asked over TCP where that works: of several resolvers that meet a limit none may lose enough to find it, and
 *  over UDP it may be lost again. */
static bool is_better_over_tcp(const struct caa_upstream *u, const struct caa_wish *wish)
{
	return wish->repeated && wish->accompanied && caa_transport_works(&u->transport);
}

static enum caa_offer offer_of(const struct caa_upstream *u, const struct caa_asking *q, enum caa_need need, const struct caa_wish *wish)
{
	static const enum caa_offer offers[] = {
		[CAA_TRANSPORT_UDP] = CAA_OFFER_UDP,
		[CAA_TRANSPORT_TCP] = CAA_OFFER_TCP,
		[CAA_TRANSPORT_SOON] = CAA_OFFER_TCP_SOON,
	};
	bool must = need == CAA_NEED_TCP;

	if (must && !caa_waiting_finds_place(q, wish))
		return CAA_OFFER_TCP_SOON;
	if (caa_learn_is_manual(&u->learn))
		return CAA_OFFER_BY_HAND;
	if (!must && wish->room != CAA_ROOM_FREE)
		return CAA_OFFER_UDP;
	return offers[caa_transport_choose(&u->transport, wish->now_us, must || is_better_over_tcp(u, wish))];
}

static enum caa_belief belief_of(const struct caa_upstream *u, const struct caa_asking *q, const struct caa_serving *zone,
	const struct caa_wish *wish, enum caa_standing standing)
{
	uint64_t asked_us = standing == CAA_STANDING_FRESH ? wish->now_us : wish->age_us;

	if (caa_learn_is_manual(&u->learn))
		return CAA_BELIEF_BY_HAND;
	if (!caa_serving_is_asked(zone, wish->now_us) && caa_learn_wants_new(&u->learn, wish->now_us, asked_us))
		return CAA_BELIEF_BLOCKED;
	if (!caa_learn_limited(&u->learn))
		return caa_learn_lets_pass(&u->learn, wish->now_us) ? CAA_BELIEF_FILLED : CAA_BELIEF_NONE;
	if (caa_learn_wants_witness(&u->learn, q->zone) || (!wish->repeated && caa_learn_wants_fresh(&u->learn)))
		return CAA_BELIEF_CLAIM;
	return CAA_BELIEF_LIMIT;
}

static enum caa_standing standing_of(const struct caa_serving *zone, uint64_t now_us)
{
	if (caa_serving_is_suspect_of_limit(zone, now_us))
		return CAA_STANDING_DENIED;
	if (caa_serving_is_suspect(zone, now_us))
		return CAA_STANDING_SUSPECT;
	if (!caa_serving_is_witness(zone, now_us))
		return CAA_STANDING_NEW;
	return caa_serving_answered_since(zone, now_us, now_us) ? CAA_STANDING_FRESH : CAA_STANDING_WITNESS;
}

/** How many may use a turn that is due at a rate: those who ask again before the first of them does. */
static uint64_t front(const struct caa_upstream *u)
{
	return FRONT_MIN + FRONT_US / u->learn.pacer.interval_us;
}

/** How long it has to wait for its place; at a rate, who is far behind in the line must not take the turn of those who have not come yet. */
static uint64_t due_us(struct caa_upstream *u, const struct caa_asking *q, uint64_t now_us)
{
	uint64_t wait_us = caa_learn_wait(&u->learn, q->turn.place, now_us);

	if (wait_us > 0 || u->learn.pacer.interval_us == 0 || caa_line_is_front(&q->turn, front(u)))
		return wait_us;
	return u->learn.pacer.interval_us;
}

/** In its turn. @param soon: it goes over TCP when that is free first. */
static enum caa_gate ask_place(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, const struct caa_wish *wish,
	bool soon, uint64_t *wait_us)
{
	uint64_t wait, most_us = soon ? caa_waiting_soon_us(u) : UINT64_MAX;

	if (!q->turn.in_line && !caa_waiting_enter(u, q, zone, wish))
		return caa_waiting_outside(u, q, wish, soon, wait_us);
	wait = due_us(u, q, wish->now_us);
	if (wait == 0)
		return caa_send_paced(u, q, zone, wish);
	return caa_waiting_hold(u, q, wish, wait, most_us, wait_us);
}

static enum caa_gate ask_line(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, const struct caa_wish *wish,
	bool soon, uint64_t *wait_us)
{
	enum caa_standing standing = standing_of(zone, wish->now_us);

	if (soon && !caa_transport_works(&u->transport) && caa_proof_is_missed(u, q, wish->now_us))
		return caa_waiting_proof(u, q, wish, wait_us);
	if (q->denied_elsewhere && !q->turn.in_line)
		caa_learn_warn(&u->learn);
	switch (caa_course_way(belief_of(u, q, zone, wish, standing), standing)) {
	case CAA_WAY_PLACE:
		break;
	case CAA_WAY_ASIDE:
		return caa_send_aside(u, q, zone, wish, CAA_ASIDE_FREE);
	case CAA_WAY_TEST:
		return caa_send_aside(u, q, zone, wish, CAA_ASIDE_TESTS);
	case CAA_WAY_PASS:
		return caa_send_aside(u, q, zone, wish, CAA_ASIDE_PASSES);
	case CAA_WAY_FEW:
		return u->learn.asides < SUSPECTS ? caa_send_aside(u, q, zone, wish, CAA_ASIDE_TESTS) : caa_waiting_denied(u, q, wish, wait_us);
	}
	return ask_place(u, q, zone, wish, soon, wait_us);
}

/** What decides about the cookie as well, and what was said of the zone's options, is kept with the query. */
static void note_asked(struct caa_upstream *u, struct caa_asking *q, const struct caa_serving *zone, const struct caa_wish *wish)
{
	q->caa = true;
	q->cookies = wish->zone->cookie != 0;
	q->want_tcp = q->want_tcp || (q->cookies && caa_serving_is_forged(zone, wish->now_us));
	q->bare = caa_serving_is_bare(zone, wish->now_us);
	q->liked = zone->liked;
	q->doubtful = caa_serving_doubts_cookie(zone) && !caa_learn_limited(&u->learn);
	u->learn.accompanied = wish->accompanied;
	if (q->turn.in_line)
		return;
	caa_learn_options(&u->learn, wish->now_us, wish->zone->rate_qps, (uint16_t)wish->zone->burst);
	/* Each of several that begin at once would send as many, and a limit counts them together. */
	if (wish->accompanied && q->cookies && caa_cookie_is_open(&u->cookie))
		caa_learn_begin_alone(&u->learn);
}

static enum caa_gate late(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish)
{
	caa_waiting_leave(u, q);
	if (!wish->queued)
		u->refused++;
	return CAA_GATE_LATE;
}

enum caa_gate caa_gate_ask(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone,
	const struct caa_wish *wish, uint64_t *wait_us)
{
	enum caa_need need;
	bool soon = false;

	q->neighbours = 0;
	note_asked(u, q, zone, wish);
	if (wish->now_us >= wish->deadline_us)
		return late(u, q, wish);
	need = need_of(q, wish);
	switch (caa_course_of(offer_of(u, q, need, wish), need)) {
	case CAA_COURSE_TCP:
		return caa_send_tcp(u, q, wish);
	case CAA_COURSE_TCP_SOON:
		return caa_waiting_tcp(u, q, wish, wait_us);
	case CAA_COURSE_LINE_SOON:
		soon = true;
		break;
	case CAA_COURSE_LINE:
		break;
	}
	return ask_line(u, q, zone, wish, soon, wait_us);
}

void caa_gate_other(struct caa_upstream *u, struct caa_asking *q, uint64_t now_us, bool tcp)
{
	caa_waiting_leave(u, q);	/* it had one while a CAA question waited for it */
	q->caa = q->forged = q->unproved = q->chosen = false;
	q->cookie = (struct caa_cookie_sent){ .client_sent = false };
	q->patience_ms = q->least_ms = 0;
	u->sent++;
	if (tcp) {
		q->sent = (struct caa_sent){ .sent_us = now_us };
		return;
	}
	caa_send_note(q, caa_learn_charged(&u->learn, now_us));
	q->udp = true;
}

size_t caa_gate_call(struct caa_upstream *u, const void *thread, struct caa_turn **out, size_t max)
{
	return caa_line_call(&u->line, caa_waiting_room(u), thread, out, max);
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
