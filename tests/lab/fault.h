/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The faults that tests/lab/faulty.c gives a good nameserver: which queries one hits, and what it makes of them. */
#ifndef LAB_FAULT_H
#define LAB_FAULT_H

#include <stdbool.h>
#include "listen.h"

struct fault;

/** @return NULL, said, if there is none of that name. */
const struct fault *fault_find(const char *name);

/** @return whether nobody listens on TCP. */
bool fault_no_tcp(const struct fault *f);

/** Answer a query, with the backend's help where it has any part in that.
 *  @param m: the query, then the answer. @return false for silence. */
bool fault_answer(const struct fault *f, struct message *m, const char *backend, bool over_tcp);

#endif
