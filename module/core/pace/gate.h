/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The decisions about one query at one upstream: when it leaves and over which transport, what cookie it carries,
 *  whether an answer is believed, and what its outcome teaches.
 *
 *  Brings together what is known of the upstream (core/pace/upstream.h): the pacer and what was learned for it, cookie and
 *  transport; and from which of our addresses it leaves (core/pace/egress.h).  A query is asked about until it may leave, then it has one outcome, then it may be asked about again.
 *  No clock, no lock: time is passed in, and the caller serialises calls on one upstream. */
#ifndef CAA_CORE_GATE_H
#define CAA_CORE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/pace/cookie.h"
#include "core/pace/denials.h"
#include "core/pace/egress.h"
#include "core/config/options.h"
#include "core/wire/packet.h"
#include "core/pace/serving.h"
#include "core/pace/upstream.h"

/** A query at an upstream; zeroed at first. */
struct caa_asking {
	struct caa_turn turn;	/**< in the upstream's line, while it waits; first, so that it is found from there */
	uint64_t placed_us;	/**< when it took its place */
	struct caa_sent sent;
	struct caa_cookie_sent cookie;
	uint32_t zone;		/**< a hash of the zone that is asked, and of the question; set by the caller before anything else */
	uint32_t question;
	uint64_t addr_hash, pair_hash;	/**< the caller's own, of the upstream's address, and of that and the zone; 0 = not made yet */
	uint32_t pair_epoch;		/**< the upstream's, when pair_hash was made */
	uint32_t patience_ms;	/**< how long its answer is waited for at most; 0 = as long as Unbound does */
	uint32_t least_ms;	/**< how long it is waited for at least, within the budget; 0 = as long as Unbound does */
	uint8_t line;		/**< of the address (core/wire/addr.h); set by the caller before anything else */
	bool caa_type;		/**< it is of type CAA; set by the caller before anything else */
	bool denied;		/**< who waits for it was denied there before; set by the caller before anything else */
	bool same_denied;	/**< of these, the very same was; set by the caller before anything else */
	bool denied_elsewhere;	/**< or at another address only; set by the caller before anything else */
	bool own_fault;		/**< it is lost again and again while others are answered; set by the caller before anything else */
	bool out;		/**< it is under way, over whatever; the caller's own, as are the next two */
	bool report;		/**< it tells an agent (RFC 9567), and is under way over TCP */
	bool claimed;		/**< a CAA question waits for it */
	bool caa;		/**< it is sent for CAA questions alone: it may wait, and carries a cookie */
	bool cookies;		/**< the zone's options allow cookies */
	bool waited;		/**< it was told to wait */
	bool udp, tcp;		/**< it is under way over that */
	bool again;		/**< it was answered with BADCOOKIE already */
	bool without;		/**< it goes without a cookie: another query finds out about it, or it was answered badly with one */
	bool blamed, blamed_cut;	/**< for the latter; which was truncated */
	bool liked;		/**< when it left, the upstream had answered one of its zone with a cookie well */
	bool bare;		/**< its zone is asked without one; as it was when it left */
	bool doubtful;		/**< its zone's queries with one were lost, and no limit is known; as it was when it left */
	bool spared;		/**< the question was lost before, and goes without: a cookie brings nothing, or is in doubt */
	bool unproved;		/**< it was answered without the cookie that has to be there */
	bool forged;		/**< an answer was dropped since it left: that nothing else came says nothing, and TCP is asked */
	uint8_t source;		/**< our address that it leaves from; CAA_SOURCE_ANY = whichever Unbound takes */
	bool chosen;		/**< there was a choice of addresses */
	bool source_aside;	/**< and it stands aside, core/pace/egress.h */
	bool netblock;		/**< it is not one address, but any of a netblock */
	bool want_tcp;		/**< it has to go over TCP, for its cookie's sake */
	bool chose_tcp;		/**< it went over TCP, where Unbound would not */
};

/** What is asked for. */
struct caa_wish {
	const struct caa_zone_options *zone;
	uint64_t now_us;
	uint64_t deadline_us;	/**< the end of the budget */
	uint64_t age_us;	/**< when the client's question arrived that it is for */
	uint64_t other_us;	/**< the shortest wait at another address of the zone that is not silent; UINT64_MAX = none */
	unsigned sources;	/**< our addresses of the upstream's family that it may leave from; 0 and 1 are the same */
	uint32_t netblocks;	/**< bit n: address n is a netblock, and each query leaves from another one of it */
	uint32_t random;	/**< random bits, where there are several */
	unsigned losses;	/**< queries in a row that the question has lost at this address where no limit is known */
	bool tcp;		/**< Unbound sends it over TCP */
	bool accompanied;	/**< other resolvers of the perspective may ask there as well */
	bool repeated;		/**< the question has lost a query before: it goes ahead of others of its zone */
	bool may_move;		/**< it may be sent elsewhere instead */
	bool queued;		/**< it is not to leave yet, only to take its place */
};

