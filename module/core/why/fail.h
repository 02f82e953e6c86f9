/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The names that fail, and how often: bounded, and such that names which fail once do not push out a name that keeps
 *  failing.
 *
 *  Two stages.  A filter holds a fingerprint and a count of each name that failed within the window, CAA_FAIL_FILTER times as
 *  many as the table has entries.  The table holds the last failure of a name in full.  A name that failed once is in one part
 *  of the table, where the oldest makes room; a name that failed again is in the other, where one that failed less often
 *  makes room first.  The first part always has an eighth of the table, the second may have the rest.
 *
 *  Its laws, for a table of N entries:
 *  - a name that failed k > 1 times gives its place only when 7/8 N other names failed at least as often (counted in classes
 *    2, 3, 4 to 7, 8 and more), however many names fail once;
 *  - a count is never too high, but for two names with the same 32 bit fingerprint in one set of 16: 4 in 10^9 failures;
 *  - a count is too low where a name's second failure comes after more than CAA_FAIL_FILTER * N other names failed once
 *    since its first (then the first is forgotten); never for a name in the table's second part;
 *  - the window is counted in quarters: what counts is what happened in the last three quarters to four.
 *
 *  One allocation at creation.  No clock, no lock: time is passed in, and the caller serialises calls on one table. */
#ifndef CAA_CORE_FAIL_H
#define CAA_CORE_FAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/why/cause.h"
#include "core/wire/hash.h"
#include "core/why/report.h"

enum {
	CAA_FAIL_FILTER = 16,	/**< names that failed once, remembered per entry of the table */
	CAA_FAIL_MIN = 16,	/**< entries that a table has at least */
	CAA_FAIL_PIECE = 256	/**< entries that are looked at in one piece where all are */
};

struct caa_fails;

/** @param max: entries, CAA_FAIL_MIN .. 2^24. @param key: for the hash; copied. @return NULL if there is no memory. */
struct caa_fails *caa_fails_create(size_t max, const uint8_t key[static CAA_HASH_KEY]);
/** @param t: may be NULL. */
void caa_fails_destroy(struct caa_fails *t);

/** A name has failed.
 *  @param c: kept as the name's last failure. @param now_s: a clock that never goes back, in seconds.
 *  @param window_s: at least 4, the same in all calls but for a change of configuration.
 *  @param n: how often it has failed, this time included. */
void caa_fails_add(struct caa_fails *t, const struct caa_case *c, uint32_t now_s, uint32_t window_s, struct caa_repeats *n);

/** Look for a name's last failure.
 *  @param c, n: set if true. @return false if it is not remembered. */
bool caa_fails_find(const struct caa_fails *t, struct caa_name name, uint32_t now_s, uint32_t window_s, struct caa_case *c,
	struct caa_repeats *n);

/** One line of the list of names. */
struct caa_fails_row {
	uint8_t wire[CAA_NAME_MAX];
	uint8_t wire_len;
	uint8_t class;		/**< enum caa_class, of the last failure */
	int64_t unix_s;		/**< of the last failure */
	struct caa_repeats repeats;
};

/** List names that failed more than once within the window; where there are more than max, those that failed most.  It goes
 *  over the table in pieces, so that who needs it between them does not wait; what changes then may be missed.
 *  @param at: 0 at first, then as it was left. @param rows: room for max. @param count: rows so far, in no order; 0 at first.
 *  @return whether there is another piece. */
bool caa_fails_list(const struct caa_fails *t, uint32_t *at, uint32_t now_s, uint32_t window_s, struct caa_fails_row *rows,
	size_t *count, size_t max);

/** Put rows in order, those that failed most first.  For when the table is not needed any more. */
void caa_fails_sort(struct caa_fails_row *rows, size_t count);

/** @return entries in use; how many of them failed more than once. */
size_t caa_fails_count(const struct caa_fails *t);
size_t caa_fails_repeaters(const struct caa_fails *t);
/** @return bytes, all reserved at creation and touched as it fills. */
size_t caa_fails_memory(const struct caa_fails *t);

#endif
