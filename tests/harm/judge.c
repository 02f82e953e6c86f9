/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Whether the module was anywhere worse than plain Unbound in a run.
 *
 *  usage: harm_judge --answers FILE --counts FILE [--reasons FILE] --sides PLAIN,MODULE [--table yes] SCENARIO...
 *  Prints one line for each property that a scenario breaks: slot, property, path, and in words the first case and how many.
 *	a  a name that plain Unbound gets, the module gets, with the same data; and nothing that is neither plain's nor true
 *	b  no later than plain, and what a limit needs
 *	c  no more queries than plain where that succeeds; where it fails, or where it is a matter of luck who does, at most 8 for a
 *	   question at an address, and again for each time that it changes its mind, or as many as plain
 *	d  zones without a fault are as fast beside those with one
 *	e  when the faults have ended, all is well within 5 s
 *	f  the class of a failure is what was done
 *	x  what the scenario itself expects
 *  With --table, what both got in words.  Exit status: 1 if any of a, c, d, e, x is broken. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "expect.h"
#include "table.h"
#include "trial.h"

enum {
	SLACK_MS = 1000, SLACK_PERCENT = 50, DEFINITE_MS = 2000, LIMIT_SLACK_MS = 3000, LIMIT_PERCENT = 150, SCARCE_S = 14,
	QUERIES_SLACK = 3, QUERIES_PERCENT = 10,
	QUERIES_CHOICE_PERCENT = 50,	/**< of one zone of many: which of its addresses is asked is Unbound's choice, and differs */
	LUCK_PERCENT = 5, LUCK_LEAST = 2, TRIES_MAX = 8, RECOVERY_MS = 5000, FORGOTTEN_MS = 5000,
	CHANGES_MAX = 2,	/**< of an address' mind, for each of which it may be asked as often again */
	UNAWARE_MS = 500,	/**< what leaves before the first one is missed knows nothing of a fault that began */
	AT_ONCE_MS = 20,	/**< what takes no longer is from a cache */
	GOOD_MEDIAN_MS = 50, GOOD_P99_MS = 300
};

/* --- a: answers ------------------------------------------------------------------------------------------------------ */

static bool is_true(const struct trial *t, const struct asked *a, int side)
{
	struct query q;
	struct reply reply;
	struct digest digest;
	uint8_t octets[PACKET_MAX];
	size_t len;

	zone_truth(t->world, a->name, a->type, &q, &reply);
	len = wire_write(octets, &q, &reply);
	digest_read(&digest, octets, len);
	return digest.rcode == a->told[side].rcode && strcmp(digest.text, a->told[side].text) == 0;
}

/** An answer for CAA that plain Unbound has made up is none: it takes BADVERS for a proof that there is no record.  The lies of servers are
 *  answers, and other types the module leaves to Unbound. */
static void disown_inventions(struct trial *t)
{
	for (size_t i = 0; i < t->askeds; i++) {
		struct asked *a = &t->asked[i];
		const struct zone *zone = trial_zone(t, a->name);

		if (a->type == T_CAA && told_ok(&a->told[PLAIN]) && !is_true(t, a, PLAIN) && !(zone != NULL && trial_may_lie(t, zone)))
			a->told[PLAIN].rcode = RCODE_NONE;
	}
}

static bool is_allowed(const struct trial *t, const struct asked *a)
{
	const struct told *p = &a->told[PLAIN], *m = &a->told[MODULE];
	const struct zone *zone = trial_zone(t, a->name);

	if (told_ok(p) && p->rcode == m->rcode && strcmp(p->text, m->text) == 0)
		return true;
	return is_true(t, a, MODULE) || (zone != NULL && trial_may_lie(t, zone) && strcmp(m->text, "-") == 0);
}

