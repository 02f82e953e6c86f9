/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Walking the octets of a DNS message (RFC 1035, section 4.1): every step is checked against what is left.
 *  No state beyond the struct: the caller serialises calls on one reader. */
#ifndef CAA_CORE_WIRE_H
#define CAA_CORE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CAA_WIRE_RR_FIXED = 10,		/**< octets of type, class, TTL and length */
	CAA_WIRE_QUESTION_FIXED = 4,	/**< octets of type and class */
	CAA_WIRE_OPTION_FIXED = 4,	/**< octets of code and length, RFC 6891 section 6.1.2 */
	CAA_WIRE_TYPE_OPT = 41,
	CAA_WIRE_LABEL_KIND = 0xc0, CAA_WIRE_LABEL_POINTER = 0xc0
};

/** Octets that are borrowed, and how far they were read. */
struct caa_reader {
	const uint8_t *msg;
	size_t len, at;
};

/** @param src: 2 octets. */
static inline uint16_t caa_get16(const uint8_t *src)
{
	return (uint16_t)(src[0] << 8 | src[1]);
}

/** @return octets that were not read yet. */
static inline size_t caa_reader_left(const struct caa_reader *r)
{
	return r->len - r->at;
}

/** @return false, and nothing is skipped, if there are not so many. */
static inline bool caa_reader_skip(struct caa_reader *r, size_t octets)
{
	if (octets > caa_reader_left(r))
		return false;
	r->at += octets;
	return true;
}

/** Skip a name: it ends with the root's label or with a pointer. @return false if it ends nowhere. */
static inline bool caa_reader_skip_name(struct caa_reader *r)
{
	while (r->at < r->len) {
		uint8_t label = r->msg[r->at];

		if ((label & CAA_WIRE_LABEL_KIND) == CAA_WIRE_LABEL_POINTER)
			return caa_reader_skip(r, 2);
		if ((label & CAA_WIRE_LABEL_KIND) != 0 || !caa_reader_skip(r, 1u + label))
			return false;
		if (label == 0)
			return true;
	}
	return false;
}

/** Read a record. @param len: octets of its data. @return its type, and what follows until its data ends; NULL if it ends
 *	nowhere. */
static inline const uint8_t *caa_reader_record(struct caa_reader *r, size_t *len)
{
	const uint8_t *fixed;

	if (!caa_reader_skip_name(r) || caa_reader_left(r) < CAA_WIRE_RR_FIXED)
		return NULL;
	fixed = r->msg + r->at;
	*len = caa_get16(fixed + 8);
	return caa_reader_skip(r, CAA_WIRE_RR_FIXED + *len) ? fixed : NULL;
}

#endif
