/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 32, WHERE_MAX = 512 };

/** One option of the clause that is being read. */
struct item {
	uint32_t value;
	char where[WHERE_MAX];	/**< "" = not set in this clause */
};

struct caa_config {
	caa_name_reader *read_name;
	struct caa_module_options module;
	struct caa_zones *zones;
	struct item module_item[OPTIONS_MAX];	/**< by index in the table; all `caa:` clauses count as one */
	struct item zone_item[OPTIONS_MAX];	/**< of the caa-zone: clause that is being read */
	bool in_clause;
	enum caa_clause clause;			/**< valid if in_clause */
	char clause_where[WHERE_MAX];
	uint8_t apex[CAA_NAME_MAX];
	size_t apex_len;			/**< 0 = the clause has not named its zone yet */
	char apex_where[WHERE_MAX];
};

static void copy_where(char out[static WHERE_MAX], const char *where)
{
	snprintf(out, WHERE_MAX, "%s", where);
}

/** Prefix text with its place and key. */
static enum caa_res fail(char err[static CAA_CONFIG_TEXT_MAX], const char *where, const char *key, const char *text)
{
	snprintf(err, CAA_CONFIG_TEXT_MAX, "%s: %s: %s", where, key, text);
	return CAA_EFORMAT;
}

struct caa_config *caa_config_create(caa_name_reader *read_name)
{
	struct caa_config *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->read_name = read_name;
	caa_options_module_init(&c->module);
	c->zones = caa_zones_create();
	if (c->zones == NULL) {
		caa_config_destroy(c);
		return NULL;
	}
	return c;
}

void caa_config_destroy(struct caa_config *c)
{
	if (c == NULL)
		return;
	caa_zones_destroy(c->zones);
	free(c);
}

static enum caa_res duplicate_zone(const struct caa_config *c, const struct caa_zone *first,
	char err[static CAA_CONFIG_TEXT_MAX])
{
	char name[CAA_NAME_TEXT_MAX], text[CAA_NAME_TEXT_MAX + WHERE_MAX + 64];

	caa_name_text(name, (struct caa_name){ c->apex, c->apex_len });
	snprintf(text, sizeof(text), "zone \"%s\" is configured twice, first at %s", name, caa_zone_where(first));
	return fail(err, c->apex_where, "name", text);
}

/** The clause ends: what it said becomes a zone. */
static enum caa_res commit_zone(struct caa_config *c, char err[static CAA_CONFIG_TEXT_MAX])
{
	const struct caa_option *opt;
	struct caa_zone *zone = NULL;
	enum caa_res res;

	if (c->apex_len == 0)
		return fail(err, c->clause_where, "caa-zone", "the clause has no name:, which names its zone");
	res = caa_zones_add(c->zones, (struct caa_name){ c->apex, c->apex_len }, c->apex_where, &zone);
	if (res == CAA_EFORMAT)
		return duplicate_zone(c, zone, err);
	if (res != CAA_OK) {
		fail(err, c->clause_where, "caa-zone", "out of memory");
		return res;
	}
	for (size_t i = 0; (opt = caa_options_at(i)) != NULL; i++)
		if (c->zone_item[i].where[0] != '\0')
			caa_zone_set(zone, opt, c->zone_item[i].value);
	return CAA_OK;
}

static enum caa_res end_clause(struct caa_config *c, char err[static CAA_CONFIG_TEXT_MAX])
{
	enum caa_res res = CAA_OK;

	if (c->in_clause && c->clause == CAA_CLAUSE_ZONE)
		res = commit_zone(c, err);
	c->in_clause = false;
	return res;
}

static enum caa_res start_clause(struct caa_config *c, enum caa_clause clause, const char *where,
	char err[static CAA_CONFIG_TEXT_MAX])
{
	enum caa_res res = end_clause(c, err);

	if (res != CAA_OK)
		return res;
	c->in_clause = true;
	c->clause = clause;
	copy_where(c->clause_where, where);
	c->apex_len = 0;
	for (size_t i = 0; i < OPTIONS_MAX; i++)
		c->zone_item[i].where[0] = '\0';
	return CAA_OK;
}

