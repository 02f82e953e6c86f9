/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What all threads share about failures: the names that fail, the budget of lines, the zones that servers answer for,
 *  and the traces.
 *
 *  Two locks, one around the zones, which is taken for every answer, and one around the rest.  A call takes one of them,
 *  for arithmetic and copies only: nothing is written, logged or called back under a lock. */
#ifndef CAA_GLUE_FAILURES_H
#define CAA_GLUE_FAILURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/why/fail.h"
#include "core/config/options.h"

struct caa_failures;

/** @return NULL if there is no memory. */
struct caa_failures *caa_failures_create(const struct caa_module_options *o);
/** Names outlive a configuration, unless the table gets another size: then they are forgotten.  No thread uses the old one.
 *  @param old: NULL, or owned by the result. @return NULL if there is no memory; old is destroyed then. */
struct caa_failures *caa_failures_renew(struct caa_failures *old, const struct caa_module_options *o);
/** @param f: may be NULL. */
void caa_failures_destroy(struct caa_failures *f);
/** Follow a new configuration, but for the size of the table. */
void caa_failures_apply(struct caa_failures *f, const struct caa_module_options *o);
/** @return bytes. */
size_t caa_failures_memory(const struct caa_failures *f);

/** @return whether failures are recorded: caa-failures is not 0. */
bool caa_failures_enabled(const struct caa_failures *f);

/** A server answered well for a zone.  @param caa_type: CAA; what answered another type is in a small table, where an entry that makes
 *  room is forgotten. */
void caa_failures_answered(struct caa_failures *f, const struct caa_addr *addr, struct caa_name zone, bool caa_type, uint64_t now_us);
/** @return whether it answered for another zone lately. */
enum caa_known caa_failures_others(struct caa_failures *f, const struct caa_addr *addr, struct caa_name zone, uint64_t now_us);

/** A question failed.  @param log_after: of the question's zone.
 *  @param n: how often its name has failed. @param left_out: lines that were not logged before this one.
 *  @return what to do about its line. */
enum caa_log_verdict { CAA_LOG_WRITE, CAA_LOG_BELOW, CAA_LOG_OVER };
enum caa_log_verdict caa_failures_add(struct caa_failures *f, const struct caa_case *c, uint64_t now_us, uint32_t log_after,
	struct caa_repeats *n, uint64_t *left_out);

/** @return whether a name is traced. */
bool caa_failures_traced(struct caa_failures *f, struct caa_name name, uint64_t now_us);
/** @return whether so many octets may be logged for a traced name; they are counted then. */
bool caa_failures_trace_take(struct caa_failures *f, struct caa_name name, uint64_t now_us, size_t octets);

/** @param since_us: 0 = however long ago.
 *  @return whether a server answered another type than CAA well for a zone lately, and since then, in whole seconds. */
bool caa_failures_is_typed(struct caa_failures *f, const struct caa_addr *addr, struct caa_name zone, uint64_t now_us, uint64_t since_us);

/** What unbound-control shows; each copies under the lock, the list in pieces. */
bool caa_failures_find(struct caa_failures *f, struct caa_name name, uint64_t now_us, struct caa_case *c, struct caa_repeats *n);
size_t caa_failures_list(struct caa_failures *f, uint64_t now_us, struct caa_fails_row *rows, size_t max);
/** @return names in the table; how many of them failed more than once. */
size_t caa_failures_count(struct caa_failures *f, size_t *repeaters);

enum { CAA_TRACES = 8, CAA_TRACE_OCTETS = 1000000, CAA_TRACE_S = 600, CAA_TRACE_MAX_S = 86400 };

/** Log every attempt for a name.  @param seconds: 0 = not any more. @return false if CAA_TRACES others are traced. */
bool caa_failures_trace(struct caa_failures *f, struct caa_name name, uint64_t now_us, uint32_t seconds);

struct caa_trace_row {
	uint8_t wire[CAA_NAME_MAX];
	uint8_t wire_len;
	uint32_t left_s;
	uint32_t left_octets;
};
/** @return traces that are on. */
size_t caa_failures_traces(struct caa_failures *f, uint64_t now_us, struct caa_trace_row rows[static CAA_TRACES]);

#endif
