/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Why a question failed: one case, with its attempts, the facts that its servers and the validator add, and the class
 *  that follows from them.
 *
 *  The class is that of the main cause: of the attempts that nothing good followed, those for the question itself count
 *  before those of lookups that it waited for, and of these the class with most attempts, the more telling one where they
 *  are equally many.  What is not sent for lack of time is never the main cause of anything but itself, and where the time has
 *  ended nothing is held against a server that is known to need longer than it was waited for.  Where the validator
 *  refuses what was not an answer in the first place, that is the cause; where it could not get a zone's keys, the attempts
 *  to fetch those are all that counts.
 *  A case owns all its octets, so that it can be copied and kept.  No clock, no lock: any thread may call anything here. */
#ifndef CAA_CORE_CAUSE_H
#define CAA_CORE_CAUSE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/why/attempt.h"
#include "core/wire/text.h"

/** X(id, name, help): the classes, the more telling first. */
#define CAA_CLASSES(X) \
	X(RATE_LIMITED,	"rate-limited",	"a server answers only so many queries in a second") \
	X(BOGUS,	"bogus",	"the answer does not pass DNSSEC validation") \
	X(CNAME_LOOP,	"cname-loop",	"CNAME records lead in a circle, or too far") \
	X(CAPS,		"caps",		"the name comes back with its letters in another case (0x20)") \
	X(NO_SOA,	"no-soa",	"an empty answer without SOA (RFC 2308, section 3)") \
	X(FORMERR_EDNS,	"formerr-edns",	"a server does not understand queries with EDNS") \
	X(NOTIMP,	"notimp",	"a server does not implement the type") \
	X(LAME,		"lame",		"a server is not authoritative for the zone it was delegated") \
	X(REFUSED,	"refused",	"a server refuses") \
	X(SERVFAIL,	"servfail",	"a server has failed itself, or sends what cannot be read or is truncated over TCP") \
	X(UNREACHABLE,	"unreachable",	"no server can be reached, or none has an address") \
	X(TIMEOUT,	"timeout",	"nothing comes back") \
	X(BUDGET,	"budget",	"the time for the question ended before it was done") \
	X(INTERNAL,	"internal",	"no fault of a server is known")

enum caa_class {
#define X(id, name, help) CAA_CLASS_##id,
	CAA_CLASSES(X)
#undef X
	CAA_CLASS_COUNT
};

/** @return its printed name; never NULL. */
const char *caa_class_name(enum caa_class class);

/** What of EDNS a server does not understand. */
enum caa_edns_fault {
	CAA_EDNS_ANY,		/**< any OPT record */
	CAA_EDNS_VERSION,	/**< version 0 */
	CAA_EDNS_OPTION,	/**< an option: the COOKIE, the only one that is sent */
	CAA_EDNS_SIZE,		/**< a UDP size */
	CAA_EDNS_NONE		/**< it answers so without EDNS as well */
};

/** What this resolver itself could not do. */
enum caa_own {
	CAA_OWN_NONE,
	CAA_OWN_NO_IPV4, CAA_OWN_NO_IPV6,	/**< it does not use the only protocol that a zone's servers have an address of */
	CAA_OWN_LOOKS_NO_IPV4, CAA_OWN_LOOKS_NO_IPV6,	/**< nor does it look for such addresses: they may have none of that either */
	CAA_OWN_FORBIDDEN,			/**< it may not ask any address of them, by its configuration */
	CAA_OWN_QUOTA,				/**< its queries for one question are used up, whatever servers answered to them */
	CAA_OWN_RATELIMIT,			/**< those for a zone in a second are */
	CAA_OWN_SOCKETS,			/**< it had no file descriptor left; found from the attempts */
	CAA_OWN_MEMORY				/**< it had no memory left, whatever servers answered before */
};

/** Whose a failure is.  X(id, name, help) */
#define CAA_FAULTS(X) \
	X(UNKNOWN,	"unknown",	"nothing tells") \
	X(ZONE,		"zone",		"the zone's servers', or what is in the zone") \
	X(PARENT,	"parent",	"the servers' of a TLD or of the root") \
	X(NETWORK,	"network",	"nothing came back, or could be sent: the servers', or a network's on the way") \
	X(RESOLVER,	"resolver",	"this resolver's own")

enum caa_fault {
#define X(id, name, help) CAA_FAULT_##id,
	CAA_FAULTS(X)
#undef X
};

/** @return its printed name; never NULL. */
const char *caa_fault_name(enum caa_fault fault);

enum caa_known { CAA_UNKNOWN, CAA_NO, CAA_YES };
const char *caa_known_text(enum caa_known known);

enum { CAA_CASE_SERVERS = 4 };

/** What is known of a server. */
struct caa_server {
	struct caa_addr addr;
	char ns[CAA_SHORT_NAME];	/**< the nameserver's name, clean text; "" if it is not known */
	uint32_t sent;			/**< packets for CAA questions; since it is known */
	uint32_t replied, timed_out;	/**< of all packets */
	uint32_t rate_qps;		/**< that it was found to answer; 0 = no limit is known */
	uint32_t rtt_ms;		/**< of its answers, smoothed; 0 = not known */
	bool limited;			/**< a limit is known, ... */
	bool speaks;			/**< ... and it says whom it refuses: silence is not its doing */
	bool mute;			/**< ... or it may as well be an outage: nothing was answered for seconds, however slowly it was asked */
	bool other_types;		/**< it answered another type than CAA for that zone lately */
	bool types_now;			/**< ... since seconds before the question was asked */
	bool of_zone;			/**< it was asked for the zone that failed */
	uint8_t others_answer;		/**< enum caa_known: it answered for another zone lately */
};

