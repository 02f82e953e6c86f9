/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A limit that several resolvers meet, kept as one: what each tells of it, and how it goes by its share.
 *
 *  A resolver, a node here, learns of a limit by itself (core/pace/learn.h).  From then on, while it has queries for the address, it
 *  tells the store each period what it wants to send, what came back and what was lost.  The store's script (share.lua)
 *  keeps one rate for the address and all nodes that meet the same limit there, and answers with the node's share of it as a
 *  lease.  The laws:
 *  - shares add up to the rate, but for the least that a node has: no more than an eighth beyond it, and for a period;
 *  - they are divided by demand, max-min fair: who wants less than an equal part has what it wants, and others divide the rest;
 *  - the rate is lowered once for what was lost under it, whoever lost it: it has an epoch, which a loss is told with;
 *  - only the script raises it, by time and not by the number of nodes, as core/pace/learn.h does alone;
 *  - who joins has a share of what others do not hold, and no burst; who leaves gives back its share when the lease ends;
 *  - times are the store's own, of which nodes know durations only: their clocks may differ.  A lease begins here when it was
 *    asked for, so it ends no later here than there.
 *  A node that has lost several and knows of no limit asks as well: where others have met one it has its share at once, as it
 *  may never send enough to find out by itself.  So a limit needs somebody's evidence, which hearsay is not, and each
 *  node's own trouble.
 *  Where no answer comes a node goes on at its share until the lease ends, and from there as it does alone.  What a store says
 *  that somebody else writes to can make queries slower or faster, like any limit that was met, and nothing else.
 *  A node that pauses goes on when another one is answered meanwhile.
 *  Cookies and TCP are each node's own.
 *  No clock, no lock, no I/O: time is passed in, and the caller serialises calls on one upstream. */
#ifndef CAA_CORE_SHARE_H
#define CAA_CORE_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/pace/learn.h"
#include "core/wire/res.h"

enum {
	CAA_SHARE_VERSION = 1,		/**< of what is told and answered; the script refuses another one */
	CAA_SHARE_PERIOD_MS = 200,	/**< how often a node tells */
	CAA_SHARE_LEASE_MS = 3 * CAA_SHARE_PERIOD_MS,
	CAA_SHARE_NODES = 64,		/**< of one limit; others go alone */
	CAA_SHARE_LEAST_PART = 8,	/**< this part of an equal share is the least that a node has */
	CAA_SHARE_RATE_MAX = CAA_RATE_MAX * CAA_MQPS,
	CAA_SHARE_TEXT_MAX = 80,	/**< octets of a report as text, with NUL */
	CAA_SHARE_NUMBERS = 8		/**< of an answer */
};

/** What a node tells.  Rates are in queries per 1000 s. */
struct caa_share_report {
	uint32_t demand_mqps;	/**< what it would send */
	uint32_t rate_mqps;	/**< its own idea of its rate, 1 .. CAA_SHARE_RATE_MAX; 0 = it knows of no limit, and asks; ... */
	uint32_t ceiling_mqps;	/**< ... and of the one that was too high */
	uint32_t epoch;		/**< as in struct caa_share */
	uint16_t good;		/**< answers since it told last */
	uint8_t lost;		/**< enum caa_shared_loss, since then */
	bool own;		/**< its rate was learned alone, and is no share */
	bool hearsay;		/**< it has not met the limit itself */
	bool pauses;		/**< it sends nothing, until a first query is answered */
	bool raises;		/**< queries that had to wait were answered since then */
};

struct caa_share_answer {
	uint32_t share_mqps;	/**< 1 .. CAA_SHARE_RATE_MAX; 0, and so all others: no other node has met a limit either */
	uint32_t ceiling_mqps;	/**< its part of the rate that was too high: an equal one at least */
	uint32_t rate_mqps;	/**< of all of them */
	uint32_t epoch;		/**< at least 1 */
	uint16_t lease_ms;	/**< 1 .. CAA_SHARE_LEASE_MS, from when it was asked for */
	uint16_t nodes;		/**< that share it, 1 .. CAA_SHARE_NODES */
	bool answered;		/**< another node was, since this one told that it pauses */
};

/** Queries under way before the first answer: what one resolver would send at once is divided between those that may do so.
 *  @param burst: of one, at least 1. @param nodes: in use. @return 1 .. burst. */
uint32_t caa_share_burst(uint32_t burst, uint64_t nodes);

/** What a node keeps of an address that it shares; zeroed at first, and no harm where it was lost. */
struct caa_share {
	uint32_t epoch;		/**< of the share that it goes by; 0 = it had none */
	uint32_t told_ms;	/**< when it told last; 0 = never */
	uint32_t told_seq;	/**< the number of the next query then */
	uint32_t sent_mqps;	/**< what is sent, averaged */
};

/** @return whether an upstream is limited, beyond doubt, and queries wait for it.  Others that may be worth to be told of are those that
 *  were told of, and those of caa_learn_wonders(). */
bool caa_share_has_line(const struct caa_learn *l);

/** @return whether there is anything to tell of an upstream: it is limited, beyond doubt, or may be, and queries wait for it, or were
 *	sent since it told last. */
bool caa_share_wanted(const struct caa_share *s, const struct caa_learn *l);

/** A period begins. @param l: of an upstream for which caa_share_wanted(). */
struct caa_share_report caa_share_report(struct caa_share *s, const struct caa_learn *l, uint64_t now_us);

/** Write it as the script reads it. @return out, NUL-terminated. */
const char *caa_share_text(char out[static CAA_SHARE_TEXT_MAX], const struct caa_share_report *r);

/** Read the numbers that the script answers. @return CAA_EFORMAT if they cannot be its, *out untouched. */
enum caa_res caa_share_read(struct caa_share_answer *out, const long long *number, size_t count);

/** The answer has come. @param asked_us: when it was asked for, with that report.
 *  @return false if it is of no use any more: its lease has ended, or no limit is known. */
bool caa_share_apply(struct caa_share *s, struct caa_learn *l, uint64_t now_us, uint64_t asked_us, const struct caa_share_report *r,
	const struct caa_share_answer *a);

/** The script, and its digest by which a store knows it, 40 hexadecimal digits. */
extern const char caa_share_script[], caa_share_script_sha1[];

#endif
