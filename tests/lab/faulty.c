/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A proxy that gives a good nameserver one fault, for each of its addresses another, over UDP and TCP.
 *
 *  usage: faulty ADDRESS=FAULT:BACKEND...
 *  All but the fault is the backend's own behaviour.  For the lab only: one thread, it waits for the backend, no limits. */
#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct host {
	const char *backend;
	const struct fault *fault;
};

static bool answer(void *arg, struct message *m, bool over_tcp)
{
	const struct host *h = arg;

	return fault_answer(h->fault, m, h->backend, over_tcp);
}

int main(int argc, char **argv)
{
	struct event_base *base = event_base_new();

	for (int i = 1; i < argc; i++) {
		struct host *h = calloc(1, sizeof(*h));
		char *fault = strchr(argv[i], '='), *backend = strchr(argv[i], ':');

		if (h == NULL || fault == NULL || backend == NULL) {
			fprintf(stderr, "usage: faulty ADDRESS=FAULT:BACKEND...\n");
			return 2;
		}
		*fault++ = '\0';
		*backend++ = '\0';
		*h = (struct host){ .backend = backend, .fault = fault_find(fault) };
		if (h->fault == NULL || !listen_on(base, argv[i], fault_no_tcp(h->fault) ? LISTEN_TCP_NONE : LISTEN_TCP, answer, h))
			return 1;
	}
	puts("ready");
	fflush(stdout);
	return event_base_dispatch(base) == 0 ? 0 : 1;
}
