/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/pace/cookie.h"

enum { SILENT_MAX = 3, CLIENT = CAA_COOKIE_CLIENT, FULL = CAA_COOKIE_CLIENT + 16 };

static const struct caa_addr server = { .family = CAA_IPV4, .port = { 0, 53 }, .ip = { 192, 0, 2, 53 } };
static const struct caa_cookie_secret secret = { .key = { 1, 2, 3 }, .serial = 1 };
static const uint64_t ms = 1000, minute = 60 * UINT64_C(1000000), day = 86400 * UINT64_C(1000000);
static const uint64_t avoid = 15 * minute, expect = 15 * minute, now = 3 * minute;

/** A query that leaves. */
struct query {
	uint8_t option[CAA_COOKIE_MAX];
	size_t len;
	struct caa_cookie_sent sent;
};

static struct query ask_by(struct caa_cookie *c, uint64_t at_us, const struct caa_cookie_secret *by)
{
	struct query q;

	memset(&q, 0, sizeof(q));
	q.len = caa_cookie_write(c, &c->part, by, &server, at_us, q.option, &q.sent);
	return q;
}

static struct query ask(struct caa_cookie *c, uint64_t at_us)
{
	return ask_by(c, at_us, &secret);
}

static struct caa_packet reply(const uint8_t *option, size_t len)
{
	return (struct caa_packet){ .edns = true, .records = 1, .cookie = option, .cookie_len = len };
}

static const struct caa_packet without = { .edns = true, .records = 1 };

static enum caa_cookie_verdict read_at(struct caa_cookie *c, const struct query *q, const struct caa_packet *p, uint64_t at_us)
{
	return caa_cookie_read(c, &c->part, &secret, at_us, p, &q->sent, false);
}

/** The server answers with its own 16 octets, all the same. */
static enum caa_cookie_verdict answer(struct caa_cookie *c, const struct query *q, uint8_t own, uint64_t at_us)
{
	uint8_t option[FULL] = { 0 };
	struct caa_packet p = reply(option, sizeof(option));

	memset(option, own, sizeof(option));
	memcpy(option, q->option, CLIENT);
	return read_at(c, q, &p, at_us);
}

/** An upstream that has sent a cookie. */
static struct caa_cookie known(void)
{
	struct caa_cookie c;
	struct query q;

	caa_cookie_init(&c);
	q = ask(&c, now);
	assert_int_equal(answer(&c, &q, 0x77, now), CAA_COOKIE_GOOD);
	return c;
}

/* --- what is sent -------------------------------------------------------------------------------------------------- */

static void the_first_query_carries_the_clients_part(void **state)
{
	struct caa_cookie c;
	struct query q;

	(void)state;
	caa_cookie_init(&c);
	q = ask(&c, now);
	assert_int_equal(q.len, CLIENT);
	assert_true(q.sent.client_sent);
	assert_false(q.sent.server_sent);
	assert_memory_equal(q.sent.client, q.option, CLIENT);
	assert_false(caa_cookie_proves(&c));
}

/** RFC 7873, section 4.1: one server cannot use the cookie of another, and it is not constant for ever. */
static void the_clients_part_is_of_server_and_secret(void **state)
{
	static const struct caa_cookie_secret other_secret = { .key = { 1, 2, 4 }, .serial = 1 };
	struct caa_addr other = server;
	struct caa_cookie c;
	struct caa_cookie_sent sent = { .source = 0 };
	uint8_t out[CAA_COOKIE_MAX];
	struct query q;

	(void)state;
	caa_cookie_init(&c);
	q = ask(&c, now);
	assert_int_equal(caa_cookie_write(&c, &c.part, &secret, &server, now + day, out, &sent), CLIENT);
	assert_memory_equal(out, q.option, CLIENT);
	assert_int_equal(caa_cookie_write(&c, &c.part, &other_secret, &server, now, out, &sent), CLIENT);
	assert_memory_not_equal(out, q.option, CLIENT);
	other.ip[3]++;
	assert_int_equal(caa_cookie_write(&c, &c.part, &secret, &other, now, out, &sent), CLIENT);
	assert_memory_not_equal(out, q.option, CLIENT);
	other = server;
	other.port[1]++;
	assert_int_equal(caa_cookie_write(&c, &c.part, &secret, &other, now, out, &sent), CLIENT);
	assert_memory_not_equal(out, q.option, CLIENT);
}

