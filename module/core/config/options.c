/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/config/options.h"

#include "core/config/ranges.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 64 };	/**< octets of a value from outside that an error text shows */

#define U32(name, clause, field, min, dflt, max, unit, help) \
	{ name, CAA_CLAUSE_##clause, CAA_OPTION_U32, OFFSET_##clause(field), min, dflt, max, unit, help }
#define U32_OR_0(name, clause, field, min, max, unit, help) \
	{ name, CAA_CLAUSE_##clause, CAA_OPTION_U32_OR_0, OFFSET_##clause(field), min, 0, max, unit, help }
#define BOOL(name, clause, field, dflt, help) \
	{ name, CAA_CLAUSE_##clause, CAA_OPTION_BOOL, OFFSET_##clause(field), 0, dflt, 1, "", help }
#define TEXT(name, clause, field, help) \
	{ name, CAA_CLAUSE_##clause, CAA_OPTION_TEXT, OFFSET_##clause(field), 0, 0, CAA_OPTION_TEXT_MAX - 1, "octets", help }
#define OFFSET_MODULE(field) offsetof(struct caa_module_options, field)
#define OFFSET_ZONE(field) offsetof(struct caa_zone_options, field)

static const struct caa_option table[] = {
	U32("caa-upstreams", MODULE, upstreams, 64, 100000, 10000000, "addresses", "size of the upstream table"),
	U32("caa-failures", MODULE, failures, 0, 10000, 1000000, "names", "that fail, remembered; 0 = nothing is recorded"),
	U32("caa-log-window", MODULE, log_window_s, 4, 3600, 604800, "s", "failures of a name count so long"),
	U32("caa-log-rate", MODULE, log_rate, 0, 10, 100000, "lines/s", "on failures that are logged; 0 = none"),
	TEXT("caa-log-file", MODULE, log_file, "file for lines on failures; \"\" = Unbound's log"),
	U32("caa-hold-size", MODULE, hold_mib, 1, 64, 4096, "MiB", "memory for held answers"),
	U32_OR_0("caa-climb-option", MODULE, climb_option, CAA_CLIMB_OPTION_MIN, CAA_CLIMB_OPTION_MAX, "",
		"EDNS option code of a whole climb in one question; 0 = none"),
	TEXT("caa-fleet-server", MODULE, fleet_server, "stores that the resolvers of a perspective share"),
	TEXT("caa-fleet-perspective", MODULE, fleet_perspective, "name of the network perspective, which nothing leaves"),
	TEXT("caa-fleet-egress", MODULE, fleet_egress, "name of what resolvers that meet the same limits send from"),
	TEXT("caa-fleet-key-file", MODULE, fleet_key_file, "32 octets, under which is believed what is in a store"),
	TEXT("caa-fleet-user", MODULE, fleet_user, "of the store; \"\" = its default"),
	TEXT("caa-fleet-password-file", MODULE, fleet_password_file, "of the store; \"\" = none is asked for"),
	BOOL("caa-fleet-tls", MODULE, fleet_tls, 0, "talk with stores over TLS only"),
	TEXT("caa-fleet-tls-ca", MODULE, fleet_tls_ca, "bundle of the authorities of a store's certificate; \"\" = those of the system"),
	TEXT("caa-fleet-tls-name", MODULE, fleet_tls_name, "name that a store's certificate must have; \"\" = its address"),
	TEXT("caa-fleet-tls-cert", MODULE, fleet_tls_cert, "certificate of this resolver for a store; \"\" = none"),
	TEXT("caa-fleet-tls-key", MODULE, fleet_tls_key, "and its key"),
	U32("caa-fleet-wait", MODULE, fleet_wait_ms, 1, 5, 1000, "ms", "that a question waits for the first word of a store"),
	BOOL("caa-enable", ZONE, enable, 0, "take the CAA questions below this zone"),
	U32("caa-rate", ZONE, rate_qps, 0, 0, CAA_RATE_MAX, "queries/s", "to one upstream address; 0 = learned"),
	U32("caa-burst", ZONE, burst, 1, 16, CAA_BURST_MAX, "queries", "under way to an address before it answered"),
	BOOL("caa-cookie", ZONE, cookie, 1, "send DNS cookies to upstreams"),
	BOOL("caa-tcp", ZONE, tcp, 1, "ask over TCP after a limit"),
	U32("caa-budget", ZONE, budget_s, 1, 20, 600, "s", "longest time that a question is worked on"),
	U32("caa-patience", ZONE, patience_ms, 0, 0, 600000, "ms", "after that a client hears why it waits; 0 = at the end only"),
	U32("caa-log-after", ZONE, log_after, 1, 3, 1000, "failures", "a name is logged from this one on"),
	BOOL("caa-error-reporting", ZONE, error_reporting, 0, "report failures to the agent of the zone that failed"),
	U32("caa-hold", ZONE, hold_s, 0, 0, CAA_EIGHT_HOURS_S, "s", "keep a completed answer"),
	U32("caa-hold-reuse", ZONE, hold_reuse_s, 0, 0, CAA_EIGHT_HOURS_S, "s", "the authority's own reuse of a check; 0 = not given"),
};

enum { OPTIONS = sizeof(table) / sizeof(table[0]) };

static const char *clause_name(enum caa_clause clause)
{
	switch (clause) {
	case CAA_CLAUSE_MODULE:
		return "caa:";
	case CAA_CLAUSE_ZONE:
		return "caa-zone:";
	}
	return "";
}

const struct caa_option *caa_options_at(size_t i)
{
	return i < OPTIONS ? &table[i] : NULL;
}

const struct caa_option *caa_options_find(const char *name)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

bool caa_options_module_same(const struct caa_module_options *a, const struct caa_module_options *b, const char *prefix)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		const char *va = (const char *)a + table[i].offset, *vb = (const char *)b + table[i].offset;

		if (table[i].clause != CAA_CLAUSE_MODULE || strncmp(table[i].name, prefix, strlen(prefix)) != 0)
			continue;
		if (table[i].type == CAA_OPTION_TEXT ? strcmp(va, vb) != 0 : memcmp(va, vb, sizeof(uint32_t)) != 0)
			return false;
	}
	return true;
}

/** Set every option of a clause to its default. */
static void set_defaults(void *options, enum caa_clause clause)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (table[i].clause == clause && table[i].type == CAA_OPTION_TEXT)
			((char *)options)[table[i].offset] = '\0';
		else if (table[i].clause == clause)
			memcpy((char *)options + table[i].offset, &table[i].dflt, sizeof(table[i].dflt));
}

void caa_options_module_init(struct caa_module_options *o)
{
	set_defaults(o, CAA_CLAUSE_MODULE);
}

void caa_options_zone_init(struct caa_zone_options *o)
{
	set_defaults(o, CAA_CLAUSE_ZONE);
}

/** Copy a value from outside so that it can be shown: what is not printable ASCII is escaped as \DDD, and a
 *  long value is cut. */
static const char *shown(char out[static SHOWN_MAX + 8], const char *value)
{
	size_t at = 0;

	for (; *value != '\0'; value++) {
		unsigned char c = (unsigned char)*value;

		if (at >= SHOWN_MAX) {
			memcpy(out + at, "...", 3);
			at += 3;
			break;
		}
		if (c >= ' ' && c <= '~' && c != '"' && c != '\\')
			out[at++] = (char)c;
		else
			at += (size_t)snprintf(out + at, 5, "\\%03u", c);
	}
	out[at] = '\0';
	return out;
}

static enum caa_res parse_bool(uint32_t *out, const char *value, char err[static CAA_OPTIONS_TEXT_MAX])
{
	char text[SHOWN_MAX + 8];

	if (strcmp(value, "yes") == 0) {
		*out = 1;
		return CAA_OK;
	}
	if (strcmp(value, "no") == 0) {
		*out = 0;
		return CAA_OK;
	}
	snprintf(err, CAA_OPTIONS_TEXT_MAX, "\"%s\" is not yes or no", shown(text, value));
	return CAA_EFORMAT;
}

static enum caa_res parse_u32(uint32_t *out, const struct caa_option *opt, const char *value,
	char err[static CAA_OPTIONS_TEXT_MAX])
{
	bool or_0 = opt->type == CAA_OPTION_U32_OR_0;
	bool digits = value[0] != '\0' && value[strspn(value, "0123456789")] == '\0';
	char text[SHOWN_MAX + 8];
	uint64_t number = 0;

	/* Stops above every maximum, long before it could overflow. */
	for (const char *c = value; digits && *c != '\0' && number <= opt->max; c++)
		number = number * 10 + (uint64_t)(*c - '0');
	if (digits && ((number >= opt->min && number <= opt->max) || (or_0 && number == 0))) {
		*out = (uint32_t)number;
		return CAA_OK;
	}
	snprintf(err, CAA_OPTIONS_TEXT_MAX, "\"%s\" is %s; allowed is %s%" PRIu32 "..%" PRIu32 "%s%s",
		shown(text, value), digits ? "out of range" : "not a number", or_0 ? "0 or " : "", opt->min, opt->max,
		opt->unit[0] != '\0' ? " " : "", opt->unit);
	return CAA_EFORMAT;
}

enum caa_res caa_option_parse(uint32_t *out, const struct caa_option *opt, const char *value,
	char err[static CAA_OPTIONS_TEXT_MAX])
{
	switch (opt->type) {
	case CAA_OPTION_BOOL:
		return parse_bool(out, value, err);
	case CAA_OPTION_U32:
	case CAA_OPTION_U32_OR_0:
		return parse_u32(out, opt, value, err);
	case CAA_OPTION_TEXT:
		break;
	}
	return CAA_EFORMAT;
}

enum caa_res caa_option_parse_text(char out[static CAA_OPTION_TEXT_MAX], const struct caa_option *opt, const char *value,
	char err[static CAA_OPTIONS_TEXT_MAX])
{
	size_t len = strlen(value);
	char text[SHOWN_MAX + 8];

	for (size_t i = 0; i < len && len <= opt->max; i++) {
		if (value[i] < ' ' || value[i] > '~') {
			snprintf(err, CAA_OPTIONS_TEXT_MAX, "\"%s\" has other characters than printable ASCII",
				shown(text, value));
			return CAA_EFORMAT;
		}
	}
	if (len > opt->max) {
		snprintf(err, CAA_OPTIONS_TEXT_MAX, "\"%s\" is too long; allowed is %" PRIu32 "..%" PRIu32 " %s",
			shown(text, value), opt->min, opt->max, opt->unit);
		return CAA_EFORMAT;
	}
	memcpy(out, value, len + 1);
	return CAA_OK;
}

/** Append to a text, cut where it ends. */
static void append(char err[static CAA_OPTIONS_TEXT_MAX], const char *text)
{
	size_t len = strlen(err);

	snprintf(err + len, CAA_OPTIONS_TEXT_MAX - len, "%s", text);
}

void caa_options_explain(enum caa_clause clause, const char *key, char err[static CAA_OPTIONS_TEXT_MAX])
{
	bool is_name = strcmp(key, "name") == 0;
	const char *separator = clause == CAA_CLAUSE_ZONE ? "name, " : "";

	if (is_name || caa_options_find(key) != NULL) {
		enum caa_clause home = is_name ? CAA_CLAUSE_ZONE : caa_options_find(key)->clause;

		snprintf(err, CAA_OPTIONS_TEXT_MAX, "belongs in %s, not in %s", clause_name(home), clause_name(clause));
		return;
	}
	snprintf(err, CAA_OPTIONS_TEXT_MAX, "unknown key; %s allows ", clause_name(clause));
	for (size_t i = 0; i < OPTIONS; i++) {
		if (table[i].clause != clause)
			continue;
		append(err, separator);
		append(err, table[i].name);
		separator = ", ";
	}
}
