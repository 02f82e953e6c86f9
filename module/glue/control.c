/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/control.h"

#include "glue/ctx.h"
#include "glue/host.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINE_MAX_OCTETS = 512,
	UPSTREAMS_SHOWN = 20	/**< lines of caa_upstreams unless told */
};

/** Where a command's text goes. */
struct out {
	module_hooks_print_type *print;
	void *to;
};

static void say(const struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(const struct out *out, const char *format, ...)
{
	char line[LINE_MAX_OCTETS];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	(void)out->print(out->to, line);
}

static void say_number(const struct out *out, const char *name, uint64_t value)
{
	say(out, "%s=%" PRIu64 "\n", name, value);
}

static void stats(void *arg, module_hooks_print_type *print, void *to, int reset)
{
	struct caa_ctx *ctx = arg;
	struct caa_stats_values now;
	struct out out = { print, to };
	uint64_t waits;

	caa_stats_read(&ctx->stats, &now, reset);
	if (print == NULL)
		return;
	for (size_t i = 0; i < CAA_STAT_COUNT; i++)
		say_number(&out, caa_stats_name((enum caa_stat)i), now.count[i]);
	waits = now.count[CAA_STAT_waits];
	say_number(&out, "caa.wait.mean_us", waits > 0 ? now.count[CAA_STAT_wait_us] / waits : 0);
	say_number(&out, "caa.wait.max_us", now.wait_max_us);
	say_number(&out, "caa.upstreams", caa_shards_count(ctx->shards));
	say_number(&out, "caa.upstreams.evicted", caa_shards_evicted(ctx->shards));
	say_number(&out, "caa.mem", caa_ctx_memory(ctx));
}

/** The rate in queries/s, 0 = none; an interval of 20 us is 50000. */
static uint32_t rate_of(const struct caa_upstream *u)
{
	uint32_t interval_us = u->learn.pacer.interval_us;

	return interval_us > 0 ? (1000000 + interval_us / 2) / interval_us : 0;
}

static void say_upstream_head(const struct out *out)
{
	say(out, "%-24s %7s %6s %8s %6s %6s %9s %9s %8s %8s %8s %9s %8s %8s %6s\n", "address", "rate/s", "window", "wait-ms",
		"cookie", "tcp", "sent", "sent-caa", "waited", "mean-ms", "refused", "replied", "timeout", "failed", "limits");
}

/** What is known of the upstream's TCP: it works, it is preferred now, it did not help lately. */
static const char *tcp_of(const struct caa_upstream *u, uint64_t now_us)
{
	struct caa_transport transport = u->transport;

	if (caa_transport_choose(&transport, now_us, true) == CAA_TRANSPORT_UDP)
		return "no";
	if (caa_transport_choose(&transport, now_us, false) != CAA_TRANSPORT_UDP)
		return "used";
	return caa_transport_works(&u->transport) ? "works" : "-";
}

static void say_upstream(const struct out *out, const struct caa_upstream *u, uint64_t now_us)
{
	char addr[CAA_ADDR_TEXT_MAX], rate[16] = "-", window[16] = "-";

	if (rate_of(u) > 0)
		snprintf(rate, sizeof(rate), "%" PRIu32, rate_of(u));
	else
		snprintf(window, sizeof(window), "%u", u->learn.pacer.window);
	say(out, "%-24s %7s %6s %8" PRIu64 " %6s %6s %9" PRIu32 " %9" PRIu32 " %8" PRIu32 " %8" PRIu32 " %8" PRIu32 " %9" PRIu32
		" %8" PRIu32 " %8" PRIu32 " %6" PRIu32 "\n", caa_addr_text(addr, &u->addr), rate, window,
		caa_pacer_wait_new(&u->learn.pacer, now_us, u->learn.srtt_us) / 1000,
		caa_cookie_proves(&u->cookie) ? "yes" : "-", tcp_of(u, now_us), u->sent, u->sent_caa, u->waited,
		u->waited > 0 ? u->waited_ms / u->waited : 0, u->refused, u->replied, u->timed_out, u->failed, u->limits);
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

static void say_top_upstreams(struct caa_ctx *ctx, const struct out *out, size_t shown)
{
	size_t count = caa_shards_count(ctx->shards);
	struct caa_upstream *all = calloc(count + 1, sizeof(*all));
	uint64_t now_us = caa_host_now_us();

	if (all == NULL) {
		say(out, "error out of memory\n");
		return;
	}
	count = caa_shards_copy_all(ctx->shards, all, count);
	qsort(all, count, sizeof(*all), by_queue);
	say_upstream_head(out);
	for (size_t i = 0; i < count && i < shown; i++)
		say_upstream(out, &all[i], now_us);
	if (count > shown)
		say(out, "%zu of %zu shown\n", shown, count);
	free(all);
}

static bool is_number(const char *text)
{
	return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

static void upstreams(struct caa_ctx *ctx, const struct out *out, const char *args)
{
	struct caa_upstream one;
	struct caa_addr addr;

	if (args[0] == '\0') {
		say_top_upstreams(ctx, out, UPSTREAMS_SHOWN);
	} else if (is_number(args)) {
		say_top_upstreams(ctx, out, strtoul(args, NULL, 10));
	} else if (caa_addr_parse(&addr, args) != CAA_OK) {
		say(out, "error caa_upstreams: the argument is not an address or a number; allowed is "
			"caa_upstreams [NUMBER | ADDRESS[@PORT]]\n");
	} else if (!caa_shards_copy(ctx->shards, &addr, &one)) {
		say(out, "error caa_upstreams: nothing was sent to that address, or it was long ago\n");
	} else {
		say_upstream_head(out);
		say_upstream(out, &one, caa_host_now_us());
	}
}

static void help(struct caa_ctx *ctx, const struct out *out, const char *args);

/** The commands: the name, what follows it, what it does. */
static const struct command {
	const char *name, *args, *help;
	void (*run)(struct caa_ctx *ctx, const struct out *out, const char *args);
} commands[] = {
	{ "caa_help", "", "this list", help },
	{ "caa_upstreams", "[NUMBER | ADDRESS[@PORT]]", "upstream addresses, the longest queue first", upstreams },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void help(struct caa_ctx *ctx, const struct out *out, const char *args)
{
	(void)ctx;
	(void)args;
	for (size_t i = 0; i < COMMANDS; i++)
		say(out, "%-14s %-26s %s\n", commands[i].name, commands[i].args, commands[i].help);
}

static void control(void *arg, module_hooks_print_type *print, void *to, const char *cmd)
{
	const struct out out = { print, to };
	size_t len = strcspn(cmd, " \t");
	const char *args = cmd + len + strspn(cmd + len, " \t");

	for (size_t i = 0; i < COMMANDS; i++) {
		if (strlen(commands[i].name) == len && memcmp(commands[i].name, cmd, len) == 0) {
			commands[i].run(arg, &out, args);
			return;
		}
	}
	say(&out, "error unknown command; caa_help lists the commands that begin with caa_\n");
}

void caa_control_set(struct module_hooks *hooks)
{
	hooks->stats = stats;
	hooks->control = control;
}