static enum caa_res read_zone_name(struct caa_config *c, const char *value, const char *where,
	char err[static CAA_CONFIG_TEXT_MAX])
{
	const char *why = "";
	char text[256];

	if (c->apex_len != 0) {
		snprintf(text, sizeof(text), "the clause has a name already, at %.128s", c->apex_where);
		return fail(err, where, "name", text);
	}
	if (c->read_name(c->apex, &c->apex_len, value, &why) != CAA_OK) {
		snprintf(text, sizeof(text), "not a domain name: %s; allowed is one such as \"example.com\" or \".\"", why);
		return fail(err, where, "name", text);
	}
	copy_where(c->apex_where, where);
	return CAA_OK;
}

static size_t index_of(const struct caa_option *opt)
{
	size_t i = 0;

	while (caa_options_at(i) != opt)
		i++;
	return i;
}

static enum caa_res read_option(struct caa_config *c, const struct caa_option *opt, const char *value,
	const char *where, char err[static CAA_CONFIG_TEXT_MAX])
{
	struct item *item = (opt->clause == CAA_CLAUSE_ZONE ? c->zone_item : c->module_item) + index_of(opt);
	char text[CAA_OPTIONS_TEXT_MAX];

	if (item->where[0] != '\0') {
		snprintf(text, sizeof(text), "is set already, at %.256s", item->where);
		return fail(err, where, opt->name, text);
	}
	if ((opt->type == CAA_OPTION_TEXT ? caa_option_parse_text((char *)&c->module + opt->offset, opt, value, text) :
	    caa_option_parse(&item->value, opt, value, text)) != CAA_OK)
		return fail(err, where, opt->name, text);
	copy_where(item->where, where);
	if (opt->clause == CAA_CLAUSE_MODULE && opt->type != CAA_OPTION_TEXT)
		memcpy((char *)&c->module + opt->offset, &item->value, sizeof(item->value));
	return CAA_OK;
}

enum caa_res caa_config_read(struct caa_config *c, const char *key, const char *value, const char *where,
	char err[static CAA_CONFIG_TEXT_MAX])
{
	const struct caa_option *opt;
	char text[CAA_OPTIONS_TEXT_MAX];

	if (strcmp(key, "caa:") == 0)
		return start_clause(c, CAA_CLAUSE_MODULE, where, err);
	if (strcmp(key, "caa-zone:") == 0)
		return start_clause(c, CAA_CLAUSE_ZONE, where, err);
	if (!c->in_clause)
		return fail(err, where, key, "is outside its clause, it belongs in a caa: or caa-zone: clause");
	if (c->clause == CAA_CLAUSE_ZONE && strcmp(key, "name") == 0)
		return read_zone_name(c, value, where, err);
	opt = caa_options_find(key);
	if (opt != NULL && opt->clause == c->clause)
		return read_option(c, opt, value, where, err);
	caa_options_explain(c->clause, key, text);
	return fail(err, where, key, text);
}

enum caa_res caa_config_finish(struct caa_config *c, char err[static CAA_CONFIG_TEXT_MAX])
{
	enum caa_res res = end_clause(c, err);

	if (res == CAA_OK)
		caa_zones_seal(c->zones);
	return res;
}

const char *caa_config_where(const struct caa_config *c, const char *name)
{
	return c->module_item[index_of(caa_options_find(name))].where;
}

const struct caa_module_options *caa_config_module(const struct caa_config *c)
{
	return &c->module;
}

const struct caa_zones *caa_config_zones(const struct caa_config *c)
{
	return c->zones;
}

uint32_t caa_config_budget_max(const struct caa_config *c)
{
	uint32_t max_s = 0;

	for (size_t i = 0; i < caa_zones_count(c->zones); i++) {
		struct caa_name apex;
		const struct caa_zone_options *o = caa_zones_at(c->zones, i, &apex);

		if (o->enable && o->budget_s > max_s)
			max_s = o->budget_s;
	}
	return max_s;
}

bool caa_config_enabled(const struct caa_config *c)
{
	return caa_config_budget_max(c) > 0;
}

bool caa_config_rated(const struct caa_config *c)
{
	struct caa_name apex;

	for (size_t i = 0; i < caa_zones_count(c->zones); i++)
		if (caa_zones_at(c->zones, i, &apex)->rate_qps != 0)
			return true;
	return false;
}

bool caa_config_tcp(const struct caa_config *c)
{
	for (size_t i = 0; i < caa_zones_count(c->zones); i++) {
		struct caa_name apex;
		const struct caa_zone_options *o = caa_zones_at(c->zones, i, &apex);

		if (o->enable && o->tcp)
			return true;
	}
	return false;
}