enum caa_gate {
	CAA_GATE_SEND,		/**< leave now, as Unbound would */
	CAA_GATE_SEND_TCP,	/**< leave now, over TCP */
	CAA_GATE_WAIT,		/**< ask again after wait_us */
	CAA_GATE_LATE,		/**< its turn is beyond the budget */
	CAA_GATE_ELSEWHERE	/**< this address is silent, or another one is free much sooner: try another */
};

/** @param zone: what the upstream does for the query's zone; its last turn is kept there.
 *  @param wait_us: set with CAA_GATE_WAIT, at least 1. */
enum caa_gate caa_gate_ask(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone,
	const struct caa_wish *wish, uint64_t *wait_us);

/** A packet that is not for a CAA question leaves now. */
void caa_gate_other(struct caa_upstream *u, struct caa_asking *q, uint64_t now_us, bool tcp);

/** The cookie for a packet that leaves now.  @return octets; 0 for none. */
size_t caa_gate_cookie(struct caa_upstream *u, struct caa_asking *q, const struct caa_cookie_secret *secret,
	uint64_t now_us, uint8_t out[static CAA_COOKIE_MAX]);

/** @return false if an answer over UDP is forged, and the true one is waited for. */
bool caa_gate_accept(struct caa_upstream *u, struct caa_asking *q, const struct caa_cookie_secret *secret,
	uint64_t now_us, const struct caa_packet *packet);

/** What became of an attempt. */
enum caa_end {
	CAA_END_ANSWER,
	CAA_END_TIMEOUT,
	CAA_END_ERROR,		/**< it could not be sent, or the connection broke */
	CAA_END_UNREAD,		/**< nothing was read in time, as nobody looked: it says nothing of anybody */
	CAA_END_ABANDONED	/**< nobody waits for it any more; it may not have left */
};

/** What an outcome means for the question. */
enum caa_meaning {
	CAA_MEANS_NOTHING,	/**< nobody waited for it, or it is asked again at once over another transport */
	CAA_MEANS_ANSWER,	/**< whatever it says */
	CAA_MEANS_ERROR,	/**< an error that no limiter sends */
	CAA_MEANS_DENIED,	/**< an error that limiters send too */
	CAA_MEANS_NO_TCP,	/**< it had to be asked over TCP, and nothing came */
	CAA_MEANS_LOST,		/**< nothing came, where the zone is answered or a limit is known: it may pass */
	CAA_MEANS_SILENCE	/**< nothing came */
};

struct caa_outcome {
	enum caa_meaning meaning;
	bool limited;		/**< the upstream was found limited by this */
	bool room;		/**< somebody waits, and there is room: see caa_gate_call() */
	bool limit;		/**< a limit is known there */
	enum caa_denial_kind denial;	/**< with CAA_MEANS_ERROR, _DENIED and _NO_TCP: what kind of denial it is, ... */
	bool twice;		/**< ... and whether it counts for two */
	bool lately;		/**< the upstream answered something within two seconds */
	bool split;		/**< it was lost, and later queries of others were answered */
	uint32_t srtt_us;	/**< its round trip time; 0 = unknown */
};

/** @param zone: what the upstream does for the query's zone. @param packet: with CAA_END_ANSWER; else not used.
 *  @param tcp: it was sent over TCP. */
struct caa_outcome caa_gate_outcome(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone,
	const struct caa_cookie_secret *secret, uint64_t now_us, enum caa_end end, const struct caa_packet *packet, bool tcp);

/** Those who wait for answers to make room are called when there is some, in the order of the line, and ask again at once.
 *  @param thread: of whom. @param out: has room for max. @return how many are called. */
size_t caa_gate_call(struct caa_upstream *u, const void *thread, struct caa_turn **out, size_t max);

/** What to do about an answer before Unbound concludes that the server has no EDNS. */
enum caa_again {
	CAA_AGAIN_NO,		/**< as Unbound would */
	CAA_AGAIN_SEND,		/**< ask again, without or with another cookie, or over another transport */
	CAA_AGAIN_FINAL		/**< the server answers so with EDNS and without: believe it */
};

/** @return false if caa_gate_again() has nothing to say about an answer, as mostly. */
bool caa_gate_may_again(const struct caa_asking *q, const struct caa_packet *packet);

/** @return whether caa_gate_again() has to know if an answer was good, which takes to read it. */
bool caa_gate_wonders(const struct caa_asking *q, const struct caa_serving *zone);

/** @param zone: what the upstream does for the query's zone. @param packet: NULL if nothing came over TCP.
 *  @param edns: the query had EDNS. @param good: the answer is of use
 *  (core/wire/answer.h); not used unless caa_gate_wonders(). */
enum caa_again caa_gate_again(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, uint64_t now_us,
	const struct caa_packet *packet, bool edns, bool good);

/** Predict what a query would have to wait at the upstream, in us. */
uint64_t caa_gate_wait_new(const struct caa_upstream *u, uint64_t now_us);

/** The same as a cost to choose by, in us: Unbound is to take the one that is free. */
uint64_t caa_gate_cost(struct caa_upstream *u, uint64_t now_us);

#endif
