/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/why/carry.h"

#include <assert.h>
#include <string.h>

enum { VERSION = 2 };

/** Octets that are written, or read: one walk does both, so that they cannot differ. */
struct walk {
	uint8_t *out;		/**< NULL = it reads */
	const uint8_t *in;
	size_t left;		/**< of either */
	bool bad;		/**< there was not enough, or what no case has */
};

static bool takes(struct walk *w, size_t len)
{
	w->bad = w->bad || len > w->left;
	if (!w->bad)
		w->left -= len;
	return !w->bad;
}

static void octets(struct walk *w, uint8_t *field, size_t len)
{
	if (!takes(w, len))
		return;
	if (w->out != NULL) {
		memcpy(w->out, field, len);
		w->out += len;
	} else {
		memcpy(field, w->in, len);
		w->in += len;
	}
}

/** In network order. @param size: octets. @return the number that was read, or is written. */
static uint64_t number(struct walk *w, uint64_t n, size_t size)
{
	uint8_t octet[sizeof(n)] = { 0 };

	for (size_t i = size; i-- > 0 && w->out != NULL; n >>= 8)
		octet[i] = (uint8_t)n;
	octets(w, octet, size);
	n = 0;
	for (size_t i = 0; i < size; i++)
		n = n << 8 | octet[i];
	return n;
}

static void walk8(struct walk *w, uint8_t *field)
{
	octets(w, field, 1);
}

/** @param max: the largest that there is. */
static void walk_range(struct walk *w, uint8_t *field, uint8_t max)
{
	walk8(w, field);
	w->bad = w->bad || *field > max;
}

static void walk_bool(struct walk *w, bool *field)
{
	uint8_t n = *field;

	walk_range(w, &n, 1);
	*field = n == 1;
}

static void walk16(struct walk *w, uint16_t *field)
{
	*field = (uint16_t)number(w, *field, sizeof(*field));
}

static void walk32(struct walk *w, uint32_t *field)
{
	*field = (uint32_t)number(w, *field, sizeof(*field));
}

/** Clean text. @param size: octets of the field, up to 255. */
static void walk_text(struct walk *w, char *field, size_t size)
{
	uint8_t len = (uint8_t)strlen(field), text[UINT8_MAX];

	memcpy(text, field, len);
	walk_range(w, &len, (uint8_t)(size - 1));
	octets(w, text, w->bad ? 0 : len);
	if (w->out == NULL && !w->bad)
		caa_text_clean(field, size, text, len);
}

static void walk_addr(struct walk *w, struct caa_addr *addr)
{
	bool is_ipv4;

	walk8(w, &addr->family);
	octets(w, addr->port, sizeof(addr->port));
	octets(w, addr->ip, sizeof(addr->ip));
	is_ipv4 = addr->family == CAA_IPV4;
	w->bad = w->bad || (!is_ipv4 && addr->family != CAA_IPV6);
	if (is_ipv4)
		memset(addr->ip + 4, 0, sizeof(addr->ip) - 4);
}

/** Labels of the question's name. */
static void walk_labels(struct walk *w, uint8_t *field, const struct caa_case *c)
{
	walk8(w, field);
	w->bad = w->bad || (*field != CAA_LABELS_NONE && *field > caa_name_labels(caa_case_name(c)));
}

static void walk_attempt(struct walk *w, struct caa_attempt *a, const struct caa_case *c)
{
	walk_addr(w, &a->addr);
	walk32(w, &a->at_ms);
	walk32(w, &a->waited_ms);
	walk32(w, &a->rtt_ms);
	walk16(w, &a->count);
	walk16(w, &a->order);
	walk16(w, &a->qtype);
	walk16(w, &a->rcode);
	walk16(w, &a->ede);
	walk16(w, &a->size);
	walk16(w, &a->zone_tag);
	walk_range(w, &a->step, CAA_ASKED_OTHER);
	walk_range(w, &a->result, CAA_RESULT_NO_SOCKET);
	walk_labels(w, &a->labels, c);
	walk_labels(w, &a->zone_labels, c);
	walk_range(w, &a->name, CAA_ATTEMPT_NAMES);
	walk_bool(w, &a->tcp);
	walk_bool(w, &a->cookie);
	walk_bool(w, &a->dnssec);
	walk_bool(w, &a->high);
	w->bad = w->bad || a->count == 0;
}

static void walk_record(struct walk *w, struct caa_record *r, const struct caa_case *c)
{
	uint8_t count = (uint8_t)r->count;

	walk_range(w, &count, CAA_ATTEMPTS_MAX);
	r->count = count;
	walk16(w, &r->outcomes);
	for (unsigned i = 0; i < r->count && !w->bad; i++)
		walk_attempt(w, &r->attempt[i], c);
	walk_range(w, &r->names, CAA_ATTEMPT_NAMES);
	for (unsigned i = 0; i < r->names && !w->bad; i++)
		walk_text(w, r->name[i], sizeof(r->name[i]));
	walk16(w, &r->ede_of);
	if (r->ede_of == CAA_NO_EDE || w->bad)
		return;
	walk_text(w, r->ede_text, sizeof(r->ede_text));
	walk_addr(w, &r->ede_from);
}

