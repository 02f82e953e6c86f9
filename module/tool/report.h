/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What caa-climb prints: progress on a terminal, the table, the JSON document.  What comes from the network is
 *  escaped, so that no octet of it can break a line, a document or a terminal. */
#ifndef CAA_TOOL_REPORT_H
#define CAA_TOOL_REPORT_H

#include <stdbool.h>
#include "tool/check.h"

/** One line on standard error that is written over; for a terminal only. */
void caa_report_progress(const struct caa_checks *c);
/** Clear that line. */
void caa_report_progress_end(void);

/** @param quiet: only the names that failed, and the summary. */
void caa_report_table(const struct caa_checks *c, const struct caa_ask_counts *counts, double seconds, bool quiet);

void caa_report_json(const struct caa_checks *c, const struct caa_ask_counts *counts, double seconds);

#endif
