/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/stats.h"

#include <assert.h>

static const struct { const char *name, *help; } list[] = {
#define X(id, name, help) { name, help },
	CAA_STATS(X)
#undef X
};

void caa_stats_init(struct caa_stats *s)
{
	for (size_t i = 0; i < CAA_STAT_COUNT; i++)
		atomic_init(&s->count[i], 0);
	atomic_init(&s->wait_max_us, 0);
}

/* All accesses are relaxed: a counter orders nothing else. */

void caa_stats_add(struct caa_stats *s, enum caa_stat id, uint64_t n)
{
	atomic_fetch_add_explicit(&s->count[id], n, memory_order_relaxed);
}

void caa_stats_wait(struct caa_stats *s, uint64_t wait_us)
{
	uint64_t max_us = atomic_load_explicit(&s->wait_max_us, memory_order_relaxed);

	caa_stats_add(s, CAA_STAT_waits, 1);
	caa_stats_add(s, CAA_STAT_wait_us, wait_us);
	while (wait_us > max_us && !atomic_compare_exchange_weak_explicit(&s->wait_max_us, &max_us, wait_us,
		memory_order_relaxed, memory_order_relaxed))
		;
}

static uint64_t read_one(_Atomic uint64_t *value, int reset)
{
	return reset ? atomic_exchange_explicit(value, 0, memory_order_relaxed) :
		atomic_load_explicit(value, memory_order_relaxed);
}

void caa_stats_read(struct caa_stats *s, struct caa_stats_values *out, int reset)
{
	for (size_t i = 0; i < CAA_STAT_COUNT; i++)
		out->count[i] = read_one(&s->count[i], reset);
	out->wait_max_us = read_one(&s->wait_max_us, reset);
}

const char *caa_stats_name(enum caa_stat id)
{
	assert(id < CAA_STAT_COUNT);
	return list[id].name;
}

const char *caa_stats_help(enum caa_stat id)
{
	assert(id < CAA_STAT_COUNT);
	return list[id].help;
}
