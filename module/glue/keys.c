/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/keys.h"

#include "glue/host.h"

#include "iterator/iter_delegpt.h"
#include "services/cache/dns.h"
#include "services/cache/rrset.h"
#include "services/mesh.h"
#include "services/modstack.h"
#include "sldns/pkthdr.h"
#include "sldns/rrdef.h"
#include "util/data/dname.h"
#include "util/data/msgreply.h"
#include "util/data/packed_rrset.h"
#include "util/module.h"
#include "util/net_help.h"
#include "util/storage/lruhash.h"
#include "util/storage/slabhash.h"
#include "validator/val_anchor.h"
#include "validator/val_kcache.h"
#include "validator/val_kentry.h"
#include "validator/validator.h"

enum { SETTLED_S = 5 };		/**< Unbound's NORR_TTL */

/** What marks a key as settled: no part of the validator gives a key this reason. */
static const sldns_ede_code settled_ede = LDNS_EDE_CACHED_ERROR;

/** @return the key that a bogus answer was looked at with last; NULL if there was none. */
static struct key_entry_key *last_key(const struct module_qstate *qstate)
{
	int id = modstack_find(&qstate->env->mesh->mods, "validator");
	const struct val_qstate *vq = id >= 0 ? qstate->minfo[id] : NULL;

	if (qstate->return_msg == NULL || qstate->return_msg->rep == NULL ||
	    qstate->return_msg->rep->security != sec_status_bogus)
		return NULL;
	return vq != NULL ? vq->key_entry : NULL;
}

/** @return the key that made the answer bogus; NULL if none did. */
static struct key_entry_key *bad_key(const struct module_qstate *qstate)
{
	struct key_entry_key *key = last_key(qstate);

	return key != NULL && key_entry_isbad(key) ? key : NULL;
}

/** Whether an answer for a zone's DNSKEY is in the cache: what there is to be known of it is known. */
static bool is_answered(struct module_env *env, uint8_t *zone, size_t len)
{
	struct msgreply_entry *entry = msg_cache_lookup(env, zone, len, LDNS_RR_TYPE_DNSKEY, LDNS_RR_CLASS_IN, BIT_RD | BIT_CD,
		*env->now, 0);
	struct ub_packed_rrset_key *rrset;
	bool answered = false;

	if (entry != NULL) {
		answered = FLAGS_GET_RCODE(((struct reply_info *)entry->entry.data)->flags) == LDNS_RCODE_NOERROR;
		lock_rw_unlock(&entry->entry.lock);
	}
	if (answered)
		return true;
	rrset = rrset_cache_lookup(env->rrset_cache, zone, len, LDNS_RR_TYPE_DNSKEY, LDNS_RR_CLASS_IN, 0, *env->now, 0);
	if (rrset != NULL)
		lock_rw_unlock(&rrset->entry.lock);
	return rrset != NULL;
}

/* Which bad keys come of a fetch, in Unbound 1.25 and 1.26.  process_dnskey_response() and primeResponseToKE() give the reason
 * DNSKEY Missing where there is no DNSKEY RRset in what came, for want of an answer or because that has none.  So do, of what
 * was seen, dnskeyset_verify_rrset_sig() for a DS that is signed by another key, dnskey_verify_rrset_sig() for a revoked key
 * and val_verify_DNSKEY_with_TA() for another zone's.  A DNSKEY that does not match the DS is DNSSEC Bogus.  Only
 * ds_response_to_ke() gives Network Error, for a DS.  The words beside the code are not kept with the key in the cache. */
bool caa_keys_missed(const struct module_qstate *qstate, struct caa_keys *out)
{
	struct key_entry_key *key = bad_key(qstate);
	int reason = key != NULL ? (int)key_entry_get_reason_bogus(key) : LDNS_EDE_NONE;

	if (reason != LDNS_EDE_DNSKEY_MISSING && reason != LDNS_EDE_NETWORK_ERROR && reason != (int)settled_ede)
		return false;
	if (reason == LDNS_EDE_DNSKEY_MISSING && is_answered(qstate->env, key->name, key->namelen))
		return false;
	*out = (struct caa_keys){ .zone = { key->name, key->namelen }, .qtype = LDNS_RR_TYPE_DNSKEY,
		.settled = reason == (int)settled_ede };
	if (reason == LDNS_EDE_NETWORK_ERROR)
		out->qtype = LDNS_RR_TYPE_DS;
	else if (out->settled)
		out->qtype = ((const struct key_entry_data *)key->entry.data)->rrset_type;
	return true;
}

