/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/ctx.h"

#include "glue/clock.h"
#include "glue/failures.h"
#include "glue/fleet.h"
#include "glue/fleet_config.h"
#include "glue/holds.h"
#include "glue/host.h"
#include "glue/log.h"
#include "glue/lookups.h"
#include "glue/patience.h"
#include "glue/places.h"
#include "glue/reporting.h"
#include "glue/sources.h"

#include "util/config_file.h"
#include "util/log.h"

#include <stdio.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { MIB = 1 << 20 };

/** What was learned of upstreams, between the context that is destroyed at a reload and the next one: the library stays
 *  loaded (-z nodelete).  Used by init and deinit only, when there are no other threads. */
static struct caa_shards *kept;
/** And the names that fail, likewise. */
static struct caa_failures *kept_failures;

/** Feed the items in the order of the file: Unbound's list has the newest first. */
static enum caa_res read_items(struct caa_config *config, const struct config_str3list *item,
	char err[static CAA_CONFIG_TEXT_MAX])
{
	const struct config_str3list **order, *p;
	size_t count = 0;
	enum caa_res res = CAA_OK;

	for (p = item; p != NULL; p = p->next)
		count++;
	order = calloc(count + 1, sizeof(*order));
	if (order == NULL) {
		snprintf(err, CAA_CONFIG_TEXT_MAX, "out of memory");
		return CAA_ENOMEM;
	}
	for (p = item; p != NULL; p = p->next)
		order[--count] = p;
	for (; res == CAA_OK && order[count] != NULL; count++)
		res = caa_config_read(config, order[count]->str, order[count]->str2, order[count]->str3, err);
	free(order);
	return res;
}

struct caa_config *caa_ctx_read_config(const struct config_file *cfg, char err[static CAA_CONFIG_TEXT_MAX])
{
	struct caa_config *config = caa_config_create(caa_host_read_name);
	uint8_t secret[CAA_FLEET_SECRET];
	struct caa_store_config store = { .servers = 0 };

	if (config == NULL) {
		snprintf(err, CAA_CONFIG_TEXT_MAX, "out of memory");
		return NULL;
	}
	if (read_items(config, cfg->module_clauses, err) != CAA_OK || caa_config_finish(config, err) != CAA_OK ||
	    !caa_fleet_read_config(&store, secret, config, cfg, err)) {
		caa_config_destroy(config);
		return NULL;
	}
	caa_fleet_free_config(&store);	/* it was to be checked */
	sodium_memzero(secret, sizeof(secret));
	return config;
}

struct caa_ctx *caa_ctx_create(int id, struct caa_config *config, const struct config_file *cfg,
	struct module_hooks *hooks, bool check)
{
	const struct caa_module_options *o = caa_config_module(config);
	struct caa_ctx *ctx = calloc(1, sizeof(*ctx));
	unsigned workers = cfg->num_threads > 0 ? (unsigned)cfg->num_threads : 1;
	struct caa_outgoing from = caa_host_outgoing(cfg);
	struct caa_sources sources;

	if (ctx == NULL) {
		log_err("caa: out of memory");
		caa_config_destroy(config);
		return NULL;
	}
	ctx->id = id;
	ctx->config = config;
	lock_rw_init(&ctx->config_lock);
	caa_stats_init(&ctx->stats);
	ctx->climb_option = o->climb_option;
	atomic_init(&ctx->enabled, caa_config_enabled(config));
	atomic_init(&ctx->moved_us, 0);
	atomic_init(&ctx->beside_us, 0);
	atomic_init(&ctx->stood_us, 0);
	atomic_init(&ctx->offset_s, caa_clock_offset_s());
	atomic_init(&ctx->rated, caa_config_rated(config));
	ctx->log = caa_log_open(check ? "" : o->log_file, cfg->chrootdir, kept != NULL);
	if (ctx->log == NULL) {
		caa_ctx_destroy(ctx);
		return NULL;
	}
	ctx->shards = caa_shards_renew(kept, o->upstreams, &from);
	kept = NULL;
	ctx->failures = caa_failures_renew(kept_failures, o);
	kept_failures = NULL;
	ctx->lookups = caa_lookups_create(workers, o->fleet_server[0] != '\0');
	ctx->patience = caa_patience_create(workers);
	ctx->places = caa_places_create(workers);
	ctx->reporting = caa_reporting_create();
	caa_sources_read(&sources, cfg, caa_config_zones(config));
	ctx->holds = caa_holds_take(hooks, (size_t)o->hold_mib * MIB, &sources);
	if (ctx->shards == NULL || ctx->holds == NULL || ctx->failures == NULL || ctx->lookups == NULL || ctx->patience == NULL || ctx->places == NULL ||
	    ctx->reporting == NULL) {
		log_err("caa: out of memory");
		caa_ctx_destroy(ctx);
		return NULL;
	}
	return ctx;
}