/** Whether it is a matter of luck, too, which names are answered. */
static bool is_lucky(const struct trial *t)
{
	for (unsigned a = 0; a < ADDRESSES_MAX; a++)
		if (spec_loses(&t->spec->address[a]) || t->spec->address[a].dead || t->spec->address[a].no_udp)	/* which one is asked first */
			return true;
	for (size_t i = 0; i < t->spec->rules; i++)
		if (t->spec->rule[i].chance_percent > 0)
			return true;
	return t->spec->limits > 0;
}

/** How many questions of a pass a side gets; *all is set to how many there are. */
static unsigned got_of(const struct trial *t, int side, unsigned pass, unsigned *all)
{
	unsigned got = 0;

	*all = 0;
	for (size_t i = 0; i < t->askeds; i++)
		if (t->asked[i].pass == pass) {
			++*all;
			got += told_ok(&t->asked[i].told[side]);
		}
	return got;
}

/** Where plain Unbound gets some and not others by luck, the module may get others, but not fewer.
 *  @return whether the pass is judged so; else each name is looked at. */
static bool judge_by_number(const struct trial *t, unsigned pass, struct breach *breach)
{
	unsigned all, plain = got_of(t, PLAIN, pass, &all), module = got_of(t, MODULE, pass, &all);
	unsigned slack = all * LUCK_PERCENT / 100 > LUCK_LEAST ? all * LUCK_PERCENT / 100 : LUCK_LEAST;

	if (all == 0 || (trial_limit_ms(t, pass) <= SCARCE_S * MS_PER_S && (plain == all || !is_lucky(t))))
		return false;
	if (module + slack < plain)
		breach_add(breach, "pass %u: of %u questions plain gets %u, the module %u", pass, all, plain, module);
	return true;
}

/** Whether the module's failure is one that the resolver remembers, as plain Unbound does for seconds: it was judged when it came
 *  about, and plain Unbound's own may have come about, and been forgotten, a little earlier. */
static bool is_remembered(const struct trial *t, const struct asked *q)
{
	for (const struct asked *a = t->asked; a < q; a++)
		if (a->pass < q->pass && a->type == q->type && strcmp(a->name, q->name) == 0 && !told_ok(&a->told[MODULE]) &&
		    a->at_ms + a->told[MODULE].ms + FORGOTTEN_MS + MS_PER_S > q->at_ms)	/* whole seconds */
			return q->told[MODULE].ms < AT_ONCE_MS;
	return false;
}

/** Whether plain Unbound got it only because a fault ended while it was at it, of which the module had told before. */
static bool outlasts_fault(const struct trial *t, const struct asked *q)
{
	double plain = q->at_ms + q->told[PLAIN].ms, module = q->at_ms + q->told[MODULE].ms;

	for (size_t i = 0; i < t->spec->rules; i++)
		if (t->spec->rule[i].to_ms > module && t->spec->rule[i].to_ms <= plain)
			return true;
	return false;
}

static void judge_answers(struct trial *t)
{
	struct breach a = { .property = 'a' }, e = { .property = 'e' };
	bool by_number[PASSES_MAX];

	for (unsigned pass = 0; pass < PASSES_MAX; pass++)
		by_number[pass] = judge_by_number(t, pass, pass < t->spec->passes ? &a : &e);
	for (size_t i = 0; i < t->askeds; i++) {
		const struct asked *q = &t->asked[i];
		const struct told *p = &q->told[PLAIN], *m = &q->told[MODULE];
		struct breach *breach = q->pass < t->spec->passes ? &a : &e;

		if (told_ok(p) && !told_ok(m) && !by_number[q->pass] && !is_remembered(t, q) && !outlasts_fault(t, q))
			breach_add_case(breach, q, "only plain gets it");
		else if (told_ok(m) && !is_allowed(t, q))
			breach_add_case(&a, q, "neither plain's nor true");
		else if (breach == &e && told_ok(p) && m->ms > RECOVERY_MS && m->ms > p->ms + SLACK_MS + trial_limit_ms(t, q->pass))
			breach_add_case(&e, q, "late, after the fault");
	}
	breach_tell(t, &a);
	breach_tell(t, &e);
}

