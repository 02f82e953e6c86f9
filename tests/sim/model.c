/* SPDX-License-Identifier: BSD-3-Clause */
#include "model.h"

enum { US_PER_S = 1000000, US_PER_MS = 1000, LOCAL_US = 200, REST_US = 60 * US_PER_S };

#define NEAR .round_us = LOCAL_US
#define FAR .round_us = 60 * US_PER_MS
#define DROP .refusal = REPLY_NOTHING
#define DENY .refusal = REPLY_DENIED
#define CUT .refusal = REPLY_CUT
#define BUCKET .kind = LIMITER_BUCKET, .rate = 20, .burst = 32
#define BIND .kind = LIMITER_RRL, .rate = 20

const struct sim_model sim_models[SIM_MODELS] = {
	{ "none", { .kind = LIMITER_NONE, NEAR }, false },
	{ "none, 60 ms", { .kind = LIMITER_NONE, FAR }, false },
	{ "none, 300 ms", { .kind = LIMITER_NONE, .round_us = 300 * US_PER_MS }, false },
	{ "bucket 20, drop", { BUCKET, DROP, NEAR }, false },
	{ "bucket 20, REFUSED", { BUCKET, DENY, NEAR }, false },
	{ "bucket 20, SERVFAIL, 60 ms", { BUCKET, DENY, FAR }, false },
	{ "bucket 20, TC, 300 ms", { BUCKET, CUT, .round_us = 300 * US_PER_MS }, false },
	{ "bucket 20, drop, 60 ms", { BUCKET, DROP, FAR }, false },
	{ "BIND 20, window 5", { BIND, .window_s = 5, DROP, NEAR }, false },
	{ "BIND 20, window 15", { BIND, .window_s = 15, DROP, NEAR }, false },
	{ "BIND 20, slip 2", { BIND, .window_s = 5, .slip = 2, DROP, NEAR }, false },
	{ "BIND 20, TC", { BIND, .window_s = 5, CUT, NEAR }, false },
	{ "BIND 20, 60 ms", { BIND, .window_s = 5, DROP, FAR }, false },
	{ "bucket 100, drop", { .kind = LIMITER_BUCKET, .rate = 100, .burst = 100, DROP, NEAR }, false },
	{ "bucket 1000, drop", { .kind = LIMITER_BUCKET, .rate = 1000, .burst = 100, DROP, NEAR }, false },
	{ "concurrent 8", { .kind = LIMITER_CONCURRENT, .rate = 8, DROP, .round_us = 20 * US_PER_MS }, false },
	{ "concurrent 8, REFUSED", { .kind = LIMITER_CONCURRENT, .rate = 8, DENY, .round_us = 20 * US_PER_MS }, false },
	{ "ban 5 s above 50", { .kind = LIMITER_BAN, .rate = 50, .burst = 50, .window_s = 5, DROP, NEAR }, false },
	{ "ban 120 s above 50", { .kind = LIMITER_BAN, .rate = 50, .burst = 50, .window_s = 120, DROP, NEAR }, false },
	{ "20% loss", { .kind = LIMITER_NONE, .loss = 0.2, NEAR }, false },
	{ "20% loss, 300 ms", { .kind = LIMITER_NONE, .loss = 0.2, .round_us = 300 * US_PER_MS }, false },
	{ "one of two dead", { .kind = LIMITER_NONE, NEAR }, true },
	{ "dead", { .kind = LIMITER_DEAD, NEAR }, false },
};

struct sim_authority sim_authority_of(const struct sim_model *m)
{
	return (struct sim_authority){ .name = m->name, .limiter = m->limiter, .dead = { m->one_dead, false } };
}

struct sim_result sim_certificates(const struct sim_model *m, unsigned levels, bool paced, uint64_t seed, FILE *trace)
{
	struct sim_result r = { .failed = { 0 } };
	struct sim_authority a = sim_authority_of(m);
	struct sim *s = sim_create(&a, 1, paced, SIM_BUDGET_US, seed);
	uint64_t start_us = US_PER_S + seed * 7919 * 13 % US_PER_S;

	for (size_t turn = 0; turn < 2; turn++) {
		uint64_t failed = a.failed, asked = a.asked;

		for (unsigned i = 0; i < SIM_NAMES; i++)
			sim_climb(s, start_us, 0, levels);
		sim_run(s, UINT64_MAX, trace);
		r.failed[turn] = a.failed - failed;
		r.asked[turn] = a.asked - asked;
		r.took_us[turn] = a.last_us - start_us;
		start_us = a.last_us + REST_US;
	}
	sim_destroy(s);
	return r;
}
