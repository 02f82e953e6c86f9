/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/wire/packet.h"

/** An answer as it comes: everything that is read. */
static const uint8_t whole[] = {
	0x12, 0x34,					/*  0: id */
	0x84, 0x00,					/*  2: QR AA, NOERROR */
	0x00, 0x01, 0x00, 0x01, 0x00, 0x01, 0x00, 0x02,	/*  4: one question, one answer, one authority, two more */
	0x01, 'a', 0x02, 'd', 'e', 0x00,		/* 12: a.de */
	0x01, 0x01, 0x00, 0x01,				/* 18: CAA IN */
	0xc0, 0x0c,					/* 22: a.de, a pointer */
	0x01, 0x01, 0x00, 0x01, 0x00, 0x00, 0x0e, 0x10,	/* 24: CAA IN, 3600 s */
	0x00, 0x08, 0x00, 0x05, 'i', 's', 's', 'u', 'e', ';',	/* 32: 0 issue ";" */
	0x01, 'b', 0xc0, 0x0e,				/* 42: b.de, a label and a pointer */
	0x00, 0x02, 0x00, 0x01, 0x00, 0x00, 0x0e, 0x10,	/* 46: NS IN */
	0x00, 0x02, 0xc0, 0x0c,				/* 54: a.de */
	0x00,						/* 58: the root */
	0x00, 0x29, 0x10, 0x00, 0x00, 0x00, 0x80, 0x00,	/* 59: OPT, 4096 octets, DO */
	0x00, 0x16,					/* 67: 22 octets of options */
	0x00, 0x03, 0x00, 0x02, 'n', 's',		/* 69: NSID */
	0x00, 0x0a, 0x00, 0x08, 1, 2, 3, 4, 5, 6, 7, 8,	/* 75: COOKIE */
	0x00, 0x0c, 0x00, 0x00,				/* 87: PADDING, none */
	0x00,						/* 91: the root */
	0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,	/* 92: A IN */
	0x00, 0x04, 192, 0, 2, 1,			/* 100 .. 105 */
};

/** Read a copy that ends where the message does, so that a sanitizer sees what is read behind it. */
static enum caa_res read_exactly(struct caa_packet *out, const uint8_t *msg, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	enum caa_res res;

	assert_non_null(copy);
	memcpy(copy, msg, len);
	memset(out, 0x5a, sizeof(*out));
	res = caa_packet_read(out, copy, len);
	if (out->cookie != NULL) {	/* borrowed: seen as part of msg from here on */
		assert_true(out->cookie >= copy + CAA_PACKET_HEADER && out->cookie_len <= len);
		assert_true(out->cookie + out->cookie_len <= copy + len);
		out->cookie = msg + (out->cookie - copy);
	}
	free(copy);
	return res;
}

static void a_whole_answer(void **state)
{
	struct caa_packet p;

	(void)state;
	assert_int_equal(read_exactly(&p, whole, sizeof(whole)), CAA_OK);
	assert_int_equal(p.rcode, CAA_RCODE_NOERROR);
	assert_false(p.truncated);
	assert_true(p.edns);
	assert_int_equal(p.records, 2);
	assert_ptr_equal(p.cookie, whole + 79);
	assert_int_equal(p.cookie_len, 8);
}

/** Below a header nothing is there; from there on what the header says, and an error until all records are there. */
static void cut_at_every_length(void **state)
{
	struct caa_packet p;

	(void)state;
	for (size_t len = 0; len < sizeof(whole); len++) {
		assert_int_equal(read_exactly(&p, whole, len), CAA_EFORMAT);
		assert_int_equal(p.records, len < CAA_PACKET_HEADER ? 0 : 2);
		if (len < 91)
			assert_int_equal(p.cookie_len, 0);
	}
}

static void what_follows_the_records_is_not_read(void **state)
{
	uint8_t longer[sizeof(whole) + 64];
	struct caa_packet p;

	(void)state;
	memset(longer, 0xff, sizeof(longer));
	memcpy(longer, whole, sizeof(whole));
	for (size_t len = sizeof(whole); len <= sizeof(longer); len++) {
		assert_int_equal(read_exactly(&p, longer, len), CAA_OK);
		assert_int_equal(p.cookie_len, 8);
	}
}

