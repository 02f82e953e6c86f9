/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/config/advice.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	/** CAA questions per second that there must be room for while they wait: 100 names of a certificate, of two labels each */
	QUESTIONS_PER_S = 200,
	/** packets that one lookup may need in each second of its budget: Unbound's tries at a server that loses most of them,
	 *  with those for keys and for addresses of servers */
	PACKETS_PER_S = 10,
	CERTIFICATE = 100,		/**< names, which may have as many servers that are to be asked over TCP */
	BURST = 1000,			/**< questions of one client at once: two certificates, all labels */
	/** connections; Unbound cuts waiting ones as soon as half of this many are open, and a burst over DoH opens several */
	CONNECTIONS = 1000,
	MS = 1000,
	LATE_MS = 5000,			/**< an answer at the end of the budget may be this late */
	REUSE_S = 7 * 3600		/**< an authority's own use of a check again, where it is not given */
};

struct row;
/** Whether a row hurts; if so out->value and out->set are filled in. */
typedef bool judge(const struct row *row, const struct caa_settings *s, struct caa_advice *out);

struct row {
	const char *setting;
	judge *hurts;
	size_t offset;			/**< of what is judged, in struct caa_settings */
	uint32_t least, per_s;		/**< a number has to be the former, and the latter for each second of the budget */
	uint32_t set;			/**< the value to set is this, or what is needed where that is more */
	const char *why;
};

/* --- how a setting is judged --------------------------------------------------------------------------------------- */

static int64_t number_of(const struct row *row, const struct caa_settings *s)
{
	int64_t number;

	memcpy(&number, (const char *)s + row->offset, sizeof(number));
	return number;
}

static bool flag_of(const struct row *row, const struct caa_settings *s)
{
	bool flag;

	memcpy(&flag, (const char *)s + row->offset, sizeof(flag));
	return flag;
}

static bool say_number(struct caa_advice *out, int64_t value, int64_t set)
{
	snprintf(out->value, sizeof(out->value), "%" PRId64, value);
	snprintf(out->set, sizeof(out->set), "%" PRId64, set);
	return true;
}

static bool below(const struct row *row, const struct caa_settings *s, struct caa_advice *out)
{
	int64_t value = number_of(row, s), needed = row->least + (int64_t)row->per_s * s->budget_s;

	return value < needed && say_number(out, value, needed > row->set ? needed : row->set);
}

/** As below(), and 0 is no limit. */
static bool limits_below(const struct row *row, const struct caa_settings *s, struct caa_advice *out)
{
	return number_of(row, s) != 0 && below(row, s, out);
}

/** Unbound drops no late answer that goes over a connection. */
static bool limits_datagrams(const struct row *row, const struct caa_settings *s, struct caa_advice *out)
{
	return s->datagrams && limits_below(row, s, out);
}

/** As below(), of what is done over TCP upstream. */
static bool below_over_tcp(const struct row *row, const struct caa_settings *s, struct caa_advice *out)
{
	return s->tcp && s->do_tcp && below(row, s, out);
}

/** As below(), of clients that keep a connection open while they wait. */
static bool below_for_streams(const struct row *row, const struct caa_settings *s, struct caa_advice *out)
{
	return s->streams && below(row, s, out);
}

/** Where do-tcp-keepalive is set, another setting is the timeout. */
static bool idle_for_streams(const struct row *row, const struct caa_settings *s, struct caa_advice *out)
{
	return !s->do_tcp_keepalive && below_for_streams(row, s, out);
}

static bool limits(const struct row *row, const struct caa_settings *s, struct caa_advice *out)
{
	int64_t value = number_of(row, s);

	return value != 0 && say_number(out, value, 0);
}

/** As limits_below(), where no limit is what to set. */
static bool limits_too_soon(const struct row *row, const struct caa_settings *s, struct caa_advice *out)
{
	return limits_below(row, s, out) && say_number(out, number_of(row, s), 0);
}

static bool say_flag(struct caa_advice *out, bool value)
{
	strcpy(out->value, value ? "yes" : "no");
	strcpy(out->set, value ? "no" : "yes");
	return true;
}

static bool is_yes(const struct row *row, const struct caa_settings *s, struct caa_advice *out)
{
	return flag_of(row, s) && say_flag(out, true);
}

