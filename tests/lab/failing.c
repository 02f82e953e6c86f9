/* SPDX-License-Identifier: BSD-3-Clause */
/** \file One allocation that fails, for the lab: loaded in front of the C library (LD_PRELOAD), it knows each place where the module
 *  FAILING_MODULE gets memory, itself or by a function of Unbound that it calls, and has the next allocation of one such place fail.
 *
 *  A place is the chain of calls from the allocation up to where the module was called.  FAILING_FILE has
 *  two lines of 16 octets: what is ordered, the place in 8 hexadecimal digits, or a 1 for each place once, when it is met
 *  first; and the place that failed, written when it did.  FAILING_FILE.places has a line for each place that was met: the place, the
 *  offset in the module behind its call, and the name of the first function that is called there, if it has one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LINE = 16, FRAMES = 48, PLACES = 4096, EARLY = 65536 };

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void (*real_free)(void *);

static char *file;			/* FAILING_FILE, mapped; NULL = nothing is watched */
static int places_fd = -1;
static _Atomic uintptr_t begin, end;	/* where the module is */
static _Atomic uint32_t place[PLACES];	/* those that were met, by hash; 0 = none */
static __thread bool inside;

/* what is asked for before the functions behind are known */
static char early[EARLY];
static size_t early_used;

static bool is_early(const void *p)
{
	return (const char *)p >= early && (const char *)p < early + EARLY;
}

static void *take_early(size_t size)
{
	char *p = early + early_used;

	size = (size + 15) & ~(size_t)15;
	if (size > EARLY - early_used)
		return NULL;
	early_used += size;
	return p;
}

static int is_module(struct dl_phdr_info *object, size_t size, void *arg)
{
	uintptr_t top = 0;

	(void)size;
	if (strcmp(object->dlpi_name, arg) != 0)
		return 0;
	for (int i = 0; i < object->dlpi_phnum; i++)
		if (object->dlpi_phdr[i].p_type == PT_LOAD && object->dlpi_phdr[i].p_vaddr + object->dlpi_phdr[i].p_memsz > top)
			top = object->dlpi_phdr[i].p_vaddr + object->dlpi_phdr[i].p_memsz;
	begin = object->dlpi_addr;
	end = object->dlpi_addr + top;
	return 1;
}

static void watch(void)
{
	const char *name = getenv("FAILING_FILE");
	char path[4096];
	int fd = name != NULL ? open(name, O_RDWR | O_CLOEXEC) : -1;
	void *trace[2];
	char *map;

	if (fd < 0 || getenv("FAILING_MODULE") == NULL)
		return;
	(void)backtrace(trace, 2);	/* it loads a library the first time */
	map = mmap(NULL, 2 * LINE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	snprintf(path, sizeof(path), "%s.places", name);
	places_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	close(fd);
	if (map != MAP_FAILED && places_fd >= 0)
		file = map;
}

__attribute__((constructor)) static void load(void)
{
	inside = true;
	real_free = (void (*)(void *))dlsym(RTLD_NEXT, "free");
	real_realloc = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
	real_calloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
	real_malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
	watch();
	inside = false;
}

static uint32_t mix(uint32_t hash, uint32_t value)
{
	return (hash ^ value) * UINT32_C(16777619);
}

/** The place of this call. @return 0 if the module has no part in it. */
static uint32_t find(uintptr_t *offset, const void **called)
{
	void *trace[FRAMES];
	int count = backtrace(trace, FRAMES);
	uint32_t hash = UINT32_C(2166136261);
	bool met = false;

	*called = NULL;
	for (int i = 2; i < count; i++) {	/* without those of this file */
		uintptr_t at = (uintptr_t)trace[i];
		bool ours = at >= begin && at < end;

		if (met && !ours)
			break;
		hash = mix(hash, (uint32_t)(ours ? at - begin : at & 0xfff));
		if (ours && !met)
			*offset = at - begin;
		else if (!ours)
			*called = trace[i];
		met = met || ours;
	}
	return !met ? 0 : hash > 1 ? hash : 2;
}

/** @return whether a place is met for the first time. */
static bool is_new(uint32_t hash)
{
	for (uint32_t i = hash; ; i++) {
		uint32_t there = 0;

		if (atomic_compare_exchange_strong(&place[i % PLACES], &there, hash))
			return true;
		if (there == hash)
			return false;
	}
}

static void note(uint32_t hash, uintptr_t offset, const void *called)
{
	char line[160];
	Dl_info info;
	int len;

	if (called == NULL || dladdr(called, &info) == 0 || info.dli_sname == NULL)
		info.dli_sname = "-";
	len = snprintf(line, sizeof(line), "%08x %lx %.100s\n", hash, (unsigned long)offset, info.dli_sname);
	if (write(places_fd, line, (size_t)len) != len)
		abort();
}

/** @return whether the allocation fails. */
static __attribute__((noinline)) bool fails(void)
{
	uint32_t hash, ordered;
	const void *called;
	uintptr_t offset;
	bool first, failed;
	char done[LINE + 1];

	if (begin == 0 && dl_iterate_phdr(is_module, getenv("FAILING_MODULE")) == 0)
		return false;
	hash = find(&offset, &called);
	if (hash == 0)
		return false;
	first = is_new(hash);
	if (first)
		note(hash, offset, called);
	ordered = (uint32_t)strtoul(file, NULL, 16);
	failed = (ordered == 1 && first) || (ordered == hash && atomic_exchange((_Atomic char *)file, 'x') != 'x');
	if (failed) {
		snprintf(done, sizeof(done), "%08x       \n", hash);
		memcpy(file + LINE, done, LINE);
	}
	return failed;
}

static bool is_to_fail(void)
{
	bool failed;

	if (file == NULL || inside)
		return false;
	inside = true;
	failed = fails();
	inside = false;
	return failed;
}

void *malloc(size_t size)
{
	if (real_malloc == NULL)
		return take_early(size);
	return is_to_fail() ? NULL : real_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	if (real_calloc == NULL)
		return take_early(count * size);
	return is_to_fail() ? NULL : real_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	void *p;

	if (real_realloc != NULL && !is_early(old))
		return is_to_fail() ? NULL : real_realloc(old, size);
	p = malloc(size);
	if (p != NULL && old != NULL)	/* what is behind it may be copied, too */
		memcpy(p, old, (size_t)(early + EARLY - (char *)old) < size ? (size_t)(early + EARLY - (char *)old) : size);
	return p;
}

void free(void *p)
{
	if (p != NULL && !is_early(p) && real_free != NULL)
		real_free(p);
}
