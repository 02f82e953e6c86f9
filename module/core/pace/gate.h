/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The decision about one query at one upstream: when it leaves and over which transport.
 *
 *  Brings together what is known of the upstream (core/pace/upstream.h): the pacer and what was learned for it, and the transport.
 *  Which way a query takes is a table (core/pace/course.h); here each way is gone.  What cookie it carries and whether an answer is
 *  believed is said in core/pace/proof.h, what its outcome teaches in core/pace/outcome.h.
 *  No clock, no lock: time is passed in, and the caller serialises calls on one upstream. */
#ifndef CAA_CORE_GATE_H
#define CAA_CORE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/pace/asking.h"
#include "core/pace/serving.h"
#include "core/pace/upstream.h"

/** @param zone: what the upstream does for the query's zone; its last turn is kept there.
 *  @param q: its neighbours are set: those of its thread to ask at once, for it found room and they had none either.
 *  @param wait_us: set with CAA_GATE_WAIT, at least 1. */
enum caa_gate caa_gate_ask(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone,
	const struct caa_wish *wish, uint64_t *wait_us);

/** A packet that is not for a CAA question leaves now. */
void caa_gate_other(struct caa_upstream *u, struct caa_asking *q, uint64_t now_us, bool tcp);

/** Those who wait for answers to make room are called when there is some, in the order of the line, and ask again at once.
 *  @param thread: of whom. @param out: has room for max. @return how many are called. */
size_t caa_gate_call(struct caa_upstream *u, const void *thread, struct caa_turn **out, size_t max);

/** Predict what a query would have to wait at the upstream, in us. */
uint64_t caa_gate_wait_new(const struct caa_upstream *u, uint64_t now_us);

/** The same as a cost to choose by, in us: Unbound is to take the one that is free. */
uint64_t caa_gate_cost(struct caa_upstream *u, uint64_t now_us);

#endif
