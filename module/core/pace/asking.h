/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A query at one upstream, what is asked of the gate for it, and what it is told (core/pace/gate.h).
 *
 *  It is asked about until it may leave, then it has one outcome (core/pace/outcome.h), then it may be asked about again. */
#ifndef CAA_CORE_ASKING_H
#define CAA_CORE_ASKING_H

#include <stdbool.h>
#include <stdint.h>
#include "core/config/options.h"
#include "core/pace/cookie.h"
#include "core/pace/line.h"
#include "core/pace/signal.h"

/** A query at an upstream; zeroed at first. */
struct caa_asking {
	struct caa_turn turn;	/**< in the upstream's line, while it waits; first, so that it is found from there */
	struct caa_turn *neighbour[CAA_LINE_NEIGHBOURS];	/**< who is to ask at once, as it found room: what caa_gate_ask() tells its caller */
	uint64_t placed_us;	/**< when it took its place */
	uint64_t connects_us;	/**< when it had to wait for a place for a connection; 0 = it had not to */
	struct caa_sent sent;
	struct caa_cookie_sent cookie;
	uint32_t zone;		/**< a hash of the zone that is asked, and of the question; set by the caller before anything else */
	uint32_t question;
	uint64_t addr_hash, pair_hash;	/**< the caller's own, of the upstream's address, and of that and the zone; 0 = not made yet */
	uint32_t pair_epoch;		/**< the upstream's, when pair_hash was made */
	uint32_t patience_ms;	/**< how long its answer is waited for at most; 0 = as long as Unbound does */
	uint32_t least_ms;	/**< how long it is waited for at least, within the budget; 0 = as long as Unbound does */
	uint8_t neighbours;	/**< how many these are */
	uint8_t line;		/**< of the address (core/wire/addr.h); set by the caller before anything else */
	bool caa_type;		/**< it is of type CAA; set by the caller before anything else */
	bool denied;		/**< who waits for it was denied there before; set by the caller before anything else */
	bool same_denied;	/**< of these, the very same was; set by the caller before anything else */
	bool denied_elsewhere;	/**< or at another address only; set by the caller before anything else */
	bool own_fault;		/**< it is lost again and again while others are answered; set by the caller before anything else */
	bool out;		/**< it is under way, over whatever; the caller's own, as are the next two */
	bool report;		/**< it tells an agent (RFC 9567), and is under way over TCP */
	bool claimed;		/**< a CAA question waits for it */
	bool beside;		/**< it finds out whether another type is answered than CAA: it is charged, and says nothing of a limit */
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

/** What there is of a thread's places for connections. */
enum caa_room {
	CAA_ROOM_FREE,	/**< one, or the connection that it would go over is there */
	CAA_ROOM_KEPT,	/**< those that are left are for who has to go over TCP */
	CAA_ROOM_TAKEN,	/**< something is under way over each: who has waited long may close another's connection, ... */
	CAA_ROOM_NONE		/**< ... or not even that */
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
	enum caa_room room;	/**< whether it finds a place for a connection */
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

#endif
