/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/config/zones.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The basis and prime of FNV-1a.  The names that can be found are the operator's own, so that the hash needs no key. */
#define HASH_BASIS UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

struct caa_zone {
	struct caa_zone_options options;	/**< what is set; after seal, what counts */
	uint32_t set;				/**< bit i = option i of the table is set here */
	uint64_t hash;				/**< of the apex */
	const char *where;			/**< behind the apex */
	size_t apex_len;
	uint8_t apex[];				/**< lower case */
};

struct caa_zones {
	struct caa_zone **zone;		/**< as they were added; after seal in canonical order of the names */
	struct caa_zone **place;	/**< by hash, PLACES for each that there is room for; NULL = free */
	size_t count, room;		/**< room: a power of two, or 0 */
	bool sealed;
};

enum {
	ROOM_FIRST = 8,	/**< zones that there is room for at first */
	PLACES = 2	/**< in which one is found after two or three looks */
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
	free(z->place);
	free(z);
}

/** Hash a name and all that encloses it, from the root on. @param hash: at the place of a name's first octet, its own.
 *  @param lower: in lower case. */
static void hash_all(uint64_t hash[static CAA_NAME_MAX], struct caa_name lower)
{
	uint64_t state = HASH_BASIS;

	for (size_t i = lower.len; i-- > 0;) {
		state = (state ^ lower.wire[i]) * HASH_PRIME;
		hash[i] = state ^ state >> 32;
	}
}

/** @return where a name is, or where it belongs; there is room. @param lower: in lower case. */
static struct caa_zone **place_of(const struct caa_zones *z, struct caa_name lower, uint64_t hash)
{
	size_t mask = PLACES * z->room - 1, at = hash & mask;
	const struct caa_zone *there;

	while ((there = z->place[at]) != NULL && (there->hash != hash || there->apex_len != lower.len ||
	    memcmp(there->apex, lower.wire, lower.len) != 0))
		at = (at + 1) & mask;
	return &z->place[at];
}

/** Have room for one more. */
static bool make_room(struct caa_zones *z)
{
	size_t room = z->room > 0 ? 2 * z->room : ROOM_FIRST;
	struct caa_zone **zone, **place;

	if (z->count < z->room)
		return true;
	zone = realloc(z->zone, room * sizeof(*zone));
	if (zone == NULL)
		return false;
	z->zone = zone;
	place = calloc(PLACES * room, sizeof(*place));
	if (place == NULL)
		return false;
	free(z->place);
	z->place = place;
	z->room = room;
	for (size_t i = 0; i < z->count; i++)
		*place_of(z, apex_of(zone[i]), zone[i]->hash) = zone[i];
	return true;
}

/** @param lower: in lower case. @return NULL if there is no memory. */
static struct caa_zone *make_zone(struct caa_name lower, uint64_t hash, const char *where)
{
	struct caa_zone *zone = calloc(1, sizeof(*zone) + lower.len + strlen(where) + 1);

	if (zone == NULL)
		return NULL;
	caa_options_zone_init(&zone->options);
	zone->hash = hash;
	zone->apex_len = lower.len;
	memcpy(zone->apex, lower.wire, lower.len);
	zone->where = strcpy((char *)zone->apex + lower.len, where);
	return zone;
}

enum caa_res caa_zones_add(struct caa_zones *z, struct caa_name apex, const char *where, struct caa_zone **out)
{
	uint8_t octets[CAA_NAME_MAX];
	uint64_t hash[CAA_NAME_MAX];
	struct caa_name lower = { octets, apex.len };
	struct caa_zone **place;

	assert(!z->sealed);
	caa_name_lower(octets, apex);
	hash_all(hash, lower);
	if (!make_room(z))
		return CAA_ENOMEM;
	place = place_of(z, lower, hash[0]);
	if (*place != NULL) {
		*out = *place;
		return CAA_EFORMAT;
	}
	*place = make_zone(lower, hash[0], where);
	if (*place == NULL)
		return CAA_ENOMEM;
	*out = z->zone[z->count++] = *place;
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
	uint8_t octets[CAA_NAME_MAX];
	uint64_t hash[CAA_NAME_MAX];
	struct caa_name lower = { octets, name.len };
	const struct caa_zone *found;

	if (z->count == 0)
		return NULL;
	caa_name_lower(octets, name);
	hash_all(hash, lower);
	do {
		found = *place_of(z, lower, hash[lower.wire - octets]);
	} while (found == NULL && caa_name_parent(&lower, lower));
	return found;
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

static int by_name(const void *a, const void *b)
{
	const struct caa_zone *const *x = a, *const *y = b;

	return caa_name_compare(apex_of(*x), apex_of(*y));
}

void caa_zones_seal(struct caa_zones *z)
{
	if (z->count > 0)
		qsort(z->zone, z->count, sizeof(*z->zone), by_name);
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

bool caa_zones_differ_at(const struct caa_zones *a, const struct caa_zones *b, struct caa_name name)
{
	return !options_equal(caa_zones_match(a, name), caa_zones_match(b, name));
}

/** @return whether they differ at one of the names that the first configures. */
static bool differ_at_own(const struct caa_zones *a, const struct caa_zones *b)
{
	for (size_t i = 0; i < a->count; i++)
		if (caa_zones_differ_at(a, b, apex_of(a->zone[i])))
			return true;
	return false;
}

bool caa_zones_differ(const struct caa_zones *a, const struct caa_zones *b)
{
	return differ_at_own(a, b) || differ_at_own(b, a);
}

size_t caa_zones_memory(const struct caa_zones *z)
{
	size_t bytes = sizeof(*z) + z->room * (sizeof(*z->zone) + PLACES * sizeof(*z->place));

	for (size_t i = 0; i < z->count; i++)
		bytes += sizeof(*z->zone[i]) + z->zone[i]->apex_len + strlen(z->zone[i]->where) + 1;
	return bytes;
}
