/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/check.h"

#include "core/climb/climb_option.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum { EDNS_OPTION_EDE = 15, EDNS_OPTION_HEAD = 4 };	/* RFC 8914 s2, RFC 6891 s6.1.2 */

struct caa_checks {
	struct caa_check *check;
	size_t count, done, failed, whole;
	struct caa_check_options options;
	struct caa_asker *asker;
	struct event_base *base;
	struct timeval started;
	void (*progress)(const struct caa_checks *c);
	struct step *steps;	/**< those that are asked, to free */
};

/** A label that is being asked. */
struct step {
	struct caa_checks *checks;
	struct caa_check *check;
	size_t label;
	struct step *next;
};

static void ask_label(struct caa_checks *c, struct caa_check *check, size_t label);

/** Copy the CAA RRset of an answer; following a CNAME is the resolver's work. */
static void take_records(struct caa_label *l, const ldns_pkt *reply)
{
	ldns_rr_list *set = ldns_pkt_rr_list_by_type(reply, LDNS_RR_TYPE_CAA, LDNS_SECTION_ANSWER);
	ldns_buffer *text = ldns_buffer_new(LDNS_MAX_PACKETLEN);

	for (size_t i = 0; text != NULL && i < ldns_rr_list_rr_count(set); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(set, i);

		if (ldns_rr_rd_count(rr) != 3)
			continue;
		if (l->owner == NULL)
			l->owner = ldns_rdf2str(ldns_rr_owner(rr));
		if (ldns_buffer_position(text) > 0)
			ldns_buffer_printf(text, "\n");
		for (size_t field = 0; field < ldns_rr_rd_count(rr); field++) {
			if (field > 0)
				ldns_buffer_printf(text, " ");
			(void)ldns_rdf2buffer_str(text, ldns_rr_rdf(rr, field));
		}
	}
	if (l->owner != NULL)
		l->records = ldns_buffer_export2str(text);
	ldns_buffer_free(text);
	ldns_rr_list_deep_free(set);
}

/** Copy the Extended DNS Errors out of the OPT record's options, up to a number. */
static void take_edes(struct caa_label *l, const ldns_pkt *reply, unsigned max)
{
	const ldns_rdf *options = ldns_pkt_edns_data(reply);
	const uint8_t *at = options != NULL ? ldns_rdf_data(options) : NULL;
	size_t left = options != NULL ? ldns_rdf_size(options) : 0;

	while (left >= EDNS_OPTION_HEAD && l->edes < max) {
		size_t len = (size_t)(at[2] << 8 | at[3]), text_len;

		if (len > left - EDNS_OPTION_HEAD)
			return;
		if ((at[0] << 8 | at[1]) == EDNS_OPTION_EDE && len >= 2) {
			text_len = len - 2 < CAA_EDE_TEXT_MAX - 1 ? len - 2 : CAA_EDE_TEXT_MAX - 1;
			l->ede[l->edes].code = (unsigned)(at[4] << 8 | at[5]);
			memcpy(l->ede[l->edes].text, at + 6, text_len);
			l->ede[l->edes++].text[text_len] = '\0';
		}
		at += EDNS_OPTION_HEAD + len;
		left -= EDNS_OPTION_HEAD + len;
	}
}

static bool has_type(const ldns_pkt *reply, ldns_rr_type type, ldns_pkt_section section)
{
	ldns_rr_list *set = ldns_pkt_rr_list_by_type(reply, type, section);
	bool has = ldns_rr_list_rr_count(set) > 0;

	ldns_rr_list_deep_free(set);
	return has;
}

