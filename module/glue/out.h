/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The text of a command of unbound-control on its way out, and its arguments on their way in. */
#ifndef CAA_GLUE_OUT_H
#define CAA_GLUE_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "util/module_hooks.h"

/** Where a command's text goes. */
struct caa_out {
	module_hooks_print_type *print;
	void *to;
};

/** Print; lines longer than 511 octets are cut. */
void caa_out(const struct caa_out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Print text of any length. */
void caa_out_text(const struct caa_out *out, const char *text);

enum { CAA_ARG_MAX = 1100, CAA_ARGS_MAX = 3 };	/**< octets of a word, of a name in text form; words of a command */

/** A command's words.  One of `-j`, `--json` and `json` asks for JSON; unbound-control itself takes words that begin with
 *  "-", unless it is called as `unbound-control -- COMMAND ...`, so there is one that does not. */
struct caa_args {
	char word[CAA_ARGS_MAX][CAA_ARG_MAX];	/**< the others */
	unsigned count;
	bool json;
};

/** @return false if there are too many words, or one is too long. */
bool caa_args_read(struct caa_args *args, const char *text);

/** @return whether a word is a number; as one it is at most max. */
bool caa_args_number(const char *word, size_t max, size_t *number);

#endif
