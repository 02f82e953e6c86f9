/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/state.h"

#include "core/wire/text.h"
#include "glue/host.h"

#include "iterator/iter_delegpt.h"
#include "iterator/iter_donotq.h"
#include "iterator/iterator.h"
#include "services/cache/dns.h"
#include "services/cache/infra.h"
#include "services/cache/rrset.h"
#include "services/mesh.h"
#include "services/modstack.h"
#include "sldns/rrdef.h"
#include "sldns/str2wire.h"
#include "util/data/dname.h"
#include "util/data/msgreply.h"
#include "util/data/packed_rrset.h"
#include "util/module.h"
#include "util/net_help.h"
#include "util/regional.h"
#include "util/storage/lruhash.h"
#include "validator/val_anchor.h"
#include "validator/val_kcache.h"
#include "validator/val_kentry.h"

#include <stdio.h>
#include <string.h>

enum { NS_MAX = 13 };		/**< nameservers of a zone that are looked at; more are rare */

/** @return the name that the iterator looks for: the question's own, or where its alias leads. */
static struct caa_name chased(const struct module_qstate *qstate, const struct iter_qstate *iq)
{
	if (iq == NULL || iq->query_restart_count == 0 || iq->qchase.qname == NULL)
		return caa_host_qname(&qstate->qinfo);
	return caa_host_qname(&iq->qchase);
}

struct caa_name caa_state_chased(const struct module_qstate *qstate)
{
	return chased(qstate, caa_host_iterator(qstate));
}

struct caa_name caa_state_zone(const struct module_qstate *qstate, const struct caa_case *c)
{
	const struct iter_qstate *iq = caa_host_iterator(qstate);
	struct caa_name zone = caa_case_name(c);
	uint8_t labels = caa_record_zone(&c->record);
	bool alias = !caa_name_equal(chased(qstate, iq), caa_case_name(c)) && iq->dp != NULL;

	if (labels != CAA_LABELS_NONE && !alias) {
		while (caa_name_labels(zone) > labels && caa_name_parent(&zone, zone))
			;
		return zone;
	}
	if (iq == NULL || iq->dp == NULL)
		return (struct caa_name){ NULL, 0 };
	return (struct caa_name){ iq->dp->name, iq->dp->namelen };
}

/** @return the part of a name that is the zone of an attempt; len 0 if none is. */
static struct caa_name part_of(struct caa_name name, const struct caa_attempt *a)
{
	while (caa_zone_tag(name) != a->zone_tag)
		if (!caa_name_parent(&name, name))
			return (struct caa_name){ NULL, 0 };
	return name;
}

struct caa_name caa_state_asked_zone(struct module_qstate *qstate, const struct caa_case *c, const struct caa_attempt *a)
{
	struct caa_name zone = part_of(a->zone_labels != CAA_LABELS_NONE ? caa_case_name(c) : caa_state_chased(qstate), a);
	const char *text = a->labels == CAA_LABELS_NONE && a->name < CAA_ATTEMPT_NAMES ? c->record.name[a->name] : NULL;
	size_t len = LDNS_MAX_DOMAINLEN;
	uint8_t *wire;

	if (zone.len > 0 || text == NULL)
		return zone;
	if (strncmp(text, "...", 3) == 0)	/* whole labels at the end of a long name */
		text += 3;
	wire = regional_alloc(qstate->region, LDNS_MAX_DOMAINLEN);
	if (wire == NULL || sldns_str2wire_dname_buf(text, wire, &len) != 0)
		return zone;
	return part_of((struct caa_name){ wire, len }, a);
}

/** Whether an RRset of addresses in the cache has this one. */
static bool has_address(struct module_env *env, uint8_t *name, size_t len, const struct caa_addr *addr)
{
	size_t octets = addr->family == CAA_IPV4 ? 4 : 16;
	struct ub_packed_rrset_key *rrset = rrset_cache_lookup(env->rrset_cache, name, len,
		addr->family == CAA_IPV4 ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA, LDNS_RR_CLASS_IN, 0, *env->now, 0);
	const struct packed_rrset_data *data;
	bool found = false;

	if (rrset == NULL)
		return false;
	data = rrset->entry.data;
	for (size_t i = 0; i < data->count && !found; i++)
		found = data->rr_len[i] == 2 + octets && memcmp(data->rr_data[i] + 2, addr->ip, octets) == 0;
	lock_rw_unlock(&rrset->entry.lock);
	return found;
}

