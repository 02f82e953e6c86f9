/* SPDX-License-Identifier: BSD-3-Clause */
/** \file relay: passes UDP packets and TCP connections on to another address, and what comes back: later, not all of
 *  them, changed (over UDP), or over UDP alone.  A server behind it is a server far away, behind a bad line, or without TCP.
 *
 *  Order is kept.  Each client (address and port) has a socket of its own towards the server, bound to the client's
 *  address, so that the server sees who asks: on one machine every address of the lab is at hand.
 *  A connection takes a round trip before it carries anything, as a handshake does.  Over UDP a packet that is lost is
 *  gone; over TCP what is lost comes late, as if it had been sent again, and holds up what comes after it.
 *  One thread.  It prints "ready" when it listens, and what it counted at SIGUSR1 and when it ends, at SIGTERM or SIGINT. */
#include "lab/forge.h"
#include "lab/mangle.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/listener.h>
#include <getopt.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	PORT = 53,
	MESSAGE_MAX = 65535,
	BATCH = 256,			/**< packets read from a socket before the others have their turn */
	SOCKET_BUFFER = 8 * 1024 * 1024,
	BUCKETS = 16384,
	DELAY_MAX_MS = 10000,
	IDLE_S = 5,			/**< beyond the delays: a client that is silent for so long loses its socket */
	RETRANSMIT_US = 200000		/**< what is lost over TCP comes so much later: Linux' least timeout */
};

struct address {
	struct sockaddr_storage at;
	int len;
};

struct client;
LIST_HEAD(bucket, client);

struct relay {
	struct event_base *base;
	struct address listen, to;
	int udp;			/**< the socket that clients send to */
	const struct timeval *delay;	/**< each way; NULL = none */
	const struct timeval *handshake;	/**< a round trip; NULL = none */
	const struct timeval *idle;
	double loss;			/**< probability that a packet is lost, each way */
	uint64_t random;		/**< state of the generator */
	enum forge forge;
	unsigned mangle;		/**< percent of the names that are lied about */
	uint64_t mangle_seed;
	bool no_tcp;
	unsigned mute_type;		/**< queries of this type over UDP are dropped for a while from the first one on; 0 = none */
	uint64_t mute_ms;
	struct timeval mute_end;	/**< zero before the first */
	struct bucket clients[BUCKETS];
	struct { uint64_t queries, answers, connections, lost, forged, dropped, muted, mangled; } count;
};

/** Somebody who sends over UDP. */
struct client {
	LIST_ENTRY(client) entry;
	struct relay *relay;
	struct address from;
	int fd;				/**< connected to the server */
	struct event readable, silent;
};

/** A UDP packet under way.  Its client outlives it, as IDLE_S says. */
struct packet {
	struct event due;
	struct client *client;
	bool back;			/**< from the server */
	size_t len;
	uint8_t data[];
};

struct connection;

/** One end of a connection. */
struct end {
	struct connection *connection;
	struct end *other;
	struct bufferevent *socket;
	struct evbuffer *held;		/**< arrived while something before it was lost */
	struct event found;		/**< what was lost arrives */
	bool last;			/**< nothing comes after what is held or in the socket's buffer */
};

struct connection {
	struct relay *relay;
	struct end client, server;
	struct event established;
	unsigned under_way;		/**< chunks */
	bool closed;			/**< freed when the last chunk has arrived */
};

/** What one end has sent, under way to the other. */
struct chunk {
	struct event due;
	struct end *to;
	struct evbuffer *data;		/**< NULL = the other end has closed */
};

/* --- what both have in common -------------------------------------------------------------------------------------- */

/** SplitMix64. @return true with the probability of a loss. */
static bool lost(struct relay *r)
{
	uint64_t x = r->random += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	if ((double)(x >> 11) * 0x1p-53 >= r->loss)
		return false;
	r->count.lost++;
	return true;
}

/** @return a socket towards the server, bound to the client's address if that is one of this machine; -1 if none. */
static int socket_as(const struct address *client, int type)
{
	struct address from = *client;
	int fd = socket(from.at.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return -1;
	if (from.at.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&from.at)->sin6_port = 0;
	else
		((struct sockaddr_in *)&from.at)->sin_port = 0;
	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&from.at, (socklen_t)from.len) != 0 && errno != EADDRNOTAVAIL) {
		close(fd);
		return -1;
	}
	return fd;
}