/** Of its 64 bits no two go together. */
static void the_clients_part_is_whole(void **state)
{
	uint64_t apart[64] = { 0 }, alike[64] = { 0 };

	(void)state;
	for (unsigned n = 0; n < 256; n++) {
		struct caa_addr other = server;
		struct caa_cookie_sent sent = { .source = 0 };
		uint8_t out[CAA_COOKIE_MAX];
		struct caa_cookie c;
		uint64_t bits, differ;

		caa_cookie_init(&c);
		other.ip[3] = (uint8_t)n;
		caa_cookie_write(&c, &c.part, &secret, &other, now, out, &sent);
		memcpy(&bits, out, sizeof(bits));
		for (unsigned turn = 1; turn < 64; turn++) {
			differ = bits ^ (bits >> turn | bits << (64 - turn));
			apart[turn] |= differ;
			alike[turn] |= ~differ;
		}
	}
	for (unsigned turn = 1; turn < 64; turn++)
		assert_true(apart[turn] == UINT64_MAX && alike[turn] == UINT64_MAX);
}

/* --- what is read -------------------------------------------------------------------------------------------------- */

/** RFC 7873, section 4: an answer has both parts, 16 to 40 octets; the server's part goes back as it came. */
static void an_answer_has_16_to_40_octets(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 64; len++) {
		bool good = len >= 16 && len <= 40, ours = len >= CLIENT;
		uint8_t option[64] = { 0 };
		struct caa_cookie c;
		struct caa_packet p = reply(option, len);
		struct query q, next;

		caa_cookie_init(&c);
		q = ask(&c, now);
		for (size_t i = 0; i < sizeof(option); i++)
			option[i] = i < CLIENT ? q.option[i] : (uint8_t)(0xa0 + i);
		assert_int_equal(caa_cookie_read(&c, &c.part, &secret, now, &p, &q.sent, true), good ? CAA_COOKIE_GOOD : CAA_COOKIE_NONE);
		caa_cookie_init(&c);
		assert_int_equal(read_at(&c, &q, &p, now), good ? CAA_COOKIE_GOOD : ours ? CAA_COOKIE_NONE : CAA_COOKIE_FORGED);
		assert_int_equal(caa_cookie_proves(&c), good);
		next = ask(&c, now);
		assert_int_equal(next.len, good ? len : CLIENT);
		assert_int_equal(next.sent.server_sent, good);
		assert_memory_equal(next.option, option, next.len);
	}
}

/** RFC 7873, section 5.3: an answer with another client's part is not for us. */
static void the_echo_is_checked(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 8 * CLIENT; bit++) {
		struct caa_cookie c = known(), before = c;
		struct query q = ask(&c, now);
		struct caa_packet p = reply(q.option, q.len);

		q.option[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(read_at(&c, &q, &p, now), CAA_COOKIE_FORGED);
		assert_int_equal(caa_cookie_read(&c, &c.part, &secret, now, &p, &q.sent, true), CAA_COOKIE_NONE);
		assert_memory_equal(&c, &before, sizeof(c));	/* and nothing is learned from it */
	}
}

static void what_was_not_sent_is_not_checked(void **state)
{
	static const uint8_t option[FULL] = { 9 };
	struct caa_cookie c = known(), before = c;
	struct query q = { .len = 0 };
	struct caa_packet p = reply(option, sizeof(option));

	(void)state;
	assert_int_equal(read_at(&c, &q, &p, now), CAA_COOKIE_NONE);
	assert_int_equal(read_at(&c, &q, &without, now), CAA_COOKIE_NONE);
	assert_memory_equal(&c, &before, sizeof(c));
}

static void the_latest_of_the_server_counts(void **state)
{
	struct caa_cookie c = known();
	struct query q = ask(&c, now), next;

	(void)state;
	assert_int_equal(q.len, FULL);
	assert_int_equal(q.option[CLIENT], 0x77);
	assert_int_equal(answer(&c, &q, 0x78, now), CAA_COOKIE_GOOD);
	next = ask(&c, now);
	assert_int_equal(next.option[CLIENT], 0x78);
	assert_memory_equal(next.option, q.option, CLIENT);
}