/** The names of a zone's nameservers in the cache.  @return how many. */
static unsigned names_of_servers(struct module_env *env, struct caa_name zone, uint8_t names[static NS_MAX][CAA_NAME_MAX],
	size_t lens[static NS_MAX])
{
	struct ub_packed_rrset_key *rrset = rrset_cache_lookup(env->rrset_cache, (uint8_t *)zone.wire, zone.len, LDNS_RR_TYPE_NS,
		LDNS_RR_CLASS_IN, 0, *env->now, 0);
	const struct packed_rrset_data *data;
	unsigned count = 0;

	if (rrset == NULL)
		return 0;
	data = rrset->entry.data;
	for (size_t i = 0; i < data->count && count < NS_MAX; i++) {
		struct caa_name name;

		if (data->rr_len[i] <= 2 || caa_name_check(&name, data->rr_data[i] + 2, data->rr_len[i] - 2) != CAA_OK)
			continue;
		caa_name_lower(names[count], name);
		lens[count++] = name.len;
	}
	lock_rw_unlock(&rrset->entry.lock);
	return count;
}

void caa_state_server_name(struct module_qstate *qstate, struct caa_name zone, const struct caa_addr *addr,
	char out[static CAA_SHORT_NAME])
{
	uint8_t names[NS_MAX][CAA_NAME_MAX];
	size_t lens[NS_MAX];
	unsigned count = zone.len > 0 ? names_of_servers(qstate->env, zone, names, lens) : 0;

	out[0] = '\0';
	for (unsigned i = 0; i < count; i++) {
		if (has_address(qstate->env, names[i], lens[i], addr)) {
			caa_text_name(out, CAA_SHORT_NAME, (struct caa_name){ names[i], lens[i] });
			return;
		}
	}
}

void caa_state_only_server(const struct module_qstate *qstate, struct caa_name zone, char out[static CAA_SHORT_NAME])
{
	const struct iter_qstate *iq = caa_host_iterator(qstate);
	const struct delegpt *dp = iq != NULL ? iq->dp : NULL;
	struct caa_name ns;

	out[0] = '\0';
	if (dp == NULL || dp->nslist == NULL || dp->nslist->next != NULL ||
	    !caa_name_equal((struct caa_name){ dp->name, dp->namelen }, zone))
		return;
	ns = (struct caa_name){ dp->nslist->name, dp->nslist->namelen };
	caa_text_name(out, CAA_SHORT_NAME, ns);
}

/** Whether there is a trust anchor above a name, so that security is a question at all. */
static bool is_below_anchor(struct module_env *env, struct caa_name name)
{
	struct trust_anchor *anchor = env->anchors == NULL ? NULL :
		anchors_lookup(env->anchors, (uint8_t *)name.wire, name.len, LDNS_RR_CLASS_IN);
	bool signs;

	if (anchor == NULL)
		return false;
	signs = anchor->numDS > 0 || anchor->numDNSKEY > 0;
	lock_basic_unlock(&anchor->lock);
	return signs;
}

/** What the validator knows of the zone's keys, or of those of a zone above it. */
static enum caa_known insecure_by_keys(struct module_qstate *qstate, struct caa_name zone)
{
	struct key_entry_key *key = qstate->env->key_cache == NULL ? NULL : key_cache_obtain(qstate->env->key_cache,
		(uint8_t *)zone.wire, zone.len, LDNS_RR_CLASS_IN, qstate->region, *qstate->env->now);

	if (key == NULL)
		return CAA_UNKNOWN;
	if (key_entry_isnull(key))
		return CAA_YES;
	return query_dname_compare(key->name, (uint8_t *)zone.wire) == 0 ? CAA_NO : CAA_UNKNOWN;
}

/** What a validated answer for the zone's DS says, that is in the cache. */
static enum caa_known insecure_by_ds(struct module_qstate *qstate, struct caa_name zone)
{
	struct msgreply_entry *entry = msg_cache_lookup(qstate->env, (uint8_t *)zone.wire, zone.len, LDNS_RR_TYPE_DS,
		LDNS_RR_CLASS_IN, BIT_RD, *qstate->env->now, 0);
	enum caa_known known = CAA_UNKNOWN;
	const struct reply_info *rep;

	if (entry == NULL)
		return CAA_UNKNOWN;
	rep = entry->entry.data;
	if (FLAGS_GET_RCODE(rep->flags) == LDNS_RCODE_NOERROR) {
		if (rep->security == sec_status_insecure)
			known = CAA_YES;
		else if (rep->security == sec_status_secure)
			known = rep->an_numrrsets > 0 ? CAA_NO : CAA_YES;
	}
	lock_rw_unlock(&entry->entry.lock);
	return known;
}

static enum caa_known insecure_of(struct module_qstate *qstate, struct caa_name zone)
{
	enum caa_known known;

