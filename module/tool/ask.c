/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/ask.h"

#include "core/climb_option.h"
#include "tool/transport.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum {
	BATCH = 32,		/**< sends between two reads */
	BUSY_US = 1000,		/**< pause after a transport was busy */
	EDNS_SIZE = 1232,
	HEADER = 12
};

TAILQ_HEAD(questions, caa_question);

struct caa_asker {
	struct event_base *base;
	struct caa_ask_options options;
	struct caa_transport *transport;
	struct caa_transport *tcp;	/**< for truncated answers over UDP; made when it is needed */
	struct event *pump;		/**< sends from the queue */
	struct questions queue, all;
	uint32_t in_flight;
	struct timeval next_send;	/**< by qps */
	struct caa_ask_counts counts;
};

static struct timeval from_us(uint64_t us)
{
	return (struct timeval){ .tv_sec = (time_t)(us / 1000000), .tv_usec = (suseconds_t)(us % 1000000) };
}

static void pump_after(struct caa_asker *a, uint64_t us)
{
	const struct timeval wait = from_us(us);

	event_add(a->pump, &wait);
}

static struct timeval now_of(void)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return now;
}

static double seconds_since(const struct timeval *then)
{
	struct timeval now = now_of(), past;

	timersub(&now, then, &past);
	return (double)past.tv_sec + (double)past.tv_usec / 1e6;
}

static struct caa_transport *transport_of(struct caa_asker *a, const struct caa_question *q)
{
	return q->truncated ? a->tcp : a->transport;
}

static void enqueue(struct caa_question *q)
{
	struct caa_asker *a = q->asker;

	if (!q->queued)
		TAILQ_INSERT_TAIL(&a->queue, q, next);
	q->queued = true;
	if (!event_pending(a->pump, EV_TIMEOUT, NULL))
		pump_after(a, 0);
}

static void question_destroy(struct caa_question *q)
{
	struct caa_asker *a = q->asker;

	if (q->queued)
		TAILQ_REMOVE(&a->queue, q, next);
	TAILQ_REMOVE(&a->all, q, all);
	event_free(q->timer);
	free(q->wire);
	free(q);
}

/** The question is with no transport any more. */
static void landed(struct caa_question *q)
{
	struct caa_asker *a = q->asker;

	if (!q->under_way)
		return;
	q->under_way = false;
	a->in_flight--;
	event_del(q->timer);
	if (!TAILQ_EMPTY(&a->queue) && !event_pending(a->pump, EV_TIMEOUT, NULL))
		pump_after(a, 0);
}

static void finish(struct caa_question *q, const ldns_pkt *reply, const char *why)
{
	const struct caa_ask_result result = { .reply = reply, .why = why, .tries = q->tries, .tcp = q->truncated,
		.seconds = q->tries > 0 ? seconds_since(&q->started) : 0 };
	caa_ask_done *done = q->done;
	void *arg = q->arg;

	question_destroy(q);
	done(arg, &result);
}

void caa_question_broken(struct caa_question *q, const char *why)
{
	landed(q);
	if (q->tries < q->asker->options.tries)
		enqueue(q);
	else
		finish(q, NULL, why);
}

void caa_question_resend(struct caa_question *q)
{
	landed(q);
	q->tries--;
	enqueue(q);
}

static void timed_out(evutil_socket_t fd, short what, void *arg)
{
	struct caa_question *q = arg;
	struct caa_transport *t = transport_of(q->asker, q);

	(void)fd;
	(void)what;
	t->forget(t, q);
	caa_question_broken(q, "timeout");
}

/** @return whether a reply repeats the question. */
static bool is_reply_to(const ldns_pkt *reply, const struct caa_question *q)
{
	const ldns_rr_list *section = ldns_pkt_question(reply);
	const ldns_rr *rr;
	struct caa_name name;

	if (!ldns_pkt_qr(reply) || ldns_rr_list_rr_count(section) != 1)
		return false;
	rr = ldns_rr_list_rr(section, 0);
	return ldns_rr_get_type(rr) == LDNS_RR_TYPE_CAA && ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
		caa_name_check(&name, ldns_rdf_data(ldns_rr_owner(rr)), ldns_rdf_size(ldns_rr_owner(rr))) == CAA_OK &&
		caa_name_equal(name, q->name);
}

