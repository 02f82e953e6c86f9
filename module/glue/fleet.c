/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/fleet.h"

#include "core/wire/addr.h"
#include "core/wire/text.h"
#include "glue/event.h"
#include "glue/host.h"

#include "util/config_file.h"
#include "util/locks.h"
#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	US_PER_MS = 1000,
	NO_FD = -1,
	PORT = 6379,
	ASKS_MAX = 16384,		/**< questions at a time; more go on alone */
	FLUSHES_MAX = 64,		/**< flushes that the store does not know of yet; of more, every name is flushed */
	BUCKETS = 4096,			/**< a power of two */
	TICK_US = 50000, IDLE_US = 200000,
	RENEW_US = CAA_FLEET_LEASE_MS * US_PER_MS / 4,
	FLUSH_AGAIN_US = 1000000, REFUSED_US = 10000000,
	LOOK_LATER_US = 50000,		/**< after the end of a claim that is waited for */
	CLAIM_MAX = CAA_FLEET_HEAD + CAA_FLEET_MAC,
	KEY_TEXT = 400,
	DIGEST_SHOWN = 16,		/**< octets of a digest in the name of a key */
	SHA_TEXT = 2 * DIGEST_SHOWN + 1,
	FLUSH_MS = (CAA_FLEET_TTL_MAX_S + 60) * 1000	/**< no older answer is in the store by then */
};

/** What the store runs in one step.  A key that holds a claim or an answer holds an entry (core/fleet/entry.h), of which these read
 *  the kind (octet 6), the owner (25 to 40) and the epoch (41 to 48), counted from 1. */
enum caa_fleet_script { SCRIPT_CLAIM, SCRIPT_RENEW, SCRIPT_ANSWER, SCRIPT_END, SCRIPT_FLUSH, SCRIPT_SHARE, SCRIPTS };

#define NOW "local t = redis.call('TIME') local now = string.format('%.0f', t[1] * 1000000 + t[2])\n"

