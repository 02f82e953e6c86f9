/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE	/* dl_iterate_phdr, dladdr */
#include "config.h"

#include "glue/build.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { NOTES_MAX = 4096 };	/**< octets of a segment of notes; it has some hundred */

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

/** Look for it in a segment of a file. */
static uint64_t id_in_segment(int fd, const ElfW(Phdr) *segment)
{
	char notes[NOTES_MAX];
	ssize_t len;

	if (segment->p_type != PT_NOTE || segment->p_filesz > sizeof(notes))
		return 0;
	len = pread(fd, notes, segment->p_filesz, (off_t)segment->p_offset);
	return len > 0 ? id_of(notes, (size_t)len) : 0;
}

static uint64_t id_in_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ElfW(Ehdr) head;
	ElfW(Phdr) segment;
	uint64_t id = 0;

	if (fd < 0)
		return 0;
	if (pread(fd, &head, sizeof(head), 0) != sizeof(head) || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
	    head.e_phentsize != sizeof(segment))
		head.e_phnum = 0;
	for (size_t i = 0; i < head.e_phnum && id == 0; i++) {
		off_t at = (off_t)(head.e_phoff + i * sizeof(segment));

		if (pread(fd, &segment, sizeof(segment), at) == sizeof(segment))
			id = id_in_segment(fd, &segment);
	}
	close(fd);
	return id;
}

/** In this library, wherever it is loaded. */
static const char here;

const char *caa_build_replaced(void)
{
	uint64_t ours = caa_build_id(), there;
	Dl_info info;

	if (ours == 0 || dladdr(&here, &info) == 0)
		return NULL;
	there = id_in_file(info.dli_fname);
	return there != 0 && there != ours ? info.dli_fname : NULL;
}

uint64_t caa_build_id(void)
{
	struct search search = { .id = 0 };
	Dl_info info;

	if (dladdr(&here, &info) == 0)
		return 0;
	search.base = info.dli_fbase;
	(void)dl_iterate_phdr(look, &search);
	return search.id;
}
