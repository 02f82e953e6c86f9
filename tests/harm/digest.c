/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "digest.h"
#include "spec.h"

enum { RECORDS_MAX = 32, OPTION_EDE = 15 };

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *record_text(const ldns_rr *rr)
{
	ldns_rr *plain = ldns_rr_clone(rr);
	char *text;

	ldns_rr_set_ttl(plain, 0);
	text = ldns_rr2str(plain);
	ldns_rr_free(plain);
	for (char *c = text; c != NULL && *c != '\0'; c++)
		*c = (char)tolower(*c);
	return text;
}

static void read_records(struct digest *out, const ldns_rr_list *answer)
{
	char *text[RECORDS_MAX];
	size_t count = 0;
	uint64_t hash = 0;

	for (size_t i = 0; i < ldns_rr_list_rr_count(answer) && count < RECORDS_MAX; i++)
		if (ldns_rr_get_type(ldns_rr_list_rr(answer, i)) != LDNS_RR_TYPE_RRSIG)
			text[count++] = record_text(ldns_rr_list_rr(answer, i));
	qsort(text, count, sizeof(text[0]), by_text);
	for (size_t i = 0; i < count; i++) {
		hash = hash * 31 + spec_hash(0, text[i], 0);
		free(text[i]);
	}
	if (count == 0)
		strcpy(out->text, "-");
	else
		snprintf(out->text, sizeof(out->text), "%zu:%016llx", count, (unsigned long long)hash);
}

static void read_ede(struct digest *out, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 4 <= len;) {
		size_t code = (size_t)data[i] << 8 | data[i + 1], size = (size_t)data[i + 2] << 8 | data[i + 3];

		if (i + 4 + size > len)
			return;
		if (code == OPTION_EDE && size >= 2 && out->ede_text[0] == '\0') {
			size_t used = 0;

			out->ede = data[i + 4] << 8 | data[i + 5];
			for (size_t c = 2; c < size && used + 1 < sizeof(out->ede_text); c++)
				out->ede_text[used++] = isprint(data[i + 4 + c]) ? (char)data[i + 4 + c] : '?';
			out->ede_text[used] = '\0';
		}
		i += 4 + size;
	}
}

void digest_read(struct digest *out, const uint8_t *octets, size_t len)
{
	ldns_pkt *pkt = NULL;
	const ldns_rdf *options;

	*out = (struct digest){ .rcode = RCODE_NONE, .text = "-", .ede = -1 };
	if (ldns_wire2pkt(&pkt, octets, len) != LDNS_STATUS_OK)
		return;
	out->rcode = (int)ldns_pkt_get_rcode(pkt);
	read_records(out, ldns_pkt_answer(pkt));
	options = ldns_pkt_edns_data(pkt);
	if (options != NULL)
		read_ede(out, ldns_rdf_data(options), ldns_rdf_size(options));
	ldns_pkt_free(pkt);
}
