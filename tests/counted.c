/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What the lines of stats are: the table of unbound-caa-control(8), whose test compares it with this.  Prints its mdoc: text of a fixed width, since
 *  a list of columns is wider than a terminal of 80. */
#include "core/why/metrics.h"

#include <stdio.h>
#include <string.h>

static const char stem[] = "unbound_caa_";

static const char *unit_of(const struct caa_stat_line *line)
{
	switch (line->unit) {
	case CAA_STAT_ONE:
		return "-";
	case CAA_STAT_US:
		return "us";
	case CAA_STAT_BYTES:
		return "bytes";
	}
	return "";
}

static void row(const struct caa_stat_line *line)
{
	char name[CAA_METRIC_NAME_MAX];
	const char *metric = caa_metrics_name(name, line);

	printf("%-26s%-8s%-6s%-6s%s\n", line->name, line->kind == CAA_STAT_COUNTER ? "counter" : "gauge", unit_of(line),
		line->reset ? "reset" : "kept", *metric != '\0' ? metric + strlen(stem) : "-");
}

int main(void)
{
	printf(".Bd -literal\n%-26s%-8s%-6s%-6s%s\n", "line", "kind", "unit", "stats", "metric");
	for (unsigned i = 0; i < CAA_STAT_COUNT; i++)
		row(caa_stats_line((enum caa_stat)i));
	for (unsigned i = 0; i < CAA_READING_COUNT; i++)
		row(caa_stats_reading((enum caa_reading)i));
	printf(".Ed\n");
	return 0;
}
