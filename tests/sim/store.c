/* SPDX-License-Identifier: BSD-3-Clause */
#include "store.h"

#include <stdlib.h>

enum {
	RATE_MIN = 500, FEW = 7200, FORM_MS = 2000, SECOND_MS = 1000, COUNT_MAX = 1000000,
	CUT_PERCENT = 87, NEAR_PERCENT = 92, BEYOND_PERCENT = 110,
	RISE_BELOW = 250, RISE_NEAR = 10, RISE_BEYOND = 150, RISE_LONGER = 2, RISE_SECONDS = 10
};

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t clamp(uint64_t value, uint64_t least, uint64_t most)
{
	return max(least, min(value, most));
}

static void turn(struct store *s, uint64_t now_ms, bool waits)
{
	uint64_t age_ms = now_ms - s->second_ms, mqps = s->good * 1000;
	bool follows = age_ms < 2 * SECOND_MS;

	if (age_ms < SECOND_MS)
		return;
	if (s->backlog && follows)
		s->steady = s->steady == 0 ? mqps : (s->steady * 3 + mqps) / 4;
	s->backlog = waits;
	s->before = follows ? s->good : 0;
	s->good = 0;
	s->second_ms = follows ? s->second_ms + SECOND_MS : now_ms;
}

static void lower(struct store *s, uint64_t now_ms, uint8_t lost)
{
	uint64_t rate = s->rate, lower = rate * CUT_PERCENT / 100, steady = s->steady * 92 / 100, age_ms = now_ms - s->second_ms;

	if (lost > CAA_SHARED_CUT) {
		uint64_t good = s->good * 1000 + s->before * (age_ms < SECOND_MS ? SECOND_MS - age_ms : 0);

		lower = clamp(good * 90 / 100, rate / 2, lower);
	} else if (steady > lower) {
		lower = steady < rate ? steady : rate * 92 / 100;
	}
	s->ceiling = rate;
	s->rate = max(lower, RATE_MIN);
	s->fresh = false;
	s->lowered_ms = s->raised_ms = now_ms;
	s->epoch = s->epoch % UINT32_MAX + 1;
}

