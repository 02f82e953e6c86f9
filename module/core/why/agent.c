/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/why/agent.h"

#include <stdio.h>
#include <string.h>

static const uint8_t er[] = { 3, '_', 'e', 'r' };

enum caa_res caa_agent_read(struct caa_name *out, const uint8_t *data, size_t len)
{
	struct caa_name name;

	if (caa_name_check(&name, data, len) != CAA_OK || name.len != len || caa_name_is_root(name))
		return CAA_EFORMAT;
	*out = name;
	return CAA_OK;
}

/** Whether a name begins as that of a report. */
static bool is_report(struct caa_name name)
{
	uint8_t lower[CAA_NAME_MAX];

	caa_name_lower(lower, name);
	return name.len > sizeof(er) && memcmp(lower, er, sizeof(er)) == 0;
}

bool caa_agent_fits(struct caa_name agent, struct caa_name zone, struct caa_name name)
{
	return !caa_name_within(agent, zone) && caa_name_within(name, zone) && !caa_name_within(name, agent) && !is_report(name);
}

/** Append octets to a name that has no end yet.  @return false if there is no room for them. */
static bool append(uint8_t out[static CAA_NAME_MAX], size_t *len, const void *octets, size_t count)
{
	if (count > CAA_NAME_MAX - *len)
		return false;
	memcpy(out + *len, octets, count);
	*len += count;
	return true;
}

/** Append a number as a label. */
static bool append_number(uint8_t out[static CAA_NAME_MAX], size_t *len, uint16_t number)
{
	char label[1 + sizeof("65535")];
	int digits = snprintf(label + 1, sizeof(label) - 1, "%u", number);

	label[0] = (char)digits;
	return append(out, len, label, 1 + (size_t)digits);
}

enum caa_res caa_agent_name(uint8_t out[static CAA_NAME_MAX], size_t *len, uint16_t type, struct caa_name name, uint16_t code,
	struct caa_name agent)
{
	size_t at = 0;

	if (!append(out, &at, er, sizeof(er)) || !append_number(out, &at, type) || !append(out, &at, name.wire, name.len - 1) ||
	    !append_number(out, &at, code) || !append(out, &at, er, sizeof(er)) || !append(out, &at, agent.wire, agent.len))
		return CAA_EFULL;
	caa_name_lower(out, (struct caa_name){ out, at });
	*len = at;
	return CAA_OK;
}
