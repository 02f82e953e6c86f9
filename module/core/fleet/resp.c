/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/fleet/resp.h"

#include <stdio.h>
#include <string.h>

enum { CRLF = 2, DIGITS_MAX = 18 };

/** Find the end of the line that begins here. @return its octets without the end. */
static enum caa_resp_state line_of(const uint8_t *octets, size_t left, size_t *len)
{
	const uint8_t *end = left > 0 ? memchr(octets, '\r', left < CAA_RESP_LINE_MAX ? left : CAA_RESP_LINE_MAX) : NULL;

	if (end == NULL)
		return left < CAA_RESP_LINE_MAX ? CAA_RESP_MORE : CAA_RESP_BROKEN;
	*len = (size_t)(end - octets);
	if (*len + 1 >= left)
		return CAA_RESP_MORE;
	return octets[*len + 1] == '\n' ? CAA_RESP_WHOLE : CAA_RESP_BROKEN;
}

static bool number_of(const char *text, size_t len, int64_t *out)
{
	bool negative = len > 0 && text[0] == '-';
	int64_t n = 0;

	text += negative;
	len -= negative;
	if (len == 0 || len > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = n * 10 + (text[i] - '0');
	}
	*out = negative ? -n : n;
	return true;
}

/** Read a bulk string behind its line. */
static enum caa_resp_state bulk_of(struct caa_resp_value *v, const uint8_t *octets, size_t left, size_t *at)
{
	if (v->number == -1) {
		v->type = CAA_RESP_NULL;
		return CAA_RESP_WHOLE;
	}
	if (v->number < 0 || v->number > CAA_RESP_BULK_MAX)
		return CAA_RESP_BROKEN;
	v->len = (size_t)v->number;
	if (left < v->len + CRLF)
		return CAA_RESP_MORE;
	if (octets[v->len] != '\r' || octets[v->len + 1] != '\n')
		return CAA_RESP_BROKEN;
	v->text = (const char *)octets;
	*at += v->len + CRLF;
	return CAA_RESP_WHOLE;
}

/** Read one value. @param at: moved behind it. @param more: elements that follow are added. */
static enum caa_resp_state value_of(struct caa_resp_value *v, const uint8_t *octets, size_t len, size_t *at, size_t *more)
{
	const char *text;
	enum caa_resp_state state;
	size_t line;

	if (*at >= len)
		return CAA_RESP_MORE;
	text = (const char *)octets + *at + 1;
	state = line_of(octets + *at + 1, len - *at - 1, &line);
	if (state != CAA_RESP_WHOLE)
		return state;
	*v = (struct caa_resp_value){ .text = text, .len = line };
	*at += 1 + line + CRLF;
	switch (text[-1]) {
	case '+':
		v->type = CAA_RESP_STATUS;
		return CAA_RESP_WHOLE;
	case '-':
		v->type = CAA_RESP_ERROR;
		return CAA_RESP_WHOLE;
	}
	if (!number_of(text, line, &v->number))
		return CAA_RESP_BROKEN;
	v->len = 0;
	switch (text[-1]) {
	case ':':
		v->type = CAA_RESP_NUMBER;
		return CAA_RESP_WHOLE;
	case '$':
		v->type = CAA_RESP_BULK;
		return bulk_of(v, octets + *at, len - *at, at);
	case '*':
		v->type = v->number == -1 ? CAA_RESP_NULL : CAA_RESP_ARRAY;
		if (v->number < -1 || v->number > CAA_RESP_VALUES)
			return CAA_RESP_BROKEN;
		*more += v->number > 0 ? (size_t)v->number : 0;
		return CAA_RESP_WHOLE;
	}
	return CAA_RESP_BROKEN;
}

enum caa_resp_state caa_resp_read(struct caa_resp *out, const uint8_t *octets, size_t len, size_t *used)
{
	size_t at = 0, more = 1;

	out->count = 0;
	while (more > 0) {
		enum caa_resp_state state;

		if (out->count + more > CAA_RESP_VALUES)
			return CAA_RESP_BROKEN;
		state = value_of(&out->value[out->count], octets, len, &at, &more);
		if (state != CAA_RESP_WHOLE)
			return state;
		out->count++;
		more--;
	}
	*used = at;
	return CAA_RESP_WHOLE;
}

size_t caa_resp_size(const struct caa_resp_arg *arg, size_t count)
{
	size_t size = CAA_RESP_ARG_HEAD;

	for (size_t i = 0; i < count; i++)
		size += CAA_RESP_ARG_HEAD + arg[i].len;
	return size;
}

/** Write the line before an argument, or before all. @return octets. */
static size_t put_head(uint8_t *out, char kind, size_t number)
{
	char text[CAA_RESP_ARG_HEAD];
	int len = snprintf(text, sizeof(text), "%c%zu\r\n", kind, number);

	memcpy(out, text, (size_t)len);
	return (size_t)len;
}

size_t caa_resp_write(uint8_t *out, const struct caa_resp_arg *arg, size_t count)
{
	size_t at = put_head(out, '*', count);

	for (size_t i = 0; i < count; i++) {
		at += put_head(out + at, '$', arg[i].len);
		if (arg[i].len > 0)
			memcpy(out + at, arg[i].octets, arg[i].len);
		at += arg[i].len;
		memcpy(out + at, "\r\n", CRLF);
		at += CRLF;
	}
	return at;
}

bool caa_resp_is(const struct caa_resp_value *value, const char *text)
{
	size_t len = strlen(text);

	switch (value->type) {
	case CAA_RESP_STATUS:
	case CAA_RESP_BULK:
		return value->len == len && memcmp(value->text, text, len) == 0;
	case CAA_RESP_ERROR:
		return value->len >= len && memcmp(value->text, text, len) == 0 && (value->len == len || value->text[len] == ' ');
	case CAA_RESP_NUMBER:
	case CAA_RESP_NULL:
	case CAA_RESP_ARRAY:
		break;
	}
	return false;
}

bool caa_resp_number(const struct caa_resp_value *value, uint64_t *out)
{
	int64_t n = value->number;

	if (value->type != CAA_RESP_NUMBER && (value->type != CAA_RESP_BULK || !number_of(value->text, value->len, &n)))
		return false;
	if (n < 0)
		return false;
	*out = (uint64_t)n;
	return true;
}
