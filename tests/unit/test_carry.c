/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/why/carry.h"
#include "core/why/report.h"
#include "core/wire/packet.h"

enum { CAA = 257, A = 1, ROUNDS = 20000 };

#define Q "a.www.example.com."
#define Z "example.com."

/** One outcome, short. */
struct outcome {
	uint8_t server;		/**< last octet of its address; 0 = the end */
	uint16_t qtype;
	const char *name;
	enum caa_result result;
	uint16_t rcode;
	bool tcp;
};

static struct caa_addr addr_of(uint8_t n)
{
	const uint8_t ip[4] = { 192, 0, 2, n };

	return caa_addr_ipv4(ip, 53);
}

static void note(struct caa_case *c, const struct outcome *o)
{
	struct name_buffer n, z;
	struct caa_answer answer = { .rcode = o->rcode, .ede = 18 };
	struct caa_event event = { .addr = addr_of(o->server), .name = name_of(&n, o->name), .zone = name_of(&z, Z), .at_ms = 7,
		.waited_ms = 3, .rtt_ms = 21, .qtype = o->qtype, .size = 1232, .cookie = true, .tcp = o->tcp, .dnssec = true,
		.result = o->result, .answer = o->result < CAA_RESULT_TIMEOUT ? &answer : NULL };

	caa_record_note(&c->record, caa_case_name(c), &event);
}

/** A case of these outcomes, its class found. */
static struct caa_case make(const struct outcome *o, size_t max)
{
	struct name_buffer b;
	struct caa_name name = name_of(&b, Q), zone = name_of(&(struct name_buffer){ 0 }, Z);
	struct caa_case c = { .id = "k3nq2xab", .unix_s = 1795552304, .took_ms = 2123, .tries = 2, .bogus_ede = CAA_NO_EDE,
		.zone = "example.com", .insecure = CAA_YES };

	memcpy(c.wire, name.wire, name.len);
	c.wire_len = (uint8_t)name.len;
	caa_record_init(&c.record);
	for (size_t i = 0; i < max && o[i].server != 0; i++)
		note(&c, &o[i]);
	c.servers = (uint8_t)caa_record_servers(&c.record, zone, c.server);
	for (unsigned i = 0; i < c.servers; i++) {
		snprintf(c.server[i].ns, sizeof(c.server[i].ns), "ns%u.example.com", i);
		c.server[i].sent = 5 + i;
		c.server[i].others_answer = CAA_YES;
	}
	caa_case_class(&c);
	return c;
}

#define ASK(n, result, rcode) { n, CAA, Q, CAA_RESULT_##result, rcode, false }

