/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/config/advice.h"

/** A resolver that has nothing to be told, with a budget of 20 s. */
static const struct caa_settings GOOD = {
	.discard_timeout = 0, .wait_limit = 0, .num_queries_per_thread = 4000, .outgoing_range = 4000, .outgoing_num_tcp = 100,
	.incoming_num_tcp = 1000, .tcp_idle_timeout = 25000, .max_global_quota = 200, .ratelimit = 0, .ip_ratelimit = 0,
	.infra_host_ttl = 900, .cache_max_ttl = 86400, .unwanted_reply_threshold = 0, .do_tcp = true, .datagrams = true,
	.streams = true, .anchors = true, .module_config = "dynlib validator iterator", .anchor_file = "/root.key",
	.budget_s = 20, .tcp = true,
};

/** All that there is to say, line by line. */
static const char *lines(const struct caa_settings *s)
{
	static char all[8192];
	struct caa_advice advice;

	all[0] = '\0';
	for (size_t row = 0; caa_advice_next(&row, s, &advice);)
		sprintf(all + strlen(all), "%s=%s set %s\n", advice.setting, advice.value, advice.set);
	return all;
}

static void nothing_is_said_when_all_is_well(void **state)
{
	(void)state;
	assert_string_equal(lines(&GOOD), "");
}

#define NUMBER(field, value, expected) { offsetof(struct caa_settings, field), value, expected }

static void numbers_are_judged_at_their_edges(void **state)
{
	static const struct { size_t offset; int64_t value; const char *expected; } row[] = {
		NUMBER(discard_timeout, 19999, "discard-timeout=19999 set 20000\n"),
		NUMBER(discard_timeout, 20000, ""),
		NUMBER(wait_limit, 3999, "wait-limit=3999 set 4000\n"),
		NUMBER(wait_limit, 4000, ""),
		NUMBER(num_queries_per_thread, 3999, "num-queries-per-thread=3999 set 4000\n"),
		NUMBER(outgoing_range, 3999, "outgoing-range=3999 set 4000\n"),
		NUMBER(outgoing_num_tcp, 99, "outgoing-num-tcp=99 set 100\n"),
		NUMBER(outgoing_num_tcp, 0, "outgoing-num-tcp=0 set 100\n"),
		NUMBER(incoming_num_tcp, 999, "incoming-num-tcp=999 set 1000\n"),
		NUMBER(tcp_idle_timeout, 24999, "tcp-idle-timeout=24999 set 25000\n"),
		NUMBER(max_global_quota, 199, "max-global-quota=199 set 200\n"),
		NUMBER(max_global_quota, 0, "max-global-quota=0 set 200\n"),	/* not without limit: no packet at all */
		NUMBER(ratelimit, 1, "ratelimit=1 set 0\n"),
		NUMBER(ratelimit, 1000000, "ratelimit=1000000 set 0\n"),
		NUMBER(ip_ratelimit, 999, "ip-ratelimit=999 set 1000\n"),
		NUMBER(ip_ratelimit, 1000, ""),
		NUMBER(infra_host_ttl, 19, "infra-host-ttl=19 set 900\n"),
		NUMBER(infra_host_ttl, 20, ""),
		NUMBER(cache_max_ttl, 0, "cache-max-ttl=0 set 60\n"),
		NUMBER(cache_max_ttl, 19, "cache-max-ttl=19 set 60\n"),
		NUMBER(cache_max_ttl, 20, ""),
		NUMBER(unwanted_reply_threshold, 3999, "unwanted-reply-threshold=3999 set 0\n"),
		NUMBER(unwanted_reply_threshold, 4000, ""),
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_settings s = GOOD;

		memcpy((char *)&s + row[i].offset, &row[i].value, sizeof(row[i].value));
		assert_string_equal(lines(&s), row[i].expected);
	}
}

static void a_longer_budget_needs_more(void **state)
{
	struct caa_settings s = GOOD;

	(void)state;
	s.budget_s = 100;
	s.discard_timeout = 20000;
	s.cache_max_ttl = 60;
	assert_string_equal(lines(&s), "discard-timeout=20000 set 100000\nnum-queries-per-thread=4000 set 20000\n"
		"tcp-idle-timeout=25000 set 105000\noutgoing-range=4000 set 20000\nmax-global-quota=200 set 1000\n"
		"cache-max-ttl=60 set 100\n");
	s = GOOD;
	s.budget_s = 1;
	assert_string_equal(lines(&s), "");
}

