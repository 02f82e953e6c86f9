/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/why/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	DETAIL_MAX = 400,
	VIA_MAX = 24,
	/** Octets of a line before its attempts.  Names of 255 octets that are all escaped can make it longer; without the
	 *  names of servers and their own text it is never more than 1900 then, and there is room for the end. */
	HEAD_MAX = 1800
};

/** A member with a string. @param clean: clean text. */
static void member(struct caa_text *t, const char *key, const char *clean)
{
	caa_text_addf(t, ",\"%s\":\"", key);
	caa_text_json(t, clean);
	caa_text_add(t, "\"");
}

static const char *result_name(enum caa_result result)
{
	static const char *const names[] = { "good", "truncated", "rcode", "no-soa", "upward-referral", "self-referral",
		"not-authoritative", "unreadable", "caps", "timeout", "network-error", "not-sent",
		"found-lame", "found-silent", "no-descriptor" };

	return names[result];
}

static unsigned server_index(const struct caa_case *c, const struct caa_addr *addr)
{
	const struct caa_server *server = caa_case_server(c, addr);

	return server != NULL ? (unsigned)(server - c->server) : CAA_CASE_SERVERS;
}

/** How it was sent; DO stands in the OPT record, so only with EDNS. */
static const char *via_of(const struct caa_attempt *a, char out[static VIA_MAX])
{
	snprintf(out, VIA_MAX, "%s%s%s%s", a->tcp ? "tcp" : "udp", a->size != 0 ? "+edns" : "", a->cookie ? "+cookie" : "",
		a->size != 0 && a->dnssec ? "+do" : "");
	return out;
}

void caa_report_attempt(struct caa_text *t, const struct caa_case *c, const struct caa_attempt *a)
{
	char text[CAA_SHORT_NAME], buf[CAA_SAY_MAX], via[VIA_MAX];

	caa_text_addf(t, "{\"t\":%" PRIu32, a->at_ms);
	if (server_index(c, &a->addr) < CAA_CASE_SERVERS) {
		caa_text_addf(t, ",\"s\":%u", server_index(c, &a->addr));
	} else {
		char addr[CAA_ADDR_TEXT_MAX];

		member(t, "a", caa_addr_text(addr, &a->addr));
	}
	member(t, "q", caa_say_type(a->qtype, buf));
	if (a->step != CAA_ASKED_QUESTION)
		member(t, "name", caa_say_asked(c, a, text, sizeof(text)));
	member(t, "via", via_of(a, via));
	if (a->count > 1)
		caa_text_addf(t, ",\"n\":%u", a->count);
	if (a->waited_ms > 0)
		caa_text_addf(t, ",\"wait\":%" PRIu32, a->waited_ms);
	if (caa_result_is_sent((enum caa_result)a->result))
		caa_text_addf(t, ",\"rtt\":%" PRIu32, a->rtt_ms);
	member(t, "r", a->result == CAA_RESULT_RCODE ? caa_say_rcode(a->rcode, buf) : result_name((enum caa_result)a->result));
	if (a->ede != CAA_NO_EDE)
		caa_text_addf(t, ",\"ede\":%u", a->ede);
	caa_text_add(t, "}");
}

static void line_servers(struct caa_text *t, const struct caa_case *c, bool brief)
{
	caa_text_add(t, ",\"servers\":[");
	for (unsigned i = 0; i < c->servers; i++) {
		const struct caa_server *s = &c->server[i];
		char addr[CAA_ADDR_TEXT_MAX];

		caa_text_addf(t, "%s{\"address\":\"%s\"", i > 0 ? "," : "", caa_addr_text(addr, &s->addr));
		if (s->ns[0] != '\0' && !brief)
			member(t, "ns", s->ns);
		if (s->limited)
			caa_text_addf(t, ",\"limited\":true,\"rate\":%" PRIu32, s->rate_qps);
		caa_text_addf(t, ",\"others_answer\":\"%s\"}", caa_known_text((enum caa_known)s->others_answer));
	}
	caa_text_add(t, "]");
}

/** Append the attempts that fit, and how many do not.  @param faults: only those that nothing good came of.
 *  @return whether all fit. */
