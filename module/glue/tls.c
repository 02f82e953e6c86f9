/* SPDX-License-Identifier: BSD-3-Clause */
#include "glue/tls.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct caa_tls {
	SSL_CTX *ctx;
	char name[CAA_TLS_NAME_MAX];	/**< "" = the address */
};

/* --- its life ---------------------------------------------------------------------------------------------------- */

/** What OpenSSL found first. */
static void say_error(char why[static CAA_TLS_WHY_MAX], const char *what)
{
	unsigned long error = ERR_get_error();
	const char *text = error != 0 ? ERR_reason_error_string(error) : NULL;

	if (text == NULL && error != 0)		/* an errno, from the system */
		text = strerror(ERR_GET_REASON(error));
	snprintf(why, CAA_TLS_WHY_MAX, "%s%s", what, text != NULL ? text : "nothing is said about it");
	ERR_clear_error();
}

/** Nobody is there to be asked for a pass phrase. */
static int no_phrase(char *phrase, int size, int writes, void *arg)
{
	(void)phrase, (void)size, (void)writes, (void)arg;
	return 0;
}

static enum caa_tls_wrong set_up(SSL_CTX *ctx, const struct caa_tls_files *files)
{
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	/* what waits moves, and more of it comes, while the socket takes none */
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_default_passwd_cb(ctx, no_phrase);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
		return CAA_TLS_NO_MEMORY;
	if ((files->ca[0] != '\0' ? SSL_CTX_load_verify_file(ctx, files->ca) : SSL_CTX_set_default_verify_paths(ctx)) != 1)
		return CAA_TLS_CA;
	if (files->cert[0] == '\0')
		return CAA_TLS_FINE;
	if (SSL_CTX_use_certificate_chain_file(ctx, files->cert) != 1)
		return CAA_TLS_CERT;
	if (SSL_CTX_use_PrivateKey_file(ctx, files->key, SSL_FILETYPE_PEM) != 1)
		return CAA_TLS_KEY;
	return CAA_TLS_FINE;
}

enum caa_tls_wrong caa_tls_create(struct caa_tls **out, const struct caa_tls_files *files, const char *name, char why[static CAA_TLS_WHY_MAX])
{
	struct caa_tls *tls = calloc(1, sizeof(*tls));
	enum caa_tls_wrong wrong = CAA_TLS_NO_MEMORY;

	ERR_clear_error();
	if (tls != NULL) {
		snprintf(tls->name, sizeof(tls->name), "%s", name);
		tls->ctx = SSL_CTX_new(TLS_client_method());
		if (tls->ctx != NULL)
			wrong = set_up(tls->ctx, files);
	}
	if (wrong == CAA_TLS_FINE) {
		*out = tls;
		return wrong;
	}
	say_error(why, "");
	caa_tls_destroy(tls);
	return wrong;
}

void caa_tls_destroy(struct caa_tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->ctx);
	free(tls);
}

/** Who the server is to be. */
static bool expect(SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	if (X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1)
		return true;
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	return X509_VERIFY_PARAM_set1_host(param, name, 0) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

struct ssl_st *caa_tls_begin(struct caa_tls *tls, int fd, const char *host)
{
	SSL *ssl = SSL_new(tls->ctx);

	if (ssl != NULL && SSL_set_fd(ssl, fd) == 1 && expect(ssl, tls->name[0] != '\0' ? tls->name : host)) {
		SSL_set_connect_state(ssl);
		return ssl;
	}
	SSL_free(ssl);
	ERR_clear_error();
	return NULL;
}

void caa_tls_end(struct ssl_st *ssl)
{
	SSL_free(ssl);
}

/* --- its steps --------------------------------------------------------------------------------------------------- */

/** Before a step: what it leaves is its own. */
static void forget_errors(void)
{
	ERR_clear_error();
	errno = 0;
}

/** What becomes of a step that did nothing. @return false if the connection is lost. */
static bool goes_on(SSL *ssl, int result, short *blocked, char why[static CAA_TLS_WHY_MAX], const char *what)
{
	int error = errno;

	switch (SSL_get_error(ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return true;
	case SSL_ERROR_WANT_WRITE:
		*blocked = POLLOUT;
		return true;
	case SSL_ERROR_ZERO_RETURN:
		snprintf(why, CAA_TLS_WHY_MAX, "%sthe store has closed it", what);
		return false;
	case SSL_ERROR_SYSCALL:
		snprintf(why, CAA_TLS_WHY_MAX, "%s%s", what, error != 0 ? strerror(error) : "the store has closed it");
		return false;
	default:
		say_error(why, what);
		return false;
	}
}

bool caa_tls_shake(struct ssl_st *ssl, bool *done, short *blocked, char why[static CAA_TLS_WHY_MAX])
{
	int result;

	forget_errors();
	result = SSL_do_handshake(ssl);
	*done = result == 1;
	if (*done || goes_on(ssl, result, blocked, why, "no TLS with the store: "))
		return true;
	if (SSL_get_verify_result(ssl) != X509_V_OK)
		snprintf(why, CAA_TLS_WHY_MAX, "the store's certificate is refused: %s",
			X509_verify_cert_error_string(SSL_get_verify_result(ssl)));
	ERR_clear_error();
	return false;
}

static int some(size_t len)
{
	return len < INT_MAX ? (int)len : INT_MAX;
}

/** @param len: of a step, as of SSL_read(). @return octets, 0 if there is nothing to be done now, -1 if the connection is lost. */
static ssize_t moved(SSL *ssl, int len, short *blocked, char why[static CAA_TLS_WHY_MAX])
{
	if (len > 0)
		return len;
	return goes_on(ssl, len, blocked, why, "the connection is lost: ") ? 0 : -1;
}

ssize_t caa_tls_read(struct ssl_st *ssl, void *octets, size_t room, short *blocked, char why[static CAA_TLS_WHY_MAX])
{
	forget_errors();
	return moved(ssl, SSL_read(ssl, octets, some(room)), blocked, why);
}

ssize_t caa_tls_write(struct ssl_st *ssl, const void *octets, size_t len, short *blocked, char why[static CAA_TLS_WHY_MAX])
{
	forget_errors();
	return moved(ssl, SSL_write(ssl, octets, some(len)), blocked, why);
}
