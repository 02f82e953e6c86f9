/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The names to check: from arguments, a file, or the SAN list of a certificate or CSR (RFC 5280 s4.2.1.6).
 *  One thread. */
#ifndef CAA_TOOL_SANS_H
#define CAA_TOOL_SANS_H

#include <stddef.h>
#include "core/wire/name.h"

enum { CAA_SANS_TEXT_MAX = 512 };	/**< octets of an error text with NUL */

/** One name, in the order given; the same name twice is there once. */
struct caa_san {
	uint8_t wire[CAA_NAME_MAX];
	size_t len;
	char *text;		/**< as given, for messages */
};

struct caa_sans {
	struct caa_san *san;
	size_t count, room;
};

void caa_sans_init(struct caa_sans *s);
void caa_sans_clear(struct caa_sans *s);

/** Add one name.
 *  @param where: for messages, such as file:line. @param err: set on error. */
enum caa_res caa_sans_add(struct caa_sans *s, const char *text, const char *where, char err[static CAA_SANS_TEXT_MAX]);

/** Add the names of a file, one on a line; `#` starts a comment.
 *  @param path: `-` is standard input. */
enum caa_res caa_sans_add_file(struct caa_sans *s, const char *path, char err[static CAA_SANS_TEXT_MAX]);

/** Add the DNS names of a certificate or certificate request, PEM or DER. */
enum caa_res caa_sans_add_cert(struct caa_sans *s, const char *path, char err[static CAA_SANS_TEXT_MAX]);

#endif
