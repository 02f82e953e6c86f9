/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/conn.h"

#include "glue/tls.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	IN_MAX = 256 << 10,		/**< octets of replies that are read and not whole */
	OUT_MAX = 2 << 20,		/**< octets of commands that wait for the socket */
	OUT_KEPT = 64 << 10,		/**< room that stays when none waits */
	CHUNK = 16 << 10		/**< octets that are read at once: no less than a record of TLS has */
};

static bool fail(struct caa_conn *c, const char *what, const char *why)
{
	snprintf(c->why, sizeof(c->why), "%s%s%s", what, why[0] != '\0' ? ": " : "", why);
	return false;
}

static bool lost(struct caa_conn *c, int error)
{
	return fail(c, "the connection is lost", error != 0 ? strerror(error) : "the store has closed it");
}

/* --- replies ----------------------------------------------------------------------------------------------------- */

/** What is asked for is answered with a few values side by side.  hiredis would make room for 2^31 at once, and go as deep as it is told;
 *  NULL means to it that there is no memory, and it ends the connection. */
#if HIREDIS_MAJOR >= 1
typedef size_t array_len;
#else
typedef int array_len;
#endif
static redisReplyObjectFunctions few_values;
static void *(*make_array)(const redisReadTask *task, array_len count);

static void *make_few(const redisReadTask *task, array_len count)
{
	return task->parent == NULL && count <= CAA_CONN_VALUES_MAX ? make_array(task, count) : NULL;
}

static redisReader *reader_create(void)
{
	redisReader *reader = redisReaderCreate();

	if (reader == NULL)
		return NULL;
	if (make_array == NULL) {
		few_values = *reader->fn;
		make_array = few_values.createArray;
		few_values.createArray = make_few;
	}
	reader->fn = &few_values;
	return reader;
}

bool caa_conn_reply(struct caa_conn *c, struct redisReply **out)
{
	void *reply = NULL;

	if (redisReaderGetReply(c->reader, &reply) != REDIS_OK)
		return fail(c, "what comes from the store is no reply", "");
	*out = reply;
	if (reply == NULL && c->reader->len - c->reader->pos > IN_MAX)
		return fail(c, "a reply of the store is too large", "");
	return true;
}

/* --- its life ---------------------------------------------------------------------------------------------------- */

