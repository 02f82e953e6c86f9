/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/fleet.h"

#include "glue/event.h"
#include "glue/fleet_config.h"
#include "glue/host.h"
#include "glue/limits.h"

#include "util/locks.h"
#include "util/log.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	US_PER_MS = 1000,
	NO_FD = -1,
	ASKS_MAX = 16384,		/**< questions at a time; more go on alone */
	FLUSHES_MAX = 64,		/**< flushes that the store does not know of yet; of more, every name is flushed */
	TICK_US = 50000, IDLE_US = 200000,
	FLUSH_AGAIN_US = 1000000
};

/** A name that was flushed. */
struct flush {
	uint8_t name[CAA_NAME_MAX];
	size_t len;
	bool tell;
};

struct caa_fleet {
	/* fixed by create */
	struct caa_fleet_events events;
	struct caa_stats *stats;
	struct caa_store_events heard;
	char perspective[CAA_OPTION_TEXT_MAX];
	uint64_t wait_us;
	pthread_t thread;
	int fd;				/**< an eventfd: the inbox is not empty, or the end */
	/* for all */
	_Atomic bool ready, stop;
	_Atomic uint64_t peers, rtt_us;
	_Atomic uint64_t numbers;	/**< of lookups */
	_Atomic uint64_t flushed_us;	/**< when a name was flushed last */
	lock_basic_type lock;		/**< guards what follows */
	uint8_t sources[CAA_FLEET_SOURCES];
	struct caa_fleet_ask *inbox, **inbox_end;
	struct flush flush[FLUSHES_MAX];
	size_t flushes;
	char why[CAA_STORE_WHY_MAX];	/**< it is not ready; "" = it is */
	char server[CAA_CONN_SERVER_TEXT];
	/* the thread's, where these do not say otherwise */
	struct caa_exchange exchange;
	struct caa_asks asks;
	struct flush sent[FLUSHES_MAX];	/**< that the store does not know of yet */
	size_t sents, sents_out;	/**< of them, those without a reply */
	struct caa_limits *limits;
	uint64_t tick_us;
	uint64_t flush_us;		/**< a flush was refused, and is sent again then; 0 = none was */
	bool is_down;			/**< and that is logged */
};

/* --- what a worker calls --------------------------------------------------------------------------------------------------- */

bool caa_fleet_ready(const struct caa_fleet *f)
{
	return atomic_load_explicit(&f->ready, memory_order_relaxed);
}

uint64_t caa_fleet_nodes(const struct caa_fleet *f)
{
	return f != NULL && caa_fleet_ready(f) ? 1 + atomic_load_explicit(&f->peers, memory_order_relaxed) : 1;
}

uint64_t caa_fleet_wait_us(const struct caa_fleet *f)
{
	return f->wait_us + CAA_ASKS_PATIENCE_US;
}

/** Under the lock. @return whether the thread is to be woken. */
static bool put_in(struct caa_fleet *f, struct caa_fleet_ask *ask)
{
	bool first = f->inbox == NULL;

	if (ask->in)
		return false;
	ask->in = true;
	ask->next_in = NULL;
	*f->inbox_end = ask;
	f->inbox_end = &ask->next_in;
	return first;
}

static void set_about(struct caa_exchange_about *about, const struct caa_fleet_keys *keys, const uint8_t *sources, struct caa_name name,
	uint16_t qtype, uint16_t flags)
{
	caa_fleet_digest(about->digest, keys, sources, name, qtype, flags);
	do {
		uint8_t digest[CAA_FLEET_DIGEST];

		caa_fleet_flush_digest(digest, keys, name);
		memcpy(about->flush[about->flushes++], digest, CAA_EXCHANGE_SHOWN);
	} while (caa_name_parent(&name, name));
}

struct caa_fleet_ask *caa_fleet_ask(struct caa_fleet *f, struct caa_name name, uint16_t qtype, uint16_t flags, unsigned worker, void *who)
{
	uint8_t sources[CAA_FLEET_SOURCES];
	struct caa_fleet_ask *ask;
	uint64_t number;
	bool first;

