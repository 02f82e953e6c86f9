/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A connection with a store, Valkey or Redis, in an event loop of the caller's: commands that are pipelined, and the messages
 *  of one channel, for which there is a second connection.
 *
 *  Nothing here blocks, and nothing is waited for without an end.  What goes wrong ends both connections: every command that is
 *  without a reply then has the reply NULL, and another try follows in a fraction of a second, with the next of several servers.
 *  A store that is silent for longer than CAA_STORE_STALL_US, as one that was stopped, is not ready, and is left after
 *  CAA_STORE_SILENT_US.
 *
 *  Belongs to one thread. */
#ifndef CAA_GLUE_STORE_H
#define CAA_GLUE_STORE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "glue/conn.h"

enum {
	CAA_STORE_SERVERS_MAX = 4,
	CAA_STORE_SCRIPTS_MAX = 8,
	CAA_STORE_POLL_FDS = 2,
	CAA_STORE_STALL_US = 200000,
	CAA_STORE_SILENT_US = 1000000,
	CAA_STORE_WHY_MAX = CAA_CONN_WHY_MAX
};

/** A script, which the store is given when a connection begins. */
struct caa_store_script {
	const char *text;
	const char *name;	/**< for the log */
};

struct caa_store_config {
	struct caa_conn_server server[CAA_STORE_SERVERS_MAX];
	size_t servers;
	struct caa_tls *tls;		/**< NULL = plain text; belongs to this */
	char user[256], password[256];	/**< "" = none */
	char channel[320];
	struct caa_store_script script[CAA_STORE_SCRIPTS_MAX];
	size_t scripts;
};

/** What the caller hears. */
struct caa_store_events {
	void *arg;
	void (*up)(void *arg);			/**< the store is ready */
	void (*down)(void *arg, const char *why);	/**< and is not any more, or has not been reached */
	void (*message)(void *arg, const uint8_t *octets, size_t len);	/**< of the channel; borrowed */
};

struct redisReply;

/** @param reply: of hiredis; borrowed; NULL if the connection ended first. */
typedef void caa_store_replied(void *arg, const struct redisReply *reply);

struct caa_store;

/** @param config, events: borrowed until destroy. @return NULL if there is no memory. */
struct caa_store *caa_store_create(const struct caa_store_config *config, const struct caa_store_events *events);
/** @param s: may be NULL. */
void caa_store_destroy(struct caa_store *s);

/** What to poll for, and until when, at most.  @return how many descriptors. */
size_t caa_store_poll(struct caa_store *s, struct pollfd fds[static CAA_STORE_POLL_FDS], uint64_t *until_us);
/** After poll(). @param fds: as caa_store_poll() made them, with what came. */
void caa_store_run(struct caa_store *s, const struct pollfd *fds, size_t count, uint64_t now_us);

/** @return whether commands are answered. */
bool caa_store_ready(const struct caa_store *s);
/** @return the server that is connected or tried, borrowed. */
const char *caa_store_server(const struct caa_store *s);
/** @return a mean of the time that replies take; 0 = none has come. */
uint64_t caa_store_rtt_us(const struct caa_store *s);
/** @return the least time that a reply took in the last half second or a little more: what the way to the store takes, however busy it
 *  or this machine is for a moment. */
uint64_t caa_store_least_us(const struct caa_store *s);
/** @return processes that hear the channel, this one too; 0 if that is not known. */
uint64_t caa_store_listeners(const struct caa_store *s);

/** Have the store run a script: EVALSHA; it leaves with the others of this turn.
 *  @param script: its index in the configuration. @param arg: keys first, then the others; at most CAA_STORE_EVAL_MAX.
 *  @param replied: called once, later, from caa_store_run(). @return false, and it is not called, if the store is not ready or too much waits. */
enum { CAA_STORE_EVAL_MAX = CAA_CONN_ARGS_MAX - 3 };
bool caa_store_eval(struct caa_store *s, size_t script, const struct caa_conn_arg *arg, size_t keys, size_t count,
	caa_store_replied *replied, void *of);

/** Send a command; as caa_store_eval(). @param arg: its name first; at most CAA_STORE_EVAL_MAX. */
bool caa_store_command(struct caa_store *s, const struct caa_conn_arg *arg, size_t count, caa_store_replied *replied, void *of);

/** @return whether a reply is a status of these octets, or an error that begins with this word. */
bool caa_store_is(const struct redisReply *reply, const char *text);
/** Read a number, also from a text. @return false if it is none, or negative. */
bool caa_store_number(const struct redisReply *reply, uint64_t *out);

#endif
