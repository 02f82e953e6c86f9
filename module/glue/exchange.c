/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/exchange.h"

#include "core/fleet/share.h"
#include "core/wire/text.h"
#include "glue/fleet_config.h"
#include "glue/host.h"
#include "glue/limits.h"

#include "util/log.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	REFUSED_US = 10000000,		/**< after which it is said that the store takes commands again */
	CLOCK_US = 1000,		/**< the store's clock is not older, when it is asked for something */
	CLAIM_MAX = CAA_FLEET_HEAD + CAA_FLEET_MAC,
	SHA_TEXT = 2 * CAA_EXCHANGE_SHOWN + 1,
	KEY_TEXT = CAA_EXCHANGE_PREFIX + 2 + SHA_TEXT,
	FLUSH_MS = (CAA_FLEET_TTL_MAX_S + 60) * 1000	/**< no older answer is in the store by then */
};

/** What the store runs in one step.  A key that holds a claim or an answer holds an entry (core/fleet/entry.h), of which these read
 *  the kind (octet 6), the owner (25 to 40) and the epoch (41 to 48), counted from 1. */
enum script { SCRIPT_CLAIM, SCRIPT_RENEW, SCRIPT_ANSWER, SCRIPT_END, SCRIPT_FLUSH, SCRIPT_SHARE, SCRIPTS };

#define NOW "local t = redis.call('TIME') local now = string.format('%.0f', t[1] * 1000000 + t[2])\n"

static const struct caa_store_script scripts[SCRIPTS] = {
	/* As the commands for a claim, but that an answer of before a flush makes room.
	 * KEYS: the entry, the notes of flushes; ARGV: claim, its lease in ms.  Returns the time, that of the last flush, and the
	 * entry that is there, or "" if the claim is. */
	[SCRIPT_CLAIM] = { .name = "claim", .text = NOW
		"local flushed = 0\n"
		"for _, v in ipairs(redis.call('MGET', unpack(KEYS, 2))) do\n"
		"  local n = v and tonumber(v)\n"
		"  if n and n > flushed then flushed = n end\n"
		"end\n"
		"local there = redis.call('GET', KEYS[1])\n"
		"if there and flushed > 0 and #there >= 48 and there:byte(6) == 2 then\n"
		"  local epoch = 0\n"
		"  for i = 41, 48 do epoch = epoch * 256 + there:byte(i) end\n"
		"  if epoch <= flushed then there = false end\n"
		"end\n"
		"if not there then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end\n"
		"return { now, string.format('%.0f', flushed), there or '' }\n" },
	/* KEYS: the entry; ARGV: owner, claim, its lease in ms, the channel where it is told, too, or "". */
	[SCRIPT_RENEW] = { .name = "renew", .text =
		"local there = redis.call('GET', KEYS[1])\n"
		"if there and there:sub(25, 40) ~= ARGV[1] then return 0 end\n"
		"redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])\n"
		"if ARGV[4] ~= '' then redis.call('PUBLISH', ARGV[4], ARGV[2]) end\n"
		"return 1\n" },
	/* KEYS: the entry; ARGV: channel, answer, for how many ms, 0 = it is not kept.  What cannot be kept is told all the same. */
	[SCRIPT_ANSWER] = { .name = "answer", .text =
		"local kept = true\n"
		"if ARGV[3] == '0' then redis.call('DEL', KEYS[1])\n"
		"else kept = redis.pcall('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end\n"
		"redis.call('PUBLISH', ARGV[1], ARGV[2])\n"
		"return kept\n" },
	/* KEYS: the entry; ARGV: channel, news, owner. */
	[SCRIPT_END] = { .name = "end", .text =
		"local there = redis.call('GET', KEYS[1])\n"
		"if there and there:byte(6) == 1 and there:sub(25, 40) == ARGV[3] then redis.call('DEL', KEYS[1]) end\n"
		"return redis.call('PUBLISH', ARGV[1], ARGV[2])\n" },
	/* KEYS: the note; ARGV: channel, news or "", for how many ms. */
	[SCRIPT_FLUSH] = { .name = "flush", .text = NOW
		"local kept = redis.pcall('SET', KEYS[1], now, 'PX', ARGV[3])\n"
		"if ARGV[2] ~= '' then redis.call('PUBLISH', ARGV[1], ARGV[2]) end\n"
		"if kept.err then return 0 end\n"	/* it was told, and is not kept */
		"return now\n" },
	[SCRIPT_SHARE] = { .name = "share", .text = caa_share_script },
};

/* --- what is believed and refused ------------------------------------------------------------------------------------------ */

