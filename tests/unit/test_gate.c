/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/gate.h"

enum { BURST = 16, ROUND_US = 10 * 1000, SOON_US = 5 * 1000, BUDGET_US = 20 * 1000000, FULL = CAA_COOKIE_CLIENT + 16 };

static const uint64_t ms = 1000, second = 1000000, minute = 60 * UINT64_C(1000000), day = 86400 * UINT64_C(1000000);
static const struct caa_cookie_secret secret = { .key = { 1 }, .serial = 1 };
static const struct caa_packet data = { .edns = true, .records = 1 };
static const struct caa_packet refused = { .edns = true, .rcode = CAA_RCODE_REFUSED };
static const struct caa_packet servfail = { .edns = true, .rcode = CAA_RCODE_SERVFAIL };
static const struct caa_packet formerr = { .rcode = CAA_RCODE_FORMERR };
static const struct caa_packet notimp = { .rcode = CAA_RCODE_NOTIMP };
static const struct caa_packet badvers = { .edns = true, .rcode = CAA_RCODE_BADVERS };

/** An upstream and its time. */
struct scene {
	struct caa_upstream u;
	struct caa_zone_options zone;
	uint64_t now_us, wait_us;
	uint32_t questions;	/**< asked so far */
};

static struct scene begin(void)
{
	struct scene s = { .now_us = minute };

	s.u.addr = (struct caa_addr){ .family = CAA_IPV4, .ip = { 192, 0, 2, 1 } };
	caa_learn_init(&s.u.learn, BURST);
	caa_cookie_init(&s.u.cookie);
	caa_options_zone_init(&s.zone);
	return s;
}

/** A rate that was set by hand. */
static struct scene by_hand(uint32_t rate_qps)
{
	struct scene s = begin();

	s.zone.rate_qps = rate_qps;
	s.zone.burst = 1;
	return s;
}

static struct caa_wish wish_of(const struct scene *s)
{
	return (struct caa_wish){ .zone = &s->zone, .now_us = s->now_us, .deadline_us = s->now_us + BUDGET_US };
}

static enum caa_gate ask(struct scene *s, struct caa_asking *q)
{
	struct caa_wish wish = wish_of(s);

	if (q->question == 0)
		q->question = ++s->questions;
	return caa_gate_ask(&s->u, q, &wish, &s->wait_us);
}

/** What Unbound does with an answer that was truncated. */
static enum caa_gate ask_tcp(struct scene *s, struct caa_asking *q)
{
	struct caa_wish wish = wish_of(s);

	wish.tcp = true;
	return caa_gate_ask(&s->u, q, &wish, &s->wait_us);
}

static size_t encode(struct scene *s, struct caa_asking *q)
{
	uint8_t out[CAA_COOKIE_MAX];

	return caa_gate_cookie(&s->u, q, &secret, s->now_us, out);
}

/** It leaves now, over UDP. */
static void leave(struct scene *s, struct caa_asking *q)
{
	assert_int_equal(ask(s, q), CAA_GATE_SEND);
	encode(s, q);
}

static struct caa_outcome end(struct scene *s, struct caa_asking *q, enum caa_end how, const struct caa_packet *p, bool tcp)
{
	return caa_gate_outcome(&s->u, q, &secret, s->now_us, how, p, tcp);
}

static struct caa_outcome answered(struct scene *s, struct caa_asking *q, const struct caa_packet *p)
{
	return end(s, q, CAA_END_ANSWER, p, false);
}

static bool accepted(struct scene *s, struct caa_asking *q, const struct caa_packet *p)
{
	return caa_gate_accept(&s->u, q, &secret, s->now_us, p);
}

/** Some queries that are sent, and answered a round trip later. */
static void chat(struct scene *s, unsigned queries)
{
	for (unsigned i = 0; i < queries; i++) {
		struct caa_asking q = { .caa = false };

		leave(s, &q);
		s->now_us += ROUND_US;
		assert_true(accepted(s, &q, &data));
		answered(s, &q, &data);
	}
}

/** Many queries of which nothing is heard: a limit. */
static void meet_limit(struct scene *s)
{
	struct caa_asking q[BURST] = { { .caa = false } };

	chat(s, 4);
	for (unsigned i = 0; i < BURST; i++)
		leave(s, &q[i]);
	s->now_us += second;
	for (unsigned i = 0; i < BURST; i++)
		end(s, &q[i], CAA_END_TIMEOUT, NULL, false);
	assert_true(caa_learn_limited(&s->u.learn));
	assert_true(s->u.limits > 0);
}

/** The answer to a query, with a cookie of the server's. */
static struct caa_packet with_cookie(uint8_t option[static FULL], const struct caa_asking *q, uint16_t rcode)
{
	memset(option, 0x99, FULL);
	memcpy(option, q->cookie.client, CAA_COOKIE_CLIENT);
	return (struct caa_packet){ .edns = true, .rcode = rcode, .records = 1, .cookie = option, .cookie_len = FULL };
}

static void learn_cookie(struct scene *s)
{
	struct caa_asking q = { .caa = false };
	uint8_t option[FULL];
	struct caa_packet p;

	leave(s, &q);
	p = with_cookie(option, &q, CAA_RCODE_NOERROR);
	s->now_us += ROUND_US;
	assert_true(accepted(s, &q, &p));
	answered(s, &q, &p);
	assert_true(caa_cookie_proves(&s->u.cookie));
}

static void nothing_is_left(const struct scene *s)
{
	assert_int_equal(caa_pacer_waiting(&s->u.learn.pacer), 0);
	assert_int_equal(s->u.learn.pacer.inflight, 0);
	assert_int_equal(s->u.transport.inflight, 0);
}

