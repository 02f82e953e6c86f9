/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/wire/packet.h"

#include "core/wire/wire.h"

#include <string.h>

enum {
	FLAG_TC = 0x02,			/* of octet 2 */
	OPTION_COOKIE = 10, OPTION_CHANNEL = 18
};

/** An option that a server may send once only: who sends two means neither. */
static void note_channel(struct caa_packet *out, const uint8_t *option, size_t len)
{
	bool alone = out->channels++ == 0;

	out->channel = alone ? option + CAA_WIRE_OPTION_FIXED : NULL;
	out->channel_len = alone ? len : 0;
}

/** Look for the options that are of use; of several COOKIE options the first one counts. */
static bool read_options(struct caa_packet *out, struct caa_reader options)
{
	while (caa_reader_left(&options) > 0) {
		const uint8_t *option = options.msg + options.at;
		size_t len;

		if (caa_reader_left(&options) < CAA_WIRE_OPTION_FIXED)
			return false;
		len = caa_get16(option + 2);
		if (!caa_reader_skip(&options, CAA_WIRE_OPTION_FIXED + len))
			return false;
		if (caa_get16(option) == OPTION_COOKIE && out->cookie == NULL) {
			out->cookie = option + CAA_WIRE_OPTION_FIXED;
			out->cookie_len = len;
		}
		if (caa_get16(option) == OPTION_CHANNEL)
			note_channel(out, option, len);
	}
	return true;
}

static bool read_record(struct caa_packet *out, struct caa_reader *r)
{
	size_t len;
	const uint8_t *fixed = caa_reader_record(r, &len);

	if (fixed == NULL)
		return false;
	if (caa_get16(fixed) != CAA_WIRE_TYPE_OPT || out->edns)
		return true;
	out->edns = true;
	out->rcode |= (uint16_t)(fixed[4] << 4);	/* the first octet of the TTL, RFC 6891 section 6.1.3 */
	return read_options(out, (struct caa_reader){ fixed + CAA_WIRE_RR_FIXED, len, 0 });
}

enum caa_res caa_packet_read(struct caa_packet *out, const uint8_t *msg, size_t len)
{
	struct caa_reader r = { msg, len, CAA_PACKET_HEADER };
	unsigned questions, records;

	memset(out, 0, sizeof(*out));
	if (len < CAA_PACKET_HEADER)
		return CAA_EFORMAT;
	out->truncated = (msg[2] & FLAG_TC) != 0;
	out->rcode = msg[3] & 0x0f;
	questions = caa_get16(msg + 4);
	records = (unsigned)caa_get16(msg + 6) + caa_get16(msg + 8);
	out->records = (uint16_t)(records > UINT16_MAX ? UINT16_MAX : records);
	records += caa_get16(msg + 10);
	for (unsigned i = 0; i < questions; i++)
		if (!caa_reader_skip_name(&r) || !caa_reader_skip(&r, CAA_WIRE_QUESTION_FIXED))
			return CAA_EFORMAT;
	for (unsigned i = 0; i < records; i++)
		if (!read_record(out, &r))
			return CAA_EFORMAT;
	return CAA_OK;
}
