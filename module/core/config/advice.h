/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Which of Unbound's own settings hurt a CAA question that may wait as long as its budget, and what to set instead.
 *
 *  One table: the setting, when it hurts, the value to set, and why, in an operator's words.  It is read at start, at fast_reload
 *  and by unbound-checkconf.  What hurts nobody is not in it: a setting that an authority has for its own reasons and that costs
 *  a lookup little (qname-minimisation, use-caps-for-id, aggressive-nsec, neg-cache-size, edns-buffer-size) earns no line.
 *  Besides, a hold that may make an answer older than an authority may act on.
 *  No state: any thread may call anything here. */
#ifndef CAA_CORE_ADVICE_H
#define CAA_CORE_ADVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/config/zones.h"

enum {
	CAA_ADVICE_VALUE_MAX = 256,	/**< octets of a value with NUL; a longer module-config is cut */
	CAA_ADVICE_TEXT_MAX = 1024	/**< octets of a line with NUL */
};

/** What is read of the configuration.  Names are those of unbound.conf, values are in its units. */
struct caa_settings {
	int64_t discard_timeout, wait_limit, num_queries_per_thread, outgoing_range, outgoing_num_tcp, incoming_num_tcp;
	int64_t tcp_idle_timeout, max_global_quota, ratelimit, ip_ratelimit, infra_host_ttl, cache_max_ttl;
	int64_t unwanted_reply_threshold;
	bool do_tcp, do_tcp_keepalive, val_permissive_mode, serve_expired;
	bool datagrams;			/**< clients can ask over UDP */
	bool streams;			/**< clients ask over DoT or DoH, or can ask over TCP only */
	bool anchors;			/**< any trust anchor is configured */
	const char *module_config;	/**< borrowed */
	const char *anchor_file;	/**< where this build has the anchor of the root; borrowed */
	/* of the module's own: */
	uint32_t budget_s;		/**< the longest caa-budget of an enabled zone, above 0 */
	bool tcp;			/**< an enabled zone has caa-tcp */
};

/** One piece of advice. */
struct caa_advice {
	const char *setting, *why;	/**< static */
	char value[CAA_ADVICE_VALUE_MAX], set[CAA_ADVICE_VALUE_MAX];	/**< what it is, and what it should be */
};

/** Find what is next to be said.
 *  @param row: 0 to begin; moves behind the row that was found.
 *  @return false if there is nothing more, *out untouched. */
bool caa_advice_next(size_t *row, const struct caa_settings *s, struct caa_advice *out);

/** The same for the zones: a hold and the authority's own use of a check again are not more than 8 hours together.  Boulder uses
 *  one for 7 hours; where nothing is said of it, that is taken for granted.  A zone that has both from an enclosing one is left out.
 *  @param zone: 0 to begin; moves behind the zone that was found. @param apex: of that zone, borrowed from z. */
bool caa_advice_hold_next(size_t *zone, const struct caa_zones *z, struct caa_name *apex, struct caa_advice *out);

/** A piece of advice as a line: `SETTING: VALUE: WHY; set SETTING: VALUE`. */
void caa_advice_text(char text[static CAA_ADVICE_TEXT_MAX], const struct caa_advice *advice);

/** @return the setting of a row; NULL after the last.  A setting can have more than one. */
const char *caa_advice_setting(size_t row);

#endif
