/* SPDX-License-Identifier: BSD-3-Clause */
/** \file One question on its way: its message, its socket, its tries.  For tool/probe/exchange.c only. */
#ifndef CAA_PROBE_TRAVEL_H
#define CAA_PROBE_TRAVEL_H

#include <poll.h>
#include "tool/probe/exchange.h"

/** Send it for the first time. @return NULL if it cannot be sent: *fate is how it ended. */
struct caa_travel *caa_travel_create(struct caa_exchange *x, uint64_t now_ms, const struct caa_exchange_options *o,
	enum caa_fate *fate);
/** @param t: may be NULL. */
void caa_travel_destroy(struct caa_travel *t);

struct pollfd caa_travel_pollfd(const struct caa_exchange *x);
uint64_t caa_travel_due_ms(const struct caa_exchange *x);

/** Its socket is ready. @return how it ended, CAA_FATE_NONE while it goes on. */
enum caa_fate caa_travel_ready(struct caa_exchange *x, uint64_t now_ms, const struct caa_exchange_options *o);

/** Time has passed: send again, or end. */
enum caa_fate caa_travel_tick(struct caa_exchange *x, uint64_t now_ms, const struct caa_exchange_options *o);

#endif
