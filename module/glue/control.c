/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/control.h"

#include "core/why/metrics.h"
#include "glue/ctx.h"
#include "glue/failures.h"
#include "glue/fleet.h"
#include "glue/flush.h"
#include "glue/holds.h"
#include "glue/host.h"
#include "glue/inspect.h"
#include "glue/out.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	UPSTREAMS_SHOWN = 20,	/**< lines of caa_upstreams unless told */
	UPSTREAMS_MAX = 10000,
	LINES = UINT8_MAX + 1	/**< of an address, see struct caa_addr */
};

static void say_number(const struct caa_out *out, const char *name, uint64_t value)
{
	caa_out(out, "%s=%" PRIu64 "\n", name, value);
}

/** What is found now, beside what is counted. @param counted: where the waits are from. */
static void read_now(struct caa_ctx *ctx, const struct caa_stats_values *counted, uint64_t now[static CAA_READING_COUNT])
{
	uint64_t waits = counted->count[CAA_STAT_waits];
	struct caa_fleet_now fleet;
	size_t repeaters;

	now[CAA_READING_wait_mean] = waits > 0 ? counted->count[CAA_STAT_wait_us] / waits : 0;
	now[CAA_READING_wait_max] = counted->wait_max_us;
	now[CAA_READING_upstreams] = caa_shards_count(ctx->shards);
	now[CAA_READING_limited] = caa_shards_limited(ctx->shards);
	now[CAA_READING_evicted] = caa_shards_evicted(ctx->shards);
	now[CAA_READING_fail_names] = caa_failures_count(ctx->failures, &repeaters);
	now[CAA_READING_repeated] = repeaters;
	now[CAA_READING_hold] = caa_holds_count(ctx->holds);
	now[CAA_READING_hold_evicted] = caa_holds_evicted(ctx->holds);
	caa_fleet_look(ctx->fleet, &fleet);
	now[CAA_READING_fleet_up] = fleet.ready;
	now[CAA_READING_fleet_peers] = fleet.peers;
	now[CAA_READING_fleet_rtt] = fleet.rtt_us;
	now[CAA_READING_fleet_limits] = fleet.limits;
	now[CAA_READING_mem] = caa_ctx_memory(ctx);
}

static void stats(void *arg, module_hooks_print_type *print, void *to, int reset)
{
	struct caa_ctx *ctx = arg;
	uint64_t now[CAA_READING_COUNT];
	struct caa_stats_values counted;
	struct caa_out out = { print, to };

	caa_stats_read(&ctx->stats, &counted, reset);
	if (print == NULL)
		return;
	for (size_t i = 0; i < CAA_STAT_COUNT; i++)
		say_number(&out, caa_stats_line((enum caa_stat)i)->name, counted.count[i]);
	read_now(ctx, &counted, now);
	for (size_t i = 0; i < CAA_READING_COUNT; i++)
		say_number(&out, caa_stats_reading((enum caa_reading)i)->name, now[i]);
}

static void print_metrics(void *arg, const char *text)
{
	caa_out_text(arg, text);
}

static void metrics(struct caa_ctx *ctx, const struct caa_out *out, const struct caa_args *args)
{
	uint64_t now[CAA_READING_COUNT];
	struct caa_stats_values total;
	struct caa_out to = *out;

	if (args->count > 0 || args->json) {
		caa_out(out, "error caa_metrics: it takes no arguments\n");
		return;
	}
	caa_stats_total(&ctx->stats, &total);
	read_now(ctx, &total, now);
	caa_metrics_write(&total, now, &caa_host_versions, print_metrics, &to);
}

/** The rate in queries/s, 0 = none; an interval of 20 us is 50000. */
static uint32_t rate_of(const struct caa_upstream *u)
{
	uint32_t interval_us = u->learn.pacer.interval_us;

	return interval_us > 0 ? (1000000 + interval_us / 2) / interval_us : 0;
}