static void walk_server(struct walk *w, struct caa_server *s)
{
	walk_addr(w, &s->addr);
	walk_text(w, s->ns, sizeof(s->ns));
	walk32(w, &s->sent);
	walk32(w, &s->replied);
	walk32(w, &s->timed_out);
	walk32(w, &s->rtt_ms);
	walk_bool(w, &s->other_types);
	walk_bool(w, &s->types_now);
	walk_bool(w, &s->of_zone);
	walk_range(w, &s->others_answer, CAA_YES);
}

static void walk_case(struct walk *w, struct caa_case *c)
{
	uint8_t version = VERSION;

	walk8(w, &version);
	w->bad = w->bad || version != VERSION;
	walk_record(w, &c->record, c);
	walk_range(w, &c->servers, CAA_CASE_SERVERS);
	for (unsigned i = 0; i < c->servers && !w->bad; i++)
		walk_server(w, &c->server[i]);
	walk_text(w, c->zone, sizeof(c->zone));
	walk_text(w, c->about, sizeof(c->about));
	walk_text(w, c->id, sizeof(c->id));
	c->unix_s = (int64_t)number(w, (uint64_t)c->unix_s, sizeof(c->unix_s));
	walk32(w, &c->took_ms);
	walk16(w, &c->tries);
	walk_bool(w, &c->looped);
	walk_bool(w, &c->no_address);
	walk_range(w, &c->insecure, CAA_YES);
	w->bad = w->bad || c->tries == 0 || c->unix_s < 0;
}

/* --- what fits ---------------------------------------------------------------------------------------------------------- */

/** Whether an attempt has what no way to a server and no load of it can be the reason of. */
static bool is_definite(const struct caa_case *c, const struct caa_attempt *a)
{
	const struct caa_server *server = caa_case_server(c, &a->addr);

	switch ((enum caa_result)a->result) {
	case CAA_RESULT_RCODE:
	case CAA_RESULT_NO_SOA:
	case CAA_RESULT_UPWARD:
	case CAA_RESULT_SELF:
	case CAA_RESULT_NOT_AUTHORITATIVE:
		return server != NULL && !server->limited;
	case CAA_RESULT_GOOD:
	case CAA_RESULT_TRUNCATED:
	case CAA_RESULT_UNREADABLE:
	case CAA_RESULT_CAPS:
	case CAA_RESULT_TIMEOUT:
	case CAA_RESULT_ERROR:
	case CAA_RESULT_LATE:
	case CAA_RESULT_FOUND_LAME:
	case CAA_RESULT_FOUND_SILENT:
	case CAA_RESULT_NO_SOCKET:
		break;
	}
	return false;
}

static bool is_class_of_zone(const struct caa_case *c)
{
	switch ((enum caa_class)c->class) {
	case CAA_CLASS_CNAME_LOOP:
	case CAA_CLASS_NO_SOA:
	case CAA_CLASS_FORMERR_EDNS:
	case CAA_CLASS_NOTIMP:
	case CAA_CLASS_LAME:
	case CAA_CLASS_REFUSED:
	case CAA_CLASS_SERVFAIL:
		return true;
	case CAA_CLASS_UNREACHABLE:
		return c->no_address;
	case CAA_CLASS_RATE_LIMITED:
	case CAA_CLASS_BOGUS:
	case CAA_CLASS_CAPS:
	case CAA_CLASS_TIMEOUT:
	case CAA_CLASS_BUDGET:
	case CAA_CLASS_INTERNAL:
	case CAA_CLASS_COUNT:
		break;
	}
	return false;
}

bool caa_carry_fits(const struct caa_case *c)
{
	if (!is_class_of_zone(c) || c->bogus || c->late || c->loopback || c->own != CAA_OWN_NONE || c->missed != 0 || c->record.left_out > 0)
		return false;
	for (unsigned i = 0; i < c->record.count; i++)
		if (caa_record_is_fault(&c->record, &c->record.attempt[i]) && !is_definite(c, &c->record.attempt[i]))
			return false;
	return true;
}

size_t caa_carry_write(uint8_t out[static CAA_CARRY_MAX], const struct caa_case *c)
{
	struct walk w = { .out = out, .left = CAA_CARRY_MAX };
	struct caa_case copy = *c;

	walk_case(&w, &copy);
	assert(!w.bad);
	return CAA_CARRY_MAX - w.left;
}

bool caa_carry_read(struct caa_case *out, struct caa_name name, const uint8_t *octet, size_t len)
{
	struct walk w = { .in = octet, .left = len };

	memset(out, 0, sizeof(*out));
	memcpy(out->wire, name.wire, name.len);
	out->wire_len = (uint8_t)name.len;
	out->bogus_ede = out->record.ede_of = CAA_NO_EDE;
	walk_case(&w, out);
	if (w.bad || w.left > 0)
		return false;
	out->elsewhere = true;
	caa_case_class(out);
	return caa_carry_fits(out);
}
