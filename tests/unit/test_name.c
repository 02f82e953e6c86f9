/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

static void check_takes_whole_names(void **state)
{
	static const struct { const char *wire; size_t max, len; const char *why; } row[] = {
		{ "\0", 1, 1, "the root" },
		{ "\1a\0", 3, 3, "one label" },
		{ "\1a\0rest", 7, 3, "what follows is not read" },
		{ "\3www\7example\3com\0", 17, 17, "three labels" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_name name;

		assert_int_equal(caa_name_check(&name, (const uint8_t *)row[i].wire, row[i].max), CAA_OK);
		assert_int_equal(name.len, row[i].len);
	}
}

static void check_refuses_the_rest(void **state)
{
	static const struct { const char *wire; size_t max; const char *why; } row[] = {
		{ "", 0, "nothing" },
		{ "\1a", 2, "no root label" },
		{ "\5ab\0", 4, "a label beyond the end" },
		{ "\300\14", 2, "a compression pointer" },
		{ "\100aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0", 66, "a label of 64" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_name name = { NULL, 7 };
		uint8_t *exact = malloc(row[i].max + 1);	/* so that a sanitizer sees a read beyond max */

		memcpy(exact, row[i].wire, row[i].max);
		exact = realloc(exact, row[i].max > 0 ? row[i].max : 1);
		assert_int_equal(caa_name_check(&name, exact, row[i].max), CAA_EFORMAT);
		assert_int_equal(name.len, 7);
		free(exact);
	}
}

/** A name of labels of one octet, n of them. */
static size_t make_deep(uint8_t *wire, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		wire[2 * i] = 1;
		wire[2 * i + 1] = 'a';
	}
	wire[2 * n] = 0;
	return 2 * n + 1;
}

static void length_ends_at_255(void **state)
{
	uint8_t wire[300];
	struct caa_name name;

	(void)state;
	assert_int_equal(caa_name_check(&name, wire, make_deep(wire, 127)), CAA_OK);
	assert_int_equal(name.len, 255);
	assert_int_equal(caa_name_labels(name), CAA_NAME_LABELS_MAX);
	assert_int_equal(caa_name_check(&name, wire, make_deep(wire, 128)), CAA_EFORMAT);
}

static void parent_strips_one_label(void **state)
{
	struct name_buffer a, b;
	struct caa_name name = name_of(&a, "www.example.com");

	(void)state;
	assert_true(caa_name_parent(&name, name));
	assert_true(caa_name_equal(name, name_of(&b, "example.com")));
	assert_true(caa_name_parent(&name, name));
	assert_true(caa_name_parent(&name, name));
	assert_true(caa_name_is_root(name));
	assert_false(caa_name_parent(&name, name));
	assert_int_equal(name.len, 1);
}

static void within_is_by_label_without_case(void **state)
{
	static const struct { const char *name, *apex; bool within; } row[] = {
		{ "a.example.com", "example.com", true },
		{ "example.com", "example.com", true },
		{ "EXAMPLE.com", "example.COM", true },
		{ "aexample.com", "example.com", false },
		{ "com", "example.com", false },
		{ "a.example.com", ".", true },
		{ ".", ".", true },
		{ ".", "com", false },
		{ "a.example.org", "example.com", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct name_buffer a, b;

		assert_int_equal(caa_name_within(name_of(&a, row[i].name), name_of(&b, row[i].apex)), row[i].within);
	}
}

static void compare_is_rfc4034_order(void **state)
{
	/* the example of RFC 4034 s6.1 */
	static const char *const order[] = { "example", "a.example", "yljkjljk.a.example", "Z.a.example", "zABC.a.EXAMPLE",
		"z.example", "\\001.z.example", "*.z.example", "\\200.z.example" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(order); i++) {
		for (size_t k = 0; k < COUNT_OF(order); k++) {
			struct name_buffer a, b;
			int got = caa_name_compare(name_of(&a, order[i]), name_of(&b, order[k]));

			assert_int_equal((got > 0) - (got < 0), (i > k) - (i < k));
		}
	}
}

static void compare_agrees_with_ldns(void **state)
{
	uint64_t random = 7;

	(void)state;
	for (unsigned run = 0; run < 20000; run++) {
		struct name_buffer buffer[2];
		struct caa_name name[2];
		ldns_rdf *rdf[2];
		int ours, theirs;

		for (int i = 0; i < 2; i++) {
			size_t at = 0;

			for (uint64_t labels = next_random(&random) % 4; labels > 0; labels--) {
				size_t len = 1 + next_random(&random) % 3;

				buffer[i].wire[at++] = (uint8_t)len;
				while (len-- > 0)
					buffer[i].wire[at++] = "aAbBcC-1"[next_random(&random) % 8];
			}
			buffer[i].wire[at++] = 0;
			assert_int_equal(caa_name_check(&name[i], buffer[i].wire, at), CAA_OK);
			rdf[i] = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, at, buffer[i].wire);
		}
		ours = caa_name_compare(name[0], name[1]);
		theirs = ldns_dname_compare(rdf[0], rdf[1]);
		assert_int_equal((ours > 0) - (ours < 0), (theirs > 0) - (theirs < 0));
		assert_int_equal(caa_name_equal(name[0], name[1]), theirs == 0);
		ldns_rdf_deep_free(rdf[0]);
		ldns_rdf_deep_free(rdf[1]);
	}
}

static void text_is_safe_and_reads_back(void **state)
{
	static const struct { const char *wire; size_t len; const char *text; } row[] = {
		{ "\0", 1, "." },
		{ "\3wWw\0", 5, "wWw." },
		{ "\1*\1-\1_\0", 7, "\\042.-._." },
		{ "\4a.b\"\0", 6, "a\\046b\\034." },
		{ "\4\0\n\033\377\0", 6, "\\000\\010\\027\\255." },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		char text[CAA_NAME_TEXT_MAX];
		struct name_buffer back;
		struct caa_name name;

		assert_int_equal(caa_name_check(&name, (const uint8_t *)row[i].wire, row[i].len), CAA_OK);
		assert_string_equal(caa_name_text(text, name), row[i].text);
		assert_true(caa_name_equal(name, name_of(&back, text)));
	}
}

static void longest_text_fits(void **state)
{
	char text[CAA_NAME_TEXT_MAX];
	uint8_t wire[CAA_NAME_MAX];
	struct caa_name name;

	(void)state;
	memset(wire, 0xff, sizeof(wire));
	wire[0] = wire[64] = wire[128] = 63;
	wire[192] = 61;
	wire[254] = 0;
	assert_int_equal(caa_name_check(&name, wire, sizeof(wire)), CAA_OK);
	assert_int_equal(strlen(caa_name_text(text, name)), 4 * 250 + 4);
}

static void lower_copies(void **state)
{
	struct name_buffer a;
	struct caa_name name = name_of(&a, "aZ-09.[Q]");
	uint8_t out[CAA_NAME_MAX];

	(void)state;
	caa_name_lower(out, name);
	assert_memory_equal(out, "\5az-09\3[q]", 11);
	assert_int_equal(a.wire[2], 'Z');
}

/** Every octet at every place among eight, beside neighbours that could carry into it. */
static void lower_changes_capitals_only(void **state)
{
	static const uint8_t beside[] = { 0, 'A', 'Z', 0x7f, 0x80, 0xff };

	(void)state;
	for (size_t len = 1; len <= 17; len++)
		for (size_t at = 0; at < len; at++)
			for (unsigned c = 0; c <= UINT8_MAX; c++) {
				uint8_t wire[17], out[17];

				memset(wire, beside[c % sizeof(beside)], sizeof(wire));
				wire[at] = (uint8_t)c;
				caa_name_lower(out, (struct caa_name){ wire, len });
				for (size_t i = 0; i < len; i++)
					assert_int_equal(out[i], wire[i] >= 'A' && wire[i] <= 'Z' ? wire[i] + 32 : wire[i]);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_takes_whole_names), cmocka_unit_test(check_refuses_the_rest),
		cmocka_unit_test(length_ends_at_255), cmocka_unit_test(parent_strips_one_label),
		cmocka_unit_test(within_is_by_label_without_case), cmocka_unit_test(compare_is_rfc4034_order),
		cmocka_unit_test(compare_agrees_with_ldns), cmocka_unit_test(text_is_safe_and_reads_back),
		cmocka_unit_test(longest_text_fits), cmocka_unit_test(lower_copies), cmocka_unit_test(lower_changes_capitals_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
