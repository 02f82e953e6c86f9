/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What a subscriber reads when a CAA lookup fails, for each class of failure and each of its variants, in the form in which
 *  Boulder prints it (bdns/problem.go): the table of unbound-caa-control(8), whose test compares it with this.
 *
 *  usage: said [--plain]
 *  Prints the table's mdoc, or with --plain `CLASS CODE TEXT` lines, the text as the module says it, without an id; what is said
 *  before the end has class "early". */
#include "core/why/cause.h"
#include "core/wire/packet.h"
#include "core/why/say.h"

#include <stdio.h>
#include <string.h>

enum { CAA = 257, A = 1, DS = 43, DNSKEY = 48, SIZE = 1232, LARGE_SIZE = 4096, OUTCOMES = 4 };

/** A failure: what came back from the servers of shop.example, of example, and what else is known. */
struct failure {
	struct outcome {
		uint16_t qtype;		/**< 0 = the end */
		enum caa_result result;
		uint16_t rcode;
		uint16_t count;		/**< 0 = once */
		uint16_t size;		/**< of EDNS; 0 = SIZE, 1 = without EDNS */
		bool tcp, cookie, tld;
		bool host;		/**< the address of a nameserver that stands in another zone */
		const char *ede;
	} o[OUTCOMES];
	uint16_t missed, bogus_ede;
	enum caa_own own;
	bool bogus, looped, no_address, loopback, late, limited, silent_before, others, types;
};

#define GOOD(type) { .qtype = (type), .result = CAA_RESULT_GOOD }
#define GOT(what) { .qtype = CAA, .result = CAA_RESULT_##what }
#define RCODE(code, n) { .qtype = CAA, .result = CAA_RESULT_RCODE, .rcode = (code), .count = (n) }
#define KEYS(what, code, n) { .qtype = DNSKEY, .result = CAA_RESULT_##what, .rcode = (code), .count = (n) }

enum { FORMERR = CAA_RCODE_FORMERR, SERVFAIL = 2, NOTIMP = CAA_RCODE_NOTIMP, REFUSED = CAA_RCODE_REFUSED, NOTAUTH = 9, BADVERS = CAA_RCODE_BADVERS };

