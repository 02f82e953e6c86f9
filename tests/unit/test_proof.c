/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/pace/gate.h"
#include "core/pace/outcome.h"
#include "core/pace/proof.h"

enum { BURST = 4, BUDGET_US = 20 * 1000000, FULL = CAA_COOKIE_CLIENT + 16 };

static const uint64_t ms = 1000, minute = 60 * UINT64_C(1000000);
static const struct caa_cookie_secret secret = { .key = { 1 }, .serial = 1 };
static const struct caa_packet data = { .edns = true, .records = 1 };

/** An upstream that one resolver of several asks, and its time. */
struct scene {
	struct caa_upstream u;
	struct caa_zone_options zone;
	struct caa_serving serving;
	uint64_t now_us, wait_us;
	uint32_t questions;
	bool lonely;		/**< there are no others */
	bool repeated;		/**< the question was lost before */
	uint64_t other_us;	/**< the wait at another address; UINT64_MAX = there is none */
};

static struct scene begin(void)
{
	struct scene s = { .now_us = minute, .serving = { .tag = 1 }, .other_us = UINT64_MAX };

	s.u.addr = (struct caa_addr){ .family = CAA_IPV4, .ip = { 192, 0, 2, 1 } };
	caa_learn_init(&s.u.learn, BURST);
	caa_cookie_init(&s.u.cookie);
	caa_options_zone_init(&s.zone);
	s.zone.burst = BURST;
	return s;
}

/** @param cookie: the octets of it that the query carries, if it leaves. */
static enum caa_gate ask(struct scene *s, struct caa_asking *q, size_t *cookie)
{
	struct caa_wish wish = { .zone = &s->zone, .now_us = s->now_us, .deadline_us = minute + BUDGET_US, .age_us = s->now_us,
		.other_us = s->other_us, .may_move = s->other_us != UINT64_MAX, .accompanied = !s->lonely,
		.repeated = s->repeated };
	uint8_t out[CAA_COOKIE_MAX];
	enum caa_gate gate;

	if (q->question == 0)
		q->question = ++s->questions;
	q->zone = s->serving.tag;
	gate = caa_gate_ask(&s->u, q, &s->serving, &wish, &s->wait_us);
	*cookie = gate == CAA_GATE_SEND || gate == CAA_GATE_SEND_TCP ? caa_proof_cookie(&s->u, q, &secret, s->now_us, out) : 0;
	return gate;
}

static void lose(struct scene *s, struct caa_asking *q, bool tcp)
{
	caa_outcome_of(&s->u, q, &s->serving, &secret, s->now_us, CAA_END_TIMEOUT, NULL, tcp);
}

/** With a server's cookie, if its query had one. */
static void answer(struct scene *s, struct caa_asking *q, bool tcp)
{
	uint8_t option[FULL];
	struct caa_packet p = data;

	if (q->cookie.client_sent) {
		memset(option, 0x99, FULL);
		memcpy(option, q->cookie.client, CAA_COOKIE_CLIENT);
		p.cookie = option;
		p.cookie_len = FULL;
	}
	assert_true(tcp || caa_proof_accept(&s->u, q, &secret, s->now_us, &p));
	caa_outcome_of(&s->u, q, &s->serving, &secret, s->now_us, CAA_END_ANSWER, &p, tcp);
	if (caa_proof_may_again(q, &p))
		assert_int_equal(caa_proof_again(&s->u, q, &s->serving, s->now_us, &p, true, true), CAA_AGAIN_NO);
}

/** A server that sends no cookies has answered. */
static void answer_bare(struct scene *s, struct caa_asking *q)
{
	assert_true(caa_proof_accept(&s->u, q, &secret, s->now_us, &data));
	caa_outcome_of(&s->u, q, &s->serving, &secret, s->now_us, CAA_END_ANSWER, &data, false);
}

/** One that is known to send no cookie has none that TCP would bring: a lost packet after a rest is one. */
static void who_sends_no_cookie_is_not_asked_over_tcp_for_it(void **state)
{
	struct scene s = begin();
	size_t cookie;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct caa_asking q = { .caa = false };

		assert_int_equal(ask(&s, &q, &cookie), CAA_GATE_SEND);
		answer_bare(&s, &q);
	}
	s.now_us += 3000 * ms;
	{
		struct caa_asking lost = { .caa = false }, next = { .caa = false };

		assert_int_equal(ask(&s, &lost, &cookie), CAA_GATE_SEND);
		s.now_us += 376 * ms;
		lose(&s, &lost, false);
		assert_int_equal(ask(&s, &next, &cookie), CAA_GATE_SEND);
	}
}