	if (zone.len == 0 || !is_below_anchor(qstate->env, zone))
		return CAA_UNKNOWN;
	known = insecure_by_keys(qstate, zone);
	return known != CAA_UNKNOWN ? known : insecure_by_ds(qstate, zone);
}

/** Whether the zone that failed, and that of every alias on the way to it, is proven to be insecure; one that is signed counts. */
static enum caa_known insecure_on_the_way(struct module_qstate *qstate, struct caa_name zone)
{
	const struct iter_qstate *iq = caa_host_iterator(qstate);
	enum caa_known known = insecure_of(qstate, zone);

	for (const struct iter_prep_list *p = iq != NULL ? iq->an_prepend_list : NULL; p != NULL && known != CAA_NO; p = p->next) {
		const struct delegpt *dp = dns_cache_find_delegation(qstate->env, p->rrset->rk.dname, p->rrset->rk.dname_len,
			LDNS_RR_TYPE_CAA, LDNS_RR_CLASS_IN, qstate->region, NULL, *qstate->env->now, 0, NULL, 0);
		enum caa_known way = dp == NULL ? CAA_UNKNOWN : insecure_of(qstate, (struct caa_name){ dp->name, dp->namelen });

		if (way != CAA_YES)
			known = way;
	}
	return known;
}

/** What Unbound remembers of an address, for a zone.  @return CAA_RESULT_GOOD if it is nothing bad. */
static enum caa_result remembered(struct module_env *env, const struct delegpt *dp, struct delegpt_addr *a)
{
	struct lruhash_entry *entry = infra_lookup_nottl(env->infra_cache, &a->addr, a->addrlen, dp->name, dp->namelen, 0);
	enum caa_result result = CAA_RESULT_GOOD;
	const struct infra_data *data;

	if (entry == NULL)
		return CAA_RESULT_GOOD;
	data = entry->data;
	if (data->ttl >= *env->now) {
		if (data->lame_other || data->rec_lame)
			result = CAA_RESULT_FOUND_LAME;
		else if (data->probedelay >= *env->now)
			result = CAA_RESULT_FOUND_SILENT;
	}
	lock_rw_unlock(&entry->lock);
	return result;
}

void caa_state_set_zone(struct module_qstate *qstate, struct caa_case *c, struct caa_name zone)
{
	c->insecure = (uint8_t)insecure_on_the_way(qstate, zone);
	if (zone.len > 0)
		caa_text_name(c->zone, sizeof(c->zone), zone);
}

bool caa_state_remembered(struct module_qstate *qstate, struct caa_case *c)
{
	struct caa_name name = chased(qstate, caa_host_iterator(qstate));
	struct delegpt *dp = dns_cache_find_delegation(qstate->env, (uint8_t *)name.wire, name.len, LDNS_RR_TYPE_CAA,
		LDNS_RR_CLASS_IN, qstate->region, NULL, *qstate->env->now, 0, NULL, 0);
	bool any = false;

	for (struct delegpt_addr *a = dp != NULL ? dp->target_list : NULL; a != NULL; a = a->next_target) {
		struct caa_event event = { .name = name, .zone = { dp->name, dp->namelen }, .qtype = LDNS_RR_TYPE_CAA,
			.result = remembered(qstate->env, dp, a) };

		if (event.result == CAA_RESULT_GOOD || !caa_host_addr(&event.addr, &a->addr))
			continue;
		caa_record_note(&c->record, caa_case_name(c), &event);
		any = true;
	}
	if (any)
		caa_state_set_zone(qstate, c, (struct caa_name){ dp->name, dp->namelen });
	return any;
}

/** The answer came, but the iterator could not use it. */
static void mark_unreadable(struct caa_record *r)
{
	for (unsigned i = r->count; i > 0; i--) {
		if (r->attempt[i - 1].order + 1 != r->outcomes)
			continue;
		if (r->attempt[i - 1].result == CAA_RESULT_GOOD)
			r->attempt[i - 1].result = CAA_RESULT_UNREADABLE;
		return;
	}
}

static const struct iter_env *iter_env_of(const struct module_qstate *qstate)
{
	int id = modstack_find(&qstate->env->mesh->mods, "iterator");

	return qstate->env->modinfo[id];
}

static bool is_looped(const struct module_qstate *qstate, const struct iter_qstate *iq)
{
	return iq->query_restart_count > iter_env_of(qstate)->max_query_restarts;
}

