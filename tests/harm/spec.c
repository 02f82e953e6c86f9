/* SPDX-License-Identifier: BSD-3-Clause */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "spec.h"

void spec_parents(struct spec *spec)
{
	*spec = (struct spec){ .slot = 0, .path = "parents" };
	spec->zone = calloc(2, sizeof(*spec->zone));
	if (spec->zone == NULL)
		abort();
	spec->zones = 2;
	spec->zone[0] = (struct zone){ .full = "", .at = 1, .parent = -1, .glue = -1, .cname = -1, .dname = -1, .ttl = TTL_DEFAULT };
	spec->zone[1] = spec->zone[0];
	strcpy(spec->zone[1].full, HARM_TLD);
	spec->zone[1].at = 2;
	spec->zone[1].parent = 0;
	spec->address[0].used = spec->address[1].used = true;
}

void spec_address(char out[static 16], unsigned slot, unsigned number)
{
	if (slot == 0)		/* where the lab's resolvers look for the root */
		snprintf(out, 16, "127.0.53.%u", number % 256);
	else
		snprintf(out, 16, "127.%u.%u.%u", 100 + slot / 250 % 100, 1 + slot % 250, number % 256);
}

/** Whether a name is that of a zone or below it. */
static bool is_within(const char *name, const char *zone)
{
	size_t name_len = strlen(name), zone_len = strlen(zone);

	if (zone_len == 0)
		return true;
	if (name_len < zone_len || strcasecmp(name + name_len - zone_len, zone) != 0)
		return false;
	return name_len == zone_len || name[name_len - zone_len - 1] == '.';
}

int spec_zone_of(const struct spec *spec, const char *full)
{
	int best = -1;

	for (size_t i = 0; i < spec->zones; i++)
		if (is_within(full, spec->zone[i].full) &&
		    (best < 0 || strlen(spec->zone[i].full) > strlen(spec->zone[best].full)))
			best = (int)i;
	return best;
}

void spec_host(char out[static NAME_TEXT], const struct zone *zone, const char *full)
{
	size_t len = strlen(full), apex = strlen(zone->full), host = 0;

	if (len > apex)
		host = len - apex - (apex > 0 ? 1 : 0);
	if (host >= NAME_TEXT)
		host = NAME_TEXT - 1;
	memcpy(out, full, host);
	out[host] = '\0';
}

bool spec_matches(const char *globs, const char *text)
{
	char list[GLOB_TEXT], *rest = NULL;

	if (globs[0] == '\0')
		return true;
	snprintf(list, sizeof(list), "%s", globs);
	for (char *glob = strtok_r(list, ",", &rest); glob != NULL; glob = strtok_r(NULL, ",", &rest))
		if (fnmatch(glob, text, 0) == 0)
			return true;
	return false;
}

bool spec_rule_is_for(const struct rule *rule, const struct zone *zone, unsigned address)
{
	return (rule->at >> address & 1) != 0 && spec_matches(rule->zones, zone->name);
}

bool spec_limit_is_for(const struct limit *limit, const struct zone *zone, unsigned address)
{
	return (limit->at >> address & 1) != 0 && spec_matches(limit->zones, zone->name);
}

void spec_expand(const char *template, void (*each)(const char *name, void *arg), void *arg)
{
	const char *open = strrchr(template, '{'), *close = open != NULL ? strchr(open, '}') : NULL;
	unsigned first, last;

	if (open == NULL || close == NULL || sscanf(open, "{%u-%u}", &first, &last) != 2) {
		each(template, arg);
		return;
	}
	for (unsigned n = first; n <= last; n++) {
		char name[NAME_TEXT];

		snprintf(name, sizeof(name), "%.*s%u%s", (int)(open - template), template, n, close + 1);
		spec_expand(name, each, arg);
	}
}

uint64_t spec_hash(unsigned seed, const char *text, unsigned number)
{
	uint64_t hash = 1469598103934665603u ^ seed * 0x9e3779b97f4a7c15u ^ number * 0xc2b2ae3d27d4eb4fu;

	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * 1099511628211u;
	hash ^= hash >> 33;
	hash *= 0xff51afd7ed558ccdu;
	return hash ^ hash >> 33;
}
