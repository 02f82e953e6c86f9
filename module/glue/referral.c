/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/referral.h"

#include "glue/handed.h"
#include "glue/host.h"

#include "iterator/iter_utils.h"
#include "services/cache/dns.h"
#include "services/cache/rrset.h"
#include "sldns/pkthdr.h"
#include "sldns/rrdef.h"
#include "sldns/sbuffer.h"
#include "util/data/dname.h"
#include "util/data/msgencode.h"
#include "util/data/msgreply.h"
#include "util/data/packed_rrset.h"
#include "util/module.h"
#include "util/net_help.h"
#include "util/regional.h"

#include <string.h>

enum { RRSETS_MAX = 32, SERVERS_MAX = 13 };

/** RRsets that are gathered for a message. */
struct gathered {
	struct ub_packed_rrset_key *rrset[RRSETS_MAX];
	size_t count;
};

/** Take a copy of an RRset of the cache, if it is there.  @return it; or NULL. */
static const struct packed_rrset_data *gather(struct gathered *g, struct module_qstate *qstate, uint8_t *name, size_t len, uint16_t type)
{
	time_t now = *qstate->env->now;
	struct ub_packed_rrset_key *rrset, *copy;

	if (g->count == RRSETS_MAX)
		return NULL;
	rrset = rrset_cache_lookup(qstate->env->rrset_cache, name, len, type, LDNS_RR_CLASS_IN, 0, now, 0);
	if (rrset == NULL)
		return NULL;
	copy = packed_rrset_copy_region(rrset, qstate->region, now);
	lock_rw_unlock(&rrset->entry.lock);
	if (copy == NULL)
		return NULL;
	g->rrset[g->count++] = copy;
	return copy->entry.data;
}

const uint8_t *caa_referral_write(struct module_qstate *qstate, struct caa_name zone, size_t max, size_t *len)
{
	struct query_info qinfo = { .qname = (uint8_t *)zone.wire, .qname_len = zone.len, .qtype = LDNS_RR_TYPE_NS, .qclass = LDNS_RR_CLASS_IN };
	struct sldns_buffer *buf = qstate->env->scratch_buffer;
	struct gathered g = { .count = 0 };
	const struct packed_rrset_data *ns, *ds;
	struct reply_info *rep;
	size_t authority;

	ns = gather(&g, qstate, qinfo.qname, zone.len, LDNS_RR_TYPE_NS);
	if (ns == NULL || ns->security == sec_status_bogus)
		return NULL;
	ds = gather(&g, qstate, qinfo.qname, zone.len, LDNS_RR_TYPE_DS);
	if (ds != NULL && ds->security == sec_status_bogus)
		return NULL;
	authority = g.count;
	for (size_t i = 0; i < ns->count && i < SERVERS_MAX; i++) {
		uint8_t *name = ns->rr_data[i] + sizeof(uint16_t);	/* behind its length, uncompressed */
		size_t name_len = dname_valid(name, ns->rr_len[i] - sizeof(uint16_t));

		if (name_len == 0)
			return NULL;
		(void)gather(&g, qstate, name, name_len, LDNS_RR_TYPE_A);
		(void)gather(&g, qstate, name, name_len, LDNS_RR_TYPE_AAAA);
	}
	rep = construct_reply_info_base(qstate->region, BIT_QR, 1, 0, 0, 0, 0, 0, authority, g.count - authority, g.count,
		sec_status_unchecked, LDNS_EDE_NONE);
	if (rep == NULL)
		return NULL;
	memcpy(rep->rrsets, g.rrset, g.count * sizeof(g.rrset[0]));
	sldns_buffer_clear(buf);
	if (!reply_info_encode(&qinfo, rep, 0, BIT_QR, buf, 0, qstate->region, UINT16_MAX, 1, 0) || sldns_buffer_limit(buf) > max ||
	    LDNS_TC_WIRE(sldns_buffer_begin(buf)))
		return NULL;
	*len = sldns_buffer_limit(buf);
	return sldns_buffer_begin(buf);
}

/** Whether a message is a referral to a zone, and nothing else. */
static bool leads_to(const struct dns_msg *msg, struct caa_name zone)
{
	const struct reply_info *rep = msg->rep;
	bool leads = false;

	if (FLAGS_GET_RCODE(rep->flags) != LDNS_RCODE_NOERROR || (rep->flags & BIT_AA) != 0 || rep->an_numrrsets > 0)
		return false;
	for (size_t i = 0; i < rep->rrset_count; i++) {
		const struct packed_rrset_key *rk = &rep->rrsets[i]->rk;
		bool own = caa_name_equal((struct caa_name){ rk->dname, rk->dname_len }, zone), authority = i < rep->ns_numrrsets;

		switch (ntohs(rk->type)) {
		case LDNS_RR_TYPE_NS:
			leads = own;
			/* fallthrough */
		case LDNS_RR_TYPE_DS:
			if (!own || !authority)
				return false;
			break;
		case LDNS_RR_TYPE_A:
		case LDNS_RR_TYPE_AAAA:
			if (authority)
				return false;
			break;
		default:
			return false;
		}
	}
	return leads;
}

bool caa_referral_take(struct module_qstate *qstate, struct caa_name zone, const uint8_t *wire, size_t len, uint64_t age_us)
{
	struct sldns_buffer *buf = qstate->env->scratch_buffer;
	struct dns_msg *msg;

	if (len < LDNS_HEADER_SIZE || sldns_buffer_capacity(buf) < len)
		return false;
	sldns_buffer_clear(buf);
	sldns_buffer_write(buf, wire, len);
	sldns_buffer_flip(buf);
	msg = caa_handed_decode(qstate, buf);
	if (msg == NULL || !leads_to(msg, zone))
		return false;
	caa_handed_grow_old(msg->rep, age_us);
	iter_dns_store(qstate->env, &msg->qinfo, msg->rep, 1, 0, 0, NULL, 0, qstate->qstarttime, qstate->is_valrec);
	return true;
}
