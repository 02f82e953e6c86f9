/* SPDX-License-Identifier: BSD-3-Clause */
#include "record.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 3 * 1024 };	/* the longest names, of 255 octets that are all escaped, on both sides */

bool record_add(ldns_rr_list *rrs, unsigned ttl, const char *format, va_list args)
{
	char text[TEXT_MAX], line[TEXT_MAX + 32], *rest;
	ldns_rr *rr;

	vsnprintf(text, sizeof(text), format, args);
	rest = strchr(text, ' ');
	*rest++ = '\0';
	snprintf(line, sizeof(line), "%s. %u IN %s", text, ttl, rest);
	if (ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL) != LDNS_STATUS_OK) {
		fprintf(stderr, "no record: %s\n", line);
		return false;
	}
	ldns_rr_list_push_rr(rrs, rr);
	return true;
}
