/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/pace/learn.h"

enum {
	US_PER_MS = 1000, US_PER_S = 1000000, MS_PER_S = 1000, MQPS = 1000,
	BURST = 16, ROUND_US = 200, FAR_US = 40 * US_PER_MS, TIMEOUT_US = 376 * US_PER_MS
};

#define DAY_US (UINT64_C(86400) * US_PER_S)
#define WRAP_US ((UINT64_C(1) << 32) * US_PER_MS)	/**< after which times in ms are the same */
#define START_US (UINT64_C(10) * US_PER_S)

/* --- a timeline --------------------------------------------------------------------------------------------------- */

/** One upstream and the queries that were sent to it, by their number. */
struct line {
	struct caa_learn learn;
	uint64_t now_us;
	struct caa_sent sent[4096];
	size_t count;		/**< sent so far */
	uint32_t questions;	/**< asked so far */
	size_t limits;		/**< outcomes that found a limit */
};

static struct line *line_new(uint64_t now_us)
{
	struct line *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	caa_learn_init(&l->learn, BURST);
	l->now_us = now_us;
	return l;
}

/** Come, wait as long as needed, and send. @return how long it waited. */
static uint64_t send_waited(struct line *l, bool waited)
{
	struct caa_place place;
	uint64_t wait_us, from_us = l->now_us;

	caa_learn_options(&l->learn, l->now_us, 0, BURST);
	place = caa_pacer_enter(&l->learn.pacer, l->now_us, false);
	while ((wait_us = caa_learn_wait(&l->learn, place, l->now_us)) != 0) {
		l->now_us += wait_us;
		assert_true(l->now_us - from_us < 60 * UINT64_C(1000000));
	}
	assert_true(l->count < COUNT_OF(l->sent));
	l->sent[l->count] = caa_learn_sent(&l->learn, l->now_us, waited || l->now_us > from_us);
	l->sent[l->count].question = ++l->questions;
	l->count++;
	return l->now_us - from_us;
}

static void send_some(struct line *l, size_t n)
{
	while (n-- > 0)
		send_waited(l, false);
}

static bool end(struct line *l, size_t i, enum caa_signal signal)
{
	bool limited = caa_learn_outcome(&l->learn, l->now_us, l->sent[i], signal);

	l->limits += limited;
	return limited;
}

static void end_some(struct line *l, size_t from, size_t to, enum caa_signal signal)
{
	for (size_t i = from; i < to; i++)
		end(l, i, signal);
}

/** Send n that are lost. */
static void lose(struct line *l, size_t n, uint64_t timeout_us)
{
	size_t from = l->count;

	send_some(l, n);
	l->now_us += timeout_us;
	end_some(l, from, l->count, CAA_SIGNAL_SILENCE);
}

/** Send n and have them answered after a round trip. */
static void exchange(struct line *l, size_t n, uint64_t round_us)
{
	size_t from = l->count;

	send_some(l, n);
	l->now_us += round_us;
	end_some(l, from, l->count, CAA_SIGNAL_ANSWER);
}

/** The same with strangers, each of another zone. */
static void meet(struct line *l, size_t n, uint64_t round_us)
{
	size_t from = l->count;

	send_some(l, n);
	for (size_t i = from; i < l->count; i++) {
		l->sent[i].stranger = true;
		l->sent[i].zone = 1000 + (uint32_t)i;
	}
	l->now_us += round_us;
	end_some(l, from, l->count, CAA_SIGNAL_ANSWER);
}

/** An upstream that was found limited: it answered `good` at once and nothing of four more. */
static struct line *limited_line(uint64_t now_us, size_t good)
{
	struct line *l = line_new(now_us);

	for (size_t left = good; left > 0; left -= left < BURST ? left : BURST)
		exchange(l, left < BURST ? left : BURST, ROUND_US);
	lose(l, 4, TIMEOUT_US);
	assert_true(caa_learn_limited(&l->learn));
	assert_int_equal(l->limits, 1);
	return l;
}

/** The same, and what was asked first after the pause was answered. */
static struct line *confirmed_line(uint64_t now_us, size_t good)
{
	struct line *l = limited_line(now_us, good);

	send_waited(l, true);
	l->now_us += ROUND_US;
	end(l, l->count - 1, CAA_SIGNAL_ANSWER);
	assert_int_not_equal(l->learn.state, CAA_LEARN_CONFIRM);
	return l;
}

/** A query is lost although hardly any were sent. */
static void lose_one_alone(struct line *l)
{
	l->now_us = l->learn.pacer.next_us + 3 * US_PER_S;
	send_waited(l, false);
	end(l, l->count - 1, CAA_SIGNAL_SILENCE);
}

/** Ask at the rate for a while, always answered. */
static void serve(struct line *l, uint64_t for_us)
{
	uint64_t until_us = l->now_us + for_us;

	while (l->now_us < until_us) {
		send_waited(l, true);
		end(l, l->count - 1, CAA_SIGNAL_ANSWER);
		l->count--;
	}
}

/* --- open: the window ----------------------------------------------------------------------------------------------- */