/** One answer tells little of how many are answered: the first window follows, and no more than that. */
static void the_window_opens_from_the_first_one(void **state)
{
	struct scene s = begin();
	struct caa_asking first = { .caa = false }, q[4 * BURST] = { { .caa = false } };
	unsigned sent = 0;
	size_t cookie;

	(void)state;
	assert_int_equal(ask(&s, &first, &cookie), CAA_GATE_SEND);
	s.now_us += 50 * ms;
	answer_bare(&s, &first);
	for (size_t i = 0; i < COUNT_OF(q); i++)
		sent += ask(&s, &q[i], &cookie) == CAA_GATE_SEND;
	assert_int_equal(sent, BURST);
}

/** The first query is lost, others' were answered. */
static void lose_first(struct scene *s)
{
	struct caa_asking q = { .caa = false };
	size_t cookie;

	assert_int_equal(ask(s, &q, &cookie), CAA_GATE_SEND);
	assert_int_equal(cookie, CAA_COOKIE_CLIENT);
	s->now_us += 376 * ms;
	lose(s, &q, false);
}

/** Each of several resolvers begins with the one query that brings its cookie; who is alone begins with a window. */
static void the_first_query_of_several_resolvers_goes_alone(void **state)
{
	(void)state;
	for (int lonely = 0; lonely < 2; lonely++) {
		struct scene s = begin();
		struct caa_asking first = { .caa = false }, q[BURST - 1] = { { .caa = false } };
		size_t cookie;

		s.lonely = lonely;
		assert_int_equal(ask(&s, &first, &cookie), CAA_GATE_SEND);
		assert_int_equal(cookie, CAA_COOKIE_CLIENT);
		for (size_t i = 0; i < COUNT_OF(q); i++)
			assert_int_equal(ask(&s, &q[i], &cookie), lonely ? CAA_GATE_SEND : CAA_GATE_WAIT);
		if (lonely)
			continue;
		s.now_us += ms;
		answer(&s, &first, false);
		for (size_t i = 0; i < COUNT_OF(q); i++) {
			assert_int_equal(ask(&s, &q[i], &cookie), CAA_GATE_SEND);
			assert_int_equal(cookie, FULL);
		}
	}
}

/** Where cookies are not wanted, or it is known that there are none, nothing is waited for. */
static void without_cookies_the_first_query_does_not_go_alone(void **state)
{
	enum { UNWANTED, AVOIDED, ENDS };

	(void)state;
	for (int why = 0; why < ENDS; why++) {
		struct scene s = begin();
		struct caa_asking q[BURST] = { { .caa = false } };
		size_t cookie;

		s.zone.cookie = why != UNWANTED;
		if (why == AVOIDED)
			caa_cookie_avoid(&s.u.cookie, s.now_us);
		for (size_t i = 0; i < COUNT_OF(q); i++) {
			assert_int_equal(ask(&s, &q[i], &cookie), CAA_GATE_SEND);
			assert_int_equal(cookie, 0);
		}
	}
}

/** Others have used up its limit: TCP brings the cookie, others wait for that, and go over UDP with it. */
static void who_is_not_answered_gets_its_cookie_over_tcp(void **state)
{
	struct scene s = begin();
	struct caa_asking over_tcp = { .caa = false }, q[2 * BURST] = { { .caa = false } };
	size_t cookie;

	(void)state;
	lose_first(&s);
	assert_int_equal(ask(&s, &over_tcp, &cookie), CAA_GATE_SEND_TCP);
	assert_int_equal(cookie, CAA_COOKIE_CLIENT);	/* though another one has only just tried how it is liked */
	for (size_t i = 0; i < COUNT_OF(q); i++)
		assert_int_equal(ask(&s, &q[i], &cookie), CAA_GATE_WAIT);
	s.now_us += 2 * ms;
	answer(&s, &over_tcp, true);
	assert_int_equal(ask(&s, &q[0], &cookie), CAA_GATE_SEND);
	assert_int_equal(cookie, FULL);
}

