/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/config/options.h"

static void defaults_are_in_range(void **state)
{
	const struct caa_option *opt;

	(void)state;
	for (size_t i = 0; (opt = caa_options_at(i)) != NULL; i++) {
		assert_true((opt->type == CAA_OPTION_U32_OR_0 && opt->dflt == 0) ||
			(opt->min <= opt->dflt && opt->dflt <= opt->max));
		assert_ptr_equal(caa_options_find(opt->name), opt);
		assert_true(strlen(opt->help) > 0);
		assert_int_equal(strncmp(opt->name, "caa-", 4), 0);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(opt->name, caa_options_at(k)->name);
	}
	assert_null(caa_options_find("caa-nothing"));
	assert_null(caa_options_find("name"));
}

static void init_sets_the_defaults(void **state)
{
	struct caa_module_options m = { 0 };
	struct caa_zone_options z = { .enable = 9, .rate_qps = 9, .burst = 9, .budget_s = 9 };

	(void)state;
	caa_options_module_init(&m);
	caa_options_zone_init(&z);
	assert_int_equal(m.upstreams, 100000);
	assert_int_equal(z.enable, 0);
	assert_int_equal(z.rate_qps, 0);
	assert_int_equal(z.burst, 16);
	assert_int_equal(z.cookie, 1);
	assert_int_equal(z.tcp, 1);
	assert_int_equal(z.budget_s, 20);
}

/** Whatever option of the prefix differs, and no other. */
static void same_are_those_of_a_prefix(void **state)
{
	const struct caa_option *opt;

	(void)state;
	for (size_t i = 0; (opt = caa_options_at(i)) != NULL; i++) {
		struct caa_module_options a, b;

		if (opt->clause != CAA_CLAUSE_MODULE)
			continue;
		caa_options_module_init(&a);
		caa_options_module_init(&b);
		assert_true(caa_options_module_same(&a, &b, ""));
		((char *)&b)[opt->offset]++;
		if (opt->type == CAA_OPTION_TEXT)
			((char *)&b)[opt->offset + 1] = '\0';
		assert_false(caa_options_module_same(&a, &b, ""));
		assert_int_equal(caa_options_module_same(&a, &b, "caa-fleet-"), strncmp(opt->name, "caa-fleet-", 10) != 0);
	}
}

