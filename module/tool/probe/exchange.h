/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Asks many questions of many addresses at once, and says of each how it ended.
 *
 *  An address has at most lane_max questions under way and gets a new one every gap_ms at most, so that what is measured is
 *  the server and not its rate limit.  Each question has a socket of its own, connected: what comes from another address or
 *  port is not seen.  A reply counts if it repeats id and question.  One thread; wire format is ldns's. */
#ifndef CAA_PROBE_EXCHANGE_H
#define CAA_PROBE_EXCHANGE_H

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "core/wire/addr.h"

enum {
	CAA_EDNS_SIZE = 1232,		/**< octets of UDP that are offered, as resolvers do */
	CAA_PLAIN_SIZE = 512,		/**< octets of UDP without EDNS, RFC 1035 s4.2.1 */
	CAA_OPTION_COOKIE = 10,		/**< RFC 7873 s4 */
	CAA_OPTION_EDE = 15,		/**< RFC 8914 s2 */
	CAA_OPTION_UNKNOWN = 65100,	/**< of the codes for experiments, RFC 6891 s9 */
	CAA_OPTION_MAX = 40		/**< octets of an option that is sent: a whole cookie */
};

/** What is asked. */
struct caa_query {
	const ldns_rdf *name;	/**< borrowed until the exchange ran */
	ldns_rr_type type;
	bool edns, dnssec;	/**< dnssec: the DO bit, only with edns */
	bool tcp, recursive;
	bool mixed;		/**< letters of the name in upper and lower case */
	uint8_t version;	/**< of EDNS */
	uint16_t option;	/**< code of one EDNS option, 0 = none */
	uint8_t option_data[CAA_OPTION_MAX];
	size_t option_len;
};

/** How it ended. */
enum caa_fate {
	CAA_FATE_NONE,			/**< it was not asked */
	CAA_FATE_ANSWERED,
	CAA_FATE_SILENT,		/**< no reply in time, at any try */
	CAA_FATE_REFUSED,		/**< nobody listens: ICMP, or a reset of the first segment */
	CAA_FATE_CLOSED,		/**< TCP closed before the reply */
	CAA_FATE_MALFORMED,		/**< the reply is no DNS message */
	CAA_FATE_OTHER_ID,		/**< only replies with another id came */
	CAA_FATE_OTHER_QUESTION,	/**< only replies to another question came */
	CAA_FATE_NO_ROUTE		/**< this machine has no way to the address */
};

struct caa_exchange {
	struct caa_addr to;
	struct caa_query query;
	enum caa_fate fate;
	ldns_pkt *reply;	/**< NULL unless answered; owned */
	ldns_rdf *sent_name;	/**< the name in the case it was sent in; owned */
	size_t reply_len;	/**< octets of reply */
	unsigned ms;		/**< from the first send to the end */
	unsigned tries;		/**< sends */
	size_t udp_len;		/**< octets of the reply over UDP; 0 if it came over TCP at once */
	bool truncated;		/**< the reply over UDP had TC */
	enum caa_fate stream;	/**< how TCP ended, for what was truncated */
	struct caa_travel *travel;	/**< while it is under way */
};

struct caa_exchange_options {
	unsigned timeout_ms;	/**< of one try */
	unsigned tries;
	unsigned gap_ms, lane_max;
	FILE *log;		/**< a line for each query that is sent; NULL = none */
};

/** Ask all, and return when each has ended; what was answered with TC is asked once more over TCP, whose reply takes the
 *  place of the first. */
void caa_exchanges_run(struct caa_exchange *const *x, size_t count, const struct caa_exchange_options *o);

/** The same without that second question. */
void caa_exchanges_run_once(struct caa_exchange *const *x, size_t count, const struct caa_exchange_options *o);

/** Free what it owns, and make it zero. */
void caa_exchange_clear(struct caa_exchange *x);

/** @return an option's data in the reply and its length, NULL if there is none. */
const uint8_t *caa_reply_option(const ldns_pkt *reply, uint16_t code, size_t *len);

#endif
