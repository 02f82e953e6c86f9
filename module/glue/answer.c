/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/answer.h"

#include "sldns/rrdef.h"
#include "sldns/sbuffer.h"
#include "util/data/msgreply.h"
#include "util/data/packed_rrset.h"

#include <string.h>

/* RFC 4034 s3.1: the RDATA of RRSIG, behind the two octets of its length in a packed RRset. */
enum { RRSIG_TTL_AT = 2 + 4, RRSIG_END_AT = 2 + 8 };

static const struct packed_rrset_data *data_of(const struct ub_packed_rrset_key *rrset)
{
	return rrset->entry.data;
}

static bool is_type(const struct ub_packed_rrset_key *rrset, uint16_t type)
{
	return ntohs(rrset->rk.type) == type;
}

bool caa_answer_has(const struct reply_info *rep, size_t from, size_t count, uint16_t type)
{
	for (size_t i = from; i < from + count; i++)
		if (is_type(rep->rrsets[i], type))
			return true;
	return false;
}

enum caa_hold_security caa_answer_security(enum sec_status status)
{
	switch (status) {
	case sec_status_unchecked:
		return CAA_HOLD_UNCHECKED;
	case sec_status_bogus:
	case sec_status_secure_sentinel_fail:
		return CAA_HOLD_BOGUS;
	case sec_status_indeterminate:
	case sec_status_insecure:
		return CAA_HOLD_INSECURE;
	case sec_status_secure:
		return CAA_HOLD_SECURE;
	}
	return CAA_HOLD_BOGUS;
}

/** A number of an RRSIG. @return false if its RDATA is too short. */
static bool rrsig_number(const struct packed_rrset_data *d, size_t sig, size_t at, uint32_t *out)
{
	size_t i = d->count + sig;

	if (d->rr_len[i] < at + sizeof(*out))
		return false;
	*out = sldns_read_uint32(d->rr_data[i] + at);
	return true;
}

uint64_t caa_answer_signed_until_s(const struct reply_info *rep, uint64_t wall_s)
{
	uint64_t first_s = 0;

	for (size_t i = 0; i < rep->an_numrrsets + rep->ns_numrrsets; i++) {
		const struct packed_rrset_data *d = data_of(rep->rrsets[i]);

		for (size_t sig = 0; sig < d->rrsig_count; sig++) {
			uint32_t end;
			uint64_t end_s;

			if (!rrsig_number(d, sig, RRSIG_END_AT, &end))
				continue;
			end_s = wall_s + (uint64_t)(int64_t)(int32_t)(end - (uint32_t)wall_s);	/* RFC 4034 s3.1.5 */
			if (first_s == 0 || end_s < first_s)
				first_s = end_s;
		}
	}
	return first_s;
}

static void names_add(struct caa_answer_names *n, const uint8_t *wire, size_t max)
{
	struct caa_name name, other;

	if (caa_name_check(&name, wire, max) != CAA_OK || n->len + name.len > sizeof(n->octets)) {
		n->full = true;
		return;
	}
	for (size_t at = 0; at < n->len && caa_name_check(&other, n->octets + at, n->len - at) == CAA_OK; at += other.len)
		if (caa_name_equal(name, other))
			return;
	memcpy(n->octets + n->len, name.wire, name.len);
	n->len += name.len;
}

void caa_answer_names(struct caa_answer_names *n, const struct reply_info *rep)
{
	n->len = 0;
	n->full = false;
	for (size_t i = 0; i < rep->an_numrrsets + rep->ns_numrrsets; i++) {
		const struct ub_packed_rrset_key *rrset = rep->rrsets[i];
		const struct packed_rrset_data *d = data_of(rrset);

		names_add(n, rrset->rk.dname, rrset->rk.dname_len);
		if ((is_type(rrset, LDNS_RR_TYPE_CNAME) || is_type(rrset, LDNS_RR_TYPE_DNAME)) && d->count > 0)
			names_add(n, d->rr_data[0] + 2, d->rr_len[0] - 2);
	}
}

bool caa_answer_age(const struct reply_info *rep, uint64_t min_ttl_s, uint64_t *age_s)
{
	*age_s = 0;
	for (size_t i = 0; i < rep->an_numrrsets + rep->ns_numrrsets; i++) {
		const struct packed_rrset_data *d = data_of(rep->rrsets[i]);
		uint64_t first_s, left_s = d->ttl > 0 ? (uint64_t)d->ttl : 0;
		uint32_t ttl;

		if (i >= rep->an_numrrsets && !is_type(rep->rrsets[i], LDNS_RR_TYPE_NSEC) &&
		    !is_type(rep->rrsets[i], LDNS_RR_TYPE_NSEC3))
			continue;
		if (is_type(rep->rrsets[i], LDNS_RR_TYPE_CNAME) && d->rrsig_count == 0)
			continue;	/* made of a DNAME that is signed, or the answer would not be secure */
		if (d->rrsig_count == 0 || !rrsig_number(d, 0, RRSIG_TTL_AT, &ttl))
			return false;
		first_s = ttl > min_ttl_s ? ttl : min_ttl_s;
		if (left_s > first_s)
			return false;	/* cached under another configuration */
		if (first_s - left_s > *age_s)
			*age_s = first_s - left_s;
	}
	return true;
}
