/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/probe/dnssec.h"

#include <stdio.h>
#include <stdlib.h>
#include "tool/probe/kind.h"
#include "tool/probe/walk.h"

static const char CHANGE_DS[] = "give the parent (by the registrar) a DS of a key that signs the zone's DNSKEY records, or have it "
	"remove the DS";
static const char CHANGE_DENIAL[] = "sign the zone again, so that NSEC or NSEC3 records prove what is not there";

/** What resolvers validate: RFC 8624 s3.1 and s3.3 without what they leave alone. */
static bool is_supported(const ldns_rr *ds)
{
	unsigned algorithm = ldns_rdf2native_int8(ldns_rr_rdf(ds, 1)), digest = ldns_rdf2native_int8(ldns_rr_rdf(ds, 2));

	switch (algorithm) {
	case LDNS_RSASHA1:
	case LDNS_RSASHA1_NSEC3:
	case LDNS_RSASHA256:
	case LDNS_RSASHA512:
	case LDNS_ECDSAP256SHA256:
	case LDNS_ECDSAP384SHA384:
	case LDNS_ED25519:
	case LDNS_ED448:
		return digest == LDNS_SHA1 || digest == LDNS_SHA256 || digest == LDNS_SHA384;
	default:
		return false;
	}
}

bool caa_dnssec_expected(const ldns_rr_list *ds)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(ds); i++)
		if (ldns_rr_rd_count(ldns_rr_list_rr(ds, i)) == 4 && is_supported(ldns_rr_list_rr(ds, i)))
			return true;
	return false;
}

static ldns_rr_list *signatures_of(const ldns_rr_list *section, const ldns_rdf *owner, ldns_rr_type type, const ldns_rdf *apex)
{
	ldns_rr_list *out = ldns_rr_list_new();

	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		ldns_rr *rr = ldns_rr_list_rr(section, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG &&
		    ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(rr)) == type && ldns_dname_compare(ldns_rr_owner(rr), owner) == 0 &&
		    ldns_dname_compare(ldns_rr_rrsig_signame(rr), apex) == 0)
			ldns_rr_list_push_rr(out, rr);
	}
	return out;
}

/** Why a signature does not hold. */
static void say_signature(struct caa_reason *why, ldns_status status, const ldns_rr *sig, const char *type, const char *name)
{
	char *from = ldns_rdf2str(ldns_rr_rrsig_inception(sig)), *until = ldns_rdf2str(ldns_rr_rrsig_expiration(sig));
	unsigned tag = ldns_rdf2native_int16(ldns_rr_rrsig_keytag(sig));

	switch (status) {
	case LDNS_STATUS_CRYPTO_SIG_EXPIRED:
		snprintf(why->what, sizeof(why->what), "the signature of %s at %s by key %u expired at %s", type, name, tag, until);
		break;
	case LDNS_STATUS_CRYPTO_SIG_NOT_INCEPTED:
		snprintf(why->what, sizeof(why->what), "the signature of %s at %s by key %u is valid from %s on only", type, name,
			tag, from);
		why->change = "set the clock of what signs the zone";
		break;
	case LDNS_STATUS_CRYPTO_NO_MATCHING_KEYTAG_DNSKEY:
		snprintf(why->what, sizeof(why->what), "%s at %s is signed by key %u, which is not to be trusted here", type, name,
			tag);
		break;
	default:
		snprintf(why->what, sizeof(why->what), "the signature of %s at %s by key %u does not hold: %s", type, name, tag,
			ldns_get_errorstr_by_id(status));
	}
	free(from);
	free(until);
}

/** One RRset of a section. */
static bool verify_rrset(const ldns_rr_list *section, const ldns_rdf *owner, ldns_rr_type type, const ldns_rr_list *keys,
	const ldns_rdf *apex, struct caa_reason *why)
{
	ldns_rr_list *rrset = caa_records_at(section, owner, type), *sigs = signatures_of(section, owner, type, apex);
	char *type_text = ldns_rr_type2str(type), name[CAA_NAME_TEXT];
	bool good = false;

	caa_name_write(name, owner);
	snprintf(why->what, sizeof(why->what), "%s at %s has no signature", type_text, name);
	for (size_t i = 0; !good && i < ldns_rr_list_rr_count(sigs); i++) {
		ldns_rr_list *good_keys = ldns_rr_list_new();
		ldns_status status = ldns_verify_rrsig_keylist(rrset, ldns_rr_list_rr(sigs, i), keys, good_keys);

		good = status == LDNS_STATUS_OK;
		if (!good)
			say_signature(why, status, ldns_rr_list_rr(sigs, i), type_text, name);
		ldns_rr_list_free(good_keys);
	}
	free(type_text);
	ldns_rr_list_free(sigs);
	ldns_rr_list_deep_free(rrset);
	return good;
}

