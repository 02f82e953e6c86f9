/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/hold/hold.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	BLOCK = 128,			/**< octets; most unsigned answers take two or three */
	BLOCKS_PER_BUCKET = 4,
	BYTES_MIN = 4096,
	REFRESH_PAUSE = 32,		/**< a refresh that did not come back is tried after this part of the hold */
	NONE = 0			/**< block 0 is the table's own, so no link can mean it */
};

/** The first block of an answer; then its key, its names and its octets. */
struct entry {
	uint32_t next;			/**< block of the chain */
	uint32_t hash_next;		/**< in the bucket */
	uint32_t older, newer;		/**< in the order of use */
	uint64_t since_wall_s, since_steady_s, signed_until_s;
	uint64_t refresh_steady_s;	/**< not refreshed before; 0 = it never was */
	uint32_t hash;			/**< low bits of the key's hash */
	uint32_t hits;			/**< times given out */
	uint16_t len, names_len;
	uint8_t key_len, flags, security, negative;
};

/** The other blocks of a chain, and free ones. */
struct block {
	uint32_t next;
	uint8_t data[BLOCK - sizeof(uint32_t)];
};

enum {
	FIRST = BLOCK - sizeof(struct entry),		/**< octets of content in the first block */
	OTHER = BLOCK - sizeof(uint32_t)		/**< and in the others */
};

_Static_assert(sizeof(struct entry) < BLOCK, "the head of an answer leaves room for content");
_Static_assert(CAA_HOLD_ANSWER_MAX <= UINT16_MAX, "lengths are 16 bits wide");

union slot {
	struct entry entry;
	struct block block;
	uint8_t octets[BLOCK];
};

_Static_assert(sizeof(union slot) == BLOCK, "a slot is a block");

struct caa_hold {
	uint8_t key[CAA_HASH_KEY];
	uint32_t blocks;		/**< slots, slot 0 counted */
	uint32_t touched;		/**< slots 1 .. touched - 1 were in use at some time */
	uint32_t free;			/**< first of the chain of free ones among these */
	uint32_t free_count;		/**< free ones, touched or not */
	uint32_t buckets;		/**< a power of two */
	uint32_t oldest, newest;	/**< ends of the order of use */
	size_t count;
	uint64_t evicted;
	uint32_t *bucket;		/**< first entry of each, behind the slots */
	union slot slot[];
};

bool caa_hold_may(const struct caa_hold_facts *facts, uint32_t hold_s)
{
	if (hold_s == 0 || !facts->definite || !facts->age_known)
		return false;
	if (facts->security == CAA_HOLD_BOGUS || (facts->security == CAA_HOLD_UNCHECKED && facts->validating))
		return false;
	if (!facts->has_caa && !facts->has_soa)
		return false;
	if (facts->signed_until_s != 0 && facts->signed_until_s <= facts->now.wall_s)
		return false;
	return facts->now.wall_s < facts->since.wall_s + hold_s && facts->now.steady_s < facts->since.steady_s + hold_s;
}

struct caa_hold *caa_hold_create(size_t bytes, const uint8_t key[static CAA_HASH_KEY])
{
	size_t blocks = (bytes > sizeof(struct caa_hold) ? bytes - sizeof(struct caa_hold) : 0) /
		(BLOCK + sizeof(uint32_t) / BLOCKS_PER_BUCKET);
	uint32_t buckets = 1;
	struct caa_hold *t;

	assert(bytes >= BYTES_MIN);
	if (blocks > UINT32_MAX)
		blocks = UINT32_MAX;
	while ((uint64_t)buckets * 2 * BLOCKS_PER_BUCKET <= blocks)
		buckets *= 2;
	t = calloc(1, sizeof(*t) + blocks * BLOCK + buckets * sizeof(uint32_t));
	if (t == NULL)
		return NULL;
	memcpy(t->key, key, sizeof(t->key));
	t->blocks = (uint32_t)blocks;
	t->touched = 1;
	t->free_count = t->blocks - 1;
	t->buckets = buckets;
	t->bucket = (uint32_t *)(t->slot + blocks);
	return t;
}

