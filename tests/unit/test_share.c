/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/fleet/share.h"
#include "store.h"

enum { US_PER_MS = 1000, US_PER_S = 1000000, BURST = 16, TIMEOUT_US = 376 * US_PER_MS, VECTOR_MAX = 256 };

#define START_US (UINT64_C(10) * US_PER_S)

/* --- the vectors, which the script is held against as well ------------------------------------------------------------ */

static FILE *vectors_open(void)
{
	const char *top = getenv("srcdir");
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/testdata/fleet/share.vectors", top != NULL ? top : ".");
	file = fopen(path, "r");
	assert_non_null(file);
	return file;
}

/** A line but for the node's answer. @return where that begins. */
static const char *vector_read(const char *line, unsigned long long *ms, unsigned *node, struct caa_share_report *r)
{
	unsigned demand, rate, ceiling, epoch, good, lost, flags;
	int at = 0;

	assert_int_equal(sscanf(line, "%llu %u %u %u %u %u %u %u %u = %n", ms, node, &demand, &rate, &ceiling, &epoch, &good, &lost, &flags,
		&at), 9);
	assert_true(at > 0);
	*r = (struct caa_share_report){ .demand_mqps = demand, .rate_mqps = rate, .ceiling_mqps = ceiling, .epoch = epoch,
		.good = (uint16_t)good, .lost = (uint8_t)lost, .own = (flags & 1) != 0, .raises = (flags & 2) != 0,
		.hearsay = (flags & 4) != 0, .pauses = (flags & 8) != 0 };
	return line + at;
}

static void the_vectors(void **state)
{
	struct store store = { .known = false };
	char line[VECTOR_MAX], answer[VECTOR_MAX];
	FILE *file = vectors_open();
	unsigned count = 0;

	(void)state;
	while (fgets(line, sizeof(line), file) != NULL) {
		struct caa_share_report r;
		struct caa_share_answer a;
		unsigned long long ms;
		const char *expected;
		unsigned node;

		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "new") == 0)
			store = (struct store){ .known = false };
		if (line[0] < '0' || line[0] > '9')
			continue;
		expected = vector_read(line, &ms, &node, &r);
		store_tell(&store, ms, node, &r, &a);
		if (a.share_mqps == 0)
			snprintf(answer, sizeof(answer), "none");
		else
			snprintf(answer, sizeof(answer), "%u %u %u %u %u %u %u", (unsigned)a.share_mqps, (unsigned)a.ceiling_mqps,
				(unsigned)a.lease_ms, (unsigned)a.epoch, (unsigned)a.rate_mqps, (unsigned)a.nodes, (unsigned)a.answered);
		if (strcmp(answer, expected) != 0)
			fail_msg("%s: it is %s", line, answer);
		count++;
	}
	fclose(file);
	assert_true(count > 20);
}

/** Whatever nodes tell, shares add up to the rate but for the least that each has, once all have told in a period. */
static void shares_add_up(void **state)
{
	uint64_t random = 5;

	(void)state;
	for (unsigned nodes = 1; nodes <= CAA_SHARE_NODES; nodes += 7) {
		struct store store = { .known = false };
		struct caa_share_answer a;
		uint64_t sum = 0;

		for (unsigned round = 0; round < 6; round++) {
			sum = 0;
			for (unsigned n = 1; n <= nodes; n++) {
				struct caa_share_report r = { .demand_mqps = 500 + (uint32_t)(next_random(&random) >> 48),
					.rate_mqps = 20000 / nodes, .ceiling_mqps = 22000 / nodes, .own = round == 0 };

				store_tell(&store, 1000 + round * CAA_SHARE_PERIOD_MS + n, n, &r, &a);
				sum += a.share_mqps;
				assert_true(a.share_mqps >= a.rate_mqps / (CAA_SHARE_LEAST_PART * nodes));
			}
		}
		assert_int_equal(a.nodes, nodes);
		assert_true(sum <= a.rate_mqps + a.rate_mqps / CAA_SHARE_LEAST_PART);
		assert_true(sum >= a.rate_mqps * UINT64_C(85) / 100);
	}
}

