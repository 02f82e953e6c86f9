/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/why/metrics.h"
#include "core/why/report.h"

static char text[64 * 1024];

static void print(void *arg, const char *line)
{
	(void)arg;
	assert_true(strlen(text) + strlen(line) < sizeof(text));
	strcat(text, line);
}

/** All counters count N, N + 1 ..., so that a mixed-up one shows. */
static void write_all(void)
{
	struct caa_stats_values total;
	uint64_t now[CAA_READING_COUNT];

	for (unsigned i = 0; i < CAA_STAT_COUNT; i++)
		total.count[i] = 1000 + i;
	for (unsigned i = 0; i < CAA_READING_COUNT; i++)
		now[i] = 2000 + i;
	total.count[CAA_STAT_waits] = 7;
	total.count[CAA_STAT_wait_us] = 12000345;
	now[CAA_READING_wait_max] = 3000007;
	total.wait_max_us = now[CAA_READING_wait_max];
	text[0] = '\0';
	caa_metrics_write(&total, now, &(struct caa_versions){ .unbound = "1.26.1", .module = "0\"\\1" }, print, NULL);
}

static void names_follow_from_those_of_stats(void **state)
{
	static const struct { enum caa_stat id; const char *name; } row[] = {
		{ CAA_STAT_questions, "unbound_caa_questions_total" },
		{ CAA_STAT_sent_tcp, "unbound_caa_sent_tcp_total" },
		{ CAA_STAT_waits, "unbound_caa_wait_seconds" },
		{ CAA_STAT_wait_us, "unbound_caa_wait_seconds" },
		{ CAA_STAT_failures, "unbound_caa_failures_total" },
		{ CAA_STAT_class_formerr_edns, "unbound_caa_failures_total" },
		{ CAA_STAT_failures_cached, "unbound_caa_failures_cached_total" },
	};
	static const struct { enum caa_reading id; const char *name; } reading[] = {
		{ CAA_READING_wait_mean, "" },
		{ CAA_READING_wait_max, "unbound_caa_wait_max_seconds" },
		{ CAA_READING_evicted, "unbound_caa_upstreams_evicted_total" },
		{ CAA_READING_mem, "unbound_caa_mem_bytes" },
	};
	char name[CAA_METRIC_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++)
		assert_string_equal(caa_metrics_name(name, caa_stats_line(row[i].id)), row[i].name);
	for (size_t i = 0; i < COUNT_OF(reading); i++)
		assert_string_equal(caa_metrics_name(name, caa_stats_reading(reading[i].id)), reading[i].name);
}

static void says_help_type_and_value(void **state)
{
	static const char *const parts[] = {
		"# HELP unbound_caa_questions_total CAA questions taken in enabled zones, each asked by a client or a lookup\n"
		"# TYPE unbound_caa_questions_total counter\nunbound_caa_questions_total 1000\n",
		"# TYPE unbound_caa_wait_seconds summary\nunbound_caa_wait_seconds_sum 12.000345\nunbound_caa_wait_seconds_count 7\n",
		"# TYPE unbound_caa_wait_max_seconds gauge\nunbound_caa_wait_max_seconds 3.000007\n",
		"# TYPE unbound_caa_mem_bytes gauge\n",
		"unbound_caa_info{unbound=\"1.26.1\",module=\"0\\\"\\\\1\"} 1\n",
	};

	(void)state;
	write_all();
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		assert_non_null(strstr(text, parts[i]));
}

/** Each counter and reading but the sum of all classes and the mean is there once, with its own value. */
static void everything_is_there_once(void **state)
{
	unsigned lines = 0;

	(void)state;
	write_all();
	for (const char *c = text; (c = strchr(c, '\n')) != NULL; c++)
		lines += c[1] != '#' && c[1] != '\0';
	assert_int_equal(lines + (text[0] != '#'), CAA_STAT_COUNT - 1 + CAA_READING_COUNT - 1 + 1);
	for (unsigned i = 0; i < CAA_STAT_COUNT; i++) {
		char value[32], *found;

		if (i == CAA_STAT_waits || i == CAA_STAT_wait_us || i == CAA_STAT_failures)
			continue;
		snprintf(value, sizeof(value), " %u\n", 1000 + i);
		found = strstr(text, value);
		assert_non_null(found);
		assert_null(strstr(found + 1, value));
	}
}

static void classes_are_a_label(void **state)
{
	char line[128];

	(void)state;
	write_all();
#define X(id, name, help) \
	snprintf(line, sizeof(line), "unbound_caa_failures_total{class=\"%s\"} %u\n", name + strlen("caa.failures."), \
		1000u + CAA_STAT_##id); \
	assert_non_null(strstr(text, line));
	CAA_STATS_CLASSES(X)
#undef X
	assert_null(strstr(text, "unbound_caa_failures_total "  "1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_follow_from_those_of_stats), cmocka_unit_test(says_help_type_and_value),
		cmocka_unit_test(everything_is_there_once), cmocka_unit_test(classes_are_a_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
