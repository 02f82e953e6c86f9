/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Prints how certificates fare at each limiter, paced and not, and an hour of a certificate authority's load. */
#include "sim.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { US_PER_S = 1000000, US_PER_MS = 1000, BUDGET_US = 20 * US_PER_S, NAMES = 100, PAUSE_US = 60 * US_PER_S };

#define LOCAL_US 200

static const struct { const char *name; struct limiter limiter; bool one_dead; } model[] = {
	{ "none", { .kind = LIMITER_NONE, .round_us = LOCAL_US }, false },
	{ "none, 300 ms", { .kind = LIMITER_NONE, .round_us = 300 * US_PER_MS }, false },
	{ "bucket 20, drop", { .kind = LIMITER_BUCKET, .rate = 20, .burst = 32, .refusal = REPLY_NOTHING, .round_us = LOCAL_US }, false },
	{ "bucket 20, REFUSED", { .kind = LIMITER_BUCKET, .rate = 20, .burst = 32, .refusal = REPLY_DENIED, .round_us = LOCAL_US }, false },
	{ "bucket 20, drop, 60 ms", { .kind = LIMITER_BUCKET, .rate = 20, .burst = 32, .refusal = REPLY_NOTHING, .round_us = 60 * US_PER_MS }, false },
	{ "BIND 20, window 5", { .kind = LIMITER_RRL, .rate = 20, .window_s = 5, .refusal = REPLY_NOTHING, .round_us = LOCAL_US }, false },
	{ "BIND 20, window 15", { .kind = LIMITER_RRL, .rate = 20, .window_s = 15, .refusal = REPLY_NOTHING, .round_us = LOCAL_US }, false },
	{ "BIND 20, TC", { .kind = LIMITER_RRL, .rate = 20, .window_s = 5, .refusal = REPLY_DENIED, .round_us = LOCAL_US }, false },
	{ "BIND 20, 60 ms", { .kind = LIMITER_RRL, .rate = 20, .window_s = 5, .refusal = REPLY_NOTHING, .round_us = 60 * US_PER_MS }, false },
	{ "bucket 100, drop", { .kind = LIMITER_BUCKET, .rate = 100, .burst = 100, .refusal = REPLY_NOTHING, .round_us = LOCAL_US }, false },
	{ "concurrent 8", { .kind = LIMITER_CONCURRENT, .rate = 8, .refusal = REPLY_NOTHING, .round_us = 20 * US_PER_MS }, false },
	{ "ban 5 s above 50", { .kind = LIMITER_BAN, .rate = 50, .burst = 50, .window_s = 5, .refusal = REPLY_NOTHING, .round_us = LOCAL_US }, false },
	{ "20% loss", { .kind = LIMITER_NONE, .loss = 0.2, .round_us = LOCAL_US }, false },
	{ "one of two dead", { .kind = LIMITER_NONE, .round_us = LOCAL_US }, true },
};

struct result { uint64_t failed[2], took_us[2], asked[2]; };

/** Two certificates, the second a minute after the first. */
static struct result certificates(size_t m, unsigned levels, bool paced, uint64_t seed, FILE *trace)
{
	struct result r = { .failed = { 0 } };
	struct sim_authority a = { .name = model[m].name, .limiter = model[m].limiter, .dead = { model[m].one_dead, false } };
	struct sim *s = sim_create(&a, 1, paced, BUDGET_US, seed);
	uint64_t start_us = US_PER_S + seed * 7919 * 13 % US_PER_S;

	for (size_t turn = 0; turn < 2; turn++) {
		uint64_t failed = a.failed, asked = a.asked;

		for (unsigned i = 0; i < NAMES; i++)
			sim_climb(s, start_us, 0, levels);
		sim_run(s, trace);
		r.failed[turn] = a.failed - failed;
		r.asked[turn] = a.asked - asked;
		r.took_us[turn] = a.last_us - start_us;
		start_us = a.last_us + PAUSE_US;
	}
	sim_destroy(s);
	return r;
}

static void print_certificates(unsigned runs)
{
	printf("%-24s %6s %7s | %14s %17s %9s | %14s %17s %9s\n", "limiter", "levels", "bound-s", "paced: failed", "s mean/worst", "asked",
		"plain: failed", "s mean/worst", "asked");
	for (size_t m = 0; m < sizeof(model) / sizeof(model[0]); m++) {
		for (unsigned levels = 1; levels <= 3; levels += 2) {
			double sum[2][2] = { { 0 } }, worst[2][2] = { { 0 } };
			uint64_t failed[2][2] = { { 0 } };
			double asked[2][2] = { { 0 } };

			for (int paced = 0; paced < 2; paced++) {
				for (unsigned run = 0; run < runs; run++) {
					struct result r = certificates(m, levels, paced, run + 1, NULL);

					for (int turn = 0; turn < 2; turn++) {
						double took = (double)r.took_us[turn] / US_PER_S;

						sum[paced][turn] += took / runs;
						worst[paced][turn] = fmax(worst[paced][turn], took);
						failed[paced][turn] += r.failed[turn];
						asked[paced][turn] += (double)r.asked[turn] / runs;
					}
				}
			}
			for (int turn = 0; turn < 2; turn++) {
				printf("%-24s %6u %7.2f |", model[m].name, levels, (double)limiter_bound_us(&model[m].limiter, NAMES * levels) / US_PER_S);
				for (int paced = 1; paced >= 0; paced--)
					printf(" %s %8.1f%% %8.2f/%8.2f %9.1f |", turn ? "warm" : "cold",
						(double)failed[paced][turn] * 100 / NAMES / runs, sum[paced][turn], worst[paced][turn], asked[paced][turn]);
				printf("\n");
			}
		}
	}
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "trace") == 0) {
		size_t m = strtoul(argv[2], NULL, 10);
		struct result r = certificates(m, (unsigned)strtoul(argv[3], NULL, 10), true, strtoul(argv[4], NULL, 10), stdout);
		fprintf(stderr, "%g\n", r.took_us[0] / 1e6);
		return 0;
	}
	print_certificates(argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 20);
	return 0;
}
