/* SPDX-License-Identifier: BSD-3-Clause */
/** \file An answer on the wire, as it is put aside for other query states: with all signatures and relative TTLs, and beside it what
 *  the validator made of it.
 *
 *  A lookup that others wait for hands its answer to them (glue/merge.h): it is theirs as it is the leader's, whatever its TTL
 *  and whatever the cache did with it.  Such an answer is not changed any more, and lives as long as anybody has it. */
#ifndef CAA_GLUE_HANDED_H
#define CAA_GLUE_HANDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct caa_handed;
struct dns_msg;
struct module_qstate;
struct reply_info;
struct sldns_buffer;

/** Write the answer of a query state.  @param max: octets. @return false if it does not fit. */
bool caa_handed_encode(struct module_qstate *qstate, struct sldns_buffer *buf, size_t max);
/** Read one.  @param buf: it. @return the message, in the state's region; NULL if it cannot be read, or there is no memory. */
struct dns_msg *caa_handed_decode(struct module_qstate *qstate, struct sldns_buffer *buf);

/** Every record is so much older than its TTL says, in whole seconds, rounded up. */
void caa_handed_grow_old(struct reply_info *rep, uint64_t age_us);

/** @return whether what a query state ended with is as good for another: no failure, and not bogus. */
bool caa_handed_is_sound(const struct module_qstate *qstate);

/** Put aside what a finished query state found.
 *  @return NULL if that is a failure, or bogus, which each is to hear of by itself, or if there is no memory; else owned by the
 *	caller, caa_handed_drop(). */
struct caa_handed *caa_handed_make(struct module_qstate *qstate);
/** One more owner.  Any thread may call it. */
void caa_handed_keep(struct caa_handed *handed);
/** One owner less.  Any thread may call it.  @param handed: may be NULL. */
void caa_handed_drop(struct caa_handed *handed);

/** Make it the answer of another query state for the same question.  @return false if that is not possible. */
bool caa_handed_give(const struct caa_handed *handed, struct module_qstate *qstate);

#endif
