/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Fuzz the option of a whole climb: a report that is read is written as the same octets, as far as its texts have room, and
 *  one that is made up is read as what it was. */
#include "fuzz.h"

#include "core/climb/climb_option.h"
#include "core/wire/text.h"

static bool is_same(const struct caa_climb_report *a, const struct caa_climb_report *b, bool texts)
{
	if (a->version != b->version || a->verdict != b->verdict || a->at != b->at || a->labels != b->labels)
		return false;
	for (size_t i = 0; i < a->labels; i++) {
		const struct caa_climb_outcome *x = &a->label[i], *y = &b->label[i];

		if (x->step != y->step || x->secure != y->secure || x->nxdomain != y->nxdomain || x->code != y->code)
			return false;
		if (a->version == CAA_CLIMB_OPTION_AGES && (x->held != y->held || (x->held && x->age_s != y->age_s)))
			return false;
		if (y->text_len > x->text_len || (y->text_len > 0 && memcmp(x->text, y->text, y->text_len) != 0))
			return false;	/* a text may be cut, and is else what it was */
		if (texts && x->text_len != y->text_len)
			return false;
	}
	return true;
}

/** What the verdict of RFC 8659 is, said once more. */
static void check_verdict(const struct caa_climb_report *r)
{
	size_t i = 0;

	while (i < r->labels && r->label[i].step == CAA_STEP_NONE)
		i++;
	if (i == r->labels) {
		check(r->verdict == CAA_VERDICT_NONE && r->at == CAA_CLIMB_NO_LABEL);
		return;
	}
	check(r->at == i && r->label[i].step != CAA_STEP_WAITING);
	check(r->verdict == (r->label[i].step == CAA_STEP_FOUND ? CAA_VERDICT_FOUND : CAA_VERDICT_FAILED));
}

/** Write it and read it back. */
static void check_written(const struct caa_climb_report *r, const uint8_t *data, size_t size)
{
	uint8_t out[CAA_CLIMB_REPORT_MAX];
	struct caa_climb_report back;
	size_t texts = 0, len = caa_climb_report_write(out, r);
	bool fit = true;

	check(len <= sizeof(out));
	for (size_t i = 0; i < r->labels; i++) {
		fit = fit && r->label[i].text_len <= CAA_CLIMB_TEXT_MAX;
		texts += r->label[i].text_len;
	}
	fit = fit && texts <= 200;	/* less than there is room for in any case */
	check(caa_climb_report_read(&back, out, len) == CAA_OK);
	check(is_same(r, &back, fit));
	if (data != NULL && fit)
		check(len == size && memcmp(out, data, len) == 0);
	check(caa_climb_report_secure(r) == caa_climb_report_secure(&back));
}

static struct caa_climb_report made_of(struct input *in)
{
	static const enum caa_step steps[] = { CAA_STEP_NONE, CAA_STEP_FOUND, CAA_STEP_FAILED, CAA_STEP_WAITING };
	struct caa_climb_report r = { .version = 1 + take8(in) % 2, .labels = take8(in) % (CAA_NAME_LABELS_MAX + 1) };

	for (size_t i = 0; i < r.labels; i++) {
		struct caa_climb_outcome *o = &r.label[i];
		uint8_t bits = take8(in);
		size_t len = take8(in);

		o->step = steps[bits & 3];
		o->secure = (bits & 4) != 0;
		o->nxdomain = (bits & 8) != 0 && (o->step == CAA_STEP_NONE || o->step == CAA_STEP_FAILED);
		o->held = (bits & 16) != 0;
		o->age_s = take16(in) % CAA_CLIMB_NO_AGE;
		if (o->step != CAA_STEP_FAILED)
			continue;
		o->code = take16(in);
		o->text = take(in, &len);
		o->text_len = (uint8_t)len;
	}
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct caa_climb_report r, untouched;
	struct input in = { data, size };
	uint8_t asks = caa_climb_option_asks(data, size);

	check(asks == (size == 1 && (data[0] == 1 || data[0] == 2) ? data[0] : 0));
	memset(&r, 0x5a, sizeof(r));
	memcpy(&untouched, &r, sizeof(r));
	if (caa_climb_report_read(&r, data, size) == CAA_OK) {
		check_verdict(&r);
		check_written(&r, data, size);
	} else {
		check(memcmp(&untouched, &r, sizeof(r)) == 0);
	}
	r = made_of(&in);
	if (caa_climb_report_decide(&r)) {
		check_verdict(&r);
		check_written(&r, NULL, 0);
	}
	return 0;
}