/** The question that was lost with a cookie is to go without, but not over TCP, which is to bring it. */
static void the_lost_question_itself_may_bring_the_cookie(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };
	size_t cookie;

	(void)state;
	assert_int_equal(ask(&s, &q, &cookie), CAA_GATE_SEND);
	s.now_us += 376 * ms;
	lose(&s, &q, false);
	assert_true(q.without);
	assert_int_equal(ask(&s, &q, &cookie), CAA_GATE_SEND_TCP);
	assert_int_equal(cookie, CAA_COOKIE_CLIENT);
}

/** It is dead: what waits goes over UDP as soon as TCP has shown nothing, or elsewhere at once where it may. */
static void where_tcp_shows_nothing_it_is_asked_as_before(void **state)
{
	struct scene s = begin();
	struct caa_asking over_tcp = { .caa = false }, q = { .caa = false }, mover = { .caa = false };
	size_t cookie;

	(void)state;
	lose_first(&s);
	assert_int_equal(ask(&s, &over_tcp, &cookie), CAA_GATE_SEND_TCP);
	assert_true(over_tcp.patience_ms > 0 && over_tcp.patience_ms <= 400);
	assert_int_equal(ask(&s, &q, &cookie), CAA_GATE_WAIT);
	assert_int_equal(ask(&s, &mover, &cookie), CAA_GATE_WAIT);
	s.other_us = 0;
	mover.waited = true;
	assert_int_equal(ask(&s, &mover, &cookie), CAA_GATE_ELSEWHERE);
	s.other_us = UINT64_MAX;
	s.now_us += 400 * ms;
	lose(&s, &over_tcp, true);
	assert_int_equal(ask(&s, &q, &cookie), CAA_GATE_SEND);
}

/** One resolver alone, or an upstream that answers, or one without cookies, or whose cookie is known, has no need of it. */
static void tcp_is_not_asked_where_no_cookie_is_missed(void **state)
{
	enum { LONELY, ANSWERS, PROVES, UNWANTED, ENDS };

	(void)state;
	for (int why = 0; why < ENDS; why++) {
		struct scene s = begin();
		struct caa_asking first = { .caa = false }, lost = { .caa = false }, q = { .caa = false };
		size_t cookie;

		s.lonely = why == LONELY;
		s.zone.cookie = why != UNWANTED;
		assert_int_equal(ask(&s, &first, &cookie), CAA_GATE_SEND);
		first.cookie.client_sent = first.cookie.client_sent && why != ANSWERS;
		if (why == ANSWERS || why == PROVES)
			answer(&s, &first, false);
		if (why == PROVES)
			s.now_us += minute / 20;
		assert_int_equal(ask(&s, &lost, &cookie), CAA_GATE_SEND);
		s.now_us += 376 * ms;
		lose(&s, &lost, false);
		assert_int_equal(ask(&s, &q, &cookie), CAA_GATE_SEND);
	}
}

/** A limit is met otherwise. */
static void where_a_limit_is_known_no_cookie_is_missed(void **state)
{
	struct caa_asking q = { .caa = false };
	struct scene s = begin();
	size_t cookie;

	(void)state;
	lose_first(&s);
	ask(&s, &q, &cookie);
	assert_true(caa_proof_is_missed(&s.u, &q, s.now_us));
	s.u.learn.state = CAA_LEARN_CONFIRM;
	assert_false(caa_proof_is_missed(&s.u, &q, s.now_us));
}

/** Of several resolvers none may lose enough to find a limit: what is lost is not lost again where TCP works. */
static void a_lost_question_goes_over_tcp_where_that_works(void **state)
{
	enum { LOST, FRESH, LONELY, UNWANTED, UNTRIED, FAILED, ENDS };

	(void)state;
	for (int how = LOST; how < ENDS; how++) {
		struct scene s = begin();
		struct caa_asking first = { .caa = false }, q = { .caa = false };
		size_t cookie;

		assert_int_equal(ask(&s, &first, &cookie), CAA_GATE_SEND);
		answer(&s, &first, false);
		if (how != UNTRIED)
			caa_transport_outcome(&s.u.transport, s.now_us, CAA_TRANSPORT_ANSWERED);
		while (how == FAILED && caa_transport_works(&s.u.transport))
			caa_transport_outcome(&s.u.transport, s.now_us, CAA_TRANSPORT_LOST);
		s.repeated = how != FRESH;
		s.lonely = how == LONELY;
		s.zone.tcp = how != UNWANTED;
		assert_int_equal(ask(&s, &q, &cookie), how == LOST ? CAA_GATE_SEND_TCP : CAA_GATE_SEND);
	}
}

