/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Fuzz the agent of RFC 9567: what a Report-Channel option is taken for, and the name of a report, taken apart again. */
#include "fuzz.h"

#include "core/why/agent.h"

#include <ldns/ldns.h>

static const uint8_t er[] = { 3, '_', 'e', 'r' };

/** Read a label that is a number. @return its octets. */
static size_t check_label_number(const uint8_t *at, uint16_t number)
{
	char text[8];
	size_t len = (size_t)snprintf(text, sizeof(text), "%u", number);

	check(at[0] == len && memcmp(at + 1, text, len) == 0);
	return 1 + len;
}

/** A report's name is `_er.TYPE.NAME.CODE._er.AGENT`. */
static void check_report(uint16_t type, struct caa_name name, uint16_t code, struct caa_name agent)
{
	uint8_t out[CAA_NAME_MAX], lower[CAA_NAME_MAX];
	struct caa_name made;
	size_t at = sizeof(er), len = 7777;
	char digits[16];
	size_t needed = 2 * sizeof(er) + (size_t)snprintf(digits, sizeof(digits), "%u%u", type, code) + 2 + name.len - 1 + agent.len;
	enum caa_res res = caa_agent_name(out, &len, type, name, code, agent);

	check((res == CAA_OK) == (needed <= CAA_NAME_MAX));
	if (res != CAA_OK) {
		check(res == CAA_EFULL && len == 7777);
		return;
	}
	check(len == needed && caa_name_check(&made, out, len) == CAA_OK && made.len == len);
	check(memcmp(out, er, sizeof(er)) == 0);
	at += check_label_number(out + at, type);
	caa_name_lower(lower, name);
	check(memcmp(out + at, lower, name.len - 1) == 0);
	at += name.len - 1;
	at += check_label_number(out + at, code);
	check(memcmp(out + at, er, sizeof(er)) == 0);
	at += sizeof(er);
	caa_name_lower(lower, agent);
	check(len - at == agent.len && memcmp(out + at, lower, agent.len) == 0);
	/* a report that fails is not reported itself */
	check(caa_name_within(made, agent) && !caa_agent_fits(agent, (struct caa_name){ agent.wire + agent.len - 1, 1 }, made));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t wires[3][CAA_NAME_MAX];
	struct input in = { data, size };
	uint16_t type = take16(&in), code = take16(&in);
	struct caa_name agent, zone = take_name(&in, wires[0]), name = take_name(&in, wires[1]), told = take_name(&in, wires[2]);
	ldns_rdf *rdf = NULL;
	size_t used = 0;

	if (caa_agent_read(&agent, in.at, in.left) == CAA_OK) {
		check(agent.wire == in.at && agent.len == in.left && agent.len > 1);
		check(ldns_wire2dname(&rdf, in.at, in.left, &used) == LDNS_STATUS_OK && used == in.left);
		ldns_rdf_deep_free(rdf);
		check_report(type, name, code, agent);
	}
	check_report(type, name, code, told);
	if (caa_agent_fits(told, zone, name))
		check(caa_name_within(name, zone) && !caa_name_within(told, zone) && !caa_name_within(name, told));
	return 0;
}
