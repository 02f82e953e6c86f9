/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What a CA's resolver says of the name, and what its module can explain (unbound-control caa_explain).  One thread. */
#ifndef CAA_PROBE_FROM_H
#define CAA_PROBE_FROM_H

#include "tool/probe/exchange.h"

enum { CAA_FROM_EDES_MAX = 4, CAA_FROM_EDE_TEXT_MAX = 512, CAA_FROM_EXPLAIN_MAX = 8192 };

struct caa_from {
	bool asked;
	char resolver[CAA_ADDR_TEXT_MAX];
	struct caa_exchange x;
	unsigned edes;
	struct {
		unsigned code;
		char text[CAA_FROM_EDE_TEXT_MAX];	/**< octets as they came, NUL-terminated */
	} ede[CAA_FROM_EDES_MAX];
	char *explain;		/**< lines of caa_explain; owned; NULL if there are none */
};

/** Ask the resolver. @param timeout_ms: for the one answer. */
void caa_from_ask(struct caa_from *from, const struct caa_addr *resolver, const ldns_rdf *name,
	const struct caa_exchange_options *o, unsigned timeout_ms);

/** Ask unbound-control, found in PATH, for caa_explain. @param config: its configuration file. */
void caa_from_explain(struct caa_from *from, const char *config, const char *name);

/** @return whether the resolver gave an answer that a CA can use. */
bool caa_from_good(const struct caa_from *from);

void caa_from_clear(struct caa_from *from);

#endif
