/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>
#include "side.h"

enum { US_PER_MS = 1000 };

static void *zeroed(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (memory == NULL)
		abort();
	return memory;
}

struct side *side_of(struct side **list, const struct spec *spec, unsigned id, uint64_t now_us)
{
	struct side *side;

	for (side = *list; side != NULL; side = side->next)
		if (side->id == id)
			return side;
	side = zeroed(1, sizeof(*side));
	*side = (struct side){ .next = *list, .id = id, .spec = spec, .first_us = now_us };
	for (size_t i = 0; i < spec->limits; i++)
		side->limiter[i] = zeroed((spec->zones + 1) * ADDRESSES_MAX, sizeof(*side->limiter[i]));
	return *list = side;
}

struct count *side_count(struct side *side, const char *name, uint16_t type, unsigned address, enum transport transport,
	uint64_t now_us)
{
	struct count **bucket = &side->bucket[spec_hash(type, name, address * 2 + transport) % COUNT_BUCKETS], *c;

	for (c = *bucket; c != NULL; c = c->next)
		if (c->type == type && c->address == address && c->transport == transport && strcmp(c->name, name) == 0)
			break;
	if (c == NULL) {
		c = zeroed(1, sizeof(*c));
		*c = (struct count){ .next = *bucket, .type = type, .address = address, .transport = transport,
			.first_us = now_us - side->first_us };
		strcpy(c->name, name);
		*bucket = c;
	}
	c->queries++;
	c->last_us = now_us - side->first_us;
	side->queries++;
	return c;
}

void side_did(struct count *count, unsigned kind, enum action action)
{
	uint8_t did = (uint8_t)(action + 1);

	count->changes += count->did[kind] != 0 && count->did[kind] != did;
	count->did[kind] = did;
}

static bool is_for(const struct limit *limit, const struct side *side, const struct charge *c)
{
	static const struct zone nowhere = { .name = "" };
	unsigned since_ms = (unsigned)((c->now_us - side->first_us) / US_PER_MS);

	return spec_limit_is_for(limit, c->zone >= 0 ? &side->spec->zone[c->zone] : &nowhere, c->address) &&
		!(c->proved && limit->exempt_cookie) && !(c->tcp && limit->exempt_tcp) && (c->negative || !limit->negative) &&
		since_ms >= limit->from_ms && (limit->to_ms == 0 || since_ms < limit->to_ms);
}

bool side_refuses(struct side *side, const struct charge *charge, enum action *refusal)
{
	for (size_t i = 0; i < side->spec->limits; i++) {
		const struct limit *limit = &side->spec->limit[i];
		size_t scope = (limit->per_zone ? (size_t)charge->zone + 1 : 0) * ADDRESSES_MAX + (limit->each ? charge->address : 0);
		struct limiter *limiter = limit->per_name ? &charge->count->limiter[i] : &side->limiter[i][scope];

		if (is_for(limit, side, charge) && !limiter_allows(limiter, limit, charge->now_us)) {
			*refusal = limiter_refuses(limiter, limit);
			return true;
		}
	}
	return false;
}

void side_print(const struct side *side, FILE *out)
{
	for (size_t i = 0; i < COUNT_BUCKETS; i++)
		for (const struct count *c = side->bucket[i]; c != NULL; c = c->next)
			fprintf(out, "%u\t%u\t%u\t%s\t%s\t%u\t%u\t%u\t%llu\t%llu\t%u\t%u\n", side->spec->slot, side->id, c->address + 1,
				c->transport == OVER_TCP ? "tcp" : "udp", c->name[0] != '\0' ? c->name : ".", c->type, c->queries, c->lost,
				(unsigned long long)c->first_us / US_PER_MS, (unsigned long long)c->last_us / US_PER_MS,
				c->lucky, c->changes);
}