static bool line_attempts(struct caa_text *t, const struct caa_case *c, bool faults)
{
	const char tail[] = "],\"attempts_left_out\":65535}";
	unsigned left_out = c->record.left_out;
	const char *separator = "";
	bool all = true;

	t->size -= sizeof(tail);
	caa_text_add(t, ",\"attempts\":[");
	for (unsigned i = 0; i < c->record.count; i++) {
		const struct caa_attempt *a = &c->record.attempt[i];
		size_t before = t->len;

		if (!faults || !caa_attempt_is_good(a)) {
			caa_text_add(t, separator);
			caa_report_attempt(t, c, a);
			if (!t->full) {
				separator = ",";
				continue;
			}
			caa_text_cut(t, before);
		}
		left_out += a->count;
		all = false;
	}
	t->size += sizeof(tail);
	caa_text_addf(t, "],\"attempts_left_out\":%u}", left_out > UINT16_MAX ? UINT16_MAX : left_out);
	return all;
}

static void line_head(struct caa_text *t, const struct caa_case *c, const struct caa_repeats *n, uint64_t left_out,
	const struct caa_versions *by, bool brief)
{
	char time[CAA_TEXT_TIME_MAX], ede[CAA_EDE_MAX], name[CAA_NAME_MAX + 1];
	uint16_t code = caa_say_sentence(c, ede);

	caa_text_addf(t, "{\"v\":%d,\"type\":\"caa-failure\",\"time\":\"%s\"", CAA_REPORT_VERSION,
		caa_text_time(time, c->unix_s));
	member(t, "id", c->id);
	member(t, "name", caa_text_name(name, sizeof(name), caa_case_name(c)));
	member(t, "class", caa_class_name((enum caa_class)c->class));
	caa_text_addf(t, ",\"ede\":%u", code);
	member(t, "text", ede);
	caa_text_addf(t, ",\"failures\":%" PRIu32 ",\"window_s\":%" PRIu32 ",\"total\":%" PRIu32 ",\"first\":\"%s\"", n->count,
		n->window_s, n->total, caa_text_time(time, n->first_unix_s));
	caa_text_addf(t, ",\"retried\":%s,\"tries\":%u,\"took_ms\":%" PRIu32, caa_case_retried(c) ? "true" : "false", c->tries,
		c->took_ms);
	member(t, "fault", caa_fault_name(caa_case_fault(c)));
	member(t, "own_fault", caa_known_text(caa_case_own_fault(c)));
	if (c->elsewhere)
		caa_text_add(t, ",\"elsewhere\":true");
	member(t, "zone", c->zone);
	member(t, "insecure", caa_known_text((enum caa_known)c->insecure));
	member(t, "others_answer", caa_known_text(caa_case_others_answer(c)));
	if (c->record.ede_of != CAA_NO_EDE) {
		char addr[CAA_ADDR_TEXT_MAX];

		caa_text_addf(t, ",\"server_ede\":{\"code\":%u,\"from\":\"%s\",\"text\":\"", c->record.ede_of,
			caa_addr_text(addr, &c->record.ede_from));
		caa_text_json(t, brief ? "" : c->record.ede_text);
		caa_text_add(t, "\"}");
	}
	caa_text_addf(t, ",\"resolver\":{\"unbound\":\"%s\",\"module\":\"%s\"},\"lines_left_out\":%" PRIu64, by->unbound, by->module,
		left_out);
}

size_t caa_report_line(const struct caa_case *c, const struct caa_repeats *n, uint64_t left_out, const struct caa_versions *by,
	char line[static CAA_LINE_MAX])
{
	struct caa_text t;
	bool brief = false;
	size_t head;

	for (;; brief = true) {
		caa_text_init(&t, line, CAA_LINE_MAX);
		line_head(&t, c, n, left_out, by, brief);
		line_servers(&t, c, brief);
		if (brief || (!t.full && t.len <= HEAD_MAX))
			break;
	}
	head = t.len;
	if (!line_attempts(&t, c, false)) {
		caa_text_cut(&t, head);
		line_attempts(&t, c, true);
	}
	return t.len;
}

/* --- the page ----------------------------------------------------------------------------------------------------------- */

static void page_servers(struct caa_text *t, const struct caa_case *c)
{
	caa_text_addf(t, "\n%-2s %-24s %-32s %8s %8s %8s %7s  %s\n", "#", "server", "name", "sent-caa", "replied", "timeout",
		"limit/s", "answers for other zones");
	for (unsigned i = 0; i < c->servers; i++) {
		const struct caa_server *s = &c->server[i];
		char addr[CAA_ADDR_TEXT_MAX], rate[16] = "-";

		if (s->limited)
			snprintf(rate, sizeof(rate), "%" PRIu32, s->rate_qps);
		caa_text_addf(t, "%-2u %-24s %-32s %8" PRIu32 " %8" PRIu32 " %8" PRIu32 " %7s  %s\n", i,
			caa_addr_text(addr, &s->addr), s->ns[0] != '\0' ? s->ns : "-", s->sent, s->replied, s->timed_out, rate,
			caa_known_text((enum caa_known)s->others_answer));
	}
}