static void only_the_zones_own_word_fits(void **state)
{
	static const struct {
		struct outcome o[4];
		bool fits;
		const char *why;
	} row[] = {
		{ { ASK(1, RCODE, CAA_RCODE_REFUSED), ASK(2, RCODE, CAA_RCODE_REFUSED) }, true, "all refuse" },
		{ { ASK(1, RCODE, CAA_RCODE_SERVFAIL) }, true, "SERVFAIL" },
		{ { ASK(1, RCODE, CAA_RCODE_NOTIMP) }, true, "NOTIMP" },
		{ { ASK(1, UPWARD, 0), ASK(2, NOT_AUTHORITATIVE, 0) }, true, "lame" },
		{ { ASK(1, NO_SOA, 0) }, true, "an empty answer without SOA" },
		{ { ASK(1, TIMEOUT, 0) }, false, "silence may be of the way" },
		{ { ASK(1, RCODE, CAA_RCODE_REFUSED), ASK(2, TIMEOUT, 0) }, false, "of one server, too" },
		{ { ASK(1, TIMEOUT, 0), ASK(1, GOOD, 0), ASK(2, RCODE, CAA_RCODE_REFUSED) }, true, "but not what was got later" },
		{ { ASK(1, RCODE, CAA_RCODE_REFUSED), ASK(2, ERROR, 0) }, false, "so may an error" },
		{ { ASK(1, RCODE, CAA_RCODE_REFUSED), ASK(2, LATE, 0) }, false, "what was not asked is not known" },
		{ { ASK(1, RCODE, CAA_RCODE_REFUSED), ASK(2, FOUND_LAME, 0) }, false, "nor what is only remembered" },
		{ { ASK(1, RCODE, CAA_RCODE_REFUSED), ASK(2, FOUND_SILENT, 0) }, false, "as that" },
		{ { ASK(1, RCODE, CAA_RCODE_REFUSED), ASK(2, NO_SOCKET, 0) }, false, "no descriptor is its own fault" },
		{ { ASK(1, UNREADABLE, 0) }, false, "what changes packets may be on the way" },
		{ { ASK(1, CAPS, 0) }, false, "as what changes letters" },
		{ { { 1, CAA, Q, CAA_RESULT_TRUNCATED, 0, true } }, false, "or cuts" },
		{ { ASK(1, RCODE, CAA_RCODE_REFUSED), { 2, A, "ns.example.net.", CAA_RESULT_TIMEOUT, 0, false } }, false,
			"nor may what it waited for be lost" },
		{ { ASK(1, GOOD, 0) }, false, "no fault is known" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_case c = make(row[i].o, COUNT_OF(row[i].o));

		if (caa_carry_fits(&c) != row[i].fits)
			fail_msg("%s: %s", row[i].why, caa_class_name((enum caa_class)c.class));
	}
}

static const struct outcome refuses[] = { ASK(1, RCODE, CAA_RCODE_REFUSED), ASK(2, RCODE, CAA_RCODE_REFUSED), ASK(1, RCODE, CAA_RCODE_REFUSED),
	{ 3, A, "ns.example.net.", CAA_RESULT_GOOD, 0, false }, { 1, CAA, "www.example.com.", CAA_RESULT_GOOD, 0, false } };

static struct caa_case refused_case(void)
{
	return make(refuses, COUNT_OF(refuses));
}

static void nothing_of_this_resolver_fits(void **state)
{
	struct caa_case c = refused_case();

	(void)state;
	assert_true(caa_carry_fits(&c));
	c.server[0].limited = true;
	assert_false(caa_carry_fits(&c));	/* known to be limited, if to the least rate */
	c.server[0].rate_qps = 20;
	caa_case_class(&c);
	assert_int_equal(c.class, CAA_CLASS_RATE_LIMITED);
	assert_false(caa_carry_fits(&c));
	c = refused_case();
	c.servers = 1;				/* who has no place in the table is not known not to be */
	assert_false(caa_carry_fits(&c));
	c = refused_case();
	c.late = true;
	assert_false(caa_carry_fits(&c));
	c = refused_case();
	c.record.left_out = 1;
	assert_false(caa_carry_fits(&c));
	c = refused_case();
	c.own = CAA_OWN_FORBIDDEN;
	assert_false(caa_carry_fits(&c));
	c = refused_case();
	c.loopback = true;
	assert_false(caa_carry_fits(&c));
	c = refused_case();
	c.missed = 48;
	assert_false(caa_carry_fits(&c));
	c = refused_case();
	c.bogus = true;
	caa_case_class(&c);
	assert_false(caa_carry_fits(&c));	/* whatever its class */
	c.class = CAA_CLASS_LAME;
	assert_false(caa_carry_fits(&c));
	c = make(refuses, 0);
	c.no_address = true;
	caa_case_class(&c);
	assert_int_equal(c.class, CAA_CLASS_UNREACHABLE);
	assert_true(caa_carry_fits(&c));
	c = make(refuses, 0);
	c.looped = true;
	caa_case_class(&c);
	assert_true(caa_carry_fits(&c));
}

static void what_is_read_says_the_same(void **state)
{
	static const struct caa_versions by = { "1.26.1", "1.0" };
	const struct caa_repeats n = { 1, 1, 3600, 1795552304 };
	char said[CAA_EDE_MAX], again[CAA_EDE_MAX], line[CAA_LINE_MAX], page[CAA_EXPLAIN_MAX], line_again[CAA_LINE_MAX], page_again[CAA_EXPLAIN_MAX];
	struct caa_case c = refused_case(), read;
	uint8_t octets[CAA_CARRY_MAX];
	size_t len = caa_carry_write(octets, &c);

	(void)state;
	memset(&read, 0xaa, sizeof(read));
	assert_true(caa_carry_read(&read, caa_case_name(&c), octets, len));
	assert_true(read.elsewhere);
	assert_int_equal(caa_say_to_client(&read, again), caa_say_to_client(&c, said));
	assert_string_equal(again, said);
	assert_non_null(strstr(said, "answered REFUSED"));
	assert_non_null(strstr(said, "(id k3nq2xab)"));
	caa_report_explain(&read, &n, &by, page_again);
	assert_non_null(strstr(page_again, "looked up:  by another resolver"));
	caa_report_line(&read, &n, 0, &by, line_again);
	assert_non_null(strstr(line_again, "\"elsewhere\":true"));
	read.elsewhere = false;
	caa_report_line(&read, &n, 0, &by, line_again);
	caa_report_line(&c, &n, 0, &by, line);
	assert_string_equal(line_again, line);
	caa_report_explain(&read, &n, &by, page_again);
	caa_report_explain(&c, &n, &by, page);
	assert_string_equal(page_again, page);
}

static void the_largest_case_has_room(void **state)
{
	struct caa_case c = refused_case();
	uint8_t octets[CAA_CARRY_MAX];

	(void)state;
	c.record.count = CAA_ATTEMPTS_MAX;
	for (unsigned i = 1; i < CAA_ATTEMPTS_MAX; i++)
		c.record.attempt[i] = c.record.attempt[0];
	c.record.names = CAA_ATTEMPT_NAMES;
	for (unsigned i = 0; i < CAA_ATTEMPT_NAMES; i++)
		memset(c.record.name[i], 'x', sizeof(c.record.name[i]) - 1), c.record.name[i][sizeof(c.record.name[i]) - 1] = '\0';
	memset(c.record.ede_text, 'x', sizeof(c.record.ede_text) - 1);
	c.servers = CAA_CASE_SERVERS;
	for (unsigned i = 0; i < CAA_CASE_SERVERS; i++) {
		c.server[i].addr = addr_of((uint8_t)(i + 1));
		memset(c.server[i].ns, 'x', sizeof(c.server[i].ns) - 1);
	}
	memset(c.zone, 'x', sizeof(c.zone) - 1);
	memset(c.about, 'x', sizeof(c.about) - 1);
	assert_true(caa_carry_write(octets, &c) < CAA_CARRY_MAX / 2);
}

/** Whatever is read can be said, and what is not whole is not read. */
static void octets_are_not_trusted(void **state)
{
	static const struct caa_versions by = { "1.26.1", "1.0" };
	const struct caa_repeats n = { 1, 1, 3600, 1795552304 };
	struct caa_case c = refused_case(), read;
	uint8_t octets[CAA_CARRY_MAX], changed[CAA_CARRY_MAX];
	char line[CAA_LINE_MAX], page[CAA_EXPLAIN_MAX];
	size_t len = caa_carry_write(octets, &c);
	uint64_t random = 1;
	unsigned count = 0;

	(void)state;
	for (size_t i = 0; i < len; i++)
		assert_false(caa_carry_read(&read, caa_case_name(&c), octets, i));
	octets[len] = 0;
	assert_false(caa_carry_read(&read, caa_case_name(&c), octets, len + 1));
	for (unsigned i = 0; i < ROUNDS; i++) {
		memcpy(changed, octets, len);
		for (unsigned k = 0; k < 1 + i % 3; k++)
			changed[next_random(&random) % len] = (uint8_t)next_random(&random);
		if (!caa_carry_read(&read, caa_case_name(&c), changed, len))
			continue;
		caa_report_line(&read, &n, 0, &by, line);
		caa_report_explain(&read, &n, &by, page);
		count++;
	}
	assert_true(count > ROUNDS / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_zones_own_word_fits),
		cmocka_unit_test(nothing_of_this_resolver_fits),
		cmocka_unit_test(what_is_read_says_the_same),
		cmocka_unit_test(the_largest_case_has_room),
		cmocka_unit_test(octets_are_not_trusted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
