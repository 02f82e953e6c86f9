/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Conversions between Unbound's forms and the core's.  No state: any thread may call anything here. */
#ifndef CAA_GLUE_HOST_H
#define CAA_GLUE_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include "core/addr.h"
#include "core/name.h"

struct query_info;

/** @return a clock in us that never goes back and does not follow the wall clock. */
uint64_t caa_host_now_us(void);

/** @return false if the address is of no known family, *out untouched. */
bool caa_host_addr(struct caa_addr *out, const struct sockaddr_storage *ss);

/** @return the question's name, borrowed from qinfo. */
struct caa_name caa_host_qname(const struct query_info *qinfo);

/** A caa_name_reader (core/config.h) on Unbound's own parser of names. */
enum caa_res caa_host_read_name(uint8_t wire[static CAA_NAME_MAX], size_t *len, const char *text, const char **why);

#endif
