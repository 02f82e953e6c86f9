/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/host.h"

#include "core/wire/hash.h"
#include "core/why/report.h"

#include "iterator/iter_delegpt.h"
#include "iterator/iter_fwd.h"
#include "iterator/iterator.h"
#include "services/cache/dns.h"
#include "services/cache/infra.h"
#include "services/mesh.h"
#include "services/modstack.h"
#include "services/outside_network.h"
#include "sldns/pkthdr.h"
#include "sldns/rrdef.h"
#include "sldns/str2wire.h"
#include "util/config_file.h"
#include "util/data/msgreply.h"
#include "util/net_help.h"
#include "util/module.h"
#include "util/random.h"
#include "util/rtt.h"
#include "util/storage/lruhash.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	NETBLOCKS_MAX = 32,	/**< bits of a set of netblocks */
	IPV6_BITS = 128
};

uint64_t caa_host_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

bool caa_host_addr(struct caa_addr *out, const struct sockaddr_storage *ss)
{
	if (ss->ss_family == AF_INET) {
		struct sockaddr_in in;
		uint8_t ip[4];

		memcpy(&in, ss, sizeof(in));
		memcpy(ip, &in.sin_addr, sizeof(ip));
		*out = caa_addr_ipv4(ip, ntohs(in.sin_port));
		return true;
	}
	if (ss->ss_family == AF_INET6) {
		struct sockaddr_in6 in6;
		uint8_t ip[16];

		memcpy(&in6, ss, sizeof(in6));
		memcpy(ip, &in6.sin6_addr, sizeof(ip));
		*out = caa_addr_ipv6(ip, ntohs(in6.sin6_port));
		return true;
	}
	return false;
}

struct caa_outgoing caa_host_outgoing(const struct config_file *cfg)
{
	static const uint8_t no_key[CAA_HASH_KEY];	/* an operator's own words */
	unsigned ip4 = 0, ip6 = 0;
	struct caa_outgoing out = { .hash = 0 };

	for (int i = 0; i < cfg->num_out_ifs; i++) {
		uint64_t both[2] = { out.hash, caa_hash(no_key, cfg->out_ifs[i], strlen(cfg->out_ifs[i])) };

		out.hash = caa_hash(no_key, both, sizeof(both));
		*(str_is_ip6(cfg->out_ifs[i]) ? &ip6 : &ip4) += 1;
	}
	ip4 = cfg->do_ip4 ? ip4 : 0;
	ip6 = cfg->do_ip6 ? ip6 : 0;
	out.count = ip4 > ip6 ? ip4 : ip6;
	if (out.count == 0)
		out.count = 1;	/* the system's choice */
	return out;
}

unsigned caa_host_sources(const struct serviced_query *sq, uint32_t *netblocks)
{
	bool ip6 = sq->addr.ss_family == AF_INET6;
	const struct port_if *ifs = ip6 ? sq->outnet->ip6_ifs : sq->outnet->ip4_ifs;
	int count = ip6 ? sq->outnet->num_ip6 : sq->outnet->num_ip4;

	*netblocks = 0;
	for (int i = 0; ip6 && i < count && i < NETBLOCKS_MAX; i++)
		if (ifs[i].pfxlen > 0 && ifs[i].pfxlen < IPV6_BITS)
			*netblocks |= UINT32_C(1) << i;
	return count > 0 ? (unsigned)count : 0;
}

uint32_t caa_host_random(const struct serviced_query *sq)
{
	/* ub_random() has 31 bits. */
	return (uint32_t)ub_random(sq->outnet->rnd) ^ (uint32_t)ub_random(sq->outnet->rnd) << 16;
}

struct caa_name caa_host_qname(const struct query_info *qinfo)
{
	return (struct caa_name){ qinfo->qname, qinfo->qname_len };
}

enum caa_res caa_host_read_name(uint8_t wire[static CAA_NAME_MAX], size_t *len, const char *text, const char **why)
{
	uint8_t buf[LDNS_MAX_DOMAINLEN + 1];
	size_t size = sizeof(buf);
	struct caa_name name;
	int status;

	if (text[0] == '\0') {
		*why = "it is empty";
		return CAA_EFORMAT;
	}
	status = sldns_str2wire_dname_buf(text, buf, &size);
	if (status != 0) {
		*why = sldns_get_errorstr_parse(status);
		return CAA_EFORMAT;
	}
	if (caa_name_check(&name, buf, size) != CAA_OK || name.len != size) {
		*why = "it is too long";
		return CAA_EFORMAT;
	}
	memcpy(wire, buf, size);
	*len = size;
	return CAA_OK;
}

