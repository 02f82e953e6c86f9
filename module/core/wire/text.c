/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/wire/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	ESCAPE = 4,		/**< octets of \DDD */
	DOTS = 3		/**< octets of "..." */
};

void caa_text_init(struct caa_text *t, char *buf, size_t size)
{
	*t = (struct caa_text){ .buf = buf, .size = size };
	buf[0] = '\0';
}

void caa_text_cut(struct caa_text *t, size_t len)
{
	t->len = len;
	t->buf[len] = '\0';
	t->full = false;
}

static void add(struct caa_text *t, const char *octets, size_t len)
{
	if (len + t->len >= t->size) {
		t->full = true;
		return;
	}
	memcpy(t->buf + t->len, octets, len);
	t->len += len;
	t->buf[t->len] = '\0';
}

void caa_text_add(struct caa_text *t, const char *text)
{
	add(t, text, strlen(text));
}

void caa_text_addf(struct caa_text *t, const char *format, ...)
{
	size_t left = t->size > t->len ? t->size - t->len : 0;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(t->buf + t->len, left, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= left) {
		t->buf[t->len] = '\0';
		t->full = true;
		return;
	}
	t->len += (size_t)len;
}

void caa_text_json(struct caa_text *t, const char *clean)
{
	size_t begin = t->len;

	for (; *clean != '\0' && !t->full; clean++) {
		unsigned char c = (unsigned char)*clean;

		if (c == '"' || c == '\\')
			caa_text_addf(t, "\\%c", c);
		else if (c < ' ')	/* not clean: valid JSON all the same */
			caa_text_addf(t, "\\u%04x", c);
		else
			add(t, clean, 1);
	}
	if (t->full) {
		caa_text_cut(t, begin);
		t->full = true;
	}
}

/** Octets of the UTF-8 character that the octets start with (RFC 3629, section 4); 0 if it is none.
 *  @param point: its code point. */
static size_t character(uint32_t *point, const uint8_t *octets, size_t len)
{
	static const struct { uint8_t mask, lead; uint32_t least; } form[] = {
		{ 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 },
	};

	for (size_t i = 0; i < sizeof(form) / sizeof(form[0]) && i < len; i++) {
		if ((octets[0] & form[i].mask) != form[i].lead)
			continue;
		*point = octets[0] & (uint8_t)~form[i].mask;
		for (size_t k = 1; k <= i; k++) {
			if ((octets[k] & 0xc0) != 0x80)
				return 0;
			*point = *point << 6 | (octets[k] & 0x3f);
		}
		if (*point < form[i].least || *point > 0x10ffff || (*point >= 0xd800 && *point <= 0xdfff))
			return 0;
		return i + 1;
	}
	return 0;
}

/** Control characters, those that change the direction of writing or cannot be seen, and those that are none. */
static bool is_harmful(uint32_t point)
{
	static const struct { uint32_t first, last; } range[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c }, { 0x180e, 0x180e }, { 0x200b, 0x200f },
		{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfdd0, 0xfdef }, { 0xfeff, 0xfeff }, { 0xfff9, 0xffff },
		{ 0xe000, 0xf8ff }, { 0xe0000, 0x10ffff },
	};

	for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++)
		if (point >= range[i].first && point <= range[i].last)
			return true;
	return false;
}

const char *caa_text_clean(char *out, size_t size, const uint8_t *octets, size_t len)
{
	size_t at = 0, fits = 0;

	while (len > 0) {
		char piece[ESCAPE + 1];
		uint32_t point = 0;
		size_t taken = character(&point, octets, len), piece_len = taken;

		if (taken == 0 || is_harmful(point)) {
			piece_len = (size_t)snprintf(piece, sizeof(piece), "\\%03u", octets[0]);
			taken = 1;
		} else {
			memcpy(piece, octets, taken);
		}
		if (at + piece_len >= size) {
			memcpy(out + fits, "...", DOTS);
			at = fits + DOTS;
			break;
		}
		memcpy(out + at, piece, piece_len);
		at += piece_len;
		if (at + DOTS < size)
			fits = at;
		octets += taken;
		len -= taken;
	}
	out[at] = '\0';
	return out;
}

const char *caa_text_name(char *out, size_t size, struct caa_name name)
{
	char text[CAA_NAME_TEXT_MAX];
	const char *from = text;
	size_t len;

	caa_name_text(text, name);
	len = strlen(text);
	if (len > 1)
		text[--len] = '\0';
	if (len < size)
		return memcpy(out, text, len + 1);
	while (len >= size - DOTS && strchr(from, '.') != NULL) {
		from = strchr(from, '.') + 1;
		len = strlen(from);
	}
	if (len < size - DOTS) {
		memcpy(out, "...", DOTS);
		memcpy(out + DOTS, from, len + 1);
	} else {	/* its last label alone is too long */
		memcpy(out, from, size - DOTS - 1);
		memcpy(out + size - DOTS - 1, "...", DOTS + 1);
	}
	return out;
}

const char *caa_text_time(char out[static CAA_TEXT_TIME_MAX], int64_t unix_s)
{
	time_t time = (time_t)unix_s;
	struct tm tm;

	if (gmtime_r(&time, &tm) == NULL || strftime(out, CAA_TEXT_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, CAA_TEXT_TIME_MAX, "1970-01-01T00:00:00Z");
	return out;
}

const char *caa_text_id(char out[static CAA_ID_MAX], const uint8_t random[static CAA_ID_OCTETS])
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint64_t bits = 0;

	for (size_t i = 0; i < CAA_ID_OCTETS; i++)
		bits = bits << 8 | random[i];
	for (size_t i = CAA_ID_MAX - 1; i-- > 0; bits >>= 5)
		out[i] = digits[bits & 31];
	out[CAA_ID_MAX - 1] = '\0';
	return out;
}
