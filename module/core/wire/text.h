/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Text of bounded size, and what makes octets from outside harmless in it.
 *
 *  A text never grows beyond its buffer and is always NUL-terminated.  What does not fit is left out whole, and the text
 *  says that it is full; it can be cut back to an earlier length, so that a part is there entirely or not at all.
 *  Octets from outside pass caa_text_clean() or caa_text_name(): what comes out is valid UTF-8 (RFC 3629) without control
 *  characters or characters that change the direction of writing, so it is safe on a terminal and in an EDE text;
 *  caa_text_json() makes it safe in a JSON string (RFC 8259, section 7).
 *  No state: any thread may call anything here. */
#ifndef CAA_CORE_TEXT_H
#define CAA_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/wire/name.h"

struct caa_text {
	char *buf;	/**< the caller's */
	size_t size;	/**< octets of buf, with NUL */
	size_t len;	/**< without NUL */
	bool full;	/**< something did not fit */
};

/** Start an empty text in the caller's buffer.  @param size: at least 1. */
void caa_text_init(struct caa_text *t, char *buf, size_t size);

/** Cut back to an earlier length; the text is not full then. */
void caa_text_cut(struct caa_text *t, size_t len);

/** Append text of our own, whole or not at all. */
void caa_text_add(struct caa_text *t, const char *text);
void caa_text_addf(struct caa_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Append the contents of a JSON string: quotes and backslashes are escaped.  @param clean: made by caa_text_clean(),
 *	caa_text_name() or by ourselves. */
void caa_text_json(struct caa_text *t, const char *clean);

/** Make octets from outside harmless: characters that may do harm, and octets that are not UTF-8, become \DDD; what
 *  is too long is cut between characters and ends with "...".
 *  @param out, size: NUL-terminated; size at least 8. @return out. */
const char *caa_text_clean(char *out, size_t size, const uint8_t *octets, size_t len);

/** A name for people, without its final dot unless it is the root; where it is too long its first labels are replaced by
 *  "...", because its last ones tell whose it is.
 *  @param out, size: NUL-terminated; size at least 16. @return out. */
const char *caa_text_name(char *out, size_t size, struct caa_name name);

enum { CAA_ID_OCTETS = 5, CAA_ID_MAX = CAA_ID_OCTETS * 8 / 5 + 1 };	/**< random octets of an id; octets of its text with NUL */

/** Write the id of a lookup: the base32 of RFC 4648, section 6, in lower case, which has no two letters or digits that look alike.
 *  @param random: the caller's, so that an id tells neither time nor order. @return out. */
const char *caa_text_id(char out[static CAA_ID_MAX], const uint8_t random[static CAA_ID_OCTETS]);

enum { CAA_TEXT_TIME_MAX = 32 };

/** Write seconds since 1970 as RFC 3339 in UTC, e.g. `2026-11-24T20:31:44Z`.  @return out. */
const char *caa_text_time(char out[static CAA_TEXT_TIME_MAX], int64_t unix_s);

#endif
