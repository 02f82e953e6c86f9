/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "wire.h"

enum {
	FLAG_QR = 0x80, FLAG_AA = 4, FLAG_TC = 2, FLAG_RD = 1,
	OPT_FIXED = 11, OUR_UDP_SIZE = 1232, UDP_SIZE_MIN = 512, POINTER_TO_QUESTION = 0xc00c
};

void wire_put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

void wire_put32(uint8_t *at, uint32_t value)
{
	wire_put16(at, value >> 16);
	wire_put16(at + 2, value & 0xffff);
}

static unsigned get16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

size_t wire_name(uint8_t *out, const char *name)
{
	size_t used = 0;

	while (*name != '\0') {
		size_t len = strcspn(name, ".");

		out[used++] = (uint8_t)len;
		memcpy(out + used, name, len);
		used += len;
		name += len + (name[len] == '.');
	}
	out[used++] = 0;
	return used;
}

/** The question's name as text; @return its length in octets, 0 if it is none. */
static size_t read_name(char out[static NAME_TEXT], const uint8_t *at, size_t len)
{
	size_t used = 0, text = 0;

	while (used < len && at[used] != 0) {
		size_t label = at[used++];

		if (label > 63 || used + label >= len || text + label + 2 > NAME_TEXT)
			return 0;
		if (text > 0)
			out[text++] = '.';
		for (size_t i = 0; i < label; i++)
			out[text++] = (char)tolower(at[used++]);
	}
	out[text] = '\0';
	return used < len ? used + 1 : 0;
}

static void read_cookie(struct query *q, const uint8_t *data, size_t len)
{
	if (len < COOKIE_CLIENT_LEN)
		return;
	q->cookie = true;
	memcpy(q->client_cookie, data, COOKIE_CLIENT_LEN);
	if (len == COOKIE_CLIENT_LEN + COOKIE_SERVER_LEN) {
		q->has_server_cookie = true;
		memcpy(q->server_cookie, data + COOKIE_CLIENT_LEN, COOKIE_SERVER_LEN);
	}
}

static void read_opt(struct query *q, const uint8_t *at, size_t len)
{
	size_t options;

	if (len < OPT_FIXED || at[0] != 0 || get16(at + 1) != T_OPT)
		return;
	q->edns = true;
	q->udp_size = (uint16_t)get16(at + 3);
	q->version = at[6];
	q->do_bit = (at[7] & 0x80) != 0;
	options = get16(at + 9);
	if (options > len - OPT_FIXED || options > OPTIONS_MAX)
		return;
	memcpy(q->options, at + OPT_FIXED, options);
	q->options_len = options;
	for (size_t i = 0; i + 4 <= options;) {
		size_t size = get16(q->options + i + 2);

		if (size > options - i - 4)
			return;
		if (get16(q->options + i) == OPTION_COOKIE)
			read_cookie(q, q->options + i + 4, size);
		i += 4 + size;
	}
}

bool wire_read(struct query *q, const uint8_t *octets, size_t len)
{
	size_t name;

	*q = (struct query){ .udp_size = UDP_SIZE_MIN };
	if (len < HEADER_LEN || (octets[2] & FLAG_QR) != 0 || get16(octets + 4) != 1)
		return false;
	name = read_name(q->name, octets + HEADER_LEN, len - HEADER_LEN);
	if (name == 0 || HEADER_LEN + name + 4 > len)
		return false;
	q->id = (uint16_t)get16(octets);
	q->flags = octets[2];
	q->question_len = name + 4;
	memcpy(q->question, octets + HEADER_LEN, q->question_len);
	q->type = (uint16_t)get16(octets + HEADER_LEN + name);
	if (get16(octets + 6) == 0 && get16(octets + 8) == 0 && get16(octets + 10) == 1)
		read_opt(q, octets + HEADER_LEN + q->question_len, len - HEADER_LEN - q->question_len);
	return true;
}

static size_t write_record(uint8_t *out, const struct query *q, const struct record *r)
{
	size_t used;

	if (strcmp(r->owner, q->name) == 0) {	/* as a server that compresses does: the letters are the question's */
		wire_put16(out, POINTER_TO_QUESTION);
		used = 2;
	} else {
		used = wire_name(out, r->owner);
	}
	wire_put16(out + used, r->type);
	wire_put16(out + used + 2, 1);
	wire_put32(out + used + 4, r->ttl);
	wire_put16(out + used + 8, (unsigned)r->len);
	memcpy(out + used + 10, r->rdata, r->len);
	return used + 10 + r->len;
}

static size_t write_opt(uint8_t *out, const struct query *q, const struct reply *reply)
{
	memset(out, 0, OPT_FIXED);
	wire_put16(out + 1, T_OPT);
	wire_put16(out + 3, OUR_UDP_SIZE);
	out[5] = (uint8_t)(reply->rcode >> 4);
	out[7] = q->do_bit ? 0x80 : 0;
	wire_put16(out + 9, (unsigned)reply->options_len);
	memcpy(out + OPT_FIXED, reply->options, reply->options_len);
	return OPT_FIXED + reply->options_len;
}

size_t wire_write(uint8_t out[static PACKET_MAX], const struct query *q, const struct reply *reply)
{
	unsigned count[SECTIONS] = { 0 };
	size_t len = HEADER_LEN + q->question_len;

	memset(out, 0, HEADER_LEN);
	wire_put16(out, q->id);
	out[2] = (uint8_t)(FLAG_QR | (q->flags & FLAG_RD) | (reply->aa ? FLAG_AA : 0) | (reply->tc ? FLAG_TC : 0));
	out[3] = reply->rcode & 0xf;
	if (reply->bare)
		return HEADER_LEN;
	wire_put16(out + 4, 1);
	memcpy(out + HEADER_LEN, q->question, q->question_len);
	for (int section = ANSWER; section < SECTIONS; section++)
		for (size_t i = 0; i < reply->records; i++)
			if ((int)reply->in[i] == section && len + NAME_TEXT + RDATA_MAX + 200 < PACKET_MAX) {
				len += write_record(out + len, q, &reply->record[i]);
				count[section]++;
			}
	if (q->edns && !reply->no_edns) {
		len += write_opt(out + len, q, reply);
		count[ADDITIONAL]++;
	}
	for (int section = ANSWER; section < SECTIONS; section++)
		wire_put16(out + 6 + 2 * section, count[section]);
	return len;
}

struct record *reply_add(struct reply *reply, enum section section, const char *owner, uint16_t type, uint32_t ttl)
{
	struct record *r;

	if (reply->records == sizeof(reply->record) / sizeof(reply->record[0]))
		abort();	/* zone.c says how many there can be */
	reply->in[reply->records] = section;
	r = &reply->record[reply->records++];
	snprintf(r->owner, sizeof(r->owner), "%s", owner);
	r->type = type;
	r->ttl = ttl;
	r->len = 0;
	return r;
}

void reply_add_name(struct reply *reply, enum section section, const char *owner, uint16_t type, uint32_t ttl,
	const char *target)
{
	struct record *r = reply_add(reply, section, owner, type, ttl);

	r->len = wire_name(r->rdata, target);
}

void reply_option(struct reply *reply, uint16_t code, const uint8_t *data, size_t len)
{
	uint8_t *at = reply->options + reply->options_len;

	if (reply->options_len + 4 + len > sizeof(reply->options))
		return;
	wire_put16(at, code);
	wire_put16(at + 2, (unsigned)len);
	memcpy(at + 4, data, len);
	reply->options_len += 4 + len;
}
