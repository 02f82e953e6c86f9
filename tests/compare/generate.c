/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Makes a tree of zones of all kinds (kinds.h), for BIND, NSD, Knot and PowerDNS, and the questions to ask in it: the same
 *  for the same seed, but for keys and times.
 *
 *  usage: compare_generate FOLDER ZONES NAMES SEED [quick]
 *  quick: without the faults that a resolver waits for.
 *
 *  In FOLDER: NAME.zone for each zone (root ..zone); zones-SERVER with the zones that a server has, one on a line, for root, tld,
 *  bind, nsd, knot and pdns; zones-nofile, which NSD has without a file; faulty, what to start tests/lab/faulty.c with; pdns.sql for
 *  PowerDNS's database; anchor; kinds, a line for each zone with its name, kind and place; ttls, the largest TTL that a record of a
 *  zone may have; questions, in mixed order: NAME TYPE HOW, where HOW is do, ad, cd or none. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "zone.h"

enum { TLDS = 10, ZONES_MIN = 20, LEVEL_MAX = 5, ROOT_TTL = 3600, FAULT_NET = 60, FAULTS_PER_NET = 200 };
#define ROOT_ADDRESS "127.0.53.1"
#define TLD_ADDRESS "127.0.53.2"
#define DEAD_ADDRESS "127.0.53.99"
#define NSD_ADDRESS "127.0.53.11"

static const char *folder;

void die(const char *what)
{
	fprintf(stderr, "compare_generate: %s\n", what);
	exit(2);
}

uint64_t roll(struct tree *t, uint64_t below)
{
	t->dice ^= t->dice >> 12;
	t->dice ^= t->dice << 25;
	t->dice ^= t->dice >> 27;
	return t->dice * UINT64_C(2685821657736338717) % below;
}

static FILE *file_of(const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w+");
	if (file == NULL)
		die(path);
	return file;
}

/* --- which zones there are ---------------------------------------------------------------------------------------------- */

static const struct kind *kind_named(const char *name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	die(name);
}

/** The first zones have every kind in turn, then every place and fault: a small tree has some of each, too. */
static const struct kind *any_kind(struct tree *t, size_t turn)
{
	unsigned sum = 0;
	size_t i = 0;
	uint64_t n;

	if (turn < KINDS)
		return &kinds[turn];
	for (i = 0; i < KINDS; i++)
		sum += kinds[i].weight;
	n = roll(t, sum);
	for (i = 0; n >= kinds[i].weight; i++)
		n -= kinds[i].weight;
	return &kinds[i];
}

static enum place any_place(struct tree *t, size_t turn)
{
	unsigned place = 0, sum = 0;
	uint64_t n;

	if (turn < KINDS)
		return PLACE_ONE;
	if (turn < KINDS + PLACES)
		return (enum place)(turn - KINDS);
	for (unsigned i = 0; i < PLACES; i++)
		sum += place_weight[i];
	for (n = roll(t, sum); n >= place_weight[place]; place++)
		n -= place_weight[place];
	return (enum place)place;
}

/** Whether what is below a zone can be asked: so most zones have such parents. */
static bool is_sound(const struct zone *z)
{
	return z->kind->spoil == SPOIL_NOTHING && z->kind->ds != DS_OTHER_KEY && (z->kind->proof != PROOF_NONE || z->kind->live != LIVE_NO ||
		z->kind->ds == DS_NONE) && (z->place == PLACE_ONE || z->place == PLACE_TWO);
}

static size_t any_parent(struct tree *t, size_t below)
{
	for (int tries = 0; tries < 10; tries++) {
		size_t i = 1 + TLDS + roll(t, below - 1 - TLDS);

		if (t->zone[i].level < LEVEL_MAX && (is_sound(&t->zone[i]) || roll(t, 20) == 0))
			return i;
	}
	return 1 + roll(t, TLDS);
}

