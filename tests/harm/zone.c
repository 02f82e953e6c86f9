/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zone.h"

enum { NEGATIVE_TTL = 60, HOPS_MAX = 8 };

/** What is at a name, a bit each; a name that exists without any is empty. */
enum {
	HAS_NAME = 1, HAS_A = 2, HAS_TXT = 4, HAS_CAA = 8, HAS_CNAME = 16, HAS_DNAME = 32, HAS_APEX = 64, HAS_KEY = 128, HAS_NS = 256
};

bool world_read(struct world *world, char **paths, size_t count)
{
	bool good = true;

	spec_parents(&world->parents);
	world->spec = calloc(count + 1, sizeof(*world->spec));
	if (world->spec == NULL)
		abort();
	world->specs = count;
	for (size_t i = 0; i < count; i++)
		good &= spec_read(&world->spec[i], paths[i], (unsigned)i + 1);
	for (size_t i = 0; i < count; i++)
		world->parents.zone[1].sign |= world->spec[i].chain;
	return good;
}

const struct spec *world_spec(const struct world *world, unsigned slot)
{
	if (slot == 0)
		return &world->parents;
	return slot <= world->specs ? &world->spec[slot - 1] : NULL;
}

const struct spec *world_spec_of(const struct world *world, const char *name)
{
	size_t len = strlen(name), tld = strlen("." HARM_TLD);
	const char *at;

	if (len <= tld || strcmp(name + len - tld, "." HARM_TLD) != 0)
		return NULL;
	for (at = name + len - tld; at > name && isdigit(at[-1]); at--)
		;
	if (at == name || at[-1] != '-' || *at == '.')
		return NULL;
	return world_spec(world, (unsigned)strtoul(at, NULL, 10));
}

/** Whether a host is PREFIX and a number. */
static bool is_numbered(const char *host, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(host, prefix, len) != 0 || host[len] == '\0')
		return false;
	return strspn(host + len, "0123456789") == strlen(host + len);
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len > end_len && strcmp(text + len - end_len, end) == 0;
}

static unsigned nameserver_number(const struct spec *spec, const char *host)
{
	unsigned number = is_numbered(host, "ns") ? (unsigned)atoi(host + 2) : 0;

	return number >= 1 && number <= ADDRESSES_MAX && spec->address[number - 1].used ? number : 0;
}

static unsigned what_is_at(const struct spec *spec, const struct zone *zone, const char *host)
{
	if (host[0] == '\0')
		return HAS_NAME | HAS_APEX | HAS_NS | (zone->sign ? HAS_KEY : 0);
	if (nameserver_number(spec, host) != 0)
		return HAS_NAME | HAS_A;
	if (is_numbered(host, "h") || (strncmp(host, "a.b.", 4) == 0 && is_numbered(host + 4, "d")))
		return HAS_NAME | HAS_A | HAS_TXT;
	if (is_numbered(host, "d") || (strncmp(host, "b.", 2) == 0 && is_numbered(host + 2, "d")) || strcmp(host, "wild") == 0)
		return HAS_NAME;
	if (is_numbered(host, "caa") || ends_with(host, ".wild"))
		return HAS_NAME | HAS_A | HAS_CAA;
	if (is_numbered(host, "cn") && zone->cname >= 0)
		return HAS_NAME | HAS_CNAME;
	if (strcmp(host, "dn") == 0 && zone->dname >= 0)
		return HAS_NAME | HAS_DNAME;
	return 0;
}

static unsigned has_of_type(uint16_t type)
{
	switch (type) {
	case T_A: return HAS_A;
	case T_TXT: return HAS_TXT;
	case T_CAA: return HAS_CAA;
	case T_CNAME: return HAS_CNAME;
	case T_DNAME: return HAS_DNAME;
	case T_SOA: return HAS_APEX;
	case T_NS: return HAS_NS;
	case T_DNSKEY: return HAS_KEY;
	default: return 0;
	}
}

static void add_address(struct reply *reply, enum section section, const char *owner, uint32_t ttl, const char *text)
{
	struct record *r = reply_add(reply, section, owner, T_A, ttl);

	r->len = 4;
	inet_pton(AF_INET, text, r->rdata);
}

static void add_text(struct reply *reply, const char *owner, uint32_t ttl, const char *text)
{
	struct record *r = reply_add(reply, ANSWER, owner, T_TXT, ttl);

	r->rdata[0] = (uint8_t)strlen(text);
	memcpy(r->rdata + 1, text, strlen(text));
	r->len = 1 + strlen(text);
}

