/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The client's side of DNS cookies (RFC 7873) with one upstream.
 *
 *  A client cookie is made from the upstream's address and a secret that is rolled; what the server adds to it is opaque
 *  (RFC 9018 is how most servers make it) and returned with later queries.  An answer is checked against the client
 *  cookie that its query carried.  A server that has sent cookies has to send them (RFC 7873, section 5.3), unless some of
 *  the nodes behind its address know none, which TCP tells.  An answer that carries our client part proves that who sent it
 *  saw the query, with or without a server's part.
 *  A server that dislikes the option is asked without it for a while; one query finds out, before the others carry it.
 *  A server binds its part to the client's address (RFC 7873, section 4.2; RFC 9018, section 4.4), and a client is not to be known
 *  by a cookie that it carries to another one (RFC 9018, section 3): of each address that queries leave from there are a client's
 *  part and a server's part of their own.  What else is known is of the server.
 *  No clock, no lock, no randomness: all are arguments. */
#ifndef CAA_CORE_COOKIE_H
#define CAA_CORE_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/wire/addr.h"
#include "core/wire/hash.h"
#include "core/wire/packet.h"

enum {				/* RFC 7873, section 4 */
	CAA_COOKIE_CLIENT = 8, CAA_COOKIE_SERVER_MIN = 8, CAA_COOKIE_SERVER_MAX = 32,
	CAA_COOKIE_MAX = CAA_COOKIE_CLIENT + CAA_COOKIE_SERVER_MAX
};

enum {
	CAA_COOKIE_SCOUTS = 3,		/**< queries that find out how the option is liked, within the time that one is waited for */
	CAA_SOURCES_MAX = 16,		/**< outgoing addresses whose cookies are kept */
	CAA_SOURCE_ANY = UINT8_MAX	/**< whichever Unbound takes: its cookie is not kept */
};

/** How long a secret is used: section 5.1 and appendix A recommend a day, and at most 36 days. */
#define CAA_COOKIE_SECRET_US (UINT64_C(86400) * 1000000)

struct caa_cookie_secret {
	uint8_t key[CAA_HASH_KEY];
	uint64_t until_us;	/**< when to put another in its place; 0 = at once */
	uint8_t serial;		/**< counts them, modulo 256 */
};

/** The server's part for one of our addresses. */
struct caa_cookie_part {
	uint8_t server[CAA_COOKIE_SERVER_MAX];
	uint8_t server_len;	/**< 1 and more */
	uint8_t serial;		/**< of the secret that it belongs to */
};

/** What is known of one upstream.  Times in ms modulo 2^32. */
struct caa_cookie {
	uint32_t good_ms;	/**< the last answer with a good cookie; 0 = none that counts */
	uint32_t avoid_ms;	/**< until then no option is sent; 0 = it is */
	uint32_t mixed_ms;	/**< until then an answer without a cookie is as good as plain Unbound takes it; 0 = it is not */
	uint16_t known;		/**< bit n: the server's part is known for our address n */
	struct caa_cookie_part part;	/**< where we have one address; else they stand elsewhere (core/pace/upstream.h) */
	uint16_t scout_ms;	/**< when the last query left that is to tell how the option is liked, modulo 2^16; 0 = none */
	bool liked : 1;		/**< a query with the option was answered well, or badly with and without it: it is not the reason */
	bool refused : 1;	/**< the last server's part was answered with BADCOOKIE, and none was taken since */
	bool excused : 1;	/**< a limit was found to be the reason of a silence, see caa_cookie_excuse() */
	bool next : 1;		/**< another one may tell: what left after the last was answered before it */
	uint8_t scouts : 2;	/**< that left within a while, since the first of them */
	uint8_t rescued : 2;	/**< questions that were lost with the option and answered without, where no answer has a cookie */
	uint8_t silent;		/**< queries with the option that were not answered, before one was; 255 = one was */
};

/** What a query carried. */
struct caa_cookie_sent {
	uint8_t client[CAA_COOKIE_CLIENT];
	uint8_t serial;		/**< of the secret that made it */
	uint8_t source;		/**< our address that it left from, or CAA_SOURCE_ANY */
	bool client_sent;	/**< a cookie was sent */
	bool server_sent;	/**< with the server's part */
	bool scouted;		/**< none was, since another query finds out how the option is liked */
};

