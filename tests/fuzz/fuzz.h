/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What the fuzz targets share: a claim that has to hold, an input that is taken apart, names of it, and a strict reader of
 *  JSON (RFC 8259) in UTF-8 (RFC 3629). */
#ifndef CAA_TESTS_FUZZ_H
#define CAA_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/wire/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define check(claim) do { \
		if (!(claim)) { \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #claim); \
			abort(); \
		} \
	} while (0)

/* --- the input ----------------------------------------------------------------------------------------------------- */

/** What is left of an input; where there is nothing left it gives zeroes. */
struct input {
	const uint8_t *at;
	size_t left;
};

static inline uint8_t take8(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->at++;
}

static inline uint16_t take16(struct input *in)
{
	uint16_t high = take8(in);

	return (uint16_t)(high << 8 | take8(in));
}

static inline uint32_t take32(struct input *in)
{
	uint32_t high = take16(in);

	return high << 16 | take16(in);
}

/** @return so many octets, or as many as are left: *len says. */
static inline const uint8_t *take(struct input *in, size_t *len)
{
	const uint8_t *at = in->at;

	if (*len > in->left)
		*len = in->left;
	in->at += *len;
	in->left -= *len;
	return at;
}

/** A name of whatever comes: a length octet, and so many octets cut into labels. */
static inline struct caa_name take_name(struct input *in, uint8_t wire[static CAA_NAME_MAX])
{
	struct caa_name name;
	size_t at = 0;

	for (uint8_t len; (len = take8(in) % 16) != 0 && at + 1 + len + 1 <= CAA_NAME_MAX; at += 1u + len) {
		wire[at] = len;
		for (uint8_t i = 0; i < len; i++)
			wire[at + 1 + i] = take8(in);
	}
	wire[at++] = 0;
	check(caa_name_check(&name, wire, at) == CAA_OK && name.len == at);
	return name;
}

/* --- UTF-8 and JSON -------------------------------------------------------------------------------------------------- */

/** @return octets of the character at text; 0 if it is none. */
static inline size_t utf8_character(const char *text, uint32_t *point)
{
	const uint8_t *c = (const uint8_t *)text;
	size_t len = c[0] < 0x80 ? 1 : c[0] >= 0xc2 && c[0] < 0xe0 ? 2 : (c[0] & 0xf0) == 0xe0 ? 3 : c[0] >= 0xf0 && c[0] < 0xf5 ? 4 : 0;

	*point = len == 1 ? c[0] : len == 0 ? 0 : c[0] & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (c[i] & 0x3f);
	}
	if ((len == 3 && (*point < 0x800 || (*point >= 0xd800 && *point < 0xe000))) || (len == 4 && (*point < 0x10000 || *point > 0x10ffff)))
		return 0;
	return len;
}

/** @return whether a text is UTF-8 without control characters and without those that turn the direction of writing. */
static inline bool is_harmless(const char *text)
{
	uint32_t point;

	for (size_t len; *text != '\0'; text += len) {
		len = utf8_character(text, &point);
		if (len == 0 || point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x202a && point <= 0x202e) ||
		    (point >= 0x2066 && point <= 0x2069) || point == 0x200e || point == 0x200f || point == 0x61c)
			return false;
	}
	return true;
}

static inline const char *json_value(const char *at, unsigned depth);

static inline const char *json_space(const char *at)
{
	return at + strspn(at, " \t\n\r");
}

static inline const char *json_string(const char *at)
{
	uint32_t point;

	if (*at++ != '"')
		return NULL;
	while (*at != '"') {
		size_t len = utf8_character(at, &point);

		if (len == 0 || point < 0x20)
			return NULL;
		if (*at == '\\' && at[1] == 'u') {
			if (strspn(at + 2, "0123456789abcdefABCDEF") < 4)
				return NULL;
			len = 6;
		} else if (*at == '\\') {
			if (at[1] == '\0' || strchr("\"\\/bfnrt", at[1]) == NULL)
				return NULL;
			len = 2;
		}
		at += len;
	}
	return at + 1;
}

static inline const char *json_number(const char *at)
{
	size_t digits;

	at += *at == '-';
	digits = strspn(at, "0123456789");
	return digits == 0 || (digits > 1 && *at == '0') ? NULL : at + digits;	/* we write none with a fraction */
}

/** The members of an object or an array. */
static inline const char *json_members(const char *at, char close, unsigned depth)
{
	at = json_space(at + 1);
	if (*at == close)
		return at + 1;
	for (;;) {
		if (close == '}') {
			at = json_string(json_space(at));
			at = at != NULL ? json_space(at) : NULL;
			if (at == NULL || *at++ != ':')
				return NULL;
		}
		at = json_value(json_space(at), depth + 1);
		at = at != NULL ? json_space(at) : NULL;
		if (at == NULL || (*at != ',' && *at != close))
			return NULL;
		if (*at++ == close)
			return at;
	}
}

static inline const char *json_value(const char *at, unsigned depth)
{
	static const char *const words[] = { "true", "false", "null" };

	if (depth > 16)
		return NULL;
	if (*at == '{' || *at == '[')
		return json_members(at, *at == '{' ? '}' : ']', depth);
	if (*at == '"')
		return json_string(at);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(at, words[i], strlen(words[i])) == 0)
			return at + strlen(words[i]);
	return json_number(at);
}

/** @return whether a text is one whole JSON value. */
static inline bool is_json(const char *text)
{
	const char *end = json_value(json_space(text), 0);

	return end != NULL && *json_space(end) == '\0';
}

#endif
