/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/probe/burst.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SAMPLE = 5,		/**< queries of each sort that come behind, to an address */
	SAMPLE_MOST = SAMPLE - 1,	/**< so many answers are "yes" */
	LOOKS_MAX = 4,		/**< addresses that get them */
	LOSS_IN = 20		/**< one answer in that many may be lost, and it is no limit */
};

enum sort { SORT_NAME, SORT_UDP, SORT_COOKIE, SORT_TCP, SORTS };

/** All queries of one run. */
struct volley {
	struct caa_exchange x[CAA_BURST_MAX];
	struct caa_exchange *list[CAA_BURST_MAX];
	ldns_rdf *name[CAA_BURST_MAX];
	size_t server[CAA_BURST_MAX];
	enum sort sort[CAA_BURST_MAX];
	unsigned count;
	char tag[9];		/**< of this run's names, so that no cache knows them */
};

static bool takes_part(const struct caa_findings *f, const struct caa_zone *z, size_t server)
{
	return z->tested[server].lives && !caa_found_failing(f, z->cut, z->tested[server].server);
}

unsigned caa_burst_first(const struct caa_zone *z, unsigned names)
{
	unsigned looks = z->cut->servers < LOOKS_MAX ? (unsigned)z->cut->servers : LOOKS_MAX;
	unsigned room = CAA_BURST_MAX - looks * (SORTS - 1) * SAMPLE;

	return names < room ? names : room;
}

/** One more query to a server, for a name of its own. */
static struct caa_query *aim(struct volley *v, const struct caa_zone *z, size_t server, enum sort sort)
{
	const struct caa_tested *t = &z->tested[server];
	struct caa_exchange *x = &v->x[v->count];
	char label[64];
	ldns_rdf *name;

	snprintf(label, sizeof(label), "caa-probe-%s-%u", v->tag, v->count);
	name = ldns_dname_new_frm_str(label);
	if (name == NULL || ldns_dname_cat(name, z->cut->apex) != LDNS_STATUS_OK) {
		ldns_rdf_deep_free(name);
		name = ldns_rdf_clone(z->cut->apex);
	}
	v->name[v->count] = name;
	v->server[v->count] = server;
	v->sort[v->count] = sort;
	x->to = t->server->addr;
	x->query = (struct caa_query){ .name = name, .type = LDNS_RR_TYPE_CAA, .edns = t->edns, .dnssec = t->edns, .tcp = t->tcp };
	v->list[v->count++] = x;
	return &x->query;
}

static void fire(struct volley *v, const struct caa_exchange_options *o)
{
	struct caa_exchange_options once = *o;

	once.tries = 1;
	once.gap_ms = 0;
	once.lane_max = CAA_BURST_MAX;
	caa_exchanges_run_once(v->list, v->count, &once);
}

static void volley_clear(struct volley *v)
{
	for (unsigned i = 0; i < v->count; i++) {
		caa_exchange_clear(&v->x[i]);
		ldns_rdf_deep_free(v->name[i]);
	}
}

static bool is_answered(const struct caa_exchange *x)
{
	ldns_pkt_rcode rcode = x->reply != NULL ? ldns_pkt_get_rcode(x->reply) : LDNS_RCODE_SERVFAIL;

	return x->fate == CAA_FATE_ANSWERED && !ldns_pkt_tc(x->reply) &&
		(rcode == LDNS_RCODE_NOERROR || rcode == LDNS_RCODE_NXDOMAIN);
}

static void count(struct caa_burst *b, const struct caa_exchange *x)
{
	b->sent++;
	if (is_answered(x))
		b->answered++;
	else if (x->fate == CAA_FATE_ANSWERED && ldns_pkt_tc(x->reply))
		b->truncated++;
	else if (x->fate == CAA_FATE_ANSWERED)
		b->refused++;
}

/** The certificate's queries, in turn over the servers that take part. */
static void aim_names(struct volley *v, const struct caa_findings *f, const struct caa_zone *z, unsigned names)
{
	size_t server[CAA_SERVERS_MAX], n = 0;

	for (size_t i = 0; i < z->cut->servers; i++)
		if (takes_part(f, z, i))
			server[n++] = i;
	for (unsigned i = 0; n > 0 && i < names; i++)
		aim(v, z, server[i % n], SORT_NAME);
}

