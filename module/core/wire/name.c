/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/wire/name.h"

#include <string.h>

enum { NOT_COMPRESSED_MAX = CAA_LABEL_MAX };	/* RFC 1035 s4.1.4: longer length octets are pointers */

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

enum caa_res caa_name_check(struct caa_name *out, const uint8_t *wire, size_t max)
{
	size_t at = 0;

	if (max > CAA_NAME_MAX)
		max = CAA_NAME_MAX;
	while (at < max && wire[at] != 0) {
		if (wire[at] > NOT_COMPRESSED_MAX)
			return CAA_EFORMAT;
		at += 1u + wire[at];
	}
	if (at >= max)
		return CAA_EFORMAT;
	*out = (struct caa_name){ wire, at + 1 };
	return CAA_OK;
}

bool caa_name_is_root(struct caa_name name)
{
	return name.len == 1;
}

bool caa_name_parent(struct caa_name *out, struct caa_name name)
{
	size_t skip = 1u + name.wire[0];

	if (caa_name_is_root(name))
		return false;
	*out = (struct caa_name){ name.wire + skip, name.len - skip };
	return true;
}

size_t caa_name_labels(struct caa_name name)
{
	size_t labels = 0;

	while (caa_name_parent(&name, name))
		labels++;
	return labels;
}

bool caa_name_equal(struct caa_name a, struct caa_name b)
{
	if (a.len != b.len)
		return false;
	if (memcmp(a.wire, b.wire, a.len) == 0)	/* as it mostly is */
		return true;
	/* Length octets are at most 63, below every letter, so folding case leaves them alone. */
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.wire[i]) != lower(b.wire[i]))
			return false;
	return true;
}

bool caa_name_within(struct caa_name name, struct caa_name apex)
{
	while (name.len > apex.len)
		if (!caa_name_parent(&name, name))
			return false;
	return caa_name_equal(name, apex);
}

/** Compare the leftmost labels as octets in lower case, the shorter first (RFC 4034 s6.1). */
static int compare_label(const uint8_t *a, const uint8_t *b)
{
	size_t shorter = a[0] < b[0] ? a[0] : b[0];

	for (size_t i = 1; i <= shorter; i++)
		if (lower(a[i]) != lower(b[i]))
			return lower(a[i]) < lower(b[i]) ? -1 : 1;
	return (a[0] > b[0]) - (a[0] < b[0]);
}

/** Note where each label starts, without the root. @return how many there are. */
static size_t label_starts(const uint8_t *start[static CAA_NAME_LABELS_MAX], struct caa_name name)
{
	size_t labels = 0;

	for (; !caa_name_is_root(name); caa_name_parent(&name, name))
		start[labels++] = name.wire;
	return labels;
}

int caa_name_compare(struct caa_name a, struct caa_name b)
{
	const uint8_t *a_start[CAA_NAME_LABELS_MAX], *b_start[CAA_NAME_LABELS_MAX];
	size_t a_labels = label_starts(a_start, a), b_labels = label_starts(b_start, b);
	int order = 0;

	while (a_labels > 0 && b_labels > 0 && order == 0)
		order = compare_label(a_start[--a_labels], b_start[--b_labels]);
	return order != 0 ? order : (a_labels > b_labels) - (a_labels < b_labels);
}

/** Eight octets at once; no sum carries into the next octet. */
static uint64_t lower8(uint64_t octets)
{
	const uint64_t each = UINT64_C(0x0101010101010101), seven = octets & (0x7f * each);
	uint64_t from_a = seven + (0x80 - 'A') * each, after_z = seven + (0x7f - 'Z') * each;
	uint64_t capital = from_a & ~after_z & ~octets & (0x80 * each);

	return octets | capital >> 2;	/* 0x20 */
}

void caa_name_lower(uint8_t *out, struct caa_name name)
{
	size_t i = 0;

	for (uint64_t octets; i + sizeof(octets) <= name.len; i += sizeof(octets)) {
		memcpy(&octets, name.wire + i, sizeof(octets));
		octets = lower8(octets);
		memcpy(out + i, &octets, sizeof(octets));
	}
	for (; i < name.len; i++)
		out[i] = lower(name.wire[i]);
}

static bool is_plain(uint8_t c)
{
	return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static char *write_octet(char *at, uint8_t c)
{
	if (is_plain(c)) {
		*at++ = (char)c;
		return at;
	}
	*at++ = '\\';
	*at++ = (char)('0' + c / 100);
	*at++ = (char)('0' + c / 10 % 10);
	*at++ = (char)('0' + c % 10);
	return at;
}

const char *caa_name_text(char out[static CAA_NAME_TEXT_MAX], struct caa_name name)
{
	char *at = out;

	if (caa_name_is_root(name))
		*at++ = '.';
	for (; !caa_name_is_root(name); caa_name_parent(&name, name)) {
		for (size_t i = 1; i <= name.wire[0]; i++)
			at = write_octet(at, name.wire[i]);
		*at++ = '.';
	}
	*at = '\0';
	return out;
}
