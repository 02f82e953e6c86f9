/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/clock.h"

#include "glue/ctx.h"
#include "glue/host.h"

#include "services/cache/rrset.h"
#include "sldns/rrdef.h"
#include "util/data/msgreply.h"
#include "util/data/packed_rrset.h"
#include "util/log.h"
#include "util/module.h"
#include "util/net_help.h"
#include "util/storage/slabhash.h"
#include "validator/val_kcache.h"
#include "validator/val_kentry.h"

#include <inttypes.h>
#include <time.h>

enum {
	US_PER_S = 1000000,
	BACK_S = 5,		/**< for as long as Unbound remembers a failure anyway */
	EXPIRED_S = 3		/**< as in glue/flush.c */
};

int64_t caa_clock_offset_s(void)
{
	return (int64_t)time(NULL) - (int64_t)(caa_host_now_us() / US_PER_S);
}

bool caa_clock_is_back(const struct caa_ctx *ctx)
{
	return caa_clock_offset_s() + BACK_S < atomic_load_explicit(&ctx->offset_s, memory_order_relaxed);
}

/** What the traversals know. */
struct sweep {
	time_t expired;		/**< a TTL that is over */
};

static void sweep_message(struct lruhash_entry *e, void *arg)
{
	const struct sweep *sweep = arg;
	struct reply_info *rep = e->data;

	if ((FLAGS_GET_RCODE(rep->flags) == LDNS_RCODE_SERVFAIL || rep->security == sec_status_bogus) && rep->ttl > sweep->expired)
		rep->ttl = rep->prefetch_ttl = rep->serve_expired_ttl = sweep->expired;
}

static void sweep_rrset(struct lruhash_entry *e, void *arg)
{
	const struct sweep *sweep = arg;
	struct packed_rrset_data *d = e->data;

	if (d->security == sec_status_bogus && d->ttl > sweep->expired)
		d->ttl = sweep->expired;
}

static void sweep_key(struct lruhash_entry *e, void *arg)
{
	const struct sweep *sweep = arg;
	struct key_entry_data *d = e->data;

	if (d->isbad && d->ttl > sweep->expired)
		d->ttl = sweep->expired;
}

static void forget_failures(struct module_env *env)
{
	struct sweep sweep = { .expired = time(NULL) - EXPIRED_S };

	slabhash_traverse(env->msg_cache, 1, &sweep_message, &sweep);
	slabhash_traverse(&env->rrset_cache->table, 1, &sweep_rrset, &sweep);
	if (env->key_cache != NULL)
		slabhash_traverse(env->key_cache->slab, 1, &sweep_key, &sweep);
}

void caa_clock_look(struct caa_ctx *ctx)
{
	int64_t offset_s = caa_clock_offset_s(), before_s = atomic_load_explicit(&ctx->offset_s, memory_order_relaxed);

	if (offset_s <= before_s && offset_s + BACK_S >= before_s)
		return;
	if (!atomic_compare_exchange_strong(&ctx->offset_s, &before_s, offset_s) || offset_s > before_s)
		return;
	forget_failures(ctx->env);
	log_warn("caa: the clock was set back by %" PRId64 " s: failures are forgotten, and what else is in the cache stays for so much longer; "
		"unbound-control flush_zone . drops it", before_s - offset_s);
}
