/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/probe/judge.h"

#include <string.h>
#include "tool/probe/dnssec.h"
#include "tool/probe/kind.h"

enum { BADVERS = 16, BADCOOKIE = 23 };	/* RFC 6891 s9, RFC 7873 s8 */

/** One address that is judged. */
struct bench {
	struct caa_findings *f;
	const struct caa_zone *z;
	struct caa_tested *t;
	struct caa_kind kind[CAA_TEST_COUNT];
	struct caa_kind caa[CAA_CLIMB_MAX];
	bool secure;		/**< its answers have to validate */
	size_t climbed;		/**< names that a CA asks */
};

/* Each judge says what it finds, and returns whether the address passes: false, too, for what was not to be asked. */

#define FIND(b, check, fails, ...) caa_find((b)->f, CAA_PROBE_##check, fails, (b)->z->cut, (b)->t->server, __VA_ARGS__)

static bool good(const struct bench *b, enum caa_test test)
{
	return b->kind[test].is == CAA_KIND_GOOD;
}

/** A round one query for the SOA at the apex has it in its answer. */
static bool has_zone(const struct bench *b, enum caa_test test)
{
	ldns_rr_list *soa;
	bool any;

	if (!good(b, test))
		return false;
	soa = caa_records_at(ldns_pkt_answer(b->t->test[test].reply), b->z->cut->apex, LDNS_RR_TYPE_SOA);
	any = ldns_rr_list_rr_count(soa) > 0;
	ldns_rr_list_deep_free(soa);
	return any;
}

static bool judge_udp(struct bench *b)
{
	char udp[CAA_KIND_TEXT_MAX], tcp[CAA_KIND_TEXT_MAX];
	bool plain = b->t->test[CAA_TEST_UDP].fate == CAA_FATE_ANSWERED;

	caa_kind_text(udp, b->kind[CAA_TEST_UDP]);
	caa_kind_text(tcp, b->kind[CAA_TEST_TCP]);
	if (!b->t->lives) {
		if (!b->t->no_route)
			FIND(b, UDP, true, "asked for SOA over UDP, it gives %s; over TCP, %s", udp, tcp);
		return false;
	}
	if (b->t->tcp)
		FIND(b, UDP, true, "asked for SOA over UDP, it gives %s; it answers over TCP", udp);
	else if (!plain)
		FIND(b, UDP, false, "asked for SOA without EDNS, it gives %s; with EDNS it answers", udp);
	return plain;
}

static bool judge_authority(struct bench *b)
{
	char text[CAA_KIND_TEXT_MAX];
	struct caa_kind kind = b->kind[b->t->tcp ? CAA_TEST_TCP : CAA_TEST_UDP];

	if (!b->t->lives)
		return false;
	if (has_zone(b, CAA_TEST_UDP) || has_zone(b, CAA_TEST_EDNS) || has_zone(b, CAA_TEST_TCP))
		return true;
	FIND(b, AUTHORITY, true, "asked for SOA at the zone's apex, it gives %s",
		kind.is == CAA_KIND_GOOD ? "an answer without it" : caa_kind_text(text, kind));
	return false;
}

/** A question whose answer was truncated, and not to be had over TCP. */
static const char *truncated_for(const struct bench *b)
{
	if (b->kind[CAA_TEST_DNSKEY].is == CAA_KIND_TRUNCATED && b->secure)
		return "DNSKEY";
	for (size_t i = 0; i < b->climbed; i++)
		if (b->caa[i].is == CAA_KIND_TRUNCATED)
			return "CAA";
	return NULL;
}

static bool judge_tcp(struct bench *b)
{
	char text[CAA_KIND_TEXT_MAX];
	const char *truncated = truncated_for(b);

	caa_kind_text(text, b->kind[CAA_TEST_TCP]);
	if (truncated != NULL)
		FIND(b, TCP, true, "its answers for %s are truncated over UDP, and over TCP it gives %s", truncated,
			good(b, CAA_TEST_TCP) ? "none for it" : text);
	else if (!good(b, CAA_TEST_TCP))
		FIND(b, TCP, false, "asked for SOA over TCP, it gives %s", text);
	return truncated == NULL && good(b, CAA_TEST_TCP);
}

