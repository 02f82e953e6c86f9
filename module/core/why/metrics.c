/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/why/metrics.h"

#include "core/why/report.h"
#include "core/wire/text.h"

#include <inttypes.h>
#include <string.h>

enum { FAMILY_MAX = 1024, US_PER_S = 1000000 };

static const char stem[] = "unbound_caa_", ours[] = "caa.", of_class[] = "caa.failures.";

struct printer {
	caa_metrics_print *print;
	void *arg;
};

static bool is_class(const struct caa_stat_line *line)
{
#define X(id, name, help) if (line == caa_stats_line(CAA_STAT_##id)) return true;
	CAA_STATS_CLASSES(X)
#undef X
	return false;
}

static bool is_wait(const struct caa_stat_line *line)
{
	return line == caa_stats_line(CAA_STAT_waits) || line == caa_stats_line(CAA_STAT_wait_us);
}

/** What a name of stats is in that of a metric, from behind `caa.` on. */
static void add_words(struct caa_text *t, const struct caa_stat_line *line)
{
	size_t len = strlen(line->name);
	const char *end = line->name + len - (line->unit == CAA_STAT_US ? strlen("_us") : 0);

	for (const char *c = line->name + strlen(ours); c < end; c++)
		caa_text_addf(t, "%c", *c == '.' || *c == '-' ? '_' : *c);
}

const char *caa_metrics_name(char out[static CAA_METRIC_NAME_MAX], const struct caa_stat_line *line)
{
	struct caa_text t;

	caa_text_init(&t, out, CAA_METRIC_NAME_MAX);
	if (line == caa_stats_reading(CAA_READING_wait_mean))
		return out;
	caa_text_add(&t, stem);
	if (is_wait(line))
		caa_text_add(&t, "wait");
	else
		add_words(&t, is_class(line) ? caa_stats_line(CAA_STAT_failures) : line);
	if (is_wait(line) || line->unit == CAA_STAT_US)
		caa_text_add(&t, "_seconds");
	else if (line->unit == CAA_STAT_BYTES)
		caa_text_add(&t, "_bytes");
	if (!is_wait(line) && line->kind == CAA_STAT_COUNTER)
		caa_text_add(&t, "_total");
	return out;
}

static void add_value(struct caa_text *t, enum caa_stat_unit unit, uint64_t value)
{
	if (unit == CAA_STAT_US)
		caa_text_addf(t, " %" PRIu64 ".%06" PRIu64 "\n", value / US_PER_S, value % US_PER_S);
	else
		caa_text_addf(t, " %" PRIu64 "\n", value);
}

/** What Prometheus wants to be told before the values. */
static void add_head(struct caa_text *t, const char *name, const char *help, const char *type)
{
	caa_text_addf(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_one(const struct printer *p, const struct caa_stat_line *line, uint64_t value)
{
	char text[FAMILY_MAX], name[CAA_METRIC_NAME_MAX];
	struct caa_text t;

	caa_text_init(&t, text, sizeof(text));
	add_head(&t, caa_metrics_name(name, line), line->help, line->kind == CAA_STAT_COUNTER ? "counter" : "gauge");
	caa_text_add(&t, name);
	add_value(&t, line->unit, value);
	p->print(p->arg, text);
}

static void write_classes(const struct printer *p, const struct caa_stats_values *total)
{
	const struct caa_stat_line *all = caa_stats_line(CAA_STAT_failures);
	char text[FAMILY_MAX], name[CAA_METRIC_NAME_MAX];
	struct caa_text t;

	caa_text_init(&t, text, sizeof(text));
	add_head(&t, caa_metrics_name(name, all), "CAA questions that ended as SERVFAIL, by the class of the failure", "counter");
	p->print(p->arg, text);
	for (size_t i = 0; i < CAA_STAT_COUNT; i++) {
		const struct caa_stat_line *line = caa_stats_line((enum caa_stat)i);

		if (!is_class(line))
			continue;
		caa_text_cut(&t, 0);
		caa_text_addf(&t, "%s{class=\"%s\"}", name, line->name + strlen(of_class));
		add_value(&t, line->unit, total->count[i]);
		p->print(p->arg, text);
	}
}

static void write_waits(const struct printer *p, const struct caa_stats_values *total)
{
	const struct caa_stat_line *count = caa_stats_line(CAA_STAT_waits), *sum = caa_stats_line(CAA_STAT_wait_us);
	char text[FAMILY_MAX], name[CAA_METRIC_NAME_MAX];
	struct caa_text t;

	caa_text_init(&t, text, sizeof(text));
	add_head(&t, caa_metrics_name(name, count), "waits of queries for their turn", "summary");
	caa_text_addf(&t, "%s_sum", name);
	add_value(&t, sum->unit, total->count[CAA_STAT_wait_us]);
	caa_text_addf(&t, "%s_count", name);
	add_value(&t, count->unit, total->count[CAA_STAT_waits]);
	p->print(p->arg, text);
}

static void write_info(const struct printer *p, const struct caa_versions *by)
{
	char text[FAMILY_MAX];
	struct caa_text t;

	caa_text_init(&t, text, sizeof(text));
	add_head(&t, "unbound_caa_info", "releases of Unbound and of the module", "gauge");
	caa_text_add(&t, "unbound_caa_info{unbound=\"");
	caa_text_json(&t, by->unbound);	/* a label's value escapes as JSON does */
	caa_text_add(&t, "\",module=\"");
	caa_text_json(&t, by->module);
	caa_text_add(&t, "\"} 1\n");
	p->print(p->arg, text);
}

void caa_metrics_write(const struct caa_stats_values *total, const uint64_t now[static CAA_READING_COUNT],
	const struct caa_versions *by, caa_metrics_print *print, void *arg)
{
	const struct printer p = { print, arg };

	for (size_t i = 0; i < CAA_STAT_COUNT; i++) {
		const struct caa_stat_line *line = caa_stats_line((enum caa_stat)i);

		if (i == CAA_STAT_failures)
			write_classes(&p, total);
		else if (i == CAA_STAT_waits)
			write_waits(&p, total);
		else if (!is_wait(line) && !is_class(line))
			write_one(&p, line, total->count[i]);
	}
	for (size_t i = 0; i < CAA_READING_COUNT; i++)
		if (i != CAA_READING_wait_mean)
			write_one(&p, caa_stats_reading((enum caa_reading)i), now[i]);
	write_info(&p, by);
}
