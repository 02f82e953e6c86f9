/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/shard.h"

#include "core/pace/flight.h"
#include "core/wire/hash.h"
#include "core/pace/serving.h"

#include "util/locks.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	SHARDS = 64,	/**< a power of two well above the threads of one resolver */
	CACHE_LINE = 64,
	LATEST = 64,	/**< of a slice's upstreams, those used last: who waits for one, or asks again, uses it */
	PIECE = 256,	/**< upstreams that are looked at under one lock where all are */
	BURST = 16,	/**< until a zone's caa-burst is known */
	WATCH_BITS = 14, WATCHED = 1 << WATCH_BITS,	/**< places for addresses */
	WATCH_SHIFT = 64 - WATCH_BITS
};

/** In a word of the addresses that are watched: one has a limit, learned or set by hand */
#define LIMITED (UINT32_C(1) << 31)

struct slice {
	lock_basic_type lock;		/**< guards what follows */
	struct caa_upstreams *upstreams;
	struct caa_flight flight;
	struct caa_servings servings;
	struct caa_cookie_secret secret;	/**< of the client cookies of these upstreams */
	char pad[CACHE_LINE];		/**< the next slice's lock is on another cache line */
};

struct caa_shards {
	uint8_t key[CAA_HASH_KEY];	/**< chooses the slice; fixed by create */
	size_t max;			/**< upstreams; fixed by create */
	struct caa_outgoing from;	/**< likewise */
	/** For each address, or for several: CAA questions that are under way to it, and LIMITED, which is only ever set */
	_Atomic uint32_t watched[WATCHED];
	_Atomic uint32_t watching;	/**< what they hold in all, a LIMITED as one */
	struct slice slice[SHARDS];
};

struct caa_shards *caa_shards_create(size_t max, const struct caa_outgoing *from)
{
	struct caa_shards *s = calloc(1, sizeof(*s));
	unsigned sources = from->count < CAA_SOURCES_MAX ? from->count : CAA_SOURCES_MAX;
	uint8_t table_key[CAA_HASH_KEY];

