/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The six functions that Unbound's dynlib module looks up, and nothing else.
 *
 *  Unbound calls init and deinit while there are no worker threads, the others from any of them.  In deinit the
 *  configuration is already another one: nothing here reads it then. */
#include "config.h"

#include "glue/advice.h"
#include "glue/build.h"
#include "glue/climbing.h"
#include "glue/control.h"
#include "glue/ctx.h"
#include "glue/failure.h"
#include "glue/fleet.h"
#include "glue/flush.h"
#include "glue/hold.h"
#include "glue/holds.h"
#include "glue/hooks.h"
#include "glue/host.h"
#include "glue/log.h"
#include "glue/lookups.h"
#include "glue/query.h"
#include "glue/sources.h"

#include "core/why/report.h"

#include "daemon/worker.h"
#include "dynlibmod/dynlibmod.h"
#include "dynlibmod/module_abi.h"
#include "util/config_file.h"
#include "util/log.h"
#include "util/module.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* dynlibmod.c finds them by name, so no header of Unbound's declares them.  Everything else is hidden. */
#define EXPORT __attribute__((visibility("default")))
EXPORT int init(struct module_env *env, int id);
EXPORT void deinit(struct module_env *env, int id);
EXPORT void operate(struct module_qstate *qstate, enum module_ev event, int id, struct outbound_entry *entry);
EXPORT void inform_super(struct module_qstate *qstate, int id, struct module_qstate *super);
EXPORT void clear(struct module_qstate *qstate, int id);
EXPORT size_t get_mem(struct module_env *env, int id);

static struct caa_ctx *ctx_of(const struct module_env *env, int id)
{
	const struct dynlibmod_env *dynlib = env->modinfo[id];

	return dynlib != NULL ? dynlib->dyn_env : NULL;
}

/** Find the hooks of the Unbound that loads us.  Looked up by name, so that the library loads into one
 *  without them and can say what is wrong.
 *  @return NULL, logged, if it has none or is not the one we were built against. */
static struct module_hooks *hooks_of_host(void)
{
	static const struct module_abi ours = MODULE_ABI;
	const struct module_abi *theirs = dlsym(RTLD_DEFAULT, "module_abi");
	struct module_hooks *hooks = dlsym(RTLD_DEFAULT, "module_hooks");

	if (theirs == NULL || hooks == NULL) {
		log_err("caa: this Unbound has no hooks for the module; build Unbound %s with the patches of "
			"unbound-caa, see patches/README.md", ours.release);
		return NULL;
	}
	/* the version first: another one's structure may be shorter */
	if (theirs->version != ours.version || memcmp(theirs, &ours, sizeof(ours)) != 0) {
		log_err("caa: the module was built against Unbound %s (hooks %u), this is Unbound %.20s (hooks %u)%s; "
			"build the module against the source tree of this Unbound, as it was configured",
			ours.release, ours.version, theirs->release, theirs->version,
			strncmp(theirs->release, ours.release, sizeof(ours.release)) == 0 ?
			" with other configure options" : "");
		return NULL;
	}
	return hooks;
}

/** The library stays loaded over a reload (-z nodelete), and Unbound finds it by its path: what is in the file by then is not looked at. */
static void warn_if_replaced(void)
{
	const char *path = caa_build_replaced();

	if (path != NULL)
		log_warn("caa: %s is another build by now than the one that runs, release %s; Unbound takes it when it is restarted, "
			"not at a reload", path, caa_host_versions.module);
}

static int check_config(void *arg, struct config_file *cfg, char *err, size_t errlen)
{
	char text[CAA_CONFIG_TEXT_MAX];
	struct caa_config *config = caa_ctx_read_config(cfg, text);

	(void)arg;
	if (config == NULL) {
		snprintf(err, errlen, "%s", text);
		return 0;
	}
	caa_config_destroy(config);
	return 1;
}

static void apply_config(void *arg, struct config_file *cfg)
{
	char text[CAA_CONFIG_TEXT_MAX];
	struct caa_config *config = caa_ctx_read_config(cfg, text);

	if (config == NULL) {
		log_err("caa: the new configuration is not in use: %s", text);
		return;
	}
	caa_ctx_apply(arg, config, cfg);
	caa_advise(arg, cfg);
	warn_if_replaced();
}

