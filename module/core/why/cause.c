/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/why/cause.h"

#include "core/wire/packet.h"
#include "core/wire/text.h"

#include <assert.h>
#include <string.h>

enum {
	RCODE_NOTAUTH = 9,
	/** A limit is believed to be why a query got no answer only where more than that is answered in a second: a server
	 *  that never answers well looks limited to the least rate there is. */
	LIMIT_MIN_QPS = 2
};

static const char *const class_names[] = {
#define X(id, name, help) name,
	CAA_CLASSES(X)
#undef X
};

const char *caa_class_name(enum caa_class class)
{
	assert(class < CAA_CLASS_COUNT);
	return class_names[class];
}

static const char *const fault_names[] = {
#define X(id, name, help) name,
	CAA_FAULTS(X)
#undef X
};

const char *caa_fault_name(enum caa_fault fault)
{
	return fault_names[fault];
}

const char *caa_known_text(enum caa_known known)
{
	switch (known) {
	case CAA_NO:
		return "no";
	case CAA_YES:
		return "yes";
	case CAA_UNKNOWN:
		break;
	}
	return "unknown";
}

struct caa_name caa_case_name(const struct caa_case *c)
{
	return (struct caa_name){ c->wire, c->wire_len };
}

void caa_case_miss(struct caa_case *c, uint16_t qtype, struct caa_name zone, struct caa_name holder)
{
	uint8_t lower[CAA_NAME_MAX];

	c->missed = qtype;
	c->missed_tag = caa_zone_tag(holder);
	c->missed_labels = caa_name_within(caa_case_name(c), zone) ? (uint8_t)caa_name_labels(zone) : CAA_LABELS_NONE;
	caa_name_lower(lower, zone);	/* as a record writes names, to be compared with them */
	caa_text_name(c->about, sizeof(c->about), (struct caa_name){ lower, zone.len });
}

const struct caa_server *caa_case_server(const struct caa_case *c, const struct caa_addr *addr)
{
	for (unsigned i = 0; i < c->servers; i++)
		if (caa_addr_equal(&c->server[i].addr, addr))
			return &c->server[i];
	return NULL;
}

/** Whether the same thing was got later, from the same zone or one below it: a referral of its parent is not it. */
static bool is_healed(const struct caa_record *r, const struct caa_attempt *bad)
{
	if (bad->result == CAA_RESULT_CAPS)	/* what came then was compared with it, and found to be different */
		return false;
	for (unsigned i = 0; i < r->count; i++) {
		const struct caa_attempt *a = &r->attempt[i];

		if (a->result == CAA_RESULT_GOOD && a->order > bad->order && a->qtype == bad->qtype && a->labels == bad->labels &&
		    a->name == bad->name && a->zone_labels >= bad->zone_labels)
			return true;
	}
	return false;
}

bool caa_record_is_fault(const struct caa_record *r, const struct caa_attempt *a)
{
	return !caa_attempt_is_good(a) && !is_healed(r, a);
}

static bool is_of_question(const struct caa_attempt *a)
{
	return a->step == CAA_ASKED_QUESTION || a->step == CAA_ASKED_MINIMISED || a->step == CAA_ASKED_TARGET;
}

uint8_t caa_record_zone(const struct caa_record *r)
{
	uint8_t zone = CAA_LABELS_NONE;

	for (unsigned i = 0; i < r->count; i++) {
		const struct caa_attempt *a = &r->attempt[i];

		if (is_of_question(a) && a->zone_labels != CAA_LABELS_NONE &&
		    (zone == CAA_LABELS_NONE || a->zone_labels > zone))
			zone = a->zone_labels;
	}
	return zone;
}

enum weight { NO_WEIGHT, HELPER_FAULT, ASKED, FAULT };

/** @param zone: tag of the zone that failed. */
static enum weight weight_of(const struct caa_record *r, const struct caa_attempt *a, uint16_t zone)
{
	if (zone != 0 && a->zone_tag == zone)
		return caa_record_is_fault(r, a) ? FAULT : ASKED;
	return caa_record_is_fault(r, a) ? HELPER_FAULT : NO_WEIGHT;
}

