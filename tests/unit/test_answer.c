/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/wire/answer.h"

/** What a message is made of; the question is www.example.com CAA, the zone example.com. */
struct message {
	const char *flags;		/**< of "AT" */
	int rcode;
	const char *answer, *authority;	/**< one record each, or NULL */
	bool edns;
	int ext_rcode;
};

static size_t make(uint8_t **wire, const struct message *m)
{
	ldns_pkt *pkt = ldns_pkt_query_new(ldns_dname_new_frm_str("www.example.com."), (ldns_rr_type)257, LDNS_RR_CLASS_IN, 0);
	const struct { ldns_pkt_section section; const char *text; } rr[] = {
		{ LDNS_SECTION_ANSWER, m->answer }, { LDNS_SECTION_AUTHORITY, m->authority },
	};
	size_t size;

	ldns_pkt_set_qr(pkt, 1);
	ldns_pkt_set_aa(pkt, strchr(m->flags, 'A') != NULL);
	ldns_pkt_set_tc(pkt, strchr(m->flags, 'T') != NULL);
	ldns_pkt_set_rcode(pkt, (uint8_t)m->rcode);
	for (size_t i = 0; i < COUNT_OF(rr); i++) {
		ldns_rr *record;

		if (rr[i].text == NULL)
			continue;
		assert_int_equal(ldns_rr_new_frm_str(&record, rr[i].text, 60, NULL, NULL), LDNS_STATUS_OK);
		ldns_pkt_push_rr(pkt, rr[i].section, record);
	}
	if (m->edns) {
		static const uint8_t ede[] = { 0, 15, 0, 6, 0, 18, 'w', 'h', 'y', '!' };

		ldns_pkt_set_edns_udp_size(pkt, 1232);
		ldns_pkt_set_edns_extended_rcode(pkt, (uint8_t)m->ext_rcode);
		ldns_pkt_set_edns_data(pkt, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_NONE, sizeof(ede), ede));
	}
	assert_int_equal(ldns_pkt2wire(wire, pkt, &size), LDNS_STATUS_OK);
	ldns_pkt_free(pkt);
	return size;
}

#define SOA "example.com. 60 IN SOA ns.example.com. h.example.com. 1 1 1 1 1"

static void the_worth_of_answers(void **state)
{
	static const struct { struct message m; enum caa_worth worth; const char *why; } row[] = {
		{ { "A", 0, "www.example.com. 60 IN CAA 0 issue \"ca\"", NULL, false, 0 }, CAA_WORTH_GOOD, "data" },
		{ { "A", 0, "www.example.com. 60 IN CNAME x.example.org.", NULL, false, 0 }, CAA_WORTH_GOOD, "a CNAME" },
		{ { "A", 0, NULL, SOA, true, 0 }, CAA_WORTH_GOOD, "no data, with SOA" },
		{ { "A", 3, NULL, SOA, false, 0 }, CAA_WORTH_GOOD, "no name, with SOA" },
		{ { "", 0, NULL, "www.example.com. 60 IN NS ns.example.org.", false, 0 }, CAA_WORTH_GOOD, "a referral downwards" },
		{ { "A", 0, NULL, NULL, false, 0 }, CAA_WORTH_NO_SOA, "empty: RFC 2308 s3" },
		{ { "A", 0, NULL, "example.com. 60 IN NS ns.example.com.", false, 0 }, CAA_WORTH_NO_SOA, "NS do not make up for it" },
		{ { "A", 3, NULL, NULL, false, 0 }, CAA_WORTH_NO_SOA, "NXDOMAIN as well" },
		{ { "", 0, NULL, NULL, true, 0 }, CAA_WORTH_NOT_AUTHORITATIVE, "empty without AA" },
		{ { "", 0, NULL, ". 60 IN NS a.root-servers.net.", false, 0 }, CAA_WORTH_UPWARD, "an upward referral" },
		{ { "", 0, NULL, "com. 60 IN NS a.gtld-servers.net.", false, 0 }, CAA_WORTH_UPWARD, "to the parent, too" },
		{ { "", 0, NULL, "example.com. 60 IN NS ns.example.com.", false, 0 }, CAA_WORTH_SELF, "a referral to itself" },
		{ { "", 0, NULL, "example.net. 60 IN NS ns.example.com.", false, 0 }, CAA_WORTH_NOT_AUTHORITATIVE, "elsewhere" },
		{ { "AT", 0, NULL, NULL, true, 0 }, CAA_WORTH_TRUNCATED, "TC" },
		{ { "", 2, NULL, NULL, true, 0 }, CAA_WORTH_RCODE, "SERVFAIL" },
		{ { "", 0, NULL, NULL, true, 1 }, CAA_WORTH_RCODE, "BADVERS, whose low bits are NOERROR" },
	};
	struct name_buffer b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_answer a;
		uint8_t *wire;
		size_t len = make(&wire, &row[i].m);

		caa_answer_read(&a, wire, len, name_of(&b, "EXAMPLE.com."));
		if (a.worth != row[i].worth)
			print_error("%s: %d\n", row[i].why, (int)a.worth);
		assert_int_equal(a.worth, row[i].worth);
		assert_int_equal(a.rcode, row[i].m.rcode + 16 * row[i].m.ext_rcode);
		assert_int_equal(a.ede, row[i].m.edns && a.worth != CAA_WORTH_GOOD ? 18 : CAA_NO_EDE);
		if (a.ede != CAA_NO_EDE) {
			assert_int_equal(a.ede_text_len, 4);
			assert_memory_equal(a.ede_text, "why!", 4);
		}
		free(wire);
	}
}

/** No octet beyond the message is read, and no loop is endless: run this under a sanitizer. */
static void any_octets_are_survived(void **state)
{
	static const struct message whole = { "A", 0, "www.example.com. 60 IN CAA 0 issue \"ca\"", SOA, true, 0 };
	uint64_t random_state = 7;
	struct name_buffer b;
	struct caa_name zone = name_of(&b, "example.com.");
	uint8_t *wire;
	size_t len = make(&wire, &whole);

	(void)state;
	for (unsigned n = 0; n < 20000; n++) {
		size_t cut = next_random(&random_state) % (len + 1);
		uint8_t *octets = malloc(cut + 1);
		struct caa_answer a;

		assert_non_null(octets);
		memcpy(octets, wire, cut);
		for (unsigned i = 0; i < n % 4 && cut > 0; i++)
			octets[next_random(&random_state) % cut] = (uint8_t)next_random(&random_state);
		octets = realloc(octets, cut > 0 ? cut : 1);
		caa_answer_read(&a, octets, cut, zone);
		free(octets);
	}
	free(wire);
}

static void pointers_in_a_circle_end(void **state)
{
	/* header: an answer of NOERROR, one NS in authority; its name points to itself */
	static const uint8_t msg[] = { 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0xc0, 12, 0, 2, 0, 1, 0, 0, 0, 0, 0, 1, 0 };
	struct name_buffer b;
	struct caa_answer a;

	(void)state;
	caa_answer_read(&a, msg, sizeof(msg), name_of(&b, "example.com."));
	assert_int_equal(a.worth, CAA_WORTH_NOT_AUTHORITATIVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worth_of_answers), cmocka_unit_test(any_octets_are_survived),
		cmocka_unit_test(pointers_in_a_circle_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
