/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Fuzz what reads an upstream's answer: the packet, its cookie, the agent that it announces, and what the answer is worth;
 *  what ldns can read is read, and as the same.
 *
 *  The input is the answer to a query that carried a cookie; where a COOKIE option begins with the marker `echo-me!`, it
 *  is taken to be the client's part, so that the fuzzer gets past the check of the echo. */
#include "fuzz.h"

#include "core/why/agent.h"
#include "core/wire/answer.h"
#include "core/pace/cookie.h"
#include "core/wire/packet.h"

#include <ldns/ldns.h>

static const struct caa_addr server = { .family = CAA_IPV4, .ip = { 192, 0, 2, 1 } };
static const struct caa_cookie_secret secret = { .key = { 1 }, .serial = 1 };
static const uint8_t marker[CAA_COOKIE_CLIENT] = { 'e', 'c', 'h', 'o', '-', 'm', 'e', '!' };

static void check_packet(const struct caa_packet *p, const uint8_t *data, size_t size)
{
	check(p->rcode <= 4095);
	check(p->edns || (p->cookie == NULL && p->rcode <= 15));
	if (p->cookie == NULL) {
		check(p->cookie_len == 0);
		return;
	}
	check(p->cookie >= data + CAA_PACKET_HEADER && p->cookie <= data + size);
	check(p->cookie_len <= (size_t)(data + size - p->cookie));
}

static void check_cookie(const struct caa_packet *p, bool tcp)
{
	uint8_t out[CAA_COOKIE_MAX];
	struct caa_cookie_sent sent = { .source = 0 };
	struct caa_cookie c;
	size_t len;

	caa_cookie_init(&c);
	check(caa_cookie_write(&c, &c.part, &secret, &server, 1, out, &sent) == CAA_COOKIE_CLIENT);
	memcpy(sent.client, marker, sizeof(marker));
	switch (caa_cookie_read(&c, &c.part, &secret, 1, p, &sent, tcp)) {
	case CAA_COOKIE_FORGED:
		check(!tcp && !caa_cookie_proves(&c));
		break;
	case CAA_COOKIE_MISSING:
		check(!tcp && p->cookie == NULL && !caa_cookie_proves(&c));
		break;
	case CAA_COOKIE_NONE:
		check(!caa_cookie_proves(&c));
		break;
	case CAA_COOKIE_GOOD:
		len = caa_cookie_write(&c, &c.part, &secret, &server, 1, out, &sent);
		check(len == p->cookie_len);
		check(memcmp(out + CAA_COOKIE_CLIENT, p->cookie + CAA_COOKIE_CLIENT, len - CAA_COOKIE_CLIENT) == 0);
		break;
	}
}

/** Whatever is announced makes a name that is one, or none. */
static void check_agent(const struct caa_packet *p, const uint8_t *data, size_t size)
{
	static const uint8_t shop[] = { 3, 'w', 'w', 'w', 4, 's', 'h', 'o', 'p', 0 };
	struct caa_name agent, made, name = { shop, sizeof(shop) }, zone = { shop + 4, sizeof(shop) - 4 };
	uint8_t out[CAA_NAME_MAX];
	size_t len;

	if (p->channel == NULL) {
		check(p->channel_len == 0);
		return;
	}
	check(p->channel >= data + CAA_PACKET_HEADER && p->channel_len <= (size_t)(data + size - p->channel));
	if (caa_agent_read(&agent, p->channel, p->channel_len) != CAA_OK || !caa_agent_fits(agent, zone, name) ||
	    caa_agent_name(out, &len, 257, name, 6, agent) != CAA_OK)
		return;
	check(caa_name_check(&made, out, len) == CAA_OK && made.len == len && caa_name_within(made, agent));
}

/** The first option of a code; NULL if there is none. */
static const uint8_t *option_of(ldns_rdf *options, uint16_t code, size_t *len)
{
	const uint8_t *data = options != NULL ? ldns_rdf_data(options) : NULL;

	for (size_t at = 0, left = options != NULL ? ldns_rdf_size(options) : 0; left >= 4; at += 4 + *len, left -= 4 + *len) {
		*len = ldns_read_uint16(data + at + 2);
		if (*len > left - 4)
			return NULL;
		if (ldns_read_uint16(data + at) == code)
			return data + at + 4;
	}
	return NULL;
}

