/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/why/fail.h"

#include "core/wire/top.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	NONE = UINT32_MAX,
	QUARTERS = 4,
	WAYS = 16,		/**< of a set of the filter */
	ONCE_PART = 8		/**< one of so many entries is for names that failed once */
};

/** In which order of age an entry is; one that comes first makes room first. */
enum rank { ONCE, TWICE, THRICE, OFTEN, ALWAYS, RANKS };

struct mark {			/**< of a name in the filter */
	uint32_t print;		/**< fingerprint */
	uint16_t quarter;	/**< of its last failure, modulo 2^16 */
	uint16_t count;		/**< 0 = free */
};

struct entry {
	uint32_t hash_next;
	uint32_t older, newer;	/**< neighbours of its rank */
	uint32_t quarter;	/**< that n[0] is of */
	uint16_t n[QUARTERS];	/**< failures in it and in those before */
	uint32_t total;
	uint8_t rank;
	int64_t first_unix_s;
	struct caa_case last;
};

struct order {
	uint32_t oldest, newest, count;
};

struct caa_fails {
	uint8_t key[CAA_HASH_KEY];
	uint32_t max, count;		/**< entries, entries in use: the first ones */
	uint32_t buckets, sets;		/**< powers of two */
	struct order order[RANKS];
	uint32_t *bucket;
	struct mark *mark;		/**< sets of WAYS */
	struct entry entry[];
};

static uint32_t power_of_two(uint32_t least)
{
	uint32_t n = 1;

	while (n < least)
		n *= 2;
	return n;
}

static size_t table_size(const struct caa_fails *t)
{
	return sizeof(*t) + (size_t)t->max * sizeof(struct entry) + (size_t)t->sets * WAYS * sizeof(struct mark) +
		(size_t)t->buckets * sizeof(uint32_t);
}

struct caa_fails *caa_fails_create(size_t max, const uint8_t key[static CAA_HASH_KEY])
{
	struct caa_fails size, *t;

	assert(max >= CAA_FAIL_MIN && max <= UINT32_C(1) << 24);
	size = (struct caa_fails){ .max = (uint32_t)max, .buckets = power_of_two((uint32_t)max),
		.sets = power_of_two((uint32_t)max * CAA_FAIL_FILTER / WAYS) };
	t = calloc(1, table_size(&size));
	if (t == NULL)
		return NULL;
	*t = size;
	memcpy(t->key, key, sizeof(t->key));
	for (unsigned i = 0; i < RANKS; i++)
		t->order[i] = (struct order){ NONE, NONE, 0 };
	t->mark = (struct mark *)(t->entry + max);
	t->bucket = (uint32_t *)(t->mark + (size_t)t->sets * WAYS);
	memset(t->bucket, 0xff, t->buckets * sizeof(*t->bucket));	/* NONE */
	return t;
}

void caa_fails_destroy(struct caa_fails *t)
{
	free(t);
}

static uint64_t hash_of(const struct caa_fails *t, struct caa_name name)
{
	uint8_t lower[CAA_NAME_MAX];

	caa_name_lower(lower, name);
	return caa_hash(t->key, lower, name.len);
}

/* --- the filter ------------------------------------------------------------------------------------------------------- */

/** Which mark of a set makes room: a free one, else the one that failed longest ago. */
static struct mark *oldest_of(struct mark *set, uint16_t now)
{
	struct mark *oldest = set;

	for (struct mark *m = set; m < set + WAYS; m++) {
		if (m->count == 0)
			return m;
		if ((uint16_t)(now - m->quarter) > (uint16_t)(now - oldest->quarter))
			oldest = m;
	}
	return oldest;
}

/** Find a name's mark in its set; marks from before the window become free. */
static struct mark *find_mark(struct mark *set, uint32_t print, uint16_t now)
{
	struct mark *found = NULL;

	for (struct mark *m = set; m < set + WAYS; m++) {
		if (m->count > 0 && (uint16_t)(now - m->quarter) >= QUARTERS)
			m->count = 0;
		if (m->count > 0 && m->print == print)
			found = m;
	}
	return found;
}

