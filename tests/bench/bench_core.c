/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What one packet costs in the core, and what an upstream takes, against the limits that are promised: on a table as
 *  large as the default one, with addresses in random order so that caches do not help more than they would. */
#include "core/pace/flight.h"
#include "core/pace/gate.h"
#include "core/pace/outcome.h"
#include "core/pace/proof.h"
#include "core/hold/hold.h"
#include "core/config/zones.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	UPSTREAMS = 100000, STEPS = 500000, HELD = 100000,
	ROUNDS = 7,			/**< the best of so many counts: the others were held up by what else the machine does */
	PACKET_NS_MAX = 1000,
	UPSTREAM_BYTES_MAX = 368,
	TABLE_MB_MAX = 38,
	ROUND_US = 200, BUDGET_US = 20 * 1000000, BURST = 16,
	LIMITED_PART = 8		/**< one of so many upstreams has a limit */
};

static bool all_ok = true;
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

static struct caa_addr addr_of(uint32_t n)
{
	const uint8_t ip[4] = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	return caa_addr_ipv4(ip, 53);
}

static struct caa_addr random_addr(void)
{
	return addr_of((uint32_t)(next_random() % UPSTREAMS));
}

/** Print a row that has a limit. */
static void judge(const char *what, double value, double most, const char *unit)
{
	bool ok = value <= most;

	printf("%-6s %-58s %8.1f %s, at most %.0f\n", ok ? "ok" : "not ok", what, value, unit, most);
	all_ok = all_ok && ok;
}

/** @param sink: a result of the work, so that it is not left out. */
static double ns_since(double from_ns, uint64_t sink)
{
	static volatile uint64_t kept;

	kept = sink;
	(void)kept;
	return (now_ns() - from_ns) / STEPS;
}

static void row(const char *what, double ns)
{
	printf("%-6s %-58s %8.1f ns\n", "", what, ns);
}

static struct caa_upstreams *full_table(const uint8_t key[static CAA_HASH_KEY])
{
	struct caa_upstreams *t = caa_upstreams_create(UPSTREAMS, 1, key);

	if (t == NULL)
		abort();
	for (uint32_t n = 0; n < UPSTREAMS; n++) {
		struct caa_addr a = addr_of(n);

		if (caa_upstreams_get(t, &a, BURST) == NULL)
			abort();
	}
	return t;
}

/** The first answers of each upstream; some of them then lose what makes a limit. */
static void teach(struct caa_upstreams *t)
{
	for (uint32_t n = 0; n < UPSTREAMS; n++) {
		struct caa_addr a = addr_of(n);
		struct caa_upstream *u = caa_upstreams_get(t, &a, BURST);

		for (int i = 0; i < 12; i++)
			caa_learn_outcome(&u->learn, ROUND_US, caa_learn_sent(&u->learn, 1, false),
				i < 8 || n % LIMITED_PART != 0 ? CAA_SIGNAL_ANSWER : CAA_SIGNAL_SILENCE);
	}
}

/** A packet is found its upstream, asks, is sent and answered.  Its time is far enough from the last at that upstream that
 *  it waits for nothing. @return whether it left. */
static bool packet(struct caa_upstreams *t, const struct caa_zone_options *zone, const struct caa_cookie_secret *secret,
	uint64_t now_us)
{
	static const struct caa_packet reply = { .records = 1 };
	struct caa_wish wish = { .zone = zone, .now_us = now_us, .deadline_us = now_us + BUDGET_US, .other_us = UINT64_MAX };
	struct caa_addr a = random_addr();
	struct caa_upstream *u = caa_upstreams_get(t, &a, BURST);
	struct caa_asking q = { .zone = 1 };
	struct caa_serving serving = { .tag = 1 };
	uint8_t cookie[CAA_COOKIE_MAX];
	uint64_t wait_us = 0;
	bool left;

	if (u == NULL)
		abort();
	left = caa_gate_ask(u, &q, &serving, &wish, &wait_us) == CAA_GATE_SEND;
	if (left)
		caa_proof_cookie(u, &q, secret, now_us, cookie);
	caa_outcome_of(u, &q, &serving, secret, now_us + ROUND_US, left ? CAA_END_ANSWER : CAA_END_ABANDONED, &reply, false);
	return left;
}

