/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/limits.h"

#include "core/wire/addr.h"

#include "util/config_file.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	US_PER_MS = 1000,
	PERIOD_US = CAA_SHARE_PERIOD_MS * US_PER_MS,
	ACTIVE_US = 2 * 1000000,	/**< who was told of so lately takes room, ... */
	IDLE_US = 60 * 1000000,		/**< ... and is forgotten after so long, so that it is not asked about again at once */
	IP4_OCTETS = 3, IP6_OCTETS = 7,	/**< of an address, whose hosts limiters take for one: /24, /56 */
	LEAST = 4,			/**< addresses that are told of however many nodes there are */
	PREFIXES_MAX = 64,
	EGRESS_OCTETS = 8, EGRESS_TEXT = 2 * EGRESS_OCTETS + 1
};

struct caa_limits_one {
	struct caa_limits *of;
	bool used, asked;
	struct caa_addr addr;
	struct caa_share share;
	struct caa_share_report report;
	uint64_t asked_us;		/**< when it was told last */
	uint64_t leased_us;		/**< until then its rate is a share */
};

struct caa_limits {
	struct caa_shards *shards;
	struct caa_stats *stats;
	caa_limits_tell *tell;
	void *arg;
	char egress4[EGRESS_TEXT], egress6[EGRESS_TEXT];
	bool placed;			/**< where it sends from is configured */
	uint64_t due_us;
	size_t most;			/**< addresses that are told of */
	_Atomic size_t leased;
	struct caa_limits_one limit[CAA_LIMITS_MAX];
};

/* --- who meets the same limits -------------------------------------------------------------------------------------------- */

typedef uint8_t prefix[IP6_OCTETS];

static int by_octets(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(prefix));
}

/** The prefix of an outgoing interface: an address, or a netblock of them. @return false if it is of the other family. */
static bool read_prefix(prefix out, const char *text, int family)
{
	char address[INET6_ADDRSTRLEN];
	size_t len = strcspn(text, "/@");
	uint8_t ip[16];

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(family, address, ip) != 1)
		return false;
	memset(out, 0, sizeof(prefix));
	memcpy(out, ip, family == AF_INET ? IP4_OCTETS : IP6_OCTETS);
	return true;
}

/** A digest of the prefixes, in whatever order they are configured. */
static void digest_prefixes(char out[static EGRESS_TEXT], const struct config_file *cfg, int family)
{
	prefix all[PREFIXES_MAX];
	uint8_t digest[crypto_generichash_BYTES];
	size_t count = 0, unique = 0;

	for (int i = 0; i < cfg->num_out_ifs && count < PREFIXES_MAX; i++)
		count += read_prefix(all[count], cfg->out_ifs[i], family);
	qsort(all, count, sizeof(all[0]), by_octets);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || memcmp(all[i], all[i - 1], sizeof(all[i])) != 0)
			memmove(all[unique++], all[i], sizeof(all[i]));
	crypto_generichash(digest, sizeof(digest), (const uint8_t *)all, unique * sizeof(all[0]), NULL, 0);
	sodium_bin2hex(out, EGRESS_TEXT, digest, EGRESS_OCTETS);
}

static void digest_name(char out[static EGRESS_TEXT], const char *name)
{
	uint8_t digest[crypto_generichash_BYTES];

	crypto_generichash(digest, sizeof(digest), (const uint8_t *)name, strlen(name), (const uint8_t *)"caa-fleet-egress", 16);
	sodium_bin2hex(out, EGRESS_TEXT, digest, EGRESS_OCTETS);
}

struct caa_limits *caa_limits_create(struct caa_shards *shards, struct caa_stats *stats, const char *egress, const struct config_file *cfg,
	caa_limits_tell *tell, void *arg)
{
	struct caa_limits *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->shards = shards;
	l->stats = stats;
	l->tell = tell;
	l->arg = arg;
	l->placed = egress[0] != '\0' || cfg->num_out_ifs > 0;
	if (egress[0] != '\0') {
		digest_name(l->egress4, egress);
		digest_name(l->egress6, egress);
	} else {
		digest_prefixes(l->egress4, cfg, AF_INET);
		digest_prefixes(l->egress6, cfg, AF_INET6);
	}
	for (size_t i = 0; i < CAA_LIMITS_MAX; i++)
		l->limit[i].of = l;
	return l;
}

void caa_limits_egress(const struct caa_limits *l, const struct config_file *cfg, const uint8_t *node, size_t len,
	uint8_t out[static CAA_FLEET_EGRESS])
{
	const uint8_t used[] = { cfg->do_ip4 != 0, cfg->do_ip6 != 0 };
	uint8_t digest[crypto_generichash_BYTES];
	crypto_generichash_state s;

	crypto_generichash_init(&s, NULL, 0, sizeof(digest));
	crypto_generichash_update(&s, (const uint8_t *)l->egress4, EGRESS_TEXT);
	crypto_generichash_update(&s, (const uint8_t *)l->egress6, EGRESS_TEXT);
	crypto_generichash_update(&s, used, sizeof(used));
	if (!l->placed)
		crypto_generichash_update(&s, node, len);
	crypto_generichash_final(&s, digest, sizeof(digest));
	memcpy(out, digest, CAA_FLEET_EGRESS);
}

