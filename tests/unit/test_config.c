/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/config/config.h"

/** A caa_name_reader on ldns. */
static enum caa_res read_name(uint8_t wire[static CAA_NAME_MAX], size_t *len, const char *text, const char **why)
{
	ldns_rdf *rdf = NULL;

	if (ldns_str2rdf_dname(&rdf, text) != LDNS_STATUS_OK) {
		*why = "syntax";
		return CAA_EFORMAT;
	}
	*len = ldns_rdf_size(rdf);
	memcpy(wire, ldns_rdf_data(rdf), *len);
	ldns_rdf_deep_free(rdf);
	return CAA_OK;
}

struct item { const char *key, *value; };

/** Read items, their places x:1, x:2 ...; @return the configuration, or NULL and err. */
static struct caa_config *read_all(const struct item *item, char err[static CAA_CONFIG_TEXT_MAX])
{
	struct caa_config *c = caa_config_create(read_name);
	enum caa_res res = CAA_OK;

	assert_non_null(c);
	for (unsigned i = 0; res == CAA_OK && item[i].key != NULL; i++) {
		char where[16];

		snprintf(where, sizeof(where), "x:%u", i + 1);
		res = caa_config_read(c, item[i].key, item[i].value, where, err);
	}
	if (res == CAA_OK)
		res = caa_config_finish(c, err);
	if (res == CAA_OK)
		return c;
	caa_config_destroy(c);
	return NULL;
}

static void clauses_become_zones(void **state)
{
	static const struct item item[] = {
		{ "caa:", "" }, { "caa-upstreams", "64" },
		{ "caa-zone:", "" }, { "caa-enable", "yes" }, { "name", "." },
		{ "caa-zone:", "" }, { "name", "shop.lab" }, { "caa-rate", "9" }, { "caa-budget", "30" },
		{ "caa:", "" }, { NULL, NULL }
	};
	char err[CAA_CONFIG_TEXT_MAX];
	struct caa_config *c = read_all(item, err);
	struct name_buffer b;

	(void)state;
	assert_non_null(c);
	assert_int_equal(caa_config_module(c)->upstreams, 64);
	assert_int_equal(caa_zones_count(caa_config_zones(c)), 2);
	assert_int_equal(caa_zones_match(caa_config_zones(c), name_of(&b, "a.shop.lab"))->rate_qps, 9);
	assert_int_equal(caa_zones_match(caa_config_zones(c), name_of(&b, "a.shop.lab"))->enable, 1);
	assert_int_equal(caa_zones_match(caa_config_zones(c), name_of(&b, "lab"))->rate_qps, 0);
	assert_true(caa_config_enabled(c));
	assert_int_equal(caa_config_budget_max(c), 30);
	caa_config_destroy(c);
	caa_config_destroy(NULL);
}

static void nothing_is_enabled_by_default(void **state)
{
	static const struct item none[] = { { NULL, NULL } };
	static const struct item off[] = { { "caa-zone:", "" }, { "name", "." }, { "caa-rate", "9" }, { NULL, NULL } };
	char err[CAA_CONFIG_TEXT_MAX];
	struct caa_config *c;

	(void)state;
	c = read_all(none, err);
	assert_false(caa_config_enabled(c));
	assert_int_equal(caa_config_module(c)->upstreams, 100000);
	caa_config_destroy(c);
	c = read_all(off, err);
	assert_false(caa_config_enabled(c));
	assert_int_equal(caa_config_budget_max(c), 0);
	caa_config_destroy(c);
}

