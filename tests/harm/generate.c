/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <string.h>
#include "generate.h"
#include "spec.h"

enum { PERCENT = 100, LIMIT_SECONDS = 8, MS_PER_S = 1000, RATE_ANY = 1000 };

/** What is drawn from, one after the other.  What was thought of later has its own, so that the draws of a seed stay as they are. */
struct dice {
	const char *what;
	unsigned drawn;
};

/** One scenario as it is made.  Draws are made one by one, for arguments have no order. */
struct making {
	unsigned seed;
	struct dice first, added, later;
	FILE *out;
	unsigned addresses;
	const char *broken;	/**< a glob for the zones with faults */
	unsigned provider;	/**< zones p1.. of one provider, 0 = there is z1 only */
	bool limited, alias, sign, deep;
	unsigned rate;
};

static unsigned draw_of(const struct making *m, struct dice *dice, unsigned below)
{
	return (unsigned)(spec_hash(m->seed, dice->what, dice->drawn++) >> 8) % below;
}

static unsigned draw(struct making *m, unsigned below)
{
	return draw_of(m, &m->first, below);
}

static bool chance(struct making *m, unsigned percent)
{
	return draw(m, PERCENT) < percent;
}

static bool chance_added(struct making *m, unsigned percent)
{
	return draw_of(m, &m->added, PERCENT) < percent;
}

static bool chance_later(struct making *m, unsigned percent)
{
	return draw_of(m, &m->later, PERCENT) < percent;
}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define PICK(m, table) ((table)[draw(m, COUNT(table))])
#define PICK_LATER(m, table) ((table)[draw_of(m, &(m)->later, COUNT(table))])

static void make_address_fault(struct making *m)
{
	static const char *const faults[] = {
		"edns ignore", "edns echo", "cookie echo", "cookie required", "cookie always-bad", "cookie some-none",
		"cookie some-none tcp closed", "cookie secrets", "cookie names-none tcp closed", "cookie names-none",
		"cookie names-secrets", "tcp closed", "tcp filtered", "tcp reset-first", "tcp reset", "tcp slow", "tcp one",
		"loss 5", "loss 20"
	};

	fprintf(m->out, " %s", PICK(m, faults));
}

/** No more than so many queries are answered in a second. */
static void set_rate(struct making *m, unsigned rate)
{
	m->limited = true;
	if (rate < m->rate)
		m->rate = rate;
}

/** A server that is slow when it is busy, or whose way is uneven, or too narrow for large answers. */
static void make_way(struct making *m)
{
	static const unsigned jitters[] = { 20, 100, 400, 1000 }, serves[] = { 2, 5, 10, 20, 50 }, queues[] = { 20, 100, 1000 };
	unsigned serves_ms, queue;

	if (chance_later(m, 8))
		fprintf(m->out, " jitter %u", PICK_LATER(m, jitters));
	if (chance_later(m, 8)) {
		serves_ms = PICK_LATER(m, serves);
		queue = PICK_LATER(m, queues);
		fprintf(m->out, " serves %u queue %u", serves_ms, queue);
		set_rate(m, MS_PER_S / serves_ms);
	}
	if (chance_later(m, 4))
		fputs(" most 512", m->out);
}

static void make_addresses(struct making *m, bool fault)
{
	static const unsigned counts[] = { 1, 1, 2, 2, 2, 2, 3, 4 }, rtts[] = { 0, 0, 0, 10, 20, 50, 100 };
	static const char *const cookies[] = { "", "", " cookie good" };
	unsigned same_rtt = PICK(m, rtts);
	const char *cookie = PICK(m, cookies);
	unsigned faulty;

	m->addresses = PICK(m, counts);
	faulty = chance(m, 50) ? m->addresses : draw(m, m->addresses);
	for (unsigned a = 0; a < m->addresses; a++) {
		fprintf(m->out, "address %u rtt %u%s", a + 1, chance(m, 70) ? same_rtt : PICK(m, rtts), cookie);
		if (fault && (faulty == m->addresses || faulty == a))
			make_address_fault(m);
		else if (chance_added(m, 5))
			fputs(" tcp mute", m->out);
		make_way(m);
		if (a > 0 && chance_added(m, 8))
			fputs(" dead", m->out);
		fputc('\n', m->out);
	}
}

static void print_addresses(struct making *m)
{
	for (unsigned a = 1; a <= m->addresses; a++)
		fprintf(m->out, "%s%u", a > 1 ? "," : "", a);
}