/* --- when it leaves ------------------------------------------------------------------------------------------------ */

static void a_paced_certificate(void **state)
{
	static const struct { uint64_t at_us; unsigned who; enum caa_gate gate; uint64_t wait_us; const char *why; } row[] = {
		{      0, 0, CAA_GATE_SEND, 0,      "the first leaves at once" },
		{      0, 1, CAA_GATE_WAIT, 100000, "the second waits" },
		{      0, 2, CAA_GATE_WAIT, 200000, "the third waits longer" },
		{      0, 3, CAA_GATE_WAIT, 150000, "who waits long asks half way" },
		{  99999, 1, CAA_GATE_WAIT, 1,      "not yet" },
		{ 100000, 1, CAA_GATE_SEND, 0,      "now" },
		{ 150000, 3, CAA_GATE_WAIT, 150000, "the place is the same" },
		{ 200000, 2, CAA_GATE_SEND, 0,      "one after the other" },
		{ 300000, 3, CAA_GATE_SEND, 0,      "to the last" },
	};
	struct scene s = by_hand(10);
	struct caa_asking q[4] = { { .caa = false } };
	uint64_t start_us = s.now_us;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		s.now_us = start_us + row[i].at_us;
		assert_int_equal(ask(&s, &q[row[i].who]), row[i].gate);
		if (row[i].gate == CAA_GATE_WAIT)
			assert_int_equal(s.wait_us, row[i].wait_us);
	}
	assert_int_equal(s.u.waited, 3);
	assert_int_equal(s.u.waited_ms, 100 + 200 + 300);
	assert_int_equal(s.u.sent, 4);
	assert_int_equal(s.u.sent_caa, 4);
	for (size_t i = 0; i < COUNT_OF(q); i++)
		answered(&s, &q[i], &data);
	nothing_is_left(&s);
	assert_int_equal(s.u.replied, 4);
}

static void the_first_burst_leaves_at_once(void **state)
{
	struct scene s = begin();
	struct caa_asking q[BURST + 1] = { { .caa = false } };

	(void)state;
	for (unsigned i = 0; i < BURST; i++)
		leave(&s, &q[i]);
	assert_int_equal(ask(&s, &q[BURST]), CAA_GATE_WAIT);
	assert_true(s.wait_us >= 1);
	s.now_us += ROUND_US;
	answered(&s, &q[0], &data);
	assert_int_equal(ask(&s, &q[BURST]), CAA_GATE_WAIT);	/* a limiter may have cut it */
	answered(&s, &q[BURST - 1], &data);
	assert_int_equal(ask(&s, &q[BURST]), CAA_GATE_SEND);	/* it has not: answers make room */
}

