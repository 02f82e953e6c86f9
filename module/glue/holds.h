/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Held answers of all threads: slices of core's store (core/hold/hold.h), each under a lock of its own, which is held for one
 *  call of core.
 *
 *  A flush moves the epoch first and then visits every slice.  What began in an older epoch is not put any more, so a
 *  flush also takes what was under way when it came.
 *
 *  What is held was fetched under the configuration that counts (glue/sources.h): when that changes it is dropped, and what
 *  Unbound's caches have from before is not held again. */
#ifndef CAA_GLUE_HOLDS_H
#define CAA_GLUE_HOLDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/hold/hold.h"

struct caa_holds;
struct module_env;
struct module_hooks;
struct caa_sources;

/** @param bytes: of all slices. @return NULL if there is no memory. */
struct caa_holds *caa_holds_create(size_t bytes, const struct caa_sources *sources);

/** At init: take what the module before a reload left in the hooks, or create.
 *  @param bytes: as in caa_holds_create(); what was left is of no use if it is of another size.
 *  @param sources: of the configuration; what was fetched under another one is dropped. */
struct caa_holds *caa_holds_take(struct module_hooks *hooks, size_t bytes, const struct caa_sources *sources);
/** At fast_reload, when the new configuration is in place.
 *  @return whether all was dropped, because answers come from elsewhere now; else the caller drops those of the zones of
 *	the module that have changed. */
bool caa_holds_follow(struct caa_holds *h, const struct caa_sources *sources);
/** At deinit: leave the answers in the hooks if Unbound's caches were kept; destroy them if these were emptied. */
void caa_holds_leave(struct caa_holds *h, struct module_hooks *hooks, const struct module_env *env);

/** @param h: may be NULL. */
void caa_holds_destroy(struct caa_holds *h);

/** @return flushes so far. */
uint64_t caa_holds_epoch(struct caa_holds *h);

/** caa_hold_put(), unless there was a flush since the epoch, or the answer is from before a change of the sources. @return whether it is held now. */
bool caa_holds_put(struct caa_holds *h, struct caa_hold_key key, const struct caa_hold_answer *a, uint64_t epoch);
/** caa_hold_get(). */
bool caa_holds_get(struct caa_holds *h, struct caa_hold_key key, struct caa_hold_time now, uint32_t hold_s,
	uint8_t *wire, struct caa_held *out);
/** caa_hold_see(). */
bool caa_holds_see(struct caa_holds *h, struct caa_hold_key key, struct caa_hold_time now, uint32_t hold_s, struct caa_held *out);
/** caa_hold_remove(). */
bool caa_holds_remove(struct caa_holds *h, struct caa_hold_key key);
/** caa_hold_has(). */
bool caa_holds_has(struct caa_holds *h, struct caa_hold_key key, struct caa_hold_time now, uint32_t hold_s);
/** caa_hold_drop() in every slice. */
size_t caa_holds_drop(struct caa_holds *h, const struct caa_hold_flush *flush);

/** @return answers held; not all at one instant. */
size_t caa_holds_count(struct caa_holds *h);
/** @return answers that made room for others since creation. */
uint64_t caa_holds_evicted(struct caa_holds *h);
/** @return bytes. */
size_t caa_holds_memory(struct caa_holds *h);

#endif
