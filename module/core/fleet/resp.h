/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The protocol of Valkey and Redis, RESP version 2, as much as is spoken with a store: commands out, replies in.
 *
 *  What comes from the store is not trusted: a reply is read from what is there so far, is bounded in values and octets, and takes no
 *  memory of its own.  No state: any thread may call anything here. */
#ifndef CAA_CORE_FLEET_RESP_H
#define CAA_CORE_FLEET_RESP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CAA_RESP_VALUES = 64,		/**< of one reply, arrays and their elements */
	CAA_RESP_LINE_MAX = 1024,	/**< octets of a status, an error or a number */
	CAA_RESP_BULK_MAX = 65536,	/**< octets of a string */
	CAA_RESP_ARG_HEAD = 16		/**< octets around an argument, at most, whose own are fewer than 1e8 */
};

enum caa_resp_type { CAA_RESP_STATUS, CAA_RESP_ERROR, CAA_RESP_NUMBER, CAA_RESP_BULK, CAA_RESP_NULL, CAA_RESP_ARRAY };

struct caa_resp_value {
	enum caa_resp_type type;
	int64_t number;		/**< of a number; elements of an array, which follow it */
	const char *text;	/**< of a status, an error or a bulk string: borrowed, without NUL */
	size_t len;
};

/** A reply: its first value is it. */
struct caa_resp {
	struct caa_resp_value value[CAA_RESP_VALUES];
	size_t count;
};

enum caa_resp_state {
	CAA_RESP_BROKEN,	/**< no reply, or none within the bounds: the connection is of no more use */
	CAA_RESP_MORE,		/**< its end is not there yet */
	CAA_RESP_WHOLE
};

/** Read a reply. @param out, used: set if it is whole; borrows from octets. */
enum caa_resp_state caa_resp_read(struct caa_resp *out, const uint8_t *octets, size_t len, size_t *used);

/** An argument of a command. */
struct caa_resp_arg {
	const void *octets;
	size_t len;
};

/** @return octets that a command takes, at most. */
size_t caa_resp_size(const struct caa_resp_arg *arg, size_t count);
/** Write a command. @param out: room for caa_resp_size(). @return octets written. */
size_t caa_resp_write(uint8_t *out, const struct caa_resp_arg *arg, size_t count);

/** @return whether a value is a text of these octets, or an error that begins with this word. */
bool caa_resp_is(const struct caa_resp_value *value, const char *text);
/** Read a number, also from a text. @return false if it is none, or negative. */
bool caa_resp_number(const struct caa_resp_value *value, uint64_t *out);

#endif