void caa_ctx_destroy(struct caa_ctx *ctx)
{
	if (ctx == NULL)
		return;
	if (ctx->shards != NULL)
		kept = ctx->shards;
	caa_log_close(ctx->log);
	caa_lookups_destroy(ctx->lookups);
	caa_patience_destroy(ctx->patience);
	caa_places_destroy(ctx->places);
	caa_reporting_destroy(ctx->reporting);
	caa_holds_destroy(ctx->holds);
	if (ctx->failures != NULL)
		kept_failures = ctx->failures;
	caa_config_destroy(ctx->config);
	lock_rw_destroy(&ctx->config_lock);
	free(ctx);
}

/** A change of the zones. */
struct change {
	const struct caa_zones *old, *now;
};

static bool has_changed(const void *arg, struct caa_name name)
{
	const struct change *change = arg;

	return caa_zones_differ_at(change->old, change->now, name);
}

/** What is held was fetched under the old configuration, as far as that differs. */
static void drop_held(struct caa_ctx *ctx, const struct caa_config *old, const struct caa_config *now, const struct config_file *cfg)
{
	const struct change change = { caa_config_zones(old), caa_config_zones(now) };
	struct caa_sources sources;

	caa_sources_read(&sources, cfg, change.now);
	if (ctx->fleet != NULL)
		caa_fleet_follow(ctx->fleet, &sources);
	if (caa_holds_follow(ctx->holds, &sources) || !caa_zones_differ(change.old, change.now))
		return;
	(void)caa_holds_drop(ctx->holds, &(struct caa_hold_flush){ .chosen = has_changed, .arg = &change });
}

void caa_ctx_apply(struct caa_ctx *ctx, struct caa_config *config, const struct config_file *cfg)
{
	const struct caa_module_options *before, *now = caa_config_module(config);
	struct caa_config *old;

	lock_rw_wrlock(&ctx->config_lock);
	old = ctx->config;
	ctx->config = config;
	atomic_store(&ctx->enabled, caa_config_enabled(config));
	atomic_store(&ctx->rated, caa_config_rated(config));
	lock_rw_unlock(&ctx->config_lock);
	drop_held(ctx, old, config, cfg);
	before = caa_config_module(old);
	if (before->upstreams != now->upstreams)
		log_warn("caa: caa-upstreams: a new size of the table takes effect at a restart or reload, "
			"not at fast_reload");
	if (before->failures != now->failures)
		log_warn("caa: caa-failures: a new size of the table takes effect at a restart or reload, "
			"not at fast_reload");
	caa_failures_apply(ctx->failures, now);
	if (strcmp(before->log_file, now->log_file) != 0)
		caa_log_reopen(ctx->log, now->log_file, cfg->chrootdir);
	if (now->climb_option != ctx->climb_option)
		log_warn("caa: caa-climb-option: another code takes effect at a restart or reload, not at fast_reload");
	if (!caa_options_module_same(before, now, "caa-fleet-"))
		log_warn("caa: caa-fleet-...: a change takes effect at a restart or reload, not at fast_reload");
	if (before->hold_mib != now->hold_mib)
		log_warn("caa: caa-hold-size: a new size takes effect at a restart or reload, not at fast_reload");
	caa_config_destroy(old);
}

bool caa_ctx_options(struct caa_ctx *ctx, struct caa_name name, struct caa_zone_options *out)
{
	const struct caa_zone_options *found;
	bool enabled;

	lock_rw_rdlock(&ctx->config_lock);
	found = caa_zones_match(caa_config_zones(ctx->config), name);
	enabled = found != NULL && found->enable;
	if (enabled)
		*out = *found;
	lock_rw_unlock(&ctx->config_lock);
	return enabled;
}

size_t caa_ctx_memory(struct caa_ctx *ctx)
{
	size_t bytes = sizeof(*ctx) + caa_shards_memory(ctx->shards) + caa_failures_memory(ctx->failures) +
		caa_lookups_memory(ctx->lookups) + caa_holds_memory(ctx->holds) + caa_reporting_memory(ctx->reporting);

	lock_rw_rdlock(&ctx->config_lock);
	bytes += caa_zones_memory(caa_config_zones(ctx->config));
	lock_rw_unlock(&ctx->config_lock);
	if (ctx->fleet != NULL)
		bytes += caa_fleet_memory(ctx->fleet);
	return bytes;
}
