/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/store.h"

#include "core/wire/text.h"
#include "glue/host.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WAITING_MAX = 16384,		/**< commands without a reply; a power of two */
	SHA_LEN = 40,
	CONNECT_US = 500000,		/**< until the store is ready, from the first packet on */
	RETRY_MIN_US = 50000, RETRY_MAX_US = 800000,
	PING_US = 200000,		/**< a store that is idle is asked so often */
	MEAN_PART = 8,			/**< of a new value in the mean */
	WINDOW_US = 500000		/**< the least time is that of this window and the one before */
};

struct waiting {
	caa_store_replied *replied;
	void *of;
	uint64_t sent_us;
};

enum state {
	WAITS,		/**< until the next try */
	BEGINS,		/**< connecting, and what comes before the first command */
	READY,
	STALLS		/**< it was ready, and owes a reply for too long */
};

struct caa_store {
	const struct caa_store_config *config;
	const struct caa_store_events *events;
	enum state state;
	struct caa_conn command, messages;
	struct waiting *waiting;	/**< a ring */
	size_t first, count;
	size_t server;			/**< index of the one that is connected or tried */
	uint64_t since_us;		/**< of WAITS: when it ends; of BEGINS: when it began */
	uint64_t retry_us;		/**< the next pause */
	uint64_t asked_us;		/**< the last ping; 0 = none yet */
	uint64_t probed_us;		/**< the first to the connection of the messages that nothing came after; 0 = something did */
	uint64_t rtt_us, listeners;
	uint64_t window_us, least_us, least_before_us;	/**< when the window began, the least time of a reply in it and in the one before */
	char sha[CAA_STORE_SCRIPTS_MAX][SHA_LEN];
	size_t loaded;			/**< scripts that the store has */
	bool hears;			/**< the channel is subscribed */
	bool broken;			/**< is to be ended at the end of the turn */
	bool refused;			/**< by a server that cannot help: the next one is tried */
	char why[CAA_STORE_WHY_MAX];
};

/* --- the end of a connection ----------------------------------------------------------------------------------------- */

/** The turn is to end with the end of the connection; the first reason counts. */
static void fail(struct caa_store *s, const char *what, const char *why, size_t len)
{
	char clean[CAA_STORE_WHY_MAX] = "";	/* it came over the network, and goes to the log */

	if (s->broken)
		return;
	s->broken = true;
	if (len > 0)
		caa_text_clean(clean, sizeof(clean), (const uint8_t *)why, len);
	snprintf(s->why, sizeof(s->why), "%s%s%s", what, len > 0 ? ": " : "", clean);
}

static struct waiting take(struct caa_store *s)
{
	struct waiting w = s->waiting[s->first];

	s->first = (s->first + 1) & (WAITING_MAX - 1);
	s->count--;
	return w;
}

/** End both, and wait for the next try. */
static void end(struct caa_store *s, uint64_t now_us)
{
	bool was_ready = s->state == READY || s->state == STALLS;

	caa_conn_close(&s->command);
	caa_conn_close(&s->messages);
	s->state = WAITS;
	s->broken = false;
	s->listeners = 0;
	if (was_ready)
		s->retry_us = RETRY_MIN_US;
	s->since_us = now_us + s->retry_us;
	s->retry_us = s->retry_us * 2 < RETRY_MAX_US ? s->retry_us * 2 : RETRY_MAX_US;
	while (s->count > 0) {
		struct waiting w = take(s);

		if (w.replied != NULL)
			w.replied(w.of, NULL);
	}
	s->events->down(s->events->arg, s->why);
	/* All begin with the first one, so that a lost connection does not part them. */
	s->server = was_ready && !s->refused ? 0 : (s->server + 1) % s->config->servers;
	s->refused = false;
}

/* --- commands -------------------------------------------------------------------------------------------------------- */

static bool put(struct caa_store *s, const struct caa_conn_arg *arg, size_t count, caa_store_replied *replied, void *of)
{
	if (s->count == WAITING_MAX || !caa_conn_put(&s->command, arg, count))
		return false;
	s->waiting[(s->first + s->count++) & (WAITING_MAX - 1)] = (struct waiting){ replied, of, caa_host_now_us() };
	return true;
}

bool caa_store_command(struct caa_store *s, const struct caa_conn_arg *arg, size_t count, caa_store_replied *replied, void *of)
{
	return s->state == READY && !s->broken && put(s, arg, count, replied, of);
}