uint64_t caa_exchange_wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool caa_exchange_believe(struct caa_exchange *x, enum caa_fleet_verdict verdict)
{
	switch (verdict) {
	case CAA_FLEET_GARBAGE:
	case CAA_FLEET_FORGED:
		caa_stats_add(x->stats, CAA_STAT_fleet_forged, 1);
		return false;
	case CAA_FLEET_FOREIGN:
		caa_stats_add(x->stats, CAA_STAT_fleet_foreign, 1);
		return false;
	case CAA_FLEET_STALE:
		caa_stats_add(x->stats, CAA_STAT_fleet_stale, 1);
		return false;
	case CAA_FLEET_GOOD:
		break;
	}
	return true;
}

/** The store answered with an error: log it once, until it takes something again. */
static void note_error(struct caa_exchange *x, const redisReply *v)
{
	char why[CAA_STORE_WHY_MAX];

	caa_stats_add(x->stats, CAA_STAT_fleet_errors, 1);
	x->refused_us = caa_host_now_us();
	if (x->refuses)
		return;
	x->refuses = true;
	log_warn("caa: fleet: the store %s refuses: %s; what it does not take is looked up here alone", caa_store_server(x->store),
		caa_text_clean(why, sizeof(why), (const uint8_t *)v->str, v->len));
}

bool caa_exchange_took(struct caa_exchange *x, const redisReply *reply)
{
	if (reply == NULL)
		return false;
	if (reply->type == REDIS_REPLY_ERROR) {
		note_error(x, reply);
		return false;
	}
	if (x->refuses && caa_host_now_us() >= x->refused_us + REFUSED_US) {
		log_info("caa: fleet: the store %s takes commands again", caa_store_server(x->store));
		x->refuses = false;
	}
	return true;
}

static void changed(void *of, const redisReply *reply)
{
	(void)caa_exchange_took(of, reply);
}

/* --- commands ---------------------------------------------------------------------------------------------------------------- */

/** Write the name of a key. @param kind: a letter. */
static struct caa_conn_arg key_of(const struct caa_exchange *x, char out[static KEY_TEXT], char kind, const uint8_t *digest)
{
	int len = snprintf(out, KEY_TEXT - SHA_TEXT, "%s%c:", x->prefix, kind);

	sodium_bin2hex(out + len, SHA_TEXT, digest, CAA_EXCHANGE_SHOWN);
	return (struct caa_conn_arg){ out, (size_t)len + SHA_TEXT - 1 };
}

static struct caa_conn_arg number_arg(char out[static 24], uint64_t number)
{
	int len = snprintf(out, 24, "%" PRIu64, number);

	return (struct caa_conn_arg){ out, (size_t)len };
}

static size_t write_claim(const struct caa_exchange *x, uint8_t out[static CLAIM_MAX], const uint8_t *digest, const uint8_t *owner)
{
	struct caa_fleet_entry e = { .kind = CAA_FLEET_CLAIM, .time_ms = caa_exchange_wall_ms() };

	memcpy(e.owner, owner, sizeof(e.owner));
	return caa_fleet_entry_write(out, &e, &x->keys, digest);
}

void caa_exchange_up(struct caa_exchange *x)
{
	x->refuses = false;
	x->timed_us = x->clock_us = 0;
}

static void timed(void *of, const redisReply *reply)
{
	struct caa_exchange *x = of;
	uint64_t s, us;

	x->clock_us = 0;
	if (caa_exchange_took(x, reply) && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && caa_store_number(reply->element[0], &s) &&
	    caa_store_number(reply->element[1], &us))
		x->clock_us = s * 1000000 + us;
}

/** Have the store's clock known, as it is now or was a moment ago: an answer that seems to be older than it is takes no harm but to be refused
 *  after a flush. */
static bool ask_clock(struct caa_exchange *x)
{
	const struct caa_conn_arg arg = caa_conn_text("TIME");
	uint64_t now_us = caa_host_now_us();

	if (x->timed_us != 0 && now_us < x->timed_us + CLOCK_US)
		return true;
	x->timed_us = now_us;
	return caa_store_command(x->store, &arg, 1, timed, x);
}

static void noted(void *of, const redisReply *reply)
{
	struct caa_exchange *x = of;
	uint64_t at_us;

	x->flushed_us = UINT64_MAX;
	if (!caa_exchange_took(x, reply) || reply->type != REDIS_REPLY_ARRAY)
		return;
	x->flushed_us = 0;
	for (size_t i = 0; i < reply->elements; i++)
		if (caa_store_number(reply->element[i], &at_us) && at_us > x->flushed_us)
			x->flushed_us = at_us;
}

