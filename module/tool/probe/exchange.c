/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/probe/exchange.h"

#include "tool/probe/travel.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { IDLE_MS = 1000 };	/**< the longest sleep between two looks at the clock */

/** One address. */
struct lane {
	struct caa_addr addr;
	unsigned under_way;
	uint64_t next_ms;	/**< when it may get its next question */
};

/** A run of exchanges. */
struct run {
	struct caa_exchange *const *x;
	size_t count, left;
	struct lane *lane;		/**< count of them at most */
	size_t lanes;
	size_t *lane_of;		/**< of exchange i */
	struct pollfd *pollfd;
	size_t *polled;			/**< the exchange that pollfd i is for */
	const struct caa_exchange_options *o;
};

static uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static size_t lane_find(struct run *run, const struct caa_addr *addr)
{
	size_t i = 0;

	while (i < run->lanes && !caa_addr_equal(&run->lane[i].addr, addr))
		i++;
	if (i == run->lanes)
		run->lane[run->lanes++] = (struct lane){ .addr = *addr };
	return i;
}

static void run_clear(struct run *run)
{
	free(run->lane);
	free(run->lane_of);
	free(run->pollfd);
	free(run->polled);
}

static bool run_init(struct run *run, struct caa_exchange *const *x, size_t count, const struct caa_exchange_options *o)
{
	*run = (struct run){ .x = x, .count = count, .left = count, .o = o };
	run->lane = calloc(count, sizeof(*run->lane));
	run->lane_of = calloc(count, sizeof(*run->lane_of));
	run->pollfd = calloc(count, sizeof(*run->pollfd));
	run->polled = calloc(count, sizeof(*run->polled));
	if (run->lane == NULL || run->lane_of == NULL || run->pollfd == NULL || run->polled == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		run->lane_of[i] = lane_find(run, &x[i]->to);
	return true;
}

static void end(struct run *run, size_t i, enum caa_fate fate)
{
	run->x[i]->fate = fate;
	caa_travel_destroy(run->x[i]->travel);
	run->x[i]->travel = NULL;
	run->lane[run->lane_of[i]].under_way--;
	run->left--;
}

/** Start what may start now. */
static void start_due(struct run *run, uint64_t now_ms)
{
	for (size_t i = 0; i < run->count; i++) {
		struct caa_exchange *x = run->x[i];
		struct lane *lane = &run->lane[run->lane_of[i]];
		enum caa_fate fate;

		if (x->fate != CAA_FATE_NONE || x->travel != NULL || lane->under_way >= run->o->lane_max || lane->next_ms > now_ms)
			continue;
		lane->under_way++;
		lane->next_ms = now_ms + run->o->gap_ms;
		x->travel = caa_travel_create(x, now_ms, run->o, &fate);
		if (x->travel == NULL)
			end(run, i, fate);
	}
}

/** End what is out of time, or send it again.  @return how long nothing is due. */
static int until_due_ms(struct run *run, uint64_t now_ms)
{
	uint64_t due_ms = now_ms + IDLE_MS;

	for (size_t i = 0; i < run->count; i++) {
		struct caa_exchange *x = run->x[i];
		const struct lane *lane = &run->lane[run->lane_of[i]];

		if (x->travel != NULL) {
			enum caa_fate fate = caa_travel_tick(x, now_ms, run->o);

			if (fate != CAA_FATE_NONE) {
				end(run, i, fate);
				return 0;
			}
			if (caa_travel_due_ms(x) < due_ms)
				due_ms = caa_travel_due_ms(x);
		} else if (x->fate == CAA_FATE_NONE && lane->under_way < run->o->lane_max && lane->next_ms < due_ms) {
			due_ms = lane->next_ms;
		}
	}
	return due_ms > now_ms ? (int)(due_ms - now_ms) : 0;
}

static void read_ready(struct run *run, int wait_ms)
{
	nfds_t n = 0;

	for (size_t i = 0; i < run->count; i++) {
		if (run->x[i]->travel == NULL)
			continue;
		run->polled[n] = i;
		run->pollfd[n++] = caa_travel_pollfd(run->x[i]);
	}
	if (poll(run->pollfd, n, wait_ms) <= 0)
		return;
	for (nfds_t k = 0; k < n; k++) {
		enum caa_fate fate;

		if (run->pollfd[k].revents == 0)
			continue;
		fate = caa_travel_ready(run->x[run->polled[k]], clock_ms(), run->o);
		if (fate != CAA_FATE_NONE)
			end(run, run->polled[k], fate);
	}
}

void caa_exchanges_run_once(struct caa_exchange *const *x, size_t count, const struct caa_exchange_options *o)
{
	struct run run;

	if (count > 0 && run_init(&run, x, count, o)) {
		while (run.left > 0) {
			start_due(&run, clock_ms());
			read_ready(&run, until_due_ms(&run, clock_ms()));
		}
	}
	if (count > 0)
		run_clear(&run);
}

/** The reply over TCP takes the place of the one that was truncated. */
static void merge_stream(struct caa_exchange *x, struct caa_exchange *stream)
{
	x->stream = stream->fate;
	if (stream->fate == CAA_FATE_ANSWERED) {
		ldns_pkt_free(x->reply);
		x->reply = stream->reply;
		x->reply_len = stream->reply_len;
		stream->reply = NULL;
		ldns_rdf_deep_free(x->sent_name);
		x->sent_name = stream->sent_name;	/* in letters of its own */
		stream->sent_name = NULL;
	}
	caa_exchange_clear(stream);
}

void caa_exchanges_run(struct caa_exchange *const *x, size_t count, const struct caa_exchange_options *o)
{
	struct caa_exchange *stream = calloc(count + 1, sizeof(*stream));
	struct caa_exchange **wanted = calloc(count + 1, sizeof(struct caa_exchange *));
	size_t n = 0;

	caa_exchanges_run_once(x, count, o);
	if (stream == NULL || wanted == NULL)
		goto done;
	for (size_t i = 0; i < count; i++) {
		x[i]->udp_len = x[i]->query.tcp ? 0 : x[i]->reply_len;
		x[i]->truncated = !x[i]->query.tcp && x[i]->fate == CAA_FATE_ANSWERED && ldns_pkt_tc(x[i]->reply);
		if (!x[i]->truncated)
			continue;
		stream[i].to = x[i]->to;
		stream[i].query = x[i]->query;
		stream[i].query.tcp = true;
		wanted[n++] = &stream[i];
	}
	caa_exchanges_run_once(wanted, n, o);
	for (size_t i = 0; i < count; i++)
		if (x[i]->truncated)
			merge_stream(x[i], &stream[i]);
done:
	free(stream);
	free(wanted);
}

void caa_exchange_clear(struct caa_exchange *x)
{
	ldns_pkt_free(x->reply);
	ldns_rdf_deep_free(x->sent_name);
	memset(x, 0, sizeof(*x));
}

const uint8_t *caa_reply_option(const ldns_pkt *reply, uint16_t code, size_t *len)
{
	const ldns_rdf *data = reply != NULL && ldns_pkt_edns(reply) ? ldns_pkt_edns_data(reply) : NULL;
	const uint8_t *octets = data != NULL ? ldns_rdf_data(data) : NULL;
	size_t size = data != NULL ? ldns_rdf_size(data) : 0, at = 0;

	while (at + 4 <= size) {
		size_t option_len = (size_t)octets[at + 2] << 8 | octets[at + 3];

		if (at + 4 + option_len > size)
			return NULL;
		if ((octets[at] << 8 | octets[at + 1]) == code) {
			*len = option_len;
			return octets + at + 4;
		}
		at += 4 + option_len;
	}
	return NULL;
}