bool caa_store_eval(struct caa_store *s, size_t script, const struct caa_conn_arg *arg, size_t keys, size_t count,
	caa_store_replied *replied, void *of)
{
	struct caa_conn_arg all[CAA_CONN_ARGS_MAX];
	char number[24];

	assert(script < s->config->scripts && count <= CAA_STORE_EVAL_MAX);
	snprintf(number, sizeof(number), "%zu", keys);
	all[0] = caa_conn_text("EVALSHA");
	all[1] = (struct caa_conn_arg){ s->sha[script], SHA_LEN };
	all[2] = caa_conn_text(number);
	memcpy(all + 3, arg, count * sizeof(*arg));
	return caa_store_command(s, all, 3 + count, replied, of);
}

/** It is ready once it has all scripts and the channel is heard. */
static void maybe_ready(struct caa_store *s)
{
	if (s->state != BEGINS || s->broken || s->loaded < s->config->scripts || !s->hears)
		return;
	s->state = READY;
	s->retry_us = RETRY_MIN_US;
	s->events->up(s->events->arg);
}

/** What refuses a password may have it in its text. @return octets of an error that are its kind. */
static size_t first_word(const redisReply *error)
{
	const char *end = memchr(error->str, ' ', error->len);

	return end != NULL ? (size_t)(end - error->str) : error->len;
}

static void authenticated(void *of, const redisReply *reply)
{
	struct caa_store *s = of;

	if (reply != NULL && reply->type == REDIS_REPLY_ERROR)
		fail(s, "the store refuses the password", reply->str, first_word(reply));
}

static void loaded(void *of, const redisReply *reply)
{
	struct caa_store *s = of;
	const redisReply *v = reply;

	if (v == NULL)
		return;
	if (v->type != REDIS_REPLY_STRING || v->len != SHA_LEN) {
		fail(s, "the store does not take a script", v->str, v->type == REDIS_REPLY_ERROR ? v->len : 0);
		return;
	}
	memcpy(s->sha[s->loaded++], v->str, SHA_LEN);
	maybe_ready(s);
}

static void pinged(void *of, const redisReply *reply)
{
	struct caa_store *s = of;

	if (reply == NULL)
		return;
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && caa_store_number(reply->element[1], &s->listeners))
		return;
	if (reply->type == REDIS_REPLY_ERROR)
		fail(s, "the store refuses a command", reply->str, reply->len);
}

static void subscribe(struct caa_store *s)
{
	const struct caa_conn_arg arg[] = { caa_conn_text("SUBSCRIBE"), caa_conn_text(s->config->channel) };

	(void)caa_conn_put(&s->messages, arg, 2);
}

/** Both connections: one may be lost on the way, which nobody says.  What is subscribed already is so once more. */
static void ping(struct caa_store *s, uint64_t now_us)
{
	const struct caa_conn_arg arg[] = { caa_conn_text("PUBSUB"), caa_conn_text("NUMSUB"), caa_conn_text(s->config->channel) };

	if (s->probed_us != 0 && now_us >= s->probed_us + CAA_STORE_SILENT_US) {
		fail(s, "the store's messages do not come", "", 0);
		return;
	}
	if (s->probed_us == 0)
		s->probed_us = now_us;
	s->asked_us = now_us;
	(void)put(s, arg, 3, pinged, s);
	subscribe(s);
}

/** What goes before everything else on a connection. @return octets of it in arg. */
static size_t auth_args(const struct caa_store *s, struct caa_conn_arg arg[static 3])
{
	arg[0] = caa_conn_text("AUTH");
	if (s->config->user[0] == '\0') {
		arg[1] = caa_conn_text(s->config->password);
		return 2;
	}
	arg[1] = caa_conn_text(s->config->user);
	arg[2] = caa_conn_text(s->config->password);
	return 3;
}

