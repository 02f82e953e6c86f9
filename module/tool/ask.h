/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Asks a resolver many CAA questions at once, and loses none by its own doing: sends are paced and in batches
 *  between reads, what is under way is bounded, a reply must come from the server and repeat id and question, and each
 *  question ends once, with an answer or with a reason.  Of several servers each try takes a random one.
 *
 *  One thread, one libevent base.  Transports (tool/transport.h) move the bytes; this file owns queue, tries and
 *  timeouts. */
#ifndef CAA_TOOL_ASK_H
#define CAA_TOOL_ASK_H

#include <event2/event.h>
#include <ldns/ldns.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/wire/name.h"
#include "tool/servers.h"

enum { CAA_ASK_TRIES_MAX = 100 };

enum caa_transport_kind { CAA_TRANSPORT_UDP, CAA_TRANSPORT_TCP, CAA_TRANSPORT_DOH };

struct caa_ask_options {
	enum caa_transport_kind transport;
	const struct caa_servers *servers;	/**< one at least; borrowed */
	const char *ca_file;		/**< PEM that the DoH server's certificate is checked with; NULL = the system's */
	bool insecure;			/**< do not check the DoH server's certificate */
	bool ad;			/**< set AD */
	bool dnssec;			/**< set DO */
	bool tc_fails;			/**< do not ask over TCP again what is truncated over UDP */
	uint16_t edns_size;		/**< the size of UDP message that EDNS offers; 0 = no EDNS, unless something needs it */
	uint32_t timeout_ms;		/**< of one try, 1 .. */
	uint32_t tries;			/**< 1 .. CAA_ASK_TRIES_MAX */
	uint32_t total_ms;		/**< of all tries of a question, from its first send; 0 = no limit */
	uint32_t in_flight_max;		/**< questions under way at once, 1 .. */
	uint32_t qps;			/**< sends per second; 0 = as fast as they go */
	uint16_t climb_option;		/**< EDNS option code for caa_asker_ask_whole() */
};

/** How a question ended. */
struct caa_ask_result {
	const ldns_pkt *reply;	/**< borrowed during the callback; NULL if there was no answer */
	const char *why;	/**< why there is none; static */
	unsigned tries;		/**< how often it was sent */
	bool tcp;		/**< over TCP because the answer over UDP was truncated */
	const char *server;	/**< that was asked last; borrowed from the options */
	double seconds;		/**< from the first send */
};

typedef void caa_ask_done(void *arg, const struct caa_ask_result *result);

/** Counters since creation. */
struct caa_ask_counts {
	uint64_t sent;		/**< packets, or requests of DoH */
	uint64_t retried;	/**< of these, second and later tries */
	uint64_t ignored;	/**< replies that were not to a question under way */
};

struct caa_asker;

/** @param options: copied; what it borrows must stay. @param err: set on error, static. */
struct caa_asker *caa_asker_create(struct event_base *base, const struct caa_ask_options *options, const char **err);
/** Questions that have no answer yet end without their callback. @param a: may be NULL. */
void caa_asker_destroy(struct caa_asker *a);

/** Ask CAA at a name.
 *  @param done: called once, from the event loop, unless the asker is destroyed before.
 *  @return false if there is no memory; done is not called then. */
bool caa_asker_ask(struct caa_asker *a, struct caa_name name, caa_ask_done *done, void *arg);

/** Ask for the whole climb of a name (core/climb/climb_option.h); the reply may be an ordinary one.  As caa_asker_ask(). */
bool caa_asker_ask_whole(struct caa_asker *a, struct caa_name name, caa_ask_done *done, void *arg);

const struct caa_ask_counts *caa_asker_counts(const struct caa_asker *a);

#endif
