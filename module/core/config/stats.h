/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The counters: two lists give the enums, the printed names, the metrics and the manual's table of them.
 *
 *  Counters are atomic, so any thread may add; a reader sees each counter exact, but not all at one instant.  They never go
 *  back: a reset notes where they were, and what is printed is counted from there, but for metrics, which count from the start.
 *  Resets are made by one thread at a time. */
#ifndef CAA_CORE_STATS_H
#define CAA_CORE_STATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** One for each class of core/why/cause.h, in its order. */
#define CAA_STATS_CLASSES(X) \
	X(class_rate_limited,	"caa.failures.rate-limited",	"a server answers only so many queries in a second") \
	X(class_bogus,		"caa.failures.bogus",		"the answer does not pass DNSSEC validation") \
	X(class_cname_loop,	"caa.failures.cname-loop",	"CNAME records lead in a circle, or too far") \
	X(class_caps,		"caa.failures.caps",		"the name comes back with its letters in another case") \
	X(class_no_soa,		"caa.failures.no-soa",		"an empty answer without SOA") \
	X(class_formerr_edns,	"caa.failures.formerr-edns",	"a server does not understand queries with EDNS") \
	X(class_notimp,		"caa.failures.notimp",		"a server does not implement the type") \
	X(class_lame,		"caa.failures.lame",		"a server is not authoritative for its zone") \
	X(class_refused,	"caa.failures.refused",		"a server refuses") \
	X(class_servfail,	"caa.failures.servfail",	"a server has failed itself") \
	X(class_unreachable,	"caa.failures.unreachable",	"no server can be reached, or none has an address") \
	X(class_timeout,	"caa.failures.timeout",		"nothing comes back") \
	X(class_budget,		"caa.failures.budget",		"the time ended before the question was done") \
	X(class_internal,	"caa.failures.internal",	"no fault of a server is known")

/** X(id, printed name, help): counters since start or the last reset.  A name that ends in _us counts microseconds. */
#define CAA_STATS(X) \
	X(questions,	"caa.questions",	"CAA questions taken in enabled zones, each asked by a client or a lookup") \
	X(joined,	"caa.joined",		"of them, those that waited for the same question of another thread") \
	X(parents,	"caa.parents",		"of them, those that waited for the question of a name above theirs") \
	X(saved,	"caa.saved",		"packets that plain Unbound would have sent more, at least") \
	X(sent_caa,	"caa.sent.caa",		"packets sent to upstreams for a CAA question") \
	X(sent_other,	"caa.sent.other",	"packets sent for anything else to upstreams that have a CAA question under way or a limit") \
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
	X(early,	"caa.early",		"clients that were told so far while their lookup went on") \
	X(tries,	"caa.tries",		"lookups tried again within their budget") \
	X(beside,	"caa.beside",		"queries for another type beside CAA, which may be all that is not answered") \
	X(lower_case,	"caa.lower_case",	"queries sent in lower case, since the answer to other letters was bogus") \
	X(cookies,	"caa.cookies",		"queries that carried the cookie of their server") \
	X(forged,	"caa.forged",		"answers dropped for a wrong or missing cookie") \
	X(failures,	"caa.failures",		"CAA questions that ended as SERVFAIL, those of each class below") \
	CAA_STATS_CLASSES(X) \
	X(failures_cached, "caa.failures.cached", "SERVFAIL answers to CAA questions from Unbound's cache") \
	X(log_lines,	"caa.log.lines",	"lines on failures that were logged") \
	X(log_below,	"caa.log.below",	"failures not logged because their names failed too seldom") \
	X(log_over,	"caa.log.over",		"lines not logged because of caa-log-rate") \
	X(log_lost,	"caa.log.lost",		"lines that could not be written to caa-log-file") \
	X(traced,	"caa.log.traced",	"lines of caa_trace") \
	X(reports,	"caa.reports",		"failures that were reported to the agent of their zone") \
	X(reports_again, "caa.reports.again",	"failures not reported because the same was, within the hour") \
	X(reports_over,	"caa.reports.over",	"failures not reported because there were too many") \
	X(reports_unfit, "caa.reports.unfit",	"failures not reported because the agent is not fit to hear of them") \
	X(climbs,	"caa.climbs",		"whole climbs made for one question of a client") \
	X(held,		"caa.held",		"CAA questions answered with a held answer") \
	X(refreshed,	"caa.refreshed",	"held answers that were looked up again before they ended") \
	X(fleet_asked,	"caa.fleet.asked",	"lookups that the fleet's store was asked for") \
	X(fleet_claims,	"caa.fleet.claims",	"of them, those that this resolver was to make") \
	X(fleet_waited,	"caa.fleet.waited",	"of them, those that waited for another resolver's lookup") \
	X(fleet_shared,	"caa.fleet.shared",	"of them, those that took another resolver's answer") \
	X(fleet_failures, "caa.fleet.failures",	"of them, those that took another resolver's failure, and its reason") \
	X(fleet_alone,	"caa.fleet.alone",	"of them, those that went on alone: the store had no word in time, or none that helps") \
	X(fleet_left,	"caa.fleet.left",	"answers left for other resolvers") \
	X(fleet_stale,	"caa.fleet.stale",	"entries refused because they are too old, of the future, or of before a flush") \
	X(fleet_forged,	"caa.fleet.forged",	"entries refused because they are none, or their MAC is wrong") \
	X(fleet_foreign, "caa.fleet.foreign",	"entries refused because they are of another perspective, configuration or question") \
	X(fleet_flushes, "caa.fleet.flushes",	"flushes of other resolvers that were made here as well") \
	X(fleet_leases,	"caa.fleet.leases",	"shares of limits that the fleet's store leased") \
	X(fleet_unshared, "caa.fleet.unshared",	"times that a limit was not shared, as too many are") \
	X(fleet_errors,	"caa.fleet.errors",	"errors of the fleet's store, and times that it was lost")