/** What a definite reply means for its label. */
static enum caa_step judge(struct caa_check *check, size_t label, const ldns_pkt *reply)
{
	struct caa_label *l = &check->label[label];
	struct caa_climb_seen seen = { .found = l->records != NULL, .nxdomain = ldns_pkt_get_rcode(reply) == LDNS_RCODE_NXDOMAIN,
		.alias = has_type(reply, LDNS_RR_TYPE_CNAME, LDNS_SECTION_ANSWER) ||
			has_type(reply, LDNS_RR_TYPE_DNAME, LDNS_SECTION_ANSWER),
		.soa = has_type(reply, LDNS_RR_TYPE_SOA, LDNS_SECTION_AUTHORITY) };
	const char *why = NULL;
	enum caa_step step = caa_climb_judge(&check->climb, label, &seen, &why);

	if (step == CAA_STEP_FAILED)
		snprintf(l->why, sizeof(l->why), "%s", why);
	return step;
}

/** What one reply means for its label. */
static enum caa_step take_reply(struct caa_check *check, size_t label, const ldns_pkt *reply, bool first_ede)
{
	struct caa_label *l = &check->label[label];
	ldns_pkt_rcode rcode = ldns_pkt_get_rcode(reply);
	char *text = ldns_pkt_rcode2str(rcode);

	snprintf(l->rcode, sizeof(l->rcode), "%s", text != NULL ? text : "?");
	free(text);
	l->ad = ldns_pkt_ad(reply);
	take_edes(l, reply, first_ede ? 1 : CAA_EDE_MAX);
	if (rcode != LDNS_RCODE_NOERROR && rcode != LDNS_RCODE_NXDOMAIN) {
		snprintf(l->why, sizeof(l->why), "%s", l->rcode);
		return CAA_STEP_FAILED;
	}
	if (ldns_pkt_tc(reply)) {
		snprintf(l->why, sizeof(l->why), "truncated");
		return CAA_STEP_FAILED;
	}
	take_records(l, reply);
	return judge(check, label, reply);
}

static void finish(struct caa_checks *c, struct caa_check *check, enum caa_verdict verdict)
{
	struct timeval now, past;

	gettimeofday(&now, NULL);
	timersub(&now, &c->started, &past);
	check->seconds = (double)past.tv_sec + (double)past.tv_usec / 1e6;
	check->done = true;
	c->done++;
	if (verdict == CAA_VERDICT_FAILED)
		c->failed++;
}

/** A label has ended: go on, or the check is done.  Asked in parallel, every label is waited for, as its answer is
 *  part of the report. */
static void go_on(struct caa_checks *c, struct caa_check *check)
{
	size_t at;
	enum caa_verdict verdict = caa_climb_verdict(&check->climb, &at);

	if (c->options.sequential && verdict == CAA_VERDICT_OPEN)
		ask_label(c, check, at);
	else if (check->answered == check->asked)
		finish(c, check, verdict);
	if (c->progress != NULL)
		c->progress(c);
	if (c->done == c->count)
		event_base_loopbreak(c->base);
}

static void answered(void *arg, const struct caa_ask_result *result)
{
	struct step *step = arg;
	struct caa_check *check = step->check;
	struct caa_label *l = &check->label[step->label];

	l->tries = result->tries;
	l->tcp = result->tcp;
	l->server = result->server;
	l->seconds = result->seconds;
	if (result->reply != NULL) {
		check->climb.step[step->label] = take_reply(check, step->label, result->reply, step->checks->options.first_ede);
	} else {
		snprintf(l->why, sizeof(l->why), "%s", result->why);
		check->climb.step[step->label] = CAA_STEP_FAILED;
	}
	check->answered++;
	go_on(step->checks, check);
}

static struct step *step_create(struct caa_checks *c, struct caa_check *check, size_t label)
{
	struct step *step = calloc(1, sizeof(*step));

	if (step == NULL)
		return NULL;
	*step = (struct step){ c, check, label, c->steps };
	return c->steps = step;
}

static void ask_label(struct caa_checks *c, struct caa_check *check, size_t label)
{
	struct step *step = step_create(c, check, label);

	check->asked++;
	if (step != NULL && caa_asker_ask(c->asker, check->climb.label[label], answered, step))
		return;
	snprintf(check->label[label].why, sizeof(check->label[label].why), "out of memory");
	check->climb.step[label] = CAA_STEP_FAILED;
	check->answered++;
}

