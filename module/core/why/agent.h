/* SPDX-License-Identifier: BSD-3-Clause */
/** \file DNS Error Reporting (RFC 9567): the agent that a zone's servers announce, and the name by which a failure is told to it.
 *
 *  An agent is believed only for a zone that it does not stand in, and no failure of the agent's own names is told.
 *  No state: any thread may call anything here. */
#ifndef CAA_CORE_AGENT_H
#define CAA_CORE_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/wire/name.h"
#include "core/wire/res.h"

/** Read the data of a Report-Channel option (RFC 9567, section 5): one whole name, uncompressed, and not the root's.
 *  @param out: borrows from data; untouched on error. @param data, len: untrusted octets.
 *  @return CAA_EFORMAT if it is anything else. */
enum caa_res caa_agent_read(struct caa_name *out, const uint8_t *data, size_t len);

/** Whether a failure of a name in a zone may be told to the agent: the agent is not in that zone, whose failure would keep the
 *  report from it, the name is the zone's own, and neither the agent's nor a report itself, so that no report leads
 *  to another. */
bool caa_agent_fits(struct caa_name agent, struct caa_name zone, struct caa_name name);

/** Make the name of a report: `_er.TYPE.NAME.CODE._er.AGENT` (section 6.1.1), its letters in lower case.
 *  @param code: the INFO-CODE (RFC 8914). @param len: set with CAA_OK.
 *  @return CAA_EFULL if it is longer than a name may be: such a report is not sent. */
enum caa_res caa_agent_name(uint8_t out[static CAA_NAME_MAX], size_t *len, uint16_t type, struct caa_name name, uint16_t code,
	struct caa_name agent);

#endif
