/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/wire/args.h"

#include <string.h>

static bool is_json(const char *word, size_t len)
{
	static const char *const words[] = { "-j", "--json", "json" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0)
			return true;
	return false;
}

bool caa_args_read(struct caa_args *args, const char *text)
{
	args->count = 0;
	args->json = false;
	for (;;) {
		size_t len;

		text += strspn(text, " \t");
		if (*text == '\0')
			return true;
		len = strcspn(text, " \t");
		if (is_json(text, len)) {
			args->json = true;
		} else {
			if (args->count == CAA_ARGS_MAX || len >= CAA_ARG_MAX)
				return false;
			memcpy(args->word[args->count], text, len);
			args->word[args->count++][len] = '\0';
		}
		text += len;
	}
}

bool caa_args_number(const char *word, size_t max, size_t *number)
{
	size_t sum = 0;

	if (word[0] == '\0' || word[strspn(word, "0123456789")] != '\0')
		return false;
	for (; *word != '\0'; word++) {
		size_t digit = (size_t)(*word - '0');

		sum = sum > max / 10 || digit > max - sum * 10 ? max : sum * 10 + digit;
	}
	*number = sum;
	return true;
}
