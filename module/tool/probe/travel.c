/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/probe/travel.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER = 12, MESSAGE_MAX = 65535, PREFIX = 2 };	/* octets, RFC 1035 s4.1.1 and s4.2.2 */

struct caa_travel {
	int fd;
	uint8_t *out;		/**< the length's two octets, then the message; owned */
	size_t out_len, out_at;	/**< out_at: what TCP has taken of it */
	uint8_t *in;		/**< PREFIX + MESSAGE_MAX octets; owned */
	size_t in_len;
	uint16_t id;
	uint64_t first_ms, due_ms;
	enum caa_fate so_far;	/**< how it ends if nothing better comes */
};

/** Letters in random case, the first that is a letter in upper case, so that the name never is as it was. */
static void mix_case(ldns_rdf *name)
{
	uint8_t *octets = ldns_rdf_data(name);
	bool first = true;

	for (size_t i = 0; i < ldns_rdf_size(name); i++) {	/* a length is 63 at most: no letter */
		if (!isalpha(octets[i]))
			continue;
		octets[i] = (uint8_t)(first || randombytes_uniform(2) == 1 ? toupper(octets[i]) : tolower(octets[i]));
		first = false;
	}
}

static void add_edns(ldns_pkt *pkt, const struct caa_query *q)
{
	uint8_t option[4 + CAA_OPTION_MAX] = { (uint8_t)(q->option >> 8), (uint8_t)q->option, 0, (uint8_t)q->option_len };

	ldns_pkt_set_edns_udp_size(pkt, CAA_EDNS_SIZE);
	ldns_pkt_set_edns_version(pkt, q->version);
	ldns_pkt_set_edns_do(pkt, q->dnssec);
	if (q->option == 0)
		return;
	memcpy(option + 4, q->option_data, q->option_len);
	ldns_pkt_set_edns_data(pkt, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_NONE, 4 + q->option_len, option));
}

static bool make_message(struct caa_travel *t, struct caa_exchange *x)
{
	const struct caa_query *q = &x->query;
	ldns_rdf *name = ldns_rdf_clone(q->name);
	ldns_pkt *pkt;
	uint8_t *wire = NULL;
	size_t len;

	if (q->mixed)
		mix_case(name);
	ldns_rdf_deep_free(x->sent_name);
	x->sent_name = ldns_rdf_clone(name);
	pkt = ldns_pkt_query_new(name, q->type, LDNS_RR_CLASS_IN, q->recursive ? LDNS_RD : 0);
	if (pkt == NULL)
		return false;
	t->id = (uint16_t)randombytes_uniform(MESSAGE_MAX + 1);
	ldns_pkt_set_id(pkt, t->id);
	if (q->edns)
		add_edns(pkt, q);
	if (ldns_pkt2wire(&wire, pkt, &len) == LDNS_STATUS_OK && (t->out = malloc(PREFIX + len)) != NULL) {
		t->out[0] = (uint8_t)(len >> 8);
		t->out[1] = (uint8_t)len;
		memcpy(t->out + PREFIX, wire, len);
		t->out_len = PREFIX + len;
	}
	free(wire);
	ldns_pkt_free(pkt);
	return t->out != NULL;
}

