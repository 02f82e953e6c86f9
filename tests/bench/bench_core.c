/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What one packet costs in the core: nanoseconds for each step, on a table as large as the default one, with addresses
 *  in random order so that caches do not help more than they would. */
#include "core/flight.h"
#include "core/upstream.h"
#include "core/zones.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { UPSTREAMS = 100000, STEPS = 2000000 };

static uint64_t random_state = 42;

static uint64_t next_random(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(2685821657736338717);
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static struct caa_addr random_addr(void)
{
	uint32_t n = (uint32_t)(next_random() % UPSTREAMS);
	const uint8_t ip[4] = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	return caa_addr_ipv4(ip, 53);
}

/** Print a row. @param sink: a result of the work, so that it is not left out. */
static void row(const char *what, double from_ns, uint64_t sink)
{
	printf("%-44s %8.1f ns   (%" PRIu64 ")\n", what, (now_ns() - from_ns) / STEPS, sink % 10);
}

static void bench_pacer(void)
{
	struct caa_pacer p;
	uint64_t sum = 0, wait_us = 0;
	double from = now_ns();

	caa_pacer_init(&p);
	caa_pacer_set_rate(&p, 1000, 16);
	for (uint64_t i = 0; i < STEPS; i++)
		sum += caa_pacer_book(&p, i * 1000, UINT64_MAX, &wait_us) + wait_us;
	row("a turn of one upstream", from, sum);
}

static void bench_upstreams(void)
{
	static const uint8_t key[CAA_HASH_KEY] = { 1 };
	struct caa_upstreams *t = caa_upstreams_create(UPSTREAMS, key);
	uint64_t sum = 0, wait_us = 0;
	double from;

	if (t == NULL)
		abort();
	for (uint64_t i = 0; i < UPSTREAMS; i++) {
		struct caa_addr a = random_addr();

		sum += caa_upstreams_get(t, &a, i) != NULL;
	}
	from = now_ns();
	for (uint64_t i = 0; i < STEPS; i++) {
		struct caa_addr a = random_addr();
		struct caa_upstream *u = caa_upstreams_get(t, &a, i);

		if (u != NULL && caa_pacer_book(&u->pacer, i, UINT64_MAX, &wait_us))
			sum += ++u->sent;
	}
	row("finding one of 100000 upstreams, and a turn", from, sum);
	printf("%-44s %8zu bytes\n", "an upstream", sizeof(struct caa_upstream));
	printf("%-44s %8.1f MB\n", "100000 upstreams, all at creation", (double)caa_upstreams_memory(t) / 1e6);
	caa_upstreams_destroy(t);
}

static void bench_flight(void)
{
	static struct caa_flight f;
	struct caa_addr a = random_addr(), found;
	uint64_t sum = 0;
	double from = now_ns();

	caa_flight_init(&f);
	for (uint64_t i = 0; i < STEPS; i++) {
		uint64_t question = next_random();

		caa_flight_begin(&f, question, &a, i);
		sum += caa_flight_find(&f, question, i, &found);
		caa_flight_end(&f, question, &a);
	}
	row("noting, finding and ending a question", from, sum);
}

static void bench_zones(void)
{
	static const uint8_t deep[] = "\1a\1b\1c\1d\1e\7example\3com", root[] = "";
	struct caa_zones *z = caa_zones_create();
	struct caa_zone *zone;
	uint64_t sum = 0;
	double from;

	if (z == NULL || caa_zones_add(z, (struct caa_name){ root, 1 }, "bench", &zone) != CAA_OK)
		abort();
	caa_zones_seal(z);
	from = now_ns();
	for (uint64_t i = 0; i < STEPS; i++)
		sum += caa_zones_match(z, (struct caa_name){ deep, sizeof(deep) })->burst;
	row("options of a name of seven labels", from, sum);
	caa_zones_destroy(z);
}

int main(void)
{
	bench_pacer();
	bench_upstreams();
	bench_flight();
	bench_zones();
	return 0;
}
