/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What unbound-control shows: the caa.* lines of stats, and the commands that begin with caa_.
 *
 *  Called by the thread that serves unbound-control while the others run. */
#ifndef CAA_GLUE_CONTROL_H
#define CAA_GLUE_CONTROL_H

#include "util/module_hooks.h"

/** Fill in the hooks for unbound-control; their arg is the context. */
void caa_control_set(struct module_hooks *hooks);

#endif
