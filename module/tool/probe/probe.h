/* SPDX-License-Identifier: BSD-3-Clause */
/** \file One name's probe: its zone, those of its aliases, and what a CA asks above.  One thread. */
#ifndef CAA_PROBE_PROBE_H
#define CAA_PROBE_PROBE_H

#include "tool/probe/burst.h"
#include "tool/probe/finding.h"
#include "tool/probe/from.h"
#include "tool/probe/zone.h"

enum { CAA_PROBE_ZONES_MAX = 8 };	/* the name's, and those that aliases lead to */

struct caa_probe {
	struct caa_walk *walk;
	struct caa_findings findings;
	struct caa_zone *zone[CAA_PROBE_ZONES_MAX];	/**< the first is the name's */
	size_t zones;
	struct caa_burst burst[CAA_SERVERS_MAX];	/**< of the first zone's servers, with --burst */
	struct caa_from from;				/**< with --from */
	char relevant[CAA_NAME_TEXT];			/**< where the Relevant RRset stands, "" if there is none */
	char *records;					/**< that RRset in one line; owned; NULL if there is none */
};

/** Ask and judge. @param root: NULL = the root servers.
 *  @return false if there is no memory. */
bool caa_probe_run(struct caa_probe *p, const ldns_rdf *name, const struct caa_addr *root, const struct caa_exchange_options *o);
void caa_probe_clear(struct caa_probe *p);

/** @return how many addresses of a zone give a CA what it asks for. */
size_t caa_probe_answering(const struct caa_probe *p, const struct caa_zone *z);

/** @return whether a CA gets its answer. */
bool caa_probe_passes(const struct caa_probe *p);

#endif
