/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The first so many of many rows in some order, found without room for all of them.
 *
 *  While rows are offered those that are kept are a heap, with the row that goes last at its top: n of them cost n log max
 *  steps.  No state of its own: any thread may call anything here, one at a time on the same rows. */
#ifndef CAA_CORE_TOP_H
#define CAA_CORE_TOP_H

#include <stddef.h>

/** As for qsort(): below 0 if the first goes before the second. */
typedef int caa_top_order(const void *a, const void *b);

/** Offer a row.
 *  @param rows: room for max of size octets each. @param count: rows so far; 0 at first.
 *  @param row: copied if it is kept. */
void caa_top_offer(void *rows, size_t size, size_t *count, size_t max, const void *row, caa_top_order *order);

#endif
