/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/climb/merge.h"

enum { WAITS = 4 };

/** Some questions' parts in it, and the list that they are told in. */
struct set {
	struct caa_merge m;
	struct caa_merge_lead lead[WAITS];
	struct caa_merge_wait wait[WAITS];
	struct caa_link told;
};

static void set_up(struct set *s)
{
	*s = (struct set){ .lead = { { .question = 0 } } };
	caa_merge_init(&s->m);
	caa_link_init(&s->told);
}

/** The next that was told is the wait with that number, with these news. */
static void assert_told(struct set *s, unsigned n, enum caa_news news)
{
	struct caa_merge_wait *wait = caa_merge_pop(&s->told);

	assert_ptr_equal(wait, &s->wait[n]);
	assert_int_equal(wait->news, news);
	assert_int_equal(wait->place, CAA_WAIT_NOWHERE);
}

static void assert_none_told(struct set *s)
{
	assert_true(caa_link_empty(&s->told));
	assert_null(caa_merge_pop(&s->told));
}

static void the_first_leads_and_others_follow(void **state)
{
	struct set s;

	(void)state;
	set_up(&s);
	assert_false(caa_merge_is_led(&s.m, 7));
	assert_true(caa_merge_ask(&s.m, 7, &s.lead[0], &s.wait[0]));
	assert_true(caa_merge_is_led(&s.m, 7));
	s.lead[0].lookup = 70;
	s.lead[1].lookup = 71;
	assert_false(caa_merge_is_led(&s.m, 8));
	assert_false(caa_merge_ask(&s.m, 7, &s.lead[1], &s.wait[1]));
	assert_int_equal(s.lead[1].lookup, 70);		/* it is the same */
	assert_false(caa_merge_ask(&s.m, 7, &s.lead[2], &s.wait[2]));
	assert_true(caa_merge_ask(&s.m, 8, &s.lead[3], &s.wait[3]));	/* the same bucket, another question */
	assert_int_equal(caa_merge_end(&s.m, &s.lead[0], CAA_NEWS_ANSWERED, &s.told), 2);
	assert_told(&s, 1, CAA_NEWS_ANSWERED);
	assert_told(&s, 2, CAA_NEWS_ANSWERED);
	assert_none_told(&s);
	assert_false(caa_merge_is_led(&s.m, 7));
	assert_int_equal(caa_merge_end(&s.m, &s.lead[0], CAA_NEWS_FAILED, &s.told), 0);	/* once more does nothing */
	assert_true(caa_merge_ask(&s.m, 7, &s.lead[1], &s.wait[1]));	/* it is asked anew after its end */
	assert_int_equal(caa_merge_end(&s.m, &s.lead[3], CAA_NEWS_FAILED, &s.told), 0);
	assert_none_told(&s);
}

static void who_left_is_not_told(void **state)
{
	struct set s;

	(void)state;
	set_up(&s);
	caa_merge_ask(&s.m, 7, &s.lead[0], &s.wait[0]);
	for (unsigned n = 1; n < WAITS; n++)
		caa_merge_ask(&s.m, 7, &s.lead[n], &s.wait[n]);
	caa_merge_leave(&s.wait[2]);
	caa_merge_leave(&s.wait[2]);	/* once more does nothing */
	caa_merge_end(&s.m, &s.lead[0], CAA_NEWS_FAILED, &s.told);
	caa_merge_leave(&s.wait[3]);	/* told, but it has not heard yet */
	assert_told(&s, 1, CAA_NEWS_FAILED);
	assert_none_told(&s);
}

static void a_leader_that_goes_is_followed_by_the_first(void **state)
{
	struct set s;
	bool led;

	(void)state;
	set_up(&s);
	caa_merge_ask(&s.m, 7, &s.lead[0], &s.wait[0]);
	caa_merge_ask(&s.m, 7, &s.lead[1], &s.wait[1]);
	caa_merge_ask(&s.m, 7, &s.lead[2], &s.wait[2]);
	assert_int_equal(caa_merge_attend(&s.m, 7, &s.wait[3], &led), CAA_NEWS_NONE);
	s.lead[0].lookup = 70;
	caa_merge_abandon(&s.m, &s.lead[0], &s.told);
	assert_told(&s, 1, CAA_NEWS_LEADS);
	assert_none_told(&s);
	assert_true(s.lead[1].leads);
	assert_int_equal(s.lead[1].lookup, 70);
	assert_false(s.lead[0].leads);
	caa_merge_abandon(&s.m, &s.lead[1], &s.told);
	assert_told(&s, 2, CAA_NEWS_LEADS);
	assert_int_equal(caa_merge_end(&s.m, &s.lead[2], CAA_NEWS_ANSWERED, &s.told), 0);
	assert_told(&s, 3, CAA_NEWS_ANSWERED);	/* who attends waits on through all this */
	assert_none_told(&s);
}

