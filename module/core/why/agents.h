/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The agents that zones have announced (RFC 9567), and which failures are told to them, and how often.
 *
 *  Its laws, whoever announces what:
 *  - a report is not repeated within CAA_REPORT_AGAIN_S, unless CAA_AGENT_WAYS others took its place in the table since;
 *  - in any window of t seconds an agent is told t / CAA_REPORT_EVERY_S + CAA_REPORT_BURST times, unless as many agents as above
 *    took its place since (the generic cell rate algorithm, ITU-T I.371), and all agents together CAA_REPORTS_S times in each
 *    second of the clock, without exception;
 *  - it takes a fixed size: who announces more than there is room for makes another zone's agent forgotten, which costs a report.
 *  No clock, no lock: time is passed in, and the caller serialises calls on one table. */
#ifndef CAA_CORE_AGENTS_H
#define CAA_CORE_AGENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/why/linebudget.h"
#include "core/wire/name.h"

enum {
	CAA_AGENT_SETS = 256,		/**< of each table; a power of two */
	CAA_AGENT_WAYS = 4,
	CAA_AGENT_LIFE_S = 3600,	/**< an announcement is believed so long */
	CAA_REPORT_AGAIN_S = 3600,	/**< a report is not repeated for so long */
	CAA_REPORT_EVERY_S = 1,		/**< an agent is told this often, ... */
	CAA_REPORT_BURST = 10,		/**< ... and so many times at once after a pause */
	CAA_REPORTS_S = 20		/**< reports in a second to all agents */
};

/** An entry of a table: what is kept under a keyed hash, until when. */
struct caa_agents_slot {
	uint64_t hash;
	uint64_t until_us;	/**< 0 = free */
};

/** Zeroed at first. */
struct caa_agents {
	struct caa_agents_slot zone[CAA_AGENT_SETS][CAA_AGENT_WAYS];	/**< zones; until when its agent is believed */
	struct { uint8_t wire[CAA_NAME_MAX], len; } agent[CAA_AGENT_SETS][CAA_AGENT_WAYS];	/**< of the zone in the same place */
	struct caa_agents_slot report[CAA_AGENT_SETS][CAA_AGENT_WAYS];	/**< reports; until when it is not repeated */
	struct caa_agents_slot told[CAA_AGENT_SETS][CAA_AGENT_WAYS];	/**< agents; when the next report is due at the steady rate */
	struct caa_linebudget budget;
};

/** A zone's server has announced an agent.  @param zone: a keyed hash. */
void caa_agents_hear(struct caa_agents *t, uint64_t zone, struct caa_name agent, uint64_t now_us);

/** @param wire: set if true. @return false if no agent of the zone is known. */
bool caa_agents_find(const struct caa_agents *t, uint64_t zone, uint64_t now_us, uint8_t wire[static CAA_NAME_MAX], size_t *len);

enum caa_report_verdict {
	CAA_REPORT_SEND,	/**< it is taken for sent */
	CAA_REPORT_AGAIN,	/**< it was sent a while ago */
	CAA_REPORT_OVER		/**< its agent, or all, are told often enough */
};

/** @param agent, report: keyed hashes of the agent and of the report's name. */
enum caa_report_verdict caa_agents_ask(struct caa_agents *t, uint64_t agent, uint64_t report, uint64_t now_us);

#endif
