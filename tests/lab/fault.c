/* SPDX-License-Identifier: BSD-3-Clause */
#include "fault.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	HEADER = 12, BACKEND_S = 5,
	OPTION_COOKIE = 10, OPTION_CHANNEL = 18, TYPE_KNOWN_MAX = 65279, LARGE = 2000, SIZE_USUAL = 1472,
	FLAG_AA = 0x04, FLAG_TC = 0x02, FLAG_QR = 0x80	/* of octet 2 */
};

/** A query, as far as faults ask for it. */
struct asked {
	bool tcp, edns, cookie, option;	/**< option: another one than a cookie */
	unsigned version, size;	/**< size: what a UDP answer may have */
	ldns_rr_type type;
	size_t question_end;	/**< octets of header and question */
};

static bool any(const struct asked *q) { return q != NULL; }
static bool udp(const struct asked *q) { return !q->tcp; }
static bool tcp(const struct asked *q) { return q->tcp; }
static bool edns(const struct asked *q) { return q->edns; }
static bool option(const struct asked *q) { return q->option; }
static bool options(const struct asked *q) { return q->option || q->cookie; }
static bool version(const struct asked *q) { return q->version > 0; }
static bool cookie(const struct asked *q) { return q->cookie; }
static bool caa(const struct asked *q) { return q->type == LDNS_RR_TYPE_CAA; }
static bool udp_caa(const struct asked *q) { return q->type == LDNS_RR_TYPE_CAA && !q->tcp; }
static bool others(const struct asked *q) { return q->type != LDNS_RR_TYPE_SOA && q->type != LDNS_RR_TYPE_A; }
static bool type(const struct asked *q) { return (unsigned)q->type > TYPE_KNOWN_MAX; }
static bool large(const struct asked *q) { return q->edns && q->size > SIZE_USUAL; }
static bool ds(const struct asked *q) { return q->type == LDNS_RR_TYPE_DS; }
static bool dnskey(const struct asked *q) { return q->type == LDNS_RR_TYPE_DNSKEY; }

enum action {
	DROP, RCODE, RCODE_CAA, TRUNCATE, REFER,	/* the backend is not asked; RCODE_CAA: other types are dropped */
	NO_AA, NO_SOA, NO_EDNS, NO_SIGNATURE, NO_DENIAL, LOWER,	/* what is changed in its answer */
	SIGN,
	OTHER_ID, OTHER_QUESTION, CUT, ECHO, WRONG_COOKIE, GROW, LOSE_LARGE,
	VERSION_0, PASS		/* of the query */
};

static const struct fault {
	const char *name;
	bool (*hits)(const struct asked *q);
	enum action action;
	unsigned rcode;
	bool no_tcp;	/**< nobody listens there */
} table[] = {
	{ "none", any, PASS, 0, false },
	{ "silent", any, DROP, 0, false },
	{ "udp-drop", udp, DROP, 0, false },
	{ "tcp-refused", tcp, DROP, 0, true },
	{ "tcp-silent", tcp, DROP, 0, false },
	{ "edns-drop", edns, DROP, 0, false },
	{ "edns-formerr", edns, RCODE, LDNS_RCODE_FORMERR, false },
	{ "edns-none", edns, NO_EDNS, 0, false },
	{ "option-drop", option, DROP, 0, false },
	{ "option-formerr", option, RCODE, LDNS_RCODE_FORMERR, false },
	{ "option-echo", option, ECHO, 0, false },
	{ "options-drop", options, DROP, 0, false },
	{ "version-drop", version, DROP, 0, false },
	{ "version-formerr", version, RCODE, LDNS_RCODE_FORMERR, false },
	{ "version-ignored", version, VERSION_0, 0, false },
	{ "cookie-drop", cookie, DROP, 0, false },
	{ "cookie-formerr", cookie, RCODE, LDNS_RCODE_FORMERR, false },
	{ "cookie-wrong", cookie, WRONG_COOKIE, 0, false },
	{ "case-lower", any, LOWER, 0, false },
	{ "caa-drop", caa, DROP, 0, false },
	{ "caa-refused", caa, RCODE, LDNS_RCODE_REFUSED, false },
	{ "caa-notimp", caa, RCODE, LDNS_RCODE_NOTIMPL, false },
	{ "caa-servfail", caa, RCODE, LDNS_RCODE_SERVFAIL, false },
	{ "caa-no-aa", caa, NO_AA, 0, false },
	{ "caa-cut", caa, CUT, 0, false },
	{ "caa-no-soa", caa, NO_SOA, 0, false },
	{ "caa-truncated", udp_caa, TRUNCATE, 0, false },
	{ "caa-truncated-no-tcp", udp_caa, TRUNCATE, 0, true },
	{ "caa-large", caa, GROW, 0, false },
	{ "caa-large-lost", caa, LOSE_LARGE, 0, false },
	{ "size-formerr", large, RCODE_CAA, LDNS_RCODE_FORMERR, false },
	{ "type-drop", type, DROP, 0, false },
	{ "type-notimp", type, RCODE, LDNS_RCODE_NOTIMPL, false },
	{ "no-soa", any, NO_SOA, 0, false },
	{ "no-aa", any, NO_AA, 0, false },
	{ "refused", any, RCODE, LDNS_RCODE_REFUSED, false },
	{ "others-refused", others, RCODE, LDNS_RCODE_REFUSED, false },
	{ "refer", any, REFER, 0, false },
	{ "other-id", any, OTHER_ID, 0, false },
	{ "other-question", any, OTHER_QUESTION, 0, false },
	{ "dnskey-drop", dnskey, DROP, 0, false },
	{ "dnskey-refused", dnskey, RCODE, LDNS_RCODE_REFUSED, false },
	{ "ds-servfail", ds, RCODE, LDNS_RCODE_SERVFAIL, false },
	{ "unsigned", any, NO_SIGNATURE, 0, false },
	{ "denial-none", any, NO_DENIAL, 0, false },
	{ "case-signed", any, SIGN, 0, false },
	{ "caa-case-signed", caa, SIGN, 0, false },
};