/** RFC 9018, appendix A. What its servers return is sent back verbatim. */
static void rfc9018_vectors(void **state)
{
	static const struct {
		const char *why;
		uint8_t key[CAA_HASH_KEY], ip[16];
		size_t ip_len;
		uint8_t option[FULL];
	} row[] = {
		{ "A.1: learning a new server cookie",
			{ 0xe5, 0xe9, 0x73, 0xe5, 0xa6, 0xb2, 0xa4, 0x3f, 0x48, 0xe7, 0xdc, 0x84, 0x9e, 0x37, 0xbf, 0xcf },
			{ 198, 51, 100, 100 }, 4,
			{ 0x24, 0x64, 0xc4, 0xab, 0xcf, 0x10, 0xc9, 0x57, 0x01, 0x00, 0x00, 0x00, 0x5c, 0xf7, 0x9f, 0x11,
			0x1f, 0x81, 0x30, 0xc3, 0xee, 0xe2, 0x94, 0x80 } },
		{ "A.2: the same client, renewed",
			{ 0xe5, 0xe9, 0x73, 0xe5, 0xa6, 0xb2, 0xa4, 0x3f, 0x48, 0xe7, 0xdc, 0x84, 0x9e, 0x37, 0xbf, 0xcf },
			{ 198, 51, 100, 100 }, 4,
			{ 0x24, 0x64, 0xc4, 0xab, 0xcf, 0x10, 0xc9, 0x57, 0x01, 0x00, 0x00, 0x00, 0x5c, 0xf7, 0xa8, 0x71,
			0xd4, 0xa5, 0x64, 0xa1, 0x44, 0x2a, 0xca, 0x77 } },
		{ "A.3: another client, renewed",
			{ 0xe5, 0xe9, 0x73, 0xe5, 0xa6, 0xb2, 0xa4, 0x3f, 0x48, 0xe7, 0xdc, 0x84, 0x9e, 0x37, 0xbf, 0xcf },
			{ 203, 0, 113, 203 }, 4,
			{ 0xfc, 0x93, 0xfc, 0x62, 0x80, 0x7d, 0xdb, 0x86, 0x01, 0x00, 0x00, 0x00, 0x5c, 0xf7, 0xa9, 0xac,
			0xf7, 0x3a, 0x78, 0x10, 0xac, 0xa2, 0x38, 0x1e } },
		{ "A.4: IPv6, the secret was rolled",
			{ 0x44, 0x55, 0x36, 0xbc, 0xd2, 0x51, 0x32, 0x98, 0x07, 0x5a, 0x5d, 0x37, 0x96, 0x63, 0xc9, 0x62 },
			{ 0x20, 0x01, 0x0d, 0xb8, 0x02, 0x20, 0, 1, 0x59, 0xde, 0xd0, 0xf4, 0x87, 0x69, 0x82, 0xb8 }, 16,
			{ 0x22, 0x68, 0x1a, 0xb9, 0x7d, 0x52, 0xc2, 0x98, 0x01, 0x00, 0x00, 0x00, 0x5c, 0xf7, 0xc6, 0x09,
			0xa6, 0xbb, 0x79, 0xd1, 0x66, 0x25, 0x50, 0x7a } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_cookie c;
		struct caa_packet p = reply(row[i].option, FULL);
		struct query q;
		uint8_t hashed[16 + 16], back[FULL];
		uint64_t hash;

		/* the row itself: section 4.4, the hash of all before it and the client's address */
		memcpy(hashed, row[i].option, 16);
		memcpy(hashed + 16, row[i].ip, row[i].ip_len);
		hash = caa_hash(row[i].key, hashed, 16 + row[i].ip_len);
		assert_memory_equal(&hash, row[i].option + 16, sizeof(hash));

		caa_cookie_init(&c);
		q = ask(&c, now);
		memcpy(q.sent.client, row[i].option, CLIENT);	/* as that client had made it */
		assert_int_equal(read_at(&c, &q, &p, now), CAA_COOKIE_GOOD);
		q = ask(&c, now);
		assert_int_equal(q.len, FULL);
		memcpy(back, row[i].option, CLIENT);
		memcpy(back + CLIENT, q.option + CLIENT, FULL - CLIENT);
		assert_memory_equal(back, row[i].option, FULL);
	}
}

/** Some servers echo options that they do not know: it proves that they saw the query, and nothing is learned. */
static void our_part_alone_is_accepted(void **state)
{
	(void)state;
	for (int expected = 0; expected <= 1; expected++) {
		struct caa_cookie c;
		struct query q;
		struct caa_packet p;

		caa_cookie_init(&c);
		if (expected)
			c = known();
		for (unsigned i = 0; i < SILENT_MAX; i++) {
			q = ask(&c, now);
			p = reply(q.option, CLIENT);
			assert_int_equal(read_at(&c, &q, &p, now), CAA_COOKIE_NONE);
			caa_cookie_silence(&c, &q.sent);	/* its losses are not the option's */
		}
		assert_int_equal(caa_cookie_proves(&c), expected);
		assert_int_equal(ask(&c, now).len, expected ? FULL : CLIENT);
		assert_int_equal(read_at(&c, &q, &without, now), expected ? CAA_COOKIE_MISSING : CAA_COOKIE_NONE);
		q.option[0] ^= 1;
		assert_int_equal(read_at(&c, &q, &p, now), CAA_COOKIE_FORGED);
	}
}

/* --- a server that does not send it, or no more ---------------------------------------------------------------------- */

static void a_server_without_cookies_may_answer(void **state)
{
	struct caa_cookie c;
	struct query q;

	(void)state;
	caa_cookie_init(&c);
	for (unsigned i = 0; i < 10; i++) {
		q = ask(&c, now);
		assert_int_equal(q.len, CLIENT);	/* it may learn to */
		assert_int_equal(read_at(&c, &q, &without, now), CAA_COOKIE_NONE);
	}
}

static void a_server_that_sent_cookies_is_held_to_it(void **state)
{
	static const struct { int64_t after_ms; enum caa_cookie_verdict verdict; } row[] = {
		{ -5, CAA_COOKIE_MISSING },	/* a thread that read the clock a little earlier */
		{ 0, CAA_COOKIE_MISSING }, { 15 * 60 * 1000 - 1, CAA_COOKIE_MISSING }, { 15 * 60 * 1000, CAA_COOKIE_NONE },
		{ 30 * 86400000LL, CAA_COOKIE_NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_cookie c = known();
		struct query q = ask(&c, now);
		uint64_t at = now + (uint64_t)(row[i].after_ms * (int64_t)ms);

		assert_int_equal(read_at(&c, &q, &without, at), row[i].verdict);
		assert_int_equal(caa_cookie_proves(&c), row[i].verdict == CAA_COOKIE_MISSING);
		if (row[i].verdict == CAA_COOKIE_MISSING) {	/* and nothing is learned from it */
			assert_int_equal(answer(&c, &q, 0x79, at), CAA_COOKIE_GOOD);
			continue;
		}
		q = ask(&c, at);
		assert_int_equal(q.len, CLIENT);
		assert_int_equal(read_at(&c, &q, &without, at), CAA_COOKIE_NONE);
	}
}

/** The time of the last good cookie is set, even at 0. */
static void it_is_held_to_it_at_any_time(void **state)
{
	static const uint64_t wrap = UINT64_C(1) << 32;
	const uint64_t at[] = { 0, wrap * ms - ms, wrap * ms, wrap * ms + ms };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(at); i++) {
		struct caa_cookie c;
		struct query q;

		caa_cookie_init(&c);
		q = ask(&c, at[i]);
		assert_int_equal(answer(&c, &q, 1, at[i]), CAA_COOKIE_GOOD);
		assert_int_equal(read_at(&c, &q, &without, at[i] + ms), CAA_COOKIE_MISSING);
		assert_int_equal(read_at(&c, &q, &without, at[i] + expect + 2 * ms), CAA_COOKIE_NONE);
	}
}

static void tcp_shows_that_it_has_stopped(void **state)
{
	struct caa_cookie c = known();
	struct query q = ask(&c, now);

	(void)state;
	assert_int_equal(caa_cookie_read(&c, &c.part, &secret, now, &without, &q.sent, true), CAA_COOKIE_NONE);
	assert_false(caa_cookie_proves(&c));
	q = ask(&c, now);
	assert_int_equal(q.len, CLIENT);
	assert_int_equal(read_at(&c, &q, &without, now), CAA_COOKIE_NONE);
	assert_int_equal(answer(&c, &q, 0x79, now), CAA_COOKIE_GOOD);	/* another node still sends them, ... */
	q = ask(&c, now);
	assert_int_equal(q.len, FULL);
	assert_int_equal(read_at(&c, &q, &without, now), CAA_COOKIE_NONE);	/* ... and this one does not */
}

static void over_tcp_the_first_ones_absence_says_nothing_of_nodes(void **state)
{
	struct caa_cookie c;
	struct query q;

	(void)state;
	caa_cookie_init(&c);
	q = ask(&c, now);
	assert_int_equal(caa_cookie_read(&c, &c.part, &secret, now, &without, &q.sent, true), CAA_COOKIE_NONE);
	assert_int_equal(answer(&c, &q, 1, now), CAA_COOKIE_GOOD);
	assert_int_equal(read_at(&c, &q, &without, now), CAA_COOKIE_MISSING);	/* from now on it is held to it */
}

/** Some nodes send none: they are not missed for a while, though others go on to send them. */
static void a_mixed_address_is_not_held_to_it_for_a_while(void **state)
{
	const uint64_t wrap = (UINT64_C(1) << 32) * ms, mixed = 15 * minute;
	const uint64_t at[] = { 0, now, wrap - mixed, wrap - ms, wrap };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(at); i++) {
		static const struct { int64_t after_ms; enum caa_cookie_verdict verdict; } row[] = {
			{ 0, CAA_COOKIE_NONE }, { 15 * 60 * 1000 - 1, CAA_COOKIE_NONE },
			{ 15 * 60 * 1000 + 1, CAA_COOKIE_MISSING }, { 25 * 86400000LL, CAA_COOKIE_MISSING },
		};
		struct caa_cookie c;

		caa_cookie_init(&c);
		caa_cookie_mixed(&c, at[i]);
		for (size_t k = 0; k < COUNT_OF(row); k++) {
			uint64_t then = at[i] + (uint64_t)row[k].after_ms * ms;
			struct query q = ask(&c, then);
			uint8_t option[FULL] = { 0 };
			struct caa_packet wrong = reply(option, sizeof(option));

			assert_int_equal(answer(&c, &q, 2, then), CAA_COOKIE_GOOD);
			assert_int_equal(read_at(&c, &q, &without, then), row[k].verdict);
			assert_true(caa_cookie_proves(&c));
			assert_int_equal(read_at(&c, &q, &wrong, then), CAA_COOKIE_FORGED);	/* a wrong one is no missing one */
		}
	}
}