static void say_upstream_head(const struct caa_out *out)
{
	caa_out(out, "%-24s %7s %6s %8s %6s %6s %9s %9s %8s %8s %8s %9s %8s %8s %6s %5s\n", "address", "rate/s", "window", "wait-ms",
		"cookie", "tcp", "sent", "sent-caa", "waited", "mean-ms", "refused", "replied", "timeout", "failed", "limits", "share");
}

/** What is known of the upstream's TCP: it works, it is preferred now, it did not help lately. */
static const char *tcp_of(const struct caa_upstream *u, uint64_t now_us)
{
	struct caa_transport transport = u->transport;

	if (caa_transport_fails(&transport) && !caa_transport_works(&transport))
		return "no";
	if (caa_transport_choose(&transport, now_us, false) != CAA_TRANSPORT_UDP)
		return "used";
	return caa_transport_works(&u->transport) ? "works" : "-";
}

static void say_upstream(const struct caa_out *out, const struct caa_upstream *u, uint64_t now_us)
{
	char addr[CAA_ADDR_TEXT_MAX], rate[16] = "-", window[16] = "-";

	if (rate_of(u) > 0)
		snprintf(rate, sizeof(rate), "%" PRIu32, rate_of(u));
	else
		snprintf(window, sizeof(window), "%u", u->learn.pacer.window);
	caa_out(out, "%-24s %7s %6s %8" PRIu64 " %6s %6s %9" PRIu32 " %9" PRIu32 " %8" PRIu32 " %8" PRIu32 " %8" PRIu32 " %9" PRIu32
		" %8" PRIu32 " %8" PRIu32 " %6" PRIu32 " %5s\n", caa_addr_text(addr, &u->addr), rate, window,
		caa_pacer_wait_new(&u->learn.pacer, now_us, u->learn.srtt_us) / 1000,
		caa_cookie_proves(&u->cookie) ? "yes" : "-", tcp_of(u, now_us), u->sent, u->sent_caa, u->waited,
		u->waited > 0 ? u->waited_ms / u->waited : 0, u->refused, u->replied, u->timed_out, u->failed, u->limits,
		caa_learn_is_shared(&u->learn, now_us) ? "yes" : "-");
}

static void say_upstream_json(const struct caa_out *out, const struct caa_upstream *u, uint64_t now_us, bool first)
{
	char addr[CAA_ADDR_TEXT_MAX];

	caa_out(out, "%s\n{\"address\":\"%s\",\"rate\":%" PRIu32 ",\"window\":%u,\"wait_ms\":%" PRIu64
		",\"cookie\":%s,\"tcp\":\"%s\",\"sent\":%" PRIu32 ",\"sent_caa\":%" PRIu32 ",\"waited\":%" PRIu32
		",\"waited_ms\":%" PRIu32 ",\"refused\":%" PRIu32 ",\"replied\":%" PRIu32 ",\"timed_out\":%" PRIu32
		",\"failed\":%" PRIu32 ",\"limits\":%" PRIu32 ",\"share\":%s}", first ? "" : ",", caa_addr_text(addr, &u->addr), rate_of(u),
		rate_of(u) > 0 ? 0u : (unsigned)u->learn.pacer.window,
		caa_pacer_wait_new(&u->learn.pacer, now_us, u->learn.srtt_us) / 1000,
		caa_cookie_proves(&u->cookie) ? "true" : "false", tcp_of(u, now_us), u->sent, u->sent_caa, u->waited, u->waited_ms,
		u->refused, u->replied, u->timed_out, u->failed, u->limits, caa_learn_is_shared(&u->learn, now_us) ? "true" : "false");
}

static void say_upstreams(const struct caa_out *out, const struct caa_upstream *list, size_t count, bool json)
{
	uint64_t now_us = caa_host_now_us();

	if (json)
		caa_out(out, "[");
	else
		say_upstream_head(out);
	for (size_t i = 0; i < count; i++) {
		if (json)
			say_upstream_json(out, &list[i], now_us, i == 0);
		else
			say_upstream(out, &list[i], now_us);
	}
	if (json)
		caa_out(out, "%s]\n", count > 0 ? "\n" : "");
}