/** Ask again over TCP. @return false if there is no TCP to be had. */
static bool go_tcp(struct caa_question *q)
{
	struct caa_asker *a = q->asker;
	const char *err;

	if (a->tcp == NULL)
		a->tcp = caa_tcp_create(a->base, a, &a->options, &err);
	if (a->tcp == NULL)
		return false;
	q->truncated = true;
	q->tries--;	/* the same try, over another transport */
	landed(q);
	enqueue(q);
	return true;
}

bool caa_question_reply(struct caa_question *q, const uint8_t *wire, size_t len)
{
	struct caa_asker *a = q->asker;
	ldns_pkt *reply = NULL;

	if (ldns_wire2pkt(&reply, wire, len) != LDNS_STATUS_OK || !is_reply_to(reply, q)) {
		ldns_pkt_free(reply);
		caa_asker_ignored(a);
		return false;
	}
	if (ldns_pkt_tc(reply) && !q->truncated && a->options.transport == CAA_TRANSPORT_UDP && go_tcp(q)) {
		ldns_pkt_free(reply);
		return true;
	}
	landed(q);
	finish(q, reply, NULL);
	ldns_pkt_free(reply);
	return true;
}

void caa_asker_ignored(struct caa_asker *a)
{
	a->counts.ignored++;
}

/** @return us until the rate allows a send; 0 = now, and the next place is taken. */
static uint64_t pace_us(struct caa_asker *a)
{
	struct timeval now, wait, interval;

	if (a->options.qps == 0)
		return 0;
	now = now_of();
	if (timercmp(&a->next_send, &now, >)) {
		timersub(&a->next_send, &now, &wait);
		return (uint64_t)wait.tv_sec * 1000000 + (uint64_t)wait.tv_usec;
	}
	interval = from_us(1000000 / a->options.qps);
	/* A loop that comes a little late catches up, one that was idle does not save up. */
	if (now.tv_sec - a->next_send.tv_sec > 1)
		a->next_send = now;
	timeradd(&a->next_send, &interval, &a->next_send);
	return 0;
}

static void count_send(struct caa_question *q)
{
	struct caa_asker *a = q->asker;
	const struct timeval timeout = from_us((uint64_t)a->options.timeout_ms * 1000);

	if (q->tries++ == 0)
		q->started = now_of();
	else if (!q->truncated)
		a->counts.retried++;
	a->counts.sent++;
	q->under_way = true;
	a->in_flight++;
	event_add(q->timer, &timeout);
}

/** Send from the queue: a batch, then the loop may read what came. */
static void pump(evutil_socket_t fd, short what, void *arg)
{
	struct caa_asker *a = arg;

	(void)fd;
	(void)what;
	for (unsigned batch = 0; !TAILQ_EMPTY(&a->queue) && a->in_flight < a->options.in_flight_max; batch++) {
		struct caa_question *q = TAILQ_FIRST(&a->queue);
		struct caa_transport *t = transport_of(a, q);
		const char *why = NULL;
		uint64_t wait_us = batch < BATCH ? pace_us(a) : 0;

		if (batch >= BATCH || wait_us > 0) {
			pump_after(a, wait_us);
			return;
		}
		switch (t->send(t, q, &why)) {
		case CAA_SEND_BUSY:
			pump_after(a, BUSY_US);
			return;
		case CAA_SEND_DONE:
			TAILQ_REMOVE(&a->queue, q, next);
			q->queued = false;
			count_send(q);
			break;
		case CAA_SEND_FAILED:
			TAILQ_REMOVE(&a->queue, q, next);
			q->queued = false;
			q->tries++;
			caa_question_broken(q, why);
			break;
		}
	}
}

struct caa_asker *caa_asker_create(struct event_base *base, const struct caa_ask_options *options, const char **err)
{
	struct caa_asker *a = calloc(1, sizeof(*a));

