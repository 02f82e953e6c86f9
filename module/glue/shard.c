/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/shard.h"

#include "core/flight.h"
#include "core/hash.h"

#include "util/locks.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	SHARDS = 64,	/**< a power of two well above the threads of one resolver */
	CACHE_LINE = 64
};

struct slice {
	lock_basic_type lock;		/**< guards what follows */
	struct caa_upstreams *upstreams;
	struct caa_flight flight;
	char pad[CACHE_LINE];		/**< the next slice's lock is on another cache line */
};

struct caa_shards {
	uint8_t key[CAA_HASH_KEY];	/**< chooses the slice; fixed by create */
	struct slice slice[SHARDS];
};

struct caa_shards *caa_shards_create(size_t max)
{
	struct caa_shards *s = calloc(1, sizeof(*s));
	uint8_t table_key[CAA_HASH_KEY];

	if (s == NULL)
		return NULL;
	randombytes_buf(s->key, sizeof(s->key));
	/* Another key than the slices' own, or each slice would fill only the buckets of its residue. */
	randombytes_buf(table_key, sizeof(table_key));
	for (size_t i = 0; i < SHARDS; i++)
		lock_basic_init(&s->slice[i].lock);
	for (size_t i = 0; i < SHARDS; i++)
		caa_flight_init(&s->slice[i].flight);
	for (size_t i = 0; i < SHARDS; i++) {
		s->slice[i].upstreams = caa_upstreams_create((max + SHARDS - 1) / SHARDS, table_key);
		if (s->slice[i].upstreams == NULL) {
			caa_shards_destroy(s);
			return NULL;
		}
	}
	return s;
}

void caa_shards_destroy(struct caa_shards *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		caa_upstreams_destroy(s->slice[i].upstreams);
		lock_basic_destroy(&s->slice[i].lock);
	}
	free(s);
}

/** Lock the slice of a hash. */
static struct slice *take_hash(struct caa_shards *s, uint64_t hash)
{
	struct slice *slice = &s->slice[hash & (SHARDS - 1)];

	lock_basic_lock(&slice->lock);
	return slice;
}

/** Lock the slice of an address. */
static struct slice *take(struct caa_shards *s, const struct caa_addr *a)
{
	return take_hash(s, caa_hash(s->key, a, sizeof(*a)));
}

static void release(struct slice *slice)
{
	lock_basic_unlock(&slice->lock);
}

static enum caa_booking book(struct caa_upstream *u, const struct caa_zone_options *zone, uint64_t now_us,
	uint64_t limit_us, uint64_t *wait_us)
{
	if (u == NULL)
		return CAA_UNPACED;
	if (zone->rate_qps == 0) {
		caa_pacer_charge(&u->pacer, now_us);
		*wait_us = 0;
		return CAA_BOOKED;
	}
	caa_pacer_set_rate(&u->pacer, zone->rate_qps, zone->burst);
	if (!caa_pacer_book(&u->pacer, now_us, limit_us, wait_us))
		return CAA_REFUSED;
	if (*wait_us > 0) {
		u->waited++;
		u->waited_us += *wait_us;
	}
	return CAA_BOOKED;
}

enum caa_booking caa_shards_book(struct caa_shards *s, const struct caa_addr *a, const struct caa_zone_options *zone,
	uint64_t now_us, uint64_t limit_us, uint64_t *wait_us)
{
	struct slice *slice = take(s, a);
	enum caa_booking result = book(caa_upstreams_get(slice->upstreams, a, now_us), zone, now_us, limit_us, wait_us);

	release(slice);
	return result;
}

void caa_shards_sent_caa(struct caa_shards *s, const struct caa_addr *a, uint64_t now_us)
{
	struct slice *slice = take(s, a);
	struct caa_upstream *u = caa_upstreams_get(slice->upstreams, a, now_us);

	if (u != NULL) {
		u->sent++;
		u->sent_caa++;
	}
	release(slice);
}

void caa_shards_sent_other(struct caa_shards *s, const struct caa_addr *a, uint64_t now_us)
{
	struct slice *slice = take(s, a);
	struct caa_upstream *u = caa_upstreams_get(slice->upstreams, a, now_us);

	if (u != NULL) {
		caa_pacer_charge(&u->pacer, now_us);
		u->sent++;
	}
	release(slice);
}

