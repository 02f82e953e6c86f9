/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "fleet.h"
#include "load.h"
#include "model.h"

enum { US_PER_S = 1000000, SEEDS = 5 };

/** How a model has to fare, cold and warm: at most factor x bound + more, in percent and ms. */
static const struct expected { const char *name; unsigned factor[2], more_ms[2]; } expected[] = {
	{ "none",                       { 100, 100 }, { 50, 50 } },
	{ "none, 60 ms",                { 100, 100 }, { 200, 130 } },	/* three round trips, and one for the window */
	{ "none, 300 ms",               { 100, 100 }, { 1000, 700 } },
	{ "bucket 20, drop",            { 100, 100 }, { 500, 500 } },
	{ "bucket 20, REFUSED",         { 100, 100 }, { 500, 700 } },
	{ "bucket 20, SERVFAIL, 60 ms", { 100, 100 }, { 1500, 800 } },
	{ "bucket 20, TC, 300 ms",      { 100, 100 }, { 1800, 800 } },
	{ "bucket 20, drop, 60 ms",     { 100, 100 }, { 1500, 800 } },
	{ "BIND 20, window 5",          { 100, 120 }, { 5000, 1500 } },
	{ "BIND 20, window 15",         { 100, 120 }, { 5000, 1500 } },
	{ "BIND 20, slip 2",            { 100, 120 }, { 5000, 1500 } },
	{ "BIND 20, TC",                { 100, 120 }, { 5000, 1500 } },
	{ "bucket 100, drop",           { 100, 100 }, { 1000, 600 } },
	{ "bucket 1000, drop",          { 100, 100 }, { 3000, 3000 } },
	{ "20% loss",                   { 100, 100 }, { 1000, 1000 } },
	{ "one of two dead",            { 100, 100 }, { 500, 100 } },
};

static const struct sim_model *model_of(const char *name)
{
	for (size_t m = 0; m < SIM_MODELS; m++)
		if (strcmp(sim_models[m].name, name) == 0)
			return &sim_models[m];
	fail_msg("no model '%s'", name);
	return NULL;
}

static void check_run(const struct expected *e, const struct sim_model *m, unsigned levels, uint64_t seed)
{
	uint64_t bound_us = limiter_bound_us(&m->limiter, (uint64_t)SIM_NAMES * levels);
	struct sim_result r = sim_certificates(m, levels, true, seed, NULL);

	for (size_t turn = 0; turn < 2; turn++) {
		uint64_t most_us = bound_us * e->factor[turn] / 100 + e->more_ms[turn] * UINT64_C(1000);

		if (r.failed[turn] != 0 || r.took_us[turn] > most_us)
			fail_msg("%s, %u levels, %s, seed %u: %u failed, %.2f s of %.2f s", e->name, levels,
				turn == 0 ? "cold" : "warm", (unsigned)seed, (unsigned)r.failed[turn],
				(double)r.took_us[turn] / US_PER_S, (double)most_us / US_PER_S);
	}
}

static void certificates_at_each_limiter(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(expected); i++)
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			check_run(&expected[i], model_of(expected[i].name), 1, seed);
			check_run(&expected[i], model_of(expected[i].name), 3, seed);
		}
}

/** However long it takes. */
static void a_concurrent_cap_and_a_short_ban_fail_nothing(void **state)
{
	static const char *const name[] = { "concurrent 8", "ban 5 s above 50" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(name); i++)
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			struct sim_result r = sim_certificates(model_of(name[i]), 3, true, seed, NULL);

			assert_int_equal(r.failed[0] + r.failed[1], 0);
		}
}

static void the_dead_fail_within_the_budget(void **state)
{
	struct sim_result r = sim_certificates(model_of("dead"), 1, true, 1, NULL);

	(void)state;
	assert_int_equal(r.failed[0], SIM_NAMES);
	assert_true(r.took_us[0] <= SIM_BUDGET_US + 12 * US_PER_S);	/* and one timeout of Unbound's */
}

