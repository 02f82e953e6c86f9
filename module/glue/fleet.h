/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The resolvers of one network perspective as one: who asks a question first claims its lookup, the others wait for its
 *  answer (core/fleet/entry.h), over a store that each of them can reach (glue/store.h).
 *
 *  One thread of the module's own talks with the store.  Workers hand it questions and take its words: no worker ever waits for a
 *  socket, or for a lock that is held meanwhile.  Where the store is away, silent or slow, or says what is not believed, each question
 *  goes on alone, and at once.
 *
 *  What a worker asks with, struct caa_fleet_ask (glue/asked.h), belongs to both: the worker has it from caa_fleet_ask() to
 *  caa_fleet_finish(), and the thread frees it.
 *
 *  Locks: the inbox of the thread, held for a list's link only; and whatever the caller's own tell() takes. */
#ifndef CAA_GLUE_FLEET_H
#define CAA_GLUE_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/config/config.h"
#include "core/config/stats.h"
#include "glue/asked.h"
#include "glue/out.h"
#include "glue/shard.h"
#include "glue/sources.h"

struct caa_fleet;
struct config_file;

/** What the thread calls. */
struct caa_fleet_events {
	void *arg;
	/** A question has news: its worker is to be woken, if it is not over. */
	void (*tell)(void *arg, struct caa_fleet_ask *ask);
	/** Another resolver flushed a name and what is below it. */
	void (*flush)(void *arg, struct caa_name name);
};

/** Start the thread.
 *  @param shards: whose limits are shared; borrowed until destroy. @return NULL, logged, if that is not possible. */
struct caa_fleet *caa_fleet_create(const struct caa_config *config, const struct config_file *cfg, const struct caa_sources *sources,
	const struct caa_fleet_events *events, struct caa_shards *shards, struct caa_stats *stats);
/** End the thread.  There are no questions any more. @param f: may be NULL. */
void caa_fleet_destroy(struct caa_fleet *f);

/** @return whether it is worth to ask now. */
bool caa_fleet_ready(const struct caa_fleet *f);
/** @return resolvers of the perspective that are in use, this one too; 1 where the store is not. @param f: may be NULL. */
uint64_t caa_fleet_nodes(const struct caa_fleet *f);
/** @return how long a question waits for the first word at most: it goes on before, if it is late. */
uint64_t caa_fleet_wait_us(const struct caa_fleet *f);

/** Ask for a question: somebody's answer, or to be the one who looks it up.
 *  @param who: its own pointer. @return NULL if it goes on alone. */
struct caa_fleet_ask *caa_fleet_ask(struct caa_fleet *f, struct caa_name name, uint16_t qtype, uint16_t flags, unsigned worker, void *who);
/** What leads to the servers of the zone of its name is known to who looks it up, by this lookup: those who wait for names below it need not
 *  wait for its end.  Once for a question. @param len: up to CAA_FLEET_REFERRAL_MAX. @param began_us: when the lookup began. */
void caa_fleet_leads(struct caa_fleet *f, struct caa_fleet_ask *ask, const uint8_t *wire, size_t len, uint64_t began_us);
/** @return whether any name was flushed, here or at another resolver, since a question was asked; any thread. */
bool caa_fleet_flushed_since(const struct caa_fleet *f, const struct caa_fleet_ask *ask);
/** The question ends; the pointer to ask is of no more use.
 *  @param answer: to be left for others; NULL if there is none, or none to be shared. */
void caa_fleet_finish(struct caa_fleet *f, struct caa_fleet_ask *ask, const struct caa_fleet_answer *answer);

/** A name, and what is below it, was flushed here: no older answer on it is taken any more.
 *  @param tell: and the other resolvers flush it too. */
void caa_fleet_flush(struct caa_fleet *f, struct caa_name name, bool tell);

/** What came for a name did not pass validation here: nothing older on it is taken from the store any more. */
void caa_fleet_distrust(struct caa_fleet *f, struct caa_name name);

/** What is found when it is printed. */
struct caa_fleet_now {
	bool ready;
	uint64_t peers, rtt_us, asked, owned, limits;
};
void caa_fleet_look(const struct caa_fleet *f, struct caa_fleet_now *now);
/** Say how it stands. @param f: may be NULL. */
void caa_fleet_say(struct caa_fleet *f, const struct caa_out *out, bool json);

/** Another configuration decides where answers come from now, at a fast_reload. */
void caa_fleet_follow(struct caa_fleet *f, const struct caa_sources *sources);

size_t caa_fleet_memory(const struct caa_fleet *f);

#endif