static void enlarge(int fd)
{
	int size = SOCKET_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

/* --- UDP ------------------------------------------------------------------------------------------------------------- */

static void send_now(struct client *c, bool back, const uint8_t *data, size_t len)
{
	/* What cannot be sent is lost, as on any line; a port that nobody listens on is silent. */
	if (back)
		(void)sendto(c->relay->udp, data, len, 0, (struct sockaddr *)&c->from.at, (socklen_t)c->from.len);
	else
		(void)send(c->fd, data, len, 0);
}

static void packet_arrives(evutil_socket_t fd, short what, void *arg)
{
	struct packet *p = arg;

	(void)fd;
	(void)what;
	send_now(p->client, p->back, p->data, p->len);
	free(p);
}

static void pass_on(struct client *c, bool back, const uint8_t *data, size_t len)
{
	struct relay *r = c->relay;
	struct packet *p;

	event_add(&c->silent, r->idle);
	if (lost(r))
		return;
	if (r->delay == NULL) {
		send_now(c, back, data, len);
		return;
	}
	p = malloc(sizeof(*p) + len);
	if (p == NULL) {
		r->count.dropped++;
		return;
	}
	p->client = c;
	p->back = back;
	p->len = len;
	memcpy(p->data, data, len);
	evtimer_assign(&p->due, r->base, packet_arrives, p);
	event_add(&p->due, r->delay);
}

/** @param data: room for MESSAGE_MAX octets. @return its octets now. */
static size_t mangled(struct relay *r, uint8_t *data, size_t len)
{
	static uint8_t was[MESSAGE_MAX];
	size_t now;

	if (r->mangle == 0 || len + MANGLE_ROOM > MESSAGE_MAX)
		return len;
	memcpy(was, data, len);
	now = mangle_answer(data, len, r->mangle_seed, r->mangle);
	r->count.mangled += now != len || memcmp(was, data, len) != 0;
	return now;
}

static void answered(evutil_socket_t fd, short what, void *arg)
{
	static uint8_t data[MESSAGE_MAX];
	struct client *c = arg;
	struct relay *r = c->relay;
	ssize_t len;

	(void)what;
	for (unsigned n = 0; n < BATCH && (len = recv(fd, data, sizeof(data), 0)) >= 0; n++) {
		r->count.answers++;
		if (r->forge != FORGE_NOT) {
			static uint8_t forged[MESSAGE_MAX];

			memcpy(forged, data, (size_t)len);
			forge_answer(forged, (size_t)len, r->forge);
			r->count.forged++;
			pass_on(c, true, forged, (size_t)len);
		}
		pass_on(c, true, data, mangled(r, data, (size_t)len));
	}
}

static void client_destroy(struct client *c)
{
	LIST_REMOVE(c, entry);
	event_del(&c->readable);
	event_del(&c->silent);
	close(c->fd);
	free(c);
}

static void client_silent(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	client_destroy(arg);
}

static struct bucket *bucket_of(struct relay *r, const struct address *from)
{
	const uint8_t *octets = (const uint8_t *)&from->at;
	uint32_t hash = 2166136261u;	/* FNV-1a */

	for (int i = 0; i < from->len; i++)
		hash = (hash ^ octets[i]) * 16777619u;
	return &r->clients[hash % BUCKETS];
}

static struct client *client_create(struct relay *r, const struct address *from)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->relay = r;
	c->from = *from;
	c->fd = socket_as(from, SOCK_DGRAM);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&r->to.at, (socklen_t)r->to.len) != 0) {
		if (c->fd >= 0)
			close(c->fd);
		free(c);
		return NULL;
	}
	event_assign(&c->readable, r->base, c->fd, EV_READ | EV_PERSIST, answered, c);
	event_add(&c->readable, NULL);
	evtimer_assign(&c->silent, r->base, client_silent, c);
	LIST_INSERT_HEAD(bucket_of(r, from), c, entry);
	return c;
}

/** @return the client, made if it is new; NULL if there is no memory or socket for it. */
static struct client *client_of(struct relay *r, const struct address *from)
{
	struct client *c;

	LIST_FOREACH(c, bucket_of(r, from), entry)
		if (c->from.len == from->len && memcmp(&c->from.at, &from->at, (size_t)from->len) == 0)
			return c;
	return client_create(r, from);
}