static bool read_query(struct asked *q, const struct message *m, bool over_tcp)
{
	ldns_pkt *pkt = NULL;
	const ldns_rr *question;
	const ldns_rdf *data;

	if (ldns_wire2pkt(&pkt, m->octets, m->len) != LDNS_STATUS_OK || ldns_pkt_qdcount(pkt) != 1) {
		ldns_pkt_free(pkt);
		return false;
	}
	question = ldns_rr_list_rr(ldns_pkt_question(pkt), 0);
	data = ldns_pkt_edns_data(pkt);
	*q = (struct asked){ .tcp = over_tcp, .edns = ldns_pkt_edns(pkt), .version = ldns_pkt_edns_version(pkt),
		.size = ldns_pkt_edns_udp_size(pkt), .type = ldns_rr_get_type(question), .question_end = HEADER + ldns_rdf_size(ldns_rr_owner(question)) + 4 };
	if (q->edns && data != NULL && ldns_rdf_size(data) >= 4) {
		q->cookie = ldns_rdf_data(data)[1] == OPTION_COOKIE && ldns_rdf_data(data)[0] == 0;
		q->option = !q->cookie;
	}
	ldns_pkt_free(pkt);
	return true;
}

/** Header and question of the query as an answer. */
static void make_reply(struct message *m, const struct asked *q, unsigned flags, unsigned rcode)
{
	m->len = q->question_end;
	m->octets[2] = (uint8_t)((m->octets[2] & 1) | FLAG_QR | flags);
	m->octets[3] = (uint8_t)rcode;
	memset(m->octets + 6, 0, 6);	/* no records */
}

/** A referral to the root. */
static void make_referral(struct message *m, const struct asked *q)
{
	static const uint8_t ns[] = { 0, 0, LDNS_RR_TYPE_NS, 0, 1, 0, 0, 0, 60, 0, 4, 2, 'n', 's', 0 };

	make_reply(m, q, 0, 0);
	m->octets[9] = 1;
	memcpy(m->octets + m->len, ns, sizeof(ns));
	m->len += sizeof(ns);
}

/** @return false for silence. */
static bool ask_backend(struct message *m, const char *address, bool over_tcp)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(DNS_PORT) };
	struct timeval wait = { .tv_sec = BACKEND_S };
	uint8_t head[2] = { (uint8_t)(m->len >> 8), (uint8_t)m->len };
	int fd = socket(AF_INET, over_tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
	ssize_t len = -1;

	inet_pton(AF_INET, address, &to.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 && (!over_tcp || send(fd, head, 2, MSG_MORE) == 2) &&
	    send(fd, m->octets, m->len, 0) == (ssize_t)m->len) {
		if (!over_tcp)
			len = recv(fd, m->octets, sizeof(m->octets), 0);
		else if (recv(fd, head, 2, MSG_WAITALL) == 2)
			len = recv(fd, m->octets, (size_t)(head[0] << 8 | head[1]), MSG_WAITALL);
	}
	close(fd);
	m->len = len > 0 ? (size_t)len : 0;
	return len > HEADER;
}

static void remove_type(ldns_rr_list *section, ldns_rr_type gone, uint16_t *count)
{
	size_t kept = 0;

	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		ldns_rr *rr = ldns_rr_list_rr(section, i);

		if (ldns_rr_get_type(rr) == gone)
			ldns_rr_free(rr);
		else
			ldns_rr_list_set_rr(section, rr, kept++);
	}
	ldns_rr_list_set_rr_count(section, kept);
	*count = (uint16_t)kept;
}

