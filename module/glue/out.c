/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_OCTETS = 512 };

void caa_out(const struct caa_out *out, const char *format, ...)
{
	char line[LINE_MAX_OCTETS];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	(void)out->print(out->to, line);
}

void caa_out_text(const struct caa_out *out, const char *text)
{
	(void)out->print(out->to, text);
}

static bool is_json(const char *word)
{
	return strcmp(word, "-j") == 0 || strcmp(word, "--json") == 0 || strcmp(word, "json") == 0;
}

bool caa_args_read(struct caa_args *args, const char *text)
{
	args->count = 0;
	args->json = false;
	for (;;) {
		size_t len;
		char *word;

		text += strspn(text, " \t");
		if (*text == '\0')
			return true;
		len = strcspn(text, " \t");
		if (args->count == CAA_ARGS_MAX || len >= CAA_ARG_MAX)
			return false;
		word = args->word[args->count];
		memcpy(word, text, len);
		word[len] = '\0';
		if (is_json(word))
			args->json = true;
		else
			args->count++;
		text += len;
	}
}

bool caa_args_number(const char *word, size_t max, size_t *number)
{
	if (word[0] == '\0' || word[strspn(word, "0123456789")] != '\0' || strlen(word) > 9)
		return false;
	*number = strtoul(word, NULL, 10);
	if (*number > max)
		*number = max;
	return true;
}
