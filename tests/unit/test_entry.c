/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "core/fleet/entry.h"

enum { NOW_MS = 1700000000 };	/* in thousands of ms, so that tests can go back */

static const uint8_t secret[CAA_FLEET_SECRET] = "a secret that is of 32 octets..";
static const uint8_t sources[CAA_FLEET_SOURCES] = "sources";

struct fixture {
	struct caa_fleet_keys keys;
	struct name_buffer name;
	uint8_t digest[CAA_FLEET_DIGEST], octets[CAA_FLEET_ENTRY_MAX];
	struct caa_fleet_entry in;
	size_t len;
};

/** An answer of four octets, of the perspective east. */
static void make(struct fixture *f)
{
	caa_fleet_keys_init(&f->keys, secret, "east");
	caa_fleet_digest(f->digest, &f->keys, sources, name_of(&f->name, "www.example.com."), 257, 0x100);
	f->in = (struct caa_fleet_entry){ .kind = CAA_FLEET_ANSWER, .security = 3, .egress = "egress", .owner = "owner", .epoch_us = 0x1122334455667788,
		.time_ms = (uint64_t)NOW_MS * 1000, .ttl_s = 60, .payload = (const uint8_t *)"wire", .len = 4 };
	f->len = caa_fleet_entry_write(f->octets, &f->in, &f->keys, f->digest);
}

static void what_is_written_is_read(void **state)
{
	struct caa_fleet_entry out;
	struct fixture f;

	(void)state;
	make(&f);
	assert_int_equal(f.len, CAA_FLEET_HEAD + 4 + CAA_FLEET_MAC);
	assert_int_equal(caa_fleet_entry_read(&out, f.octets, f.len, &f.keys, f.digest), CAA_FLEET_GOOD);
	assert_int_equal(out.kind, CAA_FLEET_ANSWER);
	assert_int_equal(out.security, 3);
	assert_memory_equal(out.egress, f.in.egress, CAA_FLEET_EGRESS);
	assert_memory_equal(out.owner, f.in.owner, CAA_FLEET_OWNER);
	assert_true(out.epoch_us == f.in.epoch_us && out.time_ms == f.in.time_ms);
	assert_int_equal(out.ttl_s, 60);
	assert_int_equal(out.len, 4);
	assert_memory_equal(out.payload, "wire", 4);
	assert_memory_equal(caa_fleet_entry_about(f.octets, f.len), f.digest, sizeof(f.digest));
}

/** What the scripts of the store read is where they read it. */
static void the_scripts_read_kind_owner_and_epoch(void **state)
{
	static const uint8_t epoch[] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88 };
	struct fixture f;

	(void)state;
	make(&f);
	assert_int_equal(f.octets[6 - 1], CAA_FLEET_ANSWER);
	assert_memory_equal(f.octets + 25 - 1, f.in.owner, CAA_FLEET_OWNER);
	assert_memory_equal(f.octets + 41 - 1, epoch, sizeof(epoch));
	assert_true(caa_fleet_entry_epoch(f.octets, f.len) == f.in.epoch_us);
	assert_true(caa_fleet_entry_epoch(f.octets, f.len - 1) == UINT64_MAX);
	f.in.kind = CAA_FLEET_CLAIM;
	f.len = caa_fleet_entry_write(f.octets, &f.in, &f.keys, f.digest);
	assert_true(caa_fleet_entry_epoch(f.octets, f.len) == UINT64_MAX);
}

static void no_octet_can_be_changed(void **state)
{
	struct caa_fleet_entry out;
	struct fixture f;

	(void)state;
	make(&f);
	for (size_t bit = 0; bit < f.len * 8; bit++) {
		f.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_true(caa_fleet_entry_read(&out, f.octets, f.len, &f.keys, f.digest) <= CAA_FLEET_FORGED);
		f.octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < f.len; len++)
		assert_int_equal(caa_fleet_entry_read(&out, f.octets, len, &f.keys, f.digest), CAA_FLEET_GARBAGE);
	assert_int_equal(caa_fleet_entry_read(&out, f.octets, f.len + 1, &f.keys, f.digest), CAA_FLEET_GARBAGE);
}

