/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/sans.h"

#include "core/climb/climb.h"

#include <ldns/ldns.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 80 };	/* octets of a bad name that a message shows */

void caa_sans_init(struct caa_sans *s)
{
	*s = (struct caa_sans){ .san = NULL };
}

void caa_sans_clear(struct caa_sans *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->san[i].text);
	free(s->san);
	caa_sans_init(s);
}

/** Copy octets from outside so that a terminal can show them. */
static const char *shown(char out[static SHOWN_MAX + 1], const char *text)
{
	size_t at = 0;

	for (; *text != '\0' && at + 4 < SHOWN_MAX; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= ' ' && c <= '~')
			out[at++] = (char)c;
		else
			at += (size_t)snprintf(out + at, 5, "\\%03u", c);
	}
	out[at] = '\0';
	return out;
}

static bool is_known(const struct caa_sans *s, struct caa_name name)
{
	for (size_t i = 0; i < s->count; i++)
		if (caa_name_equal((struct caa_name){ s->san[i].wire, s->san[i].len }, name))
			return true;
	return false;
}

static enum caa_res append(struct caa_sans *s, struct caa_name name, const char *text)
{
	if (s->count == s->room) {
		size_t room = s->room > 0 ? 2 * s->room : 128;
		struct caa_san *san = realloc(s->san, room * sizeof(*san));

		if (san == NULL)
			return CAA_ENOMEM;
		s->san = san;
		s->room = room;
	}
	s->san[s->count].text = strdup(text);
	if (s->san[s->count].text == NULL)
		return CAA_ENOMEM;
	memcpy(s->san[s->count].wire, name.wire, name.len);
	s->san[s->count++].len = name.len;
	return CAA_OK;
}

static enum caa_res bad_name(const char *text, const char *where, const char *why, char err[static CAA_SANS_TEXT_MAX])
{
	char safe[SHOWN_MAX + 1];

	snprintf(err, CAA_SANS_TEXT_MAX, "%.200s: \"%s\" is not a domain name: %s", where, shown(safe, text), why);
	return CAA_EFORMAT;
}

enum caa_res caa_sans_add(struct caa_sans *s, const char *text, const char *where, char err[static CAA_SANS_TEXT_MAX])
{
	struct caa_name name, base;
	enum caa_res res = CAA_OK;
	ldns_rdf *rdf = NULL;
	ldns_status status;

	if (text[0] == '\0')
		return bad_name(text, where, "it is empty", err);
	status = ldns_str2rdf_dname(&rdf, text);
	if (status != LDNS_STATUS_OK)
		return bad_name(text, where, ldns_get_errorstr_by_id(status), err);
	if (caa_name_check(&name, ldns_rdf_data(rdf), ldns_rdf_size(rdf)) != CAA_OK)
		res = bad_name(text, where, "it is too long", err);
	else if (caa_name_is_root(name) || (caa_climb_wildcard(&base, name) && caa_name_is_root(base)))
		res = bad_name(text, where, "the root has no CAA to look up", err);
	else if (!is_known(s, name))
		res = append(s, name, text);
	if (res == CAA_ENOMEM)
		snprintf(err, CAA_SANS_TEXT_MAX, "out of memory");
	ldns_rdf_deep_free(rdf);
	return res;
}

/** Cut a line at its comment and trim it. @return where its text starts. */
static char *trim(char *line)
{
	char *end;

	line[strcspn(line, "#\r\n")] = '\0';
	line += strspn(line, " \t");
	for (end = line + strlen(line); end > line && (end[-1] == ' ' || end[-1] == '\t'); end--)
		end[-1] = '\0';
	return line;
}

enum caa_res caa_sans_add_file(struct caa_sans *s, const char *path, char err[static CAA_SANS_TEXT_MAX])
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *file = is_stdin ? stdin : fopen(path, "r");
	enum caa_res res = CAA_OK;
	unsigned line_number = 0;
	char *line = NULL;
	size_t size = 0;

	if (file == NULL) {
		snprintf(err, CAA_SANS_TEXT_MAX, "%.200s: %s", path, strerror(errno));
		return CAA_EFORMAT;
	}
	while (res == CAA_OK && getline(&line, &size, file) >= 0) {
		char where[256];
		char *text = trim(line);

		snprintf(where, sizeof(where), "%.200s:%u", is_stdin ? "standard input" : path, ++line_number);
		if (text[0] != '\0')
			res = caa_sans_add(s, text, where, err);
	}
	free(line);
	if (!is_stdin)
		fclose(file);
	return res;
}

/** The SAN list of a certificate, else of a request, else NULL.  PEM is tried first, then DER. */
static GENERAL_NAMES *read_list(BIO *bio, bool *is_cert)
{
	GENERAL_NAMES *list = NULL;
	X509 *cert = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
	X509_REQ *req = NULL;

	if (cert == NULL && BIO_seek(bio, 0) == 0)
		cert = d2i_X509_bio(bio, NULL);
	if (cert == NULL && BIO_seek(bio, 0) == 0)
		req = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
	if (cert == NULL && req == NULL && BIO_seek(bio, 0) == 0)
		req = d2i_X509_REQ_bio(bio, NULL);
	*is_cert = cert != NULL || req != NULL;
	if (cert != NULL)
		list = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	if (req != NULL) {
		STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(req);

		list = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
		sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	}
	X509_free(cert);
	X509_REQ_free(req);
	ERR_clear_error();
	return list;
}

static enum caa_res add_list(struct caa_sans *s, const GENERAL_NAMES *list, const char *path,
	char err[static CAA_SANS_TEXT_MAX])
{
	enum caa_res res = CAA_OK;
	size_t names = 0;

	for (int i = 0; res == CAA_OK && i < sk_GENERAL_NAME_num(list); i++) {
		const GENERAL_NAME *entry = sk_GENERAL_NAME_value(list, i);
		const char *text;
		char where[256];

		if (entry->type != GEN_DNS)
			continue;
		names++;
		text = (const char *)ASN1_STRING_get0_data(entry->d.dNSName);
		snprintf(where, sizeof(where), "%.200s: SAN %d", path, i + 1);
		if (memchr(text, '\0', (size_t)ASN1_STRING_length(entry->d.dNSName)) != NULL)
			res = bad_name(text, where, "it holds a NUL", err);
		else
			res = caa_sans_add(s, text, where, err);
	}
	if (res == CAA_OK && names == 0) {
		snprintf(err, CAA_SANS_TEXT_MAX, "%.200s: its SAN list has no DNS name", path);
		return CAA_EFORMAT;
	}
	return res;
}

enum caa_res caa_sans_add_cert(struct caa_sans *s, const char *path, char err[static CAA_SANS_TEXT_MAX])
{
	BIO *bio = BIO_new_file(path, "rb");
	GENERAL_NAMES *list;
	enum caa_res res;
	bool is_cert;

	if (bio == NULL) {
		snprintf(err, CAA_SANS_TEXT_MAX, "%.200s: %s", path, strerror(errno));
		ERR_clear_error();
		return CAA_EFORMAT;
	}
	list = read_list(bio, &is_cert);
	BIO_free(bio);
	if (list == NULL) {
		snprintf(err, CAA_SANS_TEXT_MAX, is_cert ? "%.200s: it has no SAN list" :
			"%.200s: not a certificate or certificate request, in PEM or DER", path);
		return CAA_EFORMAT;
	}
	res = add_list(s, list, path, err);
	GENERAL_NAMES_free(list);
	return res;
}