/* --- b: times -------------------------------------------------------------------------------------------------------- */

static void judge_times(struct trial *t)
{
	struct breach b = { .property = 'b' };
	double limit[PASSES_MAX];

	for (unsigned pass = 0; pass < PASSES_MAX; pass++)
		limit[pass] = trial_limit_ms(t, pass) * LIMIT_PERCENT / 100 + (trial_limit_ms(t, pass) > 0 ? LIMIT_SLACK_MS : 0);
	for (size_t i = 0; i < t->askeds; i++) {
		const struct asked *a = &t->asked[i];
		const struct told *p = &a->told[PLAIN], *m = &a->told[MODULE];
		double most = p->ms * (100 + SLACK_PERCENT) / 100 + SLACK_MS + limit[a->pass];

		if (!told_ok(p))
			most += DEFINITE_MS;
		if (m->ms > most && told_ok(p) == told_ok(m))	/* (a) has the others */
			breach_add_case(&b, a, told_ok(p) ? "late" : "its failure is told late");
	}
	breach_tell(t, &b);
}

/* --- c: queries ------------------------------------------------------------------------------------------------------ */

/** Whether plain Unbound gets all that is asked in a zone; false too where nothing is. */
static bool plain_gets_all(const struct trial *t, const struct zone *zone)
{
	bool any = false;

	for (size_t i = 0; i < t->askeds; i++)
		if (trial_zone(t, t->asked[i].name) == zone) {
			any = true;
			if (!told_ok(&t->asked[i].told[PLAIN]))
				return false;
		}
	return any;
}

static unsigned addresses_of(const struct zone *zone)
{
	unsigned count = 0;

	for (unsigned a = 0; a < ADDRESSES_MAX; a++)
		count += zone->at >> a & 1;
	return count;
}

/** How often a name was asked for afresh: so long after the time before that its failure was forgotten; NULL = any. */
static unsigned times_asked(const struct trial *t, const char *name)
{
	double last_ms = 0;
	unsigned times = 0;

	for (size_t i = 0; i < t->askeds; i++) {
		const struct asked *a = &t->asked[i];

		if (name != NULL && strcmp(a->name, name) != 0)
			continue;
		if (times == 0 || a->at_ms >= last_ms + FORGOTTEN_MS) {
			times++;
			last_ms = a->at_ms;
		}
	}
	return times > 0 || name == NULL ? times : times_asked(t, NULL);
}

/** Queries of both transports for one question at one address. */
struct tries {
	unsigned queries;	/**< without those that were lost */
	unsigned lost;
	unsigned lucky, changes;
};

static struct tries tries_for(const struct trial *t, const struct seen *like, int side)
{
	struct tries sum = { 0 };

	for (size_t i = 0; i < t->seens; i++) {
		const struct seen *s = &t->seen[i];

		if (s->side != side || s->address != like->address || s->type != like->type || strcmp(s->name, like->name) != 0)
			continue;
		sum.queries += s->queries - s->lost;
		sum.lost += s->lost;
		sum.lucky += s->lucky;
		sum.changes += s->changes;
	}
	return sum;
}

/** Whether a fault begins or ends while something is asked. */
static bool spans_change(const struct trial *t, const struct zone *zone, const struct seen *s)
{
	for (size_t i = 0; i < t->spec->rules; i++) {
		const struct rule *r = &t->spec->rule[i];

		if (spec_rule_is_for(r, zone, s->address - 1) && ((r->from_ms >= s->first_ms && r->from_ms <= s->last_ms && r->from_ms > 0) ||
		    (r->to_ms >= s->first_ms && r->to_ms <= s->last_ms && r->to_ms > 0)))
			return true;
	}
	return false;
}

