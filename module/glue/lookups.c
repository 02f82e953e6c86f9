/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/lookups.h"

#include "core/wire/hash.h"
#include "glue/ctx.h"
#include "glue/event.h"
#include "glue/fleet.h"
#include "glue/handed.h"
#include "glue/host.h"

#include "daemon/worker.h"
#include "sldns/rrdef.h"
#include "util/locks.h"
#include "util/log.h"
#include "util/net_help.h"
#include "util/netevent.h"
#include "validator/validator.h"

#include <errno.h>
#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	SLICES = 64,		/**< a power of two well above the threads of one resolver */
	CACHE_LINE = 64,
	NO_FD = -1,
	US_PER_S = 1000000,
	US_PER_MS = 1000,
	/** Questions that go on in one millisecond, so that the thread reads its sockets between them. */
	WOKEN_PER_MS = 64
};

struct slice {
	lock_basic_type lock;		/**< guards what follows, and the lead and the wait of the questions in it */
	struct caa_merge table;
	char pad[CACHE_LINE];		/**< the next slice's lock is on another cache line */
};

/** How one worker is told of news from others. */
struct waker {
	struct caa_event event;		/**< fd is readable; fixed by create */
	lock_basic_type lock;		/**< guards queue and fd; may be taken under a slice's lock */
	struct caa_link queue;		/**< of waits of its questions */
	struct caa_fleet_ask *told;	/**< those of its questions that the fleet has news for */
	int fd;				/**< an eventfd; NO_FD without questions */
	/* these belong to the worker: */
	struct comm_point *point;	/**< on fd */
	size_t questions;
	char pad[CACHE_LINE];
};

struct caa_lookups {
	uint8_t key[CAA_HASH_KEY];	/**< fixed by create */
	unsigned workers;		/**< fixed by create */
	bool fleet;			/**< likewise */
	struct waker *waker;		/**< one for each worker */
	struct slice slice[SLICES];
};

static void happened(struct caa_ctx *ctx, struct caa_event *event);

struct caa_lookups *caa_lookups_create(unsigned workers, bool fleet)
{
	struct caa_lookups *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->waker = calloc(workers, sizeof(*g->waker));
	if (g->waker == NULL) {
		free(g);
		return NULL;
	}
	randombytes_buf(g->key, sizeof(g->key));
	g->workers = workers;
	g->fleet = fleet;
	for (size_t i = 0; i < SLICES; i++) {
		lock_basic_init(&g->slice[i].lock);
		caa_merge_init(&g->slice[i].table);
	}
	for (unsigned i = 0; i < workers; i++) {
		g->waker[i].event.happened = happened;
		lock_basic_init(&g->waker[i].lock);
		caa_link_init(&g->waker[i].queue);
		g->waker[i].fd = NO_FD;
	}
	return g;
}

void caa_lookups_destroy(struct caa_lookups *g)
{
	if (g == NULL)
		return;
	for (size_t i = 0; i < SLICES; i++)
		lock_basic_destroy(&g->slice[i].lock);
	for (unsigned i = 0; i < g->workers; i++)
		lock_basic_destroy(&g->waker[i].lock);
	free(g->waker);
	free(g);
}

size_t caa_lookups_memory(const struct caa_lookups *g)
{
	return sizeof(*g) + g->workers * sizeof(*g->waker);
}

bool caa_lookups_many(const struct caa_lookups *g)
{
	return g->workers > 1 || g->fleet;
}

/* --- the worker's descriptor ----------------------------------------------------------------------------------- */

/** Make the descriptor of the worker that runs, if it has none yet.  @return false, logged, if that is not possible. */
static bool waker_open(struct waker *waker, struct comm_base *base)
{
	int fd;

	if (waker->point != NULL)
		return true;
	fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (fd == NO_FD) {
		log_err("caa: no descriptor to wake a thread: %s", strerror(errno));
		return false;
	}
	waker->point = caa_event_listen(base, fd, &waker->event);
	if (waker->point == NULL) {
		close(fd);
		return false;
	}
	lock_basic_lock(&waker->lock);
	waker->fd = fd;
	lock_basic_unlock(&waker->lock);
	return true;
}

static void waker_close(struct waker *waker)
{
	int fd;

	if (waker->point == NULL)
		return;
	comm_point_delete(waker->point);
	waker->point = NULL;
	lock_basic_lock(&waker->lock);
	fd = waker->fd;
	waker->fd = NO_FD;
	lock_basic_unlock(&waker->lock);
	close(fd);
}

