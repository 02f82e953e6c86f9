/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "results.h"

enum { FIELDS_MAX = 20, LINE_OCTETS = 4096 };

static void *grown(void *table, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0)
		return table;
	table = realloc(table, (count > 0 ? 2 * count : 1) * size);
	if (table == NULL)
		abort();
	return table;
}

static const char *kept(const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		abort();
	return copy;
}

static size_t split(char *line, char *field[static FIELDS_MAX])
{
	size_t count = 0;

	line[strcspn(line, "\n")] = '\0';
	for (char *rest = line; rest != NULL && count < FIELDS_MAX;)
		field[count++] = strsep(&rest, "\t");
	return count;
}

static bool add_asked(struct results *r, char **field, size_t fields)
{
	struct asked *a;

	if (fields != 16)
		return false;
	r->asked = grown(r->asked, r->askeds, sizeof(*r->asked));
	a = &r->asked[r->askeds++];
	*a = (struct asked){ .slot = (unsigned)atoi(field[0]), .pass = (unsigned)atoi(field[1]), .group = (unsigned)atoi(field[2]),
		.name = kept(field[3]), .type = (uint16_t)atoi(field[4]), .at_ms = atof(field[5]) };
	for (int side = 0; side < SIDES; side++) {
		char **f = field + 6 + 5 * side;

		a->told[side] = (struct told){ .rcode = atoi(f[0]), .ms = atof(f[1]), .ede = atoi(f[3]), .ede_text = kept(f[4]) };
		snprintf(a->told[side].text, sizeof(a->told[side].text), "%s", f[2]);
	}
	return true;
}

static bool add_seen(struct results *r, char **field, size_t fields, const unsigned side[static SIDES])
{
	unsigned id;

	if (fields != 12)
		return false;
	id = (unsigned)atoi(field[1]);
	if (id != side[PLAIN] && id != side[MODULE])
		return true;
	r->seen = grown(r->seen, r->seens, sizeof(*r->seen));
	r->seen[r->seens++] = (struct seen){ .slot = (unsigned)atoi(field[0]), .side = id == side[PLAIN] ? PLAIN : MODULE,
		.address = (unsigned)atoi(field[2]), .tcp = strcmp(field[3], "tcp") == 0, .name = kept(field[4]),
		.type = (uint16_t)atoi(field[5]), .queries = (unsigned)atoi(field[6]), .lost = (unsigned)atoi(field[7]),
		.first_ms = atof(field[8]), .last_ms = atof(field[9]), .lucky = (unsigned)atoi(field[10]),
		.changes = (unsigned)atoi(field[11]) };
	return true;
}

static bool add_reason(struct results *r, char **field, size_t fields)
{
	if (fields != 3)
		return false;
	r->reason = grown(r->reason, r->reasons, sizeof(*r->reason));
	r->reason[r->reasons++] = (struct reason){ (unsigned)atoi(field[0]), kept(field[1]), kept(field[2]) };
	return true;
}

static bool read_file(struct results *r, const char *path, int what, const unsigned side[static SIDES])
{
	FILE *file = fopen(path, "r");
	char line[LINE_OCTETS], *field[FIELDS_MAX];
	bool good = file != NULL;

	while (good && fgets(line, sizeof(line), file) != NULL) {
		size_t fields = split(line, field);

		good = what == 0 ? add_asked(r, field, fields) :
			what == 1 ? add_seen(r, field, fields, side) : add_reason(r, field, fields);
	}
	if (!good)
		fprintf(stderr, "harm_judge: %s cannot be read\n", path);
	if (file != NULL)
		fclose(file);
	return good;
}

bool results_read(struct results *r, const char *answers, const char *counts, const char *reasons,
	const unsigned side[static SIDES])
{
	*r = (struct results){ 0 };
	return read_file(r, answers, 0, side) && read_file(r, counts, 1, side) && (reasons == NULL || read_file(r, reasons, 2, side));
}
