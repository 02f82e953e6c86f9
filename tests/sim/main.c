/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Prints how certificates fare at each limiter, paced and not, and a certificate authority's load.
 *
 *	simulate certificates [RUNS]
 *	simulate load CLIMBS-PER-SECOND SECONDS AUTHORITIES
 *	simulate models				number, limit in queries/s and name of each
 *	simulate trace MODEL LEVELS SEED	seconds, sent/s, answered/s and the learned rate
 *	simulate fleet [RUNS]			several resolvers that meet the same limit
 *	simulate fleet-load NODES CLIMBS-PER-SECOND SECONDS [FILE]	at a limit that lets three quarters of them through; calls to the store go to FILE
 *	simulate fleet-trace MODEL NODES SEED	seconds, limit, sum of the nodes' rates, and each of them; half of the load is the first one's */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fleet.h"
#include "load.h"
#include "model.h"

enum { US_PER_S = 1000000, US_PER_MS = 1000, RUNS = 20 };

/** Of the runs of a model: per turn, cold and warm. */
struct row { double failed_percent[2], mean_s[2], worst_s[2], asked[2]; };

static struct row row_of(const struct sim_model *m, unsigned levels, bool paced, unsigned runs)
{
	struct row row = { .mean_s = { 0 } };

	for (unsigned run = 1; run <= runs; run++) {
		struct sim_result r = sim_certificates(m, levels, paced, run, NULL);

		for (size_t turn = 0; turn < 2; turn++) {
			double took_s = (double)r.took_us[turn] / US_PER_S;

			row.failed_percent[turn] += (double)r.failed[turn] * 100 / SIM_NAMES / runs;
			row.mean_s[turn] += took_s / runs;
			row.worst_s[turn] = fmax(row.worst_s[turn], took_s);
			row.asked[turn] += (double)r.asked[turn] / runs;
		}
	}
	return row;
}

static void print_half(const struct row *r, size_t turn)
{
	printf(" | %6.1f%% %7.2f %7.2f %7.1f", r->failed_percent[turn], r->mean_s[turn], r->worst_s[turn],
		r->asked[turn]);
}

static void print_model(const struct sim_model *m, unsigned levels, unsigned runs)
{
	struct row paced = row_of(m, levels, true, runs), plain = row_of(m, levels, false, runs);
	uint64_t bound_us = limiter_bound_us(&m->limiter, (uint64_t)SIM_NAMES * levels);

	for (size_t turn = 0; turn < 2; turn++) {
		printf("%-27s %u %s", m->name, levels, turn == 0 ? "cold" : "warm");
		if (bound_us == UINT64_MAX)
			printf("      -");
		else
			printf(" %6.2f", (double)bound_us / US_PER_S);
		print_half(&paced, turn);
		print_half(&plain, turn);
		printf("\n");
	}
}

static void print_certificates(unsigned runs)
{
	static const char half[] = "failed  mean-s worst-s   asked";

	printf("%d names at once, and again a minute later; %u runs; paced, then plain\n", SIM_NAMES, runs);
	printf("%-27s %-6s %6s |  %s |  %s\n", "limiter", "levels", "bound", half, half);
	for (size_t m = 0; m < SIM_MODELS; m++) {
		print_model(&sim_models[m], 1, runs);
		print_model(&sim_models[m], 3, runs);
	}
}

static void print_figures(const char *what, const struct sim_figures *f)
{
	uint64_t failed = f->climbs - f->ends[SIM_GOT];

	printf("%-6s %9" PRIu64 " %8" PRIu64 " %7.3f%%", what, f->climbs, failed,
		(double)failed * 100 / (double)f->climbs);
	printf(" %8" PRIu64 " %8" PRIu64 " %10" PRIu64 " %9" PRIu64, f->ends[SIM_DEAD], f->ends[SIM_BANNED],
		f->ends[SIM_OVERLOADED], f->ends[SIM_COULD]);
	printf(" %8.3f%% %6" PRIu64 " %8.3f %8.3f %8.3f %9" PRIu64 "\n",
		(double)f->ends[SIM_COULD] * 100 / (double)(f->climbs - f->ends[SIM_DEAD]), f->bans,
		(double)f->median_us / US_PER_S, (double)f->p99_us / US_PER_S, (double)f->wait_p99_us / US_PER_S, f->asked);
}