static bool is_no_over_tcp(const struct row *row, const struct caa_settings *s, struct caa_advice *out)
{
	return s->tcp && !flag_of(row, s) && say_flag(out, false);
}

/* --- the chain of modules ------------------------------------------------------------------------------------------ */

/** Find a word of module-config.
 *  @return where it begins, NULL if it is not there. */
static const char *word_in(const char *text, const char *word)
{
	size_t len = strlen(word);

	while (*(text += strspn(text, " \t")) != '\0') {
		size_t run = strcspn(text, " \t");

		if (run == len && memcmp(text, word, len) == 0)
			return text;
		text += run;
	}
	return NULL;
}

/** @return where the first module stands that must have the module in front of it; NULL if there is none. */
static const char *first_to_follow(const char *chain)
{
	static const char *const follows[] = { "validator", "subnetcache", "cachedb", "iterator" };
	const char *first = NULL;

	for (size_t i = 0; i < sizeof(follows) / sizeof(follows[0]); i++) {
		const char *at = word_in(chain, follows[i]);

		if (at != NULL && (first == NULL || at < first))
			first = at;
	}
	return first;
}

static void say_chain(struct caa_advice *out, const char *chain)
{
	snprintf(out->value, sizeof(out->value), "\"%s\"", chain);
}

/** The module must stand in front of what answers and validates. */
static bool stands_behind(const struct row *row, const struct caa_settings *s, struct caa_advice *out)
{
	const char *chain = s->module_config, *ours = word_in(chain, "dynlib"), *first = first_to_follow(chain), *rest, *end;

	(void)row;
	if (ours == NULL || first == NULL || ours < first)
		return false;
	rest = ours + strlen("dynlib");
	rest += strspn(rest, " \t");
	for (end = ours; *rest == '\0' && strchr(" \t", end[-1]) != NULL; end--)
		;
	say_chain(out, chain);
	snprintf(out->set, sizeof(out->set), "\"%.*sdynlib %.*s%s\"", (int)(first - chain), chain, (int)(end - first), first, rest);
	return true;
}

static bool validates_not(const struct row *row, const struct caa_settings *s, struct caa_advice *out)
{
	const char *chain = s->module_config, *ours = word_in(chain, "dynlib"), *first = first_to_follow(chain);

	(void)row;
	if (word_in(chain, "validator") != NULL || ours == NULL || first == NULL || ours > first)
		return false;
	say_chain(out, chain);
	snprintf(out->set, sizeof(out->set), "\"%.*svalidator %s\"", (int)(first - chain), chain, first);
	return true;
}

static bool anchors_none(const struct row *row, const struct caa_settings *s, struct caa_advice *out)
{
	(void)row;
	if (s->anchors || word_in(s->module_config, "validator") == NULL)
		return false;
	strcpy(out->value, "none");
	snprintf(out->set, sizeof(out->set), "\"%s\"", s->anchor_file);
	return true;
}

/* --- the table ----------------------------------------------------------------------------------------------------- */

#define OF(field) offsetof(struct caa_settings, field)