unsigned caa_record_servers(const struct caa_record *r, struct caa_name zone, struct caa_server out[static CAA_CASE_SERVERS])
{
	uint16_t tag = caa_zone_tag(zone);
	unsigned count = 0;

	memset(out, 0, CAA_CASE_SERVERS * sizeof(*out));
	for (int weight = FAULT; weight > NO_WEIGHT; weight--) {
		for (unsigned i = 0; i < r->count && count < CAA_CASE_SERVERS; i++) {
			const struct caa_attempt *a = &r->attempt[i];
			unsigned k = 0;

			if (weight_of(r, a, tag) != (enum weight)weight)
				continue;
			while (k < count && !caa_addr_equal(&out[k].addr, &a->addr))
				k++;
			if (k < count)
				continue;
			out[count].of_zone = weight >= ASKED;
			out[count++].addr = a->addr;
		}
	}
	return count;
}

bool caa_case_retried(const struct caa_case *c)
{
	unsigned faults = 0;

	for (unsigned i = 0; i < c->record.count; i++)
		if (caa_record_is_fault(&c->record, &c->record.attempt[i]) &&
		    caa_result_is_sent((enum caa_result)c->record.attempt[i].result))
			faults += c->record.attempt[i].count;
	return c->tries > 1 || faults > 1;
}

enum caa_known caa_case_others_answer(const struct caa_case *c)
{
	enum caa_known known = CAA_UNKNOWN;

	for (unsigned i = 0; i < c->servers; i++)
		if (c->server[i].of_zone && c->server[i].others_answer > known)
			known = (enum caa_known)c->server[i].others_answer;
	return known;
}

static enum caa_class class_of_rcode(const struct caa_attempt *a)
{
	switch (a->rcode) {
	case CAA_RCODE_FORMERR:
	case CAA_RCODE_BADVERS:
		return CAA_CLASS_FORMERR_EDNS;
	case CAA_RCODE_NOTIMP:
		return CAA_CLASS_NOTIMP;
	case CAA_RCODE_REFUSED:
		return CAA_CLASS_REFUSED;
	case RCODE_NOTAUTH:
		return CAA_CLASS_LAME;
	default:
		return CAA_CLASS_SERVFAIL;
	}
}

bool caa_case_truncates(const struct caa_case *c, const struct caa_attempt *tcp)
{
	for (unsigned i = 0; i < c->record.count; i++) {
		const struct caa_attempt *a = &c->record.attempt[i];

		if (a->result == CAA_RESULT_TRUNCATED && !a->tcp && a->qtype == tcp->qtype && a->labels == tcp->labels &&
		    a->name == tcp->name && caa_addr_equal(&a->addr, &tcp->addr))
			return true;
	}
	return false;
}

static enum caa_class class_by_result(const struct caa_case *c, const struct caa_attempt *a)
{
	switch ((enum caa_result)a->result) {
	case CAA_RESULT_RCODE:
		return class_of_rcode(a);
	case CAA_RESULT_NO_SOA:
		return CAA_CLASS_NO_SOA;
	case CAA_RESULT_UPWARD:
	case CAA_RESULT_SELF:
	case CAA_RESULT_NOT_AUTHORITATIVE:
	case CAA_RESULT_FOUND_LAME:
		return CAA_CLASS_LAME;
	case CAA_RESULT_UNREADABLE:
		return CAA_CLASS_SERVFAIL;
	case CAA_RESULT_CAPS:
		return CAA_CLASS_CAPS;
	case CAA_RESULT_TIMEOUT:	/* a filter may drop TCP: where the server answers over UDP, it is not silent */
		return a->tcp && caa_case_truncates(c, a) ? CAA_CLASS_UNREACHABLE : CAA_CLASS_TIMEOUT;
	case CAA_RESULT_FOUND_SILENT:
		return CAA_CLASS_TIMEOUT;
	case CAA_RESULT_ERROR:
		return CAA_CLASS_UNREACHABLE;
	case CAA_RESULT_LATE:
		return CAA_CLASS_BUDGET;
	case CAA_RESULT_NO_SOCKET:
		return CAA_CLASS_INTERNAL;
	case CAA_RESULT_TRUNCATED:
		return a->tcp ? CAA_CLASS_SERVFAIL : CAA_CLASS_INTERNAL;
	case CAA_RESULT_GOOD:
		break;
	}
	return CAA_CLASS_INTERNAL;
}