static void window_doubles_with_each_round(void **state)
{
	static const struct { uint64_t round_us; uint16_t window[5]; const char *why; } row[] = {
		{ ROUND_US, { 16, 16, 16, 16, 16 }, "no round is shorter than 10 ms: 16 per 0.2 ms need no more" },
		{ 10 * US_PER_MS, { 32, 64, 128, 256, 512 }, "it doubles" },
		{ 11 * US_PER_MS, { 64, 128, 256, 512, 1024 }, "a long round trip jumps when the first were answered" },
		{ 300 * US_PER_MS, { 64, 128, 256, 512, 1024 }, "however long it is" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = line_new(START_US);

		for (size_t n = 0; n < COUNT_OF(row[i].window); n++) {
			exchange(l, l->learn.pacer.window, row[i].round_us);
			if (l->learn.pacer.window != row[i].window[n])
				fail_msg("round %zu: window %u: %s", n + 1, l->learn.pacer.window, row[i].why);
		}
		free(l);
	}
}

/** A server so near that all are answered before the next ones leave. */
static void window_grows_though_nothing_is_under_way_between(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	for (int i = 0; i < 10; i++)	/* two rounds of 10 ms */
		exchange(l, l->learn.pacer.window, 2 * US_PER_MS);
	assert_int_equal(l->learn.pacer.window, 4 * BURST);
	l->now_us += 9 * US_PER_MS;
	exchange(l, 4 * BURST, 2 * US_PER_MS);
	assert_int_equal(l->learn.pacer.window, 8 * BURST);
	l->now_us += 10 * US_PER_MS;	/* an idle time is no round: the next one begins when it is used again */
	exchange(l, 8 * BURST, 2 * US_PER_MS);
	assert_int_equal(l->learn.pacer.window, 8 * BURST);
	free(l);
}

/** @return whether a place that is taken now is due. */
static bool due(struct line *l)
{
	struct caa_pacer tried = l->learn.pacer;
	struct caa_place place = caa_pacer_enter(&tried, l->now_us, false);
	uint64_t wait_us = caa_learn_wait(&l->learn, place, l->now_us);

	return wait_us == 0;
}

static void window_holds_back_until_an_answer(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	exchange(l, BURST, ROUND_US);
	send_some(l, BURST);
	assert_int_equal(l->now_us, START_US + ROUND_US);
	assert_false(due(l));
	end(l, BURST, CAA_SIGNAL_ANSWER);
	assert_true(due(l));
	free(l);
}

/** What a limiter did not answer of the first window it charges; more would be charged as well. */
static void the_first_window_waits_for_its_last_one(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	send_some(l, BURST);
	l->now_us += FAR_US;
	for (size_t i = 0; i < BURST - 1; i++) {
		end(l, i, CAA_SIGNAL_ANSWER);
		assert_false(due(l));
	}
	end(l, BURST - 1, CAA_SIGNAL_ANSWER);
	assert_true(due(l));
	assert_int_equal(l->learn.pacer.window, 4 * BURST);	/* as if it had grown all the time */
	free(l);
}

static void the_first_window_waits_for_no_other(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	send_some(l, BURST);
	l->now_us += FAR_US;
	end(l, BURST - 1, CAA_SIGNAL_ANSWER);
	assert_true(due(l));
	end_some(l, 0, BURST - 1, CAA_SIGNAL_ANSWER);
	assert_int_equal(l->learn.pacer.window, 4 * BURST);
	free(l);
}

static void the_first_window_waits_half_a_second(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	send_some(l, BURST);
	l->now_us += FAR_US;
	end_some(l, 0, 12, CAA_SIGNAL_ANSWER);
	l->now_us += 499 * US_PER_MS;
	send_some(l, 1);	/* the one that tells of an answer */
	l->now_us += US_PER_MS;
	assert_false(due(l));
	l->now_us += US_PER_MS;
	assert_true(due(l));
	assert_int_equal(l->learn.pacer.window, BURST + 11);
	free(l);
}

/** Who is slower than half a second is not held back until then. */
static void the_first_window_waits_only_after_an_answer(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	send_some(l, BURST);
	l->now_us += US_PER_S;
	assert_false(due(l));
	end_some(l, 0, BURST, CAA_SIGNAL_ANSWER);
	assert_true(due(l));
	free(l);
}

static void one_more_tells_of_the_first_window(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	send_some(l, BURST);
	l->now_us += FAR_US;
	end_some(l, 0, 8, CAA_SIGNAL_ANSWER);
	l->now_us += FAR_US;
	assert_false(due(l));
	l->now_us += US_PER_MS;
	assert_true(due(l));
	send_some(l, 1);
	l->now_us += FAR_US;
	assert_false(due(l));
	end(l, BURST, CAA_SIGNAL_ANSWER);
	assert_true(due(l));
	assert_int_equal(l->learn.pacer.inflight, 8);
	assert_int_equal(l->learn.pacer.window, BURST + 8);	/* what is lost makes no room */
	free(l);
}

/** Packets that wait for nothing follow all the time; an answer to one tells as well. */
static void the_first_window_waits_for_no_later_one(void **state)
{
	static const size_t last = BURST - 1;
	struct line *l = line_new(START_US);

	(void)state;
	for (int late = 0; late <= 1; late++) {
		struct caa_sent charged;

		free(l);
		l = line_new(START_US);
		send_some(l, BURST);
		charged = caa_learn_charged(&l->learn, l->now_us);
		caa_learn_charged(&l->learn, l->now_us);
		l->now_us += FAR_US;
		end_some(l, 0, 8, CAA_SIGNAL_ANSWER);
		assert_false(due(l));
		if (late)
			caa_learn_outcome(&l->learn, l->now_us, charged, CAA_SIGNAL_ANSWER);
		else
			end(l, last, CAA_SIGNAL_ANSWER);
		assert_true(due(l));
	}
	free(l);
}

static void a_lost_last_one_ends_the_first_window(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	send_some(l, BURST);
	l->now_us += FAR_US;
	end_some(l, 0, BURST - 2, CAA_SIGNAL_ANSWER);
	l->now_us += 10 * US_PER_MS;
	end(l, BURST - 2, CAA_SIGNAL_SILENCE);
	assert_false(due(l));
	end(l, BURST - 1, CAA_SIGNAL_SILENCE);
	assert_true(due(l));
	assert_int_equal(l->limits, 0);
	free(l);
}

/** Queries one after the other, with no more than a few under way, are not held back. */
static void a_trickle_has_no_first_window(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	send_some(l, 3);
	for (size_t i = 0; i < 3 * BURST; i++) {
		l->now_us += ROUND_US;
		end(l, i, CAA_SIGNAL_ANSWER);
		assert_true(due(l));
		assert_int_equal(send_waited(l, false), 0);
	}
	free(l);
}

static void a_proved_source_ends_the_first_window(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	send_some(l, BURST);
	l->now_us += FAR_US;
	end_some(l, 0, 2, CAA_SIGNAL_ANSWER);
	assert_false(due(l));
	caa_learn_source_proved(&l->learn, l->now_us);
	assert_true(due(l));
	free(l);

	l = limited_line(START_US, BURST);
	caa_learn_source_proved(&l->learn, l->now_us);
	assert_false(caa_learn_limited(&l->learn));
	free(l);
}

static void window_has_a_largest_size(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	for (int i = 0; i < 12; i++) {
		l->count = 0;
		exchange(l, l->learn.pacer.window < 4096 ? l->learn.pacer.window : 4096, 20 * US_PER_MS);
	}
	assert_in_range(l->learn.pacer.window, 4096, 8192);
	l->learn.pacer.window = 8192;
	l->learn.window.grow = 10;
	l->count = 0;
	exchange(l, 100, 20 * US_PER_MS);
	assert_int_equal(l->learn.pacer.window, 8192);
	free(l);
}

static void a_first_loss_takes_the_jump_away(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	send_some(l, BURST);
	l->now_us += FAR_US;
	end(l, 0, CAA_SIGNAL_ANSWER);
	end(l, 1, CAA_SIGNAL_SILENCE);
	end_some(l, 2, BURST, CAA_SIGNAL_ANSWER);
	assert_in_range(l->learn.pacer.window, BURST, 2 * BURST);
	free(l);
}

static void an_idle_window_starts_anew(void **state)
{
	static const struct { uint64_t idle_us; bool anew; } row[] = {
		{ UINT64_C(599) * US_PER_S, false }, { UINT64_C(602) * US_PER_S, true },
		{ WRAP_US, true }, { WRAP_US + US_PER_S, true }, { WRAP_US - 5 * UINT64_C(60) * US_PER_S, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = line_new(START_US);
		uint16_t window;

		exchange(l, BURST, FAR_US);
		window = l->learn.pacer.window;
		assert_true(window > BURST);
		l->now_us += row[i].idle_us;
		caa_learn_options(&l->learn, l->now_us, 0, BURST);
		assert_int_equal(l->learn.pacer.window, row[i].anew ? BURST : window);
		free(l);
	}
}

/* --- open: what is a limit and what is not -------------------------------------------------------------------------- */

/** Outcomes in the order of the queries: 'a' answered, 's' silence, 'd' denied, 'c' cut, 'n' nothing known. */
static enum caa_signal signal_of(char c)
{
	return c == 'a' ? CAA_SIGNAL_ANSWER : c == 's' ? CAA_SIGNAL_SILENCE : c == 'd' ? CAA_SIGNAL_DENIED :
		c == 'c' ? CAA_SIGNAL_CUT : CAA_SIGNAL_NONE;
}

static void losses_are_weighed(void **state)
{
	static const struct { const char *outcome; bool limited; const char *why; } row[] = {
		{ "aaaaaaaassss", true, "silence from some point on is a limit" },
		{ "aaaaaaaasss", false, "three may be chance" },
		{ "aaaaaaaaccc", true, "three TC are none" },
		{ "aaaaaaaacc", false, "two may be" },
		{ "aaaaaaaaddddd", true, "five errors are none" },
		{ "aaaaaaaadddd", false, "four are what servers send in any case" },
		{ "aaaaaaaascc", true, "TC counts with silence" },
		{ "aaaaaaaassddd", true, "so do errors" },
		{ "aaaaaaaasddd", false, "but not for more" },
		{ "ssssssssssssssss", false, "who never answered is dead" },
		{ "dddddddddddddddd", false, "nor who only denies" },
		{ "cccccccccccccccc", false, "nor who only cuts" },
		{ "asssnnnnnnnnnnnn", false, "what nobody waited for is no loss" },
		{ "saaasaaasaaasaaa", false, "holes among answers are chance" },
		{ "aasaaasaaasaaasa", false, "wherever they are" },
		{ "asasasasasasasas", false, "half lost, at random: as many as the answers" },
		{ "asssasssasssasss", true, "more lost than answered is a limit, with gaps or not" },
		{ "assss", true, "one answer is enough to be alive" },
		{ "sssss", false, "none is not" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = line_new(START_US);

		send_some(l, strlen(row[i].outcome));
		for (size_t n = 0; n < strlen(row[i].outcome); n++)
			if (row[i].outcome[n] == 'a')
				end(l, n, CAA_SIGNAL_ANSWER);
		l->now_us += TIMEOUT_US;
		for (size_t n = 0; n < strlen(row[i].outcome); n++)
			if (row[i].outcome[n] != 'a')
				end(l, n, signal_of(row[i].outcome[n]));
		if (caa_learn_limited(&l->learn) != row[i].limited)
			fail_msg("%s: %s", row[i].outcome, row[i].why);
		assert_int_equal(l->limits, row[i].limited);
		free(l);
	}
}

/** One name that is denied, or dropped, whenever it is asked, and others. */
static void a_question_lost_again_is_no_sign(void **state)
{
	static const enum caa_signal signal[] = { CAA_SIGNAL_DENIED, CAA_SIGNAL_SILENCE };
	enum { LOST = 7 };
	static const struct { uint32_t question[LOST]; bool limited; } row[] = {
		{ { 1001, 1001, 1001, 1001, 1001, 1001, 1001 }, false },
		{ { 1001, 1001, 1001, 1002, 1002, 1002, 1002 }, false },
		{ { 1001, 1001, 1002, 1003, 1003, 1004, 1005 }, true },
		{ { 1001, 1002, 1001, 1002, 1001, 1001, 1001 }, true },	/* two that take turns */
	};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT_OF(row); i++) {
		struct line *l = line_new(START_US);

		exchange(l, 8, ROUND_US);
		send_some(l, LOST);
		for (size_t n = 0; n < LOST; n++) {
			l->sent[8 + n].question = row[i / 2].question[n];
			end(l, 8 + n, signal[i % 2]);
		}
		assert_int_equal(caa_learn_limited(&l->learn), row[i / 2].limited);
		assert_int_equal(l->learn.pacer.inflight, 0);
		free(l);
	}
}

static void losses_far_apart_are_weighed_apart(void **state)
{
	static const struct { uint64_t apart_us; bool limited; } row[] = {
		{ 600 * US_PER_MS, true }, { 667 * US_PER_MS, false }, { 5 * US_PER_S, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = line_new(START_US);

		exchange(l, 8, ROUND_US);
		for (int n = 0; n < 4; n++) {
			send_some(l, 1);
			end(l, l->count - 1, CAA_SIGNAL_SILENCE);
			l->now_us += row[i].apart_us;
		}
		assert_int_equal(caa_learn_limited(&l->learn), row[i].limited);
		free(l);
	}
}

/** Nothing is answered any more, but nothing was answered just before it either: the server is down, or slow by now. */
static void silence_after_a_rest_is_no_limit(void **state)
{
	static const struct { uint64_t rest_us; bool limited; } row[] = {
		{ 0, true }, { 1900 * US_PER_MS, true }, { 3 * US_PER_S, false }, { 30 * US_PER_S, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = line_new(START_US);

		exchange(l, BURST, ROUND_US);
		l->now_us += row[i].rest_us;
		lose(l, 4, TIMEOUT_US);
		assert_int_equal(caa_learn_limited(&l->learn), row[i].limited);
		free(l);
	}
}

static void losses_do_not_make_room(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	exchange(l, BURST, ROUND_US);
	send_some(l, 3);
	end_some(l, BURST, BURST + 3, CAA_SIGNAL_SILENCE);
	assert_int_equal(l->learn.pacer.window, BURST - 3);
	assert_int_equal(l->learn.pacer.inflight, 0);
	l->learn.pacer.window = 4;
	send_some(l, 1);
	l->learn.evidence.tail = 0;
	end(l, BURST + 3, CAA_SIGNAL_SILENCE);
	assert_int_equal(l->learn.pacer.window, 4);
	free(l);
}

/* --- limited ---------------------------------------------------------------------------------------------------------- */

static void goodput_makes_the_rate(void **state)
{
	static const struct { size_t good; uint32_t rate_mqps; } row[] = {
		{ 1, 900 }, { 10, 9 * MQPS }, { 20, 18 * MQPS }, { 100, 90 * MQPS }, { 1000, 900 * MQPS },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = limited_line(START_US, row[i].good);

		assert_int_equal(l->learn.limit.rate_mqps, row[i].rate_mqps);
		assert_int_equal(l->learn.pacer.interval_us, (uint64_t)US_PER_S * MQPS / row[i].rate_mqps);
		assert_int_equal(l->learn.limit.burst_seen, row[i].good);
		free(l);
	}
}

/** What counts of the last second is a product that has to have room. */
static void goodput_of_fast_servers_makes_a_fast_rate(void **state)
{
	static const uint32_t per_s[] = { 1000, 4000, 5000, 10000, 40000 };
	enum { LOST_US = 50 * US_PER_MS };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(per_s); i++) {
		struct line *l = line_new(START_US);
		uint64_t step_us = (uint64_t)BURST * US_PER_S / per_s[i];
		uint32_t rate_mqps = per_s[i] * MQPS / 100 * 90;

		while (l->now_us < START_US + US_PER_S + 2 * step_us) {
			exchange(l, BURST, step_us);
			l->count = 0;
		}
		lose(l, 4, LOST_US);
		assert_int_equal(l->limits, 1);
		/* no answer has come for as long as the losses took */
		assert_in_range(l->learn.limit.rate_mqps, rate_mqps - rate_mqps / 10, rate_mqps);
		free(l);
	}
}

static void goodput_of_long_ago_does_not_count(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	exchange(l, BURST, ROUND_US);
	lose(l, 4, 5 * US_PER_S);
	assert_int_equal(l->learn.limit.rate_mqps, MQPS / 2);	/* the lowest */
	free(l);
}

static void the_pause_pays_what_was_sent_in_vain(void **state)
{
	static const struct { size_t good; uint64_t pause_us; const char *why; } row[] = {
		{ 100, 100 * US_PER_MS, "four at 90/s are less than the shortest pause" },
		{ 20, 222222, "four at 18/s" },
		{ 4, 4 * UINT64_C(1000000) * 10 / 36, "four at 3.6/s" },
		{ 1, 2 * US_PER_S, "the first pause is no longer than two seconds" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = limited_line(START_US, row[i].good);
		uint64_t waited_us = send_waited(l, true);

		if (waited_us < row[i].pause_us - US_PER_MS || waited_us > row[i].pause_us + US_PER_MS)
			fail_msg("%llu us: %s", (unsigned long long)waited_us, row[i].why);
		free(l);
	}
}

static void one_goes_first_after_the_pause(void **state)
{
	struct line *l = limited_line(START_US, 20);
	struct caa_place second;

	(void)state;
	send_waited(l, true);
	l->now_us += US_PER_S;
	second = caa_pacer_enter(&l->learn.pacer, l->now_us, false);
	assert_int_not_equal(caa_pacer_wait(&l->learn.pacer, second, l->now_us, ROUND_US), 0);
	end(l, l->count - 1, CAA_SIGNAL_ANSWER);
	assert_int_equal(caa_pacer_wait(&l->learn.pacer, second, l->now_us, ROUND_US), 0);
	free(l);
}

/** @return how many more leave at once. */
static unsigned follow(struct line *l)
{
	unsigned n = 0;

	for (; n < 1000 && due(l); n++)
		send_some(l, 1);
	return n;
}

/** One or two may be bad names.  Where a few more were denied, whatever that says of the zone, or come here since they were elsewhere,
 *  the others of the window may be all that a limit lets through. */
static void few_follow_a_first_window_of_which_some_were_denied(void **state)
{
	static const struct { const char *why; unsigned denied, come; unsigned follow; } row[] = {
		{ "none", 0, 0, 2 * BURST }, { "one", 1, 0, 2 * BURST }, { "two", 2, 0, 2 * BURST },
		{ "three", 3, 0, 4 }, { "half", BURST / 2, 0, 4 }, { "one elsewhere", 0, 1, 4 }, { "both", 2, 1, 4 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++)
		for (int unheard = 0; unheard <= 1; unheard++) {
			struct line *l = line_new(START_US);
			unsigned n;

			send_some(l, BURST);
			l->now_us += FAR_US / 8;
			for (unsigned k = 0; k < row[i].denied; k++) {
				l->sent[k].stranger = l->sent[k].unheard = unheard;
				end(l, k, unheard ? CAA_SIGNAL_NONE : CAA_SIGNAL_DENIED);
			}
			for (unsigned k = 0; k < row[i].come; k++)
				caa_learn_warn(&l->learn);
			l->now_us += FAR_US / 8;
			end_some(l, row[i].denied, BURST, CAA_SIGNAL_ANSWER);
			n = follow(l);
			/* The server does not answer what is denied, and it makes no room twice. */
			if (row[i].follow == 4 ? n != 4 : n < BURST)
				fail_msg("%s: %u", row[i].why, n);
			free(l);
		}
}

/** It is not the server that denies, and what denies is faster. */
static void denials_may_overtake_answers(void **state)
{
	struct line *l = line_new(START_US);
	uint32_t rate_mqps;

	(void)state;
	send_some(l, BURST);
	end_some(l, 0, 2, CAA_SIGNAL_ANSWER);
	end_some(l, 10, BURST, CAA_SIGNAL_DENIED);
	assert_true(caa_learn_limited(&l->learn));
	rate_mqps = l->learn.limit.rate_mqps;
	assert_true(rate_mqps < 2 * MQPS);
	end_some(l, 2, 10, CAA_SIGNAL_ANSWER);
	assert_int_equal(l->learn.limit.rate_mqps, 9 * MQPS);		/* as if they had been there before */
	assert_int_equal(l->learn.limit.burst_seen, 10);
	assert_int_equal(l->learn.state, CAA_LEARN_CONFIRM);
	free(l);
}

/** An outcome of what was sent before the pause says nothing new. */
static void who_comes_late_confirms_nothing(void **state)
{
	struct line *l = line_new(START_US);
	uint32_t rate_mqps;

	(void)state;
	exchange(l, 20 - 4, ROUND_US);
	send_some(l, 8);
	end_some(l, 16, 20, CAA_SIGNAL_SILENCE);
	assert_true(caa_learn_limited(&l->learn));
	rate_mqps = l->learn.limit.rate_mqps;
	assert_int_equal(l->learn.pacer.inflight, 0);
	end(l, 20, CAA_SIGNAL_ANSWER);
	assert_int_equal(l->learn.state, CAA_LEARN_CONFIRM);
	assert_false(end(l, 21, CAA_SIGNAL_SILENCE));
	assert_false(end(l, 22, CAA_SIGNAL_DENIED));
	assert_int_equal(l->learn.limit.rate_mqps, rate_mqps);
	assert_int_equal(l->learn.pacer.inflight, 0);
	free(l);
}

static void a_pause_too_short_is_repeated(void **state)
{
	/* P is what was paused first: 2 s. */
	static const unsigned pause_ms[] = { 1000, 1000, 2000, 4000, 8000, 15000, 15000, 15000 };
	struct line *l = limited_line(START_US, 1);
	uint32_t rate_mqps = l->learn.limit.rate_mqps;

	(void)state;
	assert_int_equal(l->learn.limit.pause_ms, 2000);
	for (size_t i = 0; i < COUNT_OF(pause_ms); i++) {
		uint64_t pause_us = (uint64_t)l->learn.limit.pause_ms * US_PER_MS, interval_us = l->learn.pacer.interval_us;

		/* no sooner, and a place at the rate later at most */
		assert_in_range(send_waited(l, true), pause_us, pause_us + interval_us);
		l->now_us += ROUND_US;
		assert_true(end(l, l->count - 1, CAA_SIGNAL_SILENCE));
		assert_int_equal(l->learn.limit.pause_ms, pause_ms[i]);
		assert_true(i < 2 ? l->learn.limit.rate_mqps == rate_mqps : l->learn.limit.rate_mqps < rate_mqps);
	}
	assert_int_equal(l->learn.limit.rate_mqps, MQPS / 2);
	send_waited(l, true);
	end(l, l->count - 1, CAA_SIGNAL_ANSWER);
	assert_int_equal(l->learn.limit.pause_ms, 0);
	assert_int_equal(l->learn.limit.failures, 0);
	free(l);
}

/** Denied however slowly it is asked: that is its answer, which is found out sooner of an error than of TC. */
static void denials_after_pauses_are_an_answer(void **state)
{
	static const struct { enum caa_signal signal; int times; } row[] = { { CAA_SIGNAL_DENIED, 4 }, { CAA_SIGNAL_CUT, 8 } };

	(void)state;
	for (size_t k = 0; k < COUNT_OF(row); k++) {
		struct line *l = limited_line(START_US, 20);
		uint64_t began_us = l->now_us + l->learn.limit.pause_ms * (uint64_t)US_PER_MS;

		for (int i = 1; i <= row[k].times; i++) {
			send_waited(l, true);
			assert_int_equal(end(l, l->count - 1, row[k].signal), i < row[k].times);
			assert_int_equal(caa_learn_limited(&l->learn), i < row[k].times);
		}
		/* after the first pause, which was for the debt of those that were lost before */
		assert_true(row[k].signal == CAA_SIGNAL_CUT || l->now_us - began_us < 1500 * (uint64_t)US_PER_MS);
		free(l);
	}
}

static void what_was_an_answer_is_none_of_a_limit_before_the_next_answer(void **state)
{
	struct line *l = limited_line(START_US, 20);

	(void)state;
	for (int i = 1; i <= 4; i++) {
		send_waited(l, true);
		end(l, l->count - 1, CAA_SIGNAL_DENIED);
	}
	send_some(l, 8);
	end_some(l, l->count - 8, l->count, CAA_SIGNAL_DENIED);
	assert_false(caa_learn_limited(&l->learn));	/* not believed before an answer */
	exchange(l, 8, ROUND_US);
	send_some(l, 5);
	end_some(l, l->count - 5, l->count, CAA_SIGNAL_DENIED);
	assert_true(caa_learn_limited(&l->learn));
	free(l);
}

static void a_loss_soon_after_the_pause_says_nothing_of_the_rate(void **state)
{
	static const struct { uint64_t after_us; bool cut; } row[] = {
		{ 1498 * US_PER_MS, false }, { 1502 * US_PER_MS, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = confirmed_line(START_US, 20);
		uint32_t rate_mqps = l->learn.limit.rate_mqps;

		l->now_us += row[i].after_us - 60 * US_PER_MS;
		send_waited(l, false);
		l->now_us += 60 * US_PER_MS;
		assert_int_equal(end(l, l->count - 1, CAA_SIGNAL_SILENCE), row[i].cut);
		assert_int_equal(l->learn.limit.rate_mqps < rate_mqps, row[i].cut);
		free(l);
	}
}

static void three_in_a_row_pause_again(void **state)
{
	struct line *l = confirmed_line(START_US, 20);
	uint32_t rate_mqps;

	(void)state;
	rate_mqps = l->learn.limit.rate_mqps;
	send_some(l, 3);
	end(l, l->count - 3, CAA_SIGNAL_SILENCE);
	end(l, l->count - 2, CAA_SIGNAL_SILENCE);
	assert_int_not_equal(l->learn.state, CAA_LEARN_CONFIRM);
	assert_true(end(l, l->count - 1, CAA_SIGNAL_SILENCE));
	assert_int_equal(l->learn.state, CAA_LEARN_CONFIRM);
	assert_int_equal(l->learn.limit.rate_mqps, rate_mqps);	/* still settling: only the pause was too short */
	free(l);

	l = confirmed_line(START_US, 20);
	serve(l, 5 * US_PER_S);
	rate_mqps = l->learn.limit.rate_mqps;
	send_some(l, 3);
	end_some(l, l->count - 3, l->count, CAA_SIGNAL_SILENCE);
	assert_int_equal(l->learn.state, CAA_LEARN_CONFIRM);
	assert_true(l->learn.limit.rate_mqps <= rate_mqps - rate_mqps / 10);
	assert_true(l->learn.limit.rate_mqps >= rate_mqps * 4 / 10);
	free(l);
}

static void one_loss_cuts_once_for_what_was_under_way(void **state)
{
	struct line *l = confirmed_line(START_US, 20);
	uint32_t rate_mqps, cut_mqps;

	(void)state;
	serve(l, 5 * US_PER_S);
	rate_mqps = l->learn.limit.rate_mqps;
	send_some(l, 3);
	assert_true(end(l, l->count - 3, CAA_SIGNAL_SILENCE));
	cut_mqps = l->learn.limit.rate_mqps;
	assert_true(cut_mqps < rate_mqps && cut_mqps >= rate_mqps * 89 / 100);
	assert_int_equal(l->learn.limit.ceiling_mqps, rate_mqps);
	assert_false(end(l, l->count - 2, CAA_SIGNAL_SILENCE));
	assert_int_equal(l->learn.limit.rate_mqps, cut_mqps);
	end(l, l->count - 1, CAA_SIGNAL_ANSWER);
	send_some(l, 1);
	assert_true(end(l, l->count - 1, CAA_SIGNAL_SILENCE));
	assert_true(l->learn.limit.rate_mqps < cut_mqps);
	free(l);
}

/** A rate that is served, as it was after each second. */
static void the_rise_is_slow_near_what_was_too_high(void **state)
{
	struct line *l = confirmed_line(START_US, 40);
	uint32_t at[25], ceiling_mqps;

	(void)state;
	serve(l, 5 * US_PER_S);
	send_some(l, 1);
	assert_true(end(l, l->count - 1, CAA_SIGNAL_SILENCE));
	ceiling_mqps = l->learn.limit.ceiling_mqps;
	l->learn.limit.rate_mqps = ceiling_mqps * 7 / 10;
	l->learn.goodput.steady_mqps = 0;
	for (size_t s = 0; s < COUNT_OF(at); s++) {
		serve(l, US_PER_S);
		at[s] = l->learn.limit.rate_mqps;
	}
	assert_true(at[0] > ceiling_mqps * 80 / 100);		/* a quarter each second, far below */
	assert_in_range(at[1], ceiling_mqps * 92 / 100, ceiling_mqps * 98 / 100);
	assert_true(at[2] - at[1] < ceiling_mqps * 4 / 100);	/* a few percent, near */
	assert_true(at[3] - at[2] < ceiling_mqps * 6 / 100);
	assert_true(at[24] > ceiling_mqps * 2);			/* bold, once it is not too high any more */
	free(l);
}

static void the_rate_rises_only_while_queries_wait(void **state)
{
	struct line *l = confirmed_line(START_US, 20);
	uint32_t rate_mqps = l->learn.limit.rate_mqps;

	(void)state;
	l->now_us += 300 * US_PER_MS;
	send_waited(l, false);
	end(l, l->count - 1, CAA_SIGNAL_ANSWER);
	assert_int_equal(l->learn.limit.rate_mqps, rate_mqps);
	l->now_us += 300 * US_PER_MS;
	send_waited(l, true);
	end(l, l->count - 1, CAA_SIGNAL_ANSWER);
	assert_true(l->learn.limit.rate_mqps > rate_mqps);
	free(l);
}

/** Losses without a load are not a limit's. */
static void a_loss_alone_takes_the_limit_back(void **state)
{
	static const struct { uint64_t rest_us; enum caa_signal signal; bool limited; } row[] = {
		{ 1 * US_PER_S, CAA_SIGNAL_SILENCE, true }, { 3 * US_PER_S, CAA_SIGNAL_SILENCE, false },
		{ 3 * US_PER_S, CAA_SIGNAL_DENIED, true }, { 3 * US_PER_S, CAA_SIGNAL_NONE, true },
		{ 3 * US_PER_S, CAA_SIGNAL_ANSWER, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = confirmed_line(START_US, 20);

		l->now_us = l->learn.pacer.next_us + row[i].rest_us;
		send_waited(l, false);
		l->now_us += TIMEOUT_US;
		end(l, l->count - 1, row[i].signal);
		assert_int_equal(caa_learn_limited(&l->learn), row[i].limited);
		free(l);
	}
}

/** A limiter: at most one query each interval_us, and some that were saved up. */
struct limiter { uint64_t interval_us, saved, debt; enum caa_signal says; };

/** @param free_us: when what it has let through is paid for. @param debt: refused queries that are charged at most. */
static enum caa_signal limiter_says(const struct limiter *limiter, uint64_t *free_us, uint64_t now_us)
{
	bool passes = *free_us <= now_us + limiter->saved * limiter->interval_us;

	if (*free_us < now_us)
		*free_us = now_us;
	if (passes || *free_us < now_us + (limiter->saved + limiter->debt) * limiter->interval_us)
		*free_us += limiter->interval_us;
	return passes ? CAA_SIGNAL_ANSWER : limiter->says;
}

/** Have what has come by now, or was waited for in vain, in its order. */
static void end_due(struct line *l, enum caa_signal *said)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		uint64_t after_us = said[i] == CAA_SIGNAL_SILENCE ? TIMEOUT_US : FAR_US;

		if (l->sent[i].sent_us + after_us <= l->now_us) {
			end(l, i, said[i]);
			continue;
		}
		l->sent[kept] = l->sent[i];
		said[kept++] = said[i];
	}
	l->count = kept;
}

/** Queries wait all the time, each for its turn.  @return whether the limit was known all the time. */
static bool ask_limiter(struct line *l, const struct limiter *limiter, uint64_t for_us)
{
	enum caa_signal said[COUNT_OF(l->sent)];
	uint64_t until_us = l->now_us + for_us, free_us = 0;
	struct caa_place place = caa_pacer_enter(&l->learn.pacer, l->now_us, false);

	for (l->count = 0; l->now_us < until_us && caa_learn_limited(&l->learn); l->now_us += US_PER_MS) {
		end_due(l, said);
		if (caa_learn_wait(&l->learn, place, l->now_us) != 0)
			continue;
		l->sent[l->count] = caa_learn_sent(&l->learn, l->now_us, true);
		l->sent[l->count].question = ++l->questions;
		said[l->count++] = limiter_says(limiter, &free_us, l->now_us);
		place = caa_pacer_enter(&l->learn.pacer, l->now_us, false);
	}
	return caa_learn_limited(&l->learn);
}

/** The rate falls at each loss until hardly any are left. */
static void a_limit_is_kept_while_it_is_met(void **state)
{
	static const struct { struct limiter limiter; size_t good; const char *why; } row[] = {
		{ { US_PER_S / 20, 1, 0, CAA_SIGNAL_SILENCE }, 20, "it drops" },
		{ { US_PER_S / 20, 1, 0, CAA_SIGNAL_DENIED }, 20, "or denies" },
		{ { US_PER_S / 20, 1, 0, CAA_SIGNAL_CUT }, 20, "or cuts" },
		{ { US_PER_S / 20, 20, 0, CAA_SIGNAL_SILENCE }, 20, "something was saved up" },
		{ { US_PER_S / 20, 1, 100, CAA_SIGNAL_SILENCE }, 20, "what is lost is charged" },
		{ { US_PER_S / 20, 1, 100, CAA_SIGNAL_CUT }, 20, "whatever comes for it" },
		{ { US_PER_S / 5, 1, 0, CAA_SIGNAL_SILENCE }, 5, "it is slower" },
		{ { US_PER_S / 200, 1, 0, CAA_SIGNAL_DENIED }, 200, "it is faster" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = confirmed_line(START_US, row[i].good);

		if (!ask_limiter(l, &row[i].limiter, 120 * UINT64_C(1000000)))
			fail_msg("%s", row[i].why);
		free(l);
	}
}

static void who_was_doubted_needs_more(void **state)
{
	static const struct { uint64_t after_us; size_t losses; bool limited; } row[] = {
		{ US_PER_S, 7, false }, { US_PER_S, 8, true }, { 590 * UINT64_C(1000000), 7, false },
		{ 602 * UINT64_C(1000000), 3, false }, { 602 * UINT64_C(1000000), 4, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = confirmed_line(START_US, 20);

		lose_one_alone(l);
		assert_false(caa_learn_limited(&l->learn));
		l->now_us += row[i].after_us;
		exchange(l, BURST, ROUND_US);
		lose(l, row[i].losses, TIMEOUT_US);
		assert_int_equal(caa_learn_limited(&l->learn), row[i].limited);
		free(l);
	}
}

static void a_rest_gives_a_burst(void **state)
{
	static const struct { uint64_t rest_us; size_t at_once; } row[] = {
		{ 900 * US_PER_MS, 1 }, { 1200 * US_PER_MS, 10 /* half of the 20 that were seen */ }, { 60 * US_PER_S, 10 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = confirmed_line(START_US, 20);
		size_t at_once = 0;

		l->now_us = l->learn.pacer.next_us + row[i].rest_us;
		while (at_once < 50 && send_waited(l, false) == 0)
			at_once++;
		assert_int_equal(at_once, row[i].at_once);
		free(l);
	}
}

static void waits_need_no_rest(void **state)
{
	struct line *l = limited_line(START_US, 20);

	(void)state;
	l->now_us += 10 * US_PER_S;	/* past the pause, but nothing was confirmed */
	caa_learn_options(&l->learn, l->now_us, 0, BURST);
	assert_int_equal(l->learn.pacer.burst, 1);
	free(l);
}

/* --- both ------------------------------------------------------------------------------------------------------------- */

static void a_limit_is_forgotten_after_an_hour(void **state)
{
	static const struct { uint64_t after_us; bool limited; const char *why; } row[] = {
		{ UINT64_C(3599) * US_PER_S, true, "an hour has not passed" },
		{ UINT64_C(3601) * US_PER_S, false, "it has" },
		{ 8 * DAY_US, false, "a week" },
		{ WRAP_US, false, "when times in ms are the same again" },
		{ WRAP_US + UINT64_C(1800) * US_PER_S, false, "and after it" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = confirmed_line(START_US, 20);

		caa_learn_options(&l->learn, l->now_us + row[i].after_us, 0, BURST);
		if (caa_learn_limited(&l->learn) != row[i].limited)
			fail_msg("%s", row[i].why);
		assert_int_equal(l->learn.pacer.interval_us != 0, row[i].limited);
		free(l);
	}
}

static void an_answer_lasts_a_minute(void **state)
{
	static const struct { uint64_t after_us; bool alive, lately; } row[] = {
		{ 0, true, true }, { 999 * US_PER_MS, true, true }, { 2 * US_PER_S, true, false }, { 58 * US_PER_S, true, false },
		{ 61 * US_PER_S, false, false }, { WRAP_US, false, false }, { WRAP_US + 5, false, false },
		{ WRAP_US / 2 + US_PER_S, false, false },
	};
	struct line *l = line_new(START_US);

	(void)state;
	assert_false(caa_learn_alive(&l->learn, START_US));
	assert_false(caa_learn_silent(&l->learn, START_US));	/* it was not asked */
	send_some(l, 1);
	assert_true(caa_learn_silent(&l->learn, START_US));
	end(l, 0, CAA_SIGNAL_ANSWER);
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		assert_int_equal(caa_learn_alive(&l->learn, START_US + row[i].after_us), row[i].alive);
		assert_int_equal(caa_learn_lately(&l->learn, START_US + row[i].after_us), row[i].lately);
		assert_int_equal(caa_learn_silent(&l->learn, START_US + row[i].after_us), !row[i].alive);
	}
	free(l);
}

/** The first second after the host was started, and a time of zero. */
static void time_may_begin_at_zero(void **state)
{
	struct line *l = line_new(0);

	(void)state;
	send_some(l, 1);
	end(l, 0, CAA_SIGNAL_ANSWER);
	assert_true(caa_learn_alive(&l->learn, 0));
	assert_true(caa_learn_alive(&l->learn, 2 * US_PER_MS));
	free(l);
}

/** Another thread read its clock a little earlier and came second. */
static void a_caller_may_be_behind(void **state)
{
	static const uint64_t behind_us[] = { 0, 1, US_PER_MS, 20 * US_PER_MS, 900 * US_PER_MS };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(behind_us); i++) {
		struct line *l = confirmed_line(START_US, 20);
		uint64_t earlier_us = l->now_us - behind_us[i];
		uint32_t rate_mqps = l->learn.limit.rate_mqps;

		assert_true(caa_learn_alive(&l->learn, earlier_us));
		caa_learn_options(&l->learn, earlier_us, 0, BURST);
		assert_true(caa_learn_limited(&l->learn));
		send_waited(l, true);
		caa_learn_outcome(&l->learn, earlier_us, l->sent[l->count - 1], CAA_SIGNAL_ANSWER);
		assert_in_range(l->learn.limit.rate_mqps, rate_mqps, rate_mqps * 11 / 10);
		free(l);

		l = line_new(START_US);
		exchange(l, BURST, ROUND_US);
		send_some(l, 4);
		for (size_t n = BURST; n < BURST + 4; n++)
			caa_learn_outcome(&l->learn, l->now_us - behind_us[i], l->sent[n], CAA_SIGNAL_SILENCE);
		assert_true(l->learn.limit.rate_mqps >= BURST * MQPS * 9 / 10);	/* the goodput was not lost */
		free(l);

		l = line_new(START_US);
		send_some(l, 1);
		assert_false(caa_learn_stalled(&l->learn, START_US - behind_us[i]));
		free(l);
	}
}

static void stalled_is_silence_longer_than_a_few_rounds(void **state)
{
	static const struct { uint64_t round_us; uint64_t after_us; bool stalled; } row[] = {
		{ 0, 249 * US_PER_MS, false }, { 0, 252 * US_PER_MS, true },			/* not measured yet */
		{ ROUND_US, 99 * US_PER_MS, false }, { ROUND_US, 102 * US_PER_MS, true },	/* at least 100 ms */
		{ 100 * US_PER_MS, 399 * US_PER_MS, false }, { 100 * US_PER_MS, 402 * US_PER_MS, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = line_new(START_US);

		if (row[i].round_us != 0)
			exchange(l, 1, row[i].round_us);
		assert_false(caa_learn_stalled(&l->learn, l->now_us + row[i].after_us));	/* nothing is under way */
		send_some(l, 1);
		assert_int_equal(caa_learn_stalled(&l->learn, l->now_us + row[i].after_us), row[i].stalled);
		free(l);
	}
}

/** The first query after a pause is waited for longer, and the others need not wait for it there. */
static void a_pause_that_does_not_end_is_a_stall(void **state)
{
	struct line *l = limited_line(START_US, BURST);

	(void)state;
	assert_false(caa_learn_stalled(&l->learn, l->now_us + US_PER_S));	/* it pauses, and says until when */
	send_waited(l, true);
	assert_false(caa_learn_stalled(&l->learn, l->now_us + ROUND_US));
	assert_true(caa_learn_stalled(&l->learn, l->now_us + US_PER_S / 4));
	l->now_us += US_PER_S / 10;	/* and no later: it is not slow */
	end(l, l->count - 1, CAA_SIGNAL_ANSWER);
	send_waited(l, true);
	assert_false(caa_learn_stalled(&l->learn, l->now_us + US_PER_S));	/* a rate is known, and who loses some has it so */
	free(l);
}

static void moving_is_for_much_less(void **state)
{
	static const uint64_t move_us = 250 * US_PER_MS;
	struct line *l = line_new(START_US);

	(void)state;
	assert_false(caa_learn_worth_moving(&l->learn, l->now_us, move_us, 0));
	assert_true(caa_learn_worth_moving(&l->learn, l->now_us, move_us + 1, 0));
	assert_false(caa_learn_worth_moving(&l->learn, l->now_us, move_us + 2 * US_PER_S, US_PER_S));
	assert_true(caa_learn_worth_moving(&l->learn, l->now_us, move_us + 2 * US_PER_S + 1, US_PER_S));
	free(l);
}

/** Where others left the line, a place seems to be due too early. */
static void half_of_the_line_is_a_wait(void **state)
{
	struct line *l = confirmed_line(START_US, BURST);

	(void)state;
	for (int i = 0; i < 40; i++)
		caa_pacer_enter(&l->learn.pacer, l->now_us, false);
	assert_true(caa_learn_worth_moving(&l->learn, l->now_us, 0, 0));
	for (int i = 0; i < 38; i++)
		caa_pacer_leave(&l->learn.pacer);
	assert_false(caa_learn_worth_moving(&l->learn, l->now_us, 0, 0));
	free(l);
}

static void a_rate_by_hand_learns_nothing(void **state)
{
	struct line *l = confirmed_line(START_US, 20);

	(void)state;
	caa_learn_options(&l->learn, l->now_us, 3, 2);
	assert_true(caa_learn_is_manual(&l->learn));
	assert_false(caa_learn_limited(&l->learn));
	assert_int_equal(l->learn.pacer.interval_us, 333334);	/* never faster than was asked for */
	assert_int_equal(l->learn.pacer.burst, 2);
	for (int i = 0; i < 20; i++) {
		struct caa_sent sent = caa_learn_sent(&l->learn, l->now_us, true);

		sent.question = (uint32_t)i + 1;
		assert_false(caa_learn_outcome(&l->learn, l->now_us, sent, i % 2 ? CAA_SIGNAL_SILENCE : CAA_SIGNAL_DENIED));
	}
	assert_int_equal(l->learn.pacer.interval_us, 333334);
	assert_false(caa_learn_stalled(&l->learn, l->now_us + 10 * US_PER_S));
	caa_learn_options(&l->learn, l->now_us, 0, BURST);
	assert_false(caa_learn_is_manual(&l->learn));
	assert_int_equal(l->learn.pacer.interval_us, 0);
	assert_int_equal(l->learn.pacer.window, BURST);
	free(l);
}

static void to_forget_is_to_start_anew(void **state)
{
	struct line *l = confirmed_line(START_US, 20);

	(void)state;
	send_some(l, 2);
	caa_learn_source_proved(&l->learn, l->now_us);
	assert_false(caa_learn_limited(&l->learn));
	assert_int_equal(l->learn.pacer.interval_us, 0);
	assert_int_equal(l->learn.pacer.window, BURST);
	assert_int_equal(l->learn.pacer.inflight, 0);
	assert_false(end(l, l->count - 1, CAA_SIGNAL_SILENCE));	/* what was under way is not held against it */
	assert_int_equal(l->learn.pacer.inflight, 0);
	assert_true(caa_learn_alive(&l->learn, l->now_us));
	free(l);
}

static void charged_packets_teach_as_well(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	for (uint32_t i = 0; i < 12; i++) {
		l->sent[l->count] = caa_learn_charged(&l->learn, l->now_us);
		l->sent[l->count++].question = i + 1;
	}
	assert_int_equal(l->learn.pacer.inflight, 12);
	end_some(l, 0, 8, CAA_SIGNAL_ANSWER);
	end_some(l, 8, 12, CAA_SIGNAL_SILENCE);
	assert_true(caa_learn_limited(&l->learn));
	assert_int_equal(l->learn.pacer.inflight, 0);
	free(l);
}

/** Numbers and places begin anywhere, and times too: all goes as it does elsewhere. */
static void the_same_at_each_wrap(void **state)
{
	static const uint32_t first_seq[] = { 0, UINT32_MAX - 5, UINT32_MAX - 22, INT32_MAX - 10, UINT16_MAX - 10 };
	static const uint64_t start_us[] = { START_US, WRAP_US - 10 * US_PER_MS, WRAP_US - 300 * US_PER_MS, WRAP_US,
		WRAP_US / 2 - 100 * US_PER_MS, 30 * WRAP_US };
	uint32_t rate_mqps = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(first_seq) * COUNT_OF(start_us); i++) {
		struct line *l = line_new(start_us[i % COUNT_OF(start_us)]);
		uint32_t first = first_seq[i / COUNT_OF(start_us)];

		l->learn.seq = l->learn.answered_seq = l->learn.recover_seq = l->learn.flight_seq = first;
		l->learn.evidence.tail_seq = (uint16_t)first;
		exchange(l, BURST, ROUND_US);
		send_some(l, 8);
		end(l, BURST, CAA_SIGNAL_SILENCE);
		end_some(l, BURST + 1, BURST + 8, CAA_SIGNAL_ANSWER);
		assert_false(caa_learn_limited(&l->learn));
		lose(l, 4, TIMEOUT_US);
		assert_true(caa_learn_limited(&l->learn));
		send_waited(l, true);
		end(l, l->count - 1, CAA_SIGNAL_ANSWER);
		assert_int_not_equal(l->learn.state, CAA_LEARN_CONFIRM);
		serve(l, 3 * US_PER_S);
		send_some(l, 1);
		assert_true(end(l, l->count - 1, CAA_SIGNAL_SILENCE));
		if (i == 0)
			rate_mqps = l->learn.limit.rate_mqps;
		assert_in_range(l->learn.limit.rate_mqps, rate_mqps * 9 / 10, rate_mqps * 11 / 10);
		free(l);
	}
}

/** Of zones: a capital is a stranger's loss, a small letter a witness' one, by silence; each letter its own zone. */
static void end_of_zone(struct line *l, size_t i, char zone)
{
	l->sent[i].stranger = zone >= 'A' && zone <= 'Z';
	l->sent[i].zone = (uint32_t)zone;
	end(l, i, CAA_SIGNAL_SILENCE);
}

/** Send n that are lost, of these zones. */
static void lose_of_zones(struct line *l, const char *zones, size_t n)
{
	size_t from = l->count;

	send_some(l, n);
	l->now_us += TIMEOUT_US;
	for (size_t k = 0; k < n; k++)
		end_of_zone(l, from + k, zones[k]);
}

static const char strangers[] = "ABCDEFGHIJKLMNOPQRSTUVWX";

static void strangers_need_more(void **state)
{
	static const struct { const char *losses; bool limited, doubtful; const char *why; } row[] = {
		{ "ABCDEFG", false, false, "seven strangers may not be served there" },
		{ "ABCDEFGH", true, true, "eight are a claim" },
		{ "ABCDEFa", false, false, "a witness among them is one more" },
		{ "ABCDEFGa", true, true, "or the eighth" },
		{ "ABCDEFaa", true, true, "of which the witnesses alone would say too little" },
		{ "ABaaaa", true, false, "four witnesses are a limit, whoever else is lost" },
		{ "abcd", true, false, "of whatever zones" },
		{ "abc", false, false, "three are not" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = line_new(START_US);

		meet(l, BURST, ROUND_US);
		lose_of_zones(l, row[i].losses, strlen(row[i].losses));
		if (caa_learn_limited(&l->learn) != row[i].limited || caa_learn_wants_witness(&l->learn, 0) != row[i].doubtful)
			fail_msg("%s: %s", row[i].losses, row[i].why);
		free(l);
	}
}

/** A limiter lets some strangers through, whichever: where none of their kind was answered lately, their losses are no sign of one. */
static void strangers_are_weighed_where_some_are_answered(void **state)
{
	static const struct { unsigned heard; bool other_type, stale; uint64_t later_us; bool limited; } row[] = {
		{ 3, false, false, 0, false }, { 4, false, false, 0, true }, { 15, true, false, 0, false },
		{ 4, false, true, 0, true }, { 3, false, true, 0, false },
		{ 4, false, false, US_PER_S, true }, { 15, false, false, 3 * US_PER_S, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = line_new(START_US);

		send_some(l, row[i].heard);
		for (size_t k = 0; k < row[i].heard; k++) {
			l->sent[k].stranger = !row[i].stale;
			l->sent[k].stale = true;
			l->sent[k].zone = 1000 + (uint32_t)k;
			l->sent[k].caa_type = row[i].other_type;
		}
		l->now_us += ROUND_US;
		end_some(l, 0, l->count, CAA_SIGNAL_ANSWER);
		exchange(l, BURST, ROUND_US);		/* others are answered in any case */
		l->now_us += row[i].later_us;
		exchange(l, 1, ROUND_US);
		lose_of_zones(l, strangers, 12);
		if (caa_learn_limited(&l->learn) != row[i].limited)
			fail_msg("row %u", (unsigned)i);
		/* who is answered goes past those that fill the window in vain, for a while */
		assert_int_equal(caa_learn_lets_pass(&l->learn, l->now_us), !row[i].limited);
		assert_false(caa_learn_lets_pass(&l->learn, l->now_us + 5 * US_PER_S));
		free(l);
	}
}

/** Who was denied here before is one bad name.  Who was denied elsewhere says as much as anybody, but for a stranger: it may not be
 *  served at all. */
static void a_name_that_was_denied_says_less(void **state)
{
	static const struct { bool here, elsewhere, stranger; bool limited; } row[] = {
		{ false, false, false, true }, { true, true, false, false }, { false, true, false, true },
		{ false, false, true, true }, { false, true, true, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		enum { DENIED = 8 };
		struct line *l = line_new(START_US);

		meet(l, BURST, ROUND_US);
		send_some(l, DENIED);
		for (size_t k = BURST; k < l->count; k++) {
			l->sent[k].repeated = row[i].here || row[i].elsewhere;
			l->sent[k].denied = row[i].here;
			l->sent[k].stranger = row[i].stranger;
		}
		l->now_us += ROUND_US;
		end_some(l, BURST, l->count, CAA_SIGNAL_DENIED);
		if (caa_learn_limited(&l->learn) != row[i].limited)
			fail_msg("row %u", (unsigned)i);
		free(l);
	}
}

/** The first answer after a pause comes late: so may have been those that were taken for lost. */
static void who_is_late_is_not_limited(void **state)
{
	static const struct { uint64_t round_us; bool limited; } row[] = {
		{ ROUND_US, true }, { US_PER_S / 5, true }, { US_PER_S / 4, false }, { 4 * US_PER_S, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = limited_line(START_US, BURST);

		l->now_us = l->learn.pacer.next_us;
		send_waited(l, true);
		assert_int_equal(l->sent[l->count - 1].patience_ms, 1000);
		end(l, l->count - 1, CAA_SIGNAL_SILENCE);	/* from then on it is waited for longer */
		l->now_us = l->learn.pacer.next_us;
		send_waited(l, true);
		assert_int_equal(l->sent[l->count - 1].patience_ms, 5000);
		l->now_us += row[i].round_us;
		end(l, l->count - 1, CAA_SIGNAL_ANSWER);
		assert_int_equal(caa_learn_limited(&l->learn), row[i].limited);
		free(l);
	}
}

/** Losses of strangers among answers say nothing, however many they are: they may not be served there. */
static void strangers_among_answers_are_no_holes(void **state)
{
	(void)state;
	for (int stranger = 0; stranger <= 1; stranger++) {
		struct line *l = line_new(START_US);

		exchange(l, BURST, ROUND_US);
		l->now_us += 2 * US_PER_S;	/* those answers are long ago */
		exchange(l, 1, ROUND_US);
		for (int round = 0; round < 2; round++) {
			size_t from = l->count;

			send_some(l, 9);
			l->now_us += ROUND_US;
			for (size_t k = 5; k < 9; k++)
				end(l, from + k, CAA_SIGNAL_ANSWER);
			l->now_us += 100 * US_PER_MS;
			for (size_t k = 0; k < 5; k++)
				end_of_zone(l, from + k, (char)((stranger ? 'A' : 'a') + k));
		}
		assert_int_equal(caa_learn_limited(&l->learn), !stranger);
		free(l);
	}
}

static void who_was_doubted_needs_many_strangers(void **state)
{
	static const struct { size_t strangers; bool limited; } row[] = { { 23, false }, { 24, true } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = confirmed_line(START_US, 20);

		lose_one_alone(l);
		assert_false(caa_learn_limited(&l->learn));
		l->now_us += US_PER_S;
		exchange(l, BURST, FAR_US);
		meet(l, BURST, FAR_US);
		lose_of_zones(l, strangers, row[i].strangers);
		assert_int_equal(caa_learn_limited(&l->learn), row[i].limited);
		free(l);
	}
}

/** A zone is lost where others are answered: if none but it spoke of a limit, there is none. */
static void a_split_takes_back_what_one_zone_said(void **state)
{
	static const struct { const char *losses; uint32_t split; bool limited; } row[] = {
		{ "aaaa", 'a', false }, { "aaaa", 'b', true }, { "aaab", 'a', true }, { "baaa", 'a', true }, { "aaaa", 0, true },
		{ "abcd", 0, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = line_new(START_US);

		exchange(l, BURST, ROUND_US);
		lose_of_zones(l, row[i].losses, strlen(row[i].losses));
		assert_true(caa_learn_limited(&l->learn));
		caa_learn_split(&l->learn, l->now_us, row[i].split);
		assert_int_equal(caa_learn_limited(&l->learn), row[i].limited);
		free(l);
	}
}

static void a_split_leaves_a_rate_by_hand_alone(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	caa_learn_options(&l->learn, l->now_us, 10, 1);
	caa_learn_split(&l->learn, l->now_us, 1);
	assert_true(caa_learn_is_manual(&l->learn));
	assert_int_equal(l->learn.pacer.interval_us, US_PER_S / 10);
	free(l);
}

/** A query leaves at nobody's cost. */
static void send_aside_for(struct line *l, enum caa_aside why)
{
	l->sent[l->count] = caa_learn_aside(&l->learn, l->now_us, why);
	l->sent[l->count++].question = ++l->questions;
}

static void send_aside(struct line *l)
{
	send_aside_for(l, CAA_ASIDE_TESTS);
}

/** Eight strangers say that there is a limit. */
static struct line *claimed_line(void)
{
	struct line *l = line_new(START_US);

	meet(l, BURST, ROUND_US);
	lose_of_zones(l, strangers, 8);
	assert_true(caa_learn_wants_witness(&l->learn, 0));
	return l;
}

/** A limit that a single zone has met is no other zone's, until that one meets it, too. */
static void a_limit_of_one_zone_lets_the_others_pass(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	exchange(l, BURST, ROUND_US);
	send_some(l, 4);
	l->now_us += TIMEOUT_US;
	for (size_t k = 0; k < 4; k++) {
		l->sent[BURST + k].zone = 7;
		end(l, BURST + k, CAA_SIGNAL_SILENCE);
	}
	assert_true(caa_learn_limited(&l->learn));
	assert_false(caa_learn_wants_witness(&l->learn, 7));
	assert_true(caa_learn_wants_witness(&l->learn, 8));
	send_aside(l);
	l->sent[l->count - 1].zone = 8;
	end(l, l->count - 1, CAA_SIGNAL_ANSWER);
	assert_true(caa_learn_limited(&l->learn));	/* which says nothing of zone 7 */
	assert_true(caa_learn_wants_witness(&l->learn, 8));
	send_aside(l);
	l->sent[l->count - 1].zone = 8;
	end(l, l->count - 1, CAA_SIGNAL_SILENCE);
	assert_false(caa_learn_wants_witness(&l->learn, 8));
	assert_false(caa_learn_wants_witness(&l->learn, 9));
	free(l);
}

/** What tests a claim leaves at once, but no more of it than of a first window. */
static void a_claim_is_tested_with_a_window(void **state)
{
	struct line *l = claimed_line();
	unsigned sent = 0;

	(void)state;
	while (caa_learn_wants_witness(&l->learn, 0) && sent < 1000) {
		send_aside(l);
		sent++;
	}
	assert_int_equal(sent, BURST);
	assert_int_equal(l->learn.pacer.inflight, 0);
	end(l, l->count - 1, CAA_SIGNAL_ANSWER);
	assert_true(caa_learn_wants_witness(&l->learn, 0));
	end(l, l->count - 2, CAA_SIGNAL_NONE);
	end_of_zone(l, l->count - 3, 'a');
	assert_true(caa_learn_limited(&l->learn));
	assert_false(caa_learn_wants_witness(&l->learn, 0));	/* it is everyone's now */
	end_some(l, l->count - BURST, l->count - 3, CAA_SIGNAL_NONE);
	assert_int_equal(l->learn.asides, 0);
	free(l);
}

static void what_ends_a_doubt(void **state)
{
	/* of strangers, asked again: S silence, D denied, C cut; of a witness: W lost, V lost again; a answered, r what was lost
	 * before is; l answered late, from before the claim */
	static const struct { const char *events; bool limited, doubtful; const char *why; } row[] = {
		{ "",      true,  true,  "nothing" },
		{ "aaaa",  true,  true,  "nor answers to others before it was tested" },
		{ "S",     true,  true,  "nor that it is lost once more" },
		{ "Sa",    true,  true,  "which may be chance" },
		{ "SSa",   false, false, "what was lost is lost again and again, others are answered: there is none" },
		{ "aSaSa", false, false, "whatever was answered between" },
		{ "SSSSl", true,  true,  "what left before the claim says nothing of it" },
		{ "SSDa",  true,  true,  "nor does this where they are denied: ..." },
		{ "DDDa",  true,  true,  "... that has its own count" },
		{ "DDDD",  false, false, "and is an answer then" },
		{ "CCCa",  true,  true,  "TC, too" },
		{ "r",     true,  false, "what was lost is answered when it is asked slower: it is true" },
		{ "SSSr",  true,  false, "however late" },
		{ "W",     true,  false, "a witness met it, too" },
		{ "SSWa",  true,  false, "and what is answered then confirms it" },
		{ "VVVV",  true,  true,  "one bad name of a witness says nothing" },
		{ "SSVa",  false, false, "of either" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = claimed_line();

		for (const char *event = row[i].events; *event != '\0'; event++) {
			bool strange = strchr("SDCr", *event) != NULL;
			struct caa_sent *sent;

			if (strange || !caa_learn_wants_witness(&l->learn, 0))
				send_waited(l, true);
			else
				send_aside(l);
			l->now_us += ROUND_US;
			sent = *event == 'l' ? &l->sent[0] : &l->sent[l->count - 1];
			sent->stranger = strange;
			sent->repeated = strange || *event == 'V';
			caa_learn_outcome(&l->learn, l->now_us, *sent, strchr("arl", *event) != NULL ? CAA_SIGNAL_ANSWER :
				*event == 'D' ? CAA_SIGNAL_DENIED : *event == 'C' ? CAA_SIGNAL_CUT : CAA_SIGNAL_SILENCE);
		}
		if (caa_learn_limited(&l->learn) != row[i].limited || caa_learn_wants_witness(&l->learn, 0) != row[i].doubtful)
			fail_msg("\"%s\": %s", row[i].events, row[i].why);
		free(l);
	}
}

/** What a witness' loss says of a claim is all that it says. */
static void a_witness_loss_ends_the_doubt_and_counts_as_nothing_else(void **state)
{
	(void)state;
	for (int repeated = 1; repeated >= 0; repeated--) {
		struct line *l = claimed_line();
		struct caa_learn before;

		send_aside(l);
		send_aside(l);
		before = l->learn;
		l->sent[l->count - 2].repeated = repeated;
		l->now_us += TIMEOUT_US;
		assert_false(end(l, l->count - 2, CAA_SIGNAL_SILENCE));
		before.asides--;
		before.evidence.lost = l->learn.evidence.lost;
		before.limit.doubtful = repeated;
		assert_memory_equal(&l->learn, &before, sizeof(before));
		assert_false(end(l, l->count - 1, CAA_SIGNAL_SILENCE));	/* it did not wait for the limit either */
		assert_int_equal(l->learn.limit.failures, 0);
		free(l);
	}
}

/** Those that were lost go first after a pause; where it is them, and no limit, one that was not lost tells. */
static void one_that_was_not_lost_ends_the_pauses(void **state)
{
	(void)state;
	for (int answered = 0; answered < 2; answered++) {
		struct line *l = limited_line(UINT64_C(60000000), 20);
		struct caa_learn before;

		assert_false(caa_learn_wants_fresh(&l->learn));		/* the pause was not tried yet */
		send_waited(l, true);
		l->sent[l->count - 1].repeated = true;
		l->now_us += TIMEOUT_US;
		end(l, l->count - 1, CAA_SIGNAL_SILENCE);
		assert_true(caa_learn_wants_fresh(&l->learn));
		send_aside(l);
		assert_false(caa_learn_wants_fresh(&l->learn));		/* one at a time */
		before = l->learn;
		l->now_us += answered ? ROUND_US : TIMEOUT_US;
		end(l, l->count - 1, answered ? CAA_SIGNAL_ANSWER : CAA_SIGNAL_SILENCE);
		assert_true(caa_learn_limited(&l->learn));
		assert_int_equal(l->learn.state == CAA_LEARN_CONFIRM, !answered);
		assert_int_equal(l->learn.asides, 0);
		assert_int_equal(l->learn.limit.failures, answered ? 0 : before.limit.failures);
		assert_int_equal(l->learn.limit.pause_ms, answered ? 0 : before.limit.pause_ms);
		free(l);
	}
}

/** It is known to be lost long after it left, and what strangers asked again was lost meanwhile: it tests the claim all the same. */
static void a_witness_tests_a_claim_through_its_pauses(void **state)
{
	static const struct { bool stranger, repeated, doubtful; } row[] = {
		{ false, false, false }, { false, true, true }, { true, false, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = claimed_line();
		size_t test = l->count;
		struct caa_learn before;

		send_aside(l);
		send_waited(l, true);
		l->now_us += TIMEOUT_US;
		l->sent[test + 1].repeated = true;
		end_of_zone(l, test + 1, 'A');
		assert_int_equal(l->learn.limit.failures, 1);
		l->sent[test].stranger = row[i].stranger;
		l->sent[test].repeated = row[i].repeated;
		before = l->learn;
		assert_false(end(l, test, CAA_SIGNAL_SILENCE));
		before.asides--;
		before.evidence.lost = l->learn.evidence.lost;
		before.limit.doubtful = row[i].doubtful;
		assert_memory_equal(&l->learn, &before, sizeof(before));
		free(l);
	}
}

/** Zones that are answered among others which are not: that is no matter of time. */
static void a_later_answer_forgets_the_strangers_before_it(void **state)
{
	/* queries in their order, as in end_of_zone(); '.' is answered before the last one is lost */
	static const struct { const char *queries; bool limited; const char *why; } row[] = {
		{ "AB.DEFGHI", true,  "it may have overtaken the first of them" },
		{ "ABC.EFGHI", false, "it left later" },
		{ "ABCDEFG.I", false, "or last" },
		{ ".BCDEFGHI", true,  "or before them" },
		{ "aBC.EFGHI", true,  "the first stranger counts" },
		{ "aBCD.FGHI", false, "and not who was lost before it" },
		{ "abcDEF.d",  true,  "a witness' losses stay" },
		{ "abcDEF.D",  false, "and are too few" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT_OF(row); i++) {
		const char *queries = row[i / 2].queries;
		size_t n = strlen(queries), answered = (size_t)(strchr(queries, '.') - queries);
		struct line *l = line_new(START_US);

		meet(l, BURST, ROUND_US);
		send_some(l, n);
		l->now_us += TIMEOUT_US;
		for (size_t k = 0; k < n - 1; k++) {
			size_t at = i % 2 == 0 ? k : n - 2 - k;		/* they may be given up in any order */

			if (at != answered)
				end_of_zone(l, BURST + at, queries[at]);
		}
		assert_false(caa_learn_limited(&l->learn));
		end(l, BURST + answered, CAA_SIGNAL_ANSWER);
		l->now_us += TIMEOUT_US;	/* the last one is not late as well */
		end_of_zone(l, BURST + n - 1, queries[n - 1]);
		if (caa_learn_limited(&l->learn) != row[i / 2].limited)
			fail_msg("%s: %s", queries, row[i / 2].why);
		free(l);
	}
}

/** What was waited for no longer than answers take these days is not known to be lost. */
static void what_may_be_late_says_nothing(void **state)
{
	static const struct { unsigned usual_ms, slowest_ms, later_ms, waited_ms; bool limited; const char *why; } row[] = {
		{   1,   1,    0,  50, true,  "none takes so long" },
		{  90,  90,    0,  91, true,  "who is far is not slow" },
		{ 110, 110,    0, 130, true,  "all take as long" },
		{ 110, 600,    0, 600, false, "one took as long" },
		{ 110, 600,    0, 900, false, "and they differ" },
		{ 110, 600,    0, 1200, true, "but not so much" },
		{ 110, 600, 1900, 600, true,  "it was a while ago" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = line_new(START_US);
		size_t from;

		exchange(l, BURST, row[i].usual_ms * US_PER_MS);
		exchange(l, 1, row[i].slowest_ms * US_PER_MS);
		l->now_us += row[i].later_ms * US_PER_MS;
		exchange(l, 1, row[i].usual_ms * US_PER_MS);
		from = l->count;
		send_some(l, 4);
		l->now_us += row[i].waited_ms * US_PER_MS;
		end_some(l, from, l->count, CAA_SIGNAL_SILENCE);
		if (caa_learn_limited(&l->learn) != row[i].limited)
			fail_msg("%u, %u, %u ms: %s", row[i].usual_ms, row[i].slowest_ms, row[i].waited_ms, row[i].why);
		free(l);
	}
}

/** Who was denied is answered when it is asked slower, if it was a limit. */
static void who_is_denied_again_and_again_tells_of_no_limit(void **state)
{
	static const enum caa_signal signal[] = { CAA_SIGNAL_DENIED, CAA_SIGNAL_CUT };
	/* in their order: d the same is denied again, D another is denied, a the same is answered, t over TCP, A another is */
	static const struct { const char *ends; bool limited; const char *why; } row[] = {
		{ "dAdAdAdAdAdAdA", true,  "seven of them may be those that come too early" },
		{ "dAdAdAdAdAdAdAdA", false, "eight are not" },
		{ "dAdAdAdAaAdAdAdAdA", true, "one was answered" },
		{ "dAdAdAdAtAdAdAdAdA", true, "or was, over TCP" },
		{ "DADADADADADADADADA", true, "these were not asked before" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row) * COUNT_OF(signal); i++) {
		const enum caa_signal denied = signal[i / COUNT_OF(row)];
		const char *ends = row[i % COUNT_OF(row)].ends;
		struct line *l = confirmed_line(START_US, BURST);

		for (const char *end_of = ends; *end_of != '\0' && caa_learn_limited(&l->learn); end_of++) {
			size_t n = l->count;

			if (*end_of == 't') {
				caa_learn_passed_tcp(&l->learn);
				continue;
			}
			l->now_us += US_PER_S;	/* what there is to pay is paid */
			send_waited(l, true);
			l->sent[n].same_denied = l->sent[n].repeated = l->sent[n].denied = *end_of == 'd' || *end_of == 'a';
			l->now_us += ROUND_US;
			end(l, n, *end_of == 'd' || *end_of == 'D' ? denied : CAA_SIGNAL_ANSWER);
		}
		if (caa_learn_limited(&l->learn) != row[i % COUNT_OF(row)].limited)
			fail_msg("%s: %s", ends, row[i % COUNT_OF(row)].why);
		free(l);
	}
}

/** What was denied before is no sign of a limit where none is known: it may be the name. */
static void what_was_denied_before_makes_no_limit(void **state)
{
	static const struct { enum caa_signal signal; bool before, limited; } row[] = {
		{ CAA_SIGNAL_DENIED, false, true }, { CAA_SIGNAL_DENIED, true, false },
		{ CAA_SIGNAL_CUT, false, true }, { CAA_SIGNAL_CUT, true, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = line_new(START_US);

		exchange(l, BURST, ROUND_US);
		send_some(l, 6);
		for (size_t n = BURST; n < l->count; n++)
			l->sent[n].denied = l->sent[n].repeated = row[i].before;
		end_some(l, BURST, l->count, row[i].signal);
		assert_int_equal(caa_learn_limited(&l->learn), row[i].limited);
		free(l);
	}
}

/** Whatever becomes of it. */
static void what_goes_aside_takes_room_from_nobody(void **state)
{
	static const enum caa_signal signal[] = { CAA_SIGNAL_NONE, CAA_SIGNAL_SILENCE, CAA_SIGNAL_DENIED, CAA_SIGNAL_ANSWER };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(signal); i++) {
		struct line *l = line_new(START_US);

		exchange(l, BURST, ROUND_US);
		send_some(l, 2);
		for (unsigned n = 0; n < 10 * BURST; n++)
			send_aside(l);
		assert_int_equal(l->learn.pacer.inflight, 2);
		assert_int_equal(caa_pacer_waiting(&l->learn.pacer), 0);
		assert_true(due(l));
		l->now_us += TIMEOUT_US;
		end(l, l->count - 1, signal[i]);
		assert_int_equal(l->learn.pacer.inflight, 2);
		assert_true(l->learn.pacer.window >= BURST);
		free(l);
	}
}

/** A limit that was met by so many at once: those that were said, then silence. */
static struct line *met_line(enum caa_signal signal, unsigned said, unsigned silent)
{
	struct line *l = line_new(START_US);

	exchange(l, BURST, ROUND_US);
	send_some(l, said + silent);
	end_some(l, BURST, BURST + said, signal);
	end_some(l, BURST + said, l->count, CAA_SIGNAL_SILENCE);
	assert_true(caa_learn_limited(&l->learn));
	return l;
}

/** Where a limiter truncates what is too much, errors are the server's own. */
static void errors_are_not_the_way_of_who_truncates(void **state)
{
	static const struct { enum caa_signal limit, loss; bool lowers; } row[] = {
		{ CAA_SIGNAL_CUT, CAA_SIGNAL_DENIED, false }, { CAA_SIGNAL_CUT, CAA_SIGNAL_CUT, true },
		{ CAA_SIGNAL_DENIED, CAA_SIGNAL_DENIED, true }, { CAA_SIGNAL_SILENCE, CAA_SIGNAL_DENIED, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = met_line(row[i].limit, 5, 0);
		uint32_t rate_mqps;

		exchange(l, 1, ROUND_US);
		l->now_us += 2 * US_PER_S;	/* not settling any more */
		rate_mqps = l->learn.limit.rate_mqps;
		send_waited(l, true);
		l->now_us += ROUND_US;
		end(l, l->count - 1, row[i].loss);
		assert_true(caa_learn_limited(&l->learn));
		assert_int_equal(l->learn.limit.rate_mqps < rate_mqps, row[i].lowers);
		free(l);
	}
}

/** Who truncates to limit answers over TCP: where that fails, the claim is taken back; one that others' losses made is not. */
static void what_was_truncated_is_no_limit_where_tcp_fails(void **state)
{
	static const enum caa_signal signal[] = { CAA_SIGNAL_CUT, CAA_SIGNAL_SILENCE, CAA_SIGNAL_DENIED };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(signal); i++) {
		struct line *l = met_line(signal[i], 5, 0);

		caa_learn_no_tcp(&l->learn, l->now_us);
		assert_int_equal(caa_learn_limited(&l->learn), signal[i] != CAA_SIGNAL_CUT);
		free(l);
	}
}

/** The same, and one was answered after the pause. */
static struct line *said_line(enum caa_signal signal, unsigned said, unsigned silent)
{
	struct line *l = met_line(signal, said, silent);

	exchange(l, 1, ROUND_US);
	l->now_us += 2 * US_PER_S;	/* not settling any more */
	return l;
}

/** One that is lost, and in vain again if it was before. */
static void lose_silently(struct line *l, bool repeated)
{
	send_some(l, 1);
	l->sent[l->count - 1].repeated = repeated;
	l->now_us += TIMEOUT_US;
	end(l, l->count - 1, CAA_SIGNAL_SILENCE);
}

/** Where a limiter says whom it refuses, what is not answered is no sign of the limit. */
static void silence_is_not_the_way_of_who_says_no(void **state)
{
	static const struct { enum caa_signal signal; unsigned said, silent; bool speaks; } row[] = {
		{ CAA_SIGNAL_DENIED, 7, 3, true }, { CAA_SIGNAL_CUT, 7, 3, true },
		{ CAA_SIGNAL_CUT, 6, 3, false },	/* as of who truncates two of three, and drops one */
		{ CAA_SIGNAL_SILENCE, 5, 0, false }, { CAA_SIGNAL_DENIED, 2, 3, false },
		{ CAA_SIGNAL_DENIED, 3, 2, false },	/* and most of it said, but not the last */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct line *l = said_line(row[i].signal, row[i].said, row[i].silent);
		uint32_t rate_mqps = l->learn.limit.rate_mqps;

		assert_int_equal(caa_learn_speaks(&l->learn), row[i].speaks);
		lose_silently(l, false);
		assert_true(row[i].speaks == (l->learn.limit.rate_mqps >= rate_mqps));
		for (unsigned n = 0; n < 6; n++)
			lose_silently(l, false);
		assert_int_equal(caa_learn_speaks(&l->learn), row[i].speaks);
		assert_int_equal(l->learn.state == CAA_LEARN_CONFIRM, !row[i].speaks);
		free(l);
	}
}

/** Where nothing was answered for seconds, though it was asked slowly, it may as well be an outage; not so after one answer. */
static void a_limit_that_answers_nothing_is_mute(void **state)
{
	struct line *l = met_line(CAA_SIGNAL_SILENCE, 5, 0), *says = met_line(CAA_SIGNAL_DENIED, 5, 0);

	(void)state;
	l->now_us += 5 * US_PER_S;
	assert_false(caa_learn_is_mute(&l->learn, l->now_us));		/* nobody has tried */
	for (unsigned n = 0; n < 2; n++) {
		lose_silently(l, false);
		lose_silently(says, false);
	}
	assert_true(caa_learn_is_mute(&l->learn, l->now_us));
	assert_false(caa_learn_is_mute(&says->learn, says->now_us + 5 * US_PER_S));
	exchange(l, 1, ROUND_US);
	assert_false(caa_learn_is_mute(&l->learn, l->now_us));
	free(l);
	l = met_line(CAA_SIGNAL_SILENCE, 5, 0);
	for (unsigned n = 0; n < 2; n++)
		lose_silently(l, false);
	assert_false(caa_learn_is_mute(&l->learn, l->now_us));		/* limiters have windows */
	free(l);
	free(says);
}

/** It is, where nothing else comes of what was not lost before; until too many are sent again, and it says so. */
static void silence_may_become_its_way(void **state)
{
	struct line *l = said_line(CAA_SIGNAL_DENIED, 5, 0);

	(void)state;
	for (unsigned n = 0; n < 100; n++)
		lose_silently(l, true);
	for (unsigned n = 0; n < 7; n++)
		lose_silently(l, false);
	assert_true(caa_learn_speaks(&l->learn));
	exchange(l, 1, ROUND_US);
	for (unsigned n = 0; n < 7; n++)
		lose_silently(l, false);
	assert_int_not_equal(l->learn.state, CAA_LEARN_CONFIRM);
	lose_silently(l, false);
	assert_int_equal(l->learn.state, CAA_LEARN_CONFIRM);
	assert_true(caa_learn_speaks(&l->learn));
	for (unsigned n = 0; n < 16; n++)
		lose_silently(l, false);
	assert_false(caa_learn_speaks(&l->learn));
	exchange(l, 1, ROUND_US);
	send_some(l, 5);
	end_some(l, l->count - 5, l->count, CAA_SIGNAL_DENIED);
	assert_true(caa_learn_speaks(&l->learn));
	free(l);
}

/** Bad names that are asked first after a pause do not hold the others: one of these may go, and ends it. */
static void a_bad_name_does_not_hold_the_pause(void **state)
{
	struct line *l = met_line(CAA_SIGNAL_DENIED, 5, 0);

	(void)state;
	assert_int_equal(l->learn.state, CAA_LEARN_CONFIRM);
	assert_false(caa_learn_wants_fresh(&l->learn));
	lose_silently(l, true);
	assert_int_equal(l->learn.state, CAA_LEARN_CONFIRM);
	assert_true(caa_learn_wants_fresh(&l->learn));
	free(l);
}

/** So many of those that nothing is known of leave at one moment. */
static unsigned pass_by(struct line *l, uint64_t asked_us)
{
	unsigned sent = 0;

	while (caa_learn_wants_new(&l->learn, l->now_us, asked_us) && sent < 1000) {
		send_aside_for(l, CAA_ASIDE_PASSES);
		sent++;
	}
	return sent;
}

/** Where none of the first window is answered, who was asked for later finds out whether it is them, at once; and so do the others, one
 *  after the other. */
static void who_fills_the_room_in_vain_is_passed_by(void **state)
{
	struct line *l = line_new(START_US);
	unsigned others = 0;

	(void)state;
	send_some(l, BURST - 1);
	l->now_us += 100 * US_PER_MS;
	assert_int_equal(pass_by(l, l->now_us), 0);		/* there is room */
	send_some(l, 1);
	l->now_us += 49 * US_PER_MS;
	assert_int_equal(pass_by(l, l->now_us), 0);		/* they may be answered yet */
	l->now_us += US_PER_MS;
	for (unsigned ms = 0; ms < 100; ms++) {
		unsigned sent = pass_by(l, START_US);

		assert_true(sent <= 1);
		others += sent;
		l->now_us += US_PER_MS;
	}
	assert_int_equal(others, BURST);
	assert_int_equal(pass_by(l, l->now_us), BURST);
	assert_int_equal(l->learn.asides, 0);		/* who tests a claim has its own room */
	end_some(l, BURST, l->count, CAA_SIGNAL_NONE);
	assert_int_equal(l->learn.passing, 0);
	free(l);
}

/** Who answers some may count them: no more than two windows of those that were asked for later; and nobody where others send,
 *  too. */
static void who_answers_some_is_not_asked_for_all(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	send_some(l, BURST);
	l->now_us += 20 * US_PER_MS;
	end_some(l, 0, BURST / 2, CAA_SIGNAL_ANSWER);
	l->now_us += 99 * US_PER_MS;			/* of which four round trips are 80 */
	assert_int_equal(pass_by(l, START_US), 0);
	l->learn.accompanied = true;
	assert_int_equal(pass_by(l, l->now_us), 0);
	l->learn.accompanied = false;
	assert_int_equal(pass_by(l, l->now_us), 2 * BURST);
	free(l);
}

/** Four round trips are waited for, and a limit that is known is kept. */
static void nobody_passes_by_without_a_reason(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	exchange(l, 1, FAR_US);
	exchange(l, 1, 100 * FAR_US);			/* one that is slow makes the others wait no longer */
	while (due(l))
		send_some(l, 1);
	l->now_us += 4 * FAR_US - US_PER_MS;
	assert_int_equal(pass_by(l, l->now_us), 0);
	l->now_us += 2 * US_PER_MS;
	assert_true(pass_by(l, l->now_us) > 0);
	free(l);
	l = limited_line(START_US + DAY_US / 24, BURST);
	send_some(l, 1);				/* the pause has ended, and there is no room for a second one */
	assert_false(due(l));
	l->now_us += US_PER_S;
	assert_int_equal(pass_by(l, l->now_us), 0);
	free(l);
}

/** As if it were new, but for the queries that are there. */
static void all_can_be_forgotten(void **state)
{
	struct line *l = confirmed_line(START_US, 20);
	struct caa_place place;

	(void)state;
	send_some(l, 2);
	place = caa_pacer_enter(&l->learn.pacer, l->now_us, false);
	caa_learn_forget(&l->learn);
	assert_false(caa_learn_limited(&l->learn));
	assert_false(caa_learn_alive(&l->learn, l->now_us));
	assert_int_equal(l->learn.srtt_us, 0);
	assert_int_equal(l->learn.pacer.interval_us, 0);
	assert_int_equal(l->learn.pacer.inflight, 2);		/* what is under way is so still, ... */
	assert_int_equal(caa_pacer_waiting(&l->learn.pacer), 1);	/* ... and who waits */
	assert_int_equal(caa_learn_wait(&l->learn, place, l->now_us), 0);
	caa_pacer_leave(&l->learn.pacer);
	send_some(l, BURST - 2);		/* with those two a first window */
	assert_false(due(l));
	l->now_us += FAR_US;
	end(l, l->count - 3, CAA_SIGNAL_ANSWER);
	assert_false(due(l));
	end(l, l->count - 1, CAA_SIGNAL_ANSWER);
	assert_true(due(l));
	end_some(l, l->count - BURST, l->count - BURST + 2, CAA_SIGNAL_SILENCE);
	assert_int_equal(l->learn.evidence.tail + l->learn.evidence.holes, 0);	/* what becomes of them says nothing any more */
	assert_int_equal(l->learn.pacer.inflight, BURST - 4);
	free(l);
}

/** Nor is what a mistake, or its own denials, taught. */
static void what_it_was_taken_for_is_forgotten(void **state)
{
	(void)state;
	for (int denies = 0; denies <= 1; denies++) {
		struct line *l = limited_line(START_US, 20);
		size_t needed = denies ? 5 : 4;

		for (int i = 0; i < 4; i++) {
			send_waited(l, true);
			end(l, l->count - 1, denies ? CAA_SIGNAL_DENIED : i == 0 ? CAA_SIGNAL_ANSWER : CAA_SIGNAL_NONE);
		}
		if (!denies) {
			lose_one_alone(l);
		}
		assert_false(caa_learn_limited(&l->learn));
		assert_int_equal(l->learn.denies, denies);
		assert_int_equal(l->learn.doubted, !denies);
		caa_learn_forget(&l->learn);
		send_some(l, 1);
		end(l, l->count - 1, CAA_SIGNAL_ANSWER);
		send_some(l, needed);
		end_some(l, l->count - needed, l->count, denies ? CAA_SIGNAL_DENIED : CAA_SIGNAL_SILENCE);
		assert_true(caa_learn_limited(&l->learn));
		free(l);
	}
}

static void to_forget_leaves_a_rate_by_hand_alone(void **state)
{
	struct line *l = line_new(START_US);

	(void)state;
	caa_learn_options(&l->learn, l->now_us, 10, 2);
	caa_learn_forget(&l->learn);
	assert_true(caa_learn_is_manual(&l->learn));
	assert_int_equal(l->learn.pacer.interval_us, US_PER_S / 10);
	assert_int_equal(l->learn.pacer.burst, 2);
	free(l);
}

/** Queries waited for a rate until there was none: what is answered from then on says nothing of one. */
static void no_rate_is_measured_without_one(void **state)
{
	struct line *l = confirmed_line(START_US, 20);

	(void)state;
	for (int i = 0; i < 10; i++)
		caa_pacer_enter(&l->learn.pacer, l->now_us, false);
	l->now_us += 1500 * US_PER_MS;
	l->sent[l->count] = caa_learn_sent(&l->learn, l->now_us, true);	/* some wait on */
	l->sent[l->count++].question = ++l->questions;
	end(l, l->count - 1, CAA_SIGNAL_ANSWER);
	assert_true(l->learn.goodput.backlog);
	caa_learn_source_proved(&l->learn, l->now_us);
	for (int round = 0; round < 3; round++) {
		l->sent[l->count] = caa_learn_sent(&l->learn, l->now_us, true);
		end(l, l->count++, CAA_SIGNAL_ANSWER);
		l->now_us += 600 * US_PER_MS;
	}
	assert_int_equal(l->learn.goodput.steady_mqps, 0);
	free(l);
}

/** Nothing of what a server does can stop an upstream for good, or let the rate leave its range. */
static void a_random_server(void **state)
{
	uint64_t random = 42;

	(void)state;
	for (int run = 0; run < 200; run++) {
		struct line *l = line_new(START_US);

		for (int i = 0; i < 500; i++) {
			size_t from, n = 1 + next_random(&random) % 4;

			l->count = 0;
			from = l->now_us;
			for (size_t k = 0; k < n && l->learn.pacer.inflight < l->learn.pacer.window; k++)
				send_waited(l, next_random(&random) % 2);
			for (size_t k = 0; k < n && (caa_learn_wants_witness(&l->learn, 0) || !caa_learn_limited(&l->learn)); k++)
				send_aside(l);
			assert_true(l->now_us - from <= 20 * UINT64_C(1000000));
			l->now_us += next_random(&random) % US_PER_S;
			for (size_t k = 0; k < l->count; k++) {
				l->sent[k].zone = (uint32_t)(next_random(&random) % 3);
				l->sent[k].stranger = next_random(&random) % 3 == 0;
				l->sent[k].repeated = next_random(&random) % 3 == 0;
				end(l, k, (enum caa_signal)(next_random(&random) % (CAA_SIGNAL_NONE + 1)));
			}
			assert_true(l->learn.limit.rate_mqps == 0 ||
				(l->learn.limit.rate_mqps >= MQPS / 2 && l->learn.limit.rate_mqps <= CAA_RATE_MAX * MQPS));
			assert_int_equal(l->learn.pacer.inflight, 0);
			assert_int_equal(l->learn.asides, 0);
			assert_int_equal(caa_pacer_waiting(&l->learn.pacer), 0);
			assert_in_range(l->learn.pacer.window, 1, 8192);
		}
		free(l);
	}
}

/* --- an outage: a virtual server that is asked so often, answers all, and at times none ---------------------------------- */

struct demand {
	unsigned rate_qps, bucket;	/**< asked for; what the server allows in a second, and at once, or 0 = all */
	unsigned silent_ms, every_ms;	/**< it answers nothing at the end of each such time */
	unsigned seconds;
	bool random;			/**< they come at random, so many in a second on average */
	unsigned well_ms;		/**< it answers all for so long at first */
};

struct question {
	struct caa_place place;
	struct caa_sent sent;
	uint64_t born_us, end_us;
	unsigned losses;
	enum { ASLEEP, WAITS, OUT, DONE } at;
	enum caa_signal signal;
};

/** How long an answer is waited for, as Unbound and the gate do: twice as long with each loss. */
static uint64_t patience_us(const struct question *q)
{
	enum { FIRST_MS = 50, MOST_DOUBLED = 5 };
	unsigned ms = FIRST_MS << (q->losses < MOST_DOUBLED ? q->losses : MOST_DOUBLED);

	return (uint64_t)(ms > q->sent.patience_ms ? ms : q->sent.patience_ms) * US_PER_MS;
}

/** Until the next question comes: in each millisecond one may; the same ones in each run. */
static uint64_t gap_us(struct demand d, uint32_t *random)
{
	uint64_t ms = 1;

	if (!d.random)
		return 1000000 / d.rate_qps;
	while ((*random = *random * 1664525 + 1013904223) / (UINT32_MAX / 1000) >= d.rate_qps)
		ms++;
	return ms * US_PER_MS;
}

/** @return questions that were not answered within 20 seconds. */
static unsigned failures_at(struct demand d, unsigned *limits)
{
	enum { STEP_US = US_PER_MS, BUDGET_US = 20 * 1000000, MOST = 40000 };
	uint32_t random = 1;
	struct question *q = calloc(MOST, sizeof(*q));
	struct line *l = line_new(START_US);
	uint64_t end_us = START_US + d.seconds * UINT64_C(1000000), next_us = START_US;
	unsigned count = 0, first = 0, failed = 0;
	double tokens = d.bucket;

	assert_non_null(q);
	for (; l->now_us < end_us; l->now_us += STEP_US) {
		uint64_t since_ms = (l->now_us - START_US) / US_PER_MS;
		bool silent = since_ms >= d.well_ms && since_ms % d.every_ms >= d.every_ms - d.silent_ms;

		tokens += tokens < d.bucket ? d.bucket * (double)STEP_US / 1e6 : 0;
		caa_learn_options(&l->learn, l->now_us, 0, BURST);
		for (; next_us <= l->now_us && count < MOST; next_us += gap_us(d, &random))
			q[count++] = (struct question){ .born_us = next_us };
		while (first < count && q[first].at == DONE)
			first++;
		for (unsigned i = first; i < count; i++) {
			if (q[i].at == OUT && q[i].end_us <= l->now_us) {
				*limits += caa_learn_outcome(&l->learn, l->now_us, q[i].sent, q[i].signal);
				q[i].at = q[i].signal == CAA_SIGNAL_ANSWER ? DONE : ASLEEP;
				q[i].losses++;
			} else if (q[i].at != OUT && q[i].at != DONE && l->now_us - q[i].born_us > BUDGET_US) {
				if (q[i].at == WAITS)
					caa_pacer_leave(&l->learn.pacer);
				q[i].at = DONE;
				failed++;
			}
		}
		for (unsigned i = first; i < count; i++) {
			bool answers = !silent && (d.bucket == 0 || tokens >= 1);

			if (q[i].at == ASLEEP) {
				q[i].place = caa_pacer_enter(&l->learn.pacer, l->now_us, q[i].losses > 0);
				q[i].at = WAITS;
			}
			if (q[i].at != WAITS || caa_learn_wait(&l->learn, q[i].place, l->now_us) != 0)
				continue;
			q[i].sent = caa_learn_sent(&l->learn, l->now_us, l->now_us > q[i].born_us + STEP_US);
			q[i].sent.question = i + 1;
			q[i].sent.zone = 1 + i % 7;
			q[i].sent.repeated = q[i].losses > 0;
			q[i].signal = answers ? CAA_SIGNAL_ANSWER : CAA_SIGNAL_SILENCE;
			q[i].end_us = l->now_us + (answers ? (uint64_t)STEP_US : patience_us(&q[i]));
			q[i].at = OUT;
			tokens -= answers && d.bucket > 0;
		}
	}
	free(l);
	free(q);
	return failed;
}

/** Who answered as many all the time and then answers none for a moment has no limit, however often that comes. */
static void an_outage_is_no_limit(void **state)
{
	static const struct demand row[] = {
		{ 300, 0, 500, 5000, 40, false, 0 }, { 300, 0, 500, 20000, 60, false, 0 }, { 300, 0, 1000, 10000, 40, false, 0 }, { 100, 0, 500, 5000, 60, false, 0 },
		{ 1000, 0, 500, 5000, 30, false, 0 }, { 30, 0, 1500, 8000, 60, false, 0 }, { 20, 0, 1000, 8000, 60, false, 0 }, { 15, 0, 1000, 8000, 60, false, 0 },
		{ 5, 0, 500, 5000, 60, false, 0 }, { 8, 0, 500, 5000, 60, false, 0 }, { 10, 0, 500, 5000, 60, false, 0 }, { 12, 0, 500, 5000, 60, false, 0 },
		{ 5, 0, 1000, 10000, 60, false, 0 }, { 8, 0, 1000, 10000, 60, false, 0 }, { 10, 0, 1000, 10000, 60, false, 0 }, { 12, 0, 1000, 10000, 60, false, 0 },
		{ 12, 0, 500, 5000, 60, true, 0 }, { 30, 0, 500, 5000, 60, true, 0 },
		{ 100, 0, 500, 5000, 60, true, 0 }, { 10, 0, 1000, 10000, 60, true, 0 },
		{ 20, 0, 1000, 4000, 60, true, 0 }, { 100, 0, 3000, 30000, 60, true, 0 },
		{ 300, 0, 500, 2000, 30, false, 5000 }, { 100, 0, 500, 2000, 30, true, 5000 }, { 20, 0, 500, 2000, 60, false, 5000 },
		{ 8, 0, 500, 2000, 60, false, 5000 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		unsigned limits = 0;

		if (failures_at(row[i], &limits) > 0 || limits > 0)
			fail_msg("%u/s, %u of %u ms: %u limits", row[i].rate_qps, row[i].silent_ms, row[i].every_ms, limits);
	}
}

/** One that is asked faster than it allows is limited, whatever it has answered before. */
static void who_is_asked_for_more_than_it_allows_is_limited(void **state)
{
	static const struct demand row[] = { { 100, 50, 0, 1000, 10, false, 0 }, { 60, 50, 0, 1000, 20, false, 0 }, { 1000, 300, 0, 1000, 10, false, 0 } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		unsigned limits = 0;

		failures_at(row[i], &limits);
		assert_true(limits > 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(window_doubles_with_each_round),
		cmocka_unit_test(window_grows_though_nothing_is_under_way_between),
		cmocka_unit_test(window_holds_back_until_an_answer),
		cmocka_unit_test(the_first_window_waits_for_its_last_one),
		cmocka_unit_test(the_first_window_waits_for_no_other),
		cmocka_unit_test(the_first_window_waits_half_a_second),
		cmocka_unit_test(the_first_window_waits_only_after_an_answer),
		cmocka_unit_test(one_more_tells_of_the_first_window),
		cmocka_unit_test(the_first_window_waits_for_no_later_one),
		cmocka_unit_test(a_lost_last_one_ends_the_first_window),
		cmocka_unit_test(a_trickle_has_no_first_window),
		cmocka_unit_test(a_proved_source_ends_the_first_window),
		cmocka_unit_test(window_has_a_largest_size),
		cmocka_unit_test(a_first_loss_takes_the_jump_away),
		cmocka_unit_test(an_idle_window_starts_anew),
		cmocka_unit_test(losses_are_weighed),
		cmocka_unit_test(a_question_lost_again_is_no_sign),
		cmocka_unit_test(losses_far_apart_are_weighed_apart),
		cmocka_unit_test(silence_after_a_rest_is_no_limit),
		cmocka_unit_test(losses_do_not_make_room),
		cmocka_unit_test(goodput_makes_the_rate),
		cmocka_unit_test(goodput_of_fast_servers_makes_a_fast_rate),
		cmocka_unit_test(goodput_of_long_ago_does_not_count),
		cmocka_unit_test(the_pause_pays_what_was_sent_in_vain),
		cmocka_unit_test(one_goes_first_after_the_pause),
		cmocka_unit_test(who_comes_late_confirms_nothing),
		cmocka_unit_test(few_follow_a_first_window_of_which_some_were_denied), cmocka_unit_test(denials_may_overtake_answers),
		cmocka_unit_test(a_pause_too_short_is_repeated),
		cmocka_unit_test(denials_after_pauses_are_an_answer),
		cmocka_unit_test(what_was_an_answer_is_none_of_a_limit_before_the_next_answer),
		cmocka_unit_test(a_loss_soon_after_the_pause_says_nothing_of_the_rate),
		cmocka_unit_test(three_in_a_row_pause_again),
		cmocka_unit_test(an_outage_is_no_limit), cmocka_unit_test(who_is_asked_for_more_than_it_allows_is_limited),
		cmocka_unit_test(one_loss_cuts_once_for_what_was_under_way),
		cmocka_unit_test(the_rise_is_slow_near_what_was_too_high),
		cmocka_unit_test(the_rate_rises_only_while_queries_wait),
		cmocka_unit_test(a_loss_alone_takes_the_limit_back),
		cmocka_unit_test(a_limit_is_kept_while_it_is_met),
		cmocka_unit_test(who_was_doubted_needs_more),
		cmocka_unit_test(a_rest_gives_a_burst),
		cmocka_unit_test(waits_need_no_rest),
		cmocka_unit_test(a_limit_is_forgotten_after_an_hour),
		cmocka_unit_test(an_answer_lasts_a_minute),
		cmocka_unit_test(time_may_begin_at_zero),
		cmocka_unit_test(a_caller_may_be_behind),
		cmocka_unit_test(stalled_is_silence_longer_than_a_few_rounds), cmocka_unit_test(a_pause_that_does_not_end_is_a_stall),
		cmocka_unit_test(moving_is_for_much_less),
		cmocka_unit_test(half_of_the_line_is_a_wait),
		cmocka_unit_test(a_rate_by_hand_learns_nothing),
		cmocka_unit_test(to_forget_is_to_start_anew),
		cmocka_unit_test(charged_packets_teach_as_well),
		cmocka_unit_test(the_same_at_each_wrap),
		cmocka_unit_test(strangers_need_more), cmocka_unit_test(strangers_are_weighed_where_some_are_answered),
		cmocka_unit_test(who_is_late_is_not_limited), cmocka_unit_test(a_name_that_was_denied_says_less),
		cmocka_unit_test(strangers_among_answers_are_no_holes),
		cmocka_unit_test(who_was_doubted_needs_many_strangers),
		cmocka_unit_test(a_split_takes_back_what_one_zone_said),
		cmocka_unit_test(a_split_leaves_a_rate_by_hand_alone),
		cmocka_unit_test(a_limit_of_one_zone_lets_the_others_pass), cmocka_unit_test(a_claim_is_tested_with_a_window),
		cmocka_unit_test(what_ends_a_doubt), cmocka_unit_test(one_that_was_not_lost_ends_the_pauses),
		cmocka_unit_test(a_witness_loss_ends_the_doubt_and_counts_as_nothing_else),
		cmocka_unit_test(a_witness_tests_a_claim_through_its_pauses),
		cmocka_unit_test(a_later_answer_forgets_the_strangers_before_it),
		cmocka_unit_test(what_may_be_late_says_nothing),
		cmocka_unit_test(errors_are_not_the_way_of_who_truncates),
		cmocka_unit_test(what_was_denied_before_makes_no_limit),
		cmocka_unit_test(who_is_denied_again_and_again_tells_of_no_limit),
		cmocka_unit_test(what_goes_aside_takes_room_from_nobody),
		cmocka_unit_test(what_was_truncated_is_no_limit_where_tcp_fails),
		cmocka_unit_test(a_limit_that_answers_nothing_is_mute),
		cmocka_unit_test(silence_is_not_the_way_of_who_says_no), cmocka_unit_test(silence_may_become_its_way),
		cmocka_unit_test(a_bad_name_does_not_hold_the_pause),
		cmocka_unit_test(who_fills_the_room_in_vain_is_passed_by),
		cmocka_unit_test(who_answers_some_is_not_asked_for_all),
		cmocka_unit_test(nobody_passes_by_without_a_reason),
		cmocka_unit_test(all_can_be_forgotten),
		cmocka_unit_test(what_it_was_taken_for_is_forgotten),
		cmocka_unit_test(to_forget_leaves_a_rate_by_hand_alone),
		cmocka_unit_test(no_rate_is_measured_without_one),
		cmocka_unit_test(a_random_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
