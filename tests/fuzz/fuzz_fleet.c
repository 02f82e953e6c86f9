/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Fuzz what comes from the fleet's store: entries, of which only those are believed that were made with the key, and why a lookup
 *  failed, which can be said whatever it is. */
#include "fuzz.h"

#include "core/fleet/entry.h"
#include "core/why/carry.h"
#include "core/why/report.h"

/** An entry that is made of the input is read as it is; one that is changed, and the input itself, are not. */
static void check_entry(const uint8_t *data, size_t size)
{
	static const uint8_t secret[CAA_FLEET_SECRET] = "fuzz", sources[CAA_FLEET_SOURCES] = "fuzz", root[] = { 0 };
	static uint8_t octets[CAA_FLEET_ENTRY_MAX];
	struct input in = { data, size };
	struct caa_fleet_entry e = { .kind = (enum caa_fleet_kind)(CAA_FLEET_CLAIM + take8(&in) % CAA_FLEET_FAILURE), .security = take8(&in) };
	struct caa_fleet_entry out;
	struct caa_fleet_keys keys;
	uint8_t digest[CAA_FLEET_DIGEST];
	size_t len, at, owner = CAA_FLEET_OWNER;
	uint16_t change = take16(&in);
	const uint8_t *octet = take(&in, &owner);

	memcpy(e.owner, octet, owner);
	e.epoch_us = take32(&in);
	e.time_ms = take32(&in);
	e.ttl_s = take32(&in);
	e.len = in.left < CAA_FLEET_PAYLOAD_MAX ? in.left : CAA_FLEET_PAYLOAD_MAX;
	e.payload = in.at;
	caa_fleet_keys_init(&keys, secret, "fuzz");
	caa_fleet_digest(digest, &keys, sources, (struct caa_name){ root, 1 }, take8(&in), 0);
	check(caa_fleet_entry_read(&out, data, size, &keys, digest) <= CAA_FLEET_FORGED);
	len = caa_fleet_entry_write(octets, &e, &keys, digest);
	check(len == CAA_FLEET_HEAD + e.len + CAA_FLEET_MAC);
	check(caa_fleet_entry_read(&out, octets, len, &keys, digest) == CAA_FLEET_GOOD);
	check(out.kind == e.kind && out.time_ms == e.time_ms && out.epoch_us == e.epoch_us && out.ttl_s == e.ttl_s && out.len == e.len);
	check(e.len == 0 || memcmp(out.payload, e.payload, e.len) == 0);
	check(memcmp(out.owner, e.owner, sizeof(e.owner)) == 0);
	at = change / 8 % len;
	octets[at] ^= (uint8_t)(1 << change % 8);
	check(caa_fleet_entry_read(&out, octets, len, &keys, digest) <= CAA_FLEET_FORGED);
}

/** What is read is said, and what is written of it is read again. */
static void check_why(const uint8_t *data, size_t size)
{
	static const struct caa_versions by = { "fuzz", "fuzz" };
	static const struct caa_repeats n = { 1, 1, 3600, 0 };
	static const uint8_t name[] = { 1, 'a', 1, 'b', 1, 'c', 0 };
	static char line[CAA_LINE_MAX], page[CAA_EXPLAIN_MAX];
	uint8_t octets[CAA_CARRY_MAX];
	struct caa_case c, again;

	if (!caa_carry_read(&c, (struct caa_name){ name, sizeof(name) }, data, size))
		return;
	(void)caa_report_line(&c, &n, 0, &by, line);
	caa_report_explain(&c, &n, &by, page);
	check(caa_carry_read(&again, caa_case_name(&c), octets, caa_carry_write(octets, &c)));
	check(again.class == c.class);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_entry(data, size);
	check_why(data, size);
	return 0;
}
