/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The places that a thread has for connections to servers (outgoing-num-tcp).
 *
 *  Where none is free, and a query needs one, Unbound closes the connection that was used least lately, and what is under way over it ends as if
 *  its server had closed it.  That is no fault of the server: it is to happen to idle connections first, and where it happens to others
 *  it has to be known as what it is.  Queries for CAA wait for a place, and close a busy connection seldom; other types close one as they do in
 *  plain Unbound.
 *
 *  Called by the thread of the query. */
#ifndef CAA_GLUE_PLACES_H
#define CAA_GLUE_PLACES_H

#include <stdbool.h>
#include "core/pace/asking.h"

struct caa_places;
struct outside_network;
struct serviced_query;

/** What is known of the places of each thread.  @return NULL if there is no memory. */
struct caa_places *caa_places_create(unsigned threads);
/** @param known: may be NULL. */
void caa_places_destroy(struct caa_places *known);

/** @return what a query finds; at least half of the places are kept for those that have to go over TCP. */
enum caa_room caa_places_of(struct caa_places *all, const struct serviced_query *sq);

/** A query leaves over TCP now.  @param waits: it would have waited for a place. */
void caa_places_take(struct caa_places *all, const struct serviced_query *sq, bool waits);

/** @return whether a connection is being closed so that a query can leave: until it has, nothing else is to be sent, for what is sent is written
 *  where the query stands. */
bool caa_places_are_taken(struct caa_places *all, const struct outside_network *outnet);

/** @return whether a query whose connection is closed has lost it to one that leaves. */
bool caa_places_took(struct caa_places *all, const struct serviced_query *sq);

#endif
