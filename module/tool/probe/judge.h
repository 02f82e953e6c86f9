/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What one address's answers mean.  A fault is found once: what follows from it at the same address is not said
 *  again.  No I/O, but the clock for signatures. */
#ifndef CAA_PROBE_JUDGE_H
#define CAA_PROBE_JUDGE_H

#include "tool/probe/finding.h"
#include "tool/probe/zone.h"

/** @param t: one of z; its passes are set. */
void caa_judge_server(struct caa_findings *f, const struct caa_zone *z, struct caa_tested *t);

#endif
