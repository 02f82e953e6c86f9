/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/profile.h"

#include <string.h>

const char caa_profile_names[] = "boulder or open-mpic";

struct profile {
	const char *name;
	enum caa_transport_kind transport;
	uint16_t edns_size;	/**< 0 = no EDNS */
	bool ad, tc_fails, sequential, first_ede;
	uint32_t timeout_ms;
	uint32_t tries;
	uint32_t total_ms;	/**< 0 = no limit */
};

static const struct profile own = { NULL, CAA_TRANSPORT_UDP, 1232, false, false, false, false, 60000, 1, 0 };

static const struct profile table[] = {
	/*               transport          EDNS  AD     TC fails climb  one EDE timeout tries           total */
	{ "boulder",   CAA_TRANSPORT_DOH, 4096, true,  true,    false, true,   10000, 3,                 0 },
	/* dnspython asks again until its time is over */
	{ "open-mpic", CAA_TRANSPORT_UDP, 0,    false, false,   true,  false,   2000, CAA_ASK_TRIES_MAX, 5000 },
};

static const struct profile *find(const char *name)
{
	if (name == NULL)
		return &own;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(name, table[i].name) == 0)
			return &table[i];
	return NULL;
}

bool caa_profile_apply(const char *name, struct caa_ask_options *ask, struct caa_check_options *check)
{
	const struct profile *p = find(name);

	if (p == NULL)
		return false;
	ask->transport = p->transport;
	ask->edns_size = p->edns_size;
	ask->ad = p->ad;
	ask->tc_fails = p->tc_fails;
	ask->timeout_ms = p->timeout_ms;
	ask->tries = p->tries;
	ask->total_ms = p->total_ms;
	check->sequential = p->sequential;
	check->first_ede = p->first_ede;
	return true;
}