static void add_caa(struct reply *reply, const char *owner, uint32_t ttl, const char *host)
{
	struct record *r = reply_add(reply, ANSWER, owner, T_CAA, ttl);
	char value[NAME_TEXT];

	snprintf(value, sizeof(value), "ca-%.60s.example", host);
	memcpy(r->rdata, "\0\5issue", 7);
	memcpy(r->rdata + 7, value, strlen(value));
	r->len = 7 + strlen(value);
}

static void add_soa(struct reply *reply, enum section section, const struct zone *zone)
{
	struct record *r = reply_add(reply, section, zone->full, T_SOA, zone->ttl < NEGATIVE_TTL ? zone->ttl : NEGATIVE_TTL);

	r->len = wire_name(r->rdata, "ns.root");
	r->len += wire_name(r->rdata + r->len, "hostmaster.root");
	for (int i = 0; i < 5; i++) {
		static const uint32_t number[] = { 1, 3600, 600, 86400, NEGATIVE_TTL };

		wire_put32(r->rdata + r->len, i == 4 && zone->ttl < NEGATIVE_TTL ? zone->ttl : number[i]);
		r->len += 4;
	}
}

static void nameserver(char out[static NAME_TEXT], const struct spec *spec, const struct zone *zone, unsigned address)
{
	if (spec->slot == 0)
		snprintf(out, NAME_TEXT, "ns.%s", address == 0 ? "root" : HARM_TLD);
	else if (zone->orphan)
		snprintf(out, NAME_TEXT, "gone%u-of-%.200s", address + 1, zone->full);
	else
		snprintf(out, NAME_TEXT, "ns%u.%.200s", address + 1, zone->glue >= 0 ? spec->zone[zone->glue].full : zone->full);
}

static void add_nameservers(struct reply *reply, enum section section, const struct spec *spec, const struct zone *zone,
	bool glue)
{
	for (unsigned a = 0; a < ADDRESSES_MAX; a++) {
		char name[NAME_TEXT], text[16];

		if ((zone->at >> a & 1) == 0)
			continue;
		nameserver(name, spec, zone, a);
		reply_add_name(reply, section, zone->full, T_NS, zone->ttl, name);
		spec_address(text, spec->slot, a + 1);
		if (glue && zone->glue < 0 && !zone->orphan)
			add_address(reply, ADDITIONAL, name, zone->ttl, text);
	}
}

static void add_nsec(struct reply *reply, const struct zone *zone, const char *owner, unsigned has)
{
	struct record *r = reply_add(reply, AUTHORITY, owner, T_NSEC, zone->ttl < NEGATIVE_TTL ? zone->ttl : NEGATIVE_TTL);
	static const uint16_t types[] = { T_A, T_NS, T_CNAME, T_SOA, T_TXT, T_DNAME, T_DNSKEY };
	uint8_t low[7] = { 0 };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((has & has_of_type(types[i])) != 0)
			low[types[i] / 8] |= (uint8_t)(0x80 >> types[i] % 8);
	low[T_RRSIG / 8] |= 0x80 >> T_RRSIG % 8;
	low[T_NSEC / 8] |= 0x80 >> T_NSEC % 8;
	memcpy(r->rdata, "\1", 2);		/* the label of one zero octet: the next name there can be */
	r->len = 2 + wire_name(r->rdata + 2, owner);
	memcpy(r->rdata + r->len, "\0\7", 2);
	memcpy(r->rdata + r->len + 2, low, sizeof(low));
	r->len += 2 + sizeof(low);
	if ((has & HAS_CAA) != 0) {		/* 257 is the second of its block of 256 */
		memcpy(r->rdata + r->len, "\1\1\100", 3);
		r->len += 3;
	}
}

static void sign(const struct world *world, const struct zone *zone, const struct query *q, struct reply *reply)
{
	if (zone->sign && q->do_bit && world->signer != NULL)
		signer_sign(world->signer, zone->full, reply);
}

void zone_deny(const struct world *world, const struct spec *spec, int index, const struct query *q, struct reply *reply)
{
	const struct zone *zone = &spec->zone[index];
	char host[NAME_TEXT];

	(void)world;
	spec_host(host, zone, q->name);
	add_soa(reply, AUTHORITY, zone);
	if (!zone->sign)
		return;
	reply->rcode = RC_NOERROR;
	if (q->do_bit)
		add_nsec(reply, zone, q->name, what_is_at(spec, zone, host));
}