_Static_assert(CAA_FLEET_LABELS_MAX + 1 <= CAA_CONN_VALUES_MAX, "a note for each name of the longest, and the root's");

/** @param arg: the entry, and the notes of flushes; with room for two more. */
static bool claim_there(struct caa_exchange *x, struct caa_conn_arg *arg, size_t keys, struct caa_conn_arg claim, struct caa_conn_arg lease,
	caa_store_replied *replied, void *of)
{
	const struct caa_conn_arg set[] = { caa_conn_text("SET"), arg[0], claim, caa_conn_text("NX"), caa_conn_text("GET"), caa_conn_text("PX"), lease };

	arg[0] = caa_conn_text("MGET");
	return ask_clock(x) && caa_store_command(x->store, arg, keys, noted, x) &&
		caa_store_command(x->store, set, sizeof(set) / sizeof(set[0]), replied, of);
}

static bool claim_anew(struct caa_exchange *x, struct caa_conn_arg *arg, size_t keys, struct caa_conn_arg claim, struct caa_conn_arg lease,
	caa_store_replied *replied, void *of)
{
	arg[keys] = claim;
	arg[keys + 1] = lease;
	return caa_store_eval(x->store, SCRIPT_CLAIM, arg, keys, keys + 2, replied, of);
}

bool caa_exchange_claim(struct caa_exchange *x, const struct caa_exchange_about *about, const uint8_t owner[static CAA_FLEET_OWNER],
	bool anew, caa_store_replied *replied, void *of)
{
	char key[CAA_FLEET_LABELS_MAX + 2][KEY_TEXT], ms[24];
	struct caa_conn_arg arg[CAA_FLEET_LABELS_MAX + 4];
	uint8_t octets[CLAIM_MAX];
	const struct caa_conn_arg claim = { octets, write_claim(x, octets, about->digest, owner) }, lease = number_arg(ms, CAA_FLEET_LEASE_MS);
	size_t keys = 0;

	arg[keys] = key_of(x, key[keys], 'a', about->digest);
	keys++;
	for (size_t i = 0; i < about->flushes; i++, keys++)
		arg[keys] = key_of(x, key[keys], 'f', about->flush[i]);
	return (anew ? claim_anew : claim_there)(x, arg, keys, claim, lease, replied, of);
}

static bool read_claim_anew(struct caa_exchange_claimed *out, const redisReply *reply)
{
	if (reply->elements != 3 || !caa_store_number(reply->element[0], &out->now_us) ||
	    !caa_store_number(reply->element[1], &out->flushed_us) || reply->element[2]->type != REDIS_REPLY_STRING)
		return false;
	out->entry = (const uint8_t *)reply->element[2]->str;
	out->len = reply->element[2]->len;
	out->flushed = false;
	return true;
}

bool caa_exchange_made_claim(const redisReply *reply)
{
	return reply != NULL && reply->type == REDIS_REPLY_NIL;
}

bool caa_exchange_read_claim(struct caa_exchange_claimed *out, struct caa_exchange *x, const redisReply *reply)
{
	if (!caa_exchange_took(x, reply))
		return false;
	if (reply->type == REDIS_REPLY_ARRAY)
		return read_claim_anew(out, reply);
	if ((reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_NIL) || x->clock_us == 0 || x->flushed_us == UINT64_MAX)
		return false;
	*out = (struct caa_exchange_claimed){ .now_us = x->clock_us, .flushed_us = x->flushed_us };
	if (reply->type == REDIS_REPLY_STRING) {
		out->entry = (const uint8_t *)reply->str;
		out->len = reply->len;
		out->flushed = caa_fleet_entry_epoch(out->entry, out->len) <= out->flushed_us;
	}
	return true;
}

/** Have a script leave an entry under a question's key, and tell of it. @param last: its last argument. @return false if it is not sent. */
static bool leave(struct caa_exchange *x, size_t script, const uint8_t *digest, const struct caa_fleet_entry *e,
	struct caa_conn_arg last)
{
	char key[KEY_TEXT];
	uint8_t *octets = malloc(CAA_FLEET_HEAD + e->len + CAA_FLEET_MAC);
	struct caa_conn_arg arg[4] = { key_of(x, key, 'a', digest), caa_conn_text(x->config.channel), { .octets = octets }, last };
	bool sent;

	if (octets == NULL)
		return false;
	arg[2].len = caa_fleet_entry_write(octets, e, &x->keys, digest);
	sent = caa_store_eval(x->store, script, arg, 1, 4, changed, x);
	free(octets);
	return sent;
}

