/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/why/neighbour.h"

#include <string.h>

void caa_neighbours_note(struct caa_neighbours *t, const struct caa_addr *addr, uint32_t addr_hash, uint32_t zone,
	uint32_t now_s)
{
	unsigned set = addr_hash & (CAA_NEIGHBOUR_SETS - 1), way = 0, oldest = 0;

	for (way = 0; way < CAA_NEIGHBOUR_WAYS; way++) {
		if (caa_addr_equal(&t->server[set][way].addr, addr))
			break;
		if (t->server[set][way].at_s[0] < t->server[set][oldest].at_s[0])
			oldest = way;
	}
	if (way == CAA_NEIGHBOUR_WAYS) {
		way = oldest;
		memset(&t->server[set][way], 0, sizeof(t->server[set][way]));
		t->server[set][way].addr = *addr;
	}
	if (t->server[set][way].zone[0] != zone) {
		t->server[set][way].zone[1] = t->server[set][way].zone[0];
		t->server[set][way].at_s[1] = t->server[set][way].at_s[0];
		t->server[set][way].zone[0] = zone;
	}
	t->server[set][way].at_s[0] = now_s;
}

enum caa_known caa_neighbours_ask(const struct caa_neighbours *t, const struct caa_addr *addr, uint32_t addr_hash, uint32_t zone,
	uint32_t now_s)
{
	unsigned set = addr_hash & (CAA_NEIGHBOUR_SETS - 1);

	for (unsigned way = 0; way < CAA_NEIGHBOUR_WAYS; way++) {
		if (!caa_addr_equal(&t->server[set][way].addr, addr))
			continue;
		for (unsigned i = 0; i < 2; i++)
			if (t->server[set][way].at_s[i] != 0 && t->server[set][way].zone[i] != zone &&
			    now_s - t->server[set][way].at_s[i] < CAA_NEIGHBOUR_LIFE_S)
				return CAA_YES;
		return CAA_NO;
	}
	return CAA_UNKNOWN;
}
