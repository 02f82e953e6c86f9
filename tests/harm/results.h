/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What a run left behind: the answers that harm_client wrote down and the counts of harm_server. */
#ifndef HARM_RESULTS_H
#define HARM_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "digest.h"
#include "spec.h"

enum { PLAIN, MODULE, SIDES };

struct told {
	int rcode, ede;
	double ms;
	char text[DIGEST_TEXT];
	const char *ede_text;
};

/** A question and its two answers. */
struct asked {
	unsigned slot, pass, group;
	const char *name;
	uint16_t type;
	double at_ms;			/**< since the scenario began */
	struct told told[SIDES];
};

/** Queries of one kind that reached one address. */
struct seen {
	unsigned slot, address;		/**< address 1.. */
	int side;
	const char *name;
	uint16_t type;
	bool tcp;
	unsigned queries, lost;
	unsigned lucky, changes;	/**< as in side.h */
	double first_ms, last_ms;
};

/** The module's class for a failure. */
struct reason {
	unsigned slot;
	const char *name, *class;
};

struct results {
	struct asked *asked;
	size_t askeds;
	struct seen *seen;
	size_t seens;
	struct reason *reason;
	size_t reasons;
};

/** Read the files, which are in order of slots; reasons may be NULL.  Sides: the last octets of the resolvers' addresses. */
bool results_read(struct results *r, const char *answers, const char *counts, const char *reasons,
	const unsigned side[static SIDES]);

static inline bool told_ok(const struct told *t)
{
	return t->rcode == 0 || t->rcode == 3;
}

#endif
