/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/merge.h"

#include "core/wire/hash.h"
#include "core/wire/name.h"
#include "glue/answer.h"
#include "glue/ctx.h"
#include "glue/event.h"
#include "glue/fleet.h"
#include "glue/handed.h"
#include "glue/host.h"

#include "daemon/worker.h"
#include "iterator/iter_fwd.h"
#include "iterator/iterator.h"
#include "services/cache/dns.h"
#include "services/cache/rrset.h"
#include "services/mesh.h"
#include "services/outside_network.h"
#include "sldns/pkthdr.h"
#include "sldns/rrdef.h"
#include "sldns/sbuffer.h"
#include "util/config_file.h"
#include "util/data/msgreply.h"
#include "util/data/packed_rrset.h"
#include "util/locks.h"
#include "util/log.h"
#include "util/module_hooks.h"
#include "util/net_help.h"
#include "util/netevent.h"
#include "util/regional.h"
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
	/** A follower waits so much longer than its budget: the lookup that it follows hears of its last query a little after its own
	 *  budget has ended, and then knows why it failed. */
	FOLLOW_GRACE_US = US_PER_S,
	/** Questions that go on in one millisecond, so that the thread reads its sockets between them. */
	WOKEN_PER_MS = 64,
	/** A question keeps this part of its budget for its own lookup, should there be no news of the name above it. */
	OWN_PART = 8,
	/** So often a lookup for keys that follows another looks whether something else waits for it, too, that need not wait as
	 *  long as CAA questions do. */
	KEYS_LOOK_US = 200000
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

struct caa_merging {
	uint8_t key[CAA_HASH_KEY];	/**< fixed by create */
	unsigned workers;		/**< fixed by create */
	bool fleet;			/**< likewise */
	struct waker *waker;		/**< one for each worker */
	struct slice slice[SLICES];
};

static void happened(struct caa_ctx *ctx, struct caa_event *event);

