/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The places that a thread has for connections to servers (outgoing-num-tcp).
 *
 *  Where none is free, and a query needs one, Unbound closes the connection that was used least lately, and what is under way over it ends as if
 *  its server had closed it.  That is no fault of the server: it is to happen to idle connections first, and where it happens to others
 *  it has to be known as what it is.
 *
 *  Called by the thread of the query. */
#ifndef CAA_GLUE_PLACES_H
#define CAA_GLUE_PLACES_H

#include <stdbool.h>
#include "core/pace/asking.h"

struct serviced_query;

/** @return what a query finds; half of the places are kept for those that have to go over TCP. */
enum caa_places caa_places_of(const struct serviced_query *sq);

/** A query leaves over TCP now. */
void caa_places_take(const struct serviced_query *sq);

/** @return whether a query whose connection is closed has lost it to one that leaves. */
bool caa_places_took(const struct serviced_query *sq);

#endif
