/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/tries.h"

enum {
	FIRST_DELAY_US = 50 * 1000,
	DOUBLINGS_MAX = 4,	/**< 0.8 s at most */
	NOTHING_TRIES = 2	/**< where nothing can be asked: there may be no address at all */
};

bool caa_tries_next(struct caa_tries *t, uint64_t now_us, uint64_t deadline_us, uint64_t *delay_us)
{
	bool nothing_asked = t->passing + t->definite == 0;
	uint64_t delay = (uint64_t)FIRST_DELAY_US << (t->made < DOUBLINGS_MAX ? t->made : DOUBLINGS_MAX);

	if (now_us + delay >= deadline_us)
		return false;
	if (t->passing == 0 && (!nothing_asked || t->made >= NOTHING_TRIES))
		return false;
	t->made++;
	t->passing = t->definite = 0;
	*delay_us = delay;
	return true;
}
