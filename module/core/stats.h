/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The counters: one list gives the enum, the printed names and the manual's help.
 *
 *  Counters are atomic, so any thread may add; a reader sees each counter exact, but not all at one instant. */
#ifndef CAA_CORE_STATS_H
#define CAA_CORE_STATS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/** X(id, printed name, help): counters since start or the last reset. */
#define CAA_STATS(X) \
	X(questions,	"caa.questions",	"CAA questions taken in enabled zones, each asked by a client or a lookup") \
	X(sent_caa,	"caa.sent.caa",		"packets sent to upstreams for a CAA question") \
	X(sent_other,	"caa.sent.other",	"packets sent to upstreams for anything else") \
	X(sent_tcp,	"caa.sent.tcp",		"of both, those sent over TCP") \
	X(replied,	"caa.replied",		"packets that were answered") \
	X(timed_out,	"caa.timed_out",	"packets that were not") \
	X(failed,	"caa.failed",		"packets that ended in a network error") \
	X(abandoned,	"caa.abandoned",	"packets whose answer nobody waited for any more") \
	X(waits,	"caa.wait.count",	"queries that had to wait for their turn") \
	X(wait_us,	"caa.wait.sum_us",	"sum of their waits, in microseconds") \
	X(refused,	"caa.refused",		"queries not sent because their turn was beyond the question's budget") \
	X(unpaced,	"caa.unpaced",		"queries sent without a turn because a table was full") \
	X(limits,	"caa.limits",		"times that an upstream was found limited") \
	X(moved,	"caa.moved",		"queries that left a silent address for another") \
	X(tries,	"caa.tries",		"lookups tried again within their budget") \
	X(cookies,	"caa.cookies",		"queries that carried the cookie of their server") \
	X(forged,	"caa.forged",		"answers dropped for a wrong or missing cookie")

enum caa_stat {
#define X(id, name, help) CAA_STAT_##id,
	CAA_STATS(X)
#undef X
	CAA_STAT_COUNT
};

struct caa_stats {
	_Atomic uint64_t count[CAA_STAT_COUNT];
	_Atomic uint64_t wait_max_us;	/**< longest wait, us; since start or the last reset */
};

/** The values at one reading. */
struct caa_stats_values {
	uint64_t count[CAA_STAT_COUNT];
	uint64_t wait_max_us;
};

void caa_stats_init(struct caa_stats *s);
void caa_stats_add(struct caa_stats *s, enum caa_stat id, uint64_t n);
/** Count a wait: caa.wait.count, its sum and the maximum. */
void caa_stats_wait(struct caa_stats *s, uint64_t wait_us);

/** Read, and with reset set to 0 what was read: no count is lost or read twice. */
void caa_stats_read(struct caa_stats *s, struct caa_stats_values *out, int reset);

/** @return the printed name of a counter; never NULL. */
const char *caa_stats_name(enum caa_stat id);
/** @return one line that says what it counts; never NULL. */
const char *caa_stats_help(enum caa_stat id);

#endif