/** How often an address changed its mind about a question, up to CHANGES_MAX: what comes by chance has none. */
static unsigned changes_of(const struct trial *t, const struct zone *zone, const struct seen *s, struct tries tries)
{
	unsigned changes = tries.changes;

	if (changes == 0)
		changes = tries.lucky > 0 || spans_change(t, zone, s);
	return changes < CHANGES_MAX ? changes : CHANGES_MAX;
}

/** Whether it was a matter of luck what a question was answered, on either side. */
static bool was_lucky(const struct trial *t, const struct seen *like)
{
	for (size_t i = 0; i < t->seens; i++)
		if (t->seen[i].lucky > 0 && t->seen[i].type == like->type && strcmp(t->seen[i].name, like->name) == 0)
			return true;
	return false;
}

/** Queries for the names of a zone but for those with which it was a matter of luck: another side has another one. */
static unsigned queries_without_luck(const struct trial *t, int side, const struct zone *zone, bool lost_too)
{
	unsigned sum = 0;

	for (size_t i = 0; i < t->seens; i++)
		if (t->seen[i].side == side && trial_zone(t, t->seen[i].name) == zone && !was_lucky(t, &t->seen[i]))
			sum += t->seen[i].queries - (lost_too ? 0 : t->seen[i].lost);
	return sum;
}

/** Questions of the module's that met a fault which has only begun: each may be asked once more. */
static unsigned unaware(const struct trial *t, const struct zone *zone)
{
	unsigned count = 0;

	for (size_t r = 0; r < t->spec->rules; r++) {
		double begun_ms = -1;

		for (size_t i = 0; i < t->seens; i++) {
			const struct seen *s = &t->seen[i];

			if (s->side == MODULE && trial_zone(t, s->name) == zone && t->spec->rule[r].from_ms > 0 &&
			    spec_rule_is_for(&t->spec->rule[r], zone, s->address - 1) && s->first_ms >= t->spec->rule[r].from_ms &&
			    (begun_ms < 0 || s->first_ms < begun_ms))
				begun_ms = s->first_ms;
		}
		for (size_t i = 0; i < t->seens && begun_ms >= 0; i++) {
			const struct seen *s = &t->seen[i];

			count += s->side == MODULE && trial_zone(t, s->name) == zone && s->first_ms >= begun_ms &&
				s->first_ms < begun_ms + UNAWARE_MS;
		}
	}
	return count;
}

/** Queries for zones of which plain Unbound gets all. */
struct needs {
	unsigned zones, plain, module, slack;
};

static void judge_queries_plain_needs(const struct trial *t, const struct zone *zone, struct needs *all, struct breach *c)
{
	unsigned plain = queries_without_luck(t, PLAIN, zone, true), module = queries_without_luck(t, MODULE, zone, false);
	unsigned slack = QUERIES_SLACK * addresses_of(zone) + unaware(t, zone);
	unsigned percent = addresses_of(zone) > 1 && zone->name[0] == 'p' ? QUERIES_CHOICE_PERCENT : QUERIES_PERCENT;

	if (module > plain * (100 + percent) / 100 + slack)
		breach_add(c, "zone %s: plain gets all with %u queries, the module needs %u", zone->name, plain, module);
	all->zones++;
	all->plain += plain;
	all->module += module;
	if (slack > all->slack)
		all->slack = slack;
}

static void judge_queries_of_all(const struct needs *all, struct breach *c)
{
	if (all->zones > 1 && all->module > all->plain * (100 + QUERIES_PERCENT) / 100 + all->slack)
		breach_add(c, "%u zones: plain gets all with %u queries, the module needs %u", all->zones, all->plain, all->module);
}

