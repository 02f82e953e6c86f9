/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A case as octets, for the other resolvers of a perspective that wait for the same lookup: who takes it says of it what the
 *  one that looked it up says.
 *
 *  What is carried are facts; the class is found anew.  The octets come with a MAC (core/fleet/entry.h), and are checked all the same:
 *  whatever they are, what is read of them can be said.
 *  No state: any thread may call anything here. */
#ifndef CAA_CORE_CARRY_H
#define CAA_CORE_CARRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/why/cause.h"

enum { CAA_CARRY_MAX = 4096 };	/**< octets */

/** Whether a failure is the zone's own word, so that another resolver that sends from the same place would hear it as well: definite
 *  answers, no addresses, a circle of aliases, and beside them nothing that was lost, late, limited, or this resolver's own fault.
 *  Never what is bogus: that is for each validator to say.
 *  @param c: of known class. */
bool caa_carry_fits(const struct caa_case *c);

/** @param c: that fits. @return octets written. */
size_t caa_carry_write(uint8_t out[static CAA_CARRY_MAX], const struct caa_case *c);

/** @param out: set if true, its class, too. @param name: of the question. @return false if the octets are nothing that fits. */
bool caa_carry_read(struct caa_case *out, struct caa_name name, const uint8_t *octets, size_t len);

#endif
