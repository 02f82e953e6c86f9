/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The servers of many scenarios, the root and the TLD, in one process, over UDP and TCP.
 *
 *  usage: harm_server --counts FILE --anchors FILE SCENARIO...	serve, the n-th scenario in slot n; counts go out at the end
 *         harm_server --generate SEED				print a scenario
 *         harm_server --smaller SCENARIO PREFIX			write smaller ones; see smaller.h
 *  Prints "ready" when it answers.  Ends by SIGTERM. */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "behave.h"
#include "generate.h"
#include "smaller.h"

enum {
	PORT = 53, READS_AT_ONCE = 64, RECEIVE_BUFFER = 4 << 20, FILLERS = 4, BACKLOG = 1024, US_PER_S = 1000000, MS_PER_S = 1000
};

struct server {
	struct event_base *base;
	struct world world;
	struct side *sides[SLOTS_MAX + 1];
};

/** An address of a scenario. */
struct host {
	struct server *server;
	const struct spec *spec;
	unsigned address;
	int udp;
};

/** A connection; it ends when it is closed and no answer is on its way to it any more. */
struct stream {
	struct host *host;
	struct bufferevent *conn;	/**< NULL = closed */
	struct sockaddr_in from;
	unsigned pending;
	bool reset, last;		/**< reset: at the first query; last: closes after an answer */
	unsigned taken;			/**< queries */
};

/** An answer on its way. */
struct parcel {
	struct event *timer;
	struct host *host;
	struct stream *stream;		/**< NULL = UDP */
	struct sockaddr_in to;
	size_t len;
	uint8_t octets[];
};

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / 1000;
}

static struct side *side_for(struct host *host, const struct sockaddr_in *from)
{
	return side_of(&host->server->sides[host->spec->slot], host->spec, ntohl(from->sin_addr.s_addr) & 0xff, now_us());
}

static void stream_release(struct stream *stream)
{
	if (stream->conn == NULL && stream->pending == 0)
		free(stream);
}

static void stream_close(struct stream *stream)
{
	if (stream->conn != NULL)
		bufferevent_free(stream->conn);
	stream->conn = NULL;
}

static void stream_send(struct stream *stream, const uint8_t *octets, size_t len)
{
	enum tcp_mode mode = stream->host->spec->address[stream->host->address].tcp;
	uint8_t head[2] = { (uint8_t)(len >> 8), (uint8_t)len };

	if (stream->conn == NULL)
		return;
	if (mode == TCP_ZERO) {
		head[0] = head[1] = 0;
		len = 0;
	}
	bufferevent_write(stream->conn, head, sizeof(head));
	bufferevent_write(stream->conn, octets, len);
	stream->last = mode == TCP_ONE;
	if (mode == TCP_ONE)
		bufferevent_disable(stream->conn, EV_READ);
}

static void deliver(struct host *host, struct stream *stream, const struct sockaddr_in *to, const uint8_t *octets, size_t len)
{
	if (stream != NULL)
		stream_send(stream, octets, len);
	else
		sendto(host->udp, octets, len, 0, (const struct sockaddr *)to, sizeof(*to));
}

static void on_arrival(evutil_socket_t fd, short what, void *arg)
{
	struct parcel *parcel = arg;

	(void)fd;
	(void)what;
	deliver(parcel->host, parcel->stream, &parcel->to, parcel->octets, parcel->len);
	if (parcel->stream != NULL) {
		parcel->stream->pending--;
		stream_release(parcel->stream);
	}
	event_free(parcel->timer);
	free(parcel);
}

static void post(struct host *host, struct stream *stream, const struct sockaddr_in *to, const struct outcome *out)
{
	struct timeval delay = { .tv_sec = out->delay_ms / MS_PER_S, .tv_usec = out->delay_ms % MS_PER_S * 1000 };
	struct parcel *parcel;

	if (out->delay_ms == 0) {
		deliver(host, stream, to, out->octets, out->len);
		return;
	}
	parcel = malloc(sizeof(*parcel) + out->len);
	if (parcel == NULL)
		abort();
	*parcel = (struct parcel){ .host = host, .stream = stream, .to = *to, .len = out->len };
	memcpy(parcel->octets, out->octets, out->len);
	parcel->timer = evtimer_new(host->server->base, on_arrival, parcel);
	evtimer_add(parcel->timer, &delay);
	if (stream != NULL)
		stream->pending++;
}

