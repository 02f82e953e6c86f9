/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/probe/agree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "tool/probe/kind.h"

enum { SET_TEXT_MAX = 512 };	/* octets of records that are shown; what is beyond counts, too */

/** What a set of records says, in one text: data in lower case names, sorted, without TTLs. */
static char *set_text(const ldns_rr_list *records)
{
	ldns_rr_list *sorted = ldns_rr_list_clone(records);
	ldns_buffer *out = ldns_buffer_new(LDNS_MAX_PACKETLEN);
	char *text;

	for (size_t i = 0; i < ldns_rr_list_rr_count(sorted); i++)
		ldns_rr2canonical(ldns_rr_list_rr(sorted, i));
	ldns_rr_list_sort(sorted);
	for (size_t i = 0; i < ldns_rr_list_rr_count(sorted); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(sorted, i);

		if (i > 0)
			ldns_buffer_printf(out, ", ");
		for (size_t k = 0; k < ldns_rr_rd_count(rr); k++) {
			if (k > 0)
				ldns_buffer_printf(out, " ");
			ldns_rdf2buffer_str(out, ldns_rr_rdf(rr, k));
		}
	}
	text = ldns_buffer_export2str(out);
	ldns_buffer_free(out);
	ldns_rr_list_deep_free(sorted);
	return text;
}

/** The same; an empty set in words. */
static const char *or_none(const char *text)
{
	return text == NULL || text[0] == '\0' ? "none" : text;
}

static void compare_delegation(struct caa_findings *f, const struct caa_zone *z)
{
	char *parent = set_text(z->cut->ns);
	bool found = z->cut->child_told || parent == NULL;

	for (size_t i = 0; !found && i < z->cut->servers; i++) {
		const struct caa_exchange *x = &z->tested[i].test[CAA_TEST_NS];
		ldns_rr_list *records;
		char *child;

		if (caa_kind_of(x, z->cut->apex).is != CAA_KIND_GOOD)
			continue;
		records = caa_records_at(ldns_pkt_answer(x->reply), z->cut->apex, LDNS_RR_TYPE_NS);
		child = set_text(records);
		found = child != NULL && strcmp(parent, child) != 0;
		if (found)
			caa_find(f, CAA_PROBE_DELEGATION, false, z->cut, NULL, "NS at the parent: %.*s; in the zone (%s): %.*s",
				SET_TEXT_MAX, or_none(parent), z->tested[i].server->address, SET_TEXT_MAX, or_none(child));
		free(child);
		ldns_rr_list_deep_free(records);
	}
	free(parent);
}

/** One nameserver's addresses of one type. @return whether they differ, which is said then. */
static bool compare_glue(struct caa_findings *f, const struct caa_zone *z, const struct caa_exchange *x)
{
	ldns_rr_list *glue, *zone;
	char *parent, *child, name[CAA_NAME_TEXT];
	bool differ;

	if (caa_kind_of(x, z->cut->apex).is != CAA_KIND_GOOD)
		return false;
	glue = caa_records_at(z->cut->glue, x->query.name, x->query.type);
	zone = caa_records_at(ldns_pkt_answer(x->reply), x->query.name, x->query.type);
	parent = set_text(glue);
	child = set_text(zone);
	/* a parent may have some only */
	differ = parent != NULL && child != NULL && parent[0] != '\0' && strcmp(parent, child) != 0;
	if (differ)
		caa_find(f, CAA_PROBE_GLUE, false, z->cut, NULL, "addresses of %s at the parent: %.*s; in the zone: %.*s",
			caa_name_write(name, x->query.name), SET_TEXT_MAX, or_none(parent), SET_TEXT_MAX, or_none(child));
	free(parent);
	free(child);
	ldns_rr_list_deep_free(glue);
	ldns_rr_list_deep_free(zone);
	return differ;
}

/** What a server says of CAA at a name: records, and where they stand. @return NULL if it has said nothing good. */
static char *said_of(const struct caa_zone *z, size_t server, size_t name)
{
	const struct caa_exchange *x = &z->tested[server].caa[name];
	ldns_rr_list *records;
	char *text;

	if (caa_kind_of(x, z->cut->apex).is != CAA_KIND_GOOD)
		return NULL;
	records = caa_zone_records(x);
	text = set_text(records);
	ldns_rr_list_deep_free(records);
	return text;
}

/** @return whether a server says another thing than the first that says something. */
static bool compare_name(struct caa_findings *f, const struct caa_zone *z, size_t server, size_t name)
{
	char *mine = said_of(z, server, name), *first = NULL, text[CAA_NAME_TEXT];
	size_t i = 0;
	bool differ;

	while (mine != NULL && i < server && (first = said_of(z, i, name)) == NULL)
		i++;
	differ = mine != NULL && first != NULL && strcmp(mine, first) != 0;
	if (differ)
		caa_find(f, CAA_PROBE_EQUAL, false, z->cut, z->tested[server].server, "CAA at %s is %.*s; at %s it is %.*s",
			caa_name_write(text, z->name[name]), SET_TEXT_MAX, or_none(mine), z->tested[i].server->address,
			SET_TEXT_MAX, or_none(first));
	free(mine);
	free(first);
	return differ;
}

/** @return false if the server gave no SOA of the zone. */
static bool serial_of(const struct caa_zone *z, size_t server, uint32_t *serial)
{
	static const enum caa_test test[] = { CAA_TEST_UDP, CAA_TEST_EDNS, CAA_TEST_TCP };
	bool found = false;

	for (size_t i = 0; !found && i < 3; i++) {
		const struct caa_exchange *x = &z->tested[server].test[test[i]];
		ldns_rr_list *soa = x->fate == CAA_FATE_ANSWERED ?
			caa_records_at(ldns_pkt_answer(x->reply), z->cut->apex, LDNS_RR_TYPE_SOA) : ldns_rr_list_new();

		found = ldns_rr_list_rr_count(soa) > 0 && ldns_rr_rd_count(ldns_rr_list_rr(soa, 0)) == 7;
		if (found)
			*serial = ldns_rdf2native_int32(ldns_rr_rdf(ldns_rr_list_rr(soa, 0), 2));
		ldns_rr_list_deep_free(soa);
	}
	return found;
}

static void compare_serial(struct caa_findings *f, const struct caa_zone *z, size_t server)
{
	uint32_t mine, first;
	size_t i = 0;

	if (!serial_of(z, server, &mine))
		return;
	while (i < server && !serial_of(z, i, &first))
		i++;
	if (i < server && mine != first)
		caa_find(f, CAA_PROBE_EQUAL, false, z->cut, z->tested[server].server,
			"its zone has serial %" PRIu32 "; that of %s has %" PRIu32, mine, z->tested[i].server->address, first);
}

void caa_agree(struct caa_findings *f, const struct caa_zone *z)
{
	compare_delegation(f, z);
	for (size_t i = 0; i < CAA_NS_MAX; i++)
		if (!compare_glue(f, z, &z->address[i][0]))
			compare_glue(f, z, &z->address[i][1]);
	for (size_t i = 0; i < z->cut->servers; i++) {
		bool differ = false;

		for (size_t name = 0; !differ && name < z->names; name++)
			differ = compare_name(f, z, i, name);
		if (!differ)
			compare_serial(f, z, i);
	}
}
