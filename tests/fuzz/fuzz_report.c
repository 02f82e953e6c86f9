/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Fuzz what is said of a failure: a case is made of attempts, as answers of any octets are noted, and facts; its line is one
 *  whole JSON object in UTF-8, its EDE texts are bounded, its page is text, whatever the servers sent. */
#include "fuzz.h"

#include "core/wire/answer.h"
#include "core/why/cause.h"
#include "core/why/report.h"
#include "core/why/say.h"

enum { EVENTS_MAX = 40, MESSAGE_MAX = 120 };

static struct caa_addr addr_of(struct input *in)
{
	uint8_t ip[16] = { 0 };
	uint8_t kind = take8(in);
	uint16_t port = kind & 4 ? 53 : (uint16_t)(1 + take16(in) % 65535);

	for (unsigned i = 0; i < (kind & 2 ? 16u : 1u); i++)
		ip[i] = take8(in);
	return kind & 1 ? caa_addr_ipv6(ip, port) : caa_addr_ipv4(ip, port);
}

/** A server's answer, of whatever comes, with an EDE in front of its text. */
static void note(struct caa_case *c, struct input *in)
{
	uint8_t wires[2][CAA_NAME_MAX];
	size_t len = take8(in) % MESSAGE_MAX;
	uint8_t bits = take8(in);
	struct caa_answer answer;
	struct caa_event e = { .addr = addr_of(in), .name = caa_case_name(c), .at_ms = take32(in), .waited_ms = bits & 1 ? take32(in) : 0,
		.rtt_ms = take16(in), .qtype = bits & 2 ? 257 : take16(in), .size = bits & 4 ? 1232 : 0, .tcp = bits & 8, .cookie = bits & 16,
		.dnssec = bits & 32, .result = (enum caa_result)(take8(in) % (CAA_RESULT_NO_SOCKET + 1)) };

	if (bits & 64)
		e.name = take_name(in, wires[0]);
	if (bits & 128)
		e.zone = take_name(in, wires[1]);
	else if (!caa_name_parent(&e.zone, e.name))
		e.zone = e.name;
	if (take8(in) & 1) {
		const uint8_t *text = take(in, &len);

		caa_answer_read(&answer, text, len, e.zone);
		if (take8(in) & 1) {	/* a text that no packet has to be found for */
			answer.ede = take16(in);
			answer.ede_text = text;
			answer.ede_text_len = len;
			answer.rcode &= 4095;
		}
		e.answer = &answer;
	}
	caa_record_note(&c->record, caa_case_name(c), &e);
	if (take8(in) % 8 == 0)
		caa_record_note_caps(&c->record);
}

static void clean(struct input *in, char *out, size_t size)
{
	size_t len = take8(in) % 100;
	const uint8_t *octets = take(in, &len);

	(void)caa_text_clean(out, size, octets, len);
}

static void facts(struct caa_case *c, struct input *in)
{
	uint8_t bits = take8(in), wire[CAA_NAME_MAX], above[CAA_NAME_MAX];

	c->servers = (uint8_t)caa_record_servers(&c->record, bits & 1 ? take_name(in, wire) : (struct caa_name){ NULL, 0 }, c->server);
	check(c->servers <= CAA_CASE_SERVERS);
	for (unsigned i = 0; i < c->servers; i++) {
		struct caa_server *s = &c->server[i];

		caa_text_name(s->ns, sizeof(s->ns), take_name(in, wire));
		s->sent = take32(in);
		s->replied = take32(in);
		s->timed_out = take32(in);
		s->rate_qps = take16(in);
		s->limited = take8(in) & 1;
		s->other_types = take8(in) & 1;
		s->types_now = s->other_types;
		s->others_answer = take8(in) % 3;
	}
	caa_text_name(c->zone, sizeof(c->zone), take_name(in, wire));
	clean(in, c->reason, sizeof(c->reason));
	c->unix_s = take32(in);
	c->took_ms = take32(in);
	c->tries = (uint16_t)(1 + take8(in));
	c->bogus = bits & 2;
	c->looped = bits & 4;
	c->no_address = bits & 8;
	c->late = bits & 16;
	if (c->looped || c->no_address)
		caa_text_name(c->about, sizeof(c->about), take_name(in, wire));
	c->own = take8(in) % (CAA_OWN_MEMORY + 1);
	c->insecure = take8(in) % 3;
	c->missed_labels = CAA_LABELS_NONE;
	c->bogus_ede = c->bogus && bits & 32 ? take8(in) % 31 : CAA_NO_EDE;	/* Unbound's own */
	if (c->bogus && bits & 64)
		caa_case_miss(c, bits & 128 ? 48 : 43, take_name(in, wire), take8(in) & 1 ? take_name(in, above) : (struct caa_name){ NULL, 0 });
	caa_case_class(c);
	check(c->class < CAA_CLASS_COUNT && c->cause <= CAA_ATTEMPTS_MAX);
	check(c->cause == CAA_ATTEMPTS_MAX || c->cause < c->record.count);
}

