/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pacer.h"

#include <assert.h>

enum { US_PER_S = 1000000 };

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t until_us(uint64_t then_us, uint64_t now_us)
{
	return then_us > now_us ? then_us - now_us : 0;
}

void caa_pacer_init(struct caa_pacer *p)
{
	*p = (struct caa_pacer){ .next_us = 0 };
}

void caa_pacer_set_rate(struct caa_pacer *p, uint32_t rate_qps, uint32_t burst)
{
	assert(rate_qps <= CAA_RATE_MAX && burst >= 1 && burst <= CAA_BURST_MAX);	/* options.c bounds them */
	/* Rounded up: a rate that does not divide a second is missed on the slow side. */
	p->interval_us = rate_qps == 0 ? 0 : (US_PER_S + rate_qps - 1) / rate_qps;
	p->burst_us = (burst - 1) * p->interval_us;
}

uint64_t caa_pacer_wait(const struct caa_pacer *p, uint64_t now_us)
{
	if (p->interval_us == 0)
		return 0;
	/* Idle time is not saved up beyond the burst: a place in the past is a place now. */
	return until_us(max_u64(p->next_us, now_us), now_us + p->burst_us);
}

bool caa_pacer_book(struct caa_pacer *p, uint64_t now_us, uint64_t limit_us, uint64_t *wait_us)
{
	uint64_t wait = caa_pacer_wait(p, now_us);

	if (wait > limit_us)
		return false;
	if (p->interval_us != 0)
		p->next_us = max_u64(p->next_us, now_us) + p->interval_us;
	*wait_us = wait;
	return true;
}

void caa_pacer_charge(struct caa_pacer *p, uint64_t now_us)
{
	uint64_t ceiling_us = now_us + p->burst_us + CAA_PACER_DEBT_MAX_US;
	uint64_t next_us = max_u64(p->next_us, now_us) + p->interval_us;

	if (p->interval_us != 0 && next_us <= ceiling_us)
		p->next_us = next_us;
}
