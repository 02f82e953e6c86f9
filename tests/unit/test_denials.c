/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/pace/denials.h"

enum { QUESTION = 4711 };

static const uint64_t ms = 1000, now = 77 * UINT64_C(1000000);
static const struct caa_addr one = { .family = CAA_IPV4, .ip = { 192, 0, 2, 1 } };
static const struct caa_addr two = { .family = CAA_IPV4, .ip = { 192, 0, 2, 2 } };

static void it_takes_so_many_to_be_definite(void **state)
{
	static const struct { enum caa_denial_kind kind; unsigned tries; } row[] = {
		{ CAA_DENIAL_OPEN, CAA_DENIED_TRIES }, { CAA_DENIAL_LIMITED, CAA_DENIED_TRIES_LIMITED },
		{ CAA_DENIAL_OWN, 1 }, { CAA_DENIAL_ERROR, CAA_DENIED_TRIES_ERROR },
		{ CAA_DENIAL_MIXED, CAA_DENIED_TRIES_MIXED }, { CAA_DENIAL_CUT, CAA_DENIED_TRIES_CUT },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_denials d = { .next = 0 };

		for (unsigned n = 1; n <= row[i].tries; n++) {
			assert_false(caa_denials_is_final(&d, &one, QUESTION, true));
			assert_int_equal(caa_denials_note(&d, &one, QUESTION, now, row[i].kind), n == row[i].tries);
		}
		assert_true(caa_denials_is_final(&d, &one, QUESTION, true));
		assert_false(caa_denials_is_final(&d, &two, QUESTION, true));
		assert_false(caa_denials_is_final(&d, &one, QUESTION + 1, true));
	}
}

static void it_is_asked_slower_and_said_within_two_seconds(void **state)
{
	struct caa_denials d = { .next = 0 };
	uint64_t at_us = now, wait_us = 0;

	(void)state;
	assert_int_equal(caa_denials_wait_us(&d, &one, QUESTION, now), 0);
	while (!caa_denials_note(&d, &one, QUESTION, at_us, CAA_DENIAL_LIMITED)) {
		assert_true(caa_denials_wait_us(&d, &one, QUESTION, at_us) >= wait_us);
		assert_int_equal(caa_denials_wait_us(&d, &two, QUESTION, at_us), 0);
		wait_us = caa_denials_wait_us(&d, &one, QUESTION, at_us);
		assert_true(wait_us >= 20 * ms);
		at_us += wait_us;
		assert_int_equal(caa_denials_wait_us(&d, &one, QUESTION, at_us), 0);
	}
	assert_true(at_us - now < 2000 * ms);
}

/** What is lost is no denial: nobody waits for it, and it does not make the question be asked in another way. */
static void what_is_lost_so_often_is_not_asked_again(void **state)
{
	struct caa_denials d = { .next = 0 };

	(void)state;
	for (unsigned n = 1; n < CAA_LOST_TRIES; n++)
		assert_false(caa_denials_lost(&d, &one, QUESTION, CAA_LOST_TRIES));
	assert_false(caa_denials_any(&d));
	assert_int_equal(caa_denials_wait_us(&d, &one, QUESTION, now), 0);
	caa_denials_answered(&d, &one, QUESTION);
	for (unsigned n = 1; n <= CAA_LOST_TRIES; n++)
		assert_int_equal(caa_denials_lost(&d, &one, QUESTION, CAA_LOST_TRIES), n == CAA_LOST_TRIES);
	assert_true(caa_denials_is_final(&d, &one, QUESTION, true));
	assert_false(caa_denials_is_final(&d, &two, QUESTION, true));
}

/** A zone that never answered CAA may answer other types: that is tried at once, whatever other addresses there are, and all is asked
 *  anew. */
static void what_was_never_heard_is_asked_in_another_way(void **state)
{
	struct caa_denials d = { .next = 0 };

	(void)state;
	for (unsigned n = 1; n <= CAA_LOST_TRIES; n++)
		(void)caa_denials_lost(&d, &one, QUESTION, CAA_LOST_TRIES);
	assert_false(caa_denials_are_unheard(&d));
	caa_denials_unheard(&d, QUESTION);
	caa_denials_final(&d, &two, QUESTION, now);
	assert_true(caa_denials_are_unheard(&d));
	assert_true(caa_denials_is_final(&d, &one, QUESTION, true));
	assert_true(caa_denials_is_final(&d, &one, QUESTION + 1, true));
	assert_true(caa_denials_is_final(&d, &two, QUESTION + 1, true));	/* it is not waited for another address */
	caa_denials_anew(&d);
	assert_false(caa_denials_are_unheard(&d));
	assert_false(caa_denials_is_final(&d, &one, QUESTION, true));
	assert_false(caa_denials_is_final(&d, &two, QUESTION + 1, true));
	assert_int_equal(caa_denials_losses(&d, &one, QUESTION), CAA_LOST_TRIES);
	assert_true(caa_denials_is_final(&d, &two, QUESTION, true));	/* that was said */
}

