/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The limit that a certificate of many names meets: so many queries for CAA at once, over the addresses of a zone as a
 *  resolver spreads them; and right behind them, for a limit may be over in a moment, a few more, which show where answers
 *  are missing whether cookies and TCP are exempt.  Never more than CAA_BURST_MAX queries in all.  One thread. */
#ifndef CAA_PROBE_BURST_H
#define CAA_PROBE_BURST_H

#include "tool/probe/finding.h"
#include "tool/probe/zone.h"

enum { CAA_BURST_MAX = 200 };

enum caa_exempt { CAA_EXEMPT_UNKNOWN, CAA_EXEMPT_NO, CAA_EXEMPT_YES };

struct caa_burst {
	unsigned sent, answered;	/**< sent 0: the address had no part in it */
	unsigned refused, truncated;	/**< of what was not answered; the rest is silence */
	enum caa_exempt cookie, tcp;	/**< known where answers are missing only */
	bool has_cookie;		/**< the server gives cookies */
};

/** @return how many of a certificate's names are asked: there has to be room for those that come behind. */
unsigned caa_burst_first(const struct caa_zone *z, unsigned names);

/** @param out: of each of the zone's servers. */
void caa_burst_run(struct caa_burst *out, struct caa_findings *f, const struct caa_zone *z, unsigned names,
	const struct caa_exchange_options *o);

const char *caa_exempt_text(enum caa_exempt e);

#endif