	if (!caa_fleet_ready(f) || caa_name_labels(name) > CAA_FLEET_LABELS_MAX)
		return NULL;
	/* relaxed, as all of them here: numbers that order nothing else */
	if (atomic_load_explicit(&f->asks.count, memory_order_relaxed) >= ASKS_MAX)
		return NULL;
	ask = calloc(1, sizeof(*ask));
	if (ask == NULL)
		return NULL;
	atomic_init(&ask->word, CAA_FLEET_ASKED);
	atomic_init(&ask->referral, NULL);
	ask->asks = &f->asks;
	ask->asked_us = caa_host_now_us();
	ask->asker.who = who;
	ask->asker.worker = worker;
	lock_basic_lock(&f->lock);
	memcpy(sources, f->sources, sizeof(sources));
	lock_basic_unlock(&f->lock);
	set_about(&ask->about, &f->exchange.keys, sources, name, qtype, flags);
	number = atomic_fetch_add_explicit(&f->numbers, 1, memory_order_relaxed);
	memcpy(ask->owner, f->exchange.node, sizeof(f->exchange.node));
	memcpy(ask->owner + sizeof(f->exchange.node), &number, sizeof(number));
	atomic_fetch_add_explicit(&f->asks.count, 1, memory_order_relaxed);
	caa_stats_add(f->stats, CAA_STAT_fleet_asked, 1);
	lock_basic_lock(&f->lock);
	first = put_in(f, ask);
	lock_basic_unlock(&f->lock);
	if (first)
		caa_event_ring(f->fd);
	return ask;
}

void caa_fleet_finish(struct caa_fleet *f, struct caa_fleet_ask *ask, const struct caa_fleet_answer *answer)
{
	uint8_t *wire = NULL;
	bool first;

	if (answer != NULL && answer->len <= CAA_FLEET_PAYLOAD_MAX)
		wire = malloc(answer->len + 1);
	if (wire != NULL)
		memcpy(wire, answer->wire, answer->len);
	lock_basic_lock(&f->lock);
	if (wire != NULL) {
		ask->own = *answer;
		ask->own_wire = wire;
		ask->own_time_ms = caa_exchange_wall_ms() - answer->age_ms;
		ask->answers = true;
	}
	ask->finished = true;
	first = put_in(f, ask);
	lock_basic_unlock(&f->lock);
	if (first)
		caa_event_ring(f->fd);
}

bool caa_fleet_flushed_since(const struct caa_fleet *f, const struct caa_fleet_ask *ask)
{
	return atomic_load(&f->flushed_us) >= ask->asked_us;
}

void caa_fleet_leads(struct caa_fleet *f, struct caa_fleet_ask *ask, const uint8_t *wire, size_t len, uint64_t began_us)
{
	struct caa_fleet_referral *referral;
	bool first;

	if (len > CAA_FLEET_REFERRAL_MAX)
		return;
	referral = malloc(sizeof(*referral) + len);
	if (referral == NULL)
		return;
	referral->began_us = began_us;
	referral->at_us = caa_host_now_us();
	referral->len = len;
	memcpy(referral->wire, wire, len);
	lock_basic_lock(&f->lock);
	ask->own_referral = referral;
	first = put_in(f, ask);
	lock_basic_unlock(&f->lock);
	if (first)
		caa_event_ring(f->fd);
}

/** Under the lock. */
static void put_flush(struct caa_fleet *f, struct caa_name name, bool tell)
{
	struct flush *flush = &f->flush[f->flushes++];

	memcpy(flush->name, name.wire, name.len);
	flush->len = name.len;
	flush->tell = tell;
}

void caa_fleet_distrust(struct caa_fleet *f, struct caa_name name)
{
	lock_basic_lock(&f->lock);
	/* Whoever has a bogus zone may have many: none of them takes another's answers away. */
	if (f->flushes < FLUSHES_MAX / 2)
		put_flush(f, name, false);
	lock_basic_unlock(&f->lock);
	caa_event_ring(f->fd);
}

