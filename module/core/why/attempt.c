/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/why/attempt.h"

#include "core/wire/text.h"

#include <string.h>

enum { TYPE_A = 1, TYPE_AAAA = 28, TYPE_DS = 43, TYPE_DNSKEY = 48, TYPE_CAA = 257 };

uint16_t caa_zone_tag(struct caa_name zone)
{
	uint8_t lower[CAA_NAME_MAX];
	uint32_t sum = 2166136261u;	/* FNV-1a */

	if (zone.len == 0)
		return 0;
	caa_name_lower(lower, zone);
	for (size_t i = 0; i < zone.len; i++)
		sum = (sum ^ lower[i]) * 16777619u;
	sum = (sum ^ sum >> 16) & UINT16_MAX;
	return sum != 0 ? (uint16_t)sum : 1;
}

void caa_record_init(struct caa_record *r)
{
	r->count = r->outcomes = r->left_out = 0;
	r->names = 0;
	r->ede_text[0] = '\0';
	r->ede_of = CAA_NO_EDE;
}

/** @param labels: of the question's name, that were asked for. */
static enum caa_asked step_of(struct caa_name question, const struct caa_event *event, uint8_t labels)
{
	switch (event->qtype) {
	case TYPE_CAA:
		if (labels == CAA_LABELS_NONE)
			return CAA_ASKED_TARGET;
		return event->name.len == question.len ? CAA_ASKED_QUESTION : CAA_ASKED_MINIMISED;
	case TYPE_DS:
		return CAA_ASKED_DS;
	case TYPE_DNSKEY:
		return CAA_ASKED_DNSKEY;
	case TYPE_A:
	case TYPE_AAAA:
		/* minimisation that is not told otherwise asks for A */
		return labels != CAA_LABELS_NONE ? CAA_ASKED_MINIMISED : CAA_ASKED_ADDRESS;
	default:
		return CAA_ASKED_OTHER;
	}
}

/** How many labels of the question's name a name is. */
static uint8_t labels_of(struct caa_name question, struct caa_name name)
{
	if (name.len == 0 || !caa_name_within(question, name))
		return CAA_LABELS_NONE;
	return (uint8_t)caa_name_labels(name);
}

/** @return the index of the name's text; CAA_ATTEMPT_NAMES if there is no room. */
static uint8_t keep_name(struct caa_record *r, struct caa_name name)
{
	uint8_t lower[CAA_NAME_MAX];	/* the query's letters may be in random case (0x20) */
	char text[CAA_SHORT_NAME];

	caa_name_lower(lower, name);
	caa_text_name(text, sizeof(text), (struct caa_name){ lower, name.len });
	for (uint8_t i = 0; i < r->names; i++)
		if (strcmp(r->name[i], text) == 0)
			return i;
	if (r->names == CAA_ATTEMPT_NAMES)
		return CAA_ATTEMPT_NAMES;
	memcpy(r->name[r->names], text, sizeof(text));
	return r->names++;
}

static void keep_ede(struct caa_record *r, const struct caa_event *event)
{
	const struct caa_answer *a = event->answer;

	if (a == NULL || a->ede == CAA_NO_EDE || (a->ede_text_len == 0 && r->ede_of != CAA_NO_EDE))
		return;
	r->ede_of = a->ede;
	r->ede_from = event->addr;
	caa_text_clean(r->ede_text, sizeof(r->ede_text), a->ede_text, a->ede_text_len);
}

static bool same_kind(const struct caa_attempt *a, const struct caa_attempt *b)
{
	if (a->result == CAA_RESULT_LATE && b->result == CAA_RESULT_LATE)
		return true;	/* when the time is over everything is late; once is enough */
	return a->result == b->result && a->rcode == b->rcode && a->qtype == b->qtype && a->step == b->step &&
		a->labels == b->labels && a->name == b->name && a->tcp == b->tcp && a->cookie == b->cookie &&
		a->dnssec == b->dnssec && a->size == b->size && a->ede == b->ede && a->zone_labels == b->zone_labels && a->zone_tag == b->zone_tag &&
		caa_addr_equal(&a->addr, &b->addr);
}

/** Put an attempt with its kind, or in an entry of its own. */
static void keep(struct caa_record *r, const struct caa_attempt *new)
{
	struct caa_attempt *entry = r->attempt;

	while (entry < r->attempt + r->count && !same_kind(entry, new))
		entry++;
	if (entry < r->attempt + r->count) {
		uint32_t longest_ms = entry->rtt_ms > new->rtt_ms ? entry->rtt_ms : new->rtt_ms;
		uint16_t count = entry->count;

		if (new->result != CAA_RESULT_LATE)
			*entry = *new;
		if (new->result == CAA_RESULT_TIMEOUT)
			entry->rtt_ms = longest_ms;
		entry->count = count < UINT16_MAX ? (uint16_t)(count + 1) : count;
	} else if (r->count < CAA_ATTEMPTS_MAX) {
		r->attempt[r->count++] = *new;
	} else if (r->left_out < UINT16_MAX) {
		r->left_out++;
	}
}

void caa_record_note(struct caa_record *r, struct caa_name question, const struct caa_event *event)
{
	const struct caa_answer *a = event->answer;
	uint8_t labels = labels_of(question, event->name);
	struct caa_attempt new = {
		.addr = event->addr, .at_ms = event->at_ms, .waited_ms = event->waited_ms, .rtt_ms = event->rtt_ms, .count = 1,
		.order = r->outcomes, .qtype = event->qtype, .rcode = a != NULL ? a->rcode : 0,
		.ede = a != NULL ? a->ede : CAA_NO_EDE, .size = event->size, .step = (uint8_t)step_of(question, event, labels),
		.result = (uint8_t)event->result, .labels = labels,
		.zone_tag = caa_zone_tag(event->zone), .zone_labels = labels_of(question, event->zone), .tcp = event->tcp, .cookie = event->cookie,
		.dnssec = event->dnssec, .high = event->zone.len > 0 && caa_name_labels(event->zone) <= 1,
	};

	if (new.labels == CAA_LABELS_NONE)
		new.name = keep_name(r, event->name);
	keep_ede(r, event);
	keep(r, &new);
	if (r->outcomes < UINT16_MAX)
		r->outcomes++;
}

void caa_record_note_caps(struct caa_record *r)
{
	for (unsigned i = 0; i < r->count; i++) {
		struct caa_attempt *last = &r->attempt[i], caps;

		if (last->order + 1 != r->outcomes)
			continue;
		caps = *last;
		caps.result = CAA_RESULT_CAPS;
		caps.count = 1;
		if (last->count > 1 && r->count < CAA_ATTEMPTS_MAX) {
			last->count--;
			keep(r, &caps);
		} else {
			*last = caps;
		}
		return;
	}
}

enum caa_result caa_result_of(enum caa_worth worth)
{
	switch (worth) {
	case CAA_WORTH_GOOD:
		return CAA_RESULT_GOOD;
	case CAA_WORTH_RCODE:
		return CAA_RESULT_RCODE;
	case CAA_WORTH_TRUNCATED:
		return CAA_RESULT_TRUNCATED;
	case CAA_WORTH_NO_SOA:
		return CAA_RESULT_NO_SOA;
	case CAA_WORTH_UPWARD:
		return CAA_RESULT_UPWARD;
	case CAA_WORTH_SELF:
		return CAA_RESULT_SELF;
	case CAA_WORTH_NOT_AUTHORITATIVE:
		return CAA_RESULT_NOT_AUTHORITATIVE;
	case CAA_WORTH_UNREADABLE:
		break;
	}
	return CAA_RESULT_UNREADABLE;
}