enum caa_cookie_verdict {
	CAA_COOKIE_FORGED,	/**< another client's part: drop the answer and wait for the true one */
	CAA_COOKIE_MISSING,	/**< there has to be one, and is none: have TCP tell */
	CAA_COOKIE_NONE,	/**< nothing to check */
	CAA_COOKIE_GOOD		/**< the server proved that it saw the query */
};

void caa_cookie_init(struct caa_cookie *c);

/** Make the option's data for a query that leaves now.
 *  @param part: of the address that it leaves from; NULL if that is not kept. @param out: CAA_COOKIE_MAX octets.
 *  @param sent: what to keep with the query; its source is set by the caller.
 *  @return octets; 0 if the server is to be asked without. */
size_t caa_cookie_write(struct caa_cookie *c, struct caa_cookie_part *part, const struct caa_cookie_secret *secret,
	const struct caa_addr *server, uint64_t now_us, uint8_t out[static CAA_COOKIE_MAX], struct caa_cookie_sent *sent);

/** How a server likes the option is found out by one query, and by a few more where that is not answered soon, or others are before it:
 *  those that leave meanwhile carry none, and are not answered badly, or not at all, because of it.
 *  @return whether one is finding out; if not, who asks does, unless it is known. */
bool caa_cookie_is_scouted(struct caa_cookie *c, uint64_t now_us);

/** One of those that leave meanwhile was answered. */
static inline void caa_cookie_overtaken(struct caa_cookie *c)
{
	c->next = true;
}

/** The scout was answered badly: what it is asked without tells why. */
static inline void caa_cookie_scout_blamed(struct caa_cookie *c)
{
	c->scouts = CAA_COOKIE_SCOUTS;
}

/** Check an answer, and keep the server's part of a good cookie unless the secret was rolled since the query left.
 *  @param part: as for the query. @param tcp: it came over TCP, where nobody forges. */
enum caa_cookie_verdict caa_cookie_read(struct caa_cookie *c, struct caa_cookie_part *part, const struct caa_cookie_secret *secret,
	uint64_t now_us, const struct caa_packet *packet, const struct caa_cookie_sent *sent, bool tcp);

/** Some of the nodes behind the address send no cookies: do not miss them for a while. */
void caa_cookie_mixed(struct caa_cookie *c, uint64_t now_us);

/** The server does not like the option: ask without for a while. */
void caa_cookie_avoid(struct caa_cookie *c, uint64_t now_us);

/** @return whether queries with the option are answered without a cookie: it brings nothing, and some of the nodes behind the address may
 *	not answer it at all, so that what was lost is better asked without. */
bool caa_cookie_is_idle(const struct caa_cookie *c);

/** A query was not answered.
 *  @return whether it is to be asked without the option now, as the option may be the reason: none with it was answered yet. */
bool caa_cookie_silence(struct caa_cookie *c, const struct caa_cookie_sent *sent);

/** A query without the option was answered.  @param lost: the same with the option was not. */
void caa_cookie_answered_without(struct caa_cookie *c, uint64_t now_us, bool lost);

/** @return whether it may still turn out that the server sends cookies: no query with the option was answered, and it is not avoided. */
bool caa_cookie_is_open(const struct caa_cookie *c);

/** A limit was found: it explains what was lost with the option, while some without were answered.  Once in the time that the option would
 *  be avoided for it is tried again; where the silence follows it again, it was the option. */
void caa_cookie_excuse(struct caa_cookie *c);

/** @return whether the server's part is known for any of our addresses, so that queries prove their source. */
static inline bool caa_cookie_proves(const struct caa_cookie *c)
{
	return c->known != 0;
}

/** @return the same of those from one of our addresses. */
static inline bool caa_cookie_proves_from(const struct caa_cookie *c, uint8_t source)
{
	return source < CAA_SOURCES_MAX && (c->known >> source & 1) != 0;
}

#endif
