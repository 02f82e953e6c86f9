/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A nameserver that misbehaves in one known way for each of its addresses, over UDP and TCP.
 *
 *  usage: liar ADDRESS=BEHAVIOUR:ZONE...
 *  The SOA and NS of the zone and the addresses of its nameservers are answered well, so that the zone is found; what is
 *  asked besides is answered by behaviour (see answer()).  For the lab only: one thread, no limits. */
#include "listen.h"

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BADVERS = 16, RCODE_NOTAUTH = 9, OPTION_EDE = 15 };

struct host {
	const char *address, *behaviour, *zone;
	unsigned answered;
	bool tcp;		/**< how the query came that is answered now */
};

static void push(ldns_pkt *pkt, ldns_pkt_section section, const char *format, const char *a, const char *b)
{
	char text[1024];
	ldns_rr *rr = NULL;

	snprintf(text, sizeof(text), format, a, b);
	if (ldns_rr_new_frm_str(&rr, text, 60, NULL, NULL) == LDNS_STATUS_OK)
		ldns_pkt_push_rr(pkt, section, rr);
	else
		fprintf(stderr, "liar: %s\n", text);
}

/** What makes the zone one: true if the question is for that. */
static bool answer_zone(const struct host *h, ldns_pkt *pkt, const char *name, ldns_rr_type type)
{
	char apex[300], ns[300];

	snprintf(apex, sizeof(apex), "%s.", h->zone);
	snprintf(ns, sizeof(ns), "ns1.%s.", h->zone);
	if (strcasecmp(name, apex) == 0 && type == LDNS_RR_TYPE_NS)
		push(pkt, LDNS_SECTION_ANSWER, "%s 60 IN NS %s", apex, ns);
	else if (strcasecmp(name, apex) == 0 && type == LDNS_RR_TYPE_SOA)
		push(pkt, LDNS_SECTION_ANSWER, "%s 60 IN SOA ns.%s hostmaster.lab. 1 60 60 60 60", apex, apex);
	else if (strcasecmp(name, ns) == 0 && type == LDNS_RR_TYPE_A)
		push(pkt, LDNS_SECTION_ANSWER, "%s 60 IN A %s", ns, h->address);
	else
		return false;
	return true;
}

/** One more EDE, after those that the packet has. */
static void add_ede(ldns_pkt *pkt, uint16_t code, const char *text, size_t len)
{
	uint8_t options[2048] = "";
	ldns_rdf *before = ldns_pkt_edns_data(pkt);
	size_t at = before != NULL ? ldns_rdf_size(before) : 0;
	const uint8_t head[6] = { 0, OPTION_EDE, (uint8_t)((len + 2) >> 8), (uint8_t)(len + 2), (uint8_t)(code >> 8), (uint8_t)code };

	if (before != NULL)
		memcpy(options, ldns_rdf_data(before), at);
	memcpy(options + at, head, sizeof(head));
	memcpy(options + at + sizeof(head), text, len);
	ldns_pkt_set_edns_udp_size(pkt, 1232);
	ldns_pkt_set_edns_data(pkt, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_NONE, at + sizeof(head) + len, options));
	ldns_rdf_deep_free(before);
}

/** A CAA record that says how the query came, what it had in EDNS, and its flags. */
static void add_mirror(const struct host *h, const ldns_pkt *query, ldns_pkt *pkt, const char *name)
{
	char value[128], size[32] = "no edns";

	if (ldns_pkt_edns(query))
		snprintf(size, sizeof(size), "edns %u", ldns_pkt_edns_udp_size(query));
	snprintf(value, sizeof(value), "%s %s %s%s%s%s%s", h->address, h->tcp ? "tcp" : "udp", size, ldns_pkt_rd(query) ? " rd" : "",
		ldns_pkt_ad(query) ? " ad" : "", ldns_pkt_cd(query) ? " cd" : "", ldns_pkt_edns_do(query) ? " do" : "");
	push(pkt, LDNS_SECTION_ANSWER, "%s 60 IN CAA 0 issue \"%s\"", name, value);
}

