/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Conversions between Unbound's forms and the core's.  No state: any thread may call anything here. */
#ifndef CAA_GLUE_HOST_H
#define CAA_GLUE_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include "core/wire/addr.h"
#include "core/wire/name.h"

struct caa_versions;
struct config_file;
struct delegpt;
struct infra_cache;
struct iter_qstate;
struct module_env;
struct module_qstate;
struct query_info;
struct serviced_query;

/** @return a clock in us that never goes back and does not follow the wall clock. */
uint64_t caa_host_now_us(void);

/** @return false if the address is of no known family, *out untouched. */
bool caa_host_addr(struct caa_addr *out, const struct sockaddr_storage *ss);

/** The addresses that queries leave from (outgoing-interface). */
struct caa_outgoing {
	unsigned count;		/**< of one family, the most of both; at least 1 */
	uint64_t hash;		/**< of all of them in their order */
};

/** @return those of a configuration. */
struct caa_outgoing caa_host_outgoing(const struct config_file *cfg);

/** Those that a query may leave from: of its server's family.
 *  @param netblocks: bit n: the one of index n is a netblock; of the first 32.
 *  @return how many, 0 and more. */
unsigned caa_host_sources(const struct serviced_query *sq, uint32_t *netblocks);

/** @return 32 random bits. */
uint32_t caa_host_random(const struct serviced_query *sq);

/** @return the question's name, borrowed from qinfo. */
struct caa_name caa_host_qname(const struct query_info *qinfo);

/** @return the name that a query asks for, borrowed from it. */
struct caa_name caa_host_asked(const struct serviced_query *sq);

/** @return whether anybody waits for a query state: a client, a callback, or another query state. */
bool caa_host_is_awaited(const struct module_qstate *qstate);

/** @return whether a query has RD: what answers it speaks for no zone, and asks others itself. */
bool caa_host_recurses(const struct serviced_query *sq);

/** Have a question of class IN looked up that nobody waits for: it runs by itself.
 *  @param qstate: whose thread does it. @param flags: BIT_RD, BIT_CD.
 *  @param made: set to its query state, borrowed; to NULL if somebody looks it up already.
 *  @return false if that is not possible, *made NULL. */
bool caa_host_look_up(struct module_qstate *qstate, struct caa_name name, uint16_t qtype, uint16_t flags, struct module_qstate **made);

/** @return the iterator's state, borrowed; NULL if it has not begun. */
struct iter_qstate *caa_host_iterator(const struct module_qstate *qstate);

/** @return the zone that the iterator asks for a query, with its addresses, borrowed until the iterator runs again; NULL
 *	if it asks none. */
const struct delegpt *caa_host_delegation(struct module_qstate *qstate);

/** @return whether Unbound has an answer, or remembers a failure, for a type at a name of class IN. */
bool caa_host_has_answer(const struct module_qstate *qstate, struct caa_name name, uint16_t qtype);

/** @return whether a question goes to a forwarder. */
bool caa_host_is_forwarded(const struct module_qstate *qstate);

/** @return whether Unbound leaves a server alone for its timeouts, but for a query now and then. */
bool caa_host_leaves_alone(const struct module_env *env, struct sockaddr_storage *ss, socklen_t len, uint8_t *zone, size_t zone_len);

/** Let such a server be asked once more, unless that was done in the last seconds: Unbound would do so later and later, and in the end no
 *  more before infra-host-ttl is over.
 *  @return whether it may be asked now. */
bool caa_host_let_probe(struct module_env *env, struct sockaddr_storage *ss, socklen_t len, uint8_t *zone, size_t zone_len);

/** Undo what timeouts of a server that is alive made Unbound believe of it: that it is of no use for a while, and answers
 *  slowly.  @param srtt_us: the round trip time that is known; 0 = none, and Unbound goes on to be more patient. */
void caa_host_forget_timeouts(struct infra_cache *infra, struct sockaddr_storage *ss, socklen_t len, uint8_t *zone,
	size_t zone_len, uint32_t srtt_us);

/** Remove a SERVFAIL or a bogus answer that Unbound keeps for a name of class IN, so that it is looked up when it is asked
 *  again. */
void caa_host_forget_answer(struct module_env *env, struct caa_name name, uint16_t qtype);

/** The same for a question. */
void caa_host_forget_failure(struct module_qstate *qstate);

/** @return whether the process can open one more socket. */
bool caa_host_has_socket(void);

/** @return whether the process can have some more memory. */
bool caa_host_has_memory(void);

/** The releases of this Unbound and of the module. */
extern const struct caa_versions caa_host_versions;

/** A caa_name_reader (core/config/config.h) on Unbound's own parser of names. */
enum caa_res caa_host_read_name(uint8_t wire[static CAA_NAME_MAX], size_t *len, const char *text, const char **why);

/** A query that the iterator chose an address for is not sent: undo what it counted, timeout, attempt and quota, before it hears that
 *  nothing came.
 *  @param qstate: that waits for it, at the iterator. @param use_up: the address is used up for this try instead. */
void caa_host_unsend(struct module_qstate *qstate, struct sockaddr_storage *ss, socklen_t len, bool use_up);

#endif