/** All it does is to make the query go over TCP. */
static void truncated_without_cookie_is_believed(void **state)
{
	struct caa_cookie c = known();
	struct query q = ask(&c, now);
	struct caa_packet p = without;

	(void)state;
	p.truncated = true;
	assert_int_equal(read_at(&c, &q, &p, now), CAA_COOKIE_NONE);
	assert_true(caa_cookie_proves(&c));
	assert_int_equal(read_at(&c, &q, &without, now), CAA_COOKIE_MISSING);	/* it is still held to it */
}

/** It may come from a limiter in front of the server, whose cookies are what they were. */
static void a_denial_over_tcp_says_nothing_of_cookies(void **state)
{
	static const uint16_t rcode[] = { CAA_RCODE_REFUSED, CAA_RCODE_SERVFAIL };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rcode); i++) {
		struct caa_cookie c = known();
		struct query q = ask(&c, now);
		struct caa_packet p = without;

		p.rcode = rcode[i];
		assert_int_equal(caa_cookie_read(&c, &c.part, &secret, now, &p, &q.sent, true), CAA_COOKIE_NONE);
		assert_true(caa_cookie_proves(&c));
		assert_int_equal(read_at(&c, &q, &without, now), CAA_COOKIE_MISSING);	/* it is still held to it */
	}
}