/** An answer is not waited for beyond the budget, but long enough for a server to answer. */
static void an_answer_is_waited_for_until_the_budget_ends(void **state)
{
	static const struct { uint64_t left_ms, round_ms; uint32_t patience_ms; const char *why; } row[] = {
		{ 20000, 0, 20000, "until the budget ends" },
		{ 401, 0, 401, "however soon that is, ..." },
		{ 1, 0, 400, "... but a server has the time to answer" },
		{ 399, 50, 400, "also if it is near" },
		{ 399, 300, 1200, "and more if it is far" },
		{ 1201, 300, 1201, "unless the budget leaves more" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_wish wish = wish_of(&s);
		struct caa_asking q = { .caa = false };
		uint64_t wait_us;

		s.u.learn.srtt_us = (uint32_t)row[i].round_ms * 1000;
		wish.deadline_us = wish.now_us + row[i].left_ms * 1000;
		assert_int_equal(caa_gate_ask(&s.u, &q, &wish, &wait_us), CAA_GATE_SEND);
		if (q.patience_ms != row[i].patience_ms)
			fail_msg("%u ms: %s", q.patience_ms, row[i].why);
		caa_gate_other(&s.u, &q, wish.now_us, false);
		assert_int_equal(q.patience_ms, 0);
	}
}

static void a_repeated_query_goes_ahead(void **state)
{
	struct scene s = by_hand(10);
	struct caa_asking q[3] = { { .caa = false } };
	struct caa_wish wish = wish_of(&s);

	(void)state;
	leave(&s, &q[0]);
	assert_int_equal(ask(&s, &q[1]), CAA_GATE_WAIT);
	wish.repeated = true;
	assert_int_equal(caa_gate_ask(&s.u, &q[2], &wish, &s.wait_us), CAA_GATE_WAIT);
	s.now_us += 100 * ms;
	assert_int_equal(ask(&s, &q[1]), CAA_GATE_WAIT);
	assert_int_equal(ask(&s, &q[2]), CAA_GATE_SEND);
}

static void who_is_queued_takes_its_place_only(void **state)
{
	struct scene s = by_hand(10);
	struct caa_asking q[2] = { { .caa = false } };
	struct caa_wish wish = wish_of(&s);

	(void)state;
	wish.queued = true;
	assert_int_equal(caa_gate_ask(&s.u, &q[0], &wish, &s.wait_us), CAA_GATE_SEND);
	assert_int_equal(s.u.sent, 0);
	assert_int_equal(caa_pacer_waiting(&s.u.learn.pacer), 1);
	assert_int_equal(ask(&s, &q[1]), CAA_GATE_WAIT);	/* came later */
	assert_int_equal(ask(&s, &q[0]), CAA_GATE_SEND);
	assert_int_equal(s.u.sent, 1);
	assert_int_equal(s.u.waited, 0);
}

static void a_turn_beyond_the_budget(void **state)
{
	struct scene s = by_hand(1);
	struct caa_asking q[4] = { { .caa = false } };
	struct caa_wish wish = wish_of(&s);
	uint64_t start_us = s.now_us;

	(void)state;
	wish.deadline_us = start_us + 2 * second + second / 2;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(caa_gate_ask(&s.u, &q[i], &wish, &s.wait_us), i == 0 ? CAA_GATE_SEND : CAA_GATE_WAIT);
	assert_int_equal(caa_gate_ask(&s.u, &q[3], &wish, &s.wait_us), CAA_GATE_WAIT);
	assert_true(s.wait_us <= 250 * ms);	/* the pace may rise */
	assert_false(q[3].placed);
	assert_int_equal(caa_pacer_waiting(&s.u.learn.pacer), 2);
	wish.now_us = wish.deadline_us - 1;
	assert_int_equal(caa_gate_ask(&s.u, &q[3], &wish, &s.wait_us), CAA_GATE_WAIT);
	assert_int_equal(s.wait_us, 1);		/* no longer than the budget */
	wish.now_us = wish.deadline_us;
	assert_int_equal(caa_gate_ask(&s.u, &q[3], &wish, &s.wait_us), CAA_GATE_LATE);
	assert_int_equal(s.u.refused, 1);
	assert_int_equal(caa_gate_ask(&s.u, &q[2], &wish, &s.wait_us), CAA_GATE_LATE);	/* nor one with a place */
	assert_int_equal(caa_pacer_waiting(&s.u.learn.pacer), 1);
	wish.queued = true;
	assert_int_equal(caa_gate_ask(&s.u, &q[3], &wish, &s.wait_us), CAA_GATE_LATE);
	assert_int_equal(s.u.refused, 2);	/* counted when it is to be sent */
}

static void a_silent_address_is_left(void **state)
{
	static const struct { uint64_t after_us; bool may_move; enum caa_gate gate; } row[] = {
		{ 20 * 1000, true, CAA_GATE_WAIT }, { 10 * 1000000, false, CAA_GATE_WAIT },
		{ 10 * 1000000, true, CAA_GATE_ELSEWHERE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_asking q[BURST + 1] = { { .caa = false } };
		struct caa_wish wish;

		for (unsigned n = 0; n < BURST; n++)
			leave(&s, &q[n]);
		assert_int_equal(ask(&s, &q[BURST]), CAA_GATE_WAIT);
		s.now_us += row[i].after_us;
		wish = wish_of(&s);
		wish.may_move = row[i].may_move;
		assert_int_equal(caa_gate_ask(&s.u, &q[BURST], &wish, &s.wait_us), row[i].gate);
		assert_int_equal(caa_pacer_waiting(&s.u.learn.pacer), row[i].gate == CAA_GATE_WAIT);
	}
}

/* --- over which transport ---------------------------------------------------------------------------------------------- */

static void after_a_limit_one_tries_tcp_and_many_follow(void **state)
{
	struct scene s = begin();
	struct caa_asking first = { .caa = false }, q[40] = { { .caa = false } };

	(void)state;
	meet_limit(&s);
	assert_int_equal(ask(&s, &first), CAA_GATE_SEND_TCP);
	for (size_t i = 0; i < COUNT_OF(q); i++) {
		assert_int_equal(ask(&s, &q[i]), CAA_GATE_WAIT);
		assert_in_range(s.wait_us, 1, SOON_US);
	}
	s.now_us += ROUND_US;
	end(&s, &first, CAA_END_ANSWER, &data, true);
	/* Each answer lets one more be under way: 2, 4, 8 ... */
	for (size_t sent = 0, done = 0, round = 2; done < COUNT_OF(q); round *= 2) {
		while (sent < COUNT_OF(q) && ask(&s, &q[sent]) == CAA_GATE_SEND_TCP)
			sent++;
		assert_int_equal(sent - done, round < COUNT_OF(q) - done ? round : COUNT_OF(q) - done);
		while (done < sent)
			end(&s, &q[done++], CAA_END_ANSWER, &data, true);
	}
	assert_int_equal(caa_pacer_waiting(&s.u.learn.pacer), 0);	/* their places are free */
	nothing_is_left(&s);
}

static void tcp_in_vain_is_left_alone(void **state)
{
	static const struct { enum caa_end end; const struct caa_packet *packet; bool broken; } row[] = {
		{ CAA_END_TIMEOUT, NULL, true }, { CAA_END_ERROR, NULL, true }, { CAA_END_ANSWER, &refused, true },
		{ CAA_END_ANSWER, &servfail, true }, { CAA_END_ANSWER, &data, false }, { CAA_END_ABANDONED, NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_asking q = { .caa = false }, must = { .caa = false };

		meet_limit(&s);
		assert_int_equal(ask(&s, &q), CAA_GATE_SEND_TCP);
		end(&s, &q, row[i].end, row[i].packet, true);
		if (row[i].broken)
			assert_int_not_equal(ask(&s, &q), CAA_GATE_SEND_TCP);
		else
			assert_int_equal(ask(&s, &q), CAA_GATE_SEND_TCP);
		end(&s, &q, CAA_END_ABANDONED, NULL, !row[i].broken);
		assert_int_equal(ask_tcp(&s, &must), row[i].broken ? CAA_GATE_ELSEWHERE : CAA_GATE_SEND_TCP);
		end(&s, &must, CAA_END_ABANDONED, NULL, true);
		nothing_is_left(&s);
	}
}

static void without_caa_tcp_udp_is_paced(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };

	(void)state;
	s.zone.tcp = 0;
	meet_limit(&s);
	assert_int_equal(ask(&s, &q), CAA_GATE_WAIT);
	assert_int_equal(ask_tcp(&s, &q), CAA_GATE_SEND_TCP);	/* but a truncated answer is asked for */
	assert_int_equal(caa_pacer_waiting(&s.u.learn.pacer), 0);
}

static void who_needs_tcp_waits_for_the_first(void **state)
{
	struct scene s = begin();
	struct caa_asking first = { .caa = false }, second_one = { .caa = false };

	(void)state;
	assert_int_equal(ask_tcp(&s, &first), CAA_GATE_SEND_TCP);
	assert_int_equal(ask_tcp(&s, &second_one), CAA_GATE_WAIT);
	assert_int_equal(s.wait_us, SOON_US);
	end(&s, &first, CAA_END_TIMEOUT, NULL, true);
	assert_int_equal(ask_tcp(&s, &second_one), CAA_GATE_ELSEWHERE);
	nothing_is_left(&s);
}

/** At a rate that is set by hand TCP waits its turn as UDP does. */
static void a_rate_by_hand_paces_tcp_too(void **state)
{
	struct scene s = by_hand(10);
	struct caa_asking q[2] = { { .caa = false } };

	(void)state;
	assert_int_equal(ask_tcp(&s, &q[0]), CAA_GATE_SEND);
	assert_int_equal(ask_tcp(&s, &q[1]), CAA_GATE_WAIT);
	s.now_us += 100 * ms;
	assert_int_equal(ask_tcp(&s, &q[1]), CAA_GATE_SEND);
	end(&s, &q[0], CAA_END_ANSWER, &data, true);
	end(&s, &q[1], CAA_END_TIMEOUT, NULL, true);
	nothing_is_left(&s);
}

/* --- cookies --------------------------------------------------------------------------------------------------------- */

static void only_caa_queries_carry_a_cookie(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };

	(void)state;
	caa_gate_other(&s.u, &q, s.now_us, false);
	assert_int_equal(encode(&s, &q), 0);
	answered(&s, &q, &data);
	assert_int_equal(ask(&s, &q), CAA_GATE_SEND);
	assert_int_equal(encode(&s, &q), CAA_COOKIE_CLIENT);
	answered(&s, &q, &data);
	s.zone.cookie = 0;
	assert_int_equal(ask(&s, &q), CAA_GATE_SEND);
	assert_int_equal(encode(&s, &q), 0);
	assert_false(q.cookie.client_sent);
}

static void who_proves_its_source_is_not_limited(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };
	uint8_t option[FULL];
	struct caa_packet p;

	(void)state;
	s.zone.tcp = 0;
	meet_limit(&s);
	while (ask(&s, &q) == CAA_GATE_WAIT)
		s.now_us += s.wait_us;
	assert_int_equal(encode(&s, &q), CAA_COOKIE_CLIENT);
	p = with_cookie(option, &q, CAA_RCODE_NOERROR);
	assert_true(accepted(&s, &q, &p));
	answered(&s, &q, &p);
	assert_false(caa_learn_limited(&s.u.learn));
	s.zone.tcp = 1;
	for (unsigned i = 0; i < BURST; i++) {
		struct caa_asking next = { .caa = false };

		assert_int_equal(ask(&s, &next), CAA_GATE_SEND);	/* over UDP */
		assert_int_equal(encode(&s, &next), FULL);
	}
}

