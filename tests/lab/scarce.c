/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Memory that runs out, for the lab: loaded in front of the C library (LD_PRELOAD), it has every allocation of SCARCE_LEAST
 *  octets or more fail for as long as there is a file SCARCE_FILE. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/* what the C library's own functions are called behind their usual names */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

/** @return whether an allocation fails. */
static int is_scarce(size_t size)
{
	static size_t least;
	static const char *file;

	if (least == 0) {
		const char *text = getenv("SCARCE_LEAST");

		file = getenv("SCARCE_FILE");
		least = text != NULL && file != NULL ? (size_t)atol(text) : SIZE_MAX;
	}
	return size >= least && access(file, F_OK) == 0;
}

void *malloc(size_t size)
{
	return is_scarce(size) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return size != 0 && is_scarce(count * size) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return is_scarce(size) ? NULL : __libc_realloc(old, size);
}
