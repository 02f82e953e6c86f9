/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What one question was denied, and by whom: when it may be asked there again, and when not any more.
 *
 *  A denial may be a limiter's, who answers the same question asked slower, or the server's own answer, who does not.  So it
 *  is asked again a few times, slower and slower, and then no more: the answer is definite, and said so within two seconds.
 *  Where a limit is known, or the zone's own denial is, more or less of that is needed.  What is lost again and again is noted
 *  beside it, for the same end.
 *  Bounded: with more addresses and names than there are notes the oldest note makes room, and its question may be asked anew.
 *  No clock, no lock: a question belongs to one thread. */
#ifndef CAA_CORE_DENIALS_H
#define CAA_CORE_DENIALS_H

#include <stdbool.h>
#include <stdint.h>
#include "core/wire/addr.h"

enum {
	CAA_DENIALS = 16,		/**< notes: addresses of one zone are fewer, and so are the names on one way down */
	CAA_DENIED_TRIES = 4,		/**< denials that are an answer where no limit is known, ... */
	CAA_DENIED_TRIES_LIMITED = 6,	/**< ... or where one is, ... */
	CAA_DENIED_TRIES_ERROR = 4,	/**< ... and errors that no limiter sends; one may be to EDNS, one to an option; ... */
	CAA_DENIED_TRIES_MIXED = 8,	/**< ... or more where others of the zone are answered: so many as plain Unbound's, or nearly, ... */
	CAA_DENIED_TRIES_CUT = 3,	/**< ... or fewer of what is truncated over TCP, too, each of which costs two queries */
	CAA_LOST_TRIES = 7,		/**< times that nothing comes where no limit is known, after which nothing will, ... */
	CAA_LOST_TRIES_SLOW = 8,	/**< ... or once more where that took two of them, and it may be slow, ... */
	CAA_LOST_TRIES_KEYS = UINT8_MAX + 1,	/**< ... or never of keys, since without them answers that are there are of no use */
	CAA_LOST_TRIES_DROPPED = 4,	/**< ... or fewer of CAA where it is dropped, as it seems: so many as plain Unbound's, ... */
	CAA_LOST_DROPPED_MS = 1000,	/**< ... if the last was waited for so long, as it does, too */
	CAA_UNHEARD_TRIES = 2,		/**< of type CAA, at all addresses: the zone may drop that (caa_serving_avoids_caa()) */
	CAA_SPLITS = 3			/**< times that it is lost, and others are answered, after which it says nothing of a limit */
};

/** Times in ms modulo 2^32. */
struct caa_denial {
	struct caa_addr addr;		/**< family 0 = free */
	uint32_t question;		/**< a hash of what was asked */
	uint32_t last_ms;		/**< the last one */
	uint8_t count;			/**< denials so far, up to 255 */
	uint8_t lost;			/**< times that nothing came, up to 255 */
	uint8_t splits;			/**< times that nothing came and later queries of others were answered, up to 255 */
	bool final;			/**< it is not asked there again */
};

/** Zeroed at first. */
struct caa_denials {
	struct caa_denial note[CAA_DENIALS];
	uint32_t unheard;		/**< the question of type CAA that nobody is asked for, ... */
	bool is_unheard;		/**< ... nor for any other of that type, before all is asked in another way */
	uint8_t next;			/**< the note that is used next */
};

/** Why it was denied. */
enum caa_denial_kind {
	CAA_DENIAL_OPEN,	/**< no limit is known */
	CAA_DENIAL_LIMITED,	/**< a limit is known */
	CAA_DENIAL_OWN,		/**< the zone is known to deny by itself there */
	CAA_DENIAL_ERROR,	/**< it is no denial, but an error that no limiter sends */
	CAA_DENIAL_MIXED,	/**< the same, where the zone's answers were good lately: nodes differ, or it is a passing fault; or a connection was
				 *   closed where others are answered over TCP */
	CAA_DENIAL_CUT		/**< it is truncated even over TCP, and no limit is known */
};

/** @return whether it is definite by now. */
bool caa_denials_note(struct caa_denials *d, const struct caa_addr *addr, uint32_t question, uint64_t now_us,
	enum caa_denial_kind kind);

/** Nothing came, where no limit is known.  @param tries: CAA_LOST_TRIES or one of its kin.  @return whether it is definite by now. */
bool caa_denials_lost(struct caa_denials *d, const struct caa_addr *addr, uint32_t question, unsigned tries);

/** @return how often; of the next function, at all addresses together. */
unsigned caa_denials_losses(const struct caa_denials *d, const struct caa_addr *addr, uint32_t question);
unsigned caa_denials_losses_anywhere(const struct caa_denials *d, uint32_t question);

/** Nothing of type CAA is asked anywhere any more, so that the lookup ends and all is asked in another way, unless the question is answered
 *  before.  Other types are: keys may be wanted yet.  @return, of the next function, whether that is so. */
void caa_denials_unheard(struct caa_denials *d, uint32_t question);
bool caa_denials_are_unheard(const struct caa_denials *d);

/** It is asked in another way from now on. */
void caa_denials_anew(struct caa_denials *d);

/** Nothing came, and later queries of others were answered: a limiter does not care which question it is. */
void caa_denials_split(struct caa_denials *d, const struct caa_addr *addr, uint32_t question);

/** @return how often. */
unsigned caa_denials_splits(const struct caa_denials *d, const struct caa_addr *addr, uint32_t question);

/** @return whether anything was denied there, whatever was asked, and not answered since. */
bool caa_denials_at(const struct caa_denials *d, const struct caa_addr *addr);

/** @return whether the very same was denied there before, and not answered since. */
bool caa_denials_same(const struct caa_denials *d, const struct caa_addr *addr, uint32_t question);

/** It is definite, whatever was noted. */
void caa_denials_final(struct caa_denials *d, const struct caa_addr *addr, uint32_t question, uint64_t now_us);

/** It was answered. */
void caa_denials_answered(struct caa_denials *d, const struct caa_addr *addr, uint32_t question);

/** @return whether anything was denied, or answered with an error, and not answered since. */
bool caa_denials_any(const struct caa_denials *d);

/** @param caa_type: the question is of that.  @return whether it is not to be asked there again. */
bool caa_denials_is_final(const struct caa_denials *d, const struct caa_addr *addr, uint32_t question, bool caa_type);

/** @return us until it may be asked there again; 0 = now. */
uint64_t caa_denials_wait_us(const struct caa_denials *d, const struct caa_addr *addr, uint32_t question, uint64_t now_us);

#endif
