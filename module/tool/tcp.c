/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/transport.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { IDS = 65536, PREFIX = 2 };	/* RFC 1035 s4.2.2: two octets of length before each message */

/** One connection, on which questions are pipelined (RFC 7766 s6.2.1.1). */
struct tcp {
	struct caa_transport transport;
	struct event_base *base;
	struct caa_asker *asker;
	const struct caa_server *server;
	struct bufferevent *connection;		/**< NULL = none */
	bool answered;				/**< something came on this connection */
	struct caa_question *question[IDS];	/**< by id; NULL = free */
};

/** Hand back what was under way on a connection that is gone. */
static void hand_back(struct tcp *tcp, const char *why)
{
	bool answered = tcp->answered;

	for (unsigned id = 0; id < IDS; id++) {
		struct caa_question *q = tcp->question[id];

		if (q == NULL)
			continue;
		tcp->question[id] = NULL;
		/* A server may close a connection that works (RFC 7766 s6.2.4); one that never did is a failure. */
		if (answered)
			caa_question_resend(q);
		else
			caa_question_broken(q, why);
	}
}

static void closed(struct bufferevent *connection, short what, void *arg)
{
	struct tcp *tcp = arg;
	const char *why = "connection closed";

	if (what & BEV_EVENT_CONNECTED)
		return;
	if (what & BEV_EVENT_ERROR)
		why = strerror(EVUTIL_SOCKET_ERROR());
	bufferevent_free(connection);
	tcp->connection = NULL;
	hand_back(tcp, why);
}

static void take_message(struct tcp *tcp, const uint8_t *wire, size_t len)
{
	struct caa_question *q = len >= 2 ? tcp->question[wire[0] << 8 | wire[1]] : NULL;

	if (q == NULL) {
		caa_asker_ignored(tcp->asker);
		return;
	}
	tcp->answered = true;
	tcp->question[q->id] = NULL;
	if (!caa_question_reply(q, wire, len))
		tcp->question[q->id] = q;
}

static void receive(struct bufferevent *connection, void *arg)
{
	struct evbuffer *input = bufferevent_get_input(connection);
	uint8_t prefix[PREFIX];

	while (evbuffer_copyout(input, prefix, PREFIX) == PREFIX) {
		size_t len = (size_t)(prefix[0] << 8 | prefix[1]);
		const uint8_t *message;

		if (evbuffer_get_length(input) < PREFIX + len)
			return;
		message = evbuffer_pullup(input, (ev_ssize_t)(PREFIX + len));
		if (message != NULL)
			take_message(arg, message + PREFIX, len);
		evbuffer_drain(input, PREFIX + len);
	}
}

static bool open_connection(struct tcp *tcp)
{
	tcp->connection = bufferevent_socket_new(tcp->base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (tcp->connection == NULL)
		return false;
	tcp->answered = false;
	bufferevent_setcb(tcp->connection, receive, NULL, closed, tcp);
	if (bufferevent_socket_connect(tcp->connection, (const struct sockaddr *)&tcp->server->address,
		(int)tcp->server->address_len) != 0 || bufferevent_enable(tcp->connection, EV_READ | EV_WRITE) != 0) {
		bufferevent_free(tcp->connection);
		tcp->connection = NULL;
		return false;
	}
	return true;
}

static enum caa_send tcp_send(struct caa_transport *t, struct caa_question *q, const char **why)
{
	struct tcp *tcp = (struct tcp *)t;
	const uint8_t prefix[PREFIX] = { (uint8_t)(q->wire_len >> 8), (uint8_t)q->wire_len };
	uint16_t id = (uint16_t)randombytes_uniform(IDS);
	unsigned looked = 0;

	for (; tcp->question[id] != NULL; id++)
		if (++looked == IDS)
			return CAA_SEND_BUSY;
	if (tcp->connection == NULL && !open_connection(tcp)) {
		*why = "cannot connect";
		return CAA_SEND_FAILED;
	}
	q->wire[0] = (uint8_t)(id >> 8);
	q->wire[1] = (uint8_t)id;
	if (bufferevent_write(tcp->connection, prefix, PREFIX) != 0 ||
	    bufferevent_write(tcp->connection, q->wire, q->wire_len) != 0) {
		*why = "out of memory";
		return CAA_SEND_FAILED;
	}
	q->id = id;
	tcp->question[id] = q;
	return CAA_SEND_DONE;
}

static void tcp_forget(struct caa_transport *t, struct caa_question *q)
{
	((struct tcp *)t)->question[q->id] = NULL;
}

static void tcp_destroy(struct caa_transport *t)
{
	struct tcp *tcp = (struct tcp *)t;

	if (tcp->connection != NULL)
		bufferevent_free(tcp->connection);
	free(tcp);
}

struct caa_transport *caa_tcp_create(struct event_base *base, struct caa_asker *a, const struct caa_server *s,
	const char **err)
{
	struct tcp *tcp = calloc(1, sizeof(*tcp));

	if (tcp == NULL) {
		*err = "out of memory";
		return NULL;
	}
	tcp->transport = (struct caa_transport){ tcp_send, tcp_forget, tcp_destroy };
	tcp->base = base;
	tcp->asker = a;
	tcp->server = s;
	return &tcp->transport;
}
