/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What an address does for a zone: answers, is silent, or denies.  A fact of one zone, and never of the address.
 *
 *  The limit of an address is learned from losses and denials (core/pace/learn.h); this says whose of them may speak of it.  A zone
 *  that has answered there is a witness: all of its losses count.  Before that it has one voice in a while, however many of
 *  its names are lost, since it may not be served there at all.  A witness whose queries are lost while later ones of
 *  other zones are answered is none any more: a limiter does not care whose queries it drops.
 *  CAA and the other types are told apart, since some servers deny or drop types that they do not know: where CAA was never answered well,
 *  and another type is that was asked beside it, the zone's names are looked for with that for a while, as plain Unbound does, since it
 *  may show a delegation, or an alias.  That is taken back by the first good answer for CAA.
 *
 *  A table is a cache of fixed size, O(1): of a full set the record used longest ago makes room, which costs a zone its word
 *  until the next answer.
 *  No clock, no lock: time is passed in, and the caller serialises calls on one table. */
#ifndef CAA_CORE_SERVING_H
#define CAA_CORE_SERVING_H

#include <stdbool.h>
#include <stdint.h>

enum {
	CAA_SERVING_SETS = 256,		/**< a power of two */
	CAA_SERVING_WAYS = 8,		/**< so that a few hundred zones of one address keep their records: their sets are filled unevenly */
	CAA_SERVING_LIFE_MS = 15 * 60 * 1000,	/**< an answer makes a witness so long, as Unbound remembers a server */
	CAA_SERVING_LATELY_MS = 2000,	/**< one that answered nothing for so long before it is asked may have fallen silent */
	CAA_SERVING_VOICE_MS = 4000,	/**< one that is no witness speaks once in so long */
	CAA_SERVING_SPLIT = 3,		/**< times in a row that a witness is lost, then others are answered */
	CAA_SERVING_COOKIE_LOST = 2,	/**< queries with a cookie lost, or answered with an error, after which a question that was is asked without, ... */
	CAA_SERVING_RESCUED = 3,	/**< ... and so many answered, after which the zone is */
	CAA_SERVING_FORGED_MS = 60 * 1000,	/**< how long TCP is asked where all that came was dropped for its cookie */
	CAA_SERVING_FULL_MS = 200,	/**< how long another turn of the zone is not looked for when one was beyond the budget */
	CAA_SERVING_DENIES_MS = 5000,	/**< how long a zone's own denial is remembered */
	CAA_SERVING_ASKED_MS = 400,	/**< so long its answer is waited for before CAA is sent once more, about as long as Unbound waits for a first answer */
	CAA_SERVING_BESIDE_MS = 5000	/**< another type is asked beside CAA once in so long, and what that shows is believed for as long */
};

/** One zone at one address, for CAA or for the other types.  Times in ms modulo 2^32; 0 = never, or not set. */
struct caa_serving {
	uint32_t tag;			/**< the table's own; 0 = free */
	uint32_t used_ms;		/**< the table's own */
	uint32_t answered_ms;		/**< the last answer */
	uint32_t spoke_ms;		/**< the last loss or denial that counted while it was no witness */
	uint32_t denies_ms;		/**< until then a denial is its own answer */
	uint32_t good_ms;		/**< the last answer that was no error */
	uint32_t notimp_ms;		/**< until then NOTIMP is known to be its answer with EDNS and without */
	uint32_t full_ms;		/**< the last time that a turn was beyond the budget */
	uint32_t beside_ms;		/**< of CAA: when another type was asked beside it */
	uint32_t failed_ms;		/**< of CAA: the last time that it was denied, or waited for in vain */
	uint32_t shown_ms;		/**< of the others: when what was asked beside CAA was answered */
	uint32_t term_ms;		/**< of CAA: the longest wait in vain since it was answered, UINT32_MAX where it was denied; of the
					 *   others: how long that answer took */
	uint32_t asked_ms;		/**< when a query left last, of those since the last answer */
	uint32_t turn;			/**< its last turn in the line of the address, core/pace/line.h */
	uint32_t bare_ms;		/**< until then it is asked without a cookie */
	uint32_t forged_ms;		/**< until then it is asked over TCP: what came had cookies that are not ours */
	uint32_t split_seq;		/**< number of a query that was answered after the last of the losses below, and one more */
	bool liked;			/**< one with a cookie was answered well, or badly with and without it: it is not the reason */
	uint8_t lost_with;		/**< queries with a cookie that were lost, or answered with an error, since one was answered well, up to
					 *   CAA_SERVING_COOKIE_LOST */
	uint8_t rescued;		/**< questions answered without since then, after such a loss, below CAA_SERVING_RESCUED */
	bool denied;			/**< the last loss that counted while it was no witness was a denial */
	uint8_t split;			/**< times in a row that others were answered after a loss, 0 .. CAA_SERVING_SPLIT */
};

struct caa_servings {
	struct caa_serving way[CAA_SERVING_SETS][CAA_SERVING_WAYS];
};

/** Empty. */
void caa_servings_init(struct caa_servings *t);

/** Find or make the record of a pair of zone and address.
 *  @param pair: keyed hash of both and of whether the type is CAA, all bits good.
 *  @return it, borrowed until the next call. */
struct caa_serving *caa_servings_get(struct caa_servings *t, uint64_t pair, uint64_t now_us);