/** The delegation of a zone, as its parent says it. */
static void refer(const struct world *world, const struct spec *spec, const struct zone *child, const struct zone *parent,
	const struct query *q, struct reply *reply)
{
	reply->aa = false;
	add_nameservers(reply, AUTHORITY, spec, child, true);
	if (!parent->sign || !q->do_bit)
		return;
	if (child->sign && world->signer != NULL)
		signer_ds(world->signer, child->full, reply_add(reply, AUTHORITY, child->full, T_DS, child->ttl));
	else
		add_nsec(reply, parent, child->full, HAS_NAME | HAS_NS);
	sign(world, parent, q, reply);
}

static void answer_ds(const struct world *world, const struct zone *child, const struct zone *parent, const struct query *q,
	struct reply *reply)
{
	if (parent->sign && child->sign && world->signer != NULL) {
		signer_ds(world->signer, child->full, reply_add(reply, ANSWER, child->full, T_DS, child->ttl));
	} else {
		add_soa(reply, AUTHORITY, parent);
		if (parent->sign && q->do_bit)
			add_nsec(reply, parent, child->full, HAS_NAME | HAS_NS);
	}
	sign(world, parent, q, reply);
}

/** The records of a type that is there. */
static void add_records(const struct world *world, const struct spec *spec, const struct zone *zone, const char *host,
	const struct query *q, struct reply *reply)
{
	char text[16];
	unsigned number = nameserver_number(spec, host);

	switch (q->type) {
	case T_A:
		spec_address(text, spec->slot, number);
		add_address(reply, ANSWER, q->name, zone->ttl, number > 0 ? text : "192.0.2.1");
		break;
	case T_TXT: add_text(reply, q->name, zone->ttl, host); break;
	case T_CAA: add_caa(reply, q->name, zone->ttl, host); break;
	case T_SOA: add_soa(reply, ANSWER, zone); break;
	case T_NS: add_nameservers(reply, ANSWER, spec, zone, true); break;
	case T_DNSKEY:
		if (world->signer != NULL)
			signer_dnskey(world->signer, reply_add(reply, ANSWER, q->name, T_DNSKEY, zone->ttl));
		break;
	}
}

static bool add_alias(const struct spec *spec, const struct zone *zone, const char *host, unsigned has, const struct query *q,
	struct reply *reply)
{
	char target[2 * NAME_TEXT];

	if ((has & HAS_CNAME) != 0) {
		snprintf(target, sizeof(target), "caa%.230s.%.250s", host + 2, spec->zone[zone->cname].full);
		reply_add_name(reply, ANSWER, q->name, T_CNAME, zone->ttl, target);
		return true;
	}
	if (zone->dname >= 0 && ends_with(host, ".dn")) {
		char owner[2 * NAME_TEXT];

		snprintf(owner, sizeof(owner), "dn.%s", zone->full);
		reply_add_name(reply, ANSWER, owner, T_DNAME, zone->ttl, spec->zone[zone->dname].full);
		snprintf(target, sizeof(target), "%s", host);
		snprintf(target + strlen(host) - 3, sizeof(target) - strlen(host), ".%s", spec->zone[zone->dname].full);
		reply_add_name(reply, ANSWER, q->name, T_CNAME, zone->ttl, target);
		return true;
	}
	return false;
}

static void answer_from(const struct world *world, const struct spec *spec, int index, const struct query *q,
	struct reply *reply)
{
	const struct zone *zone = &spec->zone[index];
	char host[NAME_TEXT];
	unsigned has;

	reply->aa = true;
	spec_host(host, zone, q->name);
	has = what_is_at(spec, zone, host);
	if ((has & has_of_type(q->type)) != 0) {
		add_records(world, spec, zone, host, q, reply);
	} else if (!add_alias(spec, zone, host, has, q, reply)) {
		reply->rcode = has != 0 ? RC_NOERROR : RC_NXDOMAIN;
		zone_deny(world, spec, index, q, reply);
	}
	sign(world, zone, q, reply);
}

