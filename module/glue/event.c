/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/event.h"

#include "util/netevent.h"

#include <dlfcn.h>
#include <string.h>

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

void caa_event_happened(void *arg, void *event_arg)
{
	struct caa_event *event = event_arg;

	event->happened(arg, event);
}