/** The fleet's thread has news for a question. */
static void told(void *arg, struct caa_fleet_ask *ask)
{
	struct caa_ctx *ctx = arg;

	caa_lookups_word(ctx->lookups, ask);
}

/** Begin to share lookups with other resolvers, if that is configured. @return false if it is, and cannot be. */
static bool join_fleet(struct caa_ctx *ctx, const struct module_env *env, struct module_hooks *hooks)
{
	struct caa_sources sources;

	if (caa_config_module(ctx->config)->fleet_server[0] == '\0' || env->msg_cache == NULL)
		return true;
	caa_sources_read(&sources, env->cfg, caa_config_zones(ctx->config));
	ctx->fleet = caa_fleet_create(ctx->config, env->cfg, &sources, &(struct caa_fleet_events){ ctx, told, caa_flush_heard },
		ctx->shards, &ctx->stats);
	if (ctx->fleet == NULL)
		return false;
	caa_query_set(hooks);
	return true;
}

static void reopen_log(void *arg)
{
	struct caa_ctx *ctx = arg;

	caa_log_reopen(ctx->log, NULL, NULL);
}

int init(struct module_env *env, int id)
{
	struct module_hooks *hooks = hooks_of_host();
	struct dynlibmod_env *dynlib;
	char err[CAA_CONFIG_TEXT_MAX];
	struct caa_config *config;
	struct caa_ctx *ctx;

	if (hooks == NULL)
		return 0;
	if (hooks->arg != NULL) {
		log_err("caa: the module is loaded twice; module-config needs it once");
		return 0;
	}
	config = caa_ctx_read_config(env->cfg, err);
	if (config == NULL) {
		log_err("%s", err);
		return 0;
	}
	ctx = caa_ctx_create(id, config, env->cfg, hooks, env->msg_cache == NULL);	/* none: unbound-checkconf */
	if (ctx == NULL)
		return 0;
	caa_advise(ctx, env->cfg);
	warn_if_replaced();
	dynlib = env->modinfo[id];
	dynlib->dyn_env = ctx;
	if (!caa_failure_register(ctx, env, hooks)) {
		log_err("caa: out of memory");
		dynlib->dyn_env = NULL;
		caa_ctx_destroy(ctx);
		return 0;
	}
	caa_hooks_set(ctx, hooks);
	caa_control_set(hooks);
	caa_flush_set(hooks);
	ctx->env = env;
	caa_hold_set(hooks);
	if (!caa_climbing_register(ctx, env) || !join_fleet(ctx, env, hooks))
		return 0;
	hooks->config_check = check_config;
	hooks->config_apply = apply_config;
	hooks->log_reopen = reopen_log;
	module_hooks_seal();
	return 1;
}

void deinit(struct module_env *env, int id)
{
	struct dynlibmod_env *dynlib = env->modinfo[id];
	struct module_hooks *hooks = dlsym(RTLD_DEFAULT, "module_hooks");
	struct caa_ctx *ctx = ctx_of(env, id);

	if (ctx == NULL)
		return;
	caa_fleet_destroy(ctx->fleet);
	ctx->fleet = NULL;
	caa_failure_unregister(ctx, env);
	memset(hooks, 0, sizeof(*hooks));
	dynlib->dyn_env = NULL;
	caa_climbing_unregister(ctx, env);
	caa_holds_leave(ctx->holds, hooks, env);
	ctx->holds = NULL;
	caa_ctx_destroy(ctx);
}

void operate(struct module_qstate *qstate, enum module_ev event, int id, struct outbound_entry *entry)
{
	(void)entry;
	caa_query_operate(ctx_of(qstate->env, id), qstate, event);
}

void inform_super(struct module_qstate *qstate, int id, struct module_qstate *super)
{
	caa_climbing_inform(ctx_of(super->env, id), qstate, super);
}

void clear(struct module_qstate *qstate, int id)
{
	caa_query_clear(ctx_of(qstate->env, id), qstate);
}

size_t get_mem(struct module_env *env, int id)
{
	struct caa_ctx *ctx = ctx_of(env, id);

	return ctx != NULL ? caa_ctx_memory(ctx) : 0;
}