void caa_fleet_flush(struct caa_fleet *f, struct caa_name name, bool tell)
{
	atomic_store(&f->flushed_us, caa_host_now_us());
	lock_basic_lock(&f->lock);
	if (f->flushes == FLUSHES_MAX) {	/* too many to be told one by one: every name */
		static const uint8_t root[] = { 0 };

		for (size_t i = 0; i < FLUSHES_MAX; i++)
			tell = tell || f->flush[i].tell;
		f->flushes = 0;
		name = (struct caa_name){ root, sizeof(root) };
	}
	put_flush(f, name, tell);
	lock_basic_unlock(&f->lock);
	caa_event_ring(f->fd);
}

/* --- flushes ------------------------------------------------------------------------------------------------------------------- */

static void flush_replied(void *of, const redisReply *reply)
{
	struct caa_fleet *f = of;
	struct flush first = f->sent[0];	/* replies come in the order of these */

	f->sents_out--;
	memmove(f->sent, f->sent + 1, (f->sents - 1) * sizeof(f->sent[0]));
	if (caa_exchange_took(&f->exchange, reply) && reply->type == REDIS_REPLY_STRING) {
		f->sents--;
		if (f->sents == 0)	/* else another may still be refused */
			f->flush_us = 0;
		return;
	}
	if (reply != NULL) {
		first.tell = first.tell && reply->type == REDIS_REPLY_ERROR;	/* else the others have been told */
		f->flush_us = caa_host_now_us() + FLUSH_AGAIN_US;
	}
	f->sent[f->sents - 1] = first;
}

/** Send what was flushed and the store does not know of. */
static void send_flushes(struct caa_fleet *f)
{
	if (caa_host_now_us() < f->flush_us)
		return;
	for (; f->sents_out < f->sents; f->sents_out++) {
		const struct flush *flush = &f->sent[f->sents_out];

		if (!caa_exchange_flush(&f->exchange, (struct caa_name){ flush->name, flush->len }, flush->tell, flush_replied, f))
			break;
	}
}

static void take_flushes(struct caa_fleet *f)
{
	size_t count;

	lock_basic_lock(&f->lock);
	count = f->flushes < FLUSHES_MAX - f->sents ? f->flushes : FLUSHES_MAX - f->sents;
	if (count > 0)
		f->asks.flush_us = caa_host_now_us();
	memcpy(&f->sent[f->sents], f->flush, count * sizeof(f->flush[0]));
	f->sents += count;
	f->flushes -= count;
	memmove(f->flush, f->flush + count, f->flushes * sizeof(f->flush[0]));
	lock_basic_unlock(&f->lock);
}

/** Another resolver says that a name was flushed. */
static void heard_flush(struct caa_fleet *f, const uint8_t *octets, size_t len, const uint8_t *about)
{
	uint8_t digest[CAA_FLEET_DIGEST];
	struct caa_fleet_entry e;
	struct caa_name name;
	enum caa_fleet_verdict verdict = caa_fleet_entry_read(&e, octets, len, &f->exchange.keys, about);

	if (!caa_exchange_believe(&f->exchange, verdict) || e.kind != CAA_FLEET_FLUSH || !caa_exchange_believe(&f->exchange, caa_fleet_entry_age(&e, caa_exchange_wall_ms(), 0)))
		return;
	if (caa_name_check(&name, e.payload, e.len) != CAA_OK || name.len != e.len)
		return;
	caa_fleet_flush_digest(digest, &f->exchange.keys, name);
	if (memcmp(digest, about, sizeof(digest)) != 0) {
		(void)caa_exchange_believe(&f->exchange, CAA_FLEET_FOREIGN);
		return;
	}
	if (memcmp(e.owner, f->exchange.node, sizeof(f->exchange.node)) == 0)
		return;
	f->asks.flush_us = caa_host_now_us();
	atomic_store(&f->flushed_us, f->asks.flush_us);	/* before it is flushed here: what was told before is not taken after that */
	caa_stats_add(f->stats, CAA_STAT_fleet_flushes, 1);
	f->events.flush(f->events.arg, name);
	caa_fleet_flush(f, name, false);	/* who hears it sees to the note, too */
}

/* --- limits --------------------------------------------------------------------------------------------------------------------- */