/* --- the secret is rolled ---------------------------------------------------------------------------------------------- */

/** RFC 7873, section 5.1: the server's part belongs to the client's part it was made for. */
static void a_new_secret_starts_both_parts_anew(void **state)
{
	static const uint8_t serial[] = { 2, 0, 255 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(serial); i++) {
		struct caa_cookie_secret rolled = { .key = { 4, 5, 6 }, .serial = serial[i] };
		struct caa_cookie c = known();
		struct query old = ask(&c, now), q = ask_by(&c, now, &rolled);
		uint8_t option[FULL] = { 0 };
		struct caa_packet p = reply(option, sizeof(option));

		assert_int_equal(q.len, CLIENT);
		assert_memory_not_equal(q.option, old.option, CLIENT);
		memcpy(option, q.option, CLIENT);
		assert_int_equal(caa_cookie_read(&c, &c.part, &rolled, now, &p, &q.sent, false), CAA_COOKIE_GOOD);
		assert_int_equal(ask_by(&c, now, &rolled).len, FULL);
	}
}

/* --- from several addresses ---------------------------------------------------------------------------------------- */

enum { HERE = 0, THERE = 15 };

/** A query from one of our addresses. */
static struct query ask_from(struct caa_cookie *c, struct caa_cookie_part *part, uint8_t source)
{
	struct query q;

	memset(&q, 0, sizeof(q));
	q.sent.source = source;
	q.len = caa_cookie_write(c, part, &secret, &server, now, q.option, &q.sent);
	assert_int_equal(q.sent.source, source);
	return q;
}

static enum caa_cookie_verdict answer_from(struct caa_cookie *c, struct caa_cookie_part *part, const struct query *q, uint8_t own)
{
	uint8_t option[FULL];
	struct caa_packet p = reply(option, sizeof(option));

