/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/upstream.h"

#include "core/wire/ms.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	NONE = UINT32_MAX,	/**< no entry */
	EVICT_TRIES = 8,	/**< oldest entries that are looked at for one that nobody waits for */
	BESIDES = 4,		/**< queries of another type beside CAA without an answer, ... */
	BESIDES_MS = 500	/**< ... in so long a time */
};

_Static_assert(sizeof(struct caa_upstream) <= 384, "an upstream takes at most 384 bytes");

struct caa_upstreams {
	uint8_t key[CAA_HASH_KEY];
	uint32_t max;			/**< entries */
	uint32_t size;			/**< octets of an entry with what stands behind it */
	uint8_t sources;		/**< what stands there; 0 for one of our addresses */
	uint32_t count;			/**< entries in use: the first count ones */
	uint32_t buckets;		/**< a power of two, at least max */
	uint32_t oldest, newest;	/**< ends of the order of use; NONE if empty */
	uint64_t evicted;
	uint32_t *bucket;		/**< first entry of each, behind the entries */
	struct caa_upstream first[];	/**< the first entry; the others are size octets apart */
};

static struct caa_upstream *entry_of(const struct caa_upstreams *t, uint32_t i)
{
	return (void *)((uintptr_t)t->first + (size_t)i * t->size);
}

static uint32_t power_of_two(uint32_t least)
{
	uint32_t n = 1;

	while (n < least)
		n *= 2;
	return n;
}

/** Octets of an entry, whole ones of its alignment. */
static uint32_t entry_size(unsigned sources)
{
	size_t align = _Alignof(struct caa_upstream), size = sizeof(struct caa_upstream) + sources * sizeof(struct caa_source);

	return (uint32_t)((size + align - 1) / align * align);
}

static size_t table_size(uint32_t max, uint32_t size, uint32_t buckets)
{
	return sizeof(struct caa_upstreams) + (size_t)max * size + (size_t)buckets * sizeof(uint32_t);
}

struct caa_upstreams *caa_upstreams_create(size_t max, unsigned sources, const uint8_t key[static CAA_HASH_KEY])
{
	unsigned behind = sources > 1 ? sources : 0;
	uint32_t buckets, size = entry_size(behind);
	struct caa_upstreams *t;

	assert(max >= 1 && max <= UINT32_C(1) << 31 && sources >= 1 && sources <= CAA_SOURCES_MAX);
	buckets = power_of_two((uint32_t)max);
	t = calloc(1, table_size((uint32_t)max, size, buckets));
	if (t == NULL)
		return NULL;
	memcpy(t->key, key, sizeof(t->key));
	t->size = size;
	t->sources = (uint8_t)behind;
	t->max = (uint32_t)max;
	t->buckets = buckets;
	t->oldest = t->newest = NONE;
	t->bucket = (void *)entry_of(t, t->max);
	memset(t->bucket, 0xff, buckets * sizeof(*t->bucket));	/* NONE */
	return t;
}

void caa_upstreams_destroy(struct caa_upstreams *t)
{
	free(t);
}

static uint32_t *bucket_of(struct caa_upstreams *t, const struct caa_addr *a)
{
	return &t->bucket[caa_hash(t->key, a, sizeof(*a)) & (t->buckets - 1)];
}

static uint32_t index_of(const struct caa_upstreams *t, const struct caa_upstream *u)
{
	return (uint32_t)(((uintptr_t)u - (uintptr_t)t->first) / t->size);
}

struct caa_upstream *caa_upstreams_find(struct caa_upstreams *t, const struct caa_addr *a)
{
	struct caa_upstream *u;

	/* One address is asked again and again, and a comparison costs less than a hash. */
	if (t->newest != NONE && caa_addr_equal(&entry_of(t, t->newest)->addr, a))
		return entry_of(t, t->newest);
	for (uint32_t i = *bucket_of(t, a); i != NONE; i = u->hash_next) {
		u = entry_of(t, i);
		if (caa_addr_equal(&u->addr, a))
			return u;
	}
	return NULL;
}

/** Take an entry out of the order of use. */
static void use_unlink(struct caa_upstreams *t, struct caa_upstream *u)
{
	if (u->older != NONE)
		entry_of(t, u->older)->newer = u->newer;
	else
		t->oldest = u->newer;
	if (u->newer != NONE)
		entry_of(t, u->newer)->older = u->older;
	else
		t->newest = u->older;
}

/** Put an entry at the new end of the order of use. */
static void use_append(struct caa_upstreams *t, struct caa_upstream *u)
{
	u->older = t->newest;
	u->newer = NONE;
	if (t->newest != NONE)
		entry_of(t, t->newest)->newer = index_of(t, u);
	else
		t->oldest = index_of(t, u);
	t->newest = index_of(t, u);
}

static void hash_unlink(struct caa_upstreams *t, const struct caa_upstream *u)
{
	uint32_t *link = bucket_of(t, &u->addr);

	while (*link != index_of(t, u))
		link = &entry_of(t, *link)->hash_next;
	*link = u->hash_next;
}

