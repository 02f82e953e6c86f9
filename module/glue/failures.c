/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/failures.h"

#include "core/wire/hash.h"
#include "core/why/linebudget.h"
#include "core/why/neighbour.h"

#include "util/locks.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	US_PER_S = 1000000,
	RECENT = 1024, TYPED = 1024,	/**< powers of two */
	RECENT_S = 60		/**< an answer is noted once in that time, far below what it is believed for */
};

struct trace {
	uint8_t wire[CAA_NAME_MAX];
	size_t len;		/**< 0 = free */
	uint64_t until_us;
	uint32_t left;		/**< octets that may be logged */
};

struct caa_failures {
	uint8_t key[CAA_HASH_KEY];	/**< fixed by create */
	/** What was noted just now, as a sum that anybody could make: a zone that is missed by it is noted a minute later. */
	_Atomic uint64_t recent[RECENT];
	_Atomic uint64_t typed[TYPED];	/**< a hash of server and zone above, when below: another type than CAA was answered */
	lock_basic_type zones_lock;	/**< guards zones */
	struct caa_neighbours zones;
	lock_basic_type lock;		/**< guards what follows */
	uint32_t max;			/**< caa-failures; fixed by create */
	struct caa_fails *fails;	/**< NULL if caa-failures is 0; fixed by create */
	struct caa_linebudget budget;
	uint32_t window_s, log_rate;	/**< as configured */
	struct trace trace[CAA_TRACES];
	_Atomic unsigned traces;	/**< in use, so that nobody takes the lock to find that there is none */
};

struct caa_failures *caa_failures_create(const struct caa_module_options *o)
{
	struct caa_failures *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	randombytes_buf(f->key, sizeof(f->key));
	lock_basic_init(&f->zones_lock);
	lock_basic_init(&f->lock);
	f->max = o->failures;
	caa_failures_apply(f, o);
	if (o->failures == 0)	/* nothing is recorded */
		return f;
	f->fails = caa_fails_create(o->failures > CAA_FAIL_MIN ? o->failures : CAA_FAIL_MIN, f->key);
	if (f->fails == NULL) {
		caa_failures_destroy(f);
		return NULL;
	}
	return f;
}

struct caa_failures *caa_failures_renew(struct caa_failures *old, const struct caa_module_options *o)
{
	if (old != NULL && old->max == o->failures) {
		caa_failures_apply(old, o);
		return old;
	}
	caa_failures_destroy(old);
	return caa_failures_create(o);
}

void caa_failures_destroy(struct caa_failures *f)
{
	if (f == NULL)
		return;
	caa_fails_destroy(f->fails);
	lock_basic_destroy(&f->lock);
	lock_basic_destroy(&f->zones_lock);
	free(f);
}

void caa_failures_apply(struct caa_failures *f, const struct caa_module_options *o)
{
	lock_basic_lock(&f->lock);
	f->window_s = o->log_window_s;
	f->log_rate = o->log_rate;
	lock_basic_unlock(&f->lock);
}

size_t caa_failures_memory(const struct caa_failures *f)
{
	return sizeof(*f) + (f->fails != NULL ? caa_fails_memory(f->fails) : 0);
}

bool caa_failures_enabled(const struct caa_failures *f)
{
	return f->fails != NULL;
}

static uint32_t seconds(uint64_t now_us)
{
	return (uint32_t)(now_us / US_PER_S) + 1;	/* never 0 */
}

static uint32_t hash_addr(const struct caa_failures *f, const struct caa_addr *addr)
{
	return (uint32_t)caa_hash(f->key, addr, sizeof(*addr));
}

static uint32_t hash_zone(const struct caa_failures *f, struct caa_name zone)
{
	uint8_t lower[CAA_NAME_MAX];

	caa_name_lower(lower, zone);
	return (uint32_t)caa_hash(f->key, lower, zone.len);
}

static uint64_t mix(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return sum ^ sum >> 29;
}

