/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/why/agents.h"

#include <string.h>

enum { US_PER_S = 1000000 };

/** @return the place of a hash in a set, or else the one that ends first; *there says which. */
static unsigned place_of(const struct caa_agents_slot set[static CAA_AGENT_WAYS], uint64_t hash, bool *there)
{
	unsigned first = 0;

	for (unsigned way = 0; way < CAA_AGENT_WAYS; way++) {
		*there = set[way].hash == hash && set[way].until_us != 0;
		if (*there)
			return way;
		if (set[way].until_us < set[first].until_us)
			first = way;
	}
	return first;
}

static unsigned set_of(uint64_t hash)
{
	return (unsigned)(hash & (CAA_AGENT_SETS - 1));
}

void caa_agents_hear(struct caa_agents *t, uint64_t zone, struct caa_name agent, uint64_t now_us)
{
	unsigned set = set_of(zone);
	bool there;
	unsigned way = place_of(t->zone[set], zone, &there);

	t->zone[set][way] = (struct caa_agents_slot){ zone, now_us + (uint64_t)CAA_AGENT_LIFE_S * US_PER_S };
	memcpy(t->agent[set][way].wire, agent.wire, agent.len);
	t->agent[set][way].len = (uint8_t)agent.len;
}

bool caa_agents_find(const struct caa_agents *t, uint64_t zone, uint64_t now_us, uint8_t wire[static CAA_NAME_MAX], size_t *len)
{
	unsigned set = set_of(zone);
	bool there;
	unsigned way = place_of(t->zone[set], zone, &there);

	if (!there || t->zone[set][way].until_us <= now_us)
		return false;
	*len = t->agent[set][way].len;
	memcpy(wire, t->agent[set][way].wire, *len);
	return true;
}

/** Whether an agent is told often enough, for now.  @param next_us: when its next report is due at the steady rate. */
static bool is_told(uint64_t next_us, uint64_t now_us)
{
	return next_us > now_us + (uint64_t)(CAA_REPORT_BURST - 1) * CAA_REPORT_EVERY_S * US_PER_S;
}

enum caa_report_verdict caa_agents_ask(struct caa_agents *t, uint64_t agent, uint64_t report, uint64_t now_us)
{
	struct caa_agents_slot *reports = t->report[set_of(report)], *told = t->told[set_of(agent)];
	bool reported, known;
	unsigned at = place_of(reports, report, &reported), who = place_of(told, agent, &known);
	uint64_t next_us = known && told[who].until_us > now_us ? told[who].until_us : now_us, left_out;

	if (reported && reports[at].until_us > now_us)
		return CAA_REPORT_AGAIN;
	if (is_told(next_us, now_us) || !caa_linebudget_take(&t->budget, now_us, CAA_REPORTS_S, &left_out))
		return CAA_REPORT_OVER;
	reports[at] = (struct caa_agents_slot){ report, now_us + (uint64_t)CAA_REPORT_AGAIN_S * US_PER_S };
	told[who] = (struct caa_agents_slot){ agent, next_us + (uint64_t)CAA_REPORT_EVERY_S * US_PER_S };
	return CAA_REPORT_SEND;
}