/** The longest queue first, then the most packets. */
static int by_queue(const void *a, const void *b)
{
	const struct caa_upstream *x = a, *y = b;
	uint32_t x_waiting = caa_pacer_waiting(&x->learn.pacer), y_waiting = caa_pacer_waiting(&y->learn.pacer);

	if (x_waiting != y_waiting)
		return x_waiting > y_waiting ? -1 : 1;
	if (x->sent != y->sent)
		return x->sent > y->sent ? -1 : 1;
	return memcmp(&x->addr, &y->addr, sizeof(x->addr));
}

/** Copy the entries of an address, one for each line that it is on. @return how many. */
static size_t copy_lines(struct caa_ctx *ctx, const struct caa_addr *addr, struct caa_upstream *out)
{
	struct caa_addr at = *addr;
	size_t count = 0;

	for (unsigned line = 0; line < LINES; line++) {
		at.line = (uint8_t)line;
		count += caa_shards_copy(ctx->shards, &at, &out[count]);
	}
	return count;
}

/** @param addr: only its entries; NULL = all. */
static void say_some_upstreams(struct caa_ctx *ctx, const struct caa_out *out, const struct caa_addr *addr, size_t shown, bool json)
{
	size_t count, all = caa_shards_count(ctx->shards), room = addr != NULL ? LINES : shown < all ? shown : all;
	struct caa_upstream *some = calloc(room + 1, sizeof(*some));

	if (some == NULL) {
		caa_out(out, "error out of memory\n");
		return;
	}
	count = addr != NULL ? copy_lines(ctx, addr, some) : caa_shards_first(ctx->shards, by_queue, some, room);
	qsort(some, count, sizeof(*some), by_queue);
	if (addr != NULL && count == 0)
		caa_out(out, "error caa_upstreams: nothing was sent to that address, or it was long ago\n");
	else
		say_upstreams(out, some, count, json);
	if (addr == NULL && all > count && !json)
		caa_out(out, "%zu of %zu shown\n", count, all);
	free(some);
}

static void upstreams(struct caa_ctx *ctx, const struct caa_out *out, const struct caa_args *args)
{
	size_t shown = UPSTREAMS_SHOWN;
	struct caa_addr addr;

	if (args->count == 0 || (args->count == 1 && caa_args_number(args->word[0], UPSTREAMS_MAX, &shown)))
		say_some_upstreams(ctx, out, NULL, shown, args->json);
	else if (args->count > 1 || caa_addr_parse(&addr, args->word[0]) != CAA_OK)
		caa_out(out, "error caa_upstreams: the argument is not an address or a number; allowed is "
			"caa_upstreams [NUMBER | ADDRESS[@PORT]] [json]\n");
	else
		say_some_upstreams(ctx, out, &addr, LINES, args->json);
}

static void flush(struct caa_ctx *ctx, const struct caa_out *out, const struct caa_args *args)
{
	uint8_t wire[CAA_NAME_MAX];
	struct caa_name name = { wire, 0 };
	const char *why;

	if (args->count != 1) {
		caa_out(out, "error caa_flush: it takes one argument; allowed is caa_flush NAME, with . for every name\n");
		return;
	}
	if (caa_host_read_name(wire, &name.len, args->word[0], &why) != CAA_OK) {
		caa_out(out, "error caa_flush: the argument is no name: %s; allowed is caa_flush NAME, with . for every name\n",
			why);
		return;
	}
	caa_out(out, "ok dropped %zu held answers\n", caa_flush_below(ctx, name));
}