	if (s == NULL)
		return NULL;
	s->max = max;
	s->from = *from;
	randombytes_buf(s->key, sizeof(s->key));
	/* Another key than the slices' own, or each slice would fill only the buckets of its residue. */
	randombytes_buf(table_key, sizeof(table_key));
	for (size_t i = 0; i < SHARDS; i++)
		lock_basic_init(&s->slice[i].lock);
	for (size_t i = 0; i < SHARDS; i++) {
		caa_flight_init(&s->slice[i].flight);
		caa_servings_init(&s->slice[i].servings);
	}
	for (size_t i = 0; i < SHARDS; i++) {
		s->slice[i].upstreams = caa_upstreams_create((max + SHARDS - 1) / SHARDS, sources, table_key);
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

static void settle(struct slice *slice)
{
	lock_basic_lock(&slice->lock);
	caa_upstreams_settle(slice->upstreams);
	caa_flight_init(&slice->flight);
	lock_basic_unlock(&slice->lock);
}

/** Lock the slice of a hash. */
static struct slice *take_hash(struct caa_shards *s, uint64_t hash)
{
	struct slice *slice = &s->slice[hash & (SHARDS - 1)];

	lock_basic_lock(&slice->lock);
	return slice;
}

static uint64_t hash_of(const struct caa_shards *s, const struct caa_addr *a)
{
	return caa_hash(s->key, a, sizeof(*a));
}

/** Lock the slice of an address. */
static struct slice *take(struct caa_shards *s, const struct caa_addr *a)
{
	return take_hash(s, hash_of(s, a));
}

static void release(struct slice *slice)
{
	lock_basic_unlock(&slice->lock);
}

/** Cheap rather than safe from who chooses addresses: he gains that other types are counted there, too. */
static unsigned watch_place(const struct caa_addr *a)
{
	uint64_t part[2];

	memcpy(part, a->ip, sizeof(part));
	return (unsigned)(((part[0] ^ part[1] * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9)) >> WATCH_SHIFT);
}

bool caa_shards_watch_any(const struct caa_shards *s)
{
	return atomic_load_explicit(&s->watching, memory_order_relaxed) != 0;
}

bool caa_shards_watched(const struct caa_shards *s, const struct caa_addr *a)
{
	/* relaxed: who reads too early counts a packet less */
	return atomic_load_explicit(&s->watched[watch_place(a)], memory_order_relaxed) != 0;
}

void caa_shards_watch(struct caa_shards *s, const struct caa_addr *a)
{
	atomic_fetch_add_explicit(&s->watching, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&s->watched[watch_place(a)], 1, memory_order_relaxed);
}

void caa_shards_unwatch(struct caa_shards *s, const struct caa_addr *a)
{
	atomic_fetch_sub_explicit(&s->watched[watch_place(a)], 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&s->watching, 1, memory_order_relaxed);
}

/** What is known of an upstream has changed. */
static void watch_limit(struct caa_shards *s, const struct caa_upstream *u)
{
	_Atomic uint32_t *place = &s->watched[watch_place(&u->addr)];

	if (!caa_learn_limited(&u->learn) && !caa_learn_is_manual(&u->learn))
		return;
	if ((atomic_load_explicit(place, memory_order_relaxed) & LIMITED) == 0 &&
	    (atomic_fetch_or_explicit(place, LIMITED, memory_order_relaxed) & LIMITED) == 0)
		atomic_fetch_add_explicit(&s->watching, 1, memory_order_relaxed);
}

/** What belongs to the other slices' keys is not taken along, as the servers' parts of cookies. */
static void import(struct caa_shards *s, const struct caa_upstream *known)
{
	struct slice *slice = take(s, &known->addr);
	struct caa_upstream copy = *known;

	copy.learn.evidence.zone = 0;	/* its hash was made with the other key: of several is the careful reading */
	watch_limit(s, &copy);
	caa_upstreams_import(slice->upstreams, &copy);
	release(slice);
}

/** Nothing is under way any more. */
static void watch_afresh(struct caa_shards *s)
{
	uint32_t limited = 0;

	for (size_t i = 0; i < WATCHED; i++)
		limited += (atomic_fetch_and_explicit(&s->watched[i], LIMITED, memory_order_relaxed) & LIMITED) != 0;
	atomic_store_explicit(&s->watching, limited, memory_order_relaxed);
}

static bool is_same(const struct caa_outgoing *a, const struct caa_outgoing *b)
{
	return a->count == b->count && a->hash == b->hash;
}

struct caa_shards *caa_shards_renew(struct caa_shards *old, size_t max, const struct caa_outgoing *from)
{
	struct caa_shards *s;
	bool same = old != NULL && is_same(&old->from, from);

	for (size_t i = 0; same && i < SHARDS; i++)
		settle(&old->slice[i]);
	if (same)
		watch_afresh(old);
	if (same && old->max == max)
		return old;
	s = caa_shards_create(max, from);
	for (size_t i = 0; s != NULL && same && i < SHARDS; i++)
		for (const struct caa_upstream *u = NULL; (u = caa_upstreams_newer(old->slice[i].upstreams, u)) != NULL;)
			import(s, u);
	caa_shards_destroy(old);
	return s;
}

/** What a query is about, under the lock of its upstream. */
struct at {
	struct slice *slice;
	struct caa_upstream *u;		/**< NULL if it is not known */
	struct caa_serving *zone;	/**< NULL likewise */
};

/** Spread the bits of what keyed hashes were put together to (the finalizer of MurmurHash3). */
static uint64_t mix(uint64_t bits)
{
	bits = (bits ^ bits >> 33) * UINT64_C(0xff51afd7ed558ccd);
	bits = (bits ^ bits >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return bits ^ bits >> 33;
}

/** Of the zone of a query at an upstream, for CAA or the other types; its hash of the address is made. */
static uint64_t pair_of(const struct caa_upstream *u, const struct caa_asking *q, bool caa_type)
{
	return mix(q->addr_hash ^ mix((uint64_t)q->zone << 32 ^ u->epoch << 1 ^ caa_type));
}

/** What an upstream does for the zone of a query. */
static struct caa_serving *serving_of(struct slice *slice, const struct caa_upstream *u, struct caa_asking *q, uint64_t now_us)
{
	if (q->pair_hash == 0 || q->pair_epoch != u->epoch) {
		q->pair_hash = pair_of(u, q, q->caa_type);
		q->pair_epoch = u->epoch;
	}
	return caa_servings_get(&slice->servings, q->pair_hash, now_us);
}

/** Lock the slice of a query's upstream. @param key: set to the address of its line. */
static struct slice *take_line(struct caa_shards *s, struct caa_addr *key, const struct caa_addr *a, struct caa_asking *q)
{
	*key = *a;
	key->line = q->line;
	if (q->addr_hash == 0)
		q->addr_hash = hash_of(s, key);
	return take_hash(s, q->addr_hash);
}

/** Lock the upstream of a query. @param make: if it is not known yet. */
static struct at take_for(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, uint64_t now_us, bool make)
{
	struct caa_addr key;
	struct at at;

	at.slice = take_line(s, &key, a, q);
	at.u = make ? caa_upstreams_get(at.slice->upstreams, &key, BURST) : caa_upstreams_find(at.slice->upstreams, &key);
	at.zone = at.u != NULL ? serving_of(at.slice, at.u, q, now_us) : NULL;
	return at;
}

enum caa_gate caa_shards_ask(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q,
	const struct caa_wish *wish, uint64_t *wait_us, bool *known)
{
	struct at at = take_for(s, a, q, wish->now_us, true);
	enum caa_gate gate = CAA_GATE_SEND;

	*known = at.u != NULL;
	if (at.u != NULL) {
		gate = caa_gate_ask(at.u, q, at.zone, wish, wait_us);
		watch_limit(s, at.u);
	}
	release(at.slice);
	return gate;
}

void caa_shards_other(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, uint64_t now_us, bool tcp)
{
	struct at at = take_for(s, a, q, now_us, true);

	if (at.u != NULL)
		caa_gate_other(at.u, q, now_us, tcp);
	release(at.slice);
}

/** The slice's secret, another one when its time is over. */
static const struct caa_cookie_secret *secret_of(struct slice *slice, uint64_t now_us)
{
	if (now_us >= slice->secret.until_us) {
		randombytes_buf(slice->secret.key, sizeof(slice->secret.key));
		slice->secret.serial++;
		slice->secret.until_us = now_us + CAA_COOKIE_SECRET_US;
	}
	return &slice->secret;
}

size_t caa_shards_cookie(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, uint64_t now_us,
	uint8_t out[static CAA_COOKIE_MAX])
{
	struct at at = take_for(s, a, q, now_us, false);
	size_t len = at.u != NULL ? caa_proof_cookie(at.u, q, secret_of(at.slice, now_us), now_us, out) : 0;

	release(at.slice);
	return len;
}

bool caa_shards_accept(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, uint64_t now_us,
	const struct caa_packet *packet)
{
	struct at at = take_for(s, a, q, now_us, false);
	bool accepted = at.u == NULL || caa_proof_accept(at.u, q, secret_of(at.slice, now_us), now_us, packet);

	release(at.slice);
	return accepted;
}

/** What is known of another type, for a query for CAA. */
static enum caa_beside beside_of(const struct at *at, const struct caa_asking *q, uint64_t now_us)
{
	struct caa_serving caa = caa_servings_see(&at->slice->servings, pair_of(at->u, q, true));
	struct caa_serving others = caa_servings_see(&at->slice->servings, pair_of(at->u, q, false));

	if (caa_serving_avoids_caa(&caa, &others, now_us))
		return CAA_BESIDE_KNOWN;
	return caa_serving_is_wondering(&caa, &others, now_us) ? CAA_BESIDE_WAIT : CAA_BESIDE_NO;
}

struct caa_outcome caa_shards_outcome(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q,
	uint64_t now_us, enum caa_end end, const struct caa_packet *packet, bool tcp, struct caa_asking *before)
{
	struct at at = take_for(s, a, q, now_us, false);
	struct caa_outcome outcome = { .meaning = end == CAA_END_ANSWER ? CAA_MEANS_ANSWER : CAA_MEANS_SILENCE };

	*before = *q;
	before->turn = (struct caa_turn){ .in_line = false };

	if (at.u != NULL) {
		outcome = caa_outcome_of(at.u, q, at.zone, secret_of(at.slice, now_us), now_us, end, packet, tcp);
		outcome.dropped = end == CAA_END_TIMEOUT && !tcp && q->caa_type && !at.u->serves_caa && !caa_learn_limited(&at.u->learn) &&
			beside_of(&at, q, now_us) == CAA_BESIDE_KNOWN;
		watch_limit(s, at.u);
	}
	release(at.slice);
	return outcome;
}

size_t caa_shards_call(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, const void *thread,
	struct caa_turn **out, size_t max)
{
	struct caa_addr key;
	struct slice *slice = take_line(s, &key, a, q);
	struct caa_upstream *u = caa_upstreams_find(slice->upstreams, &key);
	size_t count = 0;

	if (u != NULL)
		count = caa_gate_call(u, thread, out, max);
	release(slice);
	return count;
}

bool caa_shards_wonders(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, uint64_t now_us)
{
	struct at at = take_for(s, a, q, now_us, false);
	bool wonders = at.u != NULL && caa_proof_wonders(q, at.zone);

	release(at.slice);
	return wonders;
}

enum caa_again caa_shards_again(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, uint64_t now_us,
	const struct caa_packet *packet, bool edns, bool good)
{
	struct at at = take_for(s, a, q, now_us, false);
	enum caa_again again = at.u != NULL ? caa_proof_again(at.u, q, at.zone, now_us, packet, edns, good) : CAA_AGAIN_NO;

	release(at.slice);
	return again;
}

void caa_shards_denies(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, uint64_t now_us)
{
	struct at at = take_for(s, a, q, now_us, false);

	if (at.u != NULL) {
		caa_serving_denies(at.zone, now_us);
		/* where it has answered no other type either, it is not served there at all */
		caa_serving_denies(caa_servings_get(&at.slice->servings, pair_of(at.u, q, !q->caa_type), now_us), now_us);
	}
	release(at.slice);
}

/** What is denied of many zones may be so by a limit that is not known yet: a few find out, and more as some are answered; and where CAA
 *  is answered of others, it is denied twice before. */
static bool may_ask(const struct at *at, const struct caa_asking *q, uint64_t now_us, uint64_t waited_us)
{
	if (caa_serving_is_notimp(at->zone, now_us))
		return false;
	return waited_us > 0 || ((!at->u->serves_caa || q->same_denied) && caa_upstream_may_beside(at->u, now_us));
}

enum caa_beside caa_shards_caa_failed(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, uint64_t now_us,
	uint64_t waited_us, bool wonders)
{
	struct at at = take_for(s, a, q, now_us, false);
	enum caa_beside beside = CAA_BESIDE_NO;

	if (at.u != NULL) {
		bool limited = caa_learn_limited(&at.u->learn);

		if (!limited)
			caa_serving_caa_failed(at.zone, now_us, waited_us);
		beside = beside_of(&at, q, now_us);
		if (beside == CAA_BESIDE_NO && wonders && !limited && may_ask(&at, q, now_us, waited_us) && caa_serving_wonders(at.zone, now_us)) {
			caa_upstream_beside(at.u, now_us);
			beside = CAA_BESIDE_ASK;
		}
	}
	release(at.slice);
	return beside;
}

void caa_shards_shown(struct caa_shards *s, const struct caa_addr *a, struct caa_asking *q, uint64_t now_us, uint64_t took_us)
{
	struct at at = take_for(s, a, q, now_us, false);

	if (at.u != NULL) {
		caa_serving_shown(at.zone, now_us, took_us);
		at.u->besides = 0;
	}
	release(at.slice);
}

enum caa_beside caa_shards_beside(struct caa_shards *s, const struct caa_addr *a, uint32_t zone, uint8_t line, uint64_t now_us)
{
	struct caa_asking q = { .zone = zone, .line = line };
	struct caa_addr key;
	struct at at = { .slice = take_line(s, &key, a, &q) };
	enum caa_beside beside;

	at.u = caa_upstreams_find(at.slice->upstreams, &key);
	beside = at.u != NULL ? beside_of(&at, &q, now_us) : CAA_BESIDE_NO;

	release(at.slice);
	return beside;
}

size_t caa_shards_forget(struct caa_shards *s, const struct caa_addr *a)
{
	size_t count = 0;

	for (size_t i = 0; i < SHARDS; i++) {
		lock_basic_lock(&s->slice[i].lock);
		count += caa_upstreams_forget(s->slice[i].upstreams, a);
		lock_basic_unlock(&s->slice[i].lock);
	}
	return count;
}

uint64_t caa_shards_cost(struct caa_shards *s, const struct caa_addr *a, uint64_t now_us)
{
	struct slice *slice = take(s, a);
	struct caa_upstream *u = caa_upstreams_find(slice->upstreams, a);
	uint64_t cost_us = u != NULL ? caa_gate_cost(u, now_us) : 0;

	release(slice);
	return cost_us;
}

bool caa_shards_free(struct caa_shards *s, const struct caa_addr *a, uint64_t now_us, uint64_t *wait_us)
{
	struct slice *slice = take(s, a);
	struct caa_upstream *u = caa_upstreams_find(slice->upstreams, a);
	bool free = u == NULL || (!caa_learn_stalled(&u->learn, now_us) && !caa_learn_silent(&u->learn, now_us));

	if (free)
		*wait_us = u != NULL ? caa_gate_wait_new(u, now_us) : 0;
	release(slice);
	return free;
}

bool caa_shards_alive(struct caa_shards *s, const struct caa_addr *a, uint64_t now_us, uint32_t *srtt_us)
{
	struct slice *slice = take(s, a);
	const struct caa_upstream *u = caa_upstreams_find(slice->upstreams, a);
	bool alive = u != NULL && caa_learn_alive(&u->learn, now_us);

	*srtt_us = u != NULL ? u->learn.srtt_us : 0;
	release(slice);
	return alive;
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

	if (u != NULL) {
		*out = *u;
		out->sources = 0;	/* a copy has nothing behind it */
	}
	release(slice);
	return u != NULL;
}

typedef void visitor(void *arg, const struct caa_upstream *u);

/** Visit a piece of a slice's upstreams. @return whether there is another one. */
static bool visit_piece(struct slice *slice, size_t *at, visitor *visit, void *arg)
{
	size_t all, end;

	lock_basic_lock(&slice->lock);
	all = caa_upstreams_count(slice->upstreams);
	for (end = *at + PIECE < all ? *at + PIECE : all; *at < end; (*at)++)
		visit(arg, caa_upstreams_at(slice->upstreams, *at));
	lock_basic_unlock(&slice->lock);
	return end < all;
}

static void visit_all(struct caa_shards *s, visitor *visit, void *arg)
{
	for (size_t i = 0; i < SHARDS; i++)
		for (size_t at = 0; visit_piece(&s->slice[i], &at, visit, arg);)
			;
}

struct firsts {
	caa_top_order *order;
	struct caa_upstream *out;
	size_t count, max;
};

static void offer(void *arg, const struct caa_upstream *u)
{
	struct firsts *f = arg;

	caa_top_offer(f->out, sizeof(*f->out), &f->count, f->max, u, f->order);
}

size_t caa_shards_first(struct caa_shards *s, caa_top_order *order, struct caa_upstream *out, size_t max)
{
	struct firsts f = { .order = order, .out = out, .max = max };

	visit_all(s, offer, &f);
	for (size_t i = 0; i < f.count; i++)
		out[i].sources = 0;	/* a copy has nothing behind it */
	return f.count;
}

size_t caa_shards_lines(struct caa_shards *s, struct caa_addr *out, size_t max)
{
	size_t count = 0, wonder = 0;

	for (size_t i = 0; i < SHARDS; i++) {
		const struct caa_upstream *u = NULL;

		lock_basic_lock(&s->slice[i].lock);
		for (size_t n = 0; n < LATEST && count < max && (u = caa_upstreams_older(s->slice[i].upstreams, u)) != NULL; n++)
			if (caa_share_has_line(&u->learn) || (caa_learn_wonders(&u->learn) && wonder++ < max / 4))
				out[count++] = u->addr;
		lock_basic_unlock(&s->slice[i].lock);
	}
	return count;
}

bool caa_shards_report(struct caa_shards *s, const struct caa_addr *a, struct caa_share *share, uint64_t now_us, struct caa_share_report *out)
{
	struct slice *slice = take(s, a);
	const struct caa_upstream *u = caa_upstreams_find(slice->upstreams, a);
	bool wanted = u != NULL && caa_share_wanted(share, &u->learn);

	if (wanted)
		*out = caa_share_report(share, &u->learn, now_us);
	release(slice);
	return wanted;
}

bool caa_shards_share(struct caa_shards *s, const struct caa_addr *a, struct caa_share *share, uint64_t now_us, uint64_t asked_us,
	const struct caa_share_report *report, const struct caa_share_answer *answer)
{
	struct slice *slice = take(s, a);
	struct caa_upstream *u = caa_upstreams_find(slice->upstreams, a);
	bool applied = u != NULL && caa_share_apply(share, &u->learn, now_us, asked_us, report, answer);

	release(slice);
	return applied;
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

static void count_limited(void *arg, const struct caa_upstream *u)
{
	*(size_t *)arg += u->learn.pacer.interval_us > 0;
}

size_t caa_shards_limited(struct caa_shards *s)
{
	size_t count = 0;

	visit_all(s, count_limited, &count);
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
