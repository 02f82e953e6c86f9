/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What proves to an upstream who asks, and to us who answers: the cookie that a query carries, whether an answer is believed,
 *  and what is asked again, without it or over TCP, before a bad answer is taken for the server's own.
 *
 *  No clock, no lock: time is passed in, and the caller serialises calls on one upstream. */
#ifndef CAA_CORE_PROOF_H
#define CAA_CORE_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/pace/asking.h"
#include "core/pace/cookie.h"
#include "core/pace/serving.h"
#include "core/pace/upstream.h"
#include "core/wire/packet.h"

/** @return what is kept of the cookie for where a query leaves from, borrowed like the upstream; NULL if nothing is, as for a netblock. */
struct caa_cookie_part *caa_proof_part(struct caa_upstream *u, const struct caa_asking *q);

/** Who is not answered never gets the cookie that would pass a limit.  One resolver is answered before it meets one; where several begin at
 *  once, what the others have asked may have used it up, and the upstream looks dead.  Once a query is lost there TCP is to tell, and to
 *  bring the cookie; the others wait for that.
 *  @return whether an upstream may be so for a query. */
bool caa_proof_is_missed(const struct caa_upstream *u, const struct caa_asking *q, uint64_t now_us);

/** The cookie for a packet that leaves now.  @return octets; 0 for none. */
size_t caa_proof_cookie(struct caa_upstream *u, struct caa_asking *q, const struct caa_cookie_secret *secret,
	uint64_t now_us, uint8_t out[static CAA_COOKIE_MAX]);

/** @return false if an answer over UDP is forged, and the true one is waited for. */
bool caa_proof_accept(struct caa_upstream *u, struct caa_asking *q, const struct caa_cookie_secret *secret,
	uint64_t now_us, const struct caa_packet *packet);

/** What to do about an answer before Unbound concludes that the server has no EDNS. */
enum caa_again {
	CAA_AGAIN_NO,		/**< as Unbound would */
	CAA_AGAIN_SEND,		/**< ask again, without or with another cookie, or over another transport */
	CAA_AGAIN_FINAL		/**< the server answers so with EDNS and without: believe it */
};

/** @return false if caa_proof_again() has nothing to say about an answer, as mostly. */
bool caa_proof_may_again(const struct caa_asking *q, const struct caa_packet *packet);

/** @return whether caa_proof_again() has to know if an answer was good, which takes to read it. */
bool caa_proof_wonders(const struct caa_asking *q, const struct caa_serving *zone);

/** @param zone: what the upstream does for the query's zone. @param packet: NULL if nothing came over TCP.
 *  @param edns: the query had EDNS. @param good: the answer is of use
 *  (core/wire/answer.h); not used unless caa_proof_wonders(). */
enum caa_again caa_proof_again(struct caa_upstream *u, struct caa_asking *q, struct caa_serving *zone, uint64_t now_us,
	const struct caa_packet *packet, bool edns, bool good);

#endif