static void forget(struct caa_ctx *ctx, const struct caa_out *out, const struct caa_args *args)
{
	static const char allowed[] = "allowed is caa_forget ADDRESS[@PORT], with . for every address";
	struct caa_addr addr;
	bool all = args->count == 1 && strcmp(args->word[0], ".") == 0;
	size_t count;

	if (args->count != 1 || (!all && caa_addr_parse(&addr, args->word[0]) != CAA_OK)) {
		caa_out(out, "error caa_forget: the argument is not an address; %s\n", allowed);
		return;
	}
	count = caa_shards_forget(ctx->shards, all ? NULL : &addr);
	if (count == 0 && !all)
		caa_out(out, "error caa_forget: nothing was sent to that address, or it was long ago\n");
	else
		caa_out(out, "ok forgot %zu addresses\n", count);
}

static void fleet(struct caa_ctx *ctx, const struct caa_out *out, const struct caa_args *args)
{
	if (args->count > 0)
		caa_out(out, "error caa_fleet: it takes no arguments\n");
	else
		caa_fleet_say(ctx->fleet, out, args->json);
}

static void help(struct caa_ctx *ctx, const struct caa_out *out, const struct caa_args *args);

/** The commands: the name, what follows it, what it does. */
static const struct command {
	const char *name, *args, *help;
	void (*run)(struct caa_ctx *ctx, const struct caa_out *out, const struct caa_args *args);
} commands[] = {
	{ "caa_flush", "NAME", "drop the CAA answers on a name and below, held and cached; . is every name", flush },
	{ "caa_fleet", "", "the store that the resolvers of the perspective share, and how it stands", fleet },
	{ "caa_help", "", "this list", help },
	{ "caa_failures", "[NUMBER]", "names that keep failing, the most frequent first", caa_inspect_failures },
	{ "caa_explain", "NAME", "the last failure of a name: why, and what to do; what is held for it", caa_inspect_explain },
	{ "caa_upstreams", "[NUMBER | ADDRESS[@PORT]]", "upstream addresses, the longest queue first", upstreams },
	{ "caa_forget", "ADDRESS[@PORT]", "drop what was learned of an upstream address: limit, cookie, TCP; . is every address",
		forget },
	{ "caa_metrics", "", "all counters as Prometheus reads them; stats does not reset these", metrics },
	{ "caa_trace", "[NAME on|off|SECONDS]", "log every attempt for one name; what is traced", caa_inspect_trace },
};

/** What all begin with. */
static const char PREFIX[] = "caa_";

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void help_json(const struct caa_out *out)
{
	caa_out(out, "[");
	for (size_t i = 0; i < COMMANDS; i++)
		caa_out(out, "%s\n{\"command\":\"%s\",\"arguments\":\"%s\",\"help\":\"%s\"}", i > 0 ? "," : "",
			commands[i].name, commands[i].args, commands[i].help);
	caa_out(out, "\n]\n");
}

static void help(struct caa_ctx *ctx, const struct caa_out *out, const struct caa_args *args)
{
	(void)ctx;
	if (args->json) {
		help_json(out);
		return;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		caa_out(out, "%-14s %-26s %s\n", commands[i].name, commands[i].args, commands[i].help);
	caa_out(out, "json at the end, or -j in unbound-control -- COMMAND -j, prints JSON\n");
}

/** @return whether it is a command of the module. */
static int control(void *arg, module_hooks_print_type *print, void *to, const char *cmd)
{
	const struct caa_out out = { print, to };
	size_t len = strcspn(cmd, " \t");
	struct caa_args args;

	if (strncmp(cmd, PREFIX, strlen(PREFIX)) != 0)
		return 0;
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strlen(commands[i].name) != len || memcmp(commands[i].name, cmd, len) != 0)
			continue;
		if (!caa_args_read(&args, cmd + len))
			caa_out(&out, "error %s: too many or too long arguments; caa_help lists what is allowed\n",
				commands[i].name);
		else
			commands[i].run(arg, &out, &args);
		return 1;
	}
	caa_out(&out, "error unknown command; caa_help lists the commands that begin with caa_\n");
	return 1;
}

void caa_control_set(struct module_hooks *hooks)
{
	hooks->stats = stats;
	hooks->control = control;
}