/** Whether the time has ended before the server of an attempt could answer, by what is known of its distance. */
static bool had_no_time(const struct caa_case *c, const struct caa_attempt *a, const struct caa_server *server)
{
	return c->late && a->result == CAA_RESULT_TIMEOUT && server != NULL && a->rtt_ms < server->rtt_ms;
}

/** What a limiter answers, or what is not sent for its sake, is its limit where one is known. */
static enum caa_class class_of(const struct caa_case *c, const struct caa_attempt *a)
{
	const struct caa_server *server = caa_case_server(c, &a->addr);
	enum caa_class class = had_no_time(c, a, server) ? CAA_CLASS_BUDGET : class_by_result(c, a);
	bool limits;

	if (server == NULL)
		return class;
	if (server->mute)
		return a->result == CAA_RESULT_LATE ? CAA_CLASS_TIMEOUT : class;
	limits = (class == CAA_CLASS_TIMEOUT && !server->speaks) || class == CAA_CLASS_REFUSED || class == CAA_CLASS_BUDGET ||
		(class == CAA_CLASS_SERVFAIL && a->result != CAA_RESULT_TRUNCATED);
	return limits && server->limited && server->rate_qps >= LIMIT_MIN_QPS ? CAA_CLASS_RATE_LIMITED : class;
}

/** The attempts among which the cause is looked for: for the question itself, for what it waited for, for keys that are missed. */
enum part { OF_QUESTION, OF_HELPERS, OF_KEYS };

/** Whether an attempt was made to fetch what is missed. */
static bool is_of_keys(const struct caa_case *c, const struct caa_attempt *a)
{
	if (a->qtype != c->missed || a->labels != c->missed_labels)
		return false;
	return a->labels != CAA_LABELS_NONE || (a->name < CAA_ATTEMPT_NAMES && strcmp(c->record.name[a->name], c->about) == 0);
}

static bool is_of(const struct caa_case *c, const struct caa_attempt *a, enum part part)
{
	switch (part) {
	case OF_QUESTION:
		return is_of_question(a);
	case OF_HELPERS:
		return !is_of_question(a);
	case OF_KEYS:
		break;
	}
	return is_of_keys(c, a);
}

/** Count the faults of a part. @return how many there are. */
static unsigned tally(struct caa_case *c, enum part part)
{
	unsigned faults = 0;

	for (unsigned i = 0; i < c->record.count; i++) {
		const struct caa_attempt *a = &c->record.attempt[i];

		if (!is_of(c, a, part) || !caa_record_is_fault(&c->record, a) || a->result == CAA_RESULT_LATE)
			continue;
		c->share[class_of(c, a)] = (uint16_t)(c->share[class_of(c, a)] + a->count);
		faults += a->count;
	}
	return faults;
}

static enum caa_class most(const struct caa_case *c)
{
	enum caa_class best = CAA_CLASS_INTERNAL;

	for (unsigned i = 0; i < CAA_CLASS_INTERNAL; i++)
		if (c->share[i] > 0 && (best == CAA_CLASS_INTERNAL || c->share[i] > c->share[best]))
			best = (enum caa_class)i;
	return best;
}

/** A query was not sent in time: for the sake of a server's limit, or of the time alone. */
static enum caa_class class_of_late(const struct caa_case *c, enum part part)
{
	for (unsigned i = 0; i < c->record.count; i++)
		if (c->record.attempt[i].result == CAA_RESULT_LATE && is_of(c, &c->record.attempt[i], part))
			return class_of(c, &c->record.attempt[i]);
	return c->late ? CAA_CLASS_BUDGET : CAA_CLASS_INTERNAL;
}

/** How much an attempt says: as often as it was made, what was asked for its own sake before what minimisation asks for;
 *  nothing if nothing was sent. */
static unsigned says(const struct caa_attempt *a)
{
	if (!caa_result_is_sent((enum caa_result)a->result))
		return 0;
	return a->count + (a->step != CAA_ASKED_MINIMISED ? UINT16_MAX + 1u : 0);
}

