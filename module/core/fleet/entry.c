/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/fleet/entry.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

enum {
	VERSION = 1,
	AT_VERSION = 4, AT_KIND = 5, AT_SECURITY = 6, AT_ZERO = 7, AT_EGRESS = 16, AT_OWNER = 24, AT_EPOCH = 40, AT_TIME = 48,
	AT_TTL = 56, AT_LEN = 60, AT_DIGEST = 64,
	ZEROES = AT_EGRESS - AT_ZERO
};

static const uint8_t magic[AT_VERSION] = { 'C', 'A', 'A', 'F' };

static void put32(uint8_t *out, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(n >> (24 - 8 * i));
}

static void put64(uint8_t *out, uint64_t n)
{
	put32(out, (uint32_t)(n >> 32));
	put32(out + 4, (uint32_t)n);
}

static uint32_t get32(const uint8_t *in)
{
	return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

static uint64_t get64(const uint8_t *in)
{
	return (uint64_t)get32(in) << 32 | get32(in + 4);
}

/** A key for one purpose in one perspective. */
static void derive(uint8_t out[static 32], const uint8_t *secret, const char *purpose, const char *perspective)
{
	crypto_generichash_state d;

	crypto_generichash_init(&d, secret, CAA_FLEET_SECRET, 32);
	crypto_generichash_update(&d, (const uint8_t *)purpose, strlen(purpose) + 1);
	crypto_generichash_update(&d, (const uint8_t *)perspective, strlen(perspective) + 1);
	crypto_generichash_final(&d, out, 32);
}

void caa_fleet_keys_init(struct caa_fleet_keys *keys, const uint8_t secret[static CAA_FLEET_SECRET], const char *perspective)
{
	/* A MAC under the secret alone: then an entry of another perspective is called that, and not forged. */
	derive(keys->mac, secret, "mac", "");
	derive(keys->name, secret, "name", perspective);
}

void caa_fleet_digest(uint8_t out[static CAA_FLEET_DIGEST], const struct caa_fleet_keys *keys,
	const uint8_t sources[static CAA_FLEET_SOURCES], struct caa_name name, uint16_t qtype, uint16_t flags)
{
	const uint8_t more[] = { 'q', (uint8_t)(qtype >> 8), (uint8_t)qtype, (uint8_t)(flags >> 8), (uint8_t)flags };
	uint8_t lower[CAA_NAME_MAX];
	crypto_generichash_state d;

	caa_name_lower(lower, name);
	crypto_generichash_init(&d, keys->name, sizeof(keys->name), CAA_FLEET_DIGEST);
	crypto_generichash_update(&d, more, sizeof(more));
	crypto_generichash_update(&d, sources, CAA_FLEET_SOURCES);
	crypto_generichash_update(&d, lower, name.len);
	crypto_generichash_final(&d, out, CAA_FLEET_DIGEST);
}

void caa_fleet_flush_digest(uint8_t out[static CAA_FLEET_DIGEST], const struct caa_fleet_keys *keys, struct caa_name name)
{
	uint8_t octets[1 + CAA_NAME_MAX] = { 'f' };

	caa_name_lower(octets + 1, name);
	crypto_generichash(out, CAA_FLEET_DIGEST, octets, 1 + name.len, keys->name, sizeof(keys->name));
}

static void mac(uint8_t out[static CAA_FLEET_MAC], const uint8_t *octets, size_t len, const struct caa_fleet_keys *keys)
{
	crypto_generichash(out, CAA_FLEET_MAC, octets, len, keys->mac, sizeof(keys->mac));
}

size_t caa_fleet_entry_write(uint8_t *out, const struct caa_fleet_entry *e, const struct caa_fleet_keys *keys,
	const uint8_t digest[static CAA_FLEET_DIGEST])
{
	size_t len = CAA_FLEET_HEAD + e->len;

	assert(e->len <= CAA_FLEET_PAYLOAD_MAX);
	memcpy(out, magic, sizeof(magic));
	out[AT_VERSION] = VERSION;
	out[AT_KIND] = (uint8_t)e->kind;
	out[AT_SECURITY] = e->security;
	memset(out + AT_ZERO, 0, ZEROES);
	memcpy(out + AT_EGRESS, e->egress, CAA_FLEET_EGRESS);
	memcpy(out + AT_OWNER, e->owner, CAA_FLEET_OWNER);
	put64(out + AT_EPOCH, e->epoch_us);
	put64(out + AT_TIME, e->time_ms);
	put32(out + AT_TTL, e->ttl_s);
	put32(out + AT_LEN, (uint32_t)e->len);
	memcpy(out + AT_DIGEST, digest, CAA_FLEET_DIGEST);
	if (e->len > 0)
		memcpy(out + CAA_FLEET_HEAD, e->payload, e->len);
	mac(out + len, out, len, keys);
	return len + CAA_FLEET_MAC;
}

/** Whether octets have the shape of an entry. */
static bool has_shape(const uint8_t *octets, size_t len)
{
	return len >= CAA_FLEET_HEAD + CAA_FLEET_MAC && len <= CAA_FLEET_ENTRY_MAX && memcmp(octets, magic, sizeof(magic)) == 0 &&
		octets[AT_VERSION] == VERSION && octets[AT_KIND] >= CAA_FLEET_CLAIM && octets[AT_KIND] <= CAA_FLEET_FAILURE &&
		sodium_is_zero(octets + AT_ZERO, ZEROES) && get32(octets + AT_LEN) == len - CAA_FLEET_HEAD - CAA_FLEET_MAC;
}

const uint8_t *caa_fleet_entry_about(const uint8_t *octets, size_t len)
{
	return has_shape(octets, len) ? octets + AT_DIGEST : NULL;
}

uint64_t caa_fleet_entry_epoch(const uint8_t *octets, size_t len)
{
	return has_shape(octets, len) && octets[AT_KIND] == CAA_FLEET_ANSWER ? get64(octets + AT_EPOCH) : UINT64_MAX;
}

enum caa_fleet_verdict caa_fleet_entry_read(struct caa_fleet_entry *out, const uint8_t *octets, size_t len,
	const struct caa_fleet_keys *keys, const uint8_t digest[static CAA_FLEET_DIGEST])
{
	uint8_t ours[CAA_FLEET_MAC];

	if (!has_shape(octets, len))
		return CAA_FLEET_GARBAGE;
	mac(ours, octets, len - CAA_FLEET_MAC, keys);
	if (sodium_memcmp(ours, octets + len - CAA_FLEET_MAC, CAA_FLEET_MAC) != 0)
		return CAA_FLEET_FORGED;
	if (memcmp(octets + AT_DIGEST, digest, CAA_FLEET_DIGEST) != 0)
		return CAA_FLEET_FOREIGN;
	*out = (struct caa_fleet_entry){ .kind = (enum caa_fleet_kind)octets[AT_KIND], .security = octets[AT_SECURITY],
		.epoch_us = get64(octets + AT_EPOCH), .time_ms = get64(octets + AT_TIME),
		.ttl_s = get32(octets + AT_TTL), .payload = octets + CAA_FLEET_HEAD, .len = get32(octets + AT_LEN) };
	memcpy(out->egress, octets + AT_EGRESS, CAA_FLEET_EGRESS);
	memcpy(out->owner, octets + AT_OWNER, CAA_FLEET_OWNER);
	return CAA_FLEET_GOOD;
}

uint64_t caa_fleet_entry_age_ms(const struct caa_fleet_entry *e, uint64_t now_ms)
{
	return now_ms > e->time_ms ? now_ms - e->time_ms : 0;
}

enum caa_fleet_verdict caa_fleet_entry_age(const struct caa_fleet_entry *e, uint64_t now_ms, uint64_t flushed_us)
{
	if (e->time_ms > now_ms && e->time_ms - now_ms > CAA_FLEET_SKEW_MS)
		return CAA_FLEET_STALE;
	switch (e->kind) {
	case CAA_FLEET_FAILURE:
		if (e->epoch_us <= flushed_us)
			return CAA_FLEET_STALE;
		/* fallthrough */
	case CAA_FLEET_CLAIM:
	case CAA_FLEET_ENDED:
	case CAA_FLEET_FLUSH:
		return caa_fleet_entry_age_ms(e, now_ms) <= CAA_FLEET_LEASE_MS + CAA_FLEET_SKEW_MS ? CAA_FLEET_GOOD : CAA_FLEET_STALE;
	case CAA_FLEET_ANSWER:
		break;
	}
	if (e->epoch_us <= flushed_us || e->ttl_s > CAA_FLEET_TTL_MAX_S)
		return CAA_FLEET_STALE;
	return caa_fleet_entry_age_ms(e, now_ms) < (uint64_t)e->ttl_s * 1000 ? CAA_FLEET_GOOD : CAA_FLEET_STALE;
}