/** @return the type of a query; 0 if it has none. */
static unsigned type_of(const uint8_t *query, size_t len)
{
	size_t at = 12;

	while (at < len && query[at] != 0)
		at += query[at] + 1u;
	return at + 3 <= len ? (unsigned)query[at + 1] << 8 | query[at + 2] : 0;
}

/** Whether a query is not passed on because of its type. */
static bool muted(struct relay *r, const uint8_t *query, size_t len)
{
	struct timeval now;

	if (r->mute_type == 0 || type_of(query, len) != r->mute_type)
		return false;
	event_base_gettimeofday_cached(r->base, &now);
	if (!timerisset(&r->mute_end)) {
		const struct timeval length = { (time_t)(r->mute_ms / 1000), (suseconds_t)(r->mute_ms % 1000 * 1000) };

		timeradd(&now, &length, &r->mute_end);
	}
	if (!timercmp(&now, &r->mute_end, <))
		return false;
	r->count.muted++;
	return true;
}

static void asked(evutil_socket_t fd, short what, void *arg)
{
	static uint8_t data[MESSAGE_MAX];
	struct relay *r = arg;

	(void)what;
	for (unsigned n = 0; n < BATCH; n++) {
		struct address from = { .len = 0 };
		socklen_t from_len = sizeof(from.at);
		ssize_t len = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from.at, &from_len);
		struct client *c;

		if (len < 0)
			return;
		from.len = (int)from_len;
		r->count.queries++;
		if (muted(r, data, (size_t)len))
			continue;
		c = client_of(r, &from);
		if (c != NULL)
			pass_on(c, false, data, (size_t)len);
		else
			r->count.dropped++;
	}
}