struct caa_case {
	struct caa_record record;
	struct caa_server server[CAA_CASE_SERVERS];
	uint8_t wire[CAA_NAME_MAX];	/**< the question's name */
	uint8_t wire_len;
	uint8_t servers;		/**< in use */
	/** that failed, clean text: the closest to the name that was asked, or to where its alias leads, or whose keys are missed; "" if
	 *  none was asked */
	char zone[CAA_SHORT_NAME];
	/** the nameserver without address, an address that may not be asked, the name that ends a chain of CNAMEs, or the zone whose keys are missed; else "" */
	char about[CAA_SHORT_NAME];
	char reason[CAA_EDE_TEXT];	/**< the validator's, clean text; "" if it gave none */
	char id[CAA_ID_MAX];		/**< of the lookup; "" if it had none */
	int64_t unix_s;			/**< when it failed */
	uint32_t took_ms;
	uint16_t tries;			/**< times that the whole lookup was tried, at least 1 */
	uint16_t bogus_ede;		/**< if bogus, the validator's INFO-CODE; else CAA_NO_EDE */
	bool bogus, looped, no_address, late;	/**< facts; late: a turn was beyond the budget, or the budget ended */
	bool denial;			/**< fact: bogus is what says that there is no such record, though the zone's keys are good */
	bool elsewhere;			/**< fact: another resolver of the perspective has looked it up */
	bool loopback;			/**< fact: the zone's servers have loopback addresses only, which are not asked */
	uint8_t own;			/**< enum caa_own: what of this resolver ended the question */
	uint16_t missed;		/**< if bogus for want of it: DNSKEY or DS, which could not be fetched; else 0 */
	uint16_t missed_tag;		/**< caa_zone_tag() of the zone that it stands in */
	uint8_t missed_labels;		/**< of the question's name, that it is of; CAA_LABELS_NONE: of another name */
	uint8_t insecure;		/**< enum caa_known: the zone is proven insecure */
	/* what follows from the above, by caa_case_class() */
	uint8_t class;			/**< enum caa_class */
	uint8_t edns;			/**< enum caa_edns_fault, if CAA_CLASS_FORMERR_EDNS */
	uint8_t cause;			/**< index of an attempt of the main cause; CAA_ATTEMPTS_MAX if there is none */
	uint16_t share[CAA_CLASS_COUNT];	/**< attempts of each class that nothing good followed */
};

/** @return the question's name, borrowed. */
struct caa_name caa_case_name(const struct caa_case *c);

/** The answer is bogus because something could not be fetched: sets missed, missed_labels, missed_tag and about.
 *  @param qtype: DNSKEY or DS. @param zone: whose. @param holder: the zone that it stands in, len 0 if that is not known.
 *  @param c: its name is set. */
void caa_case_miss(struct caa_case *c, uint16_t qtype, struct caa_name zone, struct caa_name holder);

/** @return whether an attempt is a part of why the question failed: it is not good, and the same was not got later. */
bool caa_record_is_fault(const struct caa_record *r, const struct caa_attempt *a);

/** How many labels of the question's name the closest zone is that was asked for it.
 *  @return CAA_LABELS_NONE if none was, or only one that is no part of its name. */
uint8_t caa_record_zone(const struct caa_record *r);

/** List the servers that matter: of the zone that failed, those whose attempts failed first; then those of other lookups that
 *  failed.
 *  @param zone: len 0 if it is not known. @param out: only addr and of_zone are set, the rest is zeroed. @return how many, at most CAA_CASE_SERVERS. */
unsigned caa_record_servers(const struct caa_record *r, struct caa_name zone, struct caa_server out[static CAA_CASE_SERVERS]);

/** @return what is known of the server of an attempt; NULL if it is not listed. */
const struct caa_server *caa_case_server(const struct caa_case *c, const struct caa_addr *addr);

/** @return whether the server of an attempt over TCP truncates its answer to the same over UDP. */
bool caa_case_truncates(const struct caa_case *c, const struct caa_attempt *tcp);

/** @return the attempt of the main cause, borrowed; NULL if there is none. */
const struct caa_attempt *caa_case_cause(const struct caa_case *c);

/** @return whether the server of the main cause answers another type of the same zone. */
bool caa_case_type_alone(const struct caa_case *c);
/** @return whether the question itself was asked there, and it has answered another type since seconds before. */
bool caa_case_answers_types(const struct caa_case *c);

/** @return whether the servers at fault are those of a TLD or of the root: nothing that the domain's owner can mend. */
bool caa_case_is_high(const struct caa_case *c);

/** @return how many servers besides that of the cause gave the question a fault of the same class. */
unsigned caa_case_alike(const struct caa_case *c);

/** Whether something was asked more than once. */
bool caa_case_retried(const struct caa_case *c);

/** Whether any, or none, of the zone's servers answered for another zone. */
enum caa_known caa_case_others_answer(const struct caa_case *c);

/** Whose the failure is.  @param c: of known class. */
enum caa_fault caa_case_fault(const struct caa_case *c);

/** Whether it is this resolver's own fault: unknown where nobody can tell from one place, and where the validator refuses an
 *  answer, which it also does by a wrong clock or trust anchor. */
enum caa_known caa_case_own_fault(const struct caa_case *c);

/** Find the main cause: sets the last fields from the others. */
void caa_case_class(struct caa_case *c);

#endif
