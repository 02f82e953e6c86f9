/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/places.h"

#include "glue/host.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "services/outside_network.h"
#include "util/net_help.h"

enum {
	US_PER_S = 1000000,
	TAKE_US = 3 * US_PER_S	/**< those who wait close a busy connection no more often than that: if each closed one, none would live until its
				 *   answer, which Unbound waits for as long */
};

/** Of one thread, and used by it alone but for the first field. */
struct thread {
	_Atomic(const struct outside_network *) outnet;	/**< the thread's; NULL = nobody's yet */
	bool closes;			/**< Unbound closes a connection in this turn of the loop, while the query that takes its place is sent: */
	struct timeval turn;
	struct sockaddr_storage addr;
	socklen_t addrlen;
	uint64_t taken_us;		/**< when one who waited took a place; 0 = never */
};

struct caa_places {
	unsigned threads;
	struct thread thread[];
};

struct caa_places *caa_places_create(unsigned threads)
{
	struct caa_places *all = calloc(1, sizeof(*all) + threads * sizeof(all->thread[0]));

	if (all != NULL)
		all->threads = threads;
	return all;
}

void caa_places_destroy(struct caa_places *all)
{
	free(all);
}

/** @return the thread's own; NULL if there are more of them than there were. */
static struct thread *of(struct caa_places *all, const struct outside_network *outnet)
{
	for (unsigned i = 0; i < all->threads; i++) {
		const struct outside_network *whose = atomic_load_explicit(&all->thread[i].outnet, memory_order_relaxed);

		if (whose == outnet)
			return &all->thread[i];
		if (whose == NULL && atomic_compare_exchange_strong(&all->thread[i].outnet, &whose, outnet))
			return &all->thread[i];
	}
	return NULL;
}

static bool is_idle(const struct reuse_tcp *reuse)
{
	return reuse->tree_by_id.count == 0;
}

static bool is_same_name(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/** Whether a query would share the connection. */
static bool goes_over(const struct serviced_query *sq, const struct reuse_tcp *reuse)
{
	return sockaddr_cmp((struct sockaddr_storage *)&sq->addr, sq->addrlen, (struct sockaddr_storage *)&reuse->addr, reuse->addrlen) == 0 &&
		(reuse->is_ssl != 0) == (sq->ssl_upstream != 0) && (!reuse->is_ssl || is_same_name(reuse->tls_auth_name, sq->tls_auth_name)) &&
		reuse->tree_by_id.count < sq->outnet->max_reuse_tcp_queries;
}

static bool has_connection(const struct serviced_query *sq)
{
	const struct reuse_tcp *reuse = sq->outnet->tcp_reuse_first;

	while (reuse != NULL && !goes_over(sq, reuse))
		reuse = reuse->lru_next;
	return reuse != NULL;
}

static size_t idle_ones(const struct outside_network *outnet)
{
	size_t idle = 0;

	for (const struct reuse_tcp *reuse = outnet->tcp_reuse_first; reuse != NULL; reuse = reuse->lru_next)
		idle += is_idle(reuse);
	return idle;
}

static bool closes_now(const struct thread *t, const struct outside_network *outnet)
{
	return t != NULL && t->closes && t->turn.tv_sec == outnet->now_tv->tv_sec && t->turn.tv_usec == outnet->now_tv->tv_usec;
}

bool caa_places_are_taken(struct caa_places *all, const struct outside_network *outnet)
{
	return closes_now(of(all, outnet), outnet);
}

static bool may_take(const struct thread *t)
{
	return t != NULL && (t->taken_us == 0 || caa_host_now_us() - t->taken_us >= TAKE_US);
}

enum caa_room caa_places_of(struct caa_places *all, const struct serviced_query *sq)
{
	const struct outside_network *outnet = sq->outnet;
	size_t places = outnet->num_tcp, kept = places - places / 2, open = outnet->tcp_reuse.count, idle;

	if (open + kept < places || has_connection(sq))
		return CAA_ROOM_FREE;
	idle = idle_ones(outnet);
	if (places > 0 && open >= places && idle == 0)
		return may_take(of(all, outnet)) ? CAA_ROOM_TAKEN : CAA_ROOM_NONE;
	return places - open + idle > kept ? CAA_ROOM_FREE : CAA_ROOM_KEPT;
}

/** The busy ones go before the idle ones, in the order that they have. */
static void spare_busy(struct outside_network *outnet)
{
	struct reuse_tcp *reuse = outnet->tcp_reuse_last;

	for (size_t n = outnet->tcp_reuse.count; n > 0; n--) {
		struct reuse_tcp *younger = reuse->lru_prev;

		if (!is_idle(reuse))
			reuse_tcp_lru_touch(outnet, reuse);
		reuse = younger;
	}
}

void caa_places_take(struct caa_places *all, const struct serviced_query *sq, bool waits)
{
	struct outside_network *outnet = sq->outnet;
	struct thread *t;

	if (outnet->tcp_free != NULL || outnet->tcp_reuse_last == NULL || is_idle(outnet->tcp_reuse_last) || has_connection(sq))
		return;
	spare_busy(outnet);
	t = of(all, outnet);
	if (t == NULL || is_idle(outnet->tcp_reuse_last))
		return;
	t->closes = true;
	t->turn = *outnet->now_tv;
	t->addr = outnet->tcp_reuse_last->addr;
	t->addrlen = outnet->tcp_reuse_last->addrlen;
	if (waits)
		t->taken_us = caa_host_now_us();
}

bool caa_places_took(struct caa_places *all, const struct serviced_query *sq)
{
	struct thread *t = of(all, sq->outnet);

	return closes_now(t, sq->outnet) &&
		sockaddr_cmp((struct sockaddr_storage *)&sq->addr, sq->addrlen, &t->addr, t->addrlen) == 0;
}