void caa_hold_destroy(struct caa_hold *t)
{
	free(t);
}

/* --- blocks ------------------------------------------------------------------------------------------------------ */

static uint32_t blocks_for(size_t len)
{
	return 1 + (uint32_t)(len > FIRST ? (len - FIRST + OTHER - 1) / OTHER : 0);
}

static uint32_t block_take(struct caa_hold *t)
{
	uint32_t i = t->free;

	t->free_count--;
	if (i == NONE)
		return t->touched++;
	t->free = t->slot[i].block.next;
	return i;
}

static void chain_free(struct caa_hold *t, uint32_t first)
{
	for (uint32_t i = first, next; i != NONE; i = next) {
		next = t->slot[i].block.next;
		t->slot[i].block.next = t->free;
		t->free = i;
		t->free_count++;
	}
}

/** Where an octet of a chain's content is, and how many follow it in its block. */
struct cursor {
	uint32_t slot;
	size_t at;	/**< octet of the slot */
};

static struct cursor content_of(uint32_t entry)
{
	return (struct cursor){ entry, sizeof(struct entry) };
}

/** @return how much of len is in the cursor's block, and moves to the next block where there is none. */
static size_t run_of(const struct caa_hold *t, struct cursor *c, size_t len)
{
	if (c->at == BLOCK)
		*c = (struct cursor){ t->slot[c->slot].block.next, sizeof(uint32_t) };
	return len < BLOCK - c->at ? len : BLOCK - c->at;
}

static void content_read(const struct caa_hold *t, struct cursor *c, uint8_t *out, size_t len)
{
	while (len > 0) {
		size_t run = run_of(t, c, len);

		memcpy(out, t->slot[c->slot].octets + c->at, run);
		c->at += run;
		out += run;
		len -= run;
	}
}

static void content_write(struct caa_hold *t, struct cursor *c, const uint8_t *in, size_t len)
{
	while (len > 0) {
		size_t run = run_of(t, c, len);

		memcpy(t->slot[c->slot].octets + c->at, in, run);
		c->at += run;
		in += run;
		len -= run;
	}
}

/* --- the order of use, and the buckets --------------------------------------------------------------------------- */

static void use_unlink(struct caa_hold *t, uint32_t i)
{
	const struct entry *e = &t->slot[i].entry;

	if (e->older != NONE)
		t->slot[e->older].entry.newer = e->newer;
	else
		t->oldest = e->newer;
	if (e->newer != NONE)
		t->slot[e->newer].entry.older = e->older;
	else
		t->newest = e->older;
}

static void use_append(struct caa_hold *t, uint32_t i)
{
	struct entry *e = &t->slot[i].entry;

	e->older = t->newest;
	e->newer = NONE;
	if (t->newest != NONE)
		t->slot[t->newest].entry.newer = i;
	else
		t->oldest = i;
	t->newest = i;
}

static void entry_remove(struct caa_hold *t, uint32_t i)
{
	uint32_t *link = &t->bucket[t->slot[i].entry.hash & (t->buckets - 1)];

	while (*link != i)
		link = &t->slot[*link].entry.hash_next;
	*link = t->slot[i].entry.hash_next;
	use_unlink(t, i);
	chain_free(t, i);
	t->count--;
}

/** A key as it is stored and hashed: flags, then the name in lower case. */
struct stored_key {
	uint8_t octets[1 + CAA_NAME_MAX];
	size_t len;
	uint32_t hash;
};

static struct stored_key stored_key(const struct caa_hold *t, struct caa_hold_key key)
{
	struct stored_key s;

	s.octets[0] = key.flags;
	caa_name_lower(s.octets + 1, key.name);
	s.len = 1 + key.name.len;
	s.hash = (uint32_t)(caa_hash(t->key, s.octets, s.len) >> 32);
	return s;
}

