/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/climb/climb_option.h"

#include "core/wire/wire.h"

#include <string.h>

enum {
	HEAD = 4,		/**< octets before the first label */
	REASON_HEAD = 3,	/**< octets of INFO-CODE and length */
	AGE = 2, ALL_AGES = AGE * CAA_NAME_LABELS_MAX,
	OUTCOME_MASK = 0x3f, NXDOMAIN_BIT = 0x40, SECURE_BIT = 0x80
};

/** Outcomes and verdicts on the wire. */
enum { WIRE_NOT_NEEDED, WIRE_NONE, WIRE_FOUND, WIRE_FAILED };

static bool is_version(uint8_t octet)
{
	return octet >= CAA_CLIMB_OPTION_VERSION && octet <= CAA_CLIMB_OPTION_AGES;
}

uint8_t caa_climb_option_asks(const uint8_t *data, size_t len)
{
	return len == 1 && is_version(data[0]) ? data[0] : 0;
}

bool caa_climb_report_decide(struct caa_climb_report *r)
{
	for (size_t i = 0; i < r->labels; i++) {
		switch (r->label[i].step) {
		case CAA_STEP_NONE:
			continue;
		case CAA_STEP_WAITING:
			return false;
		case CAA_STEP_FOUND:
		case CAA_STEP_FAILED:
			r->verdict = r->label[i].step == CAA_STEP_FOUND ? CAA_VERDICT_FOUND : CAA_VERDICT_FAILED;
			r->at = i;
			return true;
		}
	}
	r->verdict = CAA_VERDICT_NONE;
	r->at = CAA_CLIMB_NO_LABEL;
	return true;
}

bool caa_climb_report_secure(const struct caa_climb_report *r)
{
	size_t last = r->verdict == CAA_VERDICT_NONE ? r->labels : r->at + 1;

	for (size_t i = 0; i < last; i++)
		if (!r->label[i].secure)
			return false;
	return r->verdict != CAA_VERDICT_FAILED && r->labels > 0;
}

static uint8_t step_to_wire(enum caa_step step)
{
	switch (step) {
	case CAA_STEP_WAITING:
		return WIRE_NOT_NEEDED;
	case CAA_STEP_NONE:
		return WIRE_NONE;
	case CAA_STEP_FOUND:
		return WIRE_FOUND;
	case CAA_STEP_FAILED:
		return WIRE_FAILED;
	}
	return WIRE_FAILED;
}

static uint8_t verdict_to_wire(enum caa_verdict verdict)
{
	switch (verdict) {
	case CAA_VERDICT_NONE:
		return WIRE_NONE;
	case CAA_VERDICT_FOUND:
		return WIRE_FOUND;
	case CAA_VERDICT_OPEN:
	case CAA_VERDICT_FAILED:
		return WIRE_FAILED;
	}
	return WIRE_FAILED;
}

/** @return how much of a text of UTF-8 fits in so many octets: what is in parentheses, as the id of a lookup, entirely or not at
 *  all. */
static size_t cut(const uint8_t *text, size_t len, size_t room)
{
	if (len <= room)
		return len;
	for (size_t i = room; i-- > 0 && text[i] != ')';)
		if (text[i] == '(')
			return i > 0 && text[i - 1] == ' ' ? i - 1 : i;
	while (room > 0 && (text[room] & 0xc0) == 0x80)	/* not before an octet that goes on a character */
		room--;
	return room;
}

/** @param room: octets that the text may take. */
static size_t write_reason(uint8_t *out, const struct caa_climb_outcome *o, size_t room)
{
	size_t len = cut(o->text, o->text_len, room < CAA_CLIMB_TEXT_MAX ? room : CAA_CLIMB_TEXT_MAX);

	out[0] = (uint8_t)(o->code >> 8);
	out[1] = (uint8_t)o->code;
	out[2] = (uint8_t)len;
	if (len > 0)
		memcpy(out + REASON_HEAD, o->text, len);
	return REASON_HEAD + len;
}

static size_t write_ages(uint8_t *out, const struct caa_climb_report *r)
{
	for (size_t i = 0; i < r->labels; i++) {
		uint16_t age_s = r->label[i].held ? r->label[i].age_s : CAA_CLIMB_NO_AGE;

		out[AGE * i] = (uint8_t)(age_s >> 8);
		out[AGE * i + 1] = (uint8_t)age_s;
	}
	return AGE * r->labels;
}

