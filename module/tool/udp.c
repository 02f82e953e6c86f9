/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/transport.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LANES = 8,			/**< sockets, each with ids of its own */
	LANE_BUFFER = 4 * 1024 * 1024,	/**< octets that the kernel may hold for a socket */
	IDS = 65536,
	ID_TRIES = 64,			/**< looks for a free id before the lane counts as busy */
	MESSAGE_MAX = 65535
};

struct udp;

struct lane {
	struct udp *udp;
	evutil_socket_t fd;
	struct event *readable;
	struct caa_question *question[IDS];	/**< by id; NULL = free */
};

struct udp {
	struct caa_transport transport;
	struct caa_asker *asker;
	struct lane *lane[LANES];
	unsigned turn;
	uint8_t buffer[MESSAGE_MAX];
};

static void receive(evutil_socket_t fd, short what, void *arg)
{
	struct lane *lane = arg;
	struct udp *udp = lane->udp;
	ssize_t len;

	(void)what;
	while ((len = recv(fd, udp->buffer, sizeof(udp->buffer), 0)) >= 0) {
		struct caa_question *q = len >= 2 ? lane->question[udp->buffer[0] << 8 | udp->buffer[1]] : NULL;

		if (q == NULL) {
			caa_asker_ignored(udp->asker);
			continue;
		}
		lane->question[q->id] = NULL;
		if (!caa_question_reply(q, udp->buffer, (size_t)len))
			lane->question[q->id] = q;
	}
}

static enum caa_send udp_send(struct caa_transport *t, struct caa_question *q, const char **why)
{
	struct udp *udp = (struct udp *)t;
	struct lane *lane = udp->lane[udp->turn % LANES];
	uint16_t id = 0;
	unsigned tries = 0;

	do {
		if (tries++ == ID_TRIES)
			return CAA_SEND_BUSY;
		id = (uint16_t)randombytes_uniform(IDS);
	} while (lane->question[id] != NULL);
	q->wire[0] = (uint8_t)(id >> 8);
	q->wire[1] = (uint8_t)id;
	if (send(lane->fd, q->wire, q->wire_len, 0) < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == EINTR)
			return CAA_SEND_BUSY;
		/* A port that nobody listens on refuses the send after the one that it answered by ICMP. */
		*why = strerror(errno);
		return CAA_SEND_FAILED;
	}
	q->id = id;
	q->lane = udp->turn++ % LANES;
	lane->question[id] = q;
	return CAA_SEND_DONE;
}

static void udp_forget(struct caa_transport *t, struct caa_question *q)
{
	((struct udp *)t)->lane[q->lane]->question[q->id] = NULL;
}

static void lane_destroy(struct lane *lane)
{
	if (lane == NULL)
		return;
	if (lane->readable != NULL)
		event_free(lane->readable);
	if (lane->fd >= 0)
		close(lane->fd);
	free(lane);
}

static void udp_destroy(struct caa_transport *t)
{
	struct udp *udp = (struct udp *)t;

	for (unsigned i = 0; i < LANES; i++)
		lane_destroy(udp->lane[i]);
	free(udp);
}

/** A burst of replies must find room: ask for a large buffer, beyond the system's limit where allowed. */
static void enlarge(evutil_socket_t fd)
{
	int size = LANE_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static struct lane *lane_create(struct event_base *base, struct udp *udp, const struct caa_server *s)
{
	struct lane *lane = calloc(1, sizeof(*lane));

	if (lane == NULL)
		return NULL;
	lane->udp = udp;
	lane->fd = socket(s->address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* Connected: the kernel then drops what comes from anywhere but the server. */
	if (lane->fd < 0 || connect(lane->fd, (const struct sockaddr *)&s->address, s->address_len) != 0)
		goto fail;
	enlarge(lane->fd);
	lane->readable = event_new(base, lane->fd, EV_READ | EV_PERSIST, receive, lane);
	if (lane->readable == NULL || event_add(lane->readable, NULL) != 0)
		goto fail;
	return lane;
fail:
	lane_destroy(lane);
	return NULL;
}

struct caa_transport *caa_udp_create(struct event_base *base, struct caa_asker *a, const struct caa_server *s,
	const char **err)
{
	struct udp *udp = calloc(1, sizeof(*udp));

	if (udp == NULL)
		return NULL;
	udp->transport = (struct caa_transport){ udp_send, udp_forget, udp_destroy };
	udp->asker = a;
	for (unsigned i = 0; i < LANES; i++) {
		udp->lane[i] = lane_create(base, udp, s);
		if (udp->lane[i] == NULL) {
			*err = strerror(errno);
			udp_destroy(&udp->transport);
			return NULL;
		}
	}
	return &udp->transport;
}