static void begin(struct caa_store *s, uint64_t now_us)
{
	const struct caa_conn_server *server = &s->config->server[s->server];
	struct caa_conn_arg arg[3];

	s->state = BEGINS;
	s->since_us = now_us;
	s->asked_us = 0;	/* as soon as it is ready, for who else hears the channel */
	s->loaded = 0;
	s->hears = false;
	s->probed_us = 0;
	s->first = s->count = 0;
	if (!caa_conn_open(&s->command, server, s->config->tls)) {
		fail(s, s->command.why, "", 0);
		return;
	}
	if (!caa_conn_open(&s->messages, server, s->config->tls)) {
		fail(s, s->messages.why, "", 0);
		return;
	}
	if (s->config->password[0] != '\0') {
		size_t count = auth_args(s, arg);

		(void)put(s, arg, count, authenticated, s);
		(void)caa_conn_put(&s->messages, arg, count);
	}
	arg[0] = caa_conn_text("SCRIPT");
	arg[1] = caa_conn_text("LOAD");
	for (size_t i = 0; i < s->config->scripts; i++) {
		arg[2] = caa_conn_text(s->config->script[i].text);
		(void)put(s, arg, 3, loaded, s);
	}
	subscribe(s);
}

/* --- replies ----------------------------------------------------------------------------------------------------------- */

static void note_time(struct caa_store *s, uint64_t took_us, uint64_t now_us)
{
	s->rtt_us = s->rtt_us == 0 ? took_us : s->rtt_us + took_us / MEAN_PART - s->rtt_us / MEAN_PART;
	if (now_us >= s->window_us + WINDOW_US) {
		s->least_before_us = s->least_us;
		s->least_us = took_us;
		s->window_us = now_us;
	} else if (took_us < s->least_us) {
		s->least_us = took_us;
	}
}

static void reply_came(struct caa_store *s, const redisReply *reply, uint64_t now_us)
{
	struct waiting w;
	uint64_t took_us;

	if (s->count == 0) {
		fail(s, "the store says what it was not asked", "", 0);
		return;
	}
	w = take(s);
	took_us = now_us > w.sent_us ? now_us - w.sent_us : 1;
	note_time(s, took_us, now_us);
	if (s->state == STALLS) {
		s->state = READY;
		s->events->up(s->events->arg);
	}
	if (w.replied != NULL)
		w.replied(w.of, reply);
	/* The script is gone, or the server became a replica: begin again, with another where there is one. */
	if (caa_store_is(reply, "NOSCRIPT") ||
	    (s->config->servers > 1 && (caa_store_is(reply, "READONLY") || caa_store_is(reply, "LOADING")))) {
		s->refused = !caa_store_is(reply, "NOSCRIPT");
		fail(s, "the store refuses", reply->str, reply->len);
	}
}

static void message_came(struct caa_store *s, const redisReply *reply, uint64_t now_us)
{
	(void)now_us;
	s->probed_us = 0;
	if (reply->type == REDIS_REPLY_ERROR)
		fail(s, caa_store_is(reply, "WRONGPASS") ? "the store refuses the password" : "the store does not let the channel be heard",
			reply->str, first_word(reply));
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3)
		return;		/* the answer to AUTH */
	if (caa_store_is(reply->element[0], "subscribe")) {
		s->hears = true;
		maybe_ready(s);
	} else if (caa_store_is(reply->element[0], "message") && reply->element[2]->type == REDIS_REPLY_STRING) {
		s->events->message(s->events->arg, (const uint8_t *)reply->element[2]->str, reply->element[2]->len);
	}
}

/** A socket has news: hand out the whole replies that are there. */
static void conn_run(struct caa_store *s, struct caa_conn *c, short events, uint64_t now_us,
	void (*came)(struct caa_store *s, const redisReply *reply, uint64_t now_us))
{
	redisReply *reply;

	if (!caa_conn_run(c, events)) {
		fail(s, c->why, "", 0);
		return;
	}
	while (!s->broken) {
		if (!caa_conn_reply(c, &reply)) {
			fail(s, c->why, "", 0);
			return;
		}
		if (reply == NULL)
			return;
		came(s, reply, now_us);
		freeReplyObject(reply);
	}
}

/* --- the loop ---------------------------------------------------------------------------------------------------------- */

static uint64_t oldest_us(const struct caa_store *s)
{
	return s->count > 0 ? s->waiting[s->first].sent_us : UINT64_MAX;
}

static void earlier(uint64_t *until_us, uint64_t at_us)
{
	if (at_us < *until_us)
		*until_us = at_us;
}