static void share_replied(void *of, const redisReply *reply)
{
	struct caa_limits_one *limit = of;
	long long number[CAA_SHARE_NUMBERS];
	size_t count = 0;

	if (!caa_exchange_took(caa_limits_arg(limit), reply)) {
		caa_limits_answered(limit, NULL, 0, caa_host_now_us());
		return;
	}
	while (reply->type == REDIS_REPLY_ARRAY && count < CAA_SHARE_NUMBERS && count < reply->elements &&
	       reply->element[count]->type == REDIS_REPLY_INTEGER) {
		number[count] = reply->element[count]->integer;
		count++;
	}
	caa_limits_answered(limit, number, count == CAA_SHARE_NUMBERS && reply->elements == count ? count : 0, caa_host_now_us());
}

static bool tell_limit(void *arg, struct caa_limits_one *limit, const char *key, const char *report)
{
	return caa_exchange_share(arg, key, report, share_replied, limit);
}

/* --- what the store tells ------------------------------------------------------------------------------------------------------ */

static void message(void *arg, const uint8_t *octets, size_t len)
{
	struct caa_fleet *f = arg;
	const uint8_t *about = caa_fleet_entry_about(octets, len);

	if (about == NULL)
		(void)caa_exchange_believe(&f->exchange, CAA_FLEET_GARBAGE);
	else if (caa_asks_heard(&f->asks, octets, len, about) && octets[5] == CAA_FLEET_FLUSH)
		heard_flush(f, octets, len, about);
}

static void set_why(struct caa_fleet *f, const char *why)
{
	lock_basic_lock(&f->lock);
	snprintf(f->why, sizeof(f->why), "%s", why);
	snprintf(f->server, sizeof(f->server), "%s", caa_store_server(f->exchange.store));
	lock_basic_unlock(&f->lock);
}

static void up(void *arg)
{
	struct caa_fleet *f = arg;

	set_why(f, "");
	log_info("caa: fleet: the store %s is in use, for perspective %s", caa_store_server(f->exchange.store), f->perspective);
	f->is_down = false;
	caa_exchange_up(&f->exchange);
	f->flush_us = 0;
	send_flushes(f);
}

static void down(void *arg, const char *why)
{
	struct caa_fleet *f = arg;

	atomic_store_explicit(&f->ready, false, memory_order_relaxed);
	set_why(f, why);
	if (!f->is_down) {
		log_warn("caa: fleet: the store %s is not in use: %s; this resolver goes on alone", caa_store_server(f->exchange.store), why);
		caa_stats_add(f->stats, CAA_STAT_fleet_errors, 1);
	}
	f->is_down = true;
	caa_asks_alone(&f->asks);
}

/* --- the thread ---------------------------------------------------------------------------------------------------------------- */

/** Take the first of the inbox, which may come back to it at once. @return NULL if it is empty. */
static struct caa_fleet_ask *take_in(struct caa_fleet *f)
{
	struct caa_fleet_ask *ask;

	lock_basic_lock(&f->lock);
	ask = f->inbox;
	if (ask != NULL) {
		f->inbox = ask->next_in;
		if (f->inbox == NULL)
			f->inbox_end = &f->inbox;
		ask->in = false;
		ask->ends = ask->finished;
		ask->leads = ask->own_referral != NULL;
	}
	lock_basic_unlock(&f->lock);
	return ask;
}

/** What workers want. */
static void read_inbox(struct caa_fleet *f)
{
	struct caa_fleet_ask *ask;

	while ((ask = take_in(f)) != NULL)
		caa_asks_take(&f->asks, ask);
}

/** Whether the store answers within the time that a question waits for it. */
static void see_readiness(struct caa_fleet *f)
{
	uint64_t rtt_us = caa_store_rtt_us(f->exchange.store), listeners = caa_store_listeners(f->exchange.store);

	atomic_store_explicit(&f->rtt_us, rtt_us, memory_order_relaxed);
	atomic_store_explicit(&f->peers, listeners > 0 ? listeners - 1 : 0, memory_order_relaxed);
	/* Where it does not know of a flush, what it has may be from before. */
	atomic_store_explicit(&f->ready, caa_store_ready(f->exchange.store) && f->flush_us == 0 && caa_store_least_us(f->exchange.store) <= f->wait_us,
		memory_order_relaxed);
}