static bool judge_edns(struct bench *b)
{
	const struct caa_exchange *x = &b->t->test[CAA_TEST_EDNS];
	char text[CAA_KIND_TEXT_MAX];

	if (b->t->tcp)
		return false;
	if (!good(b, CAA_TEST_EDNS))
		FIND(b, EDNS, b->secure, "asked for SOA with EDNS, it gives %s", caa_kind_text(text, b->kind[CAA_TEST_EDNS]));
	else if (!ldns_pkt_edns(x->reply))
		FIND(b, EDNS, b->secure, "asked with EDNS, it answers without");
	return good(b, CAA_TEST_EDNS) && ldns_pkt_edns(x->reply);
}

static bool judge_option(struct bench *b)
{
	const struct caa_exchange *x = &b->t->test[CAA_TEST_OPTION];
	char text[CAA_KIND_TEXT_MAX];
	size_t len;

	if (x->fate == CAA_FATE_NONE)
		return false;
	if (!good(b, CAA_TEST_OPTION))
		FIND(b, OPTION, false, "asked with an EDNS option that is not known, it gives %s",
			caa_kind_text(text, b->kind[CAA_TEST_OPTION]));
	else if (caa_reply_option(x->reply, CAA_OPTION_UNKNOWN, &len) != NULL)
		FIND(b, OPTION, false, "it returns an EDNS option that it cannot know");
	else
		return true;
	return false;
}

static bool judge_version(struct bench *b)
{
	struct caa_kind kind = b->kind[CAA_TEST_VERSION];
	char text[CAA_KIND_TEXT_MAX];

	if (kind.is == CAA_KIND_RCODE && kind.rcode == BADVERS)
		return true;
	if (kind.is != CAA_KIND_NOT_ASKED)
		FIND(b, VERSION, false, "asked with EDNS version 1, it gives %s, not BADVERS", caa_kind_text(text, kind));
	return false;
}

static bool judge_cookie(struct bench *b)
{
	const struct caa_exchange *x = &b->t->test[CAA_TEST_COOKIE];
	struct caa_kind kind = b->kind[CAA_TEST_COOKIE], back = b->kind[CAA_TEST_RETURN];
	bool wants_it = kind.is == CAA_KIND_RCODE && kind.rcode == BADCOOKIE;
	char text[CAA_KIND_TEXT_MAX];
	const uint8_t *cookie;
	size_t len;

	if (kind.is == CAA_KIND_NOT_ASKED)
		return false;
	if (kind.is != CAA_KIND_GOOD && !wants_it) {
		FIND(b, COOKIE, false, "asked with a DNS cookie, it gives %s", caa_kind_text(text, kind));
		return false;
	}
	cookie = caa_reply_option(x->reply, CAA_OPTION_COOKIE, &len);
	if (cookie != NULL && (len < x->query.option_len || memcmp(cookie, x->query.option_data, x->query.option_len) != 0))
		FIND(b, COOKIE, false, "it does not return the client's part of a DNS cookie as it came");
	else if (back.is != CAA_KIND_GOOD && back.is != CAA_KIND_NOT_ASKED)
		FIND(b, COOKIE, false, "asked with the DNS cookie that it gave, it gives %s", caa_kind_text(text, back));
	else if (wants_it && back.is == CAA_KIND_NOT_ASKED)
		FIND(b, COOKIE, false, "it wants a DNS cookie (BADCOOKIE) and gives none");
	else
		return true;
	return false;
}

