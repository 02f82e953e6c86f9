/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Fuzz the configuration, item by item: an error text is whole, bounded and shows no control character; what is taken is in
 *  the range of its option, and the same value is taken again.
 *
 *  The input is lines `KEY=VALUE`, as the host hands them over. */
#include "fuzz.h"

#include "core/config/config.h"

#include <ldns/ldns.h>

enum { ITEMS_MAX = 64 };

static enum caa_res read_name(uint8_t wire[static CAA_NAME_MAX], size_t *len, const char *text, const char **why)
{
	ldns_rdf *rdf = NULL;
	bool good = text[0] != '\0' && ldns_str2rdf_dname(&rdf, text) == LDNS_STATUS_OK;

	if (good) {
		memcpy(wire, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
		*len = ldns_rdf_size(rdf);
		ldns_rdf_deep_free(rdf);
	} else {
		*why = "ldns";
	}
	return good ? CAA_OK : CAA_EFORMAT;
}

static void check_error(const char err[static CAA_CONFIG_TEXT_MAX], const char *where, const char *key)
{
	size_t len;

	check(memchr(err, '\0', CAA_CONFIG_TEXT_MAX) != NULL);
	check(strncmp(err, "f:", 2) == 0);	/* where a clause lacks something, an earlier place */
	len = strlen(err);
	/* the key is a word of unbound.conf's grammar, but for what this test makes of it */
	if (!is_harmless(key))
		return;
	check(len > strlen(where) + 2 && is_harmless(err));
}

/** A value that was taken is within its option's range, as everyone reads it. */
static void check_value(const struct caa_option *opt, const char *value)
{
	char err[CAA_OPTIONS_TEXT_MAX], text[CAA_OPTION_TEXT_MAX];
	uint32_t number = 0xdeadbeef;

	if (opt->type == CAA_OPTION_TEXT) {
		check(caa_option_parse_text(text, opt, value, err) == CAA_OK && strcmp(text, value) == 0 && strlen(text) <= opt->max);
		return;
	}
	check(caa_option_parse(&number, opt, value, err) == CAA_OK);
	check((number >= opt->min && number <= opt->max) || (opt->type == CAA_OPTION_U32_OR_0 && number == 0));
	if (opt->type == CAA_OPTION_BOOL)
		check(strcmp(value, number ? "yes" : "no") == 0);
	else
		check(strtoull(value, NULL, 10) == number);
}

/** A value that was refused leaves what was there, and is said why. */
static void check_refused(const struct caa_option *opt, const char *value)
{
	char err[CAA_OPTIONS_TEXT_MAX], text[CAA_OPTION_TEXT_MAX] = "as it was";
	uint32_t number = 0xdeadbeef;

	memset(err, 'x', sizeof(err));
	if (opt->type == CAA_OPTION_TEXT ? caa_option_parse_text(text, opt, value, err) == CAA_OK :
	    caa_option_parse(&number, opt, value, err) == CAA_OK)
		return;
	check(number == 0xdeadbeef && strcmp(text, "as it was") == 0);
	check(memchr(err, '\0', sizeof(err)) != NULL && is_harmless(err));
}

static void check_whole(const struct caa_config *c)
{
	const struct caa_option *opt;
	struct caa_name apex;
	uint32_t number;

	for (size_t i = 0; (opt = caa_options_at(i)) != NULL; i++) {
		for (size_t z = 0; z < caa_zones_count(caa_config_zones(c)) && opt->clause == CAA_CLAUSE_ZONE; z++) {
			memcpy(&number, (const char *)caa_zones_at(caa_config_zones(c), z, &apex) + opt->offset, sizeof(number));
			check((number >= opt->min && number <= opt->max) || number == opt->dflt);
			check(caa_zones_match(caa_config_zones(c), apex) == caa_zones_at(caa_config_zones(c), z, &apex));
		}
	}
	check(caa_config_enabled(c) == (caa_config_budget_max(c) > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct caa_config *c = caa_config_create(read_name);
	char err[CAA_CONFIG_TEXT_MAX], *text = malloc(size + 1), *next = text, where[32];
	enum caa_res res = CAA_OK;

	check(c != NULL && text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	for (unsigned line = 1; line <= ITEMS_MAX && *next != '\0' && res == CAA_OK; line++) {
		char *key = next, *value;
		const struct caa_option *opt;

		next += strcspn(next, "\n");
		if (*next != '\0')
			*next++ = '\0';
		value = key + strcspn(key, "=");
		if (*value != '\0')
			*value++ = '\0';
		snprintf(where, sizeof(where), "f:%u", line);
		memset(err, 'x', sizeof(err));
		opt = caa_options_find(key);
		res = caa_config_read(c, key, value, where, err);
		if (res != CAA_OK)
			check_error(err, where, key);
		else if (opt != NULL)
			check_value(opt, value);
		if (opt != NULL)
			check_refused(opt, value);
	}
	if (res == CAA_OK && caa_config_finish(c, err) == CAA_OK)
		check_whole(c);
	caa_config_destroy(c);
	free(text);
	return 0;
}
