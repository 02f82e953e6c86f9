/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/why/cause.h"
#include "core/wire/packet.h"

enum { CAA = 257, A = 1, DS = 43, DNSKEY = 48 };

/** One outcome, short. */
struct outcome {
	uint8_t server;		/**< last octet of its address; 0 = the end */
	uint16_t qtype;
	const char *name, *zone;
	enum caa_result result;
	uint16_t rcode;
	uint16_t size;		/**< of EDNS */
	bool cookie, tcp;
};

static struct caa_addr addr_of(uint8_t n)
{
	const uint8_t ip[4] = { 192, 0, 2, n };

	return caa_addr_ipv4(ip, 53);
}

static void note(struct caa_record *r, const char *question, const struct outcome *o, uint32_t at_ms)
{
	struct name_buffer q, n, z;
	struct caa_answer answer = { .rcode = o->rcode, .ede = CAA_NO_EDE };
	struct caa_event event = { .addr = addr_of(o->server), .name = name_of(&n, o->name), .zone = name_of(&z, o->zone),
		.at_ms = at_ms, .qtype = o->qtype, .size = o->size, .cookie = o->cookie, .tcp = o->tcp, .result = o->result,
		.answer = o->result < CAA_RESULT_TIMEOUT ? &answer : NULL };

	caa_record_note(r, name_of(&q, question), &event);
}

/** Note up to max outcomes, one after the other. */
static void note_all(struct caa_record *r, const char *question, const struct outcome *o, size_t max)
{
	for (uint32_t k = 0; k < max && o[k].server != 0; k++)
		note(r, question, &o[k], k);
}

static void start(struct caa_case *c, const char *question)
{
	struct name_buffer b;
	struct caa_name name = name_of(&b, question);

	memset(c, 0, sizeof(*c));
	caa_record_init(&c->record);
	memcpy(c->wire, name.wire, name.len);
	c->wire_len = (uint8_t)name.len;
	c->bogus_ede = CAA_NO_EDE;
	c->tries = 1;
}

#define Q "www.example.com."
#define Z "example.com."
#define ASK(n, result, rcode) { n, CAA, Q, Z, CAA_RESULT_##result, rcode, 1232, false, false }
#define TCP(n, result, rcode) { n, CAA, Q, Z, CAA_RESULT_##result, rcode, 1232, false, true }

