/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/packet.h"

#include <string.h>

enum {
	FLAG_TC = 0x02,			/* of octet 2 */
	RR_FIXED = 10,			/**< octets of type, class, TTL and length */
	QUESTION_FIXED = 4,		/**< octets of type and class */
	TYPE_OPT = 41,
	OPTION_FIXED = 4,		/**< octets of code and length */
	OPTION_COOKIE = 10,
	LABEL_KIND = 0xc0, LABEL_POINTER = 0xc0
};

/** What is left of a message. */
struct reader {
	const uint8_t *at;
	size_t left;
};

static uint16_t get16(const uint8_t *src)
{
	return (uint16_t)(src[0] << 8 | src[1]);
}

static bool skip(struct reader *r, size_t octets)
{
	if (octets > r->left)
		return false;
	r->at += octets;
	r->left -= octets;
	return true;
}

/** A name ends with the root's label or with a pointer. */
static bool skip_name(struct reader *r)
{
	while (r->left > 0) {
		uint8_t label = r->at[0];

		if ((label & LABEL_KIND) == LABEL_POINTER)
			return skip(r, 2);
		if ((label & LABEL_KIND) != 0 || !skip(r, 1u + label))
			return false;
		if (label == 0)
			return true;
	}
	return false;
}

/** Look for the COOKIE option; the first one counts. */
static bool read_options(struct caa_packet *out, struct reader options)
{
	while (options.left > 0) {
		const uint8_t *option = options.at;
		size_t len;

		if (options.left < OPTION_FIXED)
			return false;
		len = get16(option + 2);
		if (!skip(&options, OPTION_FIXED + len))
			return false;
		if (get16(option) == OPTION_COOKIE && out->cookie == NULL) {
			out->cookie = option + OPTION_FIXED;
			out->cookie_len = len;
		}
	}
	return true;
}

static bool read_record(struct caa_packet *out, struct reader *r)
{
	const uint8_t *fixed;
	size_t len;

	if (!skip_name(r) || r->left < RR_FIXED)
		return false;
	fixed = r->at;
	len = get16(fixed + 8);
	if (!skip(r, RR_FIXED + len))
		return false;
	if (get16(fixed) != TYPE_OPT || out->edns)
		return true;
	out->edns = true;
	out->rcode |= (uint16_t)(fixed[4] << 4);	/* the first octet of the TTL, RFC 6891 section 6.1.3 */
	return read_options(out, (struct reader){ fixed + RR_FIXED, len });
}

enum caa_res caa_packet_read(struct caa_packet *out, const uint8_t *msg, size_t len)
{
	struct reader r = { msg, len };
	unsigned questions, records;

	memset(out, 0, sizeof(*out));
	if (len < CAA_PACKET_HEADER)
		return CAA_EFORMAT;
	out->truncated = (msg[2] & FLAG_TC) != 0;
	out->rcode = msg[3] & 0x0f;
	questions = get16(msg + 4);
	records = (unsigned)get16(msg + 6) + get16(msg + 8);
	out->records = (uint16_t)(records > UINT16_MAX ? UINT16_MAX : records);
	records += get16(msg + 10);
	skip(&r, CAA_PACKET_HEADER);
	for (unsigned i = 0; i < questions; i++)
		if (!skip_name(&r) || !skip(&r, QUESTION_FIXED))
			return CAA_EFORMAT;
	for (unsigned i = 0; i < records; i++)
		if (!read_record(out, &r))
			return CAA_EFORMAT;
	return CAA_OK;
}