static void wait_for_news(struct caa_fleet *f)
{
	struct pollfd fds[1 + CAA_STORE_POLL_FDS] = { { .fd = f->fd, .events = POLLIN } };
	uint64_t now_us = caa_host_now_us(), until_us = now_us + (f->asks.all != NULL || f->sents > 0 ? TICK_US : IDLE_US);
	size_t stores;
	struct timespec wait = { 0, 0 };

	if (caa_limits_due_us(f->limits) < until_us)
		until_us = caa_limits_due_us(f->limits);
	if (caa_asks_due_us(&f->asks) < until_us)
		until_us = caa_asks_due_us(&f->asks);
	stores = caa_store_poll(f->exchange.store, fds + 1, &until_us);
	if (until_us > now_us)
		wait = (struct timespec){ (time_t)((until_us - now_us) / 1000000), (long)((until_us - now_us) % 1000000 * 1000) };
	(void)ppoll(fds, 1 + stores, &wait, NULL);
	if ((fds[0].revents & POLLIN) != 0)
		caa_event_heard(f->fd);
	caa_store_run(f->exchange.store, fds + 1, stores, caa_host_now_us());
}

static void *run(void *arg)
{
	struct caa_fleet *f = arg;

	while (!atomic_load_explicit(&f->stop, memory_order_relaxed)) {
		wait_for_news(f);
		caa_asks_late(&f->asks, caa_host_now_us());
		take_flushes(f);
		send_flushes(f);
		read_inbox(f);
		if (caa_host_now_us() >= f->tick_us) {
			f->tick_us = caa_host_now_us() + TICK_US;
			caa_asks_tick(&f->asks, caa_host_now_us());
		}
		caa_limits_run(f->limits, 1 + atomic_load_explicit(&f->peers, memory_order_relaxed), caa_host_now_us());
		see_readiness(f);
	}
	return NULL;
}

/** No signal of Unbound's is for this thread. */
static int start(struct caa_fleet *f)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&f->thread, NULL, run, f);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

static void clear(struct caa_fleet *f)
{
	struct caa_fleet_ask *ask;

	while ((ask = take_in(f)) != NULL)
		if (!ask->known)
			caa_asks_free(&f->asks, ask);
	while (f->asks.all != NULL)
		caa_asks_free(&f->asks, f->asks.all);
	caa_exchange_clear(&f->exchange);
	caa_limits_destroy(f->limits);
	if (f->fd != NO_FD)
		close(f->fd);
	lock_basic_destroy(&f->lock);
	free(f);
}

/** @return false, logged, if that is not possible. */
static bool set_up(struct caa_fleet *f, const struct caa_config *config, const struct config_file *cfg, struct caa_shards *shards)
{
	const struct caa_module_options *o = caa_config_module(config);
	struct caa_store_config store;
	uint8_t secret[CAA_FLEET_SECRET];
	char err[CAA_CONFIG_TEXT_MAX];
	bool done;

	if (!caa_fleet_read_config(&store, secret, config, cfg, err)) {
		log_err("caa: %s", err);
		return false;
	}
	f->heard = (struct caa_store_events){ f, up, down, message };
	done = caa_exchange_init(&f->exchange, &store, secret, o->fleet_perspective, &f->heard, f->stats);
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(&store, sizeof(store));
	f->limits = caa_limits_create(shards, f->stats, o->fleet_egress, cfg, tell_limit, &f->exchange);
	if (!done || f->limits == NULL || f->fd == NO_FD) {
		log_err("caa: fleet: no memory, or no descriptor");
		return false;
	}
	caa_limits_egress(f->limits, cfg, f->exchange.node, sizeof(f->exchange.node), f->exchange.egress);
	f->asks.exchange = &f->exchange;
	f->asks.wait_us = f->wait_us;
	f->asks.tell = f->events.tell;
	f->asks.arg = f->events.arg;
	snprintf(f->perspective, sizeof(f->perspective), "%s", o->fleet_perspective);
	snprintf(f->server, sizeof(f->server), "%s", caa_store_server(f->exchange.store));
	snprintf(f->why, sizeof(f->why), "it is not connected yet");
	return true;
}

