/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/egress.h"

#include "core/wire/seq.h"

#include <assert.h>

enum {
	LOST_ASIDE = 2,		/**< losses in a row after which an address stands aside */
	ASIDE_PART = 8,		/**< one in so many is sent from one that stands aside, half as many with each further loss, ... */
	ASIDE_SHIFT_MAX = 7,	/**< ... so often at most */
	UNKNOWN_PART = 4	/**< one in so many is sent from one whose cookie is not known, where others' are */
};

static unsigned count_bits(unsigned bits)
{
	unsigned n = 0;

	for (; bits != 0; bits &= bits - 1)
		n++;
	return n;
}

/** @return the number of the lowest bit that is set, when so many lower ones are left out. */
static uint8_t nth_bit(unsigned bits, unsigned skip)
{
	uint8_t at = 0;

	for (; skip > 0; skip--)
		bits &= bits - 1;
	while ((bits >> at & 1) == 0)
		at++;
	return at;
}

/** @param wanted: bit n: address n is wanted; not 0. */
static uint8_t deal(struct caa_upstream *u, uint16_t wanted, uint32_t random)
{
	unsigned open = wanted & ~(unsigned)u->dealt;
	uint8_t chosen;

	if (open == 0) {	/* the next round */
		u->dealt &= (uint16_t)~wanted;
		open = wanted;
	}
	chosen = nth_bit(open, random % count_bits(open));
	u->dealt |= (uint16_t)(1u << chosen);
	return chosen;
}

/** @return bit n: address n stands aside. */
static uint16_t asides(struct caa_upstream *u, unsigned count)
{
	uint16_t bits = 0;

	for (uint8_t source = 0; source < count && source < u->sources; source++)
		if (caa_upstream_source(u, source)->lost >= LOST_ASIDE)
			bits |= (uint16_t)(1u << source);
	return bits;
}

/** Whether one that stands aside is tried now. */
static bool is_tried(struct caa_upstream *u, uint8_t source, uint32_t random)
{
	unsigned shift = caa_upstream_source(u, source)->lost - LOST_ASIDE;

	return random % ((uint32_t)ASIDE_PART << (shift < ASIDE_SHIFT_MAX ? shift : ASIDE_SHIFT_MAX)) == 0;
}

/** By their cookies. @param open: those that do not stand aside. @return those to deal from. */
static uint16_t preferred(const struct caa_upstream *u, const struct caa_egress *e, uint16_t open)
{
	uint16_t known = u->cookie.known & open, unknown = open & (uint16_t)~known;

	if (known == 0 || ((caa_learn_limited(&u->learn) || caa_learn_is_first(&u->learn)) && !e->proved))
		return open;
	return unknown != 0 && !e->proved && e->random % UNKNOWN_PART == 0 ? unknown : known;
}

uint8_t caa_egress_choose(struct caa_upstream *u, const struct caa_egress *e, bool *aside)
{
	uint16_t all = (uint16_t)(e->count < CAA_SOURCES_MAX ? (1u << e->count) - 1 : UINT16_MAX);
	uint16_t stand = asides(u, e->count), wanted;
	/* The low bits have said what to deal from. */
	uint32_t random = e->random / (ASIDE_PART << ASIDE_SHIFT_MAX);

	assert(e->count >= 2 && e->count <= CAA_EGRESS_MAX);
	*aside = false;
	if (stand != 0 && stand != all && !e->proved) {
		uint8_t source = nth_bit(stand, random % count_bits(stand));

		*aside = is_tried(u, source, e->random);
		if (*aside)
			return source;
	}
	wanted = stand != all ? preferred(u, e, all & (uint16_t)~stand) : all;
	/* Of those that are beyond no cookie is kept, and nobody counts their turns. */
	if (e->count > CAA_SOURCES_MAX && (wanted & u->cookie.known) != wanted)
		return (uint8_t)(random % e->count);
	return deal(u, wanted, random);
}

void caa_egress_answered(struct caa_upstream *u, uint8_t source, uint32_t seq)
{
	struct caa_source *s = caa_upstream_source(u, source);

	if (s == NULL)
		return;
	s->lost = 0;
	if (caa_seq_before(s->answered_seq, seq + 1))
		s->answered_seq = seq + 1;
}

void caa_egress_lost(struct caa_upstream *u, uint8_t source, uint32_t seq)
{
	struct caa_source *s = caa_upstream_source(u, source);
	/* What left before a limit was found is explained by it. */
	bool explained = !caa_seq_before(u->learn.recover_seq, seq + 1);

	if (s != NULL && !explained && caa_seq_before(s->answered_seq, seq + 1) && s->lost < UINT8_MAX)
		s->lost++;
}

void caa_egress_limited(struct caa_upstream *u)
{
	for (uint8_t source = 0; source < u->sources; source++)
		caa_upstream_source(u, source)->lost = 0;
}
