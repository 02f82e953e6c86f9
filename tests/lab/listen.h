/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The sockets of a nameserver of the lab: what comes over UDP and TCP (RFC 7766) at an address is answered, one message after the
 *  other. */
#ifndef LAB_LISTEN_H
#define LAB_LISTEN_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DNS_PORT = 53, MESSAGE_MAX = 65535 };

struct message {
	uint8_t octets[MESSAGE_MAX];
	size_t len;
};

/** @param m: the query, then the answer. @return false for silence. */
typedef bool listen_answer(void *arg, struct message *m, bool over_tcp);

/** What becomes of a connection. */
enum listen_tcp {
	LISTEN_TCP,		/**< its queries are answered */
	LISTEN_TCP_SLAM,	/**< it is closed at once */
	LISTEN_TCP_NONE		/**< nobody listens */
};

/** @param address: in text, borrowed for the call. @return false, said, if it cannot listen there. */
bool listen_on(struct event_base *base, const char *address, enum listen_tcp tcp, listen_answer *answer, void *arg);

#endif
