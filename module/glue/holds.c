/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/holds.h"

#include "glue/build.h"
#include "glue/host.h"
#include "glue/sources.h"

#include "util/locks.h"
#include "util/module.h"
#include "util/module_hooks.h"
#include "util/storage/slabhash.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SLICES = 16		/**< a power of two */
};

struct slice {
	lock_basic_type lock;
	struct caa_hold *table;
};

struct caa_holds {
	uint64_t build;			/**< id of the build that made it; first, so that any build can read it */
	size_t bytes;			/**< as given to create */
	uint8_t key[CAA_HASH_KEY];	/**< of the choice of a slice */
	_Atomic uint64_t epoch;		/**< flushes so far */
	struct caa_sources sources;	/**< of what is held; read and written by init and fast_reload only */
	_Atomic uint64_t from_wall_s, from_steady_s;	/**< what was fetched before is not held: the sources have changed */
	struct slice slice[SLICES];
};

/** @return whether this build made it: what is kept over a reload may be another one's, whose structures are other ones. */
static bool is_ours(const struct caa_holds *h)
{
	return h->build != 0 && h->build == caa_build_id();
}

struct caa_holds *caa_holds_create(size_t bytes, const struct caa_sources *sources)
{
	struct caa_holds *h = calloc(1, sizeof(*h));
	bool made = h != NULL;

	if (h == NULL)
		return NULL;
	h->build = caa_build_id();
	h->bytes = bytes;
	h->sources = *sources;
	randombytes_buf(h->key, sizeof(h->key));
	atomic_init(&h->epoch, 0);
	atomic_init(&h->from_wall_s, 0);
	atomic_init(&h->from_steady_s, 0);
	for (size_t i = 0; i < SLICES; i++) {
		uint8_t key[CAA_HASH_KEY];

		randombytes_buf(key, sizeof(key));
		lock_basic_init(&h->slice[i].lock);
		h->slice[i].table = caa_hold_create(bytes / SLICES, key);
		made = made && h->slice[i].table != NULL;
	}
	if (made)
		return h;
	caa_holds_destroy(h);
	return NULL;
}

void caa_holds_destroy(struct caa_holds *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < SLICES; i++) {
		lock_basic_destroy(&h->slice[i].lock);
		caa_hold_destroy(h->slice[i].table);
	}
	free(h);
}

/** Answers come from elsewhere now: from the next second on, as it is not known in which part of this one something was fetched. */
static void begin_anew(struct caa_holds *h)
{
	static const uint8_t root[] = { 0 };

	atomic_store(&h->from_wall_s, (uint64_t)time(NULL) + 1);
	atomic_store(&h->from_steady_s, caa_host_now_us() / 1000000 + 1);
	(void)caa_holds_drop(h, &(struct caa_hold_flush){ .name = { root, sizeof(root) }, .below = true });
}

struct caa_holds *caa_holds_take(struct module_hooks *hooks, size_t bytes, const struct caa_sources *sources)
{
	struct caa_holds *h = hooks->kept;
	bool ours = h != NULL && is_ours(h);

	hooks->kept = NULL;
	if (ours && h->bytes == bytes) {
		if (memcmp(&h->sources, sources, sizeof(*sources)) != 0)
			begin_anew(h);
		h->sources = *sources;
		return h;
	}
	/* What another build left stays where it is: this one does not know what is in it. */
	if (ours)
		caa_holds_destroy(h);
	return caa_holds_create(bytes, sources);
}

bool caa_holds_follow(struct caa_holds *h, const struct caa_sources *sources)
{
	bool changed = memcmp(h->sources.unbound, sources->unbound, sizeof(sources->unbound)) != 0;

	h->sources = *sources;
	if (changed)
		begin_anew(h);
	return changed;
}

void caa_holds_leave(struct caa_holds *h, struct module_hooks *hooks, const struct module_env *env)
{
	if (env->msg_cache != NULL && count_slabhash_entries(env->msg_cache) > 0)
		hooks->kept = h;
	else
		caa_holds_destroy(h);
}

