/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/climb/merge.h"

#include <assert.h>

void caa_link_init(struct caa_link *list)
{
	list->next = list->prev = list;
}

bool caa_link_empty(const struct caa_link *list)
{
	return list->next == list;
}

static void append(struct caa_link *list, struct caa_link *link)
{
	link->prev = list->prev;
	link->next = list;
	list->prev->next = link;
	list->prev = link;
}

static void take_out(struct caa_link *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
}

/** Move all of a list to the end of another. */
static void append_all(struct caa_link *list, struct caa_link *from)
{
	if (caa_link_empty(from))
		return;
	from->next->prev = list->prev;
	from->prev->next = list;
	list->prev->next = from->next;
	list->prev = from->prev;
	caa_link_init(from);
}

_Static_assert(offsetof(struct caa_merge_wait, link) == 0, "the link is the first member of a wait");

/** The wait of a link. */
static struct caa_merge_wait *wait_of(struct caa_link *link)
{
	return (struct caa_merge_wait *)link;
}

struct caa_merge_wait *caa_merge_pop(struct caa_link *list)
{
	struct caa_merge_wait *wait;

	if (caa_link_empty(list))
		return NULL;
	wait = wait_of(list->next);
	take_out(&wait->link);
	wait->place = CAA_WAIT_NOWHERE;
	return wait;
}

void caa_merge_push(struct caa_link *list, struct caa_merge_wait *wait)
{
	append(list, &wait->link);
	wait->place = CAA_WAIT_QUEUE;
}

void caa_merge_init(struct caa_merge *m)
{
	*m = (struct caa_merge){ .bucket = { NULL } };
}

/* The low bits choose the table's slice (glue/lookups.c), so the bucket comes from the high ones. */
static struct caa_merge_lead **bucket_of(struct caa_merge *m, uint64_t question)
{
	return &m->bucket[(question >> 32) & (CAA_MERGE_BUCKETS - 1)];
}

/** @return where the lookup of a question hangs, or where it would. */
static struct caa_merge_lead **find(struct caa_merge *m, uint64_t question)
{
	struct caa_merge_lead **at = bucket_of(m, question);

	while (*at != NULL && (*at)->question != question)
		at = &(*at)->next;
	return at;
}

bool caa_merge_is_led(struct caa_merge *m, uint64_t question)
{
	return *find(m, question) != NULL;
}

static void wait_in(struct caa_link *list, struct caa_merge_wait *wait, uint64_t question, struct caa_merge_lead *lead)
{
	wait->question = question;
	wait->lead = lead;
	wait->news = CAA_NEWS_NONE;
	append(list, &wait->link);
	wait->place = CAA_WAIT_TABLE;
}

bool caa_merge_ask(struct caa_merge *m, uint64_t question, struct caa_merge_lead *lead, struct caa_merge_wait *wait)
{
	struct caa_merge_lead **at = find(m, question);

	if (*at != NULL) {
		wait_in(&(*at)->followers, wait, question, lead);
		lead->lookup = (*at)->lookup;
		return false;
	}
	*lead = (struct caa_merge_lead){ .question = question, .lookup = lead->lookup, .leads = true };
	caa_link_init(&lead->followers);
	caa_link_init(&lead->attendants);
	*at = lead;
	return true;
}

enum caa_news caa_merge_attend(struct caa_merge *m, uint64_t question, struct caa_merge_wait *wait, bool *led)
{
	struct caa_merge_lead *lead = *find(m, question);

	*led = lead != NULL;
	if (lead == NULL)
		return CAA_NEWS_NONE;
	if (lead->known != CAA_NEWS_NONE)
		return lead->known;
	if (lead->losses >= CAA_MERGE_LOSSES)
		return CAA_NEWS_LOST;
	wait_in(&lead->attendants, wait, question, NULL);
	return CAA_NEWS_NONE;
}

void caa_merge_leave(struct caa_merge_wait *wait)
{
	if (wait->place == CAA_WAIT_NOWHERE)
		return;
	take_out(&wait->link);
	wait->place = CAA_WAIT_NOWHERE;
}

/** Move all of a lookup's list to the caller's.  @return how many. */
static size_t tell(struct caa_link *list, enum caa_news news, struct caa_link *told)
{
	size_t count = 0;

	while (!caa_link_empty(list)) {
		struct caa_merge_wait *wait = caa_merge_pop(list);

		wait->news = news;
		caa_merge_push(told, wait);
		count++;
	}
	return count;
}

void caa_merge_known(struct caa_merge_lead *lead, enum caa_news news, struct caa_link *told)
{
	if (!lead->leads || lead->known != CAA_NEWS_NONE)
		return;
	lead->known = news;
	(void)tell(&lead->attendants, news, told);
}

void caa_merge_scout(struct caa_merge_lead *lead, struct caa_link *told)
{
	struct caa_merge_wait *wait;

	if (!lead->leads || lead->known != CAA_NEWS_NONE)
		return;
	for (unsigned i = 0; i < CAA_MERGE_SCOUTS && (wait = caa_merge_pop(&lead->attendants)) != NULL; i++) {
		wait->news = CAA_NEWS_KNOWN;
		caa_merge_push(told, wait);
	}
}

void caa_merge_lost(struct caa_merge_lead *lead, unsigned losses, struct caa_link *told)
{
	if (!lead->leads || (lead->losses += losses) < CAA_MERGE_LOSSES)
		return;
	(void)tell(&lead->attendants, CAA_NEWS_LOST, told);
}

bool caa_merge_followed(const struct caa_merge_lead *lead)
{
	return !caa_link_empty(&lead->followers);
}

bool caa_merge_wanted(const struct caa_merge_lead *lead)
{
	return caa_merge_followed(lead) || !caa_link_empty(&lead->attendants);
}

/** Put another lead, or none, in its place. */
static void replace(struct caa_merge *m, struct caa_merge_lead *lead, struct caa_merge_lead *by)
{
	struct caa_merge_lead **at = find(m, lead->question);

	assert(*at == lead);
	if (by != NULL)
		by->next = lead->next;
	*at = by != NULL ? by : lead->next;
	lead->leads = false;
	lead->next = NULL;
}

size_t caa_merge_end(struct caa_merge *m, struct caa_merge_lead *lead, enum caa_news news, struct caa_link *told)
{
	size_t followers;

	if (!lead->leads)
		return 0;
	replace(m, lead, NULL);
	followers = tell(&lead->followers, news, told);
	(void)tell(&lead->attendants, news, told);
	return followers;
}

void caa_merge_abandon(struct caa_merge *m, struct caa_merge_lead *lead, struct caa_link *told)
{
	struct caa_merge_lead *next;
	struct caa_merge_wait *first;

	if (!lead->leads)
		return;
	first = caa_merge_pop(&lead->followers);
	if (first == NULL) {
		(void)caa_merge_end(m, lead, CAA_NEWS_LOST, told);
		return;
	}
	next = first->lead;
	*next = (struct caa_merge_lead){ .question = lead->question, .lookup = lead->lookup, .leads = true };
	caa_link_init(&next->followers);
	caa_link_init(&next->attendants);
	append_all(&next->followers, &lead->followers);
	append_all(&next->attendants, &lead->attendants);
	replace(m, lead, next);
	first->news = CAA_NEWS_LEADS;
	caa_merge_push(told, first);
}

size_t caa_merge_ancestor(size_t labels, size_t zone)
{
	size_t parent = labels - 1;
	size_t step = zone + CAA_MERGE_STEPS;

	if (labels == 0 || parent <= zone)
		return 0;
	return parent < step ? parent : step;
}
