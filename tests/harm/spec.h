/* SPDX-License-Identifier: BSD-3-Clause */
/** \file A scenario of the harm harness: what servers do, who asks them what, and what is to come of it.
 *
 *  A text, one statement a line, '#' begins a comment; N is an address's number 1..4, a list of them is "1,2":
 *
 *	address N [rtt MS] [jitter MS] [serves MS [queue N]] [most OCTETS] [edns MODE] [cookie MODE] [secret MS] [tcp MODE]
 *	     [loss PERCENT] [deaf PERCENT] [no-udp] [dead]
 *	zone NAME[{A-B}] at N,.. [signed] [ttl S] [glue ZONE] [orphan] [cname ZONE] [dname ZONE]
 *	rule [at N,..] [zone GLOB,..] [type caa|dnskey|a|ns|other] [over udp|tcp] [edns yes|no] [cookie yes|no]
 *	     [from MS] [to MS] [name GLOB] [part PERCENT] [chance PERCENT] do ACTION [MS]
 *	limit at N,.. [each] [zones|names] [zone GLOB,..] [negative] [from MS] [to MS] rate QPS [burst N]
 *	     [kind bucket|debt|window] [ban MS] refuse drop|refused|servfail|tc [slip N] [exempt cookie|tcp|both]
 *	ask at MS NAME [gap MS] [climb] [type a|txt|mx|caa]
 *	threads N | option caps|nomin|sources|chain|alone|dns64|few-tcp | passes cold|warm | wait S
 *				caps: use-caps-for-id; nomin: no minimisation; sources: three outgoing addresses;
 *				chain: signed zones have a DS in a signed TLD, and not each a trust anchor of its own;
 *				alone: with no other scenario at the same time; few-tcp: outgoing-num-tcp 2
 *	caa-rate ZONE QPS		the module's option, set by hand for the zone
 *	switch at MS off|on		the module is disabled or enabled again, by fast_reload
 *	expect ...			read by the judge
 *
 *  What comes to an address takes up to "jitter" longer, by chance; where it "serves" one in so long, one after the other, others wait in its
 *  queue (100), and what comes over UDP to a full one is lost, as is an answer over UDP that is larger than "most".
 *  Nothing listens at an address that is dead, nor for UDP with "no-udp".  With "tcp mute" connections are taken and nothing is said,
 *  with "first" nothing after the first answer, with "zero" messages without octets.  What comes from one of the "deaf" part of the
 *  client's ports is never answered, as with a dead node behind a balancer.  Of what a limit refuses, each N-th is truncated with "slip N";
 *  with "ban" nothing is answered for so long after it.
 *  With "cookie port" one is asked for that is good for one port of the client; with "secret MS" none is good for longer.
 *  Two nodes are behind an address: "cookie some-none": one knows none; "secrets": each has its own; each query comes to any
 *  of them, with "names-none" and "names-secrets" always to the one for its name.
 *  "{1-100}" in a name stands for each of the numbers.  A zone "sub.z1" is delegated in z1, others in the TLD.  "glue ZONE":
 *  the nameservers' names are in that zone; "orphan": they do not exist.  The names that zones have are in zone.h.  The first
 *  rule that matches a query acts; times are counted from the first query that a source sends to the scenario.  A limit is one
 *  for its addresses together, or "each"; of all zones there together, or for "zones", or questions of "names" at an address, one by
 *  one; of all that is asked, or of what is answered in the negative.
 *
 *  A scenario is put in a slot: its zones get names, and its addresses numbers, of their own. */
#ifndef HARM_SPEC_H
#define HARM_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ADDRESSES_MAX = 4, NAME_TEXT = 256, GLOB_TEXT = 128, SLOTS_MAX = 1000, RULES_MAX = 64, LIMITS_MAX = 8, ASKS_MAX = 64,
	EXPECTS_MAX = 16, TTL_DEFAULT = 3600
};

#define HARM_TLD "harm"

