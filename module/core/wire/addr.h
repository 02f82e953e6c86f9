/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The key of an upstream: family, address, port and line, in one comparable form without padding.
 *  No state: any thread may call anything here. */
#ifndef CAA_CORE_ADDR_H
#define CAA_CORE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/wire/res.h"

enum caa_family { CAA_IPV4 = 4, CAA_IPV6 = 6 };

enum {
	CAA_ADDR_TEXT_MAX = 56	/**< "[" IPv6 with an embedded IPv4 "]:65535" and NUL */
};

/** Compare and hash as octets: all members are octets, unused ones are 0. */
struct caa_addr {
	uint8_t family;		/**< enum caa_family */
	/** 0 = the address itself; else a line of its own there, for zones whose rate is set by hand (core/config/zones.h) */
	uint8_t line;
	uint8_t port[2];	/**< network order */
	uint8_t ip[16];		/**< network order; IPv4 in the first four, the rest 0 */
};

/** @param ip: 4 octets. @param port: host order. */
struct caa_addr caa_addr_ipv4(const uint8_t ip[static 4], uint16_t port);
/** @param ip: 16 octets. @param port: host order. */
struct caa_addr caa_addr_ipv6(const uint8_t ip[static 16], uint16_t port);

bool caa_addr_equal(const struct caa_addr *a, const struct caa_addr *b);

/** @return whether it is the host's own: 127.0.0.0/8 (RFC 1122, section 3.2.1.3) or ::1 (RFC 4291, section 2.5.3). */
bool caa_addr_is_loopback(const struct caa_addr *a);

/** @return the port in host order. */
uint16_t caa_addr_port(const struct caa_addr *a);

/** Write as `192.0.2.1` or `2001:db8::1` when the port is 53, else as `192.0.2.1@5353` (Unbound's form).
 *  @return out, NUL-terminated. */
const char *caa_addr_text(char out[static CAA_ADDR_TEXT_MAX], const struct caa_addr *a);

/** Read what caa_addr_text() writes; without `@PORT` the port is 53.
 *  @return CAA_EFORMAT if text is no such address, *out untouched. */
enum caa_res caa_addr_parse(struct caa_addr *out, const char *text);

#endif
