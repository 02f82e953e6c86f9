/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/tries.h"

enum {
	FIRST_DELAY_US = 50 * 1000,
	DOUBLINGS_MAX = 4,	/**< 0.8 s at most */
	DENIED_TRIES = 3	/**< of a question that only meets denials: a server that always denies is not asked for long */
};

bool caa_tries_next(struct caa_tries *t, uint64_t now_us, uint64_t deadline_us, uint64_t *delay_us)
{
	bool nothing_asked = t->passing + t->denied + t->answered == 0;
	uint64_t delay = (uint64_t)FIRST_DELAY_US << (t->made < DOUBLINGS_MAX ? t->made : DOUBLINGS_MAX);

	if (now_us + delay >= deadline_us)
		return false;
	if (t->passing == 0 && !nothing_asked && (t->denied == 0 || t->made >= DENIED_TRIES))
		return false;
	t->made++;
	t->passing = t->denied = t->answered = 0;
	*delay_us = delay;
	return true;
}
