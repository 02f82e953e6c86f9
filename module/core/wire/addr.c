/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/wire/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { DNS_PORT = 53, PORT_DIGITS_MAX = 5 };

static struct caa_addr make(enum caa_family family, const uint8_t *ip, size_t len, uint16_t port)
{
	struct caa_addr a = { .family = (uint8_t)family, .port = { (uint8_t)(port >> 8), (uint8_t)port } };

	memcpy(a.ip, ip, len);
	return a;
}

struct caa_addr caa_addr_ipv4(const uint8_t ip[static 4], uint16_t port)
{
	return make(CAA_IPV4, ip, 4, port);
}

struct caa_addr caa_addr_ipv6(const uint8_t ip[static 16], uint16_t port)
{
	return make(CAA_IPV6, ip, 16, port);
}

bool caa_addr_equal(const struct caa_addr *a, const struct caa_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool caa_addr_is_loopback(const struct caa_addr *a)
{
	static const uint8_t ipv6[16] = { [15] = 1 };

	return a->family == CAA_IPV4 ? a->ip[0] == 127 : memcmp(a->ip, ipv6, sizeof(ipv6)) == 0;
}

uint16_t caa_addr_port(const struct caa_addr *a)
{
	return (uint16_t)(a->port[0] << 8 | a->port[1]);
}

const char *caa_addr_text(char out[static CAA_ADDR_TEXT_MAX], const struct caa_addr *a)
{
	char ip[INET6_ADDRSTRLEN];

	inet_ntop(a->family == CAA_IPV4 ? AF_INET : AF_INET6, a->ip, ip, sizeof(ip));
	if (caa_addr_port(a) == DNS_PORT)
		snprintf(out, CAA_ADDR_TEXT_MAX, "%s", ip);
	else
		snprintf(out, CAA_ADDR_TEXT_MAX, "%s@%u", ip, (unsigned)caa_addr_port(a));
	return out;
}

/** Digits only, 1..65535. */
static bool parse_port(uint16_t *out, const char *text)
{
	unsigned port = 0;

	if (text[0] == '\0' || strlen(text) > PORT_DIGITS_MAX)
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		port = port * 10 + (unsigned)(*text - '0');
	}
	if (port == 0 || port > UINT16_MAX)
		return false;
	*out = (uint16_t)port;
	return true;
}

enum caa_res caa_addr_parse(struct caa_addr *out, const char *text)
{
	const char *at = strchr(text, '@');
	size_t len = at != NULL ? (size_t)(at - text) : strlen(text);
	char ip_text[INET6_ADDRSTRLEN];
	uint16_t port = DNS_PORT;
	uint8_t ip[16];

	if (len >= sizeof(ip_text) || (at != NULL && !parse_port(&port, at + 1)))
		return CAA_EFORMAT;
	memcpy(ip_text, text, len);
	ip_text[len] = '\0';
	if (inet_pton(AF_INET, ip_text, ip) == 1)
		*out = caa_addr_ipv4(ip, port);
	else if (inet_pton(AF_INET6, ip_text, ip) == 1)
		*out = caa_addr_ipv6(ip, port);
	else
		return CAA_EFORMAT;
	return CAA_OK;
}
