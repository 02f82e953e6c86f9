/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The module's configuration, read item by item as unbound.conf has it: the clauses `caa:` and `caa-zone:`,
 *  and in them key and value, each with its place (file:line).
 *
 *  The first error ends the reading; its text names the place, the key, and what is allowed.
 *  Built by one thread (create, read, finish), then read by any number of threads without a lock. */
#ifndef CAA_CORE_CONFIG_H
#define CAA_CORE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/wire/name.h"
#include "core/config/options.h"
#include "core/config/zones.h"

enum { CAA_CONFIG_TEXT_MAX = 2560 };	/**< octets of an error text with NUL */

/** Reads a domain name in text form, the host's or a library's.
 *  @param wire, len: the name; untouched on error. @param why: on error a few words, static.
 *  @return CAA_EFORMAT if text is not a domain name. */
typedef enum caa_res caa_name_reader(uint8_t wire[static CAA_NAME_MAX], size_t *len, const char *text,
	const char **why);

struct caa_config;

/** @param read_name: used until caa_config_finish(). @return NULL if there is no memory. */
struct caa_config *caa_config_create(caa_name_reader *read_name);
/** @param c: may be NULL. */
void caa_config_destroy(struct caa_config *c);

/** Take the next item.
 *  @param key: `caa:` or `caa-zone:` starts a clause; else a key of that clause without its colon.
 *  @param value: ignored for the start of a clause. @param where: file:line.
 *  @param err: set on error, `where: key: text`.
 *  @return CAA_EFORMAT if the item is not allowed here. */
enum caa_res caa_config_read(struct caa_config *c, const char *key, const char *value, const char *where,
	char err[static CAA_CONFIG_TEXT_MAX]);

/** End of the items: the last clause is complete, inheritance is resolved, the configuration is ready for use.
 *  @return CAA_EFORMAT if the last clause lacks something; err is set. */
enum caa_res caa_config_finish(struct caa_config *c, char err[static CAA_CONFIG_TEXT_MAX]);

/** @return where an option of `caa:` is set, file:line, borrowed; "" if it is not. */
const char *caa_config_where(const struct caa_config *c, const char *name);
/** @return the options of `caa:`, borrowed. */
const struct caa_module_options *caa_config_module(const struct caa_config *c);
/** @return the zones, borrowed. */
const struct caa_zones *caa_config_zones(const struct caa_config *c);
/** @return whether any zone is enabled. */
bool caa_config_enabled(const struct caa_config *c);
/** @return whether any zone has a rate that is set by hand. */
bool caa_config_rated(const struct caa_config *c);
/** @return the longest caa-budget of an enabled zone in s; 0 if there is none. */
uint32_t caa_config_budget_max(const struct caa_config *c);
/** @return whether any enabled zone has caa-tcp. */
bool caa_config_tcp(const struct caa_config *c);

#endif
