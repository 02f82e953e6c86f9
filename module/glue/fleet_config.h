/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What the caa-fleet-... keys say, and the files that they name: where the store is, how it is talked with, and the secret.
 *
 *  Reads files, and nothing else: any thread may call. */
#ifndef CAA_GLUE_FLEET_CONFIG_H
#define CAA_GLUE_FLEET_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include "core/config/config.h"
#include "core/fleet/entry.h"
#include "glue/store.h"

struct config_file;

/** Read what the options say and the files that they name.
 *  @param out: the store, without scripts and channel, and without servers if none is configured; to be freed; untouched on error.
 *  @param secret: likewise. @param err: set on error, with file and line. @return false on error. */
bool caa_fleet_read_config(struct caa_store_config *out, uint8_t secret[static CAA_FLEET_SECRET], const struct caa_config *config,
	const struct config_file *cfg, char err[static CAA_CONFIG_TEXT_MAX]);

/** Free what is in it, and forget it; it may be zeroed. */
void caa_fleet_free_config(struct caa_store_config *config);

#endif