/** @return errno, and *len = 0 if there is no such address. */
static int address_of(struct sockaddr_storage *out, socklen_t *len, const struct caa_conn_server *server)
{
	const struct addrinfo numeric = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	struct sockaddr_un *un = (struct sockaddr_un *)out;
	struct addrinfo *found;
	char port[6];

	memset(out, 0, sizeof(*out));
	if (server->port == 0) {
		un->sun_family = AF_UNIX;
		if (strlen(server->host) >= sizeof(un->sun_path))
			return ENAMETOOLONG;
		memcpy(un->sun_path, server->host, strlen(server->host));
		*len = sizeof(*un);
		return 0;
	}
	snprintf(port, sizeof(port), "%u", (unsigned)server->port);
	if (getaddrinfo(server->host, port, &numeric, &found) != 0)
		return EADDRNOTAVAIL;
	memcpy(out, found->ai_addr, found->ai_addrlen);
	*len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

bool caa_conn_open(struct caa_conn *c, const struct caa_conn_server *server, struct caa_tls *tls)
{
	struct sockaddr_storage addr;
	socklen_t len = 0;
	const int on = 1;
	int error = address_of(&addr, &len, server);

	if (error != 0)
		return fail(c, "no connection", strerror(error));
	c->fd = socket(addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return fail(c, "no connection", strerror(errno));
	c->reader = reader_create();
	if (c->reader == NULL) {
		close(c->fd);
		return fail(c, "no connection", strerror(ENOMEM));
	}
	if (tls != NULL) {
		c->ssl = caa_tls_begin(tls, c->fd, server->host);
		if (c->ssl == NULL)
			return fail(c, "no connection", strerror(ENOMEM));
	}
	if (server->port != 0)
		(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->blocked = POLLOUT;
	if (connect(c->fd, (struct sockaddr *)&addr, len) != 0 && errno != EINPROGRESS)
		return fail(c, "no connection", strerror(errno));
	return true;
}

void caa_conn_close(struct caa_conn *c)
{
	if (c->reader != NULL) {
		caa_tls_end(c->ssl);
		redisReaderFree(c->reader);
		close(c->fd);
	}
	free(c->out);
	*c = (struct caa_conn){ .reader = NULL };
}

/* --- what leaves ------------------------------------------------------------------------------------------------- */

/** @return false if there is no room for so many octets more. */
static bool make_room(struct caa_conn *c, size_t len)
{
	size_t room;
	char *out;

	if (len > OUT_MAX - (c->out_len - c->out_at))
		return false;
	if (c->out_at > 0) {
		memmove(c->out, c->out + c->out_at, c->out_len - c->out_at);
		c->out_len -= c->out_at;
		c->out_at = 0;
	}
	if (len <= c->out_room - c->out_len)
		return true;
	room = (c->out_len + len) * 2;
	out = realloc(c->out, room);
	if (out == NULL)
		return false;
	c->out = out;
	c->out_room = room;
	return true;
}

struct caa_conn_arg caa_conn_text(const char *text)
{
	return (struct caa_conn_arg){ text, strlen(text) };
}

bool caa_conn_put(struct caa_conn *c, const struct caa_conn_arg *arg, size_t count)
{
	const char *octets[CAA_CONN_ARGS_MAX];
	size_t len[CAA_CONN_ARGS_MAX];
	char *command;
	bool done;
	int all;

	assert(count <= CAA_CONN_ARGS_MAX);
	for (size_t i = 0; i < count; i++) {
		octets[i] = arg[i].octets;
		len[i] = arg[i].len;
	}
	all = (int)redisFormatCommandArgv(&command, (int)count, octets, len);
	if (all < 0)
		return false;
	done = make_room(c, (size_t)all);
	if (done) {
		memcpy(c->out + c->out_len, command, (size_t)all);
		c->out_len += (size_t)all;
	}
	free(command);
	return done;
}

/** @return what was done, as of send(); 0 = the socket takes no more now. */
static ssize_t send_some(struct caa_conn *c)
{
	ssize_t done;

	if (c->ssl != NULL)
		return caa_tls_write(c->ssl, c->out + c->out_at, c->out_len - c->out_at, &c->blocked, c->why);
	done = send(c->fd, c->out + c->out_at, c->out_len - c->out_at, MSG_NOSIGNAL);
	if (done < 0 && (errno == EAGAIN || errno == EINTR)) {
		c->blocked = POLLOUT;
		return 0;
	}
	if (done < 0)
		(void)lost(c, errno);
	return done;
}

static bool flush(struct caa_conn *c)
{
	while (c->out_at < c->out_len) {
		ssize_t done = send_some(c);

		if (done < 0)
			return false;
		if (done == 0)
			return true;
		c->out_at += (size_t)done;
	}
	c->out_at = c->out_len = 0;
	if (c->out_room > OUT_KEPT) {
		free(c->out);
		c->out = NULL;
		c->out_room = 0;
	}
	return true;
}

bool caa_conn_poll(struct caa_conn *c, struct pollfd *fd)
{
	/* what was put since the last turn leaves without another call of poll() */
	if (c->connected && c->blocked == 0 && !flush(c))
		return false;
	*fd = (struct pollfd){ .fd = c->fd, .events = (short)(POLLIN | c->blocked) };
	return true;
}

/* --- what comes -------------------------------------------------------------------------------------------------- */

/** @return octets, 0 if none have come, -1 if the connection is lost. */
static ssize_t receive_some(struct caa_conn *c, char *octets, size_t room)
{
	ssize_t len;

	if (c->ssl != NULL)
		return caa_tls_read(c->ssl, octets, room, &c->blocked, c->why);
	len = recv(c->fd, octets, room, 0);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (len <= 0) {
		(void)lost(c, len < 0 ? errno : 0);
		return -1;
	}
	return len;
}

static bool receive(struct caa_conn *c)
{
	char octets[CHUNK];
	ssize_t len = receive_some(c, octets, sizeof(octets));

	if (len <= 0)
		return len == 0;
	if (redisReaderFeed(c->reader, octets, (size_t)len) != REDIS_OK)
		return lost(c, ENOMEM);
	return true;
}

/** Go on until commands may leave. */
static bool go_on_connecting(struct caa_conn *c)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error != 0)
		return fail(c, "no connection", strerror(error));
	if (c->ssl == NULL)
		c->connected = true;
	else if (!caa_tls_shake(c->ssl, &c->connected, &c->blocked, c->why))
		return false;
	return true;
}

bool caa_conn_run(struct caa_conn *c, short events)
{
	if (events == 0)
		return true;
	c->blocked = 0;
	if (!c->connected)
		return go_on_connecting(c);
	return receive(c);
}