static void what_cannot_matter_is_not_said(void **state)
{
	struct caa_settings s = GOOD;

	(void)state;
	s.incoming_num_tcp = 10;
	s.tcp_idle_timeout = 1000;
	s.streams = false;
	assert_string_equal(lines(&s), "");	/* who comes over TCP for a truncated answer finds it in the cache */
	s.streams = true;
	s.do_tcp_keepalive = true;		/* tcp-keepalive-timeout counts */
	assert_string_equal(lines(&s), "incoming-num-tcp=10 set 1000\n");
	s = GOOD;
	s.discard_timeout = 1900;
	s.datagrams = false;
	assert_string_equal(lines(&s), "");
	s = GOOD;
	s.outgoing_num_tcp = 10;
	s.tcp = false;
	assert_string_equal(lines(&s), "");
	s.do_tcp = false;
	assert_string_equal(lines(&s), "");
	s.tcp = true;
	assert_string_equal(lines(&s), "do-tcp=no set yes\n");
}

static void the_chain_of_modules(void **state)
{
	static const struct { const char *chain, *expected; } row[] = {
		{ "dynlib validator iterator", "" },
		{ "python dynlib respip validator iterator", "" },
		{ "dynlib validator cachedb iterator", "" },
		{ "validator dynlib iterator", "module-config=\"validator dynlib iterator\" set \"dynlib validator iterator\"\n" },
		{ "dns64  validator  dynlib cachedb iterator", "module-config=\"dns64  validator  dynlib cachedb iterator\" "
			"set \"dns64  dynlib validator  cachedb iterator\"\n" },
		{ "validator iterator dynlib", "module-config=\"validator iterator dynlib\" set \"dynlib validator iterator\"\n" },
		{ "subnetcache dynlib validator iterator", "module-config=\"subnetcache dynlib validator iterator\" "
			"set \"dynlib subnetcache validator iterator\"\n" },
		{ "dynlib iterator", "module-config=\"dynlib iterator\" set \"dynlib validator iterator\"\n" },
		{ "dynlib cachedb iterator", "module-config=\"dynlib cachedb iterator\" set \"dynlib validator cachedb iterator\"\n" },
		{ "dynlib myvalidator iterator", "module-config=\"dynlib myvalidator iterator\" "
			"set \"dynlib myvalidator validator iterator\"\n" },
		{ "dynlib", "" },	/* Unbound refuses these */
		{ "iterator", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_settings s = GOOD;

		s.module_config = row[i].chain;
		assert_string_equal(lines(&s), row[i].expected);
	}
}

static void an_anchor_and_what_it_is_for(void **state)
{
	struct caa_settings s = GOOD;

	(void)state;
	s.anchors = false;
	assert_string_equal(lines(&s), "auto-trust-anchor-file=none set \"/root.key\"\n");
	s.module_config = "dynlib iterator";	/* then the validator is what is missing first */
	assert_string_equal(lines(&s), "module-config=\"dynlib iterator\" set \"dynlib validator iterator\"\n");
	s = GOOD;
	s.val_permissive_mode = true;
	assert_string_equal(lines(&s), "val-permissive-mode=yes set no\n");
	s = GOOD;
	s.serve_expired = true;
	assert_string_equal(lines(&s), "serve-expired=yes set no\n");
}

static void a_long_chain_is_cut(void **state)
{
	struct caa_settings s = GOOD;
	struct caa_advice advice;
	char chain[2000], text[CAA_ADVICE_TEXT_MAX];
	size_t row = 0;

	(void)state;
	memset(chain, ' ', sizeof(chain));
	memcpy(chain, "validator", 9);
	strcpy(chain + 1900, "dynlib iterator");
	s.module_config = chain;
	assert_true(caa_advice_next(&row, &s, &advice));
	assert_int_equal(strlen(advice.value), CAA_ADVICE_VALUE_MAX - 1);
	assert_int_equal(strlen(advice.set), CAA_ADVICE_VALUE_MAX - 1);
	caa_advice_text(text, &advice);
	assert_true(strlen(text) < CAA_ADVICE_TEXT_MAX);
}

static void a_hold_and_the_reuse_are_8_hours_at_most(void **state)
{
	static const struct { uint32_t hold_s, reuse_s, set_s; } row[] = {	/* set_s UINT32_MAX: nothing is said */
		{ 0, 0, UINT32_MAX }, { 3600, 0, UINT32_MAX }, { 3601, 0, 3600 }, { 28800, 0, 3600 },
		{ 3600, 25200, UINT32_MAX }, { 3601, 25200, 3600 }, { 28799, 1, UINT32_MAX }, { 28800, 1, 28799 },
		{ 7200, 21600, UINT32_MAX }, { 7200, 21601, 7199 }, { 1, 28800, 0 }, { 0, 28800, UINT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_zones *z = caa_zones_create();
		struct caa_advice advice;
		struct caa_zone *zone;
		struct name_buffer b;
		struct caa_name apex;
		size_t at = 0;
		bool said;

		assert_int_equal(caa_zones_add(z, name_of(&b, "."), "f:1", &zone), CAA_OK);
		caa_zone_set(zone, caa_options_find("caa-enable"), 1);
		caa_zone_set(zone, caa_options_find("caa-hold"), row[i].hold_s);
		caa_zone_set(zone, caa_options_find("caa-hold-reuse"), row[i].reuse_s);
		caa_zones_seal(z);
		said = caa_advice_hold_next(&at, z, &apex, &advice);
		assert_int_equal(said, row[i].set_s != UINT32_MAX);
		if (said) {
			assert_string_equal(advice.setting, "caa-hold");
			assert_int_equal(strtoul(advice.value, NULL, 10), row[i].hold_s);
			assert_int_equal(strtoul(advice.set, NULL, 10), row[i].set_s);
		}
		assert_false(caa_advice_hold_next(&at, z, &apex, &advice));
		caa_zones_destroy(z);
	}
}

static void a_zone_says_what_it_does_not_have_from_above(void **state)
{
	static const struct { const char *name; int enable; uint32_t hold_s; bool said; } row[] = {	/* in canonical order */
		{ ".", 1, 7200, true },
		{ "lab", -1, 0, false },	/* as above */
		{ "a.lab", 0, 7200, false },	/* not enabled */
		{ "b.a.lab", 1, 7200, true },
		{ "c.lab", -1, 7201, true },
		{ "d.lab", -1, 60, false },
	};
	struct caa_zones *z = caa_zones_create();
	struct caa_advice advice;
	struct name_buffer b;
	struct caa_name apex;
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_zone *zone;

		assert_int_equal(caa_zones_add(z, name_of(&b, row[i].name), "f:1", &zone), CAA_OK);
		if (row[i].enable >= 0)
			caa_zone_set(zone, caa_options_find("caa-enable"), (uint32_t)row[i].enable);
		if (row[i].hold_s > 0)
			caa_zone_set(zone, caa_options_find("caa-hold"), row[i].hold_s);
	}
	caa_zones_seal(z);
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		if (!row[i].said)
			continue;
		assert_true(caa_advice_hold_next(&at, z, &apex, &advice));
		assert_true(caa_name_equal(apex, name_of(&b, row[i].name)));
	}
	assert_false(caa_advice_hold_next(&at, z, &apex, &advice));
	caa_zones_destroy(z);
}

