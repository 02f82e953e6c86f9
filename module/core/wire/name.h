/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Domain names in wire form (RFC 1035 s3.1), borrowed as checked spans.
 *
 *  A struct caa_name is verified once, by caa_name_check(), where bytes enter; everything after that
 *  trusts it.  It never owns its octets, is uncompressed and ends with the root label.
 *  Letters compare without case (RFC 4343); no function changes a name in place.
 *  No state: any thread may call anything here. */
#ifndef CAA_CORE_NAME_H
#define CAA_CORE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/wire/res.h"

enum {
	CAA_NAME_MAX = 255,	/**< octets of a name on the wire, RFC 1035 s2.3.4 */
	CAA_LABEL_MAX = 63,	/**< octets of a label without its length, RFC 1035 s2.3.4 */
	CAA_NAME_LABELS_MAX = 127,	/**< labels without the root: (CAA_NAME_MAX - 1) / 2 */
	/** octets of the longest name as text with NUL: each octet of a label as \\DDD, and the dots */
	CAA_NAME_TEXT_MAX = 4 * CAA_NAME_MAX + 1
};

/** A name's octets, borrowed for as long as its maker says. */
struct caa_name {
	const uint8_t *wire;	/**< first length octet */
	size_t len;		/**< 1 .. CAA_NAME_MAX octets, root label included */
};

/** Read a name from the start of untrusted octets.
 *  @param out: borrows from wire; its len is what the name takes, which may be less than max.
 *  @param wire, max: octets that may be read.
 *  @return CAA_EFORMAT if they do not start with a whole uncompressed name. */
enum caa_res caa_name_check(struct caa_name *out, const uint8_t *wire, size_t max);

/** @return whether the name is the root. */
bool caa_name_is_root(struct caa_name name);

/** Strip the leftmost label (RFC 8659 s3 climbs by this).
 *  @param out: borrows from name; untouched if false.
 *  @return false if name is the root, which has no parent.  The parent of a single label is the root. */
bool caa_name_parent(struct caa_name *out, struct caa_name name);

/** @return the number of labels, 0 (the root) .. CAA_NAME_LABELS_MAX. */
size_t caa_name_labels(struct caa_name name);

/** @return whether both are the same name, letters without case. */
bool caa_name_equal(struct caa_name a, struct caa_name b);

/** @return whether name is apex or below it. */
bool caa_name_within(struct caa_name name, struct caa_name apex);

/** Order names as RFC 4034 s6.1 does (by label from the right, lower case, shorter first).
 *  @return below, at or above 0, as a sorts before, with or after b. */
int caa_name_compare(struct caa_name a, struct caa_name b);

/** Copy a name with its letters in lower case.
 *  @param out: room for name.len octets. */
void caa_name_lower(uint8_t *out, struct caa_name name);

/** Write a name as text (RFC 4343 s2.1): absolute, with its final dot; every octet that is not a letter,
 *  digit, '-' or '_' escaped, so the text is safe on a terminal, in a log line and in JSON after its
 *  backslashes are doubled.
 *  @param out: NUL-terminated; CAA_NAME_TEXT_MAX octets always suffice.
 *  @return out. */
const char *caa_name_text(char out[static CAA_NAME_TEXT_MAX], struct caa_name name);

#endif
