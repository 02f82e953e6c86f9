/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A query that leaves for an upstream now: over which transport and from which of our addresses, and how long its answer is
 *  waited for.
 *
 *  One that is only to take its place (caa_wish.queued) is told CAA_GATE_SEND and does not leave: it asks again when it is due.
 *  No clock, no lock: time is passed in, and the caller serialises calls on one upstream. */
#ifndef CAA_CORE_SEND_H
#define CAA_CORE_SEND_H

#include "core/pace/asking.h"
#include "core/pace/serving.h"
#include "core/pace/upstream.h"

/** Over TCP, which takes no place of those in the line. */
enum caa_gate caa_send_tcp(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish);

/** In its turn.  @pre it has a place that is due. @param zone: its last turn is kept there. */
enum caa_gate caa_send_paced(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, const struct caa_wish *wish);

/** At nobody's cost; a place that it has is given up. */
enum caa_gate caa_send_aside(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, const struct caa_wish *wish,
	enum caa_aside why);

/** It leaves as what it is: a hash of its zone and of its question, and its type go along. */
void caa_send_note(struct caa_asking *q, struct caa_sent sent);

#endif
