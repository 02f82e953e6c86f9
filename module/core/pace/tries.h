/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Whether a question that failed is tried again, and when.
 *
 *  Again: what was lost, refused by a limit or by a server that may have a passing fault, and once or twice what was not even
 *  asked.  Never: what has a definite answer, however bad, and what nobody answers: there Unbound's own tries were enough.
 *  No clock, no lock: a question belongs to one thread. */
#ifndef CAA_CORE_TRIES_H
#define CAA_CORE_TRIES_H

#include <stdbool.h>
#include <stdint.h>

struct caa_tries {
	unsigned made;		/**< after the first */
	/* in this try: */
	unsigned passing;	/**< losses, turns beyond the budget, denials that are not definite yet */
	unsigned definite;	/**< anything else */
};

/** The try failed.
 *  @param delay_us: how long to wait before the next one; set if true, and the counts of the try are 0 then.
 *  @return false if there is to be none. */
bool caa_tries_next(struct caa_tries *t, uint64_t now_us, uint64_t deadline_us, uint64_t *delay_us);

#endif
