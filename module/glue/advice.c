/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/advice.h"

#include "core/config/advice.h"
#include "core/wire/text.h"
#include "glue/ctx.h"

#include "util/config_file.h"
#include "util/log.h"

static bool is_stream(const struct config_file *cfg, const char *interface)
{
	return if_is_ssl(interface, cfg->port, cfg->ssl_port, cfg->tls_additional_port) ||
		if_is_https(interface, cfg->port, cfg->https_port);
}

/** How many interfaces are for DoT or DoH. */
static int count_streams(const struct config_file *cfg)
{
	int count = 0;

	for (int i = 0; i < cfg->num_ifs; i++)
		count += is_stream(cfg, cfg->ifs[i]);
	return count;
}

static bool has_streams(const struct config_file *cfg)
{
	return cfg->do_tcp && (!cfg->do_udp || count_streams(cfg) > 0 ||
		cfg_ports_list_contains(cfg->if_automatic_ports, cfg->ssl_port) ||
		cfg_ports_list_contains(cfg->if_automatic_ports, cfg->https_port));
}

static bool has_anchors(const struct config_file *cfg)
{
	return cfg->trust_anchor_file_list != NULL || cfg->trust_anchor_list != NULL ||
		cfg->auto_trust_anchor_file_list != NULL || cfg->trusted_keys_file_list != NULL;
}

static struct caa_settings settings_of(const struct config_file *cfg)
{
	return (struct caa_settings){
		.discard_timeout = cfg->discard_timeout, .wait_limit = cfg->wait_limit,
		.num_queries_per_thread = (int64_t)cfg->num_queries_per_thread, .outgoing_range = cfg->outgoing_num_ports,
		.outgoing_num_tcp = (int64_t)cfg->outgoing_num_tcp, .incoming_num_tcp = (int64_t)cfg->incoming_num_tcp,
		.tcp_idle_timeout = cfg->tcp_idle_timeout, .max_global_quota = cfg->max_global_quota,
		.ratelimit = cfg->ratelimit, .ip_ratelimit = cfg->ip_ratelimit, .infra_host_ttl = cfg->host_ttl,
		.cache_max_ttl = cfg->max_ttl, .unwanted_reply_threshold = (int64_t)cfg->unwanted_threshold,
		.do_tcp = cfg->do_tcp, .do_tcp_keepalive = cfg->do_tcp_keepalive,
		.val_permissive_mode = cfg->val_permissive_mode, .serve_expired = cfg->serve_expired, .streams = has_streams(cfg),
		.datagrams = cfg->do_udp && (cfg->num_ifs == 0 || count_streams(cfg) < cfg->num_ifs),
		.anchors = has_anchors(cfg), .module_config = cfg->module_conf, .anchor_file = ROOT_ANCHOR_FILE };
}

/** @param zone: as in caa_advice_hold_next(). @param name: of the zone that was found, as text. */
static bool next_hold(struct caa_ctx *ctx, size_t *zone, char name[static CAA_NAME_MAX + 1], struct caa_advice *advice)
{
	struct caa_name apex;
	bool found;

	lock_rw_rdlock(&ctx->config_lock);
	found = caa_advice_hold_next(zone, caa_config_zones(ctx->config), &apex, advice);
	if (found)
		caa_text_name(name, CAA_NAME_MAX + 1, apex);
	lock_rw_unlock(&ctx->config_lock);
	return found;
}

static void advise_holds(struct caa_ctx *ctx)
{
	char name[CAA_NAME_MAX + 1], text[CAA_ADVICE_TEXT_MAX];
	struct caa_advice advice;

	for (size_t zone = 0; next_hold(ctx, &zone, name, &advice);) {
		caa_advice_text(text, &advice);
		log_warn("caa: zone %s: %s", name, text);
	}
}

void caa_advise(struct caa_ctx *ctx, const struct config_file *cfg)
{
	struct caa_settings settings = settings_of(cfg);
	struct caa_advice advice;

	lock_rw_rdlock(&ctx->config_lock);
	settings.budget_s = caa_config_budget_max(ctx->config);
	settings.tcp = caa_config_tcp(ctx->config);
	lock_rw_unlock(&ctx->config_lock);
	if (settings.budget_s == 0)
		return;
	for (size_t row = 0; caa_advice_next(&row, &settings, &advice);) {
		char text[CAA_ADVICE_TEXT_MAX];

		caa_advice_text(text, &advice);
		log_warn("caa: %s", text);
	}
	advise_holds(ctx);
}
