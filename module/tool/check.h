/* SPDX-License-Identifier: BSD-3-Clause */
/** \file One name's check: its climb, with what each label answered.  One thread. */
#ifndef CAA_TOOL_CHECK_H
#define CAA_TOOL_CHECK_H

#include <stdbool.h>
#include "core/climb/climb.h"
#include "tool/ask.h"
#include "tool/sans.h"

enum { CAA_EDE_MAX = 4, CAA_EDE_TEXT_MAX = 256 };

/** What one label answered. */
struct caa_label {
	char why[64];		/**< reason of a failure: an RCODE, or what went wrong; "" if it did not fail */
	char rcode[16];		/**< RCODE; "" without an answer */
	char *records;		/**< the CAA RRset, one record a line in presentation form; NULL if none; owned */
	char *owner;		/**< where the RRset stands, which a CNAME can move; NULL if none; owned */
	bool ad;
	bool held;		/**< the resolver held the answer, as far as it tells */
	unsigned age_s;		/**< since that was fetched, if held */
	unsigned tries;
	bool tcp;
	const char *server;	/**< that was asked last; borrowed from the asker; NULL if none was */
	double seconds;
	unsigned edes;		/**< Extended DNS Errors (RFC 8914), as many as there is room for */
	struct {
		unsigned code;
		char text[CAA_EDE_TEXT_MAX];	/**< octets as they came, NUL-terminated */
	} ede[CAA_EDE_MAX];
};

struct caa_check {
	const struct caa_san *san;	/**< borrowed */
	bool wildcard;
	struct caa_climb climb;
	struct caa_label *label;	/**< climb.labels of them; owned */
	bool done;			/**< no label is to be asked any more */
	size_t asked;			/**< labels asked so far */
	size_t answered;		/**< labels that ended */
	double seconds;			/**< from the first question to the last answer */
};

struct caa_check_options {
	bool sequential;	/**< one label after the other, until the first RRset or failure; else all at once */
	bool first_ede;		/**< of an answer's Extended DNS Errors, the first one only */
	/** code of the EDNS option by which the whole climb of a name is asked in one question; a name whose reply has no
	 *  valid report is asked label by label after it; 0 = label by label from the start */
	uint16_t climb_option;
};

struct caa_checks;

/** @param options: copied. @param progress: called after every answer; may be NULL. @return NULL if there is no memory. */
struct caa_checks *caa_checks_create(const struct caa_sans *sans, struct caa_asker *asker,
	const struct caa_check_options *options, void (*progress)(const struct caa_checks *c));
/** @param c: may be NULL. */
void caa_checks_destroy(struct caa_checks *c);

/** Ask; the event loop ends when the checks are done.
 *  @return false if they are done already: no label could be asked. */
bool caa_checks_start(struct caa_checks *c, struct event_base *base);

/** @return check i, 0 .. caa_checks_count() - 1, in the order of the names. */
const struct caa_check *caa_checks_at(const struct caa_checks *c, size_t i);
size_t caa_checks_count(const struct caa_checks *c);
/** @return names that have their verdict. */
size_t caa_checks_done(const struct caa_checks *c);
/** @return names that one question was enough for. */
size_t caa_checks_whole(const struct caa_checks *c);
/** @return names that failed so far. */
size_t caa_checks_failed(const struct caa_checks *c);

#endif