/** Whether the name of a nameserver does not exist, so that it has no address of either protocol. */
static bool is_no_name(struct module_env *env, const struct delegpt_ns *ns)
{
	static const uint16_t types[] = { LDNS_RR_TYPE_A, LDNS_RR_TYPE_AAAA };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct msgreply_entry *entry = msg_cache_lookup(env, ns->name, ns->namelen, types[i], LDNS_RR_CLASS_IN, BIT_RD,
			*env->now, 0);
		bool none;

		if (entry == NULL)
			continue;
		none = FLAGS_GET_RCODE(((struct reply_info *)entry->entry.data)->flags) == LDNS_RCODE_NXDOMAIN;
		lock_rw_unlock(&entry->entry.lock);
		if (none)
			return true;
	}
	return false;
}

/** Whether a nameserver has an address of a protocol in the cache. */
static bool knows_address(struct module_env *env, const struct delegpt_ns *ns, bool is_ipv6)
{
	struct ub_packed_rrset_key *rrset = rrset_cache_lookup(env->rrset_cache, ns->name, ns->namelen,
		is_ipv6 ? LDNS_RR_TYPE_AAAA : LDNS_RR_TYPE_A, LDNS_RR_CLASS_IN, 0, *env->now, 0);

	if (rrset != NULL)
		lock_rw_unlock(&rrset->entry.lock);
	return rrset != NULL;
}

/** Whether a nameserver has no address of a protocol, which is an answer: that none was got is not. */
static bool is_without_address(struct module_env *env, const struct delegpt_ns *ns, bool is_ipv6)
{
	struct msgreply_entry *entry = msg_cache_lookup(env, ns->name, ns->namelen, is_ipv6 ? LDNS_RR_TYPE_AAAA : LDNS_RR_TYPE_A,
		LDNS_RR_CLASS_IN, BIT_RD, *env->now, 0);
	const struct reply_info *rep;
	bool none;

	if (entry == NULL)
		return is_no_name(env, ns);
	rep = entry->entry.data;
	none = FLAGS_GET_RCODE(rep->flags) == LDNS_RCODE_NXDOMAIN ||
		(FLAGS_GET_RCODE(rep->flags) == LDNS_RCODE_NOERROR && rep->an_numrrsets == 0);
	lock_rw_unlock(&entry->entry.lock);
	return none;
}

/** Whether a server of a zone was asked in a lookup. */
static bool was_asked(const struct caa_record *r, const struct delegpt *dp, struct delegpt_addr *a)
{
	uint16_t tag = caa_zone_tag((struct caa_name){ dp->name, dp->namelen });
	struct caa_addr addr;

	if (!caa_host_addr(&addr, &a->addr))
		return false;
	for (unsigned i = 0; i < r->count; i++)
		if (r->attempt[i].zone_tag == tag && caa_addr_equal(&r->attempt[i].addr, &addr))
			return true;
	return false;
}

bool caa_state_is_whole(struct module_qstate *qstate, const struct caa_case *c)
{
	const struct iter_qstate *iq = caa_host_iterator(qstate);
	const struct delegpt *dp = iq != NULL ? iq->dp : NULL;
	struct module_env *env = qstate->env;
	const bool used[] = { env->cfg->do_ip4 != 0, env->cfg->do_ip6 != 0 };

	if (c->class == CAA_CLASS_CNAME_LOOP)
		return true;
	if (dp == NULL)
		return false;
	for (const struct delegpt_ns *ns = dp->nslist; ns != NULL; ns = ns->next)
		for (int is_ipv6 = 0; is_ipv6 < 2; is_ipv6++)
			if (used[is_ipv6] && !knows_address(env, ns, is_ipv6) && !is_without_address(env, ns, is_ipv6))
				return false;
	for (struct delegpt_addr *a = dp->target_list; a != NULL; a = a->next_target)
		if (used[addr_is_ip6(&a->addr, a->addrlen) != 0] && !was_asked(&c->record, dp, a))
			return false;
	return true;
}

/** Whether nothing could be sent to a zone's servers for want of a protocol that this resolver does not use: they have
 *  addresses of that only, or may have some, which it does not look for. */
static enum caa_own protocol_missed(struct module_env *env, const struct delegpt *dp)
{
	bool is_ipv6 = !env->cfg->do_ip6;
	bool any = false, known = dp->target_list != NULL;

	if (env->cfg->do_ip4 && env->cfg->do_ip6)
		return CAA_OWN_NONE;
	for (const struct delegpt_addr *a = dp->target_list; a != NULL; a = a->next_target)
		if ((addr_is_ip6((struct sockaddr_storage *)&a->addr, a->addrlen) != 0) != is_ipv6)
			return CAA_OWN_NONE;
	for (const struct delegpt_ns *ns = dp->nslist; ns != NULL && dp->target_list == NULL; ns = ns->next) {
		any = any || !is_no_name(env, ns);
		known = known || knows_address(env, ns, is_ipv6);
	}
	if (dp->target_list == NULL && !any)
		return CAA_OWN_NONE;
	if (!known)
		return is_ipv6 ? CAA_OWN_LOOKS_NO_IPV6 : CAA_OWN_LOOKS_NO_IPV4;
	return is_ipv6 ? CAA_OWN_NO_IPV6 : CAA_OWN_NO_IPV4;
}

