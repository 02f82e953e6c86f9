/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/probe/zone.h"

#include "tool/probe/kind.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	TYPE_UNKNOWN = 65280,	/**< of the types for private use, RFC 6895 s3.1 */
	VERSION_UNKNOWN = 1,
	COOKIE_CLIENT = 8, COOKIE_SERVER_MIN = 8	/* octets, RFC 7873 s4 */
};

/** Where a question is asked, and how.  What round one has found out of EDNS and TCP comes on top in round two. */
static const struct {
	unsigned round;
	bool apex;		/**< at the apex, else at the name */
	unsigned type;
	bool edns, dnssec, tcp, mixed;
	uint8_t version;
	uint16_t option;
	size_t option_len;	/**< random octets */
} row[CAA_TEST_COUNT] = {
	/*                      round  apex   type                 edns   DO     tcp    mixed  version, option and its length */
	[CAA_TEST_UDP] =       { 1,    true,  LDNS_RR_TYPE_SOA,    false, false, false, false, 0, 0, 0 },
	[CAA_TEST_TCP] =       { 1,    true,  LDNS_RR_TYPE_SOA,    false, false, true,  false, 0, 0, 0 },
	[CAA_TEST_EDNS] =      { 1,    true,  LDNS_RR_TYPE_SOA,    true,  true,  false, false, 0, 0, 0 },
	[CAA_TEST_OPTION] =    { 2,    true,  LDNS_RR_TYPE_SOA,    true,  false, false, false, 0, CAA_OPTION_UNKNOWN, 4 },
	[CAA_TEST_VERSION] =   { 2,    true,  LDNS_RR_TYPE_SOA,    true,  false, false, false, VERSION_UNKNOWN, 0, 0 },
	[CAA_TEST_COOKIE] =    { 2,    true,  LDNS_RR_TYPE_SOA,    true,  false, false, false, 0, CAA_OPTION_COOKIE, COOKIE_CLIENT },
	[CAA_TEST_CASE] =      { 2,    true,  LDNS_RR_TYPE_SOA,    false, false, false, true,  0, 0, 0 },
	[CAA_TEST_TYPE] =      { 2,    false, TYPE_UNKNOWN,        true,  true,  false, false, 0, 0, 0 },
	[CAA_TEST_NS] =        { 2,    true,  LDNS_RR_TYPE_NS,     true,  false, false, false, 0, 0, 0 },
	[CAA_TEST_DNSKEY] =    { 2,    true,  LDNS_RR_TYPE_DNSKEY, true,  true,  false, false, 0, 0, 0 },
	[CAA_TEST_RETURN] =    { 3,    true,  LDNS_RR_TYPE_SOA,    true,  false, false, false, 0, CAA_OPTION_COOKIE, COOKIE_CLIENT },
};

/** Exchanges that are to run together. */
struct batch {
	struct caa_exchange *x[CAA_SERVERS_MAX * (CAA_TEST_COUNT + 2 * CAA_CLIMB_MAX) + 2 * CAA_NS_MAX];
	size_t count;
};

static void add(struct batch *b, struct caa_exchange *x, const struct caa_tested *t, const struct caa_query *q)
{
	x->to = t->server->addr;
	x->query = *q;
	b->x[b->count++] = x;
}

static struct caa_query query_of(const struct caa_zone *z, enum caa_test test)
{
	struct caa_query q = {
		.name = row[test].apex ? z->cut->apex : z->name[0], .type = (ldns_rr_type)row[test].type, .edns = row[test].edns,
		.dnssec = row[test].dnssec, .tcp = row[test].tcp, .mixed = row[test].mixed, .version = row[test].version,
		.option = row[test].option, .option_len = row[test].option_len
	};

	randombytes_buf(q.option_data, q.option_len);
	return q;
}

static bool is_wanted(const struct caa_zone *z, const struct caa_tested *t, enum caa_test test)
{
	switch (test) {
	case CAA_TEST_DNSKEY:
		return ldns_rr_list_rr_count(z->ds) > 0;
	case CAA_TEST_OPTION:
	case CAA_TEST_VERSION:
	case CAA_TEST_COOKIE:
		return t->edns;
	default:
		return true;
	}
}