static const struct caa_store_script scripts[SCRIPTS] = {
	/* KEYS: the entry, the notes of flushes; ARGV: claim, its lease in ms.  Returns the time, that of the last flush, and the
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
	/* KEYS: the entry; ARGV: owner, claim, its lease in ms. */
	[SCRIPT_RENEW] = { .name = "renew", .text =
		"local there = redis.call('GET', KEYS[1])\n"
		"if there and there:sub(25, 40) ~= ARGV[1] then return 0 end\n"
		"redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])\n"
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

struct caa_fleet_ask {
	/* the worker's, and under its lock */
	void *who;
	struct caa_fleet_ask *next;
	bool listed;
	unsigned worker;
	/* the thread's, until the word is final */
	struct caa_fleet_answer answer;
	uint8_t *wire;
	_Atomic int word;
	/* of the inbox */
	struct caa_fleet_ask *next_in;
	bool in;
	/* written before it is in the inbox */
	bool finished;
	bool answers;		/**< finished with an answer, own */
	struct caa_fleet_answer own;
	uint8_t *own_wire;
	uint64_t own_time_ms;
	uint8_t digest[CAA_FLEET_DIGEST];
	uint8_t flush[CAA_FLEET_LABELS_MAX + 1][DIGEST_SHOWN];
	size_t flushes;
	/* the thread's */
	struct caa_fleet *fleet;
	struct caa_fleet_ask *all_next, *all_prev, *hash_next;
	bool known;		/**< it is in the lists */
	bool ends;		/**< the thread has seen that it is finished */
	bool owns;		/**< the claim is its */
	bool asking;		/**< a claim is without a reply */
	uint8_t owner[CAA_FLEET_OWNER], other[CAA_FLEET_OWNER], ended[CAA_FLEET_OWNER];
	uint64_t epoch_us;	/**< the store's clock when it was asked; 0 = not known */
	uint64_t flushed_us;	/**< the store's clock at the last flush that it knows of */
	uint64_t renewed_us, look_us;
};

/** A name that was flushed. */
struct flush {
	uint8_t name[CAA_NAME_MAX];
	size_t len;
	bool tell;
};

struct caa_fleet {
	/* fixed by create */
	struct caa_fleet_events events;
	struct caa_stats *stats;
	struct caa_store_config config;
	struct caa_store_events heard;
	struct caa_fleet_keys keys;
	uint8_t node[8];		/**< this process, by chance */
	char prefix[KEY_TEXT];		/**< of keys in the store */
	char perspective[CAA_OPTION_TEXT_MAX];
	uint64_t wait_us;
	pthread_t thread;
	int fd;				/**< an eventfd: the inbox is not empty, or the end */
	/* for all */
	_Atomic bool ready, stop;
	_Atomic uint64_t peers, rtt_us, asks, owned;
	_Atomic uint64_t numbers;	/**< of lookups */
	lock_basic_type lock;		/**< guards what follows */
	uint8_t sources[CAA_FLEET_SOURCES];
	struct caa_fleet_ask *inbox, **inbox_end;
	struct flush flush[FLUSHES_MAX];
	size_t flushes;
	char why[CAA_STORE_WHY_MAX];	/**< it is not ready; "" = it is */
	char server[CAA_STORE_SERVER_TEXT];
	/* the thread's */
	struct caa_store *store;
	struct caa_fleet_ask *all;
	struct caa_fleet_ask *bucket[BUCKETS];
	struct flush sent[FLUSHES_MAX];	/**< that the store does not know of yet */
	size_t sents, sents_out;	/**< of them, those without a reply */
	struct caa_limits *limits;
	uint64_t tick_us;
	uint64_t flush_us;		/**< a flush was refused, and is sent again then; 0 = none was */
	uint64_t refused_us;		/**< when it answered with an error last */
	bool refuses;			/**< it answers with errors, and that is logged */
	bool is_down;			/**< and that is logged */
};

/* --- configuration ------------------------------------------------------------------------------------------------------ */

static bool fail(char err[static CAA_CONFIG_TEXT_MAX], const struct caa_config *config, const char *key, const char *text, const char *more)
{
	const char *where = caa_config_where(config, key);

	if (where[0] == '\0')
		where = caa_config_where(config, "caa-fleet-server");
	snprintf(err, CAA_CONFIG_TEXT_MAX, "%s: %s: %s%s", where, key, text, more);
	return false;
}

/** Read one server: a path, or ADDRESS[@PORT]. */
static bool read_server(struct caa_store_server *out, const char *text, size_t len, const char *chroot)
{
	size_t root = chroot != NULL ? strlen(chroot) : 0;
	struct caa_addr addr;

	if (len >= sizeof(out->text))
		return false;
	*out = (struct caa_store_server){ .port = 0 };
	memcpy(out->text, text, len);
	memcpy(out->host, text, len);
	if (text[0] == '/') {
		if (root > 0 && strncmp(out->text, chroot, root) == 0)
			memmove(out->host, out->host + root, len - root + 1);
		return strlen(out->host) < sizeof(((struct sockaddr_un *)0)->sun_path);
	}
	if (caa_addr_parse(&addr, out->text) != CAA_OK)
		return false;
	out->host[strcspn(out->host, "@")] = '\0';
	out->port = strchr(out->text, '@') != NULL ? caa_addr_port(&addr) : PORT;
	return true;
}

static bool read_servers(struct caa_store_config *out, const char *text, const char *chroot)
{
	while (*(text += strspn(text, " ")) != '\0') {
		size_t len = strcspn(text, " ");

		if (out->servers == CAA_STORE_SERVERS_MAX || !read_server(&out->server[out->servers++], text, len, chroot))
			return false;
		text += len;
	}
	return out->servers > 0;
}

/** Read a small file. @param path: as seen from outside the chroot. @return octets; -1, errno set, on error, also if it is larger. */
static ssize_t read_file(const char *path, const struct config_file *cfg, void *out, size_t max)
{
	size_t root = cfg->chrootdir != NULL ? strlen(cfg->chrootdir) : 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t more;
	ssize_t len;

	if (fd < 0 && root > 0 && strncmp(path, cfg->chrootdir, root) == 0)	/* from inside it */
		fd = open(path + root, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	len = read(fd, out, max);
	if (len == (ssize_t)max && read(fd, &more, 1) == 1) {
		len = -1;
		errno = EFBIG;
	}
	close(fd);
	return len;
}

static bool read_key(uint8_t secret[static CAA_FLEET_SECRET], const struct caa_config *config, const struct config_file *cfg, char *err)
{
	const char *path = caa_config_module(config)->fleet_key_file;
	ssize_t len = read_file(path, cfg, secret, CAA_FLEET_SECRET);

	if (len < 0 && errno != EFBIG)
		return fail(err, config, "caa-fleet-key-file", "cannot be read: ", strerror(errno));
	if (len != CAA_FLEET_SECRET)
		return fail(err, config, "caa-fleet-key-file", "has not 32 octets; head -c 32 /dev/urandom makes one", "");
	return true;
}

static bool read_password(char password[static 256], const struct caa_config *config, const struct config_file *cfg, char *err)
{
	const char *path = caa_config_module(config)->fleet_password_file;
	ssize_t len;

	password[0] = '\0';
	if (path[0] == '\0')
		return true;
	len = read_file(path, cfg, password, 255);
	if (len < 0)
		return fail(err, config, "caa-fleet-password-file", "cannot be read: ", strerror(errno));
	password[len] = '\0';
	password[strcspn(password, "\r\n")] = '\0';
	if (password[0] == '\0')
		return fail(err, config, "caa-fleet-password-file", "is empty; its first line is the password", "");
	return true;
}

static bool is_plain(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")] == '\0';
}

/** Whether only caa-fleet-server is missing. */
static bool is_without(const struct caa_config *config, char *err)
{
	static const char *const keys[] = { "caa-fleet-perspective", "caa-fleet-egress", "caa-fleet-key-file", "caa-fleet-user", "caa-fleet-password-file",
		"caa-fleet-wait" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (caa_config_where(config, keys[i])[0] != '\0')
			return fail(err, config, keys[i], "is of no use without caa-fleet-server", "");
	return true;
}

bool caa_fleet_read_config(struct caa_store_config *out, uint8_t secret[static CAA_FLEET_SECRET], const struct caa_config *config,
	const struct config_file *cfg, char err[static CAA_CONFIG_TEXT_MAX])
{
	const struct caa_module_options *o = caa_config_module(config);
	struct caa_store_config c = { .servers = 0 };
	uint8_t key[CAA_FLEET_SECRET];

	if (o->fleet_server[0] == '\0')
		return is_without(config, err);
	if (!read_servers(&c, o->fleet_server, cfg->chrootdir))
		return fail(err, config, "caa-fleet-server", "is no list of servers; allowed are one to four of ADDRESS, ADDRESS@PORT and "
			"/PATH, with spaces between them", "");
	if (!is_plain(o->fleet_perspective))
		return fail(err, config, "caa-fleet-perspective", "caa-fleet-server wants one, of letters, digits, '-', '_' and '.': what is "
			"shared never leaves the network perspective", "");
	if (o->fleet_key_file[0] == '\0')
		return fail(err, config, "caa-fleet-key-file", "caa-fleet-server wants one: nothing in a store is believed without", "");
	if (o->fleet_user[0] != '\0' && o->fleet_password_file[0] == '\0')
		return fail(err, config, "caa-fleet-user", "wants a caa-fleet-password-file", "");
	if (!read_key(key, config, cfg, err) || !read_password(c.password, config, cfg, err))
		return false;
	snprintf(c.user, sizeof(c.user), "%s", o->fleet_user);
	snprintf(c.channel, sizeof(c.channel), "caa:{%s}:news", o->fleet_perspective);
	memcpy(c.script, scripts, sizeof(scripts));
	c.scripts = SCRIPTS;
	*out = c;
	memcpy(secret, key, sizeof(key));
	return true;
}

/* --- what a worker calls --------------------------------------------------------------------------------------------------- */

bool caa_fleet_ready(const struct caa_fleet *f)
{
	return atomic_load_explicit(&f->ready, memory_order_relaxed);
}

uint64_t caa_fleet_nodes(const struct caa_fleet *f)
{
	return f != NULL && caa_fleet_ready(f) ? 1 + atomic_load_explicit(&f->peers, memory_order_relaxed) : 1;
}

uint64_t caa_fleet_wait_us(const struct caa_fleet *f)
{
	return f->wait_us;
}

enum caa_fleet_word caa_fleet_word(const struct caa_fleet_ask *ask)
{	/* acquire: what belongs to the word was written before it */
	return (enum caa_fleet_word)atomic_load_explicit(&ask->word, memory_order_acquire);
}

void *caa_fleet_who(const struct caa_fleet_ask *ask)
{
	return ask->who;
}

void caa_fleet_set_who(struct caa_fleet_ask *ask, void *who)
{
	ask->who = who;
}

unsigned caa_fleet_worker(const struct caa_fleet_ask *ask)
{
	return ask->worker;
}

struct caa_fleet_ask **caa_fleet_next(struct caa_fleet_ask *ask)
{
	return &ask->next;
}

bool *caa_fleet_listed(struct caa_fleet_ask *ask)
{
	return &ask->listed;
}

const struct caa_fleet_answer *caa_fleet_answer(const struct caa_fleet_ask *ask)
{
	return &ask->answer;
}

/** Under the lock. @return whether the thread is to be woken. */
static bool put_in(struct caa_fleet *f, struct caa_fleet_ask *ask)
{
	bool first = f->inbox == NULL;

	if (ask->in)
		return false;
	ask->in = true;
	ask->next_in = NULL;
	*f->inbox_end = ask;
	f->inbox_end = &ask->next_in;
	return first;
}

static uint64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct caa_fleet_ask *caa_fleet_ask(struct caa_fleet *f, struct caa_name name, uint16_t qtype, uint16_t flags, unsigned worker, void *who)
{
	uint8_t sources[CAA_FLEET_SOURCES];
	struct caa_fleet_ask *ask;
	uint64_t number;
	bool first;

	if (!caa_fleet_ready(f) || caa_name_labels(name) > CAA_FLEET_LABELS_MAX)
		return NULL;
	/* relaxed, as all of them here: numbers that order nothing else */
	if (atomic_load_explicit(&f->asks, memory_order_relaxed) >= ASKS_MAX)
		return NULL;
	ask = calloc(1, sizeof(*ask));
	if (ask == NULL)
		return NULL;
	atomic_init(&ask->word, CAA_FLEET_ASKED);
	ask->fleet = f;
	ask->who = who;
	ask->worker = worker;
	lock_basic_lock(&f->lock);
	memcpy(sources, f->sources, sizeof(sources));
	lock_basic_unlock(&f->lock);
	caa_fleet_digest(ask->digest, &f->keys, sources, name, qtype, flags);
	for (;;) {
		uint8_t digest[CAA_FLEET_DIGEST];

		caa_fleet_flush_digest(digest, &f->keys, name);
		memcpy(ask->flush[ask->flushes++], digest, DIGEST_SHOWN);
		if (!caa_name_parent(&name, name))
			break;
	}
	number = atomic_fetch_add_explicit(&f->numbers, 1, memory_order_relaxed);
	memcpy(ask->owner, f->node, sizeof(f->node));
	memcpy(ask->owner + sizeof(f->node), &number, sizeof(number));
	atomic_fetch_add_explicit(&f->asks, 1, memory_order_relaxed);
	caa_stats_add(f->stats, CAA_STAT_fleet_asked, 1);
	lock_basic_lock(&f->lock);
	first = put_in(f, ask);
	lock_basic_unlock(&f->lock);
	if (first)
		caa_event_ring(f->fd);
	return ask;
}

void caa_fleet_finish(struct caa_fleet *f, struct caa_fleet_ask *ask, const struct caa_fleet_answer *answer)
{
	uint8_t *wire = NULL;
	bool first;

	if (answer != NULL && answer->len <= CAA_FLEET_PAYLOAD_MAX)
		wire = malloc(answer->len + 1);
	if (wire != NULL)
		memcpy(wire, answer->wire, answer->len);
	lock_basic_lock(&f->lock);
	if (wire != NULL) {
		ask->own = *answer;
		ask->own_wire = wire;
		ask->own_time_ms = wall_ms() - answer->age_ms;
		ask->answers = true;
	}
	ask->finished = true;
	first = put_in(f, ask);
	lock_basic_unlock(&f->lock);
	if (first)
		caa_event_ring(f->fd);
}

/** Under the lock. */
static void put_flush(struct caa_fleet *f, struct caa_name name, bool tell)
{
	struct flush *flush = &f->flush[f->flushes++];

	memcpy(flush->name, name.wire, name.len);
	flush->len = name.len;
	flush->tell = tell;
}

void caa_fleet_distrust(struct caa_fleet *f, struct caa_name name)
{
	lock_basic_lock(&f->lock);
	/* Whoever has a bogus zone may have many: none of them takes another's answers away. */
	if (f->flushes < FLUSHES_MAX / 2)
		put_flush(f, name, false);
	lock_basic_unlock(&f->lock);
	caa_event_ring(f->fd);
}

void caa_fleet_flush(struct caa_fleet *f, struct caa_name name, bool tell)
{
	lock_basic_lock(&f->lock);
	if (f->flushes == FLUSHES_MAX) {	/* too many to be told one by one: every name */
		static const uint8_t root[] = { 0 };

		for (size_t i = 0; i < FLUSHES_MAX; i++)
			tell = tell || f->flush[i].tell;
		f->flushes = 0;
		name = (struct caa_name){ root, sizeof(root) };
	}
	put_flush(f, name, tell);
	lock_basic_unlock(&f->lock);
	caa_event_ring(f->fd);
}

/* --- the lists ---------------------------------------------------------------------------------------------------------------- */

static struct caa_fleet_ask **bucket_of(struct caa_fleet *f, const uint8_t *digest)
{
	return &f->bucket[(digest[0] << 8 | digest[1]) & (BUCKETS - 1)];
}

static void enlist(struct caa_fleet *f, struct caa_fleet_ask *ask)
{
	struct caa_fleet_ask **bucket = bucket_of(f, ask->digest);

	ask->hash_next = *bucket;
	*bucket = ask;
	ask->all_prev = NULL;
	ask->all_next = f->all;
	if (f->all != NULL)
		f->all->all_prev = ask;
	f->all = ask;
	ask->known = true;
}

static void delist(struct caa_fleet *f, struct caa_fleet_ask *ask)
{
	struct caa_fleet_ask **at = bucket_of(f, ask->digest);

	while (*at != ask)
		at = &(*at)->hash_next;
	*at = ask->hash_next;
	if (ask->all_prev != NULL)
		ask->all_prev->all_next = ask->all_next;
	else
		f->all = ask->all_next;
	if (ask->all_next != NULL)
		ask->all_next->all_prev = ask->all_prev;
}

static void ask_free(struct caa_fleet *f, struct caa_fleet_ask *ask)
{
	if (ask->known)
		delist(f, ask);
	if (ask->owns)
		atomic_fetch_sub_explicit(&f->owned, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&f->asks, 1, memory_order_relaxed);
	free(ask->wire);
	free(ask->own_wire);
	free(ask);
}

/* --- words ------------------------------------------------------------------------------------------------------------------- */

static bool is_final(const struct caa_fleet_ask *ask)
{
	return caa_fleet_word(ask) > CAA_FLEET_WAITS;
}

/** Say a word to a question that is not over yet. */
static void say(struct caa_fleet *f, struct caa_fleet_ask *ask, enum caa_fleet_word word)
{	/* release: see caa_fleet_word() */
	atomic_store_explicit(&ask->word, word, memory_order_release);
	if (word != CAA_FLEET_WAITS && !ask->ends)
		f->events.tell(f->events.arg, ask);
}

static void go_alone(struct caa_fleet *f, struct caa_fleet_ask *ask)
{
	if (!is_final(ask))
		say(f, ask, CAA_FLEET_ALONE);
}

/** Count what is not believed. @return whether it is. */
static bool believe(struct caa_fleet *f, enum caa_fleet_verdict verdict)
{
	switch (verdict) {
	case CAA_FLEET_GARBAGE:
	case CAA_FLEET_FORGED:
		caa_stats_add(f->stats, CAA_STAT_fleet_forged, 1);
		return false;
	case CAA_FLEET_FOREIGN:
		caa_stats_add(f->stats, CAA_STAT_fleet_foreign, 1);
		return false;
	case CAA_FLEET_STALE:
		caa_stats_add(f->stats, CAA_STAT_fleet_stale, 1);
		return false;
	case CAA_FLEET_GOOD:
		break;
	}
	return true;
}

/** An answer has come for a question that has none yet. */
static void give(struct caa_fleet *f, struct caa_fleet_ask *ask, const struct caa_fleet_entry *e)
{
	ask->wire = malloc(e->len + 1);
	if (ask->wire == NULL) {
		go_alone(f, ask);
		return;
	}
	memcpy(ask->wire, e->payload, e->len);
	ask->answer = (struct caa_fleet_answer){ .wire = ask->wire, .len = e->len, .ttl_s = e->ttl_s,
		.age_ms = caa_fleet_entry_age_ms(e, wall_ms()), .at_us = caa_host_now_us(), .security = e->security };
	say(f, ask, CAA_FLEET_ANSWERED);
}

/* --- commands ---------------------------------------------------------------------------------------------------------------- */

/** Write the name of a key. @param kind: a letter. */
static struct caa_store_arg key_of(const struct caa_fleet *f, char out[static KEY_TEXT + SHA_TEXT], char kind, const uint8_t *digest)
{
	int len = snprintf(out, KEY_TEXT, "%s%c:", f->prefix, kind);

	sodium_bin2hex(out + len, SHA_TEXT, digest, DIGEST_SHOWN);
	return (struct caa_store_arg){ out, (size_t)len + SHA_TEXT - 1 };
}

static struct caa_store_arg number_arg(char out[static 24], uint64_t number)
{
	int len = snprintf(out, 24, "%" PRIu64, number);

	return (struct caa_store_arg){ out, (size_t)len };
}

static struct caa_store_arg channel_arg(const struct caa_fleet *f)
{
	return (struct caa_store_arg){ f->config.channel, strlen(f->config.channel) };
}

/** Write a claim, or the news that a lookup has ended. */
static size_t write_claim(const struct caa_fleet *f, uint8_t out[static CLAIM_MAX], const struct caa_fleet_ask *ask, enum caa_fleet_kind kind)
{
	struct caa_fleet_entry e = { .kind = kind, .time_ms = wall_ms() };

	memcpy(e.owner, ask->owner, sizeof(e.owner));
	return caa_fleet_entry_write(out, &e, &f->keys, ask->digest);
}

/** The store answered with an error: log it once, until it takes something again. */
static void note_error(struct caa_fleet *f, const redisReply *v)
{
	char why[CAA_STORE_WHY_MAX];

	caa_stats_add(f->stats, CAA_STAT_fleet_errors, 1);
	f->refused_us = caa_host_now_us();
	if (f->refuses)
		return;
	f->refuses = true;
	log_warn("caa: fleet: the store %s refuses: %s; what it does not take is looked up here alone", caa_store_server(f->store),
		caa_text_clean(why, sizeof(why), (const uint8_t *)v->str, v->len));
}

/** A reply to a command that only changes the store. @return whether it was done. */
static bool note_reply(struct caa_fleet *f, const redisReply *reply)
{
	if (reply == NULL)
		return false;
	if (reply->type == REDIS_REPLY_ERROR) {
		note_error(f, reply);
		return false;
	}
	if (f->refuses && caa_host_now_us() >= f->refused_us + REFUSED_US) {
		log_info("caa: fleet: the store %s takes commands again", caa_store_server(f->store));
		f->refuses = false;
	}
	return true;
}

static void changed(void *of, const redisReply *reply)
{
	(void)note_reply(of, reply);
}

static void send_answer(struct caa_fleet *f, struct caa_fleet_ask *ask)
{
	char key[KEY_TEXT + SHA_TEXT], ms[24];
	uint64_t age_ms = wall_ms() - ask->own_time_ms, keep_ms = 0;
	struct caa_fleet_entry e = { .kind = CAA_FLEET_ANSWER, .security = ask->own.security, .epoch_us = ask->epoch_us,
		.time_ms = ask->own_time_ms, .ttl_s = ask->own.ttl_s, .payload = ask->own_wire, .len = ask->own.len };
	uint8_t *entry = malloc(CAA_FLEET_HEAD + e.len + CAA_FLEET_MAC);
	struct caa_store_arg arg[4];

	if (entry == NULL)
		return;
	if (e.ttl_s > CAA_FLEET_TTL_MAX_S)
		e.ttl_s = CAA_FLEET_TTL_MAX_S;
	if (!ask->own.chain && (uint64_t)e.ttl_s * 1000 > age_ms)
		keep_ms = (uint64_t)e.ttl_s * 1000 - age_ms;
	memcpy(e.owner, ask->owner, sizeof(e.owner));
	arg[0] = key_of(f, key, 'a', ask->digest);
	arg[1] = channel_arg(f);
	arg[2] = (struct caa_store_arg){ entry, caa_fleet_entry_write(entry, &e, &f->keys, ask->digest) };
	arg[3] = number_arg(ms, keep_ms);
	if (caa_store_eval(f->store, SCRIPT_ANSWER, arg, 1, 4, changed, f))
		caa_stats_add(f->stats, CAA_STAT_fleet_left, 1);
	free(entry);
}

static void send_end(struct caa_fleet *f, struct caa_fleet_ask *ask)
{
	char key[KEY_TEXT + SHA_TEXT];
	uint8_t news[CLAIM_MAX];
	struct caa_store_arg arg[4] = { key_of(f, key, 'a', ask->digest), channel_arg(f),
		{ news, write_claim(f, news, ask, CAA_FLEET_ENDED) }, { ask->owner, sizeof(ask->owner) } };

	(void)caa_store_eval(f->store, SCRIPT_END, arg, 1, 4, changed, f);
}

static void send_renewal(struct caa_fleet *f, struct caa_fleet_ask *ask, uint64_t now_us)
{
	char key[KEY_TEXT + SHA_TEXT], ms[24];
	uint8_t claim[CLAIM_MAX];
	struct caa_store_arg arg[4] = { key_of(f, key, 'a', ask->digest), { ask->owner, sizeof(ask->owner) },
		{ claim, write_claim(f, claim, ask, CAA_FLEET_CLAIM) }, number_arg(ms, CAA_FLEET_LEASE_MS) };

	ask->renewed_us = now_us;
	(void)caa_store_eval(f->store, SCRIPT_RENEW, arg, 1, 4, changed, f);
}

/** A question is over: leave its answer, or give the claim back. */
static void complete(struct caa_fleet *f, struct caa_fleet_ask *ask)
{
	if (ask->answers && ask->epoch_us != 0)
		send_answer(f, ask);
	else if (ask->owns)
		send_end(f, ask);
	ask_free(f, ask);
}

static void claimed(struct caa_fleet *f, struct caa_fleet_ask *ask)
{
	ask->owns = true;
	ask->renewed_us = caa_host_now_us();
	atomic_fetch_add_explicit(&f->owned, 1, memory_order_relaxed);
	caa_stats_add(f->stats, CAA_STAT_fleet_claims, 1);
	if (!is_final(ask))
		say(f, ask, CAA_FLEET_CLAIMED);
}

/** There was something already. */
static void found(struct caa_fleet *f, struct caa_fleet_ask *ask, const redisReply *v, uint64_t flushed_us)
{
	uint64_t now_ms = wall_ms();
	struct caa_fleet_entry e;
	enum caa_fleet_verdict verdict = caa_fleet_entry_read(&e, (const uint8_t *)v->str, v->len, &f->keys, ask->digest);

	if (verdict == CAA_FLEET_GOOD)
		verdict = caa_fleet_entry_age(&e, now_ms, flushed_us);
	if (!believe(f, verdict) || (e.kind != CAA_FLEET_CLAIM && e.kind != CAA_FLEET_ANSWER)) {
		go_alone(f, ask);
		return;
	}
	if (e.kind == CAA_FLEET_ANSWER) {
		give(f, ask, &e);
		return;
	}
	if (memcmp(e.owner, ask->ended, sizeof(e.owner)) == 0) {	/* the news came first */
		say(f, ask, CAA_FLEET_FAILED);
		return;
	}
	memcpy(ask->other, e.owner, sizeof(e.owner));
	ask->look_us = caa_host_now_us() + (e.time_ms + CAA_FLEET_LEASE_MS > now_ms ? e.time_ms + CAA_FLEET_LEASE_MS - now_ms : 0) * US_PER_MS +
		LOOK_LATER_US;
	if (caa_fleet_word(ask) == CAA_FLEET_ASKED)
		caa_stats_add(f->stats, CAA_STAT_fleet_waited, 1);
	say(f, ask, CAA_FLEET_WAITS);
}

static void claim_replied(void *of, const redisReply *reply)
{
	struct caa_fleet_ask *ask = of;
	struct caa_fleet *f = ask->fleet;
	uint64_t now_us, flushed_us;

	ask->asking = false;
	if (!note_reply(f, reply) || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3 || !caa_store_number(reply->element[0], &now_us) ||
	    !caa_store_number(reply->element[1], &flushed_us) || reply->element[2]->type != REDIS_REPLY_STRING) {
		go_alone(f, ask);
	} else {
		ask->epoch_us = now_us;
		ask->flushed_us = flushed_us;
		if (reply->element[2]->len == 0)
			claimed(f, ask);
		else if (!is_final(ask))
			found(f, ask, reply->element[2], flushed_us);
	}
	if (ask->ends)
		complete(f, ask);
}

static void send_claim(struct caa_fleet *f, struct caa_fleet_ask *ask)
{
	char key[CAA_FLEET_LABELS_MAX + 2][KEY_TEXT + SHA_TEXT], ms[24];
	struct caa_store_arg arg[CAA_FLEET_LABELS_MAX + 4];
	uint8_t claim[CLAIM_MAX];
	size_t keys = 0;

	arg[keys] = key_of(f, key[keys], 'a', ask->digest);
	keys++;
	for (size_t i = 0; i < ask->flushes; i++, keys++)
		arg[keys] = key_of(f, key[keys], 'f', ask->flush[i]);
	arg[keys] = (struct caa_store_arg){ claim, write_claim(f, claim, ask, CAA_FLEET_CLAIM) };
	arg[keys + 1] = number_arg(ms, CAA_FLEET_LEASE_MS);
	ask->asking = caa_store_eval(f->store, SCRIPT_CLAIM, arg, keys, keys + 2, claim_replied, ask);
	if (!ask->asking)
		go_alone(f, ask);
}

/* --- flushes ------------------------------------------------------------------------------------------------------------------- */

static void flush_replied(void *of, const redisReply *reply)
{
	struct caa_fleet *f = of;
	struct flush first = f->sent[0];	/* replies come in the order of these */

	f->sents_out--;
	memmove(f->sent, f->sent + 1, (f->sents - 1) * sizeof(f->sent[0]));
	if (note_reply(f, reply) && reply->type == REDIS_REPLY_STRING) {
		f->sents--;
		f->flush_us = 0;
		return;
	}
	if (reply != NULL) {
		first.tell = first.tell && reply->type == REDIS_REPLY_ERROR;	/* else the others have been told */
		f->flush_us = caa_host_now_us() + FLUSH_AGAIN_US;
	}
	f->sent[f->sents - 1] = first;
}

static void send_flush(struct caa_fleet *f, const struct flush *flush)
{
	const struct caa_name name = { flush->name, flush->len };
	char key[KEY_TEXT + SHA_TEXT], ms[24];
	uint8_t digest[CAA_FLEET_DIGEST], news[CAA_FLEET_HEAD + CAA_NAME_MAX + CAA_FLEET_MAC];
	struct caa_fleet_entry e = { .kind = CAA_FLEET_FLUSH, .time_ms = wall_ms(), .payload = flush->name, .len = flush->len };
	struct caa_store_arg arg[4];

	caa_fleet_flush_digest(digest, &f->keys, name);
	memcpy(e.owner, f->node, sizeof(f->node));
	arg[0] = key_of(f, key, 'f', digest);
	arg[1] = channel_arg(f);
	arg[2] = (struct caa_store_arg){ news, flush->tell ? caa_fleet_entry_write(news, &e, &f->keys, digest) : 0 };
	arg[3] = number_arg(ms, FLUSH_MS);
	if (caa_store_eval(f->store, SCRIPT_FLUSH, arg, 1, 4, flush_replied, f))
		f->sents_out++;
}

/** Send what was flushed and the store does not know of. */
static void send_flushes(struct caa_fleet *f)
{
	if (caa_host_now_us() < f->flush_us)
		return;
	while (f->sents_out < f->sents && caa_store_ready(f->store)) {
		size_t before = f->sents_out;

		send_flush(f, &f->sent[f->sents_out]);
		if (f->sents_out == before)
			break;
	}
}

static void take_flushes(struct caa_fleet *f)
{
	size_t count;

	lock_basic_lock(&f->lock);
	count = f->flushes < FLUSHES_MAX - f->sents ? f->flushes : FLUSHES_MAX - f->sents;
	memcpy(&f->sent[f->sents], f->flush, count * sizeof(f->flush[0]));
	f->sents += count;
	f->flushes -= count;
	memmove(f->flush, f->flush + count, f->flushes * sizeof(f->flush[0]));
	lock_basic_unlock(&f->lock);
}

/** Another resolver says that a name was flushed. */
static void heard_flush(struct caa_fleet *f, const uint8_t *octets, size_t len, const uint8_t *about)
{
	uint8_t digest[CAA_FLEET_DIGEST];
	struct caa_fleet_entry e;
	struct caa_name name;
	enum caa_fleet_verdict verdict = caa_fleet_entry_read(&e, octets, len, &f->keys, about);

	if (!believe(f, verdict) || e.kind != CAA_FLEET_FLUSH || !believe(f, caa_fleet_entry_age(&e, wall_ms(), 0)))
		return;
	if (caa_name_check(&name, e.payload, e.len) != CAA_OK || name.len != e.len)
		return;
	caa_fleet_flush_digest(digest, &f->keys, name);
	if (memcmp(digest, about, sizeof(digest)) != 0) {
		(void)believe(f, CAA_FLEET_FOREIGN);
		return;
	}
	if (memcmp(e.owner, f->node, sizeof(f->node)) == 0)
		return;
	caa_stats_add(f->stats, CAA_STAT_fleet_flushes, 1);
	f->events.flush(f->events.arg, name);
	caa_fleet_flush(f, name, false);	/* who hears it sees to the note, too */
}

/* --- limits --------------------------------------------------------------------------------------------------------------------- */

static void share_replied(void *of, const redisReply *reply)
{
	struct caa_limits_one *limit = of;
	long long number[CAA_SHARE_NUMBERS];
	size_t count = 0;

	if (!note_reply(caa_limits_arg(limit), reply)) {
		caa_limits_answered(limit, NULL, 0, caa_host_now_us());
		return;
	}
	while (reply->type == REDIS_REPLY_ARRAY && count < CAA_SHARE_NUMBERS && count < reply->elements &&
	       reply->element[count]->type == REDIS_REPLY_INTEGER) {
		number[count] = reply->element[count]->integer;
		count++;
	}
	caa_limits_answered(limit, number, count == CAA_SHARE_NUMBERS && reply->elements == count ? count : 0, caa_host_now_us());
}

static bool tell_limit(void *arg, struct caa_limits_one *limit, const char *key, const char *report)
{
	struct caa_fleet *f = arg;
	char whole[KEY_TEXT + CAA_LIMIT_KEY_TEXT], version[24], node[2 * sizeof(f->node) + 1];
	int len = snprintf(whole, sizeof(whole), "%s%s", f->prefix, key);
	const struct caa_store_arg args[] = { { whole, (size_t)len }, number_arg(version, CAA_SHARE_VERSION),
		{ sodium_bin2hex(node, sizeof(node), f->node, sizeof(f->node)), sizeof(node) - 1 }, { report, strlen(report) } };

	return caa_store_eval(f->store, SCRIPT_SHARE, args, 1, sizeof(args) / sizeof(args[0]), share_replied, limit);
}

/* --- what the store tells ------------------------------------------------------------------------------------------------------ */

/** News for a question that waits, or has not heard the first word. */
static void heard(struct caa_fleet *f, struct caa_fleet_ask *ask, const struct caa_fleet_entry *e)
{
	bool its = caa_fleet_word(ask) == CAA_FLEET_WAITS && memcmp(e->owner, ask->other, sizeof(e->owner)) == 0;

	switch (e->kind) {
	case CAA_FLEET_ANSWER:
		if (e->epoch_us <= ask->flushed_us) {
			(void)believe(f, CAA_FLEET_STALE);
			if (its)
				go_alone(f, ask);
			break;
		}
		/* An answer that was waited for is taken whatever its TTL (RFC 1035 s3.2.1), any other only while it is fresh. */
		if (e->time_ms > wall_ms() + CAA_FLEET_SKEW_MS || (!its && caa_fleet_entry_age(e, wall_ms(), 0) != CAA_FLEET_GOOD)) {
			(void)believe(f, CAA_FLEET_STALE);
			break;
		}
		give(f, ask, e);
		break;
	case CAA_FLEET_ENDED:
		if (its)
			say(f, ask, CAA_FLEET_FAILED);
		else
			memcpy(ask->ended, e->owner, sizeof(e->owner));
		break;
	case CAA_FLEET_CLAIM:
	case CAA_FLEET_FLUSH:
		break;
	}
}

static void message(void *arg, const uint8_t *octets, size_t len)
{
	struct caa_fleet *f = arg;
	const uint8_t *about = caa_fleet_entry_about(octets, len);
	enum caa_fleet_verdict verdict;
	struct caa_fleet_ask *ask, *next;
	struct caa_fleet_entry e;

	if (about == NULL) {
		(void)believe(f, CAA_FLEET_GARBAGE);
		return;
	}
	for (ask = *bucket_of(f, about); ask != NULL; ask = next) {
		next = ask->hash_next;
		if (memcmp(ask->digest, about, CAA_FLEET_DIGEST) != 0 || is_final(ask) || ask->ends)
			continue;
		verdict = caa_fleet_entry_read(&e, octets, len, &f->keys, ask->digest);
		if (!believe(f, verdict))
			return;
		heard(f, ask, &e);
	}
	if (octets[5] == CAA_FLEET_FLUSH)
		heard_flush(f, octets, len, about);
}

static void set_why(struct caa_fleet *f, const char *why)
{
	lock_basic_lock(&f->lock);
	snprintf(f->why, sizeof(f->why), "%s", why);
	snprintf(f->server, sizeof(f->server), "%s", caa_store_server(f->store));
	lock_basic_unlock(&f->lock);
}

static void up(void *arg)
{
	struct caa_fleet *f = arg;

	set_why(f, "");
	log_info("caa: fleet: the store %s is in use, for perspective %s", caa_store_server(f->store), f->perspective);
	f->is_down = false;
	f->refuses = false;
	f->flush_us = 0;
	send_flushes(f);
}

static void down(void *arg, const char *why)
{
	struct caa_fleet *f = arg;

	atomic_store_explicit(&f->ready, false, memory_order_relaxed);
	set_why(f, why);
	if (!f->is_down) {
		log_warn("caa: fleet: the store %s is not in use: %s; this resolver goes on alone", caa_store_server(f->store), why);
		caa_stats_add(f->stats, CAA_STAT_fleet_errors, 1);
	}
	f->is_down = true;
	for (struct caa_fleet_ask *ask = f->all; ask != NULL; ask = ask->all_next)
		go_alone(f, ask);
}

/* --- the thread ---------------------------------------------------------------------------------------------------------------- */

/** Take the first of the inbox, which may come back to it at once. @return NULL if it is empty. */
static struct caa_fleet_ask *take_in(struct caa_fleet *f)
{
	struct caa_fleet_ask *ask;

	lock_basic_lock(&f->lock);
	ask = f->inbox;
	if (ask != NULL) {
		f->inbox = ask->next_in;
		if (f->inbox == NULL)
			f->inbox_end = &f->inbox;
		ask->in = false;
		ask->ends = ask->finished;
	}
	lock_basic_unlock(&f->lock);
	return ask;
}

/** What workers want. */
static void read_inbox(struct caa_fleet *f)
{
	struct caa_fleet_ask *ask;

	while ((ask = take_in(f)) != NULL) {
		if (!ask->known && !ask->ends) {
			enlist(f, ask);
			send_claim(f, ask);
		} else if (ask->ends && !ask->asking) {
			complete(f, ask);
		}
	}
}

/** What is due for questions: claims are renewed, claims of others looked at. */
static void on_tick(struct caa_fleet *f, uint64_t now_us)
{
	if (now_us < f->tick_us)
		return;
	f->tick_us = now_us + TICK_US;
	send_flushes(f);
	for (struct caa_fleet_ask *ask = f->all, *next; ask != NULL; ask = next) {
		next = ask->all_next;
		if (!caa_store_ready(f->store))
			break;
		if (ask->owns && !ask->ends && now_us >= ask->renewed_us + RENEW_US)
			send_renewal(f, ask, now_us);
		else if (caa_fleet_word(ask) == CAA_FLEET_WAITS && !ask->ends && !ask->asking && now_us >= ask->look_us)
			send_claim(f, ask);
	}
}

/** Whether the store answers within the time that a question waits for it. */
static void see_readiness(struct caa_fleet *f)
{
	uint64_t rtt_us = caa_store_rtt_us(f->store), listeners = caa_store_listeners(f->store);

	atomic_store_explicit(&f->rtt_us, rtt_us, memory_order_relaxed);
	atomic_store_explicit(&f->peers, listeners > 0 ? listeners - 1 : 0, memory_order_relaxed);
	/* Where it does not know of a flush, what it has may be from before. */
	atomic_store_explicit(&f->ready, caa_store_ready(f->store) && f->flush_us == 0 && caa_store_least_us(f->store) <= f->wait_us,
		memory_order_relaxed);
}

static void wait_for_news(struct caa_fleet *f)
{
	struct pollfd fds[1 + CAA_STORE_POLL_FDS] = { { .fd = f->fd, .events = POLLIN } };
	uint64_t now_us = caa_host_now_us(), until_us = now_us + (f->all != NULL || f->sents > 0 ? TICK_US : IDLE_US);
	size_t stores;
	struct timespec wait = { 0, 0 };

	if (caa_limits_due_us(f->limits) < until_us)
		until_us = caa_limits_due_us(f->limits);
	stores = caa_store_poll(f->store, fds + 1, &until_us);
	if (until_us > now_us)
		wait = (struct timespec){ (time_t)((until_us - now_us) / 1000000), (long)((until_us - now_us) % 1000000 * 1000) };
	(void)ppoll(fds, 1 + stores, &wait, NULL);
	if ((fds[0].revents & POLLIN) != 0)
		caa_event_heard(f->fd);
	caa_store_run(f->store, fds + 1, stores, caa_host_now_us());
}

static void *run(void *arg)
{
	struct caa_fleet *f = arg;

	while (!atomic_load_explicit(&f->stop, memory_order_relaxed)) {
		wait_for_news(f);
		take_flushes(f);
		send_flushes(f);
		read_inbox(f);
		on_tick(f, caa_host_now_us());
		caa_limits_run(f->limits, 1 + atomic_load_explicit(&f->peers, memory_order_relaxed), caa_host_now_us());
		see_readiness(f);
	}
	return NULL;
}

/** No signal of Unbound's is for this thread. */
static int start(struct caa_fleet *f)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&f->thread, NULL, run, f);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

static void clear(struct caa_fleet *f)
{
	struct caa_fleet_ask *ask;

	while ((ask = take_in(f)) != NULL)
		if (!ask->known)
			ask_free(f, ask);
	while (f->all != NULL)
		ask_free(f, f->all);
	caa_store_destroy(f->store);
	caa_limits_destroy(f->limits);
	if (f->fd != NO_FD)
		close(f->fd);
	lock_basic_destroy(&f->lock);
	sodium_memzero(&f->keys, sizeof(f->keys));
	sodium_memzero(&f->config, sizeof(f->config));
	free(f);
}

struct caa_fleet *caa_fleet_create(const struct caa_config *config, const struct config_file *cfg, const struct caa_sources *sources,
	const struct caa_fleet_events *events, struct caa_shards *shards, struct caa_stats *stats)
{
	const struct caa_module_options *o = caa_config_module(config);
	uint8_t secret[CAA_FLEET_SECRET];
	char err[CAA_CONFIG_TEXT_MAX];
	struct caa_fleet *f = calloc(1, sizeof(*f));
	int error;

	if (f == NULL) {
		log_err("caa: out of memory");
		return NULL;
	}
	lock_basic_init(&f->lock);
	f->inbox_end = &f->inbox;
	f->events = *events;
	f->stats = stats;
	f->wait_us = (uint64_t)o->fleet_wait_ms * US_PER_MS;
	f->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (!caa_fleet_read_config(&f->config, secret, config, cfg, err)) {
		log_err("caa: %s", err);
		clear(f);
		return NULL;
	}
	caa_fleet_keys_init(&f->keys, secret, o->fleet_perspective);
	sodium_memzero(secret, sizeof(secret));
	memcpy(f->sources, sources->unbound, sizeof(f->sources));
	randombytes_buf(f->node, sizeof(f->node));
	snprintf(f->perspective, sizeof(f->perspective), "%s", o->fleet_perspective);
	snprintf(f->prefix, sizeof(f->prefix), "caa:{%s}:", o->fleet_perspective);
	snprintf(f->why, sizeof(f->why), "it is not connected yet");
	f->heard = (struct caa_store_events){ f, up, down, message };
	f->store = caa_store_create(&f->config, &f->heard);
	f->limits = caa_limits_create(shards, stats, o->fleet_egress, cfg, tell_limit, f);
	if (f->store == NULL || f->limits == NULL || f->fd == NO_FD) {
		log_err("caa: fleet: no memory, or no descriptor");
		clear(f);
		return NULL;
	}
	snprintf(f->server, sizeof(f->server), "%s", caa_store_server(f->store));
	error = start(f);
	if (error != 0) {
		log_err("caa: fleet: no thread: %s", strerror(error));
		clear(f);
		return NULL;
	}
	return f;
}

void caa_fleet_destroy(struct caa_fleet *f)
{
	if (f == NULL)
		return;
	atomic_store_explicit(&f->stop, true, memory_order_relaxed);
	caa_event_ring(f->fd);
	pthread_join(f->thread, NULL);
	clear(f);
}

/* --- to be shown --------------------------------------------------------------------------------------------------------------- */

void caa_fleet_look(const struct caa_fleet *f, struct caa_fleet_now *now)
{
	*now = (struct caa_fleet_now){ .ready = false };
	if (f == NULL)
		return;
	now->ready = caa_fleet_ready(f);
	now->peers = atomic_load_explicit(&f->peers, memory_order_relaxed);
	now->rtt_us = atomic_load_explicit(&f->rtt_us, memory_order_relaxed);
	now->asked = atomic_load_explicit(&f->asks, memory_order_relaxed);
	now->owned = atomic_load_explicit(&f->owned, memory_order_relaxed);
	now->limits = caa_limits_leased(f->limits);
}

void caa_fleet_say(struct caa_fleet *f, const struct caa_out *out, bool json)
{
	char why[CAA_STORE_WHY_MAX], server[CAA_STORE_SERVER_TEXT], digest[9];
	struct caa_fleet_now now;

	if (f == NULL) {
		caa_out(out, json ? "{\"configured\":false}\n" : "no caa-fleet-server is configured\n");
		return;
	}
	caa_fleet_look(f, &now);
	lock_basic_lock(&f->lock);
	memcpy(why, f->why, sizeof(why));
	memcpy(server, f->server, sizeof(server));
	sodium_bin2hex(digest, sizeof(digest), f->sources, 4);
	lock_basic_unlock(&f->lock);
	if (why[0] == '\0' && !now.ready)
		snprintf(why, sizeof(why), "its answers take longer than caa-fleet-wait");
	if (json)
		caa_out(out, "{\"configured\":true,\"in_use\":%s,\"server\":\"%s\",\"perspective\":\"%s\",\"configuration\":\"%s\",\"peers\":%" PRIu64
			",\"rtt_us\":%" PRIu64 ",\"questions\":%" PRIu64 ",\"claims\":%" PRIu64 ",\"limits\":%" PRIu64 "}\n", now.ready ? "true" : "false", server,
			f->perspective, digest, now.peers, now.rtt_us, now.asked, now.owned, now.limits);
	else
		caa_out(out, "store %s%s%s\nperspective %s, configuration %s\npeers %" PRIu64 ", round trip %" PRIu64 " us, questions %" PRIu64
			" under way, claims %" PRIu64 ", limits %" PRIu64 "\n", server, now.ready ? " in use" : " not in use: ", now.ready ? "" : why,
			f->perspective, digest, now.peers, now.rtt_us, now.asked, now.owned, now.limits);
}

void caa_fleet_follow(struct caa_fleet *f, const struct caa_sources *sources)
{
	lock_basic_lock(&f->lock);
	memcpy(f->sources, sources->unbound, sizeof(f->sources));
	lock_basic_unlock(&f->lock);
}

size_t caa_fleet_memory(const struct caa_fleet *f)
{
	return f == NULL ? 0 : sizeof(*f) + caa_limits_memory() + atomic_load_explicit(&f->asks, memory_order_relaxed) * sizeof(struct caa_fleet_ask);
}