	memset(option, own, sizeof(option));
	memcpy(option, q->option, CLIENT);
	return caa_cookie_read(c, part, &secret, now, &p, &q->sent, false);
}

/** RFC 7873, section 4.2, RFC 9018, section 3: neither part is carried to another address of ours. */
static void each_address_has_cookies_of_its_own(void **state)
{
	struct caa_cookie_part part[2] = { { .serial = 0 } };
	struct caa_cookie c;
	struct query here, there;

	(void)state;
	caa_cookie_init(&c);
	here = ask_from(&c, &part[0], HERE);
	there = ask_from(&c, &part[1], THERE);
	assert_memory_not_equal(here.option, there.option, CLIENT);
	assert_int_equal(answer_from(&c, &part[0], &here, 0x11), CAA_COOKIE_GOOD);
	assert_true(caa_cookie_proves(&c));
	assert_true(caa_cookie_proves_from(&c, HERE));
	assert_false(caa_cookie_proves_from(&c, THERE));
	assert_int_equal(ask_from(&c, &part[1], THERE).len, CLIENT);
	/* what was sent from one is no answer to the other */
	assert_int_equal(answer_from(&c, &part[1], &(struct query){ .sent = there.sent }, 0x22), CAA_COOKIE_FORGED);
	assert_int_equal(answer_from(&c, &part[1], &there, 0x22), CAA_COOKIE_GOOD);
	here = ask_from(&c, &part[0], HERE);
	there = ask_from(&c, &part[1], THERE);
	assert_int_equal(here.len, FULL);
	assert_int_equal(here.option[CLIENT], 0x11);
	assert_int_equal(there.len, FULL);
	assert_int_equal(there.option[CLIENT], 0x22);
	caa_cookie_avoid(&c, now);
	assert_false(caa_cookie_proves(&c));
}

/** An answer without a cookie is its address' only. */
static void what_one_address_loses_the_other_keeps(void **state)
{
	struct caa_cookie_part part[2] = { { .serial = 0 } };
	struct caa_cookie c;
	struct query here, there;

	(void)state;
	caa_cookie_init(&c);
	here = ask_from(&c, &part[0], HERE);
	there = ask_from(&c, &part[1], THERE);
	answer_from(&c, &part[0], &here, 1);
	answer_from(&c, &part[1], &there, 2);
	assert_int_equal(caa_cookie_read(&c, &part[1], &secret, now, &without, &there.sent, true), CAA_COOKIE_NONE);
	assert_true(caa_cookie_proves_from(&c, HERE));
	assert_false(caa_cookie_proves_from(&c, THERE));
}

/** Of a netblock, or of whichever address Unbound takes, it is checked and not kept. */
static void what_is_of_no_one_address_is_not_kept(void **state)
{
	static const uint8_t sources[] = { HERE, CAA_SOURCES_MAX, CAA_SOURCE_ANY };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sources); i++) {
		struct caa_cookie c;
		struct query q;

		caa_cookie_init(&c);
		q = ask_from(&c, NULL, sources[i]);
		assert_int_equal(q.len, CLIENT);
		assert_int_equal(answer_from(&c, NULL, &q, 1), CAA_COOKIE_GOOD);
		assert_false(caa_cookie_proves(&c));
		assert_false(caa_cookie_proves_from(&c, sources[i]));
		q.option[0] ^= 1;
		assert_int_equal(answer_from(&c, NULL, &q, 1), CAA_COOKIE_FORGED);
		assert_int_equal(caa_cookie_read(&c, NULL, &secret, now, &without, &q.sent, false), CAA_COOKIE_MISSING);
	}
}

