/* SPDX-License-Identifier: BSD-3-Clause */
/** \file How certificate authorities ask: for each program that they check CAA with, what it sends, how long it waits, and
 *  what it makes of the answer.  Constant tables: any thread may call anything here. */
#ifndef CAA_TOOL_PROFILE_H
#define CAA_TOOL_PROFILE_H

#include "tool/ask.h"
#include "tool/check.h"

/** Set the options that a program has of its own; the others stay as they are.
 *  @param name: NULL = caa-climb's own defaults. @return false if the name is unknown: nothing is set then. */
bool caa_profile_apply(const char *name, struct caa_ask_options *ask, struct caa_check_options *check);

/** The names to choose from, "one or another". */
extern const char caa_profile_names[];

#endif
