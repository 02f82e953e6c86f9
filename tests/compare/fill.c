/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What is in a zone, and what is asked.  Every zone has caa (records), none (an address and no CAA) and its apex; what else
 *  is there is drawn from the shapes, each of which adds records and asks for names. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "record.h"
#include "zone.h"

enum { OCTETS_MAX = 255, LABEL_MAX = 63, CHAIN_MAX = 13, LARGE = 60 };

void zone_add(struct zone *z, const char *format, ...)
{
	va_list args;
	bool added;

	va_start(args, format);
	added = record_add(z->rrs, z->ttl, format, args);
	va_end(args);
	if (!added)
		die(format);
}

/** What is being filled. */
struct filling {
	struct tree *tree;
	struct zone *zone;
	unsigned n;		/**< of the shape: its labels are made of it, so that they are no other's */
};

static uint64_t draw(struct filling *f, uint64_t below)
{
	return roll(f->tree, below);
}

/** Ask for a name, without final dot: its CAA, and now and then another type. */
static void ask(struct filling *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void ask(struct filling *f, const char *format, ...)
{
	static const char *const types[] = { "A", "MX", "TXT", "AAAA" }, *const how[] = { "do", "do", "do", "do", "do", "ad", "none", "cd" };
	char name[NAME_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	if (draw(f, 8) == 0)
		for (char *c = name; *c != '\0'; c++)
			if (*c >= 'a' && *c <= 'z' && draw(f, 2))
				*c = (char)(*c - 'a' + 'A');
	fprintf(f->tree->questions, "%s. CAA %s\n", name, how[draw(f, 8)]);
	if (draw(f, 3) == 0)
		fprintf(f->tree->questions, "%s. %s %s\n", name, types[draw(f, 4)], how[draw(f, 8)]);
	f->zone->asked++;
}

/** NSD does not read a tag in capital letters. */
static bool may_be_at_nsd(const struct zone *z)
{
	return z->level < 2 || z->server[0] == NSD || z->server[1] == NSD;
}

static void add_caa(struct filling *f, const char *owner)
{
	static const char *const data[] = { "0 issue \"ca.test\"", "0 issue \";\"", "128 issuewild \"ca.test; policy=ev\"",
		"0 iodef \"mailto:caa@ca.test\"", "128 tbs \"unknown\"", "130 tbs \"unknown\"", "0 issue \"\"",
		"0 issue \"%%%%\"", "0 issue \"<script>alert('xss')</script>\"" };
	size_t kinds_of = sizeof(data) / sizeof(data[0]), first = draw(f, kinds_of), count = 1 + draw(f, 3);

	for (size_t i = 0; i < count; i++)
		zone_add(f->zone, "%s CAA %s", owner, data[(first + i) % kinds_of]);
	if (draw(f, 4) == 0 && !may_be_at_nsd(f->zone))
		zone_add(f->zone, "%s CAA 0 ISSUE \"ca.test\"", owner);
}

static const struct zone *any_zone(struct filling *f)
{
	return &f->tree->zone[1 + draw(f, f->tree->count - 1)];
}

/** A name in some zone: with CAA, without, not there. */
static const char *any_name(struct filling *f, char out[static NAME_TEXT])
{
	static const char *const label[] = { "caa.", "caa.", "caa.", "none.", "none.", "nx.", "" };

	snprintf(out, NAME_TEXT, "%s%s", label[draw(f, 7)], any_zone(f)->name);
	return out;
}

/** A name of exactly `octets` octets below a zone (or another name of plain letters). */
static const char *long_name(char out[static NAME_TEXT], const char *first, const char *below, size_t octets)
{
	size_t room = octets - (strlen(below) + 2), at = 0;

	if (first[0] != '\0') {
		at = (size_t)snprintf(out, NAME_TEXT, "%s.", first);
		room -= at;
	}
	while (room > 0) {
		size_t take = room > LABEL_MAX + 1 ? LABEL_MAX + 1 : room;

		if (room - take == 1)
			take--;
		memset(out + at, 'l', take - 1);
		out[at + take - 1] = '.';
		at += take;
		room -= take;
	}
	snprintf(out + at, NAME_TEXT - at, "%s", below);
	return out;
}

/* --- the shapes --------------------------------------------------------------------------------------------------------- */

static void shape_plain(struct filling *f)
{
	char owner[NAME_TEXT];

	snprintf(owner, sizeof(owner), "r%u.%s", f->n, f->zone->name);
	if (draw(f, 2))
		add_caa(f, owner);
	zone_add(f->zone, "%s A 192.0.2.%u", owner, f->n % 250 + 1);
	if (draw(f, 3) == 0)
		zone_add(f->zone, "%s MX 10 none.%s.", owner, f->zone->name);
	ask(f, "%s", owner);
	ask(f, "below.%s", owner);
}

/** Empty non-terminals, and what is deep below them. */
static void shape_ent(struct filling *f)
{
	char owner[NAME_TEXT];

	snprintf(owner, sizeof(owner), "a.b.c.e%u.%s", f->n, f->zone->name);
	if (draw(f, 2))
		add_caa(f, owner);
	zone_add(f->zone, "%s TXT \"deep\"", owner);
	for (const char *at = owner; at[0] != 'e'; at = strchr(at, '.') + 1)
		ask(f, "%s", at);
	ask(f, "e%u.%s", f->n, f->zone->name);
	ask(f, "x.b.c.e%u.%s", f->n, f->zone->name);
}

static void shape_deep(struct filling *f)
{
	char owner[NAME_TEXT];

	snprintf(owner, sizeof(owner), "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.d%u.%s", f->n, f->zone->name);
	zone_add(f->zone, "%s A 192.0.2.1", owner);
	add_caa(f, owner);
	ask(f, "%s", owner);
	ask(f, "%s", owner + strlen("1.2.3.4.5.6.7."));
	ask(f, "0.%s", owner);
}

static void shape_missing(struct filling *f)
{
	ask(f, "m%u.%s", f->n, f->zone->name);
	ask(f, "a.b.m%u.%s", f->n, f->zone->name);
}

static void shape_wildcard(struct filling *f)
{
	char owner[NAME_TEXT];

	snprintf(owner, sizeof(owner), "*.w%u.%s", f->n, f->zone->name);
	if (draw(f, 2))
		add_caa(f, owner);
	zone_add(f->zone, "%s TXT \"any\"", owner);
	if (draw(f, 2))	/* which no wildcard matches */
		zone_add(f->zone, "there.is.w%u.%s A 192.0.2.1", f->n, f->zone->name);
	ask(f, "x.w%u.%s", f->n, f->zone->name);
	ask(f, "y.x.w%u.%s", f->n, f->zone->name);
	ask(f, "is.w%u.%s", f->n, f->zone->name);
	ask(f, "%s", owner);
}

static void shape_wildcard_alias(struct filling *f)
{
	char target[NAME_TEXT];

	zone_add(f->zone, "*.q%u.%s CNAME %s.", f->n, f->zone->name, any_name(f, target));
	ask(f, "x.q%u.%s", f->n, f->zone->name);
	ask(f, "y.z.q%u.%s", f->n, f->zone->name);
}

static void shape_cname(struct filling *f)
{
	char target[NAME_TEXT];

	zone_add(f->zone, "c%u.%s CNAME %s.", f->n, f->zone->name, any_name(f, target));
	zone_add(f->zone, "cc%u.%s CNAME c%u.%s.", f->n, f->zone->name, f->n, f->zone->name);
	ask(f, "c%u.%s", f->n, f->zone->name);
	ask(f, "cc%u.%s", f->n, f->zone->name);
	ask(f, "sub1.c%u.%s", f->n, f->zone->name);
}

/** A chain that is longer than a resolver follows, or not. */
static void shape_chain(struct filling *f)
{
	unsigned links = 4 + (unsigned)draw(f, CHAIN_MAX - 4);

	for (unsigned i = 0; i < links; i++)
		zone_add(f->zone, "h%u-%u.%s CNAME h%u-%u.%s.", f->n, i, f->zone->name, f->n, i + 1, f->zone->name);
	if (draw(f, 2))
		zone_add(f->zone, "h%u-%u.%s CAA 0 issue \"chain.test\"", f->n, links, f->zone->name);
	ask(f, "h%u-0.%s", f->n, f->zone->name);
	ask(f, "h%u-2.%s", f->n, f->zone->name);
}

static void shape_loop(struct filling *f)
{
	zone_add(f->zone, "o%u.%s CNAME p%u.%s.", f->n, f->zone->name, f->n, f->zone->name);
	zone_add(f->zone, "p%u.%s CNAME o%u.%s.", f->n, f->zone->name, f->n, f->zone->name);
	ask(f, "o%u.%s", f->n, f->zone->name);
}

static void shape_dname(struct filling *f)
{
	char target[NAME_TEXT];

	zone_add(f->zone, "n%u.%s DNAME %s.", f->n, f->zone->name, any_zone(f)->name);
	zone_add(f->zone, "i%u.%s DNAME j%u.%s.", f->n, f->zone->name, f->n, f->zone->name);
	zone_add(f->zone, "x.j%u.%s CAA 0 issue \"inside.test\"", f->n, f->zone->name);
	zone_add(f->zone, "k%u.%s DNAME %s.", f->n, f->zone->name, long_name(target, "k", f->zone->name, OCTETS_MAX - 8));
	ask(f, "caa.n%u.%s", f->n, f->zone->name);
	ask(f, "none.n%u.%s", f->n, f->zone->name);
	ask(f, "n%u.%s", f->n, f->zone->name);
	ask(f, "x.i%u.%s", f->n, f->zone->name);
	ask(f, "y.i%u.%s", f->n, f->zone->name);
	ask(f, "abcdef.k%u.%s", f->n, f->zone->name);
	ask(f, "abcdefgh.k%u.%s", f->n, f->zone->name);	/* too long, beyond the DNAME */
}

static void shape_idna(struct filling *f)
{
	static const char *const label[] = { "xn--bcher-kva", "xn--fiqs8s", "b\\195\\188cher", "xn--", "_caa", "-x-", "123", "a\\032b", "a\\.b",
		"\\000", "\\255\\254", "x\\;y" };
	const char *one = label[draw(f, sizeof(label) / sizeof(label[0]))];
	char owner[NAME_TEXT];

	snprintf(owner, sizeof(owner), "%s.u%u.%s", one, f->n, f->zone->name);
	if (draw(f, 2))
		add_caa(f, owner);
	zone_add(f->zone, "%s TXT \"octets\"", owner);
	ask(f, "%s", owner);
	ask(f, "%s.%s", one, f->zone->name);
}

static void shape_long(struct filling *f)
{
	char owner[NAME_TEXT], first[32];
	/* with NSEC3, NSD 4.6.1 ends where there is no room for an asterisk before a name */
	bool wants_room = may_be_at_nsd(f->zone) && f->zone->kind->proof >= PROOF_NSEC3;

	snprintf(first, sizeof(first), "g%u", f->n);
	add_caa(f, long_name(owner, first, f->zone->name, OCTETS_MAX - (wants_room ? 2 : 0)));
	ask(f, "%s", owner);
	ask(f, "%s", strchr(owner, '.') + 1);
	snprintf(first, sizeof(first), "t%u", f->n);
	ask(f, "%s", long_name(owner, first, f->zone->name, OCTETS_MAX));
}

/** More than goes over UDP. */
static void shape_large(struct filling *f)
{
	for (unsigned i = 0; i < LARGE; i++)
		zone_add(f->zone, "big%u.%s CAA 0 issue \"ca%u.test; account=%u\"", f->n, f->zone->name, i, i);
	ask(f, "big%u.%s", f->n, f->zone->name);
	ask(f, "sub1.big%u.%s", f->n, f->zone->name);
}

static const struct { void (*make)(struct filling *f); unsigned weight; } shapes[] = {
	{ shape_plain, 30 }, { shape_ent, 8 }, { shape_deep, 5 }, { shape_missing, 15 }, { shape_wildcard, 10 },
	{ shape_wildcard_alias, 6 }, { shape_cname, 14 }, { shape_chain, 3 }, { shape_loop, 1 }, { shape_dname, 6 },
	{ shape_idna, 8 }, { shape_long, 5 }, { shape_large, 1 },
};
enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

static void add_shape(struct filling *f)
{
	unsigned sum = 0, at = 0;
	uint64_t n;

	for (unsigned i = 0; i < SHAPES; i++)
		sum += shapes[i].weight;
	for (n = draw(f, sum); n >= shapes[at].weight; at++)
		n -= shapes[at].weight;
	f->n++;
	shapes[at].make(f);
}

void zone_fill(struct tree *t, struct zone *z, unsigned names)
{
	struct filling f = { .tree = t, .zone = z };
	char owner[NAME_TEXT];

	snprintf(owner, sizeof(owner), "caa.%s", z->name);
	add_caa(&f, owner);
	zone_add(z, "none.%s A 192.0.2.1", z->name);
	if (draw(&f, 3) == 0)
		add_caa(&f, z->name);
	ask(&f, "%s", z->name);
	ask(&f, "%s", owner);
	ask(&f, "none.%s", z->name);
	while (z->asked < names)
		add_shape(&f);
}