/** They left before the cookie was known: what becomes of them says nothing of those that carry it. */
static void losses_from_before_the_cookie_do_not_count(void **state)
{
	static const enum caa_end how[] = { CAA_END_TIMEOUT, CAA_END_ANSWER };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(how); i++) {
		struct scene s = begin();
		struct caa_asking q[BURST - 1] = { { .caa = false } };

		for (size_t n = 0; n < COUNT_OF(q); n++)
			leave(&s, &q[n]);
		learn_cookie(&s);
		s.now_us += second;
		for (size_t n = 0; n < COUNT_OF(q); n++)
			assert_false(end(&s, &q[n], how[i], &refused, false).limited);
		assert_false(caa_learn_limited(&s.u.learn));
		nothing_is_left(&s);
	}
}

static void a_wrong_echo_is_forged(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };
	uint8_t option[FULL];
	struct caa_packet p;

	(void)state;
	learn_cookie(&s);
	leave(&s, &q);
	p = with_cookie(option, &q, CAA_RCODE_NOERROR);
	option[3] ^= 1;
	assert_false(accepted(&s, &q, &p));
	option[3] ^= 1;
	assert_true(accepted(&s, &q, &p));	/* the true one is still waited for */
	answered(&s, &q, &p);
	assert_int_equal(ask(&s, &q), CAA_GATE_SEND);	/* and it is no reason for TCP */
}

static void a_missing_cookie_is_forged_or_seen_over_tcp(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false }, next = { .caa = false };

	(void)state;
	learn_cookie(&s);
	leave(&s, &q);
	assert_false(accepted(&s, &q, &data));
	assert_int_equal(ask(&s, &next), CAA_GATE_SEND_TCP);
	encode(&s, &next);
	end(&s, &next, CAA_END_ANSWER, &data, true);	/* the server has stopped to send them */
	assert_true(accepted(&s, &q, &data));
	answered(&s, &q, &data);
}

static void without_cookies_nothing_is_forged(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };
	static const uint8_t option[FULL] = { 1 };
	const struct caa_packet p = { .edns = true, .records = 1, .cookie = option, .cookie_len = FULL };

	(void)state;
	learn_cookie(&s);
	s.zone.cookie = 0;
	leave(&s, &q);
	assert_true(accepted(&s, &q, &data));
	assert_true(accepted(&s, &q, &p));
}

/* --- again ------------------------------------------------------------------------------------------------------------- */