/** The attempt of a class that says most, of equals the last. */
static uint8_t typical(const struct caa_case *c, enum caa_class class, enum part part)
{
	uint8_t best = CAA_ATTEMPTS_MAX;

	if (class == CAA_CLASS_INTERNAL)
		return best;
	for (uint8_t i = 0; i < c->record.count; i++) {
		const struct caa_attempt *a = &c->record.attempt[i];

		if (is_of(c, a, part) && caa_record_is_fault(&c->record, a) && class_of(c, a) == class &&
		    (best == CAA_ATTEMPTS_MAX || says(a) >= says(&c->record.attempt[best])))
			best = i;
	}
	return best;
}

/** Whether an attempt is a fault of the main cause's class. */
static bool is_alike(const struct caa_case *c, const struct caa_attempt *a)
{
	return is_of(c, a, c->missed != 0 ? OF_KEYS : OF_QUESTION) && caa_record_is_fault(&c->record, a) &&
		class_of(c, a) == (enum caa_class)c->class;
}

unsigned caa_case_alike(const struct caa_case *c)
{
	const struct caa_record *r = &c->record;
	unsigned alike = 0;

	if (c->cause >= CAA_ATTEMPTS_MAX)
		return 0;
	for (unsigned i = 0; i < r->count; i++) {
		const struct caa_attempt *a = &r->attempt[i];
		unsigned k = 0;

		if (!is_alike(c, a) || caa_addr_equal(&a->addr, &r->attempt[c->cause].addr))
			continue;
		/* the first of its address counts */
		while (k < i && !(caa_addr_equal(&r->attempt[k].addr, &a->addr) && is_alike(c, &r->attempt[k])))
			k++;
		alike += k == i;
	}
	return alike;
}

const struct caa_attempt *caa_case_cause(const struct caa_case *c)
{
	return c->cause < CAA_ATTEMPTS_MAX ? &c->record.attempt[c->cause] : NULL;
}

/** The server of an attempt, if the attempt was for the question itself, at its zone; else NULL. */
static const struct caa_server *server_of_question(const struct caa_case *c, const struct caa_attempt *bad)
{
	const struct caa_server *server = bad != NULL && is_of_question(bad) ? caa_case_server(c, &bad->addr) : NULL;

	return server != NULL && server->of_zone ? server : NULL;
}

/** Whether the question's attempts show that the server of a bad one answers another type of the same zone. */
static bool has_other_type(const struct caa_case *c, const struct caa_attempt *bad)
{
	for (unsigned i = 0; i < c->record.count && bad != NULL; i++) {
		const struct caa_attempt *a = &c->record.attempt[i];

		if (a->result == CAA_RESULT_GOOD && a->qtype != bad->qtype && a->zone_tag != 0 && a->zone_tag == bad->zone_tag &&
		    caa_addr_equal(&a->addr, &bad->addr))
			return true;
	}
	return false;
}

bool caa_case_type_alone(const struct caa_case *c)
{
	const struct caa_server *server = server_of_question(c, caa_case_cause(c));

	return (server != NULL && server->other_types) || has_other_type(c, caa_case_cause(c));
}

bool caa_case_answers_types(const struct caa_case *c)
{
	const struct caa_attempt *bad = caa_case_cause(c);
	const struct caa_server *server = server_of_question(c, bad);

	return (server != NULL && server->types_now) || (bad != NULL && is_of_question(bad) && has_other_type(c, bad));
}

bool caa_case_is_high(const struct caa_case *c)
{
	if (c->class >= CAA_CLASS_BUDGET)
		return false;
	if (c->cause < CAA_ATTEMPTS_MAX)
		return c->record.attempt[c->cause].high;
	/* "." is the root; "" is none */
	return c->zone[0] != '\0' && (strchr(c->zone, '.') == NULL || strcmp(c->zone, ".") == 0);
}

static bool dislikes(const struct caa_attempt *a)
{
	return a->result == CAA_RESULT_RCODE && (a->rcode == CAA_RCODE_FORMERR || a->rcode == CAA_RCODE_BADVERS ||
		a->rcode == CAA_RCODE_NOTIMP);
}

/** What a server says to the kinds of queries that it was sent. */
struct tastes {
	bool plain, plain_bad;		/**< without EDNS: there was an answer, a bad one */
	bool edns, edns_bad;		/**< with EDNS and no cookie */
	bool cookie_bad, version_bad;
	uint16_t size_bad, size_good;	/**< the largest UDP size of each */
};

