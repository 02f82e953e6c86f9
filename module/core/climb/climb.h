/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Which names a climb asks, and what their answers mean together (RFC 8659 s3).
 *
 *  The climb of a name asks CAA at the name and at each parent up to the TLD, never at the root.  The Relevant RRset
 *  is the first CAA RRset on the way up.  A label that failed and lies below it could have held another one, so it fails
 *  the name; a label above it does not matter.
 *  A TLD that does not exist fails the name as well: where the root has no such name there is nobody to issue for, and
 *  authorities refuse to.
 *  No state beyond the struct: the caller serialises calls on one climb. */
#ifndef CAA_CORE_CLIMB_H
#define CAA_CORE_CLIMB_H

#include <stdbool.h>
#include <stddef.h>
#include "core/wire/name.h"

/** What asking one label came to. */
enum caa_step {
	CAA_STEP_WAITING,	/**< no answer yet, or not asked */
	CAA_STEP_NONE,		/**< no CAA record there: NODATA or NXDOMAIN */
	CAA_STEP_FOUND,		/**< a CAA RRset */
	CAA_STEP_FAILED		/**< no definite answer */
};

/** What a definite answer for a label has. */
struct caa_climb_seen {
	bool found;	/**< a CAA RRset */
	bool nxdomain;	/**< RCODE NXDOMAIN; else it was NOERROR */
	bool alias;	/**< a CNAME or DNAME in the answer section */
	bool soa;	/**< a SOA in the authority section: proof that there are no records where the aliases lead, RFC 2308 s2 */
};

enum caa_verdict {
	CAA_VERDICT_OPEN,	/**< a label below the first found one has no answer yet */
	CAA_VERDICT_NONE,	/**< there is no Relevant RRset: any authority may issue */
	CAA_VERDICT_FOUND,	/**< the Relevant RRset is known */
	CAA_VERDICT_FAILED	/**< it cannot be known: nobody may issue */
};

struct caa_climb {
	struct caa_name label[CAA_NAME_LABELS_MAX];	/**< from the name to the TLD; borrowed from the name */
	enum caa_step step[CAA_NAME_LABELS_MAX];	/**< set by the caller */
	size_t labels;					/**< 0 (the root) .. CAA_NAME_LABELS_MAX */
};

/** Plan the climb of a name.
 *  @param name: borrowed as long as the climb is in use.  A wildcard `*.` is climbed from its parent, see
 *	caa_climb_wildcard(). */
void caa_climb_init(struct caa_climb *c, struct caa_name name);

/** Tell a wildcard name (RFC 4592 s2.1.1), whose CAA is that of the name below its asterisk (RFC 8659 s3).
 *  @param base: the name without the label `*`; untouched if false. */
bool caa_climb_wildcard(struct caa_name *base, struct caa_name name);

/** What an answer comes to.  An alias whose target has neither records nor a proof that there are none tells nothing.
 *  @param label: which one, counted from the name. @param why: set to a reason of at most 63 octets for CAA_STEP_FAILED.
 *  @return never CAA_STEP_WAITING. */
enum caa_step caa_climb_judge(const struct caa_climb *c, size_t label, const struct caa_climb_seen *seen, const char **why);

/** @param at: the index of the label that decided, set for FOUND and FAILED; of the first label that waits, for OPEN. */
enum caa_verdict caa_climb_verdict(const struct caa_climb *c, size_t *at);

#endif