static void the_main_cause_is_found(void **state)
{
	static const struct {
		struct outcome o[8];
		uint8_t limited;	/**< server that has a known limit, with this rate: */
		uint32_t rate_qps;
		bool bogus, looped, no_address, late;
		enum caa_class class;
		const char *why;
	} row[] = {
		{ { ASK(1, TIMEOUT, 0), ASK(2, TIMEOUT, 0) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_TIMEOUT, "nothing comes back" },
		{ { ASK(1, TIMEOUT, 0), ASK(1, TIMEOUT, 0) }, 1, 12, 0, 0, 0, 0, CAA_CLASS_RATE_LIMITED, "from a limited server" },
		{ { ASK(1, RCODE, 5) }, 1, 12, 0, 0, 0, 0, CAA_CLASS_RATE_LIMITED, "a limiter that answers REFUSED" },
		{ { ASK(1, RCODE, 2), ASK(1, RCODE, 2) }, 1, 1, 0, 0, 0, 0, CAA_CLASS_SERVFAIL, "the least rate is none" },
		{ { ASK(1, LATE, 0) }, 1, 12, 0, 0, 0, 1, CAA_CLASS_RATE_LIMITED, "not sent for the sake of a limit" },
		{ { ASK(1, LATE, 0) }, 0, 0, 0, 0, 0, 1, CAA_CLASS_BUDGET, "not sent in time" },
		{ { ASK(1, LATE, 0), ASK(1, RCODE, 5) }, 0, 0, 0, 0, 0, 1, CAA_CLASS_REFUSED, "what is late says least" },
		{ { ASK(1, GOOD, 0) }, 0, 0, 0, 0, 0, 1, CAA_CLASS_BUDGET, "the time ended" },
		{ { ASK(1, ERROR, 0) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_UNREACHABLE, "network error" },
		{ { ASK(1, TRUNCATED, 0), TCP(1, ERROR, 0) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_UNREACHABLE, "truncated, and TCP closed" },
		{ { ASK(1, TRUNCATED, 0), TCP(1, TIMEOUT, 0) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_UNREACHABLE, "truncated, and TCP dropped" },
		{ { ASK(2, TRUNCATED, 0), TCP(1, TIMEOUT, 0) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_TIMEOUT, "truncated by another server" },
		{ { ASK(1, TRUNCATED, 0), TCP(1, TRUNCATED, 0) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_SERVFAIL, "truncated over TCP" },
		{ { ASK(1, TRUNCATED, 0), TCP(1, TRUNCATED, 0) }, 1, 12, 0, 0, 0, 0, CAA_CLASS_SERVFAIL, "which is no limit's doing" },
		{ { ASK(1, TRUNCATED, 0), TCP(1, GOOD, 0) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_INTERNAL, "truncated, and whole over TCP" },
		{ { ASK(1, TRUNCATED, 0), TCP(1, ERROR, 0), ASK(2, TRUNCATED, 0), TCP(2, TRUNCATED, 0), TCP(2, TRUNCATED, 0) }, 0, 0, 0, 0, 0, 0,
			CAA_CLASS_SERVFAIL, "the one and the other" },
		{ { ASK(1, RCODE, 5) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_REFUSED, "REFUSED" },
		{ { ASK(1, RCODE, 9) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_LAME, "NOTAUTH" },
		{ { ASK(1, RCODE, 4) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_NOTIMP, "NOTIMP" },
		{ { ASK(1, RCODE, 1) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_FORMERR_EDNS, "FORMERR" },
		{ { ASK(1, RCODE, 16) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_FORMERR_EDNS, "BADVERS" },
		{ { ASK(1, NO_SOA, 0) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_NO_SOA, "empty without SOA" },
		{ { ASK(1, UPWARD, 0) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_LAME, "upward" },
		{ { ASK(1, FOUND_LAME, 0) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_LAME, "remembered as lame" },
		{ { ASK(1, FOUND_SILENT, 0) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_TIMEOUT, "remembered as silent" },
		{ { ASK(1, CAPS, 0), ASK(1, GOOD, 0) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_CAPS, "an answer that differs does not heal it" },
		{ { ASK(1, UNREADABLE, 0) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_SERVFAIL, "unreadable" },
		{ { ASK(1, GOOD, 0) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_INTERNAL, "nothing is wrong" },
		{ { { 0 } }, 0, 0, 0, 0, 1, 0, CAA_CLASS_UNREACHABLE, "no address" },
		{ { ASK(1, GOOD, 0) }, 0, 0, 1, 0, 0, 0, CAA_CLASS_BOGUS, "the validator" },
		{ { ASK(1, NO_SOA, 0) }, 0, 0, 1, 0, 0, 0, CAA_CLASS_NO_SOA, "what it refused was no answer" },
		{ { ASK(1, RCODE, 1), { 1, CAA, Q, Z, CAA_RESULT_GOOD, 0, 0, false, false } }, 0, 0, 1, 0, 0, 0, CAA_CLASS_FORMERR_EDNS,
			"unsigned, for want of EDNS" },
		{ { ASK(1, GOOD, 0) }, 0, 0, 0, 1, 0, 0, CAA_CLASS_CNAME_LOOP, "CNAMEs" },
		{ { ASK(1, TIMEOUT, 0), ASK(2, RCODE, 5), ASK(2, RCODE, 5) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_REFUSED, "the most" },
		{ { ASK(1, TIMEOUT, 0), ASK(2, RCODE, 5) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_REFUSED, "of equals the more telling" },
		{ { { 1, CAA, Z, "com.", CAA_RESULT_TIMEOUT, 0, 1232, false, false }, { 2, CAA, Z, "com.", CAA_RESULT_GOOD, 0, 1232, false, false },
			ASK(3, RCODE, 2) }, 0, 0, 0, 0, 0, 0, CAA_CLASS_SERVFAIL, "what was got elsewhere is no cause" },
		{ { ASK(3, RCODE, 2), { 1, CAA, Q, "com.", CAA_RESULT_GOOD, 0, 1232, false, false } }, 0, 0, 0, 0, 0, 1, CAA_CLASS_SERVFAIL,
			"a referral of the parent does not heal it" },
		{ { { 1, A, "ns.example.net.", "example.net.", CAA_RESULT_TIMEOUT, 0, 1232, false, false },
			{ 1, A, "ns.example.net.", "example.net.", CAA_RESULT_TIMEOUT, 0, 1232, false, false }, ASK(3, RCODE, 4) }, 0, 0, 0, 0, 0, 0,
			CAA_CLASS_NOTIMP, "the question before what it waits for" },
		{ { { 1, A, "ns.example.net.", "example.net.", CAA_RESULT_TIMEOUT, 0, 1232, false, false } }, 0, 0, 0, 0, 1, 0,
			CAA_CLASS_TIMEOUT, "or that, where it never came to the question" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct name_buffer z;
		struct caa_case c;

		start(&c, Q);
		note_all(&c.record, Q, row[i].o, COUNT_OF(row[i].o));
		c.bogus = row[i].bogus;
		c.looped = row[i].looped;
		c.no_address = row[i].no_address;
		c.late = row[i].late;
		c.servers = (uint8_t)caa_record_servers(&c.record, name_of(&z, Z), c.server);
		for (unsigned k = 0; k < c.servers; k++) {
			c.server[k].limited = row[i].limited != 0 && c.server[k].addr.ip[3] == row[i].limited;
			c.server[k].rate_qps = c.server[k].limited ? row[i].rate_qps : 0;
		}
		caa_case_class(&c);
		if (c.class != row[i].class)
			print_error("%s: %s\n", row[i].why, caa_class_name((enum caa_class)c.class));
		assert_int_equal(c.class, row[i].class);
	}
}

/** A limit that says whom it refuses is why a server refused, and not why it was silent. */
static void a_limit_that_speaks_is_no_cause_of_silence(void **state)
{
	static const struct { struct outcome o; bool speaks, mute; enum caa_class class; } row[] = {
		{ ASK(1, TIMEOUT, 0), false, false, CAA_CLASS_RATE_LIMITED }, { ASK(1, TIMEOUT, 0), true, false, CAA_CLASS_TIMEOUT },
		{ ASK(1, RCODE, 5), true, false, CAA_CLASS_RATE_LIMITED }, { ASK(1, RCODE, 2), true, false, CAA_CLASS_RATE_LIMITED },
		{ ASK(1, LATE, 0), false, false, CAA_CLASS_RATE_LIMITED },
		/* nor is one that may be an outage, whatever was not sent for its sake */
		{ ASK(1, TIMEOUT, 0), false, true, CAA_CLASS_TIMEOUT }, { ASK(1, LATE, 0), false, true, CAA_CLASS_TIMEOUT },
		{ ASK(1, RCODE, 5), false, true, CAA_CLASS_REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct name_buffer z;
		struct caa_case c;

		start(&c, Q);
		note_all(&c.record, Q, &row[i].o, 1);
		c.servers = (uint8_t)caa_record_servers(&c.record, name_of(&z, Z), c.server);
		c.server[0].limited = true;
		c.server[0].rate_qps = 20;
		c.server[0].speaks = row[i].speaks;
		c.server[0].mute = row[i].mute;
		caa_case_class(&c);
		assert_int_equal(c.class, row[i].class);
	}
}

static void keys_that_are_missed_are_the_cause(void **state)
{
#define KEY(n, type, zone, result, rcode) { n, type, zone, zone, CAA_RESULT_##result, rcode, 1232, false, false }
	static const struct {
		struct outcome o[8];
		uint16_t missed;
		const char *zone;
		bool late;
		enum caa_class class;
		uint8_t server;		/**< of the cause; 0 = there is none */
		const char *why;
	} row[] = {
		{ { ASK(1, GOOD, 0), KEY(2, DNSKEY, Z, TIMEOUT, 0) }, DNSKEY, Z, 0, CAA_CLASS_TIMEOUT, 2, "nothing comes back" },
		{ { ASK(1, GOOD, 0), KEY(2, DNSKEY, Z, RCODE, 2) }, DNSKEY, Z, 0, CAA_CLASS_SERVFAIL, 2, "SERVFAIL" },
		{ { ASK(1, GOOD, 0), KEY(2, DNSKEY, Z, RCODE, 5) }, DNSKEY, Z, 0, CAA_CLASS_REFUSED, 2, "REFUSED" },
		{ { ASK(1, GOOD, 0), KEY(2, DNSKEY, Z, RCODE, 1) }, DNSKEY, Z, 0, CAA_CLASS_FORMERR_EDNS, 2, "FORMERR" },
		{ { ASK(1, GOOD, 0), KEY(2, DS, Z, TIMEOUT, 0) }, DS, Z, 0, CAA_CLASS_TIMEOUT, 2, "a DS" },
		{ { ASK(1, GOOD, 0), KEY(2, DNSKEY, "Example.COM.", TIMEOUT, 0) }, DNSKEY, Z, 0, CAA_CLASS_TIMEOUT, 2, "the query's letters" },
		{ { ASK(1, GOOD, 0), KEY(2, DNSKEY, "Other.Net.", TIMEOUT, 0) }, DNSKEY, "otheR.net.", 0, CAA_CLASS_TIMEOUT, 2,
			"another zone's, by an alias" },
		{ { ASK(3, TIMEOUT, 0), ASK(3, TIMEOUT, 0), ASK(1, GOOD, 0), KEY(2, DNSKEY, Z, RCODE, 5) }, DNSKEY, Z, 0, CAA_CLASS_REFUSED, 2,
			"they count, not the question" },
		{ { ASK(3, TIMEOUT, 0), KEY(2, DNSKEY, Z, RCODE, 5) }, DNSKEY, Z, 0, CAA_CLASS_REFUSED, 2, "not even where it was not got" },
		{ { KEY(1, DNSKEY, "com.", RCODE, 5), ASK(1, GOOD, 0), KEY(2, DNSKEY, Z, TIMEOUT, 0) }, DNSKEY, Z, 0, CAA_CLASS_TIMEOUT, 2,
			"of that zone" },
		{ { KEY(1, DNSKEY, "com.", GOOD, 0), ASK(1, GOOD, 0) }, DNSKEY, Z, 0, CAA_CLASS_INTERNAL, 0, "another's lookup missed them" },
		{ { KEY(1, DS, Z, GOOD, 0), ASK(1, GOOD, 0) }, DNSKEY, Z, 0, CAA_CLASS_INTERNAL, 0, "that the DS was got is another matter" },
		{ { ASK(1, GOOD, 0), KEY(2, DNSKEY, Z, TIMEOUT, 0), KEY(2, DNSKEY, Z, GOOD, 0) }, DNSKEY, Z, 0, CAA_CLASS_BOGUS, 0,
			"they came, and do not fit" },
		{ { ASK(1, GOOD, 0), KEY(2, DNSKEY, Z, GOOD, 0), KEY(2, DNSKEY, Z, TIMEOUT, 0) }, DNSKEY, Z, 0, CAA_CLASS_TIMEOUT, 2,
			"they came once, and not again" },
		{ { ASK(1, GOOD, 0), { 2, DNSKEY, Z, "com.", CAA_RESULT_GOOD, 0, 1232, false, false } }, DNSKEY, Z, 0, CAA_CLASS_INTERNAL, 0,
			"its parent has referred to it" },
		{ { ASK(1, GOOD, 0), KEY(2, DNSKEY, Z, LATE, 0) }, DNSKEY, Z, 1, CAA_CLASS_BUDGET, 2, "no turn for them" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct name_buffer b;
		struct caa_case c;

		start(&c, Q);
		note_all(&c.record, Q, row[i].o, COUNT_OF(row[i].o));
		c.bogus = true;
		c.late = row[i].late;
		caa_case_miss(&c, row[i].missed, name_of(&b, row[i].zone), name_of(&b, row[i].zone));
		caa_case_class(&c);
		if (c.class != row[i].class)
			print_error("%s: %s\n", row[i].why, caa_class_name((enum caa_class)c.class));
		assert_int_equal(c.class, row[i].class);
		assert_int_equal(c.cause < CAA_ATTEMPTS_MAX ? c.record.attempt[c.cause].addr.ip[3] : 0, row[i].server);
	}
}

static void the_feature_of_edns_is_found(void **state)
{
#define EDNS(size, cookie, result, rcode) { 1, CAA, Q, Z, CAA_RESULT_##result, rcode, size, cookie, false }
	static const struct { struct outcome o[4]; enum caa_edns_fault fault; const char *why; } row[] = {
		{ { EDNS(1232, true, RCODE, 1), EDNS(1232, false, RCODE, 1) }, CAA_EDNS_ANY, "any OPT" },
		{ { EDNS(1232, true, RCODE, 16), EDNS(1232, false, RCODE, 16) }, CAA_EDNS_VERSION, "the version" },
		{ { EDNS(1232, true, RCODE, 1), EDNS(1232, false, RCODE, 2) }, CAA_EDNS_OPTION, "the option" },
		{ { EDNS(4096, false, RCODE, 1), EDNS(1232, false, RCODE, 2) }, CAA_EDNS_SIZE, "the size" },
		{ { EDNS(1232, false, RCODE, 1), EDNS(0, false, RCODE, 1) }, CAA_EDNS_NONE, "whatever it is asked" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_case c;

		start(&c, Q);
		note_all(&c.record, Q, row[i].o, COUNT_OF(row[i].o));
		caa_case_class(&c);
		assert_int_equal(c.class, CAA_CLASS_FORMERR_EDNS);
		assert_int_equal(c.edns, row[i].fault);
	}
}

static void a_record_is_bounded(void **state)
{
	struct caa_record r;

	(void)state;
	caa_record_init(&r);
	for (unsigned n = 0; n < 100000; n++) {
		const struct outcome o = { (uint8_t)(n % 200 + 1), CAA, Q, Z, CAA_RESULT_TIMEOUT, 0, 1232, false, false };

		note(&r, Q, &o, n);
	}
	assert_int_equal(r.count, CAA_ATTEMPTS_MAX);
	assert_int_equal(r.attempt[0].count, 500);
	assert_int_equal(r.left_out, UINT16_MAX);
	assert_true(sizeof(r) <= 1400);
	assert_true(sizeof(struct caa_case) <= 2400);
}

static void attempts_of_a_kind_share_an_entry(void **state)
{
	const struct outcome o = ASK(1, TIMEOUT, 0), late = ASK(2, LATE, 0), other = ASK(3, LATE, 0);
	struct caa_record r;

	(void)state;
	caa_record_init(&r);
	note(&r, Q, &o, 5);
	note(&r, Q, &o, 9);
	assert_int_equal(r.count, 1);
	assert_int_equal(r.attempt[0].count, 2);
	assert_int_equal(r.attempt[0].at_ms, 9);
	note(&r, Q, &late, 10);
	note(&r, Q, &other, 11);
	assert_int_equal(r.count, 2);
	assert_int_equal(r.attempt[1].addr.ip[3], 2);
}

static void a_wrong_case_replaces_the_answer(void **state)
{
	const struct outcome o = ASK(1, GOOD, 0);
	struct caa_record r;

	(void)state;
	caa_record_init(&r);
	caa_record_note_caps(&r);
	assert_int_equal(r.count, 0);
	note(&r, Q, &o, 0);
	note(&r, Q, &o, 1);
	caa_record_note_caps(&r);
	assert_int_equal(r.count, 2);
	assert_int_equal(r.attempt[0].count, 1);
	assert_int_equal(r.attempt[1].result, CAA_RESULT_CAPS);
	assert_int_equal(r.attempt[1].count, 1);
}

static void servers_alike_are_counted(void **state)
{
	const struct outcome o[] = { ASK(1, TIMEOUT, 0), ASK(2, TIMEOUT, 0), ASK(3, TIMEOUT, 0), ASK(4, RCODE, 5), ASK(1, TIMEOUT, 0),
		{ 2, CAA, Z, Z, CAA_RESULT_TIMEOUT, 0, 1232, false, false }, { 5, A, "ns.example.net.", "net.", CAA_RESULT_TIMEOUT, 0, 1232, false, false } };
	struct caa_case c;

	(void)state;
	start(&c, Q);
	for (unsigned i = 0; i < COUNT_OF(o); i++)
		note(&c.record, Q, &o[i], i);
	caa_case_class(&c);
	assert_int_equal(c.class, CAA_CLASS_TIMEOUT);
	assert_int_equal(c.record.attempt[c.cause].addr.ip[3], 1);
	assert_int_equal(caa_case_alike(&c), 2);
}

static void servers_of_the_zone_come_first(void **state)
{
	const struct outcome o[] = {
		{ 1, CAA, Z, "com.", CAA_RESULT_GOOD, 0, 1232, false, false }, ASK(2, GOOD, 0), ASK(3, TIMEOUT, 0),
		{ 4, A, "ns.example.net.", "example.net.", CAA_RESULT_TIMEOUT, 0, 1232, false, false },
	};
	struct caa_server s[CAA_CASE_SERVERS];
	struct name_buffer z;
	struct caa_record r;

	(void)state;
	caa_record_init(&r);
	for (unsigned i = 0; i < COUNT_OF(o); i++)
		note(&r, Q, &o[i], i);
	assert_int_equal(caa_record_zone(&r), 2);
	assert_int_equal(caa_record_servers(&r, name_of(&z, Z), s), 3);
	assert_int_equal(s[0].addr.ip[3], 3);
	assert_int_equal(s[1].addr.ip[3], 2);
	assert_int_equal(s[2].addr.ip[3], 4);
	assert_true(s[0].of_zone && s[1].of_zone && !s[2].of_zone);
}

static void a_type_that_fails_alone_is_known(void **state)
{
	static const struct { struct outcome o[3]; bool alone; const char *why; } row[] = {
		{ { ASK(1, RCODE, 5), { 1, A, Q, Z, CAA_RESULT_GOOD, 0, 1232, false, false } }, true, "another type is answered" },
		{ { ASK(1, RCODE, 5), { 1, A, Q, Z, CAA_RESULT_RCODE, 5, 1232, false, false } }, false, "or refused" },
		{ { ASK(1, RCODE, 5), { 2, A, Q, Z, CAA_RESULT_GOOD, 0, 1232, false, false } }, false, "by another server" },
		{ { ASK(1, RCODE, 5), { 1, A, Z, "com.", CAA_RESULT_GOOD, 0, 1232, false, false } }, false, "for another zone" },
		{ { ASK(1, RCODE, 5), { 1, CAA, Z, Z, CAA_RESULT_GOOD, 0, 1232, false, false } }, false, "the same type for another name" },
		{ { { 0 } }, false, "no cause" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_case c;

		start(&c, Q);
		note_all(&c.record, Q, row[i].o, COUNT_OF(row[i].o));
		caa_case_class(&c);
		if (caa_case_type_alone(&c) != row[i].alone)
			print_error("%s\n", row[i].why);
		assert_int_equal(caa_case_type_alone(&c), row[i].alone);
	}
}

static void what_this_resolver_could_not_do_is_no_servers_fault(void **state)
{
	static const struct { struct outcome o[2]; bool no_address; enum caa_own own; enum caa_class class; } row[] = {
		{ { { 0 } }, true, CAA_OWN_NONE, CAA_CLASS_UNREACHABLE },
		{ { { 0 } }, true, CAA_OWN_NO_IPV6, CAA_CLASS_INTERNAL },
		{ { { 0 } }, false, CAA_OWN_NO_IPV4, CAA_CLASS_INTERNAL },
		{ { ASK(1, LATE, 0) }, false, CAA_OWN_NO_IPV6, CAA_CLASS_INTERNAL },
		{ { { 0 } }, false, CAA_OWN_FORBIDDEN, CAA_CLASS_INTERNAL },
		{ { ASK(1, RCODE, 5) }, false, CAA_OWN_FORBIDDEN, CAA_CLASS_REFUSED },
		{ { ASK(1, RCODE, 5) }, false, CAA_OWN_NO_IPV6, CAA_CLASS_REFUSED },
		{ { ASK(1, RCODE, 5) }, false, CAA_OWN_QUOTA, CAA_CLASS_INTERNAL },
		{ { ASK(1, LATE, 0) }, false, CAA_OWN_RATELIMIT, CAA_CLASS_INTERNAL },
		{ { ASK(1, NO_SOCKET, 0) }, false, CAA_OWN_NONE, CAA_CLASS_INTERNAL },
		{ { ASK(1, NO_SOCKET, 0), ASK(1, TIMEOUT, 0) }, false, CAA_OWN_NONE, CAA_CLASS_TIMEOUT },
		{ { ASK(1, TIMEOUT, 0) }, false, CAA_OWN_MEMORY, CAA_CLASS_INTERNAL },
		{ { { 0 } }, true, CAA_OWN_MEMORY, CAA_CLASS_INTERNAL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_case c;

		start(&c, Q);
		note_all(&c.record, Q, row[i].o, COUNT_OF(row[i].o));
		c.no_address = row[i].no_address;
		c.own = (uint8_t)row[i].own;
		caa_case_class(&c);
		assert_int_equal(c.class, row[i].class);
	}
}

/** What is known of a failure besides its attempts. */
enum fact { NO_FACT, FACT_BOGUS, FACT_LOOPED, FACT_NO_ADDRESS, FACT_LOOPBACK, FACT_LATE, FACT_OTHERS, FACT_TYPES, FACT_MISSED };

static void set_fact(struct caa_case *c, enum fact fact)
{
	struct name_buffer b;

	c->servers = 1;
	c->server[0] = (struct caa_server){ .addr = addr_of(1), .of_zone = true, .other_types = fact == FACT_TYPES,
		.others_answer = fact == FACT_OTHERS ? CAA_YES : CAA_UNKNOWN };
	c->bogus = fact == FACT_BOGUS || fact == FACT_MISSED;
	c->looped = fact == FACT_LOOPED;
	c->no_address = fact == FACT_NO_ADDRESS;
	c->loopback = fact == FACT_LOOPBACK;
	c->late = fact == FACT_LATE;
	if (fact == FACT_MISSED)
		caa_case_miss(c, DNSKEY, name_of(&b, Z), name_of(&b, Z));
}

static void whose_a_failure_is(void **state)
{
	static const struct { struct outcome o[3]; enum fact fact; enum caa_own own; const char *fault; enum caa_known ours; } row[] = {
		{ { ASK(1, RCODE, 5) }, NO_FACT, CAA_OWN_NONE, "zone", CAA_NO },
		{ { ASK(1, RCODE, 1) }, NO_FACT, CAA_OWN_NONE, "zone", CAA_NO },
		{ { ASK(1, NO_SOA, 0) }, NO_FACT, CAA_OWN_NONE, "zone", CAA_NO },
		{ { { 0 } }, FACT_LOOPED, CAA_OWN_NONE, "zone", CAA_NO },
		{ { { 0 } }, FACT_NO_ADDRESS, CAA_OWN_NONE, "zone", CAA_NO },
		{ { { 0 } }, FACT_LOOPBACK, CAA_OWN_NONE, "zone", CAA_NO },
		{ { { 0 } }, NO_FACT, CAA_OWN_FORBIDDEN, "resolver", CAA_YES },
		{ { { 0 } }, FACT_NO_ADDRESS, CAA_OWN_LOOKS_NO_IPV6, "unknown", CAA_UNKNOWN },
		{ { { 0 } }, FACT_NO_ADDRESS, CAA_OWN_LOOKS_NO_IPV4, "unknown", CAA_UNKNOWN },
		{ { { 1, CAA, Q, "com.", CAA_RESULT_RCODE, 2, 1232, false, false } }, NO_FACT, CAA_OWN_NONE, "parent", CAA_NO },
		/* a wrong clock or trust anchor would look the same */
		{ { ASK(1, GOOD, 0) }, FACT_BOGUS, CAA_OWN_NONE, "zone", CAA_UNKNOWN },
		/* of silence nobody can tell where it begins */
		{ { ASK(1, TIMEOUT, 0) }, NO_FACT, CAA_OWN_NONE, "network", CAA_UNKNOWN },
		{ { ASK(1, ERROR, 0) }, NO_FACT, CAA_OWN_NONE, "network", CAA_UNKNOWN },
		{ { ASK(1, FOUND_SILENT, 0) }, NO_FACT, CAA_OWN_NONE, "network", CAA_UNKNOWN },
		{ { { 1, CAA, Q, ".", CAA_RESULT_TIMEOUT, 0, 1232, false, false } }, NO_FACT, CAA_OWN_NONE, "network", CAA_UNKNOWN },
		{ { { 1, DNSKEY, Z, Z, CAA_RESULT_TIMEOUT, 0, 1232, false, false } }, FACT_MISSED, CAA_OWN_NONE, "network", CAA_UNKNOWN },
		/* unless the server was heard of */
		{ { ASK(1, TIMEOUT, 0) }, FACT_OTHERS, CAA_OWN_NONE, "zone", CAA_NO },
		{ { ASK(1, TIMEOUT, 0) }, FACT_TYPES, CAA_OWN_NONE, "zone", CAA_NO },
		{ { { 1, A, Q, Z, CAA_RESULT_GOOD, 0, 1232, false, false }, ASK(1, TIMEOUT, 0) }, NO_FACT, CAA_OWN_NONE, "zone", CAA_NO },
		{ { ASK(1, TRUNCATED, 0), TCP(1, ERROR, 0) }, NO_FACT, CAA_OWN_NONE, "zone", CAA_NO },
		/* this resolver's */
		{ { ASK(1, LATE, 0) }, FACT_LATE, CAA_OWN_NONE, "resolver", CAA_YES },
		{ { ASK(1, RCODE, 5) }, NO_FACT, CAA_OWN_QUOTA, "resolver", CAA_YES },
		{ { { 0 } }, FACT_NO_ADDRESS, CAA_OWN_NO_IPV6, "resolver", CAA_YES },
		{ { ASK(1, GOOD, 0) }, FACT_BOGUS, CAA_OWN_MEMORY, "resolver", CAA_YES },
		{ { { 0 } }, FACT_MISSED, CAA_OWN_MEMORY, "resolver", CAA_YES },
		{ { ASK(1, NO_SOCKET, 0) }, NO_FACT, CAA_OWN_NONE, "resolver", CAA_YES },
		/* nobody's that is known */
		{ { { 0 } }, NO_FACT, CAA_OWN_NONE, "unknown", CAA_UNKNOWN },
		{ { { 0 } }, FACT_MISSED, CAA_OWN_NONE, "unknown", CAA_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_case c;

		start(&c, Q);
		note_all(&c.record, Q, row[i].o, COUNT_OF(row[i].o));
		set_fact(&c, row[i].fact);
		snprintf(c.zone, sizeof(c.zone), "example.com");
		c.own = (uint8_t)row[i].own;
		caa_case_class(&c);
		if (strcmp(caa_fault_name(caa_case_fault(&c)), row[i].fault) != 0)
			print_error("row %zu, class %s\n", i, caa_class_name((enum caa_class)c.class));
		assert_string_equal(caa_fault_name(caa_case_fault(&c)), row[i].fault);
		assert_int_equal(caa_case_own_fault(&c), row[i].ours);
	}
}

static void what_the_tld_does_is_told_from_what_the_zone_does(void **state)
{
	static const struct { struct outcome o[3]; const char *zone; bool no_address, high; } row[] = {
		{ { { 1, CAA, Q, "com.", CAA_RESULT_RCODE, 2, 1232, false, false } }, "com", false, true },
		{ { { 1, CAA, Q, ".", CAA_RESULT_TIMEOUT, 0, 1232, false, false } }, ".", false, true },
		{ { { 1, CAA, "a.net.", "net.", CAA_RESULT_RCODE, 2, 1232, false, false } }, "net", false, true },
		{ { { 1, CAA, "a.net.", "a.net.", CAA_RESULT_RCODE, 2, 1232, false, false } }, "a.net", false, false },
		{ { ASK(1, RCODE, 2) }, "example.com", false, false },
		{ { { 0 } }, "com", true, true }, { { { 0 } }, "example.com", true, false },
		{ { { 0 } }, "com", false, false }, { { { 1, CAA, Q, "com.", CAA_RESULT_LATE, 0, 1232, false, false } }, "com", false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_case c;

		start(&c, Q);
		note_all(&c.record, Q, row[i].o, COUNT_OF(row[i].o));
		snprintf(c.zone, sizeof(c.zone), "%s", row[i].zone);
		c.no_address = row[i].no_address;
		caa_case_class(&c);
		assert_int_equal(caa_case_is_high(&c), row[i].high);
	}
}

static void the_servers_of_an_aliass_target_are_told_from_those_of_the_alias(void **state)
{
	const struct outcome o[] = {
		ASK(1, GOOD, 0), { 2, CAA, "t.example.net.", "net.", CAA_RESULT_GOOD, 0, 1232, false, false },
		{ 3, CAA, "t.example.net.", "Example.NET.", CAA_RESULT_RCODE, 5, 1232, false, false },
		{ 4, DNSKEY, "net.", "net.", CAA_RESULT_TIMEOUT, 0, 1232, false, false },
	};
	struct name_buffer z;
	struct caa_case c;

	(void)state;
	start(&c, Q);
	for (unsigned i = 0; i < COUNT_OF(o); i++)
		note(&c.record, Q, &o[i], i);
	c.servers = (uint8_t)caa_record_servers(&c.record, name_of(&z, "example.net."), c.server);
	assert_int_equal(c.servers, 2);
	assert_int_equal(c.server[0].addr.ip[3], 3);
	assert_int_equal(c.server[1].addr.ip[3], 4);
	assert_true(c.server[0].of_zone && !c.server[1].of_zone);
	caa_case_class(&c);
	assert_int_equal(c.class, CAA_CLASS_REFUSED);
	assert_int_equal(c.record.attempt[c.cause].addr.ip[3], 3);
	assert_int_equal(caa_record_servers(&c.record, (struct caa_name){ NULL, 0 }, c.server), 2);
	assert_false(c.server[0].of_zone || c.server[1].of_zone);
}

static void others_answer_is_of_the_zones_servers(void **state)
{
	const struct outcome o[] = {
		{ 1, CAA, Z, "com.", CAA_RESULT_TIMEOUT, 0, 1232, false, false }, ASK(2, TIMEOUT, 0),
	};
	static const struct { enum caa_known tld, zone, all; } row[] = {
		{ CAA_YES, CAA_UNKNOWN, CAA_UNKNOWN }, { CAA_YES, CAA_NO, CAA_NO }, { CAA_NO, CAA_YES, CAA_YES },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct name_buffer z;
		struct caa_case c;

		start(&c, Q);
		for (unsigned k = 0; k < COUNT_OF(o); k++)
			note(&c.record, Q, &o[k], k);
		c.servers = (uint8_t)caa_record_servers(&c.record, name_of(&z, Z), c.server);
		assert_int_equal(c.servers, 2);
		assert_int_equal(c.server[0].addr.ip[3], 2);
		c.server[0].others_answer = (uint8_t)row[i].zone;
		c.server[1].others_answer = (uint8_t)row[i].tld;
		assert_int_equal(caa_case_others_answer(&c), row[i].all);
	}
}

static void a_server_that_had_no_time_is_not_silent(void **state)
{
	static const struct { uint32_t waited_ms[3], rtt_ms; bool late; enum caa_class class; enum caa_known ours; const char *why; } row[] = {
		{ { 376, 752 }, 1400, true, CAA_CLASS_BUDGET, CAA_YES, "it answers after 1400 ms, which it was not given" },
		{ { 376, 752 }, 1400, false, CAA_CLASS_TIMEOUT, CAA_UNKNOWN, "no time has ended" },
		{ { 376, 1399 }, 1400, true, CAA_CLASS_BUDGET, CAA_YES, "not quite" },
		{ { 376, 1400 }, 1400, true, CAA_CLASS_TIMEOUT, CAA_UNKNOWN, "that long" },
		{ { 376, 1400, 100 }, 1400, true, CAA_CLASS_TIMEOUT, CAA_UNKNOWN, "once" },
		{ { 376, 752 }, 0, true, CAA_CLASS_TIMEOUT, CAA_UNKNOWN, "its distance is not known" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct name_buffer q, z;
		struct caa_case c;

		start(&c, Q);
		for (unsigned k = 0; k < COUNT_OF(row[i].waited_ms) && row[i].waited_ms[k] != 0; k++) {
			struct caa_event event = { .addr = addr_of(1), .name = name_of(&q, Q), .zone = name_of(&z, Z), .qtype = CAA,
				.size = 1232, .rtt_ms = row[i].waited_ms[k], .result = CAA_RESULT_TIMEOUT };

			caa_record_note(&c.record, name_of(&q, Q), &event);
		}
		c.server[c.servers++] = (struct caa_server){ .addr = addr_of(1), .of_zone = true, .rtt_ms = row[i].rtt_ms };
		c.late = row[i].late;
		caa_case_class(&c);
		if (c.class != row[i].class)
			print_error("%s: %s\n", row[i].why, caa_class_name((enum caa_class)c.class));
		assert_int_equal(c.class, row[i].class);
		assert_int_equal(caa_case_own_fault(&c), row[i].ours);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_that_had_no_time_is_not_silent), cmocka_unit_test(the_main_cause_is_found),
		cmocka_unit_test(a_limit_that_speaks_is_no_cause_of_silence), cmocka_unit_test(keys_that_are_missed_are_the_cause),
		cmocka_unit_test(the_feature_of_edns_is_found),
		cmocka_unit_test(a_record_is_bounded), cmocka_unit_test(attempts_of_a_kind_share_an_entry),
		cmocka_unit_test(a_wrong_case_replaces_the_answer), cmocka_unit_test(servers_of_the_zone_come_first),
		cmocka_unit_test(servers_alike_are_counted), cmocka_unit_test(a_type_that_fails_alone_is_known), cmocka_unit_test(the_servers_of_an_aliass_target_are_told_from_those_of_the_alias),
		 cmocka_unit_test(whose_a_failure_is), cmocka_unit_test(what_the_tld_does_is_told_from_what_the_zone_does),
		cmocka_unit_test(what_this_resolver_could_not_do_is_no_servers_fault), cmocka_unit_test(others_answer_is_of_the_zones_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
