/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What leads to a zone's servers, as one resolver of a perspective has it in its cache and another puts it into its own: the NS
 *  RRset with addresses, and the DS RRset that came with it, on the wire as a referral is.
 *
 *  It is to a resolver as a referral from the network: no answer, nothing that is trusted, and its validator judges the DS. */
#ifndef CAA_GLUE_REFERRAL_H
#define CAA_GLUE_REFERRAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/wire/name.h"

struct module_qstate;

/** Write what is in the cache.  @return its octets, in the scratch buffer of the state's thread; NULL if the zone's servers are not known, or it
 *	does not fit into max octets. */
const uint8_t *caa_referral_write(struct module_qstate *qstate, struct caa_name zone, size_t max, size_t *len);

/** Put one into the cache.  @param age_us: so old are its TTLs. @return false if it is none for that zone, or cannot be read. */
bool caa_referral_take(struct module_qstate *qstate, struct caa_name zone, const uint8_t *wire, size_t len,
	uint64_t age_us);

#endif
