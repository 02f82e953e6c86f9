/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/why/report.h"

static const struct caa_versions by = { .unbound = "1.26.1", .module = "0.1.0" };
static const struct caa_repeats repeats = { .count = 3, .total = 4, .window_s = 3600, .first_unix_s = 1795552000 };

static void set_name(struct caa_case *c, const char *text)
{
	struct name_buffer b;
	struct caa_name name = name_of(&b, text);

	memcpy(c->wire, name.wire, name.len);
	c->wire_len = (uint8_t)name.len;
}

static struct caa_case limited_case(void)
{
	static const uint8_t ip[4] = { 192, 0, 2, 1 };
	struct caa_case c = { .servers = 1, .id = "k3nq2xab", .unix_s = 1795552304, .took_ms = 20123, .tries = 2, .bogus_ede = CAA_NO_EDE };
	struct name_buffer q, z;
	struct caa_event e = { .addr = caa_addr_ipv4(ip, 53), .qtype = 257, .size = 1232, .dnssec = true,
		.result = CAA_RESULT_TIMEOUT, .at_ms = 400, .rtt_ms = 376 };

	set_name(&c, "www.example.net.");
	caa_record_init(&c.record);
	e.name = name_of(&q, "www.example.net.");
	e.zone = name_of(&z, "example.net.");
	caa_record_note(&c.record, e.name, &e);
	caa_record_note(&c.record, e.name, &e);
	c.server[0] = (struct caa_server){ .addr = e.addr, .ns = "ns1.example.net", .sent = 20, .replied = 2, .timed_out = 18,
		.rate_qps = 20, .limited = true, .of_zone = true, .others_answer = CAA_YES };
	snprintf(c.zone, sizeof(c.zone), "example.net");
	caa_case_class(&c);
	return c;
}

static void the_subscriber_sees_what_to_change(void **state)
{
	struct caa_case c = limited_case();
	char text[CAA_EDE_MAX];

	(void)state;
	assert_int_equal(caa_say_sentence(&c, text), 23);
	assert_string_equal(text, "192.0.2.1 (ns1.example.net) limits the rate: 18 of 20 UDP queries unanswered, about 20/s answered; "
		"raise its rate limit for validation or enable DNS cookies");
	assert_int_equal(caa_say_to_client(&c, text), 23);
	assert_string_equal(text, "192.0.2.1 (ns1.example.net) limits the rate: 18 of 20 UDP queries unanswered, about 20/s answered; "
		"raise its rate limit for validation or enable DNS cookies (id k3nq2xab)");
}

static void who_leaves_early_hears_what_was_seen(void **state)
{
	struct caa_case c = limited_case();
	char text[CAA_EDE_MAX];

	(void)state;
	c.took_ms = 9049;
	assert_int_equal(caa_say_so_far(&c, text), 23);
	assert_string_equal(text, "192.0.2.1 (ns1.example.net) limits the rate: 18 of 20 UDP queries unanswered, about 20/s answered; "
		"still looked up after 9.0 s: ask again (id k3nq2xab)");
	caa_record_init(&c.record);
	c.servers = 0;
	caa_case_class(&c);
	assert_int_equal(caa_say_so_far(&c, text), 0);
	assert_string_equal(text, "CAA www.example.net; still looked up after 9.0 s: ask again (id k3nq2xab)");
}

