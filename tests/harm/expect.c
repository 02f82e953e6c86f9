/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "expect.h"

static bool want_named(const struct trial *t, const struct zone *zone, const char *glob)
{
	(void)t;
	return spec_matches(glob, zone->name);
}

/** The slowest question of another type than CAA, in ms. */
static double slowest_other(const struct trial *t)
{
	double slowest = 0;

	for (size_t i = 0; i < t->askeds; i++)
		if (t->asked[i].type != T_CAA && t->asked[i].told[MODULE].ms > slowest)
			slowest = t->asked[i].told[MODULE].ms;
	return slowest;
}

static double p99_of(const struct trial *t, const char *zones)
{
	double *ms = calloc(t->askeds + 1, sizeof(double)), result = 0;
	size_t count = trial_times(t, MODULE, want_named, zones, ms);

	if (count > 0)
		result = trial_quantile(ms, count, 0.99);
	free(ms);
	return result;
}

/** The least and the most that one of the zones got, as percent of the mean. */
static void expect_shares(const struct trial *t, double within, const char *text, struct breach *x)
{
	unsigned all = trial_score(t, MODULE, 0, "").passed;

	for (size_t i = 0; i < t->spec->zones; i++) {
		double share = (double)trial_score(t, MODULE, 0, t->spec->zone[i].name).passed * (double)t->spec->zones;

		if (share < all * (100 - within) / 100 || share > all * (100 + within) / 100)
			breach_add(x, "expect %s: zone %s has %.0f of %u", text, t->spec->zone[i].name, share / (double)t->spec->zones, all);
	}
}

static void expect_time(const struct trial *t, double factor, double more, const char *text, struct breach *x)
{
	for (unsigned pass = 0; pass < t->spec->passes; pass++) {
		double need = trial_needed(t, (int)pass), bound_s = 0, took = trial_score(t, MODULE, (int)pass, "").last_s;

		if (t->spec->limits > 0 && need > t->spec->limit[0].burst)
			bound_s = (need - t->spec->limit[0].burst) / t->spec->limit[0].rate;
		if (took > factor * bound_s + more)
			breach_add(x, "expect %s: pass %u took %.2f s of %.2f", text, pass, took, factor * bound_s + more);
	}
}

/** The most queries of a zone that the module sent in one second. */
static unsigned peak_of(const struct trial *t, const char *zones)
{
	unsigned peak = 0;

	for (size_t i = 0; i < t->seens; i++) {
		unsigned count = 0;

		for (size_t n = 0; n < t->seens; n++) {
			const struct zone *zone = trial_zone(t, t->seen[n].name);

			if (t->seen[n].side == MODULE && zone != NULL && spec_matches(zones, zone->name) &&
			    t->seen[n].first_ms >= t->seen[i].first_ms && t->seen[n].first_ms < t->seen[i].first_ms + MS_PER_S)
				count++;
		}
		if (count > peak)
			peak = count;
	}
	return peak;
}

static void expect_failures_within(const struct trial *t, double most_s, const char *text, struct breach *x)
{
	for (size_t i = 0; i < t->askeds; i++)
		if (!told_ok(&t->asked[i].told[MODULE]) && t->asked[i].told[MODULE].ms > most_s * MS_PER_S)
			breach_add_case(x, &t->asked[i], text);
}

static void expect_one(const struct trial *t, const char *text, struct breach *x)
{
	char zones[GLOB_TEXT];
	double a, b;

	if (strcmp(text, "pass all") == 0) {
		if (trial_score(t, MODULE, -1, "").failed > 0)
			breach_add(x, "expect %s: %u names fail", text, trial_score(t, MODULE, -1, "").failed);
	} else if (sscanf(text, "pass >= %lf", &a) == 1) {
		if (trial_score(t, MODULE, 0, "").passed < a)
			breach_add(x, "expect %s: %u pass", text, trial_score(t, MODULE, 0, "").passed);
	} else if (sscanf(text, "zone %127s pass all", zones) == 1 && strstr(text, "pass all") != NULL) {
		if (trial_score(t, MODULE, -1, zones).failed > 0)
			breach_add(x, "expect %s: %u names fail", text, trial_score(t, MODULE, -1, zones).failed);
	} else if (sscanf(text, "zone %127s rate <= %lf", zones, &a) == 2) {
		if (peak_of(t, zones) > a)
			breach_add(x, "expect %s: it is %u", text, peak_of(t, zones));
	} else if (sscanf(text, "queries <= %lf", &a) == 1 && strstr(text, "needed") == NULL) {
		if (trial_queries_at(t, MODULE, 0, true) > a)
			breach_add(x, "expect %s: %u", text, trial_queries_at(t, MODULE, 0, true));
	} else if (sscanf(text, "zone %127s p99 <= %lf ms", zones, &a) == 2) {
		if (p99_of(t, zones) > a)
			breach_add(x, "expect %s: it is %.0f ms", text, p99_of(t, zones));
	} else if (sscanf(text, "queries <= %lf x needed + %lf", &a, &b) == 2) {
		if (trial_queries_at(t, MODULE, 0, true) > a * trial_needed(t, -1) + b)
			breach_add(x, "expect %s: %u for %u", text, trial_queries_at(t, MODULE, 0, true), trial_needed(t, -1));
	} else if (sscanf(text, "other types <= %lf ms", &a) == 1) {
		if (slowest_other(t) > a)
			breach_add(x, "expect %s: %.0f ms", text, slowest_other(t));
	} else if (sscanf(text, "time <= %lf x bound + %lf s", &a, &b) == 2) {
		expect_time(t, a, b, text, x);
	} else if (sscanf(text, "fail within %lf s", &a) == 1) {
		expect_failures_within(t, a, text, x);
	} else if (sscanf(text, "shares within %lf %%", &a) == 1) {
		expect_shares(t, a, text, x);
	} else {
		breach_add(x, "expect %s: what is that?", text);
	}
}

void expect_judge(struct trial *t)
{
	for (size_t i = 0; i < t->spec->expects; i++) {
		struct breach x = { .property = 'x' };

		expect_one(t, t->spec->expect[i], &x);
		breach_tell(t, &x);
	}
}