size_t caa_climb_report_write(uint8_t out[static CAA_CLIMB_REPORT_MAX], const struct caa_climb_report *r)
{
	size_t room = CAA_CLIMB_REPORT_MAX - ALL_AGES, at = HEAD;

	out[0] = r->version;
	out[1] = verdict_to_wire(r->verdict);
	out[2] = (uint8_t)r->labels;
	out[3] = r->verdict == CAA_VERDICT_NONE ? CAA_CLIMB_NO_LABEL : (uint8_t)r->at;
	for (size_t i = 0; i < r->labels; i++) {
		/* what the labels after this one take at least, if all of them failed */
		size_t others = (r->labels - i - 1) * (1 + REASON_HEAD);

		out[at++] = (uint8_t)(step_to_wire(r->label[i].step) | (r->label[i].secure ? SECURE_BIT : 0) |
			(r->label[i].nxdomain ? NXDOMAIN_BIT : 0));
		if (r->label[i].step == CAA_STEP_FAILED)
			at += write_reason(out + at, &r->label[i], room - at - REASON_HEAD - others);
	}
	return at + (r->version == CAA_CLIMB_OPTION_AGES ? write_ages(out + at, r) : 0);
}

/** What is left of a report. */
struct reader {
	const uint8_t *at;
	size_t left;
};

static const uint8_t *take(struct reader *r, size_t octets)
{
	const uint8_t *at = r->at;

	if (octets > r->left)
		return NULL;
	r->at += octets;
	r->left -= octets;
	return at;
}

static bool read_reason(struct caa_climb_outcome *o, struct reader *r)
{
	const uint8_t *head = take(r, REASON_HEAD);

	if (head == NULL)
		return false;
	o->code = (uint16_t)(head[0] << 8 | head[1]);
	o->text_len = head[2];
	o->text = take(r, o->text_len);
	return o->text != NULL;
}

static bool read_label(struct caa_climb_outcome *o, struct reader *r)
{
	static const enum caa_step steps[] = { [WIRE_NOT_NEEDED] = CAA_STEP_WAITING, [WIRE_NONE] = CAA_STEP_NONE,
		[WIRE_FOUND] = CAA_STEP_FOUND, [WIRE_FAILED] = CAA_STEP_FAILED };
	const uint8_t *octet = take(r, 1);
	unsigned outcome = octet != NULL ? *octet & OUTCOME_MASK : WIRE_FAILED + 1;

	if (outcome > WIRE_FAILED)
		return false;
	*o = (struct caa_climb_outcome){ .step = steps[outcome], .secure = (*octet & SECURE_BIT) != 0,
		.nxdomain = (*octet & NXDOMAIN_BIT) != 0 };
	if (o->nxdomain && o->step != CAA_STEP_NONE && o->step != CAA_STEP_FAILED)
		return false;
	return o->step != CAA_STEP_FAILED || read_reason(o, r);
}

static bool read_ages(struct caa_climb_report *report, struct reader *r)
{
	for (size_t i = 0; i < report->labels; i++) {
		const uint8_t *age = take(r, AGE);

		if (age == NULL)
			return false;
		report->label[i].age_s = caa_get16(age);
		report->label[i].held = report->label[i].age_s != CAA_CLIMB_NO_AGE;
	}
	return true;
}

enum caa_res caa_climb_report_read(struct caa_climb_report *out, const uint8_t *data, size_t len)
{
	struct reader r = { data, len };
	const uint8_t *head = take(&r, HEAD);
	struct caa_climb_report report = { 0 };

	if (head == NULL || !is_version(head[0]) || head[2] > CAA_NAME_LABELS_MAX)
		return CAA_EFORMAT;
	report.version = head[0];
	report.labels = head[2];
	for (size_t i = 0; i < report.labels; i++)
		if (!read_label(&report.label[i], &r))
			return CAA_EFORMAT;
	if (report.version == CAA_CLIMB_OPTION_AGES && !read_ages(&report, &r))
		return CAA_EFORMAT;
	if (r.left > 0 || !caa_climb_report_decide(&report) || verdict_to_wire(report.verdict) != head[1] ||
	    report.at != head[3])
		return CAA_EFORMAT;
	*out = report;
	return CAA_OK;
}
