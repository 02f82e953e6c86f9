/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/report.h"

#include "core/packet.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {				/* RFC 8914, section 4 */
	EDE_OTHER = 0, EDE_BOGUS = 6, EDE_EXPIRED = 7, EDE_NOT_YET = 8, EDE_DNSKEY = 9, EDE_RRSIGS = 10, EDE_ZONE_KEY = 11,
	EDE_NSEC = 12, EDE_NO_AUTHORITY = 22, EDE_NETWORK = 23, EDE_INVALID = 24
};

enum {
	NAME_SHOWN = 48,	/**< octets of a name in an EDE text, with NUL */
	DETAIL_MAX = 400,
	VIA_MAX = 24,
	/** Octets of a line before its attempts.  Names of 255 octets that are all escaped can make it longer; without the
	 *  names of servers and their own text it is never more than 1900 then, and there is room for the end. */
	HEAD_MAX = 1800
};

static const struct { uint16_t code; const char *name; } ede_names[] = {
	{ 0, "Other Error" }, { 1, "Unsupported DNSKEY Algorithm" }, { 2, "Unsupported DS Digest Type" }, { 3, "Stale Answer" },
	{ 4, "Forged Answer" }, { 5, "DNSSEC Indeterminate" }, { 6, "DNSSEC Bogus" }, { 7, "Signature Expired" },
	{ 8, "Signature Not Yet Valid" }, { 9, "DNSKEY Missing" }, { 10, "RRSIGs Missing" }, { 11, "No Zone Key Bit Set" },
	{ 12, "NSEC Missing" }, { 13, "Cached Error" }, { 14, "Not Ready" }, { 15, "Blocked" }, { 16, "Censored" },
	{ 17, "Filtered" }, { 18, "Prohibited" }, { 19, "Stale NXDOMAIN Answer" }, { 20, "Not Authoritative" },
	{ 21, "Not Supported" }, { 22, "No Reachable Authority" }, { 23, "Network Error" }, { 24, "Invalid Data" },
};

const char *caa_report_ede_name(uint16_t code)
{
	for (size_t i = 0; i < sizeof(ede_names) / sizeof(ede_names[0]); i++)
		if (ede_names[i].code == code)
			return ede_names[i].name;
	return "Other Error";
}

static const char *rcode_name(uint16_t rcode, char buf[static 16])
{
	static const char *const names[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN",
		"YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE" };

	if (rcode < sizeof(names) / sizeof(names[0]))
		return names[rcode];
	if (rcode == CAA_RCODE_BADVERS)
		return "BADVERS";
	if (rcode == CAA_RCODE_BADCOOKIE)
		return "BADCOOKIE";
	snprintf(buf, 16, "RCODE%u", rcode);
	return buf;
}

