/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "trial.h"

void breach_add(struct breach *b, const char *format, ...)
{
	va_list args;

	if (b->cases++ > 0)
		return;
	va_start(args, format);
	vsnprintf(b->text, sizeof(b->text), format, args);
	va_end(args);
}

void breach_tell(struct trial *t, const struct breach *b)
{
	if (b->cases == 0)
		return;
	if (strchr("acdex", b->property) != NULL)
		t->failed = true;
	printf("%u\t%c\t%s\t%s%s\n", t->spec->slot, b->property, t->spec->path, b->text, b->cases > 1 ? " ..." : "");
	if (b->cases > 1)
		printf("%u\t%c\t%s\t  in %u cases\n", t->spec->slot, b->property, t->spec->path, b->cases);
}

static const char *rcode_text(int rcode)
{
	static const char *const text[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED" };

	return rcode < 0 ? "nothing" : rcode < 6 ? text[rcode] : "an odd RCODE";
}

void breach_add_case(struct breach *b, const struct asked *a, const char *why)
{
	const struct told *p = &a->told[PLAIN], *m = &a->told[MODULE];

	breach_add(b, "%s type %u pass %u: %s: plain %s %s %.2f s, module %s %s %.2f s%s%s", a->name, a->type, a->pass, why,
		rcode_text(p->rcode), p->text, p->ms / MS_PER_S, rcode_text(m->rcode), m->text, m->ms / MS_PER_S,
		m->ede_text[0] != '\0' ? ", EDE " : "", m->ede_text);
}

const struct zone *trial_zone(const struct trial *t, const char *name)
{
	int zone = spec_zone_of(t->spec, name);

	return zone >= 0 ? &t->spec->zone[zone] : NULL;
}

static bool zone_has_rule(const struct trial *t, const struct zone *zone)
{
	for (size_t i = 0; i < t->spec->rules; i++)
		for (unsigned a = 0; a < ADDRESSES_MAX; a++)
			if ((zone->at >> a & 1) != 0 && spec_rule_is_for(&t->spec->rule[i], zone, a))
				return true;
	return false;
}

static const struct limit *zone_limit(const struct trial *t, const struct zone *zone)
{
	for (size_t i = 0; i < t->spec->limits; i++)
		for (unsigned a = 0; a < ADDRESSES_MAX; a++)
			if ((zone->at >> a & 1) != 0 && spec_limit_is_for(&t->spec->limit[i], zone, a))
				return &t->spec->limit[i];
	return NULL;
}

bool trial_has_loss(const struct trial *t, const struct zone *zone)
{
	for (unsigned a = 0; a < ADDRESSES_MAX; a++)
		if ((zone->at >> a & 1) != 0 && spec_loses(&t->spec->address[a]))
			return true;
	return false;
}

bool trial_has_dead(const struct trial *t, const struct zone *zone)
{
	for (unsigned a = 0; a < ADDRESSES_MAX; a++)
		if ((zone->at >> a & 1) != 0 && (t->spec->address[a].dead || t->spec->address[a].no_udp))
			return true;
	return false;
}

/** The other zones that a zone's names need. */
static const struct zone *zone_need(const struct trial *t, const struct zone *zone, int which)
{
	int need = which == 0 ? zone->parent : which == 1 ? zone->glue : which == 2 ? zone->cname : zone->dname;

	return need >= 0 ? &t->spec->zone[need] : NULL;
}

bool trial_is_good(const struct trial *t, const struct zone *zone)
{
	if (zone->rate > 0 || zone->orphan || zone_has_rule(t, zone) || zone_limit(t, zone) != NULL || trial_has_loss(t, zone) ||
	    trial_has_dead(t, zone))
		return false;
	for (int which = 0; which < 4; which++) {
		const struct zone *need = zone_need(t, zone, which);

		if (need != NULL && need != zone && !trial_is_good(t, need))
			return false;
	}
	return true;
}

bool trial_may_lie(const struct trial *t, const struct zone *zone)
{
	for (size_t i = 0; i < t->spec->rules; i++) {
		enum action action = t->spec->rule[i].action;

		if ((action == DO_NODATA || action == DO_NXDOMAIN || action == DO_SERVFAIL_CNAME || action == DO_NO_AA ||
		    action == DO_NO_SOA) && spec_matches(t->spec->rule[i].zones, zone->name))
			return true;
	}
	for (int which = 0; which < 4; which++) {
		const struct zone *need = zone_need(t, zone, which);

		if (need != NULL && need != zone && trial_may_lie(t, need))
			return true;
	}
	return false;
}

unsigned trial_needed(const struct trial *t, int pass)
{
	unsigned count = 0;

	for (size_t i = 0; i < t->askeds; i++) {
		const struct asked *a = &t->asked[i];
		bool again = false;

		if (pass >= 0 && a->pass != (unsigned)pass)
			continue;
		for (size_t n = i; n > 0 && !again && i - n < 400; n--)
			again = t->asked[n - 1].type == a->type && (pass < 0 || t->asked[n - 1].pass == a->pass) &&
				strcmp(t->asked[n - 1].name, a->name) == 0;
		if (!again)
			count++;
	}
	for (size_t z = 0; z < t->spec->zones; z++)
		count += t->spec->zone[z].sign && pass <= 0;	/* its DNSKEY */
	return count;
}

double trial_limit_ms(const struct trial *t, unsigned pass)
{
	double longest = 0;

	for (size_t i = 0; i < t->spec->limits; i++) {
		double ms = (double)trial_needed(t, (int)pass) * MS_PER_S / t->spec->limit[i].rate;

		if (ms > longest)
			longest = ms;
	}
	for (size_t z = 0; z < t->spec->zones; z++)
		if (t->spec->zone[z].rate > 0 && (double)trial_needed(t, (int)pass) * MS_PER_S / t->spec->zone[z].rate > longest)
			longest = (double)trial_needed(t, (int)pass) * MS_PER_S / t->spec->zone[z].rate;
	return longest;
}

unsigned trial_queries_for(const struct trial *t, int side, const struct zone *zone, bool lost_too)
{
	unsigned sum = 0;

	for (size_t i = 0; i < t->seens; i++)
		if (t->seen[i].side == side && trial_zone(t, t->seen[i].name) == zone)
			sum += t->seen[i].queries - (lost_too ? 0 : t->seen[i].lost);
	return sum;
}

unsigned trial_queries_at(const struct trial *t, int side, unsigned address, bool lost_too)
{
	unsigned sum = 0;

	for (size_t i = 0; i < t->seens; i++)
		if (t->seen[i].side == side && (address == 0 || t->seen[i].address == address))
			sum += t->seen[i].queries - (lost_too ? 0 : t->seen[i].lost);
	return sum;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double trial_quantile(double *sorted, size_t count, double part)
{
	return sorted[(size_t)((double)(count - 1) * part)];
}

size_t trial_times(const struct trial *t, int side, bool (*want)(const struct trial *, const struct zone *, const char *),
	const char *glob, double *out)
{
	size_t count = 0;

	for (size_t i = 0; i < t->askeds; i++) {
		const struct zone *zone = trial_zone(t, t->asked[i].name);

		if (zone != NULL && want(t, zone, glob))
			out[count++] = t->asked[i].told[side].ms;
	}
	qsort(out, count, sizeof(*out), by_size);
	return count;
}

struct score trial_score(const struct trial *t, int side, int pass, const char *zones)
{
	struct score score = { 0 };
	size_t i = 0;
	char *state = calloc(t->askeds + 1, 1);
	double began_ms = -1;

	for (i = 0; i < t->askeds; i++) {
		const struct asked *a = &t->asked[i];
		const struct zone *zone = trial_zone(t, a->name);
		double end_ms;

		if ((pass >= 0 && a->pass != (unsigned)pass) || zone == NULL || !spec_matches(zones, zone->name))
			continue;
		if (began_ms < 0)
			began_ms = a->at_ms;
		end_ms = a->at_ms - began_ms + a->told[side].ms;
		if (end_ms / MS_PER_S > score.last_s)
			score.last_s = end_ms / MS_PER_S;
		if (a->group <= t->askeds)
			state[a->group] |= told_ok(&a->told[side]) ? 1 : 2;
	}
	for (i = 0; i <= t->askeds; i++) {
		score.passed += state[i] == 1;
		score.failed += state[i] >= 2;
	}
	free(state);
	return score;
}
