/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "zone.h"

enum { DAY_S = 86400, VALID_S = 30 * DAY_S, RSA_BITS = 2048, SALT = 4, SEP = LDNS_KEY_ZONE_KEY | LDNS_KEY_SEP_KEY,
	ALGORITHM_UNKNOWN = 201, DIGEST_UNKNOWN = 99 };

struct signer {
	ldns_key *key[KEY_COUNT];
};

static ldns_rr *dnskey_of(const struct zone *z, ldns_key *key)
{
	char text[sizeof(z->name) + 1];
	ldns_rr *rr;

	snprintf(text, sizeof(text), "%s.", z->name);
	if (ldns_key_pubkey_owner(key) != NULL)
		ldns_rdf_deep_free(ldns_key_pubkey_owner(key));
	ldns_key_set_pubkey_owner(key, ldns_dname_new_frm_str(text));
	rr = ldns_key2rr(key);
	ldns_rr_set_ttl(rr, z->ttl);
	return rr;
}

struct signer *signer_create(void)
{
	static const ldns_signing_algorithm algorithm[KEY_COUNT] = {
		LDNS_SIGN_ECDSAP256SHA256, LDNS_SIGN_ECDSAP256SHA256, LDNS_SIGN_RSASHA256, LDNS_SIGN_ED25519
	};
	struct signer *s = calloc(1, sizeof(*s));
	const struct zone any = { .ttl = 1 };

	for (int i = 0; s != NULL && i < KEY_COUNT; i++) {
		ldns_rr *rr;

		s->key[i] = ldns_key_new_frm_algorithm(algorithm[i], RSA_BITS);
		if (s->key[i] == NULL)
			die("no key can be made");
		ldns_key_set_flags(s->key[i], SEP);
		ldns_key_set_use(s->key[i], true);
		rr = dnskey_of(&any, s->key[i]);
		ldns_key_set_keytag(s->key[i], ldns_calc_keytag(rr));	/* the same for every owner */
		ldns_rr_free(rr);
	}
	return s;
}

void signer_delegate(struct signer *s, struct zone *parent, const struct zone *z)
{
	const struct kind *kind = z->kind;
	ldns_rr *dnskey, *ds;

	if (kind->ds == DS_NONE)
		return;
	dnskey = dnskey_of(z, s->key[kind->ds == DS_OTHER_KEY ? KEY_OTHER : kind->key]);
	ds = ldns_key_rr2ds(dnskey, LDNS_SHA256);
	ldns_rr_set_ttl(ds, parent->ttl);
	if (kind->ds == DS_UNKNOWN_ALGORITHM)
		ldns_rdf_deep_free(ldns_rr_set_rdf(ds, ldns_native2rdf_int8(LDNS_RDF_TYPE_ALG, ALGORITHM_UNKNOWN), 1));
	if (kind->ds == DS_UNKNOWN_DIGEST)
		ldns_rdf_deep_free(ldns_rr_set_rdf(ds, ldns_native2rdf_int8(LDNS_RDF_TYPE_INT8, DIGEST_UNKNOWN), 2));
	ldns_rr_list_push_rr(parent->rrs, ds);
	ldns_rr_free(dnskey);
}

static int replace_signatures(ldns_rr *sig, void *arg)
{
	(void)sig;
	(void)arg;
	return LDNS_SIGNATURE_REMOVE_ADD_NEW;
}

/** Records of a zone that are there while it is signed, and gone when it is served. */
#define GONE "\"gone.test\""

static void set_times(const struct zone *z, ldns_key *key)
{
	int64_t from = (int64_t)time(NULL) - DAY_S / 24, to = from + VALID_S;

	if (z->kind->spoil == SPOIL_EXPIRED) {
		from -= 9 * DAY_S;
		to = from + 8 * DAY_S;
	}
	if (z->kind->spoil == SPOIL_NOT_YET)
		from += 2 * DAY_S;
	ldns_key_set_inception(key, (uint32_t)from);
	ldns_key_set_expiration(key, (uint32_t)to);
}

