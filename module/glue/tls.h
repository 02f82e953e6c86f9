/* SPDX-License-Identifier: BSD-3-Clause */
/** \file TLS to a store: who it is to be, and the steps of a connection with it, by the OpenSSL that Unbound itself is linked with.
 *
 *  No step blocks.  A server is who it is to be if its certificate is valid, leads to one of the authorities of the bundle, and has
 *  the name; whoever is not is told nothing.  TLS 1.2 at least, no renegotiation.
 *
 *  A context is read only once it is made; a connection belongs to one thread. */
#ifndef CAA_GLUE_TLS_H
#define CAA_GLUE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CAA_TLS_WHY_MAX = 160, CAA_TLS_NAME_MAX = 256 };

struct caa_tls;
struct ssl_st;

/** What it is made of: paths, "" = none. */
struct caa_tls_files {
	const char *ca;		/**< PEM, authorities; "" = those of the system */
	const char *cert, *key;	/**< PEM, of this client, without a pass phrase: both or none */
};

enum caa_tls_wrong { CAA_TLS_FINE, CAA_TLS_NO_MEMORY, CAA_TLS_CA, CAA_TLS_CERT, CAA_TLS_KEY };

/** @param name: of the server's certificate, a name or an address; "" = the address that is connected to.
 *  @param out: untouched on error. @param why: set on error, what OpenSSL says. */
enum caa_tls_wrong caa_tls_create(struct caa_tls **out, const struct caa_tls_files *files, const char *name, char why[static CAA_TLS_WHY_MAX]);
/** @param tls: may be NULL. */
void caa_tls_destroy(struct caa_tls *tls);

/** Begin on a socket that does not block. @param host: its address. @return NULL if there is no memory. */
struct ssl_st *caa_tls_begin(struct caa_tls *tls, int fd, const char *host);
/** @param ssl: may be NULL. */
void caa_tls_end(struct ssl_st *ssl);

/** Go on with the handshake.
 *  @param done: set to true once it is over. @param blocked: set to POLLOUT if it waits for that, else it waits for POLLIN.
 *  @param why: set on error. @return false if it failed: the server may not be told anything. */
bool caa_tls_shake(struct ssl_st *ssl, bool *done, short *blocked, char why[static CAA_TLS_WHY_MAX]);
/** As read() and write(), but for 0: nothing can be done now. @param blocked, why: as above. @return -1 if the connection is lost. */
ssize_t caa_tls_read(struct ssl_st *ssl, void *octets, size_t room, short *blocked, char why[static CAA_TLS_WHY_MAX]);
ssize_t caa_tls_write(struct ssl_st *ssl, const void *octets, size_t len, short *blocked, char why[static CAA_TLS_WHY_MAX]);

#endif
