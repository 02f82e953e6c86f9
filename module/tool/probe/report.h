/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What caa-probe prints: the table or the JSON document.  What comes from the network is escaped, so that no octet of
 *  it can break a line, a document or a terminal. */
#ifndef CAA_PROBE_REPORT_H
#define CAA_PROBE_REPORT_H

#include "tool/probe/probe.h"

/** @param name: as it was given. */
void caa_probe_table(const struct caa_probe *p, const char *name);

void caa_probe_json(const struct caa_probe *p, const char *name);

#endif
