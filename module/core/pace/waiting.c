/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/waiting.h"

enum {
	US_PER_MS = 1000,
	US_PER_S = 1000000,
	SOON_US = 5 * US_PER_MS,	/**< who waits for the first answer over TCP asks again then, ... */
	SOON_CROWD_US = US_PER_MS,	/**< ... but where many wait, one asks in so long: the answer calls them */
	PLACE_PARTS = 8,		/**< who waits for a place for a connection asks again after this part of the time that it has waited, or half of it */
	PROOF_US = 400 * US_PER_MS,	/**< as long as one over TCP is waited for that was not asked for by the server */
	LATER_US = 20 * US_PER_MS,	/**< who waits for others to find out why its zone was denied asks again then */
	ADMIT_US = 250 * US_PER_MS,	/**< whose turn is beyond the budget asks again then: the pace may rise ... */
	ADMIT_MOST_US = 15 * US_PER_S,	/**< ... or later where many do, but no later than this: who finds room calls its neighbours, ... */
	SCOUTS = 32,			/**< ... and one in so many, and the oldest of those that call each other, is to find it soon: it asks ... */
	SCOUT_MOST_US = 2 * US_PER_S,	/**< ... no later than this */
	AGAIN_US = 500 * US_PER_MS,	/**< who waits asks again no later: the pace, or another address, may have changed; ... */
	CROWD_US = 24 * US_PER_MS,	/**< ... but where many wait, one asks in so long, ... */
	DUE_PARTS = 16,			/**< ... each at least so often until its turn */
	MANY = 500, TOGETHER_US = 100 * US_PER_MS,	/**< of so many, those ask at one time whose times are no further apart: each time
					 *   wakes the thread */
	TIRED_US = 3 * US_PER_S,	/**< who has waited so long for a place for a connection takes another's, if nobody has done so lately */
	LONG_US = 200 * US_PER_MS	/**< who waits longer asks again half way: the pace may have changed */
};

void caa_waiting_tell(struct caa_asking *q)
{
	q->neighbours = (uint8_t)caa_line_neighbours(&q->turn, q->neighbour);
}

void caa_waiting_leave(struct caa_upstream *u, struct caa_asking *q)
{
	caa_line_set_outside(&u->line, &q->turn, false);
	if (!q->turn.in_line)
		return;
	caa_line_leave(&u->line, &q->turn);
	caa_pacer_leave(&u->learn.pacer);
}

void caa_waiting_count(struct caa_upstream *u, const struct caa_asking *q, uint64_t now_us)
{
	if (!q->waited)
		return;
	u->waited++;
	u->waited_ms += (uint32_t)((now_us - q->placed_us) / US_PER_MS);
}

bool caa_waiting_enter(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, const struct caa_wish *wish)
{
	struct caa_pacer tried = u->learn.pacer, before = tried;
	struct caa_place place;

	if (!wish->repeated && caa_serving_is_full(zone, wish->now_us)) {
		caa_line_set_outside(&u->line, &q->turn, true);
		return false;
	}
	caa_waiting_tell(q);
	caa_line_set_outside(&u->line, &q->turn, false);
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
		q->neighbours = 0;
		caa_line_set_outside(&u->line, &q->turn, true);
		return false;
	}
	q->placed_us = wish->now_us;
	q->waited = false;
	return true;
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

/** All who wait. */
static uint64_t crowd(const struct caa_upstream *u)
{
	return (uint64_t)u->line.outsiders + caa_pacer_waiting(&u->learn.pacer);
}

/** When who waits asks again without a reason to: often enough to be there when others leave their places. */
static uint64_t again_us(const struct caa_upstream *u, uint64_t now_us, uint64_t due_us)
{
	uint64_t wait_us = max_u64(AGAIN_US, min_u64(crowd(u) * CROWD_US, due_us / DUE_PARTS));

	return crowd(u) >= MANY ? wait_us - (now_us + wait_us) % TOGETHER_US : wait_us;
}

uint64_t caa_waiting_soon_us(const struct caa_upstream *u)
{
	return max_u64(SOON_US, min_u64(caa_pacer_waiting(&u->learn.pacer) * (uint64_t)SOON_CROWD_US, AGAIN_US));
}

/** When who has no place asks again: in time to be sent, if it gets one then. */
static uint64_t admit_us(const struct caa_upstream *u, const struct caa_asking *q, const struct caa_wish *wish)
{
	bool scout = q->question % SCOUTS == 0 || caa_line_is_oldest(&q->turn);
	uint64_t most_us = min_u64(scout ? SCOUT_MOST_US : ADMIT_MOST_US, (wish->deadline_us - wish->now_us) * 3 / 4);

	return max_u64(ADMIT_US, min_u64(u->line.outsiders * (uint64_t)CROWD_US, most_us));
}

enum caa_gate caa_waiting_hold(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish, uint64_t due_us,
	uint64_t most_us, uint64_t *wait_us)
{
	if (is_better_elsewhere(u, q, wish, due_us)) {
		caa_waiting_tell(q);
		caa_waiting_leave(u, q);
		return CAA_GATE_ELSEWHERE;
	}
	q->waited = q->turn.in_line || q->waited;
	caa_line_wait(&u->line, &q->turn);
	*wait_us = due_us > LONG_US ? due_us / 2 : due_us;
	*wait_us = min_u64(min_u64(*wait_us, again_us(u, wish->now_us, due_us)), min_u64(most_us, wish->deadline_us - wish->now_us));
	return CAA_GATE_WAIT;
}

enum caa_gate caa_waiting_outside(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish, bool tcp,
	uint64_t *wait_us)
{
	uint64_t at_us = tcp ? ADMIT_US : admit_us(u, q, wish);

	return caa_waiting_hold(u, q, wish, DUE_PARTS * at_us, at_us, wait_us);
}

enum caa_gate caa_waiting_denied(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish, uint64_t *wait_us)
{
	return caa_waiting_hold(u, q, wish, LATER_US, LATER_US, wait_us);
}

enum caa_gate caa_waiting_proof(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish, uint64_t *wait_us)
{
	if (!q->turn.in_line && !q->waited)
		q->placed_us = wish->now_us;
	return caa_waiting_hold(u, q, wish, PROOF_US, caa_waiting_soon_us(u), wait_us);
}

bool caa_waiting_finds_place(const struct caa_asking *q, const struct caa_wish *wish)
{
	bool tired = q->connects_us != 0 && wish->now_us >= q->connects_us + TIRED_US;

	return wish->room < CAA_ROOM_TAKEN || (wish->room == CAA_ROOM_TAKEN && tired);
}

/** @return when who has to go over TCP asks again. */
static uint64_t tcp_us(struct caa_asking *q, const struct caa_wish *wish)
{
	if (wish->room < CAA_ROOM_TAKEN)
		return SOON_US;
	if (q->connects_us == 0)
		q->connects_us = wish->now_us;
	return max_u64(SOON_US, (wish->now_us - q->connects_us) / PLACE_PARTS);
}

enum caa_gate caa_waiting_tcp(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish, uint64_t *wait_us)
{
	uint64_t at_us = tcp_us(q, wish);

	if (!q->turn.in_line && !q->waited)
		q->placed_us = wish->now_us;
	return caa_waiting_hold(u, q, wish, at_us, at_us, wait_us);
}

uint32_t caa_waiting_room(const struct caa_upstream *u)
{
	uint32_t over_udp = caa_pacer_room(&u->learn.pacer), over_tcp = caa_transport_room(&u->transport);

	return over_udp > over_tcp ? over_udp : over_tcp;
}
