/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/probe/kind.h"

#include <stdlib.h>
#include "tool/probe/walk.h"

enum { ALIASES_MAX = 16 };	/* CNAMEs of one answer that are followed */

unsigned caa_reply_rcode(const ldns_pkt *reply)
{
	unsigned high = ldns_pkt_edns(reply) ? ldns_pkt_edns_extended_rcode(reply) : 0;

	return high << 4 | (unsigned)ldns_pkt_get_rcode(reply);
}

static const ldns_rdf *alias_of(const ldns_rr_list *answer, const ldns_rdf *name)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(answer); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(answer, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME && ldns_dname_compare(ldns_rr_owner(rr), name) == 0)
			return ldns_rr_rdf(rr, 0);
	}
	return NULL;
}

const ldns_rdf *caa_alias_end(const ldns_pkt *reply, const ldns_rdf *name)
{
	for (unsigned n = 0; n < ALIASES_MAX; n++) {
		const ldns_rdf *next = alias_of(ldns_pkt_answer(reply), name);

		if (next == NULL)
			break;
		name = next;
	}
	return name;
}

static bool has(const ldns_rr_list *section, ldns_rr_type type, const ldns_rdf *below)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(section, i);

		if (ldns_rr_get_type(rr) == type && caa_name_in(below, ldns_rr_owner(rr)))
			return true;
	}
	return false;
}

static bool has_at(const ldns_rr_list *section, ldns_rr_type type, const ldns_rdf *name)
{
	ldns_rr_list *records = caa_records_at(section, name, type);
	bool any = ldns_rr_list_rr_count(records) > 0;

	ldns_rr_list_deep_free(records);
	return any;
}

static enum caa_kind_is kind_of_reply(const struct caa_exchange *x, const ldns_rdf *apex)
{
	const ldns_pkt *reply = x->reply;
	const ldns_rdf *end = caa_alias_end(reply, x->query.name);
	bool answered = has_at(ldns_pkt_answer(reply), x->query.type, end);
	bool soa = has(ldns_pkt_authority(reply), LDNS_RR_TYPE_SOA, end);

	if (!answered && !soa && !ldns_pkt_aa(reply) && ldns_rr_list_rr_count(ldns_pkt_answer(reply)) == 0 &&
	    has(ldns_pkt_authority(reply), LDNS_RR_TYPE_NS, x->query.name))
		return CAA_KIND_REFERRAL;
	if (!ldns_pkt_aa(reply))
		return CAA_KIND_NOT_AUTHORITATIVE;
	if (answered || soa || !caa_name_in(end, apex))
		return CAA_KIND_GOOD;
	if (end != x->query.name)	/* the alias's target is in a zone further down, or it is not */
		return has(ldns_pkt_authority(reply), LDNS_RR_TYPE_NS, end) ? CAA_KIND_GOOD : CAA_KIND_NO_SOA;
	return ldns_rr_list_rr_count(ldns_pkt_answer(reply)) > 0 ? CAA_KIND_OTHER_RECORDS : CAA_KIND_NO_SOA;
}

struct caa_kind caa_kind_of(const struct caa_exchange *x, const ldns_rdf *apex)
{
	static const enum caa_kind_is of_fate[] = {
		[CAA_FATE_NONE] = CAA_KIND_NOT_ASKED, [CAA_FATE_ANSWERED] = CAA_KIND_GOOD, [CAA_FATE_SILENT] = CAA_KIND_SILENT,
		[CAA_FATE_REFUSED] = CAA_KIND_REFUSED, [CAA_FATE_CLOSED] = CAA_KIND_CLOSED,
		[CAA_FATE_MALFORMED] = CAA_KIND_MALFORMED,
		[CAA_FATE_OTHER_ID] = CAA_KIND_OTHER_ID, [CAA_FATE_OTHER_QUESTION] = CAA_KIND_OTHER_QUESTION,
		[CAA_FATE_NO_ROUTE] = CAA_KIND_NO_ROUTE
	};
	unsigned rcode;

	if (x->fate != CAA_FATE_ANSWERED)
		return (struct caa_kind){ .is = of_fate[x->fate] };
	if (x->truncated && x->stream != CAA_FATE_ANSWERED)
		return (struct caa_kind){ .is = CAA_KIND_TRUNCATED };
	rcode = caa_reply_rcode(x->reply);
	if (rcode != LDNS_RCODE_NOERROR && rcode != LDNS_RCODE_NXDOMAIN)
		return (struct caa_kind){ .is = CAA_KIND_RCODE, .rcode = rcode };
	return (struct caa_kind){ .is = kind_of_reply(x, apex) };
}

bool caa_kind_equal(struct caa_kind a, struct caa_kind b)
{
	return a.is == b.is && a.rcode == b.rcode;
}

static void rcode_text(char out[static CAA_KIND_TEXT_MAX], unsigned rcode)
{
	char *word = rcode < 16 ? ldns_pkt_rcode2str((ldns_pkt_rcode)rcode) : NULL;

	if (rcode == 16)
		snprintf(out, CAA_KIND_TEXT_MAX, "BADVERS");
	else if (rcode == 23)
		snprintf(out, CAA_KIND_TEXT_MAX, "BADCOOKIE");
	else if (word != NULL)
		snprintf(out, CAA_KIND_TEXT_MAX, "%s", word);
	else
		snprintf(out, CAA_KIND_TEXT_MAX, "RCODE %u", rcode);
	free(word);
}

const char *caa_kind_text(char out[static CAA_KIND_TEXT_MAX], struct caa_kind kind)
{
	static const char *const text[] = {
		[CAA_KIND_GOOD] = "a good answer", [CAA_KIND_NOT_ASKED] = "nothing, it was not asked",
		[CAA_KIND_SILENT] = "no answer",
		[CAA_KIND_REFUSED] = "no answer, nobody listens", [CAA_KIND_CLOSED] = "no answer, it closes the connection",
		[CAA_KIND_MALFORMED] = "an answer that is no DNS message", [CAA_KIND_OTHER_ID] = "answers with another id",
		[CAA_KIND_OTHER_QUESTION] = "answers to another question",
		[CAA_KIND_NO_ROUTE] = "nothing, there is no way to it from here",
		[CAA_KIND_TRUNCATED] = "a truncated answer, and none over TCP", [CAA_KIND_REFERRAL] = "a referral to other servers",
		[CAA_KIND_NOT_AUTHORITATIVE] = "an answer that is not authoritative (AA)",
		[CAA_KIND_NO_SOA] = "an empty answer without SOA", [CAA_KIND_OTHER_RECORDS] = "records for something else"
	};

	if (kind.is == CAA_KIND_RCODE)
		rcode_text(out, kind.rcode);
	else
		snprintf(out, CAA_KIND_TEXT_MAX, "%s", text[kind.is]);
	return out;
}
