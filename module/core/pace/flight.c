/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/flight.h"

#include <string.h>

enum { NO_WAY = -1 };

void caa_flight_init(struct caa_flight *f)
{
	memset(f, 0, sizeof(*f));
}

/* The low bits choose the table's slice (glue/shard.c), so the set comes from the high ones. */
static unsigned set_of(uint64_t question)
{
	return (unsigned)(question >> 32) & (CAA_FLIGHT_SETS - 1);
}

/** @return the way that holds the question's note, believed or not; NO_WAY if none does. */
static int way_of(const struct caa_flight *f, uint64_t question)
{
	for (int way = 0; way < CAA_FLIGHT_WAYS; way++)
		if (f->note[set_of(question)][way].until_us != 0 && f->note[set_of(question)][way].question == question)
			return way;
	return NO_WAY;
}

/** @return the way that is free, or holds the oldest note. */
static int way_to_use(const struct caa_flight *f, uint64_t question)
{
	int oldest = 0;

	for (int way = 1; way < CAA_FLIGHT_WAYS; way++)
		if (f->note[set_of(question)][way].until_us < f->note[set_of(question)][oldest].until_us)
			oldest = way;
	return oldest;
}

void caa_flight_begin(struct caa_flight *f, uint64_t question, const struct caa_addr *addr, uint64_t now_us)
{
	int way = way_of(f, question);

	if (way == NO_WAY)
		way = way_to_use(f, question);
	f->note[set_of(question)][way].question = question;
	f->note[set_of(question)][way].until_us = now_us + CAA_FLIGHT_LIFE_US;
	f->note[set_of(question)][way].addr = *addr;
}

void caa_flight_end(struct caa_flight *f, uint64_t question, const struct caa_addr *addr)
{
	int way = way_of(f, question);

	if (way != NO_WAY && caa_addr_equal(&f->note[set_of(question)][way].addr, addr))
		f->note[set_of(question)][way].until_us = 0;
}

bool caa_flight_find(const struct caa_flight *f, uint64_t question, uint64_t now_us, struct caa_addr *out)
{
	int way = way_of(f, question);

	if (way == NO_WAY || f->note[set_of(question)][way].until_us <= now_us)
		return false;
	*out = f->note[set_of(question)][way].addr;
	return true;
}
