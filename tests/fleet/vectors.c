/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Prints what core's tests and the store's script are held against each other with (tests/fleet.test).
 *
 *	fleet_vectors random SEED COUNT	reports, and what tests/sim/store.c answers, in the form of testdata/fleet/share.vectors
 *	fleet_vectors script		the script that is built in
 *	fleet_vectors sha1		its digest */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "limiter.h"
#include "store.h"

enum { EACH = 60 };	/**< reports to one limit */

static uint32_t below(uint64_t *random, uint32_t most)
{
	return (uint32_t)((sim_random(random) >> 32) % most);
}

/** A number of any size. */
static uint32_t any(uint64_t *random, uint32_t most)
{
	return below(random, 1 + (most >> below(random, 26)));
}

static struct caa_share_report report_of(const struct store *s, uint64_t *random)
{
	return (struct caa_share_report){
		.demand_mqps = any(random, CAA_SHARE_RATE_MAX), .rate_mqps = any(random, CAA_SHARE_RATE_MAX),
		.ceiling_mqps = any(random, CAA_SHARE_RATE_MAX), .epoch = below(random, 4) > 0 ? (uint32_t)s->epoch : any(random, UINT32_MAX - 1),
		.good = (uint16_t)any(random, UINT16_MAX), .lost = below(random, 4) > 0 ? 0 : (uint8_t)below(random, 3),
		.own = below(random, 8) == 0, .raises = below(random, 2) == 0, .hearsay = below(random, 8) == 0, .pauses = below(random, 4) == 0
	};
}

static void print_random(uint64_t seed, unsigned count)
{
	uint64_t random = seed * 2 + 1, now_ms = 0;
	struct store store = { .known = false };
	struct caa_share_answer a;
	char text[CAA_SHARE_TEXT_MAX];
	unsigned nodes = 1;

	for (unsigned i = 0; i < count; i++) {
		struct caa_share_report r;
		unsigned node;

		if (i % EACH == 0) {
			store = (struct store){ .known = false };
			nodes = 1 + below(&random, CAA_SHARE_NODES + 2);
			now_ms = 1 + any(&random, 2000000000);
			printf("new\n");
		}
		now_ms += any(&random, 8192);
		now_ms -= below(&random, 16) == 0 ? below(&random, (uint32_t)(now_ms < 3000 ? now_ms : 3000)) : 0;
		node = 1 + below(&random, nodes);
		r = report_of(&store, &random);
		printf("%llu %u %s =", (unsigned long long)now_ms, node, caa_share_text(text, &r));
		store_tell(&store, now_ms, node, &r, &a);
		if (a.share_mqps == 0)
			printf(" none\n");
		else
			printf(" %u %u %u %u %u %u %u\n", (unsigned)a.share_mqps, (unsigned)a.ceiling_mqps, (unsigned)a.lease_ms, (unsigned)a.epoch,
				(unsigned)a.rate_mqps, (unsigned)a.nodes, (unsigned)a.answered);
	}
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "random") == 0)
		print_random(strtoull(argv[2], NULL, 10), (unsigned)strtoul(argv[3], NULL, 10));
	else if (argc == 2 && strcmp(argv[1], "script") == 0)
		fputs(caa_share_script, stdout);
	else if (argc == 2 && strcmp(argv[1], "sha1") == 0)
		puts(caa_share_script_sha1);
	else
		return fprintf(stderr, "usage: see the head of tests/fleet/vectors.c\n"), 2;
	return 0;
}