/* --- the header ---------------------------------------------------------------------------------------------------- */

static void the_header(void **state)
{
	static const struct {
		uint8_t msg[CAA_PACKET_HEADER];
		uint16_t rcode, records;
		bool truncated;
		enum caa_res res;
	} row[] = {
		{ { [2] = 0x80 }, 0, 0, false, CAA_OK },
		{ { [2] = 0x82 }, 0, 0, true, CAA_OK },			/* TC */
		{ { [2] = 0xfd, [3] = 0xf0 }, 0, 0, false, CAA_OK },	/* all other flags */
		{ { [2] = 0x80, [3] = 5 }, CAA_RCODE_REFUSED, 0, false, CAA_OK },
		{ { [2] = 0x80, [3] = 0xff }, 15, 0, false, CAA_OK },
		{ { [5] = 1 }, 0, 0, false, CAA_EFORMAT },		/* a question that is not there */
		{ { [4] = 0xff, [5] = 0xff }, 0, 0, false, CAA_EFORMAT },
		{ { [7] = 1 }, 0, 1, false, CAA_EFORMAT },		/* an answer */
		{ { [9] = 2 }, 0, 2, false, CAA_EFORMAT },		/* authority */
		{ { [11] = 3 }, 0, 0, false, CAA_EFORMAT },		/* what is added does not count as data */
		{ { [7] = 1, [8] = 1 }, 0, 257, false, CAA_EFORMAT },
		{ { [6] = 0xff, [7] = 0xff, [8] = 0xff, [9] = 0xff }, 0, UINT16_MAX, false, CAA_EFORMAT },
		{ { [6] = 0xff, [7] = 0xff, [9] = 1 }, 0, UINT16_MAX, false, CAA_EFORMAT },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_packet p;

		assert_int_equal(read_exactly(&p, row[i].msg, sizeof(row[i].msg)), row[i].res);
		assert_int_equal(p.rcode, row[i].rcode);
		assert_int_equal(p.records, row[i].records);
		assert_int_equal(p.truncated, row[i].truncated);
		assert_false(p.edns);
		assert_null(p.cookie);
	}
}

/* --- names --------------------------------------------------------------------------------------------------------- */

/** @return what is said of a message with one question of that name. */
static enum caa_res question(const uint8_t *name, size_t len)
{
	uint8_t msg[CAA_PACKET_HEADER + 300] = { [5] = 1 };
	struct caa_packet p;

	memcpy(msg + CAA_PACKET_HEADER, name, len);
	return read_exactly(&p, msg, CAA_PACKET_HEADER + len + 4);
}

