/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include "store.h"

enum {
	US_PER_S = 1000000, US_PER_MS = 1000,
	PERIOD_US = CAA_SHARE_PERIOD_MS * US_PER_MS,
	AGAIN_US = 500 * US_PER_MS,
	WARM_US = 15 * US_PER_S,		/**< what shares are before is not measured */
	STEP_EVERY_US = 7 * US_PER_S,
	AHEAD_MS = 3600 * 1000,			/**< the store's clock, at the start */
	SAMPLES_MAX = 65536
};

struct fleet;

struct node {
	struct fleet *fleet;
	unsigned number;
	struct caa_share share[SIM_ADDRESSES];
};

struct fleet {
	const struct sim_fleet *is;
	struct sim_authority authority[SIM_FLEET_MAX];
	struct node node[SIM_FLEET_MAX];
	struct store store[SIM_ADDRESSES];
	uint64_t start_us, end_us, lowered, calls;
	double sample[SAMPLES_MAX];
	size_t samples, looks;
	double leased;
	FILE *trace;
};

/** A call to the store. */
struct call {
	struct node *node;
	unsigned address;
	uint64_t asked_us;
	struct caa_share_report report;
	struct caa_share_answer answer;
};

static bool is_cut(const struct fleet *f, uint64_t now_us)
{
	return now_us >= f->start_us + f->is->cut_from_us && now_us < f->start_us + f->is->cut_from_us + f->is->cut_for_us;
}

static bool reaches(const struct node *n, uint64_t now_us)
{
	return !is_cut(n->fleet, now_us) || n->number >= n->fleet->is->cut_nodes;
}

static uint64_t store_ms(const struct fleet *f, uint64_t now_us)
{
	uint64_t steps_us = now_us / STEP_EVERY_US % 2 == 1 ? f->is->steps_us : 0;

	return AHEAD_MS + (now_us + steps_us) / US_PER_MS;
}

static void answer_comes(struct sim *s, void *arg)
{
	struct call *c = arg;
	struct sim_authority *a = &c->node->fleet->authority[c->node->number];

	if (reaches(c->node, sim_now_us(s)))
		caa_share_apply(&c->node->share[c->address], &a->learn[c->address], sim_now_us(s), c->asked_us, &c->report, &c->answer);
	free(c);
}

static void store_is_told(struct sim *s, void *arg)
{
	struct call *c = arg;
	struct fleet *f = c->node->fleet;
	struct store *store = &f->store[c->address];
	uint64_t epoch = store->epoch;
	bool known = store->known;

	f->calls++;
	if (f->is->calls != NULL) {
		char text[CAA_SHARE_TEXT_MAX];

		fprintf(f->is->calls, "%u %" PRIu64 " %u %s\n", c->address, store_ms(f, sim_now_us(s)), c->node->number + 1, caa_share_text(text, &c->report));
	}
	store_tell(store, store_ms(f, sim_now_us(s)), c->node->number + 1, &c->report, &c->answer);
	f->lowered += known && store->epoch != epoch;
	sim_call(s, sim_now_us(s) + f->is->store_us / 2, answer_comes, c);
}

static void tell(struct sim *s, struct node *n, unsigned address)
{
	struct caa_learn *l = &n->fleet->authority[n->number].learn[address];
	struct call *c;

	if (!caa_share_wanted(&n->share[address], l))
		return;
	c = malloc(sizeof(*c));
	assert(c != NULL);
	*c = (struct call){ .node = n, .address = address, .asked_us = sim_now_us(s),
		.report = caa_share_report(&n->share[address], l, sim_now_us(s)) };
	if (reaches(n, sim_now_us(s)))
		sim_call(s, sim_now_us(s) + n->fleet->is->store_us / 2, store_is_told, c);
	else
		free(c);
}

static void period(struct sim *s, void *arg)
{
	struct node *n = arg;

	for (unsigned i = 0; i < SIM_ADDRESSES; i++) {
		n->fleet->authority[n->number].learn[i].accompanied = n->fleet->is->nodes > 1 && reaches(n, sim_now_us(s));
		tell(s, n, i);
	}
	if (sim_now_us(s) < n->fleet->end_us)
		sim_call(s, sim_now_us(s) + PERIOD_US, period, n);
}

/** The rate that a node goes by. @param shares: false if no query of it waits, or one at an address where the rate is no share, or it
 *  knows of no limit at one. */
static double rate_of(const struct sim_authority *a, uint64_t now_us, bool *shares)
{
	double rate = 0;
	bool waits = false;

	for (unsigned i = 0; i < SIM_ADDRESSES; i++) {
		const struct caa_learn *l = &a->learn[i];

		if (caa_learn_is_shared(l, now_us) || (caa_learn_limited(l) && caa_pacer_waiting(&l->pacer) > 0))
			rate += l->limit.rate_mqps / 1000.0;
		*shares = *shares && caa_learn_limited(l) && (caa_pacer_waiting(&l->pacer) == 0 || caa_learn_is_shared(l, now_us));
		waits = waits || caa_pacer_waiting(&l->pacer) > 0;
	}
	*shares = *shares && waits;
	return rate;
}

/** @return queries/s that the store has given out. */
static double leased(const struct fleet *f, uint64_t now_ms)
{
	double mqps = 0;

	for (unsigned i = 0; i < SIM_ADDRESSES; i++)
		for (size_t n = 0; n < CAA_SHARE_NODES; n++)
			if (f->store[i].known && f->store[i].node[n].id != 0 && f->store[i].node[n].till_ms > now_ms)
				mqps += (double)f->store[i].node[n].share;
	return mqps / 1000;
}