/** Look at the record of a pair, which is not used by that, nor made.  @return it as it is; an empty one if there is none. */
struct caa_serving caa_servings_see(const struct caa_servings *t, uint64_t pair);

/** @return whether the zone has answered there. */
bool caa_serving_is_witness(const struct caa_serving *s, uint64_t now_us);

/** @return whether it has answered since two seconds before a query left that is lost now. */
bool caa_serving_answered_since(const struct caa_serving *s, uint64_t now_us, uint64_t sent_us);

/** A query is sent.  @return, of the next function, whether one was lately, and none was answered since. */
void caa_serving_asked(struct caa_serving *s, uint64_t now_us);
bool caa_serving_is_asked(const struct caa_serving *s, uint64_t now_us);

/** It was answered, with data or with an error that no limiter sends. */
void caa_serving_answered(struct caa_serving *s, uint64_t now_us);

/** The answer was no error. */
void caa_serving_good(struct caa_serving *s, uint64_t now_us);

/** @return whether it was so lately: an error is not all that it has to say. */
bool caa_serving_is_good(const struct caa_serving *s, uint64_t now_us);

/** NOTIMP came without EDNS as well.  @return whether it is the zone's answer there, to be believed at once for the life of a
 *  witness or until an answer is none; false if some answers are: the nodes behind the address differ. */
bool caa_serving_notimp(struct caa_serving *s, uint64_t now_us);

/** @return whether NOTIMP is known to be the zone's answer there. */
bool caa_serving_is_notimp(const struct caa_serving *s, uint64_t now_us);

/** A query was lost or denied.
 *  @param seq: its number at the address. @param answered_seq: of the latest query that was answered there, and one more.
 *  @return whether it says something of the address. */
bool caa_serving_lost(struct caa_serving *s, uint64_t now_us, uint32_t seq, uint32_t answered_seq);

/** @return whether it was lost lately and is no witness: it may be silent, and the room for others is not for it. */
bool caa_serving_is_suspect(const struct caa_serving *s, uint64_t now_us);

/** The zone is answered badly, or not at all, with a cookie, where others are answered: it is asked without for the life of a witness. */
void caa_serving_bare(struct caa_serving *s, uint64_t now_us);

/** @return whether it is asked without. */
bool caa_serving_is_bare(const struct caa_serving *s, uint64_t now_us);

/** All that came to a query had a cookie that is not ours: forgers send that, and caches that do not know of cookies.  TCP is asked
 *  for a while, or no more since nothing came over it.  @return, of the last, whether it is asked. */
void caa_serving_forged(struct caa_serving *s, uint64_t now_us);
void caa_serving_no_tcp(struct caa_serving *s);
bool caa_serving_is_forged(const struct caa_serving *s, uint64_t now_us);

/** A query with a cookie was answered, or lost; one without, of a question that was lost, was answered. */
void caa_serving_cookie_answered(struct caa_serving *s);
void caa_serving_cookie_lost(struct caa_serving *s);
void caa_serving_cookie_rescued(struct caa_serving *s, uint64_t now_us);

/** @return whether a question that was lost is to be asked without a cookie, to see if that is the reason. */
static inline bool caa_serving_doubts_cookie(const struct caa_serving *s)
{
	return s->lost_with >= CAA_SERVING_COOKIE_LOST;
}

/** A turn of the zone was beyond the budget.  @return, of the next function, whether that was a moment ago. */
void caa_serving_full(struct caa_serving *s, uint64_t now_us);
bool caa_serving_is_full(const struct caa_serving *s, uint64_t now_us);

/** A query for CAA has failed, of a zone at an address without a known limit.
 *  @param waited_us: in vain; 0 = it was denied, or answered with an error. */
void caa_serving_caa_failed(struct caa_serving *caa, uint64_t now_us, uint64_t waited_us);

/** @return whether to ask for another type beside CAA now, which was never answered well. */
bool caa_serving_wonders(struct caa_serving *caa, uint64_t now_us);

/** @return whether it was asked for a moment ago, and was not answered yet. */
bool caa_serving_is_wondering(const struct caa_serving *caa, const struct caa_serving *others, uint64_t now_us);

/** Another type was answered without an error.  @param took_us: its round trip. */
void caa_serving_shown(struct caa_serving *others, uint64_t now_us, uint64_t took_us);

/** @param caa, others: what the same zone does for CAA, and for the other types.
 *  @return whether its names are to be looked for with another type: CAA was denied lately, or waited for longer than the other's answer took,
 *	and never answered well. */
bool caa_serving_avoids_caa(const struct caa_serving *caa, const struct caa_serving *others, uint64_t now_us);

/** A denial was the zone's own answer, by what a question has seen; remembered where it is no witness. */
void caa_serving_denies(struct caa_serving *s, uint64_t now_us);

/** @return whether a denial is known to be the zone's own answer. */
bool caa_serving_is_denying(const struct caa_serving *s, uint64_t now_us);

/** @return whether it is suspect, was denied, and its own denial is not known yet: a limiter may be the reason. */
static inline bool caa_serving_is_suspect_of_limit(const struct caa_serving *s, uint64_t now_us)
{
	return s->denied && caa_serving_is_suspect(s, now_us) && !caa_serving_is_denying(s, now_us);
}

#endif
