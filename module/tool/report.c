/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum {
	NAME_WIDTH_MAX = 48,	/**< columns of the names in the table; a longer one moves its line's rest */
	PROGRESS_US = 100000,	/**< between two writes of the progress line */
	REASONS_MAX = 64
};

void caa_report_progress(const struct caa_checks *c)
{
	static struct timeval last;
	struct timeval now, past;

	gettimeofday(&now, NULL);
	timersub(&now, &last, &past);
	if (past.tv_sec == 0 && past.tv_usec < PROGRESS_US && caa_checks_done(c) < caa_checks_count(c))
		return;
	last = now;
	fprintf(stderr, "\r%zu of %zu names, %zu failed ", caa_checks_done(c), caa_checks_count(c), caa_checks_failed(c));
}

void caa_report_progress_end(void)
{
	fprintf(stderr, "\r%60s\r", "");
}

/** Print octets from outside for a terminal: anything but printable ASCII as \DDD. */
static void print_safe(const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= ' ' && c <= '~' && c != '\\')
			putchar(c);
		else
			printf("\\%03u", c);
	}
}

/** The label that decided; NULL if every label said none. */
static const struct caa_label *decider(const struct caa_check *check, enum caa_verdict *verdict, struct caa_name *at)
{
	size_t i;

	*verdict = caa_climb_verdict(&check->climb, &i);
	if (*verdict == CAA_VERDICT_NONE)
		return NULL;
	*at = check->climb.label[i];
	return &check->label[i];
}

static void print_reason(const struct caa_label *l, struct caa_name at)
{
	char name[CAA_NAME_TEXT_MAX];

	printf("%s at %s", l->why, caa_name_text(name, at));
	for (unsigned i = 0; i < l->edes; i++) {
		printf("; EDE %u ", l->ede[i].code);
		print_safe(l->ede[i].text);
	}
}

/** The records on one line. */
static void print_records(const struct caa_label *l)
{
	const char *separator = "";

	print_safe(l->owner);
	printf("  ");
	for (const char *at = l->records; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n') {
		char record[512];

		snprintf(record, sizeof(record), "%.*s", (int)strcspn(at, "\n"), at);
		printf("%s", separator);
		print_safe(record);
		separator = ", ";
	}
}

static void print_row(const struct caa_check *check, int width)
{
	enum caa_verdict verdict;
	struct caa_name at;
	const struct caa_label *l = decider(check, &verdict, &at);

	printf("%-*s  %-4s  %7.3f  ", width, check->san->text, verdict == CAA_VERDICT_FAILED ? "FAIL" : "pass",
		check->seconds);
	switch (verdict) {
	case CAA_VERDICT_NONE:
		printf("no CAA");
		break;
	case CAA_VERDICT_FOUND:
		print_records(l);
		break;
	case CAA_VERDICT_OPEN:
	case CAA_VERDICT_FAILED:
		print_reason(l, at);
		break;
	}
	putchar('\n');
}

/** How often each reason failed a name. */
struct reasons {
	struct { const char *why; size_t count; } reason[REASONS_MAX];
	size_t count;
};

static struct reasons count_reasons(const struct caa_checks *c)
{
	struct reasons r = { .count = 0 };

	for (size_t i = 0; i < caa_checks_count(c); i++) {
		enum caa_verdict verdict;
		struct caa_name at;
		const struct caa_label *l = decider(caa_checks_at(c, i), &verdict, &at);
		size_t k = 0;

		if (verdict != CAA_VERDICT_FAILED)
			continue;
		while (k < r.count && strcmp(r.reason[k].why, l->why) != 0)
			k++;
		if (k == REASONS_MAX)
			continue;
		if (k == r.count)
			r.reason[r.count++].why = l->why;
		r.reason[k].count++;
	}
	return r;
}

static int widest(const struct caa_checks *c)
{
	size_t width = strlen("name");

	for (size_t i = 0; i < caa_checks_count(c); i++)
		if (strlen(caa_checks_at(c, i)->san->text) > width)
			width = strlen(caa_checks_at(c, i)->san->text);
	return width < NAME_WIDTH_MAX ? (int)width : NAME_WIDTH_MAX;
}

void caa_report_table(const struct caa_checks *c, const struct caa_ask_counts *counts, double seconds, bool quiet)
{
	const struct reasons reasons = count_reasons(c);
	int width = widest(c);

	if (!quiet || caa_checks_failed(c) > 0)
		printf("%-*s  %-4s  %7s  %s\n", width, "name", "", "seconds", "Relevant RRset, or the reason");
	for (size_t i = 0; i < caa_checks_count(c); i++) {
		enum caa_verdict verdict;
		struct caa_name at;

		(void)decider(caa_checks_at(c, i), &verdict, &at);
		if (!quiet || verdict == CAA_VERDICT_FAILED)
			print_row(caa_checks_at(c, i), width);
	}
	printf("%zu names: %zu passed, %zu failed", caa_checks_count(c), caa_checks_count(c) - caa_checks_failed(c),
		caa_checks_failed(c));
	for (size_t i = 0; i < reasons.count; i++)
		printf("%s%s %zu", i == 0 ? " (" : ", ", reasons.reason[i].why, reasons.reason[i].count);
	printf("%s; %.3f seconds, %" PRIu64 " questions sent, %" PRIu64 " of them again\n", reasons.count > 0 ? ")" : "",
		seconds, counts->sent, counts->retried);
}