static struct waker *waker_of(struct caa_lookups *g, const struct caa_merged *m)
{
	return &g->waker[m->worker];
}

bool caa_lookups_join(struct caa_lookups *g, struct caa_merged *m, struct module_qstate *qstate)
{
	const struct worker *worker = qstate->env->worker;

	if (worker == NULL || worker->thread_num < 0 || (unsigned)worker->thread_num >= g->workers)
		return false;
	m->worker = (unsigned)worker->thread_num;
	if (caa_lookups_many(g) && !waker_open(waker_of(g, m), qstate->env->worker_base))
		return false;
	waker_of(g, m)->questions++;
	m->qstate = qstate;
	return true;
}

static void leave_worker(struct caa_lookups *g, struct caa_merged *m)
{
	if (--waker_of(g, m)->questions == 0)
		waker_close(waker_of(g, m));
	m->qstate = NULL;
}

/* --- news ------------------------------------------------------------------------------------------------------ */

static struct caa_merged *merged_of(struct caa_merge_wait *wait)
{
	return (struct caa_merged *)((char *)wait - offsetof(struct caa_merged, wait));
}

static void set_timer(struct caa_merged *m, uint64_t delay_us)
{
	struct timeval delay = { (time_t)(delay_us / US_PER_S), (suseconds_t)(delay_us % US_PER_S) };

	comm_timer_set(m->timer, &delay);
}

/** The questions of a list, all of this thread, go on, some at a time. */
static void wake_all(struct caa_link *list)
{
	struct caa_merge_wait *wait;

	for (uint64_t count = 0; (wait = caa_merge_pop(list)) != NULL; count++)
		set_timer(merged_of(wait), count / WOKEN_PER_MS * US_PER_MS);
}

/** Put a wait into the queue of its worker, another one than this. */
static void queue(struct caa_lookups *g, struct caa_merge_wait *wait)
{
	struct waker *waker = waker_of(g, merged_of(wait));

	lock_basic_lock(&waker->lock);
	/* The descriptor is the worker's, who closes it under this lock. */
	if (caa_link_empty(&waker->queue))
		caa_event_ring(waker->fd);
	caa_merge_push(&waker->queue, wait);
	lock_basic_unlock(&waker->lock);
}

/** Give who followed a lookup its answer.  @param handed: may be NULL. */
static void hand_over(struct caa_merge_wait *wait, struct caa_handed *handed)
{
	if (handed == NULL || wait->lead == NULL || wait->news != CAA_NEWS_ANSWERED)
		return;
	caa_handed_keep(handed);
	merged_of(wait)->handed = handed;
}

/** Under the slice's lock: hand out what was told.
 *  @param mine: those of this worker, to be woken when the lock is free. @param handed: the answer that was; or NULL. */
static void hand_out(struct caa_lookups *g, unsigned worker, struct caa_link *told, struct caa_link *mine,
	struct caa_handed *handed)
{
	struct caa_merge_wait *wait;

	while ((wait = caa_merge_pop(told)) != NULL) {
		hand_over(wait, handed);
		if (merged_of(wait)->worker == worker)
			caa_merge_push(mine, wait);
		else
			queue(g, wait);
	}
}

/** Under the waker's lock: those that the fleet has news for go on, if they wait for them still. */
static void wake_told(struct waker *waker)
{
	struct caa_fleet_ask *ask;

	for (uint64_t count = 0; (ask = waker->told) != NULL; count++) {
		struct caa_merged *m = ask->asker.who;

		waker->told = ask->asker.next;
		ask->asker.listed = false;
		if (m->asks)
			set_timer(m, count / WOKEN_PER_MS * US_PER_MS);
	}
}

void caa_lookups_word(struct caa_lookups *g, struct caa_fleet_ask *ask)
{
	struct waker *waker = &g->waker[ask->asker.worker];

	lock_basic_lock(&waker->lock);
	if (ask->asker.who != NULL && !ask->asker.listed) {
		if (waker->told == NULL)
			caa_event_ring(waker->fd);
		ask->asker.next = waker->told;
		waker->told = ask;
		ask->asker.listed = true;
	}
	lock_basic_unlock(&waker->lock);
}

