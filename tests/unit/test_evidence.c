/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/pace/evidence.h"

static const uint64_t ms = 1000, second = 1000000, start = 60 * UINT64_C(1000000);

/** An address, and what leaves for it. */
struct scene {
	struct caa_evidence e;
	uint64_t now_us;
	uint32_t seq, answered_seq;
};

static struct scene begin(void)
{
	return (struct scene){ .now_us = start };
}

static struct caa_sent sent(struct scene *s, uint32_t zone, bool stranger)
{
	uint32_t seq = s->seq++;

	return (struct caa_sent){ .sent_us = s->now_us, .seq = seq, .question = seq, .zone = zone, .stranger = stranger, .caa_type = true };
}

static void answer(struct scene *s, struct caa_sent q)
{
	if (s->answered_seq < q.seq + 1)
		s->answered_seq = q.seq + 1;
	caa_evidence_answered(&s->e, s->now_us, q, s->answered_seq);
}

/** @return losses until they look like a limit; 0 if so many do not. */
static unsigned lost_until(struct scene *s, enum caa_signal signal, bool stranger, bool doubted, uint32_t good, unsigned most)
{
	for (unsigned i = 1; i <= most; i++) {
		caa_evidence_weigh(&s->e, s->now_us, sent(s, i, stranger), s->answered_seq, signal);
		if (caa_evidence_is_limit(&s->e, signal, doubted, good))
			return i;
	}
	return 0;
}

/** Strangers that are answered, so that others' losses say something. */
static void hear_strangers(struct scene *s)
{
	for (uint32_t zone = 100; zone < 100 + CAA_STRANGERS_HEARD; zone++)
		answer(s, sent(s, zone, true));
}

static void losses_after_the_last_answer_make_a_limit(void **state)
{
	static const struct { enum caa_signal signal; bool stranger, doubted; unsigned losses; } row[] = {
		{ CAA_SIGNAL_SILENCE, false, false, 4 },
		{ CAA_SIGNAL_DENIED, false, false, 5 },
		{ CAA_SIGNAL_CUT, false, false, 3 },
		{ CAA_SIGNAL_SILENCE, true, false, 8 },
		{ CAA_SIGNAL_DENIED, true, false, 8 },
		{ CAA_SIGNAL_CUT, true, false, 8 },
		{ CAA_SIGNAL_SILENCE, false, true, 8 },		/* one that was believed by mistake */
		{ CAA_SIGNAL_SILENCE, true, true, 24 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct scene s = begin();

		hear_strangers(&s);
		assert_int_equal(lost_until(&s, row[i].signal, row[i].stranger, row[i].doubted, 50, 40), row[i].losses);
		assert_int_equal(caa_evidence_is_doubtful(&s.e), row[i].stranger);
	}
}

static void among_answers_they_have_to_be_more(void **state)
{
	struct scene s = begin();
	struct caa_sent lost[8];

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		lost[i] = sent(&s, 1, false);
		for (unsigned n = 0; n < 5; n++)
			answer(&s, sent(&s, 1, false));
	}
	for (unsigned i = 0; i < 7; i++)
		caa_evidence_weigh(&s.e, s.now_us, lost[i], s.answered_seq, CAA_SIGNAL_SILENCE);
	assert_false(caa_evidence_is_limit(&s.e, CAA_SIGNAL_SILENCE, false, 0));
	caa_evidence_weigh(&s.e, s.now_us, lost[7], s.answered_seq, CAA_SIGNAL_SILENCE);
	assert_int_equal(s.e.tail, 0);
	assert_true(caa_evidence_is_limit(&s.e, CAA_SIGNAL_SILENCE, false, 7));
	assert_false(caa_evidence_is_limit(&s.e, CAA_SIGNAL_SILENCE, false, 8));
	assert_false(caa_evidence_is_limit(&s.e, CAA_SIGNAL_SILENCE, true, 7));
}

/** What is truncated among answers is large by itself: for each of those two more have to follow the last answer. */
static void answers_that_are_large_by_themselves_are_no_limit(void **state)
{
	(void)state;
	for (unsigned holes = 0; holes < 3; holes++) {
		struct scene s = begin();
		struct caa_sent large[3];

		for (unsigned i = 0; i < holes; i++)
			large[i] = sent(&s, 1, false);
		for (unsigned n = 0; n < 5; n++)
			answer(&s, sent(&s, 1, false));
		for (unsigned i = 0; i < holes; i++)
			caa_evidence_weigh(&s.e, s.now_us, large[i], s.answered_seq, CAA_SIGNAL_CUT);
		assert_int_equal(lost_until(&s, CAA_SIGNAL_CUT, false, false, 50, 40), 3 + 2 * holes);	/* fewer than are enough in any case */
	}
}

static void strangers_say_nothing_where_none_is_answered(void **state)
{
	struct scene s = begin();

	(void)state;
	assert_int_equal(lost_until(&s, CAA_SIGNAL_SILENCE, true, false, 0, 100), 0);
	assert_int_equal(s.e.tail + s.e.strange_lost, 0);
}