static bool has_key(const struct caa_hold *t, uint32_t i, const struct stored_key *key)
{
	const struct entry *e = &t->slot[i].entry;
	uint8_t name[CAA_NAME_MAX];
	struct cursor c = content_of(i);

	if (e->hash != key->hash || e->key_len != key->len - 1 || e->flags != key->octets[0])
		return false;
	content_read(t, &c, name, e->key_len);
	return memcmp(name, key->octets + 1, e->key_len) == 0;
}

static uint32_t find(const struct caa_hold *t, const struct stored_key *key)
{
	uint32_t i = t->bucket[key->hash & (t->buckets - 1)];

	while (i != NONE && !has_key(t, i, key))
		i = t->slot[i].entry.hash_next;
	return i;
}

/* --- the store --------------------------------------------------------------------------------------------------- */

/** Take a chain of blocks. @return its first. */
static uint32_t chain_take(struct caa_hold *t, uint32_t blocks)
{
	uint32_t first = NONE;

	while (blocks-- > 0) {
		uint32_t i = block_take(t);

		t->slot[i].block.next = first;
		first = i;
	}
	return first;
}

enum caa_res caa_hold_put(struct caa_hold *t, struct caa_hold_key key, const struct caa_hold_answer *a)
{
	struct stored_key stored = stored_key(t, key);
	uint32_t blocks = blocks_for(key.name.len + a->names_len + a->len), i = find(t, &stored), next;
	uint32_t *bucket = &t->bucket[stored.hash & (t->buckets - 1)];
	struct cursor c;

	if (i != NONE)
		entry_remove(t, i);
	if (a->len > CAA_HOLD_ANSWER_MAX || a->names_len > CAA_HOLD_NAMES_MAX || blocks > t->blocks - 1)
		return CAA_EFULL;
	for (; t->free_count < blocks; t->evicted++)
		entry_remove(t, t->oldest);
	i = chain_take(t, blocks);
	next = t->slot[i].block.next;
	t->slot[i].entry = (struct entry){ .next = next, .hash_next = *bucket, .hash = stored.hash,
		.since_wall_s = a->since.wall_s, .since_steady_s = a->since.steady_s,
		.signed_until_s = a->signed_until_s, .len = (uint16_t)a->len, .names_len = (uint16_t)a->names_len,
		.key_len = (uint8_t)key.name.len, .flags = key.flags, .security = a->security, .negative = a->negative };
	*bucket = i;
	use_append(t, i);
	t->count++;
	c = content_of(i);
	content_write(t, &c, stored.octets + 1, key.name.len);
	content_write(t, &c, a->names, a->names_len);
	content_write(t, &c, a->wire, a->len);
	return CAA_OK;
}

static uint64_t past_s(uint64_t then_s, uint64_t now_s)
{
	return now_s > then_s ? now_s - then_s : 0;
}

static uint64_t age_s(const struct entry *e, struct caa_hold_time now)
{
	uint64_t wall_s = past_s(e->since_wall_s, now.wall_s), steady_s = past_s(e->since_steady_s, now.steady_s);

	return wall_s > steady_s ? wall_s : steady_s;
}

/** @return seconds until the answer ends, 0 if it has. */
static uint64_t left_s(const struct entry *e, struct caa_hold_time now, uint32_t hold_s)
{
	uint64_t left = past_s(age_s(e, now), hold_s), signed_s = past_s(now.wall_s, e->signed_until_s);

	return e->signed_until_s != 0 && signed_s < left ? signed_s : left;
}

/** Whether the answer is to be looked up before it ends; says so to one caller at a time. */
static bool claim_refresh(struct entry *e, struct caa_hold_time now, uint64_t left, uint32_t hold_s)
{
	if (e->hits < CAA_HOLD_HOT || left > hold_s / 2 || now.steady_s < e->refresh_steady_s)
		return false;
	e->refresh_steady_s = now.steady_s + 1 + hold_s / REFRESH_PAUSE;
	return true;
}

