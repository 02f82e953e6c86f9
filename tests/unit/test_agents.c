/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/why/agents.h"

enum { S = 1000000, NOW = 5 };

static struct caa_agents t;

static int forget(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	return 0;
}

static bool finds(uint64_t zone, uint64_t at_us, struct caa_name want)
{
	uint8_t wire[CAA_NAME_MAX];
	size_t len;

	return caa_agents_find(&t, zone, at_us, wire, &len) && len == want.len && memcmp(wire, want.wire, len) == 0;
}

static void the_last_announcement_counts_for_an_hour(void **state)
{
	struct name_buffer a, b;
	struct caa_name one = name_of(&a, "one.lab."), two = name_of(&b, "longer.two.lab.");
	uint64_t end_us = NOW + (uint64_t)CAA_AGENT_LIFE_S * S;

	(void)state;
	assert_false(finds(1, NOW, one));
	caa_agents_hear(&t, 1, one, NOW);
	assert_true(finds(1, end_us - 1, one));
	assert_false(finds(1, end_us, one));
	assert_false(finds(1 + CAA_AGENT_SETS, NOW, one));
	caa_agents_hear(&t, 1, two, NOW + S);
	assert_true(finds(1, end_us, two));
}

/** The one that was heard of longest ago makes room. */
static void a_full_table_forgets_the_oldest(void **state)
{
	struct name_buffer a;
	struct caa_name agent = name_of(&a, "er.lab.");

	(void)state;
	for (uint64_t i = 0; i <= CAA_AGENT_WAYS; i++)
		caa_agents_hear(&t, 7 + i * CAA_AGENT_SETS, agent, NOW + i);
	assert_false(finds(7, NOW + 9, agent));
	for (uint64_t i = 1; i <= CAA_AGENT_WAYS; i++)
		assert_true(finds(7 + i * CAA_AGENT_SETS, NOW + 9, agent));
}

static void a_report_is_made_once_in_an_hour(void **state)
{
	uint64_t again_us = NOW + (uint64_t)CAA_REPORT_AGAIN_S * S;

	(void)state;
	assert_int_equal(caa_agents_ask(&t, 1, 100, NOW), CAA_REPORT_SEND);
	assert_int_equal(caa_agents_ask(&t, 1, 100, NOW), CAA_REPORT_AGAIN);
	assert_int_equal(caa_agents_ask(&t, 1, 101, NOW), CAA_REPORT_SEND);
	assert_int_equal(caa_agents_ask(&t, 1, 100, again_us - 1), CAA_REPORT_AGAIN);
	assert_int_equal(caa_agents_ask(&t, 1, 100, again_us), CAA_REPORT_SEND);
}

static void an_agent_is_told_so_often(void **state)
{
	static const struct { uint64_t at_us; unsigned asked, sent; const char *why; } row[] = {
		{ 0, 30, CAA_REPORT_BURST, "a burst" },
		{ S - 1, 5, 0, "nothing until the next is due" },
		{ S, 5, 1, "one" },
		{ 4 * S, 5, 3, "time that was not used is not lost" },
		{ 100 * S, 30, CAA_REPORT_BURST, "but gives back one burst only" },
	};
	uint64_t report = 1;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		unsigned sent = 0;

		for (unsigned k = 0; k < row[i].asked; k++)
			sent += caa_agents_ask(&t, 1, report++, NOW + row[i].at_us) == CAA_REPORT_SEND;
		if (sent != row[i].sent)
			fail_msg("%s: %u", row[i].why, sent);
	}
}

/** However many agents are made up, and however many their reports. */
static void all_agents_are_told_so_often(void **state)
{
	uint64_t random = 1, sent[8] = { 0 };

	(void)state;
	for (unsigned ms = 0; ms < 8000; ms++)
		for (unsigned k = 0; k < 3; k++)
			sent[ms / 1000] += caa_agents_ask(&t, next_random(&random), next_random(&random), NOW + ms * 1000u) ==
				CAA_REPORT_SEND;
	for (size_t i = 0; i < COUNT_OF(sent); i++)
		assert_in_range(sent[i], 1, CAA_REPORTS_S);
}

/** What was not sent is not taken for sent. */
static void what_is_too_much_may_be_sent_later(void **state)
{
	(void)state;
	for (uint64_t report = 1; report <= CAA_REPORT_BURST; report++)
		assert_int_equal(caa_agents_ask(&t, 1, report, NOW), CAA_REPORT_SEND);
	assert_int_equal(caa_agents_ask(&t, 1, 99, NOW), CAA_REPORT_OVER);
	assert_int_equal(caa_agents_ask(&t, 1, 99, NOW + 2 * S), CAA_REPORT_SEND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_last_announcement_counts_for_an_hour, forget),
		cmocka_unit_test_setup(a_full_table_forgets_the_oldest, forget),
		cmocka_unit_test_setup(a_report_is_made_once_in_an_hour, forget),
		cmocka_unit_test_setup(an_agent_is_told_so_often, forget),
		cmocka_unit_test_setup(all_agents_are_told_so_often, forget),
		cmocka_unit_test_setup(what_is_too_much_may_be_sent_later, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
