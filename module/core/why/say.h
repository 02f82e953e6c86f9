/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The words for a case: what happened at which server, and what the domain's owner can change.
 *
 *  Nothing tells of the network that asks: no address of its own and no path; the servers' addresses are public.
 *  No state: any thread may call anything here. */
#ifndef CAA_CORE_SAY_H
#define CAA_CORE_SAY_H

#include <stdint.h>
#include "core/why/cause.h"
#include "core/wire/text.h"

enum {
	CAA_EDE_MAX = 200 + 1,	/**< octets of an EDE text with NUL */
	CAA_SAY_ID = 5 + CAA_ID_MAX,	/**< octets that the id takes at its end */
	CAA_SAY_MAX = 16	/**< octets of a type or an RCODE in words, with NUL */
};

/** Write what happened and what to change, e.g. `192.0.2.1 (ns1.example.net) answered NOTIMP to CAA example.net; ...`: where it
 *  does not fit, it says less.
 *  @param text: of UTF-8, and so long that its id has room behind it. @return the INFO-CODE (RFC 8914, section 4). */
uint16_t caa_say_sentence(const struct caa_case *c, char text[static CAA_EDE_MAX]);

/** The same as a client gets it in an EDE, with the lookup's id at its end, e.g. `...; ... (id abcdefgh)`.
 *  @param text: at most 200 octets. */
uint16_t caa_say_to_client(const struct caa_case *c, char text[static CAA_EDE_MAX]);

/** What a client gets of a question that is still looked up, by what was seen until now: what happened, and that it is worth to
 *  ask again.
 *  @param c: class and took_ms as if it had failed now. */
uint16_t caa_say_so_far(const struct caa_case *c, char text[static CAA_EDE_MAX]);

/** Its halves, of any length: what happened, and what to change; and the INFO-CODE. */
void caa_say_why(struct caa_text *t, const struct caa_case *c);
const char *caa_say_advice(const struct caa_case *c);
uint16_t caa_say_code(const struct caa_case *c);

/** @return the name of an INFO-CODE as RFC 8914 has it, or "Other Error". */
const char *caa_say_ede(uint16_t code);

/** @param buf: used for what has no name. @return the name of an RCODE, of a type. */
const char *caa_say_rcode(uint16_t rcode, char buf[static CAA_SAY_MAX]);
const char *caa_say_type(uint16_t qtype, char buf[static CAA_SAY_MAX]);

/** Write the name that an attempt asked for: the last so many labels of the question's, or the other one.
 *  @param out, size: NUL-terminated; size at least 16. @return out. */
const char *caa_say_asked(const struct caa_case *c, const struct caa_attempt *a, char *out, size_t size);

#endif
