/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/pace/line.h"

#include <string.h>

enum { MANY = 300 };

/** A line of single letters: a capital for the zone, a place for each. */
struct scene {
	struct caa_line line;
	struct caa_turn turn[MANY];
	char name[MANY];
	size_t count;
	uint32_t last_turn[256];	/**< of each zone */
};

static void enter_aged(struct scene *s, char zone, uint64_t age_us)
{
	struct caa_turn *t = &s->turn[s->count];

	*t = (struct caa_turn){ .zone = (uint32_t)zone, .age_us = age_us };
	s->name[s->count] = zone;
	caa_line_enter(&s->line, t, (struct caa_place){ .at = (uint32_t)s->count }, s->last_turn[(uint8_t)zone]);
	s->count++;
}

static void enter(struct scene *s, const char *zones)
{
	for (; *zones != '\0'; zones++)
		enter_aged(s, *zones, 1 + s->count);
}

static char use(struct scene *s)
{
	struct caa_turn *t = s->line.first;

	s->last_turn[t->zone] = caa_line_use(&s->line, t);
	return s->name[t - s->turn];
}

/** The zones in the order of the line; and their places have to be in order. */
static const char *order(const struct scene *s)
{
	static char text[MANY + 1];
	const struct caa_turn *before = NULL;
	size_t len = 0;

	for (const struct caa_turn *t = s->line.first; t != NULL; before = t, t = t->behind) {
		assert_ptr_equal(t->before, before);
		assert_true(before == NULL || before->place.at < t->place.at);
		assert_true(t->in_line);
		text[len++] = s->name[t - s->turn];
	}
	assert_ptr_equal(s->line.last, before);
	text[len] = '\0';
	return text;
}

