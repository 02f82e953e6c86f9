/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What a failure costs in the core, and that a flood of names which fail once changes nothing for names that keep
 *  failing: time, memory, and who is remembered.  Ends with 1 if anything of that is not so. */
#include "core/why/fail.h"
#include "core/why/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NAMES = 1000000, REPEATERS = 10, WINDOW_S = 3600, STEPS = 200000 };

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void row(const char *what, double from_ns, double steps)
{
	printf("%-56s %9.1f ns\n", what, (now_ns() - from_ns) / steps);
}

/** Resident memory in KB. */
static long resident_kb(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (file == NULL || fscanf(file, "%*s %ld", &pages) != 1)
		pages = 0;
	if (file != NULL)
		fclose(file);
	return pages * 4;
}

/** A case with as many attempts as a rate-limited lookup has. */
static void fill(struct caa_case *c)
{
	static const uint8_t question[] = "\3www\7example\3net";
	struct caa_event e = { .qtype = 257, .size = 1232, .dnssec = true, .name = { question, sizeof(question) },
		.zone = { question + 4, sizeof(question) - 4 }, .result = CAA_RESULT_TIMEOUT };

	memset(c, 0, sizeof(*c));
	memcpy(c->wire, question, sizeof(question));
	c->wire_len = sizeof(question);
	c->bogus_ede = CAA_NO_EDE;
	c->tries = 1;
	caa_record_init(&c->record);
	for (unsigned i = 0; i < 8; i++) {
		const uint8_t ip[4] = { 192, 0, 2, (uint8_t)(1 + i % 2) };

		e.addr = caa_addr_ipv4(ip, 53);
		e.cookie = i / 2 % 2;
		e.rtt_ms = e.at_ms = 100 * i;
		caa_record_note(&c->record, caa_case_name(c), &e);
	}
	c->servers = (uint8_t)caa_record_servers(&c->record, e.zone, c->server);
	c->server[0].limited = true;
	c->server[0].rate_qps = 20;
	c->server[0].timed_out = 18;
	c->server[0].replied = 2;
	caa_case_class(c);
}

/** Give a case another name, of the same length. */
static void rename_case(struct caa_case *c, char kind, uint32_t n)
{
	c->wire[1] = (uint8_t)kind;
	for (unsigned i = 0; i < 6; i++)	/* as letters, of the label after it */
		c->wire[5 + i] = (uint8_t)('a' + (n >> 4 * i & 0xf));
}

static bool is_known(struct caa_fails *t, struct caa_case *c, uint32_t n, uint32_t count)
{
	struct caa_case found;
	struct caa_repeats r;

	rename_case(c, 'r', n);
	return caa_fails_find(t, caa_case_name(c), 1, WINDOW_S, &found, &r) && r.count == count;
}

static bool bench_flood(struct caa_case *c)
{
	static const uint8_t key[CAA_HASH_KEY] = { 9 };
	struct caa_fails *t = caa_fails_create(10000, key);
	uint32_t known = 0, logged = 0;
	struct caa_repeats r;
	long half_kb = 0, whole_kb;
	double from;

	if (t == NULL)
		abort();
	for (uint32_t k = 0; k < 3; k++) {
		for (uint32_t n = 0; n < REPEATERS; n++) {
			rename_case(c, 'r', n);
			caa_fails_add(t, c, 1, WINDOW_S, &r);
		}
	}
	from = now_ns();
	for (uint32_t n = 0; n < NAMES; n++) {
		rename_case(c, 'f', n);
		caa_fails_add(t, c, 1, WINDOW_S, &r);
		logged += r.count >= 3;
		if (n == NAMES / 2)
			half_kb = resident_kb();
	}
	row("a failure of a new name, in a flood of 1000000", from, NAMES);
	whole_kb = resident_kb();
	for (uint32_t n = 0; n < REPEATERS; n++)
		known += is_known(t, c, n, 3);
	printf("%-56s %9zu KB\n", "the table of 10000 names", caa_fails_memory(t) / 1000);
	printf("%-56s %9ld KB\n", "resident memory after half the flood", half_kb);
	printf("%-56s %9ld KB\n", "  and after all of it", whole_kb);
	printf("%-56s %9" PRIu32 " of %d\n", "names that kept failing and are known", known, REPEATERS);
	printf("%-56s %9" PRIu32 "\n", "names of the flood that would have been logged", logged);
	caa_fails_destroy(t);
	return known == REPEATERS && logged == 0 && whole_kb - half_kb < 1000;
}

static void bench_steps(struct caa_case *c)
{
	char text[CAA_EDE_MAX], line[CAA_LINE_MAX];
	const struct caa_repeats r = { 3, 3, WINDOW_S, 0 };
	struct caa_record record;
	static const uint8_t ip[4] = { 192, 0, 2, 1 };
	struct caa_event e = { .addr = caa_addr_ipv4(ip, 53), .qtype = 257, .size = 1232, .name = caa_case_name(c),
		.zone = { c->wire + 4, c->wire_len - 4u }, .result = CAA_RESULT_GOOD };
	double from = now_ns();

	for (unsigned i = 0; i < STEPS; i++) {
		caa_record_init(&record);
		caa_record_note(&record, e.name, &e);
	}
	row("noting an attempt", from, STEPS);
	from = now_ns();
	for (unsigned i = 0; i < STEPS; i++)
		caa_case_class(c);
	row("the class of a failure", from, STEPS);
	from = now_ns();
	for (unsigned i = 0; i < STEPS; i++)
		caa_say_sentence(c, text);
	row("its EDE", from, STEPS);
	from = now_ns();
	for (unsigned i = 0; i < STEPS; i++)
		caa_report_line(c, &r, 0, &(struct caa_versions){ "1", "0" }, line);
	row("its line", from, STEPS);
	printf("%-56s %9zu octets\n", "the record of a question", sizeof(struct caa_record));
	printf("%-56s %9zu octets\n", "a remembered failure", sizeof(struct caa_case));
	printf("%-56s %9zu octets\n", "a line with 4 kinds of attempts", strlen(line));
}

int main(void)
{
	struct caa_case c;

	fill(&c);
	bench_steps(&c);
	return bench_flood(&c) ? 0 : 1;
}