/** Octets of the UTF-8 sequence (RFC 3629 s4) at text; 0 if there is no valid one. */
static size_t utf8_length(const unsigned char *text)
{
	static const struct { unsigned char first, last, low, high; size_t len; } form[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		if (text[0] < form[i].first || text[0] > form[i].last)
			continue;
		if (text[1] < form[i].low || text[1] > form[i].high)
			return 0;
		for (size_t k = 2; k < form[i].len; k++)
			if (text[k] < 0x80 || text[k] > 0xbf)
				return 0;
		return form[i].len;
	}
	return 0;
}

/** Print a JSON string (RFC 8259 s7); an octet that is not UTF-8 becomes U+FFFD. */
static void json_string(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	putchar('"');
	while (*at != '\0') {
		size_t len = utf8_length(at);

		if (len > 0) {
			printf("%.*s", (int)len, (const char *)at);
			at += len;
			continue;
		}
		if (*at == '"' || *at == '\\')
			printf("\\%c", *at);
		else if (*at < ' ' || *at == 0x7f)
			printf("\\u%04x", *at);
		else if (*at > 0x7f)
			printf("\\ufffd");
		else
			putchar(*at);
		at++;
	}
	putchar('"');
}

static void json_member(const char *name, const char *text)
{
	printf("\"%s\":", name);
	if (text == NULL)
		printf("null");
	else
		json_string(text);
}

/** The records, an array of strings. */
static void json_records(const struct caa_label *l)
{
	const char *separator = "";

	printf("\"records\":[");
	for (const char *at = l != NULL && l->records != NULL ? l->records : ""; *at != '\0';
	     at += strcspn(at, "\n"), at += *at == '\n') {
		char *record = strndup(at, strcspn(at, "\n"));

		printf("%s", separator);
		json_string(record != NULL ? record : "");
		free(record);
		separator = ",";
	}
	printf("]");
}

static const char *step_name(enum caa_step step)
{
	switch (step) {
	case CAA_STEP_WAITING:
		return "not asked";
	case CAA_STEP_NONE:
		return "none";
	case CAA_STEP_FOUND:
		return "found";
	case CAA_STEP_FAILED:
		return "failed";
	}
	return "";
}

static void json_label(const struct caa_label *l, struct caa_name name, enum caa_step step)
{
	char text[CAA_NAME_TEXT_MAX];

	printf("{");
	json_member("name", caa_name_text(text, name));
	printf(",");
	json_member("outcome", step_name(step));
	printf(",");
	json_member("rcode", l->rcode[0] != '\0' ? l->rcode : NULL);
	printf(",");
	json_member("reason", l->why[0] != '\0' ? l->why : NULL);
	printf(",");
	json_records(l);
	if (l->held)
		printf(",\"held_age_s\":%u", l->age_s);
	printf(",\"ad\":%s,\"tries\":%u,\"tcp\":%s,", l->ad ? "true" : "false", l->tries, l->tcp ? "true" : "false");
	json_member("server", l->server);
	printf(",\"seconds\":%.6f,\"ede\":[", l->seconds);
	for (unsigned i = 0; i < l->edes; i++) {
		printf("%s{\"code\":%u,", i > 0 ? "," : "", l->ede[i].code);
		json_member("text", l->ede[i].text);
		printf("}");
	}
	printf("]}");
}

static void json_check(const struct caa_check *check)
{
	enum caa_verdict verdict;
	struct caa_name at;
	const struct caa_label *l = decider(check, &verdict, &at);

	printf("{");
	json_member("name", check->san->text);
	printf(",\"wildcard\":%s,\"passed\":%s,", check->wildcard ? "true" : "false",
		verdict == CAA_VERDICT_FAILED ? "false" : "true");
	json_member("owner", verdict == CAA_VERDICT_FOUND ? l->owner : NULL);
	printf(",");
	json_records(verdict == CAA_VERDICT_FOUND ? l : NULL);
	printf(",");
	json_member("reason", verdict == CAA_VERDICT_FAILED ? l->why : NULL);
	printf(",\"seconds\":%.6f,\"labels\":[", check->seconds);
	for (size_t i = 0; i < check->climb.labels; i++) {
		printf("%s", i > 0 ? "," : "");
		json_label(&check->label[i], check->climb.label[i], check->climb.step[i]);
	}
	printf("]}");
}

void caa_report_json(const struct caa_checks *c, const struct caa_ask_counts *counts, double seconds)
{
	const struct reasons reasons = count_reasons(c);

	printf("{\"names\":[");
	for (size_t i = 0; i < caa_checks_count(c); i++) {
		printf("%s", i > 0 ? ",\n" : "\n");
		json_check(caa_checks_at(c, i));
	}
	printf("\n],\"summary\":{\"names\":%zu,\"passed\":%zu,\"failed\":%zu,\"reasons\":{", caa_checks_count(c),
		caa_checks_count(c) - caa_checks_failed(c), caa_checks_failed(c));
	for (size_t i = 0; i < reasons.count; i++) {
		printf("%s", i > 0 ? "," : "");
		json_string(reasons.reason[i].why);
		printf(":%zu", reasons.reason[i].count);
	}
	printf("},\"seconds\":%.6f,\"sent\":%" PRIu64 ",\"retried\":%" PRIu64 ",\"ignored\":%" PRIu64
		",\"whole\":%zu}}\n", seconds, counts->sent, counts->retried, counts->ignored, caa_checks_whole(c));
}