static void print_load(const struct sim_load *load)
{
	static const bool paced[] = { true, false };

	printf("%u climbs/s for %u s over %zu upstreams, all limiters\n", load->climbs_per_s, load->seconds,
		load->authorities * SIM_ADDRESSES);
	printf("%-6s %9s %8s %8s %8s %8s %10s %9s %9s %6s %8s %8s %8s %9s\n", "", "climbs", "failed", "share", "dead",
		"banned", "overloaded", "could-get", "of-alive", "bans", "median-s", "p99-s", "wait-p99", "asked");
	for (size_t i = 0; i < sizeof(paced) / sizeof(paced[0]); i++) {
		struct sim_figures f = sim_load_run(load, paced[i], 1);

		print_figures(paced[i] ? "paced" : "plain", &f);
		for (size_t m = 0; paced[i] && m < SIM_MODELS; m++)
			if (f.model_failed[m] > 0)
				printf("       of these could-get: %" PRIu64 " at %s\n", f.model_failed[m], sim_models[m].name);
	}
}

static void print_models(void)
{
	for (size_t m = 0; m < SIM_MODELS; m++)
		printf("%zu %u %s\n", m, sim_models[m].limiter.kind == LIMITER_CONCURRENT ? 0 : sim_models[m].limiter.rate,
			sim_models[m].name);
}

/** How a fleet fares, of RUNS runs. */
static void print_fleet(const struct sim_model *m, const char *what, const struct sim_fleet *f, unsigned runs)
{
	double failed = 0, could = 0, mean_s = 0, worst_s = 0, asked = 0, least = 1, lowered = 0, share[3] = { 0 }, measured = 0;

	for (unsigned run = 1; run <= runs; run++) {
		struct sim_fleet_result r = sim_fleet_run(m, f, run, NULL);

		failed += (double)r.failed * 100 / (double)r.climbs / runs;
		could += (double)r.could * 100 / (double)r.climbs / runs;
		mean_s += (double)r.took_us / US_PER_S / runs;
		worst_s = fmax(worst_s, (double)r.took_us / US_PER_S);
		asked += (double)r.asked / runs;
		least = fmin(least, r.node_least);
		lowered += (double)r.lowered / runs;
		share[0] += r.share_least;
		share[1] += r.share_mean;
		share[2] += r.share_most;
		measured += r.share_mean > 0;
	}
	for (size_t i = 0; measured > 0 && i < 3; i++)
		share[i] /= measured;
	printf("%-22s %-26s %2u %6.1f%% %6.1f%% %7.2f %7.2f %8.1f %5.0f%% %7.1f  %4.2f %4.2f %4.2f\n", m->name, what, f->nodes, failed, could,
		mean_s, worst_s, asked, least * 100, lowered, share[0], share[1], share[2]);
}

static void print_fleets(unsigned runs)
{
	static const size_t model[] = { 3, 4, 7, 8, 10, 13 };
	static const struct { const char *what; struct sim_fleet fleet; } row[] = {
		{ "one", { .nodes = 1, .levels = 3 } },
		{ "alone", { .nodes = 4, .levels = 3 } },
		{ "store 0.1 ms", { .nodes = 4, .levels = 3, .store = true, .store_us = 100 } },
		{ "store 50 ms", { .nodes = 4, .levels = 3, .store = true, .store_us = 50 * 1000 } },
		{ "store 0.1 ms", { .nodes = 16, .levels = 3, .store = true, .store_us = 100 } },
		{ "alone", { .nodes = 16, .levels = 3 } },
		{ "gone after 2 s", { .nodes = 4, .levels = 3, .store = true, .store_us = 1000, .cut_from_us = 2 * US_PER_S,
			.cut_for_us = 1000 * (uint64_t)US_PER_S, .cut_nodes = 4 } },
	};
	/* 130% of what the limit lets through, in climbs of two queries: there is always a line */
	static const struct { const char *what; struct sim_fleet fleet; } load[] = {
		{ "load, one", { .nodes = 1 } },
		{ "load, alone", { .nodes = 16 } },
		{ "load, store 1 ms", { .nodes = 4, .store = true, .store_us = 1000 } },
		{ "load, store 1 ms", { .nodes = 16, .store = true, .store_us = 1000 } },
		{ "load, store 1 ms", { .nodes = 64, .store = true, .store_us = 1000 } },
		{ "load, store 50 ms", { .nodes = 16, .store = true, .store_us = 50 * 1000 } },
		{ "load, uneven", { .nodes = 16, .store = true, .store_us = 1000, .uneven = true } },
		{ "load, half cut for 30 s", { .nodes = 16, .store = true, .store_us = 1000, .cut_from_us = 40 * US_PER_S, .cut_for_us = 30 * US_PER_S,
			.cut_nodes = 8 } },
		{ "load, emptied", { .nodes = 16, .store = true, .store_us = 1000, .cut_from_us = 40 * US_PER_S, .cut_for_us = 2 * US_PER_S,
			.cut_nodes = 16, .empties = true } },
		{ "load, clock steps 5 s", { .nodes = 16, .store = true, .store_us = 1000, .steps_us = 5 * US_PER_S } },
	};

	printf("%-22s %-26s %2s %7s %7s %7s %7s %8s %6s %7s  %s\n", "limiter", "fleet", "", "failed", "could", "mean-s", "worst-s", "asked",
		"least", "lowered", "shares, least mean most");
	for (size_t m = 0; m < sizeof(model) / sizeof(model[0]); m++) {
		for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
			print_fleet(&sim_models[model[m]], row[i].what, &row[i].fleet, runs);
		for (size_t i = 0; i < sizeof(load) / sizeof(load[0]); i++) {
			struct sim_fleet f = load[i].fleet;

			f.levels = 2;
			f.climbs_per_s = sim_models[model[m]].limiter.rate * 130 / 100 / f.levels;
			f.seconds = 120;
			print_fleet(&sim_models[model[m]], load[i].what, &f, runs < 4 ? runs : 4);
		}
	}
}