/** What an entry gives. @return false if its time is over, *out untouched. */
static bool see(const struct caa_hold *t, uint32_t i, struct caa_hold_time now, uint32_t hold_s, struct caa_held *out)
{
	const struct entry *e = &t->slot[i].entry;
	uint64_t left = left_s(e, now, hold_s);

	if (left == 0)
		return false;
	*out = (struct caa_held){ .len = e->len, .left_s = (uint32_t)left, .age_s = (uint32_t)age_s(e, now),
		.security = e->security, .negative = e->negative, .since = { e->since_wall_s, e->since_steady_s } };
	return true;
}

bool caa_hold_get(struct caa_hold *t, struct caa_hold_key key, struct caa_hold_time now, uint32_t hold_s,
	uint8_t *wire, struct caa_held *out)
{
	struct stored_key stored = stored_key(t, key);
	uint32_t i = find(t, &stored);
	struct caa_held held;
	uint8_t skipped[CAA_NAME_MAX + CAA_HOLD_NAMES_MAX];
	struct entry *e;
	struct cursor c;

	if (i == NONE || !see(t, i, now, hold_s, &held))
		return false;
	e = &t->slot[i].entry;
	use_unlink(t, i);
	use_append(t, i);
	e->hits++;
	held.refresh = claim_refresh(e, now, held.left_s, hold_s);
	*out = held;
	c = content_of(i);
	content_read(t, &c, skipped, (size_t)e->key_len + e->names_len);
	content_read(t, &c, wire, e->len);
	return true;
}

bool caa_hold_see(const struct caa_hold *t, struct caa_hold_key key, struct caa_hold_time now, uint32_t hold_s,
	struct caa_held *out)
{
	struct stored_key stored = stored_key(t, key);
	uint32_t i = find(t, &stored);

	return i != NONE && see(t, i, now, hold_s, out);
}

bool caa_hold_has(const struct caa_hold *t, struct caa_hold_key key, struct caa_hold_time now, uint32_t hold_s)
{
	struct caa_held held;

	return caa_hold_see(t, key, now, hold_s, &held);
}

bool caa_hold_remove(struct caa_hold *t, struct caa_hold_key key)
{
	struct stored_key stored = stored_key(t, key);
	uint32_t i = find(t, &stored);

	if (i != NONE)
		entry_remove(t, i);
	return i != NONE;
}

static bool name_matches(struct caa_name name, const struct caa_hold_flush *flush)
{
	if (flush->chosen != NULL)
		return flush->chosen(flush->arg, name);
	return flush->below ? caa_name_within(name, flush->name) : caa_name_equal(name, flush->name);
}

/** Whether the answer is for, or depends on, a name that is flushed. */
static bool matches(const struct caa_hold *t, uint32_t i, const struct caa_hold_flush *flush)
{
	const struct entry *e = &t->slot[i].entry;
	uint8_t names[CAA_NAME_MAX + CAA_HOLD_NAMES_MAX];
	size_t len = (size_t)e->key_len + e->names_len;
	struct cursor c = content_of(i);
	struct caa_name name;

	if (flush->negative && !e->negative)
		return false;
	content_read(t, &c, names, len);
	for (size_t at = 0; at < len && caa_name_check(&name, names + at, len - at) == CAA_OK; at += name.len)
		if (name_matches(name, flush))
			return true;
	return false;
}

size_t caa_hold_drop(struct caa_hold *t, const struct caa_hold_flush *flush)
{
	size_t dropped = 0;

	for (uint32_t i = t->oldest, next; i != NONE; i = next) {
		next = t->slot[i].entry.newer;
		if (!matches(t, i, flush))
			continue;
		entry_remove(t, i);
		dropped++;
	}
	return dropped;
}

size_t caa_hold_count(const struct caa_hold *t)
{
	return t->count;
}

uint64_t caa_hold_evicted(const struct caa_hold *t)
{
	return t->evicted;
}

size_t caa_hold_memory(const struct caa_hold *t)
{
	return sizeof(*t) + (size_t)t->touched * BLOCK + t->buckets * sizeof(uint32_t);
}
