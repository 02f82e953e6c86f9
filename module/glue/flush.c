/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/flush.h"

#include "glue/ctx.h"
#include "glue/fleet.h"
#include "glue/holds.h"
#include "glue/host.h"

#include "services/cache/rrset.h"
#include "sldns/rrdef.h"
#include "util/data/msgreply.h"
#include "util/data/packed_rrset.h"
#include "util/module.h"
#include "util/module_hooks.h"
#include "util/net_help.h"
#include "util/storage/slabhash.h"

#include <time.h>

enum { RRSIG_SIGNER_AT = 2 + 18 };	/* RFC 4034 s3.1, behind the two octets of the length */

enum { EXPIRED_S = 3 };		/**< as far in the past as Unbound's own flush sets a TTL, for the skew between threads */

/** What the traversals of Unbound's caches look for. */
struct sweep {
	struct caa_name name;
	time_t expired;		/**< a TTL that is over */
};

static struct caa_name rrset_name(const struct ub_packed_rrset_key *key)
{
	return (struct caa_name){ key->rk.dname, key->rk.dname_len };
}

/** Whether an NSEC RRset is of a zone that holds the name, or of one below it: it may deny what is there now. */
static bool denies(const struct packed_rrset_data *d, struct caa_name name)
{
	struct caa_name signer;

	return d->rrsig_count > 0 && d->rr_len[d->count] > RRSIG_SIGNER_AT &&
		caa_name_check(&signer, d->rr_data[d->count] + RRSIG_SIGNER_AT, d->rr_len[d->count] - RRSIG_SIGNER_AT) ==
		CAA_OK && (caa_name_within(name, signer) || caa_name_within(signer, name));
}

static void sweep_rrset(struct lruhash_entry *e, void *arg)
{
	const struct sweep *sweep = arg;
	struct ub_packed_rrset_key *key = e->key;
	struct packed_rrset_data *d = e->data;
	bool gone = false;

	switch (ntohs(key->rk.type)) {
	case LDNS_RR_TYPE_CAA:
	case LDNS_RR_TYPE_CNAME:
	case LDNS_RR_TYPE_DNAME:
	case LDNS_RR_TYPE_SOA:
		gone = caa_name_within(rrset_name(key), sweep->name);
		break;
	case LDNS_RR_TYPE_NSEC:
	case LDNS_RR_TYPE_NSEC3:
		gone = denies(d, sweep->name);
		break;
	}
	if (gone && d->ttl > sweep->expired)
		d->ttl = sweep->expired;
}

/** Messages for CAA on the name and below, those that say that a name above it does not exist, and chains: these may end at
 *  the name, and cost no query if they do not. */
static void sweep_message(struct lruhash_entry *e, void *arg)
{
	const struct sweep *sweep = arg;
	const struct msgreply_entry *key = e->key;
	struct reply_info *rep = e->data;
	struct caa_name name = caa_host_qname(&key->key);
	bool gone = FLAGS_GET_RCODE(rep->flags) == LDNS_RCODE_NXDOMAIN && caa_name_within(sweep->name, name);

	if (key->key.qtype == LDNS_RR_TYPE_CAA)
		gone = gone || rep->an_numrrsets > 0 || caa_name_within(name, sweep->name);
	if (!gone || rep->ttl <= sweep->expired)
		return;
	rep->ttl = rep->prefetch_ttl = rep->serve_expired_ttl = sweep->expired;
}

/** Drop what is held and cached on a name and below. @return how many held answers. */
static size_t drop_below(struct caa_ctx *ctx, struct caa_name name)
{
	struct sweep sweep = { name, time(NULL) - EXPIRED_S };

	slabhash_traverse(&ctx->env->rrset_cache->table, 1, &sweep_rrset, &sweep);
	slabhash_traverse(ctx->env->msg_cache, 1, &sweep_message, &sweep);
	return caa_holds_drop(ctx->holds, &(struct caa_hold_flush){ .name = name, .below = true });
}

size_t caa_flush_below(struct caa_ctx *ctx, struct caa_name name)
{
	if (ctx->fleet != NULL)
		caa_fleet_flush(ctx->fleet, name, true);
	return drop_below(ctx, name);
}

void caa_flush_heard(void *arg, struct caa_name name)
{
	(void)drop_below(arg, name);
}

/** A hook: unbound-control flushed something.  What was flushed of the cache here is in the other resolvers' still: only what they
 *  share is not taken any more. */
static void flushed(void *arg, uint8_t *name, size_t len, int below, int negative)
{
	static const uint8_t root[] = { 0 };
	struct caa_ctx *ctx = arg;
	struct caa_hold_flush flush = { .below = below, .negative = negative };

	flush.name = name != NULL ? (struct caa_name){ name, len } : (struct caa_name){ root, sizeof(root) };
	(void)caa_holds_drop(ctx->holds, &flush);
	if (ctx->fleet != NULL)
		caa_fleet_flush(ctx->fleet, flush.name, false);
}

void caa_flush_set(struct module_hooks *hooks)
{
	hooks->flush = flushed;
}
