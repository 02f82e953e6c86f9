/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/denials.h"

#include "core/wire/ms.h"

#include <stddef.h>

enum {
	US_PER_MS = 1000,
	LATER_MS = 300		/**< how much later it is asked at last */
};

/** How much later it is asked each time; together below the two seconds within which a definite answer is said. */
static const uint32_t later_ms[] = { 0, 20, 100, LATER_MS };

static const struct caa_denial *find(const struct caa_denials *d, const struct caa_addr *addr, uint32_t question)
{
	for (size_t i = 0; i < CAA_DENIALS; i++)
		if (d->note[i].question == question && d->note[i].addr.family != 0 && caa_addr_equal(&d->note[i].addr, addr))
			return &d->note[i];
	return NULL;
}

/** @return its note, made if there is none. */
static struct caa_denial *note_of(struct caa_denials *d, const struct caa_addr *addr, uint32_t question)
{
	const struct caa_denial *found = find(d, addr, question);
	struct caa_denial *note = found != NULL ? &d->note[found - d->note] : &d->note[d->next];

	if (found != NULL)
		return note;
	d->next = (uint8_t)((d->next + 1) % CAA_DENIALS);
	*note = (struct caa_denial){ .addr = *addr, .question = question };
	return note;
}

static unsigned tries_of(enum caa_denial_kind kind)
{
	switch (kind) {
	case CAA_DENIAL_OPEN:
		return CAA_DENIED_TRIES;
	case CAA_DENIAL_LIMITED:
		return CAA_DENIED_TRIES_LIMITED;
	case CAA_DENIAL_ERROR:
		return CAA_DENIED_TRIES_ERROR;
	case CAA_DENIAL_MIXED:
		return CAA_DENIED_TRIES_MIXED;
	case CAA_DENIAL_CUT:
		return CAA_DENIED_TRIES_CUT;
	case CAA_DENIAL_OWN:
		break;
	}
	return 1;
}

bool caa_denials_note(struct caa_denials *d, const struct caa_addr *addr, uint32_t question, uint64_t now_us,
	enum caa_denial_kind kind)
{
	struct caa_denial *note = note_of(d, addr, question);

	if (note->count < UINT8_MAX)
		note->count++;
	/* An error is no reason to ask slower. */
	note->last_ms = kind == CAA_DENIAL_ERROR || kind == CAA_DENIAL_MIXED ? caa_ms(now_us) - LATER_MS : caa_ms(now_us);
	note->final = note->final || note->count >= tries_of(kind);
	return note->final;
}

unsigned caa_denials_losses(const struct caa_denials *d, const struct caa_addr *addr, uint32_t question)
{
	const struct caa_denial *found = find(d, addr, question);

	return found != NULL ? found->lost : 0;
}

unsigned caa_denials_losses_anywhere(const struct caa_denials *d, uint32_t question)
{
	unsigned losses = 0;

	for (size_t i = 0; i < CAA_DENIALS; i++)
		losses += d->note[i].question == question ? d->note[i].lost : 0;
	return losses;
}

bool caa_denials_lost(struct caa_denials *d, const struct caa_addr *addr, uint32_t question, unsigned tries)
{
	struct caa_denial *note = note_of(d, addr, question);

	if (note->lost < UINT8_MAX)
		note->lost++;
	note->final = note->final || note->lost >= tries;
	return note->final;
}

void caa_denials_unheard(struct caa_denials *d, uint32_t question)
{
	d->is_unheard = true;
	d->unheard = question;
}

bool caa_denials_are_unheard(const struct caa_denials *d)
{
	return d->is_unheard;
}

void caa_denials_anew(struct caa_denials *d)
{
	for (size_t i = 0; i < CAA_DENIALS; i++)
		if (d->is_unheard && d->note[i].question == d->unheard && d->note[i].count == 0)
			d->note[i].final = false;
	d->is_unheard = false;
}

void caa_denials_split(struct caa_denials *d, const struct caa_addr *addr, uint32_t question)
{
	struct caa_denial *note = note_of(d, addr, question);

	if (note->splits < UINT8_MAX)
		note->splits++;
}

unsigned caa_denials_splits(const struct caa_denials *d, const struct caa_addr *addr, uint32_t question)
{
	const struct caa_denial *found = find(d, addr, question);

	return found != NULL ? found->splits : 0;
}

bool caa_denials_at(const struct caa_denials *d, const struct caa_addr *addr)
{
	for (size_t i = 0; i < CAA_DENIALS; i++)
		if (d->note[i].count > 0 && caa_addr_equal(&d->note[i].addr, addr))
			return true;
	return false;
}

bool caa_denials_same(const struct caa_denials *d, const struct caa_addr *addr, uint32_t question)
{
	const struct caa_denial *found = find(d, addr, question);

	return found != NULL && found->count > 0;
}

void caa_denials_final(struct caa_denials *d, const struct caa_addr *addr, uint32_t question, uint64_t now_us)
{
	struct caa_denial *note = note_of(d, addr, question);

	note->last_ms = caa_ms(now_us);
	note->count = note->count > 0 ? note->count : 1;
	note->final = true;
}

void caa_denials_answered(struct caa_denials *d, const struct caa_addr *addr, uint32_t question)
{
	const struct caa_denial *found = find(d, addr, question);

	if (found != NULL)
		d->note[found - d->note] = (struct caa_denial){ .count = 0 };
	if (d->unheard == question)
		d->is_unheard = false;
}

bool caa_denials_any(const struct caa_denials *d)
{
	for (size_t i = 0; i < CAA_DENIALS; i++)
		if (d->note[i].count > 0)
			return true;
	return false;
}

bool caa_denials_is_final(const struct caa_denials *d, const struct caa_addr *addr, uint32_t question, bool caa_type)
{
	const struct caa_denial *found = find(d, addr, question);

	return (caa_type && d->is_unheard) || (found != NULL && found->final);
}

uint64_t caa_denials_wait_us(const struct caa_denials *d, const struct caa_addr *addr, uint32_t question, uint64_t now_us)
{
	const struct caa_denial *found = find(d, addr, question);
	uint32_t age_ms, wait_ms;

	if (found == NULL || found->count == 0)
		return 0;
	age_ms = caa_ms_age(found->last_ms, caa_ms(now_us));
	wait_ms = found->count < sizeof(later_ms) / sizeof(later_ms[0]) ? later_ms[found->count] : LATER_MS;
	return age_ms < wait_ms ? (uint64_t)(wait_ms - age_ms) * US_PER_MS : 0;
}