static void on_udp(evutil_socket_t fd, short what, void *arg)
{
	struct host *host = arg;
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	uint8_t octets[PACKET_MAX];
	struct outcome out;
	ssize_t len;

	(void)what;
	for (int i = 0; i < READS_AT_ONCE; i++) {
		len = recvfrom(fd, octets, sizeof(octets), 0, (struct sockaddr *)&from, &from_len);
		if (len <= 0)
			return;
		behave(&host->server->world, side_for(host, &from), host->address, OVER_UDP, &from, octets, (size_t)len, now_us(), &out);
		if (out.len > 0)
			post(host, NULL, &from, &out);
	}
}

static void stream_reset(struct stream *stream)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(bufferevent_getfd(stream->conn), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	stream_close(stream);
}

/** One query of a connection, if it is there whole.  @return whether there may be another. */
static bool stream_next(struct stream *stream)
{
	struct evbuffer *in = bufferevent_get_input(stream->conn);
	struct host *host = stream->host;
	uint8_t octets[2 + PACKET_MAX];
	struct outcome out;
	size_t len;

	if (evbuffer_copyout(in, octets, 2) != 2)
		return false;
	len = (size_t)octets[0] << 8 | octets[1];
	if (len > PACKET_MAX || evbuffer_get_length(in) < 2 + len)
		return false;
	evbuffer_remove(in, octets, 2 + len);
	if (host->spec->address[host->address].tcp == TCP_FIRST && stream->taken++ > 0)
		return true;
	if (stream->reset) {
		stream_reset(stream);
		return false;
	}
	behave(&host->server->world, side_for(host, &stream->from), host->address, OVER_TCP, &stream->from, octets + 2, len, now_us(),
		&out);
	if (out.len > 0)
		post(host, stream, &stream->from, &out);
	return stream->conn != NULL && !stream->last;
}

static void on_read(struct bufferevent *conn, void *arg)
{
	struct stream *stream = arg;

	(void)conn;
	while (stream_next(stream))
		;
	stream_release(stream);
}

static void on_written(struct bufferevent *conn, void *arg)
{
	struct stream *stream = arg;

	(void)conn;
	if (stream->last)
		stream_close(stream);
	stream_release(stream);
}

static void on_end(struct bufferevent *conn, short what, void *arg)
{
	struct stream *stream = arg;

	(void)conn;
	(void)what;
	stream_close(stream);
	stream_release(stream);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
	struct host *host = arg;
	struct stream *stream = calloc(1, sizeof(*stream));
	enum tcp_mode mode = host->spec->address[host->address].tcp;
	unsigned *connections;

	if (stream == NULL)
		abort();
	*stream = (struct stream){ .host = host };
	memcpy(&stream->from, from, (size_t)len < sizeof(stream->from) ? (size_t)len : sizeof(stream->from));
	connections = &side_for(host, &stream->from)->connections[host->address];
	stream->reset = mode == TCP_RESET || (mode == TCP_RESET_FIRST && *connections == 0);
	++*connections;
	stream->conn = bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(stream->conn, mode == TCP_MUTE ? NULL : on_read, on_written, on_end, stream);
	bufferevent_enable(stream->conn, EV_READ | EV_WRITE);
}

/** A listener whose queue is full, and stays so: who connects hears nothing. */
static bool listen_deaf(const struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 || listen(fd, 0) != 0)
		return false;
	for (int i = 0; i < FILLERS; i++) {
		int filler = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

		(void)connect(filler, (const struct sockaddr *)address, sizeof(*address));
	}
	return true;
}