size_t caa_store_poll(struct caa_store *s, struct pollfd fds[static CAA_STORE_POLL_FDS], uint64_t *until_us)
{
	struct caa_conn *conn[] = { &s->command, &s->messages };

	switch (s->state) {
	case WAITS:
		earlier(until_us, s->since_us);
		return 0;
	case BEGINS:
		earlier(until_us, s->since_us + CONNECT_US);
		break;
	case READY:
		earlier(until_us, s->count > 0 ? oldest_us(s) + CAA_STORE_STALL_US : s->asked_us + PING_US);
		break;
	case STALLS:
		earlier(until_us, oldest_us(s) + CAA_STORE_SILENT_US);
		break;
	}
	for (size_t i = 0; i < 2; i++) {
		fds[i] = (struct pollfd){ .fd = -1 };
		if (!s->broken && !caa_conn_poll(conn[i], &fds[i]))
			fail(s, conn[i]->why, "", 0);
	}
	if (s->broken)
		*until_us = 0;
	return 2;
}

/** What is due by the clock. */
static void on_time(struct caa_store *s, uint64_t now_us)
{
	switch (s->state) {
	case WAITS:
		if (now_us >= s->since_us)
			begin(s, now_us);
		break;
	case BEGINS:
		if (now_us >= s->since_us + CONNECT_US)
			fail(s, s->config->tls != NULL && !s->command.connected ? "no TLS with the store: it does not answer" :
				"the store does not answer", "", 0);
		break;
	case READY:
		if (s->count > 0 && now_us >= oldest_us(s) + CAA_STORE_STALL_US) {
			s->state = STALLS;
			s->events->down(s->events->arg, "the store does not answer");
		} else if (now_us >= s->asked_us + PING_US) {
			ping(s, now_us);
		}
		break;
	case STALLS:
		if (now_us >= oldest_us(s) + CAA_STORE_SILENT_US)
			fail(s, "the store does not answer", "", 0);
		break;
	}
}

void caa_store_run(struct caa_store *s, const struct pollfd *fds, size_t count, uint64_t now_us)
{
	if (count == CAA_STORE_POLL_FDS && !s->broken) {
		conn_run(s, &s->command, fds[0].revents, now_us, reply_came);
		if (!s->broken)
			conn_run(s, &s->messages, fds[1].revents, now_us, message_came);
	}
	if (!s->broken)
		on_time(s, now_us);
	if (s->broken)
		end(s, now_us);
}

bool caa_store_ready(const struct caa_store *s)
{
	return s->state == READY && !s->broken;
}

const char *caa_store_server(const struct caa_store *s)
{
	return s->config->server[s->server].text;
}

uint64_t caa_store_rtt_us(const struct caa_store *s)
{
	return s->rtt_us;
}

uint64_t caa_store_least_us(const struct caa_store *s)
{
	return s->least_us < s->least_before_us ? s->least_us : s->least_before_us;
}

uint64_t caa_store_listeners(const struct caa_store *s)
{
	return s->listeners;
}

struct caa_store *caa_store_create(const struct caa_store_config *config, const struct caa_store_events *events)
{
	struct caa_store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->config = config;
	s->events = events;
	s->retry_us = RETRY_MIN_US;
	s->waiting = calloc(WAITING_MAX, sizeof(*s->waiting));
	if (s->waiting == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

void caa_store_destroy(struct caa_store *s)
{
	if (s == NULL)
		return;
	caa_conn_close(&s->command);
	caa_conn_close(&s->messages);
	free(s->waiting);
	free(s);
}

bool caa_store_is(const redisReply *reply, const char *text)
{
	size_t len = strlen(text);

	if (reply->type != REDIS_REPLY_ERROR && reply->type != REDIS_REPLY_STATUS && reply->type != REDIS_REPLY_STRING)
		return false;
	if (reply->len < len || memcmp(reply->str, text, len) != 0)
		return false;
	return reply->len == len || (reply->type == REDIS_REPLY_ERROR && reply->str[len] == ' ');
}

bool caa_store_number(const redisReply *reply, uint64_t *out)
{
	uint64_t number = 0;

	if (reply->type == REDIS_REPLY_INTEGER) {
		*out = (uint64_t)reply->integer;
		return reply->integer >= 0;
	}
	if (reply->type != REDIS_REPLY_STRING || reply->len == 0 || reply->len > 18)
		return false;
	for (size_t i = 0; i < reply->len; i++) {
		if (reply->str[i] < '0' || reply->str[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(reply->str[i] - '0');
	}
	*out = number;
	return true;
}
