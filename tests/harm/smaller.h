/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Smaller scenarios than one that fails, to see whether they still do. */
#ifndef HARM_SMALLER_H
#define HARM_SMALLER_H

#include <stdbool.h>

/** Write each scenario that is one step smaller than FILE and still one: PREFIX-LINE-N.harm, where LINE is the line in which
 *  it differs.  All have as many lines as FILE: what is dropped leaves an empty one, so that steps can be taken together. */
bool smaller_write(const char *file, const char *prefix);

#endif
