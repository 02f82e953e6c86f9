/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Fuzz the arguments of a command: the words are those between spaces, in their order; numbers and addresses are what
 *  everyone else reads in them. */
#include "fuzz.h"

#include "core/wire/addr.h"
#include "core/wire/args.h"

#include <arpa/inet.h>

static bool asks_json(const char *word)
{
	return strcmp(word, "-j") == 0 || strcmp(word, "--json") == 0 || strcmp(word, "json") == 0;
}

static void check_number(const char *word)
{
	static const size_t max[] = { 0, 1, 9, 86400, 10000, SIZE_MAX };

	for (size_t i = 0; i < sizeof(max) / sizeof(max[0]); i++) {
		size_t number = 0xdeadbeef;
		bool digits = word[0] != '\0' && word[strspn(word, "0123456789")] == '\0';
		unsigned long long by_c;

		check(caa_args_number(word, max[i], &number) == digits);
		by_c = strtoull(word, NULL, 10);	/* saturates, too */
		check(number == (!digits ? 0xdeadbeef : by_c > max[i] ? max[i] : by_c));
	}
}

static void check_addr(const char *word)
{
	struct caa_addr addr, again;
	char text[CAA_ADDR_TEXT_MAX];
	uint8_t ip[16];

	if (caa_addr_parse(&addr, word) != CAA_OK) {
		check(inet_pton(AF_INET, word, ip) != 1 && inet_pton(AF_INET6, word, ip) != 1);
		return;
	}
	check(strlen(caa_addr_text(text, &addr)) < sizeof(text) && caa_addr_port(&addr) != 0);
	check(caa_addr_parse(&again, text) == CAA_OK && caa_addr_equal(&addr, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *copy = malloc(size + 1), *rest, *word;
	struct caa_args args;
	unsigned count = 0;
	bool json = false, good;

	check(text != NULL && copy != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	memcpy(copy, text, size + 1);
	good = caa_args_read(&args, text);
	for (word = strtok_r(copy, " \t", &rest); word != NULL; word = strtok_r(NULL, " \t", &rest)) {
		if (asks_json(word)) {
			json = true;
			continue;
		}
		if (count == CAA_ARGS_MAX || strlen(word) >= CAA_ARG_MAX) {
			check(!good);
			break;
		}
		check(!good || strcmp(args.word[count], word) == 0);
		check_number(word);
		check_addr(word);
		count++;
	}
	if (word == NULL)
		check(good && args.count == count && args.json == json);
	free(text);
	free(copy);
	return 0;
}