static void an_error_names_place_key_and_what_is_allowed(void **state)
{
	static const struct { struct item item[6]; const char *err; } row[] = {
		{ { { "caa-zone:", "" }, { "name", "." }, { "caa-rate", "x" } },
			"x:3: caa-rate: \"x\" is not a number; allowed is 0..50000 queries/s" },
		{ { { "caa-zone:", "" }, { "name", "." }, { "caa-x", "1" } },
			"x:3: caa-x: unknown key; caa-zone: allows name, caa-enable, caa-rate, caa-burst, caa-cookie, "
			"caa-tcp, caa-budget, caa-patience, caa-log-after, caa-error-reporting, caa-hold, "
			"caa-hold-reuse" },
		{ { { "caa:", "" }, { "caa-rate", "1" } }, "x:2: caa-rate: belongs in caa-zone:, not in caa:" },
		{ { { "caa:", "" }, { "name", "." } }, "x:2: name: belongs in caa-zone:, not in caa:" },
		{ { { "caa-rate", "1" } }, "x:1: caa-rate: is outside its clause, it belongs in a caa: or caa-zone: clause" },
		{ { { "caa-zone:", "" }, { "name", "a..b" } },
			"x:2: name: not a domain name: syntax; allowed is one such as \"example.com\" or \".\"" },
		{ { { "caa-zone:", "" }, { "caa-rate", "1" } }, "x:1: caa-zone: the clause has no name:, which names its zone" },
		{ { { "caa-zone:", "" }, { "caa-zone:", "" }, { "name", "." } },
			"x:1: caa-zone: the clause has no name:, which names its zone" },
		{ { { "caa-zone:", "" }, { "name", "a" }, { "caa-zone:", "" }, { "name", "A." } },
			"x:4: name: zone \"A.\" is configured twice, first at x:2" },
		{ { { "caa-zone:", "" }, { "name", "a" }, { "name", "b" } }, "x:3: name: the clause has a name already, at x:2" },
		{ { { "caa-zone:", "" }, { "caa-rate", "1" }, { "caa-rate", "1" } }, "x:3: caa-rate: is set already, at x:2" },
		{ { { "caa:", "" }, { "caa-upstreams", "64" }, { "caa:", "" }, { "caa-upstreams", "64" } },
			"x:4: caa-upstreams: is set already, at x:2" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		char err[CAA_CONFIG_TEXT_MAX] = "";

		assert_null(read_all(row[i].item, err));
		assert_string_equal(err, row[i].err);
	}
}

static void long_texts_are_cut_not_overrun(void **state)
{
	char where[3000], err[CAA_CONFIG_TEXT_MAX];
	struct caa_config *c = caa_config_create(read_name);

	(void)state;
	memset(where, 'w', sizeof(where) - 1);
	where[sizeof(where) - 1] = '\0';
	assert_int_equal(caa_config_read(c, "caa-zone:", "", where, err), CAA_OK);
	assert_int_equal(caa_config_read(c, "name", "a", where, err), CAA_OK);
	assert_int_equal(caa_config_read(c, "name", "b", where, err), CAA_EFORMAT);
	assert_true(strlen(err) < CAA_CONFIG_TEXT_MAX);
	caa_config_destroy(c);
}

static void a_rate_by_hand_is_seen_wherever_it_is(void **state)
{
	static const struct { struct item item[8]; bool rated; } row[] = {
		{ { { NULL, NULL } }, false },
		{ { { "caa-zone:", "" }, { "name", "." }, { "caa-enable", "yes" } }, false },
		{ { { "caa-zone:", "" }, { "name", "." }, { "caa-rate", "0" } }, false },	/* learned, as by default */
		{ { { "caa-zone:", "" }, { "name", "." }, { "caa-zone:", "" }, { "name", "a.b" }, { "caa-rate", "9" } }, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		char err[CAA_CONFIG_TEXT_MAX];
		struct caa_config *c = read_all(row[i].item, err);

		assert_non_null(c);
		assert_int_equal(caa_config_rated(c), row[i].rated);
		caa_config_destroy(c);
	}
}

static void tcp_counts_where_a_zone_is_enabled(void **state)
{
	static const struct { struct item item[9]; bool tcp; } row[] = {
		{ { { NULL, NULL } }, false },
		{ { { "caa-zone:", "" }, { "name", "." }, { "caa-tcp", "yes" } }, false },
		{ { { "caa-zone:", "" }, { "name", "." }, { "caa-enable", "yes" } }, true },
		{ { { "caa-zone:", "" }, { "name", "." }, { "caa-enable", "yes" }, { "caa-tcp", "no" } }, false },
		{ { { "caa-zone:", "" }, { "name", "." }, { "caa-enable", "yes" }, { "caa-tcp", "no" },
		    { "caa-zone:", "" }, { "name", "a.b" }, { "caa-tcp", "yes" } }, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		char err[CAA_CONFIG_TEXT_MAX];
		struct caa_config *c = read_all(row[i].item, err);

		assert_non_null(c);
		assert_int_equal(caa_config_tcp(c), row[i].tcp);
		caa_config_destroy(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clauses_become_zones), cmocka_unit_test(nothing_is_enabled_by_default),
		cmocka_unit_test(an_error_names_place_key_and_what_is_allowed), cmocka_unit_test(long_texts_are_cut_not_overrun),
		cmocka_unit_test(a_rate_by_hand_is_seen_wherever_it_is),
		cmocka_unit_test(tcp_counts_where_a_zone_is_enabled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