static void make_tld(struct zone *z, size_t number)
{
	static const char *const kind[TLDS] = { "nsec", "nsec3", "opt-out", "unsigned", "nsec", "nsec3", "opt-out", "rsa", "ed25519", "nsec" };

	snprintf(z->name, sizeof(z->name), number == TLDS - 1 ? "xn--lab-kla%zu" : "t%zu", number);
	z->kind = kind_named(kind[number]);
	z->level = 1;
	z->ttl = 60;
}

static void make_zone(struct tree *t, size_t i)
{
	static const unsigned ttls[] = { 1, 1, 1, 2, 30, 3600 };
	static const char *const form[] = { "z%zu.%s", "z%zu.%s", "z%zu.%s", "z%zu.a.b.%s", "xn--z%zu-kva.%s", "_z%zu.%s" };
	struct zone *z = &t->zone[i];
	size_t turn = i - 1 - TLDS;
	const struct zone *parent;

	/* those that show every kind are below a TLD that is signed */
	z->parent = turn < KINDS + PLACES + t->faults ? 1 + turn % 3 : any_parent(t, i);
	parent = &t->zone[z->parent];
	z->level = parent->level + 1;
	z->kind = any_kind(t, turn);
	z->place = any_place(t, turn);
	z->server[0] = (enum server)roll(t, SERVERS);
	z->server[1] = (enum server)((z->server[0] + 1 + roll(t, SERVERS - 1)) % SERVERS);
	z->ttl = ttls[roll(t, sizeof(ttls) / sizeof(ttls[0]))];
	snprintf(z->name, sizeof(z->name), form[roll(t, sizeof(form) / sizeof(form[0]))], i, parent->name);
	if (z->place == PLACE_FAULTY) {
		z->server[0] = NSD;
		z->fault = (unsigned)roll(t, t->faults);
	}
	if (turn >= KINDS + PLACES && turn < KINDS + PLACES + t->faults) {
		z->place = PLACE_FAULTY;
		z->fault = (unsigned)(turn - KINDS - PLACES);
		z->kind = kind_named(turn % 2 ? "nsec" : "unsigned");
		z->server[0] = NSD;
	}
	if (z->kind->live != LIVE_NO && z->place != PLACE_ONE)
		z->kind = kind_named("nsec");
	if (z->kind->live != LIVE_NO)
		z->server[0] = PDNS;
}

static void make_zones(struct tree *t)
{
	t->zone[0].kind = kind_named("nsec");
	t->zone[0].ttl = ROOT_TTL;
	for (size_t i = 1; i < t->count; i++) {
		if (i <= TLDS)
			make_tld(&t->zone[i], i - 1);
		else
			make_zone(t, i);
	}
}

/* --- where they are ------------------------------------------------------------------------------------------------------ */

static const char *fault_address(const struct zone *z, const struct tree *t, char out[static 32])
{
	size_t i = (size_t)(z - t->zone);

	snprintf(out, 32, "127.0.%zu.%zu", FAULT_NET + i / FAULTS_PER_NET, i % FAULTS_PER_NET + 1);
	return out;
}

static const char *address_of(const struct zone *z, const struct tree *t, unsigned which, char out[static 32])
{
	if (z->level < 2)
		return z->level == 0 ? ROOT_ADDRESS : TLD_ADDRESS;
	if (z->place == PLACE_DEAD || (z->place == PLACE_HALF_DEAD && which == 1))
		return DEAD_ADDRESS;
	if (z->place == PLACE_SERVFAIL)
		return NSD_ADDRESS;
	if (z->place == PLACE_FAULTY)
		return fault_address(z, t, out);
	return server_address[z->server[which]];
}

static unsigned servers_of(const struct zone *z)
{
	return z->level >= 2 && (z->place == PLACE_TWO || z->place == PLACE_HALF_LAME || z->place == PLACE_HALF_DEAD) ? 2 : 1;
}