/** A minute of load: hardly a name fails that could have been got, where plain Unbound loses many. */
static void a_minute_of_load(void **state)
{
	static const struct sim_load load = { 200, 60, 500 };
	struct sim_figures paced = sim_load_run(&load, true, 1), plain = sim_load_run(&load, false, 1);

	(void)state;
	assert_int_equal(paced.climbs, plain.climbs);
	assert_true(paced.ends[SIM_COULD] * 500 <= paced.climbs);
	assert_true(plain.ends[SIM_COULD] * 20 >= plain.climbs);
}

/* --- several resolvers that meet one limit ------------------------------------------------------------------------------ */

/** A certificate's names at random resolvers that share the limit: in the time of one, or a quarter more, and none fails, however far
 *  away the store is. */
static void several_resolvers_are_as_fast_as_one(void **state)
{
	static const struct { const char *model; unsigned nodes; } row[] = {
		{ "bucket 20, drop", 4 }, { "bucket 20, drop", 16 }, { "bucket 20, REFUSED", 4 }, { "bucket 20, drop, 60 ms", 4 },
		{ "bucket 20, drop, 60 ms", 16 }, { "bucket 100, drop", 4 },
	};
	static const uint64_t store_us[] = { 100, 50000 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++)
		for (size_t n = 0; n < COUNT_OF(store_us); n++) {
			const struct sim_model *m = model_of(row[i].model);
			uint64_t one_us = 0, all_us = 0;

			for (uint64_t seed = 1; seed <= SEEDS; seed++) {
				struct sim_fleet one = { .nodes = 1, .levels = 3 };
				struct sim_fleet all = { .nodes = row[i].nodes, .levels = 3, .store = true, .store_us = store_us[n] };
				struct sim_fleet_result r = sim_fleet_run(m, &all, seed, NULL);

				one_us += sim_fleet_run(m, &one, seed, NULL).took_us;
				all_us += r.took_us;
				if (r.failed > 0)
					fail_msg("%s, %u nodes, seed %u: %u failed", row[i].model, row[i].nodes, (unsigned)seed,
						(unsigned)r.failed);
			}
			if (all_us * 4 > one_us * 5)
				fail_msg("%s, %u nodes: %.1f s, one %.1f s", row[i].model, row[i].nodes, (double)all_us / US_PER_S / SEEDS,
					(double)one_us / US_PER_S / SEEDS);
		}
}

/** More than the limit lets through, all the time: shares add up to it, its rate is used, and nobody starves; also while the store's
 *  clock steps, and when it has lost all. */