ldns_rr_list *caa_dnssec_keys(const ldns_pkt *reply, const ldns_rr_list *ds, const ldns_rdf *apex, struct caa_reason *why)
{
	ldns_rr_list *keys = ldns_rr_list_new(), *entry = ldns_rr_list_new();
	const ldns_rr_list *answer = ldns_pkt_answer(reply);
	unsigned tag = ldns_rdf2native_int16(ldns_rr_rdf(ldns_rr_list_rr(ds, 0), 0));
	bool good;

	for (size_t i = 0; i < ldns_rr_list_rr_count(answer); i++) {
		ldns_rr *rr = ldns_rr_list_rr(answer, i);
		bool matches = false;

		if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_DNSKEY || ldns_dname_compare(ldns_rr_owner(rr), apex) != 0)
			continue;
		ldns_rr_list_push_rr(keys, rr);
		for (size_t k = 0; k < ldns_rr_list_rr_count(ds); k++)
			matches |= ldns_rr_compare_ds(rr, ldns_rr_list_rr(ds, k));
		if (matches)
			ldns_rr_list_push_rr(entry, rr);
	}
	if (ldns_rr_list_rr_count(entry) > 0) {
		good = verify_rrset(answer, apex, LDNS_RR_TYPE_DNSKEY, entry, apex, why);
	} else {
		good = false;
		snprintf(why->what, sizeof(why->what), ldns_rr_list_rr_count(keys) > 0 ?
			"no DNSKEY matches the parent's DS (key %u)" : "the parent has a DS (key %u), and there is no DNSKEY", tag);
		why->change = CHANGE_DS;
	}
	ldns_rr_list_free(entry);
	if (good)
		return keys;
	ldns_rr_list_free(keys);
	return NULL;
}

/** Every RRset of a section of which `only` (0: all but signatures) is the type. */
static bool verify_section(const ldns_rr_list *section, ldns_rr_type only, const ldns_rr_list *keys, const ldns_rdf *apex,
	struct caa_reason *why)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(section, i);
		ldns_rr_type type = ldns_rr_get_type(rr);

		if (type == LDNS_RR_TYPE_RRSIG || (only != 0 && type != only) || !caa_name_in(ldns_rr_owner(rr), apex))
			continue;
		if (type == LDNS_RR_TYPE_CNAME && i > 0 &&
		    ldns_rr_get_type(ldns_rr_list_rr(section, 0)) == LDNS_RR_TYPE_DNAME)
			continue;	/* made from the DNAME, which is signed (RFC 6672 s5.3.1) */
		if (!verify_rrset(section, ldns_rr_owner(rr), type, keys, apex, why))
			return false;
	}
	return true;
}

static ldns_rr_list *of_type(const ldns_rr_list *section, ldns_rr_type type)
{
	ldns_rr_list *out = ldns_rr_list_new();

	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++)
		if (ldns_rr_get_type(ldns_rr_list_rr(section, i)) == type)
			ldns_rr_list_push_rr(out, ldns_rr_list_rr(section, i));
	return out;
}

/** Whether an NSEC record shows a name to be there only for names below it (RFC 4592 s2.2.2), which ldns does not know: it
 *  wants a proof against wildcards, and there is none to be had. */
static bool is_between(const ldns_rr_list *nsec, const ldns_rdf *name)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(nsec); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(nsec, i);

		if (ldns_dname_is_subdomain(ldns_rr_rdf(rr, 0), name) && ldns_nsec_covers_name(rr, name))
			return true;
	}
	return false;
}

/** Whether a record says that a name is not there: for NSEC3, that its hash is not. */
static bool denies_name(const ldns_rr *rr, const ldns_rdf *name, const ldns_rdf *apex)
{
	bool hashed = ldns_rr_get_type(rr) == LDNS_RR_TYPE_NSEC3, denies;
	ldns_rdf *sought = hashed ? ldns_nsec3_hash_name_frm_nsec3(rr, name) : ldns_rdf_clone(name);

	denies = sought != NULL && (!hashed || ldns_dname_cat(sought, apex) == LDNS_STATUS_OK) &&
		ldns_dname_compare(ldns_rr_owner(rr), sought) != 0 && ldns_nsec_covers_name(rr, sought);
	ldns_rdf_deep_free(sought);
	return denies;
}

/** A wildcard's answer wants a proof that the name itself is not there (RFC 4035 s5.3.4, RFC 5155 s8.8). */
static bool verify_wildcard(const ldns_pkt *reply, const ldns_rr *sig, const ldns_rr_list *keys, const ldns_rdf *apex,
	struct caa_reason *why)
{
	size_t labels = ldns_rdf2native_int8(ldns_rr_rrsig_labels(sig));
	const ldns_rr_list *authority = ldns_pkt_authority(reply);
	ldns_rdf *closer = caa_name_last(ldns_rr_owner(sig), labels + 1);
	char name[CAA_NAME_TEXT];
	bool proven = false;