/** What is found when it is printed.  X(id, printed name, kind, unit, whether stats resets it, help) */
#define CAA_READINGS(X) \
	X(wait_mean,	"caa.wait.mean_us",	GAUGE,	 US,	true,  "mean of the waits") \
	X(wait_max,	"caa.wait.max_us",	GAUGE,	 US,	true,  "longest of the waits") \
	X(upstreams,	"caa.upstreams",	GAUGE,	 ONE,	false, "upstream addresses in the table") \
	X(limited,	"caa.upstreams.limited", GAUGE,	 ONE,	false, "of them, those with a rate now, learned or set by caa-rate") \
	X(evicted,	"caa.upstreams.evicted", COUNTER, ONE,	false, "addresses that made room for others in the table") \
	X(fail_names,	"caa.failures.names",	GAUGE,	 ONE,	false, "names whose last failure is remembered") \
	X(repeated,	"caa.failures.repeated", GAUGE,	 ONE,	false, "of them, those that failed more than once within caa-log-window") \
	X(hold,		"caa.hold",		GAUGE,	 ONE,	false, "held answers in memory, with notes of when names were fetched") \
	X(hold_evicted,	"caa.hold.evicted",	COUNTER, ONE,	false, "of both, those that made room for others") \
	X(fleet_up,	"caa.fleet.up",		GAUGE,	 ONE,	false, "1 while the fleet's store is in use") \
	X(fleet_peers,	"caa.fleet.peers",	GAUGE,	 ONE,	false, "other resolvers of the perspective that hear of the same store") \
	X(fleet_limits,	"caa.fleet.limits",	GAUGE,	 ONE,	false, "upstreams that are paced at a share of a limit now") \
	X(fleet_rtt,	"caa.fleet.rtt_us",	GAUGE,	 US,	false, "mean time that the fleet's store takes for a reply") \
	X(mem,		"caa.mem",		GAUGE,	 BYTES,	false, "memory that the module has reserved")

enum caa_stat_kind { CAA_STAT_COUNTER, CAA_STAT_GAUGE };
enum caa_stat_unit { CAA_STAT_ONE, CAA_STAT_US, CAA_STAT_BYTES };

/** What is known of a line of stats. */
struct caa_stat_line {
	const char *name, *help;
	enum caa_stat_kind kind;
	enum caa_stat_unit unit;
	bool reset;		/**< stats sets it to 0 */
};

enum caa_stat {
#define X(id, name, help) CAA_STAT_##id,
	CAA_STATS(X)
#undef X
	CAA_STAT_COUNT
};

enum caa_reading {
#define X(id, name, kind, unit, reset, help) CAA_READING_##id,
	CAA_READINGS(X)
#undef X
	CAA_READING_COUNT
};

struct caa_stats {
	_Atomic uint64_t count[CAA_STAT_COUNT];	/**< since start */
	_Atomic uint64_t wait_max_us;	/**< longest wait, us; since start or the last reset */
	uint64_t base[CAA_STAT_COUNT];	/**< what count was at the last reset; the reader's */
	uint64_t wait_max_before_us;	/**< longest wait before the last reset; the reader's */
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

/** Read what was counted since the last reset, and with reset begin anew at what was read: no count is lost or read twice. */
void caa_stats_read(struct caa_stats *s, struct caa_stats_values *out, int reset);
/** Read what was counted since the start, whatever was reset: no count is lower than it was. */
void caa_stats_total(struct caa_stats *s, struct caa_stats_values *out);

/** @return what is known of a counter, or of a reading; never NULL. */
const struct caa_stat_line *caa_stats_line(enum caa_stat id);
const struct caa_stat_line *caa_stats_reading(enum caa_reading id);

#endif