static uint64_t load(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/** Both ends of a name, and its length; far cheaper than a keyed hash of it. */
static uint64_t ends_of(struct caa_name name)
{
	uint64_t sum = name.len;

	if (name.len >= sizeof(sum))
		return mix(sum ^ load(name.wire), load(name.wire + name.len - sizeof(sum)));
	for (size_t i = 0; i < name.len; i++)
		sum = sum << 8 | name.wire[i];
	return sum;
}

/** @return whether the same was noted a moment ago; it counts as noted from now on. */
static bool is_recent(struct caa_failures *f, const struct caa_addr *addr, struct caa_name zone, uint64_t now_us)
{
	/* an IPv4 address has zeroes behind it */
	uint64_t sum = mix(mix(now_us / ((uint64_t)RECENT_S * US_PER_S) + 1, load(addr->ip)), load(addr->ip + 8));
	_Atomic uint64_t *place;

	sum = mix(sum ^ ((uint64_t)addr->port[0] << 8 | addr->port[1]), ends_of(zone));
	place = &f->recent[sum >> 32 & (RECENT - 1)];
	/* relaxed: it orders nothing else */
	if (atomic_load_explicit(place, memory_order_relaxed) == sum)
		return true;
	atomic_store_explicit(place, sum, memory_order_relaxed);
	return false;
}

/** @param tag: what tells server and zone from others that share their place. @return the place. */
static _Atomic uint64_t *typed_place(struct caa_failures *f, const struct caa_addr *addr, struct caa_name zone, uint32_t *tag)
{
	uint32_t of[2] = { hash_addr(f, addr), hash_zone(f, zone) };
	uint64_t hash = caa_hash(f->key, of, sizeof(of));

	*tag = (uint32_t)(hash >> 32);
	return &f->typed[hash & (TYPED - 1)];
}

static void note_typed(struct caa_failures *f, const struct caa_addr *addr, struct caa_name zone, uint64_t now_us)
{
	uint32_t tag;
	_Atomic uint64_t *place = typed_place(f, addr, zone, &tag);

	/* relaxed: it orders nothing else */
	atomic_store_explicit(place, (uint64_t)tag << 32 | seconds(now_us), memory_order_relaxed);
}

void caa_failures_answered(struct caa_failures *f, const struct caa_addr *addr, struct caa_name zone, bool caa_type, uint64_t now_us)
{
	uint32_t a, z;

	if (!caa_type)
		note_typed(f, addr, zone, now_us);
	if (is_recent(f, addr, zone, now_us))
		return;
	a = hash_addr(f, addr);
	z = hash_zone(f, zone);
	lock_basic_lock(&f->zones_lock);
	caa_neighbours_note(&f->zones, addr, a, z, seconds(now_us));
	lock_basic_unlock(&f->zones_lock);
}

enum caa_known caa_failures_others(struct caa_failures *f, const struct caa_addr *addr, struct caa_name zone, uint64_t now_us)
{
	uint32_t a = hash_addr(f, addr), z = hash_zone(f, zone);
	enum caa_known known;

	lock_basic_lock(&f->zones_lock);
	known = caa_neighbours_ask(&f->zones, addr, a, z, seconds(now_us));
	lock_basic_unlock(&f->zones_lock);
	return known;
}

bool caa_failures_is_typed(struct caa_failures *f, const struct caa_addr *addr, struct caa_name zone, uint64_t now_us, uint64_t since_us)
{
	uint32_t tag;
	uint64_t found = atomic_load_explicit(typed_place(f, addr, zone, &tag), memory_order_relaxed);

	return (uint32_t)found != 0 && found >> 32 == tag && seconds(now_us) - (uint32_t)found < CAA_NEIGHBOUR_LIFE_S &&
		(since_us == 0 || (uint32_t)found >= seconds(since_us));
}

enum caa_log_verdict caa_failures_add(struct caa_failures *f, const struct caa_case *c, uint64_t now_us, uint32_t log_after,
	struct caa_repeats *n, uint64_t *left_out)
{
	enum caa_log_verdict verdict = CAA_LOG_BELOW;

	lock_basic_lock(&f->lock);
	caa_fails_add(f->fails, c, seconds(now_us), f->window_s, n);
	if (n->count >= log_after)
		verdict = caa_linebudget_take(&f->budget, now_us, f->log_rate, left_out) ? CAA_LOG_WRITE : CAA_LOG_OVER;
	lock_basic_unlock(&f->lock);
	return verdict;
}

bool caa_failures_find(struct caa_failures *f, struct caa_name name, uint64_t now_us, struct caa_case *c, struct caa_repeats *n)
{
	bool found;

	if (f->fails == NULL)
		return false;
	lock_basic_lock(&f->lock);
	found = caa_fails_find(f->fails, name, seconds(now_us), f->window_s, c, n);
	lock_basic_unlock(&f->lock);
	return found;
}

size_t caa_failures_list(struct caa_failures *f, uint64_t now_us, struct caa_fails_row *rows, size_t max)
{
	bool more = f->fails != NULL && max > 0;
	size_t count = 0;
	uint32_t at = 0;

	while (more) {
		lock_basic_lock(&f->lock);
		more = caa_fails_list(f->fails, &at, seconds(now_us), f->window_s, rows, &count, max);
		lock_basic_unlock(&f->lock);
	}
	caa_fails_sort(rows, count);
	return count;
}

size_t caa_failures_count(struct caa_failures *f, size_t *repeaters)
{
	size_t count;

	*repeaters = 0;
	if (f->fails == NULL)
		return 0;
	lock_basic_lock(&f->lock);
	count = caa_fails_count(f->fails);
	*repeaters = caa_fails_repeaters(f->fails);
	lock_basic_unlock(&f->lock);
	return count;
}

/* --- traces: under the lock --------------------------------------------------------------------------------------------- */

static struct trace *find_trace(struct caa_failures *f, struct caa_name name)
{
	for (size_t i = 0; i < CAA_TRACES; i++)
		if (f->trace[i].len != 0 && caa_name_equal((struct caa_name){ f->trace[i].wire, f->trace[i].len }, name))
			return &f->trace[i];
	return NULL;
}

static void free_trace(struct caa_failures *f, struct trace *trace)
{
	trace->len = 0;
	f->traces--;
}

static void end_traces(struct caa_failures *f, uint64_t now_us)
{
	for (size_t i = 0; i < CAA_TRACES; i++)
		if (f->trace[i].len != 0 && now_us >= f->trace[i].until_us)
			free_trace(f, &f->trace[i]);
}

bool caa_failures_traced(struct caa_failures *f, struct caa_name name, uint64_t now_us)
{
	bool traced;

	if (atomic_load_explicit(&f->traces, memory_order_relaxed) == 0)
		return false;
	lock_basic_lock(&f->lock);
	end_traces(f, now_us);
	traced = find_trace(f, name) != NULL;
	lock_basic_unlock(&f->lock);
	return traced;
}

bool caa_failures_trace_take(struct caa_failures *f, struct caa_name name, uint64_t now_us, size_t octets)
{
	struct trace *trace;
	bool taken;

	lock_basic_lock(&f->lock);
	end_traces(f, now_us);
	trace = find_trace(f, name);
	taken = trace != NULL && octets <= trace->left;
	if (taken)
		trace->left -= (uint32_t)octets;
	else if (trace != NULL)
		free_trace(f, trace);	/* used up */
	lock_basic_unlock(&f->lock);
	return taken;
}

/** A free place. */
static struct trace *new_trace(struct caa_failures *f, struct caa_name name)
{
	for (size_t i = 0; i < CAA_TRACES; i++) {
		if (f->trace[i].len != 0)
			continue;
		memcpy(f->trace[i].wire, name.wire, name.len);
		f->trace[i].len = name.len;
		f->traces++;
		return &f->trace[i];
	}
	return NULL;
}

bool caa_failures_trace(struct caa_failures *f, struct caa_name name, uint64_t now_us, uint32_t seconds_on)
{
	struct trace *trace;

	lock_basic_lock(&f->lock);
	end_traces(f, now_us);
	trace = find_trace(f, name);
	if (seconds_on == 0 && trace != NULL)
		free_trace(f, trace);
	if (seconds_on != 0 && trace == NULL)
		trace = new_trace(f, name);
	if (seconds_on != 0 && trace != NULL) {
		trace->until_us = now_us + (uint64_t)seconds_on * US_PER_S;
		trace->left = CAA_TRACE_OCTETS;
	}
	lock_basic_unlock(&f->lock);
	return seconds_on == 0 || trace != NULL;
}

size_t caa_failures_traces(struct caa_failures *f, uint64_t now_us, struct caa_trace_row rows[static CAA_TRACES])
{
	size_t count = 0;

	lock_basic_lock(&f->lock);
	end_traces(f, now_us);
	for (size_t i = 0; i < CAA_TRACES; i++) {
		if (f->trace[i].len == 0)
			continue;
		memcpy(rows[count].wire, f->trace[i].wire, f->trace[i].len);
		rows[count].wire_len = (uint8_t)f->trace[i].len;
		rows[count].left_s = (uint32_t)((f->trace[i].until_us - now_us) / US_PER_S);
		rows[count].left_octets = f->trace[i].left;
		count++;
	}
	lock_basic_unlock(&f->lock);
	return count;
}