static void zones_take_turns(void **state)
{
	static const struct { const char *come, *order, *why; } row[] = {
		{ "AAAA", "AAAA", "one zone, as they come" },
		{ "AAAAB", "ABAAA", "another's only one after one turn" },
		{ "AAAABB", "ABABAA", "and its second after two" },
		{ "AABBCC", "ABCABC", "three zones" },
		{ "ABCABC", "ABCABC", "that come in turn" },
		{ "AAABBC", "ABCABA", "of which some have less" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct scene s = { .count = 0 };

		enter(&s, row[i].come);
		assert_string_equal(order(&s), row[i].order);
	}
}

static void who_was_served_waits_for_the_others_turn(void **state)
{
	struct scene s = { .count = 0 };

	(void)state;
	enter(&s, "AABB");
	assert_int_equal(use(&s), 'A');
	enter(&s, "A");			/* its turn comes after those that it has */
	assert_string_equal(order(&s), "BABA");
	assert_int_equal(use(&s), 'B');
	assert_int_equal(use(&s), 'A');
	assert_int_equal(use(&s), 'B');
	enter(&s, "C");			/* idle time is not saved up: the turn is that of now */
	assert_string_equal(order(&s), "CA");
}

static void a_zone_with_a_thousandth_of_the_names_has_its_turn(void **state)
{
	struct scene s = { .count = 0 };
	unsigned a = 0, b = 0;

	(void)state;
	for (int i = 0; i < 200; i++)
		enter(&s, "A");
	for (int i = 0; i < 50; i++)
		enter(&s, "B");
	for (int i = 0; i < 100; i++)
		*(use(&s) == 'A' ? &a : &b) += 1;
	assert_int_equal(a, 50);
	assert_int_equal(b, 50);
}

static void within_a_zone_the_older_question_is_first(void **state)
{
	struct scene s = { .count = 0 };

	(void)state;
	enter_aged(&s, 'A', 10);
	enter_aged(&s, 'B', 20);
	enter_aged(&s, 'A', 30);
	enter_aged(&s, 'A', 5);		/* the parent of an older name */
	assert_ptr_equal(s.line.first, &s.turn[3]);
	assert_ptr_equal(s.line.first->behind, &s.turn[1]);	/* which costs the other zone nothing */
	assert_ptr_equal(s.line.last->before, &s.turn[0]);
	assert_ptr_equal(s.line.last, &s.turn[2]);
	assert_string_equal(order(&s), "ABAA");
	enter_aged(&s, 'B', 0);		/* lost before: ahead, in its own zone */
	assert_string_equal(order(&s), "ABABA");
	assert_ptr_equal(s.line.first->behind, &s.turn[4]);
}

static void who_leaves_leaves_the_others_in_order(void **state)
{
	struct scene s = { .count = 0 };

	(void)state;
	enter(&s, "AABBC");
	caa_line_leave(&s.line, &s.turn[0]);
	caa_line_leave(&s.line, &s.turn[0]);	/* once more does nothing */
	assert_false(s.turn[0].in_line);
	assert_string_equal(order(&s), "BCAB");
	for (size_t i = 1; i < s.count; i++)
		caa_line_leave(&s.line, &s.turn[i]);
	assert_null(s.line.first);
	assert_null(s.line.last);
	assert_int_equal(caa_line_use(&s.line, &s.turn[0]), s.line.served);
}

static void the_front_is_told_by_who_stands_before(void **state)
{
	struct scene s = { .count = 0 };

	(void)state;
	enter(&s, "AAABB");
	assert_string_equal(order(&s), "ABABA");
	for (uint64_t leaving = 0; leaving < 2; leaving++) {
		uint64_t before = 0;

		for (const struct caa_turn *t = s.line.first; t != NULL; t = t->behind, before++) {
			assert_false(caa_line_is_front(t, 0));
			assert_false(caa_line_is_front(t, before));
			assert_true(caa_line_is_front(t, before + 1));
			assert_true(caa_line_is_front(t, UINT64_MAX));
		}
		assert_int_equal(before, s.count - leaving);
		caa_line_leave(&s.line, s.line.first->behind);	/* whoever stood behind it is nearer */
	}
}

static void who_has_room_is_called_once(void **state)
{
	static const struct { uint32_t room; size_t max; const char *called, *why; } row[] = {
		{ 0, 9, "", "no room" },
		{ 1, 9, "A", "the first" },
		{ 2, 9, "", "the second is another thread's, and the first was called" },
		{ 4, 1, "C", "no more than are asked for" },
		{ 5, 9, "E", "room is for the first five, whoever calls them" },
		{ 9, 9, "", "all that are its own were called" },
	};
	static const int mine, others;
	struct scene s = { .count = 0 };
	struct caa_turn *again[9];

	(void)state;
	enter(&s, "ABCDE");
	for (size_t i = 0; i < s.count; i++)
		s.turn[i].thread = i % 2 == 0 ? &mine : &others;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_turn *out[9];
		char called[10] = "";
		size_t count = caa_line_call(&s.line, row[i].room, &mine, out, row[i].max);

		for (size_t n = 0; n < count; n++)
			called[n] = s.name[out[n] - s.turn];
		if (strcmp(called, row[i].called) != 0)
			fail_msg("called '%s': %s", called, row[i].why);
	}
	assert_string_equal(order(&s), "ABCDE");
	assert_int_equal(s.line.called, 3);
	assert_int_equal(use(&s), 'A');			/* of whom two leave, and one waits on */
	caa_line_leave(&s.line, &s.turn[2]);
	caa_line_wait(&s.line, &s.turn[4]);
	assert_int_equal(s.line.called, 0);
	assert_int_equal(caa_line_call(&s.line, 3, &mine, again, COUNT_OF(again)), 1);
	assert_ptr_equal(again[0], &s.turn[4]);
}

static void turns_wrap(void **state)
{
	struct scene s = { .line = { .served = UINT32_MAX } };

	(void)state;
	s.last_turn['A'] = UINT32_MAX;
	enter(&s, "AAB");
	assert_string_equal(order(&s), "BAA");
}

static void any_crowd_keeps_its_order(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct scene s = { .count = 0 };

		while (s.count < MANY) {
			random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
			if ((random >> 33) % 3 != 0 || s.line.first == NULL)
				enter_aged(&s, (char)('A' + (random >> 40) % 5), (random >> 50) % 100);
			else
				use(&s);
		}
		order(&s);
		for (const struct caa_turn *t = s.line.first; t != NULL; t = t->behind)
			for (const struct caa_turn *other = t->behind; other != NULL; other = other->behind)
				assert_true(other->zone != t->zone || other->age_us >= t->age_us);
	}
}

