/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/event.h"

#include "util/log.h"
#include "util/netevent.h"
#include "util/ub_event.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { LATER_S = 3600 };

/** The one callback for such a descriptor that Unbound allows; found by its name, so that the library loads into an Unbound
 *  without the hooks and can say so. */
static comm_point_callback_type *callback(void)
{
	void *found = dlsym(RTLD_DEFAULT, "module_hooks_event");
	comm_point_callback_type *function;

	memcpy(&function, &found, sizeof(function));
	return function;
}

struct comm_point *caa_event_listen(struct comm_base *base, int fd, struct caa_event *event)
{
	return comm_point_create_raw(base, fd, 0, callback(), event);
}

bool caa_event_room(struct comm_base *base)
{
	struct ub_event_base *events = comm_base_internal(base);
	struct timeval later = { LATER_S, 0 };
	struct ub_event *event;
	bool room;

	if (events == NULL)	/* testbound has none */
		return true;
	/* What one event takes in the base stays there when it is taken out. */
	event = ub_event_new(events, -1, UB_EV_TIMEOUT, comm_timer_callback, NULL);
	if (event == NULL)
		return false;
	room = ub_timer_add(event, events, comm_timer_callback, NULL, &later) == 0;
	ub_event_del(event);
	ub_event_free(event);
	return room;
}

void caa_event_ring(int fd)
{
	const uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_err("caa: cannot wake a thread: %s", strerror(errno));
}

void caa_event_heard(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_err("caa: cannot hear of other threads: %s", strerror(errno));
}

void caa_event_happened(void *arg, void *event_arg)
{
	struct caa_event *event = event_arg;

	event->happened(arg, event);
}
