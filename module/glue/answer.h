/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What an answer of Unbound says about itself that matters for holding it.  TTLs are relative, as they are while a
 *  query is worked on.  No state: any thread may call anything here. */
#ifndef CAA_GLUE_ANSWER_H
#define CAA_GLUE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/hold/hold.h"

#include "util/data/packed_rrset.h"

struct reply_info;

/** @param from, count: which RRsets of the reply. @return whether one of them is of the type. */
bool caa_answer_has(const struct reply_info *rep, size_t from, size_t count, uint16_t type);

/** @return what the validator made of it, in the core's terms. */
enum caa_hold_security caa_answer_security(enum sec_status status);

/** @return when the first signature expires, by the wall's clock; 0 if there is none. */
uint64_t caa_answer_signed_until_s(const struct reply_info *rep, uint64_t wall_s);

/** How old a secure answer is at most: a record was fetched with its original TTL (RFC 4034 s3.1.4), or with the least that
 *  Unbound gives it, and what is left of that is known.
 *  @param min_ttl_s: cache-min-ttl.
 *  @return false if a part of the proof has no signature, or more is left than it can have had: nobody knows. */
bool caa_answer_age(const struct reply_info *rep, uint64_t min_ttl_s, uint64_t *age_s);

/** The names that an answer depends on besides the question's: owners of its records, targets of its chain. */
struct caa_answer_names {
	uint8_t octets[CAA_HOLD_NAMES_MAX];	/**< one after the other */
	size_t len;
	bool full;				/**< there are more than there is room for */
};

void caa_answer_names(struct caa_answer_names *n, const struct reply_info *rep);

#endif
