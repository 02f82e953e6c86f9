/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/why/say.h"

#include "core/wire/packet.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {				/* RFC 8914, section 4 */
	EDE_OTHER = 0, EDE_BOGUS = 6, EDE_EXPIRED = 7, EDE_NOT_YET = 8, EDE_DNSKEY = 9, EDE_RRSIGS = 10, EDE_ZONE_KEY = 11,
	EDE_NSEC = 12, EDE_NO_AUTHORITY = 22, EDE_NETWORK = 23, EDE_INVALID = 24
};

enum { TYPE_DNSKEY = 48, TYPE_CAA = 257 };
enum { NAME_SHOWN = 48 };		/**< octets of a name in a sentence, with NUL */

static const struct { uint16_t code; const char *name; } ede_names[] = {
	{ 0, "Other Error" }, { 1, "Unsupported DNSKEY Algorithm" }, { 2, "Unsupported DS Digest Type" }, { 3, "Stale Answer" },
	{ 4, "Forged Answer" }, { 5, "DNSSEC Indeterminate" }, { 6, "DNSSEC Bogus" }, { 7, "Signature Expired" },
	{ 8, "Signature Not Yet Valid" }, { 9, "DNSKEY Missing" }, { 10, "RRSIGs Missing" }, { 11, "No Zone Key Bit Set" },
	{ 12, "NSEC Missing" }, { 13, "Cached Error" }, { 14, "Not Ready" }, { 15, "Blocked" }, { 16, "Censored" },
	{ 17, "Filtered" }, { 18, "Prohibited" }, { 19, "Stale NXDOMAIN Answer" }, { 20, "Not Authoritative" },
	{ 21, "Not Supported" }, { 22, "No Reachable Authority" }, { 23, "Network Error" }, { 24, "Invalid Data" },
};

const char *caa_say_ede(uint16_t code)
{
	for (size_t i = 0; i < sizeof(ede_names) / sizeof(ede_names[0]); i++)
		if (ede_names[i].code == code)
			return ede_names[i].name;
	return "Other Error";
}

const char *caa_say_rcode(uint16_t rcode, char buf[static CAA_SAY_MAX])
{
	static const char *const names[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN",
		"YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE" };

	if (rcode < sizeof(names) / sizeof(names[0]))
		return names[rcode];
	if (rcode == CAA_RCODE_BADVERS)
		return "BADVERS";
	if (rcode == CAA_RCODE_BADCOOKIE)
		return "BADCOOKIE";
	snprintf(buf, CAA_SAY_MAX, "RCODE%u", rcode);
	return buf;
}

