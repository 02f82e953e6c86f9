/* SPDX-License-Identifier: BSD-3-Clause */
#include "limit.h"

enum { US_PER_S = 1000000, US_PER_MS = 1000, DEBT_S = 15 };

static double at_most(double value, double most)
{
	return value < most ? value : most;
}

bool limiter_allows(struct limiter *l, const struct limit *limit, uint64_t now_us)
{
	if (!l->begun) {
		*l = (struct limiter){ .begun = true, .balance = limit->burst, .at_us = now_us };
	} else if (limit->kind == LIMIT_WINDOW) {
		if (now_us - l->at_us >= US_PER_S) {
			l->at_us += (now_us - l->at_us) / US_PER_S * US_PER_S;
			l->balance = limit->rate;
		}
	} else {
		l->balance = at_most(l->balance + (double)(now_us - l->at_us) * limit->rate / US_PER_S, limit->burst);
		l->at_us = now_us;
	}
	if (now_us < l->until_us)
		return false;
	if (l->balance >= 1) {
		l->balance--;
		return true;
	}
	l->until_us = now_us + (uint64_t)limit->ban_ms * US_PER_MS;
	if (limit->kind == LIMIT_DEBT && l->balance > -(double)DEBT_S * limit->rate)
		l->balance--;
	return false;
}

enum action limiter_refuses(struct limiter *l, const struct limit *limit)
{
	return limit->slip > 0 && ++l->refused % limit->slip == 0 ? DO_TC : limit->refuse;
}
