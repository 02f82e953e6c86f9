/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The counters as metrics, in the text format that Prometheus reads (version 0.0.4).
 *
 *  The names follow from those of stats: caa.sent.tcp is unbound_caa_sent_tcp_total; microseconds become seconds; the classes of
 *  caa.failures are one metric with a label; caa.wait.count and caa.wait.sum_us are a summary, so that its mean is the ratio of
 *  two rates and is not among them.  A metric counts from the start, whatever stats resets.
 *  No state: any thread may call anything here. */
#ifndef CAA_CORE_METRICS_H
#define CAA_CORE_METRICS_H

#include <stddef.h>
#include "core/config/stats.h"

struct caa_versions;

enum { CAA_METRIC_NAME_MAX = 64 };	/**< with NUL */

/** The metric that a line of stats is found in, without label.  @return out; empty if it is in none. */
const char *caa_metrics_name(char out[static CAA_METRIC_NAME_MAX], const struct caa_stat_line *line);

/** Takes one line or more, each with its end. */
typedef void caa_metrics_print(void *arg, const char *text);

/** Print all. @param total: since the start.  @param now: of each reading; that of caa.wait.max_us since the start, too. */
void caa_metrics_write(const struct caa_stats_values *total, const uint64_t now[static CAA_READING_COUNT],
	const struct caa_versions *by, caa_metrics_print *print, void *arg);

#endif