static void a_line_has_setting_value_reason_and_what_to_set(void **state)
{
	struct caa_settings s = GOOD;
	struct caa_advice advice;
	char text[CAA_ADVICE_TEXT_MAX];
	size_t row = 0;

	(void)state;
	s.wait_limit = 1000;
	assert_true(caa_advice_next(&row, &s, &advice));
	caa_advice_text(text, &advice);
	assert_string_equal(text, "wait-limit: 1000: a client with this many waiting questions gets SERVFAIL for more; set wait-limit: 4000");
	assert_false(caa_advice_next(&row, &s, &advice));
}

/** The manual has an entry for every setting of the table, where it lists them. */
static void the_manual_lists_every_setting(void **state)
{
	const char *path = getenv("CAA_MANUAL"), *setting;
	char line[1024], entry[128];
	FILE *f;

	(void)state;
	if (path == NULL)
		skip();
	for (size_t row = 0; (setting = caa_advice_setting(row)) != NULL; row++) {
		bool in_section = false, found = false;

		f = fopen(path, "r");
		assert_non_null(f);
		snprintf(entry, sizeof(entry), ".It Ic %s", setting);
		while (fgets(line, sizeof(line), f) != NULL) {
			line[strcspn(line, "\n")] = '\0';
			if (line[0] == '.' && line[1] == 'S')
				in_section = strcmp(line, ".Ss Settings of Unbound that matter") == 0;
	
			found = found || (in_section && strncmp(line, entry, strlen(entry)) == 0);
		}
		fclose(f);
		if (!found)
			print_message("the manual lacks: %s\n", setting);
		assert_true(found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_said_when_all_is_well),
		cmocka_unit_test(numbers_are_judged_at_their_edges),
		cmocka_unit_test(a_longer_budget_needs_more),
		cmocka_unit_test(what_cannot_matter_is_not_said),
		cmocka_unit_test(the_chain_of_modules),
		cmocka_unit_test(an_anchor_and_what_it_is_for),
		cmocka_unit_test(a_long_chain_is_cut),
		cmocka_unit_test(a_hold_and_the_reuse_are_8_hours_at_most),
		cmocka_unit_test(a_zone_says_what_it_does_not_have_from_above),
		cmocka_unit_test(a_line_has_setting_value_reason_and_what_to_set),
		cmocka_unit_test(the_manual_lists_every_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
