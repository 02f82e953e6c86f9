/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A proxy that gives a good nameserver one fault, for each of its addresses another, over UDP and TCP.
 *
 *  usage: faulty ADDRESS=FAULT:BACKEND...
 *  All but the fault is the backend's own behaviour.  For the lab only: one thread, it waits for the backend, no limits. */
#include "fault.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct host {
	const char *address, *backend;
	const struct fault *fault;
	int udp;
};

static bool answer(const struct host *h, struct message *m, bool over_tcp)
{
	return fault_answer(h->fault, m, h->backend, over_tcp);
}

static void on_udp(evutil_socket_t fd, short what, void *arg)
{
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	static struct message m;
	ssize_t len = recvfrom(fd, m.octets, sizeof(m.octets), 0, (struct sockaddr *)&from, &from_len);

	(void)what;
	m.len = len > 0 ? (size_t)len : 0;
	if (len > 0 && answer(arg, &m, false))
		sendto(fd, m.octets, m.len, 0, (struct sockaddr *)&from, from_len);
}

static void on_read(struct bufferevent *conn, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(conn);
	static struct message m;
	uint8_t head[2];

	while (evbuffer_copyout(in, head, 2) == 2) {
		m.len = (size_t)head[0] << 8 | head[1];
		if (evbuffer_get_length(in) < 2 + m.len)
			return;
		evbuffer_drain(in, 2);
		evbuffer_remove(in, m.octets, m.len);
		if (!answer(arg, &m, true))
			continue;
		head[0] = (uint8_t)(m.len >> 8);
		head[1] = (uint8_t)m.len;
		bufferevent_write(conn, head, 2);
		bufferevent_write(conn, m.octets, m.len);
	}
}

static void on_end(struct bufferevent *conn, short what, void *arg)
{
	(void)what;
	(void)arg;
	bufferevent_free(conn);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
	struct bufferevent *conn = bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);

	(void)from;
	(void)len;
	bufferevent_setcb(conn, on_read, NULL, on_end, arg);
	bufferevent_enable(conn, EV_READ | EV_WRITE);
}

/** @return false, said, if it cannot listen. */
static bool listen_on(struct event_base *base, struct host *h)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(DNS_PORT) };

	if (inet_pton(AF_INET, h->address, &in.sin_addr) != 1)
		return false;
	h->udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (h->udp < 0 || bind(h->udp, (struct sockaddr *)&in, sizeof(in)) != 0 || (!fault_no_tcp(h->fault) &&
	    evconnlistener_new_bind(base, on_accept, h, LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_FREE, -1, (struct sockaddr *)&in,
		sizeof(in)) == NULL)) {
		perror(h->address);
		return false;
	}
	event_add(event_new(base, h->udp, EV_READ | EV_PERSIST, on_udp, h), NULL);
	return true;
}

int main(int argc, char **argv)
{
	struct event_base *base = event_base_new();

	for (int i = 1; i < argc; i++) {
		struct host *h = calloc(1, sizeof(*h));
		char *fault = strchr(argv[i], '='), *backend = strchr(argv[i], ':');

		if (h == NULL || fault == NULL || backend == NULL) {
			fprintf(stderr, "usage: faulty ADDRESS=FAULT:BACKEND...\n");
			return 2;
		}
		*fault++ = '\0';
		*backend++ = '\0';
		*h = (struct host){ .address = argv[i], .backend = backend, .fault = fault_find(fault) };
		if (h->fault == NULL || !listen_on(base, h))
			return 1;
	}
	puts("ready");
	fflush(stdout);
	return event_base_dispatch(base) == 0 ? 0 : 1;
}