static const struct failure failures[] = {
	{ .o = { { .qtype = CAA, .result = CAA_RESULT_TIMEOUT, .count = 3 } }, .limited = true, .silent_before = true },
	{ .o = { RCODE(REFUSED, 5) }, .limited = true },
	{ .o = { GOT(LATE) }, .limited = true },

	{ .o = { GOOD(CAA) }, .bogus = true, .bogus_ede = 6 },
	{ .o = { GOOD(CAA) }, .bogus = true, .bogus_ede = 7 },
	{ .o = { GOOD(CAA) }, .bogus = true, .bogus_ede = 8 },
	{ .o = { GOOD(CAA) }, .bogus = true, .bogus_ede = 9 },
	{ .o = { GOOD(CAA) }, .bogus = true, .bogus_ede = 10 },
	{ .o = { GOOD(CAA) }, .bogus = true, .bogus_ede = 11 },
	{ .o = { GOOD(CAA) }, .bogus = true, .bogus_ede = 12 },

	{ .looped = true },

	{ .o = { GOT(CAPS) } },

	{ .o = { GOT(NO_SOA) } },

	{ .o = { RCODE(FORMERR, 1) } },
	{ .o = { RCODE(BADVERS, 1) } },
	{ .o = { { .qtype = CAA, .result = CAA_RESULT_RCODE, .rcode = FORMERR, .cookie = true }, GOOD(A) } },
	{ .o = { { .qtype = CAA, .result = CAA_RESULT_RCODE, .rcode = FORMERR, .size = LARGE_SIZE }, GOOD(DNSKEY) } },
	{ .o = { RCODE(FORMERR, 1), { .qtype = CAA, .result = CAA_RESULT_RCODE, .rcode = FORMERR, .size = 1 } } },

	{ .o = { RCODE(NOTIMP, 1) } },

	{ .o = { GOT(UPWARD) } },
	{ .o = { GOT(SELF) } },
	{ .o = { GOT(NOT_AUTHORITATIVE) } },
	{ .o = { RCODE(NOTAUTH, 1) } },
	{ .o = { GOT(FOUND_LAME) } },

	{ .o = { RCODE(REFUSED, 5) } },
	{ .o = { RCODE(REFUSED, 5) }, .types = true },
	{ .o = { GOOD(CAA), KEYS(RCODE, REFUSED, 5) }, .bogus = true, .missed = DNSKEY },

	{ .o = { RCODE(SERVFAIL, 5) } },
	{ .o = { { .qtype = CAA, .result = CAA_RESULT_RCODE, .rcode = SERVFAIL, .count = 3, .ede = "zone is being loaded" } } },
	{ .o = { { .qtype = CAA, .result = CAA_RESULT_RCODE, .rcode = SERVFAIL, .count = 5, .tld = true } } },
	{ .o = { GOT(UNREADABLE) } },
	{ .o = { GOT(TRUNCATED), { .qtype = CAA, .result = CAA_RESULT_TRUNCATED, .tcp = true } } },
	{ .o = { GOOD(CAA), KEYS(RCODE, SERVFAIL, 5) }, .bogus = true, .missed = DNSKEY },

	{ .o = { GOT(ERROR) } },
	{ .o = { { .qtype = CAA, .result = CAA_RESULT_ERROR, .tcp = true } } },
	{ .o = { GOT(TRUNCATED), { .qtype = CAA, .result = CAA_RESULT_ERROR, .tcp = true } } },
	{ .o = { GOT(TRUNCATED), { .qtype = CAA, .result = CAA_RESULT_TIMEOUT, .tcp = true } } },
	{ .no_address = true },
	{ .loopback = true },

	{ .o = { { .qtype = CAA, .result = CAA_RESULT_TIMEOUT, .count = 5 } } },
	{ .o = { { .qtype = CAA, .result = CAA_RESULT_TIMEOUT, .count = 5 } }, .others = true },
	{ .o = { { .qtype = CAA, .result = CAA_RESULT_TIMEOUT, .count = 5 } }, .types = true },
	{ .o = { GOT(FOUND_SILENT) } },
	{ .o = { { .qtype = CAA, .result = CAA_RESULT_TIMEOUT, .count = 5, .tld = true } } },
	{ .o = { { .qtype = A, .result = CAA_RESULT_TIMEOUT, .count = 3, .host = true } } },
	{ .o = { GOOD(CAA), KEYS(TIMEOUT, 0, 16) }, .bogus = true, .missed = DNSKEY },
	{ .o = { GOOD(CAA), { .qtype = DS, .result = CAA_RESULT_TIMEOUT, .count = 16, .tld = true } }, .bogus = true, .missed = DS },
	{ .o = { GOOD(CAA), { .qtype = DS, .result = CAA_RESULT_TIMEOUT, .count = 16 } }, .bogus = true, .missed = DS },

	{ .o = { GOT(LATE) }, .late = true },
	{ .o = { GOOD(CAA) }, .bogus = true, .missed = DNSKEY, .late = true },

	{ .no_address = true, .own = CAA_OWN_NO_IPV6 },
	{ .no_address = true, .own = CAA_OWN_NO_IPV4 },
	{ .no_address = true, .own = CAA_OWN_LOOKS_NO_IPV6 },
	{ .no_address = true, .own = CAA_OWN_LOOKS_NO_IPV4 },
	{ .own = CAA_OWN_FORBIDDEN },
	{ .own = CAA_OWN_QUOTA },
	{ .own = CAA_OWN_RATELIMIT },
	{ .o = { GOT(NO_SOCKET) } },
	{ .own = CAA_OWN_MEMORY },
	{ .o = { GOOD(CAA) }, .bogus = true, .missed = DNSKEY, .own = CAA_OWN_NO_IPV6 },
	{ .o = { GOOD(CAA) }, .bogus = true, .missed = DNSKEY, .own = CAA_OWN_FORBIDDEN },
	{ .bogus = true, .missed = DNSKEY },
	{ .own = CAA_OWN_NONE },
};

static const uint8_t host_wire[] = "\3ns1\4host\7example";
static const struct caa_name host = { host_wire, sizeof(host_wire) };
static const uint8_t question_wire[] = "\3www\4shop\7example", zone_wire[] = "\4shop\7example", tld_wire[] = "\7example";
static const struct caa_name question = { question_wire, sizeof(question_wire) }, zone = { zone_wire, sizeof(zone_wire) },
	tld = { tld_wire, sizeof(tld_wire) };

static struct caa_addr server_of(bool of_tld)
{
	return caa_addr_ipv4(of_tld ? (const uint8_t[]){ 198, 51, 100, 1 } : (const uint8_t[]){ 192, 0, 2, 1 }, 53);
}

static void note(struct caa_record *r, const struct outcome *o)
{
	struct caa_answer answer = { .rcode = o->rcode, .ede = o->ede != NULL ? 14 : CAA_NO_EDE, .ede_text = (const uint8_t *)o->ede,
		.ede_text_len = o->ede != NULL ? strlen(o->ede) : 0 };
	struct caa_event event = { .addr = server_of(o->tld), .name = o->host ? host : o->qtype == CAA || o->qtype == A ? question : zone,
		.zone = o->tld ? tld : zone, .qtype = o->qtype, .size = o->size == 0 ? SIZE : o->size == 1 ? 0 : o->size, .tcp = o->tcp,
		.cookie = o->cookie, .result = o->result, .answer = o->result < CAA_RESULT_TIMEOUT ? &answer : NULL };

	for (unsigned i = 0; i < (o->count > 0 ? o->count : 1u); i++)
		caa_record_note(r, question, &event);
}