/** One answer of a server, and what is done about it. */
static enum caa_again again(struct scene *s, struct caa_asking *q, const struct caa_packet *p, bool edns)
{
	answered(s, q, p);
	return caa_gate_again(&s->u, q, s->now_us, p, edns);
}

static void a_server_that_dislikes_the_option_is_asked_without(void **state)
{
	static const struct { const struct caa_packet *packet; enum caa_again with, without; } row[] = {
		{ &formerr, CAA_AGAIN_SEND, CAA_AGAIN_NO }, { &badvers, CAA_AGAIN_SEND, CAA_AGAIN_NO },
		{ &notimp, CAA_AGAIN_SEND, CAA_AGAIN_NO }, { &data, CAA_AGAIN_NO, CAA_AGAIN_NO },
		{ &refused, CAA_AGAIN_NO, CAA_AGAIN_NO }, { &servfail, CAA_AGAIN_NO, CAA_AGAIN_NO },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_asking q = { .caa = false }, next = { .caa = false };

		leave(&s, &q);
		assert_true(q.cookie.client_sent);
		assert_int_equal(again(&s, &q, row[i].packet, true), row[i].with);
		assert_int_equal(ask(&s, &next), CAA_GATE_SEND);
		assert_int_equal(encode(&s, &next), row[i].with == CAA_AGAIN_SEND ? 0 : CAA_COOKIE_CLIENT);
		if (row[i].with == CAA_AGAIN_SEND)
			assert_int_equal(again(&s, &next, row[i].packet, true), row[i].without);
	}
}

/** Silence to the option, but not without it, is a dislike, too. */
static void silence_to_the_option_is_tried_without(void **state)
{
	enum { SILENT_MAX = 3 };
	static const struct { const char *why; bool answered, cookies_off; size_t then; } row[] = {
		{ "without was answered: without from now on", true, false, 0 },
		{ "without was lost as well: with it again", false, false, CAA_COOKIE_CLIENT },
		{ "who may not carry it says nothing", true, true, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_asking q = { .caa = false };

		for (unsigned n = 0; n < SILENT_MAX; n++) {
			assert_int_equal(ask(&s, &q), CAA_GATE_SEND);
			assert_int_equal(encode(&s, &q), CAA_COOKIE_CLIENT);
			end(&s, &q, CAA_END_TIMEOUT, NULL, false);
		}
		s.zone.cookie = !row[i].cookies_off;
		assert_int_equal(ask(&s, &q), CAA_GATE_SEND);
		assert_int_equal(encode(&s, &q), 0);
		s.zone.cookie = 1;
		assert_true(accepted(&s, &q, &data));
		end(&s, &q, row[i].answered ? CAA_END_ANSWER : CAA_END_TIMEOUT, &data, false);
		assert_int_equal(s.u.cookie.avoid_ms != 0, row[i].answered && !row[i].cookies_off);
		assert_int_equal(ask(&s, &q), CAA_GATE_SEND);
		assert_int_equal(encode(&s, &q), row[i].then);
	}
}

static void notimp_is_final_without_edns_and_remembered(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };

	(void)state;
	leave(&s, &q);
	assert_int_equal(again(&s, &q, &notimp, true), CAA_AGAIN_SEND);		/* with the cookie */
	leave(&s, &q);
	assert_int_equal(again(&s, &q, &notimp, true), CAA_AGAIN_NO);		/* with EDNS: Unbound tries without */
	leave(&s, &q);
	assert_int_equal(again(&s, &q, &notimp, false), CAA_AGAIN_FINAL);
	for (unsigned i = 0; i < 100; i++) {
		struct caa_asking next = { .caa = false };

		leave(&s, &next);
		assert_int_equal(again(&s, &next, &notimp, true), CAA_AGAIN_FINAL);	/* one query each */
		leave(&s, &next);
		assert_int_equal(again(&s, &next, &data, true), CAA_AGAIN_NO);	/* what else it says is no matter */
	}
}

static void notimp_is_remembered_for_a_while(void **state)
{
	const uint64_t wrap = (UINT64_C(1) << 32) * ms;
	const uint64_t at[] = { minute, wrap - 15 * minute, wrap - ms, wrap };
	const struct { uint64_t after_us; enum caa_again again; } row[] = {
		{ 0, CAA_AGAIN_FINAL }, { 15 * minute - ms, CAA_AGAIN_FINAL }, { 15 * minute + ms, CAA_AGAIN_SEND },
		{ 25 * day, CAA_AGAIN_SEND }, { 40 * day, CAA_AGAIN_SEND },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(at) * COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_asking q = { .caa = true, .cookie = { .client_sent = false } };

		s.now_us = at[i / COUNT_OF(row)];
		assert_int_equal(caa_gate_again(&s.u, &q, s.now_us, &notimp, false), CAA_AGAIN_FINAL);
		s.now_us += row[i % COUNT_OF(row)].after_us;
		q.cookie.client_sent = true;
		assert_int_equal(caa_gate_again(&s.u, &q, s.now_us, &notimp, true), row[i % COUNT_OF(row)].again);
	}
}

