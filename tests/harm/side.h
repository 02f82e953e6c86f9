/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What the harm server remembers of one resolver in one scenario: its clock, its limiters, its counts.  Nothing is
 *  shared between two resolvers, so that two can be asked the same at the same time and each meets the servers as if alone. */
#ifndef HARM_SIDE_H
#define HARM_SIDE_H

#include <stdio.h>
#include "limit.h"
#include "spec.h"
#include "wire.h"

enum transport { OVER_UDP, OVER_TCP };

/** Queries for the same that an address may tell apart: with EDNS, with a cookie, with a server cookie of its own. */
enum { KINDS = 8 };

/** Queries of one kind. */
struct count {
	struct count *next;
	char name[NAME_TEXT];
	uint16_t type;
	unsigned address;		/**< 0.. */
	enum transport transport;
	unsigned queries;
	unsigned lost;			/**< of these, taken by a limit or by loss */
	unsigned lucky;			/**< of these, for which a die was cast */
	unsigned changes;		/**< times that it did another thing with a query than with the last one of its kind */
	uint8_t did[KINDS];		/**< with the last one of each kind that was not lost, an action and one more; 0 = there was none */
	struct limiter limiter[LIMITS_MAX];	/**< those for names, of a question at an address */
	uint64_t first_us, last_us;	/**< since the side's first query */
};

enum { COUNT_BUCKETS = 1024 };

struct side {
	struct side *next;
	unsigned id;			/**< the last octet of its addresses */
	const struct spec *spec;
	uint64_t first_us;
	unsigned queries;
	unsigned connections[ADDRESSES_MAX];
	uint64_t free_us[ADDRESSES_MAX];	/**< when one that serves one after the other has served all that came */
	struct limiter *limiter[LIMITS_MAX];
	struct count *bucket[COUNT_BUCKETS];
};

/** The side of a resolver in a scenario, made when it first appears; never NULL. */
struct side *side_of(struct side **list, const struct spec *spec, unsigned id, uint64_t now_us);

/** Count a query.  @return its kind's count. */
struct count *side_count(struct side *side, const char *name, uint16_t type, unsigned address, enum transport transport,
	uint64_t now_us);

/** What limits look at. */
struct charge {
	int zone;			/**< -1 = none */
	unsigned address;
	bool proved, tcp;
	bool negative;			/**< it is answered in the negative */
	struct count *count;
	uint64_t now_us;
};

/** Charge the limits that are for it.  @param refusal: set to what is done with it.  @return whether it is refused. */
bool side_refuses(struct side *side, const struct charge *charge, enum action *refusal);

/** What was done with a query that was not lost. */
void side_did(struct count *count, unsigned kind, enum action action);

/** Write the counts as lines: slot, side, address, transport, name, type, queries, lost, first and last in ms, lucky, changes. */
void side_print(const struct side *side, FILE *out);

#endif
