/* SPDX-License-Identifier: BSD-3-Clause */
/** \file DNS messages for the harm server: queries are read, answers are written record by record, and any octet of them
 *  may then be spoilt.  Names are text in lower case without final dot; no name here needs an escape. */
#ifndef HARM_WIRE_H
#define HARM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "spec.h"

enum {
	HEADER_LEN = 12, PACKET_MAX = 4096, RDATA_MAX = 600, COOKIE_CLIENT_LEN = 8, COOKIE_SERVER_LEN = 8, OPTIONS_MAX = 128,
	T_A = 1, T_NS = 2, T_CNAME = 5, T_SOA = 6, T_MX = 15, T_TXT = 16, T_DNAME = 39, T_OPT = 41, T_DS = 43, T_RRSIG = 46,
	T_NSEC = 47, T_DNSKEY = 48, T_CAA = 257,
	OPTION_COOKIE = 10,
	RC_NOERROR = 0, RC_FORMERR = 1, RC_SERVFAIL = 2, RC_NXDOMAIN = 3, RC_NOTIMP = 4, RC_REFUSED = 5, RC_BADVERS = 16,
	RC_BADCOOKIE = 23
};

struct query {
	uint16_t id, type;
	uint8_t flags;			/**< the octet with RD */
	char name[NAME_TEXT];		/**< lower case */
	uint8_t question[NAME_TEXT + 8];/**< as it came: name, type and class */
	size_t question_len;
	bool edns, do_bit, cookie;
	uint16_t udp_size;
	uint8_t version;
	uint8_t options[OPTIONS_MAX];	/**< as they came */
	size_t options_len;
	uint8_t client_cookie[COOKIE_CLIENT_LEN], server_cookie[COOKIE_SERVER_LEN];
	bool has_server_cookie;
};

struct record {
	char owner[NAME_TEXT];
	uint16_t type;
	uint32_t ttl;
	uint8_t rdata[RDATA_MAX];
	size_t len;
};

enum section { ANSWER, AUTHORITY, ADDITIONAL, SECTIONS };

/** What is to be said, before it is octets. */
struct reply {
	unsigned rcode;
	bool aa, tc, no_edns;
	bool bare;			/**< a header, and nothing else */
	struct record record[24];
	enum section in[24];
	size_t records;
	uint8_t options[OPTIONS_MAX];
	size_t options_len;
};

/** @return false for what is not a query with one question. */
bool wire_read(struct query *q, const uint8_t *octets, size_t len);

/** @return how many octets of out are the answer. */
size_t wire_write(uint8_t out[static PACKET_MAX], const struct query *q, const struct reply *reply);

/** A name in wire form.  @return its length. */
size_t wire_name(uint8_t *out, const char *name);

void wire_put16(uint8_t *at, unsigned value);
void wire_put32(uint8_t *at, uint32_t value);

/** A record for the reply, to be filled with rdata; never NULL. */
struct record *reply_add(struct reply *reply, enum section section, const char *owner, uint16_t type, uint32_t ttl);

/** A record whose data are one name. */
void reply_add_name(struct reply *reply, enum section section, const char *owner, uint16_t type, uint32_t ttl,
	const char *target);

void reply_option(struct reply *reply, uint16_t code, const uint8_t *data, size_t len);

#endif
