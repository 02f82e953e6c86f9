/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The text of a command of unbound-control on its way out. */
#ifndef CAA_GLUE_OUT_H
#define CAA_GLUE_OUT_H

#include "core/wire/args.h"

#include "util/module_hooks.h"

/** Where a command's text goes. */
struct caa_out {
	module_hooks_print_type *print;
	void *to;
};

/** Print; lines longer than 511 octets are cut. */
void caa_out(const struct caa_out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Print text of any length. */
void caa_out_text(const struct caa_out *out, const char *text);

#endif
