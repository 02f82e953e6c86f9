/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/wire/answer.h"

#include "core/wire/packet.h"
#include "core/wire/wire.h"

#include <string.h>

enum {
	FLAG_AA = 0x04, FLAG_TC = 0x02,	/* of octet 2 */
	TYPE_NS = 2, TYPE_SOA = 6,
	OPTION_EDE = 15,
	JUMPS_MAX = 127			/**< a name has no more labels, so no more pointers that lead anywhere */
};

/** Copy the name at an offset, uncompressed. @return its octets; 0 if it is none. */
static size_t copy_name(uint8_t out[static CAA_NAME_MAX], const struct caa_reader *r, size_t at)
{
	size_t used = 0;

	for (unsigned jumps = 0; at < r->len && jumps <= JUMPS_MAX;) {
		uint8_t label = r->msg[at];

		if ((label & CAA_WIRE_LABEL_KIND) == CAA_WIRE_LABEL_POINTER) {
			if (r->len - at < 2)
				return 0;
			at = caa_get16(r->msg + at) & 0x3fff;
			jumps++;
			continue;
		}
		if ((label & CAA_WIRE_LABEL_KIND) != 0 || 1u + label > r->len - at || used + 1u + label > CAA_NAME_MAX)
			return 0;
		memcpy(out + used, r->msg + at, 1u + label);
		used += 1u + label;
		at += 1u + label;
		if (label == 0)
			return used;
	}
	return 0;
}

/** What the authority section says. */
struct authority {
	bool soa;
	bool below, same, above;	/**< NS records of a zone below the one that was asked, of it, or above it */
};

static void read_ns(struct authority *out, const struct caa_reader *r, size_t owner_at, struct caa_name zone)
{
	uint8_t wire[CAA_NAME_MAX];
	struct caa_name owner;
	size_t len = copy_name(wire, r, owner_at);

	if (len == 0 || zone.len == 0 || caa_name_check(&owner, wire, len) != CAA_OK)
		return;
	if (caa_name_equal(owner, zone))
		out->same = true;
	else if (caa_name_within(owner, zone))
		out->below = true;
	else if (caa_name_within(zone, owner))
		out->above = true;
}

static void read_options(struct caa_answer *out, const uint8_t *at, size_t left)
{
	while (left >= CAA_WIRE_OPTION_FIXED) {
		size_t len = caa_get16(at + 2);

		if (len > left - CAA_WIRE_OPTION_FIXED)
			return;
		if (caa_get16(at) == OPTION_EDE && len >= 2 && out->ede == CAA_NO_EDE) {
			out->ede = caa_get16(at + CAA_WIRE_OPTION_FIXED);
			out->ede_text = at + CAA_WIRE_OPTION_FIXED + 2;
			out->ede_text_len = len - 2;
		}
		at += CAA_WIRE_OPTION_FIXED + len;
		left -= CAA_WIRE_OPTION_FIXED + len;
	}
}

/** @param authority: what is found there; NULL for records of the other sections. @param opt: an OPT record was read. */
static bool read_record(struct caa_answer *out, struct caa_reader *r, struct authority *authority, struct caa_name zone, bool *opt)
{
	size_t owner_at = r->at, len;
	const uint8_t *fixed = caa_reader_record(r, &len);

	if (fixed == NULL)
		return false;
	if (authority != NULL && caa_get16(fixed) == TYPE_SOA)
		authority->soa = true;
	if (authority != NULL && caa_get16(fixed) == TYPE_NS)
		read_ns(authority, r, owner_at, zone);
	if (caa_get16(fixed) == CAA_WIRE_TYPE_OPT && !*opt) {
		*opt = true;
		out->rcode |= (uint16_t)(fixed[4] << 4);
		read_options(out, fixed + CAA_WIRE_RR_FIXED, len);
	}
	return true;
}

static bool read_records(struct caa_answer *out, struct caa_reader *r, unsigned count, struct authority *authority,
	struct caa_name zone)
{
	bool opt = false;

	for (unsigned i = 0; i < count; i++)
		if (!read_record(out, r, authority, zone, &opt))
			return false;
	return true;
}

/** Whether an answer is good, by what comes before its additional section.  Where a server answers so with an RCODE whose
 *  upper bits are in the OPT record, there is data all the same. */
static bool is_good(const struct caa_answer *a, const struct authority *found, unsigned answers, bool tc)
{
	return (a->rcode == CAA_RCODE_NOERROR || a->rcode == CAA_RCODE_NXDOMAIN) && !tc &&
		(answers > 0 || found->soa || found->below);
}

static enum caa_worth worth_of(const struct caa_answer *a, const struct authority *found, unsigned answers, bool aa, bool tc)
{
	if (a->rcode != CAA_RCODE_NOERROR && a->rcode != CAA_RCODE_NXDOMAIN)
		return CAA_WORTH_RCODE;
	if (tc)
		return CAA_WORTH_TRUNCATED;
	if (answers > 0 || found->soa || found->below)
		return CAA_WORTH_GOOD;
	if (aa)
		return CAA_WORTH_NO_SOA;
	if (found->above)
		return CAA_WORTH_UPWARD;
	return found->same ? CAA_WORTH_SELF : CAA_WORTH_NOT_AUTHORITATIVE;
}

void caa_answer_read(struct caa_answer *out, const uint8_t *msg, size_t len, struct caa_name zone)
{
	struct caa_reader r = { msg, len, CAA_PACKET_HEADER };
	struct authority found = { .soa = false };
	unsigned answers;
	bool whole = true, tc;

	*out = (struct caa_answer){ .worth = CAA_WORTH_UNREADABLE, .ede = CAA_NO_EDE };
	if (len < CAA_PACKET_HEADER)
		return;
	tc = (msg[2] & FLAG_TC) != 0;
	answers = caa_get16(msg + 6);
	out->rcode = msg[3] & 0x0f;
	for (unsigned i = caa_get16(msg + 4); i > 0 && whole; i--)
		whole = caa_reader_skip_name(&r) && caa_reader_skip(&r, CAA_WIRE_QUESTION_FIXED);
	whole = whole && read_records(out, &r, answers, NULL, zone) && read_records(out, &r, caa_get16(msg + 8), &found, zone);
	if (whole && is_good(out, &found, answers, tc)) {
		out->worth = CAA_WORTH_GOOD;
		return;
	}
	whole = whole && read_records(out, &r, caa_get16(msg + 10), NULL, zone);
	if (whole || out->rcode != CAA_RCODE_NOERROR)
		out->worth = worth_of(out, &found, answers, (msg[2] & FLAG_AA) != 0, tc);
	else if (tc)
		out->worth = CAA_WORTH_TRUNCATED;
}