static bool judge_case(struct bench *b)
{
	const struct caa_exchange *x = &b->t->test[CAA_TEST_CASE];
	char text[CAA_KIND_TEXT_MAX];
	const ldns_rdf *owner;

	if (!good(b, CAA_TEST_CASE)) {
		/* without EDNS, as in round one: if it is the same here, it was said */
		if (!caa_kind_equal(b->kind[CAA_TEST_CASE], b->kind[CAA_TEST_UDP]))
			FIND(b, CASE, false, "asked in upper and lower case, it gives %s",
				caa_kind_text(text, b->kind[CAA_TEST_CASE]));
		return false;
	}
	owner = ldns_rr_owner(ldns_rr_list_rr(ldns_pkt_question(x->reply), 0));
	if (ldns_rdf_size(owner) == ldns_rdf_size(x->sent_name) &&
	    memcmp(ldns_rdf_data(owner), ldns_rdf_data(x->sent_name), ldns_rdf_size(owner)) == 0)
		return true;
	FIND(b, CASE, false, "it repeats the question in other letters than it was asked in");
	return false;
}

/** One name of the climb whose answer is not good. */
static void judge_name(struct bench *b, size_t i)
{
	char text[CAA_KIND_TEXT_MAX], name[CAA_NAME_TEXT];
	const struct caa_exchange *again = &b->t->again[i];
	bool fails = i < b->climbed;

	caa_name_write(name, b->z->name[i]);
	caa_kind_text(text, b->caa[i]);
	if (b->caa[i].is == CAA_KIND_TRUNCATED && b->climbed > i)
		return;		/* judge_tcp() has said it */
	if (b->caa[i].is == CAA_KIND_NO_SOA)
		FIND(b, NODATA, fails, "asked for CAA at %s, it gives %s", name, text);
	else if (again->fate == CAA_FATE_ANSWERED && again->reply_len > CAA_EDNS_SIZE)
		FIND(b, SIZE, fails, "asked for CAA at %s over UDP, it gives no answer: over TCP that has %zu octets", name,
			again->reply_len);
	else
		FIND(b, CAA, fails, "asked for CAA at %s, it gives %s", name, text);
}

/** The climb: the first name of each kind of fault is said. */
static bool judge_caa(struct bench *b)
{
	bool passes = true;

	for (size_t i = 0; i < b->z->names; i++) {
		bool known = false;

		for (size_t k = 0; k < i; k++)
			known |= caa_kind_equal(b->caa[i], b->caa[k]);
		if (b->caa[i].is != CAA_KIND_GOOD && !known)
			judge_name(b, i);
		passes = passes && b->caa[i].is == CAA_KIND_GOOD;
	}
	return passes;
}

static bool judge_type(struct bench *b)
{
	struct caa_kind kind = b->kind[CAA_TEST_TYPE];
	char text[CAA_KIND_TEXT_MAX];

	for (size_t i = 0; i < b->z->names; i++)
		if (kind.is != CAA_KIND_GOOD && caa_kind_equal(kind, b->caa[i]))	/* it is so for CAA, and said */
			return false;
	if (kind.is == CAA_KIND_NO_SOA)
		FIND(b, NODATA, false, "asked for a type that is not there, it gives %s", caa_kind_text(text, kind));
	else if (kind.is != CAA_KIND_GOOD)
		FIND(b, TYPE, false, "asked for a type that is not known, it gives %s", caa_kind_text(text, kind));
	return kind.is == CAA_KIND_GOOD;
}

/** What is to be said was said by judge_caa() and judge_type(). */
static bool judge_nodata(struct bench *b)
{
	return good(b, CAA_TEST_TYPE) && !caa_found(b->f, CAA_PROBE_NODATA, b->t->server);
}

static bool too_large(const struct caa_exchange *x)
{
	return x->udp_len > (x->query.edns ? CAA_EDNS_SIZE : CAA_PLAIN_SIZE);
}

