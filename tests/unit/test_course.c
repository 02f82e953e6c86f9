/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/pace/course.h"

static void over_tcp_only_where_the_zone_allows_it_or_must(void **state)
{
	(void)state;
	for (int offer = 0; offer < CAA_OFFERS; offer++)
		assert_int_equal(caa_course_of((enum caa_offer)offer, CAA_NEED_UDP), CAA_COURSE_LINE);
	assert_int_equal(caa_course_of(CAA_OFFER_TCP, CAA_NEED_ANY), CAA_COURSE_TCP);
	assert_int_equal(caa_course_of(CAA_OFFER_TCP, CAA_NEED_TCP), CAA_COURSE_TCP);
	assert_int_equal(caa_course_of(CAA_OFFER_UDP, CAA_NEED_ANY), CAA_COURSE_LINE);
}

static void who_must_go_over_tcp_takes_no_place_for_udp(void **state)
{
	(void)state;
	assert_int_equal(caa_course_of(CAA_OFFER_TCP_SOON, CAA_NEED_TCP), CAA_COURSE_TCP_SOON);
	assert_int_equal(caa_course_of(CAA_OFFER_TCP_SOON, CAA_NEED_ANY), CAA_COURSE_LINE_SOON);
}

static void a_rate_set_by_hand_is_kept_whatever_is_needed(void **state)
{
	(void)state;
	for (int need = 0; need < CAA_NEEDS; need++)
		assert_int_equal(caa_course_of(CAA_OFFER_BY_HAND, (enum caa_need)need), CAA_COURSE_LINE);
	for (int standing = 0; standing < CAA_STANDINGS; standing++)
		assert_int_equal(caa_course_way(CAA_BELIEF_BY_HAND, (enum caa_standing)standing), CAA_WAY_PLACE);
}

static void at_a_limit_all_have_their_turns(void **state)
{
	(void)state;
	for (int standing = 0; standing < CAA_STANDINGS; standing++)
		assert_int_equal(caa_course_way(CAA_BELIEF_LIMIT, (enum caa_standing)standing), CAA_WAY_PLACE);
}

/** Only who was answered can say that a limit is none. */
static void a_claim_is_tested_by_witnesses(void **state)
{
	(void)state;
	for (int standing = 0; standing < CAA_STANDINGS; standing++)
		assert_int_equal(caa_course_way(CAA_BELIEF_CLAIM, (enum caa_standing)standing) == CAA_WAY_TEST,
			standing >= CAA_STANDING_WITNESS);
}

static void suspects_take_nobodys_room(void **state)
{
	(void)state;
	for (int belief = CAA_BELIEF_NONE; belief < CAA_BELIEFS; belief++) {
		assert_int_equal(caa_course_way((enum caa_belief)belief, CAA_STANDING_SUSPECT), CAA_WAY_ASIDE);
		assert_int_equal(caa_course_way((enum caa_belief)belief, CAA_STANDING_DENIED), CAA_WAY_FEW);
		assert_int_equal(caa_course_way((enum caa_belief)belief, CAA_STANDING_NEW),
			belief == CAA_BELIEF_BLOCKED ? CAA_WAY_PASS : CAA_WAY_PLACE);
	}
}

static void who_is_answered_passes_by_those_who_fill_the_room(void **state)
{
	(void)state;
	assert_int_equal(caa_course_way(CAA_BELIEF_FILLED, CAA_STANDING_FRESH), CAA_WAY_TEST);
	assert_int_equal(caa_course_way(CAA_BELIEF_FILLED, CAA_STANDING_WITNESS), CAA_WAY_PLACE);
	assert_int_equal(caa_course_way(CAA_BELIEF_NONE, CAA_STANDING_FRESH), CAA_WAY_PLACE);
	assert_int_equal(caa_course_way(CAA_BELIEF_BLOCKED, CAA_STANDING_FRESH), CAA_WAY_PASS);
	assert_int_equal(caa_course_way(CAA_BELIEF_BLOCKED, CAA_STANDING_WITNESS), CAA_WAY_PASS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(over_tcp_only_where_the_zone_allows_it_or_must),
		cmocka_unit_test(who_must_go_over_tcp_takes_no_place_for_udp),
		cmocka_unit_test(a_rate_set_by_hand_is_kept_whatever_is_needed),
		cmocka_unit_test(at_a_limit_all_have_their_turns),
		cmocka_unit_test(a_claim_is_tested_by_witnesses),
		cmocka_unit_test(suspects_take_nobodys_room),
		cmocka_unit_test(who_is_answered_passes_by_those_who_fill_the_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