const char *caa_say_type(uint16_t qtype, char buf[static CAA_SAY_MAX])
{
	static const struct { uint16_t type; const char *name; } names[] = {
		{ 1, "A" }, { 2, "NS" }, { 5, "CNAME" }, { 6, "SOA" }, { 28, "AAAA" }, { 43, "DS" }, { 48, "DNSKEY" },
		{ 257, "CAA" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == qtype)
			return names[i].name;
	snprintf(buf, CAA_SAY_MAX, "TYPE%u", qtype);
	return buf;
}

const char *caa_say_asked(const struct caa_case *c, const struct caa_attempt *a, char *out, size_t size)
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

/** How much an EDE text says: less where it does not fit; a server's name goes before what the server says itself. */
enum detail { WITH_OTHERS, WITH_SERVER_NAME, WITH_OWN_EDE, SHORT };

static void say_server(struct caa_text *t, const struct caa_case *c, const struct caa_addr *addr, enum detail detail)
{
	const struct caa_server *server = caa_case_server(c, addr);
	const char *ns = server != NULL && detail <= WITH_SERVER_NAME ? server->ns : "";
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

/** Type and name of what was asked; the sentence on keys that are missed has begun with them. */
static void say_asked(struct caa_text *t, const struct caa_case *c, const struct caa_attempt *a)
{
	char name[NAME_SHOWN], type[CAA_SAY_MAX];

	if (c->missed != 0) {
		caa_text_add(t, "it");
		return;
	}
	caa_text_addf(t, "%s %s", caa_say_type(a->qtype, type), caa_say_asked(c, a, name, sizeof(name)));
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
	char rcode[CAA_SAY_MAX];

	if (a->result != CAA_RESULT_RCODE && server->timed_out == 0) {
		caa_text_addf(t, " limits the rate to about %" PRIu32 "/s: no time was left to send this query", server->rate_qps);
		return;
	}
	caa_text_add(t, " limits the rate: ");
	if (a->result == CAA_RESULT_RCODE)
		caa_text_addf(t, "%s to %u %s for this name", caa_say_rcode(a->rcode, rcode), a->count,
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
	char rcode[CAA_SAY_MAX];

	if (a->result == CAA_RESULT_FOUND_LAME) {
		caa_text_addf(t, " was found not to be authoritative for %s a moment ago", c->zone);
		return;
	}
	if (a->result == CAA_RESULT_RCODE)
		caa_text_addf(t, " answered %s to ", caa_say_rcode(a->rcode, rcode));
	else
		caa_text_addf(t, " %s, asked for ", lame_words((enum caa_result)a->result));
	say_asked(t, c, a);
}

static void say_answered(struct caa_text *t, const struct caa_case *c, const struct caa_attempt *a, const char *what)
{
	caa_text_addf(t, " answered %s to ", what);
	say_asked(t, c, a);
	say_times(t, a->count);
	if (c->class == CAA_CLASS_REFUSED && caa_case_type_alone(c))
		caa_text_add(t, " but not to other types");
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

static void say_unreachable(struct caa_text *t, const struct caa_case *c, const struct caa_attempt *a)
{
	if (a->tcp && caa_case_truncates(c, a)) {
		caa_text_add(t, " truncates its answer to ");
		say_asked(t, c, a);
		caa_text_addf(t, " over UDP, and %s over TCP", a->result == CAA_RESULT_TIMEOUT ? "does not answer" : "cannot be reached");
		return;
	}
	caa_text_addf(t, " cannot be reached over %s for ", a->tcp ? "TCP" : "UDP");
	say_asked(t, c, a);
}

/** What happened at the server of the main cause. */
static void say_at_server(struct caa_text *t, const struct caa_case *c, const struct caa_attempt *a, enum detail detail)
{
	char rcode[CAA_SAY_MAX];

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
		caa_text_addf(t, " answered %s to ", caa_say_rcode(a->rcode, rcode));
		say_asked(t, c, a);
		caa_text_addf(t, " %s", edns_words((enum caa_edns_fault)c->edns));
		break;
	case CAA_CLASS_LAME:
		say_lame(t, c, a);
		break;
	case CAA_CLASS_NOTIMP:
	case CAA_CLASS_REFUSED:
	case CAA_CLASS_SERVFAIL:
		if (a->result == CAA_RESULT_TRUNCATED)
			say_answered(t, c, a, "what is truncated even over TCP");
		else
			say_answered(t, c, a, a->result == CAA_RESULT_UNREADABLE ? "what cannot be read" :
				caa_say_rcode(a->rcode, rcode));
		break;
	case CAA_CLASS_UNREACHABLE:
		say_unreachable(t, c, a);
		break;
	case CAA_CLASS_TIMEOUT:
		if (!caa_result_is_sent((enum caa_result)a->result)) {
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

/** Whether what is refused is a proof that there is no such record. */
static bool is_denial(const struct caa_case *c)
{
	return c->bogus_ede == EDE_NSEC || (c->bogus_ede == EDE_BOGUS && c->denial);
}

static const char *bogus_words(const struct caa_case *c)
{
	if (is_denial(c))
		return "the proof that there is no such record is missing or wrong";
	switch (c->bogus_ede) {
	case EDE_EXPIRED:
		return "a signature has expired";
	case EDE_NOT_YET:
		return "a signature is not valid yet";
	case EDE_DNSKEY:
		return "the zone has no DNSKEY that fits its DS or its signatures";
	case EDE_RRSIGS:
		return "signatures are missing";
	case EDE_ZONE_KEY:
		return "the key is no zone key";
	default:
		return "the answer does not match its signatures";
	}
}

static const char budget_words[] = "this resolver's time for one question ended before it was done";

/** What this resolver has run out of. */
static const char *own_words(enum caa_own own)
{
	switch (own) {
	case CAA_OWN_QUOTA:
		return "this resolver has used up its queries for one question";
	case CAA_OWN_RATELIMIT:
		return "this resolver has used up its queries for the zone in a second";
	case CAA_OWN_SOCKETS:
		return "this resolver has no file descriptor left to ask with";
	case CAA_OWN_MEMORY:
		return "this resolver has no memory left";
	case CAA_OWN_NONE:
	case CAA_OWN_NO_IPV4:
	case CAA_OWN_NO_IPV6:
	case CAA_OWN_LOOKS_NO_IPV4:
	case CAA_OWN_LOOKS_NO_IPV6:
	case CAA_OWN_FORBIDDEN:
		break;
	}
	return "this resolver could not ask";
}

/** What this resolver could not do. */
static void say_own(struct caa_text *t, const struct caa_case *c, const char *name)
{
	int off = c->own == CAA_OWN_NO_IPV6 || c->own == CAA_OWN_LOOKS_NO_IPV6 ? 6 : 4, other = 10 - off;

	switch ((enum caa_own)c->own) {
	case CAA_OWN_NONE:
		caa_text_addf(t, "CAA %s: the resolver gave up; no fault of its servers is known", name);
		break;
	case CAA_OWN_NO_IPV4:
	case CAA_OWN_NO_IPV6:
		caa_text_addf(t, "no nameserver of %s has an IPv%d address", c->zone, other);
		if (c->about[0] != '\0')
			caa_text_addf(t, " (%s)", c->about);
		caa_text_addf(t, ", and this resolver does not use IPv%d (do-ip%d: no)", off, off);
		break;
	case CAA_OWN_LOOKS_NO_IPV4:
	case CAA_OWN_LOOKS_NO_IPV6:
		caa_text_addf(t, "no IPv%d address of a nameserver of %s is known", other, c->zone);
		if (c->about[0] != '\0')
			caa_text_addf(t, " (%s)", c->about);
		caa_text_addf(t, ", nor are IPv%d ones looked for (do-ip%d: no)", off, off);
		break;
	case CAA_OWN_FORBIDDEN:
		caa_text_addf(t, "this resolver may not ask any nameserver of %s", c->zone);
		if (c->about[0] != '\0')
			caa_text_addf(t, " (%s)", c->about);
		caa_text_add(t, ", by do-not-query-address");
		break;
	case CAA_OWN_QUOTA:
	case CAA_OWN_RATELIMIT:
	case CAA_OWN_SOCKETS:
	case CAA_OWN_MEMORY:
		caa_text_addf(t, "CAA %s: %s", name, own_words((enum caa_own)c->own));
		break;
	}
}

static void say_without_server(struct caa_text *t, const struct caa_case *c, enum detail detail)
{
	char name[NAME_SHOWN];

	caa_text_name(name, sizeof(name), caa_case_name(c));
	switch ((enum caa_class)c->class) {
	case CAA_CLASS_BOGUS:
		caa_text_addf(t, "DNSSEC of CAA %s fails", name);
		if (strcmp(c->zone, name) != 0 && c->zone[0] != '\0' && detail != SHORT)
			caa_text_addf(t, " in zone %s", c->zone);
		caa_text_addf(t, ": %s", bogus_words(c));
		if (c->reason[0] != '\0' && detail == WITH_OTHERS)
			caa_text_addf(t, " (%s)", c->reason);
		break;
	case CAA_CLASS_CNAME_LOOP:
		caa_text_addf(t, "CNAME records of %s lead in a circle or too far", name);
		if (c->about[0] != '\0')
			caa_text_addf(t, ", stopped at %s", c->about);
		break;
	case CAA_CLASS_UNREACHABLE:
		caa_text_addf(t, c->loopback ? "no nameserver of %s has an address that is not a loopback address" :
			"no nameserver of %s has an address", c->zone);
		if (c->about[0] != '\0')
			caa_text_addf(t, " (%s)", c->about);
		break;
	case CAA_CLASS_BUDGET:
		caa_text_addf(t, "CAA %s: %s", name, budget_words);
		break;
	default:
		say_own(t, c, name);
		break;
	}
}

static const char *bogus_advice(const struct caa_case *c)
{
	if (is_denial(c))
		return "sign the zone again, and see that each of its servers sends NSEC or NSEC3";
	switch (c->bogus_ede) {
	case EDE_EXPIRED:
	case EDE_NOT_YET:
		return "sign the zone again";
	default:
		return "sign the zone again, and compare its keys with the DS at the registrar";
	}
}

static const char *timeout_advice(const struct caa_case *c, const struct caa_attempt *cause)
{
	if (c->missed == TYPE_DNSKEY)
		return "see that it runs, and no filter drops DNSKEY (48) or large answers";
	if (c->missed != 0)
		return "see that it runs, and no filter drops DS (43)";
	if (cause->step == CAA_ASKED_ADDRESS)
		return "see that it runs";
	if (cause->qtype == TYPE_CAA && cause->result == CAA_RESULT_TIMEOUT && caa_case_answers_types(c))
		return "it answers other types: see that no filter drops type CAA (257)";
	if (caa_case_others_answer(c) == CAA_YES)
		return "it answers for others: let type CAA (257) pass";
	return "see that it runs, and no filter drops type CAA (257)";
}

static const char *own_advice(enum caa_own own)
{
	switch (own) {
	case CAA_OWN_NO_IPV4:
		return "let the resolver use IPv4";
	case CAA_OWN_NO_IPV6:
		return "let the resolver use IPv6";
	case CAA_OWN_LOOKS_NO_IPV4:
		return "give it one, or let the resolver use IPv4";
	case CAA_OWN_LOOKS_NO_IPV6:
		return "give it one, or let the resolver use IPv6";
	case CAA_OWN_FORBIDDEN:
		return "let the resolver ask it";
	case CAA_OWN_QUOTA:
		return "raise max-global-quota there";
	case CAA_OWN_RATELIMIT:
		return "raise ratelimit there, or set it to 0";
	case CAA_OWN_SOCKETS:
		return "let it open more files";
	case CAA_OWN_MEMORY:
		return "let it have more";
	case CAA_OWN_NONE:
		break;
	}
	return "try again later";
}

static const char *unreachable_advice(const struct caa_attempt *cause)
{
	if (cause == NULL)
		return "correct the delegation or the address records";
	if (cause->tcp)
		return "open TCP port 53 (RFC 7766), or send answers that fit into UDP";
	return "check the address in the delegation, and routing";
}

static const char *refused_advice(const struct caa_case *c, const struct caa_attempt *cause)
{
	if (!caa_case_type_alone(c))
		return "allow queries for the zone there, or remove the server from the delegation";
	if (cause->qtype == TYPE_DNSKEY)
		return "let type DNSKEY (48) be asked there";
	return "it must answer any type, NOERROR if there is none (RFC 3597, RFC 8906)";
}

static const char *servfail_advice(const struct caa_attempt *cause)
{
	if (cause != NULL && cause->result == CAA_RESULT_TRUNCATED)
		return "it must send whole answers over TCP (RFC 7766)";
	return "see that server's own log";
}

const char *caa_say_advice(const struct caa_case *c)
{
	const struct caa_attempt *cause = caa_case_cause(c);

	if (caa_case_is_high(c))
		return "it is for the TLD or the root to mend, not for the domain: try again later";
	switch ((enum caa_class)c->class) {
	case CAA_CLASS_RATE_LIMITED:
		return "raise its rate limit for validation or enable DNS cookies";
	case CAA_CLASS_BOGUS:
		return bogus_advice(c);
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
		return refused_advice(c, cause);
	case CAA_CLASS_SERVFAIL:
		return servfail_advice(cause);
	case CAA_CLASS_UNREACHABLE:
		return unreachable_advice(cause);
	case CAA_CLASS_TIMEOUT:
		return timeout_advice(c, cause);
	case CAA_CLASS_INTERNAL:
		return own_advice((enum caa_own)c->own);
	case CAA_CLASS_BUDGET:
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

/** The keys could not be fetched. */
static void say_missed(struct caa_text *t, const struct caa_case *c, enum detail detail)
{
	char type[CAA_SAY_MAX];

	caa_text_addf(t, "%s of zone %s could not be fetched", caa_say_type(c->missed, type), c->about);
	if (c->cause < CAA_ATTEMPTS_MAX && c->class != CAA_CLASS_BUDGET) {
		caa_text_add(t, ": ");
		say_at_server(t, c, &c->record.attempt[c->cause], detail);
	} else if (c->class == CAA_CLASS_BUDGET) {
		caa_text_addf(t, ": %s", budget_words);
	} else if (c->class == CAA_CLASS_INTERNAL && c->own != CAA_OWN_NONE) {
		caa_text_addf(t, ": %s", own_words((enum caa_own)c->own));
	} else {
		caa_text_add(t, " a moment ago");
	}
}

static void say(struct caa_text *t, const struct caa_case *c, enum detail detail)
{
	if (c->missed != 0 && c->class != CAA_CLASS_BOGUS)
		say_missed(t, c, detail);
	else if (c->cause < CAA_ATTEMPTS_MAX && c->class != CAA_CLASS_BOGUS && c->class != CAA_CLASS_CNAME_LOOP &&
	    c->class != CAA_CLASS_BUDGET)
		say_at_server(t, c, &c->record.attempt[c->cause], detail);
	else
		say_without_server(t, c, detail);
	if (detail == WITH_OTHERS)
		say_others(t, c);
}

uint16_t caa_say_code(const struct caa_case *c)
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

uint16_t caa_say_sentence(const struct caa_case *c, char text[static CAA_EDE_MAX])
{
	struct caa_text t;

	for (int detail = WITH_OTHERS; detail <= SHORT; detail++) {
		caa_text_init(&t, text, CAA_EDE_MAX - CAA_SAY_ID);
		say(&t, c, (enum detail)detail);
		caa_text_addf(&t, "; %s", caa_say_advice(c));
		if (!t.full)
			return caa_say_code(c);
	}
	/* Even the shortest is too long: what happened counts more than what to do, and has room alone. */
	caa_text_init(&t, text, CAA_EDE_MAX - CAA_SAY_ID);
	say(&t, c, SHORT);
	return caa_say_code(c);
}

/** Add the id to a text that has left room for it. */
static void add_id(char text[static CAA_EDE_MAX], const struct caa_case *c)
{
	size_t len = strlen(text);

	if (c->id[0] != '\0')
		snprintf(text + len, CAA_EDE_MAX - len, " (id %s)", c->id);
}

uint16_t caa_say_to_client(const struct caa_case *c, char text[static CAA_EDE_MAX])
{
	uint16_t code = caa_say_sentence(c, text);

	add_id(text, c);
	return code;
}

/** Whether nothing was seen that a question would fail for. */
static bool no_fault(const struct caa_case *c)
{
	return c->class == CAA_CLASS_INTERNAL || c->class == CAA_CLASS_BUDGET;
}

uint16_t caa_say_so_far(const struct caa_case *c, char text[static CAA_EDE_MAX])
{
	char name[NAME_SHOWN];
	struct caa_text t;

	for (int detail = WITH_OTHERS; detail <= SHORT; detail++) {
		caa_text_init(&t, text, CAA_EDE_MAX - CAA_SAY_ID);
		if (no_fault(c))
			caa_text_addf(&t, "CAA %s", caa_text_name(name, sizeof(name), caa_case_name(c)));
		else
			say(&t, c, (enum detail)detail);
		caa_text_addf(&t, "; still looked up after %" PRIu32 ".%" PRIu32 " s: ask again", c->took_ms / 1000,
			c->took_ms % 1000 / 100);
		if (!t.full)
			break;
	}
	add_id(text, c);
	return no_fault(c) ? EDE_OTHER : caa_say_code(c);
}

void caa_say_why(struct caa_text *t, const struct caa_case *c)
{
	say(t, c, WITH_OTHERS);
}
