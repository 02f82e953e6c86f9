/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>
#include "table.h"

enum { TEXTS_SHOWN = 4 };

/** The same text but for its numbers, as those of names and counts. */
static bool is_like(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, "0123456789");
		b += strspn(b, "0123456789");
		if (*a != *b)
			return false;
		if (*a == '\0')
			return true;
	}
}

static void print_texts(const struct trial *t, int side)
{
	const char *text[TEXTS_SHOWN];
	unsigned count[TEXTS_SHOWN] = { 0 }, texts = 0, n;

	for (size_t i = 0; i < t->askeds; i++) {
		const struct told *told = &t->asked[i].told[side];

		if (told_ok(told) || told->ede_text[0] == '\0')
			continue;
		for (n = 0; n < texts && !is_like(text[n], told->ede_text); n++)
			;
		if (n == texts && texts < TEXTS_SHOWN)
			text[texts++] = told->ede_text;
		if (n < texts)
			count[n]++;
	}
	for (n = 0; n < texts; n++)
		printf("#     EDE x%u: %.160s\n", count[n], text[n]);
}

static const char *pass_text(const struct spec *spec, int pass)
{
	if (pass == 0)
		return "cold";
	return (unsigned)pass < spec->passes ? "warm" : "after the fault";
}

void table_print(const struct trial *t)
{

	printf("# %s\n", t->spec->path);
	for (int side = 0; side < SIDES; side++) {
		printf("#   %s", side == PLAIN ? "plain: " : "module:");
		for (int pass = 0; pass < PASSES_MAX; pass++) {
			struct score score = trial_score(t, side, pass, "");

			if (score.passed + score.failed > 0)
				printf(" %s %u passed, %u failed, %.2f s;", pass_text(t->spec, pass), score.passed, score.failed, score.last_s);
		}
		fputs(" queries", stdout);
		for (unsigned a = 1; a <= ADDRESSES_MAX; a++)
			if (t->spec->address[a - 1].used)
				printf(" %u", trial_queries_at(t, side, a, true));
		printf(" (%u lost), %u needed\n", trial_queries_at(t, side, 0, true) - trial_queries_at(t, side, 0, false),
			trial_needed(t, -1));
		print_texts(t, side);
	}
}
