/* SPDX-License-Identifier: BSD-3-Clause */
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "sign.h"

enum { KEY_BITS = 256, FLAGS_KSK = 257, HOUR_S = 3600 };

struct signer {
	ldns_key *key;
	ldns_rr *dnskey;	/**< of the root; its data are those of every zone's */
};

struct signer *signer_create(void)
{
	struct signer *signer = calloc(1, sizeof(*signer));

	if (signer == NULL)
		return NULL;
	signer->key = ldns_key_new_frm_algorithm(LDNS_SIGN_ECDSAP256SHA256, KEY_BITS);
	if (signer->key == NULL) {
		fprintf(stderr, "harm_server: no key can be made\n");
		free(signer);
		return NULL;
	}
	ldns_key_set_pubkey_owner(signer->key, ldns_dname_new_frm_str("."));
	ldns_key_set_flags(signer->key, FLAGS_KSK);
	signer->dnskey = ldns_key2rr(signer->key);
	ldns_key_set_keytag(signer->key, ldns_calc_keytag(signer->dnskey));
	ldns_key_set_inception(signer->key, (uint32_t)time(NULL) - HOUR_S);
	ldns_key_set_expiration(signer->key, (uint32_t)time(NULL) + 24 * HOUR_S);
	return signer;
}

static void take_rdata(struct record *out, const ldns_rr *rr)
{
	out->len = 0;
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);

		if (out->len + ldns_rdf_size(rdf) > RDATA_MAX)
			abort();
		memcpy(out->rdata + out->len, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
		out->len += ldns_rdf_size(rdf);
	}
}

static ldns_rr *dnskey_of(const struct signer *signer, const char *zone)
{
	ldns_rr *rr = ldns_rr_clone(signer->dnskey);

	ldns_rdf_deep_free(ldns_rr_owner(rr));
	ldns_rr_set_owner(rr, ldns_dname_new_frm_str(zone));
	return rr;
}

void signer_dnskey(const struct signer *signer, struct record *out)
{
	take_rdata(out, signer->dnskey);
}

void signer_ds(const struct signer *signer, const char *zone, struct record *out)
{
	ldns_rr *key = dnskey_of(signer, zone), *ds = ldns_key_rr2ds(key, LDNS_SHA256);

	take_rdata(out, ds);
	ldns_rr_free(ds);
	ldns_rr_free(key);
}

void signer_anchor(const struct signer *signer, const char *zone, FILE *out)
{
	ldns_rr *key = dnskey_of(signer, zone);

	ldns_rr_print(out, key);
	ldns_rr_free(key);
}

static ldns_rr *as_ldns(const struct record *r)
{
	uint8_t octets[NAME_TEXT + 10 + RDATA_MAX];
	size_t used = wire_name(octets, r->owner), position = 0;
	ldns_rr *rr = NULL;

	wire_put16(octets + used, r->type);
	wire_put16(octets + used + 2, 1);
	wire_put32(octets + used + 4, r->ttl);
	wire_put16(octets + used + 8, (unsigned)r->len);
	memcpy(octets + used + 10, r->rdata, r->len);
	if (ldns_wire2rr(&rr, octets, used + 10 + r->len, &position, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK)
		abort();
	return rr;
}

/** The signature of one RRset, whose records are all in the reply. */
static void sign_set(const struct signer *signer, const char *zone, struct reply *reply, size_t first)
{
	struct record like = reply->record[first], *out;
	ldns_rr_list *set = ldns_rr_list_new(), *signatures;
	ldns_key_list *keys = ldns_key_list_new();

	for (size_t i = first; i < reply->records; i++)
		if (reply->in[i] == reply->in[first] && reply->record[i].type == like.type &&
		    strcmp(reply->record[i].owner, like.owner) == 0)
			ldns_rr_list_push_rr(set, as_ldns(&reply->record[i]));
	ldns_key_set_pubkey_owner(signer->key, ldns_dname_new_frm_str(zone));
	ldns_key_list_push_key(keys, signer->key);
	signatures = ldns_sign_public(set, keys);
	if (signatures == NULL || ldns_rr_list_rr_count(signatures) != 1)
		abort();
	out = reply_add(reply, reply->in[first], like.owner, T_RRSIG, like.ttl);
	take_rdata(out, ldns_rr_list_rr(signatures, 0));
	ldns_rr_list_deep_free(signatures);
	ldns_rr_list_deep_free(set);
	ldns_rdf_deep_free(ldns_key_pubkey_owner(signer->key));
	ldns_key_set_pubkey_owner(signer->key, NULL);
	ldns_key_list_set_key_count(keys, 0);	/* the key stays ours */
	ldns_key_list_free(keys);
}

static bool is_first_of_set(const struct reply *reply, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (reply->in[i] == reply->in[at] && reply->record[i].type == reply->record[at].type &&
		    strcmp(reply->record[i].owner, reply->record[at].owner) == 0)
			return false;
	return true;
}

/** Not signed: the NS of a delegation, and a CNAME that a DNAME makes. */
static bool is_to_be_signed(const struct reply *reply, size_t at, const char *zone)
{
	const struct record *r = &reply->record[at];

	if (r->type == T_RRSIG || reply->in[at] == ADDITIONAL)
		return false;
	if (r->type == T_NS)
		return strcmp(r->owner, zone) == 0;
	return !(r->type == T_CNAME && at > 0 && reply->record[at - 1].type == T_DNAME);
}

void signer_sign(const struct signer *signer, const char *zone, struct reply *reply)
{
	size_t records = reply->records;

	for (size_t i = 0; i < records; i++)
		if (is_to_be_signed(reply, i, zone) && is_first_of_set(reply, i))
			sign_set(signer, zone, reply, i);
}