void caa_lookups_leave_fleet(struct caa_ctx *ctx, struct caa_merged *m, const struct caa_fleet_answer *answer)
{
	struct waker *waker = waker_of(ctx->lookups, m);
	struct caa_fleet_ask **at;

	if (m->ask == NULL)
		return;
	lock_basic_lock(&waker->lock);
	if (m->ask->asker.listed) {
		for (at = &waker->told; *at != m->ask; at = &(*at)->asker.next)
			;
		*at = m->ask->asker.next;
		m->ask->asker.listed = false;
	}
	m->ask->asker.who = NULL;
	lock_basic_unlock(&waker->lock);
	caa_fleet_finish(ctx->fleet, m->ask, answer);
	m->ask = NULL;
	m->asks = m->took = false;
}

static void happened(struct caa_ctx *ctx, struct caa_event *event)
{
	struct waker *waker = (struct waker *)event;
	struct caa_merge_wait *wait;
	struct caa_link mine;

	(void)ctx;
	caa_link_init(&mine);
	lock_basic_lock(&waker->lock);
	caa_event_heard(waker->fd);
	while ((wait = caa_merge_pop(&waker->queue)) != NULL)
		caa_merge_push(&mine, wait);
	wake_told(waker);
	lock_basic_unlock(&waker->lock);
	wake_all(&mine);
}

/* --- the table --------------------------------------------------------------------------------------------------- */

static struct slice *take(struct caa_lookups *g, uint64_t question)
{
	struct slice *slice = &g->slice[question & (SLICES - 1)];

	lock_basic_lock(&slice->lock);
	return slice;
}

static void release(struct slice *slice)
{
	lock_basic_unlock(&slice->lock);
}

/** Hand out what was told under a slice's lock, and give that back: then those of this worker go on.  @param handed: or NULL. */
static void spread(struct caa_lookups *g, const struct caa_merged *m, struct slice *slice, struct caa_link *told,
	struct caa_handed *handed)
{
	struct caa_link mine;

	caa_link_init(&mine);
	hand_out(g, m->worker, told, &mine, handed);
	release(slice);
	wake_all(&mine);
}

/** Those that differ in CD are not the same to Unbound. */
static uint64_t hash_question(const struct caa_lookups *g, struct caa_name name, uint16_t qtype, uint16_t flags)
{
	const uint16_t more[] = { flags & (BIT_RD | BIT_CD), qtype };
	uint8_t octets[CAA_NAME_MAX + sizeof(more)];

	caa_name_lower(octets, name);
	memcpy(octets + name.len, more, sizeof(more));
	return caa_hash(g->key, octets, name.len + sizeof(more));
}

static uint64_t question_of(const struct caa_lookups *g, const struct module_qstate *qstate, struct caa_name name)
{
	return hash_question(g, name, qstate->qinfo.qtype, qstate->query_flags);
}

bool caa_lookups_is_led(struct caa_ctx *ctx, struct caa_name name, uint16_t flags)
{
	uint64_t question = hash_question(ctx->lookups, name, LDNS_RR_TYPE_CAA, flags);
	struct slice *slice = take(ctx->lookups, question);
	bool led = caa_merge_is_led(&slice->table, question);

	release(slice);
	return led;
}

enum module_ext_state caa_lookups_sleep_until(struct caa_merged *m, uint64_t until_us)
{
	uint64_t now_us = caa_host_now_us();

	set_timer(m, until_us > now_us ? until_us - now_us : 0);
	m->waiting = true;
	return module_wait_reply;
}

bool caa_lookups_make_timer(struct caa_merged *m)
{
	struct comm_base *base = m->qstate->env->worker_base;

	if (m->timer == NULL)	/* the one callback of Unbound that does nothing but run a query state */
		m->timer = comm_timer_create(base, &validate_suspend_timer_cb, m->qstate);
	return m->timer != NULL && caa_event_room(base);
}

enum caa_news caa_lookups_settle(struct caa_lookups *g, struct caa_merged *m, bool *late)
{
	struct slice *slice = take(g, m->wait.question);
	bool queued;

	*late = m->wait.place == CAA_WAIT_TABLE;
	if (*late)
		caa_merge_leave(&m->wait);
	queued = m->wait.place == CAA_WAIT_QUEUE;	/* by now nobody but this worker moves it */
	release(slice);
	if (queued) {
		lock_basic_lock(&waker_of(g, m)->lock);
		caa_merge_leave(&m->wait);
		lock_basic_unlock(&waker_of(g, m)->lock);
	}
	m->waiting = false;
	return m->wait.news;
}

uint64_t caa_lookups_number(struct caa_merged *m)
{
	while (m->lookup == 0)
		randombytes_buf(&m->lookup, sizeof(m->lookup));
	return m->lookup;
}

