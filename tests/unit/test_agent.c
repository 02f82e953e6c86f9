/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/why/agent.h"

/** RFC 9567, section 5: the option is a name, whole and uncompressed, and not the root's. */
static void an_agent_is_one_name(void **state)
{
	static const struct { uint8_t data[8]; size_t len; bool good; const char *why; } row[] = {
		{ "\2er\3lab", 8, true, "a name" },
		{ "\1a", 3, true, "of one label" },
		{ "", 1, false, "the root" },
		{ "", 0, false, "nothing" },
		{ "\2er", 3, false, "without an end" },
		{ "\2er\0x", 5, false, "with more behind it" },
		{ "\2er\300\4", 5, false, "compressed" },
		{ "\101er", 4, false, "with a label type of no meaning" },
	};
	struct caa_name agent, untouched = { NULL, 7 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		agent = untouched;
		if (caa_agent_read(&agent, row[i].data, row[i].len) != (row[i].good ? CAA_OK : CAA_EFORMAT))
			fail_msg("%s", row[i].why);
		assert_int_equal(agent.len, row[i].good ? row[i].len : 7);
	}
}

static void who_hears_of_what(void **state)
{
	static const struct { const char *agent, *zone, *name; bool fits; const char *why; } row[] = {
		{ "er.agent.lab.", "shop.lab.", "www.shop.lab.", true, "another's zone" },
		{ "er.agent.lab.", "shop.lab.", "shop.lab.", true, "its apex" },
		{ "shop.lab.", "a.shop.lab.", "www.a.shop.lab.", false, "a name below the agent's" },
		{ "er.shop.lab.", "shop.lab.", "www.shop.lab.", false, "an agent in the zone" },
		{ "shop.lab.", "shop.lab.", "www.shop.lab.", false, "at its apex" },
		{ "er.xshop.lab.", "shop.lab.", "www.shop.lab.", true, "in a zone with a longer name" },
		{ "er.agent.lab.", "shop.lab.", "www.other.lab.", false, "a name of another zone" },
		{ "er.agent.lab.", "shop.lab.", "_ER.1.x.7._er.shop.lab.", false, "a report" },
		{ "er.agent.lab.", "shop.lab.", "_error.shop.lab.", true, "what only looks like one" },
		{ "er.agent.lab.", ".", "lab.", false, "the root, in which all agents are" },
	};
	struct name_buffer a, z, n;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++)
		if (caa_agent_fits(name_of(&a, row[i].agent), name_of(&z, row[i].zone), name_of(&n, row[i].name)) != row[i].fits)
			fail_msg("%s", row[i].why);
}

/** The first is the example of RFC 9567. */
static void a_report_has_a_name(void **state)
{
	static const struct { uint16_t type; const char *name; uint16_t code; const char *agent, *report; } row[] = {
		{ 1, "broken.test.", 7, "a01.agent-domain.example.", "_er.1.broken.test.7._er.a01.agent-domain.example." },
		{ 257, "WWW.Shop.Lab.", 22, "ER.lab.", "_er.257.www.shop.lab.22._er.er.lab." },
		{ 65535, ".", 65535, "e.", "_er.65535.65535._er.e." },
	};
	struct name_buffer n, a, r;
	uint8_t out[CAA_NAME_MAX];
	size_t len;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_name want = name_of(&r, row[i].report);

		assert_int_equal(caa_agent_name(out, &len, row[i].type, name_of(&n, row[i].name), row[i].code,
			name_of(&a, row[i].agent)), CAA_OK);
		assert_int_equal(len, want.len);
		assert_memory_equal(out, want.wire, len);
	}
}

/** What is left for a name is 255 less `_er`, `257`, `6`, `_er` and the agent. */
static void a_report_that_is_too_long_is_none(void **state)
{
	uint8_t name[CAA_NAME_MAX], out[CAA_NAME_MAX];
	struct name_buffer a;
	struct caa_name agent = name_of(&a, "er.lab.");
	size_t room = CAA_NAME_MAX - 4 - 4 - 2 - 4 - agent.len + 1, len;

	(void)state;
	for (size_t size = 2; size <= CAA_NAME_MAX; size++) {
		size_t at = 0;

		while (at < size - 1) {	/* labels that add up to the size, none of which has no letter */
			size_t left = size - 1 - at, label = left > 64 ? 62 : left - 1;

			if (label == 0)
				break;
			name[at++] = (uint8_t)label;
			memset(name + at, 'x', label);
			at += label;
		}
		if (at != size - 1)
			continue;
		name[at] = 0;
		assert_int_equal(caa_agent_name(out, &len, 257, (struct caa_name){ name, size }, 6, agent),
			size <= room ? CAA_OK : CAA_EFULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_agent_is_one_name), cmocka_unit_test(who_hears_of_what), cmocka_unit_test(a_report_has_a_name),
		cmocka_unit_test(a_report_that_is_too_long_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
