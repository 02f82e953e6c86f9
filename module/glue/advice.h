/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What core/config/advice.h has to say about Unbound's configuration, read and logged. */
#ifndef CAA_GLUE_ADVICE_H
#define CAA_GLUE_ADVICE_H

struct caa_ctx;
struct config_file;

/** Log a warning for each setting that hurts, with the value to set; nothing where no zone is enabled.
 *  At start and at fast_reload, when ctx has its configuration; unbound-checkconf runs it as a start does. */
void caa_advise(struct caa_ctx *ctx, const struct config_file *cfg);

#endif