static struct slice *slice_of(struct caa_holds *h, struct caa_hold_key key)
{
	uint8_t lower[CAA_NAME_MAX];

	caa_name_lower(lower, key.name);
	return &h->slice[caa_hash(h->key, lower, key.name.len) & (SLICES - 1)];
}

static bool is_since_change(struct caa_holds *h, struct caa_hold_time since)
{
	return since.wall_s >= atomic_load(&h->from_wall_s) && since.steady_s >= atomic_load(&h->from_steady_s);
}

bool caa_holds_put(struct caa_holds *h, struct caa_hold_key key, const struct caa_hold_answer *a, uint64_t epoch)
{
	struct slice *s = slice_of(h, key);
	bool kept = false;

	lock_basic_lock(&s->lock);
	if (atomic_load(&h->epoch) == epoch && is_since_change(h, a->since))
		kept = caa_hold_put(s->table, key, a) == CAA_OK;
	lock_basic_unlock(&s->lock);
	return kept;
}

bool caa_holds_get(struct caa_holds *h, struct caa_hold_key key, struct caa_hold_time now, uint32_t hold_s,
	uint8_t *wire, struct caa_held *out)
{
	struct slice *s = slice_of(h, key);
	bool found;

	lock_basic_lock(&s->lock);
	found = caa_hold_get(s->table, key, now, hold_s, wire, out);
	lock_basic_unlock(&s->lock);
	return found;
}

bool caa_holds_see(struct caa_holds *h, struct caa_hold_key key, struct caa_hold_time now, uint32_t hold_s, struct caa_held *out)
{
	struct slice *s = slice_of(h, key);
	bool found;

	lock_basic_lock(&s->lock);
	found = caa_hold_see(s->table, key, now, hold_s, out);
	lock_basic_unlock(&s->lock);
	return found;
}

bool caa_holds_remove(struct caa_holds *h, struct caa_hold_key key)
{
	struct slice *s = slice_of(h, key);
	bool removed;

	lock_basic_lock(&s->lock);
	removed = caa_hold_remove(s->table, key);
	lock_basic_unlock(&s->lock);
	return removed;
}

bool caa_holds_has(struct caa_holds *h, struct caa_hold_key key, struct caa_hold_time now, uint32_t hold_s)
{
	struct slice *s = slice_of(h, key);
	bool has;

	lock_basic_lock(&s->lock);
	has = caa_hold_has(s->table, key, now, hold_s);
	lock_basic_unlock(&s->lock);
	return has;
}

uint64_t caa_holds_epoch(struct caa_holds *h)
{
	return atomic_load(&h->epoch);
}

size_t caa_holds_drop(struct caa_holds *h, const struct caa_hold_flush *flush)
{
	size_t dropped = 0;

	atomic_fetch_add(&h->epoch, 1);
	for (size_t i = 0; i < SLICES; i++) {
		lock_basic_lock(&h->slice[i].lock);
		dropped += caa_hold_drop(h->slice[i].table, flush);
		lock_basic_unlock(&h->slice[i].lock);
	}
	return dropped;
}

size_t caa_holds_count(struct caa_holds *h)
{
	size_t count = 0;

	for (size_t i = 0; i < SLICES; i++) {
		lock_basic_lock(&h->slice[i].lock);
		count += caa_hold_count(h->slice[i].table);
		lock_basic_unlock(&h->slice[i].lock);
	}
	return count;
}

uint64_t caa_holds_evicted(struct caa_holds *h)
{
	uint64_t evicted = 0;

	for (size_t i = 0; i < SLICES; i++) {
		lock_basic_lock(&h->slice[i].lock);
		evicted += caa_hold_evicted(h->slice[i].table);
		lock_basic_unlock(&h->slice[i].lock);
	}
	return evicted;
}

size_t caa_holds_memory(struct caa_holds *h)
{
	size_t bytes = sizeof(*h);

	for (size_t i = 0; i < SLICES; i++) {
		lock_basic_lock(&h->slice[i].lock);
		bytes += caa_hold_memory(h->slice[i].table);
		lock_basic_unlock(&h->slice[i].lock);
	}
	return bytes;
}
