/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/sources.h"

#include "util/config_file.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

typedef crypto_generichash_state digest_state;

/** A text, or that there is none; what follows it begins anew. */
static void add_text(digest_state *d, const char *text)
{
	static const uint8_t none = 1;

	if (text == NULL)
		crypto_generichash_update(d, &none, sizeof(none));
	else
		crypto_generichash_update(d, (const uint8_t *)text, strlen(text));
	crypto_generichash_update(d, (const uint8_t *)"", 1);
}

static void add_number(digest_state *d, uint32_t number)
{
	crypto_generichash_update(d, (const uint8_t *)&number, sizeof(number));
}

/** @param kind: whose list it is. */
static void add_list(digest_state *d, const char *kind, const struct config_strlist *list)
{
	add_text(d, kind);
	for (; list != NULL; list = list->next)
		add_text(d, list->str);
	add_text(d, NULL);
}

/** The content of a file, by the name that it has behind the chroot; of one that cannot be read nothing. */
static void add_file(digest_state *d, const struct config_file *cfg, const char *name)
{
	size_t root = cfg->chrootdir != NULL ? strlen(cfg->chrootdir) : 0, len;
	uint8_t part[4096];
	FILE *f;

	if (root > 0 && strncmp(name, cfg->chrootdir, root) == 0)
		name += root;
	f = fopen(name, "r");
	if (f == NULL)
		return;
	while ((len = fread(part, 1, sizeof(part), f)) > 0)
		crypto_generichash_update(d, part, len);
	fclose(f);
}

static void add_files(digest_state *d, const struct config_file *cfg, const char *kind, const struct config_strlist *list)
{
	add_list(d, kind, list);
	for (; list != NULL; list = list->next)
		add_file(d, cfg, list->str);
}

static void add_stubs(digest_state *d, const char *kind, const struct config_stub *stub)
{
	add_text(d, kind);
	for (; stub != NULL; stub = stub->next) {
		add_text(d, stub->name);
		add_list(d, "hosts", stub->hosts);
		add_list(d, "addresses", stub->addrs);
		add_number(d, (uint32_t)(stub->isprime != 0) | (uint32_t)(stub->isfirst != 0) << 1 |
			(uint32_t)(stub->tcp_upstream != 0) << 2 | (uint32_t)(stub->ssl_upstream != 0) << 3 |
			(uint32_t)(stub->no_cache != 0) << 4);
	}
}

static void add_auths(digest_state *d, const struct config_auth *auth)
{
	add_text(d, "auth-zone");
	for (; auth != NULL; auth = auth->next) {
		add_text(d, auth->name);
		add_text(d, auth->zonefile);
		add_list(d, "primaries", auth->masters);
		add_list(d, "urls", auth->urls);
		add_number(d, (uint32_t)(auth->for_downstream != 0) | (uint32_t)(auth->for_upstream != 0) << 1 |
			(uint32_t)(auth->fallback_enabled != 0) << 2);
	}
}

static void read_unbound(uint8_t out[static CAA_SOURCES_DIGEST], const struct config_file *cfg)
{
	digest_state d;

	crypto_generichash_init(&d, NULL, 0, CAA_SOURCES_DIGEST);
	add_list(&d, "trust-anchor", cfg->trust_anchor_list);
	add_list(&d, "auto-trust-anchor-file", cfg->auto_trust_anchor_file_list);
	add_files(&d, cfg, "trust-anchor-file", cfg->trust_anchor_file_list);
	add_files(&d, cfg, "trusted-keys-file", cfg->trusted_keys_file_list);
	add_list(&d, "domain-insecure", cfg->domain_insecure);
	add_number(&d, cfg->val_permissive_mode != 0);
	add_list(&d, "root-hints", cfg->root_hints);
	add_stubs(&d, "stub-zone", cfg->stubs);
	add_stubs(&d, "forward-zone", cfg->forwards);
	add_auths(&d, cfg->auths);
	add_list(&d, "do-not-query-address", cfg->donotqueryaddrs);
	add_number(&d, cfg->donotquery_localhost != 0);
	add_list(&d, "private-address", cfg->private_address);
	add_list(&d, "private-domain", cfg->private_domain);
	crypto_generichash_final(&d, out, CAA_SOURCES_DIGEST);
}

static void read_zones(uint8_t out[static CAA_SOURCES_DIGEST], const struct caa_zones *z)
{
	digest_state d;

	crypto_generichash_init(&d, NULL, 0, CAA_SOURCES_DIGEST);
	for (size_t i = 0; i < caa_zones_count(z); i++) {
		const struct caa_option *option;
		struct caa_name apex;
		const struct caa_zone_options *o = caa_zones_at(z, i, &apex);

		crypto_generichash_update(&d, apex.wire, apex.len);
		for (size_t k = 0; (option = caa_options_at(k)) != NULL; k++)
			if (option->clause == CAA_CLAUSE_ZONE)
				crypto_generichash_update(&d, (const uint8_t *)o + option->offset, sizeof(uint32_t));
	}
	crypto_generichash_final(&d, out, CAA_SOURCES_DIGEST);
}

void caa_sources_read(struct caa_sources *s, const struct config_file *cfg, const struct caa_zones *z)
{
	read_unbound(s->unbound, cfg);
	read_zones(s->zones, z);
}