static void round_one(struct caa_zone *z, struct batch *b)
{
	for (size_t i = 0; i < z->cut->servers; i++) {
		z->tested[i].server = &z->cut->server[i];
		for (int test = 0; test < CAA_TEST_COUNT; test++) {
			struct caa_query q = query_of(z, test);

			if (row[test].round == 1)
				add(b, &z->tested[i].test[test], &z->tested[i], &q);
		}
	}
}

/** The way to a server, by what round one brought. */
static void choose_way(struct caa_tested *t, const ldns_rdf *apex)
{
	const struct caa_exchange *udp = &t->test[CAA_TEST_UDP], *tcp = &t->test[CAA_TEST_TCP], *edns = &t->test[CAA_TEST_EDNS];
	bool plain_good = caa_kind_of(udp, apex).is == CAA_KIND_GOOD, edns_good = caa_kind_of(edns, apex).is == CAA_KIND_GOOD;

	t->lives = udp->fate == CAA_FATE_ANSWERED || tcp->fate == CAA_FATE_ANSWERED || edns->fate == CAA_FATE_ANSWERED;
	t->no_route = udp->fate == CAA_FATE_NO_ROUTE && tcp->fate == CAA_FATE_NO_ROUTE;
	t->tcp = udp->fate != CAA_FATE_ANSWERED && edns->fate != CAA_FATE_ANSWERED;
	/* what does not come over UDP at all says nothing of EDNS */
	t->edns = t->tcp || (edns_good && ldns_pkt_edns(edns->reply)) || (!plain_good && edns->fate == CAA_FATE_ANSWERED);
}

static void round_two(struct caa_zone *z, struct batch *b)
{
	for (size_t i = 0; i < z->cut->servers; i++) {
		struct caa_tested *t = &z->tested[i];

		choose_way(t, z->cut->apex);
		for (int test = 0; t->lives && test < CAA_TEST_COUNT; test++) {
			struct caa_query q = query_of(z, test);

			q.edns = q.edns && t->edns;
			q.tcp = t->tcp;
			if (row[test].round == 2 && is_wanted(z, t, test))
				add(b, &t->test[test], t, &q);
		}
		for (size_t k = 0; t->lives && k < z->names; k++) {
			struct caa_query q = { .name = z->name[k], .type = LDNS_RR_TYPE_CAA, .edns = t->edns, .dnssec = t->edns,
				.tcp = t->tcp };

			add(b, &t->caa[k], t, &q);
		}
	}
}

/** The whole cookie, to be returned. @return false if the server gave none. */
static bool take_cookie(struct caa_query *q, const struct caa_exchange *x)
{
	size_t len;
	const uint8_t *cookie = caa_reply_option(x->reply, CAA_OPTION_COOKIE, &len);

	if (cookie == NULL || len < COOKIE_CLIENT + COOKIE_SERVER_MIN || len > CAA_OPTION_MAX ||
	    memcmp(cookie, x->query.option_data, COOKIE_CLIENT) != 0)
		return false;
	memcpy(q->option_data, cookie, len);
	q->option_len = len;
	return true;
}

/** Addresses of the nameservers that are in the zone, from the first server that lives. */
static void ask_addresses(struct caa_zone *z, struct batch *b)
{
	const struct caa_tested *t = NULL;

	for (size_t i = 0; t == NULL && i < z->cut->servers; i++)
		if (caa_kind_of(&z->tested[i].test[CAA_TEST_NS], z->cut->apex).is == CAA_KIND_GOOD)
			t = &z->tested[i];
	for (size_t i = 0; t != NULL && i < ldns_rr_list_rr_count(z->cut->ns) && i < CAA_NS_MAX; i++) {
		struct caa_query q = { .name = ldns_rr_rdf(ldns_rr_list_rr(z->cut->ns, i), 0), .edns = t->edns, .tcp = t->tcp };

		if (!caa_name_in(q.name, z->cut->apex))
			continue;
		q.type = LDNS_RR_TYPE_A;
		add(b, &z->address[i][0], t, &q);
		q.type = LDNS_RR_TYPE_AAAA;
		add(b, &z->address[i][1], t, &q);
	}
}