/** RFC 7873, section 5.3: with the new cookie, then over TCP. */
static void badcookie_twice_is_tcp(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };
	uint8_t option[FULL];
	struct caa_packet p;

	(void)state;
	leave(&s, &q);
	p = with_cookie(option, &q, CAA_RCODE_BADCOOKIE);
	assert_true(accepted(&s, &q, &p));
	assert_int_equal(again(&s, &q, &p, true), CAA_AGAIN_SEND);
	assert_int_equal(ask(&s, &q), CAA_GATE_SEND);
	assert_int_equal(encode(&s, &q), FULL);			/* it brought the new one */
	p = with_cookie(option, &q, CAA_RCODE_BADCOOKIE);
	assert_true(accepted(&s, &q, &p));
	assert_int_equal(again(&s, &q, &p, true), CAA_AGAIN_SEND);
	assert_int_equal(ask(&s, &q), CAA_GATE_SEND_TCP);
	encode(&s, &q);
	end(&s, &q, CAA_END_ANSWER, &p, true);
	assert_int_equal(caa_gate_again(&s.u, &q, s.now_us, &p, true), CAA_AGAIN_NO);	/* and not for ever */
	nothing_is_left(&s);
}

static void badcookie_without_cookie_is_an_answer(void **state)
{
	static const struct caa_packet p = { .edns = true, .rcode = CAA_RCODE_BADCOOKIE };
	struct scene s = begin();
	struct caa_asking q = { .caa = false };

	(void)state;
	s.zone.cookie = 0;
	leave(&s, &q);
	assert_int_equal(again(&s, &q, &p, true), CAA_AGAIN_NO);
}

static void what_is_not_for_caa_is_left_to_unbound(void **state)
{
	static const struct caa_packet *const packet[] = { &formerr, &notimp, &badvers, &refused };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(packet); i++) {
		struct scene s = begin();
		struct caa_asking q = { .caa = false };

		caa_gate_other(&s.u, &q, s.now_us, false);
		assert_int_equal(again(&s, &q, packet[i], false), CAA_AGAIN_NO);
		assert_int_equal(s.u.notimp_ms, 0);
	}
}

/** Three questions that are denied, of a zone that was answered for or not. */
static void a_denial_counts_where_the_zone_was_answered_for(void **state)
{
	(void)state;
	for (int served = 0; served <= 1; served++) {
		struct scene s = begin();
		struct caa_asking q[3] = { { .served = served }, { .served = served }, { .served = served } };

		chat(&s, 4);
		for (size_t i = 0; i < COUNT_OF(q); i++)
			leave(&s, &q[i]);
		for (size_t i = 0; i < COUNT_OF(q); i++)
			answered(&s, &q[i], &refused);
		assert_int_equal(caa_learn_limited(&s.u.learn), served);
		assert_int_equal(s.u.learn.pacer.inflight, 0);
	}
}

/* --- what an outcome means --------------------------------------------------------------------------------------------- */

static void an_outcome_says_what_may_pass(void **state)
{
	static const struct caa_packet tc = { .truncated = true }, tc_data = { .truncated = true, .records = 1 };
	static const struct { enum caa_end end; const struct caa_packet *packet; bool tcp, denied, passing, passing_limited; }
	row[] = {
		{ CAA_END_ANSWER, &data,     false, false, false, false },
		{ CAA_END_ANSWER, &formerr,  false, false, false, false },
		{ CAA_END_ANSWER, &notimp,   false, false, false, false },
		{ CAA_END_ANSWER, &refused,  false, true,  false, true },
		{ CAA_END_ANSWER, &servfail, false, true,  false, true },
		{ CAA_END_ANSWER, &refused,  true,  true,  false, true },
		{ CAA_END_ANSWER, &tc,       false, true,  false, true },
		{ CAA_END_ANSWER, &tc,       true,  false, false, false },
		{ CAA_END_ANSWER, &tc_data,  false, false, false, false },
		{ CAA_END_TIMEOUT, NULL,     false, false, true,  true },
		{ CAA_END_TIMEOUT, NULL,     true,  false, true,  true },
		{ CAA_END_ERROR, NULL,       false, false, true,  true },
		{ CAA_END_ABANDONED, NULL,   false, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT_OF(row); i++) {
		bool limited = i >= COUNT_OF(row);
		size_t r = i % COUNT_OF(row);
		struct scene s = begin();
		struct caa_asking q = { .caa = false };
		struct caa_outcome o;

		if (limited)
			meet_limit(&s);
		caa_gate_other(&s.u, &q, s.now_us, row[r].tcp);
		o = end(&s, &q, row[r].end, row[r].packet, row[r].tcp);
		assert_int_equal(o.denied, row[r].denied);
		assert_int_equal(o.passing, limited ? row[r].passing_limited : row[r].passing);
	}
}

static void an_outcome_says_who_is_alive(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };
	struct caa_outcome o;

	(void)state;
	leave(&s, &q);
	o = end(&s, &q, CAA_END_TIMEOUT, NULL, false);
	assert_false(o.alive);
	assert_int_equal(o.srtt_us, 0);
	leave(&s, &q);
	s.now_us += ROUND_US;
	o = answered(&s, &q, &data);
	assert_true(o.alive);
	assert_int_equal(o.srtt_us, ROUND_US);
	leave(&s, &q);
	o = end(&s, &q, CAA_END_TIMEOUT, NULL, false);
	assert_true(o.alive);
	s.now_us += 10 * minute;
	leave(&s, &q);
	assert_false(end(&s, &q, CAA_END_TIMEOUT, NULL, false).alive);
}

static void everything_is_counted(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };

	(void)state;
	leave(&s, &q);
	answered(&s, &q, &refused);
	leave(&s, &q);
	end(&s, &q, CAA_END_TIMEOUT, NULL, false);
	leave(&s, &q);
	end(&s, &q, CAA_END_ERROR, NULL, false);
	leave(&s, &q);
	end(&s, &q, CAA_END_ABANDONED, NULL, false);
	caa_gate_other(&s.u, &q, s.now_us, false);
	answered(&s, &q, &data);
	assert_int_equal(s.u.sent, 5);
	assert_int_equal(s.u.sent_caa, 4);
	assert_int_equal(s.u.replied, 2);
	assert_int_equal(s.u.timed_out, 1);
	assert_int_equal(s.u.failed, 1);
}

