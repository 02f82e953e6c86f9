/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Fuzz what reads an upstream's answer: the packet, and its cookie.  Built by `make fuzz`.
 *
 *  The input is the answer to a query that carried a cookie; where a COOKIE option begins with the marker `echo-me!`, it
 *  is taken to be the client's part, so that the fuzzer gets past the check of the echo. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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
	struct caa_cookie_sent sent;
	struct caa_cookie c;
	size_t len;

	caa_cookie_init(&c);
	check(caa_cookie_write(&c, &secret, &server, 1, out, &sent) == CAA_COOKIE_CLIENT);
	memcpy(sent.client, marker, sizeof(marker));
	switch (caa_cookie_read(&c, &secret, 1, p, &sent, tcp)) {
	case CAA_COOKIE_FORGED:
		check(!tcp && !caa_cookie_proves(&c));
		break;
	case CAA_COOKIE_NONE:
		check(!caa_cookie_proves(&c));
		break;
	case CAA_COOKIE_GOOD:
		len = caa_cookie_write(&c, &secret, &server, 1, out, &sent);
		check(len == p->cookie_len);
		check(memcmp(out + CAA_COOKIE_CLIENT, p->cookie + CAA_COOKIE_CLIENT, len - CAA_COOKIE_CLIENT) == 0);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct caa_packet p;

	(void)caa_packet_read(&p, data, size);
	check_packet(&p, data, size);
	check_cookie(&p, false);
	check_cookie(&p, true);
	return 0;
}
