/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Fuzz the reader of names, in wire form and as text: what ldns takes for a name is one, and the other way round. */
#include "fuzz.h"

#include "core/wire/text.h"

#include <ldns/ldns.h>

/** The same name by ldns; NULL if it is none, or compressed. */
static ldns_rdf *by_ldns(const uint8_t *wire, size_t max, size_t *used)
{
	ldns_rdf *rdf = NULL;

	*used = 0;
	for (size_t at = 0; at < max; at += 1u + wire[at]) {
		if (wire[at] > CAA_LABEL_MAX)
			return NULL;	/* a pointer, or of no meaning */
		if (wire[at] == 0)
			break;
	}
	if (max == 0 || ldns_wire2dname(&rdf, wire, max, used) != LDNS_STATUS_OK)
		return NULL;
	return rdf;
}

/** As text it is the same name for whoever reads it. */
static void check_text(struct caa_name name)
{
	char text[CAA_NAME_TEXT_MAX], shown[64], all[CAA_NAME_TEXT_MAX];
	ldns_rdf *back = NULL;

	check(strlen(caa_name_text(text, name)) < sizeof(text));
	for (const char *c = text; *c != '\0'; c++)
		check(strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_\\.", *c) != NULL);
	check(ldns_str2rdf_dname(&back, text) == LDNS_STATUS_OK);
	check(ldns_rdf_size(back) == name.len && memcmp(ldns_rdf_data(back), name.wire, name.len) == 0);
	ldns_rdf_deep_free(back);
	for (size_t size = 16; size <= sizeof(shown); size += 7) {
		check(caa_text_name(shown, size, name) == shown && strlen(shown) < size && is_harmless(shown));
		if (strlen(text) <= size)
			check(strncmp(shown, text, strlen(shown)) == 0);
	}
	check(strcmp(caa_text_name(all, sizeof(all), name), text) == 0 || strlen(all) + 1 == strlen(text));
}

static void check_parents(struct caa_name name)
{
	size_t labels = caa_name_labels(name);
	struct caa_name at = name;

	check(labels <= CAA_NAME_LABELS_MAX && caa_name_is_root(name) == (labels == 0));
	while (caa_name_parent(&at, at)) {
		check(caa_name_labels(at) == --labels);
		check(caa_name_within(name, at) && !caa_name_within(at, name));
		check(caa_name_compare(at, name) < 0 && !caa_name_equal(at, name));
	}
	check(labels == 0 && at.len == 1);
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

/** Two names: the order of RFC 4034, and ldns's. */
static void check_pair(struct caa_name a, struct caa_name b, const ldns_rdf *la, const ldns_rdf *lb)
{
	uint8_t lower[CAA_NAME_MAX];
	int order = sign(caa_name_compare(a, b));

	check(order == -sign(caa_name_compare(b, a)));
	check((order == 0) == caa_name_equal(a, b));
	check(order == sign(ldns_dname_compare(la, lb)));
	check(caa_name_within(a, b) == (caa_name_equal(a, b) || ldns_dname_is_subdomain(la, lb)));
	caa_name_lower(lower, a);
	check(caa_name_equal(a, (struct caa_name){ lower, a.len }));
	for (size_t i = 0; i < a.len; i++)
		check(lower[i] == a.wire[i] || (lower[i] ^ a.wire[i]) == 0x20);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct caa_name a, b;
	ldns_rdf *la, *lb = NULL;
	size_t used, used_b;
	bool good = caa_name_check(&a, data, size) == CAA_OK;

	la = by_ldns(data, size, &used);
	check(good == (la != NULL));
	if (!good)
		return 0;
	check(a.len == used && a.wire == data && a.len <= CAA_NAME_MAX);
	check_text(a);
	check_parents(a);
	if (caa_name_check(&b, data + used, size - used) == CAA_OK) {
		lb = by_ldns(data + used, size - used, &used_b);
		check(lb != NULL);
		check_pair(a, b, la, lb);
		check_pair(a, a, la, la);
		ldns_rdf_deep_free(lb);
	}
	ldns_rdf_deep_free(la);
	return 0;
}
