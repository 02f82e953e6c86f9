/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What a transport does for the asker, and what it tells it. */
#ifndef CAA_TOOL_TRANSPORT_H
#define CAA_TOOL_TRANSPORT_H

#include <sys/queue.h>
#include "tool/ask.h"

/** One question on its way. */
struct caa_question {
	struct caa_asker *asker;
	uint8_t *wire;			/**< the message, id 0; owned */
	size_t wire_len;
	struct caa_name name;		/**< in wire */
	caa_ask_done *done;
	void *arg;
	struct event *timer;		/**< of the try that is under way */
	struct timeval started;		/**< first send; 0 = none yet */
	unsigned tries;			/**< sends so far */
	size_t server;			/**< index of the one that this try asks */
	bool last;			/**< this try ends with the question's time */
	bool under_way;			/**< a transport has it */
	bool truncated;			/**< goes over TCP from now on */
	bool queued;
	TAILQ_ENTRY(caa_question) next;	/**< in the asker's queue */
	TAILQ_ENTRY(caa_question) all;	/**< among all of the asker's */
	uint16_t id;			/**< the transport's: message id */
	unsigned lane;			/**< the transport's: which socket */
	void *request;			/**< the transport's */
};

enum caa_send { CAA_SEND_DONE, CAA_SEND_BUSY, CAA_SEND_FAILED };

struct caa_transport {
	/** Send, or say that it cannot be now: the asker tries again a little later.
	 *  @param why: set for CAA_SEND_FAILED, static. */
	enum caa_send (*send)(struct caa_transport *t, struct caa_question *q, const char **why);
	/** A question that was sent is not waited for any more. */
	void (*forget)(struct caa_transport *t, struct caa_question *q);
	void (*destroy)(struct caa_transport *t);
};

/** One to a server.
 *  @param s: borrowed. @return NULL on error; *err is set, static. */
struct caa_transport *caa_udp_create(struct event_base *base, struct caa_asker *a, const struct caa_server *s,
	const char **err);
struct caa_transport *caa_tcp_create(struct event_base *base, struct caa_asker *a, const struct caa_server *s,
	const char **err);
/** @param o: copied. */
struct caa_transport *caa_doh_create(struct event_base *base, const struct caa_server *s, const struct caa_ask_options *o,
	const char **err);

/** A message came for a question that is under way; the transport has forgotten the question unless false.
 *  @return false if it is not the answer to that question: it goes on waiting. */
bool caa_question_reply(struct caa_question *q, const uint8_t *wire, size_t len);

/** The try came to nothing; the transport has forgotten the question. @param why: static. */
void caa_question_broken(struct caa_question *q, const char *why);

/** The question was under way on a connection that closed for no fault of its own; send it again.
 *  The transport has forgotten it. */
void caa_question_resend(struct caa_question *q);

/** Count a reply that belongs to no question. */
void caa_asker_ignored(struct caa_asker *a);

#endif
