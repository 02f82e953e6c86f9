/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What is checked, in one table, and what was found.  One thread. */
#ifndef CAA_PROBE_FINDING_H
#define CAA_PROBE_FINDING_H

#include "tool/probe/walk.h"

/** Each check once: its word in the report, and what to change where it fails. */
#define CAA_PROBE_CHECKS(X) \
	X(ADDRESS, "address", "give every nameserver of the delegation a name that has an address which can be asked") \
	X(UDP, "udp", "let UDP port 53 reach the server at this address, and its answers come back") \
	X(TCP, "tcp", "let TCP port 53 reach the server at this address (RFC 7766)") \
	X(AUTHORITY, "authority", "load the zone on this server, or take the server out of the delegation") \
	X(EDNS, "edns", "answer queries that have EDNS (RFC 6891); update the server, or what filters before it") \
	X(OPTION, "option", "ignore EDNS options that are not known (RFC 6891 section 6.1.2)") \
	X(VERSION, "version", "answer an EDNS version that is not known with BADVERS (RFC 6891 section 6.1.3)") \
	X(COOKIE, "cookie", "answer queries that have a DNS cookie, and return the client's part as it came (RFC 7873)") \
	X(CASE, "case", "repeat the question's letters in the case they came in") \
	X(CAA, "caa", "answer type CAA (257) as any other type (RFC 8659); look for a filter on types before the server") \
	X(TYPE, "type", "answer types that are not known like known ones that are not there (RFC 3597)") \
	X(NODATA, "nodata", "put the zone's SOA into empty answers (RFC 2308 section 3)") \
	X(SIZE, "size", "send no more over UDP than the query allows, and set TC where that does not suffice") \
	X(DNSSEC, "dnssec", "sign the zone again, and see to it that this is done in time") \
	X(PARENT, "parent", "tell whoever runs the zone above: a CA asks there too") \
	X(DELEGATION, "delegation", "have the same NS records at the parent (by the registrar) and in the zone") \
	X(GLUE, "glue", "have the same addresses for the nameservers at the parent (by the registrar) and in the zone") \
	X(EQUAL, "equal", "have the same zone on every server; look at the transfers") \
	X(RATE, "rate", "raise the limit for bursts, or exempt queries with a valid DNS cookie and TCP from it") \
	X(RESOLVER, "resolver", "see what the resolver says")

enum caa_probe_check {
#define X(id, word, change) CAA_PROBE_##id,
	CAA_PROBE_CHECKS(X)
#undef X
	CAA_PROBE_CHECK_COUNT
};

enum { CAA_FINDINGS_MAX = 512, CAA_WHAT_MAX = 1536 };

struct caa_finding {
	enum caa_probe_check check;
	bool fails;			/**< a CA's resolver gets no good answer because of it; else it is a warning */
	const struct caa_cut *cut;	/**< borrowed from the walk */
	const struct caa_server *server;	/**< NULL for the zone as a whole; borrowed */
	char what[CAA_WHAT_MAX];	/**< octets of the network are escaped in it */
	const char *change;		/**< static */
};

/** What was found, in the order of the finding; what is beyond the ceiling is lost. */
struct caa_findings {
	struct caa_finding finding[CAA_FINDINGS_MAX];
	size_t count;
};

const char *caa_probe_check_word(enum caa_probe_check check);

/** What was found before in the same words, as in a zone that two aliases lead to, stays one.
 *  @return the finding, whose change may be replaced. */
struct caa_finding *caa_find(struct caa_findings *f, enum caa_probe_check check, bool fails, const struct caa_cut *cut,
	const struct caa_server *server, const char *format, ...) __attribute__((format(printf, 6, 7)));

/** @return whether a check was found wrong at a server (NULL: in the zone as a whole). */
bool caa_found(const struct caa_findings *f, enum caa_probe_check check, const struct caa_server *server);

/** @return whether something fails a CA at a server (NULL: in the zone as a whole). */
bool caa_found_failing(const struct caa_findings *f, const struct caa_cut *cut, const struct caa_server *server);

#endif