static bool listen_udp(struct relay *r)
{
	struct event *readable;

	r->udp = socket(r->listen.at.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (r->udp < 0 || bind(r->udp, (struct sockaddr *)&r->listen.at, (socklen_t)r->listen.len) != 0)
		return false;
	enlarge(r->udp);
	readable = event_new(r->base, r->udp, EV_READ | EV_PERSIST, asked, r);
	return readable != NULL && event_add(readable, NULL) == 0;
}

/* --- TCP ------------------------------------------------------------------------------------------------------------- */

static void end_clear(struct end *e)
{
	if (e->socket != NULL)
		bufferevent_free(e->socket);
	if (e->held != NULL)
		evbuffer_free(e->held);
	if (e->connection != NULL)
		event_del(&e->found);
}

/** Close it; its memory stays while chunks are under way. */
static void connection_close(struct connection *c)
{
	if (!c->closed) {
		end_clear(&c->client);
		end_clear(&c->server);
		event_del(&c->established);
	}
	c->closed = true;
	if (c->under_way == 0)
		free(c);
}

/** Hand over what has arrived in order. */
static void flush(struct end *e)
{
	bufferevent_write_buffer(e->socket, e->held);
	if (e->last && evbuffer_get_length(bufferevent_get_output(e->socket)) == 0)
		connection_close(e->connection);
}

static void found(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	flush(arg);
}

/** The socket's buffer is empty. */
static void written(struct bufferevent *socket, void *arg)
{
	struct end *e = arg;

	(void)socket;
	if (e->last && evbuffer_get_length(e->held) == 0)
		connection_close(e->connection);
}

static void chunk_arrives(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval retransmit = { 0, RETRANSMIT_US };
	struct chunk *chunk = arg;
	struct end *e = chunk->to;
	struct connection *c = e->connection;

	(void)fd;
	(void)what;
	c->under_way--;
	if (c->closed) {
		connection_close(c);
	} else {
		if (chunk->data != NULL)
			evbuffer_add_buffer(e->held, chunk->data);
		else
			e->last = true;
		if (lost(c->relay) && !evtimer_pending(&e->found, NULL))
			event_add(&e->found, &retransmit);
		if (!evtimer_pending(&e->found, NULL))
			flush(e);
	}
	if (chunk->data != NULL)
		evbuffer_free(chunk->data);
	free(chunk);
}

/** @param data: taken over; NULL = the end. */
static void chunk_leaves(struct end *to, struct evbuffer *data)
{
	struct relay *r = to->connection->relay;
	struct chunk *chunk = calloc(1, sizeof(*chunk));

	if (chunk == NULL)
		abort();
	chunk->to = to;
	chunk->data = data;
	to->connection->under_way++;
	if (r->delay == NULL) {
		chunk_arrives(-1, 0, chunk);
		return;
	}
	evtimer_assign(&chunk->due, r->base, chunk_arrives, chunk);
	event_add(&chunk->due, r->delay);
}

static void data_came(struct bufferevent *socket, void *arg)
{
	struct end *from = arg;
	struct evbuffer *data = evbuffer_new();

	if (data == NULL || evbuffer_add_buffer(data, bufferevent_get_input(socket)) != 0)
		abort();
	chunk_leaves(from->other, data);
}

static void end_event(struct bufferevent *socket, short what, void *arg)
{
	struct end *from = arg;

	if (what & BEV_EVENT_CONNECTED)
		return;
	bufferevent_disable(socket, EV_READ);
	chunk_leaves(from->other, NULL);
}

static bool end_init(struct end *e, struct connection *c, struct end *other, int fd)
{
	struct relay *r = c->relay;
	int on = 1;

	*e = (struct end){ .connection = c, .other = other };
	evtimer_assign(&e->found, r->base, found, e);
	e->held = evbuffer_new();
	e->socket = bufferevent_socket_new(r->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (e->held == NULL || e->socket == NULL)
		return false;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	bufferevent_setcb(e->socket, data_came, written, end_event, e);
	return true;
}

static void established(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;

	(void)fd;
	(void)what;
	bufferevent_enable(c->client.socket, EV_READ | EV_WRITE);
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
	struct relay *r = arg;
	struct connection *c = calloc(1, sizeof(*c));
	struct address client = { .len = len };
	int server;

	(void)listener;
	if (c == NULL)
		abort();
	memcpy(&client.at, from, (size_t)len);
	server = socket_as(&client, SOCK_STREAM);
	if (server < 0) {
		r->count.dropped++;
		close(fd);
		free(c);
		return;
	}
	r->count.connections++;
	c->relay = r;
	evtimer_assign(&c->established, r->base, established, c);
	if (!end_init(&c->client, c, &c->server, fd) || !end_init(&c->server, c, &c->client, server))
		abort();
	if (bufferevent_socket_connect(c->server.socket, (struct sockaddr *)&r->to.at, r->to.len) != 0) {
		connection_close(c);
		return;
	}
	bufferevent_enable(c->server.socket, EV_READ | EV_WRITE);
	if (r->handshake == NULL)
		established(-1, 0, c);
	else
		event_add(&c->established, r->handshake);
}

static bool listen_tcp(struct relay *r)
{
	return evconnlistener_new_bind(r->base, accepted, r, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC |
		LEV_OPT_REUSEABLE, -1, (struct sockaddr *)&r->listen.at, r->listen.len) != NULL;
}

/* --- the program ----------------------------------------------------------------------------------------------------- */

static void print_counts(const struct relay *r)
{
	printf("queries %ju answers %ju connections %ju lost %ju forged %ju dropped %ju muted %ju mangled %ju\n", (uintmax_t)r->count.queries,
		(uintmax_t)r->count.answers, (uintmax_t)r->count.connections, (uintmax_t)r->count.lost,
		(uintmax_t)r->count.forged, (uintmax_t)r->count.dropped, (uintmax_t)r->count.muted, (uintmax_t)r->count.mangled);
	fflush(stdout);
}

static void signalled(evutil_socket_t number, short what, void *arg)
{
	struct relay *r = arg;

	(void)what;
	print_counts(r);
	if (number != SIGUSR1)
		event_base_loopbreak(r->base);
}

static void usage(void)
{
	fputs("usage: relay --listen ADDRESS[:PORT] --to ADDRESS[:PORT] [option...]\n"
		"  --delay MS       each way\n"
		"  --loss PERCENT   of the round trips of packets, as ping would count; as much is lost on either way\n"
		"  --seed N         of the losses; 1 if not given\n"
		"  --no-tcp         refuse connections\n"
		"  --mute TYPE:MS   drop queries of that type (a number) over UDP, for so long from the first one on\n"
		"  --forge wrong|missing   before each answer over UDP send one with \"true\" in it made \"fake\", and a wrong\n"
		"                   cookie or none\n"
		"  --mangle SEED:PERCENT   change answers over UDP for so many of the names (tests/lab/mangle.h)\n", stderr);
	exit(2);
}

static uint64_t number(const char *text, uint64_t max)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || value > max)
		usage();
	return value;
}

