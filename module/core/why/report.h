/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What is said of a case at length: a line of JSON for programs, a page for an engineer.
 *
 *  All that comes from outside is clean text (core/wire/text.h) before it gets here.  Nothing tells of the network that asks:
 *  no address of its own and no path; the servers' addresses are public.
 *  No state: any thread may call anything here. */
#ifndef CAA_CORE_REPORT_H
#define CAA_CORE_REPORT_H

#include <stdint.h>
#include "core/why/cause.h"
#include "core/why/say.h"
#include "core/wire/text.h"

enum {
	CAA_LINE_MAX = 2048 + 1,	/**< octets of a line of JSON with NUL, without its newline */
	CAA_EXPLAIN_MAX = 8192,		/**< octets of the page with NUL */
	CAA_REPORT_VERSION = 1		/**< of the line's schema, "v" in it */
};

/** How often a name has failed. */
struct caa_repeats {
	uint32_t count;		/**< within the window */
	uint32_t total;		/**< since the name is remembered */
	uint32_t window_s;
	int64_t first_unix_s;	/**< the first failure since the name is remembered */
};

/** Who says it. */
struct caa_versions {
	const char *unbound, *module;	/**< release numbers */
};

/** Write the line: always a whole JSON object; attempts that do not fit are counted.
 *  @param left_out: lines that were not logged since the last one. @return its octets. */
size_t caa_report_line(const struct caa_case *c, const struct caa_repeats *n, uint64_t left_out, const struct caa_versions *by,
	char line[static CAA_LINE_MAX]);

/** Write the page. */
void caa_report_explain(const struct caa_case *c, const struct caa_repeats *n, const struct caa_versions *by,
	char page[static CAA_EXPLAIN_MAX]);

/** Write an attempt as the line has it, as an object.  @param t: full if it does not fit. */
void caa_report_attempt(struct caa_text *t, const struct caa_case *c, const struct caa_attempt *a);

#endif
