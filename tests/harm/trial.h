/* SPDX-License-Identifier: BSD-3-Clause */
/** \file One scenario and what came of it, for those who judge it: what was done to whom, who got what, and what a property's
 *  breach is. */
#ifndef HARM_TRIAL_H
#define HARM_TRIAL_H

#include "results.h"
#include "zone.h"

enum { MS_PER_S = 1000, PASSES_MAX = 3 };

/** One scenario and what came of it. */
struct trial {
	const struct world *world;
	const struct spec *spec;
	struct asked *asked;
	size_t askeds;
	const struct seen *seen;
	size_t seens;
	const struct reason *reason;
	size_t reasons;
	bool failed;
};

/** Names, each with all that was asked for it. */
struct score {
	unsigned passed, failed;
	double last_s;			/**< when the last answer came, since the pass began */
};

/** The cases in which a property is broken: the first is told. */
struct breach {
	char property;
	unsigned cases;
	char text[600];
};

/** One more case; the first is told. */
void breach_add(struct breach *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The same, with a question and what both said. */
void breach_add_case(struct breach *b, const struct asked *a, const char *why);

/** Print it, if there is a case; some properties fail the scenario. */
void breach_tell(struct trial *t, const struct breach *b);

/** @return the zone of a name; NULL if it is in none. */
const struct zone *trial_zone(const struct trial *t, const char *name);

bool trial_has_loss(const struct trial *t, const struct zone *zone);

/** Whether one of its addresses is dead. */
bool trial_has_dead(const struct trial *t, const struct zone *zone);

/** Nothing was done to it that plain Unbound could feel; nor to what it needs. */
bool trial_is_good(const struct trial *t, const struct zone *zone);

/** Whether what its servers say may be untrue. */
bool trial_may_lie(const struct trial *t, const struct zone *zone);

/** Different questions of a pass for which queries pass a limit; -1 = of all passes. */
unsigned trial_needed(const struct trial *t, int pass);

/** How long a limit lets a pass take, in ms; 0 = no limit. */
double trial_limit_ms(const struct trial *t, unsigned pass);

/** Queries of a side for the names of a zone. */
unsigned trial_queries_for(const struct trial *t, int side, const struct zone *zone, bool lost_too);

unsigned trial_queries_at(const struct trial *t, int side, unsigned address, bool lost_too);

double trial_quantile(double *sorted, size_t count, double part);

/** The times of a side for the questions of zones that want() picks.  @return how many. */
size_t trial_times(const struct trial *t, int side, bool (*want)(const struct trial *, const struct zone *, const char *),
	const char *glob, double *out);

/** What a side got in a pass, -1 = in all, of the zones that a glob matches. */
struct score trial_score(const struct trial *t, int side, int pass, const char *zones);

#endif
