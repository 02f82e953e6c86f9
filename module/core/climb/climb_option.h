/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The EDNS option by which a client has a whole climb made in one question, and is told what it came to.
 *
 *  In a question the option's data is one octet, the version: 1, or 2 for a report with ages.  In an answer it is a report:
 *
 *	octet 0: version, that of the question
 *	octet 1: verdict: 1 none, 2 found, 3 failed
 *	octet 2: number of labels, 0 .. 127
 *	octet 3: index of the label that decided, counted from the name; 255 if the verdict is none
 *	then for each label, from the name up to the TLD:
 *	    one octet: outcome: 0 not needed, 1 none, 2 found, 3 failed; plus 128 if the answer was secure; plus 64 if its
 *	    RCODE was NXDOMAIN, which else is SERVFAIL if it failed, and NOERROR if it was none or found
 *	    only if it failed: two octets INFO-CODE (RFC 8914 s5.2; 65535 none), one octet length, and a text of that length
 *	then, only in version 2, for each label two octets: seconds since its held answer was fetched; 65535 if it was none
 *
 *  A report that contradicts itself is no report: the verdict has to be what the outcomes say (RFC 8659 s3, core/climb/climb.h).
 *  No state: any thread may call anything here. */
#ifndef CAA_CORE_CLIMB_OPTION_H
#define CAA_CORE_CLIMB_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/climb/climb.h"
#include "core/config/ranges.h"
#include "core/wire/res.h"

enum {
	CAA_CLIMB_OPTION_VERSION = 1,	/**< the least that is known */
	CAA_CLIMB_OPTION_AGES = 2,	/**< the most: the one with ages */
	CAA_CLIMB_NO_AGE = 65535,	/**< the answer was not held */
	CAA_CLIMB_NO_CODE = 65535,	/**< a reason without INFO-CODE */
	CAA_CLIMB_NO_LABEL = 255,
	CAA_CLIMB_TEXT_MAX = 200,	/**< octets of one reason that are written */
	/** octets of a report: every label failed, and room for a text or two; that of the label that decides is the first */
	CAA_CLIMB_REPORT_MAX = 4 + 4 * CAA_NAME_LABELS_MAX + 256 + 2 * CAA_NAME_LABELS_MAX
};

/** What one label came to. */
struct caa_climb_outcome {
	enum caa_step step;	/**< CAA_STEP_WAITING: not needed */
	bool secure;
	bool nxdomain;		/**< RCODE NXDOMAIN; only for none and failed */
	bool held;		/**< its answer was held; not in version 1 */
	uint16_t age_s;		/**< since that was fetched, less than CAA_CLIMB_NO_AGE; only if held */
	uint16_t code;		/**< of the reason, for CAA_STEP_FAILED */
	uint8_t text_len;
	const uint8_t *text;	/**< borrowed; UTF-8, not checked */
};

struct caa_climb_report {
	uint8_t version;
	enum caa_verdict verdict;	/**< never CAA_VERDICT_OPEN */
	size_t at;			/**< the label that decided, for found and failed */
	size_t labels;			/**< 0 .. CAA_NAME_LABELS_MAX */
	struct caa_climb_outcome label[CAA_NAME_LABELS_MAX];
};

/** @return the version in which the option's data in a question asks for a climb; 0 if it is none that is known. */
uint8_t caa_climb_option_asks(const uint8_t *data, size_t len);

/** The verdict, and the label that decided, from the outcomes.
 *  @return false if it is still open. */
bool caa_climb_report_decide(struct caa_climb_report *r);

/** @return whether every label up to the one that decided is secure, of a report that is decided. */
bool caa_climb_report_secure(const struct caa_climb_report *r);

/** Write a report that is decided; texts are cut where there is no room, between characters and not within parentheses.
 *  @return octets written. */
size_t caa_climb_report_write(uint8_t out[static CAA_CLIMB_REPORT_MAX], const struct caa_climb_report *r);

/** Read a report.
 *  @param out: its texts are borrowed from data; untouched on error.
 *  @return CAA_EFORMAT if it is none. */
enum caa_res caa_climb_report_read(struct caa_climb_report *out, const uint8_t *data, size_t len);

#endif