static void mute(struct relay *r, char *text)
{
	char *ms = strchr(text, ':');

	if (ms == NULL)
		usage();
	*ms++ = '\0';
	r->mute_type = (unsigned)number(text, UINT16_MAX);
	r->mute_ms = number(ms, 3600 * 1000);
}

static void mangle(struct relay *r, char *text)
{
	char *percent = strchr(text, ':');

	if (percent == NULL)
		usage();
	*percent++ = '\0';
	r->mangle_seed = number(text, UINT32_MAX);
	r->mangle = (unsigned)number(percent, 100);
}

static struct address address(const char *text)
{
	struct address a = { .len = (int)sizeof(a.at) };

	if (evutil_parse_sockaddr_port(text, (struct sockaddr *)&a.at, &a.len) != 0)
		usage();
	if (a.at.ss_family == AF_INET6 && ((struct sockaddr_in6 *)&a.at)->sin6_port == 0)
		((struct sockaddr_in6 *)&a.at)->sin6_port = htons(PORT);
	else if (a.at.ss_family == AF_INET && ((struct sockaddr_in *)&a.at)->sin_port == 0)
		((struct sockaddr_in *)&a.at)->sin_port = htons(PORT);
	return a;
}

static enum forge forge(const char *text)
{
	if (strcmp(text, "wrong") != 0 && strcmp(text, "missing") != 0)
		usage();
	return text[0] == 'w' ? FORGE_WRONG : FORGE_MISSING;
}

/** Timers of one length are a queue for libevent: no cost in the number of packets under way, and their order is kept. */
static const struct timeval *duration(struct event_base *base, uint64_t ms)
{
	const struct timeval t = { .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	return ms == 0 ? NULL : event_base_init_common_timeout(base, &t);
}

static void options(struct relay *r, int argc, char **argv)
{
	static const struct option table[] = {
		{ "listen", required_argument, NULL, 'l' }, { "to", required_argument, NULL, 't' },
		{ "delay", required_argument, NULL, 'd' }, { "loss", required_argument, NULL, 'p' },
		{ "seed", required_argument, NULL, 's' }, { "no-tcp", no_argument, NULL, 'n' },
		{ "forge", required_argument, NULL, 'f' }, { "mute", required_argument, NULL, 'm' },
		{ "mangle", required_argument, NULL, 'g' },
		{ NULL, 0, NULL, 0 }
	};
	uint64_t delay_ms = 0;
	int c;

	r->random = 1;
	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (c) {
		case 'l': r->listen = address(optarg); break;
		case 't': r->to = address(optarg); break;
		case 'd': delay_ms = number(optarg, DELAY_MAX_MS); break;
		case 'p': r->loss = 1 - sqrt(1 - (double)number(optarg, 100) / 100); break;
		case 's': r->random = number(optarg, UINT32_MAX); break;
		case 'n': r->no_tcp = true; break;
		case 'f': r->forge = forge(optarg); break;
		case 'm': mute(r, optarg); break;
		case 'g': mangle(r, optarg); break;
		default: usage();
		}
	}
	if (optind != argc || r->listen.len == 0 || r->listen.at.ss_family != r->to.at.ss_family)
		usage();
	r->delay = duration(r->base, delay_ms);
	r->handshake = duration(r->base, 2 * delay_ms);
	r->idle = duration(r->base, IDLE_S * 1000 + 2 * delay_ms);
}

static struct event_base *base_create(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	/* delays are to be exact to less than the millisecond of epoll */
	if (config == NULL || event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) != 0)
		abort();
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

int main(int argc, char **argv)
{
	static struct relay relay;
	static const int signals[] = { SIGTERM, SIGINT, SIGUSR1 };
	static struct event on_signal[3];
	struct rlimit files;

	/* a socket for each client */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	relay.base = base_create();
	if (relay.base == NULL)
		abort();
	options(&relay, argc, argv);
	for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		evsignal_assign(&on_signal[i], relay.base, signals[i], signalled, &relay);
		event_add(&on_signal[i], NULL);
	}
	signal(SIGPIPE, SIG_IGN);
	if (!listen_udp(&relay) || (!relay.no_tcp && !listen_tcp(&relay))) {
		fprintf(stderr, "relay: cannot listen: %s\n", strerror(errno));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	return event_base_dispatch(relay.base) < 0;
}
