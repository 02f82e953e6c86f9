/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A record of a zone that is made: written as text, with ldns. */
#ifndef LAB_RECORD_H
#define LAB_RECORD_H

#include <ldns/ldns.h>
#include <stdarg.h>
#include <stdbool.h>

/** Add a record.  @param format: owner without final dot ("" is the root), then type and data. @return false if it is none, which is printed. */
bool record_add(ldns_rr_list *rrs, unsigned ttl, const char *format, va_list args) __attribute__((format(printf, 3, 0)));

#endif