struct caa_fleet *caa_fleet_create(const struct caa_config *config, const struct config_file *cfg, const struct caa_sources *sources,
	const struct caa_fleet_events *events, struct caa_shards *shards, struct caa_stats *stats)
{
	struct caa_fleet *f = calloc(1, sizeof(*f));
	int error;

	if (f == NULL) {
		log_err("caa: out of memory");
		return NULL;
	}
	lock_basic_init(&f->lock);
	f->inbox_end = &f->inbox;
	f->events = *events;
	f->stats = stats;
	f->wait_us = (uint64_t)caa_config_module(config)->fleet_wait_ms * US_PER_MS;
	f->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	memcpy(f->sources, sources->unbound, sizeof(f->sources));
	if (!set_up(f, config, cfg, shards)) {
		clear(f);
		return NULL;
	}
	error = start(f);
	if (error != 0) {
		log_err("caa: fleet: no thread: %s", strerror(error));
		clear(f);
		return NULL;
	}
	return f;
}

void caa_fleet_destroy(struct caa_fleet *f)
{
	if (f == NULL)
		return;
	atomic_store_explicit(&f->stop, true, memory_order_relaxed);
	caa_event_ring(f->fd);
	pthread_join(f->thread, NULL);
	clear(f);
}

/* --- to be shown --------------------------------------------------------------------------------------------------------------- */

void caa_fleet_look(const struct caa_fleet *f, struct caa_fleet_now *now)
{
	*now = (struct caa_fleet_now){ .ready = false };
	if (f == NULL)
		return;
	now->ready = caa_fleet_ready(f);
	now->peers = atomic_load_explicit(&f->peers, memory_order_relaxed);
	now->rtt_us = atomic_load_explicit(&f->rtt_us, memory_order_relaxed);
	now->asked = atomic_load_explicit(&f->asks.count, memory_order_relaxed);
	now->owned = atomic_load_explicit(&f->asks.owned, memory_order_relaxed);
	now->limits = caa_limits_leased(f->limits);
}

void caa_fleet_say(struct caa_fleet *f, const struct caa_out *out, bool json)
{
	char why[CAA_STORE_WHY_MAX], server[CAA_CONN_SERVER_TEXT], digest[9];
	struct caa_fleet_now now;

	if (f == NULL) {
		caa_out(out, json ? "{\"configured\":false}\n" : "no caa-fleet-server is configured\n");
		return;
	}
	caa_fleet_look(f, &now);
	lock_basic_lock(&f->lock);
	memcpy(why, f->why, sizeof(why));
	memcpy(server, f->server, sizeof(server));
	sodium_bin2hex(digest, sizeof(digest), f->sources, 4);
	lock_basic_unlock(&f->lock);
	if (why[0] == '\0' && !now.ready)
		snprintf(why, sizeof(why), "its answers take longer than caa-fleet-wait");
	if (json)
		caa_out(out, "{\"configured\":true,\"in_use\":%s,\"server\":\"%s\",\"perspective\":\"%s\",\"configuration\":\"%s\",\"peers\":%" PRIu64
			",\"rtt_us\":%" PRIu64 ",\"questions\":%" PRIu64 ",\"claims\":%" PRIu64 ",\"limits\":%" PRIu64 "}\n", now.ready ? "true" : "false", server,
			f->perspective, digest, now.peers, now.rtt_us, now.asked, now.owned, now.limits);
	else
		caa_out(out, "store %s%s%s\nperspective %s, configuration %s\npeers %" PRIu64 ", round trip %" PRIu64 " us, questions %" PRIu64
			" under way, claims %" PRIu64 ", limits %" PRIu64 "\n", server, now.ready ? " in use" : " not in use: ", now.ready ? "" : why,
			f->perspective, digest, now.peers, now.rtt_us, now.asked, now.owned, now.limits);
}

void caa_fleet_follow(struct caa_fleet *f, const struct caa_sources *sources)
{
	lock_basic_lock(&f->lock);
	memcpy(f->sources, sources->unbound, sizeof(f->sources));
	lock_basic_unlock(&f->lock);
}

size_t caa_fleet_memory(const struct caa_fleet *f)
{
	return f == NULL ? 0 : sizeof(*f) + caa_limits_memory() + atomic_load_explicit(&f->asks.count, memory_order_relaxed) *
		sizeof(struct caa_fleet_ask);
}
