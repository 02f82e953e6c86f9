/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Fuzz what makes octets from outside harmless: it is UTF-8 that a terminal may show, within its bounds, whole characters,
 *  and JSON where that is asked for. */
#include "fuzz.h"

#include "core/wire/text.h"

/** @return whether octets are printable ASCII, so that nothing has to be escaped. */
static bool is_plain(const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (octets[i] < ' ' || octets[i] > '~')
			return false;
	return true;
}

static void check_clean(const uint8_t *octets, size_t len, size_t size)
{
	char out[300], json[700];
	struct caa_text t;

	memset(out, 'x', sizeof(out));
	check(caa_text_clean(out, size, octets, len) == out);
	check(memchr(out, '\0', size) != NULL && is_harmless(out));
	for (size_t i = size; i < sizeof(out); i++)
		check(out[i] == 'x');
	if (is_plain(octets, len) && len < size)
		check(strlen(out) == len && memcmp(out, octets, len) == 0);
	caa_text_init(&t, json, sizeof(json));
	caa_text_add(&t, "\"");
	caa_text_json(&t, out);
	caa_text_add(&t, "\"");
	check(!t.full && is_json(json));
}

/** Parts are there whole or not at all, whatever the room is. */
static void check_parts(struct input in)
{
	char buf[64], copy[64];
	struct caa_text t;

	caa_text_init(&t, buf, 1 + take8(&in) % sizeof(buf));
	while (in.left > 0) {
		size_t before = t.len, len = take8(&in) % 32;
		const uint8_t *octets = take(&in, &len);
		char part[33], clean[140];

		memcpy(part, octets, len);
		part[len] = '\0';
		memcpy(copy, buf, sizeof(copy));
		switch (take8(&in) % 4) {
		case 0:
			caa_text_add(&t, part);
			check(t.len == before || t.len == before + strlen(part));
			break;
		case 1:
			caa_text_addf(&t, "%s", part);
			check(t.len == before || t.len == before + strlen(part));
			break;
		case 2:
			caa_text_json(&t, caa_text_clean(clean, sizeof(clean), octets, len));
			break;
		case 3:
			caa_text_cut(&t, t.len > 0 ? take8(&in) % t.len : 0);
			check(!t.full);
			break;
		}
		check(t.len < t.size && strlen(buf) == t.len);
		if (t.len >= before)
			check(memcmp(buf, copy, before) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char time[CAA_TEXT_TIME_MAX], id[CAA_ID_MAX];
	uint8_t random[CAA_ID_OCTETS] = { 0 };
	struct input in = { data, size };

	if (size == 0)
		return 0;
	check_clean(data + 1, size - 1, 8 + data[0] % 248);
	check_parts(in);
	memcpy(random, data, size < sizeof(random) ? size : sizeof(random));
	check(strspn(caa_text_id(id, random), "abcdefghijklmnopqrstuvwxyz234567") == CAA_ID_MAX - 1);
	check(strlen(caa_text_time(time, (int64_t)((uint64_t)take32(&in) << 32 | take32(&in)))) < sizeof(time) && is_harmless(time));
	return 0;
}
