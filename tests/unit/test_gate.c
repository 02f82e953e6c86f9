/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/pace/gate.h"
#include "core/pace/outcome.h"
#include "core/pace/proof.h"

enum { BURST = 16, SOURCES = 3, ROUND_US = 10 * 1000, SOON_US = 5 * 1000, BUDGET_US = 20 * 1000000, FULL = CAA_COOKIE_CLIENT + 16 };

static const uint64_t ms = 1000, second = 1000000, minute = 60 * UINT64_C(1000000), day = 86400 * UINT64_C(1000000);
static const struct caa_cookie_secret secret = { .key = { 1 }, .serial = 1 };
static const struct caa_packet data = { .edns = true, .records = 1 };
static const struct caa_packet refused = { .edns = true, .rcode = CAA_RCODE_REFUSED };
static const struct caa_packet servfail = { .edns = true, .rcode = CAA_RCODE_SERVFAIL };
static const struct caa_packet formerr = { .rcode = CAA_RCODE_FORMERR };
static const struct caa_packet notimp = { .rcode = CAA_RCODE_NOTIMP };
static const struct caa_packet badvers = { .edns = true, .rcode = CAA_RCODE_BADVERS };
static const struct caa_packet badcookie = { .edns = true, .rcode = CAA_RCODE_BADCOOKIE };
static const struct caa_packet cut = { .edns = true, .truncated = true };

/** An upstream and its time. */
struct scene {
	struct caa_upstream u;
	struct caa_source behind[SOURCES];	/**< the upstream, as in its table, where queries leave from several addresses */
	struct caa_zone_options zone;
	struct caa_serving serving;	/**< what it does for the zone that is asked, if nothing else is said */
	uint64_t now_us, wait_us;
	uint32_t questions;	/**< asked so far */
};

static struct scene begin(void)
{
	struct scene s = { .now_us = minute, .serving = { .tag = 1 } };

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
	return (struct caa_wish){
		.zone = &s->zone, .now_us = s->now_us, .deadline_us = s->now_us + BUDGET_US, .age_us = s->now_us,
	};
}

static enum caa_gate ask_wish(struct scene *s, struct caa_asking *q, struct caa_serving *zone, const struct caa_wish *wish)
{
	if (q->question == 0)
		q->question = ++s->questions;
	q->zone = zone->tag;
	return caa_gate_ask(&s->u, q, zone, wish, &s->wait_us);
}

static enum caa_gate ask_zone(struct scene *s, struct caa_asking *q, struct caa_serving *zone)
{
	struct caa_wish wish = wish_of(s);

	return ask_wish(s, q, zone, &wish);
}

static enum caa_gate ask(struct scene *s, struct caa_asking *q)
{
	return ask_zone(s, q, &s->serving);
}

/** What Unbound does with an answer that was truncated. */
static enum caa_gate ask_tcp(struct scene *s, struct caa_asking *q)
{
	struct caa_wish wish = wish_of(s);

	wish.tcp = true;
	return ask_wish(s, q, &s->serving, &wish);
}

/** While others may find out how the option is liked. */
static size_t encode_scouted(struct scene *s, struct caa_asking *q)
{
	uint8_t out[CAA_COOKIE_MAX];

	return caa_proof_cookie(&s->u, q, &secret, s->now_us, out);
}

/** As if none of them did. */
static size_t encode(struct scene *s, struct caa_asking *q)
{
	s->u.cookie.scout_ms = 0;
	return encode_scouted(s, q);
}

/** It leaves now, over UDP. */
static void leave_zone(struct scene *s, struct caa_asking *q, struct caa_serving *zone)
{
	assert_int_equal(ask_zone(s, q, zone), CAA_GATE_SEND);
	encode(s, q);
}

static void leave(struct scene *s, struct caa_asking *q)
{
	leave_zone(s, q, &s->serving);
}

static struct caa_outcome end_zone(struct scene *s, struct caa_asking *q, struct caa_serving *zone, enum caa_end how,
	const struct caa_packet *p, bool tcp)
{
	return caa_outcome_of(&s->u, q, zone, &secret, s->now_us, how, p, tcp);
}

static struct caa_outcome end(struct scene *s, struct caa_asking *q, enum caa_end how, const struct caa_packet *p, bool tcp)
{
	return end_zone(s, q, &s->serving, how, p, tcp);
}

static struct caa_outcome answered(struct scene *s, struct caa_asking *q, const struct caa_packet *p)
{
	return end(s, q, CAA_END_ANSWER, p, false);
}

static bool accepted(struct scene *s, struct caa_asking *q, const struct caa_packet *p)
{
	return caa_proof_accept(&s->u, q, &secret, s->now_us, p);
}

/** Some queries that are sent, and answered a round trip later: the zone is a witness. */
static void chat_zone(struct scene *s, struct caa_serving *zone, unsigned queries)
{
	for (unsigned i = 0; i < queries; i++) {
		struct caa_asking q = { .caa = false };

		leave_zone(s, &q, zone);
		s->now_us += ROUND_US;
		assert_true(accepted(s, &q, &data));
		end_zone(s, &q, zone, CAA_END_ANSWER, &data, false);
	}
	assert_true(queries == 0 || caa_serving_is_witness(zone, s->now_us));
}

static void chat(struct scene *s, unsigned queries)
{
	chat_zone(s, &s->serving, queries);
}

