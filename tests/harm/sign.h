/* SPDX-License-Identifier: BSD-3-Clause */
/** \file DNSSEC for the harm server: one ECDSA key that all signed zones share, and signatures made as they are needed. */
#ifndef HARM_SIGN_H
#define HARM_SIGN_H

#include <stdio.h>
#include "wire.h"

struct signer;

/** Make a key.  @return NULL, said, if that cannot be. */
struct signer *signer_create(void);

/** The DNSKEY and DS of a zone. */
void signer_dnskey(const struct signer *signer, struct record *out);
void signer_ds(const struct signer *signer, const char *zone, struct record *out);

/** Add the signatures of all that the zone is authoritative for in answer and authority section. */
void signer_sign(const struct signer *signer, const char *zone, struct reply *reply);

/** The zone's key as a line for Unbound's trust-anchor-file. */
void signer_anchor(const struct signer *signer, const char *zone, FILE *out);

#endif