enum {
	QNAME_AT = 10,		/**< octets of a query as it is kept, without its id, before its name: flags and four counts */
	QNAME_AFTER = 4,	/**< octets behind it: type and class */
	FLAG_RD = 0x01		/**< of the first octet of a query without its ID */
};

struct caa_name caa_host_asked(const struct serviced_query *sq)
{
	return (struct caa_name){ sq->qbuf + QNAME_AT, sq->qbuflen - QNAME_AT - QNAME_AFTER };
}

bool caa_host_is_awaited(const struct module_qstate *qstate)
{
	const struct mesh_state *state = qstate->mesh_info;

	return state->reply_list != NULL || state->cb_list != NULL || state->super_set.count > 0;
}

bool caa_host_look_up(struct module_qstate *qstate, struct caa_name name, uint16_t qtype, uint16_t flags, struct module_qstate **made)
{
	struct query_info q = { .qname = (uint8_t *)name.wire, .qname_len = name.len, .qtype = qtype, .qclass = LDNS_RR_CLASS_IN };
	struct mesh_state *state;

	*made = NULL;
	return qstate->env->add_sub(qstate, &q, NULL, flags, 0, 0, made, &state) != 0;	/* no super is linked */
}

bool caa_host_recurses(const struct serviced_query *sq)
{
	return (sq->qbuf[0] & FLAG_RD) != 0;
}

struct iter_qstate *caa_host_iterator(const struct module_qstate *qstate)
{
	int id = modstack_find(&qstate->env->mesh->mods, "iterator");

	return id >= 0 ? qstate->minfo[id] : NULL;
}

const struct delegpt *caa_host_delegation(struct module_qstate *qstate)
{
	const struct iter_qstate *iq = caa_host_iterator(qstate);

	return iq != NULL ? iq->dp : NULL;
}

/** @return where an address hangs in the list of those that may be chosen; where it ends, if it does not. */
static struct delegpt_addr **result_of(struct delegpt *dp, const struct delegpt_addr *a)
{
	struct delegpt_addr **at = &dp->result_list;

	while (*at != NULL && *at != a)
		at = &(*at)->next_result;
	return at;
}

/** Give an attempt back; an address that has used up its attempts is out of the list. */
static void return_attempt(struct delegpt *dp, struct delegpt_addr *a)
{
	if (a->attempts > 0)
		a->attempts--;
	if (*result_of(dp, a) != NULL)
		return;
	a->next_result = dp->result_list;
	dp->result_list = a;
}

static void use_up_attempts(struct delegpt *dp, struct delegpt_addr *a)
{
	struct delegpt_addr **at = result_of(dp, a);

	if (*at != NULL)
		*at = a->next_result;
}

void caa_host_unsend(struct module_qstate *qstate, struct sockaddr_storage *ss, socklen_t len, bool use_up)
{
	struct iter_qstate *iq = caa_host_iterator(qstate);
	struct delegpt_addr *a;

	if (iq == NULL || iq->dp == NULL)
		return;
	iq->timeout_count--;	/* it is counted when the iterator hears of it */
	if (iq->sent_count > 0)
		iq->sent_count--;
	if (iq->target_count != NULL && iq->target_count[TARGET_COUNT_GLOBAL_QUOTA] > 0) {
		if (qstate->global_quota_reached == iq->target_count[TARGET_COUNT_GLOBAL_QUOTA])
			qstate->global_quota_reached--;
		iq->target_count[TARGET_COUNT_GLOBAL_QUOTA]--;
	}
	a = delegpt_find_addr(iq->dp, ss, len);
	if (a == NULL)
		return;
	if (use_up)
		use_up_attempts(iq->dp, a);
	else
		return_attempt(iq->dp, a);
}

enum {
	SLOW_MS = 100,		/**< above this a timeout was doubled by losses, or the server is slow indeed */
	SLOW_ROUNDS = 4,
	SETTLE = 4,		/**< measurements that bring a timeout near the round trip time */
	PROBE_S = 4,		/**< a server that does not answer may be asked by one lookup in so long */
	PROBE_ROUND_MS = 1999	/**< what Unbound adds when it says how long it leaves the server alone from now on */
};

/** Let the timeout be what the round trip time makes it, if losses have made it much longer. */
static void settle(struct rtt_info *rtt, uint32_t srtt_us)
{
	int srtt_ms = (int)(srtt_us / 1000);

	if (srtt_us == 0 || rtt->rto <= SLOW_MS || rtt->rto <= srtt_ms * SLOW_ROUNDS)
		return;
	rtt_init(rtt);
	for (int i = 0; i < SETTLE; i++)
		rtt_update(rtt, srtt_ms);
}