/** A CAA record that lists the options that the query had. */
static void add_options(const ldns_pkt *query, ldns_pkt *pkt, const char *name)
{
	const ldns_rdf *data = ldns_pkt_edns_data(query);
	size_t len = data != NULL ? ldns_rdf_size(data) : 0, at = 0;
	char value[128] = "options";

	while (at + 4 <= len) {
		const uint8_t *option = ldns_rdf_data(data) + at;
		size_t used = strlen(value);

		snprintf(value + used, sizeof(value) - used, " %u", option[0] << 8 | option[1]);
		at += 4u + (size_t)(option[2] << 8 | option[3]);
	}
	push(pkt, LDNS_SECTION_ANSWER, "%s 60 IN CAA 0 issue \"%s\"", name, value);
}

static void add_hostile_ede(ldns_pkt *pkt)
{
	char text[600];
	size_t len = 0;

	for (int c = 1; c < 256; c++)
		text[len++] = (char)c;
	len += (size_t)snprintf(text + len, sizeof(text) - len, "\"}\n{\"x\":\"\033[2J\r\\u0000%c\xe2\x80\xae\xc3(\xff\xfe", 0);
	add_ede(pkt, 0, text, len);
}

static void lower_question(ldns_pkt *pkt)
{
	ldns_rdf *owner = ldns_rr_owner(ldns_rr_list_rr(ldns_pkt_question(pkt), 0));

	ldns_dname2canonical(owner);
}

