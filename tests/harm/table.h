/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What plain Unbound and the module got of a scenario, in words. */
#ifndef HARM_TABLE_H
#define HARM_TABLE_H

#include "trial.h"

void table_print(const struct trial *t);

#endif