/* --- the cost -------------------------------------------------------------------------------------------------------- */

static void the_cost_is_the_wait(void **state)
{
	struct scene s = by_hand(10);
	struct caa_asking q[4] = { { .caa = false } };

	(void)state;
	assert_int_equal(caa_gate_cost(&s.u, s.now_us), 0);
	for (unsigned i = 0; i < COUNT_OF(q); i++) {
		ask(&s, &q[i]);
		assert_int_equal(caa_gate_cost(&s.u, s.now_us), (i + 1) * 100 * ms);
	}
	for (unsigned i = 0; i < COUNT_OF(q); i++)
		end(&s, &q[i], CAA_END_ABANDONED, NULL, false);
	assert_int_equal(caa_gate_cost(&s.u, s.now_us + second), 0);
}

static void working_tcp_costs_nothing(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };

	(void)state;
	meet_limit(&s);
	assert_true(caa_gate_cost(&s.u, s.now_us) > 0);
	assert_int_equal(ask(&s, &q), CAA_GATE_SEND_TCP);
	end(&s, &q, CAA_END_ANSWER, &data, true);
	assert_int_equal(caa_gate_cost(&s.u, s.now_us), 0);
}

static void silence_costs(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };

	(void)state;
	leave(&s, &q);
	assert_int_equal(caa_gate_cost(&s.u, s.now_us), 0);
	assert_true(caa_gate_cost(&s.u, s.now_us + 10 * second) >= second);
}

/* --- nothing is left behind -------------------------------------------------------------------------------------------- */

static void who_is_abandoned_leaves_nothing_behind(void **state)
{
	struct scene s = begin();
	struct caa_asking q[BURST + 8] = { { .caa = false } };
	struct caa_asking never = { .caa = false };
	struct caa_wish wish;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(q); i++)
		assert_int_equal(ask(&s, &q[i]), i < BURST ? CAA_GATE_SEND : CAA_GATE_WAIT);
	for (size_t i = COUNT_OF(q); i-- > 0;)
		end(&s, &q[i], CAA_END_ABANDONED, NULL, false);
	nothing_is_left(&s);
	end(&s, &never, CAA_END_ABANDONED, NULL, false);	/* nor who was not even asked about */
	end(&s, &q[0], CAA_END_ABANDONED, NULL, false);		/* nor twice */
	nothing_is_left(&s);
	wish = wish_of(&s);
	wish.queued = true;
	assert_int_equal(caa_gate_ask(&s.u, &q[0], &wish, &s.wait_us), CAA_GATE_SEND);
	end(&s, &q[0], CAA_END_ABANDONED, NULL, false);
	nothing_is_left(&s);
	assert_int_equal(ask_tcp(&s, &q[0]), CAA_GATE_SEND_TCP);
	end(&s, &q[0], CAA_END_ABANDONED, NULL, true);
	nothing_is_left(&s);
}

/** The question that it waited for went away, and somebody else wants the answer. */
static void who_goes_for_others_gives_up_its_place(void **state)
{
	struct scene s = by_hand(10);
	struct caa_asking q[2] = { { .caa = false } };

	(void)state;
	leave(&s, &q[0]);
	assert_int_equal(ask(&s, &q[1]), CAA_GATE_WAIT);
	caa_gate_other(&s.u, &q[1], s.now_us, false);
	assert_int_equal(caa_pacer_waiting(&s.u.learn.pacer), 0);
	assert_int_equal(s.u.learn.pacer.inflight, 2);
	for (size_t i = 0; i < COUNT_OF(q); i++)
		answered(&s, &q[i], &data);
	nothing_is_left(&s);
}

/** Who tells of an end need not know how the query left. */
static void the_end_is_that_of_what_was_sent(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };

	(void)state;
	assert_int_equal(ask_tcp(&s, &q), CAA_GATE_SEND_TCP);
	end(&s, &q, CAA_END_ABANDONED, NULL, false);
	nothing_is_left(&s);
	leave(&s, &q);
	end(&s, &q, CAA_END_ABANDONED, NULL, true);
	nothing_is_left(&s);
	caa_gate_other(&s.u, &q, s.now_us, false);
	end(&s, &q, CAA_END_ERROR, NULL, true);
	nothing_is_left(&s);
}

/** A query of the random crowd. */
struct actor {
	struct caa_asking q;
	enum { IDLE, WAITS, UNDER_WAY } at;
	bool tcp;
};

static void check_invariants(const struct scene *s, const struct actor *actor, size_t actors)
{
	unsigned placed = 0, udp = 0, tcp = 0;

	for (size_t i = 0; i < actors; i++) {
		placed += actor[i].q.placed;
		udp += actor[i].q.udp;
		tcp += actor[i].q.tcp;
		assert_true(!actor[i].q.placed || actor[i].at == WAITS);
	}
	assert_int_equal(caa_pacer_waiting(&s->u.learn.pacer), placed);
	assert_int_equal(s->u.transport.inflight, tcp);
	assert_true(s->u.learn.pacer.inflight <= udp);
}

