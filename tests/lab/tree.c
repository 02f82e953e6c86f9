/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Makes a tree of signed and unsigned zones, and the names to ask in it: the same tree for the same seed.
 *
 *  usage: lab_tree FOLDER ZONES TTL SEED [SECONDS [ADDRESS]]
 *
 *  In FOLDER: a zone file NAME.zone for each zone (root ..zone), zones-ADDRESS with the zones that the server on that
 *  address has, names with what is to be asked, one on a line, and anchor with the root's key.
 *
 *  Signatures end after 30 days, or after SECONDS.  Lame zones are delegated to 127.0.53.12, or to ADDRESS.
 *
 *  Every zone has the same labels (see fill()); what is behind them differs.  The kinds of zones are those of enum kind. */
#include "record.h"

#include <ldns/ldns.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TLDS = 10, NAME_TEXT = 256, DAY_S = 86400, DELEGATION_TTL = 3600 };

enum kind {
	UNSIGNED, NSEC, NSEC3, OPT_OUT,
	WRONG_SIGNATURES,	/* bogus: the records do not match them */
	EXPIRED,		/* bogus: they ended yesterday */
	WRONG_DS,		/* bogus: the parent names another key */
	STRIPPED,		/* bogus: the parent has a DS, the zone no signature */
	LAME			/* its server does not have it */
};

/** Of 100 zones below the TLDs. */
static const struct { enum kind kind; unsigned weight; } mix[] = {
	{ UNSIGNED, 28 }, { NSEC, 24 }, { NSEC3, 20 }, { OPT_OUT, 14 }, { WRONG_SIGNATURES, 4 }, { EXPIRED, 3 },
	{ WRONG_DS, 3 }, { STRIPPED, 3 }, { LAME, 1 },
};

/** Of the TLDs. */
static const enum kind tld_kinds[TLDS] = { NSEC, NSEC3, OPT_OUT, UNSIGNED, NSEC, NSEC3, OPT_OUT, NSEC, NSEC3, UNSIGNED };

struct zone {
	char name[NAME_TEXT];	/* without the final dot; "" is the root */
	enum kind kind;
	size_t parent;
	unsigned level;		/* 0 the root */
	ldns_rr_list *rrs;
};

static struct zone *zones;
static size_t zone_count;
static unsigned ttl;
static uint64_t seed;
static time_t valid_s = 30 * DAY_S;
static const char *folder;
static FILE *names;
static ldns_key *key, *other_key;

static const char *const addresses[] = { "127.0.53.1", "127.0.53.2", "127.0.53.10", "127.0.53.11" };	/* by level */
static const char *lame_address = "127.0.53.12";	/* of a server that has none of these zones */

static void die(const char *what)
{
	fprintf(stderr, "lab_tree: %s\n", what);
	exit(2);
}

static uint64_t roll(uint64_t below)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * UINT64_C(2685821657736338717) % below;
}