/** @param lucky: only those with which it was a matter of luck. */
static void judge_tries(const struct trial *t, const struct zone *zone, bool lucky, struct breach *c)
{
	for (size_t i = 0; i < t->seens; i++) {
		const struct seen *s = &t->seen[i];
		struct tries tries, plain;
		unsigned times;

		if (s->side != MODULE || s->queries - s->lost <= TRIES_MAX / 2 || trial_zone(t, s->name) != zone ||
		    (lucky && !was_lucky(t, s)))
			continue;
		tries = tries_for(t, s, MODULE);
		plain = tries_for(t, s, PLAIN);
		times = times_asked(t, s->name);
		if (tries.queries <= plain.queries)
			continue;
		/* Unbound's own; of what plain Unbound lost, each may have had an error, and been asked again without EDNS */
		if (s->type != T_CAA && tries.queries <= plain.queries + 2 * plain.lost + QUERIES_SLACK)
			continue;
		if (tries.queries > TRIES_MAX * times * (1 + changes_of(t, zone, s, tries)))
			breach_add(c, "%u queries (plain %u) for %s type %u at address %u, which was asked %u times, and changed its mind %u times",
				tries.queries, plain.queries, s->name, s->type, s->address, times, tries.changes);
	}
}

static void judge_queries(struct trial *t)
{
	struct breach c = { .property = 'c' };
	struct needs needs = { 0 };

	for (size_t z = 0; z < t->spec->zones; z++) {
		const struct zone *zone = &t->spec->zone[z];

		bool all = plain_gets_all(t, zone);

		if (all)
			judge_queries_plain_needs(t, zone, &needs, &c);
		if (zone->ttl > 0)		/* what is not kept may be asked again for every question */
			judge_tries(t, zone, all, &c);
	}
	judge_queries_of_all(&needs, &c);
	breach_tell(t, &c);
}

/* --- d: neighbours --------------------------------------------------------------------------------------------------- */

static bool want_good(const struct trial *t, const struct zone *zone, const char *glob)
{
	(void)glob;
	return trial_is_good(t, zone);
}

/** How far away the farthest address is: which one is asked is Unbound's choice, and differs from run to run. */
static unsigned farthest_ms(const struct trial *t)
{
	unsigned ms = 0;

	for (unsigned a = 0; a < ADDRESSES_MAX; a++)
		if (t->spec->address[a].rtt_ms > ms)
			ms = t->spec->address[a].rtt_ms;
	return ms;
}

static void judge_neighbours(struct trial *t)
{
	struct breach d = { .property = 'd' };
	double *ms[SIDES];
	size_t count = 0;

	for (int side = 0; side < SIDES; side++) {
		ms[side] = calloc(t->askeds + 1, sizeof(double));
		count = trial_times(t, side, want_good, "", ms[side]);
	}
	for (int last = 0; last < 2 && count > 0; last++) {
		double part = last ? 0.99 : 0.5;
		double plain = trial_quantile(ms[PLAIN], count, part), module = trial_quantile(ms[MODULE], count, part);

		if (module > plain * (100 + SLACK_PERCENT) / 100 + (last ? GOOD_P99_MS : GOOD_MEDIAN_MS) + farthest_ms(t))
			breach_add(&d, "%s of %zu questions of zones without a fault: plain %.0f ms, module %.0f ms", last ? "p99" : "median",
				count,
				plain, module);
	}
	for (int side = 0; side < SIDES; side++)
		free(ms[side]);
	breach_tell(t, &d);
}

/* --- f: reasons ------------------------------------------------------------------------------------------------------ */

static const char *classes_of(enum action action)
{
	switch (action) {
	case DO_ANSWER: case DO_NODATA: case DO_NXDOMAIN: return "";
	case DO_REFUSED: case DO_REFUSED_BARE: return " refused lame ";
	case DO_SERVFAIL: case DO_SERVFAIL_CNAME: case DO_GARBAGE: return " servfail ";
	case DO_NOTIMP: return " notimp ";
	case DO_FORMERR: case DO_FORMERR_BARE: case DO_BADVERS: case DO_BADCOOKIE: return " formerr-edns servfail ";
	case DO_TC: case DO_TC_RECORDS: return " unreachable timeout servfail ";
	case DO_DROP: case DO_WRONG_ID: case DO_OTHER_QUESTION: case DO_SLOW: case DO_DISORDER: return " timeout budget ";
	case DO_OTHER_CASE: return " caps timeout ";
	case DO_NO_SOA: case DO_EMPTY: return " no-soa lame ";
	case DO_NO_AA: case DO_UPWARD: return " lame ";
	}
	return "";
}

