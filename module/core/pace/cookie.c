/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/cookie.h"

#include "core/wire/ms.h"

#include <string.h>

enum {
	MINUTE_MS = 60 * 1000,
	AVOID_MS = 15 * MINUTE_MS,	/**< as long as Unbound remembers a server without EDNS */
	EXPECT_MS = 15 * MINUTE_MS,	/**< how long a server that sent cookies is held to it */
	MIXED_MS = 15 * MINUTE_MS,	/**< as long as cookies would be expected */
	SCOUT_MS = 400,			/**< about as long as Unbound waits for a server that it does not know */
	SILENT_MAX = 3,			/**< unanswered queries with the option before one without is tried */
	RESCUED_MAX = 3,		/**< questions lost with the option and answered without, where it brings nothing */
	ANSWERED = UINT8_MAX
};

void caa_cookie_init(struct caa_cookie *c)
{
	memset(c, 0, sizeof(*c));
}

static void client_part(uint8_t out[static CAA_COOKIE_CLIENT], const struct caa_cookie_secret *secret,
	const struct caa_addr *server, uint8_t source)
{
	struct { struct caa_addr server; uint8_t source; } pair = { *server, source };
	uint64_t hash = caa_hash(secret->key, &pair, sizeof(pair));

	for (size_t i = 0; i < CAA_COOKIE_CLIENT; i++)
		out[i] = (uint8_t)(hash >> 8 * i);
}

static bool avoided(struct caa_cookie *c, uint64_t now_us)
{
	if (c->avoid_ms != 0 && !caa_ms_ahead(c->avoid_ms, now_us, AVOID_MS)) {
		c->avoid_ms = 0;
		c->silent = 0;
		c->excused = false;
	}
	/* After some silence every other query goes without, until one of either kind is answered. */
	return c->avoid_ms != 0 || (c->silent != ANSWERED && c->silent >= SILENT_MAX);
}

static void part_forget(struct caa_cookie *c, uint8_t source)
{
	c->known &= (uint16_t)~(1u << source);
}

size_t caa_cookie_write(struct caa_cookie *c, struct caa_cookie_part *part, const struct caa_cookie_secret *secret,
	const struct caa_addr *server, uint64_t now_us, uint8_t out[static CAA_COOKIE_MAX], struct caa_cookie_sent *sent)
{
	*sent = (struct caa_cookie_sent){ .source = sent->source };
	if (avoided(c, now_us))
		return 0;
	client_part(sent->client, secret, server, sent->source);
	memcpy(out, sent->client, CAA_COOKIE_CLIENT);
	sent->client_sent = true;
	sent->serial = secret->serial;
	/* The server's part belongs to the client's: another secret makes both anew. */
	if (part != NULL && part->serial != secret->serial)
		part_forget(c, sent->source);
	if (part == NULL || !caa_cookie_proves_from(c, sent->source))
		return CAA_COOKIE_CLIENT;
	memcpy(out + CAA_COOKIE_CLIENT, part->server, part->server_len);
	sent->server_sent = true;
	return (size_t)CAA_COOKIE_CLIENT + part->server_len;
}

bool caa_cookie_is_scouted(struct caa_cookie *c, uint64_t now_us)
{
	uint16_t now_ms = (uint16_t)caa_ms(now_us);

	if (c->liked)
		return false;
	if (c->scout_ms == 0 || (uint16_t)(now_ms - c->scout_ms) >= SCOUT_MS) {
		c->scout_ms = now_ms != 0 ? now_ms : UINT16_MAX;
		c->scouts = 0;
	} else if (!c->next || c->scouts >= CAA_COOKIE_SCOUTS) {
		return true;
	}
	c->next = false;
	c->scouts++;
	return false;
}

/** Whether there is a server's part of a length that it may have (RFC 7873, section 4). */
static bool has_server_part(const struct caa_packet *p)
{
	return p->cookie_len >= CAA_COOKIE_CLIENT + CAA_COOKIE_SERVER_MIN && p->cookie_len <= CAA_COOKIE_MAX;
}

/** Whether our part came back. */
static bool is_ours(const struct caa_packet *p, const struct caa_cookie_sent *sent)
{
	return p->cookie_len >= CAA_COOKIE_CLIENT && memcmp(p->cookie, sent->client, CAA_COOKIE_CLIENT) == 0;
}

void caa_cookie_mixed(struct caa_cookie *c, uint64_t now_us)
{
	c->mixed_ms = caa_ms_later(now_us, MIXED_MS);
}

