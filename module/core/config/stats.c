/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/config/stats.h"

#include <assert.h>

/** Whether a name ends in _us: what is counted are microseconds. */
#define IN_US(name) (sizeof(name) > 4 && (name)[sizeof(name) - 4] == '_' && (name)[sizeof(name) - 3] == 'u' && (name)[sizeof(name) - 2] == 's')

static const struct caa_stat_line counters[] = {
#define X(id, name, help) { name, help, CAA_STAT_COUNTER, IN_US(name) ? CAA_STAT_US : CAA_STAT_ONE, true },
	CAA_STATS(X)
#undef X
};

static const struct caa_stat_line readings[] = {
#define X(id, name, kind, unit, reset, help) { name, help, CAA_STAT_##kind, CAA_STAT_##unit, reset },
	CAA_READINGS(X)
#undef X
};

void caa_stats_init(struct caa_stats *s)
{
	for (size_t i = 0; i < CAA_STAT_COUNT; i++)
		atomic_init(&s->count[i], 0);
	atomic_init(&s->wait_max_us, 0);
	for (size_t i = 0; i < CAA_STAT_COUNT; i++)
		s->base[i] = 0;
	s->wait_max_before_us = 0;
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

static uint64_t read_one(_Atomic uint64_t *value)
{
	return atomic_load_explicit(value, memory_order_relaxed);
}

void caa_stats_read(struct caa_stats *s, struct caa_stats_values *out, int reset)
{
	for (size_t i = 0; i < CAA_STAT_COUNT; i++) {
		uint64_t count = read_one(&s->count[i]);

		out->count[i] = count - s->base[i];
		if (reset)
			s->base[i] = count;
	}
	if (!reset) {
		out->wait_max_us = read_one(&s->wait_max_us);
		return;
	}
	out->wait_max_us = atomic_exchange_explicit(&s->wait_max_us, 0, memory_order_relaxed);
	if (out->wait_max_us > s->wait_max_before_us)
		s->wait_max_before_us = out->wait_max_us;
}

void caa_stats_total(struct caa_stats *s, struct caa_stats_values *out)
{
	for (size_t i = 0; i < CAA_STAT_COUNT; i++)
		out->count[i] = read_one(&s->count[i]);
	out->wait_max_us = read_one(&s->wait_max_us);
	if (out->wait_max_us < s->wait_max_before_us)
		out->wait_max_us = s->wait_max_before_us;
}

const struct caa_stat_line *caa_stats_line(enum caa_stat id)
{
	assert(id < CAA_STAT_COUNT);
	return &counters[id];
}

const struct caa_stat_line *caa_stats_reading(enum caa_reading id)
{
	assert(id < CAA_READING_COUNT);
	return &readings[id];
}