static void there_are_no_more_than_so_many(void **state)
{
	const struct caa_share_report r = { .demand_mqps = 1000, .rate_mqps = 1000, .ceiling_mqps = 1100, .own = true };
	struct store store = { .known = false };
	struct caa_share_answer a;

	(void)state;
	for (unsigned n = 1; n <= CAA_SHARE_NODES; n++)
		store_tell(&store, 1000, n, &r, &a);
	assert_int_equal(a.nodes, CAA_SHARE_NODES);
	store_tell(&store, 1000, CAA_SHARE_NODES + 1, &r, &a);
	assert_int_equal(a.share_mqps, 0);
	store_tell(&store, 1000, 1, &r, &a);
	assert_int_equal(a.nodes, CAA_SHARE_NODES);
	store_tell(&store, 1000 + CAA_SHARE_LEASE_MS, CAA_SHARE_NODES + 1, &r, &a);
	assert_int_equal(a.nodes, 1);
}

/* --- text and numbers -------------------------------------------------------------------------------------------------- */

static void a_report_as_text(void **state)
{
	const struct caa_share_report r = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT16_MAX, UINT8_MAX, true, true, true, true };
	char text[CAA_SHARE_TEXT_MAX];

	(void)state;
	assert_string_equal(caa_share_text(text, &r), "4294967295 4294967295 4294967295 4294967295 65535 255 15");
	assert_string_equal(caa_share_text(text, &(struct caa_share_report){ .demand_mqps = 1, .rate_mqps = 2, .ceiling_mqps = 3, .epoch = 4,
		.good = 5, .lost = CAA_SHARED_CUT, .raises = true }), "1 2 3 4 5 1 2");
}

static void what_cannot_be_the_scripts_answer(void **state)
{
	static const long long good[CAA_SHARE_NUMBERS] = { CAA_SHARE_VERSION, 1, 1, 1, 1, 1, 1, 0 };
	static const struct { size_t number; long long value; bool fine; } row[] = {
		{ 0, 0, false }, { 0, 2, false }, { 1, -1, false }, { 1, 2, false },	/* more than the rate */
		{ 2, 0, false }, { 2, CAA_SHARE_RATE_MAX, true }, { 2, CAA_SHARE_RATE_MAX + 1LL, false },
		{ 3, 0, false }, { 3, CAA_SHARE_LEASE_MS, true }, { 3, CAA_SHARE_LEASE_MS + 1, false },
		{ 4, 0, false }, { 4, UINT32_MAX, true }, { 4, UINT32_MAX + 1LL, false },
		{ 5, 0, false }, { 5, CAA_SHARE_RATE_MAX, true }, { 5, CAA_SHARE_RATE_MAX + 1LL, false },
		{ 6, 0, false }, { 6, CAA_SHARE_NODES, true }, { 6, CAA_SHARE_NODES + 1, false },
		{ 7, -1, false }, { 7, 1, true }, { 7, 2, false },
	};
	struct caa_share_answer a = { .share_mqps = 7 };

	(void)state;
	assert_int_equal(caa_share_read(&a, good, CAA_SHARE_NUMBERS - 1), CAA_EFORMAT);
	assert_int_equal(caa_share_read(&a, NULL, 0), CAA_EFORMAT);
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		long long number[CAA_SHARE_NUMBERS];

		memcpy(number, good, sizeof(good));
		number[row[i].number] = row[i].value;
		a.share_mqps = 7;
		if (caa_share_read(&a, number, CAA_SHARE_NUMBERS) != (row[i].fine ? CAA_OK : CAA_EFORMAT))
			fail_msg("number %zu, %lld", row[i].number, row[i].value);
		assert_int_equal(a.share_mqps, row[i].fine ? 1 : 7);
	}
	assert_int_equal(caa_share_read(&a, good, CAA_SHARE_NUMBERS), CAA_OK);
	assert_int_equal(caa_share_read(&a, (const long long[CAA_SHARE_NUMBERS]){ CAA_SHARE_VERSION }, CAA_SHARE_NUMBERS), CAA_OK);
	assert_int_equal(a.share_mqps, 0);
}