static void without_followers_those_who_attend_go_on_alone(void **state)
{
	struct set s;
	bool led;

	(void)state;
	set_up(&s);
	caa_merge_ask(&s.m, 7, &s.lead[0], &s.wait[0]);
	caa_merge_attend(&s.m, 7, &s.wait[1], &led);
	caa_merge_abandon(&s.m, &s.lead[0], &s.told);
	assert_told(&s, 1, CAA_NEWS_LOST);
	assert_int_equal(caa_merge_attend(&s.m, 7, &s.wait[1], &led), CAA_NEWS_NONE);
	assert_false(led);
	assert_int_equal(s.wait[1].place, CAA_WAIT_NOWHERE);
	caa_merge_abandon(&s.m, &s.lead[0], &s.told);	/* once more does nothing */
	assert_none_told(&s);
}

static void what_is_known_is_news_to_who_attends(void **state)
{
	struct set s;
	bool led;

	(void)state;
	set_up(&s);
	caa_merge_ask(&s.m, 7, &s.lead[0], &s.wait[0]);
	caa_merge_ask(&s.m, 7, &s.lead[1], &s.wait[1]);
	caa_merge_attend(&s.m, 7, &s.wait[2], &led);
	assert_true(led);
	caa_merge_known(&s.lead[0], CAA_NEWS_KNOWN, &s.told);
	assert_told(&s, 2, CAA_NEWS_KNOWN);
	assert_none_told(&s);	/* a follower wants the answer */
	assert_int_equal(caa_merge_attend(&s.m, 7, &s.wait[3], &led), CAA_NEWS_KNOWN);	/* who comes later, too */
	assert_int_equal(s.wait[3].place, CAA_WAIT_NOWHERE);
	assert_int_equal(caa_merge_end(&s.m, &s.lead[0], CAA_NEWS_ANSWERED, &s.told), 1);
	assert_told(&s, 1, CAA_NEWS_ANSWERED);
	caa_merge_known(&s.lead[0], CAA_NEWS_KNOWN, &s.told);	/* after the end it does nothing */
	assert_none_told(&s);
}

static void scouts_go_ahead(void **state)
{
	struct set s;
	bool led;

	(void)state;
	set_up(&s);
	caa_merge_scout(&s.lead[0], &s.told);	/* it does not lead yet */
	caa_merge_ask(&s.m, 7, &s.lead[0], &s.wait[0]);
	for (unsigned n = 1; n <= 3; n++)
		caa_merge_attend(&s.m, 7, &s.wait[n], &led);
	caa_merge_scout(&s.lead[0], &s.told);
	assert_told(&s, 1, CAA_NEWS_KNOWN);
	assert_told(&s, 2, CAA_NEWS_KNOWN);
	assert_none_told(&s);			/* the third waits for an answer */
	assert_int_equal(caa_merge_attend(&s.m, 7, &s.wait[1], &led), CAA_NEWS_NONE);	/* as does who comes later */
	caa_merge_known(&s.lead[0], CAA_NEWS_KNOWN, &s.told);
	assert_told(&s, 3, CAA_NEWS_KNOWN);
	assert_told(&s, 1, CAA_NEWS_KNOWN);
	caa_merge_scout(&s.lead[0], &s.told);
	assert_none_told(&s);
}

static void that_there_is_no_such_name_is_told_first_and_last(void **state)
{
	struct set s;
	bool led;

	(void)state;
	set_up(&s);
	caa_merge_ask(&s.m, 7, &s.lead[0], &s.wait[0]);
	caa_merge_attend(&s.m, 7, &s.wait[1], &led);
	caa_merge_known(&s.lead[0], CAA_NEWS_ABSENT, &s.told);
	assert_told(&s, 1, CAA_NEWS_ABSENT);
	caa_merge_known(&s.lead[0], CAA_NEWS_KNOWN, &s.told);
	assert_int_equal(caa_merge_attend(&s.m, 7, &s.wait[2], &led), CAA_NEWS_ABSENT);
	assert_none_told(&s);
}

