/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Fuzz the store of held answers with a sequence of calls, beside a model that keeps what was put last: what is given out is
 *  that, octet for octet, within its time by both clocks, and never what was dropped. */
#include "fuzz.h"

#include "core/hold/hold.h"

enum { KEYS = 12, HOLD_S = 100, BYTES = 4096 * 8, LEN_MAX = 2000, NAMES = 3 };

/** What was put last for a key. */
struct model {
	bool put;
	uint8_t wire[LEN_MAX], names[NAMES * CAA_NAME_MAX];
	size_t len, names_len;
	struct caa_hold_time since;
	uint64_t signed_until_s;
	bool negative;
};

struct world {
	struct caa_hold *store;
	struct model model[KEYS];
	struct caa_hold_time now;
};

/** The names of the keys: some below others. */
static struct caa_hold_key key_of(unsigned n, uint8_t wire[static CAA_NAME_MAX])
{
	static const char *const text[] = { "\1a", "\1a\1b", "\1b", "\1A\1b", "\3www\1a\1b", "" };
	const char *name = text[n % 6];
	size_t len = strlen(name);

	memcpy(wire, name, len);
	wire[len] = 0;
	return (struct caa_hold_key){ { wire, len + 1 }, n >= 6 };
}

static unsigned model_of(unsigned n)
{
	return n % 6 == 3 ? n - 2 : n;	/* letters without case */
}

static void put(struct world *w, struct input *in)
{
	uint8_t wire[CAA_NAME_MAX], other[CAA_NAME_MAX];
	unsigned n = take8(in) % KEYS;
	struct model *m = &w->model[model_of(n)];
	struct caa_hold_key key = key_of(n, wire);

	memset(m, 0, sizeof(*m));
	m->len = take16(in) % LEN_MAX;
	memset(m->wire, take8(in), m->len);
	for (size_t len = 8, at = 0; at + len <= m->len && in->left > 0; at += 64, len = 8) {
		const uint8_t *octets = take(in, &len);

		memcpy(m->wire + at, octets, len);
	}
	for (unsigned count = take8(in) % (NAMES + 1); count > 0; count--) {
		struct caa_name name = key_of(take8(in) % KEYS, other).name;

		memcpy(m->names + m->names_len, name.wire, name.len);
		m->names_len += name.len;
	}
	m->since = w->now;
	m->negative = take8(in) & 1;
	m->signed_until_s = take8(in) & 1 ? w->now.wall_s + take8(in) : 0;
	m->put = caa_hold_put(w->store, key, &(struct caa_hold_answer){ .wire = m->wire, .len = m->len, .names = m->names,
		.names_len = m->names_len, .since = m->since, .signed_until_s = m->signed_until_s, .negative = m->negative }) == CAA_OK;
	check(m->put);	/* all of these have room */
	check(caa_hold_has(w->store, key, w->now, HOLD_S) == (m->signed_until_s == 0 || m->signed_until_s > w->now.wall_s));
}

static void get(struct world *w, struct input *in)
{
	static uint8_t out[CAA_HOLD_ANSWER_MAX];
	uint8_t wire[CAA_NAME_MAX];
	unsigned n = take8(in) % KEYS;
	const struct model *m = &w->model[model_of(n)];
	struct caa_hold_key key = key_of(n, wire);
	struct caa_held held, seen;
	bool has = caa_hold_see(w->store, key, w->now, HOLD_S, &seen);
	uint64_t wall_s, steady_s;

	check(caa_hold_get(w->store, key, w->now, HOLD_S, out, &held) == has);
	if (!has)
		return;
	check(m->put && held.len == m->len && memcmp(out, m->wire, m->len) == 0);
	check(held.negative == m->negative && held.since.wall_s == m->since.wall_s);
	check(held.len == seen.len && held.left_s == seen.left_s && held.age_s == seen.age_s);
	wall_s = w->now.wall_s > m->since.wall_s ? w->now.wall_s - m->since.wall_s : 0;
	steady_s = w->now.steady_s - m->since.steady_s;
	check(wall_s < HOLD_S && steady_s < HOLD_S && (m->signed_until_s == 0 || w->now.wall_s < m->signed_until_s));
	check(held.left_s > 0 && held.left_s <= HOLD_S - (wall_s > steady_s ? wall_s : steady_s));
}

/** What a flush takes, said once more. */
static bool is_flushed(unsigned n, const struct model *m, const struct caa_hold_flush *f)
{
	uint8_t wire[CAA_NAME_MAX];
	struct caa_name name = key_of(n, wire).name;
	size_t at = 0;

	if (!m->put || (f->negative && !m->negative))
		return false;
	do {
		if (f->below ? caa_name_within(name, f->name) : caa_name_equal(name, f->name))
			return true;
	} while (at < m->names_len && caa_name_check(&name, m->names + at, m->names_len - at) == CAA_OK && (at += name.len) > 0);
	return false;
}

static void drop(struct world *w, struct input *in)
{
	uint8_t wire[CAA_NAME_MAX];
	struct caa_hold_flush f = { .name = key_of(take8(in) % KEYS, wire).name, .below = take8(in) & 1, .negative = take8(in) & 1 };
	size_t before = caa_hold_count(w->store), dropped = caa_hold_drop(w->store, &f), flushed = 0;

	check(before - dropped == caa_hold_count(w->store));
	for (unsigned n = 0; n < KEYS; n++) {
		if (!is_flushed(n, &w->model[n], &f))
			continue;
		w->model[n].put = false;
		flushed++;
	}
	check(dropped <= flushed);	/* some may have made room before */
}

static void remove_one(struct world *w, struct input *in)
{
	uint8_t wire[CAA_NAME_MAX];
	unsigned n = take8(in) % KEYS;
	bool was = w->model[model_of(n)].put;

	check(!caa_hold_remove(w->store, key_of(n, wire)) || was);
	w->model[model_of(n)].put = false;
	check(!caa_hold_has(w->store, key_of(n, wire), w->now, HOLD_S));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t secret[CAA_HASH_KEY] = { 1 };
	static struct world w;
	struct input in = { data, size };
	size_t count;

	memset(&w, 0, sizeof(w));
	w.store = caa_hold_create(BYTES, secret);
	w.now = (struct caa_hold_time){ 1000000, 1000 };
	check(w.store != NULL);
	while (in.left > 0) {
		switch (take8(&in) % 6) {
		case 0: case 1: put(&w, &in); break;
		case 2: get(&w, &in); break;
		case 3: drop(&w, &in); break;
		case 4: remove_one(&w, &in); break;
		case 5:	/* the wall's clock may be set back */
			w.now.steady_s += take8(&in) % 60;
			w.now.wall_s += (uint64_t)(int64_t)(int8_t)take8(&in);
			break;
		}
		count = 0;
		for (unsigned n = 0; n < KEYS; n++)
			count += w.model[n].put;
		check(caa_hold_count(w.store) <= count && caa_hold_memory(w.store) <= BYTES);
	}
	caa_hold_destroy(w.store);
	return 0;
}