/** Free the place of the entry used longest ago, of those that nobody waits for.
 *  @return the entry, linked nowhere; NULL if none of the oldest can go. */
static struct caa_upstream *evict(struct caa_upstreams *t)
{
	uint32_t i = t->oldest;

	for (unsigned tries = 0; i != NONE && tries < EVICT_TRIES; tries++, i = entry_of(t, i)->newer) {
		struct caa_upstream *u = entry_of(t, i);

		if (caa_pacer_waiting(&u->learn.pacer) > 0 || u->line.outsiders > 0)
			continue;
		hash_unlink(t, u);
		use_unlink(t, u);
		t->evicted++;
		return u;
	}
	return NULL;
}

/** What belongs to our addresses. */
static void forget_sources(struct caa_upstream *u)
{
	u->cookie.known = 0;
	u->dealt = 0;
	for (uint8_t source = 0; source < u->sources; source++)
		*caa_upstream_source(u, source) = (struct caa_source){ .answered_seq = u->learn.seq };
}

static struct caa_upstream *make(struct caa_upstreams *t, const struct caa_addr *a, uint16_t burst)
{
	struct caa_upstream *u = t->count < t->max ? entry_of(t, t->count++) : evict(t);
	uint32_t *bucket = bucket_of(t, a);

	if (u == NULL)
		return NULL;
	*u = (struct caa_upstream){ .addr = *a, .hash_next = *bucket, .sources = t->sources };
	caa_learn_init(&u->learn, burst);
	caa_cookie_init(&u->cookie);
	forget_sources(u);
	*bucket = index_of(t, u);
	use_append(t, u);
	return u;
}

struct caa_upstream *caa_upstreams_get(struct caa_upstreams *t, const struct caa_addr *a, uint16_t burst)
{
	struct caa_upstream *u = caa_upstreams_find(t, a);

	if (u == NULL)
		return make(t, a, burst);
	if (index_of(t, u) != t->newest) {
		use_unlink(t, u);
		use_append(t, u);
	}
	return u;
}

void caa_upstreams_import(struct caa_upstreams *t, const struct caa_upstream *known)
{
	struct caa_upstream *u = caa_upstreams_get(t, &known->addr, known->learn.start_window), here;

	if (u == NULL)
		return;
	here = *u;
	*u = *known;
	u->hash_next = here.hash_next;
	u->older = here.older;
	u->newer = here.newer;
	u->sources = here.sources;
	forget_sources(u);
}

size_t caa_upstreams_forget(struct caa_upstreams *t, const struct caa_addr *a)
{
	size_t count = 0;

	for (uint32_t i = 0; i < t->count; i++) {
		struct caa_upstream *u = entry_of(t, i);
		struct caa_addr addr = u->addr;

		addr.line = 0;
		if (a != NULL && !caa_addr_equal(a, &addr))
			continue;
		caa_learn_forget(&u->learn);
		u->serves_caa = false;
		u->besides = 0;
		caa_cookie_init(&u->cookie);
		forget_sources(u);
		u->transport = (struct caa_transport){ .inflight = u->transport.inflight };
		u->epoch++;
		count++;
	}
	return count;
}

void caa_upstreams_settle(struct caa_upstreams *t)
{
	for (uint32_t i = 0; i < t->count; i++) {
		caa_learn_settle(&entry_of(t, i)->learn);
		entry_of(t, i)->line = (struct caa_line){ .served = entry_of(t, i)->line.served };
		caa_transport_settle(&entry_of(t, i)->transport);
	}
}

size_t caa_upstreams_count(const struct caa_upstreams *t)
{
	return t->count;
}

bool caa_upstream_may_beside(const struct caa_upstream *u, uint64_t now_us)
{
	return u->besides < BESIDES || caa_ms_age(u->beside_ms, caa_ms(now_us)) >= BESIDES_MS;
}

void caa_upstream_beside(struct caa_upstream *u, uint64_t now_us)
{
	if (u->besides == 0 || caa_ms_age(u->beside_ms, caa_ms(now_us)) >= BESIDES_MS) {
		u->besides = 0;
		u->beside_ms = caa_ms(now_us);
	}
	u->besides += u->besides < UINT8_MAX;
}

uint64_t caa_upstreams_evicted(const struct caa_upstreams *t)
{
	return t->evicted;
}

size_t caa_upstreams_memory(const struct caa_upstreams *t)
{
	return table_size(t->max, t->size, t->buckets);
}

const struct caa_upstream *caa_upstreams_at(const struct caa_upstreams *t, size_t i)
{
	assert(i < t->count);
	return entry_of(t, (uint32_t)i);
}

const struct caa_upstream *caa_upstreams_older(const struct caa_upstreams *t, const struct caa_upstream *u)
{
	uint32_t i = u == NULL ? t->newest : u->older;

	return i == NONE ? NULL : entry_of(t, i);
}

const struct caa_upstream *caa_upstreams_newer(const struct caa_upstreams *t, const struct caa_upstream *u)
{
	uint32_t i = u == NULL ? t->oldest : u->newer;

	return i == NONE ? NULL : entry_of(t, i);
}