static bool class_fits(const struct trial *t, const struct zone *zone, const char *class)
{
	char want[64];
	bool sign = false;

	snprintf(want, sizeof(want), " %s ", class);
	for (size_t i = 0; i < t->spec->zones; i++)
		sign |= t->spec->zone[i].sign;
	if (zone->orphan && strcmp(class, "unreachable") == 0)
		return true;
	if (sign && strcmp(class, "bogus") == 0)
		return true;
	if (t->spec->limits > 0 && strstr(" rate-limited budget ", want) != NULL)
		return true;
	if (trial_has_loss(t, zone) && strcmp(class, "timeout") == 0)
		return true;
	if (trial_has_dead(t, zone) && strstr(" unreachable timeout ", want) != NULL)
		return true;
	for (size_t i = 0; i < t->spec->rules; i++)
		if (strstr(classes_of(t->spec->rule[i].action), want) != NULL)
			return true;
	return false;
}

static void judge_reasons(struct trial *t)
{
	struct breach f = { .property = 'f' };

	for (size_t i = 0; i < t->reasons; i++) {
		const struct zone *zone = trial_zone(t, t->reason[i].name);

		if (zone != NULL && !class_fits(t, zone, t->reason[i].class))
			breach_add(&f, "%s: the class is %s", t->reason[i].name, t->reason[i].class);
	}
	breach_tell(t, &f);
}

/* --- all scenarios ------------------------------------------------------------------------------------------------------ */

static bool judge(const struct world *world, const struct spec *spec, struct results *r, bool table)
{
	struct trial t = { .world = world, .spec = spec, .reason = r->reason, .reasons = r->reasons };

	for (size_t i = 0; i < r->askeds; i++)
		if (r->asked[i].slot == spec->slot) {
			if (t.askeds++ == 0)
				t.asked = &r->asked[i];
		}
	for (size_t i = 0; i < r->seens; i++)
		if (r->seen[i].slot == spec->slot) {
			if (t.seens++ == 0)
				t.seen = &r->seen[i];
		}
	if (table)
		table_print(&t);
	disown_inventions(&t);
	judge_answers(&t);
	judge_times(&t);
	judge_queries(&t);
	judge_neighbours(&t);
	judge_reasons(&t);
	expect_judge(&t);
	return !t.failed;
}

int main(int argc, char **argv)
{
	static struct world world;
	static struct results results;
	const char *answers = NULL, *counts = NULL, *reasons = NULL;
	unsigned side[SIDES] = { 0 };
	bool table = false, good = true;
	int i;

	for (i = 1; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		if (strcmp(argv[i], "--answers") == 0) answers = argv[i + 1];
		else if (strcmp(argv[i], "--counts") == 0) counts = argv[i + 1];
		else if (strcmp(argv[i], "--reasons") == 0) reasons = argv[i + 1];
		else if (strcmp(argv[i], "--table") == 0) table = true;
		else if (strcmp(argv[i], "--sides") != 0 || sscanf(argv[i + 1], "%u,%u", &side[PLAIN], &side[MODULE]) != 2) return 2;
	}
	if (answers == NULL || counts == NULL || side[MODULE] == 0 || i >= argc) {
		fprintf(stderr, "usage: harm_judge --answers FILE --counts FILE [--reasons FILE] --sides N,N [--table yes] SCENARIO...\n");
		return 2;
	}
	if (!world_read(&world, argv + i, (size_t)(argc - i)) || !results_read(&results, answers, counts, reasons, side))
		return 2;
	for (size_t n = 0; n < world.specs; n++)
		good &= judge(&world, &world.spec[n], &results, table);
	return good ? 0 : 1;
}
