/* SPDX-License-Identifier: BSD-3-Clause */
/** \file One question over TCP (RFC 7766), for clients of the lab: asked and waited for. */
#ifndef CAA_TESTS_LAB_STREAM_H
#define CAA_TESTS_LAB_STREAM_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

/** @param wire: the message that is sent. @param patience_s: how long each part of the answer is waited for; 0 = without end.
 *  @param reply: has room for 65535 octets. @return the length of the answer; 0 if there was none. */
size_t stream_ask(const struct sockaddr_in *to, const uint8_t *wire, size_t len, unsigned patience_s, uint8_t *reply);

#endif
