/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/config/zones.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct caa_zone {
	struct caa_zone_options options;	/**< what is set; after seal, what counts */
	uint32_t set;				/**< bit i = option i of the table is set here */
	size_t apex_len;
	uint8_t apex[CAA_NAME_MAX];		/**< lower case */
	char where[];
};

struct caa_zones {
	struct caa_zone **zone;		/**< in canonical order of the names, always */
	size_t count, room;
	bool sealed;
};

static struct caa_name apex_of(const struct caa_zone *zone)
{
	return (struct caa_name){ zone->apex, zone->apex_len };
}

struct caa_zones *caa_zones_create(void)
{
	return calloc(1, sizeof(struct caa_zones));
}

void caa_zones_destroy(struct caa_zones *z)
{
	if (z == NULL)
		return;
	for (size_t i = 0; i < z->count; i++)
		free(z->zone[i]);
	free(z->zone);
	free(z);
}

/** Search the sorted array.
 *  @return whether the name is there; *at is its place or where it belongs. */
static bool find(const struct caa_zones *z, struct caa_name name, size_t *at)
{
	size_t low = 0, high = z->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = caa_name_compare(name, apex_of(z->zone[middle]));

		if (order == 0) {
			*at = middle;
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*at = low;
	return false;
}

static bool make_room(struct caa_zones *z)
{
	size_t room = z->room > 0 ? 2 * z->room : 8;
	struct caa_zone **zone;

	if (z->count < z->room)
		return true;
	zone = realloc(z->zone, room * sizeof(*zone));
	if (zone == NULL)
		return false;
	z->zone = zone;
	z->room = room;
	return true;
}

enum caa_res caa_zones_add(struct caa_zones *z, struct caa_name apex, const char *where, struct caa_zone **out)
{
	struct caa_zone *zone;
	size_t at;

	assert(!z->sealed);
	if (find(z, apex, &at)) {
		*out = z->zone[at];
		return CAA_EFORMAT;
	}
	zone = calloc(1, sizeof(*zone) + strlen(where) + 1);
	if (zone == NULL || !make_room(z)) {
		free(zone);
		return CAA_ENOMEM;
	}
	caa_options_zone_init(&zone->options);
	caa_name_lower(zone->apex, apex);
	zone->apex_len = apex.len;
	strcpy(zone->where, where);
	memmove(z->zone + at + 1, z->zone + at, (z->count - at) * sizeof(*z->zone));
	z->zone[at] = zone;
	z->count++;
	*out = zone;
	return CAA_OK;
}

const char *caa_zone_where(const struct caa_zone *zone)
{
	return zone->where;
}

/** @return the option's bit in struct caa_zone's set. */
static uint32_t bit_of(const struct caa_option *opt)
{
	return UINT32_C(1) << (opt - caa_options_at(0));
}

bool caa_zone_set(struct caa_zone *zone, const struct caa_option *opt, uint32_t value)
{
	assert(opt->clause == CAA_CLAUSE_ZONE);
	if (zone->set & bit_of(opt))
		return false;
	zone->set |= bit_of(opt);
	memcpy((char *)&zone->options + opt->offset, &value, sizeof(value));
	return true;
}

/** @return the zone with the longest name that encloses name, NULL if there is none. */
static const struct caa_zone *longest(const struct caa_zones *z, struct caa_name name)
{
	size_t at;

	do {
		if (find(z, name, &at))
			return z->zone[at];
	} while (caa_name_parent(&name, name));
	return NULL;
}

/** A zone that sets a rate has lines of its own.  There are as many as an octet can tell apart; further zones share them. */
static void number_line(struct caa_zone *zone, size_t number)
{
	zone->options.rate_line = zone->options.rate_qps != 0 ? (uint8_t)(number % UINT8_MAX + 1) : 0;
}

static void inherit(struct caa_zone *zone, const struct caa_zone *from)
{
	const struct caa_option *opt;

	for (size_t i = 0; (opt = caa_options_at(i)) != NULL; i++)
		if (opt->clause == CAA_CLAUSE_ZONE && !(zone->set & bit_of(opt)))
			memcpy((char *)&zone->options + opt->offset, (const char *)&from->options + opt->offset,
				sizeof(uint32_t));
	if (!(zone->set & bit_of(caa_options_find("caa-rate"))))
		zone->options.rate_line = from->options.rate_line;
}

void caa_zones_seal(struct caa_zones *z)
{
	/* In canonical order an enclosing zone comes before those below it, so it is complete when they need it. */
	for (size_t i = 0; i < z->count; i++) {
		const struct caa_zone *enclosing;
		struct caa_name parent;

		number_line(z->zone[i], i);
		if (!caa_name_parent(&parent, apex_of(z->zone[i])))
			continue;
		enclosing = longest(z, parent);
		if (enclosing != NULL)
			inherit(z->zone[i], enclosing);
	}
	z->sealed = true;
}

const struct caa_zone_options *caa_zones_match(const struct caa_zones *z, struct caa_name name)
{
	const struct caa_zone *zone;

	assert(z->sealed);
	zone = longest(z, name);
	return zone != NULL ? &zone->options : NULL;
}

size_t caa_zones_count(const struct caa_zones *z)
{
	return z->count;
}

const struct caa_zone_options *caa_zones_at(const struct caa_zones *z, size_t i, struct caa_name *apex)
{
	assert(i < z->count);
	*apex = apex_of(z->zone[i]);
	return &z->zone[i]->options;
}

/** @param a, b: NULL is no options at all. */
static bool options_equal(const struct caa_zone_options *a, const struct caa_zone_options *b)
{
	const struct caa_option *opt;

	if (a == NULL || b == NULL)
		return a == b;
	for (size_t i = 0; (opt = caa_options_at(i)) != NULL; i++)
		if (opt->clause == CAA_CLAUSE_ZONE &&
		    memcmp((const char *)a + opt->offset, (const char *)b + opt->offset, sizeof(uint32_t)) != 0)
			return false;
	return true;
}

bool caa_zones_changed_next(size_t *at, const struct caa_zones *a, const struct caa_zones *b, struct caa_name *apex)
{
	while (*at < a->count + b->count) {
		*apex = apex_of(*at < a->count ? a->zone[*at] : b->zone[*at - a->count]);
		(*at)++;
		if (!options_equal(caa_zones_match(a, *apex), caa_zones_match(b, *apex)))
			return true;
	}
	return false;
}

size_t caa_zones_memory(const struct caa_zones *z)
{
	size_t bytes = sizeof(*z) + z->room * sizeof(*z->zone);

	for (size_t i = 0; i < z->count; i++)
		bytes += sizeof(*z->zone[i]) + strlen(z->zone[i]->where) + 1;
	return bytes;
}
