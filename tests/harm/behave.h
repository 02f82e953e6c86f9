/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What a server of a scenario does with one query: limits, rules, EDNS, cookies, loss, upon the truth of zone.h. */
#ifndef HARM_BEHAVE_H
#define HARM_BEHAVE_H

#include <netinet/in.h>
#include "side.h"
#include "zone.h"

struct outcome {
	uint8_t octets[PACKET_MAX];
	size_t len;		/**< 0 = silence */
	unsigned delay_ms;
};

void behave(const struct world *world, struct side *side, unsigned address, enum transport transport,
	const struct sockaddr_in *from, const uint8_t *octets, size_t len, uint64_t now_us, struct outcome *out);

#endif