/** Keys are asked for all the while: the answer may have come from another address after all. */
static void what_was_never_heard_closes_no_other_type(void **state)
{
	struct caa_denials d = { .next = 0 };

	(void)state;
	(void)caa_denials_lost(&d, &one, QUESTION, CAA_LOST_TRIES);
	caa_denials_unheard(&d, QUESTION);
	assert_false(caa_denials_is_final(&d, &one, QUESTION + 1, false));
	caa_denials_answered(&d, &two, QUESTION + 1);
	assert_true(caa_denials_are_unheard(&d));
	caa_denials_answered(&d, &two, QUESTION);
	assert_false(caa_denials_are_unheard(&d));
	assert_false(caa_denials_is_final(&d, &one, QUESTION + 2, true));
}

/** Where two addresses take turns, each has lost half of it. */
static void losses_of_all_addresses_are_counted_together(void **state)
{
	struct caa_denials d = { .next = 0 };

	(void)state;
	(void)caa_denials_lost(&d, &one, QUESTION, CAA_LOST_TRIES);
	(void)caa_denials_lost(&d, &two, QUESTION, CAA_LOST_TRIES);
	assert_int_equal(caa_denials_losses_anywhere(&d, QUESTION), CAA_UNHEARD_TRIES);
}

/** What was lost at one address was not at another. */
static void losses_are_of_a_question_and_an_address(void **state)
{
	struct caa_denials d = { .next = 0 };

	(void)state;
	for (unsigned n = 1; n <= 2 * CAA_LOST_TRIES; n++) {
		assert_false(caa_denials_lost(&d, &one, QUESTION, CAA_LOST_TRIES_KEYS));	/* it is asked for longer */
		assert_int_equal(caa_denials_losses(&d, &one, QUESTION), n);
		assert_int_equal(caa_denials_losses(&d, &two, QUESTION), 0);
		assert_int_equal(caa_denials_losses(&d, &one, QUESTION + 1), 0);
		assert_int_equal(caa_denials_losses_anywhere(&d, QUESTION), n);
		assert_int_equal(caa_denials_losses_anywhere(&d, QUESTION + 1), 0);
	}
	caa_denials_answered(&d, &one, QUESTION);
	assert_int_equal(caa_denials_losses(&d, &one, QUESTION), 0);
}

static void what_is_lost_while_others_are_answered_is_counted(void **state)
{
	struct caa_denials d = { .next = 0 };

	(void)state;
	for (unsigned n = 1; n <= CAA_SPLITS; n++) {
		caa_denials_split(&d, &one, QUESTION);
		assert_int_equal(caa_denials_splits(&d, &one, QUESTION), n);
	}
	assert_int_equal(caa_denials_splits(&d, &two, QUESTION), 0);
	assert_false(caa_denials_any(&d));
	assert_false(caa_denials_is_final(&d, &one, QUESTION, true));
	caa_denials_answered(&d, &one, QUESTION);
	assert_int_equal(caa_denials_splits(&d, &one, QUESTION), 0);
}

static void an_error_is_no_reason_to_wait(void **state)
{
	struct caa_denials d = { .next = 0 };

	(void)state;
	caa_denials_note(&d, &one, QUESTION, now, CAA_DENIAL_ERROR);
	assert_int_equal(caa_denials_wait_us(&d, &one, QUESTION, now), 0);
}

static void an_answer_ends_it(void **state)
{
	struct caa_denials d = { .next = 0 };

	(void)state;
	assert_false(caa_denials_any(&d));
	caa_denials_final(&d, &one, QUESTION, now);
	assert_true(caa_denials_is_final(&d, &one, QUESTION, true));
	assert_true(caa_denials_any(&d));
	caa_denials_answered(&d, &one, QUESTION);
	assert_false(caa_denials_is_final(&d, &one, QUESTION, true));
	assert_false(caa_denials_any(&d));
	caa_denials_answered(&d, &two, QUESTION);	/* nothing was noted */
}

static void the_oldest_note_makes_room(void **state)
{
	struct caa_denials d = { .next = 0 };

	(void)state;
	for (uint32_t i = 0; i <= CAA_DENIALS; i++)
		caa_denials_final(&d, &one, i, now);
	assert_false(caa_denials_is_final(&d, &one, 0, true));
	for (uint32_t i = 1; i <= CAA_DENIALS; i++)
		assert_true(caa_denials_is_final(&d, &one, i, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_takes_so_many_to_be_definite), cmocka_unit_test(it_is_asked_slower_and_said_within_two_seconds),
		cmocka_unit_test(what_is_lost_so_often_is_not_asked_again),
		cmocka_unit_test(what_was_never_heard_is_asked_in_another_way),
		cmocka_unit_test(what_was_never_heard_closes_no_other_type),
		cmocka_unit_test(losses_of_all_addresses_are_counted_together),
		cmocka_unit_test(losses_are_of_a_question_and_an_address),
		cmocka_unit_test(what_is_lost_while_others_are_answered_is_counted),
		cmocka_unit_test(an_error_is_no_reason_to_wait), cmocka_unit_test(an_answer_ends_it),
		cmocka_unit_test(the_oldest_note_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
