/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What decides where answers come from and what is believed: a fingerprint of it, by which a held answer that was fetched
 *  under another configuration is known. */
#ifndef CAA_GLUE_SOURCES_H
#define CAA_GLUE_SOURCES_H

#include <stdint.h>
#include "core/config/zones.h"

struct config_file;

enum { CAA_SOURCES_DIGEST = 32 };

struct caa_sources {
	uint8_t unbound[CAA_SOURCES_DIGEST];	/**< trust anchors, forwarders, stubs, hints of the root, zones of Unbound's own, and who is not asked */
	uint8_t zones[CAA_SOURCES_DIGEST];	/**< every caa-zone: */
};

/** Read Unbound's configuration and the module's.  A file of trust anchors counts with its content, except one that Unbound itself
 *  writes (auto-trust-anchor-file). */
void caa_sources_read(struct caa_sources *s, const struct config_file *cfg, const struct caa_zones *z);

#endif