static bool listen_tcp(struct host *host, const struct sockaddr_in *address)
{
	switch (host->spec->address[host->address].tcp) {
	case TCP_CLOSED: return true;
	case TCP_FILTERED: return listen_deaf(address);
	case TCP_OPEN: case TCP_RESET_FIRST: case TCP_RESET: case TCP_SLOW: case TCP_ONE: case TCP_MUTE: case TCP_FIRST: case TCP_ZERO: break;
	}
	return evconnlistener_new_bind(host->server->base, on_accept, host, LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_FREE, BACKLOG,
		(const struct sockaddr *)address, sizeof(*address)) != NULL;
}

static bool listen_udp(struct host *host, const struct sockaddr_in *address)
{
	int size = RECEIVE_BUFFER;

	host->udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (host->udp < 0 || bind(host->udp, (const struct sockaddr *)address, sizeof(*address)) != 0)
		return false;
	if (setsockopt(host->udp, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(host->udp, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	event_add(event_new(host->server->base, host->udp, EV_READ | EV_PERSIST, on_udp, host), NULL);
	return true;
}

/** @return false, said, if it cannot listen. */
static bool host_listen(struct server *server, const struct spec *spec, unsigned number)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct host *host;
	char text[16];

	if (spec->address[number].dead)
		return true;
	host = calloc(1, sizeof(*host));
	if (host == NULL)
		abort();
	spec_address(text, spec->slot, number + 1);
	inet_pton(AF_INET, text, &address.sin_addr);
	*host = (struct host){ .server = server, .spec = spec, .address = number };
	if (!(spec->address[number].no_udp || listen_udp(host, &address)) || !listen_tcp(host, &address)) {
		perror(text);
		return false;
	}
	return true;
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	event_base_loopbreak(arg);
}

static bool write_anchors(const struct world *world, const char *path)
{
	FILE *out = fopen(path, "w");

	if (out == NULL)
		return false;
	if (world->parents.zone[1].sign)
		signer_anchor(world->signer, HARM_TLD, out);
	for (size_t i = 0; i < world->specs && !world->parents.zone[1].sign; i++)
		for (size_t z = 0; z < world->spec[i].zones; z++)
			if (world->spec[i].zone[z].sign && world->spec[i].zone[z].parent < 0)
				signer_anchor(world->signer, world->spec[i].zone[z].full, out);
	return fclose(out) == 0;
}

static bool write_counts(const struct server *server, const char *path)
{
	FILE *out = fopen(path, "w");

	if (out == NULL)
		return false;
	for (size_t i = 0; i <= server->world.specs; i++)
		for (const struct side *side = server->sides[i]; side != NULL; side = side->next)
			side_print(side, out);
	return fclose(out) == 0;
}

static bool serve(struct server *server, const char *counts)
{
	for (unsigned slot = 0; slot <= server->world.specs; slot++) {
		const struct spec *spec = world_spec(&server->world, slot);

		for (unsigned a = 0; a < ADDRESSES_MAX; a++)
			if (spec->address[a].used && !host_listen(server, spec, a))
				return false;
	}
	event_add(evsignal_new(server->base, SIGTERM, on_signal, server->base), NULL);
	puts("ready");
	fflush(stdout);
	return event_base_dispatch(server->base) == 0 && write_counts(server, counts);
}

int main(int argc, char **argv)
{
	static struct server server;
	struct rlimit files;

	if (argc == 3 && strcmp(argv[1], "--generate") == 0) {
		generate((unsigned)strtoul(argv[2], NULL, 10), stdout);
		return 0;
	}
	if (argc == 4 && strcmp(argv[1], "--smaller") == 0)
		return smaller_write(argv[2], argv[3]) ? 0 : 1;
	if (argc < 6 || strcmp(argv[1], "--counts") != 0 || strcmp(argv[3], "--anchors") != 0 || argc - 5 > SLOTS_MAX) {
		fprintf(stderr, "usage: harm_server --counts FILE --anchors FILE SCENARIO... | --generate SEED | "
			"--smaller SCENARIO PREFIX\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	server.base = event_base_new();
	server.world.signer = signer_create();
	if (server.base == NULL || server.world.signer == NULL || !world_read(&server.world, argv + 5, (size_t)argc - 5) ||
	    !write_anchors(&server.world, argv[4]))
		return 1;
	return serve(&server, argv[2]) ? 0 : 1;
}
