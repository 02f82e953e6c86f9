/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/probe/walk.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	DNS_PORT = 53,
	QUERIES_MAX = 400,	/**< questions of a walk, retries not counted */
	DEPTH_MAX = 4,		/**< nameservers in zones whose nameservers are in zones ... */
	SECOND_MAX = 3		/**< servers that are asked when the first did not answer */
};

/** The root servers' addresses, as IANA's named.root has them. */
static const char *const root_server[] = {
	"198.41.0.4", "170.247.170.2", "192.33.4.12", "199.7.91.13", "192.203.230.10", "192.5.5.241", "192.112.36.4",
	"198.97.190.53", "192.36.148.17", "192.58.128.30", "193.0.14.129", "199.7.83.42", "202.12.27.33",
	"2001:503:ba3e::2:30", "2801:1b8:10::b", "2001:500:2::c", "2001:500:2d::d", "2001:500:a8::e", "2001:500:2f::f",
	"2001:500:12::d0d", "2001:500:1::53", "2001:7fe::53", "2001:503:c27::2:30", "2001:7fd::1", "2001:500:9f::42",
	"2001:dc3::35"
};

struct caa_walk {
	const struct caa_exchange_options *o;
	struct caa_cut *cut[CAA_CUTS_MAX];	/**< a parent before its children */
	size_t cuts;
	unsigned queries;
	bool local;		/**< it starts at an address that is not public: then others may be so too */
};

static const struct caa_cut *walk_to(struct caa_walk *w, const ldns_rdf *name, unsigned depth, bool *whole);

ldns_rr_list *caa_records_at(const ldns_rr_list *section, const ldns_rdf *name, ldns_rr_type type)
{
	ldns_rr_list *out = ldns_rr_list_new();

	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(section, i);

		if (ldns_rr_get_type(rr) == type && ldns_dname_compare(ldns_rr_owner(rr), name) == 0)
			ldns_rr_list_push_rr(out, ldns_rr_clone(rr));
	}
	return out;
}

ldns_rdf *caa_name_last(const ldns_rdf *name, size_t labels)
{
	return ldns_dname_clone_from(name, (uint16_t)(ldns_dname_label_count(name) - labels));
}

bool caa_name_in(const ldns_rdf *name, const ldns_rdf *apex)
{
	return ldns_dname_label_count(apex) == 0 || ldns_dname_compare(name, apex) == 0 || ldns_dname_is_subdomain(name, apex);
}

const char *caa_name_write(char out[static CAA_NAME_TEXT], const ldns_rdf *name)
{
	char *text = ldns_rdf2str(name);
	size_t len = text != NULL ? strlen(text) : 0;

	if (len > 1 && len < CAA_NAME_TEXT)
		text[len - 1] = '\0';
	snprintf(out, CAA_NAME_TEXT, "%s", text != NULL ? text : "?");
	free(text);
	return out;
}

/** What no nameserver of the Internet has, and what must not be sent to for others. */
static bool is_public(const struct caa_addr *a)
{
	const uint8_t *ip = a->ip;

	if (a->family == CAA_IPV6)
		return (ip[0] & 0xe0) == 0x20;		/* 2000::/3 is what is given out */
	return ip[0] != 0 && ip[0] != 10 && ip[0] != 127 && ip[0] < 224 && !(ip[0] == 169 && ip[1] == 254) &&
		!(ip[0] == 172 && (ip[1] & 0xf0) == 16) && !(ip[0] == 192 && ip[1] == 168) &&
		!(ip[0] == 100 && (ip[1] & 0xc0) == 64);
}

/** An address where one nameserver is, if there is room and it may be asked. */
static bool add_server(const struct caa_walk *w, struct caa_cut *cut, const struct caa_addr *addr, const char *ns)
{
	bool unspecified = addr->family == CAA_IPV4 && (addr->ip[0] == 0 || addr->ip[0] >= 224);
	struct caa_server *s = &cut->server[cut->servers];

	if (unspecified || (!w->local && !is_public(addr)))
		return false;
	for (size_t i = 0; i < cut->servers; i++)
		if (caa_addr_equal(&cut->server[i].addr, addr))
			return true;
	if (cut->servers == CAA_SERVERS_MAX)
		return true;
	s->addr = *addr;
	snprintf(s->ns, sizeof(s->ns), "%s", ns);
	caa_addr_text(s->address, addr);
	cut->servers++;
	return true;
}