static const char *type_name(uint16_t qtype, char buf[static 16])
{
	static const struct { uint16_t type; const char *name; } names[] = {
		{ 1, "A" }, { 2, "NS" }, { 5, "CNAME" }, { 6, "SOA" }, { 28, "AAAA" }, { 43, "DS" }, { 48, "DNSKEY" },
		{ 257, "CAA" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == qtype)
			return names[i].name;
	snprintf(buf, 16, "TYPE%u", qtype);
	return buf;
}

/** The last so many labels of the question's name, or the other name that was asked for. */
static const char *asked_name(const struct caa_case *c, const struct caa_attempt *a, char *out, size_t size)
{
	struct caa_name name = caa_case_name(c);

	if (a->labels == CAA_LABELS_NONE) {
		snprintf(out, size, "%s", a->name < CAA_ATTEMPT_NAMES ? c->record.name[a->name] : "(another name)");
		return out;
	}
	while (caa_name_labels(name) > a->labels && caa_name_parent(&name, name))
		;
	return caa_text_name(out, size, name);
}

/* --- the sentence --------------------------------------------------------------------------------------------------- */

/** How much an EDE text says: less where it does not fit. */
enum detail { WITH_OTHERS, WITH_SERVER_NAME, SHORT };

static void say_server(struct caa_text *t, const struct caa_case *c, const struct caa_addr *addr, enum detail detail)
{
	const struct caa_server *server = caa_case_server(c, addr);
	const char *ns = server != NULL && detail != SHORT ? server->ns : "";
	unsigned alike = caa_case_alike(c);
	char text[CAA_ADDR_TEXT_MAX];

	caa_text_add(t, caa_addr_text(text, addr));
	if (ns[0] != '\0' && alike > 0)
		caa_text_addf(t, " (%s, and %u more)", ns, alike);
	else if (ns[0] != '\0')
		caa_text_addf(t, " (%s)", ns);
	else if (alike > 0)
		caa_text_addf(t, " (and %u more)", alike);
}

/** Type and name of what was asked. */
static void say_asked(struct caa_text *t, const struct caa_case *c, const struct caa_attempt *a)
{
	char name[NAME_SHOWN], type[16];

	caa_text_addf(t, "%s %s", type_name(a->qtype, type), asked_name(c, a, name, sizeof(name)));
}

static void say_times(struct caa_text *t, unsigned count)
{
	if (count > 1)
		caa_text_addf(t, " (%u times)", count);
}

/** What is counted at the server, or where that says less, for this question. */
static void say_limit(struct caa_text *t, const struct caa_case *c, const struct caa_attempt *a)
{
	const struct caa_server *server = caa_case_server(c, &a->addr);
	char rcode[16];

	if (a->result != CAA_RESULT_RCODE && server->timed_out == 0) {
		caa_text_addf(t, " limits the rate to about %" PRIu32 "/s: no time was left to send this query", server->rate_qps);
		return;
	}
	caa_text_add(t, " limits the rate: ");
	if (a->result == CAA_RESULT_RCODE)
		caa_text_addf(t, "%s to %u %s for this name", rcode_name(a->rcode, rcode), a->count,
			a->count == 1 ? "query" : "queries");
	else
		caa_text_addf(t, "%" PRIu32 " of %" PRIu32 " UDP queries unanswered", server->timed_out,
			server->replied + server->timed_out);
	caa_text_addf(t, ", about %" PRIu32 "/s answered", server->rate_qps);
}

static const char *edns_words(enum caa_edns_fault fault)
{
	switch (fault) {
	case CAA_EDNS_ANY:
		return "with EDNS";
	case CAA_EDNS_VERSION:
		return "with EDNS version 0";
	case CAA_EDNS_OPTION:
		return "with an EDNS option (COOKIE)";
	case CAA_EDNS_SIZE:
		return "with a large EDNS UDP size";
	case CAA_EDNS_NONE:
		return "with EDNS and without";
	}
	return "";
}

static const char *lame_words(enum caa_result result)
{
	if (result == CAA_RESULT_UPWARD)
		return "refers upwards";
	if (result == CAA_RESULT_SELF)
		return "refers to the zone itself";
	return "is not authoritative";
}

static void say_lame(struct caa_text *t, const struct caa_case *c, const struct caa_attempt *a)
{
	char rcode[16];

	if (a->result == CAA_RESULT_FOUND_LAME) {
		caa_text_addf(t, " was found not to be authoritative for %s a moment ago", c->zone);
		return;
	}
	if (a->result == CAA_RESULT_RCODE)
		caa_text_addf(t, " answered %s to ", rcode_name(a->rcode, rcode));
	else
		caa_text_addf(t, " %s, asked for ", lame_words((enum caa_result)a->result));
	say_asked(t, c, a);
}

static void say_answered(struct caa_text *t, const struct caa_case *c, const struct caa_attempt *a, const char *what)
{
	caa_text_addf(t, " answered %s to ", what);
	say_asked(t, c, a);
	say_times(t, a->count);
}

static void say_own_ede(struct caa_text *t, const struct caa_case *c, const struct caa_attempt *a, enum detail detail)
{
	if (a->ede == CAA_NO_EDE)
		return;
	caa_text_addf(t, " (its EDE %u", a->ede);
	if (detail != SHORT && a->ede == c->record.ede_of && c->record.ede_text[0] != '\0' &&
	    caa_addr_equal(&a->addr, &c->record.ede_from))
		caa_text_addf(t, ": %s", c->record.ede_text);
	caa_text_add(t, ")");
}

/** What happened at the server of the main cause. */
static void say_at_server(struct caa_text *t, const struct caa_case *c, const struct caa_attempt *a, enum detail detail)
{
	char rcode[16];

	say_server(t, c, &a->addr, detail);
	switch ((enum caa_class)c->class) {
	case CAA_CLASS_RATE_LIMITED:
		say_limit(t, c, a);
		break;
	case CAA_CLASS_CAPS:
		caa_text_add(t, " changes the letter case of the name in its answer to ");
		say_asked(t, c, a);
		break;
	case CAA_CLASS_NO_SOA:
		caa_text_add(t, " answered ");
		say_asked(t, c, a);
		caa_text_add(t, " with NOERROR, empty and without SOA");
		break;
	case CAA_CLASS_FORMERR_EDNS:
		caa_text_addf(t, " answered %s to ", rcode_name(a->rcode, rcode));
		say_asked(t, c, a);
		caa_text_addf(t, " %s", edns_words((enum caa_edns_fault)c->edns));
		break;
	case CAA_CLASS_LAME:
		say_lame(t, c, a);
		break;
	case CAA_CLASS_NOTIMP:
	case CAA_CLASS_REFUSED:
	case CAA_CLASS_SERVFAIL:
		say_answered(t, c, a, a->result == CAA_RESULT_UNREADABLE ? "what cannot be read" : rcode_name(a->rcode, rcode));
		break;
	case CAA_CLASS_UNREACHABLE:
		caa_text_addf(t, " cannot be reached over %s for ", a->tcp ? "TCP" : "UDP");
		say_asked(t, c, a);
		break;
	case CAA_CLASS_TIMEOUT:
		if (a->result == CAA_RESULT_FOUND_SILENT) {
			caa_text_add(t, " did not answer other queries a moment ago");
			break;
		}
		caa_text_add(t, " did not answer ");
		say_asked(t, c, a);
		caa_text_addf(t, " (%u %s %s)", a->count, a->tcp ? "TCP" : "UDP", a->count == 1 ? "query" : "queries");
		break;
	case CAA_CLASS_BUDGET:
	case CAA_CLASS_BOGUS:
	case CAA_CLASS_CNAME_LOOP:
	case CAA_CLASS_INTERNAL:
	case CAA_CLASS_COUNT:
		break;
	}
	say_own_ede(t, c, a, detail);
}

static const char *bogus_words(uint16_t ede)
{
	switch (ede) {
	case EDE_EXPIRED:
		return "a signature has expired";
	case EDE_NOT_YET:
		return "a signature is not valid yet";
	case EDE_DNSKEY:
		return "no DNSKEY matches the DS of the parent zone";
	case EDE_RRSIGS:
		return "signatures are missing";
	case EDE_ZONE_KEY:
		return "the key is no zone key";
	case EDE_NSEC:
		return "the proof that there is no such record is missing or wrong";
	default:
		return "the answer does not match its signatures";
	}
}

static void say_without_server(struct caa_text *t, const struct caa_case *c, enum detail detail)
{
	char name[NAME_SHOWN];

	caa_text_name(name, sizeof(name), caa_case_name(c));
	switch ((enum caa_class)c->class) {
	case CAA_CLASS_BOGUS:
		caa_text_addf(t, "DNSSEC of CAA %s fails", name);
		if (strcmp(c->zone, name) != 0 && c->zone[0] != '\0')
			caa_text_addf(t, " in zone %s", c->zone);
		caa_text_addf(t, ": %s", bogus_words(c->bogus_ede));
		if (c->reason[0] != '\0' && detail == WITH_OTHERS)
			caa_text_addf(t, " (%s)", c->reason);
		break;
	case CAA_CLASS_CNAME_LOOP:
		caa_text_addf(t, "CNAME records of %s lead in a circle or too far", name);
		if (c->about[0] != '\0')
			caa_text_addf(t, ", stopped at %s", c->about);
		break;
	case CAA_CLASS_UNREACHABLE:
		caa_text_addf(t, "no nameserver of %s has an address", c->zone);
		if (c->about[0] != '\0')
			caa_text_addf(t, " (%s)", c->about);
		break;
	case CAA_CLASS_BUDGET:
		caa_text_addf(t, "CAA %s: no turn at its servers within the time for one question", name);
		break;
	default:
		caa_text_addf(t, "CAA %s: the resolver gave up; no fault of its servers is known", name);
		break;
	}
}

static const char *bogus_advice(uint16_t ede)
{
	switch (ede) {
	case EDE_DNSKEY:
		return "correct the DS at the registrar, or remove it";
	case EDE_EXPIRED:
	case EDE_NOT_YET:
		return "sign the zone again";
	default:
		return "sign the zone again, and compare its keys with the DS at the registrar";
	}
}

/** What to change. */
static const char *advice(const struct caa_case *c)
{
	switch ((enum caa_class)c->class) {
	case CAA_CLASS_RATE_LIMITED:
		return "raise its rate limit for validation or enable DNS cookies";
	case CAA_CLASS_BOGUS:
		return bogus_advice(c->bogus_ede);
	case CAA_CLASS_CNAME_LOOP:
		return "correct the CNAME records";
	case CAA_CLASS_CAPS:
		return "let it return the question as it came";
	case CAA_CLASS_NO_SOA:
		return "it must add the zone's SOA (RFC 2308 s3)";
	case CAA_CLASS_FORMERR_EDNS:
		return c->edns == CAA_EDNS_OPTION ? "it must ignore options it does not know (RFC 6891)" :
			"update it, or what filters its queries (RFC 6891)";
	case CAA_CLASS_NOTIMP:
		return "it must answer any type it does not know, NOERROR if there is none (RFC 3597)";
	case CAA_CLASS_LAME:
		return "load the zone there, or remove the server from the delegation";
	case CAA_CLASS_REFUSED:
		return "allow queries for the zone there, or remove the server from the delegation";
	case CAA_CLASS_SERVFAIL:
		return "see that server's own log";
	case CAA_CLASS_UNREACHABLE:
		return c->cause < CAA_ATTEMPTS_MAX ? "check the address in the delegation, and routing" :
			"correct the delegation or the address records";
	case CAA_CLASS_TIMEOUT:
		return caa_case_others_answer(c) == CAA_YES ? "it answers for others: let type CAA (257) pass" :
			"see that it runs, and that no filter drops type CAA (257)";
	case CAA_CLASS_BUDGET:
	case CAA_CLASS_INTERNAL:
	case CAA_CLASS_COUNT:
		break;
	}
	return "try again later";
}

static void say_others(struct caa_text *t, const struct caa_case *c)
{
	const char *separator = "; also ";

	for (unsigned i = 0; i < CAA_CLASS_COUNT; i++) {
		if (i == c->class || c->share[i] == 0)
			continue;
		caa_text_addf(t, "%s%s x%u", separator, caa_class_name((enum caa_class)i), c->share[i]);
		separator = ", ";
	}
}

static void say(struct caa_text *t, const struct caa_case *c, enum detail detail)
{
	if (c->cause < CAA_ATTEMPTS_MAX && c->class != CAA_CLASS_BOGUS && c->class != CAA_CLASS_CNAME_LOOP &&
	    c->class != CAA_CLASS_BUDGET)
		say_at_server(t, c, &c->record.attempt[c->cause], detail);
	else
		say_without_server(t, c, detail);
	if (detail == WITH_OTHERS)
		say_others(t, c);
}

static uint16_t code_of(const struct caa_case *c)
{
	switch ((enum caa_class)c->class) {
	case CAA_CLASS_BOGUS:
		return c->bogus_ede != CAA_NO_EDE ? c->bogus_ede : EDE_BOGUS;
	case CAA_CLASS_TIMEOUT:
	case CAA_CLASS_UNREACHABLE:
	case CAA_CLASS_LAME:
		return EDE_NO_AUTHORITY;
	case CAA_CLASS_RATE_LIMITED:
	case CAA_CLASS_REFUSED:
	case CAA_CLASS_SERVFAIL:
	case CAA_CLASS_NOTIMP:
	case CAA_CLASS_FORMERR_EDNS:
	case CAA_CLASS_CAPS:
		return EDE_NETWORK;
	case CAA_CLASS_NO_SOA:
	case CAA_CLASS_CNAME_LOOP:
		return EDE_INVALID;
	case CAA_CLASS_BUDGET:
	case CAA_CLASS_INTERNAL:
	case CAA_CLASS_COUNT:
		break;
	}
	return EDE_OTHER;
}

uint16_t caa_report_ede(const struct caa_case *c, char text[static CAA_EDE_MAX])
{
	struct caa_text t;

	for (int detail = WITH_OTHERS; detail <= SHORT; detail++) {
		caa_text_init(&t, text, CAA_EDE_MAX);
		say(&t, c, (enum detail)detail);
		caa_text_addf(&t, "; %s", advice(c));
		if (!t.full)
			return code_of(c);
	}
	/* Even the shortest is too long: what happened counts more than what to do, and has room alone. */
	caa_text_init(&t, text, CAA_EDE_MAX);
	say(&t, c, SHORT);
	return code_of(c);
}

/* --- the line ----------------------------------------------------------------------------------------------------------- */

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
		"found-lame", "found-silent" };

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
	char text[CAA_SHORT_NAME], buf[16], via[VIA_MAX];

	caa_text_addf(t, "{\"t\":%" PRIu32, a->at_ms);
	if (server_index(c, &a->addr) < CAA_CASE_SERVERS) {
		caa_text_addf(t, ",\"s\":%u", server_index(c, &a->addr));
	} else {
		char addr[CAA_ADDR_TEXT_MAX];

		member(t, "a", caa_addr_text(addr, &a->addr));
	}
	member(t, "q", type_name(a->qtype, buf));
	if (a->step != CAA_STEP_QUESTION)
		member(t, "name", asked_name(c, a, text, sizeof(text)));
	member(t, "via", via_of(a, via));
	if (a->count > 1)
		caa_text_addf(t, ",\"n\":%u", a->count);
	if (a->waited_ms > 0)
		caa_text_addf(t, ",\"wait\":%" PRIu32, a->waited_ms);
	if (caa_result_is_sent((enum caa_result)a->result))
		caa_text_addf(t, ",\"rtt\":%" PRIu32, a->rtt_ms);
	member(t, "r", a->result == CAA_RESULT_RCODE ? rcode_name(a->rcode, buf) : result_name((enum caa_result)a->result));
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

		if (!faults || !caa_result_is_good((enum caa_result)a->result)) {
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

static void line_head(struct caa_text *t, const struct caa_case *c, const struct caa_repeats *n, uint64_t left_out, bool brief)
{
	char time[CAA_TEXT_TIME_MAX], ede[CAA_EDE_MAX], name[CAA_NAME_MAX + 1];
	uint16_t code = caa_report_ede(c, ede);

	caa_text_addf(t, "{\"v\":%d,\"type\":\"caa-failure\",\"time\":\"%s\"", CAA_REPORT_VERSION,
		caa_text_time(time, c->unix_s));
	member(t, "name", caa_text_name(name, sizeof(name), caa_case_name(c)));
	member(t, "class", caa_class_name((enum caa_class)c->class));
	caa_text_addf(t, ",\"ede\":%u", code);
	member(t, "text", ede);
	caa_text_addf(t, ",\"failures\":%" PRIu32 ",\"window_s\":%" PRIu32 ",\"total\":%" PRIu32 ",\"first\":\"%s\"", n->count,
		n->window_s, n->total, caa_text_time(time, n->first_unix_s));
	caa_text_addf(t, ",\"retried\":%s,\"tries\":%u,\"took_ms\":%" PRIu32, caa_case_retried(c) ? "true" : "false", c->tries,
		c->took_ms);
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
	caa_text_addf(t, ",\"lines_left_out\":%" PRIu64, left_out);
}

size_t caa_report_line(const struct caa_case *c, const struct caa_repeats *n, uint64_t left_out,
	char line[static CAA_LINE_MAX])
{
	struct caa_text t;
	bool brief = false;
	size_t head;

	for (;; brief = true) {
		caa_text_init(&t, line, CAA_LINE_MAX);
		line_head(&t, c, n, left_out, brief);
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
	char name[CAA_SHORT_NAME], type[16], rcode[16], addr[CAA_ADDR_TEXT_MAX], wait[16], rtt[16] = "-",
		via[VIA_MAX];

	snprintf(wait, sizeof(wait), "%" PRIu32, a->waited_ms);
	if (caa_result_is_sent((enum caa_result)a->result))
		snprintf(rtt, sizeof(rtt), "%" PRIu32, a->rtt_ms);
	caa_text_addf(t, "%7" PRIu32 " %4u  %-24s %-19s %6s %6s  %s", a->at_ms, a->count, caa_addr_text(addr, &a->addr),
		via_of(a, via), wait, rtt,
		a->result == CAA_RESULT_RCODE ? rcode_name(a->rcode, rcode) : result_name((enum caa_result)a->result));
	caa_text_addf(t, " <- %s %s", type_name(a->qtype, type), asked_name(c, a, name, sizeof(name)));
	if (a->ede != CAA_NO_EDE)
		caa_text_addf(t, " (EDE %u)", a->ede);
	caa_text_add(t, "\n");
}

void caa_report_explain(const struct caa_case *c, const struct caa_repeats *n, char page[static CAA_EXPLAIN_MAX])
{
	char name[CAA_NAME_MAX + 1], time[CAA_TEXT_TIME_MAX], first[CAA_TEXT_TIME_MAX], why[DETAIL_MAX];
	struct caa_text t, sentence;
	uint16_t code = code_of(c);

	caa_text_init(&sentence, why, sizeof(why));
	say(&sentence, c, WITH_OTHERS);
	caa_text_init(&t, page, CAA_EXPLAIN_MAX);
	caa_text_addf(&t, "CAA %s: %s\n", caa_text_name(name, sizeof(name), caa_case_name(c)),
		caa_class_name((enum caa_class)c->class));
	caa_text_addf(&t, "  why:        %s\n  do:         %s\n", why, advice(c));
	caa_text_addf(&t, "  failed:     %s, took %" PRIu32 ".%03" PRIu32 " s; %" PRIu32 " in %" PRIu32 " s, %" PRIu32
		" since %s\n", caa_text_time(time, c->unix_s), c->took_ms / 1000, c->took_ms % 1000, n->count, n->window_s,
		n->total, caa_text_time(first, n->first_unix_s));
	caa_text_addf(&t, "  client got: SERVFAIL, EDE %u (%s)\n", code, caa_report_ede_name(code));
	if (c->record.ede_of != CAA_NO_EDE) {
		char addr[CAA_ADDR_TEXT_MAX];

		caa_text_addf(&t, "  server's:   EDE %u from %s: %s\n", c->record.ede_of, caa_addr_text(addr, &c->record.ede_from),
			c->record.ede_text);
	}
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