struct delegpt *caa_keys_delegation(struct module_qstate *qstate, const struct caa_keys *keys)
{
	uint8_t *name = (uint8_t *)keys->zone.wire;
	size_t len = keys->zone.len;

	if (keys->qtype == LDNS_RR_TYPE_DS)	/* the parent has it */
		dname_remove_label(&name, &len);
	return dns_cache_find_delegation(qstate->env, name, len, keys->qtype, LDNS_RR_CLASS_IN, qstate->region, NULL,
		*qstate->env->now, 0, NULL, 0);
}

bool caa_keys_are_good(const struct module_qstate *qstate)
{
	struct key_entry_key *key = last_key(qstate);

	return key != NULL && key_entry_isgood(key);
}

/** Whether a zone has a trust anchor or a proven DS: what is wrong with its keys is its own then. */
static bool is_vouched_for(struct module_env *env, const struct key_entry_key *key)
{
	struct trust_anchor *anchor = env->anchors == NULL ? NULL :
		anchor_find(env->anchors, key->name, dname_count_labels(key->name), key->namelen, LDNS_RR_CLASS_IN);
	struct ub_packed_rrset_key *ds;
	bool secure;

	if (anchor != NULL) {
		lock_basic_unlock(&anchor->lock);
		return true;
	}
	ds = rrset_cache_lookup(env->rrset_cache, key->name, key->namelen, LDNS_RR_TYPE_DS, LDNS_RR_CLASS_IN, 0, *env->now, 0);
	if (ds == NULL)
		return false;
	secure = ((struct packed_rrset_data *)ds->entry.data)->security == sec_status_secure;
	lock_rw_unlock(&ds->entry.lock);
	return secure;
}

bool caa_keys_refused(struct module_qstate *qstate, struct caa_name *out)
{
	struct key_entry_key *key = last_key(qstate);
	const struct delegpt *parent;
	struct caa_keys keys;

	if (key == NULL || key_entry_isnull(key))
		return false;
	keys = (struct caa_keys){ .zone = { key->name, key->namelen }, .qtype = LDNS_RR_TYPE_DS };
	if (key_entry_isgood(key) || keys.zone.len <= 1 || is_vouched_for(qstate->env, key)) {
		*out = keys.zone;
		return true;
	}
	parent = caa_keys_delegation(qstate, &keys);
	if (parent == NULL)
		return false;
	*out = (struct caa_name){ parent->name, parent->namelen };
	return true;
}

/** @return the key that is remembered as bad, locked; NULL if there is none. */
static struct lruhash_entry *remembered(struct module_env *env, const struct caa_keys *keys)
{
	struct key_entry_key key = { .name = (uint8_t *)keys->zone.wire, .namelen = keys->zone.len,
		.key_class = LDNS_RR_CLASS_IN };
	struct lruhash_entry *entry;

	if (env->key_cache == NULL)
		return NULL;
	key.entry.key = &key;
	key_entry_hash(&key);
	entry = slabhash_lookup(env->key_cache->slab, key.entry.hash, &key, 1);
	if (entry != NULL && !((struct key_entry_data *)entry->data)->isbad) {
		lock_rw_unlock(&entry->lock);
		return NULL;
	}
	return entry;
}

void caa_keys_forget(struct module_qstate *qstate, const struct caa_keys *keys)
{
	struct lruhash_entry *entry = remembered(qstate->env, keys);

	caa_host_forget_answer(qstate->env, keys->zone, keys->qtype);
	if (entry == NULL)
		return;
	lock_rw_unlock(&entry->lock);
	key_cache_remove(qstate->env->key_cache, (uint8_t *)keys->zone.wire, keys->zone.len, LDNS_RR_CLASS_IN);
}

void caa_keys_settle(struct module_qstate *qstate, const struct caa_keys *keys)
{
	const struct query_info *q = &qstate->qinfo;
	time_t end = *qstate->env->now + SETTLED_S;
	struct lruhash_entry *entry = remembered(qstate->env, keys);
	struct msgreply_entry *answer;

	if (entry != NULL) {
		struct key_entry_data *key = entry->data;

		if (key->ttl > end)
			key->ttl = end;
		key->reason_bogus = settled_ede;
		key->rrset_type = keys->qtype;
		lock_rw_unlock(&entry->lock);
	}
	answer = msg_cache_lookup(qstate->env, q->qname, q->qname_len, q->qtype, q->qclass, qstate->query_flags, 0, 1);
	if (answer != NULL) {
		struct reply_info *rep = answer->entry.data;

		if (rep->security == sec_status_bogus && rep->ttl > end)
			rep->ttl = rep->prefetch_ttl = rep->serve_expired_ttl = end;
		lock_rw_unlock(&answer->entry.lock);
	}
}
