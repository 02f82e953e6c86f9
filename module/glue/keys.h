/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Keys that could not be fetched.
 *
 *  Where a zone's DNSKEY or DS does not arrive, the validator calls the answer bogus, and so it is remembered: the answer and
 *  the key for a minute, the lookup of the key for seconds.  That is a loss and no verdict: who tries again must be rid of it.
 *  What the validator has seen, and found wrong, is left alone.
 *
 *  No state: called when the later modules are done, by the thread that works on the question. */
#ifndef CAA_GLUE_KEYS_H
#define CAA_GLUE_KEYS_H

#include <stdbool.h>
#include <stdint.h>
#include "core/wire/name.h"

struct delegpt;
struct module_qstate;

struct caa_keys {
	struct caa_name zone;	/**< borrowed from the validator's state */
	uint16_t qtype;		/**< DNSKEY or DS */
	bool settled;		/**< that is remembered, by caa_keys_settle() */
};

/** @return whether the answer is bogus because a zone's keys could not be fetched, by this lookup or a moment ago by another; *out
 *	is set then. */
bool caa_keys_missed(const struct module_qstate *qstate, struct caa_keys *out);

/** @return the servers that are asked for them, in the query's region; NULL if they are not known. */
struct delegpt *caa_keys_delegation(struct module_qstate *qstate, const struct caa_keys *keys);

/** Find the zone that the validator refuses: whose keys do not prove what they should, or are not proven by its parent; or the parent,
 *  whose proof that it is not signed fails.  @param out: borrowed from the validator's state or the query's region.
 *  @return false if it is not known. */
bool caa_keys_refused(struct module_qstate *qstate, struct caa_name *out);

/** @return whether the zone's keys are proven that a bogus answer was looked at with. */
bool caa_keys_are_good(const struct module_qstate *qstate);

/** Have nothing remembered of it but the question's own answer (caa_host_forget_failure()). */
void caa_keys_forget(struct module_qstate *qstate, const struct caa_keys *keys);

/** Have it remembered, and the question's answer with it, for as long as Unbound remembers another failure: their servers deny
 *  them, and are not to be asked by each question anew. */
void caa_keys_settle(struct module_qstate *qstate, const struct caa_keys *keys);

#endif
