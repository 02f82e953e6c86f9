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

bool side_refuses(struct side *side, int zone, unsigned address, bool proved, bool tcp, uint64_t now_us, enum action *refusal)
{
	const struct spec *spec = side->spec;
	static const struct zone nowhere = { .name = "" };

	for (size_t i = 0; i < spec->limits; i++) {
		const struct limit *limit = &spec->limit[i];
		size_t scope = (limit->per_zone ? (size_t)zone + 1 : 0) * ADDRESSES_MAX + (limit->each ? address : 0);

		if (!spec_limit_is_for(limit, zone >= 0 ? &spec->zone[zone] : &nowhere, address) ||
		    (proved && limit->exempt_cookie) || (tcp && limit->exempt_tcp))
			continue;
		if (!limiter_allows(&side->limiter[i][scope], limit, now_us)) {
			*refusal = limiter_refuses(&side->limiter[i][scope], limit);
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