static void ask_labels(struct caa_checks *c, struct caa_check *check)
{
	size_t labels = c->options.sequential && check->climb.labels > 1 ? 1 : check->climb.labels;

	for (size_t label = 0; label < labels; label++)
		ask_label(c, check, label);
	if (check->answered == check->asked)	/* a wildcard of the root asks nothing; or no memory */
		go_on(c, check);
}

/* --- the whole climb in one question ------------------------------------------------------------------------------- */

/** Find the report among the options of a reply. @return false if there is none, or it is none for this climb. */
static bool find_report(struct caa_climb_report *report, const struct caa_checks *c, const struct caa_check *check,
	const ldns_pkt *reply)
{
	const ldns_rdf *options = ldns_pkt_edns_data(reply);
	const uint8_t *at = options != NULL ? ldns_rdf_data(options) : NULL;
	size_t left = options != NULL ? ldns_rdf_size(options) : 0;

	while (left >= EDNS_OPTION_HEAD) {
		size_t len = (size_t)(at[2] << 8 | at[3]);

		if (len > left - EDNS_OPTION_HEAD)
			return false;
		if ((at[0] << 8 | at[1]) == c->options.climb_option)
			return caa_climb_report_read(report, at + EDNS_OPTION_HEAD, len) == CAA_OK &&
				report->labels == check->climb.labels;
		at += EDNS_OPTION_HEAD + len;
		left -= EDNS_OPTION_HEAD + len;
	}
	return false;
}

/** Whether the message is what the report says: records where it found some, SERVFAIL where it failed. */
static bool fits(const struct caa_climb_report *report, const ldns_pkt *reply)
{
	ldns_pkt_rcode rcode = ldns_pkt_get_rcode(reply);
	ldns_rr_list *set = ldns_pkt_rr_list_by_type(reply, LDNS_RR_TYPE_CAA, LDNS_SECTION_ANSWER);
	bool has_caa = ldns_rr_list_rr_count(set) > 0;

	ldns_rr_list_deep_free(set);
	switch (report->verdict) {
	case CAA_VERDICT_FOUND:
		return rcode == LDNS_RCODE_NOERROR && has_caa;
	case CAA_VERDICT_NONE:
		return (rcode == LDNS_RCODE_NOERROR || rcode == LDNS_RCODE_NXDOMAIN) && !has_caa;
	case CAA_VERDICT_FAILED:
		return rcode == LDNS_RCODE_SERVFAIL;
	case CAA_VERDICT_OPEN:
		break;
	}
	return false;
}

/** What a report says of a label. */
static void take_outcome(struct caa_check *check, size_t label, const struct caa_climb_outcome *o)
{
	const struct caa_climb_seen seen = { .nxdomain = o->nxdomain };
	struct caa_label *l = &check->label[label];
	const char *why = "SERVFAIL";
	static const char *const rcodes[] = { [CAA_STEP_WAITING] = "", [CAA_STEP_NONE] = "NOERROR", [CAA_STEP_FOUND] = "NOERROR",
		[CAA_STEP_FAILED] = "SERVFAIL" };

	l->ad = o->secure;
	l->held = o->held;
	l->age_s = o->age_s;
	snprintf(l->rcode, sizeof(l->rcode), "%s", o->nxdomain ? "NXDOMAIN" : rcodes[o->step]);
	if (o->step != CAA_STEP_FAILED)
		return;
	(void)caa_climb_judge(&check->climb, label, &seen, &why);
	snprintf(l->why, sizeof(l->why), "%s", why);
	if (o->nxdomain)	/* that is the reason */
		return;
	if (o->code == CAA_CLIMB_NO_CODE && o->text_len == 0)
		return;
	l->edes = 1;
	l->ede[0].code = o->code == CAA_CLIMB_NO_CODE ? 0 : o->code;
	memcpy(l->ede[0].text, o->text, o->text_len);	/* at most 255 octets, and room for a NUL */
	l->ede[0].text[o->text_len] = '\0';
}

