/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A thread that does not go on, for the lab.
 *
 *  usage: stuck THREAD SECONDS
 *  Stops one thread of a process, says "stopped", and lets it go on after the time.  The others run all the while. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>

int main(int argc, char **argv)
{
	pid_t thread = argc == 3 ? (pid_t)atol(argv[1]) : 0;
	double seconds = argc == 3 ? atof(argv[2]) : 0;
	struct timespec rest = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };
	int status;

	if (thread <= 0 || seconds <= 0) {
		fprintf(stderr, "usage: stuck THREAD SECONDS\n");
		return 2;
	}
	if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) != 0 || ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) != 0 ||
	    waitpid(thread, &status, __WALL) != thread || !WIFSTOPPED(status)) {
		perror("stuck");
		return 1;
	}
	puts("stopped");
	fflush(stdout);
	nanosleep(&rest, NULL);
	if (ptrace(PTRACE_DETACH, thread, NULL, NULL) != 0) {
		perror("stuck");
		return 1;
	}
	return 0;
}