static void add(struct zone *z, unsigned rr_ttl, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** Add a record: owner without final dot ("" is the root), then type and data. */
static void add(struct zone *z, unsigned rr_ttl, const char *format, ...)
{
	va_list args;
	bool added;

	va_start(args, format);
	added = record_add(z->rrs, rr_ttl, format, args);
	va_end(args);
	if (!added)
		die(format);
}

static void ask(const char *label, const struct zone *z)
{
	fprintf(names, "%s%s%s.\n", label, label[0] != '\0' && z->name[0] != '\0' ? "." : "", z->name);
}

static bool is_signed(const struct zone *z)
{
	return z->kind != UNSIGNED && z->kind != LAME && z->kind != STRIPPED;
}

static void add_caa(struct zone *z, const char *label)
{
	static const char *const data[] = { "0 issue \"ca.test\"", "0 issue \";\"", "128 issuewild \"ca.test; policy=ev\"",
		"0 iodef \"mailto:caa@ca.test\"" };
	size_t first = roll(4), count = 1 + roll(3);

	for (size_t i = 0; i < count; i++)
		add(z, ttl, "%s%s%s CAA %s", label, label[0] != '\0' ? "." : "", z->name, data[(first + i) % 4]);
}

static struct zone *any_zone(void)
{
	return &zones[1 + roll(zone_count - 1)];
}

/** A name in some zone: with CAA, without, not there, below a wildcard, another alias. */
static const char *any_name(char out[static 2 * NAME_TEXT])
{
	static const char *const label[] = { "caa", "caa", "none", "nx", "x.w", "y.v", "c1", "c2", "ent", "leaf.m", "m", "caa.d" };

	snprintf(out, 2 * NAME_TEXT, "%s.%s", label[roll(sizeof(label) / sizeof(label[0]))], any_zone()->name);
	return out;
}

/** The records and names of a zone. */
static void fill(struct zone *z)
{
	static const char *const asked[] = { "", "caa", "none", "m", "leaf.m", "ent", "b.ent", "a.b.ent", "x.w", "y.v", "deep.y.v",
		"u.q", "c1", "c2", "c3", "d", "k.d", "caa.d", "nx", "p.nx", "loop1" };
	char target[2 * NAME_TEXT];

	if (roll(10) < 3)
		add_caa(z, "");
	add_caa(z, "caa");
	add(z, ttl, "none.%s A 192.0.2.1", z->name);
	if (roll(2))
		add_caa(z, "m");
	add(z, ttl, "leaf.m.%s A 192.0.2.1", z->name);
	if (roll(2))
		add_caa(z, "a.b.ent");
	add(z, ttl, "a.b.ent.%s A 192.0.2.1", z->name);
	add(z, ttl, "*.w.%s A 192.0.2.1", z->name);
	add_caa(z, "*.v");
	add(z, ttl, "*.q.%s CNAME %s.", z->name, any_name(target));
	add(z, ttl, "c1.%s CNAME caa.%s.", z->name, any_zone()->name);
	add(z, ttl, "c2.%s CNAME %s.", z->name, any_name(target));
	add(z, ttl, "c3.%s CNAME c2.%s.", z->name, any_zone()->name);
	add(z, ttl, "d.%s DNAME %s%s.", z->name, roll(2) ? "m." : "", any_zone()->name);
	if (roll(20) == 0) {
		add(z, ttl, "loop1.%s CNAME loop2.%s.", z->name, z->name);
		add(z, ttl, "loop2.%s CNAME loop1.%s.", z->name, z->name);
	}
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		ask(asked[i], z);
}

static void add_apex(struct zone *z)
{
	const char *server = z->name[0] != '\0' ? z->name : "root";

	add(z, ttl, "%s SOA ns.%s. hostmaster.%s. 1 3600 600 86400 %u", z->name, server, server, ttl);
	add(z, DELEGATION_TTL, "%s NS ns.%s.", z->name, server);
	add(z, DELEGATION_TTL, "ns.%s A %s", server, addresses[z->level]);
}

static ldns_rr *dnskey_of(const struct zone *z, ldns_key *k)
{
	char text[NAME_TEXT + 1];
	ldns_rdf *owner;

	snprintf(text, sizeof(text), "%s.", z->name);
	owner = ldns_dname_new_frm_str(text);
	ldns_key_set_pubkey_owner(k, owner);
	return ldns_key2rr(k);
}

static void delegate(struct zone *z)
{
	struct zone *parent = &zones[z->parent];
	ldns_rr *dnskey, *ds;

	add(parent, DELEGATION_TTL, "%s NS ns.%s.", z->name, z->name);
	add(parent, DELEGATION_TTL, "ns.%s A %s", z->name, z->kind == LAME ? lame_address : addresses[z->level]);
	if (z->kind == UNSIGNED || z->kind == LAME)
		return;
	dnskey = dnskey_of(z, z->kind == WRONG_DS ? other_key : key);
	ds = ldns_key_rr2ds(dnskey, LDNS_SHA256);
	ldns_rr_set_ttl(ds, DELEGATION_TTL);
	ldns_rr_list_push_rr(parent->rrs, ds);
	ldns_rr_free(dnskey);
}

static void spoil_signatures(char *text)
{
	for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		const char *sig;

		*end = '\0';
		sig = strstr(line, "\tRRSIG\t");
		if (sig != NULL && strncmp(sig, "\tRRSIG\tDNSKEY", 13) != 0 && end - line > 40)
			end[-20] = end[-20] == 'A' ? 'B' : 'A';
		*end = '\n';
	}
}

static int replace_signatures(ldns_rr *sig, void *arg)
{
	(void)sig;
	(void)arg;
	return LDNS_SIGNATURE_REMOVE_ADD_NEW;
}

static void sign(struct zone *z, FILE *out)
{
	ldns_dnssec_zone *zone = ldns_dnssec_zone_new();
	ldns_rr_list *made = ldns_rr_list_new();
	ldns_key_list *keys = ldns_key_list_new();
	time_t now = time(NULL);
	ldns_rr *dnskey = dnskey_of(z, key);
	ldns_status status = LDNS_STATUS_OK;

	ldns_key_list_push_key(keys, key);
	ldns_key_set_inception(key, (uint32_t)(now - (z->kind == EXPIRED ? 9 * DAY_S : DAY_S / 24)));
	ldns_key_set_expiration(key, (uint32_t)(now + (z->kind == EXPIRED ? -DAY_S : valid_s)));
	ldns_rr_set_ttl(dnskey, DELEGATION_TTL);
	ldns_rr_list_push_rr(z->rrs, dnskey);
	for (size_t i = 0; i < ldns_rr_list_rr_count(z->rrs) && status == LDNS_STATUS_OK; i++)
		status = ldns_dnssec_zone_add_rr(zone, ldns_rr_list_rr(z->rrs, i));
	if (status == LDNS_STATUS_OK && (z->kind == NSEC3 || z->kind == OPT_OUT))
		status = ldns_dnssec_zone_sign_nsec3(zone, made, keys, replace_signatures, NULL, 1,
			z->kind == OPT_OUT ? 1 : 0, 0, 0, NULL);
	else if (status == LDNS_STATUS_OK)
		status = ldns_dnssec_zone_sign(zone, made, keys, replace_signatures, NULL);
	if (status != LDNS_STATUS_OK)
		die(ldns_get_errorstr_by_id(status));
	ldns_dnssec_zone_print(out, zone);
	ldns_dnssec_zone_free(zone);	/* what was made stays: the program ends soon */
}