enum edns_mode { EDNS_NORMAL, EDNS_IGNORE, EDNS_ECHO };
enum cookie_mode {
	COOKIE_NONE, COOKIE_GOOD, COOKIE_REQUIRED, COOKIE_ECHO, COOKIE_ALWAYS_BAD, COOKIE_SOME_NONE, COOKIE_NAMES_NONE,
	COOKIE_SECRETS, COOKIE_NAMES_SECRETS, COOKIE_PORT
};
enum tcp_mode { TCP_OPEN, TCP_CLOSED, TCP_FILTERED, TCP_RESET_FIRST, TCP_RESET, TCP_SLOW, TCP_ONE, TCP_MUTE, TCP_FIRST, TCP_ZERO };
enum action {
	DO_ANSWER, DO_NODATA, DO_NXDOMAIN, DO_REFUSED, DO_SERVFAIL, DO_SERVFAIL_CNAME, DO_NOTIMP, DO_FORMERR, DO_BADVERS,
	DO_BADCOOKIE, DO_TC, DO_TC_RECORDS, DO_DROP, DO_WRONG_ID, DO_OTHER_CASE, DO_NO_SOA, DO_NO_AA, DO_UPWARD, DO_GARBAGE, DO_SLOW, DO_DISORDER,
	DO_EMPTY, DO_FORMERR_BARE, DO_REFUSED_BARE, DO_OTHER_QUESTION
};
enum type_class { TYPES_ANY, TYPES_CAA, TYPES_DNSKEY, TYPES_A, TYPES_NS, TYPES_OTHER };
enum limit_kind { LIMIT_BUCKET, LIMIT_DEBT, LIMIT_WINDOW };
enum either { EITHER, YES, NO };

struct address {
	bool used, dead, no_udp;
	unsigned rtt_ms, jitter_ms, loss_percent, deaf_percent;
	unsigned serves_ms, queue;		/**< 0 = any number at once */
	unsigned most_octets;			/**< 0 = any */
	unsigned secret_ms;			/**< 0 = for ever */
	enum edns_mode edns;
	enum cookie_mode cookie;
	enum tcp_mode tcp;
};

struct zone {
	char name[NAME_TEXT];		/**< as in the text; "" = the TLD, of slot 0 only */
	char full[NAME_TEXT];		/**< lower case, without final dot; "" = the root */
	unsigned at;			/**< a bit for each address */
	int parent, glue, cname, dname;	/**< indices of zones; -1 = none (parent: the TLD) */
	bool sign, orphan;
	uint32_t ttl;
	unsigned rate;			/**< caa-rate, set by hand; 0 = none */
};

struct rule {
	unsigned at;
	char zones[GLOB_TEXT], name[GLOB_TEXT];		/**< "" = any */
	enum type_class types;
	enum either tcp, edns, cookie;
	unsigned from_ms, to_ms;			/**< to_ms 0 = for ever */
	unsigned part_percent, chance_percent;
	enum action action;
	unsigned ms;
};

struct limit {
	unsigned at;
	bool each, per_zone, per_name, negative;
	unsigned from_ms, to_ms;			/**< to_ms 0 = for ever */
	char zones[GLOB_TEXT];
	enum limit_kind kind;
	enum action refuse;
	unsigned rate, burst, ban_ms;
	unsigned slip;			/**< 0 = none */
	bool exempt_cookie, exempt_tcp;
};

struct ask {
	unsigned at_ms, gap_ms;
	char names[NAME_TEXT];
	bool climb;
	uint16_t type;
};

struct spec {
	char path[NAME_TEXT];
	unsigned slot, seed;
	struct address address[ADDRESSES_MAX];
	struct zone *zone;
	size_t zones;
	struct rule rule[RULES_MAX];
	size_t rules;
	struct limit limit[LIMITS_MAX];
	size_t limits;
	struct ask ask[ASKS_MAX];
	size_t asks;
	char expect[EXPECTS_MAX][NAME_TEXT];
	size_t expects;
	unsigned passes, wait_s;
	bool chain;
};

/** Read a scenario into a slot.  @return false, said on stderr, if there is anything wrong with it. */
bool spec_read(struct spec *spec, const char *path, unsigned slot);

/** The root and the TLD of a run, as slot 0. */
void spec_parents(struct spec *spec);

/** An address as text, "127.x.y.n". */
void spec_address(char out[static 16], unsigned slot, unsigned number);

/** @return the index of the zone that a full name is in, the longest; -1 if in none. */
int spec_zone_of(const struct spec *spec, const char *full);

/** @return the part of a name before its zone; "" for the apex. */
void spec_host(char out[static NAME_TEXT], const struct zone *zone, const char *full);

/** Whether a text matches one of the globs of a list with commas; "" matches any. */
bool spec_matches(const char *globs, const char *text);

bool spec_rule_is_for(const struct rule *rule, const struct zone *zone, unsigned address);
bool spec_limit_is_for(const struct limit *limit, const struct zone *zone, unsigned address);

/** Call back for each name that a template stands for, with the numbers of its first label's host part moved by SHIFT. */
void spec_expand(const char *template, void (*each)(const char *name, void *arg), void *arg);

/** A hash for all that happens by chance: the same for the same arguments. */
uint64_t spec_hash(unsigned seed, const char *text, unsigned number);

/** @return whether it is a matter of luck whether an address answers. */
static inline bool spec_loses(const struct address *a)
{
	return a->loss_percent > 0 || a->deaf_percent > 0;
}

const char *spec_action_text(enum action action);

#endif
