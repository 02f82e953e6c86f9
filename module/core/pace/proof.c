/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/proof.h"

struct caa_cookie_part *caa_proof_part(struct caa_upstream *u, const struct caa_asking *q)
{
	return q->netblock || q->source == CAA_SOURCE_ANY ? NULL : caa_upstream_part(u, q->source);
}

bool caa_proof_is_missed(const struct caa_upstream *u, const struct caa_asking *q, uint64_t now_us)
{
	return u->learn.accompanied && q->caa && q->cookies && !caa_cookie_proves(&u->cookie) && !caa_cookie_is_idle(&u->cookie) &&
		u->cookie.avoid_ms == 0 && !caa_learn_limited(&u->learn) &&
		!caa_learn_lately(&u->learn, now_us);
}

size_t caa_proof_cookie(struct caa_upstream *u, struct caa_asking *q, const struct caa_cookie_secret *secret,
	uint64_t now_us, uint8_t out[static CAA_COOKIE_MAX])
{
	bool brings = q->tcp && q->chose_tcp && !q->blamed && caa_proof_is_missed(u, q, now_us);

	q->spared = (q->sent.repeated && caa_cookie_is_idle(&u->cookie)) || ((q->sent.repeated || q->same_denied) && q->doubtful);
	q->cookie = (struct caa_cookie_sent){ .source = q->source };
	if (!q->caa || !q->cookies || (q->without && !brings) || q->spared || q->bare)
		return 0;
	/* Where there is a choice of addresses, each has to learn its own. */
	q->cookie.scouted = !brings && !q->again && !q->chosen && caa_cookie_is_scouted(&u->cookie, now_us);
	return q->cookie.scouted ? 0 : caa_cookie_write(&u->cookie, caa_proof_part(u, q), secret, &u->addr, now_us, out, &q->cookie);
}

/** A denial without the cookie comes from what stands before the server, as a limiter, or from a forger; nothing else of it is used.
 *  One is asked over TCP to see if that is a way around it; where it is none, they are denials as others are. */
static bool is_front(const struct caa_upstream *u, const struct caa_packet *packet)
{
	return caa_packet_denies(packet) && !caa_transport_works(&u->transport) &&
		(caa_transport_fails(&u->transport) || u->transport.inflight > 0);
}

bool caa_proof_accept(struct caa_upstream *u, struct caa_asking *q, const struct caa_cookie_secret *secret,
	uint64_t now_us, const struct caa_packet *packet)
{
	bool proved = caa_cookie_proves(&u->cookie);

	switch (caa_cookie_read(&u->cookie, caa_proof_part(u, q), secret, now_us, packet, &q->cookie, false)) {
	case CAA_COOKIE_FORGED:
		q->forged = true;
		return false;
	case CAA_COOKIE_MISSING:
		q->unproved = !is_front(u, packet);	/* nothing of it is used: TCP is asked, see caa_proof_again() */
		return true;
	case CAA_COOKIE_GOOD:
		if (!proved && !caa_learn_is_manual(&u->learn)) {
			caa_learn_source_proved(&u->learn, now_us);
			caa_transport_prefer_udp(&u->transport);
		}
		return true;
	case CAA_COOKIE_NONE:
		break;
	}
	return true;
}

/** Nothing came over TCP. */
static enum caa_again again_after_tcp(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, uint64_t now_us)
{
	if (!q->chose_tcp)
		return CAA_AGAIN_NO;	/* Unbound asks on, and TCP once more */
	/* No cookie can be had from it, or not from each of its nodes: it is asked as plain Unbound does. */
	if (q->unproved)
		caa_cookie_mixed(&u->cookie, now_us);
	if (caa_serving_is_forged(zone, now_us))
		caa_serving_bare(zone, now_us);
	caa_serving_no_tcp(zone);
	q->want_tcp = q->unproved = q->chose_tcp = false;
	return CAA_AGAIN_SEND;
}

bool caa_proof_may_again(const struct caa_asking *q, const struct caa_packet *packet)
{
	return q->unproved || q->blamed || !q->liked ||
		(packet->rcode != CAA_RCODE_NOERROR && packet->rcode != CAA_RCODE_NXDOMAIN);
}

bool caa_proof_wonders(const struct caa_asking *q, const struct caa_serving *zone)
{
	return q->caa && !zone->liked && (q->cookie.client_sent || q->blamed);
}

/** The option is the reason of a bad answer: the zone goes without, or all do where no zone's answer to one with it was good. */
static void go_bare(struct caa_upstream *u, struct caa_serving *zone, uint64_t now_us)
{
	if (u->cookie.liked)
		caa_serving_bare(zone, now_us);
	else
		caa_cookie_avoid(&u->cookie, now_us);
}

/** Some servers answer a query with an option that they do not know badly in one way or another.  Before one with the option was
 *  answered well, the option may be the reason, and the same without it tells.
 *  @return whether it is to be asked so. */
static bool blames_cookie(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, uint64_t now_us,
	const struct caa_packet *packet, bool good)
{
	if (q->blamed && good)
		go_bare(u, zone, now_us);
	else if (q->blamed || good)
		u->cookie.liked = zone->liked = true;
	if (q->blamed || good) {
		q->without = q->without && good;	/* it was not the reason */
		q->blamed = false;
		return false;
	}
	caa_cookie_scout_blamed(&u->cookie);
	q->blamed = q->without = true;
	q->blamed_cut = packet->truncated;
	return true;
}

enum caa_again caa_proof_again(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, uint64_t now_us,
	const struct caa_packet *packet, bool edns, bool good)
{
	if (!q->caa)
		return CAA_AGAIN_NO;
	if (packet == NULL)
		return again_after_tcp(u, q, zone, now_us);
	if (q->unproved && !q->want_tcp) {
		q->want_tcp = true;
		return CAA_AGAIN_SEND;
	}
	if (packet->rcode == CAA_RCODE_BADCOOKIE && q->cookie.client_sent) {
		if (q->again)	/* its own cookie is not taken (RFC 7873, section 5.3): it is asked as plain Unbound does */
			caa_cookie_avoid(&u->cookie, now_us);
		q->without = q->again || u->cookie.refused;
		q->again = u->cookie.refused = true;
		return CAA_AGAIN_SEND;
	}
	if (packet->rcode == CAA_RCODE_NOTIMP && caa_serving_is_notimp(zone, now_us))
		return CAA_AGAIN_FINAL;
	if (caa_packet_dislikes(packet) && q->cookie.client_sent) {
		go_bare(u, zone, now_us);
		return CAA_AGAIN_SEND;
	}
	/* Large answers are truncated in any case; and where it is another answer than with the cookie, TCP tells. */
	if (packet->truncated && (q->blamed ? !q->blamed_cut : u->cookie.liked))
		return CAA_AGAIN_NO;
	if (packet->rcode != CAA_RCODE_NOTIMP && caa_proof_wonders(q, zone) && blames_cookie(u, q, zone, now_us, packet, good))
		return CAA_AGAIN_SEND;
	if (packet->rcode == CAA_RCODE_NOTIMP && !edns && caa_serving_notimp(zone, now_us))
		return CAA_AGAIN_FINAL;
	return CAA_AGAIN_NO;
}
