/* SPDX-License-Identifier: BSD-3-Clause */
/** \file How many lines may be logged: so many in a second, whatever happens; what is left out is counted.
 *
 *  In each second of the clock no more than rate lines.
 *  No clock, no lock: time is passed in, and the caller serialises calls. */
#ifndef CAA_CORE_LINEBUDGET_H
#define CAA_CORE_LINEBUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct caa_linebudget {
	uint64_t second;	/**< that is counted */
	uint64_t left_out;	/**< since the last line */
	uint32_t lines;		/**< in this second */
};

/** @param rate: lines in a second; 0 = none. @param left_out: set if true: lines left out since the last one.
 *  @return whether a line may be logged; it is counted then. */
bool caa_linebudget_take(struct caa_linebudget *b, uint64_t now_us, uint32_t rate, uint64_t *left_out);

#endif
