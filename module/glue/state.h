/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What the iterator's and the validator's state tell of a question that has just failed.
 *
 *  Called when the later modules are done, when their state is still there; by the thread that works on the question. */
#ifndef CAA_GLUE_STATE_H
#define CAA_GLUE_STATE_H

#include "core/why/cause.h"

struct delegpt;
struct module_qstate;

/** @return the name that is looked for: the question's own, or where its alias leads; borrowed from the query state. */
struct caa_name caa_state_chased(const struct module_qstate *qstate);

/** Find the closest zone that was asked: for the target, where the question's name is an alias; else for its name, by the case's
 *  record or else the iterator.
 *  @return it, borrowed from one of them; len 0 if there is none. */
struct caa_name caa_state_zone(const struct module_qstate *qstate, const struct caa_case *c);

/** @return the zone whose server an attempt was made at, in the query's region; len 0 if that is not known. */
struct caa_name caa_state_asked_zone(struct module_qstate *qstate, const struct caa_case *c, const struct caa_attempt *a);

/** Find the nameserver of a zone that has an address.  @param out: clean text; "" if it is not known. */
void caa_state_server_name(struct module_qstate *qstate, struct caa_name zone, const struct caa_addr *addr,
	char out[static CAA_SHORT_NAME]);

/** Find the nameserver of a zone that has no other: whatever was asked for the zone is it.  @param out: "" if it is not known. */
void caa_state_only_server(const struct module_qstate *qstate, struct caa_name zone, char out[static CAA_SHORT_NAME]);

/** Set zone, about, looped, no_address, loopback, own and insecure, and mark an answer that the iterator could not use.
 *  @param c: its record and name are set. @param zone: whose server failed; len 0 if it is not known.
 *  @param missed: keys could not be fetched. @param keys: whose servers these were asked for; NULL if they are not known.
 *  @return the zone that failed, borrowed: the one without an address, or the same. */
struct caa_name caa_state_facts(struct module_qstate *qstate, struct caa_case *c, struct caa_name zone, bool missed,
	struct delegpt *keys);
/** Set zone and insecure only. */
void caa_state_set_zone(struct module_qstate *qstate, struct caa_case *c, struct caa_name zone);

/** Note in the record which servers Unbound did not ask because of what it remembers of them.
 *  @return whether there are any. */
bool caa_state_remembered(struct module_qstate *qstate, struct caa_case *c);

/** Whether a failure stands on what this lookup has met alone, and not on what Unbound remembers from others: each server of the zone that
 *  could be asked was, and each name of a server has an address, or an answer that it has none.
 *  @param c: of known class. */
bool caa_state_is_whole(struct module_qstate *qstate, const struct caa_case *c);

/** Have the DS of a zone looked up for the next time, so that it is known then whether the zone is proven insecure.
 *  Nobody waits for it. */
void caa_state_ask_ds(struct module_qstate *qstate, struct caa_name zone);

#endif