	*err = "out of memory";
	if (a == NULL)
		return NULL;
	a->base = base;
	a->options = *options;
	TAILQ_INIT(&a->queue);
	TAILQ_INIT(&a->all);
	a->pump = evtimer_new(base, pump, a);
	switch (options->transport) {
	case CAA_TRANSPORT_UDP:
		a->transport = caa_udp_create(base, a, options, err);
		break;
	case CAA_TRANSPORT_TCP:
		a->transport = caa_tcp_create(base, a, options, err);
		break;
	case CAA_TRANSPORT_DOH:
		a->transport = caa_doh_create(base, a, options, err);
		break;
	}
	if (a->pump == NULL || a->transport == NULL) {
		caa_asker_destroy(a);
		return NULL;
	}
	return a;
}

void caa_asker_destroy(struct caa_asker *a)
{
	struct caa_question *q;

	if (a == NULL)
		return;
	while ((q = TAILQ_FIRST(&a->all)) != NULL) {
		if (q->under_way)
			transport_of(a, q)->forget(transport_of(a, q), q);
		question_destroy(q);
	}
	if (a->tcp != NULL)
		a->tcp->destroy(a->tcp);
	if (a->transport != NULL)
		a->transport->destroy(a->transport);
	if (a->pump != NULL)
		event_free(a->pump);
	free(a);
}

/** Add the option that asks for a whole climb. */
static bool add_climb_option(ldns_pkt *pkt, uint16_t code)
{
	const uint8_t option[] = { (uint8_t)(code >> 8), (uint8_t)code, 0, 1, CAA_CLIMB_OPTION_VERSION };
	ldns_rdf *data = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_UNKNOWN, sizeof(option), option);

	ldns_pkt_set_edns_data(pkt, data);
	return data != NULL;
}

/** Make the message.
 *  @param climb_option: code of the option that asks for a whole climb; 0 = without.
 *  @return false if there is no memory. */
static bool encode(struct caa_question *q, struct caa_name name, bool dnssec, uint16_t climb_option)
{
	ldns_rdf *owner = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, name.len, name.wire);
	ldns_pkt *pkt = owner == NULL ? NULL :
		ldns_pkt_query_new(owner, LDNS_RR_TYPE_CAA, LDNS_RR_CLASS_IN, LDNS_RD);
	bool done;

	if (pkt == NULL) {
		ldns_rdf_deep_free(owner);
		return false;
	}
	ldns_pkt_set_edns_udp_size(pkt, EDNS_SIZE);
	ldns_pkt_set_edns_do(pkt, dnssec);
	done = (climb_option == 0 || add_climb_option(pkt, climb_option)) &&
		ldns_pkt2wire(&q->wire, pkt, &q->wire_len) == LDNS_STATUS_OK &&
		caa_name_check(&q->name, q->wire + HEADER, q->wire_len - HEADER) == CAA_OK;
	ldns_pkt_free(pkt);
	return done;
}

static bool ask(struct caa_asker *a, struct caa_name name, uint16_t climb_option, caa_ask_done *done, void *arg)
{
	struct caa_question *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return false;
	q->asker = a;
	q->done = done;
	q->arg = arg;
	q->timer = evtimer_new(a->base, timed_out, q);
	if (q->timer == NULL || !encode(q, name, a->options.dnssec, climb_option)) {
		if (q->timer != NULL)
			event_free(q->timer);
		free(q->wire);
		free(q);
		return false;
	}
	TAILQ_INSERT_TAIL(&a->all, q, all);
	enqueue(q);
	return true;
}

bool caa_asker_ask(struct caa_asker *a, struct caa_name name, caa_ask_done *done, void *arg)
{
	return ask(a, name, 0, done, arg);
}

bool caa_asker_ask_whole(struct caa_asker *a, struct caa_name name, caa_ask_done *done, void *arg)
{
	return ask(a, name, a->options.climb_option, done, arg);
}

const struct caa_ask_counts *caa_asker_counts(const struct caa_asker *a)
{
	return &a->counts;
}