static void write_zone(struct zone *z)
{
	char path[2048], *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	if (file == NULL)
		die("out of memory");
	if (is_signed(z))
		sign(z, file);
	else
		ldns_rr_list_print(file, z->rrs);
	fclose(file);
	if (z->kind == WRONG_SIGNATURES)
		spoil_signatures(text);
	snprintf(path, sizeof(path), "%s/%s.zone", folder, z->name[0] != '\0' ? z->name : ".");
	file = fopen(path, "w");
	if (file == NULL || fwrite(text, 1, len, file) != len || fclose(file) != 0)
		die(path);
	free(text);
}

static void write_anchor(void)
{
	char path[2048];
	FILE *file;

	snprintf(path, sizeof(path), "%s/anchor", folder);
	file = fopen(path, "w");
	if (file == NULL)
		die(path);
	ldns_rr_print(file, dnskey_of(&zones[0], key));
	fclose(file);
}

static void write_lists(void)
{
	for (unsigned level = 0; level < sizeof(addresses) / sizeof(addresses[0]); level++) {
		char path[2048];
		FILE *file;

		snprintf(path, sizeof(path), "%s/zones-%s", folder, addresses[level]);
		file = fopen(path, "w");
		if (file == NULL)
			die(path);
		for (size_t i = 0; i < zone_count; i++)
			if (zones[i].level == level && zones[i].kind != LAME)
				fprintf(file, "%s\n", zones[i].name[0] != '\0' ? zones[i].name : ".");
		fclose(file);
	}
}

static enum kind any_kind(void)
{
	uint64_t n = roll(100);
	size_t i = 0;

	for (; n >= mix[i].weight; i++)
		n -= mix[i].weight;
	return mix[i].kind;
}

static void make_zones(void)
{
	size_t second = (zone_count - TLDS - 1) * 7 / 10;	/* zones of level 2; the others are below these */

	zones[0].kind = NSEC;
	for (size_t i = 1; i < zone_count; i++) {
		struct zone *z = &zones[i];

		if (i <= TLDS) {
			snprintf(z->name, sizeof(z->name), "t%zu", i - 1);
			z->kind = tld_kinds[i - 1];
			z->level = 1;
			continue;
		}
		z->level = i <= TLDS + second ? 2 : 3;
		z->parent = z->level == 2 ? 1 + roll(TLDS) : TLDS + 1 + roll(second);
		z->kind = z->level == 2 && i <= TLDS + 2 ? NSEC : any_kind();
		if (z->level == 2 && z->kind == LAME)
			z->kind = UNSIGNED;	/* what is below it could not be asked */
		snprintf(z->name, sizeof(z->name), "%c%zu.%.200s", z->level == 2 ? 'z' : 's', i, zones[z->parent].name);
	}
}

int main(int argc, char **argv)
{
	char path[2048];

	if (argc < 5 || argc > 7)
		die("usage: lab_tree FOLDER ZONES TTL SEED [SECONDS [ADDRESS]]");
	if (argc > 5)
		valid_s = strtol(argv[5], NULL, 10);
	if (argc > 6)
		lame_address = argv[6];
	folder = argv[1];
	zone_count = strtoul(argv[2], NULL, 10);
	ttl = (unsigned)strtoul(argv[3], NULL, 10);
	seed = strtoul(argv[4], NULL, 10) * 2 + 1;
	zones = calloc(zone_count, sizeof(*zones));
	snprintf(path, sizeof(path), "%s/names", folder);
	names = fopen(path, "w");
	key = ldns_key_new_frm_algorithm(LDNS_SIGN_ECDSAP256SHA256, 256);
	other_key = ldns_key_new_frm_algorithm(LDNS_SIGN_ECDSAP256SHA256, 256);
	if (zones == NULL || names == NULL || key == NULL || other_key == NULL || zone_count < 20)
		die("cannot begin");
	ldns_key_set_flags(key, LDNS_KEY_ZONE_KEY | LDNS_KEY_SEP_KEY);
	ldns_key_set_flags(other_key, LDNS_KEY_ZONE_KEY | LDNS_KEY_SEP_KEY);
	ldns_key_set_use(key, true);
	make_zones();
	ldns_key_set_keytag(key, ldns_calc_keytag(dnskey_of(&zones[0], key)));	/* the same for every owner */
	for (size_t i = 0; i < zone_count; i++) {
		zones[i].rrs = ldns_rr_list_new();
		add_apex(&zones[i]);
	}
	ask("", &zones[0]);
	for (size_t i = 1; i < zone_count; i++) {
		delegate(&zones[i]);
		fill(&zones[i]);
	}
	for (size_t i = 0; i < zone_count; i++)
		write_zone(&zones[i]);
	write_anchor();
	write_lists();
	return fclose(names) == 0 ? 0 : 2;
}
