/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/handed.h"

#include "iterator/iter_utils.h"
#include "services/cache/dns.h"
#include "sldns/pkthdr.h"
#include "sldns/rrdef.h"
#include "sldns/sbuffer.h"
#include "util/data/msgencode.h"
#include "util/data/msgparse.h"
#include "util/data/msgreply.h"
#include "util/data/packed_rrset.h"
#include "util/module.h"
#include "util/net_help.h"
#include "util/regional.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { WIRE_MAX = 65535, US_PER_S = 1000000 };

struct caa_handed {
	atomic_uint owners;
	enum sec_status security;
	size_t len;
	uint8_t wire[];
};

bool caa_handed_encode(struct module_qstate *qstate, struct sldns_buffer *buf, size_t max)
{
	struct edns_data edns = { .edns_present = 1, .bits = EDNS_DO, .edns_version = EDNS_ADVERTISED_VERSION,
		.udp_size = EDNS_ADVERTISED_SIZE };

	return reply_info_answer_encode(&qstate->qinfo, qstate->return_msg->rep, 0, qstate->query_flags, buf, 0, 1,
		qstate->env->scratch, WIRE_MAX, &edns, 1, 0) && sldns_buffer_limit(buf) <= max &&
		!LDNS_TC_WIRE(sldns_buffer_begin(buf));
}

struct dns_msg *caa_handed_decode(struct module_qstate *qstate, struct sldns_buffer *buf)
{
	struct msg_parse *parse;
	struct edns_data edns = { 0 };

	regional_free_all(qstate->env->scratch);
	parse = regional_alloc_zero(qstate->env->scratch, sizeof(*parse));
	if (parse == NULL || parse_packet(buf, parse, qstate->env->scratch) != LDNS_RCODE_NOERROR ||
	    parse_extract_edns_from_response_msg(parse, &edns, qstate->env->scratch) != LDNS_RCODE_NOERROR)
		return NULL;
	return dns_alloc_msg(buf, parse, qstate->region);
}

bool caa_handed_is_sound(const struct module_qstate *qstate)
{
	const struct reply_info *rep = qstate->return_msg != NULL ? qstate->return_msg->rep : NULL;

	if (rep == NULL || qstate->return_rcode != LDNS_RCODE_NOERROR)
		return false;
	if (FLAGS_GET_RCODE(rep->flags) != LDNS_RCODE_NOERROR && FLAGS_GET_RCODE(rep->flags) != LDNS_RCODE_NXDOMAIN)
		return false;
	switch (rep->security) {
	case sec_status_bogus:
	case sec_status_secure_sentinel_fail:
		return false;
	case sec_status_unchecked:
	case sec_status_indeterminate:
	case sec_status_insecure:
	case sec_status_secure:
		break;
	}
	return true;
}

void caa_handed_grow_old(struct reply_info *rep, uint64_t age_us)
{
	time_t age_s = (time_t)((age_us + US_PER_S - 1) / US_PER_S);

	rep->ttl = rep->ttl > age_s ? rep->ttl - age_s : 0;
	rep->prefetch_ttl = PREFETCH_TTL_CALC(rep->ttl);
	rep->serve_expired_ttl = rep->ttl;
	for (size_t i = 0; i < rep->rrset_count; i++) {
		struct packed_rrset_data *d = rep->rrsets[i]->entry.data;

		d->ttl = d->ttl > age_s ? d->ttl - age_s : 0;
		for (size_t rr = 0; rr < d->count + d->rrsig_count; rr++)
			d->rr_ttl[rr] = d->rr_ttl[rr] > age_s ? d->rr_ttl[rr] - age_s : 0;
	}
}

struct caa_handed *caa_handed_make(struct module_qstate *qstate)
{
	struct sldns_buffer *buf = qstate->env->scratch_buffer;
	struct caa_handed *handed;

	if (!caa_handed_is_sound(qstate) || !caa_handed_encode(qstate, buf, WIRE_MAX))
		return NULL;
	handed = malloc(sizeof(*handed) + sldns_buffer_limit(buf));
	if (handed == NULL)
		return NULL;
	atomic_init(&handed->owners, 1);
	handed->security = qstate->return_msg->rep->security;
	handed->len = sldns_buffer_limit(buf);
	memcpy(handed->wire, sldns_buffer_begin(buf), handed->len);
	return handed;
}

void caa_handed_keep(struct caa_handed *handed)
{	/* relaxed: who takes one more has one already */
	atomic_fetch_add_explicit(&handed->owners, 1, memory_order_relaxed);
}

void caa_handed_drop(struct caa_handed *handed)
{	/* the last owner frees it after all others have read it */
	if (handed != NULL && atomic_fetch_sub_explicit(&handed->owners, 1, memory_order_acq_rel) == 1)
		free(handed);
}

bool caa_handed_give(const struct caa_handed *handed, struct module_qstate *qstate)
{
	struct sldns_buffer *buf = qstate->env->scratch_buffer;
	struct dns_msg *msg;

	sldns_buffer_clear(buf);
	if (sldns_buffer_capacity(buf) < handed->len)
		return false;
	sldns_buffer_write(buf, handed->wire, handed->len);
	sldns_buffer_flip(buf);
	msg = caa_handed_decode(qstate, buf);
	if (msg == NULL)
		return false;
	msg->qinfo = qstate->qinfo;
	msg->rep->security = handed->security;
	for (size_t i = 0; i < msg->rep->rrset_count; i++)
		((struct packed_rrset_data *)msg->rep->rrsets[i]->entry.data)->security = handed->security;
	qstate->return_msg = msg;
	qstate->return_rcode = LDNS_RCODE_NOERROR;
	return true;
}
