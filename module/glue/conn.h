/* SPDX-License-Identifier: BSD-3-Clause */
/** \file One connection with a store: commands that wait for the socket, and replies as they come, in plain text or over TLS.
 *
 *  Nothing here blocks: what a socket or a handshake wants is said by caa_conn_poll(), and goes on with caa_conn_run().  Over TLS
 *  nothing leaves and nothing is read before the server has shown the certificate that it is to have (glue/tls.h).
 *
 *  hiredis formats commands and reads replies, linked into the module as a whole: a server that has no store needs no library for it.
 *  What it reads is bounded: a reply is a value, or a few side by side.
 *
 *  Belongs to one thread. */
#ifndef CAA_GLUE_CONN_H
#define CAA_GLUE_CONN_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CAA_CONN_SERVER_TEXT = 128, CAA_CONN_WHY_MAX = 160 };
enum { CAA_CONN_VALUES_MAX = 32 };	/**< side by side in a reply; one with more ends the connection */

struct caa_tls;
struct redisReader;
struct redisReply;
struct ssl_st;

/** Where a store listens. */
struct caa_conn_server {
	char text[CAA_CONN_SERVER_TEXT];	/**< as it was given */
	char host[CAA_CONN_SERVER_TEXT];	/**< its address, or the path of its socket */
	uint16_t port;				/**< 0 = it is a socket */
};

/** An argument of a command. */
struct caa_conn_arg {
	const void *octets;
	size_t len;
};
enum { CAA_CONN_ARGS_MAX = 43 };

/** @param text: borrowed. */
struct caa_conn_arg caa_conn_text(const char *text);

struct caa_conn {
	int fd;				/**< only if it is open */
	struct redisReader *reader;	/**< NULL = closed */
	struct ssl_st *ssl;		/**< NULL = plain text */
	bool connected;			/**< and its handshake is over */
	short blocked;			/**< POLLOUT: what goes on next waits until the socket takes more; else 0 */
	char *out;			/**< commands that wait for the socket */
	size_t out_at, out_len, out_room;	/**< octets of out: from where they wait, until where, and that there is room for */
	char why[CAA_CONN_WHY_MAX];	/**< it failed; as the server may have said it */
};

/** Begin to connect. @param c: zeroed. @param tls: NULL = plain text; borrowed until close.
 *  @return false, why set, if that is not possible. */
bool caa_conn_open(struct caa_conn *c, const struct caa_conn_server *server, struct caa_tls *tls);
/** @param c: left zeroed; may be so already. */
void caa_conn_close(struct caa_conn *c);

/** Put a command behind those that wait, for the next caa_conn_poll(). @param count: at most CAA_CONN_ARGS_MAX.
 *  @return false if too much waits, or there is no memory. */
bool caa_conn_put(struct caa_conn *c, const struct caa_conn_arg *arg, size_t count);

/** Hand the socket what it takes. @param fd: set to what to poll for. @return false, why set, if the connection is lost. */
bool caa_conn_poll(struct caa_conn *c, struct pollfd *fd);
/** After poll(): go on with what the socket is ready for. @return as caa_conn_poll(). */
bool caa_conn_run(struct caa_conn *c, short events);

/** @param out: a reply that has come whole, to be freed by freeReplyObject(); NULL = none has. @return as caa_conn_poll(). */
bool caa_conn_reply(struct caa_conn *c, struct redisReply **out);

#endif
