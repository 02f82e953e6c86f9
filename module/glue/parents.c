/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/parents.h"

#include "core/wire/name.h"
#include "glue/ctx.h"
#include "glue/fleet.h"
#include "glue/host.h"

#include "services/cache/dns.h"
#include "services/cache/rrset.h"
#include "sldns/rrdef.h"
#include "util/config_file.h"
#include "util/data/packed_rrset.h"
#include "util/module_hooks.h"
#include "util/net_help.h"

enum {
	/** A question keeps this part of its budget for its own lookup, should there be no news of the name above it. */
	OWN_PART = 8
};

/** Whether the iterator would find a zone's servers in the cache. */
static bool zone_is_known(struct module_qstate *qstate, struct caa_name name)
{
	time_t now = module_hooks_cache_now(qstate, 0);
	struct ub_packed_rrset_key *ns = rrset_cache_lookup(qstate->env->rrset_cache, (uint8_t *)name.wire, name.len,
		LDNS_RR_TYPE_NS, LDNS_RR_CLASS_IN, 0, now, 0);

	if (ns == NULL && now < *qstate->env->now)
		ns = dns_cache_rrset_0ttl(qstate->env, (uint8_t *)name.wire, name.len, LDNS_RR_TYPE_NS, LDNS_RR_CLASS_IN, now);
	if (ns == NULL)
		return false;
	lock_rw_unlock(&ns->entry.lock);
	return true;
}

/** @return the name with its first labels taken off, down to so many. */
static struct caa_name cut(struct caa_name name, size_t labels)
{
	for (size_t count = caa_name_labels(name); count > labels; count--)
		(void)caa_name_parent(&name, name);
	return name;
}

/** @return labels of the closest known zone above a name; 0 for the root. */
static size_t closest_zone(struct module_qstate *qstate, struct caa_name name)
{
	while (caa_name_parent(&name, name) && !caa_name_is_root(name))
		if (zone_is_known(qstate, name))
			return caa_name_labels(name);
	return 0;
}

/** @return the labels of the name that has to be known first; 0 if there is none. */
static size_t target_of(struct module_qstate *qstate, const struct caa_merged *m, struct caa_name name)
{
	size_t labels = caa_name_labels(name), zone = m->known, closest, target;
	struct caa_name parent;

	if (labels <= 1 || !caa_name_parent(&parent, name) || m->known + 1 >= labels)
		return 0;
	if (zone_is_known(qstate, parent) || caa_host_has_answer(qstate, parent, LDNS_RR_TYPE_CAA) || zone_is_known(qstate, name))
		return 0;
	closest = labels - 1 > CAA_MERGE_STEPS ? closest_zone(qstate, parent) : 0;
	if (closest > zone)
		zone = closest;
	target = caa_merge_ancestor(labels, zone);
	if (target <= m->known || (target + 1 < labels && caa_host_has_answer(qstate, cut(name, target), LDNS_RR_TYPE_CAA)))
		return 0;
	return target;
}

/** Have a name above asked; nobody does.  @return false if that is not possible. */
static bool ask_target(struct caa_merged *m, struct caa_name target)
{
	struct module_qstate *made;

	return caa_host_look_up(m->qstate, target, LDNS_RR_TYPE_CAA, m->qstate->query_flags & (BIT_RD | BIT_CD), &made);
}

uint64_t caa_parents_until_us(const struct caa_merged *m)
{
	return m->deadline_us - (m->deadline_us - m->began_us) / OWN_PART;
}

/** Whether names above are asked though no client asks them: where the walk down would ask them as well. */
static bool asks_above(const struct caa_merged *m)
{
	return m->qstate->env->cfg->qname_minimisation;
}

/** Attend the lookup of the name that has to be known first, m->target; where none is made for another's sake, that of the
 *  closest name above that is being looked up, m->target then.  @return as caa_lookups_attend(). */
static enum caa_news attend_above(struct caa_lookups *g, struct caa_merged *m, struct caa_name name, bool *led)
{
	enum caa_news news = caa_lookups_attend(g, m, cut(name, m->target), led);
	size_t zone;

	if (*led || asks_above(m))
		return news;
	zone = closest_zone(m->qstate, name);
	if (zone > m->known)
		m->known = zone;
	while (!*led && m->target > m->known + 1) {
		m->target--;
		news = caa_lookups_attend(g, m, cut(name, m->target), led);
	}
	return news;
}

enum module_ext_state caa_parents_go(struct caa_merged *m)
{
	m->whole = true;
	/* It did not wait for the fleet's word, but maybe for something else since, and now another resolver looks it up. */
	if (m->ask != NULL && !m->asks && !m->hurried && caa_fleet_word(m->ask) == CAA_FLEET_WAITS && caa_host_now_us() < caa_parents_until_us(m)) {
		m->asks = true;	/* what leads to its servers may be there already */
		return caa_lookups_sleep_until(m, caa_fleet_referral(m->ask) != NULL && !m->led_on ? 0 : caa_parents_until_us(m));
	}
	return module_wait_module;
}

enum module_ext_state caa_parents_absent(struct caa_ctx *ctx, struct caa_merged *m)
{
	caa_lookups_tell(ctx, m, CAA_NEWS_ABSENT, 0);
	return caa_parents_go(m);
}

enum module_ext_state caa_parents_first(struct caa_ctx *ctx, struct caa_merged *m)
{
	struct caa_name name = caa_host_qname(&m->qstate->qinfo), target;
	struct caa_zone_options zone;
	enum caa_news news;
	bool led;

	while ((m->target = target_of(m->qstate, m, name)) != 0) {
		target = cut(name, m->target);
		if (!caa_ctx_options(ctx, target, &zone))
			return module_wait_module;	/* its questions are Unbound's own affair: walk as Unbound does */
		if (!caa_lookups_make_timer(m))
			break;
		news = attend_above(ctx->lookups, m, name, &led);
		if (led && news == CAA_NEWS_NONE) {
			if (!m->shared)
				caa_stats_add(&ctx->stats, CAA_STAT_parents, 1);
			m->shared = true;
			return caa_lookups_sleep_until(m, caa_parents_until_us(m));
		}
		if (news == CAA_NEWS_LOST)
			break;
		if (news == CAA_NEWS_ABSENT)
			return caa_parents_absent(ctx, m);
		if (news == CAA_NEWS_KNOWN) {
			m->known = m->target;
			continue;
		}
		if (!asks_above(m) || m->asked == m->target || !ask_target(m, target))
			break;	/* it was asked, and has ended without an answer that is kept */
		m->asked = m->target;
		/* It begins to be looked up when this query state stops. */
		m->wait.news = CAA_NEWS_NONE;
		return caa_lookups_sleep_until(m, 0);
	}
	return caa_parents_go(m);
}

enum module_ext_state caa_parents_look_up(struct caa_ctx *ctx, struct caa_merged *m)
{
	bool forwarded = caa_host_is_forwarded(m->qstate);

	if (m->looked_us == 0) {
		m->looked_us = caa_host_now_us();
		m->finds = m->ask != NULL && !m->keys && !forwarded && !zone_is_known(m->qstate, caa_host_qname(&m->qstate->qinfo));
	}
	return m->keys || forwarded ? caa_parents_go(m) : caa_parents_first(ctx, m);
}