static const struct row table[] = {
	{ "discard-timeout", limits_datagrams, OF(discard_timeout), 0, MS, 0,
		"answers over UDP that took longer than this many milliseconds are dropped" },
	{ "wait-limit", limits_below, OF(wait_limit), 0, QUESTIONS_PER_S, 0,
		"a client with this many waiting questions gets SERVFAIL for more" },
	{ "ip-ratelimit", limits_below, OF(ip_ratelimit), BURST, 0, 0,
		"a client that asks more in a second, as for one or two certificates, gets no answer to most" },
	{ "num-queries-per-thread", below, OF(num_queries_per_thread), 0, QUESTIONS_PER_S, 0,
		"questions that wait for their turn are dropped above this many" },
	{ "incoming-num-tcp", below_for_streams, OF(incoming_num_tcp), CONNECTIONS, 0, 0,
		"with half as many connections open at an address, one that waits for answers is cut after 0.3 s" },
	{ "tcp-idle-timeout", idle_for_streams, OF(tcp_idle_timeout), LATE_MS, MS, 0,
		"a connection that waits for an answer this many milliseconds is cut" },
	{ "outgoing-range", below, OF(outgoing_range), 0, QUESTIONS_PER_S, 0,
		"no more than this many queries can be under way" },
	{ "do-tcp", is_no_over_tcp, OF(do_tcp), 0, 0, 0,
		"truncated answers and limits over UDP have no way around" },
	{ "outgoing-num-tcp", below_over_tcp, OF(outgoing_num_tcp), CERTIFICATE, 0, 0,
		"no more than this many servers that limit UDP can be asked over TCP at a time" },
	{ "max-global-quota", below, OF(max_global_quota), 0, PACKETS_PER_S, 0,
		"a question for which more packets were sent fails before its budget ends" },
	{ "ratelimit", limits, OF(ratelimit), 0, 0, 0,
		"what is asked of a zone above this many queries a second fails, where it would wait its turn" },
	{ "infra-host-ttl", below, OF(infra_host_ttl), 0, 1, 900,
		"round trips, losses and lack of EDNS of a server are forgotten within one question's budget" },
	{ "cache-max-ttl", below, OF(cache_max_ttl), 0, 1, 60,
		"delegations and keys serve only the questions that are under way, so each that is asked later walks down from the root again" },
	{ "unwanted-reply-threshold", limits_too_soon, OF(unwanted_reply_threshold), 0, QUESTIONS_PER_S, 0,
		"so few late answers empty the caches" },
	{ "module-config", stands_behind, 0, 0, 0, 0,
		"dynlib has to stand in front of what validates and answers" },
	{ "module-config", validates_not, 0, 0, 0, 0,
		"without the validator no answer is checked with DNSSEC" },
	{ "auto-trust-anchor-file", anchors_none, 0, 0, 0, 0,
		"without a trust anchor no answer is checked with DNSSEC" },
	{ "val-permissive-mode", is_yes, OF(val_permissive_mode), 0, 0, 0,
		"answers that fail DNSSEC are given out" },
	{ "serve-expired", is_yes, OF(serve_expired), 0, 0, 0,
		"where servers do not answer, records whose time has ended are given out, for a day by default" },
};

enum { ROWS = sizeof(table) / sizeof(table[0]) };

bool caa_advice_next(size_t *row, const struct caa_settings *s, struct caa_advice *out)
{
	assert(s->budget_s > 0);
	for (; *row < ROWS; (*row)++) {
		struct caa_advice found = { .setting = table[*row].setting, .why = table[*row].why };

		if (!table[*row].hurts(&table[*row], s, &found))
			continue;
		*out = found;
		(*row)++;
		return true;
	}
	return false;
}

static bool holds_too_long(const struct caa_zone_options *o, struct caa_advice *out)
{
	uint32_t reuse_s = o->hold_reuse_s != 0 ? o->hold_reuse_s : REUSE_S;

	if (!o->enable || o->hold_s + reuse_s <= CAA_EIGHT_HOURS_S || o->hold_s == 0)
		return false;
	out->setting = "caa-hold";
	out->why = o->hold_reuse_s != 0 ? "with caa-hold-reuse an answer may be used for more than 8 hours after it was fetched" :
		"with an authority's own reuse of 7 hours, unless caa-hold-reuse says another, an answer may be used for more "
		"than 8 hours after it was fetched";
	return say_number(out, o->hold_s, CAA_EIGHT_HOURS_S - reuse_s);
}

/** @return whether a zone has hold and reuse from the one that encloses it. */
static bool has_from_above(const struct caa_zones *z, struct caa_name apex, const struct caa_zone_options *o)
{
	const struct caa_zone_options *above = caa_name_parent(&apex, apex) ? caa_zones_match(z, apex) : NULL;

	return above != NULL && above->enable && above->hold_s == o->hold_s && above->hold_reuse_s == o->hold_reuse_s;
}

bool caa_advice_hold_next(size_t *zone, const struct caa_zones *z, struct caa_name *apex, struct caa_advice *out)
{
	while (*zone < caa_zones_count(z)) {
		const struct caa_zone_options *o = caa_zones_at(z, (*zone)++, apex);

		if (holds_too_long(o, out) && !has_from_above(z, *apex, o))
			return true;
	}
	return false;
}

void caa_advice_text(char text[static CAA_ADVICE_TEXT_MAX], const struct caa_advice *advice)
{
	snprintf(text, CAA_ADVICE_TEXT_MAX, "%s: %s: %s; set %s: %s", advice->setting, advice->value, advice->why,
		advice->setting, advice->set);
}

const char *caa_advice_setting(size_t row)
{
	return row < ROWS ? table[row].setting : NULL;
}