static struct tastes tastes_of(const struct caa_record *r, const struct caa_addr *addr)
{
	struct tastes t = { .plain = false };

	for (unsigned i = 0; i < r->count; i++) {
		const struct caa_attempt *a = &r->attempt[i];
		bool bad = dislikes(a);

		if (!caa_addr_equal(&a->addr, addr) || a->result >= CAA_RESULT_TIMEOUT)
			continue;
		if (a->size == 0) {
			t.plain = true;
			t.plain_bad = t.plain_bad || bad;
			continue;
		}
		t.version_bad = t.version_bad || (bad && a->rcode == CAA_RCODE_BADVERS);
		if (bad && a->size > t.size_bad)
			t.size_bad = a->size;
		if (!bad && a->size > t.size_good)
			t.size_good = a->size;
		if (a->cookie) {
			t.cookie_bad = t.cookie_bad || bad;
			continue;
		}
		t.edns = true;
		t.edns_bad = t.edns_bad || bad;
	}
	return t;
}

static enum caa_edns_fault edns_fault(const struct caa_record *r, const struct caa_addr *addr)
{
	const struct tastes t = tastes_of(r, addr);

	if (t.version_bad)
		return CAA_EDNS_VERSION;
	if (t.plain && t.plain_bad)
		return CAA_EDNS_NONE;
	if (t.size_good != 0 && t.size_good < t.size_bad)
		return CAA_EDNS_SIZE;
	if (t.cookie_bad && t.edns && !t.edns_bad)
		return CAA_EDNS_OPTION;
	return CAA_EDNS_ANY;
}

/** Find the query with EDNS that a server disliked, which it then answered without EDNS, and so without signatures.
 *  @return its index; CAA_ATTEMPTS_MAX if there is none. */
static uint8_t unsigned_for_edns(const struct caa_record *r)
{
	for (uint8_t i = 0; i < r->count; i++) {
		const struct caa_attempt *bad = &r->attempt[i];

		if (bad->size == 0 || !dislikes(bad))
			continue;
		for (uint8_t k = 0; k < r->count; k++)
			if (r->attempt[k].result == CAA_RESULT_GOOD && r->attempt[k].size == 0 &&
			    caa_addr_equal(&r->attempt[k].addr, &bad->addr))
				return i;
	}
	return CAA_ATTEMPTS_MAX;
}

/** What the validator refused: the answer, or what was none in the first place. */
static enum caa_class class_of_bogus(struct caa_case *c, enum caa_class class)
{
	if (class == CAA_CLASS_NO_SOA || class == CAA_CLASS_LAME || class == CAA_CLASS_FORMERR_EDNS)
		return class;
	c->cause = unsigned_for_edns(&c->record);
	return c->cause < CAA_ATTEMPTS_MAX ? CAA_CLASS_FORMERR_EDNS : CAA_CLASS_BOGUS;
}

/** Whether the keys were answered, by the zone that they stand in: a zone above it refers to that. */
static bool got_keys(const struct caa_case *c)
{
	for (unsigned i = 0; i < c->record.count; i++) {
		const struct caa_attempt *a = &c->record.attempt[i];

		if (is_of_keys(c, a) && a->result == CAA_RESULT_GOOD && a->zone_tag != 0 && a->zone_tag == c->missed_tag)
			return true;
	}
	return false;
}

/** Find out how the keys were missed.  @return CAA_CLASS_BOGUS if they were not: an answer came, and it has none that fits. */
static enum caa_class class_of_missed(struct caa_case *c)
{
	enum caa_class class = tally(c, OF_KEYS) > 0 ? most(c) : c->own != CAA_OWN_NONE ? CAA_CLASS_INTERNAL :
		class_of_late(c, OF_KEYS);

	if (c->own == CAA_OWN_MEMORY)
		class = CAA_CLASS_INTERNAL;
	c->cause = typical(c, class, OF_KEYS);
	return c->own != CAA_OWN_MEMORY && c->cause == CAA_ATTEMPTS_MAX && got_keys(c) ? CAA_CLASS_BOGUS : class;
}

static bool has_no_address(const struct caa_case *c)
{
	return c->no_address || c->loopback;
}

/** Find out why the question failed, but for its keys. */
static enum caa_class class_of_question(struct caa_case *c)
{
	enum part part = OF_QUESTION;
	enum caa_class class;

