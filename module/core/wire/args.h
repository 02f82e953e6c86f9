/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The arguments of a command of unbound-control: words, and numbers among them.
 *  No state: any thread may call anything here. */
#ifndef CAA_CORE_ARGS_H
#define CAA_CORE_ARGS_H

#include <stdbool.h>
#include <stddef.h>

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
