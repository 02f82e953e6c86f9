/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What kind of answer a nameserver gave, by the rules for one that has the zone.  Pure: no clock, no I/O. */
#ifndef CAA_PROBE_KIND_H
#define CAA_PROBE_KIND_H

#include "tool/probe/exchange.h"

enum caa_kind_is {
	CAA_KIND_GOOD,
	CAA_KIND_NOT_ASKED,
	CAA_KIND_SILENT,
	CAA_KIND_REFUSED,		/**< nobody listens */
	CAA_KIND_CLOSED,
	CAA_KIND_MALFORMED,
	CAA_KIND_OTHER_ID,
	CAA_KIND_OTHER_QUESTION,
	CAA_KIND_NO_ROUTE,
	CAA_KIND_TRUNCATED,		/**< and TCP gave nothing */
	CAA_KIND_RCODE,
	CAA_KIND_REFERRAL,
	CAA_KIND_NOT_AUTHORITATIVE,
	CAA_KIND_NO_SOA,		/**< an empty answer without it, RFC 2308 s3 */
	CAA_KIND_OTHER_RECORDS		/**< records, but none for the question */
};

struct caa_kind {
	enum caa_kind_is is;
	unsigned rcode;			/**< for CAA_KIND_RCODE, with EDNS's high bits */
};

enum { CAA_KIND_TEXT_MAX = 96 };

/** @param apex: of the zone that the server should have. */
struct caa_kind caa_kind_of(const struct caa_exchange *x, const ldns_rdf *apex);

bool caa_kind_equal(struct caa_kind a, struct caa_kind b);

/** @return out: words that follow "asked for ..., it gives". */
const char *caa_kind_text(char out[static CAA_KIND_TEXT_MAX], struct caa_kind kind);

/** Follow the CNAMEs of an answer. @return the last name, borrowed from reply or name. */
const ldns_rdf *caa_alias_end(const ldns_pkt *reply, const ldns_rdf *name);

unsigned caa_reply_rcode(const ldns_pkt *reply);

#endif