/** Who comes and does not stay has changed nothing, wherever its turn was. */
static void who_entered_last_may_be_undone(void **state)
{
	uint64_t random = 3;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct scene s = { .count = 0 };
		struct caa_turn before[MANY];

		while (s.count < 40)
			if (next_random(&random) % 3 != 0 || s.line.first == NULL)
				enter_aged(&s, (char)('A' + next_random(&random) % 5), next_random(&random) % 100);
			else
				use(&s);
		memcpy(before, s.turn, sizeof(before));
		enter_aged(&s, (char)('A' + next_random(&random) % 6), next_random(&random) % 100);
		caa_line_undo(&s.line, &s.turn[--s.count]);
		assert_false(s.turn[s.count].in_line);
		order(&s);
		for (size_t i = 0; i < s.count; i++) {
			assert_int_equal(s.turn[i].place.at, before[i].place.at);
			assert_int_equal(s.turn[i].turn, before[i].turn);
			assert_ptr_equal(s.turn[i].before, before[i].before);
			assert_ptr_equal(s.turn[i].behind, before[i].behind);
		}
	}
}

/** Who waits without a place; who finds room calls those next to it who are of its thread. */
static void who_finds_room_calls_its_neighbours(void **state)
{
	static const struct { const char *threads; unsigned of; const char *called; bool oldest; const char *why; } row[] = {
		{ "aaa", 1, "20", false, "on both sides" }, { "aaa", 0, "1", true, "the first has one" },
		{ "aaa", 2, "1", false, "and so has the last" }, { "abbab", 3, "0", false, "of its own thread only" },
		{ "abbab", 4, "2", false, "though they are not next to it" }, { "abbab", 1, "2", true, "the first of its thread" },
		{ "a", 0, "", true, "or nobody" }, { "bbabb", 2, "", true, "nor of another" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_turn turn[8] = { { .called = false } }, *found[CAA_LINE_NEIGHBOURS];
		struct caa_line line = { .served = 0 };
		char called[8] = "";
		size_t count = strlen(row[i].threads);

		for (size_t n = 0; n < count; n++) {
			turn[n].thread = row[i].threads[n] == 'a' ? (const void *)row : &line;
			caa_line_set_outside(&line, &turn[n], true);
			caa_line_set_outside(&line, &turn[n], true);	/* once is enough */
		}
		assert_int_equal(line.outsiders, count);
		for (size_t n = caa_line_neighbours(&turn[row[i].of], found); n > 0; n--)
			called[strlen(called)] = (char)('0' + (found[n - 1] - turn));
		if (strcmp(called, row[i].called) != 0 && !(strlen(called) == 2 && called[0] == row[i].called[1] &&
		    called[1] == row[i].called[0]))
			fail_msg("%s: %s", row[i].why, called);
		assert_int_equal(caa_line_is_oldest(&turn[row[i].of]), row[i].oldest);
		for (size_t n = 0; n < count; n++) {
			caa_line_set_outside(&line, &turn[(n + row[i].of) % count], false);
			assert_int_equal(caa_line_neighbours(&turn[(n + row[i].of) % count], found), 0);
			assert_false(caa_line_is_oldest(&turn[(n + row[i].of) % count]));
		}
		assert_int_equal(line.outsiders, 0);
		assert_null(line.outside);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_finds_room_calls_its_neighbours), cmocka_unit_test(zones_take_turns), cmocka_unit_test(who_was_served_waits_for_the_others_turn),
		cmocka_unit_test(a_zone_with_a_thousandth_of_the_names_has_its_turn),
		cmocka_unit_test(within_a_zone_the_older_question_is_first), cmocka_unit_test(who_leaves_leaves_the_others_in_order),
		cmocka_unit_test(the_front_is_told_by_who_stands_before),
		cmocka_unit_test(who_has_room_is_called_once), cmocka_unit_test(turns_wrap), cmocka_unit_test(any_crowd_keeps_its_order), cmocka_unit_test(who_entered_last_may_be_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