static void add_server(struct caa_case *c, const struct failure *f, bool of_tld)
{
	struct caa_server *s = &c->server[c->servers++];

	*s = (struct caa_server){ .addr = server_of(of_tld), .of_zone = !of_tld, .limited = f->limited, .rate_qps = 10, .replied = 11,
		.timed_out = f->silent_before ? 16 : 0, .other_types = f->types, .types_now = f->types,
		.others_answer = f->others ? CAA_YES : CAA_UNKNOWN };
	snprintf(s->ns, sizeof(s->ns), "%s", of_tld ? "a.nic.example" : "ns1.shop.example");
}

static void build(struct caa_case *c, const struct failure *f)
{
	bool of_tld = false;

	*c = (struct caa_case){ .wire_len = sizeof(question_wire), .bogus = f->bogus, .looped = f->looped, .no_address = f->no_address,
		.loopback = f->loopback, .late = f->late, .own = (uint8_t)f->own, .tries = 1, .bogus_ede = f->bogus && f->bogus_ede != 0 ? f->bogus_ede : CAA_NO_EDE };
	memcpy(c->wire, question_wire, sizeof(question_wire));
	caa_record_init(&c->record);
	for (unsigned i = 0; i < OUTCOMES && f->o[i].qtype != 0; i++) {
		note(&c->record, &f->o[i]);
		of_tld = of_tld || f->o[i].tld;
	}
	add_server(c, f, false);
	add_server(c, f, true);
	snprintf(c->zone, sizeof(c->zone), "%s", of_tld ? "example" : "shop.example");
	if (f->no_address)
		snprintf(c->about, sizeof(c->about), "ns1.shop.example");
	if (f->loopback || f->own == CAA_OWN_FORBIDDEN)
		snprintf(c->about, sizeof(c->about), f->loopback ? "127.0.0.1" : "192.0.2.1");
	if (f->looped)
		snprintf(c->about, sizeof(c->about), "alias.shop.example");
	if (f->missed != 0)
		caa_case_miss(c, f->missed, zone, of_tld ? tld : zone);
	caa_case_class(c);
}

/** What Boulder writes for an INFO-CODE. */
static const char *boulders_word(uint16_t code)
{
	static const struct { uint16_t code; const char *word; } words[] = {
		{ 0, "Other" }, { 6, "DNSSEC: Bogus" }, { 7, "DNSSEC: Signature Expired" }, { 8, "DNSSEC: Signature Not Yet Valid" },
		{ 9, "DNSSEC: DNSKEY Missing" }, { 10, "DNSSEC: RRSIGs Missing" }, { 11, "DNSSEC: No Zone Key Bit Set" },
		{ 12, "DNSSEC: NSEC Missing" }, { 22, "No Reachable Authority" },
		{ 23, "Network Error between Resolver and Authority" }, { 24, "Invalid Data" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].code == code)
			return words[i].word;
	return "?";
}

static void say(const struct caa_case *c, bool plain, const char **class_said)
{
	const char *class = caa_class_name((enum caa_class)c->class);
	char text[CAA_EDE_MAX];
	uint16_t code = caa_say_sentence(c, text);

	if (plain) {
		printf("%s %u %s\n", class, code, text);
		return;
	}
	if (*class_said == NULL || strcmp(*class_said, class) != 0)
		printf(".It %s\n", class);
	else
		puts(".Pp");
	*class_said = class;
	printf("looking up CAA for www.shop.example: %s: %s\n", boulders_word(code), text);
}

/** What is said before the end, with caa-patience. */
static void say_so_far(const struct failure *f, bool plain)
{
	struct caa_case c;
	char text[CAA_EDE_MAX];
	uint16_t code;

	build(&c, f);
	c.took_ms = 9000;
	code = caa_say_so_far(&c, text);
	if (plain)
		printf("early %u %s\n", code, text);
	else
		printf("looking up CAA for www.shop.example: %s: %s\n", boulders_word(code), text);
}

int main(int argc, char **argv)
{
	bool plain = argc > 1 && strcmp(argv[1], "--plain") == 0, seen[CAA_CLASS_COUNT] = { false };
	const char *class_said = NULL;
	int status = 0;

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		struct caa_case c;

		build(&c, &failures[i]);
		seen[c.class] = true;
		say(&c, plain, &class_said);
	}
	if (!plain)
		puts(".It any class, with caa-patience");
	say_so_far(&(const struct failure){ .o = { { .qtype = CAA, .result = CAA_RESULT_TIMEOUT, .count = 5 } } }, plain);
	if (!plain)
		puts(".Pp");
	say_so_far(&(const struct failure){ .late = true }, plain);
	for (unsigned i = 0; i < CAA_CLASS_COUNT; i++) {
		if (seen[i])
			continue;
		fprintf(stderr, "said: no row for class %s\n", caa_class_name((enum caa_class)i));
		status = 1;
	}
	return status;
}