/** ldns takes the data of an OPT record for anything. @return whether they are whole options. */
static bool are_options(ldns_rdf *options)
{
	const uint8_t *data = options != NULL ? ldns_rdf_data(options) : NULL;
	size_t left = options != NULL ? ldns_rdf_size(options) : 0, len;

	for (; left > 0; data += 4 + len, left -= 4 + len) {
		if (left < 4)
			return false;
		len = ldns_read_uint16(data + 2);
		if (len > left - 4)
			return false;
	}
	return true;
}

static bool has_type(ldns_pkt *pkt, ldns_pkt_section section, ldns_rr_type type)
{
	ldns_rr_list *list = ldns_pkt_rr_list_by_type(pkt, type, section);
	bool has = list != NULL && ldns_rr_list_rr_count(list) > 0;

	ldns_rr_list_deep_free(list);
	return has;
}

/** ldns loses the first one of two TSIG records.  What is fuzzed has no part of ldns. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libldns.so";
}

/** ldns counts a TSIG record that others follow once more than it writes it. */
static bool is_counted(ldns_pkt *pkt, const uint8_t *wire)
{
	return ldns_read_uint16(wire + 10) == ldns_rr_list_rr_count(ldns_pkt_additional(pkt)) + ldns_pkt_edns(pkt) + (ldns_pkt_tsig(pkt) != NULL);
}

static void check_same(ldns_pkt *pkt, const uint8_t *wire, size_t len)
{
	static const uint8_t root[] = { 0 };
	struct caa_packet p;
	struct caa_answer a;
	size_t cookie_len = 0;
	bool whole = caa_packet_read(&p, wire, len) == CAA_OK;
	const uint8_t *cookie = option_of(ldns_pkt_edns_data(pkt), 10, &cookie_len);

	check(p.truncated == ldns_pkt_tc(pkt));
	/* ldns has one OPT record, and what else has its type is a record to it */
	if (has_type(pkt, LDNS_SECTION_ANY_NOQUESTION, LDNS_RR_TYPE_OPT) || !is_counted(pkt, wire))
		return;
	check(p.edns == ldns_pkt_edns(pkt) && whole == (!p.edns || are_options(ldns_pkt_edns_data(pkt))));
	check(p.rcode == ldns_pkt_get_rcode(pkt) + (p.edns ? ldns_pkt_edns_extended_rcode(pkt) * 16 : 0));
	check((cookie != NULL) == (p.cookie != NULL));
	if (cookie != NULL)
		check(cookie_len == p.cookie_len && memcmp(cookie, p.cookie, cookie_len) == 0);
	caa_answer_read(&a, wire, len, (struct caa_name){ root, sizeof(root) });
	check(a.worth != CAA_WORTH_UNREADABLE);
	if (a.worth == CAA_WORTH_GOOD) {
		check(ldns_pkt_get_rcode(pkt) == LDNS_RCODE_NOERROR || ldns_pkt_get_rcode(pkt) == LDNS_RCODE_NXDOMAIN);
		check(ldns_pkt_ancount(pkt) > 0 || has_type(pkt, LDNS_SECTION_AUTHORITY, LDNS_RR_TYPE_SOA) ||
			has_type(pkt, LDNS_SECTION_AUTHORITY, LDNS_RR_TYPE_NS));
		check(!ldns_pkt_tc(pkt));
	}
}

/** What ldns can read, which does not mind a length that is not that of a name, and writes again, is read as the same. */
static void check_ldns(const uint8_t *data, size_t size)
{
	static const uint8_t root[] = { 0 };
	struct caa_answer a;
	ldns_pkt *pkt = NULL;
	uint8_t *wire = NULL;
	size_t len = 0;

	caa_answer_read(&a, data, size, (struct caa_name){ root, sizeof(root) });
	check(a.rcode <= 4095 && (a.ede_text_len == 0 || (a.ede_text >= data && a.ede_text_len <= (size_t)(data + size - a.ede_text))));
	if (size > UINT16_MAX || ldns_wire2pkt(&pkt, data, size) != LDNS_STATUS_OK)
		return;
	if (ldns_pkt2wire(&wire, pkt, &len) == LDNS_STATUS_OK)
		check_same(pkt, wire, len);
	LDNS_FREE(wire);
	ldns_pkt_free(pkt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct caa_packet p;

	(void)caa_packet_read(&p, data, size);
	check_packet(&p, data, size);
	check_ldns(data, size);
	check_cookie(&p, false);
	check_cookie(&p, true);
	check_agent(&p, data, size);
	return 0;
}