/** Whether a server that the zone is delegated to has it. */
static bool serves(const struct zone *z, unsigned which)
{
	switch (z->place) {
	case PLACE_ONE:
	case PLACE_TWO:
	case PLACE_FAULTY:
		return true;
	case PLACE_HALF_LAME:
	case PLACE_HALF_DEAD:
		return which == 0;
	case PLACE_LAME:
	case PLACE_DEAD:
	case PLACE_SERVFAIL:
	case PLACES:
		return false;
	}
	return false;
}

static void add_servers(const struct tree *t, const struct zone *z, struct zone *to)
{
	const char *dot = z->name[0] != '\0' ? "." : "";
	char address[32];

	for (unsigned which = 0; which < servers_of(z); which++) {
		zone_add(to, "%s NS ns%u%s%s.", z->name, which + 1, dot, z->name);
		zone_add(to, "ns%u%s%s A %s", which + 1, dot, z->name, address_of(z, t, which, address));
	}
}

static void add_apex(const struct tree *t, struct zone *z)
{
	const char *dot = z->name[0] != '\0' ? "." : "";

	zone_add(z, "%s SOA ns.host%s%s. hostmaster%s%s. 1 3600 600 864000 %u", z->name, dot, z->name, dot, z->name, z->ttl);
	add_servers(t, z, z);
}

/* --- what is written ----------------------------------------------------------------------------------------------------- */

static void write_zone(struct signer *s, struct zone *z)
{
	char name[300];
	FILE *file;

	snprintf(name, sizeof(name), "%s.zone", z->name[0] != '\0' ? z->name : ".");
	file = file_of(name);
	signer_write(s, z, file);
	if (fclose(file) != 0)
		die(name);
}

static void write_lists(const struct tree *t)
{
	FILE *root = file_of("zones-root"), *tld = file_of("zones-tld"), *nofile = file_of("zones-nofile"), *faulty = file_of("faulty"),
		*kind = file_of("kinds"), *ttl = file_of("ttls"), *of[SERVERS];
	char list[32], address[32];

	for (unsigned i = 0; i < SERVERS; i++) {
		snprintf(list, sizeof(list), "zones-%s", server_name[i]);
		of[i] = file_of(list);
	}
	for (size_t i = 0; i < t->count; i++) {
		const struct zone *z = &t->zone[i];
		const char *name = z->name[0] != '\0' ? z->name : ".";

		fprintf(ttl, "%s%s %u\n", z->name, ".", z->ttl);
		fprintf(kind, "%s; %s; %s%s%s\n", name, z->kind->name, z->place == PLACE_FAULTY ? faults[z->fault] :
			(const char *const[]){ "one", "two", "lame", "half lame", "dead", "half dead", "servfail" }[z->place],
			z->level < 2 ? "" : "; ", z->level < 2 ? "" : server_name[z->server[0]]);
		if (z->level < 2) {
			fprintf(z->level == 0 ? root : tld, "%s\n", name);
			continue;
		}
		for (unsigned which = 0; which < servers_of(z); which++)
			if (serves(z, which))
				fprintf(of[z->server[which]], "%s\n", name);
		if (z->place == PLACE_SERVFAIL)
			fprintf(nofile, "%s\n", name);
		if (z->place == PLACE_FAULTY)
			fprintf(faulty, "%s=%s:%s\n", address_of(z, t, 0, address), faults[z->fault], NSD_ADDRESS);
	}
	for (unsigned i = 0; i < SERVERS; i++)
		fclose(of[i]);
	fclose(root);
	fclose(tld);
	fclose(nofile);
	fclose(faulty);
	fclose(kind);
	fclose(ttl);
}

static bool is_at(const struct zone *z, enum server server)
{
	for (unsigned which = 0; which < servers_of(z); which++)
		if (z->server[which] == server && serves(z, which))
			return true;
	return false;
}

static void write_meta(FILE *sql, const struct zone *z, const char *kind, const char *content)
{
	fprintf(sql, "INSERT INTO domainmetadata (domain, kind, content) VALUES ('%s', '%s', '%s');\n", z->name, kind, content);
}

