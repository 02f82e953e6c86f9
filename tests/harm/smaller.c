/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "smaller.h"
#include "spec.h"

enum { LINES_MAX = 200, LINE_OCTETS = 1024, WORDS_MAX = 48 };

struct making {
	const char *prefix;
	char line[LINES_MAX][LINE_OCTETS];
	size_t lines;
	unsigned written;
};

/** Write the scenario with one line in place of another; take it away again if it is none. */
static void try_line(struct making *m, size_t at, const char *text)
{
	char path[LINE_OCTETS];
	struct spec spec;
	FILE *out;

	snprintf(path, sizeof(path), "%s-%zu-%u.harm", m->prefix, at + 1, m->written);
	out = fopen(path, "w");
	if (out == NULL)
		return;
	for (size_t i = 0; i < m->lines; i++)
		fprintf(out, "%s\n", i == at ? text : m->line[i]);
	fclose(out);
	if (spec_read(&spec, path, 1) && spec.asks > 0)
		m->written++;
	else
		unlink(path);
	free(spec.zone);
}

/** Without the words from..to. */
static void try_without(struct making *m, size_t at, size_t from, size_t to)
{
	char text[LINE_OCTETS], copy[LINE_OCTETS], *rest = NULL;
	size_t number = 0, len = 0;

	snprintf(copy, sizeof(copy), "%s", m->line[at]);
	text[0] = '\0';
	for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest), number++)
		if (number < from || number >= to)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len > 0 ? " " : "", word);
	if (number >= to)
		try_line(m, at, text);
}

/** Without each word, and each two words in a row: what is no scenario then is not kept. */
static void try_words(struct making *m, size_t at)
{
	for (size_t from = 1; from < WORDS_MAX; from++)
		for (size_t words = 1; words <= 2; words++)
			try_without(m, at, from, from + words);
}

/** With fewer numbers in a range. */
static void try_ranges(struct making *m, size_t at)
{
	for (const char *open = strchr(m->line[at], '{'); open != NULL; open = strchr(open + 1, '{')) {
		unsigned first, last;
		const char *close = strchr(open, '}');
		unsigned divisor;

		if (close == NULL || sscanf(open, "{%u-%u}", &first, &last) != 2)
			return;
		for (divisor = 2; last > first && divisor <= 32; divisor *= 4) {
			char text[2 * LINE_OCTETS];

			snprintf(text, sizeof(text), "%.*s{%u-%u}%s", (int)(open - m->line[at]), m->line[at], first,
				first + (last - first) / divisor, close + 1);
			try_line(m, at, text);
		}
	}
}

bool smaller_write(const char *file, const char *prefix)
{
	static struct making m;
	FILE *in = fopen(file, "r");

	m = (struct making){ .prefix = prefix };
	if (in == NULL)
		return false;
	while (m.lines < LINES_MAX && fgets(m.line[m.lines], LINE_OCTETS, in) != NULL) {
		char *line = m.line[m.lines++];

		line[strcspn(line, "#\n")] = '\0';
	}
	fclose(in);
	if (freopen("/dev/null", "w", stderr) == NULL)	/* what is no scenario is not worth a word */
		return false;
	for (size_t i = 0; i < m.lines; i++) {
		if (m.line[i][0] == '\0' || strncmp(m.line[i], "seed", 4) == 0 || strncmp(m.line[i], "threads", 7) == 0 ||
		    strncmp(m.line[i], "option", 6) == 0 || strncmp(m.line[i], "passes", 6) == 0)
			continue;
		try_line(&m, i, "");
		try_ranges(&m, i);
		if (strncmp(m.line[i], "rule", 4) == 0 || strncmp(m.line[i], "address", 7) == 0 || strncmp(m.line[i], "zone", 4) == 0 ||
		    strncmp(m.line[i], "limit", 5) == 0 || strncmp(m.line[i], "ask", 3) == 0)
			try_words(&m, i);
	}
	return true;
}