static void set_options(ldns_pkt *pkt, unsigned code, const uint8_t *data, size_t len)
{
	uint8_t octets[64] = { (uint8_t)(code >> 8), (uint8_t)code, 0, (uint8_t)len };

	memcpy(octets + 4, data, len);
	ldns_rdf_deep_free(ldns_pkt_edns_data(pkt));
	ldns_pkt_set_edns_data(pkt, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_NONE, 4 + len, octets));
}

/** @return the key of FAULTY_KEY, a file of dnssec-keygen; NULL, said, if it cannot be read. */
static ldns_key *signing_key(void)
{
	static ldns_key *key;
	const char *path = getenv("FAULTY_KEY");
	FILE *f = key == NULL && path != NULL ? fopen(path, "r") : NULL;

	if (f != NULL) {
		if (ldns_key_new_frm_fp(&key, f) != LDNS_STATUS_OK)
			key = NULL;
		fclose(f);
	}
	if (key == NULL)
		fprintf(stderr, "faulty: FAULTY_KEY is no key\n");
	return key;
}

/** Sign the RRset that a signature of the backend covers anew, with its owner in the letters that stand in the answer: those of the
 *  question, as the name is compressed.  RFC 4034, section 6.2, has them in lower case. */
static void sign_as_written(const ldns_rr_list *section, ldns_rr *sig, ldns_key *key)
{
	ldns_rr_type covered = ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(sig));
	ldns_buffer *buf = ldns_buffer_new(MESSAGE_MAX);
	ldns_rdf *signature;

	ldns_rrsig2buffer_wire(buf, sig);
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		ldns_rr *rr = ldns_rr_list_rr(section, i);

		if (ldns_rr_get_type(rr) != covered || ldns_dname_compare(ldns_rr_owner(rr), ldns_rr_owner(sig)) != 0)
			continue;
		ldns_rr_set_ttl(rr, ldns_rdf2native_int32(ldns_rr_rrsig_origttl(sig)));
		ldns_rr2buffer_wire(buf, rr, LDNS_SECTION_ANSWER);
	}
	signature = ldns_sign_public_buffer(buf, key);
	if (signature != NULL)
		ldns_rdf_deep_free(ldns_rr_rrsig_set_sig(sig, signature) ? NULL : signature);
	ldns_buffer_free(buf);
}

static void sign_section(const ldns_rr_list *section, ldns_key *key)
{
	for (size_t i = 0; key != NULL && i < ldns_rr_list_rr_count(section); i++)
		if (ldns_rr_get_type(ldns_rr_list_rr(section, i)) == LDNS_RR_TYPE_RRSIG)
			sign_as_written(section, ldns_rr_list_rr(section, i), key);
}

/** What is changed in the answer's records and options. */
static void change_records(struct message *m, enum action action)
{
	ldns_pkt *pkt = NULL;
	uint8_t *wire = NULL, pad[LARGE] = { 0 };
	uint16_t count;
	size_t len;

	if (ldns_wire2pkt(&pkt, m->octets, m->len) != LDNS_STATUS_OK)
		return;
	if (action == NO_SOA && ldns_pkt_ancount(pkt) == 0) {
		remove_type(ldns_pkt_authority(pkt), LDNS_RR_TYPE_SOA, &count);
		ldns_pkt_set_nscount(pkt, count);
	} else if (action == NO_SIGNATURE) {
		remove_type(ldns_pkt_answer(pkt), LDNS_RR_TYPE_RRSIG, &count);
		ldns_pkt_set_ancount(pkt, count);
		remove_type(ldns_pkt_authority(pkt), LDNS_RR_TYPE_RRSIG, &count);
		ldns_pkt_set_nscount(pkt, count);
	} else if (action == NO_DENIAL) {
		remove_type(ldns_pkt_authority(pkt), LDNS_RR_TYPE_NSEC, &count);
		ldns_pkt_set_nscount(pkt, count);
	} else if (action == SIGN) {
		sign_section(ldns_pkt_answer(pkt), signing_key());
		sign_section(ldns_pkt_authority(pkt), signing_key());
	} else if (action == ECHO) {
		set_options(pkt, 65100, pad, 4);
	} else if (action == WRONG_COOKIE) {
		set_options(pkt, OPTION_COOKIE, pad, 24);
	} else if (action == GROW || action == LOSE_LARGE) {
		ldns_rr *rr = ldns_rr_new();

		ldns_rr_set_owner(rr, ldns_dname_new_frm_str("large."));
		ldns_rr_set_type(rr, (ldns_rr_type)65281);
		ldns_rr_set_class(rr, LDNS_RR_CLASS_IN);
		ldns_rr_push_rdf(rr, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_UNKNOWN, LARGE, pad));
		ldns_pkt_push_rr(pkt, LDNS_SECTION_ADDITIONAL, rr);
	} else if (action == NO_EDNS) {
		/* the OPT record is the last, and nothing else is in the additional section of what is asked here */
		ldns_pkt *bare = ldns_pkt_new();

		ldns_pkt_set_id(bare, ldns_pkt_id(pkt));
		ldns_pkt_set_qr(bare, 1);
		ldns_pkt_set_aa(bare, ldns_pkt_aa(pkt));
		ldns_pkt_set_rcode(bare, ldns_pkt_get_rcode(pkt));
		ldns_pkt_push_rr_list(bare, LDNS_SECTION_QUESTION, ldns_rr_list_clone(ldns_pkt_question(pkt)));
		ldns_pkt_push_rr_list(bare, LDNS_SECTION_ANSWER, ldns_rr_list_clone(ldns_pkt_answer(pkt)));
		ldns_pkt_push_rr_list(bare, LDNS_SECTION_AUTHORITY, ldns_rr_list_clone(ldns_pkt_authority(pkt)));
		ldns_pkt_free(pkt);
		pkt = bare;
	}
	if (ldns_pkt2wire(&wire, pkt, &len) == LDNS_STATUS_OK) {
		memcpy(m->octets, wire, len);
		m->len = len;
	}
	free(wire);
	ldns_pkt_free(pkt);
}

