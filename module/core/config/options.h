/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The table of options: name, clause, type, range, default, help.  The reader of the configuration, its
 *  error texts, the defaults and the test that holds the manual to them all read this one table.
 *
 *  There are two clauses.  `caa:` sets the module as a whole; `caa-zone:` sets one zone, and what it leaves unset
 *  comes from the closest enclosing zone that is configured (core/config/zones.h).
 *  No state: any thread may call anything here. */
#ifndef CAA_CORE_OPTIONS_H
#define CAA_CORE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/wire/res.h"

enum { CAA_OPTION_TEXT_MAX = 256 };	/**< octets of a text value with NUL */

/** An authority may act on a CAA answer so long, counted from when it was fetched, or for its TTL where that is longer
 *  (Baseline Requirements, 3.2.2.8). */
enum { CAA_EIGHT_HOURS_S = 28800 };

/** Set by `caa:`. */
struct caa_module_options {
	uint32_t upstreams;	/**< entries of the upstream table */
	uint32_t failures;	/**< entries of the table of names that fail */
	uint32_t log_window_s;	/**< failures of a name count so long */
	uint32_t log_rate;	/**< lines on failures that are logged in a second */
	char log_file[CAA_OPTION_TEXT_MAX];	/**< where they go; "" = Unbound's log */
	uint32_t hold_mib;	/**< memory for held answers */
	uint32_t climb_option;	/**< EDNS option code of a whole climb; 0 = none */
	char fleet_server[CAA_OPTION_TEXT_MAX];	/**< stores that resolvers of the perspective share; "" = none */
	char fleet_perspective[CAA_OPTION_TEXT_MAX];
	char fleet_egress[CAA_OPTION_TEXT_MAX];	/**< what resolvers have in common that meet the same limits; "" = prefixes they send from */
	char fleet_key_file[CAA_OPTION_TEXT_MAX];
	char fleet_user[CAA_OPTION_TEXT_MAX];	/**< "" = the store's default */
	char fleet_password_file[CAA_OPTION_TEXT_MAX];	/**< "" = no password */
	uint32_t fleet_tls;	/**< 1 = stores are talked with over TLS only */
	char fleet_tls_ca[CAA_OPTION_TEXT_MAX];	/**< "" = the system's */
	char fleet_tls_name[CAA_OPTION_TEXT_MAX];	/**< "" = the address of the store */
	char fleet_tls_cert[CAA_OPTION_TEXT_MAX], fleet_tls_key[CAA_OPTION_TEXT_MAX];	/**< "" = none */
	uint32_t fleet_wait_ms;	/**< a question waits so long for the first word of the store */
};

/** Set by `caa-zone:`. */
struct caa_zone_options {
	uint32_t enable;	/**< 0 or 1: CAA questions below this zone are taken */
	uint32_t rate_qps;	/**< queries/s to one upstream address; 0 = learned */
	uint8_t rate_line;	/**< whose line that rate is, see struct caa_addr: 1 .. 255, 0 without a rate */
	uint32_t burst;		/**< queries under way before the first answer, or at once at a rate set by hand */
	uint32_t cookie;	/**< 0 or 1: DNS cookies are sent to upstreams */
	uint32_t tcp;		/**< 0 or 1: TCP is tried after a limit */
	uint32_t budget_s;	/**< the longest time a question may take */
	uint32_t patience_ms;	/**< after that a client hears SERVFAIL, while its question goes on; 0 = at the end only */
	uint32_t log_after;	/**< failures of a name within the window before it is logged */
	uint32_t hold_s;	/**< how long a completed answer is held; 0 = not at all */
	uint32_t error_reporting;	/**< 0 or 1: failures are reported to the agent of the zone that failed */
	uint32_t hold_reuse_s;	/**< how long the authority uses its own check again; 0 = not given */
};

enum caa_clause { CAA_CLAUSE_MODULE, CAA_CLAUSE_ZONE };
enum caa_option_type { CAA_OPTION_BOOL, CAA_OPTION_U32, CAA_OPTION_U32_OR_0, CAA_OPTION_TEXT };

struct caa_option {
	const char *name;	/**< as in unbound.conf, without the colon */
	enum caa_clause clause;
	enum caa_option_type type;
	size_t offset;		/**< of its uint32_t, or its text, in the clause's struct */
	/** in unit; 0 and 1 for CAA_OPTION_BOOL; for CAA_OPTION_U32_OR_0 besides 0; octets for CAA_OPTION_TEXT, whose default is "" */
	uint32_t min, dflt, max;
	const char *unit;	/**< "" if it has none */
	const char *help;	/**< one line */
};

enum { CAA_OPTIONS_TEXT_MAX = 512 };	/**< octets of an error text with NUL */

/** @return the option of index i, in the order of the manual; NULL after the last. */
const struct caa_option *caa_options_at(size_t i);

/** @param name: without the colon. @return NULL if there is no such option in any clause. */
const struct caa_option *caa_options_find(const char *name);

/** @param prefix: of the names of the options that are compared. @return whether both have the same values of them. */
bool caa_options_module_same(const struct caa_module_options *a, const struct caa_module_options *b, const char *prefix);

/** Fill with the defaults. */
void caa_options_module_init(struct caa_module_options *o);
void caa_options_zone_init(struct caa_zone_options *o);

/** Read one value that is a number or yes or no.
 *  @param out: untouched on error. @param err: on error says what was given and what is allowed; values
 *	from outside are shown with their control characters escaped.
 *  @return CAA_EFORMAT if value is not of the option's type or out of its range. */
enum caa_res caa_option_parse(uint32_t *out, const struct caa_option *opt, const char *value,
	char err[static CAA_OPTIONS_TEXT_MAX]);

/** Read the value of a CAA_OPTION_TEXT: printable ASCII.
 *  @param out: untouched on error. @param err: as in caa_option_parse(). */
enum caa_res caa_option_parse_text(char out[static CAA_OPTION_TEXT_MAX], const struct caa_option *opt, const char *value,
	char err[static CAA_OPTIONS_TEXT_MAX]);

/** Say what is allowed where an unknown or misplaced key was found.
 *  @param clause: the clause that the key stands in. @param key: as given.
 *  @param err: e.g. `unknown key; caa-zone: allows name, caa-enable, ...`, or `belongs in caa-zone:, not in caa:`. */
void caa_options_explain(enum caa_clause clause, const char *key, char err[static CAA_OPTIONS_TEXT_MAX]);

#endif