static bool judge_size(struct bench *b)
{
	const struct caa_exchange *worst = NULL;

	for (size_t i = 0; i < CAA_TEST_COUNT; i++)
		if (too_large(&b->t->test[i]))
			worst = &b->t->test[i];
	for (size_t i = 0; i < b->z->names; i++)
		if (too_large(&b->t->caa[i]))
			worst = &b->t->caa[i];
	if (worst != NULL)
		FIND(b, SIZE, false, "it sends %zu octets over UDP where %d are allowed", worst->udp_len,
			worst->query.edns ? CAA_EDNS_SIZE : CAA_PLAIN_SIZE);
	return worst == NULL && !caa_found(b->f, CAA_PROBE_SIZE, b->t->server);
}

static bool say_reason(struct bench *b, const struct caa_reason *why)
{
	struct caa_finding *new = FIND(b, DNSSEC, true, "%s", why->what);

	if (why->change != NULL)
		new->change = why->change;
	return false;
}

static bool judge_dnssec(struct bench *b)
{
	struct caa_kind kind = b->kind[CAA_TEST_DNSKEY];
	struct caa_reason why = { .change = NULL };
	char text[CAA_KIND_TEXT_MAX];
	ldns_rr_list *keys;
	bool passes = true;

	if (!b->secure || !b->t->edns || kind.is == CAA_KIND_TRUNCATED)
		return false;
	if (kind.is != CAA_KIND_GOOD) {
		FIND(b, DNSSEC, true, "asked for DNSKEY, it gives %s", caa_kind_text(text, kind));
		return false;
	}
	keys = caa_dnssec_keys(b->t->test[CAA_TEST_DNSKEY].reply, b->z->ds, b->z->cut->apex, &why);
	if (keys == NULL)
		return say_reason(b, &why);
	for (size_t i = 0; passes && i < b->climbed; i++)
		passes = b->caa[i].is != CAA_KIND_GOOD ||
			caa_dnssec_answer(b->t->caa[i].reply, b->z->name[i], LDNS_RR_TYPE_CAA, keys, b->z->cut->apex, &why);
	ldns_rr_list_free(keys);
	return passes || say_reason(b, &why);
}

/** In this order: a judge may look at what those before it found. */
static const struct {
	enum caa_probe_check check;
	bool (*passes)(struct bench *b);
	bool last;	/**< if the address does not pass, what comes after is not worth a word */
} court[] = {
	{ CAA_PROBE_UDP, judge_udp, false },
	{ CAA_PROBE_AUTHORITY, judge_authority, true },
	{ CAA_PROBE_TCP, judge_tcp, false },
	{ CAA_PROBE_EDNS, judge_edns, false },
	{ CAA_PROBE_OPTION, judge_option, false },
	{ CAA_PROBE_VERSION, judge_version, false },
	{ CAA_PROBE_COOKIE, judge_cookie, false },
	{ CAA_PROBE_CASE, judge_case, false },
	{ CAA_PROBE_CAA, judge_caa, false },
	{ CAA_PROBE_TYPE, judge_type, false },
	{ CAA_PROBE_NODATA, judge_nodata, false },
	{ CAA_PROBE_SIZE, judge_size, false },
	{ CAA_PROBE_DNSSEC, judge_dnssec, false }
};

void caa_judge_server(struct caa_findings *f, const struct caa_zone *z, struct caa_tested *t)
{
	struct bench b = { .f = f, .z = z, .t = t, .secure = caa_dnssec_expected(z->ds), .climbed = caa_zone_climbed(z, t) };

	for (size_t i = 0; i < CAA_TEST_COUNT; i++)
		b.kind[i] = caa_kind_of(&t->test[i], z->cut->apex);
	for (size_t i = 0; i < z->names; i++)
		b.caa[i] = caa_kind_of(&t->caa[i], z->cut->apex);
	for (size_t i = 0; i < sizeof(court) / sizeof(court[0]); i++) {
		if (court[i].passes(&b))
			t->passes |= 1u << court[i].check;
		else if (court[i].last)
			return;
	}
}