static void change_reply(struct message *m, const struct asked *q, const struct fault *f)
{
	switch (f->action) {
	case NO_AA:
		m->octets[2] &= (uint8_t)~FLAG_AA;
		break;
	case LOWER:
		for (size_t i = HEADER; i < q->question_end - 4; i++)
			m->octets[i] = (uint8_t)tolower(m->octets[i]);
		break;
	case OTHER_ID:
		m->octets[0] ^= 0xff;
		break;
	case OTHER_QUESTION:
		m->octets[HEADER + 1] = m->octets[HEADER + 1] == 'x' ? 'y' : 'x';
		break;
	case CUT:
		m->len -= 5;
		break;
	default:
		change_records(m, f->action);
	}
}

/** Announce the agent of FAULTY_AGENT, if there is one, as a server of RFC 9567 does in every answer with EDNS. */
static void announce(struct message *m)
{
	const char *agent = getenv("FAULTY_AGENT");
	ldns_rdf *name = agent != NULL ? ldns_dname_new_frm_str(agent) : NULL;
	ldns_pkt *pkt = NULL;
	uint8_t *wire = NULL;
	size_t len;

	if (name == NULL || ldns_wire2pkt(&pkt, m->octets, m->len) != LDNS_STATUS_OK || !ldns_pkt_edns(pkt)) {
		ldns_rdf_deep_free(name);
		ldns_pkt_free(pkt);
		return;
	}
	set_options(pkt, OPTION_CHANNEL, ldns_rdf_data(name), ldns_rdf_size(name));
	if (ldns_pkt2wire(&wire, pkt, &len) == LDNS_STATUS_OK) {
		memcpy(m->octets, wire, len);
		m->len = len;
	}
	free(wire);
	ldns_rdf_deep_free(name);
	ldns_pkt_free(pkt);
}

static bool answer(const struct fault *f, struct message *m, const char *backend, bool over_tcp)
{
	struct asked q;

	if (!read_query(&q, m, over_tcp))
		return false;
	if (!f->hits(&q))
		return ask_backend(m, backend, over_tcp);
	switch (f->action) {
	case DROP:
		return false;
	case RCODE:
		make_reply(m, &q, 0, f->rcode);
		return true;
	case RCODE_CAA:
		make_reply(m, &q, 0, f->rcode);
		return caa(&q);
	case TRUNCATE:
		make_reply(m, &q, FLAG_TC | FLAG_AA, 0);
		return true;
	case REFER:
		make_referral(m, &q);
		return true;
	case VERSION_0:
		m->octets[q.question_end + 6] = 0;	/* OPT: root, type, class, extended RCODE, version */
		return ask_backend(m, backend, over_tcp);
	case PASS:
		return ask_backend(m, backend, over_tcp);
	default:
		if ((f->action == LOSE_LARGE && !over_tcp) || !ask_backend(m, backend, over_tcp))
			return false;
		change_reply(m, &q, f);
		return true;
	}
}

bool fault_answer(const struct fault *f, struct message *m, const char *backend, bool over_tcp)
{
	if (!answer(f, m, backend, over_tcp))
		return false;
	announce(m);
	return true;
}

const struct fault *fault_find(const char *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	fprintf(stderr, "faulty: there is no fault %s\n", name);
	return NULL;
}

bool fault_no_tcp(const struct fault *f)
{
	return f->no_tcp;
}