static void check_sentences(const struct caa_case *c)
{
	char text[CAA_EDE_MAX + 1];
	uint16_t (*const say[])(const struct caa_case *, char *) = { caa_say_sentence, caa_say_to_client, caa_say_so_far };

	for (size_t i = 0; i < sizeof(say) / sizeof(say[0]); i++) {
		memset(text, 'x', sizeof(text));
		check(say[i](c, text) <= 30);	/* what RFC 8914 and its registry have */
		check(memchr(text, '\0', CAA_EDE_MAX) != NULL && text[CAA_EDE_MAX] == 'x');
		check(strlen(text) > 0 && is_harmless(text));
		if (i > 0 && c->id[0] != '\0')
			check(strstr(text, c->id) != NULL);
	}
	check(strlen(caa_say_advice(c)) > 0 && caa_class_name((enum caa_class)c->class)[0] != '\0');
}

static void check_line(const struct caa_case *c, const struct caa_repeats *n, uint64_t left_out)
{
	static const struct caa_versions by = { .unbound = "1.26.1", .module = "0.1.0" };
	static char page[CAA_EXPLAIN_MAX + 1];
	char line[CAA_LINE_MAX + 1], attempt[512];
	struct caa_text t;
	size_t len;

	memset(line, 'x', sizeof(line));
	len = caa_report_line(c, n, left_out, &by, line);
	check(line[CAA_LINE_MAX] == 'x' && strlen(line) == len && len < CAA_LINE_MAX);
	check(is_json(line) && is_harmless(line));
	check(line[0] == '{' && strstr(line, "\"attempts\":[") != NULL && strstr(line, "\"attempts_left_out\":") != NULL);
	memset(page, 'x', sizeof(page));
	caa_report_explain(c, n, &by, page);
	check(page[CAA_EXPLAIN_MAX] == 'x' && memchr(page, '\0', CAA_EXPLAIN_MAX) != NULL);
	for (char *at = page; *at != '\0'; at++)
		if (*at == '\n')
			*at = ' ';
	check(is_harmless(page));
	for (unsigned i = 0; i < c->record.count; i++) {
		caa_text_init(&t, attempt, sizeof(attempt));
		caa_report_attempt(&t, c, &c->record.attempt[i]);
		check(!t.full && is_json(attempt));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct caa_case c;
	struct input in = { data, size };
	uint8_t wire[CAA_NAME_MAX], random[CAA_ID_OCTETS] = { take8(&in) };
	struct caa_repeats n;
	struct caa_name name;

	memset(&c, 0, sizeof(c));
	caa_record_init(&c.record);
	name = take_name(&in, wire);
	memcpy(c.wire, name.wire, name.len);
	c.wire_len = (uint8_t)name.len;
	if (random[0] != 0)
		caa_text_id(c.id, random);
	for (unsigned count = take8(&in) % EVENTS_MAX; count > 0; count--)
		note(&c, &in);
	check(c.record.count <= CAA_ATTEMPTS_MAX && c.record.names <= CAA_ATTEMPT_NAMES);
	facts(&c, &in);
	n = (struct caa_repeats){ .count = take32(&in), .total = take32(&in), .window_s = take32(&in), .first_unix_s = take32(&in) };
	check_sentences(&c);
	check_line(&c, &n, (uint64_t)take32(&in) << 32);
	return 0;
}