/** Addresses among records. @return whether one may be asked. */
static bool add_addresses(const struct caa_walk *w, struct caa_cut *cut, const ldns_rr_list *records, const ldns_rdf *ns)
{
	char text[CAA_NAME_TEXT];
	bool any = false;

	caa_name_write(text, ns);
	for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(records, i);
		bool v4 = ldns_rr_get_type(rr) == LDNS_RR_TYPE_A, v6 = ldns_rr_get_type(rr) == LDNS_RR_TYPE_AAAA;
		struct caa_addr addr;

		if ((!v4 && !v6) || ldns_rr_rd_count(rr) != 1 || ldns_dname_compare(ldns_rr_owner(rr), ns) != 0 ||
		    ldns_rdf_size(ldns_rr_rdf(rr, 0)) != (v4 ? 4u : 16u))
			continue;
		addr = v4 ? caa_addr_ipv4(ldns_rdf_data(ldns_rr_rdf(rr, 0)), DNS_PORT) :
			caa_addr_ipv6(ldns_rdf_data(ldns_rr_rdf(rr, 0)), DNS_PORT);
		any |= add_server(w, cut, &addr, text);
	}
	return any;
}

static void cut_destroy(struct caa_cut *cut)
{
	ldns_rdf_deep_free(cut->apex);
	ldns_rr_list_deep_free(cut->ns);
	ldns_rr_list_deep_free(cut->glue);
	free(cut);
}

static struct caa_cut *cut_create(struct caa_walk *w, ldns_rdf *apex, const struct caa_cut *parent)
{
	struct caa_cut *cut = w->cuts < CAA_CUTS_MAX ? calloc(1, sizeof(*cut)) : NULL;

	if (cut == NULL) {
		ldns_rdf_deep_free(apex);
		return NULL;
	}
	cut->apex = apex;
	cut->parent = parent;
	cut->ns = ldns_rr_list_new();
	cut->glue = ldns_rr_list_new();
	return w->cut[w->cuts++] = cut;
}

struct caa_walk *caa_walk_create(const struct caa_addr *root, const struct caa_exchange_options *o)
{
	struct caa_walk *w = calloc(1, sizeof(*w));
	struct caa_cut *cut = w != NULL ? cut_create(w, ldns_dname_new_frm_str("."), NULL) : NULL;

	if (cut == NULL) {
		free(w);
		return NULL;
	}
	w->o = o;
	w->local = root != NULL && !is_public(root);
	if (root != NULL)
		add_server(w, cut, root, "root");
	for (size_t i = 0; root == NULL && i < sizeof(root_server) / sizeof(root_server[0]); i++) {
		struct caa_addr addr;

		if (caa_addr_parse(&addr, root_server[i]) == CAA_OK)
			add_server(w, cut, &addr, "root");
	}
	return w;
}

void caa_walk_destroy(struct caa_walk *w)
{
	for (size_t i = 0; w != NULL && i < w->cuts; i++)
		cut_destroy(w->cut[i]);
	free(w);
}

/** An authority's word, or its referral: what a resolver on the way makes up has neither AA nor records of a zone. */
static bool is_useful(const struct caa_exchange *x)
{
	ldns_pkt_rcode rcode;

	if (x->fate != CAA_FATE_ANSWERED || (x->truncated && x->stream != CAA_FATE_ANSWERED))
		return false;
	rcode = ldns_pkt_get_rcode(x->reply);
	if (ldns_pkt_aa(x->reply))
		return rcode == LDNS_RCODE_NOERROR || rcode == LDNS_RCODE_NXDOMAIN;
	return rcode == LDNS_RCODE_NOERROR && ldns_pkt_nscount(x->reply) > 0;
}

/** Ask some servers at once, each with EDNS, and without where plain is set. @return the first useful reply. */
static ldns_pkt *ask_some(struct caa_walk *w, const struct caa_server *const *server, size_t count, const struct caa_query *q,
	bool plain, unsigned tries)
{
	struct caa_exchange x[2 * SECOND_MAX] = { 0 }, *all[2 * SECOND_MAX] = { NULL };
	struct caa_exchange_options o = *w->o;
	size_t n = 0;
	ldns_pkt *reply = NULL;

	o.tries = tries;
	for (size_t i = 0; i < count; i++) {
		for (int edns = 1; edns >= (plain ? 0 : 1); edns--) {
			x[n] = (struct caa_exchange){ .to = server[i]->addr, .query = *q };
			x[n].query.edns = edns == 1;
			x[n].query.dnssec = q->dnssec && edns == 1;
			all[n] = &x[n];
			n++;
		}
	}
	w->queries += (unsigned)n;
	caa_exchanges_run(all, n, &o);
	for (size_t i = 0; i < n; i++) {
		if (reply == NULL && is_useful(&x[i])) {
			reply = x[i].reply;
			x[i].reply = NULL;
		}
		caa_exchange_clear(&x[i]);
	}
	return reply;
}

ldns_pkt *caa_walk_ask(struct caa_walk *w, const struct caa_cut *cut, const ldns_rdf *name, ldns_rr_type type, bool dnssec)
{
	struct caa_query q = { .name = name, .type = type, .edns = true, .dnssec = dnssec };
	const struct caa_server *server[CAA_SERVERS_MAX];
	size_t first = cut->servers > 0 ? randombytes_uniform((uint32_t)cut->servers) : 0;
	ldns_pkt *reply = NULL;

	for (size_t i = 0; i < cut->servers; i++)
		server[i] = &cut->server[(first + i) % cut->servers];
	if (cut->servers > 0 && w->queries < QUERIES_MAX)
		reply = ask_some(w, server, 1, &q, false, 1);
	for (size_t i = 0; reply == NULL && i < cut->servers && w->queries < QUERIES_MAX; i += SECOND_MAX) {
		size_t count = cut->servers - i < SECOND_MAX ? cut->servers - i : SECOND_MAX;

		reply = ask_some(w, server + i, count, &q, true, w->o->tries);
	}
	return reply;
}