/** A query that left with the old secret may be answered after the new one came. */
/** A query finds out whether the server takes its own part: until one with it is answered, nobody knows. */
static void a_refusal_ends_when_the_servers_part_is_taken(void **state)
{
	static const struct { bool server_sent, cookie, tcp; uint16_t rcode; bool refused; const char *why; } row[] = {
		{ true,  true,  false, CAA_RCODE_BADCOOKIE, true,  "refused again" },
		{ false, true,  false, CAA_RCODE_BADCOOKIE, true,  "without the server's part" },
		{ false, true,  false, CAA_RCODE_NOERROR,   true,  "that it answers such a one says nothing of its part" },
		{ true,  false, true,  CAA_RCODE_NOERROR,   true,  "nor what comes without a cookie" },
		{ true,  true,  false, CAA_RCODE_NOERROR,   false, "it was taken" },
		{ true,  true,  false, CAA_RCODE_REFUSED,   false, "whatever else it says" },
		{ true,  true,  true,  CAA_RCODE_NOERROR,   false, "over TCP, too" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_cookie c = known();
		struct query q = ask(&c, now);
		uint8_t option[FULL] = { 0 };
		struct caa_packet p = row[i].cookie ? reply(option, sizeof(option)) : without;

		p.rcode = row[i].rcode;
		memcpy(option, q.option, CLIENT);
		q.sent.server_sent = row[i].server_sent;
		assert_false(c.refused);
		c.refused = true;
		caa_cookie_read(&c, &c.part, &secret, now, &p, &q.sent, row[i].tcp);
		if (c.refused != row[i].refused)
			fail_msg("%s", row[i].why);
		c.refused = true;
		caa_cookie_avoid(&c, now);	/* nobody finds out any more */
		assert_false(c.refused);
	}
}

static void an_old_answer_is_good_but_not_kept(void **state)
{
	static const struct caa_cookie_secret rolled = { .key = { 4, 5, 6 }, .serial = 2 };
	uint8_t option[FULL] = { 0 };
	struct caa_packet p = reply(option, sizeof(option));
	struct caa_cookie c = known();
	struct query old = ask(&c, now), q;

	(void)state;
	memcpy(option, old.option, CLIENT);
	assert_int_equal(caa_cookie_read(&c, &c.part, &rolled, now, &p, &old.sent, false), CAA_COOKIE_GOOD);
	q = ask_by(&c, now, &rolled);
	assert_int_equal(q.len, CLIENT);

	/* nor does it replace what the new one has brought */
	memset(option, 0x55, sizeof(option));
	memcpy(option, q.option, CLIENT);
	assert_int_equal(caa_cookie_read(&c, &c.part, &rolled, now, &p, &q.sent, false), CAA_COOKIE_GOOD);
	memset(option, 0x66, sizeof(option));
	memcpy(option, old.option, CLIENT);
	assert_int_equal(caa_cookie_read(&c, &c.part, &rolled, now, &p, &old.sent, false), CAA_COOKIE_GOOD);
	q = ask_by(&c, now, &rolled);
	assert_int_equal(q.len, FULL);
	assert_int_equal(q.option[CLIENT], 0x55);
}

/* --- a server that dislikes the option ---------------------------------------------------------------------------------- */

static void it_is_asked_without_for_a_while(void **state)
{
	const uint64_t wrap = (UINT64_C(1) << 32) * ms;
	const uint64_t at[] = { 0, now, wrap - avoid, wrap - ms, wrap };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(at); i++) {
		struct caa_cookie c = known();
		struct query q;

		caa_cookie_avoid(&c, at[i]);
		assert_false(caa_cookie_proves(&c));
		q = ask(&c, at[i]);
		assert_int_equal(q.len, 0);
		assert_false(q.sent.client_sent);
		assert_int_equal(ask(&c, at[i] + avoid - ms).len, 0);
		assert_int_equal(ask(&c, at[i] + avoid + ms).len, CLIENT);
		assert_int_equal(ask(&c, at[i] + avoid + ms).len, CLIENT);	/* and not held against it later */
	}
}

static void weeks_later_it_is_asked_with_it_again(void **state)
{
	static const unsigned days[] = { 1, 24, 25, 30, 49, 50, 75 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(days); i++) {
		struct caa_cookie c;

		caa_cookie_init(&c);
		caa_cookie_avoid(&c, now);
		assert_int_equal(ask(&c, now + days[i] * day).len, CLIENT);
	}
}

static void silence_is_tried_without(void **state)
{
	struct caa_cookie c;
	struct query q;

	(void)state;
	caa_cookie_init(&c);
	for (unsigned i = 0; i < SILENT_MAX; i++) {
		q = ask(&c, now);
		assert_int_equal(q.len, CLIENT);
		caa_cookie_silence(&c, &q.sent);
	}
	q = ask(&c, now);
	assert_int_equal(q.len, 0);
	caa_cookie_answered_without(&c, now, false);		/* it is the option */
	assert_int_equal(ask(&c, now + avoid - ms).len, 0);
	assert_int_equal(ask(&c, now + avoid).len, CLIENT);
}

static void silence_to_both_is_no_dislike(void **state)
{
	struct caa_cookie c;

	(void)state;
	caa_cookie_init(&c);
	for (unsigned i = 0; i < SILENT_MAX - 1; i++) {
		struct query q = ask(&c, now);

		caa_cookie_silence(&c, &q.sent);
	}
	for (unsigned i = 0; i < 20; i++) {
		struct query q = ask(&c, now);

		assert_int_equal(q.len, i % 2 == 0 ? CLIENT : 0);
		caa_cookie_silence(&c, &q.sent);
	}
	for (unsigned i = 0; i < 20; i++) {	/* losses of many that were under way */
		struct query q = { .sent = { .client_sent = true } };

		caa_cookie_silence(&c, &q.sent);
	}
	assert_int_equal(ask(&c, now).len, 0);
}