void caa_exchange_renew(struct caa_exchange *x, const uint8_t digest[static CAA_FLEET_DIGEST], const struct caa_fleet_entry *claim, bool tell)
{
	char key[KEY_TEXT], ms[24];
	uint8_t *octets = malloc(CLAIM_MAX + claim->len);
	struct caa_conn_arg arg[] = { key_of(x, key, 'a', digest), { claim->owner, CAA_FLEET_OWNER }, { .octets = octets },
		number_arg(ms, CAA_FLEET_LEASE_MS), caa_conn_text(tell ? x->config.channel : "") };

	if (octets == NULL)
		return;
	arg[2].len = caa_fleet_entry_write(octets, claim, &x->keys, digest);
	(void)caa_store_eval(x->store, SCRIPT_RENEW, arg, 1, sizeof(arg) / sizeof(arg[0]), changed, x);
	free(octets);
}

void caa_exchange_answer(struct caa_exchange *x, const uint8_t digest[static CAA_FLEET_DIGEST], const struct caa_fleet_entry *e, uint64_t keep_ms)
{
	char ms[24];

	if (leave(x, SCRIPT_ANSWER, digest, e, number_arg(ms, keep_ms)))
		caa_stats_add(x->stats, CAA_STAT_fleet_left, 1);
}

void caa_exchange_end(struct caa_exchange *x, const uint8_t digest[static CAA_FLEET_DIGEST], const struct caa_fleet_entry *news)
{
	(void)leave(x, SCRIPT_END, digest, news, (struct caa_conn_arg){ news->owner, CAA_FLEET_OWNER });	/* else the claim ends by itself */
}

bool caa_exchange_flush(struct caa_exchange *x, struct caa_name name, bool tell, caa_store_replied *replied, void *of)
{
	char key[KEY_TEXT], ms[24];
	uint8_t digest[CAA_FLEET_DIGEST], news[CAA_FLEET_HEAD + CAA_NAME_MAX + CAA_FLEET_MAC];
	struct caa_fleet_entry e = { .kind = CAA_FLEET_FLUSH, .time_ms = caa_exchange_wall_ms(), .payload = name.wire, .len = name.len };
	struct caa_conn_arg arg[4];

	caa_fleet_flush_digest(digest, &x->keys, name);
	memcpy(e.owner, x->node, sizeof(x->node));
	arg[0] = key_of(x, key, 'f', digest);
	arg[1] = caa_conn_text(x->config.channel);
	arg[2] = (struct caa_conn_arg){ news, tell ? caa_fleet_entry_write(news, &e, &x->keys, digest) : 0 };
	arg[3] = number_arg(ms, FLUSH_MS);
	return caa_store_eval(x->store, SCRIPT_FLUSH, arg, 1, 4, replied, of);
}

bool caa_exchange_share(struct caa_exchange *x, const char *key, const char *report, caa_store_replied *replied, void *of)
{
	char whole[CAA_EXCHANGE_PREFIX + CAA_LIMIT_KEY_TEXT], version[24], node[2 * sizeof(x->node) + 1];
	int len = snprintf(whole, sizeof(whole), "%s%s", x->prefix, key);
	const struct caa_conn_arg arg[] = { { whole, (size_t)len }, number_arg(version, CAA_SHARE_VERSION),
		{ sodium_bin2hex(node, sizeof(node), x->node, sizeof(x->node)), sizeof(node) - 1 }, { report, strlen(report) } };

	return caa_store_eval(x->store, SCRIPT_SHARE, arg, 1, sizeof(arg) / sizeof(arg[0]), replied, of);
}

/* --- its life ------------------------------------------------------------------------------------------------------------------ */

bool caa_exchange_init(struct caa_exchange *x, const struct caa_store_config *config, const uint8_t secret[static CAA_FLEET_SECRET],
	const char *perspective, const struct caa_store_events *events, struct caa_stats *stats)
{
	x->config = *config;
	x->stats = stats;
	snprintf(x->config.channel, sizeof(x->config.channel), "caa:{%s}:news", perspective);
	memcpy(x->config.script, scripts, sizeof(scripts));
	x->config.scripts = SCRIPTS;
	snprintf(x->prefix, sizeof(x->prefix), "caa:{%s}:", perspective);
	caa_fleet_keys_init(&x->keys, secret, perspective);
	randombytes_buf(x->node, sizeof(x->node));
	x->store = caa_store_create(&x->config, events);
	return x->store != NULL;
}

void caa_exchange_clear(struct caa_exchange *x)
{
	caa_store_destroy(x->store);
	caa_fleet_free_config(&x->config);
	sodium_memzero(x, sizeof(*x));
}