void caa_shards_outcome(struct caa_shards *s, const struct caa_addr *a, enum caa_packet what)
{
	struct slice *slice = take(s, a);
	struct caa_upstream *u = caa_upstreams_find(slice->upstreams, a);

	if (u != NULL) {
		switch (what) {
		case CAA_PACKET_REPLIED:
			u->replied++;
			break;
		case CAA_PACKET_TIMED_OUT:
			u->timed_out++;
			break;
		case CAA_PACKET_FAILED:
			u->failed++;
			break;
		case CAA_PACKET_REFUSED:
			u->refused++;
			break;
		}
	}
	release(slice);
}

uint64_t caa_shards_wait(struct caa_shards *s, const struct caa_addr *a, uint64_t now_us)
{
	struct slice *slice = take(s, a);
	const struct caa_upstream *u = caa_upstreams_find(slice->upstreams, a);
	uint64_t wait_us = u != NULL ? caa_pacer_wait(&u->pacer, now_us) : 0;

	release(slice);
	return wait_us;
}

uint64_t caa_shards_question(const struct caa_shards *s, struct caa_name name, uint16_t qtype)
{
	uint8_t octets[CAA_NAME_MAX + sizeof(qtype)];

	caa_name_lower(octets, name);
	memcpy(octets + name.len, &qtype, sizeof(qtype));
	return caa_hash(s->key, octets, name.len + sizeof(qtype));
}

void caa_shards_flight_begin(struct caa_shards *s, uint64_t question, const struct caa_addr *a, uint64_t now_us)
{
	struct slice *slice = take_hash(s, question);

	caa_flight_begin(&slice->flight, question, a, now_us);
	release(slice);
}

void caa_shards_flight_end(struct caa_shards *s, uint64_t question, const struct caa_addr *a)
{
	struct slice *slice = take_hash(s, question);

	caa_flight_end(&slice->flight, question, a);
	release(slice);
}

bool caa_shards_flight_find(struct caa_shards *s, uint64_t question, uint64_t now_us, struct caa_addr *out)
{
	struct slice *slice = take_hash(s, question);
	bool found = caa_flight_find(&slice->flight, question, now_us, out);

	release(slice);
	return found;
}

bool caa_shards_copy(struct caa_shards *s, const struct caa_addr *a, struct caa_upstream *out)
{
	struct slice *slice = take(s, a);
	const struct caa_upstream *u = caa_upstreams_find(slice->upstreams, a);

	if (u != NULL)
		*out = *u;
	release(slice);
	return u != NULL;
}

size_t caa_shards_copy_all(struct caa_shards *s, struct caa_upstream *out, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < SHARDS; i++) {
		const struct caa_upstream *u = NULL;

		lock_basic_lock(&s->slice[i].lock);
		while (count < max && (u = caa_upstreams_older(s->slice[i].upstreams, u)) != NULL)
			out[count++] = *u;
		lock_basic_unlock(&s->slice[i].lock);
	}
	return count;
}

size_t caa_shards_count(struct caa_shards *s)
{
	size_t count = 0;

	for (size_t i = 0; i < SHARDS; i++) {
		lock_basic_lock(&s->slice[i].lock);
		count += caa_upstreams_count(s->slice[i].upstreams);
		lock_basic_unlock(&s->slice[i].lock);
	}
	return count;
}

uint64_t caa_shards_evicted(struct caa_shards *s)
{
	uint64_t evicted = 0;

	for (size_t i = 0; i < SHARDS; i++) {
		lock_basic_lock(&s->slice[i].lock);
		evicted += caa_upstreams_evicted(s->slice[i].upstreams);
		lock_basic_unlock(&s->slice[i].lock);
	}
	return evicted;
}

size_t caa_shards_memory(struct caa_shards *s)
{
	size_t bytes = sizeof(*s);

	for (size_t i = 0; i < SHARDS; i++)
		bytes += caa_upstreams_memory(s->slice[i].upstreams);
	return bytes;
}