void caa_limits_destroy(struct caa_limits *l)
{
	free(l);
}

/* --- a period --------------------------------------------------------------------------------------------------------------- */

/** Keep an address in mind. */
static void remember(struct caa_limits *l, const struct caa_addr *addr, uint64_t now_us)
{
	struct caa_limits_one *free = NULL;
	size_t used = 0;

	for (size_t i = 0; i < CAA_LIMITS_MAX; i++) {
		if (!l->limit[i].used)
			free = free == NULL ? &l->limit[i] : free;
		else if (caa_addr_equal(&l->limit[i].addr, addr))
			return;
		used += l->limit[i].used && now_us < l->limit[i].asked_us + ACTIVE_US;
	}
	if (free == NULL || used >= l->most)
		caa_stats_add(l->stats, CAA_STAT_fleet_unshared, 1);
	else
		*free = (struct caa_limits_one){ .of = l, .used = true, .addr = *addr, .asked_us = now_us };
}

static void tell(struct caa_limits *l, struct caa_limits_one *limit, uint64_t now_us)
{
	char key[CAA_LIMIT_KEY_TEXT], addr[CAA_ADDR_TEXT_MAX], report[CAA_SHARE_TEXT_MAX];

	if (limit->asked)
		return;
	if (!caa_shards_report(l->shards, &limit->addr, &limit->share, now_us, &limit->report)) {
		limit->used = now_us < limit->asked_us + IDLE_US;
		return;
	}
	snprintf(key, sizeof(key), "l%d:%s:%s", CAA_SHARE_VERSION, limit->addr.family == CAA_IPV4 ? l->egress4 : l->egress6,
		caa_addr_text(addr, &limit->addr));
	limit->asked_us = now_us;
	limit->asked = l->tell(l->arg, limit, key, caa_share_text(report, &limit->report));
}

static void count_leased(struct caa_limits *l, uint64_t now_us)
{
	size_t leased = 0;

	for (size_t i = 0; i < CAA_LIMITS_MAX; i++)
		leased += l->limit[i].used && l->limit[i].leased_us > now_us;
	/* relaxed: a number to be shown */
	atomic_store_explicit(&l->leased, leased, memory_order_relaxed);
}

uint64_t caa_limits_due_us(const struct caa_limits *l)
{
	return l->due_us;
}

void caa_limits_run(struct caa_limits *l, uint64_t nodes, uint64_t now_us)
{
	struct caa_addr addr[CAA_LIMITS_MAX];
	size_t count;

	if (now_us < l->due_us)
		return;
	l->due_us = now_us < l->due_us + PERIOD_US ? l->due_us + PERIOD_US : now_us + PERIOD_US;
	l->most = CAA_LIMITS_MAX / nodes > LEAST ? CAA_LIMITS_MAX / nodes : LEAST;
	count = caa_shards_lines(l->shards, addr, l->most);
	for (size_t i = 0; i < count; i++)
		remember(l, &addr[i], now_us);
	for (size_t i = 0; i < CAA_LIMITS_MAX; i++)
		if (l->limit[i].used)
			tell(l, &l->limit[i], now_us);
	count_leased(l, now_us);
}

void *caa_limits_arg(const struct caa_limits_one *limit)
{
	return limit->of->arg;
}

void caa_limits_answered(struct caa_limits_one *limit, const long long *number, size_t count, uint64_t now_us)
{
	struct caa_limits *l = limit->of;
	struct caa_share_answer answer;

	limit->asked = false;
	if (number == NULL)
		return;
	if (caa_share_read(&answer, number, count) != CAA_OK) {
		caa_stats_add(l->stats, CAA_STAT_fleet_forged, 1);
		return;
	}
	if (answer.share_mqps == 0)
		return;
	if (!caa_shards_share(l->shards, &limit->addr, &limit->share, now_us, limit->asked_us, &limit->report, &answer)) {
		caa_stats_add(l->stats, CAA_STAT_fleet_stale, 1);
		return;
	}
	limit->leased_us = limit->asked_us + answer.lease_ms * (uint64_t)US_PER_MS;
	caa_stats_add(l->stats, CAA_STAT_fleet_leases, 1);
}

size_t caa_limits_leased(const struct caa_limits *l)
{
	return atomic_load_explicit(&l->leased, memory_order_relaxed);
}

size_t caa_limits_memory(void)
{
	return sizeof(struct caa_limits);
}
