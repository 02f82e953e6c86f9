/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/mangle.h"

#include "core/wire/packet.h"
#include "core/wire/wire.h"

#include <stdbool.h>
#include <string.h>

enum { RECORDS_MAX = 64, SECTIONS = 4 };

/** Where things stand in an answer, but for its OPT record, whose options differ between who sends a cookie and who does not. */
struct places {
	size_t owner[RECORDS_MAX], fixed[RECORDS_MAX], end[RECORDS_MAX];
	unsigned count;
	size_t opt;		/**< fixed part of the OPT record; 0 if there is none */
	size_t len;		/**< octets in front of it */
};

/** SplitMix64. */
static uint64_t next(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static unsigned below(uint64_t *state, size_t n)
{
	return (unsigned)(next(state) % n);
}

/** A number of the name that is asked for, its letters without case. */
static uint64_t number_of_name(const uint8_t *msg, size_t len, uint64_t seed)
{
	uint64_t hash = UINT64_C(14695981039346656037) ^ seed;	/* FNV-1a */

	for (size_t at = CAA_PACKET_HEADER; at < len && msg[at] != 0; at++) {
		uint8_t c = msg[at];

		hash = (hash ^ (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c)) * UINT64_C(1099511628211);
	}
	return hash;
}

/** @return false if the answer cannot be read. */
static bool find(struct places *p, const uint8_t *msg, size_t len)
{
	struct caa_reader r = { msg, len, CAA_PACKET_HEADER };
	unsigned records = caa_get16(msg + 6) + caa_get16(msg + 8) + caa_get16(msg + 10);

	*p = (struct places){ .len = len };
	for (unsigned i = caa_get16(msg + 4); i > 0; i--)
		if (!caa_reader_skip_name(&r) || !caa_reader_skip(&r, CAA_WIRE_QUESTION_FIXED))
			return false;
	for (unsigned i = 0; i < records && p->count < RECORDS_MAX; i++) {
		size_t owner = r.at, data_len;
		const uint8_t *fixed = caa_reader_record(&r, &data_len);

		if (fixed == NULL)
			return false;
		if (caa_get16(fixed) == CAA_WIRE_TYPE_OPT) {
			p->opt = (size_t)(fixed - msg);
			p->len = owner;
			continue;
		}
		p->owner[p->count] = owner;
		p->fixed[p->count] = (size_t)(fixed - msg);
		p->end[p->count++] = r.at;
	}
	return true;
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/** A value near the one that is there, or at an end. */
static void change16(uint8_t *at, uint64_t *random)
{
	unsigned was = caa_get16(at);
	const unsigned values[] = { 0, 1, was + 1, was - 1, was * 2, 255, 256, 32768, 65535, was ^ (1u << below(random, 16)) };

	put16(at, values[below(random, sizeof(values) / sizeof(values[0]))]);
}

/** A name that leads to itself, forward, into the header, behind the end, or has a label of no meaning. */
static void change_name(uint8_t *msg, size_t len, size_t at, uint64_t *random)
{
	switch (below(random, 6)) {
	case 0: put16(msg + at, 0xc000u | (unsigned)at); break;
	case 1: put16(msg + at, 0xc000u | (unsigned)(at + 2)); break;
	case 2: put16(msg + at, 0xc000u | below(random, CAA_PACKET_HEADER)); break;
	case 3: put16(msg + at, 0xc000u | (unsigned)(len + below(random, 64))); break;
	case 4: msg[at] = (uint8_t)(0x40 | below(random, 128)); break;
	case 5: put16(msg + at, 0xc000u | (CAA_PACKET_HEADER + below(random, len - CAA_PACKET_HEADER))); break;
	}
}

static void change_ttl(uint8_t *at, uint64_t *random)
{
	static const uint8_t values[][4] = { { 0 }, { 0, 0, 0, 1 }, { 0x7f, 0xff, 0xff, 0xff }, { 0x80 }, { 0xff, 0xff, 0xff, 0xff } };

	memcpy(at, values[below(random, sizeof(values) / sizeof(values[0]))], 4);
}

/** Change one record. */
static void change_record(uint8_t *msg, size_t len, const struct places *p, uint64_t *random)
{
	unsigned i = below(random, p->count);
	uint8_t *fixed = msg + p->fixed[i];
	size_t data = p->fixed[i] + CAA_WIRE_RR_FIXED;
	static const uint16_t types[] = { 0, 1, 2, 5, 6, 39, 41, 43, 46, 47, 48, 50, 249, 250, 255, 257, 65280 };

	switch (below(random, 12)) {
	case 0: change_name(msg, len, p->owner[i], random); break;
	case 1: put16(fixed, types[below(random, sizeof(types) / sizeof(types[0]))]); break;
	case 2: change16(fixed + 2, random); break;
	case 3: change_ttl(fixed + 4, random); break;
	case 4: case 5: change16(fixed + 8, random); break;
	case 6: case 7: case 8: case 9: case 10:
		for (unsigned n = 1 + below(random, 4); n > 0 && data < p->end[i]; n--)
			msg[data + below(random, p->end[i] - data)] ^= (uint8_t)(1u << below(random, 8));
		break;
	case 11:
		if (data + 2 < p->end[i])
			change_name(msg, len, data + below(random, p->end[i] - data - 1), random);
		break;
	}
}

/** Another size, RCODE or version; options that end nowhere. */
static void change_opt(uint8_t *msg, const struct places *p, uint64_t *random)
{
	uint8_t *fixed = msg + p->opt;

	switch (below(random, 5)) {
	case 0: change16(fixed + 2, random); break;
	case 1: fixed[4] = (uint8_t)below(random, 256); break;
	case 2: fixed[5] = (uint8_t)below(random, 256); break;
	case 3: fixed[6] ^= 0x80; break;	/* DO */
	case 4: put16(fixed + 8, below(random, 2) == 0 ? 65535 : caa_get16(fixed + 8) + 1u); break;
	}
}

/** One record once more, at the end, counted or not. */
static size_t repeat_record(uint8_t *msg, size_t len, const struct places *p, uint64_t *random)
{
	unsigned i = below(random, p->count);
	size_t octets = p->end[i] - p->owner[i];
	uint8_t *count = msg + 6 + 2 * below(random, 3);

	if (octets > MANGLE_ROOM)
		return len;
	memmove(msg + len, msg + p->owner[i], octets);
	put16(count, caa_get16(count) + 1u);
	return len + octets;
}

size_t mangle_answer(uint8_t *msg, size_t len, uint64_t seed, unsigned percent)
{
	uint64_t random;
	struct places p;

	if (len < CAA_PACKET_HEADER)
		return len;
	random = number_of_name(msg, len, seed);
	if (below(&random, 100) >= percent || !find(&p, msg, len) || p.len <= CAA_PACKET_HEADER)
		return len;
	switch (below(&random, 12)) {
	case 0: msg[2] ^= (uint8_t)(1u << below(&random, 8)); break;	/* QR, opcode, AA, TC, RD */
	case 1: msg[3] ^= (uint8_t)(1u << below(&random, 8)); break;	/* RA, Z, AD, CD, RCODE */
	case 2: change16(msg + 4 + 2 * below(&random, SECTIONS), &random); break;
	case 3: change_name(msg, p.len, CAA_PACKET_HEADER, &random); break;
	case 4: case 5: case 6: case 7:
		if (p.count > 0)
			change_record(msg, p.len, &p, &random);
		break;
	case 8:
		if (p.opt != 0)
			change_opt(msg, &p, &random);
		break;
	case 9: return CAA_PACKET_HEADER + below(&random, p.len - CAA_PACKET_HEADER + 1);	/* cut off */
	case 10: return p.count > 0 ? repeat_record(msg, len, &p, &random) : len;
	case 11:
		for (unsigned n = 1 + below(&random, 8); n > 0; n--)
			msg[2 + below(&random, p.len - 2)] ^= (uint8_t)(1u << below(&random, 8));
		break;
	}
	return len;
}
