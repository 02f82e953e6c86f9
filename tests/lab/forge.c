/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/forge.h"

#include "core/wire/packet.h"

#include <string.h>

enum { WORD = 4, OPTION_FIXED = 4, OPTION_LOCAL = 65001 };	/* RFC 6891 section 9: an option of no known meaning */

static void forge_cookie(uint8_t *cookie, enum forge how)
{
	uint8_t *option = cookie - OPTION_FIXED;

	if (how == FORGE_WRONG) {
		cookie[0] ^= 0x01;
		return;
	}
	option[0] = OPTION_LOCAL >> 8;
	option[1] = OPTION_LOCAL & 0xff;
}

void forge_answer(uint8_t *msg, size_t len, enum forge how)
{
	struct caa_packet packet;

	for (size_t i = 0; i + WORD <= len; i++)
		if (memcmp(msg + i, "true", WORD) == 0)
			memcpy(msg + i, "fake", WORD);
	(void)caa_packet_read(&packet, msg, len);
	if (packet.cookie != NULL && packet.cookie_len > 0)
		forge_cookie(msg + (packet.cookie - msg), how);
}