static void a_limit_is_told_by_what_was_seen(void **state)
{
	static const struct { enum caa_result result; uint16_t rcode; uint32_t timed_out; const char *text; } row[] = {
		{ CAA_RESULT_RCODE, 5, 18, "192.0.2.1 (ns1.example.net) limits the rate: REFUSED to 2 queries for this name, about 20/s "
			"answered; raise its rate limit for validation or enable DNS cookies" },
		{ CAA_RESULT_LATE, 0, 0, "192.0.2.1 (ns1.example.net) limits the rate to about 20/s: no time was left to send this query; "
			"raise its rate limit for validation or enable DNS cookies" },
		{ CAA_RESULT_LATE, 0, 18, "192.0.2.1 (ns1.example.net) limits the rate: 18 of 20 UDP queries unanswered, about 20/s "
			"answered; raise its rate limit for validation or enable DNS cookies" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_case c = limited_case();
		char text[CAA_EDE_MAX];

		c.record.attempt[0].result = (uint8_t)row[i].result;
		c.record.attempt[0].rcode = row[i].rcode;
		c.server[0].timed_out = row[i].timed_out;
		caa_case_class(&c);
		caa_say_sentence(&c, text);
		assert_string_equal(text, row[i].text);
	}
}

static void keys_that_could_not_be_fetched_are_said_to_be(void **state)
{
	static const struct { uint16_t qtype; enum caa_result result; uint16_t rcode, ede; const char *text; } row[] = {
		{ 48, CAA_RESULT_TIMEOUT, 0, 22, "DNSKEY of zone example.net could not be fetched: 192.0.2.1 (ns1.example.net) did not answer "
			"it (2 UDP queries); see that it runs, and no filter drops DNSKEY (48) or large answers" },
		{ 48, CAA_RESULT_RCODE, 2, 23, "DNSKEY of zone example.net could not be fetched: 192.0.2.1 (ns1.example.net) answered SERVFAIL "
			"to it (2 times); see that server's own log" },
		{ 43, CAA_RESULT_TIMEOUT, 0, 22, "DS of zone example.net could not be fetched: 192.0.2.1 (ns1.example.net) did not answer "
			"it (2 UDP queries); see that it runs, and no filter drops DS (43)" },
		{ 48, CAA_RESULT_GOOD, 0, 9, "DNSSEC of CAA www.example.net fails in zone example.net: the zone has no DNSKEY that fits its DS or "
			"its signatures; sign the zone again, and compare its keys with the DS at the registrar" },
		{ 1, CAA_RESULT_GOOD, 0, 0, "DNSKEY of zone example.net could not be fetched a moment ago; try again later" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_case c = limited_case();
		struct name_buffer z;
		struct caa_answer a = { .rcode = row[i].rcode, .ede = CAA_NO_EDE };
		struct caa_event e = { .addr = c.server[0].addr, .name = name_of(&z, "example.net."), .qtype = row[i].qtype, .size = 1232,
			.result = row[i].result, .answer = row[i].result < CAA_RESULT_TIMEOUT ? &a : NULL };
		char text[CAA_EDE_MAX];

		e.zone = e.name;
		caa_record_init(&c.record);
		caa_record_note(&c.record, caa_case_name(&c), &e);
		caa_record_note(&c.record, caa_case_name(&c), &e);
		c.server[0].limited = false;
		c.bogus = true;
		c.bogus_ede = 9;
		caa_case_miss(&c, row[i].qtype == 43 ? 43 : 48, e.name, e.zone);
		caa_case_class(&c);
		assert_int_equal(caa_say_sentence(&c, text), row[i].ede);
		assert_string_equal(text, row[i].text);
	}
}

static void what_this_resolver_could_not_do_is_said_to_be_its_own(void **state)
{
	static const struct { enum caa_own own; const char *text; } row[] = {
		{ CAA_OWN_NONE, "CAA www.example.net: the resolver gave up; no fault of its servers is known; try again later" },
		{ CAA_OWN_NO_IPV4, "no nameserver of example.net has an IPv6 address, and this resolver does not use IPv4 (do-ip4: no); "
			"let the resolver use IPv4" },
		{ CAA_OWN_NO_IPV6, "no nameserver of example.net has an IPv4 address, and this resolver does not use IPv6 (do-ip6: no); "
			"let the resolver use IPv6" },
		{ CAA_OWN_LOOKS_NO_IPV4, "no IPv6 address of a nameserver of example.net is known, nor are IPv4 ones looked for "
			"(do-ip4: no); give it one, or let the resolver use IPv4" },
		{ CAA_OWN_LOOKS_NO_IPV6, "no IPv4 address of a nameserver of example.net is known, nor are IPv6 ones looked for "
			"(do-ip6: no); give it one, or let the resolver use IPv6" },
		{ CAA_OWN_FORBIDDEN, "this resolver may not ask any nameserver of example.net, by do-not-query-address; let the resolver ask it" },
		{ CAA_OWN_QUOTA, "CAA www.example.net: this resolver has used up its queries for one question; raise max-global-quota there" },
		{ CAA_OWN_RATELIMIT, "CAA www.example.net: this resolver has used up its queries for the zone in a second; raise ratelimit "
			"there, or set it to 0" },
		{ CAA_OWN_SOCKETS, "CAA www.example.net: this resolver has no file descriptor left to ask with; let it open more files" },
		{ CAA_OWN_MEMORY, "CAA www.example.net: this resolver has no memory left; let it have more" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_case c = limited_case();
		char text[CAA_EDE_MAX];

		caa_record_init(&c.record);
		c.own = (uint8_t)row[i].own;
		caa_case_class(&c);
		assert_int_equal(caa_say_sentence(&c, text), 0);
		assert_string_equal(text, row[i].text);
	}
}

static void the_line_is_as_the_manual_says(void **state)
{
	struct caa_case c = limited_case();
	char line[CAA_LINE_MAX];
	size_t len;

	(void)state;
	len = caa_report_line(&c, &repeats, 7, &by, line);
	assert_int_equal(len, strlen(line));
	assert_string_equal(line, "{\"v\":1,\"type\":\"caa-failure\",\"time\":\"2026-11-24T20:31:44Z\",\"id\":\"k3nq2xab\",\"name\":\"www.example.net\","
		"\"class\":\"rate-limited\",\"ede\":23,\"text\":\"192.0.2.1 (ns1.example.net) limits the rate: 18 of 20 UDP queries "
		"unanswered, about 20/s answered; raise its rate limit for validation or enable DNS cookies\",\"failures\":3,"
		"\"window_s\":3600,\"total\":4,\"first\":\"2026-11-24T20:26:40Z\",\"retried\":true,\"tries\":2,\"took_ms\":20123,"
		"\"fault\":\"zone\",\"own_fault\":\"no\",\"zone\":\"example.net\",\"insecure\":\"unknown\",\"others_answer\":\"yes\","
		"\"resolver\":{\"unbound\":\"1.26.1\",\"module\":\"0.1.0\"},\"lines_left_out\":7,\"servers\":[{"
		"\"address\":\"192.0.2.1\",\"ns\":\"ns1.example.net\",\"limited\":true,\"rate\":20,\"others_answer\":\"yes\"}],"
		"\"attempts\":[{\"t\":400,\"s\":0,\"q\":\"CAA\",\"via\":\"udp+edns+do\",\"n\":2,\"rtt\":376,\"r\":\"timeout\"}],"
		"\"attempts_left_out\":0}");
}

static void the_page_says_it_in_its_first_lines(void **state)
{
	static const char start[] = "CAA www.example.net: rate-limited\n"
		"  why:        192.0.2.1 (ns1.example.net) limits the rate: 18 of 20 UDP queries unanswered, about 20/s answered\n"
		"  do:         raise its rate limit for validation or enable DNS cookies\n"
		"  failed:     2026-11-24T20:31:44Z, after 20.123 s\n"
		"  failures:   3 within 3600 s; 4 in all since 2026-11-24T20:26:40Z\n"
		"  client got: SERVFAIL, EDE 23 (Network Error), id k3nq2xab\n"
		"  fault:      zone; this resolver's own: no; by unbound 1.26.1, module 0.1.0\n";
	struct caa_case c = limited_case();
	char page[CAA_EXPLAIN_MAX];

	(void)state;
	caa_report_explain(&c, &repeats, &by, page);
	assert_memory_equal(page, start, sizeof(start) - 1);
}

/** A JSON reader that knows no more than what is valid (RFC 8259). @return where the value ends; NULL if it is none. */
static const char *value(const char *at, unsigned depth)
{
	if (*at == '"') {
		for (at++; *at != '"'; at++) {
			if ((unsigned char)*at < ' ')
				return NULL;
			if (*at == '\\' && strchr("\"\\u", *++at) == NULL)
				return NULL;
		}
		return at + 1;
	}
	if ((*at == '{' || *at == '[') && depth < 8) {
		char end = *at == '{' ? '}' : ']';
		bool object = *at++ == '{';

		if (*at == end)
			return at + 1;
		for (;; at++) {
			if (object && (*at != '"' || (at = value(at, depth + 1)) == NULL || *at++ != ':'))
				return NULL;
			if ((at = value(at, depth + 1)) == NULL)
				return NULL;
			if (*at == end)
				return at + 1;
			if (*at != ',')
				return NULL;
		}
	}
	for (const char *words[] = { "true", "false", "null" }, **w = words; w < words + 3; w++)
		if (strncmp(at, *w, strlen(*w)) == 0)
			return at + strlen(*w);
	return strspn(at, "0123456789") > 0 ? at + strspn(at, "0123456789") : NULL;
}

/** Everything as long and as hostile as it can be, of every class. */
static void the_worst_case_fits(void **state)
{
	uint64_t random_state = 5;

	(void)state;
	for (unsigned n = 0; n < 3000; n++) {
		struct caa_case c = { .servers = CAA_CASE_SERVERS, .elsewhere = true, .took_ms = UINT32_MAX, .tries = UINT16_MAX, .bogus_ede = CAA_NO_EDE };
		char line[CAA_LINE_MAX], text[CAA_EDE_MAX], page[CAA_EXPLAIN_MAX], again[CAA_EDE_MAX + 8];
		struct caa_repeats most = { UINT32_MAX, UINT32_MAX, UINT32_MAX, INT64_C(253402300799) };
		struct caa_event e = { .qtype = 65535, .size = 65535, .cookie = true, .dnssec = true, .waited_ms = UINT32_MAX };
		uint8_t octets[600];
		struct caa_answer a = { .ede = 49152, .ede_text = octets, .ede_text_len = sizeof(octets) };
		struct caa_name name;
		size_t len;

		for (size_t i = 0; i < sizeof(octets); i++)
			octets[i] = n % 3 == 0 ? '"' : n % 3 == 1 ? '\\' : (uint8_t)next_random(&random_state);
		for (size_t at = 0; at < 255; at += 64)		/* four labels of octets that all need an escape */
			memset(c.wire + at, at + 63 < 255 ? 63 : 0, 1), memset(c.wire + at + 1, '"', at + 63 < 255 ? 63 : 0);
		c.wire[192] = 61;
		memset(c.wire + 193, 7, 61);
		c.wire[254] = 0;
		c.wire_len = 255;
		assert_int_equal(caa_name_check(&name, c.wire, c.wire_len), CAA_OK);
		caa_record_init(&c.record);
		for (unsigned k = 0; k < 40; k++) {
			uint8_t ip[16], other[CAA_NAME_MAX];

			memset(ip, 0xfd, sizeof(ip));
			ip[15] = (uint8_t)(k % 7);
			memcpy(other, c.wire, sizeof(other));
			other[1] = (uint8_t)k;
			e.addr = caa_addr_ipv6(ip, 65535);
			e.name = (struct caa_name){ k % 2 == 0 ? other : c.wire, 255 };
			e.zone = e.name;
			e.result = (enum caa_result)(next_random(&random_state) % (CAA_RESULT_NO_SOCKET + 1));
			e.rtt_ms = e.at_ms = UINT32_MAX - k;
			a.rcode = (uint16_t)(next_random(&random_state) % 24);
			e.answer = e.result < CAA_RESULT_TIMEOUT ? &a : NULL;
			caa_record_note(&c.record, name, &e);
		}
		c.servers = (uint8_t)caa_record_servers(&c.record, e.zone, c.server);
		for (unsigned k = 0; k < c.servers; k++) {
			/* of all lengths, so that the line is now and then as long as may be before its attempts */
			caa_text_clean(c.server[k].ns, sizeof(c.server[k].ns), octets, next_random(&random_state) % 70);
			c.server[k].limited = n % 2;
			c.server[k].rate_qps = c.server[k].timed_out = c.server[k].replied = 4000000000;
		}
		caa_text_clean(c.zone, sizeof(c.zone), octets, sizeof(octets));
		caa_text_clean(c.about, sizeof(c.about), octets, sizeof(octets));
		caa_text_clean(c.reason, sizeof(c.reason), octets, sizeof(octets));
		c.bogus = n % 7 == 0;
		c.looped = n % 11 == 0;
		c.no_address = n % 5 == 0;
		c.own = (uint8_t)(n % 17 <= CAA_OWN_MEMORY ? n % 17 : CAA_OWN_NONE);
		c.missed = n % 13 == 0 ? 65535 : 0;	/* the type of all attempts */
		c.missed_labels = n % 2 == 0 ? CAA_LABELS_NONE : (uint8_t)caa_name_labels(name);
		caa_case_class(&c);
		memcpy(c.id, "k3nq2xab", sizeof(c.id));
		caa_say_to_client(&c, text);
		assert_true(strlen(text) > 20 && strlen(text) <= 200);
		assert_string_equal(text + strlen(text) - 14, " (id k3nq2xab)");
		c.took_ms = n;
		caa_say_so_far(&c, text);
		assert_true(strlen(text) > 20 && strlen(text) <= 200);
		assert_string_equal(text + strlen(text) - 14, " (id k3nq2xab)");
		assert_string_equal(caa_text_clean(again, sizeof(again), (uint8_t *)text, strlen(text)), text);
		len = caa_report_line(&c, &most, UINT64_MAX, &by, line);
		assert_int_equal(len, strlen(line));
		assert_true(len <= 2048);
		assert_ptr_equal(value(line, 0), line + strlen(line));
		caa_report_explain(&c, &most, &by, page);
		assert_non_null(strstr(page, "result <- asked"));
	}
}

static void a_proof_that_is_refused_is_no_matter_of_the_ds(void **state)
{
	static const struct { uint16_t ede; bool denial; const char *text; } row[] = {
		{ 6, false, "DNSSEC of CAA www.example.net fails: the answer does not match its signatures; sign the zone again, and compare its keys "
			"with the DS at the registrar" },
		{ 6, true, "DNSSEC of CAA www.example.net fails: the proof that there is no such record is missing or wrong; sign the zone again, "
			"and see that each of its servers sends NSEC or NSEC3" },
		{ 12, false, "DNSSEC of CAA www.example.net fails: the proof that there is no such record is missing or wrong; sign the zone again, "
			"and see that each of its servers sends NSEC or NSEC3" },
		{ 7, true, "DNSSEC of CAA www.example.net fails: a signature has expired; sign the zone again" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_case c = limited_case();
		char text[CAA_EDE_MAX];

		caa_record_init(&c.record);
		c.zone[0] = '\0';
		c.bogus = true;
		c.bogus_ede = row[i].ede;
		c.denial = row[i].denial;
		caa_case_class(&c);
		assert_int_equal(caa_say_sentence(&c, text), row[i].ede);
		assert_string_equal(text, row[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_subscriber_sees_what_to_change), cmocka_unit_test(who_leaves_early_hears_what_was_seen),
		cmocka_unit_test(a_limit_is_told_by_what_was_seen),
		cmocka_unit_test(what_this_resolver_could_not_do_is_said_to_be_its_own),
		cmocka_unit_test(the_line_is_as_the_manual_says), cmocka_unit_test(a_proof_that_is_refused_is_no_matter_of_the_ds), cmocka_unit_test(keys_that_could_not_be_fetched_are_said_to_be),
		cmocka_unit_test(the_page_says_it_in_its_first_lines), cmocka_unit_test(the_worst_case_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