/** Count a failure of a name.  @return how often it has failed within the window before. */
static uint16_t mark_name(struct caa_fails *t, uint64_t hash, uint32_t quarter)
{
	struct mark *set = t->mark + (hash >> 32 & (t->sets - 1)) * WAYS;
	uint16_t now = (uint16_t)quarter, before;
	struct mark *m = find_mark(set, (uint32_t)hash, now);

	if (m == NULL) {
		/* the set is a queue, so that of those of one quarter the first goes first */
		m = oldest_of(set, now);
		memmove(m, m + 1, (size_t)(set + WAYS - 1 - m) * sizeof(*m));
		m = set + WAYS - 1;
		m->count = 0;
	}
	before = m->count;
	*m = (struct mark){ (uint32_t)hash, now, (uint16_t)(before < UINT16_MAX ? before + 1 : before) };
	return before;
}

/* --- the table -------------------------------------------------------------------------------------------------------- */

static uint32_t *bucket_of(const struct caa_fails *t, uint64_t hash)
{
	return &t->bucket[hash & (t->buckets - 1)];
}

static struct entry *find(const struct caa_fails *t, uint64_t hash, struct caa_name name)
{
	for (uint32_t i = *bucket_of(t, hash); i != NONE; i = t->entry[i].hash_next)
		if (caa_name_equal(caa_case_name(&t->entry[i].last), name))
			return (struct entry *)&t->entry[i];
	return NULL;
}

static uint32_t index_of(const struct caa_fails *t, const struct entry *e)
{
	return (uint32_t)(e - t->entry);
}

static void order_remove(struct caa_fails *t, struct entry *e)
{
	struct order *o = &t->order[e->rank];

	if (e->older != NONE)
		t->entry[e->older].newer = e->newer;
	else
		o->oldest = e->newer;
	if (e->newer != NONE)
		t->entry[e->newer].older = e->older;
	else
		o->newest = e->older;
	o->count--;
}

static void order_append(struct caa_fails *t, struct entry *e, enum rank rank)
{
	struct order *o = &t->order[rank];

	e->rank = (uint8_t)rank;
	e->older = o->newest;
	e->newer = NONE;
	if (o->newest != NONE)
		t->entry[o->newest].newer = index_of(t, e);
	else
		o->oldest = index_of(t, e);
	o->newest = index_of(t, e);
	o->count++;
}

static void table_remove(struct caa_fails *t, struct entry *e)
{
	uint32_t *link = bucket_of(t, hash_of(t, caa_case_name(&e->last)));

	while (*link != index_of(t, e))
		link = &t->entry[*link].hash_next;
	*link = e->hash_next;
	order_remove(t, e);
}

static enum rank rank_of(uint32_t count)
{
	if (count < 2)
		return ONCE;
	if (count < 3)
		return TWICE;
	if (count < 4)
		return THRICE;
	return count < 8 ? OFTEN : ALWAYS;
}

/** Bring an entry's quarters up to date. */
static void turn(struct entry *e, uint32_t quarter)
{
	uint32_t passed = quarter - e->quarter;

	for (unsigned i = QUARTERS; i-- > 0;)
		e->n[i] = i >= passed ? e->n[i - passed] : 0;
	e->quarter = quarter;
}

static uint32_t sum_at(const struct entry *e, uint32_t quarter)
{
	uint32_t passed = quarter - e->quarter, sum = 0;

	for (unsigned i = 0; i + passed < QUARTERS; i++)
		sum += e->n[i];
	return sum;
}

/** The entry that makes room in the second part: one whose failures are beyond the window, else the oldest of the
 *  lowest rank. */
static struct entry *victim_of_repeaters(struct caa_fails *t, uint32_t quarter)
{
	for (unsigned rank = TWICE; rank < RANKS; rank++) {
		uint32_t oldest = t->order[rank].oldest;

		if (oldest != NONE && sum_at(&t->entry[oldest], quarter) == 0)
			return &t->entry[oldest];
	}
	for (unsigned rank = TWICE; rank < RANKS; rank++)
		if (t->order[rank].oldest != NONE)
			return &t->entry[t->order[rank].oldest];
	return NULL;
}

/** A place for a name that is not in the table.  Linked nowhere. */
static struct entry *make_room(struct caa_fails *t, enum rank rank, uint32_t quarter)
{
	uint32_t once = t->order[ONCE].count, repeaters = t->count - once, most = t->max - t->max / ONCE_PART;
	struct entry *e;

	if (rank != ONCE && repeaters >= most)
		e = victim_of_repeaters(t, quarter);
	else if (t->count < t->max)
		return &t->entry[t->count++];
	else
		e = &t->entry[t->order[ONCE].oldest];
	table_remove(t, e);
	return e;
}

static struct entry *make(struct caa_fails *t, uint64_t hash, uint16_t before, uint32_t quarter, int64_t unix_s)
{
	struct entry *e = make_room(t, rank_of(before + 1u), quarter);
	uint32_t *bucket = bucket_of(t, hash);