static void page_attempt(struct caa_text *t, const struct caa_case *c, const struct caa_attempt *a)
{
	char name[CAA_SHORT_NAME], type[CAA_SAY_MAX], rcode[CAA_SAY_MAX], addr[CAA_ADDR_TEXT_MAX], wait[16], rtt[16] = "-",
		via[VIA_MAX];

	snprintf(wait, sizeof(wait), "%" PRIu32, a->waited_ms);
	if (caa_result_is_sent((enum caa_result)a->result))
		snprintf(rtt, sizeof(rtt), "%" PRIu32, a->rtt_ms);
	caa_text_addf(t, "%7" PRIu32 " %4u  %-24s %-19s %6s %6s  %s", a->at_ms, a->count, caa_addr_text(addr, &a->addr),
		via_of(a, via), wait, rtt,
		a->result == CAA_RESULT_RCODE ? caa_say_rcode(a->rcode, rcode) : result_name((enum caa_result)a->result));
	caa_text_addf(t, " <- %s %s", caa_say_type(a->qtype, type), caa_say_asked(c, a, name, sizeof(name)));
	if (a->ede != CAA_NO_EDE)
		caa_text_addf(t, " (EDE %u)", a->ede);
	caa_text_add(t, "\n");
}

void caa_report_explain(const struct caa_case *c, const struct caa_repeats *n, const struct caa_versions *by,
	char page[static CAA_EXPLAIN_MAX])
{
	char name[CAA_NAME_MAX + 1], time[CAA_TEXT_TIME_MAX], first[CAA_TEXT_TIME_MAX], why[DETAIL_MAX];
	struct caa_text t, sentence;
	uint16_t code = caa_say_code(c);

	caa_text_init(&sentence, why, sizeof(why));
	caa_say_why(&sentence, c);
	caa_text_init(&t, page, CAA_EXPLAIN_MAX);
	caa_text_addf(&t, "CAA %s: %s\n", caa_text_name(name, sizeof(name), caa_case_name(c)),
		caa_class_name((enum caa_class)c->class));
	caa_text_addf(&t, "  why:        %s\n  do:         %s\n", why, caa_say_advice(c));
	caa_text_addf(&t, "  failed:     %s, after %" PRIu32 ".%03" PRIu32 " s\n", caa_text_time(time, c->unix_s), c->took_ms / 1000,
		c->took_ms % 1000);
	if (c->elsewhere)
		caa_text_add(&t, "  looked up:  by another resolver of this perspective, whose times and counts these are\n");
	caa_text_addf(&t, "  failures:   %" PRIu32 " within %" PRIu32 " s; %" PRIu32 " in all since %s\n", n->count, n->window_s,
		n->total, caa_text_time(first, n->first_unix_s));
	caa_text_addf(&t, "  client got: SERVFAIL, EDE %u (%s)%s%s\n", code, caa_say_ede(code), c->id[0] != '\0' ? ", id " : "", c->id);
	if (c->record.ede_of != CAA_NO_EDE) {
		char addr[CAA_ADDR_TEXT_MAX];

		caa_text_addf(&t, "  server's:   EDE %u from %s: %s\n", c->record.ede_of, caa_addr_text(addr, &c->record.ede_from),
			c->record.ede_text);
	}
	caa_text_addf(&t, "  fault:      %s; this resolver's own: %s; by unbound %s, module %s\n",
		caa_fault_name(caa_case_fault(c)), caa_known_text(caa_case_own_fault(c)), by->unbound, by->module);
	caa_text_addf(&t, "  zone:       %s\n  to issue:   retried: %s (%u %s); zone proven insecure: %s; its servers answer for "
		"other zones: %s\n", c->zone[0] != '\0' ? c->zone : "-", caa_case_retried(c) ? "yes" : "no", c->tries,
		c->tries == 1 ? "try" : "tries", caa_known_text((enum caa_known)c->insecure),
		caa_known_text(caa_case_others_answer(c)));
	page_servers(&t, c);
	caa_text_addf(&t, "\n%7s %4s  %-24s %-19s %6s %6s  %s\n", "at-ms", "n", "server", "via", "wait", "rtt", "result <- asked");
	for (unsigned i = 0; i < c->record.count; i++)
		page_attempt(&t, c, &c->record.attempt[i]);
	if (c->record.left_out > 0)
		caa_text_addf(&t, "%u further attempts are not kept\n", c->record.left_out);
}