struct caa_merging *caa_merging_create(unsigned workers, bool fleet)
{
	struct caa_merging *g = calloc(1, sizeof(*g));

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

void caa_merging_destroy(struct caa_merging *g)
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

size_t caa_merging_memory(const struct caa_merging *g)
{
	return sizeof(*g) + g->workers * sizeof(*g->waker);
}

bool caa_merging_many(const struct caa_merging *g)
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

static struct waker *waker_of(struct caa_merging *g, const struct caa_merged *m)
{
	return &g->waker[m->worker];
}

/** A question begins to take part.  @return false if it cannot. */
static bool join_worker(struct caa_merging *g, struct caa_merged *m, struct module_qstate *qstate)
{
	const struct worker *worker = qstate->env->worker;

	if (worker == NULL || worker->thread_num < 0 || (unsigned)worker->thread_num >= g->workers)
		return false;
	m->worker = (unsigned)worker->thread_num;
	if (caa_merging_many(g) && !waker_open(waker_of(g, m), qstate->env->worker_base))
		return false;
	waker_of(g, m)->questions++;
	m->qstate = qstate;
	return true;
}

static void leave_worker(struct caa_merging *g, struct caa_merged *m)
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
static void queue(struct caa_merging *g, struct caa_merge_wait *wait)
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
static void hand_out(struct caa_merging *g, unsigned worker, struct caa_link *told, struct caa_link *mine,
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

void caa_merging_tell(struct caa_merging *g, struct caa_fleet_ask *ask)
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

/** A question has no more to do with the fleet.  @param answer: to be left for others; or NULL. */
static void leave_fleet(struct caa_ctx *ctx, struct caa_merged *m, const struct caa_fleet_answer *answer)
{
	struct waker *waker = waker_of(ctx->merging, m);
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

static struct slice *take(struct caa_merging *g, uint64_t question)
{
	struct slice *slice = &g->slice[question & (SLICES - 1)];

	lock_basic_lock(&slice->lock);
	return slice;
}

static void release(struct slice *slice)
{
	lock_basic_unlock(&slice->lock);
}

/** Those that differ in CD are not the same to Unbound. */
static uint64_t hash_question(const struct caa_merging *g, struct caa_name name, uint16_t qtype, uint16_t flags)
{
	const uint16_t more[] = { flags & (BIT_RD | BIT_CD), qtype };
	uint8_t octets[CAA_NAME_MAX + sizeof(more)];

	caa_name_lower(octets, name);
	memcpy(octets + name.len, more, sizeof(more));
	return caa_hash(g->key, octets, name.len + sizeof(more));
}

static uint64_t question_of(const struct caa_merging *g, const struct module_qstate *qstate, struct caa_name name)
{
	return hash_question(g, name, qstate->qinfo.qtype, qstate->query_flags);
}

bool caa_merging_is_led(struct caa_ctx *ctx, struct caa_name name, uint16_t flags)
{
	uint64_t question = hash_question(ctx->merging, name, LDNS_RR_TYPE_CAA, flags);
	struct slice *slice = take(ctx->merging, question);
	bool led = caa_merge_is_led(&slice->table, question);

	release(slice);
	return led;
}

/** Wait no longer than until a time. */
static enum module_ext_state sleep_until(struct caa_merged *m, uint64_t until_us)
{
	uint64_t now_us = caa_host_now_us();

	set_timer(m, until_us > now_us ? until_us - now_us : 0);
	m->waiting = true;
	return module_wait_reply;
}

static bool make_timer(struct caa_merged *m)
{
	struct comm_base *base = m->qstate->env->worker_base;

	if (m->timer == NULL)	/* the one callback of Unbound that does nothing but run a query state */
		m->timer = comm_timer_create(base, &validate_suspend_timer_cb, m->qstate);
	return m->timer != NULL && caa_event_room(base);
}

/** End a wait.
 *  @param late: whether it was in the table still.
 *  @return the news; NONE if there were none. */
static enum caa_news settle(struct caa_merging *g, struct caa_merged *m, bool *late)
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

/* --- the parent first --------------------------------------------------------------------------------------------- */

/** Whether the iterator would find a zone's servers in the cache. */
static bool zone_is_known(struct module_qstate *qstate, struct caa_name name)
{
	time_t now = module_hooks_cache_now(qstate, 0);
	struct ub_packed_rrset_key *ns = rrset_cache_lookup(qstate->env->rrset_cache, (uint8_t *)name.wire, name.len,
		LDNS_RR_TYPE_NS, LDNS_RR_CLASS_IN, 0, now, 0);

	if (ns == NULL && now < *qstate->env->now)
		ns = dns_cache_rrset_0ttl(qstate->env, (uint8_t *)name.wire, name.len, LDNS_RR_TYPE_NS, LDNS_RR_CLASS_IN, now);
	if (ns == NULL)
		return false;
	lock_rw_unlock(&ns->entry.lock);
	return true;
}

/** Whether Unbound has an answer, or remembers a failure, for a type at a name. */
static bool has_answer(const struct module_qstate *qstate, struct caa_name name, uint16_t qtype)
{
	struct msgreply_entry *entry = msg_cache_lookup(qstate->env, (uint8_t *)name.wire, name.len, qtype,
		LDNS_RR_CLASS_IN, qstate->query_flags, *qstate->env->now, 0);

	if (entry == NULL)
		return false;
	lock_rw_unlock(&entry->entry.lock);
	return true;
}

static bool is_forwarded(const struct module_qstate *qstate)
{
	if (forwards_lookup(qstate->env->fwds, qstate->qinfo.qname, qstate->qinfo.qclass, 0) == NULL)
		return false;
	lock_rw_unlock(&qstate->env->fwds->lock);
	return true;
}

/** @return the name with its first labels taken off, down to so many. */
static struct caa_name cut(struct caa_name name, size_t labels)
{
	for (size_t count = caa_name_labels(name); count > labels; count--)
		(void)caa_name_parent(&name, name);
	return name;
}

/** @return labels of the closest known zone above a name; 0 for the root. */
static size_t closest_zone(struct module_qstate *qstate, struct caa_name name)
{
	while (caa_name_parent(&name, name) && !caa_name_is_root(name))
		if (zone_is_known(qstate, name))
			return caa_name_labels(name);
	return 0;
}

/** @return the labels of the name that has to be known first; 0 if there is none. */
static size_t target_of(struct module_qstate *qstate, const struct caa_merged *m, struct caa_name name)
{
	size_t labels = caa_name_labels(name), zone = m->known, closest, target;
	struct caa_name parent;

	if (labels <= 1 || !caa_name_parent(&parent, name) || m->known + 1 >= labels)
		return 0;
	if (zone_is_known(qstate, parent) || has_answer(qstate, parent, LDNS_RR_TYPE_CAA) || zone_is_known(qstate, name))
		return 0;
	closest = labels - 1 > CAA_MERGE_STEPS ? closest_zone(qstate, parent) : 0;
	if (closest > zone)
		zone = closest;
	target = caa_merge_ancestor(labels, zone);
	if (target <= m->known || (target + 1 < labels && has_answer(qstate, cut(name, target), LDNS_RR_TYPE_CAA)))
		return 0;
	return target;
}

/** Have a name above asked; nobody does.  @return false if that is not possible. */
static bool ask_target(struct caa_merged *m, struct caa_name target)
{
	struct module_qstate *qstate = m->qstate, *made;
	struct query_info qinfo = { .qname = (uint8_t *)target.wire, .qname_len = target.len, .qtype = LDNS_RR_TYPE_CAA,
		.qclass = LDNS_RR_CLASS_IN };
	struct mesh_state *sub;

	return (*qstate->env->add_sub)(qstate, &qinfo, NULL, qstate->query_flags & (BIT_RD | BIT_CD), 0, 0, &made, &sub) != 0;
}

static uint64_t attend_until_us(const struct caa_merged *m)
{
	return m->deadline_us - (m->deadline_us - m->began_us) / OWN_PART;
}

/** Attend the lookup of a name above.  @return as caa_merge_attend(). */
static enum caa_news attend(struct caa_merging *g, struct caa_merged *m, struct caa_name target, bool *led)
{
	uint64_t question = question_of(g, m->qstate, target);
	struct slice *slice = take(g, question);
	enum caa_news news = caa_merge_attend(&slice->table, question, &m->wait, led);

	release(slice);
	return news;
}

/** Whether names above are asked though no client asks them: where the walk down would ask them as well. */
static bool asks_above(const struct caa_merged *m)
{
	return m->qstate->env->cfg->qname_minimisation;
}

/** Attend the lookup of the name that has to be known first, m->target; where none is made for another's sake, that of the
 *  closest name above that is being looked up, m->target then.  @return as attend(). */
static enum caa_news attend_above(struct caa_merging *g, struct caa_merged *m, struct caa_name name, bool *led)
{
	enum caa_news news = attend(g, m, cut(name, m->target), led);
	size_t zone;

	if (*led || asks_above(m))
		return news;
	zone = closest_zone(m->qstate, name);
	if (zone > m->known)
		m->known = zone;
	while (!*led && m->target > m->known + 1) {
		m->target--;
		news = attend(g, m, cut(name, m->target), led);
	}
	return news;
}

static enum module_ext_state go(struct caa_merged *m)
{
	m->whole = true;
	/* It did not wait for the fleet's word, but maybe for something else since, and now another resolver looks it up. */
	if (m->ask != NULL && !m->asks && !m->hurried && caa_fleet_word(m->ask) == CAA_FLEET_WAITS && caa_host_now_us() < attend_until_us(m)) {
		m->asks = true;
		return sleep_until(m, attend_until_us(m));
	}
	return module_wait_module;
}

/** Tell those who attend a question's lookup: what is known of its name, or with losses (news NONE) that it does not go well. */
static void tell(struct caa_ctx *ctx, struct caa_merged *m, enum caa_news news, unsigned losses)
{
	struct caa_link told, mine;
	struct slice *slice;

	if (!m->lead.leads)
		return;
	caa_link_init(&told);
	caa_link_init(&mine);
	slice = take(ctx->merging, m->lead.question);
	if (losses > 0)
		caa_merge_lost(&m->lead, losses, &told);
	else
		caa_merge_known(&m->lead, news, &told);
	hand_out(ctx->merging, m->worker, &told, &mine, NULL);
	release(slice);
	wake_all(&mine);
}

/** A name above does not exist: this one is asked itself, and who waits for it need not wait for that. */
static enum module_ext_state go_below_absent(struct caa_ctx *ctx, struct caa_merged *m)
{
	tell(ctx, m, CAA_NEWS_ABSENT, 0);
	return go(m);
}

/** Wait for the name above that has to be known first, or go. */
static enum module_ext_state parents_first(struct caa_ctx *ctx, struct caa_merged *m)
{
	struct caa_name name = caa_host_qname(&m->qstate->qinfo), target;
	struct caa_zone_options zone;
	enum caa_news news;
	bool led;

	while ((m->target = target_of(m->qstate, m, name)) != 0) {
		target = cut(name, m->target);
		if (!caa_ctx_options(ctx, target, &zone))
			return module_wait_module;	/* its questions are Unbound's own affair: walk as Unbound does */
		if (!make_timer(m))
			break;
		news = attend_above(ctx->merging, m, name, &led);
		if (led && news == CAA_NEWS_NONE) {
			if (!m->shared)
				caa_stats_add(&ctx->stats, CAA_STAT_parents, 1);
			m->shared = true;
			return sleep_until(m, attend_until_us(m));
		}
		if (news == CAA_NEWS_LOST)
			break;
		if (news == CAA_NEWS_ABSENT)
			return go_below_absent(ctx, m);
		if (news == CAA_NEWS_KNOWN) {
			m->known = m->target;
			continue;
		}
		if (!asks_above(m) || m->asked == m->target || !ask_target(m, target))
			break;	/* it was asked, and has ended without an answer that is kept */
		m->asked = m->target;
		/* It begins to be looked up when this query state stops. */
		m->wait.news = CAA_NEWS_NONE;
		return sleep_until(m, 0);
	}
	return go(m);
}

/* --- a question's way --------------------------------------------------------------------------------------------- */

/** Whether an answer of another lookup serves a query state as well as its own would. */
static bool may_share(const struct module_qstate *qstate)
{
	return !qstate->no_cache_lookup && !qstate->no_cache_store && qstate->prefetch_leeway == 0 && qstate->blacklist == NULL;
}

uint64_t caa_merging_lookup(struct caa_merged *m)
{
	while (m->lookup == 0)
		randombytes_buf(&m->lookup, sizeof(m->lookup));
	return m->lookup;
}

/** Make the lookup that a question leads. */
static enum module_ext_state look_up(struct caa_ctx *ctx, struct caa_merged *m)
{
	if (m->looked_us == 0)
		m->looked_us = caa_host_now_us();
	return m->keys || is_forwarded(m->qstate) ? go(m) : parents_first(ctx, m);
}

/** Make the lookup that a question leads, or have it from another resolver. */
static enum module_ext_state lead(struct caa_ctx *ctx, struct caa_merged *m)
{
	struct module_qstate *qstate = m->qstate;
	struct caa_name name = caa_host_qname(&qstate->qinfo);

	if (ctx->fleet == NULL || (qstate->query_flags & BIT_RD) == 0 || m->hurried || !caa_fleet_ready(ctx->fleet) ||
	    has_answer(qstate, name, qstate->qinfo.qtype) || !make_timer(m))
		return look_up(ctx, m);
	m->ask = caa_fleet_ask(ctx->fleet, name, qstate->qinfo.qtype,
		qstate->query_flags & (BIT_RD | BIT_CD), m->worker, m);
	if (m->ask == NULL)
		return look_up(ctx, m);
	m->asks = true;
	m->late = false;
	m->ask_until_us = caa_host_now_us() + caa_fleet_wait_us(ctx->fleet);
	return sleep_until(m, m->ask_until_us);
}

enum module_ext_state caa_merging_go_on(struct caa_ctx *ctx, struct caa_merged *m)
{
	m->asks = false;
	caa_stats_add(&ctx->stats, CAA_STAT_fleet_alone, 1);
	return look_up(ctx, m);
}

/** Until when a question waits for the first word: that the store is late has reached this thread later, if it is busy, and for as long
 *  once more the word may be on its way, while the question itself would not get further either. */
static uint64_t word_until_us(struct caa_merged *m, uint64_t now_us)
{
	uint64_t late_us = caa_fleet_late_us(m->ask);

	if (late_us != 0 && now_us < m->ask_until_us && !m->late) {
		uint64_t until_us = 2 * now_us - late_us;

		m->ask_until_us = until_us < m->ask_until_us ? until_us : m->ask_until_us;
		m->late = true;
	}
	return m->ask_until_us;
}

/** One that asks the fleet has a word, or has waited for a while. */
static enum module_ext_state asked(struct caa_ctx *ctx, struct caa_merged *m)
{
	uint64_t now_us = caa_host_now_us(), until_us;

	m->waiting = false;
	switch (caa_fleet_word(m->ask)) {
	case CAA_FLEET_ASKED:
		until_us = word_until_us(m, now_us);
		if (now_us < until_us)
			return sleep_until(m, until_us);
		break;
	case CAA_FLEET_WAITS:
		until_us = attend_until_us(m);
		if (now_us >= until_us || m->hurried)
			break;
		if (m->keys && until_us > now_us + KEYS_LOOK_US)
			until_us = now_us + KEYS_LOOK_US;
		return sleep_until(m, until_us);
	case CAA_FLEET_CLAIMED:
		m->asks = false;
		return look_up(ctx, m);
	case CAA_FLEET_ANSWERED:
		m->asks = false;
		m->took = true;
		return go(m);
	case CAA_FLEET_FAILED:
		if (!m->ask->answer.failure || m->keys)	/* why is not told; without keys it would be bogus here */
			break;
		m->asks = false;
		m->failed = true;
		return module_finished;
	case CAA_FLEET_ALONE:
		break;
	}
	return caa_merging_go_on(ctx, m);
}

const uint8_t *caa_merging_failure(const struct caa_merged *m, size_t *len)
{
	*len = m->ask->answer.len;
	return m->ask->answer.wire;
}

void caa_merging_tell_failure(struct caa_merged *m, const uint8_t *octets, size_t len)
{
	if (m->ask == NULL || is_forwarded(m->qstate))
		return;
	m->failure = regional_alloc_init(m->qstate->region, octets, len);
	m->failure_len = len;
}

bool caa_merging_took(struct caa_merged *m)
{
	m->took = m->took || (m->ask != NULL && !m->asks && caa_fleet_word(m->ask) == CAA_FLEET_ANSWERED);
	return m->took;
}

/** Every record is so much older than when it was left. */
static void grow_old(struct reply_info *rep, time_t age_s)
{
	rep->ttl = rep->ttl > age_s ? rep->ttl - age_s : 0;
	rep->prefetch_ttl = PREFETCH_TTL_CALC(rep->ttl);
	rep->serve_expired_ttl = rep->ttl;
	for (size_t i = 0; i < rep->rrset_count; i++) {
		struct packed_rrset_data *d = rep->rrsets[i]->entry.data;

		d->ttl = d->ttl > age_s ? d->ttl - age_s : 0;
		for (size_t rr = 0; rr < d->count + d->rrsig_count; rr++)
			d->rr_ttl[rr] = d->rr_ttl[rr] > age_s ? d->rr_ttl[rr] - age_s : 0;
	}
}

struct dns_msg *caa_merging_taken(struct caa_merged *m)
{
	const struct caa_fleet_answer *answer = &m->ask->answer;
	struct module_qstate *qstate = m->qstate;
	struct sldns_buffer *buf = qstate->env->scratch_buffer;
	const struct query_info *q = &qstate->qinfo;
	struct dns_msg *msg;
	uint64_t age_ms;

	if (answer->len < LDNS_HEADER_SIZE || sldns_buffer_capacity(buf) < answer->len)
		return NULL;
	sldns_buffer_clear(buf);
	sldns_buffer_write(buf, answer->wire, answer->len);
	sldns_buffer_flip(buf);
	msg = caa_handed_decode(qstate, buf);
	if (msg == NULL || msg->qinfo.qtype != q->qtype || msg->qinfo.qclass != q->qclass ||
	    !caa_name_equal(caa_host_qname(&msg->qinfo), caa_host_qname(q)))
		return NULL;
	msg->qinfo = *q;
	age_ms = answer->age_ms + (caa_host_now_us() - answer->at_us) / US_PER_MS;
	grow_old(msg->rep, (time_t)((age_ms + US_PER_MS - 1) / US_PER_MS));
	return msg;
}

/** Whether an answer may be left for other resolvers: it came from the network, by what all of them are configured alike. */
static bool may_leave(struct module_qstate *qstate)
{
	const struct iter_qstate *iq = caa_host_iterator(qstate);

	return caa_handed_is_sound(qstate) && !qstate->no_cache_store && !qstate->rpz_applied && (iq == NULL || !iq->auth_zone_response);
}

/** The lookup has ended: leave its answer for the other resolvers, or the news that there is none, and why. */
static void leave_answer(struct caa_ctx *ctx, struct caa_merged *m, bool failed)
{
	struct module_qstate *qstate = m->qstate;
	struct sldns_buffer *buf = qstate->env->scratch_buffer;
	struct caa_fleet_answer answer;

	if (m->ask == NULL)
		return;
	if (failed && m->failure != NULL) {
		answer = (struct caa_fleet_answer){ .wire = m->failure, .len = m->failure_len, .failure = true,
			.began_us = m->looked_us };
		leave_fleet(ctx, m, &answer);
		return;
	}
	if (failed || m->took || m->held || !may_leave(qstate) || !caa_handed_encode(qstate, buf, CAA_FLEET_PAYLOAD_MAX)) {
		leave_fleet(ctx, m, NULL);
		return;
	}
	answer = (struct caa_fleet_answer){ .wire = sldns_buffer_begin(buf), .len = sldns_buffer_limit(buf),
		.ttl_s = qstate->return_msg->rep->ttl > 0 ? (uint32_t)qstate->return_msg->rep->ttl : 0,
		.chain = caa_answer_has(qstate->return_msg->rep, 0, qstate->return_msg->rep->an_numrrsets, LDNS_RR_TYPE_CNAME),
		.age_ms = (caa_host_now_us() - m->began_us) / US_PER_MS, .began_us = m->looked_us, .security = (uint8_t)qstate->return_msg->rep->security };
	leave_fleet(ctx, m, &answer);
}

/** Lead a question's lookup, or follow it. */
static enum module_ext_state lead_or_follow(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_merged *m)
{
	struct caa_merging *g = ctx->merging;
	uint64_t question;
	struct slice *slice;
	bool leads, late;

	question = question_of(g, qstate, caa_host_qname(&qstate->qinfo));
	m->lead.lookup = caa_merging_lookup(m);
	slice = take(g, question);
	leads = caa_merge_ask(&slice->table, question, &m->lead, &m->wait);
	m->lookup = m->lead.lookup;
	release(slice);
	if (!leads && !make_timer(m)) {	/* most lead, and need none */
		(void)settle(g, m, &late);
		return module_wait_module;
	}
	m->follows = !leads;
	if (leads)
		return lead(ctx, m);
	if (m->keys)
		return sleep_until(m, caa_host_now_us() + KEYS_LOOK_US);
	caa_stats_add(&ctx->stats, CAA_STAT_joined, 1);
	return sleep_until(m, m->deadline_us + FOLLOW_GRACE_US);
}

static enum module_ext_state begin(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_merged *m)
{
	if (!may_share(qstate) || !join_worker(ctx->merging, m, qstate))
		return module_wait_module;
	return lead_or_follow(ctx, qstate, m);
}

/** A lookup for keys that follows another has news, or has waited for a while. */
static enum module_ext_state keys_followed(struct caa_ctx *ctx, struct caa_merged *m, enum caa_news news)
{
	if (news == CAA_NEWS_NONE && caa_host_now_us() < m->deadline_us && !m->hurried)
		return lead_or_follow(ctx, m->qstate, m);
	if (m->handed != NULL && caa_handed_give(m->handed, m->qstate))
		return module_finished;
	return go(m);
}

/** A follower has news. */
static enum module_ext_state followed(struct caa_ctx *ctx, struct caa_merged *m, enum caa_news news)
{
	if (m->keys)
		return keys_followed(ctx, m, news);
	switch (news) {
	case CAA_NEWS_FAILED:
		m->qstate->return_rcode = LDNS_RCODE_SERVFAIL;
		m->qstate->return_msg = NULL;
		return module_finished;
	case CAA_NEWS_LEADS:
		m->follows = false;
		return ctx->fleet != NULL ? lead(ctx, m) : parents_first(ctx, m);
	case CAA_NEWS_ANSWERED:	/* should it not be handed over, it is in the cache */
		if (m->handed != NULL && caa_handed_give(m->handed, m->qstate))
			return module_finished;
		break;
	case CAA_NEWS_NONE:
	case CAA_NEWS_KNOWN:
	case CAA_NEWS_ABSENT:
	case CAA_NEWS_LOST:
		m->lookup = 0;	/* it makes a lookup of its own */
		break;
	}
	return go(m);
}

/** One that attended has news. */
static enum module_ext_state attended(struct caa_ctx *ctx, struct caa_merged *m, enum caa_news news, bool late)
{

	switch (news) {
	case CAA_NEWS_ANSWERED:
	case CAA_NEWS_KNOWN:
		m->known = m->target;
		return parents_first(ctx, m);
	case CAA_NEWS_ABSENT:
		return go_below_absent(ctx, m);
	case CAA_NEWS_NONE:
		if (!late)	/* the name above has been asked now */
			return parents_first(ctx, m);
		break;
	case CAA_NEWS_FAILED:
	case CAA_NEWS_LOST:
	case CAA_NEWS_LEADS:
		break;
	}
	return go(m);
}

enum module_ext_state caa_merging_run(struct caa_ctx *ctx, struct module_qstate *qstate, struct caa_merged *m,
	uint64_t deadline_us)
{
	enum caa_news news;
	bool late;

	if (m->began_us == 0) {
		m->began_us = caa_host_now_us();
		m->deadline_us = deadline_us;
		return begin(ctx, qstate, m);
	}
	if (!m->waiting)
		return module_wait_module;
	if (m->asks)
		return asked(ctx, m);
	news = settle(ctx->merging, m, &late);
	return m->follows ? followed(ctx, m, news) : attended(ctx, m, news, late);
}

/** Whether a query is for CAA at a question's own name, and not at that of an alias's target. */
static bool is_own(const struct caa_merged *m, const struct serviced_query *sq)
{
	return m->qstate != NULL && sq->qtype == LDNS_RR_TYPE_CAA &&
		caa_name_equal(caa_host_asked(sq), caa_host_qname(&m->qstate->qinfo));
}

void caa_merging_sent(struct caa_ctx *ctx, struct caa_merged *m, const struct serviced_query *sq)
{
	const struct caa_name zone = { sq->zone, sq->zonelen };

	if (m->apex || !is_own(m, sq))
		return;
	m->sent = true;
	m->apex = caa_name_equal(zone, caa_host_qname(&m->qstate->qinfo));
	if (m->apex)
		tell(ctx, m, CAA_NEWS_KNOWN, 0);
}

void caa_merging_answered(struct caa_ctx *ctx, struct caa_merged *m, const struct serviced_query *sq,
	struct sldns_buffer *reply)
{
	const uint8_t *packet = sldns_buffer_begin(reply);
	bool absent;

	/* Without AA it may be a referral, which is known when the next query is sent. */
	if (!is_own(m, sq) || sldns_buffer_limit(reply) < LDNS_HEADER_SIZE || !LDNS_AA_WIRE(packet) || LDNS_TC_WIRE(packet))
		return;
	absent = LDNS_RCODE_WIRE(packet) == LDNS_RCODE_NXDOMAIN;
	if (!absent && LDNS_RCODE_WIRE(packet) != LDNS_RCODE_NOERROR)
		return;
	/* Behind a CNAME record it is the alias's target that does not exist. */
	tell(ctx, m, absent && LDNS_ANCOUNT(packet) == 0 ? CAA_NEWS_ABSENT : CAA_NEWS_KNOWN, 0);
}

void caa_merging_lost(struct caa_ctx *ctx, struct caa_merged *m, const struct serviced_query *sq, bool denied)
{
	if (is_own(m, sq))
		tell(ctx, m, CAA_NEWS_NONE, denied ? CAA_MERGE_LOSSES : 1);
}

void caa_merging_silent(struct caa_ctx *ctx, struct caa_merged *m, bool limited)
{
	if (m->ask == NULL || m->asks)
		return;
	m->silences += limited ? 1 : 2;
	if (m->silences >= 2 * CAA_MERGE_LOSSES)
		leave_fleet(ctx, m, NULL);
}

bool caa_merging_wanted(struct caa_ctx *ctx, struct caa_merged *m)
{
	const struct mesh_state *state;
	struct slice *slice;
	bool wanted;

	if (m->qstate == NULL || !m->lead.leads || m->promised)
		return true;
	state = m->qstate->mesh_info;
	if (state->reply_list != NULL || state->cb_list != NULL || state->super_set.count > 0)
		return true;
	slice = take(ctx->merging, m->lead.question);
	wanted = caa_merge_wanted(&m->lead);
	release(slice);
	return wanted;
}

bool caa_merging_idle(struct caa_ctx *ctx, struct caa_merged *m)
{
	const struct caa_merge_lead *lead = &m->lead;

	return m->qstate != NULL && lead->leads && lead->losses >= CAA_MERGE_LOSSES && !caa_merging_wanted(ctx, m);
}

/** Count what plain Unbound would have sent more, at least: it asks a name that is no zone with type A before it asks
 *  with CAA, and each thread asks for itself. */
static void count_saved(struct caa_ctx *ctx, const struct caa_merged *m, size_t followers)
{
	unsigned extra = m->apex ? 0 : 1;

	if (m->sent)
		caa_stats_add(&ctx->stats, CAA_STAT_saved, extra + followers * (1 + extra));
}

/** Whether anybody follows a question's lookup. */
static bool is_followed(struct caa_merging *g, const struct caa_merged *m)
{
	struct slice *slice = take(g, m->lead.question);
	bool followed = caa_merge_followed(&m->lead);

	release(slice);
	return followed;
}

void caa_merging_end(struct caa_ctx *ctx, struct caa_merged *m, bool failed)
{
	struct caa_handed *handed = NULL;
	struct caa_link told, mine;
	struct slice *slice;
	size_t followers;

	if (m->qstate == NULL || !m->lead.leads)
		return;
	leave_answer(ctx, m, failed);
	if (!failed && is_followed(ctx->merging, m))
		handed = caa_handed_make(m->qstate);
	caa_link_init(&told);
	caa_link_init(&mine);
	slice = take(ctx->merging, m->lead.question);
	followers = caa_merge_end(&slice->table, &m->lead, failed ? CAA_NEWS_FAILED : CAA_NEWS_ANSWERED, &told);
	hand_out(ctx->merging, m->worker, &told, &mine, handed);
	release(slice);
	caa_handed_drop(handed);
	wake_all(&mine);
	if (!failed)
		count_saved(ctx, m, followers);
}

void caa_merging_abandon(struct caa_ctx *ctx, struct caa_merged *m)
{
	struct caa_link told, mine;
	struct slice *slice;

	if (m->qstate == NULL || !m->lead.leads)
		return;
	leave_fleet(ctx, m, NULL);
	caa_link_init(&told);
	caa_link_init(&mine);
	slice = take(ctx->merging, m->lead.question);
	caa_merge_abandon(&slice->table, &m->lead, &told);
	hand_out(ctx->merging, m->worker, &told, &mine, NULL);
	release(slice);
	wake_all(&mine);
}

void caa_merging_clear(struct caa_ctx *ctx, struct caa_merged *m)
{
	struct caa_merging *g = ctx->merging;
	bool late;

	if (m->qstate == NULL)
		return;
	if (m->waiting)
		(void)settle(g, m, &late);
	caa_merging_abandon(ctx, m);
	leave_fleet(ctx, m, NULL);
	caa_handed_drop(m->handed);
	if (m->timer != NULL)
		comm_timer_delete(m->timer);
	leave_worker(g, m);
}
