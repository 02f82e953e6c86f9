/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/climb/climb.h"

bool caa_climb_wildcard(struct caa_name *base, struct caa_name name)
{
	if (name.len < 3 || name.wire[0] != 1 || name.wire[1] != '*')
		return false;
	return caa_name_parent(base, name);
}

void caa_climb_init(struct caa_climb *c, struct caa_name name)
{
	(void)caa_climb_wildcard(&name, name);
	c->labels = 0;
	for (; !caa_name_is_root(name); caa_name_parent(&name, name)) {
		c->label[c->labels] = name;
		c->step[c->labels++] = CAA_STEP_WAITING;
	}
}

enum caa_step caa_climb_judge(const struct caa_climb *c, size_t label, const struct caa_climb_seen *seen, const char **why)
{
	if (seen->nxdomain && label + 1 == c->labels) {
		*why = "NXDOMAIN: there is no such TLD, nobody may issue for it";
		return CAA_STEP_FAILED;
	}
	if (seen->found)
		return CAA_STEP_FOUND;
	if (!seen->nxdomain && seen->alias && !seen->soa) {
		*why = "NOERROR: an alias, and nothing of where it leads";
		return CAA_STEP_FAILED;
	}
	return CAA_STEP_NONE;
}

enum caa_verdict caa_climb_verdict(const struct caa_climb *c, size_t *at)
{
	for (size_t i = 0; i < c->labels; i++) {
		switch (c->step[i]) {
		case CAA_STEP_NONE:
			continue;
		case CAA_STEP_WAITING:
			*at = i;
			return CAA_VERDICT_OPEN;
		case CAA_STEP_FOUND:
			*at = i;
			return CAA_VERDICT_FOUND;
		case CAA_STEP_FAILED:
			*at = i;
			return CAA_VERDICT_FAILED;
		}
	}
	return CAA_VERDICT_NONE;
}
