/* SPDX-License-Identifier: BSD-3-Clause */
#include "listen.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/** Lives as long as the program. */
struct listening {
	enum listen_tcp tcp;
	listen_answer *answer;
	void *arg;
};

static void on_udp(evutil_socket_t fd, short what, void *arg)
{
	const struct listening *l = arg;
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	static struct message m;
	ssize_t len = recvfrom(fd, m.octets, sizeof(m.octets), 0, (struct sockaddr *)&from, &from_len);

	(void)what;
	m.len = len > 0 ? (size_t)len : 0;
	if (len > 0 && l->answer(l->arg, &m, false))
		sendto(fd, m.octets, m.len, 0, (struct sockaddr *)&from, from_len);
}

static void on_read(struct bufferevent *conn, void *arg)
{
	const struct listening *l = arg;
	struct evbuffer *in = bufferevent_get_input(conn);
	static struct message m;
	uint8_t head[2];

	while (evbuffer_copyout(in, head, 2) == 2) {
		m.len = (size_t)head[0] << 8 | head[1];
		if (evbuffer_get_length(in) < 2 + m.len)
			return;
		evbuffer_drain(in, 2);
		evbuffer_remove(in, m.octets, m.len);
		if (!l->answer(l->arg, &m, true))
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
	if (((const struct listening *)arg)->tcp == LISTEN_TCP_SLAM) {
		bufferevent_free(conn);
		return;
	}
	bufferevent_setcb(conn, on_read, NULL, on_end, arg);
	bufferevent_enable(conn, EV_READ | EV_WRITE);
}

bool listen_on(struct event_base *base, const char *address, enum listen_tcp tcp, listen_answer *answer, void *arg)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(DNS_PORT) };
	struct listening *l = malloc(sizeof(*l));
	int udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	if (l == NULL || udp < 0 || inet_pton(AF_INET, address, &in.sin_addr) != 1 || bind(udp, (struct sockaddr *)&in, sizeof(in)) != 0 ||
	    (tcp != LISTEN_TCP_NONE && evconnlistener_new_bind(base, on_accept, l, LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_FREE, -1,
		(struct sockaddr *)&in, sizeof(in)) == NULL)) {
		perror(address);
		return false;
	}
	*l = (struct listening){ .tcp = tcp, .answer = answer, .arg = arg };
	event_add(event_new(base, udp, EV_READ | EV_PERSIST, on_udp, l), NULL);
	return true;
}
