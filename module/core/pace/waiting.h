/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A query that waits at an upstream: its place in the line, and when it asks again.
 *
 *  Who waits asks again by itself, at least twice a second where few do, and is called when there is room (caa_gate_call()).  Who
 *  has no place, since its turn would come after its budget, asks as well, seldom where many do, and gets one when others leave theirs;
 *  who finds room has those next to it called.
 *  No clock, no lock: time is passed in, and the caller serialises calls on one upstream. */
#ifndef CAA_CORE_WAITING_H
#define CAA_CORE_WAITING_H

#include "core/pace/asking.h"
#include "core/pace/serving.h"
#include "core/pace/upstream.h"

/** Take a place.  @pre it has none. @param zone: of the query. @return false if its turn is known to be beyond the budget. */
bool caa_waiting_enter(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, const struct caa_wish *wish);

/** It has found room: those next to it who have none are to ask at once, too. */
void caa_waiting_tell(struct caa_asking *q);

/** It gives up its place, if it has one, and waits no more. */
void caa_waiting_leave(struct caa_upstream *u, struct caa_asking *q);

/** It leaves now: count the time that it waited, if it did. */
void caa_waiting_count(struct caa_upstream *u, const struct caa_asking *q, uint64_t now_us);

/** It is not due yet.
 *  @param due_us: in so long, as far as that is known. @param most_us: ask again no later.
 *  @param wait_us: set with CAA_GATE_WAIT, at least 1.
 *  @return that, or CAA_GATE_ELSEWHERE: then its place is given up. */
enum caa_gate caa_waiting_hold(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish, uint64_t due_us,
	uint64_t most_us, uint64_t *wait_us);

/** The same for who got no place. @param tcp: it may go over TCP as well, which works: there may be room for it at any time. */
enum caa_gate caa_waiting_outside(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish, bool tcp,
	uint64_t *wait_us);

/** The same where some others find out why its zone was denied. */
enum caa_gate caa_waiting_denied(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish, uint64_t *wait_us);

/** The same for who has to go over TCP, where others are under way, or where there is no place for a connection. */
enum caa_gate caa_waiting_tcp(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish, uint64_t *wait_us);

/** @return whether there is a place for the connection of a query that has to go over TCP; one that has waited long for it takes another's. */
bool caa_waiting_finds_place(const struct caa_asking *q, const struct caa_wish *wish);

/** The same for who may go over either, where one that is under way over TCP is to bring the cookie. */
enum caa_gate caa_waiting_proof(struct caa_upstream *u, struct caa_asking *q, const struct caa_wish *wish, uint64_t *wait_us);

/** @return when who may go over TCP asks again without being called, in us, while the first answer over it is waited for. */
uint64_t caa_waiting_soon_us(const struct caa_upstream *u);

/** @return how many of those who wait may go now. */
uint32_t caa_waiting_room(const struct caa_upstream *u);

#endif
