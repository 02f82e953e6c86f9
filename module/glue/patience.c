/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/patience.h"

#include "glue/ctx.h"
#include "glue/event.h"
#include "glue/host.h"

#include "daemon/worker.h"
#include "services/mesh.h"
#include "util/log.h"
#include "util/module.h"
#include "util/netevent.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
	US_PER_S = 1000000,
	US_PER_MS = 1000,
	NS_PER_US = 1000,
	NO_FD = -1
};

/** One worker's. */
struct list {
	struct caa_event event;		/**< the timer has run out */
	struct caa_patient head;	/**< of a circular list, the next one due first */
	struct comm_point *point;	/**< on fd; NULL while the list is empty */
	int fd;				/**< a timerfd; NO_FD while the list is empty */
};

struct caa_patience {
	unsigned workers;		/**< fixed by create */
	struct list *list;		/**< one for each worker */
};

static void happened(struct caa_ctx *ctx, struct caa_event *event);

struct caa_patience *caa_patience_create(unsigned workers)
{
	struct caa_patience *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->list = calloc(workers, sizeof(*all->list));
	if (all->list == NULL) {
		free(all);
		return NULL;
	}
	all->workers = workers;
	for (unsigned i = 0; i < workers; i++) {
		struct list *l = &all->list[i];

		l->event.happened = happened;
		l->head.next = l->head.prev = &l->head;
		l->fd = NO_FD;
	}
	return all;
}

void caa_patience_destroy(struct caa_patience *all)
{
	if (all == NULL)
		return;
	free(all->list);
	free(all);
}

static bool open_timer(struct list *l, struct comm_base *base)
{
	if (l->point != NULL)
		return true;
	l->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (l->fd == NO_FD) {
		log_err("caa: no descriptor for the patience of clients: %s", strerror(errno));
		return false;
	}
	l->point = caa_event_listen(base, l->fd, &l->event);
	if (l->point == NULL) {
		close(l->fd);
		l->fd = NO_FD;
	}
	return l->point != NULL;
}

static void close_timer(struct list *l)
{
	comm_point_delete(l->point);
	l->point = NULL;
	close(l->fd);
	l->fd = NO_FD;
}

/** Have the timer run out when the first in the list is due. */
static void set_timer(const struct list *l, uint64_t now_us)
{
	uint64_t due_us = l->head.next->due_us, left_us = due_us > now_us ? due_us - now_us : 1;
	struct itimerspec at = { .it_value = { (time_t)(left_us / US_PER_S), (long)(left_us % US_PER_S) * NS_PER_US } };

	if (timerfd_settime(l->fd, 0, &at, NULL) != 0)
		log_err("caa: the timer for the patience of clients: %s", strerror(errno));
}

static void take_out(struct caa_patient *p)
{
	p->next->prev = p->prev;
	p->prev->next = p->next;
}

/** In its place; most belong at the end. */
static void put_in(struct list *l, struct caa_patient *p)
{
	struct caa_patient *before = l->head.prev;

	while (before != &l->head && before->due_us > p->due_us)
		before = before->prev;
	p->prev = before;
	p->next = before->next;
	before->next->prev = p;
	before->next = p;
}

void caa_patience_begin(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_patient *patient, uint32_t patience_ms,
	bool *promised)
{
	const struct worker *worker = qstate->env->worker;
	uint64_t now_us = caa_host_now_us();
	struct list *l;

	if (patience_ms == 0 || worker == NULL || worker->thread_num < 0 || (unsigned)worker->thread_num >= ctx->patience->workers)
		return;
	l = &ctx->patience->list[worker->thread_num];
	if (!open_timer(l, qstate->env->worker_base))
		return;
	*patient = (struct caa_patient){ .qstate = qstate, .promised = promised,
		.patience_us = (uint64_t)patience_ms * US_PER_MS,
		.worker = (unsigned)worker->thread_num };
	patient->due_us = now_us + patient->patience_us;
	put_in(l, patient);
	if (l->head.next == patient)
		set_timer(l, now_us);
}

void caa_patience_end(struct caa_ctx *ctx, struct caa_patient *patient)
{
	struct list *l;

	if (patient->qstate == NULL)
		return;
	l = &ctx->patience->list[patient->worker];
	take_out(patient);
	patient->qstate = NULL;
	if (l->head.next == &l->head)
		close_timer(l);
}

/* --- telling them ------------------------------------------------------------------------------------------------- */

static int64_t us_of(const struct timeval *tv)
{
	return (int64_t)tv->tv_sec * US_PER_S + tv->tv_usec;
}

/** Found by its name, so that the library loads into an Unbound without the patches and can say so. */
static void answer_waiting(struct mesh_state *state, const struct timeval *before)
{
	void (*function)(struct mesh_state *, const struct timeval *);
	void *found = dlsym(RTLD_DEFAULT, "mesh_answer_waiting");

	memcpy(&function, &found, sizeof(function));
	function(state, before);
}

/** Tell the clients of a question whose patience has ended, and find when the next one's ends; one that comes from now on is
 *  patient for as long again. */
static void look(struct caa_ctx *ctx, struct caa_patient *p, uint64_t now_us)
{
	struct mesh_state *state = p->qstate->mesh_info;
	int64_t patience_us = (int64_t)p->patience_us, limit_us;
	struct timeval now, before;
	unsigned ended = 0;

	gettimeofday(&now, NULL);
	limit_us = us_of(&now) - patience_us;
	p->due_us = now_us + p->patience_us;
	for (const struct mesh_reply *r = state->reply_list; r != NULL; r = r->next) {
		int64_t left_us = us_of(&r->start_time) - limit_us;

		if (left_us <= 0)
			ended++;
		else if (left_us < patience_us && now_us + (uint64_t)left_us < p->due_us)
			p->due_us = now_us + (uint64_t)left_us;
	}
	if (ended == 0)
		return;
	*p->promised = p->telling = true;
	caa_stats_add(&ctx->stats, CAA_STAT_early, ended);
	before = (struct timeval){ (time_t)((limit_us + 1) / US_PER_S), (suseconds_t)((limit_us + 1) % US_PER_S) };
	answer_waiting(state, &before);
	p->telling = false;
}

static void happened(struct caa_ctx *ctx, struct caa_event *event)
{
	struct list *l = (struct list *)event;
	uint64_t now_us = caa_host_now_us(), count;
	struct caa_patient *p;

	if (read(l->fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_err("caa: the timer for the patience of clients: %s", strerror(errno));
	while ((p = l->head.next) != &l->head && p->due_us <= now_us) {
		take_out(p);
		look(ctx, p, now_us);
		put_in(l, p);
	}
	if (l->head.next != &l->head)
		set_timer(l, now_us);
}