	/* the name comes with the case; the rest of an old one need not be cleared */
	e->hash_next = *bucket;
	*bucket = index_of(t, e);
	e->quarter = quarter;
	memset(e->n, 0, sizeof(e->n));
	e->n[0] = before;
	e->total = before;
	e->first_unix_s = unix_s;
	order_append(t, e, rank_of(before + 1u));
	return e;
}

/** A name of the first part failed again: it moves, and where the second part is full another one leaves it. */
static void promote(struct caa_fails *t, struct entry *e, enum rank rank, uint32_t quarter)
{
	if (e->rank == ONCE && rank != ONCE && t->count - t->order[ONCE].count >= t->max - t->max / ONCE_PART) {
		struct entry *gone = victim_of_repeaters(t, quarter);

		if (gone != NULL) {	/* it keeps its counts while it lasts there */
			order_remove(t, gone);
			order_append(t, gone, ONCE);
		}
	}
	order_remove(t, e);
	order_append(t, e, rank);
}

static void repeats_of(const struct entry *e, uint32_t quarter, uint32_t window_s, struct caa_repeats *n)
{
	*n = (struct caa_repeats){ .count = sum_at(e, quarter), .total = e->total, .window_s = window_s,
		.first_unix_s = e->first_unix_s };
}

void caa_fails_add(struct caa_fails *t, const struct caa_case *c, uint32_t now_s, uint32_t window_s, struct caa_repeats *n)
{
	uint32_t quarter = now_s / (window_s / QUARTERS);
	uint64_t hash = hash_of(t, caa_case_name(c));
	struct entry *e = find(t, hash, caa_case_name(c));
	uint16_t before = mark_name(t, hash, quarter);

	if (e == NULL)
		e = make(t, hash, before, quarter, c->unix_s);
	turn(e, quarter);
	if (e->n[0] < UINT16_MAX)
		e->n[0]++;
	e->total++;
	e->last = *c;
	promote(t, e, rank_of(sum_at(e, quarter)), quarter);
	repeats_of(e, quarter, window_s, n);
}

bool caa_fails_find(const struct caa_fails *t, struct caa_name name, uint32_t now_s, uint32_t window_s, struct caa_case *c,
	struct caa_repeats *n)
{
	const struct entry *e = find(t, hash_of(t, name), name);

	if (e == NULL)
		return false;
	*c = e->last;
	repeats_of(e, now_s / (window_s / QUARTERS), window_s, n);
	return true;
}

/** Who failed most comes first, then who failed last. */
static int by_frequency(const void *a, const void *b)
{
	const struct caa_fails_row *x = a, *y = b;

	if (x->repeats.count != y->repeats.count)
		return x->repeats.count > y->repeats.count ? -1 : 1;
	return x->unix_s != y->unix_s ? x->unix_s > y->unix_s ? -1 : 1 : 0;
}

static void row_of(struct caa_fails_row *row, const struct entry *e, const struct caa_repeats *n)
{
	row->wire_len = e->last.wire_len;
	row->class = e->last.class;
	row->unix_s = e->last.unix_s;
	row->repeats = *n;
	memcpy(row->wire, e->last.wire, e->last.wire_len);
}

bool caa_fails_list(const struct caa_fails *t, uint32_t *at, uint32_t now_s, uint32_t window_s, struct caa_fails_row *rows,
	size_t *count, size_t max)
{
	for (uint32_t end = *at + CAA_FAIL_PIECE < t->count ? *at + CAA_FAIL_PIECE : t->count; *at < end; (*at)++) {
		struct caa_fails_row row;
		struct caa_repeats n;

		repeats_of(&t->entry[*at], now_s / (window_s / QUARTERS), window_s, &n);
		if (n.count < 2)
			continue;
		row_of(&row, &t->entry[*at], &n);
		caa_top_offer(rows, sizeof(row), count, max, &row, by_frequency);
	}
	return *at < t->count;
}

void caa_fails_sort(struct caa_fails_row *rows, size_t count)
{
	qsort(rows, count, sizeof(*rows), by_frequency);
}

size_t caa_fails_count(const struct caa_fails *t)
{
	return t->count;
}

size_t caa_fails_repeaters(const struct caa_fails *t)
{
	return t->count - t->order[ONCE].count;
}

size_t caa_fails_memory(const struct caa_fails *t)
{
	return table_size(t);
}