/** An answer without a cookie. */
static enum caa_cookie_verdict read_none(struct caa_cookie *c, uint64_t now_us, const struct caa_packet *packet, uint8_t source,
	bool tcp)
{
	bool expected = c->good_ms != 0 && caa_ms_age(c->good_ms, caa_ms(now_us)) < EXPECT_MS;

	if (!tcp && expected) {
		/* Nothing of a truncated answer is used but that it asks for TCP. */
		return packet->truncated || caa_ms_ahead(c->mixed_ms, now_us, MIXED_MS) ? CAA_COOKIE_NONE : CAA_COOKIE_MISSING;
	}
	/* What denies without it may stand before the server, as limiters do, and says nothing of the server's cookies. */
	if (expected && caa_packet_denies(packet))
		return CAA_COOKIE_NONE;
	if (expected)
		caa_cookie_mixed(c, now_us);	/* one node, or all by now */
	if (source < CAA_SOURCES_MAX)
		part_forget(c, source);
	c->silent = ANSWERED;
	return CAA_COOKIE_NONE;
}

static void part_keep(struct caa_cookie *c, struct caa_cookie_part *part, const struct caa_cookie_secret *secret,
	const struct caa_packet *packet, uint8_t source)
{
	part->serial = secret->serial;
	part->server_len = (uint8_t)(packet->cookie_len - CAA_COOKIE_CLIENT);
	memcpy(part->server, packet->cookie + CAA_COOKIE_CLIENT, part->server_len);
	c->known |= (uint16_t)(1u << source);
}

enum caa_cookie_verdict caa_cookie_read(struct caa_cookie *c, struct caa_cookie_part *part, const struct caa_cookie_secret *secret,
	uint64_t now_us, const struct caa_packet *packet, const struct caa_cookie_sent *sent, bool tcp)
{
	if (!sent->client_sent)
		return CAA_COOKIE_NONE;
	if (packet->cookie == NULL)
		return read_none(c, now_us, packet, sent->source, tcp);
	if (!is_ours(packet, sent))
		return tcp ? CAA_COOKIE_NONE : CAA_COOKIE_FORGED;
	c->silent = ANSWERED;
	if (!has_server_part(packet))
		return CAA_COOKIE_NONE;		/* it echoes options that it does not know */
	c->good_ms = caa_ms_later(now_us, 0);
	c->refused = c->refused && (packet->rcode == CAA_RCODE_BADCOOKIE || !sent->server_sent);
	if (part != NULL && sent->serial == secret->serial)	/* else made for a client's part that is not sent any more */
		part_keep(c, part, secret, packet, sent->source);
	return CAA_COOKIE_GOOD;
}

void caa_cookie_avoid(struct caa_cookie *c, uint64_t now_us)
{
	c->avoid_ms = caa_ms_later(now_us, AVOID_MS);
	c->known = 0;
	c->refused = false;
}

bool caa_cookie_is_idle(const struct caa_cookie *c)
{
	return c->silent == ANSWERED && c->good_ms == 0;
}

bool caa_cookie_is_open(const struct caa_cookie *c)
{
	return c->silent < SILENT_MAX && !c->liked && c->avoid_ms == 0;
}

bool caa_cookie_silence(struct caa_cookie *c, const struct caa_cookie_sent *sent)
{
	if (c->silent == ANSWERED)
		return false;
	if (sent->client_sent && c->silent < SILENT_MAX)
		c->silent++;
	else if (!sent->client_sent && c->silent >= SILENT_MAX)
		c->silent = SILENT_MAX - 1;	/* silent without it, too: it is not the option */
	return sent->client_sent;
}

void caa_cookie_answered_without(struct caa_cookie *c, uint64_t now_us, bool lost)
{
	c->rescued += lost && caa_cookie_is_idle(c);
	if (c->rescued >= RESCUED_MAX) {
		c->rescued = 0;
		caa_cookie_avoid(c, now_us);
	}
	if (c->silent != ANSWERED && c->silent >= SILENT_MAX)
		caa_cookie_avoid(c, now_us);
}

void caa_cookie_excuse(struct caa_cookie *c)
{
	if (c->avoid_ms == 0 || c->excused || c->silent == ANSWERED)	/* what was answered has said itself that it does not like it */
		return;
	c->excused = true;
	c->avoid_ms = 0;
	c->silent = 0;
}