	if (tally(c, OF_QUESTION) == 0) {
		part = OF_HELPERS;
		tally(c, OF_HELPERS);
	}
	class = most(c);
	if (class == CAA_CLASS_INTERNAL && c->own == CAA_OWN_NONE && !has_no_address(c)) {
		class = class_of_late(c, OF_QUESTION);
		part = OF_QUESTION;
	}
	if (c->own == CAA_OWN_QUOTA || c->own == CAA_OWN_RATELIMIT || c->own == CAA_OWN_MEMORY)
		class = CAA_CLASS_INTERNAL;	/* what servers did before did not end it */
	c->cause = typical(c, class, part);
	if (c->own == CAA_OWN_MEMORY)		/* nor is what the validator could not do a verdict */
		return class;
	if (c->bogus)
		return class_of_bogus(c, part == OF_QUESTION ? class : CAA_CLASS_INTERNAL);
	if (c->looped)
		return CAA_CLASS_CNAME_LOOP;
	if (has_no_address(c) && c->own == CAA_OWN_NONE && class == CAA_CLASS_INTERNAL)
		return CAA_CLASS_UNREACHABLE;
	return class;
}

/** Whether a query could not be sent for want of a file descriptor. */
static bool lacks_socket(const struct caa_record *r)
{
	for (unsigned i = 0; i < r->count; i++)
		if (r->attempt[i].result == CAA_RESULT_NO_SOCKET && caa_record_is_fault(r, &r->attempt[i]))
			return true;
	return false;
}

void caa_case_class(struct caa_case *c)
{
	memset(c->share, 0, sizeof(c->share));
	if (c->own == CAA_OWN_NONE && lacks_socket(&c->record))
		c->own = CAA_OWN_SOCKETS;
	c->class = (uint8_t)(c->missed != 0 ? class_of_missed(c) : class_of_question(c));
	c->edns = CAA_EDNS_ANY;
	if (c->class == CAA_CLASS_FORMERR_EDNS && c->cause < CAA_ATTEMPTS_MAX)
		c->edns = (uint8_t)edns_fault(&c->record, &c->record.attempt[c->cause].addr);
}

/** Whether the server of an attempt was heard of: it answered something here, or lately another type or for another zone. */
static bool is_heard_of(const struct caa_case *c, const struct caa_attempt *bad)
{
	const struct caa_server *server = caa_case_server(c, &bad->addr);

	if (server != NULL && (server->other_types || server->others_answer == CAA_YES))
		return true;
	for (unsigned i = 0; i < c->record.count; i++)
		if (c->record.attempt[i].result < CAA_RESULT_TIMEOUT && caa_addr_equal(&c->record.attempt[i].addr, &bad->addr))
			return true;
	return false;
}

enum caa_fault caa_case_fault(const struct caa_case *c)
{
	const struct caa_attempt *cause = caa_case_cause(c);

	switch ((enum caa_class)c->class) {
	case CAA_CLASS_BUDGET:
		return CAA_FAULT_RESOLVER;
	case CAA_CLASS_INTERNAL:
		return c->own != CAA_OWN_NONE && c->own != CAA_OWN_LOOKS_NO_IPV4 && c->own != CAA_OWN_LOOKS_NO_IPV6 ?
			CAA_FAULT_RESOLVER : CAA_FAULT_UNKNOWN;
	case CAA_CLASS_TIMEOUT:
	case CAA_CLASS_UNREACHABLE:
		if (cause != NULL && !is_heard_of(c, cause))
			return CAA_FAULT_NETWORK;
		break;
	default:
		break;
	}
	return caa_case_is_high(c) ? CAA_FAULT_PARENT : CAA_FAULT_ZONE;
}

enum caa_known caa_case_own_fault(const struct caa_case *c)
{
	switch (caa_case_fault(c)) {
	case CAA_FAULT_RESOLVER:
		return CAA_YES;
	case CAA_FAULT_ZONE:
	case CAA_FAULT_PARENT:
		return c->class == CAA_CLASS_BOGUS ? CAA_UNKNOWN : CAA_NO;
	case CAA_FAULT_NETWORK:
	case CAA_FAULT_UNKNOWN:
		break;
	}
	return CAA_UNKNOWN;
}