/** As many are lost with the option as it takes to be taken for the reason, and others are answered. */
static void fall_silent(struct scene *s)
{
	while (s->u.cookie.avoid_ms == 0) {
		struct caa_cookie_sent with = { .client_sent = true };

		if (!caa_cookie_silence(&s->u.cookie, &with))
			fail();
		caa_cookie_answered_without(&s->u.cookie, s->now_us, false);
	}
}

/** A limit lets through some without the option and takes others with it: once it is found it is the reason, and the option is tried again,
 *  but once only. */
static void a_limit_excuses_the_option(void **state)
{
	struct caa_asking q[2 * BURST] = { { .caa = false } };
	struct caa_cookie_sent sent = { .source = 0 };
	struct scene s = begin();
	uint8_t out[CAA_COOKIE_MAX];
	size_t cookie;

	(void)state;
	s.lonely = true;
	s.zone.tcp = 0;
	s.zone.burst = 2 * BURST;
	fall_silent(&s);
	for (unsigned i = 0; i < BURST; i++) {		/* without it */
		assert_int_equal(ask(&s, &q[0], &cookie), CAA_GATE_SEND);
		assert_int_equal(cookie, 0);
		s.now_us += 10 * ms;
		answer(&s, &q[0], false);
		q[0] = (struct caa_asking){ .caa = false };
	}
	for (size_t i = 0; i < COUNT_OF(q); i++)
		assert_int_equal(ask(&s, &q[i], &cookie), CAA_GATE_SEND);
	s.now_us += 1000 * ms;
	for (size_t i = 0; i < COUNT_OF(q); i++)
		lose(&s, &q[i], false);
	assert_true(caa_learn_limited(&s.u.learn));
	assert_int_equal(s.u.cookie.avoid_ms, 0);
	fall_silent(&s);
	caa_cookie_excuse(&s.u.cookie);
	assert_int_not_equal(s.u.cookie.avoid_ms, 0);
	s.now_us += 16 * minute;
	assert_int_equal(caa_cookie_write(&s.u.cookie, NULL, &secret, &s.u.addr, s.now_us, out, &sent), CAA_COOKIE_CLIENT);
	fall_silent(&s);
	caa_cookie_excuse(&s.u.cookie);
	assert_int_equal(s.u.cookie.avoid_ms, 0);
}

/** What a server has said of the option, and did not only not answer, no limit explains. */
static void a_limit_does_not_excuse_what_was_said(void **state)
{
	struct scene s = begin();
	struct caa_cookie_sent with = { .client_sent = true };
	static const struct caa_packet formerr = { .rcode = CAA_RCODE_FORMERR };

	(void)state;
	caa_cookie_read(&s.u.cookie, NULL, &secret, s.now_us, &formerr, &with, false);
	caa_cookie_avoid(&s.u.cookie, s.now_us);
	caa_cookie_excuse(&s.u.cookie);
	assert_int_not_equal(s.u.cookie.avoid_ms, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_sends_no_cookie_is_not_asked_over_tcp_for_it), cmocka_unit_test(the_window_opens_from_the_first_one),
		cmocka_unit_test(the_first_query_of_several_resolvers_goes_alone),
		cmocka_unit_test(without_cookies_the_first_query_does_not_go_alone),
		cmocka_unit_test(who_is_not_answered_gets_its_cookie_over_tcp),
		cmocka_unit_test(the_lost_question_itself_may_bring_the_cookie),
		cmocka_unit_test(where_tcp_shows_nothing_it_is_asked_as_before),
		cmocka_unit_test(tcp_is_not_asked_where_no_cookie_is_missed),
		cmocka_unit_test(where_a_limit_is_known_no_cookie_is_missed),
		cmocka_unit_test(a_lost_question_goes_over_tcp_where_that_works),
		cmocka_unit_test(a_limit_excuses_the_option),
		cmocka_unit_test(a_limit_does_not_excuse_what_was_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
