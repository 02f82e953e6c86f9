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

struct outside_network;
struct serviced_query;

/** @return what a query finds; at least half of the places are kept for those that have to go over TCP. */
enum caa_places caa_places_of(const struct serviced_query *sq);

/** A query leaves over TCP now.  @param waits: it would have waited for a place. */
void caa_places_take(const struct serviced_query *sq, bool waits);

/** @return whether a connection is being closed so that a query can leave: until it has, nothing else is to be sent, for what is sent is written
 *  where the query stands. */
bool caa_places_are_taken(const struct outside_network *outnet);

/** @return whether a query whose connection is closed has lost it to one that leaves. */
bool caa_places_took(const struct serviced_query *sq);

#endif