bool caa_host_leaves_alone(const struct module_env *env, struct sockaddr_storage *ss, socklen_t len, uint8_t *zone, size_t zone_len)
{
	struct lruhash_entry *entry = infra_lookup_nottl(env->infra_cache, ss, len, zone, zone_len, 0);
	bool alone = entry != NULL && ((const struct infra_data *)entry->data)->rtt.rto >= PROBE_MAXRTO;

	if (entry != NULL)
		lock_rw_unlock(&entry->lock);
	return alone;
}

/** @return how long Unbound leaves a server alone from a query on, in seconds. */
static time_t alone_s(int timeout_ms)
{
	return (timeout_ms + PROBE_ROUND_MS) / 1000;
}

static bool let_probe(struct infra_data *data, time_t now)
{
	struct rtt_info *rtt = &data->rtt;

	if (rtt->rto < PROBE_MAXRTO || now < data->probedelay - alone_s(rtt->rto) + PROBE_S)
		return false;
	data->probedelay = 0;
	if (rtt->rto < USEFUL_SERVER_TOP_TIMEOUT)
		return true;
	rtt->rto = PROBE_MAXRTO;
	if (rtt->rto >= USEFUL_SERVER_TOP_TIMEOUT) {
		rtt->rto = USEFUL_SERVER_TOP_TIMEOUT - 1;
		data->probedelay = now + alone_s(USEFUL_SERVER_TOP_TIMEOUT);	/* Unbound notes none then: for when that query is lost as well */
	}
	return true;
}

bool caa_host_let_probe(struct module_env *env, struct sockaddr_storage *ss, socklen_t len, uint8_t *zone, size_t zone_len)
{
	struct lruhash_entry *entry = infra_lookup_nottl(env->infra_cache, ss, len, zone, zone_len, 1);
	bool may = entry != NULL && let_probe(entry->data, *env->now);

	if (entry != NULL)
		lock_rw_unlock(&entry->lock);
	return may;
}

void caa_host_forget_timeouts(struct infra_cache *infra, struct sockaddr_storage *ss, socklen_t len, uint8_t *zone,
	size_t zone_len, uint32_t srtt_us)
{
	struct lruhash_entry *entry = infra_lookup_nottl(infra, ss, len, zone, zone_len, 1);
	struct infra_data *data;

	if (entry == NULL)
		return;
	data = entry->data;
	data->timeout_A = data->timeout_AAAA = data->timeout_other = 0;
	data->probedelay = 0;
	settle(&data->rtt, srtt_us);
	lock_rw_unlock(&entry->lock);
}

void caa_host_forget_answer(struct module_env *env, struct caa_name name, uint16_t qtype)
{
	/* only AAAA has an answer of its own for each value of CD */
	struct msgreply_entry *entry = msg_cache_lookup(env, (uint8_t *)name.wire, name.len, qtype, LDNS_RR_CLASS_IN, BIT_RD, 0, 0);
	const struct reply_info *rep;
	bool failure;

	if (entry == NULL)
		return;
	rep = entry->entry.data;
	failure = FLAGS_GET_RCODE(rep->flags) == LDNS_RCODE_SERVFAIL || rep->security == sec_status_bogus;
	lock_rw_unlock(&entry->entry.lock);
	if (failure)
		msg_cache_remove(env, (uint8_t *)name.wire, name.len, qtype, LDNS_RR_CLASS_IN, BIT_RD);
}

void caa_host_forget_failure(struct module_qstate *qstate)
{
	caa_host_forget_answer(qstate->env, caa_host_qname(&qstate->qinfo), qstate->qinfo.qtype);
}

bool caa_host_has_answer(const struct module_qstate *qstate, struct caa_name name, uint16_t qtype)
{
	struct msgreply_entry *entry = msg_cache_lookup(qstate->env, (uint8_t *)name.wire, name.len, qtype,
		LDNS_RR_CLASS_IN, qstate->query_flags, *qstate->env->now, 0);

	if (entry == NULL)
		return false;
	lock_rw_unlock(&entry->entry.lock);
	return true;
}

bool caa_host_is_forwarded(const struct module_qstate *qstate)
{
	if (forwards_lookup(qstate->env->fwds, qstate->qinfo.qname, qstate->qinfo.qclass, 0) == NULL)
		return false;
	lock_rw_unlock(&qstate->env->fwds->lock);
	return true;
}

bool caa_host_has_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

enum { MEMORY_LEAST = 65536 };	/**< octets; about what a packet may have */

bool caa_host_has_memory(void)
{
	void *volatile some = malloc(MEMORY_LEAST);	/* volatile: a pair of calls without use may be left out */
	bool has = some != NULL;

	free(some);
	return has;
}

const struct caa_versions caa_host_versions = { .unbound = PACKAGE_VERSION, .module = CAA_VERSION };