/** Answer by behaviour.  @return false for silence. */
static bool misbehave(struct host *h, ldns_pkt *query, ldns_pkt *pkt, ldns_rr_type type, const char *name)
{
	const char *b = h->behaviour;
	bool edns = ldns_pkt_edns(query);
	char apex[300];

	snprintf(apex, sizeof(apex), "%s.", h->zone);
	ldns_pkt_set_aa(pkt, 1);
	if (strcmp(b, "silent") == 0)
		return type != LDNS_RR_TYPE_CAA;
	if (strcmp(b, "dead") == 0)
		return false;
	if (strcmp(b, "no-soa") == 0)
		return true;
	if (strcmp(b, "not-authoritative") == 0) {
		ldns_pkt_set_aa(pkt, 0);
	} else if (strcmp(b, "upward") == 0) {
		ldns_pkt_set_aa(pkt, 0);
		push(pkt, LDNS_SECTION_AUTHORITY, "%s 60 IN NS %s", ".", "a.root-servers.net.");
	} else if (strcmp(b, "self") == 0) {
		ldns_pkt_set_aa(pkt, 0);
		push(pkt, LDNS_SECTION_AUTHORITY, "%s 60 IN NS ns1.%s", apex, apex);
	} else if (strncmp(b, "badvers", 7) == 0 && (edns || strcmp(b, "badvers-only") == 0)) {
		if (!edns)
			return false;
		ldns_pkt_set_edns_extended_rcode(pkt, BADVERS >> 4);
		ldns_pkt_set_edns_udp_size(pkt, 1232);
	} else if (strcmp(b, "formerr-any") == 0 && edns) {
		ldns_pkt_set_rcode(pkt, LDNS_RCODE_FORMERR);
	} else if (strcmp(b, "formerr-option") == 0 && edns && ldns_pkt_edns_data(query) != NULL) {
		ldns_pkt_set_rcode(pkt, LDNS_RCODE_FORMERR);
	} else if (strcmp(b, "option-upward") == 0 && edns && ldns_pkt_edns_data(query) != NULL) {
		ldns_pkt_set_rcode(pkt, LDNS_RCODE_FORMERR);
	} else if (strcmp(b, "option-upward") == 0) {
		ldns_pkt_set_aa(pkt, 0);
		push(pkt, LDNS_SECTION_AUTHORITY, "%s 60 IN NS %s", ".", "a.root-servers.net.");
	} else if (strcmp(b, "formerr") == 0) {
		ldns_pkt_set_rcode(pkt, LDNS_RCODE_FORMERR);
	} else if (strcmp(b, "notimp") == 0 && type == LDNS_RR_TYPE_CAA) {
		ldns_pkt_set_rcode(pkt, LDNS_RCODE_NOTIMPL);
	} else if (strcmp(b, "notauth") == 0) {
		ldns_pkt_set_rcode(pkt, RCODE_NOTAUTH);
	} else if (strcmp(b, "ede") == 0) {
		ldns_pkt_set_rcode(pkt, LDNS_RCODE_SERVFAIL);
		add_ede(pkt, 14, "zone is being loaded", 20);
	} else if (strcmp(b, "edes") == 0) {
		ldns_pkt_set_rcode(pkt, LDNS_RCODE_SERVFAIL);
		add_ede(pkt, 22, "the first", 9);
		add_ede(pkt, 23, "the second", 10);
	} else if (strcmp(b, "mirror") == 0) {
		add_mirror(h, query, pkt, name);
	} else if (strcmp(b, "yxdomain") == 0) {
		ldns_pkt_set_rcode(pkt, LDNS_RCODE_YXDOMAIN);
	} else if (strcmp(b, "bare-nxdomain") == 0) {
		ldns_pkt_set_rcode(pkt, LDNS_RCODE_NXDOMAIN);
	} else if (strcmp(b, "soa-above") == 0) {
		push(pkt, LDNS_SECTION_AUTHORITY, "%s 60 IN SOA ns.%s hostmaster.lab. 1 60 60 60 60", strchr(apex, '.') + 1, apex);
	} else if (strcmp(b, "soa-beside") == 0) {
		push(pkt, LDNS_SECTION_AUTHORITY, "%s 60 IN SOA ns.%s hostmaster.lab. 1 60 60 60 60", "other.example.", apex);
	} else if (strcmp(b, "wrong-type") == 0) {
		push(pkt, LDNS_SECTION_ANSWER, "%s 60 IN A %s", name, "192.0.2.1");
	} else if (strcmp(b, "malformed") == 0) {
		push(pkt, LDNS_SECTION_ANSWER, "%s 60 IN TYPE257 %s", name, "\\# 1 00");
	} else if (strcmp(b, "recursive") == 0) {
		ldns_pkt_set_aa(pkt, 0);
		ldns_pkt_set_ra(pkt, 1);
		push(pkt, LDNS_SECTION_AUTHORITY, "%s 60 IN SOA ns.%s hostmaster.lab. 1 60 60 60 60", apex, apex);
	} else if (strcmp(b, "other-class") == 0) {
		ldns_rr_set_class(ldns_rr_list_rr(ldns_pkt_question(pkt), 0), LDNS_RR_CLASS_CH);
	} else if (strcmp(b, "options") == 0) {
		add_options(query, pkt, name);
	} else if (strcmp(b, "tc") == 0) {
		if (h->tcp)
			add_mirror(h, query, pkt, name);
		ldns_pkt_set_tc(pkt, !h->tcp);
	} else if (strcmp(b, "hostile") == 0) {
		ldns_pkt_set_rcode(pkt, LDNS_RCODE_SERVFAIL);
		add_hostile_ede(pkt);
	} else if (strcmp(b, "caps") == 0) {
		char value[64];

		lower_question(pkt);
		snprintf(value, sizeof(value), "ca%u.lab", h->answered);
		push(pkt, LDNS_SECTION_ANSWER, "%s 60 IN CAA 0 issue \"%s\"", name, value);
	} else if (strcmp(b, "tc-mute") == 0 && h->tcp) {
		return false;
	} else if (strncmp(b, "tc-", 3) == 0) {	/* tc-always, tc-closed, tc-mute over UDP */
		ldns_pkt_set_tc(pkt, 1);
		push(pkt, LDNS_SECTION_ANSWER, "%s 60 IN CAA 0 issue \"%s\"", name, "ca.lab");
	} else if (strcmp(b, "no-key") == 0 && type == LDNS_RR_TYPE_DNSKEY) {
		ldns_pkt_set_rcode(pkt, LDNS_RCODE_SERVFAIL);
	} else if (strcmp(b, "refused") == 0) {
		ldns_pkt_set_rcode(pkt, LDNS_RCODE_REFUSED);
	} else if (strcmp(b, "refuse-caa") == 0 && type == LDNS_RR_TYPE_CAA) {
		ldns_pkt_set_rcode(pkt, LDNS_RCODE_REFUSED);
	} else if (strcmp(b, "bare-alias") == 0 && type == LDNS_RR_TYPE_CAA && strcasecmp(name, apex) != 0) {
		push(pkt, LDNS_SECTION_ANSWER, "%s 60 IN CNAME target.%s", name, apex);
	} else if (strcmp(b, "servfail") == 0) {
		ldns_pkt_set_rcode(pkt, LDNS_RCODE_SERVFAIL);
	} else {
		push(pkt, LDNS_SECTION_AUTHORITY, "%s 60 IN SOA ns.%s hostmaster.lab. 1 60 60 60 60", apex, apex);
	}
	return true;
}