static void a_lookup_is_wanted_while_somebody_waits(void **state)
{
	struct set s;
	bool led;

	(void)state;
	set_up(&s);
	caa_merge_ask(&s.m, 7, &s.lead[0], &s.wait[0]);
	assert_false(caa_merge_wanted(&s.lead[0]));
	caa_merge_attend(&s.m, 7, &s.wait[1], &led);
	assert_true(caa_merge_wanted(&s.lead[0]));
	assert_false(caa_merge_followed(&s.lead[0]));	/* who attends wants no answer */
	caa_merge_known(&s.lead[0], CAA_NEWS_KNOWN, &s.told);
	assert_false(caa_merge_wanted(&s.lead[0]));
	caa_merge_ask(&s.m, 7, &s.lead[2], &s.wait[2]);
	assert_true(caa_merge_wanted(&s.lead[0]));
	assert_true(caa_merge_followed(&s.lead[0]));
	caa_merge_leave(&s.wait[2]);
	assert_false(caa_merge_wanted(&s.lead[0]));
}

static void losses_let_who_attends_go(void **state)
{
	struct set s;
	bool led;

	(void)state;
	set_up(&s);
	caa_merge_ask(&s.m, 7, &s.lead[0], &s.wait[0]);
	caa_merge_ask(&s.m, 7, &s.lead[1], &s.wait[1]);
	caa_merge_attend(&s.m, 7, &s.wait[2], &led);
	for (unsigned n = 1; n < CAA_MERGE_LOSSES; n++) {
		caa_merge_lost(&s.lead[0], 1, &s.told);
		assert_none_told(&s);
	}
	caa_merge_lost(&s.lead[0], 1, &s.told);
	assert_told(&s, 2, CAA_NEWS_LOST);
	assert_none_told(&s);	/* the follower stays */
	assert_int_equal(caa_merge_attend(&s.m, 7, &s.wait[3], &led), CAA_NEWS_LOST);
	assert_true(led);
	caa_merge_abandon(&s.m, &s.lead[0], &s.told);
	assert_told(&s, 1, CAA_NEWS_LEADS);
	assert_int_equal(caa_merge_attend(&s.m, 7, &s.wait[2], &led), CAA_NEWS_NONE);	/* a new leader starts anew */
	caa_merge_lost(&s.lead[1], CAA_MERGE_LOSSES, &s.told);	/* denied */
	assert_told(&s, 2, CAA_NEWS_LOST);
	caa_merge_end(&s.m, &s.lead[1], CAA_NEWS_FAILED, &s.told);
	caa_merge_lost(&s.lead[1], CAA_MERGE_LOSSES, &s.told);	/* after the end it does nothing */
	assert_none_told(&s);
}

static void many_in_a_bucket(void **state)
{
	enum { MANY = 1000 };
	static struct caa_merge_lead lead[MANY];
	struct caa_merge_wait wait = { .question = 0 };
	struct set s;

	(void)state;
	set_up(&s);
	for (uint64_t q = 0; q < MANY; q++)
		assert_true(caa_merge_ask(&s.m, q << 30, &lead[q], &wait));
	for (uint64_t q = 0; q < MANY; q += 2)
		caa_merge_end(&s.m, &lead[q], CAA_NEWS_ANSWERED, &s.told);
	for (uint64_t q = 0; q < MANY; q++) {
		assert_int_equal(caa_merge_ask(&s.m, q << 30, &lead[q], &wait), q % 2 == 0);
		caa_merge_leave(&wait);
	}
	assert_none_told(&s);
}

static void which_name_above_is_waited_for(void **state)
{
	static const struct { size_t labels, zone, ancestor; const char *why; } row[] = {
		{   0, 0, 0, "the root has nothing above it" },
		{   1, 0, 0, "a TLD has only the root" },
		{   2, 0, 1, "a name waits for its parent" },
		{   2, 1, 0, "not if the parent is the known zone" },
		{   5, 0, 4, "the parent, within the steps" },
		{   6, 0, 4, "further below, the last step" },
		{   6, 1, 5, "steps count from the zone" },
		{   6, 5, 0, "the parent is the known zone" },
		{ 127, 0, 4, "the longest name" },
		{ 127, 125, 126, "far below" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (caa_merge_ancestor(row[i].labels, row[i].zone) != row[i].ancestor)
			fail_msg("%s: %zu", row[i].why, caa_merge_ancestor(row[i].labels, row[i].zone));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_leads_and_others_follow),
		cmocka_unit_test(who_left_is_not_told),
		cmocka_unit_test(a_leader_that_goes_is_followed_by_the_first),
		cmocka_unit_test(without_followers_those_who_attend_go_on_alone),
		cmocka_unit_test(what_is_known_is_news_to_who_attends),
		cmocka_unit_test(scouts_go_ahead),
		cmocka_unit_test(that_there_is_no_such_name_is_told_first_and_last),
		cmocka_unit_test(a_lookup_is_wanted_while_somebody_waits),
		cmocka_unit_test(losses_let_who_attends_go),
		cmocka_unit_test(many_in_a_bucket),
		cmocka_unit_test(which_name_above_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
