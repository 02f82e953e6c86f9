/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A query on its way, from the first hook that Unbound calls for it to its outcome: what is kept of it between them.
 *
 *  It lives in the query's region, hangs from its hook_data, and belongs to the thread of the query. */
#ifndef CAA_GLUE_SENDING_H
#define CAA_GLUE_SENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/wire/addr.h"
#include "core/wire/name.h"
#include "core/config/options.h"
#include "core/pace/asking.h"

struct caa_ctx;
struct serviced_query;

/** A query's hook_data.  What does not change while the query lives is found out once. */
struct caa_sending {
	struct caa_asking asking;	/**< first, so that it is found from there */
	struct serviced_query *sq;
	struct caa_addr addr;
	uint64_t question;		/**< for the table of questions under way */
	uint64_t due_us;		/**< when what waits for its place asks again; 0 = it does not wait, or for a call */
	bool flies;			/**< it was noted there */
	bool cut;			/**< its connection was closed for another one's sake: it is sent again */
	uint8_t cuts;			/**< how often */
};

/** @return the state of a query, made with it; NULL if there is no memory, or its address is none of ours. */
struct caa_sending *caa_sending_of(struct caa_ctx *ctx, struct serviced_query *sq);

/** The question is under way, or waits, to its address. */
void caa_sending_flight_begin(struct caa_ctx *ctx, struct caa_sending *s, uint64_t now_us);
/** It is so no more, if it was. */
void caa_sending_flight_end(struct caa_ctx *ctx, struct caa_sending *s);

/** Whether a query of another type was moved, and may be on its way yet. */
bool caa_sending_has_moved(struct caa_ctx *ctx);

/** Those of this thread who wait ask again as soon as it comes to them. */
void caa_sending_ask_again(struct caa_turn *const *turn, size_t count);

/** What is set by hand for the servers of a zone; nothing if it is not.  @return the line that their queries wait in, or are counted in. */
uint8_t caa_sending_set_by_hand(struct caa_ctx *ctx, struct caa_name zone, struct caa_zone_options *out);

/** What was due long before anybody looked tells that this process, or a thread of it, stood still until now.  What was due first comes
 *  first. */
void caa_sending_see_if_late(struct caa_ctx *ctx, uint64_t due_us, uint64_t now_us);

#endif
