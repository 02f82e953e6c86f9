/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/probe/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct { const char *word, *change; } table[CAA_PROBE_CHECK_COUNT] = {
#define X(id, word, change) [CAA_PROBE_##id] = { word, change },
	CAA_PROBE_CHECKS(X)
#undef X
};

const char *caa_probe_check_word(enum caa_probe_check check)
{
	return table[check].word;
}

static bool is_same(const struct caa_finding *a, const struct caa_finding *b)
{
	return a->check == b->check && a->fails == b->fails && a->cut == b->cut && a->server == b->server &&
		strcmp(a->what, b->what) == 0;
}

struct caa_finding *caa_find(struct caa_findings *f, enum caa_probe_check check, bool fails, const struct caa_cut *cut,
	const struct caa_server *server, const char *format, ...)
{
	struct caa_finding *new = &f->finding[f->count < CAA_FINDINGS_MAX ? f->count : CAA_FINDINGS_MAX - 1];
	va_list args;

	*new = (struct caa_finding){ .check = check, .fails = fails, .cut = cut, .server = server, .change = table[check].change };
	va_start(args, format);
	vsnprintf(new->what, sizeof(new->what), format, args);
	va_end(args);
	for (char *c = new->what; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	for (struct caa_finding *old = f->finding; old < new; old++)
		if (is_same(old, new))
			return old;
	f->count = (size_t)(new - f->finding) + 1;
	return new;
}

bool caa_found(const struct caa_findings *f, enum caa_probe_check check, const struct caa_server *server)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->finding[i].check == check && f->finding[i].server == server)
			return true;
	return false;
}

bool caa_found_failing(const struct caa_findings *f, const struct caa_cut *cut, const struct caa_server *server)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->finding[i].fails && f->finding[i].cut == cut && f->finding[i].server == server)
			return true;
	return false;
}
