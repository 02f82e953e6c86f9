/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A zone of the comparison, what is in it, and its signatures. */
#ifndef COMPARE_ZONE_H
#define COMPARE_ZONE_H

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "kinds.h"

enum { NAME_TEXT = 1024 };	/**< 255 octets, all of them escaped */

struct zone {
	char name[256];		/**< without the final dot; "" is the root */
	const struct kind *kind;
	size_t parent;		/**< its index */
	unsigned level;		/**< 0 the root, 1 TLDs */
	unsigned ttl;		/**< of all its records, and of what it denies */
	enum place place;
	enum server server[2];	/**< the second: PLACE_TWO and the halves */
	unsigned fault;		/**< its number, PLACE_FAULTY */
	unsigned asked;		/**< names so far */
	ldns_rr_list *rrs;
};

/** All zones; the root is the first. */
struct tree {
	struct zone *zone;
	size_t count;
	unsigned faults;	/**< of the table that are used */
	uint64_t dice;		/**< its state: the same seed makes the same tree */
	FILE *questions;
};

void die(const char *what) __attribute__((noreturn));

/** @return a number below `below`. */
uint64_t roll(struct tree *t, uint64_t below);

/** Add a record: its owner without final dot ("" is the root), a blank, type and data. */
void zone_add(struct zone *z, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Fill a zone with `names` names, and write the questions for them.  All zones have their names and kinds. */
void zone_fill(struct tree *t, struct zone *z, unsigned names);

struct signer;

/** Keys of all algorithms; every zone is signed with the same ones. */
struct signer *signer_create(void);

/** Add the DS of z to the zone of its parent, as z's kind says. */
void signer_delegate(struct signer *s, struct zone *parent, const struct zone *z);

/** Write the zone, signed and spoilt as its kind says. */
void signer_write(struct signer *s, struct zone *z, FILE *out);

/** Write the root's key as a trust anchor, and the key in BIND's private format. */
void signer_anchor(struct signer *s, FILE *out);
void signer_private(struct signer *s, FILE *out);

#endif
