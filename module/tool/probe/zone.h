/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Asks every address of a zone's nameservers what a CA's resolver asks, and keeps what came back.
 *  What it means is tool/probe/judge.h's to say.  One thread. */
#ifndef CAA_PROBE_ZONE_H
#define CAA_PROBE_ZONE_H

#include "tool/probe/walk.h"

enum { CAA_CLIMB_MAX = 24 };	/* names of one climb within a zone */

/** The questions that each address gets once; for CAA at each name there are others (struct caa_tested). */
enum caa_test {
	CAA_TEST_UDP, CAA_TEST_TCP, CAA_TEST_EDNS,	/* round one: the ways to it */
	CAA_TEST_OPTION, CAA_TEST_VERSION, CAA_TEST_COOKIE, CAA_TEST_CASE, CAA_TEST_TYPE, CAA_TEST_NS, CAA_TEST_DNSKEY,
	CAA_TEST_RETURN,				/* round three: the cookie that it gave */
	CAA_TEST_COUNT
};

/** One address, and all that it was asked. */
struct caa_tested {
	const struct caa_server *server;
	bool lives;				/**< it answered something in round one */
	bool tcp, edns;				/**< the way that round two took: over TCP, with EDNS */
	uint32_t passes;			/**< bit i: it passes check i (tool/probe/finding.h); set by the judge */
	bool no_route;				/**< this machine cannot reach it: nothing is known */
	struct caa_exchange test[CAA_TEST_COUNT];
	struct caa_exchange caa[CAA_CLIMB_MAX];	/**< CAA at the zone's name[i] */
	struct caa_exchange again[CAA_CLIMB_MAX];	/**< the same over TCP, where UDP gave nothing */
};

struct caa_zone {
	const struct caa_cut *cut;		/**< borrowed from the walk */
	ldns_rdf *name[CAA_CLIMB_MAX];		/**< where CAA is asked: the name, and its parents down to the apex; owned */
	size_t names;
	bool whole;				/**< every zone on the way to the name answered */
	bool ds_unknown;			/**< the parent's servers gave no answer for DS */
	ldns_rr_list *ds;			/**< of the parent; empty if there is none; owned */
	struct caa_tested tested[CAA_SERVERS_MAX];	/**< of cut->server[i] */
	/** A and AAAA of nameserver i of the delegation, if its name is in the zone, from one of the servers */
	struct caa_exchange address[CAA_NS_MAX][2];
};

/** Find the zone of a name.
 *  @param climb: CAA at the parents of name within the zone, too.
 *  @return NULL if there is no memory. */
struct caa_zone *caa_zone_find(struct caa_walk *w, const ldns_rdf *name, bool climb);
/** @param z: may be NULL. */
void caa_zone_destroy(struct caa_zone *z);

/** Ask all of it; at most once. */
void caa_zone_test(struct caa_zone *z, const struct caa_exchange_options *o);

/** @return the CAA RRset of an answer, its aliases followed, new; empty if there is none. */
ldns_rr_list *caa_zone_records(const struct caa_exchange *x);

/** @return how many names of the climb an address's answers make a CA ask: those up to the first that has CAA, or all. */
size_t caa_zone_climbed(const struct caa_zone *z, const struct caa_tested *t);

#endif
