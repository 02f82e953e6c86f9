/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The questions that a resolver asks its fleet: what each of them waits for, and how it goes on with what the store says.
 *
 *  A question goes from a worker to the fleet's thread and back (glue/fleet.h); who may touch what of it when stands with its fields.
 *  All functions but caa_fleet_...() belong to the thread. */
#ifndef CAA_GLUE_ASKED_H
#define CAA_GLUE_ASKED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/fleet/entry.h"
#include "glue/exchange.h"

struct caa_asks;
struct caa_fleet_referral;

/** What is known of a question that was asked; the last four are final. */
enum caa_fleet_word {
	CAA_FLEET_ASKED,	/**< nothing yet */
	CAA_FLEET_WAITS,	/**< another resolver looks it up; what leads to the servers of the name itself, a zone, may come before its end */
	CAA_FLEET_CLAIMED,	/**< this one is to look it up */
	CAA_FLEET_ANSWERED,	/**< there is an answer */
	CAA_FLEET_FAILED,	/**< the other's lookup ended without one; the answer may say why */
	CAA_FLEET_ALONE		/**< the store is of no help */
};

/** An answer, of another's or to be left for others. */
struct caa_fleet_answer {
	bool failure;		/**< it is none, and the octets say why (core/why/carry.h); what follows those is 0 then */
	const uint8_t *wire;	/**< with relative TTLs; borrowed */
	size_t len;
	uint32_t ttl_s;		/**< counted from when its lookup began */
	uint64_t age_ms;	/**< since then ... */
	uint64_t at_us;		/**< ... at this time, where it is another's */
	uint64_t began_us;	/**< of one's own, also of a failure: when the servers were asked first, or about to be */
	bool chain;		/**< over an alias, whose target may be flushed by its own name: it is told, and not kept */
	uint8_t security;	/**< enum sec_status, the other's */
};

struct caa_fleet_ask {
	/** The worker's, and all that tell() is called for, under a lock of theirs; nothing else looks at it. */
	struct {
		void *who;			/**< its question; NULL = that is over */
		struct caa_fleet_ask *next;	/**< in a list of those that have news */
		bool listed;			/**< there */
		unsigned worker;		/**< fixed by caa_fleet_ask() */
	} asker;
	struct caa_fleet_answer answer;	/**< the thread's, and the worker's to read once the word is CAA_FLEET_ANSWERED or _FAILED, until it finishes */
	_Atomic int word;		/**< by caa_fleet_word() */
	_Atomic uint64_t late_us;	/**< by caa_fleet_late_us() */
	_Atomic(const struct caa_fleet_referral *) referral;	/**< by caa_fleet_referral() */
	uint64_t asked_us;		/**< fixed by caa_fleet_ask() */
	/** The inbox's, under its lock; what it ends with is the thread's once it was taken. */
	struct caa_fleet_ask *next_in;
	bool in;
	bool finished;
	bool answers;			/**< finished with an answer, own */
	struct caa_fleet_answer own;
	uint8_t *own_wire;
	uint64_t own_time_ms;
	struct caa_fleet_referral *own_referral;	/**< set once */
	/** The thread's, once it was in the inbox. */
	struct caa_asks *asks;
	struct caa_exchange_about about;
	uint8_t *wire;			/**< of answer, or of aside */
	struct caa_fleet_entry aside;	/**< news that came before the claim's reply; payload NULL = none did */
	struct caa_fleet_ask *all_next, *all_prev, *hash_next, *owed_next;
	bool known;			/**< it is in the lists */
	bool ends;			/**< the thread has seen that it is finished */
	bool owns;			/**< the claim is its */
	bool leads, told;		/**< there is a referral of its own; that was told */
	bool asking;			/**< a claim is without a reply */
	uint8_t owner[CAA_FLEET_OWNER], other[CAA_FLEET_OWNER], ended[CAA_FLEET_OWNER];
	uint64_t epoch_us, told_us;	/**< the store's clock when it was asked, 0 = not known; and when that was heard here */
	uint64_t flushed_us;		/**< the store's clock at the last flush that it knows of */
	uint64_t sent_us;		/**< its claim */
	uint64_t renewed_us, look_us;
};

/** What leads to a zone's servers (glue/referral.h). */
enum { CAA_FLEET_REFERRAL_MAX = 4096 };	/**< octets */
struct caa_fleet_referral {
	uint64_t began_us;	/**< of one's own, when the lookup began that has found it */
	uint64_t at_us;	/**< when its TTLs were what they are, by the own clock */
	size_t len;
	uint8_t wire[];
};

/** @return what is known; any thread. */
enum caa_fleet_word caa_fleet_word(const struct caa_fleet_ask *ask);
/** @return since when the store is silent for so long that a question without a word is to go on, though that may come later; 0 = it is not;
 *	any thread. */
uint64_t caa_fleet_late_us(const struct caa_fleet_ask *ask);

/** @return what leads to the servers of the zone of its name, as who looks it up has found out, borrowed until the question finishes; NULL if
 *	that is not known; any thread. */
const struct caa_fleet_referral *caa_fleet_referral(const struct caa_fleet_ask *ask);

enum {
	CAA_ASKS_BUCKETS = 4096,	/**< a power of two */
	CAA_ASKS_PATIENCE_US = 50000	/**< no word is waited for longer than a->wait_us and this, however busy the store is */
};

/** All of them, zeroed at first. */
struct caa_asks {
	struct caa_exchange *exchange;
	void (*tell)(void *arg, struct caa_fleet_ask *ask);	/**< it has news */
	void *arg;
	uint64_t wait_us;		/**< fixed: a store that owes an answer may be silent for so long */
	_Atomic uint64_t count, owned;	/**< questions, also those in the inbox, and claims of theirs; any thread */
	struct caa_fleet_ask *all;
	struct caa_fleet_ask *bucket[CAA_ASKS_BUCKETS];
	struct caa_fleet_ask *owed, **owed_end;	/**< those whose claim is without a reply, in the order of these */
	struct caa_fleet_ask *watched;	/**< the first of them that is not late */
	uint64_t heard_us;		/**< when a claim was replied to last */
	uint64_t flush_us;		/**< when it was heard last that a name was flushed; the caller's */
};

/** A question comes from the inbox: it is asked, or there is a referral of its own to be told, or it is over, and is freed once the store has
 *  its answer. */
void caa_asks_take(struct caa_asks *a, struct caa_fleet_ask *ask);
/** News has come. @param about: what for, of octets. @return false if it is not believed, and was counted. */
bool caa_asks_heard(struct caa_asks *a, const uint8_t *octets, size_t len, const uint8_t about[static CAA_FLEET_DIGEST]);
/** @return when the next of them is late. */
uint64_t caa_asks_due_us(const struct caa_asks *a);
/** Let those go on that are late.  The replies that are there have been read. */
void caa_asks_late(struct caa_asks *a, uint64_t now_us);
/** Renew the claims that want it, and look at those that are waited for. */
void caa_asks_tick(struct caa_asks *a, uint64_t now_us);
/** The store is away: all that have no final word go on alone. */
void caa_asks_alone(struct caa_asks *a);
void caa_asks_free(struct caa_asks *a, struct caa_fleet_ask *ask);

#endif