/** The one question ended: its report has every label's outcome, or the labels are asked. */
static void answered_whole(void *arg, const struct caa_ask_result *result)
{
	struct step *step = arg;
	struct caa_checks *c = step->checks;
	struct caa_check *check = step->check;
	struct caa_climb_report report;

	if (result->reply == NULL || ldns_pkt_tc(result->reply) || !find_report(&report, c, check, result->reply) ||
	    !fits(&report, result->reply)) {
		ask_labels(c, check);
		return;
	}
	for (size_t i = 0; i < report.labels; i++) {
		check->climb.step[i] = report.label[i].step;
		take_outcome(check, i, &report.label[i]);
		check->label[i].tries = report.label[i].step == CAA_STEP_WAITING ? 0 : result->tries;
		check->label[i].tcp = result->tcp;
		check->label[i].server = result->server;
		check->label[i].seconds = result->seconds;
	}
	if (report.verdict == CAA_VERDICT_FOUND)
		take_records(&check->label[report.at], result->reply);
	check->asked = check->answered = report.labels;
	c->whole++;
	go_on(c, check);
}

/** Ask the whole climb in one question. @return false if that cannot be. */
static bool ask_whole(struct caa_checks *c, struct caa_check *check)
{
	struct step *step = c->options.climb_option != 0 && check->climb.labels > 0 ? step_create(c, check, 0) : NULL;

	return step != NULL && caa_asker_ask_whole(c->asker, check->climb.label[0], answered_whole, step);
}

struct caa_checks *caa_checks_create(const struct caa_sans *sans, struct caa_asker *asker,
	const struct caa_check_options *options, void (*progress)(const struct caa_checks *c))
{
	struct caa_checks *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->asker = asker;
	c->options = *options;
	c->progress = progress;
	c->check = calloc(sans->count, sizeof(*c->check));
	if (c->check == NULL)
		goto fail;
	for (c->count = 0; c->count < sans->count; c->count++) {
		struct caa_check *check = &c->check[c->count];
		struct caa_name name = { sans->san[c->count].wire, sans->san[c->count].len }, base;

		check->san = &sans->san[c->count];
		check->wildcard = caa_climb_wildcard(&base, name);
		caa_climb_init(&check->climb, name);
		check->label = calloc(check->climb.labels + 1, sizeof(*check->label));
		if (check->label == NULL)
			goto fail;
	}
	return c;
fail:
	caa_checks_destroy(c);
	return NULL;
}

void caa_checks_destroy(struct caa_checks *c)
{
	if (c == NULL)
		return;
	while (c->steps != NULL) {
		struct step *step = c->steps;

		c->steps = step->next;
		free(step);
	}
	for (size_t i = 0; i < c->count; i++) {
		for (size_t label = 0; label < c->check[i].climb.labels; label++) {
			free(c->check[i].label[label].records);
			free(c->check[i].label[label].owner);
		}
		free(c->check[i].label);
	}
	free(c->check);
	free(c);
}

bool caa_checks_start(struct caa_checks *c, struct event_base *base)
{
	c->base = base;
	gettimeofday(&c->started, NULL);
	for (size_t i = 0; i < c->count; i++) {
		if (!ask_whole(c, &c->check[i]))
			ask_labels(c, &c->check[i]);
	}
	return c->done < c->count;
}

const struct caa_check *caa_checks_at(const struct caa_checks *c, size_t i)
{
	return &c->check[i];
}

size_t caa_checks_count(const struct caa_checks *c)
{
	return c->count;
}

size_t caa_checks_done(const struct caa_checks *c)
{
	return c->done;
}

size_t caa_checks_whole(const struct caa_checks *c)
{
	return c->whole;
}

size_t caa_checks_failed(const struct caa_checks *c)
{
	return c->failed;
}