/** Some zones are answered for the first time: a limiter lets through whom it happens to. */
static void meet_zones(struct scene *s, unsigned zones)
{
	for (unsigned i = 0; i < zones; i++) {
		struct caa_serving zone = { .tag = 100 + i };

		chat_zone(s, &zone, 1);
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
	assert_int_equal(s->u.learn.asides, 0);
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
		{ 20000, 0, 13000, "for so long, ..." },
		{ 12999, 0, 12999, "... or until the budget ends, ..." },
		{ 401, 0, 401, "... however soon that is, ..." },
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

		s.u.learn.srtt_us = (uint32_t)row[i].round_ms * 1000;
		wish.deadline_us = wish.now_us + row[i].left_ms * 1000;
		assert_int_equal(ask_wish(&s, &q, &s.serving, &wish), CAA_GATE_SEND);
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
	assert_int_equal(ask_wish(&s, &q[2], &s.serving, &wish), CAA_GATE_WAIT);
	s.now_us += 100 * ms;
	assert_int_equal(ask(&s, &q[1]), CAA_GATE_WAIT);
	assert_int_equal(ask(&s, &q[2]), CAA_GATE_SEND);
}

/** A parent is asked for a name: it has the name's place, and the name is finished before others begin. */
static void within_a_zone_the_older_question_goes_first(void **state)
{
	static const uint64_t age_us[] = { 50, 40, 30, 45 };
	static const unsigned order[] = { 2, 1, 3, 0 };
	struct scene s = by_hand(10);
	struct caa_asking first = { .caa = false }, q[COUNT_OF(age_us)] = { { .caa = false } };

	(void)state;
	leave(&s, &first);
	for (size_t i = 0; i < COUNT_OF(q); i++) {
		struct caa_wish wish = wish_of(&s);

		wish.age_us = age_us[i];
		assert_int_equal(ask_wish(&s, &q[i], &s.serving, &wish), CAA_GATE_WAIT);
	}
	for (size_t i = 0; i < COUNT_OF(order); i++) {
		s.now_us += 100 * ms;
		for (size_t later = COUNT_OF(order) - 1; later > i; later--)
			assert_int_equal(ask(&s, &q[order[later]]), CAA_GATE_WAIT);
		assert_int_equal(ask(&s, &q[order[i]]), CAA_GATE_SEND);
	}
}

enum { ZONES = 10, NAMES = 50 };

/** Ten zones with many names each, which come one zone after the other. */
static void zones_take_turns_at_a_rate(void **state)
{
	enum { RATE = 100, SENDS = 200 };
	struct scene s = by_hand(RATE);
	struct caa_serving zone[ZONES];
	struct caa_asking q[ZONES][NAMES] = { { { .caa = false } } };
	unsigned sent[ZONES] = { 0 }, total = 0;
	uint64_t start_us = s.now_us;

	(void)state;
	for (unsigned z = 0; z < ZONES; z++) {
		zone[z] = (struct caa_serving){ .tag = 10 + z };
		for (unsigned n = 0; n < NAMES; n++)
			total += ask_zone(&s, &q[z][n], &zone[z]) == CAA_GATE_SEND && ++sent[z] > 0;
	}
	for (; total < SENDS; s.now_us += ms)
		for (unsigned z = 0; z < ZONES; z++)
			for (unsigned n = 0; n < NAMES; n++)
				if (q[z][n].turn.in_line && ask_zone(&s, &q[z][n], &zone[z]) == CAA_GATE_SEND) {
					sent[z]++;
					total++;
				}
	assert_in_range(s.now_us - start_us, (SENDS - 1) * second / RATE, (SENDS + 5) * second / RATE);
	for (unsigned z = 0; z < ZONES; z++)
		assert_in_range(sent[z], SENDS / ZONES - 1, SENDS / ZONES + 1);
}

/** Who was not admitted leaves the line as it was: it asks again and again. */
static void who_is_not_admitted_moves_nobody(void **state)
{
	enum { WAITING = 10, REFUSED = 200 };
	struct scene s = by_hand(10);
	struct caa_serving other = { .tag = 2 };
	struct caa_asking q[WAITING] = { { .caa = false } }, refused_one[2] = { { .caa = false } };
	struct caa_place place[WAITING];

	(void)state;
	for (unsigned i = 0; i < WAITING; i++) {
		assert_int_equal(ask(&s, &q[i]), i == 0 ? CAA_GATE_SEND : CAA_GATE_WAIT);
		place[i] = q[i].turn.place;
	}
	for (unsigned i = 0; i < REFUSED; i++) {
		struct caa_wish wish = wish_of(&s);

		/* one at the end; one of another zone, before others; and the zone's own oldest */
		wish.deadline_us = s.now_us + 50 * ms;
		wish.repeated = i % 3 == 2;
		s.serving.full_ms = other.full_ms = 0;	/* what is known of the last one is another test's */
		assert_int_equal(ask_wish(&s, &refused_one[i % 3 == 1], i % 3 == 1 ? &other : &s.serving, &wish), CAA_GATE_WAIT);
		assert_false(refused_one[i % 3 == 1].turn.in_line);
	}
	for (unsigned i = 1; i < WAITING; i++)
		assert_int_equal(q[i].turn.place.at, place[i].at);
	assert_int_equal(caa_pacer_waiting(&s.u.learn.pacer), WAITING - 1);
	assert_int_equal(caa_gate_wait_new(&s.u, s.now_us), WAITING * 100 * ms);
	for (unsigned i = 1; i < WAITING; i++) {
		s.now_us += 100 * ms;
		for (unsigned later = WAITING - 1; later > i; later--)
			assert_int_equal(ask(&s, &q[later]), CAA_GATE_WAIT);
		assert_int_equal(ask(&s, &q[i]), CAA_GATE_SEND);
	}
}

/** A turn that is looked for is the whole line's work: a thousand names that have none do not look each for itself. */
static void who_is_full_looks_for_no_turn_for_a_moment(void **state)
{
	static const struct { uint64_t after_us; bool other, repeated, in_line; const char *why; } row[] = {
		{ 0,         false, false, false, "another of the zone, at once" },
		{ 198 * 1000, false, false, false, "or a moment later" },
		{ 201 * 1000, false, false, true,  "the pace may have risen" },
		{ 0,         true,  false, true,  "another zone's turn is another" },
		{ 0,         false, true,  true,  "and so is that of a query that goes ahead" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++)
		for (int ahead = 0; ahead <= 1; ahead++) {	/* that a query which goes ahead has none says nothing of others */
			struct scene s = by_hand(1);
			struct caa_serving other = { .tag = 2 };
			struct caa_asking first = { .caa = false }, full = { .caa = false }, q = { .caa = false };
			struct caa_wish wish = wish_of(&s);

			leave(&s, &first);
			wish.deadline_us = s.now_us + 50 * ms;
			wish.repeated = ahead;
			assert_int_equal(ask_wish(&s, &full, &s.serving, &wish), CAA_GATE_WAIT);
			assert_false(full.turn.in_line);
			assert_int_equal(s.wait_us, 50 * ms);
			s.now_us += row[i].after_us;
			wish = wish_of(&s);
			wish.repeated = row[i].repeated;
			assert_int_equal(ask_wish(&s, &q, row[i].other ? &other : &s.serving, &wish), CAA_GATE_WAIT);
			if (q.turn.in_line != (row[i].in_line || ahead))
				fail_msg("%s", row[i].why);
		}
}

/** Who asks late does not take the turn of those who have not come yet: they would come in vain. */
static void at_a_rate_the_front_of_the_line_uses_the_turns(void **state)
{
	static const struct { uint32_t rate_qps; unsigned front; const char *why; } row[] = {
		{ 1, 8, "some in any case" }, { 10, 10, "and those of the next moment" }, { 100, 28, "more where turns are faster" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++)
		for (unsigned before = row[i].front - 1; before <= row[i].front; before++) {
			enum { MOST = 32 };
			struct scene s = by_hand(row[i].rate_qps);
			struct caa_asking first = { .caa = false }, q[MOST] = { { .caa = false } };
			struct caa_wish wish = wish_of(&s);

			wish.deadline_us = s.now_us + 1000 * second;
			leave(&s, &first);
			for (unsigned n = 0; n < MOST; n++)
				assert_int_equal(ask_wish(&s, &q[n], &s.serving, &wish), CAA_GATE_WAIT);
			wish.now_us = s.now_us += 100 * second;	/* the turns of all have come */
			if ((ask_wish(&s, &q[before], &s.serving, &wish) == CAA_GATE_SEND) != (before < row[i].front))
				fail_msg("%u before it: %s", before, row[i].why);
			if (before < row[i].front)
				continue;
			assert_int_equal(s.wait_us, second / row[i].rate_qps > 400 * ms ? 500 * ms :
				second / row[i].rate_qps);
			end(&s, &q[0], CAA_END_ABANDONED, NULL, false);		/* it is one of the front then */
			assert_int_equal(ask_wish(&s, &q[before], &s.serving, &wish), CAA_GATE_SEND);
		}
}

/** At a window it is the answers that make room, and whoever comes may use it. */
static void at_a_window_room_is_for_whoever_comes(void **state)
{
	enum { CROWD = 300 };
	struct scene s = begin();
	struct caa_asking under_way[BURST] = { { .caa = false } }, q[CROWD] = { { .caa = false } };

	(void)state;
	for (unsigned i = 0; i < BURST; i++)
		leave(&s, &under_way[i]);
	for (unsigned i = 0; i < CROWD; i++)
		assert_int_equal(ask(&s, &q[i]), CAA_GATE_WAIT);
	s.now_us += ROUND_US;
	for (unsigned i = 0; i < BURST; i++)
		answered(&s, &under_way[BURST - 1 - i], &data);
	s.u.learn.pacer.window = 2 * CROWD;
	assert_int_equal(ask(&s, &q[CROWD - 1]), CAA_GATE_SEND);
}

/** Who waits for room is called by the answer that makes it, in the order of the line, and not by one that makes none. */
static void an_answer_calls_who_waits_for_it(void **state)
{
	enum { CROWD = 3 };
	struct scene s = begin();
	struct caa_asking under_way[BURST] = { { .caa = false } }, q[CROWD] = { { .caa = false } };
	struct caa_turn *called[CROWD];

	(void)state;
	chat(&s, 1);
	for (unsigned i = 0; i < BURST; i++)
		leave(&s, &under_way[i]);
	for (unsigned i = 0; i < CROWD; i++)
		assert_int_equal(ask(&s, &q[i]), CAA_GATE_WAIT);
	assert_int_equal(caa_gate_call(&s.u, NULL, called, CROWD), 0);
	s.u.learn.state = CAA_LEARN_OPEN;
	s.u.learn.pacer.window = BURST - 2;	/* each answer adds one to it */
	assert_false(answered(&s, &under_way[0], &data).room);
	s.u.learn.pacer.window = BURST - 2;
	assert_true(answered(&s, &under_way[1], &data).room);
	assert_int_equal(caa_gate_call(&s.u, NULL, called, CROWD), 1);
	assert_ptr_equal(called[0], &q[0].turn);
	assert_int_equal(caa_gate_call(&s.u, NULL, called, CROWD), 0);	/* it was called already */
	s.u.learn.pacer.window = BURST - 2;
	assert_int_equal(ask(&s, &q[0]), CAA_GATE_WAIT);		/* in vain */
	s.u.learn.pacer.window = BURST;
	assert_int_equal(caa_gate_call(&s.u, NULL, called, CROWD), 2);	/* so it is called again */
	assert_ptr_equal(called[0], &q[0].turn);
	assert_ptr_equal(called[1], &q[1].turn);
	assert_int_equal(ask(&s, &q[0]), CAA_GATE_SEND);
	assert_int_equal(ask(&s, &q[1]), CAA_GATE_SEND);
}

/** At a rate the times are known. */
static void at_a_rate_nobody_is_called(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };
	struct caa_turn *called[1];

	(void)state;
	s.zone.tcp = 0;
	meet_limit(&s);
	assert_int_equal(ask(&s, &q), CAA_GATE_WAIT);
	assert_int_equal(caa_gate_call(&s.u, NULL, called, 1), 0);
}

static void who_is_queued_takes_its_place_only(void **state)
{
	struct scene s = by_hand(10);
	struct caa_asking q[2] = { { .caa = false } };
	struct caa_wish wish = wish_of(&s);

	(void)state;
	wish.queued = true;
	assert_int_equal(ask_wish(&s, &q[0], &s.serving, &wish), CAA_GATE_SEND);
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
		assert_int_equal(ask_wish(&s, &q[i], &s.serving, &wish), i == 0 ? CAA_GATE_SEND : CAA_GATE_WAIT);
	assert_int_equal(ask_wish(&s, &q[3], &s.serving, &wish), CAA_GATE_WAIT);
	assert_true(s.wait_us <= 250 * ms);	/* the pace may rise */
	assert_false(q[3].turn.in_line);
	assert_int_equal(caa_pacer_waiting(&s.u.learn.pacer), 2);
	wish.now_us = wish.deadline_us - 1;
	assert_int_equal(ask_wish(&s, &q[3], &s.serving, &wish), CAA_GATE_WAIT);
	assert_int_equal(s.wait_us, 1);		/* no longer than the budget */
	wish.now_us = wish.deadline_us;
	assert_int_equal(ask_wish(&s, &q[3], &s.serving, &wish), CAA_GATE_LATE);
	assert_int_equal(s.u.refused, 1);
	assert_int_equal(ask_wish(&s, &q[2], &s.serving, &wish), CAA_GATE_LATE);	/* nor one with a place */
	assert_int_equal(caa_pacer_waiting(&s.u.learn.pacer), 1);
	wish.queued = true;
	assert_int_equal(ask_wish(&s, &q[3], &s.serving, &wish), CAA_GATE_LATE);
	assert_int_equal(s.u.refused, 2);	/* counted when it is to be sent */
}

static void a_silent_address_is_left(void **state)
{
	static const struct { uint64_t after_us, other_us; bool may_move; enum caa_gate gate; } row[] = {
		{ 20 * 1000, 0, true, CAA_GATE_WAIT }, { 300 * 1000, 0, false, CAA_GATE_WAIT },
		{ 300 * 1000, UINT64_MAX, true, CAA_GATE_WAIT }, { 300 * 1000, 0, true, CAA_GATE_ELSEWHERE },
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
		wish.other_us = row[i].other_us;
		assert_int_equal(ask_wish(&s, &q[BURST], &s.serving, &wish), row[i].gate);
		assert_int_equal(caa_pacer_waiting(&s.u.learn.pacer), row[i].gate == CAA_GATE_WAIT);
	}
}

/* --- over which transport ---------------------------------------------------------------------------------------------- */

/** Those whose turns are beyond the budget ask now and then, and together no more often the more they are. */
static void a_crowd_without_a_place(void **state)
{
	enum { CROWD = 3000, PLACES = 20 };
	static struct caa_asking q[CROWD + PLACES + 1];
	struct scene s = by_hand(1);
	struct caa_wish wish = wish_of(&s);

	(void)state;
	memset(q, 0, sizeof(q));
	wish.deadline_us = s.now_us + 1000 * second;
	wish.repeated = true;		/* such that none is turned away unseen */
	assert_int_equal(ask_wish(&s, &q[0], &s.serving, &wish), CAA_GATE_SEND);
	wish.deadline_us = s.now_us + PLACES * second;
	for (unsigned i = 1; i < COUNT_OF(q); i++) {
		q[i].question = 1;
		assert_int_equal(ask_wish(&s, &q[i], &s.serving, &wish), CAA_GATE_WAIT);
		if (i <= PLACES)
			continue;
		assert_false(q[i].turn.in_line);
		assert_in_range(s.wait_us, 1, wish.deadline_us - s.now_us - second);	/* it may get a place yet */
		if (i - PLACES >= 100)
			assert_true(s.wait_us >= 1000 * ms);
	}
	assert_in_range(s.wait_us, 1, 15 * second);	/* else its neighbours call it */
	q[CROWD + PLACES].question = 32;
	assert_int_equal(ask_wish(&s, &q[CROWD + PLACES], &s.serving, &wish), CAA_GATE_WAIT);
	assert_in_range(s.wait_us, 1, 2 * second);	/* and some look out for room, ... */
	q[CROWD + PLACES].question = 1;
	q[CROWD + PLACES].turn.thread = &s;
	assert_int_equal(ask_wish(&s, &q[CROWD + PLACES], &s.serving, &wish), CAA_GATE_WAIT);
	assert_in_range(s.wait_us, 1, 2 * second);	/* ... as does who is called by nobody */
	q[CROWD + PLACES].turn.thread = NULL;
	assert_int_equal(s.u.line.outsiders, CROWD);
	/* one of the line is gone, so that there is room for one: who has it calls those next to it, and who has none calls nobody */
	end(&s, &q[PLACES], CAA_END_ABANDONED, NULL, false);
	assert_int_equal(ask_wish(&s, &q[PLACES + 2], &s.serving, &wish), CAA_GATE_WAIT);
	assert_true(q[PLACES + 2].turn.in_line);
	assert_int_equal(q[PLACES + 2].neighbours, 2);
	for (unsigned n = 0; n < 2; n++) {
		assert_true(q[PLACES + 2].neighbour[n] == &q[PLACES + 1].turn || q[PLACES + 2].neighbour[n] == &q[PLACES + 3].turn);
		assert_int_equal(ask_wish(&s, (struct caa_asking *)q[PLACES + 2].neighbour[n], &s.serving, &wish), CAA_GATE_WAIT);
		assert_true(q[PLACES + 2].neighbour[n]->outside);
		assert_int_equal(((struct caa_asking *)q[PLACES + 2].neighbour[n])->neighbours, 0);
	}
	assert_int_equal(s.u.line.outsiders, CROWD - 1);
	for (unsigned i = 0; i < COUNT_OF(q); i++)
		end(&s, &q[i], CAA_END_ABANDONED, NULL, false);
	assert_int_equal(s.u.line.outsiders, 0);
	nothing_is_left(&s);
}

static void after_a_limit_one_tries_tcp_and_many_follow(void **state)
{
	struct scene s = begin();
	struct caa_asking first = { .caa = false }, q[40] = { { .caa = false } };
	struct caa_turn *called[COUNT_OF(q)];

	(void)state;
	meet_limit(&s);
	assert_int_equal(ask(&s, &first), CAA_GATE_SEND_TCP);
	for (size_t i = 0; i < COUNT_OF(q); i++) {
		assert_int_equal(ask(&s, &q[i]), CAA_GATE_WAIT);
		/* many ask as often together as five do */
		assert_in_range(s.wait_us, 1, (i + 1) * ms > SOON_US ? (i + 1) * ms : SOON_US);
	}
	s.now_us += ROUND_US;
	assert_true(end(&s, &first, CAA_END_ANSWER, &data, true).room);	/* so those for whom there is room are called */
	assert_int_equal(caa_gate_call(&s.u, NULL, called, COUNT_OF(called)), 2);
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

/** A single loss is a moment's; two in a row are minutes'. */
static void tcp_in_vain_is_left_alone(void **state)
{
	static const struct { enum caa_end end; const struct caa_packet *packet; bool stranger, lost; } row[] = {
		{ CAA_END_TIMEOUT, NULL, false, true }, { CAA_END_ERROR, NULL, false, true },
		{ CAA_END_ANSWER, &refused, false, true }, { CAA_END_ANSWER, &servfail, false, true },
		{ CAA_END_ANSWER, &refused, true, true },	/* it may be the zone's own answer, but TCP did not help */
		{ CAA_END_ANSWER, &data, false, false }, { CAA_END_ABANDONED, NULL, false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_serving stranger = { .tag = 2 }, *zone = row[i].stranger ? &stranger : &s.serving;
		struct caa_asking q = { .caa = false }, must = { .caa = false };
		uint64_t rest_us = second;

		meet_limit(&s);
		for (unsigned times = 1; times <= 2; times++) {
			assert_int_equal(ask_zone(&s, &q, zone), CAA_GATE_SEND_TCP);
			end_zone(&s, &q, zone, row[i].end, row[i].packet, true);
			s.now_us += rest_us - ms;
			assert_int_equal(ask_zone(&s, &q, zone) == CAA_GATE_SEND_TCP, !row[i].lost);
			end_zone(&s, &q, zone, CAA_END_ABANDONED, NULL, !row[i].lost);
			assert_int_equal(ask_tcp(&s, &must), CAA_GATE_SEND_TCP);	/* whatever happened before */
			end(&s, &must, CAA_END_ABANDONED, NULL, true);
			nothing_is_left(&s);
			s.now_us += ms;
			if (!row[i].lost)
				break;
			rest_us = 10 * minute;
			if (times == 2) {	/* then it takes another limit */
				assert_int_not_equal(ask_zone(&s, &q, zone), CAA_GATE_SEND_TCP);
				end_zone(&s, &q, zone, CAA_END_ABANDONED, NULL, false);
				caa_transport_prefer_tcp(&s.u.transport, s.now_us);
			}
			assert_int_equal(ask_zone(&s, &q, zone), CAA_GATE_SEND_TCP);
			end_zone(&s, &q, zone, CAA_END_ABANDONED, NULL, true);
		}
	}
}

/** Whoever had to go over it: what is denied may be the zone's own answer, where it was not answered before. */
static void a_denial_over_tcp_that_had_to_be_counts_for_a_witness(void **state)
{
	(void)state;
	for (int witness = 0; witness <= 1; witness++) {
		struct scene s = begin();
		struct caa_asking q = { .caa = false };

		chat(&s, witness);
		assert_int_equal(ask_tcp(&s, &q), CAA_GATE_SEND_TCP);
		end(&s, &q, CAA_END_ANSWER, &refused, true);
		assert_int_equal(caa_transport_fails(&s.u.transport), witness);
		assert_int_equal(caa_transport_works(&s.u.transport), !witness);
		nothing_is_left(&s);
	}
}

/** It was the gate's choice, so the question does not pay for it. */
static void tcp_that_was_chosen_in_vain_is_followed_by_udp(void **state)
{
	static const enum caa_end how[] = { CAA_END_TIMEOUT, CAA_END_ERROR };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(how); i++) {
		struct scene s = begin();
		struct caa_asking q = { .caa = false };

		caa_transport_prefer_tcp(&s.u.transport, s.now_us);
		assert_int_equal(ask(&s, &q), CAA_GATE_SEND_TCP);
		assert_int_equal(q.patience_ms, 400);	/* not as long as the budget lasts */
		encode(&s, &q);
		assert_int_equal(end(&s, &q, how[i], NULL, true).meaning, CAA_MEANS_NOTHING);
		assert_int_equal(caa_proof_again(&s.u, &q, &s.serving, s.now_us, NULL, true, true), CAA_AGAIN_SEND);
		assert_int_equal(ask(&s, &q), CAA_GATE_SEND);
		assert_int_equal(encode(&s, &q), CAA_COOKIE_CLIENT);	/* nothing is held against cookies */
		assert_int_equal(s.u.cookie.mixed_ms, 0);
		answered(&s, &q, &data);
		nothing_is_left(&s);
	}
}

static void tcp_that_had_to_be_is_left_to_unbound(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };

	(void)state;
	assert_int_equal(ask(&s, &q), CAA_GATE_SEND);
	answered(&s, &q, &cut);
	assert_int_equal(ask_tcp(&s, &q), CAA_GATE_SEND_TCP);
	assert_int_equal(q.patience_ms, 0);
	assert_int_equal(end(&s, &q, CAA_END_TIMEOUT, NULL, true).meaning, CAA_MEANS_NO_TCP);
	assert_int_equal(caa_proof_again(&s.u, &q, &s.serving, s.now_us, NULL, true, true), CAA_AGAIN_NO);
	assert_int_equal(ask_tcp(&s, &q), CAA_GATE_SEND_TCP);
}

/** A limiter may drop TCP as well, and a connection that was answered may break: UDP has its turn then. */
static void where_tcp_works_it_is_waited_for_longer(void **state)
{
	static const struct { bool works; uint32_t round_ms, patience_ms; const char *why; } row[] = {
		{ false, 0, 400, "it is not known to work" }, { false, 100, 400, "whatever the round trip is, ..." },
		{ false, 101, 404, "... but four of them" }, { true, 0, 1000, "it works" }, { true, 250, 1000, "as well" },
		{ true, 251, 1004, "as well" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_asking q = { .caa = false }, must = { .caa = false };

		meet_limit(&s);
		if (row[i].works) {
			assert_int_equal(ask(&s, &q), CAA_GATE_SEND_TCP);
			end(&s, &q, CAA_END_ANSWER, &data, true);
		}
		s.u.learn.srtt_us = row[i].round_ms * 1000;
		assert_int_equal(ask(&s, &q), CAA_GATE_SEND_TCP);
		if (q.patience_ms != row[i].patience_ms)
			fail_msg("%u ms: %s", q.patience_ms, row[i].why);
		end(&s, &q, CAA_END_ABANDONED, NULL, true);
		assert_int_equal(ask_tcp(&s, &must), CAA_GATE_SEND_TCP);
		assert_int_equal(must.patience_ms, 0);		/* as long as Unbound does */
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
	struct caa_asking first = { .caa = false }, q[8] = { { .caa = false } };

	(void)state;
	assert_int_equal(ask_tcp(&s, &first), CAA_GATE_SEND_TCP);
	assert_int_equal(ask_tcp(&s, &q[0]), CAA_GATE_WAIT);
	assert_int_equal(s.wait_us, SOON_US);
	end(&s, &first, CAA_END_TIMEOUT, NULL, true);
	for (size_t i = 0; i < COUNT_OF(q); i++)	/* it failed: nobody waits for another's end */
		assert_int_equal(ask_tcp(&s, &q[i]), CAA_GATE_SEND_TCP);
	for (size_t i = 0; i < COUNT_OF(q); i++)
		end(&s, &q[i], CAA_END_TIMEOUT, NULL, true);
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

/** Until a server's answer says that it takes the option, one query carries it, and another where nothing comes for a while. */
static void one_finds_out_how_the_option_is_liked(void **state)
{
	enum { WELL, BADLY, NOT_AT_ALL, LATE, ENDS };
	static const struct caa_packet odd = { .edns = true, .rcode = CAA_RCODE_SERVFAIL, .records = 1 };

	(void)state;
	for (int how = 0; how < ENDS; how++) {
		struct scene s = begin();
		struct caa_asking scout = { .caa = false }, q[BURST - 1] = { { .caa = false } }, next = { .caa = false };
		unsigned more = 0;

		assert_int_equal(ask(&s, &scout), CAA_GATE_SEND);
		assert_int_equal(encode_scouted(&s, &scout), CAA_COOKIE_CLIENT);
		for (size_t i = 0; i < COUNT_OF(q); i++) {
			assert_int_equal(ask(&s, &q[i]), CAA_GATE_SEND);
			assert_int_equal(encode_scouted(&s, &q[i]), 0);
		}
		s.now_us += ROUND_US;
		for (size_t i = 0; i < COUNT_OF(q) && how != BADLY; i++)
			answered(&s, &q[i], &data);
		for (size_t i = 0; i < COUNT_OF(q) && how == LATE; i++) {	/* a few more, though others are answered all the time */
			assert_int_equal(ask(&s, &q[i]), CAA_GATE_SEND);
			more += encode_scouted(&s, &q[i]) > 0;
			answered(&s, &q[i], &data);
		}
		if (how == LATE) {
			assert_int_equal(more, CAA_COOKIE_SCOUTS - 1);
			continue;
		}
		if (how == WELL) {
			answered(&s, &scout, &data);
			assert_int_equal(caa_proof_again(&s.u, &scout, &s.serving, s.now_us, &data, true, true), CAA_AGAIN_NO);
		} else if (how == BADLY) {
			answered(&s, &scout, &odd);
			assert_int_equal(caa_proof_again(&s.u, &scout, &s.serving, s.now_us, &odd, true, false), CAA_AGAIN_SEND);
			for (size_t i = 0; i < COUNT_OF(q); i++)
				answered(&s, &q[i], &data);
			for (size_t i = 0; i < COUNT_OF(q); i++) {
				assert_int_equal(ask(&s, &q[i]), CAA_GATE_SEND);
				assert_int_equal(encode_scouted(&s, &q[i]), 0);		/* it waits for the verdict */
				answered(&s, &q[i], &data);
			}
			leave(&s, &scout);
			assert_false(scout.cookie.client_sent);
			s.now_us += ROUND_US;
			answered(&s, &scout, &data);
			assert_int_equal(caa_proof_again(&s.u, &scout, &s.serving, s.now_us, &data, true, true), CAA_AGAIN_NO);
		} else {
			s.now_us += second;
		}
		assert_int_equal(ask(&s, &next), CAA_GATE_SEND);
		assert_int_equal(encode_scouted(&s, &next), how == BADLY ? 0 : CAA_COOKIE_CLIENT);
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
	static const size_t len[] = { FULL, CAA_COOKIE_CLIENT };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(len); i++) {
		struct scene s = begin();
		struct caa_asking q = { .caa = false };
		uint8_t option[FULL];
		struct caa_packet p;

		learn_cookie(&s);
		leave(&s, &q);
		p = with_cookie(option, &q, CAA_RCODE_NOERROR);
		p.cookie_len = len[i];
		option[3] ^= 1;
		assert_false(accepted(&s, &q, &p));
		option[3] ^= 1;
		assert_true(accepted(&s, &q, &p));	/* the true one is still waited for */
		assert_false(q.unproved);
		assert_int_equal(answered(&s, &q, &p).meaning, CAA_MEANS_ANSWER);
		assert_int_equal(caa_proof_again(&s.u, &q, &s.serving, s.now_us, &p, true, true), CAA_AGAIN_NO);
		assert_int_equal(ask(&s, &q), CAA_GATE_SEND);	/* and it is no reason for TCP */
	}
}

/** Many questions, each with an answer that was dropped, or without. */
static void silence_after_a_dropped_answer_says_nothing(void **state)
{
	(void)state;
	for (int dropped = 0; dropped <= 1; dropped++) {
		struct scene s = begin();
		struct caa_asking q[BURST] = { { .caa = false } };
		uint8_t option[FULL];

		learn_cookie(&s);
		for (size_t i = 0; i < COUNT_OF(q); i++) {
			struct caa_packet p;

			leave(&s, &q[i]);
			p = with_cookie(option, &q[i], CAA_RCODE_NOERROR);
			option[0] ^= 1;
			assert_true(!dropped || !accepted(&s, &q[i], &p));
		}
		s.now_us += second;
		for (size_t i = 0; i < COUNT_OF(q); i++)
			end(&s, &q[i], CAA_END_TIMEOUT, NULL, false);
		assert_int_equal(caa_learn_limited(&s.u.learn), !dropped);
		if (!dropped)
			continue;
		caa_serving_no_tcp(&s.serving);
		chat(&s, 1);
		for (size_t i = 0; i < COUNT_OF(q); i++)	/* it was so of that attempt, and not of the next */
			leave(&s, &q[i]);
		s.now_us += second;
		for (size_t i = 0; i < COUNT_OF(q); i++)
			end(&s, &q[i], CAA_END_TIMEOUT, NULL, false);
		assert_true(caa_learn_limited(&s.u.learn));
	}
}

/** Nor is it a dislike of the option. */
static void silence_after_a_dropped_answer_is_not_held_against_the_option(void **state)
{
	struct scene s = begin();

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		static const uint8_t option[FULL] = { 1 };
		const struct caa_packet p = { .edns = true, .records = 1, .cookie = option, .cookie_len = FULL };
		struct caa_asking q = { .caa = false };

		assert_int_equal(ask(&s, &q), CAA_GATE_SEND);
		assert_int_equal(encode(&s, &q), CAA_COOKIE_CLIENT);
		assert_false(accepted(&s, &q, &p));
		end(&s, &q, CAA_END_TIMEOUT, NULL, false);
		caa_serving_no_tcp(&s.serving);
	}
}

/** A query was answered without the cookie that has to be there, and has to go over TCP. */
static void miss_cookie(struct scene *s, struct caa_asking *q)
{
	leave(s, q);
	assert_true(accepted(s, q, &data));
	assert_int_equal(answered(s, q, &data).meaning, CAA_MEANS_NOTHING);	/* nothing of it is used */
	assert_int_equal(caa_proof_again(&s->u, q, &s->serving, s->now_us, &data, true, true), CAA_AGAIN_SEND);
	assert_int_equal(ask(s, q), CAA_GATE_SEND_TCP);
	encode(s, q);
}

static void a_missing_cookie_is_seen_over_tcp(void **state)
{
	static const struct { const char *why; enum caa_end end; bool cookie, believed; enum caa_again again; } row[] = {
		{ "it sends them, and what came was forged", CAA_END_ANSWER, true, false, CAA_AGAIN_NO },
		{ "it sends none, or this node does not", CAA_END_ANSWER, false, true, CAA_AGAIN_NO },
		{ "nothing came: as plain Unbound takes it", CAA_END_TIMEOUT, false, true, CAA_AGAIN_SEND },
		{ "or could not be sent", CAA_END_ERROR, false, true, CAA_AGAIN_SEND },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_asking q = { .caa = false }, next = { .caa = false };
		bool answer = row[i].end == CAA_END_ANSWER;
		uint8_t option[FULL];
		struct caa_packet p;

		learn_cookie(&s);
		miss_cookie(&s, &q);
		p = row[i].cookie ? with_cookie(option, &q, CAA_RCODE_NOERROR) : data;
		assert_int_equal(end(&s, &q, row[i].end, &p, true).meaning, answer ? CAA_MEANS_ANSWER : CAA_MEANS_NOTHING);
		assert_int_equal(caa_proof_again(&s.u, &q, &s.serving, s.now_us, answer ? &p : NULL, true, true), row[i].again);
		leave(&s, &next);
		assert_true(next.cookie.client_sent);
		assert_true(accepted(&s, &next, &data));
		if (next.unproved == row[i].believed)
			fail_msg("%s", row[i].why);
		answered(&s, &next, &data);
		if (answer)
			continue;
		leave(&s, &q);		/* the same one, over UDP */
		assert_true(accepted(&s, &q, &data));
		assert_int_equal(answered(&s, &q, &data).meaning, CAA_MEANS_ANSWER);
		assert_int_equal(caa_proof_again(&s.u, &q, &s.serving, s.now_us, &data, true, true), CAA_AGAIN_NO);
		nothing_is_left(&s);
	}
}

/** An answer that proves nothing is none to the learner: neither that it is alive, nor that its zone is served. */
static void a_missing_cookie_teaches_nothing(void **state)
{
	static const struct caa_packet *const packet[] = { &data, &refused };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(packet); i++) {
		struct scene s = begin();
		struct caa_serving stranger = { .tag = 2 };

		learn_cookie(&s);
		for (unsigned n = 0; n < 2 * BURST; n++) {
			struct caa_asking q = { .caa = false };

			leave_zone(&s, &q, &stranger);
			assert_true(accepted(&s, &q, packet[i]));
			end_zone(&s, &q, &stranger, CAA_END_ANSWER, packet[i], false);
		}
		assert_false(caa_serving_is_witness(&stranger, s.now_us));
		assert_false(caa_learn_limited(&s.u.learn));
		assert_int_equal(s.u.learn.answered_seq, 1);
		nothing_is_left(&s);
	}
}

/** Of a limiter that stands before the server no denial has a cookie.  One is asked over TCP; where it is denied there as well the others
 *  are what they look like. */
static void denials_without_the_cookie_are_a_limit_where_tcp_is_denied_too(void **state)
{
	static const struct caa_packet *const packet[] = { &refused, &servfail };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(packet); i++) {
		struct scene s = begin();
		struct caa_asking first = { .caa = false }, q[BURST] = { { .caa = false } };

		learn_cookie(&s);
		leave(&s, &first);
		for (unsigned n = 0; n < BURST / 2; n++)
			leave(&s, &q[n]);
		assert_true(accepted(&s, &first, packet[i]));
		assert_int_equal(answered(&s, &first, packet[i]).meaning, CAA_MEANS_NOTHING);
		assert_int_equal(caa_proof_again(&s.u, &first, &s.serving, s.now_us, packet[i], true, true), CAA_AGAIN_SEND);
		assert_int_equal(ask(&s, &first), CAA_GATE_SEND_TCP);
		for (unsigned n = 0; n < BURST / 2; n++) {
			if (n == BURST / 4)	/* known to be denied, and before that as long as it is not known */
				end(&s, &first, CAA_END_ANSWER, packet[i], true);
			assert_true(accepted(&s, &q[n], packet[i]));
			assert_int_equal(answered(&s, &q[n], packet[i]).meaning, CAA_MEANS_DENIED);
			assert_int_equal(caa_proof_again(&s.u, &q[n], &s.serving, s.now_us, packet[i], true, true), CAA_AGAIN_NO);
		}
		assert_true(caa_learn_limited(&s.u.learn));
		assert_true(caa_cookie_proves(&s.u.cookie));
		nothing_is_left(&s);
	}
}

/** Nobody waited for it, and it is asked again: it is the attempt that was unproved. */
static void a_missing_cookie_is_of_one_attempt(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };
	uint8_t option[FULL];
	struct caa_packet p;

	(void)state;
	learn_cookie(&s);
	leave(&s, &q);
	assert_true(accepted(&s, &q, &data));
	end(&s, &q, CAA_END_ABANDONED, NULL, false);
	leave(&s, &q);
	p = with_cookie(option, &q, CAA_RCODE_NOERROR);
	assert_true(accepted(&s, &q, &p));
	assert_int_equal(answered(&s, &q, &p).meaning, CAA_MEANS_ANSWER);
	assert_int_equal(caa_proof_again(&s.u, &q, &s.serving, s.now_us, &p, true, true), CAA_AGAIN_NO);
}

/** The question that it was sent for has gone, and it is sent again as without a module. */
static void who_goes_for_others_misses_no_cookie(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };

	(void)state;
	learn_cookie(&s);
	leave(&s, &q);
	assert_true(q.cookie.client_sent);
	end(&s, &q, CAA_END_TIMEOUT, NULL, false);
	caa_gate_other(&s.u, &q, s.now_us, false);
	assert_true(accepted(&s, &q, &data));
	assert_false(q.unproved);
	assert_int_equal(answered(&s, &q, &data).meaning, CAA_MEANS_ANSWER);
}