static bool answer(void *arg, struct message *m, bool over_tcp)
{
	struct host *h = arg;
	ldns_pkt *query = NULL, *pkt = ldns_pkt_new();
	ldns_rr *question;
	uint8_t *wire = NULL;
	size_t len = 0;
	char *name;

	h->tcp = over_tcp;
	h->answered++;
	if (ldns_wire2pkt(&query, m->octets, m->len) != LDNS_STATUS_OK || ldns_pkt_qdcount(query) != 1) {
		ldns_pkt_free(pkt);
		return false;
	}
	question = ldns_rr_clone(ldns_rr_list_rr(ldns_pkt_question(query), 0));
	ldns_pkt_push_rr(pkt, LDNS_SECTION_QUESTION, question);
	ldns_pkt_set_id(pkt, ldns_pkt_id(query));
	ldns_pkt_set_qr(pkt, 1);
	name = ldns_rdf2str(ldns_rr_owner(question));
	ldns_pkt_set_aa(pkt, 1);
	if (((strcmp(h->behaviour, "dead") != 0 && strcmp(h->behaviour, "refused") != 0 &&
	      strncmp(h->behaviour, "formerr", 7) != 0 && strncmp(h->behaviour, "badvers", 7) != 0 &&
	      answer_zone(h, pkt, name, ldns_rr_get_type(question))) ||
	     misbehave(h, query, pkt, ldns_rr_get_type(question), name)) &&
	    ldns_pkt2wire(&wire, pkt, &len) == LDNS_STATUS_OK) {
		memcpy(m->octets, wire, len);
		if (strcmp(h->behaviour, "garbage") == 0 && ldns_rr_get_type(question) == LDNS_RR_TYPE_CAA)
			m->octets[7] = 9;	/* there are fewer answers than that */
	}
	m->len = len;
	free(wire);
	free(name);
	ldns_pkt_free(query);
	ldns_pkt_free(pkt);
	return len > 0;
}

static enum listen_tcp tcp_of(const char *behaviour)
{
	return strcmp(behaviour, "tc-slam") == 0 ? LISTEN_TCP_SLAM : strcmp(behaviour, "tc-closed") == 0 ? LISTEN_TCP_NONE : LISTEN_TCP;
}

int main(int argc, char **argv)
{
	struct event_base *base = event_base_new();

	for (int i = 1; i < argc; i++) {
		struct host *h = calloc(1, sizeof(*h));
		char *behaviour = strchr(argv[i], '='), *zone = strchr(argv[i], ':');

		if (h == NULL || behaviour == NULL || zone == NULL) {
			fprintf(stderr, "usage: liar ADDRESS=BEHAVIOUR:ZONE...\n");
			return 2;
		}
		*behaviour++ = '\0';
		*zone++ = '\0';
		*h = (struct host){ .address = argv[i], .behaviour = behaviour, .zone = zone };
		if (!listen_on(base, argv[i], tcp_of(behaviour), answer, h))
			return 1;
	}
	return event_base_dispatch(base) == 0 ? 0 : 1;
}