static void make_zone(struct making *m, const char *name, const char *more)
{
	fprintf(m->out, "zone %s at ", name);
	print_addresses(m);
	fprintf(m->out, "%s%s\n", m->sign ? " signed" : "", more);
}

static void make_zones(struct making *m)
{
	static const unsigned providers[] = { 3, 10, 30, 60 };

	m->sign = chance(m, 25);
	make_zone(m, "good", chance(m, 10) ? " ttl 0" : "");
	if (chance(m, 30)) {
		char name[NAME_TEXT];

		m->provider = PICK(m, providers);
		snprintf(name, sizeof(name), "p{1-%u}", m->provider);
		make_zone(m, name, chance(m, 15) ? " glue good" : "");
		m->broken = "p*";
		return;
	}
	m->deep = chance(m, 30);
	m->alias = chance(m, 25);
	make_zone(m, "z1", m->alias ? " cname good dname good" :
		chance(m, 10) ? " glue good" :
		chance(m, 10) ? " ttl 0" : "");
	m->broken = "z1";
	if (chance(m, 15)) {
		make_zone(m, "sub.z1", "");
		m->broken = "z1,sub.z1";
	}
}

static void make_rule(struct making *m)
{
	static const char *const types[] = {
		"", "", " type caa", " type caa", " type caa", " type a", " type other", " type dnskey"
	};
	static const char *const transports[] = { "", "", "", " over udp", " over tcp" };
	static const char *const edns[] = { "", "", "", "", " edns yes", " cookie yes", " edns no" };
	/* the last not where a limit delays the module's queries */
	static const char *const phases[] = { "", "", "", " to 3000", " to 7000", " from 1500" };
	static const char *const parts[] = { "", "", "", " part 30", " chance 30", " name b.d*" };
	const char *type = PICK(m, types), *part = PICK(m, parts), *phase = PICK(m, phases);
	const char *version, *transport, *zones;
	unsigned action = draw(m, DO_DISORDER) + 1;

	if (!m->sign && strcmp(type, " type dnskey") == 0)
		type = " type caa";
	if (!m->deep && strcmp(part, " name b.d*") == 0)
		part = "";
	fputs("rule", m->out);
	if (chance(m, 40))
		fprintf(m->out, " at %u", draw(m, m->addresses) + 1);
	if (m->limited && strstr(phase, "from") != NULL)
		phase = "";
	version = PICK(m, edns);
	transport = PICK(m, transports);
	zones = m->provider > 0 && chance(m, 50) ? "p1,p2,p3" : m->broken;
	fprintf(m->out, " zone %s%s%s%s%s%s do %s", zones, type, transport, version, phase, part,
		spec_action_text((enum action)action));
	if (action == DO_SLOW || action == DO_DISORDER)
		fprintf(m->out, " %u", 100 + draw(m, 20) * draw(m, 20) * 10);
	fputc('\n', m->out);
}

static void make_limit(struct making *m)
{
	static const unsigned rates[] = { 10, 20, 20, 50, 100 };
	static const char *const kinds[] = { "bucket", "bucket", "debt", "window" };
	static const char *const refusals[] = { "drop", "drop", "refused", "servfail", "tc" };
	static const char *const exempt[] = { "", "", " exempt cookie", " exempt tcp", " exempt both" };
	static const unsigned bans[] = { 2000, 5000, 10000 };
	const char *free, *refuse, *kind, *zone, *zones, *each, *slip;
	unsigned rate = PICK(m, rates), burst;

	set_rate(m, rate);
	fputs("limit at ", m->out);
	print_addresses(m);
	free = PICK(m, exempt);
	refuse = PICK(m, refusals);
	kind = PICK(m, kinds);
	burst = chance(m, 25) ? 1 + rate / 4 : rate;
	zone = chance(m, 15) ? " zone z*,p*" : "";
	zones = chance(m, 15) ? " zones" : "";
	each = chance(m, 25) ? " each" : "";
	slip = strcmp(refuse, "drop") == 0 && chance_added(m, 40) ? " slip 2" : "";
	if (slip[0] != '\0' && strstr(free, "both") == NULL)	/* what limits responses does not limit TCP */
		free = strstr(free, "cookie") != NULL ? " exempt both" : " exempt tcp";
	fprintf(m->out, "%s%s%s rate %u burst %u kind %s", each, zones, zone, rate, burst, kind);
	if (chance_later(m, 10))
		fprintf(m->out, " ban %u", PICK_LATER(m, bans));
	fprintf(m->out, " refuse %s%s%s\n", refuse, slip, free);
}

