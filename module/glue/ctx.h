/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The module's one context: configuration, upstream table and counters, shared by all threads.
 *
 *  Made by init and destroyed by deinit, when there are no worker threads; what was learned of upstreams is kept for the
 *  next context, which a reload makes.  In between only the configuration changes,
 *  at fast_reload, under config_lock; everything else locks itself (glue/shard.h) or is atomic (core/config/stats.h). */
#ifndef CAA_GLUE_CTX_H
#define CAA_GLUE_CTX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include "core/config/config.h"
#include "core/config/stats.h"
#include "glue/shard.h"

#include "util/locks.h"

struct caa_failures;
struct caa_fleet;
struct caa_log;
struct caa_lookups;
struct caa_patience;
struct caa_places;
struct caa_reporting;
struct caa_holds;
struct config_file;
struct module_env;
struct module_hooks;

struct caa_ctx {
	int id;				/**< position in module-config; fixed by create */
	lock_rw_type config_lock;	/**< guards config; held for a lookup or a swap, never while calling out */
	struct caa_config *config;	/**< replaced at fast_reload */
	_Atomic bool rated;		/**< any zone has a rate that is set by hand */
	_Atomic uint64_t moved_us;	/**< when a query of another type than CAA was last sent to another address; 0 = never */
	_Atomic uint64_t beside_us;	/**< when another type was last asked for beside CAA, glue/beside.h; 0 = never */
	_Atomic uint64_t stood_us;	/**< when it was seen that the process, or one of its threads, had stood still; 0 = never */
	_Atomic int64_t offset_s;	/**< by how much the wall clock is ahead of the one that is never set, when somebody looked */
	_Atomic bool enabled;		/**< any zone is enabled; where false, every hook returns at once */
	struct caa_shards *shards;	/**< its size is fixed by create */
	struct caa_lookups *lookups;	/**< that are under way; its size is fixed by create */
	struct caa_places *places;	/**< for connections, glue/places.h; fixed by create */
	struct caa_patience *patience;	/**< of clients, glue/patience.h; fixed by create */
	struct caa_stats stats;
	struct caa_failures *failures;	/**< locks itself */
	struct caa_reporting *reporting;	/**< of failures to zones' agents; locks itself */
	struct caa_log *log;		/**< where lines on failures go */
	struct caa_holds *holds;	/**< its size is fixed by create */
	struct caa_fleet *fleet;	/**< NULL where no store is shared; set by init, which ends it first of all in deinit */
	uint32_t climb_option;		/**< EDNS option code; 0 = none; fixed by create */
	struct module_env *env;		/**< of the main thread; set by init, borrowed until deinit */
};

/** Read the clauses of a configuration.
 *  @param err: on error says where and what. @return NULL on error. */
struct caa_config *caa_ctx_read_config(const struct config_file *cfg, char err[static CAA_CONFIG_TEXT_MAX]);

/** @param id: position in module-config. @param config: owned by the context from now on, also on error.
 *  @param cfg: Unbound's own: the number of threads and the chroot. @param hooks: what the module before a reload left
 *	there is taken. @param check: only the configuration is checked; caa-log-file is not opened.
 *  @return NULL, logged, if there is no memory or caa-log-file cannot be opened. */
struct caa_ctx *caa_ctx_create(int id, struct caa_config *config, const struct config_file *cfg,
	struct module_hooks *hooks, bool check);
/** @param ctx: may be NULL. */
void caa_ctx_destroy(struct caa_ctx *ctx);

/** Put a new configuration in place.
 *  @param config: owned by the context from now on. @param cfg: Unbound's own. */
void caa_ctx_apply(struct caa_ctx *ctx, struct caa_config *config, const struct config_file *cfg);

/** The options for a name, by longest match.
 *  @return false if its zone is not enabled, *out untouched. */
bool caa_ctx_options(struct caa_ctx *ctx, struct caa_name name, struct caa_zone_options *out);

/** @return whether any zone is enabled. */
static inline bool caa_ctx_enabled(struct caa_ctx *ctx)
{
	return atomic_load_explicit(&ctx->enabled, memory_order_relaxed);
}

/** @return bytes. */
size_t caa_ctx_memory(struct caa_ctx *ctx);

#endif
