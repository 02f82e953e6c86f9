/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Which way a query takes at an upstream, as two tables: over which transport, by what that has to offer and what the query
 *  needs; and in the line for UDP, by what is believed of a limit and what the zone is there.
 *
 *  No state: any thread may call anything here. */
#ifndef CAA_CORE_COURSE_H
#define CAA_CORE_COURSE_H

/** What is offered to a query; of those that core/pace/transport.h says, and before them: */
enum caa_offer {
	CAA_OFFER_BY_HAND,	/**< a rate that is set by hand, which TCP keeps, too */
	CAA_OFFER_UDP,		/**< TCP is not preferred */
	CAA_OFFER_TCP,		/**< it is preferred, or has to be, and there is room */
	CAA_OFFER_TCP_SOON,	/**< the same, and others are under way: there is room when they are answered */
	CAA_OFFERS
};

/** What a query needs. */
enum caa_need {
	CAA_NEED_UDP,		/**< its zone is not asked over TCP as long as Unbound does not */
	CAA_NEED_ANY,		/**< it may go over either */
	CAA_NEED_TCP,		/**< its answer was truncated, or nothing of what came over UDP was proved */
	CAA_NEEDS
};

enum caa_course {
	CAA_COURSE_LINE,	/**< in the line for UDP */
	CAA_COURSE_LINE_SOON,	/**< there, and over TCP when that is free first */
	CAA_COURSE_TCP,		/**< over TCP, now */
	CAA_COURSE_TCP_SOON	/**< over TCP, when that is free */
};

enum caa_course caa_course_of(enum caa_offer offer, enum caa_need need);

/** What is believed of a limit of the upstream, for this query. */
enum caa_belief {
	CAA_BELIEF_BY_HAND,	/**< its rate is set by hand */
	CAA_BELIEF_LIMIT,	/**< there is one */
	CAA_BELIEF_CLAIM,	/**< there may be one: only strangers have met it, or one zone, or nothing was answered after a pause; who
				 *   was answered tells */
	CAA_BELIEF_NONE,	/**< there is none */
	CAA_BELIEF_FILLED,	/**< there is none, and those who are not answered fill the room */
	CAA_BELIEF_BLOCKED,	/**< the same, and this one is to find out whether it is them */
	CAA_BELIEFS
};

/** What the query's zone is there (core/pace/serving.h). */
enum caa_standing {
	CAA_STANDING_NEW,	/**< nothing is known of it */
	CAA_STANDING_SUSPECT,	/**< lost lately, and no witness: it may be silent */
	CAA_STANDING_DENIED,	/**< the same, and it was denied: a limiter may be the reason */
	CAA_STANDING_WITNESS,	/**< it has answered */
	CAA_STANDING_FRESH,	/**< it has, within two seconds */
	CAA_STANDINGS
};

/** How a query leaves. */
enum caa_way {
	CAA_WAY_PLACE,		/**< in its turn */
	CAA_WAY_ASIDE,		/**< at nobody's cost: its zone may be silent, and would fill the room that others need while the wait for
				 *   an answer grows */
	CAA_WAY_TEST,		/**< the same, and counted: its answer tells whether a claim is true */
	CAA_WAY_PASS,		/**< the same, counted apart: it passes by those who fill the room in vain */
	CAA_WAY_FEW		/**< the same for a few at once, and the others wait: its zone was denied, and they find out what that is */
};

enum caa_way caa_course_way(enum caa_belief belief, enum caa_standing standing);

#endif