static int open_socket(const struct caa_addr *to, bool tcp)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(caa_addr_port(to)) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(caa_addr_port(to)) };
	bool v4 = to->family == CAA_IPV4;
	int fd = socket(v4 ? AF_INET : AF_INET6, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	memcpy(&in.sin_addr, to->ip, sizeof(in.sin_addr));
	memcpy(&in6.sin6_addr, to->ip, sizeof(in6.sin6_addr));
	if (fd >= 0 && connect(fd, v4 ? (struct sockaddr *)&in : (struct sockaddr *)&in6, v4 ? sizeof(in) : sizeof(in6)) != 0 &&
	    errno != EINPROGRESS) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static enum caa_fate fate_of_errno(int error)
{
	switch (error) {
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
	case EACCES:
	case EPERM:
	case EINVAL:
		return CAA_FATE_NO_ROUTE;
	case ECONNREFUSED:
		return CAA_FATE_REFUSED;
	case ETIMEDOUT:
		return CAA_FATE_SILENT;
	default:
		return CAA_FATE_CLOSED;
	}
}

static void log_send(const struct caa_exchange *x, FILE *log)
{
	char addr[CAA_ADDR_TEXT_MAX], *name, *type;

	if (log == NULL)
		return;
	name = ldns_rdf2str(x->sent_name);
	type = ldns_rr_type2str(x->query.type);
	fprintf(log, "sends %s %s %s %s\n", caa_addr_text(addr, &x->to), x->query.tcp ? "tcp" : "udp", name, type);
	free(name);
	free(type);
}

/** One try. @return how it ended, CAA_FATE_NONE while it goes on. */
static enum caa_fate send_try(struct caa_exchange *x, uint64_t now_ms, const struct caa_exchange_options *o)
{
	struct caa_travel *t = x->travel;

	x->tries++;
	t->due_ms = now_ms + o->timeout_ms;
	if (x->query.tcp && t->fd >= 0) {
		close(t->fd);
		t->fd = -1;
	}
	if (t->fd < 0)
		t->fd = open_socket(&x->to, x->query.tcp);
	if (t->fd < 0)
		return fate_of_errno(errno);
	t->out_at = 0;
	t->in_len = 0;
	if (!x->query.tcp && send(t->fd, t->out + PREFIX, t->out_len - PREFIX, MSG_NOSIGNAL) < 0 && errno != EAGAIN &&
	    errno != ECONNREFUSED)
		return fate_of_errno(errno);
	log_send(x, o->log);
	return CAA_FATE_NONE;
}

/** A try came to nothing. */
static enum caa_fate next_try(struct caa_exchange *x, enum caa_fate fate, uint64_t now_ms, const struct caa_exchange_options *o)
{
	struct caa_travel *t = x->travel;

	if (t->so_far != CAA_FATE_OTHER_ID && t->so_far != CAA_FATE_OTHER_QUESTION)
		t->so_far = fate;
	x->ms = (unsigned)(now_ms - t->first_ms);
	if (x->tries >= o->tries || fate == CAA_FATE_NO_ROUTE)
		return t->so_far;
	fate = send_try(x, now_ms, o);
	return fate;
}

struct caa_travel *caa_travel_create(struct caa_exchange *x, uint64_t now_ms, const struct caa_exchange_options *o,
	enum caa_fate *fate)
{
	struct caa_travel *t = calloc(1, sizeof(*t));

	*fate = CAA_FATE_SILENT;
	if (t == NULL)
		return NULL;
	t->fd = -1;
	t->first_ms = now_ms;
	t->in = malloc(PREFIX + MESSAGE_MAX);
	x->travel = t;
	if (t->in != NULL && make_message(t, x)) {
		*fate = send_try(x, now_ms, o);
		if (*fate == CAA_FATE_NONE)
			return t;
	}
	caa_travel_destroy(t);
	return x->travel = NULL;
}

void caa_travel_destroy(struct caa_travel *t)
{
	if (t == NULL)
		return;
	if (t->fd >= 0)
		close(t->fd);
	free(t->out);
	free(t->in);
	free(t);
}

struct pollfd caa_travel_pollfd(const struct caa_exchange *x)
{
	bool sending = x->query.tcp && x->travel->out_at < x->travel->out_len;

	return (struct pollfd){ .fd = x->travel->fd, .events = sending ? POLLOUT : POLLIN };
}

uint64_t caa_travel_due_ms(const struct caa_exchange *x)
{
	return x->travel->due_ms;
}

static bool same_question(const ldns_pkt *reply, const struct caa_exchange *x)
{
	const ldns_rr *question;

	if (ldns_pkt_qdcount(reply) == 0)	/* as servers do that could not read it */
		return ldns_pkt_get_rcode(reply) != LDNS_RCODE_NOERROR;
	question = ldns_rr_list_rr(ldns_pkt_question(reply), 0);
	return ldns_rr_get_type(question) == x->query.type && ldns_dname_compare(ldns_rr_owner(question), x->sent_name) == 0;
}

/** Whether each record has the fields of its type: ldns reads one without data, for updates, and nobody may trip over it. */
static bool is_whole(const ldns_pkt *reply)
{
	ldns_rr_list *all = ldns_pkt_all_noquestion(reply);
	bool whole = true;

	for (size_t i = 0; i < ldns_rr_list_rr_count(all); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(all, i);
		const ldns_rr_descriptor *type = ldns_rr_descript((uint16_t)ldns_rr_get_type(rr));

		whole = whole && ldns_rr_rd_count(rr) >= ldns_rr_descriptor_minimum(type);
	}
	ldns_rr_list_deep_free(all);
	return whole;
}

/** @return CAA_FATE_ANSWERED or _MALFORMED, which end it, or _NONE for a reply that is not to it. */
static enum caa_fate take_reply(struct caa_exchange *x, const uint8_t *octets, size_t len, uint64_t now_ms)
{
	ldns_pkt *reply = NULL;

	if (len >= 2 && (octets[0] << 8 | octets[1]) != x->travel->id) {
		x->travel->so_far = CAA_FATE_OTHER_ID;
		return CAA_FATE_NONE;
	}
	x->ms = (unsigned)(now_ms - x->travel->first_ms);
	if (len < HEADER || ldns_wire2pkt(&reply, octets, len) != LDNS_STATUS_OK || !ldns_pkt_qr(reply) || !is_whole(reply)) {
		ldns_pkt_free(reply);
		return CAA_FATE_MALFORMED;
	}
	if (!same_question(reply, x)) {
		x->travel->so_far = CAA_FATE_OTHER_QUESTION;
		ldns_pkt_free(reply);
		return CAA_FATE_NONE;
	}
	x->reply = reply;
	x->reply_len = len;
	return CAA_FATE_ANSWERED;
}

static enum caa_fate udp_ready(struct caa_exchange *x, uint64_t now_ms, const struct caa_exchange_options *o)
{
	struct caa_travel *t = x->travel;
	ssize_t len = recv(t->fd, t->in, MESSAGE_MAX, 0);

	if (len >= 0)
		return take_reply(x, t->in, (size_t)len, now_ms);
	if (errno == EAGAIN || errno == EINTR)
		return CAA_FATE_NONE;
	return next_try(x, fate_of_errno(errno), now_ms, o);
}

static enum caa_fate tcp_ready(struct caa_exchange *x, uint64_t now_ms, const struct caa_exchange_options *o)
{
	struct caa_travel *t = x->travel;
	bool sending = t->out_at < t->out_len;
	ssize_t len = sending ? send(t->fd, t->out + t->out_at, t->out_len - t->out_at, MSG_NOSIGNAL) :
		recv(t->fd, t->in + t->in_len, PREFIX + MESSAGE_MAX - t->in_len, 0);
	size_t want;

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return CAA_FATE_NONE;
	if (len <= 0)
		return next_try(x, len == 0 ? CAA_FATE_CLOSED : fate_of_errno(errno), now_ms, o);
	if (sending) {
		t->out_at += (size_t)len;
		return CAA_FATE_NONE;
	}
	t->in_len += (size_t)len;
	want = t->in_len < PREFIX ? MESSAGE_MAX : (size_t)t->in[0] << 8 | t->in[1];
	if (t->in_len < PREFIX + want)
		return CAA_FATE_NONE;
	t->in_len = 0;
	return take_reply(x, t->in + PREFIX, want, now_ms);
}

enum caa_fate caa_travel_ready(struct caa_exchange *x, uint64_t now_ms, const struct caa_exchange_options *o)
{
	return x->query.tcp ? tcp_ready(x, now_ms, o) : udp_ready(x, now_ms, o);
}

enum caa_fate caa_travel_tick(struct caa_exchange *x, uint64_t now_ms, const struct caa_exchange_options *o)
{
	return x->travel->due_ms > now_ms ? CAA_FATE_NONE : next_try(x, CAA_FATE_SILENT, now_ms, o);
}
