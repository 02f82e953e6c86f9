/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The limits that the resolvers of a perspective share (core/fleet/share.h): which of them are told of in each period, and what
 *  comes back.
 *
 *  Belongs to the fleet's thread (glue/fleet.h); takes the locks of the shards, one at a time. */
#ifndef CAA_GLUE_LIMITS_H
#define CAA_GLUE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/config/stats.h"
#include "core/fleet/entry.h"
#include "core/fleet/share.h"
#include "glue/shard.h"

struct caa_limits;
struct caa_limits_one;
struct config_file;

enum {
	CAA_LIMITS_MAX = 256,		/**< addresses at a time, of all nodes together, for the store's sake; others go alone */
	CAA_LIMIT_KEY_TEXT = 96		/**< octets of the name of a key behind the prefix, with NUL */
};

/** How something is told. @param key: behind the prefix. @param report: as the script reads it.
 *  @return false if it is not; else caa_limits_answered() is called once, later. */
typedef bool caa_limits_tell(void *arg, struct caa_limits_one *limit, const char *key, const char *report);

/** @param shards, stats: borrowed until destroy. @param egress: what resolvers have in common that meet the same limits; "" = the
 *	prefixes of the outgoing interfaces of cfg. @param arg: of tell. @return NULL if there is no memory. */
struct caa_limits *caa_limits_create(struct caa_shards *shards, struct caa_stats *stats, const char *egress, const struct config_file *cfg,
	caa_limits_tell *tell, void *arg);
/** Nothing is told any more. @param l: may be NULL. */
void caa_limits_destroy(struct caa_limits *l);

/** What resolvers have in common that servers see alike, and which ask the same ones.  Where it is not configured where they send from, that
 *  is nothing.  @param node: a resolver's own id. */
void caa_limits_egress(const struct caa_limits *l, const struct config_file *cfg, const uint8_t *node, size_t len,
	uint8_t out[static CAA_FLEET_EGRESS]);

/** @return when the next period begins. */
uint64_t caa_limits_due_us(const struct caa_limits *l);
/** Tell of all that is worth it, if it is time. @param nodes: that share, at least 1. */
void caa_limits_run(struct caa_limits *l, uint64_t nodes, uint64_t now_us);

/** @return what tell() is called with. */
void *caa_limits_arg(const struct caa_limits_one *limit);
/** What was told has an answer. @param number: the numbers of it; NULL if there is none, or an error. */
void caa_limits_answered(struct caa_limits_one *limit, const long long *number, size_t count, uint64_t now_us);

/** @return addresses whose rate is a share now; any thread. */
size_t caa_limits_leased(const struct caa_limits *l);

/** @return bytes. */
size_t caa_limits_memory(void);

#endif
