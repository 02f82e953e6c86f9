/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What an answer says, as one short text: the same for two answers that tell a client the same. */
#ifndef HARM_DIGEST_H
#define HARM_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_TEXT = 64, EDE_TEXT = 400, RCODE_NONE = -1 };

struct digest {
	int rcode;			/**< RCODE_NONE = this is no answer */
	char text[DIGEST_TEXT];		/**< the answer section, without TTL and signatures */
	int ede;			/**< the code; -1 = none */
	char ede_text[EDE_TEXT];
};

void digest_read(struct digest *out, const uint8_t *octets, size_t len);

#endif