static void look(struct sim *s, void *arg)
{
	struct fleet *f = arg;
	uint64_t now_us = sim_now_us(s);
	double sum = 0, rate[SIM_FLEET_MAX], limit = f->authority[0].limiter.rate;
	bool shares = true;

	for (unsigned i = 0; i < f->is->nodes; i++)
		sum += rate[i] = rate_of(&f->authority[i], now_us, &shares);
	if (shares && now_us > f->start_us + WARM_US && f->samples < SAMPLES_MAX)
		f->sample[f->samples++] = sum / limit;
	if (now_us > f->start_us + WARM_US && now_us < f->start_us + f->is->seconds * (uint64_t)US_PER_S) {
		f->looks++;
		f->leased += leased(f, store_ms(f, now_us)) / limit;
	}
	if (f->trace != NULL) {
		fprintf(f->trace, "%.1f %.0f %.3f", (double)(now_us - f->start_us) / US_PER_S, limit, sum);
		for (unsigned i = 0; i < f->is->nodes; i++)
			fprintf(f->trace, " %.3f", rate[i]);
		fprintf(f->trace, "\n");
	}
	if (now_us < f->end_us)
		sim_call(s, now_us + PERIOD_US, look, f);
}

static void forget(struct sim *s, void *arg)
{
	struct fleet *f = arg;

	(void)s;
	for (unsigned i = 0; i < SIM_ADDRESSES; i++)
		f->store[i].known = false;
}

static unsigned node_of(const struct sim_fleet *f, uint64_t *random)
{
	if (f->uneven && sim_chance(random) < 0.5)
		return 0;
	return (unsigned)(sim_random(random) >> 33) % f->nodes;
}

static void plan_climbs(struct sim *s, struct fleet *f, uint64_t *random)
{
	uint64_t count = f->is->climbs_per_s == 0 ? SIM_NAMES : (uint64_t)f->is->climbs_per_s * f->is->seconds;

	for (uint64_t i = 0; i < count; i++) {
		uint64_t at_us = f->start_us;

		if (f->is->climbs_per_s != 0)
			at_us += (uint64_t)(sim_chance(random) * f->is->seconds * US_PER_S);
		sim_climb(s, at_us, node_of(f->is, random), f->is->levels);
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static struct sim_fleet_result result_of(struct fleet *f)
{
	struct sim_fleet_result r = { .node_least = 1, .lowered = f->lowered, .calls = f->calls };

	r.asked = f->authority[0].asked;
	r.served = f->authority[0].served;
	for (unsigned i = 0; i < f->is->nodes; i++) {
		const struct sim_authority *a = &f->authority[i];
		double got = a->climbs == 0 ? 1 : (double)(a->climbs - a->failed) / (double)a->climbs;

		r.climbs += a->climbs;
		r.failed += a->failed;
		r.could += a->ends[SIM_COULD];
		if (got < r.node_least)
			r.node_least = got;
		if (a->last_us > f->start_us && a->last_us - f->start_us > r.took_us)
			r.took_us = a->last_us - f->start_us;
	}
	r.leased = f->looks > 0 ? f->leased / (double)f->looks : 0;
	qsort(f->sample, f->samples, sizeof(f->sample[0]), by_value);
	for (size_t i = 0; i < f->samples; i++)
		r.share_mean += f->sample[i] / (double)f->samples;
	if (f->samples > 0) {
		r.share_least = f->sample[f->samples / 10];
		r.share_most = f->sample[f->samples - 1 - f->samples / 10];
	}
	return r;
}

struct sim_fleet_result sim_fleet_run(const struct sim_model *m, const struct sim_fleet *is, uint64_t seed, FILE *trace)
{
	struct fleet *f = calloc(1, sizeof(*f));
	struct sim_fleet_result r;
	uint64_t random = seed * 2 + 1;
	struct sim *s;

	assert(f != NULL && is->nodes >= 1 && is->nodes <= SIM_FLEET_MAX);
	f->is = is;
	f->trace = trace;
	f->start_us = US_PER_S + seed * 7919 * 13 % US_PER_S;
	f->end_us = f->start_us + is->seconds * (uint64_t)US_PER_S + SIM_BUDGET_US;
	for (unsigned i = 0; i < is->nodes; i++) {
		f->authority[i] = sim_authority_of(m);
		f->authority[i].again_us = AGAIN_US;
		f->authority[i].met = i > 0 ? &f->authority[0] : NULL;
		f->node[i] = (struct node){ .fleet = f, .number = i };
	}
	s = sim_create(f->authority, is->nodes, true, SIM_BUDGET_US, seed);
	assert(s != NULL);
	plan_climbs(s, f, &random);
	for (unsigned i = 0; i < is->nodes && is->store; i++)
		sim_call(s, f->start_us + (uint64_t)(sim_chance(&random) * PERIOD_US), period, &f->node[i]);
	sim_call(s, f->start_us, look, f);
	if (is->empties)
		sim_call(s, f->start_us + is->cut_from_us + is->cut_for_us, forget, f);
	sim_run(s, UINT64_MAX, NULL);
	r = result_of(f);
	sim_destroy(s);
	free(f);
	return r;
}