static void sign(struct signer *s, struct zone *z, FILE *out)
{
	static uint8_t salt[SALT] = { 0xca, 0xa0, 0xca, 0xa0 };
	const struct kind *kind = z->kind;
	ldns_dnssec_zone *zone = ldns_dnssec_zone_new();
	ldns_rr_list *made = ldns_rr_list_new();
	ldns_key_list *keys = ldns_key_list_new();
	ldns_rr *dnskey = dnskey_of(z, s->key[kind->key]);
	ldns_key *key = s->key[kind->spoil == SPOIL_OTHER_KEY ? KEY_OTHER : kind->key];
	ldns_status status = LDNS_STATUS_OK;
	bool salted = kind->iterations > 0;

	if (kind->spoil == SPOIL_OTHER_KEY)
		ldns_rr_free(dnskey_of(z, key));	/* its owner is the signer's name */
	set_times(z, key);
	ldns_key_list_push_key(keys, key);
	ldns_rr_list_push_rr(z->rrs, dnskey);
	if (kind->spoil == SPOIL_LYING_PROOF)
		zone_add(z, "none.%s CAA 0 issue " GONE, z->name);
	for (size_t i = 0; i < ldns_rr_list_rr_count(z->rrs) && status == LDNS_STATUS_OK; i++)
		status = ldns_dnssec_zone_add_rr(zone, ldns_rr_list_rr(z->rrs, i));
	if (status == LDNS_STATUS_OK && kind->proof != PROOF_NSEC)
		status = ldns_dnssec_zone_sign_nsec3(zone, made, keys, replace_signatures, NULL, 1,
			kind->proof == PROOF_OPT_OUT, (uint16_t)kind->iterations, salted ? SALT : 0, salted ? salt : NULL);
	else if (status == LDNS_STATUS_OK)
		status = ldns_dnssec_zone_sign(zone, made, keys, replace_signatures, NULL);
	if (status != LDNS_STATUS_OK)
		die(ldns_get_errorstr_by_id(status));
	ldns_dnssec_zone_print(out, zone);
	ldns_dnssec_zone_deep_free(zone);
	ldns_rr_list_free(z->rrs);	/* the records went with the zone */
	z->rrs = NULL;
	ldns_rr_list_free(made);
	ldns_key_list_set_key_count(keys, 0);	/* the key stays ours */
	ldns_key_list_free(keys);
}

static bool is_of(const char *line, const char *type)
{
	const char *at = strstr(line, "\tIN\t");

	return at != NULL && strncmp(at + 4, type, strlen(type)) == 0;
}

static bool is_proof(const char *line)
{
	return is_of(line, "NSEC\t") || is_of(line, "NSEC3\t") || is_of(line, "RRSIG\tNSEC ") || is_of(line, "RRSIG\tNSEC3 ") ||
		is_of(line, "NSEC3PARAM\t") || is_of(line, "RRSIG\tNSEC3PARAM ");	/* it alone makes Knot 3.2.6 end */
}

/** @return whether a line of the zone file stays; it may be changed. */
static bool keep_line(enum spoil spoil, char *line, size_t len)
{
	bool of_keys = is_of(line, "RRSIG\tDNSKEY ");

	switch (spoil) {
	case SPOIL_SIGNATURES:
	case SPOIL_KEY_SIGNATURE:
		if (is_of(line, "RRSIG\t") && of_keys == (spoil == SPOIL_KEY_SIGNATURE))
			line[len - 20] = line[len - 20] == 'A' ? 'B' : 'A';
		return true;
	case SPOIL_NO_CAA_SIGNATURE:
		return !is_of(line, "RRSIG\tCAA ");
	case SPOIL_NO_SIGNATURES:
		return !is_of(line, "RRSIG\t");
	case SPOIL_NO_PROOF:
		return !is_proof(line);
	case SPOIL_LYING_PROOF:
		return strstr(line, GONE) == NULL && !(is_of(line, "RRSIG\tCAA ") && strncmp(line, "none.", 5) == 0);
	case SPOIL_NOTHING:
	case SPOIL_EXPIRED:
	case SPOIL_NOT_YET:
	case SPOIL_OTHER_KEY:
		return true;
	}
	return true;
}

static void write_spoilt(const struct zone *z, char *text, FILE *out)
{
	for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		if (keep_line(z->kind->spoil, line, (size_t)(end - line)))
			fprintf(out, "%s\n", line);
	}
}

void signer_write(struct signer *s, struct zone *z, FILE *out)
{
	char *text = NULL;
	size_t len;
	FILE *file;

	if (z->kind->proof == PROOF_NONE) {
		ldns_rr_list_print(out, z->rrs);
		return;
	}
	file = open_memstream(&text, &len);
	if (file == NULL)
		die("out of memory");
	sign(s, z, file);
	fclose(file);
	write_spoilt(z, text, out);
	free(text);
}

void signer_anchor(struct signer *s, FILE *out)
{
	const struct zone root = { .ttl = 3600 };

	ldns_rr_print(out, dnskey_of(&root, s->key[KEY_ECDSA]));
}

void signer_private(struct signer *s, FILE *out)
{
	ldns_key_print(out, s->key[KEY_ECDSA]);
}