static void act_ask(struct scene *s, struct actor *a, uint64_t *random)
{
	struct caa_wish wish = wish_of(s);

	wish.deadline_us = s->now_us + next_random(random) % (2 * second);
	wish.tcp = next_random(random) % 8 == 0;
	wish.repeated = next_random(random) % 4 == 0;
	wish.may_move = next_random(random) % 2 == 0;
	wish.queued = next_random(random) % 8 == 0;
	if (next_random(random) % 8 == 0) {
		a->tcp = wish.tcp;
		caa_gate_other(&s->u, &a->q, s->now_us, wish.tcp);
		a->at = UNDER_WAY;
		return;
	}
	switch (caa_gate_ask(&s->u, &a->q, &wish, &s->wait_us)) {
	case CAA_GATE_SEND:
		a->tcp = wish.tcp;
		a->at = wish.queued ? WAITS : UNDER_WAY;
		break;
	case CAA_GATE_SEND_TCP:
		a->tcp = true;
		a->at = UNDER_WAY;
		break;
	case CAA_GATE_WAIT:
		assert_true(s->wait_us >= 1);
		assert_true(s->now_us + s->wait_us <= wish.deadline_us);
		a->at = WAITS;
		break;
	case CAA_GATE_LATE:
	case CAA_GATE_ELSEWHERE:
		a->at = IDLE;
		break;
	}
	if (a->at == UNDER_WAY)
		encode(s, &a->q);
}

static void act_end(struct scene *s, struct actor *a, uint64_t *random)
{
	static const struct caa_packet *const packet[] = { &data, &data, &data, &refused, &servfail, &formerr, &notimp };
	enum caa_end how = (enum caa_end)(next_random(random) % 4);
	struct caa_packet p = *packet[next_random(random) % COUNT_OF(packet)];
	bool tcp = how == CAA_END_ABANDONED ? next_random(random) % 2 == 0 : a->tcp;
	uint8_t option[FULL];

	if (next_random(random) % 4 == 0 && a->q.cookie.client_sent)
		p = with_cookie(option, &a->q, p.rcode);
	if (how == CAA_END_ANSWER && !tcp && !accepted(s, &a->q, &p))
		return;		/* forged: it goes on waiting */
	end(s, &a->q, how, &p, tcp);
	if (how == CAA_END_ANSWER)
		caa_gate_again(&s->u, &a->q, s->now_us, &p, next_random(random) % 2 == 0);
	a->at = IDLE;
}

static void whatever_happens_nothing_leaks(void **state)
{
	enum { ACTORS = 60, STEPS = 20000, RUNS = 12 };
	uint64_t random = 77;

	(void)state;
	for (unsigned run = 0; run < RUNS; run++) {
		struct scene s = begin();
		struct actor actor[ACTORS] = { { .at = IDLE } };

		for (unsigned step = 0; step < STEPS; step++) {
			struct actor *a = &actor[next_random(&random) % ACTORS];

			s.now_us += next_random(&random) % (run % 2 == 0 ? 2 * ms : 200 * ms);
			if (next_random(&random) % 1000 == 0)
				s.zone.rate_qps = next_random(&random) % 2 == 0 ? 0 : 1 + next_random(&random) % 1000;
			if (next_random(&random) % 1000 == 0)
				s.zone.tcp = !s.zone.tcp;
			if (a->at == UNDER_WAY || (a->at == WAITS && next_random(&random) % 16 == 0))
				act_end(&s, a, &random);
			else
				act_ask(&s, a, &random);
			check_invariants(&s, actor, ACTORS);
		}
		for (size_t i = 0; i < ACTORS; i++)
			end(&s, &actor[i].q, CAA_END_ABANDONED, NULL, false);
		nothing_is_left(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_paced_certificate), cmocka_unit_test(the_first_burst_leaves_at_once),
		cmocka_unit_test(an_answer_is_waited_for_until_the_budget_ends),
		cmocka_unit_test(a_repeated_query_goes_ahead), cmocka_unit_test(who_is_queued_takes_its_place_only),
		cmocka_unit_test(a_turn_beyond_the_budget), cmocka_unit_test(a_silent_address_is_left),
		cmocka_unit_test(after_a_limit_one_tries_tcp_and_many_follow), cmocka_unit_test(tcp_in_vain_is_left_alone),
		cmocka_unit_test(without_caa_tcp_udp_is_paced), cmocka_unit_test(who_needs_tcp_waits_for_the_first),
		cmocka_unit_test(a_rate_by_hand_paces_tcp_too), cmocka_unit_test(only_caa_queries_carry_a_cookie),
		cmocka_unit_test(who_proves_its_source_is_not_limited), cmocka_unit_test(losses_from_before_the_cookie_do_not_count),
		cmocka_unit_test(a_wrong_echo_is_forged), cmocka_unit_test(a_missing_cookie_is_forged_or_seen_over_tcp),
		cmocka_unit_test(without_cookies_nothing_is_forged),
		cmocka_unit_test(a_server_that_dislikes_the_option_is_asked_without),
		cmocka_unit_test(silence_to_the_option_is_tried_without),
		cmocka_unit_test(notimp_is_final_without_edns_and_remembered), cmocka_unit_test(notimp_is_remembered_for_a_while),
		cmocka_unit_test(badcookie_twice_is_tcp), cmocka_unit_test(badcookie_without_cookie_is_an_answer),
		cmocka_unit_test(what_is_not_for_caa_is_left_to_unbound),
		cmocka_unit_test(an_outcome_says_what_may_pass), cmocka_unit_test(a_denial_counts_where_the_zone_was_answered_for),
		cmocka_unit_test(an_outcome_says_who_is_alive), cmocka_unit_test(everything_is_counted),
		cmocka_unit_test(the_cost_is_the_wait), cmocka_unit_test(working_tcp_costs_nothing), cmocka_unit_test(silence_costs),
		cmocka_unit_test(who_is_abandoned_leaves_nothing_behind),
		cmocka_unit_test(who_goes_for_others_gives_up_its_place), cmocka_unit_test(the_end_is_that_of_what_was_sent),
		cmocka_unit_test(whatever_happens_nothing_leaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
