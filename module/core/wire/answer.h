/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What an answer was worth to who asked: good, or what is wrong with it (RFC 1034, section 4.3; RFC 2308).
 *
 *  Reads bytes from the network: every length is checked, nothing is allocated.
 *  No state: any thread may call anything here. */
#ifndef CAA_CORE_ANSWER_H
#define CAA_CORE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/wire/name.h"

enum caa_worth {
	CAA_WORTH_GOOD,		/**< data, a proof that there is none, a CNAME, or a referral downwards */
	CAA_WORTH_RCODE,	/**< an error, by its RCODE */
	CAA_WORTH_TRUNCATED,	/**< TC: to be asked over TCP */
	CAA_WORTH_NO_SOA,	/**< authoritative and empty, without the SOA of RFC 2308, section 3 */
	CAA_WORTH_UPWARD,	/**< a referral to a zone above: lame */
	CAA_WORTH_SELF,		/**< a referral to the zone itself, by who is to have it: lame */
	CAA_WORTH_NOT_AUTHORITATIVE,	/**< empty, without AA: lame */
	CAA_WORTH_UNREADABLE	/**< it cannot be read */
};

enum { CAA_NO_EDE = UINT16_MAX };

/** An answer that is seen to be good is not read to its end. */
struct caa_answer {
	enum caa_worth worth;
	uint16_t rcode;		/**< with the upper bits of the OPT record */
	/** INFO-CODE of the first EDE option (RFC 8914); CAA_NO_EDE if there is none, or the answer is good */
	uint16_t ede;
	const uint8_t *ede_text;	/**< its EXTRA-TEXT as it came, borrowed from the message */
	size_t ede_text_len;
};

/** @param msg, len: any octets. @param zone: that the server was asked for; len 0 if it is not known. */
void caa_answer_read(struct caa_answer *out, const uint8_t *msg, size_t len, struct caa_name zone);

#endif
