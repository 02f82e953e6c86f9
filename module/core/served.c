/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/served.h"

#include <string.h>

void caa_served_init(struct caa_served *s)
{
	memset(s, 0, sizeof(*s));
}

static unsigned place_of(uint64_t pair)
{
	return (unsigned)pair & (CAA_SERVED_PLACES - 1);
}

/** Of bits that do not choose the place; 0 is kept for none. */
static uint32_t tag_of(uint64_t pair)
{
	uint32_t tag = (uint32_t)(pair >> 32);

	return tag != 0 ? tag : 1;
}

void caa_served_note(struct caa_served *s, uint64_t pair)
{
	s->tag[place_of(pair)] = tag_of(pair);
}

bool caa_served_has(const struct caa_served *s, uint64_t pair)
{
	return s->tag[place_of(pair)] == tag_of(pair);
}
