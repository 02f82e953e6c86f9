/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The commands of unbound-control about names that fail: caa_failures, caa_explain, caa_trace.
 *
 *  Called by the thread that serves unbound-control while the others run. */
#ifndef CAA_GLUE_INSPECT_H
#define CAA_GLUE_INSPECT_H

#include "glue/out.h"

struct caa_ctx;

void caa_inspect_failures(struct caa_ctx *ctx, const struct caa_out *out, const struct caa_args *args);
void caa_inspect_explain(struct caa_ctx *ctx, const struct caa_out *out, const struct caa_args *args);
void caa_inspect_trace(struct caa_ctx *ctx, const struct caa_out *out, const struct caa_args *args);

#endif