static void who_has_answered_is_not_suspected(void **state)
{
	struct caa_cookie with = known(), plain;
	struct query q;

	(void)state;
	caa_cookie_init(&plain);
	q = ask(&plain, now);
	assert_int_equal(read_at(&plain, &q, &without, now), CAA_COOKIE_NONE);
	for (unsigned i = 0; i < 300; i++) {
		q = ask(&plain, now);
		assert_false(caa_cookie_silence(&plain, &q.sent));
		assert_true(caa_cookie_is_idle(&plain));
		q = ask(&with, now);
		assert_false(caa_cookie_silence(&with, &q.sent));
		assert_false(caa_cookie_is_idle(&with));
	}
	caa_cookie_answered_without(&plain, now, false);
	assert_int_equal(ask(&plain, now).len, CLIENT);
	assert_int_equal(ask(&with, now).len, FULL);
}

static void who_loses_only_those_with_it_is_spared(void **state)
{
	struct caa_cookie with = known(), plain;
	struct query q;

	(void)state;
	caa_cookie_init(&plain);
	q = ask(&plain, now);
	assert_int_equal(read_at(&plain, &q, &without, now), CAA_COOKIE_NONE);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(ask(&plain, now).len, CLIENT);
		caa_cookie_answered_without(&plain, now, true);
		caa_cookie_answered_without(&with, now, true);
	}
	assert_int_equal(ask(&plain, now).len, 0);
	assert_int_equal(ask(&plain, now + avoid).len, CLIENT);
	assert_int_equal(ask(&with, now).len, FULL);		/* whose cookie is worth a loss */
}

static void an_answer_without_proves_nothing_at_first(void **state)
{
	struct caa_cookie c;
	struct query q;

	(void)state;
	caa_cookie_init(&c);
	caa_cookie_answered_without(&c, now, false);
	assert_int_equal(ask(&c, now).len, CLIENT);
	for (unsigned i = 0; i < SILENT_MAX - 1; i++) {
		q = ask(&c, now);
		caa_cookie_silence(&c, &q.sent);
	}
	caa_cookie_answered_without(&c, now, false);
	assert_int_equal(ask(&c, now).len, CLIENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_query_carries_the_clients_part),
		cmocka_unit_test(who_loses_only_those_with_it_is_spared),
		cmocka_unit_test(the_clients_part_is_of_server_and_secret), cmocka_unit_test(the_clients_part_is_whole),
		cmocka_unit_test(an_answer_has_16_to_40_octets), cmocka_unit_test(the_echo_is_checked),
		cmocka_unit_test(what_was_not_sent_is_not_checked), cmocka_unit_test(the_latest_of_the_server_counts),
		cmocka_unit_test(rfc9018_vectors), cmocka_unit_test(our_part_alone_is_accepted),
		cmocka_unit_test(a_server_without_cookies_may_answer), cmocka_unit_test(a_server_that_sent_cookies_is_held_to_it),
		cmocka_unit_test(it_is_held_to_it_at_any_time), cmocka_unit_test(tcp_shows_that_it_has_stopped),
		cmocka_unit_test(over_tcp_the_first_ones_absence_says_nothing_of_nodes),
		cmocka_unit_test(a_mixed_address_is_not_held_to_it_for_a_while),
		cmocka_unit_test(truncated_without_cookie_is_believed),
		cmocka_unit_test(a_denial_over_tcp_says_nothing_of_cookies), cmocka_unit_test(a_new_secret_starts_both_parts_anew),
		cmocka_unit_test(a_refusal_ends_when_the_servers_part_is_taken),
		cmocka_unit_test(an_old_answer_is_good_but_not_kept), cmocka_unit_test(it_is_asked_without_for_a_while),
		cmocka_unit_test(weeks_later_it_is_asked_with_it_again), cmocka_unit_test(silence_is_tried_without),
		cmocka_unit_test(silence_to_both_is_no_dislike), cmocka_unit_test(who_has_answered_is_not_suspected),
		cmocka_unit_test(an_answer_without_proves_nothing_at_first), cmocka_unit_test(each_address_has_cookies_of_its_own),
		cmocka_unit_test(what_one_address_loses_the_other_keeps), cmocka_unit_test(what_is_of_no_one_address_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