/** @param calls: where those to the store go; or NULL. */
static void print_fleet_load(unsigned nodes, unsigned climbs_per_s, unsigned seconds, FILE *calls)
{
	const struct sim_fleet fleet = { .nodes = nodes, .store = true, .store_us = US_PER_MS, .levels = 2, .climbs_per_s = climbs_per_s,
		.seconds = seconds, .calls = calls };
	const unsigned rate = climbs_per_s * fleet.levels * 100 / 130;
	const struct sim_model m = { "bucket, drop", { .kind = LIMITER_BUCKET, .rate = rate, .burst = rate, .refusal = REPLY_NOTHING,
		.round_us = 200 }, false };
	struct sim_fleet_result r = sim_fleet_run(&m, &fleet, 1, NULL);

	printf("%u resolvers, %u climbs/s for %u s, a limit of %u queries/s\n", nodes, climbs_per_s, seconds, rate);
	printf("shares %.3f of the limit\n", r.leased);
	printf("used %.3f of the limit\n", (double)r.served * US_PER_S / (double)r.took_us / rate);
	printf("passed %.3f of climbs, %.3f at the node with the fewest\n", (double)(r.climbs - r.failed) / (double)r.climbs, r.node_least);
	printf("calls %" PRIu64 " to the store\n", r.calls);
}

static unsigned number(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "certificates";

	if (strcmp(what, "certificates") == 0 && argc <= 3)
		print_certificates(argc == 3 ? number(argv[2]) : RUNS);
	else if (strcmp(what, "load") == 0 && argc == 5)
		print_load(&(struct sim_load){ number(argv[2]), number(argv[3]), number(argv[4]) });
	else if (strcmp(what, "models") == 0 && argc == 2)
		print_models();
	else if (strcmp(what, "trace") == 0 && argc == 5 && number(argv[2]) < SIM_MODELS)
		sim_certificates(&sim_models[number(argv[2])], number(argv[3]), true, number(argv[4]), stdout);
	else if (strcmp(what, "fleet") == 0 && argc <= 3)
		print_fleets(argc == 3 ? number(argv[2]) : RUNS);
	else if (strcmp(what, "fleet-load") == 0 && (argc == 5 || argc == 6) && number(argv[2]) >= 1 && number(argv[2]) <= SIM_FLEET_MAX) {
		FILE *calls = argc == 6 ? fopen(argv[5], "w") : NULL;

		print_fleet_load(number(argv[2]), number(argv[3]), number(argv[4]), calls);
		if (calls != NULL)
			fclose(calls);
	} else if (strcmp(what, "fleet-trace") == 0 && argc == 5 && number(argv[2]) < SIM_MODELS && number(argv[3]) >= 1 &&
	    number(argv[3]) <= SIM_FLEET_MAX)
		sim_fleet_run(&sim_models[number(argv[2])], &(struct sim_fleet){ .nodes = number(argv[3]), .store = true, .store_us = US_PER_MS,
			.climbs_per_s = sim_models[number(argv[2])].limiter.rate * 65 / 100, .seconds = 120, .levels = 2, .uneven = true },
			number(argv[4]), stdout);
	else
		return fprintf(stderr, "usage: see the head of tests/sim/main.c\n"), 2;
	return 0;
}
