/* SPDX-License-Identifier: BSD-3-Clause */
/** \file DNS over HTTPS (RFC 8484): each question a POST, all on one HTTP/2 connection where the server has it.
 *  libcurl does the HTTP; its sockets and timer live in the asker's libevent base. */
#include "tool/transport.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

enum { HTTP_OK = 200, MESSAGE_MAX = 65535 };

struct doh {
	struct caa_transport transport;
	struct event_base *base;
	const struct caa_server *server;
	struct caa_ask_options options;
	CURLM *multi;
	struct event *timer;
	struct curl_slist *headers;
};

/** One POST. */
struct request {
	struct doh *doh;
	CURL *easy;
	struct caa_question *question;
	uint8_t *reply;
	size_t reply_len;
};

static void request_destroy(struct request *r)
{
	if (r->easy != NULL) {
		curl_multi_remove_handle(r->doh->multi, r->easy);
		curl_easy_cleanup(r->easy);
	}
	free(r->reply);
	free(r);
}

static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
	struct request *r = arg;
	size_t len = size * count;
	uint8_t *reply;

	if (r->reply_len + len > MESSAGE_MAX || (reply = realloc(r->reply, r->reply_len + len)) == NULL)
		return 0;	/* ends the transfer */
	memcpy(reply + r->reply_len, data, len);
	r->reply = reply;
	r->reply_len += len;
	return len;
}

/** Take the end of one transfer to its question. */
static void complete(struct request *r, CURLcode result)
{
	struct caa_question *q = r->question;
	long status = 0;
	const char *why = NULL;

	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	if (result != CURLE_OK)
		why = curl_easy_strerror(result);
	else if (status != HTTP_OK)
		why = "HTTP status is not 200";
	q->request = NULL;
	if (why != NULL)
		caa_question_broken(q, why);
	else if (!caa_question_reply(q, r->reply, r->reply_len))
		caa_question_broken(q, "the reply is not to the question");
	request_destroy(r);
}

static void check_done(struct doh *doh)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(doh->multi, &left)) != NULL) {
		struct request *r;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&r);
		complete(r, message->data.result);
	}
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct doh *doh = arg;
	int running, mask = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);

	curl_multi_socket_action(doh->multi, fd, mask, &running);
	check_done(doh);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct doh *doh = arg;
	int running;

	(void)fd;
	(void)what;
	curl_multi_socket_action(doh->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	check_done(doh);
}

/** libcurl wants to hear of a socket, in another way than before, or no more. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *watch)
{
	struct doh *doh = arg;
	short mask = (short)(EV_PERSIST | (what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0));
	struct event *event = watch;

	(void)easy;
	if (event != NULL)
		event_free(event);
	event = what == CURL_POLL_REMOVE ? NULL : event_new(doh->base, fd, mask, on_socket, doh);
	if (event != NULL)
		event_add(event, NULL);
	curl_multi_assign(doh->multi, fd, event);
	return 0;
}

static int watch_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct doh *doh = arg;
	const struct timeval wait = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };

	(void)multi;
	if (timeout_ms < 0)
		event_del(doh->timer);
	else
		event_add(doh->timer, &wait);
	return 0;
}

static void set_options(struct request *r, const struct caa_question *q)
{
	const struct caa_ask_options *o = &r->doh->options;

	curl_easy_setopt(r->easy, CURLOPT_URL, r->doh->server->url);
	curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->doh->headers);
	curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE, (long)q->wire_len);
	curl_easy_setopt(r->easy, CURLOPT_POSTFIELDS, (char *)q->wire);
	curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(r->easy, CURLOPT_PRIVATE, r);
	curl_easy_setopt(r->easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(r->easy, CURLOPT_PIPEWAIT, 1L);	/* wait for the connection rather than open another */
	curl_easy_setopt(r->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(r->easy, CURLOPT_SSL_VERIFYPEER, o->insecure ? 0L : 1L);
	curl_easy_setopt(r->easy, CURLOPT_SSL_VERIFYHOST, o->insecure ? 0L : 2L);
	if (o->ca_file != NULL)
		curl_easy_setopt(r->easy, CURLOPT_CAINFO, o->ca_file);
}

static enum caa_send doh_send(struct caa_transport *t, struct caa_question *q, const char **why)
{
	struct doh *doh = (struct doh *)t;
	struct request *r = calloc(1, sizeof(*r));

	*why = "out of memory";
	if (r == NULL)
		return CAA_SEND_FAILED;
	r->doh = doh;
	r->question = q;
	r->easy = curl_easy_init();
	if (r->easy == NULL) {
		free(r);
		return CAA_SEND_FAILED;
	}
	set_options(r, q);	/* the id stays 0 (RFC 8484 s4.1) */
	if (curl_multi_add_handle(doh->multi, r->easy) != CURLM_OK) {
		request_destroy(r);
		return CAA_SEND_FAILED;
	}
	q->request = r;
	return CAA_SEND_DONE;
}

static void doh_forget(struct caa_transport *t, struct caa_question *q)
{
	(void)t;
	if (q->request != NULL)
		request_destroy(q->request);
	q->request = NULL;
}

static void doh_destroy(struct caa_transport *t)
{
	struct doh *doh = (struct doh *)t;

	if (doh->multi != NULL)
		curl_multi_cleanup(doh->multi);
	if (doh->timer != NULL)
		event_free(doh->timer);
	curl_slist_free_all(doh->headers);
	free(doh);
	curl_global_cleanup();
}

struct caa_transport *caa_doh_create(struct event_base *base, const struct caa_server *s, const struct caa_ask_options *o,
	const char **err)
{
	struct doh *doh = calloc(1, sizeof(*doh));

	*err = "out of memory";
	if (doh == NULL)
		return NULL;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	doh->transport = (struct caa_transport){ doh_send, doh_forget, doh_destroy };
	doh->base = base;
	doh->server = s;
	doh->options = *o;
	doh->multi = curl_multi_init();
	doh->timer = evtimer_new(base, on_timer, doh);
	doh->headers = curl_slist_append(NULL, "Content-Type: application/dns-message");
	if (doh->headers != NULL)
		curl_slist_append(doh->headers, "Accept: application/dns-message");
	if (doh->multi == NULL || doh->timer == NULL || doh->headers == NULL) {
		doh_destroy(&doh->transport);
		return NULL;
	}
	curl_multi_setopt(doh->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(doh->multi, CURLMOPT_SOCKETDATA, doh);
	curl_multi_setopt(doh->multi, CURLMOPT_TIMERFUNCTION, watch_timer);
	curl_multi_setopt(doh->multi, CURLMOPT_TIMERDATA, doh);
	curl_multi_setopt(doh->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	return &doh->transport;
}
