/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Fuzz what reads an upstream's answer: the packet, its cookie, and the agent that it announces.  Built by `make fuzz`.
 *
 *  The input is the answer to a query that carried a cookie; where a COOKIE option begins with the marker `echo-me!`, it
 *  is taken to be the client's part, so that the fuzzer gets past the check of the echo. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/agent.h"
#include "core/cookie.h"
#include "core/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct caa_addr server = { .family = CAA_IPV4, .ip = { 192, 0, 2, 1 } };
static const struct caa_cookie_secret secret = { .key = { 1 }, .serial = 1 };
static const uint8_t marker[CAA_COOKIE_CLIENT] = { 'e', 'c', 'h', 'o', '-', 'm', 'e', '!' };

static void check(bool claim)
{
	if (!claim)
		abort();
}

static void check_packet(const struct caa_packet *p, const uint8_t *data, size_t size)
{
	check(p->rcode <= 4095);
	check(p->edns || (p->cookie == NULL && p->rcode <= 15));
	if (p->cookie == NULL) {
		check(p->cookie_len == 0);
		return;
	}
	check(p->cookie >= data + CAA_PACKET_HEADER && p->cookie <= data + size);
	check(p->cookie_len <= (size_t)(data + size - p->cookie));
}

static void check_cookie(const struct caa_packet *p, bool tcp)
{
	uint8_t out[CAA_COOKIE_MAX];
	struct caa_cookie_sent sent = { .source = 0 };
	struct caa_cookie c;
	size_t len;

	caa_cookie_init(&c);
	check(caa_cookie_write(&c, &c.part, &secret, &server, 1, out, &sent) == CAA_COOKIE_CLIENT);
	memcpy(sent.client, marker, sizeof(marker));
	switch (caa_cookie_read(&c, &c.part, &secret, 1, p, &sent, tcp)) {
	case CAA_COOKIE_FORGED:
		check(!tcp && !caa_cookie_proves(&c));
		break;
	case CAA_COOKIE_NONE:
		check(!caa_cookie_proves(&c));
		break;
	case CAA_COOKIE_GOOD:
		len = caa_cookie_write(&c, &c.part, &secret, &server, 1, out, &sent);
		check(len == p->cookie_len);
		check(memcmp(out + CAA_COOKIE_CLIENT, p->cookie + CAA_COOKIE_CLIENT, len - CAA_COOKIE_CLIENT) == 0);
		break;
	}
}

/** Whatever is announced makes a name that is one, or none. */
static void check_agent(const struct caa_packet *p, const uint8_t *data, size_t size)
{
	static const uint8_t shop[] = { 3, 'w', 'w', 'w', 4, 's', 'h', 'o', 'p', 0 };
	struct caa_name agent, made, name = { shop, sizeof(shop) }, zone = { shop + 4, sizeof(shop) - 4 };
	uint8_t out[CAA_NAME_MAX];
	size_t len;

	if (p->channel == NULL) {
		check(p->channel_len == 0);
		return;
	}
	check(p->channel >= data + CAA_PACKET_HEADER && p->channel_len <= (size_t)(data + size - p->channel));
	if (caa_agent_read(&agent, p->channel, p->channel_len) != CAA_OK || !caa_agent_fits(agent, zone, name) ||
	    caa_agent_name(out, &len, 257, name, 6, agent) != CAA_OK)
		return;
	check(caa_name_check(&made, out, len) == CAA_OK && made.len == len && caa_name_within(made, agent));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct caa_packet p;

	(void)caa_packet_read(&p, data, size);
	check_packet(&p, data, size);
	check_cookie(&p, false);
	check_cookie(&p, true);
	check_agent(&p, data, size);
	return 0;
}
