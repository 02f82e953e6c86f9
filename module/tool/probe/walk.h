/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The way from the root to a zone: its delegation, as the parent gives it, and the addresses of its nameservers.
 *
 *  Iteration as RFC 1034 s5.3.3, one label at a time (RFC 9156), from the root or from a server that stands for it.  Addresses
 *  come from glue within the parent's zone, or from a walk of their own; nothing else is ever asked.  What was found is kept,
 *  so that no server of the way is asked twice; the number of questions is bounded.  One thread. */
#ifndef CAA_PROBE_WALK_H
#define CAA_PROBE_WALK_H

#include "tool/probe/exchange.h"

enum {
	CAA_NS_MAX = 16,	/**< nameservers of a zone that are looked at */
	CAA_SERVERS_MAX = 32,	/**< addresses of a zone that are looked at */
	CAA_CUTS_MAX = 48,	/**< zones of a walk */
	CAA_NAME_TEXT = 1025	/**< octets of a name as ldns writes it, with NUL */
};

/** One address of one nameserver. */
struct caa_server {
	struct caa_addr addr;
	char ns[CAA_NAME_TEXT];
	char address[CAA_ADDR_TEXT_MAX];
};

/** A zone, as its parent delegates it. */
struct caa_cut {
	ldns_rdf *apex;
	const struct caa_cut *parent;	/**< NULL for the root */
	ldns_rr_list *ns;		/**< the NS RRset of the parent; for the root, empty */
	ldns_rr_list *glue;		/**< addresses in the referral, of names of ns within the parent's zone */
	bool child_told;		/**< the parent's servers have this zone too, and answer from it */
	struct caa_server server[CAA_SERVERS_MAX];
	size_t servers;
	char nowhere[CAA_NAME_TEXT];	/**< a nameserver without an address that can be asked; "" if there is none */
};

struct caa_walk;

/** @param root: the server that the walk starts at; NULL = the root servers. @param o: borrowed.
 *  @return NULL if there is no memory. */
struct caa_walk *caa_walk_create(const struct caa_addr *root, const struct caa_exchange_options *o);
/** @param w: may be NULL. */
void caa_walk_destroy(struct caa_walk *w);

/** @param whole: whether every zone on the way answered, so that there is no other further down; may be NULL.
 *  @return the zone that name is in as far as the servers of the way say so; borrowed from the walk. */
const struct caa_cut *caa_walk_to(struct caa_walk *w, const ldns_rdf *name, bool *whole);

/** Ask the servers of a zone one question, the next ones where one does not answer.
 *  @return the reply (NOERROR or NXDOMAIN), the caller's; NULL if none gives one. */
ldns_pkt *caa_walk_ask(struct caa_walk *w, const struct caa_cut *cut, const ldns_rdf *name, ldns_rr_type type, bool dnssec);

/** @return all A or AAAA or other records of a type at a name in a section, new, its records cloned. */
ldns_rr_list *caa_records_at(const ldns_rr_list *section, const ldns_rdf *name, ldns_rr_type type);

/** @return name without its first labels, so that labels of it remain; new. */
ldns_rdf *caa_name_last(const ldns_rdf *name, size_t labels);

/** @return whether name is apex or below it. */
bool caa_name_in(const ldns_rdf *name, const ldns_rdf *apex);

/** Write a name without the final dot, the root as `.`, escaped as ldns does.  @return out. */
const char *caa_name_write(char out[static CAA_NAME_TEXT], const ldns_rdf *name);

#endif
