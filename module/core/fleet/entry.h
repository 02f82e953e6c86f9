/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What resolvers of one network perspective leave for each other in a store that nobody trusts: claims on lookups, answers,
 *  and the news that a lookup has ended or failed, or that names were flushed.
 *
 *  An entry on the wire, numbers in network order:
 *
 *	0  "CAAF"	4	24 owner	16	56 TTL, s		4
 *	4  version	1	40 epoch, us	8	60 octets of payload	4
 *	5  kind		1	48 time, ms	8	64 digest		32
 *	6  security	1				96 payload
 *	7  (zero)	9				.. MAC			32
 *	16 egress	8
 *
 *  The MAC (keyed BLAKE2b) is over all before it.  The digest says what the entry is about: perspective, configuration, name, type
 *  and flags of the question, hashed under a key of its own, so that the store learns no names and an entry put under another's
 *  key is known.  The egress says of a failure where its queries were sent from.  The epoch is the store's clock when the lookup began, by which a flush is told from what came after it; the time is
 *  the wall clock of who wrote it, by which age is judged.
 *
 *  No clock, no state: any thread may call anything here. */
#ifndef CAA_CORE_FLEET_ENTRY_H
#define CAA_CORE_FLEET_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/wire/name.h"
#include "core/wire/res.h"

enum {
	CAA_FLEET_SECRET = 32,		/**< octets of caa-fleet-key-file */
	CAA_FLEET_DIGEST = 32,
	CAA_FLEET_SOURCES = 32,		/**< octets of the configuration's digest */
	CAA_FLEET_OWNER = 16,
	CAA_FLEET_EGRESS = 8,
	CAA_FLEET_HEAD = 96,		/**< octets before the payload */
	CAA_FLEET_MAC = 32,
	CAA_FLEET_PAYLOAD_MAX = 16384,
	CAA_FLEET_ENTRY_MAX = CAA_FLEET_HEAD + CAA_FLEET_PAYLOAD_MAX + CAA_FLEET_MAC,
	CAA_FLEET_LABELS_MAX = 16,	/**< of a name whose lookup is shared; a flush of each name above it is looked for */
	CAA_FLEET_LEASE_MS = 2000,	/**< a claim ends so long after it was made or renewed last */
	CAA_FLEET_SKEW_MS = 2000,	/**< by which clocks of resolvers may differ */
	CAA_FLEET_TTL_MAX_S = 28800	/**< no answer is left in the store for longer */
};

enum caa_fleet_kind {
	CAA_FLEET_CLAIM = 1,	/**< somebody looks it up */
	CAA_FLEET_ANSWER,	/**< the payload is an answer on the wire */
	CAA_FLEET_ENDED,	/**< a lookup ended without one */
	CAA_FLEET_FLUSH,	/**< the payload is a name, which was flushed with all below it */
	CAA_FLEET_FAILURE	/**< a lookup ended without one, and the payload says why (core/why/carry.h) */
};

struct caa_fleet_entry {
	enum caa_fleet_kind kind;
	uint8_t security;	/**< the writer's, to be shown; the reader judges by itself */
	uint8_t egress[CAA_FLEET_EGRESS];	/**< of a failure, what resolvers have in common that servers see alike; else 0 */
	uint8_t owner[CAA_FLEET_OWNER];	/**< whose lookup it is: by chance, a new one for each */
	uint64_t epoch_us;	/**< the store's clock when the lookup began; 0 for claims without a payload */
	uint64_t time_ms;	/**< since 1970: when the lookup began; of a claim, when it was made or renewed; of news, when they were told */
	uint32_t ttl_s;		/**< of an answer, from time_ms on; of a claim how old its payload was then */
	const uint8_t *payload;	/**< borrowed; of a claim on a zone's own name what leads to its servers (glue/referral.h), once that is known */
	size_t len;		/**< 0 .. CAA_FLEET_PAYLOAD_MAX octets */
};

/** What becomes of what was read, from worst to best. */
enum caa_fleet_verdict {
	CAA_FLEET_GARBAGE,	/**< no entry of this version */
	CAA_FLEET_FORGED,	/**< its MAC is wrong */
	CAA_FLEET_FOREIGN,	/**< about something else: of another perspective, configuration or question */
	CAA_FLEET_STALE,	/**< too old, of the future, or of before a flush */
	CAA_FLEET_GOOD
};

/** What a secret and a perspective make; constant once made. */
struct caa_fleet_keys {
	uint8_t mac[32], name[32];
};

void caa_fleet_keys_init(struct caa_fleet_keys *keys, const uint8_t secret[static CAA_FLEET_SECRET], const char *perspective);

/** What an entry is about.
 *  @param sources: digest of what decides where answers come from and what is believed. */
void caa_fleet_digest(uint8_t out[static CAA_FLEET_DIGEST], const struct caa_fleet_keys *keys,
	const uint8_t sources[static CAA_FLEET_SOURCES], struct caa_name name, uint16_t qtype, uint16_t flags);
/** What the note of a flush of a name and all below it is kept under. */
void caa_fleet_flush_digest(uint8_t out[static CAA_FLEET_DIGEST], const struct caa_fleet_keys *keys, struct caa_name name);

/** @param out: room for CAA_FLEET_HEAD + e->len + CAA_FLEET_MAC octets. @return octets written. */
size_t caa_fleet_entry_write(uint8_t *out, const struct caa_fleet_entry *e, const struct caa_fleet_keys *keys,
	const uint8_t digest[static CAA_FLEET_DIGEST]);

/** Read an entry about something.
 *  @param out: set if it is GOOD, the payload borrowed from octets. @return never STALE. */
enum caa_fleet_verdict caa_fleet_entry_read(struct caa_fleet_entry *out, const uint8_t *octets, size_t len,
	const struct caa_fleet_keys *keys, const uint8_t digest[static CAA_FLEET_DIGEST]);

/** @return the digest of what an entry is about, borrowed, its MAC unseen; NULL if it is none. */
const uint8_t *caa_fleet_entry_about(const uint8_t *octets, size_t len);

/** @return the epoch of an answer, its MAC unseen; UINT64_MAX if it is none. */
uint64_t caa_fleet_entry_epoch(const uint8_t *octets, size_t len);

/** @param flushed_us: the store's clock at the last flush of its name or one above. @return STALE or GOOD. */
enum caa_fleet_verdict caa_fleet_entry_age(const struct caa_fleet_entry *e, uint64_t now_ms, uint64_t flushed_us);

/** @return how old it is, at least 0. */
uint64_t caa_fleet_entry_age_ms(const struct caa_fleet_entry *e, uint64_t now_ms);

#endif
