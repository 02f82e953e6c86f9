/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/places.h"

#include "glue/host.h"

#include <string.h>

#include "services/outside_network.h"
#include "util/net_help.h"

enum {
	US_PER_S = 1000000,
	TAKE_US = 3 * US_PER_S	/**< those who wait close a busy connection no more often than that: if each closed one, none would live until its
				 *   answer, which Unbound waits for as long */
};

/** The connection that Unbound closes in this turn of the thread's loop, while the query that takes its place is sent. */
static _Thread_local struct {
	const struct outside_network *outnet;	/**< NULL = none */
	struct timeval turn;
	struct sockaddr_storage addr;
	socklen_t addrlen;
} closes;
static _Thread_local uint64_t taken_us;		/**< when one who waited took a place; 0 = never */

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

bool caa_places_are_taken(const struct outside_network *outnet)
{
	return closes.outnet == outnet && closes.turn.tv_sec == outnet->now_tv->tv_sec && closes.turn.tv_usec == outnet->now_tv->tv_usec;
}

enum caa_places caa_places_of(const struct serviced_query *sq)
{
	const struct outside_network *outnet = sq->outnet;
	size_t places = outnet->num_tcp, kept = places - places / 2, open = outnet->tcp_reuse.count, idle = 0;

	if (open + kept < places)
		return CAA_PLACES_FREE;
	for (const struct reuse_tcp *reuse = outnet->tcp_reuse_first; reuse != NULL; reuse = reuse->lru_next) {
		if (goes_over(sq, reuse))
			return CAA_PLACES_FREE;
		idle += is_idle(reuse);
	}
	if (places > 0 && open >= places && idle == 0)
		return taken_us == 0 || caa_host_now_us() - taken_us >= TAKE_US ? CAA_PLACES_TAKEN : CAA_PLACES_NONE;
	return places - open + idle > kept ? CAA_PLACES_FREE : CAA_PLACES_KEPT;
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

void caa_places_take(const struct serviced_query *sq, bool waits)
{
	struct outside_network *outnet = sq->outnet;

	if (outnet->tcp_free != NULL || outnet->tcp_reuse_last == NULL || is_idle(outnet->tcp_reuse_last))
		return;
	for (const struct reuse_tcp *reuse = outnet->tcp_reuse_first; reuse != NULL; reuse = reuse->lru_next)
		if (goes_over(sq, reuse))
			return;
	spare_busy(outnet);
	if (is_idle(outnet->tcp_reuse_last))
		return;
	closes.outnet = outnet;
	closes.turn = *outnet->now_tv;
	closes.addr = outnet->tcp_reuse_last->addr;
	closes.addrlen = outnet->tcp_reuse_last->addrlen;
	if (waits)
		taken_us = caa_host_now_us();
}

bool caa_places_took(const struct serviced_query *sq)
{
	return caa_places_are_taken(sq->outnet) &&
		sockaddr_cmp((struct sockaddr_storage *)&sq->addr, sq->addrlen, &closes.addr, closes.addrlen) == 0;
}