/** What the root's or the TLD's server says of its own names. */
static void answer_parent(const struct world *world, unsigned address, const struct query *q, struct reply *reply)
{
	const struct spec *parents = &world->parents;
	const struct zone *zone = &parents->zone[address];
	bool apex = strcmp(q->name, zone->full) == 0;
	unsigned has = apex ? HAS_NAME | HAS_APEX | HAS_NS | (zone->sign ? HAS_KEY : 0) : 0;

	if (q->type == T_A && strcmp(q->name, address == 0 ? "ns.root" : "ns." HARM_TLD) == 0) {
		char text[16];

		spec_address(text, 0, address + 1);
		add_address(reply, ANSWER, q->name, zone->ttl, text);
	} else if ((has & has_of_type(q->type)) != 0) {
		add_records(world, parents, zone, "", q, reply);
	} else {
		reply->rcode = has != 0 || zone->sign ? RC_NOERROR : RC_NXDOMAIN;
		add_soa(reply, AUTHORITY, zone);
		if (zone->sign && q->do_bit)
			add_nsec(reply, zone, q->name, has);
	}
	sign(world, zone, q, reply);
}

static int answer_parents(const struct world *world, unsigned address, const struct query *q, struct reply *reply)
{
	const struct spec *parents = &world->parents, *spec = address == 1 ? world_spec_of(world, q->name) : NULL;
	bool below_tld = strcmp(q->name, HARM_TLD) == 0 || ends_with(q->name, "." HARM_TLD);
	int zone = spec != NULL ? spec_zone_of(spec, q->name) : -1;

	reply->aa = true;
	while (zone >= 0 && spec->zone[zone].parent >= 0)
		zone = spec->zone[zone].parent;
	if (address == 0 && below_tld)
		refer(world, parents, &parents->zone[1], &parents->zone[0], q, reply);
	else if (zone >= 0 && q->type == T_DS && strcmp(q->name, spec->zone[zone].full) == 0)
		answer_ds(world, &spec->zone[zone], &parents->zone[1], q, reply);
	else if (zone >= 0)
		refer(world, spec, &spec->zone[zone], &parents->zone[1], q, reply);
	else
		answer_parent(world, address, q, reply);
	return (int)address;
}

int zone_answer(const struct world *world, const struct spec *spec, unsigned address, const struct query *q,
	struct reply *reply)
{
	int zone, child = -1;

	if (spec->slot == 0)
		return answer_parents(world, address, q, reply);
	zone = spec_zone_of(spec, q->name);
	if (zone >= 0 && q->type == T_DS && strcmp(spec->zone[zone].full, q->name) == 0 && spec->zone[zone].parent >= 0) {
		int parent = spec->zone[zone].parent;

		if ((spec->zone[parent].at >> address & 1) != 0) {
			reply->aa = true;
			answer_ds(world, &spec->zone[zone], &spec->zone[parent], q, reply);
			return parent;
		}
	}
	while (zone >= 0 && (spec->zone[zone].at >> address & 1) == 0) {
		child = zone;
		zone = spec->zone[zone].parent;
	}
	if (zone < 0)
		reply->rcode = RC_REFUSED;
	else if (child >= 0)
		refer(world, spec, &spec->zone[child], &spec->zone[zone], q, reply);
	else
		answer_from(world, spec, zone, q, reply);
	return zone;
}

void zone_truth(const struct world *world, const char *name, uint16_t type, struct query *q, struct reply *reply)
{
	char at[NAME_TEXT];

	*q = (struct query){ .type = type };
	*reply = (struct reply){ .no_edns = true };
	snprintf(q->name, sizeof(q->name), "%s", name);
	q->question_len = wire_name(q->question, name);
	wire_put16(q->question + q->question_len, type);
	wire_put16(q->question + q->question_len + 2, 1);
	q->question_len += 4;
	snprintf(at, sizeof(at), "%s", name);
	for (int hop = 0; hop < HOPS_MAX; hop++) {
		const struct spec *spec = world_spec_of(world, at);
		int zone = spec != NULL ? spec_zone_of(spec, at) : -1;
		struct query step = { .type = type };
		const struct record *last;
		size_t used = 0, text = 0;

		if (zone < 0)
			return;
		snprintf(step.name, sizeof(step.name), "%s", at);
		answer_from(world, spec, zone, &step, reply);
		last = &reply->record[reply->records - 1];
		if (reply->records == 0 || last->type != T_CNAME || reply->in[reply->records - 1] != ANSWER)
			return;
		for (; last->rdata[used] != 0; used += 1u + last->rdata[used]) {	/* on to the alias's target */
			if (text > 0)
				at[text++] = '.';
			memcpy(at + text, last->rdata + used + 1, last->rdata[used]);
			text += last->rdata[used];
		}
		at[text] = '\0';
	}
}