static void shares_add_up_to_the_limit(void **state)
{
	/* most: the sum of shares; 0 where queries do not wait at all nodes and addresses at once, so that it cannot be seen */
	static const struct { const char *model; double most; struct sim_fleet fleet; } row[] = {
		{ "bucket 20, drop", 1.1, { .nodes = 4, .store_us = 1000 } },
		{ "bucket 20, drop", 1.1, { .nodes = 16, .store_us = 1000 } },
		{ "bucket 20, drop", 1.25, { .nodes = 16, .store_us = 1000, .steps_us = 5 * US_PER_S } },	/* each step forgets all leases */
		{ "bucket 20, drop", 1.1, { .nodes = 4, .store_us = 1000, .cut_from_us = 40 * US_PER_S, .cut_for_us = 2 * US_PER_S, .cut_nodes = 4,
			.empties = true } },
		{ "bucket 100, drop", 1.1, { .nodes = 4, .store_us = 50000 } },
		{ "bucket 100, drop", 0, { .nodes = 16, .store_us = 1000 } },
		{ "bucket 100, drop", 0, { .nodes = 64, .store_us = 1000 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		const struct sim_model *m = model_of(row[i].model);
		double mean = 0, least = 1, used = 0;
		unsigned measured = 0;

		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			struct sim_fleet f = row[i].fleet;
			struct sim_fleet_result r;

			f.store = true;
			f.levels = 2;
			f.seconds = 120;
			f.climbs_per_s = m->limiter.rate * 130 / 100 / f.levels;
			r = sim_fleet_run(m, &f, seed, NULL);
			mean += r.share_mean;
			measured += r.share_mean > 0;
			least = r.node_least < least ? r.node_least : least;
			used += (double)r.served * US_PER_S / (double)r.took_us / m->limiter.rate / SEEDS;
		}
		if ((row[i].most > 0 && (measured == 0 || mean < 0.9 * measured || mean > row[i].most * measured)) || used < 0.9 || least < 0.1)
			fail_msg("%s, %u nodes, row %zu: shares are %.2f of the limit, %.2f of it is used, %.2f of climbs at one node are got",
				row[i].model, row[i].fleet.nodes, i, mean / measured, used, least);
	}
}

/** Where the store is gone, all goes on as where there was none. */
static void a_store_that_is_gone_fails_nothing(void **state)
{
	static const char *const name[] = { "bucket 20, drop", "bucket 20, drop, 60 ms", "bucket 20, REFUSED", "bucket 100, drop" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(name); i++) {
		uint64_t failed = 0, alone_failed = 0;

		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			struct sim_fleet alone = { .nodes = 4, .levels = 3 };
			struct sim_fleet f = { .nodes = 4, .levels = 3, .store = true, .store_us = 1000, .cut_from_us = 2 * US_PER_S,
				.cut_for_us = 1000 * (uint64_t)US_PER_S, .cut_nodes = 4 };

			failed += sim_fleet_run(model_of(name[i]), &f, seed, NULL).failed;
			alone_failed += sim_fleet_run(model_of(name[i]), &alone, seed, NULL).failed;
		}
		if (failed > alone_failed)
			fail_msg("%s: %u failed, %u without a store", name[i], (unsigned)failed, (unsigned)alone_failed);
	}
}

/* --- the limiters themselves ------------------------------------------------------------------------------------------ */

/** @return how many of n queries at one time are answered. */
static unsigned answered_of(struct limiter *l, uint64_t at_us, unsigned n)
{
	uint64_t random = 1;
	unsigned answered = 0;

	while (n-- > 0)
		answered += limiter_ask(l, at_us, &random) == REPLY_ANSWER;
	return answered;
}

static void limiters_do_as_servers_do(void **state)
{
	static const struct { const char *name; struct { uint64_t at_us; unsigned asked, answered; } step[4]; } row[] = {
		{ "bucket 20, drop",	/* what it refuses costs nothing */
			{ { US_PER_S, 100, 32 }, { 2 * US_PER_S, 100, 20 }, { 9 * US_PER_S, 100, 32 }, { 9 * US_PER_S + 50000, 9, 1 } } },
		{ "BIND 20, window 5",	/* it does */
			{ { US_PER_S, 21, 20 }, { 2 * US_PER_S, 100, 19 }, { 5 * US_PER_S, 9, 0 }, { 12 * US_PER_S, 30, 20 } } },
		{ "ban 5 s above 50",
			{ { US_PER_S, 51, 50 }, { 6 * US_PER_S - 1, 1, 0 }, { 6 * US_PER_S, 1, 1 }, { 6 * US_PER_S, 99, 49 } } },
		{ "dead", { { US_PER_S, 9, 0 }, { 2 * US_PER_S, 9, 0 }, { 3 * US_PER_S, 9, 0 }, { 4 * US_PER_S, 9, 0 } } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct limiter l = model_of(row[i].name)->limiter;

		for (size_t n = 0; n < COUNT_OF(row[i].step); n++)
			if (answered_of(&l, row[i].step[n].at_us, row[i].step[n].asked) != row[i].step[n].answered)
				fail_msg("%s, step %zu", row[i].name, n + 1);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(limiters_do_as_servers_do),
		cmocka_unit_test(certificates_at_each_limiter),
		cmocka_unit_test(a_concurrent_cap_and_a_short_ban_fail_nothing),
		cmocka_unit_test(the_dead_fail_within_the_budget),
		cmocka_unit_test(a_minute_of_load),
		cmocka_unit_test(several_resolvers_are_as_fast_as_one),
		cmocka_unit_test(shares_add_up_to_the_limit),
		cmocka_unit_test(a_store_that_is_gone_fails_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