/** What finds out whether another type is answered is asked unpaced: its losses make no limit. */
static void what_is_asked_beside_says_nothing_of_a_limit(void **state)
{
	(void)state;
	for (int beside = 0; beside <= 1; beside++) {
		struct scene s = begin();
		struct caa_serving others = { .tag = 7 };

		chat(&s, 8);
		caa_serving_answered(&others, s.now_us);
		for (unsigned i = 0; i < 3 * BURST; i++) {
			struct caa_asking q = { .question = 1000 + i, .zone = others.tag, .beside = beside };

			caa_gate_other(&s.u, &q, s.now_us, false);
			end_zone(&s, &q, &others, CAA_END_TIMEOUT, NULL, false);
		}
		assert_int_equal(caa_learn_limited(&s.u.learn), !beside);
		nothing_is_left(&s);
	}
}

/** A zone whose answers to queries with the option were good, and then are of no use: what was answered so is asked without, and where that
 *  is answered well again and again the zone is. */
static void errors_with_a_cookie_are_asked_without(void **state)
{
	static const struct caa_packet useless = { .edns = true, .useless = true };

	(void)state;
	for (int helps = 0; helps <= 1; helps++) {
		struct scene s = begin();
		unsigned with = 0;

		s.zone.tcp = 0;
		chat(&s, 4);
		s.serving.liked = true;
		for (unsigned i = 0; i < 2 * CAA_SERVING_RESCUED; i++)
			for (unsigned tries = 0; tries < 3; tries++) {
				struct caa_asking q = { .question = 1000 + i, .same_denied = tries > 0 };

				assert_int_equal(ask(&s, &q), CAA_GATE_SEND);
				encode(&s, &q);
				with += q.cookie.client_sent;
				answered(&s, &q, q.cookie.client_sent || !helps ? &useless : &data);
				s.now_us += ROUND_US;
				if (helps && !q.cookie.client_sent)
					break;
			}
		assert_int_equal(caa_serving_is_bare(&s.serving, s.now_us), helps);
		if (helps)
			assert_in_range(with, 2, 2 + CAA_SERVING_RESCUED);
	}
}

/** That an address serves CAA is known from an answer to that alone. */
static void that_caa_is_served_is_known_from_its_answers(void **state)
{
	struct scene s = begin();
	struct caa_asking a = { .caa_type = false }, caa = { .caa_type = true }, denied = { .caa_type = true };

	(void)state;
	leave(&s, &a);
	answered(&s, &a, &data);
	leave(&s, &denied);
	answered(&s, &denied, &refused);
	assert_false(s.u.serves_caa);
	leave(&s, &caa);
	answered(&s, &caa, &data);
	assert_true(s.u.serves_caa);
}

/** TCP waits its turn there, and is asked all the same. */
static void at_a_rate_by_hand_a_missing_cookie_is_seen_over_tcp(void **state)
{
	struct scene s = by_hand(10);
	struct caa_asking q = { .caa = false }, before = { .caa = false };
	uint8_t option[FULL];
	struct caa_packet p;

	(void)state;
	learn_cookie(&s);
	s.now_us += second;
	leave(&s, &q);
	assert_true(accepted(&s, &q, &data));
	answered(&s, &q, &data);
	assert_int_equal(caa_proof_again(&s.u, &q, &s.serving, s.now_us, &data, true, true), CAA_AGAIN_SEND);
	assert_int_equal(ask(&s, &before), CAA_GATE_WAIT);
	assert_int_equal(ask(&s, &q), CAA_GATE_WAIT);
	s.now_us += 100 * ms;
	leave(&s, &before);
	s.now_us += 100 * ms;
	assert_int_equal(ask(&s, &q), CAA_GATE_SEND_TCP);
	encode(&s, &q);
	end(&s, &q, CAA_END_TIMEOUT, NULL, true);
	assert_int_equal(caa_proof_again(&s.u, &q, &s.serving, s.now_us, NULL, true, true), CAA_AGAIN_SEND);
	s.now_us += 100 * ms;
	leave(&s, &q);
	p = with_cookie(option, &q, CAA_RCODE_NOERROR);
	assert_true(accepted(&s, &q, &p));
	assert_int_equal(answered(&s, &q, &p).meaning, CAA_MEANS_ANSWER);
	answered(&s, &before, &data);
	nothing_is_left(&s);
}

/** Where nothing but forged answers came, TCP tells for a while; and UDP is asked again where it does not. */
static void where_only_forged_answers_come_tcp_is_asked(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false }, next = { .caa = false }, late = { .caa = false };
	struct caa_serving other = { .tag = 2 };
	uint8_t option[FULL];
	struct caa_packet p;

	(void)state;
	learn_cookie(&s);
	leave(&s, &q);
	p = with_cookie(option, &q, CAA_RCODE_NOERROR);
	option[3] ^= 1;
	assert_false(accepted(&s, &q, &p));
	s.now_us += 400 * ms;
	end(&s, &q, CAA_END_TIMEOUT, NULL, false);
	assert_false(caa_learn_limited(&s.u.learn));
	q = (struct caa_asking){ .caa = false };
	assert_int_equal(ask_zone(&s, &q, &other), CAA_GATE_SEND);	/* a fact of the zone */
	end_zone(&s, &q, &other, CAA_END_ABANDONED, NULL, false);
	assert_int_equal(ask(&s, &next), CAA_GATE_SEND_TCP);
	end(&s, &next, CAA_END_ERROR, NULL, true);
	assert_int_equal(caa_proof_again(&s.u, &next, &s.serving, s.now_us, NULL, true, false), CAA_AGAIN_SEND);
	assert_int_equal(ask(&s, &next), CAA_GATE_SEND);
	assert_int_equal(encode(&s, &next), 0);		/* as plain Unbound asks */
	end(&s, &next, CAA_END_ABANDONED, NULL, false);
	caa_serving_forged(&s.serving, s.now_us);
	s.now_us += minute + 1000 * ms;
	assert_int_equal(ask(&s, &late), CAA_GATE_SEND);
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

/** @return whether an answer is of use. */
static bool is_good(const struct caa_packet *p)
{
	return (p->rcode == CAA_RCODE_NOERROR || p->rcode == CAA_RCODE_NXDOMAIN) && !p->truncated;
}

/** One answer of a server, and what is done about it. */
static enum caa_again again(struct scene *s, struct caa_asking *q, const struct caa_packet *p, bool edns)
{
	answered(s, q, p);
	return caa_proof_again(&s->u, q, &s->serving, s->now_us, p, edns, is_good(p));
}

