/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/ask.h"

#include "core/climb/climb_option.h"
#include "tool/transport.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum {
	BATCH = 32,		/**< sends between two reads */
	BUSY_US = 1000,		/**< pause after a transport was busy */
	HEADER = 12
};

TAILQ_HEAD(questions, caa_question);

/** How to reach one server. */
struct way {
	struct caa_transport *transport;
	struct caa_transport *tcp;	/**< for truncated answers over UDP; made when it is needed */
};

struct caa_asker {
	struct event_base *base;
	struct caa_ask_options options;
	struct way way[CAA_SERVERS_MAX];	/**< by the server's index */
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
	return q->truncated ? a->way[q->server].tcp : a->way[q->server].transport;
}

static const char *server_text(const struct caa_asker *a, size_t server)
{
	const struct caa_server *s = &a->options.servers->server[server];

	return a->options.transport == CAA_TRANSPORT_DOH ? s->url : s->text;
}

/** The next try takes any of the servers, the same one too. */
static void choose_server(struct caa_question *q)
{
	q->server = randombytes_uniform((uint32_t)q->asker->options.servers->count);
}

/** @return what is left of the time of all tries; UINT32_MAX if it has no limit. */
static uint32_t left_ms(const struct caa_question *q)
{
	uint32_t total_ms = q->asker->options.total_ms;
	double past_ms = timerisset(&q->started) ? seconds_since(&q->started) * 1000 : 0;

	if (total_ms == 0)
		return UINT32_MAX;
	if (past_ms <= 0)	/* not sent yet, or the clock was set back */
		return total_ms;
	return past_ms < total_ms ? total_ms - (uint32_t)past_ms : 0;
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
		.server = server_text(q->asker, q->server), .seconds = q->tries > 0 ? seconds_since(&q->started) : 0 };
	caa_ask_done *done = q->done;
	void *arg = q->arg;

	question_destroy(q);
	done(arg, &result);
}

/** @return whether there is a transport for what the question's server truncates. */
static bool open_tcp(struct caa_question *q)
{
	struct caa_asker *a = q->asker;
	struct way *way = &a->way[q->server];
	const char *err;

	if (way->tcp == NULL)
		way->tcp = caa_tcp_create(a->base, a, &a->options.servers->server[q->server], &err);
	return way->tcp != NULL;
}

void caa_question_broken(struct caa_question *q, const char *why)
{
	landed(q);
	if (q->tries >= q->asker->options.tries || left_ms(q) == 0) {
		finish(q, NULL, why);
		return;
	}
	choose_server(q);
	if (q->truncated && !open_tcp(q))
		q->truncated = false;
	enqueue(q);
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
	if (!q->last) {
		caa_question_broken(q, "timeout");
		return;
	}
	landed(q);
	finish(q, NULL, "timeout");
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
	if (!open_tcp(q))
		return false;
	q->truncated = true;
	q->tries--;	/* the same try, over another transport */
	landed(q);
	enqueue(q);
	return true;
}

static bool may_go_tcp(const struct caa_question *q)
{
	const struct caa_ask_options *o = &q->asker->options;

	return !q->truncated && o->transport == CAA_TRANSPORT_UDP && !o->tc_fails;
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
	if (ldns_pkt_tc(reply) && may_go_tcp(q) && go_tcp(q)) {
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
	uint32_t timeout_ms = a->options.timeout_ms, left = left_ms(q);
	struct timeval timeout;

	q->last = left <= timeout_ms;
	timeout = from_us((uint64_t)(q->last ? left : timeout_ms) * 1000);
	if (!timerisset(&q->started))
		q->started = now_of();
	if (q->tries++ > 0 && !q->truncated)
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

static struct caa_transport *transport_create(struct caa_asker *a, const struct caa_server *s, const char **err)
{
	switch (a->options.transport) {
	case CAA_TRANSPORT_UDP:
		return caa_udp_create(a->base, a, s, err);
	case CAA_TRANSPORT_TCP:
		return caa_tcp_create(a->base, a, s, err);
	case CAA_TRANSPORT_DOH:
		return caa_doh_create(a->base, s, &a->options, err);
	}
	return NULL;
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
	if (a->pump == NULL)
		goto fail;
	for (size_t i = 0; i < options->servers->count; i++) {
		a->way[i].transport = transport_create(a, &options->servers->server[i], err);
		if (a->way[i].transport == NULL)
			goto fail;
	}
	return a;
fail:
	caa_asker_destroy(a);
	return NULL;
}

static void transport_destroy(struct caa_transport *t)
{
	if (t != NULL)
		t->destroy(t);
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
	for (size_t i = 0; i < CAA_SERVERS_MAX; i++) {
		transport_destroy(a->way[i].tcp);
		transport_destroy(a->way[i].transport);
	}
	if (a->pump != NULL)
		event_free(a->pump);
	free(a);
}

/** Add the option that asks for a whole climb. */
static bool add_climb_option(ldns_pkt *pkt, uint16_t code)
{
	const uint8_t option[] = { (uint8_t)(code >> 8), (uint8_t)code, 0, 1, CAA_CLIMB_OPTION_AGES };
	ldns_rdf *data = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_UNKNOWN, sizeof(option), option);

	ldns_pkt_set_edns_data(pkt, data);
	return data != NULL;
}

/** Make the message.
 *  @param climb_option: code of the option that asks for a whole climb; 0 = without.
 *  @return false if there is no memory. */
static bool encode(struct caa_question *q, struct caa_name name, uint16_t climb_option)
{
	const struct caa_ask_options *o = &q->asker->options;
	ldns_rdf *owner = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, name.len, name.wire);
	ldns_pkt *pkt = owner == NULL ? NULL :
		ldns_pkt_query_new(owner, LDNS_RR_TYPE_CAA, LDNS_RR_CLASS_IN, LDNS_RD);
	bool done;

	if (pkt == NULL) {
		ldns_rdf_deep_free(owner);
		return false;
	}
	ldns_pkt_set_ad(pkt, o->ad);
	ldns_pkt_set_edns_udp_size(pkt, o->edns_size);	/* ldns writes no OPT record if it is 0 */
	ldns_pkt_set_edns_do(pkt, o->dnssec);
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
	if (q->timer == NULL || !encode(q, name, climb_option)) {
		if (q->timer != NULL)
			event_free(q->timer);
		free(q->wire);
		free(q);
		return false;
	}
	TAILQ_INSERT_TAIL(&a->all, q, all);
	choose_server(q);
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