static void a_first_window_is_divided(void **state)
{
	static const struct { uint32_t burst; uint64_t nodes; uint32_t part; } row[] = {
		{ 16, 0, 16 }, { 16, 1, 16 }, { 16, 2, 8 }, { 16, 3, 6 }, { 16, 4, 4 }, { 16, 64, 4 }, { 16, UINT64_MAX / 2, 4 },
		{ 3, 2, 3 }, { 1, 9, 1 }, { 1000, 4, 250 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++)
		assert_int_equal(caa_share_burst(row[i].burst, row[i].nodes), row[i].part);
}

/* --- a node ------------------------------------------------------------------------------------------------------------ */

struct node {
	struct caa_learn learn;
	struct caa_share share;
	uint64_t now_us;
	uint32_t questions;
};

static struct caa_sent node_send(struct node *n, bool waited)
{
	struct caa_sent sent;

	caa_learn_options(&n->learn, n->now_us, 0, BURST);
	caa_pacer_enter(&n->learn.pacer, n->now_us, false);
	sent = caa_learn_sent(&n->learn, n->now_us, waited);
	sent.question = ++n->questions;
	return sent;
}

static void node_end(struct node *n, struct caa_sent sent, enum caa_signal signal)
{
	caa_learn_outcome(&n->learn, n->now_us, sent, signal);
}

/** A node that knows of no limit; of twenty at once so many are answered, and the others lost. */
static struct node node_new(unsigned answered)
{
	struct node n = { .now_us = START_US };
	struct caa_sent sent[20];

	caa_learn_init(&n.learn, BURST);
	for (size_t i = 0; i < COUNT_OF(sent); i++)
		sent[i] = node_send(&n, false);
	n.now_us += US_PER_MS;
	for (size_t i = 0; i < answered; i++)
		node_end(&n, sent[i], CAA_SIGNAL_ANSWER);
	n.now_us += TIMEOUT_US;
	for (size_t i = answered; i < COUNT_OF(sent); i++)
		node_end(&n, sent[i], CAA_SIGNAL_SILENCE);
	return n;
}

/** It is limited, its pause is over, and some of its queries wait. */
static struct node node_limited(size_t waiting)
{
	struct node n = node_new(10);

	assert_true(caa_learn_limited(&n.learn));
	n.now_us += 3 * US_PER_S;
	node_end(&n, node_send(&n, true), CAA_SIGNAL_ANSWER);
	while (waiting-- > 0)
		caa_pacer_enter(&n.learn.pacer, n.now_us, false);
	return n;
}

/** It tells, and has the answer later_ms after that. */
static bool node_tell(struct node *n, struct caa_share_answer a, unsigned later_ms)
{
	struct caa_share_report r;
	uint64_t asked_us = n->now_us;

	assert_true(caa_share_wanted(&n->share, &n->learn));
	r = caa_share_report(&n->share, &n->learn, n->now_us);
	n->now_us += later_ms * UINT64_C(1000);
	return caa_share_apply(&n->share, &n->learn, n->now_us, asked_us, &r, &a);
}

static const struct caa_share_answer quarter = { .share_mqps = 5000, .ceiling_mqps = 5500, .rate_mqps = 20000, .epoch = 3,
	.lease_ms = CAA_SHARE_LEASE_MS, .nodes = 4 };

static void only_what_is_limited_and_has_a_line_is_told(void **state)
{
	struct node idle = node_limited(0), waits = node_limited(1), open = node_new(20);

	(void)state;
	assert_false(caa_share_wanted(&idle.share, &idle.learn));
	assert_true(caa_share_wanted(&waits.share, &waits.learn));
	assert_false(caa_share_wanted(&open.share, &open.learn));
	caa_pacer_enter(&open.learn.pacer, open.now_us, false);
	assert_false(caa_share_wanted(&open.share, &open.learn));
	waits.learn.limit.doubtful = true;
	assert_false(caa_share_wanted(&waits.share, &waits.learn));
}

/** A line may be empty for a moment, and who sends all the time uses its share. */
static void who_has_told_goes_on_while_it_sends(void **state)
{
	struct node n = node_limited(0);

	(void)state;
	caa_pacer_enter(&n.learn.pacer, n.now_us, false);
	assert_true(node_tell(&n, quarter, 1));
	caa_learn_sent(&n.learn, n.now_us, true);
	assert_true(caa_share_wanted(&n.share, &n.learn));
	caa_share_report(&n.share, &n.learn, n.now_us);
	assert_false(caa_share_wanted(&n.share, &n.learn));
}

static void demand_is_what_waits_and_what_is_sent(void **state)
{
	struct node n = node_limited(7);
	struct caa_share_report r = caa_share_report(&n.share, &n.learn, n.now_us);

	(void)state;
	assert_int_equal(r.demand_mqps, 8000);	/* within a second, and one more */
	assert_true(r.own);
	for (unsigned i = 0; i < 5; i++) {
		n.now_us += CAA_SHARE_PERIOD_MS * UINT64_C(1000);
		node_end(&n, node_send(&n, true), CAA_SIGNAL_ANSWER);
		r = caa_share_report(&n.share, &n.learn, n.now_us);
	}
	/* 5/s are sent, of which two thirds are seen within a second */
	assert_true(r.demand_mqps > 8000 + 3361 * 125 / 100 - 10 && r.demand_mqps < 8000 + 3362 * 125 / 100 + 10);
}

static void a_share_is_the_rate_until_its_lease_ends(void **state)
{
	struct node n = node_limited(3);
	uint32_t raised;

	(void)state;
	assert_true(node_tell(&n, quarter, 50));
	assert_true(caa_learn_is_shared(&n.learn, n.now_us));
	assert_int_equal(n.learn.pacer.interval_us, 200000);
	assert_int_equal(n.learn.pacer.burst, 1);
	/* it is not raised here, and the store is told that it may be */
	n.now_us += 100 * US_PER_MS;
	node_end(&n, node_send(&n, true), CAA_SIGNAL_ANSWER);
	assert_int_equal(n.learn.pacer.interval_us, 200000);
	assert_true(n.learn.limit.raises);
	/* the lease began when it was asked for */
	n.now_us += (CAA_SHARE_LEASE_MS - 50 - 100 - 2) * UINT64_C(1000);
	assert_true(caa_learn_is_shared(&n.learn, n.now_us));
	n.now_us += 3 * US_PER_MS;
	assert_false(caa_learn_is_shared(&n.learn, n.now_us));
	raised = n.learn.limit.rate_mqps;
	node_end(&n, node_send(&n, true), CAA_SIGNAL_ANSWER);
	n.now_us += US_PER_S;
	node_end(&n, node_send(&n, true), CAA_SIGNAL_ANSWER);
	assert_true(n.learn.limit.rate_mqps > raised);
}

/** A share may be small since hardly anybody waited when it was given. */
static void who_is_alone_goes_on_from_its_part(void **state)
{
	struct node n = node_limited(3);
	struct caa_share_answer least = quarter;

	(void)state;
	least.share_mqps = 600;
	assert_true(node_tell(&n, least, 1));
	assert_int_equal(n.learn.limit.rate_mqps, 600);
	n.now_us += US_PER_S;
	caa_learn_options(&n.learn, n.now_us, 0, BURST);
	assert_int_equal(n.learn.limit.rate_mqps, 5500 * 92 / 100);
}

static void an_answer_that_comes_late_is_none(void **state)
{
	struct node n = node_limited(3), late = node_limited(3);
	uint32_t rate = late.learn.limit.rate_mqps;

	(void)state;
	assert_true(node_tell(&n, quarter, CAA_SHARE_LEASE_MS - 1));
	assert_false(node_tell(&late, quarter, CAA_SHARE_LEASE_MS));
	assert_int_equal(late.learn.limit.rate_mqps, rate);
	assert_true(caa_share_report(&late.share, &late.learn, late.now_us).own);
}

/** Lost among answers: the rate is the store's to lower, it hears of it until it has answered, and what left before says nothing. */
static void a_loss_is_told_and_not_acted_on(void **state)
{
	struct node n = node_limited(3);
	struct caa_share_answer lower = quarter;
	struct caa_sent lost[4];

	(void)state;
	assert_true(node_tell(&n, quarter, 1));
	n.now_us += 2 * US_PER_S;	/* it settles */
	assert_true(node_tell(&n, quarter, 1));
	for (size_t i = 0; i < COUNT_OF(lost); i++)
		lost[i] = node_send(&n, true);
	n.now_us += 100 * US_PER_MS;
	node_end(&n, lost[0], CAA_SIGNAL_SILENCE);
	assert_int_equal(n.learn.limit.rate_mqps, 5000);
	assert_int_equal(caa_share_report(&n.share, &n.learn, n.now_us).lost, CAA_SHARED_CUT);
	assert_int_equal(caa_share_report(&n.share, &n.learn, n.now_us).epoch, 3);
	lower.epoch = 4;
	lower.share_mqps = 4000;
	assert_true(node_tell(&n, lower, 1));
	assert_int_equal(n.learn.limit.rate_mqps, 4000);
	node_end(&n, lost[1], CAA_SIGNAL_SILENCE);
	assert_int_equal(caa_share_report(&n.share, &n.learn, n.now_us).lost, CAA_SHARED_NONE);
	assert_int_equal(caa_share_report(&n.share, &n.learn, n.now_us).epoch, 4);
	/* nor do several of them, for which it pauses all the same */
	node_end(&n, lost[2], CAA_SIGNAL_SILENCE);
	assert_int_equal(n.learn.state, CAA_LEARN_CONFIRM);
	assert_int_equal(caa_share_report(&n.share, &n.learn, n.now_us).lost, CAA_SHARED_NONE);
}

/** Another one has told of it, so what was sent before is paid for here as well. */
static void what_the_rate_was_lowered_for_is_not_told_again(void **state)
{
	struct node n = node_limited(3);
	struct caa_share_answer lower = quarter;
	struct caa_sent lost;

	(void)state;
	assert_true(node_tell(&n, quarter, 1));
	n.now_us += 2 * US_PER_S;	/* it settles */
	assert_true(node_tell(&n, quarter, 1));
	lost = node_send(&n, true);
	lower.epoch = 4;
	assert_true(node_tell(&n, lower, 1));
	n.now_us += 100 * US_PER_MS;
	node_end(&n, lost, CAA_SIGNAL_SILENCE);
	assert_int_equal(n.learn.limit.lost, CAA_SHARED_NONE);
	n.now_us += 2 * US_PER_S;
	node_end(&n, node_send(&n, true), CAA_SIGNAL_ANSWER);
	assert_true(node_tell(&n, lower, 1));
	lost = node_send(&n, true);
	n.now_us += 100 * US_PER_MS;
	node_end(&n, lost, CAA_SIGNAL_SILENCE);
	assert_int_equal(n.learn.limit.lost, CAA_SHARED_CUT);
	/* told once, whatever the store makes of it */
	assert_true(node_tell(&n, lower, 1));
	assert_int_equal(n.learn.limit.lost, CAA_SHARED_NONE);
}

static void who_pauses_goes_on_when_others_are_answered(void **state)
{
	struct node n = node_new(10);
	struct caa_share_answer a = quarter;

	(void)state;
	assert_int_equal(n.learn.state, CAA_LEARN_CONFIRM);
	caa_pacer_enter(&n.learn.pacer, n.now_us, false);
	assert_true(caa_share_report(&n.share, &n.learn, n.now_us).pauses);
	assert_true(node_tell(&n, a, 1));
	assert_int_equal(n.learn.state, CAA_LEARN_CONFIRM);
	assert_true(caa_pacer_wait_new(&n.learn.pacer, n.now_us, 0) > US_PER_S);
	a.answered = true;
	assert_true(node_tell(&n, a, 1));
	assert_int_equal(n.learn.state, CAA_LEARN_SETTLING);
	assert_true(caa_pacer_wait_new(&n.learn.pacer, n.now_us, 0) <= 200000);
	assert_false(caa_share_report(&n.share, &n.learn, n.now_us).pauses);
}

/** Others send as well: what is lost by who sends one query now and then was not lost without a load. */
static void who_shares_is_not_alone(void **state)
{
	(void)state;
	for (int others = 0; others < 2; others++) {
		struct node n = node_limited(1);
		struct caa_share_answer a = quarter;
		struct caa_sent sent;

		a.nodes = others ? 4 : 1;
		assert_true(node_tell(&n, a, 1));
		caa_pacer_leave(&n.learn.pacer);
		n.now_us += 20 * US_PER_S;
		sent = node_send(&n, false);
		assert_int_equal(sent.alone, !others);
		n.now_us += TIMEOUT_US;
		node_end(&n, sent, CAA_SIGNAL_SILENCE);
		assert_int_equal(caa_learn_limited(&n.learn), others);
	}
}

/** A rest saves nothing up where others send. */
static void who_comes_back_has_no_burst(void **state)
{
	struct node n = node_limited(1);

	(void)state;
	assert_true(node_tell(&n, quarter, 1));
	caa_pacer_leave(&n.learn.pacer);
	n.now_us += 20 * US_PER_S;
	caa_learn_options(&n.learn, n.now_us, 0, BURST);
	assert_int_equal(n.learn.pacer.burst, 1);
}

static void who_has_lost_several_asks(void **state)
{
	struct node n = { .now_us = START_US };
	struct caa_sent sent;

	(void)state;
	caa_learn_init(&n.learn, BURST);
	for (int i = 0; i < 2; i++) {
		assert_false(caa_share_wanted(&n.share, &n.learn));
		sent = node_send(&n, false);
		n.now_us += TIMEOUT_US;
		node_end(&n, sent, CAA_SIGNAL_SILENCE);
	}
	assert_true(caa_share_wanted(&n.share, &n.learn));
	assert_int_equal(caa_share_report(&n.share, &n.learn, n.now_us).rate_mqps, 0);
	n.share = (struct caa_share){ .epoch = 0 };
	/* nobody has met a limit: nothing changes */
	assert_false(node_tell(&n, (struct caa_share_answer){ .share_mqps = 0 }, 1));
	assert_false(caa_learn_limited(&n.learn));
	/* others have */
	sent = node_send(&n, false);
	n.now_us += TIMEOUT_US;
	node_end(&n, sent, CAA_SIGNAL_SILENCE);
	assert_true(node_tell(&n, quarter, 1));
	assert_true(caa_learn_limited(&n.learn));
	assert_int_equal(n.learn.limit.rate_mqps, 5000);
	caa_pacer_enter(&n.learn.pacer, n.now_us, false);
	assert_true(caa_share_report(&n.share, &n.learn, n.now_us).hearsay);
	/* and it stays limited, though it was never answered */
	caa_learn_options(&n.learn, n.now_us, 0, BURST);
	assert_true(caa_learn_limited(&n.learn));
}

/** An answer meanwhile: the losses were no limit. */
static void who_was_answered_since_it_asked_does_not_join(void **state)
{
	struct node n = node_new(0);
	struct caa_share_report r;
	struct caa_sent sent;

	(void)state;
	assert_false(caa_learn_limited(&n.learn));
	r = caa_share_report(&n.share, &n.learn, n.now_us);
	assert_int_equal(r.rate_mqps, 0);
	sent = node_send(&n, false);
	node_end(&n, sent, CAA_SIGNAL_ANSWER);
	assert_false(caa_share_apply(&n.share, &n.learn, n.now_us, n.now_us, &r, &quarter));
	assert_false(caa_learn_limited(&n.learn));
}

static void a_rate_that_is_set_by_hand_is_not_shared(void **state)
{
	struct node n = node_limited(3);
	struct caa_share_report r = caa_share_report(&n.share, &n.learn, n.now_us);

	(void)state;
	caa_learn_options(&n.learn, n.now_us, 7, BURST);
	assert_false(caa_share_wanted(&n.share, &n.learn));
	assert_false(caa_share_apply(&n.share, &n.learn, n.now_us, n.now_us, &r, &quarter));
	assert_true(caa_learn_is_manual(&n.learn));
	assert_int_equal(n.learn.pacer.interval_us, (US_PER_S + 6) / 7);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors),
		cmocka_unit_test(shares_add_up),
		cmocka_unit_test(there_are_no_more_than_so_many),
		cmocka_unit_test(a_report_as_text),
		cmocka_unit_test(what_cannot_be_the_scripts_answer),
		cmocka_unit_test(a_first_window_is_divided),
		cmocka_unit_test(only_what_is_limited_and_has_a_line_is_told),
		cmocka_unit_test(who_has_told_goes_on_while_it_sends),
		cmocka_unit_test(demand_is_what_waits_and_what_is_sent),
		cmocka_unit_test(a_share_is_the_rate_until_its_lease_ends),
		cmocka_unit_test(who_is_alone_goes_on_from_its_part),
		cmocka_unit_test(an_answer_that_comes_late_is_none),
		cmocka_unit_test(a_loss_is_told_and_not_acted_on),
		cmocka_unit_test(what_the_rate_was_lowered_for_is_not_told_again),
		cmocka_unit_test(who_pauses_goes_on_when_others_are_answered),
		cmocka_unit_test(who_shares_is_not_alone),
		cmocka_unit_test(who_comes_back_has_no_burst),
		cmocka_unit_test(who_has_lost_several_asks),
		cmocka_unit_test(who_was_answered_since_it_asked_does_not_join),
		cmocka_unit_test(a_rate_that_is_set_by_hand_is_not_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
