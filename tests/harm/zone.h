/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The truth: what the zones of a scenario hold, and what an honest server says of it.
 *
 *  Names below a zone's apex, N any number:
 *	hN, a.b.dN	A and TXT; b.dN and dN are empty
 *	caaN		A and CAA
 *	cnN		an alias of caaN in the zone that "cname" names
 *	X.dn		X in the zone that "dname" names
 *	X.wild		A and CAA, by a wildcard
 *	nsN		address N
 *  Nothing else exists; in a signed zone the proof is that the name exists without the type ("black lies"). */
#ifndef HARM_ZONE_H
#define HARM_ZONE_H

#include "sign.h"
#include "spec.h"
#include "wire.h"

/** All that a run serves. */
struct world {
	struct spec parents;		/**< slot 0 */
	struct spec *spec;		/**< spec[i] is slot i + 1 */
	size_t specs;
	struct signer *signer;		/**< may be NULL where nothing is to be signed */
};

/** Read scenarios into the slots 1, 2, ...  @return false, said, if one cannot be read. */
bool world_read(struct world *world, char **paths, size_t count);

/** @return the scenario of a slot, the parents' for 0; NULL if there is none. */
const struct spec *world_spec(const struct world *world, unsigned slot);

/** @return the scenario that a name belongs to; NULL if to none. */
const struct spec *world_spec_of(const struct world *world, const char *name);

/** What the server at an address (0..) of a scenario says by its zones.  @return the index of the zone; -1 = none there. */
int zone_answer(const struct world *world, const struct spec *spec, unsigned address, const struct query *q,
	struct reply *reply);

/** The whole answer to a question, through aliases, as a resolver gives it, unsigned. */
void zone_truth(const struct world *world, const char *name, uint16_t type, struct query *q, struct reply *reply);

/** The SOA that goes with a denial, and in a signed zone the proof, for DO. */
void zone_deny(const struct world *world, const struct spec *spec, int zone, const struct query *q, struct reply *reply);

#endif
