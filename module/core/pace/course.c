/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/course.h"

enum { LINE = CAA_COURSE_LINE, LINE_SOON = CAA_COURSE_LINE_SOON, TCP = CAA_COURSE_TCP, TCP_SOON = CAA_COURSE_TCP_SOON };

static const unsigned char courses[CAA_OFFERS][CAA_NEEDS] = {
	/* needs:                 UDP   any        TCP */
	[CAA_OFFER_BY_HAND]  = { LINE, LINE,      LINE },
	[CAA_OFFER_UDP]      = { LINE, LINE,      LINE },	/* never offered to who needs TCP */
	[CAA_OFFER_TCP]      = { LINE, TCP,       TCP },
	[CAA_OFFER_TCP_SOON] = { LINE, LINE_SOON, TCP_SOON },
};

enum caa_course caa_course_of(enum caa_offer offer, enum caa_need need)
{
	return (enum caa_course)courses[offer][need];
}

enum { PLACE = CAA_WAY_PLACE, ASIDE = CAA_WAY_ASIDE, TEST = CAA_WAY_TEST, PASS = CAA_WAY_PASS,
	FEW = CAA_WAY_FEW };

static const unsigned char ways[CAA_BELIEFS][CAA_STANDINGS] = {
	/* the zone is:           new    suspect denied witness fresh */
	[CAA_BELIEF_BY_HAND] = { PLACE, PLACE,  PLACE, PLACE,  PLACE },
	[CAA_BELIEF_LIMIT]   = { PLACE, PLACE,  PLACE, PLACE,  PLACE },
	[CAA_BELIEF_CLAIM]   = { PLACE, PLACE,  PLACE, TEST,   TEST },
	[CAA_BELIEF_NONE]    = { PLACE, ASIDE,  FEW,   PLACE,  PLACE },
	[CAA_BELIEF_FILLED]  = { PLACE, ASIDE,  FEW,   PLACE,  TEST },
	[CAA_BELIEF_BLOCKED] = { PASS,  ASIDE,  FEW,   PASS,   PASS },
};

enum caa_way caa_course_way(enum caa_belief belief, enum caa_standing standing)
{
	return (enum caa_way)ways[belief][standing];
}
