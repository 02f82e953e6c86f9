/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE	/* dl_iterate_phdr, dladdr */
#include "config.h"

#include "glue/build.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>

struct search {
	const void *base;	/**< where this library is loaded */
	uint64_t id;
};

/** Octets of a name or a content, with what fills up to the next word. */
static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

/** Look for the build id among the notes of a segment. */
static uint64_t id_of(const char *at, size_t size)
{
	ElfW(Nhdr) note;
	uint64_t id;

	for (size_t len; size >= sizeof(note); at += len, size -= len) {
		memcpy(&note, at, sizeof(note));
		len = sizeof(note) + padded(note.n_namesz) + padded(note.n_descsz);
		if (len > size)
			break;
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != sizeof("GNU") || note.n_descsz < sizeof(id) ||
		    memcmp(at + sizeof(note), "GNU", sizeof("GNU")) != 0)
			continue;
		memcpy(&id, at + sizeof(note) + padded(note.n_namesz), sizeof(id));
		return id;
	}
	return 0;
}

/** A callback for each object that is loaded. @return whether it is this library. */
static int look(struct dl_phdr_info *object, size_t size, void *arg)
{
	struct search *search = arg;

	(void)size;
	if ((uintptr_t)search->base != object->dlpi_addr)
		return 0;
	for (size_t i = 0; i < object->dlpi_phnum && search->id == 0; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];

		if (segment->p_type == PT_NOTE)
			search->id = id_of((const char *)search->base + segment->p_vaddr, segment->p_memsz);
	}
	return 1;
}

uint64_t caa_build_id(void)
{
	static const char here;
	struct search search = { .id = 0 };
	Dl_info info;

	if (dladdr(&here, &info) == 0)
		return 0;
	search.base = info.dli_fbase;
	(void)dl_iterate_phdr(look, &search);
	return search.id;
}