static unsigned names_at_most(const struct making *m, unsigned names, unsigned queries_each)
{
	unsigned most = m->rate * LIMIT_SECONDS / queries_each;

	return m->limited && names > most ? most : names;
}

static void make_provider_traffic(struct making *m)
{
	static const unsigned counts[] = { 1, 1, 2, 5 };
	unsigned each = names_at_most(m, PICK(m, counts) * m->provider, 2) / m->provider;

	fprintf(m->out, "ask at 0 h{1-%u}.p{1-%u}%s\n", each > 0 ? each : 1, m->provider,
		chance(m, 40) ? " climb" :
		chance(m, 30) ? " gap 30" : "");
}

static void make_zone_traffic(struct making *m)
{
	static const unsigned flat[] = { 1, 5, 20, 50, 100 }, deep[] = { 2, 10, 30 };
	const char *climb = chance(m, 60) ? " climb" : "", *gap, *names;
	unsigned at_ms;

	if (!m->deep) {
		gap = chance(m, 25) ? " gap 40" : "";
		fprintf(m->out, "ask at 0 h{1-%u}.z1%s%s\n", names_at_most(m, PICK(m, flat), 2), climb, gap);
	} else {
		fprintf(m->out, "ask at 0 a.b.d{1-%u}.z1 climb\n", names_at_most(m, PICK(m, deep), 4));
	}
	if (chance(m, 20))	/* another certificate */
		fprintf(m->out, "ask at %u h{4001-%u}.z1 climb\n", draw(m, 4000), 4000 + names_at_most(m, 20, 8));
	if (chance(m, 30))
		fprintf(m->out, "ask at %u caa{1-5}.z1 climb\n", draw(m, 500));
	if (chance(m, 30)) {
		names = chance(m, 50) ? "x{1-5}.z1" : "x{1-5}.wild.z1";
		fprintf(m->out, "ask at %u %s\n", draw(m, 500), names);
	}
	if (m->alias) {
		at_ms = draw(m, 100);
		fprintf(m->out, "ask at %u cn{1-4}.z1\n", draw(m, 100));
		fprintf(m->out, "ask at %u h{1-4}.dn.z1\n", at_ms);
	}
	if (m->broken[2] != '\0')
		fprintf(m->out, "ask at %u h{1-5}.sub.z1 climb\n", draw(m, 100));
}

static void make_traffic(struct making *m)
{
	static const char *const types[] = { "a", "txt", "mx" };
	unsigned gap_ms, last;
	const char *type;

	if (m->provider > 0)
		make_provider_traffic(m);
	else
		make_zone_traffic(m);
	gap_ms = 20 + draw(m, 200);
	last = 2001 + names_at_most(m, 20 + draw(m, 20), 4);
	fprintf(m->out, "ask at %u h{2001-%u}.good gap %u\n", draw(m, 300), last, gap_ms);
	if (chance(m, 30)) {
		type = PICK(m, types);
		fprintf(m->out, "ask at %u h{3001-3005}.%s gap 100 type %s\n", draw(m, 500), m->provider > 0 ? "p1" : "z1", type);
	}
}

void generate(unsigned seed, FILE *out)
{
	static const unsigned threads[] = { 1, 2, 1, 4, 1, 1 };
	struct making m = { .seed = seed, .out = out, .broken = "z1", .rate = RATE_ANY, .first = { .what = "draw" },
		.added = { .what = "added" }, .later = { .what = "later" } };
	unsigned block = (seed - 1) / SEEDS_PER_BLOCK, faults;

	fprintf(out, "seed %u\nthreads %u\n", seed, threads[block % 6]);
	if (block % 6 == 2)
		fputs("option caps\n", out);
	if (block % 6 == 4)
		fputs("option nomin\n", out);
	if (block % 6 == 5)
		fputs("option sources\n", out);
	if (block % 12 == 11)
		fputs("option chain\n", out);
	make_addresses(&m, chance(&m, 40));
	make_zones(&m);
	faults = draw(&m, 4);
	if (chance(&m, faults == 0 ? 60 : 20))
		make_limit(&m);
	for (unsigned i = 0; i < faults; i++)
		make_rule(&m);
	make_traffic(&m);
}