static void a_server_that_dislikes_the_option_is_asked_without(void **state)
{
	/* Others have to go without at once only where the answer says that it is the option. */
	static const struct { const struct caa_packet *packet; enum caa_again with; bool disliked; } row[] = {
		{ &formerr, CAA_AGAIN_SEND, true }, { &badvers, CAA_AGAIN_SEND, true }, { &notimp, CAA_AGAIN_SEND, true },
		{ &data, CAA_AGAIN_NO, false }, { &refused, CAA_AGAIN_SEND, false }, { &servfail, CAA_AGAIN_SEND, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_asking q = { .caa = false }, next = { .caa = false };

		leave(&s, &q);
		assert_true(q.cookie.client_sent);
		assert_int_equal(again(&s, &q, row[i].packet, true), row[i].with);
		assert_int_equal(ask(&s, &next), CAA_GATE_SEND);
		assert_int_equal(encode(&s, &next), row[i].disliked ? 0 : CAA_COOKIE_CLIENT);
		if (row[i].disliked)
			assert_int_equal(again(&s, &next, row[i].packet, true), CAA_AGAIN_NO);
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
			struct caa_asking lost = { .caa = false };

			assert_int_equal(ask(&s, &lost), CAA_GATE_SEND);
			assert_int_equal(encode(&s, &lost), CAA_COOKIE_CLIENT);
			end(&s, &lost, CAA_END_TIMEOUT, NULL, false);
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

/** One that is lost is asked again without the option, and then with it, while nothing with it was answered; others carry it. */
static void a_lost_query_is_asked_again_without_the_option(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false }, other = { .caa = false };

	(void)state;
	for (unsigned n = 0; n < 4; n++) {
		assert_int_equal(ask(&s, &q), CAA_GATE_SEND);
		assert_int_equal(encode(&s, &q), n % 2 == 0 ? CAA_COOKIE_CLIENT : 0);
		end(&s, &q, CAA_END_TIMEOUT, NULL, false);
	}
	assert_int_equal(ask(&s, &other), CAA_GATE_SEND);
	assert_int_equal(encode(&s, &other), CAA_COOKIE_CLIENT);
	assert_true(accepted(&s, &other, &data));
	end(&s, &other, CAA_END_ANSWER, &data, false);
	for (unsigned n = 0; n < 3; n++) {	/* by now it is known to bring nothing: a question that was lost goes on without */
		assert_int_equal(ask(&s, &other), CAA_GATE_SEND);
		other.sent.repeated = n > 0;
		assert_int_equal(encode(&s, &other), n == 0 ? CAA_COOKIE_CLIENT : 0);
		end(&s, &other, CAA_END_TIMEOUT, NULL, false);
	}
}

/** BADCOOKIE to a query with one is asked again at once; it says nothing of the zone.  To one without it is an error. */
static void badcookie_is_no_answer(void **state)
{
	struct scene s = begin();
	struct caa_serving fresh = { .tag = 2 };
	struct caa_asking q = { .caa = false };

	(void)state;
	assert_int_equal(ask(&s, &q), CAA_GATE_SEND);
	assert_int_equal(encode(&s, &q), CAA_COOKIE_CLIENT);
	assert_int_equal(end_zone(&s, &q, &fresh, CAA_END_ANSWER, &badcookie, false).meaning, CAA_MEANS_NOTHING);
	assert_false(caa_serving_is_witness(&fresh, s.now_us));
	q.without = true;
	assert_int_equal(ask(&s, &q), CAA_GATE_SEND);
	assert_int_equal(encode(&s, &q), 0);
	assert_int_equal(end_zone(&s, &q, &fresh, CAA_END_ANSWER, &badcookie, false).meaning, CAA_MEANS_ERROR);
	assert_false(caa_serving_is_witness(&fresh, s.now_us));
}

/** What is lost again and again while others are answered is its own fault, and says nothing of a limit. */
static void who_is_always_lost_says_nothing(void **state)
{
	static const struct { bool own_fault, later; bool counts; const char *why; } row[] = {
		{ false, true, true, "it may be a limit" },
		{ true, true, false, "it was so before, and others are answered" },
		{ true, false, true, "nobody is answered now" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_asking first = { .caa = false }, q = { .own_fault = row[i].own_fault }, others[2] = { { .caa = false } };
		struct caa_outcome o;

		leave(&s, &first);
		answered(&s, &first, &data);
		leave(&s, &q);
		for (size_t n = 0; row[i].later && n < COUNT_OF(others); n++) {
			leave(&s, &others[n]);
			answered(&s, &others[n], &data);
		}
		o = caa_outcome_of(&s.u, &q, &s.serving, &secret, s.now_us + 400 * ms, CAA_END_TIMEOUT, NULL, false);
		assert_int_equal(o.split, row[i].later);
		if ((s.u.learn.evidence.tail + s.u.learn.evidence.holes > 0) != row[i].counts)
			fail_msg("%s", row[i].why);
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
		struct caa_serving caa = s.serving;

		leave(&s, &next);
		assert_int_equal(again(&s, &next, &notimp, true), CAA_AGAIN_FINAL);	/* one query each */
		s.serving = (struct caa_serving){ .tag = 2 };
		leave(&s, &next);
		assert_int_equal(again(&s, &next, &data, true), CAA_AGAIN_NO);	/* what it says to other types is no matter */
		s.serving = caa;
	}
}

/** Nodes behind one address of which one does not know the type: NOTIMP is that node's, and Unbound asks on. */
static void notimp_beside_answers_is_not_final(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };

	(void)state;
	leave(&s, &q);
	again(&s, &q, &notimp, true);
	leave(&s, &q);
	again(&s, &q, &notimp, true);
	leave(&s, &q);
	assert_int_equal(again(&s, &q, &notimp, false), CAA_AGAIN_FINAL);
	caa_serving_good(&s.serving, s.now_us);
	for (unsigned i = 0; i < 10; i++) {
		struct caa_asking next = { .caa = false };

		leave(&s, &next);
		assert_int_equal(again(&s, &next, &notimp, true), CAA_AGAIN_NO);
		leave(&s, &next);
		assert_int_equal(again(&s, &next, &notimp, false), CAA_AGAIN_NO);
	}
	s.now_us += 16 * minute;
	leave(&s, &q);
	assert_int_equal(again(&s, &q, &notimp, true), CAA_AGAIN_SEND);		/* with a cookie again */
	leave(&s, &q);
	assert_int_equal(again(&s, &q, &notimp, false), CAA_AGAIN_FINAL);
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
		assert_int_equal(caa_proof_again(&s.u, &q, &s.serving, s.now_us, &notimp, false, false), CAA_AGAIN_FINAL);
		s.now_us += row[i % COUNT_OF(row)].after_us;
		q.cookie.client_sent = true;
		assert_int_equal(caa_proof_again(&s.u, &q, &s.serving, s.now_us, &notimp, true, false), row[i % COUNT_OF(row)].again);
	}
}

/** Asked with the new cookie as RFC 7873, section 5.3, wants it; who does not take that one takes none, over TCP neither. */
static void badcookie_twice_is_no_cookie(void **state)
{
	static const struct { const struct caa_packet *packet; const char *why; } row[] = {
		{ &data, "it answers" }, { &badcookie, "it goes on, and is believed: not for ever" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_asking q = { .caa = false }, next = { .caa = false };
		uint8_t option[FULL];
		struct caa_packet p;

		leave(&s, &q);
		p = with_cookie(option, &q, CAA_RCODE_BADCOOKIE);
		assert_true(accepted(&s, &q, &p));
		assert_int_equal(again(&s, &q, &p, true), CAA_AGAIN_SEND);
		assert_int_equal(ask(&s, &q), CAA_GATE_SEND);
		assert_int_equal(encode(&s, &q), FULL);			/* it brought the new one */
		p = with_cookie(option, &q, CAA_RCODE_BADCOOKIE);
		assert_true(accepted(&s, &q, &p));
		assert_int_equal(again(&s, &q, &p, true), CAA_AGAIN_SEND);
		assert_int_equal(ask(&s, &q), CAA_GATE_SEND);		/* over UDP */
		assert_int_equal(encode(&s, &q), 0);
		assert_true(accepted(&s, &q, row[i].packet));
		assert_false(q.unproved);
		if (again(&s, &q, row[i].packet, true) != CAA_AGAIN_NO)
			fail_msg("%s", row[i].why);
		assert_int_equal(ask(&s, &next), CAA_GATE_SEND);
		assert_int_equal(encode(&s, &next), 0);			/* nor do others have one */
		end(&s, &next, CAA_END_ABANDONED, NULL, false);
		nothing_is_left(&s);
	}
}

static void badcookie_without_cookie_is_an_answer(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };

	(void)state;
	s.zone.cookie = 0;
	leave(&s, &q);
	assert_int_equal(again(&s, &q, &badcookie, true), CAA_AGAIN_NO);
}

/** Its cookie is refused, and it brings another one. */
static void refuse(struct scene *s, struct caa_asking *q)
{
	uint8_t option[FULL];
	struct caa_packet p = with_cookie(option, q, CAA_RCODE_BADCOOKIE);

	assert_true(accepted(s, q, &p));
	assert_int_equal(again(s, q, &p, true), CAA_AGAIN_SEND);
}

/** A server that takes no cookie, its own neither, costs one question its time. */
static void one_finds_out_about_badcookie_and_others_go_without(void **state)
{
	enum { MANY = 10 };
	struct scene s = begin();
	struct caa_asking finder = { .caa = false }, q[MANY] = { { .caa = false } }, next = { .caa = false };
	uint8_t option[FULL];
	struct caa_packet p;

	(void)state;
	leave(&s, &finder);
	for (unsigned i = 0; i < MANY; i++)
		leave(&s, &q[i]);
	refuse(&s, &finder);
	assert_int_equal(ask(&s, &finder), CAA_GATE_SEND);
	assert_int_equal(encode(&s, &finder), FULL);
	for (unsigned i = 0; i < MANY; i++) {
		refuse(&s, &q[i]);
		assert_int_equal(ask(&s, &q[i]), CAA_GATE_SEND);	/* over UDP, at once */
		assert_int_equal(encode(&s, &q[i]), 0);
		assert_true(accepted(&s, &q[i], &data));		/* and need not prove anything */
		assert_false(q[i].unproved);
		assert_int_equal(again(&s, &q[i], &data, true), CAA_AGAIN_NO);
	}
	leave(&s, &next);						/* who comes new tries it */
	assert_int_equal(encode(&s, &next), FULL);
	refuse(&s, &next);
	assert_int_equal(ask(&s, &next), CAA_GATE_SEND);
	assert_int_equal(encode(&s, &next), 0);
	end(&s, &next, CAA_END_ABANDONED, NULL, false);
	p = with_cookie(option, &finder, CAA_RCODE_NOERROR);		/* found out: it takes the new one */
	assert_true(accepted(&s, &finder, &p));
	assert_int_equal(again(&s, &finder, &p, true), CAA_AGAIN_NO);
	next = (struct caa_asking){ .caa = false };
	leave(&s, &next);
	refuse(&s, &next);
	assert_int_equal(ask(&s, &next), CAA_GATE_SEND);		/* so this one is a finder again */
	assert_int_equal(encode(&s, &next), FULL);
	end(&s, &next, CAA_END_ABANDONED, NULL, false);
	nothing_is_left(&s);
}

/** None of these may be without a cookie for ever because of it. */
static void a_finder_that_is_gone_leaves_cookies_as_they_are(void **state)
{
	struct scene s = begin();
	struct caa_asking finder = { .caa = false }, q = { .caa = false };
	uint8_t option[FULL];
	struct caa_packet p;

	(void)state;
	leave(&s, &finder);
	refuse(&s, &finder);
	leave(&s, &finder);
	end(&s, &finder, CAA_END_ABANDONED, NULL, false);
	leave(&s, &q);
	assert_true(q.cookie.server_sent);
	p = with_cookie(option, &q, CAA_RCODE_NOERROR);
	assert_true(accepted(&s, &q, &p));
	assert_int_equal(again(&s, &q, &p, true), CAA_AGAIN_NO);
	assert_false(s.u.cookie.refused);
}

/* --- whether the cookie is the reason ------------------------------------------------------------------------------------- */

/** The same with an answer whose use its packet does not show: a referral may be of none. */
static enum caa_again judged(struct scene *s, struct caa_asking *q, const struct caa_packet *p, bool good)
{
	answered(s, q, p);
	return caa_proof_again(&s->u, q, &s->serving, s->now_us, p, true, good);
}

/** A query with a cookie was answered badly, and the same leaves without. */
static void blame(struct scene *s, struct caa_asking *q, const struct caa_packet *p)
{
	leave(s, q);
	assert_true(q->cookie.client_sent);
	assert_true(caa_proof_wonders(q, &s->serving));
	assert_int_equal(judged(s, q, p, false), CAA_AGAIN_SEND);
	leave(s, q);
	assert_false(q->cookie.client_sent);
	assert_true(caa_proof_wonders(q, &s->serving));
}

/** Before an answer with a cookie was good it may be the reason of a bad one; what the same is answered without it tells. */
static void a_bad_answer_is_asked_for_without_the_cookie(void **state)
{
	static const struct caa_packet *const bad[] = { &refused, &servfail, &cut, &data };

	(void)state;
	for (size_t i = 0; i < 2 * COUNT_OF(bad); i++) {
		bool good = i % 2 == 0;
		struct scene s = begin();
		struct caa_asking q = { .caa = false }, next = { .caa = false }, later = { .caa = false };

		blame(&s, &q, bad[i / 2]);
		assert_int_equal(s.u.cookie.avoid_ms, 0);
		assert_int_equal(judged(&s, &q, good ? &data : bad[i / 2], good), CAA_AGAIN_NO);
		leave(&s, &next);
		assert_int_equal(next.cookie.client_sent, !good);	/* where it was the reason, nobody carries it */
		assert_false(caa_proof_wonders(&next, &s.serving));
		assert_int_equal(judged(&s, &next, bad[i / 2], false), CAA_AGAIN_NO);	/* and nobody pays for that again, ... */
		s.now_us += 15 * minute + ms;
		leave(&s, &later);
		assert_true(later.cookie.client_sent);
		assert_int_equal(caa_proof_wonders(&later, &s.serving), good);	/* ... until it is tried anew */
		answered(&s, &later, &data);
		nothing_is_left(&s);
	}
}

static void a_good_answer_clears_the_cookie(void **state)
{
	struct scene s = begin();
	struct caa_asking first = { .caa = false }, q = { .caa = false }, next = { .caa = false };

	(void)state;
	leave(&s, &first);
	assert_int_equal(judged(&s, &first, &data, true), CAA_AGAIN_NO);
	leave(&s, &q);
	assert_false(caa_proof_wonders(&q, &s.serving));
	assert_int_equal(judged(&s, &q, &servfail, false), CAA_AGAIN_NO);
	leave(&s, &next);
	assert_true(next.cookie.client_sent);
}

/** Another one was answered well with it while the first went without: a good answer to that says nothing of cookies. */
static void a_good_answer_meanwhile_clears_the_cookie(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false }, other = { .caa = false }, next = { .caa = false };

	(void)state;
	leave(&s, &other);
	blame(&s, &q, &servfail);
	assert_int_equal(judged(&s, &other, &data, true), CAA_AGAIN_NO);
	assert_false(caa_proof_wonders(&q, &s.serving));
	assert_int_equal(judged(&s, &q, &data, true), CAA_AGAIN_NO);
	leave(&s, &next);
	assert_true(next.cookie.client_sent);
}

static void nothing_without_the_cookie_leaves_it_open(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false }, other = { .caa = false }, next = { .caa = false };

	(void)state;
	blame(&s, &q, &servfail);
	end(&s, &q, CAA_END_TIMEOUT, NULL, false);
	leave(&s, &other);
	assert_true(other.cookie.client_sent);		/* nothing is held against it yet, ... */
	assert_true(caa_proof_wonders(&other, &s.serving));
	answered(&s, &other, &data);
	leave(&s, &q);
	assert_false(q.cookie.client_sent);		/* ... and the same is asked without it until it is answered */
	assert_int_equal(judged(&s, &q, &data, true), CAA_AGAIN_NO);
	leave(&s, &next);
	assert_false(next.cookie.client_sent);
}