/** Another name, type, flag, configuration or perspective is foreign; another secret is forged. */
static void what_it_is_about_counts(void **state)
{
	uint8_t digest[CAA_FLEET_DIGEST], others[CAA_FLEET_SOURCES] = "others", other[CAA_FLEET_SECRET] = "another";
	struct caa_fleet_keys keys;
	struct caa_fleet_entry out;
	struct name_buffer name;
	struct fixture f;

	(void)state;
	make(&f);
	caa_fleet_digest(digest, &f.keys, sources, name_of(&name, "WWW.example.COM."), 257, 0x100);
	assert_memory_equal(digest, f.digest, sizeof(digest));
	caa_fleet_digest(digest, &f.keys, sources, name_of(&name, "ww.example.com."), 257, 0x100);
	assert_int_equal(caa_fleet_entry_read(&out, f.octets, f.len, &f.keys, digest), CAA_FLEET_FOREIGN);
	caa_fleet_digest(digest, &f.keys, sources, name_of(&name, "www.example.com."), 1, 0x100);
	assert_int_equal(caa_fleet_entry_read(&out, f.octets, f.len, &f.keys, digest), CAA_FLEET_FOREIGN);
	caa_fleet_digest(digest, &f.keys, sources, name_of(&name, "www.example.com."), 257, 0x110);
	assert_int_equal(caa_fleet_entry_read(&out, f.octets, f.len, &f.keys, digest), CAA_FLEET_FOREIGN);
	caa_fleet_digest(digest, &f.keys, others, name_of(&name, "www.example.com."), 257, 0x100);
	assert_int_equal(caa_fleet_entry_read(&out, f.octets, f.len, &f.keys, digest), CAA_FLEET_FOREIGN);
	caa_fleet_keys_init(&keys, secret, "west");
	caa_fleet_digest(digest, &keys, sources, name_of(&name, "www.example.com."), 257, 0x100);
	assert_int_equal(caa_fleet_entry_read(&out, f.octets, f.len, &keys, digest), CAA_FLEET_FOREIGN);
	caa_fleet_keys_init(&keys, other, "east");
	assert_int_equal(caa_fleet_entry_read(&out, f.octets, f.len, &keys, f.digest), CAA_FLEET_FORGED);
	caa_fleet_flush_digest(digest, &f.keys, name_of(&name, "www.example.com."));
	assert_int_equal(caa_fleet_entry_read(&out, f.octets, f.len, &f.keys, digest), CAA_FLEET_FOREIGN);
}

static void what_is_old_is_stale(void **state)
{
	static const struct { enum caa_fleet_kind kind; int64_t later_ms; uint32_t ttl_s; uint64_t flushed_us; bool good; const char *why; } row[] = {
		{ CAA_FLEET_ANSWER,      0, 60,   0, true, "a new answer" },
		{ CAA_FLEET_ANSWER,  59999, 60,   0, true, "within its TTL" },
		{ CAA_FLEET_ANSWER,  60000, 60,   0, false, "at its end" },
		{ CAA_FLEET_ANSWER,      0,  0,   0, false, "without a TTL" },
		{ CAA_FLEET_ANSWER,  -2000, 60,   0, true, "of a clock that is fast" },
		{ CAA_FLEET_ANSWER,  -2001, 60,   0, false, "of the future" },
		{ CAA_FLEET_ANSWER,      0, CAA_FLEET_TTL_MAX_S, 0, true, "of the longest TTL" },
		{ CAA_FLEET_ANSWER,      0, CAA_FLEET_TTL_MAX_S + 1, 0, false, "of a longer one" },
		{ CAA_FLEET_ANSWER,      0, 60,  99, true, "begun after a flush" },
		{ CAA_FLEET_ANSWER,      0, 60, 100, false, "begun at a flush" },
		{ CAA_FLEET_ANSWER,      0, 60, 101, false, "begun before it" },
		{ CAA_FLEET_CLAIM,    4000,  0, 101, true, "a claim within lease and skew" },
		{ CAA_FLEET_CLAIM,    4001,  0,   0, false, "an old claim" },
		{ CAA_FLEET_CLAIM,   -2001,  0,   0, false, "a claim of the future" },
		{ CAA_FLEET_ENDED,    4001,  0,   0, false, "old news" },
		{ CAA_FLEET_FLUSH,    4001,  0,   0, false, "an old flush" },
		{ CAA_FLEET_FAILURE,  4000,  0,  99, true, "a failure within lease and skew" },
		{ CAA_FLEET_FAILURE,  4001, 60,   0, false, "an old failure" },
		{ CAA_FLEET_FAILURE,     0,  0, 100, false, "a failure begun at a flush" },
		{ CAA_FLEET_FAILURE, -2001,  0,   0, false, "a failure of the future" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct caa_fleet_entry e = { .kind = row[i].kind, .time_ms = (uint64_t)NOW_MS * 1000, .ttl_s = row[i].ttl_s, .epoch_us = 100 };
		uint64_t now_ms = e.time_ms + (uint64_t)row[i].later_ms;

		if ((caa_fleet_entry_age(&e, now_ms, row[i].flushed_us) == CAA_FLEET_GOOD) != row[i].good)
			fail_msg("%s", row[i].why);
		assert_true(caa_fleet_entry_age_ms(&e, now_ms) == (row[i].later_ms > 0 ? (uint64_t)row[i].later_ms : 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(the_scripts_read_kind_owner_and_epoch),
		cmocka_unit_test(no_octet_can_be_changed),
		cmocka_unit_test(what_it_is_about_counts),
		cmocka_unit_test(what_is_old_is_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