/** @return what drawing an address costs, which is no part of a packet. */
static double drawing_ns(void)
{
	uint64_t sum = 0;
	double from = now_ns();

	for (uint64_t i = 0; i < STEPS; i++)
		sum += random_addr().port[0];
	return ns_since(from, sum);
}

/** @return what a packet costs, the best of the rounds. @param left: packets that left at once, of all. */
static double packet_ns(struct caa_upstreams *t, const struct caa_zone_options *zone, uint64_t *left)
{
	static const struct caa_cookie_secret secret;
	double best_ns = 1e9;
	uint64_t now_us = 10000000;

	for (int round = 0; round < ROUNDS; round++) {
		double drawn_ns = drawing_ns(), from = now_ns(), took_ns;

		for (uint64_t i = 0; i < STEPS; i++, now_us += 20)
			*left += packet(t, zone, &secret, now_us);
		took_ns = ns_since(from, *left) - drawn_ns;
		if (took_ns < best_ns)
			best_ns = took_ns;
	}
	return best_ns;
}

static void bench_packet(const struct caa_zone_options *zone)
{
	static const uint8_t key[CAA_HASH_KEY] = { 1 };
	struct caa_upstreams *t = full_table(key);
	uint64_t left = 0;

	teach(t);
	judge("a packet: its upstream found, asked, sent, outcome", packet_ns(t, zone, &left), PACKET_NS_MAX, "ns");
	printf("%-6s of these packets %.1f%% left at once\n", "", (double)left * 100 / STEPS / ROUNDS);
	judge("an upstream", (double)sizeof(struct caa_upstream), UPSTREAM_BYTES_MAX, "bytes");
	judge("100000 upstreams, all at creation", (double)caa_upstreams_memory(t) / 1e6, TABLE_MB_MAX, "MB");
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
	row("noting, finding and ending a question", ns_since(from, sum));
}

static void bench_zones(const struct caa_zones *z)
{
	static const uint8_t deep[] = "\1a\1b\1c\1d\1e\7example\3com";
	uint64_t sum = 0;
	double from = now_ns();

	for (uint64_t i = 0; i < STEPS; i++)
		sum += caa_zones_match(z, (struct caa_name){ deep, sizeof(deep) })->burst;
	row("options of a name of seven labels", ns_since(from, sum));
}

static struct caa_name random_name(uint8_t wire[static 32])
{
	static const uint8_t like[] = "\10xxxxxxxx\7example\3com";
	uint64_t n = next_random() % HELD;

	for (size_t i = 0; i < sizeof(like); i++)
		wire[i] = like[i];
	for (size_t i = 0; i < 8; i++)
		wire[1 + i] = (uint8_t)('a' + (n >> 4 * i) % 16);
	return (struct caa_name){ wire, sizeof(like) };
}

static void bench_hold(void)
{
	static const uint8_t key[CAA_HASH_KEY] = { 1 };
	static uint8_t answer[200], wire[32], out[CAA_HOLD_ANSWER_MAX];
	struct caa_hold *t = caa_hold_create(64 << 20, key);
	const struct caa_hold_answer a = { .wire = answer, .len = sizeof(answer) };
	struct caa_held held;
	uint64_t sum = 0;
	double from = now_ns();

	if (t == NULL)
		abort();
	for (uint64_t i = 0; i < STEPS; i++)
		sum += caa_hold_put(t, (struct caa_hold_key){ random_name(wire), 0 }, &a);
	row("holding an answer of 200 octets", ns_since(from, sum));
	from = now_ns();
	for (uint64_t i = 0; i < STEPS; i++)
		sum += caa_hold_get(t, (struct caa_hold_key){ random_name(wire), 0 }, (struct caa_hold_time){ 1, 1 }, 100, out,
			&held);
	row("giving one of 100000 out", ns_since(from, sum));
	printf("%-6s %-58s %8.1f MB\n", "", "100000 of these", (double)caa_hold_memory(t) / 1e6);
	caa_hold_destroy(t);
}

int main(void)
{
	static const uint8_t root[] = "";
	struct caa_zones *z = caa_zones_create();
	struct caa_zone *zone;

	if (z == NULL || caa_zones_add(z, (struct caa_name){ root, 1 }, "bench", &zone) != CAA_OK)
		abort();
	caa_zones_seal(z);
	bench_packet(caa_zones_match(z, (struct caa_name){ root, 1 }));
	bench_hold();
	bench_flight();
	bench_zones(z);
	caa_zones_destroy(z);
	return all_ok ? 0 : 1;
}
