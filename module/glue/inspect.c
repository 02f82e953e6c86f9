/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/inspect.h"

#include "core/why/report.h"
#include "core/wire/text.h"
#include "glue/answer.h"
#include "glue/ctx.h"
#include "glue/failures.h"
#include "glue/hold.h"
#include "glue/host.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	ROWS_SHOWN = 20,	/**< lines of caa_failures unless told */
	ROWS_MAX = 10000,
	ROW_MAX = 1024		/**< octets of a row as JSON */
};

/** Read a name. @return false, said, if it is none. */
static bool read_name(const struct caa_out *out, const char *command, const char *word, uint8_t wire[static CAA_NAME_MAX],
	struct caa_name *name)
{
	const char *why = "";
	size_t len;

	if (caa_host_read_name(wire, &len, word, &why) != CAA_OK) {
		caa_out(out, "error %s: not a domain name: %s\n", command, why);
		return false;
	}
	*name = (struct caa_name){ wire, len };
	return true;
}

static void say_row(const struct caa_out *out, const struct caa_fails_row *row)
{
	char name[CAA_NAME_MAX + 1], time[CAA_TEXT_TIME_MAX];

	caa_out(out, "%8" PRIu32 " %8" PRIu32 "  %-13s %s  %s\n", row->repeats.count, row->repeats.total,
		caa_class_name((enum caa_class)row->class), caa_text_time(time, row->unix_s),
		caa_text_name(name, sizeof(name), (struct caa_name){ row->wire, row->wire_len }));
}

static void say_row_json(const struct caa_out *out, const struct caa_fails_row *row, bool first)
{
	char name[CAA_NAME_MAX + 1], time[CAA_TEXT_TIME_MAX], text[ROW_MAX];
	struct caa_text t;

	caa_text_init(&t, text, sizeof(text));
	caa_text_addf(&t, "%s\n{\"name\":\"", first ? "" : ",");
	caa_text_json(&t, caa_text_name(name, sizeof(name), (struct caa_name){ row->wire, row->wire_len }));
	caa_text_addf(&t, "\",\"failures\":%" PRIu32 ",\"total\":%" PRIu32 ",\"class\":\"%s\",\"last\":\"%s\"}",
		row->repeats.count, row->repeats.total, caa_class_name((enum caa_class)row->class),
		caa_text_time(time, row->unix_s));
	caa_out_text(out, text);
}

static void say_rows(const struct caa_out *out, const struct caa_fails_row *rows, size_t count, bool json)
{
	if (json)
		caa_out(out, "[");
	else
		caa_out(out, "%8s %8s  %-13s %-20s  %s\n", "failures", "total", "class", "last", "name");
	for (size_t i = 0; i < count; i++) {
		if (json)
			say_row_json(out, &rows[i], i == 0);
		else
			say_row(out, &rows[i]);
	}
	if (json)
		caa_out(out, "%s]\n", count > 0 ? "\n" : "");
}

void caa_inspect_failures(struct caa_ctx *ctx, const struct caa_out *out, const struct caa_args *args)
{
	size_t shown = ROWS_SHOWN, count, repeaters;
	struct caa_fails_row *rows;

	if (args->count > 1 || (args->count == 1 && !caa_args_number(args->word[0], ROWS_MAX, &shown))) {
		caa_out(out, "error caa_failures: the argument is not a number; allowed is caa_failures [NUMBER] [json]\n");
		return;
	}
	rows = calloc(shown + 1, sizeof(*rows));
	if (rows == NULL) {
		caa_out(out, "error out of memory\n");
		return;
	}
	count = shown > 0 ? caa_failures_list(ctx->failures, caa_host_now_us(), rows, shown) : 0;
	say_rows(out, rows, count, args->json);
	(void)caa_failures_count(ctx->failures, &repeaters);
	if (!args->json && repeaters > count)
		caa_out(out, "%zu of %zu shown\n", count, repeaters);
	free(rows);
}

static const char *security_word(uint8_t security)
{
	switch (caa_answer_security((enum sec_status)security)) {
	case CAA_HOLD_SECURE:
		return "secure";
	case CAA_HOLD_INSECURE:
		return "insecure";
	case CAA_HOLD_UNCHECKED:
	case CAA_HOLD_BOGUS:
		break;
	}
	return "unchecked";
}

/** The moments are the wall's as it is now: what was set back or forward since the answer was fetched does not count. */
static void say_held(const struct caa_out *out, const struct caa_held *held, bool cd)
{
	char since[CAA_TEXT_TIME_MAX], until[CAA_TEXT_TIME_MAX];
	int64_t now_s = (int64_t)time(NULL);

	caa_out(out, "  held:       %s, %s%s, fetched %" PRIu32 " s ago, at %s, for %" PRIu32 " s more, until %s\n",
		held->negative ? "no CAA record" : "CAA records", security_word(held->security), cd ? ", for questions with CD" : "",
		held->age_s, caa_text_time(since, now_s - held->age_s), held->left_s, caa_text_time(until, now_s + held->left_s));
}

