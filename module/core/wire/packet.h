/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What pacing, cookies and error reporting need to know of a raw answer (RFC 1035, section 4.1; RFC 6891, section 6.1).
 *
 *  Reads bytes from the network: every length is checked, nothing is copied, and nothing is allocated.
 *  No state: any thread may call anything here. */
#ifndef CAA_CORE_PACKET_H
#define CAA_CORE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/wire/res.h"

enum { CAA_PACKET_HEADER = 12 };

/** RCODEs with a meaning here. */
enum {
	CAA_RCODE_NOERROR = 0, CAA_RCODE_FORMERR = 1, CAA_RCODE_SERVFAIL = 2, CAA_RCODE_NXDOMAIN = 3, CAA_RCODE_NOTIMP = 4,
	CAA_RCODE_REFUSED = 5, CAA_RCODE_BADVERS = 16, CAA_RCODE_BADCOOKIE = 23
};

struct caa_packet {
	uint16_t rcode;		/**< with the upper bits of the OPT record, 0 .. 4095 */
	bool truncated;		/**< TC */
	bool edns;		/**< there is an OPT record */
	bool useless;		/**< it is no error and of no use all the same (core/wire/answer.h); set by who has read it */
	bool lacks;		/**< it answers a query without EDNS, and signatures are wanted; set by who has asked */
	uint16_t records;	/**< in answer and authority section, as the header says */
	const uint8_t *cookie;	/**< data of the COOKIE option, borrowed; NULL if there is none */
	size_t cookie_len;	/**< as it came, any length */
	const uint8_t *channel;	/**< data of the Report-Channel option (RFC 9567), borrowed; NULL if there is none, or more than one */
	size_t channel_len;	/**< as it came, any length */
	unsigned channels;	/**< such options */
};

/** @param len: octets of msg, any number.
 *  @return CAA_EFORMAT if the message is shorter than a header (then *out is zeroed), or the records cannot be
 *	walked (then what the header says is there). */
enum caa_res caa_packet_read(struct caa_packet *out, const uint8_t *msg, size_t len);

/** @return whether it is an error that limiters send, too. */
static inline bool caa_packet_denies(const struct caa_packet *p)
{
	return p->rcode == CAA_RCODE_REFUSED || p->rcode == CAA_RCODE_SERVFAIL;
}

/** @return whether it is an error that servers send for an option, or for EDNS, that they do not know. */
static inline bool caa_packet_dislikes(const struct caa_packet *p)
{
	return p->rcode == CAA_RCODE_FORMERR || p->rcode == CAA_RCODE_NOTIMP || p->rcode == CAA_RCODE_BADVERS;
}

/** @return whether it is TC without data, as limiters send it. */
static inline bool caa_packet_is_cut(const struct caa_packet *p)
{
	return p->truncated && p->records == 0;
}

#endif
