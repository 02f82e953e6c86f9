/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What a process has allocated, for the soak: loaded in front of the C library (LD_PRELOAD), it appends to IN_USE_FILE each second
 *  how many KB are in use.  What is resident is more: the library keeps what is freed, where something near it is still in use. */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { KB = 1024 };

static void *tell(void *path)
{
	for (;;) {
		struct mallinfo2 info;
		FILE *file;

		sleep(1);
		info = mallinfo2();
		file = fopen(path, "a");
		if (file != NULL) {
			fprintf(file, "%zu\n", (info.uordblks + info.hblkhd) / KB);
			fclose(file);
		}
	}
	return NULL;
}

/** The program's own threads have the signals. */
__attribute__((constructor)) static void begin(void)
{
	char *path = getenv("IN_USE_FILE");
	sigset_t all, before;
	pthread_t thread;

	if (path == NULL)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	if (pthread_create(&thread, NULL, tell, path) == 0)
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}