static void raise(struct store *s, uint64_t now_ms)
{
	uint64_t age_ms = min(now_ms - s->raised_ms, SECOND_MS), seconds = (now_ms - s->lowered_ms) / SECOND_MS, rise = RISE_BEYOND;
	uint64_t near = s->ceiling * NEAR_PERCENT / 100, most = CAA_SHARE_RATE_MAX;

	if (s->rate < near) {
		rise = RISE_BELOW;
		most = min(near, most);
	} else if (s->rate < s->ceiling * BEYOND_PERCENT / 100) {
		rise = RISE_NEAR + (seconds < RISE_SECONDS ? RISE_LONGER * seconds * seconds : RISE_BELOW);
	}
	s->raised_ms = now_ms;
	s->rate = min(s->rate + s->rate * rise * age_ms / (SECOND_MS * 1000), most);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t fair(const struct store *s, const struct store_node *mine)
{
	uint64_t demand[CAA_SHARE_NODES], left = s->rate;
	size_t count = 0;

	for (size_t i = 0; i < CAA_SHARE_NODES; i++)
		if (s->node[i].id != 0)
			demand[count++] = s->node[i].demand;
	qsort(demand, count, sizeof(demand[0]), by_value);
	for (size_t i = 0; i < count; i++) {
		uint64_t level = left / (count - i);

		if (demand[i] > level)
			return min(mine->demand, level);
		left -= demand[i];
	}
	return mine->demand + left / count;
}

static void begin(struct store *s, uint64_t now_ms, uint32_t epoch)
{
	*s = (struct store){ .known = true, .epoch = (uint64_t)epoch % UINT32_MAX + 1, .formed_ms = now_ms, .lowered_ms = now_ms,
		.raised_ms = now_ms, .second_ms = now_ms, .fresh = true };
}

/** Those whose lease has ended are gone, and those whose lease ends later than it can: the store's clock has gone back.  No other
 *  time is ahead then, either. */
static void settle(struct store *s, uint64_t now_ms)
{
	for (size_t i = 0; i < CAA_SHARE_NODES; i++)
		if (s->node[i].till_ms <= now_ms || s->node[i].till_ms > now_ms + CAA_SHARE_LEASE_MS)
			s->node[i] = (struct store_node){ .id = 0 };
	s->formed_ms = min(s->formed_ms, now_ms);
	s->lowered_ms = min(s->lowered_ms, now_ms);
	s->raised_ms = min(s->raised_ms, now_ms);
	s->second_ms = min(s->second_ms, now_ms);
}

static struct store_node *node_of(struct store *s, unsigned id)
{
	for (size_t i = 0; i < CAA_SHARE_NODES; i++)
		if (s->node[i].id == id)
			return &s->node[i];
	return NULL;
}

/** Before the rate was ever lowered it is what the nodes think. */
static void form(struct store *s)
{
	uint64_t rate = 0, ceiling = 0, measured = 0;

	for (size_t i = 0; i < CAA_SHARE_NODES; i++) {
		rate += s->node[i].rate;
		ceiling += s->node[i].ceiling;
		measured += min(s->node[i].ceiling, s->node[i].rate * 10 / 9);
	}
	if (rate >= FEW)
		ceiling = measured;
	s->rate = clamp(rate, max(s->rate, RATE_MIN), CAA_SHARE_RATE_MAX);
	s->ceiling = clamp(ceiling, s->rate, CAA_SHARE_RATE_MAX);
}

void store_tell(struct store *s, uint64_t now_ms, unsigned id, const struct caa_share_report *r, struct caa_share_answer *out)
{
	uint64_t wanted = 0, held = 0, count = 0, well_ms = 0, free, base;
	struct store before = *s;	/* an answer that gives nothing changes nothing */
	struct store_node *mine;
	bool waits, met = r->rate_mqps > 0;

	if (!s->known)
		begin(s, now_ms, r->epoch);
	settle(s, now_ms);
	for (size_t i = 0; i < CAA_SHARE_NODES; i++)
		met = met || (s->node[i].id != id && s->node[i].rate > 0);
	mine = node_of(s, id);
	if (mine == NULL)
		mine = node_of(s, 0);
	if (mine == NULL || !met) {
		*s = before;
		*out = (struct caa_share_answer){ .share_mqps = 0 };
		return;
	}
	if (r->rate_mqps == 0 || r->hearsay) {
		mine->rate = mine->ceiling = 0;
	} else if (mine->rate == 0 || r->own) {
		mine->rate = r->rate_mqps;
		mine->ceiling = r->ceiling_mqps;
	}
	mine->id = id;
	mine->demand = r->demand_mqps;
	mine->till_ms = now_ms + CAA_SHARE_LEASE_MS;
	mine->well_ms = r->good > 0 ? now_ms : min(mine->well_ms, now_ms);
	mine->paused_ms = !r->pauses ? 0 : mine->paused_ms > 0 ? min(mine->paused_ms, now_ms) : now_ms;
	for (size_t i = 0; i < CAA_SHARE_NODES; i++) {
		count += s->node[i].id != 0;
		wanted += s->node[i].demand;
		held += &s->node[i] != mine ? s->node[i].share : 0;
		well_ms = max(well_ms, &s->node[i] != mine ? min(s->node[i].well_ms, now_ms) : 0);
	}
	if (s->fresh && now_ms - s->formed_ms < FORM_MS)
		form(s);
	waits = wanted >= s->rate;
	turn(s, now_ms, waits);
	s->backlog = s->backlog && waits;
	s->good = min(s->good + r->good, COUNT_MAX);
	if (r->lost != CAA_SHARED_NONE && r->epoch == s->epoch)
		lower(s, now_ms, r->lost);
	else if (r->raises && waits)
		raise(s, now_ms);
	free = s->rate > held ? s->rate - held : 0;
	mine->share = max(max(1, s->rate / (CAA_SHARE_LEAST_PART * count)), min(fair(s, mine), free));
	base = max(mine->share, s->rate / count);
	*out = (struct caa_share_answer){ .share_mqps = (uint32_t)mine->share,
		.ceiling_mqps = (uint32_t)clamp(min(s->ceiling * base / s->rate, base * 10 / 9), mine->share, CAA_SHARE_RATE_MAX),
		.rate_mqps = (uint32_t)s->rate, .epoch = (uint32_t)s->epoch, .lease_ms = CAA_SHARE_LEASE_MS, .nodes = (uint16_t)count,
		.answered = mine->paused_ms > 0 && well_ms > mine->paused_ms };
}