static void round_three(struct caa_zone *z, struct batch *b)
{
	for (size_t i = 0; i < z->cut->servers; i++) {
		struct caa_tested *t = &z->tested[i];
		struct caa_query q = query_of(z, CAA_TEST_RETURN);

		q.tcp = t->tcp;
		if (take_cookie(&q, &t->test[CAA_TEST_COOKIE]))
			add(b, &t->test[CAA_TEST_RETURN], t, &q);
		for (size_t k = 0; k < z->names; k++) {
			if (t->tcp || t->caa[k].fate != CAA_FATE_SILENT || t->test[CAA_TEST_TCP].fate != CAA_FATE_ANSWERED)
				continue;
			q = t->caa[k].query;
			q.tcp = true;
			add(b, &t->again[k], t, &q);
		}
	}
	ask_addresses(z, b);
}

static void run_round(struct caa_zone *z, void (*round)(struct caa_zone *z, struct batch *b), const struct caa_exchange_options *o)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return;
	round(z, b);
	caa_exchanges_run(b->x, b->count, o);
	free(b);
}

static void ask_ds(struct caa_zone *z, struct caa_walk *w)
{
	const struct caa_cut *cut = z->cut;
	ldns_pkt *reply = cut->parent != NULL ? caa_walk_ask(w, cut->parent, cut->apex, LDNS_RR_TYPE_DS, true) : NULL;

	z->ds_unknown = cut->parent != NULL && reply == NULL;
	z->ds = reply != NULL ? caa_records_at(ldns_pkt_answer(reply), cut->apex, LDNS_RR_TYPE_DS) : ldns_rr_list_new();
	ldns_pkt_free(reply);
}

struct caa_zone *caa_zone_find(struct caa_walk *w, const ldns_rdf *name, bool climb)
{
	struct caa_zone *z = calloc(1, sizeof(*z));
	size_t labels = ldns_dname_label_count(name), top;

	if (z == NULL)
		return NULL;
	z->cut = caa_walk_to(w, name, &z->whole);
	ask_ds(z, w);
	top = climb ? ldns_dname_label_count(z->cut->apex) : labels;
	for (size_t n = labels; n >= top && n > 0 && z->names < CAA_CLIMB_MAX; n--)
		z->name[z->names++] = caa_name_last(name, n);
	return z;
}

void caa_zone_test(struct caa_zone *z, const struct caa_exchange_options *o)
{
	run_round(z, round_one, o);
	run_round(z, round_two, o);
	run_round(z, round_three, o);
}

void caa_zone_destroy(struct caa_zone *z)
{
	if (z == NULL)
		return;
	for (size_t i = 0; i < CAA_SERVERS_MAX; i++) {
		for (size_t k = 0; k < CAA_TEST_COUNT; k++)
			caa_exchange_clear(&z->tested[i].test[k]);
		for (size_t k = 0; k < CAA_CLIMB_MAX; k++) {
			caa_exchange_clear(&z->tested[i].caa[k]);
			caa_exchange_clear(&z->tested[i].again[k]);
		}
	}
	for (size_t i = 0; i < CAA_NS_MAX; i++) {
		caa_exchange_clear(&z->address[i][0]);
		caa_exchange_clear(&z->address[i][1]);
	}
	for (size_t i = 0; i < z->names; i++)
		ldns_rdf_deep_free(z->name[i]);
	ldns_rr_list_deep_free(z->ds);
	free(z);
}

ldns_rr_list *caa_zone_records(const struct caa_exchange *x)
{
	if (x->fate != CAA_FATE_ANSWERED)
		return ldns_rr_list_new();
	return caa_records_at(ldns_pkt_answer(x->reply), caa_alias_end(x->reply, x->query.name), LDNS_RR_TYPE_CAA);
}

size_t caa_zone_climbed(const struct caa_zone *z, const struct caa_tested *t)
{
	for (size_t i = 0; i < z->names; i++) {
		ldns_rr_list *records = caa_zone_records(&t->caa[i]);
		bool any = ldns_rr_list_rr_count(records) > 0;

		ldns_rr_list_deep_free(records);
		if (any)
			return i + 1;
	}
	return z->names;
}
