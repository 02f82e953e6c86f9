/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The configured zones: longest match of a name, and inheritance from the enclosing zone.
 *
 *  O(1) to add and to find, O(n log n) to seal: a configuration can have a hundred thousand.
 *  Built by one thread (create, add, set, seal), then read by any number of threads without a lock. */
#ifndef CAA_CORE_ZONES_H
#define CAA_CORE_ZONES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/wire/name.h"
#include "core/config/options.h"

struct caa_zones;
struct caa_zone;

/** @return NULL if there is no memory. */
struct caa_zones *caa_zones_create(void);
/** @param z: may be NULL. */
void caa_zones_destroy(struct caa_zones *z);

/** Add a zone, all options unset.
 *  @param where: place in the configuration for messages; copied.
 *  @param out: the new zone, or on CAA_EFORMAT the zone that has this name already; borrowed from z.
 *	Stays valid until caa_zones_seal(). */
enum caa_res caa_zones_add(struct caa_zones *z, struct caa_name apex, const char *where, struct caa_zone **out);

/** @return where the zone was configured, as given to caa_zones_add(). */
const char *caa_zone_where(const struct caa_zone *zone);

/** Set one option of a zone.
 *  @param opt: of CAA_CLAUSE_ZONE. @param value: in its range.
 *  @return false if it was set before; nothing changes then. */
bool caa_zone_set(struct caa_zone *zone, const struct caa_option *opt, uint32_t value);

/** Resolve inheritance: an option that a zone leaves unset takes the value of the closest enclosing configured zone,
 *  else the default.  No caa_zones_add() or caa_zone_set() after it. */
void caa_zones_seal(struct caa_zones *z);

/** Longest match.
 *  @return the options for the name, borrowed from z; NULL if no configured zone encloses it. */
const struct caa_zone_options *caa_zones_match(const struct caa_zones *z, struct caa_name name);

/** @return how many zones are configured. */
size_t caa_zones_count(const struct caa_zones *z);

/** Visit zones in canonical order of their names, after seal.
 *  @param i: 0 .. caa_zones_count() - 1. @param apex: borrowed from z. */
const struct caa_zone_options *caa_zones_at(const struct caa_zones *z, size_t i, struct caa_name *apex);

/** @return whether a name has other options in one than in the other, or none, after seal. */
bool caa_zones_differ_at(const struct caa_zones *a, const struct caa_zones *b, struct caa_name name);
/** @return whether any has. */
bool caa_zones_differ(const struct caa_zones *a, const struct caa_zones *b);

/** @return bytes of memory. */
size_t caa_zones_memory(const struct caa_zones *z);

#endif
