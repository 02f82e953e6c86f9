/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Descriptors of the module in the event base of a worker: the worker hears when one is readable.
 *
 *  Belongs to the worker whose base it is, who ends it before the base ends. */
#ifndef CAA_GLUE_EVENT_H
#define CAA_GLUE_EVENT_H

#include <stdbool.h>

struct caa_ctx;
struct comm_base;
struct comm_point;

/** The first member of what the event is for. */
struct caa_event {
	/** The descriptor is readable; it may not be closed here. */
	void (*happened)(struct caa_ctx *ctx, struct caa_event *event);
};

/** @param event: borrowed until the point is deleted.
 *  @return the point, to be deleted by comm_point_delete(), which leaves the descriptor open; NULL if there is no memory. */
struct comm_point *caa_event_listen(struct comm_base *base, int fd, struct caa_event *event);

/** See to it that the next comm_timer_set() of this thread has the memory that it needs: it cannot say that it had none, and what
 *  waits for such a timer waits for ever.
 *  @return false if there is none. */
bool caa_event_room(struct comm_base *base);

/** Make an eventfd readable, from any thread.  It does not block, and can only fail if the descriptor is readable already. */
void caa_event_ring(int fd);
/** Take note of it: it is readable no more. */
void caa_event_heard(int fd);

/** The hook of that name: arg is the context. */
void caa_event_happened(void *arg, void *event_arg);

#endif