	for (size_t i = 0; !proven && i < ldns_rr_list_rr_count(authority); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(authority, i);
		ldns_rr_type type = ldns_rr_get_type(rr);

		if (type != LDNS_RR_TYPE_NSEC && type != LDNS_RR_TYPE_NSEC3)
			continue;
		proven = denies_name(rr, type == LDNS_RR_TYPE_NSEC3 ? closer : ldns_rr_owner(sig), apex);
		if (proven && !verify_rrset(authority, ldns_rr_owner(rr), type, keys, apex, why)) {
			ldns_rdf_deep_free(closer);
			return false;
		}
	}
	ldns_rdf_deep_free(closer);
	if (!proven) {
		snprintf(why->what, sizeof(why->what), "nothing proves that there is only a wildcard for %s",
			caa_name_write(name, ldns_rr_owner(sig)));
		why->change = CHANGE_DENIAL;
	}
	return proven;
}

static bool verify_wildcards(const ldns_pkt *reply, const ldns_rr_list *keys, const ldns_rdf *apex, struct caa_reason *why)
{
	const ldns_rr_list *answer = ldns_pkt_answer(reply);

	for (size_t i = 0; i < ldns_rr_list_rr_count(answer); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(answer, i);

		if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_RRSIG || !caa_name_in(ldns_rr_owner(rr), apex))
			continue;
		if (ldns_rdf2native_int8(ldns_rr_rrsig_labels(rr)) < ldns_dname_label_count(ldns_rr_owner(rr)) &&
		    !verify_wildcard(reply, rr, keys, apex, why))
			return false;
	}
	return true;
}

/** Whether NSEC or NSEC3 records, which are signed, deny a name or a type at it. */
static ldns_status denied(const ldns_pkt *reply, const ldns_rdf *name, ldns_rr_type type)
{
	ldns_rr_list *nsec = of_type(ldns_pkt_authority(reply), LDNS_RR_TYPE_NSEC);
	ldns_rr_list *nsec3 = of_type(ldns_pkt_authority(reply), LDNS_RR_TYPE_NSEC3);
	ldns_rr_list *sigs = of_type(ldns_pkt_authority(reply), LDNS_RR_TYPE_RRSIG);
	ldns_rr *question = ldns_rr_new();
	ldns_status status = LDNS_STATUS_DNSSEC_NSEC_RR_NOT_COVERED;

	ldns_rr_set_owner(question, ldns_rdf_clone(name));
	ldns_rr_set_type(question, type);
	ldns_rr_set_class(question, LDNS_RR_CLASS_IN);
	if (ldns_pkt_get_rcode(reply) == LDNS_RCODE_NOERROR && is_between(nsec, name))
		status = LDNS_STATUS_OK;
	else if (ldns_rr_list_rr_count(nsec) > 0)
		status = ldns_dnssec_verify_denial(question, nsec, sigs);
	else if (ldns_rr_list_rr_count(nsec3) > 0)
		status = ldns_dnssec_verify_denial_nsec3(question, nsec3, sigs, ldns_pkt_get_rcode(reply), type,
			ldns_pkt_get_rcode(reply) == LDNS_RCODE_NOERROR);
	ldns_rr_free(question);
	ldns_rr_list_free(nsec);
	ldns_rr_list_free(nsec3);
	ldns_rr_list_free(sigs);
	return status;
}

bool caa_dnssec_answer(const ldns_pkt *reply, const ldns_rdf *name, ldns_rr_type type, const ldns_rr_list *keys,
	const ldns_rdf *apex, struct caa_reason *why)
{
	const ldns_rdf *end = caa_alias_end(reply, name);
	ldns_rr_list *records = caa_records_at(ldns_pkt_answer(reply), end, type);
	bool positive = ldns_rr_list_rr_count(records) > 0;
	char *type_text, text[CAA_NAME_TEXT];
	ldns_status status;

	ldns_rr_list_deep_free(records);
	if (!verify_section(ldns_pkt_answer(reply), 0, keys, apex, why) || !verify_wildcards(reply, keys, apex, why))
		return false;
	if (positive || !caa_name_in(end, apex))
		return true;
	if (!verify_section(ldns_pkt_authority(reply), LDNS_RR_TYPE_SOA, keys, apex, why) ||
	    !verify_section(ldns_pkt_authority(reply), LDNS_RR_TYPE_NSEC, keys, apex, why) ||
	    !verify_section(ldns_pkt_authority(reply), LDNS_RR_TYPE_NSEC3, keys, apex, why))
		return false;
	status = denied(reply, end, type);
	if (status == LDNS_STATUS_OK)
		return true;
	type_text = ldns_rr_type2str(type);
	snprintf(why->what, sizeof(why->what), "nothing proves that there is no %s at %s: %s", type_text, caa_name_write(text, end),
		ldns_get_errorstr_by_id(status));
	why->change = CHANGE_DENIAL;
	free(type_text);
	return false;
}
