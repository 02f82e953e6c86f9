/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Whether parent and zone, and the servers among each other, say the same.  No I/O. */
#ifndef CAA_PROBE_AGREE_H
#define CAA_PROBE_AGREE_H

#include "tool/probe/finding.h"
#include "tool/probe/zone.h"

void caa_agree(struct caa_findings *f, const struct caa_zone *z);

#endif
