/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Completed CAA answers, kept as long as an authority may act on them.
 *
 *  Two things that belong together: the rule, whether an answer may be held and until when, and one slice of the store,
 *  a bounded table of answers that are opaque octets to it.
 *
 *  The law: what a slice gives out was put there less than the hold ago by both clocks, was no failure, and none of its
 *  signatures has expired.  A name that was dropped gives nothing until it is put again.
 *
 *  One allocation at create, cut into blocks; an answer is a chain of blocks.  Where blocks are short, the answer that was
 *  used longest ago makes room.  No clock, no lock: the caller serialises calls on one slice. */
#ifndef CAA_CORE_HOLD_H
#define CAA_CORE_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/wire/hash.h"
#include "core/wire/name.h"
#include "core/wire/res.h"

enum {
	CAA_HOLD_ANSWER_MAX = 16384,	/**< octets of an answer; a larger one is not held */
	CAA_HOLD_NAMES_MAX = 1024,	/**< octets of the names that an answer depends on */
	CAA_HOLD_HOT = 4		/**< answers given out after which a held one is refreshed */
};

/** One instant on both clocks: the wall's, by which signatures expire and which an operator can set back, and one that
 *  never goes back but may stand still while the machine sleeps.  The one that has gone further counts. */
struct caa_hold_time {
	uint64_t wall_s;	/**< since 1970 */
	uint64_t steady_s;	/**< since some start */
};

/** What the validator made of an answer, from worst to best. */
enum caa_hold_security { CAA_HOLD_BOGUS, CAA_HOLD_UNCHECKED, CAA_HOLD_INSECURE, CAA_HOLD_SECURE };

/** What decides whether an answer may be held. */
struct caa_hold_facts {
	bool definite;			/**< NOERROR or NXDOMAIN of a recursive lookup */
	bool validating;		/**< answers of this server are validated */
	enum caa_hold_security security;
	bool has_caa;			/**< a CAA record, maybe at the end of a chain */
	bool has_soa;			/**< the proof of a negative answer (RFC 2308 s3) */
	bool age_known;			/**< since is when the oldest part of it was fetched, or earlier */
	struct caa_hold_time since, now;
	uint64_t signed_until_s;	/**< wall: when the first of its signatures expires; 0 = it depends on none */
};

/** @return whether the answer may be held for hold_s seconds from facts.since, of which at least one is left. */
bool caa_hold_may(const struct caa_hold_facts *facts, uint32_t hold_s);

/** What an answer is found by. */
struct caa_hold_key {
	struct caa_name name;	/**< the question's; letters without case */
	uint8_t flags;		/**< the caller's: answers to other flags are other answers */
};

/** An answer, with what the store needs to know of it. */
struct caa_hold_answer {
	const uint8_t *wire;	/**< borrowed */
	size_t len;		/**< 0 .. CAA_HOLD_ANSWER_MAX octets */
	const uint8_t *names;	/**< names besides the key that it depends on, one after the other; borrowed */
	size_t names_len;	/**< 0 .. CAA_HOLD_NAMES_MAX octets */
	struct caa_hold_time since;
	uint64_t signed_until_s;	/**< as in the facts */
	uint8_t security;	/**< the caller's */
	bool negative;		/**< NODATA or NXDOMAIN */
};

/** What a look-up gave. */
struct caa_held {
	size_t len;		/**< octets written */
	uint32_t left_s;	/**< seconds until it ends, 1 .. hold */
	uint32_t age_s;		/**< seconds since it was fetched, below hold */
	uint8_t security;
	bool negative;
	struct caa_hold_time since;
	bool refresh;		/**< it is hot and more than half of its time is over: the caller is to look it up */
};

struct caa_hold;

/** @param bytes: in all, at least 4096. @return NULL if there is no memory. */
struct caa_hold *caa_hold_create(size_t bytes, const uint8_t key[static CAA_HASH_KEY]);
/** @param t: may be NULL. */
void caa_hold_destroy(struct caa_hold *t);

/** Keep an answer; it takes the place of the one that is there.
 *  @return CAA_EFULL if it is too large; none is held for the key then. */
enum caa_res caa_hold_put(struct caa_hold *t, struct caa_hold_key key, const struct caa_hold_answer *a);

/** Find an answer.
 *  @param hold_s: how long answers are held now; it may have been another when the answer was put.
 *  @param wire: room for CAA_HOLD_ANSWER_MAX octets.
 *  @return false if none is held, *out untouched. */
bool caa_hold_get(struct caa_hold *t, struct caa_hold_key key, struct caa_hold_time now, uint32_t hold_s,
	uint8_t *wire, struct caa_held *out);

/** Look at an answer; it is not counted as given out.
 *  @param out: as caa_hold_get() gives it, but no refresh is asked for. @return false if none is held, *out untouched. */
bool caa_hold_see(const struct caa_hold *t, struct caa_hold_key key, struct caa_hold_time now, uint32_t hold_s,
	struct caa_held *out);

/** Drop one answer: there is a newer one, which may not be held.  @return whether there was one. */
bool caa_hold_remove(struct caa_hold *t, struct caa_hold_key key);

/** @return whether caa_hold_get() would find an answer now; it is not counted as given out. */
bool caa_hold_has(const struct caa_hold *t, struct caa_hold_key key, struct caa_hold_time now, uint32_t hold_s);

/** Which answers to drop. */
struct caa_hold_flush {
	struct caa_name name;	/**< those for this name, and those that depend on it */
	bool below;		/**< and on names below it */
	bool negative;		/**< of these, the negative ones only */
	/** NULL; else it tells, of each name that an answer is for or depends on, whether to drop it, in the place of the name above */
	bool (*chosen)(const void *arg, struct caa_name name);
	const void *arg;
};

/** @return how many were dropped. */
size_t caa_hold_drop(struct caa_hold *t, const struct caa_hold_flush *flush);

/** @return answers in the slice. */
size_t caa_hold_count(const struct caa_hold *t);
/** @return answers that made room for others since creation, before their time was over or after. */
uint64_t caa_hold_evicted(const struct caa_hold *t);
/** @return bytes: what was touched so far, at most what was given to create. */
size_t caa_hold_memory(const struct caa_hold *t);

#endif
