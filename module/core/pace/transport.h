/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Over which transport one upstream is asked: UDP, or after a limit over TCP, whose source nobody forges and which
 *  most limiters let pass.
 *
 *  The first query over TCP goes alone; when it was answered others follow on its connection, with each answer one
 *  more under way, and beyond some with each round of answers, as a limiter may count TCP as well; those whose answers were truncated need
 *  not wait for that.  Where connections are closed though others were answered there, half as many follow: some servers answer one query
 *  on each.  Where TCP is not answered, or is limited like UDP, it is not preferred for a while: one lost connection is a moment's, two are
 *  minutes'.  A limiter lets some through, so that of denials it is their part that counts.  An answer that was truncated is worth a try
 *  over TCP whatever happened before.
 *  No clock, no lock: time is passed in, and the caller serialises calls on one upstream. */
#ifndef CAA_CORE_TRANSPORT_H
#define CAA_CORE_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

/** Times in ms modulo 2^32; 0 = not set. */
struct caa_transport {
	uint32_t tcp_ms;	/**< until then TCP is preferred */
	uint32_t rest_ms;	/**< until then it is only used where it must be */
	uint16_t inflight;	/**< queries over TCP under way */
	uint16_t denied_tick;	/**< when denials were too many, in ticks of 4 s modulo 2^16; 0 = never */
	uint8_t window;		/**< queries that may be under way; 0 = it is not known to work, and one may */
	uint8_t denials : 4;	/**< each denial weighs some answers, and is forgotten by them */
	uint8_t lost : 4;	/**< losses in a row, up to 15 */
	uint8_t before : 7;	/**< those that were under way when a connection was closed and have not ended yet, up to 127 */
	bool wary : 1;		/**< some were denied, or their connections closed, since the window was small */
	uint8_t grow;		/**< answers since it last grew, where it does so slowly */
};

enum caa_transport_choice {
	CAA_TRANSPORT_UDP,	/**< as Unbound would */
	CAA_TRANSPORT_TCP,	/**< now */
	CAA_TRANSPORT_SOON	/**< over TCP if the query that tries it is answered: ask again */
};

/** A limit was met over UDP, or an answer over UDP looked forged. */
void caa_transport_prefer_tcp(struct caa_transport *t, uint64_t now_us);
/** A limit does not apply to UDP any more. */
void caa_transport_prefer_udp(struct caa_transport *t);

/** @param must: the query has to go over TCP (the answer was truncated): never CAA_TRANSPORT_UDP. */
enum caa_transport_choice caa_transport_choose(const struct caa_transport *t, uint64_t now_us, bool must);

/** @return whether TCP was tried last and nothing came. */
static inline bool caa_transport_fails(const struct caa_transport *t)
{
	return t->lost > 0;
}

/** @return whether nothing has come over TCP, twice in a row, and no denials of late either. */
bool caa_transport_is_away(const struct caa_transport *t, uint64_t now_us);

/** @return whether a query was answered over TCP, and not denied. */
static inline bool caa_transport_works(const struct caa_transport *t)
{
	return t->window > 0;
}

/** @return queries that may be sent over TCP now, where it is preferred and works; who asks is told for sure. */
unsigned caa_transport_room(const struct caa_transport *t);

/** Nothing is under way, and nothing will be heard of what was. */
static inline void caa_transport_settle(struct caa_transport *t)
{
	t->inflight = 0;
	t->before = 0;
}

void caa_transport_sent(struct caa_transport *t);

/** What became of a query over TCP. */
enum caa_transport_end {
	CAA_TRANSPORT_ANSWERED,	/**< with data, or with an error that says nothing of a limit */
	CAA_TRANSPORT_LOST,	/**< it was not answered */
	CAA_TRANSPORT_CLOSED,	/**< its connection was closed, or there was none */
	CAA_TRANSPORT_DENIED,	/**< it was denied as over UDP */
	CAA_TRANSPORT_UNKNOWN	/**< nobody waited for it */
};
void caa_transport_outcome(struct caa_transport *t, uint64_t now_us, enum caa_transport_end end);

#endif