static void names_end_with_the_root_or_a_pointer(void **state)
{
	static const struct { uint8_t name[8]; size_t len; enum caa_res res; const char *why; } row[] = {
		{ { 0 }, 1, CAA_OK, "the root" },
		{ { 1, 'a', 0 }, 3, CAA_OK, "a label" },
		{ { 0xc0, 0x0c }, 2, CAA_OK, "a pointer to itself, which is not followed" },
		{ { 0xff, 0xff }, 2, CAA_OK, "a pointer behind the message, the same" },
		{ { 1, 'a', 0xc0, 0x00 }, 4, CAA_OK, "a label and a pointer" },
		{ { 0x40, 0 }, 2, CAA_EFORMAT, "a kind of label that does not exist" },
		{ { 0x80, 0 }, 2, CAA_EFORMAT, "another" },
		{ { 1, 'a', 0x41, 0 }, 4, CAA_EFORMAT, "after a label" },
		{ { 63, 'a', 0 }, 3, CAA_EFORMAT, "longer than the message" },
		{ { 5, 'a', 0 }, 3, CAA_EFORMAT, "the rest of the question is no root" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++)
		assert_int_equal(question(row[i].name, row[i].len), row[i].res);
}

/** Though there are as many octets as they would be long as labels. */
static void other_kinds_of_labels_do_not_exist(void **state)
{
	static const struct { uint8_t kind; enum caa_res res; } row[] = {
		{ 63, CAA_OK }, { 64, CAA_EFORMAT }, { 0x7f, CAA_EFORMAT }, { 0x80, CAA_EFORMAT }, { 0xbf, CAA_EFORMAT },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		uint8_t name[1 + 0xbf + 1] = { row[i].kind };

		assert_int_equal(question(name, 1u + row[i].kind + 1u), row[i].res);
	}
}

static void a_cut_pointer_is_not_read(void **state)
{
	static const uint8_t msg[] = { [5] = 1, [12] = 0xc0 };
	struct caa_packet p;

	(void)state;
	assert_int_equal(read_exactly(&p, msg, sizeof(msg)), CAA_EFORMAT);
}

/* --- options ------------------------------------------------------------------------------------------------------- */

/** A message with one OPT record. */
struct opt_message { uint8_t msg[CAA_PACKET_HEADER + 11 + 64]; size_t len; };

static struct opt_message opt_of(uint8_t rcode, uint8_t extended, const uint8_t *options, size_t len)
{
	struct opt_message m = {
		.msg = {
			[3] = rcode, [11] = 1,
			[12] = 0, 0, 41, 0x10, 0x00, extended, 0, 0, 0, 0, (uint8_t)len
		},
		.len = CAA_PACKET_HEADER + 11 + len
	};

	memcpy(m.msg + CAA_PACKET_HEADER + 11, options, len);
	return m;
}

static void options_are_walked(void **state)
{
	static const struct { uint8_t options[24]; size_t len; enum caa_res res; int at; size_t cookie_len; const char *why; }
	row[] = {
		{ { 0 }, 0, CAA_OK, -1, 0, "none" },
		{ { 0, 10, 0, 2, 7, 8 }, 6, CAA_OK, 4, 2, "the cookie, of any length" },
		{ { 0, 10, 0, 0 }, 4, CAA_OK, 4, 0, "of none" },
		{ { 0, 3, 0, 0, 0, 10, 0, 1, 7 }, 9, CAA_OK, 8, 1, "last" },
		{ { 0, 10, 0, 1, 7, 0, 3, 0, 0 }, 9, CAA_OK, 4, 1, "first" },
		{ { 0, 3, 0, 1, 9, 0, 10, 0, 1, 7, 0, 15, 0, 2, 0, 23 }, 16, CAA_OK, 9, 1, "between others" },
		{ { 0, 10, 0, 1, 7, 0, 10, 0, 2, 8, 8 }, 11, CAA_OK, 4, 1, "the first of two counts" },
		{ { 0, 10, 0, 0, 0, 10, 0, 2, 8, 8 }, 10, CAA_OK, 4, 0, "even if it is empty" },
		{ { 10, 0, 0, 1, 7 }, 5, CAA_OK, -1, 0, "another code" },
		{ { 0, 10, 0 }, 3, CAA_EFORMAT, -1, 0, "cut in its length" },
		{ { 0, 10, 0, 2, 7 }, 5, CAA_EFORMAT, -1, 0, "longer than the record" },
		{ { 0, 3, 0xff, 0xff, 0, 10, 0, 1, 7 }, 9, CAA_EFORMAT, -1, 0, "longer than all" },
		{ { 0, 10, 0, 1, 7, 0 }, 6, CAA_EFORMAT, 4, 1, "one octet is left" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct opt_message m = opt_of(0, 0, row[i].options, row[i].len);
		struct caa_packet p;

		assert_int_equal(read_exactly(&p, m.msg, m.len), row[i].res);
		assert_true(p.edns);
		if (row[i].at < 0)
			assert_null(p.cookie);
		else
			assert_ptr_equal(p.cookie, m.msg + CAA_PACKET_HEADER + 11 + row[i].at);
		assert_int_equal(p.cookie_len, row[i].cookie_len);
	}
}

/** RFC 9567: the Report-Channel option, beside the cookie. */
static void a_channel_is_read_where_it_is_alone(void **state)
{
	static const struct { uint8_t options[24]; size_t len; int at; size_t channel_len; const char *why; } row[] = {
		{ { 0, 10, 0, 1, 7 }, 5, -1, 0, "none" },
		{ { 0, 18, 0, 3, 1, 'a', 0 }, 7, 4, 3, "one" },
		{ { 0, 10, 0, 1, 7, 0, 18, 0, 3, 1, 'a', 0 }, 12, 9, 3, "behind the cookie" },
		{ { 0, 18, 0, 0 }, 4, 4, 0, "an empty one" },
		{ { 0, 18, 0, 3, 1, 'a', 0, 0, 18, 0, 3, 1, 'b', 0 }, 14, -1, 0, "two" },
		{ { 0, 18, 0, 1, 0, 0, 18, 0, 1, 0, 0, 18, 0, 1, 0 }, 15, -1, 0, "three" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct opt_message m = opt_of(0, 0, row[i].options, row[i].len);
		struct caa_packet p;

		assert_int_equal(caa_packet_read(&p, m.msg, m.len), CAA_OK);
		if ((p.channel != NULL) != (row[i].at >= 0) || p.channel_len != row[i].channel_len)
			fail_msg("%s", row[i].why);
		if (p.channel != NULL)
			assert_ptr_equal(p.channel, m.msg + CAA_PACKET_HEADER + 11 + row[i].at);
	}
}

/** RFC 6891, section 6.1.3. */
static void rcodes_of_twelve_bits(void **state)
{
	static const struct { uint8_t rcode, extended; uint16_t whole; } row[] = {
		{ 0, 0, CAA_RCODE_NOERROR }, { 3, 0, CAA_RCODE_NXDOMAIN }, { 0, 1, CAA_RCODE_BADVERS }, { 7, 1, CAA_RCODE_BADCOOKIE },
		{ 15, 0, 15 }, { 15, 255, 4095 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct opt_message m = opt_of(row[i].rcode, row[i].extended, (const uint8_t *)"", 0);
		struct caa_packet p;

		assert_int_equal(read_exactly(&p, m.msg, m.len), CAA_OK);
		assert_int_equal(p.rcode, row[i].whole);
	}
}

static void the_first_opt_counts(void **state)
{
	static const uint8_t msg[] = {
		0, 0, 0x80, 0x00, 0, 0, 0, 0, 0, 0, 0, 2,	/* two more records */
		0, 0, 41, 0x10, 0, 1, 0, 0, 0, 0, 5,		/* OPT: the upper bits are 1 */
		0, 10, 0, 1, 7,
		0, 0, 41, 0x10, 0, 0xfe, 0, 0, 0, 0, 6,		/* OPT: they are 0xfe */
		0, 10, 0, 2, 8, 8,
	};
	struct caa_packet p;

	(void)state;
	assert_int_equal(read_exactly(&p, msg, sizeof(msg)), CAA_OK);
	assert_int_equal(p.rcode, CAA_RCODE_BADVERS);
	assert_int_equal(p.cookie_len, 1);
	assert_int_equal(p.cookie[0], 7);
}

/* --- what others make, and nobody does -------------------------------------------------------------------------------- */

/** A message made by ldns. */
static uint8_t *made_by_ldns(ldns_pkt_rcode rcode, uint8_t extended, bool truncated, size_t cookie, size_t *len)
{
	ldns_pkt *pkt = ldns_pkt_query_new(ldns_dname_new_frm_str("www.example.com."), LDNS_RR_TYPE_CAA, LDNS_RR_CLASS_IN, 0);
	ldns_rr *rr = NULL;
	uint8_t option[4 + 40] = { 0, 10, 0, (uint8_t)cookie }, *wire = NULL;

	assert_non_null(pkt);
	ldns_pkt_set_qr(pkt, true);
	ldns_pkt_set_rcode(pkt, rcode);
	ldns_pkt_set_tc(pkt, truncated);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(ldns_rr_new_frm_str(&rr, "www.example.com. 300 IN CAA 0 issue \"ca.example.net\"", 0, NULL, NULL),
			LDNS_STATUS_OK);
		assert_true(ldns_pkt_push_rr(pkt, LDNS_SECTION_ANSWER, rr));
	}
	assert_int_equal(ldns_rr_new_frm_str(&rr, "example.com. 300 IN SOA ns.example.com. host.example.com. 1 2 3 4 5", 0, NULL,
		NULL), LDNS_STATUS_OK);
	assert_true(ldns_pkt_push_rr(pkt, LDNS_SECTION_AUTHORITY, rr));
	memset(option + 4, 0xcc, cookie);
	ldns_pkt_set_edns_udp_size(pkt, 1232);
	ldns_pkt_set_edns_extended_rcode(pkt, extended);
	ldns_pkt_set_edns_data(pkt, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_UNKNOWN, 4 + cookie, option));
	assert_int_equal(ldns_pkt2wire(&wire, pkt, len), LDNS_STATUS_OK);
	ldns_pkt_free(pkt);
	return wire;
}

static void what_ldns_makes(void **state)
{
	static const struct { ldns_pkt_rcode rcode; uint8_t extended; bool truncated; size_t cookie; uint16_t whole; } row[] = {
		{ LDNS_RCODE_NOERROR, 0, false, 24, CAA_RCODE_NOERROR }, { LDNS_RCODE_NXDOMAIN, 0, true, 8, CAA_RCODE_NXDOMAIN },
		{ LDNS_RCODE_SERVFAIL, 0, false, 40, CAA_RCODE_SERVFAIL }, { LDNS_RCODE_YXRRSET, 1, false, 16, CAA_RCODE_BADCOOKIE },
		{ LDNS_RCODE_FORMERR, 0, false, 0, CAA_RCODE_FORMERR }, { LDNS_RCODE_NOTIMPL, 0, false, 24, CAA_RCODE_NOTIMP },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_packet p;
		size_t len = 0;
		uint8_t *wire = made_by_ldns(row[i].rcode, row[i].extended, row[i].truncated, row[i].cookie, &len);

		assert_int_equal(read_exactly(&p, wire, len), CAA_OK);
		assert_int_equal(p.rcode, row[i].whole);
		assert_int_equal(p.truncated, row[i].truncated);
		assert_int_equal(p.records, 6);
		assert_true(p.edns);
		assert_non_null(p.cookie);
		assert_int_equal(p.cookie_len, row[i].cookie);
		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(read_exactly(&p, wire, cut), CAA_EFORMAT);
		free(wire);
	}
}

static void mutate(uint8_t *msg, size_t len, uint64_t *random)
{
	static const uint8_t edge[] = { 0, 1, 10, 12, 41, 63, 64, 0x80, 0xc0, 0xff };

	for (uint64_t n = 1 + next_random(random) % 6; n > 0; n--) {
		size_t at = next_random(random) % len;

		switch (next_random(random) % 4) {
		case 0:
			msg[at] = (uint8_t)next_random(random);
			break;
		case 1:
			msg[at] ^= (uint8_t)(1 << next_random(random) % 8);
			break;
		case 2:
			msg[at] = edge[next_random(random) % COUNT_OF(edge)];
			break;
		default:
			memmove(msg + at, msg + next_random(random) % (at + 1), len - at);
			break;
		}
	}
}

/** Whatever comes: nothing outside is read (a sanitizer looks), and what is said of it is in range. */
static void random_octets(void **state)
{
	enum { RUNS = 400000 };
	uint64_t random = 8;
	unsigned good = 0, cookies = 0;

	(void)state;
	for (unsigned run = 0; run < RUNS; run++) {
		uint8_t msg[sizeof(whole)];
		size_t len = run % 3 == 0 ? next_random(&random) % (sizeof(msg) + 1) : sizeof(msg);
		struct caa_packet p;

		memcpy(msg, whole, sizeof(whole));
		mutate(msg, sizeof(msg), &random);
		good += read_exactly(&p, msg, len) == CAA_OK;
		cookies += p.cookie != NULL;
		assert_true(p.rcode <= 4095);
		assert_true(p.edns || (p.cookie == NULL && p.rcode <= 15));
		assert_true(p.cookie != NULL || p.cookie_len == 0);
	}
	assert_in_range(good, RUNS / 50, RUNS - RUNS / 50);	/* the mutations reach both sides */
	assert_in_range(cookies, RUNS / 50, RUNS - RUNS / 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_answer), cmocka_unit_test(cut_at_every_length),
		cmocka_unit_test(what_follows_the_records_is_not_read), cmocka_unit_test(the_header),
		cmocka_unit_test(names_end_with_the_root_or_a_pointer),
		cmocka_unit_test(other_kinds_of_labels_do_not_exist), cmocka_unit_test(a_cut_pointer_is_not_read),
		cmocka_unit_test(options_are_walked), cmocka_unit_test(a_channel_is_read_where_it_is_alone),
		 cmocka_unit_test(rcodes_of_twelve_bits),
		cmocka_unit_test(the_first_opt_counts), cmocka_unit_test(what_ldns_makes), cmocka_unit_test(random_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