/** Addresses of a nameserver that the referral has none of. */
static bool look_up(struct caa_walk *w, struct caa_cut *cut, const ldns_rdf *ns, unsigned depth)
{
	static const ldns_rr_type type[] = { LDNS_RR_TYPE_A, LDNS_RR_TYPE_AAAA };
	const struct caa_cut *home = depth < DEPTH_MAX ? walk_to(w, ns, depth + 1, NULL) : NULL;
	bool any = false;

	for (size_t i = 0; home != NULL && home != cut && i < 2; i++) {
		ldns_pkt *reply = caa_walk_ask(w, home, ns, type[i], false);

		if (reply != NULL && ldns_pkt_aa(reply))
			any |= add_addresses(w, cut, ldns_pkt_answer(reply), ns);
		ldns_pkt_free(reply);
	}
	return any;
}

static void find_servers(struct caa_walk *w, struct caa_cut *cut, const ldns_rr_list *additional, unsigned depth)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(cut->ns) && i < CAA_NS_MAX; i++) {
		const ldns_rdf *ns = ldns_rr_rdf(ldns_rr_list_rr(cut->ns, i), 0);
		bool inside = caa_name_in(ns, cut->parent->apex), any = false;

		if (inside) {
			ldns_rr_list *a = caa_records_at(additional, ns, LDNS_RR_TYPE_A);
			ldns_rr_list *aaaa = caa_records_at(additional, ns, LDNS_RR_TYPE_AAAA);

			any = add_addresses(w, cut, a, ns);
			any |= add_addresses(w, cut, aaaa, ns);
			ldns_rr_list_cat(cut->glue, a);
			ldns_rr_list_cat(cut->glue, aaaa);
			ldns_rr_list_free(a);
			ldns_rr_list_free(aaaa);
		}
		if (!any && !look_up(w, cut, ns, depth))
			caa_name_write(cut->nowhere, ns);
	}
}

/** The delegation that a reply holds on the way to name. @return NULL if it holds none. */
static struct caa_cut *read_cut(struct caa_walk *w, const ldns_pkt *reply, const struct caa_cut *from, const ldns_rdf *name,
	unsigned depth)
{
	ldns_rr_list *answer = caa_records_at(ldns_pkt_answer(reply), name, LDNS_RR_TYPE_NS), *ns;
	bool child_told = ldns_rr_list_rr_count(answer) > 0;
	struct caa_cut *cut;

	ns = child_told ? answer : caa_records_at(ldns_pkt_authority(reply), name, LDNS_RR_TYPE_NS);
	if (!child_told)
		ldns_rr_list_deep_free(answer);
	cut = ldns_rr_list_rr_count(ns) > 0 ? cut_create(w, ldns_rdf_clone(name), from) : NULL;
	if (cut == NULL) {
		ldns_rr_list_deep_free(ns);
		return NULL;
	}
	ldns_rr_list_deep_free(cut->ns);
	cut->ns = ns;
	cut->child_told = child_told;
	find_servers(w, cut, ldns_pkt_additional(reply), depth);
	return cut;
}

static const struct caa_cut *known_cut(const struct caa_walk *w, const ldns_rdf *apex)
{
	for (size_t i = 0; i < w->cuts; i++)
		if (ldns_dname_compare(w->cut[i]->apex, apex) == 0)
			return w->cut[i];
	return NULL;
}

static const struct caa_cut *walk_to(struct caa_walk *w, const ldns_rdf *name, unsigned depth, bool *whole)
{
	const struct caa_cut *cut = w->cut[0];
	bool answered = true;

	for (size_t labels = 1; answered && labels <= ldns_dname_label_count(name); labels++) {
		ldns_rdf *at = caa_name_last(name, labels);
		const struct caa_cut *next = known_cut(w, at);
		ldns_pkt *reply = next == NULL ? caa_walk_ask(w, cut, at, LDNS_RR_TYPE_NS, false) : NULL;

		answered = next != NULL || reply != NULL;
		if (reply != NULL)
			next = read_cut(w, reply, cut, at, depth);
		if (next != NULL)
			cut = next;
		ldns_pkt_free(reply);
		ldns_rdf_deep_free(at);
	}
	if (whole != NULL)
		*whole = answered;
	return cut;
}

const struct caa_cut *caa_walk_to(struct caa_walk *w, const ldns_rdf *name, bool *whole)
{
	return walk_to(w, name, 0, whole);
}
