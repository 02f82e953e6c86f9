/* SPDX-License-Identifier: BSD-3-Clause */
#include "limiter.h"

enum { US_PER_S = 1000000 };

/** What a query gets that is not answered. */
static enum limiter_reply refuse(struct limiter *l)
{
	return l->slip != 0 && ++l->slipped % l->slip == 0 ? REPLY_CUT : l->refusal;
}

static enum limiter_reply bucket(struct limiter *l, uint64_t now_us)
{
	l->tokens += (double)(now_us - l->seen_us) * l->rate / US_PER_S;
	if (l->tokens > l->burst)
		l->tokens = l->burst;
	l->seen_us = now_us;
	if (l->tokens < 1)
		return refuse(l);
	l->tokens -= 1;
	return REPLY_ANSWER;
}

static enum limiter_reply rrl(struct limiter *l, uint64_t now_us)
{
	uint64_t seconds = now_us / US_PER_S - l->seen_us / US_PER_S;

	l->tokens += (double)seconds * l->rate;
	if (l->tokens > l->rate)
		l->tokens = l->rate;
	l->seen_us = now_us;
	l->tokens -= 1;
	if (l->tokens >= 0)
		return REPLY_ANSWER;
	if (l->tokens < -(double)l->rate * l->window_s)
		l->tokens = -(double)l->rate * l->window_s;
	return refuse(l);
}

static enum limiter_reply ban(struct limiter *l, uint64_t now_us)
{
	enum limiter_reply reply;

	if (now_us < l->ban_us)
		return l->refusal;
	reply = bucket(l, now_us);
	if (reply != REPLY_ANSWER)
		l->ban_us = now_us + (uint64_t)l->window_s * US_PER_S;
	return reply;
}

enum limiter_reply limiter_ask(struct limiter *l, uint64_t now_us, uint64_t *random)
{
	if (!l->used) {
		l->used = true;
		l->tokens = l->kind == LIMITER_RRL ? l->rate : l->burst;
		l->seen_us = now_us;
	}
	if (l->kind == LIMITER_DEAD || (l->loss > 0 && sim_chance(random) < l->loss))
		return REPLY_NOTHING;
	switch (l->kind) {
	case LIMITER_NONE:
	case LIMITER_DEAD:
		break;
	case LIMITER_BUCKET:
		return bucket(l, now_us);
	case LIMITER_RRL:
		return rrl(l, now_us);
	case LIMITER_CONCURRENT:
		return l->under_way >= l->rate ? l->refusal : REPLY_ANSWER;
	case LIMITER_BAN:
		return ban(l, now_us);
	}
	return REPLY_ANSWER;
}

uint64_t limiter_bound_us(const struct limiter *l, uint64_t queries)
{
	uint64_t at_once = l->kind == LIMITER_RRL ? l->rate + l->rate / 2 : l->burst;

	switch (l->kind) {
	case LIMITER_NONE:
		return l->round_us;
	case LIMITER_DEAD:
		return UINT64_MAX;
	case LIMITER_CONCURRENT:
		return (queries + l->rate - 1) / l->rate * l->round_us;
	case LIMITER_BUCKET:
	case LIMITER_BAN:
	case LIMITER_RRL:
		break;
	}
	return l->round_us + (queries > at_once ? (queries - at_once) * US_PER_S / l->rate : 0);
}

bool limiter_bans(const struct limiter *l, uint64_t now_us)
{
	return l->kind == LIMITER_BAN && now_us < l->ban_us;
}

uint64_t limiter_capacity(const struct limiter *l, uint64_t now_us, uint64_t for_us)
{
	switch (l->kind) {
	case LIMITER_DEAD:
		return 0;
	case LIMITER_BAN:
		if (limiter_bans(l, now_us))
			return 0;
		break;
	case LIMITER_NONE:
	case LIMITER_CONCURRENT:	/* who waits for answers is answered at any rate that matters here */
		return UINT64_MAX;
	case LIMITER_BUCKET:
	case LIMITER_RRL:
		break;
	}
	return for_us * l->rate / US_PER_S;
}
