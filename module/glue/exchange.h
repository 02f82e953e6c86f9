/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What resolvers leave for each other in the store, and read there: the scripts that the store runs, the names of its keys, the
 *  entries in them (core/fleet/entry.h), and what becomes of what is not believed or not taken.
 *
 *  Belongs to the fleet's thread, but for keys and node, which are fixed by init, and for the clock. */
#ifndef CAA_GLUE_EXCHANGE_H
#define CAA_GLUE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/config/stats.h"
#include "core/fleet/entry.h"
#include "glue/store.h"

enum {
	CAA_EXCHANGE_PREFIX = 320,
	CAA_EXCHANGE_SHOWN = 16		/**< octets of a digest in the name of a key */
};

struct caa_exchange {
	struct caa_store *store;
	struct caa_store_config config;
	struct caa_fleet_keys keys;
	uint8_t node[8];		/**< this process, by chance */
	uint8_t egress[CAA_FLEET_EGRESS];	/**< what it has in common with who sends from the same place; set by the caller */
	struct caa_stats *stats;
	char prefix[CAA_EXCHANGE_PREFIX];	/**< of keys in the store */
	uint64_t refused_us;		/**< when it answered with an error last */
	bool refuses;			/**< it answers with errors, and that is logged */
	uint64_t timed_us;		/**< when it was asked for its clock last; 0 = it was not */
	uint64_t clock_us, flushed_us;	/**< as it has said last: its clock, 0 = not known, and the last flush that concerns the claim that is replied to next */
};

/** @param x: zeroed. @param config: without scripts and channel; x takes what is in it. @param events: borrowed until clear.
 *  @return false if there is no memory. */
bool caa_exchange_init(struct caa_exchange *x, const struct caa_store_config *config, const uint8_t secret[static CAA_FLEET_SECRET],
	const char *perspective, const struct caa_store_events *events, struct caa_stats *stats);
/** @param x: zeroed, or as init left it, whatever it returned. */
void caa_exchange_clear(struct caa_exchange *x);

/** @return ms since 1970. */
uint64_t caa_exchange_wall_ms(void);
/** Count what is not believed. @return whether it is. */
bool caa_exchange_believe(struct caa_exchange *x, enum caa_fleet_verdict verdict);
/** See whether a command was done; an error is counted, and logged until the store takes something again.
 *  @param reply: NULL if the connection ended first. @return whether it was. */
bool caa_exchange_took(struct caa_exchange *x, const struct redisReply *reply);

/** What a question is about. */
struct caa_exchange_about {
	uint8_t digest[CAA_FLEET_DIGEST];
	uint8_t flush[CAA_FLEET_LABELS_MAX + 1][CAA_EXCHANGE_SHOWN];	/**< notes of flushes that concern it */
	size_t flushes;
};

/** The store is another, or was away: its clock is not known. */
void caa_exchange_up(struct caa_exchange *x);

/** Claim a lookup, or see what is there: by commands, which the store has done far sooner than a script.
 *  @param anew: by a script, so that what is there from before a flush makes room. @return false if it is not sent; else replied() is called once. */
bool caa_exchange_claim(struct caa_exchange *x, const struct caa_exchange_about *about, const uint8_t owner[static CAA_FLEET_OWNER],
	bool anew, caa_store_replied *replied, void *of);
/** What was said to that. */
struct caa_exchange_claimed {
	uint64_t now_us, flushed_us;	/**< the store's clock, or a little before, and what it was at the last flush that it knows of */
	bool flushed;			/**< what is there is from before that: claim anew */
	const uint8_t *entry;		/**< what is there; borrowed from the reply */
	size_t len;			/**< 0 = the claim is */
};
/** @return false if it is no reply to a claim, out as it may be. */
bool caa_exchange_read_claim(struct caa_exchange_claimed *out, struct caa_exchange *x, const struct redisReply *reply);
/** @return whether a claim was made, as the reply to it says, whatever it was asked with. */
bool caa_exchange_made_claim(const struct redisReply *reply);
/** Make a claim last.  @param claim: its owner, and what it has to say. @param tell: say that to those who wait, too. */
void caa_exchange_renew(struct caa_exchange *x, const uint8_t digest[static CAA_FLEET_DIGEST], const struct caa_fleet_entry *claim, bool tell);
/** Give a claim back, and tell who waits. @param news: that it has ended, or failed. */
void caa_exchange_end(struct caa_exchange *x, const uint8_t digest[static CAA_FLEET_DIGEST], const struct caa_fleet_entry *news);
/** Leave an answer, and tell who waits. @param keep_ms: 0 = it is told only. */
void caa_exchange_answer(struct caa_exchange *x, const uint8_t digest[static CAA_FLEET_DIGEST], const struct caa_fleet_entry *e, uint64_t keep_ms);

/** Note that a name and what is below it was flushed. @param tell: the other resolvers. @return as caa_exchange_claim(). */
bool caa_exchange_flush(struct caa_exchange *x, struct caa_name name, bool tell, caa_store_replied *replied, void *of);

/** Tell of a limit (core/fleet/share.h). @param key: behind the prefix. @return as caa_exchange_claim(). */
bool caa_exchange_share(struct caa_exchange *x, const char *key, const char *report, caa_store_replied *replied, void *of);

#endif