static void say_held_json(const struct caa_out *out, struct caa_name name, const struct caa_held *held, bool cd)
{
	char shown[CAA_NAME_MAX + 1], since[CAA_TEXT_TIME_MAX], until[CAA_TEXT_TIME_MAX], text[ROW_MAX];
	int64_t now_s = (int64_t)time(NULL);
	struct caa_text t;

	caa_text_init(&t, text, sizeof(text));
	caa_text_add(&t, "{\"name\":\"");
	caa_text_json(&t, caa_text_name(shown, sizeof(shown), name));
	caa_text_addf(&t, "\",\"held\":{\"age_s\":%" PRIu32 ",\"left_s\":%" PRIu32 ",\"fetched\":\"%s\",\"until\":\"%s\","
		"\"records\":%s,\"security\":\"%s\",\"cd\":%s}}\n", held->age_s, held->left_s,
		caa_text_time(since, now_s - held->age_s), caa_text_time(until, now_s + held->left_s),
		held->negative ? "false" : "true", security_word(held->security), cd ? "true" : "false");
	caa_out_text(out, text);
}

/** Say what is held for a name.  @param alone: nothing was said of the name before. @return whether anything is held. */
static bool explain_held(struct caa_ctx *ctx, const struct caa_out *out, struct caa_name name, bool json, bool alone)
{
	char shown[CAA_NAME_MAX + 1];
	struct caa_held held;
	bool any = false;

	for (int cd = 0; cd <= 1; cd++) {
		if (!caa_hold_look(ctx, name, cd, &held))
			continue;
		if (json) {
			say_held_json(out, name, &held, cd);
		} else {
			if (alone && !any)
				caa_out(out, "CAA %s: held\n", caa_text_name(shown, sizeof(shown), name));
			say_held(out, &held, cd);
		}
		any = true;
	}
	return any;
}

/** @return whether a failure of the name is remembered, and said. */
static bool explain_failure(struct caa_ctx *ctx, const struct caa_out *out, struct caa_name name, bool json)
{
	char page[CAA_EXPLAIN_MAX], line[CAA_LINE_MAX];
	struct caa_repeats n;
	struct caa_case c;

	if (!caa_failures_find(ctx->failures, name, caa_host_now_us(), &c, &n))
		return false;
	if (json) {
		caa_report_line(&c, &n, 0, &caa_host_versions, line);
		caa_out_text(out, line);
		caa_out_text(out, "\n");
	} else {
		caa_report_explain(&c, &n, &caa_host_versions, page);
		caa_out_text(out, page);
	}
	return true;
}

void caa_inspect_explain(struct caa_ctx *ctx, const struct caa_out *out, const struct caa_args *args)
{
	uint8_t wire[CAA_NAME_MAX];
	struct caa_name name;
	bool failed;

	if (args->count != 1) {
		caa_out(out, "error caa_explain: allowed is caa_explain NAME [json]\n");
		return;
	}
	if (!read_name(out, "caa_explain", args->word[0], wire, &name))
		return;
	failed = explain_failure(ctx, out, name, args->json);
	if (!explain_held(ctx, out, name, args->json, !failed) && !failed)
		caa_out(out, "error caa_explain: no failure of that name is remembered\n");
}

static void say_traces(struct caa_ctx *ctx, const struct caa_out *out, bool json)
{
	struct caa_trace_row rows[CAA_TRACES];
	size_t count = caa_failures_traces(ctx->failures, caa_host_now_us(), rows);

	if (json)
		caa_out(out, "[");
	else
		caa_out(out, "%8s %10s  %s\n", "left-s", "left-octets", "name");
	for (size_t i = 0; i < count; i++) {
		char name[CAA_NAME_MAX + 1], text[ROW_MAX];
		struct caa_text t;

		caa_text_name(name, sizeof(name), (struct caa_name){ rows[i].wire, rows[i].wire_len });
		if (!json) {
			caa_out(out, "%8" PRIu32 " %10" PRIu32 "  %s\n", rows[i].left_s, rows[i].left_octets, name);
			continue;
		}
		caa_text_init(&t, text, sizeof(text));
		caa_text_addf(&t, "%s\n{\"name\":\"", i > 0 ? "," : "");
		caa_text_json(&t, name);
		caa_text_addf(&t, "\",\"left_s\":%" PRIu32 ",\"left_octets\":%" PRIu32 "}", rows[i].left_s, rows[i].left_octets);
		caa_out_text(out, text);
	}
	if (json)
		caa_out(out, "%s]\n", count > 0 ? "\n" : "");
}

/** @return false if the word is not on, off or a number of seconds. */
static bool read_seconds(const char *word, size_t *seconds)
{
	if (strcmp(word, "on") == 0)
		*seconds = CAA_TRACE_S;
	else if (strcmp(word, "off") == 0)
		*seconds = 0;
	else
		return caa_args_number(word, CAA_TRACE_MAX_S, seconds);
	return true;
}

void caa_inspect_trace(struct caa_ctx *ctx, const struct caa_out *out, const struct caa_args *args)
{
	uint8_t wire[CAA_NAME_MAX];
	struct caa_name name;
	size_t seconds;

	if (args->count == 0) {
		say_traces(ctx, out, args->json);
		return;
	}
	if (args->count != 2 || !read_seconds(args->word[1], &seconds)) {
		caa_out(out, "error caa_trace: allowed is caa_trace [NAME on|off|SECONDS] [json]\n");
		return;
	}
	if (!read_name(out, "caa_trace", args->word[0], wire, &name))
		return;
	if (!caa_failures_enabled(ctx->failures))
		caa_out(out, "error caa_trace: nothing is recorded, caa-failures is 0\n");
	else if (!caa_failures_trace(ctx->failures, name, caa_host_now_us(), (uint32_t)seconds))
		caa_out(out, "error caa_trace: %d names are traced already; caa_trace lists them\n", CAA_TRACES);
	else
		caa_out(out, "ok\n");
}