static void write_pdns(const struct tree *t, struct signer *s)
{
	FILE *sql = file_of("pdns.sql"), *private;
	char *key = NULL, iterations[32];
	size_t len;

	private = open_memstream(&key, &len);
	if (private == NULL)
		die("out of memory");
	signer_private(s, private);
	fclose(private);
	fprintf(sql, "BEGIN;\n");
	for (size_t i = 0; i < t->count; i++) {
		const struct zone *z = &t->zone[i];

		if (z->level < 2 || !is_at(z, PDNS))
			continue;
		if (z->kind->proof != PROOF_NONE)
			write_meta(sql, z, "PRESIGNED", "1");
		snprintf(iterations, sizeof(iterations), "1 %d %u %s", z->kind->proof == PROOF_OPT_OUT, z->kind->iterations,
			z->kind->iterations > 0 ? "caa0caa0" : "-");
		if (z->kind->proof >= PROOF_NSEC3 || z->kind->live >= LIVE_NSEC3)
			write_meta(sql, z, "NSEC3PARAM", iterations);
		if (z->kind->live == LIVE_NARROW)
			write_meta(sql, z, "NSEC3NARROW", "1");
		if (z->kind->live != LIVE_NO)
			fprintf(sql, "INSERT INTO cryptokeys (domain, flags, active, published, content) VALUES ('%s', 257, 1, 1, '%s');\n",
				z->name, key);
	}
	fprintf(sql, "COMMIT;\n");
	fclose(sql);
	free(key);
}

static void swap(char **a, char **b)
{
	char *kept = *a;

	*a = *b;
	*b = kept;
}

/** The questions in mixed order, so that no zone's come all at once. */
static void write_questions(struct tree *t)
{
	FILE *out = file_of("questions");
	char **line = NULL, text[NAME_TEXT + 64];
	size_t count = 0, room = 0;

	rewind(t->questions);
	while (fgets(text, sizeof(text), t->questions) != NULL) {
		if (count == room) {
			room = room * 2 + 1024;
			line = realloc(line, room * sizeof(*line));
			if (line == NULL)
				die("out of memory");
		}
		line[count++] = strdup(text);
	}
	for (size_t i = count; i > 1; i--)
		swap(&line[i - 1], &line[roll(t, i)]);
	for (size_t i = 0; i < count; i++) {
		fputs(line[i], out);
		free(line[i]);
	}
	free(line);
	fclose(out);
}

int main(int argc, char **argv)
{
	struct tree t = { .faults = argc > 5 ? FAULTS_QUICK : FAULTS, .count = argc >= 5 ? strtoul(argv[2], NULL, 10) : 0 };
	struct signer *signer;
	unsigned names;
	FILE *anchor;

	if (t.count < ZONES_MIN)
		die("usage: compare_generate FOLDER ZONES NAMES SEED [quick]; at least 20 zones");
	folder = argv[1];
	names = (unsigned)(strtoul(argv[3], NULL, 10) / t.count);
	t.dice = strtoul(argv[4], NULL, 10) * 2 + 1;
	t.zone = calloc(t.count, sizeof(*t.zone));
	t.questions = tmpfile();
	signer = signer_create();
	if (t.zone == NULL || t.questions == NULL || signer == NULL)
		die("cannot begin");
	make_zones(&t);
	for (size_t i = 0; i < t.count; i++) {
		t.zone[i].rrs = ldns_rr_list_new();
		add_apex(&t, &t.zone[i]);
	}
	for (size_t i = 1; i < t.count; i++) {
		add_servers(&t, &t.zone[i], &t.zone[t.zone[i].parent]);
		signer_delegate(signer, &t.zone[t.zone[i].parent], &t.zone[i]);
		zone_fill(&t, &t.zone[i], names);
	}
	for (size_t i = 0; i < t.count; i++)
		write_zone(signer, &t.zone[i]);
	anchor = file_of("anchor");
	signer_anchor(signer, anchor);
	fclose(anchor);
	write_lists(&t);
	write_pdns(&t, signer);
	write_questions(&t);
	return 0;
}