/** What says by itself that it is the option, or EDNS, or the type, goes its own way. */
static void errors_that_speak_are_no_wonder(void **state)
{
	static const struct { const struct caa_packet *packet; enum caa_again again; bool liked; const char *why; } row[] = {
		{ &formerr, CAA_AGAIN_NO, true, "it is not the option: Unbound tries without EDNS" },
		{ &notimp, CAA_AGAIN_FINAL, false, "NOTIMP is of the type, and says nothing of the option" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_asking q = { .caa = false };

		blame(&s, &q, &servfail);
		answered(&s, &q, row[i].packet);
		if (caa_proof_again(&s.u, &q, &s.serving, s.now_us, row[i].packet, false, false) != row[i].again ||
		    s.u.cookie.liked != row[i].liked)
			fail_msg("%s", row[i].why);
		assert_int_equal(s.u.cookie.avoid_ms, 0);
	}
}

static void it_wonders_only_about_a_cookie(void **state)
{
	static const struct { struct caa_asking q; bool liked, wonders; const char *why; } row[] = {
		{ { .caa = true, .cookie = { .client_sent = true } }, false, true, "it carried one" },
		{ { .caa = true, .blamed = true }, false, true, "or went without to see" },
		{ { .caa = true, .without = true }, false, false, "but not for BADCOOKIE" },
		{ { .caa = true }, false, false, "it carried none" },
		{ { .caa = false, .cookie = { .client_sent = true } }, false, false, "it is not for CAA any more" },
		{ { .caa = true, .cookie = { .client_sent = true } }, true, false, "it is known" },
		{ { .caa = true, .blamed = true }, true, false, "by now" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();

		s.serving.liked = row[i].liked;
		if (caa_proof_wonders(&row[i].q, &s.serving) != row[i].wonders)
			fail_msg("%s", row[i].why);
	}
}

/** One zone's servers dislike the option, where others' take it: it alone is asked without. */
static void a_zone_is_asked_without_alone(void **state)
{
	enum { BLAMED, FORMERR_SAID, LOST, WAYS };

	(void)state;
	for (unsigned way = 0; way < WAYS; way++) {
		struct scene s = begin();
		struct caa_serving fussy = { .tag = 2 };
		struct caa_asking q = { .caa = false }, other = { .caa = false }, next = { .caa = false };

		s.zone.tcp = 0;
		leave(&s, &other);
		assert_int_equal(judged(&s, &other, &data, true), CAA_AGAIN_NO);
		chat_zone(&s, &fussy, 1);
		if (way == LOST) {
			s.u.cookie.good_ms = 1;		/* it has sent cookies, to others */
			for (unsigned n = 0; n < 2 + 3; n++) {	/* two questions are lost; they and a third are answered without */
				struct caa_wish wish = wish_of(&s);

				wish.repeated = n >= 2;
				assert_int_equal(ask_wish(&s, &q, &fussy, &wish), CAA_GATE_SEND);
				assert_int_equal(encode(&s, &q) > 0, n < 2);
				end_zone(&s, &q, &fussy, n < 2 ? CAA_END_TIMEOUT : CAA_END_ANSWER, &data, false);
				q = (struct caa_asking){ .caa = false };
			}
		} else {
			leave_zone(&s, &q, &fussy);
			end_zone(&s, &q, &fussy, CAA_END_ANSWER, way == BLAMED ? &servfail : &formerr, false);
			assert_int_equal(caa_proof_again(&s.u, &q, &fussy, s.now_us, way == BLAMED ? &servfail : &formerr, true, false),
				CAA_AGAIN_SEND);
			leave_zone(&s, &q, &fussy);
			assert_false(q.cookie.client_sent);
			end_zone(&s, &q, &fussy, CAA_END_ANSWER, &data, false);
			assert_int_equal(caa_proof_again(&s.u, &q, &fussy, s.now_us, &data, true, true), CAA_AGAIN_NO);
		}
		leave_zone(&s, &next, &fussy);
		assert_false(next.cookie.client_sent);
		answered(&s, &next, &data);
		leave(&s, &other);
		assert_true(other.cookie.client_sent);
		s.now_us += 15 * minute + ms;
		next = (struct caa_asking){ .caa = false };
		leave_zone(&s, &next, &fussy);
		assert_true(next.cookie.client_sent);		/* until it is tried anew */
	}
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
		assert_int_equal(s.serving.notimp_ms, 0);
	}
}

/** Five questions that are denied, of a zone that was answered for or not. */
static void a_denial_counts_where_the_zone_was_answered_for(void **state)
{
	(void)state;
	for (int served = 0; served <= 1; served++) {
		struct scene s = begin();
		struct caa_serving other = { .tag = 2 };
		struct caa_asking q[5] = { { .caa = false } };

		chat_zone(&s, served ? &s.serving : &other, 4);
		for (size_t i = 0; i < COUNT_OF(q); i++)
			leave(&s, &q[i]);
		for (size_t i = 0; i < COUNT_OF(q); i++)
			answered(&s, &q[i], &refused);
		assert_int_equal(caa_learn_limited(&s.u.learn), served);
		assert_int_equal(s.u.learn.pacer.inflight, 0);
	}
}

/* --- whose losses say what ----------------------------------------------------------------------------------------------- */

/** What a limiter, or a server that does not serve the zone, does. */
static const struct loss { enum caa_end end; const struct caa_packet *packet; } losses[] = {
	{ CAA_END_TIMEOUT, NULL }, { CAA_END_ANSWER, &refused }, { CAA_END_ANSWER, &servfail }, { CAA_END_ANSWER, &cut },
};

static struct caa_outcome lose(struct scene *s, struct caa_asking *q, struct caa_serving *zone, const struct loss *loss)
{
	return end_zone(s, q, zone, loss->end, loss->packet, false);
}

/** However many of its names are lost, and for however long. */
static void one_stranger_never_limits_the_address(void **state)
{
	enum { NAMES_LOST = 20, SECONDS = 60, SENT_LEAST = 4 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(losses); i++) {
		struct scene s = begin();
		struct caa_serving stranger = { .tag = 2 };

		chat(&s, 8);
		for (unsigned n = 0; n < SECONDS; n++) {
			struct caa_asking q[NAMES_LOST] = { { .caa = false } };
			bool suspect = caa_serving_is_suspect(&stranger, s.now_us);
			unsigned sent = 0;

			for (size_t k = 0; k < COUNT_OF(q); k++)
				if (ask_zone(&s, &q[k], &stranger) == CAA_GATE_SEND)
					sent++;
				else
					end_zone(&s, &q[k], &stranger, CAA_END_ABANDONED, NULL, false);
			assert_true(sent >= SENT_LEAST);
			assert_int_equal(s.u.learn.pacer.inflight, suspect ? 0 : sent);
			s.now_us += second / 2;
			for (size_t k = 0; k < COUNT_OF(q); k++)
				if (q[k].udp)
					lose(&s, &q[k], &stranger, &losses[i]);
			assert_false(caa_learn_limited(&s.u.learn));
			s.now_us += second / 2;
			chat(&s, 1);
		}
		assert_int_equal(s.u.limits, 0);
		nothing_is_left(&s);
	}
}

/** Its names that are lost fill no room while the wait for an answer grows, and wait for none. */
static void who_is_suspect_goes_aside(void **state)
{
	static const struct { const char *why; bool lost, served, by_hand, limited, aside; uint64_t after_us; } row[] = {
		{ "a zone that was lost a moment ago", true, false, false, false, true, 0 },
		{ "for seconds", true, false, false, false, true, 3998 * 1000 },
		{ "it may be served by now", true, false, false, false, false, 4001 * 1000 },
		{ "a zone that is new", false, false, false, false, false, 0 },
		{ "a witness that was lost", true, true, false, false, false, 0 },
		{ "where a limit is known it has its turn", true, false, false, true, false, 0 },
		{ "or a rate by hand", true, false, true, false, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = row[i].by_hand ? by_hand(1000) : begin();
		struct caa_serving zone = { .tag = 2 };
		struct caa_asking q[3 * BURST] = { { .caa = false } }, other = { .caa = false };
		unsigned sent = 0, aside = 0;

		s.zone.tcp = 0;
		if (row[i].limited)
			meet_limit(&s);
		else
			chat(&s, 4);
		s.now_us += second;
		if (row[i].served)
			chat_zone(&s, &zone, 1);
		if (row[i].lost)
			caa_serving_lost(&zone, s.now_us, s.u.learn.seq, s.u.learn.answered_seq);
		s.now_us += row[i].after_us;
		for (unsigned n = 0; n < COUNT_OF(q); n++)
			if (ask_zone(&s, &q[n], &zone) == CAA_GATE_SEND) {
				sent++;
				aside += q[n].sent.aside;
			}
		if (aside != (row[i].aside ? COUNT_OF(q) : 0) || (sent == COUNT_OF(q)) != row[i].aside)
			fail_msg("%u sent, %u of them aside: %s", sent, aside, row[i].why);
		if (row[i].aside) {
			assert_int_equal(s.u.learn.pacer.inflight, 0);
			leave(&s, &other);	/* a witness has all the room */
			s.now_us += ROUND_US;
			answered(&s, &other, &data);
			end_zone(&s, &q[0], &zone, CAA_END_ANSWER, &data, false);	/* nor is it suspect then */
			q[0] = (struct caa_asking){ .caa = false };
			leave_zone(&s, &q[0], &zone);
			assert_false(q[0].sent.aside);
		}
		for (unsigned n = 0; n < COUNT_OF(q); n++)
			end_zone(&s, &q[n], &zone, CAA_END_ABANDONED, NULL, false);
		nothing_is_left(&s);
	}
}

/** It came, and waited for the room that it does not need any more. */
/** A zone that was denied may have met a limit: then a few find out, and the others would meet it, too. */
static void of_a_zone_that_was_denied_a_few_go_aside(void **state)
{
	static const struct { const char *why; const struct caa_packet *p; bool known; bool all; } row[] = {
		{ "refused", &refused, false, false }, { "SERVFAIL", &servfail, false, false }, { "truncated", &cut, false, false },
		{ "its own denial", &refused, true, true }, { "silent", NULL, false, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_serving zone = { .tag = 2 };
		struct caa_asking first = { .caa = false }, q[2 * BURST] = { { .caa = false } };
		unsigned left = 0;

		chat(&s, 4);
		leave_zone(&s, &first, &zone);
		end_zone(&s, &first, &zone, row[i].p != NULL ? CAA_END_ANSWER : CAA_END_TIMEOUT, row[i].p, false);
		if (row[i].known)
			caa_serving_denies(&zone, s.now_us);
		assert_true(caa_serving_is_suspect(&zone, s.now_us));
		for (unsigned k = 0; k < COUNT_OF(q); k++)
			if (ask_zone(&s, &q[k], &zone) == CAA_GATE_SEND)
				left++;
			else
				assert_true(s.wait_us <= 20 * ms);
		if (left != (row[i].all ? COUNT_OF(q) : 4))
			fail_msg("%s: %u", row[i].why, left);
		for (unsigned k = 0; k < COUNT_OF(q); k++)
			end_zone(&s, &q[k], &zone, CAA_END_ABANDONED, NULL, false);
		nothing_is_left(&s);
	}
}

/** Two addresses of one provider may have one limit: one that denies warns the other, one that is silent does not. */
static void who_comes_since_it_was_denied_elsewhere_warns(void **state)
{
	(void)state;
	for (int warned = 0; warned <= 1; warned++) {
		struct scene s = begin();
		struct caa_asking q[BURST] = { { .caa = false } }, next[BURST] = { { .caa = false } };
		unsigned left = 0;

		for (unsigned i = 0; i < BURST; i++) {
			q[i].denied_elsewhere = warned && i == 0;
			leave(&s, &q[i]);
		}
		s.now_us += 2 * ROUND_US;
		for (unsigned i = 0; i < BURST; i++)
			answered(&s, &q[i], &data);
		for (unsigned i = 0; i < BURST; i++)
			left += ask(&s, &next[i]) == CAA_GATE_SEND;
		assert_int_equal(left, warned ? 4 : BURST);
	}
}

static void who_becomes_suspect_in_the_line_leaves_it(void **state)
{
	struct scene s = begin();
	struct caa_serving zone = { .tag = 2 };
	struct caa_asking q[BURST + 2] = { { .caa = false } };

	(void)state;
	chat(&s, 1);
	for (unsigned i = 0; i < COUNT_OF(q); i++)
		ask_zone(&s, &q[i], &zone);
	assert_int_equal(caa_pacer_waiting(&s.u.learn.pacer), 2);
	s.now_us += second / 2;
	end_zone(&s, &q[0], &zone, CAA_END_TIMEOUT, NULL, false);
	for (unsigned i = BURST; i < COUNT_OF(q); i++)
		leave_zone(&s, &q[i], &zone);
	assert_int_equal(caa_pacer_waiting(&s.u.learn.pacer), 0);
	assert_int_equal(s.u.waited, 2);
	for (unsigned i = 1; i < COUNT_OF(q); i++)
		end_zone(&s, &q[i], &zone, CAA_END_TIMEOUT, NULL, false);
	nothing_is_left(&s);
}

/** Each zone has one name, and none has been answered before. */
static void many_strangers_find_a_limit(void **state)
{
	enum { PASS = 20, CLIENTS = 100, NEEDED = 8 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(losses); i++) {
		struct scene s = begin();
		struct caa_serving zone[CLIENTS];
		struct caa_asking q[CLIENTS] = { { .caa = false } };
		unsigned sent = 0, ended = 0, lost = 0;
		bool limited = false;

		for (unsigned n = 0; n < CLIENTS; n++)
			zone[n] = (struct caa_serving){ .tag = 10 + n };
		while (!limited) {
			while (sent < CLIENTS && ask_zone(&s, &q[sent], &zone[sent]) == CAA_GATE_SEND)
				sent++;
			assert_true(ended < sent);
			s.now_us += ROUND_US;
			for (; ended < sent && !limited; ended++) {
				if (ended < PASS) {
					end_zone(&s, &q[ended], &zone[ended], CAA_END_ANSWER, &data, false);
					continue;
				}
				lost++;
				limited = lose(&s, &q[ended], &zone[ended], &losses[i]).limited;
			}
		}
		assert_int_equal(lost, NEEDED);
		assert_true(sent < CLIENTS);
		assert_int_equal(s.u.limits, 1);
	}
}

/** A question of type CAA of a zone that is not known there. */
static struct caa_outcome stranger(struct scene *s, struct caa_asking *q, uint32_t tag, const struct caa_packet *p)
{
	struct caa_serving zone = { .tag = tag };

	q->caa_type = true;
	assert_int_equal(ask_zone(s, q, &zone), CAA_GATE_SEND);
	s->now_us += ROUND_US;
	return end_zone(s, q, &zone, CAA_END_ANSWER, p, false);
}

/** Another address that shares the limit has used it up, so that hardly any zone is answered before the others are denied; it is seen in
 *  one of these that is answered when it is asked again. */
static void who_is_answered_after_a_denial_finds_a_limit(void **state)
{
	static const struct { unsigned pass, denied; bool again, limited; const char *why; } row[] = {
		{ 0, 16, true,  true,  "an address that has answered nobody before" },
		{ 0, 15, true,  false, "fifteen strangers may not be served there" },
		{ 0, 90, false, false, "nor many, while those are answered that were not denied" },
		{ 3, 16, true,  true,  "hardly any was heard" },
		{ 3, 15, true,  false, "and the others were too few" },
		{ 3, 90, false, false, "three are served there, and the others are not" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_asking again = { .question = 0 };
		struct caa_outcome o;

		for (unsigned n = 0; n < row[i].pass; n++)
			assert_false(stranger(&s, &(struct caa_asking){ .caa = false }, 1000 + n, &data).limited);
		for (unsigned n = 0; n < row[i].denied; n++) {
			struct caa_asking q = { .caa = false };

			assert_false(stranger(&s, &q, 10 + n, &refused).limited);
			if (row[i].again)
				again = (struct caa_asking){ .question = q.question, .denied = true, .same_denied = true };
		}
		o = stranger(&s, &again, 9 + row[i].denied, &data);
		if (o.limited != row[i].limited || o.limit != row[i].limited || s.u.limits != row[i].limited)
			fail_msg("%s", row[i].why);
		nothing_is_left(&s);
	}
}

enum { STRANGERS = 8 };

/** Zones that may not be served there are lost, and say that there is a limit. */
static void strangers_claim(struct scene *s, struct caa_serving zone[static STRANGERS])
{
	struct caa_asking q[STRANGERS] = { { .caa = false } };

	s->zone.tcp = 0;
	meet_zones(s, 4);
	chat(s, 4);
	for (unsigned i = 0; i < STRANGERS; i++) {
		zone[i] = (struct caa_serving){ .tag = 10 + i };
		leave_zone(s, &q[i], &zone[i]);
	}
	s->now_us += second / 2;
	for (unsigned i = 0; i < STRANGERS; i++)
		lose(s, &q[i], &zone[i], &losses[0]);
	assert_true(caa_learn_limited(&s->u.learn));
}

/** It waits for its turn, if it has to. */
static void leave_in_turn(struct scene *s, struct caa_asking *q, struct caa_serving *zone, bool repeated)
{
	struct caa_wish wish = wish_of(s);

	wish.repeated = repeated;
	while (ask_wish(s, q, zone, &wish) == CAA_GATE_WAIT)
		wish.now_us = s->now_us += s->wait_us;
	encode(s, q);
	assert_true(q->udp);
}

static void what_becomes_of_a_claim_of_strangers(void **state)
{
	/* s, w: a stranger, that was lost before, or a witness is answered; S, W: lost; D: a stranger is denied; v, V: a witness
	 * that was lost before; f: a stranger that was not is answered */
	static const struct { const char *events; bool limited, tested; const char *why; } row[] = {
		{ "",    true,  true,  "a witness tests it" },
		{ "w",   true,  true,  "no stranger was lost since" },
		{ "www", true,  true,  "however often" },
		{ "S",   true,  true,  "strangers say it once more" },
		{ "Sw",  true,  true,  "a witness is answered though one is lost: it may be chance" },
		{ "SSw", false, false, "a witness is answered though they are lost" },
		{ "SSf", false, false, "or a stranger that is new" },
		{ "wSwSw", false, false, "also after other answers" },
		{ "SSSw", false, false, "or other losses" },
		{ "DDDw", true, true,  "denials have their own count" },
		{ "DDDD", false, false, "which makes them an answer" },
		{ "s",   true,  false, "a stranger is answered when it comes slower: it is a limit" },
		{ "Ss",  true,  false, "the second time, too" },
		{ "W",   true,  false, "a witness is lost as well" },
		{ "SW",  true,  false, "as well" },
		{ "Ww",  true,  false, "and what is answered then came at the rate" },
		{ "V",   true,  true,  "but one that was so before says nothing" },
		{ "SSVw", false, false, "of either" },
		{ "v",   true,  false, "unless it is answered" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_serving zone[STRANGERS];
		struct caa_asking last = { .caa = false };
		unsigned strangers = 0;

		strangers_claim(&s, zone);
		for (const char *event = row[i].events; *event != '\0'; event++) {
			bool stranger = strchr("sSD", *event) != NULL, lost = strchr("SWV", *event) != NULL;
			struct caa_serving fresh = { .tag = 99 }, *of = stranger ? &zone[strangers++] : *event == 'f' ? &fresh : &s.serving;
			struct caa_asking q = { .caa = false };

			of->spoke_ms = 0;	/* its voice is another test's */
			leave_in_turn(&s, &q, of, strchr("sSDvV", *event) != NULL);
			s.now_us += lost ? second / 2 : ROUND_US;
			end_zone(&s, &q, of, lost ? CAA_END_TIMEOUT : CAA_END_ANSWER, *event == 'D' ? &refused : &data, false);
		}
		if (caa_learn_limited(&s.u.learn) != row[i].limited || caa_learn_wants_witness(&s.u.learn, 0) != row[i].tested)
			fail_msg("\"%s\": %s", row[i].events, row[i].why);
		if (row[i].tested)
			leave(&s, &last);	/* at once */
	}
}

/** The claim may be true: not all of a witness' names leave at once. */
static void a_witness_tests_a_claim_with_a_window(void **state)
{
	enum { CROWD = 500 };
	struct scene s = begin();
	struct caa_serving zone[STRANGERS];
	struct caa_asking q[CROWD] = { { .caa = false } };
	unsigned sent = 0;

	(void)state;
	strangers_claim(&s, zone);
	for (unsigned i = 0; i < CROWD; i++)
		sent += ask(&s, &q[i]) == CAA_GATE_SEND;
	assert_int_equal(sent, BURST);
	s.now_us += ROUND_US;
	answered(&s, &q[0], &data);
	assert_int_equal(ask(&s, &q[BURST]), CAA_GATE_SEND);
	s.now_us += second / 2;
	for (unsigned i = 1; i <= BURST; i++)
		end(&s, &q[i], CAA_END_TIMEOUT, NULL, false);
	assert_true(caa_learn_limited(&s.u.learn));
	for (unsigned i = BURST + 1; i < CROWD; i++)
		assert_int_equal(ask(&s, &q[i]), CAA_GATE_WAIT);
}

/** Those who say so have more names than one, which are under way aside and for long: a witness is not held back by them. */
static void who_is_suspect_does_not_keep_a_witness_from_testing(void **state)
{
	struct scene s = begin();
	struct caa_serving zone[STRANGERS];
	struct caa_asking suspect[2 * BURST] = { { .caa = false } }, q[BURST + 1] = { { .caa = false } };
	struct caa_serving silent = { .tag = 2 };

	(void)state;
	s.zone.tcp = 0;
	chat(&s, 4);
	caa_serving_lost(&silent, s.now_us, s.u.learn.seq, s.u.learn.answered_seq);
	for (unsigned i = 0; i < COUNT_OF(suspect); i++)
		leave_zone(&s, &suspect[i], &silent);
	strangers_claim(&s, zone);
	for (unsigned i = 0; i <= BURST; i++)
		assert_int_equal(ask(&s, &q[i]), i < BURST ? CAA_GATE_SEND : CAA_GATE_WAIT);
	for (unsigned i = 0; i < COUNT_OF(suspect); i++)	/* nor makes their end room */
		end_zone(&s, &suspect[i], &silent, CAA_END_TIMEOUT, NULL, false);
	assert_true(caa_learn_limited(&s.u.learn));
	assert_int_equal(ask(&s, &q[BURST]), CAA_GATE_WAIT);
	end(&s, &q[0], CAA_END_ABANDONED, NULL, false);
	assert_int_equal(ask(&s, &q[BURST]), CAA_GATE_SEND);
	for (unsigned i = 1; i <= BURST; i++)
		end(&s, &q[i], CAA_END_ABANDONED, NULL, false);
	nothing_is_left(&s);
}

/** Many under way, all answered: the window is wide. */
static void warm_up(struct scene *s)
{
	for (unsigned round = 0; round < 3; round++) {
		struct caa_asking q[BURST] = { { .caa = false } };

		for (unsigned i = 0; i < BURST; i++)
			leave(s, &q[i]);
		s->now_us += 2 * ROUND_US;
		for (unsigned i = 0; i < BURST; i++)
			answered(s, &q[i], &data);
	}
	assert_true(s->u.learn.pacer.window >= 2 * BURST);
}

/** A query of two zones that are asked at the same address, of which one is silent: it comes, waits, and ends. */
struct guest {
	struct caa_asking q;
	struct caa_serving *zone;
	uint64_t end_us;	/**< when it will be answered or lost, once it was sent */
	enum { COMES, SENT, GONE } at;
};

/** @return whether it was answered. */
static bool act(struct scene *s, struct guest *g, bool silent)
{
	if (g->at == COMES && ask_zone(s, &g->q, g->zone) == CAA_GATE_SEND) {
		g->at = SENT;
		g->end_us = s->now_us + (silent ? second / 2 : ROUND_US);
	}
	if (g->at != SENT || s->now_us < g->end_us)
		return false;
	end_zone(s, &g->q, g->zone, silent ? CAA_END_TIMEOUT : CAA_END_ANSWER, &data, false);
	g->at = GONE;
	return !silent;
}

/** Its servers have moved away, or are attacked. */
static void a_witness_that_goes_silent_among_others_does_not_limit_them(void **state)
{
	enum { SECONDS = 40, MOST = 52 };
	static const struct { unsigned silent, others; const char *why; } row[] = {
		{ 1,  4,  "a few names each second" },
		{ 4,  8,  "more" },
		{ 12, 40, "many" },
		{ 8,  2,  "more than are answered" },
	};
	static struct guest guest[SECONDS * MOST];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_serving silent = { .tag = 2 };
		unsigned guests = 0, came = 0, answers = 0;

		s.zone.tcp = 0;
		chat_zone(&s, &silent, 4);
		warm_up(&s);
		s.now_us += 2 * second;
		chat(&s, 1);
		for (unsigned n = 0; n < SECONDS; n++) {
			for (unsigned k = 0; k < row[i].silent + row[i].others; k++)
				guest[guests++] = (struct guest){ .zone = k < row[i].silent ? &silent : &s.serving };
			came += row[i].others;
			for (unsigned tick = 0; tick < 200; tick++, s.now_us += 5 * ms)
				for (unsigned k = 0; k < guests; k++)
					answers += act(&s, &guest[k], guest[k].zone == &silent);
		}
		if (s.u.limits > 0)
			fail_msg("limited: %s", row[i].why);
		assert_false(caa_serving_is_witness(&silent, s.now_us));
		assert_int_equal(answers, came);
	}
}

/** Zones that are not answered fill the room, and a limiter would answer some of them: who is answered does not wait for them. */
static void who_is_answered_passes_by_the_silent(void **state)
{
	struct scene s = begin();
	struct caa_serving zone[2 * BURST];
	struct caa_asking silent[2 * BURST] = { { .caa = false } }, good[BURST + 1] = { { .caa = false } };

	(void)state;
	s.zone.tcp = 0;
	warm_up(&s);
	s.u.learn.pacer.window = BURST;
	for (unsigned i = 0; i < COUNT_OF(zone); i++)
		zone[i] = (struct caa_serving){ .tag = 10 + i };
	for (unsigned i = 0; i < BURST; i++)
		leave_zone(&s, &silent[i], &zone[i]);
	assert_int_equal(ask(&s, &good[0]), CAA_GATE_WAIT);
	s.now_us += second / 2;
	for (unsigned i = 0; i < BURST; i++)
		lose(&s, &silent[i], &zone[i], &losses[0]);
	assert_false(caa_learn_limited(&s.u.learn));
	for (unsigned i = BURST; i < 2 * BURST; i++)
		leave_zone(&s, &silent[i], &zone[i]);
	for (unsigned i = 0; i < BURST; i++) {
		leave(&s, &good[i]);
		assert_true(good[i].sent.aside);
	}
	assert_int_equal(ask(&s, &good[BURST]), CAA_GATE_WAIT);	/* no more at once than at first */
	answered(&s, &good[0], &data);
	leave(&s, &good[BURST]);
}

/** Zones that have answered before, and are late now, fill the room: who is answered all the time passes by them, one after the other,
 *  though it was asked for before the last of them left. */
static void who_is_answered_passes_by_the_late(void **state)
{
	struct scene s = begin();
	struct caa_serving late[BURST];
	struct caa_asking slow[BURST], good = { .caa = false };
	struct caa_wish wish;

	(void)state;
	s.zone.tcp = 0;
	warm_up(&s);
	s.u.learn.pacer.window = BURST;
	for (unsigned i = 0; i < BURST; i++) {
		late[i] = (struct caa_serving){ .tag = 10 + i };
		slow[i] = (struct caa_asking){ .caa = false };
		caa_serving_answered(&late[i], s.now_us);
		leave_zone(&s, &slow[i], &late[i]);
	}
	s.now_us += second;
	for (unsigned n = 0; n < 3; n++) {
		s.u.learn.pacer.window = (uint16_t)s.u.learn.pacer.inflight;	/* an answer makes room, which others take */
		wish = wish_of(&s);
		wish.age_us = s.now_us - 2 * second;
		assert_int_equal(ask_wish(&s, &good, &s.serving, &wish), CAA_GATE_SEND);
		assert_int_equal(good.sent.aside, CAA_ASIDE_PASSES);
		answered(&s, &good, &data);
	}
}

/** It has a line of its own: neither the others' queries nor their limit are seen there, and nothing is learned. */
static void a_rate_by_hand_is_untouched_by_other_zones(void **state)
{
	enum { RATE = 10, SENDS = 50, CROWD = 40 };
	static const uint8_t key[CAA_HASH_KEY] = { 5 };
	struct scene others = begin(), hand = by_hand(RATE);
	struct caa_upstreams *t = caa_upstreams_create(4, 1, key);
	struct caa_addr addr = others.u.addr, line = addr;
	struct caa_upstream *u, *u_line;
	uint64_t start_us = hand.now_us;

	(void)state;
	assert_non_null(t);
	line.line = 7;
	u = caa_upstreams_get(t, &addr, BURST);
	u_line = caa_upstreams_get(t, &line, 1);
	assert_ptr_not_equal(u, u_line);
	for (unsigned sent = 0; sent < SENDS; hand.now_us += 20 * ms) {
		static struct caa_asking q[SENDS], crowd[CROWD];
		static struct caa_serving zone[CROWD];
		struct caa_wish wish = wish_of(&hand), theirs = wish_of(&others);
		uint64_t wait_us;

		theirs.now_us = hand.now_us;
		theirs.deadline_us = hand.now_us + BUDGET_US;
		for (unsigned i = 0; i < CROWD; i++) {
			crowd[i] = (struct caa_asking){ .zone = i + 1, .question = i + 1 + sent };
			if (caa_gate_ask(u, &crowd[i], &zone[i], &theirs, &wait_us) == CAA_GATE_SEND)
				caa_outcome_of(u, &crowd[i], &zone[i], &secret, hand.now_us, CAA_END_ANSWER,
					i < CROWD / 4 ? &data : &refused, false);
			else
				caa_outcome_of(u, &crowd[i], &zone[i], &secret, hand.now_us, CAA_END_ABANDONED, NULL, crowd[i].tcp);
		}
		q[sent].zone = 99;
		q[sent].question = sent + 1;
		if (caa_gate_ask(u_line, &q[sent], &hand.serving, &wish, &wait_us) != CAA_GATE_SEND)
			continue;
		assert_int_equal(hand.now_us - start_us, sent * second / RATE);
		caa_outcome_of(u_line, &q[sent], &hand.serving, &secret, hand.now_us, CAA_END_ANSWER, sent % 2 == 0 ? &refused : &data,
			false);
		sent++;
	}
	assert_true(u->limits > 0);
	assert_int_equal(u_line->limits, 0);
	caa_upstreams_destroy(t);
}

/* --- what an outcome means --------------------------------------------------------------------------------------------- */

static void an_outcome_says_what_it_means(void **state)
{
	static const struct caa_packet tc_data = { .truncated = true, .records = 1 };
	static const struct caa_packet tc_refused = { .truncated = true, .rcode = CAA_RCODE_REFUSED };
	static const struct caa_packet nxdomain = { .rcode = CAA_RCODE_NXDOMAIN };
	static const struct caa_packet useless = { .edns = true, .records = 1, .useless = true };
	static const struct { enum caa_end end; const struct caa_packet *packet; bool tcp; enum caa_meaning stranger, witness; }
	row[] = {
		{ CAA_END_ANSWER, &data,       false, CAA_MEANS_ANSWER, CAA_MEANS_ANSWER },
		{ CAA_END_ANSWER, &nxdomain,   false, CAA_MEANS_ANSWER, CAA_MEANS_ANSWER },
		{ CAA_END_ANSWER, &badcookie,  false, CAA_MEANS_ERROR, CAA_MEANS_ERROR },	/* it had no cookie */
		{ CAA_END_ANSWER, &formerr,    false, CAA_MEANS_ERROR, CAA_MEANS_ERROR },
		{ CAA_END_ANSWER, &notimp,     false, CAA_MEANS_ERROR, CAA_MEANS_ERROR },
		{ CAA_END_ANSWER, &formerr,    true,  CAA_MEANS_ERROR, CAA_MEANS_ERROR },
		{ CAA_END_ANSWER, &tc_data,    true,  CAA_MEANS_ERROR, CAA_MEANS_ERROR },
		{ CAA_END_ANSWER, &useless,    false, CAA_MEANS_ERROR, CAA_MEANS_ERROR },
		{ CAA_END_ANSWER, &cut,        true,  CAA_MEANS_DENIED, CAA_MEANS_DENIED },	/* a limiter may send it */
		{ CAA_END_ANSWER, &refused,    false, CAA_MEANS_DENIED, CAA_MEANS_DENIED },
		{ CAA_END_ANSWER, &servfail,   false, CAA_MEANS_DENIED, CAA_MEANS_DENIED },
		{ CAA_END_ANSWER, &refused,    true,  CAA_MEANS_DENIED, CAA_MEANS_DENIED },
		{ CAA_END_ANSWER, &cut,        false, CAA_MEANS_NOTHING, CAA_MEANS_NOTHING },	/* TCP is asked */
		{ CAA_END_ANSWER, &tc_data,    false, CAA_MEANS_NOTHING, CAA_MEANS_NOTHING },
		{ CAA_END_ANSWER, &tc_refused, false, CAA_MEANS_NOTHING, CAA_MEANS_NOTHING },
		{ CAA_END_TIMEOUT, NULL,       false, CAA_MEANS_SILENCE, CAA_MEANS_LOST },
		{ CAA_END_ERROR, NULL,         false, CAA_MEANS_SILENCE, CAA_MEANS_LOST },
		{ CAA_END_TIMEOUT, NULL,       true,  CAA_MEANS_NO_TCP, CAA_MEANS_NO_TCP },
		{ CAA_END_ERROR, NULL,         true,  CAA_MEANS_NO_TCP, CAA_MEANS_NO_TCP },
		{ CAA_END_ABANDONED, NULL,     false, CAA_MEANS_NOTHING, CAA_MEANS_NOTHING },
		{ CAA_END_ABANDONED, NULL,     true,  CAA_MEANS_NOTHING, CAA_MEANS_NOTHING },
	};
	enum { STRANGER, WITNESS, LIMITED_STRANGER, SCENES };

	(void)state;
	for (size_t i = 0; i < SCENES * COUNT_OF(row); i++) {
		size_t scene = i / COUNT_OF(row), r = i % COUNT_OF(row);
		struct scene s = begin();
		struct caa_serving stranger = { .tag = 2 }, *zone = scene == WITNESS ? &s.serving : &stranger;
		struct caa_asking q = { .caa = false };
		struct caa_outcome o;

		if (scene == LIMITED_STRANGER)
			meet_limit(&s);
		else
			chat(&s, 1);
		caa_gate_other(&s.u, &q, s.now_us, row[r].tcp);
		o = end_zone(&s, &q, zone, row[r].end, row[r].packet, row[r].tcp);
		if (o.meaning != (scene == STRANGER ? row[r].stranger : row[r].witness))
			fail_msg("row %u, scene %u: %u", (unsigned)r, (unsigned)scene, (unsigned)o.meaning);
		assert_int_equal(o.limit, scene == LIMITED_STRANGER);
	}
}

static void an_outcome_says_whose_denial_it_is(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };

	(void)state;
	leave(&s, &q);
	assert_int_not_equal(answered(&s, &q, &refused).denial, CAA_DENIAL_OWN);
	caa_serving_denies(&s.serving, s.now_us);
	leave(&s, &q);
	assert_int_equal(answered(&s, &q, &refused).denial, CAA_DENIAL_OWN);
	leave(&s, &q);
	assert_int_not_equal(answered(&s, &q, &data).denial, CAA_DENIAL_OWN);
}

/** A connection that is closed where TCP works may have carried too many, and its questions are asked again as often as those of a zone whose
 *  nodes differ; elsewhere, or where nothing comes, fewer times are enough. */
static void a_closed_connection_says_less_where_tcp_works(void **state)
{
	static const struct { bool works; enum caa_end end; enum caa_denial_kind denial; } row[] = {
		{ true, CAA_END_ERROR, CAA_DENIAL_MIXED }, { true, CAA_END_TIMEOUT, CAA_DENIAL_ERROR },
		{ false, CAA_END_ERROR, CAA_DENIAL_ERROR }, { false, CAA_END_TIMEOUT, CAA_DENIAL_ERROR },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_asking q = { .caa = false };
		struct caa_outcome o;

		s.u.transport.window = row[i].works ? 4 : 0;
		caa_serving_good(&s.serving, s.now_us);		/* that is of UDP */
		q.tcp = true;
		caa_gate_other(&s.u, &q, s.now_us, true);
		o = end(&s, &q, row[i].end, NULL, true);
		assert_int_equal(o.meaning, CAA_MEANS_NO_TCP);
		assert_int_equal(o.denial, row[i].denial);
	}
}

/** What only may go over TCP leaves the places for connections to what has to; that waits while something is under way over each, and
 *  takes another's after a while, if it may. */
static void a_connection_needs_a_place(void **state)
{
	enum { LONG_US = 3000000 };
	static const struct { enum caa_room room; bool must; uint64_t after_us; enum caa_gate gate; } row[] = {
		{ CAA_ROOM_FREE,  false, 0, CAA_GATE_SEND_TCP },
		{ CAA_ROOM_KEPT,  false, 0, CAA_GATE_SEND },
		{ CAA_ROOM_TAKEN, false, 0, CAA_GATE_SEND },
		{ CAA_ROOM_NONE,  false, 0, CAA_GATE_SEND },
		{ CAA_ROOM_FREE,  true,  0, CAA_GATE_SEND_TCP },
		{ CAA_ROOM_KEPT,  true,  0, CAA_GATE_SEND_TCP },
		{ CAA_ROOM_TAKEN, true,  0, CAA_GATE_WAIT },
		{ CAA_ROOM_TAKEN, true,  LONG_US - 1, CAA_GATE_WAIT },
		{ CAA_ROOM_TAKEN, true,  LONG_US, CAA_GATE_SEND_TCP },
		{ CAA_ROOM_NONE,  true,  LONG_US, CAA_GATE_WAIT },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_asking q = { .caa = false };
		struct caa_wish wish;

		chat(&s, 4);
		caa_transport_prefer_tcp(&s.u.transport, s.now_us);
		wish = wish_of(&s);
		wish.room = row[i].room;
		wish.tcp = row[i].must;
		if (row[i].after_us > 0) {
			assert_int_equal(ask_wish(&s, &q, &s.serving, &wish), CAA_GATE_WAIT);
			wish.now_us += row[i].after_us;
		}
		assert_int_equal(ask_wish(&s, &q, &s.serving, &wish), row[i].gate);
		if (row[i].gate == CAA_GATE_WAIT)	/* more seldom the longer it waits */
			assert_in_range(s.wait_us, SOON_US + row[i].after_us / 20, SOON_US + row[i].after_us / 8);
	}
}

/** That we closed a connection says nothing of its server, and nothing of the question. */
static void what_we_cut_ourselves_says_nothing(void **state)
{
	struct scene s = begin();
	struct caa_transport before;
	struct caa_outcome o;

	(void)state;
	chat(&s, 4);
	s.u.transport.window = 4;
	before = s.u.transport;
	for (unsigned i = 0; i < 2; i++) {
		struct caa_asking q = { .caa = false };

		assert_int_equal(ask_tcp(&s, &q), CAA_GATE_SEND_TCP);
		o = end(&s, &q, CAA_END_CUT, NULL, true);
		assert_int_equal(o.meaning, CAA_MEANS_NOTHING);
		assert_false(o.limited || o.limit);
	}
	assert_memory_equal(&s.u.transport, &before, sizeof(before));
	assert_int_equal(s.u.failed, 2);
	nothing_is_left(&s);
}

/** How often a question is asked again depends on who may have said no. */
static void an_outcome_says_what_kind_of_denial_it_is(void **state)
{
	static const struct caa_packet tc_data = { .truncated = true, .records = 1 };
	static const struct caa_packet useless = { .edns = true, .records = 1, .useless = true };
	static const struct caa_packet lacks = { .records = 1, .lacks = true };
	static const struct caa_packet *const no_good[] = { &formerr, &useless, &lacks, &tc_data };
	static const struct { const struct caa_packet *packet; bool tcp, good, limited; enum caa_denial_kind denial; bool twice; } row[] = {
		{ &formerr,  false, false, false, CAA_DENIAL_ERROR, false },
		{ &formerr,  false, true,  false, CAA_DENIAL_MIXED, false },	/* the nodes behind the address differ */
		{ &formerr,  true,  false, false, CAA_DENIAL_ERROR, false },	/* it may be to EDNS */
		{ &useless,  true,  false, false, CAA_DENIAL_ERROR, true },
		{ &useless,  false, false, false, CAA_DENIAL_ERROR, false },
		{ &tc_data,  true,  false, false, CAA_DENIAL_CUT, false },
		{ &tc_data,  true,  true,  false, CAA_DENIAL_MIXED, true },
		{ &cut,      true,  false, false, CAA_DENIAL_CUT, false },
		{ &cut,      true,  false, true,  CAA_DENIAL_LIMITED, false },	/* the limiter does not spare TCP */
		{ &refused,  false, true,  false, CAA_DENIAL_OPEN, false },
		{ &refused,  true,  false, false, CAA_DENIAL_OPEN, true },
		{ &servfail, false, false, true,  CAA_DENIAL_LIMITED, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = begin();
		struct caa_serving zone = { .tag = 2 };
		struct caa_asking q = { .caa = false };
		struct caa_outcome o;

		if (row[i].limited)
			meet_limit(&s);
		if (row[i].good)
			caa_serving_good(&zone, s.now_us);
		for (size_t n = 0; n < COUNT_OF(no_good); n++) {
			struct caa_asking before = { .caa = false };

			caa_gate_other(&s.u, &before, s.now_us, false);
			end_zone(&s, &before, &zone, CAA_END_ANSWER, no_good[n], false);
		}
		q.tcp = row[i].tcp;
		caa_gate_other(&s.u, &q, s.now_us, row[i].tcp);
		o = end_zone(&s, &q, &zone, CAA_END_ANSWER, row[i].packet, row[i].tcp);
		if (o.denial != row[i].denial || o.twice != row[i].twice)
			fail_msg("row %u: %u, %u", (unsigned)i, (unsigned)o.denial, o.twice);
	}
}

/** A limiter that truncates over TCP as well is not helped by TCP, and UDP's pace goes on. */
static void tcp_that_is_cut_does_not_help(void **state)
{
	struct scene s = begin();

	(void)state;
	meet_limit(&s);
	for (unsigned i = 0; i < 2; i++) {
		struct caa_asking q = { .caa = false };

		assert_int_equal(ask(&s, &q), CAA_GATE_SEND_TCP);
		end(&s, &q, CAA_END_ANSWER, &cut, true);
		s.now_us += second + ROUND_US;
	}
	assert_false(caa_transport_works(&s.u.transport));
	assert_int_equal(caa_transport_choose(&s.u.transport, s.now_us, false), CAA_TRANSPORT_UDP);
}

/** A rate that is set by hand is no limit that was met. */
static void a_rate_by_hand_is_no_limit(void **state)
{
	struct scene s = by_hand(10);
	struct caa_asking q = { .caa = false };

	(void)state;
	leave(&s, &q);
	assert_false(answered(&s, &q, &data).limit);
}

static void an_outcome_says_who_answered_lately(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };
	struct caa_outcome o;

	(void)state;
	leave(&s, &q);
	o = end(&s, &q, CAA_END_TIMEOUT, NULL, false);
	assert_false(o.lately);
	assert_int_equal(o.srtt_us, 0);
	leave(&s, &q);
	s.now_us += ROUND_US;
	o = answered(&s, &q, &data);
	assert_true(o.lately);
	assert_int_equal(o.srtt_us, ROUND_US);
	leave(&s, &q);
	s.now_us += second;
	assert_true(end(&s, &q, CAA_END_TIMEOUT, NULL, false).lately);
	s.now_us += 2 * second;
	leave(&s, &q);
	assert_false(end(&s, &q, CAA_END_TIMEOUT, NULL, false).lately);
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
	assert_int_equal(ask_wish(&s, &q[0], &s.serving, &wish), CAA_GATE_SEND);
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
	struct caa_serving *zone;
	enum { IDLE, WAITS, UNDER_WAY } at;
	bool tcp;
};

static void check_invariants(const struct scene *s, const struct actor *actor, size_t actors)
{
	unsigned placed = 0, in_line = 0, udp = 0, asides = 0, passing = 0, tcp = 0;

	for (size_t i = 0; i < actors; i++) {
		placed += actor[i].q.turn.in_line;
		udp += actor[i].q.udp && !actor[i].q.sent.aside;
		asides += actor[i].q.udp && actor[i].q.sent.aside == CAA_ASIDE_TESTS;
		passing += actor[i].q.udp && actor[i].q.sent.aside == CAA_ASIDE_PASSES;
		tcp += actor[i].q.tcp;
		assert_true(!actor[i].q.turn.in_line || actor[i].at == WAITS);
	}
	for (const struct caa_turn *t = s->u.line.first; t != NULL; t = t->behind) {
		assert_true(t->in_line);
		assert_true(t->behind == NULL || (int32_t)(t->behind->place.at - t->place.at) > 0);
		in_line++;
	}
	assert_int_equal(in_line, placed);
	assert_int_equal(caa_pacer_waiting(&s->u.learn.pacer), placed);
	assert_int_equal(s->u.transport.inflight, tcp);
	assert_true(s->u.learn.pacer.inflight <= udp);
	assert_int_equal(s->u.learn.asides, asides);
	assert_int_equal(s->u.learn.passing, passing);
}

static void act_ask(struct scene *s, struct actor *a, uint64_t *random)
{
	struct caa_wish wish = wish_of(s);

	wish.deadline_us = s->now_us + next_random(random) % (2 * second);
	wish.tcp = next_random(random) % 8 == 0;
	wish.age_us = s->now_us - next_random(random) % second;
	wish.repeated = next_random(random) % 4 == 0;
	wish.may_move = next_random(random) % 2 == 0;
	wish.queued = next_random(random) % 8 == 0;
	if (next_random(random) % 8 == 0) {
		a->tcp = wish.tcp;
		caa_gate_other(&s->u, &a->q, s->now_us, wish.tcp);
		a->at = UNDER_WAY;
		return;
	}
	switch (ask_wish(s, &a->q, a->zone, &wish)) {
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
	static const struct caa_packet *const packet[] = { &data, &data, &data, &refused, &servfail, &formerr, &notimp,
		&badcookie };
	enum caa_end how = (enum caa_end)(next_random(random) % 4);
	struct caa_packet p = *packet[next_random(random) % COUNT_OF(packet)];
	bool tcp = how == CAA_END_ABANDONED ? next_random(random) % 2 == 0 : a->tcp, edns = next_random(random) % 2 == 0;
	uint8_t option[FULL];

	if (next_random(random) % 4 == 0 && a->q.cookie.client_sent)
		p = with_cookie(option, &a->q, p.rcode);
	if (how == CAA_END_ANSWER && !tcp && !accepted(s, &a->q, &p))
		return;		/* forged: it goes on waiting */
	end_zone(s, &a->q, a->zone, how, &p, tcp);
	if (how == CAA_END_ANSWER || (tcp && how != CAA_END_ABANDONED))
		caa_proof_again(&s->u, &a->q, &s->serving, s->now_us, how == CAA_END_ANSWER ? &p : NULL, edns, is_good(&p));
	a->at = IDLE;
}

static void whatever_happens_nothing_leaks(void **state)
{
	enum { ACTORS = 60, ZONES_HERE = 5, STEPS = 20000, RUNS = 12 };
	uint64_t random = 77;

	(void)state;
	for (unsigned run = 0; run < RUNS; run++) {
		struct scene s = begin();
		struct actor actor[ACTORS] = { { .at = IDLE } };
		struct caa_serving zone[ZONES_HERE];

		for (unsigned i = 0; i < ZONES_HERE; i++)
			zone[i] = (struct caa_serving){ .tag = i + 1 };
		for (unsigned i = 0; i < ACTORS; i++)
			actor[i].zone = &zone[i * i % ZONES_HERE];
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

/* --- several outgoing addresses ----------------------------------------------------------------------------------------- */

/** Two netblocks of three, or none. */
static struct caa_wish wish_from(struct scene *s, bool netblocks, uint64_t *random)
{
	struct caa_wish wish = wish_of(s);

	s->u.sources = SOURCES;
	wish.sources = SOURCES;
	wish.netblocks = netblocks ? 6 : 0;
	wish.random = (uint32_t)(next_random(random) >> 32);
	return wish;
}

static void send_from(struct scene *s, struct caa_asking *q, bool netblocks, uint64_t *random)
{
	struct caa_wish wish = wish_from(s, netblocks, random);

	assert_int_equal(ask_wish(s, q, &s->serving, &wish), CAA_GATE_SEND);
	encode(s, q);
}

static void answer_from(struct scene *s, struct caa_asking *q)
{
	uint8_t option[FULL];
	struct caa_packet p = with_cookie(option, q, CAA_RCODE_NOERROR);

	s->now_us += ROUND_US;
	assert_true(accepted(s, q, &p));
	answered(s, q, &p);
}

/** Six queries, two from each: the second one returns what the first one got; of a netblock nothing is returned. */
static void each_address_returns_its_own_cookie(void **state)
{
	(void)state;
	for (int netblocks = 0; netblocks <= 1; netblocks++) {
		struct scene s = begin();
		unsigned sent[SOURCES] = { 0 }, returned[SOURCES] = { 0 };
		uint64_t random = 3;

		for (unsigned i = 0; i < 600; i++) {
			struct caa_asking q = { .caa = false };

			send_from(&s, &q, netblocks, &random);
			assert_true(q.chosen);
			assert_in_range(q.source, 0, SOURCES - 1);
			assert_int_equal(q.cookie.source, q.source);
			sent[q.source]++;
			returned[q.source] += q.cookie.server_sent;
			answer_from(&s, &q);
		}
		for (unsigned i = 0; i < SOURCES; i++)
			assert_int_equal(returned[i], netblocks && i > 0 ? 0 : sent[i] - 1);
		assert_true(sent[0] > 190 && sent[1] > 40 && sent[2] > 40);
	}
}

/** Unbound takes a connection that is there, from wherever: neither part of an address' cookie is sent on it. */
static void over_tcp_the_address_is_unbounds(void **state)
{
	struct scene s = begin();
	struct caa_asking q = { .caa = false };
	uint64_t random = 3;
	struct caa_wish wish = wish_from(&s, false, &random);
	uint8_t option[FULL];
	struct caa_packet p;

	(void)state;
	wish.tcp = true;
	assert_int_equal(ask_wish(&s, &q, &s.serving, &wish), CAA_GATE_SEND_TCP);
	assert_false(q.chosen);
	assert_int_equal(q.source, CAA_SOURCE_ANY);
	assert_int_equal(encode(&s, &q), CAA_COOKIE_CLIENT);
	p = with_cookie(option, &q, CAA_RCODE_NOERROR);
	end(&s, &q, CAA_END_ANSWER, &p, true);
	assert_false(caa_cookie_proves(&s.u.cookie));
	s.zone.rate_qps = 10;	/* at a rate that is set by hand, too */
	q = (struct caa_asking){ .caa = false };
	assert_int_equal(ask_wish(&s, &q, &s.serving, &wish), CAA_GATE_SEND);
	assert_int_equal(q.source, CAA_SOURCE_ANY);
	assert_false(q.chosen);
}

static void where_there_is_no_choice_there_is_one_address(void **state)
{
	struct scene s = begin();

	(void)state;
	for (unsigned sources = 0; sources <= 1; sources++)
		for (uint32_t netblocks = 0; netblocks <= 1; netblocks++) {
			struct caa_asking q = { .caa = false };
			struct caa_wish wish = wish_of(&s);

			wish.sources = sources;
			wish.netblocks = netblocks;
			assert_int_equal(ask_wish(&s, &q, &s.serving, &wish), CAA_GATE_SEND);
			encode(&s, &q);
			assert_false(q.chosen);
			assert_int_equal(q.source, 0);
			answer_from(&s, &q);
			assert_int_equal(caa_cookie_proves(&s.u.cookie), !netblocks);
			caa_cookie_init(&s.u.cookie);
		}
}

/** BADCOOKIE brings the cookie of the address that it came to: the question is asked from there again, whose turn it ever is. */
static void what_is_asked_again_with_its_cookie_leaves_from_there(void **state)
{
	uint64_t random = 5;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		struct scene s = begin();
		struct caa_asking q = { .caa = false };
		uint8_t option[FULL], source;
		struct caa_packet p;

		send_from(&s, &q, false, &random);
		source = q.source;
		p = with_cookie(option, &q, CAA_RCODE_BADCOOKIE);
		assert_true(accepted(&s, &q, &p));
		assert_int_equal(again(&s, &q, &p, true), CAA_AGAIN_SEND);
		send_from(&s, &q, false, &random);
		assert_int_equal(q.source, source);
		assert_true(q.cookie.server_sent);
	}
}

/** One of three is never answered: that is no limit, and hardly anything is sent from there after a while. */
static void an_address_that_is_blocked_limits_nothing(void **state)
{
	enum { BLOCKED = 1, ROUNDS = 400 };
	struct scene s = begin();
	struct caa_asking lost[ROUNDS * SOURCES];
	unsigned count = 0, last = 0;
	uint64_t random = 9;

	(void)state;
	s.zone.cookie = 0;
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned then = count;

		for (unsigned i = 0; i < SOURCES; i++) {
			struct caa_asking q = { .caa = false };

			send_from(&s, &q, false, &random);
			if (q.source == BLOCKED) {
				lost[count++] = q;
				last = round;
				continue;
			}
			s.now_us += ROUND_US;
			answered(&s, &q, &data);
		}
		s.now_us += 400 * ms;
		for (; then < count; then++)
			end(&s, &lost[then], CAA_END_TIMEOUT, NULL, false);
		assert_false(caa_learn_limited(&s.u.learn));
	}
	assert_true(count < ROUNDS * SOURCES / 30);
	assert_true(last > 10);		/* but it is tried now and then */
	assert_int_equal(s.u.learn.pacer.inflight, 0);
}

/** At a limit one that stands aside is tried now and then, and what it loses changes no rate, as another's loss does. */
static void what_is_lost_from_aside_says_nothing_of_the_limit(void **state)
{
	enum { ASIDE = 2 };
	struct scene s = begin();
	struct caa_asking q;
	uint64_t random = 11;
	uint32_t rate_mqps;

	(void)state;
	s.zone.cookie = s.zone.tcp = 0;
	meet_limit(&s);
	s.now_us += 20 * second;
	for (unsigned i = 0; i < 3 * SOURCES; i++) {
		q = (struct caa_asking){ .caa = false };
		send_from(&s, &q, false, &random);
		answered(&s, &q, &data);
		s.now_us += second;
	}
	s.behind[ASIDE].lost = 2;
	do {
		q = (struct caa_asking){ .caa = false };
		send_from(&s, &q, false, &random);
		if (!q.source_aside)
			answered(&s, &q, &data);
		s.now_us += second / 2;
	} while (!q.source_aside);
	assert_int_equal(q.source, ASIDE);
	rate_mqps = s.u.learn.limit.rate_mqps;
	assert_false(end(&s, &q, CAA_END_TIMEOUT, NULL, false).limited);
	assert_int_equal(s.u.learn.limit.rate_mqps, rate_mqps);
	assert_int_equal(s.behind[ASIDE].lost, 3);
	q = (struct caa_asking){ .caa = false };
	send_from(&s, &q, false, &random);
	assert_false(q.source_aside);
	end(&s, &q, CAA_END_TIMEOUT, NULL, false);
	assert_true(s.u.learn.limit.rate_mqps < rate_mqps);
}

static void a_limit_that_is_found_clears_addresses(void **state)
{
	struct scene s = begin();

	(void)state;
	s.u.sources = SOURCES;
	s.behind[1].lost = 7;
	meet_limit(&s);
	assert_int_equal(s.behind[1].lost, 0);
}

/** The cookie of one address is no reason why another's queries are lost, nor not to see it. */
static void what_is_lost_without_a_cookie_of_its_own_counts(void **state)
{
	(void)state;
	for (uint8_t from = 0; from <= 1; from++) {
		struct scene s = begin();
		struct caa_asking q[BURST] = { { .caa = false } };

		chat(&s, 4);
		s.u.sources = SOURCES;
		for (unsigned i = 0; i < BURST; i++) {
			assert_int_equal(ask(&s, &q[i]), CAA_GATE_SEND);
			q[i].source = from;
			encode(&s, &q[i]);
		}
		s.u.cookie.known = 1;	/* of address 0: what left from there before says nothing */
		s.now_us += second;
		for (unsigned i = 0; i < BURST; i++)
			end(&s, &q[i], CAA_END_TIMEOUT, NULL, false);
		assert_int_equal(caa_learn_limited(&s.u.learn), from == 1);
	}
}

/** What left before the cookie was known and is lost, is asked again with it: its loss is no doubt in it. */
static void what_left_before_the_cookie_puts_none_in_doubt(void **state)
{
	struct scene s = begin();
	struct caa_asking q[BURST] = { { .caa = false } };
	struct caa_packet good = data;
	uint8_t cookie[FULL];

	(void)state;
	for (unsigned i = 0; i < BURST; i++)
		leave(&s, &q[i]);
	s.now_us += ROUND_US;
	memset(cookie, 7, sizeof(cookie));
	memcpy(cookie, q[0].cookie.client, CAA_COOKIE_CLIENT);
	good.cookie = cookie;
	good.cookie_len = FULL;
	assert_true(caa_proof_accept(&s.u, &q[0], &secret, s.now_us, &good));
	answered(&s, &q[0], &good);
	s.now_us += 400 * ms;
	for (unsigned i = 1; i < BURST; i++)
		end(&s, &q[i], CAA_END_TIMEOUT, NULL, false);
	for (unsigned i = 1; i < BURST; i++) {
		struct caa_wish wish = wish_of(&s);

		wish.repeated = true;
		assert_int_equal(ask_wish(&s, &q[i], &s.serving, &wish), CAA_GATE_SEND);
		assert_int_equal(encode(&s, &q[i]), FULL);
	}
}

/** What is lost may have been slow: the answer to a question is waited for twice as long with each loss. */
static void who_lost_is_waited_for_longer(void **state)
{
	static const uint32_t least_ms[] = { 0, 100, 200, 400, 800, 1600, 1600 };

	(void)state;
	for (unsigned n = 0; n < COUNT_OF(least_ms); n++) {
		struct scene s = begin();
		struct caa_asking q = { .caa = false };
		struct caa_wish wish = wish_of(&s);

		wish.losses = n;
		wish.repeated = n > 0;
		assert_int_equal(ask_wish(&s, &q, &s.serving, &wish), CAA_GATE_SEND);
		assert_int_equal(q.least_ms, least_ms[n]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_lost_from_aside_says_nothing_of_the_limit),
		cmocka_unit_test(a_limit_that_is_found_clears_addresses),
		cmocka_unit_test(what_is_lost_without_a_cookie_of_its_own_counts),
		cmocka_unit_test(what_left_before_the_cookie_puts_none_in_doubt),
		cmocka_unit_test(who_lost_is_waited_for_longer),
		cmocka_unit_test(each_address_returns_its_own_cookie), cmocka_unit_test(over_tcp_the_address_is_unbounds),
		cmocka_unit_test(where_there_is_no_choice_there_is_one_address),
		cmocka_unit_test(what_is_asked_again_with_its_cookie_leaves_from_there),
		cmocka_unit_test(an_address_that_is_blocked_limits_nothing),
		cmocka_unit_test(a_paced_certificate), cmocka_unit_test(the_first_burst_leaves_at_once),
		cmocka_unit_test(an_answer_is_waited_for_until_the_budget_ends), cmocka_unit_test(a_repeated_query_goes_ahead),
		cmocka_unit_test(within_a_zone_the_older_question_goes_first), cmocka_unit_test(zones_take_turns_at_a_rate),
		cmocka_unit_test(who_is_full_looks_for_no_turn_for_a_moment),
		cmocka_unit_test(at_a_rate_the_front_of_the_line_uses_the_turns),
		cmocka_unit_test(at_a_window_room_is_for_whoever_comes),
		cmocka_unit_test(an_answer_calls_who_waits_for_it), cmocka_unit_test(at_a_rate_nobody_is_called),
		cmocka_unit_test(who_is_not_admitted_moves_nobody), cmocka_unit_test(who_is_queued_takes_its_place_only),
		cmocka_unit_test(a_turn_beyond_the_budget), cmocka_unit_test(a_crowd_without_a_place), cmocka_unit_test(a_silent_address_is_left),
		cmocka_unit_test(after_a_limit_one_tries_tcp_and_many_follow), cmocka_unit_test(tcp_in_vain_is_left_alone),
		cmocka_unit_test(tcp_that_was_chosen_in_vain_is_followed_by_udp),
		cmocka_unit_test(tcp_that_had_to_be_is_left_to_unbound),
		cmocka_unit_test(where_tcp_works_it_is_waited_for_longer),
		cmocka_unit_test(a_denial_over_tcp_that_had_to_be_counts_for_a_witness), cmocka_unit_test(without_caa_tcp_udp_is_paced),
		cmocka_unit_test(who_needs_tcp_waits_for_the_first), cmocka_unit_test(a_rate_by_hand_paces_tcp_too),
		cmocka_unit_test(only_caa_queries_carry_a_cookie), cmocka_unit_test(who_proves_its_source_is_not_limited),
		cmocka_unit_test(one_finds_out_how_the_option_is_liked),
		cmocka_unit_test(losses_from_before_the_cookie_do_not_count), cmocka_unit_test(a_wrong_echo_is_forged),
		cmocka_unit_test(where_only_forged_answers_come_tcp_is_asked),
		cmocka_unit_test(silence_after_a_dropped_answer_says_nothing),
		cmocka_unit_test(silence_after_a_dropped_answer_is_not_held_against_the_option),
		cmocka_unit_test(a_missing_cookie_is_seen_over_tcp), cmocka_unit_test(a_missing_cookie_teaches_nothing),
		cmocka_unit_test(denials_without_the_cookie_are_a_limit_where_tcp_is_denied_too),
		cmocka_unit_test(a_missing_cookie_is_of_one_attempt), cmocka_unit_test(who_goes_for_others_misses_no_cookie), cmocka_unit_test(what_is_asked_beside_says_nothing_of_a_limit),
		cmocka_unit_test(that_caa_is_served_is_known_from_its_answers), cmocka_unit_test(errors_with_a_cookie_are_asked_without),
		cmocka_unit_test(at_a_rate_by_hand_a_missing_cookie_is_seen_over_tcp),
		cmocka_unit_test(without_cookies_nothing_is_forged),
		cmocka_unit_test(a_server_that_dislikes_the_option_is_asked_without),
		cmocka_unit_test(silence_to_the_option_is_tried_without),
		cmocka_unit_test(a_lost_query_is_asked_again_without_the_option), cmocka_unit_test(badcookie_is_no_answer), cmocka_unit_test(who_is_always_lost_says_nothing),
		cmocka_unit_test(notimp_is_final_without_edns_and_remembered), cmocka_unit_test(notimp_is_remembered_for_a_while),
		cmocka_unit_test(notimp_beside_answers_is_not_final),
		cmocka_unit_test(badcookie_twice_is_no_cookie),
		cmocka_unit_test(badcookie_without_cookie_is_an_answer),
		cmocka_unit_test(one_finds_out_about_badcookie_and_others_go_without),
		cmocka_unit_test(a_finder_that_is_gone_leaves_cookies_as_they_are), cmocka_unit_test(a_bad_answer_is_asked_for_without_the_cookie), cmocka_unit_test(a_good_answer_clears_the_cookie),
		cmocka_unit_test(a_good_answer_meanwhile_clears_the_cookie),
		cmocka_unit_test(nothing_without_the_cookie_leaves_it_open), cmocka_unit_test(errors_that_speak_are_no_wonder),
		cmocka_unit_test(it_wonders_only_about_a_cookie), cmocka_unit_test(a_zone_is_asked_without_alone),
		cmocka_unit_test(what_is_not_for_caa_is_left_to_unbound),
		cmocka_unit_test(a_denial_counts_where_the_zone_was_answered_for),
		cmocka_unit_test(one_stranger_never_limits_the_address),
		cmocka_unit_test(who_is_suspect_goes_aside), cmocka_unit_test(of_a_zone_that_was_denied_a_few_go_aside),
		cmocka_unit_test(who_comes_since_it_was_denied_elsewhere_warns), cmocka_unit_test(who_becomes_suspect_in_the_line_leaves_it),
		cmocka_unit_test(many_strangers_find_a_limit),
		cmocka_unit_test(who_is_answered_after_a_denial_finds_a_limit),
		cmocka_unit_test(what_becomes_of_a_claim_of_strangers), cmocka_unit_test(a_witness_tests_a_claim_with_a_window),
		cmocka_unit_test(who_is_suspect_does_not_keep_a_witness_from_testing),
		cmocka_unit_test(a_witness_that_goes_silent_among_others_does_not_limit_them),
		cmocka_unit_test(who_is_answered_passes_by_the_silent), cmocka_unit_test(who_is_answered_passes_by_the_late),
		cmocka_unit_test(a_rate_by_hand_is_untouched_by_other_zones), cmocka_unit_test(an_outcome_says_what_it_means),
		cmocka_unit_test(an_outcome_says_whose_denial_it_is), cmocka_unit_test(a_rate_by_hand_is_no_limit),
		cmocka_unit_test(a_closed_connection_says_less_where_tcp_works),
		cmocka_unit_test(a_connection_needs_a_place), cmocka_unit_test(what_we_cut_ourselves_says_nothing),
		cmocka_unit_test(an_outcome_says_what_kind_of_denial_it_is), cmocka_unit_test(tcp_that_is_cut_does_not_help),
		cmocka_unit_test(an_outcome_says_who_answered_lately), cmocka_unit_test(everything_is_counted),
		cmocka_unit_test(the_cost_is_the_wait), cmocka_unit_test(working_tcp_costs_nothing),
		cmocka_unit_test(silence_costs), cmocka_unit_test(who_is_abandoned_leaves_nothing_behind),
		cmocka_unit_test(who_goes_for_others_gives_up_its_place), cmocka_unit_test(the_end_is_that_of_what_was_sent),
		cmocka_unit_test(whatever_happens_nothing_leaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
