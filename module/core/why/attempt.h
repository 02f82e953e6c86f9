/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The attempts made for one question: of itself, and of the lookups that it waited for.
 *
 *  Bounded in octets however many attempts there are: attempts that differ only in their times share an entry and are
 *  counted there, and when there is no entry left, further kinds of attempts are only counted.
 *  No clock, no lock, no allocation: a record belongs to one question, and so to one thread. */
#ifndef CAA_CORE_ATTEMPT_H
#define CAA_CORE_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>
#include "core/wire/addr.h"
#include "core/wire/answer.h"
#include "core/wire/name.h"

enum {
	CAA_ATTEMPTS_MAX = 16,		/**< entries of a record */
	CAA_ATTEMPT_NAMES = 3,		/**< names that are no part of the question's name */
	CAA_SHORT_NAME = 64,		/**< octets of a shortened name with NUL */
	CAA_EDE_TEXT = 80,		/**< octets that are kept of a server's own text, with NUL */
	CAA_LABELS_NONE = UINT8_MAX	/**< the name is no part of the question's name */
};

/** What was asked for. */
enum caa_asked {
	CAA_ASKED_QUESTION,	/**< the question's name and type */
	CAA_ASKED_MINIMISED,	/**< a part of its name, on the way down (RFC 9156) */
	CAA_ASKED_TARGET,	/**< CAA of another name: where a CNAME leads */
	CAA_ASKED_DS, CAA_ASKED_DNSKEY,
	CAA_ASKED_ADDRESS,	/**< A or AAAA of a nameserver */
	CAA_ASKED_OTHER
};

/** What came back. */
enum caa_result {
	CAA_RESULT_GOOD,
	CAA_RESULT_TRUNCATED,
	CAA_RESULT_RCODE,		/**< an error, by its RCODE */
	CAA_RESULT_NO_SOA,
	CAA_RESULT_UPWARD, CAA_RESULT_SELF, CAA_RESULT_NOT_AUTHORITATIVE,	/**< lame */
	CAA_RESULT_UNREADABLE,
	CAA_RESULT_CAPS,		/**< the name's letters came back in another case */
	CAA_RESULT_TIMEOUT,		/**< nothing */
	CAA_RESULT_ERROR,		/**< it could not be sent, or the connection broke */
	CAA_RESULT_LATE,		/**< it was not sent: its turn was beyond the question's budget */
	CAA_RESULT_FOUND_LAME,		/**< it was not sent: Unbound remembers that the server is lame */
	CAA_RESULT_FOUND_SILENT,	/**< it was not sent: Unbound remembers that nothing came back */
	CAA_RESULT_NO_SOCKET		/**< it was not sent: this resolver has no file descriptor left */
};

/** One attempt, or several of a kind.  Times are of the last one. */
struct caa_attempt {
	struct caa_addr addr;
	uint32_t at_ms;		/**< since the question arrived */
	uint32_t waited_ms;	/**< for its turn */
	uint32_t rtt_ms;	/**< until the outcome; where nothing came, the longest */
	uint16_t count;		/**< of this kind, at least 1 */
	uint16_t order;		/**< of its outcome among all outcomes of the question */
	uint16_t qtype;
	uint16_t rcode;
	uint16_t ede;		/**< CAA_NO_EDE if there was none */
	uint16_t size;		/**< the UDP size that the query offered; 0 without EDNS */
	uint16_t zone_tag;	/**< caa_zone_tag() of the zone that the server was asked for */
	uint8_t step;		/**< enum caa_asked */
	uint8_t result;		/**< enum caa_result */
	uint8_t labels;		/**< of the question's name, that were asked for; CAA_LABELS_NONE: see name */
	uint8_t zone_labels;	/**< of the question's name, that are the zone; CAA_LABELS_NONE: another zone */
	/** index of the name that was asked for, if it is no part of the question's; CAA_ATTEMPT_NAMES: no room for it */
	uint8_t name;
	bool tcp, cookie, dnssec;	/**< over TCP; with a COOKIE option; with DO */
	bool high;			/**< asked of a server of a TLD or of the root, for that zone */
};

struct caa_record {
	struct caa_attempt attempt[CAA_ATTEMPTS_MAX];
	uint16_t count;			/**< entries in use */
	uint16_t outcomes;		/**< attempts in all */
	uint16_t left_out;		/**< of these, without an entry */
	uint8_t names;			/**< in use */
	char name[CAA_ATTEMPT_NAMES][CAA_SHORT_NAME];	/**< clean text */
	char ede_text[CAA_EDE_TEXT];	/**< of the last EDE that had one; clean text */
	uint16_t ede_of;		/**< its INFO-CODE; CAA_NO_EDE if there was none */
	struct caa_addr ede_from;
};

/** The outcome of one attempt. */
struct caa_event {
	struct caa_addr addr;
	struct caa_name name;		/**< that was asked for */
	struct caa_name zone;		/**< of the server; len 0 if it is not known */
	uint32_t at_ms, waited_ms, rtt_ms;
	uint16_t qtype;
	uint16_t size;			/**< 0 without EDNS */
	bool tcp, cookie, dnssec;
	enum caa_result result;
	const struct caa_answer *answer;	/**< NULL if there was none */
};

/** @return a sum of a zone's name, whatever its letters' case, that tells apart the few zones of one record; 0 for none. */
uint16_t caa_zone_tag(struct caa_name zone);

/** Empty; the entries are not touched. */
void caa_record_init(struct caa_record *r);

/** Note an outcome.  @param question: the name of the question, for type CAA. */
void caa_record_note(struct caa_record *r, struct caa_name question, const struct caa_event *event);

/** The answer that was noted last has the letters of its name in another case, or no name. */
void caa_record_note_caps(struct caa_record *r);

/** @return what the worth of an answer is as a result. */
enum caa_result caa_result_of(enum caa_worth worth);

/** @return whether something was sent. */
static inline bool caa_result_is_sent(enum caa_result result)
{
	return result < CAA_RESULT_LATE;
}

/** @return whether nothing is wrong with what came back: an answer can be made of it, or it leads to TCP.  Over TCP there is
 *  room for everything, so what is truncated there is no answer (RFC 7766). */
static inline bool caa_attempt_is_good(const struct caa_attempt *a)
{
	return a->result == CAA_RESULT_GOOD || (a->result == CAA_RESULT_TRUNCATED && !a->tcp);
}

#endif
