/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Runs a fuzz target with the files that are named, where there is no libFuzzer; and with each of them cut off at every length
 *  up to 256 octets, and with each of these octets changed. */
#include "fuzz.h"

#include <signal.h>
#include <unistd.h>

enum { INPUT_MAX = 65536, CHANGED_MAX = 256 };

static const char *file;	/* and what is changed in it */
static size_t changed_at, changed_to;

static void aborted(int number)
{
	char text[512];
	int len = snprintf(text, sizeof(text), "with %s, octet %zu: %zu (256: cut there, 257: as it is)\n", file, changed_at, changed_to);

	(void)!write(STDERR_FILENO, text, (size_t)len);
	signal(number, SIG_DFL);
	raise(number);
}

/** The target gets a copy of its own, so that what is read behind its end is found. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	check(copy != NULL);
	memcpy(copy, data, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

int main(int argc, char **argv)
{
	static const uint8_t values[] = { 0x00, 0x01, 0x3f, 0x7f, 0x80, 0xc0, 0xff };
	static uint8_t data[INPUT_MAX];
	unsigned long count = 0;

	signal(SIGABRT, aborted);
	for (int i = 1; i < argc; i++) {
		FILE *in = fopen(argv[i], "rb");
		size_t size;

		if (in == NULL) {
			perror(argv[i]);
			return 1;
		}
		size = fread(data, 1, sizeof(data), in);
		fclose(in);
		file = argv[i];
		changed_to = 257;
		run(data, size);
		for (size_t at = 0; at < size && at < CHANGED_MAX; at++) {
			uint8_t was = data[at];

			changed_at = at;
			changed_to = 256;
			run(data, at);
			for (size_t v = 0; v < sizeof(values); v++) {
				changed_to = data[at] = values[v];
				run(data, size);
			}
			data[at] = was;
			count += 1 + sizeof(values);
		}
		count++;
	}
	printf("replayed %lu\n", count);
	return count > 0 ? 0 : 1;
}