static void who_is_answered_after_a_denial_makes_those_of_strangers_tell(void **state)
{
	static const struct { unsigned denied; bool same, caa, witnesses; uint64_t later_us; uint32_t good; bool told, limit; } row[] = {
		{ 16, true,  true,  false, 0,          15, true,  true },
		{ 16, true,  true,  false, 0,          16, true,  false },	/* as many were answered */
		{ 15, true,  true,  false, 0,          0,  true,  false },
		{ 90, false, true,  false, 0,          0,  false, false },
		{ 90, true,  false, false, 0,          0,  false, false },	/* of another type */
		{ 90, true,  true,  true,  0,          0,  false, false },	/* those are weighed elsewhere, or not at all */
		{ 90, true,  true,  false, 2 * second, 0,  true,  true },
		{ 90, true,  true,  false, 2100 * ms,  0,  false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct scene s = begin();
		struct caa_sent q;

		for (unsigned n = 0; n < row[i].denied; n++)
			caa_evidence_denied(&s.e, s.now_us, sent(&s, n + 1, !row[i].witnesses));
		s.now_us += row[i].later_us;
		q = sent(&s, 1, true);
		q.same_denied = row[i].same;
		q.caa_type = row[i].caa;
		s.answered_seq = q.seq + 1;
		assert_int_equal(caa_evidence_answered(&s.e, s.now_us, q, s.answered_seq), row[i].told);
		assert_int_equal(caa_evidence_is_limit(&s.e, CAA_SIGNAL_DENIED, false, row[i].good), row[i].limit);
		assert_false(caa_evidence_is_limit(&s.e, CAA_SIGNAL_DENIED, true, row[i].good));
		assert_false(caa_evidence_answered(&s.e, s.now_us, q, s.answered_seq));	/* once */
	}
}

/** Some zones answered and others not, all asked at once, is no matter of time. */
static void an_answer_that_left_with_them_takes_strangers_losses_back(void **state)
{
	struct scene s = begin();
	struct caa_sent with;

	(void)state;
	hear_strangers(&s);
	assert_int_equal(lost_until(&s, CAA_SIGNAL_SILENCE, true, false, 50, 5), 0);
	s.seq += 5;
	with = sent(&s, 1, false);
	s.now_us += 300 * ms;
	answer(&s, with);
	assert_int_equal(s.e.tail, 0);
	assert_int_equal(s.e.strangers, 0);
}

static void losses_far_apart_are_weighed_apart(void **state)
{
	struct scene s = begin();

	(void)state;
	assert_int_equal(lost_until(&s, CAA_SIGNAL_SILENCE, false, false, 50, 3), 0);
	s.now_us += 3 * second;
	assert_int_equal(lost_until(&s, CAA_SIGNAL_SILENCE, false, false, 50, 9), 4);
	caa_evidence_clear(&s.e);
	assert_int_equal(lost_until(&s, CAA_SIGNAL_SILENCE, false, false, 50, 9), 4);
}

static void what_one_zone_says_is_known_as_its_own(void **state)
{
	struct scene s = begin();

	(void)state;
	caa_evidence_weigh(&s.e, s.now_us, sent(&s, 7, false), 0, CAA_SIGNAL_SILENCE);
	caa_evidence_weigh(&s.e, s.now_us, sent(&s, 7, false), 0, CAA_SIGNAL_SILENCE);
	assert_int_equal(s.e.zone, 7);
	caa_evidence_spoke(&s.e, 7);
	assert_int_equal(s.e.zone, 7);
	caa_evidence_weigh(&s.e, s.now_us, sent(&s, 8, false), 0, CAA_SIGNAL_SILENCE);
	assert_int_equal(s.e.zone, 0);
	caa_evidence_spoke(&s.e, 8);
	assert_int_equal(s.e.zone, 0);
}

static void the_same_question_again_is_no_other(void **state)
{
	struct caa_evidence e = { .lost = 0 };

	(void)state;
	assert_true(caa_evidence_is_other(&e, 5));
	assert_false(caa_evidence_is_other(&e, 5));
	assert_true(caa_evidence_is_other(&e, 6));
	assert_true(caa_evidence_is_other(&e, 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losses_after_the_last_answer_make_a_limit), cmocka_unit_test(among_answers_they_have_to_be_more),
		cmocka_unit_test(answers_that_are_large_by_themselves_are_no_limit),
		cmocka_unit_test(strangers_say_nothing_where_none_is_answered),
		cmocka_unit_test(who_is_answered_after_a_denial_makes_those_of_strangers_tell),
		cmocka_unit_test(an_answer_that_left_with_them_takes_strangers_losses_back),
		cmocka_unit_test(losses_far_apart_are_weighed_apart), cmocka_unit_test(what_one_zone_says_is_known_as_its_own),
		cmocka_unit_test(the_same_question_again_is_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
