/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What every unit test includes: cmocka in the order that it needs, names from text, a repeatable generator. */
#ifndef CAA_TESTS_UNIT_H
#define CAA_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>	/* before ldns, which makes bool a signed char otherwise */
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/wire/name.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/** A name made from text by ldns; lives as long as the buffer. */
struct name_buffer { uint8_t wire[CAA_NAME_MAX]; };

static inline struct caa_name name_of(struct name_buffer *b, const char *text)
{
	ldns_rdf *rdf = NULL;
	struct caa_name name;

	assert_int_equal(ldns_str2rdf_dname(&rdf, text), LDNS_STATUS_OK);
	memcpy(b->wire, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
	assert_int_equal(caa_name_check(&name, b->wire, ldns_rdf_size(rdf)), CAA_OK);
	ldns_rdf_deep_free(rdf);
	return name;
}

/** xorshift64*: the same numbers in every run. */
static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

#endif