/** Whether a zone's servers may not be asked by configuration: each address that there is, of a protocol that is used, is one of
 *  do-not-query-address, or a loopback address, which do-not-query-localhost forbids. */
static bool add_forbidden(struct module_qstate *qstate, struct delegpt *dp, struct caa_case *c)
{
	const struct config_file *cfg = qstate->env->cfg;
	bool any = false, all_loopback = true;
	struct caa_addr addr;
	char text[CAA_ADDR_TEXT_MAX];

	for (struct delegpt_addr *a = dp->target_list; a != NULL; a = a->next_target) {
		if (!(addr_is_ip6(&a->addr, a->addrlen) ? cfg->do_ip6 : cfg->do_ip4) || !caa_host_addr(&addr, &a->addr))
			continue;
		if (!donotq_lookup(iter_env_of(qstate)->donotq, &a->addr, a->addrlen))
			return false;
		all_loopback = all_loopback && caa_addr_is_loopback(&addr);
		any = true;
	}
	if (!any)
		return false;
	c->loopback = all_loopback && cfg->donotquery_localhost;
	c->own = c->loopback ? CAA_OWN_NONE : CAA_OWN_FORBIDDEN;
	snprintf(c->about, sizeof(c->about), "%s", caa_addr_text(text, &addr));
	return true;
}

/** @return whether the servers of a zone have no address that the iterator could use. */
static bool add_no_address(struct module_qstate *qstate, struct delegpt *dp, struct caa_case *c)
{
	c->no_address = dp->target_list == NULL && dp->nslist != NULL;
	c->own = (uint8_t)protocol_missed(qstate->env, dp);
	if (!c->no_address && c->own == CAA_OWN_NONE)
		return add_forbidden(qstate, dp, c);
	if (dp->nslist != NULL)
		caa_text_name(c->about, sizeof(c->about), (struct caa_name){ dp->nslist->name, dp->nslist->namelen });
	return true;
}

/** The servers that were asked for keys which are missed, as far as the cache knows them. */
static void add_unasked(struct module_qstate *qstate, struct delegpt *dp, struct caa_case *c, struct caa_name zone)
{
	if (dp->target_list != NULL && caa_name_equal((struct caa_name){ dp->name, dp->namelen }, zone))
		(void)add_no_address(qstate, dp, c);
}

/** Whether the queries that one question may have are used up, those of the validator included. */
static bool is_quota_used(const struct module_qstate *qstate, const struct iter_qstate *iq)
{
	int used = iq->target_count != NULL ? iq->target_count[TARGET_COUNT_GLOBAL_QUOTA] : 0;

	return used > qstate->env->cfg->max_global_quota || qstate->global_quota_reached > qstate->env->cfg->max_global_quota;
}

struct caa_name caa_state_facts(struct module_qstate *qstate, struct caa_case *c, struct caa_name zone, bool missed,
	struct delegpt *keys)
{
	const struct iter_qstate *iq = caa_host_iterator(qstate);

	if (missed && keys != NULL)
		add_unasked(qstate, keys, c, zone);
	if (!missed && iq != NULL && iq->dp != NULL && add_no_address(qstate, iq->dp, c))
		zone = (struct caa_name){ iq->dp->name, iq->dp->namelen };
	caa_state_set_zone(qstate, c, zone);
	if (iq == NULL)
		return zone;
	c->looped = is_looped(qstate, iq);
	if (c->looped && iq->qchase.qname != NULL)
		caa_text_name(c->about, sizeof(c->about), caa_host_qname(&iq->qchase));
	if (iq->scrub_failures > 0 || iq->parse_failures > 0)
		mark_unreadable(&c->record);
	if (qstate->was_ratelimited)
		c->own = CAA_OWN_RATELIMIT;
	else if (is_quota_used(qstate, iq))
		c->own = CAA_OWN_QUOTA;
	return zone;
}

void caa_state_ask_ds(struct module_qstate *qstate, struct caa_name zone)
{
	struct module_qstate *made;

	if (zone.len > 1 && is_below_anchor(qstate->env, zone))
		(void)caa_host_look_up(qstate, zone, LDNS_RR_TYPE_DS, BIT_RD, &made);
}