static void values_are_read(void **state)
{
	static const struct { const char *name, *value; uint32_t number; } row[] = {
		{ "caa-enable", "yes", 1 }, { "caa-enable", "no", 0 },
		{ "caa-rate", "0", 0 }, { "caa-rate", "50000", 50000 }, { "caa-rate", "0009", 9 },
		{ "caa-burst", "1", 1 }, { "caa-burst", "1000", 1000 },
		{ "caa-cookie", "no", 0 }, { "caa-tcp", "no", 0 }, { "caa-tcp", "yes", 1 },
		{ "caa-budget", "1", 1 }, { "caa-budget", "600", 600 }, { "caa-patience", "0", 0 }, { "caa-patience", "600000", 600000 },
		{ "caa-upstreams", "64", 64 }, { "caa-upstreams", "10000000", 10000000 },
		{ "caa-hold", "0", 0 }, { "caa-hold", "28800", 28800 }, { "caa-hold-size", "4096", 4096 },
		{ "caa-climb-option", "0", 0 }, { "caa-climb-option", "65001", 65001 }, { "caa-climb-option", "65534", 65534 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		char err[CAA_OPTIONS_TEXT_MAX];
		uint32_t number = 4711;

		assert_int_equal(caa_option_parse(&number, caa_options_find(row[i].name), row[i].value, err), CAA_OK);
		assert_int_equal(number, row[i].number);
	}
}

static void bad_values_say_what_is_allowed(void **state)
{
	static const struct { const char *name, *value, *err; } row[] = {
		{ "caa-enable", "YES", "\"YES\" is not yes or no" },
		{ "caa-enable", "", "\"\" is not yes or no" },
		{ "caa-rate", "50001", "\"50001\" is out of range; allowed is 0..50000 queries/s" },
		{ "caa-rate", "4294967296", "\"4294967296\" is out of range; allowed is 0..50000 queries/s" },
		{ "caa-rate", "18446744073709551617", "\"18446744073709551617\" is out of range; allowed is 0..50000 queries/s" },
		{ "caa-rate", "", "\"\" is not a number; allowed is 0..50000 queries/s" },
		{ "caa-rate", "-1", "\"-1\" is not a number; allowed is 0..50000 queries/s" },
		{ "caa-rate", "+1", "\"+1\" is not a number; allowed is 0..50000 queries/s" },
		{ "caa-rate", " 1", "\" 1\" is not a number; allowed is 0..50000 queries/s" },
		{ "caa-rate", "1 ", "\"1 \" is not a number; allowed is 0..50000 queries/s" },
		{ "caa-rate", "0x10", "\"0x10\" is not a number; allowed is 0..50000 queries/s" },
		{ "caa-rate", "1.5", "\"1.5\" is not a number; allowed is 0..50000 queries/s" },
		{ "caa-hold-reuse", "28801", "\"28801\" is out of range; allowed is 0..28800 s" },
		{ "caa-hold", "28801", "\"28801\" is out of range; allowed is 0..28800 s" },
		{ "caa-climb-option", "1", "\"1\" is out of range; allowed is 0 or 65001..65534" },
		{ "caa-climb-option", "65535", "\"65535\" is out of range; allowed is 0 or 65001..65534" },
		{ "caa-burst", "0", "\"0\" is out of range; allowed is 1..1000 queries" },
		{ "caa-budget", "601", "\"601\" is out of range; allowed is 1..600 s" },
		{ "caa-rate", "\"\\\033[2J", "\"\\034\\092\\027[2J\" is not a number; allowed is 0..50000 queries/s" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		char err[CAA_OPTIONS_TEXT_MAX];
		uint32_t number = 4711;

		assert_int_equal(caa_option_parse(&number, caa_options_find(row[i].name), row[i].value, err), CAA_EFORMAT);
		assert_string_equal(err, row[i].err);
		assert_int_equal(number, 4711);
	}
}

static void a_long_value_is_cut(void **state)
{
	char value[5000], err[CAA_OPTIONS_TEXT_MAX];
	uint32_t number;

	(void)state;
	memset(value, '\377', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	assert_int_equal(caa_option_parse(&number, caa_options_find("caa-rate"), value, err), CAA_EFORMAT);
	assert_true(strlen(err) < 160);
	assert_non_null(strstr(err, "...\" is not a number"));
}

static void explain_lists_what_is_allowed(void **state)
{
	static const struct { enum caa_clause clause; const char *key, *text; } row[] = {
		{ CAA_CLAUSE_ZONE, "caa-x", "unknown key; caa-zone: allows name, caa-enable, caa-rate, caa-burst, caa-cookie, "
			"caa-tcp, caa-budget, caa-patience, caa-log-after, caa-error-reporting, caa-hold, "
			"caa-hold-reuse" },
		{ CAA_CLAUSE_MODULE, "caa-x", "unknown key; caa: allows caa-upstreams, caa-failures, caa-log-window, caa-log-rate, "
			"caa-log-file, caa-hold-size, caa-climb-option, "
			"caa-fleet-server, caa-fleet-perspective, caa-fleet-egress, caa-fleet-key-file, caa-fleet-user, caa-fleet-password-file, "
			"caa-fleet-tls, caa-fleet-tls-ca, caa-fleet-tls-name, caa-fleet-tls-cert, caa-fleet-tls-key, caa-fleet-wait" },
		{ CAA_CLAUSE_MODULE, "caa-rate", "belongs in caa-zone:, not in caa:" },
		{ CAA_CLAUSE_MODULE, "caa-cookie", "belongs in caa-zone:, not in caa:" },
		{ CAA_CLAUSE_MODULE, "name", "belongs in caa-zone:, not in caa:" },
		{ CAA_CLAUSE_ZONE, "caa-upstreams", "belongs in caa:, not in caa-zone:" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		char text[CAA_OPTIONS_TEXT_MAX];

		caa_options_explain(row[i].clause, row[i].key, text);
		assert_string_equal(text, row[i].text);
	}
}

static void text_is_read(void **state)
{
	const struct caa_option *opt = caa_options_find("caa-log-file");
	char out[CAA_OPTION_TEXT_MAX] = "before", err[CAA_OPTIONS_TEXT_MAX], longest[CAA_OPTION_TEXT_MAX + 1];

	(void)state;
	assert_int_equal(caa_option_parse_text(out, opt, "/var/log/caa.log", err), CAA_OK);
	assert_string_equal(out, "/var/log/caa.log");
	assert_int_equal(caa_option_parse_text(out, opt, "a\nb", err), CAA_EFORMAT);
	assert_string_equal(err, "\"a\\010b\" has other characters than printable ASCII");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[CAA_OPTION_TEXT_MAX] = '\0';
	assert_int_equal(caa_option_parse_text(out, opt, longest, err), CAA_EFORMAT);
	assert_non_null(strstr(err, "...\" is too long; allowed is 0..255 octets"));
	assert_string_equal(out, "/var/log/caa.log");
	longest[CAA_OPTION_TEXT_MAX - 1] = '\0';
	assert_int_equal(caa_option_parse_text(out, opt, longest, err), CAA_OK);
	assert_int_equal(caa_option_parse_text(out, opt, "", err), CAA_OK);
	assert_string_equal(out, "");
}

/** The manual has an entry for every option, with its range and default. */
static void the_manual_has_every_option(void **state)
{
	const char *path = getenv("CAA_MANUAL");
	char manual[65536], entry[128], text[32], number[32];
	const struct caa_option *opt;
	FILE *file;
	size_t len;

	(void)state;
	if (path == NULL)
		skip();
	file = fopen(path, "r");
	assert_non_null(file);
	len = fread(manual, 1, sizeof(manual) - 1, file);
	fclose(file);
	manual[len] = '\0';
	for (size_t i = 0; (opt = caa_options_at(i)) != NULL; i++) {
		const char *at, *end;

		snprintf(entry, sizeof(entry), ".It Ic %s : Ar ", opt->name);
		at = strstr(manual, entry);
		assert_non_null(at);
		end = strstr(at + 1, ".It ");
		if (opt->type == CAA_OPTION_BOOL) {
			snprintf(text, sizeof(text), ".Ar %s\nby default", opt->dflt != 0 ? "yes" : "no");
			assert_true(strstr(at, text) != NULL && (end == NULL || strstr(at, text) < end));
			continue;
		}
		if (opt->type != CAA_OPTION_U32)
			continue;
		snprintf(number, sizeof(number), "%u to %u", opt->min, opt->max);
		assert_true(strstr(at, number) != NULL && (end == NULL || strstr(at, number) < end));
		snprintf(number, sizeof(number), "%u", opt->dflt);
		assert_true(strstr(at, number) != NULL && (end == NULL || strstr(at, number) < end));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_in_range), cmocka_unit_test(init_sets_the_defaults),
		cmocka_unit_test(same_are_those_of_a_prefix),
		cmocka_unit_test(values_are_read), cmocka_unit_test(bad_values_say_what_is_allowed),
		cmocka_unit_test(a_long_value_is_cut), cmocka_unit_test(explain_lists_what_is_allowed),
		cmocka_unit_test(the_manual_has_every_option), cmocka_unit_test(text_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