static bool is_limited(const struct caa_burst *b)
{
	return (b->sent - b->answered) * LOSS_IN > b->sent;
}

/** The cookie that the server gave a moment ago. @return false if it gives none. */
static bool add_cookie(struct caa_query *q, const struct caa_tested *t)
{
	const struct caa_query *back = &t->test[CAA_TEST_RETURN].query;

	if (t->test[CAA_TEST_RETURN].fate != CAA_FATE_ANSWERED || !q->edns)
		return false;
	q->option = CAA_OPTION_COOKIE;
	q->option_len = back->option_len;
	memcpy(q->option_data, back->option_data, back->option_len);
	return true;
}

static enum caa_exempt verdict(unsigned answered)
{
	return answered >= SAMPLE_MOST ? CAA_EXEMPT_YES : CAA_EXEMPT_NO;
}

/** Right behind: the same over UDP, with a cookie, and over TCP. */
static void aim_samples(struct volley *v, const struct caa_zone *z, size_t server)
{
	for (unsigned i = 0; i < SAMPLE; i++) {
		aim(v, z, server, SORT_UDP);
		if (!add_cookie(aim(v, z, server, SORT_COOKIE), &z->tested[server]))
			v->sort[v->count - 1] = SORT_UDP;
		aim(v, z, server, SORT_TCP)->tcp = true;
	}
}

/** What came back from one server. */
static void read_volley(struct caa_burst *b, const struct volley *v, size_t server)
{
	unsigned answered[SORTS] = { 0 }, sent[SORTS] = { 0 };

	for (unsigned i = 0; i < v->count; i++) {
		if (v->server[i] != server)
			continue;
		sent[v->sort[i]]++;
		answered[v->sort[i]] += is_answered(&v->x[i]);
		if (v->sort[i] == SORT_NAME)
			count(b, &v->x[i]);
	}
	b->has_cookie = sent[SORT_COOKIE] > 0;
	if (!is_limited(b) || sent[SORT_UDP] == 0 || (sent[SORT_UDP] - answered[SORT_UDP]) * 5 <= sent[SORT_UDP])
		return;		/* it is over by now */
	b->cookie = verdict(answered[SORT_COOKIE]);
	b->tcp = verdict(answered[SORT_TCP]);
}

const char *caa_exempt_text(enum caa_exempt e)
{
	switch (e) {
	case CAA_EXEMPT_UNKNOWN:	return "unknown";
	case CAA_EXEMPT_NO:		return "no";
	case CAA_EXEMPT_YES:		return "yes";
	}
	return "";
}

static void say(struct caa_findings *f, const struct caa_zone *z, size_t server, const struct caa_burst *b)
{
	caa_find(f, CAA_PROBE_RATE, false, z->cut, z->tested[server].server,
		"of %u queries for CAA at once, it answers %u (%u truncated, %u refused, %u without answer); "
		"exempt are cookies: %s, TCP: %s",
		b->sent, b->answered, b->truncated, b->refused, b->sent - b->answered - b->truncated - b->refused,
		b->has_cookie ? caa_exempt_text(b->cookie) : "it gives none", caa_exempt_text(b->tcp));
}

void caa_burst_run(struct caa_burst *out, struct caa_findings *f, const struct caa_zone *z, unsigned names,
	const struct caa_exchange_options *o)
{
	struct volley *v = calloc(1, sizeof(*v));
	unsigned looks = 0;

	if (v == NULL)
		return;
	snprintf(v->tag, sizeof(v->tag), "%08x", randombytes_random());
	aim_names(v, f, z, caa_burst_first(z, names));
	for (size_t i = 0; i < z->cut->servers && looks < LOOKS_MAX; i++) {
		if (takes_part(f, z, i)) {
			aim_samples(v, z, i);
			looks++;
		}
	}
	fire(v, o);
	for (size_t i = 0; i < z->cut->servers; i++) {
		read_volley(&out[i], v, i);
		if (is_limited(&out[i]))
			say(f, z, i, &out[i]);
	}
	volley_clear(v);
	free(v);
}