bool caa_lookups_ask(struct caa_lookups *g, struct caa_merged *m)
{
	uint64_t question = question_of(g, m->qstate, caa_host_qname(&m->qstate->qinfo));
	struct slice *slice;
	bool leads;

	m->lead.lookup = caa_lookups_number(m);
	slice = take(g, question);
	leads = caa_merge_ask(&slice->table, question, &m->lead, &m->wait);
	m->lookup = m->lead.lookup;
	release(slice);
	return leads;
}

enum caa_news caa_lookups_attend(struct caa_lookups *g, struct caa_merged *m, struct caa_name target, bool *led)
{
	uint64_t question = question_of(g, m->qstate, target);
	struct slice *slice = take(g, question);
	enum caa_news news = caa_merge_attend(&slice->table, question, &m->wait, led);

	release(slice);
	return news;
}

/** Begin to tell those who attend a question's lookup; spread() ends it.  @return the slice, taken; NULL if it leads none. */
static struct slice *begin_to_tell(struct caa_ctx *ctx, struct caa_merged *m, struct caa_link *told)
{
	if (!m->lead.leads)
		return NULL;
	caa_link_init(told);
	return take(ctx->lookups, m->lead.question);
}

void caa_lookups_tell(struct caa_ctx *ctx, struct caa_merged *m, enum caa_news news, unsigned losses)
{
	struct caa_link told;
	struct slice *slice = begin_to_tell(ctx, m, &told);

	if (slice == NULL)
		return;
	if (losses > 0)
		caa_merge_lost(&m->lead, losses, &told);
	else
		caa_merge_known(&m->lead, news, &told);
	spread(ctx->lookups, m, slice, &told, NULL);
}

void caa_lookups_scout(struct caa_ctx *ctx, struct caa_merged *m)
{
	struct caa_link told;
	struct slice *slice = begin_to_tell(ctx, m, &told);

	if (slice == NULL)
		return;
	caa_merge_scout(&m->lead, &told);
	spread(ctx->lookups, m, slice, &told, NULL);
}

bool caa_lookups_wanted(struct caa_ctx *ctx, struct caa_merged *m)
{
	struct slice *slice;
	bool wanted;

	if (m->qstate == NULL || !m->lead.leads || m->promised)
		return true;
	if (caa_host_is_awaited(m->qstate))
		return true;
	slice = take(ctx->lookups, m->lead.question);
	wanted = caa_merge_wanted(&m->lead);
	release(slice);
	return wanted;
}

bool caa_lookups_idle(struct caa_ctx *ctx, struct caa_merged *m)
{
	const struct caa_merge_lead *lead = &m->lead;

	return m->qstate != NULL && lead->leads && lead->losses >= CAA_MERGE_LOSSES && !caa_lookups_wanted(ctx, m);
}

bool caa_lookups_is_followed(struct caa_lookups *g, const struct caa_merged *m)
{
	struct slice *slice = take(g, m->lead.question);
	bool followed = caa_merge_followed(&m->lead);

	release(slice);
	return followed;
}

size_t caa_lookups_end(struct caa_lookups *g, struct caa_merged *m, enum caa_news news, struct caa_handed *handed)
{
	struct caa_link told;
	struct slice *slice;
	size_t followers;

	caa_link_init(&told);
	slice = take(g, m->lead.question);
	followers = caa_merge_end(&slice->table, &m->lead, news, &told);
	spread(g, m, slice, &told, handed);
	return followers;
}

void caa_lookups_abandon(struct caa_ctx *ctx, struct caa_merged *m)
{
	struct caa_link told;
	struct slice *slice;

	if (m->qstate == NULL || !m->lead.leads)
		return;
	caa_lookups_leave_fleet(ctx, m, NULL);
	caa_link_init(&told);
	slice = take(ctx->lookups, m->lead.question);
	caa_merge_abandon(&slice->table, &m->lead, &told);
	spread(ctx->lookups, m, slice, &told, NULL);
}

void caa_lookups_clear(struct caa_ctx *ctx, struct caa_merged *m)
{
	struct caa_lookups *g = ctx->lookups;
	bool late;

	if (m->qstate == NULL)
		return;
	if (m->waiting)
		(void)caa_lookups_settle(g, m, &late);
	caa_lookups_abandon(ctx, m);
	caa_lookups_leave_fleet(ctx, m, NULL);
	caa_handed_drop(m->handed);
	if (m->timer != NULL)
		comm_timer_delete(m->timer);
	leave_worker(g, m);
}
