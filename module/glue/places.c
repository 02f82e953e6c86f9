/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/places.h"

#include "services/outside_network.h"
#include "util/net_help.h"

enum {
	US_PER_S = 1000000,
	TAKE_US = 3 * US_PER_S	/**< a connection over which something is under way is closed no more often than that: if each who waits closed one,
				 *   none would live until its answer */
};

/** The connection that Unbound closes in a turn of the thread's loop, while the query that takes its place is sent. */
static _Thread_local struct {
	const struct outside_network *outnet;	/**< NULL = none */
	struct timeval turn;
	struct sockaddr_storage addr;
	socklen_t addrlen;
} closes;

static bool is_idle(const struct reuse_tcp *reuse)
{
	return reuse->tree_by_id.count == 0;
}

static bool goes_over(const struct serviced_query *sq, const struct reuse_tcp *reuse)
{
	return sockaddr_cmp((struct sockaddr_storage *)&sq->addr, sq->addrlen, (struct sockaddr_storage *)&reuse->addr, reuse->addrlen) == 0 &&
		reuse->tree_by_id.count < sq->outnet->max_reuse_tcp_queries;
}

/** @return how long ago one was closed, in us; INT64_MAX = never. */
static int64_t closed_us(const struct outside_network *outnet)
{
	if (closes.outnet != outnet)
		return INT64_MAX;
	return (int64_t)(outnet->now_tv->tv_sec - closes.turn.tv_sec) * US_PER_S + (outnet->now_tv->tv_usec - closes.turn.tv_usec);
}

enum caa_places caa_places_of(const struct serviced_query *sq)
{
	const struct outside_network *outnet = sq->outnet;
	size_t places = outnet->num_tcp, open = outnet->tcp_reuse.count, idle = 0;

	if (open < places / 2)
		return CAA_PLACES_FREE;
	for (const struct reuse_tcp *reuse = outnet->tcp_reuse_first; reuse != NULL; reuse = reuse->lru_next) {
		if (goes_over(sq, reuse))
			return CAA_PLACES_FREE;
		idle += is_idle(reuse);
	}
	/* the place that is free while another's connection is closed is for whom it is closed */
	if (closed_us(outnet) == 0)
		return CAA_PLACES_NONE;
	if (open >= places && idle == 0)
		return closed_us(outnet) >= TAKE_US ? CAA_PLACES_TAKEN : CAA_PLACES_NONE;
	return places - open + idle > places / 2 ? CAA_PLACES_FREE : CAA_PLACES_KEPT;
}

void caa_places_take(const struct serviced_query *sq)
{
	struct outside_network *outnet = sq->outnet;

	if (outnet->tcp_free != NULL || outnet->tcp_reuse_last == NULL)
		return;
	for (const struct reuse_tcp *reuse = outnet->tcp_reuse_first; reuse != NULL; reuse = reuse->lru_next)
		if (goes_over(sq, reuse))
			return;
	for (size_t n = outnet->tcp_reuse.count; n > 0 && !is_idle(outnet->tcp_reuse_last); n--)
		reuse_tcp_lru_touch(outnet, outnet->tcp_reuse_last);
	if (is_idle(outnet->tcp_reuse_last))
		return;
	closes.outnet = outnet;
	closes.turn = *outnet->now_tv;
	closes.addr = outnet->tcp_reuse_last->addr;
	closes.addrlen = outnet->tcp_reuse_last->addrlen;
}

bool caa_places_took(const struct serviced_query *sq)
{
	return closed_us(sq->outnet) == 0 &&
		sockaddr_cmp((struct sockaddr_storage *)&sq->addr, sq->addrlen, &closes.addr, closes.addrlen) == 0;
}
