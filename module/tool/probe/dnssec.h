/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Whether a server's answers validate (RFC 4035 s5), from the DS of the parent on, through ldns.
 *  The zones above are not looked at.  Reads the clock for the times of signatures; one thread. */
#ifndef CAA_PROBE_DNSSEC_H
#define CAA_PROBE_DNSSEC_H

#include <ldns/ldns.h>
#include <stdbool.h>

enum { CAA_REASON_MAX = 1280 };

struct caa_reason {
	char what[CAA_REASON_MAX];
	const char *change;	/**< static; NULL = what the check's row says */
};

/** @return whether a resolver would validate by one of these DS records: it knows algorithm and digest. */
bool caa_dnssec_expected(const ldns_rr_list *ds);

/** @param reply: for DNSKEY at apex.
 *  @return the zone's keys, borrowed from reply, if a key of a DS signs them; NULL, and *why set, if not. */
ldns_rr_list *caa_dnssec_keys(const ldns_pkt *reply, const ldns_rr_list *ds, const ldns_rdf *apex, struct caa_reason *why);

/** Every RRset of the answer that is the zone's has to be signed by a key, and what is not there to be denied.
 *  @return false, and *why set, if that is not so. */
bool caa_dnssec_answer(const ldns_pkt *reply, const ldns_rdf *name, ldns_rr_type type, const ldns_rr_list *keys,
	const ldns_rdf *apex, struct caa_reason *why);

#endif
