/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What tells one build of the module from another: the id that the linker writes into the library (--build-id). */
#ifndef CAA_GLUE_BUILD_H
#define CAA_GLUE_BUILD_H

#include <stdint.h>

/** @return the first octets of this build's id; 0 if it has none. */
uint64_t caa_build_id(void);

/** @return the path that this library was loaded from, borrowed, if another build of it is there now; else NULL, as when it cannot
 *  be read. */
const char *caa_build_replaced(void);

#endif
