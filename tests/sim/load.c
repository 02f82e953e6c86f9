/* SPDX-License-Identifier: BSD-3-Clause */
#include "load.h"

#include <assert.h>
#include <stdlib.h>
#include "model.h"

enum {
	US_PER_S = 1000000,
	SMALL_PERCENT = 70, MIDDLE_PERCENT = 28,	/**< certificates of one name, of 2 to 10; the others have 100 */
	MIDDLE_MIN = 2, MIDDLE_MAX = 10, LARGE = 100,
	LEVELS_MAX = 3,
	BUSY_POWER = 2		/**< authorities differ: the first tenth has a third of the load */
};

static unsigned names_of(uint64_t *random)
{
	unsigned percent = (unsigned)(sim_chance(random) * 100);

	if (percent < SMALL_PERCENT)
		return 1;
	if (percent < SMALL_PERCENT + MIDDLE_PERCENT)
		return MIDDLE_MIN + (unsigned)(sim_chance(random) * (MIDDLE_MAX - MIDDLE_MIN + 1));
	return LARGE;
}

static size_t authority_of(size_t count, uint64_t *random)
{
	double part = 1;

	for (int i = 0; i < BUSY_POWER; i++)
		part *= sim_chance(random);
	return (size_t)(part * (double)count);
}

/** The certificates of one second; what is too much or too little now is owed to the next. */
static int64_t second(struct sim *s, const struct sim_load *load, uint64_t start_us, int64_t owed, uint64_t *random)
{
	for (owed += load->climbs_per_s; owed > 0;) {
		unsigned names = names_of(random), levels = 1 + (unsigned)(sim_chance(random) * LEVELS_MAX);
		uint64_t at_us = start_us + (uint64_t)(sim_chance(random) * US_PER_S);
		size_t authority = authority_of(load->authorities, random);

		owed -= names;
		for (unsigned i = 0; i < names; i++)
			sim_climb(s, at_us, authority, levels);
	}
	return owed;
}

static struct sim_figures figures_of(struct sim *s, const struct sim_authority *authority, size_t count)
{
	struct sim_figures f = { .climbs = 0 };

	for (size_t i = 0; i < count; i++) {
		f.climbs += authority[i].climbs;
		f.asked += authority[i].asked;
		f.bans += authority[i].bans;
		for (size_t e = 0; e < SIM_ENDS; e++)
			f.ends[e] += authority[i].ends[e];
		f.model_failed[i % SIM_MODELS] += authority[i].ends[SIM_COULD];
	}
	f.median_us = sim_quantile_us(s, 0.5);
	f.p99_us = sim_quantile_us(s, 0.99);
	f.wait_p99_us = sim_wait_quantile_us(s, 0.99);
	return f;
}

struct sim_figures sim_load_run(const struct sim_load *load, bool paced, uint64_t seed)
{
	struct sim_authority *authority = calloc(load->authorities, sizeof(*authority));
	uint64_t random = seed * 2 + 1;
	struct sim_figures f;
	int64_t owed = 0;
	struct sim *s;

	assert(authority != NULL);
	for (size_t i = 0; i < load->authorities; i++)
		authority[i] = sim_authority_of(&sim_models[i % SIM_MODELS]);
	s = sim_create(authority, load->authorities, paced, SIM_BUDGET_US, seed);
	assert(s != NULL);
	for (uint64_t n = 1; n <= load->seconds; n++) {
		owed = second(s, load, n * US_PER_S, owed, &random);
		sim_run(s, n * US_PER_S + US_PER_S, NULL);
	}
	sim_run(s, UINT64_MAX, NULL);
	f = figures_of(s, authority, load->authorities);
	sim_destroy(s);
	free(authority);
	return f;
}
